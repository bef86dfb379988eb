"""What JavaScript costs: a context, a call across, ten minutes of back-off, a whole scenario."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import bpmax_sim.starter
from benchmarks.by_vcrpy import play_recording
from benchmarks.calls import ENVIRON, answer, opened, recorded
from benchmarks.cassette import microseconds, microseconds_in_turns
from bpmax_sim.cassette.file import Cassette
from bpmax_sim.scenario.events import Event, ScenarioFinished
from bpmax_sim.scenario.load import ScenarioItem, load_items
from bpmax_sim.scenario.runner import open_session, run_item
from bpmax_sim.script.failure import Script
from bpmax_sim.script.limits import Limits
from bpmax_sim.script.runtime import make_quickjs
from bpmax_sim.session.options import Mode
from bpmax_sim.session.session import Session
from bpmax_sim.transport.protocol import Handler

_CALLS = 200
_LOOP = """
const crm = $proxy("crm_system");
for (let n = 0; n < COUNT; n++) await crm.getCustomerDetail("0");
"""
_PATIENT = """
for (let spent = 0, wait = 1000; spent < 600000; spent += wait, wait = Math.min(2 * wait, 30000))
  await new Promise((resolve) => setTimeout(resolve, wait));
return Date.now();
"""
_SCENARIO = """\
version: 1
scenario: 客户与两位联系人
form:
  scripts: {change.customerId: scripts/three.js}
  fields: {customerId: null, name: null}
proxy: {platforms: platforms/, cassette: crm/three}
clock: "2026-03-02T09:00:00+08:00"
steps:
  - name: 选择客户
    set: {customerId: "12345"}
    expect:
      form: {name: 张三}
      console: ["张三 张三 张三"]
      proxy:
        - {call: crm_system.get_customer_detail, path: {id: "12345"}, status: 200}
        - {call: crm_system.get_customer_detail, path: {id: "a"}, status: 200}
        - {call: crm_system.get_customer_detail, path: {id: "b"}, status: 200}
"""
_STUBBED = """\
version: 1
scenario: 选择客户回填
form:
  scripts: {change.customerId: scripts/one.js}
  fields: {customerId: null, name: ""}
proxy:
  platforms: platforms/
  stubs: [{on: crm_system.get_customer_detail, body: {data: {name: 张三}}}]
clock: "2026-03-02T09:00:00+08:00"
steps:
  - name: 选择客户
    set: {customerId: "12345"}
    expect: {form: {name: 张三}, proxy: [{call: crm_system.get_customer_detail}]}
