"""What a scenario needs of the session that it runs in, and no more."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

from bpmax_sim.clock import Chance, Timeline
from bpmax_sim.errors import NoMatchError
from bpmax_sim.proxy.response import CallRecord
from bpmax_sim.script.outbox import Outcome, Waiting
from bpmax_sim.session.witness import Recalled, Struck
from bpmax_sim.subject.hooks import Stage
from bpmax_sim.transport.faults import Fault

T = TypeVar("T")


class Bench(Stage, Protocol):
    """An open session: scripts, calls, faults and one virtual clock."""

    @property
    def clock(self) -> Timeline:
        """Return the clock that scripts see."""
        ...

    @property
    def is_closed(self) -> bool:
        """Return whether no third party is asked."""
        ...

    @property
    def calls(self) -> Sequence[CallRecord]:
        """Return every call so far, logins too, in the order of their start."""
        ...

    @property
    def misses(self) -> Sequence[NoMatchError]:
        """Return every miss so far, swallowed by a script or not."""
        ...

    def redact(self, text: str, /) -> str:
        """Return *text* with every secret replaced by its stand-in."""
        ...

    def shown(self, value: T, /) -> T:
        """Return *value* with every text in it redacted."""
        ...

    def template(self, platform: str, api: str, /) -> str:
        """Return the API's path with its placeholders, or nothing if it is not known."""
        ...

    def proxy(
        self, platform: str, /, *, instance_key: str | None = None, caller: str | None = None
    ) -> Any:
        """Return the interface proxy of a platform, as Python scripts use it."""
        ...

    def chance(self) -> Chance:
        """Return what the scenario draws from."""
        ...

    def advance(self, seconds: float, /) -> None:
        """Move virtual time on; what falls due on the way happens at its instant."""
        ...

    def drain(self) -> Sequence[Outcome]:
        """Return what came of timers since the last time, after their scripts had ended."""
        ...

    def watch(self, call: str, act: Callable[[], None], /) -> None:
        """Let *act* be done each time *call* of a script is in flight; with no name, no more."""
        ...

    def waiting(self) -> Sequence[Waiting]:
        """Return the timers that wait until somebody lets time pass."""
        ...

    def wait(self, seconds: float, /) -> None:
        """Let virtual time pass, as real time where a live system is asked."""
        ...

    def arm(self, rules: Sequence[Fault], /) -> None:
        """Let *rules* strike from now on, in front of those already there; they count anew."""
        ...

    def disarm(self, rules: Sequence[Fault], /) -> Sequence[Fault]:
        """Take *rules* away and return those of them that never fired."""
        ...

    @property
    def struck(self) -> Sequence[Struck]:
        """Return every fault that struck so far, in order."""
        ...

    def recalled(self, serial: int, attempt: int, /) -> Recalled | None:
        """Return the recording behind one sending of a call, if one is."""
        ...

    def close(self, *, failed: bool = False) -> None:
        """End the session; *failed* says that the scenario failed already.

        Raises:
            BpmaxError: for what was not played, or could not be written.
        """
        ...
