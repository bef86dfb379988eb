"""Run mutants of the scripts of passing scenarios, and judge whether a scenario notices each.

*killed*: a scenario fails, or has a new warning · *unreached*: no scenario evaluates the mutated
place · *unchanged*: all observations are equal · *differs*: an observation differs, and yet all
scenarios pass · *limit*: a run was ended by a count of `WorkCounts`. A mutant of a library is
judged by the scenarios whose scripts use the library.
"""

from __future__ import annotations

import os
from collections import Counter as Counted
from collections.abc import Generator, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import msgspec
from msgspec.structs import replace

from bpmax_sim.challenge.cache import StoredVerdict, VerdictCache, digest_baseline, digest_parts
from bpmax_sim.challenge.equivalents import can_be
from bpmax_sim.challenge.ignore_comments import (
    IgnoreComment,
    IgnoreCommentIndex,
    read_ignore_comments,
)
from bpmax_sim.challenge.mutants import Mutant, read_mutants
from bpmax_sim.challenge.probes import MATTERS
from bpmax_sim.challenge.proposals import (
    Divergence,
    ExpectLine,
    ExpectLineSearch,
    differs_only_in_digits,
    find_divergences,
)
from bpmax_sim.challenge.script_reach import Counts, ScriptReach
from bpmax_sim.errors import Problem
from bpmax_sim.i18n import TranslatableText
from bpmax_sim.scenario.events import ConsoleWritten
from bpmax_sim.scenario.load import ScenarioItem
from bpmax_sim.scenario.source import RunWarning
from bpmax_sim.script.failure import Script, replace_lone_carriage_returns
from bpmax_sim.script.hits import ScriptHits, add_counters_to_script
from bpmax_sim.script_source.counters import CountedScript, Counter
from bpmax_sim.script_source.reach import ReachFinder
from bpmax_sim.script_source.scopes import Scopes
from bpmax_sim.script_source.slips import SlipReader
from bpmax_sim.script_source.syntax import SyntaxTree
from bpmax_sim.script_source.values import Values
from bpmax_sim.variant.run import (
    Baseline,
    BaselineError,
    Variant,
    VariantRun,
    explain_no_variants,
    measure_baseline,
    run_variant,
)
from bpmax_sim.variant.workers import map_in_order

if TYPE_CHECKING:
    from tree_sitter import Node

Verdict = Literal["killed", "unreached", "unchanged", "differs", "limit"]
MOST = 10_000
"""How many mutants are tried, unless somebody says otherwise."""
_MOST_DIVERGENCES = 60


class MutantVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the scenarios notice one mutant, and what shows it.

    Attributes:
        verdict: ``killed``, ``differs`` (runs differ, nothing fails), ``unchanged`` (no effect),
            ``unreached`` or ``limit`` (its run had to be stopped).
        killer: node id of the item that killed it.
        cause: kind of the failure that killed it, or name of the count (`WorkCounts`) whose limit
            ended its run; ``unmet`` for an unchanged mutant whose probe (`Mutant.probe`) met no
            input for which it matters.
        divergences: some of the observations that differ, if it is ``differs``.
        line: line of ``expect`` that would kill it; None if none was found.
    """

    verdict: Verdict
    killer: str = ""
    cause: str = ""
    divergences: tuple[Divergence, ...] = ()
    line: ExpectLine | None = None


class ScriptTarget:
    """One script, its mutants, and the items that run it.

    A counter is a place in the script (a branch, a function) at which an instrumented run counts;
    counters are numbered in the order in which they were inserted. A baseline is the run of an item
    with the unchanged script.

    Attributes:
        baseline_numbers: numbers of the items' baselines, the shortest run first; they count in
            `ScriptChallenge.baselines`.
        counts: baseline number -> how often its run passed each counter.
        totals: the same, summed over all baselines.
    """

    def __init__(
        self,
        script: Script,
        counted: CountedScript,
        counts: Mapping[int, Counts],
        baseline_numbers: list[int],
    ) -> None:
        """Parse *script* and list its mutants.

        Args:
            script: the script.
            counted: the same with counters at its branches and functions.
            counts: number of a baseline -> how often its run passed each counter.
            baseline_numbers: baselines that run the script, the shortest run first.
        """
        self.name = script.name
        self.tree = SyntaxTree(script.source, script.name)
        self.data = self.tree.text.encode()
        self.baseline_numbers = tuple(baseline_numbers)
        self.counts = counts
        self.totals: Counts = [sum(column) for column in zip(*counts.values(), strict=True)]
        self.reach = ScriptReach(self.tree, counted.counters)
        self.ignored: tuple[IgnoreComment, ...] = tuple(read_ignore_comments(self.tree))
        self.mutants = tuple(m for m in read_mutants(self.tree) if self._can_be_parsed(m))

    @cached_property
    def reaching_input_finder(self) -> ReachFinder:
        """Return the finder of the table row, response or fault that would reach a branch."""
        return ReachFinder(self.tree.text, self.name)

    @cached_property
    def _slips(self) -> SlipReader:
        scopes = Scopes(self.tree)
        return SlipReader(self.tree, scopes, Values(self.tree, scopes))

    def can_branch_be_taken(self, counter_number: int) -> bool:
        """Return whether some input can take the branch that counter *counter_number* counts.

        False if conditions around or before it rule that out. No row can then reach it, so it is
        no weakness of the scenarios; `bpmax-sim lint` reports it as a mistake of the script.
        """
        arm = self.reach.counters[counter_number].arm
        if arm not in {"then", "else", "?", ":"}:
            return True
        condition = self.reach.find_node_to_report(counter_number)
        return can_be(self._slips, condition, is_denied=arm in {"else", ":"})

    def _can_be_parsed(self, mutant: Mutant) -> bool:
        """Return whether the script with *mutant* in it is still valid JavaScript."""
        return not self.tree.has_error_with(mutant.start, mutant.end, mutant.new.encode())

    def _find_mutated_node(self, mutant: Mutant) -> Node:
        """Return the smallest syntax node that contains the text which *mutant* replaces."""
        node = self.tree.root.descendant_for_byte_range(mutant.start, mutant.end)
        return node if node is not None else self.tree.root

    def find_enclosing_counters(self, mutant: Mutant) -> tuple[int, ...]:
        """Return the counters of the code around *mutant*, beginning with the innermost."""
        return tuple(self.reach.find_enclosing_counters(self._find_mutated_node(mutant)))

    def find_evaluating_baselines(self, mutant: Mutant) -> tuple[int, ...]:
        """Return the numbers of the unchanged runs that evaluate the place of *mutant*."""
        guards = self.find_enclosing_counters(mutant)
        return tuple(n for n in self.baseline_numbers if not guards or self.counts[n][guards[0]])

    def is_fallback_never_needed(self, mutant: Mutant) -> bool:
        """Return whether no unchanged run evaluates the fallback value that *mutant* removes."""
        right = self._find_mutated_node(mutant).child_by_field_name("right")
        return right is not None and not self.reach.is_evaluated(right, self.totals)

    def describe_input_for_condition(self, mutant: Mutant, *, holds: bool) -> str:
        """Return which row or response makes the condition of *mutant* true (*holds*) or false."""
        start, end = mutant.condition or (mutant.start, mutant.end)
        return self.reaching_input_finder.describe_condition(start, end, holds=holds)

    def find_untaken_else(self, mutant: Mutant) -> Counter | None:
        """Return the counter of runs in which the condition that *mutant* makes true was false.

        None if there were such runs, if *mutant* does something else, or if the condition is not
        that of an ``if`` without ``else``.
        """
        number = (
            self.reach.find_implied_else_counter(self._find_mutated_node(mutant))
            if mutant.new == "true"
            else None
        )
        is_missing = number is not None and not self.totals[number]
        return self.reach.counters[number] if number is not None and is_missing else None


class ScriptChallenge:
    """All scripts of some items (scenarios or rows), ready to be challenged.

    Attributes:
        baselines: items that can be challenged, each with the result of its unchanged run.
        left_out: reason for each item that cannot, such as Python in it.
        targets: scripts with their mutants, sorted by name.
        possible: number of mutants of all scripts.
        numbered: mutants that are tried, each with its script; numbers of mutants count in this
            list.
        ignoring: comments in the scripts that exclude mutants.
        reused: number of verdicts taken from the cache.
    """

    reused = 0

    def __init__(
        self,
        items: Sequence[ScenarioItem],
        environ: Mapping[str, str] = os.environ,
        *,
        most: int = MOST,
        only: str = "",
        cache: VerdictCache | None = None,
    ) -> None:
        """Run each item twice unchanged, and count which code it evaluates.

        Args:
            items: scenarios to challenge.
            environ: environment that ``${env.X}`` reads.
            most: maximum number of mutants tried; they are spread evenly over all.
            only: name of the only script to challenge; "" for all scripts.
            cache: verdicts of earlier runs.

        Raises:
            BaselineError: if items fail, or differ between two runs; all of them at once.
            ConfigError: if a comment excludes mutants without a reason.
        """
        self.left_out: list[Problem] = []
        red: list[Problem] = []
        self.baselines: list[Baseline] = []
        hits: list[ScriptHits] = []
        for item in items:
            if why := explain_no_variants(item):
                self.left_out.append(Problem(why, item.place))
                continue
            own = ScriptHits()
            try:
                self.baselines.append(measure_baseline(item, environ=environ, hits=own))
                hits.append(own)
            except BaselineError as error:
                red += error.problems
        if red:
            raise BaselineError(*red)
        self._search = ExpectLineSearch(self.baselines)
        found = self._find_targets(hits)
        self.targets = [target for target in found if only in {"", target.name}]
        self.ignoring = IgnoreCommentIndex(one for target in self.targets for one in target.ignored)
        mutants = [(target, m) for target in self.targets for m in target.mutants]
        self.possible = len(mutants)
        tried = min(most, self.possible)
        self.numbered = [mutants[number * self.possible // tried] for number in range(tried)]
        self._memory = _VerdictHistory(self, cache) if cache is not None else None

    def _find_targets(self, hits: Sequence[ScriptHits]) -> Iterator[ScriptTarget]:
        """Yield the scripts that any baseline ran, with their counters.

        *hits* are the counts of each baseline, in the same order as `baselines`.
        """
        scripts: dict[str, Script] = {}
        counts: dict[str, dict[int, Counts]] = {}
        for number, (baseline, own) in enumerate(zip(self.baselines, hits, strict=True)):
            for script in find_script_files(baseline.item):
                if (passed := own.counts.get(replace_lone_carriage_returns(script))) is not None:
                    scripts[script.name] = script
                    counts.setdefault(script.name, {})[number] = passed
        for name in sorted(counts):
            baseline_numbers = sorted(counts[name], key=lambda n: len(self.baselines[n].run.events))
            if (
                counted := add_counters_to_script(replace_lone_carriage_returns(scripts[name]))
            ) is not None:
                yield ScriptTarget(scripts[name], counted, counts[name], baseline_numbers)

    def find_items_of_file(self, file: str) -> list[ScenarioItem]:
        """Return the items of the scenario file whose name in messages is *file*."""
        items = (baseline.item for baseline in self.baselines)
        return [item for item in items if item.spot.source.file == file]

    def judge(self, workers: int = 1) -> Generator[MutantVerdict, None, None]:
        """Yield the verdict on each mutant, in the order of `numbered`.

        A mutant with a cached verdict is not run again.
        """
        memory = self._memory
        known = [
            memory.find_verdict(number) if memory else None for number in range(len(self.numbered))
        ]
        left = [number for number, verdict in enumerate(known) if verdict is None]
        self.reused = len(known) - len(left)
        judged = map_in_order(lambda index: self.judge_one(left[index]), len(left), workers)
        try:
            for number, recalled in enumerate(known):
                if recalled is not None:
                    yield recalled
                    continue
                verdict = next(judged) or MutantVerdict(verdict="limit", cause="process")
                if memory:
                    memory.store_verdict(number, verdict)
                yield verdict
        finally:
            if memory:
                memory.save()

    def judge_one(self, number: int) -> MutantVerdict:
        """Return the verdict on the mutant with index *number* in `numbered`."""
        target, mutant = self.numbered[number]
        numbers = target.find_evaluating_baselines(mutant)
        # The scenario that killed it the last time runs first, so that mostly one run is enough.
        killer = self._memory.find_last_killer_id(number) if self._memory else ""
        numbers = tuple(sorted(numbers, key=lambda n: self.baselines[n].item.node_id != killer))
        variant = self._make_mutant_variant(number)
        divergences: list[Divergence] = []
        exceeded = ""
        for n in numbers:
            baseline = self.baselines[n]
            run = run_variant(baseline, variant)
            if run.exceeded:
                # Another scenario may still kill it, which says more than that a limit was reached.
                exceeded = exceeded or run.exceeded
            elif not run.is_passed:
                cause = next((failure.kind for failure in run.failures), "error")
                return MutantVerdict(verdict="killed", killer=baseline.item.node_id, cause=cause)
            elif _find_new_warnings(baseline, run, mutant):
                return MutantVerdict(
                    verdict="killed", killer=baseline.item.node_id, cause="warning"
                )
            else:
                divergences += find_divergences(n, baseline, run)
        if exceeded:
            return MutantVerdict(verdict="limit", cause=exceeded)
        if not divergences and numbers:
            is_met = not mutant.probe or self._matters_in_any_run(target, mutant, numbers)
            return MutantVerdict(verdict="unchanged", cause="" if is_met else "unmet")
        if not divergences:
            return MutantVerdict(verdict="unreached")
        return self._judge_difference(mutant, variant, divergences)

    def _make_mutant_variant(self, number: int) -> Variant:
        target, mutant = self.numbered[number]
        text = mutant.apply(target.data)
        return Variant(scripts={target.name: text}, checks_sources=False)

    def _judge_difference(
        self, mutant: Mutant, variant: Variant, divergences: Sequence[Divergence]
    ) -> MutantVerdict:
        """Return the verdict on a mutant that changes observations, but fails no scenario so far.

        *variant* is an item with the mutant, *divergences* are the changed observations. The mutant
        is killed if it causes a new warning; those about doubtful places in scripts, whose search
        takes long, are looked for only here. If no line of ``expect`` kills it and only digits
        differ, it counts as unchanged.
        """
        baseline = self.baselines[divergences[0].baseline_number]
        run = run_variant(baseline, replace(variant, checks_sources=True))
        if not run.is_passed or _find_new_warnings(baseline, run, mutant):
            return MutantVerdict(verdict="killed", killer=baseline.item.node_id, cause="warning")
        line = self._search.find_line(divergences, lambda _number: variant)
        if line is None and all(map(differs_only_in_digits, divergences)):
            return MutantVerdict(verdict="unchanged")
        some = tuple(divergences[:_MOST_DIVERGENCES])
        return MutantVerdict(verdict="differs", divergences=some, line=line)

    def _matters_in_any_run(
        self, target: ScriptTarget, mutant: Mutant, baseline_numbers: Sequence[int]
    ) -> bool:
        """Return whether the mistake of *mutant* would matter in one of the runs.

        The items with *baseline_numbers* are run with the probe of *mutant* in the script of
        *target*: an expression that reports this.
        """
        text = replace(mutant, new=mutant.probe).apply(target.data)
        variant = Variant(scripts={target.name: text}, checks_sources=False)
        runs = (run_variant(self.baselines[n], variant) for n in baseline_numbers)
        return any(
            isinstance(event, ConsoleWritten) and event.text == MATTERS
            for run in runs
            for event in run.events
        )

    def is_killing_line(
        self, line: ExpectLine, mutant_number: int, divergences: Sequence[Divergence]
    ) -> bool:
        """Return whether *line*, found for another mutant, also kills this one.

        *mutant_number* is its index in `numbered`, *divergences* are where its runs differ from
        those of the script.
        """
        variant = self._make_mutant_variant(mutant_number)
        return self._search.is_killing_line(line, divergences, lambda _number: variant)


def _find_new_warnings(baseline: Baseline, run: VariantRun, mutant: Mutant) -> list[RunWarning]:
    """Return the warnings of *run*, that of a mutant, which the unchanged run does not have.

    If the mutant only stands for a mistake (``if (true)``, a loop ended by ``break``), warnings
    about its text do not count: nobody writes such text.
    """

    def key(warning: RunWarning) -> tuple[object, ...]:
        message = warning.message
        text = message.template if isinstance(message, TranslatableText) else message
        return warning.kind, text, warning.place

    known = set(map(key, baseline.run.end.warnings))
    is_stand_in = mutant.kind in {"code-check", "loop"}
    return [
        one
        for one in run.end.warnings
        if key(one) not in known and not (is_stand_in and one.kind == "script")
    ]


class _VerdictHistory:
    """The verdicts of earlier runs on the mutants of one challenge; new ones are added."""

    def __init__(self, challenge: ScriptChallenge, cache: VerdictCache) -> None:
        self._cache = cache
        # A mutant has a key and a digest. The key survives changes elsewhere in the script, so that
        # the scenario that killed it the last time is found and runs first. The digest has the
        # position and all inputs; only if it is the same does the verdict itself still hold.
        inputs = [digest_baseline(baseline) for baseline in challenge.baselines]
        seen: Counted[tuple[str, ...]] = Counted()
        self._keys: list[tuple[bytes, bytes]] = []
        for target, mutant in challenge.numbered:
            name = (target.name, mutant.kind, mutant.old, mutant.new)
            seen[name] += 1
            runs = [inputs[n] for n in target.baseline_numbers]
            key = digest_parts(name, seen[name])
            self._keys.append((key, digest_parts(mutant.start, mutant.end, mutant.new, runs)))

    def find_verdict(self, number: int) -> MutantVerdict | None:
        """Return an earlier verdict on a mutant, if all inputs of it are the same.

        *number* is the mutant's index in `ScriptChallenge.numbered`. None if an input changed, and
        for ``differs`` (observed values differ, no expectation fails): to find the line of
        ``expect`` to propose, the mutant has to be run again.
        """
        key, inputs = self._keys[number]
        kept = self._cache.find(key)
        if kept is None or kept.digest != inputs or kept.verdict == "differs":
            return None
        return msgspec.convert(
            {"verdict": kept.verdict, "killer": kept.killer, "cause": kept.cause}, MutantVerdict
        )

    def find_last_killer_id(self, number: int) -> str:
        """Return the id of the item that killed mutant *number* last time, or "".

        That item is tried first.
        """
        kept = self._cache.find(self._keys[number][0])
        return kept.killer if kept is not None else ""

    def store_verdict(self, number: int, verdict: MutantVerdict) -> None:
        """Store *verdict* on the mutant with index *number* for later runs."""
        key, inputs = self._keys[number]
        self._cache.add(key, StoredVerdict(inputs, verdict.verdict, verdict.killer, verdict.cause))

    def save(self) -> None:
        self._cache.save()


def find_script_files(item: ScenarioItem) -> Iterator[Script]:
    """Yield the scripts of *item* that are files: handlers, libraries, and those of ``js`` steps.

    Scripts written into the scenario file are left out.
    """
    subjects = item.subjects
    yield from (*subjects.handlers, *subjects.all_libraries, *subjects.inline.values())
