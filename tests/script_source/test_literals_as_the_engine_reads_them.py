"""What is said of numbers, dates and methods in a script is what the engine makes of them."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from bpmax_sim import Script, Session
from bpmax_sim.script_source.kinds import METHODS
from bpmax_sim.script_source.reading import find_slips

NUMBERS = (
    "1200", "1,200", "１２００", "１2", "1２", " 12 ", "\u300012", "\ufeff12\ufeff", "12元", "¥12",
    "", " ", "+5", "-5", "--5", "5.", ".5", "+.5", ".", "1e5", "1E+5", "5.e3", "e5", "1e", "1_000",
    "12n", "Infinity", "-Infinity", "+Infinity", "infinity", "NaN", "0x1F", "0X1f", "-0x1F", "0x",
    "0xZZ", "0b101", "0B1", "0b12", "0o17", "0O17", "0o9", "٣", "十二", "1e1000", "12.5.1",
)  # fmt: skip


def evaluate(expressions: list[str]) -> list[Any]:
    """Return the values of JavaScript *expressions*."""
    with Session.open() as session:
        values: list[Any] = session.run_script(
            Script(f"return [{', '.join(expressions)}]")
        ).unwrap()
    return values


def tell(script: str) -> list[str]:
    """Return the messages of the slips in *script*."""
    return [str(slip.message) for slip in find_slips(script)]


def quote(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


@pytest.mark.parametrize("function", ["Number", "parseInt", "parseFloat"])
def test_a_text_gives_no_number_where_the_engine_gives_nan(function: str) -> None:
    calls = [f"{function}({quote(text)})" for text in NUMBERS]

    is_nan = evaluate([f"Number.isNaN({call})" for call in calls])

    told = ["gives NaN" in " ".join(tell(f"form.a = {call}")) for call in calls]
    assert dict(zip(calls, told, strict=True)) == dict(zip(calls, is_nan, strict=True))


@pytest.mark.parametrize(
    ("function", "more"),
    [
        ("parseInt", ("1e5", "1E+5", "5.e3", "1e1000")),
        ("parseFloat", ("0x1F", "0X1f", "-0x1F")),
    ],
)
def test_what_is_read_of_a_text_is_what_the_engine_reads(
    function: str, more: tuple[str, ...]
) -> None:
    found = {text: tell(f"form.a = {function}({quote(text)})") for text in NUMBERS}
    partly = {text: lines[0] for text, lines in found.items() if "and stops" in "".join(lines)}

    reads = {
        text: line.partition(" reads ")[2].partition(" of ")[0] for text, line in partly.items()
    }
    same = evaluate(
        [f"{function}({quote(text)}) === Number('{read}')" for text, read in reads.items()]
    )
    assert all(same)
    assert {*partly} == {
        "1,200", "1２", "1_000", "0b101", "0B1", "0b12", "0o17", "0O17", "0o9", "12元", *more,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("call", "told"),
    [
        ("parseInt('ff', 16)", False), ("parseInt('甲', 16)", False), ("parseInt('z', 36)", False),
        ("parseInt('ff', 10)", True), ("parseInt('ff', 0)", True), ("parseInt('ff')", True),
        ("parseInt('ff', 37)", True), ("parseInt('ff', 1)", True), ("parseInt('1,200', 16)", False),
        ("parseInt('1,200', 10)", True), ("parseInt('1,200', 0)", True),
        ("parseFloat('1,200', 16)", True), ("Number('ff', 16)", True),
    ],
)  # fmt: skip
def test_letters_are_digits_in_a_larger_base(call: str, *, told: bool) -> None:
    assert bool(tell(f"form.a = {call}")) is told


ZEROS = (
    "0", "00", "0.0", "0.", ".0", "0x0", "0X0", "0x00", "0b0", "0B0", "0o0", "0O0", "0n", "0x0n",
    "0b0n", "0e5", "0E0", "0.0e-3", "1", "01", "10", "0.1", ".01", "0x10", "0xA", "0b1", "0o10",
    "10n", "0x1n", "1e0", "0.0e0", "5e-1",
)  # fmt: skip


def test_a_number_is_true_where_the_engine_takes_it_so() -> None:
    truths = dict(zip(ZEROS, evaluate([f"!!{number}" for number in ZEROS]), strict=True))

    assert {number: tell(f"if ({number}) form.a = 1") for number in ZEROS} == {
        number: [f"{number} is always {'true' if is_true else 'false'} here"]
        for number, is_true in truths.items()
    }


DATES = (
    "2026-01-31", "2026/1/31", "2026.1.31", "2026-01", "2026", "202601", "20260131",
    "20260131101500", "2026131", "1770000000000", "2026-13-01", "2026-00-01", "2026-01-32",
    "2026年1月31日", "2026年", "1月31日", "2026-01-31日", "2026-01-31 周六", "周六 2026-01-31",
    "2026-01-31 (周六)", "2026-01-31（周六）", "2026/1/31 上午", "2026-01-31 10时", "2026，01，31",
    "2026-01-31 10：00", "2026-01-31 10:00", "2026-01-31T10:00+08:00", "2026-01-31 23:59",
    "2026-01-31 10:60", "2026-01-31 10:75", "2026-01-31 24:00", "2026-01-31 24:01",
    "2026-01-31 25:00", "01/31/2026", "13/01/2026", "March 2, 2026", "March 2, 2026 星期一", "今天",
    "明天 ", "", " ",
)  # fmt: skip


def test_a_text_is_no_date_where_the_engine_makes_none_of_it() -> None:
    wrong = evaluate([f"Number.isNaN(Date.parse({quote(text)}))" for text in DATES])

    told = {text: bool(tell(f"form.a = new Date({quote(text)})")) for text in DATES}
    assert told == dict(zip(DATES, wrong, strict=True))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("2026-01-31 10:60", "there is no time 10:60"),
        ("2026-01-31 24:01", "there is no time 24:01"),
        ("2026-01-31T25:00", "there is no time 25:00"),
        ("20260131", "write it as 2026-01-31"),
        ("２０２６-01-31", "write it as 2026-01-31"),
        ("1月31日", "write it as 2026-01-31"),
        ("2026-02-30", "there is no day 30 in it"),
    ],
)
def test_why_a_text_is_no_date_is_said(text: str, why: str) -> None:
    assert tell(f"form.a = new Date('{text}')") == [f"'{text}' is no date: {why}"]


@pytest.mark.parametrize(
    ("delay", "told"),
    [
        ("1000", False), (" 1000 ", False), ("1.5", False), ("1e3", False), ("0x10", False),
        ("0", False), ("1s", True), ("１０００", True), ("", True), (" ", True), ("-5", True),
        ("5 分钟", True),
    ],
)  # fmt: skip
def test_a_delay_has_to_be_a_number_of_milliseconds(delay: str, *, told: bool) -> None:
    assert bool(tell(f"setTimeout(() => {{ form.a = 1 }}, '{delay}')")) is told


RESULTS = (
    "(1.5).toFixed(1)", "(1).toString()", "' 甲 '.trim()", "'a'.toUpperCase()", "'A'.toLowerCase()",
    "'1'.padStart(3, '0')", "'1'.padEnd(3)", "[1, 2].join('、')", "(1234.5).toLocaleString()",
    "'甲乙'.substring(1)", "'甲乙'.substr(1)", "'甲'.charAt(0)", "new Date().toISOString()",
    "'a'.replace('a', 'b')", "'a'.replaceAll('a', 'b')", "(1).toPrecision(2)", "'é'.normalize()",
    "'甲'.repeat(2)", "JSON.stringify({})", "[1].includes(1)", "'甲'.startsWith('甲')",
    "'甲'.endsWith('甲')", "[1].some(x => x)", "[1].every(x => x)", "/甲/.test('甲')",
    "Array.isArray([])", "Number.isNaN(1)", "Number.isInteger(1)", "Number.isFinite(1)",
    "({a: 1}).hasOwnProperty('a')", "Object.hasOwn({a: 1}, 'a')", "[1].indexOf(1)",
    "[1].lastIndexOf(1)", "[1].findIndex(x => x)", "[1].findLastIndex(x => x)",
    "new Date().getTime()", "new Date().getFullYear()", "new Date().getMonth()",
    "new Date().getDate()", "new Date().getDay()", "new Date().getHours()",
    "new Date().getMinutes()", "'甲'.charCodeAt(0)", "'甲'.search('甲')",
    "'甲'.localeCompare('乙')", "[].push(1)", "[].unshift(1)", "Date.now()", "Math.round(1.5)",
    "Math.floor(1.5)", "Math.ceil(1.5)", "Math.abs(-1)", "Math.max(1, 2)", "Math.min(1, 2)",
    "Math.trunc(1.5)", "Number.parseInt('1')", "Number.parseFloat('1')", "[1].map(x => x)",
    "[1].filter(x => x)", "[1].flatMap(x => [x])", "'甲,乙'.split(',')", "['b', 'a'].toSorted()",
    "['b', 'a'].sort()", "Array.from('甲乙')", "[[1]].flat()",
    "Number('1')", "parseInt('1')", "parseFloat('1')", "String(1)", "Boolean(1)", "isNaN(1)",
    "isFinite(1)", "Array(3)", "Object.keys({})", "Object.values({})", "Object.entries({})",
    "typeof 1", "+'1'", "-'1'", "2 * 3", "6 / 3", "7 % 2", "2 ** 3", "2 - 1", "!1", "'a' in {}",
    "[] instanceof Array", "'甲' + 1", "1 + 1", "`甲`", "1 > 2 ? '甲' : '乙'", "'甲'.length",
)  # fmt: skip
PHRASES = {"string": "a text", "number": "a number", "boolean": "true or false", "object": "a list"}


def test_a_result_is_of_the_kind_that_the_engine_gives() -> None:
    kinds = [PHRASES[kind] for kind in evaluate([f"typeof ({one})" for one in RESULTS])]
    names = {name for one in RESULTS for name in re.findall(r"\.(\w+)\(", one)}

    for result, kind in zip(RESULTS, kinds, strict=True):
        other = "'甲'" if kind != "a text" else "5"
        told = " ".join(tell(f"const 值 = {result}; if (值 === {other}) form.a = 1"))
        assert f"值 is {kind} and never equals {other}" in told, result
    assert {*METHODS} <= names
