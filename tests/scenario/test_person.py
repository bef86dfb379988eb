"""What a person can do with a form; scripts may do more."""

from __future__ import annotations

import pytest

from tests.scenario.door import PROXY, Door, steps

HEAD = """\
version: 1
scenario: 报销单
form:
  scripts: {open: 打开.js, click.查重: 按钮.js, submit: 提交.js}
  fields: {类别: "", 备注: "", 金额: 0, 单号: "", 明细: [{名称: 机票, 数量: 1, 单价: 1}]}
"""
SCREEN = """\
form.$visible = {备注: false, 查重: false, "明细.单价": false};
form.$readonly = {金额: true, "明细.数量": true};
form.$required = {单号: true, 备注: true, "明细.名称": true};
form.$options = {类别: ['差旅', {label: '办公用品', value: '办公'}]};
"""
FILES = {"打开.js": SCREEN, "按钮.js": "form.备注 = '查过'", "提交.js": "form.$message = '已提交'"}


@pytest.mark.parametrize(
    ("step", "wrong"),
    [
        ("set: {备注: x}", "备注 is hidden"),
        ("set: {金额: 5}", "金额 is read-only"),
        ("set: {类别: 差旅费}", "类别: '差旅费' is none of its options; did you mean '差旅'?"),
        ('set: {"明细[0].数量": 5}', "明细.数量 is read-only"),
        ('set: {"明细[0].单价": 5}', "明细.单价 is hidden"),
        ("set: {明细: [{数量: 9}]}", "明细.数量 is read-only"),
        ("set: {明细: [{单价: 9}]}", "明细.单价 is hidden"),
        ("add_row: {table: 明细, row: {数量: 9}}", "明细.数量 is read-only"),
        ("click: 查重", "查重 is hidden"),
        ("submit: {}", "required and empty is 单号"),
    ],
)
def test_a_person_is_stopped_with_the_fields_name(door: Door, step: str, wrong: str) -> None:
    ended = door.run(HEAD + PROXY + steps("open: {}", step), FILES)

    (headline,) = ended.headlines
    assert f": {wrong}" in headline
    expected = f"{{{step}, expect_error: {{message: {{$contains: {wrong!r}}}}}}}"
    if "'" not in wrong:
        assert door.run(HEAD + PROXY + steps("open: {}", expected), FILES).code == 0


def test_what_is_allowed_goes_through_and_scripts_may_all(door: Door) -> None:
    text = (
        HEAD
        + PROXY
        + steps(
            "open: {}",
            "{set: {类别: 办公, 单号: BX-1}, expect: {form: {类别: 办公}}}",
            "{js: 'form.备注 = 1; form.金额 = 7', expect: {form: {备注: 1, 金额: 7}}}",
            "{add_row: {table: 明细, row: {名称: ''}}}",
            "{submit: {}, expect_error: {message: 'required and empty is 明细[1].名称'}}",
            '{set: {"明细[1].名称": 酒店}}',
            "{submit: {}, expect: {messages: [已提交]}}",
        )
    )

    ended = door.run(text, FILES)
    assert ended.code == 0, ended.text


def test_nobody_changes_the_rows_of_a_table_that_is_read_only(door: Door) -> None:
    text = HEAD + PROXY + steps("open: {}", "add_row: {table: 明细}")

    ended = door.run(text, {**FILES, "打开.js": "form.$readonly = {明细: true}"})
    assert "明细 is read-only" in ended.text


def test_several_scripts_of_an_event_run_in_order_until_one_says_no(door: Door) -> None:
    head = HEAD.replace("submit: 提交.js", "submit: [先.js, 后.js]").replace(
        "open: 打开.js", "change.金额: [先.js, 后.js]"
    )
    text = (
        head
        + PROXY
        + steps(
            "{set: {金额: 1}, expect: {form: {单号: 先后}, console: [先, 后]}}",
            "{submit: {}, expect: {console: [先, 后], result: 好}}",
            "{set: {备注: 停}}",
            "{submit: {}, expect: {console: [先], result: false}}",
            "{js: 'form.金额 = 9', expect: {console: [先]}}",
        )
    )
    first = "console.log('先'); await 0; form.单号 = '先'; if (form.备注 === '停') return false"

    files = {"先.js": first, "后.js": "console.log('后'); form.单号 += '后'; return '好'"}
    ended = door.run(text, {**FILES, **files})
    assert ended.code == 1  # what a script changes goes on, whatever its handlers return
    assert ended.headlines == ['step 5/5 js: console expected 1 items, got 2: ["先", "后"]']


@pytest.mark.parametrize(
    ("before", "told"),
    [
        (
            "{set: {x: 1}}",
            'steps[1].set["明细[1].数量"]: 明细: no row 1 here; there are 1',
        ),
        ("{add_row: {table: 明细}}", ""),
        ("{copy_row: {table: 明细, at: 0}}", ""),
        ("{copy_row: {table: 明细, at: 3}}", "steps[0].copy_row.at: 明细: no row 3 here"),
        ("{move_row: {table: 明细, at: 0, to: 4}}", "steps[0].move_row.to: 明细: no row 4 here"),
        ("{set: {明细: []}}", "明细: no row 1 here; there are 0, counted from 0; add_row adds one"),
        ("{js: 'form.明细 = [1, 2]'}", ""),
    ],
)
def test_a_row_that_can_not_be_there_is_told_at_load(door: Door, before: str, told: str) -> None:
    head = "version: 1\nscenario: 表\nform: {fields: {x: 0, 明细: [{数量: 1}]}}\n"
    ended = door.run(head + PROXY + steps(before, '{set: {"明细[1].数量": 2}}'))

    assert told in ended.text
    assert (ended.code == 2) is bool(told)
