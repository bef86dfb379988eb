"""proxy.md, section Building the request: what is on the wire, to the byte."""

from __future__ import annotations

from datetime import UTC, datetime
from math import inf, nan
from typing import Any

import pytest

from bpmax_sim.js_values import UNDEFINED, BigInt, OpaqueValue
from bpmax_sim.platform.model import Api, Instance, Parameter
from tests.proxy.world import CREATE, DETAIL, SEARCH, World, body_of, crm, headers_of, rejected

HOSTILE = '[1,2]{{ x }}"\n%}{% raw %}😀 100%'


def _path_of(value: Any) -> str:
    world = World()
    world.proxy().api("get_customer_detail").path(id=value).call()
    return world.request.url.partition("/customers")[2]


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        ("a/b?#", "/a%2Fb%3F%23"),
        ("...", "/..."),
        ("./", "/.%2F"),
        ("a..b", "/a..b"),
        ("张三 李", "/%E5%BC%A0%E4%B8%89%20%E6%9D%8E"),
        ("x\r\nHost: evil\0", "/x%0D%0AHost%3A%20evil%00"),
        ("100%", "/100%25"),
        ("%2e%2e%2f", "/%252e%252e%252f"),
        ("\ud83d\ude00", "/%F0%9F%98%80"),
        (12, "/12"),
        (1.5, "/1.5"),
        (True, "/true"),
        (datetime(2026, 3, 2, 1, tzinfo=UTC), "/2026-03-02T01%3A00%3A00.000Z"),
        (
            HOSTILE,
            "/%5B1%2C2%5D%7B%7B%20x%20%7D%7D%22%0A%25%7D%7B%25%20raw%20%25%7D%F0%9F%98%80%20100%25",
        ),
    ],
)
def test_a_path_value_is_encoded_as_one_segment(value: Any, sent: str) -> None:
    """O: each value is percent-encoded as one segment."""
    assert _path_of(value) == sent


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"a": 1}, "path.id is an object; expected a text, a number or a boolean"),
        ([1], "path.id is an array; expected a text, a number or a boolean"),
        (b"x", "path.id is bytes; expected a text, a number or a boolean"),
        ("", "path.id is empty, which would call another address"),
        (".", "path.id is '.', which servers read as another address even when it is encoded;"),
        ("..", "path.id is '..', which servers read as another address even when it is encoded;"),
        ("\ud83d", "path.id holds half a character (a lone surrogate)"),
        ("长" * 1_000_000, "the address is 9000015 characters long, more than 60000; send long"),
    ],
)
def test_a_path_value_that_is_no_segment_rejects(value: Any, message: str) -> None:
    """O: each value is percent-encoded as one segment."""
    error = rejected(lambda: _path_of(value))

    assert error.code == "BAD_ARGUMENT"
    assert error.message.startswith(f"crm_system.get_customer_detail: {message}")


def test_dots_in_neighbouring_placeholders_cannot_climb() -> None:
    """O: a value that is `.` rejects, whatever stands beside it."""
    world = World(crm(Api(key="x", path="/a/{p}{q}/c")))

    error = rejected(lambda: world.proxy().api("x").path(p=".", q=".").call())

    assert error.message.startswith("crm_system.x: path.p is '.', which servers read as another")


@pytest.mark.parametrize("value", [".", ".."])
@pytest.mark.parametrize("way", ["direct", "default"])
def test_dots_reject_in_a_direct_call_and_as_a_default(value: str, way: str) -> None:
    """O: a value that is `.` or `..` rejects."""
    given = UNDEFINED if way == "direct" else value
    one = Parameter(name="id", place="path", default=given)
    world = World(crm(Api(key="x", path="/a/{id}", parameters=(one,))))

    arguments = (value,) if way == "direct" else ()
    error = rejected(lambda: world.proxy().direct("x", *arguments))

    assert (error.code, f"path.id is {value!r}" in error.message) == ("BAD_ARGUMENT", True)


