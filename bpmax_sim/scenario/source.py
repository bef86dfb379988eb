"""Positions of values in files, and the failure of a scenario with its text for readers.

The text has at most 25 lines, the headline first. Its words, apart from users' values, have only
characters of GBK, so that a Chinese console can print them.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import msgspec

from bpmax_sim.clock import describe_duration
from bpmax_sim.errors import WARNINGS, BpmaxWarning, ConfigError, Place, Problem, suggest_nearest
from bpmax_sim.i18n import join_messages, label_message, msg
from bpmax_sim.project import compute_file_stamp, join_to_file
from bpmax_sim.scenario import references
from bpmax_sim.scenario.calls import CallMade, describe_response_source
from bpmax_sim.scenario.expect import Comparison, cut_to_difference, shorten_line
from bpmax_sim.script.failure import Script
from bpmax_sim.yamlfile import Node, parse_yaml, read_text, to_display_path
from bpmax_sim.yamlfile.file_reads import note_read

LONGEST = 25
WIDTH = 100
_TITLE = 60
_ESSENCE = 300
_BREAKS = re.compile(r"[\n\v\f\r\x1c-\x1e\x85\u2028\u2029]+")  # where str.splitlines does
_BEFORE = 30


class _FailureTextLimits(NamedTuple):
    """How long the text of a failure may be.

    Attributes:
        lines, width: lines of the whole text, and characters of a line.
        checks, calls, details: number of comparisons, calls and further lines that are shown.
    """

    lines: int
    width: int
    checks: int
    calls: int
    details: int


class RunWarning(msgspec.Struct, frozen=True):
    """A warning of a run: its kind (a key of `WARNINGS`), message and place.

    Attributes:
        fails: whether it is a failure unless the folder is lenient.
    """

    kind: str
    message: str
    place: Place | None = None
    fails: bool = False

    @property
    def category(self) -> type[BpmaxWarning]:
        """Return the Python class of the warning, which filters of Python and pytest select."""
        return WARNINGS[self.kind]

    def __str__(self) -> str:
        """Return ``file:line:column: message``."""
        return label_message(self.place, self.message) if self.place else self.message


_CUT = _FailureTextLimits(LONGEST, WIDTH, checks=6, calls=3, details=12)
_WHOLE = _FailureTextLimits(*[sys.maxsize] * 5)


class ExcerptLine(msgspec.Struct, frozen=True):
    """A line of a file shown with a failure; *marked* if it is the failing one."""

    number: int
    text: str
    marked: bool = False

    def __str__(self) -> str:
        """Return ``> 33 |     set: …``."""
        return f"{'>' if self.marked else ' '} {self.number:>3} | {self.text}".rstrip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One failure of a scenario.

    Attributes:
        kind: a fixed word: ``expect``, ``error``, ``no_error``, ``other_error``, ``miss``,
            ``fault``, ``unplayed``, ``pending``, ``rejection``, ``value`` or ``config``; or that of
            the warning into which a lenient folder turns it.
        essence: what is wrong, in one line.
        step: number of the step from 1, 0 for the scenario as a whole.
        place: place of the failing key.
        location: place of the failing step, for annotations in CI.
        detail: further lines, such as the explanation of a miss.
        script: place of the script line involved, and its text.
        rerun: command that runs this item alone.
        cause: exception behind the failure, for its traceback; not part of a trace.
        update: replacement for the failed ``expect``, if actual values are to be accepted.
    """

    kind: str
    essence: str
    scenario: str = ""
    step: int = 0
    total: int = 0
    title: str = ""
    place: Place | None = None
    location: Place | None = None
    excerpt: tuple[ExcerptLine, ...] = ()
    checks: tuple[Comparison, ...] = ()
    calls: tuple[CallMade, ...] = ()
    detail: tuple[str, ...] = ()
    script: Place | None = None
    script_text: str = ""
    rerun: str = ""
    cause: BaseException | None = field(default=None, compare=False, repr=False)
    update: Any = field(default=None, compare=False, repr=False)

    @property
    def headline(self) -> str:
        """Return ``step 2/3 选择客户 12345: form.discount expected 0.9, got 1``, one line."""
        named = self.title if self.step else self.title or self.scenario
        title = _shorten_to_line(join_messages(" ", named.split()), _TITLE)
        return format_headline(
            self.step, self.total, title, _shorten_to_line(self.essence, _ESSENCE)
        )


