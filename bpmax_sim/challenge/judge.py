"""Put mistakes into the scripts of scenarios that pass, and judge what the scenarios make of each.

*killed*: a scenario fails, or warns of it · *unreached*: no scenario evaluates the place ·
*unchanged*: nothing is other · *differs*: something is other, and all scenarios pass · *limit*: it
was ended by a count. A mutant of a library counts through the scripts that use it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

import msgspec

from bpmax_sim.challenge.mutants import IgnoreComment, Mutant, read_ignored, read_mutants
from bpmax_sim.challenge.proposals import Divergence, ExpectLine, LineSearch, find_divergences
from bpmax_sim.challenge.reach import Hits, find_hits, is_reached, join_hits
from bpmax_sim.errors import Problem
from bpmax_sim.scenario.load import ScenarioItem
from bpmax_sim.script.failure import Script
from bpmax_sim.script_source.syntax import SyntaxTree
from bpmax_sim.variant.run import (
    Baseline,
    BaselineError,
    Variant,
    find_obstacle,
    measure_baseline,
    run_variant,
)
from bpmax_sim.variant.workers import map_in_order

Verdict = Literal["killed", "unreached", "unchanged", "differs", "limit"]
_MOST_DIVERGENCES = 60


class MutantVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one mutant.

    Attributes:
        killer: the item that killed it, by its name.
        cause: the kind of the failure that killed it, or the count that ended it.
        line: the line of ``expect`` that kills it.
    """

    verdict: Verdict
    killer: str = ""
    cause: str = ""
    divergences: tuple[Divergence, ...] = ()
    line: ExpectLine | None = None


class ScriptTarget:
    """One script, its mutants, and the items that use it.

    Attributes:
        users: numbers of their baselines, the shortest run first.
        hits: of each of them.
        taken: what happened in any of them.
    """

    def __init__(self, script: Script, users: Sequence[int], hits: Mapping[int, Hits]) -> None:
        """Read the script."""
        self.name = script.name
        self.tree = SyntaxTree(script.source, script.name)
        self.data = self.tree.text.encode()
        self.users = tuple(users)
        self.hits = hits
        self.taken = join_hits(hits.values())
        self.ignored: tuple[IgnoreComment, ...] = tuple(read_ignored(self.tree))
        self.mutants = tuple(m for m in read_mutants(self.tree) if self._is_script(m))

    def _is_script(self, mutant: Mutant) -> bool:
        return not SyntaxTree(mutant.apply(self.data)).root.has_error

    def users_of(self, mutant: Mutant) -> tuple[int, ...]:
        """Return the baselines that evaluate the place of *mutant*."""
        node = self.tree.root.descendant_for_byte_range(mutant.start, mutant.end)
        if node is None:
            return ()
        return tuple(user for user in self.users if is_reached(node, self.hits[user]))


class ScriptChallenge:
    """All scripts of some items, ready to be challenged.

    Attributes:
        baselines: of the items that can be tried.
        left_out: why others cannot.
        targets: the scripts, in the order of their names.
    """

    def __init__(
        self, items: Sequence[ScenarioItem], environ: Mapping[str, str] = os.environ
    ) -> None:
        """Run each item as it is, twice, and once to see which branches it takes.

        Raises:
            BaselineError: items that fail or flicker, all of them at once.
        """
        self.left_out: list[Problem] = []
        red: list[Problem] = []
        self.baselines: list[Baseline] = []
        for item in items:
            if why := find_obstacle(item):
                self.left_out.append(Problem(why, item.place))
                continue
            try:
                self.baselines.append(measure_baseline(item, environ=environ))
            except BaselineError as error:
                red += error.problems
        if red:
            raise BaselineError(*red)
        self._search = LineSearch(self.baselines)
        self.targets = list(self._find_targets())
        self.numbered = [(target, m) for target in self.targets for m in target.mutants]

    def _find_targets(self) -> Iterator[ScriptTarget]:
        scripts: dict[str, Script] = {}
        hits: dict[str, dict[int, Hits]] = {}
        for number, baseline in enumerate(self.baselines):
            own = {script.name: script for script in scripts_of(baseline.item)}
            scripts |= own
            trees = {name: SyntaxTree(one.source, name) for name, one in own.items()}
            readable = {name: tree for name, tree in trees.items() if not tree.root.has_error}
            for name, found in find_hits(baseline, readable).items() if readable else ():
                hits.setdefault(name, {})[number] = found
        for name in sorted(hits):
            users = sorted(hits[name], key=lambda user: len(self.baselines[user].run.events))
            yield ScriptTarget(scripts[name], users, hits[name])

    def items_of(self, file: str) -> list[ScenarioItem]:
        """Return the items of the scenario file that messages call *file*."""
        items = (baseline.item for baseline in self.baselines)
        return [item for item in items if item.spot.source.file == file]

    def judge(self, workers: int = 1) -> Iterator[MutantVerdict]:
        """Yield what becomes of each of `numbered`, in that order."""
        judged = map_in_order(self.judge_one, len(self.numbered), workers)
        for judgement in judged:
            yield judgement or MutantVerdict(verdict="limit", cause="process")

    def judge_one(self, number: int) -> MutantVerdict:
        """Return what becomes of one mutant."""
        target, mutant = self.numbered[number]
        users = target.users_of(mutant)
        variant = Variant(scripts={target.name: mutant.apply(target.data)})
        divergences: list[Divergence] = []
        exceeded = ""
        for user in users:
            baseline = self.baselines[user]
            run = run_variant(baseline, variant)
            if run.exceeded:
                exceeded = exceeded or run.exceeded
            elif not run.is_passed:
                cause = next((failure.kind for failure in run.failures), "error")
                return MutantVerdict(verdict="killed", killer=baseline.item.name, cause=cause)
            elif {*run.end.warnings} - {*baseline.run.end.warnings}:
                return MutantVerdict(verdict="killed", killer=baseline.item.name, cause="warning")
            else:
                divergences += find_divergences(user, baseline, run)
        if exceeded:
            return MutantVerdict(verdict="limit", cause=exceeded)
        if not divergences:
            return MutantVerdict(verdict="unchanged" if users else "unreached")
        line = self._search.find_line(divergences, lambda _user: variant)
        some = tuple(divergences[:_MOST_DIVERGENCES])
        return MutantVerdict(verdict="differs", divergences=some, line=line)

    def tells(self, line: ExpectLine, number: int, divergences: Sequence[Divergence]) -> bool:
        """Return whether *line*, which was found for another mutant, kills this one too."""
        target, mutant = self.numbered[number]
        variant = Variant(scripts={target.name: mutant.apply(target.data)})
        return self._search.tells(line, divergences, lambda _user: variant)


def scripts_of(item: ScenarioItem) -> Iterator[Script]:
    """Yield the scripts of *item* that lie in files of their own."""
    subjects = item.subjects
    yield from (*subjects.handlers, *subjects.all_libraries, *subjects.inline.values())
