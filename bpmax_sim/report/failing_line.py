"""The values of names at the script's line where a replay failed.

It is run once more, with the line watched: a replay comes to the same each time. The first run is
the one that is judged; the second is dropped where its digest is another, and only looked at for
the values. Python of the project is not run a second time.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable

from bpmax_sim.errors import BpmaxError, ScriptLimitError
from bpmax_sim.report.terminal import Verdict
from bpmax_sim.scenario.events import Event, NamesAttached, ScenarioFinished, StepFinished
from bpmax_sim.scenario.load import ScenarioItem
from bpmax_sim.script.hits import ScriptHits
from bpmax_sim.script_source.counters import LONGEST_VALUE
from bpmax_sim.secret.vault import Redact

RunAgain = Callable[[ScriptHits], tuple[Event, ...]]
"""Runs an item anew, with what counts and watches its scripts."""

_ROUNDING = 0.001
_SHOWN = 2000


def find_names(
    item: ScenarioItem, verdict: Verdict, run_again: RunAgain, redact: Redact
) -> NamesAttached | None:
    """Return what names held at the script's line of the first failure, if that can be known."""
    failure = next(iter(verdict.failures), None)
    if failure is None or failure.script is None or not failure.script.line:
        return None
    if isinstance(failure.cause, ScriptLimitError) or _runs_python(item):
        return None
    hits = ScriptHits(watched=failure.script)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            events = run_again(hits)
        except BpmaxError:
            return None
    last = events[-1]
    if not isinstance(last, ScenarioFinished) or last.digest != verdict.digest:
        return None
    until = next(
        (one.at for one in events if isinstance(one, StepFinished) and one.outcome == "failed"),
        last.at,
    )
    seen = [one for one in hits.seen if one.at <= until + _ROUNDING]
    if not seen:
        return None
    latest = seen[-1]
    return NamesAttached(
        place=failure.script,
        names={name: _redact_and_cut(text, redact) for name, text in latest.values.items()},
        stack=tuple(map(redact, latest.stack)),
        at=last.at,
    )


def _redact_and_cut(text: str, redact: Redact) -> str:
    """Return the first characters of *text* without secrets: cut first, half of one would stay."""
    shown = redact(text)
    if len(shown) > _SHOWN:
        return f"{shown[:_SHOWN]}…"
    return shown if len(text) < LONGEST_VALUE else "…"  # the engine may have cut a secret


def _runs_python(item: ScenarioItem) -> bool:
    """Return whether a step may call Python of the project, which may do anything."""
    return any("python:" in text for text in item.sources.values())
