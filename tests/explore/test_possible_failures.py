# ruff: noqa: E501 - a case, one a line
"""What can go wrong with a call, by its declaration and by recordings, and the rule that does it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from msgspec import UNSET
from msgspec.structs import replace

from bpmax_sim.cassette.format import dump_exchanges
from bpmax_sim.explore.failures import PossibleFailure, find_possible_failures
from bpmax_sim.explore.members import RecordedResponses, collect_members
from bpmax_sim.explore.orders import (
    Interruption,
    Order,
    find_concurrent_calls,
    find_orders_late_for_next_call,
    find_possible_orders,
    make_delay_fault,
)
from bpmax_sim.explore.reads import READ_WATCHER, ReadMembers, find_reads
from bpmax_sim.explore.reproduce import format_rules, make_rule_data
from bpmax_sim.explore.run_view import ObservedCall
from bpmax_sim.i18n import to_plain_english
from bpmax_sim.platform.load import Platforms, load_usable_platforms
from bpmax_sim.platform.model import Api
from bpmax_sim.scenario.events import ConsoleWritten, Event
from bpmax_sim.scenario.load import ScenarioItem, load_items
from bpmax_sim.scenario.model import FaultAction, FaultRule
from tests.cassette.exchanges import RULES, ZONE, answer, detail, keyed, numbered
from tests.explore.project import write_project, write_shop
from tests.explore.views import hook, made, ordered, seen, shown, step

GET = made("crm.getCustomer", response={"code": 0, "data": {"name": "张三", "level": "VIP"}})
PUT = made("crm.createOrder", has_effect=True)
JSON = {"content-type": "application/json; charset=utf-8"}
ALL_READ = ReadMembers({GET.label: frozenset({("data",), ("data", "name")})}, frozenset())


@pytest.fixture(name="crm", scope="module")
def load_crm(tmp_path_factory: pytest.TempPathFactory) -> Platforms:
    folder = tmp_path_factory.mktemp("crm")
    return load_usable_platforms(write_project(folder, "").parent / "platforms")


@pytest.fixture(name="shop", scope="module")
def load_shop(tmp_path_factory: pytest.TempPathFactory) -> Platforms:
    folder = tmp_path_factory.mktemp("shop")
    write_shop(folder, {"platform": "token"}, "")
    return load_usable_platforms(folder / "platforms")


def recorded(folder: Path, platforms: Platforms, *responses: Any) -> RecordedResponses:
    """Return what a cassette with *responses* shows: status and body of ``crm.getCustomer``.

    Or platform, API, status and body of another.
    """
    exchanges = []
    for number, response in enumerate(responses):
        platform, api, status, body = ("crm", "getCustomer", *response)[-4:]
        text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
        base = detail(number, outcome=replace(answer(text), status=status))
        assert base.request.call is not None
        call = replace(base.request.call, platform=platform, api=api)
        exchanges.append(keyed(base, request=replace(base.request, call=call)))
    (folder / "一").mkdir(exist_ok=True)
    data = dump_exchanges(numbered(*exchanges), rules=RULES, zone=ZONE)
    (folder / "一/甲.yaml").write_bytes(data)
    return RecordedResponses(folder, platforms)


def possible(
    call: ObservedCall, platforms: Platforms, folder: Path, *responses: Any
) -> dict[str, PossibleFailure]:
    found = find_possible_failures(
        [call], platforms, recorded(folder, platforms, *responses), ALL_READ
    )
    return {to_plain_english(one.kind): one for one in found}


ANY = ["refused", "timeout", "reset", "500", "429", "empty body", "no JSON", "half a body"]


@pytest.mark.parametrize(
    ("call", "kinds"),
    [
        (GET, [*ANY, "code 4290", "data null", "data.name null"]),
        (PUT, [*ANY[:2], "timeout (executed)", *ANY[2:], "code 4290"]),
        (replace(GET, error="TIMEOUT"), [*ANY, "code 4290"]),
        (replace(GET, response="张三"), [*ANY, "code 4290"]),
        (replace(GET, response=None), [*ANY, "code 4290"]),
        (replace(GET, is_faulted=True), []),
        (replace(GET, name="oa.getCustomer"), []),
        (replace(GET, name="crm.nothing"), [*ANY, "code 4290"]),
        (made("crm.$token", is_login=True, response={"data": {}}), ANY),
    ],
)
def test_a_call_can_fail_in_these_ways(
    crm: Platforms, tmp_path: Path, call: ObservedCall, kinds: list[str]
) -> None:
    assert list(possible(call, crm, tmp_path)) == kinds


def test_a_call_with_a_login_can_find_its_token_expired(shop: Platforms, tmp_path: Path) -> None:
    found = possible(made("shop.get_stock"), shop, tmp_path)

    assert list(found)[len(ANY) :] == ["token expired", "token revoked", "code 4290", "code 4090"]
    assert [found[f"token {state}"].rule for state in ("expired", "revoked")] == [
        FaultRule(on="shop.get_stock", call=1, do=FaultAction(token="expired")),
        FaultRule(on="shop.get_stock", call=1, attempts=10, do=FaultAction(token="revoked")),
    ]


EXECUTED = {"timeout (executed)", "reset", "empty body", "no JSON", "half a body"}
DONE = {
    "refused": FaultAction(error="connect"),
    "timeout": FaultAction(error="timeout"),
    "timeout (executed)": FaultAction(error="timeout"),
    "reset": FaultAction(error="reset", after=20),
    "500": FaultAction(status=500),
    "429": FaultAction(status=429),
    "empty body": FaultAction(status=200, headers=JSON, body=""),
    "no JSON": FaultAction(error="invalid_json"),
    "half a body": FaultAction(error="truncated"),
}


@pytest.mark.parametrize("kind", DONE)
@pytest.mark.parametrize(
    ("source", "elapsed"), [("recorded", 0.0), ("stub", 0.0), ("simulated", 1.2345678)]
)
def test_a_failure_is_a_rule_for_each_sending_of_one_call(
    crm: Platforms, tmp_path: Path, kind: str, source: str, elapsed: float
) -> None:
    call = replace(PUT, number=3, source=source, elapsed=elapsed)

    found = possible(call, crm, tmp_path)[kind]

    do = replace(DONE[kind], executed=kind in EXECUTED and source != "recorded")
    if elapsed and "timeout" not in kind:
        do = replace(do, delay=1.234568)
    assert found.rule == FaultRule(on="crm.createOrder", call=3, attempts=10, do=do)
    assert (found.fault.on, found.fault.first, found.fault.last, found.fault.attempts) == (
        "crm.createOrder", 3, 3, 10,
    )  # fmt: skip
    assert (found.is_executed, found.is_rejected) == (kind in EXECUTED, kind != "empty body")
    assert (found.shown_by, found.lacks_member, found.is_refusal) == ("", False, False)
    assert to_plain_english(found.column) == kind


def test_a_failure_is_moved_to_another_call_and_repeated(crm: Platforms, tmp_path: Path) -> None:
    found = possible(PUT, crm, tmp_path)["500"]
    other = replace(GET, number=4)

    moved, repeated = found.move_to_call(other), found.repeat_until(7)

    assert (moved.call, moved.kind) == (other, found.kind)
    assert moved.rule == replace(found.rule, on="crm.getCustomer", call=4)
    assert (moved.fault.on, moved.fault.first, moved.fault.last) == ("crm.getCustomer", 4, 4)
    assert (repeated.call, to_plain_english(repeated.kind)) == (PUT, "500, each time")
    assert repeated.rule == replace(found.rule, call="1-7")
    assert (repeated.fault.first, repeated.fault.last) == (1, 7)


REFUSALS: dict[str, tuple[list[Any], dict[str, tuple[int, Any, str]]]] = {
    # recorded responses of the call, and kind -> status, body and evidence of its refusals
    "none": ([], {"code 4290": (200, {"code": 4290, "msg": "refused (fault)"}, "")}),
    "a code": (
        [(200, {"code": 1, "msg": "停用"})],
        {
            "code 1": (200, {"code": 1, "msg": "停用"}, "recorded"),
            "code 4290": (200, {"code": 4290, "msg": "refused (fault)"}, ""),
        },
    ),
    "the declared code": (
        [(200, {"code": 4290, "msg": "太快"})],
        {"code 4290": (200, {"code": 4290, "msg": "太快"}, "recorded")},
    ),
    "a status": (
        [(503, "<html>")],
        {"503": (503, "<html>", "recorded"), "code 4290": (200, {"code": 4290, "msg": "refused (fault)"}, "")},
    ),
    "the first of a code": (
        [(200, {"code": 7, "msg": "甲"}), (200, {"code": 7, "msg": "乙"}), (400, {"code": 7})],
        {
            "code 7": (400, {"code": 7}, "recorded"),
            "code 4290": (200, {"code": 4290, "msg": "refused (fault)"}, ""),
        },
    ),
    "what succeeded": (
        [(200, {"code": 0}), (201, {"code": 0})],
        {"code 4290": (200, {"code": 4290, "msg": "refused (fault)"}, "")},
    ),
    "another API": (
        [("crm", "notify", 200, {"code": 9}), ("oa", "x", 500, "")],
        {"code 4290": (200, {"code": 4290, "msg": "refused (fault)"}, "")},
    ),
    "a login": (
        [("crm", "$token", 500, "")],
        {"code 4290": (200, {"code": 4290, "msg": "refused (fault)"}, "")},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSALS)
def test_a_third_party_refuses_as_it_declares_or_as_it_was_recorded(
    crm: Platforms, tmp_path: Path, name: str
) -> None:
    responses, refusals = REFUSALS[name]

    found = possible(GET, crm, tmp_path, *responses)

    assert {
        kind: (one.rule.do.status, one.rule.do.body, one.shown_by)
        for kind, one in found.items()
        if one.is_refusal
    } == refusals
    assert {str(one.rule.do.headers) for one in found.values() if one.is_refusal} == {str(JSON)}
    assert all(one.is_rejected and not one.is_executed for one in found.values() if one.is_refusal)
    assert {to_plain_english(one.column) for one in found.values() if one.is_refusal} == {"codes"}


def test_what_comes_anyway_is_no_refusal_to_try(crm: Platforms, tmp_path: Path) -> None:
    refused = {"code": 1, "msg": "停用"}
    for call, is_tried in (
        (replace(GET, response=refused), False),
        (replace(GET, response=refused, status=400), True),
        (replace(GET, response={**refused, "msg": "别的"}), True),
    ):
        found = possible(call, crm, tmp_path, (200, refused), (200, {"code": 2}))
        assert ("code 1" in found) is is_tried
        assert "code 2" in found


def test_the_first_recording_of_a_refusal_is_that_of_the_first_file(
    crm: Platforms, tmp_path: Path
) -> None:
    for name in ("乙", "丁", "甲", "丙", "戊"):
        recorded(tmp_path, crm, (200, {"code": 1, "msg": name}))
        (tmp_path / "一/甲.yaml").rename(tmp_path / f"一/{name}-{name}.yaml")

    found = RecordedResponses(tmp_path, crm).find_refusals("crm.getCustomer")

    assert json.loads(found[200, "1"].body)["msg"] == min("乙丁甲丙戊")


def test_a_member_that_is_read_can_lack_as_declared_or_recorded(
    crm: Platforms, tmp_path: Path
) -> None:
    body = {
        "code": 0,
        "data": {"name": "张三", "level": "VIP", "contact": {"phone": "1"}, "tags": [1]},
    }
    call = replace(GET, response=body, status=None)
    steps = [("data", "name"), ("data", "contact"), ("data", "contact", "phone"), ("data", "tags")]
    reads = ReadMembers({call.label: frozenset(steps)}, frozenset())
    seen_before = recorded(
        tmp_path,
        crm,
        (200, body),
        (200, {"code": 0, "data": {"name": None, "contact": {}, "tags": []}}),
    )

    found = [
        one for one in find_possible_failures([call], crm, seen_before, reads) if one.lacks_member
    ]

    lacking = {
        to_plain_english(one.kind): (one.rule.do.body["data"], one.shown_by) for one in found
    }
    data: dict[str, Any] = body["data"]  # type: ignore[assignment]
    rest = {name: value for name, value in data.items() if name != "contact"}
    assert lacking == {
        "data.name null": ({**data, "name": None}, "recorded"),
        "data.contact absent": (rest, "declared"),
        "data.contact.phone absent": ({**data, "contact": {}}, "recorded"),
        "data.contact.phone null": ({**data, "contact": {"phone": None}}, "declared"),
        "data.tags empty": ({**data, "tags": []}, "recorded"),
    }
    assert all(one.is_executed and one.is_rejected and not one.is_refusal for one in found)
    assert {one.rule.do.status for one in found} == {200}
    assert {to_plain_english(one.column) for one in found} == {"members"}


@pytest.mark.parametrize("text", ["", "[", "- a\n", "version: 9\n"])
def test_a_cassette_that_cannot_be_read_shows_nothing(
    crm: Platforms, tmp_path: Path, text: str
) -> None:
    (tmp_path / "坏.yaml").write_text(text, encoding="utf-8")
    found = recorded(tmp_path, crm, (200, {"code": 1}))

    assert list(found.find_refusals("crm.getCustomer")) == [(200, "1")]
    assert found.find_refusals("crm.get_customer") == {}


def test_a_response_that_is_no_json_shows_no_member(crm: Platforms, tmp_path: Path) -> None:
    found = recorded(tmp_path, crm, (200, "张三"), (200, {"code": 0, "data": None}))

    assert dict(found.get_api_summary("crm.getCustomer").lacks) == {("data",): {"null"}}


@pytest.mark.parametrize(
    ("answer", "body", "found"),
    [
        ({}, {"a": 1}, {"a": {}}),
        ({"type": "object", "properties": {"a": {"type": "integer"}}}, {"a": 1}, {"a": {"absent": "declared"}}),
        (
            {"type": "object", "required": ["a"], "properties": {"a": {"type": ["integer", "null"]}}},
            {"a": 1}, {"a": {"null": "declared"}},
        ),
        (
            {"type": "object", "required": ["a"], "properties": {"a": {"type": ["integer", "null"]}}},
            {"a": None}, {"a": {}},
        ),
        (
            {"type": "array", "items": {"type": "object", "properties": {"a": {"type": "integer"}}}},
            [{"a": 1}, {"b": 2}], {"[0].a": {"absent": "declared"}},
        ),
        (
            {"type": "object", "properties": {"a": {"type": "integer"}}}, {"b": {"c": 1}},
            {"b": {}, "b.c": {}},
        ),
    ],
)  # fmt: skip
def test_a_schema_says_what_can_lack(
    tmp_path: Path, answer: Mapping[str, Any], body: Any, found: dict[str, Any]
) -> None:
    summary = RecordedResponses(tmp_path, Platforms()).get_api_summary("crm.get")
    members = collect_members(body, Api(key="get", answer=answer), summary)

    assert {one.name: dict(one.lacks) for one in members} == found


# ---------------------------------------------------------------------- orders of responses


def flown(*calls: tuple[float, float]) -> list[ObservedCall]:
    """Return calls in flight together: sent at, and seconds until each response."""
    return [
        made(f"crm.第{number}", number, round(10 * (sent + took)), sent_at=sent, elapsed=took)
        for number, (sent, took) in enumerate(calls, 1)
    ]


@pytest.mark.parametrize(
    ("calls", "orders"),
    [
        (
            [(0.0, 1.0), (0.0, 2.0)],
            [("crm.第2 < crm.第1", {"crm.第1": 1.001}, "crm.第1", 1)],
        ),
        (
            [(0.0, 2.0), (0.5, 1.0)],
            [("crm.第1 < crm.第2", {"crm.第2": 0.501}, "crm.第2", 1)],
        ),
        (
            [(0.0, 1.0), (0.0, 2.0), (0.0, 3.0)],
            [
                ("crm.第1 < crm.第3 < crm.第2", {"crm.第2": 1.001}, "crm.第2", 1),
                ("crm.第2 < crm.第1 < crm.第3", {"crm.第1": 1.001}, "crm.第1", 1),
                ("crm.第2 < crm.第3 < crm.第1", {"crm.第1": 2.001}, "crm.第1", 2),
                ("crm.第3 < crm.第1 < crm.第2", {"crm.第1": 2.001, "crm.第2": 1.002}, "crm.第1", 2),
                ("crm.第3 < crm.第2 < crm.第1", {"crm.第2": 1.001, "crm.第1": 2.002}, "crm.第2", 3),
            ],
        ),
    ],
)
def test_responses_are_delayed_no_more_than_needed(
    calls: list[tuple[float, float]], orders: list[Any]
) -> None:
    found = find_possible_orders([tuple(flown(*calls))])

    assert [
        (
            one.name,
            {rule.on: rule.do.delay for rule in one.rules},
            one.late_call.name,
            one.inversions,
        )
        for one in found
    ] == orders


def test_logins_swap_with_nothing() -> None:
    calls = [made("crm.$token", 0, 9, is_login=True), made("crm.甲", 1, 5), made("crm.乙", 2, 6)]

    assert [[one.name for one in group] for group in find_concurrent_calls(calls)] == [
        ["crm.甲", "crm.乙"]
    ]
    assert find_concurrent_calls(calls[:2]) == ()


def test_a_delay_is_rounded_to_microseconds() -> None:
    fault = make_delay_fault(replace(GET, number=2), 0.12345678)
    waiting = Interruption(call=GET, what="", is_again=False).delay_rule

    assert (fault.on, fault.first, fault.last) == ("crm.getCustomer", 2, 2)
    assert waiting == FaultRule(on="crm.getCustomer", call=1, do=FaultAction(delay=1.0))


STEPS = """\
- {set: {customerId: "1"}}
- {advance: 5s}
- {set: {customerId: "2"}, during: {call: crm.getCustomer, steps: [{set: {note: x}}]}}
- {set: {customerId: "3"}}
"""


@pytest.fixture(name="item", scope="module")
def load_item(tmp_path_factory: pytest.TempPathFactory) -> ScenarioItem:
    path = write_project(tmp_path_factory.mktemp("order"), "// getCustomer", steps=STEPS)
    return load_items(path)[0]


ONE, TWO, THREE = (
    made(
        "crm.getCustomer", begin, begin + 1, number=number, request=f"{number}",
        sent_at=float(begin), elapsed=0.5,
    )
    for begin, number in ((1, 1), (3, 2), (5, 3))
)  # fmt: skip


@pytest.mark.parametrize(
    ("calls", "found"),
    [
        ([ONE], []),
        ([ONE, TWO], [("crm.getCustomer #2 < crm.getCustomer", 2.001)]),
        (
            [ONE, TWO, THREE],
            [("crm.getCustomer #2 < crm.getCustomer", 2.001), ("crm.getCustomer #3 < crm.getCustomer #2", 2.001)],
        ),
        ([ONE, replace(TWO, request="1")], []),
        ([ONE, replace(TWO, begin=2)], []),
        ([ONE, replace(TWO, name="crm.notify")], []),
        ([ONE, made("crm.notify", 2), TWO], [("crm.getCustomer #2 < crm.getCustomer", 2.001)]),
        ([made("crm.notify", 0), ONE, TWO], [("crm.getCustomer #2 < crm.getCustomer", 2.001)]),
        (
            [made("crm.notify", 0, step="4"), made("crm.notify", 1, step="5", request="x"), ONE, TWO],
            [("crm.getCustomer #2 < crm.getCustomer", 2.001)],
        ),
        ([replace(ONE, is_faulted=True), TWO], []),
        ([ONE, replace(TWO, is_faulted=True)], []),
        ([replace(ONE, is_login=True), replace(TWO, is_login=True)], []),
        ([ONE, replace(TWO, step="3")], []),
        ([replace(ONE, step="2"), replace(TWO, step="3")], [("crm.getCustomer #2 < crm.getCustomer", 2.001)]),
        ([replace(ONE, step="3"), replace(TWO, step="4")], [("crm.getCustomer #2 < crm.getCustomer", 2.001)]),
        ([replace(ONE, step="4"), replace(TWO, step="5")], []),
        ([ONE, replace(TWO, sent_at=3.0, elapsed=2.25)], [("crm.getCustomer #2 < crm.getCustomer", 3.751)]),
    ],
)  # fmt: skip
def test_a_response_can_be_later_than_that_of_the_next_query(
    item: ScenarioItem, calls: list[ObservedCall], found: list[tuple[str, float]]
) -> None:
    orders = list(find_orders_late_for_next_call(item, seen(calls=calls, idle=["2"])))

    assert [(one.name, rule.do.delay) for one in orders for rule in one.rules] == found
    for one in orders:
        assert (one.inversions, one.late_call, len(one.faults)) == (1, one.calls[1], 1)
        assert (one.rules[0].on, one.rules[0].call) == (one.calls[1].name, one.calls[1].number)


def test_where_no_response_is_late_it_is_that_of_the_first_call() -> None:
    calls = (made("crm.notify", 1, 2), made(begin=0, end=3), made("crm.a", 2, 4))

    assert Order(calls=calls, rules=(), faults=(), inversions=0).late_call == calls[1]


# ---------------------------------------------------------------------- what scripts read


@pytest.mark.parametrize(
    ("names", "steps", "is_read"),
    [
        ({("data",)}, ("data",), True),
        ({("data",)}, ("data", "name"), False),
        ({("data", "name")}, ("data",), False),
        ({("rows", "*", "no")}, ("rows", 0, "no"), True),
        ({("rows", "0", "no")}, ("rows", 0, "no"), False),
        (set(), ("data",), False),
    ],
)
def test_a_member_is_read_at_its_place_by_that_call(
    names: set[Any], steps: tuple[str | int, ...], is_read: bool
) -> None:
    reads = ReadMembers({"crm.getCustomer": frozenset(names)}, frozenset({"data", "name", "no"}))

    assert reads.is_read(GET, steps) is is_read
    assert not reads.is_read(replace(GET, number=2), steps)
    unseen = replace(reads, seen=None)
    assert unseen.is_read(GET, steps)
    assert not unseen.is_read(GET, ("level",))


def noted(*entry: Any) -> ConsoleWritten:
    return ConsoleWritten(text=f"bpmax_sim.reads {json.dumps(entry)}", level="debug", at=0.0)


def test_reads_are_those_of_the_call_before_and_of_no_login() -> None:
    first, token, second = (
        made(begin=0),
        made("crm.$token", 2, is_login=True),
        made("crm.查合同", 3),
    )
    calls = [first, token, second]
    begun = hook()  # where the calls are
    events: list[Event] = [
        begun,
        noted(0),
        begun,
        begun,
        noted(1),
        noted(1, ["data"]),
        noted(0, ["a", "*"]),
    ]
    base, watched = (
        seen(step(console=console), calls=calls, events=events)
        for console in ((shown("甲"),), (shown("bpmax_sim.reads [0]"), shown("甲")))
    )

    assert find_reads(base, watched) == {
        "crm.查客户": frozenset({("a", "*")}), "crm.查合同": frozenset({("data",)}),
    }  # fmt: skip


@pytest.mark.parametrize(
    "watched",
    [
        seen(step(), calls=[]),
        seen(step(), calls=[GET, GET]),
        *(
            seen(step(), calls=[replace(GET, **fields)])
            for fields in (
                {"name": "crm.notify"}, {"step": "2"}, {"request": "x"}, {"error": "TIMEOUT"},
                {"status": 201}, {"sent_at": 1.0},
            )
        ),
        seen(step(state={"form.a": 1}), calls=[GET]),
        seen(step(messages=(shown("x"),)), calls=[GET]),
        seen(step(console=(shown("x"),)), calls=[GET]),
        seen(step(), step("2"), calls=[GET]),
    ],
)  # fmt: skip
def test_nothing_is_learned_from_a_run_that_came_to_something_else(watched: Any) -> None:
    base = seen(step(), calls=[GET])

    assert find_reads(base, watched) is None
    same = seen(step(), calls=[replace(GET, begin=5, end=7, elapsed=1.0, place=None)])
    assert find_reads(base, same) == {"crm.getCustomer": frozenset()}
    assert "MARK" not in READ_WATCHER.source


def test_a_rule_is_written_as_in_a_scenario() -> None:
    rules = [
        FaultRule(on="crm.getCustomer", call=1, attempts=10, do=FaultAction(error="connect")),
        FaultRule(on="erp.*", call="1-3", do=FaultAction(status=500, body={"甲": [1, None]}, delay=0.5)),
    ]  # fmt: skip

    assert make_rule_data(rules[0]) == {
        "on": "crm.getCustomer", "call": 1, "attempts": 10, "do": {"error": "connect"},
    }  # fmt: skip
    assert make_rule_data(FaultRule(on="*", call=UNSET, do=FaultAction(token="expired"))) == {
        "on": "*", "do": {"token": "expired"},
    }  # fmt: skip
    assert format_rules(rules).startswith("faults:\n")
    assert ordered().label == "erp.下单"
