from __future__ import annotations

import time
from collections.abc import Sequence

import _quickjs
import pytest

from bpmax_sim.js_values import UNDEFINED
from bpmax_sim.script import engine
from bpmax_sim.script.engine import (
    QuickJSNG,
    ScriptBody,
    _compile_on_second_run,
    compile_own_bytecode,
)
from bpmax_sim.script.failure import Script
from bpmax_sim.script.limits import Limits
from bpmax_sim.script.quickjs_api import NativeContext, load_library
from bpmax_sim.script.runtime import Runtime
from tests.script.bench import NAME, Bench, run

USES_EVERYTHING = """
  const url = new URL('https://例子.测试/a?b=1');
  console.log(url.href, new Date(0).toLocaleDateString('zh-CN'), structuredClone([1]));
  await new Promise(resolve => setTimeout(resolve, 5));
  return [['张', '李'].sort((a, b) => a.localeCompare(b, 'zh-CN')), crypto.randomUUID(),
    Math.random(), new TextEncoder().encode('中').length, (1234.5).toLocaleString()]"""

USES = (
    ("URL", "new made('https://例子.测试/a?b=1').search", "?b=1"),
    ("Date", "[new made(2026, 2, 2).getHours(), made.prototype.constructor === made]", [0, True]),
    ("Intl", "new made.NumberFormat('zh-CN').format(1234.5)", "1,234.5"),
    ("structuredClone", "made({'客户': [1]})", {"客户": [1]}),
    ("crypto", "made.randomUUID().length", 36),
    ("TextEncoder", "new made().encode('中').length", 3),
    ("setTimeout", "await new Promise(resolve => made(resolve, 5))", UNDEFINED),
    ("btoa", "made('a')", "YQ=="),
    ("console", "made.log(1)", UNDEFINED),
)


class FromText(QuickJSNG):
    """An engine as it is where the wheel's library does not write or read bytecode."""

    def __init__(self, limits: Limits, sources: Sequence[str] = ()) -> None:
        super().__init__(limits, sources)
        self._context = _quickjs.Context()
        self._entry = engine.evaluate_prelude_source(self._context)


def test_a_script_sees_no_difference_between_bytecode_and_text() -> None:
    bench = Bench()
    from_text = Runtime(bench.scheduler, bench.begin, engine=FromText)
    outcome = from_text.run(Script(USES_EVERYTHING, NAME))

    assert outcome.error is None
    assert outcome.value == run(USES_EVERYTHING).value
    assert [line.text for line in outcome.console] == [
        "https://xn--fsqu00a.xn--0zwm56d/a?b=1 1970/1/1 [ 1 ]"
    ]


def test_bytecode_shows_nothing_of_itself_to_a_script() -> None:
    source = "return Object.getOwnPropertyNames(globalThis).filter(name => name.startsWith('_'))"

    assert run(source).value == []


def test_a_context_is_made_faster_from_bytecode_than_from_text() -> None:
    def best(make: type[QuickJSNG]) -> float:
        took = []
        for _ in range(30):
            started = time.perf_counter()
            make(Limits()).close()
            took.append(time.perf_counter() - started)
        return min(took)

    best(QuickJSNG)

    assert engine.compile_own_bytecode("0") is None or best(QuickJSNG) < best(FromText) / 1.5


@pytest.mark.skipif(load_library() is None, reason="everything is text without its functions")
@pytest.mark.parametrize("is_read", [True, False], ids=["read before", "read on use"])
def test_a_part_is_a_function_of_its_bytecode_or_its_number(is_read: bool) -> None:
    names = ["", *engine.BINDINGS]
    parts = [
        engine.compile_own_bytecode(text)
        if name in {"", "primordials", "guards", "install"} or is_read
        else None
        for name, text in zip(names, engine.read_sources(), strict=True)
    ]
    context = NativeContext()
    entered = engine.PreludeEntryFunction(context, parts)

    told = context.evaluate("btoa('a')")
    assert context.read_text(told) == "YQ=="
    library = load_library()
    assert library
    library.JS_FreeValue(context.inner, told)
    context.close()
    del entered


