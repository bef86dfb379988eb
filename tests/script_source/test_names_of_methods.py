"""Each method that a rule knows by its name: what is said of it, and that JavaScript has it."""

from __future__ import annotations

import pytest

from bpmax_sim.script_source.reading import find_slips, read_script
from tests.script_source.test_literals_as_the_engine_reads_them import evaluate, tell

ONE_NUMBER = {
    "Math": ("round", "floor", "ceil", "trunc", "abs", "sqrt"),
    "Number": ("isInteger",),
}
FORGOTTEN = (
    "toString", "toFixed", "trim", "toUpperCase", "toLowerCase", "reverse", "padStart", "padEnd",
    "toISOString", "getTime", "getFullYear", "getMonth", "toLocaleString", "toLocaleDateString",
)  # fmt: skip
IDLE = {
    "form.名": (
        "replace('a', 'b')", "replaceAll('a', 'b')", "trim()", "toUpperCase()", "toLowerCase()",
        "padStart(9)", "padEnd(9)", "concat('a')", "slice(1)", "substring(1)", "substr(1)",
        "split('')", "includes('a')", "indexOf('a')", "startsWith('a')", "endsWith('a')",
    ),
    "form.明细": (
        "concat([1])", "slice(1)", "filter(Number)", "map(Number)", "join()", "toSorted()",
        "toReversed()", "flat()", "includes(1)", "indexOf(1)", "find(Number)", "some(Number)",
        "every(Number)", "findIndex(Number)", "flatMap(Number)",
    ),
    "form.数": ("toFixed(1)", "toLocaleString()"),
    "form.日": ("toISOString()", "toLocaleString()"),
}  # fmt: skip
CHANGING = (
    "push(1)", "pop()", "shift()", "unshift(1)", "splice(0, 1)", "sort()", "reverse()", "fill(0)",
    "copyWithin(0, 1)",
)  # fmt: skip
WALKS = ("forEach", "map", "filter", "some", "every", "find", "findIndex")
ASKS = ("filter", "some", "every", "find", "findIndex", "findLast")
ANSWERING = (
    "map", "filter", "find", "findLast", "findIndex", "findLastIndex", "some", "every", "reduce",
    "reduceRight", "flatMap", "sort", "toSorted",
)  # fmt: skip
PROMISED = (
    "filter", "find", "findLast", "findIndex", "findLastIndex", "some", "every", "sort",
)  # fmt: skip
OWN_OF_LISTS = (
    "map", "filter", "forEach", "find", "some", "every", "flatMap", "findIndex", "findLast",
    "slice", "sort", "reverse", "toSorted", "concat", "length", "reduce", "reduceRight", "push",
    "pop", "shift", "unshift", "splice", "at", "join", "includes", "indexOf", "lastIndexOf",
    "entries", "keys", "values", "flat", "fill", "constructor", "hasOwnProperty", "valueOf",
    "toString", "toLocaleString",
)  # fmt: skip
OWN_OF_TEXTS = (
    "trim", "split", "replace", "replaceAll", "padStart", "padEnd", "substring", "substr",
    "startsWith", "endsWith", "match", "charAt", "charCodeAt", "codePointAt", "toUpperCase",
    "toLowerCase", "localeCompare", "normalize", "repeat", "search",
)  # fmt: skip


def list_rules(script: str) -> list[str]:
    return [slip.rule for slip in find_slips(script)]


@pytest.mark.parametrize(
    ("owner", "name"), [(owner, name) for owner, names in ONE_NUMBER.items() for name in names]
)
def test_a_second_argument_of_one_number_is_told(owner: str, name: str) -> None:
    assert evaluate([f"{owner}.{name}.length"]) == [1]
    [told] = tell(f"form.a = {owner}.{name}(form.b, 2)")
    assert told.startswith(f"{name} takes one number and drops the rest; ")
    assert tell(f"form.a = {owner}.{name}(form.b)") == []


