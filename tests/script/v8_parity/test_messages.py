"""The words of errors, as a `catch` sees them, beside those of Node (data/messages.mjs)."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.script.bench import Bench
from tests.script.v8_parity.judged import find_why_no_node_judges

DATA = Path(__file__).parent / "data"
TABLE = json.loads((DATA / "error_messages.json").read_text("utf-8"))
pytestmark = pytest.mark.of_quickjs


def said_of(program: str) -> str:
    source = (
        "const form = {name: 'x'}; try { return 'none' + await (async () => {\n"
        f"{program}\n}})() }} catch (e) {{ return `${{e.name}}: ${{e.message}}` }}"
    )
    outcome = Bench().run(source)
    text = str(outcome.unwrap())
    return "none" if text.startswith("none") else text


def test_errors_have_the_words_of_v8_or_those_of_the_table() -> None:
    """Each entry: a program, what V8 says of it, and what is said here where that differs."""
    said = {program: said_of(program) for program, *_ in TABLE}

    assert said == {program: here[0] if here else v8 for program, v8, *here in TABLE}


def test_most_errors_have_the_words_of_v8() -> None:
    assert sum(len(entry) == 2 for entry in TABLE) >= 140


@pytest.mark.parametrize(
    ("program", "message"),
    [
        ("null.x", "Cannot read properties of null (reading 'x')"),
        ("const 单 = {}; 单.明细()", "单.明细 is not a function"),
        ("form.nothing.x", "Cannot read properties of undefined (reading 'x')"),
    ],
)
def test_what_nothing_catches_has_them_too(program: str, message: str) -> None:
    outcome = Bench().run(f"const form = {{}};\n{program}")

    assert outcome.error is not None
    assert outcome.error.args[0].endswith(f"TypeError: {message}")


def test_an_error_of_the_script_keeps_its_own_words_and_stack() -> None:
    source = """
      Error.prepareStackTrace = undefined;
      const said = [];
      for (const make of [() => new TypeError('not a function'),
        () => TypeError("'x' is read-only"),
        () => new (class Own extends TypeError {})('value is not iterable')]) {
        try { throw make() } catch (e) { said.push(e.message, e.stack.includes('流程脚本.js:')) }
      }
      return [said, Error.prepareStackTrace]"""
    said, prepare = Bench().run(source).unwrap()

    assert said[0::2] == ["not a function", "'x' is read-only", "value is not iterable"]
    assert all(said[1:4:2])
    assert prepare is not None


@pytest.mark.skipif(
    find_why_no_node_judges("messages") != "", reason=find_why_no_node_judges("messages")
)
def test_the_table_is_what_node_says() -> None:
    told = subprocess.run(
        ["node", str(DATA / "messages.mjs")],
        input=json.dumps(TABLE),
        capture_output=True,
        text=True,
        check=True,
        encoding="utf-8",
    )

    assert json.loads(told.stdout) == TABLE


def test_an_error_of_a_full_stack_has_a_stack_that_is_a_text() -> None:
    source = "try { (function r() { r() })() } catch (e) { return e.stack.split('\\n')[0] }"

    assert Bench().run(source).unwrap() == "RangeError: Maximum call stack size exceeded"
