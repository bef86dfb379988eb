"""Columns of tables that begin empty: which ones there are, the rows of the run show."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bpmax_sim.errors import Place
from bpmax_sim.scenario.absent_columns import AbsentColumnReads
from bpmax_sim.scenario.names import ScenarioNames
from bpmax_sim.script.failure import Script
from bpmax_sim.script.turn_result import AbsentRead
from tests.scenario.test_empty_claims import doubts
from tests.scenario.test_lies import Case, run

FIELDS = "form: {scripts: {change.明细: 脚本.js}, fields: {明细: [], 合计: 0, 备注: ''}}"
ROW = "add_row: {table: 明细, row: {物料: 螺丝, 数量: 2, 单价: 3}}"


def told(folder: Path, script: str, expect: str, row: str = ROW) -> list[str]:
    """Return the doubts in a run that enters *row* in a table without declared columns."""
    steps = f"steps: [{{{row}, expect: {{{expect}}}}}]"
    case = Case(form=None, stubs="", top=FIELDS, steps=steps, script=script)
    return find_column_doubts(folder, case)


def find_column_doubts(folder: Path, case: Case) -> list[str]:
    """Return what a run of *case* says of columns."""
    lines = doubts(run(folder, case)).replace(f"{folder}/", "").splitlines()
    return [one for one in lines if "column" in one]


ABSENT = (
    "name: 脚本.js:1:{}: the script reads form.明细.件数, a column that no row ever had; there are "
    "物料, 数量, 单价; if it is one, enter it in a row"
)


@pytest.mark.parametrize(
    ("script", "column"),
    [
        ("form.合计 = form.明细.filter(行 => 行.件数 > 100).length", 31),
        ("if (form.明细[0].件数 > 100) form.备注 = '多'", 5),
        ("for (const {件数} of form.明细) if (件数 > 100) form.备注 = '多'", 20),
        ("const 大 = 行 => 行.件数 > 9; form.合计 = form.明细.filter(大).length", 16),
    ],
)
def test_a_column_that_no_row_ever_had(tmp_path: Path, script: str, column: int) -> None:
    found = told(tmp_path, script, "form: {合计: 0}")

    assert found == [ABSENT.format(column)]


SOUND = {
    "another line reads it, and a row has it by the end": (
        "if (form.明细[0].件数 > 1) 1; form.明细[0].件数 = 2; form.合计 = 1"
    ),
    "a script copies it under its name": (
        "form.备注 = JSON.stringify(form.明细.map(行 => ({料: 行.物料, 件数: 行.件数})))"
    ),
    "a default by ||": "form.合计 = form.明细.reduce((和, 行) => 和 + (行.件数 || 0), 0)",
    "a default by ??": "form.合计 = form.明细[0].件数 ?? 1",
    "a default of a pattern": "const {件数 = 1} = form.明细[0]; form.合计 = 件数",
    "a condition": "if (form.明细[0].件数) form.备注 = '有'; form.合计 = 1",
    "a condition that denies": "if (!form.明细[0].件数) form.合计 = 1",
    "?.": "form.合计 = form.明细[0].件数?.length ?? 1",
    "typeof": "form.合计 = typeof form.明细[0].件数 === 'number' ? 2 : 1",
    "undefined": "form.合计 = form.明细[0].件数 === undefined ? 1 : 2",
    "a comparison with a value": "form.备注 = form.明细[0].件数 === 5 ? '多' : '少'",
    "in": "form.合计 = '件数' in form.明细[0] ? form.明细[0].件数 : 1",
    "what has it only if it is there": (
        "for (const 行 of form.明细) { if (行.件数) { form.合计 = 行.件数 } } form.备注 = '无'"
    ),
    "a row as a whole": (
        "const 行 = form.明细[0]; const 份 = structuredClone({...行}); form.备注 = "
        "JSON.stringify(form.明细) + Object.keys(份).length + [].concat(行).length"
    ),
    "a row awaited": "const 行 = await form.明细[0]; form.合计 = 行.数量",
}


@pytest.mark.parametrize("script", SOUND.values(), ids=SOUND)
def test_a_column_that_may_be_absent(tmp_path: Path, script: str) -> None:
    assert told(tmp_path, script, "form: {'明细[0].物料': 螺丝}") == []


def test_a_column_that_a_later_step_enters(tmp_path: Path) -> None:
    steps = (
        "steps: [{add_row: {table: 明细, row: {物料: 螺丝}}}, "
        "{set: {'明细[0].件数': 2}, expect: {form: {合计: 1}}}]"
    )
    script = "form.合计 = form.明细[0].件数 > 1 ? 1 : 0"
    case = Case(form=None, stubs="", top=FIELDS, steps=steps, script=script)

    assert find_column_doubts(tmp_path, case) == []


READ = "form.备注 = form.明细[0].件数"
NEXT = f"{READ}\nform.合计 = form.明细[1].件数 ?? 1"
ROWS = [{"物料": "螺丝"}, {"数量": 2}]
SAID = ABSENT.partition("reads ")[2].replace("数量, 单价", "数量")


def read_at(line: int = 1, owner: str = "form.明细", file: str = "脚本.js") -> AbsentRead:
    return AbsentRead(owner, "件数", Place(file, line, 1))


@pytest.mark.parametrize(
    ("reads", "values", "sources", "lines"),
    [
        ([read_at()], [[], ROWS], [READ], [1]),
        ([read_at(1), read_at(2)], [ROWS], [NEXT], [1]),
        ([read_at(2), read_at(1)], [ROWS], [NEXT], []),
        ([read_at(owner="ctx.form.明细")], [ROWS], [READ], [1]),
        ([read_at()], [ROWS[:1], ROWS[1:]], [READ, "1", "2"], [1]),
        ([read_at(file="别的.js")], [ROWS], [READ], [1]),
        # rows
        ([read_at()], [], [READ], []),
        ([read_at()], [[], [{}]], [READ], []),
        ([read_at()], [None, "文本", ["螺丝"]], [READ], []),
        ([read_at()], [ROWS, [{"件数": None}], ROWS], [READ], []),
        # tables
        ([read_at(owner="form")], [ROWS], [READ], []),
        ([read_at(owner="ctx.userInfo.明细")], [ROWS], [READ], []),
        ([read_at(owner="form.费用")], [ROWS], [READ], []),
        ([read_at(owner="form.附件")], [ROWS], [READ], []),
        ([AbsentRead("form.明细", "件数", None)], [ROWS], [READ], []),
        # scripts
        ([read_at()], [ROWS], [READ, "行.件数 = 1"], []),
        ([read_at()], [ROWS], [READ, "行['件数'] = 1"], []),
        ([read_at()], [ROWS], [READ, "({件数: 1})"], []),
        ([read_at()], [ROWS], [READ, "行.件数 == 1; 行.总件数 = 1; 行.件数数 = 1"], [1]),
        ([read_at()], [ROWS], ["if (typeof 行.件数 !== 'number') 1"], []),
        ([read_at()], [ROWS], ["if (!行.件数) 1"], []),
        ([read_at()], [ROWS], ["if (form.明细[0].件数) form.合计 = form.明细[0].件数"], []),
        ([read_at()], [ROWS], ["form.合计 = form.明细[0].件数 && 1"], []),
        ([read_at()], [ROWS], ["form.合计 = form.明细[0]['件数'] || 1"], []),
    ],
)
def test_reads_are_judged_by_all_rows_of_the_run(
    reads: list[AbsentRead], values: list[Any], sources: list[str], lines: list[int]
) -> None:
    names = ScenarioNames(
        entered_columns={"明细": ("物料",), "费用": ("科目",)},
        initial_table_columns={"费用": ("科目",), "附件": ()},
    )
    absent = AbsentColumnReads(names)
    for read in reads:
        absent.note_read(read)
    own, *others = sources
    scripts = [*(Script(one, "别.js") for one in others), Script(own, "脚本.js")]

    found = [*absent.find_doubts(lambda _: values, scripts)]

    assert [one.place.line for one in found if one.place] == lines
    assert all(one.message.endswith(SAID) for one in found)


@pytest.mark.parametrize(
    ("expect", "column"),
    [
        ("'明细[0].数量呀': {$exists: false}", "数量呀"),
        ("'明细[0].单价格': {$not: 5}", "单价格"),
        ("明细: {$not: {$contains: {数量呀: 2}}}", "数量呀"),
        ("'明细[0].数量': {$not: 5}", ""),
        ("'明细[0].颜色': {$exists: false}", ""),
        ("'明细[0]': {$not: {数量: 5}}", ""),
    ],
)
def test_a_cell_that_is_denied_under_a_near_name(tmp_path: Path, expect: str, column: str) -> None:
    found = told(tmp_path, "form.合计 = 1", f"form: {{{expect}}}")

    assert [f"had a column '{column}'; did you mean" in one for one in found] == [True] * bool(
        column
    )
