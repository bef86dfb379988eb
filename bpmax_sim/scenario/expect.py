"""Operators of ``expect``, such as ``$matches``, and the comparison of expected with actual values.

Maps compare as subsets, lists exactly, texts and numbers by value (neither ``true`` nor ``"1"``
equals 1). A map whose keys start with ``$`` holds operators, all of which must hold. Each
comparison explains itself; for two long texts it shows the parts that differ. Invalid expectations
are found before anything runs.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from itertools import chain, zip_longest
from typing import Any, Final

import msgspec
from msgspec import UNSET

from bpmax_sim.clock import Instant, parse_duration
from bpmax_sim.errors import BAD_PATTERN, suggest_nearest, suggest_or_list
from bpmax_sim.extensions import FUNCTION, ExtensionPoint
from bpmax_sim.i18n import (
    LANGUAGES,
    TranslatableText,
    cut_message,
    join_list,
    join_messages,
    msg,
    to_plain_english,
    translate,
)
from bpmax_sim.js_values import UNDEFINED
from bpmax_sim.scenario.references import Path, show, to_inserted_text
from bpmax_sim.subject import form, hooks

_BEFORE = 12
"""Most characters that are shown before the first difference of two long texts."""
_AFTER = 4
"""Least characters of room that are left for the difference, and for the ellipses."""


def cut_to_difference(expected: str, actual: str, width: int) -> tuple[str, str]:
    """Return both texts cut to at most *width* characters around their first difference.

    A text that fits is not changed; each cut is marked by an ellipsis. If one is the beginning of
    the other, they differ where it ends. A message stays one where only its end is cut.
    """
    if len(expected) <= width and len(actual) <= width:
        return expected, actual
    pairs = enumerate(zip_longest(expected, actual))
    begin = next((at for at, (letter, other) in pairs if letter != other), 0)
    start = 0 if begin < width // 2 else max(0, begin - min(_BEFORE, width - _AFTER))
    sides = (f"…{one[start:]}" if start else one for one in (expected, actual))
    expected, actual = (shorten_line(one, width) for one in sides)
    return expected, actual


def shorten_line(line: str, max_length: int) -> str:
    """Return *line* cut to *max_length* characters; an ellipsis at its end marks the cut."""
    return cut_message(line, max_length)


_NOT_THERE = msg("(absent)")


_WIDTH = 80


def format_path_label(path: Sequence[str | int]) -> str:
    """Return *path* as messages show it: ``("proxy", 0, "path", "$not")`` gives ``proxy[0].path``.

    Operators are left out.
    """
    parts = (f"[{p}]" if isinstance(p, int) else f".{p}" for p in path if not is_operator(p))
    return "".join(parts).lstrip(".")


class Comparison(msgspec.Struct, frozen=True, omit_defaults=True):
    """One comparison: its path in the expectation, whether it holds, and both sides as text.

    Attributes:
        doubt: why it holds although nothing was compared; empty if something was.
    """

    path: Path
    ok: bool
    expected: str
    actual: str
    doubt: str = ""

    @property
    def label(self) -> str:
        """Return the path as messages show it, without operators: ``proxy[0].path.id``."""
        return format_path_label(self.path)

    def __str__(self) -> str:
        """Return ``form.discount expected 0.9, got 1``.

        Long values are cut around their difference.
        """
        expected, actual = cut_to_difference(self.expected, self.actual, _WIDTH)
        return msg(
            "{label} expected {expected}, got {actual}",
            label=self.label,
            expected=expected,
            actual=actual,
        )


Checks = tuple[Comparison, ...]
Compare = Callable[[Any, Any, Path], Checks]


def compare(expected: Any, actual: Any, path: Path = ()) -> Checks:
    """Return all comparisons that *expected* asks for; the expectation holds if all are ``ok``.

    *path* is where *expected* stands in its ``expect``; it is put in front of the path of each.
    """
    # A member that a script set to undefined counts as absent, as in JSON.
    actual = UNSET if actual is UNDEFINED else actual
    if isinstance(actual, TranslatableText):
        return _compare_message(expected, actual, path)
    if isinstance(expected, Mapping):
        if not any(map(is_operator, expected)):
            return _compare_members(expected, actual, path)
        parts = [
            _find_operator(key)(value, actual, (*path, key)) for key, value in expected.items()
        ]
        return _doubt_if_any_value_fits(expected, actual, tuple(chain.from_iterable(parts)))
    if isinstance(expected, list | tuple):
        return _compare_lists(expected, actual, path)
    return (_make_comparison(path, hooks.is_same_value(expected, actual), show(expected), actual),)


def _compare_message(expected: Any, message: TranslatableText, path: Path) -> Checks:
    """Compare *expected* with a message of this package, translated into each of its languages.

    It is enough that one of them holds, as nobody knows in which language a scenario will run. A
    denial must hold in all of them, as a denied English word is never in a Chinese message.
    """
    if isinstance(expected, Mapping) and len(expected) > 1 and any(map(is_operator, expected)):
        parts = (_compare_message({key: expected[key]}, message, path) for key in expected)
        return tuple(chain.from_iterable(parts))
    spoken = dict.fromkeys(to_plain_english(translate(message, language)) for language in LANGUAGES)
    every = [compare(expected, text, path) for text in spoken]
    held = [checks for checks in every if not select_failing_checks(checks)]
    wrong = [checks for checks in every if select_failing_checks(checks)]
    if not held or (wrong and is_denial(expected)):
        said = join_messages("", ['"', message, '"'])
        return tuple(
            check if check.ok else Comparison(check.path, False, check.expected, said)
            for check in wrong[0]
        )
    return held[0]


def is_denial(expected: Any) -> bool:
    """Return whether *expected* says what a value is not: ``$not``, ``$ne``, ``$exists: false``."""
    if not isinstance(expected, Mapping):
        return False
    return expected.get("$exists") is False or not expected.keys().isdisjoint(("$not", "$ne"))


def select_failing_checks(checks: Sequence[Comparison]) -> Checks:
    """Return the checks that do not hold."""
    return tuple(check for check in checks if not check.ok)


def format_value(value: Any) -> str:
    """Return *value* as a report shows it: as JSON, or as text that says that it does not exist."""
    return _NOT_THERE if value is UNSET else show(value)


def is_operator(key: object) -> bool:
    """Return whether *key* begins with ``$``, as operators do; there may be none of that name."""
    return isinstance(key, str) and key[:1] == "$"


def _make_comparison(path: Path, ok: bool, expected: str, actual: Any) -> Comparison:
    return Comparison(path, bool(ok), expected, format_value(actual))


def _compare_members(expected: Mapping[str, Any], actual: Any, path: Path) -> Checks:
    if not isinstance(actual, Mapping):
        return (_make_comparison(path, False, show(expected), actual),)
    if not expected:
        return (
            Comparison(path, True, "{}", format_value(actual), _explain_any_map_fits(actual, path)),
        )
    parts = (
        compare(v, find_member_or_path_value(actual, key), (*path, key))
        for key, v in expected.items()
    )
    return tuple(chain.from_iterable(parts))


def _explain_any_map_fits(actual: Mapping[str, Any], path: Path) -> str:
    """Return why an expected ``{}`` checks nothing: it holds for any map, and *actual* has members.

    "" if *actual* is empty, or for a whole section, which a row may leave empty on purpose.
    """
    if not actual or (len(path) == 1 and path[0] != "result"):
        return ""
    return msg(
        "any map fits, and it is {actual}; name what it has to have, or write $exactly: {{}}",
        actual=show(actual),
    )


_WIDE: Final = frozenset({
    "$contains", "$gt", "$gte", "$in", "$length", "$lt", "$lte", "$matches", "$near",
})  # fmt: skip
"""Operators whose operands can be so wide that every value of a type fulfils them."""
# Not a proof but a sample: values so odd and so far apart that nobody means to accept all of them.
_PROBES: Mapping[type, tuple[Any, ...]] = {
    str: ("", "a", "0", "\n", "没有这样的文字 \t-_/."),
    int: (-1e15, -1, 0, 0.5, 1e15),
    bool: (True, False),
    list: ([], [None], ["没有这样的文字"], [{}, 0, ""]),
    dict: ({}, {"没有这样的文字": None}),
}


def _doubt_if_any_value_fits(expected: Mapping[str, Any], actual: Any, checks: Checks) -> Checks:
    """Return *checks*, with a doubt if *expected* holds for every value of the type of *actual*.

    An example is ``{$gte: ""}`` for a text. Only operators that accept many values are judged.
    """
    is_judged = not _WIDE.isdisjoint(expected) and expected.keys() <= _WIDE | {"$exists", "$type"}
    if actual is UNSET or not is_judged or select_failing_checks(checks):
        return checks
    # True and False are ints in Python, but no number says anything about them.
    kind = bool if isinstance(actual, bool) else int if is_number(actual) else type(actual)
    if "$near" in expected and kind is not int:
        return checks
    values = _PROBES.get(list if kind is tuple else kind, ())
    parts = [(_find_operator(key), value) for key, value in expected.items()]
    if values and all(
        not select_failing_checks(test(value, probe, ()))
        for probe in values
        for test, value in parts
    ):
        doubt = msg("every value of that type fits; write the one that is meant")
    elif kind is int and _is_tolerance_as_large_as_target(expected.get("$near"), actual):
        doubt = msg("0 fits as well, and twice the value; name a smaller tolerance (within)")
    else:
        return checks
    return (msgspec.structs.replace(checks[0], doubt=doubt), *checks[1:])


def _is_tolerance_as_large_as_target(near_operand: Any, actual: Any) -> bool:
    """Return whether ``$near`` accepts 0 too, as ``within`` is not below its value.

    False if *actual* is 0 itself, or *near_operand* is None.
    """
    if near_operand is None or not actual:
        return False
    value, within = parse_near_operand(near_operand)
    return is_number(value) and value != 0 and within >= abs(value)


def find_member_or_path_value(actual: Mapping[str, Any], key: str) -> Any:
    """Return the member *key* of *actual*, else the value at the path *key*: ``明细[0].金额``.

    A member with just that name comes first. `UNSET` if there is neither.
    """
    if key in actual:
        return actual[key]
    steps = form.parse_form_path(key)
    return form.find_value_at_steps(actual, steps) if steps else UNSET


def _compare_lists(expected: Sequence[Any], actual: Any, path: Path) -> Checks:
    if not is_list(actual):
        return (_make_comparison(path, False, show(expected), actual),)
    # Elements are compared even if the lengths differ: the first that is wrong says more.
    is_whole = len(expected) == len(actual)
    items = [
        check
        for index, (part, got) in enumerate(zip(expected, actual, strict=False))
        for check in compare(part, got, (*path, index))
    ]
    if is_whole and items:
        return tuple(items)
    if not expected:
        return (_make_comparison(path, is_whole, "[]", actual),)
    length = Comparison(
        path,
        is_whole,
        msg("{expected_count} items", expected_count=len(expected)),
        f"{len(actual)}: {format_value(actual)}",
    )
    return (*items, length)


def _make_operator(symbol: str, test: Callable[[Any, Any], bool]) -> Compare:
    """Return the function of the operator *symbol*, which makes one comparison by *test*.

    *test* gets the operand and the actual value; without an actual value the comparison fails.
    """

    def run(expected: Any, actual: Any, path: Path) -> Checks:
        ok = actual is not UNSET and test(expected, actual)
        shown = expected if isinstance(expected, str) and symbol == "$matches" else show(expected)
        return (_make_comparison(path, ok, f"{symbol} {shown}".strip(), actual),)

    return run


def _make_order_test(test: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    """Return a function like *test* that is false unless both are texts or both are numbers.

    It takes the operand and the actual value.
    """

    def run(expected: Any, actual: Any) -> bool:
        both_texts = isinstance(expected, str) and isinstance(actual, str)
        return (both_texts or (is_number(expected) and is_number(actual))) and test(
            actual, expected
        )

    return run


def _is_within_tolerance(expected: Any, actual: Any) -> bool:
    value, within = parse_near_operand(expected)
    if isinstance(value, str) and isinstance(actual, str):
        target = Instant.parse(value).seconds
        with suppress(ValueError):  # what a script wrote need not be a time
            return abs(target - Instant.parse(actual).seconds) <= within
        return False
    if not is_number(value) or not is_number(actual):
        return False
    try:
        # Besides the tolerance that is asked for: 0.1 + 0.2 differs from 0.3 by what floats cannot
        # hold.
        return math.isclose(value, actual, rel_tol=1e-9, abs_tol=within)
    except OverflowError:  # a BigInt beyond all numbers
        return bool(value == actual)


def parse_near_operand(expected: Any) -> tuple[Any, float]:
    """Return target and tolerance of the operand of ``$near``: a value, or ``{value, within}``.

    The tolerance is in seconds for times; it is tiny if none is given.
    """
    if isinstance(expected, Mapping):
        within = expected.get("within", 1e-9)
        return expected["value"], within if is_number(within) else parse_duration(within)
    return expected, 1e-9


def _contains_expected(expected: Any, actual: Any) -> bool:
    if isinstance(actual, str):
        return isinstance(expected, str) and expected in actual
    if is_list(actual):
        return any(fulfils(expected, item) for item in actual)
    if isinstance(actual, Mapping) and isinstance(expected, Mapping):
        return fulfils(expected, actual)
    return isinstance(actual, Mapping) and any(
        hooks.is_same_value(expected, name) for name in actual
    )


def fulfils(expected: Any, actual: Any) -> bool:
    """Return whether *actual* fulfils *expected*, with all operators of an ``expect``."""
    return not select_failing_checks(compare(expected, actual))


def _compare_not(expected: Any, actual: Any, path: Path) -> Checks:
    ok = not fulfils(expected, actual)
    doubt = _explain_idle_denial(expected, actual) if ok else ""
    return (Comparison(path, ok, f"$not {show(expected)}", format_value(actual), doubt),)


def _explain_idle_denial(expected: Any, actual: Any) -> str:
    """Return why it says nothing that *actual* is not *expected*; "" if it says something."""
    if actual is UNSET:
        is_about_presence = isinstance(expected, Mapping) and "$exists" in expected
        return "" if is_about_presence else NOTHING_THERE
    looks = (one.doubt for one in find_lookalikes(expected, actual))
    return _explain_never_fulfilled(expected, actual) or next(looks, "")


NOTHING_THERE: Final = msg(
    "nothing is there, so that nothing was compared; write {$exists: false} where that is meant"
)
NOTHING_IN_IT: Final = msg("it is empty here, so that nothing was compared")


def find_lookalikes(expected: Any, actual: Any, path: Path = ()) -> Iterator[Comparison]:
    """Yield each part of *expected* that only looks like *actual*: the text ``"5"`` and a number 5.

    Two such values are never equal, so that what is denied in this way is not denied at all. Each
    is a comparison with that doubt; *path* is put in front of its path.
    """
    if actual is UNSET or fulfils(expected, actual):
        return
    if doubt := _explain_number_vs_text(expected, actual):
        yield Comparison(path, True, show(expected), show(actual), doubt)
    for step, part, got in _pair_parts(expected, actual):
        yield from find_lookalikes(part, got, (*path, step))


def _pair_parts(expected: Any, actual: Any) -> Iterator[tuple[str | int, Any, Any]]:
    """Yield the parts of *expected* with the part of *actual* that each is compared with.

    Each has the key or index of the part in *expected* in front. Operators that deny or measure
    have no parts.
    """
    if isinstance(expected, Mapping) and any(map(is_operator, expected)):
        for key, operand in expected.items():
            pair = _PAIRS.get(key, lambda *_: ())
            yield from ((key, part, got) for part, got in pair(operand, actual))
    elif isinstance(expected, Mapping) and isinstance(actual, Mapping):
        for name, value in expected.items():
            yield name, value, find_member_or_path_value(actual, name)
    elif is_list(expected) and is_list(actual):
        yield from ((n, *pair) for n, pair in enumerate(zip(expected, actual, strict=False)))


def _pair_with_elements(operand: Any, actual: Any) -> list[tuple[Any, Any]]:
    return [(operand, element) for element in actual] if is_list(actual) else []


_PAIRS: Mapping[str, Callable[[Any, Any], Sequence[tuple[Any, Any]]]] = {
    **dict.fromkeys(("$eq", "$exactly"), lambda operand, actual: [(operand, actual)]),
    **dict.fromkeys(("$contains", "$each"), _pair_with_elements),
    "$in": lambda choices, actual: [(choice, actual) for choice in choices],
}
"""Operator -> the values in its operand, each with what it is compared with."""


def _explain_never_fulfilled(expected: Any, actual: Any) -> str:
    """Return why *expected* cannot hold for any value of the type of *actual*; "" if it can.

    It is added to a failed comparison, to tell a wrong expectation from a wrong value.
    """
    if isinstance(expected, Mapping) and any(map(is_operator, expected)):
        reasons = (
            _WHY_NEVER[key](value, actual) for key, value in expected.items() if key in _WHY_NEVER
        )
        return next(filter(None, reasons), "")
    is_alike = isinstance(expected, Mapping) == isinstance(actual, Mapping)
    if not is_alike or is_list(expected) != is_list(actual):
        return _describe_other_type(actual)
    return _explain_number_vs_text(expected, actual)


def _describe_other_type(actual: Any) -> str:
    shown = show(actual)
    return msg("it is {actual}, of another type, so that the two always differ", actual=shown)


def _explain_number_vs_text(expected: Any, actual: Any) -> str:
    """Return why ``5`` and ``"5"`` are not equal; "" for other values.

    One is a number, the other a text.
    """
    if isinstance(expected, str) is isinstance(actual, str) or is_list(actual):
        return ""
    return (
        _describe_other_type(actual)
        if to_inserted_text(expected) == to_inserted_text(actual)
        else ""
    )


def _why_never_contained(expected: Any, actual: Any) -> str:
    """Return why ``$contains: expected`` can never hold for *actual*; "" if it can.

    If an element of a list only contains *expected* as a part of its text, a hint how to write that
    is returned.
    """
    if not isinstance(actual, str | Mapping) and not is_list(actual):
        return _describe_other_type(actual)
    elements = actual if is_list(actual) else ()
    if isinstance(expected, str) and expected:
        inside = [one for one in elements if isinstance(one, str) and expected in one]
        if inside:
            return msg(
                "an element is compared as a whole, and {element} has it in it; write "
                "$contains: {{$contains: …}}",
                element=show(inside[0]),
            )
    is_map = isinstance(expected, Mapping)
    is_plain = not (is_map and any(map(is_operator, expected))) and not is_list(expected)
    if is_plain and elements and all(isinstance(one, Mapping) is not is_map for one in elements):
        return _describe_other_type(actual)
    return ""


def _why_order_not_comparable(expected: Any, actual: Any) -> str:
    """Return why a number and another type cannot be compared by order.

    "" if both are numbers, or neither is one.
    """
    return "" if is_number(expected) == is_number(actual) else _describe_other_type(actual)


def _explain_item_of_other_type(items: Any, actual: Any) -> str:
    """Return why *actual* equals none of *items* although one looks the same, or ""."""
    return next(filter(None, (_explain_number_vs_text(item, actual) for item in items)), "")


_WHY_NEVER: Mapping[str, Callable[[Any, Any], str]] = {
    **dict.fromkeys(("$gt", "$gte", "$lt", "$lte"), _why_order_not_comparable),
    "$contains": _why_never_contained,
    "$matches": lambda _, actual: "" if isinstance(actual, str) else _describe_other_type(actual),
    "$in": _explain_item_of_other_type,
    "$eq": _explain_number_vs_text,
}
"""Operator -> why it can never hold of a value, where that is so."""


def _compare_exists(expected: Any, actual: Any, path: Path) -> Checks:
    ok = (actual is not UNSET) is bool(expected)
    return (_make_comparison(path, ok, msg("a value") if expected else _NOT_THERE, actual),)


def _compare_length(expected: Any, actual: Any, path: Path) -> Checks:
    if not hasattr(actual, "__len__"):
        return (_make_comparison(path, False, f"$length {show(expected)}", actual),)
    length = f"{len(actual)}: {show(actual)}"
    return tuple(
        Comparison(check.path, check.ok, f"$length {check.expected}", length)
        for check in compare(expected, len(actual), path)
    )


def _compare_each(expected: Any, actual: Any, path: Path) -> Checks:
    whole = f"$each {show(expected)}"
    if not is_list(actual) and not isinstance(actual, Mapping):
        return (_make_comparison(path, False, whole, actual),)
    items = actual.items() if isinstance(actual, Mapping) else enumerate(actual)
    wrong = [
        c for at, item in items for c in select_failing_checks(compare(expected, item, (*path, at)))
    ]
    doubt = "" if actual else NOTHING_IN_IT
    return tuple(wrong) or (Comparison(path, True, whole, format_value(actual), doubt),)


def _compare_ne(expected: Any, actual: Any, path: Path) -> Checks:
    """Compare by ``$ne``, noting a doubt where a text and a number look the same.

    These two are never equal, so that ``$ne`` would always hold.
    """
    differs = actual is not UNSET and not hooks.is_same_value(expected, actual)
    doubt = _explain_number_vs_text(expected, actual) if differs else ""
    return (Comparison(path, differs, f"$ne {show(expected)}", format_value(actual), doubt),)


def _is_equal_in_any_order(expected: Any, actual: Any) -> bool:
    """Return whether the lists are equal apart from their order (``$unordered``)."""
    return is_list(actual) and len(expected) == len(actual) and _can_pair_all(expected, actual)


def _can_pair_all(expected: Sequence[Any], actual: Sequence[Any]) -> bool:
    """Return whether each of *expected* can be paired with an item of *actual* that fulfils it.

    No item may be used twice. This is bipartite matching by Kuhn's algorithm.
    """
    fits = [[i for i, item in enumerate(actual) if fulfils(want, item)] for want in expected]
    owner: dict[int, int] = {}

    def assign(want: int, tried: set[int]) -> bool:
        for index in fits[want]:
            if index in tried:
                continue
            tried.add(index)
            if index not in owner or assign(owner[index], tried):
                owner[index] = want
                return True
        return False

    return all(assign(want, set()) for want in range(len(expected)))


def _compare_exactly(expected: Any, actual: Any, path: Path) -> Checks:
    if not isinstance(expected, Mapping) or not isinstance(actual, Mapping):
        return compare(expected, actual, path)
    extra = [key for key in actual if key not in expected]
    closed = [_make_comparison((*path, key), False, _NOT_THERE, actual[key]) for key in extra]
    return (*_compare_members(expected, actual, path), *closed)


def is_list(value: Any) -> bool:
    """Return whether *value* is a list or tuple, which is compared item by item."""
    return isinstance(value, list | tuple)


def is_number(value: Any) -> bool:
    """Return whether *value* is a number; ``True`` and ``False`` are not."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_of_type(expected: Any, actual: Any) -> bool:
    if expected in TYPES or expected not in MATCHERS:
        return TYPES[expected](actual)
    return bool(MATCHERS.call(expected, actual))


