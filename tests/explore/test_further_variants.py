# ruff: noqa: E501 - a case, one a line
"""What follows from the verdict on one variant: further failures, second tries, other orders."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from bpmax_sim.errors import Place
from bpmax_sim.explore import search
from bpmax_sim.explore.failures import PossibleFailure
from bpmax_sim.explore.judge import Judgement
from bpmax_sim.explore.members import RecordedResponses
from bpmax_sim.explore.orders import Interruption, Order, find_concurrent_calls
from bpmax_sim.explore.reads import ReadMembers
from bpmax_sim.explore.run_view import ObservedCall, RunView
from bpmax_sim.explore.search import AT_ONCE, MEANWHILE, ORDERS, JudgedVariant, _ItemTrials
from bpmax_sim.i18n import to_plain_english
from bpmax_sim.platform.load import Platforms
from bpmax_sim.platform.model import Api, Platform, ResponseRules
from bpmax_sim.scenario.events import ErrorThrown
from bpmax_sim.scenario.faults import to_transport_fault
from bpmax_sim.scenario.load import ScenarioItem, load_items
from bpmax_sim.scenario.model import ExploreSpec, FaultAction, FaultRule
from bpmax_sim.transport.faults import Fault
from tests.explore.views import LINE, failing, made, ordered, seen, shown, step, thrown, written

CRM = Platform(
    platform_key="crm",
    base_url="https://crm.example.test",
    apis={
        "查客户": Api(key="查客户", path="/customers"),
        "查档案": Api(key="查档案", path="/archive"),
    },
    response=ResponseRules(),
)
HANDLED = Judgement(verdict="handled")
READ = made(begin=1, end=5)
LOST = made(begin=1, error="TIMEOUT")
Play = Callable[[Sequence[Fault], ScenarioItem | None], RunView]


class Trials(_ItemTrials):
    """Variants of a base run that is made by hand; *play* gives the run with some faults."""

    def __init__(self, base: RunView, play: Play = lambda *_: seen(), **fields: Any) -> None:
        self.base, self._play = base, play
        self.platforms = Platforms({"crm": CRM})
        self.possible = self.most_in_flight = 0
        self._spec, self._groups = ExploreSpec(), ()
        self._last, self._second_tries, self._endless = None, {}, set()
        for name, value in fields.items():
            setattr(self, name, value)

    def run(self, injected: Sequence[Fault] = (), item: ScenarioItem | None = None) -> RunView:
        return self._play(injected, item)


def struck(*steps: Any, faults: int = 1, **fields: Any) -> RunView:
    """Return a run in which so many *faults* struck a call."""
    run = seen(*steps, **fields)
    rule = to_transport_fault(FaultRule(on="crm.查客户", do=FaultAction(status=500)))
    return replace(run, trial=replace(run.trial, fired=(rule,) * faults))


def labels(calls: Iterator[ObservedCall]) -> list[str]:
    return [call.label for call in calls]


def test_calls_in_place_of_the_failed_one_are_those_that_the_base_run_does_not_make() -> None:
    later = made("crm.查合同", 6, request="甲")
    base = seen(
        step(state={"form.客户": "张三"}), calls=[READ, later, made("crm.查税号", 7, step="2")]
    )
    calls = [
        made("crm.查前", 0), LOST, made("crm.$token", 2, is_login=True), made(begin=3, number=2),
        made("crm.查坏", 4, is_faulted=True), later, made("crm.查档案", 7), replace(later, number=2, begin=8),
        made("crm.查税号", 9, step="2"),
    ]  # fmt: skip
    same, other = (seen(step(state={"form.客户": name}), calls=calls) for name in ("张三", ""))
    told = replace(HANDLED, why="shown: 已改查档案")
    trials = Trials(base)

    found = [
        labels(trials._find_replacement_calls(failing(READ), run, judgement))
        for run, judgement in ((same, HANDLED), (same, told), (other, HANDLED))
    ]

    assert found == [
        ["crm.查合同", "crm.查档案", "crm.查合同 #2"], ["crm.查档案", "crm.查合同 #2"],
        ["crm.查档案", "crm.查合同 #2"],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "second"),
    [("500", "500"), ("timeout", "timeout"), ("code 4290", "500"), ("name null", "500")],
)
def test_the_call_in_its_place_fails_likewise_or_with_a_status(
    tmp_path: Path, kind: str, second: str
) -> None:
    stand_in = made("crm.查档案", 3, response={"name": "张三"})
    run = struck(step(), calls=[LOST, stand_in], faults=2)
    trials = Trials(
        seen(step(), calls=[READ]), lambda *_: run,
        _recorded=RecordedResponses(tmp_path, Platforms({"crm": CRM})),
        _reads=ReadMembers(None, frozenset({"name"})),
    )  # fmt: skip

    (attempt,) = trials._make_replacement_failure_attempts(failing(READ, kind=kind), run, HANDLED)
    variant = attempt()

    assert trials.possible == 1
    assert variant is not None
    assert to_plain_english(variant.kind) == f"{second} (after crm.查客户: {kind})"
    assert (variant.call, variant.column, len(variant.rules)) == (stand_in, AT_ONCE, 2)


STAND_IN = made("crm.查档案", 3)
BEFORE = seen(step(state={"form.客户": "张三"}), calls=[LOST, STAND_IN])
MEND = replace(HANDLED, why="shown: 已改查档案", is_recovered=True, step="1", place=LINE)


def crash(line: int, **fields: Any) -> RunView:
    """Return a run in which the two calls failed, and then a script crashed at *line*."""
    errors = (thrown("TypeError"),)
    event = ErrorThrown(type="TypeError", message="坏了", source="script", at=0.0)
    return struck(
        step(errors=errors), events=[replace(event, place=Place("下单.js", line, 1))], **fields
    )


SILENT = struck(
    step(state={"form.客户": ""}), calls=[LOST, replace(STAND_IN, error="TIMEOUT")], faults=2
)
TWO: dict[str, tuple[RunView, RunView, Judgement, str | None]] = {
    # the run with both failures, that with the second one alone, the verdict on the first one
    # alone, and the verdict on both
    "the second did not happen": (
        struck(step(), calls=[LOST, STAND_IN]), seen(), HANDLED, None,
    ),
    "a person was told of the first": (SILENT, seen(), MEND, "handled"),
    "the second alone is as bad": (
        SILENT, seen(step(state={"form.客户": ""})), HANDLED, None,
    ),
    "the second alone crashes elsewhere": (crash(4, faults=2), crash(9), HANDLED, "crash"),
    "the second alone crashes there": (crash(4, faults=2), crash(4), HANDLED, None),
    "the second crashes, and of the first a person was told": (crash(4, faults=2), crash(9), MEND, "crash"),
    "a person is told of both": (
        struck(step(messages=(shown("请手工填写"),)), faults=2), seen(step(messages=(shown("请手工填写"),))),
        HANDLED, "handled",
    ),
    "the second alone is told": (
        SILENT, seen(step(messages=(shown("请手工填写"),))), HANDLED, "silent",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TWO)
def test_two_failures_are_a_finding_where_the_second_alone_is_none(name: str) -> None:
    both, alone, first, verdict = TWO[name]
    base = seen(step(state={"form.客户": "张三"}), calls=[READ, STAND_IN])
    second = failing(STAND_IN)
    trials = Trials(base, lambda faults, _: both if len(faults) == 2 else alone)

    found = trials._try_both_failures(failing(READ), second, BEFORE, first)

    assert (found and found.judgement.verdict) == verdict
    if found and first is MEND and verdict == "handled":
        assert found.judgement == replace(MEND, is_recovered=False)


def test_a_call_that_is_made_in_place_of_another_alone_cannot_fail_alone() -> None:
    base = seen(step(state={"form.客户": "张三"}), calls=[READ])
    trials = Trials(base, lambda *_: SILENT)

    found = trials._try_both_failures(failing(READ), failing(STAND_IN), BEFORE, HANDLED)

    assert found is not None
    assert (found.judgement.verdict, found.severity) == ("silent", "fail")
    assert found.base_call_names == ("crm.查客户",)


@pytest.mark.parametrize(
    ("number", "others", "ranges"),
    [
        (1, [], ["1-999"]),
        (3, [], ["3-1001"]),
        (1, [("crm.查合同", 2)], ["1-999"]),
        (1, [("crm.查客户", 2)], ["1-2", "1-3", "1-4", "1-5", "1-6"]),
        (2, [("crm.查客户", 1), ("crm.查客户", 4)], ["2-3", "2-4", "2-5", "2-6", "2-7"]),
    ],
)
def test_each_further_try_fails_too_as_long_as_the_script_makes_one(
    number: int, others: list[tuple[str, int]], ranges: list[str]
) -> None:
    call = made(number=number)
    base = seen(calls=[call, *(made(name, 9, number=later) for name, later in others)])

    def find(last: Judgement | None, *endless: str) -> list[Any]:
        trials = Trials(base, _last=last and (base, last), _endless=set(endless))
        attempts: list[Any] = [*trials._make_failing_retry_attempts(failing(call))]
        assert trials.possible == len(attempts)
        return [one.args[0].rule.call for one in attempts]

    again = replace(HANDLED, is_recovered=True)
    assert find(again) == find(again, "crm.查合同") == ranges
    assert find(None) == find(HANDLED) == find(again, call.label) == []


def test_a_failure_is_judged_where_it_struck_and_one_without_end_is_noted() -> None:
    call = made(begin=1, number=2)
    base = seen(
        step(), calls=[made(), call, made("crm.查合同", 3), made("crm.查税号", 4, step="2")]
    )
    runs = [seen(step()), struck(step(), calls=[call], exceeded="calls")]
    trials = Trials(base, lambda *_: runs.pop(0), _spec=ExploreSpec(endless="warn"))
    failure = failing(call)

    assert trials._try_failure(failure) is None
    assert (trials._last, trials._endless) == (None, set())
    found = trials._try_failure(failure)

    assert trials._last is not None
    assert found == JudgedVariant(
        call=call, kind="timeout", column="timeout", rules=(failure.rule,), severity="warn",
        judgement=trials._last[1], base_call_names=("crm.查客户", "crm.查合同"),
    )  # fmt: skip
    assert trials._last[1].verdict == "endless"
    assert trials._endless == {"crm.查客户 #2"}


def test_a_lost_response_of_a_call_that_was_executed_leaves_its_stub_needed() -> None:
    call = made(begin=1)
    base = seen(step(state={"form.客户": "张三"}), calls=[call, made("crm.查合同", 3)])
    trials = Trials(base, lambda *_: struck(step(state={"form.客户": ""})))
    do = FaultAction(error="timeout", executed=True)
    rule = FaultRule(on="crm.查客户", call=1, do=do)

    found = [trials._try_failure(failing(call)), trials._try_failure(failing(call, rule=rule))]

    assert [one and (one.judgement.verdict, one.base_call_names) for one in found] == [
        ("silent", ("crm.查合同",)), ("silent", ("crm.查客户", "crm.查合同")),
    ]  # fmt: skip
    assert trials._endless == set()


def test_only_a_silent_failure_of_a_read_that_nobody_needs_is_handled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Trials, "_is_unneeded_read", lambda *_: True)
    base = seen(step(state={"form.客户": "张三"}), calls=[READ])
    runs = [crash(4), struck(step(state={"form.客户": ""}))]
    trials = Trials(base, lambda *_: runs.pop(0))

    found = [trials._try_failure(failing(READ)) for _ in range(2)]

    assert [one and one.judgement.verdict for one in found] == ["crash", "handled"]
    assert found[1] is not None
    assert found[1].judgement == Judgement(verdict="handled", step="1", place=LINE)
    assert trials._last is not None
    assert trials._last[1].verdict == "silent"


@pytest.mark.parametrize(("again", "more"), [("", ""), ("再试会重复", "; 再试会重复")])
def test_a_step_left_half_done_says_what_a_second_try_does(
    monkeypatch: pytest.MonkeyPatch, again: str, more: str
) -> None:
    monkeypatch.setattr(Trials, "_describe_second_try_cached", lambda *_: again)
    run = struck(step(errors=(thrown(),)), calls=[made(error="TIMEOUT"), ordered(1)])

    found = Trials(seen(step(), calls=[READ]), lambda *_: run)._try_failure(failing(READ))

    assert found is not None
    assert found.judgement.verdict == "partial"
    why = to_plain_english(found.judgement.why)
    assert why == f"erp.下单 was done, then the script failed: rejected: 坏了{more}"


def test_after_a_failure_that_is_handled_what_was_done_about_it_fails_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Trials, "_make_replacement_failure_attempts", lambda *_: iter("替"))
    monkeypatch.setattr(Trials, "_make_failing_retry_attempts", lambda *_: iter("再"))
    trials = Trials(seen())

    def find(verdict: Any) -> list[Any]:
        rest = []
        for attempt in trials._make_failure_attempts(failing(READ)):
            rest.append(attempt)
            if len(rest) == 1 and verdict:
                trials._last = seen(), Judgement(verdict=verdict)
        return rest[1:]

    assert [find(verdict) for verdict in ("handled", None, "silent", None)] == [
        ["替", "再"], ["再"], ["再"], ["再"],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "is_shown", "severity"),
    [
        ({}, True, "fail"),
        ({"lacks_member": True}, False, "allow"),
        ({"lacks_member": True, "shown_by": "declared"}, True, "fail"),
        ({"shown_by": "recorded"}, True, "fail"),
    ],
)
def test_only_a_member_that_nothing_shows_to_lack_is_allowed(
    fields: dict[str, Any], is_shown: bool, severity: str
) -> None:
    base = seen(step(state={"form.客户": "张三"}), calls=[READ])
    run = struck(step(state={"form.客户": "undefined"}), calls=[LOST])

    found = Trials(base, lambda *_: run)._try_failure(failing(READ, **fields))

    assert found is not None
    assert (found.judgement.verdict, found.is_shown, found.severity) == (
        "silent", is_shown, severity,
    )  # fmt: skip


def test_the_names_of_calls_are_those_up_to_a_step_once_each() -> None:
    calls = [
        made("crm.$token", step=""), made(step="1"), made(step="1", number=2), made("oa.通知", step="2"),
        made("erp.下单", step="2"), made("erp.作废", step="3"),
    ]  # fmt: skip
    trials = Trials(seen(calls=calls))

    found = [
        trials._list_base_call_names_until(calls[call], None if without is None else calls[without])
        for call, without in ((0, None), (1, None), (1, 1), (3, 4), (5, None))
    ]

    assert found == [
        ("crm.$token",), ("crm.$token", "crm.查客户"), ("crm.$token", "crm.查客户"),
        ("crm.$token", "crm.查客户", "oa.通知"),
        ("crm.$token", "crm.查客户", "oa.通知", "erp.下单", "erp.作废"),
    ]  # fmt: skip


QUERY = made(begin=1, end=9)
NEWER: dict[str, tuple[list[ObservedCall], int | None]] = {
    # later calls, and the number of the one that fails instead
    "none": ([], None),
    "two of its API": ([made(begin=3, number=2), made(begin=5, number=3)], 3),
    "the last is sent afterwards": ([made(begin=3, number=2), made(begin=9, number=3)], 2),
    "one before it": ([made(begin=0, number=2)], None),
    "one of another API": ([made("crm.查合同", 3, number=2)], None),
}


@pytest.mark.parametrize("name", NEWER)
@pytest.mark.parametrize("is_told", [True, False])
def test_an_older_query_is_not_missed_where_the_newest_one_is(name: str, is_told: bool) -> None:
    later, number = NEWER[name]
    asked: list[int] = []

    def play(faults: Sequence[Fault], _: object) -> RunView:
        asked.extend(fault.first for fault in faults)
        return struck(step(messages=(shown("请重试"),) * is_told), calls=[])

    trials = Trials(seen(step(), calls=[QUERY, *later]), play)

    is_idle = number is not None and is_told
    assert trials._is_superseded_query(QUERY, failing(QUERY)) is is_idle
    assert trials._is_unneeded_read(failing(QUERY), trials.base) is is_idle
    asked = asked[:1]
    assert asked == ([] if number is None else [number])


FIRST, SECOND = made(begin=0, end=2, elapsed=1.0), made("crm.查档案", 1, 5, elapsed=3.0)
X = written("无关", by="user")


@pytest.mark.parametrize(
    ("before", "after", "effect", "is_enough"),
    [
        ("客户", "客户", False, True),
        ("客户", "合同", False, False),
        ("客户", "客户", True, False),
        ("", "客户", False, False),
    ],
)
def test_one_of_two_reads_is_enough_where_the_first_response_is_used_in_either_order(
    before: str, after: str, effect: bool, is_enough: bool
) -> None:
    second = replace(SECOND, has_effect=effect)
    delays: list[Any] = []

    def play(faults: Sequence[Fault], _: object) -> RunView:
        delays.extend((fault.on, fault.action) for fault in faults)
        late = [replace(second, end=3), replace(FIRST, end=6)]
        return seen(step(), calls=late, events=[X, X, X, X, written(after), X, X])

    base = seen(
        step(), calls=[FIRST, second],
        events=[X, X, X, written(before) if before else X, X, X],
    )  # fmt: skip
    trials = Trials(base, play, _groups=find_concurrent_calls(base.calls))

    assert trials._has_alternative_read_in_flight(FIRST) is is_enough
    assert trials._has_alternative_read_in_flight(second) is (is_enough or effect)
    assert [(on, action.delay) for on, action in delays] == (
        [("crm.查客户", 3.0)] * (2 - effect) if before else []
    )
    assert trials._is_unneeded_read(failing(FIRST), base) is is_enough
    assert not trials._is_unneeded_read(failing(FIRST), seen(step(state={"form.a": 1})))


def test_a_login_is_unneeded_where_every_call_that_waited_for_it_is() -> None:
    login = made("crm.$token", 1, 1, is_login=True)
    waiting = [made("crm.查客户", 0, 8), made("crm.查档案", 1, 9), ordered(7, 9)]
    newer = [made("crm.查客户", 3, number=2), made("crm.查档案", 4, number=2)]
    told = struck(step(messages=(shown("请重试"),)))

    def find(*calls: ObservedCall) -> bool:
        trials = Trials(seen(step(), calls=[login, *calls]), lambda *_: told)
        return trials._is_unneeded_read(failing(login), trials.base)

    assert find(*waiting, *newer)
    assert not find(*waiting, newer[0])
    assert not find(*waiting, newer[1])
    assert not find()
    assert not find(ordered(0, 8), *newer)


def test_calls_in_flight_with_one_are_those_of_its_groups() -> None:
    groups = ((FIRST, SECOND), (READ, FIRST, LOST), (QUERY, STAND_IN))
    trials = Trials(seen(), _groups=groups)

    assert [*trials._find_calls_in_flight_with(FIRST)] == [SECOND, READ, LOST]
    assert search._is_known_group((SECOND, FIRST), groups)
    assert not search._is_known_group((SECOND,), groups)
    assert not search._is_known_group((replace(FIRST, request="x"), SECOND), groups)
    assert trials._find_concurrent_calls(seen()) == ()
    assert trials.most_in_flight == 0
    trials._find_concurrent_calls(seen(calls=[FIRST, SECOND]))
    trials._find_concurrent_calls(seen(calls=[FIRST]))
    assert trials.most_in_flight == 2


@pytest.mark.parametrize(
    ("newer", "older", "is_judged"),
    [
        (made(number=2, begin=2, end=3), made(begin=1, end=6), True),
        (made(number=2, begin=2, end=6), made(begin=1, end=6), True),
        (made(number=2, begin=2, end=7), made(begin=1, end=6), False),
        (made(number=2, begin=2, end=3), made(begin=1, end=6, error="TIMEOUT"), False),
        (made(number=2, begin=2, end=3), None, False),
        (None, made(begin=1, end=6), False),
    ],
)
def test_a_late_response_is_judged_where_the_next_call_did_not_wait_for_it(
    newer: ObservedCall | None, older: ObservedCall | None, *, is_judged: bool
) -> None:
    calls = (made(number=2, begin=4), made(begin=1, end=3))
    order = Order(calls=calls, rules=(), faults=(), inversions=1)
    steps = (step(state={"form.a": 1}), step("2"))
    base = seen(*steps, calls=calls)
    run = seen(step(state={"form.a": 2}), steps[1], calls=[one for one in (newer, older) if one])

    trials = Trials(base, lambda *_: run)
    found = trials._try_late_order(order)

    assert (found is not None) is is_judged
    if found:  # in the meantime form.a may differ
        assert (found.judgement.verdict, found.column) == ("handled", ORDERS)
    assert trials._try_order(order).judgement.verdict == "differs"


@pytest.mark.parametrize("is_again", [True, False])
def test_an_action_meanwhile_is_judged_alone_and_with_each_new_order(is_again: bool) -> None:
    call, other, third = made(begin=1, end=9), made("crm.查档案", 2, 8), made("crm.查合同", 3, 7)
    base = seen(step(), calls=[call, other], events=[X])
    what = Interruption(call=call, what="再点下单", is_again=is_again)
    run = seen(step(state={"form.a": 1}), calls=[call, other, third], events=[X, X])
    trials = Trials(base, lambda *_: run, _groups=((call, other),))
    item: Any = SimpleNamespace()

    attempts: list[Any] = [*trials._make_interruption_attempts(what, item)]
    found = [attempt() for attempt in attempts]

    assert (len(attempts), trials.possible, trials.most_in_flight) == (6, 5, 3)
    assert {one.judgement.verdict for one in found} == {"handled" if is_again else "differs"}
    assert {(one.column, one.interruption, one.severity) for one in found} == {
        (MEANWHILE, what, "allow" if is_again else "warn")
    }
    assert [len(one.rules) > 1 for one in found] == [False, *[True] * 5]
    assert [(one.kind, one.call) for one in found[:2]] == [
        ("再点下单", call), ("再点下单: crm.查合同 < crm.查客户 < crm.查档案", other),
    ]  # fmt: skip
    # the same calls in flight as ever are tried elsewhere; a person who could not do all is no case
    known = Trials(base, lambda *_: base, _groups=((call, other),))
    assert len([*known._make_interruption_attempts(what, item)]) == 1
    assert known._judge_interruption(what, seen(step()), base) is None


TRIES = """\
version: 1
scenario: 下单
form: {scripts: {click.下单: a.js, submit: a.js}, fields: {编号: "", 明细: [{数量: 1}]}}
steps:
  - set: {编号: "1"}
  - advance: 1s
  - add_row: {table: 明细}
  - expect: {form: {编号: "1"}}
  - click: 下单
  - submit: {}
