"""Each check of a rule table below, at and above what it allows, and without a value."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from bpmax_sim.clock import VirtualClock
from bpmax_sim.platform.load import read_platform
from bpmax_sim.simulator.model import (
    Delivery,
    EqualityCheck,
    GroupMemberLookup,
    IdempotencyCheck,
    KnownParameters,
    Limit,
    LoginCredentialCheck,
    OAuthGrants,
    PageSelection,
    PresenceCheck,
    ReceiverCheck,
    RecordExistsCheck,
    ResponseTemplate,
    Route,
    RouteCheck,
    RuleTable,
    TextSizeAndJsonCheck,
    TokenRule,
)
from bpmax_sim.simulator.simulator import Simulator
from bpmax_sim.simulator.state import TenantCredentials
from tests.simulator.bench import START, Bench

TENANTS = (
    TenantCredentials("华东", {"key": "k-1", "secret": "s-1", "agent": 1}),
    TenantCredentials("华南", {"key": "k-2", "secret": "s-2", "agent": 2}),
    TenantCredentials("华北", {"key": "k-3", "secret": "s-3"}),
)
ROWS = (
    {"id": "E001", "name": "张三", "mobile": "13800138000", "dept": ["1", 2], "no": 1},
    {"id": "E002", "name": "李四", "mobile": "13800138001", "dept": 2, "no": 2},
    {"id": "E003", "name": "张五", "mobile": "", "dept": None, "no": 3},
)


class Crm:
    """A third party with one route, ``POST /x``, that makes *checks* and says what they found."""

    def __init__(self, folder: Path, *checks: RouteCheck, answer: Any = None, **table: Any) -> None:
        path = folder / "crm.yaml"
        path.write_text("platform_key: crm\nbase_url: https://crm.example.test\n", "utf-8")
        clock = VirtualClock(START)
        simulator = Simulator(read_platform(path), lambda: TENANTS, clock=clock)
        shown = ResponseTemplate(body={"ok": True} if answer is None else answer)
        simulator.table = RuleTable(
            simulator="crm",
            error=ResponseTemplate(status=400, body={"error": {"$value": "code"}}),
            rows={"people": ROWS, "groups": ({"id": "1"}, {"id": "2"})},
            routes=(Route(on="POST /x", checks=checks, answer=shown),),
            **table,
        )
        self.bench = Bench(simulator, clock)

    def ask(self, body: Any = None, query: str = "", **more: Any) -> Any:
        """Return the response's JSON, or the code of the refusal."""
        response = self.bench.send(f"POST /x{query}", body, **more)
        value = json.loads(response.body)
        return value["error"] if response.status == 400 else value


def put(value: Any) -> dict[str, Any]:
    """Return a body with the member ``v``, but for the value ``absent``."""
    return {} if value == "absent" else {"v": value}


@pytest.mark.parametrize(
    ("value", "is_kept", "is_json"),
    [
        ("absent", True, True), ("", True, False), ("甲乙", True, False), ("甲乙1", False, False),
        ("123456", True, True), ("1234567", False, False), ("[1,2]", True, True),
        ("[1,2", True, False), (None, False, False), (5, False, False), ([], False, False),
    ],
)  # fmt: skip
def test_a_text_has_so_many_bytes_at_most(
    value: Any, is_kept: bool, is_json: bool, tmp_path: Path
) -> None:
    plain = TextSizeAndJsonCheck(at="body.v", most=6, error="long")
    strict = TextSizeAndJsonCheck(at="body.v", most=6, json=True, error="json")

    assert Crm(tmp_path, RouteCheck(text=plain)).ask(put(value)) == (
        {"ok": True} if is_kept else "long"
    )
    assert Crm(tmp_path, RouteCheck(text=strict)).ask(put(value)) == (
        {"ok": True} if is_json else "json"
    )


def test_a_text_that_is_nested_too_deeply_is_no_json(tmp_path: Path) -> None:
    rule = TextSizeAndJsonCheck(at="body.v", json=True, error="json")

    assert Crm(tmp_path, RouteCheck(text=rule)).ask(put("[" * 200_000)) == "json"


