"""Which kinds of values each strategy draws, and which it never does."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import strategies as st

from bpmax_sim.js_values import UNDEFINED
from bpmax_sim.strategies import (
    json_values,
    script_values,
    secrets,
    texts,
)
from bpmax_sim.strategies.values import (
    BUSINESS,
    HOSTILE,
    LARGEST,
    dates,
    header_values,
    identifiers,
    numbers,
    scalars,
    values_of,
)
from tests.strategies.drawing import Has, require_kinds


def walk(value: Any) -> list[Any]:
    """Return *value* and all that is in it."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [value, *(leaf for one in inner for leaf in walk(one))]


def any_of(*kinds: type) -> Has:
    return lambda value: any(type(one) in kinds for one in walk(value))


def is_surrogate(text: Any) -> bool:
    return isinstance(text, str) and any("\ud800" <= sign <= "\udfff" for sign in text)


KNOWN = (*BUSINESS, *HOSTILE)
TEXTS: Mapping[str, Has] = {
    "business": lambda text: text in BUSINESS,
    "hostile": lambda text: text in HOSTILE,
    "other": lambda text: text not in KNOWN and not is_surrogate(text),
    "more than twelve": lambda text: text not in KNOWN and len(text) > 12,
    "more than two": lambda text: text not in KNOWN and len(text) > 2,
    "half a character": is_surrogate,
}
HEADERS: Mapping[str, Has] = {
    "empty": lambda text: text == "",
    "a space inside": lambda text: " " in text.strip(),
    "a tab inside": lambda text: "\t" in text.strip(),
    "a space at an end": lambda text: text != text.strip(),
    "what no line can hold": lambda text: not re.fullmatch(r"[\t -~]*", text),
    "visible signs": lambda text: (
        re.search("[a-zA-Z0-9]", text) and re.search("[^ \tA-z0-9]", text)
    ),
}
NAMES: Mapping[str, Has] = {
    "a letter": lambda name: re.fullmatch("[a-z]", name),
    "a digit": lambda name: re.fullmatch(r"[a-z][a-z0-9_]*\d[a-z0-9_]*", name),
    "a line": lambda name: "_" in name[1:],
    "nine": lambda name: len(name) == 9,
    "something else": lambda name: not re.fullmatch("[a-z][a-z0-9_]{0,8}", name),
}
KINDS: Mapping[str, Has] = {
    "null": lambda value: None in walk(value),
    "text": any_of(str),
    "integer": any_of(int),
    "fraction": any_of(float),
    "boolean": any_of(bool),
    "date": any_of(datetime),
    "list in a list": lambda value: any(
        isinstance(one, list) and any(isinstance(item, list) for item in one) for one in walk(value)
    ),
    "map in a map": lambda value: any(
        isinstance(one, dict) and any(isinstance(item, dict) for item in one.values())
        for one in walk(value)
    ),
    "undefined": lambda value: UNDEFINED in walk(value),
    "NaN": lambda value: any(isinstance(one, float) and math.isnan(one) for one in walk(value)),
    "infinite": lambda value: math.inf in walk(value),
    "less than all": lambda value: -math.inf in walk(value),
    "half a character": lambda value: any(map(is_surrogate, walk(value))),
    "an integer that JavaScript rounds": lambda value: any(
        isinstance(one, int) and abs(one) > LARGEST for one in walk(value)
    ),
}
BASIC = {"text", "integer", "fraction", "boolean"}
JSON = BASIC | {"null", "list in a list", "map in a map"}
SCRIPT = JSON | {"date", "undefined", "NaN", "infinite", "less than all"}
DATES: Mapping[str, Has] = {
    "before 1970": lambda moment: moment.year < 1970,
    "in this century": lambda moment: moment.year > 2000,
    "milliseconds": lambda moment: moment.microsecond,
    "less than a millisecond": lambda moment: moment.microsecond % 1000,
    "of another zone": lambda moment: moment.tzinfo is not UTC,
    "out of range": lambda moment: not 1938 <= moment.year <= 2096,
}
SECRETS: Mapping[str, Has] = {
    "its form": lambda text: re.fullmatch(r"s3c[aZ09+/=&%\"\\'~<]{4,12}-Kq7", text),
    "another form": lambda text: not re.fullmatch(r"s3c[aZ09+/=&%\"\\'~<]{4,12}-Kq7", text),
    "the longest": lambda text: len(text) == 19,
}


@pytest.mark.parametrize(
    ("make", "kinds", "there"),
    [
        (texts, TEXTS, {"business", "hostile", "other", "more than two"}),
        (lambda: texts(max_size=2), TEXTS, {"business", "hostile", "other"}),
        (lambda: texts(refusable=True), TEXTS, {*TEXTS} - {"more than twelve"}),
        (header_values, HEADERS, {"empty", "a space inside", "a tab inside", "visible signs"}),
        (identifiers, NAMES, {"a letter", "a digit", "a line", "nine"}),
        (numbers, KINDS, {"integer", "fraction"}),
        (scalars, KINDS, BASIC),
        (lambda: scalars(refusable=True), KINDS, BASIC | {"half a character"}),
        (json_values, KINDS, JSON),
        (script_values, KINDS, SCRIPT),
        (lambda: script_values(refusable=True), KINDS, SCRIPT | {"half a character"}),
        (lambda: values_of({"required": ["甲"], "properties": {"乙": True}}), KINDS, JSON),
        (dates, DATES, {"before 1970", "in this century", "milliseconds"}),
        (secrets, SECRETS, {"its form", "the longest"}),
    ],
    ids=["texts", "short", "refused", "headers", "names", "numbers", "scalars", "odd scalars",
         "json", "script", "odd script", "schema", "dates", "secrets"],
)  # fmt: skip
def test_all_kinds_that_are_promised_are_drawn_and_no_other(
    make: Callable[[], st.SearchStrategy[Any]], kinds: Mapping[str, Has], there: set[str]
) -> None:
    require_kinds(make(), kinds, there)
