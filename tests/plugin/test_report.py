"""``--bpmax-report``: one page of a run, of every process of it."""

from __future__ import annotations

import json

import pytest

from bpmax_sim.cli.app import run_command_line
from tests.plugin.project import FILE, Project, output


@pytest.mark.parametrize("processes", [(), ("-p", "xdist", "-n2")])
def test_the_report_tells_every_row(project: Project, processes: tuple[str, ...]) -> None:
    result = project.run(*processes, "--bpmax-report")
    page = (project.root / ".bpmax/report.html").read_text(encoding="utf-8")

    result.assert_outcomes(passed=2)
    assert "report: .bpmax/report.html" in output(result)
    assert page.count('<section id="s') == 2
    assert "2 passed" in page


@pytest.mark.parametrize("processes", [(), ("-p", "xdist", "-n2")])
def test_the_report_counts_as_pytest_does(project: Project, processes: tuple[str, ...]) -> None:
    project.edit("name: 李四}", "name: 王五, xfail: 已知问题}")
    project.edit("name: 张三}", "name: 张三, skip: 环境未就绪}")

    project.run(*processes, "--bpmax-report").assert_outcomes(skipped=1, xfailed=1)

    page = (project.root / ".bpmax/report.html").read_text(encoding="utf-8")
    assert '<b class="xfailed">1 failed as expected</b>' in page
    assert '<b class="skipped">1 skipped</b>' in page
    assert page.count("环境未就绪</p>") == page.count("已知问题</p>") == 1


def test_the_report_shows_what_could_not_start(project: Project) -> None:
    for cassette in (project.root / "cassettes").rglob("*.yaml"):
        cassette.write_text("version: [", encoding="utf-8")

    project.run("--bpmax-report").assert_outcomes(failed=2)

    page = (project.root / ".bpmax/report.html").read_text(encoding="utf-8")
    assert '<b class="failed">2 failed</b>' in page


def test_the_report_names_files_that_could_not_be_read(project: Project) -> None:
    project.write("scenarios/坏.scenario.yaml", "version: 1\nscenario: 坏\nstepps: []\n")

    result = project.run("--bpmax-report")
    result.assert_outcomes(passed=2, errors=1)

    page = (project.root / ".bpmax/report.html").read_text(encoding="utf-8")
    assert "scenarios/坏.scenario.yaml:3:1: " in page[page.index("problems in scenario files") :]


def test_the_report_goes_where_it_is_told_to(project: Project) -> None:
    project.run("--bpmax-report=out/报告.html", "-k", "贵宾")

    assert (project.root / "out/报告.html").read_text(encoding="utf-8").count('<section id="s') == 1


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


@pytest.mark.parametrize("processes", [(), ("-p", "xdist", "-n2")])
def test_traces_of_shards_are_laid_together(
    project: Project, processes: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    project.edit("name: 李四", "name: 王五")
    for number in (1, 2):
        project.run(f"--bpmax-shard={number}/2", "--bpmax-trace=on", *processes)
        (project.root / f"shard-{number}/.bpmax").mkdir(parents=True)
        (project.root / ".bpmax/trace").rename(project.root / f"shard-{number}/.bpmax/trace")
    capsys.readouterr()

    assert (
        run_command_line(["report", "shard-1/.bpmax/trace", "shard-2/.bpmax/trace", "--json"]) == 0
    )
    told = json.loads(capsys.readouterr().out)

    assert (told["passed"], told["failed"], told["ended_early"]) == (1, 1, 0)
    page = (project.root / told["file"]).read_text(encoding="utf-8")
    assert page.count('<section id="s') == 2
    assert page.index("选择客户[普通]") < page.index("选择客户[贵宾]")  # failures first


@pytest.mark.parametrize(
    ("arguments", "source"),
    [
        (("--bpmax-mode=simulate",), "simulated"),
        (
            ("--bpmax-mode=record", "--bpmax-record=rewrite", "--bpmax-against=simulator"),
            "simulated",
        ),
        ((), "recorded"),
        (("--bpmax-engine=v8",), "recorded"),
    ],
    ids=["simulate", "against a simulator", "replay", "v8"],
)
def test_the_report_says_who_answered(
    project: Project, arguments: tuple[str, ...], source: str
) -> None:
    project.run("--bpmax-report", *arguments).assert_outcomes(passed=2)

    page = (project.root / ".bpmax/report.html").read_text(encoding="utf-8")
    assert page.count(source) >= 2
    assert "GET" in page
    assert "/api/customers/12345" in page


def test_where_nothing_ran_no_page_of_an_earlier_run_is_left(project: Project) -> None:
    project.run("--bpmax-report").assert_outcomes(passed=2)
    assert (project.root / ".bpmax/report.html").exists()

    project.run("--bpmax-report", "-k", "没有这样的名字").assert_outcomes(deselected=2)

    assert not (project.root / ".bpmax/report.html").exists()
