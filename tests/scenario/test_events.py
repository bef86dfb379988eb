from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from bpmax_sim.errors import Place
from bpmax_sim.file_names import RelativeFileNameRewriter
from bpmax_sim.i18n import msg, plural
from bpmax_sim.js_values import UNDEFINED, BigInt
from bpmax_sim.scenario.calls import CallMade
from bpmax_sim.scenario.events import (
    ConsoleWritten,
    ErrorThrown,
    Event,
    ScenarioFinished,
    to_call_answered,
    to_canonical_json,
    to_trace_line,
    to_trace_lines,
)
from bpmax_sim.scenario.source import Failure, RunWarning
from bpmax_sim.script.turn_result import TimerFired
from bpmax_sim.subject.hooks import FieldChanged, HookStarted, NodeEntered, SubjectEvent

AT = 1772413200.5
CALL = CallMade(
    number=1,
    call="crm_system.get_customer_detail",
    method="GET",
    query={"b": "2", "a": "1"},
    status=200,
    response='{"data":{"name":"张三"}}',
    source="recorded",
    duration=0.25,
    attempts=1,
    sent_at=AT,
    place=Place("form.js", 2, 4),
    at=AT,
)


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (
            FieldChanged(field="客户", old=None, new="张三", by="user", at=AT),
            (
                '{"seq":7,"event":"FieldChanged","at":1772413200.5,'
                '"by":"user","field":"客户","new":"张三","old":null,"place":null}'
            ),
        ),
        (
            FieldChanged(
                field="额", old=-0.0, new=9.5, by="open", place=Place("a.js", 1, 2), at=AT
            ),
            (
                '{"seq":7,"event":"FieldChanged","at":1772413200.5,'
                '"by":"open","field":"额","new":9.5,"old":0,"place":"a.js:1:2"}'
            ),
        ),
        (
            CALL,
            (
                '{"seq":7,"event":"CallMade","at":1772413200.5,"body":null,'
                '"call":"crm_system.get_customer_detail","caller":null,"header":{},"injected":[],"instance":"",'
                '"method":"GET","number":1,"path":{},"place":"form.js:2:4",'
                '"query":{"a":"1","b":"2"},"url":""}'
            ),
        ),
        (
            to_call_answered(CALL),
            (
                '{"seq":7,"event":"CallAnswered","at":1772413200.75,"attempts":1,'
                '"call":"crm_system.get_customer_detail",'
                '"duration":0.25,"error":"","message":"","notes":[],"number":1,"recording":null,'
                '"redirects":[],"response":"{\\"data\\":{\\"name\\":\\"张三\\"}}","response_header":{},'
                '"sent_at":1772413200.5,"source":"recorded","status":200}'
            ),
        ),
        (
            TimerFired(1.5, Place("form.js", 3, 1), AT),
            '{"seq":7,"event":"TimerFired","at":1772413200.5,"delay":1.5,"place":"form.js:3:1"}',
        ),
        (
            ConsoleWritten(text="一\n二\ud800", level="log", at=AT),
            '{"seq":7,"event":"ConsoleWritten","at":1772413200.5,"level":"log","place":null,"text":"一\\n二\\\\ud800"}',
        ),
        (
            HookStarted(event="change.客户", script="form.js", at=AT + 1e-6),
            '{"seq":7,"event":"HookStarted","at":1772413200.5,"hook":"change.客户","script":"form.js"}',
        ),
        (
            NodeEntered(node="归档", previous="审批", action="approve", by="lisi", at=AT),
            (
                '{"seq":7,"event":"NodeEntered","at":1772413200.5,'
                '"action":"approve","by":"lisi","node":"归档","previous":"审批"}'
            ),
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_line_of_the_trace_is_canonical(event: Event, line: str) -> None:
    assert to_trace_line(event, 7) == line
    assert msgspec.json.decode(line)["event"] == type(event).__name__


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (float("nan"), "nan"),
        (float("-inf"), "-inf"),
        (BigInt(10**30), 10**30),
        (b"\x00\xff", "AP8="),
        ({"b": [1.0, {"d": 1, "c": True}], "a": ()}, {"a": [], "b": [1, {"c": True, "d": 1}]}),
        pytest.param(object(), "[object]", id="object"),
    ],
    ids=repr,
)
def test_any_value_has_one_spelling(value: Any, told: Any) -> None:
    line = to_trace_line(FieldChanged(field="x", old=None, new=value, by="user"), 1)

    assert json.loads(line)["new"] == told


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.0, "1"),
        (-0.0, "0"),
        (1e15, "1000000000000000"),
        (-1e15, "-1000000000000000"),
        (1e21, "1000000000000000000000"),
        (0.1, "0.1"),
        (1e-7, "1e-07"),
        (float("inf"), '"inf"'),
        (True, "true"),
        (None, "null"),
        ("", '""'),
        ((), "[]"),
        ([None, UNDEFINED, 1.0], "[null,null,1]"),
        ({}, "{}"),
        ({"乙": None, "甲": UNDEFINED, "丙": [{}]}, '{"丙":[{}],"乙":null}'),
        ({"b": 1, 10: 2, "a": 3}, '{"10":2,"a":3,"b":1}'),
        ({"b": 1, "B": 2, "a": 3, "_": 4}, '{"B":2,"_":4,"a":3,"b":1}'),
        (Place("a.js", 1, 2), '"a.js:1:2"'),
    ],
    ids=repr,
)
def test_a_value_is_written_with_these_letters(value: Any, text: str) -> None:
    assert to_canonical_json(value).decode() == text


