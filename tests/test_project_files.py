"""The settings of a project, its folders, and the stamps of its files, each at its corners."""

from __future__ import annotations

import os
import re
import tomllib
import warnings
from contextlib import nullcontext
from pathlib import Path

import pytest

from bpmax_sim.errors import ConfigError, IgnoredSettingWarning
from bpmax_sim.project import (
    compute_file_stamp,
    compute_folder_stamp,
    find_files_below,
    find_instances_file_above,
    find_platform_folders,
    find_root,
    find_strictness,
    join_to_file,
    make_parent_folder,
    read_ci_jobs,
    read_language,
    read_not_secret_places,
    read_searched_text,
    read_settings,
    to_absolute_path,
    to_local_override,
    with_not_secret_place,
    with_setting_in_defaults,
)
from bpmax_sim.scenario.load import load_items
from tests.systems import needs_links

HEAD = "[tool.bpmax_sim]\n"
NO, BESIDE = "strict: there is no folder", "beside pyproject.toml"


def write(root: Path, name: str, text: str = "") -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("settings", "path", "strictness"),
    [
        ("", "scenarios/采购/a.yaml", "normal"),
        ("strict = true", "a.yaml", "strict"),
        ("lenient = true", "scenarios/a.yaml", "lenient"),
        ("strict = false", "a.yaml", "normal"),
        ("strict = ['scenarios/采购']", "scenarios/采购/a.yaml", "strict"),
        ("strict = ['scenarios/采购']", "scenarios/采购/深/a.yaml", "strict"),
        ("strict = ['scenarios/采购']", "scenarios/采购单/a.yaml", "normal"),
        ("strict = ['scenarios/采购/']", "scenarios/采购/a.yaml", "strict"),
        ("strict = ['scenarios/报销', 'scenarios/采购']", "scenarios/采购/a.yaml", "strict"),
        # the innermost folder counts
        ("strict = true\nlenient = ['scenarios/采购']", "scenarios/采购/深/a.yaml", "lenient"),
        ("lenient = true\nstrict = ['scenarios/采购']", "scenarios/采购/深/a.yaml", "strict"),
        ("lenient = ['scenarios']\nstrict = ['scenarios/采购']", "scenarios/a.yaml", "lenient"),
        (
            "lenient = ['scenarios/采购/深']\nstrict = ['scenarios']",
            "scenarios/采购/a.yaml",
            "strict",
        ),
        ("lenient = true\nstrict = true", "scenarios/a.yaml", "strict"),
        # however it is spelled
        (
            "strict = ['./scenarios/../scenarios/']\nlenient = ['scenarios/采购']",
            "scenarios/采购/a.yaml",
            "lenient",
        ),
        ("strict = ['scenarios/采购//']\nlenient = ['scenarios/采购']", "a/b.yaml", "normal"),
    ],
)
def test_the_innermost_folder_decides_how_strict_a_scenario_is(
    tmp_path: Path, settings: str, path: str, strictness: str
) -> None:
    for folder in ("scenarios/采购/深", "scenarios/采购单", "scenarios/报销"):
        (tmp_path / folder).mkdir(parents=True)
    write(tmp_path, "pyproject.toml", f"{HEAD}{settings}\n")

    assert find_strictness(tmp_path / path, tmp_path) == strictness


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ("strict = 'scenarios'", "strict: expected true or a list of folders, got 'scenarios'"),
        ("strict = 1", "strict: expected true or a list of folders, got 1"),
        ("lenient = ['scenarios', 7]", "lenient: expected true or a list of folders, got 7"),
        ("strict = ['scenario']", f"{NO} 'scenario' {BESIDE}; did you mean 'scenarios'?"),
        ("strict = ['.github']", f"{NO} '.github' {BESIDE}"),
        ("strict = ['_entwurf']", f"{NO} '_entwurf' {BESIDE}"),
        ("strict = ['_entwürfe/旧']", f"{NO} '_entwürfe/旧' {BESIDE}"),
        (
            "strict = ['scenarios/采构']",
            f"{NO} 'scenarios/采构' {BESIDE}; did you mean 'scenarios/采购'?",
        ),
    ],
)  # fmt: skip
def test_a_wrong_folder_of_strictness_is_told(tmp_path: Path, settings: str, told: str) -> None:
    for folder in ("scenarios/采购", ".githuB", "_entwürfe/旧账"):
        (tmp_path / folder).mkdir(parents=True)
    write(tmp_path, "pyproject.toml", f"{HEAD}{settings}\n")

    with pytest.raises(ValueError, match=r"\[tool") as refused:
        find_strictness(tmp_path / "a.yaml", tmp_path)
    assert str(refused.value) == f"[tool.bpmax_sim] {told}"


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ("languge = 'zh'", "[tool.bpmax_sim] has no key 'languge'; did you mean 'language'?"),
        ("language = 7", "[tool.bpmax_sim] language: expected a text, got 7, which is ignored"),
        (
            "jobs = 'a'",
            "[tool.bpmax_sim] jobs: expected a list of texts, got 'a', which is ignored",
        ),
        ("platforms = 7", None),
        ("language = 'zh'\njobs = ['a']", None),
    ],
)
@pytest.mark.parametrize("is_strict", [False, True])
def test_a_setting_without_effect_is_a_warning_and_an_error_where_all_is_strict(
    tmp_path: Path, settings: str, told: str | None, is_strict: bool
) -> None:
    strict = "strict = true\n" if is_strict else ""
    write(tmp_path, "pyproject.toml", f"{HEAD}{strict}\n{settings}\n")
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        if told and is_strict:
            with pytest.raises(ValueError, match=r"\[tool") as refused:
                find_strictness(tmp_path / "a.yaml", tmp_path)
            assert str(refused.value) == told
        else:
            find_strictness(tmp_path / "a.yaml", tmp_path)

    kinds = [(one.category, str(one.message), one.lineno) for one in found]
    line = 4 if is_strict else 3
    assert kinds == ([(IgnoredSettingWarning, told, line)] if told else [])


