"""What is read from a request that was sent, and a call as data: every place, name and type."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from bpmax_sim.errors import ConfigError
from bpmax_sim.fuzz.target import (
    FuzzTarget,
    RequestLog,
    call_from_data,
    call_to_data,
    check_simulate_or_url,
    find_possible_sent_values,
    find_sent_values,
    get_path_below_base,
    make_target,
    map_templates_by_place,
)
from bpmax_sim.js_values import UNDEFINED
from bpmax_sim.messages import LOGIN, Call, Request
from bpmax_sim.platform.load import load_platforms
from bpmax_sim.platform.model import Api, Auth
from bpmax_sim.proxy.builder import CallSpec

BASE = "https://crm.example.test/api"
JSON = ("Content-Type", "application/json; charset=utf-8")
FORM = ("content-type", "application/x-www-form-urlencoded")


def sent(
    target: str = "/orders/7", *headers: tuple[str, str], body: bytes | None = None
) -> Request:
    return Request(method="POST", url=BASE + target, base=BASE, headers=headers, body=body)


@pytest.mark.parametrize(
    ("request_", "place", "name", "values"),
    [
        (sent("/orders/%E5%8D%8E%2F7?a=1"), "path", "id", ["华/7"]),
        (sent("/orders"), "path", "id", []),
        (sent("/orders/7"), "path", "no", []),
        (sent("?a=1&b=%E5%BC%A0&a=+&A=3&a="), "query", "a", ["1", "+", "3", ""]),
        (sent("?%E9%A1%B5=2"), "query", "页", ["2"]),
        (sent("?a"), "query", "a", [""]),
        (sent("?page=1&PAGE=2"), "query", "Page", ["1", "2"]),
        (sent("?a=b=c?d"), "query", "a", ["b=c?d"]),
        (sent("?ab=1"), "query", "a", []),
        (sent(), "query", "a", []),
        (sent("/", ("X-No", "1"), ("x-no", "2"), ("X-N", "3")), "header", "X-NO", ["1", "2"]),
        (sent("/", ("X-No", "")), "header", "x-no", [""]),
        (sent("/", ("X-No", "1")), "header", "no", []),
        (sent("/", ("Cookie", "sid=1; SID=2; 部门=财务")), "cookie", "Sid", ["1", "2"]),
        (sent("/", ("sid", "1")), "cookie", "sid", []),
    ],
)
def test_values_outside_the_body_are_found(
    request_: Request, place: str, name: str, values: list[str]
) -> None:
    found = find_sent_values(request_, place, name, Api(path="/orders/{id}"))

    assert (found.values, found.is_readable) == (values, True)


@pytest.mark.parametrize(
    ("header", "body", "name", "values"),
    [
        (FORM, "客户=%E5%BC%A0&备注=&客户=李".encode(), "客户", ["张", "李"]),
        (FORM, "备注=".encode(), "备注", [""]),
        (FORM, b"Note=1", "note", []),
        (FORM, b"a=1", "order.a", None),  # a form has no members of members
        (JSON, b'{"order": {"no": null, "items": [1]}}', "order.no", [None]),
        (JSON, b'{"order": {"no": 1}}', "order", [{"no": 1}]),
        (JSON, b'{"order": {"no": 1}}', "order.no.x", []),
        (JSON, b'{"a": 1}', "b", []),
        (JSON, b"[1]", "$", [[1]]),
        (JSON, b"", "a", []),
        (JSON, None, "$", []),
        (JSON, b"{", "a", None),
        (("Content-Type", "text/plain"), b"a", "a", None),
        (("X", "1"), b"{}", "a", None),
    ],
)
def test_values_in_the_body_are_found(
    header: tuple[str, str], body: bytes | None, name: str, values: list[Any] | None
) -> None:
    """None: the format is not known, so that the body tells nothing."""
    request, api = sent("/", header, body=body), Api(path="/")
    found = find_sent_values(request, "body", name, api)

    assert (found.values, found.is_readable) == (values or [], values is not None)
    possible = find_possible_sent_values(request, "body", name, api)
    assert possible == ([] if values is None else [values])


@pytest.mark.parametrize(
    ("path", "url", "name", "readings"),
    [
        ("/orders/{id}", "/orders/7", "id", [["7"], ["7"]]),
        ("/{a}-{b}", "/1-2-3", "a", [["1"], ["1"], ["1-2"]]),
        ("/{a}-{b}", "/1-2-3", "b", [["2-3"], ["2-3"], ["3"]]),
        ("/{a}-{b}", "/1-2-3", "c", [[]]),
    ],
)
def test_a_path_may_be_read_in_several_ways(
    path: str, url: str, name: str, readings: list[list[str]]
) -> None:
    assert find_possible_sent_values(sent(url), "path", name, Api(path=path)) == readings


def test_a_query_is_not_read_as_a_path() -> None:
    request = sent("/orders/7?id=8")

    assert get_path_below_base(request) == "/orders/7"
    assert find_possible_sent_values(request, "query", "id", Api(path="/orders/{id}")) == [["8"]]


def test_places_of_auth_are_those_of_its_values_and_its_signature() -> None:
    plain = {"apply": [{"in": "header", "name": "X-Key", "value": "{{ key }}"}]}
    emit = [
        {"in": "query", "name": "sign", "value": "{{ signature }}"},
        {"in": "query", "name": "{{ name }}", "value": "1"},
        {"in": "header", "name": "X-Key", "value": "of the signature"},
        {"in": "header", "name": "sign", "value": "2"},
    ]
    signed = {**plain, "sign": {"message": "m", "key": "{{ key }}", "emit": emit}}

    assert map_templates_by_place(Auth()) == {}
    assert map_templates_by_place(msgspec.convert(plain, Auth)) == {
        ("header", "X-Key"): "{{ key }}"
    }
    assert map_templates_by_place(msgspec.convert(signed, Auth)) == {
        ("header", "X-Key"): "of the signature",
        ("query", "sign"): "{{ signature }}",
        ("header", "sign"): "2",
    }


U = {"$undefined": True}


@pytest.mark.parametrize(
    ("spec", "data"),
    [
        (CallSpec(platform="crm", api="查询", args=()), {"call": "crm.查询", "args": []}),
        (CallSpec(platform="crm", api="a.b", args=(0,)), {"call": "crm.a.b", "args": [0]}),
        (
            CallSpec(platform="crm", api="x", options={"instance_key": "华东"}, args=("", None)),
            {"call": "crm.x", "instance": "华东", "args": ["", None]},
        ),
        (
            CallSpec(platform="crm", api="x", args=(UNDEFINED, {"a": [1, UNDEFINED, False]})),
            {"call": "crm.x", "args": [U, {"a": [1, U, False]}]},
        ),
        (CallSpec(platform="crm", api="x"), {"call": "crm.x", "set": []}),
        (
            CallSpec(
                platform="crm", api="x", steps=(("query", {"a": UNDEFINED}), ("query", {"a": 1}))
            ),
            {"call": "crm.x", "set": [{"query": {"a": U}}, {"query": {"a": 1}}]},
        ),
    ],
)
def test_a_call_is_the_same_after_it_was_data(spec: CallSpec, data: dict[str, Any]) -> None:
    assert call_to_data(spec) == data
    assert call_from_data(data) == spec


def test_undefined_at_the_end_of_the_arguments_is_left_out() -> None:
    """As JavaScript does: ``get(1, undefined)`` is ``get(1)``."""
    given = (None, UNDEFINED, 1, UNDEFINED, UNDEFINED)
    told = call_to_data(CallSpec(platform="crm", api="x", args=given))

    assert told == {"call": "crm.x", "args": [None, U, 1]}
    assert call_to_data(CallSpec(platform="crm", api="x", args=(UNDEFINED,)))["args"] == []
    assert call_from_data({"call": "crm.x", "set": [{"body": 1, "header": 2}]}).steps == (
        ("body", 1),
        ("header", 2),
    )


def test_logins_are_counted_and_calls_are_kept() -> None:
    log, call = RequestLog(), sent()
    login = msgspec.structs.replace(
        call, call=Call(platform="crm", instance="test", api=LOGIN, method="POST", path="/login")
    )

    for one in (call, login, call, login, login):
        log.note(one)
    assert (log.requests, log.logins) == ([call, call], 3)


ORDERS = """\
platform_key: orders
base_url: https://orders.example.test
credentials: {key: {secret: true}}
auth: {apply: [{in: header, name: X-Key, value: "{{ key }}"}]}
apis:
  查询: {path: /orders}
  退货: {path: /returns, auth: {apply: [{in: query, name: k, value: "{{ key }}"}]}}
