"""The default JavaScript engine, QuickJS-NG: JSON text goes in and comes out.

No Python function is registered in it: an exception inside one, or a time limit, would corrupt the
context. A context belongs to the thread that created it. The prelude and its bindings are compiled
once per process and read into each context as bytecode, made by the same engine that reads it.
Parts that a script is not expected to need are read on first use. This takes the engine's C API
(`quickjs_api`). Where that is not available (Windows, 32 bits, ``BPMAX_JS_NATIVE=0``), creating a
context takes longer, and of unhandled rejections only those of calls are known.
"""

from __future__ import annotations

import ctypes
import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cache, lru_cache, partial
from importlib.resources import files
from typing import Any, NamedTuple

import _quickjs
import msgspec

from bpmax_sim.script.interrupts import ROOM, InterruptHandler
from bpmax_sim.script.limits import (
    EngineError,
    Limits,
    LimitWatch,
    find_budget,
    find_default_stack_size,
    make_budget_error,
    make_time_error,
)
from bpmax_sim.script.quickjs_api import (
    UNDEFINED,
    Library,
    NativeContext,
    Tracker,
    Value,
    load_library,
    make_value_array_type,
)

V8_PARITY = "v8_parity"
"""The folder of the bindings that make the language what it is in V8."""

_COMPILE_ONLY = 1 << 5
_BYTECODE, _BARE = 1 << 0, 1 << 5  # the latter without source and lines, which nobody is shown
_STRICT = "'use strict';"  # begins the code of each binding, after its comment


@cache
def compile_own_bytecode(source: str) -> bytes | None:
    """Return the bytecode of *source*, JavaScript of this package, which has to be valid.

    None if the engine's C API is not available.
    """
    if load_library() is None:
        return None
    context = NativeContext()
    code = _write_bytecode(context, source)
    context.close()
    assert code, "our own files compile"
    return code


class PreludeEntryFunction:
    """The entry function of the prelude (our JavaScript code) in one context.

    It is also the tracker of rejected promises. The prelude uses a rejection to ask for one of its
    parts, as it can call nothing of Python: its function then returns the number of the part, and
    is called again with the function that the part's bytecode defines. This object must outlive the
    context.
    """

    def __init__(
        self, context: NativeContext, parts: Sequence[bytes | None], watch: LimitWatch | None = None
    ) -> None:
        """Read the prelude: *parts* is the bytecode of its core, then of each binding or None.

        A binding is a part that most scripts do not need, such as ``URL``; one that is None is read
        when it is first needed. *watch* ends the script if a signal handler raises meanwhile. The
        entry function is `call`.
        """
        inner = self._inner = context.inner
        functions = _load_library()
        read = {n: _load_bytecode(inner, code) for n, code in enumerate(parts) if code is not None}
        arguments = make_value_array_type(len(parts)).from_buffer_copy(
            _make_c_array_of_js_integers(len(parts))
        )
        # The first argument, `linked`, says that the others are functions, or the numbers of
        # bindings to ask for. It is 0 in `evaluate_prelude_source`, which passes their texts.
        for number, part in read.items():
            arguments[number] = part if number else Value.from_int(1)
        self._function = functions.JS_Call(inner, read[0], UNDEFINED, len(parts), arguments)
        self.call = partial(
            context.call, context.get_member_freed_at_close(self._function, "entry")
        )
        for part in read.values():
            functions.JS_FreeValue(inner, part)
        self._watch = watch
        functions.JS_SetHostPromiseRejectionTracker(context.runtime, _tracker, self)

    def report_rejection(self, inner: int, promise: Value, reason: Value, handled: bool) -> None:
        """Pass the rejection of *promise* with *reason* to the prelude (our JavaScript code).

        The engine calls this; *inner* is its JSContext, and *handled* says whether the promise got
        a handler by now. The prelude uses rejections of its own to ask for a binding, a part of it
        that is not loaded yet: then its function returns the number of that part, which is loaded.
        """
        try:
            arguments = make_value_array_type(3)(promise, reason, Value(int(handled), 1))
            wanted = _load_library().JS_Call(inner, self._function, UNDEFINED, 3, arguments).integer
            if wanted is not None:
                self.load_part(inner, compile_own_bytecode(read_sources()[wanted]))
        except BaseException as error:  # noqa: BLE001 - a signal handler's; raised again later
            if self._watch is not None:
                self._watch.stop_script(error)

    def load_part(self, inner: int, code: bytes | None) -> None:
        """Pass the function that bytecode *code* defines to the prelude (our JavaScript code).

        *inner* is the JSContext. Nothing happens if memory does not suffice.
        """
        part = _load_bytecode(inner, code)
        if not part.is_exception:
            functions = _load_library()
            functions.JS_Call(inner, self._function, UNDEFINED, 1, make_value_array_type(1)(part))
            functions.JS_FreeValue(inner, part)

    def pass_bytecode(self, argument: str) -> None:
        """Pass the bytecode of a script to the prelude before it runs the script.

        *argument* is the JSON object that the operation ``run`` gets, with the script's text and
        the line at which it starts. Only a script that runs for the second time is compiled;
        otherwise nothing is passed, and the prelude (our JavaScript code) parses the text.
        """
        try:
            code = _compile_on_second_run(_body_of(argument)).code
        except (msgspec.DecodeError, UnicodeEncodeError):  # half a character
            return
        if code is not None:
            self.load_part(self._inner, code)


