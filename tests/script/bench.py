"""A runtime whose far end is a function, and a form."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from bpmax_sim.clock import VirtualClock
from bpmax_sim.errors import Place
from bpmax_sim.js_values import UNDEFINED
from bpmax_sim.messages import Call, Request, Response
from bpmax_sim.proxy.builder import CallSpec
from bpmax_sim.proxy.call_effects import Effect, Send
from bpmax_sim.proxy.client import TokenStore
from bpmax_sim.proxy.result import ResolvedCallValue
from bpmax_sim.script.channel import LiveObject
from bpmax_sim.script.failure import Script
from bpmax_sim.script.hits import ScriptHits
from bpmax_sim.script.limits import Limits
from bpmax_sim.script.runtime import SHANGHAI, Runtime, select_engine
from bpmax_sim.script.scheduler import Scheduler
from bpmax_sim.script.turn_result import Outcome

START = 1772413200.0  # 2026-03-02T09:00:00+08:00
NAME = "流程脚本.js"
ENGINE: ContextVar[str] = ContextVar("ENGINE", default="quickjs")
Handle = Callable[[Request], Response]


def ok(value: Any = None, *, elapsed: float = 0.1) -> Response:
    return Response(status=200, body=json.dumps(value).encode(), elapsed=elapsed)


@dataclass
class Form:
    """A form that remembers what was written to it, in order."""

    fields: dict[str, Any] = field(default_factory=dict)
    written: list[tuple[str, Any]] = field(default_factory=list)
    places: list[Place | None] = field(default_factory=list)

    def snapshot(self) -> Mapping[str, Any]:
        return self.fields

    def write(self, field: str, value: Any, place: Place | None, /) -> None:
        self.places.append(place)
        self.written.append((field, value))
        if value is UNDEFINED:
            self.fields.pop(field, None)
        else:
            self.fields[field] = value


@dataclass
class Bench:
    """Everything that a script needs, with *handle* as the far end."""

    handle: Handle = lambda _request: ok()
    limits: Limits = field(default_factory=Limits)
    seed: int = 0
    zone: float = SHANGHAI
    live: bool = False
    clock: VirtualClock = field(default_factory=lambda: VirtualClock(START))
    programs: list[CallSpec] = field(default_factory=list)
    hits: ScriptHits | None = None

    def __post_init__(self) -> None:
        self.scheduler = Scheduler(
            self.clock, self.handle, TokenStore(), live=self.live, patience=self.limits.wait
        )
        self.runtime = Runtime(
            self.scheduler,
            self.begin,
            limits=self.limits,
            seed_ranges_of=lambda _number: ((self.seed, None),),
            zone=self.zone,
            engine=select_engine(ENGINE.get()),
            hits=self.hits,
        )

    def begin(self, program: CallSpec) -> Generator[Effect, Any, ResolvedCallValue]:
        self.programs.append(program)
        call = Call(
            platform=program.platform, instance="d", api=program.api, method="GET", path="/"
        )
        request = Request(method="GET", url=f"http://crm.test/{program.api}", call=call)
        response = yield Send(request)
        text = response.body.decode()
        return ResolvedCallValue(json.loads(text), text, "json")

    def run(
        self,
        source: str,
        *,
        form: Mapping[str, Any] | LiveObject | None = None,
        libraries: Sequence[Script] = (),
        values: Mapping[str, Any] | None = None,
    ) -> Outcome:
        live = Form(dict(form or {})) if form is None or isinstance(form, Mapping) else form
        return self.runtime.run(
            Script(source, NAME), bindings={"form": live}, libraries=libraries, values=values
        )

    def elapsed(self) -> float:
        return round(self.clock.now() - START, 6)


def run(source: str, **options: Any) -> Outcome:
    return Bench().run(source, **options)


def value_of(source: str, **options: Any) -> Any:
    return run(source, **options).unwrap()


def texts(outcome: Outcome) -> list[str]:
    return [line.text for line in outcome.console]