@pytest.mark.parametrize("hides", [False, True], ids=["read before", "read on use"])
@pytest.mark.parametrize(("name", "rest", "value"), USES, ids=[use[0] for use in USES])
def test_what_a_script_does_not_name_is_there_all_the_same(
    name: str, rest: str, value: object, hides: bool
) -> None:
    spelled = "".join(f"\\x{ord(letter):02x}" for letter in name) if hides else name

    assert run(f"const made = globalThis['{spelled}']; return {rest}").value == value


def test_a_script_that_overrides_what_texts_are_read_with_sees_nothing_of_them() -> None:
    source = """
      let seen = '';
      String.fromCharCode = unit => seen += unit;
      Uint8Array.prototype[Symbol.iterator] = function () { seen += 'bytes'; };
      globalThis.escape = globalThis.decodeURIComponent = text => seen += text;
      globalThis.Uint8Array = function () { seen += 'array'; };
      return [globalThis['bt' + 'oa']('a'), seen]"""

    assert run(source).value == ["YQ==", ""]


def test_a_signal_that_comes_while_a_part_is_read_ends_the_script(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if load_library() is None:
        return
    run("return 0")

    def interrupted(_source: str) -> bytes:
        raise KeyboardInterrupt

    made = QuickJSNG(Limits())
    monkeypatch.setattr(engine, "compile_own_bytecode", interrupted)

    with pytest.raises(KeyboardInterrupt):
        made.load("try { globalThis['bt' + 'oa']('a') } catch {} for (;;);")


def test_a_part_that_finds_no_stack_to_be_read_is_refused_as_the_engine_refuses() -> None:
    source = """
      let seen;
      function fall() {
        try { fall(); } catch (error) { seen ??= globalThis['bt' + 'oa']; throw error; }
      }
      try { fall(); } catch (error) { return [error.name, typeof seen, seen('a')]; }"""

    limits = Limits(cpu=20)  # it takes half a second, and an engine built here several times that
    assert Bench(limits=limits).run(source).value == ["RangeError", "function", "YQ=="]


@pytest.mark.parametrize(
    "source",
    [
        "const f = arguments.callee; return [`${f}`, f.name, new Error('坏').stack]",
        "\n客户()",
        "} ; { return 1",
        "return '\\ud800' + '%s {} {0}'.length",
        "const list = [1, 2 ** 3, ...'ab'];\n throw list",
        "return await $proxy('crm').客户()",
    ],
)
def test_a_body_that_ran_before_runs_as_it_did(source: str) -> None:
    def came_of() -> list[str]:
        outcome = run(source)
        return [repr(outcome.value), str(outcome.error), repr(outcome.console)]

    first, *later = [came_of() for _ in range(4)]

    assert later == [first] * 3


@pytest.mark.parametrize("lines", [0, 1, 5])
def test_a_place_is_the_same_however_often_a_script_ran(lines: int) -> None:
    """A body is read from text at first, and from bytecode from the second time on."""
    source = "\n" * lines + "/* 第三次 */ 无();\n\n\n1"
    places = [run(source).error.place for _ in range(3)]  # type: ignore[union-attr]

    assert [(one.line, one.file) for one in places if one] == [(lines + 1, NAME)] * 3


@pytest.mark.needs_native
def test_bytecode_has_neither_the_text_of_a_function_nor_its_comments() -> None:
    code = compile_own_bytecode("function f() { /* told to nobody */ return 1; }\nf()")

    assert code is not None
    assert b"told to nobody" not in code


@pytest.mark.needs_native
def test_a_body_is_compiled_when_it_runs_for_the_second_time() -> None:
    body = ScriptBody(1, "return '第二次编译'")

    assert [_compile_on_second_run(body).code is not None for _ in "123"] == [False, True, True]