@cache
def _make_c_array_of_js_integers(count: int) -> bytes:
    """Return the bytes of a C array of JSValues that holds the integers from 0 to *count* - 1.

    The prelude gets it in place of its parts: by such a number it asks for a part when needed.
    """
    return bytes(make_value_array_type(count)(*map(Value.from_int, range(count))))


class ScriptBody(msgspec.Struct, frozen=True):
    """The text of a script and the line at which it starts: two members of ``run``'s argument.

    The operation ``run`` of the prelude (our JavaScript code) runs a script; its argument is JSON.
    """

    start: int
    source: str


class BodyCompileState(msgspec.Struct):
    """How often a script's body ran in this process, and its bytecode after the second time."""

    runs: int = 0
    code: bytes | None = None


_body_of = msgspec.json.Decoder(ScriptBody).decode
_compiled_bodies = lru_cache(maxsize=256)(lambda _body: BodyCompileState())
_CHECKED_BODY = (
    "(function () {{ return 0 ? async () => {{\n{}\n}} : 0; }})",
    "(async function () {{\n{}\n}})",
)
"""As the prelude has them: what closes its function early needs a colon in the first one."""


def _compile_on_second_run(body: ScriptBody) -> BodyCompileState:
    known: BodyCompileState = _compiled_bodies(body)
    known.runs += 1
    if known.runs == 2:  # noqa: PLR2004 - most run once, and to compile is as long as to run
        known.code = _compile_to_bytecode(body)
    return known


def _compile_to_bytecode(body: ScriptBody) -> bytes | None:
    """Return the bytecode of *body*, with line numbers and text for stacks.

    None if it does not compile.
    """
    context, code = NativeContext(), None
    # Only the last form is kept. The first one fails for a script such as `} evil(); {`, which
    # would end our function early and run at once; the prelude refuses it in the same way.
    for form in _CHECKED_BODY:
        text = "\n" * (body.start - 1) + form.format(body.source)
        code = _write_bytecode(context, text, _BYTECODE)
        if code is None:
            break
    context.close()
    return code


def _write_bytecode(
    context: NativeContext, source: str, flags: int = _BYTECODE | _BARE
) -> bytes | None:
    functions, inner = _load_library(), context.inner
    function = context.evaluate(source, _COMPILE_ONLY)
    if function.is_exception:
        return None
    size = ctypes.c_size_t()
    written = functions.JS_WriteObject(inner, size, function, flags)
    code = ctypes.string_at(written, size.value)
    functions.js_free(inner, written)
    functions.JS_FreeValue(inner, function)
    return code


