"""Which files, rows and cassettes the arguments of a command mean, at each of their corners."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bpmax_sim.cli.item_selection import (
    Selection,
    choose_platform_folders,
    find_cassettes_with_journals,
    find_files_by_suffix,
    find_items,
    find_scenarios_playing,
    find_targets,
    make_missing_file_problem,
    resolve_cassette_folder,
    split_path_and_line,
)
from bpmax_sim.errors import ConfigError
from tests.cli.project import Command
from tests.files import write_files
from tests.systems import needs_colons

TABLE = """\
version: 1
scenario: 报价
tags: [冒烟, VIP]
cases:
  - id: 大客户
    数量: 100
  - {id: 小客户, 数量: 1}
steps:
  - js: return 1
"""
FILES = {
    "scenarios/报价.scenario.yaml": TABLE,
    "scenarios/采购/付款.scenario.yaml": (
        "version: 1\nscenario: |-\n  付款\n  大额\nskip: 没有录制\nproxy: {cassette: 共用}\n"
        "steps: [{js: return 1}]\n"
    ),
    "scenarios/采购/a.js": "1\n",
    "scenarios/采购-旧/退款.scenario.yaml": (
        "version: 1\nscenario: 退款\nproxy: {cassette: 共用}\nsteps: [{js: return 1}]\n"
    ),
    "scenarios/坏.scenario.yaml": "version: 1\nscenario: 坏\n",
    "cassettes/共用.yaml": "",
    "cassettes/采购/二.yaml": "",
    "cassettes/采购/二.yaml.7-1.journal": "",
    "cassettes/采购/三.yaml.12-3.journal": "",
    "cassettes/采购/三.yaml.9-1.journal": "",
    "cassettes/采购/四.yaml.new": "",
}
BAD = "scenarios/坏.scenario.yaml:1:1: steps: a scenario needs a step"


@pytest.fixture(name="project", autouse=True)
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_files(tmp_path, FILES)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def name_items(*arguments: str, keyword: str = "") -> list[str]:
    items, problems = find_items(find_targets(arguments), keyword=keyword)
    return [item.header.name.replace("\n", " ") for item in items] + [str(one) for one in problems]


BIG, SMALL, PAY, REFUND = "报价[大客户]", "报价[小客户]", "付款 大额", "退款"
QUOTE = "scenarios/报价.scenario.yaml"
ROWS = f"there are {BIG}, {SMALL}"
NOT_FOUND = "file or folder not found"
NEAR = f"{NOT_FOUND}; did you mean 'scenarios/采购/付款.scenario.yaml'?"
LOOK = f"{NOT_FOUND}; see what `ls` shows"
NO_SCENARIO = "scenarios/采购/a.js: this is no scenario, "


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        # folder by folder, whatever a separator sorts as
        ((), [BAD, BIG, SMALL, PAY, REFUND]),
        (("scenarios",), [BAD, BIG, SMALL, PAY, REFUND]),
        (("scenarios/采购-旧", "scenarios/采购"), [REFUND, PAY]),
        (("scenarios/采购", "scenarios/采购/付款.scenario.yaml"), [PAY]),
        (("./scenarios/采购",), [PAY]),
        ((f"{QUOTE}::{SMALL}", f"{QUOTE}::{BIG}", f"{QUOTE}::{SMALL}"), [SMALL, BIG]),
        (("scenarios/采购/付款.scenario.yaml::付款 大额-e01ad3fb",), [PAY]),
        (("scenarios/采购/付款.scenario.yaml::付款\n大额",), [PAY]),
        # a line of a row, of what stands before and behind the rows
        ((f"{QUOTE}:1",), [BIG, SMALL]),
        ((f"{QUOTE}:4",), [BIG, SMALL]),
        ((f"{QUOTE}:5",), [BIG]),
        ((f"{QUOTE}:6",), [BIG]),
        ((f"{QUOTE}:7",), [SMALL]),
        ((f"{QUOTE}:8",), [BIG, SMALL]),
        ((f"{QUOTE}:9",), [BIG, SMALL]),
        ((f"{QUOTE}:0",), [BIG, SMALL]),
        ((f"{QUOTE}:10",), [f"{QUOTE}:10: the file has 9 lines"]),
        ((f"{QUOTE}:5", f"{QUOTE}:7"), [BIG, SMALL]),
        (
            (f"{QUOTE}::报价",),
            [f"{QUOTE}: there is no scenario '报价'; {ROWS}"],
        ),
        (
            ("scenarios/采购-旧/退款.scenario.yaml::x",),
            [
                "scenarios/采购-旧/退款.scenario.yaml: there is no scenario 'x'; there is 退款"
            ],
        ),
        ((f"{QUOTE}::x", QUOTE), [BIG, SMALL, f"{QUOTE}: there is no scenario 'x'; {ROWS}"]),
    ],
)  # fmt: skip
def test_arguments_mean_files_rows_and_lines(arguments: tuple[str, ...], names: list[str]) -> None:
    assert sorted(name_items(*arguments)) == sorted(names)
    left = [name for name in names if ": " not in name]
    assert [one for one in name_items(*arguments) if ": " not in one] == left


CSV = "version: 1\nscenario: 报销\ncases:\n  from: 报销.csv\nsteps:\n  - js: return 1\n"


@pytest.mark.parametrize("line", [0, 1, 3, 4, 5, 6])
def test_a_line_of_a_scenario_is_none_of_its_rows_in_another_file(project: Path, line: int) -> None:
    write_files(project, {"报销.scenario.yaml": CSV, "报销.csv": "id\n甲\n乙\n丙\n"})

    assert name_items(f"报销.scenario.yaml:{line}") == ["报销[甲]", "报销[乙]", "报销[丙]"]


@pytest.mark.parametrize(
    ("keyword", "names"),
    [
        ("vip", [BIG, SMALL]),
        ("VIP and 小", [SMALL]),
        ("采购-旧", [REFUND]),
        ("采购", [PAY, REFUND]),
        ("skip", [PAY]),
        ("not skip", [BIG, SMALL, REFUND]),
        ("bpmax_scenario", [BIG, SMALL, PAY, REFUND]),
        ("付款 and 大额", [PAY]),
        ("报价.scenario", [BIG, SMALL]),
        ("scenarios", [BIG, SMALL, PAY, REFUND]),
        ("没有录制", []),
        ("  ", [BIG, SMALL, PAY, REFUND]),
    ],
)
def test_a_word_is_looked_for_in_folders_names_and_markers(keyword: str, names: list[str]) -> None:
    assert name_items(keyword=keyword) == [*names, BAD]


@pytest.mark.parametrize(
    ("text", "split"),
    [
        ("a.yaml:7", ("a.yaml", 7)), ("a.yaml:007", ("a.yaml", 7)), ("a:1:2", ("a:1", 2)),
        ("a.yaml", ("a.yaml", 0)), ("a.yaml:", ("a.yaml:", 0)), (":7", (":7", 0)),
        ("a.yaml:-1", ("a.yaml:-1", 0)), ("a.yaml:7 ", ("a.yaml:7 ", 0)), ("", ("", 0)),
        ("a\nb:3", ("a\nb", 3)),
    ],
)  # fmt: skip
def test_a_line_number_stands_behind_a_colon(text: str, split: tuple[str, int]) -> None:
    assert split_path_and_line(text) == split


@needs_colons
def test_a_file_may_have_colons_in_its_name(project: Path) -> None:
    twice, numbered = "scenarios/甲::乙.scenario.yaml", "scenarios/甲:7"
    for name in (twice, numbered):
        (project / name).write_text(FILES["scenarios/采购-旧/退款.scenario.yaml"], encoding="utf-8")

    assert name_items(twice) == [REFUND]
    assert split_path_and_line(numbered) == (numbered, 0)
    with pytest.raises(ConfigError, match="scenarios/甲:7: this is no scenario"):
        find_targets([numbered])


@pytest.mark.parametrize(
    ("arguments", "told", "left_out"),
    [
        (("scenarios/采购/a.js", QUOTE), None, "scenarios/采购/a.js"),
        (("scenarios/采购/a.js", QUOTE, "cassettes/共用.yaml"), None,
         "scenarios/采购/a.js, cassettes/共用.yaml"),
        (("scenarios/采购/a.js",), NO_SCENARIO, ""),
        (("没有", QUOTE, "也没有"), f"没有: {LOOK}\n也没有: {LOOK}", ""),
        (("没有", "scenarios/采购/a.js"), f"没有: {LOOK}\n{NO_SCENARIO}", ""),
        (("scenarios/采购/付宽.scenario.yaml",), f"scenarios/采购/付宽.scenario.yaml: {NEAR}", ""),
        (("scenarios::报价", QUOTE), "scenarios: this is a folder; name a file in it", ""),
        (("scenarios:7",), "scenarios: this is a folder; name a file in it", ""),
        (("scenarios/采购/::付款",), "scenarios/采购/: this is a folder; name a file in it", ""),
        (("付宽.scenario.yaml:3",), f"付宽.scenario.yaml: {NEAR}", ""),
        (("付宽.scenario.yaml::x",), f"付宽.scenario.yaml: {NEAR}", ""),
    ],
)  # fmt: skip
def test_what_is_no_scenario_is_left_out_or_refused(
    arguments: tuple[str, ...],
    told: str | None,
    left_out: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if told is None:
        assert [one.path.name for one in find_targets(arguments)] == ["报价.scenario.yaml"]
        quiet = find_targets(arguments, reports_others=False)
        assert [one.path.name for one in quiet] == ["报价.scenario.yaml"]
    else:
        with pytest.raises(ConfigError) as refused:
            find_targets(arguments)
        assert str(refused.value).startswith(told)
    notes = [f"left out, as names of scenarios end with .scenario.yaml: {left_out}"] * (not told)
    assert capsys.readouterr().err.splitlines() == notes


def test_a_project_without_scenarios_has_none(project: Path) -> None:
    (project / "scenarios").rename(project / "别处")

    assert find_targets(None) == []
    assert find_targets([]) == []
    assert len(find_targets(["别处/采购", "别处", "别处/采购"])) == len(find_targets(["别处"])) == 4
    assert find_targets(["别处/采购"]) == [Selection(project / "别处/采购/付款.scenario.yaml")]


@pytest.mark.parametrize(
    ("place", "suffix", "told"),
    [
        ("cassettes", ".yaml", "this is a folder; name a file in it"),
        ("cassettes/共同.yaml", ".yaml",
         "file or folder not found; did you mean 'cassettes/共用.yaml'?"),
        ("共用", ".yaml", "file or folder not found; did you mean 'cassettes/共用.yaml'?"),
        ("cassettes/采购/二.yaml.new", ".yaml",
         "file or folder not found; did you mean 'cassettes/采购/二.yaml'?"),
        ("完全不同的名字.yaml", ".yaml", "file or folder not found; see what `ls` shows"),
        ("cassettes/共同.yaml", ".har", "file or folder not found; see what `ls` shows"),
    ],
)  # fmt: skip
def test_a_missing_file_has_the_nearest_name(place: str, suffix: str, told: str) -> None:
    assert str(make_missing_file_problem(place, suffix)) == f"{place}: {told}"


@pytest.mark.parametrize(
    ("paths", "suffix", "found"),
    [
        ([], ".yaml", ["共用.yaml", "采购/二.yaml"]),
        (["cassettes/采购"], ".yaml", ["采购/二.yaml"]),
        (["cassettes/采购", "cassettes/共用.yaml", "cassettes"], ".yaml",
         ["采购/二.yaml", "共用.yaml"]),
        (["cassettes/采购/四.yaml.new", "cassettes/共用.yaml"], ".new", ["采购/四.yaml.new"]),
        (["cassettes"], ".new", ["采购/四.yaml.new"]),
        (["scenarios/采购"], ".new", []),
    ],
)  # fmt: skip
def test_files_of_an_ending_come_once_in_the_order_of_the_arguments(
    project: Path, paths: list[str], suffix: str, found: list[str]
) -> None:
    files = find_files_by_suffix([Path(path) for path in paths], suffix)

    folder = project / "cassettes"
    assert [(project / one).relative_to(folder).as_posix() for one in files] == found


def test_each_path_that_is_missing_is_told() -> None:
    with pytest.raises(ConfigError) as refused:
        find_files_by_suffix([Path("甲"), Path("cassettes"), Path("乙")], ".yaml")

    assert [str(one.place) for one in refused.value.problems] == ["甲", "乙"]


@pytest.mark.parametrize(
    ("paths", "found"),
    [
        ([], ["采购/三.yaml", "采购/二.yaml"]),
        (["cassettes/采购"], ["采购/三.yaml", "采购/二.yaml"]),
        (["cassettes/采购/三.yaml"], ["采购/三.yaml"]),  # which is not there itself
        (["cassettes/采购/二.yaml", "cassettes"], ["采购/二.yaml", "采购/三.yaml"]),
        (["cassettes/共用.yaml"], ["共用.yaml"]),
    ],
)
def test_a_cassette_of_which_a_journal_is_left_is_found_by_its_name(
    project: Path, paths: list[str], found: list[str]
) -> None:
    cassettes = find_cassettes_with_journals([Path(path) for path in paths])

    folder = project / "cassettes"
    assert [(project / one).relative_to(folder).as_posix() for one in cassettes] == found


def test_a_cassette_without_a_file_and_a_journal_is_missing() -> None:
    with pytest.raises(ConfigError, match=r"四\.yaml: file or folder not found"):
        find_cassettes_with_journals([Path("cassettes/采购/四.yaml")])


@pytest.mark.parametrize("text", ["", None])
def test_without_a_folder_the_project_s_cassettes_are_meant(text: str | None) -> None:
    assert resolve_cassette_folder(text) == (None, None)


@pytest.mark.parametrize("command", ["run", "record", "explore"])
def test_a_file_is_no_folder_of_cassettes(bs: Command, command: str) -> None:
    with pytest.raises(ConfigError) as refused:
        resolve_cassette_folder("cassettes/共用.yaml")

    assert str(refused.value) == "cassettes/共用.yaml: this is a file; name a folder"
    done = bs(command, "scenarios/采购-旧", "--cassettes", "cassettes/共用.yaml")
    assert (done.code, done.err.splitlines()) == (2, [str(refused.value)])


def test_a_folder_of_cassettes_may_be_a_url(project: Path) -> None:
    assert resolve_cassette_folder("录制/甲") == (Path("录制/甲"), None)
    folder, remote = resolve_cassette_folder(f"file://{project}/共享")
    assert remote is not None
    assert folder == remote.folder
    assert folder.is_relative_to(project / ".bpmax")


@pytest.mark.parametrize(
    ("cassette", "names"),
    [("共用", ["付款\n大额", "退款"]), ("报价/大客户", ["报价[大客户]"]), ("没有", []), ("坏", [])],
)
def test_who_plays_a_cassette_is_found(cassette: str, names: list[str]) -> None:
    found = find_scenarios_playing(Path(f"cassettes/{cassette}.yaml"))
    assert sorted(found) == sorted(names)


@pytest.mark.parametrize(
    ("more", "chosen", "folders"),
    [
        ({}, None, ()),
        ({}, ["甲"], ("甲",)),
        ({}, ["乙", "甲"], ("乙", "甲")),
        ({"scenarios/platforms/crm.yaml": "platform_key: crm\n"}, None, ("scenarios/platforms",)),
        ({"scenarios/platforms/crm.yaml": "platform_key: crm\n"}, [], ("scenarios/platforms",)),
        ({"pyproject.toml": "[tool.bpmax_sim]\nplatforms = ['乙', '甲']\n"}, None, ("乙", "甲")),
        ({"pyproject.toml": "[tool.bpmax_sim]\nplatforms = '甲'\n"}, ["乙"], ("乙",)),
        # those that all scenarios name
        ({"scenarios/defaults.yaml": "proxy: {platforms: [../甲]}\n"}, None, ("甲",)),
        ({"scenarios/defaults.yaml": "proxy: {platforms: [../甲]}\n",
          "scenarios/采购/defaults.yaml": "proxy: {platforms: [../../乙]}\n"}, None, ()),
        ({"scenarios/采购/defaults.yaml": "proxy: {platforms: [../../乙]}\n"}, None, ()),
        ({"scenarios/defaults.yaml": "proxy: {platforms: [../甲]}\n",
          "scenarios/采购/defaults.yaml": "proxy: {platforms: [../../乙/../甲]}\n"}, None, ("甲",)),
    ],
)  # fmt: skip
def test_platforms_are_those_of_the_command_the_project_or_all_its_scenarios(
    project: Path, more: dict[str, str], chosen: list[str] | None, folders: tuple[str, ...]
) -> None:
    write_files(project, {"甲/a.yaml": "", "乙/b.yaml": "", **more})

    found = choose_platform_folders(None if chosen is None else [Path(one) for one in chosen])

    assert [(project / one).resolve() for one in found] == [project / one for one in folders]


def test_each_folder_of_platforms_that_is_missing_is_told() -> None:
    with pytest.raises(ConfigError) as refused:
        choose_platform_folders([Path("甲"), Path("scenarios"), Path("乙")])

    assert [str(one.place) for one in refused.value.problems] == ["甲", "乙"]


def test_lists_name_what_they_have(bs: Command, project: Path) -> None:
    (project / "scenarios/坏.scenario.yaml").unlink()
    told = json.loads(bs("list", "--json").out)["items"]

    assert [(one["name"], one["line"], one["row"], one["tags"], one["skip"]) for one in told] == [
        (BIG, 5, "大客户", ["冒烟", "VIP"], False),
        (SMALL, 7, "小客户", ["冒烟", "VIP"], False),
        ("付款\n大额", 2, "", [], "没有录制"),
        (REFUND, 2, "", [], False),
    ]
    empty, none = bs("list", "-k", "没有"), bs("list", "-k", "没有", "--json")
    assert (empty.code, empty.out, empty.err) == (
        5, "", "scenarios/: no scenario has '没有' in it; see `bpmax-sim list`\n"
    )  # fmt: skip
    assert (none.code, json.loads(none.out)["items"], none.err) == (5, [], "")
