# ruff: noqa: E501 - a fact, one a line
"""Traces, artefacts, links and sections as they are read again, whole and damaged."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from bpmax_sim.errors import ConfigError, Place
from bpmax_sim.i18n import msg, to_plain_english
from bpmax_sim.report.artifact_run import read_artifact_run
from bpmax_sim.report.editor_links import make_editor_url_template
from bpmax_sim.report.failure_causes import describe_cause, find_grouping_cause
from bpmax_sim.report.html import render_page
from bpmax_sim.report.page_data import LONGEST_BODY, build_entry, format_body_text
from bpmax_sim.report.run_comparison import compare_runs
from bpmax_sim.report.sections import to_section_data
from bpmax_sim.report.trace_failures import (
    decode_failure_cause,
    encode_failure_cause,
    read_place,
)
from bpmax_sim.report.trace_files import Trace, find_traces, parse_trace
from bpmax_sim.scenario.events import VERSION
from bpmax_sim.scenario.expect import Comparison
from bpmax_sim.scenario.source import Failure
from tests.files import write_files
from tests.report.test_html import Checked, answered, event, finished, made, started

START = started("回填", version=VERSION)


def lines(*events: Mapping[str, Any]) -> bytes:
    return "".join(f"{json.dumps(one, ensure_ascii=False)}\n" for one in events).encode()


def refuse(data: bytes) -> str:
    with pytest.raises(ConfigError) as wrong:
        parse_trace(data, "s/x/a.ndjson", "t.ndjson")
    return to_plain_english(str(wrong.value)).partition(";")[0]


def test_lines_of_a_trace_are_what_their_kind_needs() -> None:
    entered = event("NodeEntered", node="a", previous="", action="create")
    wrong = [
        b"x\n", b"[]\n", b'{"event":"A"}\n', b'{"event":1,"at":1}\n', b'{"event":"A","at":true}\n', b'{"event":"A","at":"1"}\n',
        lines(finished(0, "won")), lines({**entered, "previous": None}), lines({**entered, "action": 1}), lines(event("BranchArrived", node="a")),
        lines(event("FlowAttached", flow=None)),
    ]  # fmt: skip

    assert {refuse(lines(START) + data) for data in wrong} == {"t.ndjson:2: not a line of a trace"}
    assert refuse(b"") == refuse(lines(finished())) == "t.ndjson: this trace has no beginning"
    assert refuse(lines(START) + b'x\n{"event":') == "t.ndjson:2: not a line of a trace"
    hints = []
    for version in (VERSION + 1, VERSION - 1):
        with pytest.raises(ConfigError) as wrong_version:
            parse_trace(lines({**START, "version": version}), "a", "t")
        hints.append(to_plain_english(str(wrong_version.value)).partition("; ")[2])
    assert hints == [
        "update bpmax-sim", "write some with `pytest --bpmax-trace=on` or `bpmax-sim run --trace=on`",
    ]  # fmt: skip
    assert refuse(b'{"event":') == "t.ndjson:1: not a line of a trace"
    told = "this trace has version {}, and version " + f"{VERSION} is read here"
    versions = [VERSION + 1, VERSION - 1, "x", None]
    assert [refuse(lines({**START, "version": one})) for one in versions] == [f"t.ndjson: {told.format(one)}" for one in versions]  # fmt: skip
    assert refuse(lines(started())) == f"t.ndjson: {told.format(1)}"


def test_what_is_attached_to_a_trace_is_kept_by_its_kind() -> None:
    data = lines(
        START, entered := event("NodeEntered", node="a", previous="", action="create"), end := finished(1, "xfailed"),
        event("PartsAttached", parts=[{"kind": "stub"}]), event("SourceAttached", file="a.js", text="甲"), event("SourceAttached", file="b.js", text="乙"),
        sub := event("FlowAttached", name="子", flow="x"), main := event("FlowAttached", flow="主"), names := event("NamesAttached", names={}),
        event("PartsAttached", parts=[]), event("NamesAttached", names={"a": "1"}),
    )  # fmt: skip

    assert parse_trace(data, "s/采购/x/a.ndjson", "t") == Trace(
        "s/采购", (START, entered, end), {"a.js": "甲", "b.js": "乙"}, {"子": sub, "": main}, [{"kind": "stub"}], names,
    )  # fmt: skip
    cut = parse_trace(lines(START, entered) + b'{"event"', "x/a.ndjson", "t")
    assert (cut.folder, cut.events, cut.main_flow, cut.parts, cut.names) == (
        "",
        (START, entered),
        None,
        (),
        None,
    )
    assert parse_trace(lines(START), "a.ndjson", "t").folder == ""


def test_traces_are_named_below_their_folder_and_the_later_place_counts(tmp_path: Path) -> None:
    names = (
        "1/trace/s/b/一.ndjson",
        "1/trace/s/a/二.ndjson",
        "2/trace/s/b/一.ndjson",
        "3/s/b/三.ndjson",
        "1/trace/s/x.json",
    )
    write_files(tmp_path, dict.fromkeys(names, "x"))
    one, two, three = (tmp_path / "1/trace", tmp_path / "2/trace/s/b/一.ndjson", tmp_path / "3")

    found = find_traces([two, one, three, three / "s/b/三.ndjson", two])

    assert [(name, path.relative_to(tmp_path).as_posix()) for name, path in found.items()] == [
        ("s/a/二.ndjson", "1/trace/s/a/二.ndjson"), ("s/b/一.ndjson", "2/trace/s/b/一.ndjson"), ("s/b/三.ndjson", "3/s/b/三.ndjson"),
        ("三.ndjson", "3/s/b/三.ndjson"),
    ]  # fmt: skip
    for place, told in (
        (tmp_path / "4", "trace not found"),
        (tmp_path / "1/trace/s/x.json", ""),
        (tmp_path, ""),
    ):
        if told:
            with pytest.raises(ConfigError, match=told):
                find_traces([place])


JUNIT = """\
<testsuite><testcase classname="tests.test_a.TestX" name="test_b[甲]" line="7" file="tests/test_a.py"><failure message="m">
 text
