from __future__ import annotations

import csv
import io
import re
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bpmax_sim.errors import ConfigError, Place
from bpmax_sim.scenario.load import load_items
from bpmax_sim.scenario.table_columns import ColumnEdit
from bpmax_sim.scenario.table_rows import parse_flag_or_reason, read_table, split_names_cell
from tests.scenario.door import PROXY, Door

TABLE = 'id,合同号,金额:number,加急:boolean,明细:json\n正常,007,"1,280.5",是,"[1,2]"\n空,,,,\n'


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path / "订单.csv"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_table_is_read_in_every_encoding_of_excel(table: Path, encoding: str) -> None:
    table.write_bytes(TABLE.encode(encoding))

    normal, empty = read_table(table)

    assert normal.values == {
        "id": "正常",
        "合同号": "007",
        "金额": 1280.5,
        "加急": True,
        "明细": [1, 2],
    }
    assert empty.values == {"id": "空", "合同号": "", "金额": None, "加急": None, "明细": None}
    assert (str(normal.place), str(empty.place)) == ("订单.csv:2", "订单.csv:3")


@pytest.mark.parametrize(
    ("rows", "line", "error"),
    [
        ('甲,"张三\n', 2, "unexpected end of data"),
        ('甲,"张三\n乙,李四\n丙,"王五"\n', 2, "',' expected after '\"'"),
        ('甲,张三\n乙,"李四\n丙,王五\n', 3, "unexpected end of data"),
        ('甲,"张\n三"\n乙,"李四', 4, "unexpected end of data"),
        ('甲,张三\n"乙,李四\n', 3, "unexpected end of data"),
        ('甲,"张三""\n', 2, "unexpected end of data"),
        ('甲,"张"三\n', 2, "',' expected after '\"'"),
    ],
)
def test_a_quote_that_is_never_closed_loses_no_row(
    table: Path, rows: str, line: int, error: str
) -> None:
    table.write_text(f"id,客户\n{rows}", encoding="utf-8")

    with pytest.raises(ConfigError) as caught:
        read_table(table)
    [problem] = caught.value.problems
    assert (problem.place, problem.message) == (
        Place("订单.csv", line),
        f"not a table: {error}; look for a quote that is not closed",
    )


@pytest.mark.parametrize(
    ("rows", "read"),
    [
        ("甲,张三", {"甲": "张三"}),
        ('甲,"张三"', {"甲": "张三"}),
        ('甲,"张 ""三"""\n', {"甲": '张 "三"'}),
        ('甲,"张\n三"\n乙,李四\n\n', {"甲": "张\n三", "乙": "李四"}),
        ('甲,张"三\n乙,李四\n', {"甲": '张"三', "乙": "李四"}),
        ("甲,张三\r\n\r\n乙,李四\r\n", {"甲": "张三", "乙": "李四"}),
    ],
)
def test_a_quote_within_a_cell_is_one_of_its_signs(
    table: Path, rows: str, read: dict[str, str]
) -> None:
    table.write_text(f"id,客户\n{rows}", encoding="utf-8", newline="")

    assert {row.id: row.values["客户"] for row in read_table(table)} == read


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("", None), (" ", None),
        ("7", 7), (" 7 ", 7), ("007", 7), ("+5", 5), ("-5", -5), (".5", 0.5),
        ("1.", 1.0), ("1e3", 1000.0), ("1,200", 1200), ("-1,234,567.5", -1234567.5),
        ("12,345", 12345), ("9007199254740993", 9007199254740993),
    ],
)  # fmt: skip
def test_a_number_may_have_commas_between_thousands(
    table: Path, cell: str, number: float | None
) -> None:
    table.write_text(f'id,金额:number\n甲,"{cell}"\n', encoding="utf-8")

    [row] = read_table(table)
    assert (row.values["金额"], type(row.values["金额"])) == (number, type(number))