@pytest.mark.parametrize(
    ("body", "all_there", "one_there"),
    [
        ({"a": 1, "b": 1, "c": 1}, True, True), ({"a": 1, "b": 1}, False, True),
        ({"c": 1}, False, True), ({}, False, False), ({"a": 0, "b": False, "c": 0.0}, True, True),
        ({"a": "", "b": [], "c": {}}, False, False), ({"a": None}, False, False),
        ({"a": " ", "b": [0], "c": {"": 0}}, True, True),
    ],
)  # fmt: skip
def test_what_is_needed_has_a_value(
    body: Any, all_there: bool, one_there: bool, tmp_path: Path
) -> None:
    at = ("body.a", "body.b", "body.c")

    found = [
        Crm(tmp_path, RouteCheck(need=PresenceCheck(at=at, any_of=any_of, error="no"))).ask(body)
        for any_of in (False, True)
    ]

    assert [one != "no" for one in found] == [all_there, one_there]


@pytest.mark.parametrize(
    ("value", "is_fine", "is_optional"),
    [
        ("text", True, True), ("news", True, True), ("file", True, True), (3, True, True),
        ("3", True, True), ("Text", False, False), ("", False, False), (None, False, False),
        ("absent", False, True), (["text"], False, False), ({}, False, False),
    ],
)  # fmt: skip
def test_a_value_is_one_of_those_that_are_allowed(
    value: Any, is_fine: bool, is_optional: bool, tmp_path: Path
) -> None:
    found = []
    for optional in (False, True):
        rule = EqualityCheck(
            at="body.v", values=("text", "news", "file", 3), optional=optional, error="no"
        )
        found.append(Crm(tmp_path, RouteCheck(equal=rule)).ask(put(value)) != "no")

    assert found == [is_fine, is_optional]


@pytest.mark.parametrize(
    ("agent", "secret", "found"),
    [
        ("k-1", "s-1", "s-1"), ("k-3", "s-3", "s-3"), ("k-1", "s-3", "no"), ("k-4", "s-1", "no"),
        ("", "s-1", "no"), ("absent", "s-1", "no"), (["k-1"], "s-1", "no"), ("K-1", "s-1", "no"),
    ],
)  # fmt: skip
def test_a_credential_says_whose_request_it_is(
    agent: Any, secret: str, found: str, tmp_path: Path
) -> None:
    checks = [
        RouteCheck(equal=EqualityCheck(at=at, to=to, error="no"))
        for at, to in (("body.v", "credential.key"), ("body.secret", "credential.secret"))
    ]
    crm = Crm(tmp_path, *checks, answer={"s": {"$value": "credential.secret"}})

    answer = crm.ask({**put(agent), "secret": secret})

    assert answer == (found if found == "no" else {"s": found})


@pytest.mark.parametrize(
    ("key", "agent", "is_fine"),
    [("k-1", 1, True), ("k-1", "1", True), ("k-1", 2, False), ("k-3", 9, True), ("k-3", 1, True)],
)
def test_a_credential_that_an_instance_has_not_is_not_compared(
    key: str, agent: Any, is_fine: bool, tmp_path: Path
) -> None:
    checks = [
        RouteCheck(equal=EqualityCheck(at=at, to=to, error="no"))
        for at, to in (("body.key", "credential.key"), ("body.agent", "credential.agent"))
    ]

    assert (Crm(tmp_path, *checks).ask({"key": key, "agent": agent}) != "no") == is_fine


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ({"key": "k-1", "secret": "s-1", "agent": 1}, "华东"),
        ({"key": "k-2", "secret": "s-2", "agent": "2"}, "华南"),
        ({"secret": "s-1", "agent": 1}, "no key"),
        ({"key": "", "secret": None}, "no key"),
        ({"key": "k-1", "agent": 1}, "no secret"),
        ({"key": "k-1", "secret": "s-1"}, "no agent"),
        ({"key": "k-1", "secret": "s-1", "agent": ""}, "no agent"),
        ({"key": "k-4", "secret": "no", "agent": 9}, "bad key"),
        ({"key": "k-1", "secret": "s-2", "agent": 9}, "bad secret"),
        ({"key": "k-1", "secret": "s-1", "agent": 2}, "bad agent"),
        ({"key": "k-3", "secret": "s-3", "agent": 1}, "bad agent"),
        ({"key": ["k-1"], "secret": "s-1", "agent": 1}, "bad key"),
        ({"key": "k-1", "secret": "s-1", "agent": True}, "bad agent"),
    ],
)
def test_a_login_says_which_credential_is_missing_or_wrong(
    body: Any, found: str, tmp_path: Path
) -> None:
    items = tuple(
        LoginCredentialCheck(
            name=name, at=f"body.{name}", missing=f"no {name}", wrong=f"bad {name}"
        )
        for name in ("key", "secret", "agent")
    )
    answer = {"token": {"$value": "token"}, "life": {"$value": "life"}}
    crm = Crm(tmp_path, RouteCheck(login=items), answer=answer, tokens=TokenRule(life=7))

    answer = crm.ask(body)

    grants = crm.bench.simulator.state.grants
    if found.startswith(("no ", "bad ")):
        assert (answer, grants) == (found, ())
    else:
        assert [one.instance for one in grants] == [found]
        assert answer == {"token": grants[0].values["token"], "life": 7}


