# ruff: noqa: E501 - an entry, one part a line
"""Whole entries of the page: every part of what is shown of a run, of a row, and of a broken trace."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import asdict

from bpmax_sim.report.html import render_page, write_page
from bpmax_sim.report.page_data import (
    LONGEST_NAME,
    PageEntry,
    build_entry,
    build_unreadable_entry,
    select_language_text,
    translate_to_all,
)
from bpmax_sim.report.sections import ReportSection
from bpmax_sim.report.trace_files import Trace
from bpmax_sim.scenario.events import VERSION
from bpmax_sim.scenario.source import Failure
from tests.report.test_html import Checked, answered, event, finished, made, started

FAILURE = {
    "kind": "miss", "essence": "no such call", "step": 2, "total": 3, "title": "选择客户",
    "scenario": "回填", "place": "回填.scenario.yaml:7:5", "script": "../scripts/客户.js:4:9",
    "script_text": "const r = 1;",
    "excerpt": [{"number": 7, "text": "    set: {a: 1}", "marked": True}],
    "checks": [
        {"path": ["form", "a"], "ok": True, "expected": "1", "actual": "1"},
        {"path": ["form", "b"], "ok": False, "expected": "2", "actual": "3"},
        {"path": ["form", "c"], "ok": False, "expected": "4", "actual": "5"},
    ],
    "detail": [
        "  record    pytest x", "  compare  甲", "  ignore  ", "  accept    y  z", "  script  q", "none",
    ],
}  # fmt: skip
SHOWN = {
    "headline": {"en": "step 2/3 选择客户: no such call", "zh": "步骤 2/3 选择客户：no such call"},
    "place": "scenarios/crm/回填.scenario.yaml:7:5",
    "excerpt": [{"number": 7, "text": "    set: {a: 1}", "marked": True}],
    "checks": [
        {"label": "form.b", "ok": False, "expected": "2", "actual": "3"},
        {"label": "form.c", "ok": False, "expected": "4", "actual": "5"},
        {"label": "form.a", "ok": True, "expected": "1", "actual": "1"},
    ],
    "detail": FAILURE["detail"],
    "pastes": [("record", "pytest x"), ("compare", "甲"), ("accept", "y  z")],
    "script": "scenarios/scripts/客户.js:4:9 const r = 1;",
}


def test_an_entry_of_a_row_that_failed_is_whole() -> None:
    events = (
        started(
            "回填",
            row="甲",
            tags=("冒烟",),
            engine="e 1",
            variables=("a=1",),
            options=("cassettes=录 音", "seed=3"),
        ),
        made(1),
        made(2, call="crm.存"),
        answered(2, source="stub"),
        made(3),
        answered(3, source=""),
        finished(2.5, "failed", reason="r", failures=[FAILURE]),
    )
    parts = ({"kind": "stub", "name": "crm.存", "place": "回填.scenario.yaml:3:1", "used": True},)
    flows = {"": {"flow": "合同"}, "子": {"flow": "别的"}}
    names = {"place": "../scripts/客户.js:4:9", "names": {"x": "1"}, "stack": ["f (../a.js:1)"]}
    trace = Trace("scenarios/crm", events, {"回填.scenario.yaml": "甲"}, flows, parts, names)

    entry = asdict(build_entry(trace))

    assert [one["event"] for one in entry.pop("events")] == [one["event"] for one in events]
    first = entry.pop("first")
    assert isinstance(first, Failure)
    assert (first.kind, first.essence) == ("miss", "no such call")
    assert re.fullmatch("[0-9a-f]{10}", entry.pop("id"))
    target = '"scenarios/crm/回填.scenario.yaml::回填[甲]" --cassettes "录 音" --var a=1'
    assert entry == {
        "name": "回填[甲]", "row": "甲", "place": "scenarios/crm/回填.scenario.yaml:2:1",
        "outcome": "failed", "reason": "r", "duration": 2.5, "digest": "d" * 64, "engine": "e 1",
        "tags": ("冒烟",), "apis": ("crm.查询", "crm.存"), "answered": ("unanswered", "stub", "unanswered"),
        "failures": [
            {**SHOWN, "line": "scenarios/scripts/客户.js:4:9", "names": {"x": "1"}, "stack": ["f (scenarios/a.js:1)"]}
        ],
        "notes": (), "rerun": f"bpmax-sim run {target}", "record": f"bpmax-sim record {target}",
        "sources": {"scenarios/crm/回填.scenario.yaml": "甲"}, "flow": {"flow": "合同"},
        "parts": {("stub", "crm.存", "scenarios/crm/回填.scenario.yaml:3:1"): False},
    }  # fmt: skip


def test_an_entry_of_a_trace_that_breaks_off_has_nothing_of_an_end() -> None:
    entry = asdict(build_entry(Trace("s", (started("回填", engine="e 1"), made(1, at=3.0)))))

    del entry["events"], entry["id"]
    assert entry == {
        "name": "回填", "row": "", "place": "s/回填.scenario.yaml:2:1", "outcome": "did not end",
        "reason": "", "duration": 3.0, "digest": "", "engine": "e 1", "tags": (),
        "apis": ("crm.查询",), "answered": ("unanswered",), "failures": [], "first": None, "notes": (),
        "rerun": "bpmax-sim run s/回填.scenario.yaml:2", "record": "bpmax-sim record s/回填.scenario.yaml:2",
        "sources": {}, "flow": None, "parts": {},
    }  # fmt: skip


def test_each_scenario_and_row_has_a_link_of_its_own_that_stays() -> None:
    traces = [
        (folder, started("回填", row=row, place=place))
        for folder in ("s/甲", "s/乙")
        for place in ("回填.scenario.yaml:2:1", "退回.scenario.yaml:2:1")
        for row in ("", "1", "2")
    ]

    ids = [build_entry(Trace(folder, (first, finished()))).id for folder, first in traces]
    again = [
        build_entry(Trace(folder, (first, finished(1, "failed")))).id for folder, first in traces
    ]

    assert len({*ids}) == len(traces)
    assert again == ids


@pytest.mark.parametrize(
    ("begin", "end", "seconds"), [(0.0, 2.5, 2.5), (4.0, 6.5, 2.5), (3.0, 3.0, 0.0)]
)
def test_a_scenario_took_the_time_since_it_began(begin: float, end: float, seconds: float) -> None:
    first = {**started("回填"), "at": begin}

    assert build_entry(Trace("s", (first, finished(end)))).duration == seconds


def test_an_entry_of_a_broken_trace_has_its_reason_alone() -> None:
    entry = asdict(build_unreadable_entry("crm/回填.ndjson", ".bpmax/回填.ndjson", "坏了"))

    del entry["id"]
    assert entry.pop("first") == Failure(kind="config", essence="坏了", title="回填")
    assert entry == {
        "name": "回填", "row": "", "place": ".bpmax/回填.ndjson", "outcome": "unreadable", "reason": "",
        "duration": 0, "digest": "", "engine": "", "tags": (), "apis": (), "answered": (),
        "failures": [
            {
                "headline": {"en": "回填: 坏了", "zh": "回填：坏了"}, "place": "", "excerpt": [],
                "checks": [], "detail": [], "pastes": [], "script": "",
            }
        ],
        "notes": (), "rerun": "", "record": "", "events": (), "sources": {}, "flow": None, "parts": {},
    }  # fmt: skip


def test_the_page_has_each_part_of_an_entry_in_its_place() -> None:
    last = finished(2.5, "failed", reason="r", notes=["n"], failures=[FAILURE])
    events = (started("回填", row="甲", tags=["冒烟"], engine="e 1"), made(1), answered(1), last)
    failed = build_entry(Trace("s", events, {"a.yaml": "甲", "b.js": "乙"}, {"": {"flow": "合同"}}))
    passed = build_entry(Trace("s", (started("好"), finished()), {"b.js": "乙", "c.js": "丙"}))

    data = Checked(
        render_page([passed, failed], version="1.2", language="zh", editor="x://{path}")
    ).data

    story = data["story-0"]
    assert list(story) == [
        "digest", "engine", "reason", "notes", "rerun", "record", "flow", "failures", "events", "sources",
    ]  # fmt: skip
    assert [story[name] for name in ("digest", "engine", "reason", "notes", "flow")] == [
        "d" * 64, "e 1", "r", ["n"], {"flow": "合同"},
    ]  # fmt: skip
    assert [story[name] for name in ("rerun", "record")] == [failed.rerun, failed.record]
    assert story["failures"] == json.loads(json.dumps(failed.failures))
    assert len(story["events"]) == 4
    assert (story["sources"], data["story-1"]["sources"]) == (
        {"s/a.yaml": 0, "s/b.js": 1}, {"s/b.js": 1, "s/c.js": 2},
    )  # fmt: skip
    assert [data[f"file-{number}"] for number in range(3)] == ["甲", "乙", "丙"]
    assert data["index"]["stories"] == [
        {
            "id": failed.id, "name": "回填[甲]", "row": "甲", "place": "s/回填.scenario.yaml:2:1",
            "outcome": "failed", "calls": 1, "tags": ["冒烟"], "apis": ["crm.查询"], "ms": 2500.0,
            "headline": SHOWN["headline"], "whole": True,
        },
        {
            "id": passed.id, "name": "好", "row": "", "place": "s/回填.scenario.yaml:2:1",
            "outcome": "passed", "calls": 0, "tags": [], "apis": [], "ms": 0.0, "headline": "",
            "whole": True,
        },
    ]  # fmt: skip
    index = data["index"]
    assert (index["version"], index["language"], index["editor"]) == ("1.2", "zh", "x://{path}")
    assert (index["problems"], index["sections"], index["covered"]) == ([], [], [])
    assert index["causes"] == [
        {
            "text": {
                "en": "scripts/客户.js:4: no such call",
                "zh": "scripts/客户.js:4：no such call",
            },
            "stories": [0],
        }
    ]
    assert list(index["marks"].items()) == [
        ("failed", "×"), ("did not end", "×"), ("unreadable", "×"), ("passed", "√"), ("xfailed", "-"), ("skipped", "-"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("row", "sources", "target"),
    [
        ("", {"回填.scenario.yaml": "x"}, "s/回填.scenario.yaml:2"),
        ("甲", {}, "s/回填.scenario.yaml:2"),
        ("甲", {"../a.scenario.yaml": "x", "b.yaml": "y"}, '"a.scenario.yaml::回填[甲]"'),
        ("甲\n乙", {"a.yaml": "x"}, None),
    ],
)
def test_a_row_is_run_again_by_its_id_and_a_scenario_by_its_line(
    row: str, sources: dict[str, str], target: str | None
) -> None:
    entry = build_entry(Trace("s", (started("回填", row=row), finished()), sources))

    if target is None:
        assert "\n" not in entry.rerun
    else:
        assert entry.rerun == f"bpmax-sim run {target}"


@pytest.mark.parametrize("length", [LONGEST_NAME - 3, LONGEST_NAME - 2])
def test_names_are_cut_and_a_row_that_is_cut_is_none(length: int) -> None:
    entry = build_entry(Trace("s", (started("n" * length, row="r", tags=["t" * 501]), finished())))

    is_cut = length + 3 > LONGEST_NAME
    assert len(entry.name) == LONGEST_NAME
    assert entry.name.endswith("…" if is_cut else "[r]")
    assert entry.row == ("" if is_cut else "r")
    assert entry.tags == ("t" * 499 + "…",)


@pytest.mark.parametrize(
    ("key", "value", "shown"),
    [
        ("place", 3, 3), ("file", {"line": 1}, {"line": 1}), ("file", "../a", "a"), ("script", None, ""),
        ("reason", "x", "x"), ("notes", [], []), ("stack", [], []), ("checks", 7, 7),
        ("recording", [{"file": "../a"}], [{"file": "a"}]), ("request", ["甲"], ["甲"]),
    ],
)  # fmt: skip
def test_a_member_of_another_kind_stays_as_it_is(key: str, value: Any, shown: Any) -> None:
    entry = build_entry(Trace("s", (started(), event("Other", 0.0, **{key: value}), finished())))

    assert entry.events[1][key] == shown


def test_a_text_is_in_each_language_or_once() -> None:
    assert translate_to_all("甲") == "甲"
    assert select_language_text({"zh": "甲", "en": "a"}, "fr") == "a"
    assert select_language_text({"zh": "甲"}, "fr") == ""


def test_a_trace_of_an_odd_shape_is_told_as_damaged_with_what_is_wrong(tmp_path: Path) -> None:
    folder = tmp_path / "trace/s/a"
    folder.mkdir(parents=True)
    begun = {"event": "ScenarioStarted", "at": 0, "name": "x", "version": VERSION}
    last = finished(1, "failed", failures=[{"kind": "expect"}])
    (folder / "坏.ndjson").write_text(f"{json.dumps(begun)}\n{json.dumps(last)}\n", "utf-8")

    counts = write_page(tmp_path / "index.html", [tmp_path / "trace"], version="1")

    text = Checked((tmp_path / "index.html").read_text("utf-8")).text
    assert dict(counts) == {"unreadable": 1}
    assert f"{folder}/坏.ndjson: this trace is damaged (KeyError: 'essence'); delete it" in text


@pytest.mark.parametrize(
    ("largest", "outcome", "whole"),
    [
        (-1, "passed", [False] * 4), (0, "passed", [True, False, False, False]),
        (0, "failed", [True, False, False, False]), (10**6, "passed", [True] * 4),
    ],
)  # fmt: skip
def test_steps_of_what_passed_are_left_out_once_the_page_is_too_large(
    largest: int, outcome: str, whole: list[bool]
) -> None:
    def entry(name: str, ended: str = "passed") -> PageEntry:
        begun = started(name, place=f"{name}.yaml:1:1")
        return build_entry(Trace("s", (begun, made(), answered(), finished(1, ended))))

    entries = [entry("0", outcome), *map(entry, "abc")]

    stories = Checked(render_page(entries, version="1", largest=largest)).data["index"]["stories"]

    assert [one["whole"] for one in stories] == whole


@pytest.mark.parametrize(
    ("outcomes", "strictness", "fails", "unused"),
    [
        (("passed", "passed"), "normal", True, 1),
        (("passed", "passed"), "normal", False, 0),
        (("passed", "passed"), "strict", False, 1),
        (("passed", "passed"), "lenient", True, 0),
        # what a row needs that did not pass, nobody knows
        (("passed", "failed"), "normal", True, 0),
        (("passed", "xfailed"), "normal", True, 0),
        (("passed", "skipped"), "strict", True, 0),
        (("passed", None), "normal", True, 0),
    ],
)
def test_what_no_row_used_is_a_problem_where_its_folder_says_so_and_all_rows_passed(
    tmp_path: Path, outcomes: tuple[str | None, ...], strictness: str, unused: int, *, fails: bool
) -> None:
    part = {
        "kind": "unused_stub",
        "message": "stub x",
        "place": "回填.scenario.yaml:3:1",
        "fails": fails,
    }
    source = {"event": "SourceAttached", "at": 0, "file": "回填.scenario.yaml", "text": "t"}
    for row, outcome in enumerate(outcomes, 1):
        last = finished(outcome=outcome or "", rows=2, unused=[part], strictness=strictness)
        told = ({**started(row=f"{row}"), "version": VERSION}, source, *([last] if outcome else ()))
        path = tmp_path / f"trace/s/a/{row}.ndjson"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"{json.dumps(one)}\n" for one in told), "utf-8")

    counts = write_page(tmp_path / "index.html", [tmp_path / "trace"], version="1")

    assert counts["unused"] == unused


def test_what_no_row_used_and_what_cannot_be_read_are_problems_of_the_page(tmp_path: Path) -> None:
    folder, sections = tmp_path / "trace/s/a", tmp_path / "sections"
    folder.mkdir(parents=True)
    sections.mkdir()
    (sections / "坏.json").write_text("{}", "utf-8")
    (sections / "好.json").write_text('{"name": "好", "title": "t"}', "utf-8")
    unused = [
        {"kind": "unused_stub", "message": f"stub {name}", "place": "b.yaml:3:1"} for name in "xy"
    ]
    for row in "一二":
        begun = {**started("回填", row=row), "version": VERSION}
        last = finished(rows=2, unused=unused if row == "一" else unused[1:])
        source = {"event": "SourceAttached", "at": 0, "file": "回填.scenario.yaml", "text": "t"}
        text = "".join(f"{json.dumps(one)}\n" for one in (begun, last, source))
        (folder / f"{row}.ndjson").write_text(text, "utf-8")
    own = ReportSection(name="own", title="o")

    counts = write_page(
        tmp_path / "index.html", [tmp_path / "trace"], version="1", section_folders=[sections],
        problems=["先"], sections=[own],
    )  # fmt: skip

    index = Checked((tmp_path / "index.html").read_text("utf-8")).data["index"]
    assert dict(counts) == {"passed": 2, "unused": 1}
    first, second, third = index["problems"]
    assert first == "先"
    assert second.startswith(f"{sections}/坏.json: this section")
    assert "stub y" in third
    assert [one["name"] for one in index["sections"]] == ["own", "好"]
