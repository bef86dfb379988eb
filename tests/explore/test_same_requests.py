"""Which requests ask for the same, which have an effect, and which reads can show one."""

from __future__ import annotations

import json
from typing import Any

from bpmax_sim.explore.effects import (
    find_static_segments,
    has_effect_when_repeated,
    identify_request,
)
from bpmax_sim.explore.orders import count_orders, find_possible_orders
from bpmax_sim.explore.run_view import drop_result
from bpmax_sim.platform.model import Api
from bpmax_sim.scenario.calls import CallMade
from bpmax_sim.scenario.events import CallAnswered, FaultStruck
from tests.explore.test_order_verdicts import begun, ended, sent, viewed
from tests.explore.views import made, ordered, seen, step, written

NEW_EACH_TIME = (
    "nonce", "X-Nonce", "timestamp", "timeStamp", "time_stamp", "ts", "TS", "sendAt", "sent_time",
    "sendtime", "requestTime", "requested_at", "createdAt", "create_time", "calledAt", "call_time",
    "trace", "traceId", "trace_id", "时间戳", "请求时间戳", "发送时间", "请求时间",
    "创建时间", "调用时间",
)  # fmt: skip
KEPT = (
    "costs", "points", "tsx", "下单时间", "update_time", "lifetime", "sender", "traces",
    "traceIdx", "时间", "created", "requested", "发送", "客户",
)  # fmt: skip
NUMBERS = (
    "no", "orderNo", "order_no", "number", "itemNumber", "code", "ERRCODE", "key", "api_key",
    "订单号", "物料编码",
)  # fmt: skip
NO_NUMBERS = ("noon", "codes", "第no", "号码", "编码器", "keyword", "x-no")


def identify(**fields: Any) -> tuple[Any, str, list[str]]:
    """Return what a request asks for, its key, and its numbers."""
    usual: dict[str, Any] = {"instance": "默认", "method": "POST", "path": {"id": "P-7"}}
    found = identify_request(CallMade(number=1, call="erp.下单", **{**usual, **fields}))
    return json.loads(found.request), found.key, sorted(found.numbers)


def test_what_is_new_at_each_sending_is_left_out_at_any_depth() -> None:
    values: dict[str, Any] = dict.fromkeys((*NEW_EACH_TIME, *KEPT), "x")
    kept = dict.fromkeys(KEPT, "x")
    body = {**values, "行": [values, {"里": values}, 3]}

    assert identify(query=values, body=body) == (
        ["默认", "POST", {"id": "P-7"}, kept, {**kept, "行": [kept, {"里": kept}, 3]}], "", ["P-7"],
    )  # fmt: skip


def test_numbers_of_things_are_those_of_the_path_and_of_members_named_so() -> None:
    body = {name: f"N-{name}" for name in (*NUMBERS, *NO_NUMBERS)}

    request, key, numbers = identify(query={"no": 7, "code": {"a": 1}, "key": None}, body=[body])

    assert request == [
        "默认",
        "POST",
        {"id": "P-7"},
        {"no": 7, "code": {"a": 1}, "key": None},
        [body],
    ]
    assert (key, numbers) == ("", sorted(["P-7", "7", *(f"N-{name}" for name in NUMBERS)]))


def test_an_idempotency_key_is_no_part_of_the_request_and_is_a_number() -> None:
    body = {
        "idempotencyKey": "K-1",
        "单据键": "K-2",
        "客户": "张三",
        "明细": [{"单据键": {"a": 1}}],
    }

    assert identify(body=body, key_name="单据键") == (
        ["默认", "POST", {"id": "P-7"}, {}, {"客户": "张三", "明细": [{"单据键": {"a": 1}}]}],
        "idempotencyKey=K-1 单据键=K-2", ["K-1", "K-2", "P-7"],
    )  # fmt: skip
    assert identify(body=body)[0][4] == {
        "单据键": "K-2", "客户": "张三", "明细": [{"单据键": {"a": 1}}],
    }  # fmt: skip
    assert identify(instance="测试", method="PUT", path={}, body="文字") == (
        ["测试", "PUT", {}, {}, "文字"], "", [],
    )  # fmt: skip


