"""Tell a context's prelude which promises were rejected without a handler.

The wheel's C library exports the hook of ECMA-262 (HostPromiseRejectionTracker) that its Python
class leaves out. Where it does not (Windows), only rejected calls that nobody awaited are told.
"""

from __future__ import annotations

import ctypes
from ctypes import CFUNCTYPE, POINTER, Structure, c_bool, c_int, c_int64, c_uint64, c_void_p
from functools import cache
from typing import Any

import _quickjs

_WORD = ctypes.sizeof(c_void_p)
_TAKE = "delete globalThis.__track"


class _Value(Structure):
    _fields_ = (("payload", c_uint64), ("tag", c_int64))


_UNDEFINED = _Value(0, 3)
_Tracker = CFUNCTYPE(None, c_void_p, _Value, _Value, c_bool, c_void_p)


def track_rejections(context: Any) -> object:
    """Connect the engine's hook to the prelude's ``__track`` and remove that from the globals.

    The result must live as long as the context.
    """
    library = _library()
    target = library and _connect(library, context)
    context.eval(_TAKE)
    return target


@cache
def _library() -> Any:
    if _WORD != 8:  # noqa: PLR2004 - values are laid out in another way on 32 bits
        return None
    try:
        library = ctypes.CDLL(_quickjs.__file__)
        for name, result, arguments in _SIGNATURES:
            function = getattr(library, name)
            function.restype, function.argtypes = result, arguments
    except (AttributeError, OSError):
        return None
    return library


_SIGNATURES: tuple[tuple[str, Any, tuple[Any, ...]], ...] = (
    ("JS_GetRuntime", c_void_p, (c_void_p,)),
    ("JS_GetGlobalObject", _Value, (c_void_p,)),
    ("JS_GetPropertyStr", _Value, (c_void_p, _Value, ctypes.c_char_p)),
    ("JS_FreeValue", None, (c_void_p, _Value)),
    ("JS_Call", _Value, (c_void_p, _Value, _Value, c_int, POINTER(_Value))),
    ("JS_SetHostPromiseRejectionTracker", None, (c_void_p, _Tracker, c_void_p)),
)


def _connect(library: Any, context: Any) -> object:
    # The object is its header, then JSRuntime *, then JSContext *.
    head = object.__basicsize__
    runtime, inner = (c_void_p * 2).from_address(id(context) + head)
    if library.JS_GetRuntime(inner) != runtime:
        return None
    window = library.JS_GetGlobalObject(inner)
    target = library.JS_GetPropertyStr(inner, window, b"__track")
    # The prelude's closure keeps the function alive, so no reference is held from here.
    library.JS_FreeValue(inner, target)
    library.JS_FreeValue(inner, window)
    library.JS_SetHostPromiseRejectionTracker(runtime, _told, ctypes.byref(target))
    return target


def _tell(context: int, promise: _Value, reason: _Value, handled: bool, target: int) -> None:
    arguments = (_Value * 3)(promise, reason, _Value(int(handled), 1))
    function = _Value.from_address(target)
    _library().JS_Call(context, function, _UNDEFINED, 3, arguments)


_told = _Tracker(_tell)
