"""Tables as a person fills them in: cells, rows, the events of a column, expectations by cell."""

from __future__ import annotations

import time

import pytest

from tests.pace import slowness
from tests.scenario.door import PROXY, Door, steps

HEAD = """\
version: 1
scenario: 采购明细
form:
  scripts: {change.明细.数量: 金额.js, change.明细: 合计.js}
  fields:
    明细: [{品名: 轴承, 数量: 2, 单价: 5, 金额: 10}, {品名: 螺栓, 数量: 1, 单价: 3, 金额: 3}]
    合计: 13
    客户: {名称: 张三, 电话: "13800000000"}
"""
AMOUNT = """\
console.log('金额');
for (const 行 of form.明细) 行.金额 = 行.数量 * 行.单价;
"""
TOTAL = "console.log('合计'); form.合计 = form.明细.reduce((和, 行) => 和 + (行.金额 ?? 0), 0);"
FILES = {"金额.js": AMOUNT, "合计.js": TOTAL}


def test_a_cell_is_filled_in_and_the_rest_follows(door: Door) -> None:
    text = HEAD + steps(
        """set: {"明细[0].数量": 7}
    expect: {form: {"明细[0].金额": 35, "明细[1].金额": 3, 合计: 38}}""",
        """set: {"明细[1].品名": 螺母}
    expect: {console: [合计], form: {"明细[1].品名": 螺母, 合计: 38}}""",
        """set: {客户.电话: "13900000000"}
    expect: {form: {客户: {$exactly: {名称: 张三, 电话: "13900000000"}}, 客户.名称: 张三}}""",
    )

    ended = door.run(text, FILES)
    assert ended.code == 0, ended.text


def test_rows_are_added_copied_removed_and_moved(door: Door) -> None:
    text = HEAD + steps(
        """add_row: {table: 明细, row: {品名: 垫片, 数量: 10, 单价: 1}}
    expect: {form: {"明细[2].金额": 10, 合计: 23}}""",
        """add_row: {table: 明细, at: 0, row: {品名: 首行, 数量: 0, 单价: 1}}
    expect: {form: {"明细[0].品名": 首行, 明细: {$length: 4}}}""",
        """move_row: {table: 明细, at: 0, to: 3}
    expect: {form: {"明细[0].品名": 轴承, "明细[3].品名": 首行}}""",
        """remove_row: {table: 明细, at: 1}
    expect: {form: {"明细[1].品名": 垫片, 合计: 20}}""",
        """copy_row: {table: 明细, at: 0}
    expect: {form: {"明细[1].品名": 轴承, "明细[2].品名": 垫片, 明细: {$length: 4}}}""",
    )

    ended = door.run(text, FILES)
    assert ended.code == 0, ended.text


@pytest.mark.parametrize(
    ("at", "to", "order"),
    [
        (0, 2, "乙丙甲丁"),
        (3, 1, "甲丁乙丙"),
        (1, 2, "甲丙乙丁"),
        (2, 2, "甲乙丙丁"),
        (3, 0, "丁甲乙丙"),
        (0, 3, "乙丙丁甲"),
    ],
)
def test_a_row_is_moved_to_where_it_stands_afterwards(
    door: Door, at: int, to: int, order: str
) -> None:
    rows = ", ".join(f"{{名: {name}}}" for name in "甲乙丙丁")
    text = f"version: 1\nscenario: 移动\nform: {{fields: {{表: [{rows}]}}}}\n" + steps(
        f"move_row: {{table: 表, at: {at}, to: {to}}}\n    expect: {{form: {{"
        + ", ".join(f'"表[{n}].名": {name}' for n, name in enumerate(order))
        + "}}"
    )

    ended = door.run(text, {})
    assert ended.code == 0, ended.text


def test_a_script_that_writes_cells_sets_off_the_column(door: Door) -> None:
    text = HEAD + steps(
        """js: "form.明细[1].数量 = 4"
    expect: {form: {"明细[1].金额": 12, 合计: 22}}"""
    )

    ended = door.run(text, FILES)
    assert ended.code == 0, ended.text


