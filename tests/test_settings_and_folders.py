"""A project's root, settings and folders: which one counts, what is refused, when it is read anew."""  # noqa: E501

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

from bpmax_sim import project
from bpmax_sim.errors import IgnoredSettingWarning
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
    read_setting,
    read_settings,
    to_absolute_path,
    to_local_override,
    with_not_secret_place,
    with_setting_in_defaults,
)

Make = Callable[..., Path]


@pytest.fixture(name="root", autouse=True)
def entered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CI", raising=False)
    return tmp_path


def settings(folder: Path, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pyproject.toml").write_text(text, encoding="utf-8")
    return folder


def make(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        if name.endswith("/"):
            path.mkdir(parents=True, exist_ok=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()


def told(path: Path, root: Path) -> tuple[str, list[str]]:
    """Return the strictness at *path* (or why there is none) and the warnings with their lines."""
    project._warn_of_settings_without_effect.cache_clear()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            found: str = find_strictness(path, root)
        except ValueError as error:
            found = f"! {error}"
    assert all(issubclass(one.category, IgnoredSettingWarning) for one in caught)
    return found, [f"{one.filename}:{one.lineno}: {one.message}" for one in caught]


def test_the_root_is_the_nearest_folder_with_scenarios_or_settings(root: Path) -> None:
    make(root, "a/scenarios/crm/x.scenario.yaml", "a/b/c/", "a/d/e/", "a/f/scenarios")
    settings(root / "a/b", "[tool.bpmax_sim]\n")
    settings(root / "a/d", "[tool.other]\nname = 1\n")
    settings(root / "a/f", "[tool.bpmax_sim\n")
    a = root / "a"

    assert [
        find_root(a / name)
        for name in ("scenarios/crm/x.scenario.yaml", "b/c", "b", "d/e", "f", "b/no.yaml")
    ] == [
        a,
        a / "b",
        a / "b",
        a,
        a,
        a / "b",
    ]
    assert find_root(root / "x.yaml") == find_root(root) == root
    assert find_root(root / "x.yaml", Path("other")) == Path("other")
    assert find_root(Path("a/b/c")) == a / "b"


def test_settings_are_those_of_one_table(root: Path) -> None:
    texts = {
        "[tool.bpmax_sim]\nlanguage = 'zh'\n": {"language": "zh"},
        "[tool]\nbpmax_sim = 5\n": None,
        "tool = 5 # bpmax_sim\n": None,
        "[tool.other]\n": None,
        "[tool.bpmax_sim\n": None,
        "# bpmax_sim\n": None,
        "": None,
    }
    found = {}
    for text in texts:
        settings(root, text)
        found[text] = read_settings(root)
    assert found == texts
    (root / "pyproject.toml").write_bytes(b"[tool.bpmax_sim]\n# \xff\n")
    assert read_settings(root) is None
    assert read_settings(root / "no") is None
    settings(
        root, "[tool.bpmax_sim]\nlanguage = 5\njobs = ['一', 2]\nnot_secret = 'x'\nstrict = true\n"
    )
    assert (read_language(root), read_ci_jobs(root), read_not_secret_places(root)) == (
        None,
        ("一", "2"),
        (),
    )
    assert (read_setting(root, "strict"), read_setting(root, "defaults")) == (True, None)
    settings(root, "[tool.bpmax_sim]\nlanguage = 'en'\njobs = '一'\nnot_secret = ['a', 'b']\n")
    assert (read_language(root), read_ci_jobs(root), read_not_secret_places(root)) == (
        "en",
        (),
        ("a", "b"),
    )
    assert read_setting(root / "no", "strict") is None


@pytest.mark.parametrize(
    ("table", "found"),
    [
        pytest.param("", ["normal"] * 4, id="none"),
        pytest.param("strict = true", ["strict"] * 4, id="all strict"),
        pytest.param("strict = false\nlenient = true", ["lenient"] * 4, id="all lenient"),
        pytest.param("strict = ['s']", ["normal", "strict", "strict", "normal"], id="one"),
        pytest.param(
            "strict = ['s']\nlenient = ['s/a']",
            ["normal", "strict", "lenient", "normal"],
            id="inner lenient",
        ),
        pytest.param(
            "strict = ['./s/a/']\nlenient = true",
            ["lenient", "lenient", "strict", "lenient"],
            id="inner strict",
        ),
        pytest.param(
            "strict = ['s', 's/a']\nlenient = ['s']",
            ["normal", "strict", "strict", "normal"],
            id="both",
        ),
    ],
)
def test_the_innermost_folder_decides_how_strict_a_scenario_is(
    table: str, found: list[str], root: Path
) -> None:
    make(root, "s/a/", "s2/")
    settings(root, f"[tool.bpmax_sim]\n{table}\n")
    paths = [Path(name) for name in ("x.yaml", "s/x.yaml", "s/a/x.yaml", "s2/x.yaml")]
    assert [told(path, root)[0] for path in paths] == found


def test_a_wrong_strictness_is_refused_with_the_nearest_folder(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(root, "scenarios/crm/", "scenarios/.hidden/order/", "_build/order/")
    refusals = {
        "strict = ['scenarios/crn']": "strict: there is no folder 'scenarios/crn' beside pyproject.toml; did you mean 'scenarios/crm'?",  # noqa: E501
        "strict = ['/scenarios/crn/']": "strict: there is no folder '/scenarios/crn/' beside pyproject.toml; did you mean 'scenarios/crm'?",  # noqa: E501
        "lenient = ['ordr']": "lenient: there is no folder 'ordr' beside pyproject.toml",
        "lenient = ['.', 5]": "lenient: expected true or a list of folders, got 5",
        "strict = 'all'": "strict: expected true or a list of folders, got 'all'",
        "strict = 1": "strict: expected true or a list of folders, got 1",
    }
    found = {}
    for text in refusals:
        settings(root, f"[tool.bpmax_sim]\n{text}\n")
        found[text] = told(root / "x.yaml", root)[0]
    assert found == {text: f"! [tool.bpmax_sim] {why}" for text, why in refusals.items()}
    assert project._list_folders_for_hints(root) == ["scenarios", "scenarios/crm"]
    monkeypatch.setattr(project, "_MOST_FOLDERS", 3)
    make(root, "many/1/", "many/2/", "many/3/")
    assert project._list_folders_for_hints(root) == ["many", "scenarios", "many/1"]


def test_settings_without_effect_are_told_once_with_their_lines(root: Path) -> None:
    text = (
        "[tool.bpmax_sim]\nlanguag = 'zh'\njobs = 'all'\nnot_secret = 5\neditor = 1\n"
        "language = ['zh']\nzzz = 1\n[tool.bpmax-sim]\nstrict = true\n"
    )
    settings(root, text)
    keys = "platforms, defaults, strict, lenient, language, editor, not_secret, jobs"
    lines = [
        "pyproject.toml:8: [tool.bpmax-sim] is not read, so no setting in it has an effect; "  # noqa: ISC004
        "write [tool.bpmax_sim]",
        "pyproject.toml:2: [tool.bpmax_sim] has no key 'languag'; did you mean 'language'?",
        "pyproject.toml:3: [tool.bpmax_sim] jobs: expected a list of texts, got 'all', which is ignored",  # noqa: E501
        "pyproject.toml:4: [tool.bpmax_sim] not_secret: expected a list of texts, got 5, which is ignored",  # noqa: E501
        "pyproject.toml:5: [tool.bpmax_sim] editor: expected a text, got 1, which is ignored",
        "pyproject.toml:6: [tool.bpmax_sim] language: expected a text, got ['zh'], which is ignored",  # noqa: E501
        f"pyproject.toml:7: [tool.bpmax_sim] has no key 'zzz'; there are {keys}",
    ]
    assert told(root / "x.yaml", root) == ("normal", lines)
    with warnings.catch_warnings(record=True) as again:
        warnings.simplefilter("always")
        assert find_strictness(root / "x.yaml", root) == "normal"
    assert again == []
    settings(root, text.replace("zzz = 1", "strict = true"))
    assert told(root / "x.yaml", root)[0] == f"! {lines[1].partition(': ')[2]}"


@pytest.mark.parametrize(
    ("header", "is_told", "is_certain"),
    [
        pytest.param("tool.bpmax-sim", True, True, id="dash"),
        pytest.param("tool.bpmaxsim.defaults", True, True, id="inside"),
        pytest.param(" bpmax_sim ", True, True, id="without tool"),
        pytest.param('tool."bpmax-sim"', True, True, id="quoted"),
        pytest.param("tool.BPMAX_SIM", True, True, id="case"),
        pytest.param("tool.bpmx_sim", True, False, id="near, with a setting"),
        pytest.param("tool.bpmax_sim", False, False, id="right"),
        pytest.param("tool.bumpversion", False, False, id="another"),
        pytest.param("tool.black", False, False, id="no m"),
    ],
)
def test_a_table_with_nearly_our_name_is_told_of(
    header: str, is_told: bool, is_certain: bool, root: Path
) -> None:
    settings(root, f"# a\n\n[{header}]\nstrict = false\n")
    found, lines = told(root / "x.yaml", root)
    message = f"[{header.strip()}] is not read".replace(".defaults", "")

    assert (found, len(lines)) == ("normal", int(is_told))
    assert all(line.startswith(f"pyproject.toml:3: {message}") for line in lines)
    if is_told and not is_certain:
        settings(root, f"[{header}]\nname = 1\n")
        assert told(root / "x.yaml", root) == ("normal", [])
    settings(root, f"[tool.bpmax_sim]\nstrict = true\n[{header}x]\n" if is_certain else "")
    os.environ["CI"] = "1"
    try:
        settings(root, f"[{header}]\nstrict = false\n")
        assert told(root / "x.yaml", root)[0].startswith("! ") is is_certain
    finally:
        del os.environ["CI"]


def test_a_damaged_file_of_settings_is_told_and_refused_in_ci(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings(root, "[tool.bpmax_sim]\n税率 = 1\n")
    found, lines = told(root / "x.yaml", root)
    assert (found, len(lines)) == ("normal", 1)
    assert lines[0].startswith(
        "pyproject.toml:2: pyproject.toml is not TOML, so no setting in it has an effect: "
    )
    assert lines[0].endswith('; a key of Chinese characters has to stand in quotes: "税率" = 0.13')
    (root / "pyproject.toml").write_bytes(b"[tool.bpmax_sim]\n# \xff\n")
    assert [line[:17] for line in told(root / "x.yaml", root)[1]] == ["pyproject.toml:1:"]
    monkeypatch.setenv("CI", "1")
    assert told(root / "x.yaml", root)[0].startswith("! pyproject.toml is not TOML")
    settings(root, "[tool.other]\n税率 = 1\n")
    assert told(root / "x.yaml", root) == ("normal", [])
    (root / "pyproject.toml").unlink()
    assert told(root / "x.yaml", root) == ("normal", [])


def test_a_wrong_setting_is_no_error_in_ci_where_the_rest_can_be_read(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "1")
    settings(root, "[tool.bpmax_sim]\nzzz = 1\n")
    found, lines = told(root / "x.yaml", root)
    assert (found, len(lines)) == ("normal", 1)
    settings(root, "[bpmx_sim]\nstrict = true\n")
    assert [line[:31] for line in told(root / "x.yaml", root)[1]] == [
        "pyproject.toml:1: [bpmx_sim] is"
    ]


def test_platform_folders_are_those_named_or_the_usual_one(root: Path) -> None:
    assert find_platform_folders(root) == ()
    make(root, "scenarios/platforms/", "a/", "b.yaml", "5/")
    usual = root / "scenarios/platforms"
    assert find_platform_folders(root) == (usual,)
    named = {"'a'": ("a",), "['a', './b.yaml']": ("a", "b.yaml"), "[]": ("scenarios/platforms",)}
    found = {}
    for text in named:
        settings(root, f"[tool.bpmax_sim]\nplatforms = {text}\n")
        found[text] = find_platform_folders(root)
    assert found == {text: tuple(root / one for one in names) for text, names in named.items()}
    for text, shown in (("'no'", "'no'"), ("['a', 5]", "5"), ("''", "''"), ("true", "True")):
        settings(root, f"[tool.bpmax_sim]\nplatforms = {text}\n")
        with pytest.raises(ValueError, match="expected folders of platform files") as refused:
            find_platform_folders(root)
        assert str(refused.value).endswith(f", got {shown}")


def test_a_place_is_declared_not_secret_in_front_of_the_others() -> None:
    ours = "[tool.bpmax_sim]\n"
    texts: dict[str, str | None] = {
        "": f'{ours}not_secret = ["a.\\"客"]\n',
        "[project]\nname = 'x'\n": f'[project]\nname = \'x\'\n\n{ours}not_secret = ["a.\\"客"]\n',
        f"{ours}strict = true\n": f'{ours}not_secret = ["a.\\"客"]\nstrict = true\n',
        f"{ours}not_secret = ['b']\n": f'{ours}not_secret = ["a.\\"客", \'b\']\n',
        f"[tool.x]\nnot_secret = ['z']\n{ours}not_secret = ['b']\n": f"[tool.x]\nnot_secret = ['z']\n{ours}not_secret = [\"a.\\\"客\", 'b']\n",  # noqa: E501
        f"{ours}strict = true\n[tool.x]\nnot_secret = ['z']\n": f'{ours}not_secret = ["a.\\"客"]\nstrict = true\n[tool.x]\nnot_secret = [\'z\']\n',  # noqa: E501
        f"{ours}not_secret=['b']\n": None,
        "[tool]\nbpmax_sim = {strict = true}\n": None,
        "[broken\n": None,
    }
    assert {text: with_not_secret_place(text, 'a."客') for text in texts} == texts


def test_a_default_is_set_in_its_table_and_nothing_else_changes() -> None:
    table = "[tool.bpmax_sim.defaults]\n"
    texts: dict[str, str | None] = {
        "": f'{table}clock = "时\\\\"\n',
        "[project]\nclock = 'x'\n": f"[project]\nclock = 'x'\n\n{table}clock = \"时\\\\\"\n",
        f"{table}clock = 'x' # 注\n": f'{table}clock = "时\\\\" # 注\n',
        f'{table}clock\t= "x"\n': f'{table}clock = "时\\\\"\n',
        f"{table}seed = 1\n": f'{table}clock = "时\\\\"\nseed = 1\n',
        f"[a]\nclock = 'x'\n{table}clock = 'y'\n": None,
        f"[a]\nclock = 'x'\n{table}seed = 1\n": f"[a]\nclock = 'x'\n{table}clock = \"时\\\\\"\nseed = 1\n",  # noqa: E501
        f"{table}clock = 5\n": None,
        "tool = 5\n": None,
        "[tool]\nbpmax_sim = 5\n": None,
        "[broken\n": None,
        "[tool.bpmax_sim]\ndefaults = {seed = 1}\n": None,
    }
    assert {text: with_setting_in_defaults(text, "clock", "时\\") for text in texts} == texts


def test_files_are_found_folder_by_folder_without_those_of_other_programs(root: Path) -> None:
    make(
        root,
        "b.yaml",
        "a.yaml",
        "a.yml",
        "sub/c.yaml",
        ".git/x.yaml",
        "node_modules/x.yaml",
        "venv/pyvenv.cfg",
        "venv/x.yaml",
        "venv2/x.yaml",
        "z.yaml/",
        "sub/node_modules.yaml",
    )

    assert [path.relative_to(root).as_posix() for path in find_files_below(root, ".yaml")] == [
        "a.yaml",
        "b.yaml",
        "sub/c.yaml",
        "sub/node_modules.yaml",
        "venv2/x.yaml",
    ]
    assert len(list(find_files_below(str(root), (".yml", "b.yaml")))) == 2
    assert read_searched_text(root / "no") == read_searched_text(root / "sub") == ""
    (root / "a.yaml").write_bytes("客\xff".encode("latin-1", "replace") + b"\xff")
    assert read_searched_text(root / "a.yaml").endswith("\ufffd")
    assert join_to_file("scenarios/a.yaml", "../x/./b.js") == Path("x/b.js")
    assert to_absolute_path("a/../b") == os.path.join(os.getcwd(), "b")  # noqa: PTH109, PTH118


def test_a_folder_of_ours_is_ignored_by_git_from_its_first_file_on(root: Path) -> None:
    make_parent_folder(root / ".bpmax/trace/a/x.json")
    ignore = root / ".bpmax/.gitignore"
    assert ignore.read_text() == "# Made by bpmax-sim.\n*\n"
    ignore.write_text("mine\n")
    make_parent_folder(root / ".bpmax/trace/x.json")
    make_parent_folder(root / "other/x.json")

    assert ignore.read_text() == "mine\n"
    assert sorted(path.name for path in root.rglob(".gitignore")) == [".gitignore"]
    assert (root / "other").is_dir()


def test_the_nearest_instances_file_above_a_folder_counts(root: Path) -> None:
    make(
        root,
        "a/b/c/",
        "a/instances.local.yaml",
        "instances.yaml",
        "a/b/c/instances.yaml",
        "d/e/",
        "d/instances.yaml/",
    )
    near = str(root / "a/instances.yaml")

    assert [
        find_instances_file_above(str(root / name)) for name in ("a/b/c", "a/b", "a", "d/e")
    ] == [
        near,
        near,
        str(root / "instances.yaml"),
        str(root / "instances.yaml"),
    ]
    assert find_instances_file_above("/") == ""
    assert to_local_override("a.b/instances.yaml") == "a.b/instances.local.yaml"


def test_a_stamp_changes_with_every_file_that_platforms_are_read_from(root: Path) -> None:
    make(
        root,
        "p/a.yaml",
        "p/b.yml",
        "p/c.txt",
        "p/sub/d.yaml",
        "p/.hidden/e.yaml",
        "instances.yaml",
        "p/1/2/3/4/5/6/7/8/deep.yaml",
        "p/1/2/3/4/5/6/7/8/9/deeper.yaml",
    )
    (root / "p/gone.yaml").symlink_to(root / "no")
    (root / "p/sub/d.yaml").write_text("123")
    folder, instances = str(root / "p"), str(root / "instances.yaml")
    stamp = compute_folder_stamp(folder, instances)
    sizes = {Path(path).relative_to(root).as_posix(): size for path, size, _ in stamp}

    assert sizes == {
        "p/a.yaml": 0,
        "p/b.yml": 0,
        "p/sub/d.yaml": 3,
        "p/gone.yaml": -1,
        "instances.yaml": 0,
        "instances.local.yaml": -1,
        "p/1/2/3/4/5/6/7/8/deep.yaml": 0,
    }
    assert [path for path, *_ in stamp][-2:] == [instances, str(root / "instances.local.yaml")]
    assert compute_folder_stamp(str(root / "p/a.yaml"), "") == compute_file_stamp(
        str(root / "p/a.yaml")
    )
    assert compute_folder_stamp("", "") in ((), compute_file_stamp(""))
    assert compute_file_stamp(str(root / "no")) == ((str(root / "no"), -1, 0),)
    os.utime(root / "p/a.yaml", ns=(1, 1))
    assert compute_folder_stamp(folder, instances) != stamp