@pytest.mark.parametrize(
    "cell",
    ["1,5", "1,2,3", "1234,567", ",5", "1,200,", "1，200", "1_000", "0x10", "nan", "inf", "1e400",
     "-", "--5", "5元", "5%", "1 000"],
)  # fmt: skip
def test_what_is_nearly_a_number_is_none(table: Path, cell: str) -> None:
    table.write_text(f'id,金额:number\n甲,"{cell}"\n', encoding="utf-8")

    with pytest.raises(ConfigError, match=re.escape(f"column '金额': {cell!r} is not a number")):
        read_table(table)


def test_another_column_may_be_the_id(table: Path) -> None:
    table.write_text("合同号,金额:number\nHT-0007,3\n", encoding="utf-8")

    assert [row.id for row in read_table(table, "合同号")] == ["HT-0007"]


def test_a_cell_may_hold_line_ends_and_blank_lines_are_skipped(table: Path) -> None:
    table.write_text('id,备注\n\na,"一\n二"\n,\nb,三\n', encoding="utf-8")

    rows = read_table(table)

    assert [(row.id, row.values["备注"], row.place.line) for row in rows] == [
        ("a", "一\n二", 3),
        ("b", "三", 6),
    ]


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        ("", ["订单.csv: the table is empty; its first line names the columns"]),
        ("id\n", ["订单.csv: the table has no rows"]),
        ("编号,a\n1,2\n", ["订单.csv:1: no column 'id'; there are 编号, a"]),
        ("id,a,a\n1,2,3\n", ["订单.csv:1:3: column 'a' is there twice"]),
        ("id,\n1,2\n", ["订单.csv:1:2: column 2 has no name"]),
        (
            "id,金额:nummer\n1,2\n",
            ["订单.csv:1:2: column '金额': unknown type 'nummer'; did you mean 'number'?"],
        ),
        (
            "id,金额:number,急:boolean\n1,一百,\n2,3,也许\n,4,\n",
            [
                "订单.csv:2: column '金额': '一百' is not a number",
                "订单.csv:3: column '急': '也许' is not a boolean",
                "订单.csv:4: column 'id' is empty; a row needs an id",
            ],
        ),
        ("id,a\n1,2,3\n", ["订单.csv:2: 3 cells for 2 columns"]),
    ],
)
def test_a_wrong_table_tells_every_problem_with_its_line(
    table: Path, text: str, messages: list[str]
) -> None:
    table.write_text(text, encoding="utf-8")

    with pytest.raises(ConfigError) as caught:
        read_table(table)

    assert list(map(str, caught.value.problems)) == messages


def test_a_table_that_is_not_there_is_named(table: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        read_table(table)

    assert str(caught.value) == (
        "table 订单.csv cannot be read: No such file or directory; check the path"
    )


def test_bytes_in_no_chinese_encoding_are_refused(table: Path) -> None:
    table.write_bytes(b"id\n\xff\xff\n")

    with pytest.raises(ConfigError) as caught:
        read_table(table)

    assert str(caught.value) == (
        "订单.csv: this is neither UTF-8 nor GB18030; save the table as CSV UTF-8"
    )


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("令牌过期, 超时", ("令牌过期", "超时")),
        ("令牌过期、超时", ("令牌过期", "超时")),
        ("令牌过期，超时", ("令牌过期", "超时")),
        ("令牌过期;超时；慢", ("令牌过期", "超时", "慢")),
        (" ; ,超时", ("超时",)),
        (0, (0,)),
        (False, (False,)),
        ([], ()),
        ({}, ({},)),
        (("超时", ""), ("超时", "")),
        ("", ()),
        (None, ()),
        (["超时"], ("超时",)),
        ({"on": "crm.*"}, ({"on": "crm.*"},)),
    ],
)
def test_a_reserved_cell_holds_one_or_several_entries(value: Any, expected: Any) -> None:
    assert split_names_cell(value) == expected


