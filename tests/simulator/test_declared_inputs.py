"""Inputs and credentials of a platform file: their names, their places, and whose they are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bpmax_sim.clock import VirtualClock
from bpmax_sim.messages import FORM, Request
from bpmax_sim.platform.load import read_platform
from bpmax_sim.simulator.simulator import Simulator
from bpmax_sim.simulator.state import TenantCredentials
from tests.simulator.bench import START

BASE = "https://orders.example.test"
HEAD = (
    f"platform_key: orders\nbase_url: {BASE}\ncredentials: {{app: {{}}, key: {{secret: true}}}}\n"
)


class Orders:
    """A simulator of a platform file, for two instances."""

    def __init__(self, folder: Path, text: str) -> None:
        path = folder / "orders.yaml"
        path.write_text(HEAD + text, encoding="utf-8")
        self.clock = VirtualClock(START)
        tenants = [
            TenantCredentials(key, {"app": f"a-{key}", "key": f"k-{key}"}) for key in ("1", "2")
        ]
        self.simulator = Simulator(read_platform(path), lambda: tenants, clock=self.clock)

    def ask(
        self, line: str, body: Any = None, *, headers: dict[str, str] | None = None
    ) -> tuple[int, Any]:
        method, _, target = line.partition(" ")
        kind = FORM if isinstance(body, str) else "application/json"
        data = body.encode() if isinstance(body, str) else body and json.dumps(body).encode()
        pairs = [*(headers or {}).items(), *([("Content-Type", kind)] if data else [])]
        response = self.simulator.handle(
            Request(method=method, url=BASE + target, headers=tuple(pairs), body=data)
        )
        return response.status, json.loads(response.body)


def api(parameters: str, path: str = "", method: str = "POST") -> str:
    path = path or ("/orders/{no}" if "in: path" in parameters else "/orders/7")
    return f'apis: {{x: {{method: {method}, path: "{path}", parameters: [{parameters}]}}}}\n'


@pytest.mark.parametrize(
    ("parameters", "line", "body", "told"),
    [
        ("{name: 单号, in: path, to: no, type: integer}", "POST /orders/7", None, {"单号": 7}),
        ("{name: no, in: path}", "POST /orders/a%2Fb", None, {"no": "a/b"}),
        ("{name: 页, in: query, to: p, type: integer}", "POST /orders/7?p=2&p=3", None, {"页": 2}),
        ("{name: 页, in: query, to: p}", "POST /orders/7?P=2", None, {"页": "页"}),
        (
            "{name: 标签, in: query, to: t, type: array}",
            "POST /orders/7?t=a&b=1&t=",
            None,
            {"标签": ["a", ""]},
        ),
        ("{name: 客户, in: body, to: a.b}", "POST /orders/7", {"a": {"b": "张"}}, {"客户": "张"}),
        ("{name: 客户, in: body, to: a.b}", "POST /orders/7", {"a.b": "张"}, {"客户": "客户"}),
        ("{name: 客户, in: body, to: a.b}", "POST /orders/7", "a.b=1", {"客户": "1"}),
        ("{name: 数量, in: body, type: integer}", "POST /orders/7", "数量=2", {"数量": 2}),
        (
            "{name: 标签, in: body, to: t, type: array}",
            "POST /orders/7",
            "t=a&t=b&t=c",
            {"标签": ["a", "b", "c"]},
        ),
        ("{name: 标签, in: body, to: t, type: array}", "POST /orders/7", {"t": [1]}, {"标签": [1]}),
        (
            "{name: 全部, in: body, to: $, type: object}",
            "POST /orders/7",
            {"a": 1},
            {"全部": {"a": 1}},
        ),
        (
            "{name: 全部, in: body, to: $, type: string}",
            "POST /orders/7",
            {"a": 1},
            {"全部": '{"a": 1}'},
        ),
        ("{name: 追踪, in: header, to: X-Trace}", "POST /orders/7", None, {"追踪": "追踪"}),
        ("{name: 备注, in: query, default: 无}", "POST /orders/7", None, {"备注": "无"}),
        (
            "{name: 状态, in: query, enum: [开, 关], default: 关}",
            "POST /orders/7",
            None,
            {"状态": "开"},
        ),
        ("{name: 状态, in: query, title: 状 态}", "POST /orders/7", None, {"状态": "状 态"}),
        (
            "{name: 状态, in: query, type: array, enum: [开, 关]}",
            "POST /orders/7?状态=关&状态=开",
            None,
            {"状态": ["关", "开"]},
        ),
        (
            "{name: 状态, in: body, type: array, enum: [1, 2]}",
            "POST /orders/7",
            {"状态": [2, "1", 2]},
            {"状态": [2, "1", 2]},
        ),
        (
            "{name: 状态, in: body, type: array, enum: [1, 2]}",
            "POST /orders/7",
            {"状态": []},
            {"状态": []},
        ),
        (
            "{name: 状态, in: body, type: array, enum: [1, 2]}",
            "POST /orders/7",
            None,
            {"状态": [1]},
        ),
    ],
)
def test_an_input_is_told_under_its_name_wherever_it_was_sent(
    parameters: str, line: str, body: Any, told: Any, tmp_path: Path
) -> None:
    assert Orders(tmp_path, api(parameters)).ask(line, body) == (200, told)


@pytest.mark.parametrize(
    ("parameters", "line", "body", "told"),
    [
        (
            "{name: 页, in: query, to: p, required: true}",
            "POST /orders/7?页=1",
            None,
            "query.p is missing",
        ),
        (
            "{name: a, in: header, to: X-A, required: true}",
            "POST /orders/7",
            None,
            "header.X-A is missing",
        ),
        (
            "{name: a, in: body, to: b.c, required: true}",
            "POST /orders/7",
            {"b": {}},
            "body.b.c is missing",
        ),
        ("{name: a, in: body, required: true}", "POST /orders/7", None, "body.a is missing"),
        (
            "{name: 单号, in: path, to: no, type: integer}",
            "POST /orders/x",
            None,
            "path.no is not of type integer",
        ),
        (
            "{name: a, in: query, type: boolean}",
            "POST /orders/7?a=True",
            None,
            "query.a is not of type boolean",
        ),
        (
            "{name: a, in: body, type: string}",
            "POST /orders/7",
            {"a": 1},
            "body.a is not of type string",
        ),
        (
            "{name: a, in: body, type: integer}",
            "POST /orders/7",
            {"a": True},
            "body.a is not of type integer",
        ),
        (
            "{name: a, in: body, type: integer}",
            "POST /orders/7",
            {"a": None},
            "body.a is not of type integer",
        ),
        (
            "{name: a, in: query, enum: [开, 关, 停]}",
            "POST /orders/7?a=x",
            None,
            "query.a is none of 开, 关, 停",
        ),
        (
            "{name: a, in: query, enum: [1, 2]}",
            "POST /orders/7?a=3",
            None,
            "query.a is none of 1, 2",
        ),
        ("{name: a, in: query, enum: [开]}", "POST /orders/7?a=", None, "query.a is none of 开"),
        (
            "{name: a, in: query, type: array, enum: [开, 关]}",
            "POST /orders/7?a=%E5%BC%80&a=x",
            None,
            "query.a is none of 开, 关",
        ),
        (
            "{name: a, in: body, type: array, enum: [1, 2]}",
            "POST /orders/7",
            {"a": [2, 1, 3]},
            "body.a is none of 1, 2",
        ),
    ],
)
def test_an_input_that_does_not_fit_is_refused_by_its_place(
    parameters: str, line: str, body: Any, told: str, tmp_path: Path
) -> None:
    assert Orders(tmp_path, api(parameters)).ask(line, body) == (
        400,
        {"code": 400, "message": told},
    )


def test_values_of_a_path_are_split_so_that_they_fit(tmp_path: Path) -> None:
    parameters = "{name: a, in: path}, {name: 号, in: path, to: b, type: integer}"
    orders = Orders(tmp_path, api(parameters, "/{a}-{b}", "GET"))

    assert orders.ask("GET /x-1") == (200, {"a": "x", "号": 1})
    assert orders.ask("GET /x-y-1") == (200, {"a": "x-y", "号": 1})
    assert orders.ask("GET /x-1-2") in [(200, {"a": "x-1", "号": 2}), (200, {"a": "x", "号": -2})]
    assert orders.ask("GET /x-y")[0] == 400


TWO = """\
auth:
  apply:
    - {in: header, name: X-App, value: "{{ app }}"}
    - {in: %s, name: %s, value: "%s"}
