from __future__ import annotations

import shutil
from collections import Counter

import pytest

from bpmax_sim.report.page_data import build_entry
from bpmax_sim.report.trace_files import read_traces
from tests.plugin.project import FILE, Project, output

ORPHAN = "orphans, no test uses them: cassettes/crm/旧的.yaml; bpmax-sim cassette prune"


@pytest.fixture(name="orphan")
def with_orphan(project: Project) -> Project:
    """Return the project with one cassette more than it uses."""
    cassettes = project.root / "cassettes/crm"
    cassettes.joinpath("旧的.yaml").write_bytes((cassettes / "选择客户/贵宾.yaml").read_bytes())
    return project


@pytest.mark.parametrize("arguments", [(), ("-p", "xdist", "-n2"), ("-q",)])
def test_orphans_of_a_complete_run_are_told_and_kept(
    orphan: Project, arguments: tuple[str, ...]
) -> None:
    result = orphan.run(*arguments)

    assert ORPHAN in output(result)
    assert (orphan.root / "cassettes/crm/旧的.yaml").is_file()


@pytest.mark.parametrize(
    "arguments",
    [
        (FILE,),
        ("scenarios",),
        ("-k", "贵宾"),
        ("-m", "crm and not 冒烟"),
        (f"{FILE}::选择客户[贵宾]",),
        ("--lf",),
        ("--collect-only",),
        ("--ignore=scenarios/flows",),
        ("--ignore-glob=*/flows",),
        (f"--deselect={FILE}::选择客户[贵宾]",),
        ("--stepwise",),
        ("--bpmax-shard=1/2",),
        ("-p", "xdist", "-n1", "-k", "贵宾"),
    ],
)
def test_orphans_of_a_partial_run_are_not_told(orphan: Project, arguments: tuple[str, ...]) -> None:
    assert "no test uses them" not in output(orphan.run(*arguments))


def test_orphans_are_not_told_where_a_failure_ended_the_run(orphan: Project) -> None:
    orphan.edit("name: 张三", "name: 王五")

    assert "no test uses them" not in output(orphan.run("-x"))
    assert ORPHAN in output(orphan.run())


def test_orphans_are_not_told_when_a_file_could_not_be_collected(orphan: Project) -> None:
    orphan.write("scenarios/坏.scenario.yaml", "version: 1\n")

    assert "no test uses them" not in output(orphan.run("--continue-on-collection-errors"))


def test_a_cassette_of_a_skipped_python_test_is_no_orphan(orphan: Project) -> None:
    orphan.write(
        "test_旧的.py",
        """\
        import pytest

        @pytest.mark.skip
        @pytest.mark.bpmax(cassette="crm/旧的")
        def test_一(bpmax_session):
            pass
        """,
    )

    assert "no test uses them" not in output(orphan.run())


def test_a_cassette_that_nobody_needs_is_not_counted(project: Project) -> None:
    project.write("test_空.py", "def test_空(bpmax_session): pass\n")

    assert "4 calls (4 recorded), 2 of them logins; 2 cassettes" in output(project.run())
    assert "4 calls (4 simulated), 2 of them logins\n" in output(
        project.run("--bpmax-mode=simulate")
    )


def test_the_summary_counts_as_the_report_does(project: Project) -> None:
    text = output(project.run("--bpmax-report=report.html"))
    stories = [build_entry(one) for one in read_traces([project.root / ".bpmax/trace"])]

    assert Counter(story.outcome for story in stories) == {"passed": 2}
    assert "2 passed" in text
    assert f"{sum(story.calls for story in stories)} calls (4 recorded), 2 of them" in text


def test_many_are_counted(orphan: Project) -> None:
    old = orphan.root / "cassettes/crm/旧的.yaml"
    for number in range(7):
        old.with_name(f"旧的{number}.yaml").write_bytes(old.read_bytes())

    assert "cassettes/crm/旧的3.yaml and 3 more; bpmax-sim cassette prune" in output(orphan.run())


def test_a_project_without_scenarios_sees_nothing_of_the_plugin(
    pytester: pytest.Pytester,
) -> None:
    pytester.makepyfile("def test_one(): pass")

    text = output(pytester.runpytest_inprocess())

    assert "bpmax-sim:" not in text
    assert "- bpmax-sim -" not in text