@pytest.mark.parametrize(
    ("text", "edited"),
    [
        ("id,qty\na,1\nb,2\n", "id,qty,new\na,1,x\nb,2,y\n"),
        ("id,qty,note\na,1\nb\n", "id,qty,note,new\na,1,,x\nb,,,y\n"),
        ("id,qty\r\na,1\r\n", "id,qty,new\r\na,1,x\r\n"),
        ("id\na\nc", "id,new\na,x\nc,"),
        ('id,note\na,"1\n2"\n\nb,\n', 'id,note,new\na,"1\n2",x\n\nb,,y\n'),
        ("qty,id\n1,a\n2\n", "qty,id,new\n1,a,x\n2,,\n"),
        ("id,new\na,1\n", "id,new\na,1\n"),
        ("id,qty\n,\na,1\n , \nb,2\n", "id,qty,new\n,\na,1,x\n , \nb,2,y\n"),
        ("qty\n1\n", "qty\n1\n"),
        ("", ""),
    ],
)
def test_a_new_column_stands_behind_all_others(text: str, edited: str) -> None:
    edit = ColumnEdit(Path("订单.csv"), "id", {"new": {"a": "x", "b": "y"}})

    assert edit.apply(text) == edited


@pytest.mark.parametrize(
    ("cells", "column"),
    [
        ({"甲": "张三", "乙": ""}, "new|张三||"),
        ({"甲": "1,280", "乙": '"急"'}, 'new|"1,280"|"""急"""|'),
        ({"甲": 1, "乙": 2.5, "丙": 0}, "new:number|1|2.5|0"),
        ({"甲": 1}, "new:number|1||"),
        ({"甲": True, "乙": False}, "new:boolean|true|false|"),
        ({"乙": True}, "new:boolean||true|"),
        ({"甲": True, "乙": 1, "丙": 2}, "new:json|true|1|2"),
        ({"甲": 1, "乙": "1"}, 'new:json|1|"""1"""|'),
        ({"甲": 1, "丙": None}, "new:json|1||"),
        ({"甲": [1, "急"], "乙": {}, "丙": "x"}, 'new:json|"[1, ""急""]"|{}|"""x"""'),
    ],
)
def test_a_new_column_has_the_type_of_its_values_and_reads_back(
    table: Path, cells: dict[str, Any], column: str
) -> None:
    text = "id,金额:number\n甲,1\n乙,2\n丙,3\n"
    edit = ColumnEdit(table, "id", {"new": cells})

    edited = edit.apply(text)
    table.write_text(edited, encoding="utf-8")

    assert "|".join(line.split(",", 2)[2] for line in edited.splitlines()) == column
    empty = None if ":" in column else ""
    assert {row.id: row.values["new"] for row in read_table(table)} == {
        row: cells.get(row, empty) for row in "甲乙丙"
    }
    assert edit.apply(edited) == edited


@pytest.mark.parametrize(
    ("kind", "ids"), [("number", "1 2,000"), ("text", "1 2000"), ("json", '1 """2000"""')]
)
def test_a_row_is_found_by_its_id_as_it_is_read(table: Path, kind: str, ids: str) -> None:
    first, second = (f'"{one}"' if "," in one else one for one in ids.split())
    text = f"no:{kind},x\n{first},a\n{second},b\n"
    edit = ColumnEdit(table, "no", {"new": {"1": "甲", "2000": "乙"}})

    table.write_text(edit.apply(text), encoding="utf-8")

    assert [(row.id, row.values["new"]) for row in read_table(table, "no")] == [
        ("1", "甲"), ("2000", "乙"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        *((value, False) for value in ("", " ", "false", "FALSE", "否", "0", None, False, 0)),
        *((value, False) for value in ("no", "No", "n", "off", "none", "null", "不", "无", " - ")),
        *((value, True) for value in ("true", " TRUE ", "是", "1", True, 1, "yes", "Y", "on")),
        *((value, value) for value in ("BPM-1432", "Truely", "2", "不用", "无接口", "--", "nope")),
        (" BPM-1432 ", "BPM-1432"),
    ],
)
def test_skip_is_a_reason_or_a_yes_or_no(value: Any, expected: Any) -> None:
    assert parse_flag_or_reason(value) == expected


