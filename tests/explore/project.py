"""A project with one form, whose third parties are stubs, for each test to put its scripts in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from textwrap import indent
from typing import Any

from bpmax_sim.explore.search import Exploration, Explorer
from bpmax_sim.scenario.load import load_items

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
    (item,) = load_items(path)
    return Explorer().explore(item)


def verdicts_of(exploration: Exploration) -> Mapping[str, Mapping[str, str]]:
    """Return the verdict on each failure, by call and kind; members that nobody shows left out."""
    assert exploration.refused == ""
    found: dict[str, dict[str, str]] = {}
    for variant in exploration.variants:
        if variant.is_shown and variant.column not in {"orders", "meanwhile"}:
            found.setdefault(variant.call.label, {})[str(variant.kind)] = variant.judgement.verdict
    return found


SHOP = """\
platform_key: shop
base_url: https://shop.example.test
AUTHresponse:
  ok: {status: [200], all: [{path: $.code, in: [0]}]}
  code: [$.code]
  message: [$.msg]
  data: [$.data]
  classes: {rate: {code: [4290]}, conflict: {code: [4090]}}
apis:
"""
TOKEN = """\
credentials: {client_id: {}, client_secret: {secret: true}}
auth: {preset: oauth2_client_credentials, token_url: "{{ base_url }}/token", client_auth: body}
"""
SHOP_APIS = {
    "get_customer": ("GET", "/customers/{id}", "id: {type: string}", "name: 张三, level: VIP"),
    "get_archive": ("GET", "/archive/{id}", "id: {type: string}", "name: 张三"),
    "get_stock": ("GET", "/stock?sku", "sku: {type: string}", "left: 10, version: 3"),
    "save_stock": ("PUT", "/stock/{sku}", "sku: {type: string}", "version: 4"),
    "find_order": ("GET", "/orders?no", "", "order_no: DD-1"),
    "list_items": ("GET", "/items?customer", "", "items: [{no: P-1}]"),
    "create_order": ("POST", "/orders", "", "no: DD-1"),
    "put_order": ("PUT", "/orders/{no}", "no: {type: string}", "saved: true"),
    "reserve": ("POST", "/reservations", "", "held: true"),
    "release": ("POST", "/releases", "", "held: false"),
}


def _api_lines(key: str) -> str:
    method, path, echo, data = SHOP_APIS[key]
    path, _, query = path.partition("?")
    names = re.findall(r"\{(\w+)\}", path)
    places = [f"{{name: {name}, in: path, required: true}}" for name in names]
    places += [f"{{name: {query}, in: query}}"] if query else []
    members = [echo] if echo else []
    for member in data.split(", ") if "[" not in data else [data]:
        name, _, value = member.partition(": ")
        members.append(f"{name}: {{example: {value}}}")
    required = ", ".join(member.partition(":")[0] for member in members)
    shape = f"{{type: object, required: [{required}], properties: {{{', '.join(members)}}}}}"
    answer = (
        "{type: object, required: [code, data], "
        f"properties: {{code: {{type: integer, example: 0}}, data: {shape}}}}}"
    )
    return (
        f"  {key}:\n    method: {method}\n    path: {path}\n"
        f"    parameters: [{', '.join(places)}]\n    answer: {answer}\n"
    )


def write_shop(folder: Path, case: Mapping[str, Any], text: str) -> Path:
    """Write a project whose third party is simulated, with the script *text* of *case*."""
    event = case.get("event", "change.customerId")
    scripts = {name: body.replace("CASE", "") for name, body in case.get("more", {}).items()}
    name = next((one for one, body in case.get("more", {}).items() if body == "CASE"), event)
    scripts[name] = text
    scripts.update(case.get("libraries", {}))
    (folder / "platforms").mkdir(parents=True, exist_ok=True)
    auth = TOKEN if case.get("platform") == "token" else ""
    apis = "".join(map(_api_lines, SHOP_APIS))
    (folder / "platforms/shop.yaml").write_text(SHOP.replace("AUTH", auth) + apis, "utf-8")
    credentials = ", credentials: {client_id: a, client_secret: {env: S}}" if auth else ""
    (folder / "instances.yaml").write_text(
        f"- {{platform: shop, instance_key: default, default: true{credentials}}}\n", "utf-8"
    )
    for one, body in scripts.items():
        (folder / f"{one.removesuffix('.js')}.js").write_text(body, encoding="utf-8")
    events = ", ".join(f"{one}: {one}.js" for one in scripts if not one.endswith(".js"))
    libraries = ", ".join(case.get("libraries", {}))
    stubs = "".join(f"\n    - {stub}" for stub in case.get("stubs", ()))
    stubs = f"  stubs:{stubs}\n" if stubs else ""
    steps = indent(case.get("steps") or STEPS[event], "  ")
    path = folder / "case.scenario.yaml"
    path.write_text(
        f"version: 1\nscenario: 例子\nform:\n  scripts: {{{events}}}\n"
        f"  libraries: [{libraries}]\n"
        '  fields: {customerId: "", name: "", level: "", note: "", orderId: "", state: "",\n'
        "    qty: 1, items: []}\nproxy:\n  platforms: platforms/\n  mode: simulate\n"
        f'{stubs}clock: "2026-03-02T09:00:00+08:00"\nsteps:\n{steps}\n',
        encoding="utf-8",
    )
    return path
