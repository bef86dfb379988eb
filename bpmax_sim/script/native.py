"""The engine's C functions that the wheel's library exports and its Python class leaves out.

They are reached by a pointer that is read from inside the wheel's own object, so only in versions
whose objects were looked at. Elsewhere, where the functions are not there (Windows, 32 bits) and
with ``BPMAX_JS_NATIVE=0``, `library` is None and whoever asks does without: a context takes longer
to make, and of rejections that nobody handled only those of calls are known.
"""

from __future__ import annotations

import ctypes
import os
from ctypes import (
    CFUNCTYPE,
    POINTER,
    Structure,
    c_bool,
    c_char_p,
    c_int,
    c_int64,
    c_size_t,
    c_uint32,
    c_uint64,
    c_void_p,
)
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import _quickjs

TESTED = frozenset({"0.17.0.1", "0.17.0.2"})
"""Versions of quickjs-ng whose objects are laid out as `handles` reads them."""
SWITCH = "BPMAX_JS_NATIVE"

_WORD = ctypes.sizeof(c_void_p)
_INT, _EXCEPTION = 0, 6


class Value(Structure):
    """A JSValue of a 64-bit build."""

    _fields_ = (("payload", c_uint64), ("tag", c_int64))

    @property
    def is_exception(self) -> bool:
        """Return whether this stands for an error that was thrown."""
        return bool(self.tag == _EXCEPTION)

    @classmethod
    def of_int(cls, number: int) -> Value:
        """Return a whole number of 31 bits, which no context owns."""
        return cls(number, _INT)


UNDEFINED = Value(0, 3)
_Handles = c_uint64 * 2
Tracker = CFUNCTYPE(None, c_void_p, Value, Value, c_bool, c_void_p)

_SIGNATURES: tuple[tuple[str, Any, tuple[Any, ...]], ...] = (
    ("JS_GetRuntime", c_void_p, (c_void_p,)),
    ("JS_GetGlobalObject", Value, (c_void_p,)),
    ("JS_GetPropertyStr", Value, (c_void_p, Value, c_char_p)),
    ("JS_SetPropertyStr", c_int, (c_void_p, Value, c_char_p, Value)),
    ("JS_FreeValue", None, (c_void_p, Value)),
    ("JS_Call", Value, (c_void_p, Value, Value, c_int, POINTER(Value))),
    ("JS_SetHostPromiseRejectionTracker", None, (c_void_p, Tracker, c_void_p)),
    ("JS_Eval", Value, (c_void_p, c_char_p, c_size_t, c_char_p, c_int)),
    ("JS_EvalFunction", Value, (c_void_p, Value)),
    ("JS_WriteObject", c_void_p, (c_void_p, POINTER(c_size_t), Value, c_int)),
    ("JS_ReadObject", Value, (c_void_p, c_char_p, c_size_t, c_int)),
    ("JS_NewArrayBufferCopy", Value, (c_void_p, c_char_p, c_size_t)),
    ("JS_NewAtomLen", c_uint32, (c_void_p, c_char_p, c_size_t)),
    ("JS_FreeAtom", None, (c_void_p, c_uint32)),
    ("JS_DeleteProperty", c_int, (c_void_p, Value, c_uint32, c_int)),
    ("js_free", None, (c_void_p, c_void_p)),
)


@cache
def library() -> Any:
    """Return the functions, or None."""
    if _WORD != 8 or not is_tested():  # noqa: PLR2004 - values are other on 32 bits
        return None
    try:
        found = ctypes.CDLL(_quickjs.__file__)
        for name, result, arguments in _SIGNATURES:
            function = getattr(found, name)
            function.restype, function.argtypes = result, arguments
    except (AttributeError, OSError):
        return None
    return found


def is_tested() -> bool:
    """Return whether the engine's objects may be read: its version is known, and nobody forbids."""
    if os.environ.get(SWITCH) == "0":
        return False
    try:
        return version("quickjs-ng") in TESTED
    except PackageNotFoundError:
        return False


@cache
def values(count: int) -> type[ctypes.Array[Value]]:
    """Return the type of so many values; Python forgets such a type once nobody has it."""
    return Value * count


def handles(context: Any) -> tuple[int, int] | None:
    """Return the JSRuntime and the JSContext of *context*, or None where they are not found."""
    functions = library()
    if functions is None:
        return None
    # The object is its header, then JSRuntime *, then JSContext *.
    runtime, inner = _Handles.from_address(id(context) + object.__basicsize__)
    return (runtime, inner) if functions.JS_GetRuntime(inner) == runtime else None


def taken(inner: int, name: str) -> Value:
    """Remove a global of the context *inner* and return what it was, for the caller to free."""
    functions, spelled = library(), name.encode()
    window = functions.JS_GetGlobalObject(inner)
    value: Value = functions.JS_GetPropertyStr(inner, window, spelled)
    atom = functions.JS_NewAtomLen(inner, spelled, len(spelled))
    functions.JS_DeleteProperty(inner, window, atom, 0)
    functions.JS_FreeAtom(inner, atom)
    functions.JS_FreeValue(inner, window)
    return value
