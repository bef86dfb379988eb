"""Find parts of a file that no row used: stubs, their answers, steps whose ``if`` never held.

A row does not fail for parts that other rows use: its result only lists what it did not use. A part
that none of the rows used is a failure of the file. An *inherited* part, such as a stub in
``defaults.yaml``, is judged like that over all files that may inherit it. Rows may run in different
processes or in different shards, whose results are merged.

A *part* is a piece of a file that can be useless: a stub, one of its ``answers``, a policy, an
``if``, a ``retry``, an entry of ``ignore`` or ``redact``, a fault's range. Its *key* is its place
as text, ``file:line:column`` (with a word behind it for a retry and a range), which is the same in
each process. A run reports the keys that it used, and its unused parts as warnings. Unused by the
file is the intersection over its rows, and used is the union, so the order of merging is no matter.

Nothing is judged before all rows have passed: a row that failed may have ended before it used a
part, and a run of one row (``file.yaml[row]``) cannot know about the others.
"""

from __future__ import annotations

import posixpath
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any, Protocol

import msgspec
from msgspec.structs import astuple

from bpmax_sim.errors import Place
from bpmax_sim.field_path import FieldPath
from bpmax_sim.file_system import shell_quote
from bpmax_sim.i18n import msg, translate
from bpmax_sim.project import (
    DEFAULTS,
    SUFFIX,
    SUFFIXES,
    Strictness,
    find_files_below,
    find_root,
    read_searched_text,
)
from bpmax_sim.scenario import model
from bpmax_sim.scenario.calls import CallMade
from bpmax_sim.scenario.load import LocatedStep, ScenarioItem
from bpmax_sim.scenario.source import Failure, RunWarning, Spot
from bpmax_sim.session.session import Session
from bpmax_sim.transport.faults import Fault
from bpmax_sim.yamlfile import to_display_path

PlainPart = tuple[str, str, str, bool]
"""An unused part as plain values: kind, message, place and whether it is a failure."""


class EndOfRun(Protocol):
    """What `FileRuns` needs to know of the end of a run; `ScenarioFinished` is one.

    That is its outcome, and which stubs, policies, ``if`` and the like it used or did not use.
    """

    @property
    def outcome(self) -> str:
        """Return the outcome, such as ``passed``."""

    @property
    def unused_parts(self) -> tuple[RunWarning, ...]:
        """Return a warning for each part of the file, or inherited by it, that the run did not use.

        A part is a stub, policy, ``if`` or the like; an inherited one is in a ``defaults.yaml``.
        """

    @property
    def used_keys_of_other_files(self) -> tuple[str, ...]:
        """Return the keys of the parts of other files, such as inherited stubs, that it used.

        A key is the place of the part as text, ``file:line:column``.
        """


def find_unused_parts(item: ScenarioItem, used_keys: Collection[str]) -> tuple[RunWarning, ...]:
    """Return a warning for each own or inherited part that a run of *item* did not use.

    A part is a stub, an answer, policy, ``if``, ``retry``, or an entry of ``ignore``. *used_keys*
    are the keys of the parts that it used: texts such as the place ``file:line:column`` of the
    part, as `find_used_keys_except_steps` and `make_ran_step_key` return them.
    """
    return tuple(_find_unused(item, used_keys))


def find_steps_shared_by_rows(item: ScenarioItem) -> Iterator[LocatedStep]:
    """Yield the steps of *item*, those of ``during``, and the named steps that they run.

    The steps in the cell of a row are left out, but not the named steps that the cell of some row
    runs: any row may run these.
    """
    named = dict(item.subjects.named)
    by_cells = chain.from_iterable(named.pop(name, ()) for name in item.subjects.names_run_by_cells)
    pending = deque((*item.steps, *item.cleanup, *by_cells))
    while pending:
        located = pending.popleft()
        yield located
        name, _ = model.find_named_steps(located.step) or ("", {})
        pending.extend((*located.during, *named.pop(name, ())))


def is_inherited(part: RunWarning, file: str) -> bool:
    """Return whether *part*, a stub, ``if`` or the like of *file*, is written in another file."""
    return part.place is not None and part.place.file != file