def _load_bytecode(inner: int, code: bytes | None) -> Value:
    functions = _load_library()
    assert code is not None, "compiled only where there are functions"
    read = functions.JS_ReadObject(inner, code, len(code), _BYTECODE)
    value: Value = functions.JS_EvalFunction(inner, read)
    return value


def _load_library() -> Library:
    found = load_library()
    assert found is not None, "called only where they are there"
    return found


def _report_rejection(
    inner: int, promise: Value, reason: Value, handled: bool, entered: PreludeEntryFunction
) -> None:
    entered.report_rejection(inner, promise, reason, handled)


_tracker = Tracker(_report_rejection)


class BindingTextPattern(NamedTuple):
    """What to look for in a script's text to see if it needs a binding, such as ``URL``.

    A binding is a part of the prelude that most scripts do not need.

    Attributes:
        words: separated by spaces; one of them has to be in the text. Empty if no text needs it.
        pattern: regular expression that has to match, too. It is tried only if a word was found: it
            takes as long for a text as a hundred words.
    """

    words: str
    pattern: str = ""

    def is_in(self, text: str) -> bool:
        """Return whether *text* has one of the words and matches the pattern, if there is one."""
        is_there = not _split_words(self.words).isdisjoint(_find_pattern_words(text))
        return is_there and (not self.pattern or re.search(self.pattern, text) is not None)


_split_words = cache(lambda words: frozenset(words.split()))


@lru_cache(maxsize=64)
def _find_pattern_words(text: str) -> frozenset[str]:
    """Return the words of all `BindingTextPattern` that *text* has; each hints at a binding."""
    return frozenset().union(*map(_find_pattern_words_in_line, text.split("\n")))


@lru_cache(maxsize=8192)
def _find_pattern_words_in_line(line: str) -> tuple[str, ...]:
    # Kept by line, because two mutants of a script differ in one.
    signs = (*BINDINGS.values(), *POLYFILLS.values())
    return tuple(word for sign in signs for word in sign.words.split() if word in line)


EVERYWHERE = ("primordials", "guards", "install", "live")
"""Bindings that every script uses."""
_MATH = r"\bMath\s*\??\.\s*"
BINDINGS: Mapping[str, BindingTextPattern] = {
    "primordials": BindingTextPattern(""),
    "errors": BindingTextPattern(
        "catch throw stack reject fetch Error XMLHttpRequest Blob File FormData"
    ),
    "values": BindingTextPattern("Date Map Set Array BigInt toJSON class"),
    "timers": BindingTextPattern("Timeout Interval Promise"),
    "console": BindingTextPattern("console"),
    "table": BindingTextPattern(""),
    "date": BindingTextPattern("Date"),
    "date_parser": BindingTextPattern(""),
    "random": BindingTextPattern("random crypto"),
    "text": BindingTextPattern("TextEncoder TextDecoder URL"),
    "clone": BindingTextPattern("structuredClone"),
    "proxy": BindingTextPattern("$proxy"),
    "guards": BindingTextPattern(""),
    "walk": BindingTextPattern(
        "flat concat Proxy prototype .call( .raw URL fromEntries ListFormat"
    ),
    "search": BindingTextPattern(""),
    "dom": BindingTextPattern("DOMException atob btoa"),
    "url": BindingTextPattern("URL"),
    "intl": BindingTextPattern("Intl toLocale localeCompare"),
    "collation": BindingTextPattern("localeCompare Collator"),
    "places": BindingTextPattern(""),
    "inspect": BindingTextPattern(""),
    "sort": BindingTextPattern(".sort toSorted"),
    "install": BindingTextPattern(""),
    "math": BindingTextPattern(
        "Math",
        rf"{_MATH}(?:a?cosh?|a?sinh?|a?tanh?|atan2|cbrt|exp|expm1|hypot|log(?:10|1p|2)?)\b",
    ),
    "pow": BindingTextPattern("pow", rf"{_MATH}pow\b"),
    "stack": BindingTextPattern("getOwnPropertyNames ownKeys"),
    "radix": BindingTextPattern("toString", r"\btoString\b(?!\s*\(\s*\))"),
    "legacy": BindingTextPattern(""),
    "web": BindingTextPattern("AbortController AbortSignal performance"),
    "gbk": BindingTextPattern("gbk GBK gb2312 GB2312 gb_2312 GB_2312 chinese"),
    "formatjs": BindingTextPattern(""),
    "icu": BindingTextPattern(
        "unit DisplayNames America/ Europe/ Africa/ Australia/ Pacific/ Asia/",
        r"\bunit\b|DisplayNames|\b(?:America|Europe|Africa|Australia|Pacific|Asia)/"
        r"(?!(?:Shanghai|Hong_Kong|Taipei|Singapore|Tokyo|Seoul)\b)",
    ),
    "live": BindingTextPattern(""),
    "messages": BindingTextPattern(""),
}
"""Name of a binding -> what a script that uses it is likely to contain.

Only that is read from bytecode beforehand; the others are read where a script uses them all the
same, which is as right and takes a little longer (without handles: compiled from text).
"""
_PUMPED_BETWEEN_LOOKS = 64

