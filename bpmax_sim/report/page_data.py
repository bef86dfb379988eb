"""Convert a trace to the data of the report page: failures in words, events limited in size.

File names are relative to the project's root. All texts were redacted when the trace was written.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

import msgspec

from bpmax_sim.file_names import to_node_id_part
from bpmax_sim.file_system import shell_quote
from bpmax_sim.i18n import (
    LANGUAGES,
    change_english_text,
    label_message,
    message_from_json,
    to_plain_english,
    translate,
)
from bpmax_sim.report.trace_failures import PathsFromRoot, read_failures, read_place
from bpmax_sim.report.trace_files import Trace
from bpmax_sim.scenario.expect import shorten_line
from bpmax_sim.scenario.file_verdict import FileRuns
from bpmax_sim.scenario.source import Failure, RunWarning, format_headline
from bpmax_sim.session.options import list_option_words
from bpmax_sim.traffic.curl import format_event_as_curl

LONGEST_BODY = 64 * 1024
LONGEST_NAME = 500

_PASTED = frozenset({"record", "compare", "ignore", "accept"})
_BODIES = frozenset({"body", "response", "form", "old", "new", "request"})
_PLACES = frozenset({"place", "script", "file"})
_NESTED = frozenset({"recording", "checks"})
_WORDED = frozenset({"message", "why", "reason", "notes", "rule", "action", "expected", "actual"})
_Event = Mapping[str, Any]
LocalisedText = str | Mapping[str, str]
"""A text, or the same by language where it is not the same in all."""


class PageEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One scenario, or one row of its table.

    Attributes:
        id: 10 hexadecimal digits derived from place and name, for links.
        row: id of the row; "" if there is none.
        reason: reason of a skip or of an expected failure.
        apis: called APIs, including logins.
        answered: source of the response of each call, such as ``recorded``.
        first: first failure, which determines the cause.
        events: events, limited in size: ``{event, at, …}``.
        sources: source file -> text.
        parts: kind, name and place of each handler, stub and condition, with whether a passed run
            used it.
    """

    id: str
    name: str
    row: str
    place: str
    outcome: str
    reason: str
    duration: float
    digest: str
    engine: str
    tags: Sequence[str]
    apis: Sequence[str]
    answered: Sequence[str]
    failures: Sequence[Mapping[str, Any]]
    first: Failure | None
    notes: Sequence[LocalisedText]
    rerun: str
    record: str
    events: Sequence[_Event]
    sources: Mapping[str, str]
    flow: Mapping[str, Any] | None
    parts: Mapping[tuple[str, str, str], bool]

    @property
    def calls(self) -> int:
        """Return the number of calls, including logins."""
        return len(self.answered)


_CUT_OFF: _Event = {"outcome": "did not end"}
UNREADABLE = "unreadable"
"""Outcome of an item whose trace cannot be read."""


def build_entry(trace: Trace) -> PageEntry:
    """Return what the report page shows of *trace*.

    A run whose trace breaks off, as of a killed process, has the outcome ``did not end``.
    """
    first, last = trace.events[0], trace.events[-1]
    ended = last if last["event"] == "ScenarioFinished" else _CUT_OFF
    row = str(first.get("row") or "")
    name = f"{first['name']}[{row}]" if row else str(first["name"])
    home = PathsFromRoot.of_trace(trace)
    place = home.to_root_place(first.get("place"))
    named = _make_row_node_id(trace, home, row) or ":".join(place.split(":")[:-1])
    options = [str(typed).partition("=")[::2] for typed in first.get("options") or ()]
    variables = [("var", str(typed)) for typed in first.get("variables") or ()]
    words = list_option_words("cli", (*options, *variables))
    target = " ".join(map(shell_quote, (named, *words)))
    calls = list(_list_call_apis_and_sources(trace.events))
    failures = list(read_failures(cut_long_texts(ended), home))
    watched = _to_failed_line_data(trace, home) if trace.names else {}
    return PageEntry(
        id=hashlib.sha256(f"{place}\n{name}".encode("utf-8", "replace")).hexdigest()[:10],
        name=shorten_line(name, LONGEST_NAME),
        row=shorten_line(row, LONGEST_NAME) if row and len(name) <= LONGEST_NAME else "",
        place=shorten_line(place, LONGEST_NAME),
        outcome=ended["outcome"],
        reason=shorten_line(str(ended.get("reason", "")), LONGEST_NAME),
        duration=last["at"] - first["at"],
        digest=ended.get("digest", ""),
        engine=shorten_line(str(first.get("engine", "")), LONGEST_NAME),
        tags=tuple(shorten_line(str(tag), LONGEST_NAME) for tag in first.get("tags") or ()),
        apis=tuple(dict.fromkeys(shorten_line(name, LONGEST_NAME) for name, _ in calls)),
        answered=tuple(source for _, source in calls),
        failures=[
            {**_to_failure_data(failure), **(watched if number == 0 else {})}
            for number, failure in enumerate(failures)
        ],
        first=next(iter(failures), None),
        notes=tuple(_list_run_warnings(ended, home)),
        rerun=cut_long_texts(f"bpmax-sim run {target}"),
        record=cut_long_texts(f"bpmax-sim record {target}"),
        events=tuple(_to_event_data(event, home) for event in trace.events),
        sources={
            home.to_root_place(cut_long_texts(file)): format_body_text(text)
            for file, text in trace.sources.items()
        },
        flow=None if trace.main_flow is None else cut_long_texts(trace.main_flow),
        parts=dict(_list_part_uses(trace, home, has_passed=ended["outcome"] == "passed")),
    )


