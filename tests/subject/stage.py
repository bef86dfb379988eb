"""A stage whose scripts are Python functions, named by their file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from bpmax_sim.errors import BpmaxError, ScriptError
from bpmax_sim.subject.stage import Body, Ended, Happening, Live, ScriptText

Play = Callable[[Any, Any], Any]


class Thrown(Exception):  # noqa: N818 - what a script throws
    def __init__(self, message: str, name: str = "Error") -> None:
        super().__init__(message)
        self.name = name


@dataclass(frozen=True)
class Line:
    text: str
    level: str = "log"
    at: float = 0.0


@dataclass
class End:
    value: Any = None
    error: BpmaxError | None = None
    console: list[Line] = field(default_factory=list)


@dataclass
class Fields:
    """What a script sees as ``form`` or ``ctx``."""

    live: Live

    def __getitem__(self, name: str) -> Any:
        return self.live.snapshot()[name]

    def __setitem__(self, name: str, value: Any) -> None:
        self.live.write(name, value)


@dataclass
class PlainStage:
    """Runs a started script when the one that runs has ended, as an event loop does."""

    plays: dict[str, Play] = field(default_factory=dict)
    told: list[Happening] = field(default_factory=list)
    ran: list[str] = field(default_factory=list)
    _waiting: list[Callable[[], None]] = field(default_factory=list)

    def scripts(self, *events: str) -> dict[str, Body]:
        return {event: Body(event, "") for event in events}

    def run_script(
        self,
        script: ScriptText,
        *,
        form: Live | None = None,
        ctx: Live | None = None,
        libraries: Sequence[ScriptText] = (),  # noqa: ARG002 - plays need none
    ) -> Ended:
        end = self._play(script, form, ctx)
        while self._waiting:
            self._waiting.pop(0)()
        return end

    def start_script(
        self,
        script: ScriptText,
        done: Callable[[Ended], None],
        *,
        form: Live | None = None,
        ctx: Live | None = None,
        libraries: Sequence[ScriptText] = (),  # noqa: ARG002 - plays need none
    ) -> None:
        self._waiting.append(lambda: done(self._play(script, form, ctx)))

    def _play(self, script: ScriptText, form: Live | None, ctx: Live | None) -> End:
        self.ran.append(script.name)
        play = self.plays[script.source or script.name]
        try:
            value = play(Fields(form) if form else None, Fields(ctx) if ctx else None)
            return End(value, console=[Line(f"{script.name} ran")])
        except Thrown as error:
            return End(error=ScriptError(str(error), name=error.name))
