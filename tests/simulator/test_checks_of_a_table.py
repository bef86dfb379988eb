"""What the checks of a rule table let through, and what third parties say to what they refuse.

A table that no vendor has, with something of everything; each test is a conversation with it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import UNSET

from bpmax_sim.clock import VirtualClock
from bpmax_sim.messages import FORM, Request
from bpmax_sim.platform.model import Platform
from bpmax_sim.simulator.model import RuleTable
from bpmax_sim.simulator.simulator import Simulator
from bpmax_sim.simulator.state import State, TenantCredentials
from tests.simulator.bench import START

BASE = "https://oa.example.test/v1"
USERS: list[dict[str, Any]] = [
    {"id": "Zhang", "no": 7, "name": "张三", "dept": [1, 2], "tags": "甲", "email": ""},
    {"id": "li", "no": 8, "name": "李四", "dept": [2], "tags": "乙",
     "ids": {"open": "o1", "union": "u1"}},
    {"id": "wang", "no": None, "name": "王五", "dept": 3, "ids": {"union": "u2"}, "email": "ww"},
]  # fmt: skip


class Office:
    """A third party with the routes *routes*, for two instances."""

    def __init__(self, *routes: Mapping[str, Any], **more: Any) -> None:
        platform = msgspec.convert(
            {"platform_key": "oa", "base_url": BASE, "apis": {}}, Platform, strict=False
        )
        self.clock = VirtualClock(START)
        tenants = [
            TenantCredentials(key, {"app": key, "key": f"k-{key}", "no": number, **robot})
            for number, (key, robot) in enumerate({"甲": {}, "乙": {"robot": "r-2"}}.items(), 1)
        ]
        self.simulator = Simulator(platform, lambda: tenants, clock=self.clock)
        table = {
            "simulator": "oa",
            "error": {"status": 400, "body": {"code": {"$value": "code"}, "m": "{{ message }}"}},
            "errors": {"E": {"message": "错"}, "W": {"status": 429, "message": "等 {{ wait }} 秒"}},
            "rows": {"users": USERS, "groups": [{"gid": 1}, {"gid": 2}, {"gid": 3}, {"gid": 9}]},
            "routes": routes,
        }
        self.simulator.table = msgspec.convert({**table, **more}, RuleTable)

    def ask(self, line: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """Return status and JSON of the response to *line*, such as ``GET /users``."""
        method, _, path = line.partition(" ")
        kind = {"Content-Type": FORM} if isinstance(body, str) else {}
        data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        pairs = tuple({**kind, **headers}.items())
        raw = None if body is None else data
        response = self.simulator.handle(
            Request(method=method, url=BASE + path, headers=pairs, body=raw)
        )
        return response.status, json.loads(response.body) if response.body else None

    def post(self, *bodies: Any) -> list[Any]:
        """Return what is said to each of *bodies*: the response, or the refusal in one text."""
        answers = (self.ask("POST /x", body) for body in bodies)
        return [f"{a['code']} {a['m']}" if s != 200 else a for s, a in answers]

    @property
    def state(self) -> State:
        return self.simulator.state


def check(answer: Any = None, **checks: Any) -> Office:
    """Return a third party with one route, ``POST /x``, that performs *checks*."""
    route = {"on": "POST /x", "checks": [{name: rule} for name, rule in checks.items()]}
    return Office({**route, "answer": {"body": {"ok": 1} if answer is None else answer}})


OK = {"ok": 1}
NO = "E 错"


def test_values_have_to_be_there() -> None:
    every = check(need={"at": ["body.a", "body.b.c", "query.q"], "error": "E"})
    one = check(need={"at": ["body.a", "body.b.c", "body.d"], "any_of": True, "error": "E"})
    whole = {"a": 1, "b": {"c": 2}}

    assert every.ask("POST /x?q=1", whole) == (200, OK)
    assert [every.ask(f"POST /x{q}", whole)[0] for q in ("", "?q=", "?Q=1")] == [400, 400, 400]
    values: Any = (0, False, " ", "0", None, "", [], {}, [None], {"x": None})
    present = [every.ask("POST /x?q=1", whole | {"a": value})[0] == 200 for value in values]
    assert present == [True, True, True, True, False, False, False, False, True, True]
    assert one.post({"a": 1}, {"b": {"c": 0}}, {"d": 1}, {"b": 1, "a": ""}, {}, None, [1]) == [
        OK, OK, OK, NO, NO, NO, NO,
    ]  # fmt: skip
    assert check(object="E").post({}, {"a": 1}, [], "a=1", 1, None) == [OK, OK, NO, NO, NO, NO]


def test_parameters_that_are_not_simulated_are_refused() -> None:
    office = Office(
        {
            "on": "POST /x",
            "checks": [{"known": {"query": ["a", "b"], "body": ["c"], "error": "E"}}],
            "answer": {"body": OK},
        },
        tokens={"at": "query.t"},
    )
    wrong = "{} is not a parameter that is simulated"
    asked: list[tuple[str, Any, str]] = [
        ("", None, ""),
        ("?a=1&b=2&t=3", {"c": 1}, ""),
        ("?b=2", [1], ""),
        ("?c=1", {}, "query.c"),
        ("?a=1&B=2&z=1", {"z": 1}, "query.B"),
        ("", {"c": 1, "a": 1, "d": 2}, "body.a"),
        ("", {"t": 1}, "body.t"),
        ("", "c=1", ""),
        ("", "7", ""),
        ("", "c=1&d=2", "body.d"),
    ]
    for query, body, name in asked:
        said = office.ask(f"POST /x{query}", body)
        assert said == ((400, {"code": "E", "m": wrong.format(name)}) if name else (200, OK))


def test_a_value_equals_another_one_or_one_of_a_list() -> None:
    def equal(**more: Any) -> Office:
        return check(equal={"at": "body.a", "error": "E", **more})

    values: Any = ("1", 1, 1.0, "2", True, "true", None, "null", [1], {}, "")
    said = {
        "of a list": equal(**{"in": [1, "true", None]}),
        "as another": equal(to="body.b"),
        "optional": equal(optional=True, **{"in": ["2"]}),
        "text alone": equal(**{"in": ["[1]", "UNSET", "{}"]}),
    }
    assert {
        name: [one == OK for one in office.post(*({"a": v, "b": 1} for v in values), {"b": 1})]
        for name, office in said.items()
    } == {
        "of a list": [True, True, True, False, True, True, True, True, *[False] * 4],
        "as another": [True, True, True, *[False] * 9],
        "optional": [*[False] * 3, True, *[False] * 7, True],
        "text alone": [False] * 12,
    }


def test_an_instance_is_known_by_a_credential_that_it_alone_has() -> None:
    answer = {"app": {"$value": "credential.app"}}
    office = check(answer, equal={"at": "body.r", "to": "credential.robot", "error": "E"})
    asked: Any = ("r-2", "R-2", ["r-2"], UNSET, None, "null")
    assert office.post(*({} if one is UNSET else {"r": one} for one in asked)) == [
        {"app": "乙"}, *[NO] * 5,
    ]  # fmt: skip

    login = {"at": "body.k", "name": "key", "missing": "E", "wrong": "W"}
    both = check(
        answer, login=[login], equal={"at": "body.r", "to": "credential.robot", "error": "E"}
    )
    # An instance without a robot has nothing to compare with; the other has.
    assert both.post({"k": "k-甲"}, {"k": "k-甲", "r": "r-2"}, {"k": "k-乙", "r": "r-2"}) == [
        {"app": "甲"}, {"app": "甲"}, {"app": "乙"},
    ]  # fmt: skip
    assert both.post({"k": "k-乙"}, {"k": "k-乙", "r": "r-1"}) == [NO, NO]
    same = check(answer, login=[login], equal={"at": "body.a", "to": "body.b", "error": "E"})
    assert same.post({"k": "k-甲", "a": 1}, {"k": "k-甲", "a": 1, "b": 1}) == [NO, {"app": "甲"}]


def test_a_login_says_which_credential_is_missing_or_wrong() -> None:
    rules = [
        {"name": "app", "at": "body.a", "missing": "M1", "wrong": "W1"},
        {"name": "no", "at": "body.n", "missing": "M2", "wrong": "W2"},
        {"name": "robot", "at": "query.r", "missing": "M3", "wrong": "W3"},
    ]
    route = {"on": "POST /x", "checks": [{"login": rules[:2]}], "answer": {"body": {
        "t": {"$value": "token"}, "life": {"$value": "life"},
        "app": {"$value": "credential.app"}}}}  # fmt: skip
    office = Office(route, tokens={"life": 60, "prefix": "t-", "length": 4})
    said = [
        office.ask("POST /x", body)[1].get("code")
        for body in ({}, {"a": "丙"}, {"a": "", "n": 1}, {"a": "丙", "n": 1}, {"a": "甲", "n": 2},
                     {"a": "甲", "n": "01"}, {"a": "甲", "n": [1]}, {"a": "甲", "n": 0})
    ]  # fmt: skip
    assert said == ["M1", "M2", "M1", "W1", "W2", "W2", "W2", "W2"]
    assert [grant.instance for grant in office.state.grants] == []

    status, answer = office.ask("POST /x", {"a": "乙", "n": "2"})
    assert (status, len(answer["t"]), answer["t"][:2]) == (200, 6, "t-")
    assert {name: answer[name] for name in ("life", "app")} == {"life": 60, "app": "乙"}
    assert [(grant.instance, grant.expires - START) for grant in office.state.grants] == [
        ("乙", 60)
    ]
    third = Office({"on": "POST /x", "checks": [{"login": rules}], "answer": {"body": OK}})
    assert third.ask("POST /x", {"a": "甲", "n": 1})[1]["code"] == "M3"
    assert third.ask("POST /x?r=r-2", {"a": "甲", "n": 1})[1]["code"] == "W3"
    assert third.ask("POST /x?r=r-2", {"a": "乙", "n": 2}) == (200, OK)


def test_a_text_is_measured_in_bytes_and_may_have_to_be_json() -> None:
    office = check(text={"at": "body.a", "most": 6, "error": "E"})
    texts = ("", "abcdef", "abcdefg", "客户", "客户x", 1, None, ["a"], "\ud800x")
    assert office.post(*({"a": text} for text in texts), {}) == [
        OK, OK, NO, OK, NO, NO, NO, NO, OK, OK,
    ]  # fmt: skip
    js = check(text={"at": "body.a", "json": True, "error": "E"})
    more = ("{}", '"x"', "1", "", "{", "null", "[" * 100_000)
    assert js.post(*({"a": text} for text in more), {}) == [OK, OK, OK, NO, NO, OK, NO, OK]


def test_a_record_is_found_by_one_of_several_fields() -> None:
    rule = {"in": "users", "by": ["id", "no", "email"], "at": "body.u", "as": "u", "error": "E"}
    name = {"n": {"$value": "u.name"}}
    office = check(name, find=rule)
    people: list[tuple[Any, str]] = [
        ("Zhang", "张三"), ("zHANG", "张三"), (7, "张三"), ("7", "张三"),
        ("LI", "李四"), (8, "李四"),
        ("WW", "王五"), ("张三", ""), ("", ""), (None, ""), ("None", ""), ([], ""), (0, ""),
    ]  # fmt: skip
    assert office.post(*({"u": key} for key, _ in people)) == [
        {"n": name} if name else NO for _, name in people
    ]
    assert office.post({}) == [NO]
    optional = check(name, find={**rule, "optional": True, "root": ["0", "1"]})
    assert optional.post({}, {"u": 0}, {"u": "1"}, {"u": ["0"]}, {"u": ""}, {"u": "li"}) == [
        {}, {}, {}, NO, NO, {"n": "李四"},
    ]  # fmt: skip
    kinds = check(name, find={**rule, "kind": "body.by"})
    assert kinds.post(
        {"u": "7"}, {"u": "li"}, {"u": "7", "by": "no"}, {"u": "li", "by": "no"},
        {"u": "ww", "by": "email"}, {"u": "张三", "by": "name"},
    ) == [NO, {"n": "李四"}, {"n": "张三"}, NO, {"n": "王五"}, NO]  # fmt: skip


def test_a_record_that_was_added_comes_before_those_of_the_table() -> None:
    rule = {"in": "users", "by": ["id"], "at": "body.u", "as": "u", "error": "E"}
    office = check({"n": {"$value": "u.name"}}, find=rule)
    office.simulator.add("users", {"id": "LI", "name": "李新"}, {"id": "sun", "name": "孙"})
    office.simulator.add("users", {"id": "None", "name": "无"}, {"id": "[]", "name": "空"})
    assert office.post({"u": "li"}, {"u": "sun"}, {"u": "zhang"}, {"u": None}, {"u": []}) == [
        {"n": "李新"}, {"n": "孙"}, {"n": "张三"}, NO, NO,
    ]  # fmt: skip


def test_a_record_has_the_type_of_id_that_is_asked_for() -> None:
    rule = {"in": "users", "by": ["id"], "at": "body.u", "as": "u", "error": "E"}
    office = check(
        {"u": {"$value": "u"}},
        find={**rule, "spell": {"ids": "body.k", "x": "body.k", "tags": "body.k"}},
    )
    _, li, wang = USERS
    rest = {name: value for name, value in wang.items() if name != "ids"}
    assert office.post(
        {"u": "li"}, {"u": "li", "k": "union"}, {"u": "wang", "k": "open"}, {"u": "wang"},
        {"u": "zhang", "k": "open"},
    ) == [
        {"u": {**li, "ids": "o1"}}, {"u": {**li, "ids": "u1"}}, {"u": rest},
        {"u": {**wang, "ids": "u2"}}, {"u": USERS[0]},
    ]  # fmt: skip


PAGE = {
    "in": "users", "size": "body.n", "start": "body.at", "default": 2, "most": 3, "pick": "id",
    "error": "E",
}  # fmt: skip


def test_a_page_has_a_size_a_start_and_says_whether_there_is_more() -> None:
    office = check({"p": {"$value": "page"}}, page=PAGE)
    two = {"items": ["Zhang", "li"], "total": 3, "has_more": True, "next": 2}
    last = {"items": ["wang"], "total": 3, "has_more": False}
    every = {"items": ["Zhang", "li", "wang"], "total": 3, "has_more": False}
    asked: list[tuple[dict[str, Any], Any]] = [
        ({}, two),
        ({"n": "", "at": ""}, two),
        ({"n": 2, "at": "0"}, two),
        ({"at": 2}, last),
        ({"at": 3}, last | {"items": []}),
        ({"at": "10000000000000000000"}, last | {"items": []}),
        ({"n": 3}, every),
        ({"n": 1, "at": 1}, {"items": ["li"], "total": 3, "has_more": True, "next": 2}),
        ({"n": 4}, "E body.n is not in 1..3"),
        ({"n": 0}, "E body.n is not in 1..3"),
        ({"n": -1}, "E body.n is not a number"),
        ({"n": "x"}, "E body.n is not a number"),
        ({"n": "２"}, "E body.n is not a number"),
        ({"n": 1.5}, "E body.n is not a number"),
        ({"n": None}, "E body.n is not a number"),
        ({"at": "x", "n": "4"}, "E body.at is not a number"),
    ]
    said = office.post(*(body for body, _ in asked))
    assert said == [one if isinstance(one, str) else {"p": one} for _, one in asked]


def test_a_page_has_the_records_and_members_that_are_asked_for() -> None:
    def ids(page: Mapping[str, Any], *bodies: Any) -> list[Any]:
        office = check({"$value": "p.items"}, page={**PAGE, "default": 3, "as": "p", **page})
        return office.post(*bodies)

    where = {"where": {"dept": "body.d", "name": "body.name"}}
    asked: Any = {}, {"d": 2}, {"d": "3"}, {"d": 2, "name": "李四"}, {"d": ""}, {"d": [2]}
    assert ids(where, *asked) == [
        ["Zhang", "li", "wang"], ["Zhang", "li"], ["wang"], ["li"], [], [],
    ]  # fmt: skip
    like = {"like": {"name": "body.q", "tags": "body.t"}, "where": {"dept": "body.d"}}
    assert ids(like, {"q": "", "t": ""}, {"q": "三", "t": ""}, {"q": "三", "t": "乙"},
               {"q": "", "t": "", "d": 2}) == [
        ["Zhang", "li", "wang"], ["Zhang"], [], ["Zhang", "li"],
    ]  # fmt: skip
    assert ids({"pick": ["name", "id"]}, {"n": 1}) == [[{"id": "Zhang", "name": "张三"}]]
    assert ids({"pick": "tags"}, {}) == [["甲", "乙"]]
    assert ids({"pick": []}, {"n": 1}) == [[USERS[0]]]
    spell = {"pick": "ids", "spell": {"ids": "body.k"}}
    assert ids(spell, {}, {"k": "open"}, {"k": "union"}, {"k": "x"}) == [
        ["o1", "u2"], ["o1"], ["u1", "u2"], [],
    ]  # fmt: skip


def receivers(**more: Any) -> dict[str, Any]:
    return {"in": "users", "by": ["id", "no"], "at": "body.to", "as": "bad", **more}


def test_receivers_are_those_that_exist_and_the_others_are_told() -> None:
    def send(rule: Mapping[str, Any], *bodies: Any) -> list[Any]:
        office = check({"bad": {"$value": "bad"}}, receivers=rule, deliver={})
        told = []
        for body in bodies:
            before = len(office.state.messages)
            (said,) = office.post(body)
            told.append((said, [message.to for message in office.state.messages[before:]]))
        return told

    split = receivers(split="|", everybody="@all", lower=True)
    names = ("LI|Foo| 7 |Bar|li", "@all", "li|@all|X", 8)
    assert send(split, *({"to": name} for name in names)) == [
        ({"bad": "foo|bar"}, ["LI", "7", "li"]),
        ({"bad": ""}, ["Zhang", "li", "wang"]),
        ({"bad": ""}, ["Zhang", "li", "wang"]),
        ({"bad": ""}, ["8"]),
    ]  # fmt: skip
    listed = receivers()
    assert send(listed, {"to": ["li", "Foo", 7, None, ["x"], "li"]}, {"to": "li|wang"}, {}) == [
        ({"bad": ["Foo"]}, ["li", "7"]),
        ({"bad": ["li|wang"]}, [""]),
        ({"bad": []}, [""]),
    ]
    kinds = receivers(kind="body.k", error="E")
    assert send(
        kinds, {"to": ["7", "li"]}, {"to": ["7", "li"], "k": "no"}, {"to": ["li"], "k": "no"},
        {"to": ["张三"], "k": "name"}, {},
    ) == [
        ({"bad": []}, ["7", "li"]), ({"bad": ["li"]}, ["7"]), (NO, []), (NO, []), (NO, []),
    ]  # fmt: skip
    groups = receivers(
        **{"in": "groups", "by": ["gid"], "members": {"in": "users", "by": "dept", "id": "id"}}
    )
    assert send(groups, {"to": [2, 5]}, {"to": ["1", 3, 2]}, {"to": [9]}) == [
        ({"bad": ["5"]}, ["Zhang", "li"]),
        ({"bad": []}, ["Zhang", "li", "wang"]),
        ({"bad": []}, [""]),
    ]


def test_receivers_of_several_checks_are_added_and_the_last_one_needs_some() -> None:
    second = receivers(at="body.cc", error="E", **{"as": "cc"})
    route = {
        "on": "POST /x", "answer": {"body": {"bad": {"$value": "bad"}, "cc": {"$value": "cc"}}},
        "checks": [{"receivers": receivers()}, {"receivers": second}, {"deliver": {}}],
    }  # fmt: skip
    office = Office(route)
    assert office.post({"to": ["li"], "cc": ["?"]}, {"cc": ["li"], "to": ["!"]}, {"to": ["?"]}) == [
        {"bad": [], "cc": ["?"]}, {"bad": ["!"], "cc": []}, NO,
    ]  # fmt: skip
    assert office.post({"to": ["li"], "cc": ["zhang", "li"]}) == [{"bad": [], "cc": []}]
    assert [message.to for message in office.state.messages] == ["li", "li", "li", "zhang"]


def test_messages_to_one_receiver_are_dropped_beyond_their_number_or_when_they_are_the_same() -> (
    None
):
    office = check(receivers=receivers(), deliver={"count": 3, "per": 60, "same": 30})
    for seconds, body in (
        (0, {"to": ["li", "wang"], "msg": {"t": 1}}),
        (10, {"to": ["li"], "msg": {"t": 1}}),
        (10, {"to": ["li"], "msg": {"t": 2}}),
        (5, {"to": ["li"], "msg": {"t": 3}}),
        (35, {"to": ["wang", "li"], "msg": {"t": 1}}),
    ):
        office.clock.advance(seconds)
        office.post(body)
    told = [(m.at - START, m.to, m.body["msg"]["t"], m.dropped) for m in office.state.messages]
    assert told == [
        (0, "li", 1, ""),
        (0, "wang", 1, ""),
        (10, "li", 1, "the same message within 30 s"),
        (20, "li", 2, ""),
        (25, "li", 3, "more than 3 in 60 s"),
        (60, "wang", 1, ""),
        (60, "li", 1, ""),
    ]
    assert {message.route for message in office.state.messages} == {"POST /x"}
    free = check(receivers=receivers(), deliver={})
    free.post(*[{"to": ["li"]}] * 3, "to=li", None)
    assert [(m.to, m.body, m.dropped) for m in free.state.messages] == [
        *[("li", {"to": ["li"]}, "")] * 3, ("li", {"to": "li"}, ""), ("", None, ""),
    ]  # fmt: skip
    plain = check(deliver={"same": 60})
    plain.post({"a": 1, "b": 2}, {"b": 2, "a": 1}, {"a": 1}, "a=1", [1], [1])
    assert [bool(m.dropped) for m in plain.state.messages] == [
        False, True, False, False, False, True,
    ]  # fmt: skip


def test_requests_are_limited_in_fixed_windows_or_blocked_for_a_time() -> None:
    def talk(office: Office, *steps: tuple[float, Any]) -> list[Any]:
        said = []
        for seconds, body in steps:
            office.clock.advance(seconds)
            (one,) = office.post(body)
            said.append("" if one == OK else one)
        return said

    mine, other = {"m": "138"}, {"m": "139"}
    plain = check(limit={"count": 2, "per": 60, "error": "W", "by": ["body.m"]})
    assert talk(
        plain, (0, mine), (28.5, mine), (0, other), (0, mine), (31, mine), (0.5, mine), (0, mine),
        (0, mine),
    ) == ["", "", "", "W 等 32 秒", "W 等 1 秒", "", "", "W 等 60 秒"]  # fmt: skip
    assert plain.ask("POST /x", mine)[0] == 429
    block = check(limit={"count": 1, "per": 60, "error": "W", "block": 100})
    assert talk(block, (0, mine), (10, mine), (30, other), (69, mine), (1, mine), (0, mine)) == [
        "", "W 等 100 秒", "W 等 70 秒", "W 等 1 秒", "", "W 等 100 秒",
    ]  # fmt: skip


def test_a_repeated_request_gets_its_first_response_or_an_error() -> None:
    made = {"id": {"$made": "n", "length": 3}}
    rule = {"at": ["body.k", "body.j"], "window": 100}

    def talk(office: Office, *steps: tuple[float, Any]) -> list[Any]:
        said: list[Any] = []
        for seconds, body in steps:
            office.clock.advance(seconds)
            (one,) = office.post(body)
            said.append(next((n for n, old in enumerate(said) if old == one), one))
        return [one if isinstance(one, int | str) else "new" for one in said]

    one, two = {"k": 1, "j": 2}, {"k": 1, "j": "2"}
    assert talk(
        check(made, once=rule), (0, one), (99, one), (0, two), (1, one), (0, {"k": 1}),
        (0, {"k": 1}), (0, one | {"x": 1}),
    ) == ["new", 0, "new", "new", "new", "new", 3]  # fmt: skip
    assert talk(check(made, once={**rule, "error": "E"}), (0, one), (0, one), (100, one)) == [
        "new", "E 错", "new",
    ]  # fmt: skip
    when = {**rule, "when": "body.w"}
    for value, counts in ((1, True), ("1", True), (True, True), ("true", True), (0, False),
                          ("yes", False), (None, False)):  # fmt: skip
        body = one | {"w": value}
        assert talk(check(made, once=when), (0, body), (0, body))[1:] == [0 if counts else "new"]
    windows = {**rule, "window_at": "body.s", "default": 10}
    cases: list[tuple[dict[str, Any], float, bool]] = [
        (one, 9, True), (one, 10, False), (one | {"s": 50}, 49, True), (one | {"s": 50}, 50, False),
        (one | {"s": 500}, 99, True), (one | {"s": 500}, 100, False), (one | {"s": -5}, 0, False),
        (one | {"s": True}, 9, True), (one | {"s": "50"}, 9, True), (one | {"s": "50"}, 10, False),
        (one | {"s": 0.5}, 0.25, True), (one | {"s": 0.5}, 0.5, False),
    ]  # fmt: skip
    for body, seconds, repeats in cases:
        said = talk(check(made, once=windows), (0, body), (seconds, body))
        assert said[1] == (0 if repeats else "new"), (body, seconds)


def test_a_refused_request_may_be_sent_again_under_its_key() -> None:
    route = {"on": "POST /x", "answer": {"body": OK}, "checks": [
        {"once": {"at": ["body.k"], "window": 100}},
        {"need": {"at": ["body.a"], "error": "E"}}]}  # fmt: skip
    assert Office(route).post({"k": 1}, {"k": 1, "a": 1}, {"k": 1}) == [NO, OK, OK]
