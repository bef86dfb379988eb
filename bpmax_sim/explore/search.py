"""Explore one scenario: run it with each possible failure and order, and judge each variant.

Every variant is compared with the base run, which has no failure. From the base run come the
failures of each call, the orders of responses of calls in flight together, and the actions of a
person during a call. Each of them starts a generator of *attempts*; an attempt runs one variant
when it is called.

A generator is never consumed ahead of its attempts, since their verdicts decide which follow: a
failure that the script made up for is repeated until the script gives up, and what it did instead
is made to fail, too. A seed therefore shuffles the generators, not the attempts. Failures of two
independent calls are deliberately not combined: they would show each finding many times.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from multiprocessing import RawArray
from pathlib import Path
from random import Random
from typing import Final

import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from bpmax_sim.errors import BpmaxError, ConfigError, Place
from bpmax_sim.explore.failures import PossibleFailure, find_possible_failures
from bpmax_sim.explore.judge import (
    RED,
    Judgement,
    find_call,
    find_calls_waiting_for_login,
    judge_failure,
)
from bpmax_sim.explore.members import RecordedResponses
from bpmax_sim.explore.order_judge import judge_order
from bpmax_sim.explore.orders import (
    Group,
    Interruption,
    Order,
    count_orders,
    find_concurrent_calls,
    find_interruptions_during_calls,
    find_orders_late_for_next_call,
    find_possible_orders,
    make_delay_fault,
)
from bpmax_sim.explore.reads import READ_WATCHER, Names, ReadMembers, find_reads
from bpmax_sim.explore.run_view import ObservedCall, RunView, make_run_view
from bpmax_sim.i18n import join_messages, msg
from bpmax_sim.platform.load import Platforms, load_usable_platforms
from bpmax_sim.scenario.actions import ACTIONS
from bpmax_sim.scenario.faults import to_transport_fault
from bpmax_sim.scenario.load import LocatedStep, ScenarioItem
from bpmax_sim.scenario.model import ExploreSpec, FaultRule
from bpmax_sim.scenario.row_actions import RowAction
from bpmax_sim.scenario.trial_run import CallKey
from bpmax_sim.session.options import Severity
from bpmax_sim.simulator.simulator import has_shipped_rule_table
from bpmax_sim.subject.hooks import is_same_value
from bpmax_sim.transport.faults import Fault
from bpmax_sim.variant.run import (
    Baseline,
    BaselineError,
    Variant,
    measure_baseline,
    run_variant_without_expectations,
)
from bpmax_sim.variant.workers import map_in_order

_EVER: Final = 998
"""So many further calls fail where they fail each time; who goes on is ended by counts."""
_TRIES: Final = 6
"""So many further calls at most, one after the other, where the scenario makes others later."""
_WORD = re.compile(r"[\w$]+")
_ENTRIES = (ACTIONS["set"], ACTIONS["advance"])
"""Actions that do nothing when they are done again."""
ORDERS: Final = msg("orders")
MEANWHILE: Final = msg("meanwhile")
AT_ONCE: Final = msg("two at once")
_DOWN: Final = "500"
"""How a second call fails that cannot fail as the first one did."""


class JudgedVariant(msgspec.Struct, frozen=True, kw_only=True):
    """A changed run of a scenario that was tried, and its verdict.

    A call failed, responses came in another order, or a person did something during a call.

    Attributes:
        call: call that failed, or whose response came later.
        kind: description of what happened; *column* is its column in the matrix of calls and
            failures.
        rules: fault rules that cause it, as under ``faults`` of a scenario file.
        interruption: what a person did during the call; None if nothing.
        is_shown: whether a declaration or recording proves that the third party can respond so;
            false only for a response without some member of which nothing says that it may lack.
        judgement: the verdict on the script: what went wrong, and where.
        severity: what that verdict means for the scenario: ``fail``, ``warn`` or ``allow``.
        base_call_names: names of the calls that the unchanged run makes up to the step of *call*,
            that step included.
        refusals: number of a step -> code of the error with which BPMAX refuses that step, whatever
            a script does, such as a click during a submit.
        is_simulated: whether simulators responded instead of recordings.
    """

    call: ObservedCall
    kind: str
    column: str
    rules: tuple[FaultRule, ...]
    interruption: Interruption | None = None
    is_shown: bool = True
    judgement: Judgement
    severity: Severity
    base_call_names: tuple[str, ...] = ()
    refusals: Mapping[str, str] = {}
    is_simulated: bool = False

    @property
    def fails_scenario(self) -> bool:
        """Return whether the variant makes ``explore`` red, by the severity of its verdict."""
        return self.severity == "fail"


class Exploration(msgspec.Struct, frozen=True, kw_only=True):
    """The result of exploring one scenario, in a form that can be sent to another process.

    Attributes:
        node_id, name, place: those of the item.
        target: the item as it is named on the command line.
        refused: reason why it was not explored, or "".
        possible, tried: number of variants, and how many of them were tried.
        variants: tried variants in which the failure or order really occurred.
        knows_member_reads: whether a run showed which response members the scripts read; otherwise
            the names in their texts are used.
        most_in_flight: largest number of calls that were in flight together.
    """

    node_id: str
    name: str
    place: Place
    target: str
    refused: str = ""
    variants: tuple[JudgedVariant, ...] = ()
    possible: int = 0
    tried: int = 0
    knows_member_reads: bool = True
    most_in_flight: int = 0


OnTried = Callable[[int, int], None]
"""Is told how many variants were tried, and of how many."""


class _SharedCounts:
    """The numbers of tried and possible variants of each item, shared by all processes."""

    def __init__(self, items: int) -> None:
        """Start with zeros for *items* items; forked children write into the same memory."""
        self._tried = RawArray("q", items)
        self._possible = RawArray("q", items)
        self._owner = os.getpid()

    @property
    def is_creator_process(self) -> bool:
        """Return whether this process created the object, and is not a forked child."""
        return os.getpid() == self._owner

    def set_counts(self, number: int, tried: int, possible: int) -> None:
        """Note how many variants of the item *number* (its index) were tried and are possible."""
        self._tried[number], self._possible[number] = tried, possible

    def estimate_totals(self) -> tuple[int, int]:
        """Return the number of tried variants, and the estimated number of possible ones.

        Items that have not begun are assumed to have as many possible variants as the others on
        average.
        """
        begun = sum(map(bool, self._possible))
        possible = sum(self._possible) * len(self._possible) // max(begun, 1)
        return sum(self._tried), possible


class Explorer:
    """Explores the scenarios of one project; the project's recordings are read only once."""

    def __init__(self, cassettes: Path | None = None) -> None:
        """Play the cassettes below *cassettes*, by default those of each item's project."""
        self._cassettes = cassettes
        self._recorded: dict[tuple[Path, tuple[Path, ...]], RecordedResponses] = {}

    def explore(
        self,
        item: ScenarioItem,
        *,
        most: int | None = None,
        seed: int | None = None,
        is_over: Callable[[], bool] = lambda: False,
        on_tried: OnTried = lambda _tried, _possible: None,
    ) -> Exploration:
        """Try the variants of *item*: at most *most*, and until *is_over* returns true.

        A variant is a run in which calls fail, responses come in another order, or a person acts
        during a call. *on_tried* is called after each. With *seed*, they are tried in a random
        order; without it, in the order in which they were found, which the result always has.
        """
        found = _start_exploration(item)
        try:
            bench = _ItemTrials(_simulate_or_replay_baseline(item, self._cassettes))
        except BpmaxError as error:
            return replace(found, refused=_explain_unexplored_item(error))
        bench.collect_variants(self._load_recorded_responses(item, bench.platforms))
        starts = list(enumerate(bench.make_attempts()))
        if seed is not None:
            Random(f"{seed} {item.node_id}").shuffle(starts)  # noqa: S311 - a choice, no secret
        judged: list[tuple[int, JudgedVariant]] = []
        attempts = ((number, attempt) for number, start in starts for attempt in start())
        tried = 0
        for number, attempt in islice(attempts, most):
            if is_over():
                break
            tried += 1
            if (variant := attempt()) is not None:
                judged.append((number, variant))
            on_tried(tried, min(bench.possible, most or bench.possible))
        judged.sort(key=lambda pair: pair[0])
        return replace(
            found,
            variants=tuple(replace(one, is_simulated=bench.is_simulated) for _, one in judged),
            possible=bench.possible,
            tried=tried,
            knows_member_reads=bench.knows_member_reads,
            most_in_flight=bench.most_in_flight,
        )

    def explore_all(
        self,
        items: Sequence[ScenarioItem],
        *,
        workers: int = 1,
        most: int | None = None,
        seed: int | None = None,
        is_over: Callable[[], bool] = lambda: False,
        on_tried: OnTried = lambda _tried, _possible: None,
    ) -> Generator[Exploration, None, None]:
        """Yield the result of exploring each of *items*, using at most *workers* processes.

        The results do not depend on the number of processes, unless *is_over* ends the search.
        *on_tried* is called now and then with the numbers of tried and possible variants of all
        items.
        """
        counts = _SharedCounts(len(items))

        def explore(number: int) -> Exploration:
            def note(tried: int, possible: int) -> None:
                counts.set_counts(number, tried, possible)
                if counts.is_creator_process:
                    on_tried(*counts.estimate_totals())

            return self.explore(items[number], most=most, seed=seed, is_over=is_over, on_tried=note)

        done = map_in_order(
            explore, len(items), workers, lambda: on_tried(*counts.estimate_totals())
        )
        for item, found in zip(items, done, strict=True):
            lost = msg("the process that explored it was ended from outside")
            yield replace(_start_exploration(item), refused=lost) if found is None else found

    def _load_recorded_responses(
        self, item: ScenarioItem, platforms: Platforms
    ) -> RecordedResponses:
        folder = self._cassettes or item.root / "cassettes"
        # The platforms of an item decide which of the responses are refusals.
        key = folder, tuple(item.platforms)
        if key not in self._recorded:
            self._recorded[key] = RecordedResponses(folder, platforms)
        return self._recorded[key]


