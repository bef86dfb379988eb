"""The rules of `$proxy` that its documentation leaves open, and what holds each of them.

A name is a corner of `tests.property.reach`, which the laws draw and whose seeded bug they find, or
a test.
"""

from __future__ import annotations

from collections.abc import Mapping

RULES: Mapping[str, tuple[str, ...]] = {
    # Shape
    "setters come in any order": ("setters in another order", "the same setter again"),
    "then, toJSON, symbols and $-names are no APIs": ("test_then_and_its_like_are_never_api_names", "test_awaiting_a_builder_sends_nothing", "test_looking_at_a_proxy_sends_nothing"),
    "an awaited chain that was never called fails": ("test_a_chain_that_was_awaited_and_never_called_fails_the_run", "test_a_chain_that_was_only_built_is_a_warning_with_its_line", "test_nothing_is_thrown_from_then", "test_a_call_on_a_chain_or_on_what_was_made_from_it_clears_it", "test_a_name_that_is_not_there_is_told_by_name"),
    "a builder is a value": ("test_two_chains_from_one_builder_never_see_each_other", "test_a_dict_changed_after_it_was_passed_changes_nothing", "test_calling_twice_sends_twice", "test_a_builder_is_a_value"),
    "bad types throw, unknown names reject": ("test_bad_argument_types_throw_at_once", "test_unknown_names_reject_when_called_before_any_http", "test_a_near_miss_of_a_known_option_rejects", "test_other_unknown_options_are_logged", "strict, with extra arguments", "an unknown instance", "an unknown path name"),
    # Names
    "key, then twin, then aliases": ("the twin of a name", "an alias", "test_an_api_is_found_by_its_key_then_its_twin_then_its_aliases", "test_what_is_wrong_in_a_platform_is_told_at_load"),
    # Merging
    "path, query and header merge by key": ("one path name twice", "one query name twice", "one header twice", "one header twice in two cases"),
    "two plain bodies merge, others replace": ("an object over an object", "an object after another body", "another body after an object"),
    "API over instance over platform over template": ("a query of the instance over the platform's", "a query of the API over the instance's", "a header of the instance over the platform's", "a header of the API over the instance's", "a query over a default", "a header over a default in another case", "test_a_body_template_is_weaker_than_a_parameter_default_and_a_setter"),
    "undefined sets nothing, null removes": ("undefined on a default", "undefined for a setter", "null on a default of the query", "null on a default header", "null in a body", "null in a path"),
    "auth is injected last and wins": ("a header that auth owns", "a query that auth owns", "a cookie that auth owns", "a body that auth owns", "an Authorization of its own", "two credentials put in", "test_a_script_cannot_read_a_credential"),
    # Building the request
    "a path value is one segment": ("a segment that has to be encoded", "a segment of dots", "a placeholder that stays unfilled", "an unknown path name", "two placeholders in a segment"),
    "a query prints as JavaScript does": ("a query of the path beside another", "a number in the query", "a large or small number", "a boolean in the query", "an array in the query", "an object in the query", "a space or a plus in the query"),
    "a body is what JSON.stringify makes": ("a body on GET", "a text for a body", "an array for a body", "bytes for a body", "a date in a body", "NaN in a body", "undefined in a body", "a BigInt in a body", "half a character", "a header that cannot be sent", "a form", "a multipart form", "XML", "text", "a content type of its own"),
    "the nth argument is the nth parameter": ("an argument in the path", "an argument in the query", "an argument in the header", "an argument in the body", "an object for one argument", "extra arguments", "undefined for an argument", "a required argument left out"),
    "user text is no template": ("a template in a text",),
    # The answer
    "the body itself, or an envelope": ("test_the_parsed_body_itself_is_the_answer", "test_the_answer_by_content_type", "test_no_content_is_null", "test_the_envelope_takes_code_message_and_data_from_the_body_first"),
    "what rejects": ("test_any_2xx_resolves_whatever_its_business_code", "test_a_status_that_is_not_2xx_rejects", "test_json_that_is_not_json_rejects_and_carries_the_text", "test_a_platform_may_ask_to_reject_business_failures", "test_an_exchange_that_did_not_complete_rejects", "test_an_answer_later_than_the_timeout_rejects", "test_a_refused_login_rejects_as_auth_failed"),
    "a rejection is an error with these fields": ("test_a_rejection_has_the_documented_fields", "test_no_request_shows_a_credential_in_its_log_record"),
    "a miss is none of these": ("test_a_replay_miss_is_no_rejection_of_the_table",),
    # Calls in flight
    "one login at a time, shared": ("TestTokens", "TestSharedTokens", "test_callers_at_once_share_one_login"),
    "drop the token, log in once, send once more": ("TestTokens", "test_an_endlessly_refusing_server_gets_exactly_two_business_calls", "test_a_new_token_that_is_refused_too_is_dropped_before_the_next_call", "test_a_login_that_is_refused_is_never_sent_again"),
    "sent again only where it is safe": ("test_business_calls_are_retried_only_where_it_is_safe", "test_nothing_is_retried_where_recover_does_not_say_so", "test_a_rate_limit_waits_as_the_answer_asks", "test_a_declared_recovery_that_cannot_apply_is_a_note"),
    "30 s, proxies, CA files, redirects": ("test_the_most_specific_timeout_holds", "test_a_target_arrives_byte_by_byte", "test_an_instance_has_a_proxy_and_tls_files_of_its_own", "test_only_what_it_accepts_goes_to_another_origin", "test_a_post_is_sent_again_only_where_the_status_says_so"),
    "caller is logged, one record a call": ("a caller", "test_the_caller_is_logged_and_never_sent", "test_every_call_leaves_one_log_record"),
    # Python
    "mapping, keyword arguments, or both": ("test_both_spellings_of_python_setters_may_be_mixed", "test_javascript_and_python_give_the_same_bytes"),
}  # fmt: skip
