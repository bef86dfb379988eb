from __future__ import annotations

import time

import _quickjs

from bpmax_sim.script import bytecode, engine
from bpmax_sim.script.engine import QuickJSNG
from bpmax_sim.script.limits import Limits
from bpmax_sim.script.runtime import Runtime
from bpmax_sim.script.source import Script
from bpmax_sim.script.tracker import track_rejections
from tests.script.bench import NAME, Bench, run

USES_EVERYTHING = """
  const url = new URL('https://例子.测试/a?b=1');
  console.log(url.href, new Date(0).toLocaleDateString('zh-CN'), structuredClone([1]));
  await new Promise(resolve => setTimeout(resolve, 5));
  return [['张', '李'].sort((a, b) => a.localeCompare(b, 'zh-CN')), crypto.randomUUID(),
    Math.random(), new TextEncoder().encode('中').length, (1234.5).toLocaleString()]"""


class FromText(QuickJSNG):
    """An engine as it is where the wheel's library does not write or read bytecode."""

    def __init__(self, limits: Limits) -> None:
        super().__init__(limits)
        prelude, *bindings = engine.sources()
        self._context = _quickjs.Context()
        self._entry = self._context.eval(prelude)(*bindings)
        self._tracking = track_rejections(self._context)


def test_a_script_sees_no_difference_between_bytecode_and_text() -> None:
    bench = Bench()
    from_text = Runtime(bench.scheduler, bench.begin, engine=FromText)
    outcome = from_text.run(Script(NAME, USES_EVERYTHING))

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

    assert engine._program() is None or best(QuickJSNG) < best(FromText) / 1.5


def test_a_program_is_one_bytecode_for_each_source() -> None:
    program = bytecode.compiled(["((inner, text) => inner() + text)", "(() => 41)"])

    assert program is None or bytecode.entered(_quickjs.Context(), [*program, "个"]) == "41个"
