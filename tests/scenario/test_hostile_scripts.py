"""Scripts that mean harm or are badly broken, each through a whole scenario.

After each one a second item in the same process, and in the same file, is as if nothing was.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest

from bpmax_sim.scenario.events import ScenarioFinished
from bpmax_sim.scenario.load import load_items
from bpmax_sim.scenario.runner import open_session, run_item
from bpmax_sim.script.limits import Limits
from bpmax_sim.transport.protocol import Handler
from tests.scenario.project import Project, headlines, third_party

SCENARIO = """\
version: 1
scenario: 客户表单
form: {scripts: {click.试: bad.js, click.好: good.js}, fields: {客户: ""}}
proxy: {platforms: platforms, unawaited: allow}
clock: "2026-03-02T09:00:00+08:00"
cases:
  - {id: 坏, 键: 试, 果: {$exists: true}}
  - {id: 好, 键: 好, 果: 张三}
steps:
  - {click: "${case.键}", expect: {form: {客户: "${case.果}"}}}
"""
GOOD = """\
const {data} = await $proxy('crm_system').get_customer_detail('12345');
form.客户 = [data.name, [].污染, ({}).污染, typeof 泄漏, JSON.stringify([1])].join('|');
if (form.客户 !== '张三|||undefined|[1]') throw new Error(form.客户);
form.客户 = data.name;
"""
LIMITS = Limits(cpu=2, memory=24 << 20)
SOON = Limits(cpu=0.1, memory=24 << 20)
CPU = "ScriptLimitError: the script used more than 0.1 s of processor time"
MEMORY = "ScriptLimitError: the script used more than 24 MB of memory"
LONG = "ScriptLimitError: the script walks an array of more than 33,554,432 elements"
STACK = (
    "ScriptLimitError: the script calls itself, or nests a value, too deeply: the stack is full; "
    "--bpmax-js-stack=24MB gives it more"
)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.chdir(tmp_path)
    return Project(tmp_path)


def both(project: Project, script: str, **options: Any) -> tuple[ScenarioFinished, ...]:
    """Run the bad item, then the good one, and return both verdicts."""
    path = project.write(SCENARIO, {"bad.js": script, "good.js": GOOD})
    found = []
    given = {"mode": "live", "transport": Handler(third_party), "limits": LIMITS, **options}
    for item in load_items(path, environ={}):
        *_, last = run_item(item, open_session(item, environ={}, **given), environ={})
        assert isinstance(last, ScenarioFinished)
        found.append(last)
    return tuple(found)


@pytest.mark.parametrize(
    ("script", "essence"),
    [
        ("for (;;);", CPU),
        ("for (;;) await null", CPU),
        ("await $proxy('crm_system').get_customer_detail('1'); for (;;);", CPU),
        ("/^(a+)+$/.test('a'.repeat(40) + 'b')", CPU),
        ("const t = () => queueMicrotask(t); t(); await new Promise(() => {})", CPU),
        ("form.客户 = {toJSON() { for (;;); }}", CPU),
        ("const a = []; for (;;) a.push(new Array(1e4).fill(a.length))", MEMORY),
        ("let s = '合同'; for (;;) s += s", MEMORY),
        ("form.客户 = 'x'.repeat(2 ** 28)", MEMORY),
        ("form.客户 = new Array(2 ** 32 - 1).join('0')", LONG),
        ("const f = () => f() + 1; f()", STACK),
        ("let o = []; for (let i = 0; i < 5e4; i++) o = [o]; form.客户 = o", STACK),
    ],
)
def test_a_script_that_takes_too_much_fails_alone(
    project: Project, script: str, essence: str
) -> None:
    started = time.thread_time()
    bad, good = both(project, script, limits=SOON if essence == CPU else LIMITS)

    assert headlines(bad) == [f"step 1/1 click: {essence}"]
    assert str(bad.failures[0].script).startswith("bad.js")
    assert (good.outcome, good.failures) == ("passed", ())
    assert time.thread_time() - started < 5


@pytest.mark.parametrize(
    "script",
    [
        "for (let i = 0; i < 500; i++) setInterval(() => {}, 1);\nawait new Promise(() => {})",
        "const tick = () => setTimeout(tick, 1); tick()",
    ],
)
def test_a_storm_of_timers_ends_with_the_time_of_the_processor(
    project: Project, script: str
) -> None:
    path = project.write(SCENARIO, {"bad.js": script, "good.js": GOOD})
    bad, good = load_items(path, environ={})
    session = open_session(bad, environ={}, mode="replay", limits=SOON)
    *_, last = run_item(bad, session, environ={})

    assert isinstance(last, ScenarioFinished)
    assert headlines(last) == [f"step 1/1 click: {CPU}"]
    session = open_session(good, environ={}, mode="live", transport=Handler(third_party))
    *_, last = run_item(good, session, environ={})
    assert isinstance(last, ScenarioFinished)
    assert last.failures == ()


def test_one_call_above_the_limit_is_one_too_many(project: Project) -> None:
    loop = "for (let i = 0; i <= 100; i++) crm.get_customer_detail(i)"
    script = f"const crm = $proxy('crm_system');\n{loop}"
    bad, good = both(project, script, limits=Limits(cpu=60, calls=100))

    assert headlines(bad)[:1] == [
        "step 1/1 click: ScriptLimitError: the script made more than 100 calls"
    ]
    assert str(bad.failures[0].script) == "bad.js:2:56"
    assert bad.calls == 100
    assert Limits().calls == 10_000
    assert good.outcome == "passed"


@pytest.mark.parametrize(
    "script",
    [
        "Object.prototype.污染 = Array.prototype.污染 = 1",
        "globalThis.泄漏 = 1; 泄漏2 = 2",
        "Array.prototype.join = () => '坏'; JSON.stringify = () => '坏'",
        "JSON.parse = () => ({data: {name: '李四'}}); Map.prototype.get = () => { throw 1 }",
        "Promise.prototype.then = function () {}; globalThis.Promise = null",
        "Object.defineProperty(Object.prototype, 'then', {get() { return 1 }})",
        "Function.prototype.call = Reflect.apply = () => { throw new Error('坏') }",
        "String.prototype.isWellFormed = () => false; Symbol.prototype.toString = null",
        "delete globalThis.$proxy; delete globalThis.form; delete globalThis.console",
        "Error.prepareStackTrace = () => { throw 1 }; Error.stackTraceLimit = 0; null.x",
    ],
)
def test_what_a_script_does_to_its_globals_ends_with_it(project: Project, script: str) -> None:
    _, good = both(project, script)

    assert (good.outcome, headlines(good)) == ("passed", [])


REACHES = """\
const seen = [];
const names = ['process', 'require', 'module', 'global', 'Deno', 'Bun', 'os', 'std', 'scriptArgs',
  '__loadScript', 'importScripts', 'WebAssembly', 'Worker', 'SharedArrayBuffer', 'Atomics', 'print',
  '__track', '__entry', 'python', 'navigator', 'localStorage', 'bjson'];
