# ruff: noqa: E501 - scenarios and scripts, one a line
"""What is denied of calls, values and things that are not there: a denial that says nothing warns."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scenario.test_idle_expectations import LIST, opened
from tests.scenario.test_lies import Case, run, what_is_wrong
from tests.scenario.test_mistakes_of_a_file import FLOW, LISTED, OPEN, tell

ORDER = "form.客户名称 = '好'; await $proxy('shop').createOrder(1500)"
TWICE = f"{ORDER}; await $proxy('shop').listOrders('open')"
ANSWER = "{on: shop.create_order, body: {no: PO-1, count: 3}}"
OTHER = (
    "a list of calls is compared with all calls of a step, so that one call more does not break "
    "this never; write times: {$gte: 1} at each call that may not be made"
)
EXACTLY = (
    "only exactly 2 of these calls in a step break this never, and another number does not; write "
    "times: {$gte: 2}"
)


def tell_warnings(folder: Path, case: Case) -> list[str]:
    """Return the texts of the warnings of a scenario in which nothing is red."""
    verdicts = run(folder, case)

    assert what_is_wrong(verdicts) == ""
    return [warning.message for one in verdicts for warning in one.warnings]


def denied(top: str, script: str = ORDER, stubs: str = ANSWER) -> Case:
    return opened("form: {客户名称: 好}", script, stubs, top=top)


@pytest.mark.parametrize(
    ("top", "told"),
    [
        ("never: {proxy: [{call: crm.查客户}]}", [OTHER]),
        ("never: {proxy: [{call: crm.查客户, query: {页: 2}}]}", [OTHER]),
        ("never: {proxy: [{call: crm.查客户}, {call: crm.查客户}]}", [OTHER]),
        ("never: [{form: {金额: 9}}, {proxy: [{call: crm.查客户}]}]", [OTHER]),
        ("never: {proxy: [{call: crm.查客户, times: 2}]}", [EXACTLY]),
        ("never: {proxy: [{call: crm.查客户, times: 1}]}", [EXACTLY.replace("2", "1")]),
        ("never: {proxy: [{call: crm.查客户, times: {$gte: 1}}, {call: crm.查客户}]}", [OTHER]),
        ("never: {proxy: [{call: crm.查客户, times: {$gte: 1}}]}", []),
        ("never: {proxy: [{call: crm.查客户, times: {$gt: 3}, query: {页: 2}}]}", []),
        ("never: {proxy: [{call: crm.查客户, times: 0}]}", []),
        ("never: {proxy: []}", []),
        ("always: {proxy: [{call: crm.查客户}]}", []),
    ],
)  # fmt: skip
def test_a_denied_call_is_denied_among_others(tmp_path: Path, top: str, told: list[str]) -> None:
    found = tell(tmp_path, f"{top}\nsteps: [{OPEN}]")

    assert [one for one in found if "break this never" in one] == told


@pytest.mark.parametrize(
    ("flow", "told"),
    [
        ("history: [{action: reject}]", "history"),
        ("notified: [{to: [ceo]}]", "notified"),
        ("passed: [总经理]", "passed"),
        ("passed: []", ""),
        ("passed: {总经理: 2}", ""),
        ("history: {$contains: {action: reject}}", ""),
        ("pending: [ceo]", ""),
    ],
)
def test_a_list_of_a_flow_that_grows_is_denied_item_by_item(
    tmp_path: Path, flow: str, told: str
) -> None:
    step = "{approve: {by: wangwu}, expect: {flow: {at: 总经理}}}"
    found = tell(tmp_path, f"never: {{flow: {{{flow}}}}}\nsteps: [{step}]", subject=FLOW)

    lists = [one for one in found if "item by item" in one]
    assert lists == [f"{LISTED.format(told)} for one of them among others"] * bool(told)


def test_a_denied_call_of_any_count_is_red_beside_another_call(tmp_path: Path) -> None:
    """What the warning tells to write breaks where the list alone does not."""
    stubs = f"{ANSWER}, {LIST}"
    alone = denied("never: {proxy: [{call: shop.create_order}]}", TWICE, stubs)
    any_count = denied(
        "never: {proxy: [{call: shop.create_order, times: {$gte: 1}}]}", TWICE, stubs
    )

    assert OTHER in tell_warnings(tmp_path, alone)
    (last,) = run(tmp_path, any_count)
    assert [one.essence for one in last.failures] == ["never: proxy[0].times 1"]


DIFFERS = ", of another type, so that the two always differ"
SAME_LOOKS = {
    "form: {金额: '5'}": f'form.金额 "5": it is 5{DIFFERS}',
    "form: {金额: {$in: [7, '5']}}": f'form.金额 "5": it is 5{DIFFERS}',
    "form: {'明细[0].数量': '2'}": f'form.明细[0].数量 "2": it is 2{DIFFERS}',
    "form: {明细: {$contains: {物料: 笔记本, 数量: '2'}}}": f'form.明细.数量 "2": it is 2{DIFFERS}',
    "form: {明细: [{数量: '2'}]}": f'form.明细[0].数量 "2": it is 2{DIFFERS}',
    "proxy: [{call: shop.create_order, times: {$gte: 1}, body: {amount: '1500'}}]": f'proxy[0].body.amount "1500": it is 1500{DIFFERS}',
    "proxy: [{call: 'shop.*', times: {$gte: 1}, response: {count: '3'}}]": f'proxy[0].response.count "3": it is 3{DIFFERS}',
    "form: {金额: {$in: [5, '5']}, 客户名称: 坏}": "",
    "proxy: [{call: shop.create_order, times: {$gte: 1}, status: '200'}]": f'proxy[0].status "200": it is 200{DIFFERS}',
    "proxy: [{call: crm.get_customer, times: {$gte: 1}}, {call: shop.create_order, times: {$gte: 1}, body: {amount: '1500'}}]": f'proxy[1].body.amount "1500": it is 1500{DIFFERS}',
    "proxy: [{call: shop.list_orders, times: {$gte: 1}, response: {count: '3'}}]": "",
    "form: {金额: 6}": "",
    "form: {金额: '6'}": "",
    "form: {客户名称: 坏}": "",
    "proxy: [{call: shop.create_order, times: {$gte: 1}, body: {amount: 1600}}]": "",
    "proxy: [{call: shop.create_order, times: {$gte: 1}, query: {amount: '1500'}}]": "",
}


def test_each_part_that_only_looks_like_it_is_told(tmp_path: Path) -> None:
    top = "vars: {五: '5'}\nnever: {form: {金额: '${vars.五}', '明细[0].数量': '2'}}"
    script = f"form.金额 = 5; form.明细 = [{{数量: 2}}]; {ORDER}"

    assert tell_warnings(tmp_path, denied(top, script)) == [
        f'form.金额 "5": it is 5{DIFFERS}', f'form.明细[0].数量 "2": it is 2{DIFFERS}',
    ]  # fmt: skip


@pytest.mark.parametrize(("section", "told"), SAME_LOOKS.items(), ids=SAME_LOOKS)
def test_a_text_that_only_looks_like_the_number_denies_nothing(
    tmp_path: Path, section: str, told: str
) -> None:
    script = f"form.金额 = 5; form.明细 = [{{物料: '笔记本', 数量: 2}}]; {ORDER}"
    case = denied(f"never: {{{section}}}", script)

    assert [one for one in tell_warnings(tmp_path, case) if "type" in one] == [told] * bool(told)


@pytest.mark.parametrize(
    ("denial", "is_told"),
    [
        ("{$not: {物料: 笔记本, 数量: '2'}}", True),
        ("{$not: {物料: 笔记本, 数量: 3}}", False),
        ("{$not: {物料: 订书机, 数量: 2}}", False),
    ],
)
def test_a_denied_map_with_a_text_for_a_number_denies_nothing(
    tmp_path: Path, denial: str, is_told: bool
) -> None:
    script = "form.明细 = [{物料: '笔记本', 数量: 2}]"
    found = tell_warnings(tmp_path, opened(f"form: {{'明细[0]': {denial}}}", script))

    assert [one for one in found if one.endswith(f"it is 2{DIFFERS}")] == found[:1] * is_told


ROWS = "cases: [{id: 甲, 级别: 普通订单, 序号: C1, 加急: true}, {id: 乙, 级别: 大额订单, 序号: C3, 加急: false}]"
SAME = "no row has {!r} in the column {!r}, so that this comparison is the same in each; did you mean {!r}?"
ORDERS = SAME.format("大额定单", "级别", "大额订单")
CONDITIONS = {
    "${case.级别} != 大额定单": [ORDERS],
    "${case.级别} != '大额定单'": [ORDERS],
    "大额定单 != ${case.级别}": [ORDERS],
    "not ${case.级别} == 大额定单": [ORDERS],
    "${case.级别} == 大额定单 or ${case.级别} == 普通订单": [ORDERS],
    "${case.加急} != ture": [SAME.format("ture", "加急", "true")],
    "${case.级别} != 大额订单": [],
    "${case.级别} != 框架合同": [],
    "${case.级别} != 非大额订单": [],
    "${case.序号} != C2": [],
    "${case.级别} != ''": [],
    "${case.级别} != ${case.序号}": [],
    "${case.级别}-${case.序号} != 大额定单-C3": [],
    "${vars.级别} != 大额定单": [],
}


@pytest.mark.parametrize(("condition", "told"), CONDITIONS.items(), ids=CONDITIONS)
def test_a_text_that_no_row_has_is_told_where_a_condition_compares_it(
    tmp_path: Path, condition: str, told: list[str]
) -> None:
    step = f'{{if: "{condition}", set: {{客户: 甲}}, expect: {{form: {{客户: 甲}}}}}}'
    top = f"{ROWS}\nvars: {{级别: 大额订单}}\nsteps: [{OPEN}, {step}]"

    assert [one for one in dict.fromkeys(tell(tmp_path, top)) if "no row has" in one] == told


def test_a_condition_of_a_policy_is_compared_with_the_rows_too(tmp_path: Path) -> None:
    policies = (
        "policies: [{at: '*', if: '${case.级别} != 大额定单', approve: {}}, {at: '*', reject: {}}]"
    )
    steps = "steps: [{play: {until: 结束}, expect: {flow: {at: 结束}}}]"
    found = tell(tmp_path, f"{ROWS}\n{policies}\n{steps}", subject=FLOW)

    assert [one for one in dict.fromkeys(found) if "no row has" in one] == [ORDERS]


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        ("${form.客户名称} != 大额定单", ["nothing could ever make '大额定单', so denying it says nothing; did you mean '大额订单'?"]),
        ("${steps.问.result} != 大额定单", ["nothing could ever make '大额定单', so denying it says nothing; did you mean '大额订单'?"]),
        ("${form.客户名称} != 大额订单1", []),
        ("${form.客户名称} != 普通订单", []),
        ("${vars.级别} != 大额定单", []),
    ],
)  # fmt: skip
def test_a_text_that_nothing_makes_is_told_where_a_condition_denies_it(
    tmp_path: Path, condition: str, told: list[str]
) -> None:
    script = "form.客户名称 = form.金额 > 100 ? '大额订单' : '普通订单'"
    case = Case(
        steps="steps:\n  - {open: {金额: 500}, expect: {form: {客户名称: {$contains: 订单}}}}\n"
        "  - {id: 问, js: return form.客户名称, expect: {result: 大额订单}}\n"
        f'  - {{if: "{condition}", set: {{金额: 5}}, expect: {{form: {{金额: 5}}}}}}',
        script=script,
        stubs="",
        top="vars: {级别: 特殊}",
    )
    found = tell_warnings(tmp_path, case)

    assert [one for one in found if "nothing could" in one] == told


ABSENT = (
    "nothing is there, so that nothing was compared; write {$exists: false} where that is meant"
)
THINGS = {
    "form: {'明细[1].数量': {$not: 5}}": f"form.明细[1].数量 $not 5: {ABSENT}",
    "form: {'明细[3]': {$not: {物料: 螺丝}}}": f'form.明细[3] $not {{"物料": "螺丝"}}: {ABSENT}',
    "form: {'明细[0].数量': {$not: 5}}": "",
    "form: {'明细[1].数量': {$exists: false}}": "",
    "form: {'明细[1].数量': {$not: {$exists: true}}}": "",
    "proxy: [{call: shop.create_order, response: {单号: {$not: PO-2}}}]": f'proxy[0].response.单号 $not "PO-2": {ABSENT}',
    "proxy: [{call: shop.create_order, response: {no: {$not: PO-2}}}]": "",
    "proxy: [{call: shop.create_order, header: {X-Trace-Idd: {$exists: false}}}]": "no call of shop.create_order had 'X-Trace-Idd' in header, so denying it says nothing; did you mean 'x-trace-id'?",
    "proxy: [{call: shop.create_order, body: {物科: {$exists: false}}}]": "no call of shop.create_order had '物科' in body, so denying it says nothing; did you mean '物料'?",
    "proxy: [{call: shop.create_order, response: {cuont: {$exists: false}}}]": "no call of shop.create_order had 'cuont' in response, so denying it says nothing; did you mean 'count'?",
    "proxy: [{call: shop.create_order, header: {X-TRACE-ID: {$not: b}}}]": "",
    "proxy: [{call: shop.create_order, header: {Authorization: {$exists: false}}}]": "",
    "proxy: [{call: shop.create_order, body: {备注说明: {$exists: false}}}]": "",
    "proxy: [{call: shop.create_order, body: {line: {$exists: false}, 供应商编号2: {$exists: false}}}]": "",
    "proxy: [{call: shop.create_order, body: {lines: {$not: {$contains: {数量: {$gt: 9}}}}}}]": "",
    "proxy: [{call: shop.create_order, body: {供应商编好: {$exists: false}}}]": "no call of shop.create_order had '供应商编好' in body, so denying it says nothing; did you mean '供应商编号'?",
}


@pytest.mark.parametrize(("section", "told"), THINGS.items(), ids=THINGS)
def test_what_is_not_there_cannot_be_denied_anything(
    tmp_path: Path, section: str, told: str
) -> None:
    body = "{供应商编号: 'S1', lines: [{物料: '螺丝', 数量: 2}]}"
    script = f"form.客户名称 = '好'; await $proxy('shop').$api('create_order').$header({{'X-Trace-Id': 'a'}}).$body({body}).$call()"
    case = opened(f"form: {{客户名称: 好}}, {section}", script, ANSWER)
    if section.startswith("form"):
        case = opened(f"{section[:-1]}, 客户名称: 好}}", script, ANSWER)
    found = tell_warnings(tmp_path, case)

    assert [one for one in found if "nothing" in one] == [told] * bool(told)


@pytest.mark.parametrize(
    ("top", "told"),
    [
        ("never: {proxy: [{call: shop.create_order, times: {$gte: 1}, body: {amuont: 1600}}]}", ["no call of shop.create_order had 'amuont' in body, so denying it says nothing; did you mean 'amount'?"]),
        ("never: {proxy: [{call: shop.create_order, times: {$gte: 1}, body: {amount: 1600}}]}", []),
        ("never: {proxy: [{call: shop.list_orders, times: {$gte: 1}, query: {statsu: open}}]}", []),
    ],
)  # fmt: skip
def test_a_member_of_a_denied_call_that_no_call_had_is_told(
    tmp_path: Path, top: str, told: list[str]
) -> None:
    assert [one for one in tell_warnings(tmp_path, denied(top)) if "no call of" in one] == told


EACH = 'form.明细 $each {"数量": {"$gt": 0}}: it is empty here, so that nothing was compared'
NOT_ZERO = f"form.明细[0].数量 $not 0: {ABSENT}"


@pytest.mark.parametrize("rows", [True, False])
@pytest.mark.parametrize(
    ("top", "told"),
    [
        ("always: {form: {明细: {$each: {数量: {$gt: 0}}}}}", EACH),
        ("always: {form: {'明细[0].数量': {$not: 0}}}", NOT_ZERO),
        ("never: {form: {金额: 9, 明细: {$each: {数量: {$gt: 0}}}}}", EACH),
        ("never: [{form: {金额: 9, '明细[0].数量': {$not: 0}}}]", NOT_ZERO),
    ],
)
def test_what_holds_after_every_step_may_begin_with_nothing(
    tmp_path: Path, top: str, told: str, *, rows: bool
) -> None:
    """An invariant is told only if there was nothing to compare after any step."""
    more = "  - {add_row: {table: 明细, row: {数量: 3}}}\n" if rows else ""
    steps = f"steps:\n  - {{js: form.金额 = 5, expect: {{form: {{金额: 5}}}}}}\n{more}"
    form = "form: {fields: {金额: 0, 明细: []}}"
    case = Case(steps=steps, form=None, stubs="", top=f"{form}\n{top}")

    assert tell_warnings(tmp_path, case) == [told] * (not rows)
