"""The index of a page: order, sizes, causes, unused parts; and what the lines of a trace may be."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from bpmax_sim.errors import ConfigError, Place
from bpmax_sim.i18n import to_plain_english
from bpmax_sim.report.html import render_page, write_page
from bpmax_sim.report.page_data import add_row_part_uses, build_entry
from bpmax_sim.report.run_comparison import compare_runs
from bpmax_sim.report.script_coverage import CoveredBranch, CoveredScript
from bpmax_sim.report.sections import (
    SECTIONS,
    ReportSection,
    SectionCell,
    SectionFinding,
    SectionTable,
    read_sections,
    store_section,
)
from bpmax_sim.report.trace_files import Trace, find_traces, parse_trace, read_traces, store_trace
from bpmax_sim.scenario.events import VERSION, NamesAttached
from bpmax_sim.scenario.file_verdict import FileRuns
from bpmax_sim.scenario.load import load_items
from bpmax_sim.scenario.runner import run_scenario
from bpmax_sim.script_source.counters import LineColumn
from tests.report.test_html import Checked, answered, event, finished, made, started


def page(*traces: Trace, **options: Any) -> Checked:
    return Checked(render_page(map(build_entry, traces), version="1.2", language="en", **options))


def ran(name: str, outcome: str = "passed", place: str = "a.yaml:1:1", **fields: Any) -> Trace:
    last = finished(0.5, outcome, **fields)
    if outcome == "did not end":
        last = event("ConsoleWritten", 0.5, text="x", level="log")
    return Trace("s", (started(name, place=place), made(), answered(), last))


def test_what_failed_is_first_and_the_rest_in_the_order_of_places() -> None:
    told = page(
        ran("一", "passed", "b.yaml:1:1"),
        ran("二", "skipped", "a.yaml:1:1"),
        ran("三", "did not end", "d.yaml:1:1"),
        ran("四", "xfailed", "c.yaml:1:1"),
        ran("五", "failed", "c.yaml:1:1"),
    ).data["index"]

    assert [one["name"] for one in told["stories"]] == ["五", "三", "二", "一", "四"]
    assert [one["outcome"] for one in told["stories"]] == [
        "failed", "did not end", "skipped", "passed", "xfailed",
    ]  # fmt: skip
    assert (told["version"], told["language"], told["problems"]) == ("1.2", "en", [])
    first = told["stories"][0]
    assert (first["ms"], first["calls"], first["headline"], first["whole"]) == (500, 1, "", True)
    assert (first["apis"], first["place"]) == (["crm.查询"], "s/c.yaml:1:1")
    assert told["marks"] == {
        "failed": "×", "did not end": "×", "unreadable": "×", "passed": "√", "xfailed": "-",
        "skipped": "-",
    }  # fmt: skip


def test_rows_of_a_table_are_in_the_order_of_their_lines() -> None:
    told = page(*(ran(f"采购{n}", place=f"采购.scenario.yaml:{n}:5") for n in (10, 9, 101, 8)))

    names = [one["name"] for one in told.data["index"]["stories"]]
    assert names == ["采购8", "采购9", "采购10", "采购101"]


@pytest.mark.parametrize(("largest", "whole"), [(0, 1), (1, 1), (10**6, 4)])
def test_so_many_stories_are_whole_as_there_is_room(largest: int, whole: int) -> None:
    told = page(*(ran(f"第{n}") for n in range(4)), largest=largest)

    assert [one["whole"] for one in told.data["index"]["stories"]] == [
        number < whole for number in range(4)
    ]
    assert [name for name in told.data if name.startswith("story-")] == [
        f"story-{number}" for number in range(whole)
    ]


def test_a_source_is_there_once_for_all_who_show_it() -> None:
    one = replace(ran("一"), sources={"a.yaml": "甲", "../b.js": "乙"})
    two = replace(ran("二"), sources={"a.yaml": "甲", "../c.js": "丙 </script> \u2028\u2029"})

    told = page(one, two).data

    assert [told[f"story-{n}"]["sources"] for n in (0, 1)] == [
        {"s/a.yaml": 0, "b.js": 1}, {"s/a.yaml": 0, "c.js": 2},
    ]  # fmt: skip
    assert [told[f"file-{n}"] for n in range(3)] == ["甲", "乙", "丙 </script> \u2028\u2029"]
    text = render_page([build_entry(two)], version="1", language="zh")
    assert "\u2028" not in text
    assert "\u2029" not in text


def test_a_part_is_unused_where_no_row_that_passed_used_it() -> None:
    def parts(*used: bool) -> tuple[dict[str, Any], ...]:
        return tuple(
            {"kind": "stub", "name": name, "place": "a.yaml:1", "used": is_used}
            for name, is_used in zip("甲乙丙", used, strict=True)
        )

    told = page(
        replace(ran("一"), parts=parts(False, True, False)),
        replace(ran("二"), parts=parts(False, False, False)),
        replace(ran("三", "failed"), parts=parts(True, True, True)),
    ).data["index"]["parts"]

    assert (told["all"], told["used"]) == (3, 1)
    assert told["unused"] == [
        {"kind": "stub", "name": name, "place": "s/a.yaml:1"} for name in "甲丙"
    ]


@pytest.mark.parametrize(
    ("rows", "outcomes", "is_told"),
    [
        (("一", "二"), ("passed", "passed"), True),
        (("一", "二"), ("passed", "failed"), False),
        (("一",), ("passed",), False),
    ],
)
def test_a_stub_is_told_as_unused_where_all_rows_passed_without_it(
    rows: tuple[str, ...], outcomes: tuple[str, ...], *, is_told: bool
) -> None:
    runs = FileRuns()
    unused = [{"kind": "unused_stub", "message": "stub x", "place": "../b.yaml:3:1"}]
    for row, outcome in zip(rows, outcomes, strict=True):
        first = started("x", row=row)
        last = finished(outcome=outcome, rows=2, unused=unused, used=["../c.yaml"])
        add_row_part_uses(runs, Trace("s/t", (first, last), {"a.yaml": "text", "z.yaml": "x"}))

    found = list(runs.find_failing_unused_parts())

    assert [(file, str(part.place), part.message) for file, part in found] == (
        [("s/t/a.yaml", "s/b.yaml:3:1", "stub x")] if is_told else []
    )


def test_the_headline_of_a_story_is_that_of_its_first_failure() -> None:
    failures = [{"essence": one, "scenario": "回填"} for one in ("一", "二")]
    told = page(ran("x", "failed", failures=failures), ran("y")).data["index"]

    assert [one["headline"] for one in told["stories"]] == [
        {"en": "回填: 一", "zh": "回填：一"},
        "",
    ]
    assert [one["stories"] for one in told["causes"]] == [[0]]


def test_a_covered_script_has_its_lines_and_what_was_never_taken() -> None:
    never = CoveredBranch(2, 9, "else", 0, LineColumn(1, 5), "set a")
    taken = CoveredBranch(2, 3, "then", 4, LineColumn(1, 5))
    caught = CoveredBranch(7, 3, "catch", 0, LineColumn(6, 1))
    script = CoveredScript(
        file="a.js", source="if (a) {}", lines={1: 4, 2: 0}, functions=(), lost=3,
        branches=(taken, never, caught),
    )  # fmt: skip

    told = page(ran("x"), covered=[script, replace(script, file="b.js", branches=())]).data

    assert [(one["file"], one["percent"]) for one in told["index"]["covered"]] == [
        ("a.js", 40.0), ("b.js", 50.0),
    ]  # fmt: skip
    assert told["index"]["covered"][0]["counts"] == [1, 2, 1, 3]
    first = told["covered-0"]
    assert (first["text"], first["lines"], first["lost"]) == ("if (a) {}", {"1": 4, "2": 0}, 3)
    assert [(one["line"], one["arm"], one["reach"]) for one in first["branches"]] == [
        (1, "else", "set a"), (7, "catch", ""),
    ]  # fmt: skip
    assert all(one["why"] for one in first["branches"])
    assert told["covered-1"]["branches"] == []


def test_warnings_have_their_places_and_the_failed_line_its_values() -> None:
    warnings = [
        {"kind": "cycle", "message": "甲", "place": "../a.js:3:1"},
        {"kind": "cycle", "message": "乙", "place": None},
    ]
    failures = [{"essence": "一", "scenario": "x"}, {"essence": "二", "scenario": "x"}]
    last = finished(1, "failed", warnings=warnings, notes=["旧 ../b"], failures=failures)
    names = {"place": "../a.js:3:1", "names": {"x": "1"}, "stack": ["../a.js:3:1", "b"]}

    made_entry = build_entry(Trace("s/c", (started(), last), names=names))

    assert made_entry.notes == ("旧 s/b", {"en": "s/a.js:3:1: 甲", "zh": "s/a.js:3:1：甲"}, "乙")
    first, second = made_entry.failures
    assert (first["line"], first["names"], first["stack"]) == (
        "s/a.js:3:1", {"x": "1"}, ["s/a.js:3:1", "b"],
    )  # fmt: skip
    assert "names" not in second


def encode(*events: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(one).encode() + b"\n" for one in events)


HEAD = {"event": "ScenarioStarted", "at": 0, "name": "x", "version": VERSION}


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (encode(HEAD), None),
        (encode(HEAD) + b'{"event": "X", "a', None),
        (encode(HEAD) + b'{"event": "X", "a\n', r"t:2: not a line of a trace"),
        (b'{"event": "X", "a', r"t:1: not a line of a trace"),
        (encode(HEAD, {"event": "X"}), r"t:2: not a line of a trace"),
        (encode(HEAD, {"event": "X", "at": "1"}), r"t:2: not a line of a trace"),
        (encode(HEAD, {"event": "X", "at": True}), r"t:2: not a line of a trace"),
        (encode(HEAD, {"event": 1, "at": 1}), r"t:2: not a line of a trace"),
        (encode(HEAD) + b"[]\n", r"t:2: not a line of a trace"),
        (b"", "t: this trace has no beginning"),
        (encode({"event": "X", "at": 0}), "t: this trace has no beginning"),
        (encode({"event": "SourceAttached", "at": 0}), "t: this trace has no beginning"),
        (encode({**HEAD, "version": VERSION + 1}), "read here; update bpmax-sim"),
        (encode({**HEAD, "version": VERSION - 1}), "read here; write some with"),
        (encode({**HEAD, "version": "9"}), "read here; write some with"),
    ],
)
def test_a_trace_has_a_beginning_of_this_version_and_whole_lines(
    data: bytes, told: str | None
) -> None:
    if told is None:
        assert parse_trace(data, "s/t/a/x.ndjson", "t").folder == "s/t"
        assert parse_trace(data, "a/x.ndjson", "t").folder == ""
        return
    with pytest.raises(ConfigError, match=told):
        parse_trace(data, "s/a/x.ndjson", "t")


def test_what_is_attached_to_a_trace_is_no_event() -> None:
    data = encode(
        {"event": "SourceAttached", "at": 0, "file": "a", "text": "甲"},
        HEAD,
        {"event": "FlowAttached", "at": 0, "name": "", "flow": "主"},
        {"event": "FlowAttached", "at": 0, "name": "子", "flow": "子流程"},
        {"event": "PartsAttached", "at": 0, "parts": [{"kind": "stub"}]},
        {"event": "NamesAttached", "at": 0, "names": {"x": "1"}},
        {"event": "SourceAttached", "at": 0, "file": "b", "text": "乙"},
        {"event": "Other", "at": 1},
    )

    trace = parse_trace(data, "a/x", "t")

    assert [one["event"] for one in trace.events] == ["ScenarioStarted", "Other"]
    assert trace.sources == {"a": "甲", "b": "乙"}
    assert trace.main_flow is not None
    assert (trace.main_flow["flow"], [*trace.flows]) == ("主", ["", "子"])
    assert trace.names is not None
    assert (trace.parts, trace.names["names"]) == ([{"kind": "stub"}], {"x": "1"})
    plain = parse_trace(encode(HEAD), "a/x", "t")
    assert (plain.main_flow, plain.parts, plain.names) == (None, (), None)


SCENARIO = """\
version: 1
scenario: 回填
vars: {无: ""}
flow:
  definition: 流程.yaml
  at: 初审
