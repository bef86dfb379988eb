"""Tests that only a night runs: dear ones of which a cheaper sibling runs by day.

They get the mark ``night``: by day they are deselected, and pytest counts them; `-m night` runs
them, and so does `.ci/nightly`. A test that is dear by itself has the mark where it stands.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

LEFT_TO_THE_NIGHT: Mapping[str, Sequence[str]] = {
    "one variant of several runs by day": (
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
        "tests/index/test_store.py::test_an_index_that_is_damaged_is_made_afresh[\\x00]",
        "tests/index/test_store.py::test_an_index_that_is_damaged_is_made_afresh[content3]",
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
    ),
    "a campaign does the same, larger": (
        (
            "tests/cassette/test_recorders.py::"
            "test_recorders_that_start_and_die_together_lose_nothing[crashing workers-1-1]"
        ),
        "tests/cli/test_edits.py::test_accidents_in_files_are_told_and_nothing_is_raised",
        "tests/script/test_runtime.py::test_three_hundred_contexts_leave_nothing_behind",
        "tests/script/test_console.py::test_long_arrays_and_texts_print_at_once[quickjs]",
        "tests/fuzz/test_search.py::test_workers_share_the_laws_and_tell_in_the_same_order",
        "tests/test_third_parties.py::test_nothing_is_left_when_the_command_runner_is_killed",
        "tests/test_recording.py::test_recording_again_with_new_credentials_changes_no_cassette",
    ),
    "a figure, which `benchmarks` measures too": (
        "tests/team/test_merging.py::test_merging_ten_thousand_exchanges_takes_a_second",
        "tests/test_speed.py::test_a_call_costs_the_same_among_many_recordings_as_among_few",
    ),
    "of the project's own apparatus": (
        "tests/mutants/test_mutants.py::test_no_bug_is_there_twice",
        "tests/test_peers.py::test_a_peer_that_cannot_be_installed_is_named_and_left_out",
        "tests/typing/test_consumers.py::test_mypy_finds_each_mistake_and_no_other",
    ),
}
"""Reason -> ids of tests, or what they begin with."""


def explain_night(test: str) -> str:
    """Return why *test*, its id, runs by night alone; empty where it runs by day."""
    return next((why for begin, why in _REASONS.items() if test.startswith(begin)), "")


_REASONS = {begin: why for why, tests in LEFT_TO_THE_NIGHT.items() for begin in tests}
