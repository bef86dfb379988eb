"""Find the values of names at the script line where a replay failed.

The item is run once more with a watch on that line, since a replay is deterministic. The first run
is the one that is judged. The second run only provides the values, and is discarded if its digest
differs. An item that calls Python of the project is not run again, as Python may have side effects.
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
_LONGEST_SECRET = 7000
"""How many characters a secret may have, also in an encoding that makes it longer."""


def find_values_at_failure(
    item: ScenarioItem, verdict: Verdict, run_again: RunAgain, redact: Redact
) -> NamesAttached | None:
    """Return the variables' values at the script line of the first failure, and the call stack.

    *item*, a scenario or row, is run once more for that, by *run_again*; *redact* hides secrets in
    the values. None if the failure has no script line or is an exceeded script limit, a step runs
    Python (which may have side effects), or the second run had other effects than the first.
    """
    failure = next(iter(verdict.failures), None)
    if failure is None or failure.script is None or not failure.script.line:
        return None
    if isinstance(failure.cause, ScriptLimitError) or _runs_python(item):
        return None
    hits = ScriptHits(watched=failure.script)
    with warnings.catch_warnings():
        # They were shown in the run that is judged.
        warnings.simplefilter("ignore")
        try:
            events = run_again(hits)
        except BpmaxError:
            return None
    last = events[-1]
    # Another digest: the second run went another way, and its values would explain nothing.
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
    """Return *text* redacted and then cut to its first characters.

    Cutting first could leave half a secret, which would not be recognised. If *text* is so long
    that the engine may have cut it already, its end may be such a half; so only what is far from
    that end is shown, and if the redacted text is too short for that, only an ellipsis.
    """
    shown = redact(text)
    # The engine counts UTF-16 code units, of which 😀 has two.
    is_cut_by_engine = len(text.encode("utf-16-le", "surrogatepass")) // 2 >= LONGEST_VALUE
    if is_cut_by_engine and len(shown) < _SHOWN + _LONGEST_SECRET:
        return "…"
    return shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}…"


def _runs_python(item: ScenarioItem) -> bool:
    """Return whether a step may call Python of the project, which may have side effects."""
    return any("python:" in text for text in item.file_texts.values())
