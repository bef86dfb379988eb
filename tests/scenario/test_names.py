from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bpmax_sim.errors import Place
from bpmax_sim.file_names import (
    LONGEST,
    LONGEST_PART,
    build_cassette_name,
    to_file_name,
    to_node_id_part,
)
from bpmax_sim.project import find_root
from bpmax_sim.scenario.header import ItemHeader
from tests.examples import drawn


def test_the_root_is_the_nearest_folder_with_the_table_or_with_scenarios(tmp_path: Path) -> None:
    (tmp_path / "scenarios" / "crm").mkdir(parents=True)
    inner = tmp_path / "scenarios" / "crm" / "deep"
    inner.mkdir()

    assert find_root(inner / "a.scenario.yaml") == tmp_path
    (inner / "pyproject.toml").write_text("[tool.bpmax_sim]\n", encoding="utf-8")
    assert find_root(inner / "a.scenario.yaml") == inner
    (inner / "pyproject.toml").write_text("[tool.other]\n", encoding="utf-8")
    assert find_root(inner) == tmp_path
    (inner / "pyproject.toml").write_text("不是 toml", encoding="utf-8")
    assert find_root(inner) == tmp_path


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("选择客户回填", "选择客户回填"),
        ("a", "a"),
        ("a/b", "a_b-c14cddc0"),
        ("..", "_-5ec1f7e7"),
        ("客户:张三?", "客户_张三_-"),
        ("", "_-e3b0c442"),
        ("长" * 40, "长" * 23 + "-"),
        ("con", "con-"),
        ("CON.客户", "CON_客户-"),
        ("lpt²", "lpt²-"),
        ("console", "console"),
        ("a.", "a_-"),
    ],
)
def test_a_name_fits_every_file_system(text: str, name: str) -> None:
    assert to_file_name(text).startswith(name)


@given(st.text())
@settings(max_examples=drawn(80))
def test_a_name_is_one_short_part_of_a_path(text: str) -> None:
    name = to_file_name(text)

    assert 0 < len(name.encode("utf-8", "surrogatepass")) <= LONGEST
    assert not set(name) & set('<>:"/\\|?*\x00')
    assert name not in {".", ".."}
    assert not re.match(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\.|$)", name)


@given(st.text(), st.text())
@settings(max_examples=drawn(60))
def test_two_texts_have_two_names(one: str, other: str) -> None:
    assert (to_file_name(one) == to_file_name(other)) is (one == other)


@pytest.mark.parametrize(
    ("given_name", "row", "name"),
    [
        ("", "", "crm/选择客户"),
        ("", "超时", "crm/选择客户/超时"),
        ("qywx/发消息", "", "qywx/发消息"),
        ("qywx/发消息.yaml", "甲", "qywx/发消息/甲"),
        ("/绝对", "", "绝对"),
    ],
)
def test_a_cassette_is_called_like_its_scenario_unless_it_says_otherwise(
    tmp_path: Path, given_name: str, row: str, name: str
) -> None:
    (tmp_path / "scenarios").mkdir()
    path = tmp_path / "scenarios" / "crm" / "选择客户.scenario.yaml"

    assert build_cassette_name(tmp_path, path, given_name, row) == name


def test_a_scenario_elsewhere_lends_its_own_name(tmp_path: Path) -> None:
    assert build_cassette_name(tmp_path, tmp_path / "外面.scenario.yaml", "", "") == "外面"


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("选择客户 [加急]", "选择客户 [加急]"),
        ("客户::订单", "客户:订单-2382e6e4"),
        ("一\n二", "一 二-"),
        (" 一", "一-"),
        ("", "-e3b0c442"),
        ("::", ":-"),
        ("长" * 200, "长" * 111 + "-"),
    ],
)
def test_a_part_of_an_id_is_one_line_without_colons(text: str, part: str) -> None:
    assert to_node_id_part(text).startswith(part)


@pytest.mark.parametrize(
    ("title", "row", "name", "one_line"),
    [
        ("选择客户", "", "选择客户", "选择客户"),
        ("选择客户", "超时", "选择客户[超时]", "选择客户[超时]"),
        ("客户\n订单", "", "客户\n订单", "客户 订单-"),
        ("选择客户", "一\n二", "选择客户[一\n二]", "选择客户[一 二-"),
        ("选择客户", "甲::乙", "选择客户[甲::乙]", "选择客户[甲:乙-"),
    ],
)
def test_an_item_is_named_as_in_its_file_and_selected_in_one_line(
    title: str, row: str, name: str, one_line: str
) -> None:
    header = ItemHeader(
        root=Path(), path=Path("单.yaml"), file="单.yaml", title=title, row_id=row,
        place=Place("单.yaml", 1, 1), cassette="单",
    )  # fmt: skip

    assert header.name == name
    assert header.one_line_name.startswith(one_line)
    assert header.one_line_name.endswith("]") == bool(row)
    assert header.node_id == f"单.yaml::{header.one_line_name}"
    assert len(header.node_id.splitlines()) == 1


@given(st.text(st.characters(exclude_categories=())))
def test_any_name_makes_a_part_of_an_id_that_pytest_reads_back(text: str) -> None:
    part = to_node_id_part(text)

    assert 0 < len(part) <= LONGEST_PART
    assert "::" not in part
    assert len(part.splitlines()) == 1
    assert part.encode("utf-8")
