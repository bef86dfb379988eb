"""The default JavaScript engine, QuickJS-NG: JSON text goes in and comes out.

No Python function is registered: a raise inside one, or a time limit, would corrupt the context,
which belongs to the thread that made it. Our own JavaScript is compiled once per process and read
into each context as bytecode, which the same engine makes and reads; what a context is not expected
to need stays text, in one buffer. That takes C functions that the wheel exports and its Python
class leaves out, reached by a pointer inside the wheel's object: only in versions that were tested.
Elsewhere (Windows, 32 bits, ``BPMAX_JS_NATIVE=0``) `library` is None: a context takes longer to
make, and of rejections that nobody handled only those of calls are known.
"""

from __future__ import annotations

import ctypes
import json
import os
import re
import time
from collections.abc import Callable, Mapping, Sequence
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
from functools import cache, lru_cache
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from typing import Any

import _quickjs

from bpmax_sim.script.interrupts import ROOM, Answer, Interrupts, layout
from bpmax_sim.script.limits import (
    EngineError,
    Limits,
    Watch,
    stack_limit,
    too_slow,
)
from bpmax_sim.script.operators import SIGN as OPERATORS

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
    ("JS_NewArrayBuffer", Value, (c_void_p, c_char_p, c_size_t, *3 * (c_void_p,), c_bool)),
    ("JS_SetImmutableArrayBuffer", c_int, (Value, c_bool)),
    ("JS_NewAtomLen", c_uint32, (c_void_p, c_char_p, c_size_t)),
    ("JS_FreeAtom", None, (c_void_p, c_uint32)),
    ("JS_DeleteProperty", c_int, (c_void_p, Value, c_uint32, c_int)),
    ("JS_RunGC", None, (c_void_p,)),
    ("JS_SetGCThreshold", None, (c_void_p, c_size_t)),
    ("JS_SetInterruptHandler", None, (c_void_p, Answer, c_void_p)),
    ("js_free", None, (c_void_p, c_void_p)),
)


@cache
def library() -> Any:
    """Return the functions, or None."""
    if _WORD != 8 or not is_tested():  # noqa: PLR2004 - values are other on 32 bits
        return None
    try:
        loaded = ctypes.CDLL(_quickjs.__file__)
        for name, result, arguments in _SIGNATURES:
            function = getattr(loaded, name)
            function.restype, function.argtypes = result, arguments
    except (AttributeError, OSError):
        return None
    return loaded


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


_COMPILE_ONLY = 1 << 5
_BYTECODE, _BARE = 1 << 0, 1 << 5  # the latter without source and lines, which nobody is shown
_FILE = b"<input>"  # as the wheel names what it evaluates
_ENTRY = "__entry"


class Texts:
    """Sources one after the other in UTF-8, each ended by a zero; must outlive every context."""

    def __init__(self, sources: Sequence[str]) -> None:
        """Lay *sources* out."""
        self._data, self.starts = b"", []
        for source in sources:
            self.starts.append(Value.of_int(len(self._data)))
            self._data += source.encode() + b"\0"

    def within(self, inner: int) -> Value:
        """Return an immutable ArrayBuffer of *inner* over the texts; nothing is copied.

        In other versions the arguments mean that it neither grows nor frees anything, too.
        """
        functions, data = library(), self._data
        buffer: Value = functions.JS_NewArrayBuffer(inner, data, len(data), 0, None, None, False)
        functions.JS_SetImmutableArrayBuffer(buffer, True)  # every context has the same bytes
        return buffer


@cache
def compiled(source: str) -> bytes | None:
    """Return the bytecode of *source*, or None where the engine's library does not offer it."""
    context = _quickjs.Context()
    pointers = handles(context)
    return None if pointers is None else _compiled(pointers[1], source.encode())