def test_an_unfilled_placeholder_rejects() -> None:
    """O: an unfilled placeholder or an unknown `$path` key rejects."""
    world = World(crm(Api(key="x", path="/a/{合同号}")))

    error = rejected(lambda: world.proxy().api("x").call())

    assert (error.code, error.message) == (
        "MISSING_PARAMETER",
        "crm_system.x: path parameter '合同号' is missing; /a/{合同号} needs it",
    )


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        (1, "v=1"),
        (True, "v=true"),
        (1e21, "v=1e%2B21"),
        (1.0, "v=1"),
        (-0.0, "v=0"),
        (nan, "v=NaN"),
        (inf, "v=Infinity"),
        (BigInt(10**20), "v=100000000000000000000"),
        ("a b+c&d=e", "v=a%20b%2Bc%26d%3De"),
        ("name,phone", "v=name%2Cphone"),
        ("", "v="),
        (["a", 1, None, UNDEFINED], "v=a&v=1"),
        ([], ""),
        (
            HOSTILE,
            "v=%5B1%2C2%5D%7B%7B%20x%20%7D%7D%22%0A%25%7D%7B%25%20raw%20%25%7D%F0%9F%98%80%20100%25",
        ),
    ],
)
def test_query_values_print_as_javascript_prints_them(value: Any, sent: str) -> None:
    """O: numbers and booleans as JavaScript prints them; arrays repeat; RFC 3986."""
    world = World()

    world.proxy().api("search").query(v=value).call()

    assert world.request.url == f"https://crm.example.test/api/search{sent and '?'}{sent}"


NESTED: tuple[Any, ...] = ([[1]], [[]], [1, [2]], [1, 2, [3]], [None, [], 1])


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (
            {"a": 1},
            "query.v is an object; a query holds texts, numbers, booleans and arrays of them",
        ),
        ([{"a": 1}], "query.v is an object; a query holds texts"),
        *(
            (nested, "query.v is an array within an array; send JSON.stringify(value)")
            for nested in NESTED
        ),
        (["甲", {"a": 1}], "query.v is an object; a query holds texts"),
        (OpaqueValue("function"), "query.v is a function; a query holds texts"),
        ("\udc00", "query.v holds half a character (a lone surrogate)"),
    ],
)
def test_objects_in_a_query_reject(value: Any, message: str) -> None:
    """O: objects reject."""
    error = rejected(lambda: World().proxy().api("search").query(v=value).call())

    assert error.code == "BAD_ARGUMENT"
    assert error.message.startswith(f"crm_system.search: {message}")


def test_a_query_in_the_path_and_the_setter_both_survive() -> None:
    """O: a query already in the API's path and `$query` both survive."""
    world = World(crm(Api(key="x", path="/im/v1/messages?receive_id_type=open_id&tag=a&tag=b")))

    world.proxy().api("x").query(page=1).call()

    assert world.request.url.endswith("?receive_id_type=open_id&tag=a&tag=b&page=1")


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("X-A", "张三", ("header.X-A holds U+5F20 at character 1, outside visible ASCII; encode it"
         " first, for example with encodeURIComponent(value)")),
        ("X-A", "a\r\nX-B: c", "header.X-A holds U+000D at character 2, outside visible ASCII"),
        ("X-A", "a\0", "header.X-A holds U+0000 at character 2, outside visible ASCII"),
        ("X-A", "a ", "header.X-A holds a space at its end, outside visible ASCII"),
        ("X-A", {"a": 1}, "header.X-A is an object; expected a text or a number"),
        ("X A", "a", "header 'X A' is not a header name (RFC 9110)"),
        ("X-A\r\nX-B", "a", "header 'X-A\\r\\nX-B' is not a header name (RFC 9110)"),
        ("Host", "evil", "header 'Host' is managed by the transport and cannot be set"),
        ("content-length", "1", "header 'content-length' is managed by the transport"),
        ("Transfer-Encoding", "chunked", "header 'Transfer-Encoding' is managed by the transport"),
    ],
)  # fmt: skip
def test_header_values_outside_visible_ascii_reject(name: str, value: Any, message: str) -> None:
    """O: header values outside visible ASCII reject, with the hint to encode them."""
    error = rejected(lambda: World().proxy().api("search").header({name: value}).call())

    assert error.code == "BAD_ARGUMENT"
    assert error.message.startswith(f"crm_system.search: {message}")