def _simulate_or_replay_baseline(item: ScenarioItem, cassettes: Path | None) -> Baseline:
    """Return *item* with the result of its run without failures, to which others are compared.

    If the scenario sets a mode, it runs in that. Otherwise simulators answer it if something that
    it calls is not recorded, or if this package has rules for each called platform and the item
    passes with them; else recordings do.

    Raises:
        BpmaxError: if it passes neither way, or fails for another reason than a missing recording.
    """
    try:
        recorded = measure_baseline(item, cassettes=cassettes)
    except BaselineError as error:
        is_unrecorded = bool(error.failures) and all(one.kind == "miss" for one in error.failures)
        if item.scenario.proxy.mode is not UNSET or not is_unrecorded:
            raise
        try:
            return measure_baseline(_switch_to_simulators(item), cassettes=cassettes)
        except BpmaxError:
            raise error from None
    called = {call.call.partition(".")[0] for call in recorded.run.calls}
    if item.scenario.proxy.mode is not UNSET or not called:
        return recorded
    platforms = load_usable_platforms(item.platforms, instances=item.instances)
    known = [platforms.find(key) for key in called]
    if not all(one is not None and has_shipped_rule_table(one) for one in known):
        return recorded
    try:
        return measure_baseline(_switch_to_simulators(item), cassettes=cassettes)
    except BpmaxError:
        return recorded


