"""``quickjs,v8``: both engines run a script, and it fails where they differ."""

from __future__ import annotations

import pytest

from bpmax_sim.errors import ScriptError
from tests.script.bench import ENGINE, NAME, run, value_of

pytest.importorskip("py_mini_racer", reason="the extra engine-v8 is not installed")


@pytest.fixture(autouse=True)
def both(engine: str) -> None:
    ENGINE.set("quickjs,v8")


def test_a_script_that_does_the_same_in_both_passes() -> None:
    source = """
      const 客户 = await $proxy('crm').客户({id: 1});
      console.log(客户, new Date(0).toLocaleString(), Math.random(), crypto.randomUUID());
      await new Promise(done => setTimeout(done, 5));
      try { null.x } catch (e) { form.错 = e.name }
      return [3, 1, 2].sort((a, b) => a > b)"""

    assert value_of(source) == [3, 1, 2]


@pytest.mark.parametrize(
    ("source", "told"),
    [
        (
            "\n  console.log(typeof InternalError)",
            "console.log 'function'; v8: console.log 'undefined'",
        ),
        ("form.值 = [typeof InternalError]", '值 = ["function"]; v8: 值 = ["undefined"]'),
        (
            "setTimeout(() => 1, typeof InternalError === 'function' ? 5 : 6)",
            "5 ms; v8: a timer of 6 ms",
        ),
        ("return typeof InternalError", 'returned "function"; v8: returned "undefined"'),
        (
            "if (typeof InternalError === 'function') throw new Error('坏')",
            "('threw', ('Error', '坏'",
        ),
        (
            "console.log('客户'); if (typeof InternalError === 'function') console.warn('另存')",
            "quickjs: console.warn '另存'; v8: nothing",
        ),
        (
            "console.log('客户'); if (typeof InternalError !== 'function') console.warn('另存')",
            "quickjs: nothing; v8: console.warn '另存'",
        ),
        (
            "console.log(typeof InternalError === 'function' ? '甲' : '乙')",
            "quickjs: console.log '甲'; v8: console.log '乙'",
        ),
        (
            "console[typeof InternalError === 'function' ? 'info' : 'warn']('客户')",
            "quickjs: console.info '客户'; v8: console.warn '客户'",
        ),
    ],
)
def test_the_first_event_that_differs_is_reported(source: str, told: str) -> None:
    error = run(source).error

    assert isinstance(error, ScriptError)
    assert error.message.startswith("the engines differ: quickjs: ")
    assert told in error.message


@pytest.mark.parametrize(
    "source", ["form.值 = typeof InternalError", "console.log({...'ab'}, typeof InternalError)"]
)
def test_the_line_of_the_event_is_reported(source: str) -> None:
    error = run(f"\n\n{source}").error

    assert str(error).startswith(f"{NAME}:3:")


@pytest.mark.parametrize(
    "source",
    [
        "return ['𠮷', '张', '一'].sort((a, b) => a.localeCompare(b)).length",
        "const 回 = $proxy('crm').get();\n  console.log(回.data); await 回",
        "form.值 = $proxy('crm').get(); await 1",
        "try { await $proxy('crm').$api('查').$bogus() } catch (e) { form.值 = e.code }",
        "return [Math.random(), await $proxy('crm').get(), Math.random()].length",
    ],
)
def test_what_only_one_engine_tells_or_places_elsewhere_is_no_difference(source: str) -> None:
    error = run(source).error

    assert "the engines differ" not in str(error)


def test_errors_in_the_words_of_an_engine_are_the_same_error() -> None:
    error = run("null.x").error

    assert isinstance(error, ScriptError)
    assert error.name == "TypeError"
    assert not error.message.startswith("the engines differ")
