"""What exploration counts, compares and takes away: none, one, at the limit, one more."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec import UNSET, structs

from bpmax_sim.errors import Place
from bpmax_sim.explore import search
from bpmax_sim.explore.effects import (
    find_static_segments,
    has_effect_when_repeated,
    identify_request,
)
from bpmax_sim.explore.judge import Judgement, find_new_lines
from bpmax_sim.explore.members import RecordedResponses, apply_member_lack, collect_members
from bpmax_sim.explore.orders import count_orders, find_concurrent_calls, find_possible_orders
from bpmax_sim.explore.page import make_section
from bpmax_sim.explore.search import Exploration, JudgedVariant
from bpmax_sim.explore.summary import ExploreTotals, MatrixCell, find_causes
from bpmax_sim.platform.load import Platforms
from bpmax_sim.platform.model import Api
from bpmax_sim.scenario.calls import CallMade
from bpmax_sim.scenario.model import Scenario
from bpmax_sim.scenario.source import Failure
from bpmax_sim.session.options import Severity
from bpmax_sim.variant.run import BaselineError
from tests.explore.test_orders import made


@pytest.mark.parametrize(
    ("spans", "groups"),
    [
        ([], []),
        ([(0, 9)], []),
        ([(0, 4), (5, 9)], []),
        ([(0, 5), (4, 9)], [{0, 1}]),
        ([(0, 9), (1, 2), (3, 4)], [{0, 1}, {0, 2}]),
        ([(0, 9), (1, 8), (2, 7)], [{0, 1, 2}]),
        ([(0, 3), (1, 5), (4, 7)], [{0, 1}, {1, 2}]),
        ([(0, 1), (2, 5), (3, 6), (7, 8)], [{1, 2}]),
        ([(0, 9), (1, 9), (2, 9), (3, 9)], [{0, 1, 2, 3}]),
    ],
)
def test_calls_in_flight_together_are_a_group(
    spans: list[tuple[int, int]], groups: list[set[int]]
) -> None:
    calls = [made(number, *span) for number, span in enumerate(spans)]

    found = find_concurrent_calls(calls)

    assert [{call.number for call in group} for group in found] == groups


@pytest.mark.parametrize(
    ("count", "tried"), [(0, 0), (1, 0), (2, 1), (3, 5), (4, 23), (5, 45), (6, 100), (9, 582)]
)
def test_all_orders_of_up_to_four_and_two_swaps_of_more(count: int, tried: int) -> None:
    groups = find_concurrent_calls(
        [made(number + 1, number, 90 + number) for number in range(count)]
    )

    orders = list(find_possible_orders(groups))

    assert (len(orders), count_orders(groups)) == (tried, tried)
    assert [order.inversions for order in orders] == sorted(order.inversions for order in orders)
    assert len({order.name for order in orders}) == tried
    for order in orders:
        # whoever comes late is behind one that was asked later, and is delayed
        assert order.late_call in order.calls[1:]
        assert order.late_call.name in {rule.on for rule in order.rules}


def call(**fields: Any) -> CallMade:
    return CallMade(
        **{"number": 1, "call": "crm.create", "method": "POST", "instance": "a", **fields}
    )


Pair = tuple[dict[str, Any], dict[str, Any]]
SAME: tuple[Pair, ...] = (
    ({"body": {"a": 1}}, {"body": {"a": 1}}),
    ({"body": {"a": 1, "b": 2}}, {"body": {"b": 2, "a": 1}}),
    ({"body": {"a": 1, "nonce": "x"}}, {"body": {"a": 1, "nonce": "y"}}),
    ({"body": {"a": [{"timestamp": 1}]}}, {"body": {"a": [{"timestamp": 2}]}}),
    ({"query": {"ts": "1"}}, {"query": {"ts": "2"}}),
    *(
        ({"body": {"单号": "A1", name: 1}}, {"body": {"单号": "A1", name: 2}})
        for name in (
            "createdAt",
            "created_at",
            "createTime",
            "CREATE_TIME",
            "requested_at",
            "sentAt",
            "send_time",
            "calledAt",
            "callTime",
            "time_stamp",
            "NONCE",
            "创建时间",
            "请求时间",
            "发送时间",
            "调用时间",
        )
    ),
    ({"header": {"a": "1"}}, {"header": {"a": "2"}}),
    ({"body": {"request_id": "1"}}, {"body": {"request_id": "2"}}),
)
OTHER: tuple[Pair, ...] = (
    ({"body": {"a": 1}}, {"body": {"a": 2}}),
    ({"body": {"a": 1}}, {"body": {"a": "1"}}),
    ({"body": {"a": None}}, {"body": {}}),
    ({"body": {"a": 0}}, {"body": {"a": ""}}),
    ({"body": [1, 2, 3]}, {"body": [1, 2, 4]}),
    ({"body": [1, 2, 3]}, {"body": [3, 2, 1]}),
    ({"path": {"id": "1"}}, {"path": {"id": "2"}}),
    ({"query": {"page": "1"}}, {"query": {"page": "2"}}),
    ({"instance": "a"}, {"instance": "b"}),
    ({"method": "POST"}, {"method": "PUT"}),
    ({"body": {"request_id": None}}, {"body": {"request_id": ""}}),
    *(
        ({"body": {name: 1}}, {"body": {name: 2}})
        for name in ("预约时间", "时间", "开始时间_2", "createdAtPlace", "startTime", "meetAt")
    ),
)


@pytest.mark.parametrize(
    ("one", "two", "same"), [*((*pair, True) for pair in SAME), *((*pair, False) for pair in OTHER)]
)
def test_two_requests_are_for_the_same_thing(
    one: dict[str, Any], two: dict[str, Any], *, same: bool
) -> None:
    identities = [identify_request(call(**fields)) for fields in (one, two)]

    assert (identities[0].request == identities[1].request) == same


@pytest.mark.parametrize(
    ("fields", "declared", "key", "numbers"),
    [
        ({}, "", "", set()),
        ({"header": {"Idempotency-Key": "k"}}, "", "Idempotency-Key=k", set()),
        ({"header": {"X-Request-Id": "k"}}, "", "X-Request-Id=k", set()),
        ({"header": {"x-own": "k"}}, "X-OWN", "x-own=k", set()),
        ({"header": {"x-own": "k"}}, "", "", set()),
        ({"body": {"单号": "1", "流水号": "2"}}, "", "流水号=2", {"1", "2"}),
        ({"body": {"a": {"b": [{"out_trade_no": 7}]}}}, "", "out_trade_no=7", {"7"}),
        ({"body": {"out_trade_no": ""}}, "", "", set()),
        ({"body": {"out_trade_no": None}}, "", "", set()),
        ({"body": {"out_trade_no": 0}}, "", "out_trade_no=0", {"0"}),
        ({"body": {"msgKey": "x", "msgid": "y"}}, "", "msgid=y", {"x", "y"}),
        ({"body": {"order_no": "9"}, "path": {"id": 3}}, "", "", {"9", "3"}),
        ({"body": {"uuid": "1", "request_id": "2", "client_token": "3"}}, "",
         "client_token=3 request_id=2 uuid=1", {"1", "2", "3"}),
    ],
)  # fmt: skip
def test_the_key_of_a_request_and_what_it_is_looked_up_by(
    fields: dict[str, Any], declared: str, key: str, numbers: set[str]
) -> None:
    found = identify_request(call(**fields, key_name=declared))

    assert (found.key, {*found.numbers}) == (key, numbers)


@pytest.mark.parametrize(
    ("idempotent", "method", "effect"),
    [
        (UNSET, "GET", False), (UNSET, "HEAD", False), (UNSET, "PUT", False),
        (UNSET, "DELETE", False), (UNSET, "OPTIONS", False), (UNSET, "POST", True),
        (UNSET, "PATCH", True), (UNSET, "", True),
        (True, "POST", False), (False, "POST", True), (False, "GET", True), (True, "GET", False),
    ],
)  # fmt: skip
def test_a_second_request_has_an_effect(idempotent: Any, method: str, *, effect: bool) -> None:
    assert (
        has_effect_when_repeated(Api(key="x", path="/x", idempotent=idempotent), method) == effect
    )


@pytest.mark.parametrize(
    ("path", "segments"),
    [
        ("", ()), ("/", ()), ("/a", ("a",)), ("/a/", ("a",)), ("//a//b", ("a", "b")),
        ("/a/{id}", ("a",)), ("/{id}", ()), ("/a/{id}/b/{n}", ("a", "b")), ("/a-{id}", ("a-{id}",)),
        ("/{a}{b}", ("{a}{b}",)), ("/{}", ()),
    ],
)  # fmt: skip
def test_the_collection_of_a_path(path: str, segments: tuple[str, ...]) -> None:
    assert find_static_segments(path) == segments


@pytest.mark.parametrize(
    ("one", "other", "numbers", "is_near"),
    [
        (("orders",), ("orders",), ((), ()), True),
        (("orders",), ("orders", "submit"), ((), ()), True),
        (("orders", "status"), ("orders",), ((), ()), True),
        (("orders", "status"), ("orders", "submit"), ((), ()), False),
        (("invoices",), ("orders",), ((), ()), False),
        ((), ("orders",), ((), ()), False),
        ((), (), ((), ()), False),
        (("invoices",), ("orders",), (("DD-1",), ("DD-1", "DD-2")), True),
        (("invoices",), ("orders",), (("DD-1",), ("DD-2",)), False),
    ],
)
def test_a_read_shows_an_effect_below_the_same_path_or_of_the_same_number(
    one: tuple[str, ...], other: tuple[str, ...], numbers: Any, *, is_near: bool
) -> None:
    read, failed = (
        structs.replace(made(1, 0, 1), collection=path, numbers=frozenset(named))
        for path, named in zip((one, other), numbers, strict=True)
    )

    assert read.can_observe(failed) == is_near
    assert not read.can_observe(structs.replace(failed, name="erp.createOrder"))


BODY: dict[str, Any] = {"a": None, "b": 0, "c": [{"d": 1}, {"d": 2}, {"d": 3}], "e": {"f": ""}}


@pytest.mark.parametrize(
    ("steps", "lack", "expected"),
    [
        (("a",), "absent", {**BODY, "a": UNSET}),
        (("b",), "null", {**BODY, "b": None}),
        (("c",), "empty", {**BODY, "c": []}),
        (("e", "f"), "absent", {**BODY, "e": {}}),
        (("e", "f"), "null", {**BODY, "e": {"f": None}}),
        (("c", 0, "d"), "absent", {**BODY, "c": [{}, {"d": 2}, {"d": 3}]}),
        (("c", 2, "d"), "null", {**BODY, "c": [{"d": 1}, {"d": 2}, {"d": None}]}),
    ],
)
def test_one_member_is_lacking_and_nothing_else(steps: Any, lack: Any, expected: Any) -> None:
    before = repr(BODY)

    found = apply_member_lack(BODY, steps, lack)

    assert found == {name: value for name, value in expected.items() if value is not UNSET}
    assert repr(BODY) == before


def lacks(folder: Path, body: Any, *seen: Any, answer: Any = None) -> dict[str, Any]:
    recorded = RecordedResponses(folder, Platforms()).get_api_summary("crm.get")
    for one in seen:
        recorded.add_success_body(one)
    api = Api(key="get", path="/x", answer=answer or {})
    return {one.name: {**one.lacks} for one in collect_members(body, api, recorded) if one.lacks}


@pytest.mark.parametrize(
    ("seen", "found"),
    [
        ([], {}),
        ([{"a": 1, "b": [1]}], {}),
        ([{"a": 1, "b": [1]}, {"a": 0, "b": [1]}], {}),
        ([{"a": 1, "b": [1]}, {"b": [1]}], {"a": {"absent": "recorded"}}),
        ([{"b": [1]}, {"b": [1]}, {"a": 1, "b": [1]}], {"a": {"absent": "recorded"}}),
        ([{"a": None, "b": []}], {"a": {"null": "recorded"}, "b": {"empty": "recorded"}}),
        ([{"a": []}], {}),
        ([{}], {}),
        ([None], {}),
        ([[]], {}),
    ],
)
def test_a_member_lacks_what_a_recording_shows(
    tmp_path: Path, seen: list[Any], found: dict[str, Any]
) -> None:
    assert lacks(tmp_path, {"a": 1, "b": [1]}, *seen) == found


def test_a_member_of_each_element_counts_for_the_first(tmp_path: Path) -> None:
    rows = [{"n": 1}, {"n": 2}, {"n": 3}]

    assert lacks(tmp_path, {"rows": rows}, {"rows": [*rows, {}]}) == {
        "rows[0].n": {"absent": "recorded"}
    }
    assert lacks(tmp_path, {"rows": []}, {"rows": [*rows, {}]}) == {}


def test_of_a_response_sixty_members_and_six_floors_are_looked_at(tmp_path: Path) -> None:
    recorded = RecordedResponses(tmp_path, Platforms()).get_api_summary("crm.get")
    api = Api(key="get", path="/x")
    for count, looked_at in ((0, 0), (59, 59), (60, 60), (61, 60)):
        wide = {f"n{number}": number for number in range(count)}
        assert len(collect_members(wide, api, recorded)) == looked_at
    deep: Any = 1
    for _ in range(9):
        deep = {"x": deep}
    assert [one.name.count("x") for one in collect_members(deep, api, recorded)] == [
        1,
        2,
        3,
        4,
        5,
        6,
    ]
    empty: tuple[Any, ...] = (None, 1, "", [], {}, [[]])
    for body in empty:
        assert collect_members(body, api, recorded) == ()


def tried(number: int, severity: Severity) -> JudgedVariant:
    return JudgedVariant(
        call=made(number, 0, 1), kind="503", column="503", rules=(), severity=severity,
        judgement=Judgement(verdict="silent", place=Place("a.js", number)),
    )  # fmt: skip


def test_what_fails_is_told_first_and_what_is_allowed_not_at_all() -> None:
    severities: list[Severity] = ["warn", "fail", "allow", "warn", "fail"]
    variants = tuple(map(tried, range(5), severities))
    place = Place("甲.scenario.yaml", 1)

    found = find_causes(
        [Exploration(node_id="甲", name="甲", place=place, target="甲", variants=variants)]
    )

    assert [(one.place, one.fails_scenario) for one in found] == [
        ("a.js:1", True), ("a.js:4", True), ("a.js:0", False), ("a.js:3", False),
    ]  # fmt: skip


def test_without_a_variant_that_came_about_the_page_has_no_matrix() -> None:
    cell = MatrixCell("crm.get", "a.js:1", "503", "silent")

    assert make_section(ExploreTotals()).parts == ()
    assert len(make_section(ExploreTotals(cells=[cell])).parts) == 1


@pytest.mark.parametrize(
    ("before", "after", "new"),
    [
        ("", "", ""),
        ("", "甲", "甲"),
        ("甲", "", ""),
        ("甲", "甲", ""),
        ("甲", "甲甲", "甲"),
        ("甲", "甲甲甲", "甲甲"),
        ("甲甲", "甲", ""),
        ("甲乙", "乙甲", ""),
        ("甲乙", "乙丙甲乙", "丙乙"),
    ],
)
def test_a_line_that_is_there_once_more_is_new(before: str, after: str, new: str) -> None:
    lines = [[{"level": "info", "text": text} for text in side] for side in (before, after)]

    assert "".join(line["text"] for line in find_new_lines(*lines)) == new


def test_lines_are_alike_in_all_that_they_have() -> None:
    [line] = [{"level": "info", "text": "甲"}]
    others = [{"text": "甲", "level": "info"}, {**line, "level": "error"}, {**line, "code": ""}]

    assert find_new_lines([line], others) == others[1:]


@pytest.mark.parametrize(
    ("kinds", "falls_back"),
    [
        ((), False), (("miss",), True), (("miss", "miss"), True), (("expect",), False),
        (("miss", "expect"), False), (("expect", "miss"), False),
    ],
)  # fmt: skip
def test_simulators_answer_where_recordings_alone_are_lacking(
    kinds: tuple[str, ...], falls_back: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []

    def measure(item: Any, **_: object) -> Any:
        asked.append(item)
        if len(asked) == 1:
            error = BaselineError("not green")
            error.failures = tuple(Failure(kind=kind, essence="没有") for kind in kinds)
            raise error
        return "simulated"

    monkeypatch.setattr(search, "measure_baseline", measure)
    monkeypatch.setattr(search, "_switch_to_simulators", lambda item: (item, "simulators"))
    item: Any = SimpleNamespace(scenario=Scenario(scenario="下单"))
    if falls_back:
        found: Any = search._simulate_or_replay_baseline(item, None)
        assert (found, asked) == ("simulated", [item, (item, "simulators")])
    else:
        with pytest.raises(BaselineError, match="not green"):
            search._simulate_or_replay_baseline(item, None)
