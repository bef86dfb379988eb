"""``report``: one page from the traces of a run."""

from __future__ import annotations

import json
import re
import shlex

from tests.cli.project import NAME, Command, Project
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