def test_numbers_and_booleans_are_headers_as_javascript_prints_them() -> None:
    """O: numbers and booleans as JavaScript prints them."""
    world = World()

    world.proxy().api("search").header(
        {"X-N": 1.0, "X-B": False, "X-T": "a b\tc", "X-E": ""}
    ).call()

    assert headers_of(world.request) == {"X-N": "1", "X-B": "false", "X-T": "a b\tc", "X-E": ""}


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        ({"客户": "张三", "n": 1, "f": 1.0}, '{"客户":"张三","n":1,"f":1}'),
        ([1, [2]], "[1,[2]]"),
        ({"d": datetime(2026, 3, 2, 1, 2, 3, 4567, UTC)}, '{"d":"2026-03-02T01:02:03.004Z"}'),
        ({"a": nan, "b": inf, "c": [UNDEFINED], "d": UNDEFINED}, '{"a":null,"b":null,"c":[null]}'),
        ({"a": "\ud800x", "b": "\ud83d\ude00"}, '{"a":"\\ud800x","b":"😀"}'),
        ({"x": HOSTILE}, '{"x":"[1,2]{{ x }}\\"\\n%}{% raw %}😀 100%"}'),
        (
            {"{$credential}": {"$credential": "secret"}},
            '{"{$credential}":{"$credential":"secret"}}',
        ),
        ({"b": 1, "2": 2, "1": 3}, '{"1":3,"2":2,"b":1}'),
        (True, "true"),
        (0.1, "0.1"),
    ],
)
def test_a_body_is_json_as_stringify_prints_it(value: Any, sent: str) -> None:
    """O: object or array → compact UTF-8 JSON; serialised as `JSON.stringify` does."""
    world = World()

    world.proxy().api("create_contract").body(value).call()

    assert world.request.body == sent.encode()
    assert headers_of(world.request) == {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (BigInt(1), "body: .金额: a BigInt has no JSON form; send String(value) or Number(value)"),
        (OpaqueValue("cycle"), "body: .金额: an object that contains itself has no JSON form"),
    ],
)
def test_what_stringify_refuses_rejects(value: Any, message: str) -> None:
    """O: BigInt rejects."""
    error = rejected(lambda: World().proxy().api("create_contract").body({"金额": value}).call())

    assert (error.code, error.message) == ("BAD_ARGUMENT", f"crm_system.create_contract: {message}")


def test_a_python_object_within_itself_rejects() -> None:
    """O: serialised as `JSON.stringify` does."""
    loop: dict[str, Any] = {"名称": "合同"}
    loop["self"] = [loop]

    error = rejected(lambda: World().proxy().api("create_contract").body(loop).call())

    assert error.message == (
        "crm_system.create_contract: body: .self[0]: an object that contains itself"
        " has no JSON form"
    )


def test_a_body_nested_too_deeply_rejects() -> None:
    """O: serialised as `JSON.stringify` does."""
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]

    error = rejected(lambda: World().proxy().api("create_contract").body(deep).call())

    assert (error.code, error.message) == ("BAD_ARGUMENT", "a value is nested too deeply")


@pytest.mark.parametrize(
    ("value", "media"),
    [('{"a": 1}', "application/json"), (b"\x00\xff", "application/octet-stream")],
)
def test_texts_and_bytes_are_sent_as_they_are(value: Any, media: str) -> None:
    """O: string → as is; bytes → as is."""
    world = World()

    world.proxy().api("create_contract").body(value).call()

    assert world.request.body == (value.encode() if isinstance(value, str) else value)
    assert headers_of(world.request) == {"Content-Type": media}


def test_a_content_type_of_the_script_stays() -> None:
    """O: `Content-Type: application/json` unless…; setters are stronger than defaults."""
    world = World()
    api = world.proxy().api("create_contract")

    api.header({"content-type": "application/vnd.crm+json"}).body({"a": 1}).call()
    api.header({"Content-Type": "application/x-www-form-urlencoded"}).body({"a": "一 二"}).call()

    assert headers_of(world.sent[0]) == {"content-type": "application/vnd.crm+json"}
    assert world.sent[1].body == b"a=%E4%B8%80+%E4%BA%8C"


def test_a_body_on_get_is_sent() -> None:
    """O: a body on GET is sent: BPMAX's own API has one."""
    world = World()

    world.proxy().api("search").body({"关键字": "张"}).call()

    assert world.request.method == "GET"
    assert body_of(world.request) == {"关键字": "张"}


