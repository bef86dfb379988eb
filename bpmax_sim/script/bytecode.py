"""Our own JavaScript compiled once per process and read into each context.

Bytecode never leaves the process: it is made and read by the same engine. What a context is not
expected to need stays text, all of it in one buffer.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from functools import cache
from typing import Any

import _quickjs

from bpmax_sim.script.native import UNDEFINED, Value, handles, library, taken, values

_COMPILE_ONLY = 1 << 5
_BYTECODE, _WITHOUT_SOURCE = 1 << 0, 1 << 4
_FILE = b"<input>"  # as the wheel names what it evaluates
_ENTRY = "__entry"


class Texts:
    """Sources one after the other in UTF-8, each ended by a zero."""

    def __init__(self, sources: Sequence[str]) -> None:
        """Lay *sources* out."""
        self._data, self.starts = b"", []
        for source in sources:
            self.starts.append(Value.of_int(len(self._data)))
            self._data += source.encode() + b"\0"

    def within(self, inner: int) -> Value:
        """Return an ArrayBuffer of *inner* with the texts; strings would take 30 times as long."""
        made: Value = library().JS_NewArrayBufferCopy(inner, self._data, len(self._data))
        return made


@cache
def compiled(source: str) -> bytes | None:
    """Return the bytecode of *source*, or None where the engine's library does not offer it."""
    context = _quickjs.Context()
    found = handles(context)
    return None if found is None else _compiled(found[1], source.encode())


def entered(context: Any, main: bytes, parts: Sequence[bytes | None], texts: Texts) -> Any:
    """Return what the function of *main* makes of *texts* and of *parts*, in *context*.

    A part is a function of its bytecode, or the number of its first byte in the texts.
    """
    found = handles(context)
    assert found is not None, "compiled only where there are handles"
    functions, inner = library(), found[1]
    first, buffer = _function(inner, main), texts.within(inner)
    counted = [first, buffer, *(_function(inner, part) for part in parts if part is not None)]
    read = iter(counted[2:])
    given = [
        start if part is None else next(read)
        for part, start in zip(parts, texts.starts, strict=True)
    ]
    count = len(given) + 1
    made = functions.JS_Call(inner, first, UNDEFINED, count, values(count)(buffer, *given))
    for value in counted:
        functions.JS_FreeValue(inner, value)
    return _wrapped(context, inner, made)


def _wrapped(context: Any, inner: int, made: Value) -> Any:
    """Return the wheel's own object for *made*, which goes through a global for a moment."""
    functions = library()
    window = functions.JS_GetGlobalObject(inner)
    functions.JS_SetPropertyStr(inner, window, _ENTRY.encode(), made)
    functions.JS_FreeValue(inner, window)
    entry = context.get(_ENTRY)
    functions.JS_FreeValue(inner, taken(inner, _ENTRY))
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


def _function(inner: int, code: bytes) -> Value:
    functions = library()
    read = functions.JS_ReadObject(inner, code, len(code), _BYTECODE)
    value: Value = functions.JS_EvalFunction(inner, read)
    return value
