"""One failure of a scenario, and its text: at most 25 lines, the headline first.

Our own words stay inside GBK, so that a Chinese console prints them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import msgspec

from bpmax_sim.errors import Place
from bpmax_sim.scenario.contrast import contrast
from bpmax_sim.scenario.expect import Check
from bpmax_sim.scenario.made import CallMade
from bpmax_sim.scenario.values import show

LONGEST = 25
WIDTH = 100
_TITLE = 60
_ESSENCE = 300
_BREAKS = re.compile(r"[\n\v\f\r\x1c-\x1e\x85\u2028\u2029]+")  # where str.splitlines does
_BEFORE = 30
_CHECKS = 6
_CALLS = 3
_DETAILS = 12


class Line(msgspec.Struct, frozen=True):
    """A line of a file; the failing one is marked."""

    number: int
    text: str
    marked: bool = False

    def __str__(self) -> str:
        """Return ``> 33 |     set: …``."""
        return f"{'>' if self.marked else ' '} {self.number:>3} | {self.text}".rstrip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a scenario failed.

    Attributes:
        kind: a stable word: ``expect``, ``error``, ``no_error``, ``other_error``, ``miss``,
            ``fault``, ``unplayed``, ``pending``, ``rejection``, ``unawaited``, ``value`` or
            ``config``.
        essence: what is wrong, in one line.
        step: number of the step from 1, 0 for the scenario as a whole.
        place: the failing key.
        location: the failing step, where an annotation belongs.
        detail: more lines, such as the explanation of a miss.
        script: the script line that is involved, and its text.
        rerun: the command that runs this item alone.
        cause: the exception behind it, for whoever wants its traceback; no part of a trace.
    """

    kind: str
    essence: str
    scenario: str = ""
    step: int = 0
    total: int = 0
    title: str = ""
    place: Place | None = None
    location: Place | None = None
    excerpt: tuple[Line, ...] = ()
    checks: tuple[Check, ...] = ()
    calls: tuple[CallMade, ...] = ()
    detail: tuple[str, ...] = ()
    script: Place | None = None
    script_text: str = ""
    rerun: str = ""
    cause: BaseException | None = field(default=None, compare=False, repr=False)

    @property
    def headline(self) -> str:
        """Return ``step 2/3 选择客户 12345: form.discount expected 0.9, got 1``, one line."""
        named = self.title if self.step else self.title or self.scenario
        title = _one_line(" ".join(named.split()), _TITLE)
        step = f"step {self.step}/{self.total} " if self.step else ""
        return f"{step}{title}: {_one_line(self.essence, _ESSENCE)}"


def _one_line(text: str, longest: int) -> str:
    line = _BREAKS.sub(" ", text)
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def render(failure: Failure) -> str:
    """Return the text of *failure*, at most 25 lines; commands to paste are never cut."""
    head = [failure.headline, *([f"  at {failure.place}"] if failure.place else [])]
    tail = [*_script(failure), *([f"rerun: {failure.rerun}"] if failure.rerun else [])]
    room = LONGEST - len(head) - len(tail)
    blocks = [
        [_shown(line, failure.place) for line in failure.excerpt],
        [f"  {line}" for line in _cut_lines(failure.detail, _DETAILS)],
        [_cut(line) for line in _checks(failure.checks)],
        [_cut(line) for line in _calls(failure)],
    ]
    body: list[str] = []
    for block in filter(None, blocks):
        body += ["", *block]
    if tail:
        tail = ["", *tail]
        room -= 1
    return "\n".join([*head, *_cut_lines(body, room), *tail])


def _checks(checks: Sequence[Check]) -> Iterator[str]:
    """Yield the field lines, wrong ones first."""
    if not checks:
        return
    ordered = sorted(checks, key=lambda check: check.ok)
    wrong = sum(not check.ok for check in checks)
    yield f"  {wrong} wrong, {len(checks) - wrong} right"
    width = max(len(check.label) for check in ordered[:_CHECKS])
    for check in ordered[:_CHECKS]:
        yield from _check(check, width)
    if len(ordered) > _CHECKS:
        yield f"    … {len(ordered) - _CHECKS} more"


def _check(check: Check, width: int) -> Iterator[str]:
    """Yield one line, or two where both sides have no room on one."""
    head = f"  {'√' if check.ok else '×'} {check.label:<{width}}   expected "
    if check.ok:
        yield head + check.expected
        return
    line = f"{head}{check.expected}   got {check.actual}"
    if len(line) <= WIDTH:
        yield line
        return
    expected, actual = contrast(check.expected, check.actual, max(WIDTH - len(head), _BEFORE))
    yield head + expected
    yield f"{'got ':>{len(head)}}{actual}"


def _calls(failure: Failure) -> Iterator[str]:
    calls = failure.calls
    if not calls:
        return
    yield f"  calls{' of this step' if failure.step else ''}: {len(calls)}"
    for call in calls[:_CALLS]:
        outcome = call.error or call.status
        source = f" {call.source}" if call.source else ""
        took = f"{call.duration * 1000:.0f} ms"
        yield f"  #{call.number} {call.call}  {call.method} {call.url}".rstrip()
        yield f"     {outcome}{source} {took}  {'' if call.error else show(call.response)}".rstrip()
    if len(calls) > _CALLS:
        yield f"  … {len(calls) - _CALLS} more"


def _script(failure: Failure) -> Iterator[str]:
    if failure.script is not None:
        yield _cut(f"script: {failure.script}   {failure.script_text.strip()}".rstrip())


def _cut_lines(lines: Sequence[str], room: int) -> list[str]:
    if len(lines) <= room:
        return list(lines)
    return [*lines[: room - 1], f"  … {len(lines) - room + 1} more lines"]


def _shown(line: Line, place: Place | None) -> str:
    """Return a line of the file; of a long one that is marked, the part around its key."""
    text, head = str(line), len(str(Line(line.number, "", line.marked))) + 1
    at = head + place.column - 1 if line.marked and place else 0
    if at < WIDTH - _BEFORE:
        return _cut(text)
    return _cut(f"{text[:head]}…{text[at - _BEFORE :]}")


def _cut(line: str) -> str:
    return line if len(line) <= WIDTH else line[: WIDTH - 1] + "…"
