"""Counts, errors and names of scripts, each at its corners and without a process of its own."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import _quickjs
import pytest

from bpmax_sim.clock import SeedRanges
from bpmax_sim.errors import Place, ScriptError, ScriptLimitError
from bpmax_sim.i18n import to_plain_english
from bpmax_sim.messages import Request, Response
from bpmax_sim.script import limits as limits_module
from bpmax_sim.script.budget import SessionWorkBudget, WorkCounts
from bpmax_sim.script.failure import FIRST_LINE, ErrorFactory, PlacedScripts, Script, UserFrame
from bpmax_sim.script.hits import HitsData, ScriptHits
from bpmax_sim.script.limits import (
    MEGABYTE,
    EngineError,
    LimitReachedError,
    Limits,
    LimitsWithBudget,
    find_default_stack_size,
)
from bpmax_sim.script.quickjs_api import NativeContext
from bpmax_sim.script.runtime import Page, Runtime
from bpmax_sim.script.turn_result import (
    MalformedError,
    Outcome,
    PromiseMemberRead,
    ReadTrackingFailedOutcome,
    UnawaitedCall,
    parse_turn,
)
from tests.script.bench import NAME, START, Bench, ok

# ---------------------------------------------------------------------- counts

ONE, TWO = Script("a();\nb()", "甲.js"), Script("登录('密钥')", "乙.js")
COUNTED: list[HitsData] = [
    ("甲.js", ONE.source, [1, 0, 2], 2, ONE.source),
    ("乙.js", TWO.source, [4], 0, "登录('***')"),
    ("丙.js", "if (", None, 0, "if ("),
    ("丁.js", "for (;;);", None, 3, "for (;;);"),
]


def test_what_processes_counted_is_added_and_told_again() -> None:
    hits = ScriptHits()
    hits.merge(COUNTED)
    hits.merge(COUNTED[:1])

    assert hits.counts == {ONE: [2, 0, 4], TWO: [4]}
    assert {script.name: number for script, number in hits.lost.items() if number} == {
        "甲.js": 4, "丁.js": 3,
    }  # fmt: skip
    assert [script.name for script in hits.uncounted] == ["丙.js"]
    assert hits.shown == {TWO: "登录('***')"}
    assert sorted(hits.to_data()) == sorted(
        [("甲.js", ONE.source, [2, 0, 4], 4, ONE.source), *COUNTED[1:]]
    )


@pytest.mark.parametrize(
    ("instants", "seconds"),
    [
        ([], 0), ([100], 0), ([100, 103], 3), ([100, 103, 107], 7), ([100, 103, 103], 3),
        ([100, 107, 105], 7), ([100, 107, 105, 108], 8), ([0, 0.5, 1], 1),
    ],
)  # fmt: skip
def test_virtual_time_counts_from_where_it_is_first_asked_and_once(
    instants: list[float], seconds: float
) -> None:
    budget = SessionWorkBudget()

    assert all(budget.spend_virtual_time_until(now) for now in instants)
    assert budget.counts == WorkCounts(seconds=seconds)


MOST = WorkCounts(interrupts=3, jobs=640, calls=1, timers=2, seconds=7.4)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("interrupts", "the scripts ran for more than 30,000 steps"),
        ("jobs", "the scripts went on after more than 640 promises"),
        ("calls", "the scripts made more than 1 calls"),
        ("timers", "more than 2 timers fired"),
        ("seconds", "more than 7 s of virtual time passed"),
    ],
)
def test_the_first_count_that_is_exceeded_is_told(name: str, told: str) -> None:
    budget = SessionWorkBudget(MOST)
    most = getattr(MOST, name)

    assert (budget.spend(name, most), budget.exceeded) == (True, "")
    assert (budget.spend(name, 0.5), budget.exceeded) == (False, name)
    others = [one for one in WorkCounts.__struct_fields__ if one != name]
    assert [budget.spend(one, 1000) for one in others] == [False] * 4
    assert budget.exceeded == name
    assert to_plain_english(budget.describe_exceeded_maximum()) == told


@pytest.mark.of_quickjs
def test_each_promise_of_a_script_is_counted() -> None:
    budget = SessionWorkBudget()

    Bench(limits=LimitsWithBudget(budget=budget)).run("for (let i = 0; i < 1000; i++) await null")

    assert 900 < budget.counts.jobs < 1100


@pytest.mark.parametrize(("stack", "size"), [(1, 0.5), (2, 1), (7, 3.5), (8, 4), (9, 4), (1024, 4)])
def test_scripts_have_half_of_the_stack_and_four_megabytes_at_most(
    stack: int, size: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits_module, "_find_thread_stack_size", lambda: stack * MEGABYTE)

    assert find_default_stack_size() == size * MEGABYTE


# ---------------------------------------------------------------------- errors

AT = Place("查询.js", 3, 5)


@pytest.mark.parametrize(
    ("raw", "frames"),
    [
        ("", ()),
        ("    at <input>:501:4", (UserFrame(Place(NAME, 1, 2), f"{NAME}:1:2"),)),
        ("    at 查 (<input>:502:1)", (UserFrame(Place(NAME, 2, 1), f"查 ({NAME}:2:1)"),)),
        ("    at <anonymous> (<input>:501:4)", (UserFrame(Place(NAME, 1, 2), f"{NAME}:1:2"),)),
        ("    at <eval> (<input>:501:4)", (UserFrame(Place(NAME, 1, 2), f"{NAME}:1:2"),)),
        ("    at 查 (native)\n    at entry (<input>:12:3)", ()),
        (f"    at 查 ({NAME}:7:2)", (UserFrame(Place(NAME, 7, 2), f"查 ({NAME}:7:2)"),)),
        ("    at 查 (别的.js:7:2)", ()),
        (
            "    at f (<input>:501:1)\n    at native\n    at g (<input>:502:1)\n    at g:502:4",
            (
                UserFrame(Place(NAME, 1, 1), f"f ({NAME}:1:1)"),
                UserFrame(Place(NAME, 2, 1), f"g ({NAME}:2:1)"),
            ),
        ),
    ],
)
def test_a_stack_shows_the_frames_of_users_alone(raw: str, frames: tuple[UserFrame, ...]) -> None:
    assert FIRST_LINE == 500
    sources = PlacedScripts([Script("甲();\n乙();", NAME)])

    assert sources.find_user_frames(raw) == frames


class CodedError(Exception):
    """An error that a form raises."""

    def __init__(self, code: str = "") -> None:
        super().__init__("只读")
        self.code = code


@pytest.fixture(name="failures")
def make_failures() -> ErrorFactory:
    return ErrorFactory(PlacedScripts([Script("甲();", NAME)]), NAME, Limits())


@pytest.mark.parametrize(
    ("cause", "fields"),
    [
        (CodedError("READ_ONLY"), {"code": "READ_ONLY"}),
        (CodedError(), {}),
        (ValueError("只读"), {}),
    ],
)
def test_a_refused_write_has_the_code_of_what_refused_it(
    failures: ErrorFactory, cause: Exception, fields: dict[str, Any]
) -> None:
    error = failures.make_refused_write_error(cause, "form.金额", AT)

    assert str(error) == f"{AT}: {type(cause).__name__}: form.金额: 只读"
    assert (error.fields, error.place, error.__cause__) == (fields, AT, cause)


@pytest.mark.parametrize(
    ("timer", "raw", "place"),
    [
        (None, "", Place(NAME)),
        (AT, "", AT),
        (None, "    at <input>:501:4", Place(NAME, 1, 2)),
        (AT, "    at <input>:501:4", Place(NAME, 1, 2)),
    ],
)
def test_a_limit_without_a_frame_is_placed_where_the_timer_was_set(
    failures: ErrorFactory, timer: Place | None, raw: str, place: Place
) -> None:
    failures.timer = timer

    error = failures.make_engine_error(LimitReachedError("ScriptLimitError", "太久", raw))

    assert isinstance(error, ScriptLimitError)
    assert (error.message, error.place) == ("太久", place)


READ = PromiseMemberRead("crm.get", "data", AT)
NOT_AWAITED = (
    f"{AT}: Unawaited: crm.get was not awaited, so data was read of its promise and is undefined; "
    "write await before the call"
)
PLAIN = ScriptError("坏了", place=AT, stack=("f",))
CAUSED = ScriptError("坏了")
CAUSED.__cause__ = ValueError()
LIMIT = ScriptLimitError("太久")


@pytest.mark.parametrize(
    ("error", "read", "told"),
    [
        (None, None, "None"), (PLAIN, None, str(PLAIN)), (None, READ, NOT_AWAITED),
        (PLAIN, READ, NOT_AWAITED), (CAUSED, READ, str(CAUSED)), (LIMIT, READ, str(LIMIT)),
    ],
)  # fmt: skip
def test_a_read_of_a_promise_explains_an_error_without_another_cause(
    failures: ErrorFactory, error: ScriptError | None, read: PromiseMemberRead | None, told: str
) -> None:
    found = failures.explain_promise_read(error, read)

    assert to_plain_english(str(found)) == told
    if told == NOT_AWAITED:
        assert isinstance(found, ScriptError)
        assert (found.__cause__, found.stack) == (error, error.stack if error else ())


class Scripted:
    """An engine whose script sets a timer, makes a call, and uses too much when that answers."""

    def __init__(self, _limits: Limits, _sources: Any) -> None:
        self.asked: list[str] = []

    def call(self, operation: str, _argument: str) -> str:
        self.asked.append(operation)
        if operation == "settle":
            raise LimitReachedError("ScriptLimitError", "太久")
        out: list[Any] = []
        if operation == "run":
            call = ["call", 1, "crm", {}, "get", None, [], 502, 1]
            out = [["timer", 1, 10, False, 501, 1], call]
        if operation == "end":
            out = [["end", [], [], []]]
        return json.dumps({"out": out, "done": []})

    def load(self, source: str) -> None: ...
    def reset_time_limits(self) -> None: ...
    def close(self) -> None: ...


def test_a_timer_that_has_fired_is_no_place_of_a_later_limit() -> None:
    bench = Bench(lambda _request: ok(elapsed=3))
    runtime = Runtime(bench.scheduler, bench.begin, engine=Scripted)

    error = runtime.run(Script("甲();\n乙();", NAME)).error

    assert isinstance(error, ScriptLimitError)
    assert (error.message, error.place) == ("太久", Place(NAME))


FIRST, SECOND = ScriptError("一"), ScriptError("二")


@pytest.mark.parametrize(
    ("outcome", "raised"),
    [
        (Outcome(value=7), None), (Outcome(value=7, error=FIRST), FIRST),
        (Outcome(value=7, unhandled=(FIRST, SECOND)), FIRST),
        (Outcome(error=SECOND, unhandled=(FIRST,)), SECOND),
    ],
)  # fmt: skip
def test_the_first_error_of_an_outcome_is_raised(
    outcome: Outcome, raised: ScriptError | None
) -> None:
    if raised is None:
        assert outcome.unwrap() == 7
        return
    with pytest.raises(ScriptError) as caught:
        outcome.unwrap()
    assert caught.value is raised


@pytest.mark.parametrize(
    ("fields", "name", "is_read"),
    [
        ({"error": FIRST}, "error", True), ({"error": FIRST}, "unhandled", True),
        ({"error": FIRST}, "value", False), ({"error": FIRST}, "console", False),
        ({"unhandled": (FIRST,)}, "value", True), ({"unhandled": (FIRST,)}, "unhandled", True),
        ({"unhandled": (FIRST,)}, "timers", False),
    ],
)  # fmt: skip
def test_an_error_is_seen_by_whoever_looks_at_it(
    fields: dict[str, Any], name: str, *, is_read: bool
) -> None:
    outcome = ReadTrackingFailedOutcome(**fields)

    getattr(outcome, name)

    assert outcome.__dict__ == ({"is_read": True} if is_read else {})


@pytest.mark.parametrize(
    "text",
    [
        "", "x", "[]", "{}", '{"out":[]}', '{"out":[],"done":[[0,true,1]]}',
        '{"out":[],"done":[[1,null,null]]}', '{"out":[],"done":[],"more":1}',
        '{"out":[["timer",1,-1,false,1,1]],"done":[]}', '{"out":[["clear",0]],"done":[]}',
        '{"out":[["other"]],"done":[]}', '{"out":[["drew",2147483649]],"done":[]}',
    ],
)  # fmt: skip
def test_an_outbox_that_no_prelude_writes_is_refused(text: str) -> None:
    with pytest.raises(MalformedError):
        parse_turn(text)


def test_an_outbox_tells_how_each_body_ended() -> None:
    thrown: dict[str, Any] = {"name": "E", "message": "坏", "raw": "", "call": None,
                              "cause": None, "fields": {}}  # fmt: skip
    done = [[1, True, "值"], [2, False, None], [3, False, thrown], [4, None, thrown]]

    endings = parse_turn(json.dumps({"out": [], "done": done})).endings

    assert [*endings] == [1, 2, 3, 4]
    assert [
        (getattr(one, "value", ""), getattr(one, "is_syntax", None),
         getattr(getattr(one, "error", None), "message", None))
        for one in endings.values()
    ] == [("值", None, None), ("", False, None), ("", False, "坏"), ("", True, "坏")]  # fmt: skip


@pytest.mark.needs_native
@pytest.mark.parametrize("source", ["'\\ud83d'", "'张\\udc00三'", "'😀'", "''", "1", "null"])
def test_half_a_character_leaves_the_engine_as_it_is(source: str) -> None:
    context = NativeContext()
    value = context.evaluate(source)
    try:
        told = context.read_text(value)
    finally:
        context._library.JS_FreeValue(context.inner, value)
        context.close()

    assert told == str(json.loads(source.replace("'", '"')) if "'" in source else source)


@pytest.mark.needs_native
@pytest.mark.parametrize(
    ("thrown", "text"),
    [
        ("{toString: () => '坏', stack: '栈'}", "坏\n栈"),
        ("{toString: () => '坏'}", "坏"),
        ("7", "7"),
    ],
)
def test_what_is_thrown_is_told_with_the_stack_that_it_has(thrown: str, text: str) -> None:
    context = NativeContext()
    with pytest.raises(_quickjs.JSException) as raised:
        context.eval(f"throw {thrown}")
    context.close()

    assert str(raised.value) == text


# ---------------------------------------------------------------------- names, timers, waits


@pytest.mark.parametrize(
    ("watched", "called", "times"),
    [
        ("crm.get_order", "getOrder", 2), ("crm.getOrder", "get_order", 2),
        ("CRM.GetOrder", "get_order", 2), ("crm.getorder", "getOrder", 2),
        ("crm.get_orders", "getOrder", 0), ("erp.get_order", "getOrder", 0), ("", "getOrder", 0),
    ],
)  # fmt: skip
def test_a_call_is_watched_in_whatever_spelling(watched: str, called: str, times: int) -> None:
    bench, seen = Bench(), list[float]()
    bench.runtime.watch(watched, lambda: seen.append(bench.elapsed()))

    bench.run(f"const p = $proxy('crm'); await p.{called}(); await p.other(); await p.{called}()")

    assert seen == [0.0, 0.2][:times]


def test_a_call_of_a_script_without_a_page_is_used_by_nobody_else() -> None:
    runtime = Bench().runtime
    runtime.run(Script("return 1", NAME), page=Page([Script("return 1", NAME)]))

    assert runtime.is_promise_unused_by_page(UnawaitedCall("crm.get", None))
    assert not runtime.is_promise_unused_by_page(UnawaitedCall("crm.get", None, number=3))


@pytest.mark.of_quickjs
def test_timers_of_all_pages_are_listed_in_the_order_in_which_they_fire() -> None:
    runtime = Bench().runtime
    for page, waits in enumerate(([3000, 1000], [2000, 5000], [4000, 500])):
        source = "".join(f"setTimeout(() => {wait}, {wait});\n" for wait in waits)
        script = Script(source, f"{page}.js")
        runtime.run(script, page=Page([script]))

    timers = runtime.list_pending_timers()

    assert [(one.delay, round(one.due - START, 3), str(one.place)) for one in timers] == [
        (0.5, 0.5, "2.js:2:1"), (1.0, 1.0, "0.js:2:1"), (2.0, 2.0, "1.js:1:1"),
        (3.0, 3.0, "0.js:1:1"), (4.0, 4.0, "2.js:1:1"), (5.0, 5.0, "1.js:2:1"),
    ]  # fmt: skip


@pytest.mark.of_quickjs
def test_a_helper_with_two_calls_under_way_is_told_once() -> None:
    outcome = Bench().run(
        "async function 通知() {\n  const p = $proxy('crm');\n"
        "  await Promise.all([p.a(), p.b(), p.c()]);\n}\n通知();"
    )

    assert list(map(str, outcome.unawaited)) == [f"{NAME}:5:1: 通知() was not awaited"]


def test_a_quick_answer_behind_a_slow_one_waits_for_no_real_time() -> None:
    def answer(request: Request) -> Response:
        is_slow = request.url.endswith("slow")
        time.sleep(0.0 if is_slow else 0.05)
        return ok(elapsed=25.0 if is_slow else 0.3)

    bench = Bench(answer, live=True)
    started = time.monotonic()
    outcome = bench.run("const p = $proxy('crm'); await Promise.all([p.slow(), p.quick()])")
    bench.scheduler.close()

    assert outcome.error is None
    assert time.monotonic() - started < 20
    assert bench.elapsed() >= 25


def test_what_an_engine_says_without_a_colon_is_uncaught(failures: ErrorFactory) -> None:
    make: Callable[[EngineError], ScriptError] = failures.make_engine_error

    assert [str(make(EngineError(*one))) for one in (("TypeError", "坏"), ("Uncaught", "坏"))] == [
        f"{NAME}: TypeError: 坏", f"{NAME}: Uncaught: 坏",
    ]  # fmt: skip


MEMORY, DEEP = "more than 64 MB of memory", "the stack is full"


@pytest.mark.parametrize(
    ("name", "message", "limit"),
    [
        *(
            (name, message, MEMORY)
            for name in ("RangeError", "InternalError")
            for message in (
                "out of memory", "string too long", "invalid string length",
                "out of memory in regexp execution", "invalid array buffer length",
                "Invalid string length", "Array buffer allocation failed",
            )
        ),
        *(
            (name, message, DEEP)
            for name in ("RangeError", "InternalError")
            for message in ("Maximum call stack size exceeded", "stack overflow")
        ),
        ("InternalError", "", MEMORY), ("RangeError", "", ""), ("Uncaught", "null", MEMORY),
        ("Uncaught", "undefined", ""), ("RangeError", "invalid array length", ""),
        ("TypeError", "out of memory", ""), ("Error", "stack overflow", ""),
        ("RangeError", "array too long for map", "33,554,432 elements"),
        ("InternalError", "array too long for map", ""),
    ],
)  # fmt: skip
def test_an_error_for_want_of_memory_or_stack_is_a_limit(
    failures: ErrorFactory, name: str, message: str, limit: str
) -> None:
    error = failures.make_engine_error(EngineError(name, message))

    assert isinstance(error, ScriptLimitError) is bool(limit)
    assert (limit or message) in str(error)


def test_scripts_of_a_session_are_numbered_from_one_on() -> None:
    """What recordings call their random values by."""
    asked, drawn = list[int](), list[int]()

    def seeds(number: int) -> SeedRanges:
        asked.append(number)
        return ((0, None),)

    bench = Bench()
    runtime = Runtime(
        bench.scheduler,
        bench.begin,
        seed_ranges_of=seeds,
        on_draw=lambda number, _drawn: drawn.append(number),
    )
    for source in ("return 1", "return Math.random()", "return 3"):
        runtime.run(Script(source, NAME))

    assert asked == [1, 2, 3]
    assert {*drawn} == {2}
