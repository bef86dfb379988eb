"""The C API of the default engine, as ``quickjs.h`` declares it and its wheel exports it.

The wheel's own class lacks what scripts need here: unhandled rejections, bytecode, and control of
garbage collection. So contexts are created by these functions, which are all public: no offset
within an object of the engine or of the wheel is assumed, and nothing is written there. If a
function is missing or behaves otherwise (Windows exports none, 32-bit builds have other values),
`load_library` returns None and the wheel's class is used.
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
    c_uint64,
    c_void_p,
    py_object,
)
from functools import cache
from typing import Any

import _quickjs

SWITCH = "BPMAX_JS_NATIVE"
"""The variable that keeps to the wheel's class if it is 0."""

_INT, _UNDEFINED, _EXCEPTION = 0, 3, 6
_MARK = 123_456_789  # a limit of memory that is found again
_Usage = c_int64 * 64  # more than JSMemoryUsage has


class Value(Structure):
    """A value of the C API (``JSValue``) in a 64-bit build: payload and tag."""

    _fields_ = (("payload", c_uint64), ("tag", c_int64))

    @property
    def is_exception(self) -> bool:
        """Return whether this value says that an error was thrown."""
        return bool(self.tag == _EXCEPTION)

    @property
    def integer(self) -> int | None:
        """Return the value of an integer from 0 to 2³¹ - 1; None for a value of another type.

        Of a negative integer the result is wrong; the prelude returns none.
        """
        return self.payload & 0xFFFFFFFF if self.tag == _INT else None

    @classmethod
    def from_int(cls, number: int) -> Value:
        """Return an integer from 0 to 2³¹ - 1, which belongs to no context and is not freed."""
        return cls(number, _INT)


UNDEFINED = Value(0, _UNDEFINED)
Tracker = CFUNCTYPE(None, c_void_p, Value, Value, c_bool, py_object)
Interrupt = CFUNCTYPE(c_int, c_void_p)

_LONG: tuple[tuple[str, Any, tuple[Any, ...]], ...] = (
    ("JS_Eval", Value, (c_void_p, c_char_p, c_size_t, c_char_p, c_int)),
    ("JS_Call", Value, (c_void_p, Value, Value, c_int, POINTER(Value))),
    ("JS_ExecutePendingJob", c_int, (c_void_p, POINTER(c_void_p))),
    ("JS_EvalFunction", Value, (c_void_p, Value)),
    ("JS_GetPropertyStr", Value, (c_void_p, Value, c_char_p)),
    ("JS_ToCStringLen2", c_void_p, (c_void_p, POINTER(c_size_t), Value, c_bool)),
)
"""What runs a script's code: Python's other threads go on meanwhile."""
_SHORT: tuple[tuple[str, Any, tuple[Any, ...]], ...] = (
    ("JS_NewRuntime", c_void_p, ()),
    ("JS_NewContext", c_void_p, (c_void_p,)),
    ("JS_FreeContext", None, (c_void_p,)),
    ("JS_FreeRuntime", None, (c_void_p,)),
    ("JS_FreeValue", None, (c_void_p, Value)),
    ("JS_GetException", Value, (c_void_p,)),
    ("JS_NewStringLen", Value, (c_void_p, c_char_p, c_size_t)),
    ("JS_FreeCString", None, (c_void_p, c_void_p)),
    ("JS_ReadObject", Value, (c_void_p, c_char_p, c_size_t, c_int)),
    ("JS_WriteObject", c_void_p, (c_void_p, POINTER(c_size_t), Value, c_int)),
    ("JS_UpdateStackTop", None, (c_void_p,)),
    ("JS_SetMaxStackSize", None, (c_void_p, c_size_t)),
    ("JS_SetMemoryLimit", None, (c_void_p, c_size_t)),
    ("JS_SetGCThreshold", None, (c_void_p, c_size_t)),
    ("JS_RunGC", None, (c_void_p,)),
    ("JS_ComputeMemoryUsage", None, (c_void_p, POINTER(c_int64))),
    ("JS_SetInterruptHandler", None, (c_void_p, Interrupt, c_void_p)),
    ("JS_SetHostPromiseRejectionTracker", None, (c_void_p, Tracker, py_object)),
    ("JS_GetVersion", c_char_p, ()),
    ("JS_IsJobPending", c_bool, (c_void_p,)),
    ("js_free", None, (c_void_p, c_void_p)),
)