def select_keys_of_other_files(item: ScenarioItem, used_keys: Iterable[str]) -> tuple[str, ...]:
    """Return those of *used_keys* that are of parts in other files than that of *item*, sorted.

    A key is the place of a part (a stub or the like) as text, ``file:line:column``.
    """
    own = f"{item.spot.source.file}:"
    return tuple(sorted(key for key in used_keys if not key.startswith(own)))


def _find_unused(item: ScenarioItem, used_keys: Collection[str]) -> Iterator[RunWarning]:
    """Yield a warning for each stub, policy, ``if`` and ``retry`` that a run did not use.

    Also for each path of ``ignore`` and ``redact`` that no call had, and each range of calls, such
    as ``call: 1-3``, that a fault did not fill. It is a failure of the file only if no other row,
    or file that inherits the part, uses it either. *used_keys* are the keys of the used ones.
    """
    spot = item.spot.at("proxy", "stubs")
    for stub, where in spot.locate_elements(item.scenario.proxy.stubs):
        yield from _find_unused_stub_or_answers(stub, where, where.place, used_keys)
    for option, _, where in find_ignore_and_redact_entries(item):
        if str(where.place) not in used_keys:
            message = msg(
                "{option}: no call has this place; take it away, or write its name as sent",
                option=option,
            )
            yield RunWarning("rule", message, where.place)
    for _, where in item.spot.at("policies").locate_elements(item.scenario.policies):
        if str(where.place) not in used_keys:
            message = msg("this policy was never used; take it away, or mend what it is for")
            yield RunWarning("rule", message, where.place, fails=True)
    for located in find_steps_shared_by_rows(item):
        yield from _find_never_true_condition(located, used_keys)
    for located in (*item.steps, *item.cleanup):
        yield from _find_unused_retry(located, used_keys)
    yield from _find_unreached_ranges(item, used_keys)


def find_unused_conditions_of_row(
    item: ScenarioItem, used_keys: Collection[str]
) -> Iterator[RunWarning]:
    """Yield a warning for each ``if`` in the row's own step lists that never held.

    No other row can run these steps, so that the row alone decides. *used_keys* are those of
    `make_ran_step_key` for the steps that ran.
    """
    for located in (*item.steps, *item.cleanup):
        for step in walk_steps_of_cell(located):
            yield from _find_never_true_condition(step, used_keys)


def walk_steps_of_cell(located: LocatedStep) -> Iterator[LocatedStep]:
    """Yield the steps that are written in the cell of a row which the step *located* runs.

    None if the cell holds the name of a fragment's steps, which other rows may run, too.
    """
    for inner in located.inner or ():
        if inner.spot.steps[0] == "cases":
            yield from inner.walk()


def _find_unused_retry(located: LocatedStep, used_keys: Collection[str]) -> Iterator[RunWarning]:
    """Yield a warning if ``retry`` never repeated the step *located*: nothing shows that it helps.

    *used_keys* are the keys of the parts that a run used; if ``retry`` repeated the step, they
    contain that of `make_retried_step_key`.
    """
    if (
        isinstance(located.step.retry, model.Retry)
        and make_retried_step_key(located) not in used_keys
    ):
        message = msg(
            "retry: the first try was enough each time, so nothing shows that a second one helps; "
            "let it fail first, by faults or answers:, or leave retry out"
        )
        yield RunWarning("rule", message, located.spot.at("retry").place)


def _find_unreached_ranges(item: ScenarioItem, used_keys: Collection[str]) -> Iterator[RunWarning]:
    """Yield a warning for each fault of which a run had fewer calls or sendings than it is for.

    That is a fault with a range such as ``call: 1-3``, or with ``attempts`` above 1. *used_keys*
    are the keys of the used parts, with those of the faults that hit every call of their range.
    """
    for fault in _find_ranged_faults(item):
        is_own = fault.place is not None and fault.place.file == item.spot.source.file
        if is_own and _make_fault_range_key(fault) not in used_keys:
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
        for text, spot in item.spot.at("proxy", option).locate_elements(places):
            yield option, FieldPath.parse(text, option), spot