"""
WRONG = {"code": 401, "message": "the token is missing, unknown or over"}


def with_key(place: str, value: str) -> dict[str, Any]:
    """Return how the second value of auth is sent: line, body or headers."""
    if place == "query":
        return {"line": f"POST /orders?k={value}"}
    if place == "form":
        return {"body": f"a.k={value}&z=1"}
    if place == "body":
        return {"body": {"a": {"k": value}}}
    return {"headers": {"Cookie": f"z=1; k={value}"} if place == "cookie" else {"X-Key": value}}


@pytest.mark.parametrize(
    ("place", "declared"),
    [
        ("header", ("header", "X-Key", "{{ key }}")),
        ("cookie", ("cookie", "k", "{{ key }}")),
        ("query", ("query", "k", "{{ key }}")),
        ("body", ("body", "a.k", "{{ key }}")),
        ("form", ("body", "a.k", "{{ key }}")),
    ],
)
@pytest.mark.parametrize(
    ("app", "key", "is_let_in"),
    [
        ("a-1", "k-1", True), ("a-2", "k-2", True), ("a-1", "k-2", False), ("a-1", "K-1", False),
        ("a-1", None, False), (None, "k-1", False), (None, None, False), ("a-1", "", False),
    ],
)  # fmt: skip
def test_all_values_of_auth_have_to_be_those_of_one_instance(
    place: str,
    declared: tuple[str, str, str],
    app: str | None,
    key: str | None,
    is_let_in: bool,
    tmp_path: Path,
) -> None:
    orders = Orders(tmp_path, TWO % declared + "apis: {x: {method: POST, path: /orders}}\n")
    sent: dict[str, Any] = {} if key is None else with_key(place, key)
    headers = {**sent.get("headers", {}), **({"X-App": app} if app else {})}

    found = orders.ask(sent.get("line", "POST /orders"), sent.get("body"), headers=headers)
    assert found == ((200, {}) if is_let_in else (401, WRONG))


LOGIN = """\
auth:
  acquire:
    steps:
      - request: {path: /login, form: {app: "{{ app }}", key: "{{ key }}"}}
        extract: {token: {path: $.data.token, secret: true}, ttl: {path: $.data.ttl}}
    ttl: {default: 600s%s}
  apply: [{in: header, name: Authorization, value: "Bearer {{ token }}"}]
