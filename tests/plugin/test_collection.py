from __future__ import annotations

from collections import Counter
from copy import deepcopy
from typing import Any

import pytest

from bpmax_sim.pytest_plugin.run_stats import Tally
from bpmax_sim.report.exit_codes import ExitCode
from bpmax_sim.scenario.file_verdict import FileResult
from tests.plugin.project import FILE, Project, output


def test_rows_are_items_with_readable_node_ids(project: Project) -> None:
    result = project.run("--collect-only", "-q")

    assert output(result).splitlines()[:2] == [f"{FILE}::选择客户[贵宾]", f"{FILE}::选择客户[普通]"]


def test_a_recorded_project_passes_without_credentials(project: Project) -> None:
    project.run().assert_outcomes(passed=2)


@pytest.mark.parametrize(
    ("arguments", "passed"),
    [
        ([f"{FILE}::选择客户[普通]"], 1),
        ([FILE], 2),
        (["-k", "普通"], 1),
        (["-m", "冒烟 and crm"], 2),
        (["-m", "not bpmax_scenario"], 0),
        (["--import-mode=prepend"], 2),
        (["--import-mode=append"], 2),
        (["--import-mode=importlib"], 2),
        (["-p", "no:cacheprovider"], 2),
    ],
)
def test_items_are_selected_like_any_other(
    project: Project, arguments: list[str], passed: int
) -> None:
    project.run(*arguments).assert_outcomes(passed=passed, deselected=_deselected(arguments))


def _deselected(arguments: list[str]) -> int:
    return {"-k": 1, "-m": 2 if "not bpmax_scenario" in arguments else 0}.get(arguments[0], 0)


def test_the_last_failed_row_runs_alone(project: Project) -> None:
    project.edit("name: 李四", "name: 王五")
    project.run().assert_outcomes(passed=1, failed=1)

    project.run("--lf").assert_outcomes(failed=1)


def test_what_cannot_be_replayed_is_not_the_failure_that_was_expected(project: Project) -> None:
    project.edit("name: 李四}", "name: 李四, xfail: 已知问题}")
    for cassette in (project.root / "cassettes").rglob("*.yaml"):
        cassette.unlink()

    project.run().assert_outcomes(failed=2)


def test_what_passes_against_expectation_fails(project: Project) -> None:
    project.edit("name: 李四}", "name: 李四, xfail: 已知问题}")

    result = project.run()

    result.assert_outcomes(passed=1, failed=1)
    assert "expected to fail but passed; remove xfail" in output(result)


def test_an_expected_failure_fails_where_pytest_is_to_run_it(project: Project) -> None:
    project.edit("name: 李四}", "name: 王五, xfail: 已知问题}")

    project.run("--runxfail").assert_outcomes(passed=1, failed=1)


def test_skip_and_xfail_of_file_and_row_are_pytests_own(project: Project) -> None:
    project.edit("name: 李四}", "name: 王五, xfail: 已知问题}")
    project.edit("name: 张三}", "name: 张三, skip: 环境未就绪}")

    result = project.run("-rxs")

    result.assert_outcomes(skipped=1, xfailed=1)
    assert "环境未就绪" in output(result)
    assert "已知问题" in output(result)


def test_every_problem_of_a_file_is_one_line_without_a_traceback(project: Project) -> None:
    project.write(
        "scenarios/坏.scenario.yaml",
        """\
        version: 1
        scenario: 坏
        forms: {}
        steps:
          - set: {a: 1}
            exepct: {}
        """,
    )

    result = project.run()

    result.assert_outcomes(passed=2, errors=1)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    lines = output(result).splitlines()
    start = next(n for n, line in enumerate(lines) if "ERROR collecting" in line)
    near = "; did you mean 'expect'?"
    assert lines[start + 1 : start + 5] == [
        "scenarios/坏.scenario.yaml:3:1: forms: unknown key 'forms'; did you mean 'form'?",
        "scenarios/坏.scenario.yaml:5:5: steps[0].set: set needs a form or a flow in the scenario",
        f"scenarios/坏.scenario.yaml:6:5: steps[0].exepct: unknown key 'exepct'{near}",
        "---------------------------------- bpmax-sim -----------------------------------",
    ]


