"""Our own JavaScript compiled once per process and read into each context.

The bytecode never leaves the process: it is made and read by the same engine.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any

import _quickjs

from bpmax_sim.script.native import UNDEFINED, Value, handles, library

_COMPILE_ONLY = 1 << 5
_BYTECODE, _WITHOUT_SOURCE = 1 << 0, 1 << 4
_FILE = b"<input>"  # as the wheel names what it evaluates
_ENTRY = "__entry"


def compiled(sources: Sequence[str]) -> tuple[bytes, ...] | None:
    """Return the bytecode of each source, or None where the engine's library does not offer it."""
    context = _quickjs.Context()
    found = handles(context)
    if found is None:
        return None
    return tuple(_compiled(found[1], source.encode()) for source in sources)


def entered(context: Any, program: Sequence[bytes | str]) -> Any:
    """Return what the first function of *program* makes of the other values, in *context*.

    Bytecode is read as a function, a text stays one.
    """
    found = handles(context)
    assert found is not None, "compiled only where there are handles"
    functions, inner = library(), found[1]
    first, *others = (_value(inner, one) for one in program)
    arguments = (Value * len(others))(*others)
    made = functions.JS_Call(inner, first, UNDEFINED, len(others), arguments)
    for value in (first, *others):
        functions.JS_FreeValue(inner, value)
    window = functions.JS_GetGlobalObject(inner)
    functions.JS_SetPropertyStr(inner, window, _ENTRY.encode(), made)
    functions.JS_FreeValue(inner, window)
    entry = context.get(_ENTRY)
    context.eval(f"delete globalThis.{_ENTRY}")
    return entry


def _compiled(inner: int, source: bytes) -> bytes:
    functions = library()
    function = functions.JS_Eval(inner, source, len(source), _FILE, _COMPILE_ONLY)
    assert not function.is_exception, "our own files compile"
    size = ctypes.c_size_t()
    flags = _BYTECODE | _WITHOUT_SOURCE
    written = functions.JS_WriteObject(inner, ctypes.byref(size), function, flags)
    code = ctypes.string_at(written, size.value)
    functions.js_free(inner, written)
    functions.JS_FreeValue(inner, function)
    return code


def _value(inner: int, one: bytes | str) -> Value:
    functions = library()
    if isinstance(one, str):
        text = one.encode()
        value: Value = functions.JS_NewStringLen(inner, text, len(text))
    else:
        read = functions.JS_ReadObject(inner, one, len(one), _BYTECODE)
        value = functions.JS_EvalFunction(inner, read)
    return value
