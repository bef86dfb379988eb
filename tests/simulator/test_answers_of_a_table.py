"""What a rule table makes of a request: its parts, tokens, answers, errors and settings."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import pytest
from msgspec import UNSET

from bpmax_sim.errors import ConfigError, TransportError
from bpmax_sim.messages import FORM, Request, Response
from bpmax_sim.platform.model import ErrorClass, OkRule, Platform, ResponseRules
from bpmax_sim.secret.standin import make_standin
from bpmax_sim.simulator.model import (
    OAuthGrants,
    RuleTable,
    derive_rules,
    make_refusal_with_code,
    set_at_path,
)
from bpmax_sim.simulator.simulator import format_credentials
from bpmax_sim.simulator.state import (
    TenantCredentials,
    is_missing,
    list_values,
    merge_members,
    parse_request,
)
from tests.simulator.bench import START
from tests.simulator.test_checks_of_a_table import BASE, Office


def test_a_request_is_read_in_its_parts() -> None:
    request = Request(
        method="post",
        url=BASE + "/用户/a%2Fb?x=1&x=2&&=3&Y=%E7%94%B2+&z#?q=4",
        headers=(("X-A", "1"), ("x-a", "2"), ("Cookie", "s=1; t=2")),
        body=b'{"a": [1]}',
    )
    parsed = parse_request(request, BASE)
    assert (parsed.method, parsed.path, parsed.form) == ("POST", "/用户/a%2Fb", {})
    assert parsed.query == {"x": "1", "Y": "甲 ", "z": ""}
    assert (parsed.headers["x-a"], parsed.cookies) == ("1", {"s": "1", "t": "2"})
    assert parsed.body == {"a": [1]}

    paths = {
        BASE: "/",
        f"{BASE}/": "/",
        f"{BASE}?a=1": "/",
        "https://other.example.test/v1/x?a=1": "/v1/x",
        "https://other.example.test": "/",
        "https://other.example.test/x?back=https://a.example.test/y": "/x",
        "/x/y": "/x/y",
    }
    assert {url: parse_request(Request(method="GET", url=url), BASE).path for url in paths} == paths
    assert [list_values(parsed, "query", name) for name in ("x", "z", "w")] == [
        ["1", "2"], [""], UNSET,
    ]  # fmt: skip
    form = {"Content-Type": f"{FORM}; charset=utf-8"}
    bodies: list[tuple[bytes | None, Mapping[str, str], Any, dict[str, str]]] = [
        (None, {}, UNSET, {}),
        (b"", {}, UNSET, {}),
        (b"null", {}, None, {}),
        (b"a=1&a=2&b=", {}, UNSET, {}),
        (b"a=1&a=2&b=", form, UNSET, {"a": "1", "b": ""}),
        (b"7", form, 7, {"7": ""}),
        (b"\xff", form, UNSET, {"\ufffd": ""}),
        (b'"\xff"', {}, UNSET, {}),
        (b"[" * 64 + b"]" * 64, {}, ..., {}),
        (b"[" * 65 + b"]" * 65, {}, UNSET, {}),
        (b'{"a":' * 65 + b"1" + b"}" * 65, {}, UNSET, {}),
        (b"[" * 100_000, {}, UNSET, {}),
    ]
    for body, headers, value, pairs in bodies:
        one = parse_request(
            Request(method="POST", url=BASE, headers=tuple(headers.items()), body=body), BASE
        )
        assert one.form == pairs
        assert one.body is not UNSET if value is ... else one.body == value

    absent: Any = (UNSET, None, "", [], {})
    there = (0, False, 0.0, " ", [None], {"a": None})
    assert [*map(is_missing, absent)] == [True] * 5
    assert [*map(is_missing, there)] == [False] * 6


def test_members_are_merged_and_paths_set() -> None:
    merged = [
        ({"a": 1, "b": {"c": 1, "d": 1}}, {"b": {"c": 2}, "e": 3}),
        ({"a": {"b": 1}}, {"a": 2}),
        ({"a": 2}, {"a": {"b": 1}}),
        ([1], {"a": 1}),
        ({"a": 1}, [1]),
        ({"a": 1}, {"a": None}),
    ]
    assert [merge_members(*pair) for pair in merged] == [
        {"a": 1, "b": {"c": 2, "d": 1}, "e": 3}, {"a": 2}, {"a": {"b": 1}}, {"a": 1}, [1],
        {"a": None},
    ]  # fmt: skip
    body: dict[str, Any] = {"data": {"x": 1}, "n": 1}
    for path, value in (("$.data.name", "甲"), ("$['n']['m']", 2), ("$.k", 3), ("$", 4)):
        set_at_path(body, path, value)
    assert body == {"data": {"x": 1, "name": "甲"}, "n": {"m": 2}, "k": 3}


def route(answer: Any, *checks: Mapping[str, Any], on: str = "POST /x", **more: Any) -> Any:
    return {"on": on, "checks": checks, "answer": answer, **more}


def _send(office: Office, line: str, body: Any = None, **headers: str) -> Response:
    method, _, path = line.partition(" ")
    data = None if body is None else json.dumps(body).encode()
    pairs = tuple(headers.items())
    return office.simulator.handle(
        Request(method=method, url=BASE + path, headers=pairs, body=data)
    )


def test_an_answer_is_merged_over_the_one_of_the_table() -> None:
    ok = {
        "status": 201,
        "headers": {"X-A": "{{ seconds }}", "X-B": "b"},
        "body": {"code": 0, "d": {"a": 1, "b": 1}},
    }
    office = Office(
        route({}, on="GET /plain"),
        route({"body": {"d": {"b": 2, "n": {"$value": "query.n"}}}, "headers": {"X-B": "客"}}),
        route({"status": 202, "body": {"d": 1}, "alone": True}, on="GET /alone"),
        route({"body": None}, on="GET /empty"),
        route({"body": [1, {"$value": "query.n"}, "{{ now }}"]}, on="GET /list"),
        route({"text": "第 {{ no }} 号", "headers": {"Content-Type": "text/x"}}, on="GET /t/{no}"),
        route({"text": ""}, on="GET /blank"),
        ok=ok,
        latency=0.5,
    )  # fmt: skip
    office.clock.advance(1.25)

    def say(line: str) -> tuple[int, dict[str, str], str]:
        response = _send(office, line)
        assert (response.elapsed, response.source) == (0.5, "simulated")
        return response.status, dict(response.headers), response.body.decode()

    js = {"content-type": "application/json; charset=utf-8"}
    head = {"date": "Mon, 02 Mar 2026 01:00:01 GMT", "X-A": "1772413201", "X-B": "b"}
    assert say("GET /plain") == (201, head | js, '{"code":0,"d":{"a":1,"b":1}}')
    assert say("POST /x") == (201, {**head, "X-B": "?", **js}, '{"code":0,"d":{"a":1,"b":2}}')
    assert say("POST /x?n=%E5%AE%A2")[2] == '{"code":0,"d":{"a":1,"b":2,"n":"客"}}'
    assert say("GET /alone") == (202, head | js, '{"d":1}')
    assert say("GET /empty") == (201, head, "")
    assert say("GET /list?n=1")[2] == '[1,"1","1772413201.25"]'
    assert say("GET /list")[2] == '[1,"1772413201.25"]'
    assert say("GET /t/7") == (201, {**head, "Content-Type": "text/x"}, "第 7 号")
    assert say("GET /blank") == (201, head, "")


def test_values_records_and_items_are_filled_in() -> None:
    body = {
        "v": {"$value": "body.a"},
        "t": {"$value": "body.a", "as": "text"},
        "gone": {"$value": "body.none", "as": "text"},
        "list": [{"$value": "body.none"}, {"$value": "body.a"}, "{{ now }}", "{ now }", 7, None],
        "inner": {"x": {"$value": "query.x"}, "y": {"z": {"$value": "body.none"}}},
        "kind": {"$value": "body.ids", "kind": "query.k", "default": "open"},
        "rows": {"$rows": "users", "where": {"dept": "body.d"}, "pick": ["id"]},
        "names": {"$rows": "users", "pick": "name", "like": {"name": "body.q"}},
        "each": {
            "$each": ["body.ids2", "body.nos"],
            "in": "users",
            "by": ["id", "no"],
            "item": {"name": {"$value": "found.name"}},
        },
        "millis": {"$value": "millis"},
    }
    office = Office(route({"body": body}))
    sent = {
        "a": 7, "d": 2, "q": "五", "ids": {"open": "o", "union": "u"},
        "ids2": ["li", "7", "zhang"], "nos": [7],
    }  # fmt: skip
    want = {
        "v": 7, "t": "7", "list": [7, "1772413200", "{ now }", 7, None],
        "inner": {"y": {}}, "kind": "o", "rows": [{"id": "Zhang"}, {"id": "li"}], "names": ["王五"],
        "each": [{"id": "li", "name": "李四"}, {"id": "7"}, {"id": "zhang", "name": "张三"},
                 {"no": 7, "name": "张三"}],
        "millis": 1772413200000,
    }  # fmt: skip
    assert office.ask("POST /x", sent) == (200, want)
    other = office.ask("POST /x?x=1&k=union", sent | {"a": True, "ids2": "li", "nos": {}})[1]
    assert {name: other[name] for name in ("v", "t", "inner", "kind", "each")} == {
        "v": True, "t": "true", "inner": {"x": "1", "y": {}}, "kind": "u", "each": [],
    }  # fmt: skip
    third = office.ask("POST /x?k=email", sent | {"ids": 1, "a": None})[1]
    assert ("kind" in third, third["v"], third["t"]) == (False, None, "null")


def test_made_ids_follow_from_seed_and_number() -> None:
    answer = {
        "body": {"a": {"$made": "om_", "length": 5}, "b": {"$made": ""}, "c": {"$made": None}}
    }
    first = Office(route(answer)).ask("POST /x")[1]
    office = Office(route(answer))
    assert office.ask("POST /x")[1] == first
    assert (len(first["a"]), first["a"][:3]) == (8, "om_")
    assert [len(first[name]) for name in "bc"] == [32, 32]
    assert first["b"] != first["c"] != office.ask("POST /x")[1]["c"]
    assert office.state.serial == 6
    long = Office(route({"body": {"a": {"$made": "", "length": 300}}})).ask("POST /x")[1]["a"]
    assert (len(long), long.isalnum(), long[:86] == long[86:172]) == (300, True, False)


def test_an_error_has_its_status_code_and_message() -> None:
    def refuse(code: str) -> dict[str, Any]:
        return {"on": f"GET /{code}", "checks": [{"need": {"at": ["query.q"], "error": code}}]}

    office = Office(
        *map(refuse, ("E1", "40001", "-7", "E3", "none", "4x", "+5", "+6", "²")),
        errors={
            "E1": {"status": 403, "message": "错", "code": "99", "headers": {"X-E": "1"}},
            "40001": {"message": "在 {{ seconds }}", "body": {"more": True}},
            "-7": {}, "E3": {"body": {"m": "别的"}, "code": "E-3"}, "4x": {"body": None},
            "+5": {"text": "busy"},
        },
        error={"status": 400, "headers": {"X-E": "0"},
               "body": {"code": {"$value": "code"}, "m": "{{ message }}", "h": {"$value": "hint"}}},
    )  # fmt: skip
    told: dict[str, tuple[int, str, Any]] = {}
    for name in ("E1", "40001", "-7", "E3", "none", "4x", "+6", "²"):
        response = _send(office, f"GET /{name}")
        body = json.loads(response.body) if response.body else {}
        assert not body or len(body.pop("h")) == 20
        told[name] = response.status, dict(response.headers)["X-E"], body
    assert told == {
        "E1": (403, "1", {"code": 99, "m": "错"}),
        "40001": (400, "0", {"code": 40001, "m": "在 1772413200", "more": True}),
        "-7": (400, "0", {"code": -7, "m": ""}),
        "E3": (400, "0", {"code": "E-3", "m": "别的"}),
        "none": (400, "0", {"code": "none", "m": "none"}),
        "4x": (400, "0", {}),
        "+6": (400, "0", {"code": "+6", "m": "+6"}),
        "²": (400, "0", {"code": "²", "m": "²"}),
    }
    assert _send(office, "GET /+5").body == b"busy"


def test_a_route_is_found_by_method_and_path_and_comes_after_the_checks_of_the_table() -> None:
    need = {"need": {"at": ["query.q"], "error": "E"}}
    office = Office(
        route({"body": {"r": 1, "no": "{{ no }}", "p": {"$value": "path.no"}}}, on="GET /a/{no}"),
        route({"body": {"r": 2}}, on="GET /a/b"),
        route({"body": {"r": 3}}, on="post /a/{x}/{y}"),
        route({"body": {"r": 4}}, on="GET /open", open=True),
        route({"body": {"r": 5}}, {"need": {"at": ["query.p"], "error": "F"}}, on="GET /both"),
        checks=[need],
        unknown={"status": 404, "body": {"r": 0}},
    )
    asked = {
        "GET /a/b?q=1": (200, {"r": 1, "no": "b", "p": "b"}),
        "GET /a/%E7%94%B2?q=1": (200, {"r": 1, "no": "甲", "p": "甲"}),
        "GET /a/1": (400, {"code": "E", "m": "错"}),
        "POST /a/1/2?q=1": (200, {"r": 3}),
        "GET /a/1/2?q=1": (404, {"r": 0}),
        "GET /A/1?q=1": (404, {"r": 0}),
        "GET /open": (200, {"r": 4}),
        "GET /both": (400, {"code": "E", "m": "错"}),
        "GET /both?q=1": (400, {"code": "F", "m": "F"}),
        "GET /both?q=1&p=1": (200, {"r": 5}),
    }
    assert {line: office.ask(line) for line in asked} == asked
    plain = Office(error={"status": 400, "body": {"c": {"$value": "code"}}})
    assert plain.ask("GET /a") == (400, {"c": 404})


LOGIN = {"login": [{"name": "app", "at": "query.a", "missing": "M", "wrong": "W"}]}


def token_office(**tokens: Any) -> Office:
    return Office(
        route(
            {"body": {"t": {"$value": "token"}, "life": {"$value": "life"}}}, LOGIN, on="GET /in"
        ),
        route({"body": {"app": {"$value": "credential.app"}}}, on="GET /me"),
        checks=[{"token": True}],
        tokens={"life": 100, "missing": "T1", "invalid": "T2", "expired": "T3", **tokens},
    )


def test_a_token_is_missing_invalid_expired_or_that_of_an_instance() -> None:
    office = token_office(scheme="Bearer", length=8)
    one, two = (office.ask(f"GET /in?a={app}")[1]["t"] for app in ("甲", "乙"))

    def me(value: str | None) -> Any:
        said = office.ask("GET /me", **({} if value is None else {"Authorization": value}))[1]
        return said.get("app") or said["code"]

    asked = {
        None: "T1", "": "T1", one: "T1", f"Basic {one}": "T1", "Bearer ": "T1", "Bearer x": "T2",
        f"Bearer {one}": "甲", f"bearer   {two} ": "乙", f"BEARER {two.upper()}!": "T2",
    }  # fmt: skip
    assert {value: me(value) for value in asked} == asked
    office.clock.advance(99.9)
    assert me(f"Bearer {one}") == "甲"
    three = office.ask("GET /in?a=甲")[1]["t"]
    office.clock.advance(0.1)
    assert [me(f"Bearer {token}") for token in (one, three)] == ["T3", "甲"]
    office.simulator.revoke()
    assert [me(f"Bearer {token}") for token in (one, three)] == ["T2", "T2"]
    query = token_office(at="body.t")
    token = query.ask("GET /in?a=甲")[1]["t"]
    bodies = ({"t": token}, {"t": 7}, {"t": [token]}, {"t": ""}, {"t": f"Bearer {token}"})
    said = [query.ask("GET /me", body)[1] for body in bodies]
    assert [one.get("app") or one["code"] for one in said] == ["甲", "T1", "T1", "T1", "T2"]


def log_in(office: Office, *steps: tuple[float, str]) -> list[tuple[int, int]]:
    """Return number of the token, from 0, and its life for each login."""
    known: list[str] = []
    told = []
    for seconds, app in steps:
        office.clock.advance(seconds)
        said = office.ask(f"GET /in?a={app}")[1]
        known += [] if said["t"] in known else [said["t"]]
        told.append((known.index(said["t"]), said["life"]))
    return told


def test_a_login_gives_a_new_token_or_the_one_that_still_counts() -> None:
    assert log_in(token_office(), (0, "甲"), (0, "甲"), (5.5, "乙")) == [
        (0, 100),
        (1, 100),
        (2, 100),
    ]
    reuse = (0, "甲"), (10, "乙"), (60, "甲"), (19, "甲"), (1, "甲"), (0, "甲"), (0, "乙")
    assert log_in(token_office(reuse=10), *reuse) == [
        (0, 100), (1, 100), (0, 30), (0, 11), (2, 100), (2, 100), (1, 20),
    ]  # fmt: skip
    assert log_in(token_office(reuse=0), (0, "甲"), (99.5, "甲"), (0.5, "甲")) == [
        (0, 100), (0, 0), (1, 100),
    ]  # fmt: skip
    extend = token_office(reuse=0, extend=True)
    assert log_in(extend, (0, "甲"), (99, "甲"), (99, "甲"), (100, "甲")) == [
        (0, 100), (0, 100), (0, 100), (1, 100),
    ]  # fmt: skip


def test_a_scenario_says_what_a_login_gives() -> None:
    office = token_office(reuse=0)
    office.simulator.renewal("new")
    assert log_in(office, (0, "甲"), (1, "甲")) == [(0, 100), (1, 100)]
    office.simulator.life(0)
    assert log_in(office, (0, "甲")) == [(0, 0)]
    office.simulator.life(50)
    assert log_in(office, (0, "甲"), (1, "甲")) == [(0, 50), (1, 50)]
    office.simulator.renewal("extend")
    assert log_in(office, (0, "甲"), (9, "甲")) == [(0, 50), (0, 50)]
    office.simulator.renewal("same")
    assert log_in(office, (0, "甲"), (9, "甲")) == [(0, 50), (0, 41)]
    for more in ({}, {"reuse": 0, "extend": True}):
        office = token_office(**more)
        office.simulator.renewal("same")
        assert log_in(office, (0, "甲"), (9.3, "甲")) == [(0, 100), (0, 90)]
        office.simulator.renewal("new")
        first, second = (office.ask("GET /in?a=甲")[1]["t"] for _ in range(2))
        office.simulator.renewal("same")
        assert first != second == office.ask("GET /in?a=甲")[1]["t"]
    with pytest.raises(ConfigError) as caught:
        office.simulator.renewal("none")  # type: ignore[arg-type]
    assert str(caught.value) == "renewal: unknown value 'none'; choose one of same, new, extend"


def test_an_older_token_counts_for_a_while_beside_a_new_one() -> None:
    office = token_office(overlap=20)
    first, other = (office.ask(f"GET /in?a={app}")[1]["t"] for app in ("甲", "乙"))
    office.clock.advance(10)
    second = office.ask("GET /in?a=甲")[1]["t"]
    lives = {grant.values["token"]: grant.expires - START for grant in office.state.grants}
    assert lives == {first: 30, other: 100, second: 110}
    office.simulator.overlap(5)
    office.ask("GET /in?a=乙")
    office.clock.advance(15)
    office.simulator.overlap(50)
    third = office.ask("GET /in?a=甲")[1]["t"]
    lives = {grant.values["token"]: grant.expires - START for grant in office.state.grants}
    assert (lives[first], lives[other], lives[second], lives[third]) == (30, 15, 75, 125)
    office.simulator.expire()
    assert [grant.expires - START for grant in office.state.grants] == [25, 15, 25, 25, 25]


def oauth(**more: Any) -> Office:
    names = ("token", "refresh_token", "life", "scope")
    return Office(
        route({"body": {name: {"$value": name} for name in names}},
              {"grants": {"client": "app", "secret": "key", **more}}, on="POST /token"),
        error={"status": 400, "body": {"e": {"$value": "code"}}},
        tokens={"life": 60},
    )  # fmt: skip


def test_oauth_grants_follow_their_specification() -> None:
    def grant(office: Office, body: str, basic: str | None = None) -> Any:
        value = "" if basic is None else "Basic " + b64encode(basic.encode()).decode()
        said = office.ask("POST /token", body, **({"Authorization": value} if value else {}))[1]
        return said.get("e") or {
            name: v if name in ("life", "scope") else "…" for name, v in said.items()
        }

    kind, mine = "grant_type=client_credentials", "&client_id=甲&client_secret=k-甲"
    token = {"token": "…", "life": 60}
    office = oauth()
    assert [
        grant(office, kind + mine),
        grant(office, f"{kind}{mine}&scope=read+all"),
        grant(office, f"{kind}{mine}&scope="),
        grant(office, kind, "甲:k-甲"),
        grant(office, f"{kind}&client_id=甲", "%E7%94%B2:k-%E7%94%B2"),
        grant(office, kind + mine, "甲:k-甲"),
        grant(office, kind, "甲:k-乙"),
        grant(office, f"{kind}&client_id=甲&client_secret=k-乙"),
        grant(office, f"{kind}&client_id=甲"),
        grant(office, "grant_type=password" + mine),
        grant(office, "grant_type=password&client_id=甲"),
        grant(office, mine[1:]),
        grant(office, "grant_type=" + mine),
    ] == [
        token, {**token, "scope": "read all"}, token, token, token, "invalid_request",
        "invalid_client_basic", "invalid_client", "invalid_client", "unsupported_grant_type",
        "invalid_client", "invalid_request", "invalid_request",
    ]  # fmt: skip


def test_a_refresh_token_is_replaced_by_each_use() -> None:
    office = oauth()
    tenants = office.simulator._make_tenants()
    first, other = tenants
    known = [TenantCredentials("甲", {**first.credentials, "refresh_token": "r-0"}), other]
    office.simulator._make_tenants = lambda: known

    def refresh(token: str, app: str = "甲") -> Any:
        body = (
            f"grant_type=refresh_token&client_id={app}&client_secret=k-{app}&refresh_token={token}"
        )
        said = office.ask("POST /token", body)[1]
        return said.get("e") or said["refresh_token"]

    assert [refresh(""), refresh("r-1"), refresh("r-0", "乙")] == ["invalid_grant"] * 3
    second = refresh("r-0")
    assert refresh("r-0") == "invalid_grant"
    assert refresh(second, "乙") == "invalid_grant"
    office.clock.advance(61)
    third = refresh(second)
    assert len({second, third}) == 2
    assert [refresh(second), refresh("r-0")] == ["invalid_grant"] * 2
    office.simulator.revoke()
    assert refresh(third) == "invalid_grant"
    refused = oauth(refresh=False).ask(
        "POST /token", "grant_type=refresh_token&client_id=甲&client_secret=k-甲&refresh_token=r-0"
    )
    assert refused == (400, {"e": "unsupported_grant_type"})


def test_requests_of_an_api_are_limited_as_a_scenario_says() -> None:
    office = token_office(reuse=0)
    simulator = office.simulator
    simulator.table = msgspec.structs.replace(simulator.table, checks=(), busy="W")
    simulator.limit(2, 10)
    assert [office.ask("GET /me")[0] for _ in range(3)] == [200, 200, 429]
    assert [office.ask("GET /in?a=甲")[0] for _ in range(3)] == [200, 200, 200]
    office.clock.advance(10)
    assert office.ask("GET /me")[0] == 200
    simulator.limit(1, 0)
    assert office.ask("GET /me")[1] == {}
    assert office.ask("GET /me")[1] == {"code": "W", "m": "等 1 秒"}
    simulator.limit(0, 10)
    office.clock.advance(20)
    assert office.ask("GET /me")[0] == 429


def test_a_clock_is_ahead_and_connections_break_as_a_scenario_says() -> None:
    office = token_office(reuse=0)
    simulator = office.simulator
    simulator.table = msgspec.structs.replace(simulator.table, checks=())
    office.clock.advance(30)
    simulator.skew(90)
    assert (simulator.now() - START, office.ask("GET /me")[0]) == (120, 200)
    simulator.skew(-30)
    assert simulator.now() - START == 0
    simulator.drop("before")
    simulator.drop("after", 2)
    told: list[Any] = []
    for line in ("GET /in?a=甲", "GET /me", "GET /me", "GET /in?a=甲", "GET /me", "GET /me"):
        try:
            told.append(office.ask(line)[0])
        except TransportError as error:
            told.append((error.code, error.sent, str(error)))
    lost = "the connection was reset {} the request was executed (simulated)"
    assert told == [
        200, ("RESET", True, lost.format("before")), ("RESET", True, lost.format("after")), 200,
        ("RESET", True, lost.format("after")), 200,
    ]  # fmt: skip


def test_records_are_added_until_a_reset_and_settings_are_checked() -> None:
    simulator = token_office().simulator
    simulator.skew(-30)
    simulator.add("users", {"id": "new"}, {"id": "newer"})
    simulator.add("users", {"id": "newest"})
    assert [row["id"] for row in simulator.state.rows["users"]] == ["newest", "new", "newer"]
    simulator.reset()
    assert (simulator.state.rows, simulator.now() - START) == ({}, 0)

    wrong: dict[str, Callable[[], object]] = {
        "add": lambda: simulator.add("user"),
        "add nothing near": lambda: simulator.add("zzz"),
        "drop": lambda: simulator.drop("befor"),  # type: ignore[arg-type]
        "drop nothing near": lambda: simulator.drop("x"),  # type: ignore[arg-type]
        "life": lambda: simulator.life(-1),
        "overlap": lambda: simulator.overlap(-0.5),
        "limit": lambda: simulator.limit(-1, 1),
        "limit per": lambda: simulator.limit(1, -1),
    }
    messages = {}
    for name, act in wrong.items():
        with pytest.raises(ConfigError) as caught:
            act()
        messages[name] = str(caught.value)
    less = "{} is less than nothing; give a number from 0 on"
    assert messages == {
        "add": "the simulator of 'oa' has no rows 'user'; did you mean 'users'?",
        "add nothing near": "the simulator of 'oa' has no rows 'zzz'; it has users, groups",
        "drop": "drop: there is no 'befor'; did you mean 'before'?",
        "drop nothing near": "drop: there is no 'x'; choose before or after",
        "life": less.format("life: -1"),
        "overlap": less.format("overlap: -0.5"),
        "limit": less.format("limit: -1"),
        "limit per": less.format("limit: -1"),
    }


def test_a_request_that_is_cut_off_before_it_is_executed_leaves_nothing() -> None:
    office = Office(route({"body": {}}, {"deliver": {}}))
    office.simulator.drop("before")
    office.simulator.drop("after")
    for _ in range(2):
        with pytest.raises(TransportError):
            office.ask("POST /x", {})
    assert len(office.simulator.messages) == 1
    assert repr(office.simulator) == "<Simulator of 'oa', 0 tokens, 1 messages>"


def _derive(**response: Any) -> RuleTable:
    node = {
        "platform_key": "oa",
        "title": "办公",
        "base_url": BASE,
        "apis": {},
        "response": response,
    }
    return derive_rules(msgspec.convert(node, Platform))


def test_rules_are_derived_from_what_a_platform_says_of_its_responses() -> None:
    table = _derive(
        ok={"status": [201, 202], "all": [{"path": "$.code", "in": ["0", "00"]},
                                          {"path": "header:X-S", "in": [1]}]},
        code=["$.code", "$.c"], message=["$.error.msg", "$.m"], data=["$.data"],
        classes={"token": {"code": ["E401", "E402"]},
                 "rate": {"code": ["E429"], "status": [418, 429]}},
    )  # fmt: skip
    assert (table.simulator, table.title) == ("oa", "办公")
    assert (table.ok.status, table.ok.body, table.ok.headers) == (
        201, {"error": {"msg": "ok"}, "code": "0"}, {"X-S": "1"},
    )  # fmt: skip
    assert table.error.body == {"code": {"$value": "code"}, "error": {"msg": {"$value": "message"}}}
    told = {name: (one.status, one.code, one.message) for name, one in table.errors.items()}
    assert told == {
        "token": (201, "E401", "the token is missing, unknown or over"),
        "rate": (418, "E429", "too many requests"),
        "transient": (503, "503", "busy, try again"),
        "400": (400, "400", ""),
        "401": (401, "401", "the credentials are wrong"),
        "404": (404, "404", "there is no such interface"),
        "409": (409, "409", "the same request was made before"),
        "expired": (401, "401", "the time of the signature is too old"),
        "used": (401, "401", "the nonce was used before"),
        "signature": (401, "401", "the signature is wrong"),
    }
    token = table.tokens
    assert (token.life, token.missing, token.invalid, token.expired) == (7200, *["token"] * 3)
    bare, data = _derive(code=["$.c"], message=["$.m"]), _derive(code=["$.c"], data=["$.d"])
    assert (bare.ok.status, bare.ok.body, bare.error.body) == (
        200, {}, {"c": {"$value": "code"}, "m": {"$value": "message"}},
    )  # fmt: skip
    assert (data.ok.body, data.error.body) == (
        {"c": 200}, {"c": {"$value": "code"}, "message": {"$value": "message"}},
    )  # fmt: skip
    assert bare.errors["token"].status == 401
    more = _derive(ok={"all": [{"path": "$.s", "in": [1]}]}, code=["$.c"], message=["$.m"],
                   classes={"token": {"code": ["E1"]}})  # fmt: skip
    assert (more.ok.body, more.errors["token"].status) == ({"m": "ok", "s": 1}, 200)
    plain = _derive(ok={"status": [204]}, classes={"token": {"code": ["E1"]}})
    assert (plain.ok.status, plain.errors["token"].status) == (204, 401)
    head = _derive(code=["header:X-C"], message=["header:X-M"], data=["$.d"],
                   classes={"token": {"status": [403]}})  # fmt: skip
    assert (head.ok.body, head.ok.headers) == ({}, {"X-M": "ok"})
    assert (head.errors["token"].headers, head.errors["token"].status) == ({"X-C": "403"}, 403)
    assert head.errors["rate"].headers == {"X-C": "429"}


def test_a_fault_is_refused_with_the_code_and_at_the_places_of_its_platform() -> None:
    own = ResponseRules(
        code=("$.r.code", "$.x"), message=("$.r.msg",), ok=OkRule(status=(200,)),
        classes={"rate": ErrorClass(status=(418, 429))},
    )  # fmt: skip
    header = ResponseRules(code=("header:X-Code",), message=("header:X-Msg",))
    js = ("content-type", "application/json; charset=utf-8")
    made = [
        make_refusal_with_code(own, "rate", 45009),
        make_refusal_with_code(own, "token", "E1", "令牌"),
        make_refusal_with_code(own, "other", UNSET),
        make_refusal_with_code(own, "rate", 0),
        make_refusal_with_code(header, "transient", 7, "busy"),
    ]
    assert [(one.status, one.headers, one.body.decode()) for one in made] == [
        (418, (js,), '{"r":{"code":45009,"msg":"refused (fault)"}}'),
        (401, (js,), '{"r":{"code":"E1","msg":"令牌"}}'),
        (400, (js,), '{"r":{"msg":"refused (fault)"}}'),
        (418, (js,), '{"r":{"code":0,"msg":"refused (fault)"}}'),
        (503, (js, ("x-code", "7"), ("x-msg", "busy")), "{}"),
    ]


def test_only_stand_ins_get_the_format_of_the_vendor() -> None:
    table = Office(credentials={"key": {"prefix": "SEC", "groups": [4, 2]}}).simulator.table
    kept = {"key": "real", "app": "甲", "no": 7}
    assert format_credentials(kept, table) == kept
    standin = make_standin(kind="text", platform="oa", instance="甲", name="key")
    made = format_credentials({"key": standin, "app": standin}, table)
    assert (made["app"], made["key"]) == (
        standin,
        format_credentials({"key": standin}, table)["key"],
    )
    assert re.fullmatch(r"SEC[0-9a-f]{4}-[0-9a-f]{2}", made["key"])


def test_a_grant_needs_its_credentials() -> None:
    both, none = OAuthGrants(client="app", secret="key"), OAuthGrants(refresh=False)
    assert [
        rule.get_credential_names(kind)
        for rule in (both, none)
        for kind in ("client_credentials", "refresh_token", "password", "")
    ] == [
        {"app", "key"}, {"app", "key", "refresh_token"}, None, None,
        {"client_id", "client_secret"}, None, None, None,
    ]  # fmt: skip