@pytest.mark.parametrize(
    ("sent", "found"),
    [
        ("Bearer T", "ok"), ("bearer T", "ok"), ("BEARER  T ", "ok"), ("Bearer t", "invalid"),
        ("T", "missing"), ("Bearer", "missing"), ("Bearer ", "missing"), ("Basic T", "missing"),
        ("", "missing"), (None, "missing"), ("Bearer T T", "invalid"),
    ],
)  # fmt: skip
def test_a_token_stands_behind_its_scheme(sent: str | None, found: str, tmp_path: Path) -> None:
    rule = TokenRule(scheme="Bearer", missing="missing", invalid="invalid", expired="expired")
    crm = Crm(tmp_path, RouteCheck(token=True), tokens=rule)
    token = issue(crm, 1)
    headers = {} if sent is None else {"Authorization": sent.replace("T", token)}
    if sent == "Bearer t":
        headers = {"Authorization": f"Bearer {token[:-1]}"}

    answer = crm.ask(headers=headers)

    assert answer == ({"ok": True} if found == "ok" else found)


def issue(crm: Crm, tenant: int) -> str:
    """Let a tenant log in at another route, and return its token."""
    simulator = crm.bench.simulator
    items = (LoginCredentialCheck(name="key", at="body.key", missing="no", wrong="no"),)
    login = Route(
        on="POST /login",
        checks=(RouteCheck(login=items),),
        answer=ResponseTemplate(body={"token": {"$value": "token"}}),
    )
    routes = (*[one for one in simulator.table.routes if one.on != login.on], login)
    simulator.table = RuleTable(
        **{name: getattr(simulator.table, name) for name in simulator.table.__struct_fields__}
        | {"routes": routes}
    )
    return str(crm.bench.ask("POST /login", {"key": f"k-{tenant}"})["token"])


@pytest.mark.parametrize(("after", "found"), [(0, "s"), (99.9, "s"), (100, "old"), (101, "old")])
@pytest.mark.parametrize("tenant", [1, 2, 3])
def test_a_token_is_its_tenants_until_it_ends(
    tenant: int, after: float, found: str, tmp_path: Path
) -> None:
    rule = TokenRule(at="query.t", life=100, missing="none", invalid="bad", expired="old")
    answer = {"s": {"$value": "credential.secret"}}
    crm = Crm(tmp_path, RouteCheck(token=True), tokens=rule, answer=answer)
    tokens = [issue(crm, number) for number in (1, 2, 3)]

    crm.bench.clock.advance(after)

    got = crm.ask(query=f"?t={tokens[tenant - 1]}")
    assert got == ({"s": f"s-{tenant}"} if found == "s" else found)


