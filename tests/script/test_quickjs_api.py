"""The engine's C API: it is probed before it is relied on, and done without where it is odd."""

from __future__ import annotations

import ctypes
import time
from ctypes import c_int64
from functools import partial
from pathlib import Path
from typing import Any

import _quickjs
import pytest

from bpmax_sim.script import quickjs_api
from bpmax_sim.script.engine import QuickJSNG
from bpmax_sim.script.limits import Limits
from bpmax_sim.script.quickjs_api import Library, NativeContext, load_library
from tests.script.bench import run

pytestmark = pytest.mark.needs_native


@pytest.fixture
def library() -> Library:
    return Library(_quickjs.__file__)


def test_the_question_is_short() -> None:
    load_library.cache_clear()
    started = time.thread_time()

    assert load_library() is not None
    assert time.thread_time() - started < 0.06


def count_elsewhere(library: Any) -> None:
    """Let the numbers of JSMemoryUsage begin one later, as after a change of its layout."""
    count = library.JS_ComputeMemoryUsage

    def shifted(runtime: int, usage: Any) -> None:
        count(runtime, ctypes.cast(ctypes.byref(usage, 8), ctypes.POINTER(c_int64)))

    library.JS_ComputeMemoryUsage = shifted


def change_number(library: Any, index: int, value: int) -> None:
    """Let JSMemoryUsage have *value* at *index*."""
    count = library.JS_ComputeMemoryUsage

    def changed(runtime: int, usage: Any) -> None:
        count(runtime, usage)
        usage[index] = value

    library.JS_ComputeMemoryUsage = changed


def tag_otherwise(library: Any) -> None:
    """Let values have other tags."""
    evaluate = library.JS_Eval

    def shifted(*arguments: Any) -> Any:
        value = evaluate(*arguments)
        value.tag += 1
        return value

    library.JS_Eval = shifted


@pytest.mark.parametrize(
    "shift",
    [
        count_elsewhere,
        tag_otherwise,
        partial(change_number, index=0, value=0),
        partial(change_number, index=0, value=quickjs_api._MARK),
        partial(change_number, index=1, value=quickjs_api._MARK - 1),
    ],
)
def test_a_layout_that_is_shifted_is_not_relied_on(
    shift: Any, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    shift(library)
    monkeypatch.setattr(quickjs_api, "Library", lambda _path: library)
    load_library.cache_clear()

    try:
        assert load_library() is None
        assert run("return [1, 'a'].join()").value == "1,a"  # within the engine's own limits
    finally:
        monkeypatch.undo()
        load_library.cache_clear()
    assert load_library() is not None


def test_a_function_that_is_absent_is_not_called(monkeypatch: pytest.MonkeyPatch) -> None:
    more = (*quickjs_api._SHORT, ("JS_NotThere", None, ()))
    monkeypatch.setattr(quickjs_api, "_SHORT", more)
    load_library.cache_clear()

    try:
        assert load_library() is None
    finally:
        monkeypatch.undo()
        load_library.cache_clear()


def test_a_context_that_is_closed_while_it_runs_is_freed_afterwards() -> None:
    """As by a main thread that was interrupted, of a script on a stack of its own."""
    context = NativeContext()

    context._retain_context()
    context.close()
    assert context.inner
    told = context.evaluate("'张' + '三'")
    assert context.read_text(told) == "张三"
    context._library.JS_FreeValue(context.inner, told)
    context._release_context()

    assert not context.inner
    context.close()
    context.set_memory_limit(1)
    with pytest.raises(_quickjs.JSException, match="interrupted"):
        context.eval("1")


def test_contexts_leak_nothing() -> None:
    def resident() -> int:
        return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * 4096

    for _ in range(30):
        QuickJSNG(Limits()).close()
    before = resident()
    for _ in range(300):
        QuickJSNG(Limits()).close()

    assert resident() - before < 8 << 20


def test_a_runtime_that_got_no_context_is_freed_alone(library: Library) -> None:
    one = NativeContext.__new__(NativeContext)  # as if Ctrl-C had ended `__init__`
    one._library = library
    one.runtime = library.JS_NewRuntime()
    one.close()

    assert (one.runtime, one.inner) == (0, 0)
