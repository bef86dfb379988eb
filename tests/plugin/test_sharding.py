from __future__ import annotations

import json

import pytest

from tests.plugin.project import FILE, Project, output

ROWS = [f"{FILE}::选择客户[贵宾]", f"{FILE}::选择客户[普通]"]
PYTHON = "import pytest\n\n@pytest.mark.parametrize('n', range(5))\ndef test_数(n): pass\n"


SLOW = """
import time
import pytest

@pytest.fixture
def 客户():
    time.sleep(0.05)
    yield
    time.sleep(0.05)

def test_慢(客户):
    time.sleep(0.05)
"""


def durations(project: Project, name: str = "durations.json") -> dict[str, float]:
    path = project.root / ".bpmax" / name
    found: dict[str, float] = json.loads(path.read_text(encoding="utf-8"))["seconds"]
    return found


def ran(result: pytest.RunResult) -> list[str]:
    lines = output(result).splitlines()
    return [line.split(" PASSED")[0] for line in lines if " PASSED" in line]


@pytest.mark.parametrize("workers", [(), ("-p", "xdist", "-n2")])
def test_a_run_keeps_how_long_each_test_took(project: Project, workers: tuple[str, ...]) -> None:
    project.write("test_数.py", PYTHON)

    project.run(*workers).assert_outcomes(passed=7)

    found = durations(project)
    assert sorted(found) == sorted([*ROWS, *(f"test_数.py::test_数[{n}]" for n in range(5))])
    assert all(0 <= seconds < 60 for seconds in found.values())


def test_a_partial_run_keeps_what_it_does_not_know_better(project: Project) -> None:
    project.run()
    project.run("-k", "贵宾")
    project.run("-x", FILE)

    assert sorted(durations(project)) == sorted(ROWS)


def test_a_project_without_scenarios_gets_no_file(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_one(): pass")

    pytester.runpytest_inprocess()

    assert not (pytester.path / ".bpmax").exists()


@pytest.mark.parametrize("workers", [(), ("-p", "xdist", "-n1")])
def test_shards_share_all_tests_among_them(project: Project, workers: tuple[str, ...]) -> None:
    project.write("test_数.py", PYTHON)
    project.run().assert_outcomes(passed=7)
    before = durations(project)

    parts = []
    for number in (1, 2, 3):
        result = project.run(f"--bpmax-shard={number}/3", "-v", *workers)
        parts.append(durations(project, f"durations.{number}-of-3.json"))
        assert f"bpmax-sim: shard {number}/3, split by 7 durations (" in output(result)
        assert "no test uses them" not in output(result)

    assert sorted(key for part in parts for key in part) == sorted(before)
    assert durations(project) == before
    project.run("-k", "贵宾")
    assert not list((project.root / ".bpmax").glob("durations.*-of-*"))


def test_what_is_selected_is_split_and_keeps_its_order(project: Project) -> None:
    project.write("test_数.py", PYTHON)

    parts = [ran(project.run(f"--bpmax-shard={n}/2", "-v", "-k", "test_数")) for n in (1, 2)]

    assert parts == [[f"test_数.py::test_数[{n}]" for n in ns] for ns in ((0, 2, 4), (1, 3))]


def test_the_ini_file_may_name_the_shard(project: Project) -> None:
    project.ini("bpmax_shard = 1/2")

    project.run().assert_outcomes(passed=1, deselected=1)


@pytest.mark.parametrize("workers", [(), ("-p", "xdist", "-n1")])
def test_a_shard_without_tests_passes_and_a_run_without_any_does_not(
    project: Project, workers: tuple[str, ...]
) -> None:
    assert project.run("--bpmax-shard=3/3", *workers).ret == pytest.ExitCode.OK

    (project.root / FILE).unlink()

    empty = project.run("--bpmax-shard=3/3", *workers)
    assert empty.ret == pytest.ExitCode.NO_TESTS_COLLECTED


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--bpmax-shard=4/3",), "--bpmax-shard: expected a shard from 1/3 to 3/3, got '4/3'"),
        (
            ("--bpmax-shard=一半",),
            "--bpmax-shard: expected a shard of all, such as 3/8, got '一半'",
        ),
        (
            ("--bpmax-shard=1/3", "-q", "-p", "xdist", "-n1"),
            (
                "--bpmax-shard: .bpmax/durations.json: these are no durations; delete the file, "
                "every shard's copy of it alike"
            ),
        ),
    ],
)
def test_what_is_no_shard_is_a_usage_error(
    project: Project, arguments: tuple[str, ...], message: str
) -> None:
    project.write(".bpmax/durations.json", "{")

    result = project.run(*arguments)

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert message in result.stderr.str()


def test_a_test_takes_what_its_fixtures_take_too(project: Project) -> None:
    project.write("test_慢.py", SLOW)
    project.run()

    (slow,) = [seconds for name, seconds in durations(project).items() if "test_慢" in name]
    assert slow >= 0.15
