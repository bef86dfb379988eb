"""Turn a JavaScript error into an exception with the script's file, line and column.

The engine knows a single file, ``<input>``, and counts columns in UTF-8 bytes. So each script is
evaluated below its own number of empty lines, and positions are mapped back here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple

import msgspec

from bpmax_sim import errors
from bpmax_sim.errors import Place, ScriptError, ScriptLimitError
from bpmax_sim.i18n import label_message, msg
from bpmax_sim.js_values import decode_tagged
from bpmax_sim.script import turn_result
from bpmax_sim.script.limits import MEGABYTE, EngineError, LimitReachedError, Limits
from bpmax_sim.script_source.counters import CountedScript

FIRST_LINE = 500  # the prelude and the bindings are above
_LINE_END = re.compile(r"\n|\r(?!\n)")
_UNTOLD = re.compile("[\0\ud800-\udfff]")
_FRAME = re.compile(r"^ +at (?:(.*) \()?(.+):(\d+):(\d+)\)?$", re.MULTILINE)


def split_lines(source: str) -> list[str]:
    """Return the lines of *source*, which may end in LF, CR LF or CR."""
    return _LINE_END.split(source) if "\r" in source else source.split("\n")


_lines = lru_cache(maxsize=32)(split_lines)  # every line of a console asks for its place


@lru_cache(maxsize=256)
def replace_lone_carriage_returns(script: Script) -> Script:
    """Return *script* with LF in place of each lone CR, which ends a line only in JavaScript."""
    return Script("\n".join(split_lines(script.source)), script.name)


def escape_unencodable(source: str) -> str:
    """Return *source* with NUL and lone surrogates as escapes.

    C strings and UTF-8 cannot hold them.
    """
    return _UNTOLD.sub(lambda match: f"\\u{ord(match[0]):04x}", source)


class Script(msgspec.Struct, frozen=True):
    """A script by value: ``session.run_script(Script("console.log(1)"))``.

    Attributes:
        source: the JavaScript.
        name: the file name that its stacks show.
    """

    source: str
    name: str = "script.js"


class PlacedScript(msgspec.Struct, frozen=True):
    """A script, and where its lines are in the single file that the engine sees.

    Attributes:
        script: the script of the user, without counters.
        start: number of lines in that file before its first line.
        counted: the script with counters of executed code; None without coverage.
    """

    script: Script
    start: int
    counted: CountedScript | None = None

    @property
    def engine_code(self) -> str:
        """Return the source that the engine runs, with counters if there are any."""
        return self.script.source if self.counted is None else self.counted.code

    @property
    def padded_code(self) -> str:
        """Return the source as it is passed to an engine, with empty lines put in front.

        They stand for the `start` lines of other scripts, so that its lines have their own numbers.
        """
        return "\n" * self.start + escape_unencodable(self.engine_code)

    def locate(self, row: int, column: int) -> Place:
        """Return the position in the user's file of the engine's *row* and *column*.

        A position below the last line becomes the end of the script.
        """
        lines = _lines(self.script.source)
        line = min(row - self.start, len(lines))
        text = lines[line - 1].encode("utf-8", "surrogatepass")
        if row - self.start > len(lines):
            column = len(text) + 1
        return Place(self.script.name, line, len(text[: column - 1].decode(errors="ignore")) + 1)


class UserFrame(NamedTuple):
    """A frame of an error's stack that is in a user's file.

    Attributes:
        place: where it is.
        text: how the stack shows it: ``file:line:column``, or ``f (file:line:column)``.
    """

    place: Place
    text: str


class PlacedScripts:
    """The scripts of one context, each at lines of its own in the single file that the engine sees.

    So a line number of the engine tells the script too.
    """

    def __init__(
        self,
        scripts: Sequence[Script],
        count: Callable[[Script], CountedScript | None] = lambda _script: None,
    ) -> None:
        """Give each script its lines; *count* returns a script with counters, or None."""
        self._count = count
        self.placed: list[PlacedScript] = []
        self._next = FIRST_LINE
        for script in scripts:
            self.add(script)

    def add(self, script: Script) -> PlacedScript:
        """Add *script* at lines of its own, below those of earlier scripts."""
        own = replace_lone_carriage_returns(script)
        placed = PlacedScript(own, self._next, self._count(own))
        # A body stands in a function, whose head and end are a line each. What the engine finds at
        # the end belongs to this script, not to the next one (`is_past_end`).
        self._next += own.source.count("\n") + 3
        self.placed.append(placed)
        return placed

    def locate(self, row: int, column: int) -> Place | None:
        """Return the user's position of the engine's *row* and *column*.

        None for a position in our own JavaScript.
        """
        placed = self._find_script(row)
        return placed.locate(row, column) if placed else None

    def _find_script(self, row: int) -> PlacedScript | None:
        for placed in reversed(self.placed):
            if placed.start < row:
                return placed
        return None

    @property
    def texts(self) -> list[tuple[str, str]]:
        """Return name and source of each script."""
        return [(placed.script.name, placed.script.source) for placed in self.placed]

    def is_past_end(self, raw: str) -> bool:
        """Return whether the first position in the stack *raw* is behind the end of its script.

        A syntax error there is found in our code around the script: the script ends too early, as
        with a missing brace.
        """
        first = _FRAME.search(raw)
        if first is None or first[2] != "<input>":
            return False
        placed = self._find_script(row := int(first[3]))
        return placed is not None and row - placed.start > len(_lines(placed.script.source))

    def find_user_frames(self, raw: str) -> tuple[UserFrame, ...]:
        """Return the frames of the engine's stack *raw* in users' files, innermost first."""
        known = {placed.script.name for placed in self.placed}
        frames = []
        for function, file, row, column in _FRAME.findall(raw):
            place = self.locate(int(row), int(column)) if file == "<input>" else None
            if file in known:
                place = Place(file, int(row), int(column))
            if place:
                has_name = function and not function.startswith("<")
                text = f"{function} ({place})" if has_name else str(place)
                frames.append(UserFrame(place, text))
        return tuple(frames)


_LIMIT = "ScriptLimitError"
_THROWS_NULL = re.compile(r"(?:throw|reject\w*\()\s*null\b")
_DEEP = {"Maximum call stack size exceeded", "stack overflow"}
_NOTHING = ": ''"  # the token at the end of a library
_LONG = "array too long for "  # of bindings/guards.js
_TOO_DEEP = msg(
    "the script calls itself, or nests a value, too deeply: the stack is full; "
    "--bpmax-js-stack=24MB gives it more"
)
_LARGE = {
    "out of memory",
    "string too long",
    "invalid string length",
    "out of memory in regexp execution",
    "invalid array buffer length",
    "Invalid string length",  # as V8 puts it
    "Array buffer allocation failed",
}


class ErrorFactory(msgspec.Struct):
    """Creates the Python exceptions for errors of the scripts in one context.

    Attributes:
        sources: scripts, to find their lines.
        name: file that runs now, for errors without a frame.
        limits: limits that messages state.
        rejected: number of a call -> the Python error that its rejection carried into the script.
        timer: line that set the timer which began the current turn, for limits without a frame.
    """

    sources: PlacedScripts
    name: str
    limits: Limits
    rejected: dict[int, Exception] = msgspec.field(default_factory=dict)
    timer: Place | None = None

    def make_uncaught_error(self, thrown: turn_result.ThrownValue | None) -> ScriptError:
        """Return the error of a script that did not catch *thrown*.

        None means that there was no memory left to describe what was thrown.
        """
        if thrown is None:
            return self._make_limit_error(self._make_memory_message(), "")
        limit = self._explain_exceeded_limit(thrown)
        return self._make_limit_error(limit, thrown.raw) if limit else self._make_error(thrown)

    def make_syntax_error(self, thrown: turn_result.ThrownValue) -> ScriptError:
        """Return the error of a script with a syntax error, or nested too deeply to be parsed."""
        if limit := self._explain_exceeded_limit(thrown):
            return self._make_limit_error(limit, thrown.raw)
        place, _ = self._locate_trace(thrown.raw)
        # What stands behind the end is ours, and so is the token that is complained of there.
        ends = self.sources.is_past_end(thrown.raw) or thrown.message.endswith(_NOTHING)
        message = "unexpected end of the script" if ends else thrown.message
        return errors.ScriptSyntaxError(message, name="SyntaxError", place=place)

    def make_engine_error(self, error: EngineError) -> ScriptError:
        """Return the error of a library script, or of a context that exceeded a limit."""
        if isinstance(error, LimitReachedError):
            return self._make_limit_error(error.message, error.raw)
        thrown = turn_result.ThrownValue(error.name, error.message, error.raw, None, None, {})
        return (
            self.make_syntax_error(thrown)
            if error.name == "SyntaxError"
            else self.make_uncaught_error(thrown)
        )

    def make_call_limit_error(self, place: Place | None) -> ScriptLimitError:
        """Return the error of a script that makes more calls than `Limits` allows."""
        message = msg("the script made more than {calls} calls", calls=self.limits.calls)
        return ScriptLimitError(message, name=_LIMIT, place=place)

    def make_unreadable_value_error(self, error: ValueError, place: Place | None) -> ScriptError:
        """Return the error of a value that cannot be passed between script and Python."""
        message = msg("a value of the script cannot be read: {error}", error=error)
        return ScriptError(message, name="ValueError", place=place or Place(self.name))

    def make_changed_builtins_error(self, error: Exception, place: Place | None) -> ScriptError:
        """Return the error of a script that changed built-in functions that carry its results.

        *place* is where the script was last seen.
        """
        message = msg(
            "the script damaged its own context, here or after: {error}; leave the "
            "language's own objects and prototypes as they are",
            error=error,
        )
        return ScriptError(message, name="Error", place=place or Place(self.name, 1))

    def make_deep_value_error(self, place: Place | None) -> ScriptLimitError:
        """Return the error of a value that is nested too deeply to be read."""
        return ScriptLimitError(_TOO_DEEP, name=_LIMIT, place=place or Place(self.name))

    def make_refused_write_error(
        self, error: Exception, field_name: str, place: Place | None
    ) -> ScriptError:
        """Return the error of a write to *field_name* that the form or ``ctx`` refused."""
        code = getattr(error, "code", None)
        failure = ScriptError(
            label_message(field_name, error),
            name=type(error).__name__,
            place=place,
            fields={"code": code} if code else None,
        )
        failure.__cause__ = error
        return failure

    def make_unhandled_error(self, cause: Exception, place: Place | None) -> ScriptError:
        """Return the error of a call whose rejection, *cause*, no code of the script handled."""
        failure = ScriptError(str(cause), place=place)
        failure.__cause__ = cause
        return failure

    def explain_promise_read(
        self, error: errors.BpmaxError | None, read: turn_result.PromiseMemberRead | None
    ) -> errors.BpmaxError | None:
        """Return the error that says that a member was *read* of a promise instead of its result.

        *error* (None if the script did not fail) becomes its cause. Without *read*, or if *error*
        is about a limit or has a cause of its own, *error* is returned. A promise never has such a
        member, so reading it is a mistake even if there is no *error*.
        """
        if read is None or isinstance(error, ScriptLimitError):
            return error
        if error is not None and (not isinstance(error, ScriptError) or error.__cause__):
            return error
        message = msg(
            "{name} was not awaited, so {member} was read of its promise and is undefined; "
            "write await before the call",
            name=read.call,
            member=read.member,
        )
        cause = ScriptError(
            message, name=errors.UNAWAITED, place=read.place, stack=error.stack if error else ()
        )
        cause.__cause__ = error
        return cause

    def make_promise_in_field_error(self, path: str, place: Place | None) -> ScriptError:
        """Return the error of a promise written to the field *path* instead of its value."""
        message = msg(
            "{path} got a promise, not its value; write await before what makes it "
            "(of several: await Promise.all([…]))",
            path=path,
        )
        return ScriptError(message, name=errors.UNAWAITED, place=place or Place(self.name))

    def make_uncalled_chain_error(self, name: str, place: Place | None) -> ScriptError:
        """Return the error of a chain (``$proxy(…).api(…)``) awaited without its ``$call()``."""
        message = msg(
            "{name} was awaited but never called, so nothing was sent; end it with .$call()",
            name=name,
        )
        return ScriptError(message, name=errors.UNCALLED, place=place)

    def make_pending_error(self, raw_traces: Sequence[tuple[str, str]]) -> errors.PendingPromise:
        """Return the error of a script that waits for a promise that never settles.

        Its place is the line that waits. *raw_traces* are the stacks of waiting and of creating a
        promise.
        """
        raws = [waiting for waiting, _ in raw_traces] + [maker for _, maker in raw_traces]
        traces = [trace for trace in map(self._locate_trace, raws) if trace[1]]
        place, stack = traces[0] if traces else self._locate_trace("")
        # The engine may lose a rejection for want of memory; then no line waits.
        lost = msg(
            "; or it used more than {size} of memory, and that was lost",
            size=self._format_memory_limit(),
        )
        message = msg(
            "this waits for a promise that nothing can settle: no call, timer or other "
            "script is under way; settle it on every path, or await the call that should "
            "do it{lost}",
            lost="" if stack else lost,
        )
        return errors.PendingPromise(message, name="PendingPromise", place=place, stack=stack)

    def make_real_wait_error(
        self, raw_traces: Sequence[tuple[str, str]], timer_place: Place | None
    ) -> ScriptLimitError:
        """Return the error of a script that waits longer in real time than its limit.

        Its place is the line that waits, or, if no line waits, *timer_place*, the line that set a
        timer. *raw_traces* are the stacks of waiting and of creating each pending promise.
        """
        traces = [trace for trace in (self._locate_trace(raw) for raw, _ in raw_traces) if trace[1]]
        place, stack = traces[0] if traces else (timer_place or Place(self.name), ())
        message = msg(
            "the script waited more than {wait:g} s of real time with no call under way",
            wait=self.limits.wait,
        )
        return ScriptLimitError(message, name=_LIMIT, place=place, stack=stack)

    def _explain_exceeded_limit(self, thrown: turn_result.ThrownValue) -> str:
        """Return the message of the limit that was exceeded if *thrown* means that, else "".

        The engine throws ordinary errors, such as a RangeError, if stack or memory is exhausted.
        """
        name, message = thrown.name, thrown.message
        is_full = False
        if name in {"RangeError", "InternalError"}:
            if message in _DEEP:
                return _TOO_DEEP
            if message.startswith(_LONG) and name == "RangeError":
                return msg("the script walks an array of more than 33,554,432 elements")
            # It is empty where there was no room for the message.
            is_full = message in _LARGE or (name == "InternalError" and not message)
        elif name == "Uncaught" and message == "null":  # without room for an error object
            sources = [placed.script.source for placed in self.sources.placed]
            is_full = not any(map(_THROWS_NULL.search, sources))
        return self._make_memory_message() if is_full else ""

    def _make_memory_message(self) -> str:
        return msg("the script used more than {size} of memory", size=self._format_memory_limit())

    def _format_memory_limit(self) -> str:
        return f"{self.limits.memory / MEGABYTE:g} MB"

    def _locate_trace(self, raw: str) -> tuple[Place, tuple[str, ...]]:
        """Return the place of an error and its stack, from the engine's frames *raw*.

        Without a frame in a user's file, the place is the file that runs.
        """
        frames = self.sources.find_user_frames(raw)
        place = frames[0].place if frames else Place(self.name)
        return place, tuple(frame.text for frame in frames)

    def _make_limit_error(self, message: str, raw: str) -> ScriptLimitError:
        place, stack = self._locate_trace(raw)
        place = place if stack else self.timer or place
        return ScriptLimitError(message, name=_LIMIT, place=place, stack=stack)

    def _make_error(self, thrown: turn_result.ThrownValue) -> ScriptError:
        place, stack = self._locate_trace(thrown.raw)
        fields = decode_tagged(thrown.fields) if "$" not in thrown.fields else {}
        error = ScriptError(
            thrown.message, name=thrown.name, place=place, stack=stack, fields=fields
        )
        cause = None if thrown.call is None else self.rejected.get(thrown.call)
        if cause is None and thrown.cause is not None:
            cause = self._make_error(thrown.cause)
        error.__cause__ = cause
        return error