@pytest.mark.parametrize(
    ("text", "settings"),
    [
        (None, None), ("", None), ("[tool.other]\n", None), ("# bpmax_sim\n", None),
        (HEAD, {}), ("tool = 7 # bpmax_sim\n", None), ("[tool]\nbpmax_sim = 7\n", None),
        ("bpmax_sim: {", None), (f"{HEAD}language = 'zh'\n", {"language": "zh"}),
    ],
)  # fmt: skip
def test_settings_are_a_table_or_none(
    tmp_path: Path, text: str | None, settings: dict[str, object] | None
) -> None:
    if text is not None:
        write(tmp_path, "pyproject.toml", text)
    assert read_settings(tmp_path) == settings


def test_a_setting_of_another_type_is_as_if_it_were_not_there(tmp_path: Path) -> None:
    text = f"{HEAD}language = 7\njobs = 'a'\nnot_secret = 'body.a'\n"
    write(tmp_path, "pyproject.toml", text)
    assert (read_language(tmp_path), read_ci_jobs(tmp_path)) == (None, ())
    assert read_not_secret_places(tmp_path) == ()
    write(tmp_path, "pyproject.toml", f"{HEAD}jobs = ['构建', 7]\nnot_secret = ['a.b']\n")
    assert (read_ci_jobs(tmp_path), read_not_secret_places(tmp_path)) == (("构建", "7"), ("a.b",))