for (const name of names) if (name in globalThis) seen.push(name);
const attempts = {
  fetch: () => fetch('https://example.test'),
  xhr: () => new XMLHttpRequest(),
  import: () => import('os'),
  constructor: () => $proxy.constructor('return process')(),
  form: () => form.constructor.constructor('return typeof process')(),
  stack: () => { const e = new Error(); Error.prepareStackTrace = (_, s) => s; return e.stack },
  caller: () => (function () { return arguments.callee.caller })(),
  proto: () => Object.getPrototypeOf(form),
  env: () => String($proxy('crm_system')) + Object.keys($proxy('crm_system')),
};
for (const [name, attempt] of Object.entries(attempts)) {
  try {
    const got = await attempt();
    if (got != null) seen.push(`${name}: ${typeof got}`);
  } catch {}
}
form.客户 = seen;
"""


def test_a_script_reaches_no_python_no_file_no_network_and_no_credential(
    project: Project,
) -> None:
    os.environ.pop("NO_SUCH", None)
    path = project.write(SCENARIO, {"bad.js": REACHES, "good.js": GOOD})
    bad, _ = load_items(path, environ={})
    told = [
        event
        for event in run_item(bad, open_session(bad, environ={}, mode="replay"), environ={})
        if type(event).__name__ == "FieldChanged"
    ]

    assert [event.new for event in told] == [[  # type: ignore[union-attr]
        "form: string", "stack: string", "proto: object", "env: string",
    ]]  # fmt: skip


def test_items_share_nothing_but_the_process(project: Project) -> None:
    script = "globalThis.秘密 = form.客户; const 轮询 = setInterval(() => {}, 10); form.客户 = 'x'"
    bad, good = both(project, script)

    assert (headlines(bad), headlines(good)) == ([], [])
