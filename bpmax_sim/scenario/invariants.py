"""Check the conditions that must hold after every step (``always:``) or after none (``never:``)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from bpmax_sim.i18n import join_list, msg
from bpmax_sim.scenario.assertions import find_lookalikes_in_sections, resolve_expect
from bpmax_sim.scenario.events import LogPosition
from bpmax_sim.scenario.expect import select_failing_checks
from bpmax_sim.scenario.failure_report import FailureReporter
from bpmax_sim.scenario.model import Expect
from bpmax_sim.scenario.progress import Progress
from bpmax_sim.scenario.references import Path
from bpmax_sim.scenario.source import Failure


def judge_invariants(progress: Progress, since: LogPosition) -> Iterator[Failure]:
    """Yield the failures of ``always`` and ``never`` after the step that began at *since*.

    Only that step's messages, calls and console lines count. An ``always`` fails if any comparison
    in it does; a ``never`` fails if all comparisons in it hold at once.
    """
    for path, expected in progress.item.scenario.invariants:
        reporter = progress.make_reporter(since)
        checks, failures = progress.compare_expectation(reporter, expected, since, path)
        is_broken = bool(select_failing_checks(checks))
        yield from (failure for failure in failures if failure.kind == "value")
        if path[0] == "always" and is_broken:
            yield from (replace(failure, kind="always") for failure in failures)
        elif path[0] == "never" and checks and not is_broken:
            held = join_list(f"{check.label} {check.actual}" for check in checks)
            yield reporter.report("never", msg("never: {held}", held=held), path)
        elif path[0] == "never" and checks:
            _warn_of_lookalikes(progress, reporter, expected, since, path)


def _warn_of_lookalikes(
    progress: Progress, reporter: FailureReporter, expected: Expect, since: LogPosition, path: Path
) -> None:
    """Add a warning for each part of a ``never`` that is not broken only as a type differs.

    *expected* is the ``never`` at *path*, *since* the position at which the step began. An example
    is the text ``"5"`` where the form has the number 5.
    """
    filled = resolve_expect(expected, progress.resolve_expected_value)
    found = tuple(find_lookalikes_in_sections(filled, progress.make_section_readers(since)))
    progress.log.add_findings(reporter.find_vacuous_checks(found, path))