@pytest.mark.parametrize("name", FORGOTTEN)
def test_a_method_without_its_call_is_told(name: str) -> None:
    assert tell(f"form.a = form.b.{name}") == [
        f"{name} is a method that is not called; write {name}()"
    ]
    assert tell(f"form.a = form.b.{name}()") == []


def keeps(value: str, call: str) -> str:
    """Return the JavaScript expression that says whether *call* leaves *value* as it is."""
    text = "JSON.stringify(v)"
    return f"(v => {{ const before = {text}; v.{call}; return {text} === before }})({value})"


def test_what_gives_only_something_back_changes_nothing() -> None:
    values = {"form.名": "' Aa '", "form.明细": "[3, [1], 2]", "form.数": "1.25"}
    for owner, each in IDLE.items():
        assert all(evaluate([keeps(values.get(owner, "new Date(0)"), call) for call in each]))
    for owner, each in IDLE.items():
        for call in each:
            method = call.partition("(")[0]
            assert tell(f"{owner}.{call}") == [
                f".{method}() changes nothing and gives its result back, which nothing takes"
            ]
            assert tell(f"form.a = {owner}.{call}") == []


def test_what_changes_a_list_makes_what_was_asked_before_unknown() -> None:
    assert not any(evaluate([keeps("[3, 1, 2]", call) for call in CHANGING]))
    for call in CHANGING:
        change = f"function 改() {{ form.明细.{call} }} "
        asked = "if (form.明细.length) return; 改(); if (form.明细.length) form.b = 1"
        assert list_rules(change + asked) == [], call
        assert list_rules(f"form.明细.{call}") == [], call


@pytest.mark.parametrize("name", [" ", "-", "/", ",", "，", "、"])
def test_only_the_first_separator_is_replaced(name: str) -> None:
    assert evaluate([f"'1{name}2{name}3'.replace('{name}', '')"]) == [f"12{name}3"]
    assert tell(f"form.a = form.b.replace('{name}', '')") == [
        f"replace changes the first {name!r} alone; write replaceAll"
    ]


@pytest.mark.parametrize("name", WALKS)
def test_taking_elements_out_of_a_list_in_its_walk_is_told(name: str) -> None:
    walk = f"form.a = form.明细.{name}(行 => {{ form.明细.shift(); return 行.x }})"

    assert "skips the next one" in " ".join(tell(walk))
    assert "skips the next one" not in " ".join(
        tell(walk.replace("form.明细.shift", "form.列.shift"))
    )


@pytest.mark.parametrize("name", ASKS)
def test_an_assignment_in_place_of_a_comparison_is_told(name: str) -> None:
    assert tell(f"form.a = form.明细.{name}(行 => 行.单号 = 'A')") == [
        "this assigns to each element; a comparison is ==="
    ]


@pytest.mark.parametrize("name", ANSWERING)
def test_a_callback_without_return_is_told_where_its_result_counts(name: str) -> None:
    call = f"form.明细.{name}((行, 次) => {{ form.b = 行 + 次 }})"

    assert list_rules(f"form.a = {call}") == ["missing-return"]
    assert list_rules(f"form.a = {call.replace('form.b =', 'return')}") == []


@pytest.mark.parametrize("name", ANSWERING)
def test_an_async_callback_is_told_where_its_promise_is_taken_for_the_result(name: str) -> None:
    rules = list_rules(f"form.a = form.明细.{name}(async 行 => await $proxy('crm').get(行))")

    assert rules == (["missing-await"] if name in PROMISED else [])


def test_a_member_that_every_list_or_text_has_is_no_member_of_the_response() -> None:
    own = evaluate([f"'{name}' in []" for name in OWN_OF_LISTS])
    own += evaluate([f"'{name}' in Object('')" for name in OWN_OF_TEXTS])

    assert all(own)
    for name in (*OWN_OF_LISTS, *OWN_OF_TEXTS):
        used = read_script(f"form.a = form.明细.{name}").members
        assert {use.path for use in used} == {("a",), ("明细",)}, name
    assert ("明细", "名称") in {use.path for use in read_script("go(form.明细.名称)").members}