def format_headline(step: int, total: int, title: str, essence: str) -> str:
    """Return a failure in one line: ``step 2/3 选择客户: …``; *step* 0 is the whole scenario.

    *total* is the number of steps, *title* that of the step, *essence* what is wrong.
    """
    where = msg("step {step}/{total} ", step=step, total=total) if step else ""
    return msg("{where}{title}: {essence}", where=where, title=title, essence=essence)


def _shorten_to_line(text: str, max_length: int) -> str:
    return shorten_line(_BREAKS.sub(" ", text) if _BREAKS.search(text) else text, max_length)


def render_failure(failure: Failure, *, whole: bool = False) -> str:
    """Return the text of *failure*: headline, place, excerpt, details, comparisons, calls, script.

    It has at most 25 lines, and long lines are cut, but never the command that repeats the run. The
    *whole* text has all lines and uncut values.
    """
    fit = _WHOLE if whole else _CUT
    head, tail = [failure.headline], []
    if failure.place:
        head.append(msg("  at {place}", place=failure.place))
    if failure.script:
        room = max(fit.width - len(f"script: {failure.script}"), _BEFORE)
        text = shorten_line(f"   {failure.script_text.strip()}".rstrip(), room)
        tail.append(msg("script: {place}{text}", place=failure.script, text=text))
    if failure.rerun:
        tail.append(msg("rerun: {rerun}", rerun=failure.rerun))
    tail = ["", *tail] if tail else []
    blocks = [
        [_cut_excerpt_line(line, failure.place, fit) for line in failure.excerpt],
        [msg("  {line}", line=line) for line in _cut_lines(failure.detail, fit.details)],
        [shorten_line(line, fit.width) for line in _format_checks(failure.checks, fit)],
        [shorten_line(line, fit.width) for line in _format_calls(failure, fit)],
    ]
    body = [line for block in blocks if block for line in ("", *block)]
    return join_messages("\n", [*head, *_cut_lines(body, fit.lines - len(head) - len(tail)), *tail])


STYLES: Mapping[str, str] = {"> ": "red", "  × ": "red", "  √ ": "green"}
"""How a line of a failure's text is coloured, by how it begins."""


def choose_failure_line_style(line: str, number: int) -> str:
    """Return the terminal style (such as ``red bold``) of line *number* of a failure's text, or "".

    Number 0 is the headline.
    """
    if not number:
        return "red bold"
    return next((style for start, style in STYLES.items() if line.startswith(start)), "")


def _format_checks(checks: Sequence[Comparison], limits: _FailureTextLimits) -> Iterator[str]:
    """Yield the lines of the comparisons, failed ones first, within the limits *limits*."""
    if not checks:
        return
    ordered = sorted(checks, key=lambda check: check.ok)
    wrong = sum(not check.ok for check in checks)
    yield msg(
        "  {wrong} wrong, {checks_count} right", wrong=wrong, checks_count=len(checks) - wrong
    )
    width = max(len(check.label) for check in ordered[: limits.checks])
    for check in ordered[: limits.checks]:
        yield from _format_check(check, width, limits)
    if len(ordered) > limits.checks:
        yield msg("    … {ordered_count} more", ordered_count=len(ordered) - limits.checks)


