"""Traces as one HTML page that needs nothing else: no network, no script, no other file.

Rows are in virtual time, one lane for each kind of thing; ``<details>`` holds the rest. The page is
bounded: scenarios that passed are listed without their rows once it has grown to `LARGEST` bytes.
Everything was redacted when the trace was written; files are named from the root of the project.
"""

from __future__ import annotations

import json
import posixpath
import re
import shlex
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

import msgspec
from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup

from bpmax_sim.errors import ConfigError
from bpmax_sim.i18n import msg
from bpmax_sim.project import make_folder
from bpmax_sim.report.store import Trace, read_traces
from bpmax_sim.traffic.curl import curl_of
from bpmax_sim.yamlfile import shown

_UPWARD = re.compile(r"(?<![\w./])(?:\.\./)+[^\s:'\"()]+")


class Homeward(msgspec.Struct, frozen=True):
    """Takes names back to the project's root.

    Attributes:
        folder: that of the scenario, from the root, with slashes; empty for the root itself.
        file: the scenario's own file as the trace names it.
    """

    folder: str
    file: str = ""

    def place(self, place: str | None) -> str:
        """Return ``file:line:column`` from the root; nothing for what has no place."""
        if not place or posixpath.isabs(place):
            return place or ""
        return posixpath.normpath(posixpath.join(self.folder, place))

    def text(self, text: str) -> str:
        """Return *text* with the scenario's own file and those beside its folder from the root."""
        text = _UPWARD.sub(lambda found: self.place(found[0]), text)
        if not self.file or not self.folder:
            return text
        own = rf"(?<![\w./-]){re.escape(self.file)}"
        return re.sub(own, lambda _: self.place(self.file), text)


Lane = Literal["step", "form", "script", "call", "flow"]
LONGEST_BODY = 64 * 1024
_GAP = 1.0  # seconds without an event that are drawn as a gap
_Event = Mapping[str, Any]


