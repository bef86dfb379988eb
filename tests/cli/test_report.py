"""``report``: one page from the traces of a run."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from bpmax_sim.scenario.events import VERSION
from tests.cli.project import NAME, Command, Project
from tests.files import write_files
from tests.report.test_html import event, finished, started
from tests.snapshots import snapshot


def test_a_run_leaves_a_trace_that_the_report_tells(recorded: Project, bs: Command) -> None:
    bs("run", "--trace=on")
    done = bs("report")
    page = (recorded.folder / ".bpmax/report.html").read_text(encoding="utf-8")

    assert (done.code, done.out) == (0, ".bpmax/report.html\n")
    assert NAME in page
    assert '"text":"客户名称: 张三"' in page


def test_what_failed_is_traced_without_asking(recorded: Project, bs: Command) -> None:
    bs("run", "--var", "customer=12346")
    done = bs("report", "--to", "页面.html")

    assert done.code == 0
    assert "no such call" in (recorded.folder / "页面.html").read_text(encoding="utf-8")


def test_without_a_trace_it_says_how_to_get_one(recorded: Project, bs: Command) -> None:
    bs("run")
    done = bs("report")

    how = "write some with `pytest --bpmax-trace=on` or `bpmax-sim run --trace=on`"
    assert (done.code, done.err) == (2, f".bpmax/trace: trace not found; {how}\n")


@pytest.mark.parametrize(
    ("folder", "place"), [(".bpmax/trace", "."), (".bpmax", "trace"), ("", ".")]
)
def test_traces_are_read_from_where_one_stands(
    recorded: Project, bs: Command, monkeypatch: pytest.MonkeyPatch, folder: str, place: str
) -> None:
    bs("run", "--trace=on")
    monkeypatch.chdir(recorded.folder / folder)
    done = bs("report", place, "--to", str(recorded.folder / "页面.html"), "--json")

    assert (done.code, json.loads(done.out)["passed"]) == (0, 1)
    assert NAME in (recorded.folder / "页面.html").read_text(encoding="utf-8")


def test_a_report_that_cannot_be_written_is_named(recorded: Project, bs: Command) -> None:
    bs("run", "--trace=on")
    done = bs("report", "--to", "scenarios")

    assert (done.code, done.err) == (2, snapshot("scenarios: cannot be written: Is a directory\n"))


ROWS = """\
version: 1
scenario: 报价
form: {scripts: {open: 报价.js}}
proxy: {platforms: platforms/}
cases: {from: 报价.csv}
steps:
  - {open: {}, expect: {console: ["${case.说}"]}}
