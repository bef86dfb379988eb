"""What the cache of items keeps of scenarios: every part of a header, and for how long."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from bpmax_sim.errors import ConfigError, Place, Problem
from bpmax_sim.index import files
from bpmax_sim.index import items as items_module
from bpmax_sim.index.items import ItemFinder, ItemIndex, ProjectItem, load_each
from bpmax_sim.scenario.load import load_items

FORM = "form: {fields: {金额: 1}}\nsteps: [{set: {金额: 3}}, {set: {金额: 4}}]\n"
RICH = f"""\
version: 1
scenario: 付款
was: [支付, 打款]
tags: [财务, 冒烟, 出纳]
skip: 尚未上线
xfail: 已知缺陷
proxy: {{platforms: [平台一, 平台二], instances: 实例.yaml, cassette: 付款}}
cases: {{from: 表/rows.csv}}
{FORM}"""
PLAIN = f"version: 1\nscenario: 收款\n{FORM}"


@pytest.fixture(autouse=True)
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what a test wrote before a look count as old, as it is for a person."""
    monkeypatch.setattr(files, "_RACY", -(10**9))


def write(root: Path, name: str, text: str) -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def rich_project(root: Path) -> Path:
    for name in ("平台一", "平台二"):
        write(root, f"scenarios/采购/{name}/x.txt", "")
    write(root, "scenarios/采购/实例.yaml", "[]\n")
    write(root, "scenarios/采购/表/rows.csv", "id,tags\n甲,一;二\n\n乙,\n")
    return write(root, "scenarios/采购/付款.scenario.yaml", RICH)


def look(root: Path, *paths: Path, **options: Any) -> tuple[list[ProjectItem], int]:
    """Return the items of *paths*, and how many of these were loaded; keep what was seen."""
    index = ItemIndex(root, **options)
    found = [item for path in paths for item in index.list_items(path)]
    index.save()
    return found, index.loaded


def test_a_header_comes_back_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = rich_project(tmp_path)
    expected = [item.header for item in load_items(path, root=tmp_path)]
    first, loaded = look(tmp_path, path)
    again, none = look(tmp_path, path)

    assert (loaded, none) == (1, 0)
    assert [item.header for item in first] == [item.header for item in again] == expected
    folder = path.parent
    told = [
        (one.title, one.was, one.row_id, one.place, one.skip, one.xfail, one.steps, one.instances)
        for one in expected
    ]
    table, common = "scenarios/采购/表/rows.csv", ("尚未上线", "已知缺陷", 2, folder / "实例.yaml")
    assert told == [
        ("付款", ("支付", "打款"), "甲", Place(table, 2), *common),
        ("付款", ("支付", "打款"), "乙", Place(table, 4), *common),
    ]  # fmt: skip
    assert {one.platforms for one in expected} == {(folder / "平台一", folder / "平台二")}
    tags = ("财务", "冒烟", "出纳")
    assert [one.tags for one in expected] == [(*tags, "一", "二"), tags]
    assert {(one.root, one.path, one.file) for one in expected} == {
        (tmp_path, path, "scenarios/采购/付款.scenario.yaml")
    }
    sound = {os.path.relpath(name, tmp_path) for name in again[0].files}
    assert sound == {f"scenarios/采购/{one}" for one in ("付款.scenario.yaml", "表/rows.csv")}
    assert {item.files for item in first} == {item.files for item in again}
    assert [item.load().row_id for item in again] == ["甲", "乙"]
    assert [item.is_current() for item in again] == [True, True]
    write(tmp_path, "scenarios/采购/表/rows.csv", "id\n甲\n乙\n")
    assert [item.is_current() for item in again] == [False, False]  # one file of two is another