def _switch_to_simulators(item: ScenarioItem) -> ScenarioItem:
    """Return *item* with simulators instead of recordings."""
    simulated = replace(item.scenario.proxy, mode="simulate", unused="ignore")
    return replace(item, scenario=replace(item.scenario, proxy=simulated))


def _start_exploration(item: ScenarioItem) -> Exploration:
    return Exploration(
        node_id=item.node_id, name=item.name, place=item.place, target=item.selection_arguments
    )


def _explain_unexplored_item(error: BpmaxError) -> str:
    """Return the first line of *error*, which says why an item is not explored.

    Of a `ConfigError` it is the message of its first problem, without file and line.
    """
    problem = error.problems[0].message if isinstance(error, ConfigError) else str(error)
    return problem.partition("\n")[0]


def _find_script_words(item: ScenarioItem) -> Iterator[str]:
    """Yield every word of the item's scripts, including scripts inside steps."""
    for body in item.subjects.script_and_flow_files:
        yield from _WORD.findall(body.source)
    for located in item.steps:
        if isinstance(located.step.value, str):
            yield from _WORD.findall(located.step.value)


def choose_severity(
    judgement: Judgement,
    spec: ExploreSpec,
    *,
    is_confirmed: bool = True,
    is_uncertain: bool = False,
) -> Severity:
    """Return the severity of a verdict: as the scenario configures it, else the default.

    Args:
        judgement: verdict.
        spec: settings under ``explore`` of the scenario.
        is_confirmed: whether a schema or a recording shows that the response is possible.
        is_uncertain: whether a person performed an action that a live BPMAX may not permit.
    """
    verdict = judgement.verdict
    if verdict == "handled" or not is_confirmed:
        return "allow"
    if (chosen := getattr(spec, verdict)) is not UNSET:
        return _SEVERITIES[chosen]
    if verdict == "unrecorded":
        return "allow"
    if is_uncertain:
        return "warn"
    return "fail" if verdict in RED or (verdict == "crash" and judgement.is_shown) else "warn"


