"""Draft a script that repeats recorded calls, and a scenario that replays them.

The script contains each call as the request builder made it, without the values that auth added.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec

from bpmax_sim.i18n import msg, translate
from bpmax_sim.js_values import loads_as_javascript
from bpmax_sim.messages import FORM, Call, Exchange, Headers, Response, parse_media_type
from bpmax_sim.platform.matcher import ApiMatch, ApiMatcher
from bpmax_sim.proxy.response import read_body
from bpmax_sim.yamlfile import write_yaml

BUTTON: Final = "调用"
"""The button that starts the drafted script."""

_NAME: Final = re.compile(r"[A-Za-z_$][\w$]*", re.ASCII)
_LARGEST: Final = 2**53 - 1
_WIDTH: Final = 100
_OK: Final = range(200, 300)
_REDIRECT: Final = range(300, 400)
RESERVED_WORDS: Final = frozenset({
    "arguments", "await", "break", "case", "catch", "class", "const", "continue", "debugger",
    "default", "delete", "do", "else", "enum", "eval", "export", "extends", "false", "finally",
    "for", "function", "if", "implements", "import", "in", "instanceof", "interface", "let", "new",
    "null", "package", "private", "protected", "public", "return", "static", "super", "switch",
    "this", "throw", "true", "try", "typeof", "var", "void", "while", "with", "yield",
})  # fmt: skip
"""Words that cannot name a variable (ECMA-262, 12.7.2; some in modules and strict mode only)."""

# What scripts have already; `console` and `error` are used where the draft catches a rejected call.
_NO_VARIABLES: Final = RESERVED_WORDS | {"form", "ctx", "console", "error"}


class UnplayableCall(Exception):  # noqa: N818 - a finding, which becomes a note
    """Raised for a call that no script can repeat exactly; the message says why."""


class ScriptedCall(msgspec.Struct, frozen=True, kw_only=True):
    """A call in a drafted script, and its expected outcome.

    Attributes:
        line: JavaScript statement.
        expectation: its entry in ``expect: proxy``.
    """

    line: str
    expectation: Mapping[str, Any]


def to_javascript(value: Any) -> str:
    """Return *value* as JavaScript source.

    Raises:
        UnplayableCall: if a number in it has more digits than JavaScript keeps.
    """
    _check_numbers(value)
    return write_script_value(value)


def write_script_value(value: Any) -> str:
    """Return *value*, which a script had, as JavaScript source.

    Its numbers are those of JavaScript, however large: 2**60 is told as 1152921504606847000, which
    is read as the same number again.
    """
    return (
        # JSON may hold U+2028 and U+2029; before ES2019 they end a line, also within a text.
        json.dumps(value, ensure_ascii=False)
        .replace("\u2028", "\\u2028")
        .replace("\u2029", "\\u2029")
    )


def _check_numbers(value: Any) -> None:
    """Raise `UnplayableCall` if *value* contains an integer that JavaScript would round."""
    if isinstance(value, Mapping):
        for inner in value.values():
            _check_numbers(inner)
    elif isinstance(value, list):
        for inner in value:
            _check_numbers(inner)
    elif isinstance(value, int) and abs(value) > _LARGEST:
        raise UnplayableCall(msg("{value} is a number that JavaScript does not keep", value=value))


def draft_script_call(exchange: Exchange, matcher: ApiMatcher, number_to_log: int) -> ScriptedCall:
    """Return a JavaScript statement that repeats the recorded call of *exchange*, and its outcome.

    *matcher* finds the API. The statement catches the error of a call that is rejected, and logs
    *number_to_log*.

    Raises:
        UnplayableCall: if no script can repeat it exactly.
    """
    call, match = exchange.request.call, matcher.match(exchange.request)
    if call is None or match is None or match.target.api is None:
        raise UnplayableCall(msg("it is of no declared API"))
    expectation: dict[str, Any] = {"call": call.name}
    if match.parameters:
        expectation["path"] = dict(match.parameters)
    expectation |= _draft_expected_outcome(exchange)
    parts = [f"await {format_platform_expression(call.platform)}.$api({to_javascript(call.api)})"]
    parts += [f".${name}({to_javascript(value)})" for name, value in _list_setters(call, match)]
    caught = f".catch(error => console.warn({number_to_log}, error.code))"
    parts.append(f".$call(){caught if _is_rejected_by_proxy(exchange, match) else ''};")
    line = "".join(parts)
    return ScriptedCall(
        line=line if len(line) <= _WIDTH else "\n  ".join(parts), expectation=expectation
    )


def _draft_expected_outcome(exchange: Exchange) -> dict[str, Any]:
    """Return the status or error code of *exchange*, as an expected call has it."""
    outcome = exchange.outcome
    return {"status": outcome.status} if isinstance(outcome, Response) else {"error": outcome.code}


def _list_setters(call: Call, match: ApiMatch) -> Iterator[tuple[str, Any]]:
    """Yield the builder's setters that repeat *call*, with their arguments: ``query``, ``{…}``."""
    assert match.target.api is not None
    if match.parameters:
        yield "path", dict(match.parameters)
    if call.query:
        yield "query", _group_pairs(call.query)
    left_out = {"content-type", "accept", *(name.lower() for name in match.target.api.headers)}
    headers = {name: value for name, value in call.headers if name.lower() not in left_out}
    if headers:
        yield "header", headers
    if call.body is not None:
        yield "body", _parse_body(call)


