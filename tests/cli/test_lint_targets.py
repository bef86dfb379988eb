"""Which scenario files and cassettes `lint` looks at, by what its command line names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.cli.project import Command, Project

SCENARIO = "version: 1\nscenario: {}\nproxy: {{cassette: {}}}\nsteps: [{{js: 'form.a = 1'}}]\n"
PLATFORM = "scenarios/platforms/crm_system.yaml"
FIRST = "scenarios/甲.scenario.yaml"
EVERY = ["a", "b", "c"]


@pytest.fixture(name="folder")
def damaged(recorded: Project) -> Path:
    """Return a project with a cassette of each of two scenarios, and one that none plays.

    Each is damaged, so that `lint` tells of it wherever it looks at it, and a recording of each was
    interrupted.
    """
    folder = recorded.folder
    data = recorded.cassette.read_bytes().replace("张三".encode(), "张四".encode())
    for path in (recorded.cassette, recorded.scenario):
        path.unlink()
    (folder / "scenarios/采购").mkdir()
    (folder / FIRST).write_text(SCENARIO.format("甲", "a"), "utf-8")
    (folder / "scenarios/采购/乙.scenario.yaml").write_text(SCENARIO.format("乙", "b"), "utf-8")
    for name in EVERY:
        (folder / f"cassettes/{name}.yaml").write_bytes(data)
        (folder / f"cassettes/{name}.yaml.1-2.journal").write_bytes(b"")
    return folder


@pytest.mark.parametrize(
    ("paths", "files", "looked_at"),
    [
        ([], 2, EVERY),
        (["."], 2, EVERY),
        (["scenarios"], 2, EVERY),
        (["scenarios", "scenarios/采购"], 2, EVERY),
        (["scenarios/采购"], 1, ["b"]),
        (["scenarios/采购/../采购"], 1, ["b"]),
        ([FIRST], 1, ["a"]),
        ([FIRST, FIRST], 1, ["a"]),
        ([FIRST, "scenarios/采购"], 2, ["a", "b"]),
        (["cassettes/c.yaml"], 0, ["c"]),
        (["cassettes/c.yaml", "cassettes/a.yaml"], 0, ["a", "c"]),
        (["cassettes/c.yaml", FIRST], 1, ["a", "c"]),
        (["cassettes"], 0, EVERY),
        (["cassettes", "cassettes/a.yaml"], 0, EVERY),
        (["cassettes/旧", "cassettes/c.yaml"], 0, ["c"]),
        (["cassettes/旧", FIRST], 1, ["a"]),
        (["scenarios/platforms"], 2, EVERY),
        (["scenarios/scripts", "cassettes/c.yaml"], 2, EVERY),
        ([FIRST, PLATFORM], 2, EVERY),
        ([PLATFORM, "cassettes/c.yaml"], 2, EVERY),
        ([PLATFORM], 2, EVERY),
        (["scenarios/scripts/customer.js"], 2, EVERY),
        (["cassettes/c.yaml", "scenarios/instances.yaml"], 2, EVERY),
    ],
)
def test_what_is_named_says_which_files_are_looked_at(
    folder: Path, bs: Command, paths: Sequence[str], files: int, looked_at: list[str]
) -> None:
    (folder / "cassettes/旧").mkdir()
    (folder / "cassettes/旧/其他.yaml").write_text("别的工具\n", "utf-8")

    done = bs("lint", *paths)

    assert folder.is_dir()
    assert sorted(re.findall(r"^cassettes/(\w)\.yaml:\d+: ", done.err, re.MULTILINE)) == looked_at
    *_, last = done.err.splitlines()
    assert last.partition(":")[0] == f"{files} scenario file{'' if files == 1 else 's'}"
    assert done.code == 2


@pytest.mark.parametrize("paths", [["platforms/crm.yaml"], [FIRST, "scenarios/丙.js"]])
def test_what_is_not_there_is_told_and_no_whole_project_is_looked_at(
    folder: Path, bs: Command, paths: Sequence[str]
) -> None:
    done = bs("lint", *paths)

    assert folder.is_dir()
    assert (done.code, done.out) == (2, "")
    (line,) = done.err.splitlines()
    assert line.startswith(f"{paths[-1]}: file or folder not found; ")


@pytest.mark.parametrize(
    ("paths", "interrupted"),
    [
        ([], EVERY), (["scenarios/采购"], ["b"]), ([FIRST], ["a"]), (["cassettes/c.yaml"], ["c"]),
        (["cassettes/c.yaml", FIRST], ["a", "c"]), ([PLATFORM], EVERY),
    ],
)  # fmt: skip
def test_interrupted_recordings_are_told_of_the_cassettes_that_are_looked_at(
    folder: Path, bs: Command, paths: Sequence[str], interrupted: list[str]
) -> None:
    done = bs("lint", *paths)

    told = "a recording was interrupted here; seal it with `bpmax-sim cassette recover "
    found = re.findall(rf"^cassettes/(\w)\.yaml\.1-2\.journal: {told}", done.err, re.MULTILINE)
    assert folder.is_dir()
    assert sorted(found) == interrupted
    assert "journal" not in bs("lint", "--no-cassettes", *paths).err


def test_what_has_no_cassettes_folder_is_looked_through_all_the_same(
    tmp_path: Path, bs: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scenarios").mkdir()
    (tmp_path / FIRST).write_text(SCENARIO.format("甲", "a"), "utf-8")

    assert bs("lint").err == "1 scenario file: sound\n"


@pytest.mark.parametrize(
    ("name", "data", "is_cassette"),
    [
        ("旁边.yaml", b"version: 1\nbpmax: {", True), ("旁边.yml", b"version: 1\nbpmax: {", False),
        ("旁边.yaml", b"version: 1\nbpmax: [", False), ("旁边.yaml", b"", False),
        ("旁边.yaml", b"\nversion: 1\nbpmax: {", False),
    ],
)  # fmt: skip
def test_a_cassette_is_known_by_its_first_lines(
    folder: Path, bs: Command, name: str, data: bytes, *, is_cassette: bool
) -> None:
    (folder / name).write_bytes(data)

    done = bs("lint", name)

    number = 0 if is_cassette else 2  # it alone, or the whole project
    assert done.err.splitlines()[-1].startswith(f"{number} scenario files: ")


@pytest.mark.parametrize(
    ("where", "warning"),
    [
        ("scenarios/defaults.yaml", ""),
        ("scenarios/采购/defaults.yaml", ""),
        ("scenarios/空/defaults.yaml",
         "no scenario lies in scenarios/空 or below, so nothing inherits this"),
        ("scenarios/采购/defaults.yml", "only defaults.yaml is read as defaults; rename the file"),
        ("scenarios/采购/others.yaml", ""),
    ],
)  # fmt: skip
def test_defaults_that_nothing_inherits_are_a_warning_of_the_whole_project(
    folder: Path, bs: Command, where: str, warning: str
) -> None:
    (folder / where).parent.mkdir(exist_ok=True)
    (folder / where).write_text("lang: zh\n", "utf-8")

    lines = bs("lint", "--no-cassettes").err.splitlines()
    told = [line for line in lines if line.startswith("warning: ")]
    assert told == ([f"warning: {where}:1:1: {warning}"] if warning else [])
    assert "warning" not in bs("lint", FIRST).err


@pytest.mark.parametrize(
    ("paths", "is_told"),
    [
        ([], True), (["."], True), (["scenarios"], True), (["scenarios/采购"], True),
        (["scenarios/空"], False), ([FIRST], False), (["scenarios/空", "scenarios/采购"], True),
    ],
)  # fmt: skip
def test_a_run_of_its_folder_tells_of_a_scenario_that_is_none_by_its_name(
    folder: Path, bs: Command, paths: Sequence[str], *, is_told: bool
) -> None:
    (folder / "scenarios/空").mkdir()
    (folder / "scenarios/采购/丙.scenario.yml").write_text(SCENARIO.format("丙", "c"), "utf-8")

    lines = bs("run", *paths).err.splitlines()
    told = [line for line in lines if line.startswith("warning: scenarios")]
    warning = (
        "warning: scenarios/采购/丙.scenario.yml:1:1: the names of scenarios end with "
        ".scenario.yaml, so this one is in no run; rename it to 丙.scenario.yaml"
    )
    assert told == ([warning] if is_told else [])


def test_a_project_of_nothing_else_tells_of_it(
    tmp_path: Path, bs: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "scenarios/丙.yaml").write_text(SCENARIO.format("丙", "c"), "utf-8")
    warning = (
        "warning: scenarios/丙.yaml:1:1: the names of scenarios end with .scenario.yaml, so this "
        "one is in no run; rename it to 丙.scenario.yaml\n"
    )

    assert bs("lint").err == f"{warning}0 scenario files: sound, 1 warning\n"
    assert bs("run").err.startswith(warning)


CASSETTE = "cassettes/crm/customer.yaml"
STALE = "nothing at body.data.name looks like a secret in any recording; remove the entry"
MOVES = "`bpmax-sim migrate` moves that for good"
NO_CHOICE = "the default 'opened' is none of open, closed; did you mean 'open'?"
NOT_SECRET = "    not_secret: [body.data.name]\n    method: GET"


@pytest.mark.parametrize(
    ("paths", "is_told"),
    [
        ([], True), (["."], True), (["scenarios/customer.scenario.yaml"], False),
        ([CASSETTE], False), ([PLATFORM, CASSETTE], False),
    ],
)  # fmt: skip
def test_a_declaration_that_nothing_needs_is_a_hint_where_all_cassettes_are_looked_at(
    recorded: Project, bs: Command, paths: Sequence[str], *, is_told: bool
) -> None:
    recorded.edit(recorded.folder / PLATFORM, "    method: GET", NOT_SECRET)
    recorded.edit(
        recorded.scenario,
        "platforms: platforms/",
        "platforms: platforms/\n  instances: instances.yaml",
    )

    done = bs("lint", *paths)

    hints = [line for line in done.err.splitlines() if line.startswith("hint: ")]
    assert done.code == 0
    assert hints == is_told * [f"hint: crm_system: apis.get_customer_detail: not_secret: {STALE}"]


def test_a_hint_and_a_warning_of_platforms_that_are_read_twice_are_told_once(
    recorded: Project, bs: Command
) -> None:
    (recorded.folder / "pyproject.toml").write_text("[tool.bpmax_sim]\nlenient = true\n", "utf-8")
    recorded.edit(recorded.folder / PLATFORM, "apis:", (
        "timeout: 30000\nwas: [客户]\napis:\n  列表:\n    path: /list\n    was: [旧, 老]\n"
        "    parameters: [{name: 状态, in: query, enum: [open, closed], default: opened}]"
    ))  # fmt: skip
    for number, more in enumerate(("", "  instances: instances.yaml\n")):
        text = f"version: 1\nscenario: 合同{number}\nproxy:\n  platforms: platforms/\n{more}"
        text += "steps: [{js: 'form.a = 1'}]\n"
        (recorded.folder / f"scenarios/{number}.scenario.yaml").write_text(text, "utf-8")

    done = bs("lint")

    assert done.err.splitlines() == [
        f"hint: crm_system also plays what was recorded as 客户; {MOVES}",
        f"hint: crm_system.列表 also plays what was recorded as 旧, 老; {MOVES}",
        f"warning: {PLATFORM}:18:71: apis.列表.parameters[0].default: {NO_CHOICE}",
        (
            f"warning: {PLATFORM}:12:10: crm_system: timeout: 30000 is in seconds; write 30 where "
            "milliseconds are meant"
        ),
        "3 scenario files: sound, 2 warnings",
    ]


def test_cassettes_of_a_project_without_scenarios_are_looked_at(folder: Path, bs: Command) -> None:
    for path in (FIRST, "scenarios/采购/乙.scenario.yaml"):
        (folder / path).unlink()

    lines = bs("lint").err.splitlines()
    assert [one[:12] for one in lines] == [
        *[f"cassettes/{one}." for one in EVERY * 2],
        "0 scenario f",
    ]
