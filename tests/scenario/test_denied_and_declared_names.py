# ruff: noqa: E501 - expectations, one a line
"""Denied texts that nothing makes, and names in calls that platform files do not declare."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, cast

from msgspec.structs import replace

from bpmax_sim.platform.load import Platforms
from bpmax_sim.platform.model import Api, Parameter, Platform
from bpmax_sim.scenario.call_check import (
    check_misspelt_denied_parameters,
    check_misspelt_denied_results,
    check_proxy_action_arguments,
    check_stub_body,
)
from bpmax_sim.scenario.calls import CallMade
from bpmax_sim.scenario.denied_texts import find_unproducible_texts
from bpmax_sim.scenario.expect import compare, find_lookalikes, fulfils, is_denial
from bpmax_sim.scenario.expect_check import check_expected_error
from bpmax_sim.scenario.findings import FilledValueContext
from bpmax_sim.scenario.load import ScenarioItem
from bpmax_sim.scenario.model import Expect, ExpectedCall, ExpectedError, StubRequest
from bpmax_sim.scenario.names import ScenarioNames
from bpmax_sim.scenario.references import Path as Path_
from bpmax_sim.scenario.source import ScenarioSource, Spot
from bpmax_sim.yamlfile import decode, parse_yaml
from tests.scenario.test_doubts_of_a_run import load

DENIED = {
    "form": "{客户: {$ne: 额度冻结}}",
    "fields": "{客户: {options: {$not: {$contains: 预付货款}}}}",
    "messages": "[甲, {text: {$not: 退货入库}, type: {$ne: 级别甲}, level: {$ne: 级别乙}, code: {$ne: 级别丙}}]",
    "console": "{$not: {$contains: {text: 超期未收}}}",
    "result": "{$not: {$matches: 发票作废}}",
    "vars": "{额: {$each: {$not: {$matches: 合同终止}}}}",
    "flow": "{form: {甲: {$ne: 黑名单户}}, project: {甲: {$ne: 重复报销}}, projects: {甲: {form: {乙: {$ne: 仓库满仓}}}}, project_name: {$ne: 工资暂停}, task_title: {$ne: 客诉升级}, at: {$ne: 无此节点}}",
    "proxy": "[{call: crm.x, path: {a: {$ne: 缺料停线}}, query: {a: {$ne: 库龄过长}}, header: {a: {$ne: 借款逾期}}, body: {a: [{b: {$ne: 质检返修}}]}, response: {$not: {a: 运费到付}}, caller: {$ne: 账期超限}}]",
}  # fmt: skip


def tell(
    item: ScenarioItem, *expected: Any, known: Iterable[Any] = (), **parts: Any
) -> dict[str, str]:
    """Return quoted text -> message of what is told of denials of the texts *expected*."""
    call = CallMade(number=1, call="crm.查客户", **parts)
    values = [(Expect(result=one), item.spot, ("expect",)) for one in expected]
    return {
        one.message.split("'")[1]: one.message
        for one in find_unproducible_texts(item, values, [call], known)
    }


def test_a_denied_text_is_told_where_it_stands_in_each_section_that_scripts_make(
    tmp_path: Path,
) -> None:
    lines = "".join(f"    {section}: {value}\n" for section, value in DENIED.items())
    spot = spot_of(f"expect:\n{lines}")
    node = spot.source.root.find_child("expect")
    assert node is not None
    plain = load(tmp_path, "steps: [{open: {}, expect: {form: {金额: 1}}}]")
    expectations: list[tuple[Expect, Spot, Path_]] = [
        (plain.steps[0].step.expect, plain.steps[0].spot, ("expect",)),
        (cast("Expect", decode(node, Expect, [])), spot, ("expect",)),
    ]
    found = {
        one.message.split("'")[1]: one
        for one in find_unproducible_texts(plain, expectations, [], [])
    }
    text = spot.source.lines

    assert [*found] == [
        "额度冻结", "预付货款", "退货入库", "超期未收", "发票作废", "合同终止", "黑名单户", "重复报销", "仓库满仓", "工资暂停", "客诉升级",
        "缺料停线", "库龄过长", "借款逾期", "质检返修", "运费到付",
    ]  # fmt: skip
    for word, one in found.items():
        assert (one.kind, one.fails) == ("empty", False)
        assert one.place is not None
        line = text[one.place.line - 1][one.place.column - 1 :]
        assert line.startswith(
            (word, "$ne:", "$not:", "$matches:", "$contains:", "text:", "a: 运费")
        )
        assert word in line
    messages = found["退货入库"].place
    assert messages is not None
    assert text[messages.line - 1][messages.column - 1 :].startswith("$not: 退货入库")


def test_what_a_script_or_this_package_may_make_is_not_told(tmp_path: Path) -> None:
    item = load(tmp_path, "steps: [{open: {}, expect: {form: {客户: {$ne: x}}}}]")
    made = [
        "值undefined了", "第NaN元", "null值了", "Infinity秒", "[object 甲]", "   ", "${vars.甲}后", "错误码甲", "失败单据", "异常单据", "ERROR码",
        "Fail之后", "Exception甲", "金额必填", "此栏只读", "不能提交", "is required", "is read-only", "you cannot", "it must", "冻", "abc", "a-b", "x",
    ]  # fmt: skip
    told = ["冻结", "77", "abcd", "Required", "金额5冻结"]
    parts: Mapping[str, Any] = {
        "response": {"a": "仓储盘亏"}, "path": {"a": "年度结算"}, "query": {"a": "采购比价"}, "header": {"a": "员工离职"}, "body": ["出差补贴"],
    }  # fmt: skip
    in_calls = [
        "仓储甲乙丙丁",
        "年度结算",
        "采购比价",
        "员工离职",
        "出差甲乙丙丁",
        "finished",
        "现货价格",
    ]

    found = tell(
        item, *({"$ne": one} for one in (*made, *told, *in_calls)), known=["现货价格"], **parts
    )
    assert [*found] == told[:4]
    assert [*tell(item, *({"$ne": one} for one in in_calls))] == [
        "仓储甲乙丙丁", "年度结算", "采购比价", "员工离职", "出差甲乙丙丁", "现货价格",
    ]  # fmt: skip
    near = tell(
        item, {"$ne": "现货价咯"}, {"$not": {"$in": ["冻洁"]}}, known=["现货价格", "冻结", 5]
    )
    assert near == {
        "现货价咯": "nothing could ever make '现货价咯', so denying it says nothing; did you mean '现货价格'?",
        "冻洁": "nothing could ever make '冻洁', so denying it says nothing; did you mean '冻结'?",
    }
    quoted = tell(item, {"$ne": "额度冻洁"}, response={"a": "额度冻结"})
    assert [one.partition("; ")[2] for one in quoted.values()] == ["did you mean '额度冻结'?"]


def test_a_choice_is_told_only_where_it_is_near_to_what_a_run_makes(tmp_path: Path) -> None:
    item = load(
        tmp_path,
        "steps: [{open: {}, expect: {form: {客户: {$in: [甲, 乙]}}}}, {advance: 1s}]\n# 出现两次 出现两次",
    )
    known = ["冻结", "出现两回", "未通过"]
    found = tell(
        item, {"$in": ["冻洁", "别的文字", "冻", "冻结", "出现两次", "已通过"]}, {"$not": {"$in": ["额度"]}}, "冻洁", known=known,
    )  # fmt: skip
    assert found == {
        "冻洁": "nothing could ever make '冻洁', so choosing it says nothing; did you mean '冻结'?",
        "额度": "neither a script nor a response has '额度' in it, so denying it says nothing; deny what they would really show",
    }


def test_a_never_denies_its_plain_texts_and_breaks_on_denied_ones(tmp_path: Path) -> None:
    item = load(
        tmp_path, "never: {form: {客户: 额度冻结}}\nsteps: [{open: {}, expect: {form: {金额: 1}}}]"
    )
    [(path, never)] = item.scenario.invariants
    found = [*find_unproducible_texts(item, [(never, item.spot, tuple(path))], [], [])]
    denied = Expect(form={"客户": {"$ne": "额度冻结"}})

    assert [one.place and one.place.line for one in found] == [4]
    assert [*find_unproducible_texts(item, [(denied, item.spot, tuple(path))], [], [])] == []


def test_a_condition_of_a_step_denies_a_text_too(tmp_path: Path) -> None:
    conditions = [
        "${form.客户} != 额度冻结", "${steps.甲.result} != 预付货款", "${vars.额} != 退货入库", "${form.客户} == 超期未收",
        "${form.客户} == 甲 || ${form.客户} != 发票作废",
    ]  # fmt: skip
    steps = "".join(
        f'  - {{if: "{one}", set: {{金额: {n}}}}}\n' for n, one in enumerate(conditions)
    )
    item = load(
        tmp_path,
        f"vars: {{额: 1}}\nsteps:\n  - {{id: 甲, open: {{}}, expect: {{form: {{金额: 1}}}}}}\n{steps}",
    )
    found = [*find_unproducible_texts(item, [], [], [])]

    assert [(one.message.split("'")[1], one.place and one.place.line) for one in found] == [
        ("额度冻结", 7),
        ("预付货款", 8),
        ("发票作废", 11),
    ]


API = Api(
    key="下单",
    path="/shops/{店号}/orders/{单号}",
    query={"版本": 1},
    parameters=(
        Parameter(name="页码号", place="query"),
        Parameter(name="orderNo", place="body", to="订单.orderNo"),
        Parameter(name="amount", place="body", to="订单.amount"),
    ),
    answer={
        "type": "object",
        "properties": {
            "data": {
                "type": "object",
                "properties": {
                    "orderName": {"type": "string"},
                    "行": {"items": {}},
                    "客户": {"properties": {"phoneNo": {}}},
                },
            },
            "code": {"type": "integer"},
            "坏": "x",
        },
    },
)
BARE = Api(key="查", path="/c")
NAMES = ScenarioNames(
    platforms=Platforms(
        {"crm": Platform(platform_key="crm", base_url="https://crm.test", query={"appKey": "x"}, apis={"下单": API, "查": BARE})}
    )
)  # fmt: skip


def spot_of(text: str) -> Spot:
    return Spot(
        ScenarioSource(
            Path("a.yaml"), "a.yaml", parse_yaml(text, "a.yaml"), tuple(text.splitlines())
        )
    )


def said(context: FilledValueContext) -> list[str]:
    return [
        f"{one.place and one.place.column} {one.kind}{'!' if one.fails else ''} {one.message}"
        for one in context.findings
    ]


def test_denied_parameters_are_told_if_their_names_are_near_to_declared_ones() -> None:
    context = FilledValueContext(NAMES)
    value: dict[str, Any] = {
        "path": {"店号": 1, "店好": 2, "无此段": {"$ne": 1}},
        "query": {"页码好": {"$ne": 1}, "appkey": {"$exists": False}, "版本": {"$ne": 2}, "版木": {"$ne": 2}, "排序": {"$ne": 1}, "页码": 3},
        "body": {"$not": {"订单": {"orderNoo": 1, "amount": 2}, "orderNoo": 3, "页码好": 1}},
        "response": {"data": {"orderNam": {"$ne": "x"}, "orderNmae": "x", "客户": {"phoneNoo": {"$ne": 1}}}, "cdoe": {"$ne": 1}},
    }  # fmt: skip
    text = "{path: {店号: 1, 店好: 2, 无此段: 1}, query: {页码好: 1, appkey: 1, 版木: 1}, body: {$not: {订单: {orderNoo: 1}}}, response: {data: {orderNam: 1, 客户: {phoneNoo: 1}}, cdoe: 1}}"

    def column(name: str) -> int:
        return text.index(f"{name}:") + 1

    check_misspelt_denied_parameters(
        context, "crm.下单", ExpectedCall(call="crm.下单", **value), spot_of(text)
    )
    expected = [
        f"{column('店好')} name! crm.下单 has no parameter '店好' in path; did you mean '店号'?",
        f"{column('无此段')} name! crm.下单 has no parameter '无此段' in path; there are 店号, 单号",
        f"{column('页码好')} name! crm.下单 has no parameter '页码好' in query; did you mean '页码号'?",
        f"{column('appkey')} name! crm.下单 has no parameter 'appkey' in query; did you mean 'appKey'?",
        f"{column('版木')} name! crm.下单 has no parameter '版木' in query; did you mean '版本'?",
        f"{column('orderNoo')} name! crm.下单 has no parameter 'orderNoo' in body; did you mean 'orderNo'?",
        f"{column('orderNam')} name! crm.下单 has no parameter 'orderNam' in response; did you mean 'orderName'?",
        f"{column('phoneNoo')} name! crm.下单 has no parameter 'phoneNoo' in response; did you mean 'phoneNo'?",
        f"{column('cdoe')} name! crm.下单 has no parameter 'cdoe' in response; did you mean 'code'?",
    ]
    assert said(context) == expected
    request = FilledValueContext(NAMES)
    parts = {name: value[name] for name in ("path", "query", "body")}
    check_misspelt_denied_parameters(request, "crm.下单", StubRequest(**parts), spot_of(text))
    assert said(request) == expected[:6]
    results = FilledValueContext(NAMES)
    check_misspelt_denied_results(
        results, "crm.下单", {"cdoe": {"$ne": 1}, "code": {"$ne": 1}}, spot_of("{cdoe: 1}")
    )
    assert said(results) == [
        "2 name! crm.下单 has no parameter 'cdoe' in response; did you mean 'code'?"
    ]
    silent = FilledValueContext(NAMES)
    check_misspelt_denied_results(silent, "crm.下单", "cdoe", spot_of("{}"))
    check_misspelt_denied_results(silent, "crm.没有", {"cdoe": {"$ne": 1}}, spot_of("{}"))
    check_misspelt_denied_parameters(
        silent, "crm.*", ExpectedCall(call="crm.*", **value), spot_of("{}")
    )
    check_misspelt_denied_parameters(
        silent,
        "crm.查",
        ExpectedCall(call="crm.查", query={"appkey": {"$ne": 1}}, path=["店好"], body="x"),
        spot_of("{}"),
    )
    assert said(silent) == []


def test_the_body_of_a_stub_is_held_against_the_declared_response() -> None:
    context = FilledValueContext(NAMES)
    text = "{code: 五, data: {orderNam: 甲, orderName: 5, 备注: 1}, cdoe: 2}"
    body = {"code": "五", "data": {"orderNam": "甲", "orderName": 5, "备注": 1}, "cdoe": 2}
    check_stub_body(context, "crm.下单", body, spot_of(text))

    found = said(context)
    assert [one.split(" crm")[0] for one in found] == ["31 unfit", "2 unfit", "18 name", "53 name"]
    assert found[2:] == [
        "18 name crm.下单 is declared to answer without 'orderNam'; did you mean 'orderName'?",
        "53 name crm.下单 is declared to answer without 'cdoe'; did you mean 'code'?",
    ]
    later = FilledValueContext(NAMES)
    check_stub_body(
        later,
        "crm.下单",
        {"code": "${vars.码}", "data": {"orderName": 5}},
        spot_of("{code: x, data: {orderName: 5}}"),
    )
    check_stub_body(later, "crm.查", {"cdoe": 1}, spot_of("{}"))
    check_stub_body(later, "crm.没有", {"cdoe": 1}, spot_of("{}"))
    assert [one.split()[0] for one in said(later)] == ["18"]
    mixed = FilledValueContext(NAMES)
    check_stub_body(
        mixed, "crm.下单", {"code": "五", "data": "${vars.体}"}, spot_of("{code: 五, data: x}")
    )
    assert [one.split()[0] for one in said(mixed)] == ["2"]


def test_a_step_that_calls_gives_what_its_api_takes() -> None:
    context = FilledValueContext(NAMES)
    text = "{call: crm.下单, args: [1, 2, 3, 4, 5], query: {页码好: 1, 版本: 1, 其它: 1}, body: {订单: {amuont: 1}}, path: {店好: 1, 别: 1}}"
    value = {
        "call": "crm.下单", "args": [1, 2, 3, 4, 5], "query": {"页码好": 1, "版本": 1, "其它": 1}, "body": {"订单": {"amuont": 1}}, "path": {"店好": 1, "别": 1},
    }  # fmt: skip
    check_proxy_action_arguments(context, value, spot_of(text), ("query", "body"))
    expected = [
        f"{text.index('4, 5') + 1} name! crm.下单 takes 3 arguments; the rest is dropped",
        f"{text.index('页码好') + 1} name! crm.下单 has no parameter '页码好' in query; did you mean '页码号'?",
        f"{text.index('amuont') + 1} name! crm.下单 has no parameter 'amuont' in body; did you mean 'amount'?",
    ]
    assert said(context) == expected
    every = FilledValueContext(NAMES)
    check_proxy_action_arguments(
        every, {**value, "args": [1, 2, 3]}, spot_of(text), ("path", "query", "body")
    )
    assert said(every) == [
        f"{text.index('店好') + 1} name! crm.下单 has no parameter '店好' in path; did you mean '店号'?", *expected[1:],
    ]  # fmt: skip
    silent = FilledValueContext(NAMES)
    check_proxy_action_arguments(
        silent,
        {"call": "crm.查", "args": "${vars.x}", "query": {"appkey": 1}},
        spot_of("{}"),
        ("query",),
    )
    check_proxy_action_arguments(silent, {"call": "oa.查", "args": [1]}, spot_of("{}"), ("query",))
    assert said(silent) == []


def test_the_source_of_an_expected_error_is_a_word_or_a_call() -> None:
    context = FilledValueContext(NAMES)
    text = "{from: {$in: [python, '${vars.x}', crm, subject, crm.下单, crm.下但, 5, flwo]}, code: {$in: [X, TIMEOTU]}}"
    source = ["python", "${vars.x}", "crm", "subject", "crm.下单", "crm.下但", 5, "flwo"]
    expected = ExpectedError(source={"$in": source}, code={"$in": ["X", "TIMEOTU"]})
    names = replace(NAMES, texts=())
    context.names = names
    check_expected_error(context, expected, spot_of(text))

    words = "; or one of script, form, flow, python, proxy"
    assert said(context) == [
        f"{text.index('TIMEOTU') + 1} name! there is no code 'TIMEOTU'; did you mean 'TIMEOUT'?",
        f"{text.index('crm.下但') + 1} name! crm has no API '下但'; did you mean '下单'?{words}",
        f"{text.index('flwo') + 1} name! no platform 'flwo'; there is crm{words}",
    ]


def test_a_denial_and_what_only_looks_alike() -> None:
    values: list[Any] = [
        {"$exists": False},
        {"$ne": 1},
        {"$not": 1},
        {"$exists": True},
        {"$exists": 0},
        {"a": 1},
        "$ne",
        {},
    ]
    assert [is_denial(one) for one in values] == [True] * 3 + [False] * 5
    assert [*find_lookalikes({"$in": [5, "5"]}, "5")] == []
    doubts: list[tuple[Any, Any, bool]] = [
        ({"$ne": "5 "}, 5, False), ({"$ne": "5"}, 5, True), ({"$not": {"$contains": {"a": 1}}}, ["x", {"b": 1}], False), ({"$not": {"$contains": {"a": 1}}}, ["x", 5], True),
        ({"$not": {"$gt": 1}}, 0.5, False), ({"$not": {"$gt": 1}}, "0", True),
    ]  # fmt: skip
    assert [bool(compare(one, actual)[0].doubt) for one, actual, _ in doubts] == [
        one for *_, one in doubts
    ]
    actuals: list[Any] = [5, [], None, {}, {"a": 1}]
    assert [fulfils({"$exactly": {}}, one) for one in actuals] == [
        False,
        False,
        False,
        True,
        False,
    ]
    assert [one.path for one in find_lookalikes({"a": {"$in": [7, "5"]}, "b": [{"c": "1"}]}, {"a": 5, "b": [{"c": 1}]}, ("form",))] == [
        ("form", "a", "$in"), ("form", "b", 0, "c"),
    ]  # fmt: skip