_SEVERITIES: Final[dict[str, Severity]] = {"fail": "fail", "warn": "warn", "allow": "allow"}
Attempt = Callable[[], JudgedVariant | None]


class _ItemTrials:
    """Runs and judges the variants of one item, a scenario or row.

    A variant is a run in which calls fail, responses come in another order, or a person acts during
    a call.

    Attributes:
        base: the item's run without any failure, to which variants are compared.
        possible: number of variants known so far; some are found only while others are tried.
    """

    def __init__(self, baseline: Baseline) -> None:
        self._baseline = baseline
        self._item = baseline.item
        self._spec = baseline.item.scenario.explore
        self.is_simulated = baseline.item.scenario.proxy.mode == "simulate"
        self.platforms = load_usable_platforms(self._item.platforms, instances=self._item.instances)
        self._usual: tuple[Counter[CallKey], ...] | None = None
        self._last: tuple[RunView, Judgement] | None = None
        self._second_tries: dict[tuple[str, Place | None, bool], str] = {}
        self._endless = set[str]()  # calls that a script makes again for ever; one failure shows it
        self.base = self.run()
        self._usual = self.base.trial.requests
        self.possible = self.most_in_flight = 0

    def run(self, injected: Sequence[Fault] = (), item: ScenarioItem | None = None) -> RunView:
        """Run *item* (by default the unchanged one) with the faults *injected*; return its view."""
        # A changed item makes other calls in its steps; the counts of the base run say nothing of
        # it.
        usual = None if item else self._usual
        variant = Variant(faults=tuple(injected), item=item, usual=usual)
        return make_run_view(
            run_variant_without_expectations(self._baseline, variant), self.platforms
        )

    def collect_variants(self, recorded: RecordedResponses) -> None:
        """Find the failures, orders and actions of a person to try, and count them.

        *recorded* are the project's recorded responses, which show what APIs may return.
        """
        self._recorded = recorded
        reads = self._reads = ReadMembers(
            self._watch_reads(), frozenset(_find_script_words(self._item))
        )
        self._failures = tuple(
            find_possible_failures(self.base.calls, self.platforms, recorded, reads)
        )
        self._groups = self._find_concurrent_calls(self.base)
        self._interruptions = tuple(find_interruptions_during_calls(self._item, self.base))
        self._late_orders = tuple(find_orders_late_for_next_call(self._item, self.base))
        self.possible = (
            len(self._failures)
            + count_orders(self._groups)
            + len(self._late_orders)
            + len(self._interruptions)
        )

    def _find_concurrent_calls(self, run: RunView) -> tuple[Group, ...]:
        groups = find_concurrent_calls(run.calls)
        self.most_in_flight = max(self.most_in_flight, *map(len, groups), 0)
        return groups

    @property
    def knows_member_reads(self) -> bool:
        """Return whether it is known which members of responses the scripts read."""
        return self._reads.seen is not None

    def _watch_reads(self) -> Mapping[str, frozenset[Names]] | None:
        """Return the members of responses that scripts read, found by an instrumented run.

        None if the scripts behave differently when they are observed.
        """
        if not self.base.calls:
            return {}
        watched = run_variant_without_expectations(
            self._baseline, Variant(library=READ_WATCHER, usual=self._usual)
        )
        return find_reads(self.base, make_run_view(watched, self.platforms))

    def make_attempts(self) -> Iterator[Callable[[], Iterator[Attempt]]]:
        """Yield, for each failure or order, a function that yields its attempts.

        An attempt is a function that runs a variant and returns its verdict. Failures come first,
        then orders, then actions of a person during a call (`Interruption`).
        """
        for failure in self._failures:
            yield partial(self._make_failure_attempts, failure)
        for order in find_possible_orders(self._groups):
            yield partial(iter, (partial(self._try_order, order),))
        for order in self._late_orders:
            yield partial(iter, (partial(self._try_late_order, order),))
        for interruption, item in self._interruptions:
            yield partial(self._make_interruption_attempts, interruption, item)

    def _make_failure_attempts(self, failure: PossibleFailure) -> Iterator[Attempt]:
        self._last = None
        yield partial(self._try_failure, failure)
        # Only what the script did about a failure can fail as well.
        if self._last and self._last[1].verdict == "handled":
            yield from self._make_replacement_failure_attempts(failure, *self._last)
        yield from self._make_failing_retry_attempts(failure)

    def _try_failure(self, failure: PossibleFailure) -> JudgedVariant | None:
        """Run the item with *failure* and return the verdict; None if it hit no call."""
        run = self.run([failure.fault])
        if not run.trial.fired:
            return None
        judgement = judge_failure(self.base, run, failure)
        self._last = run, judgement
        if judgement.verdict == "endless":
            self._endless.add(failure.call.label)
        # Asked only for a verdict that fails the scenario, since the answer takes further runs.
        if judgement.verdict == "silent" and self._is_unneeded_read(failure, run):
            judgement = Judgement(verdict="handled", step=judgement.step, place=judgement.place)
        if judgement.verdict == "partial" and (
            again := self._describe_second_try_cached(failure, judgement)
        ):
            judgement = replace(judgement, why=join_messages("; ", (judgement.why, again)))
        is_shown = bool(failure.shown_by) or not failure.lacks_member
        return JudgedVariant(
            call=failure.call,
            kind=failure.kind,
            column=failure.column,
            rules=(_limit_rule_to_hits(failure, run),),
            is_shown=is_shown,
            judgement=judgement,
            severity=choose_severity(judgement, self._spec, is_confirmed=is_shown),
            base_call_names=self._list_base_call_names_until(
                failure.call, without=None if failure.rule.do.executed else failure.call
            ),
        )

    def _make_failing_retry_attempts(self, failure: PossibleFailure) -> Iterator[Attempt]:
        """Yield attempts in which the script's retries of the failed call fail, too.

        One more retry fails each time, as long as the script retries. A later call that it makes
        anyway does not fail: it would be another finding.
        """
        call = failure.call
        is_last = not any(one.name == call.name and one.number > call.number
                          for one in self.base.calls)  # fmt: skip
        # A later call that the flow makes anyway must not fail too: it would be another finding.
        lasts = (call.number + _EVER,) if is_last else range(call.number + 1, call.number + _TRIES)
        for last in lasts:
            if not (self._last and self._last[1].is_recovered) or call.label in self._endless:
                return
            self.possible += 1
            yield partial(self._try_failure, failure.repeat_until(last))

    def _make_replacement_failure_attempts(
        self, failure: PossibleFailure, failed_run: RunView, judgement: Judgement
    ) -> Iterator[Attempt]:
        """Yield attempts in which a call that made up for the failed one fails, too.

        Such a call is one that a script made in the run *failed_run* because *failure* had
        occurred; *judgement* is the verdict on that run.
        """
        for call in self._find_replacement_calls(failure, failed_run, judgement):
            possible = find_possible_failures((call,), self.platforms, self._recorded, self._reads)
            by_kind = {one.kind: one for one in possible if not one.lacks_member}
            second = by_kind.get(failure.kind) or by_kind.get(_DOWN)
            if second is not None:
                self.possible += 1
                yield partial(self._try_both_failures, failure, second, failed_run, judgement)

    def _find_replacement_calls(
        self, failure: PossibleFailure, failed_run: RunView, judgement: Judgement
    ) -> Iterator[ObservedCall]:
        """Yield the calls of the run *failed_run* that the script made in place of the failed one.

        These are calls that the base run does not make. If the failure had no visible result
        (*judgement* describes none, and the run ends as usual), later calls of the same step that
        the base run makes, too, are included.
        """
        struck = failure.call
        known = Counter((one.step, one.name, one.request) for one in self.base.calls)
        is_unnoticed = not judgement.why and is_same_value(self.base.end, failed_run.end)
        for call in failed_run.calls:
            known[call.step, call.name, call.request] -= 1
            is_new = known[call.step, call.name, call.request] < 0
            is_own = (call.name, call.request) == (struck.name, struck.request)
            if call.is_login or call.is_faulted or is_own or call.begin <= struck.begin:
                continue
            if is_new or (is_unnoticed and call.step == struck.step):
                yield call

    def _try_both_failures(
        self,
        first: PossibleFailure,
        second: PossibleFailure,
        failed_run: RunView,
        judgement: Judgement,
    ) -> JudgedVariant | None:
        """Run the item with both failures and return the verdict.

        None if not both hit a call, or if *second* alone has the same verdict at the same line.
        """
        run = self.run([first.fault, second.fault])
        if len(run.trial.fired) < 2:  # noqa: PLR2004 - both
            return None
        found = judge_failure(failed_run, run, second)
        if found.verdict == "silent" and judgement.why:  # of the first one a person was told
            found = replace(judgement, is_recovered=False)
        if found.verdict != "handled" and find_call(self.base, second.call):
            alone = judge_failure(self.base, self.run([second.fault]), second)
            if (alone.verdict, alone.place) == (found.verdict, found.place):
                return None
        return JudgedVariant(
            call=second.call,
            kind=msg(
                "{kind} (after {call}: {first})",
                kind=second.kind,
                call=first.call.label,
                first=first.kind,
            ),
            column=AT_ONCE,
            rules=(first.rule, second.rule),
            judgement=found,
            severity=choose_severity(found, self._spec),
            base_call_names=self._list_base_call_names_until(second.call),
        )

    def _is_unneeded_read(self, failure: PossibleFailure, run: RunView) -> bool:
        """Return whether nobody needed the response of the call that failed.

        Then *run* ends as the run without the failure, and the call has no effect: only the newest
        of several queries counts, or another response that was awaited too is enough. If a login
        failed, this holds for each call that waited for it.
        """
        call = failure.call
        if not is_same_value(self.base.end, run.end):
            return False
        needed = find_calls_waiting_for_login(self.base, call) if call.is_login else (call,)
        return bool(needed) and all(
            not one.has_effect
            and (
                self._is_superseded_query(one, failure) or self._has_alternative_read_in_flight(one)
            )
            for one in needed
        )

    def _is_superseded_query(self, call: ObservedCall, failure: PossibleFailure) -> bool:
        """Return whether only the newest query in flight counts, and *call* is an older one.

        This is tried out by a run in which *failure* happens to the newest one instead: the script
        must handle it there.
        """
        newer = [
            one
            for one in self.base.calls
            if one.name == call.name and call.begin < one.begin < call.end
        ]
        if not newer:
            return False
        latest = failure.move_to_call(newer[-1])
        run = self.run([latest.fault])
        return judge_failure(self.base, run, latest).verdict == "handled"

    def _has_alternative_read_in_flight(self, call: ObservedCall) -> bool:
        """Return whether the script goes on after the first response of *call* and another read.

        Both are in flight at once, and, in either order, a field is written between the two
        responses. Then one of them is enough for the script, and the other may fail unnoticed.
        """
        for other in (one for one in self._find_calls_in_flight_with(call) if not one.has_effect):
            first, second = sorted((call, other), key=lambda one: one.end)
            written = self.base.find_fields_written_by_scripts(first.end, second.end)
            delay = second.sent_at + second.elapsed - first.sent_at - first.elapsed + 1
            run = self.run([make_delay_fault(first, delay)]) if written else self.base
            before, after = find_call(run, second), find_call(run, first)
            if (
                before
                and after
                and written & run.find_fields_written_by_scripts(before.end, after.end)
            ):
                return True
        return False

    def _find_calls_in_flight_with(self, call: ObservedCall) -> Iterator[ObservedCall]:
        for group in self._groups:
            if call in group:
                yield from (one for one in group if one is not call)

    def _try_late_order(self, order: Order) -> JudgedVariant | None:
        """Return the verdict on a response that is later than that of the next call of its API.

        *order* has the two calls, and the delay. None if the script makes the next call only after
        the late response.
        """
        run = self.run(order.faults)
        newer, older = (find_call(run, call) for call in order.calls)
        if newer is None or older is None or older.error or newer.end > older.end:
            return None
        return self._judge_order(order, run, compares_end_only=True)

    def _try_order(self, order: Order) -> JudgedVariant:
        return self._judge_order(order, self.run(order.faults))

    def _judge_order(
        self, order: Order, run: RunView, *, compares_end_only: bool = False
    ) -> JudgedVariant:
        judgement = judge_order(
            self.base, run, order.late_call, compares_end_only=compares_end_only
        )
        return JudgedVariant(
            call=order.late_call,
            kind=order.name,
            column=ORDERS,
            rules=order.rules,
            judgement=judgement,
            severity=choose_severity(judgement, self._spec),
            base_call_names=self._list_base_call_names_until(order.late_call),
        )

    def _list_base_call_names_until(
        self, call: ObservedCall, without: ObservedCall | None = None
    ) -> tuple[str, ...]:
        """Return the names of the calls up to the step of *call* in the run without failures.

        The call *without*, if any, is left out.
        """
        last = int(call.step or 0)
        calls = (one for one in self.base.calls if int(one.step or 0) <= last)
        return tuple(dict.fromkeys(one.name for one in calls if one is not without))

    def _make_interruption_attempts(
        self, interruption: Interruption, item: ScenarioItem
    ) -> Iterator[Attempt]:
        """Yield attempts at *interruption*: alone, and with each order of the responses in flight.

        *item* is the item with the action of the person in it.
        """
        run = self.run([to_transport_fault(interruption.delay_rule)], item)
        # What a second click should come to is not known. Only its effects are counted against the
        # base run; its result is the right one for the other orders of its responses.
        truth = run if interruption.is_again else self.base
        yield partial(self._judge_interruption, interruption, run, truth)
        orders = [
            group
            for group in self._find_concurrent_calls(run)
            if not _is_known_group(group, self._groups)
        ]
        self.possible += count_orders(orders)
        for order in find_possible_orders(orders):
            yield partial(self._try_interruption, interruption, item, order, truth)

    def _try_interruption(
        self, interruption: Interruption, item: ScenarioItem, order: Order, expected_run: RunView
    ) -> JudgedVariant | None:
        run = self.run((to_transport_fault(interruption.delay_rule), *order.faults), item)
        return self._judge_interruption(interruption, run, expected_run, order)

    def _judge_interruption(
        self,
        interruption: Interruption,
        run: RunView,
        expected_run: RunView,
        order: Order | None = None,
    ) -> JudgedVariant | None:
        """Return the verdict on *run*, in which a person acts during a call (*interruption*).

        None if that call was not made, so that the person did not do everything. *expected_run* is
        a run with the right result; *order* the order of responses, if it was changed.
        """
        if self.base.user_inputs - run.user_inputs:
            return None  # what was to be done during a call was not, as that call was not made then
        call = order.late_call if order else interruption.call
        judgement = judge_order(expected_run, run, call, base=self.base, interruption=interruption)
        name = interruption.what
        return JudgedVariant(
            call=call,
            kind=msg("{what}: {order}", what=name, order=order.name) if order else name,
            column=MEANWHILE,
            rules=(interruption.delay_rule, *(order.rules if order else ())),
            interruption=interruption,
            judgement=judgement,
            severity=choose_severity(judgement, self._spec, is_uncertain=True),
            refusals=_find_bpmax_refusal_codes(expected_run),
        )

    def _describe_second_try_cached(self, failure: PossibleFailure, judgement: Judgement) -> str:
        """Return what comes of a repetition of the failed step, or "" if it would say nothing.

        *judgement* is the verdict on *failure*. It takes a further run, so it is computed once for
        all failures of one call with a verdict at the same line.
        """
        cause = failure.call.label, judgement.place, failure.is_executed
        if cause not in self._second_tries:
            self._second_tries[cause] = self._describe_second_try(failure)
        return self._second_tries[cause]

    def _describe_second_try(self, failure: PossibleFailure) -> str:
        """Run the item with *failure* and the failed step done twice; return what came of it.

        Examples are a second order, or that the second try fails, too. "" for a step of which a
        repetition says nothing, such as setting a field.
        """
        number = int(failure.call.step or 0)
        if not 0 < number <= len(self._item.steps):
            return ""
        located = self._item.steps[number - 1]
        kind = located.step.kind
        if kind is None or kind in _ENTRIES or issubclass(kind, RowAction):
            return ""
        steps: tuple[LocatedStep, ...] = (*self._item.steps[:number], located)
        run = self.run([failure.fault], replace(self._item, steps=steps))
        if again := _find_repeated_effect_call_name(run, failure, str(number + 1)):
            return msg("a second try does {again} once more", again=again)
        if run.trial.misses:
            return msg("what a second try comes to is not recorded")
        last = run.steps.get(str(number + 1))
        if last is not None and last.errors:
            why = last.errors[0].get("message")
            return msg("a second try fails too: {why}", why=why)
        return msg("a second try passes, and does nothing twice")


