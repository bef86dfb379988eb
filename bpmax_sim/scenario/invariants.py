"""What has to be true after every step of a scenario, ``always:``, and what never, ``never:``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from bpmax_sim.i18n import msg, series
from bpmax_sim.scenario.events import LogMark
from bpmax_sim.scenario.expect import failing_checks
from bpmax_sim.scenario.progress import Progress
from bpmax_sim.scenario.source import Failure


def judge_invariants(progress: Progress, since: LogMark) -> Iterator[Failure]:
    """Yield what does not hold after the step that began at *since*.

    Messages, calls and lines of the console are those of the step. A ``never`` is broken where all
    that it says is true.
    """
    for path, expected in progress.item.scenario.invariants:
        reporter = progress.reporter(since)
        checks, failures = progress.judge(reporter, expected, since, path)
        is_broken = bool(failing_checks(checks))
        yield from (failure for failure in failures if failure.kind == "value")
        if path[0] == "always" and is_broken:
            yield from (replace(failure, kind="always") for failure in failures)
        elif path[0] == "never" and checks and not is_broken:
            held = series(f"{check.label} {check.actual}" for check in checks)
            yield reporter.report("never", msg("never: {held}", held=held), path)