TYPES: Mapping[str, Callable[[Any], bool]] = {
    "text": lambda value: isinstance(value, str),
    "number": is_number,
    "integer": lambda value: is_number(value) and value % 1 == 0,
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "list": is_list,
    "map": lambda value: isinstance(value, Mapping),
}
MATCHERS: Final = ExtensionPoint("bpmax_sim.matchers", FUNCTION, TYPES)
"""What ``$type`` takes: those, and functions of a value that others register."""

OPERATORS: Mapping[str, Compare] = {
    "$eq": _make_operator("", hooks.is_same_value),
    "$ne": _compare_ne,
    "$gt": _make_operator("$gt", _make_order_test(operator.gt)),
    "$gte": _make_operator("$gte", _make_order_test(operator.ge)),
    "$lt": _make_operator("$lt", _make_order_test(operator.lt)),
    "$lte": _make_operator("$lte", _make_order_test(operator.le)),
    "$in": _make_operator(
        "$in", lambda expected, actual: any(fulfils(item, actual) for item in expected)
    ),
    "$matches": _make_operator(
        "$matches",
        lambda expected, actual: isinstance(actual, str) and bool(re.search(expected, actual)),
    ),
    "$contains": _make_operator("$contains", _contains_expected),
    "$not": _compare_not,
    "$exists": _compare_exists,
    "$type": _make_operator("$type", _is_of_type),
    "$length": _compare_length,
    "$near": _make_operator("$near", _is_within_tolerance),
    "$each": _compare_each,
    "$unordered": _make_operator("$unordered", _is_equal_in_any_order),
    "$exactly": _compare_exactly,
}
REGISTERED: Final = ExtensionPoint(
    "bpmax_sim.operators", FUNCTION, {name[1:]: compare for name, compare in OPERATORS.items()}
)
"""Those without their ``$``, and functions of operand and value that others register."""