@pytest.mark.parametrize(
    ("rule", "logins", "alike", "valid"),
    [
        ({}, [1, 1, 1, 1], [0, 1, 2, 3], [0, 1, 2, 3]),
        ({"reuse": 0}, [1, 2, 1, 2, 3], [0, 1, 0, 1, 4], [0, 1, 2, 3, 4]),
        ({"overlap": 0}, [1, 2, 1, 3], [0, 1, 2, 3], [1, 2, 3]),
        ({"overlap": 5}, [1, 2, 1, 3], [0, 1, 2, 3], [0, 1, 2, 3]),
    ],
    ids=["new", "reuse", "overlap", "longer-overlap"],
)
def test_a_login_touches_the_tokens_of_its_own_instance_only(
    rule: Any, logins: list[int], alike: list[int], valid: list[int], tmp_path: Path
) -> None:
    tokens = TokenRule(at="query.t", missing="none", invalid="bad", expired="old", **rule)
    crm = Crm(tmp_path, RouteCheck(token=True), tokens=tokens)

    issued = [issue(crm, number) for number in logins]

    assert [issued.index(one) for one in issued] == alike
    found = [crm.ask(query=f"?t={one}") for one in issued]
    assert [n for n, one in enumerate(found) if one == {"ok": True}] == valid


def test_of_several_valid_tokens_a_login_returns_the_latest(tmp_path: Path) -> None:
    crm = Crm(tmp_path, RouteCheck(token=True))
    issued = [issue(crm, 1) for _ in range(3)]

    crm.bench.simulator.renewal("same")

    assert issue(crm, 1) == issued[2]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", (["E001", "E002"], 3, True, 2)),
        ("?size=", (["E001", "E002"], 3, True, 2)),
        ("?size=1", (["E001"], 3, True, 1)),
        ("?size=3", (["E001", "E002", "E003"], 3, False, None)),
        ("?size=4", (["E001", "E002", "E003"], 3, False, None)),
        ("?size=5", "no"), ("?size=0", "no"), ("?size=-1", "no"), ("?size=x", "no"),
        ("?size=1.5", "no"), ("?size=%C2%B2", "no"), ("?size=%20", "no"), ("?size=+2", "no"),
        ("?size=01", (["E001"], 3, True, 1)),
        ("?start=", (["E001", "E002"], 3, True, 2)),
        ("?start=0", (["E001", "E002"], 3, True, 2)),
        ("?start=1", (["E002", "E003"], 3, False, None)),
        ("?start=2", (["E003"], 3, False, None)),
        ("?start=3", ([], 3, False, None)),
        ("?start=9", ([], 3, False, None)),
        ("?start=0002", (["E003"], 3, False, None)),
        ("?start=-1", "no"), ("?start=x", "no"),
        ("?start=" + "9" * 5000, ([], 3, False, None)),
        ("?dept=2", (["E001", "E002"], 2, False, None)),
        ("?dept=1", (["E001"], 1, False, None)),
        ("?dept=9", ([], 0, False, None)),
        ("?dept=2&size=1&start=1", (["E002"], 2, False, None)),
    ],
)  # fmt: skip
def test_a_page_has_so_many_records_from_where_it_starts(
    query: str, found: Any, tmp_path: Path
) -> None:
    rule = PageSelection(
        rows="people", size="query.size", start="query.start", default=2, most=4, pick="id",
        where={"dept": "query.dept"}, error="no",
    )  # fmt: skip
    crm = Crm(tmp_path, RouteCheck(page=rule), answer={"$value": "page"})

    answer = crm.ask(query=query)

    assert (answer if found == "no" else tuple(map(answer.get, ("items", "total", "has_more",
            "next")))) == found  # fmt: skip


@pytest.mark.parametrize(
    ("size", "is_fine"), [(1, True), ("1", True), (True, False), (None, False), ([1], False),
                          (1.0, False)],
)  # fmt: skip
def test_a_page_size_of_a_body_is_a_whole_number(size: Any, is_fine: bool, tmp_path: Path) -> None:
    rule = PageSelection(
        rows="people", size="body.v", start="body.start", default=2, most=4, error="no"
    )

    assert (Crm(tmp_path, RouteCheck(page=rule)).ask(put(size)) != "no") == is_fine


