from __future__ import annotations

import platform
import signal
import threading
import time
from collections.abc import Generator
from math import inf
from typing import Any

import pytest

from bpmax_sim.errors import PendingPromise, ScriptLimitError
from bpmax_sim.messages import Request, Response
from bpmax_sim.proxy.builder import CallSpec
from bpmax_sim.proxy.call_effects import Effect, Sleep
from bpmax_sim.proxy.result import ResolvedCallValue
from bpmax_sim.script import limits as limits_module
from bpmax_sim.script.budget import SessionWorkBudget, WorkCounts
from bpmax_sim.script.failure import Script
from bpmax_sim.script.limits import (
    MEGABYTE,
    Limits,
    LimitWatch,
    _Watchdog,
    find_default_stack_size,
    parse_limits,
    parse_stack,
)
from bpmax_sim.session.session import Session
from tests.script.bench import NAME, Bench, ok, run

SMALL = Limits(cpu=0.1, memory=16 << 20)
PATIENT = Limits(cpu=30, memory=16 << 20)
"""For what has to meet another limit than that of processor time, however slow the machine is."""

CPU = "the script used more than 0.1 s of processor time"
MEMORY = "the script used more than 16 MB of memory"
LONG = "the script walks an array of more than 33,554,432 elements"
STACK = (
    "the script calls itself, or nests a value, too deeply: the stack is full; "
    "--bpmax-js-stack=24MB gives it more"
)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("while (true) {}", CPU),
        ("await null; while (true) {}", CPU),
        ("await $proxy('crm').get(); for (;;);", CPU),
        ("while (true) await null", CPU),
        ("const s = ' '.repeat(2 ** 12) + 'x'; for (;;) +s", CPU),
        ("(function again() { queueMicrotask(again) })(); await new Promise(() => {})", CPU),
        ("/^(a+)+$/.test('a'.repeat(40) + 'b')", CPU),
        ("while (true) { try { for (;;); } catch {} finally { for (;;); } }", CPU),
        ("setInterval(() => {}, 1); await new Promise(() => {})", CPU),
        ("const tick = () => setTimeout(tick, 1000); tick()", CPU),
        ("throw {get code() { for (;;); }}", CPU),
        ("throw Object.defineProperty(new Error(), 'name', {get() { for (;;); }})", CPU),
        ("return {toJSON() { for (;;); }}", CPU),
        ("const all = []; for (;;) all.push(new Array(1000).fill(1))", MEMORY),
        ("const m = new Map(); for (let i = 0;; i++) m.set(i, {i})", MEMORY),
        ("let p = Promise.resolve(); const a = []; for (;;) a.push(p = p.then())", MEMORY),
        ("await null; const a = []; for (;;) a.push('张'.repeat(1e4) + a.length)", MEMORY),
        ("let s = '张'; for (;;) s += s", MEMORY),
        ("const 文 = '张'.repeat(2e6), 表 = {}; for (let i = 0;;) 表[i += 2] = 文", MEMORY),
        ("new Array(2 ** 32 - 1).fill(0)", MEMORY),
        ("'合同'.repeat(2 ** 29)", MEMORY),
        ("new Array(2 ** 32 - 1).join('合同')", LONG),
        ("`${new Array(2 ** 32 - 1)}`", LONG),
        ("const 按编号 = []; 按编号[4e9] = 1; 按编号.sort()", LONG),
        ("[].concat(new Array(2 ** 31))", LONG),
        ("new Array(2 ** 31).reverse()", LONG),
        ("const all = []; for (;;) all.push(new ArrayBuffer(1 << 20))", MEMORY),
        ("let o = {}; for (let i = 0; i < 1e6; i++) o = {o}; JSON.stringify(o)", MEMORY),
        ("function f() { return f() + 1 } f()", STACK),
        ("await null; const f = () => [f()]; f()", STACK),
        ("let o = {}; for (let i = 0; i < 2e4; i++) o = {o}; return o", STACK),
        ("let o = {}; for (let i = 0; i < 2e4; i++) o = {o}; $proxy('crm').get(o)", STACK),
    ],
)  # fmt: skip
def test_a_script_that_takes_too_much_is_stopped(source: str, message: str) -> None:
    bench = Bench(limits=SMALL if message == CPU else PATIENT)
    error = bench.run(source).error

    assert isinstance(error, ScriptLimitError)
    assert error.message == message
    assert bench.run("return '还在'").value == "还在"


