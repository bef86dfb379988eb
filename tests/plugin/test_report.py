"""``--bpmax-report``: one page of a run, of every process of it."""

from __future__ import annotations

import pytest

from tests.plugin.project import FILE, Project, output


@pytest.mark.parametrize("processes", [(), ("-p", "xdist", "-n2")])
def test_the_report_tells_every_row(project: Project, processes: tuple[str, ...]) -> None:
    result = project.run(*processes, "--bpmax-report")
    page = (project.root / ".bpmax/report.html").read_text(encoding="utf-8")

    result.assert_outcomes(passed=2)
    assert "report: .bpmax/report.html" in output(result)
    assert page.count('<section id="s') == 2
    assert "2 passed" in page


def test_the_report_goes_where_it_is_told_to(project: Project) -> None:
    project.run("--bpmax-report=out/报告.html", "-k", "贵宾")

    assert (project.root / "out/报告.html").read_text(encoding="utf-8").count("<section") == 1


def test_a_test_is_not_taken_for_the_report(project: Project) -> None:
    result = project.run("--bpmax-report", FILE)

    assert (
        f"ERROR: --bpmax-report: expected a file that ends in .html, got {FILE!r}; "
        "write --bpmax-report=FILE, or put the option behind the tests"
    ) in [*result.outlines, *result.errlines]


def test_a_run_without_scenarios_writes_no_report(project: Project) -> None:
    (project.root / "test_leer.py").write_text("def test_nothing(): pass\n")
    project.run("test_leer.py", "--bpmax-report")

    assert not (project.root / ".bpmax/report.html").exists()