def build_unreadable_entry(name: str, path: str, reason: str) -> PageEntry:
    """Return the entry for a trace that cannot be read, so that its scenario is not missed.

    Args:
        name: path within ``.bpmax/trace``.
        path: path in messages.
        reason: why it cannot be read.
    """
    title = shorten_line(PurePosixPath(name).stem, LONGEST_NAME)
    failure = Failure(kind="config", essence=reason, title=title)
    return PageEntry(
        id=hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()[:10],
        name=title,
        row="",
        place=shorten_line(path, LONGEST_NAME),
        outcome=UNREADABLE,
        reason="",
        duration=0,
        digest="",
        engine="",
        tags=(),
        apis=(),
        answered=(),
        failures=[_to_failure_data(failure)],
        first=failure,
        notes=(),
        rerun="",
        record="",
        events=(),
        sources={},
        flow=None,
        parts={},
    )


def _list_part_uses(
    trace: Trace, paths: PathsFromRoot, *, has_passed: bool
) -> Iterator[tuple[tuple[str, str, str], bool]]:
    """Yield what the file declares, as (kind, name, place), and whether this row used it.

    These are handlers, stubs and conditions. In a row that did not pass (*has_passed* is false),
    none of them counts as used.
    """
    for part in trace.parts:
        place = paths.to_root_place(cut_long_texts(str(part["place"])))
        key = (str(part["kind"]), shorten_line(str(part["name"]), LONGEST_NAME), place)
        yield key, bool(part.get("used")) and has_passed


def add_row_part_uses(runs: FileRuns, trace: Trace) -> None:
    """Add to *runs* which parts of the scenario file a passed row used and did not use.

    A part is a stub, a fault or the like; at least one row of the scenario has to use each.
    """
    first, last = trace.events[0], trace.events[-1]
    if last.get("outcome") != "passed":
        return
    home = PathsFromRoot(trace.folder)
    file = home.to_root_place(next(iter(trace.sources), ""))  # the scenario comes first
    unused = [
        RunWarning(
            part["kind"],
            message_from_json(part["message"]),
            read_place(home.to_root_place(part["place"])),
            part.get("fails", True),
        )
        for part in last.get("unused", ())
    ]
    row, strictness = str(first.get("row") or ""), last.get("strictness", "normal")
    used = [home.to_root_place(key) for key in last.get("used", ())]
    runs.add_row(file, last.get("rows", 0), row, unused, strictness, used)


def _list_run_warnings(end_event: _Event, paths: PathsFromRoot) -> Iterator[LocalisedText]:
    """Yield the warnings of a run with their places, from *end_event*, its last event.

    A trace of an older version stores them as texts (``notes``).
    """
    for note in end_event.get("notes", ()):
        yield _localise(note, paths)
    for warning in end_event.get("warnings", ()):
        message, place = (
            message_from_json(cut_long_texts(warning["message"])),
            paths.to_root_place(warning.get("place")),
        )
        yield _translate_with_root_paths(label_message(place, message) if place else message, paths)


def _list_call_apis_and_sources(events: Sequence[_Event]) -> Iterator[tuple[str, str]]:
    """Yield for each call its API, and the source of its response, such as ``recorded``.

    The source is ``unanswered`` if there was no response.
    """
    answers = (event for event in events if event["event"] == "CallAnswered")
    sources = {event["number"]: event.get("source") for event in answers}
    for event in events:
        if event["event"] == "CallMade":
            yield str(event["call"]), sources.get(event["number"]) or "unanswered"


def _make_row_node_id(trace: Trace, paths: PathsFromRoot, row: str) -> str:
    """Return a row as `bpmax-sim run` names it: ``scenarios/x.scenario.yaml::name[row]``.

    "" if *row*, its id, is "" (a scenario without a table), or if the trace has no source files.
    The place of the row cannot be used instead, as it may be in a CSV file.
    """
    file = next(iter(trace.sources), "")  # the scenario comes first
    if not row or not file:
        return ""
    name = to_node_id_part(str(trace.events[0]["name"]))
    return f"{paths.to_root_place(cut_long_texts(file))}::{name}[{to_node_id_part(row)}]"


