"""Shards and jobs run in checkouts of their own; what they keep is brought together afterwards."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests import warm
from tests.apart import PLUGINS
from tests.team.conftest import Command
from tests.team.project import Crm, TeamProject

ORPHAN = "cassettes/旧的.yaml"
JOBS = '[tool.bpmax_sim]\njobs = ["冒烟", "python"]\n'
PYTEST = "pytest --bpmax-trace=on --bpmax-shard"
Machine = Callable[..., Path]


@pytest.fixture
def recorded(project: TeamProject, crm: Crm, bs: Command) -> TeamProject:
    """Return a project under Git with four scenarios, each with a recording, and an orphan."""
    assert crm.url
    for number, name in enumerate(("客户", "合同", "订单", "发票"), 1):
        path = project.scenario(name, number)
        text = path.read_text(encoding="utf-8").replace("cassette: crm", f"cassette: {name}")
        path.write_text(text, encoding="utf-8")
    assert bs("record").code == 0
    shutil.copy(project.root / "cassettes/客户.yaml", project.root / ORPHAN)
    project.commit("录制")
    return project


@pytest.fixture
def machine(recorded: TeamProject, tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """Return what clones the project and runs a command there, and returns its ``.bpmax``."""

    def run(*command: str) -> Path:
        root = tmp_path_factory.mktemp("机器") / "项目"
        recorded.git("clone", "-q", str(recorded.root), str(root))
        environ = {**os.environ, "PATH": f"{warm.folder()}:{os.environ['PATH']}", **PLUGINS}
        for name in ("CRM_URL", "CRM_USER", "CRM_PASSWORD"):
            environ.pop(name)
        done = subprocess.run(
            command, cwd=root, env=environ, capture_output=True, encoding="utf-8", check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return root / ".bpmax"

    return run


def evidence(folders: Sequence[Path]) -> list[str]:
    return [word for folder in folders for word in ("--evidence", str(folder / "usage"))]


@pytest.mark.parametrize("doors", [("run", "run"), ("pytest", "pytest"), ("pytest", "run")])
def test_two_checkouts_tell_together_what_one_does(
    recorded: TeamProject, machine: Machine, bs: Command, doors: tuple[str, str]
) -> None:
    commands = {"run": "bpmax-sim run --trace=on --shard", "pytest": PYTEST}
    shards = [
        machine(*f"{commands[door]}={number}/2".split()) for number, door in enumerate(doors, 1)
    ]
    whole = json.loads(bs("coverage", "--json").out)
    (recorded.root / ".bpmax").rename(recorded.root.parent / f"{recorded.root.name}.bpmax")

    for command in (("cassette", "prune", "--yes"), ("coverage",), ("report",)):
        done = bs(*command, *evidence(shards[:1]))
        assert (done.code, done.err.splitlines()[-1]) == (
            2,
            "what shard 2 of 2 used is missing; keep its .bpmax/usage, too",
        )
    assert (recorded.root / ORPHAN).is_file()

    assert json.loads(bs("coverage", *evidence(shards), "--json").out) == whole
    report = json.loads(bs("report", *evidence(shards), "--json").out)
    assert (report["passed"], report["failed"]) == (4, 0)
    took = json.loads((recorded.root / ".bpmax/durations.json").read_text(encoding="utf-8"))
    assert len(took["seconds"]) == 4
    assert bs("cassette", "prune", *evidence(shards), "--yes").out == (
        f"{ORPHAN}: the whole file, 1 exchange\n"
    )
    assert bs("run").code == 0


def test_jobs_have_names_and_the_missing_one_is_named(
    recorded: TeamProject, machine: Machine, bs: Command
) -> None:
    (recorded.root / "pyproject.toml").write_text(JOBS, encoding="utf-8")
    recorded.commit("作业")
    smoke = machine("bpmax-sim", "run", "scenarios/客户.scenario.yaml", "--job", "冒烟")
    others = ("scenarios/合同.scenario.yaml", "scenarios/订单.scenario.yaml")
    python = machine("pytest", *others, "--bpmax-job=python")

    missing = bs("cassette", "prune", *evidence([smoke]), "--yes")
    assert (missing.code, missing.err) == (
        2,
        "what job 'python' used is missing; keep its .bpmax/usage, too\n",
    )
    untold = bs("cassette", "prune", *evidence([smoke, python]), "--yes")
    assert (untold.code, untold.err) == (
        2,
        (
            "scenarios/发票.scenario.yaml: was in none of the runs that told what they use; "
            "run it, too\n"
        ),
    )
    python = machine("pytest", *others, "scenarios/发票.scenario.yaml", "--bpmax-job=python")
    assert bs("cassette", "prune", *evidence([smoke, python]), "--yes").out == (
        f"{ORPHAN}: the whole file, 1 exchange\n"
    )


def test_a_job_of_a_part_counts_only_where_all_jobs_are_listed(
    recorded: TeamProject, bs: Command
) -> None:
    assert bs("run", "-k", "客户", "--job", "冒烟").code == 0

    done = bs("cassette", "prune", "--yes")
    assert (done.code, done.err) == (
        2,
        (
            "job '冒烟' ran a part of the project only; list all jobs in pyproject.toml: "
            '[tool.bpmax_sim] jobs = ["冒烟", …]\n'
        ),
    )
    assert (recorded.root / ORPHAN).is_file()


def test_a_run_of_all_scenarios_is_enough_unless_python_tests_record_too(
    recorded: TeamProject, bs: Command
) -> None:
    assert bs("run").code == 0
    test = recorded.root / "test_客户.py"
    test.write_text("def test_它(bpmax_session): pass\n", encoding="utf-8")
    done = bs("cassette", "prune", "--yes")
    assert (done.code, done.err) == (
        2,
        (
            "test_客户.py: tests in Python replay recordings, too, and only scenarios were run; "
            "run all tests: pytest\n"
        ),
    )
    test.unlink()
    assert bs("cassette", "prune", "--yes").out == f"{ORPHAN}: the whole file, 1 exchange\n"
