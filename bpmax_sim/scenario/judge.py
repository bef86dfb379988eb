"""Hold the state of a run against an ``expect`` section."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import UNSET

from bpmax_sim.errors import BAD_PATTERN
from bpmax_sim.scenario.calls import compare_calls
from bpmax_sim.scenario.expect import Check, Checks, compare, is_operator
from bpmax_sim.scenario.model import Expect, ExpectedCall
from bpmax_sim.scenario.operands import problems
from bpmax_sim.scenario.values import UndefinedValueError

SECTIONS = ("form", "fields", "flow", "proxy", "messages", "console", "result", "vars", "trace")


State = Mapping[str, Callable[[], Any]]
"""Section -> makes what there is to compare with after a step, in plain values.

``messages`` and ``console`` are ``{text, level}`` of this step in order, ``proxy`` its `CallMade`,
``trace`` the digest of everything so far.
"""


def judge(expected: Expect, state: State, resolve: Callable[[Any], Any]) -> Checks:
    """Return every comparison that *expected* asks for, sections in a fixed order.

    *resolve* fills in ``${…}``.

    Raises:
        UndefinedValueError: if a ``${…}`` is not defined, or is nothing that its operator takes.
    """
    checks: list[Check] = []
    for section in SECTIONS:
        value = getattr(expected, section)
        if value is not UNSET:
            try:
                checks += _SECTIONS.get(section, _plain)(value, state, resolve, section)
            except (KeyError, ValueError, *BAD_PATTERN):
                _refuse_operand(value, resolve)
                raise
    return tuple(checks)


def _refuse_operand(value: Any, resolve: Callable[[Any], Any]) -> None:
    """Tell what is wrong with an operand that is known only now, after ``${…}`` was filled in."""
    calls = isinstance(value, tuple)
    told = [resolve(_call(item)) for item in value] if calls else resolve(value)
    for _, wrong in problems(told):
        raise UndefinedValueError(wrong) from None


def _plain(value: Any, state: State, resolve: Callable[[Any], Any], section: str) -> Checks:
    return compare(resolve(value), state[section](), (section,))


def _calls(value: Any, state: State, resolve: Callable[[Any], Any], section: str) -> Checks:
    return compare_calls([resolve(_call(item)) for item in value], state[section]())


def _call(item: ExpectedCall) -> dict[str, Any]:
    given = ((name, getattr(item, name)) for name in item.__struct_fields__)
    return {name: value for name, value in given if value is not UNSET}


def _lines(value: Any, state: State, resolve: Callable[[Any], Any], section: str) -> Checks:
    """Compare texts with texts, and maps with the whole line; one of them is a list of one."""
    expected, lines = resolve(value), state[section]()
    texts = [line["text"] for line in lines]
    if isinstance(expected, str) or (
        isinstance(expected, Mapping) and not any(map(is_operator, expected))
    ):
        expected = [expected]
    if not isinstance(expected, list):
        return compare(expected, texts, (section,))
    whole = [isinstance(item, Mapping) and not any(map(is_operator, item)) for item in expected]
    flags = [*whole, *([False] * (len(texts) - len(whole)))]
    chosen = [line if flag else text for line, text, flag in zip(lines, texts, flags, strict=False)]
    return compare(expected, chosen, (section,))


_SECTIONS: Mapping[str, Callable[[Any, State, Callable[[Any], Any], str], Checks]] = {
    "proxy": _calls,
    "messages": _lines,
    "console": _lines,
}
