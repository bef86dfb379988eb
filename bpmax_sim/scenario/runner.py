"""Run one item in an open session and tell what happens as frozen events; the last is the verdict.

A step that fails ends the steps, never the ``finally`` steps. Nothing here reads a file, a clock
or a socket: all of that is the session's.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

from bpmax_sim.errors import BpmaxError, NoMatchError
from bpmax_sim.scenario.bench import Bench
from bpmax_sim.scenario.events import Event, ScenarioFinished, ScenarioStarted
from bpmax_sim.scenario.item import ScenarioItem
from bpmax_sim.scenario.judge import judge
from bpmax_sim.scenario.progress import Progress
from bpmax_sim.scenario.step import StepRun
from bpmax_sim.scenario.values import UndefinedValueError


def run(
    item: ScenarioItem,
    bench: Bench,
    *,
    environ: Mapping[str, str] = os.environ,
    faults: bool = True,
) -> Iterator[Event]:
    """Run *item* in *bench*, which is closed at the end, and yield its events.

    *environ* is what ``${env.X}`` reads; without *faults* none is armed, stubs still are.
    """
    progress = Progress(item, bench, environ, faults=faults)
    begin = bench.clock.now()
    yield progress.log.add(
        ScenarioStarted(
            name=item.scenario.scenario,
            row=item.row_id,
            place=item.place,
            steps=len(item.steps),
            at=begin,
        )
    )
    if progress.prepare():
        yield from _with_faults(progress)
    _close(progress)
    now = bench.clock.now()
    yield ScenarioFinished(
        outcome="failed" if progress.failures else "passed",
        failures=bench.shown(tuple(progress.failures)),
        notes=bench.shown(tuple(progress.log.notes)),
        digest=progress.log.digest(),
        calls=len(progress.log.calls),
        duration=round(now - begin, 6),
        at=now,
    )


def _with_faults(progress: Progress) -> Iterator[Event]:
    rules = progress.item.faults if progress.faults else ()
    armed = (*rules, *progress.item.cast.stubs)
    progress.bench.arm(armed)
    yield from _steps(progress)
    silent = progress.bench.disarm(armed)
    if not progress.failures:
        scene = progress.scene()
        progress.failures += [scene.silent(fault) for fault in silent if fault in rules]


def _steps(progress: Progress) -> Iterator[Event]:
    total = len(progress.item.steps)
    for number, located in enumerate(progress.item.steps, 1):
        yield from StepRun(progress, located, number, total).events()
        if progress.failures:
            break
    else:
        _judge_whole(progress)
    for located in progress.item.cleanup:
        yield from StepRun(progress, located, prefix="finally: ").events()


def _judge_whole(progress: Progress) -> None:
    """Hold the whole run against the scenario's own ``expect``."""
    scene = progress.scene()
    try:
        checks = judge(progress.item.scenario.expect, progress.state(), progress.wanted)
    except UndefinedValueError as error:
        progress.failures.append(scene.failure("value", str(error), ("expect",)))
    else:
        progress.failures += scene.expectation(checks)


def _close(progress: Progress) -> None:
    """End the session; what it raises is the verdict only where nothing else is wrong."""
    try:
        progress.bench.close(failed=bool(progress.failures))
    except BpmaxError as error:
        if not progress.failures:
            kind = "miss" if isinstance(error, NoMatchError) else "unplayed"
            progress.failures.append(
                progress.scene().failure(kind, str(error), ("proxy", "cassette"))
            )