def entered(context: Any, main: bytes, parts: Sequence[bytes | None], texts: Texts) -> Any:
    """Return what the function of *main* makes of *texts* and of *parts*, in *context*.

    A part is a function of its bytecode, or the number of its first byte in the texts.
    """
    pointers = handles(context)
    assert pointers is not None, "compiled only where there are handles"
    functions, inner = library(), pointers[1]
    first, buffer = _function(inner, main), texts.within(inner)
    counted = [first, buffer, *(_function(inner, part) for part in parts if part is not None)]
    read = iter(counted[2:])
    arguments = [
        start if part is None else next(read)
        for part, start in zip(parts, texts.starts, strict=True)
    ]
    count = len(arguments) + 1
    result = functions.JS_Call(inner, first, UNDEFINED, count, values(count)(buffer, *arguments))
    for value in counted:
        functions.JS_FreeValue(inner, value)
    return _wrapped(context, inner, result)


def _wrapped(context: Any, inner: int, value: Value) -> Any:
    """Return the wheel's own object for *value*, which goes through a global for a moment."""
    functions = library()
    window = functions.JS_GetGlobalObject(inner)
    functions.JS_SetPropertyStr(inner, window, _ENTRY.encode(), value)
    functions.JS_FreeValue(inner, window)
    entry = context.get(_ENTRY)
    functions.JS_FreeValue(inner, taken(inner, _ENTRY))
    return entry


def _compiled(inner: int, source: bytes) -> bytes:
    functions = library()
    function = functions.JS_Eval(inner, source, len(source), _FILE, _COMPILE_ONLY)
    assert not function.is_exception, "our own files compile"
    size = ctypes.c_size_t()
    flags = _BYTECODE | _BARE
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


_TRACK = "__track"


def track_rejections(context: Any) -> object:
    """Connect the engine's hook to the prelude's ``__track`` and remove that from the globals.

    The result must live as long as the context.
    """
    pointers = handles(context)
    if pointers is None:
        return context.eval(f"delete globalThis.{_TRACK}")
    return _connect(*pointers)


def _connect(runtime: int, inner: int) -> object:
    functions = library()
    target = taken(inner, _TRACK)
    # The prelude's closure keeps the function alive, so no reference is held from here.
    functions.JS_FreeValue(inner, target)
    functions.JS_SetHostPromiseRejectionTracker(runtime, _tracker, ctypes.byref(target))
    return target


def _tell(context: int, promise: Value, reason: Value, handled: bool, target: int) -> None:
    arguments = values(3)(promise, reason, Value(int(handled), 1))
    function = Value.from_address(target)
    library().JS_Call(context, function, UNDEFINED, 3, arguments)


_tracker = Tracker(_tell)


BINDINGS: Mapping[str, str] = {
    "primordials": r"",
    "errors": r"\b(?:catch|throw|stack|reject|fetch)|Error|XMLHttpRequest",
    "values": r"Date|Map|Set|Array|BigInt|toJSON|class\b",
    "timers": r"Timeout|Interval|race\b|any\b",
    "console": r"console",
    "date": r"Date",
    "random": r"random|crypto",
    "text": r"Text(?:En|De)coder|URL",
    "clone": r"structuredClone",
    "proxy": r"\$proxy",
    "guards": r"",
    "walk": r"flat|concat|Proxy|prototype|\.call\b|\braw\b|URL|fromEntries|ListFormat",
    "search": r"(?!)",
    "dom": r"DOMException|atob|btoa",
    "url": r"URL",
    "intl": r"Intl|toLocale|localeCompare",
    "collation": r"localeCompare|Collator",
    "places": r"(?!)",
    "inspect": r"console",
    "sort": r"[sS]ort(?:ed)?\b",
    "math": r"(?!)",
    "power": r"(?!)",
    "operators": r"(?!)",
    "stack": r"(?!)",
    "radix": r"(?!)",
    "legacy": r"(?!)",
    "web": r"Abort(?:Controller|Signal)|performance",
    "gbk": r"(?i)gbk|gb_?2312|chinese",
    "formatjs": r"(?!)",
    "icu": (
        r"\bunit\b|DisplayNames|\b(?i:America|Europe|Africa|Australia|Pacific|Asia)/"
        r"(?!(?i:Shanghai|Hong_Kong|Taipei|Singapore|Tokyo|Seoul)\b)"
    ),
    "live": r"",
}
"""Name of a binding -> what a script that uses it is likely to contain.

Only that is read from bytecode beforehand; the others are compiled where a script uses them all the
same, which is as right and takes longer.
"""
_PUMPED_BETWEEN_LOOKS = 64