def test_the_verdict_is_a_line_too() -> None:
    failure = Failure(kind="expect", essence="坏", place=Place("a.yaml", 3, 1))
    last = ScenarioFinished(
        outcome="failed",
        failures=(failure,),
        warnings=(),
        digest="ab",
        calls=0,
        duration=1.0,
        at=AT,
    )

    assert json.loads(to_trace_line(last, 9))["failures"][0]["place"] == "a.yaml:3:1"


def test_files_are_named_from_the_scenarios_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "scenarios" / "客户"
    folder.mkdir(parents=True)
    lines = []
    for here in (tmp_path, folder, Path(os.sep)):
        monkeypatch.chdir(here)
        shown = (folder / "回填.js").relative_to(here).as_posix()
        homes = RelativeFileNameRewriter(str(folder), (shown,))
        field = FieldChanged(field="x", old=1, new=2, by="open", place=Place(shown, 2, 1))
        console = ConsoleWritten(text=f"Error: 坏\n    at {shown}:2:1", level="log", at=AT)
        lines.append((to_trace_line(field, 1, homes), to_trace_line(console, 2, homes)))

    assert len(set(lines)) == 1
    assert '"place":"回填.js:2:1"' in lines[0][0]
    assert "at 回填.js:2:1" in lines[0][1]


@pytest.mark.parametrize(
    ("source", "code", "shown"),
    [
        ("subject", "REQUIRED", "REQUIRED: 请填金额"),
        ("subject", "库存不足", "库存不足: 请填金额"),
        ("script", "REQUIRED", "REQUIRED: 请填金额"),
        ("script", "TIMEOUT", "TIMEOUT: 请填金额"),
        ("script", "required", "TypeError: 请填金额"),
        ("script", "库存不足", "TypeError: 请填金额"),
        ("script", 404, "TypeError: 请填金额"),
        ("script", ["REQUIRED"], "TypeError: 请填金额"),
        ("script", "", "TypeError: 请填金额"),
        ("script", None, "TypeError: 请填金额"),
        ("python", "REQUIRED", "TypeError: 请填金额"),
        ("crm.get", "TIMEOUT", "TypeError: 请填金额"),
    ],
)
def test_an_error_is_shown_by_its_class_or_by_a_code_of_the_bench(
    source: str, code: Any, shown: str
) -> None:
    error = ErrorThrown(type="TypeError", code=code, message="请填金额", source=source, at=AT)

    assert str(error) == shown


