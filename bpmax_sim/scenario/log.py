"""What a run told so far, in the order of happening, and what belongs to the present step."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import attrgetter, itemgetter
from typing import Any

import msgspec
from msgspec.structs import replace

from bpmax_sim.errors import Place
from bpmax_sim.scenario.bench import Bench
from bpmax_sim.scenario.calls import call_made
from bpmax_sim.scenario.events import ConsoleWritten, Event, answer_of
from bpmax_sim.scenario.homes import NOWHERE, Homes
from bpmax_sim.scenario.made import CallMade
from bpmax_sim.scenario.plain import plain
from bpmax_sim.scenario.trace import trace_digest
from bpmax_sim.script.outcome import ConsoleLine, TimerFired
from bpmax_sim.subject.stage import (
    CycleCut,
    FieldChanged,
    Happening,
    MessageShown,
)


class Mark(msgspec.Struct, frozen=True):
    """A position in the log."""

    calls: int
    console: int
    messages: int


START = Mark(0, 0, 0)


class Log(msgspec.Struct):
    """Gathers what happens and hands it on in that order.

    Attributes:
        writers: field -> the script line that wrote its present value.
    """

    bench: Bench
    homes: Homes = NOWHERE
    events: list[Event] = msgspec.field(default_factory=list)
    calls: list[CallMade] = msgspec.field(default_factory=list)
    console: list[dict[str, Any]] = msgspec.field(default_factory=list)
    messages: list[dict[str, Any]] = msgspec.field(default_factory=list)
    writers: dict[str, Place | None] = msgspec.field(default_factory=dict)
    notes: list[str] = msgspec.field(default_factory=list)
    _fresh: list[tuple[int, Event]] = msgspec.field(default_factory=list)

    def tell(self, happening: Happening) -> None:
        """Take what a subject tells, at this instant."""
        clock = self.bench.clock
        told: dict[str, Any] = {"at": clock.now()}
        if isinstance(happening, FieldChanged):
            told |= {"old": plain(happening.old), "new": plain(happening.new)}
            self.writers[happening.field] = happening.place
        happening = self.bench.shown(replace(happening, **told))
        self._fresh.append((clock.tick(), happening))
        if isinstance(happening, MessageShown):
            self.messages.append({"text": happening.text, "type": happening.level})
        elif isinstance(happening, CycleCut):
            self.notes.append(f"change cycle cut: {' -> '.join(happening.chain)}")

    def mark(self) -> Mark:
        """Return the present position."""
        return Mark(len(self.calls), len(self.console), len(self.messages))

    def add(self, event: Event) -> Event:
        """Note *event* and return it, redacted."""
        event = self.bench.shown(event)
        self.events.append(event)
        return event

    def collect(
        self, console: Sequence[ConsoleLine], timers: Sequence[TimerFired] = ()
    ) -> Iterable[Event]:
        """Return everything since the last time, as it happened."""
        for record in sorted(self.bench.calls[len(self.calls) :], key=attrgetter("began")):
            platform, _, api = record.name.partition(".")
            number = len(self.calls) + 1
            made = call_made(record, number, self.bench.template(platform, api))
            self.calls.append(made)
            self._fresh += (record.began, made), (record.ended, answer_of(made))
        self._fresh += [(timer.order, timer) for timer in timers]
        for line in sorted(console, key=attrgetter("order")):
            self.console.append({"text": line.text, "level": line.level})
            written = ConsoleWritten(text=line.text, level=line.level, at=line.at)
            self._fresh.append((line.order, written))
        fresh = [event for _, event in sorted(self._fresh, key=itemgetter(0))]
        self._fresh.clear()
        self.events += fresh
        return tuple(fresh)

    def digest(self) -> str:
        """Return the digest of the trace so far."""
        return trace_digest(self.events, self.homes)
