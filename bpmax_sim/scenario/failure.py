"""One failure of a scenario, and its text: at most 25 lines, the headline first.

Our own words stay inside GBK, so that a Chinese console prints them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bpmax_sim.errors import Place
from bpmax_sim.scenario.expect import Check
from bpmax_sim.scenario.made import CallMade
from bpmax_sim.scenario.values import show

LONGEST = 25
WIDTH = 100
_CHECKS = 6
_CALLS = 3
_DETAILS = 12


@dataclass(frozen=True, slots=True)
class Line:
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

    @property
    def headline(self) -> str:
        """Return ``step 2/3 选择客户 12345: form.discount expected 0.9, got 1``."""
        if self.step:
            return f"step {self.step}/{self.total} {self.title}: {self.essence}"
        return f"{self.title or self.scenario}: {self.essence}"


def render(failure: Failure) -> str:
    """Return the text of *failure*, at most 25 lines; commands to paste are never cut."""
    head = [failure.headline, *([f"  at {failure.place}"] if failure.place else [])]
    tail = [*_script(failure), *([f"rerun: {failure.rerun}"] if failure.rerun else [])]
    room = LONGEST - len(head) - len(tail)
    blocks = [
        [_cut(str(line)) for line in failure.excerpt],
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
        mark = "√" if check.ok else "×"
        got = "" if check.ok else f"   got {check.actual}"
        yield f"  {mark} {check.label:<{width}}   expected {check.expected}{got}"
    if len(ordered) > _CHECKS:
        yield f"    … {len(ordered) - _CHECKS} more"


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


def _cut(line: str) -> str:
    return line if len(line) <= WIDTH else line[: WIDTH - 1] + "…"
