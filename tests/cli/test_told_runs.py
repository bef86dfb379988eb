"""What the terminal tells of a run: consoles, whole values, what failed, JUnit, colours."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests import warm
from tests.cli.project import ROOT, Command, Project
from tests.snapshots import snapshot
from tests.systems import needs_terminal

TABLE = """\
scenario: 报价
version: 1
cases:
  - {id: 甲, 数量: 1}
  - {id: 乙, 数量: 2}
  - {id: 丙, 数量: 1.0}
form: {fields: {数量: "${case.数量}"}}
steps:
  - {name: 核对, js: {file: scripts/报价.js}, expect: {result: {数量: 1}}}
  - {name: 备注, js: "return 1"}
"""
SCRIPT = """\
const wanted = form.数量;
console.log('数量', wanted);
console.warn('第一行\\n第二行');
return { 数量: wanted, 备注: '长'.repeat(300) };
"""
LONG = "长" * 300
WHERE = "scenarios/scripts/报价.js"


def at_lines(text: str) -> str:
    """Return *text* without the columns of scripts, which are the engine's."""
    return re.sub(r"(\.js:\d+):\d+", r"\1", text)


@pytest.fixture(name="table")
def tabled(project: Project) -> Path:
    project.scenario.unlink()
    (project.folder / WHERE).write_text(SCRIPT, encoding="utf-8")
    path = project.folder / "scenarios/报价.scenario.yaml"
    path.write_text(TABLE, encoding="utf-8")
    return path


def test_a_verbose_run_tells_consoles_with_their_lines(table: Path, bs: Command) -> None:
    quiet, told = bs("run", "-k", "甲"), bs("run", "-k", "甲", "-v")

    assert "数量 1" not in quiet.out
    assert at_lines(told.out).splitlines()[:4] == [
        "√ 报价[甲]   0 calls   0 ms virtual",
        f"    {WHERE}:2  log: 数量 1",
        f"    {WHERE}:3  warn: 第一行",
        "        第二行",
    ]


def test_calls_and_consoles_of_a_verbose_run_are_in_their_order(
    recorded: Project, bs: Command
) -> None:
    first, rest = recorded.script.read_text(encoding="utf-8").split("\n", 1)
    recorded.script.write_text(f"console.log('先'); {first}\n{rest}", encoding="utf-8")

    lines = bs("run", "-v").out.splitlines()

    console = next(n for n, line in enumerate(lines) if line.endswith("log: 先"))
    call = next(n for n, line in enumerate(lines) if "crm_system.get_customer_detail" in line)
    assert console < call
    assert re.search(r"200 recorded \d+ ms virtual$", lines[call])


def test_data_has_consoles_and_values_as_they_are(table: Path, bs: Command) -> None:
    table.write_text(TABLE.replace("{数量: 1}}", f"{{备注: 短{LONG}}}}}"), encoding="utf-8")

    ran, shown = json.loads(bs("run", "--json").out), json.loads(bs("show", "--json").out)

    item = ran["items"][0]
    assert item["console"][0] == {
        "text": "数量 1",
        "level": "log",
        "file": WHERE,
        "line": 2,
        "column": item["console"][0]["column"],
        "ms": 0.0,
    }
    (check,) = item["failures"][0]["checks"]
    assert check == {
        "path": "result.备注",
        "ok": False,
        "expected": f'"短{LONG}"',
        "actual": f'"{LONG}"',
    }
    assert f'"短{LONG}"' in item["failures"][0]["text"]
    assert shown["failures"][0]["console"][0]["text"].startswith("数量")
    assert f'"{LONG}"' in shown["failures"][0]["texts"][0]


def test_showing_all_cuts_nothing(table: Path, bs: Command) -> None:
    table.write_text(TABLE.replace("{数量: 1}}", f"{{备注: 短{LONG}}}}}"), encoding="utf-8")
    bs("run", "-k", "甲")

    one, every = bs("show"), bs("show", "--all")

    assert LONG not in one.out
    assert f'"短{LONG}"' in every.out
    for done in (one, every):
        assert f"    {WHERE}:2  log: 数量 1\n" in at_lines(done.out)


def test_what_failed_is_listed_at_the_end(table: Path, bs: Command) -> None:
    done = bs("run")

    assert done.out.splitlines()[-2:][0] == snapshot(
        "× scenarios/报价.scenario.yaml::报价[乙] - step 1/2 核对: result.数量 expected 1, got 2"
    )
    assert done.last.startswith("2 passed, 1 failed")


def test_the_first_failure_can_end_a_run(table: Path, bs: Command) -> None:
    done = bs("run", "-x")

    assert done.code == 1
    assert done.last.startswith("1 passed, 1 failed")
    assert done.err.endswith("stopped at the first failure; 1 scenario did not run\n")


def test_what_failed_last_runs_alone_until_nothing_fails(table: Path, bs: Command) -> None:
    bs("run")
    again = bs("run", "--lf")
    project = Project(table.parents[1])
    project.edit(project.folder / WHERE, "数量: wanted,", "数量: 1,")
    mended, all_of_it = bs("run", "--lf"), bs("run", "--last-failed")

    assert again.last.startswith("1 failed")
    assert mended.last.startswith("1 passed")
    assert all_of_it.last.startswith("3 passed")
    assert "nothing failed last; all of it runs\n" in all_of_it.err


