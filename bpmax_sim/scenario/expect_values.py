"""Values of a run -> values to expect: which are not worth it, and which become patterns.

`challenge` proposes lines of them, ``run --update`` writes what ``expect: new`` asks for.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

import msgspec
from msgspec import UNSET

from bpmax_sim.js_values import UNDEFINED
from bpmax_sim.scenario.calls import CallMade
from bpmax_sim.scenario.expect import is_operator
from bpmax_sim.scenario.load import ScenarioItem

# In `undefined元` the word ends where the Chinese begins.
_TEXT_LIKE: Final = re.compile(r"\b(?:undefined|NaN)\b|\[object \w+\]", re.ASCII)
_INSTANT: Final = re.compile(
    r"\d{4}[-/年]\d{1,2}[-/月]\d{1,2}|\d{1,2}:\d{2}(?::\d{2})?|\b1\d{9}(?:\d{3})?\b"
)
_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_FEW_DIGITS: Final = 3


def looks_like_script_mistake(value: Any) -> bool:
    """Return whether *value* looks like a mistake of the script, such as "" or ``[object Object]``.

    Such a value is not written into a scenario as expected.
    """
    if isinstance(value, Mapping):
        return any(map(looks_like_script_mistake, value.values()))
    if isinstance(value, list | tuple):
        return any(map(looks_like_script_mistake, value))
    if isinstance(value, float):
        return math.isnan(value)
    if isinstance(value, str):
        return not value or _TEXT_LIKE.search(value) is not None
    return value is UNSET or value is UNDEFINED


class ValueGeneraliser(msgspec.Struct, frozen=True):
    """Decides which values of a run must be expected as patterns, because the next run differs.

    Attributes:
        scenario_text: text of the scenario file; a value that occurs in it stays as it is.
        recorded_texts: texts of recorded responses; a new recording may have other ones.
        has_clock: whether the scenario sets the time, so that instants are always the same.
    """

    scenario_text: str
    recorded_texts: frozenset[str]
    has_clock: bool

    @classmethod
    def from_run(cls, item: ScenarioItem, calls: Iterable[CallMade]) -> ValueGeneraliser:
        """Return the generaliser for values that a run of *item* produced.

        Recorded texts are taken from the responses in *calls*, except those of logins.
        """
        recorded = frozenset(
            text
            for call in calls
            if call.source == "recorded" and not call.is_login
            for text in _find_response_texts(call)
        )
        return cls(item.spot.source.text, recorded, bool(item.scenario.clock))

    def generalise(self, value: Any) -> Any:
        """Return *value*, or a pattern for it if it is a recorded text or contains an instant.

        A text that the scenario itself contains (row, stub, clock) is not changed, nor is one with
        few digits, whose pattern would match nothing else.
        """
        return to_expectation(value, self._generalise_text)

    def _generalise_text(self, value: str) -> Any:
        is_instant = not self.has_clock and _INSTANT.search(value)
        if value not in self.scenario_text and (value in self.recorded_texts or is_instant):
            pattern = make_digit_pattern(value)
            if pattern != _make_exact_pattern(value):  # else it says no more than the text does
                return {"$matches": pattern}
        return escape_references(value)


def escape_references(text: str) -> str:
    """Return *text* as a scenario writes it, so that a ``${`` in it means these characters."""
    return text.replace("${", "$${")


def to_expectation(value: Any, write_text: Callable[[str], Any] = escape_references) -> Any:
    """Return what is written into a scenario to expect *value*, at any depth of maps and lists.

    An empty map alone would hold whatever there is, and keys such as ``$in`` would be operators.
    *write_text* returns the expectation of a text.
    """
    if isinstance(value, Mapping):
        if any(map(is_operator, value)):
            return {"$eq": _escape_references_in(value)}
        members = {key: to_expectation(inner, write_text) for key, inner in value.items()}
        return members or {"$exactly": {}}
    if isinstance(value, list | tuple):
        return [to_expectation(inner, write_text) for inner in value]
    return write_text(value) if isinstance(value, str) else value


def _escape_references_in(value: Any) -> Any:
    """Return *value* with each text in it as `escape_references` writes it."""
    if isinstance(value, Mapping):
        return {key: _escape_references_in(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return list(map(_escape_references_in, value))
    return escape_references(value) if isinstance(value, str) else value


def _find_response_texts(call: CallMade) -> Iterator[str]:
    pending = [call.response]
    while pending:
        value = pending.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, Mapping):
            pending += value.values()
        elif isinstance(value, list | tuple):
            pending += value


def make_digit_pattern(text: str) -> str:
    """Return a regular expression for *text* in which any digit may replace a digit.

    A text with few digits matches only itself; a UUID matches any other one.
    """
    if _UUID.fullmatch(text):
        return "^[0-9a-f-]{36}$"
    if sum(map(str.isdigit, text)) < _FEW_DIGITS:
        return _make_exact_pattern(text)
    pieces = re.split(r"([0-9]+)", text)
    digits = (r"\d{" + str(len(piece)) + "}" for piece in pieces[1::2])
    pieces[::2] = map(_escape_regex, pieces[::2])
    pieces[1::2] = digits
    return f"^{''.join(pieces)}$"


def _make_exact_pattern(text: str) -> str:
    return f"^{_escape_regex(text)}$"


def _escape_regex(text: str) -> str:
    return re.sub(r"([.^$*+?{}\[\]\\|()])", r"\\\1", text)
