"""``--bpmax-cov``: what scripts ran, in one process, in workers and in shards."""

from __future__ import annotations

import pytest

from bpmax_sim.cli.app import run_command_line
from tests.plugin.project import Project, output

MISSING = "bpmax-sim coverage --scripts --hits .bpmax/hits"
ARMS = "if (form.customerId === '12345') {\n  await null;\n} else {\n  await 0;\n}\n"


@pytest.fixture(autouse=True)
def _branches(project: Project) -> None:
    path = project.root / "scenarios/scripts/customer.js"
    path.write_text(path.read_text(encoding="utf-8") + ARMS, encoding="utf-8")


@pytest.mark.parametrize("processes", [(), ("-p", "xdist", "-n2")], ids=["here", "workers"])
def test_lines_and_branches_of_all_rows_are_told(
    project: Project, processes: tuple[str, ...]
) -> None:
    result = project.run(*processes, "--bpmax-cov", "--bpmax-report")

    result.assert_outcomes(passed=2)
    told = [line for line in output(result).splitlines() if line.startswith(("scripts:", "lcov:"))]
    assert told == [
        f"scripts: 73.7 % ran: 11 of 14 lines, 3 of 5 branches; what did not: {MISSING}",
        "lcov: .bpmax/lcov.info",
    ]
    page = (project.root / ".bpmax/report.html").read_text(encoding="utf-8")
    assert 'id="covered-0"' in page


def test_too_little_fails_the_run(project: Project) -> None:
    result = project.run("--bpmax-cov", "--bpmax-cov-fail-under=95", "--bpmax-cov-lcov=x.info")

    assert result.ret == 1
    assert "FAILED 73.7 % of lines and branches ran, and 95 % have to" in output(result)
    assert (project.root / "x.info").is_file()


@pytest.mark.parametrize(("least", "code"), [("73.7", 0), ("73.8", 1)])
def test_what_is_asked_for_is_enough(project: Project, least: str, code: int) -> None:
    assert project.run("--bpmax-cov", f"--bpmax-cov-fail-under={least}").ret == code


def test_no_percentage_is_refused(project: Project) -> None:
    result = project.run("--bpmax-cov", "--bpmax-cov-fail-under=viel")
    assert result.ret == pytest.ExitCode.USAGE_ERROR


def test_shards_are_read_together(
    project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in (1, 2):
        project.run("--bpmax-cov", f"--bpmax-shard={number}/2")
    monkeypatch.chdir(project.root)

    assert run_command_line(["coverage", "--scripts", "--hits", ".bpmax/hits"]) == 0

    assert "11 of 14  3 of 5    73.7" in capsys.readouterr().out


def test_scripts_of_python_tests_count_too(project: Project) -> None:
    project.write(
        "test_脚本.py",
        """
        def test_脚本(bpmax_session):
            bpmax_session.run_script("scenarios/scripts/只在这里.js", form={"a": 0})
        """,
    )
    project.write("scenarios/scripts/只在这里.js", "form.a = form.a || 1;\n")

    project.run("test_脚本.py", "--bpmax-cov").assert_outcomes(passed=1)

    text = (project.root / ".bpmax/lcov.info").read_text(encoding="utf-8")
    assert "SF:scenarios/scripts/只在这里.js" in text
    assert "BRDA:1,0,0,1" in text
