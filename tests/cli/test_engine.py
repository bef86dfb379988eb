"""``run --engine``, ``run --js-stack`` and ``run --js-limits``."""

from __future__ import annotations

import pytest

from tests.cli.project import Command, Project
from tests.snapshots import snapshot

DEEP = """\
scenario: 深
version: 1
steps:
  - {js: "const f = n => n ? 1 + f(n - 1) : 0; return f(12000)", expect: {result: 12000}}
"""


DIFFERENT = """\
scenario: 两个
version: 1
steps:
  - {js: "console.log(CODE)"}
"""
BUSY = """\
scenario: 忙
version: 1
steps:
  - js: "for (const i of [1, 2, 3]) await $proxy('无').查(i).catch(() => 0)"
    expect: {proxy: [{call: 无.查, error: UNKNOWN_PLATFORM, times: 3}]}
"""


def test_more_stack_lets_a_deep_script_pass(project: Project, bs: Command) -> None:
    path = project.folder / "scenarios/深.scenario.yaml"
    path.write_text(DEEP, encoding="utf-8")

    assert bs("run", str(path)).code == 1
    assert bs("run", str(path), "--js-stack", "24MB").code == 0


def test_a_size_that_is_none_is_refused(project: Project, bs: Command) -> None:
    done = bs("run", "--js-stack", "viel")

    assert (done.code, done.out) == (2, "")
    assert done.err == snapshot("--js-stack: 'viel' is not a size such as 24MB or 512kB\n")


def test_a_limit_can_be_raised_and_lowered(project: Project, bs: Command) -> None:
    path = project.folder / "scenarios/忙.scenario.yaml"
    path.write_text(BUSY, encoding="utf-8")

    assert bs("run", str(path)).code == 0
    assert bs("run", str(path), "--js-limits", "cpu=9s,calls=3,memory=70MB").code == 0
    assert bs("run", str(path), "--js-limits", "calls=2").code == 1


def test_a_limit_that_is_none_is_refused(project: Project, bs: Command) -> None:
    done = bs("run", "--js-limits", "cpu=2s,zeit=3")

    assert (done.code, done.out) == (2, "")
    assert done.err == snapshot(
        "--js-limits: 'zeit=3' is no limit such as cpu=10s, memory=256MB, calls=50000\n"
    )


def test_an_engine_that_does_not_exist_is_refused(project: Project, bs: Command) -> None:
    done = bs("run", "--engine", "v9")

    assert done.code == 2
    assert "'v9' is not one of 'quickjs', 'v8', 'quickjs,v8'" in done.err


def test_both_engines_run_and_the_first_event_that_differs_is_red(
    project: Project, bs: Command
) -> None:
    pytest.importorskip("py_mini_racer", reason="the extra engine-v8 is not installed")
    path = project.folder / "scenarios/两个.scenario.yaml"
    path.write_text(DIFFERENT.replace("CODE", "[2, 1].sort((a, b) => a - b)"), encoding="utf-8")

    assert bs("run", str(path), "--engine", "quickjs,v8").code == 0
    spread = "JSON.stringify({...'ab'})"
    path.write_text(DIFFERENT.replace("CODE", spread), encoding="utf-8")
    red = bs("run", str(path), "--engine", "quickjs,v8")
    assert red.code == 1
    assert "the engines differ: quickjs: console.log '{}';" in (red.out)
