"""`bpmax-sim run` and pytest run a scenario alike: the gallery's passes, and failures of each kind.

Both run once on a copy; each test holds one thing of the two beside each other.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from pathlib import Path
from textwrap import dedent
from typing import Any, NamedTuple

import pytest

from bpmax_sim.cli.app import run_command_line
from bpmax_sim.cli.item_selection import find_items, find_targets

ROOT = Path(__file__).parents[1]
FAILURES = {
    "断言": """
        tags: [冒烟]
        form: {fields: {level: 普通}}
        steps: [{name: 写入等级, set: {level: 贵宾}, expect: {form: {level: 金卡}}}]
        """,
    "未录制": """
        proxy: {platforms: ../platforms/}
        steps:
          - name: 查询
            js: 'console.log("开始"); await $proxy("crm_system").get_customer_detail("9")'
        """,
    "抛错": """
        form: {fields: {n: 1}}
        steps: [{name: 提交, js: 'throw new Error("库存不足")'}]
        """,
    "预期失败": """
        xfail: 等待客户系统升级
        form: {fields: {n: 1}}
        steps: [{name: 数量, set: {n: 2}, expect: {form: {n: 3}}}]
        """,
    "跳过": """
        skip: 测试环境停机
        form: {fields: {n: 1}}
        steps: [{name: 数量, set: {n: 2}}]
        """,
    "没有运行的脚本": """
        form: {fields: {n: 1, m: 1}, scripts: {change.m: scripts/坏.js}}
        steps: [{name: 数量, set: {n: 2}}]
        """,
    "无平台": """
        proxy: {platforms: nowhere/}
        steps: [{name: 等待, advance: 1s}]
        """,
    "定时器": """
        form: {fields: {n: 1}}
        steps: [{name: 提醒, js: 'setTimeout(() => console.warn("超时提醒"), 5000)'}]
        """,
    "读不了": "steps: [{name: 没有这个动作, fly: {}}]",
}


class Door(NamedTuple):
    """What one door left: exit code, what it printed, traces by path, cases of JUnit by name."""

    code: int
    text: str
    traces: dict[str, bytes]
    cases: dict[tuple[str, str], Any]


def run_door(folder: Path, command: Sequence[str], junit: str) -> Door:
    environ = {
        name: value for name, value in os.environ.items() if name not in {"CI", "GITHUB_ACTIONS"}
    }
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=folder,
        env=environ | {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    traces = folder / ".bpmax/trace"
    files = {
        path.relative_to(traces).as_posix(): path.read_bytes() for path in traces.rglob("*.ndjson")
    }
    shutil.rmtree(folder / ".bpmax")
    return Door(done.returncode, done.stderr + done.stdout, files, dict(read_cases(folder / junit)))


def read_cases(path: Path) -> Iterator[tuple[tuple[str, str], Any]]:
    """Yield each case by its names: attributes but time, properties, outcome, console."""
    for case in ET.parse(path).iter("testcase"):
        attributes = {name: value for name, value in case.attrib.items() if name != "time"}
        properties = [(one.get("name"), one.get("value")) for one in case.iter("property")]
        outcomes = [(one.tag, one.get("message")) for one in case if one.get("message")]
        console = [one.text for one in case.iter("system-out")]
        names = str(case.get("classname")), str(case.get("name"))
        yield names, (attributes, properties, outcomes, console)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("doors")
    for name in ("scenarios", "cassettes"):
        shutil.copytree(ROOT / name, root / name)
    (root / "pyproject.toml").write_text("[tool.bpmax_sim]\n")
    (root / "scenarios/失败/scripts").mkdir(parents=True)
    (root / "scenarios/失败/scripts/坏.js").write_text("form.n = = 2\n", encoding="utf-8")
    for name, text in FAILURES.items():
        head = f"version: 1\nscenario: {name}\n"
        (root / f"scenarios/失败/{name}.scenario.yaml").write_text(
            head + dedent(text).lstrip(), "utf-8"
        )
    return root


@pytest.fixture(scope="module")
def doors(folder: Path) -> tuple[Door, Door]:
    ours = ("bpmax_sim", "run", "scenarios", "--trace", "on", "--junitxml", "run.xml")
    theirs = (
        "pytest",
        "-q",
        "scenarios",
        "--bpmax-trace=on",
        "--junitxml=pytest.xml",
        "--bpmax-exit-codes",
    )
    off = ("-p", "no:cacheprovider", "-p", "no:randomly", "-p", "no:xdist")
    return run_door(folder, ours, "run.xml"), run_door(folder, (*theirs, *off), "pytest.xml")


def test_traces_are_the_same_byte_for_byte(doors: tuple[Door, Door]) -> None:
    run, under_pytest = doors

    assert run.traces.keys() == under_pytest.traces.keys()
    assert len(run.traces) > len(FAILURES)
    assert [name for name in run.traces if run.traces[name] != under_pytest.traces[name]] == []


def test_cases_of_junit_are_the_same(doors: tuple[Door, Door]) -> None:
    run, under_pytest = doors

    assert {
        name: (case, under_pytest.cases.get(name))
        for name, case in run.cases.items()
        if case != under_pytest.cases.get(name)
    } == {}
    assert under_pytest.cases.keys() == run.cases.keys()


def test_exit_codes_are_the_same(doors: tuple[Door, Door]) -> None:
    run, under_pytest = doors

    assert (run.code, under_pytest.code) == (2, 2)


def test_warnings_are_counted_by_both(doors: tuple[Door, Door]) -> None:
    run, under_pytest = doors

    assert "1 warning   " in run.text.splitlines()[-1]
    assert "WaitingTimerWarning: " in under_pytest.text
    assert "1 warning" in under_pytest.text.splitlines()[-1]


def test_a_script_that_no_step_runs_is_parsed_by_both(doors: tuple[Door, Door]) -> None:
    case = "scenarios.失败.没有运行的脚本.scenario.yaml", "没有运行的脚本"

    for door in doors:
        _, _, ((tag, message),), _ = door.cases[case]
        assert (tag, "scenarios/失败/scripts/坏.js:1:10: SyntaxError" in message) == (
            "failure",
            True,
        )


def test_each_door_says_its_own_command(doors: tuple[Door, Door]) -> None:
    run, under_pytest = doors

    assert "record    bpmax-sim record scenarios/失败/未录制.scenario.yaml\n" in run.text
    command = "pytest scenarios/失败/未录制.scenario.yaml::未录制 --bpmax-mode=record"
    assert f"record    {command}\n" in under_pytest.text


@pytest.mark.parametrize(
    "keyword",
    [
        "冒烟",
        "crm",
        "not crm",
        "(seed or 失败) and not 抛错",
        "basic and seed",
        "通过]",
        "SEED",
        "bpmax_scenario",
        "skip",
    ],
)
def test_words_select_the_same_behind_both_doors(
    folder: Path, keyword: str, monkeypatch: pytest.MonkeyPatch, pytester: pytest.Pytester
) -> None:
    monkeypatch.chdir(folder)
    items, _ = find_items(find_targets(("scenarios",)), keyword=keyword)
    ours = {item.header.node_id for item in items}

    options = ("-q", "--collect-only", "-p", "no:cacheprovider", f"--rootdir={folder}")
    done = pytester.inline_run("scenarios", "-k", keyword, *options)

    theirs = {
        item.nodeid
        for call in done.getcalls("pytest_collection_finish")
        for item in call.session.items
    }
    assert ours == theirs


# --- what ends a run early, or keeps it from starting


RED = """\
    form: {fields: {n: 1}}
    steps: [{name: 数量, set: {n: 2}, expect: {form: {n: 3}}}]
    """
GREEN = """\
    proxy: {mode: simulate, cassette: 共用}
    form: {fields: {n: 1}}
    steps: [{name: 数量, set: {n: 2}}]
    """
ERP = """\
platform_key: erp
base_url: https://erp.example.test
apis: {stock: {method: GET, path: /stock}}
"""
ASKING = """\
    proxy: {platforms: platforms/}
    steps: [{name: 查库存, js: "await $proxy('erp').stock()"}]
    """
STUBBING = """\
import httpx, pytest