@pytest.mark.parametrize(
    ("there", "start", "root"),
    [
        (["项目/scenarios/采购/"], "项目/scenarios/采购/a.yaml", "项目"),
        (["项目/scenarios/采购/"], "项目/scenarios", "项目"),
        (["项目/scenarios/", "项目/内/scenarios/"], "项目/内/a.yaml", "项目/内"),
        (["项目/scenarios/", "项目/内/a.js"], "项目/内/a.js", "项目"),
        (["项目/scenarios"], "项目/a.yaml", "项目"),  # a file of that name makes no project
        (["项目/a/"], "项目/a", "项目/a"),
        (["项目/a/"], "项目/a/没有.yaml", "项目/a"),
    ],
)
def test_the_root_is_the_nearest_folder_that_is_a_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: list[str], start: str, root: str
) -> None:
    for name in there:
        if name.endswith("/"):
            (tmp_path / name).mkdir(parents=True)
        else:
            write(tmp_path, name)
    monkeypatch.chdir(tmp_path)

    assert find_root(Path(start)) == tmp_path / root
    is_project = (tmp_path / root / "scenarios").is_dir()
    other = tmp_path / "别处"
    assert find_root(tmp_path / start, other) == (tmp_path / root if is_project else other)


@pytest.mark.parametrize(
    ("text", "is_project"),
    [
        ("[tool.bpmax_sim]\n", True), ("[tool.bpmax_sim]\nlanguage = 'zh'\n", True),
        ("tool.bpmax_sim.jobs = []\n", True), ("[tool.other]\n", False), ("", False),
        ("[tool.bpmax_sim\n", False), ("[tool]\nbpmax_sim = 1\n", False),
    ],
)  # fmt: skip
def test_a_folder_with_our_table_is_a_project(tmp_path: Path, text: str, is_project: bool) -> None:
    write(tmp_path, "项目/pyproject.toml", text)
    write(tmp_path, "项目/内/a.yaml")

    assert find_root(tmp_path / "项目/内/a.yaml", tmp_path) == (
        tmp_path / "项目" if is_project else tmp_path
    )