SEND = Api(
    key="send",
    method="POST",
    path="/send/{channel}",
    parameters=(
        Parameter(name="channel", place="path", required=True),
        Parameter(name="touser", place="body", required=True),
        Parameter(name="content", place="body", to="text.content", required=True),
        Parameter(name="trace", place="header", to="X-Trace"),
        Parameter(name="debug", place="query"),
    ),
    body={"msgtype": "text"},
)


def test_each_argument_goes_where_its_parameter_lives() -> None:
    """O: a direct call's nth argument goes to the nth declared parameter."""
    world = World(crm(SEND))

    world.proxy().send("app", "张三", "这是一条测试消息", "t-1", 1)

    assert world.request.url.endswith("/send/app?debug=1")
    assert headers_of(world.request)["X-Trace"] == "t-1"
    assert body_of(world.request) == {
        "msgtype": "text",
        "touser": "张三",
        "text": {"content": "这是一条测试消息"},
    }


def test_extra_arguments_are_logged_and_dropped() -> None:
    """O: extra arguments are logged and dropped, as JavaScript would."""
    world = World()

    world.proxy().get_customer_detail("1", "name", "多余")

    assert world.request.url.endswith("/1?fields=name")
    assert world.log[0].notes == (
        "3 arguments given, 2 declared (id, fields); the rest was dropped",
    )


@pytest.mark.parametrize("args", [("app", "张三"), ("app", "张三", UNDEFINED)])
def test_a_missing_required_argument_rejects_by_name(args: tuple[Any, ...]) -> None:
    """O: a missing required one rejects by name; `undefined` counts as missing."""
    world = World(crm(SEND))

    error = rejected(lambda: world.proxy().send(*args))

    assert (error.code, error.message) == (
        "MISSING_PARAMETER",
        "crm_system.send: parameter 'content' is missing (body.text.content)",
    )
    assert world.sent == []


def test_required_parameters_hold_for_chains_too() -> None:
    """O: rejects: configuration errors, missing parameters."""
    world = World(crm(SEND))
    chain = world.proxy().api("send").path(channel="app")

    error = rejected(lambda: chain.body({"touser": "张三"}).call())
    chain.body({"touser": "张三", "text": {"content": "好"}}).call()
    chain.body("touser=张三").call()

    assert error.code == "MISSING_PARAMETER"
    assert len(world.sent) == 2


@pytest.mark.parametrize("place", ["query", "header"])
def test_a_required_query_or_header_that_null_removes_is_missing(place: Any) -> None:
    """O: `null` in `$query`/`$header` removes a default; a missing required one rejects."""
    api = Api(key="x", parameters=(Parameter(name="v", place=place, required=True),))

    error = rejected(lambda: World(crm(api)).proxy().x(None))

    assert error.message == f"crm_system.x: parameter 'v' is missing ({place}.v)"


@pytest.mark.parametrize("declared", ["X-Tenant", "x-tenant"])
@pytest.mark.parametrize("given", ["X-Tenant", "x-tenant", "X-TENANT"])
def test_a_required_header_is_there_in_any_case(declared: str, given: str) -> None:
    """O: header names are case-insensitive, and the last spelling is sent."""
    parameter = Parameter(name="tenant", place="header", to=declared, required=True)
    world = World(crm(Api(key="x", parameters=(parameter,))))

    world.proxy().api("x").header({given: "7"}).call()

    assert headers_of(world.request) == {given: "7"}
    lost = world.proxy().api("x").header({given: "7"}).header({declared.upper(): None})
    assert rejected(lost.call).code == "MISSING_PARAMETER"


def test_a_single_object_is_parameter_1_not_a_bag_of_names() -> None:
    """O: a single object is parameter 1, not a bag of names."""
    api = Api(
        key="create",
        method="POST",
        parameters=(
            Parameter(name="contract", place="body", to="$"),
            Parameter(name="dry", place="query"),
        ),
    )
    world = World(crm(api))

    world.proxy().create({"contract": "C-1", "dry": True})

    assert body_of(world.request) == {"contract": "C-1", "dry": True}
    assert "?" not in world.request.url


