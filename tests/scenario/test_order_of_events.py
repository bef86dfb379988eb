"""A trace tells what happens in the order of happening, also within one instant."""

from __future__ import annotations

from pathlib import Path

from bpmax_sim.scenario.calls import CallMade
from bpmax_sim.scenario.events import CallAnswered, ConsoleWritten, Event, to_trace_lines
from bpmax_sim.scenario.runner import run_scenario
from bpmax_sim.script.turn_result import TimerFired
from bpmax_sim.subject.hooks import FieldChanged, HookStarted, MessageShown

SCENARIO = """\
version: 1
scenario: 次序
form:
  scripts: {open: 打开.js, change.客户: 客户.js, change.级别: 级别.js}
  fields: {客户: "", 级别: "", 备注: ""}
clock: "2026-03-02T09:00:00+08:00"
steps:
  - open: {}
"""
OPEN = """\
console.log('一');
form.客户 = '甲';
console.log('二');
try { await $proxy('erp').查询() } catch (error) { console.log(error.code) }
await new Promise(好 => setTimeout(好, 1000));
form.$message = '完成';
console.log('三');
"""
CUSTOMER = """\
console.log('客户', form.客户);
form.级别 = 'VIP';
"""
LEVEL = "\nform.备注 = '因为 ' + form.级别;"


def told(event: Event) -> str:
    """Return what one event says, in a few characters."""
    kinds: dict[type, str] = {
        ConsoleWritten: "text",
        FieldChanged: "field",
        HookStarted: "event",
        CallMade: "call",
        CallAnswered: "error",
        MessageShown: "text",
        TimerFired: "delay",
    }
    name = kinds.get(type(event))
    return f"{type(event).__name__} {getattr(event, name)}" if name else ""


def written(folder: Path) -> Path:
    files = {"打开.js": OPEN, "客户.js": CUSTOMER, "级别.js": LEVEL, "次序.scenario.yaml": SCENARIO}
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder / "次序.scenario.yaml"


def test_what_happens_at_one_instant_is_told_as_it_happened(tmp_path: Path) -> None:
    events = run_scenario(written(tmp_path), environ={}).events

    assert [line for event in events if (line := told(event))] == [
        "HookStarted open",
        "ConsoleWritten 一",
        "FieldChanged 客户",
        "HookStarted change.客户",
        "ConsoleWritten 二",
        "CallMade erp.查询",
        "CallAnswered UNKNOWN_PLATFORM",
        "ConsoleWritten 客户 甲",
        "FieldChanged 级别",
        "HookStarted change.级别",
        "ConsoleWritten UNKNOWN_PLATFORM",
        "FieldChanged 备注",
        "TimerFired 1.0",
        "MessageShown 完成",
        "ConsoleWritten 三",
    ]


def test_a_change_that_a_change_handler_makes_names_its_line(tmp_path: Path) -> None:
    events = run_scenario(written(tmp_path), environ={}).events
    changes = [event for event in events if isinstance(event, FieldChanged)]

    places = [one.place for one in changes if one.place]
    assert [(one.field, one.by) for one in changes] == [
        ("客户", "open"),
        ("级别", "change.客户"),
        ("备注", "change.级别"),
    ]
    assert [(Path(place.file).name, place.line) for place in places] == [
        ("打开.js", 2),
        ("客户.js", 2),
        ("级别.js", 2),
    ]


def test_lines_are_numbered_from_one(tmp_path: Path) -> None:
    events = run_scenario(written(tmp_path), environ={}).events

    for number, line in enumerate(to_trace_lines(events), 1):
        assert line.startswith(f'{{"seq":{number},"event":"')
        assert line.endswith("}\n")
