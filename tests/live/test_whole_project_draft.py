# ruff: noqa: E501 - notes
"""All that traffic and documents add to a project that is there, and what is said of the rest."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from bpmax_sim.live.console import CapturedRun
from bpmax_sim.platform.load import load_platforms
from bpmax_sim.starter.project_draft import draft_project
from bpmax_sim.starter.traffic_sources import TrafficSources, read_sources
from tests.live.test_project_draft import drafted
from tests.live.traffic import CRM, Entry, entry, good, write_archive

OMS = """\
platform_key: oms
base_url: https://oms.example.test/根
query: {lang: zh}
apis:
  get_ping: {path: /ping}
  find: {path: "/orders/{id}"}
"""
INSTANCES = """\
- platform: oms
  instance_key: default
  default: true
  base_url: {env: OMS_URL}
"""
BEFORE = {
    "scenarios/platforms/oms.yaml": OMS,
    "scenarios/instances.yaml": INSTANCES,
    "scenarios/oms.scenario.yaml": "old\n",
    ".gitignore": ".venv/\n",
    "pyproject.toml": "[tool.bpmax_sim]\n",
}
SEEN = "https://oms.huayuan.cn"
FINE = {"get": {"responses": {"200": {"description": "ok"}}}}


def document(folder: Path, name: str, *paths: str) -> Path:
    path = folder / f"{name}.json"
    head = {"openapi": "3.0.0", "info": {"title": name, "version": "1"}}
    servers = [{"url": f"https://{name}.example.com/v1/"}]
    whole = {**head, "servers": servers, "paths": {f"/{one}": FINE for one in paths}}
    path.write_text(json.dumps(whole), "utf-8")
    return path


def ask(method: str, url: str, answer: Any = None, **more: Any) -> Entry:
    at = "2026-12-31T16:30:05.900Z"
    return {**entry(method, url, good({"n": 1}) if answer is None else answer, **more),
            "startedDateTime": at}  # fmt: skip


TRAFFIC = [
    ask("OPTIONS", f"{SEEN}/api/ping", ""),
    ask("GET", f"{SEEN}/", "<p>", kind="text/html"),
    ask("GET", f"{SEEN}/a/favicon.ico?v=/x"),
    ask("GET", f"{SEEN}/api/ping?lang=zh"),
    ask("GET", f"{SEEN}/api/orders/7?lang=zh"),
    ask("GET", f"{SEEN}/api/a/ping?lang=zh"),
    ask("GET", f"{SEEN}/health"),
    ask("POST", f"{SEEN}/api/order/bad?lang=zh", body="{"),
    ask("GET", f"{CRM}/api/ping"),
    ask("GET", "https://shop.huayuan.cn/v1/stock"),
    ask("GET", "https://oms.other.example.cn/api/ping"),
]
NOTES = """\
oms.json: the platform oms is there, and stays as it is
2 pages, styles, scripts, images and files are left out
1 preflight request (OPTIONS) is left out
GET https://oms.huayuan.cn/health: it is of no declared API; it is left out
POST https://oms.example.test/根/order/bad: step 1/1 click: no such call: oms.order_bad is not recorded like this: header.content-type sent "text/plain", recorded "application/json"; it is left out
"""
FILES = """\
== scenarios/instances.yaml
- platform: shop
  instance_key: default
  default: true
  base_url:
    env: SHOP_URL
- platform: crm
  instance_key: default
  default: true
  base_url:
    env: CRM_URL
- platform: oms_2
  instance_key: default
  default: true
  base_url:
    env: OMS_2_URL
== scenarios/oms_2.scenario.yaml
# Drafted by bpmax-sim init --from: the calls are those that were seen, the button is made up.
version: 1
scenario: oms_2
form:
  scripts: {click.调用: scripts/oms_2.js}
  fields: {}
proxy:
  platforms: platforms/
  cassette: oms_2
clock: "2027-01-01T00:30:05+08:00"
steps:
  - click: 调用
    expect:
      proxy:
        - {call: oms.get_ping, status: 200}
        - {call: oms.find, path: {id: "7"}, status: 200}
        - {call: oms.get_a_ping, status: 200}
        - {call: crm.get_ping, status: 200}
        - {call: shop.get_stock, status: 200}
        - {call: oms_2.get_ping, status: 200}
== scenarios/platforms/oms.yaml
  # Guess: lang required, as the one request had it.
  get_a_ping:
    path: /a/ping
    parameters:
      - {name: lang, in: query, required: true}
  # Guess: lang required, as the one request had it.
  order_bad:
    method: POST
    path: /order/bad
    parameters:
      - {name: lang, in: query, required: true}
      - {name: body, in: body, to: "$"}
== scenarios/platforms/oms_2.yaml
# Drafted by bpmax-sim init --from; a comment stands at each guess.
# Guess: key and title, of the host's name; names of APIs, of method and path.
# The address is made up; OMS_2_URL has the true one while you record.
platform_key: oms_2
title: oms_2
base_url: https://oms-2.example.test
# Guess: code is the business code, and 0 a success.
response:
  ok: {status: [200], all: [{path: "$.code", in: [0]}]}
  code: ["$.code"]
  message: ["$.message"]
  data: ["$.data"]
# Guess: no request carried a credential.
auth: none
apis:
  get_ping:
    path: /api/ping
== scenarios/platforms/shop.yaml
# Made of shop.json, version 1, by bpmax-sim.
platform_key: shop
title: shop
base_url: https://shop.example.com/v1
auth: none
apis:
  get_orders: {path: /orders}
  get_stock: {path: /stock}