def test_the_limit_is_the_sum_of_all_turns() -> None:
    source = """
      const spin = () => { for (let i = 0; i < 1e5; i++); };
      for (let n = 0;; n++) { spin(); console.log(n); await new Promise(r => setTimeout(r, 1)) }"""
    started = time.thread_time()
    outcome = Bench(limits=SMALL).run(source)

    assert isinstance(outcome.error, ScriptLimitError)
    assert time.thread_time() - started < 1
    assert len(outcome.console) > 1


def test_what_is_only_used_in_a_circle_is_no_memory_of_the_script() -> None:
    source = """
      for (let i = 0; i < 3e5; i++) { const 行 = {文: 'x'.repeat(200) + i}; 行.本行 = 行 }
      return '完'"""
    assert Bench(limits=PATIENT).run(source).value == "完"


def test_a_script_that_holds_too_much_ends_though_it_asks_for_no_more() -> None:
    source = """
      const 明细 = []; for (let i = 0; i < 1e5; i++) 明细.push(new Array(50).fill(i));
      for (;;);"""
    error = Bench(limits=Limits(memory=16 << 20)).run(source).error

    assert isinstance(error, ScriptLimitError)
    assert error.message == MEMORY


@pytest.mark.needs_native
@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="there is no timer")
def test_a_signal_ends_a_script_at_once() -> None:
    class StruckError(Exception):
        pass

    def strike(_number: int, _frame: object) -> None:
        raise StruckError

    before = signal.signal(signal.SIGALRM, strike)
    started = time.monotonic()
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        with pytest.raises(StruckError):
            Bench(limits=PATIENT).run("for (;;);")
    finally:
        signal.signal(signal.SIGALRM, before)
    assert time.monotonic() - started < 5
    assert run("return '还在'").value == "还在"


def test_a_library_is_under_the_same_limit() -> None:
    library = Script("for (;;);", "lib/慢.js")
    error = Bench(limits=SMALL).run("return 1", libraries=[library]).error

    assert isinstance(error, ScriptLimitError)
    assert str(error) == f"lib/慢.js: ScriptLimitError: {CPU}"


def test_the_place_of_a_passed_limit_is_told() -> None:
    error = Bench(limits=PATIENT).run("\nfunction 深() { return 深() + 1 }\n深()").error

    assert str(error) == f"{NAME}:2:23: ScriptLimitError: {STACK}"


def test_one_call_too_many_is_told_at_its_line() -> None:
    bench = Bench(limits=Limits(calls=3))
    error = bench.run("for (let i = 0; i < 9; i++)\n  await $proxy('crm').get(i)").error

    assert str(error) == f"{NAME}:2:27: ScriptLimitError: the script made more than 3 calls"
    assert len(bench.programs) == 3


def test_calls_under_way_complete_when_the_script_is_stopped() -> None:
    bench = Bench(limits=SMALL)
    outcome = bench.run(
        "$proxy('crm').get(); await null; await new Promise(r => setTimeout(r, 1)); for (;;);"
    )

    assert isinstance(outcome.error, ScriptLimitError)
    assert outcome.unawaited == ()  # a script that broke off did not forget it
    assert bench.elapsed() == 0.1


def test_a_caught_lack_of_memory_is_an_error_like_any_other() -> None:
    source = """
      const a = [];
      try { for (;;) a.push('x'.repeat(1e5) + a.length) } catch (e) { return e.message }"""

    assert Bench(limits=PATIENT).run(source).value == "out of memory"


def test_deep_but_finite_recursion_is_no_problem() -> None:
    assert run("const f = n => n ? 1 + f(n - 1) : 0; return f(1500)").value == 1500


