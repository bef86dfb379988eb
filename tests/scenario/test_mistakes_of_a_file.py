# ruff: noqa: E501 - scenarios, one a line
"""What a scenario file alone shows to be a mistake, beside what is nearly the same and none."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpmax_sim.errors import ConfigError
from bpmax_sim.scenario.load import load_items

OPEN = "{open: {}, expect: {form: {金额: 1}}}"
FORM = "form: {scripts: {open: 开.js}, fields: {金额: 0, 客户: '', 加急: false, 附件: [], 地址: {}, 明细: []}}"
FLOW = "flow: {definition: 流程.yaml, at: 部门审批, form: {金额: 1}}\npeople: {wangwu: {}, ceo: {}}"
APPROVE = "{approve: {by: wangwu}, expect: {flow: {at: 总经理}}}"
DAYS = (
    "flow: 报销\nstart: 部门审批\nnodes:\n"
    "  部门审批: {owners: [wangwu], deadline: 2h, approve: 总经理, reject: 结束}\n"
    "  总经理: {owners: [ceo], deadline: 1h, approve: 结束, reject: 结束}\n  结束: {end: true}\n"
)


def tell(
    folder: Path, text: str, script: str = "form.金额 = 1", *, subject: str = FORM
) -> list[str]:
    """Return what loading a scenario that goes on with *text* tells, errors and warnings alike."""
    files = {
        "开.js": script,
        "流程.yaml": DAYS,
        "platforms/crm.yaml": "platform_key: crm\nbase_url: https://crm.example.test\n"
        "apis: {查客户: {path: /c}}\n",
        "单.scenario.yaml": f"version: 1\nscenario: 报销单\n{subject}\n{text}\n",
    }
    for name, content in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(content, encoding="utf-8")
    try:
        items = load_items(folder / "单.scenario.yaml", environ={}, root=folder)
    except ConfigError as error:
        return [problem.message for problem in error.problems]
    return [one.message for item in items for one in item.warnings]


def count(messages: list[str], sign: str) -> int:
    return sum(sign in one for one in messages)


@pytest.mark.parametrize("key", ["skip", "xfail"])
@pytest.mark.parametrize(
    ("value", "is_told"),
    [
        *((word, True) for word in ("'no'", "N", "off", "'false'", "'0'", "none", "'null'", "否")),
        *((word, True) for word in ("不", "无", "'-'", "' No '", "'FALSE'")),
        *((word, False) for word in ("不用", "等 CRM 上线", "'00'", "nope", "true", "false")),
    ],
)
def test_a_reason_that_means_no_is_told(
    tmp_path: Path, key: str, value: str, is_told: bool
) -> None:
    told = tell(tmp_path, f"{key}: {value}\nsteps: [{OPEN}]")

    assert count(told, f"is taken for the reason; write {key}: false") == is_told


@pytest.mark.parametrize(
    ("cells", "rows"),
    [
        (("否", "是", "true"), 1),
        (("是", "好", "No"), 1),
        (("' no '", "'0'", "是"), 2),
        (("false", "0", "是"), 0),
        (("null", "''", "是"), 0),
        (("不用", "是", "好"), 0),
    ],
)
def test_a_cell_that_means_no_is_told_where_it_is_a_condition(
    tmp_path: Path, cells: tuple[str, str, str], rows: int
) -> None:
    table = ", ".join(f"{{id: 行{number}, 急: {cell}}}" for number, cell in enumerate(cells))
    for condition, found in (("'${case.急}'", rows), ("'${case.急} == 是'", 0)):
        step = f"{{if: {condition}, open: {{}}, expect: {{form: {{金额: 1}}}}}}"
        told = tell(tmp_path, f"cases: [{table}]\nsteps: [{step}, {OPEN}]")

        assert count(told, "and any text is true") in {found, found * 3}


UNREAD = "nothing looks at what this returns"


@pytest.mark.parametrize(
    ("steps", "is_told"),
    [
        ("{js: return 1}", True),
        ("{js: 'return 1; form.金额 = 2'}", True),
        ("{js: return}", False),
        ("{js: 'if (form.金额) { return }'}", False),
        ("{js: 'form.return 1'}", False),
        ("{js: 'const $return 1'}", False),
        ("{js: form.金额 = 2}", False),
        ("{js: return 1, expect: {result: 1}}", False),
        ("{js: return 1, expect: {form: {金额: 1}}}", False),
        ("{js: return 1, save: {好: '${form.金额}'}}", False),
        ("{js: return 1, expect_error: {code: READ_ONLY}}", False),
        ("{js: return 1, retry: {tries: 2}}", True),
        ("{js: return 1, retry: {tries: 2, until: {result: 1}}}", False),
        ("{js: return 1, id: 数}", True),
        ("{js: return 1, id: 数}, {set: {金额: '${steps.数.result}'}}", False),
        ("{js: return 1, id: 数}, {set: {金额: 5}, name: 'steps.数字'}", True),
        ("{js: return 1}, {expect: {result: 1}}", False),
        ("{js: return 1}, {expect: {form: {金额: 1}}}, {expect: {result: 1}}", False),
        ("{js: return 1}, {expect: {form: {金额: 1}}}", True),
        ("{js: return 1}, {set: {金额: 5}}, {expect: {result: 1}}", True),
        ("{js: return 1}, {js: return 2, expect: {result: 2}}", True),
    ],
)
def test_a_result_that_nothing_reads_is_told(tmp_path: Path, steps: str, is_told: bool) -> None:
    assert count(tell(tmp_path, f"steps: [{OPEN}, {steps}]"), UNREAD) == is_told
    assert count(tell(tmp_path, f"expect: {{result: 1}}\nsteps: [{steps}]"), UNREAD) == 0


SHOWS_NOTHING = "no script shows anything"


@pytest.mark.parametrize(
    ("rest", "script", "is_told"),
    [
        ("steps: [{open: {}, expect: {messages: []}}]", "", True),
        ("steps: [{open: {}, expect: {messages: [], console: []}}]", "", True),
        ("steps: [{open: {}, expect: {messages: [], console: []}}]", "console.log(1)", False),
        ("steps: [{open: {}, expect: {messages: []}}]", "form.$message = '好'", False),
        ("steps: [{open: {}, expect: {messages: []}}]", "console.log(1)", True),
        ("steps: [{open: {}, expect: {proxy: []}}]", "", True),
        ("steps: [{open: {}, expect: {proxy: []}}]", "$proxy('crm')", False),
        ("steps: [{proxy: {call: crm.查客户}}, {open: {}, expect: {proxy: []}}]", "", False),
        ("steps: [{open: {}, expect: {messages: [不行]}}]", "", False),
        ("steps: [{open: {}, expect: {messages: []}}, {expect: {form: {金额: 0}}}]", "", False),
        ("expect: {messages: []}\nsteps: [{open: {}}]", "", True),
        ("always: {messages: []}\nsteps: [{open: {}}]", "", True),
        ("skip: 待接口\nsteps: [{open: {}, expect: {messages: []}}]", "", False),
        ("steps: [{open: {}, expect: {messages: []}}, {js: x, expect_error: {type: Error}}]", "",
         False),
        ("steps: [{open: {}, expect: {messages: []}, retry: {tries: 2}}]", "", False),
        ("steps: [{open: {}}]", "", False),
    ],
)  # fmt: skip
def test_silence_of_scripts_that_show_nothing_is_told(
    tmp_path: Path, rest: str, script: str, is_told: bool
) -> None:
    assert count(tell(tmp_path, rest, script or "form.金额 = 1"), SHOWS_NOTHING) == is_told


@pytest.mark.parametrize(
    ("was", "found"),
    [("[报销单]", 1), ("[旧单, 更旧, 报销单]", 1), ("[旧单]", 0), ("[报销单1]", 0), ("[]", 0)],
)
def test_the_present_name_among_the_former_ones_is_told(
    tmp_path: Path, was: str, found: int
) -> None:
    told = tell(tmp_path, f"was: {was}\nsteps: [{OPEN}]")

    assert count(told, "this is the present name") == found


@pytest.mark.parametrize(
    ("value", "script", "is_told"),
    [
        ("300", "setTimeout(() => { form.金额 = 1 }, 300)", True),
        ("300", "setTimeout(() => {\n  form.金额 = 1\n}, 300 )", True),
        ("300", "setInterval(f, 300)", True),
        ("300", "setTimeout(f, 3000)", False),
        ("300", "setTimeout(f, 1300)", False),
        ("300", "setTimeout(f)", False),
        ("300", "wait(f, 300)", False),
        ("300", "resetTimeout(f, 300)", False),
        ("300", "setTimeout(f, 300, '甲')", True),
        ("300", "setTimeout(g(1, [2, 3], {a: 1, b: 2}), 300)", True),
        ("300", "setTimeout(() => say('), 1('), 300)", True),
        ("300", "setTimeout(f /* ), 1 */, 300) // 等", True),
        ("300", "setTimeout(f, 1000); form.客户 = Math.max(1, 300)", False),
        ("300", "setTimeout(() => { g(1, 300) }, 1000)", False),
        ("300", "setTimeout(() => { setTimeout(f, 300) }, 1000)", True),
        ("300", "setTimeout(f, wait, 300)", False),
        ("300", "setTimeout(f, 1000, 300)", False),
        ("300ms", "setTimeout(f, 300)", False),
        ("3", "setTimeout(f, 300)", False),
        ("300.0", "setTimeout(f, 300)", True),
        ("300.5", "setTimeout(f, 300)", False),
        ("true", "setTimeout(f, 1)", False),
    ],
)
def test_seconds_that_are_the_milliseconds_of_a_timer_are_told(
    tmp_path: Path, value: str, script: str, is_told: bool
) -> None:
    told = tell(tmp_path, f"steps: [{{advance: {value}}}, {OPEN}]", f"{script}; form.金额 = 1")

    assert count(told, f"a script waits for {value} milliseconds") == is_told


@pytest.mark.parametrize(
    ("value", "is_told"),
    [("1", True), ("59", True), ("60", False), ("61", False), ("0", False), ("47h", False),
     ("'47'", False), ("59s", False)],
)  # fmt: skip
def test_a_number_that_is_far_from_the_shortest_deadline_lacks_its_unit(
    tmp_path: Path, value: str, is_told: bool
) -> None:
    told = tell(tmp_path, f"steps: [{{advance: {value}}}, {APPROVE}]", subject=FLOW)

    assert count(told, "are seconds, and the shortest deadline is 1h") == is_told


@pytest.mark.parametrize(
    ("step", "found"),
    [
        ("{expect: {messages: []}}", 1),
        ("{expect: {messages: [], console: [], proxy: []}}", 3),
        ("{expect: {messages: [不行]}}", 0),
        ("{open: {}, expect: {messages: []}}", 0),
        ("{expect: {form: {明细: []}}}", 0),
    ],
)
def test_silence_of_a_step_that_does_nothing_is_told(tmp_path: Path, step: str, found: int) -> None:
    script = "form.金额 = 1; form.$message = '好'; console.log(1)"

    assert count(tell(tmp_path, f"steps: [{OPEN}, {step}]", script), "this step does nothing, so"
                 ) == found  # fmt: skip


@pytest.mark.parametrize(
    ("states", "script", "told_states"),
    [
        ("{visible: true}", "", ["visible: true"]),
        ("{visible: false}", "", []),
        ("{required: false, readonly: false}", "", ["required: false", "readonly: false"]),
        ("{required: true, readonly: true}", "", []),
        ("{visible: true}", "form.$visible = {金额: true}", []),
        ("{visible: true, required: false}", "form.$visible = {金额: true}", ["required: false"]),
        ("{readonly: false}", "form.$readonly = {金额: true}", []),
        ("{options: []}", "", []),
    ],
)
def test_a_state_that_no_script_sets_is_told(
    tmp_path: Path, states: str, script: str, told_states: list[str]
) -> None:
    step = f"{{open: {{}}, expect: {{fields: {{金额: {states}}}}}}}"
    told = tell(tmp_path, f"steps: [{step}]", f"form.金额 = 1; {script}")

    assert count(told, "so that each field is") == len(told_states)
    assert all(count(told, f"each field is {one} whatever") for one in told_states)


@pytest.mark.parametrize(
    ("steps", "is_told"),
    [
        ("{preview: {form: {金额: 1}}}, {submit: {form: {金额: 2}}}", True),
        ("{preview: {form: {金额: 1}}}, {submit: {form: {金额: 1}}}", False),
        ("{preview: {form: {金额: 1}}}, {submit: {form: {金额: 1, 事由: 出差}}}", False),
        ("{preview: {form: {金额: 1, 事由: 出差}}}, {submit: {form: {金额: 1, 事由: 培训}}}", True),
        ("{preview: {form: {金额: 1}}}, {preview: {form: {金额: 2}}}, {submit: {form: {金额: 1}}}",
         False),
        ("{submit: {form: {金额: 2}}}, {preview: {form: {金额: 1}}}", False),
        ("{preview: {}}, {submit: {form: {金额: 2}}}", False),
    ],
)  # fmt: skip
def test_a_preview_of_something_else_than_what_is_submitted_is_told(
    tmp_path: Path, steps: str, is_told: bool
) -> None:
    told = tell(
        tmp_path,
        f"steps: [{steps}]\nexpect: {{flow: {{at: 部门审批}}}}",
        subject="flow: {definition: 流程.yaml}\nuser: wangwu\npeople: {wangwu: {}, ceo: {}}",
    )

    assert count(told, "has other values than this preview") == is_told


BEGINS = "begins as"


@pytest.mark.parametrize(
    ("entry", "is_told"),
    [
        *((f"加急: {word}", True) for word in ("是", "否", "'yes'", "'No'", "'0'", "'1'", "'true'")),
        *((f"加急: {word}", True) for word in ("'on'", "'y'", "' Y '", "'-'", "无")),
        *((f"加急: {word}", False) for word in ("true", "1", "null", "''", "加急", "'2'")),
        *((f"金额: {word}", True) for word in ("'5'", "'-5'", "'5.0'", "' 5 '", "'1,000'")),
        *((f"金额: {word}", True) for word in ("'-12,345,678.90'", "'0'")),
        *((f"金额: {word}", False) for word in ("5", "''", "'1,00'", "'5元'", "'.5'", "'5.'")),
        *((f"金额: {word}", False) for word in ("'1,0000'", "null", "true", "五")),
        ("附件: 发票.pdf", True), ("附件: {a: 1}", True), ("附件: 5", True), ("附件: true", True),
        ("附件: ''", False), ("附件: null", False), ("附件: 0", False), ("附件: [发票.pdf]", False),
        ("附件: '${vars.附}'", False),
        ("地址: 上海", True), ("地址: [上海]", True), ("地址: {市: 上海}", False),
        ("客户: 5", False), ("客户: [甲]", False), ("客户: '5'", False),
    ],
)  # fmt: skip
def test_a_value_of_another_kind_than_the_field_begins_with_is_told(
    tmp_path: Path, entry: str, is_told: bool
) -> None:
    top = "vars: {附: []}\nexpect: {form: {客户: ''}}"

    assert count(tell(tmp_path, f"{top}\nsteps: [{{set: {{{entry}}}}}]"), BEGINS) == is_told
    assert count(tell(tmp_path, f"{top}\nsteps: [{{open: {{{entry}}}}}]"), BEGINS) == is_told


@pytest.mark.parametrize(
    ("cells", "found"),
    [(("5", "6", "7"), 0), (("5", "6", "'7'"), 1), (("'5'", "'6'", "'7'"), 1), (("''", "5", "6"), 0)],
)  # fmt: skip
def test_cells_of_another_kind_are_told_once(
    tmp_path: Path, cells: tuple[str, str, str], found: int
) -> None:
    table = ", ".join(f"{{id: 行{number}, 额: {cell}}}" for number, cell in enumerate(cells))
    told = tell(
        tmp_path,
        f"cases: [{table}]\nsteps: [{{set: {{金额: '${{case.额}}'}}, expect: {{form: {{客户: 好}}}}}}]",
    )

    assert count(told, BEGINS) in {found, found * 3}


NOBODY = "no step clicks 导出"


@pytest.mark.parametrize(
    ("rest", "script", "is_told"),
    [
        ("steps: [{open: {}, expect: {form: {金额: 1}}}]", "", True),
        ("steps: [{click: 保存, expect: {form: {金额: 1}}}]", "", True),
        ("steps: [{open: {}}, {click: 导出, expect: {form: {金额: 1}}}]", "", False),
        ("steps: [{click: {button: 导出}, expect: {form: {金额: 1}}}]", "", False),
        ("steps: [{fire: click.导出, expect: {form: {金额: 1}}}]", "", False),
        ("vars: {钮: 导出}\nsteps: [{click: '${vars.钮}', expect: {form: {金额: 1}}}]", "", False),
        ("steps: [{open: {}, expect: {form: {金额: 1}}}]", "form.$visible = {导出: true}", False),
    ],
)
def test_a_button_that_nobody_clicks_is_told(
    tmp_path: Path, rest: str, script: str, is_told: bool
) -> None:
    form = "form: {scripts: {open: 开.js, click.导出: 开.js, click.保存: 开.js}, fields: {金额: 0}}"

    assert count(tell(tmp_path, rest, f"form.金额 = 1; {script}", subject=form), NOBODY) == is_told


@pytest.mark.parametrize(
    ("policies", "is_told"), [("", True), ("policies: [{at: '*', approve: {}}]\n", False)]
)
def test_a_button_may_be_clicked_by_people_who_decide_by_themselves(
    tmp_path: Path, policies: str, is_told: bool
) -> None:
    subject = f"form: {{scripts: {{click.导出: 开.js}}, fields: {{金额: 0}}}}\n{FLOW}"
    step = "play: {until: 总经理}" if policies else "approve: {by: wangwu}"
    told = tell(
        tmp_path,
        f"{policies}steps: [{{{step}, expect: {{flow: {{at: 总经理}}}}}}]",
        subject=subject,
    )

    assert count(told, NOBODY) == is_told


@pytest.mark.parametrize(
    ("rest", "said"),
    [
        ("steps: [{set: {}, expect: {form: {金额: 1}}}]", "nothing is filled in here"),
        ("steps: [{set: {金额: 0}, expect: {form: {金额: 1}}}]", ""),
        (
            "steps: [{name: 空}, {open: {}, expect: {form: {金额: 1}}}]",
            "this step does nothing and expects nothing",
        ),
        ("steps: [{open: {}}, {expect: {form: {金额: 1}}}]", ""),
        (
            "steps: [{open: {}}, {save: {甲: '${form.金额}'}, expect: {form: {金额: '${vars.甲}'}}}]",
            "",
        ),
        ("steps: [{open: {}}, {save: {甲: '${form.金额}'}}, {expect: {form: {金额: 1}}}]", ""),
        (
            "fault_sets: {慢: [{on: crm.查客户, do: {delay: 1s}}]}\nproxy: {platforms: platforms}\nsteps: [{open: {}}, {faults: [慢]}, {expect: {form: {金额: 1}}}]",
            "",
        ),
        (
            "steps: [{open: {}}, {save: {}}, {expect: {form: {金额: 1}}}]",
            "this step does nothing and expects nothing",
        ),
        (
            "fault_sets: {空: []}\nsteps: [{open: {}, faults: [空], expect: {form: {金额: 1}}}]",
            "the fault set '空' has no fault",
        ),
        (
            "proxy: {platforms: platforms, stubs: [{on: crm.查客户, request: {}, body: {}}]}\nsteps: [{open: {}, expect: {form: {金额: 1}}}]",
            "this asks for nothing",
        ),
        (
            "proxy: {platforms: platforms, stubs: [{on: crm.查客户, request: {query: {}}, body: {}}]}\nsteps: [{open: {}, expect: {form: {金额: 1}}}]",
            "this asks for nothing",
        ),
        (
            "proxy: {platforms: platforms, stubs: [{on: crm.查客户, body: {}}]}\nsteps: [{open: {}, expect: {form: {金额: 1}}}]",
            "",
        ),
    ],
)
def test_a_part_that_is_empty_is_told(tmp_path: Path, rest: str, said: str) -> None:
    told = tell(tmp_path, rest)
    signs = (
        "nothing is filled in",
        "this step does nothing and",
        "has no fault",
        "asks for nothing",
    )

    assert sum(count(told, sign) for sign in signs) == bool(said)
    assert not said or count(told, said) == 1


@pytest.mark.parametrize(
    ("rest", "keys"),
    [
        ("user: ''", ["user"]),
        ('clock: ""', ["clock"]),
        ("proxy: {cassette: '', instance: ''}", ["cassette", "instance"]),
        ("user: wangwu", []),
        ("vars: {user: '', at: '', to: ''}", []),
        ("form: {fields: {user: ''}}", []),
    ],
)
def test_a_key_that_names_nothing_is_told(tmp_path: Path, rest: str, keys: list[str]) -> None:
    subject = (
        "people: {wangwu: {}}" if rest.startswith("form") else f"{FORM}\npeople: {{wangwu: {{}}}}"
    )
    told = tell(
        tmp_path,
        f"{rest}\nsteps: [{{js: form.金额 = 1, expect: {{form: {{金额: 1}}}}}}]",
        subject=subject,
    )

    assert [one for one in told if "names nothing; fill it in" in one] == [
        f"{key} names nothing; fill it in, or leave it out" for key in keys
    ]


@pytest.mark.parametrize(
    ("place", "is_told"),
    [
        ("at: 0, to: 0", True),
        ("at: 2, to: 2", True),
        ("at: 0, to: 1", False),
        ("at: 1, to: 0", False),
    ],
)
def test_a_row_that_moves_to_its_own_place_is_told(
    tmp_path: Path, place: str, is_told: bool
) -> None:
    step = f"{{move_row: {{table: 明细, {place}}}, expect: {{form: {{金额: 1}}}}}}"

    assert count(tell(tmp_path, f"steps: [{OPEN}, {step}]"), "moves to where it is") == is_told


@pytest.mark.parametrize(
    ("name", "is_told"),
    [
        ("Retry-Afer", True), ("retry-afte", True), ("Retry-After", False), ("RETRY-AFTER", False),
        ("X-Trace", False), ("Set-Cooki", True), ("Content-Typ", True), ("ETags", True),
        ("Cache-Contrl", True), ("WWW-Authenticat", True), ("Locaton", True), ("location", False),
    ],
)  # fmt: skip
def test_a_header_of_a_response_that_is_misspelt_is_told(
    tmp_path: Path, name: str, is_told: bool
) -> None:
    steps = f"steps: [{OPEN}]"
    stub = f"proxy: {{platforms: platforms, stubs: [{{on: crm.查客户, headers: {{{name}: '1'}}, body: {{}}}}]}}"
    fault = f"proxy: {{platforms: platforms}}\nfaults: [{{on: crm.查客户, do: {{status: 429, headers: {{{name}: '1'}}}}}}]"

    assert count(tell(tmp_path, f"{stub}\n{steps}"), "no client knows the header") == is_told
    assert count(tell(tmp_path, f"{fault}\n{steps}"), "no client knows the header") == is_told


@pytest.mark.parametrize(
    ("proxy", "is_told"),
    [("cassette: 单, mode: live", True), ("cassette: 单, mode: record", False),
     ("cassette: 单", False), ("mode: live", False)],
)  # fmt: skip
def test_a_recording_that_is_never_read_is_told(tmp_path: Path, proxy: str, is_told: bool) -> None:
    told = tell(tmp_path, f"proxy: {{platforms: platforms, {proxy}}}\nsteps: [{OPEN}]")

    assert count(told, "mode: live never reads a recording") == is_told


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        (
            "{物料: 螺丝, 数量: 1}|{物料: 螺丝, 数两: 1}|{物料: 螺丝, 数量: 1}",
            "'数两'; did you mean '数量'?",
        ),
        ("{物料编号: 1}|{物料编码: 1}", ""),
        ("{物料编号: 1}|{物料编码: 1}|{物料编码: 2}", "'物料编号'; did you mean '物料编码'?"),
        ("{单位价格: 1}|{单位价格: 1}|{备注: 1}", ""),
        ("{单位价格: 1}", ""),
    ],
)
def test_a_column_that_no_other_added_row_has_is_told(
    tmp_path: Path, steps: str, said: str
) -> None:
    rows = [f"{{add_row: {{table: 明细, row: {row}}}}}" for row in steps.split("|")]
    told = tell(tmp_path, f"steps: [{OPEN}, {', '.join(rows)}]")

    assert [said in one for one in told if "no other row of 明细" in one] == [True] * bool(said)


SELF = "the variable '存' was saved from {} and nothing was done since"
SAVED = "save: {先: '${form.客户}', 存: '${form.金额}', 后: '${form.客户}'}"


@pytest.mark.parametrize(
    ("expected", "is_told"),
    [
        ("{form: {金额: '${vars.存}'}}", True),
        ("{form: {金额: {$eq: '${vars.存}'}}}", True),
        ("{form: {金额: {$near: '${vars.存}'}}}", True),
        ("{form: {金额: {$in: ['${vars.存}', 5]}}}", True),
        ("{form: {金额: {$in: [1, 5, '${vars.存}']}}}", True),
        ("{vars: {存: '${form.金额}'}}", True),
        ("{vars: {存: {$eq: '${form.金额}'}}}", True),
        ("{form: {金额: {$ne: '${vars.存}'}}}", False),
        ("{form: {金额: {$gt: '${vars.存}'}}}", False),
        ("{form: {金额: '金额${vars.存}'}}", False),
        ("{form: {客户: '${vars.存}'}}", False),
        ("{vars: {存: '${form.客户}'}}", False),
    ],
)
def test_a_saved_value_is_compared_with_itself_until_something_is_done(
    tmp_path: Path, expected: str, is_told: bool
) -> None:
    other = f"{{open: {{}}, {SAVED}, expect: {{form: {{客户: 甲}}}}}}"
    steps = {
        f"[{{open: {{}}, {SAVED}, expect: {expected}}}]": is_told,
        f"[{other}, {{expect: {expected}}}]": is_told,
        f"[{other}]\nexpect: {expected}": is_told,
        f"[{other}, {{set: {{客户: 乙}}, expect: {expected}}}]": False,
        f"[{other}, {{set: {{客户: 乙}}, {SAVED}, expect: {expected}}}]": is_told,
    }

    found = [count(tell(tmp_path, f"steps: {one}"), SELF.format("form.金额")) for one in steps]
    assert found == list(steps.values())


@pytest.mark.parametrize(
    ("saved", "expected", "is_told"),
    [
        ("", "'${vars.存}'", True),
        (".a", "{a: '${vars.存}'}", True),
        (".a[1]", "{a: [1, '${vars.存}']}", True),
        (".a[1]", "{a: ['${vars.存}', 2]}", False),
        (".a", "{b: '${vars.存}'}", False),
    ],
)
def test_a_saved_result_is_compared_with_itself_in_its_step(
    tmp_path: Path, saved: str, expected: str, is_told: bool
) -> None:
    step = f"{{id: 查, js: 'return {{a: [1, 2]}}', save: {{存: '${{steps.查.result{saved}}}'}}, expect: {{result: {expected}}}}}"

    found = tell(tmp_path, f"steps: [{step}]")
    assert count(found, SELF.format(f"steps.查.result{saved}")) == is_told


@pytest.mark.parametrize(
    ("step_id", "sign"),
    [("a]", "]"), ("a[0]", "["), ("a.b", "."), ("{a", "{"), ("a}", "}"), ("a b", ""), ("查-1", "")],
)
def test_an_id_has_no_sign_at_which_a_reference_ends(
    tmp_path: Path, step_id: str, sign: str
) -> None:
    found = tell(tmp_path, f"steps: [{{id: '{step_id}', {OPEN[1:]}]")

    told = f"the id {step_id!r} has a {sign!r}; a reference to it would end there"
    assert found == [told] * bool(sign)


LISTED = "a list is compared item by item, so that only exactly these {0} break this never; write {0}: {{$contains: …}}"


@pytest.mark.parametrize(
    ("top", "section"),
    [
        ("never: {console: [{text: 错}]}", "console"),
        ("never: {messages: [{text: 错}]}", "messages"),
        ("never: [{form: {金额: 9}}, {form: {金额: 8}}, {console: [{text: 错}]}]", "console"),
        ("never: {console: []}", ""),
        ("never: {console: {$contains: {text: 错}}}", ""),
        ("never: {form: {明细: [{a: 1}]}}", ""),
        ("always: {console: [{text: 错}]}", ""),
    ],
)
def test_a_list_that_never_is_is_this_list_alone(tmp_path: Path, top: str, section: str) -> None:
    script = "form.金额 = 1; console.log('错'); form.$message = '错'"

    found = [
        one for one in tell(tmp_path, f"{top}\nsteps: [{OPEN}]", script) if "item by item" in one
    ]
    assert [one.startswith(LISTED.format(section)) for one in found] == [True] * bool(section)