@pytest.mark.parametrize(
    ("settings", "there", "folders"),
    [
        ("", [], []), ("", ["scenarios/platforms/a.yaml"], ["scenarios/platforms"]),
        ("platforms = '平台'", ["平台/a.yaml", "scenarios/platforms/a.yaml"], ["平台"]),
        ("platforms = ['乙', '甲/../甲']", ["甲/a.yaml", "乙/a.yaml"], ["乙", "甲"]),
        ("platforms = 'a.yaml'", ["a.yaml"], ["a.yaml"]),
        ("platforms = []", ["scenarios/platforms/a.yaml"], ["scenarios/platforms"]),
        ("platforms = '没有'", [], None), ("platforms = 7", [], None),
        ("platforms = ['甲', 7]", ["甲/a.yaml"], None),
        ("platforms = ['甲', '']", ["甲/a.yaml"], None),
    ],
)  # fmt: skip
def test_platforms_lie_where_the_project_says(
    tmp_path: Path, settings: str, there: list[str], folders: list[str] | None
) -> None:
    for name in there:
        write(tmp_path, name)
    write(tmp_path, "pyproject.toml", f"{HEAD}{settings}\n")
    if folders is None:
        with pytest.raises(ValueError, match="expected folders of platform files, got"):
            find_platform_folders(tmp_path)
    else:
        assert find_platform_folders(tmp_path) == tuple(tmp_path / one for one in folders)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", f'{HEAD}not_secret = ["body.号"]\n'),
        ("a = 1\n", f'a = 1\n\n{HEAD}not_secret = ["body.号"]\n'),
        (HEAD, f'{HEAD}not_secret = ["body.号"]\n'),
        (f'{HEAD}not_secret = ["b"]\n', f'{HEAD}not_secret = ["body.号", "b"]\n'),
        (f"{HEAD}not_secret = []\n", f'{HEAD}not_secret = ["body.号", ]\n'),
        (f"{HEAD}not_secret=['b']\n", None),
        ("[tool]\nbpmax_sim = 7\n", None),
        ("[tool\n", None),
    ],
)
def test_a_place_that_is_no_secret_is_added_in_front(before: str, after: str | None) -> None:
    assert with_not_secret_place(before, "body.号") == after


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("[tool.bpmax_sim.defaults.vars]\n税率 = 0.13\n", 2, "Invalid statement (at line 2"),
        ("[tool.bpmax_sim]\nstrict = [\n", 1, ""),
        ("[tool.bpmax_sim]\n# 采购\n".encode("gbk"), 1, "'utf-8' codec can't decode byte 0xb2"),
    ],
)  # fmt: skip
def test_settings_that_are_not_toml_are_told_as_none_has_an_effect(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str | bytes, line: int, says: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CI", raising=False)
    Path("pyproject.toml").write_bytes(text if isinstance(text, bytes) else text.encode())

    with pytest.warns(IgnoredSettingWarning) as told:
        assert find_strictness(tmp_path / "大额.scenario.yaml", tmp_path) == "normal"

    (one,) = told
    assert (one.filename, one.lineno) == ("pyproject.toml", line)
    assert f"is not TOML, so no setting in it has an effect: {says}" in str(one.message)


def test_settings_that_are_not_toml_are_refused_in_ci_where_nobody_reads_warnings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CI", "true")
    text = '[tool.bpmax_sim]\nstrict = ["scenarios/合同"]\n[tool.bpmax_sim.defaults.vars]\n'
    Path("pyproject.toml").write_text(f"{text}税率 = 0.13\n", "utf-8")
    scenario = Path("scenarios/合同/大额.scenario.yaml")
    scenario.parent.mkdir(parents=True)
    scenario.write_text("scenario: 大额\nsteps: [{js: return 1, expect: {result: 1}}]\n", "utf-8")

    with pytest.warns(IgnoredSettingWarning), pytest.raises(ConfigError) as told:
        load_items(scenario)

    assert str(told.value) == (
        "pyproject.toml: pyproject.toml is not TOML, so no setting in it has an effect: Invalid "
        "statement (at line 4, column 1); a key of Chinese characters has to stand in quotes: "
        '"税率" = 0.13'
    )


@pytest.mark.parametrize(
    ("text", "header", "is_red_in_ci"),
    [
        ("[tool.bpmax-sim]\nstrict = true\n", "tool.bpmax-sim", True),
        ("[tool.bpmaxsim]\n", "tool.bpmaxsim", True),
        ("[tool.BPMAX_SIM]\n", "tool.BPMAX_SIM", True),
        ("[tool.bpmax-sim.defaults]\nclock = '2026-03-02'\n", "tool.bpmax-sim", True),
        ('[tool."bpmax-sim"]\n', 'tool."bpmax-sim"', True),
        ("[bpmax_sim]\nlanguage = 'zh'\n", "bpmax_sim", True),
        ("[tool.bpmax_smi]\nstrict = true\n", "tool.bpmax_smi", False),
        ("[tool.bpmax]\nlenient = true\n", "tool.bpmax", False),
        ("[bpmax_smi]\nlanguage = 'zh'\n", "bpmax_smi", False),
        ("[tool.'bpmax-smi']\nlanguage = 'zh'\n", "tool.'bpmax-smi'", False),
        ("[tool.bpmax_sim]\nstrict = true\n[tool.bpmax-sim]\nlanguage = 'zh'\n",
         "tool.bpmax-sim", True),
        ("[tool.bpmax_sim]\nlanguage = 'zh'\n[tool.bpmax-sim]\nstrict = 1\n", "tool.bpmax-sim",
         False),
    ],
)  # fmt: skip
def test_a_table_that_is_not_ours_by_its_name_alone_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, header: str, *, is_red_in_ci: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CI", "true")
    Path("pyproject.toml").write_text(f"[project]\nname = 'x'\n{text}", "utf-8")
    told = f"[{header}] is not read, so no setting in it has an effect; write [tool.bpmax_sim]"

    refused = pytest.raises(ValueError, match=re.escape(told)) if is_red_in_ci else nullcontext()
    with pytest.warns(IgnoredSettingWarning) as warned, refused:
        assert find_strictness(tmp_path / "大额.scenario.yaml", tmp_path) == "normal"

    line = 3 if text.startswith(f"[{header}") else 5
    assert [(str(one.message), one.lineno) for one in warned] == [(told, line)]


@pytest.mark.parametrize(
    "text",
    [
        "[tool.bumpversion]\nstrict = true\n", "[tool.black]\n", "[tool.mbpmax]\nstrict = 1\n",
        "[tool.bpmax]\nurl = 'https://bpmax.test'\n", "[tool.bpmax_deploy]\nserver = 'x'\n",
        "[tool.bpmax_sim]\n[tool.bpmax_sim.defaults]\nclock = '2026-03-02'\n",
        "[tool.bpmax_sim.defaults.vars]\n", "# [tool.bpmax-sim]\n", "[build-system]\n",
        "[[tool.mypy.overrides]]\nmodule = 'bpmax-sim'\n",
    ],
)  # fmt: skip
def test_tables_of_other_tools_are_not_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("pyproject.toml").write_text(text, "utf-8")

    assert find_strictness(tmp_path / "大额.scenario.yaml", tmp_path) == "normal"


@pytest.mark.parametrize("text", ["[tool.other]\n税率 = 1\n", "[tool.bpmax_sim]\n", "", None])
def test_what_is_no_settings_of_ours_or_sound_is_not_told(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "pyproject.toml").write_text(text, "utf-8")

    assert find_strictness(tmp_path / "大额.scenario.yaml", tmp_path) == "normal"


DEFAULTS = "[tool.bpmax_sim.defaults]\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", f'{DEFAULTS}clock = "九点\\\\"\n'),
        ("a = 1\n", f'a = 1\n\n{DEFAULTS}clock = "九点\\\\"\n'),
        (f"{DEFAULTS}people = 'p.yaml'\n", f"{DEFAULTS}clock = \"九点\\\\\"\npeople = 'p.yaml'\n"),
        (
            f"{DEFAULTS}clock = 'x'\npeople = 'p'\n",
            f"{DEFAULTS}clock = \"九点\\\\\"\npeople = 'p'\n",
        ),
        (f"clock = \"y\"\n{DEFAULTS}clock = 'x'\n", None),
        ("tool.bpmax_sim.defaults = {clock = 'x'}\n", None),
        ("[tool", None), ("tool = 5\n", None), ("[tool]\nbpmax_sim = 'a'\n", None),
        ("[tool.bpmax_sim]\ndefaults = ['a']\n", None), ("a = 1\na = 2\n", None),
    ],
)  # fmt: skip
def test_a_default_is_set_without_another_change(before: str, after: str | None) -> None:
    found = with_setting_in_defaults(before, "clock", "九点\\")

    assert found == after
    if found:
        table = tomllib.loads(found)["tool"]["bpmax_sim"]["defaults"]
        assert table["clock"] == "九点\\"


