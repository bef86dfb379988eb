"""Explore one scenario: its base run, every failure of every call, and what became of each."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec
from msgspec.structs import replace

from bpmax_sim.errors import BpmaxError, ConfigError
from bpmax_sim.explore.failures import PossibleFailure, possible_failures
from bpmax_sim.explore.judge import RED, Judgement, judge_failure
from bpmax_sim.explore.members import RecordedResponses
from bpmax_sim.explore.run_view import RunView, view_of
from bpmax_sim.i18n import msg
from bpmax_sim.platform.load import Platforms, load_usable_platforms
from bpmax_sim.scenario.actions import ACTIONS
from bpmax_sim.scenario.load import LocatedStep, ScenarioItem
from bpmax_sim.scenario.row_actions import RowAction
from bpmax_sim.transport.faults import Fault
from bpmax_sim.variant.run import Baseline, Variant, measure_baseline, try_variant

_WORD = re.compile(r"[\w$]+")
_ENTRIES = (ACTIONS["set"], ACTIONS["advance"])
"""Actions that do nothing when they are done again."""


class JudgedVariant(msgspec.Struct, frozen=True, kw_only=True):
    """One failure that was tried, and what became of it."""

    failure: PossibleFailure
    judgement: Judgement

    @property
    def is_red(self) -> bool:
        """Return whether this fails by default."""
        verdict = self.judgement.verdict
        if self.failure.is_response and not self.failure.shown_by:
            return False
        return verdict in RED or (verdict == "crash" and self.judgement.is_shown)


class Exploration(msgspec.Struct, frozen=True, kw_only=True):
    """What exploring one scenario came to.

    Attributes:
        refused: why it is not explored, or nothing.
        possible: how many variants there are; *variants* are those that were tried.
    """

    item: ScenarioItem
    refused: str = ""
    variants: tuple[JudgedVariant, ...] = ()
    possible: int = 0
    unreached: int = 0


class Explorer:
    """Explores the scenarios of one project; what is recorded of responses is read once."""

    def __init__(self, cassettes: Path | None = None) -> None:
        """Play the cassettes below *cassettes*, by default those of each item's project."""
        self._cassettes = cassettes
        self._recorded: dict[tuple[Path, int], RecordedResponses] = {}

    def explore(
        self,
        item: ScenarioItem,
        *,
        most: int | None = None,
        is_over: Callable[[], bool] = lambda: False,
        step: Callable[[], None] = lambda: None,
    ) -> Exploration:
        """Try the failures of *item*, at most *most* and until *is_over*; *step* counts them."""
        try:
            bench = _Bench(measure_baseline(item, cassettes=self._cassettes))
        except BpmaxError as error:
            return Exploration(item=item, refused=_describe_refusal(error))
        failures = tuple(
            possible_failures(
                bench.base.calls,
                bench.platforms,
                self._recorded_of(item, bench.platforms),
                frozenset(_words_of(item)),
            )
        )
        variants, unreached = [], 0
        for failure in failures[:most]:
            if is_over():
                break
            variant = bench.try_failure(failure)
            step()
            if variant is None:
                unreached += 1
            else:
                variants.append(variant)
        return Exploration(
            item=item, variants=tuple(variants), possible=len(failures), unreached=unreached
        )

    def _folder_of(self, item: ScenarioItem) -> Path:
        return self._cassettes or item.root / "cassettes"

    def _recorded_of(self, item: ScenarioItem, platforms: Platforms) -> RecordedResponses:
        key = (self._folder_of(item), id(platforms))
        if key not in self._recorded:
            self._recorded[key] = RecordedResponses(key[0], platforms)
        return self._recorded[key]


def _describe_refusal(error: BpmaxError) -> str:
    """Return why an item is not explored, without the place where it stands."""
    problem = error.problems[0].message if isinstance(error, ConfigError) else str(error)
    return problem.partition("\n")[0]


def _words_of(item: ScenarioItem) -> Iterator[str]:
    """Yield every word of the item's scripts, and of those that stand in its steps."""
    for body in item.subjects.bodies:
        yield from _WORD.findall(body.source)
    for located in item.steps:
        if isinstance(located.step.value, str):
            yield from _WORD.findall(located.step.value)


class _Bench:
    """One item, its base run, and trials of it."""

    def __init__(self, baseline: Baseline) -> None:
        self._baseline = baseline
        self._item = baseline.item
        self.platforms = load_usable_platforms(self._item.platforms, instances=self._item.instances)
        self.base = self.run()

    def run(self, injected: Sequence[Fault] = (), item: ScenarioItem | None = None) -> RunView:
        """Return what a trial with the rules *injected* came to."""
        variant = Variant(faults=tuple(injected), item=item)
        return view_of(try_variant(self._baseline, variant), self.platforms)

    def try_failure(self, failure: PossibleFailure) -> JudgedVariant | None:
        """Return what became of *failure*; None where it did not strike."""
        run = self.run([failure.fault])
        if not run.trial.fired:
            return None
        judgement = judge_failure(self.base, run, failure)
        if judgement.verdict == "partial" and (again := self._try_again(failure)):
            judgement = replace(judgement, why=f"{judgement.why}; {again}")
        return JudgedVariant(failure=failure, judgement=judgement)

    def _try_again(self, failure: PossibleFailure) -> str:
        """Return what doing the step once more comes to, or nothing where that has no sense."""
        number = int(failure.call.step or 0)
        if not 0 < number <= len(self._item.steps):
            return ""
        located = self._item.steps[number - 1]
        kind = located.step.kind
        if kind is None or kind in _ENTRIES or issubclass(kind, RowAction):
            return ""
        steps: tuple[LocatedStep, ...] = (*self._item.steps[:number], located)
        run = self.run([failure.fault], replace(self._item, steps=steps))
        if again := _repeated_effect(run, failure, str(number + 1)):
            return msg("a second try does {again} once more", again=again)
        if run.trial.misses:
            return msg("what a second try comes to is not recorded")
        last = run.steps.get(str(number + 1))
        if last is not None and last.errors:
            why = last.errors[0].get("message")
            return msg("a second try fails too: {why}", why=why)
        return msg("a second try passes, and does nothing twice")


def _repeated_effect(run: RunView, failure: PossibleFailure, second: str) -> str:
    """Return a call that step *second* makes, and that was done by the step before it, or ""."""
    first = failure.call.step
    done = {effect[1:] for effect in run.effects() if effect[0] == first}
    if failure.is_executed and failure.call.has_effect:
        done.add((failure.call.name, failure.call.request))
    again = (effect[1] for effect in run.effects() if effect[0] == second and effect[1:] in done)
    return next(again, "")