response:
  code: [$.code]
  classes: {token: {status: [%s], code: [%s]}}
apis: {x: {path: /orders}, y: {method: POST, path: /orders}}
"""


def log_in(orders: Orders, number: str) -> Any:
    status, body = orders.ask("POST /login", f"app=a-{number}&key=k-{number}")
    assert status == 200
    return body["data"]


@pytest.mark.parametrize(
    ("unit", "ttl"),
    [
        ("", 600), (", unit: ms", 600_000), (", unit: absolute", int(START) + 600),
        (", unit: absolute_ms", (int(START) + 600) * 1000),
    ],
)  # fmt: skip
def test_a_token_is_of_its_instance_until_it_ends(unit: str, ttl: int, tmp_path: Path) -> None:
    orders = Orders(tmp_path, LOGIN % (unit, "401", ""))
    first, second = log_in(orders, "1"), log_in(orders, "2")

    assert (first["ttl"], first["token"] != second["token"]) == (ttl, True)
    assert [orders.ask("POST /login", f"app=a-1&key={key}")[0] for key in ("k-2", "", "K-1")] == [
        401
    ] * 3
    for token in (first["token"], second["token"]):
        for line in ("GET /orders", "POST /orders"):
            assert orders.ask(line, headers={"Authorization": f"Bearer {token}"})[0] == 200
    bad = ("", first["token"], f"bearer {first['token']}", f"Bearer {first['token']}x")
    told = [orders.ask("GET /orders", headers={"Authorization": one})[0] for one in bad]
    assert told == [401] * 4
    orders.clock.advance(599)
    headers = {"Authorization": f"Bearer {first['token']}"}
    assert orders.ask("GET /orders", headers=headers)[0] == 200
    orders.clock.advance(1)
    assert orders.ask("GET /orders", headers=headers)[0] == 401