"""
DONE = ordered(1, 2, step="6")
SECOND_TRIES: dict[str, tuple[RunView, str]] = {
    # the run with the step done twice, and what is said of it
    "ordered twice": (
        seen(step("7"), calls=[DONE, ordered(5, step="7", number=2)]),
        "a second try does erp.下单 once more",
    ),
    "ordered another thing": (
        seen(step("7"), calls=[DONE, ordered(5, step="7", number=2, request="x")]),
        "a second try passes, and does nothing twice",
    ),
    "ordered twice before": (
        seen(step("7"), calls=[ordered(0, step="5"), replace(DONE, number=2)]),
        "a second try passes, and does nothing twice",
    ),
    "without a recording": (
        seen(step("7", errors=(thrown(),)), misses=["erp.下单"]),
        "what a second try comes to is not recorded",
    ),
    "an error": (
        seen(step("7", errors=(thrown(message="库存不足"), thrown()))), "a second try fails too: 库存不足",
    ),
    "an error of the first": (
        seen(step("6", errors=(thrown(),)), step("7")), "a second try passes, and does nothing twice",
    ),
    "not reached": (seen(step("6")), "a second try passes, and does nothing twice"),
}  # fmt: skip


def test_a_step_that_failed_is_tried_a_second_time_where_that_says_something(
    tmp_path: Path,
) -> None:
    (tmp_path / "a.js").write_text("", encoding="utf-8")
    path = tmp_path / "下单.scenario.yaml"
    path.write_text(TRIES, encoding="utf-8")
    (item,) = load_items(path, environ={})
    items: list[ScenarioItem | None] = []
    runs = [run for run, _ in SECOND_TRIES.values()]

    def play(_: object, changed: ScenarioItem | None) -> RunView:
        items.append(changed)
        return runs.pop(0)

    trials = Trials(seen(calls=[DONE]), play, _item=item)

    def describe(number: str, call: ObservedCall = READ, **fields: Any) -> str:
        failure = failing(replace(call, step=number), **fields)
        return to_plain_english(trials._describe_second_try(failure))

    assert {
        number: describe(number) for number in ("", "0", "1", "2", "3", "4", "7")
    } == dict.fromkeys(("", "0", "1", "2", "3", "4", "7"), "")
    assert items == []
    assert [describe("6") for _ in SECOND_TRIES] == [text for _, text in SECOND_TRIES.values()]
    runs += [SECOND_TRIES["ordered twice"][0]] * 2
    assert describe("6", DONE, is_executed=True) == "a second try does erp.下单 once more"
    assert describe("6", DONE) == "a second try passes, and does nothing twice"
    changed = items[0]
    assert changed is not None
    assert [one.step.action for one in changed.steps] == [
        "set", "advance", "add_row", "", "click", "submit", "submit",
    ]  # fmt: skip


def test_a_second_try_is_run_once_for_one_cause() -> None:
    tried: list[str] = []

    class NotingTrials(Trials):
        def _describe_second_try(self, failure: PossibleFailure) -> str:
            tried.append(failure.kind)
            return "再试"

    trials = NotingTrials(seen())
    verdict = Judgement(verdict="partial", place=LINE)
    elsewhere = replace(verdict, place=Place("下单.js", 9, 1))
    asked: list[tuple[dict[str, Any], ObservedCall, Judgement]] = [
        ({"kind": "一"}, DONE, verdict), ({"kind": "二"}, DONE, verdict),
        ({"kind": "三", "is_executed": True}, DONE, verdict), ({"kind": "四"}, DONE, elsewhere),
        ({"kind": "五"}, replace(DONE, number=2), verdict), ({"kind": "六"}, DONE, elsewhere),
    ]  # fmt: skip

    found = [
        trials._describe_second_try_cached(failing(call, **fields), judgement)
        for fields, call, judgement in asked
    ]

    assert found == ["再试"] * 6
    assert tried == ["一", "三", "四", "五"]