"""
_ONE = """
const customer = await $proxy("crm_system").getCustomerDetail(form.customerId);
form.name = customer.data.name;
"""
THREE_CALLS = """
const crm = $proxy("crm_system");
const names = [];
for (const id of [form.customerId, "a", "b"]) {
  const customer = await crm.getCustomerDetail(id);
  names.push(customer.data.name);
}
form.name = names[0];
console.log(names.join(" "));
"""
"""A script that makes three calls, which the recording of `play` answers."""


def context() -> float:
    """Return the microseconds of a fresh context with the prelude in it."""
    limits = Limits()
    return microseconds(lambda: make_quickjs(limits).close(), rounds=15, calls=10)


USES = {
    "Math as in V8": "Math.log10(1000)",
    "Math.pow": "Math.pow(10, 2)",
    "an error's own names": "Object.getOwnPropertyNames(new Error('x'))",
    "RegExp.$1": "/(a)/.test('a') && RegExp.$1",
    "sort by a comparator": "[2, 1].sort((a, b) => a - b)",
    "AbortController": "new AbortController()",
    "TextDecoder('gbk')": "new TextDecoder('gbk').decode(Uint8Array.of(0xd6, 0xd0))",
    "Intl.ListFormat": "new Intl.ListFormat('zh-CN').format(['a', 'b'])",
    "Intl": "(1).toLocaleString()",
    "another time zone": "new Date(8e11).toLocaleString('en', {timeZone: 'America/New_York'})",
    "a unit": "(1).toLocaleString('zh-CN', {style: 'unit', unit: 'day'})",
    "Intl.DisplayNames": "new Intl.DisplayNames('zh-CN', {type: 'region'})",
    "Chinese sorting": "'a'.localeCompare('b')",
    "URL": "new URL('http://a/')",
}


def uses() -> dict[str, float]:
    """Return what a context costs more whose script uses something that others do not pay for."""
    limits = Limits()

    def used(expression: str) -> float:
        def once() -> None:
            engine = make_quickjs(limits, [expression])
            engine.load(expression)
            engine.close()

        return microseconds(once, rounds=15, calls=5) / 1e3

    plain = used("0")
    return {f"{name}, ms more": used(expression) - plain for name, expression in USES.items()}


def crossing(cassette: Path) -> dict[str, float]:
    """Return the cost of one call in a script, and in turns with it of the same call in Python.

    What a script costs without calls is taken away.
    """

    def script(session: Session, count: int) -> float:
        source = Script(_LOOP.replace("COUNT", str(count)), "crossing.js")
        begun = time.process_time()
        outcome = session.run_script(source)
        assert outcome.error is None, outcome.error
        return time.process_time() - begun

    across, python = [], []
    with opened(cassette, repeat=True) as session:
        crm = session.proxy("crm_system")
        for _ in range(15):
            more = script(session, _CALLS + 1) - script(session, 1)
            across.append(more / _CALLS * 1e6)
            python.append(microseconds(lambda: crm.getCustomerDetail("0"), rounds=1, calls=_CALLS))
    cost = statistics.median(across)
    return {
        "one call in a script, µs": cost,
        "one call in a script, times the same in Python": cost / statistics.median(python),
    }


def patience(cassette: Path) -> float:
    """Return the milliseconds that ten virtual minutes of growing waits take."""
    with opened(cassette) as session:
        script = Script(_PATIENT, "patient.js")

        def wait() -> None:
            begun = session.clock.now()
            assert session.run_script(script).error is None
            assert session.clock.now() - begun >= 600

        return microseconds(wait, rounds=15) / 1e3


def scenario(folder: Path) -> dict[str, float]:
    """Return the cost of a scenario: form, fresh context, three replayed calls, expectations.

    In turns with it vcrpy plays its recording, without script, form and login.
    """
    path = written(folder)
    item = read(path)
    play(item, mode="record")
    cassette = folder / "cassettes/crm/three.yaml"
    calls = [
        ("GET", exchange.request.url)
        for exchange in map(Cassette.load(cassette).exchange, range(3))
    ]
    own, peer = microseconds_in_turns(
        lambda: play(item), lambda: play_recording(cassette, calls), calls=3
    )
    return {
        "one scenario, three replayed calls, ms": own / 1e3,
        "one scenario, three replayed calls, times vcrpy": own / peer,
        "reading its file, ms": microseconds(lambda: read(path), rounds=100) / 1e3,
    }


def stubbed_scenario(folder: Path, cassette: Path) -> dict[str, float]:
    """Return the cost of a scenario with one stubbed call, from its file to its verdict.

    In turns with it vcrpy plays *cassette*, a recording of such a call.
    """
    path = written(folder / "stubbed", _STUBBED, _ONE)
    calls = [("GET", Cassette.load(cassette).exchange(0).request.url)]
    own, peer = microseconds_in_turns(
        lambda: play(read(path)), lambda: play_recording(cassette, calls), calls=3
    )
    return {
        "one scenario, one stubbed call, reading included, ms": own / 1e3,
        "one scenario, one stubbed call, reading included, times vcrpy": own / peer,
    }


def written(folder: Path, text: str = _SCENARIO, script: str = THREE_CALLS) -> Path:
    """Write a scenario, its script and all that they need, and return its file."""
    files = Path(bpmax_sim.starter.__file__).parent / "demo_files/scenarios"
    home = folder / "scenarios"
    (home / "scripts").mkdir(parents=True)
    (home / "platforms").mkdir()
    for name in ("instances.yaml", "platforms/crm_system.yaml"):
        (home / name).write_bytes((files / name).read_bytes())
    for name in ("one", "three"):
        (home / f"scripts/{name}.js").write_text(script, encoding="utf-8")
    path = home / "three.scenario.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def read(path: Path) -> ScenarioItem:
    """Return the one item of *path*."""
    return next(iter(load_items(path)))


def play(item: ScenarioItem, mode: Mode = "replay") -> Sequence[Event]:
    """Run *item*, which has to pass, and return what it tells."""
    session = open_session(item, environ=ENVIRON, mode=mode, transport=Handler(answer))
    events = list(run_item(item, session, environ=ENVIRON))
    last = events[-1]
    assert isinstance(last, ScenarioFinished)
    assert last.outcome == "passed", [failure.essence for failure in last.failures]
    return events


def measure() -> dict[str, float]:
    """Return every figure by name."""
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        cassette = recorded(here, 1)
        return {
            "a fresh context with the prelude, ms": context() / 1e3,
            **uses(),
            **crossing(cassette),
            "ten minutes of back-off, ms": patience(cassette),
            **scenario(here),
            **stubbed_scenario(here, cassette),
        }
