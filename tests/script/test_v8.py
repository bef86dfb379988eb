"""What is V8's own: its limits, its words, and ICU pinned to the scenario's zone and time."""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import suppress
from itertools import count
from pathlib import Path

import pytest

from bpmax_sim.errors import ConfigError, PendingPromise, ScriptError, ScriptLimitError
from bpmax_sim.script.failure import Script
from bpmax_sim.script.limits import EngineError, LimitReachedError, Limits
from bpmax_sim.script.runtime import select_engine
from bpmax_sim.session.session import Session
from tests.script.bench import ENGINE, NAME, Bench, run, value_of

pytest.importorskip("py_mini_racer", reason="the extra engine-v8 is not installed")

from bpmax_sim.script.v8 import V8

ROOT = Path(__file__).parents[2]
SHORT = Limits(cpu=0.2)
SMALL = Limits(cpu=20, memory=16 << 20)
CPU = "the script used more than 0.2 s of processor time"
MEMORY = "the script used more than 16 MB of memory"
STACK = (
    "the script calls itself, or nests a value, too deeply: the stack is full; "
    "--bpmax-js-stack=24MB gives it more"
)


@pytest.fixture(autouse=True)
def v8(engine: str) -> None:
    ENGINE.set("v8")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("while (true) {}", CPU),
        ("await $proxy('crm').get(); for (;;);", CPU),
        ("while (true) await null", CPU),
        ("/^(a+)+$/.test('a'.repeat(40) + 'b')", CPU),
        ("setInterval(() => {}, 1); await new Promise(() => {})", CPU),
        ("const all = []; for (;;) all.push(new Array(1000).fill(1))", MEMORY),
        ("const m = new Map(); for (let i = 0;; i++) m.set(i, {i})", MEMORY),
        ("let s = '张'; for (;;) s += s", MEMORY),
        ("function f() { return f() + 1 } f()", STACK),
    ],
)
def test_a_script_that_takes_too_much_is_stopped_and_the_next_one_runs(
    source: str, message: str
) -> None:
    bench = Bench(limits=SHORT if message == CPU else SMALL)
    error = bench.run(source).error

    assert isinstance(error, ScriptLimitError)
    assert error.message == message
    assert bench.run("return '还在'").value == "还在"