def test_parameter_defaults_hold_where_nothing_was_given() -> None:
    """O: precedence: API default < setter or direct argument."""
    api = Api(
        key="list",
        path="/list/{kind}",
        parameters=(
            Parameter(name="kind", place="path", required=True, default="有效"),
            Parameter(name="page", place="query", default=1),
        ),
    )
    world = World(crm(api))

    world.proxy().list()
    world.proxy().list(UNDEFINED, 2)
    world.proxy().api("list").path(kind="x").query(page=None).call()

    assert [request.url.partition("/list")[2] for request in world.sent] == [
        "/%E6%9C%89%E6%95%88?page=1",
        "/%E6%9C%89%E6%95%88?page=2",
        "/x",
    ]


def test_a_path_key_may_be_the_name_of_the_parameter() -> None:
    """O: an unknown `$path` key rejects; the declared name is a known one."""
    api = Api(
        key="x", path="/u/{userId}", parameters=(Parameter(name="id", place="path", to="userId"),)
    )
    world = World(crm(api))

    world.proxy().api("x").path(id="9").call()

    assert world.request.url.endswith("/u/9")


@pytest.mark.parametrize("base", ["https://crm.example.test", "https://crm.example.test/"])
@pytest.mark.parametrize("path", ["/客户/{id}", "客户/{id}"])
def test_address_and_path_meet_in_one_slash(base: str, path: str) -> None:
    """The declared path is encoded where it has to be."""
    world = World(crm(Api(key="x", path=path), base_url=base))

    world.proxy().api("x").path(id="1").call()

    assert world.request.url == "https://crm.example.test/%E5%AE%A2%E6%88%B7/1"
    assert world.request.base == "https://crm.example.test"


def test_defaults_may_name_a_credential_that_is_not_secret() -> None:
    """platforms.md: `agentid: {$credential: agentid}`."""
    api = Api(key="send", method="POST", body={"agentid": {"$credential": "client_id"}, "a": [1]})
    world = World(crm(api))

    world.proxy().api("send").body({"b": 2}).call()

    assert body_of(world.request) == {"agentid": "test", "a": [1], "b": 2}


@pytest.mark.parametrize("separate", [False, True])
def test_a_secret_default_is_sent_and_never_written(separate: bool) -> None:
    """The call is made of redactable data only."""
    api = Api(key="send", method="POST", body={"key": {"$credential": "secret"}})
    world = World(crm(api), separate=separate)

    world.proxy().send()

    assert body_of(world.request) == {"key": "s3cret-合同-value"}
    assert world.request.confined
    assert world.request.call
    assert world.request.call.body == b'{"key":"redacted.crm_system.test.secret.1"}'
    twin = world.request.standin
    assert (twin.body if twin else None) == (world.request.call.body if separate else None)


def test_a_credential_that_the_instance_lacks_is_named() -> None:
    """platforms.md: a template that names something undefined."""
    api = Api(key="send", method="POST", body={"k": {"$credential": "secert"}})

    with pytest.raises(Exception, match="no credential 'secert'; did you mean 'secret'"):
        World(crm(api)).proxy().send()


def test_a_session_prefers_an_instance_where_the_platform_has_it() -> None:
    for preferred, expected in (("prod", "prod"), ("生产", "test")):
        world = World(default_instance=preferred)
        world.proxy().search()
        world.proxy(instance_key="test").search()

        assert [one.call.instance for one in world.sent if one.call] == [expected, "test"]


def test_the_most_specific_timeout_holds() -> None:
    """O: timeout 30 s by default, per API."""
    quick = Api(key="quick", timeout=2.0)
    world = World(crm(SEARCH, quick))

    world.proxy().search()
    world.proxy().quick()

    assert [request.timeout for request in world.sent] == [30.0, 2.0]

    tenant = Instance(platform="crm_system", instance_key="test", timeout=4.0)
    slow = World(crm(SEARCH, quick, timeout=9.0), instances=(tenant,))
    slow.proxy().search()
    slow.proxy().quick()
    assert [request.timeout for request in slow.sent] == [4.0, 2.0]


def test_direct_and_chained_calls_of_equal_values_send_equal_requests() -> None:
    """O: a direct call's nth argument goes to the nth declared parameter."""
    world = World(crm(DETAIL, CREATE))

    world.proxy().get_customer_detail("a/b", "name")
    world.proxy().api("get_customer_detail").path(id="a/b").query(fields="name").call()

    assert world.sent[0].url == world.sent[1].url