def test_a_header_with_nothing_comes_back_as_such(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    plain = write(tmp_path, "scenarios/收款.scenario.yaml", PLAIN)
    expected = [item.header for item in load_items(plain, root=tmp_path)]
    for _ in range(2):
        found, _ = look(tmp_path, plain)
        assert [item.header for item in found] == expected


def test_what_is_gone_or_renamed_is_told_at_its_place(tmp_path: Path) -> None:
    path = rich_project(tmp_path)
    look(tmp_path, path)
    (first, second), _ = look(tmp_path, path)
    table = write(tmp_path, "scenarios/采购/表/rows.csv", "id\n甲\n丙\n")
    problems = [Problem("以前的")]
    loaded = [*load_each([second, first, second], problems)]

    assert [item.row_id for item in loaded] == ["甲"]
    message = "this changed while it was read; run it again"
    place = second.header.place
    assert place.file.endswith("rows.csv")
    assert [(one.message, one.place) for one in problems] == [
        ("以前的", None), (message, place), (message, place),
    ]  # fmt: skip
    path.write_text(RICH.replace("scenario: 付款", "scenario: 报销"), "utf-8")
    table.write_text("id\n甲\n乙\n", "utf-8")
    look(tmp_path, path)
    (one, _), _ = look(tmp_path, path)
    path.write_text(RICH, "utf-8")
    with pytest.raises(ConfigError, match="changed while it was read"):
        one.load()


def test_every_problem_of_an_item_that_does_not_load_is_told(tmp_path: Path) -> None:
    path = write(tmp_path, "scenarios/收款.scenario.yaml", PLAIN)
    look(tmp_path, path)
    (item,), _ = look(tmp_path, path)
    path.write_text(PLAIN.replace("version: 1", "version: 1\nskp: 1\ntgs: []\nwas: 1"), "utf-8")
    problems: list[Problem] = []

    assert [*load_each([item], problems)] == []
    assert [one.place.line for one in problems if one.place] == [2, 3, 4]


def test_a_cache_is_written_anew_only_if_anything_is_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = rich_project(tmp_path)
    table = tmp_path / "scenarios/采购/表/rows.csv"
    written: list[Path] = []

    def note_and_write(place: Path, content: object) -> None:
        written.append(place)
        files.write_cache(place, content)

    monkeypatch.setattr(items_module, "write_cache", note_and_write)

    def look_twice() -> list[tuple[int, bool]]:
        found = []
        for _ in range(2):
            written.clear()
            _, loaded = look(tmp_path, path)
            found.append((loaded, bool(written)))
        return found

    assert look_twice() == [(1, True), (0, False)]
    os.utime(table, ns=(10**18, 10**18))
    assert look_twice() == [(0, True), (0, False)]
    write(tmp_path, "scenarios/defaults.yaml", "people: {lisi: {name: 李四}}\n")  # was absent
    assert look_twice() == [(1, True), (0, False)]
    monkeypatch.setattr(
        files.FileScan, "is_stamp_reliable", lambda _self, name: not name.endswith("rows.csv")
    )
    table.write_text("id\n甲\n", "utf-8")
    assert look_twice() == [(1, False), (1, False)]  # one of its files may change again unseen


def test_an_item_is_loaded_and_checked_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = rich_project(tmp_path)
    look(tmp_path, path)
    items, _ = look(tmp_path, path)
    calls: list[bool] = []

    def load_and_note(*args: Any, **options: Any) -> Any:
        calls.append(options.get("is_checked", False))
        return load_items(*args, **options)

    monkeypatch.setattr("bpmax_sim.scenario.load.load_items", load_and_note)
    for _ in range(2):
        for item in items:
            item.load()

    assert calls == [True]


@pytest.mark.parametrize("uses_cache", [True, False])
def test_only_a_file_without_doubts_is_known_by_its_digests(
    tmp_path: Path, *, uses_cache: bool
) -> None:
    write(tmp_path, "pyproject.toml", "[tool.bpmax_sim]\nlenient = ['scenarios']\n")
    doubt = PLAIN + "proxy: {stubs: [{on: crm.a}, {on: crm.a}]}\n"
    paths = [
        write(tmp_path, "scenarios/甲.scenario.yaml", PLAIN),
        write(tmp_path, "scenarios/乙.scenario.yaml", doubt),
        write(tmp_path, "scenarios/丙.scenario.yaml", doubt + "cases: [{id: 一}, {id: 二}]\n"),
    ]
    for _ in range(2):
        items, _ = look(tmp_path, *paths, uses_cache=uses_cache)
        known = [bool(item.digests_if_sound) for item in items]
        assert known == ([True, False, False, False] if uses_cache else [False] * 4)
        assert [item.is_current() for item in items] == known
        assert all(str(item.header.path) in item.files for item in items)
    path = paths[0]
    items, loaded = look(tmp_path, *paths, uses_cache=uses_cache)
    assert loaded == (0 if uses_cache else 3)
    write(tmp_path, "defaults.yaml", "tags: [新]\n")
    assert items[0].is_current() == uses_cache  # of what it was made of, nothing has changed
    path.write_text(PLAIN + "\n", "utf-8")
    assert not items[0].is_current()


def test_what_counts_for_all_scenarios_makes_another_edition(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path, "甲/scenarios/收款.scenario.yaml", PLAIN)
    root = tmp_path / "甲"
    project = "[tool.bpmax_sim]\n"
    write(root, "pyproject.toml", project)

    def count_loaded() -> list[int]:
        return [look(root, path)[1], look(root, path)[1]]

    assert count_loaded() == [1, 0]
    write(root, "pyproject.toml", project + "lenient = ['scenarios']\n")
    assert count_loaded() == [1, 0]
    monkeypatch.setattr(items_module, "find_platform_folders", lambda _root: ("别处",))
    assert count_loaded() == [1, 0]
    monkeypatch.setattr(items_module, "make_code_edition", lambda: "新")
    assert count_loaded() == [1, 0]
    write(root, "pyproject.toml", "[tool.bpmax_sim]\nstrict = 7\n")
    kept = (root / ".bpmax/items").read_bytes()
    for _ in range(2):
        with pytest.raises(ConfigError, match="strict: expected"):
            look(root, path)
    assert (root / ".bpmax/items").read_bytes() == kept


def test_settings_that_change_while_items_are_read_keep_nothing(tmp_path: Path) -> None:
    path = write(tmp_path, "scenarios/收款.scenario.yaml", PLAIN)
    write(tmp_path, "pyproject.toml", "[tool.bpmax_sim]\n")
    index = ItemIndex(tmp_path)
    index.list_items(path)
    write(tmp_path, "pyproject.toml", "[tool.bpmax_sim]\nlenient = ['scenarios']\n")
    index.save()

    assert not (tmp_path / ".bpmax/items").exists()


def test_a_finder_knows_each_project_and_each_folder(tmp_path: Path) -> None:
    for root in ("甲", "乙"):
        for name in ("内/收款", "内/更内/收款", "外/收款"):
            write(tmp_path, f"{root}/scenarios/{name}.scenario.yaml", PLAIN)
    text = PLAIN + "vars: {单: 甲}\nproxy: {cassette: '${vars.单}'}\n"
    named = write(tmp_path, "丙/付款.scenario.yaml", text)
    paths = sorted(tmp_path.glob("[甲乙]/**/*.scenario.yaml"))

    for loaded in (1, 0):
        finder = ItemFinder()
        roots = [item.header.root.name for path in paths for item in finder.list_items(path)]
        assert roots == [path.relative_to(tmp_path).parts[0] for path in paths]
        (item,) = finder.list_items(named, root=tmp_path / "丙")
        assert item.header.root == tmp_path / "丙"
        indexes = finder._indexes
        assert {root.name: one.loaded for root, one in indexes.items()} == {
            "甲": 3 * loaded, "乙": 3 * loaded, "丙": loaded,
        }  # fmt: skip
        finder.save()
    cassettes = [
        item.header.cassette
        for root in (tmp_path / "丙", None)
        for variables in ({"单": "乙"}, {}, None)
        for item in ItemFinder().list_items(named, variables, root)
    ]
    assert cassettes == ["乙", "甲", "甲"] * 2