"""


def test_the_page_tells_how_to_run_a_row_of_a_csv_file_again(project: Project, bs: Command) -> None:
    folder = project.scenario.parent
    (folder / "报价.scenario.yaml").write_text(ROWS, encoding="utf-8")
    (folder / "报价.js").write_text("console.log('好')", encoding="utf-8")
    (folder / "报价.csv").write_text("id,说\n甲,好\n乙 一,坏\n", encoding="utf-8")
    assert bs("run", "scenarios/报价.scenario.yaml").code == 1
    bs("report")
    page = (project.folder / ".bpmax/report.html").read_text(encoding="utf-8")
    (command,) = set(re.findall(r'"rerun":("(?:[^"\\]|\\.)*")', page))

    again = bs(*shlex.split(json.loads(command))[1:])

    assert again.code == 1
    assert "报价[乙 一]" in again.out
    assert "报价[甲]" not in again.out


SOURCE = event("SourceAttached", file="回填.scenario.yaml", text="scenario: 回填")
UNUSED = {"kind": "unused_stub", "message": "stub", "place": "回填.scenario.yaml:3:1"}


def write_trace(*events: Mapping[str, Any]) -> str:
    begun = {**started(), "version": VERSION}
    return "".join(f"{json.dumps(one)}\n" for one in (begun, *events, SOURCE))


PASSED, BROKEN = write_trace(finished()), "{"
WHOLE = {
    **{name: write_trace(finished(outcome=name)) for name in ("failed", "xfailed", "skipped")},
    "passed": PASSED, "again": PASSED, "killed": write_trace(), "killed again": write_trace(),
    "killed too": write_trace(), "broken": BROKEN, "broken too": BROKEN,
}  # fmt: skip
NONE = dict.fromkeys(("passed", "failed", "xfailed", "skipped", "ended_early", "unreadable"), 0)
ONE_PART = "1 part of a file that none of its rows used; the page names it"


@pytest.mark.parametrize(
    ("traces", "counts", "notes", "code"),
    [
        ({"a": PASSED}, {"passed": 1}, [], 0),
        ({"a": WHOLE["failed"], "b": WHOLE["killed"]}, {"failed": 1, "ended_early": 1}, [], 0),
        ({"a": PASSED, "b": BROKEN}, {"passed": 1, "unreadable": 1},
         ["1 trace could not be read"], 2),
        ({"a": write_trace(finished(unused=[UNUSED], rows=1))}, {"passed": 1}, [ONE_PART], 1),
        # another row of that file uses it, or did not run
        ({"a": write_trace(finished(unused=[UNUSED], rows=2))}, {"passed": 1}, [], 0),
        ({"a": write_trace(finished(unused=[UNUSED], rows=1)), "b": BROKEN},
         {"passed": 1, "unreadable": 1}, ["1 trace could not be read", ONE_PART], 2),
        ({"a": write_trace(finished(
            rows=1, unused=[UNUSED, {**UNUSED, "place": "回填.scenario.yaml:4:1"}]))},
         {"passed": 1},
         ["2 parts of files that none of their rows used; the page names them"], 1),
        (WHOLE, {"passed": 2, "failed": 1, "xfailed": 1, "skipped": 1, "ended_early": 3,
                 "unreadable": 2}, ["2 traces could not be read"], 2),
    ],
)  # fmt: skip
def test_scenarios_are_counted_by_how_they_ended(  # noqa: PLR0913, PLR0917
    tmp_path: Path,
    bs: Command,
    monkeypatch: pytest.MonkeyPatch,
    traces: Mapping[str, str],
    counts: Mapping[str, int],
    notes: list[str],
    code: int,
) -> None:
    (tmp_path / "scenarios").mkdir()
    folder = ".bpmax/trace/scenarios"
    write_files(tmp_path, {f"{folder}/{name}/a.ndjson": text for name, text in traces.items()})
    monkeypatch.chdir(tmp_path)

    done = bs("report", "--json")

    told = {**NONE, **counts, "version": 1, "file": ".bpmax/report.html", "flow": None}
    assert json.loads(done.out) == told
    assert (done.err.splitlines(), done.code) == (notes, code)
    assert bs("report").out == ".bpmax/report.html\n"


@pytest.mark.parametrize(
    ("files", "words", "told"),
    [
        ({}, ["没有"], "没有: trace not found"),
        ({}, [".bpmax/trace", "没有"], "没有: trace not found"),
        ({".bpmax/durations.json": "{"}, [], ".bpmax/durations.json: these are no durations"),
        ({"pyproject.toml": "[tool.bpmax_sim]\neditor = 'vscod'\n"}, [], "[tool.bpmax_sim] editor"),
        ({}, ["--evidence", "没有"], "没有: there is nothing of a complete run here"),
    ],
)
@pytest.mark.parametrize("to", [".bpmax/report.html", "页面.html"])
def test_a_page_of_an_earlier_run_does_not_stay_where_there_is_none_of_this_one(  # noqa: PLR0913, PLR0917
    tmp_path: Path,
    bs: Command,
    monkeypatch: pytest.MonkeyPatch,
    files: Mapping[str, str],
    words: list[str],
    told: str,
    to: str,
) -> None:
    (tmp_path / "scenarios").mkdir()
    write_files(tmp_path, {".bpmax/trace/scenarios/a/a.ndjson": PASSED})
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CI", raising=False)
    assert bs("report", "--to", to).code == 0
    assert (tmp_path / to).exists()
    write_files(tmp_path, files)

    done = bs("report", *words, "--to", to)

    assert (done.code, done.err.startswith(told)) == (2, True)
    assert not (tmp_path / to).exists()
