# ruff: noqa: E501 - scenarios and scripts, one a line
"""Steps that set what is there already, and rows of a table that end before their last column."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.scenario.test_denials import tell_warnings
from tests.scenario.test_lies import Case, run

PICK = "form.客户名称 = form.客户编号 ? '张三' : ''"
HAVE = "{} have these values already, so that nothing changes and no script runs; set other values"
HAS = "{} has this value already, so that nothing changes and no script runs; set another value"
ROW = ", or leave the step out in such a row: if: ${case.编号}"


def filled(steps: str, top: str = "", **more: Any) -> Case:
    """Return a scenario whose form asks for the customer when its number is set."""
    parts = {"form": "change.客户编号: 脚本.js", "script": PICK, "stubs": "", **more}
    return Case(steps=f"steps:\n{steps}", top=top, **parts)


EMPTY = "  - {set: {客户编号: ''}, expect: {form: {客户名称: ''}, proxy: []}}\n"
CHOSEN = "  - {set: {客户编号: C1}, expect: {form: {客户名称: 张三}}}\n"
OF_ROW = "  - {set: {客户编号: '${case.编号}'}, expect: {form: {客户名称: '${case.名称}'}}}\n"
ROWS = "cases: [{id: 有, 编号: C1, 名称: 张三}, {id: 无, 编号: '', 名称: ''}]"
SETS: dict[str, tuple[Case, list[str]]] = {
    "an empty text at the beginning": (filled(EMPTY + CHOSEN), [HAS.format("客户编号")]),
    "the same customer again": (filled(CHOSEN + CHOSEN), [HAS.format("客户编号")]),
    "a cell of a table": (
        filled("  - {set: {'明细[0].数量': 2}, expect: {form: {金额: 0}}}\n" + CHOSEN, form="change.明细.数量: 脚本.js, change.客户编号: 脚本.js"),
        [HAS.format("明细[0].数量")],
    ),
    "a field named like one with a script": (
        filled("  - {set: {客户: ''}, expect: {form: {客户: ''}}}\n" + CHOSEN, form=None,
               top="form: {scripts: {change.客户编号: 脚本.js}, fields: {客户: '', 客户编号: '', 客户名称: ''}}"), [],
    ),
    "two empty cells": (
        filled("  - {set: {客户编号: '${case.编号}', 客户名称: '${case.名称}'}, expect: {form: {客户名称: '${case.名称}'}}}\n", ROWS),
        [HAVE.format("客户编号, 客户名称") + ROW],
    ),
    "several fields": (
        filled("  - {set: {客户编号: '', 金额: 0}, expect: {form: {客户名称: ''}}}\n" + CHOSEN), [HAVE.format("客户编号, 金额")],
    ),
    "an empty cell": (filled(OF_ROW, ROWS), [HAS.format("客户编号") + ROW]),
    "a variable": (
        filled("  - {set: {客户编号: '${vars.编号}'}, expect: {form: {客户名称: ''}}}\n" + CHOSEN, "vars: {编号: ''}"), [HAS.format("客户编号")],
    ),
    "while a call is in flight": (
        filled("  - {click: 查, during: {call: crm.get_customer, steps: [{set: {金额: 0}}]}, expect: {form: {金额: 0}}}\n" + CHOSEN,
               form="click.查: 查.js, change.客户编号: 脚本.js", files={"查.js": "await $proxy('crm').get_customer('1')"},
               stubs="{on: crm.get_customer, body: {code: 200}}"),
        [HAS.format("金额")],
    ),
    # Nothing is expected of it, so that it is there for the reader.
    "a reason that is not given": (filled("  - {set: {客户编号: ''}}\n" + CHOSEN), []),
    "a field without a script": (filled("  - {set: {金额: 0}, expect: {form: {金额: 0}}}\n" + CHOSEN), []),
    "one of two fields": (filled("  - {set: {金额: 0, 客户编号: C1}, expect: {form: {客户名称: 张三}}}\n"), []),
    "another value": (filled(CHOSEN + EMPTY), []),
    "a cell with what the form begins with": (
        filled(OF_ROW, "cases: [{id: 普通, 编号: C0, 名称: ''}, {id: 大, 编号: C1, 名称: 张三}]",
               script="form.客户名称 = form.客户编号 === 'C1' ? '张三' : ''", form="change.客户编号: 脚本.js, open: 开.js", files={"开.js": "form.客户编号 = 'C0'"}), [],
    ),
    "an empty cell with if": (
        filled("  - {if: '${case.编号}', set: {客户编号: '${case.编号}'}, expect: {form: {客户名称: '${case.名称}'}}}\n  - {set: {金额: 1}}\n", ROWS), [],
    ),
    "a step that is tried again": (
        filled("  - {set: {客户编号: C1}, retry: {tries: 3, every: 1s}, expect: {form: {客户名称: 张三}}}\n", script=f"setTimeout(() => {{ {PICK} }}, 1500)"), [],
    ),
    "a field that is read-only": (
        filled("  - {js: 'form.$readonly.客户编号 = true'}\n  - {set: {客户编号: ''}, expect_error: {code: READ_ONLY}, expect: {form: {客户名称: ''}}}\n"), [],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("case", "told"), SETS.values(), ids=SETS)
def test_a_step_that_changes_nothing_says_nothing_of_its_script(
    tmp_path: Path, case: Case, told: list[str]
) -> None:
    found = tell_warnings(tmp_path, case)

    assert [one for one in found if "so that nothing changes" in one] == told


SHORT = "the line ends before {}, so that these cells are empty; write a comma for each empty cell"
BOTH = "set: {客户编号: '${case.编号}'}, expect: {form: {客户名称: '${case.名称}'}}"
LINES: dict[str, tuple[str, str, list[str]]] = {
    "a cell too few": ("有,C1,张三\n无,C0\n", BOTH, [SHORT.format("名称")]),
    "two cells too few": ("有,C1,张三\n无\n", BOTH, [SHORT.format("编号, 名称")]),
    "an empty cell": ("有,C1,张三\n无,C0,\n", BOTH, []),
    "a cell of a column that only ends like one that a condition reads": (
        "有,C1,张三\n无,C0\n", f'if: "${{case.编号}} != 名称", {BOTH}', [SHORT.format("名称")],
    ),
    "a cell that a condition reads": (
        "有,C1,1\n无,C0\n", "if: \"${case.名称} != 1\", set: {客户编号: '${case.编号}'}, expect: {form: {客户名称: ''}}}\n  - {set: {金额: 1}, expect: {form: {金额: 1}}", [],
    ),
    "a cell that the expected error reads": (
        "有,C1\n无,C0,\n", "set: {客户编号: '${case.编号}'}, expect_error: '${case.名称}', expect: {form: {金额: 0}}", [],
    ),
    "a cell that only a name reads": ("有,C1,张三\n无,C0\n", "name: '${case.名称}', set: {客户编号: '${case.编号}'}, expect: {form: {金额: 0}}", []),
}  # fmt: skip


@pytest.mark.parametrize(("lines", "step", "told"), LINES.values(), ids=LINES)
def test_a_line_of_a_table_has_all_cells(
    tmp_path: Path, lines: str, step: str, told: list[str]
) -> None:
    script = "form.客户名称 = form.客户编号 === 'C1' ? '张三' : ''"
    table = {"客户.csv": f"id,编号,名称\n{lines}"}
    case = filled(f"  - {{{step}}}\n", "cases: {from: 客户.csv}", script=script, files=table)
    found = tell_warnings(tmp_path, case)

    assert sorted({one for one in found if "the line ends" in one}) == told


def test_a_short_line_is_told_where_it_stands_and_marks_of_a_row_may_be_left_out(
    tmp_path: Path,
) -> None:
    table = {"客户.csv": "编号,名称,skip\n\nC1,张三\nC2\n"}
    case = filled(
        f"  - {{{BOTH}}}\n", "cases: {from: 客户.csv, id: 编号}", files=table,
        script="form.客户名称 = form.客户编号 === 'C1' ? '张三' : ''",
    )  # fmt: skip
    (first, _) = run(tmp_path, case)

    assert [str(one) for one in first.warnings] == [
        f"{tmp_path}/客户.csv:4: {SHORT.format('名称')}"
    ]


CASES = (
    "the ids {!r} and {!r} differ only in case, so that their recordings are one file on Windows "
    "and macOS; rename one"
)


@pytest.mark.parametrize(
    ("ids", "top", "told"),
    [
        (("大额A", "大额a"), "", [CASES.format("大额A", "大额a")]),
        (("Straße", "STRASSE", "普通"), "", [CASES.format("Straße", "STRASSE")]),
        (("大额A", "大额B"), "", []),
        (("大额A", "大额a"), ", cassette: '下单/${case.编号}'", []),
        (("大额A", "大额a"), ", cassette: '下单/${vars.类}'", [CASES.format("大额A", "大额a")]),
    ],
)
def test_ids_of_rows_are_names_of_files_on_every_system(
    tmp_path: Path, ids: tuple[str, ...], top: str, told: list[str]
) -> None:
    lines = "".join(f"{one},C{number}\n" for number, one in enumerate(ids, 1))
    case = filled(
        "  - {set: {客户编号: '${case.编号}'}, expect: {form: {客户名称: 张三}}}\n",
        "vars: {类: 单}\n" * ("vars" in top) + "cases: {from: 客户.csv}",
        files={"客户.csv": f"id,编号\n{lines}"}, proxy=top,
    )  # fmt: skip
    first, *_ = run(tmp_path, case)

    assert [one.message for one in first.warnings] == told
    assert [one.place.line for one in first.warnings if one.place] == [3] * len(told)
