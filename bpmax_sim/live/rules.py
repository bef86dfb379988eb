"""What the documentation of BPMAX leaves open about ``$proxy``: our interpretation, as rules.

`bpmax_sim.live.judge` marks each by the behaviour of a live BPMAX; the documentation shows them.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

from msgspec.structs import fields

from bpmax_sim.i18n import msg
from bpmax_sim.platform.model import Platform

DEFAULT_TIMEOUT: Final[float] = next(
    one.default for one in fields(Platform) if one.name == "timeout"
)
"""Seconds."""

Mark = Literal["confirmed", "refuted", "unknown"]


class BehaviourRule(NamedTuple):
    """One rule of our interpretation of BPMAX, where its documentation leaves the behaviour open.

    Attributes:
        text: the rule, in Markdown.
        probes: questions of ``calibrate.js`` that test it; none if a script cannot observe it.
        workaround: what to do if it does not hold.
    """

    text: str
    probes: tuple[str, ...]
    workaround: str = ""


RULES: Final[dict[str, BehaviourRule]] = {
    "setter_order": BehaviourRule(
        msg("setters in any order and any number, later wins"),
        ("setter_order",),
        msg("write $path, $query, $header, $body in this order"),
    ),
    "chain_value": BehaviourRule(
        msg(
            "a chain is a value: each setter returns a new one, two never see each other, "
            "and what it was given is copied"
        ),
        ("chain_value", "chain_copies", "chain_twice", "stored_proxy", "body_copies"),
        msg("build each chain anew from $proxy(…), and change nothing that was passed"),
    ),
    "merge_named": BehaviourRule(
        msg("repeated `$path`, `$query` and `$header` merge by key; header names in any case"),
        ("merge_path", "merge_query", "merge_header"),
        msg("set each of them once, with all its members"),
    ),
    "merge_body": BehaviourRule(
        msg("two objects of `$body` merge, not in depth; anything else replaces"),
        ("merge_body", "replace_body"),
        msg("set $body once, with the whole value"),
    ),
    "precedence": BehaviourRule(
        msg("what a setter says wins over the defaults of the interface, and the others stay"),
        ("precedence", "keeps_default"),
        msg("declare no default for what scripts set"),
    ),
    "name_twin": BehaviourRule(
        msg("the exact name wins, then its twin in the other style, then `aliases`"),
        ("name_twin",),
        msg("write the name in scripts exactly as it is configured"),
    ),
    "never_api": BehaviourRule(
        msg(
            "`then`, `catch`, `finally`, `toJSON` and `$` names other than `$api` are no APIs, "
            "so `await $proxy('x')` sends nothing"
        ),
        ("never_api", "misnamed"),
        msg("await only the direct call and $call()"),
    ),
    "awaited_chain": BehaviourRule(
        msg(
            "a chain that was awaited without `$call()` fails the script with its line; "
            "one that was only built is a warning"
        ),
        ("awaited_chain",),
        msg("end every chain with $call()"),
    ),
    "bad_type": BehaviourRule(
        msg("a wrong type of argument throws at once"),
        ("bad_type",),
        msg("pass objects of names and values only"),
    ),
    "unknown_name": BehaviourRule(
        msg("an unknown platform, instance, API or option rejects when called, with the near name"),
        ("unknown_api", "unknown_platform", "unknown_instance", "misspelt_option"),
        msg("`bpmax-sim lint` finds unknown names before they run"),
    ),
    "undefined_value": BehaviourRule(
        msg("`undefined` sets nothing, wherever it stands"),
        (
            "undefined_query",
            "undefined_header",
            "undefined_argument",
            "undefined_body",
            "undefined_default",
        ),
        msg("leave out members that have no value"),
    ),
    "null_default": BehaviourRule(
        msg("`null` in a query or header removes its default, and is not sent"),
        ("null_query", "null_default", "null_header"),
        msg("leave out members that have no value"),
    ),
    "null_body": BehaviourRule(
        msg("`null` in a body is JSON null"),
        ("null_body",),
        msg("leave out members that have no value"),
    ),
    "null_path": BehaviourRule(
        msg("`null` in a path rejects"),
        ("null_path",),
        msg("check the value before the call"),
    ),
    "path_segment": BehaviourRule(
        msg("a path value is one segment, `a/b` becomes `a%2Fb`"),
        ("path_segment",),
        msg("pass values of letters, digits, - and _ only"),
    ),
    "path_dots": BehaviourRule(
        msg("`.` and `..` in a path reject"),
        ("path_dots",),
        msg("check the value before the call"),
    ),
    "path_names": BehaviourRule(
        msg("a placeholder without a value, and an unknown name of `$path`, reject"),
        ("path_missing", "path_unknown"),
        msg("`bpmax-sim lint` finds such calls before they run"),
    ),
    "query_array": BehaviourRule(
        msg("arrays repeat a query key"),
        ("query_array", "query_empty_array"),
        msg("pass a text that is made in the script: ids.join(',')"),
    ),
    "query_object": BehaviourRule(
        msg("an object in a query rejects"),
        ("query_object",),
        msg("pass a text that is made in the script: JSON.stringify(filter)"),
    ),
    "query_plain": BehaviourRule(
        msg("numbers and booleans stand in a query as JavaScript prints them"),
        ("query_numbers",),
        msg("pass a text: String(value)"),
    ),
    "query_encoding": BehaviourRule(
        msg("RFC 3986 encoding of queries, a space is `%20`"),
        ("query_encoding",),
        msg("keep spaces and signs out of what a query holds"),
    ),
    "no_template": BehaviourRule(
        msg("values of scripts are no templates: `{{ x }}` arrives as it is"),
        ("template",),
        msg("keep {{ and ${ out of values"),
    ),
    "body_json": BehaviourRule(
        msg("a body is what `JSON.stringify` writes, in UTF-8"),
        ("body_json", "body_bigint"),
        msg("pass a text that is made in the script: JSON.stringify(body)"),
    ),
    "body_text": BehaviourRule(
        msg("strings and bytes of `$body` are sent as they are"),
        ("body_text",),
        msg("pass an object"),
    ),
    "body_get": BehaviourRule(
        msg("a body of GET is sent"), ("body_get",), msg("use $query with GET")
    ),
    "argument_order": BehaviourRule(
        msg("the nth argument goes to the nth declared parameter, wherever that stands"),
        ("argument_order", "argument_body"),
        msg("write the chain instead of the direct call"),
    ),
    "argument_extra": BehaviourRule(
        msg("more arguments than parameters are logged and dropped"),
        ("argument_extra",),
        msg("pass as many as are declared"),
    ),
    "argument_missing": BehaviourRule(
        msg("a missing required argument rejects"),
        ("argument_missing",),
        msg("`bpmax-sim lint` finds such calls before they run"),
    ),
    "argument_object": BehaviourRule(
        msg("a single object is the first parameter, no bag of names"),
        ("argument_object",),
        msg("write the chain instead of the direct call"),
    ),
    "auth_last": BehaviourRule(
        msg(
            "auth is put in last and wins; a script can neither replace, duplicate nor read a "
            "credential"
        ),
        ("auth_last",),
        msg("set no header that auth sets"),
    ),
    "caller": BehaviourRule(
        msg("`options.caller` is logged, and not sent"), ("caller",), msg("leave it out")
    ),
    "result": BehaviourRule(
        msg("the result is the parsed body; with `result: envelope`, `{code, message, data}`"),
        ("first",),
    ),
    "empty_result": BehaviourRule(
        msg("without a body, the result is null"),
        ("status_empty",),
        msg("ask `result?.data`, which holds in each case"),
    ),
    "status": BehaviourRule(
        msg("non-2xx rejects"),
        ("status",),
        msg("check the result and catch the error, so that the script holds in each case"),
    ),
    "business": BehaviourRule(
        msg("a business code does not reject, unless the platform has `reject: [business]`"), ()
    ),
    "error_members": BehaviourRule(
        msg(
            "a rejection is an `Error` with `code`, `platform_key`, `instance_key`, `api`, "
            "`status`, `response`"
        ),
        ("status",),
        msg("use error.message alone, which every error has"),
    ),
    "timeout": BehaviourRule(
        msg("time-out after {seconds} s", seconds=f"{DEFAULT_TIMEOUT:g}"), ("timeout",)
    ),
    "redirects": BehaviourRule(
        msg(
            "redirects are followed, to another origin without credentials, cookies and the "
            "script's headers; `redirects:` may be `result` or `error`"
        ),
        (),
    ),
    "overlap": BehaviourRule(
        msg("concurrent calls overlap"),
        ("overlap",),
        msg("do not rely on the order in which concurrent calls are sent"),
    ),
    "one_login": BehaviourRule(msg("concurrent calls share one login"), ()),
}
