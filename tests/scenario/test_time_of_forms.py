"""Handlers of a form share one context; what they plan for later waits until time passes."""

from __future__ import annotations

import pytest

from tests.scenario.door import PROXY, Door, steps

SEARCH = """\
clearTimeout(globalThis.等);
globalThis.等 = setTimeout(async () => {
  const {data} = await $proxy('crm_system').getCustomerDetail(form.关键字);
  form.名称 = data.name;
}, 300);
"""
HEAD = """\
version: 1
scenario: 搜索客户
form:
  scripts: {change.关键字: 脚本.js, click.提醒: 提醒.js}
  fields: {关键字: "", 名称: "", 次数: 0}
"""


def test_two_inputs_within_300_ms_make_one_call(door: Door) -> None:
    text = (
        HEAD
        + PROXY
        + steps(
            "{set: {关键字: 1}, expect: {proxy: []}}",
            "{advance: 200ms, expect: {proxy: []}}",
            "{set: {关键字: 12}}",
            "{advance: 299ms, expect: {proxy: [], form: {名称: ''}}}",
            "advance: 1ms\n    expect:\n      form: {名称: 张三}\n"
            "      proxy: [{call: crm_system.get_customer_detail, path: {id: '12'}}]",
        )
    )

    ended = door.run(text, {"脚本.js": SEARCH, "提醒.js": ""})
    assert ended.code == 0, ended.text


def test_a_library_runs_once_for_all_handlers_of_a_form(door: Door) -> None:
    head = HEAD.replace("form:", "form:\n  libraries: [库.js]")
    library = """\
let 计数 = 0;
const 防抖 = (做, 毫秒) => { let 钟; return (...各) => {
  clearTimeout(钟); 钟 = setTimeout(() => 做(...各), 毫秒) } };
const 查 = 防抖(键 => { form.次数 = ++计数; form.名称 = `查 ${键}` }, 300);
"""
    text = (
        head
        + PROXY
        + steps(
            "set: {关键字: a}",
            "set: {关键字: ab}",
            "{advance: 1s, expect: {form: {次数: 1, 名称: 查 ab}}}",
            "set: {关键字: abc}",
            "{advance: 1s, expect: {form: {次数: 2, 名称: 查 abc}}}",
        )
    )

    ended = door.run(text, {"脚本.js": "查(form.关键字)", "提醒.js": "", "库.js": library})
    assert ended.code == 0, ended.text


def test_a_reminder_in_an_hour_is_three_lines(door: Door) -> None:
    remind = "setTimeout(() => { form.$message = '还没有提交' }, 3600_000)"
    text = (
        HEAD
        + PROXY
        + steps(
            "{click: 提醒, expect: {messages: []}}",
            "{advance: 59m59s, expect: {messages: []}}",
            "{advance: 1s, expect: {messages: [还没有提交]}}",
        )
    )

    ended = door.run(text, {"脚本.js": "", "提醒.js": remind})
    assert ended.code == 0, ended.text


@pytest.mark.parametrize(
    ("script", "told"),
    [
        (
            "\nsetTimeout(() => {}, 5400_000)",
            "提醒.js:2:1: a timer of 5400 s still waits at the end; advance: 1h30m lets it fire",
        ),
        ("setInterval(() => {}, 500)", "an interval of 0.5 s still waits at the end"),
    ],
)
def test_what_still_waits_at_the_end_is_told(door: Door, script: str, told: str) -> None:
    ended = door.run(HEAD + PROXY + steps("click: 提醒"), {"脚本.js": "", "提醒.js": script})

    assert ended.code == 0
    assert told in ended.text


def test_what_a_timer_throws_fails_the_step_that_lets_time_pass(door: Door) -> None:
    text = HEAD + PROXY + steps("click: 提醒", "advance: 10s")
    script = "setTimeout(() => {\n  没有定义() }, 9000)"

    ended = door.run(text, {"脚本.js": "", "提醒.js": script})
    (headline,) = ended.headlines
    assert headline.startswith("step 2/2 advance: unhandled rejection: ReferenceError: 没有定义")
    assert "提醒.js:2:3" in ended.text


def test_a_countdown_is_no_cycle_of_changes(door: Door) -> None:
    count = "if (form.关键字 > 0) setTimeout(() => { form.关键字-- }, 1000)"
    text = HEAD + PROXY + steps("set: {关键字: 40}", "{advance: 1m, expect: {form: {关键字: 0}}}")

    ended = door.run(text, {"脚本.js": count, "提醒.js": ""})
    assert ended.code == 0, ended.text


def test_after_a_limit_the_next_handler_has_a_new_context(door: Door) -> None:
    script = "if (form.关键字 === 1) { globalThis.存 = 1; new Array(2 ** 28).fill('满') }\n"
    more = "else form.名称 = typeof 存"
    text = (
        HEAD
        + PROXY
        + steps(
            "{set: {关键字: 1}, expect_error: {type: ScriptLimitError}}",
            "{set: {关键字: 2}, expect: {form: {名称: undefined}}}",
        )
    )

    ended = door.run(text, {"脚本.js": script + more, "提醒.js": ""})
    assert ended.code == 0, ended.text


@pytest.mark.parametrize("engine", ["quickjs", "quickjs,v8"])
def test_handlers_of_a_form_see_each_others_globals_and_timers(door: Door, engine: str) -> None:
    if engine != "quickjs":
        pytest.importorskip("py_mini_racer", reason="the extra engine-v8 is not installed")
    text = (
        HEAD
        + PROXY
        + steps(
            "set: {关键字: a}",
            "{advance: 3s, expect: {form: {次数: 3}}}",
            "{click: 提醒, expect: {form: {名称: 等到了}}}",
            "{advance: 3s, expect: {form: {次数: 3}}}",
            "{js: 'return typeof 钟', expect: {result: undefined}}",
        )
    )
    change = """\
globalThis.钟 = setInterval(() => form.次数++, 1000);
new Promise(go => { globalThis.好 = go }).then(() => { form.名称 = '等到了' });
"""

    files = {"脚本.js": change, "提醒.js": "clearInterval(钟); 好()"}
    ended = door.run(text, files, "--engine", engine)
    assert ended.code == 0, ended.text
