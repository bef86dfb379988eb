"""Whatever an action started is the action's: handlers of a script of the step, timers, cycles."""

from __future__ import annotations

import pytest

from tests.scenario.door import PROXY, Door, steps

HEAD = """\
version: 1
scenario: 采购明细
form:
  scripts: {change.数量: 数量.js}
  fields: {数量: 1, 金额: 0}
"""


@pytest.mark.parametrize(
    ("script", "essence"),
    [
        ("throw new Error('数量超出库存')", "Error: 数量超出库存"),
        ("Promise.reject(new Error('没人接'))", "unhandled rejection: Error: 没人接"),
        (
            "await $proxy('crm_system').getCustomerDetial('1')",
            "Error: 'crm_system' has no API 'getCustomerDetial'; did you mean",
        ),
        ("setTimeout(() => { throw new Error('迟到') }, 0)", "unhandled rejection: Error: 迟到"),
    ],
)
def test_what_goes_wrong_in_a_handler_fails_the_step_whose_script_fired_it(
    door: Door, script: str, essence: str
) -> None:
    ended = door.run(HEAD + PROXY + steps('js: "form.数量 = 13"'), {"数量.js": script})

    assert ended.code == 1
    (headline,) = ended.headlines
    assert headline.startswith(f"step 1/1 js: {essence}")
    assert "数量.js:1:" in ended.text


def test_lines_and_messages_of_such_a_handler_are_the_steps(door: Door) -> None:
    text = HEAD + steps(
        """js: "form.数量 = 13; console.log('前')"
    expect: {console: [前, 变成 13], messages: [已更新], form: {金额: 130}}"""
    )
    script = "console.log('变成', form.数量); form.$message = '已更新'; form.金额 = form.数量 * 10"

    assert door.run(text, {"数量.js": script}).code == 0


def test_such_an_error_can_be_expected(door: Door) -> None:
    text = HEAD + steps(
        """js: "form.数量 = 13"
    expect_error: {message: 数量超出库存, from: script}"""
    )

    assert door.run(text, {"数量.js": "throw new Error('数量超出库存')"}).code == 0


def test_an_earlier_steps_errors_are_not_told_again(door: Door) -> None:
    text = HEAD + steps(
        """set: {数量: 13}
    expect_error: {message: 数量超出库存}""",
        "js: \"return '无事'\"",
    )

    script = "if (form.数量 === 13) throw new Error('数量超出库存')"
    assert door.run(text, {"数量.js": script}).code == 0


def test_an_interval_that_nobody_waits_for_fires_while_time_passes(door: Door) -> None:
    script = """\
const 轮询 = setInterval(() => {
  form.金额 += 10;
  if (form.金额 === 30) clearInterval(轮询);
}, 500);
"""
    text = HEAD + steps(
        "{set: {数量: 2}, expect: {form: {金额: 0}}}",
        "{advance: 1s, expect: {form: {金额: 20}}}",
        "{advance: 1h, expect: {form: {金额: 30}}}",
    )

    assert door.run(text, {"数量.js": script}).code == 0


def test_handlers_that_always_write_something_new_are_red(door: Door) -> None:
    ended = door.run(HEAD + steps("{set: {数量: 2}}"), {"数量.js": "form.数量 += 1"})

    assert ended.code == 1
    assert ended.headlines == [
        (
            "step 1/1 set: ChangeCycle: change handlers set each other off without end, "
            "cut after 16: 数量=2 -> 数量=3 -> 数量=4 -> … -> 数量=18"
        )
    ]
    assert "script: 数量.js:1:" in ended.text


def test_a_handler_that_settles_is_no_cycle(door: Door) -> None:
    script = "form.数量 = Math.max(1, Math.min(form.数量, 10))"
    text = HEAD + steps("{set: {数量: 13}, expect: {form: {数量: 10}}}")

    assert door.run(text, {"数量.js": script}).code == 0


def test_an_interval_that_goes_wrong_fails_the_step_that_lets_time_pass(door: Door) -> None:
    script = "setInterval(() => { console.log('滴'); if (form.金额) throw new Error('坏了') }, 500)"
    text = HEAD + steps(
        "{set: {数量: 2}}",
        "{advance: 1s, expect: {console: [滴, 滴]}}",
        "{js: form.金额 = 1, expect: {console: []}}",
        "{advance: 500ms}",
    )

    ended = door.run(text, {"数量.js": script})
    assert ended.headlines == ["step 4/4 advance: unhandled rejection: Error: 坏了"], ended.text