def test_time_that_others_have_the_processors_for_is_no_time_of_a_script(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    spent = time.process_time
    monkeypatch.setattr(time, "process_time", lambda: spent() / 100)
    busy = "let n = 0; for (let i = 0; i < 1e8; i++) n += i % 7; return n"

    assert Bench(limits=Limits(cpu=0.1)).run(busy).value == 299999995


def test_a_script_that_used_up_its_time_leaves_the_next_one_all_of_it() -> None:
    engine = V8(Limits(cpu=0.05))
    with pytest.raises(LimitReachedError, match=r"more than 0\.05 s of processor time"):
        engine.load("for (;;);")
    with pytest.raises(LimitReachedError, match=r"more than 0\.05 s of processor time"):
        engine.load("globalThis.begun = true")
    engine.reset_time_limits()
    engine.load("if (globalThis.begun) throw new Error('付款脚本开始过')")
    engine.close()


def test_each_script_has_all_of_its_time_whatever_earlier_ones_took(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    engine, instants = V8(Limits(cpu=1000)), count(0, 100)
    monkeypatch.setattr(time, "process_time", lambda: float(next(instants)))
    for _ in range(6):  # of 200 s or more
        engine.reset_time_limits()
        engine.load("1")
    for _ in range(4):
        with suppress(LimitReachedError):
            engine.load("1")
    with pytest.raises(LimitReachedError, match="more than 1000 s of processor time"):
        engine.load("1")
    engine.close()


def test_who_has_a_processor_and_does_not_compute_is_stopped_by_the_clock(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(time, "process_time", lambda: 0.0)
    error = Bench(limits=Limits(cpu=0.01)).run("for (;;);").error

    assert str(error).endswith("the script used more than 0.01 s of processor time")


def test_scripts_recurse_as_deep_as_in_a_browser() -> None:
    assert value_of("const f = n => n ? 1 + f(n - 1) : 0; return f(8000)") == 8000


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("\n  null.x", "2:8: TypeError: Cannot read properties of null (reading 'x')"),
        ("const 𠮷 = '张'; 𠮷.x.y", "1:20: TypeError: Cannot read properties of undefined"),
        ("const 张三 = '李四'; let 王五 五;", "1:25: SyntaxError: Unexpected identifier '五'"),
        ("}); (async function () {", "1:1: SyntaxError: unexpected '}': the body is closed"),
    ],
)
def test_places_are_right_in_characters(source: str, told: str) -> None:
    assert str(run(source).error).startswith(f"{NAME}:{told}")


def test_an_error_of_a_library_names_the_library() -> None:
    library = Script("\nfunction 查(客户) { return 客户.name }", "lib/坏.js")
    error = run("\n查(null)", libraries=[library]).error

    assert isinstance(error, ScriptError)
    assert str(error.place) == "lib/坏.js:2:28"
    assert error.stack == ("查 (lib/坏.js:2:28)", f"{NAME}:2:1")


def test_a_library_that_does_not_parse_is_a_syntax_error_in_it() -> None:
    error = run("return 1", libraries=[Script("let a = ;", "lib/a.js")]).error

    assert str(error) == "lib/a.js:1:9: SyntaxError: Unexpected token ';'"


def test_a_promise_that_never_settles_is_named_where_it_was_made() -> None:
    error = run("const 等 = new Promise(() => {});\n\nawait 等").error

    assert isinstance(error, PendingPromise)
    assert str(error.place) == f"{NAME}:1:11"


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("new Date().toLocaleString()", "2026/3/2 09:00:00"),
        ("new Date(0).toLocaleString('de-DE')", "1.1.1970, 08:00:00"),
        ("new Date(0).toLocaleString('zh-CN', {timeZone: 'Europe/Paris'})", "1970/1/1 01:00:00"),
        ("new Intl.DateTimeFormat().format()", "2026/3/2"),
        ("Intl.DateTimeFormat('zh-CN', {hour: 'numeric'}).formatToParts()[0].value", "9"),
        ("new Intl.DateTimeFormat().resolvedOptions().timeZone", "Asia/Shanghai"),
        ("(1234.5).toLocaleString('zh-CN', {notation: 'compact'})", "1235"),
        ("(12345678901234567890n).toLocaleString('de-DE')", "12.345.678.901.234.567.890"),
        ("new Intl.NumberFormat() instanceof Intl.NumberFormat", True),
        ("['重庆', '北京', '阿里'].sort((a, b) => a.localeCompare(b))", ["阿里", "北京", "重庆"]),
        ("['Temporal', 'WebAssembly', '__track'].filter(name => name in globalThis)", []),
    ],
)
def test_icu_knows_every_locale_and_keeps_zone_and_time(expression: str, value: object) -> None:
    assert value_of(f"return {expression}") == value


def test_a_session_runs_its_scripts_in_the_engine_it_is_opened_with() -> None:
    source = "return (1234.5).toLocaleString('de-DE')"
    with Session.open(engine="v8") as session:
        assert session.run_script(Script(source, "数.js")).unwrap() == "1.234,5"
    with Session.open() as session:
        assert isinstance(session.run_script(Script(source, "数.js")).error, ScriptError)


def test_an_engine_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ConfigError) as caught:
        Session.open(engine="v9")  # type: ignore[arg-type]

    assert str(caught.value) == "engine: there is no 'v9'; choose one of quickjs, v8, quickjs,v8"


def test_without_the_extra_the_session_says_what_to_install() -> None:
    code = (
        "import sys; sys.modules['py_mini_racer'] = None; import bpmax_sim as bs\n"
        "try: bs.Session.open(engine='v8')\n"
        "except bs.ConfigError as error: print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert (
        done.stdout.strip() == 'the engine v8 needs mini-racer: pip install "bpmax-sim[engine-v8]"'
    )


@pytest.mark.parametrize(
    ("source", "name", "message"),
    [
        ("throw '坏'", "Uncaught", "坏"),
        ("throw new RangeError('坏: 1')", "RangeError", "坏: 1"),
        ("throw ''", "Uncaught", ""),
    ],
)
def test_what_a_global_script_throws_has_name_and_message(
    source: str, name: str, message: str
) -> None:
    context = select_engine("v8")(Limits(), ())
    try:
        with pytest.raises(EngineError) as raised:
            context.load(source)
    finally:
        context.close()

    assert (raised.value.name, raised.value.message) == (name, message)