@pytest.mark.parametrize(
    ("like", "pick", "found"),
    [
        ("张", "name", ["张三", "张五"]), ("五", ("id", "no"), [{"id": "E003", "no": 3}]),
        ("", "id", ["E001", "E002", "E003"]), ("王", "id", []), ("absent", "id", []),
        ("张三", "none", []), ("李", (), [ROWS[1]]),
    ],
)  # fmt: skip
def test_records_are_searched_by_a_part_of_their_text(
    like: str, pick: Any, found: Any, tmp_path: Path
) -> None:
    rule = PageSelection(
        rows="people", size="query.size", start="query.start", default=9, most=9, pick=pick,
        like={"name": "body.v"}, error="no",
    )  # fmt: skip
    crm = Crm(tmp_path, RouteCheck(page=rule), answer={"$value": "page.items"})

    assert crm.ask(put(like)) == found


@pytest.mark.parametrize(
    ("sent", "unknown", "received"),
    [
        ("E001", "", ["E001"]),
        ("E001|E002|E003", "", ["E001", "E002", "E003"]),
        ("e002 | E001|E001", "", ["e002", "E001"]),
        ("E001|X1|x2", "x1|x2", ["E001"]),
        ("X1|X2|X3", "none", []),
        ("", "none", []), ("|", "none", []), (None, "none", []), ("absent", "none", []),
        ("张三", "", ["张三"]),
        (["E001", "X1"], "x1", ["E001"]),
        (["E003", None, {}, 2], "2", ["E003"]),
        ("@all", "", ["E001", "E002", "E003"]),
        ("E002|@all", "", ["E001", "E002", "E003"]),
        ("@ALL", "none", []),
    ],
)  # fmt: skip
def test_receivers_are_named_once_and_those_that_are_unknown_are_told(
    sent: Any, unknown: str, received: list[str], tmp_path: Path
) -> None:
    rule = ReceiverCheck(
        rows="people", by=("id", "name"), at="body.v", split="|", everybody="@all", lower=True,
        error="none",
    )  # fmt: skip
    checks = RouteCheck(receivers=rule), RouteCheck(deliver=Delivery())
    crm = Crm(tmp_path, *checks, answer={"unknown": {"$value": "unknown"}})

    answer = crm.ask(put(sent))

    assert answer == (unknown if unknown == "none" else {"unknown": unknown})
    assert [one.to for one in crm.bench.simulator.messages] == received


@pytest.mark.parametrize(
    ("kind", "unknown"),
    [
        ("absent", ["X1"]), ("id", ["张三", "李四", "X1"]), ("name", ["E003", "X1"]),
        ("mobile", ["张三", "李四", "E003", "X1"]),
    ],
)  # fmt: skip
def test_receivers_are_named_as_the_request_says(
    kind: str, unknown: list[str], tmp_path: Path
) -> None:
    rule = ReceiverCheck(rows="people", by=("id", "name"), at="body.v", kind="body.kind")
    crm = Crm(tmp_path, RouteCheck(receivers=rule), answer={"$value": "unknown"})
    names = ["张三", "李四", "E003", "X1"]

    assert crm.ask({"v": names} | ({} if kind == "absent" else {"kind": kind})) == unknown


@pytest.mark.parametrize(
    ("sent", "received"),
    [
        (["2"], ["E001", "E002"]), (["1"], ["E001"]), ([1, 2], ["E001", "E002"]), (["3"], []),
        ("2", ["E001", "E002"]), ("1|2", []), ([], []),
    ],
)  # fmt: skip
def test_a_group_is_its_members(sent: Any, received: list[str], tmp_path: Path) -> None:
    members = GroupMemberLookup(rows="people", by="dept", id="id")
    rule = ReceiverCheck(rows="groups", by=("id",), at="body.v", members=members, error="none")
    crm = Crm(tmp_path, RouteCheck(receivers=rule), RouteCheck(deliver=Delivery()))

    crm.ask(put(sent))

    assert [one.to for one in crm.bench.simulator.messages] == received


