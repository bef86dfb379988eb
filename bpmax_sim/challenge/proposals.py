"""Find the line of ``expect`` that distinguishes a mutant from the script, and verify it by runs.

Candidates are made from the observations that differ between the two runs. A line is proposed only
if it holds with the script in every row of the file, and fails with the mutant in every row whose
observation differs there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from bpmax_sim.scenario.actions import ACTIONS
from bpmax_sim.scenario.expect_values import (
    ValueGeneraliser,
    looks_like_script_mistake,
    make_digit_pattern,
)
from bpmax_sim.scenario.expect_writer import ExpectEdit, merge_expected
from bpmax_sim.scenario.load import LocatedStep, ScenarioItem
from bpmax_sim.scenario.model import ExpectedCall, ExpectedError, get_initial_form
from bpmax_sim.scenario.observation import Observation, get_unobserved_value
from bpmax_sim.scenario.table_columns import ColumnEdit
from bpmax_sim.scenario.table_rows import RESERVED
from bpmax_sim.subject.hooks import is_same_value
from bpmax_sim.variant.run import Baseline, Variant, VariantRun, run_variant

Values = Mapping[str, Any]


class ExpectLine(msgspec.Struct, frozen=True, kw_only=True):
    """An addition to the expectations of one step.

    Attributes:
        file: scenario file as messages show it.
        step: number of the step from 1.
        expect: sections to be merged into ``expect:``.
        error: members to be merged into ``expect_error:``.
        columns: name of a new column of the rows -> id of a row -> value.
        places: places of the observations that it checks, such as ``form.phone``.
    """

    file: str
    step: int
    expect: Values = {}
    error: Values = {}
    columns: Mapping[str, Values] = {}
    places: tuple[str, ...] = ()

    @property
    def expect_as_step_keys(self) -> Values:
        """Return the proposed ``expect`` (or ``expect_error``) as keys of the step in its file."""
        parts = {"expect": self.expect, "expect_error": self.error}
        return {name: value for name, value in parts.items() if value}


def merge_lines(first: ExpectLine, second: ExpectLine) -> ExpectLine | None:
    """Return one addition with what *first* and *second*, of the same step, add.

    None if they contradict each other.
    """
    expect = merge_expected(first.expect, second.expect)
    error = merge_expected(first.error, second.error)
    if expect is UNSET or error is UNSET or first.columns.keys() & second.columns.keys():
        return None
    columns = {**first.columns, **second.columns}
    places = (*first.places, *second.places)
    return replace(first, expect=expect, error=error, columns=columns, places=places)


class Divergence(msgspec.Struct, frozen=True):
    """A place where the runs of script and mutant differ, in one item.

    Attributes:
        baseline_number: number of the item among the challenged ones.
        step: key of the step after which the runs differ.
        place: what differs then, such as ``form.phone``.
        first, second: value with the script, and with the mutant; `UNSET` if it does not exist.
    """

    baseline_number: int
    step: str
    place: str
    first: Any
    second: Any


_RANKS: Final = ("form", "fields", "messages", "result", "calls", "flow", "errors", "console")
_SENT: Final = ("path", "query", "header", "body")


def find_expect_section(place: str) -> str:
    """Return the section of ``expect`` in which the *place* of an observation can be checked.

    For ``form.phone``, for example, it is ``form``.
    """
    return re.split(r"[.\[]", place, maxsplit=1)[0]


def split_list_place(place: str) -> tuple[str, int, str]:
    """Split ``calls[0].body`` into list, index and part; the part is "" if *place* has none."""
    owner, _, rest = place.partition("[")
    number, bracket, part = rest.partition("].")
    return (owner, int(number), part) if bracket and number.isdigit() else (place, 0, "")


class ExpectLineSearch:
    """Searches a line of ``expect`` that passes with a script and fails with a mutant of it.

    Attributes:
        baselines: all challenged items, each with the result of its unchanged run.
    """

    def __init__(self, baselines: Sequence[Baseline]) -> None:
        """Index the observations of *baselines*."""
        self.baselines = baselines
        self._observed = [
            {(one.step, one.place): one.value for one in baseline.run.observations}
            for baseline in baselines
        ]
        self._differing: Sequence[Divergence] = ()  # of the mutant that a line is looked for
        self._values = [
            ValueGeneraliser.from_run(baseline.item, baseline.run.calls) for baseline in baselines
        ]
        self._files: dict[str, list[int]] = {}
        for number, baseline in enumerate(baselines):
            self._files.setdefault(baseline.item.spot.source.file, []).append(number)

    def find_line(
        self,
        divergences: Sequence[Divergence],
        make_variant: Callable[[int], Variant],
    ) -> ExpectLine | None:
        """Return a line that passes with the script and fails with the mutant, in every row.

        None if none of the first few candidates does.

        *divergences* are those of one mutant; *make_variant* returns that mutant as a variant of
        the item with a given baseline number.
        """
        tried, self._differing = 0, divergences
        for divergence in select_and_order_divergences(divergences):
            for line in self._find_candidate_lines(divergence):
                tried += 1
                if self.is_killing_line(line, divergences, make_variant):
                    return line
                if tried >= _MOST_TRIALS:
                    return None
        return None

    # ------------------------------------------------------------------ candidates

    def _find_candidate_lines(self, divergence: Divergence) -> Iterator[ExpectLine]:
        """Yield lines of ``expect`` that check the place of *divergence*.

        Whether they pass with the script and fail with the mutant is yet to be tried. Nothing is
        yielded for a place that ``expect`` cannot check.
        """
        item = self.baselines[divergence.baseline_number].item
        if not divergence.step.isdigit() or int(divergence.step) > len(item.steps):
            return
        section = find_expect_section(divergence.place)
        make = _MAKE.get(section)
        if make is None:
            return
        for keys in make(self, divergence):
            yield ExpectLine(
                file=item.spot.source.file,
                step=int(divergence.step),
                places=(divergence.place,),
                **keys,
            )

    def _propose_field_or_flow_lines(self, divergence: Divergence) -> Iterator[dict[str, Any]]:
        """Yield expectations of a field, a field's state, or the flow's node or status.

        Each is a mapping of keyword arguments for `ExpectLine`.
        """
        section, _, name = divergence.place.partition(".")
        path = [name] if section != "fields" else list(name.rpartition(".")[::2])
        part = _extract_part_only_in_first(divergence.first, divergence.second)
        if divergence.first is UNSET and section == "fields":  # options are none at first
            yield {"expect": {section: {path[0]: {path[1]: {"$exists": False}}}}}
        if part is UNSET or looks_like_script_mistake(part):
            return
        for value, columns in self._expect_in_all_rows(
            divergence, part, path[-1] if path else section
        ):
            inner: Any = value
            for key in reversed(path):
                inner = {key: inner}
            yield {"expect": {section: inner}, "columns": columns}

    def _propose_result_lines(self, divergence: Divergence) -> Iterator[dict[str, Any]]:
        part = _extract_part_only_in_first(divergence.first, divergence.second)
        if part is not UNSET and not looks_like_script_mistake(part):
            for value, columns in self._expect_in_all_rows(divergence, part, "result"):
                yield {"expect": {"result": value}, "columns": columns}

    def _expect_in_all_rows(
        self, divergence: Divergence, part: Any, column_name: str
    ) -> Iterator[tuple[Any, dict[str, Values]]]:
        """Yield ways to expect *part* that hold in each row of the file, with the columns to add.

        *part* is the value at the place of *divergence*, or a part of it, such as one member. All
        rows share one ``expect``. A way is the value itself, a pattern, or ``${case.column}``;
        columns map *column_name*, or a similar one, -> row id -> value.
        """
        numbers = self._find_baselines_of_same_file(divergence.baseline_number)
        key = divergence.step, divergence.place
        unobserved = get_unobserved_value(divergence.place)
        values = {n: self._observed[n].get(key, unobserved) for n in numbers}
        there = {n: value for n, value in values.items() if value is not UNSET}
        if all(value == divergence.first for value in there.values()):
            yield self._values[divergence.baseline_number].generalise(part), {}
            return
        initial = _find_initial_value(self.baselines[divergence.baseline_number].item, divergence)
        written = [value for value in there.values() if value != initial]
        if isinstance(part, Mapping | list | tuple) or any(map(looks_like_script_mistake, written)):
            return
        patterns = [self._values[n].generalise(value) for n, value in there.items()]
        if not any(map(_is_matches_pattern, patterns)):
            yield from self._expect_by_column(
                there, column_name, is_in_all_rows=len(there) == len(numbers)
            )
        elif all(pattern == patterns[0] for pattern in patterns):
            yield patterns[0], {}

    def _expect_by_column(
        self, values_by_baseline: Mapping[int, Any], column_name: str, *, is_in_all_rows: bool
    ) -> Iterator[tuple[Any, dict[str, Values]]]:
        """Yield ``${case.column}`` of a column that has these values, or of a new one to add.

        *values_by_baseline* are the values by number of the row's baseline. A new column is yielded
        only if they are those of all rows of the file (*is_in_all_rows*).
        """
        rows = {n: self.baselines[n].item.row for n in values_by_baseline}
        known = [row.values for row in rows.values() if row is not None]
        if len(known) < len(values_by_baseline):
            return
        for column in known[0]:
            if column not in RESERVED and all(
                row is not None and row.values.get(column) == values_by_baseline[n]
                for n, row in rows.items()
            ):
                yield f"${{case.{column}}}", {}
                return
        if is_in_all_rows:
            column = _find_unused_column_name(column_name, known)
            cells = {row.id: values_by_baseline[n] for n, row in rows.items() if row is not None}
            yield f"${{case.{column}}}", {column: cells}

    def _propose_message_lines(self, divergence: Divergence) -> Iterator[dict[str, Any]]:
        lines = self._find_baseline_entries(divergence, "messages")
        if any(looks_like_script_mistake(line["text"]) for line in lines):
            return
        entries = [
            {
                "text": self._values[divergence.baseline_number].generalise(line["text"]),
                "type": line["level"],
            }
            for line in lines
        ]
        yield {"expect": {"messages": entries}}

    def _propose_console_lines(self, divergence: Divergence) -> Iterator[dict[str, Any]]:
        lines = [line["text"] for line in self._find_baseline_entries(divergence, "console")]
        if lines and not any(map(looks_like_script_mistake, lines)):
            yield {
                "expect": {"console": self._values[divergence.baseline_number].generalise(lines)}
            }

    def _find_baseline_entries(self, divergence: Divergence, name: str) -> list[dict[str, Any]]:
        """Return the entries of the list *name*, such as ``calls``, in the unchanged run.

        Only those of the step of *divergence*, in its item. Each maps a part of the entry, such as
        ``body``, to its value.
        """
        lines: dict[int, dict[str, Any]] = {}
        for (step, place), value in self._observed[divergence.baseline_number].items():
            owner, number, part = split_list_place(place)
            if step == divergence.step and owner == name and part:
                lines.setdefault(number, {})[part] = value
        return [lines[number] for number in sorted(lines)]

    def _propose_call_lines(self, divergence: Divergence) -> Iterator[dict[str, Any]]:
        _, _, part = split_list_place(divergence.place)
        entries = [
            {"call": call["api"]} for call in self._find_baseline_entries(divergence, "calls")
        ]
        if part != "api" and part not in _SENT:
            return
        for other in self._differing:
            owner, number, name = split_list_place(other.place)
            is_same = (other.baseline_number, other.step, owner) == (
                divergence.baseline_number,
                divergence.step,
                "calls",
            )
            if not is_same or name not in _SENT or number >= len(entries):
                continue
            value = _extract_part_only_in_first(other.first, other.second)
            if value is not UNSET and not looks_like_script_mistake(value):
                if name == "header" and not (
                    value := self._select_mentioned_headers(divergence.baseline_number, value)
                ):
                    continue
                entries[number][name] = self._values[divergence.baseline_number].generalise(value)
        if part == "api" or any(len(entry) > 1 for entry in entries):
            yield {"expect": {"proxy": entries}}

    def _select_mentioned_headers(self, baseline_number: int, header: Values) -> Values:
        """Return those members of *header* that the item's scripts mention, spelled as there.

        *header* has the headers of a call that the item with this baseline makes.
        """
        subjects = self.baselines[baseline_number].item.subjects
        text = "\n".join(body.source for body in subjects.script_and_flow_files)
        found = {
            name: re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text, re.IGNORECASE)
            for name in header
        }
        return {match[0]: header[name] for name, match in found.items() if match}

    def _propose_error_lines(self, divergence: Divergence) -> Iterator[dict[str, Any]]:
        _, number, part = split_list_place(divergence.place)
        value = divergence.first
        if number or value is UNSET or looks_like_script_mistake(value):
            return
        step = self.baselines[divergence.baseline_number].item.steps[int(divergence.step) - 1].step
        if step.expect_error is not UNSET:
            yield {"error": {part: self._values[divergence.baseline_number].generalise(value)}}

    # ------------------------------------------------------------------ trial

    def _find_baselines_of_same_file(self, baseline_number: int) -> list[int]:
        return self._files[self.baselines[baseline_number].item.spot.source.file]

    def is_killing_line(
        self,
        line: ExpectLine,
        divergences: Sequence[Divergence],
        make_variant: Callable[[int], Variant],
    ) -> bool:
        """Return whether *line* passes with the script and fails with the mutant, in every row.

        The mutant need not fail in a row without divergence at the line's places. *make_variant*
        returns the mutant as a variant of the item with that baseline number.
        """
        numbers = self._files[line.file]
        differing = {one.baseline_number for one in divergences if one.place in line.places}
        for n in numbers:
            item = insert_line(self.baselines[n].item, line)
            if item is None:
                return False
            if not run_variant(self.baselines[n], _make_item_variant(Variant(), item)).is_passed:
                return False
            mutant = _make_item_variant(make_variant(n), item)
            if n in differing and run_variant(self.baselines[n], mutant).is_passed:
                return False
        return not differing.isdisjoint(numbers)


def _make_item_variant(variant: Variant, item: ScenarioItem) -> Variant:
    return replace(variant, item=item, checks_sources=False)


_MAKE: Final[Mapping[str, Callable[[ExpectLineSearch, Divergence], Iterator[dict[str, Any]]]]] = {
    "form": ExpectLineSearch._propose_field_or_flow_lines,  # noqa: SLF001 - the table of the class
    "fields": ExpectLineSearch._propose_field_or_flow_lines,  # noqa: SLF001
    "flow": ExpectLineSearch._propose_field_or_flow_lines,  # noqa: SLF001
    "result": ExpectLineSearch._propose_result_lines,  # noqa: SLF001
    "messages": ExpectLineSearch._propose_message_lines,  # noqa: SLF001
    "console": ExpectLineSearch._propose_console_lines,  # noqa: SLF001
    "calls": ExpectLineSearch._propose_call_lines,  # noqa: SLF001
    "errors": ExpectLineSearch._propose_error_lines,  # noqa: SLF001
}
# Each trial runs every row of the file twice: with the script, and with the mutant.
_MOST_TRIALS: Final = 6


def select_and_order_divergences(divergences: Sequence[Divergence]) -> list[Divergence]:
    """Return one divergence for each item and place, those that a reader understands best first.

    A field of the form, for example, is clearer than an entry of a flow's log.
    """
    first: dict[tuple[int, str], Divergence] = {}
    for one in divergences:
        first.setdefault((one.baseline_number, one.place), one)

    def rank(one: Divergence) -> tuple[int, bool, bool]:
        section = find_expect_section(one.place)
        known = _RANKS.index(section) if section in _RANKS else len(_RANKS)
        return (
            known + 10 * one.place.startswith("flow.log"),
            looks_like_script_mistake(one.first),
            "." in one.step,
        )

    return sorted(first.values(), key=rank)


def find_divergences(
    baseline_number: int, baseline: Baseline, run: VariantRun
) -> Iterator[Divergence]:
    """Yield each place where *run*, of an item with a mutant, differs from its unchanged run.

    The latter is in *baseline*. Values returned by scripts whose result BPMAX ignores, such as
    those of the hooks ``change`` and ``open``, do not count.
    """
    steps = baseline.item.steps
    before, after = (
        _map_values_by_step_and_place(each.observations) for each in (baseline.run, run)
    )
    for step, place in dict.fromkeys((*before, *after)):
        number = step.partition(".")[0]
        action = steps[int(number) - 1].step.action if number.isdigit() else ""
        if place.startswith("result") and action and not ACTIONS[action].has_result:
            continue
        first, second = before.get((step, place), UNSET), after.get((step, place), UNSET)
        if first is UNSET or second is UNSET:
            unobserved = get_unobserved_value(place)
            first, second = (unobserved if one is UNSET else one for one in (first, second))
        elif is_same_value(first, second):
            continue
        yield Divergence(baseline_number, step, place, first, second)


def _map_values_by_step_and_place(
    observations: Sequence[Observation],
) -> dict[tuple[str, str], Any]:
    return {(one.step, one.place): one.value for one in observations}


def _find_initial_value(item: ScenarioItem, divergence: Divergence) -> Any:
    """Return the value that the field of *divergence* has before any script runs.

    `UNSET` if it is no field of the form, or has no initial value. A row in which the field still
    has this value is not searched for mistakes of scripts: none has written the field there.
    """
    section, _, name = divergence.place.partition(".")
    return get_initial_form(item.scenario).get(name, UNSET) if section == "form" else UNSET


def _is_matches_pattern(value: Any) -> bool:
    return isinstance(value, Mapping) and "$matches" in value


def _extract_part_only_in_first(first: Any, second: Any) -> Any:
    """Return the members of *first*, at any depth, that *second* lacks or has with another value.

    `UNSET` if there are none. If one of them is no object, all of *first* is returned.
    """
    if isinstance(first, Mapping) and isinstance(second, Mapping):
        parts = {
            key: _extract_part_only_in_first(value, second.get(key, UNSET))
            for key, value in first.items()
            if key not in second or not is_same_value(value, second[key])
        }
        kept = {key: value for key, value in parts.items() if value is not UNSET}
        return kept or UNSET
    return first


def differs_only_in_digits(divergence: Divergence) -> bool:
    """Return whether both values are texts that differ in nothing but their digits."""
    texts = divergence.first, divergence.second
    return all(isinstance(text, str) for text in texts) and bool(
        re.fullmatch(make_digit_pattern(texts[0]), texts[1])
    )


def _find_unused_column_name(name: str, rows: Sequence[Values]) -> str:
    """Return *name*, or a similar name that is not yet a column of *rows*."""
    stem = re.sub(r"\W+", "_", name).strip("_") or "value"
    taken = {*RESERVED, *(column for row in rows for column in row)}
    names = (stem if not number else f"{stem}_{number + 1}" for number in range(len(taken) + 1))
    return next(one for one in names if one not in taken)


def make_edits(
    line: ExpectLine, item: ScenarioItem, rows: Sequence[ScenarioItem]
) -> list[ExpectEdit | ColumnEdit]:
    """Return the edits that add *line* to the file of *item*; *rows* are all items of that file."""
    spot = item.steps[line.step - 1].spot
    edits: list[ExpectEdit | ColumnEdit] = [
        ExpectEdit(spot.source.path, spot.steps, line.expect_as_step_keys, is_merged=True)
    ]
    table = item.spot.source.root.find_at(("cases", "from"))
    if table is not None and line.columns:
        id_column = item.spot.source.root.find_at(("cases", "id"))
        path = item.spot.source.path.parent / str(table.value)
        name = str(id_column.value) if id_column is not None else "id"
        return [*edits, ColumnEdit(path, name, line.columns)]
    for row in (each.row for each in rows if line.columns):
        if row is not None and row.spot is not None:
            cells = {name: by_row[row.id] for name, by_row in line.columns.items()}
            edits.append(ExpectEdit(row.spot.source.path, row.spot.steps, cells))
    return edits


# ---------------------------------------------------------------------- insertion


def insert_line(item: ScenarioItem, line: ExpectLine) -> ScenarioItem | None:
    """Return *item* with *line* added to its step; None if it contradicts an expectation there."""
    located = item.steps[line.step - 1]
    step = _insert_into_step(located, line)
    if step is None:
        return None
    steps = (*item.steps[: line.step - 1], step, *item.steps[line.step :])
    row = item.row
    if row is not None and line.columns:
        cells = {name: values.get(row.id) for name, values in line.columns.items()}
        row = replace(row, values={**row.values, **cells})
    return replace(item, steps=steps, row=row)


def _insert_into_step(located: LocatedStep, line: ExpectLine) -> LocatedStep | None:
    step, expect, error = located.step, located.step.expect, located.step.expect_error
    for section, addition in line.expect.items():
        merged = merge_expected(_to_file_values(getattr(expect, section)), addition)
        if merged is UNSET:
            return None
        if section == "proxy":
            merged = msgspec.convert(merged, tuple[ExpectedCall, ...])
        expect = replace(expect, **{section: merged})
    if line.error:
        known = error if isinstance(error, ExpectedError) else ExpectedError()
        names = {"from": "source"}
        for key, addition in line.error.items():
            name = names.get(key, key)
            merged = merge_expected(getattr(known, name), addition)
            if merged is UNSET:
                return None
            known = replace(known, **{name: merged})
        error = known
    return replace(located, step=replace(step, expect=expect, expect_error=error))


def _to_file_values(value: Any) -> Any:
    """Return *value*, that of a section of a loaded ``expect``, as a scenario file would write it.

    A tuple becomes a list, and an `ExpectedCall` a mapping.
    """
    if isinstance(value, tuple) and value and isinstance(value[0], ExpectedCall):
        return [msgspec.to_builtins(call) for call in value]
    return list(value) if isinstance(value, tuple) else value
