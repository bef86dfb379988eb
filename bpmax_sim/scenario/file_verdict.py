"""Find parts of a file that no row used: stubs, their answers, steps whose ``if`` never held.

A row does not fail for parts that other rows use: its result only lists what it did not use. A part
that none of the rows used is a failure of the file. Rows may run in different processes or in
different shards, whose results are merged.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import chain
from typing import Any

from bpmax_sim.errors import Place, shell_quote
from bpmax_sim.field_path import FieldPath
from bpmax_sim.i18n import msg, translate
from bpmax_sim.project import Strictness
from bpmax_sim.scenario import model
from bpmax_sim.scenario.calls import CallMade
from bpmax_sim.scenario.load import LocatedStep, ScenarioItem
from bpmax_sim.scenario.source import Failure, RunWarning, Spot
from bpmax_sim.session.session import Session
from bpmax_sim.transport.faults import Fault


def answer_key(place: Place, number: int) -> str:
    """Return the key which notes that answer *number* (from 0) of the stub at *place* was used.

    Such keys are texts, so that worker processes can send them.
    """
    return f"{place} answer {number}"


def unused_parts(item: ScenarioItem, used_keys: Collection[str]) -> tuple[RunWarning, ...]:
    """Return a warning for each part of its file that a run of *item* did not use.

    *used_keys* are the keys of the parts that it used.
    """
    return tuple(_find_unused(item, used_keys))


def _find_unused(item: ScenarioItem, used_keys: Collection[str]) -> Iterator[RunWarning]:
    """Yield a warning for each stub, path, policy, condition, retry and range that was not used.

    That is a fault of the file only if no other row of it uses the part either; see `FileRuns`.
    """
    own, spot = item.spot.source.file, item.spot.at("proxy", "stubs")
    for stub, where in spot.elements(item.scenario.proxy.stubs):
        place = where.place
        if place.file == own:  # an inherited one is there for others, too
            yield from _find_unused_answers(stub, where, place, used_keys)
    for option, _, where in find_ignore_and_redact_entries(item):
        if where.place.file == own and str(where.place) not in used_keys:
            message = msg(
                "{option}: no call has this place; take it away, or write its name as sent",
                option=option,
            )
            yield RunWarning("rule", message, where.place)
    for _, where in item.spot.at("policies").elements(item.scenario.policies):
        if where.place.file == own and str(where.place) not in used_keys:
            message = msg("this policy was never used; take it away, or mend what it is for")
            yield RunWarning("rule", message, where.place, fails=True)
    for located in (*item.steps, *item.cleanup):
        yield from _find_false_condition(located, used_keys)
        yield from _find_unused_retry(located, used_keys)
    yield from _find_unreached_ranges(item, used_keys)


def _find_unused_retry(located: LocatedStep, used_keys: Collection[str]) -> Iterator[RunWarning]:
    """Yield a warning if ``retry`` never repeated its step, so nothing shows that it helps."""
    if isinstance(located.step.retry, model.Retry) and retried_step_key(located) not in used_keys:
        message = msg(
            "retry: the first try was enough each time, so nothing shows that a second one helps; "
            "let it fail first, by faults or answers:, or leave retry out"
        )
        yield RunWarning("rule", message, located.spot.at("retry").place)


def _find_unreached_ranges(item: ScenarioItem, used_keys: Collection[str]) -> Iterator[RunWarning]:
    """Yield faults with a range such as ``call: 1-3`` for which too few calls were made."""
    for fault in _find_ranged_faults(item):
        is_own = fault.place is not None and fault.place.file == item.spot.source.file
        if is_own and _range_key(fault) not in used_keys:
            message = msg(
                "{fault}: fewer calls came, so that this never struck all of them; name the calls "
                "that there are",
                fault=str(fault),
            )
            if (fault.attempts or 0) > 1:
                message = msg(
                    "{fault}: no call was sent {attempts} times; only auth.recover, or a retry of "
                    "the platform, sends one again", fault=str(fault), attempts=fault.attempts,
                )  # fmt: skip
            yield RunWarning("rule", message, fault.place)


def find_ignore_and_redact_entries(item: ScenarioItem) -> Iterator[tuple[str, FieldPath, Spot]]:
    """Yield each entry of ``ignore`` and ``redact``: option, parsed path, spot in the file."""
    proxy = item.scenario.proxy
    for option, places in (("ignore", proxy.ignore), ("redact", proxy.redact)):
        for text, spot in item.spot.at("proxy", option).elements(places):
            yield option, FieldPath.parse(text, option), spot


def _find_unused_answers(
    stub: model.Stub, spot: Spot, place: Place, used_keys: Collection[str]
) -> Iterator[RunWarning]:
    """Yield a stub that never responded, or those of its answers that were never used."""
    on = stub.on
    if str(place) not in used_keys:
        message = msg(
            "the stub {on} has never answered; take it away, or mend what it asks for", on=on
        )
        yield RunWarning("rule", message, place, fails=True)
    # The first answer is used if the stub is, which was reported above.
    for number in range(1, len(stub.answers)):
        if answer_key(place, number) not in used_keys:
            message = msg(
                "answer {number} of the stub {on} was never given", number=number + 1, on=on
            )
            yield RunWarning("rule", message, spot.at("answers", number).place, fails=True)


def _find_false_condition(located: LocatedStep, used_keys: Collection[str]) -> Iterator[RunWarning]:
    """Yield a warning for an ``if`` that never held.

    If it reads variables it never becomes a failure: runs with other variables may make it true.
    """
    condition = located.step.condition
    if (
        isinstance(condition, str)
        and "${env." not in condition
        and ran_step_key(located) not in used_keys
    ):
        message = msg("if: {condition} has never held, so this step never ran", condition=condition)
        fails = "${vars." not in condition
        yield RunWarning("never_ran", message, located.spot.at("if").place, fails)


def ran_step_key(located: LocatedStep) -> str:
    """Return the key, among used keys, of a step that ran."""
    return str(located.spot.place)


def retried_step_key(located: LocatedStep) -> str:
    """Return the key under which it is noted that ``retry`` repeated the step."""
    return f"{ran_step_key(located)} retry"


def _range_key(fault: Fault) -> str:
    """Return the key which notes that *fault* hit every call of its range, such as ``call.

    1-3``.
    """
    return f"{fault.place} range"


def _find_ranged_faults(item: ScenarioItem) -> Iterator[Fault]:
    """Yield the faults of *item* for several calls or several sendings, such as ``call: 1-3``."""
    faults = chain(item.faults, *(located.faults for located in (*item.steps, *item.cleanup)))
    yield from (one for one in faults if _count_calls(one) > 1 or (one.attempts or 0) > 1)


def _count_calls(fault: Fault) -> int:
    """Return the number of calls in the range of *fault*; 1 for an open range."""
    return 1 if fault.last is None else fault.last - fault.first + 1


def find_used_parts(
    item: ScenarioItem, session: Session, calls: Sequence[CallMade], stubs: Sequence[Fault]
) -> set[str]:
    """Return the keys of the parts that a run used, except steps.

    These are *stubs* and their answers, paths of ``ignore`` and ``redact`` that exist in one of
    *calls*, and faults that hit every call of their range.
    """
    used: set[str] = set()
    for option, path, spot in find_ignore_and_redact_entries(item):
        if any(call.has(path, response=option == "redact") for call in calls):
            used.add(str(spot.place))
    for stub in stubs:
        count = session.strikes_of(stub)
        if count and stub.place is not None:
            used.add(str(stub.place))
            used |= {answer_key(stub.place, number) for number in range(count)}
    for fault in _find_ranged_faults(item):
        struck = Counter(one.serial for one in session.injected_faults if one.fault is fault)
        is_struck = len(struck) >= _count_calls(fault)
        if is_struck and max(struck.values(), default=0) >= (fault.attempts or 0):
            used.add(_range_key(fault))
    return used


def is_failure_if_unused(part: RunWarning, strictness: Strictness) -> bool:
    """Return whether *part*, which no row used, is a failure in a folder of this *strictness*.

    In a lenient folder it never is, in a strict one always, else if the part ``fails``.
    """
    return strictness != "lenient" and (part.fails or strictness == "strict")


def unused_part_failure(item: ScenarioItem, part: RunWarning) -> Failure:
    """Return the failure for *part*, which no row of the file of *item* used."""
    place = part.place or item.place
    source = item.spot.source
    return Failure(
        kind=part.kind,
        essence=part.message,
        scenario=item.scenario.scenario,
        place=place,
        location=place,
        excerpt=source.excerpt(place, place) if place.file == source.file else (),
        rerun=msg("bpmax-sim run {target}", target=shell_quote(source.file)),
    )


class FileRuns:
    """Collects for each file which parts its rows did not use, until all rows have passed.

    Attributes:
        files: file -> (number of rows, ids of passed rows, parts that none of these used,
            strictness of the folder). Plain values, so that worker processes can send theirs to
            `merge`.
    """

    def __init__(self) -> None:
        """Start without results of any file."""
        self.files: dict[str, tuple[int, set[str], set[_PlainPart], Strictness]] = {}

    def add(self, item: ScenarioItem, outcome: str, unused: Iterable[RunWarning]) -> None:
        """Add the result of a scenario, or of a row of its table, and the parts it left *unused*.

        A row that did not pass is ignored, as it may have ended early.
        """
        if item.rows and outcome == "passed":
            self.add_row(item.spot.source.file, item.rows, item.row_id, unused, item.strictness)

    def add_row(
        self, file: str, rows: int, row: str, unused: Iterable[RunWarning], strictness: Strictness
    ) -> None:
        """Add the unused parts of *row*, which passed and is one of the *rows* rows of *file*."""
        parts = {
            (part.kind, translate(part.message), str(part.place or ""), part.fails)
            for part in unused
        }
        self._add_runs(file, rows, {row}, parts, strictness)

    def _add_runs(
        self,
        file: str,
        rows: int,
        passed_rows: set[str],
        parts: set[_PlainPart],
        strictness: Strictness,
    ) -> None:
        _, before, left, _ = self.files.get(file, (rows, set(), parts, strictness))
        self.files[file] = (rows, before | passed_rows, left & parts, strictness)

    def merge(self, files: Any) -> None:
        """Add the results in *files*, the attribute of that name in another process."""
        for file, (rows, ran, parts, strictness) in files.items():
            self._add_runs(file, rows, set(ran), {tuple(part) for part in parts}, strictness)

    def unused_parts_that_fail(self) -> Iterator[tuple[str, RunWarning]]:
        """Yield file and part for each part that no row used, if that is a failure there."""
        for file, (*_, strictness) in self.files.items():
            yield from (
                (file, part)
                for part in self._unused_parts(file)
                if is_failure_if_unused(part, strictness)
            )

    def unused_warnings(self, file: str) -> Iterator[RunWarning]:
        """Yield the parts of *file* that no row used and that are only warnings in its folder."""
        strictness = self.files[file][3] if file in self.files else "normal"
        yield from (
            part for part in self._unused_parts(file) if not is_failure_if_unused(part, strictness)
        )

    def _unused_parts(self, file: str) -> Iterator[RunWarning]:
        """Yield the parts of *file* that no row used; nothing until all of its rows have passed."""
        rows, ran, parts, _ = self.files.get(file, (-1, set(), set(), "normal"))
        for kind, message, place, fails in sorted(parts, key=_by_place) if len(ran) == rows else ():
            yield RunWarning(kind, message, _parse_place(place), fails)


_PlainPart = tuple[str, str, str, bool]


def _by_place(part: _PlainPart) -> tuple[str, int, int]:
    place = _parse_place(part[2])
    return place.file, place.line, place.column


def _parse_place(text: str) -> Place:
    file, line, column = text.rsplit(":", 2)
    return Place(file, int(line), int(column))