def test_an_effect_is_declared_or_that_of_the_method() -> None:
    methods = ("GET", "HEAD", "OPTIONS", "PUT", "DELETE", "POST", "PATCH")
    assert {
        str(name): [one for one in methods if has_effect_when_repeated(api, one)]
        for name, api in (
            ("none", None), ("plain", Api()), ("once", Api(idempotent=False)),
            ("again", Api(idempotent=True)),
        )
    } == {
        "none": ["POST", "PATCH"], "plain": ["POST", "PATCH"], "once": [*methods], "again": [],
    }  # fmt: skip
    assert {
        path: find_static_segments(path)
        for path in ("/orders/{id}", "/", "", "/a/{b}c/d/", "{x}/{y}", "/orders//lines/{n}/pay")
    } == {
        "/orders/{id}": ("orders",), "/": (), "": (), "/a/{b}c/d/": ("a", "{b}c", "d"),
        "{x}/{y}": (), "/orders//lines/{n}/pay": ("orders", "lines", "pay"),
    }  # fmt: skip


def test_a_call_can_show_what_another_did_if_both_are_about_one_thing() -> None:
    orders: dict[str, Any] = {"collection": ("orders",), "numbers": frozenset({"7"})}
    write = ordered(1, **orders)
    reads = {
        "the same path": made("erp.查单", collection=("orders",)),
        "a path below": made("erp.查行", collection=("orders", "lines")),
        "a path beside": made("erp.查客户", collection=("customers", "orders")),
        "no path": made("erp.查", collection=()),
        "the same number": made("erp.查", numbers=frozenset({"8", "7"})),
        "another number": made("erp.查", numbers=frozenset({"8"})),
        "another platform": made("crm.查单", **orders),
    }
    assert {name: one.can_observe(write) for name, one in reads.items()} == {
        "the same path": True, "a path below": True, "a path beside": False, "no path": False,
        "the same number": True, "another number": False, "another platform": False,
    }  # fmt: skip
    keys = [ordered(key="甲"), ordered(key="甲"), ordered(key="乙"), ordered(), ordered()]
    other = made("erp.退单", key="甲")
    assert [one.shares_idempotency_key(keys[0]) for one in (*keys, other)] == [
        True, True, False, False, False, False,
    ]  # fmt: skip
    assert not keys[3].shares_idempotency_key(keys[4])
    assert [
        one.has_third_party_response
        for one in (made(), made(source="fault"), made(error="X"), made(source="fault", error="X"))
    ] == [True, False, False, False]
    assert [(one.platform, one.api, one.label) for one in (made("a.b.c"), made(number=2))] == [
        ("a", "b.c", "a.b.c"), ("crm", "查客户", "crm.查客户 #2"),
    ]  # fmt: skip


def test_effects_of_a_run_are_those_that_came_through_once_for_each_key() -> None:
    calls = [
        made(begin=1), ordered(2, key="甲"), ordered(3, key="甲"), ordered(4, error="NoMatchError"),
        ordered(5, error="TIMEOUT", number=5), ordered(6), ordered(7, error="TIMEOUT", key="乙"),
        ordered(8, key="乙"),
    ]  # fmt: skip
    run = seen(step(), calls=calls)

    def begins(*args: Any, **more: Any) -> list[int]:
        return [one.begin for one in run.find_calls_with_effect(*args, **more)]

    assert begins() == [2, 4, 6, 8]
    assert begins(calls[4], is_failed_call_executed=True) == [2, 4, 5, 6, 8]
    assert begins(calls[5], is_failed_call_executed=False) == [2, 4, 8]
    assert begins(calls[6], is_failed_call_executed=True) == [2, 4, 6, 7]
    assert begins(calls[0], is_failed_call_executed=True) == [2, 4, 6, 8]


def test_a_read_of_an_effect_is_made_after_it_and_before_the_next_call() -> None:
    about: dict[str, Any] = {"numbers": frozenset({"7"})}
    write, last = ordered(4, 6, **about), ordered(20, 22, **about)
    reads = {
        "before it": made("erp.查", 3, 9, **about),
        "at once": made("erp.查", 4, 9, **about),
        "after it": made("erp.查", 5, 9, **about),
        "until the next": made("erp.查", 10, 20, **about),
        "just before the next": made("erp.查", 10, 19, **about),
        "an effect": made("erp.改", 10, 12, has_effect=True, **about),
        "a login": made("erp.登录", 10, 12, is_login=True, **about),
        "an error": made("erp.查", 10, 12, error="X", **about),
    }
    assert {
        name: [
            seen(step(), calls=[read]).find_read_of_effect(write, *until) is read
            for until in ((), (last,))
        ]
        for name, read in reads.items()
    } == {
        "before it": [False, False], "at once": [False, False], "after it": [True, True],
        "until the next": [True, False], "just before the next": [True, True],
        "an effect": [False, False], "a login": [False, False], "an error": [False, False],
    }  # fmt: skip


