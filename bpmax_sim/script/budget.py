"""A budget for all scripts of a run, counted so that it is equal on every machine, under any load.

`Limits` ends scripts by time. What a variant of a script may use is a multiple of what the script
itself used, and must not depend on seconds.
"""

from __future__ import annotations

from typing import Any

import msgspec

from bpmax_sim.i18n import msg


class WorkCounts(msgspec.Struct, frozen=True, kw_only=True):
    """Amounts of work that scripts did, or may do.

    Unlike seconds, they are the same on each machine.

    Attributes:
        interrupts: number of times the engine asked whether to continue, about once in 10,000
            steps.
        jobs: number of promise jobs, about one for each ``await``.
        calls: ``$proxy`` calls.
        timers: timers that fired.
        seconds: virtual time that passed.
    """

    interrupts: float = 0
    jobs: float = 0
    calls: float = 0
    timers: float = 0
    seconds: float = 0

    def scale(self, factor: float, least: WorkCounts) -> WorkCounts:
        """Return these counts multiplied by *factor*; none is less than that of *least*."""
        names = self.__struct_fields__
        most = {name: max(factor * getattr(self, name), getattr(least, name)) for name in names}
        return WorkCounts(**most)


UNLIMITED = WorkCounts(**dict.fromkeys(WorkCounts.__struct_fields__, float("inf")))


class SessionWorkBudget:
    """Counts the work of all scripts of one session, and whether it exceeds a maximum.

    *most* is the maximum of each count; by default there is none.

    Attributes:
        exceeded: name of the count that was exceeded first, or "".
    """

    def __init__(self, most: WorkCounts = UNLIMITED) -> None:
        """Start with nothing used; *most* is the maximum of each count."""
        self._most = most
        self._used: dict[str, float] = dict.fromkeys(WorkCounts.__struct_fields__, 0)
        self._begin: float | None = None
        self.exceeded = ""

    @property
    def counts(self) -> WorkCounts:
        """Return the amounts used so far."""
        return WorkCounts(**self._used)

    def spend(self, name: str, amount: float = 1) -> bool:
        """Add *amount* to the count *name*, such as ``calls``.

        Return whether no maximum is exceeded.
        """
        self._used[name] += amount
        if self._used[name] > getattr(self._most, name):
            self.exceeded = self.exceeded or name
        return not self.exceeded

    def spend_virtual_time_until(self, now: float) -> bool:
        """Count the virtual time that passed up to *now*; return whether no maximum is exceeded."""
        self._begin = now if self._begin is None else self._begin
        return self.spend("seconds", max(0.0, now - self._begin - self._used["seconds"]))

    def describe_exceeded_maximum(self) -> str:
        """Return a sentence that names the exceeded count and its maximum."""
        most: Any = getattr(self._most, self.exceeded)
        return {
            "interrupts": msg("the scripts ran for more than {most:.0f}0,000 steps", most=most),
            "jobs": msg("the scripts went on after more than {most:.0f} promises", most=most),
            "calls": msg("the scripts made more than {most:.0f} calls", most=most),
            "timers": msg("more than {most:.0f} timers fired", most=most),
            "seconds": msg("more than {most:.0f} s of virtual time passed", most=most),
        }[self.exceeded]
