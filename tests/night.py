"""Tests that only a night runs: dear ones of which a cheaper sibling runs by day.

They get the mark ``night``: by day they are deselected, and pytest counts them; `-m night` runs
them, and so does `.ci/nightly`. A test that is dear by itself has the mark where it stands.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

LEFT_TO_THE_NIGHT: Mapping[str, Sequence[str]] = {
    "one variant of several runs by day": (
        (
            "tests/explore/test_doors.py::"
            "test_any_number_of_workers_finds_the_same_in_the_same_order"
        ),
        "tests/explore/test_doors.py::test_options_of_pytest_bound_it[another order",
        "tests/explore/test_doors.py::test_options_of_pytest_bound_it[no ",
        "tests/cli/test_large_files.py::test_ten_times_the_mistakes_take_no_hundred_times[unknown",
        (
            "tests/strategies/test_drawn_shapes.py::"
            "test_a_scenario_has_no_expression_that_would_be_evaluated[set"
        ),
        "tests/explore/test_doors.py::test_what_is_saved_fails_until_the_script_is_mended[a dup",
        "tests/explore/test_doors.py::test_what_is_saved_fails_until_the_script_is_mended[a silent",
        (
            "tests/cli/test_fuzz.py::test_what_is_found_fails_in_the_same_words_as_a_scenario"
            "[a credential is not"
        ),
        (
            "tests/cli/test_fuzz.py::test_what_is_found_fails_in_the_same_words_as_a_scenario"
            "[codes of a token"
        ),
        "tests/plugin/test_remote_cassettes.py::test_every_mode_and_way_of_recording_works_there",
        "tests/report/test_viewer.py::test_a_refused_sending_is_shown_with_the_one_that_followed",
        "tests/test_third_parties.py::test_a_command_sees_all_of_them_and_its_exit_code_comes_back",
        "tests/session/test_over.py::test_nothing_of_a_session_waits_for_the_garbage_collector[rec",
        "tests/test_determinism.py::test_the_folder_and_the_working_directory_change_nothing",
        (
            "tests/cli/test_watch.py::"
            "test_a_shared_name_goes_out_of_use_and_comes_into_it_while_files_are_saved"
        ),
        (
            "tests/transport/test_proxies.py::"
            "test_a_server_that_answers_429_for_ever_is_asked_a_few_times[True]"
        ),
        (
            "tests/server/test_stopping.py::"
            "test_a_signal_in_the_moment_after_the_address_is_not_lost"
        ),
        (
            "tests/test_leak_probe_scripts.py::"
            "test_reports_of_python_tests_tell_no_secret_of_an_answer"
            "[('-vv', '-l', '--tb=long')-live]"
        ),
        "tests/session/test_form_logins.py::test_a_django_login_is_recorded_and_replayed_without_any",
        "tests/secret/test_search.py::test_a_bomb_is_a_finding_and_not_a_pass[1000000",
        "tests/explore/test_pairs.py::test_a_careful_script_is_not_red[a gen",
        "tests/cli/test_affected.py::test_a_revision_that_is_not_there_is_told[--output=x]",
        "tests/docs/test_tables.py::test_the_tables_tell_what_is[en]",
        "tests/report/test_every_error.py::test_every_error_is_told_everywhere[en]",
        "tests/plugin/test_report.py::test_traces_of_shards_are_laid_together[processes1]",
        (
            "tests/plugin/test_sharding.py::"
            "test_a_shard_without_tests_passes_and_a_run_without_any_does_not[workers1]"
        ),
        "tests/cassette/test_crash.py::test_the_bytes_do_not_depend_on_the_number_of_workers[8]",
        (
            "tests/plugin/test_pruning.py::"
            "test_what_left_a_scenario_red_goes_and_it_is_green[workers]"
        ),
        "tests/property/test_night.py::test_a_search_ends_when_its_time_is_over",
        "tests/demo/test_story.py::test_it_prints_on_a_gbk_console",
        "tests/fuzz/test_search.py::test_a_live_system_may_not_know_what_was_made_up",
        "tests/plugin/test_challenge.py::test_workers_keep_the_same_section_of_the_page",
        (
            "tests/report/test_one_language.py::"
            "test_what_the_gallery_fails_with_is_told_in_chinese_alone"
        ),
        "tests/test_gallery_commands.py::test_every_command_ends_as_it_says_after_a_run[live-zh]",
        "tests/test_artefact_leaks.py::test_pytest_leaves_no_secret[workers]",
        "tests/test_artefact_leaks.py::test_pytest_leaves_no_secret[recording]",
        (
            "tests/test_leak_probe_scripts.py::"
            "test_the_command_line_tells_no_secret_that_a_script_gives_away[live]"
        ),
        (
            "tests/test_leak_probe_scripts.py::"
            "test_pytest_tells_no_secret_that_a_script_gives_away[live]"
        ),
        "tests/test_leak_probe.py::test_a_failing_test_tells_no_secret[long]",
        "tests/docs/test_tour.py::test_the_pages_can_be_followed_to_the_letter[en]",
        "tests/report/test_viewer.py::test_nothing_serious_stands_in_the_way_of_anybody[400-dark]",
        "tests/index/test_store.py::test_an_index_that_is_damaged_is_made_afresh[0]",
        "tests/index/test_store.py::test_an_index_that_is_damaged_is_made_afresh[noise]",
        "tests/fuzz/test_search.py::test_the_platforms_of_the_gallery_break_no_law[c",
        "tests/cli/test_fuzz.py::test_an_array_in_a_form_repeats_and_is_no_finding",
        (
            "tests/cli/test_app.py::"
            "test_a_console_that_knows_no_chinese_gets_question_marks_but_tells_right_from_wrong"
        ),
        "tests/cli/test_affected.py::test_without_a_revision_it_is_the_last_commit_on_the_main_branch",
        "tests/plugin/test_remote_cassettes.py::test_one_records_into_object_storage",
        "tests/plugin/test_sharding.py::test_shards_share_all_tests_among_them[workers1]",
        "tests/property/test_laws_builder.py::test_the_last_value_of_each_place_and_name_wins",
        (
            "tests/test_leak_probe_scripts.py::"
            "test_pytest_tells_no_secret_that_a_script_gives_away[record]"
        ),
        "tests/test_artefact_leaks.py::test_pytest_leaves_no_secret[whole]",
        "tests/index/test_store.py::test_an_index_that_is_damaged_is_made_afresh[cut]",
        "tests/index/test_store.py::test_half_an_index_is_made_afresh",
        "tests/team/test_two_people.py::test_logins_of_three_accounts_merge_both_ways",
        "tests/plugin/test_github.py::test_ten_are_annotated_and_all_are_in_the_summary",
        (
            "tests/report/test_viewer.py::"
            "test_failures_are_grouped_by_cause_and_can_be_printed_and_opened[400-dark]"
        ),
        (
            "tests/server/test_stopping.py::"
            "test_a_signal_while_clients_are_in_the_middle_of_something_ends_it_at_once[15]"
        ),
        (
            "tests/demo/test_story.py::"
            "test_what_it_tells_last_runs_where_the_environment_is_not_active"
        ),
        "tests/cli/test_locale.py::test_a_console_of_gbk_is_written_in_gbk",
        "tests/plugin/test_remote_cassettes.py::test_only_what_is_needed_is_fetched",
        "tests/plugin/test_remote_cassettes.py::test_python_tests_record_and_replay_there_too",
        "tests/cli/test_watch.py::test_mistakes_new_files_and_files_that_are_replaced",
        "tests/fuzz/test_search.py::test_a_live_system_that_fails_on_a_drawn_value_is_found",
        "tests/script/test_time_and_chance.py::test_a_run_is_the_same_on_any_machine",
        *[
            f"tests/cassette/test_remote.py::{name}[s3]"
            for name in (
                "test_a_file_is_fetched_and_one_that_is_not_there_is_not_here",
                "test_what_was_recorded_is_uploaded_whole_and_only_once",
                "test_an_upload_that_could_not_be_noted_is_none_of_somebody_else",
                "test_what_did_not_change_is_not_read_again",
                "test_a_run_sees_one_state_of_a_file",
                "test_what_was_not_uploaded_is_neither_overwritten_nor_played",
                "test_what_somebody_else_uploaded_meanwhile_is_not_overwritten",
                "test_many_threads_fetch_one_file",
            )
        ],
        *[
            f"tests/docs/test_tour.py::test_a_mishap_is_told_as_the_page_says[{number}]"
            for number in range(1, 9)
        ],
        *[
            f"tests/cli/test_affected.py::test_only_scenarios_that_changes_reach_run[{place}"
            for place in ("scenarios/flows/", "scenarios/platforms/")
        ],
        "tests/cli/test_affected.py::test_a_revision_that_is_not_there_is_told[HEAD~9]",
        "tests/cli/test_affected.py::test_only_scenarios_that_changes_reach_run[pyproject.toml",
        "tests/test_determinism.py::test_zone_locale_hash_seed_and_python_change_nothing",
        "tests/index/test_items.py::test_two_processes_at_once_do_not_harm_each_other",
        "tests/test_doors.py::test_ctrl_c_ends_both_alike",
        "tests/test_doors.py::test_a_shard_keeps_a_cassette_in_one_part",
        "tests/test_second_distribution.py::test_doctor_lists_them",
        "tests/cli/test_fuzz.py::test_machines_share_examples_in_a_redis",
        (
            "tests/report/test_viewer.py::"
            "test_two_keys_and_a_word_reach_a_scenario_and_its_link_comes_back"
        ),
        (
            "tests/challenge/test_challenge.py::"
            "test_findings_are_the_same_in_the_same_order_for_any_number_of_workers"
        ),
        "tests/challenge/test_command.py::test_exit_codes[options1-1]",
        "tests/challenge/test_command.py::test_exit_codes[options2-0]",
        *[
            "tests/challenge/test_challenge.py::"
            f"test_what_becomes_endless_is_never_called_noticed[{script}"
            for script in ("let n = 0", "script3", "for (let n", "const q =")
        ],
        *[
            "tests/script/v8_parity/test_corpus.py::"
            f"test_scripts_do_what_they_do_in_node[v8-{topic}]"
            for topic in (
                "classes",
                "dedupe",
                "format",
                "grouping",
                "locale",
                "masks",
                "promises",
                "regex",
                "retries",
                "timers",
            )
        ],
        "tests/cli/test_fuzz.py::test_what_a_live_system_fails_on_fails_in_the_same_words",
        (
            "tests/cli/test_fuzz.py::test_what_is_found_fails_in_the_same_words_as_a_scenario"
            "[one parameter lies within another]"
        ),
        "tests/index/test_store.py::test_two_processes_at_once_do_not_harm_each_other",
        "tests/index/test_store.py::test_where_nothing_can_be_written_it_is_read_each_time",
        (
            "tests/cassette/test_recorders.py::"
            "test_recorders_that_start_and_die_together_lose_nothing[forked inside-6-1]"
        ),
        "tests/test_second_distribution.py::test_a_format_is_found_although_another_one_is_broken",
        (
            "tests/test_leak_probe_scripts.py::"
            "test_reports_of_python_tests_tell_no_secret_of_an_answer[('--tb=native',)"
        ),
        "tests/plugin/test_challenge.py::test_a_python_step_is_left_out_by_name[True]",
        "tests/plugin/test_challenge.py::test_it_fails_below_what_is_asked_for[strict-find]",
        "tests/cli/test_affected.py::test_only_scenarios_that_use_a_place_run",
        "tests/cli/test_fuzz.py::test_a_sound_platform_breaks_no_law",
        "tests/plugin/test_remote_cassettes.py::test_workers_record_and_replay_there",
        "tests/report/test_viewer.py::test_sources_show_what_ran_and_what_never_did[400-dark]",
        "tests/test_second_distribution.py::test_a_source_of_secrets_is_read_where_something_is_sent",
        "tests/cli/test_locale.py::test_the_command_line_records_and_replays_in_the_locale_c",
    ),
    "a campaign does the same, larger": (
        "tests/live/test_calibrate.py::test_what_else_somebody_changed_is_found_alone",
        "tests/test_recording.py::test_a_scenario_passes_against_the_real_third_parties",
        "tests/report/test_viewer.py::test_a_thousand_scenarios_are_a_screen_of_them",
        "tests/test_distributions.py::test_the_source_distribution_is_what_git_tracks",
        "tests/test_gallery.py::test_a_run_with_counters_comes_to_the_same",
        (
            "tests/cassette/test_recorders.py::"
            "test_recorders_that_start_and_die_together_lose_nothing[crashing workers-1-1]"
        ),
        "tests/cli/test_edits.py::test_accidents_in_files_are_told_and_nothing_is_raised",
        "tests/script/test_runtime.py::test_three_hundred_contexts_leave_nothing_behind",
        "tests/script/test_console.py::test_long_arrays_and_texts_print_at_once[quickjs]",
        "tests/fuzz/test_search.py::test_workers_share_the_laws_and_tell_in_the_same_order",
        "tests/test_third_parties.py::test_nothing_is_left_when_the_command_runner_is_killed",
        "tests/test_editors.py::test_an_editor_completes_and_shows_what_the_samples_declare",
        "tests/test_recording.py::test_recording_again_with_new_credentials_changes_no_cassette",
    ),
    "others by day try the same on fewer texts": (
        (
            "tests/script/test_hits.py::"
            "test_what_implementers_write_comes_to_the_same_and_all_of_it_is_counted"
        ),
        (
            "tests/script/v8_parity/test_collation.py::"
            "test_no_pair_of_any_block_is_ordered_otherwise_than_in_node"
        ),
    ),
    "a figure, which `benchmarks` measures too": (
        "tests/challenge/test_challenge.py::test_mutants_leave_nothing_behind",
        "tests/plugin/test_start.py::test_no_module_of_ours_is_rewritten_where_no_bytecode_is_kept",
        (
            "tests/cli/test_large_files.py::"
            "test_ten_times_the_mistakes_take_no_hundred_times[undefined names]"
        ),
        "tests/plugin/test_start.py::test_the_start_takes_at_most_an_eighth_of_pytests_own",
        "tests/plugin/test_python_tests.py::test_no_later_test_holds_what_redacted_an_ended_one",
        "tests/cli/test_script_coverage.py::test_a_script_that_cannot_be_counted_is_named",
        "tests/team/test_merging.py::test_merging_ten_thousand_exchanges_takes_a_second",
        "tests/test_speed.py::test_a_call_costs_the_same_among_many_recordings_as_among_few",
    ),
    "a browser looks at each of its sizes": (
        (
            "tests/report/test_flow_picture.py::"
            "test_the_page_fits_a_telephone_and_a_screen_light_and_dark"
        ),
    ),
    "of the project's own apparatus": (
        "tests/mutants/test_runs.py::test_a_change_inside_of_functions_needs_no_import",
        "tests/structure/test_night.py::test_the_table_of_the_night_shows",
        "tests/mutants/test_mutants.py::test_no_bug_is_there_twice",
        "tests/test_peers.py::test_a_peer_that_cannot_be_installed_is_named_and_left_out",
        "tests/typing/test_consumers.py::test_mypy_finds_each_mistake_and_no_other",
    ),
}
"""Reason -> ids of tests, or what they begin with."""


ONE_OF: Mapping[str, int] = {
    "tests/script/test_endless.py::test_a_loop_within_the_engine_ends": 2,
    "tests/script/test_endless.py::test_what_is_only_like_an_array_is_walked_within_limits": 2,
    "tests/script/test_limits.py::test_a_script_that_takes_too_much_is_stopped": 2,
    "tests/script/test_forgeries.py::test_what_is_odd_is_a_result_or_an_error_of_the_script": 2,
    (
        "tests/script/test_v8.py::"
        "test_a_script_that_takes_too_much_is_stopped_and_the_next_one_runs"
    ): 3,
    "tests/secret/test_encodings.py::test_each_encoding_is_undone_in_each_place": 2,
    "tests/test_doors.py::test_words_select_the_same_behind_both_doors": 3,
    (
        "tests/session/test_script_values.py::"
        "test_an_error_that_nobody_looked_at_is_told_with_its_line"
    ): 2,
    "tests/transport/test_proxies.py::test_a_target_arrives_byte_by_byte": 2,
    "tests/explore/test_orders.py::test_an_order_is_judged": 2,
    (
        "tests/strategies/test_schemas.py::"
        "test_an_empty_list_is_drawn_where_it_is_sent_or_need_not_be"
    ): 3,
    "tests/team/test_many_machines.py::test_two_checkouts_tell_together_what_one_does": 3,
    "tests/challenge/test_proposals.py::test_a_line_tells_a_mistake_from_its_script": 2,
    (
        "tests/challenge/test_challenge.py::"
        "test_a_state_that_is_again_what_it_was_at_first_is_expected_by_its_value"
    ): 2,
    "tests/property/test_strategies.py::test_a_failure_takes_forty_seconds_at_most": 2,
    "tests/variant/test_run.py::test_results_come_in_their_order_from_any_number_of_workers": 3,
    "tests/plugin/test_challenge.py::test_comments_are_judged_as_by_the_command": 3,
    "tests/plugin/test_precedence.py::test_each_place_wins_over_those_behind_it": 2,
    (
        "tests/session/test_concurrent.py::"
        "test_no_answers_are_swapped_over_all_orders_of_completion_and_issue"
    ): 8,
    "tests/live/test_calibrate.py::test_what_differs_is_found_and_nothing_else": 3,
    "tests/live/test_calibrate.py::test_a_time_out_is_measured_in_whole_seconds_from_one_on": 3,
    "tests/live/test_capture.py::test_a_script_does_below_the_lines_what_it_does_without": 2,
    "tests/cassette/test_crash.py::test_a_killed_process_loses_at_most_the_call_in_flight": 3,
    "tests/cassette/test_vcrpy.py::test_stock_vcrpy_replays_every_shipped_cassette": 3,
    (
        "tests/challenge/test_challenge.py::"
        "test_input_for_which_a_mistake_would_matter_is_asked_for"
    ): 3,
    "tests/explore/test_failures.py::test_a_failure_is_judged": 4,
    "tests/explore/test_pairs.py::test_its_twin_with_one_bug_is": 3,
    "tests/explore/test_whole_results.py::test_each_variant_is_judged_and_can_be_reproduced": 5,
    "tests/fuzz/test_readers.py::test_a_sample_that_was_changed_is_read_or_refused": 3,
    "tests/plugin/test_long_failures.py::test_a_failure_is_never_longer_than_25_lines": 9,
    "tests/cli/test_fuzz.py::test_what_is_found_fails_in_the_same_words_as_a_scenario": 3,
    "tests/cli/test_numbers.py::test_a_number_that_is_too_large_is_told_with_its_place": 3,
    "tests/secret/test_encodings.py::test_each_encoding_is_undone_within_each": 2,
    "tests/secret/test_search.py::test_four_times_the_bytes_take_about_four_times_as_long": 3,
    "tests/script/v8_parity/test_corpus.py::test_scripts_do_what_they_do_in_node": 4,
    "tests/scenario/test_people_and_codes.py::test_a_truth_is_green_in_both_languages": 2,
    (
        "tests/session/test_secrets_that_parsers_lose.py::"
        "test_programs_are_searched_in_a_time_that_grows_with_the_text"
    ): 5,
    (
        "tests/cassette/test_remote.py::"
        "test_a_file_is_fetched_and_one_that_is_not_there_is_not_here"
    ): 3,
    (
        "tests/script/test_endless.py::"
        "test_what_inherits_from_thousands_of_objects_is_read_within_limits"
    ): 4,
    "tests/test_recording.py::test_a_recorded_scenario_replays_the_same_twice_with_nothing_set": 2,
    "tests/strategies/test_declared_values.py::test_the_least_value_of_a_schema": 3,
    "tests/test_hostile_values.py::test_a_hostile_value_is_sent_inert_or_not_at_all": 2,
    (
        "tests/cli/test_changed_files.py::"
        "test_a_file_that_is_changed_new_or_gone_reaches_who_needs_it"
    ): 2,
    (
        "tests/cli/test_changed_files.py::"
        "test_a_file_that_was_moved_reaches_who_used_it_by_its_old_name"
    ): 2,
    "tests/cli/test_json.py::test_a_command_prints_one_object_of_its_shape": 2,
    (
        "tests/transport/test_undeclared_clients.py::"
        "test_each_user_gets_his_own_response_though_only_a_header_says_who_he_is"
    ): 2,
    "tests/server/test_hostile.py::test_what_does_not_come_is_given_up": 2,
    "tests/session/test_sharing.py::test_a_run_writes_every_recording_that_can_be_written": 2,
    "tests/session/test_sharing.py::test_what_is_recorded_is_replayed": 2,
    "tests/plugin/test_summary.py::test_orphans_of_a_partial_run_are_not_told": 2,
    "tests/test_same_bytes.py::test_both_refuse_alike_and_send_nothing": 2,
    (
        "tests/strategies/test_drawn_shapes.py::"
        "test_a_body_has_the_parameters_that_its_encoding_can_hold"
    ): 2,
    (
        "tests/session/test_secrets_that_parsers_lose.py::"
        "test_a_secret_in_a_compressed_request_is_hidden"
    ): 2,
    "tests/team/test_renames.py::test_what_was_recorded_under_an_earlier_name_is_played": 2,
    "tests/test_leak_probe_scripts.py::test_an_outcome_in_python_tells_no_secret": 3,
}
"""Test with many dear variants -> by day runs the first of so many, and of the next so many."""


def explain_night(test: str, number: int = 0) -> str:
    """Return why *test*, its id, runs by night alone; empty where it runs by day.

    *number* says which variant of its function it is, from 0 on.
    """
    if number % ONE_OF.get(test.partition("[")[0], 1):
        return "one variant of several runs by day"
    begins = _REASONS.get(test.partition("::")[0], {})
    return next((why for begin, why in begins.items() if test.startswith(begin)), "")


_REASONS: dict[str, dict[str, str]] = {}
"""File -> what ids begin with -> reason."""
for _why, _tests in LEFT_TO_THE_NIGHT.items():
    for _begin in _tests:
        _REASONS.setdefault(_begin.partition("::")[0], {})[_begin] = _why
