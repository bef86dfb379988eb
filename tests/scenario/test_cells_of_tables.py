# ruff: noqa: E501 - scenarios and what is told of them, one a line
"""What stands in a table: its header, its cells and rows, and the variables of a command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bpmax_sim.errors import ConfigError
from bpmax_sim.i18n import to_plain_english
from bpmax_sim.scenario.table_columns import ColumnEdit
from bpmax_sim.scenario.table_rows import (
    CliText,
    decode_table,
    list_nonsecret_cli_variables,
    parse_cli_variable,
    parse_cli_variables,
    parse_flag_or_reason,
    read_table,
    split_names_cell,
)
from tests.scenario.loading import list_problems, load_text

HEADER = "id,金额:number,加急:boolean,明细:json,备注\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def read(content: str | bytes, id_column: str = "id") -> list[Any]:
    """Return the rows of a table, or what is wrong with it."""
    path = Path("订单.csv")
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    try:
        rows = read_table(path, id_column)
    except ConfigError as error:
        return [to_plain_english(str(problem)) for problem in error.problems]
    return [(row.id, row.place.line, dict(row.values), row.missing) for row in rows]


def test_a_cell_has_the_type_of_its_column(folder: Path) -> None:
    content = HEADER + (
        '  甲 ,"-1,280,000.5",是,"[1, {""a"": null}]",x\n'
        "乙, ,\t, \n"
        " ,\t, ,,\n"
        ",,,,\n"
        '丁,+12,TRUE,"{}","第一\n第二, 第三"\n'
        '戊,.5,False,"""甲"""\n'
        f"己,{'9' * 20},0,true,\n"
        "庚,-007,1\n"
        "辛\n"
    )

    assert read(content) == [
        ("甲", 2, {"id": "甲", "金额": -1280000.5, "加急": True, "明细": [1, {"a": None}], "备注": "x"}, ()),
        ("乙", 3, {"id": "乙", "金额": None, "加急": None, "明细": None, "备注": ""}, ("备注",)),
        ("丁", 6, {"id": "丁", "金额": 12, "加急": True, "明细": {}, "备注": "第一\n第二, 第三"}, ()),
        ("戊", 8, {"id": "戊", "金额": 0.5, "加急": False, "明细": "甲", "备注": ""}, ("备注",)),
        ("己", 9, {"id": "己", "金额": 99999999999999999999, "加急": False, "明细": True, "备注": ""}, ()),
        ("庚", 10, {"id": "庚", "金额": -7, "加急": True, "明细": None, "备注": ""}, ("明细", "备注")),
        ("辛", 11, {"id": "辛", "金额": None, "加急": None, "明细": None, "备注": ""}, ("金额", "加急", "明细", "备注")),
    ]  # fmt: skip
    assert read(" 编号:number , 城市 :text, 甲:乙:json \n007,上海 ,1\n", "编号") == [
        ("7", 2, {"编号": 7, "城市 ": "上海 ", "甲:乙": 1, "id": "7"}, ()),
    ]


def test_a_wrong_cell_is_told_with_its_column_and_type(folder: Path) -> None:
    content = HEADER + (
        "甲,1_000,是,1,x\n"
        "乙,inf,对,[1,x\n"
        "丙,nan,是,1e999,x\n"
        " ,1,1,1,x\n"
        "丁,1,1,1,x,多\n"
        '戊,"1,20","1,2",1,x\n'
        f"己,{'a' * 40},{'b' * 41},1,x\n"
        f"庚,1,1,{'[' * 100_000},x\n"
        '辛,"1,2000",是\n'
    )

    assert read(content) == [
        "订单.csv:2: column '金额': '1_000' is not a number",
        "订单.csv:3: column '金额': 'inf' is not a number",
        "订单.csv:3: column '加急': '对' is not a boolean",
        "订单.csv:3: column '明细': '[1' is not a json",
        "订单.csv:4: column '金额': 'nan' is not a number",
        "订单.csv:4: column '明细': '1e999' is not a json",
        "订单.csv:5: column 'id' is empty; a row needs an id",
        "订单.csv:6: 6 cells for 5 columns",
        "订单.csv:7: column '金额': '1,20' is not a number",
        "订单.csv:7: column '加急': '1,2' is not a boolean",
        f"订单.csv:8: column '金额': '{'a' * 40}' is not a number",
        f"订单.csv:8: column '加急': '{'b' * 40}…' is not a boolean",
        f"订单.csv:9: column '明细': '{'[' * 40}…' is not a json",
        "订单.csv:10: column '金额': '1,2000' is not a number",
    ]


def test_a_wrong_header_is_told_cell_by_cell(folder: Path) -> None:
    assert {
        content: read(content)
        for content in (
            " 编号 , ,金额:number,金额,城市:nummer,编号:text\n1,2,3,4,5,6,7\n",
            "编号,名称\n1,2\n",
            "i d,名称\n1,2\n",
            "",
            "\n",
            "id\n",
            "id\n\n ,\n",
            "id,城市:\n甲,乙\n",
        )
    } == {
        " 编号 , ,金额:number,金额,城市:nummer,编号:text\n1,2,3,4,5,6,7\n": [
            "订单.csv:1:2: column 2 has no name",
            "订单.csv:1:4: column '金额' is there twice",
            "订单.csv:1:5: column '城市': unknown type 'nummer'; did you mean 'number'?",
            "订单.csv:1:6: column '编号' is there twice",
        ],
        "编号,名称\n1,2\n": ["订单.csv:1: no column 'id'; there are 编号, 名称"],
        "i d,名称\n1,2\n": ["订单.csv:1: no column 'id'; did you mean 'i d'?"],
        "": ["订单.csv: the table is empty; its first line names the columns"],
        "\n": ["订单.csv: the table is empty; its first line names the columns"],
        "id\n": ["订单.csv: the table has no rows"],
        "id\n\n ,\n": ["订单.csv: the table has no rows"],
        "id,城市:\n甲,乙\n": [
            "订单.csv:1:2: column '城市': unknown type ''; there are text, number, boolean, json"
        ],
    }


def test_a_table_is_in_utf_8_or_gb18030_and_says_which(folder: Path) -> None:
    path = Path("表.csv")
    found = {}
    for name, data in {
        "utf-8": "甲".encode(),
        "mark": "甲".encode("utf-8-sig"),
        "gbk": "甲".encode("gbk"),
        "rare": "甲㐀".encode("gb18030"),
    }.items():
        path.write_bytes(data)
        found[name] = decode_table(path, "表.csv")
    assert found == {
        "utf-8": ("甲", "utf-8"),
        "mark": ("甲", "utf-8-sig"),
        "gbk": ("甲", "gb18030"),
        "rare": ("甲㐀", "gb18030"),
    }
    assert read(b"id\n\xff\xff") == [
        "订单.csv: this is neither UTF-8 nor GB18030; save the table as CSV UTF-8"
    ]
    with pytest.raises(ConfigError) as caught:
        read_table(Path("无.csv"))
    assert str(caught.value) == (
        "table 无.csv cannot be read: No such file or directory; check the path"
    )


def apply_all(parse: Callable[[Any], Any], *values: Any) -> list[tuple[Any, Any]]:
    return [(value, parse(value)) for value in values]


def test_the_names_in_a_cell_have_many_separators() -> None:
    assert apply_all(
        split_names_cell,
        None, "", "甲,乙;丙，丁、戊；己 庚 ,", " , ;", ["甲, 乙"], ("甲", 1), 5, False, {"on": "*"},
    ) == [
        (None, ()),
        ("", ()),
        ("甲,乙;丙，丁、戊；己 庚 ,", ("甲", "乙", "丙", "丁", "戊", "己 庚")),
        (" , ;", ()),
        (["甲, 乙"], ("甲, 乙",)),
        (("甲", 1), ("甲", 1)),
        (5, (5,)),
        (False, (False,)),
        ({"on": "*"}, ({"on": "*"},)),
    ]  # fmt: skip


def test_a_cell_of_skip_is_a_flag_or_a_reason() -> None:
    no = ["", " ", "no", "N", "Off", "FALSE", "0", "none", "Null", "否", "不", "无", " - "]
    yes = [" Yes ", "y", "ON", "True", "1", "是"]
    assert [parse_flag_or_reason(text) for text in no] == [False] * len(no)
    assert [parse_flag_or_reason(text) for text in yes] == [True] * len(yes)
    assert apply_all(
        parse_flag_or_reason, None, True, False, 0, 1, [], " 等 CRM 上线 ", "不用", "No!"
    ) == [
        (None, False), (True, True), (False, False), (0, False), (1, True), ([], False),
        (" 等 CRM 上线 ", "等 CRM 上线"), ("不用", "不用"), ("No!", "No!"),
    ]  # fmt: skip


def test_variables_of_a_command_line_are_texts_until_the_file_says_more() -> None:
    typed = parse_cli_variables(["a=1=2", " b = x y ", "a=3", "c="])
    assert list(typed.items()) == [("a", "3"), ("b", "x y"), ("c", "")]
    assert {type(value) for value in typed.values()} == {CliText}
    for wrong in ("a", "=1", " =1", ""):
        with pytest.raises(ValueError, match=f"^{wrong}$"):
            parse_cli_variables(["x=1", wrong])

    table = [
        (CliText("0138"), "139", "0138"),
        (CliText("138"), "139", "138"),
        (CliText("138"), "", "138"),
        (CliText("138"), None, 138),
        (CliText("138"), 1, 138),
        (CliText("138"), "${env.号}", 138),
        (CliText("007"), None, "007"),
        (CliText(""), None, ""),
        (CliText(""), 5, ""),
        (CliText("true"), None, True),
        (CliText("null"), 5, None),
        (CliText("1.50"), 5, 1.5),
        (CliText("甲"), 5, "甲"),
        ("138", 1, "138"),
        (138, "139", 138),
    ]
    got = [parse_cli_variable(value, declared) for value, declared, _ in table]
    assert [(type(one), one) for one in got] == [(type(one), one) for *_, one in table]

    variables = {"令": CliText("1"), "口": CliText("2"), "数": "3", "号": CliText("4 5")}
    assert list_nonsecret_cli_variables(variables, ["vars.口", "env.令", "vars.号.尾", "口"]) == (
        "令=1",
    )
    assert list_nonsecret_cli_variables(variables, []) == ("令=1", "口=2", "号=4 5")


STEPS = "steps: [{set: {金额: '${case.额}'}, expect: {form: {金额: '${case.额}'}}}]\n"
FORM = "scenario: 报销单\nform: {fields: {金额: 0}}\n"


def test_a_row_of_a_file_needs_an_id_of_its_own(folder: Path) -> None:
    rows = (
        "cases:\n  - {id: 1, 额: 1}\n  - {id: ' ', 额: 2}\n  - 甲\n  - {id: true, 额: 4}\n  - {}\n"
        "  - {id: 1.5, 额: 5}\n  - {id: '1', 额: 6}\n  - {id: 0, 额: 7}\n  - {id: 1, 额: 8}\n"
    )
    assert list_problems(folder, FORM + rows + STEPS) == [
        "5:5: cases[1]: a row needs an id",
        "6:5: cases[2]: expected a row such as {id: 正常}",
        "7:5: cases[3]: a row needs an id",
        "8:5: cases[4]: a row needs an id",
        "9:5: cases[5]: a row needs an id",
        "10:5: cases: the id '1' is used twice, first in line 4",
        "12:5: cases: the id '1' is used twice, first in line 4",
    ]
    items = load_text(folder, f"{FORM}cases: [{{id: 0, 额: 1}}, {{id: ' 乙 ', 额: 2}}]\n{STEPS}")
    assert [(item.row_id, str(item.place)) for item in items] == [
        ("0", "单.scenario.yaml:3:9"), (" 乙 ", "单.scenario.yaml:3:24"),
    ]  # fmt: skip


def test_a_table_in_another_file_is_named_by_from_and_id(folder: Path) -> None:
    files = {
        "表.csv": "编号,额:number\n甲,1\n乙,2\n\n甲,3\n",
        "好.csv": "编号,额:number\n甲,1\n乙,2\n",
        "坏.csv": "编号,额:number\n甲,一\n",
    }
    needs = "cases: from: expected the path of a CSV file"
    found = {}
    for cases in (
        "{}", "[]", "5", "{from: 5}", "{form: 好.csv}", "{from: 好.csv, ID: 编号}",
        "{from: 好.csv, 列: 编号}", "{from: 好.csv}", "{from: 无.csv}", "{from: 表.csv, id: 编号}",
        "{from: 坏.csv, id: 编号}", "{from: 好.csv, id: 编号}",
    ):  # fmt: skip
        found[cases] = list_problems(folder, f"{FORM}cases: {cases}\n{STEPS}", files)
    expected = "3:1: cases: expected rows, or {from: a CSV file}"
    assert found == {
        "{}": [expected],
        "[]": [expected],
        "5": [expected],
        "{from: 5}": [f"3:1: {needs}"],
        "{form: 好.csv}": [
            f"3:1: {needs}", "3:9: cases: unknown key 'form'; did you mean 'from'?",
        ],
        "{from: 好.csv, ID: 编号}": [
            "3:22: cases: unknown key 'ID'; did you mean 'id'?",
            "好.csv:1: no column 'id'; there are 编号, 额",
        ],
        "{from: 好.csv, 列: 编号}": [
            "3:22: cases: unknown key '列'; known are from, id",
            "好.csv:1: no column 'id'; there are 编号, 额",
        ],
        "{from: 好.csv}": ["好.csv:1: no column 'id'; there are 编号, 额"],
        "{from: 无.csv}": [
            "3:15: cases.from: table 无.csv cannot be read: No such file or directory; check the path"
        ],
        "{from: 表.csv, id: 编号}": [
            "表.csv:5: cases: the id '甲' is used twice, first in line 2"
        ],
        "{from: 坏.csv, id: 编号}": ["坏.csv:2: column '额': '一' is not a number"],
        "{from: 好.csv, id: 编号}": [],
    }  # fmt: skip


def edit(text: str, id_column: str = "id", /, **columns: dict[str, Any]) -> str:
    return ColumnEdit(Path("表.csv"), id_column, columns).apply(text)


def test_new_columns_stand_behind_all_cells_and_keep_their_types() -> None:
    table = (
        'id,说明 ,额:number\r\n甲,"一\r\n二",1\r\n\r\n , \r\n 乙 ,x\r\n"丙, 丁",y,3\r\n戊\n己,"",6'
    )
    columns: dict[str, dict[str, Any]] = {
        "文": {"甲": "a,b", "乙": ' "q" ', "己": ""},
        "数": {"甲": 1, "乙": 2.5},
        "真": {"甲": True, "丙, 丁": False},
        "混": {"甲": True, "乙": 1, "丙, 丁": "z", "戊": {"项": [None]}},
        "空": {"甲": None, "乙": "x"},
        "说明": {"甲": "已有"},
        "额": {"甲": 9},
    }

    assert edit(table, **columns) == (
        "id,说明 ,额:number,文,数:number,真:boolean,混:json,空:json\r\n"
        '甲,"一\r\n二",1,"a,b",1,true,true,\r\n\r\n , \r\n'
        ' 乙 ,x,," ""q"" ",2.5,,1,"""x"""\r\n'
        '"丙, 丁",y,3,,,false,"""z""",\r\n'
        '戊,,,,,,"{""项"": [null]}",\n'
        '己,"",6,,,,,'
    )
    assert edit("编号:number,名\n007,甲\n8,乙\n", "编号", 备={"7": "a", "007": "b"}) == (
        "编号:number,名,备\n007,甲,a\n8,乙,\n"
    )
    for text, id_column, names in (
        (table, "编号", ("新",)), (table, "id", ("额", "说明")), ("", "id", ("新",)), (table, "id", ()),
    ):  # fmt: skip
        assert edit(text, id_column, **{name: {"甲": 1} for name in names}) == text
    assert edit("id\n", 新={}) == "id,新\n"
