"""What a check looks for in other files of the project is found wherever these lie."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from bpmax_sim.project import find_files_below
from bpmax_sim.scenario import shared_names
from bpmax_sim.scenario.former_names import find_former_name
from bpmax_sim.scenario.load import load_items
from bpmax_sim.scenario.shared_names import forget_searched_folders
from tests.files import write_files
from tests.systems import needs_links

SCENARIO = """\
version: 1
scenario: 客户下单
form: {fields: {数量: 0}}
steps: [{set: {数量: 5}, expect: {form: {数量: 5}}}]
"""
INSTANCES = "- {platform: crm, instance_key: test, credentials: {key: {env: CRM_SECRET}}}\n"
PLATFORM = "platform_key: crm\nbase_url: https://crm.example.test\nauth: {key: env.CRM_SECRET}\n"
ELSEWHERE = {"pyproject.toml": '[tool.bpmax_sim]\nplatforms = "申报/平台"\n'}
OWN_SECRET = f"{SCENARIO}secrets: [env.CRM_SECRET]\n"
TWO = {
    "scenarios/下单.scenario.yaml": f"{OWN_SECRET}proxy: {{platforms: [../一/平台, ../二/平台]}}\n",
    "一/平台/crm.yaml": "",
    "二/平台/erp.yaml": "",
}
UNREAD = "nothing reads the environment variable 'CRM_SECRET', so nothing is hidden"


def write(root: Path, files: Mapping[str, str]) -> None:
    write_files(root, files)


def told(path: Path) -> list[str]:
    """Return the warnings of the one scenario of a file."""
    (item,) = load_items(path, environ={})
    return [one.message for one in item.warnings]


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({}, [UNREAD]),
        ({"scenarios/instances.yaml": INSTANCES}, []),
        ({"scenarios/platforms/crm.yml": PLATFORM}, []),
        ({"scenarios/platforms/crm.yaml": "", "instances.yaml": INSTANCES}, []),
        ({"scenarios/platforms/crm.yaml": "", "instances.local.yaml": INSTANCES}, []),
        ({**ELSEWHERE, "申报/平台/crm.yaml": PLATFORM}, []),
        ({**ELSEWHERE, "申报/平台/crm.yaml": "", "申报/instances.yaml": INSTANCES}, []),
        ({"scenarios/草稿.yaml/crm.txt": "", "scenarios/instances.yaml": INSTANCES}, []),
        ({"scenarios/草稿.yaml/crm.txt": ""}, [UNREAD]),
        ({"scenarios/别的.scenario.yaml": OWN_SECRET}, [UNREAD]),
        ({**TWO, "二/instances.yaml": INSTANCES}, []),
        ({**TWO, "一/instances.yaml": INSTANCES}, [UNREAD]),
        ({**TWO, "一/平台/oa.yaml": PLATFORM}, []),
    ],
)
def test_a_variable_to_hide_is_read_by_platforms_and_instances_wherever_they_lie(
    tmp_path: Path, files: Mapping[str, str], says: list[str]
) -> None:
    write(tmp_path, {"scenarios/下单.scenario.yaml": OWN_SECRET, **files})

    assert told(tmp_path / "scenarios/下单.scenario.yaml") == says


def test_a_variable_to_hide_is_read_by_the_files_that_the_scenario_names(tmp_path: Path) -> None:
    proxy = "proxy: {platforms: ../平台/crm.yaml, instances: ../环境/测试.yaml}\n"
    path = tmp_path / "scenarios/下单.scenario.yaml"
    for number, (platform, instances) in enumerate((("", ""), (PLATFORM, ""), ("", INSTANCES))):
        shared = {"平台/crm.yaml": platform, "环境/测试.yaml": instances}
        write(tmp_path, {"scenarios/下单.scenario.yaml": OWN_SECRET + proxy, **shared})
        forget_searched_folders()

        assert told(path) == ([] if number else [UNREAD])


UNUSED = "no scenario below this folder uses '客户编号'; take it away, or name it"
SHARED = {"scenarios/defaults.yaml": "vars: {客户编号: KH-0815}\n"}


def test_a_shared_name_comes_into_use_and_goes_out_of_it(tmp_path: Path) -> None:
    path, other = (tmp_path / f"scenarios/{name}.scenario.yaml" for name in ("下单", "回填"))
    write(tmp_path, {**SHARED, "scenarios/草稿.yaml/crm.txt": "客户编号"})
    write(tmp_path, {"scenarios/下单.scenario.yaml": SCENARIO})
    uses = f"{SCENARIO}# ${{vars.客户编号}}\n"
    for text, says in (("", [UNUSED]), (uses, []), (SCENARIO, [UNUSED]), (uses, [])):
        other.write_text(text, encoding="utf-8")
        forget_searched_folders()
        assert told(path) == says
    other.unlink()
    forget_searched_folders()
    assert told(path) == [UNUSED]


def test_the_files_of_a_project_are_looked_at_once_for_all_its_scenarios(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    searched: list[str] = []

    def note_folder(folder: str | Path, endings: str | tuple[str, ...]) -> Iterator[Path]:
        searched.append(Path(folder).name)
        return find_files_below(folder, endings)

    monkeypatch.setattr(shared_names, "find_files_below", note_folder)
    paths = [tmp_path / f"scenarios/下单{number}.scenario.yaml" for number in range(300)]
    write(tmp_path, {**SHARED, **{f"scenarios/{path.name}": OWN_SECRET for path in paths}})

    for path in paths:
        assert sorted(told(path)) == sorted([UNUSED, UNREAD])
    assert searched == ["scenarios"] * 2  # for each kind of name once


@pytest.mark.parametrize(
    ("elsewhere", "former"),
    [
        ({}, "选择客户"),
        ({"scenarios/选择客户.scenario.yaml": "scenario: 选择客户\n"}, ""),
        ({"示例/选择客户.scenario.yaml": "scenario: 选择客户\n"}, ""),
        ({".venv/选择客户.scenario.yaml": "scenario: 选择客户\n"}, "选择客户"),
        ({"scenarios/选择客户.scenario.yaml/a.txt": "scenario: 选择客户\n"}, "选择客户"),
    ],
)
def test_a_recording_of_a_scenario_that_is_still_there_is_not_adopted(
    tmp_path: Path, elsewhere: Mapping[str, str], former: str
) -> None:
    write(tmp_path, {"scenarios/下单.scenario.yaml": SCENARIO, **elsewhere})
    (item,) = load_items(tmp_path / "scenarios/下单.scenario.yaml", environ={})

    assert find_former_name(item, ["选择客户"]) == former


@needs_links
def test_a_recording_is_not_adopted_where_the_folder_of_scenarios_is_a_link(tmp_path: Path) -> None:
    other = {"仓库/客户/选择客户.scenario.yaml": "scenario: 选择客户\n"}
    write(tmp_path, {"仓库/下单.scenario.yaml": SCENARIO, **other})
    (tmp_path / "项目").mkdir()
    (tmp_path / "项目/scenarios").symlink_to(tmp_path / "仓库")
    (item,) = load_items(tmp_path / "项目/scenarios/下单.scenario.yaml", environ={})

    assert find_former_name(item, ["选择客户"]) == ""
    assert find_former_name(item, ["选择供应商"]) == "选择供应商"


ROWS = "cases: [{id: 甲}, {id: 乙}]\nwas: [旧名, 更旧]\n"
TITLE = {"scenarios/选择.scenario.yaml": "scenario: 选择客户\n"}


@pytest.mark.parametrize(
    ("more", "owners", "elsewhere", "former"),
    [
        ("was: 旧名\n", ["别的", "旧名"], {}, "旧名"),
        ("was: [旧名, 更旧]\n", ["别的", "更旧", "旧名"], {}, "旧名"),
        ("was: [旧名, 更旧, 最旧]\n", ["别的", "最旧"], {}, "最旧"),
        ("was: 旧名\n", ["旧名[甲]", "旧名[乙]"], {}, ""),
        ("was: 旧名\n", ["别的"], {}, "别的"),
        (ROWS, ["旧名[甲]", "旧名[乙]"], {}, "旧名[甲]"),
        (ROWS, ["旧名[乙]", "更旧[甲]", "别的"], {}, "更旧[甲]"),
        (ROWS, ["旧名", "更旧"], {}, ""),
        ("", [], {}, ""),
        ("", ["一", "二"], {}, ""),
        ("", ["选择客户[甲]"], {}, "选择客户[甲]"),
        ("", ["选择客户[甲]"], TITLE, ""),
        ("", ["选择客户"], TITLE, ""),
        ("", ["选择[客户][甲]"], {"选.scenario.yaml": "scenario: 选择[客户]\n"}, ""),
        ("proxy: {cassette: 共用}\n", ["选择客户"], {}, ""),
        ("proxy: {cassette: 共用}\nwas: 旧名\n", ["旧名", "别的"], {}, "旧名"),
    ],
)
def test_recordings_of_a_former_name_are_adopted(
    tmp_path: Path, more: str, owners: list[str], elsewhere: Mapping[str, str], former: str
) -> None:
    text = f"scenario: 下单\n{more}steps: [{{advance: 1s}}]\n"
    write(tmp_path, {"scenarios/下单.scenario.yaml": text, **elsewhere})
    item = load_items(tmp_path / "scenarios/下单.scenario.yaml", environ={})[0]

    assert find_former_name(item, owners) == former
