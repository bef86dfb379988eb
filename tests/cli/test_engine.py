"""``run --engine`` and ``run --js-stack``."""

from __future__ import annotations

from tests.cli.project import Command, Project

DEEP = """\
scenario: 深
version: 1
steps:
  - {js: "const f = n => n ? 1 + f(n - 1) : 0; return f(12000)", expect: {result: 12000}}
"""


def test_more_stack_lets_a_deep_script_pass(project: Project, bs: Command) -> None:
    path = project.folder / "scenarios/深.scenario.yaml"
    path.write_text(DEEP, encoding="utf-8")

    assert bs("run", str(path)).code == 1
    assert bs("run", str(path), "--js-stack", "24MB").code == 0


def test_a_size_that_is_none_is_refused(project: Project, bs: Command) -> None:
    done = bs("run", "--js-stack", "viel")

    assert (done.code, done.out) == (2, "")
    assert done.err == "--js-stack: 'viel' is not a size such as 24MB or 512kB\n"


def test_an_engine_that_does_not_exist_is_refused(project: Project, bs: Command) -> None:
    done = bs("run", "--engine", "v9")

    assert done.code == 2
    assert "'v9' is not one of 'quickjs', 'v8'" in done.err