def _to_event_data(event: _Event, paths: PathsFromRoot) -> dict[str, Any]:
    members = {
        key: _to_event_member_data(key, value, paths)
        for key, value in event.items()
        if key != "failures"
    }
    if event["event"] == "CallMade":
        members["curl"] = format_body_text(format_event_as_curl(event))
    return members


def _to_event_member_data(key: str, value: Any, paths: PathsFromRoot) -> Any:
    if key in _WORDED:
        several = isinstance(value, list)
        return [_localise(part, paths) for part in value] if several else _localise(value, paths)
    if key in _PLACES and (value is None or isinstance(value, str)):
        return paths.to_root_place(cut_long_texts(value))
    if key == "text" and isinstance(value, str):
        return paths.to_root_text(cut_long_texts(value))
    if key == "stack":
        return [paths.to_root_text(cut_long_texts(frame)) for frame in value]
    if key in _NESTED and isinstance(value, list | Mapping):
        return _to_nested_event_data(value, paths)
    return _to_body_data(value) if key in _BODIES else cut_long_texts(value)


def _to_nested_event_data(value: _Event | list[_Event], paths: PathsFromRoot) -> Any:
    if isinstance(value, list):
        return [_to_nested_event_data(one, paths) for one in value]
    return {name: _to_event_member_data(name, item, paths) for name, item in value.items()}


def _localise(value: Any, paths: PathsFromRoot) -> LocalisedText:
    """Return a text of a trace in all languages, with file names relative to the root."""
    return _translate_with_root_paths(message_from_json(cut_long_texts(value)), paths)


def select_language_text(text: LocalisedText, language: str) -> str:
    """Return *text* in *language* (``en`` or ``zh``), in English if it is not translated."""
    if isinstance(text, str):
        return translate(text, language)
    return text.get(language, text.get("en", ""))


def _to_body_data(value: Any) -> Any:
    """Return a request or response body as the trace has it; cut at 64 kB, as text, if larger."""
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else ""
    is_long = len(text.encode("utf-8", "replace")) > LONGEST_BODY
    return format_body_text(value) if is_long else cut_long_texts(value)


def cut_long_texts(value: Any) -> Any:
    """Return *value* with every text in it cut at 64 kB."""
    if isinstance(value, str):
        return format_body_text(value)
    if isinstance(value, Mapping):
        return {format_body_text(str(key)): cut_long_texts(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [cut_long_texts(item) for item in value]
    return value


def format_body_text(body: Any) -> str:
    """Return a body as text, JSON indented.

    It is cut at 64 kB, with the number of further bytes.
    """
    if body is None:
        return ""
    text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False, indent=2)
    # A character has at most four bytes in UTF-8: shorter texts need not be encoded to be measured.
    data = text.encode("utf-8", "replace") if len(text) * 4 > LONGEST_BODY else b""
    if len(data) <= LONGEST_BODY:
        return text
    head = data[:LONGEST_BODY].decode("utf-8", "ignore")
    return f"{head}\n… {len(data) - LONGEST_BODY:,} bytes more"


def _to_failure_data(failure: Failure) -> dict[str, Any]:
    """Return the data of a failure for the page: message, place, checks, and texts to be copied."""
    head = format_headline(failure.step, failure.total, failure.title, failure.essence)
    words = (to_plain_english(line).strip().partition("  ") for line in failure.detail)
    checks = sorted(failure.checks, key=lambda check: check.ok)
    return {
        "headline": translate_to_all(head),
        "place": str(failure.place or ""),
        "excerpt": [msgspec.structs.asdict(line) for line in failure.excerpt],
        "checks": [
            {
                "label": check.label,
                "ok": check.ok,
                "expected": translate_to_all(check.expected),
                "actual": translate_to_all(check.actual),
            }
            for check in checks
        ],
        "detail": [translate_to_all(line) for line in failure.detail],
        "pastes": [
            (word, text.strip()) for word, _, text in words if word in _PASTED and text.strip()
        ],
        "script": f"{failure.script or ''} {failure.script_text}".strip(),
    }


def _to_failed_line_data(trace: Trace, paths: PathsFromRoot) -> dict[str, Any]:
    """Return the variables' values at the failed script line of *trace*, and the call stack.

    *paths* makes the file names in them relative to the root.
    """
    told = cut_long_texts(trace.names)
    return {
        "line": paths.to_root_place(told["place"]),
        "names": told["names"],
        "stack": [paths.to_root_text(frame) for frame in told["stack"]],
    }


def _translate_with_root_paths(message: str, paths: PathsFromRoot) -> LocalisedText:
    return translate_to_all(change_english_text(message, paths.to_root_text))


def translate_to_all(message: str) -> LocalisedText:
    """Return *message*, by language if the translations differ."""
    forms = {language: to_plain_english(translate(message, language)) for language in LANGUAGES}
    return forms if len({*forms.values()}) > 1 else to_plain_english(message)
