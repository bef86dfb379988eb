"""The exploration of one scenario as result of a test: failures of its item, and warnings."""

from __future__ import annotations

from collections.abc import Iterator

from bpmax_sim.explore.judge import VERDICTS
from bpmax_sim.explore.search import Exploration
from bpmax_sim.explore.summary import CauseFinding, explain_unexplored_parts, find_causes
from bpmax_sim.i18n import label_message, msg
from bpmax_sim.scenario.source import Failure, RunWarning


def make_failures(exploration: Exploration) -> tuple[Failure, ...]:
    """Return a failure for each cause found in *exploration* that fails the scenario.

    A cause is a verdict at a line of a script. Several variants (runs with a failed call or another
    order of responses) may have one cause; the first of them gives that line.
    """
    return tuple(
        Failure(
            kind="explore",
            essence=_describe_cause(finding),
            scenario=exploration.name,
            place=exploration.place,
            location=exploration.place,
            detail=(finding.why,),
            script=finding.variants[0].judgement.place,
            rerun=msg("bpmax-sim explore {target}", target=exploration.target),
        )
        for finding in find_causes([exploration])
        if finding.fails_scenario
    )


def make_warnings(exploration: Exploration) -> Iterator[RunWarning]:
    """Yield the warnings of an exploration: first what was not tried and why, then its findings.

    Explored are variants of a scenario: runs in which a call fails, or responses come in another
    order. Variants with the same verdict on the same line of a script are one finding. Left out are
    findings that fail the scenario, as these are reported as failures.
    """
    for limit in explain_unexplored_parts(exploration):
        yield RunWarning("explore", limit, exploration.place)
    for finding in find_causes([exploration]):
        if not finding.fails_scenario:
            text = label_message(_describe_cause(finding), finding.why)
            yield RunWarning("explore", text, finding.variants[0].judgement.place)


def _describe_cause(finding: CauseFinding) -> str:
    return msg(
        "{verdict}: {call}: {kinds}",
        verdict=VERDICTS[finding.verdict],
        call=finding.call,
        kinds=finding.main_kinds,
    )
