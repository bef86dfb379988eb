from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from bpmax_sim.errors import TransportError
from bpmax_sim.messages import Request, Response
from bpmax_sim.script.failure import Script
from bpmax_sim.script.runtime import Page
from tests.pace import slowness
from tests.script.bench import START, Bench, ok, run, texts, value_of

ROOT = Path(__file__).parents[2]
SECONDS = {"a": 2.0, "b": 1.0, "slow": 3.0, "fast": 0.1, "medium": 0.5}
HELPERS = "const crm = $proxy('crm'), later = (ms, v) => new Promise(r => setTimeout(r, ms, v));"
EVERYTHING = """
  const ids = [Math.random(), crypto.randomUUID(), [...crypto.getRandomValues(new Uint8Array(4))]];
  setTimeout(() => console.log('一秒', new Date().toString()), 1000);
  const all = await Promise.all(['slow', 'fast', 'medium'].map(name => crm[name]()));
  const names = ['张三', '李四', 'b', 'A'].sort((a, b) => a.localeCompare(b));
  console.log(ids, all, new Date().toLocaleString(), names, new Date(2026, 0, 1).getTime());
  const first = await Promise.race([crm.slow(), later(200, '超时')]);
  form.result = {first, at: Date.now(), map: new Map([[1, {b: 2, a: 1}]]), set: new Set(['乙'])};
  return [first, (1234567.891).toLocaleString(), Date.parse('2026-03-02 10:00')];"""


def answer(request: Request) -> Response:
    name = request.url.rsplit("/", maxsplit=1)[-1]
    if name == "bad":
        raise TransportError("connection refused", elapsed=0.5)
    return ok(name, elapsed=SECONDS[name])


def digest() -> str:
    bench = Bench(answer)
    outcome = bench.run(HELPERS + EVERYTHING)
    outcome.unwrap()
    return hashlib.sha256(repr((outcome, bench.elapsed(), bench.programs)).encode()).hexdigest()


@pytest.mark.parametrize(
    ("source", "value", "elapsed"),
    [
        ("return await Promise.race([crm.a(), crm.b()])", "b", 2),
        ("return await Promise.all([crm.a(), crm.b()])", ["a", "b"], 2),
        ("return await Promise.any([crm.bad(), crm.b()])", "b", 1),
        (
            "return (await Promise.allSettled([crm.bad(), crm.a()])).map(r => r.status)",
            ["rejected", "fulfilled"],
            2,
        ),
        ("return await Promise.race([crm.a(), later(1500, '超时')])", "超时", 2),
        ("return await Promise.race([crm.a(), later(2500, '超时')])", "a", 2.5),
        ("const p = crm.a(); await later(5000); return await p", "a", 5),
        ("return await Promise.race([later(1000, '先'), crm.b()])", "先", 1),
        ("return await Promise.race([crm.b(), later(1000, '后')])", "b", 1),
    ],
)
def test_promises_have_one_outcome_in_virtual_time(
    source: str, value: object, elapsed: float
) -> None:
    bench = Bench(answer)

    assert bench.run(HELPERS + source).unwrap() == value
    assert bench.elapsed() == elapsed


@pytest.mark.of_quickjs
def test_ten_minutes_of_backing_off_take_no_time() -> None:
    failures: list[int] = []

    def busy(_request: Request) -> Response:
        if failures:
            failures.pop()
            raise TransportError("connection reset", code="RESET", elapsed=0.1)
        return ok("终于")

    source = """
      for (let wait = 1200;; wait *= 2) {
        try { return await $proxy('crm').get() }
        catch (e) { console.warn(e.code, wait); await new Promise(r => setTimeout(r, wait)) }
      }"""
    took = []
    for _ in range(5):
        failures.extend(range(9))
        bench = Bench(busy)
        bench.run("return 0")
        started = time.thread_time()
        assert bench.run(source).value == "终于"
        took.append(time.thread_time() - started)
        assert bench.elapsed() == pytest.approx(614.2)

    assert min(took) < 0.02 * slowness()


def test_a_minute_of_polling_fires_in_order() -> None:
    source = """
      let n = 0;
      await new Promise(done => {
        const id = setInterval(() => { if (++n === 60) { clearInterval(id); done() } }, 1000);
      });
      return [n, Date.now()]"""

    assert value_of(source) == [60, START * 1000 + 60_000]