class CallStory(msgspec.Struct, frozen=True, kw_only=True):
    """One call and what came of it.

    Attributes:
        outcome: a status, the code of a rejection, or nothing if it never ended.
        source: ``live``, ``recorded``, ``simulated`` or ``fault``.
        took: virtual milliseconds.
        left, width: where it lies in the whole run, in percent.
        request, response: headers and body as text; long bodies are cut.
    """

    number: int
    name: str
    method: str
    url: str
    outcome: str
    failed: bool
    source: str
    took: float
    left: float
    width: float
    request: str
    response: str
    curl: str


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened.

    Attributes:
        offset: virtual seconds since the start.
        gap: virtual seconds without an event before it, where that is long.
        place: the line of a file, where one is behind it.
    """

    lane: Lane
    offset: float
    text: str
    gap: float = 0.0
    place: str = ""
    failed: bool = False
    call: CallStory | None = None


class FailureStory(msgspec.Struct, frozen=True, kw_only=True):
    """One failure: its lines, and what can be pasted."""

    headline: str
    place: str
    excerpt: Sequence[Mapping[str, Any]]
    checks: Sequence[Mapping[str, Any]]
    detail: Sequence[str]
    pastes: Sequence[tuple[str, str]]
    script: str


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """One scenario, or one row of its table."""

    name: str
    place: str
    outcome: str
    duration: float
    digest: str
    calls: int
    lanes: Sequence[Lane]
    rows: Sequence[Row]
    failures: Sequence[FailureStory]
    notes: Sequence[str]
    rerun: str


def story_of(trace: Trace) -> Story:
    """Return what *trace* tells; a run that was cut off has the outcome ``did not end``."""
    first, last = trace.events[0], trace.events[-1]
    ended = last if last["event"] == "ScenarioFinished" else {}
    name = f"{first['name']}[{first['row']}]" if first.get("row") else str(first["name"])
    home = Homeward(trace.folder, str(first.get("place") or "").partition(":")[0])
    place = home.place(first.get("place"))
    rows = tuple(_rows(trace, home))
    return Story(
        name=name,
        place=place,
        outcome=ended.get("outcome", "did not end"),
        duration=last["at"] - first["at"],
        digest=ended.get("digest", ""),
        calls=sum(row.call is not None for row in rows),
        lanes=tuple(lane for lane in LANES if any(row.lane == lane for row in rows)),
        rows=rows,
        failures=tuple(_failure(one, home) for one in ended.get("failures", ())),
        notes=tuple(ended.get("notes", ())),
        rerun=msg("bpmax-sim run {quote}", quote=shlex.quote(":".join(place.split(":")[:-1]))),
    )


LANES: tuple[Lane, ...] = ("form", "script", "call", "flow")


def _rows(trace: Trace, home: Homeward) -> Iterator[Row]:
    start, end = trace.events[0]["at"], trace.events[-1]["at"]
    answers = {e["number"]: e for e in trace.events if e["event"] == "CallAnswered"}
    before = start
    for event in trace.events:
        found = _TOLD.get(event["event"])
        if found is None:
            continue
        lane, told = found
        at = event["at"]
        yield Row(
            lane=lane,
            offset=at - start,
            text=home.text(told(event)),
            gap=at - before if at - before >= _GAP else 0.0,
            place=home.place(event.get("place")),
            failed=event.get("outcome") == "failed" or event.get("level") == "error",
            call=_call(event, answers, start, end) if lane == "call" else None,
        )
        before = at


def _call(event: _Event, answers: Mapping[int, _Event], start: float, end: float) -> CallStory:
    answer = answers.get(event["number"], {})
    whole = (end - start) or 1.0
    took = answer.get("duration", 0.0)
    outcome = answer.get("error") or answer.get("status") or msg("no answer")
    return CallStory(
        number=event["number"],
        name=event["call"],
        method=event.get("method", ""),
        url=event.get("url", ""),
        outcome=str(outcome),
        failed=bool(answer.get("error")) or not answer,
        source=answer.get("source", ""),
        took=took * 1000,
        left=round((event["at"] - start) / whole * 100, 2),
        width=round(took / whole * 100, 2),
        request="\n".join([*_headers(event.get("header", {})), "", body_text(event.get("body"))]),
        response="\n\n".join(
            filter(None, (answer.get("message"), body_text(answer.get("response"))))
        ),
        curl=curl_of(event),
    )


def _headers(headers: Mapping[str, Any]) -> Iterator[str]:
    return (f"{name}: {value}" for name, value in headers.items())


def body_text(body: Any) -> str:
    """Return a body as text, JSON indented; what is beyond 64 kB is counted, not shown."""
    if body is None:
        return ""
    text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False, indent=2)
    data = text.encode("utf-8", "replace")
    if len(data) <= LONGEST_BODY:
        return text
    kept = data[:LONGEST_BODY].decode("utf-8", "ignore")
    return msg(
        "{kept}\n… {data_count:,} bytes more", kept=kept, data_count=len(data) - LONGEST_BODY
    )


def _failure(told: _Event, home: Homeward) -> FailureStory:
    step = (
        msg("step {step}/{total} ", step=told["step"], total=told["total"])
        if told.get("step")
        else ""
    )
    title = told.get("title") or told.get("scenario", "")
    detail = tuple(map(home.text, told.get("detail", ())))
    checks = sorted(told.get("checks", ()), key=lambda check: bool(check["ok"]))
    return FailureStory(
        headline=home.text(f"{step}{title}: {told['essence']}"),
        place=home.place(told.get("place")),
        excerpt=told.get("excerpt", ()),
        checks=[{**check, "label": _label(check["path"])} for check in checks],
        detail=detail,
        pastes=tuple(_pastes(detail)),
        script=f"{home.place(told.get('script'))} {told.get('script_text', '')}".strip(),
    )


def _label(path: Sequence[Any]) -> str:
    parts = (f"[{p}]" if isinstance(p, int) else f".{p}" for p in path if not _is_operator(p))
    return "".join(parts).lstrip(".")


def _is_operator(part: Any) -> bool:
    return isinstance(part, str) and part.startswith("$")


def _pastes(detail: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield what a miss offers to paste: the word before it, and the text."""
    for line in detail:
        word, _, rest = line.strip().partition("  ")
        if word in _PASTED and rest.strip():
            yield word, rest.strip()


_PASTED = frozenset({"record", "compare", "ignore", "accept"})