def _find_unused_stub_or_answers(
    stub: model.Stub, spot: Spot, place: Place, used_keys: Collection[str]
) -> Iterator[RunWarning]:
    """Yield a warning for a stub that never responded, or for each unused one of ``answers``.

    ``answers`` of a stub are responses given in turn, one for each request. *spot* and *place* are
    those of the stub in its file, and *used_keys* the places, as text, of the used parts.
    """
    on = stub.on
    if str(place) not in used_keys:
        message = msg(
            "the stub {on} has never answered; take it away, or mend what it asks for", on=on
        )
        yield RunWarning("rule", message, place, fails=True)
    # The first answer is used if the stub is, which was reported above.
    for number in range(1, len(stub.answers)):
        answer = spot.at("answers", number).place
        if str(answer) not in used_keys:
            message = msg(
                "answer {number} of the stub {on} was never given", number=number + 1, on=on
            )
            yield RunWarning("rule", message, answer, fails=True)


def _find_never_true_condition(
    located: LocatedStep, used_keys: Collection[str]
) -> Iterator[RunWarning]:
    """Yield a warning if the step *located* has an ``if`` that never held.

    *used_keys* contain the key of `make_ran_step_key` if the step ran.
    If it reads variables it never becomes a failure: runs with other variables may make it true.
    """
    condition = located.step.condition
    if (
        isinstance(condition, str)
        and "${env." not in condition
        and make_ran_step_key(located) not in used_keys
    ):
        message = msg("if: {condition} has never held, so this step never ran", condition=condition)
        # A variable may be set for other runs than this one, on the command line.
        fails = "${vars." not in condition
        yield RunWarning("never_ran", message, located.spot.at("if").place, fails)


def make_ran_step_key(located: LocatedStep) -> str:
    """Return the key by which `find_unused_parts` knows that a step ran.

    It is the place of its ``if`` as text, else that of the step.
    """
    has_condition = isinstance(located.step.condition, str)
    return str((located.spot.at("if") if has_condition else located.spot).place)


def make_retried_step_key(located: LocatedStep) -> str:
    """Return the key by which `find_unused_parts` knows that ``retry`` repeated the step."""
    return f"{make_ran_step_key(located)} retry"


def _make_fault_range_key(fault: Fault) -> str:
    """Return the key by which `find_unused_parts` knows that *fault* hit every call of its range.

    The range is that of a rule such as ``call: 1-3``.
    """
    return f"{fault.place} range"


def _find_ranged_faults(item: ScenarioItem) -> Iterator[Fault]:
    """Yield the faults of *item* for several calls or several sendings, such as ``call: 1-3``."""
    faults = chain(item.faults, *(located.faults for located in (*item.steps, *item.cleanup)))
    yield from (one for one in faults if _count_calls(one) > 1 or (one.attempts or 0) > 1)


def _count_calls(fault: Fault) -> int:
    """Return the number of calls that *fault* names, 3 for ``call: 1-3``; 1 if its range is open.

    An open range, that of a fault without ``call``, has no last call, so none can be lacking.
    """
    return 1 if fault.last is None else fault.last - fault.first + 1


def find_used_keys_except_steps(
    item: ScenarioItem, session: Session, calls: Sequence[CallMade], stubs: Sequence[Fault]
) -> set[str]:
    """Return the keys of the parts that a run used, except steps.

    These are *stubs* and their answers, paths of ``ignore`` and ``redact`` that exist in one of
    *calls*, and faults that hit every call of their range. A key is the place of the part as text;
    for a fault, the word ``range`` follows.
    """
    used: set[str] = set()
    for option, path, spot in find_ignore_and_redact_entries(item):
        if any(call.has(path, response=option == "redact") for call in calls):
            used.add(str(spot.place))
    counts = {str(stub.place): session.strikes_of(stub) for stub in stubs}
    for spec, where in item.spot.at("proxy", "stubs").locate_elements(item.scenario.proxy.stubs):
        if count := counts.get(key := str(where.place), 0):
            answers = range(min(count, len(spec.answers)))
            used |= {key, *(str(where.at("answers", number).place) for number in answers)}
    for fault in _find_ranged_faults(item):
        struck = Counter(one.serial for one in session.injected_faults if one.fault is fault)
        is_struck = len(struck) >= _count_calls(fault)
        if is_struck and max(struck.values(), default=0) >= (fault.attempts or 0):
            used.add(_make_fault_range_key(fault))
    return used