@given(
    st.lists(
        # which is all that GB 18030 has, but is known without trying each
        st.text(st.characters(codec="utf-8", exclude_characters="\x00\r"), min_size=1),
        min_size=1,
        max_size=4,
    )
)
@settings(max_examples=40)
def test_text_cells_survive_as_they_are(cells: list[str]) -> None:
    out = io.StringIO(newline="")
    csv.writer(out).writerows([["id", "v"], *([str(n), c] for n, c in enumerate(cells))])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t.csv"
        path.write_bytes(out.getvalue().encode())
        assert [row.values["v"] for row in read_table(path)] == cells


@pytest.mark.parametrize(
    ("kind", "cell", "value"),
    [
        *(("boolean", cell, True) for cell in ("true", "TRUE", " True ", "是", "1")),
        *(("boolean", cell, False) for cell in ("false", "FALSE", "否", "0")),
        *((kind, cell, None) for kind in ("boolean", "number", "json") for cell in ("", " ")),
        *(("boolean", cell, ...) for cell in ("yes", "2", "-")),
        *(
            ("number", cell, 1200.5)
            for cell in ("1200.5", " 1200.50 ", "1，200.5".replace("，", ","))
        ),
        ("number", "0", 0),
        ("number", "-0.5", -0.5),
        ("number", "+7", 7),
        *(("number", cell, ...) for cell in ("inf", "-inf", "nan", "1e999", "一", "1 2")),
        ("json", '{"a": [1, null]}', {"a": [1, None]}),
        *(("json", cell, ...) for cell in ("{", "1e999", "甲")),
        ("text", " 甲 ", " 甲 "),
        ("text", "", ""),
    ],
)
def test_a_cell_is_of_the_type_of_its_column(table: Path, kind: str, cell: str, value: Any) -> None:
    with table.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["id", f"v:{kind}", "w"], ["a", cell, "末"]])

    if value is ...:
        with pytest.raises(ConfigError, match=f"订单.csv:2: column 'v': .* is not a {kind}"):
            read_table(table)
    else:
        (row,) = read_table(table)
        assert (row.values["v"], type(row.values["v"])) == (value, type(value))


@pytest.mark.parametrize(("length", "shown"), [(39, 39), (40, 40), (41, 40)])
def test_of_a_long_cell_the_beginning_is_told(table: Path, length: int, shown: int) -> None:
    table.write_text(f"id,v:number\na,{'x' * length}\n", encoding="utf-8")

    with pytest.raises(ConfigError, match=f"'{'x' * shown}{'…' * (length > shown)}' is not a"):
        read_table(table)


