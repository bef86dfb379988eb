"""Which scenarios a change in Git reaches, and what it is compared with."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from bpmax_sim.cli.affected import (
    describe_changes,
    find_base,
    find_changed_files,
    narrow_by_use_and_changes,
    rebase_argument_to_root,
)
from bpmax_sim.cli.item_selection import Selection, find_targets
from bpmax_sim.errors import ConfigError
from bpmax_sim.git import SINCE_BRANCHING
from tests.cli.test_affected import git
from tests.files import write_files

FILES = {
    ".gitignore": "*.log\n",
    "scenarios/采购/付款.scenario.yaml": (
        "version: 1\nscenario: 付款\nuse: [片段.yaml]\n"
        "form: {fields: {金额: 1}, scripts: {click.算: ../脚本/算.js}}\nsteps: [{run: 打开}]\n"
    ),
    "scenarios/采购/片段.yaml": "steps: {打开: [{set: {金额: 5}}]}\n",
    "scenarios/脚本/算.js": "const r = await $proxy('crm_system').getCustomer(1);\n",
    "scenarios/采购单/报价.scenario.yaml": (
        "version: 1\nscenario: 报价\ncases: {from: 报价.csv}\nproxy: {cassette: 共用/报价}\n"
        "steps: [{js: return 1}, {python: 'prices:price'}]\n"
    ),
    "scenarios/采购单/报价.csv": "id\n甲\n乙\n",
    "scenarios/采购单/prices.py": "import tax\ndef price(session):\n    return 7\n",
    "scenarios/结算.scenario.yaml": (
        "version: 1\nscenario: 结算\nuse: [财务.yaml]\nsteps: [{run: 算}]\n"
    ),
    "scenarios/财务.yaml": "steps: {算: [{python: 'tax:rate'}]}\n",
    "scenarios/platforms/crm.yaml": (
        "platform_key: crm_system\nbase_url: https://crm.example.test\n"
        "apis: {getCustomer: {method: GET, path: /c}}\n"
    ),
    "scenarios/instances.yaml": "- {platform: crm_system, instance_key: default}\n",
    "tax.py": "def rate(session):\n    return 13\n",
    "cassettes/采购/付款.yaml": "a: 1\n",
    "cassettes/共用/报价/甲.yaml": "a: 1\n",
    "cassettes/共用/报价单.yaml": "a: 1\n",
    "说明.md": "采购\n",
}
PAY, QUOTE, SETTLE = "付款", "报价", "结算"
ALL = [PAY, QUOTE, SETTLE]


@pytest.fixture(name="committed", scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("git")
    write_files(folder, FILES)
    git(folder, "init", "-b", "main")
    git(folder, "add", ".")
    git(folder, "commit", "-m", "begin")
    return folder


@pytest.fixture(name="project")
def copied(committed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(committed, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def narrow(*, uses: str = "", since: str = "") -> list[str]:
    """Return the names of the scenario files that are left."""
    left = narrow_by_use_and_changes(find_targets(None), used_name=uses, since=since)
    names = (target.path.name.partition(".")[0] for target in left)
    return sorted(names, key=ALL.index)


@pytest.mark.parametrize(
    ("name", "reached", "when_gone"),
    [
        ("scenarios/采购/付款.scenario.yaml", [PAY], []),
        ("scenarios/采购/片段.yaml", [PAY], [PAY]),
        ("scenarios/脚本/算.js", [PAY], [PAY]),
        ("scenarios/采购单/报价.csv", [QUOTE], [QUOTE]),
        # nobody knows what a platform file declared that is gone
        ("scenarios/platforms/crm.yaml", [PAY], ALL),
        ("scenarios/instances.yaml", [PAY], ALL),
        ("cassettes/采购/付款.yaml", [PAY], [PAY]),
        ("cassettes/共用/报价/甲.yaml", [QUOTE], [QUOTE]),
        ("cassettes/共用/报价单.yaml", [], []),
        # one module may import another
        ("tax.py", [QUOTE, SETTLE], [QUOTE, SETTLE]),
        ("scenarios/采购单/prices.py", [QUOTE, SETTLE], [QUOTE, SETTLE]),
        ("说明.md", [], []),
        # what was not there
        ("pyproject.toml", ALL, []),
        ("conftest.py", ALL, []),
        ("scenarios/采购/defaults.yaml", [PAY], []),
        ("defaults.yaml", ALL, []),
        ("cassettes/共用/报价/丙.yaml", [QUOTE], []),
        ("构建.log", [], []),
    ],
)
def test_a_file_that_is_changed_new_or_gone_reaches_who_needs_it(
    project: Path, name: str, reached: list[str], when_gone: list[str]
) -> None:
    path = project / name
    before = path.read_text("utf-8") if path.exists() else ""
    path.write_text(f"{before}# 注释\n", encoding="utf-8")
    changed = narrow(since="HEAD")
    path.unlink()

    assert (changed, narrow(since="HEAD")) == (reached, when_gone)


WIDER = {
    "scenarios/platforms/ext.yaml": "platform_key: crm_ext\nextends: crm_system\n",
    "scenarios/platforms/own.yaml": "platform_key: crm_own\nextends: crm_ext\n",
    "scenarios/扩展.scenario.yaml": (
        "version: 1\nscenario: 扩展\n"
        "steps: [{js: \"return await $proxy('crm_own').getCustomer(1)\"}]\n"
    ),
    "scenarios/平台/组/oa.yaml": "platform_key: oa\nbase_url: https://oa.example.test\n",
    "scenarios/借用.scenario.yaml": (
        "version: 1\nscenario: 借用\nproxy: {platforms: 平台}\nsteps: [{js: return 1}]\n"
    ),
}


@pytest.mark.parametrize(
    ("name", "reached"),
    [
        ("scenarios/platforms/crm.yaml", ["付款", "扩展"]),
        ("scenarios/platforms/ext.yaml", ["扩展"]),
        ("scenarios/platforms/own.yaml", ["扩展"]),
        ("scenarios/instances.yaml", ["付款", "扩展"]),
        ("scenarios/平台/组/oa.yaml", ["借用"]),
    ],
)
def test_a_platform_reaches_who_calls_one_laid_over_it_or_names_its_folder(
    project: Path, name: str, reached: list[str]
) -> None:
    write_files(project, WIDER)
    git(project, "add", ".")
    git(project, "commit", "-m", "wider")
    (project / name).write_text(f"{(project / name).read_text('utf-8')}# 注释\n", "utf-8")

    left = narrow_by_use_and_changes(find_targets(None), used_name="", since="HEAD")
    assert sorted(one.path.name.partition(".")[0] for one in left) == reached


CRM, ENTRIES = "scenarios/platforms/crm.yaml", "scenarios/instances.yaml"


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        (CRM, "platform_key: crm_system", "platform_key: crm"),
        (CRM, "platform_key: crm_system", "platform_key: [crm_system"),
        (CRM, FILES[CRM], ""),
        (ENTRIES, "platform: crm_system", "platform: oa_system"),
        (ENTRIES, FILES[ENTRIES], "[]\n"),
        (ENTRIES, "}", ""),
    ],
)
def test_a_platform_that_a_file_declares_no_more_reaches_who_calls_it(
    project: Path, name: str, old: str, new: str
) -> None:
    path = project / name
    path.write_text(path.read_text("utf-8").replace(old, new) + "# 改名\n", encoding="utf-8")

    assert narrow(since="HEAD") == [PAY]


@pytest.mark.parametrize(
    ("name", "reached"),
    [
        ("scenarios/采购/片段.yaml", [PAY]),
        ("scenarios/脚本/算.js", [PAY]),
        ("scenarios/采购单/报价.csv", [QUOTE]),
        ("scenarios/platforms/crm.yaml", ALL),
        ("cassettes/采购/付款.yaml", [PAY]),
        ("说明.md", []),
    ],
)
def test_a_file_that_was_moved_reaches_who_used_it_by_its_old_name(
    project: Path, name: str, reached: list[str]
) -> None:
    (project / "旧").mkdir()
    git(project, "mv", name, "旧/文件")

    assert sorted(find_changed_files(project, "HEAD")) == sorted([name, "旧/文件"])
    assert narrow(since="HEAD") == reached
    git(project, "commit", "-m", "move")
    assert narrow(since="HEAD~1") == reached


@pytest.mark.parametrize(
    ("folders", "name", "reached"),
    [
        (["旧", "平台"], "平台/组/crm.yaml", ALL),
        (["旧", "平台"], "平台2/crm.yaml", []),
        (["旧", "平台"], "scenarios/platforms/crm.yaml", []),
        (["旧", "平台"], "测试/instances.local.yaml", ALL),
    ],
)
def test_platforms_that_are_gone_were_in_the_folders_of_the_project(
    project: Path, folders: list[str], name: str, reached: list[str]
) -> None:
    (project / "pyproject.toml").write_text(f"[tool.bpmax_sim]\nplatforms = {folders}\n", "utf-8")
    for one in ("平台/组/crm.yaml", "旧/oa.yaml", "平台2/crm.yaml", "测试/instances.local.yaml"):
        (project / one).parent.mkdir(parents=True, exist_ok=True)
        (project / one).write_text("# 空\n", encoding="utf-8")
    git(project, "add", ".")
    git(project, "commit", "-m", "platforms")
    (project / name).unlink()

    assert narrow(since="HEAD") == reached


def test_use_and_change_have_to_hold_both(project: Path) -> None:
    for name in ("scenarios/采购/片段.yaml", "tax.py"):
        (project / name).write_text("# 改了\n", encoding="utf-8")

    assert narrow() == ALL
    assert narrow(since="HEAD") == ALL
    assert narrow(uses="scenarios/财务.yaml") == [SETTLE]
    assert narrow(uses="crm_system.get_customer") == [PAY]
    assert narrow(uses="crm_system.get_customer", since="HEAD") == [PAY]
    (project / "scenarios/采购/片段.yaml").write_text(FILES["scenarios/采购/片段.yaml"], "utf-8")
    assert narrow(uses="crm_system.get_customer", since="HEAD") == []


@pytest.mark.parametrize("below", ["", "子/项目"])
def test_a_platform_that_was_renamed_reaches_who_still_calls_it(
    project: Path, monkeypatch: pytest.MonkeyPatch, below: str
) -> None:
    root = project / below
    shutil.rmtree(project / "scenarios")
    write_files(root, {"pyproject.toml": "[tool.bpmax_sim]\n", **FILES})
    git(project, "add", ".")
    git(project, "commit", "-m", "below")
    monkeypatch.chdir(root)
    path = root / "scenarios/platforms/crm.yaml"
    path.write_text(path.read_text("utf-8").replace("crm_system", "erp"), "utf-8")

    assert narrow(since="HEAD") == [PAY]


def test_each_project_is_narrowed_by_itself(project: Path, tmp_path: Path) -> None:
    """A change in one of two projects of a repository reaches nothing of the other one."""
    targets = []
    for name in ("甲", "乙"):
        path = project / name / "scenarios/付款.scenario.yaml"
        path.parent.mkdir(parents=True)
        path.write_text("version: 1\nscenario: 付款\nsteps: [{js: return 1}]\n", "utf-8")
        targets.append(Selection(path))
    git(project, "add", ".")
    git(project, "commit", "-m", "two")
    with targets[1].path.open("a", encoding="utf-8") as file:
        file.write("# 注释\n")

    assert narrow_by_use_and_changes(targets, used_name="", since="HEAD") == targets[1:]
    assert find_changed_files(project / "乙", "HEAD") == ["scenarios/付款.scenario.yaml"]
    assert find_changed_files(project / "甲", "HEAD") == []
    assert [*describe_changes(targets, "HEAD", 1)] == [
        "changed since HEAD, committed or not: 0 files; 1 of 2 scenario files run",
        "changed since HEAD, committed or not: 1 file; 1 of 2 scenario files run",
    ]
    assert [*describe_changes(targets, "", 1)] == []


def test_a_file_is_counted_once_though_git_tells_of_it_twice(project: Path) -> None:
    git(project, "rm", "--cached", "说明.md")
    (project / "tax.py").write_text("", encoding="utf-8")
    rows = [Selection(project / "scenarios/结算.scenario.yaml", line) for line in (1, 2)]

    assert find_changed_files(project, "HEAD") == ["tax.py", "说明.md", "说明.md"]
    assert [*describe_changes(rows, "HEAD", 1)] == [
        "changed since HEAD, committed or not: 2 files; 1 of 1 scenario files run"
    ]


@pytest.mark.parametrize(
    ("argument", "folder", "rebased"),
    [
        ("scenarios/脚本/算.js", ".", "scenarios/脚本/算.js"),
        ("./scenarios/../scenarios/脚本/算.js", ".", "scenarios/脚本/算.js"),
        ("算.js", "scenarios/脚本", "scenarios/脚本/算.js"),
        ("算.js:12", "scenarios/脚本", "scenarios/脚本/算.js:12"),
        ("算.js:12:3", "scenarios/脚本", "scenarios/脚本/算.js:12:3"),
        ("算.js:1:2:3", "scenarios/脚本", "算.js:1:2:3"),
        ("../../tax.py:0", "scenarios/脚本", "tax.py:0"),
        ("脚本", "scenarios", "scenarios/脚本"),
        ("算.js:十", "scenarios/脚本", "算.js:十"),
        ("算.js:", "scenarios/脚本", "算.js:"),
        ("没有.js:3", "scenarios/脚本", "没有.js:3"),
        ("crm_system.get_customer", "scenarios", "crm_system.get_customer"),
        ("采购主管", ".", "采购主管"),
        ("../外面.js", ".", "../外面.js"),
        ("../外面.js:2", ".", "../外面.js:2"),
    ],
)
def test_a_file_of_the_command_line_is_named_from_the_root(
    project: Path, monkeypatch: pytest.MonkeyPatch, argument: str, folder: str, rebased: str
) -> None:
    (project.parent / "外面.js").write_text("", encoding="utf-8")
    monkeypatch.chdir(project / folder)

    assert rebase_argument_to_root(argument, project) == rebased


HERE, BASE, OTHER = "{head}", "{base}", "{other}"


@pytest.mark.parametrize(
    ("branches", "since", "base", "name"),
    [
        # main stands where the branch began, or is the branch itself
        ({"main": BASE}, SINCE_BRANCHING, BASE, "main ({base:.8})"),
        ({"main": HERE}, SINCE_BRANCHING, HERE, "HEAD ({head:.8})"),
        ({"master": BASE}, SINCE_BRANCHING, BASE, "master ({base:.8})"),
        ({"origin/HEAD": BASE}, SINCE_BRANCHING, BASE, "origin/HEAD ({base:.8})"),
        ({}, SINCE_BRANCHING, HERE, "HEAD ({head:.8})"),
        ({"trunk": BASE}, SINCE_BRANCHING, HERE, "HEAD ({head:.8})"),
        # of several the first that there is
        ({"main": OTHER, "master": BASE}, SINCE_BRANCHING, OTHER, "main ({other:.8})"),
        ({"origin/HEAD": BASE, "main": OTHER}, SINCE_BRANCHING, BASE, "origin/HEAD ({base:.8})"),
        ({"main": HERE, "master": BASE}, SINCE_BRANCHING, HERE, "HEAD ({head:.8})"),
        ({"main": BASE}, "v1.0", "v1.0", "v1.0"),
    ],
)
def test_what_a_branch_is_compared_with(
    project: Path, branches: dict[str, str], since: str, base: str, name: str
) -> None:
    commits = {"base": read_head(project)}
    for key in ("other", "head"):
        git(project, "commit", "--allow-empty", "-m", key)
        commits[key] = read_head(project)
    git(project, "checkout", "--detach")
    git(project, "branch", "-D", "main")
    for branch, at in branches.items():
        ref = "refs/remotes/origin/HEAD" if "/" in branch else f"refs/heads/{branch}"
        git(project, "update-ref", ref, at.format(**commits))

    assert find_base(project, since) == (base.format(**commits), name.format(**commits))


def read_head(folder: Path) -> str:
    done = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=folder, check=True, capture_output=True, encoding="ascii"
    )
    return done.stdout.strip()


@pytest.mark.parametrize(
    ("since", "message"),
    [
        (SINCE_BRANCHING, "--changed HEAD: fatal: Needed a single revision"),
        ("v9", "--changed v9: fatal: bad revision 'v9'"),
    ],
)
def test_where_nothing_is_committed_git_says_why(tmp_path: Path, since: str, message: str) -> None:
    git(tmp_path, "init")
    with pytest.raises(ConfigError) as refused:
        find_changed_files(tmp_path, find_base(tmp_path, since).revision)

    assert str(refused.value) == message


def test_without_git_it_is_said_what_needs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigError) as refused:
        find_changed_files(tmp_path, "HEAD")

    assert str(refused.value) == "--changed needs Git: No such file or directory"