"""


def make(folder: Path, instances: str, against: str = "simulate") -> FuzzTarget:
    (folder / "platforms").mkdir()
    (folder / "platforms/orders.yaml").write_text(ORDERS, encoding="utf-8")
    erp = ORDERS.replace("platform_key: orders", "platform_key: erp")
    (folder / "platforms/erp.yaml").write_text(erp, encoding="utf-8")
    (folder / "instances.yaml").write_text(instances, encoding="utf-8")
    loaded = load_platforms(folder / "platforms", instances=folder / "instances.yaml")
    return make_target(loaded, "orders", against)


def list_addresses(target: FuzzTarget) -> list[tuple[str, str, Any]]:
    return [
        (entry.instance.platform, entry.instance.instance_key, entry.instance.base_url)
        for entries in target.platforms.entries.values()
        for entry in entries
    ]


OWN = "{platform: orders, instance_key: 华东, base_url: https://own.example.test"
ERP = "{platform: erp, instance_key: x, base_url: https://erp.example.test}"


@pytest.mark.parametrize(
    ("instances", "addresses"),
    [
        (f"[{ERP}]", [("erp", "x", "https://erp.example.test"), ("orders", "default", "")]),
        (f"[{OWN}}}]", [("orders", "华东", "https://own.example.test")]),
        (
            f"[{OWN}, enabled: false}}]",
            [("orders", "华东", "https://own.example.test"), ("orders", "default", "")],
        ),
        (
            f"[{OWN}, enabled: false}}, {OWN.replace('华东', '华南')}}}]",
            [
                ("orders", "华东", "https://own.example.test"),
                ("orders", "华南", "https://own.example.test"),
            ],
        ),
    ],
)
def test_a_platform_without_an_instance_that_takes_calls_gets_one(
    instances: str, addresses: list[tuple[str, str, Any]], tmp_path: Path
) -> None:
    simulated = make(tmp_path, instances)
    url = "http://127.0.0.1:8080"
    live = make_target(simulated.platforms, "orders", url)

    known = [one for one in list_addresses(simulated) if one[:2] != ("erp", "default")]
    assert known == addresses
    assert (simulated.is_live, live.is_live) == (False, True)
    moved = [one for one in list_addresses(live) if one[:2] != ("erp", "default")]
    assert moved == [(platform, key, url) for platform, key, _ in addresses]


def test_auth_is_the_own_of_an_api_before_that_of_the_platform(tmp_path: Path) -> None:
    target = make(tmp_path, "[]")
    apis = target.platform.apis

    assert [
        list(map_templates_by_place(target.get_auth(apis[name]))) for name in ("查询", "退货")
    ] == [[("header", "X-Key")], [("query", "k")]]


@pytest.mark.parametrize(
    ("against", "shown"),
    [
        ("simulate", None),
        ("http://127.0.0.1:8080", None),
        ("https://crm.example.test/api/", None),
        ("", ""),
        ("Simulate", "Simulate"),
        ("https://{{ host }}/api", "https://{{ host }}/api"),
        ("https://{host}/api", "https://{host}/api"),
        ("https://u:p@crm.example.test/a?key=1", "https://crm.example.test/a"),
        ("ftp://crm.example.test", "ftp://crm.example.test"),
    ],
)
def test_what_is_searched_is_the_simulator_or_an_address(against: str, shown: str | None) -> None:
    if shown is None:
        check_simulate_or_url(against)
        return
    with pytest.raises(ConfigError) as told:
        check_simulate_or_url(against)
    assert str(told.value) == (
        f"--against {shown}: expected simulate, or an address such as http://127.0.0.1:8080"
    )