def test_a_broken_file_stops_no_other_unless_something_else_is_broken(project: Project) -> None:
    project.write("scenarios/坏.scenario.yaml", "version: 1\nscenario: 坏\nsteps: [{opn: {}}]\n")
    project.run("-p", "xdist", "-n1").assert_outcomes(passed=2, errors=1)
    project.run("-x").assert_outcomes(errors=1)
    listed = project.run("--collect-only", "-q")
    assert listed.ret == pytest.ExitCode.TESTS_FAILED
    assert f"{FILE}::选择客户[贵宾]" in output(listed)

    project.write("test_坏.py", "import 没有这个\n")
    result = project.run()

    result.assert_outcomes(errors=2)
    assert result.ret == pytest.ExitCode.INTERRUPTED


def test_a_broken_file_that_is_named_twice_stops_no_other(project: Project) -> None:
    project.write("scenarios/坏.scenario.yaml", "version: 1\nscenario: 坏\nsteps: [{opn: {}}]\n")
    bad = "scenarios/坏.scenario.yaml"

    project.run("--keep-duplicates", bad, bad, FILE).assert_outcomes(passed=2, errors=2)


@pytest.mark.parametrize("workers", [(), ("-p", "xdist", "-n1")])
def test_a_broken_file_ends_with_the_exit_code_of_the_command_also_in_a_worker(
    project: Project, workers: tuple[str, ...]
) -> None:
    project.write("scenarios/坏.scenario.yaml", "version: 1\nscenario: 坏\nsteps: [{opn: {}}]\n")

    assert project.run("--bpmax-exit-codes", *workers).ret == ExitCode.USAGE


SAMPLES: dict[Any, Any] = {
    bool: True,
    int: 2,
    set: {"选择客户.yaml"},
    list: [b"{}"],
    Counter: Counter(recorded=2),
    "owners": {"选择客户.yaml": {"选择客户[贵宾]"}},
    "left": {("选择客户.yaml", "选择客户[贵宾]"): {1, 2}},
    "seconds": {FILE: 0.5},
    "files": {FILE: FileResult(2, {"贵宾"}, set(), "normal", {f"{FILE}:1:1"})},
}


def test_the_controller_gets_every_field_that_a_worker_counted() -> None:
    worker, controller = Tally(), Tally()
    for name, value in vars(worker).items():
        setattr(worker, name, deepcopy(SAMPLES.get(name) or SAMPLES[type(value)]))
    counted = deepcopy(vars(worker))
    controller.merge(worker.to_data())

    assert vars(controller) == counted

    controller.merge(worker.to_data())
    assert (controller.logins, controller.calls) == (2 * counted["logins"], Counter(recorded=4))
    assert controller.seconds == counted["seconds"]  # each test ran in one of them


def test_fixtures_of_a_conftest_apply_to_scenarios(project: Project) -> None:
    project.write(
        "conftest.py",
        """\
        import pytest

        @pytest.fixture(autouse=True, scope="module")
        def 每个文件(request):
            print("module", request.module.__name__)

        @pytest.fixture(autouse=True)
        def 每个场景(request):
            print("item", request.node.name)
        """,
    )

    result = project.run("-s")

    result.assert_outcomes(passed=2)
    assert "module 选择客户_scenario" in output(result)
    assert "item 选择客户[普通]" in output(result)


def test_workers_of_xdist_share_the_rows(project: Project) -> None:
    result = project.run_apart("-n2")

    result.assert_outcomes(passed=2)
    assert "4 calls (4 recorded), 2 of them logins; 2 cassettes" in output(result)


def test_the_folder_of_recordings_is_not_searched_for_tests(project: Project) -> None:
    project.write("cassettes/test_旧.py", "def test_old():\n    raise AssertionError\n")
    project.write("tests/cassettes/test_新.py", "def test_new():\n    pass\n")

    project.run().assert_outcomes(passed=3)
