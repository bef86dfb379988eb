"""What a scenario calls things: spellings of an API, globs, rows in faults, conditions."""

from __future__ import annotations

import pytest

from tests.scenario.door import PROXY, STUBS, Door, steps

HEAD = """\
version: 1
scenario: 客户
form:
  scripts: {click.查询: 脚本.js}
  fields: {单价: 0, 名称: ""}
"""
CALLS = "form.名称 = (await $proxy('crm_system').getCustomerDetail('1')).data.name"


@pytest.mark.parametrize(
    "on", ["crm_system.get_customer_detail", "crm_system.getCustomerDetail", "crm_system.get_*"]
)
@pytest.mark.parametrize("times", ["", "times: 1, "])
def test_an_api_is_named_in_either_spelling_or_by_a_glob(door: Door, on: str, times: str) -> None:
    text = (
        HEAD
        + PROXY.replace(STUBS, "  unused: fail")
        + steps(
            f"""click: 查询
    faults: [{{on: {on}, do: {{status: 503}}}}]
    expect_error: {{status: 503}}
    expect: {{proxy: [{{call: {on}, {times}status: 503}}]}}"""
        )
    )

    ended = door.run(text, {"脚本.js": CALLS})
    assert ended.code == 0, ended.text


def test_another_name_is_still_another_api(door: Door) -> None:
    text = HEAD + PROXY + steps("{click: 查询, expect: {proxy: [{call: crm_system.createOrder}]}}")

    ended = door.run(text, {"脚本.js": CALLS})
    assert (
        "proxy[0].call expected crm_system.createOrder, got crm_system.get_customer_detail"
        in ended.headlines[0]
    )


def test_a_row_says_which_call_goes_wrong(door: Door) -> None:
    cases = "cases: [{id: 查, 接口: getCustomerDetail}, {id: 建, 接口: create_order}]\n"
    text = (
        HEAD
        + PROXY
        + cases
        + steps(
            """click: 查询
    faults: [{on: "crm_system.${case.接口}", do: {error: timeout}}]
    expect_error: {code: TIMEOUT, from: crm_system}"""
        )
    )
    script = CALLS + ";\nawait $proxy('crm_system').createOrder({})"

    ended = door.run(text, {"脚本.js": script})
    assert ended.code == 0, ended.text


def test_a_target_that_a_row_spoils_is_told(door: Door) -> None:
    text = (
        HEAD
        + PROXY
        + "cases: [{id: 查, 接口: 'a b'}]\n"
        + steps(
            """click: 查询
    faults: [{on: "crm_system.${case.接口}", do: {error: timeout}}]"""
        )
    )

    ended = door.run(text, {"脚本.js": CALLS})
    assert ended.code == 2
    assert "on: expected platform.api, platform.get_*, platform.* or *, got 'crm_system.a b'" in (
        ended.text
    )


def test_not_a_number_can_be_expected(door: Door) -> None:
    text = HEAD + steps("{click: 查询, expect: {form: {单价: .nan}, result: [.nan, {$not: .nan}]}}")
    right = door.run(text, {"脚本.js": "form.单价 = Number('一'); return [NaN, 1]"})
    wrong = door.run(text, {"脚本.js": "form.单价 = 1; return [NaN, 1]"})

    assert (right.code, wrong.code) == (0, 1), right.text
    assert "form.单价 expected NaN, got 1" in wrong.text


def test_a_step_is_taken_where_its_whole_condition_holds(door: Door) -> None:
    text = (
        HEAD
        + "vars: {试跑: false, 次数: 3}\n"
        + steps(
            '{if: "${vars.次数} > 2 and not (${vars.试跑} or ${form.单价} == 9)", '
            "set: {名称: 已执行}}",
            '{if: "${vars.试跑} and ${vars.次数} == 3", set: {名称: 不该执行}}',
            "{js: return form.名称, expect: {result: 已执行}}",
        )
    )

    ended = door.run(text, {"脚本.js": ""})
    assert ended.code == 0, ended.text


def test_members_of_what_a_form_shows_are_written_one_by_one(door: Door) -> None:
    script = """\
form.$visible.名称 = false;
form.$required.单价 = true;
form.$options.名称 = ['张三', '李四'];
form.$readonly = {名称: true};
return [form.$visible.名称, form.$visible.单价, form.$options.名称.length, Object.keys(form)];
"""
    text = HEAD + steps(
        "{click: 查询, expect: {result: [false, true, 2, [单价, 名称]], fields: {名称: {visible: "
        "false, readonly: true, options: [张三, 李四]}, 单价: {required: true}}}}"
    )

    ended = door.run(text, {"脚本.js": script})
    assert ended.code == 0, ended.text
