"""Scenario files as modules of pytest, and each scenario or row as a function in them.

They are real `pytest.Module` and `pytest.Function` nodes, because module-scoped fixtures, IDE test
trees and reporting plugins look for those and nothing else.
"""

from __future__ import annotations

import inspect
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from bpmax_sim.clock import Instant
from bpmax_sim.errors import BpmaxError, ConfigError
from bpmax_sim.pytest_plugin import options
from bpmax_sim.pytest_plugin.failing import (
    FailureText,
    ScenarioFailedError,
    annotation,
    calls_section,
    config_failure,
    properties,
    relative,
)
from bpmax_sim.pytest_plugin.faulty import marked_faults
from bpmax_sim.pytest_plugin.fixtures import GUARD
from bpmax_sim.pytest_plugin.hiding import hide_in
from bpmax_sim.pytest_plugin.longlived import LONG_LIVED
from bpmax_sim.pytest_plugin.stubbed import put_behind
from bpmax_sim.pytest_plugin.tally import tally_of
from bpmax_sim.pytest_plugin.tracebacks import behind
from bpmax_sim.pytest_plugin.wanted import (
    cassettes_folder,
    choose,
    marked,
    root_of,
    session_options,
)
from bpmax_sim.report.remembered import remember
from bpmax_sim.report.traces import keep_trace
from bpmax_sim.scenario.events import Event, ScenarioFinished
from bpmax_sim.scenario.failure import LONGEST
from bpmax_sim.scenario.item import ScenarioItem
from bpmax_sim.scenario.load import items
from bpmax_sim.scenario.made import CallMade
from bpmax_sim.scenario.names import SUFFIX
from bpmax_sim.scenario.opening import open_session
from bpmax_sim.scenario.runner import run
from bpmax_sim.session import Session

MARK = "bpmax_scenario"
_FILES = 50
CALLS = pytest.StashKey[tuple[CallMade, ...]]()


class ScenarioFile(pytest.Module):
    """A ``*.scenario.yaml`` file."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Stand for a module without anything in it."""
        super().__init__(*args, **kwargs)
        name = re.sub(r"\W", "_", self.path.name.removesuffix(SUFFIX))
        self.obj = ModuleType(f"{name}_scenario")
        self.obj.__file__ = str(self.path)

    def collect(self) -> Iterator[pytest.Item]:
        """Yield one item for each row, or one.

        Raises:
            CollectError: with one line for each problem of the file.
        """
        try:
            variables = options.variables(self.config)
            found = items(self.path, variables=variables, root=root_of(self))
        except ConfigError as error:
            tally_of(self.config).broken += 1
            raise self.CollectError(str(error)) from None
        folder = cassettes_folder(self)
        for item in found:
            yield self._test(item, folder)
        LONG_LIVED.set_aside(len(tally_of(self.config).owned), every=_FILES)

    def _test(self, item: ScenarioItem, folder: Path) -> pytest.Item:
        test: ScenarioTest = ScenarioTest.from_parent(self, name=item.node_name, callobj=play)
        test.scenario = item
        for tag in (MARK, *item.tags):
            if tag != MARK:
                self.config.addinivalue_line("markers", f"{tag}: tag of scenarios")
            test.add_marker(tag)
        if item.skip:
            test.add_marker(pytest.mark.skip(reason=_reason(item.skip)))
        if item.xfail:
            test.add_marker(pytest.mark.xfail(reason=_reason(item.xfail), strict=True))
        test.cassettes = folder
        cassette = f"{folder}{os.sep}{item.cassette}.yaml".replace("/", os.sep)
        tally_of(self.config).own(cassette, str(folder), owner=item.owner, test=self.path)
        return test


def _reason(flag: bool | str) -> str:
    return flag if isinstance(flag, str) else ""


class ScenarioTest(pytest.Function):
    """A scenario, or one row of its table."""

    scenario: ScenarioItem
    cassettes: Path

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Have the id that pytest reads back from its cache.

        From 9.2 on it compares ids by their parts and gives a function parameters only where it
        made them itself, so that ``--lf`` would not find a row again.
        """
        super().__init__(*args, **kwargs)
        parts = getattr(self, "_id", None)
        if parts is not None:
            self._id = type(parts).parse(self.nodeid)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Return file, line from 0 and name."""
        return self.path, max(self.scenario.place.line - 1, 0), self.name

    def repr_failure(  # type: ignore[override] # as pytest's own Function has it
        self, excinfo: pytest.ExceptionInfo[BaseException]
    ) -> Any:
        """Return the text of a scenario's failure, and what pytest makes of any other error."""
        error = excinfo.value
        if isinstance(error, ScenarioFailedError):
            wanted = options.value(self.config, "tb")
            return FailureText.of(
                error.failures, behind(error.failures, error.redact) if wanted else ""
            )
        return super().repr_failure(excinfo)

    def says(self, name: str) -> bool:
        """Return whether the scenario itself says something about an option."""
        steps = {"seed": ("seed",), "clock": ("clock",)}.get(name, ("proxy", name))
        return self.scenario.spot.source.root.at(steps) is not None