ADAPTATIONS: Mapping[str, str] = {
    "math": (
        r"\bMath\b(?!\s*\??\.)|\bMath\s*\??\.\s*"
        r"(?:a?cosh?|a?sinh?|a?tanh?|atan2|cbrt|exp|expm1|hypot|log(?:10|1p|2)?)\b"
    ),
    "power": rf"{OPERATORS}|\bMath\b(?!\s*\??\.)|\bMath\s*\??\.\s*pow\b",
    "operators": rf"{OPERATORS}|\bFunction\b|\.\s*constructor\s*\(",
    "stack": r"\bgetOwnPropertyNames\b|\bownKeys\b",
    "radix": r"\btoString\b(?!\s*\(\s*\))",
    "legacy": (
        r"(?s)\A(?=.*?\bRegExp\b)"
        r".*?(?:\$[1-9&_+'`\"]|lastMatch|lastParen|leftContext|rightContext)"
    ),
    "formatjs": r"PluralRules|RelativeTimeFormat|ListFormat",
}
"""What makes the language that of V8, for scripts that name it: name of a binding -> its sign.

It is decided from the text of script and libraries before either runs; other scripts pay nothing.
"""


class QuickJSNG:
    """A QuickJS-NG context with the prelude in it."""

    def __init__(self, limits: Limits, sources: Sequence[str] = ()) -> None:
        """Make a context within *limits*, which is to run *sources*."""
        self._limits = limits
        self._left = limits.cpu
        self._left_wall = limits.wall
        self._is_wall = False
        self._entered = 0.0
        self._context: Any = _quickjs.Context()
        pointers = handles(self._context)
        where = pointers and layout(self._context, *pointers)
        room = ROOM if where else 0
        self._watch = Watch(self._context, limits.memory, room)
        self._interrupts: Interrupts | None = None
        if pointers and where:
            self._interrupts = Interrupts(library(), pointers, where, self._watch)
        self._context.set_max_stack_size(limits.stack or stack_limit())
        self._entry: Any = _entry(self._context, sources)
        self._tracking = track_rejections(self._context)
        if parts := adaptation(adaptations(sources)):
            self._entry("adapt", parts)
        self._context.set_memory_limit(limits.memory + room)

    def load(self, source: str) -> None:
        """Run *source* as a global script."""
        self._within(self._context.eval, source)

    def call(self, operation: str, argument: str) -> str:
        """Run one operation of the prelude and every microtask, and return its outbox."""
        text: str = self._within(self._turn, operation, argument)
        return text

    def renew(self) -> None:
        """Let the next script use as much time as one may."""
        self._left, self._left_wall = self._limits.cpu, self._limits.wall

    def close(self) -> None:
        """Free the context. What answers it stays, for a thread that is in it still."""
        self._entry = self._context = None

    def _turn(self, operation: str, argument: str) -> Any:
        self._entry(operation, argument)
        self._pump()
        self._limit()
        return self._entry()

    def _limit(self) -> None:
        # The engine's own limit is afresh for each entry, so the sum is kept here.
        if self._interrupts is None:
            left = min(self._left, self._left_wall) - self._used()
            self._context.set_time_limit(max(left, 0.001))

    def _used(self) -> float:
        """Return the processor time since the engine was entered, in seconds."""
        return time.thread_time() - self._entered

    def _within(self, work: Callable[..., Any], *arguments: str) -> Any:
        if self._watch.fired or self._left <= 0 or self._left_wall <= 0:
            raise self._too_slow("")
        self._entered, started = time.thread_time(), time.monotonic()
        self._watch.enter(self._entered + self._left, started + self._left_wall)
        try:
            self._limit()
            result = work(*arguments)
            self._pump()
        except _quickjs.JSException as error:
            raise self._translated(str(error)) from None
        finally:
            self._watch.leave()
            self._left -= self._used()
            self._left_wall -= time.monotonic() - started
        if self._watch.fired:
            raise self._too_slow("")
        return result

    def _pump(self) -> None:
        # An endless `await null` never trips the engine's limit: each job is an entry of its own.
        advance, count = self._context.execute_pending_job, 0
        while advance():
            count += 1
            if self._watch.fired:
                raise self._too_slow("")
            if count % _PUMPED_BETWEEN_LOOKS == 0 and self._used() > self._left:
                raise self._too_slow("")

    def _translated(self, text: str) -> EngineError:
        # The text is `Name: message`, then the stack, which repeats that line in a script's view.
        lines = text.split("\n")
        raw = "\n".join(line for line in lines if line.startswith("    at "))
        name, colon, message = lines[0].partition(": ")
        if not colon:
            name, message = "Uncaught", lines[0]
        if message == "interrupted" or self._watch.fired:
            return self._too_slow(raw)
        return EngineError(name, message, raw)

    def _too_slow(self, raw: str) -> EngineError:
        fired = self._watch.fired
        if self._watch.raised is not None:
            raise self._watch.raised
        if fired == "memory":
            return EngineError("InternalError", "out of memory", raw)
        if self._left > 0 or self._left_wall > 0:
            self._is_wall = fired == "wall" if fired else self._left_wall < self._left
        self._left = self._left_wall = 0.0
        return too_slow(self._limits, is_wall=self._is_wall, raw=raw)


