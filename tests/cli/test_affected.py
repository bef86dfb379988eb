"""A run is narrowed to the scenarios that use a place, or that changes in Git reach."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.cli.project import ROOT, Command

BUY = "采购申请：明细合计"
QUOTE = "报价单：客户带出折扣"


@pytest.fixture(name="project")
def project_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("scenarios", "cassettes"):
        shutil.copytree(ROOT / name, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    git(tmp_path, "init", "-b", "main")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "begin")
    return tmp_path


def git(folder: Path, *words: str) -> None:
    names = ["-c", "user.name=a", "-c", "user.email=a@example.test"]
    subprocess.run(["git", *names, *words], cwd=folder, check=True, capture_output=True)


@pytest.mark.parametrize(
    ("place", "ran"),
    [
        ("采购主管", {BUY}),
        ("scenarios/scripts/order/customer.js", {QUOTE}),
        ("crm_system.create_order.amount", {BUY}),
    ],
)
def test_only_scenarios_that_use_a_place_run(
    project: Path, bs: Command, place: str, ran: set[str]
) -> None:
    done = bs("run", "--uses", place)

    assert done.code == 0
    assert project.exists()
    assert {name for name in (BUY, QUOTE) if name in done.out} == ran


@pytest.mark.parametrize(
    ("path", "text", "ran"),
    [
        ("scenarios/scripts/order/customer.js", "// 注释\n", {QUOTE}),
        ("scenarios/flows/采购申请.yaml", "# 注释\n", {BUY}),
        ("scenarios/platforms/crm_system.yaml", "# 注释\n", {BUY, QUOTE}),
        ("pyproject.toml", "[tool.bpmax_sim]\n", {BUY, QUOTE}),
        ("说明.md", "无关\n", set()),
    ],
)
def test_only_scenarios_that_changes_reach_run(
    project: Path, bs: Command, path: str, text: str, ran: set[str]
) -> None:
    with (project / path).open("a", encoding="utf-8") as file:
        file.write(text)

    done = bs("run", "--changed", "HEAD")

    assert {name for name in (BUY, QUOTE) if name in done.out} == ran
    assert done.code == (0 if ran else 5)
    if not ran:
        assert "no scenario is reached by what changed" in done.err
    assert "changed since HEAD, committed or not: 1 file; " in done.err


@pytest.mark.parametrize("words", [("--changed",), ("--changed", "scenarios"), ("--changed", "-x")])
def test_without_a_revision_it_is_the_last_commit_on_the_main_branch(
    project: Path, bs: Command, words: tuple[str, ...]
) -> None:
    with (project / "scenarios/scripts/order/customer.js").open("a", encoding="utf-8") as file:
        file.write("// 注释\n")

    done = bs("run", *words)

    assert {name for name in (BUY, QUOTE) if name in done.out} == {QUOTE}
    assert "changed since HEAD (" in done.err


def test_without_a_revision_it_is_where_another_branch_began(project: Path, bs: Command) -> None:
    git(project, "checkout", "-b", "other")
    with (project / "scenarios/scripts/order/customer.js").open("a", encoding="utf-8") as file:
        file.write("// 注释\n")
    git(project, "commit", "-am", "notes")
    (project / "scenarios/新.scenario.yaml").write_text(
        "version: 1\nscenario: 尚未提交\nform: {fields: {a: 1}}\nsteps: [{set: {a: 2}}]\n", "utf-8"
    )

    done = bs("run", "--changed")

    assert {name for name in (BUY, QUOTE, "尚未提交") if name in done.out} == {QUOTE, "尚未提交"}
    assert "changed since main (" in done.err
    assert "committed or not: 2 files; 2 of " in done.err


@pytest.mark.parametrize("revision", ["无此版本", "--output=x", "HEAD~9"])
def test_a_revision_that_is_not_there_is_told(project: Path, bs: Command, revision: str) -> None:
    done = bs("run", f"--changed={revision}")

    assert done.code == 2
    assert f"--changed {revision}: fatal: " in done.err
    assert not (project / "x").exists()


def test_a_place_that_is_not_there_is_told_with_the_near_one(project: Path, bs: Command) -> None:
    done = bs("run", "--uses", "采购主任")

    assert (done.code, project.exists()) == (2, True)
    assert "nothing in this project is called '采购主任'" in done.err