def play(request: pytest.FixtureRequest) -> None:
    """Run the scenario of the requesting item; the body of every one of them.

    Raises:
        ScenarioFailedError: it failed.
    """
    test = request.node
    assert isinstance(test, ScenarioTest)
    item = test.scenario
    try:
        item = _changed(test)
        session = _open(test, item)
    except BpmaxError as error:
        failure = config_failure(item.name, error, item.place, item.rerun)
        remember(item, [failure])
        raise ScenarioFailedError([failure]) from error
    events: list[Event] = []
    try:
        events += _events(test, item, session)
    except BaseException:
        with suppress(BpmaxError):
            session.close(failed=True)
        raise
    events = session.shown(events)  # a secret may have become known after what told it
    finished = events[-1]
    assert isinstance(finished, ScenarioFinished)
    _keep(test, item, events, finished, session)
    if finished.failures:
        raise ScenarioFailedError(finished.failures, session.redact)


# pytest asks twice for every scenario, and to find it out takes long.
play.__signature__ = inspect.signature(play)  # type: ignore[attr-defined]


def _changed(test: ScenarioTest) -> ScenarioItem:
    """Return the item with the seed and the clock that the caller wants, and markers' faults.

    Raises:
        ConfigError: if a marker is wrong.
    """
    item = test.scenario
    names = ("seed", "clock")
    mark = marked(test)
    wanted = {name: choose(test.config, mark, name, says=test.says) for name in names}
    given = {name: value for name, value in wanted.items() if value is not None}
    faults = tuple(marked_faults(test))
    if not given and not faults:
        return item
    scenario = msgspec.structs.replace(item.scenario, **given)
    clock = Instant.parse(scenario.clock) if scenario.clock else None
    return replace(item, scenario=scenario, clock=clock, faults=(*item.faults, *faults))


def _open(test: ScenarioTest, item: ScenarioItem) -> Session:
    session = open_session(
        item,
        cassettes=test.cassettes,
        **{
            "command_rewrite": "--bpmax-record=rewrite",
            "command_new": "--bpmax-record=new",
            "command_extra": "--bpmax-record=new --bpmax-record-extra",
            **session_options(test, says=test.says),
        },
    )
    put_behind(test, session)
    if session.is_closed:
        test.stash[GUARD].close(options.allowed_hosts(test.config))
    hide_in(test, session.redact)
    return session


def _events(test: ScenarioTest, item: ScenarioItem, session: Session) -> Iterator[Event]:
    faults = options.value(test.config, "faults", "on") == "on"
    return run(item, session, faults=faults)


def _keep(
    test: ScenarioTest,
    item: ScenarioItem,
    events: list[Event],
    finished: ScenarioFinished,
    session: Session,
) -> None:
    """Note what a report, a summary and a trace want to know afterwards."""
    failed = bool(finished.failures)
    remember(item, () if item.xfail else finished.failures)
    doubtful = any(failure.kind != "unplayed" for failure in finished.failures)
    tally_of(test.config).add(session, failed=failed, doubtful=doubtful)
    calls = tuple(event for event in events if isinstance(event, CallMade))
    test.stash[CALLS] = calls
    test.user_properties += properties(calls, finished.digest, session.settings.cassette)
    when = "on" if options.report_path(test.config) else _traced(test.config)
    if path := keep_trace(item, events, when, failed=failed):
        tally_of(test.config).traces.add(path)
        test.user_properties.append(("bpmax_trace", relative(Path(path))))


def _traced(config: pytest.Config) -> str:
    found: str = options.value(config, "trace", "on-failure")
    return found


def annotate(test: ScenarioTest, report: pytest.TestReport, error: BaseException | None) -> None:
    """Put the calls and the failing step's line into the report of a scenario's call."""
    calls, told, room = test.stash.get(CALLS, ()), 0, len(test.stash.get(CALLS, ()))
    if isinstance(error, ScenarioFailedError):
        told = len(error.failures[0].calls)
        room = LONGEST - len(str(report.longrepr).splitlines()) - 1
        place = annotation(error.failures[0], test.config.rootpath)
        if place:
            report.location = (*place, report.location[2])
    text = calls_section(calls, room) if len(calls) > told else ""
    if text:
        report.sections.append(("calls", text))