def test_a_message_is_told_with_what_a_reader_translates_it_from() -> None:
    one, two = (
        plural(n, "{number} exchange not sent", "{number} exchanges not sent") for n in (1, 2)
    )

    assert [json.loads(to_canonical_json(text)) for text in (one, two)] == [
        {
            "many": "{number} exchanges not sent",
            "template": "{number} exchange not sent",
            "text": text,
            "values": {"number": str(n)},
        }
        for n, text in ((1, "1 exchange not sent"), (2, "2 exchanges not sent"))
    ]
    assert json.loads(to_canonical_json(msg("{a} is gone", a="甲"))) == {
        "template": "{a} is gone",
        "text": "甲 is gone",
        "values": {"a": "甲"},
    }


def test_a_call_has_its_times_to_a_hundredth_of_a_millisecond() -> None:
    late = AT + 0.123456
    call = replace(CALL, at=late, sent_at=late, duration=1.2345678)
    ended = to_call_answered(call)

    assert (ended.sent_at, ended.duration, ended.at) == (
        1772413200.62346, 1.23457, 1772413201.85802,
    )  # fmt: skip
    assert '"at":1772413200.62346,' in to_trace_line(call, 1)
    assert '"at":1772413202,' in to_trace_line(replace(call, at=AT + 1.5), 1).replace(".0,", ",")


def test_a_verdict_is_told_whole_with_files_as_every_machine_has_them(tmp_path: Path) -> None:
    home = RelativeFileNameRewriter(str(tmp_path), (str(tmp_path / "报销.yaml"),))
    place = Place(str(tmp_path / "报销.yaml"), 3, 5)
    unused = RunWarning("rule", "存根没用", place, fails=True)
    last = ScenarioFinished(
        outcome="failed", failures=(Failure(kind="expect", essence="坏", cause=ValueError("因")),),
        warnings=(), digest="v4-ab", calls=2, duration=1.0, unused_parts=(unused,),
        used_keys_of_other_files=("默认.yaml:1:1",), at=AT,
    )  # fmt: skip
    told = json.loads(to_trace_line(last, 9, home))

    assert told == {
        "seq": 9, "event": "ScenarioFinished", "at": AT, "calls": 2, "checks": [],
        "digest": "v4-ab",
        "duration": 1, "outcome": "failed", "reason": "", "rows": 0, "strictness": "normal",
        "unused": [
            {"fails": True, "kind": "rule", "message": "存根没用", "place": "报销.yaml:3:5"},
        ],
        "used": ["默认.yaml:1:1"], "warnings": [],
        "failures": [{
            "calls": [], "checks": [], "detail": [], "essence": "坏", "excerpt": [],
            "kind": "expect", "location": None, "place": None, "rerun": "", "scenario": "",
            "script": None, "script_text": "", "step": 0, "title": "", "total": 0, "update": None,
        }],
    }  # fmt: skip
    assert to_canonical_json({"处": [place, f"{tmp_path}/报销.yaml:3"]}, home).decode() == (
        '{"处":["报销.yaml:3:5","报销.yaml:3"]}'
    )
    assert to_canonical_json([{1}, CALL, ({Text("名"): Text("半\ud800")},)]).decode() == (
        '["[set]",1,[{"名":"半\\\\ud800"}]]'
    )
    lines = to_trace_lines(
        [SubjectEvent(at=AT), ConsoleWritten(text=f"{place}", level="log", at=AT)], home
    )
    assert [*lines] == [
        '{"seq":1,"event":"SubjectEvent","at":1772413200.5}\n',
        (
            '{"seq":2,"event":"ConsoleWritten","at":1772413200.5,"level":"log","place":null,'
            '"text":"报销.yaml:3:5"}\n'
        ),
    ]


class Text(str):
    """Text of a kind that no encoder knows."""

    __slots__ = ()
