"""Traces are written where one looks for them, read back whole, and a damaged one is named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bpmax_sim.errors import ConfigError
from bpmax_sim.report.html import render_page, write_page
from bpmax_sim.report.page_data import build_entry
from bpmax_sim.report.trace_files import make_trace_path, read_traces, store_trace
from bpmax_sim.scenario.events import Event
from bpmax_sim.scenario.load import ScenarioItem, load_items
from tests.report.test_html import event, finished
from tests.scenario.bench import PlainBench, play

SCENARIO = """
version: 1
scenario: 打开申请单
form: {fields: {金额: 100}}
steps:
  - {name: 打开, open: {}, expect: {form: {金额: 100}}}
"""
BEGIN = (
    '{"seq":1,"event":"ScenarioStarted","at":0.0,"name":"合同","place":"a.scenario.yaml:1:1",'
    '"version":4}'
)


@pytest.fixture(name="ran")
def ran_of(tmp_path: Path) -> tuple[ScenarioItem, list[Event]]:
    path = tmp_path / "scenarios/合同/打开.scenario.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(SCENARIO, encoding="utf-8")
    return load_items(path)[0], play(path, PlainBench())


def test_a_trace_lies_like_its_scenario_and_reads_back(
    ran: tuple[ScenarioItem, list[Event]], tmp_path: Path
) -> None:
    item, events = ran
    written = store_trace(item, events, "on", failed=False)
    (trace,) = read_traces([tmp_path / ".bpmax/trace"])

    assert written == str(tmp_path / ".bpmax/trace/scenarios/合同/打开/打开申请单.ndjson")
    assert trace.folder == "scenarios/合同"
    assert [event["event"] for event in trace.events] == [type(one).__name__ for one in events]


def test_a_trace_and_the_page_name_the_engine_and_its_version(
    ran: tuple[ScenarioItem, list[Event]], tmp_path: Path
) -> None:
    item, events = ran
    store_trace(item, events, "on", failed=False)
    (trace,) = read_traces([tmp_path / ".bpmax/trace"])

    assert trace.events[0]["engine"] == "none 1.0" == build_entry(trace).engine
    assert '"engine":"none 1.0"' in render_page([build_entry(trace)], version="1")


@pytest.mark.parametrize(
    ("when", "failed", "kept"),
    [("on", False, True), ("on-failure", True, True), ("on-failure", False, False),
     ("off", True, False)],
)  # fmt: skip
def test_a_trace_is_kept_when_it_is_wanted(
    ran: tuple[ScenarioItem, list[Event]], when: str, *, failed: bool, kept: bool
) -> None:
    item, events = ran

    assert bool(store_trace(item, events, when, failed=failed)) is kept
    assert make_trace_path(item.header).exists() is kept


def test_a_pass_takes_the_trace_of_the_failure_away(
    ran: tuple[ScenarioItem, list[Event]],
) -> None:
    item, events = ran
    store_trace(item, events, "on-failure", failed=True)
    store_trace(item, events, "on-failure", failed=False)

    assert not make_trace_path(item.header).exists()


def test_a_trace_that_cannot_be_written_is_left_out(
    ran: tuple[ScenarioItem, list[Event]], tmp_path: Path
) -> None:
    (tmp_path / ".bpmax").write_text("")

    assert store_trace(*ran, "on", failed=True) == ""


def test_traces_of_shards_are_merged_by_name_and_the_later_folder_wins(tmp_path: Path) -> None:
    for shard, names in (("一", "bc"), ("二", "ab")):
        for name in names:
            path = tmp_path / shard / f"scenarios/crm/{name}.ndjson"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(BEGIN.replace("合同", f"{shard}{name}"))

    found = [trace.events[0]["name"] for trace in read_traces([tmp_path / "一", tmp_path / "二"])]

    assert found == ["二a", "二b", "一c"]


def test_one_file_alone_keeps_its_folder(tmp_path: Path) -> None:
    path = tmp_path / ".bpmax/trace/scenarios/crm/x/y.ndjson"
    path.parent.mkdir(parents=True)
    path.write_text(BEGIN)
    (trace,) = read_traces([path])

    assert trace.folder == "scenarios/crm"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (f"{BEGIN}\n{{\n", ":2: not a line of a trace"),
        ("[]", ":1: not a line of a trace"),
        ('{"event": 1, "at": 0}', ":1: not a line of a trace"),
        ('{"event": "CallMade", "at": true}', ":1: not a line of a trace"),
        ("\ufeff", ":1: not a line of a trace"),
        ("", ": this trace has no beginning"),
        (
            BEGIN.replace(',"version":4', ""),
            ": this trace has version 1, and version 4 is read here",
        ),
        (json.dumps({"event": "CallMade", "at": 0}), ": this trace has no beginning"),
    ],
)
def test_what_is_no_trace_is_named(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "坏.ndjson"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        list(read_traces([path]))

    how = "write some with `pytest --bpmax-trace=on` or `bpmax-sim run --trace=on`"
    assert str(caught.value) == f"{path}{told}; {how}"


MOVED = event("NodeEntered", node="会审", previous="", action="approve", by="张三")
ARRIVED = event("BranchArrived", node="法务", join="用印", branch="法务", waiting=[])
ATTACHED = event("FlowAttached", name="", flow="合同", start="起草", nodes={})


@pytest.mark.parametrize(
    ("line", "changes"),
    [
        *((MOVED, {name: wrong}) for name in ("node", "previous", "action") for wrong in (None, 7)),
        *((ARRIVED, {name: wrong}) for name in ("node", "join") for wrong in (None, ["用印"])),
        *((ATTACHED, {"flow": wrong}) for wrong in (None, 7)),
        *((finished(), {"outcome": wrong}) for wrong in (None, 7, "", "green", ["passed"])),
    ],
)
def test_an_event_without_what_its_readers_need_is_no_line_of_a_trace(
    tmp_path: Path, line: dict[str, Any], changes: dict[str, Any]
) -> None:
    def read(*events: dict[str, Any]) -> list[str]:
        path.write_text("".join(f"{one}\n" for one in (BEGIN, *map(json.dumps, events))))
        (trace,) = read_traces([path])
        return [one["event"] for one in trace.events]

    path = tmp_path / "坏.ndjson"
    name = line["event"]
    assert read(line) == ["ScenarioStarted", *[name] * (name != "FlowAttached")]
    (changed,) = changes
    lacking = {key: value for key, value in line.items() if key != changed}
    for wrong in ({**line, **changes}, lacking):
        with pytest.raises(ConfigError, match=r"坏\.ndjson:2: not a line of a trace"):
            read(wrong, finished())
    counts = write_page(tmp_path / "page.html", [path], version="1")
    assert dict(counts) == {"unreadable": 1}


def test_a_newer_trace_asks_for_a_newer_version(tmp_path: Path) -> None:
    path = tmp_path / "新.ndjson"
    path.write_text(BEGIN.replace("4}", "5}"))

    with pytest.raises(ConfigError, match="version 5, and version 4 is read here; update bpmax"):
        list(read_traces([path]))


def test_of_a_trace_that_was_cut_the_whole_lines_are_told(tmp_path: Path) -> None:
    path = tmp_path / "断.ndjson"
    path.write_text(f'{BEGIN}\n{{"seq":2,"event":"StepStarted","at":1,"ti')
    (trace,) = read_traces([path])

    assert build_entry(trace).outcome == "did not end"


def test_a_folder_without_traces_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="contains no trace; write some with"):
        list(read_traces([tmp_path]))


def test_a_place_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="trace not found; write some with"):
        list(read_traces([tmp_path / "没有"]))


END = '{"seq":2,"event":"ScenarioFinished","at":0.0,"outcome":"failed","failures":%s}'
NAMELESS = '{"template":"{a} of {b}","text":"x","values":{"a":"1"}}'
HOSTILE = {
    "a message whose value is missing": (
        f'{BEGIN}\n{END % f"""[{{"kind":"expect","essence":{NAMELESS}}}]"""}\n'
    ),
    "a failure without its essence": f"{BEGIN}\n{END % '[{}]'}\n",
    "failures that are a number": f"{BEGIN}\n{END % 1}\n",
    "a line that is cut within": f'{BEGIN}\n{{"seq":2,"ev\n{{"seq":3,"event":"X","at":1}}\n',
    "another version": BEGIN.replace("4}", "1}") + "\n",
    "nothing": "",
    "bytes": "\x00\x01",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_page_has_a_red_row_for_a_trace_that_cannot_be_read_and_all_others(
    ran: tuple[ScenarioItem, list[Event]], tmp_path: Path, text: str
) -> None:
    item, events = ran
    store_trace(item, events, "on", failed=False)
    bad = tmp_path / ".bpmax/trace/scenarios/合同/坏/坏.ndjson"
    bad.parent.mkdir(parents=True)
    bad.write_text(text, encoding="utf-8")
    page = tmp_path / "report.html"
    page.write_text("an earlier page", encoding="utf-8")

    counts = write_page(page, [tmp_path / ".bpmax/trace"], version="1")

    written = page.read_text(encoding="utf-8")
    assert (counts["passed"], counts["unreadable"]) == (1, 1)
    assert "打开申请单" in written
    row = written.partition('class="unreadable"')[2]
    assert "坏.ndjson" in row.partition("</section>")[0]
    assert '"name":"坏","row":"","place":' in written


def test_an_earlier_page_goes_away_where_none_can_be_written(tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    page.write_text("an earlier page", encoding="utf-8")

    with pytest.raises(ConfigError, match="trace not found"):
        write_page(page, [tmp_path / "没有"], version="1")

    assert not page.exists()