@pytest.mark.parametrize(
    ("value", "kind", "found"),
    [
        ("E002", "absent", "李四"), ("e002", "absent", "李四"), ("13800138001", "mobile", "李四"),
        ("13800138001", "absent", "no"), ("E002", "mobile", "no"), ("E002", "no", "no"),
        ("", "mobile", "no"), (None, "absent", "no"), ("absent", "absent", None),
        ("0", "absent", None), (0, "absent", None), ("-1", "absent", None), ("1", "absent", "no"),
        (["E002"], "absent", "no"),
    ],
)  # fmt: skip
def test_a_record_is_found_by_the_field_that_is_asked_for(
    value: Any, kind: str, found: str | None, tmp_path: Path
) -> None:
    rule = RecordExistsCheck(
        rows="people", by=("id", "mobile"), at="body.v", kind="body.kind", optional=True,
        root=("0", "-1"), name="person", error="no",
    )  # fmt: skip
    crm = Crm(tmp_path, RouteCheck(find=rule), answer={"name": {"$value": "person.name"}})

    answer = crm.ask({**put(value), **({} if kind == "absent" else {"kind": kind})})

    assert answer == ("no" if found == "no" else {} if found is None else {"name": found})


@pytest.mark.parametrize(
    ("query", "body", "found"),
    [
        ("?a=1&b=2", {"c": 1}, "ok"), ("", {}, "ok"), ("?d=1", {}, "no"), ("", {"a": 1}, "no"),
        ("", {"c": 1, "d": None}, "no"), ("?t=1", {}, "ok"), ("?A=1", {}, "no"), ("", ["x"], "ok"),
        ("", {"t": 1}, "no"),
    ],
)  # fmt: skip
def test_a_parameter_is_one_of_those_that_are_simulated(
    query: str, body: Any, found: str, tmp_path: Path
) -> None:
    rule = KnownParameters(query=("a", "b"), body=("c",), error="no")
    crm = Crm(tmp_path, RouteCheck(known=rule), tokens=TokenRule(at="query.t"))

    assert crm.ask(body, query) == ({"ok": True} if found == "ok" else "no")


@pytest.mark.parametrize("body", [None, [], ["a"], "a", 5])
def test_a_body_is_an_object_where_that_is_asked(body: Any, tmp_path: Path) -> None:
    crm = Crm(tmp_path, RouteCheck(object="no"))

    assert crm.ask(raw=json.dumps(body).encode()) == "no"
    assert crm.ask(raw=b"{") == "no"
    assert crm.ask(raw=b"") == "no"
    assert crm.ask({}) == {"ok": True}


@pytest.mark.parametrize(("levels", "is_read"), [(1, True), (64, True), (65, False), (66, False)])
def test_a_body_is_read_down_to_64_levels(levels: int, is_read: bool, tmp_path: Path) -> None:
    deep: Any = {}
    for _ in range(levels - 1):
        deep = {"a": deep}

    answer = Crm(tmp_path, RouteCheck(object="no")).ask(deep)

    assert answer == ({"ok": True} if is_read else "no")


def limited(folder: Path, **rule: Any) -> Crm:
    error = ResponseTemplate(status=400, body={"error": {"$value": "wait"}})
    limit = Limit(**{"count": 2, "per": 10, "error": "busy", **rule})
    return Crm(folder, RouteCheck(limit=limit), errors={"busy": error})


@pytest.mark.parametrize(
    ("after", "wait"), [(0, 10), (0.5, 10), (1, 9), (9, 1), (9.9, 1), (10, None), (11, None)]
)
def test_the_third_request_in_a_window_waits_for_its_end(
    after: float, wait: int | None, tmp_path: Path
) -> None:
    crm = limited(tmp_path)
    assert [crm.ask(), crm.ask()] == [{"ok": True}] * 2

    crm.bench.clock.advance(after)

    assert crm.ask() == ({"ok": True} if wait is None else wait)


@pytest.mark.parametrize(
    ("after", "wait"), [(0, 60), (10, 50), (59, 1), (59.5, 1), (60, None), (61, None)]
)
def test_whoever_asks_too_often_is_blocked_for_a_time(
    after: float, wait: int | None, tmp_path: Path
) -> None:
    crm = limited(tmp_path, block=60)
    assert [crm.ask(), crm.ask(), crm.ask()] == [{"ok": True}, {"ok": True}, 60]

    crm.bench.clock.advance(after)

    assert crm.ask() == ({"ok": True} if wait is None else wait)


