"""The result of `bpmax_sim.run_scenario`: the events of a file's items, and whether all passed."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any, Final, Self

from bpmax_sim.errors import ExpectationError, UnseenFailureWarning
from bpmax_sim.i18n import join_messages, msg
from bpmax_sim.scenario.events import Event, ScenarioFinished
from bpmax_sim.scenario.source import Failure, render_failure

_LOOKS: Final = frozenset({"events", "failures", "ok", "unwrap"})


@dataclass(frozen=True)
class ScenarioResult:
    """The result of running a scenario file.

    Attributes:
        events: events of all items (the scenario or the rows of its table) in the order in which
            they ran; skipped items have none.
    """

    events: tuple[Event, ...]

    def __getattribute__(self, name: str) -> Any:
        if name in _LOOKS:
            super().__getattribute__("__dict__")["_is_read"] = True
        return super().__getattribute__(name)

    def __del__(self) -> None:
        """Warn of failures that nobody looked at, in the line that threw the result away."""
        # Ctrl-C can end `__init__` before there are events, and this is called all the same.
        known = self.__dict__
        if "_is_read" not in known and "events" in known and (failures := self.failures):
            message = msg(
                "a scenario failed, and nothing looked at its result: {failure}; call unwrap(), "
                "or assert that it is ok",
                failure=failures[0].essence,
            )
            warnings.warn(message, UnseenFailureWarning, stacklevel=2)

    @property
    def failures(self) -> tuple[Failure, ...]:
        """Return the failures of all items (scenario or rows) that failed.

        An item that fails as expected (``xfail``) has none here.
        """
        ends = (event for event in self.events if isinstance(event, ScenarioFinished))
        return tuple(failure for end in ends if end.outcome == "failed" for failure in end.failures)

    @property
    def ok(self) -> bool:
        """Return whether no item, the scenario or a row of its table, failed."""
        return not self.failures

    def unwrap(self) -> Self:
        """Return the result itself if no item, the scenario or a row of its table, failed.

        Raises:
            ExpectationError: if an item failed; the message has the text of each failure.
        """
        if not self.ok:
            raise ExpectationError(join_messages("\n\n", map(render_failure, self.failures)))
        return self
