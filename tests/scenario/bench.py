"""A session whose scripts are Python functions and whose third party is a list of answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar, cast

from bpmax_sim.cassette.recorder import Outage
from bpmax_sim.clock import Instant, SeededRandomSource, VirtualClock
from bpmax_sim.errors import BpmaxError, NoMatchError, Place
from bpmax_sim.messages import Call, Request, Response
from bpmax_sim.platform.load import Platforms, load_platforms
from bpmax_sim.proxy.response import CallRecord
from bpmax_sim.scenario.events import Event, ScenarioFinished
from bpmax_sim.scenario.load import load_items
from bpmax_sim.scenario.runner import run_item
from bpmax_sim.script.channel import LiveObject
from bpmax_sim.script.failure import Script
from bpmax_sim.script.runtime import Page
from bpmax_sim.script.turn_result import Outcome, PendingTimer
from bpmax_sim.session.sending_log import InjectedFault, RecordingMatch
from bpmax_sim.session.session import Session
from bpmax_sim.session.settings import Settings
from bpmax_sim.transport.faults import Fault
from tests.subject.stage import PlainStage, Play

T = TypeVar("T")
START = "2026-03-02T09:00:00+08:00"
TEMPLATES = {"crm_system.get_customer_detail": "/customers/{id}"}


CRM = """\
platform_key: crm_system
base_url: https://crm.example.test
apis:
  get_customer_detail: {method: GET, path: "/customers/{id}"}
  create_order: {method: POST, path: /orders}
"""
OTHER = """\
platform_key: other
base_url: https://other.example.test
apis: {x: {method: GET, path: /x}, y: {method: GET, path: /y}}
"""


@cache
def plain_platforms() -> Platforms:
    """Return the third parties that scenarios of the bench may name."""
    with TemporaryDirectory() as folder:
        for number, text in enumerate((CRM, OTHER)):
            Path(folder, f"{number}.yaml").write_text(text, encoding="utf-8")
        return load_platforms(Path(folder))


@dataclass
class PlainBench:
    """What the runner needs of a session; ``call`` is what a script's ``$proxy`` would do."""

    plays: dict[str, Play] = field(default_factory=dict)
    clock: VirtualClock = field(default_factory=lambda: VirtualClock(Instant.parse(START).seconds))
    calls: list[CallRecord] = field(default_factory=list)
    misses: list[NoMatchError] = field(default_factory=list)
    platforms: Platforms = field(default_factory=plain_platforms)
    armed: list[Fault] = field(default_factory=list)
    fired: list[Fault] = field(default_factory=list)
    closing: BpmaxError | None = None
    closed: list[bool] = field(default_factory=list)
    is_closed: bool = True
    engine: str = "none 1.0"
    proxied: list[Any] = field(default_factory=list)
    injected_faults: list[InjectedFault] = field(default_factory=list)
    recordings: dict[tuple[int, int], RecordingMatch] = field(default_factory=dict)
    dropped_chains: list[tuple[str, Place | None]] = field(default_factory=list)
    settings: Settings = field(default_factory=Settings)
    unserved: tuple[Outage, ...] = ()

    def __post_init__(self) -> None:
        self.stage = PlainStage(self.plays)

    def unserved_calls(self) -> tuple[Outage, ...]:
        """Return where third parties failed while it was recorded; by default nowhere."""
        return self.unserved

    def chance(self) -> SeededRandomSource:
        """Return what the scenario draws from."""
        return SeededRandomSource(0)

    def call(  # noqa: PLR0913 - what a call can be
        self,
        name: str,
        *,
        method: str = "GET",
        path: str = "/",
        query: tuple[tuple[str, str], ...] = (),
        body: Any = None,
        status: int = 200,
        answer: Any = None,
        position: Place | None = None,
        error: BpmaxError | None = None,
    ) -> Any:
        platform, _, api = name.partition(".")
        fault = next((one for one in self.armed if one.covers(name)), None)
        if fault:
            self.fired.append(fault)
        data = None if body is None else json.dumps(body).encode()
        call = Call(
            platform=platform,
            instance="test",
            api=api,
            method=method,
            path=path,
            query=query,
            headers=(("X-Request-ID", "r1"),),
            body=data,
        )
        url = f"https://crm.example.test{path}"
        headers = (("content-type", "application/json"),)
        answered = Response(
            status=status,
            headers=headers,
            body=json.dumps(answer).encode(),
            source="fault" if fault else "recorded",
        )
        self.calls.append(
            CallRecord(
                platform=platform,
                instance="test",
                api=api,
                at=self.clock.now(),
                duration=0.012,
                began=self.clock.next_seq(),
                ended=self.clock.next_seq(),
                call=call,
                position=position,
                error=error,
                sent=Request(method=method, url=url, headers=headers, body=data, call=call),
                received=None if error else answered,
            )
        )
        self.clock.advance(0.012)
        return answer

    def run_script(
        self,
        script: Script,
        *,
        form: LiveObject | None = None,
        ctx: LiveObject | None = None,
        libraries: Sequence[Script] = (),
        page: Page | None = None,
    ) -> Outcome:
        named = Script(_key(script, self.plays), script.name)
        return self.stage.run_script(named, form=form, ctx=ctx, libraries=libraries)

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
        named = Script(_key(script, self.plays), script.name)
        self.stage.start_script(named, done, form=form, ctx=ctx, libraries=libraries)

    def redact(self, text: str, /) -> str:
        return text.replace("密钥-s3cret", "redacted")

    def redact_value(self, value: T, /) -> T:
        return value

    def template(self, platform: str, api: str, /) -> str:
        return TEMPLATES.get(f"{platform}.{api}", "")

    def proxy(self, platform: str, /, **options: Any) -> Any:
        self.proxied.append((platform, options))
        return PlainProxy(self, platform)

    def advance(self, seconds: float, /) -> None:
        self.clock.advance(seconds)

    wait = advance

    def drain(self) -> Sequence[Outcome]:
        return ()

    def watch(self, call: str, act: Callable[[], None], /) -> None:
        pass

    def pending_timers(self) -> Sequence[PendingTimer]:
        return ()

    def arm(self, rules: Sequence[Fault], /) -> None:
        self.armed = [*rules, *self.armed]

    def strikes_of(self, rule: Fault) -> int:
        return self.fired.count(rule)

    def disarm(self, rules: Sequence[Fault], /) -> Sequence[Fault]:
        self.armed = [rule for rule in self.armed if rule not in rules]
        return [rule for rule in rules if rule not in self.fired]

    def recording_match(self, serial: int, attempt: int, /) -> RecordingMatch | None:
        return self.recordings.get((serial, attempt))

    def close(self, *, failed: bool = False) -> None:
        self.closed.append(failed)
        if self.closing:
            raise self.closing