@pytest.mark.parametrize("spent", [0, 0.5, 4, 9.9])
def test_a_block_lasts_from_the_request_that_was_too_much(spent: float, tmp_path: Path) -> None:
    crm = limited(tmp_path, block=60)
    assert [crm.ask(), crm.ask()] == [{"ok": True}] * 2
    crm.bench.clock.advance(spent)
    assert crm.ask() == 60

    crm.bench.clock.advance(20)
    assert crm.ask() == 40  # asking again does not make it longer
    crm.bench.clock.advance(39)
    assert crm.ask() == 1
    crm.bench.clock.advance(1)

    assert [crm.ask(), crm.ask(), crm.ask()] == [{"ok": True}, {"ok": True}, 60]


def test_requests_with_other_values_are_counted_apart(tmp_path: Path) -> None:
    crm = limited(tmp_path, by=("body.a", "body.b"))
    sent = [{"a": 1, "b": 1}, {"a": 1, "b": 2}, {"a": 2, "b": 1}, {"a": 1}, {}]

    first, second, third = ([crm.ask(one) for one in sent] for _ in range(3))

    assert first == second == [{"ok": True}] * 5
    assert third == [10] * 5


@pytest.mark.parametrize(
    ("window", "lasts"),
    [
        ("absent", 30), (10, 10), (0, 0), (-1, 0), (60, 60), (61, 60), (1.5, 1.5), (True, 30),
        ("10", 30), (None, 30),
    ],
)  # fmt: skip
def test_a_key_counts_for_as_long_as_the_request_says(
    window: Any, lasts: float, tmp_path: Path
) -> None:
    rule = IdempotencyCheck(at=("body.k",), window=60, window_at="body.v", default=30)
    answer = {"id": {"$made": "m_"}}

    def ask_twice(after: float) -> bool:
        crm = Crm(tmp_path, RouteCheck(once=rule), answer=answer)
        first = crm.ask({"k": "1", **put(window)})
        crm.bench.clock.advance(after)
        return bool(crm.ask({"k": "1", **put(window)}) == first)

    assert [ask_twice(lasts), ask_twice(max(lasts - 0.5, 0))] == [False, lasts > 0]


@pytest.mark.parametrize(
    ("first", "second", "is_same"),
    [
        ({"a": 1, "b": 2, "on": 1}, {"a": 1, "b": 2, "on": 1}, True),
        ({"a": 1, "b": 2, "on": "1"}, {"a": 1, "b": 2, "on": 1, "c": 3}, True),
        ({"a": 1, "b": 2, "on": 1}, {"a": 1, "b": 3, "on": 1}, False),
        ({"a": 1, "b": 2, "on": 1}, {"a": 2, "b": 1, "on": 1}, False),
        ({"a": 1, "on": 1}, {"a": 1, "on": 1}, False),
        ({"a": 1, "b": "", "on": 1}, {"a": 1, "b": "", "on": 1}, False),
        ({"a": 1, "b": 0, "on": 1}, {"a": 1, "b": 0, "on": 1}, True),
        ({"a": 1, "b": 2, "on": 0}, {"a": 1, "b": 2, "on": 0}, False),
        ({"a": 1, "b": 2}, {"a": 1, "b": 2}, False),
    ],
)
@pytest.mark.parametrize("error", ["", "again"])
def test_a_key_is_all_its_values(
    first: Any, second: Any, is_same: bool, error: str, tmp_path: Path
) -> None:
    rule = IdempotencyCheck(at=("body.a", "body.b"), window=60, when="body.on", error=error)
    crm = Crm(tmp_path, RouteCheck(once=rule), answer={"id": {"$made": "m_"}})

    one, two = crm.ask(first), crm.ask(second)

    assert (two == (error or one)) == is_same


@pytest.mark.parametrize(
    ("count", "same", "dropped"),
    [
        (0, 0, ["", "", "", ""]),
        (1, 0, ["", "more than 1 in 10 s", "more than 1 in 10 s", ""]),
        (2, 0, ["", "", "more than 2 in 10 s", ""]),
        (0, 60, ["", "the same message within 60 s"] + ["the same message within 60 s"] * 2),
        (0, 10, ["", "the same message within 10 s", "the same message within 10 s", ""]),
        (2, 5, ["", "the same message within 5 s", "more than 2 in 10 s", ""]),
    ],
)
def test_a_message_too_many_is_dropped_with_the_reason(
    count: int, same: float, dropped: list[str], tmp_path: Path
) -> None:
    crm = Crm(tmp_path, RouteCheck(deliver=Delivery(count=count, per=10, same=same)))
    for _ in range(3):
        crm.ask({"msg": "甲"})
    crm.bench.clock.advance(10)
    crm.ask({"msg": "甲"})

    assert [(one.to, one.dropped) for one in crm.bench.simulator.messages] == [
        ("", one) for one in dropped
    ]