@pytest.mark.parametrize(
    ("step", "essence"),
    [
        (
            'set: {"明细[2].数量": 1}',
            "NO_ROW: 明细[2].数量: no row 2; there are rows 0 to 1, add_row adds one",
        ),
        ("remove_row: {table: 明细, at: 5}", "NO_ROW: 明细: no row 5; there are rows 0 to 1"),
        ("move_row: {table: 明细, at: 0, to: 2}", "NO_ROW: 明细: no row 2"),
        ("add_row: {table: 合计}", "NOT_A_TABLE: 合计: expected a table, that is a list of rows"),
        ('set: {"合计[0].数量": 1}', "NOT_A_TABLE: 合计[0].数量: expected a table"),
    ],
)
def test_a_row_that_is_not_there_fails_the_step(door: Door, step: str, essence: str) -> None:
    ended = door.run(HEAD + steps(step), FILES)

    assert ended.code == 1
    assert ended.headlines[0].partition(": ")[2].startswith(essence)


@pytest.mark.parametrize(
    ("step", "wrong"),
    [
        ('set: {"明细表[0].数量": 1}', "no field '明细表[0].数量'"),
        ("add_row: {table: 明细表}", "no field '明细表'; did you mean '明细'?"),
        ("add_row: {tabel: 明细}", "unknown key 'tabel'; did you mean 'table'?"),
        ("remove_row: {table: 明细}", "expected at: the number of a row, from 0"),
        ("move_row: {table: 明细, at: 0, to: 末尾}", "expected the number of a row, from 0, got"),
    ],
)
def test_what_no_table_has_is_found_before_anything_runs(door: Door, step: str, wrong: str) -> None:
    ended = door.run(HEAD + steps(step), FILES)

    assert ended.code == 2
    assert "场景.scenario.yaml:10:" in ended.text
    assert wrong in ended.text


def test_each_names_the_row_that_fails(door: Door) -> None:
    text = HEAD + steps(
        """set: {"明细[1].数量": 0}
    expect: {form: {明细: {$each: {金额: {$gt: 0}}}}}"""
    )

    ended = door.run(text, FILES)
    assert ended.headlines == [
        "step 1/1 set: form.明细[1].金额 expected $gt 0, got 0",
    ]


def test_the_columns_of_a_table_have_states(door: Door) -> None:
    text = HEAD + steps(
        """js: "form.$readonly['明细.金额'] = true"
    expect: {fields: {明细.金额: {readonly: true}}}"""
    )

    ended = door.run(text, FILES)
    assert ended.code == 0, ended.text


def test_the_table_of_a_flow_is_filled_in_the_same_way(door: Door) -> None:
    text = """\
version: 1
scenario: 采购
flow: {scripts: {computed: 合计.js}, form: {明细: [{金额: 2}]}}
""" + steps(
        """add_row: {table: 明细, row: {金额: 3}}
    expect: {flow: {form: {合计: 5, "明细[1].金额": 3}}}""",
        """set: {"明细[0].金额": 4}
    expect: {flow: {form: {合计: 7}}}""",
    )
    script = "return {合计: ctx.form.明细.reduce((和, 行) => 和 + 行.金额, 0)}"

    ended = door.run(text, {"合计.js": script})
    assert ended.code == 0, ended.text


ROWS = """\
form.明细 = Array.from({length: form.行数}, (_, i) => ({
  序号: i, 品名: '轴承' + i, 规格: 'M8', 数量: i % 7, 单价: 2, 金额: 0, 备注: ''}));
for (let i = 0; i < form.行数; i++) {
  form.明细[i].金额 = form.明细[i].数量 * form.明细[i].单价;
  form.合计 += form.明细[i].金额;
}
"""