POLYFILLS: Mapping[str, BindingTextPattern] = {
    "messages": BindingTextPattern(
        "catch allSettled then", r"\bcatch\b|\ballSettled\b|\.then\s*\("
    ),
    "legacy": BindingTextPattern(
        "RegExp",
        r"(?s)\A(?=.*?\bRegExp\b)"
        r".*?(?:\$[1-9&_+'`\"]|lastMatch|lastParen|leftContext|rightContext)",
    ),
    "formatjs": BindingTextPattern("PluralRules RelativeTimeFormat ListFormat"),
}
"""Bindings that have to be there before a script runs -> what the text of one that needs them has.

The first puts errors into V8's words before a script sees them, the second follows each match of a
regular expression, the third must not run on what a script has changed. A script that only gets at
the latter two by a text that it makes is refused by name.
"""


class QuickJSNG:
    """A context of the engine QuickJS-NG, with the prelude (our JavaScript code) loaded."""

    def __init__(self, limits: Limits, sources: Sequence[str] = ()) -> None:
        """Create a context within *limits*; *sources* are the scripts that will run in it."""
        self._limits = limits
        self._left = limits.cpu
        self._left_wall = limits.wall
        self._is_wall = False
        self._entered = 0.0
        native = NativeContext() if load_library() else None
        self._context: Any = native or _quickjs.Context()
        room = ROOM if native else 0
        self._budget = find_budget(limits)
        self._watch = LimitWatch(self._context, limits.memory, room, self._budget)
        self._interrupts = InterruptHandler(native, self._watch) if native else None
        self._context.set_max_stack_size(limits.stack or find_default_stack_size())
        self._entered_by: PreludeEntryFunction | None = None
        if native:
            self._entered_by = PreludeEntryFunction(
                native, _compile_used_prelude_parts(tuple(sources)), self._watch
            )
            self._entry: Any = self._entered_by.call
        else:
            self._entry = evaluate_prelude_source(self._context)
        if parts := _encode_install_of_needed_parts(tuple(sources)):
            self._entry("install", parts)
        self._context.set_memory_limit(limits.memory + (ROOM if native else 0))

    def load(self, source: str) -> None:
        """Run *source* as a global script."""
        self._run_within_limits(self._evaluate_and_run_jobs, source)

    def call(self, operation: str, argument: str) -> str:
        """Run one operation of the prelude and every microtask; return its outbox as JSON text.

        The prelude is our JavaScript code, microtasks are the parts of scripts behind an ``await``
        that can go on, and the outbox is the list of what scripts did meanwhile.
        """
        text: str = self._run_within_limits(self._run_turn, operation, argument)
        return text

    def reset_time_limits(self) -> None:
        """Give the next script the full time limits."""
        self._left, self._left_wall = self._limits.cpu, self._limits.wall

    def close(self) -> None:
        """Free the context; the interrupt handler stays for a thread still in the engine."""
        if isinstance(self._context, NativeContext):
            self._context.close()
        self._entry = self._context = None

    def _evaluate_and_run_jobs(self, source: str) -> None:
        self._context.eval(source)
        self._run_pending_jobs()

    def _run_turn(self, operation: str, argument: str) -> Any:
        if operation == "run" and self._entered_by is not None:
            self._entered_by.pass_bytecode(argument)
        if outbox := self._entry(operation, argument):
            return outbox
        # The outbox is read by an entry of its own, after the microtasks, which still add to it.
        # Only `open` returns one at once, as nothing of a script runs in it.
        self._run_pending_jobs()
        self._set_time_limit()
        outbox = self._entry()
        self._run_pending_jobs()  # of what a getter began that was read for it
        return outbox

    def _set_time_limit(self) -> None:
        # The engine's own limit is afresh for each entry, so the sum is kept here.
        if self._interrupts is None:
            left = min(self._left, self._left_wall) - self._measure_cpu_since_entry()
            self._context.set_time_limit(max(left, 0.001))

    def _measure_cpu_since_entry(self) -> float:
        """Return the processor time since the engine was entered, in seconds."""
        return time.thread_time() - self._entered

    def _run_within_limits(self, work: Callable[..., Any], *arguments: str) -> Any:
        if self._watch.fired or self._left <= 0 or self._left_wall <= 0:
            raise self._make_limit_error("")
        self._entered, started = time.thread_time(), time.monotonic()
        self._watch.begin_turn(self._entered + self._left, started + self._left_wall)
        try:
            self._set_time_limit()
            result = work(*arguments)
        except _quickjs.JSException as error:
            raise self._translate_error(str(error)) from None
        finally:
            self._watch.end_turn()
            self._left -= self._measure_cpu_since_entry()
            self._left_wall -= time.monotonic() - started
        if self._watch.fired:
            raise self._make_limit_error("")
        return result

    def _run_pending_jobs(self) -> None:
        # An endless `await null` never trips the engine's limit: each job is an entry of its own.
        advance, count = self._context.execute_pending_job, 0
        while advance():
            count += 1
            if self._watch.fired:
                raise self._make_limit_error("")
            if count % _PUMPED_BETWEEN_LOOKS == 0:
                self._check_job_limits()

    def _check_job_limits(self) -> None:
        budget = self._budget
        if budget is not None and not budget.spend("jobs", _PUMPED_BETWEEN_LOOKS):
            self._watch.fired = "budget"
        if self._watch.fired or self._measure_cpu_since_entry() > self._left:
            raise self._make_limit_error("")

    def _translate_error(self, text: str) -> EngineError:
        # The text is `Name: message`, then the stack, which repeats that line in a script's view.
        lines = text.split("\n")
        raw = "\n".join(line for line in lines if line.startswith("    at "))
        name, colon, message = lines[0].partition(": ")
        if not colon:
            name, message = "Uncaught", lines[0]
        is_interrupted = (name, message) == ("InternalError", "interrupted")
        if is_interrupted or self._watch.fired:
            return self._make_limit_error(raw)
        return EngineError(name, message, raw)

    def _make_limit_error(self, raw: str) -> EngineError:
        fired = self._watch.fired
        if self._watch.raised is not None:
            raise self._watch.raised
        # As the engine words it; `ErrorFactory` makes a limit of it, with the size.
        if fired == "memory":
            return EngineError("InternalError", "out of memory", raw)
        if fired == "budget" and self._budget is not None:
            self._left = self._left_wall = 0.0
            return make_budget_error(self._budget, raw)
        # Once both are 0 the limit was told before: every later turn tells the same one.
        if self._left > 0 or self._left_wall > 0:
            self._is_wall = fired == "wall" if fired else self._left_wall < self._left
        self._left = self._left_wall = 0.0
        return make_time_error(self._limits, is_wall=self._is_wall, raw=raw)


