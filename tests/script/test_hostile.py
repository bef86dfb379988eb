"""Texts that no editor writes and values that no sane script has, in every engine."""

from __future__ import annotations

import pytest

from bpmax_sim.errors import PendingPromise, ScriptError, ScriptLimitError, ScriptSyntaxError
from bpmax_sim.script.failure import Script
from tests.script.bench import NAME, Bench, run, texts, value_of

REVOKED = "const {proxy, revoke} = Proxy.revocable({}, {}); revoke();"


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("return 'a\0b'.length", 3),
        ("return '\ud800'.length", 1),
        ("return '\u2028'.length", 1),
        ("return 1 <!-- 2", 1),
        ("\ufeffreturn 1", 1),
        ("return 1 //", 1),
        ("debugger; return this === globalThis", True),
    ],
    ids=ascii,
)
def test_an_odd_text_is_a_script(source: str, value: object) -> None:
    assert value_of(source) == value


@pytest.mark.parametrize("character", ["\0", "\ud800", "\u2028", "𠮷"], ids=ascii)
def test_an_odd_character_may_stand_in_a_text_of_a_library(character: str) -> None:
    library = Script(f"const 怪 = '{character}';\nfunction 坏() {{ return null.x }}", "lib/怪.js")

    assert value_of("return 怪", libraries=[library]) == character
    error = run("\n坏()", libraries=[library]).error
    assert isinstance(error, ScriptError)
    assert error.place is not None
    assert (error.place.file, error.place.line) == ("lib/怪.js", 2)


def test_a_place_behind_half_a_character_is_found() -> None:
    error = run("'\ud800';\n'\ud800'; null.x").error

    assert isinstance(error, ScriptError)
    assert error.place is not None
    assert (error.place.line, error.name) == (2, "TypeError")


@pytest.mark.parametrize(
    "source", ["#!/usr/bin/env node\nreturn 1", "\0", "a\ud800 = 1"], ids=ascii
)
def test_an_odd_character_elsewhere_is_a_syntax_error(source: str) -> None:
    assert isinstance(run(source).error, ScriptSyntaxError)


@pytest.mark.parametrize("nested", ["[" * 9000 + "]" * 9000, "(" * 60000 + "1" + ")" * 60000])
def test_a_text_nested_too_deeply_to_be_read_passes_the_limit_of_the_stack(nested: str) -> None:
    bench = Bench()
    error = bench.run(f"return {nested}").error

    assert isinstance(error, ScriptLimitError)
    assert error.message.startswith("the script calls itself, or nests a value, too deeply")
    assert bench.run("return '还在'").value == "还在"


@pytest.mark.parametrize("lines", [50_000])
def test_the_line_of_an_error_is_right_in_a_long_script(lines: int) -> None:
    error = run("let n = 0;\n" + "n += 1;\n" * lines + "null.x").error

    assert isinstance(error, ScriptError)
    assert error.place is not None
    assert error.place.line == lines + 2


@pytest.mark.parametrize(
    ("source", "name"),
    [
        (f"{REVOKED} throw proxy", "Uncaught"),
        (f"{REVOKED} return proxy", "TypeError"),
        (f"{REVOKED} form.x = proxy", "TypeError"),
        (f"{REVOKED} $proxy('crm').get(proxy)", "TypeError"),
        (f"{REVOKED} await proxy", "TypeError"),
        ("throw new (class E extends Error { get message() { throw 1 } get name() { throw 2 } })",
         "Error"),
        ("class E extends Error { get stack() { throw 3 } }; throw new E('坏')", "Error"),
        ("throw Object.assign(new Error('x'), {toString() { throw 1 }})", "Error"),
        ("throw Object.create(Error.prototype)", "Error"),
        ("throw Object.setPrototypeOf(new Error('x'), null)", "Uncaught"),
        ("throw Object.freeze(Object.assign(new Error('冻'), {cause: null}))", "Error"),
        ("return {get then() { throw new RangeError('x') }}", "RangeError"),
        ("return {[Symbol.toPrimitive]: 1, toJSON: () => { throw new URIError('x') }}", "URIError"),
        ("Object.freeze(form); form.x = 1", "TypeError"),
        ("new Proxy({}, {})()", "TypeError"),
        ("[1, 2].sort(() => { throw new EvalError('比') })", "EvalError"),
    ],
)  # fmt: skip
def test_an_odd_value_is_one_error_of_the_script(source: str, name: str) -> None:
    bench = Bench()
    error = bench.run(source).error

    assert isinstance(error, ScriptError)
    assert error.name == name
    assert error.place is not None
    assert error.place.file == NAME
    assert bench.programs == []
    assert bench.run("return form.x").error is None


def test_what_cannot_be_read_prints_so() -> None:
    source = f"{REVOKED} console.log(proxy, new Proxy({{}}, {{ownKeys() {{ throw 1 }}}}))"

    assert texts(run(source)) == ["[cannot be read] [cannot be read]"]


def test_an_error_in_a_microtask_is_told_with_its_line() -> None:
    outcome = run("\nqueueMicrotask(() => {\n  null.x });\nawait $proxy('crm').get(); return 1")
    [error] = [one for one in (outcome.error, *outcome.unhandled) if one is not None]

    assert isinstance(error, ScriptError)
    assert error.place is not None
    assert (error.name, error.place.line) == ("TypeError", 3)


def test_a_generator_that_waits_for_ever_is_told() -> None:
    source = "async function* 流() { await new Promise(() => {}) }\nfor await (const 项 of 流());"
    error = run(source).error

    assert isinstance(error, PendingPromise)
    assert error.place is not None
    assert error.place.line == 1


def test_promise_any_says_what_it_says_elsewhere() -> None:
    source = """
      const 都 = [Promise.reject(new Error('甲')), Promise.reject(1)];
      const e = await Promise.any(都).catch(e => e);
      return [e.name, e.message, e.errors.length, e instanceof AggregateError]"""

    assert value_of(source) == ["AggregateError", "All promises were rejected", 2, True]