@pytest.mark.parametrize(
    ("source", "place"),
    [
        ("await new Promise(() => {})", "1:11"),
        ("const 等 = async p => {\n  1;\n  await p;\n};\nawait 等(new Promise(() => {}))", "3:9"),
        ("const p = new Promise(() => {});\n\n  await p.then(() => 1);", "3:11"),
        ("\nawait Promise.race([])", "2:15"),
        ("await Promise.all([1, new Promise(() => {})])", "1:27"),
        ("const {promise} = Promise.withResolvers();\nawait promise", "2:7"),
        ("try { await new Promise(() => {}) } catch { await $proxy('crm').get() }", "1:17"),
    ],
)  # fmt: skip
def test_a_line_that_waits_in_vain_is_named(source: str, place: str) -> None:
    bench = Bench()
    outcome = bench.run(source)

    assert isinstance(outcome.error, PendingPromise)
    assert str(outcome.error) == (
        f"{NAME}:{place}: PendingPromise: this waits for a promise that nothing can settle: no "
        "call, timer or other script is under way; settle it on every path, or await the call "
        "that should do it"
    )
    assert bench.programs == []


def test_a_thenable_that_never_answers_is_told_without_a_line() -> None:
    error = run("await {then() {}}").error

    assert isinstance(error, PendingPromise)
    assert str(error.place) == NAME
    assert error.message.endswith("; or it used more than 64 MB of memory, and that was lost")


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("setInterval(() => 0, 20);\nawait new Promise(() => 0);", 2),
        ("const 再 = () =>\n  setTimeout(再, 0);\n再();", 2),
        ("let 等 = 0;\nawait new Promise(r => setTimeout(r, 60000));", 2),
        ("for (;;)\n  await new Promise(r => setTimeout(r, 0));", 2),
    ],
)
def test_a_script_that_waits_for_ever_in_live_mode_ends(source: str, line: int) -> None:
    started = time.monotonic()
    bench = Bench(live=True, limits=Limits(wait=0.3))
    error = bench.run(source).error

    assert isinstance(error, ScriptLimitError)
    assert error.message == (
        "the script waited more than 0.3 s of real time with no call under way"
    )
    assert error.place
    assert error.place.line == line
    assert time.monotonic() - started < 20
    assert bench.run("return '还在'").value == "还在"


class SlowCalls(Bench):
    """A bench whose calls pause before they are sent, as between two attempts."""

    def begin(self, program: CallSpec) -> Generator[Effect, Any, ResolvedCallValue]:
        yield Sleep(3600)
        return (yield from super().begin(program))


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("const 客户 = '张三';\n$proxy('crm').通知({客户});", 2),
        ("$proxy('crm').通知();\n\nconsole.log('已通知');", 3),
        ("setTimeout(() => 0, 3600000);\n\nconsole.log('已通知');", 1),
        ("console.log('甲');\nsetTimeout(() => 0, 3600000);\n$proxy('crm').通知();", 2),
        ("setTimeout(() => '催办', 3600000);\nsetTimeout(() => '升级', 7200000);", 1),
    ],
)
def test_a_wait_that_no_line_awaits_is_told_at_its_timer_or_the_last_line(
    source: str, line: int
) -> None:
    error = SlowCalls(live=True, limits=Limits(wait=0.02)).run(source).error

    assert isinstance(error, ScriptLimitError)
    assert error.place
    assert (error.place.file, error.place.line) == (NAME, line)


def test_short_turns_of_a_timer_end_by_waiting_and_not_by_the_processor() -> None:
    bench = Bench(live=True, limits=Limits(cpu=0.1, wait=1))
    error = bench.run("let n = 0;\nconst 再 = () => setTimeout(再, 0, n++);\n再();").error

    assert isinstance(error, ScriptLimitError)
    assert error.message.endswith("of real time with no call under way")
    assert str(error.place) == f"{NAME}:2:34"


@pytest.mark.parametrize("live", [True, False])
def test_turns_of_a_timer_that_compute_end_at_the_line_that_sets_it(*, live: bool) -> None:
    # Turns that are long beside what lies between them, however busy the machine is: a script that
    # waits longer than it computes ends by the limit of waiting.
    busy = "const 再 = () => {\n  JSON.stringify(Array(200000).fill(1));\n  setTimeout(再, 0);\n};"
    error = Bench(live=live, limits=Limits(cpu=0.1)).run(f"{busy}\n再();").error

    assert isinstance(error, ScriptLimitError)
    assert error.message == "the script used more than 0.1 s of processor time"
    assert error.place
    assert error.place.line in {2, 3}


