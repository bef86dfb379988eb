"""A project with one form, whose third parties are stubs, for each test to put its scripts in."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from textwrap import indent

from bpmax_sim.explore.search import Exploration, Explorer
from bpmax_sim.scenario.load import items

PLATFORM = """\
platform_key: crm
base_url: https://crm.example.test
response:
  ok: {status: [200, 201], all: [{path: $.code, in: [0]}]}
  code: [$.code]
  message: [$.msg]
  classes: {rate: {code: [4290]}}
apis:
  getCustomer:
    path: /customers/{id}
    parameters: [{name: id, in: path, required: true}]
    answer:
      type: object
      required: [code, data]
      properties:
        code: {type: integer}
        data:
          type: object
          required: [name, level]
          properties:
            name: {type: string}
            level: {type: string}
            contact: {type: object, properties: {phone: {type: string, nullable: true}}}
  createOrder: {method: POST, path: /orders}
  notify: {method: POST, path: /notices}
"""
INSTANCES = "- {platform: crm, instance_key: default, default: true}\n"
SCENARIO = """\
version: 1
scenario: 选择客户
form:
  scripts: {EVENT: EVENT.js}
  fields: {customerId: "", name: "", level: "", phone: "", note: "", orderId: "", busy: false}
proxy:
  platforms: platforms/
  stubs:
STUBS
clock: "2026-03-02T09:00:00+08:00"
MORE
steps:
STEPS
"""
STUBS = {
    "getCustomer": "{code: 0, data: {name: 张三, level: VIP, contact: {phone: '13800138000'}}}",
    "createOrder": "{code: 0, data: {id: SO-1}}",
    "notify": "{code: 0}",
}
STEPS = {
    "change.customerId": '- {name: 选客户, set: {customerId: "12345"}}',
    "click.下单": "- {name: 下单, click: 下单}",
    "submit": "- {name: 提交, submit: {}}",
}


def write_project(
    folder: Path,
    script: str,
    *,
    event: str = "change.customerId",
    steps: str = "",
    more: str = "",
) -> Path:
    """Write a project below *folder* and return its scenario."""
    home = folder / "scenarios"
    (home / "platforms").mkdir(parents=True, exist_ok=True)
    (home / "platforms/crm.yaml").write_text(PLATFORM, encoding="utf-8")
    (home / "instances.yaml").write_text(INSTANCES, encoding="utf-8")
    (home / f"{event}.js").write_text(script, encoding="utf-8")
    stubs = (
        f"    - {{on: crm.{api}, body: {body}}}" for api, body in STUBS.items() if api in script
    )
    text = SCENARIO.replace("EVENT", event).replace("MORE\n", more)
    text = text.replace("STUBS", "\n".join(stubs))
    text = text.replace("STEPS", indent(steps or STEPS[event], "  "))
    path = home / "case.scenario.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def explore(path: Path) -> Exploration:
    """Return what exploring the one item of *path* comes to."""
    (item,) = items(path)
    return Explorer().explore(item)


def verdicts_of(exploration: Exploration) -> Mapping[str, Mapping[str, str]]:
    """Return the verdict on each failure, by call and kind; members that nobody shows left out."""
    assert exploration.refused == ""
    found: dict[str, dict[str, str]] = {}
    for variant in exploration.variants:
        if variant.is_shown and variant.column not in {"orders", "meanwhile"}:
            found.setdefault(variant.call.label, {})[str(variant.kind)] = variant.judgement.verdict
    return found
