"""JavaScript and Python say the same in the same bytes, and are refused in the same words."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, note
from hypothesis import strategies as st

from bpmax_sim import strategies
from bpmax_sim.errors import CallError, ScriptError
from bpmax_sim.js_values import format_js_number, stringify_json
from bpmax_sim.messages import Request
from bpmax_sim.platform.model import Api, Instance, Platform
from bpmax_sim.proxy.builder import CallSpec
from bpmax_sim.script.failure import Script
from bpmax_sim.session.session import Session
from bpmax_sim.strategies.programs import to_js_literal
from tests.property.world import MANY, STEADY, Case, ThirdParty, cases, opened, refused

_SEVENTEEN = re.compile(r"(?<![\w.\"])(\d+\.\d+)(?:e[+-]\d+)?")
pytestmark = pytest.mark.filterwarnings("ignore::bpmax_sim.errors.UnknownNameWarning")
"""Calls are drawn that write what auth writes, too, or have arguments to spare."""


def in_python(case: Case, program: CallSpec) -> Any:
    third = ThirdParty(case)
    with opened(case, third) as session:
        error = refused(lambda: strategies.perform(program, session))
    return told(error) if error else bytes_of(third.requests[-1])


def in_javascript(case: Case, program: CallSpec) -> Any:
    third = ThirdParty(case)
    source = f"return await {strategies.javascript(program)};"
    note(source)
    with opened(case, third) as session:
        error = session.run_script(Script(source, "一行.js")).error
    if error is None:
        return bytes_of(third.requests[-1])
    assert isinstance(error, ScriptError), error
    return error.fields.get("code"), error.message


def told(error: CallError) -> Any:
    return error.code, error.message


def bytes_of(request: Request) -> Any:
    return request.method, request.url, request.headers, request.body


@given(cases(kinds=STEADY))
def test_javascript_and_python_give_the_same_bytes(case: Case) -> None:
    assert in_javascript(case, case.program) == in_python(case, case.program)


@given(st.lists(st.sampled_from(("b", "a", "10", "9", "01", "-1")), min_size=2, unique=True))
def test_names_come_in_the_same_order_from_both(names: list[str]) -> None:
    api = Api(key="search")
    platform = Platform(
        platform_key="crm", base_url="https://crm.example.test", apis={"search": api}
    )
    case = Case(platform, (Instance(platform="crm", instance_key="test"),), [])
    values = dict.fromkeys(names, 1)
    steps: Any = (("query", values), ("header", values), ("body", values))
    program = CallSpec(platform="crm", api="search", steps=steps)

    assert in_javascript(case, program) == in_python(case, program)


@given(cases(refusable=True, kinds=["none"]))
def test_javascript_and_python_are_refused_in_the_same_words(case: Case) -> None:
    assert in_javascript(case, case.program) == in_python(case, case.program)


def shortest(text: str) -> str:
    """Return *text* with each number in as few digits as will do.

    QuickJS writes 2 ** -24 in seventeen digits where ECMA-262 asks for the fewest, as V8 does.
    """
    return _SEVENTEEN.sub(_fewer, text)


def _fewer(found: re.Match[str]) -> str:
    mantissa = found[1]
    digits = mantissa.replace(".", "").lstrip("0")
    fewer = repr(float(found[0])).partition("e")[0].replace(".", "").strip("0")
    if len(digits) != 17 or len(fewer) >= 17:
        return found[0]
    lead = mantissa[: -17 - ("." in mantissa[-17:])]
    point = mantissa[len(lead) :].find(".")
    placed = fewer if point < 0 else f"{fewer[:point]}.{fewer[point:]}"
    return lead + placed + found[0][len(mantissa) :]


@MANY
@given(st.lists(strategies.script_values(), min_size=1, max_size=4))
def test_values_are_printed_as_javascript_itself_prints_them(values: list[Any]) -> None:
    written = ", ".join(map(to_js_literal, values))
    source = f"return [{written}].map((one) => JSON.stringify(one) ?? '');"
    with Session.open() as session:
        printed = session.run_script(Script(source, "打印.js")).value

    assert [stringify_json(one).decode() for one in values] == list(map(shortest, printed))


@given(st.lists(st.floats(), min_size=5, max_size=20))
def test_numbers_are_printed_as_javascript_itself_prints_them(values: list[float]) -> None:
    source = f"return [{', '.join(map(to_js_literal, values))}].map(String);"
    with Session.open() as session:
        printed = session.run_script(Script(source, "数字.js")).value

    assert list(map(format_js_number, values)) == list(map(shortest, printed))