== scenarios/scripts/oms_2.js
// The calls of oms.json, shop.json, oms.har, in their order; take what a form needs.
const oms = $proxy("oms");
const crm = $proxy("crm");
const shop = $proxy("shop");
const oms_2 = $proxy("oms_2");
await oms.$api("get_ping").$query({"lang": "zh"}).$call();
await oms.$api("find").$path({"id": "7"}).$query({"lang": "zh"}).$call();
await oms.$api("get_a_ping").$query({"lang": "zh"}).$call();
await crm.$api("get_ping").$call();
await shop.$api("get_stock").$call();
await oms_2.$api("get_ping").$call();
"""


def test_a_project_gets_what_it_lacks_and_is_told_the_rest(tmp_path: Path) -> None:
    project = tmp_path / "项目"
    for name, text in BEFORE.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(text, "utf-8")
    documents = (document(tmp_path, "oms", "x"), document(tmp_path, "shop", "orders", "stock"))

    environ = {"OMS_URL": f"{SEEN}/api"}
    draft = drafted(project, *TRAFFIC, documents=documents, environ=environ, name="oms.har")

    assert "".join(f"{note}\n" for note in draft.notes) == NOTES
    assert environ == {"OMS_URL": f"{SEEN}/api"}
    assert draft.calls == 6
    assert draft.changed == {
        "scenarios/instances.yaml", "scenarios/platforms/oms.yaml", ".gitignore",
    }  # fmt: skip
    texts = {
        name: data.decode().removeprefix(BEFORE.get(name, ""))
        for name, data in draft.files.items()
        if not name.startswith((".git", "cassettes/"))
        and "crm" not in name
        and name != ".prettierignore"
    }
    assert "".join(f"== {name}\n{text}" for name, text in texts.items()) == FILES
    assert {*draft.files} - {*texts} == {
        ".gitattributes", ".gitignore", ".prettierignore", "cassettes/oms_2.yaml",
        "scenarios/platforms/crm.yaml",
    }  # fmt: skip
    assert [*load_platforms(project / "scenarios/platforms").own] == ["crm", "oms", "oms_2", "shop"]


def run_of(number: int, *records: dict[str, Any]) -> CapturedRun:
    return CapturedRun(name=str(number), records=records)


def test_runs_come_after_traffic_and_each_has_files_of_its_own(tmp_path: Path) -> None:
    project = tmp_path / "项目"
    (project / "cassettes").mkdir(parents=True)
    (project / "cassettes/a-b_c.yaml").write_text("x", "utf-8")
    archive = write_archive(
        tmp_path / "a.har", [ask("PUT", f"{CRM}/api/{name}", body={"n": 1}) for name in "xyz"]
    )
    ask_erp = {"e": "ask", "id": 1, "platform": "erp", "api": "getOrder", "args": [1]}
    ask_oa = {**ask_erp, "id": 2, "platform": "oa", "api": "find"}
    script = "await $proxy('erp').getOrder(1); await $proxy('oa').find(1);"
    begin = {"e": "begin", "at": 0, "script": script}
    answers = ({"e": "ok", "id": 1, "value": 7}, {"e": "ok", "id": 2, "value": 8})
    sources = TrafficSources(
        name="_a-b (c)", file_names="a.har, b.txt", traffic=read_sources([archive]).traffic,
        runs=(
            run_of(1, begin, ask_erp, ask_oa, *answers),
            run_of(2, {**begin, "script": "await $proxy('x/y').a();"}, {**ask_erp, "platform": "x/y"}),
            run_of(3, {**begin, "script": "await $proxy('erp').getOrder(1);"}, ask_erp, answers[0]),
        ),
    )  # fmt: skip

    draft = draft_project(project, sources, {})

    assert (draft.calls, draft.changed) == (3 + 2 + 1, frozenset())
    assert [str(note) for note in draft.notes] == [
        "run 2 is left out: 'x/y' is not a platform key; use letters, digits, _ and -"
    ]
    assert sorted(name for name in draft.files if "a-b" in name or "platforms" in name) == [
        "cassettes/a-b_c_2.yaml",
        *(f"scenarios/a-b_c{number}.scenario.yaml" for number in ("", "_2", "_3")),
        *(f"scenarios/platforms/{key}.yaml" for key in ("crm", "erp", "oa")),
        *(f"scenarios/scripts/a-b_c{number}.js" for number in ("", "_2", "_3")),
    ]
    recording = draft.files["cassettes/a-b_c_2.yaml"].decode()
    assert [f'"n":{number},' in recording for number in range(5)] == [False, *[True] * 3, False]
    assert recording.count('"for":"a-b_c_2"') == 3


def test_documents_alone_are_one_scenario_of_all_their_calls(tmp_path: Path) -> None:
    paper = document(tmp_path, "shop", "orders", "stock")
    odd = {"name": "单号", "in": "query", "required": True, "schema": {"const": 2**53 + 1}}
    more = json.loads(document(tmp_path, "oa", "a", "b", "c").read_text("utf-8"))
    more["paths"]["/b"] = {"delete": {**FINE["get"], "parameters": [odd]}}
    (tmp_path / "oa.json").write_text(json.dumps(more), "utf-8")

    draft = drafted(tmp_path / "项目", documents=(paper, tmp_path / "oa.json"))

    scenario = draft.files["scenarios/shop.scenario.yaml"].decode()
    assert draft.calls == 4
    assert [line.strip() for line in scenario.splitlines() if "call:" in line] == [
        f"- {{call: {call}}}"
        for call in ("shop.get_orders", "shop.get_stock", "oa.get_a", "oa.get_c")
    ]
    assert [str(note) for note in draft.notes] == [
        f"DELETE /b: {2**53 + 1} is a number that JavaScript does not keep; it is left out"
    ]