def is_failure_if_unused(part: RunWarning, strictness: Strictness) -> bool:
    """Return whether the unused *part* (stub, ``if`` …) is a failure by the folder's *strictness*.

    In a lenient folder it never is, in a strict one always. Else it is if a part of its kind is
    hardly there on purpose (``part.fails``) and it is not of a ``defaults.yaml``, which may be
    there for scenarios that are still to be written.
    """
    is_default = part.place is not None and posixpath.basename(part.place.file) == DEFAULTS
    return strictness == "strict" or (strictness == "normal" and part.fails and not is_default)


def make_unused_part_failure(item: ScenarioItem, part: RunWarning) -> Failure:
    """Return the failure for *part*, a stub, ``if`` or the like that no row of *item*'s file used.

    If the part is inherited, no scenario below the folder of the part's file used it; the failure
    is then shown for that folder, and its command runs all scenarios there.
    """
    place = part.place or item.place
    source, message, title, folder = item.spot.source, part.message, item.scenario.scenario, ""
    if is_inherited(part, source.file):
        title, folder = place.file, posixpath.dirname(place.file) or "."
        message = msg(
            "{message}; no scenario below {folder} uses it", message=message, folder=folder
        )
    return Failure(
        kind=part.kind,
        essence=message,
        scenario=title,
        place=place,
        location=place,
        excerpt=() if folder else source.make_excerpt(place, place),
        rerun=msg(
            "bpmax-sim run {target}",
            target=" ".join(
                map(shell_quote, (folder or source.file, *item.make_option_arguments("cli")))
            ),
        ),
    )


class FileResult(msgspec.Struct):
    """What the passed rows of a file left unused; plain values, which processes can send.

    Attributes:
        rows: number of rows; 1 without a table.
        ran: ids of the rows that passed.
        parts: stubs, policies, ``if`` and the like that none of these rows used.
        strictness: setting of the file's folder.
        used: keys (place as text) of such parts in other files that these rows used.
    """

    rows: int
    ran: set[str]
    parts: set[PlainPart]
    strictness: Strictness
    used: set[str]