def test_steps_are_those_from_one_on_with_what_is_done_during_it() -> None:
    keys = ("1", "2", "2.1", "12", "12.1", "3")
    run = seen(*(step(key, state={"form.a": key, "result": 1}) for key in keys))

    assert {
        key: [name for name, _ in run.find_steps_from(key)] for key in ("1", "2", "12", "3", "9")
    } == {
        "1": [*keys], "2": [*keys[1:]], "12": [*keys[3:]], "3": ["3"], "9": [*keys],
    }  # fmt: skip
    assert dict(seen(step("3"), step("12")).find_steps_from("1")).keys() == {"3", "12"}
    assert (run.end, seen().end) == ({"form.a": "3"}, {})
    assert drop_result({"result": 1, "result.a": 2}) == {"result.a": 2}
    events = [
        written("甲", by="user", new=1), written("甲", by="user", new=1), written("乙"),
        written("丙", by="submit"), written("丁", by="user", new=2),
    ]  # fmt: skip
    run = seen(step(), events=events)
    assert dict(run.user_inputs) == {"('甲', 1)": 2, "('丁', 2)": 1}
    assert run.find_fields_written_by_scripts(1, 4) == {"乙", "丙"}
    assert run.find_fields_written_by_scripts(0, 2) == set()


def test_a_run_is_seen_by_its_outermost_steps_with_the_calls_of_each() -> None:
    late: dict[str, Any] = {"sent_at": 2.0, "at": 1.5, "duration": 3.0}
    struck: dict[str, Any] = {"attempt": 1, "rule": "", "action": "", "at": 0.0}
    run = viewed(
        begun(1, ""), sent(1, "crm.下单", method="POST", **late), ended(1, form={"金额": 1}),
        begun(2, "click"), sent(2, source="fault", **late), begun(0, "advance"),
        sent(3, "crm.作废", method="POST", source="stub"), CallAnswered(number=1, call="crm.下单"),
        ended(0), sent(4, "crm.$token", method="POST"), sent(5, "oa.发", method="POST"),
        FaultStruck(number=3, call="crm.作废", **struck), FaultStruck(number=2, call="", **struck),
        CallAnswered(number=3, call="crm.作废"), ended(2, form={"金额": 2}, result=7),
        begun(3, "advance"), sent(6), ended(3),
    )  # fmt: skip

    assert [
        (one.label, one.step, one.begin, one.end, one.elapsed, one.is_faulted, one.has_effect)
        for one in run.calls
    ] == [
        ("crm.下单", "1", 1, 7, 2.5, False, True), ("crm.查单", "2", 4, 4, 2.5, True, False),
        ("crm.作废", "2", 6, 13, 0.0, False, False), ("crm.$token", "2", 9, 9, 0.0, False, False),
        ("oa.发", "2", 10, 10, 0.0, False, True), ("crm.查单 #2", "3", 16, 16, 0.0, False, False),
    ]  # fmt: skip
    assert [one.collection for one in run.calls[::4]] == [("orders",), ()]
    assert ({*run.idle} & {*run.steps}, dict(run.end), [*run.steps]) == (
        {"1", "3"},
        {},
        ["1", "2.1", "2", "3"],
    )
    assert dict(run.steps["2"].state) == {"form.金额": 2, "result": 7}


def test_orders_of_five_calls_come_by_their_inversions_and_then_by_their_places() -> None:
    calls = [made(f"crm.{name}", n, 9 + n, elapsed=n) for n, name in enumerate("甲乙丙丁戊")]

    orders = list(find_possible_orders([tuple(calls)]))

    assert len(orders) == count_orders([tuple(calls)]) == 10 + 2 * 10 + 3 * 5
    assert [
        (one.inversions, "".join(call.api for call in one.calls), one.late_call.api)
        for one in orders[:7]
    ] == [
        (1, "甲乙丙戊丁", "丁"), (1, "甲乙丁丙戊", "丙"), (1, "甲丙乙丁戊", "乙"),
        (1, "乙甲丙丁戊", "甲"), (2, "甲乙丁戊丙", "丙"), (2, "甲乙戊丙丁", "丙"),
        (2, "甲丙乙戊丁", "乙"),
    ]  # fmt: skip