def test_the_id_of_a_row_is_trimmed_and_a_row_of_blanks_is_none(table: Path) -> None:
    table.write_text("id,v\n A1 ,1\n , \n\t,\nB2\n", encoding="utf-8")

    assert [(row.id, row.values["id"]) for row in read_table(table)] == [("A1", "A1"), ("B2", "B2")]
    table.write_text("id,v\n A1 ,1\n ,2\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"订单\.csv:3: column 'id' is empty"):
        read_table(table)


@pytest.mark.parametrize(
    ("cases", "told"),
    [
        ("[{id: 甲}, {id: 乙}, {id: 丙}]", ""),
        ("[{id: 0}, {id: 1}]", ""),
        ("[{id: 甲}, {id: 乙}, {id: 甲}]", "the id '甲' is used twice, first in line 2"),
        ("[{id: 1}, {id: '1'}]", "the id '1' is used twice, first in line 2"),
        *(
            (f"[{{id: {one}}}]", "a row needs an id")
            for one in ("''", "' '", "null", "[]", "1.5", "true")
        ),
        ("[{v: 1}]", "a row needs an id"),
        ("[甲]", "expected a row such as"),
        ("[]", "expected rows, or {from: a CSV file}"),
        ("{}", "expected rows, or {from: a CSV file}"),
    ],
)
def test_rows_in_a_scenario_have_an_id_each(tmp_path: Path, cases: str, told: str) -> None:
    path = tmp_path / "订单.scenario.yaml"
    text = f"scenario: 订单\ncases: {cases}\nsteps: [{{js: 'return 1', expect: {{result: 1}}}}]\n"
    path.write_text(text, encoding="utf-8")

    if told:
        with pytest.raises(ConfigError, match=re.escape(told)):
            load_items(path, environ={})
    else:
        assert len(load_items(path, environ={})) == cases.count("id:")


@pytest.mark.parametrize(
    ("whole", "cell", "reason"),
    [
        ("", "", False),
        ("", "等接口", "等接口"),
        ("", "是", True),
        ("以后", "", "以后"),
        ("以后", "等接口", "等接口"),
        ("以后", "是", True),
        ("以后", "否", "以后"),
        ("", "no", False),
        ("", "-", False),
        ("以后", "无", "以后"),
    ],
)
def test_a_row_says_why_it_is_left_out_better_than_its_file(
    table: Path, whole: str, cell: str, reason: bool | str
) -> None:
    table.write_text(f"id,skip,xfail\n甲,{cell},{cell}\n", encoding="utf-8")
    flags = f"skip: {whole}\nxfail: {whole}\n" if whole else ""
    path = table.with_name("单.scenario.yaml")
    path.write_text(
        f"version: 1\nscenario: 单\nform: {{fields: {{金额: 0}}}}\n{flags}"
        "cases: {from: 订单.csv}\nsteps: [{set: {金额: 1}}]\n",
        encoding="utf-8",
    )

    [item] = load_items(path, environ={})
    assert (item.skip, item.xfail) == (reason, reason)


FILLED = """\
scenario: 报价
form: {fields: {金额: 0}}
%s
cases: [{id: 一, 值: %s}]
steps:
  - %s
"""
CALCULATED = "function 折扣(额) { return 额 * 0.9 }"
DETAIL = "proxy: {call: crm_system.get_customer_detail, args: '${case.值}'}"


@pytest.mark.parametrize(
    ("step", "cell", "wrong"),
    [
        ("proxy: {call: '${case.值}', args: ['7']}", "crm_system.get_customer_detail", ""),
        ("proxy: {call: 'crm_system.${case.值}', args: ['7']}", "get_customer_detail", ""),
        ("proxy: {call: '${case.值}'}", "crm_system", "expected call: platform.api"),
        ("proxy: {call: 'crm_system.${case.值}'}", "查", "crm_system has no API '查'"),
        (DETAIL, "['7']", ""),
        (DETAIL, "张三", "expected a list of arguments"),
        (DETAIL, "{id: 7}", "expected a list of arguments"),
        ("js: {file: 算.js, call: '${case.值}', args: [100]}", "折扣", ""),
        (
            "js: {file: 算.js, call: '${case.值}', args: [100]}",
            "折 扣",
            "expected the name of a fun",
        ),
        ("js: {file: 算.js, call: 折扣, args: '${case.值}'}", "[100]", ""),
        ("js: {file: 算.js, call: 折扣, args: '${case.值}'}", "100", "a function takes a list"),
        ("js: {file: 算.js, args: '${case.值}'}", "[100]", "a script takes arguments by name"),
        ("python: {call: '${case.值}'}", "'算:加'", ""),
        ("python: {call: '${case.值}'}", "算", "expected module:function"),
        ("python: {call: '算:加', args: '${case.值}'}", "{额: 5}", ""),
        ("python: {call: '算:加', args: '${case.值}'}", "[5]", "expected a map of arguments"),
        ("advance: '${case.值}'", "1h30m", ""),
    ],
)
def test_what_a_cell_makes_of_an_action_is_checked_when_it_is_filled_in(
    door: Door, step: str, cell: str, wrong: str
) -> None:
    files = {"算.js": CALCULATED, "算.py": "def 加(session, 额=1):  # $proxy\n    return 额\n"}
    proxy = PROXY if step.startswith("proxy") else ""

    ended = door.run(FILLED % (proxy, cell, step), files)

    assert ended.code == bool(wrong), ended.text
    action = step.partition(":")[0]
    assert [one.startswith(f"step 1/1 {action}: {wrong}") for one in ended.headlines] == (
        [True] * bool(wrong)
    )
