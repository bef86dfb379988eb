# ruff: noqa: E501 - scenarios, one a line
"""Rows that test nothing, ids of rows and steps, cells that steps compare, and rows of a form."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpmax_sim.scenario.table_rows import CliText
from tests.scenario.loading import list_problems, load_text

FORM = "scenario: 报销单\nform: {fields: {金额: 0, 用途: '', 明细: [{数量: 1, 单价: 2}], 备: []}}\n"
SET = "  - {set: {金额: '${case.额}'}, expect: {form: {金额: '${case.额}'}}}\n"
CHECK = "  - {name: '${case.级别}', js: 'return 1', expect: {result: 1}}\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_row_with_the_values_of_another_tests_nothing(folder: Path) -> None:
    rows = (
        "cases:\n  - {id: 甲, 额: 1, 级别: a}\n  - {id: 乙, 额: 2, 级别: a}\n"
        "  - {id: 丙, 额: 1, 级别: a}\n  - {id: 丁, 额: 2, 级别: b}\n  - {id: 戊, 额: 1, 级别: a}\n"
        "  - {id: 己, 额: 3, 级别: a}\n  - {id: 庚, 额: 1, 级别: a, skip: true}\n"
    )
    same = "the row {!r} has the values of the row {!r}, so that it tests nothing new"
    name = (
        "the row {!r} differs from the row {!r} only in 级别, which no more than a name reads; "
        "fill it in where it is meant"
    )

    assert list_problems(folder, f"{FORM}{rows}steps:\n{SET}{CHECK}") == [
        "rule?: 6:5: " + same.format("丙", "甲"),
        "rule?: 7:5: " + name.format("丁", "乙"),
        "rule?: 8:5: " + same.format("戊", "甲"),
    ]
    only = (
        SET
        + CHECK.replace("{name", "{only: [丙, 丁], name")
        + CHECK.replace("{name", "{only: [丙, 乙], name")
    )
    assert list_problems(folder, f"{FORM}{rows}steps:\n{only}") == [
        "rule?: 8:5: " + same.format("戊", "甲")
    ]
    named = CHECK.replace("${case.级别}", "${case.id}")
    unread = "rule?: 4:19: nothing reads the column '级别'"
    assert list_problems(folder, f"{FORM}{rows}steps:\n{SET}{named}") == [unread]
    assert list_problems(folder, f"{FORM}{rows}steps:\n{SET}") == [
        unread,
        "rule?: 6:5: " + same.format("丙", "甲"),
        "rule?: 8:5: " + same.format("戊", "甲"),
    ]


def test_a_line_of_a_table_has_all_cells_that_matter(folder: Path) -> None:
    table = "id,额:number,急,级,误,说明,tags\n甲,1,是,高,,说\n乙,2\n丙\n丁,1,否,高,,说,x\n戊,3,是\n"
    steps = (
        SET
        + "  - {if: '${case.急} == 是', set: {用途: '${case.级}'}, expect: {form: {用途: '${case.级}'}}}\n"
        "  - {name: '${case.说明}', set: {金额: 1}, expect_error: '${case.误}'}\n"
    )
    wrong = (
        "the line ends before {}, so that these cells are empty; write a comma for each empty cell"
    )

    found = list_problems(
        folder, f"{FORM}cases: {{from: 表.csv}}\nsteps:\n{steps}", {"表.csv": table}
    )
    assert [one for one in found if "ends before" in one] == [
        "rule?: 表.csv:3: " + wrong.format("级"),
        "rule?: 表.csv:4: " + wrong.format("额, 级"),
        "rule?: 表.csv:6: " + wrong.format("级"),
    ]


def test_ids_of_rows_name_files_on_every_system(folder: Path) -> None:
    rows = "cases: [{id: Ab, 额: 1}, {id: 甲, 额: 2}, {id: aB, 额: 3}, {id: b, 额: 4}]\n"
    text = f"{FORM}{rows}steps:\n{SET}"
    wrong = (
        "name?: 3:40: the ids 'Ab' and 'aB' differ only in case, so that their recordings are one "
        "file on Windows and macOS; rename one"
    )
    assert list_problems(folder, text) == [wrong]
    assert list_problems(
        folder, f"{text}proxy: {{cassette: '${{vars.名}}'}}\nvars: {{名: 单}}\n"
    ) == [wrong]
    assert list_problems(folder, f"{text}proxy: {{cassette: '单${{case.额}}'}}\n") == []


def test_ids_of_steps_are_unique_and_can_be_named(folder: Path) -> None:
    text = (
        "steps:\n  - {id: a, set: {金额: 1}}\n  - {set: {金额: 2}}\n  - {set: {金额: 3}}\n"
        "  - {id: a, set: {金额: 4}}\n  - {id: 'b.c', set: {金额: 5}}\n  - {id: 'b]', set: {金额: 6}}\n"
        "  - {id: 'x{', set: {金额: 8}, expect: {form: {金额: 8}}}\n"
        "finally: [{id: a, set: {金额: 7}}, {id: 'e-f g', set: {金额: 7}}]\n"
    )
    ends = "the id {!r} has a {!r}; a reference to it would end there"

    assert list_problems(folder, FORM + text) == [
        "7:6: steps[3].id: the id 'a' is used twice, first in line 4",
        "8:6: steps[4].id: " + ends.format("b.c", "."),
        "9:6: steps[5].id: " + ends.format("b]", "]"),
        "10:6: steps[6].id: " + ends.format("x{", "{"),
        "11:12: finally[0].id: the id 'a' is used twice, first in line 4",
    ]


def test_a_cell_of_a_row_with_a_number_is_checked_where_a_step_is_for_it_alone(
    folder: Path,
) -> None:
    rows = "cases:\n  - {id: 1, 填: {金頟: 1}}\n  - {id: 2, 填: {金頟: 1}}\n"
    steps = "steps: [{only: [%s], set: '${case.填}', expect: {form: {金额: 1}}}]\n"
    unknown = "%d:17: cases[%d].填.金頟: no field '金頟'; did you mean '金额'?"

    assert list_problems(folder, FORM + rows + steps % 1) == [unknown % (4, 0)]
    assert list_problems(folder, FORM + rows + steps % "'2'") == [unknown % (5, 1)]


def test_a_cell_with_an_action_is_checked_for_the_rows_that_do_it(folder: Path) -> None:
    rows = (
        "cases:\n  - {id: 甲, 填: {金额: 1}}\n  - {id: 乙, 填: {金頟: 1}}\n  - {id: 丙, 填: null}\n"
        "  - {id: 丁, 填: '-'}\n  - {id: 戊, 填: {金頟: '${case.id}'}}\n  - {id: 己, 填: ''}\n"
        "  - {id: 庚, 填: 5}\n"
    )
    unknown = "5:17: cases[1].填.金頟: no field '金頟'; did you mean '金额'?"
    shape = "expected a map of fields and values"
    steps = "steps: [{%sset: '${case.填}', expect: {form: {金额: 1}}}]\n"
    found = {
        more: list_problems(folder, FORM + rows + steps % more)
        for more in (
            "",
            'if: "${case.id} == 甲", ',
            "only: [乙, 丙], ",
            "only: [甲, 戊], ",
            "if: true, ",
        )
    }

    assert found == {
        "": [
            unknown,
            f"6:13: cases[2].填: {shape}",
            f"7:13: cases[3].填: {shape}",
            f"9:13: cases[5].填: {shape}",
            f"10:13: cases[6].填: {shape}",
        ],
        'if: "${case.id} == 甲", ': [unknown, f"10:13: cases[6].填: {shape}"],
        "only: [乙, 丙], ": [unknown, f"6:13: cases[2].填: {shape}"],
        "only: [甲, 戊], ": [],
        "if: true, ": [
            unknown,
            f"6:13: cases[2].填: {shape}",
            f"7:13: cases[3].填: {shape}",
            f"9:13: cases[5].填: {shape}",
            f"10:13: cases[6].填: {shape}",
        ],
    }
    table = {"表.csv": 'id,填:json\n甲,"{""金頟"": 1}"\n'}
    text = f"{FORM}cases: {{from: 表.csv}}\n{steps % ''}"
    assert list_problems(folder, text, table) == []


def test_a_text_that_a_condition_compares_is_in_the_cells(folder: Path) -> None:
    rows = "cases: [{id: 甲, 表.状态: 已审批, 号: 1001}, {id: 乙, 表.状态: 已驳回, 号: 1002}, {id: 丙, 表.状态: '', 号: 1003}]\n"
    wrong = (
        "name?: 5:6: no row has {!r} in the column {!r}, so that this comparison is the same in "
        "each; did you mean {!r}?"
    )
    found = {}
    for condition in (
        "${case.表.状态} == 己审批", "己驳回 != ${case.表.状态}", "${case.表.状态} == 已审批", "${case.表.状态} == 全别的",
        "${case.表.状态} < 己审批", "${case.表.状态} == ''", "${case.号} == '1O01'", "${vars.状态} == 己审批",
        "${case.表.状态} == 已审批 or ${case.表.状态} == 已驳加",
    ):  # fmt: skip
        steps = f"steps:\n  - {{if: \"{condition}\", set: {{金额: 1}}}}\n  - {{set: {{金额: '${{case.号}}'}}, name: '${{case.表.状态}}', expect: {{form: {{金额: 1}}}}}}\n"
        told = list_problems(folder, f"{FORM}{rows}{steps}vars: {{状态: 已审批}}\n")
        found[condition] = [one for one in told if "comparison" in one]
    assert found == {
        "${case.表.状态} == 己审批": [wrong.format("己审批", "表.状态", "已审批")],
        "己驳回 != ${case.表.状态}": [wrong.format("己驳回", "表.状态", "已驳回")],
        "${case.表.状态} == 已审批": [],
        "${case.表.状态} == 全别的": [],
        "${case.表.状态} < 己审批": [],
        "${case.表.状态} == ''": [],
        "${case.号} == '1O01'": [],
        "${vars.状态} == 己审批": [],
        "${case.表.状态} == 已审批 or ${case.表.状态} == 已驳加": [
            wrong.format("已驳加", "表.状态", "已驳回")
        ],
    }
    filled = rows.replace("状态: ''", "状态: '${case.id}'")
    text = f"{FORM}{filled}steps:\n  - {{if: '${{case.表.状态}} == 己审批', set: {{金额: '${{case.号}}'}}}}\n"
    assert [one for one in list_problems(folder, text) if "comparison" in one] == []


ROWS = "cases: [{id: 甲, 走: %s, 额: 1}, {id: 2, 走: 走完, 额: 2}]\n"
PARTS = {"零件.yaml": "steps:\n  走完: [{set: {金额: 2}, expect: {form: {金额: 2}}}]\n"}


def test_only_names_rows_of_the_file(folder: Path) -> None:
    def tell(
        only: str, rows: str = "cases: [{id: 甲, 额: 1}, {id: 2, 额: 2}]\n", more: str = ""
    ) -> list[str]:
        text = f"{FORM}{rows}steps:\n{SET}  - {{only: {only}, js: 'return 1', expect: {{result: 1}}}}\n{more}"
        return [
            one
            for one in list_problems(
                folder, text if rows else text.replace("${case.额}", "1"), PARTS
            )
            if "only" in one or "no row" in one
        ]

    assert [tell(only) for only in ("[甲, 2]", "['2']", "[]", "[乙, 甲, 3]")] == [
        [],
        [],
        ["6:6: steps[1].only: only names no row, so this step is never done"],
        [
            "6:13: steps[1].only[0]: no row '乙'; there are 甲, 2",
            "6:19: steps[1].only[2]: no row '3'; there are 甲, 2",
        ],
    ]
    none = "5:6: steps[1].only: only names rows; the scenario has no cases"
    assert [tell(only, "") for only in ("[甲]", "[]")] == [[none], [none]]


def test_the_steps_of_a_cell_are_written_or_named(folder: Path) -> None:
    named = "row '甲': 走 names no steps, got {}; write a list of steps, or the name of steps of a fragment"
    unused = "rule?: 4:1: nothing of 零件.yaml is used here"
    near, far, empty, five = map(named.format, ('"走玩"', '"别的"', "{}", "5"))
    steps = "use: 零件.yaml\nsteps: [{run: '${case.走}'}, {js: 'return 1', expect: {result: '${case.额}'}}]\n"
    found = {
        cell: list_problems(folder, FORM + ROWS % cell + steps, PARTS)
        for cell in (
            "走完",
            "走玩",
            "别的",
            "[]",
            "{}",
            "5",
            "[{sett: {}}]",
            "[{set: {金额: 1}, expect: {form: {金额: 1}}}]",
        )
    }
    assert found == {
        "走完": [unused],
        "走玩": [f"3:17: cases: {near}; did you mean '走完'?"],
        "别的": [f"3:17: cases: {far}; there is 走完"],
        "[]": [unused],
        "{}": [f"3:17: cases: {empty}"],
        "5": [f"3:17: cases: {five}"],
        "[{sett: {}}]": ["3:22: cases[0].走[0].sett: unknown key 'sett'; did you mean 'set'?"],
        "[{set: {金额: 1}, expect: {form: {金额: 1}}}]": [unused],
    }
    table = {**PARTS, "表.csv": "id,走,额:number\n甲,走玩,1\n2,走完,2\n"}
    assert list_problems(folder, f"{FORM}cases: {{from: 表.csv}}\n{steps}", table) == [
        f"表.csv:2: cases: {near}; did you mean '走完'?"
    ]
    loaded = load_text(
        folder,
        FORM + ROWS % "[{set: {金额: 1}, expect: {form: {金额: 1}}}, {run: 走完}]" + steps,
        PARTS,
    )
    assert [[one.step.action for one in item.steps[0].inner or ()] for item in loaded] == [
        ["set", "run"],
        ["set"],
    ]
    assert [one.step.action for one in loaded[0].walk_steps()] == ["run", "set", "run", "js", "set"]
    assert loaded[0].subjects.names_run_by_cells == ("走完",)
    inside = "[{run: '${case.走}', expect: {form: {金额: 1}}}]"
    assert list_problems(folder, FORM + ROWS % inside + steps, PARTS) == [
        "3:22: cases[0].走[0].run: only the steps of the scenario itself run those of a row"
    ]


def test_an_action_on_rows_names_a_table_and_numbers(folder: Path) -> None:
    number, columns = "expected the number of a row, from 0, got", "明细 has no column {!r}{}"
    actions: dict[str, list[str]] = {
        "add_row: {table: 明细, row: {数量: 1}}": [],
        "add_row: {table: 明细, row: {数目: 1, 其他: 2}}": [
            "33: add_row.row.数目: " + columns.format("数目", "; did you mean '数量'?"),
            "40: add_row.row.其他: " + columns.format("其他", "; there are 数量, 单价"),
        ],
        "add_row: {table: 备, row: {数目: 1}}": [],
        "add_row: {table: 明系}": ["16: add_row.table: no field '明系'; did you mean '明细'?"],
        "add_row: {table: 5}": ["6: add_row: expected table: the field that holds the rows"],
        "add_row: {}": ["6: add_row: expected table: the field that holds the rows"],
        "add_row: {table: '${vars.表}', row: {数目: 1}}": [],
        "add_row: {table: 明细, at: -1}": [f"27: add_row.at: {number} -1"],
        "add_row: {table: 明细, at: true}": [f"27: add_row.at: {number} true"],
        "add_row: {table: 明细, at: '0'}": [f"27: add_row.at: {number} '0'"],
        "add_row: {table: 明细, at: '${vars.位}'}": [],
        "add_row: {table: 明细, at: 0}": [],
        "add_row: 5": ["6: add_row: expected a map of table, row, at"],
        "add_row: {table: 明细, row: 5}": ["27: add_row.row: expected a map of fields and values"],
        "remove_row: {table: 明细}": ["6: remove_row: expected at: the number of a row, from 0"],
        "move_row: {table: 明细, at: 0}": ["6: move_row: expected to: the number of a row, from 0"],
        "move_row: {table: 明细, to: 1.5}": [
            "6: move_row: expected at: the number of a row, from 0",
            f"28: move_row.to: {number} 1.5",
        ],
        "copy_row: {table: 明细, at: null}": [f"28: copy_row.at: {number} null"],
        "copy_row: {table: 明细, at: 0}": [],
    }
    steps = "".join(f"  - {{{action}, expect: {{form: {{金额: 0}}}}}}\n" for action in actions)
    found = list_problems(folder, f"{FORM}vars: {{表: 明细, 位: 0}}\nsteps:\n{steps}")

    assert found == [
        f"{line + 5}:{one.replace(': ', f': steps[{line}].', 1)}"
        for line, told in enumerate(actions.values())
        for one in told
    ]


def test_a_lenient_folder_forgives_doubts_and_no_mistakes(folder: Path) -> None:
    text = (
        f"{FORM}steps:\n  - {{set: {{金颜: 1}}, expect: {{form: {{备: {{$exists: true}}, 金额: 1}}}}}}\n"
        "  - {set: {金额: 1}, save: {乙: '${form.金额}'}}\n"
    )
    field, holds = (
        "no field '金颜'; did you mean '金额'?",
        '{"$exists": true} holds whatever happens; say what has to be there, or take it away',
    )
    mistakes = [f"4:12: steps[0].set.金颜: {field}", f"4:36: steps[0].expect.form.备: {holds}"]
    found = {}
    for mode in ("normal", "lenient", "strict"):
        settings = f"[tool.bpmax_sim]\n{mode} = ['.']\n" if mode != "normal" else ""
        found[mode] = list_problems(folder, text, {"pyproject.toml": settings})
    unread = "rule?: 5:27: nothing reads the variable '乙'"
    assert found == {
        "normal": mistakes,
        "lenient": [unread, f"name: 4:12: {field}", f"empty: 4:36: {holds}"],
        "strict": mistakes,
    }
    text = text.replace("set: {金额: 1}", "set: {金额: '${vars.没}'}")
    lenient = {"pyproject.toml": "[tool.bpmax_sim]\nlenient = true\n"}
    assert list_problems(folder, text, lenient) == [
        "5:12: steps[1].set.金额: ${vars.没} is not defined; there is 乙"
    ]


def test_variables_from_outside_win_and_have_the_type_of_the_file(folder: Path) -> None:
    text = (
        f"{FORM}vars: {{号: '001', 数: 1, 别: a}}\nsteps:\n"
        "  - {set: {金额: '${vars.数}', 用途: '${vars.号}${vars.别}${vars.新}'}, expect: {form: {金额: 2}}}\n"
    )
    variables = {"号": CliText("007"), "数": CliText("2"), "新": CliText("3")}
    [item] = load_text(folder, text, variables=variables)
    assert item.vars == {"号": "007", "数": 2, "别": "a", "新": 3}
    assert ([*item.names.constants], item.names.declared_variables) == (
        ["别"],
        ("号", "数", "别", "新"),
    )


def test_every_problem_of_a_cell_is_told_beside_those_of_the_file(folder: Path) -> None:
    rows = "cases: [{id: 甲, 走: 走玩}, {id: 乙, 走: [{sett: {}}]}, {id: 丙, 走: 5}]\n"
    steps = "use: 零件.yaml\nsteps: [{run: '${case.走}', expect: {form: {金颜: 1}}}, {run: 走完}]\n"
    assert [
        one.partition(" names no")[0] for one in list_problems(folder, FORM + rows + steps, PARTS)
    ] == [
        "3:17: cases: row '甲': 走",
        "3:38: cases[1].走[0].sett: unknown key 'sett'; did you mean 'set'?",
        "3:59: cases: row '丙': 走",
        "5:44: steps[0].expect.form.金颜: no field '金颜'; did you mean '金额'? (if it is a field, declare it in form.fields)",
    ]