class FileRuns:
    """Collects for each file which parts its rows did not use, until all rows have passed.

    Attributes:
        files: scenario file -> its result.
    """

    def __init__(self) -> None:
        """Start without results of any file."""
        self.files: dict[str, FileResult] = {}

    def add_if_passed(self, item: ScenarioItem, ended: EndOfRun) -> None:
        """Add the outcome *ended* of a run of *item*, a scenario or a row of its table.

        One that did not pass is ignored, as it may have ended early.
        """
        if ended.outcome == "passed":
            parts, keys = ended.unused_parts, ended.used_keys_of_other_files
            file = item.spot.source.file
            self.add_row(file, item.rows, item.row_id, parts, item.strictness, keys)

    def add_row(
        self,
        file: str,
        row_count: int,
        row_id: str,
        unused: Iterable[RunWarning],
        strictness: Strictness,
        used_keys_of_other_files: Iterable[str] = (),
    ) -> None:
        """Add the parts *unused* by a passed run of *row_id*, one of *row_count* rows of *file*.

        A part is a stub, policy, ``if`` or the like; *strictness*, that of the file's folder, says
        whether one that no row used is a failure.

        *used_keys_of_other_files* are the keys of parts of other files that it used. Without a
        table, *row_count* is 0 and *row_id* is ""; then only inherited parts are added, as its own
        were judged at the end of its run.
        """
        parts = {
            (part.kind, translate(part.message), str(part.place or ""), part.fails)
            for part in unused
            if row_count or is_inherited(part, file)
        }
        self.merge({file: (row_count or 1, {row_id}, parts, strictness, used_keys_of_other_files)})

    def to_plain_data(self) -> Mapping[str, tuple[Any, ...]]:
        """Return the results as plain values for `merge` in another process."""
        return {file: astuple(result) for file, result in self.files.items()}

    def merge(self, files: Mapping[str, tuple[Any, ...]]) -> None:
        """Add *files*, the results of another process: scenario file -> members of `FileResult`.

        They are what `to_plain_data` returned there.
        """
        for file, (rows, ran, parts, strictness, used) in files.items():
            more = FileResult(rows, set(ran), set(map(tuple, parts)), strictness, set(used))
            known = self.files.setdefault(file, more)
            known.ran |= more.ran
            known.parts &= more.parts
            known.used |= more.used

    def find_failing_unused_parts(self) -> Iterator[tuple[str, RunWarning]]:
        """Yield scenario file and part for each part that nothing used, if this is a failure.

        The strictness of the file's folder decides that: always in a strict folder, never in a
        lenient one, else for parts that are surely mistakes. In other cases an unused part is a
        warning. A file of which not all rows have passed is left out.
        """
        yield from ((file, part) for file, part, fails in self._judge() if fails)

    def find_tolerated_unused_parts(self, file: str = "") -> Iterator[RunWarning]:
        """Yield the unused parts of *file*, "" for every file, that are warnings and no failures.

        A part is a stub, ``if`` or the like. Files of which not all rows have passed are left out.
        """
        found = self._judge([file] if file else None)
        yield from (part for _, part, fails in found if not fails)

    def _judge(self, files: Iterable[str] | None = None) -> Iterator[tuple[str, RunWarning, bool]]:
        """Yield each unused part of *files*, all by default: file, part, whether it is a failure.

        A part is a stub, ``if`` or the like; one written in a shared file is yielded once, and only
        if no scenario uses it. Files of which not all rows have passed are left out.
        """
        files_using = cache(_find_files_that_may_use)  # it reads all files of the project
        for file in self.files if files is None else files:
            result = self.files.get(file)
            if result is not None and self._have_all_rows_passed(file):
                for plain in sorted(result.parts, key=lambda part: Place.parse(part[2])):
                    part = RunWarning(plain[0], plain[1], Place.parse(plain[2]), plain[3])
                    is_own = not is_inherited(part, file)
                    if is_own or self._must_report_inherited_part(part, file, files_using):
                        yield file, part, is_failure_if_unused(part, result.strictness)

    def _have_all_rows_passed(self, file: str) -> bool:
        """Return whether all rows of *file* have passed."""
        return file in self.files and len(self.files[file].ran) == self.files[file].rows

    def _must_report_inherited_part(
        self, part: RunWarning, file: str, find_files_that_may_use: Callable[[str], Iterable[str]]
    ) -> bool:
        """Return whether no file uses the inherited *part*, and *file* is the one to report it.

        That is the last one that has it, and only if all files that may use it have passed, which
        *find_files_that_may_use* returns for the file of the part.
        """
        place = part.place or Place("")
        key = str(place)
        if any(key in result.used for result in self.files.values()):
            return False
        having = [
            name
            for name, result in self.files.items()
            if any(plain[2] == key for plain in result.parts)
        ]
        return file == having[-1] and all(
            map(self._have_all_rows_passed, find_files_that_may_use(place.file))
        )


def _find_files_that_may_use(shared: str) -> Sequence[str]:
    """Return the scenario files that may use the file *shared*.

    A ``defaults.yaml`` may be used by all scenarios below its folder, another shared file by those
    of the project that mention its name; by any, if another shared file mentions it.
    """
    path = Path(shared)
    is_inherited_file = path.name == DEFAULTS
    scenarios = find_root(path.absolute()) / "scenarios"
    root = path.parent if is_inherited_file or not scenarios.is_dir() else scenarios
    others = () if is_inherited_file else find_files_below(root, SUFFIXES)
    having = [
        one for one in others if one.name != path.name and path.name in read_searched_text(one)
    ]
    is_for_all = is_inherited_file or not all(one.name.endswith(SUFFIX) for one in having)
    return [*map(to_display_path, find_files_below(root, SUFFIX) if is_for_all else having)]