def _is_rejected_by_proxy(exchange: Exchange, match: ApiMatch) -> bool:
    """Return whether ``$proxy`` would reject with the outcome of *exchange*.

    Only the HTTP status and whether JSON can be read decide, not the platform's rules.
    """
    outcome = exchange.outcome
    if not isinstance(outcome, Response):
        return True
    assert match.target.api is not None
    if outcome.status not in _OK:
        return not (match.target.api.redirects == "result" and outcome.status in _REDIRECT)
    return read_body(outcome).kind == "broken"


def _group_pairs(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Return *pairs* by name; a repeated name gets a list of its values."""
    grouped: dict[str, Any] = {}
    for name, value in pairs:
        known = grouped.get(name)
        grouped[name] = (
            value if known is None else [*(known if isinstance(known, list) else [known]), value]
        )
    return grouped


def _parse_body(call: Call) -> Any:
    assert call.body is not None
    media = parse_media_type(Headers(call.headers).content_type)
    try:
        text = call.body.decode()
    except UnicodeDecodeError:
        raise UnplayableCall(msg("its body is not text")) from None
    if media == FORM:
        return _group_pairs(parse_qsl(text, keep_blank_values=True))
    if "json" in media or not media:
        try:
            return loads_as_javascript(text)
        except (ValueError, RecursionError):
            return text
    if media.startswith("multipart/"):
        raise UnplayableCall(msg("its body has several parts"))
    return text


def format_platform_expression(key: str) -> str:
    """Return how a drafted script names a platform: ``crm``, or ``$proxy("my-crm")``.

    The latter if *key* is no identifier, or a name that scripts use otherwise, such as ``form``.
    """
    return (
        key
        if _NAME.fullmatch(key) and key not in _NO_VARIABLES
        else f"$proxy({to_javascript(key)})"
    )


def draft_script(source_names: str, calls: Sequence[ScriptedCall], keys: Iterable[str]) -> str:
    """Return a script that makes *calls*, one after another.

    *source_names* names the files they were seen in, for a comment; *keys* are the platforms
    called.
    """
    head = msg(
        "The calls of {source}, in their order; take what a form needs.", source=source_names
    )
    lines = [f"// {translate(head)}"]
    lines += [
        f"const {key} = $proxy({to_javascript(key)});"
        for key in keys
        if format_platform_expression(key) == key
    ]
    lines += [call.line for call in calls]
    return "\n".join(lines) + "\n"


def draft_scenario(
    title: str, proxy: Mapping[str, Any], calls: Sequence[ScriptedCall], *, clock: str = ""
) -> str:
    """Return the text of a scenario whose button runs the drafted script, expecting *calls*.

    *title* is its name and that of the script, *proxy* its ``proxy`` section, which says where the
    responses come from, *clock* the instant at which it starts ("" for none).
    """
    scripts = {f"click.{BUTTON}": f"scripts/{title}.js"}
    value: dict[str, Any] = {
        "version": 1,
        "scenario": title,
        "form": {"scripts": scripts, "fields": {}},
        "proxy": {"platforms": "platforms/", **proxy},
        **({"clock": clock} if clock else {}),
        "steps": [{"click": BUTTON, "expect": {"proxy": [call.expectation for call in calls]}}],
    }
    comment = msg(
        "Drafted by bpmax-sim init --from: the calls are those that were seen, the button is "
        "made up."
    )
    return f"# {translate(comment)}\n{write_yaml(value, block_levels=2)}"
