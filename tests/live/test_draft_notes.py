"""What a draft says of what it leaves out, and what of the project around it counts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bpmax_sim.errors import ConfigError
from bpmax_sim.live.console import CapturedRun
from bpmax_sim.platform.load import load_platforms
from bpmax_sim.starter.project_draft import draft_project, write_draft
from bpmax_sim.starter.traffic_sources import TrafficSources, read_sources
from bpmax_sim.traffic.imported import ForeignExchanges
from bpmax_sim.yamlfile import read_yaml
from tests.live.test_capture import console_of
from tests.live.test_project_draft import CALL, apis, drafted
from tests.live.traffic import CRM, Entry, entry, good, ten_calls


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return tmp_path / "项目"


def socket(path: str) -> Entry:
    return {**entry("GET", f"{CRM}/{path}"), "_webSocketMessages": [{}]}


def parts(path: str) -> Entry:
    form = '--x\r\nContent-Disposition: form-data; name="f"\r\n\r\n1\r\n--x--'
    sent = "multipart/form-data; boundary=x"
    return entry("POST", f"{CRM}/{path}", good({}), body=form, sent=sent)


MADE_UP = "https://crm.example.test"
LOST = "it is a WebSocket, which is not supported"
PARTS = "its body has several parts; it is left out"
NOT_ALIKE = (
    "step 1/1 click: no such call: crm.order is not recorded like this: header.content-type sent "
    '"text/plain", recorded "application/json"'
)


@pytest.mark.parametrize(
    ("entries", "told"),
    [
        ([socket("a")], f"crm.har: exchange 1: {LOST}"),
        (
            [socket("a"), socket("b"), socket("c"), socket("d")],
            "; ".join(f"crm.har: exchange {number}: {LOST}" for number in (1, 2, 3)),
        ),
        (
            [entry("OPTIONS", f"{CRM}/a", ""), entry("GET", f"{CRM}/", "<p>", kind="text/html")],
            (
                "1 page, style, script, image or file is left out; "
                "1 preflight request (OPTIONS) is left out"
            ),
        ),
        (
            [parts("api/a?x=1"), parts("api/b")],
            f"POST {MADE_UP}/api/a: {PARTS}; POST {MADE_UP}/api/b: {PARTS}",
        ),
    ],
)
def test_what_holds_no_call_is_told_with_three_reasons(
    project: Path, entries: list[Entry], told: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        drafted(project, *entries)

    *_, message = str(refused.value).partition("crm.har: no call of an API is in it; ")
    assert message.replace(f"{project.parent}/", "") == told
    assert not project.exists()


def test_calls_none_of_which_replays_are_told_with_what_hinders_the_first(project: Path) -> None:
    broken = [
        entry("POST", f"{CRM}/api/order/{name}", good({}), body=body)
        for name, body in (("save", "{"), ("cancel", '""'), ("print", "["))
    ]

    with pytest.raises(ConfigError) as refused:
        drafted(project, *broken)

    assert str(refused.value) == f"the draft does not pass: {NOT_ALIKE}"
    assert not project.exists()


def test_notes_are_of_the_file_the_logins_and_each_call_in_this_order(project: Path) -> None:
    draft = drafted(project, socket("ws"), *ten_calls(), parts("api/f"))

    assert draft.calls == 10
    assert [str(note).replace(f"{project.parent}/", "") for note in draft.notes] == [
        f"crm.har: exchange 1: {LOST}",
        "1 page, style, script, image or file is left out",
        "exchange 2: a login of crm, which replay synthesises",
        f"POST {MADE_UP}/api/f: {PARTS}",
    ]


def document(folder: Path, **apis_: Any) -> Path:
    path = folder / "shop.json"
    server = {"url": "https://shop.example.com/v1"}
    whole = {"openapi": "3.0.0", "info": {"title": "商城", "version": "1"}, "servers": [server]}
    path.write_text(json.dumps({**whole, "paths": {f"/{k}": v for k, v in apis_.items()}}), "utf-8")
    return path


@pytest.mark.parametrize(("names", "calls"), [(["orders", "stock"], 1), (["orders"], 0)])
def test_a_sample_call_with_a_number_that_javascript_rounds_is_left_out(
    project: Path, names: list[str], calls: int
) -> None:
    ids = {"name": "单号", "in": "query", "required": True, "schema": {"const": 2**53 + 1}}
    of_all = {"orders": {"get": {"parameters": [ids]}}, "stock": {"get": {}}}

    paper = document(project.parent, **{name: of_all[name] for name in names})
    draft = drafted(project, documents=(paper,))

    assert draft.calls == calls
    assert ("scenarios/shop.scenario.yaml" in draft.files) == bool(calls)
    assert [str(note) for note in draft.notes] == [
        f"GET /orders: {2**53 + 1} is a number that JavaScript does not keep; it is left out"
    ]
    assert apis(project, "shop") == [f"get_{name}" for name in names]


def test_a_call_that_no_simulator_answers_is_left_out_of_the_scenario(project: Path) -> None:
    ids = {"name": "ids", "in": "query", "required": True, "schema": {"type": "array"}}
    answer = {"type": "object", "properties": {"单号": {"type": "string"}}}
    content = {"application/json": {"schema": answer}}
    fine = {"get": {"responses": {"200": {"description": "ok", "content": content}}}}
    bad = {"get": {"parameters": [ids], "responses": {}}}
    paper = document(project.parent, orders=fine, batch=bad, stock=fine, more=bad)

    draft = drafted(project, documents=(paper,))

    assert draft.calls == 2
    [note] = draft.notes
    assert str(note).startswith("the draft does not pass: step 1/1 click: Error: shop.get_batch: ")
    scenario: Any = read_yaml(project / "scenarios/shop.scenario.yaml").to_plain()
    assert [one["call"] for one in scenario["steps"][0]["expect"]["proxy"]] == [
        "shop.get_orders", "shop.get_stock",
    ]  # fmt: skip
    assert apis(project, "shop") == ["get_orders", "get_batch", "get_stock", "get_more"]
    assert not [name for name in draft.files if "trial" in name]
    declared: Any = read_yaml(project / "scenarios/platforms/shop.yaml").to_plain()
    assert [[*api.get("answer", {})] for api in declared["apis"].values()] == [
        ["type", "properties"], [], ["type", "properties"], [],
    ]  # fmt: skip


OMS = "platform_key: oms\nbase_url: https://oms.example.test\napis:\n  find: {path: /find}\n"
ADD = "add these below `apis` yourself:\n  get_ping:\n    path: /api/ping\n"
LACKING = "the key 'base_url' is missing; add it"
INSTANCE = "- platform: oms\n  instance_key: default\n  default: true\n  base_url: {}\n"


@pytest.mark.parametrize(
    ("files", "environ", "key"),
    [
        ({}, {}, "crm"),
        ({"instances.yaml": INSTANCE.format(CRM)}, {}, "oms"),
        ({"instances.yaml": INSTANCE.format("{env: OMS_URL}")}, {"OMS_URL": CRM}, "oms"),
        ({"instances.yaml": INSTANCE.format("{env: OMS_URL}")}, {"OMS_URL": f"{CRM}:8443"}, "crm"),
        ({"instances.yaml": INSTANCE.format("{env: OMS_URL}")}, {}, "crm"),
        ({"instances.yaml": INSTANCE.format(f"{CRM}/api")}, {}, "oms"),
        ({"instances.yaml": INSTANCE.format("{env: OMS_URL}")}, {"OMS_URL": f"{CRM}:443"}, "oms"),
        (
            {
                "instances.yaml": INSTANCE.format("{env: OMS_URL}"),
                "instances.local.yaml": INSTANCE.format("{env: MY_URL}"),
            },
            {"MY_URL": CRM}, "oms",
        ),
        ({"platforms/oms.yaml": OMS.replace("https://oms.example.test", f"{CRM}/api")}, {}, "oms"),
    ],
)  # fmt: skip
def test_traffic_belongs_to_the_platform_whose_address_is_known(
    project: Path, files: dict[str, str], environ: dict[str, str], key: str
) -> None:
    for name, text in {"platforms/oms.yaml": OMS, **files}.items():
        (project / "scenarios" / name).parent.mkdir(parents=True, exist_ok=True)
        (project / "scenarios" / name).write_text(text, "utf-8")

    drafted(project, CALL, environ=environ)

    platforms = load_platforms(project / "scenarios/platforms")
    names = {one.platform_key: [*one.apis] for one in platforms.own.values()}
    if key == "oms":
        # its path is that below the address
        path = "/ping" if "/api" in "".join(files.values()) else "/api/ping"
        assert platforms.platform("oms").apis["get_ping"].path == path
        assert len(names["oms"]) == 2
    assert [*names] == (["oms"] if key == "oms" else ["crm", "oms"])


def test_presets_and_settings_of_the_project_hold_for_a_draft(project: Path) -> None:
    for name, text in {
        "scenarios/platforms/oms.yaml": (
            "platform_key: oms\nbase_url: https://oms.example.test\n"
            "auth: {preset: ../presets/corp.yaml, tenant: '7'}\napis: {find: {path: /find}}\n"
        ),
        "scenarios/presets/corp.yaml": (
            "parameters: {tenant: {}}\n"
            "apply: [{in: header, name: X-Tenant, value: '{{ tenant }}'}]\n"
        ),
    }.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(text, "utf-8")

    assert drafted(project, CALL).calls == 1
    assert apis(project, "crm") == ["get_ping"]


def test_a_run_that_calls_nothing_is_a_draft_too(project: Path) -> None:
    path = project.parent / "console.txt"
    path.write_text(console_of("form.a = 8;"), "utf-8")

    draft = draft_project(project, read_sources([path]), {})
    write_draft(draft, project)

    assert (draft.calls, draft.notes) == (0, ())
    assert (project / "scenarios/scripts/console.js").read_text("utf-8") == "form.a = 8;\n"
    again = draft_project(project, read_sources([path]), {})
    assert [str(note) for note in again.notes] == ["console is there already, and the same"]


BAD_KEY = "is not a platform key; use letters, digits, _ and -"


@pytest.mark.parametrize("key", ["../../../旁边", "用友/U8", "用友 U8", "..", ""])
def test_a_run_of_a_platform_that_no_file_can_declare_is_left_out(project: Path, key: str) -> None:
    runs = [
        CapturedRun(
            name=str(number),
            records=(
                {"e": "begin", "at": 0, "script": f"await $proxy('{name}').getOrder(1);"},
                {"e": "ask", "id": 1, "platform": name, "api": "getOrder", "args": [1]},
                {"e": "ok", "id": 1, "value": 7},
            ),
        )
        for number, name in enumerate((key, "erp"), 1)
    ]
    sources = TrafficSources(
        name="a", file_names="a.txt", traffic=ForeignExchanges(()), runs=tuple(runs)
    )

    draft = draft_project(project, sources, {})

    assert (draft.calls, [*draft.notes]) == (1, [f"run 1 is left out: {key!r} {BAD_KEY}"])
    assert [name for name in draft.files if "platforms/" in name] == [
        "scenarios/platforms/erp.yaml"
    ]


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"platforms/oms.yaml": OMS.replace("  find", "    find")}, f"platforms/oms.yaml: {ADD}"),
        ({"platforms/erp.yaml": "platform_key: erp\n"}, f"platforms/erp.yaml:1:1: {LACKING}"),
        ({"instances.yaml": "a: 1\n"}, "instances.yaml:1:1: expected a list of instances"),
    ],
)
def test_what_is_wrong_in_the_project_is_told_with_its_own_file(
    project: Path, files: dict[str, str], told: str
) -> None:
    known = {"platforms/oms.yaml": OMS, "instances.yaml": INSTANCE.format(CRM)}
    for name, text in {**known, **files}.items():
        (project / "scenarios" / name).parent.mkdir(parents=True, exist_ok=True)
        (project / "scenarios" / name).write_text(text, "utf-8")

    with pytest.raises(ConfigError) as refused:
        drafted(project, CALL)

    assert str(refused.value).startswith(f"{project}/scenarios/{told}")
    assert "bpmax-draft-" not in str(refused.value)