def _find_bpmax_refusal_codes(run: RunView) -> dict[str, str]:
    """Return step number -> code of the error with which BPMAX itself refused the action."""
    return {
        key: str(error["code"])
        for key, step in run.steps.items()
        for error in step.errors
        if error.get("from") == "subject"
    }


def _limit_rule_to_hits(failure: PossibleFailure, run: RunView) -> FaultRule:
    """Return the fault rule of *failure*; its range of call numbers ends at the last call of *run*.

    A reproduction with the rule would else fail because a part of its range was never reached. A
    range that ends before that call stays: what comes after it did not fail in *run*.
    """
    rule = failure.rule
    if isinstance(rule.call, str) and not run.trial.exceeded:
        last = max(one.number for one in run.calls if one.name == failure.call.name)
        end = min(last, int(rule.call.partition("-")[2]))
        rule = replace(rule, call=f"{failure.call.number}-{end}")
    return rule


def _is_known_group(
    group: Sequence[ObservedCall], groups: Sequence[Sequence[ObservedCall]]
) -> bool:
    """Return whether one of *groups* consists of the same calls as *group*."""
    names = {(call.name, call.request) for call in group}
    return any(names == {(call.name, call.request) for call in other} for other in groups)


def _find_repeated_effect_call_name(
    run: RunView, failure: PossibleFailure, second_step: str
) -> str:
    """Return the name of a call with effect that was made a second time in *second_step*, or "".

    That step repeats the one in which *failure* happened, whose call had an effect, too.
    """
    first, is_executed = failure.call.step, failure.is_executed
    struck = find_call(run, failure.call)
    done = run.find_calls_with_effect(struck, is_failed_call_executed=is_executed)
    before = {(one.name, one.request) for one in done if one.step == first}
    again = (
        one.name for one in done if one.step == second_step and (one.name, one.request) in before
    )
    return next(again, "")