more
rerun: pytest x
end</failure><error message="second"/></testcase>
<testcase classname="tests.test_a.TestX" name="test_c"><error message="only"/></testcase>
<testcase classname="tests.test_a" name="test_e"><error message="e"/></testcase>
<testcase classname="gone" name="test_d" line="x"><failure>first
second</failure></testcase>
<testcase classname="s.回填.scenario.yaml" name="回填"><failure message="known"/></testcase>
<testcase classname="a" name="fine"/><testcase classname="a" name="off"><skipped/></testcase></testsuite>
"""


def write_run(root: Path) -> dict[str, str]:
    """Write what a pipeline keeps below *root*; return the files."""
    failed = {
        "name": "回填",
        "file": "s/回填.scenario.yaml",
        "line": 3,
        "headline": "h",
        "texts": ["t"],
        "version": 2,
        "run": "r",
        "kept": 5,
    }
    other = started("另", place="另.scenario.yaml:2:1", version=VERSION)
    step = event("StepStarted", number=1, title="填写", form={})
    files = {
        "z/.bpmax/failed/s/回填/回填.json": json.dumps(failed),
        "z/.bpmax/failed/s/新/新.json": json.dumps({**failed, "version": 3}),
        "z/.bpmax/trace/s/回填/回填.ndjson": (
            lines(started("回填", version=VERSION), finished(1, "failed"))
            + lines(event("SourceAttached", file="回填.scenario.yaml", text="甲"))
        ).decode(),
        "z/.bpmax/trace/s/另/另.ndjson": lines(other, {**step, "title": "先"}, step).decode(),
        "z/.bpmax/trace/s/早/早.ndjson": lines({**other, "name": "早"}).decode(),
        "z/.bpmax/trace/s/好/好.ndjson": lines({**other, "name": "好"}, finished(1)).decode(),
        "z/.bpmax/trace/s/待/待.ndjson": lines(
            {**other, "name": "待"}, finished(1, "xfailed")
        ).decode(),
        "z/.bpmax/trace/s/坏/坏.ndjson": "x\n",
        "z/report.xml": JUNIT,
        "z/else.xml": "<coverage/>",
        "z/bad.xml": "<!DOCTYPE a>",
        "z/.bpmax/x.xml": "<",
        "z/notes.txt": "x",
    }
    write_files(root, files)
    return files


@pytest.mark.parametrize("packed", [False, True])
def test_a_run_is_read_from_a_folder_and_from_an_archive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, packed: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    files = write_run(tmp_path / "kept")
    place = Path("kept")
    if packed:
        place = Path("kept.zip")
        with zipfile.ZipFile(place, "w") as archive:
            for name in sorted(files, reverse=True):
                archive.writestr(name.replace("/", "\\"), files[name])
    write_files(tmp_path, {"tests/test_a.py": ""})

    run = read_artifact_run(place, tmp_path)

    assert [
        (one.name, one.file, one.line, to_plain_english(one.headline), len(one.texts), to_plain_english(one.rerun)) for one in run.failures
    ] == [
        ("回填", "s/回填.scenario.yaml", 3, "h", 1, ""),
        ("早", "s/另.scenario.yaml", 2, "did not end: its trace breaks off before the first step", 1, "bpmax-sim run s/另.scenario.yaml:2"),
        ("另", "s/另.scenario.yaml", 2, "did not end: its trace breaks off in step 填写", 1, "bpmax-sim run s/另.scenario.yaml:2"),
        ("test_b[甲]", "tests/test_a.py", 7, "m", 1, "pytest x"),
        ("test_c", "tests.test_a.TestX", 0, "only", 1, "pytest tests/test_a.py::TestX::test_c"),
        ("test_e", "tests.test_a", 0, "e", 1, "pytest tests/test_a.py::test_e"),
        ("test_d", "gone", 0, "first", 1, ""),
    ]  # fmt: skip
    assert run.failures[3].texts == ("text\nmore\nrerun: pytest x\nend",)
    assert run.sources == {
        ("s/回填.scenario.yaml", "回填"): {"s/回填.scenario.yaml": "甲"}, ("s/另.scenario.yaml", "早"): {}, ("s/另.scenario.yaml", "另"): {},
    }  # fmt: skip
    assert run.tests == 7
    assert [to_plain_english(one).partition(";")[0] for one in run.problems] == [
        f"{place}/z/.bpmax/failed/s/新/新.json: cannot be read, or is of another version of bpmax-sim",
        f"{place}/z/.bpmax/trace/s/坏/坏.ndjson:1: not a line of a trace",
        f"{place}/z/bad.xml: declares entities, as no JUnit file does",
    ]


def test_a_link_opens_the_file_below_the_root(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CI", raising=False)
    root = tmp_path / "项 目"
    folder = str(root).lstrip("/").replace("项 目", "%E9%A1%B9%20%E7%9B%AE")

    def link(editor: str) -> str:
        write_files(root, {"pyproject.toml": f"[tool.bpmax_sim]\neditor = '{editor}'\n"})
        return make_editor_url_template(root)

    assert [link(one) for one in ("vscode", "idea", "pycharm", "x-y.z+1://open/{path}?l={line}", "")] == [
        f"vscode://file/{folder}/{{path}}:{{line}}:{{column}}", f"idea://open?file=/{folder}/{{path}}&line={{line}}&column={{column}}",
        f"pycharm://open?file=/{folder}/{{path}}&line={{line}}&column={{column}}", f"x-y.z+1://open//{folder}/{{path}}?l={{line}}", "",
    ]  # fmt: skip
    for wrong in (
        "vscod",
        "javascript://{path}",
        "data://{path}",
        "vbscript://{path}",
        "http://x",
        "{path}",
    ):
        with pytest.raises(ConfigError, match="editor"):
            link(wrong)
    monkeypatch.setenv("CI", "1")
    assert link("vscod") == ""


def test_a_cause_is_the_same_in_another_process() -> None:
    checks = (
        Comparison(("a",), True, "1", "1"),
        Comparison(("b",), False, "1", "2"),
        Comparison(("c",), False, "1", "3"),
    )
    failures = [
        Failure(kind="expect", essence="甲", scenario="一", checks=checks),
        Failure(
            kind="script", essence="乙", scenario="一", script=Place("a.js", 3, 5), checks=checks
        ),
        Failure(kind="config", essence="丙", scenario="一", script=Place("a.js", 3)),
        Failure(kind="miss", essence=msg("skip: {reason}", reason="丁"), scenario="一"),
    ]
    again = [decode_failure_cause(encode_failure_cause(one)) for one in failures]

    assert [find_grouping_cause(one) for one in again] == [
        find_grouping_cause(one) for one in failures
    ]
    assert [(one.kind, one.template, one.where) for one in map(find_grouping_cause, again)] == [
        ("expect", "甲", "b"), ("script", "乙", "a.js:3"), ("config", "丙", "a.js:3"), ("miss", "skip: 丁", ""),
    ]  # fmt: skip
    assert [to_plain_english(describe_cause([one])) for one in failures] == [
        "甲",
        "a.js:3: 乙",
        "丙",
        "skip: 丁",
    ]
    assert [read_place(one) for one in ("", "a", "a:1", "a:1:2", "C:/a:3", "a:b:1:2:3", "a:")] == [
        None, Place("a"), Place("a", 1), Place("a", 1, 2), Place("C:/a", 3), Place("a:b:1", 2, 3), Place("a:"),
    ]  # fmt: skip


def test_a_scenario_that_ends_in_two_ways_is_flaky(tmp_path: Path) -> None:
    ends = {
        "1": {"稳": finished(), "摇": finished(), "变": finished(digest="a"), "断": made()},
        "2": {"稳": finished(), "摇": finished(0, "failed"), "变": finished(digest="b"), "断": finished(0, "xfailed")},
        "3": {"稳": finished(), "变": finished(digest="a"), "断": finished(0, "skipped")},
    }  # fmt: skip
    for run, found in ends.items():
        for name, end in found.items():
            data = lines(started(name, version=VERSION, row="甲" if name == "变" else ""), end)
            write_files(tmp_path, {f"{run}/s/x/{name}.ndjson": data.decode()})
    seconds = {f"测{number:02}": number / 7 for number in range(23)}
    [section] = compare_runs([tmp_path / run for run in ends], seconds)
    shown = to_section_data(section)
    flaky, slow = shown["parts"]

    def say(text: Any) -> str:
        return str(text if isinstance(text, str) else text["en"])

    assert (shown["name"], say(shown["summary"])) == ("runs", "3 scenarios are flaky")
    assert [say(one) for one in flaky["columns"]] == ["scenario", "run 1", "run 2", "run 3"]
    assert [[(say(cell["text"]), cell["tone"]) for cell in row] for row in flaky["rows"]] == [
        [("变[甲]", ""), ("passed, result 1", "passed"), ("passed, result 2", "passed"), ("passed, result 1", "passed")],
        [("摇", ""), ("passed, result 1", "passed"), ("failed, result 2", "failed"), ("–", "quiet")],
        [("断", ""), ("did not end, result 1", "failed"), ("failed as expected, result 2", "quiet"), ("skipped, result 3", "quiet")],
    ]  # fmt: skip
    assert [(row[0]["text"], row[1]["text"]) for row in slow["rows"]] == [
        (f"测{number:02}", f"{number / 7:.3f} s") for number in range(22, 2, -1)
    ]
    assert [*compare_runs([tmp_path / "1"], {})] == [] == [*compare_runs([], {})]


def test_forms_that_stay_are_told_once_and_causes_by_their_number() -> None:
    def step(kind: str, at: float, form: Any) -> dict[str, Any]:
        return event(kind, at, number=1, title="一", form=form)

    told = [step("StepStarted", 0, {"a": 1}), made(), answered(), step("StepFinished", 1, {"a": 1}), step("StepStarted", 1, {"a": True}), step("StepFinished", 2, None), step("StepStarted", 2, None), {key: one for key, one in step("StepFinished", 2, None).items() if key != "form"}, step("StepStarted", 2, {}), {key: one for key, one in step("StepFinished", 2, None).items() if key != "form"}]  # fmt: skip
    failure = {"kind": "miss", "essence": "甲"}
    traces = [
        Trace("s", (started("一", place="a.yaml:1:1"), finished(0, "failed", failures=[{**failure, "essence": "乙"}]))),
        Trace("s", (started("二", place="b.yaml:1:1"), finished(0, "failed", failures=[failure]))),
        Trace("s", (started("三", place="c.yaml:1:1"), finished(0, "failed", failures=[failure, {**failure, "essence": "乙"}]))),
        Trace("s", (started("四", place="d.yaml:1:1"), *told, finished(2, "xfailed", failures=[failure]))),
    ]  # fmt: skip
    data = Checked(render_page(map(build_entry, traces), version="1", language="zh")).data

    assert data["index"]["causes"] == [
        {"text": "甲", "stories": [1, 2, 3]},
        {"text": "乙", "stories": [0]},
    ]
    forms = [
        one.get("form", "as before")
        for one in data["story-3"]["events"]
        if one["event"].startswith("Step")
    ]
    assert forms == [{"a": 1}, "as before", {"a": True}, None, "as before", "as before", {}, None]


def test_a_body_is_cut_at_its_bytes() -> None:
    most = LONGEST_BODY
    bodies = {
        "null": None,
        "text": "甲",
        "json": {"a": [1, "张"]},
        "empty": "",
        "zero": 0,
        "whole": "a" * most,
        "wide": "张" * (most // 3),
    }
    assert {name: format_body_text(one) for name, one in bodies.items() if name not in ("whole", "wide")} == {
        "null": "", "text": "甲", "json": '{\n  "a": [\n    1,\n    "张"\n  ]\n}', "empty": "", "zero": "0",
    }  # fmt: skip
    assert format_body_text(bodies["whole"]) == bodies["whole"]
    assert format_body_text(bodies["wide"]) == bodies["wide"]
    assert format_body_text("a" * most + "b") == "a" * most + "\n… 1 bytes more"
    cut = format_body_text("张" * most)
    assert cut == "张" * (most // 3) + f"\n… {most * 2:,} bytes more"
