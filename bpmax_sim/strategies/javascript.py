"""A program written as the JavaScript that says the same."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from math import copysign, isfinite, isnan
from typing import Any

from bpmax_sim.proxy.program import Program
from bpmax_sim.proxy.values import BigInt, Undefined, js_number, ms_of

_DOLLAR = {"path": "$path", "query": "$query", "header": "$header", "body": "$body"}


def javascript(program: Program) -> str:
    """Return the expression that makes the call of *program*: ``$proxy("crm")…$call()``.

    Raises:
        TypeError: if it holds a value that has no literal.
    """
    options = f", {literal(program.options)}" if program.options else ""
    proxy = f"$proxy({literal(program.platform)}{options})"
    if program.args is not None:
        return f"{proxy}[{literal(program.api)}]({', '.join(map(literal, program.args))})"
    setters = "".join(f".{_DOLLAR[name]}({literal(value)})" for name, value in program.steps)
    return f"{proxy}.$api({literal(program.api)}){setters}.$call()"


def literal(value: Any) -> str:
    """Return *value* as JavaScript source.

    Raises:
        TypeError: if it has no literal.
    """
    for kind, write in _WRITERS:
        if isinstance(value, kind):
            return write(value)
    raise TypeError(f"{type(value).__name__} has no JavaScript literal")


def _number(value: float) -> str:
    if not isfinite(value):
        return "NaN" if isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return "-0" if value == 0 and copysign(1, value) < 0 else js_number(value)


def _object(value: Mapping[str, Any]) -> str:
    # A computed name is an own property, even __proto__.
    return f"{{{', '.join(f'[{literal(name)}]: {literal(item)}' for name, item in value.items())}}}"


def _bytes(value: bytes) -> str:
    return f"new Uint8Array({json.dumps(list(value))})"


_WRITERS: tuple[tuple[Any, Callable[[Any], str]], ...] = (
    (str, json.dumps),
    (bool, lambda value: "true" if value else "false"),
    ((int, float), _number),
    (type(None), lambda _value: "null"),
    (Undefined, lambda _value: "undefined"),
    (BigInt, lambda value: f"{value.value}n"),
    (datetime, lambda value: f"new Date({ms_of(value)})"),
    (bytes, _bytes),
    (Mapping, _object),
    ((list, tuple), lambda value: f"[{', '.join(map(literal, value))}]"),
)
