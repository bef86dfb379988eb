"""Compare a live BPMAX with our interpretation: each rule is confirmed, refuted or unknown.

Our interpretation is the result of the same script in our own engine, so no rule is written down
twice. Results are made comparable first: the echo is found wherever it is in a result, and only
those of its parts are compared that a rule can be about.
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from bpmax_sim.errors import CALL_ERROR_MEMBERS
from bpmax_sim.i18n import format_number, msg
from bpmax_sim.live.calibrate import KIND, ask_our_engine
from bpmax_sim.live.console import CapturedRun
from bpmax_sim.live.rules import DEFAULT_TIMEOUT, RULES, BehaviourRule, Mark
from bpmax_sim.messages import parse_media_type

ENVELOPE: Final = frozenset({"code", "message", "data"})
_SLACK: Final = 1.5
"""Seconds by which a measured time-out may differ from a whole one."""
_OVERLAPPING: Final = 1.8
"""Times the quickest of three equal calls that the slowest may take where they overlap."""
_LONGEST: Final = 160
_HEADERS: Final = frozenset({"x-a", "x-b", "x-tag"})
_TYPED: Final = frozenset({"body_json", "body_text"})
"""Probes of which the media type counts."""
_SPACED: Final = frozenset({"body_json", "body_text", "body_get"})
"""Probes of which the body counts to the letter, not as what its JSON means."""
_OF_DEFAULTS: Final = frozenset({
    "precedence", "null_default", "keeps_default", "undefined_default",
})  # fmt: skip
"""Probes of which the interface's default ``preset=1`` counts, where it has one."""
_BODY_NAMES: Final = ("body", "data", "rawBody", "raw", "json")


class CalibrationDifference(msgspec.Struct, frozen=True, kw_only=True):
    """Different results of a call by ``calibrate.js``: *ours* in our engine, *there* in BPMAX."""

    ours: str
    there: str