def evaluate_prelude_source(context: Any) -> Any:
    """Return the entry function of the prelude (our JavaScript code), evaluated from its source.

    *context* is a ``Context`` of the package ``quickjs-ng``, used where its library exports no C
    functions, so that bytecode cannot be loaded.
    """
    prelude, *bindings = read_sources()
    return context.eval(prelude)(0, *bindings)


@lru_cache(maxsize=256)
def _compile_used_prelude_parts(scripts: Sequence[str]) -> tuple[bytes | None, ...]:
    """Return the bytecode of the prelude's core, then of each binding that *scripts* need.

    A binding is a part of the prelude (our JavaScript code), such as ``URL``. None stands for a
    binding that none of them needs.
    """
    names = set().union(find_polyfills(scripts), *map(_find_bindings_used_by, scripts))
    names -= {*EVERYWHERE}
    parts = zip(BINDINGS, read_sources()[1:], strict=True)
    rest = (compile_own_bytecode(text) if name in names else None for name, text in parts)
    return compile_own_bytecode(_make_core_with_common_bindings()), *rest


@cache
def _make_core_with_common_bindings() -> str:
    """Return the source of the prelude with those bindings inlined that every script uses.

    A binding is a part of the prelude (our JavaScript code). Reading one bytecode takes a fraction
    of the time of reading one for each binding.
    """
    prelude, *texts = read_sources()
    arguments = [
        f"({text.partition(_STRICT)[2]})" if name in EVERYWHERE else f"${name}"
        for name, text in zip(BINDINGS, texts, strict=True)
    ]
    names = ", ".join(f"${name}" for name in BINDINGS)
    call = f"({prelude})(linked, {', '.join(arguments)})"
    return f"(function (linked, {names}) {{ {_STRICT} return {call}; }})"