def test_files_below_are_sorted_and_those_of_other_programs_left_out(tmp_path: Path) -> None:
    for name in (
        "b.py", "a.py", "乙/c.py", "甲/d.py", "甲/e.js", ".venv/f.py", "node_modules/g.py",
        "环境/pyvenv.cfg", "环境/lib/h.py", ".隐.py", "夹.py/i.py",
    ):  # fmt: skip
        write(tmp_path, name)

    found = [path.relative_to(tmp_path).as_posix() for path in find_files_below(tmp_path, ".py")]
    assert found == [".隐.py", "a.py", "b.py", "乙/c.py", "夹.py/i.py", "甲/d.py"]
    several = find_files_below(tmp_path / "甲", (".py", ".js"))
    assert [path.name for path in several] == ["d.py", "e.js"]
    assert [*find_files_below(tmp_path / "没有", ".py")] == []


@pytest.mark.parametrize(
    ("there", "found"),
    [
        ([], ""), (["a/instances.yaml"], "a/instances.yaml"),
        (["instances.yaml"], "instances.yaml"),
        (["instances.yaml", "a/instances.yaml"], "a/instances.yaml"),
        (["a/b/instances.yaml"], ""), (["a/instances.local.yaml"], "a/instances.yaml"),
        (["a/instances.yaml/x"], ""),
    ],
)  # fmt: skip
def test_instances_lie_above_a_folder_of_platforms(
    tmp_path: Path, there: list[str], found: str
) -> None:
    for name in there:
        write(tmp_path, name)
    (tmp_path / "a/b").mkdir(parents=True, exist_ok=True)

    result = find_instances_file_above(str(tmp_path / "a/b"))
    assert result == (str(tmp_path / found) if found else "")
    assert to_local_override("a.b/测试.yaml") == "a.b/测试.local.yaml"
    assert to_local_override("a.b/测试") == "a.b/测试.local"