@pytest.mark.parametrize(
    ("second", "is_same"),
    [
        ({"agent": 1, "msg": "合同已审批"}, True),
        ({"agent": "1", "to": "李四", "msg": "合同已审批"}, True),
        ({"agent": 1, "msg": "合同已归档"}, False),
        ({"agent": 1, "msg": None}, False),
        ({"agent": 1}, False),
        # another company has other people and other messages
        ({"agent": 2, "msg": "合同已审批"}, False),
    ],
)
def test_a_message_is_the_same_by_what_it_says_and_who_sends_it(
    second: Any, is_same: bool, tmp_path: Path
) -> None:
    agent = EqualityCheck(at="body.agent", to="credential.agent", error="no")
    rule = Delivery(same=60)
    crm = Crm(tmp_path, RouteCheck(equal=agent), RouteCheck(deliver=rule))

    answers = [crm.ask({"agent": 1, "msg": "合同已审批"}), crm.ask(second)]

    assert answers == [{"ok": True}] * 2
    assert [bool(one.dropped) for one in crm.bench.simulator.messages] == [False, is_same]


def test_each_company_may_send_as_many_messages_to_a_receiver(tmp_path: Path) -> None:
    agent = EqualityCheck(at="body.agent", to="credential.agent", error="no")
    crm = Crm(tmp_path, RouteCheck(equal=agent), RouteCheck(deliver=Delivery(count=1)))

    for number in (1, 2, 1, 2):
        crm.ask({"agent": number, "msg": "合同已审批"})

    dropped = [bool(one.dropped) for one in crm.bench.simulator.messages]
    assert dropped == [False, False, True, True]


def test_two_apis_send_the_same_text_as_two_messages(tmp_path: Path) -> None:
    crm = Crm(tmp_path, RouteCheck(deliver=Delivery(same=60)))
    table = crm.bench.simulator.table
    other = replace(table.routes[0], on="POST /y")
    crm.bench.simulator.table = replace(table, routes=(*table.routes, other))

    for path in ("/x", "/y", "/x"):
        crm.bench.ask(f"POST {path}", {"msg": "合同已审批"})

    assert [(one.route, bool(one.dropped)) for one in crm.bench.simulator.messages] == [
        ("POST /x", False), ("POST /y", False), ("POST /x", True),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("first", "second", "is_same"),
    [
        ({"to": "张三"}, {"to": "张三"}, True), ({"to": "张三"}, {"to": "李四"}, False),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, True), (["张三"], ["张三"], True),
        (["张三"], ["李四"], False), ("张三", "张三", True), ("张三", "李四", False),
        (0, 1, False), ([], {}, False),
    ],
)  # fmt: skip
def test_a_body_without_a_message_is_one_as_a_whole(
    first: Any, second: Any, is_same: bool, tmp_path: Path
) -> None:
    crm = Crm(tmp_path, RouteCheck(deliver=Delivery(same=60)))

    for body in (first, second):
        crm.ask(body)

    assert [bool(one.dropped) for one in crm.bench.simulator.messages] == [False, is_same]


@pytest.mark.parametrize(
    ("kind", "refresh", "names"),
    [
        ("client_credentials", True, {"id", "key"}), ("client_credentials", False, {"id", "key"}),
        ("refresh_token", True, {"id", "key", "refresh_token"}), ("refresh_token", False, None),
        ("password", True, None), ("", True, None),
    ],
)  # fmt: skip
def test_a_grant_needs_its_credentials(kind: str, refresh: bool, names: set[str] | None) -> None:
    grants = OAuthGrants(client="id", secret="key", refresh=refresh)

    assert grants.get_credential_names(kind) == names
