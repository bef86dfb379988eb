"""The session of a Python test: opened as its markers say, judged when its function has ended."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, overload

import pytest

from bpmax_sim.clock import Clock, parse_duration
from bpmax_sim.errors import BpmaxError, ExpectationError
from bpmax_sim.pytest_plugin import options
from bpmax_sim.pytest_plugin.faulty import RunFaults, marked_faults
from bpmax_sim.pytest_plugin.fixtures import GUARD, SESSIONS
from bpmax_sim.pytest_plugin.hiding import hide_in
from bpmax_sim.pytest_plugin.stubbed import put_behind
from bpmax_sim.pytest_plugin.tally import Tally, tally_of
from bpmax_sim.pytest_plugin.wanted import (
    cassette_of,
    cassettes_folder,
    owner_of,
    root_of,
    session_options,
)
from bpmax_sim.scenario.events import Event
from bpmax_sim.scenario.log import Log
from bpmax_sim.scenario.names import cassette_name
from bpmax_sim.session import Session
from bpmax_sim.session.sharing import Run as SessionRun
from bpmax_sim.subject.stage import Happening


def open_session(node: pytest.Item, **given: Any) -> Session:
    """Return an open session for a Python test; the network is closed to it if it replays.

    Args:
        node: the test.
        given: options of `Session.open` that win over everything; ``cassette`` may be a name
            below the cassettes folder.

    Raises:
        ConfigError: an option or a file is wrong.
        CassetteError: the cassette cannot be used.
    """
    folder = cassettes_folder(node)
    if isinstance(given.get("cassette"), str):
        name = cassette_name(root_of(node), node.path, given["cassette"], "")
        given["cassette"] = folder / f"{name}.yaml"
    found = {
        "platforms": _platforms(node),
        "cassette": cassette_of(node),
        "logins": folder / "auth",
        "owner": owner_of(node),
        "command": f"pytest {shlex.quote(node.nodeid)} --bpmax-mode=record",
        "command_rewrite": "--bpmax-record=rewrite",
        "command_new": "--bpmax-record=new",
        "command_extra": "--bpmax-record=new --bpmax-record-extra",
        **session_options(node),
        **given,
    }
    session = _sessions(node).open(found.pop("platforms"), **found)
    put_behind(node, session)
    if session.is_closed:
        node.stash[GUARD].close(options.allowed_hosts(node.config))
    hide_in(node, session.redact)
    return session


class Sessions:
    """The sessions of one test: those of one owner are one recording, judged with the test."""

    def __init__(self) -> None:
        """Start without any."""
        self._run = SessionRun()
        self._last: dict[tuple[object, str], Session] = {}

    def open(self, platforms: Any, **found: Any) -> Session:
        """Return one more, which does not end its owner's recording when it closes.

        Raises:
            ConfigError: an option or a file is wrong.
            CassetteError: the cassette cannot be used.
        """
        session = Session.open(platforms, run=self._run, **found)
        self._last[session.settings.cassette, session.settings.owner] = session
        return session

    def finish(self, tally: Tally, *, failed: bool) -> None:
        """Seal what was recorded, and judge what was not played.

        Raises:
            ExpectationError: an exchange was not played.
            CassetteError: a recording could not be written.
        """
        last, self._last = list(self._last.values()), {}
        wrong, left = failed, False
        try:
            self._run.finish(failed=failed)
            if not failed:
                for session in last:
                    session.judge_unplayed()
        except BpmaxError as error:
            wrong, left = True, isinstance(error, ExpectationError)
            raise
        finally:
            for session in last:
                tally.add_recording(session, failed=wrong, doubtful=wrong and not left)


def _sessions(node: pytest.Item) -> Sessions:
    if SESSIONS not in node.stash:
        node.stash[SESSIONS] = Sessions()
    return node.stash[SESSIONS]


def _platforms(node: pytest.Item) -> Any:
    folder = root_of(node) / "scenarios" / "platforms"
    return folder if folder.is_dir() else None


class Run:
    """The session of one test, and what is left to judge about it."""

    def __init__(self, node: pytest.Item) -> None:
        """Open the session, with the faults of the markers armed."""
        self._node = node
        self._finished = False
        self.session = open_session(node)
        armed = options.value(node.config, "faults", "on") == "on"
        self.faults = RunFaults(self.session, armed=armed)
        for rule in marked_faults(node):
            self.faults.arm(rule)

    def finish(self, *, failed: bool = False) -> None:
        """Close the session, once, and judge what it did.

        Raises:
            NoMatchError: a call had no answer, even if the test swallowed that.
            ExpectationError: a fault never fired, or an exchange was not played.
            CassetteError: the recording could not be written.
        """
        if self._finished:
            return
        self._finished = True
        silent = self.faults.disarm()
        wrong, tally = failed or bool(silent), tally_of(self._node.config)
        try:
            self.session.close(failed=wrong)
        except BpmaxError:
            wrong = True
            raise
        finally:
            tally.add_calls(self.session)
            _sessions(self._node).finish(tally, failed=wrong)
        if silent and not failed:
            raise ExpectationError(silent)


@contextmanager
def run_of(node: pytest.Item) -> Iterator[Run]:
    """Open the session of *node* for as long as its fixtures live.

    It is judged when the test function ends, or here where there is none, as in a TestCase.
    """
    try:
        run = Run(node)
    except BpmaxError as error:
        pytest.fail(str(error), pytrace=False)
    node.stash[RUN] = run
    try:
        yield run
    finally:
        with told():
            run.finish()
        del node.stash[RUN]


@contextmanager
def told() -> Iterator[None]:
    """Let our errors fail the test with their message alone."""
    try:
        yield
    except BpmaxError as error:
        pytest.fail(str(error), pytrace=False)


RUN = pytest.StashKey[Run]()


class RunClock:
    """The virtual time of a test's session."""

    def __init__(self, session: Session) -> None:
        """Show the clock of *session*."""
        self._session = session

    def now(self) -> float:
        """Return the instant in POSIX seconds."""
        clock: Clock = self._session.clock
        return clock.now()

    def advance(self, duration: float | str) -> None:
        """Move on by *duration* (seconds, or ``1m30s``), after everything that is planned.

        Raises:
            ValueError: if it is no duration.
        """
        self._session.advance(parse_duration(duration))


class RunEvents(Sequence[Event]):
    """What a test's session did so far, in the order of virtual time.

    Calls are here by themselves; a form or a flow that a test drives tells more through `tell`.
    """

    def __init__(self, session: Session) -> None:
        """Listen to *session*."""
        self._log = Log(session)

    def tell(self, happening: Happening) -> None:
        """Take what a subject tells."""
        self._log.tell(happening)

    @overload
    def __getitem__(self, index: int) -> Event: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Event]: ...
    def __getitem__(self, index: int | slice) -> Event | Sequence[Event]:
        return self._all()[index]

    def __len__(self) -> int:
        return len(self._all())

    def _all(self) -> list[Event]:
        self._log.collect(())
        return self._log.events