@pytest.fixture(autouse=True)
def erp(bpmax_stubs):
    bpmax_stubs.get("https://erp.example.test/stock").mock(
        return_value=httpx.Response(200, json={"库存": 7})
    )
"""
WAITING = """\
    form: {fields: {n: 1}}
    steps: [{name: 等待, python: "waiting:wait"}]
    """
WAIT = """\
import pathlib, time

def wait(session):
    pathlib.Path("ready").touch()
    time.sleep(60)
"""
PYTEST_USAGE = 4
"""What pytest ends with where a run could not start; ours is 2."""


@pytest.fixture
def heard() -> Iterator[None]:
    """Let a child hear SIGINT, which a shell has what it starts in the background ignore."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a project of two scenarios that fail and two that pass, which share a cassette."""
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "pyproject.toml").write_text("[tool.bpmax_sim]\n")
    for name, text in {"甲": GREEN, "乙": RED, "丙": GREEN, "丁": RED}.items():
        put_scenario(tmp_path, name, text)
    for name in ("CI", "GITHUB_ACTIONS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def put_scenario(folder: Path, name: str, text: str) -> None:
    head = f"version: 1\nscenario: {name}\n"
    (folder / f"scenarios/{name}.scenario.yaml").write_text(head + dedent(text), "utf-8")


def run_both(
    pytester: pytest.Pytester, ours: Sequence[str], theirs: Sequence[str], junit: str = "x.xml"
) -> tuple[tuple[int, list[Any]], tuple[int, list[Any]]]:
    """Return exit code and the cases in their order, each with its outcome, of each door."""
    code = run_command_line(["run", "scenarios", *ours, "--junitxml", junit])
    first = code, read_outcomes(Path(junit))
    Path(junit).unlink(missing_ok=True)
    done = pytester.inline_run(  # in our order, whoever installed pytest-randomly
        *("-p", "no:randomly", "scenarios"),
        *theirs,
        f"--junitxml={junit}",
        "--bpmax-exit-codes",
        f"--rootdir={Path.cwd()}",
    )
    second = int(done.ret or 0), read_outcomes(Path(junit))
    Path(junit).unlink(missing_ok=True)
    return first, second


def read_outcomes(path: Path) -> list[Any]:
    if not path.is_file():
        return []
    return [
        (case.get("name"), [one.tag for one in case if one.tag != "properties"])
        for case in ET.parse(path).iter("testcase")
        if case.get("name")  # pytest has a case without a name for a test that Ctrl-C ended
    ]


def test_the_first_failure_ends_both(small: Path, pytester: pytest.Pytester) -> None:
    os.chdir(small)
    ours, theirs = run_both(pytester, ["-x"], ["-x"])

    assert ours == theirs
    assert (ours[0], len(ours[1])) == (1, 1)


def test_what_failed_last_is_what_both_run_again(small: Path, pytester: pytest.Pytester) -> None:
    os.chdir(small)
    everything = run_both(pytester, [], [])
    failed = run_both(pytester, ["--lf"], ["--lf"])
    for name in ("乙", "丁"):
        put_scenario(small, name, GREEN)
    mended = run_both(pytester, ["--lf"], ["--lf"])
    again = run_both(pytester, ["--lf"], ["--lf"])

    assert everything[0] == everything[1]
    assert failed[0] == failed[1] == (1, [("丁", ["failure"]), ("乙", ["failure"])])
    assert mended[0] == mended[1] == (0, [("丁", []), ("乙", [])])
    assert again[0] == again[1]
    assert len(again[0][1]) == 4  # nothing failed last, so all of it


def test_what_no_row_used_is_one_failed_case_of_both(
    small: Path, pytester: pytest.Pytester
) -> None:
    os.chdir(small)
    for name in ("甲", "乙", "丙", "丁"):
        (small / f"scenarios/{name}.scenario.yaml").unlink()
    (small / "scenarios/platforms").mkdir()
    platform = "platform_key: crm\nbase_url: https://crm.example.test\napis: {get: {path: /}}\n"
    (small / "scenarios/platforms/crm.yaml").write_text(platform, "utf-8")
    rows = (
        "proxy: {mode: simulate, stubs: [{on: crm.get, body: {}}]}\n    cases: [{id: 一}, {id: 二}]"
    )
    text = GREEN.replace("proxy: {mode: simulate, cassette: 共用}", rows)
    put_scenario(small, "戊", text)
    ours, theirs = run_both(pytester, [], [])
    again = run_both(pytester, ["--lf"], ["--lf"])

    cases = [("戊[一]", []), ("戊[二]", []), ("scenarios.戊.scenario.yaml", ["failure"])]
    assert ours == theirs == (1, cases)
    assert again == (ours, theirs)


def test_a_shard_keeps_a_cassette_in_one_part(small: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--collect-only", "--bpmax-shard=1/2", "scenarios"],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    theirs = [line.rpartition("::")[2] for line in done.stdout.splitlines() if "::" in line]
    code = run_command_line(["run", "scenarios", "--shard", "1/2", "--junitxml", "x.xml"])
    ours = [name for name, _ in read_outcomes(Path("x.xml"))]

    assert (code, ours) == (0, theirs)
    assert ours == ["丙", "甲"]  # which share one; the others are 2/2
    assert Path(".bpmax/usage/1-of-2.json").is_file()  # though the folder of all is named


@pytest.mark.parametrize("path", ["scenarios", "/dev/null/x.xml"])
def test_a_junit_file_that_cannot_be_written_is_told_before_anything_runs(
    small: Path,
    path: str,
    pytester: pytest.Pytester,
    capfd: pytest.CaptureFixture[str],
) -> None:
    os.chdir(small)
    code = run_command_line(["run", "scenarios", "--junitxml", path])
    ours = capfd.readouterr()
    done = pytester.runpytest_inprocess("scenarios", f"--junitxml={path}", "--bpmax-exit-codes")

    assert (code, int(done.ret)) == (2, PYTEST_USAGE)
    for text in (ours.err, done.stderr.str()):
        assert path in text
        assert "Traceback" not in text
    assert "√" not in ours.out
    assert "passed" not in done.stdout.str()


def test_a_conftest_that_cannot_be_parsed_stops_both(
    small: Path, pytester: pytest.Pytester, capfd: pytest.CaptureFixture[str]
) -> None:
    os.chdir(small)
    (small / "scenarios/conftest.py").write_text("import pytest\ndef broken(:\n", "utf-8")
    code = run_command_line(["run", "scenarios"])
    ours = capfd.readouterr()
    done = pytester.runpytest_inprocess("scenarios", "--bpmax-exit-codes")

    assert (code, int(done.ret)) == (2, PYTEST_USAGE)
    assert "scenarios/conftest.py:2: pytest cannot read this" in ours.err
    assert "conftest.py" in done.stderr.str()
    assert "line 2" in done.stderr.str()
    assert "√" not in ours.out
    assert "passed" not in done.stdout.str()


def test_fixtures_that_only_pytest_runs_are_named_with_the_command(
    small: Path, pytester: pytest.Pytester, capfd: pytest.CaptureFixture[str]
) -> None:
    os.chdir(small)
    (small / "scenarios/platforms").mkdir()
    (small / "scenarios/platforms/erp.yaml").write_text(ERP, "utf-8")
    put_scenario(small, "甲", ASKING)
    (small / "scenarios/conftest.py").write_text(STUBBING, "utf-8")

    code = run_command_line(["run", "scenarios", "-k", "甲"])
    ours = capfd.readouterr()
    told = ours.err.splitlines()
    done = pytester.runpytest_inprocess("scenarios", "-k", "甲", "--bpmax-exit-codes")

    assert int(done.ret) == 0, done.stdout.str()
    assert code == 3, ours.out  # nothing was recorded, and no stub stands before that
    assert any("conftest.py: its fixtures use bpmax_stubs" in line for line in told)
    assert any("did not run; with them: pytest scenarios/甲." in line for line in told)


@pytest.mark.skipif(os.name == "nt", reason="a POSIX signal")
def test_ctrl_c_ends_both_alike(small: Path, heard: None) -> None:
    put_scenario(small, "等", WAITING)
    (small / "scenarios/等.scenario.yaml").rename(small / "scenarios/乙2.scenario.yaml")
    (small / "scenarios/waiting.py").write_text(WAIT, "utf-8")
    ours = interrupt(small, "bpmax_sim", "run", "scenarios", "--trace=on", "--junitxml=a.xml")
    theirs = interrupt(
        small, "pytest", "scenarios", "-p", "no:cacheprovider", "--bpmax-exit-codes",
        "--bpmax-trace=on", "--junitxml=a.xml",
    )  # fmt: skip

    assert ours == theirs
    assert ours[0] == 130
    assert [name for name, _ in ours[1]] == ["丁", "丙", "乙"]
    assert ours[2] == ["丁.ndjson", "丙.ndjson", "乙.ndjson"]


def interrupt(folder: Path, *command: str) -> tuple[int, list[Any], list[str]]:
    """Send SIGINT once the third scenario waits; return code, cases and traces."""
    ready = folder / "ready"
    ready.unlink(missing_ok=True)
    shutil.rmtree(folder / ".bpmax", ignore_errors=True)
    with subprocess.Popen(
        [sys.executable, "-m", *command],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        while process.poll() is None and not ready.exists():
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        code = process.wait()
    traces = sorted(path.name for path in (folder / ".bpmax/trace").rglob("*.ndjson"))
    return code, read_outcomes(folder / "a.xml"), traces