@lru_cache(maxsize=256)
def _find_bindings_used_by(script: str) -> frozenset[str]:
    """Return the names of the bindings that *script* probably needs, judged by its text.

    A binding is a part of the prelude (our JavaScript code), such as ``URL``.
    """
    return frozenset(name for name, sign in BINDINGS.items() if sign.is_in(script))


def find_polyfills(scripts: Sequence[str]) -> tuple[str, ...]:
    """Return the names of the polyfills that *scripts* need, judged by their text.

    A polyfill is JavaScript that gives scripts what V8 has and QuickJS-NG lacks.
    """
    text = "\n".join(scripts)
    return tuple(name for name, sign in POLYFILLS.items() if sign.is_in(text))


@lru_cache(maxsize=256)
def _encode_install_of_needed_parts(scripts: Sequence[str]) -> str:
    """Return the JSON argument of the prelude's operation ``install`` for *scripts*.

    The operation loads the polyfills that they need, judged by their text; "" if they need none.
    """
    return encode_install_argument(find_polyfills(scripts))


def encode_install_argument(names: Sequence[str]) -> str:
    """Return the JSON argument with which the operation ``install`` loads the bindings *names*.

    It is "" for no names. A binding is a part of the prelude (our JavaScript code), such as
    ``URL``.
    """
    order = list(BINDINGS)
    parts = [order.index(name) + 1 for name in names]  # among the prelude's parameters
    return json.dumps({"parts": parts}) if parts else ""


@cache
def read_sources() -> tuple[str, ...]:
    """Return the source of the prelude, then of each binding, in the order of `BINDINGS`.

    A binding is a part of the prelude (our JavaScript code), such as ``URL``.
    """
    package = files("bpmax_sim.script")
    folders = [package / "bindings", package / V8_PARITY]
    paths = {path.name: path for folder in folders for path in folder.iterdir()}
    bindings = (paths[f"{name}.js"] for name in BINDINGS)
    return tuple(path.read_text("utf-8") for path in (package / "prelude.js", *bindings))
