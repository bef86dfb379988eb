"""The fixtures; everything heavy is imported when one of them is first used."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Unpack

import pytest

from bpmax_sim.pytest_plugin.stash import CURRENT, RUN

if TYPE_CHECKING:
    from bpmax_sim.proxy.builder import Proxy
    from bpmax_sim.pytest_plugin.python_tests import PythonTestRun, RunClock, RunEvents, RunFaults
    from bpmax_sim.session.session import Session
    from bpmax_sim.session.settings import SessionOptions
    from bpmax_sim.transport.respx_router import Router


@pytest.fixture
def _bpmax_run(request: pytest.FixtureRequest) -> Iterator[PythonTestRun]:
    from bpmax_sim.pytest_plugin.python_tests import open_test_run  # noqa: PLC0415

    with open_test_run(request.node) as run:
        yield run


@pytest.fixture
def bpmax_session(_bpmax_run: PythonTestRun) -> Session:
    """Session of this test: scripts, $proxy, virtual clock; its cassette has the test's name."""
    return _bpmax_run.session


@pytest.fixture
def bpmax_proxy(bpmax_session: Session) -> Callable[..., Proxy]:
    """Return the function $proxy, as scripts have it, for calls from this Python test."""
    return bpmax_session.proxy


@pytest.fixture
def bpmax_clock(bpmax_session: Session) -> RunClock:
    """Virtual clock of this test's session: now() and advance("2h")."""
    from bpmax_sim.pytest_plugin.python_tests import RunClock  # noqa: PLC0415

    return RunClock(bpmax_session)


@pytest.fixture
def bpmax_faults(_bpmax_run: PythonTestRun) -> RunFaults:
    """Fault injection: bpmax_faults.add("crm.create_order", call=2, token="expired")."""
    return _bpmax_run.faults


@pytest.fixture
def bpmax_stubs(request: pytest.FixtureRequest) -> Iterator[Router]:
    """Router of respx that answers before recordings, like stubs in a scenario's proxy.

    It answers for the session of this Python test, or of this scenario.
    """
    from bpmax_sim.pytest_plugin.python_tests import open_router  # noqa: PLC0415

    run = request.node.stash.get(RUN, None)
    with open_router(request.node, run.session if run else None) as router:
        yield router


@pytest.fixture
def bpmax_vcr(bpmax_session: Session) -> Iterator[Session]:
    """Session of this test, which now also records and replays what an SDK sends beside $proxy."""
    with bpmax_session.listen():
        yield bpmax_session


@pytest.fixture
def bpmax_events(bpmax_session: Session) -> RunEvents:
    """Events of this test's session so far: calls, and what a form or flow reports to its tell().

    A form or flow that the test drives reports its events if it gets ``bpmax_events.tell``.
    """
    from bpmax_sim.pytest_plugin.python_tests import RunEvents  # noqa: PLC0415

    return RunEvents(bpmax_session)


@pytest.fixture(scope="session")
def bpmax_session_factory(
    request: pytest.FixtureRequest,
) -> Callable[..., AbstractContextManager[Session]]:
    """Return a function that opens sessions as context managers; it may be used under @given.

    A fixture with a session would live for all of hypothesis's examples instead.
    """
    config = request.config

    @contextmanager
    def opened(**options: Unpack[SessionOptions]) -> Iterator[Session]:
        from bpmax_sim.pytest_plugin.python_tests import open_session  # noqa: PLC0415
        from bpmax_sim.pytest_plugin.run_stats import get_tally  # noqa: PLC0415

        session = open_session(config.stash[CURRENT], **options)
        try:
            with session:
                yield session
        finally:
            get_tally(config).add_closed_session(session)

    return opened
