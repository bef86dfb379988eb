"""Limits, budgets, errors and turns of scripts: what goes in, and all that comes out."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest

from bpmax_sim.errors import (
    BpmaxError,
    CallError,
    ConfigError,
    Place,
    ScriptError,
    ScriptLimitError,
)
from bpmax_sim.js_values import UNDEFINED
from bpmax_sim.script.budget import SessionWorkBudget, WorkCounts
from bpmax_sim.script.channel import Channel, SentLiveObjects
from bpmax_sim.script.failure import (
    ErrorFactory,
    PlacedScripts,
    Script,
    escape_unencodable,
    replace_lone_carriage_returns,
    split_lines,
)
from bpmax_sim.script.hits import NameValues, RaisedLimitEngine, ScriptHits
from bpmax_sim.script.limits import (
    MEGABYTE,
    EngineError,
    LimitReachedError,
    Limits,
    make_time_error,
    parse_limits,
    parse_stack,
)
from bpmax_sim.script.turn_result import (
    BodyReturnValue,
    MalformedError,
    Outcome,
    PendingTimer,
    PromiseMemberRead,
    ReadTrackingFailedOutcome,
    ScriptBodyError,
    ThrownValue,
    UnawaitedCall,
    UnrankedCharacter,
    parse_turn,
)


def test_limits_and_stacks_are_read_from_texts() -> None:
    stacks = {"24MB": 24 << 20, "512kB": 512 << 10, "512 KB": 512 << 10, " 262144 ": 256 << 10,
              "256kB": 256 << 10, "1024MB": 1 << 30}  # fmt: skip
    assert {text: parse_stack(text) for text in stacks} == stacks
    size = "{!r} is not a size such as 24MB or 512kB"
    bounds = "{!r}: a stack has 256kB at least and 1024MB at most"
    wrong = {"": size, "24mb": size, "24GB": size, "-1": size, "1.5MB": size, "255kB": bounds,
             "262143": bounds, "1025MB": bounds, "0": bounds}  # fmt: skip
    for text, message in wrong.items():
        with pytest.raises(ValueError) as caught:
            parse_stack(text)
        assert str(caught.value) == message.format(text)

    assert parse_limits("cpu=10s, wall=60,memory=256MB,calls=50,wait=0.5s") == Limits(
        cpu=10, wall=60, memory=256 * MEGABYTE, calls=50, wait=0.5
    )
    assert parse_limits("memory=512kB") == Limits(memory=512 << 10)
    assert parse_limits("calls=0") == Limits(calls=0)
    assert Limits() == Limits(cpu=2, wall=30, wait=600, memory=64 << 20, stack=None, calls=10_000)
    for text in ("", "cpu", "cpu=", "cpu=-1", "calls=1.5", "calls=5s", "stack=1MB", "cpu=1,,wall=1",
                 "memory=1.5MB", "CPU=1"):  # fmt: skip
        with pytest.raises(ValueError, match="is no limit such as cpu=10s"):
            parse_limits(text)
    with pytest.raises(ValueError, match="'1GB' is not a size"):
        parse_limits("memory=1GB")
    unlimited: dict[str, Any] = {"cpu": 0, "wall": -1, "wait": math.nan, "memory": 0, "calls": -1,
                                 "stack": 0}  # fmt: skip
    for name, value in unlimited.items():
        with pytest.raises(ConfigError, match=f"^{name}: expected .*, got {value}$"):
            Limits(**{name: value})
    refused = {"cpu=0": "0", "wall=0.0": "0.0", "wait=0s": "0", "memory=0kB": "0"}
    for text, got in refused.items():
        with pytest.raises(ValueError, match=rf"expected a number of .* above 0, got {got}$"):
            parse_limits(text)


def test_the_limit_of_a_time_error_is_told() -> None:
    limits = Limits(cpu=1.5, wall=30)
    told = [str(make_time_error(limits, is_wall=is_wall)) for is_wall in (False, True)]
    used = "ScriptLimitError: the script used more than {} time"
    assert told == [used.format("1.5 s of processor"), used.format("30 s of wall-clock")]


def test_a_budget_says_which_count_was_exceeded_first() -> None:
    most = WorkCounts(interrupts=2, jobs=1, calls=2, timers=0, seconds=10)
    told = {}
    for name in ("interrupts", "jobs", "calls", "timers"):
        budget = SessionWorkBudget(most)
        assert [budget.spend(name) for _ in range(int(getattr(most, name)))] == [True] * int(
            getattr(most, name)
        )
        assert (budget.spend(name), budget.exceeded) == (False, name)
        assert (budget.spend("seconds", 99), budget.exceeded) == (False, name)
        assert budget.spend("jobs", 0) is False
        told[name] = budget.describe_exceeded_maximum()
    time = SessionWorkBudget(most)
    assert [time.spend_virtual_time_until(now) for now in (100, 105, 103, 110, 110.5)] == [
        True, True, True, True, False,
    ]  # fmt: skip
    back = SessionWorkBudget()
    for now in (100, 105, 103):
        back.spend_virtual_time_until(now)
    assert back.counts == WorkCounts(seconds=5)
    told["seconds"] = time.describe_exceeded_maximum()
    assert told == {
        "interrupts": "the scripts ran for more than 20,000 steps",
        "jobs": "the scripts went on after more than 1 promises",
        "calls": "the scripts made more than 2 calls",
        "timers": "more than 0 timers fired",
        "seconds": "more than 10 s of virtual time passed",
    }
    assert time.counts == WorkCounts(seconds=10.5)
    assert WorkCounts(interrupts=1, calls=5).scale(3, WorkCounts(jobs=2, calls=4)) == WorkCounts(
        interrupts=3, jobs=2, calls=15
    )
    assert SessionWorkBudget().spend("calls", 1e300) is True


def test_lines_of_scripts_are_found_in_the_one_file_of_the_engine() -> None:
    assert [split_lines(text) for text in ("a\nb", "a\r\nb\rc\n", "", "a\r\r\nb")] == [
        ["a", "b"], ["a\r", "b", "c", ""], [""], ["a", "\r", "b"],
    ]  # fmt: skip
    assert replace_lone_carriage_returns(Script("a\rb\r\nc", "x.js")) == Script("a\nb\r\nc", "x.js")
    assert escape_unencodable("a\0\ud800客\n") == "a\\u0000\\ud800客\n"

    placed = PlacedScripts([Script("let 客 = 1;\nf()", "一.js"), Script("g()", "二.js")])
    first, second = placed.placed
    assert (first.start, second.start, second.padded_code) == (500, 504, "\n" * 504 + "g()")
    spots = {
        (500, 1): None, (501, 1): Place("一.js", 1, 1), (501, 5): Place("一.js", 1, 5),
        (501, 6): Place("一.js", 1, 5),
        (501, 8): Place("一.js", 1, 6), (502, 2): Place("一.js", 2, 2),
        (503, 1): Place("一.js", 2, 4), (504, 1): Place("一.js", 2, 4),
        (505, 3): Place("二.js", 1, 3),
        (510, 1): Place("二.js", 1, 4), (1, 1): None,
    }  # fmt: skip
    assert {spot: placed.locate(*spot) for spot in spots} == spots
    assert placed.texts == [("一.js", "let 客 = 1;\nf()"), ("二.js", "g()")]
    raw = (
        "    at load (<input>:505:2)\n    at <anonymous> (<input>:502:1)\n    at <input>:12:1\n"
        "    at own (一.js:7:3)\n    at other.js:1:1\n"
    )
    assert [(str(frame.place), frame.text) for frame in placed.find_user_frames(raw)] == [
        ("二.js:1:2", "load (二.js:1:2)"), ("一.js:2:1", "一.js:2:1"), ("一.js:7:3",
        "own (一.js:7:3)"),
    ]  # fmt: skip
    ends = {"    at <input>:503:1": True, "    at <input>:502:9": False,
            "    at <input>:506:1": True,
            "    at <input>:12:1": False, "    at x.js:503:1": False, "": False}  # fmt: skip
    assert {raw: placed.is_past_end(raw) for raw in ends} == ends


AT = "    at f (<input>:502:1)\n"


def factory(source: str = "a\nthrow null", **more: Any) -> ErrorFactory:
    sources = PlacedScripts([Script(source, "脚本.js")])
    return ErrorFactory(
        sources, "脚本.js", Limits(memory=3 * MEGABYTE // 2, wait=5, calls=7), **more
    )


def thrown(name: str, message: str, raw: str = AT, **more: Any) -> ThrownValue:
    return ThrownValue(name, message, raw, **{"call": None, "cause": None, "fields": {}, **more})


def describe(error: BpmaxError | None) -> tuple[Any, ...]:
    """Return type, name, text, place and stack of an error."""
    assert isinstance(error, ScriptError)
    return type(error).__name__, error.name, error.message, str(error.place), error.stack


def test_errors_of_the_engine_are_limits_or_errors_of_the_script() -> None:
    deep = (
        "the script calls itself, or nests a value, too deeply: the stack is full; "
        "--bpmax-js-stack=24MB gives it more"
    )
    memory = "the script used more than 1.5 MB of memory"
    limits = [
        ("RangeError", "Maximum call stack size exceeded", deep),
        ("InternalError", "stack overflow", deep),
        ("TypeError", "stack overflow", ""),
        ("RangeError", "array too long for map",
        "the script walks an array of more than 33,554,432 elements"),
        ("InternalError", "array too long for map", ""),
        ("InternalError", "out of memory", memory), ("RangeError", "invalid string length", memory),
        ("RangeError", "Invalid string length", memory), ("InternalError",
        "string too long", memory),
        ("InternalError", "out of memory in regexp execution", memory),
        ("RangeError", "invalid array buffer length", memory),
        ("RangeError", "Array buffer allocation failed", memory),
        ("Error", "out of memory", ""), ("InternalError", "", memory), ("RangeError", "", ""),
        ("Uncaught", "null", ""), ("Uncaught", "undefined", ""),
    ]  # fmt: skip
    place = ("脚本.js:2:1", ("f (脚本.js:2:1)",))
    for name, message, limit in limits:
        told = describe(factory().make_uncaught_error(thrown(name, message)))
        assert told == (
            ("ScriptLimitError", "ScriptLimitError", limit, *place) if limit
            else ("ScriptError", name, message, *place)
        )  # fmt: skip
    rejects = {"a": True, "reject( null)": False, "rejectWith(null)": False, "throw nullish": True}
    for source, is_full in rejects.items():
        error = factory(source).make_uncaught_error(thrown("Uncaught", "null", ""))
        assert (type(error) is ScriptLimitError) == is_full, source
    own = factory("a")
    assert type(own.make_uncaught_error(thrown("Uncaught", "undefined", ""))) is ScriptError
    own.sources.add(Script("throw null", "二.js"))
    assert type(own.make_uncaught_error(thrown("Uncaught", "null", ""))) is ScriptError
    assert describe(factory().make_uncaught_error(None)) == (
        "ScriptLimitError", "ScriptLimitError", memory, "脚本.js", (),
    )  # fmt: skip
    timer = factory(timer=Place("脚本.js", 1, 1))
    assert describe(timer.make_uncaught_error(None))[3] == "脚本.js:1:1"
    assert describe(timer.make_uncaught_error(thrown("InternalError", "")))[3] == "脚本.js:2:1"
    assert describe(timer.make_uncaught_error(thrown("Error", "x", "")))[3] == "脚本.js"

    syntax = [
        (thrown("SyntaxError", "bad", AT), "bad"),
        (thrown("SyntaxError", "bad", "    at <input>:503:1"), "unexpected end of the script"),
        (thrown("SyntaxError", "unexpected token in expression: ''", ""),
        "unexpected end of the script"),
        (thrown("SyntaxError", "stack overflow", AT), "stack overflow"),
    ]  # fmt: skip
    assert [describe(factory().make_syntax_error(one))[:3] for one, _ in syntax] == [
        ("ScriptSyntaxError", "SyntaxError", text) for _, text in syntax
    ]
    too_deep = factory().make_syntax_error(thrown("InternalError", "stack overflow"))
    assert describe(too_deep)[:3] == ("ScriptLimitError", "ScriptLimitError", deep)
    engine = [
        factory().make_engine_error(one)
        for one in (LimitReachedError("L", "time", AT), EngineError("SyntaxError", "bad", AT),
                    EngineError("TypeError", "x", AT))
    ]  # fmt: skip
    assert [describe(one)[:4] for one in engine] == [
        ("ScriptLimitError", "ScriptLimitError", "time", "脚本.js:2:1"),
        ("ScriptSyntaxError", "SyntaxError", "bad", "脚本.js:2:1"),
        ("ScriptError", "TypeError", "x", "脚本.js:2:1"),
    ]


def test_an_error_has_its_cause_and_its_own_members() -> None:
    call = CallError("拒", code="CALL_FAILED")
    own = factory(rejected={3: call})
    inner = thrown("Error", "内")
    causes = [
        own.make_uncaught_error(thrown("Error", "x", call=3, cause=inner)).__cause__,
        own.make_uncaught_error(thrown("Error", "x", call=4, cause=inner)).__cause__,
        own.make_uncaught_error(thrown("Error", "x", cause=inner)).__cause__,
        own.make_uncaught_error(thrown("Error", "x")).__cause__,
    ]
    assert [str(cause) if cause is not None else None for cause in causes] == [
        str(call), str(causes[1]), str(causes[1]), None,
    ]  # fmt: skip
    assert isinstance(causes[1], ScriptError)
    assert causes[1].message == "内"
    fields = own.make_uncaught_error(thrown("Error", "x", fields={"code": "E1", "n": 1})).fields
    assert fields == {"code": "E1", "n": 1}
    assert own.make_uncaught_error(thrown("Error", "x", fields={"$": "x"})).fields == {}
    refused = own.make_refused_write_error(call, "金额", Place("脚本.js", 1))
    assert (refused.message, refused.name, refused.fields, refused.__cause__) == (
        f"金额: {call}", "CallError", {"code": "CALL_FAILED"}, call,
    )  # fmt: skip
    assert own.make_refused_write_error(ValueError("x"), "金额", None).fields == {}

    read = PromiseMemberRead("crm.get", "data", Place("脚本.js", 1, 2))
    plain, limit = ScriptError("x", stack=("s",)), ScriptLimitError("x", name="L", place=None)
    caused = ScriptError("x")
    caused.__cause__ = call
    assert [own.explain_promise_read(error, None) for error in (None, plain)] == [None, plain]
    assert [own.explain_promise_read(error, read) for error in (limit, call, caused)] == [
        limit, call, caused,
    ]  # fmt: skip
    unawaited = "crm.get was not awaited, so data was read of its promise and is undefined"
    for error, stack in ((None, ()), (plain, ("s",))):
        told = own.explain_promise_read(error, read)
        assert describe(told)[2:] == (
            f"{unawaited}; write await before the call", "脚本.js:1:2", stack,
        )  # fmt: skip
        assert told is not None
        assert told.__cause__ is error


def test_a_script_that_waits_is_placed_where_it_waits_or_else_where_the_promise_was_made() -> None:
    own, other = factory(), "    at <input>:501:1\n"
    ours = "    at <input>:1:1\n"
    pending = [own.make_pending_error(traces) for traces in (
        [("", ""), (AT, other)], [("", other), ("", AT)], [("", other), (AT, "")], [(ours, other)],
        [("", "")],
        [])]  # fmt: skip
    assert [(str(one.place), len(one.stack)) for one in pending] == [
        ("脚本.js:2:1", 1), ("脚本.js:1:1", 1), ("脚本.js:2:1", 1), ("脚本.js:1:1", 1),
        ("脚本.js", 0), ("脚本.js", 0),
    ]  # fmt: skip
    lost = "; or it used more than 1.5 MB of memory, and that was lost"
    assert [one.message.endswith(lost) for one in pending] == [
        *[False] * 4, True, True,
    ]  # fmt: skip
    timer = Place("脚本.js", 2, 3)
    waiting: Any = (([("", other), (AT, "")], timer), ([("", other)], timer), ([], None))
    waits = [own.make_real_wait_error(*more) for more in waiting]
    assert [str(one.place) for one in waits] == ["脚本.js:2:1", "脚本.js:2:3", "脚本.js"]
    assert waits[0].message == (
        "the script waited more than 5 s of real time with no call under way"
    )
    assert own.make_call_limit_error(None).message == "the script made more than 7 calls"
    places = [
        own.make_unreadable_value_error(ValueError("x"), None).place,
        own.make_changed_builtins_error(ValueError("x"), None).place,
        own.make_deep_value_error(None).place,
        own.make_promise_in_field_error("金额", None).place,
        own.make_uncalled_chain_error("crm.get", None).place,
    ]
    assert [*map(str, places)] == ["脚本.js", "脚本.js:1", "脚本.js", "脚本.js", "None"]


def test_a_turn_is_read_or_malformed() -> None:
    log = ["log", "info", 501, 1, "好", ["好"]]
    error: Any = {"name": "E", "message": "m", "raw": "", "call": None, "cause": None, "fields": {}}
    done: Any = [[1, True, 7], [2, False, error], [3, None, error], [4, False, None]]
    turn = parse_turn(json.dumps({"out": [log], "done": done}))
    assert [entry.__class__.__name__ for entry in turn.entries] == ["ConsoleEntry"]
    ended = turn.endings
    assert (ended[1], ended[4]) == (BodyReturnValue(7), ScriptBodyError(None))
    assert [isinstance(ended[n], ScriptBodyError) and ended[n].is_syntax for n in (2, 3)] == [  # type: ignore[union-attr]
        False, True,
    ]  # fmt: skip
    lone = parse_turn('{"out": [["log", "info", 501, 1, "\\ud800", []]], "done": []}')
    assert lone.entries[0].text == "\ud800"  # type: ignore[union-attr]
    wrong: dict[str, str | None] = {
        '{"out": []}': "it does not report which scripts have ended",
        "x": "what crosses is not JSON",
        '{"out": [], "done": [[1, null, null]]}': "a syntax error without its message",
        '{"out": [], "done": [[0, true, 1]]}': None,
        '{"out": [], "done": [], "x": 1}': None,
        '{"out": [["log", "loud", 1, 1, "", []]], "done": []}': None,
        '{"out": [["clear", 1, 2]], "done": []}': None,
        '{"out": [["drew", -1]], "done": []}': None,
        '{"out": [["nothing"]], "done": []}': None,
        '{"out": [], "done": [[1, false, {}]]}': None,
    }
    for text, message in wrong.items():
        with pytest.raises(MalformedError) as caught:
            parse_turn(text)
        assert message is None or str(caught.value) == message


def test_results_describe_themselves() -> None:
    place = Place("a.js", 1, 2)
    timers = [PendingTimer(delay=0.3, repeat=repeat, place=at, due=1) for repeat, at in
              ((False, place), (True, None))]  # fmt: skip
    assert [*map(str, timers)] == ["a.js:1:2: a timer of 0.3 s", "an interval of 0.3 s"]
    calls = [UnawaitedCall("crm.get", place), UnawaitedCall("crm.get", None, built=True),
             UnawaitedCall("load", None, is_helper=True)]  # fmt: skip
    assert [(str(call), call.is_doubtful, call.problem.partition("; ")[2]) for call in calls] == [
        ("a.js:1:2: crm.get was not awaited", False,
         "await it, or write void before it if nothing is to wait for it"),
        ("crm.get was built and never called", True, "end the chain with .$call()"),
        ("load was not awaited", True,
         "await it, or write void before it if nothing is to wait for it"),
    ]  # fmt: skip
    assert UnrankedCharacter("𠀋", None).problem.startswith("'𠀋' (U+2000B) ")
    assert UnrankedCharacter("㐀", None).problem.startswith("'㐀' (U+3400) is sorted by its code")
    one, two = ScriptError("一"), ScriptError("二")
    for outcome in (Outcome(error=one, unhandled=(two,)), Outcome(unhandled=(one, two))):
        with pytest.raises(ScriptError) as caught:
            outcome.unwrap()
        assert caught.value is one
    assert (Outcome(value=7).unwrap(), Outcome().value) == (7, UNDEFINED)
    reads = {}
    for name in ("value", "error", "unhandled", "console", "timers"):
        for error in (None, one):
            failed = ReadTrackingFailedOutcome(error=error, unhandled=(two,))
            getattr(failed, name)
            reads[name, error is None] = "is_read" in failed.__dict__
    assert {key for key, is_read in reads.items() if is_read} == {
        ("value", True), ("error", True), ("error", False), ("unhandled", True),
        ("unhandled", False),
    }  # fmt: skip


class Live:
    """A live object whose values a test changes."""

    def __init__(self, values: dict[str, Any], **more: Any) -> None:
        self.values, self.writes = values, list[Any]()
        self.__dict__.update(more)

    def snapshot(self) -> Mapping[str, Any]:
        return dict(self.values)

    def write(self, field: str, value: Any, place: Place | None, /) -> None:
        self.writes.append((field, value))


def test_only_what_changed_crosses() -> None:  # noqa: PLR0915 - one after another
    inner = Live({"x": 1}, is_frozen=True)
    form = Live({"a": 1, "b": [1], "t": "文"}, links={"$visible": inner}, watched_members=("明细",))
    ctx = Live({"s": None}, links={"form": form})
    sent = SentLiveObjects({"form": form, "ctx": ctx})
    assert (sent.names, sent.roots, sent.links, sent.watched) == (
        ["form", "form.$visible", "ctx"], [("form", 0), ("ctx", 2)],
        [(0, "$visible", 1), (2, "form", 0)], [["明细"], [], []],
    )  # fmt: skip

    def take() -> list[Any]:
        return [
            [index, {name: json.loads(bytes(raw)) for name, raw in changed.items()}, gone]
            for index, changed, gone in sent.take_python_changes()
        ]

    assert take() == [
        [0, {"a": 1, "b": [1], "t": "文"}, []],
        [1, {"x": 1}, []],
        [2, {"s": None}, []],
    ]
    assert take() == []
    form.values["b"].append(2)
    assert take() == [[0, {"b": [1, 2]}, []]]
    form.values["a"], ctx.values["n"] = True, 1
    del form.values["t"]
    assert take() == [[0, {"a": True}, ["t"]], [2, {"n": 1}, []]]
    form.values["a"] = 1
    assert take() == [[0, {"a": 1}, []]]
    inner.values = {"x": 1, "y": 2}
    assert take() == [[1, {"y": 2}, []]]
    del inner.values["x"]
    assert take() == [[1, {}, ["x"]]]

    objects = {"form": form, "ctx": ctx}
    sent.write(objects, 0, "a", 5, None)
    form.values["a"] = 5
    assert (take(), form.writes) == ([], [("a", 5)])
    sent.write(objects, 1, "z", {"$": "undefined"}, None)
    assert [field for field, _ in inner.writes] == ["z"]
    sent.write(objects, 0, "a", 6, None)  # the object keeps another value
    assert take()[0][:2] == [0, {"a": 5}]


def test_a_closed_channel_does_nothing() -> None:
    done: list[Any] = []

    def call(operation: str, argument: str) -> str:
        done.append((operation, json.loads(argument)))
        return '{"out": [], "done": []}'

    engine = SimpleNamespace(
        call=call,
        load=done.append,
        close=partial(done.append, "close"),
        reset_time_limits=partial(done.append, "reset"),
    )
    form = Live({"a": 1})
    channel = Channel(engine, SentLiveObjects({"form": form}), lambda: 1.2345)
    channel.send_settings_and_objects(seed=7)
    channel.run_turn("run", number=1)
    form.values["a"] = 2
    channel.run_turn("run", number=2)
    channel.load("x")
    channel.reset_time_limits()
    assert channel.is_open
    channel.close()
    channel.close()
    channel.load("y")
    channel.reset_time_limits()
    assert (channel.run_turn("run").entries, channel.is_open) == ([], False)
    opened = {"fields": [[0, {"a": 1}, []]], "bindings": [["form", 0]], "watched": [[]],
    "links": [],
              "seed": 7, "now": 1234}  # fmt: skip
    assert done == [
        ("open", opened), ("run", {"number": 1, "now": 1234}),
        ("run", {"number": 2, "patch": [[0, {"a": 2}, []]], "now": 1234}), "x", "reset", "close",
    ]  # fmt: skip


def test_counts_of_processes_are_added() -> None:
    one, two, three = (Script(f"f({n})", f"{n}.js") for n in range(3))
    hits, other = ScriptHits(), ScriptHits()
    hits.add(one, [1, 0])
    hits.add(one, [2, 3])
    hits.lost[two] += 2
    other.add(one, (1, 1))
    other.add(two, [5])
    other.lost[two] += 1
    other.uncounted[three] = None
    other.redact_script_texts(lambda text: text.replace("1", "…"))
    other.redact_script_texts(lambda text: text.replace("f", "g"))
    hits.merge(other.to_data())
    assert Script("f(0)", "0.js") in hits.shown
    assert hits.to_data() == [
        ("2.js", "f(2)", None, 0, "f(2)"), ("1.js", "f(1)", [5], 3, "g(…)"),
        ("0.js", "f(0)", [4, 4], 0, "g(0)"),
    ]  # fmt: skip
    again = ScriptHits()
    again.merge([("x.js", "x", None, 1, "x")])
    assert (again.uncounted, again.lost) == ({}, {Script("x", "x.js"): 1})
    assert NameValues(1.0, {}).stack == ""


def test_a_counted_script_has_four_times_the_time_and_is_told_its_own_limit() -> None:
    limits, made = Limits(cpu=2, wall=30), list[Limits]()

    def make(allowed: Limits, _sources: object) -> Any:
        made.append(allowed)

        def fail(is_wall: bool, *_more: str) -> Any:
            raise make_time_error(allowed, is_wall=is_wall, raw="at")

        def lose(*_more: str) -> Any:
            raise LimitReachedError("L", "memory", "at")

        return SimpleNamespace(load=partial(fail, False), call=partial(fail, True), close=lose,
                               reset_time_limits=lose)  # fmt: skip

    engine = RaisedLimitEngine(make, limits, [])
    assert made == [Limits(cpu=8, wall=120)]
    acts: list[tuple[Callable[[], object], str]] = [
        (partial(engine.load, ""), "2 s of processor"),
        (partial(engine.call, "", ""), "30 s of wall-clock"),
    ]
    for act, used in acts:
        with pytest.raises(LimitReachedError) as caught:
            act()
        assert (caught.value.message, caught.value.raw) == (
            f"the script used more than {used} time", "at",
        )  # fmt: skip
