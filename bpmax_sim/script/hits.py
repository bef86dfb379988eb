"""What scripts executed: a session with `ScriptHits` runs them with counters inserted.

Everything else is the same as without: verdict, digest, console, positions. The counters of a
context are read when it is closed. Of a script that exceeded a limit nothing is known, because its
context is lost.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from typing import Final

import msgspec
from msgspec.structs import replace

from bpmax_sim.errors import Place
from bpmax_sim.script.channel import MakeEngine
from bpmax_sim.script.failure import PlacedScripts, Script, replace_lone_carriage_returns
from bpmax_sim.script.limits import EngineError, LimitReachedError, Limits, make_time_error
from bpmax_sim.script_source.counters import (
    CountedScript,
    insert_counters,
    write_script_throwing_counts,
    write_script_throwing_values,
)

HitsData = tuple[str, str, list[int] | None, int, str]
"""A script's name and text, its counts, how many contexts were lost, and the text as shown."""
_COUNTS: Final = re.compile(r"[ \d]+")


class NameValues(msgspec.Struct, frozen=True):
    """The values of a script's variables, at one time when it ran `ScriptHits.watched`.

    Attributes:
        at: virtual time in seconds.
        values: value as text by name of the variable.
        stack: the engine's stack; after `ContextHits.collect_counts` the frames of users' files.
    """

    at: float
    values: dict[str, str]
    stack: str | tuple[str, ...] = ""


class ScriptHits:
    """How often each part of each script ran (coverage), in all sessions that share this object.

    Attributes:
        watched: place at which the values of variables are kept too, or None.
        seen: those values, in the order of time.
        counts: script -> its counters, in the order of their numbers.
        lost: script -> number of contexts that exceeded a limit, of which nothing is known.
        uncounted: scripts that cannot be counted: invalid JavaScript, empty, or longer than
            hand-written code.
        shown: script -> its text without secrets.
    """

    def __init__(self, watched: Place | None = None) -> None:
        """Start without counts; *watched* is a place at which the values of variables are kept."""
        self.watched = watched
        self.seen: list[NameValues] = []
        self.counts: dict[Script, list[int]] = {}
        self.lost: Counter[Script] = Counter()
        self.uncounted: dict[Script, None] = {}
        self.shown: dict[Script, str] = {}

    def redact_script_texts(self, redact: Callable[[str], str]) -> None:
        """Redact the texts of all scripts with *redact*, which knows a session's secrets."""
        for script in self.counts:
            self.shown[script] = redact(self.shown.get(script, script.source))

    def add_counters_to_script(self, script: Script) -> CountedScript | None:
        """Return *script* with counters of executed code, or None if it cannot be counted.

        If the place `watched` is in it, it also keeps the values of variables there, each time that
        it gets there; they are added to `seen` when the context is closed.
        """
        place = self.watched
        if place is None or place.file != script.name:
            return add_counters_to_script(script, None)
        return add_counters_to_script(script, (place.line, place.column))

    def include_script(self, script: Script) -> None:
        """List *script* in the results even if no run executes it."""
        own = replace_lone_carriage_returns(script)
        counted = add_counters_to_script(own)
        if counted is None:
            self.uncounted[own] = None
        else:
            self.counts.setdefault(own, [0] * len(counted.counters))

    def add(self, script: Script, counts: Sequence[int]) -> None:
        """Add the counters of *script* from one context."""
        before = self.counts.get(script)
        self.counts[script] = (
            [*counts]
            if before is None
            else [one + more for one, more in zip(before, counts, strict=True)]
        )

    def merge(self, data: Iterable[HitsData]) -> None:
        """Add the counts of another process; *data* is what its `to_data` returned."""
        for name, source, counts, lost, shown in data:
            script = Script(source, name)
            if shown != source:
                self.shown[script] = shown
            self.lost += Counter({script: lost})
            if counts is not None:
                self.add(script, counts)
            elif not lost:
                self.uncounted[script] = None

    def to_data(self) -> list[HitsData]:
        """Return name, text, counts and number of lost contexts of each script, as plain values."""
        known = {**dict.fromkeys(self.uncounted), **dict.fromkeys(self.lost), **self.counts}
        return [
            (
                script.name,
                script.source,
                counts,
                self.lost[script],
                self.shown.get(script, script.source),
            )
            for script, counts in known.items()
        ]


_PATIENCE: Final = 4
"""How many times as long a script may take while it is counted."""


