"""How a call ended, in one line; what a third party may refuse; which values are the same."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bpmax_sim.errors import (
    AuthError,
    BpmaxError,
    BusinessError,
    CallError,
    ConfigError,
    HttpStatusError,
    NoMatchError,
    TransportError,
)
from bpmax_sim.fuzz.laws import is_received_exactly, list_arguments
from bpmax_sim.fuzz.target import FuzzTarget, make_target
from bpmax_sim.fuzz.violation import (
    CallCrash,
    LawBroken,
    describe_error_on_one_line,
    is_plausible_refusal,
    run_call,
)
from bpmax_sim.js_values import UNDEFINED
from bpmax_sim.platform.load import load_platforms
from bpmax_sim.platform.model import Api, Parameter
from bpmax_sim.proxy.builder import CallSpec

ADDRESS = "http://127.0.0.1:8080"


def target_of(key: str, against: str = "simulate") -> FuzzTarget:
    return make_target(load_platforms(None), key, against)


@pytest.mark.parametrize(
    ("error", "by_generated", "by_table", "by_live"),
    [
        (BusinessError("库存不足"), False, True, True),
        (HttpStatusError("x", status=399), False, False, False),
        (HttpStatusError("x", status=400), False, True, True),
        (HttpStatusError("x", status=499), False, True, True),
        (HttpStatusError("x", status=500), False, False, False),
        (AuthError("x", status=401), False, False, False),
        (TransportError("x"), False, False, False),
        (ConfigError("x"), False, False, False),
    ],
)
def test_a_refusal_is_plausible_where_records_may_be_unknown(
    error: BpmaxError, *, by_generated: bool, by_table: bool, by_live: bool, tmp_path: Path
) -> None:
    path = tmp_path / "orders.yaml"
    path.write_text("platform_key: orders\nbase_url: https://o.example.test\n", encoding="utf-8")
    own = make_target(load_platforms(path), "orders")
    targets = own, target_of("qywx"), make_target(own.platforms, "orders", ADDRESS)

    assert [is_plausible_refusal(error, one) for one in targets] == [
        by_generated,
        by_table,
        by_live,
    ]


def answered(body: Any) -> dict[str, Any]:
    return {"status": 400, "headers": {}, "body": body}


@pytest.mark.parametrize(
    ("error", "against", "line"),
    [
        (BpmaxError("第一行\n  第二行\t第三"), "simulate", "第一行 第二行 第三"),
        (ConfigError("甲", "乙"), None, "甲 乙"),
        (NoMatchError("长长的说明", case="no such call"), None, "a miss: no such call"),
        (CallError("拒绝", code="BUSINESS"), None, "BUSINESS: 拒绝"),
        (CallError("拒绝", response=answered({"客户": 1})), None, "BAD_ARGUMENT: 拒绝"),
        (
            CallError("拒绝", response=answered({"客户": "张三"})),
            "simulate",
            'BAD_ARGUMENT: 拒绝, {"客户": "张三"}',
        ),
        (CallError("拒绝", response=answered({"客户": "张三"})), ADDRESS, "BAD_ARGUMENT: 拒绝"),
        (CallError("拒绝"), "simulate", "BAD_ARGUMENT: 拒绝"),
        (
            CallError("长", response=answered("张" * 200)),
            "simulate",
            f'BAD_ARGUMENT: 长, "{"张" * 159}',
        ),
    ],
)
def test_an_error_is_one_line_and_a_live_answer_is_kept_back(
    error: BpmaxError, against: str | None, line: str
) -> None:
    target = None if against is None else target_of("qywx", against)

    assert describe_error_on_one_line(error, target) == line


def test_a_broken_law_says_what_no_terminal_prints_as_escapes() -> None:
    broken = LawBroken("值 {value} 丢失", value="a\x1b\x7f\x9f\u2028\ud800\ufeff\uffff\xa0b")

    assert broken.why == "值 a\\u001b\\u007f\\u009f\\u2028\\ud800\\ufeff\\uffff\xa0b 丢失"
    named = broken.name_law_and_call("arrives", "crm.查询")
    assert str(named) == f"crm.查询 breaks the law 'arrives': {broken.why}"
    assert named.why == broken.why
    assert isinstance(named, AssertionError)


def raise_(error: Exception) -> Callable[[], Any]:
    def fail() -> Any:
        raise error

    return fail


def test_a_call_has_a_value_or_an_error_or_crashed() -> None:
    ours = ConfigError("文件有误")

    assert (run_call(lambda: 0).value, run_call(lambda: 0).error) == (0, None)
    assert (run_call(raise_(ours)).value, run_call(raise_(ours)).error) == (None, ours)
    crash = run_call(raise_(KeyError("客户"))).error
    assert type(crash) is CallCrash
    assert str(crash) == "a crash, KeyError: '客户'"


@pytest.mark.parametrize(
    ("value", "values", "place", "in_form", "same"),
    [
        (-1, ["-1"], "query", False, True),
        (-1, ["1"], "query", False, False),
        (10**21, ["1e+21"], "query", False, True),
        (1.5, ["1.50"], "query", False, True),
        (1, ["一"], "query", False, False),
        (1, ["1.0"], "query", False, False),
        (1, [""], "header", False, False),
        (True, ["True"], "query", False, False),
        (False, [""], "query", False, False),
        ("1", ["1.0"], "query", False, False),
        ("", [""], "query", False, True),
        (None, [""], "query", False, True),
        (None, ["null"], "query", False, False),
        (["一", "二", "三"], ["一", "二", "四"], "query", False, False),
        ("一", ["二"], "body", False, False),
        ("一", [], "body", False, False),
        ("一", ["一", "一"], "body", False, False),
        (True, ["true"], "body", True, True),
        (True, [True], "body", False, True),
        (True, [1], "body", False, False),
        (1, [True], "body", False, False),
        (False, [0], "body", False, False),
        (1, [1.0], "body", False, True),
        (1.0, [1], "body", False, True),
        (1.5, ["x"], "body", False, False),
        (1.5, [None], "body", False, False),
        (0, [False], "body", False, False),
        (2**53, [float(2**53)], "body", False, True),
        (None, [""], "body", False, False),
        ({}, [[]], "body", False, False),
        ({"a": 1}, [{"b": 1}], "body", False, False),
        ({"a": 1, "b": 2}, [{"b": 2, "a": 1}], "body", False, True),
        ({"a": 1, "b": 2}, [{"a": 1, "b": 3}], "body", False, False),
        ({"a": [{"b": True}]}, [{"a": [{"b": 1}]}], "body", False, False),
        ([1, 2, 3], [[1, 2]], "body", False, False),
        ([1, 2], [[1, 2, 3]], "body", False, False),
        ([1, 2, 3], [[1, 2, 4]], "body", False, False),
        ([], [[]], "body", False, True),
        ([], [], "body", True, True),
        ({"a": 1}, ['{"a": 1}'], "body", True, False),
    ],
)
def test_a_value_is_received_as_javascript_prints_it_or_as_json(
    value: Any, values: list[Any], place: str, *, in_form: bool, same: bool
) -> None:
    assert is_received_exactly(value, values, place, in_form=in_form) == same


P = (
    Parameter(name="单号", place="path", to="no"),
    Parameter(name="页", place="query"),
    Parameter(name="客户", place="body", to="order.customer"),
    Parameter(name="全部", place="body", to="$"),
)


@pytest.mark.parametrize(
    ("args", "steps", "found"),
    [
        (("7", 2, None, UNDEFINED), (), [("单号", "7"), ("页", 2), ("客户", None)]),
        ((UNDEFINED, 0), (), [("页", 0)]),
        (
            None,
            (("path", {"no": ""}), ("body", {"order": {"customer": "张三"}})),
            [("单号", ""), ("客户", "张三"), ("全部", {"order": {"customer": "张三"}})],
        ),
        (None, (("query", {"页": 1}), ("query", {"页": 2})), [("页", 2)]),
        (None, (("body", {"order": 1}),), [("全部", {"order": 1})]),
    ],
)
def test_arguments_are_those_of_a_call_or_what_its_setters_hold(
    args: tuple[Any, ...] | None, steps: Any, found: list[tuple[str, Any]]
) -> None:
    spec = CallSpec(platform="crm", api="x", args=args, steps=steps)

    told = [(one.name, value) for one, value in list_arguments(Api(parameters=P), spec)]
    # a chain without a setter of a body has an empty one, which holds nothing
    assert [pair for pair in told if pair != ("全部", {})] == found