class RuleMark(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Whether a live BPMAX confirms or refutes one of our rules about how BPMAX behaves.

    Attributes:
        mark: ``confirmed``, ``refuted`` or ``unknown``.
        why: reason why it is unknown, or confirmed only in part.
        seen: question of ``calibrate.js`` -> its differing results.
    """

    mark: Mark
    why: str = ""
    seen: Mapping[str, CalibrationDifference] = {}


def _make_refuted_mark(question: str, ours: str, there: str) -> RuleMark:
    return RuleMark(mark="refuted", seen={question: CalibrationDifference(ours=ours, there=there)})


def _make_unknown_mark(why: str) -> RuleMark:
    return RuleMark(mark="unknown", why=why)


class CalibrationResult(msgspec.Struct, frozen=True, kw_only=True):
    """What one run of the calibration script shows about a live BPMAX.

    Attributes:
        asked: time of the run, in POSIX seconds.
        engine: name that its engine reports.
        zone: name of its time zone.
        offsets: minutes east of Greenwich in January and July.
        result: where a script finds the response in a call's result: ``body`` (the result itself),
            ``envelope``, or a path.
        timeout: seconds; None if it was not observed.
        rules: rule -> whether it holds there.
        keys: keys of a platform file that make this package behave the same.
        failure: reason why nothing could be asked.
    """

    asked: float
    engine: str
    zone: str
    offsets: tuple[int, ...]
    rules: Mapping[str, RuleMark]
    result: str = ""
    timeout: float | None = None
    keys: Mapping[str, Any] = {}
    globals: Mapping[str, Any] = {}
    failure: str = ""


class _Probe(msgspec.Struct, frozen=True):
    """The result of one question of ``calibrate.js``.

    Attributes:
        end: ``resolved`` or ``failed``.
        value: value that the call returned, with an echoed request reduced to the parts that a rule
            can be about; None if it failed.
    """

    end: str
    value: Any


class _CalibrationRun:
    """One run of the calibration script, here or in BPMAX, with results made comparable.

    The calls return the request that the third party got (the echo). Where it is inside a result
    depends on the BPMAX, but is the same in each result of a run.
    """

    def __init__(self, run: CapturedRun) -> None:
        self.records = {one["name"]: one for one in run.records if one.get("e") == "probe"}
        first = self.records.get("first", {}).get("value")
        found = find_echo(first)
        self.place: tuple[str, ...] | None = found[0] if found else None
        self.wrapper: Mapping[str, Any] = first if isinstance(first, dict) else {}
        target = _read_echoed_target(found[1]) if found else ""
        path, _, query = target.partition("?")
        self._prefix = path.rpartition("/")[0]
        self.has_preset = "preset=1" in query.split("&")

    def get_probe(self, name: str) -> _Probe | None:
        """Return the result of the question *name*; None if it was not asked."""
        record = self.records.get(name)
        if record is None or "end" not in record:
            return None
        if record["end"] != "resolved":  # thrown or rejected: the same to whoever awaits it
            return _Probe("failed", None)
        return _Probe("resolved", self._to_comparable_value(name, record["value"]))

    def _to_comparable_value(self, name: str, value: Any) -> Any:
        found = find_echo(value)
        if found is not None:
            return self._extract_comparable_parts(name, found[1])
        if isinstance(value, list):
            return [self._to_comparable_value(name, one) for one in value]
        for step in self.place or ():
            # Where the echo is wrapped (`{code, message, data}`), so are results that hold no echo,
            # but not all of them: an error page is not.
            value = value[step] if isinstance(value, dict) and step in value else value
        return value

    def _extract_comparable_parts(self, name: str, echo: Mapping[str, Any]) -> dict[str, Any]:
        path, _, query = _read_echoed_target(echo).partition("?")
        pairs = sorted(pair for pair in query.split("&") if pair)
        if name not in _OF_DEFAULTS:
            pairs = [pair for pair in pairs if not pair.startswith("preset=")]
        headers: dict[str, str] = {}
        for key, one in echo["headers"].items():
            known = headers.get(key.lower())
            headers[key.lower()] = f"{known}, {_join_if_list(one)}" if known else _join_if_list(one)
        told = {key: headers[key] for key in sorted(headers) if key in _HEADERS}
        if name in _TYPED and "content-type" in headers:
            told["content-type"] = parse_media_type(headers["content-type"])
        facets: dict[str, Any] = {"path": path.removeprefix(self._prefix)}
        if pairs:
            facets["query"] = "&".join(pairs)
        if told:
            facets["headers"] = told
        body = _read_echoed_body(echo, as_written=name in _SPACED)
        if body not in ("", None):
            facets["body"] = body
        return facets


def _read_echoed_target(echo: Mapping[str, Any]) -> str:
    parts = urlsplit(str(echo["url"]))
    return parts.path + (f"?{parts.query}" if parts.query else "")


def _join_if_list(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _read_echoed_body(echo: Mapping[str, Any], *, as_written: bool) -> Any:
    """Return the body that the echo received: parsed if it is JSON; with *as_written*, its text."""
    for name in _BODY_NAMES:
        body = echo.get(name)
        if body in (None, "", {}):
            continue
        if as_written:
            return body if isinstance(body, str) else json.dumps(body, separators=(",", ":"))
        try:
            return json.loads(body) if isinstance(body, str) else body
        except ValueError:
            return body
    return None


def find_echo(value: Any) -> tuple[tuple[str, ...], Mapping[str, Any]] | None:
    """Return path and content of the echoed request inside *value*, or None.

    It is the outermost mapping with ``url`` and ``headers``.
    """
    # The outermost one, level by level: the body that a script sent, which is echoed inside, may
    # look like an echo itself.
    waiting: deque[tuple[tuple[str, ...], Any]] = deque([((), value)])
    while waiting:
        place, one = waiting.popleft()
        if not isinstance(one, dict):
            continue
        if isinstance(one.get("url"), str) and isinstance(one.get("headers"), dict):
            return place, one
        waiting += [((*place, name), inner) for name, inner in one.items()]
    return None


def is_calibration(run: CapturedRun) -> bool:
    """Return whether *run* was written by the script that ``bpmax-sim calibrate`` prints."""
    return run.begin_record.get("kind") == KIND


def judge_run(run: CapturedRun) -> CalibrationResult:
    """Return what *run*, of the calibration script, shows about the BPMAX in which it ran."""
    begin = run.begin_record
    there, ours = _CalibrationRun(run), _CalibrationRun(ask_our_engine())
    marks = {key: _judge_rule(key, rule, ours, there) for key, rule in RULES.items()}
    timeout = _measure_timeout(there)
    result = _describe_result_place(there)
    return CalibrationResult(
        asked=begin.get("at", 0) / 1000,
        engine=_describe_engine(begin.get("engine") or {}),
        zone=str(begin.get("zone") or ""),
        offsets=tuple(begin.get("offsets") or ()),
        rules=marks,
        result=result,
        timeout=timeout,
        keys=_suggest_platform_settings(marks, result, timeout),
        globals=begin.get("globals") or {},
        failure=_describe_missing_echo(there),
    )


def _suggest_platform_settings(
    marks: Mapping[str, RuleMark], result: str, timeout: float | None
) -> dict[str, Any]:
    keys: dict[str, Any] = {}
    if result in {"body", "envelope"}:
        keys["result"] = result
    if marks["timeout"].mark != "unknown" and timeout is not None:
        keys["timeout"] = f"{format_number(timeout)}s"
    return keys


def _describe_missing_echo(live_run: _CalibrationRun) -> str:
    """Return why the script's calls in BPMAX show nothing about rules, or "" if they do.

    Either the first call failed, or the third party did not send back the request (echo it).
    """
    first = live_run.records.get("first", {})
    if first.get("end") == "resolved":
        return "" if live_run.place is not None else msg("the interface does not echo")
    error = first.get("error", {})
    text = error.get("members", {}).get("message") or error.get("thrown") or first.get("skipped")
    return msg("the first call failed: {text}", text=str(text or msg("it was not made")))


def _describe_result_place(live_run: _CalibrationRun) -> str:
    """Return where in a call's result the response is: ``body``, ``envelope``, a path, or "".

    "" is returned if no call of *live_run*, the run in BPMAX, shows it. ``envelope`` is an object
    ``{code, message, data}``, with the response as ``data``.
    """
    if live_run.place is None:
        return ""
    if not live_run.place:
        return "body"
    if live_run.place == ("data",) and set(live_run.wrapper) >= ENVELOPE:
        return "envelope"
    return ".".join(live_run.place)


_BROWSERS: Final = ("Edg", "Chrome", "Firefox", "QuickJS", "Node.js")
"""Names that user agents give with a version: Edge names Chrome, too, and before its own."""
_VERSION: Final = re.compile(rf"({'|'.join(map(re.escape, _BROWSERS))})/(\d+)")


def _describe_engine(engine: Mapping[str, Any]) -> str:
    versions = engine.get("versions") or {}
    for name in ("v8", "quickjs"):
        if name in versions:
            return f"{name} {versions[name]}"
    known = dict(_VERSION.findall(str(engine.get("agent", ""))))
    name = next((name for name in _BROWSERS if name in known), "")
    kind = {"v8": "V8", "gecko": "SpiderMonkey / JavaScriptCore"}.get(engine.get("stack", ""), "?")
    return f"{kind} ({name} {known[name]})" if name else kind


def _judge_rule(
    key: str, rule: BehaviourRule, our_run: _CalibrationRun, live_run: _CalibrationRun
) -> RuleMark:
    """Return whether *live_run*, the run in BPMAX, confirms or refutes the rule *key*.

    It confirms the rule if the questions that test it have the same results as in *our_run*, in our
    engine, and refutes it if one differs. The mark is unknown if none could be compared.
    """
    if not rule.probes:
        return _make_unknown_mark(msg("a script cannot see it"))
    if key in _SPECIAL:
        return _SPECIAL[key](our_run, live_run)
    if live_run.place is None:
        return _make_unknown_mark(msg("nothing could be asked"))
    compared = {
        name: found
        for name in rule.probes
        if (found := _pair_probes(name, our_run, live_run)) is not None
    }
    seen = {
        name: CalibrationDifference(ours=_format_probe(mine), there=_format_probe(other))
        for name, (mine, other) in compared.items()
        if mine != other
    }
    if seen:
        return RuleMark(mark="refuted", seen=seen)
    whys = [_WHY.get(live_run.records.get(name, {}).get("skipped", ""), "") for name in rule.probes]
    if not compared:
        return _make_unknown_mark(next(filter(None, whys), msg("it was not asked")))
    return RuleMark(mark="confirmed", why=next(filter(None, whys), ""))


_WHY: Final = {
    "refused": msg("a write was not agreed to"),
    "stopped": msg("a call was refused before"),
}


def _pair_probes(
    name: str, our_run: _CalibrationRun, live_run: _CalibrationRun
) -> tuple[_Probe, _Probe] | None:
    """Return the results of the question *name* in our engine and in BPMAX.

    None if one of them is missing, or if the platform there lacks the default value that the
    question is about, so that the results say nothing.
    """
    mine, other = our_run.get_probe(name), live_run.get_probe(name)
    if mine is None or other is None:
        return None
    # The platform there may be declared without the default `preset=1`; then these tell nothing.
    if name in _OF_DEFAULTS and not live_run.has_preset:
        return None
    # This question is about the same default: if BPMAX treats that differently already, the rule of
    # defaults is refuted and not this one.
    if name == "undefined_default" and our_run.get_probe("keeps_default") != live_run.get_probe(
        "keeps_default"
    ):
        return None
    return mine, other


def _format_probe(probe: _Probe) -> str:
    if probe.end != "resolved":
        return _FAILS
    values = probe.value if isinstance(probe.value, list) else [probe.value]
    text = ", ".join(map(_show_value, values))
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _show_value(value: Any) -> str:
    """Return *value* as text for a message.

    An echoed request is written as path, query, headers and body; anything else as JSON.
    """
    if not isinstance(value, dict) or "path" not in value:
        return json.dumps(value, ensure_ascii=False)
    query = f"?{value['query']}" if "query" in value else ""
    headers = "".join(f" {name}: {one}" for name, one in value.get("headers", {}).items())
    body = value.get("body", "")
    told = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
    return f"{value['path']}{query}{headers}{f' {told}' if told else ''}"


_FAILS: Final = msg("the call fails")


def _judge_result_rule(_our_run: _CalibrationRun, live_run: _CalibrationRun) -> RuleMark:
    kind = _describe_result_place(live_run)
    if not kind:
        return _make_unknown_mark(_describe_missing_echo(live_run))
    if kind in {"body", "envelope"}:
        return RuleMark(mark="confirmed", why=kind)
    members = ", ".join(live_run.wrapper)
    told = msg("{members}, of which {place} is the body", members=members, place=kind)
    return _make_refuted_mark("first", "body, envelope", told)


def _judge_auth_precedence_rule(_our_run: _CalibrationRun, live_run: _CalibrationRun) -> RuleMark:
    """Return the mark of the rule that auth replaces the script's own ``Authorization``.

    The question ``auth_last`` yields whether the script's own header arrived. It is unknown if it
    was not asked, or if the echo platform there is declared without auth in a header.
    """
    probe = live_run.get_probe("auth_last")
    found = find_echo(live_run.wrapper)
    if probe is None or probe.end != "resolved" or found is None:
        return _make_unknown_mark(msg("it was not asked"))
    has_auth = "authorization" in {name.lower() for name in found[1]["headers"]}
    if bool(probe.value) != has_auth:
        return RuleMark(mark="confirmed") if has_auth else _make_unknown_mark(_NO_AUTH)
    own, dropped = msg("the script's own header arrives"), msg("the script's own header is dropped")
    mine, other = (dropped, own) if has_auth else (own, dropped)
    return _make_refuted_mark("auth_last", mine, other)


_NO_AUTH: Final = msg("the interface that echoes has no auth in a header")


def _judge_error_rule(our_run: _CalibrationRun, live_run: _CalibrationRun) -> RuleMark:
    records = [reader.records.get("status", {}).get("error") for reader in (our_run, live_run)]
    if live_run.records.get("status", {}).get("end") not in {"rejected", "threw"} or not records[1]:
        return _make_unknown_mark(msg("no call was rejected by its status"))
    mine, other = (_format_comparable_error(one or {}) for one in records)
    if mine == other:
        return RuleMark(mark="confirmed")
    return _make_refuted_mark("status", mine, other)


def _format_comparable_error(error: Mapping[str, Any]) -> str:
    """Return the comparable parts of an error: whether it is an `Error`, its code, its members."""
    if "thrown" in error:
        return f"throw {json.dumps(error['thrown'], ensure_ascii=False)}"
    members = error.get("members", {})
    told = [
        f"{name}: {_describe_shape_and_constants(members[name])}"
        for name in CALL_ERROR_MEMBERS
        if name in members
    ]
    own = sorted(
        set(error.get("own", ()))
        - {*CALL_ERROR_MEMBERS, "message", "stack", "name", "line", "column"}
    )
    kind = "Error" if error.get("isError") else "Object"
    return f"{kind} {{{', '.join([*told, *own])}}}"


def _describe_shape_and_constants(value: Any) -> str:
    """Return a description of *value* that does not depend on its text.

    That is the member names of a mapping, a number or a constant such as ``TIMEOUT`` itself, else
    ``string``.
    """
    if isinstance(value, dict):
        return f"{{{', '.join(sorted(value))}}}"
    # Statuses and codes such as TIMEOUT are what scripts compare; messages and keys differ by
    # nature.
    return str(value) if isinstance(value, int) or str(value).isupper() else "string"


def _judge_concurrency_rule(_our_run: _CalibrationRun, live_run: _CalibrationRun) -> RuleMark:
    spent = live_run.records.get("overlap", {}).get("value")
    if not isinstance(spent, list) or not spent or min(spent) < 500:  # noqa: PLR2004 - of a second
        return _make_unknown_mark(msg("the interface did not wait for a second"))
    seconds = ", ".join(f"{one / 1000:.1f} s" for one in spent)
    if max(spent) < _OVERLAPPING * min(spent):
        return RuleMark(mark="confirmed")
    told = msg("three calls of 1 s took {seconds}", seconds=seconds)
    return _make_refuted_mark("overlap", msg("three calls of 1 s take 1 s"), told)


def _measure_timeout(live_run: _CalibrationRun) -> float | None:
    record = live_run.records.get("timeout", {})
    if (
        record.get("end") != "rejected"
        # The call that is to time out is one of the delaying interface; if that does not work at
        # all, its rejection is no time-out.
        or live_run.records.get("overlap", {}).get("end") != "resolved"
    ):
        return None
    seconds = float(record["ms"]) / 1000
    # Whole seconds: nobody configures others, and the rest is the network's.
    return float(round(seconds)) if seconds >= 1 else seconds


def _judge_timeout_rule(_our_run: _CalibrationRun, live_run: _CalibrationRun) -> RuleMark:
    record, seconds = live_run.records.get("timeout", {}), _measure_timeout(live_run)
    ours = f"{DEFAULT_TIMEOUT:g} s"
    if seconds is not None:
        if abs(seconds - DEFAULT_TIMEOUT) <= _SLACK:
            return RuleMark(mark="confirmed")
        return _make_refuted_mark("timeout", ours, f"{format_number(seconds)} s")
    waited = record.get("ms", 0) / 1000
    if record.get("end") == "resolved" and waited > DEFAULT_TIMEOUT + _SLACK:
        return _make_refuted_mark(
            "timeout", ours, msg("more than {seconds} s", seconds=round(waited))
        )
    return _make_unknown_mark(msg("no call took longer than the time-out"))


_SPECIAL: Final = {
    "result": _judge_result_rule,
    "auth_last": _judge_auth_precedence_rule,
    "error_members": _judge_error_rule,
    "overlap": _judge_concurrency_rule,
    "timeout": _judge_timeout_rule,
}


def describe_workaround(key: str, calibration: CalibrationResult) -> str:
    """Return what to do about the rule *key*, which *calibration* refutes, if anything.

    Else a message that there is no way yet.
    """
    if key == "timeout" and "timeout" in calibration.keys:
        return msg("`timeout: {value}` of the platform does the same", value=calibration.keys[key])
    if key == "timeout":
        return msg("measure it: bpmax-sim calibrate --delay 120; then `timeout:` of the platform")
    if not RULES[key].workaround:
        return msg("no setting emulates it yet")
    return msg(
        "there is no switch for it yet; to have scripts run alike in both: {hint}",
        hint=RULES[key].workaround,
    )


def list_refuted_rules(calibration: CalibrationResult) -> Iterator[tuple[str, RuleMark]]:
    """Yield key and result of each rule that does not hold in the BPMAX of *calibration*."""
    return ((key, one) for key, one in calibration.rules.items() if one.mark == "refuted")
