"""Failures of third parties while a scenario is recorded."""

from __future__ import annotations

import re
import warnings

import msgspec

from bpmax_sim.cassette.recorder import Outage
from bpmax_sim.errors import OutageWarning
from bpmax_sim.i18n import msg
from bpmax_sim.messages import FailedExchange
from bpmax_sim.scenario.load import ScenarioItem
from bpmax_sim.scenario.progress import Progress


def fail_on_unexpected_outages(progress: Progress) -> None:
    """Add a failure for each call that a third party did not serve (503, no connection …).

    Called when recording: a recording of an outage would be replayed for ever. If the scenario
    expects that error, there is only a warning. *progress* is the state of the run, which has the
    session with these calls, and takes the failures.
    """
    for outage in progress.session.unserved_calls():
        if _expects_outage(progress.item, outage):
            warnings.warn(
                msg("{outage}: recorded, as the scenario expects it", outage=outage),
                OutageWarning,
                stacklevel=2,
            )
            continue
        message = msg(
            "{outage}: the third party did not serve this call, so nothing is recorded; record "
            "when it does, or expect this status or error",
            outage=outage,
        )
        where = ("proxy", "cassette")
        progress.failures.append(progress.make_reporter().report("outage", message, where))


def _expects_outage(item: ScenarioItem, outage: Outage) -> bool:
    """Return whether the scenario expects any error, or the code or status of *outage*."""
    outcome = outage.outcome
    name = outcome.code if isinstance(outcome, FailedExchange) else outcome.status
    left: list[object] = [msgspec.to_builtins(item.scenario, enc_hook=str)]
    expectations: list[object] = []
    while left:
        value = left.pop()
        if isinstance(value, dict):
            if "expect_error" in value:
                return True
            expectations += [value["expect"]] if "expect" in value else []
            left += value.values()
        elif isinstance(value, list | tuple):
            left += value
    # No part of a longer number, amount or word: 8503, 503.50. Chinese has no blanks around words.
    whole = re.compile(rf"(?<![0-9][.,])\b{name}\b(?![.,][0-9])", re.ASCII)
    return any(whole.search(str(text)) for text in expectations)
