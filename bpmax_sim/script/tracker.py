"""Tell a context's prelude which promises were rejected without a handler.

The hook is that of ECMA-262 (HostPromiseRejectionTracker). Where the engine's library does not
offer it, only rejected calls that nobody awaited are told.
"""

from __future__ import annotations

import ctypes
from typing import Any

from bpmax_sim.script.native import UNDEFINED, Tracker, Value, handles, library, taken, values

_TRACK = "__track"


def track_rejections(context: Any) -> object:
    """Connect the engine's hook to the prelude's ``__track`` and remove that from the globals.

    The result must live as long as the context.
    """
    found = handles(context)
    if found is None:
        return context.eval(f"delete globalThis.{_TRACK}")
    return _connect(*found)


def _connect(runtime: int, inner: int) -> object:
    functions = library()
    target = taken(inner, _TRACK)
    # The prelude's closure keeps the function alive, so no reference is held from here.
    functions.JS_FreeValue(inner, target)
    functions.JS_SetHostPromiseRejectionTracker(runtime, _told, ctypes.byref(target))
    return target


def _tell(context: int, promise: Value, reason: Value, handled: bool, target: int) -> None:
    arguments = values(3)(promise, reason, Value(int(handled), 1))
    function = Value.from_address(target)
    library().JS_Call(context, function, UNDEFINED, 3, arguments)


_told = Tracker(_tell)