def test_timers_of_one_instant_fire_in_the_order_they_were_set() -> None:
    source = """
      for (const name of ['甲', '乙', '丙']) setTimeout(console.log, 5, name);
      const never = setTimeout(console.log, 5, '不');
      clearTimeout(never); clearTimeout(undefined);
      setTimeout(console.log, 0, '先'); queueMicrotask(() => console.log('微'));
      console.log('同步');"""

    assert texts(run(source)) == ["同步", "微", "先", "甲", "乙", "丙"]


def test_an_interval_ends_when_nothing_else_is_left() -> None:
    bench = Bench()
    outcome = bench.run("setInterval(() => console.log('滴'), 1000); await $proxy('crm').get()")

    assert outcome.error is None
    assert texts(outcome) == []
    assert bench.elapsed() == 0.1


def test_a_timer_set_without_waiting_still_fires_after_the_body() -> None:
    outcome = run("setTimeout(() => { form.a = 1; console.log('后') }, 60000); return '先'")

    assert (outcome.value, texts(outcome)) == ("先", ["后"])


def test_a_timer_needs_a_function() -> None:
    error = run("setTimeout('alert(1)', 10)").error

    assert str(error) == (
        "流程脚本.js:1:1: TypeError: setTimeout(function, delay): expected a function, got a text"
    )


def test_the_clock_stands_still_while_a_script_computes() -> None:
    assert (
        value_of("const a = Date.now(); for (let i = 0; i < 1e5; i++); return Date.now() - a") == 0
    )


def test_the_same_seed_gives_the_same_chance_and_another_another() -> None:
    source = "return [Math.random(), crypto.randomUUID()]"

    assert Bench(seed=1).run(source).value == Bench(seed=1).run(source).value
    assert Bench(seed=1).run(source).value != Bench(seed=2).run(source).value


def test_two_scripts_of_a_session_do_not_share_a_sequence() -> None:
    bench = Bench()

    assert bench.run("return Math.random()").value != bench.run("return Math.random()").value


def test_chance_is_evenly_spread_and_uuids_are_version_four() -> None:
    source = """
      const n = 10000, all = Array.from({length: n}, Math.random);
      return [all.reduce((a, b) => a + b) / n, Math.min(...all) >= 0, Math.max(...all) < 1,
        /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(crypto.randomUUID())]"""
    mean, *rest = value_of(source)

    assert mean == pytest.approx(0.5, abs=0.02)
    assert rest == [True, True, True]


@pytest.mark.parametrize(
    ("zone", "text"),
    [(0, "Mon Mar 02 2026 01:00:00 GMT+0000"), (-12600, "Sun Mar 01 2026 21:30:00 GMT-0330")],
)
def test_local_time_is_the_scenarios(zone: float, text: str) -> None:
    assert str(Bench(zone=zone).run("return `${new Date()}`").value).startswith(text)


@pytest.mark.of_quickjs
def test_a_run_is_the_same_on_any_machine() -> None:
    expected = digest()
    code = "from tests.script.test_time_and_chance import digest; print(digest())"
    zones = ("Asia/Shanghai", "America/New_York", "UTC", "Australia/Lord_Howe", "Asia/Kathmandu")
    running = []
    for number in range(6):
        environment = {
            **os.environ,
            "PYTHONHASHSEED": str(number * 7919),
            "TZ": zones[number % len(zones)],
            "LANG": ("C", "zh_CN.UTF-8", "en_US.UTF-8")[number % 3],
        }
        command = [sys.executable, "-c", code]
        running.append(
            subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
        )
        if number % 2:
            assert {process.communicate()[0].strip() for process in running} == {expected}
            running.clear()


@pytest.mark.parametrize(
    ("delay", "fired"), [(0, 1), (1, 1), (-5, 1), (0.4, 1), (2, 0), (50, 0), ("0", 1)]
)
def test_on_a_page_a_script_waits_only_for_a_timer_that_is_due_now(delay: Any, fired: int) -> None:
    bench = Bench()
    script = Script(f"setTimeout(() => console.log('到'), {delay!r}); return 1", "甲.js")

    outcome = bench.runtime.run(script, page=Page([script]))

    assert (outcome.value, [line.text for line in outcome.console]) == (1, ["到"] * fired)
    assert len(bench.runtime.list_pending_timers()) == 1 - fired