def test_a_step_that_waits_lets_the_interval_of_an_earlier_one_fire(door: Door) -> None:
    script = "setInterval(() => form.金额++, 500)"
    text = HEAD + steps(
        "{set: {数量: 2}}",
        "{js: 'await new Promise(r => setTimeout(r, 1700)); return form.金额', "
        "expect: {result: 3}}",
    )

    ended = door.run(text, {"数量.js": script})
    assert ended.code == 0, ended.text


def test_a_form_that_opens_with_nothing_keeps_its_values(door: Door) -> None:
    form = HEAD.replace("{change.数量: 数量.js}", "{open: 打开.js}")
    text = form + steps(
        *(f"{{open: {value}, expect: {{form: {{数量: 1}}}}}}" for value in ("", "null", "{}"))
    )
    text += "expect: {form: {金额: 3}}\n"

    ended = door.run(text, {"打开.js": "form.金额 += form.数量"})
    assert ended.code == 0, ended.text


ROWS = "[{料: 甲}, {料: 乙}, {料: 丙}, {料: 丁}]"


@pytest.mark.parametrize(
    ("action", "rows"),
    [
        ("add_row: {table: 明细, row: {料: 新}}", "甲乙丙丁新"),
        ("add_row: {table: 明细, at: 0, row: {料: 新}}", "新甲乙丙丁"),
        ("add_row: {table: 明细, at: 2, row: {料: 新}}", "甲乙新丙丁"),
        ("add_row: {table: 明细, at: 4, row: {料: 新}}", "甲乙丙丁新"),
        ("add_row: {table: 明细, at: 5, row: {料: 新}}", ""),
        ("copy_row: {table: 明细, at: 0}", "甲甲乙丙丁"),
        ("copy_row: {table: 明细, at: 2}", "甲乙丙丙丁"),
        ("copy_row: {table: 明细, at: 3}", "甲乙丙丁丁"),
        ("copy_row: {table: 明细, at: 4}", ""),
        ("remove_row: {table: 明细, at: 0}", "乙丙丁"),
        ("remove_row: {table: 明细, at: 1}", "甲丙丁"),
        ("remove_row: {table: 明细, at: 3}", "甲乙丙"),
        ("remove_row: {table: 明细, at: 4}", ""),
        ("move_row: {table: 明细, at: 0, to: 2}", "乙丙甲丁"),
        ("move_row: {table: 明细, at: 0, to: 3}", "乙丙丁甲"),
        ("move_row: {table: 明细, at: 3, to: 1}", "甲丁乙丙"),
        ("move_row: {table: 明细, at: 3, to: 0}", "丁甲乙丙"),
        ("move_row: {table: 明细, at: 2, to: 2}", "甲乙丙丁"),
        ("move_row: {table: 明细, at: 0, to: 4}", ""),
        ("move_row: {table: 明细, at: 4, to: 0}", ""),
    ],
)
def test_rows_are_where_a_person_put_them(door: Door, action: str, rows: str) -> None:
    form = f"version: 1\nscenario: 明细\nform: {{fields: {{明细: {ROWS}}}}}\n"
    expected = ", ".join(f"{{料: {one}}}" for one in rows)

    ended = door.run(form + steps(f"{{{action}, expect: {{form: {{明细: [{expected}]}}}}}}"))
    assert ended.code == (0 if rows else 2), ended.text
    assert ("there are 4, counted from 0" in ended.text) == (not rows)


def test_a_script_of_a_step_finds_libraries_and_what_it_is_given(door: Door) -> None:
    form = "version: 1\nscenario: 税\nform: {libraries: [税.js], fields: {金额: 0}}\n"
    files = {
        "税.js": "const 税率 = 0.06; const 早 = typeof 额;\nfunction 税(额) { return 额 * 税率 }",
        "算.js": "return [早, 税(额)]",
    }
    text = form + steps(
        "{js: {file: 算.js, args: {额: 100}}, expect: {result: [undefined, {$near: 6}]}}",
        "{js: {file: 税.js, call: 税, args: [200]}, expect: {result: {$near: 12}}}",
    )

    ended = door.run(text, files)
    assert ended.code == 0, ended.text