steps:
  - {if: "${vars.无} == ctx.form.a", set: {金额: 1}}
  - {approve: {by: 甲}}
"""
FLOW = """\
flow: 合同
start: 初审
nodes:
  初审:
    title: 初 ctx.form.a
    owners: [甲]
    approve: [{to: 分, when: "ctx.form.a > 1"}, {to: 止}]
    reject: 止
    deadline: [{after: 60}, {after: 90, to: 止}]
  分: {parallel: [一, 二], join: 止}
  一: {owners: [甲], approve: 止}
  二: {owners: [甲], approve: 止}
  止: {owners: [乙], approve: 末}
  末: {end: true}
"""


def test_a_trace_holds_the_ways_of_its_flow_and_files_without_secrets(tmp_path: Path) -> None:
    (tmp_path / "流程.yaml").write_text(FLOW, "utf-8")
    path = tmp_path / "回填.scenario.yaml"
    path.write_text(SCENARIO, "utf-8")
    [item] = load_items(path, environ={}, root=tmp_path)
    result = run_scenario(str(path))
    events = tuple(result.events)

    def redact(text: str) -> str:
        return text.replace("ctx.form.a", "redacted.a")

    for mode, failed, is_there in (
        ("off", True, False), ("on-failure", False, False), ("on", False, True),
        ("on-failure", False, False), ("on-failure", True, True), ("off", True, True),
    ):  # fmt: skip
        written = store_trace(item, events, mode, failed=failed, redact=redact)
        assert bool(written) is (is_there and mode != "off")
        assert (len([*tmp_path.rglob("*.ndjson")]) == 1) is is_there

    [trace] = read_traces([tmp_path / ".bpmax/trace"])
    assert trace.main_flow is not None
    assert (trace.main_flow["flow"], trace.main_flow["start"]) == ("合同", "初审")
    nodes = trace.main_flow["nodes"]
    assert (nodes["初审"]["title"], nodes["末"]["end"], nodes["初审"]["end"]) == (
        "初 redacted.a", True, False,
    )  # fmt: skip
    assert [(one["action"], one["to"], one["when"]) for one in nodes["初审"]["routes"]] == [
        ("approve", "分", "redacted.a > 1"), ("approve", "止", ""), ("reject", "止", ""),
        ("deadline", "止", ""),
    ]  # fmt: skip
    assert [(one["action"], one["to"]) for one in nodes["分"]["routes"]] == [
        ("parallel", "一"), ("parallel", "二"), ("join", "止"),
    ]  # fmt: skip
    assert [(one["kind"], one["name"]) for one in trace.parts] == [
        ("branch", "${vars.无} == redacted.a")
    ]
    assert "ctx.form.a" not in "".join(trace.sources.values())
    assert sorted(trace.sources) == ["回填.scenario.yaml", "流程.yaml"]


def test_a_trace_without_redaction_holds_its_events_and_the_names(tmp_path: Path) -> None:
    (tmp_path / "流程.yaml").write_text(FLOW, "utf-8")
    path = tmp_path / "回填.scenario.yaml"
    path.write_text(SCENARIO, "utf-8")
    [item] = load_items(path, environ={}, root=tmp_path)
    events = tuple(run_scenario(str(path)).events)
    told = NamesAttached(place=Place("a.js", 3), names={"x": "1"}, stack=("f",), at=1.0)
    store_trace(item, events, "on", failed=True, names=told)
    [named] = read_traces([tmp_path / ".bpmax/trace"])
    assert named.names is not None
    assert (named.names["names"], named.names["stack"]) == ({"x": "1"}, ["f"])
    written = store_trace(item, events, "on", failed=False)
    assert written == str(tmp_path / ".bpmax/trace/回填/回填.ndjson")
    [bare] = read_traces([tmp_path / ".bpmax/trace"])
    assert (bare.sources, bare.flows, bare.names) == ({}, {}, None)


def test_a_trace_that_is_there_twice_counts_once(tmp_path: Path) -> None:
    for place, name in (("一", "s/a/x"), ("一", "s/b/y"), ("二", "s/a/x")):
        path = tmp_path / place / "trace" / f"{name}.ndjson"
        path.parent.mkdir(parents=True)
        path.write_bytes(encode(HEAD))
    folders = [tmp_path / name / "trace" for name in "一二"]

    found = find_traces(folders)
    assert found == {
        "s/a/x.ndjson": folders[1] / "s/a/x.ndjson", "s/b/y.ndjson": folders[0] / "s/b/y.ndjson",
    }  # fmt: skip
    single = folders[0] / "s/b/y.ndjson"
    assert find_traces([single]) == {"s/b/y.ndjson": single}


def section(name: str, **fields: Any) -> ReportSection:
    return ReportSection(name=name, title=name, **fields)


def test_sections_are_stored_by_name_and_the_later_folder_wins(tmp_path: Path) -> None:
    table = SectionTable(("甲", "乙"), ((SectionCell("1"), SectionCell("2", "failed", "h")),), "c")
    finding = SectionFinding(headline="h", place="a:1", lines=("x", "y"), paste="p", tone="again")
    one, two = tmp_path / "一", tmp_path / "二"
    store_section(one, section("explore", summary="旧"))
    path = store_section(one, section("explore", summary="s", parts=(table, finding)))
    store_section(one, section("challenge"))
    store_section(two, section("challenge", summary="新"))
    (two / SECTIONS / "bad.json").write_text("{}", "utf-8")
    whole = json.loads(path.read_bytes())
    (two / SECTIONS / "new.json").write_text(json.dumps({**whole, "version": 2}), "utf-8")

    found = read_sections([one / SECTIONS, two / SECTIONS])

    assert [*found] == ["challenge", "explore", "bad", "new"]
    explore, challenge = found["explore"], found["challenge"]
    assert isinstance(explore, ReportSection)
    assert isinstance(challenge, ReportSection)
    assert (explore.parts, explore.summary, challenge.summary) == ((table, finding), "s", "新")
    assert len(explore.made) == len("2026-11-30 17:30+08:00")
    for name in ("bad", "new"):
        assert isinstance(found[name], ConfigError)
    told = page(ran("x"), sections=[explore]).data["index"]["sections"]
    assert [one["name"] for one in told] == ["explore"]


def test_a_page_counts_outcomes_and_tells_what_it_could_not_read(tmp_path: Path) -> None:
    folder = tmp_path / "trace/s/a"
    folder.mkdir(parents=True)
    for name, outcome in (("x", "passed"), ("y", "passed"), ("z", "failed")):
        (folder / f"{name}.ndjson").write_bytes(encode(HEAD | {"name": name}, finished(1, outcome)))
    (folder / "bad.ndjson").write_bytes(encode(HEAD, {"event": "ScenarioFinished", "at": 1}))
    (folder / "worse.ndjson").write_bytes(b"x\n")
    path = tmp_path / "页/index.html"

    counts = write_page(path, [tmp_path / "trace"], version="1", problems=["坏 a.yaml"])

    assert dict(counts) == {"passed": 2, "failed": 1, "unreadable": 2}
    told = Checked(path.read_text("utf-8")).data["index"]
    assert told["problems"] == ["坏 a.yaml"]
    assert sorted(one["name"] for one in told["stories"]) == ["bad", "worse", "x", "y", "z"]
    with pytest.raises(ConfigError, match="trace not found"):
        write_page(path, [tmp_path / "无此"], version="1")
    assert not path.exists()
    assert dict(write_page(path, [], version="1")) == {}


def test_runs_are_compared_by_outcome_and_effects(tmp_path: Path) -> None:
    ends: dict[str, list[tuple[str, str] | None]] = {
        "同": [("passed", "1"), ("passed", "1"), ("passed", "1")],
        "果": [("passed", "1"), ("failed", "1"), ("passed", "1")],
        "效": [("passed", "1"), ("passed", "2"), ("passed", "3")],
        "缺": [("passed", "1"), None, ("failed", "2")],
        "独": [None, None, ("failed", "2")],
        "预": [("xfailed", "1"), ("skipped", ""), ("passed", "2")],
        "断": [("passed", "1"), ("", ""), ("failed", "1")],
    }
    places = [tmp_path / str(number) / "trace" for number in range(3)]
    for name, several in ends.items():
        for place, end in zip(places, several, strict=True):
            if end is not None:
                path = place / "s/a" / f"{name}.ndjson"
                path.parent.mkdir(parents=True, exist_ok=True)
                last = [finished(1, end[0], digest=end[1])] if end[0] else []
                path.write_bytes(encode(HEAD | {"name": name, "row": "甲"}, *last))
    seconds = {f"第{n}": float(n) for n in range(25)}

    [made_section] = compare_runs(places, seconds)

    flaky, slowest = made_section.parts
    assert isinstance(flaky, SectionTable)
    assert isinstance(slowest, SectionTable)
    rows = [[to_plain_english(str(cell.text)) for cell in row] for row in flaky.rows]
    assert rows == [
        ["效[甲]", "passed, result 1", "passed, result 2", "passed, result 3"],
        ["断[甲]", "passed, result 1", "did not end, result 2", "failed, result 3"],
        ["果[甲]", "passed, result 1", "failed, result 2", "passed, result 1"],
        ["缺[甲]", "passed, result 1", "–", "failed, result 2"],
        ["预[甲]", "failed as expected, result 1", "skipped, result 2", "passed, result 3"],
    ]
    tones = {str(row[0].text)[0]: [cell.tone for cell in row[1:]] for row in flaky.rows}
    assert [tones[name] for name in "断缺预"] == [
        ["passed", "failed", "failed"], ["passed", "quiet", "failed"], ["quiet", "quiet", "passed"],
    ]  # fmt: skip
    assert [to_plain_english(str(name)) for name in flaky.columns] == [
        "scenario", "run 1", "run 2", "run 3",
    ]  # fmt: skip
    assert to_plain_english(str(made_section.summary)) == "5 scenarios are flaky"
    assert [row[0].text for row in slowest.rows] == [f"第{n}" for n in range(24, 4, -1)]
    assert slowest.rows[0][1].text == "24.000 s"
    assert list(compare_runs(places[:1], {})) == []
    [unhurried] = compare_runs(places, {})
    assert unhurried.parts == (flaky,)
    [alone] = compare_runs(places[:1], {"一": 0.0})
    assert len(alone.parts) == 1
