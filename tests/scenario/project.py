"""A project in a folder, whose scripts run in the engine and whose third party is a function."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bpmax_sim.messages import Request, Response
from bpmax_sim.scenario.events import Event, ScenarioFinished
from bpmax_sim.scenario.load import load_items
from bpmax_sim.scenario.runner import open_session, run_item
from bpmax_sim.transport.protocol import Handler

PLATFORM = """\
platform_key: crm_system
base_url: https://crm.example.test
apis:
  get_customer_detail:
    method: GET
    path: /customers/{id}
    parameters: [{name: id, in: path, required: true}]
  create_order: {method: POST, path: /orders}
"""
INSTANCES = "- {platform: crm_system, instance_key: test}\n"
JSON = (("content-type", "application/json"),)


def third_party(request: Request) -> Response:
    """Return 张三, after a quarter of a second."""
    body = json.dumps({"code": 200, "data": {"name": "张三"}}).encode()
    return Response(status=200, headers=JSON, body=body, elapsed=0.25, source="live")


@dataclass
class Project:
    """A folder with platforms; `run` writes a scenario and its files and runs its one item."""

    folder: Path
    handle: Callable[[Request], Response] = third_party
    sent: list[Request] = field(default_factory=list)
    environ: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        (self.folder / "platforms").mkdir()
        (self.folder / "platforms/crm.yaml").write_text(PLATFORM, encoding="utf-8")
        (self.folder / "instances.yaml").write_text(INSTANCES, encoding="utf-8")

    def write(self, text: str, files: Mapping[str, str] | None = None) -> Path:
        """Write a scenario, and what lies beside it."""
        for name, content in (files or {}).items():
            (self.folder / name).write_text(content, encoding="utf-8")
        path = self.folder / "场景.scenario.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    def events(self, path: Path, **options: Any) -> list[Event]:
        """Run the one item of *path*; without an option *mode* the third party answers."""
        (item,) = load_items(path, environ={})
        given = {"mode": "live", "transport": Handler(self._answer), **options}
        return list(run_item(item, open_session(item, environ=self.environ, **given), environ={}))

    def run(self, text: str, files: Mapping[str, str] | None = None) -> ScenarioFinished:
        """Write and run, and return the verdict."""
        return verdict(self.events(self.write(text, files)))

    def _answer(self, request: Request) -> Response:
        self.sent.append(request)
        return self.handle(request)


def verdict(events: list[Event]) -> ScenarioFinished:
    """Return the last event."""
    last = events[-1]
    assert isinstance(last, ScenarioFinished)
    return last


def headlines(last: ScenarioFinished) -> list[str]:
    """Return what went wrong."""
    return [failure.headline for failure in last.failures]