def test_a_script_may_go_through_a_large_table_row_by_row(door: Door) -> None:
    """Each write of the total used to look through the whole table: 400 rows were too many."""
    text = """\
version: 1
scenario: 大表
form: {scripts: {open: 大表.js}, fields: {明细: [], 合计: 0, 行数: 1500}}
""" + steps('{open: {}, expect: {form: {合计: 8990, "明细[1499].金额": 2}}}')

    ended = door.run(text, {"大表.js": ROWS})
    assert ended.code == 0, ended.text


LARGE = """\
version: 1
scenario: 一万行明细
form:
  fields: {明细: [], 合计: 0}
  scripts: {open: 填.js, click.算: 算.js}
"""
FILL = """\
form.明细 = Array.from({length: 10000}, (_, n) => ({
  品名: '物料' + n, 规格: 'M8', 单位: '个', 数量: n % 50, 单价: 1.5, 税率: 0.13, 金额: 0}));
"""
SUM = """\
for (let n = 0; n < form.明细.length; n++) {
  form.明细[n].金额 = form.明细[n].数量 * form.明细[n].单价;
}
form.合计 = form.明细.reduce((sum, row) => sum + row.金额, 0);
"""


@pytest.mark.night("two seconds of processor time")
def test_ten_thousand_rows_of_seven_columns_take_two_seconds(door: Door) -> None:
    text = LARGE + PROXY + steps("open: {}", "{click: 算, expect: {form: {合计: 367500}}}")
    began = time.process_time()

    ended = door.run(text, {"填.js": FILL, "算.js": SUM})
    assert ended.code == 0, ended.text
    assert time.process_time() - began <= 2 * slowness()


@pytest.mark.parametrize(
    ("event", "instead"),
    [
        ("change.客户.电话", "change.客户"),
        ("change.客户.电话.区号", "change.客户"),
        ("change.合计.元", "change.合计"),
        ("change.明细.规格.长", "change.明细.规格"),
        ("change.备注.元", ""),
        ("change.附件.名称", ""),
        ("change.附件.名称.后缀", "change.附件.名称"),
        ("change.收货.地址", ""),
        ("change.明细.数量", ""),
    ],
)
@pytest.mark.parametrize("where", ["form", "flow"])
def test_a_change_of_what_is_no_column_of_a_table_never_comes(
    door: Door, event: str, instead: str, where: str
) -> None:
    fields = (
        "    客户: {名称: 张三, 电话: 无}\n    合计: 0\n    明细: [{数量: 2, 规格: {长: 1}}]\n"
        '    备注: ""\n    附件: null\n    收货.地址: 长沙\n'
    )
    flow = f"flow:\n  at: 主管\n  form:\n{fields}" if where == "flow" else ""
    text = (
        f"scenario: 采购\n{flow}form:\n  scripts: {{{event}: 变.js}}\n  fields:\n    单号: 1\n"
        + ("" if flow else fields)
        + "steps:\n  - {set: {单号: 2}, expect: {form: {单号: 2}}}\n"
    )

    ended = door.run(text, {"变.js": "form.单号 = 3;"})

    refusal = (
        f'场景.scenario.yaml:{12 if flow else 3}:13: form.scripts["{event}"]: a change is one of a '
        "field, or of a column of a table, so that this never runs; write {instead}\n"
        "1 not read   0 calls   "
    )
    assert ended.code == (2 if instead else 0), ended.text
    told, _took = ended.text.rsplit("   ", 1)
    assert f"{told}   " == refusal.replace("{instead}", instead) or not instead


def test_a_change_that_a_step_fires_by_itself_may_be_of_anything(door: Door) -> None:
    text = (
        "scenario: 采购\n"
        "form: {scripts: {change.客户.电话: 变.js}, fields: {客户: {电话: 1}, 值: 0}}\n"
        "steps:\n  - {fire: change.客户.电话, expect: {form: {值: 3}}}\n"
    )

    ended = door.run(text, {"变.js": "form.值 = 3;"})

    assert ended.code == 0, ended.text