class Library:
    """The C functions of QuickJS-NG, with the types of their arguments, as attributes."""

    def __init__(self, path: str) -> None:
        """Load the functions of the shared library at *path*.

        Raises:
            AttributeError: if a function is missing.
            OSError: if the file is not a library.
        """
        tables = ((ctypes.CDLL(path), _LONG), (ctypes.PyDLL(path), _SHORT))
        for loaded, table in tables:
            for name, result, arguments in table:
                function = getattr(loaded, name)
                function.restype, function.argtypes = result, arguments
                setattr(self, name, function)

    def __getattr__(self, name: str) -> Any:
        """Only declared for type checkers.

        Functions are attributes, so only missing ones get here.
        """
        raise AttributeError(name)


@cache
def load_library() -> Library | None:
    """Return the C API, or None if it is not available or not as ``quickjs.h`` declares it."""
    if ctypes.sizeof(c_void_p) != 8 or os.environ.get(SWITCH) == "0":  # noqa: PLR2004
        return None
    try:
        library = Library(_quickjs.__file__)
    except (AttributeError, OSError):
        return None
    return library if _has_expected_layout(library) else None


def _has_expected_layout(library: Library) -> bool:
    """Return whether the library's values and sizes are laid out as ``quickjs.h`` declares them.

    It takes about a millisecond.
    """
    context = NativeContext(library)
    try:
        context.set_memory_limit(_MARK)
        usage = context.read_usage()
        if usage[1] != _MARK or not 0 < usage[0] < _MARK:
            return False
        number, nothing, thrown = map(context.evaluate, ("40 + 2", "void 0", "throw 1"))
        # Numbers first: what is freed as something that it is not spoils the process's memory.
        if (number.integer, nothing.tag, thrown.is_exception) != (42, 3, True):
            return False
        library.JS_FreeValue(context.inner, library.JS_GetException(context.inner))
        value = context.evaluate("'张😀'")
        text = context.read_text(value)
        library.JS_FreeValue(context.inner, value)
    finally:
        context.close()
    return text == "张😀"


@cache
def make_value_array_type(count: int) -> type[ctypes.Array[Value]]:
    """Return the ctypes array type of *count* values, cached: ctypes drops unused types."""
    return Value * count


FILE = b"<input>"  # as the wheel names what it evaluates