NESTING: Final = frozenset({
    "$contains", "$each", "$eq", "$exactly", "$in", "$ne", "$not", "$unordered",
})  # fmt: skip
"""Operators whose operands are expectations or values themselves, or lists of them."""
DENYING: Final = frozenset({"$ne", "$not"})
"""Those of them that deny what they have."""


def list_operator_names() -> tuple[str, ...]:
    """Return the names of all operators; those registered by other distributions come last."""
    return tuple(f"${name}" for name in REGISTERED.list_names())


def _find_operator(key: str) -> Compare:
    """Return the function that compares by the operator *key*.

    Operators are built in, or come from other distributions.

    Raises:
        KeyError: if there is no such operator.
    """
    if key in OPERATORS:
        return OPERATORS[key]
    if key[1:] not in REGISTERED:
        raise KeyError(key)
    return _make_operator(key, partial(REGISTERED.call, key[1:]))


def find_expectation_problems(expected: Any, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Yield what is wrong with the operators and operands of *expected*, each with its path."""
    if isinstance(expected, list | tuple):
        for index, item in enumerate(expected):
            yield from find_expectation_problems(item, (*path, index))
    if not isinstance(expected, Mapping):
        return
    mixed = any(map(is_operator, expected)) and not all(map(is_operator, expected))
    for key, value in expected.items():
        here = (*path, key)
        if is_operator(key) and key not in OPERATORS and key[1:] not in REGISTERED:
            known = suggest_or_list(key, list_operator_names())
            yield here, msg("unknown operator {key}{known}", key=key, known=known)
        elif is_operator(key) and mixed:
            yield (
                here,
                msg(
                    "operator {key} cannot be mixed with plain keys; use a separate mapping",
                    key=key,
                ),
            )
        elif is_operator(key):
            yield from _find_operand_problems(key, value, here)
        else:
            yield from find_expectation_problems(value, here)


def find_section_problem(section: str, value: Any) -> str | None:
    """Return why *value* has the wrong type for the section *section* of ``expect``, or None."""
    kinds, expected = _SECTIONS.get(section, ((object,), ""))
    if isinstance(value, kinds) or _contains_reference(value):
        return None
    return msg("expected {expected}, got {value}", expected=expected, value=show(value))


def find_count_problem(times: Any) -> str | None:
    """Return what is wrong with *times*, how often an expected call is to be made; None if nothing.

    It must be a whole number from 0, or a map of operators.
    """
    whole = isinstance(times, int) and not isinstance(times, bool) and times >= 0
    if whole or isinstance(times, Mapping) or _contains_reference(times):
        return None
    return msg("expected a whole number from 0, or operators, got {times}", times=show(times))


_LINES = ((str, list, Mapping), msg("a text, a list of them, or operators"))
_NAMED = ((Mapping,), msg("a map of names and values, or operators"))
_SECTIONS: Mapping[str, tuple[tuple[type, ...], str]] = {
    **dict.fromkeys(("form", "fields", "flow", "preview", "vars"), _NAMED),
    **dict.fromkeys(("messages", "console"), _LINES),
    "trace": ((str, Mapping), msg("a digest, or operators")),
}


def _find_operand_problems(key: str, value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    wrong = None if _contains_reference(value) or key not in _OPERANDS else _OPERANDS[key](value)
    if wrong:
        yield path, msg("{key} {wrong}, got {value}", key=key, wrong=wrong, value=show(value))
    elif key == "$ne" and isinstance(value, Mapping) and any(map(is_operator, value)):
        yield (
            path,
            msg(
                "$ne takes {value} literally, which nothing equals; write $not: {value}",
                value=show(value),
            ),
        )
    elif key in OPERATORS and key not in _LITERAL:
        yield from find_expectation_problems(value, path)


def _contains_reference(value: Any) -> bool:
    return isinstance(value, str) and "${" in value


_LITERAL = frozenset({"$eq", "$ne", "$matches", "$exists", "$type", "$near"})


def _find_pattern_problem(value: Any) -> str | None:
    if not isinstance(value, str):
        return msg("needs a text with a regular expression")
    try:
        re.compile(value)
    except BAD_PATTERN as error:
        return msg("needs a regular expression ({error})", error=error)
    return None


def _find_type_problem(value: Any) -> str | None:
    if isinstance(value, str) and (value in TYPES or value in MATCHERS):
        return None
    names = MATCHERS.list_names()
    return msg(
        "needs one of {names}{near}",
        names=join_list(names),
        near=suggest_nearest(str(value), names),
    )


def _make_operand_check(fits: Callable[[Any], bool], message: str) -> Callable[[Any], str | None]:
    """Return a check of operands that returns *message* unless *fits* accepts the operand."""
    return lambda value: None if fits(value) else message


def _is_near_operand(value: Any) -> bool:
    if isinstance(value, Mapping) and not value.keys() <= {"value", "within"}:
        return False
    if isinstance(value, Mapping) and _contains_reference(value.get("within")):
        value = value.get("value")  # the tolerance is known only in the run
    try:
        target, within = parse_near_operand(value)
        if not 0 <= within < math.inf:
            return False
        if not isinstance(target, str):
            return is_number(target)
        if not _contains_reference(target):
            Instant.parse(target)
    except (KeyError, ValueError, TypeError):
        return False
    return True


_A_NUMBER = _make_operand_check(
    lambda value: is_number(value) or isinstance(value, str), msg("needs a number or a text")
)
_OPERANDS: Mapping[str, Callable[[Any], str | None]] = {
    **dict.fromkeys(("$in", "$unordered"), _make_operand_check(is_list, msg("needs a list"))),
    "$matches": _find_pattern_problem,
    "$type": _find_type_problem,
    "$length": _make_operand_check(
        lambda value: (
            isinstance(value, Mapping) or (is_number(value) and value >= 0 and value % 1 == 0)
        ),
        msg("needs a count or operators"),
    ),
    "$exists": _make_operand_check(
        lambda value: isinstance(value, bool), msg("needs true or false")
    ),
    "$near": _make_operand_check(
        _is_near_operand, msg("needs a number or {value: …, within: …}, no tolerance below 0")
    ),
    **dict.fromkeys(("$gt", "$gte", "$lt", "$lte"), _A_NUMBER),
}