def test_what_a_call_takes_is_no_wait_of_the_script() -> None:
    def slow(_request: Request) -> Response:
        time.sleep(0.5)
        return ok(elapsed=0.5)

    bench = Bench(slow, live=True, limits=Limits(wait=0.2))

    assert bench.run("await $proxy('crm').get(); return 1").unwrap() == 1


def test_time_that_somebody_lets_pass_is_no_wait_of_the_script() -> None:
    with Session.open(mode="live", limits=Limits(wait=0.1)) as session:
        session.advance(0.3)


class TouchedContext:
    """A context that writes down the limits it is set."""

    def __init__(self) -> None:
        self.memory: list[int] = []
        self.stack: list[int] = []
        self.set_memory_limit, self.set_max_stack_size = self.memory.append, self.stack.append


@pytest.mark.parametrize(
    ("size", "fired"), [(0, ""), (999, ""), (1000, ""), (1001, "memory"), (1 << 40, "memory")]
)
def test_a_script_may_hold_what_its_limit_says_and_no_more(size: int, fired: str) -> None:
    context = TouchedContext()
    watch = LimitWatch(context, memory=1000, room=50)

    assert watch.has_to_stop(size) == bool(fired)
    assert watch.fired == fired
    # there is room for the error that says so
    assert context.memory == ([1050 + MEGABYTE] if fired else [])
    assert watch.has_to_stop(0) == bool(fired)


def test_what_does_not_end_loses_its_memory_and_gets_it_back_at_times() -> None:
    context = TouchedContext()
    watch = LimitWatch(context, memory=1000, room=50)
    watch.check_from_watchdog()
    assert (watch.fired, context.memory, context.stack) == ("", [], [])

    watch.stop_script(KeyboardInterrupt())
    for _ in range(3):  # looks at what is asked for stack alone
        watch.check_from_watchdog()
    assert context.memory == []
    for _ in range(13):
        watch.check_from_watchdog()

    assert context.memory == [1] * 4 + [1050] + [1] * 7 + [1050]


@pytest.mark.parametrize("passed", ["cpu", "wall"])
def test_the_watchdog_takes_the_stack_of_what_is_over_its_time_and_once(passed: str) -> None:
    context = TouchedContext()
    watch = LimitWatch(context, memory=1000, room=0)
    ends = {"cpu": inf, "wall": inf, passed: 0.0}
    watch.begin_turn(ends["cpu"], ends["wall"])
    watch.end_turn()

    for _ in range(3):
        watch.check_from_watchdog()

    assert (watch.fired, context.stack) == (passed, [1])


def test_a_turn_is_timed_by_the_thread_that_runs_it_or_by_none_once_that_is_gone() -> None:
    """A forked child has contexts that its parent made, and threads of its own."""
    watches: list[LimitWatch] = []

    def make(begins: bool) -> None:
        watch = LimitWatch(TouchedContext(), memory=1000, room=0)
        watches.append(watch)
        if begins:
            watch.begin_turn(0.0, inf)
            watch.end_turn()

    for begins in (False, True):
        thread = threading.Thread(target=make, args=[begins])
        thread.start()
        thread.join()
    watches[0].begin_turn(0.0, inf)
    watches[0].end_turn()

    for watch in watches:
        watch.check_from_watchdog()

    assert [watch.fired for watch in watches] == [
        "cpu" if hasattr(time, "pthread_getcpuclockid") else "",
        "",
    ]


def test_the_watchdog_ends_when_it_has_nothing_to_watch_and_begins_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits_module, "_PERIOD", 0.0005)
    watchdog, watch = _Watchdog(), LimitWatch(TouchedContext(), memory=1000, room=0)
    for _ in range(2):
        watchdog.add(watch)
        thread = watchdog.thread
        assert thread
        thread.join(0.05)
        assert thread.is_alive()
        with watchdog.lock:
            watchdog.running.discard(watch)
        thread.join(10)
        assert not thread.is_alive()
        assert watchdog.thread is None


