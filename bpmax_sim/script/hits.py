"""What scripts ran, counted in the engine: a session with `ScriptHits` runs them with counters.

Everything else comes to the same as without: verdict, digest, console, positions. What a context
counted is read when it is closed; of a script that passed a limit nothing is known, as its
context is lost.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Final

from bpmax_sim.script.failure import Script, split_lines
from bpmax_sim.script.limits import EngineError, LimitReachedError, Limits
from bpmax_sim.script_source.counters import CountedScript, insert_counters, write_reading

_COUNTS: Final = re.compile(r"[ \d]+")


class ScriptHits:
    """How often each part of each script ran, over all sessions that were given this.

    Attributes:
        counts: script -> the numbers of its counters, in their order.
        lost: script -> how many contexts with it passed a limit, of which nothing is known.
    """

    def __init__(self) -> None:
        """Start with nothing."""
        self.counts: dict[Script, list[int]] = {}
        self.lost: Counter[Script] = Counter()

    def add(self, script: Script, counts: Sequence[int]) -> None:
        """Add what a context counted of *script*."""
        before = self.counts.get(script)
        self.counts[script] = (
            [*counts]
            if before is None
            else [one + more for one, more in zip(before, counts, strict=True)]
        )

    def merge(self, data: Iterable[tuple[str, str, Sequence[int]]]) -> None:
        """Add what another process counted, as `to_data` returns it."""
        for name, source, counts in data:
            self.add(Script(source, name), counts)

    def to_data(self) -> list[tuple[str, str, list[int]]]:
        """Return name, text and counts of each script, as plain values."""
        return [(script.name, script.source, counts) for script, counts in self.counts.items()]


class ContextHits:
    """The counters of the scripts of one context."""

    def __init__(self, hits: ScriptHits) -> None:
        """Hand in to *hits*."""
        self._hits = hits
        self._declared: dict[str, Script] = {}

    def declare(self, script: Script, counted: CountedScript, load: Callable[[str], None]) -> None:
        """Declare the counters of *script*, once, by *load*, which runs a global script."""
        if counted.name not in self._declared:
            self._declared[counted.name] = script
            with suppress(EngineError):  # over its limits: nothing runs in it any more
                load(counted.declaration)

    def hand_in(self, load: Callable[[str], None]) -> None:
        """Hand in what was counted; of a context that is lost, which scripts ran."""
        declared, self._declared = self._declared, {}
        for name, script in declared.items():
            try:
                load(write_reading(name))
            except EngineError as error:
                if isinstance(error, LimitReachedError) or not _COUNTS.fullmatch(error.message):
                    self._hits.lost[script] += 1
                else:
                    self._hits.add(script, [int(number) for number in error.message.split()])


@lru_cache(maxsize=256)
def count_script(script: Script) -> CountedScript | None:
    """Return *script* with counters, or None where it has to run as it is.

    That is of what is not valid: it has to fail in its own words.
    """
    source = "\n".join(split_lines(script.source))
    counted = insert_counters(source, script.name)
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