def test_a_stamp_changes_with_each_platform_file_and_both_files_of_instances(
    tmp_path: Path,
) -> None:
    folder, instances = tmp_path / "platforms", tmp_path / "instances.yaml"
    seen = [compute_folder_stamp(str(folder), str(instances))]
    for path in (
        folder / "a.yaml",
        folder / "深/b.yml",
        instances,
        tmp_path / "instances.local.yaml",
    ):
        write(path.parent, path.name)
        seen.append(compute_folder_stamp(str(folder), str(instances)))
        os.utime(path, ns=(1, 1))
        seen.append(compute_folder_stamp(str(folder), str(instances)))
    (folder / "深").rename(folder / "浅")
    seen.append(compute_folder_stamp(str(folder), str(instances)))
    assert len({*seen}) == len(seen)
    for name in ("说明.md", ".git/c.yaml"):
        write(folder, name)
    assert compute_folder_stamp(str(folder), str(instances)) == seen[-1]
    assert compute_folder_stamp("", "") == (("", -1, 0),)
    assert compute_file_stamp(str(folder / "没有")) == ((str(folder / "没有"), -1, 0),)
    assert compute_file_stamp(str(instances)) == ((str(instances), 0, 1),)


@needs_links
def test_a_link_to_nothing_or_in_a_circle_ends(tmp_path: Path) -> None:
    write(tmp_path, "a.yaml")
    (tmp_path / "b.yaml").symlink_to(tmp_path / "没有.yaml")
    (tmp_path / "圈").symlink_to(tmp_path)

    stamps = compute_folder_stamp(str(tmp_path), "", levels=2)
    assert (
        sorted((Path(path).name, size) for path, size, _ in stamps)
        == [("a.yaml", 0)] * 3 + [("b.yaml", -1)] * 3
    )


def test_what_runs_write_is_hidden_from_git(tmp_path: Path) -> None:
    make_parent_folder(tmp_path / "项目/.bpmax/trace/采购/a.ndjson")
    ignore = tmp_path / "项目/.bpmax/.gitignore"
    assert ignore.read_text("utf-8") == "# Made by bpmax-sim.\n*\n"
    assert [*tmp_path.rglob(".gitignore")] == [ignore]
    ignore.write_text("trace\n", encoding="utf-8")
    make_parent_folder(tmp_path / "项目/.bpmax/b")
    make_parent_folder(tmp_path / "别处/c")
    assert ignore.read_text("utf-8") == "trace\n"
    assert (tmp_path / "别处").is_dir()


def test_paths_are_joined_without_asking_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert join_to_file("scenarios/采购/a.yaml", "../脚本/b.js") == Path("scenarios/脚本/b.js")
    assert join_to_file(Path("a.yaml"), "b.js") == Path("b.js")
    assert join_to_file("a.yaml", str(tmp_path / "b.js")) == tmp_path / "b.js"
    assert to_absolute_path("a/../b") == str(tmp_path / "b")
    assert to_absolute_path(tmp_path) == str(tmp_path)
    write(tmp_path, "a.js").write_bytes("采购".encode("gbk"))
    assert read_searched_text("a.js") == "采购".encode("gbk").decode("utf-8", "replace")
    assert read_searched_text("没有.js") == ""
