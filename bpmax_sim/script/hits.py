"""What scripts ran, counted in the engine: a session with `ScriptHits` runs them with counters.

Everything else comes to the same as without: verdict, digest, console, positions. What a context
counted is read when it is closed; of a script that passed a limit nothing is known, as its
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
from bpmax_sim.script.failure import Script, Sources, split_lines
from bpmax_sim.script.limits import EngineError, LimitReachedError, Limits, make_time_error
from bpmax_sim.script_source.counters import (
    CountedScript,
    insert_counters,
    write_reading,
    write_watch_reading,
)

HitsData = tuple[str, str, list[int] | None, int, str]
"""A script's name and text, its counts, how many contexts were lost, and the text as shown."""
_COUNTS: Final = re.compile(r"[ \d]+")


class NameValues(msgspec.Struct, frozen=True):
    """The values of names when a place of a script was reached.

    Attributes:
        at: virtual time.
        values: each as text, by its name.
        stack: the engine's; the frames of users' files once it is handed in.
    """

    at: float
    values: dict[str, str]
    stack: str | tuple[str, ...] = ""


class ScriptHits:
    """How often each part of each script ran, over all sessions that were given this.

    Attributes:
        watched: where the values of names are kept, too.
        seen: what they were there, in the order of time.
        counts: script -> the numbers of its counters, in their order.
        lost: script -> how many contexts with it passed a limit, of which nothing is known.
        uncounted: scripts that cannot be counted: no JavaScript, empty, or larger than any person
            writes.
        shown: script -> its text without what is secret.
    """

    def __init__(self, watched: Place | None = None) -> None:
        """Start with nothing."""
        self.watched = watched
        self.seen: list[NameValues] = []
        self.counts: dict[Script, list[int]] = {}
        self.lost: Counter[Script] = Counter()
        self.uncounted: dict[Script, None] = {}
        self.shown: dict[Script, str] = {}

    def hide(self, redact: Callable[[str], str]) -> None:
        """Show no secret that a session knows."""
        for script in self.counts:
            self.shown[script] = redact(self.shown.get(script, script.source))

    def count_script(self, script: Script) -> CountedScript | None:
        """Return *script* with counters, see the function of this name, and what is watched."""
        place = self.watched
        is_watched = place is not None and place.file == script.name
        return count_script(script, (place.line, place.column) if place and is_watched else None)

    def declare(self, script: Script) -> None:
        """Count *script* also where no run comes to it."""
        own = unify_lines(script)
        counted = count_script(own)
        if counted is None:
            self.uncounted[own] = None
        else:
            self.counts.setdefault(own, [0] * len(counted.counters))

    def add(self, script: Script, counts: Sequence[int]) -> None:
        """Add what a context counted of *script*."""
        before = self.counts.get(script)
        self.counts[script] = (
            [*counts]
            if before is None
            else [one + more for one, more in zip(before, counts, strict=True)]
        )

    def merge(self, data: Iterable[HitsData]) -> None:
        """Add what another process counted, as `to_data` returns it."""
        for name, source, counts, lost, shown in data:
            script = Script(source, name)
            if shown != source:
                self.shown[script] = shown
            self.lost += Counter({script: lost})
            if counts is None:
                self.uncounted[script] = None
            else:
                self.add(script, counts)

    def to_data(self) -> list[HitsData]:
        """Return of each script its name, text, counts and lost contexts, as plain values."""
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


class CountingEngine:
    """An engine that gives scripts the time that counting takes; errors tell the limits as set."""

    def __init__(self, make: MakeEngine, limits: Limits, sources: Sequence[str]) -> None:
        """Have *make* make it, within *limits* and what counting takes."""
        self._limits = limits
        self._allowed = replace(limits, cpu=limits.cpu * _PATIENCE, wall=limits.wall * _PATIENCE)
        self._inner = make(self._allowed, sources)
        self.renew, self.close = self._inner.renew, self._inner.close

    def load(self, source: str) -> None:
        """Run *source* as a global script."""
        with self._restore_limit_errors():
            self._inner.load(source)

    def call(self, operation: str, argument: str) -> str:
        """Run one operation of the prelude and every microtask, and return its outbox."""
        with self._restore_limit_errors():
            return self._inner.call(operation, argument)

    @contextmanager
    def _restore_limit_errors(self) -> Iterator[None]:
        try:
            yield
        except LimitReachedError as error:
            for is_wall in (False, True):
                if error.message == make_time_error(self._allowed, is_wall=is_wall).message:
                    raise make_time_error(self._limits, is_wall=is_wall, raw=error.raw) from None
            raise


class ContextHits:
    """The counters of the scripts of one context."""

    def __init__(self, hits: ScriptHits) -> None:
        """Hand in to *hits*."""
        self._hits = hits
        self._declared: dict[str, Script] = {}
        self._watched = ""

    def declare(self, script: Script, counted: CountedScript, load: Callable[[str], None]) -> None:
        """Declare the counters of *script*, once, by *load*, which runs a global script."""
        if counted.name not in self._declared:
            self._declared[counted.name] = script
            self._watched = counted.name if counted.is_watched else self._watched
            with suppress(EngineError):  # over its limits: nothing runs in it any more
                load(counted.declaration)

    def submit_counts(self, load: Callable[[str], None], sources: Sources) -> None:
        """Hand in what was counted; of a context that is lost, which scripts ran.

        Frames of stacks are those of *sources*.
        """
        if self._watched:
            self._submit_values(load, sources)
        declared, self._declared = self._declared, {}
        for name, script in declared.items():
            try:
                load(write_reading(name))
            except EngineError as error:
                if isinstance(error, LimitReachedError) or not _COUNTS.fullmatch(error.message):
                    self._hits.lost[script] += 1
                else:
                    self._hits.add(script, [int(number) for number in error.message.split()])

    def _submit_values(self, load: Callable[[str], None], sources: Sources) -> None:
        try:
            load(write_watch_reading(self._watched))
        except EngineError as error:
            with suppress(msgspec.MsgspecError):
                for one in _decode_values(error.message):
                    frames = (text for _, text in sources.user_frames(str(one.stack)))
                    self._hits.seen.append(replace(one, stack=tuple(frames)))


_decode_values = msgspec.json.Decoder(list[NameValues]).decode


def unify_lines(script: Script) -> Script:
    """Return *script* as engines take it, without line ends that they do not count."""
    return Script("\n".join(split_lines(script.source)), script.name)


@lru_cache(maxsize=256)
def count_script(script: Script, watched: tuple[int, int] | None = None) -> CountedScript | None:
    """Return *script* with counters, or None where it has to run as it is.

    That is of what is not valid: it has to fail in its own words. *watched* are the line and the
    column where the values of names are kept.
    """
    counted = insert_counters(script.source, script.name, watched)
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
