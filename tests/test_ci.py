"""What `.ci/run` and `.ci/nightly` do, with a Python in front of PATH that only writes down."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.docs.blocks import blocks
from tests.fuzz.places import ROOT

PYTHON = """\
#!/usr/bin/env bash
name=${0##*/}
echo "$name $*" >> "$LOG"
if [[ "$1 $2" == "-m venv" ]]; then
  mkdir -p "$3/bin"
  for one in python pip uv ruff mypy lint-imports coverage; do cp "$0" "$3/bin/$one"; done
fi
[[ -z $FAIL || "$name $*" != *$FAIL* ]]
"""


@pytest.fixture(name="tree")
def a_tree_and_a_python(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / ".ci", tmp_path / "tree/.ci")
    shutil.copytree(ROOT / ".github", tmp_path / "tree/.github")
    shutil.copy(ROOT / "README.md", tmp_path / "tree")
    (tmp_path / "bin").mkdir()
    python = tmp_path / "bin/python3"
    python.write_text(PYTHON, encoding="utf-8")
    shutil.copy(python, tmp_path / "bin/chromium")
    python.chmod(0o755)
    (tmp_path / "bin/chromium").chmod(0o755)
    return tmp_path / "tree"


def ran(script: str, tree: Path, fail: str = "", *arguments: str) -> tuple[int, list[str], str]:
    """Return the exit code, the commands, and what was printed."""
    log = tree.parent / "log"
    path = f"{tree.parent / 'bin'}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [tree / ".ci" / script, *arguments],
        cwd=tree,
        env={"PATH": path, "LOG": str(log), "FAIL": fail},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    commands = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
    return done.returncode, commands, done.stdout


CAMPAIGNS = (
    "tests.campaigns.distributions",
    "tests.campaigns.recorders",
    "tests.campaigns.search",
    "tests.campaigns.edits",
    "tests.script.hostile_builtins",
    "tests.campaigns.viewer",
    "tests.mutants",
    "tests.matrix",
    "tests.property",
    "tests.docs --check",
    "benchmarks",
)


SCHEMA = "check_jsonschema --builtin-schema vendor.github-workflows .github/workflows/ci.yml"


def test_by_day_all_is_looked_at_and_the_readme_s_command_is_run(tree: Path) -> None:
    code, commands, printed = ran("run", tree)

    assert code == 0, printed
    for one in ("ruff check", "ruff format --check", "lint-imports ", "mypy "):
        assert one in commands
    more = ("tests.matrix 9.2", "tests.docs.site", "tests.mutants --some 15")
    for one in (*more, SCHEMA):
        assert f"python -m {one}" in commands
    assert commands[-1] == "python -m pytest -n auto --durations=15 --durations-min=2"
    made = [one for one in commands if one.endswith(" -m venv .venv")]
    assert made == ["python3 -m venv .venv"]
    installed = commands.index("pip install --quiet -e .[test]")
    assert commands.index(made[0]) < installed
    by_one = ("tools", "style", "layers", "workflow", "install", "matrix", "suite")
    for name in (*by_one, "types", "docs", "mutants"):
        assert f"\n== {name}: " in printed, name


@pytest.mark.parametrize(
    "fail",
    [
        "ruff format",
        "mypy",
        "tests.docs.site",
        "tests.matrix",
        "tests.mutants",
        "check_jsonschema",
        "pip install --quiet -e",
        "python -m pytest",
    ],
)
def test_by_day_what_fails_ends_it(tree: Path, fail: str) -> None:
    code, commands, _ = ran("run", tree, fail)

    assert code == 1
    assert fail == "python -m pytest" or not any("-m pytest" in one for one in commands)


def test_by_night_every_campaign_runs_though_one_fails_and_the_end_tells(tree: Path) -> None:
    code, commands, printed = ran("nightly", tree, "tests.campaigns.search")

    assert code == 1
    assert printed.endswith("\nfailed: search\n")
    for one in CAMPAIGNS:
        assert any(told.startswith(f"python -m {one}") for told in commands), one
    assert "python -m tests.mutants" in commands
    assert "coverage report" in commands
    assert "python -m tests.campaigns.distributions suite" in commands


def test_where_this_is_hosted_the_readme_s_command_runs_on_every_system_and_python() -> None:
    workflow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text("utf-8"))
    (command,) = (
        one.text.strip()
        for one in blocks((ROOT / "README.md").read_text("utf-8"))
        if one.kind == "test-command"
    )
    suite = workflow["jobs"]["suite"]
    matrix = suite["strategy"]["matrix"]
    runs = [step["run"].strip() for step in suite["steps"] if "if" in step and "run" in step]

    assert {one.partition("-")[0] for one in matrix["os"]} == {"ubuntu", "macos", "windows"}
    assert matrix["python"] == ["3.11", "3.12", "3.13", "3.14"]
    assert runs == [command, command.replace("python3", "python").replace("/bin/", "/Scripts/")]
    assert workflow["permissions"] == {"contents": "read"}


def test_by_night_all_that_is_sound_ends_well(tree: Path) -> None:
    code, _, printed = ran("nightly", tree)

    assert code == 0, printed
    assert "failed" not in printed


def test_by_night_only_the_stages_that_are_named_run(tree: Path) -> None:
    code, commands, printed = ran("nightly", tree, "", "5", "property", "built-ins")

    assert code == 0, printed
    assert [one for one in commands if one.startswith("python -m tests.")] == [
        "python -m tests.script.hostile_builtins --minutes 5",
        "python -m tests.property --minutes 5",
    ]


@pytest.mark.parametrize(
    ("argument", "code", "line"),
    [
        (
            "--help",
            0,
            "--list prints the stages. One that fails stops no other; the end tells which",
        ),
        ("--list", 0, "documentation"),
        ("文档", 2, "no stage is called 文档; see --list"),
    ],
)
def test_by_night_nothing_runs_where_only_the_stages_are_asked_for(
    tree: Path, argument: str, code: int, line: str
) -> None:
    ended, commands, printed = ran("nightly", tree, "", argument)

    assert (ended, commands) == (code, [])
    assert any(one.startswith(line) for one in printed.splitlines())


def test_a_readme_without_a_test_command_is_no_pass(tree: Path) -> None:
    (tree / "README.md").write_text("# 没有\n", encoding="utf-8")

    code, commands, printed = ran("run", tree)

    assert code != 0
    assert "README.md has no fenced block after <!-- test-command -->" in printed
    assert not any("-m pytest" in one for one in commands)
