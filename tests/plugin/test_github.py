from __future__ import annotations

from pathlib import Path

import pytest

from bpmax_sim.pytest_plugin.summary import (
    GithubAnnotation,
    format_summary,
    format_workflow_command,
)
from tests.plugin.project import FILE, Project, output
from tests.snapshots import snapshot

HEADLINE = 'step 2/2 选择 12345: console[0] expected "客户名称: 王五", got "客户名称: 张三"'
ANNOTATION = f"::error file={FILE},line=16,title=选择客户[贵宾]::{HEADLINE}"


@pytest.fixture(name="actions")
def in_actions(project: Project, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return where the step's summary goes."""
    path = project.root / "summary.md"
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(project.root))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(path))
    return path


@pytest.mark.parametrize("workers", [(), ("-p", "xdist", "-n1")])
def test_a_failure_is_annotated_at_the_failing_step(
    project: Project, actions: Path, workers: tuple[str, ...]
) -> None:
    project.edit("name: 张三", "name: 王五")

    lines = output(project.run(*workers)).splitlines()

    assert [line for line in lines if line.startswith("::")] == [ANNOTATION]
    told = HEADLINE.replace("[", r"\[").replace("]", r"\]")
    assert actions.read_text(encoding="utf-8") == (
        "### bpmax-sim: 1 passed, 1 failed\n\n"
        "| scenario | where | what |\n| --- | --- | --- |\n"
        f"| 选择客户\\[贵宾\\] | {FILE}:16 | {told} |\n\n"
        "* 4 calls (4 recorded), 2 of them logins; 2 cassettes\n\n"
    )


def test_every_problem_of_a_file_is_annotated_where_it_stands(
    project: Project, actions: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_WORKSPACE", str(project.root.parent))
    project.edit("steps:", "stepz:")

    lines = output(project.run()).splitlines()

    file = f"{project.root.name}/{FILE}"
    title = FILE.removeprefix("scenarios/")
    assert [line for line in lines if line.startswith("::")] == [
        f"::error file={file},line=1,col=1,title={title}::steps: a scenario needs a step",
        (
            f"::error file={file},line=13,col=1,title={title}::"
            "stepz: unknown key 'stepz'; did you mean 'steps'?"
        ),
    ]
    assert actions.read_text(encoding="utf-8").startswith("### bpmax-sim: 1 error\n")


def test_ten_are_annotated_and_all_are_in_the_summary(project: Project, actions: Path) -> None:
    text = (project.root / FILE).read_text(encoding="utf-8")
    rows = "".join(f'  - {{id: 行{n}, number: "12345", name: 无}}\n' for n in range(53))
    head, _, tail = text.partition("cases:\n")
    changed = f"{head}cases:\n{rows}{tail[tail.index('steps:') :]}"
    (project.root / FILE).write_text(changed, encoding="utf-8")

    lines = output(project.run("--bpmax-trace=off")).splitlines()

    assert sum(line.startswith("::error ") for line in lines) == 10
    summed = actions.read_text(encoding="utf-8")
    assert summed.count("\n| 选择客户") == 50
    assert "\nand 3 more\n" in summed


def test_another_annotator_is_left_alone(project: Project, actions: Path) -> None:
    project.write("pytest_github_actions_annotate_failures.py", "")
    project.pytester.syspathinsert()
    project.edit("name: 张三", "name: 王五")

    text = output(project.run("-p", "pytest_github_actions_annotate_failures"))

    assert "::error" not in text
    assert "1 failed" in actions.read_text(encoding="utf-8")


def test_nothing_is_told_outside_of_actions_or_without_scenarios(
    project: Project, actions: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.write("test_one.py", "def test_one(): assert 0\n")
    project.run("test_one.py")
    assert not actions.exists()

    monkeypatch.setenv("GITHUB_ACTIONS", "false")
    project.edit("name: 张三", "name: 王五")
    assert "::error" not in output(project.run())
    assert not actions.exists()


def test_a_summary_that_cannot_be_written_fails_no_run(
    project: Project, actions: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(project.root))

    project.run().assert_outcomes(passed=2)


def test_what_github_reads_as_its_own_is_encoded() -> None:
    note = GithubAnnotation("a,b:c.yaml", 3, "名::称,100%\n", "第一行: 100%\r\n第二行::x")

    assert format_workflow_command(note) == snapshot(
        "::error file=a%2Cb%3Ac.yaml,line=3,title=名%3A%3A称%2C100%25%0A::"
        "第一行: 100%25%0D%0A第二行::x"
    )


def test_markup_in_a_name_stays_text() -> None:
    note = GithubAnnotation("x.yaml", 0, "a|b", "<b>`x`</b> [y](z)\n*")

    assert "| a\\|b | x.yaml | \\<b\\>\\`x\\`\\</b\\> \\[y\\](z) \\* |" in format_summary(
        {}, [note], []
    )
    assert format_summary({}, [], ["1 call"]) == ""