class NativeContext:
    """A JavaScript context used through the C API.

    It takes the place of ``Context`` of the Python package quickjs-ng: it has those of its methods
    that this package calls, and others.

    Attributes:
        runtime, inner: addresses of the engine's JSRuntime and JSContext; 0 when they are freed.
    """

    # Of the class, as Ctrl-C can end `__init__` anywhere, and `__del__` is called all the same.
    runtime = inner = 0
    _held: tuple[Value, ...] = ()
    # How many calls are in the engine. Another thread may close this context while a call runs in
    # it; freeing it then would crash the process.
    _depth = 0
    _is_closed = False

    def __init__(self, library: Library | None = None) -> None:
        """Create runtime and context in *library*; None for the installed engine."""
        found = library or load_library()
        assert found is not None, "made only where the functions are there"
        self._library = found
        self.runtime = found.JS_NewRuntime()
        self.inner = found.JS_NewContext(self.runtime)
        self._usage = _Usage()
        self._job = c_void_p()

    def evaluate(self, source: str, flags: int = 0) -> Value:
        """Run *source* as a global script; return its value, which the caller frees.

        *flags* are those of the engine's JS_Eval. If the script throws, the value is its marker of
        an exception, and nothing is raised.
        """
        code = source.encode()
        self._retain_context()
        try:
            value: Value = self._library.JS_Eval(self.inner, code, len(code), FILE, flags)
            return value
        finally:
            self._release_context()

    def eval(self, source: str) -> None:
        """Run *source* as a global script.

        Raises:
            JSException: if the script throws.
        """
        self._retain_context()
        try:
            value = self.evaluate(source)
            if value.tag == _EXCEPTION:
                raise _quickjs.JSException(self._take_exception())
            self._library.JS_FreeValue(self.inner, value)
        finally:
            self._release_context()

    def call(self, function: Value, *texts: str) -> str:
        """Call *function* with *texts* and return its result as text.

        Raises:
            JSException: if the function throws.
        """
        self._retain_context()
        try:
            library, inner, count = self._library, self.inner, len(texts)
            arguments = make_value_array_type(count)()
            for number, text in enumerate(texts):
                data = text.encode()
                arguments[number] = value = library.JS_NewStringLen(inner, data, len(data))
                if value.tag == _EXCEPTION:
                    raise _quickjs.JSException(self._take_exception())
            result = library.JS_Call(inner, function, UNDEFINED, count, arguments)
            for argument in arguments:
                library.JS_FreeValue(inner, argument)
            if result.tag == _EXCEPTION:
                raise _quickjs.JSException(self._take_exception())
            if result.tag == _UNDEFINED:
                return ""
            answer = self.read_text(result)
            library.JS_FreeValue(inner, result)
            return answer
        finally:
            self._release_context()

    def execute_pending_job(self) -> bool:
        """Run the next microtask; return whether there was one.

        Raises:
            JSException: if the microtask throws.
        """
        if not self._library.JS_IsJobPending(self.runtime):
            return False
        self._retain_context()
        try:
            ran = self._library.JS_ExecutePendingJob(self.runtime, self._job)
            if ran < 0:
                raise _quickjs.JSException(self._take_exception())
            return bool(ran)
        finally:
            self._release_context()

    def read_text(self, value: Value) -> str:
        """Return *value* as text, or "" if there is no memory for it."""
        size = c_size_t()
        pointer = self._library.JS_ToCStringLen2(self.inner, size, value, False)
        if not pointer:
            self._library.JS_FreeValue(self.inner, self._library.JS_GetException(self.inner))
            return ""
        text = ctypes.string_at(pointer, size.value).decode("utf-8", "surrogatepass")
        self._library.JS_FreeCString(self.inner, pointer)
        return text

    def read_usage(self) -> ctypes.Array[c_int64]:
        """Return the numbers of JSMemoryUsage.

        First the bytes in use, then their limit, then others.
        """
        self._library.JS_ComputeMemoryUsage(self.runtime, self._usage)
        return self._usage

    def collect_garbage(self) -> None:
        """Free objects that are only referenced in cycles."""
        self._library.JS_RunGC(self.runtime)

    def set_memory_limit(self, size: int) -> None:
        """Set the heap limit in bytes; may be called on any thread."""
        if not self._is_closed:
            self._library.JS_SetMemoryLimit(self.runtime, size)

    def set_max_stack_size(self, size: int) -> None:
        """Set the stack limit in bytes; may be called on any thread."""
        if not self._is_closed:
            self._library.JS_SetMaxStackSize(self.runtime, size)

    def get_member_freed_at_close(self, holder: Value, name: str) -> Value:
        """Return the property *name* of *holder*; both values are freed with the context."""
        value: Value = self._library.JS_GetPropertyStr(self.inner, holder, name.encode())
        self._held += (holder, value)
        return value

    def close(self) -> None:
        """Free runtime and context, or mark them to be freed when nothing runs in them any more."""
        self._is_closed = True
        if not self._depth:
            self._free_context()

    def __del__(self) -> None:
        """Close the context, if nobody has, as ``Context`` of the package quickjs-ng does."""
        self.close()

    def _retain_context(self) -> None:
        """Keep the context from being freed until `_release_context` is called as often as this.

        Another thread may close it meanwhile; then it is freed at the last release.

        Raises:
            JSException: if the context is closed.
        """
        if not self._depth:
            if self._is_closed:
                raise _quickjs.JSException("InternalError: interrupted")
            # The engine measures the stack from here. It may be another thread's than before, and
            # with the old address every call would overflow, or none ever.
            self._library.JS_UpdateStackTop(self.runtime)
        self._depth += 1

    def _release_context(self) -> None:
        self._depth -= 1
        if self._is_closed and not self._depth:
            self._free_context()

    def _free_context(self) -> None:
        inner, runtime, self.inner, self.runtime = self.inner, self.runtime, 0, 0
        if inner:
            for value in self._held:
                self._library.JS_FreeValue(inner, value)
            self._library.JS_FreeContext(inner)
        if runtime:
            self._library.JS_FreeRuntime(runtime)

    def _take_exception(self) -> str:
        """Return the thrown error: ``Name: message``, then its stack."""
        library, inner = self._library, self.inner
        thrown = library.JS_GetException(inner)
        text = self.read_text(thrown)
        stack = library.JS_GetPropertyStr(inner, thrown, b"stack")
        if not stack.is_exception and stack.tag != _UNDEFINED:
            text += "\n" + self.read_text(stack)
        library.JS_FreeValue(inner, stack)
        library.JS_FreeValue(inner, thrown)
        return text