def test_a_run_that_calls_nobody_has_no_section(project: Project) -> None:
    (project.root / FILE).unlink()
    project.write("test_一.py", "def test_one(): pass\n")

    assert "- bpmax-sim -" not in output(project.run())


def test_a_worker_that_crashes_makes_the_run_partial(orphan: Project) -> None:
    orphan.write("test_崩溃.py", "import os\n\ndef test_one():\n    os._exit(3)\n")

    result = orphan.run("-p", "xdist", "-n1", "-p", "no:cacheprovider")

    result.assert_outcomes(passed=2, failed=1)
    assert "no test uses them" not in output(result)


def test_the_header_says_what_is_recorded(project: Project) -> None:
    text = output(project.run("--bpmax-mode=record", "--collect-only"))

    assert "bpmax-sim: record once, cassettes in cassettes" in text.splitlines()


def test_cassettes_outside_the_working_directory_are_told_by_their_whole_path(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (project.root / FILE).read_text(encoding="utf-8")
    (project.root / FILE).write_text(text[: text.index("  - name: 选择")], encoding="utf-8")
    monkeypatch.chdir(project.root / "scenarios")

    result = project.run(
        "-Wdefault", "--bpmax-unused=warn", "--rootdir=..", "-c", "../tox.ini", "-k", "贵宾"
    )

    result.assert_outcomes(passed=1, deselected=1)
    cassette = project.root / "cassettes/crm/选择客户/贵宾.yaml"
    assert f"not played: 1 exchange in {cassette}" in output(result)


ONE_CAUSE = """\
version: 1
scenario: 数量
cases: [{id: 甲, n: 3}, {id: 乙, n: 4}]
form: {fields: {n: null}}
steps:
  - {name: 写, set: {n: 2}, expect: {form: {n: "${case.n}"}}}
"""


@pytest.mark.parametrize("workers", [(), ("-p", "xdist", "-n2")])
def test_failures_of_one_cause_are_told_once_with_their_number(
    project: Project, workers: tuple[str, ...]
) -> None:
    project.write("scenarios/数量.scenario.yaml", ONE_CAUSE)

    lines = output(project.run(*workers, "scenarios/数量.scenario.yaml")).splitlines()

    assert "2 scenarios failed for one cause: form.n expected …, got 2" in lines
    assert sum("  × form.n   expected" in line for line in lines) == 1
    repeated = next(n for n, line in enumerate(lines) if line.startswith("the same cause as of "))
    assert lines[repeated - 1].startswith("step 1/1 写: form.n expected ")
    assert lines[repeated + 1].startswith("rerun: pytest ")


@pytest.mark.parametrize("arguments", [(), ("scenarios",), (f"{FILE}::选择客户[贵宾]",)])
def test_a_project_below_a_checkout_is_named_and_written_to_as_it_is_played(
    project: Project, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    clone = project.root
    own = clone / "wms"
    own.mkdir()
    for name in ("scenarios", "cassettes"):
        shutil.move(clone / name, own / name)
    (clone / "scenarios").mkdir()
    monkeypatch.chdir(own)

    result = project.run(*arguments, "--bpmax-report")

    result.assert_outcomes(passed=1 if "::" in "".join(arguments) else 2)
    assert "bpmax-sim: replay, cassettes in cassettes, network closed" in output(result)
    assert "report: .bpmax/report.html" in output(result)
    assert (own / ".bpmax/report.html").is_file()
    assert not (clone / ".bpmax").exists()


def test_a_folder_of_the_ini_file_is_named_as_seen_from_where_pytest_was_started(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project.root / "cassettes").rename(project.root / "录制")
    with (project.root / "tox.ini").open("a", encoding="utf-8") as ini:
        ini.write("\nbpmax_cassettes = 录制\n")
    monkeypatch.chdir(project.root / "scenarios")

    result = project.run()

    result.assert_outcomes(passed=2)
    assert f"bpmax-sim: replay, cassettes in {(project.root / '录制').as_posix()}, " in output(
        result
    )