def _value(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _step(event: _Event) -> str:
    number = (
        msg("step {number}/{total}  ", number=event["number"], total=event["total"])
        if event.get("total")
        else ""
    )
    return f"{number}{event['title']}"


def _node(event: _Event) -> str:
    origin = f"{event['previous']} → " if event.get("previous") else ""
    actor = msg(" by {by}", by=event["by"]) if event.get("by") else ""
    return f"{origin}{event['node']} ({event['action']}{actor})"


def _deed(event: _Event) -> str:
    to = f" → {', '.join(event['to'])}" if event.get("to") else ""
    comment = f" ({event['comment']})" if event.get("comment") else ""
    return f"{event['node']}: {event['by']} {event['action']}{to}{comment}"


_TOLD: Mapping[str, tuple[Lane, Callable[[_Event], str]]] = {
    "StepStarted": ("step", _step),
    "FieldChanged": (
        "form",
        lambda e: msg(
            "{field}: {value} → {value_2} by {by}",
            field=e["field"],
            value=_value(e["old"]),
            value_2=_value(e["new"]),
            by=e["by"],
        ),
    ),
    "MessageShown": ("form", lambda e: f"{e['level']}: {e['text']}"),
    "CycleCut": ("form", lambda e: msg("change cycle cut: {names}", names=" → ".join(e["chain"]))),
    "HookStarted": (
        "script",
        lambda e: msg("{hook} runs {script}", hook=e["hook"], script=e["script"]),
    ),
    "ConsoleWritten": ("script", lambda e: f"{e['level']}: {e['text']}"),
    "TimerFired": ("script", lambda e: msg("timer after {delay:g} s", delay=e["delay"])),
    "CallMade": ("call", lambda e: str(e["call"])),
    "NodeEntered": ("flow", _node),
    "PersonActed": ("flow", _deed),
    "BranchArrived": (
        "flow",
        lambda e: msg(
            "{node} → {join}, which waits for {names}",
            node=e["node"],
            join=e["join"],
            names=", ".join(e["waiting"]),
        ),
    ),
    "DeadlinePassed": (
        "flow",
        lambda e: msg("the time of {node} is over: {does}", node=e["node"], does=e["does"]),
    ),
    "Notified": (
        "flow",
        lambda e: msg(
            "{kind} to {names} {text}", kind=e["kind"], names=", ".join(e["to"]), text=e["text"]
        ),
    ),
}


LARGEST = 16 * 1024 * 1024
WORDS = {"passed": "√", "failed": "×", "did not end": "×"}


def page(stories: Iterable[Story], *, version: str, largest: int = LARGEST) -> str:
    """Return the page of *stories*, those that did not pass first.

    Args:
        stories: each is one scenario or one row of a table.
        version: of this package, told at the foot.
        largest: bytes after which stories that passed are only listed.
    """
    ordered = sorted(stories, key=lambda story: (story.outcome == "passed", story.place))
    sections = tuple(_sections(ordered, largest))
    return _template("page").render(
        sections=sections,
        stories=ordered,
        counts=Counter(story.outcome for story in ordered),
        calls=sum(story.calls for story in ordered),
        sources=Counter(source for story in ordered for source in _sources(story)),
        marks=WORDS,
        version=version,
        style=Markup(_file("report.css")),  # noqa: S704 - shipped with the package
        script=Markup(_file("report.js")),  # noqa: S704
    )


def write_page(path: Path, places: Sequence[Path], *, version: str) -> Counter[str]:
    """Write the page of the traces in *places*, and return how many had which outcome.

    Raises:
        ConfigError: there is no such trace, one is damaged, or *path* cannot be written.
    """
    stories = [story_of(trace) for trace in read_traces(places)]
    text = page(stories, version=version)
    try:
        make_folder(path)
        path.write_text(text, encoding="utf-8", errors="replace", newline="\n")
    except OSError as error:
        raise ConfigError(
            msg("{path}: cannot be written: {strerror}", path=shown(path), strerror=error.strerror)
        ) from error
    return Counter(story.outcome for story in stories)


def _sections(stories: Sequence[Story], largest: int) -> Iterator[Markup]:
    """Yield the part of each story, as long as there is room."""
    template, size = _template("story"), 0
    for number, story in enumerate(stories, 1):
        is_short = size > largest and story.outcome == "passed"
        text = template.render(story=story, number=number, short=is_short, marks=WORDS)
        size += len(text.encode("utf-8", "replace"))
        yield Markup(text)  # noqa: S704 - the template has escaped it


def _sources(story: Story) -> Iterator[str]:
    return (row.call.source or "unanswered" for row in story.rows if row.call)


@cache
def _template(name: str) -> Template:
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(_file(f"{name}.html"))


def _file(name: str) -> str:
    return files(__package__).joinpath("page", name).read_text(encoding="utf-8")
