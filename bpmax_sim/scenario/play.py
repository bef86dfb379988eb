"""A scenario file -> the events of all its items, each in a session of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from bpmax_sim.errors import BpmaxError
from bpmax_sim.scenario.events import Event
from bpmax_sim.scenario.load import items
from bpmax_sim.scenario.opening import open_session
from bpmax_sim.scenario.runner import run


def run_scenario(
    path: str | os.PathLike[str],
    *,
    variables: Mapping[str, Any] | None = None,
    environ: Mapping[str, str] = os.environ,
    faults: bool = True,
    **options: Any,
) -> Iterator[Event]:
    """Run every item of a scenario file, but skipped ones, and yield what happens.

    Args:
        path: the file.
        variables: they win over those of the file.
        environ: what ``${env.X}`` and credentials are read from.
        faults: whether the scenario's faults are armed.
        options: of `open_session`, such as ``mode="record"``; they win over the scenario.

    Raises:
        ConfigError: the file, what it names or an option is wrong.
        CassetteError: a cassette cannot be used.
    """
    for item in items(Path(path), variables=variables, environ=environ):
        if not item.skip:
            session = open_session(item, environ=environ, **options)
            try:
                yield from run(item, session, environ=environ, faults=faults)
            except BaseException:  # also of whoever reads no further
                with suppress(BpmaxError):
                    session.close(failed=True)
                raise
