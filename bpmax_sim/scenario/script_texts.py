"""Find mistakes in the text of scripts that depend on how they are used, and on the day of a run.

A hook that refuses every time, ``getMonth()`` taken as the month, functions in two libraries, dates
in UTC.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import Final

from bpmax_sim.clock import Instant
from bpmax_sim.errors import Place
from bpmax_sim.i18n import join_list, msg
from bpmax_sim.scenario.findings import RunFinding
from bpmax_sim.script.failure import Script

_LAST_TEXT: Final = re.compile(
    r"^(return)\s+(['\"`])(?:(?!\2).)+\2;?\s*(?://.*\s*)?\Z", re.MULTILINE
)
_MONTH: Final = re.compile(
    r"\$\{[^{}+]*(getMonth)\(\)\s*\}|String\([\w$.]*(getMonth)\(\)\)"
    r"|(?<![\w$.])(?<!1\+)(?<!1 \+ )[\w$.]*\.(getMonth)\(\)\s*\+\s*['\"`]"
    r"|['\"`]\s*\+\s*[\w$.]+\.(getMonth)\(\)(?!\s*\+)"
)
_WEEKDAY: Final = re.compile(
    r"getFullYear\(\)(?:(?!getDate)[^;\n])*\.(getDay)\(\)(?!\s*\]|[^;\n]*getDate)"
)
"""Beside the date of the month, and as an index into names, the day of the week is meant."""
UTC_DATE: Final = re.compile(
    r"\b(toISOString)\(\)\s*\.(?:(?:slice|substring|substr)\(0,\s*10\)|split\(['\"]T['\"]\)\[0\])"
)
"""A date cut out of an instant in UTC."""


def find_source_mistakes(script: Script, hooks: AbstractSet[str]) -> Iterator[tuple[Place, str]]:
    """Yield place and message of each mistake in *script* that a text search finds.

    For example ``getMonth()`` without + 1; and, if *hooks* (events that run it) contain ``submit``,
    a text returned at its end, which would refuse every time.
    """
    refusing = {hook.partition(".")[0] for hook in hooks} & {"submit", "before_next"}
    if refusing and (match := _LAST_TEXT.search(script.source)):
        yield _locate_offset(script, match.start(1)), msg(
            "a text that {hook} returns refuses, and this is returned whatever happens; return "
            "nothing where all is well", hook=min(refusing),
        )  # fmt: skip
    for match in _MONTH.finditer(script.source):
        yield (
            _locate_offset(script, match.start(match.lastindex or 0)),
            msg("getMonth counts from 0, so that January is written as 0; write getMonth() + 1"),
        )
    for match in _WEEKDAY.finditer(script.source):
        yield (
            _locate_offset(script, match.start(1)),
            msg("getDay is the day of the week, from 0; getDate is that of the month"),
        )


def _locate_offset(script: Script, offset: int) -> Place:
    """Return the place of the character at *offset*."""
    before = script.source[:offset]
    return Place(script.name, before.count("\n") + 1, offset - before.rfind("\n"))


def find_shadowed_functions(libraries: Sequence[Script]) -> Iterator[RunFinding]:
    """Yield functions that several libraries of one form or flow declare: the last one counts."""
    declared: dict[str, dict[str, Place]] = {}
    for library in libraries:
        for match in _FUNCTION.finditer(library.source):
            places = declared.setdefault(match[1], {})
            places.pop(library.name, None)  # of one library the later place, behind all others
            places[library.name] = _locate_offset(library, match.start(1))
    for name, places in declared.items():
        *earlier, last = places
        if earlier:
            yield RunFinding("script", msg(
                "{name} of {file} is declared here once more, and this one counts",
                name=name, file=join_list(earlier),
            ), places[last], fails=False)  # fmt: skip


_FUNCTION: Final = re.compile(r"^(?:async\s+)?function\s*\*?\s*([\w$]+)", re.MULTILINE)


def find_utc_dates(scripts: Iterable[Script], clock: Instant, now: float) -> Iterator[RunFinding]:
    """Yield each date that *scripts* cut out of ``toISOString()`` if it is another day in UTC.

    *clock* is the start of virtual time with the zone of the run, *now* the virtual time at its
    end: the local day and that in UTC are compared then.
    """
    local, utc = (str(one.at(now))[:10] for one in (clock, _EPOCH))
    for script in scripts if local != utc else ():
        for match in UTC_DATE.finditer(script.source):
            yield RunFinding("script", msg(
                "toISOString is in UTC, where it is {utc} when it is {local} here; make the date "
                "of getFullYear, getMonth() + 1 and getDate", utc=utc, local=local,
            ), _locate_offset(script, match.start(1)), fails=False)  # fmt: skip


_EPOCH: Final = Instant.parse("1970-01-01T00:00:00Z")