def _key(script: Script, plays: Mapping[str, Play]) -> str:
    """Return the play of a script: by its text, else by its file's name."""
    text = script.source.strip()
    return text if text in plays else Path(script.name).stem


@dataclass
class PlainProxy:
    bench: PlainBench
    platform: str
    name: str = ""
    parts: dict[str, Any] = field(default_factory=dict)

    def direct(self, api: str, *args: Any) -> Any:
        return self.bench.call(f"{self.platform}.{api}", answer=list(args))

    def api(self, name: str) -> PlainProxy:
        return PlainProxy(self.bench, self.platform, name)

    def __getattr__(self, part: str) -> Callable[[Any], PlainProxy]:
        def put(value: Any) -> PlainProxy:
            return PlainProxy(self.bench, self.platform, self.name, {**self.parts, part: value})

        return put

    def call(self) -> Any:
        return self.bench.call(f"{self.platform}.{self.name}", answer=self.parts)


def write(folder: Path, text: str, **files: str) -> Path:
    """Write a scenario and the files beside it; ``a__js`` is ``a.js``."""
    for name, content in files.items():
        (folder / name.replace("__", ".")).write_text(content, encoding="utf-8")
    path = folder / "场景.scenario.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def play(path: Path, bench: PlainBench, *, row: str = "", **options: Any) -> list[Event]:
    """Run the only item of a file, or one of its rows."""
    found = load_items(path, environ=options.get("environ", {}))
    item = next(one for one in found if one.row_id == row)
    session = cast("Session", bench)
    return list(run_item(item, session, environ=options.pop("environ", {}), **options))


def verdict(events: list[Event]) -> ScenarioFinished:
    last = events[-1]
    assert isinstance(last, ScenarioFinished)
    return last
