"""The result of `bpmax_sim.run_scenario`: the events of a file's items, and whether all passed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from bpmax_sim.errors import ExpectationError
from bpmax_sim.i18n import join_messages
from bpmax_sim.scenario.events import Event, ScenarioFinished
from bpmax_sim.scenario.source import Failure, render_failure


@dataclass(frozen=True, slots=True)
class ScenarioResult:
    """The result of running a scenario file.

    Attributes:
        events: events of all items in the order in which they ran; skipped items have none.
    """

    events: tuple[Event, ...]

    @property
    def failures(self) -> tuple[Failure, ...]:
        """Return the failures of all failed items; an item that fails as expected has none here."""
        ends = (event for event in self.events if isinstance(event, ScenarioFinished))
        return tuple(failure for end in ends if end.outcome == "failed" for failure in end.failures)

    @property
    def ok(self) -> bool:
        """Return whether no item failed."""
        return not self.failures

    def unwrap(self) -> Self:
        """Return the result itself if no item failed.

        Raises:
            ExpectationError: if an item failed; the message has the text of each failure.
        """
        if not self.ok:
            raise ExpectationError(join_messages("\n\n", map(render_failure, self.failures)))
        return self