def _entry(context: Any, scripts: Sequence[str]) -> Any:
    """Return the prelude's entry, made ready for *scripts*."""
    texts = sources()
    main = compiled(texts[0])
    if main is None:
        return context.eval(texts[0])(None, *texts[1:])
    names = _needed("").union(adaptations(scripts), *map(_needed, scripts))
    parts = [
        compiled(text) if name in names else None
        for name, text in zip(BINDINGS, texts[1:], strict=True)
    ]
    return entered(context, main, parts, _texts())


@lru_cache(maxsize=256)
def _needed(script: str) -> frozenset[str]:
    """Return the bindings that *script* is likely to use."""
    return frozenset(name for name, sign in BINDINGS.items() if re.search(sign, script))


def adaptations(scripts: Sequence[str]) -> tuple[str, ...]:
    """Return the adaptations whose sign is in one of *scripts*."""
    return _adaptations("\n".join(scripts))


@lru_cache(maxsize=256)
def _adaptations(text: str) -> tuple[str, ...]:
    return tuple(name for name, sign in ADAPTATIONS.items() if re.search(sign, text))


def adaptation(names: Sequence[str]) -> str:
    """Return the argument of the prelude's ``adapt`` for these adaptations, if there are any."""
    order = list(BINDINGS)
    parts = [order.index(name) + 1 for name in names]  # among the prelude's parameters
    return json.dumps({"now": 0, "parts": parts}) if parts else ""


@cache
def _texts() -> Texts:
    """Return the texts of the bindings, once for all contexts."""
    return Texts(sources()[1:])


@cache
def sources() -> tuple[str, ...]:
    """Return the prelude and the bindings, in the order of its parameters."""
    folder = files("bpmax_sim.script")
    paths = ("prelude.js", *(f"bindings/{name}.js" for name in BINDINGS))
    return tuple((folder / path).read_text("utf-8") for path in paths)