def test_the_watchdog_rests_between_two_looks() -> None:
    looks: list[float] = []

    class CountedWatch(LimitWatch):
        def check_from_watchdog(self) -> None:
            looks.append(time.monotonic())

    watchdog, watch = _Watchdog(), CountedWatch(TouchedContext(), memory=1000, room=0)
    started = time.monotonic()
    watchdog.add(watch)
    time.sleep(0.02)
    with watchdog.lock:
        watchdog.running.discard(watch)

    assert len(looks) <= (time.monotonic() - started) * 100


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("256kB", 256 << 10),
        ("256KB", 256 << 10),
        ("262144", 256 << 10),
        ("1024MB", 1 << 30),
        (" 24 MB ", 24 << 20),
    ],
)
def test_a_stack_of_a_size_within_the_bounds(text: str, size: int) -> None:
    assert parse_stack(text) == size


@pytest.mark.parametrize(
    "text",
    ["", "0", "-1", "262143", "255kB", "1025MB", "1073741825", "1.5MB", "MB", "24GB"],
)
def test_no_stack_of_another_size(text: str) -> None:
    with pytest.raises(ValueError, match=r"256kB at least|is not a size"):
        parse_stack(text)


@pytest.mark.parametrize(
    ("text", "limits"),
    [
        ("cpu=0.001", Limits(cpu=0.001)),
        ("cpu=1.5s,wall=2,wait=3.25s", Limits(cpu=1.5, wall=2, wait=3.25)),
        (" memory=1kB , calls=0", Limits(memory=1024, calls=0)),
        ("memory=7", Limits(memory=7)),
        ("calls=1,calls=2", Limits(calls=2)),
    ],
)
def test_limits_are_read_from_a_text(text: str, limits: Limits) -> None:
    assert parse_limits(text) == limits


@pytest.mark.parametrize(
    "text", ["", "cpu", "cpu=", "cpu=-1", "cpu=1,", ",", "stack=1", "calls=1.5", "cpu=1 s"]
)
def test_what_is_no_limit_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no limit such as"):
        parse_limits(text)


def test_a_thread_has_the_stack_of_the_main_thread_where_the_library_gives_it() -> None:
    sizes: list[int] = []
    thread = threading.Thread(target=lambda: sizes.append(find_default_stack_size()))
    thread.start()
    thread.join()

    is_glibc = platform.libc_ver()[0] == "glibc"  # others have small ones
    assert sizes == [find_default_stack_size() if is_glibc else MEGABYTE // 4]


@pytest.mark.parametrize("name", WorkCounts.__struct_fields__)
def test_what_no_count_is_named_for_is_not_allowed_at_all(name: str) -> None:
    assert getattr(WorkCounts(), name) == 0
    assert not SessionWorkBudget(WorkCounts()).spend(name)
    assert SessionWorkBudget(WorkCounts(**{name: 1})).spend(name)


def test_somebody_looks_as_long_as_a_turn_lasts() -> None:
    watch = LimitWatch(TouchedContext(), memory=1000, room=0)
    watch.begin_turn(inf, inf)
    try:
        assert "bpmax-watchdog" in [thread.name for thread in threading.enumerate()]
    finally:
        watch.end_turn()


@pytest.mark.parametrize("name", ["sleep", "monotonic"])
def test_what_a_test_puts_in_the_place_of_a_clock_stops_no_limit(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As by ``monkeypatch.setattr(time, "sleep", …)`` in tests of users, for all threads."""
    script = "const s = JSON.stringify(new Array(2e5).fill(1)); for (;;) JSON.parse(s)"
    bench, here, real = Bench(limits=Limits(cpu=0.05)), threading.get_ident(), getattr(time, name)

    def break_elsewhere(*given: float) -> object:
        assert threading.get_ident() == here
        return real(*given)

    with monkeypatch.context() as patch:
        patch.setattr(time, name, break_elsewhere)
        errors = [bench.run(script).error for _ in range(2)]

    assert [type(error) for error in errors] == [ScriptLimitError] * 2