def _format_check(check: Comparison, width: int, limits: _FailureTextLimits) -> Iterator[str]:
    """Yield the line of a comparison, or two lines if expected and actual do not fit on one.

    The path is padded to *width*, so that the values of all comparisons are aligned.
    """
    mark, label = "√" if check.ok else "×", check.label.ljust(width)
    head = msg("  {ok} {label}   expected ", ok=mark, label=label)
    line = msg(
        "{head}{expected}   got {actual}", head=head, expected=check.expected, actual=check.actual
    )
    if check.ok:
        yield head + check.expected
    elif len(line) <= WIDTH:
        yield line
    else:
        room = max(limits.width - len(head), _BEFORE)
        expected, actual = cut_to_difference(check.expected, check.actual, room)
        yield head + expected
        yield msg("  {blank}        got {actual}", blank=" " * (width + 2), actual=actual)


def _format_calls(failure: Failure, limits: _FailureTextLimits) -> Iterator[str]:
    calls = failure.calls
    if not calls:
        return
    yield msg(
        "  calls{step}: {calls_count}, in virtual time",
        step=msg(" of this step") if failure.step else "",
        calls_count=len(calls),
    )
    for call in calls[: limits.calls]:
        outcome = call.error or call.status
        source = (
            msg(" {source}", source=describe_response_source(call.source)) if call.source else ""
        )
        took = describe_duration(call.duration)
        yield f"  #{call.number} {call.call}  {call.method} {call.url}".rstrip()
        response = "" if call.error else references.show(call.response)
        yield msg(
            "     {outcome}{source} {took}{response}",
            outcome=outcome,
            source=source,
            took=took,
            response=f"  {response}" if response else "",
        )
        if limits is _WHOLE:
            yield from (
                msg(
                    "     × {path}: recorded {recorded}, sent {sent}",
                    path=path,
                    recorded=recorded or msg("nothing"),
                    sent=sent or msg("nothing"),
                )
                for path, recorded, sent in find_differences(call)
            )
    if len(calls) > limits.calls:
        yield msg("  … {calls_count} more", calls_count=len(calls) - limits.calls)


def find_differences(call: CallMade) -> Iterator[tuple[str, str, str]]:
    """Yield the differences between a call without recording and the most similar recording.

    Each is path, recorded value and sent value as JSON; "" for a value that does not exist.
    """
    recording = call.recording
    for difference in recording.differs if recording and not recording.played else ():
        sides = (references.show(difference[side]) if side in difference else "" for side in _SIDES)
        yield difference["path"], *sides


_SIDES = ("recorded", "sent")


def _cut_lines(lines: Sequence[str], max_lines: int) -> list[str]:
    """Return at most *max_lines* of *lines*; the last one then says how many are missing."""
    if len(lines) <= max_lines:
        return list(lines)
    return [
        *lines[: max_lines - 1],
        msg("  … {lines_count} more lines", lines_count=len(lines) - max_lines + 1),
    ]


def _cut_excerpt_line(line: ExcerptLine, place: Place | None, limits: _FailureTextLimits) -> str:
    """Return *line* cut to the width; of a long failing line, the part around the failing key."""
    text, head = str(line), len(str(ExcerptLine(line.number, "", line.marked))) + 1
    at = head + place.column - 1 if line.marked and place else 0
    if at < limits.width - _BEFORE:
        return shorten_line(text, limits.width)
    return shorten_line(f"{text[:head]}…{text[at - _BEFORE :]}", limits.width)


_AROUND = 1
T = TypeVar("T")


