"""A stage whose scripts are Python functions, named by their file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bpmax_sim.errors import BpmaxError, ScriptError
from bpmax_sim.js_values import UNDEFINED
from bpmax_sim.script.channel import LiveObject
from bpmax_sim.script.failure import Script
from bpmax_sim.script.runtime import Page
from bpmax_sim.script.turn_result import ConsoleLine, Outcome
from bpmax_sim.subject.hooks import SubjectEvent

Play = Callable[[Any, Any], Any]


class Thrown(Exception):  # noqa: N818 - what a script throws
    def __init__(self, message: str, name: str = "Error") -> None:
        super().__init__(message)
        self.name = name


@dataclass
class Fields:
    """What a script sees as ``form`` or ``ctx``."""

    live: LiveObject

    def __getitem__(self, name: str) -> Any:
        link = self._links.get(name)
        return self.live.snapshot()[name] if link is None else dict(link.snapshot())

    def __setitem__(self, name: str, value: Any) -> None:
        link = self._links.get(name)
        if link is None or not isinstance(value, dict):
            self.live.write(name, value, None)
            return
        before = link.snapshot()  # what is assigned to a live member becomes its content
        for key, item in value.items():
            if key not in before or before[key] != item:
                link.write(key, item, None)
        for key in before:
            if key not in value and not name.startswith("$"):
                link.write(key, UNDEFINED, None)

    @property
    def _links(self) -> Mapping[str, LiveObject]:
        return getattr(self.live, "links", {})


@dataclass
class PlainStage:
    """Runs a started script when the one that runs has ended, as an event loop does."""

    plays: dict[str, Play] = field(default_factory=dict)
    told: list[SubjectEvent] = field(default_factory=list)
    ran: list[str] = field(default_factory=list)
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    _waiting: list[Callable[[], None]] = field(default_factory=list)

    def scripts(self, *events: str) -> dict[str, tuple[Script, ...]]:
        return {event: (Script("", event),) for event in events}

    def run_script(
        self,
        script: Script,
        *,
        form: LiveObject | None = None,
        ctx: LiveObject | None = None,
        libraries: Sequence[Script] = (),
        page: Page | None = None,
    ) -> Outcome:
        end = self._play(script, form, ctx)
        while self._waiting:
            self._waiting.pop(0)()
        return end

    def start_script(
        self,
        script: Script,
        done: Callable[[Outcome], None],
        *,
        form: LiveObject | None = None,
        ctx: LiveObject | None = None,
        libraries: Sequence[Script] = (),
        page: Page | None = None,
    ) -> None:
        self._waiting.append(lambda: done(self._play(script, form, ctx)))

    def _play(self, script: Script, form: LiveObject | None, ctx: LiveObject | None) -> Outcome:
        self.ran.append(script.name)
        key = script.source or script.name
        if key in self.outcomes:
            return self.outcomes[key]
        play = self.plays[key]
        try:
            value = play(Fields(form) if form else None, Fields(ctx) if ctx else None)
            line = ConsoleLine("log", f"{script.name} ran", (), 0.0)
            return Outcome(value=value, console=(line,))
        except Thrown as error:
            return Outcome(error=ScriptError(str(error), name=error.name))
        except BpmaxError as error:
            return Outcome(error=error)