class RaisedLimitEngine:
    """An engine whose time limits are raised, because scripts with counters (coverage) take longer.

    Errors state the limits that the user set.
    """

    def __init__(self, make: MakeEngine, limits: Limits, sources: Sequence[str]) -> None:
        """Create the engine with *make*, its *limits* raised by what counting takes.

        *sources* are the scripts that will run in it.
        """
        self._limits = limits
        self._allowed = replace(limits, cpu=limits.cpu * _PATIENCE, wall=limits.wall * _PATIENCE)
        self._inner = make(self._allowed, sources)
        self.reset_time_limits, self.close = self._inner.reset_time_limits, self._inner.close

    def load(self, source: str) -> None:
        """Run *source* as a global script."""
        with self._raise_with_user_limits():
            self._inner.load(source)

    def call(self, operation: str, argument: str) -> str:
        """Run one operation of the prelude and every microtask, and return its outbox.

        The prelude is our JavaScript code, microtasks are the parts of scripts behind an ``await``
        that can go on, and the outbox is the list of what scripts did meanwhile.
        """
        with self._raise_with_user_limits():
            return self._inner.call(operation, argument)

    @contextmanager
    def _raise_with_user_limits(self) -> Iterator[None]:
        try:
            yield
        except LimitReachedError as error:
            for is_wall in (False, True):
                if error.message == make_time_error(self._allowed, is_wall=is_wall).message:
                    raise make_time_error(self._limits, is_wall=is_wall, raw=error.raw) from None
            raise


class ContextHits:
    """The counters of executed code in one context, until they are added to `ScriptHits`."""

    def __init__(self, hits: ScriptHits) -> None:
        """Add counts to *hits* once the context is closed."""
        self._hits = hits
        self._declared: dict[str, Script] = {}
        self._watched = ""

    def declare(self, script: Script, counted: CountedScript, load: Callable[[str], None]) -> None:
        """Create the counters of *script* in the context, unless it has them already.

        *counted* is the script with counters, and *load* runs a global script in the context.
        """
        if counted.name not in self._declared:
            self._declared[counted.name] = script
            self._watched = counted.name if counted.is_watched else self._watched
            with suppress(EngineError):  # over its limits: nothing runs in it any more
                load(counted.declaration)

    def collect_counts(self, load: Callable[[str], None], sources: PlacedScripts) -> None:
        """Read the counters from the context by *load*, and add them to the `ScriptHits`.

        Of a context that exceeded a limit nothing can be read: only which scripts ran is known.
        *load* runs a global script in it. *sources* finds users' lines in the stacks of watched
        values.
        """
        if self._watched:
            self._collect_values(load, sources)
        # An engine only loads scripts, which return nothing, and the prelude could be damaged: so
        # the reader throws the counts as the message of an error, which every engine passes on.
        declared, self._declared = self._declared, {}
        for name, script in declared.items():
            try:
                load(write_script_throwing_counts(name))
            except EngineError as error:
                if isinstance(error, LimitReachedError) or not _COUNTS.fullmatch(error.message):
                    self._hits.lost[script] += 1
                else:
                    self._hits.add(script, [int(number) for number in error.message.split()])

    def _collect_values(self, load: Callable[[str], None], sources: PlacedScripts) -> None:
        try:
            load(write_script_throwing_values(self._watched))
        except EngineError as error:
            with suppress(msgspec.MsgspecError):
                for one in _decode_values(error.message):
                    frames = sources.find_user_frames(str(one.stack))
                    stack = tuple(frame.text for frame in frames)
                    self._hits.seen.append(replace(one, stack=stack))


_decode_values = msgspec.json.Decoder(list[NameValues]).decode


@lru_cache(maxsize=256)
def add_counters_to_script(
    script: Script, watched_at: tuple[int, int] | None = None
) -> CountedScript | None:
    """Return *script* with counters, or None if it has to run unchanged.

    That is the case for invalid scripts, which have to fail with their own message. *watched_at* is
    the line and column at which the values of variables are kept.
    """
    counted = insert_counters(script.source, script.name, watched_at)
    return counted if counted is not None and _is_valid(counted.code) else None


def _is_valid(code: str) -> bool:
    from bpmax_sim.script.engine import QuickJSNG  # noqa: PLC0415 - not before a script runs

    engine = QuickJSNG(Limits())
    try:
        engine.load(f"throw 0;(async function () {{\n{code}\n}})")
    except EngineError as error:
        return error.name != "SyntaxError"
    finally:
        engine.close()
    return True