def test_junit_has_file_and_line(table: Path, bs: Command) -> None:
    project = Project(table.parents[1])
    project.edit(table, "{id: 丙, 数量: 1.0}", "{id: 丙, 数量: 1.0, skip: 停用}")
    project.edit(project.folder / WHERE, "'数量'", "'数量\\u0001'")

    done = bs("run", "--junitxml", "out/结果.xml")

    suite = ET.parse("out/结果.xml").getroot()[0]
    assert done.code == 1
    assert {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")} == {
        "tests": "3",
        "failures": "1",
        "errors": "0",
        "skipped": "1",
    }
    passed, failed, skipped = suite
    assert (passed.get("classname"), passed.get("name")) == (
        "scenarios.报价.scenario.yaml",
        "报价[甲]",
    )
    file = "scenarios/报价.scenario.yaml"
    assert [(one.get("file"), one.get("line")) for one in suite] == [
        (file, "4"),
        (file, "9"),
        (file, "6"),
    ]
    assert failed[1].get("message") == snapshot("step 1/2 核对: result.数量 expected 1, got 2")
    assert f"{WHERE}:2  log: 数量\ufffd 2" in at_lines(failed.findtext("system-out") or "")
    assert skipped[0].get("message") == "停用"


def test_what_could_not_start_is_a_failure_in_junit_as_under_pytest(
    table: Path, bs: Command
) -> None:
    cassette = table.parents[1] / "cassettes/报价/甲.yaml"
    cassette.parent.mkdir(parents=True)
    cassette.write_text("客户: 李四\n", encoding="utf-8")

    bs("run", "-k", "甲", "--junitxml", "结果.xml")

    ((case,),) = ET.parse("结果.xml").getroot()
    (problem,) = case.findall("failure")
    assert "cassettes/报价/甲.yaml" in str(problem.get("message"))


def test_a_junit_file_that_cannot_be_written_is_told(table: Path, bs: Command) -> None:
    Path("out").write_text("", encoding="utf-8")

    done = bs("run", "-k", "甲", "--junitxml", "out/结果.xml")

    assert done.code == 2
    assert "out/结果.xml: cannot be written" in done.err


@needs_terminal
def test_a_terminal_gets_colours_line_by_line(table: Path) -> None:
    import pty  # noqa: PLC0415 - not on Windows

    ours, theirs = pty.openpty()
    left = {"NO_COLOR", "COLUMNS", "CI"}
    environ = {name: value for name, value in os.environ.items() if name not in left}
    done = subprocess.run(
        [warm.python(), "-m", "bpmax_sim", "run", "--lf"],
        cwd=table.parents[1],
        env={**environ, "PYTHONPATH": str(ROOT), "TERM": "xterm-256color"},
        stdout=theirs,
        stderr=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
        timeout=60,
        check=False,
    )
    os.close(theirs)
    data = b""
    with os.fdopen(ours, "rb", 0) as stream:
        while part := _part(stream.fileno()):
            data += part
    lines = data.decode().splitlines()
    red, bold, green = "\x1b[31m", "\x1b[1;31m", "\x1b[32m"

    def line(text: str) -> str:
        return next(one for one in lines if text in one)

    assert done.returncode == 1
    assert line("报价[甲]").startswith(f"{green}√")
    assert line("报价[乙]").startswith(f"{red}×")
    assert line("step 1/2 核对").startswith(bold)
    assert line("> ").startswith(red)
    assert line("  × result.数量").startswith(red)
    assert line("  at scenarios").startswith("  at")
    assert line("2 passed, 1 failed").startswith(bold)


def _part(stream: int) -> bytes:
    try:
        return os.read(stream, 65536)
    except OSError:  # Linux's way to tell that nobody writes any more
        return b""


ROWS = """\
version: 1
scenario: 数量
form: {fields: {n: 1}}
cases: [{id: 甲, n: 3}, {id: 乙, n: 4}, {id: 丙, n: 2}]
steps: [{name: 写, js: 'console.log("写入", 2); form.n = 2', expect: {form: {n: "${case.n}"}}}]
"""


def test_failures_of_one_cause_are_told_once_with_their_number(
    project: Project, bs: Command
) -> None:
    place = project.folder / "scenarios/数量.scenario.yaml"
    place.write_text(ROWS, encoding="utf-8")

    lines = bs("run", str(place)).out.splitlines()

    assert lines.count("console of this step:") == 1
    assert "console of this step:" not in bs("run", "-v", str(place)).out  # it is above, in order
    assert lines[lines.index("console of this step:") + 1].endswith("log: 写入 2")
    assert [line for line in lines if "rows" not in line and "got 2" in line][1:] == [
        "  × form.n   expected 3   got 2",
        "    step 1/1 写: form.n expected 4, got 2",
        (
            "2 scenarios failed for one cause: "
            "scenarios/数量.scenario.yaml:5 js:1: form.n expected …, got 2"
        ),
        "× scenarios/数量.scenario.yaml::数量[甲] - step 1/1 写: form.n expected 3, got 2",
        "× scenarios/数量.scenario.yaml::数量[乙] - step 1/1 写: form.n expected 4, got 2",
    ]


def test_a_quiet_run_tells_of_what_fails_alone(project: Project, bs: Command) -> None:
    place = project.folder / "scenarios/数量.scenario.yaml"
    place.write_text(ROWS, encoding="utf-8")

    told = bs("run", "-q", str(place)).out

    assert "数量[丙]" not in told
    assert "数量[甲]" in told
    assert told.splitlines()[-1].startswith("1 passed, 2 failed")
