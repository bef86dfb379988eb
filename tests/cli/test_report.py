"""``report``: one page from the traces of a run."""

from __future__ import annotations

from tests.cli.project import NAME, Command, Project


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
    assert (done.code, done.err) == (2, f".bpmax/trace: there is no such trace; {how}\n")


def test_a_report_that_cannot_be_written_is_named(recorded: Project, bs: Command) -> None:
    bs("run", "--trace=on")
    done = bs("report", "--to", "scenarios")

    assert (done.code, done.err) == (2, "scenarios: cannot be written: Is a directory\n")