class ScenarioSource(msgspec.Struct, frozen=True):
    """A YAML file with its content and positions.

    Attributes:
        path: file on disk; *file* is its name in messages.
        root: parsed content; parts of it may come from inherited files.
        lines: text of the file.
        others: the files from which other parts of *root* come, by their names in messages.
    """

    path: Path
    file: str
    root: Node
    lines: tuple[str, ...]
    others: Mapping[str, ScenarioSource] = {}

    @classmethod
    def read(cls, path: Path) -> ScenarioSource:
        """Read the file at *path*.

        Raises:
            ConfigError: if it cannot be read or is not YAML.
        """
        name = to_display_path(path)
        text = read_text(path, name)
        return cls(path, name, parse_yaml(text, name), tuple(text.splitlines()))

    @property
    def text(self) -> str:
        """Return the text of the file, without a line feed at its end."""
        return "\n".join(self.lines)

    @property
    def text_of_all_files(self) -> str:
        """Return the text of the file and of all files that parts of its content come from."""
        return "\n".join(self.lines_of_all_files)

    @property
    def lines_of_all_files(self) -> tuple[str, ...]:
        """Return the lines of the file and of all files that parts of its content come from."""
        return (*self.lines, *(line for other in self.others.values() for line in other.lines))

    def make_excerpt(self, start: Place, failing: Place) -> tuple[ExcerptLine, ...]:
        """Return line *start*, the first of a step, and those around *failing*, which is marked.

        If *failing* is in another file, from which a part of the content comes, only lines of that
        one.
        """
        if failing.file in self.others:
            return self.others[failing.file].make_excerpt(failing, failing)
        first, last = failing.line - _AROUND, failing.line + _AROUND
        rows = {max(start.line, 1), *range(max(first, start.line, 1), last + 1)}
        return tuple(
            ExcerptLine(number, self.lines[number - 1], number == failing.line)
            for number in sorted(rows)
            if number <= len(self.lines)
        )


class Spot(msgspec.Struct, frozen=True):
    """A path of keys and indices in a file, such as ``steps[1].expect`` of a scenario.

    Checks pass it along with a value, to report the line and column of the value.

    Attributes:
        source: file, with the positions of its content.
        steps: the keys and indices; empty for the whole file.
    """

    source: ScenarioSource
    steps: references.Path = ()

    def at(self, *more: str | int) -> Spot:
        """Return the spot at *more* keys and indices below this one."""
        return Spot(self.source, (*self.steps, *more))

    def locate_elements(self, values: Iterable[T]) -> Iterator[tuple[T, Spot]]:
        """Yield each of *values*, the list at this spot, with its own spot."""
        if not values:
            return iter(())
        node = self.source.root.find_at(self.steps)
        if node is None or not node.elements:
            return iter([(value, self) for value in values])  # it stands for a list of one
        return iter([(value, self.at(index)) for index, value in enumerate(values)])

    def resolve_file_name(self, name: str) -> Path:
        """Return the path of the file *name*, relative to the file that contains this value.

        That file may be an inherited one in another folder.
        """
        return join_to_file(self.place.file, name)

    @property
    def place(self) -> Place:
        """Return the place of the key or element.

        If it does not exist, of the nearest one above.
        """
        outer = node = self.source.root
        last: str | int | None = None
        for step in self.steps:
            value: Any = node.value
            child = value.get(step) if type(value) is dict else node.find_child(step)
            if child is None:
                break
            outer, node, last = node, child, step
        return outer.find_key_place(last) if isinstance(last, str) else node.place


@lru_cache(maxsize=256)
def _read_script_file(name: str, _stamp: object) -> Script:
    """Return the script in the file *name*.

    Cached: *_stamp*, the file's state on disk, is part of the cache's key.
    """
    return Script(Path(name).read_text(encoding="utf-8-sig"), name)


def read_script(path: Path, place: Place) -> Script:
    """Return the script in the file *path*, which is named at *place*.

    Raises:
        ConfigError: if it cannot be read as UTF-8.
    """
    note_read(path)
    try:
        # The stamp is only a part of the key: a changed file is read again.
        return _read_script_file(to_display_path(path), compute_file_stamp(str(path)))
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or msg("it is not UTF-8")
        hint = suggest_nearest(path.name, (script.name for script in path.parent.glob("*.js")))
        message = msg(
            "script {path} cannot be read: {reason}{hint}",
            path=to_display_path(path),
            reason=reason,
            hint=hint if not path.exists() else "",
        )
        raise ConfigError(Problem(message, place)) from None
