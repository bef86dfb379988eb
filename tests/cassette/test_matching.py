from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import UNSET
from msgspec.structs import replace

from bpmax_sim.cassette.former_names import FormerNames
from bpmax_sim.cassette.matching import (
    Difference,
    MatchingRules,
    call_fields_to_json,
    call_to_parts,
    compute_matching_key,
    exchange_to_parts,
    find_differences,
    rebuild_call_without_injected,
    request_to_parts,
    restore_call_fields,
    split_query,
)
from bpmax_sim.cassette.model import ComparableBody, group_by_name, read_body
from bpmax_sim.errors import ConfigError
from bpmax_sim.field_path import FieldPath, format_path
from bpmax_sim.messages import Call, Exchange, Request, Response
from tests.examples import drawn

ALL = MatchingRules()
JSON = ("content-type", "application/json")
ORDER = {
    "客户": "张三",
    "items": [{"sku": "A-1", "qty": 2, "ts": 1}, {"sku": "B", "qty": 1, "ts": 2}],
}


def call(**changes: Any) -> Call:
    built = Call(
        platform="crm_system",
        instance="test",
        api="create_order",
        method="POST",
        path="/orders",
        query=(("fields", "name,phone"),),
        headers=(("Content-Type", "application/json"), ("X-Tenant", "华东")),
        body=json.dumps(ORDER, ensure_ascii=False).encode(),
    )
    return replace(built, **changes)


def found(recorded: Call, sent: Call, *ignore: str) -> tuple[Difference, ...]:
    rules = MatchingRules(ignore=ignore)
    different = find_differences(call_to_parts(recorded), call_to_parts(sent), rules)
    same = compute_matching_key(call_to_parts(recorded), rules) == compute_matching_key(
        call_to_parts(sent), rules
    )

    assert same is (not different), "the key and the explanation disagree"
    return different


def body(value: Any) -> Call:
    return call(body=json.dumps(value, ensure_ascii=False).encode())


def test_key_order_and_spaces_of_a_json_body_do_not_count() -> None:
    spelled = b'{ "items": [ {"ts":1,"qty":2.0,"sku":"A-1"}, {"sku":"B","qty":1e0,"ts":2} ],\n' + (
        '"客户":"\\u5f20三" }'.encode()
    )

    assert found(call(), call(body=spelled)) == ()


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("0", "0.00", True),
        ("0", "-0.0", True),
        ("0", "0e5", True),
        ("1.5", "1.500", True),
        ("1.5", "15.0e-1", True),
        ("100", "1e2", True),
        ("100", "1e3", False),
        ("1.5", "-1.50", False),
        ("1e401", "10.0e400", True),
        ("0.1", "0.10000000000000000001", False),
    ],
)
def test_a_number_is_the_same_however_it_is_written(one: str, other: str, *, same: bool) -> None:
    differences = found(call(body=one.encode()), call(body=other.encode()))

    assert (differences == ()) is same


def test_a_changed_field_is_named_with_both_values() -> None:
    changed = json.loads(json.dumps(ORDER))
    changed["items"][0]["qty"] = 3

    assert found(call(), body(changed)) == (Difference("body.items[0].qty", 2, 3),)


def test_a_missing_and_an_added_field_are_named() -> None:
    assert found(body({"a": 1}), body({"b": 1})) == (
        Difference("body.a", 1, UNSET),
        Difference("body.b", UNSET, 1),
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [(1, True), (0, False), (1, "1"), (None, False), ("", None), ([], {}), (0.1, 0.2), ([1], 1)],
)
def test_values_of_different_types_differ(old: Any, new: Any) -> None:
    assert found(body({"金额": old}), body({"金额": new})) != ()


def test_numbers_compare_by_their_exact_value() -> None:
    same = (b'{"a":1.10}', b'{"a":1.1}', b'{"a":110e-2}')
    close = (b'{"a":0.1}', b'{"a":0.1000000000000000001}')

    assert len({compute_matching_key(call_to_parts(call(body=b)), ALL) for b in same}) == 1
    assert found(call(body=close[0]), call(body=close[1])) != ()
    assert found(call(body=b'{"a":-0.0}'), call(body=b'{"a":0}')) == ()
    assert found(call(body=b'{"a":1e9999999999}'), call(body=b'{"a":1e9999999998}')) != ()


def test_query_names_have_no_order_but_the_values_of_one_name_do() -> None:
    pairs = (("id", "1"), ("id", "2"), ("页", "3"))

    assert found(call(query=pairs), call(query=(pairs[2], pairs[0], pairs[1]))) == ()
    assert found(call(query=pairs), call(query=(pairs[1], pairs[0], pairs[2]))) == (
        Difference("query.id[0]", "1", "2"),
        Difference("query.id[1]", "2", "1"),
    )


def test_header_names_have_no_case_and_a_content_type_counts_by_media_type() -> None:
    sent = call(headers=(("x-tenant", "华东"), ("CONTENT-TYPE", "Application/JSON; charset=UTF-8")))

    assert found(call(), sent) == ()


def test_length_and_host_follow_from_the_rest_and_do_not_count() -> None:
    headers = (*call().headers, ("Content-Length", "999"), ("Host", "crm.example.test"))

    assert found(call(), call(headers=headers)) == ()


@given(st.text("ab键=&+%41; ", max_size=30).filter(bool))
def test_a_form_is_read_as_the_standard_library_reads_it(text: str) -> None:
    read = read_body(text.encode(), "application/x-www-form-urlencoded")

    with suppress(ValueError):
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict")
        assert read == ComparableBody("form", group_by_name(pairs))


def test_a_form_is_compared_by_its_pairs() -> None:
    form = (("content-type", "application/x-www-form-urlencoded"),)
    old, new = (
        call(headers=form, body=urlencode([("姓名", "张三"), ("qty", qty)]).encode())
        for qty in "12"
    )

    assert found(old, call(headers=form, body="qty=1&姓名=%E5%BC%A0三".encode())) == ()
    assert found(old, new) == (Difference("body.qty", "1", "2"),)


def multipart(boundary: str, content: bytes) -> Call:
    text = (
        f'--{boundary}\r\ncontent-disposition: form-data; name="title"\r\n\r\n合同\r\n'
        f"--{boundary}\r\nContent-Disposition: form-data; name=file; "
        'filename="a.bin"\r\nContent-Type: application/octet-stream\r\n\r\n'
    ).encode()
    return call(
        headers=(("content-type", f"multipart/form-data; boundary={boundary}"),),
        body=text + content + f"\r\n--{boundary}--\r\n".encode(),
    )


def test_a_multipart_body_is_compared_part_by_part_whatever_its_boundary() -> None:
    assert found(multipart("aaa", b"\xff\r\n1"), multipart("bbb", b"\xff\r\n1")) == ()
    assert [d.path for d in found(multipart("aaa", b"\xff"), multipart("aaa", b"\xfe"))] == [
        "body.file.content"
    ]
    assert [d.path for d in found(multipart("a", b"x"), multipart("a", b"y"))] == [
        "body.file.content"
    ]


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "multipart/form-data", "application/x-www-form-urlencoded", "text/xml"],
)
def test_an_unreadable_body_stands_for_itself(content_type: str) -> None:
    old = call(headers=(("content-type", content_type),), body=b"{\xff")

    assert found(old, replace(old, body=b"{\xff")) == ()
    assert [d.path for d in found(old, replace(old, body=b"{\xfe"))] == ["body"]


def test_a_json_text_is_not_a_plain_text() -> None:
    bare = call(headers=(JSON,), body='"张三"'.encode())
    plain = call(headers=(("content-type", "text/plain"),), body="张三".encode())

    assert found(bare, plain, "header") == (Difference("body", "json 张三", "text 张三"),)
    assert found(bare, plain, "header", "body") == ()


def test_an_empty_body_is_no_body() -> None:
    assert found(call(body=None), call(body=b"")) == ()
    assert found(call(body=None), call(body=b"null")) != ()


@pytest.mark.parametrize(
    ("ignore", "change"),
    [
        ("query.fields", {"query": (("fields", "other"),)}),
        ("query", {"query": ()}),
        ("header.X-TENANT", {"headers": (("Content-Type", "application/json"),)}),
        ("path", {"path": "/other"}),
        ("body", {"body": b"other"}),
        ("body.*.*.ts", {"body": body({**ORDER, "items": ORDER["items"]}).body}),
    ],
)
def test_an_ignored_place_does_not_count(ignore: str, change: dict[str, Any]) -> None:
    assert found(call(), call(**change), ignore) == ()


def test_a_wildcard_ignores_a_field_of_every_item() -> None:
    later = json.loads(json.dumps(ORDER))
    for item in later["items"]:
        item["ts"] = 99

    assert [d.path for d in found(call(), body(later))] == ["body.items[0].ts", "body.items[1].ts"]
    assert found(call(), body(later), "body.items[*].ts") == ()


def test_ignoring_one_index_does_not_move_the_paths_of_the_others() -> None:
    assert found(body({"a": [1, 2, 3]}), body({"a": [9, 2, 4]}), "body.a[0]") == (
        Difference("body.a[2]", 3, 4),
    )


def test_rules_of_one_api_do_not_touch_another() -> None:
    rules = MatchingRules(scoped=(("crm_system.create_order", ("path",)), ("erp", ("query",))))
    moved = call(path="/v2/orders")

    assert find_differences(call_to_parts(call()), call_to_parts(moved), rules) == ()
    assert find_differences(call_to_parts(call()), call_to_parts(call(query=())), rules) != ()
    assert find_differences(
        call_to_parts(call(api="x")), call_to_parts(replace(moved, api="x")), rules
    ) == (Difference("path", "/orders", "/v2/orders"),)  # fmt: skip


def test_the_digest_of_rules_depends_on_what_they_ignore_only() -> None:
    def digest(rules: MatchingRules) -> str:
        return rules.compute_digest("crm")

    assert digest(MatchingRules(("a", "b"))) == digest(MatchingRules(("b", "a", "a")))
    assert digest(MatchingRules()) == digest(MatchingRules(scoped=(("crm", ()),)))
    assert (
        len(
            {
                digest(MatchingRules()),
                digest(MatchingRules(("path",))),
                digest(MatchingRules((), (("crm", ("path",)),))),
            }
        )
        == 3
    )


@pytest.mark.parametrize(
    "text", ["", "bdy.x", "body..x", "body.a[", "body[-1]", ".body", "[0]", "body.a b"]
)
def test_a_wrong_path_is_refused_with_the_right_form(text: str) -> None:
    with pytest.raises(ConfigError) as raised:
        FieldPath.parse(text, "ignore")

    assert str(raised.value) == (
        f"ignore: {text!r} is not a path; write path, query.<name>, header.<name> or "
        "body.<name>, such as body.items[*].ts"
    )


@given(st.lists(st.one_of(st.text(min_size=1, max_size=6), st.integers(0, 99)), max_size=4))
def test_a_printed_path_reads_back(segments: list[str | int]) -> None:
    path = ("body", *segments)

    assert FieldPath.parse(format_path(path), "ignore") == path


leaves = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
)  # fmt: skip
values = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.text(st.characters(exclude_categories=["Cs"]), max_size=4), inner, max_size=3
        ),
    ),
    max_leaves=8,
)


@given(values, values)
@settings(max_examples=drawn(100))
def test_two_bodies_have_one_key_exactly_when_no_difference_is_found(old: Any, new: Any) -> None:
    found(body({"值": old}), body({"值": new}))
    assert found(body(old), call(body=json.dumps(old, indent=1, sort_keys=True).encode())) == ()


MUTATIONS: dict[str, tuple[dict[str, Any], str]] = {
    "platform": ({"platform": "erp"}, "platform"),
    "instance": ({"instance": "prod"}, "instance"),
    "api": ({"api": "cancel_order"}, "api"),
    "method": ({"method": "PUT"}, "method"),
    "path": ({"path": "/orders/1"}, "path"),
    "query value": ({"query": (("fields", "name"),)}, "query.fields"),
    "query name": ({"query": (("fields", "name,phone"), ("客户", "1"))}, "query.客户"),
    "header": ({"headers": (JSON, ("X-Tenant", "华北"))}, "header.x-tenant"),
    "body": ({"body": b"{}"}, "body"),
}


@pytest.mark.parametrize(("change", "path"), MUTATIONS.values(), ids=MUTATIONS)
def test_one_changed_part_is_the_only_one_named(change: dict[str, Any], path: str) -> None:
    roots = {d.path.split(".")[0] for d in found(call(), call(**change))}

    assert roots == {path.split(".", maxsplit=1)[0]}
    assert found(call(), call(**change))[0].path.startswith(path)


COOKIES = "a=1; sid=redacted.1"


def authorised(said: Call, value: dict[str, Any]) -> Request:
    """Put a credential in every place, as auth would."""
    query = "&".join(f"{quote(n, safe='')}={quote(v, safe='')}" for n, v in said.query)
    return Request(
        method=said.method,
        url=f"https://crm.example.test/api{said.path}?{query}&access_token=redacted.crm.1",
        headers=(*said.headers, ("Authorization", "Bearer redacted"), ("Cookie", COOKIES)),
        body=json.dumps({**value, "sign": "ABC", "auth": {"ts": 1}}).encode(),
        base="https://crm.example.test/api",
        injected=(
            "header.authorization", "query.access_token", "cookie.sid", "body.sign", "body.auth.ts",
        ),
    )  # fmt: skip


@given(
    st.dictionaries(st.text('ab客.["', min_size=1, max_size=3), values, min_size=1, max_size=3),
    st.lists(st.tuples(st.text(max_size=4), st.text(max_size=4)), max_size=3),
)
@settings(max_examples=drawn(60))
def test_the_call_is_what_is_left_of_the_request_without_auth(
    value: dict[str, Any], query: list[tuple[str, str]]
) -> None:
    readable = tuple(
        (n.encode(errors="replace").decode(), v.encode(errors="replace").decode()) for n, v in query
    )
    said = replace(body(value), query=readable, headers=(*call().headers, ("Cookie", "a=1")))
    request = authorised(replace(said, headers=call().headers), value)
    behind = rebuild_call_without_injected(request, named(said))

    assert found(said, behind) == ()


def named(said: Call) -> Call:
    return replace(said, path="", query=(), headers=(), body=None)


def test_a_form_loses_its_injected_pairs_and_a_lonely_cookie_its_header() -> None:
    request = Request(
        method="POST",
        url="https://a.test/x",
        headers=(("content-type", "application/x-www-form-urlencoded"), ("Cookie", "sid=1")),
        body=b"sign=1&a=%E5%BC%A0",
        base="https://a.test",
        injected=("body.sign", "cookie.sid", "path.1"),
    )
    behind = rebuild_call_without_injected(request, named(call()))

    assert (behind.path, behind.body) == ("/x", b"a=%E5%BC%A0")
    assert behind.headers == request.headers[:1]


def test_traffic_without_a_builder_is_known_by_method_address_query_and_body() -> None:
    request = Request(
        method="post", url="https://a.test/x?b=2&a=%E5%BC%A0#f", body=b"{}",
        headers=(("User-Agent", "python"), ("Content-Type", "application/json")),
    )  # fmt: skip
    parts = exchange_to_parts(Exchange(request=request, outcome=Response(status=200)))

    assert (parts.name, parts.method, parts.path) == ("", "POST", "https://a.test/x")
    assert (parts.query, parts.header) == (
        {"b": "2", "a": "张"},
        {"content-type": "application/json"},
    )
    assert request_to_parts(replace(request, call=call())).name == "crm_system.create_order"


@pytest.mark.parametrize(
    "body",
    [
        b"--a\r\ncontent-type: text/plain\r\nx\r\n--a--",
        b"--a--",
        b"--a\r\n\r\nx",
    ],
)
def test_a_broken_multipart_body_is_compared_as_text(body: bytes) -> None:
    made = call(headers=(("content-type", "multipart/form-data; boundary=a"),), body=body)

    assert found(made, made) == ()
    assert found(made, replace(made, body=body + b" ")) != ()


def test_a_number_beyond_all_bounds_is_compared_as_text() -> None:
    huge = b'{"a":1e99999999999999999999}'

    assert call_to_parts(call(body=huge)).body.kind == "text"
    assert found(call(body=huge), call(body=huge)) == ()
    assert call_to_parts(call(body=b"[" * 100_000)).body.kind == "text"


def test_an_address_outside_its_base_stays_whole() -> None:
    request = Request(method="GET", url="https://login.test/token", base="https://crm.test")

    assert rebuild_call_without_injected(request, named(call())).path == "https://login.test/token"


@given(
    st.sampled_from(["/a/{id}", "/a/{id}/", "/a-{x}.{y}/b", "/{x}/{x}", "a/{id}?v=1", "/{x}{y}"]),
    st.text("aA1._~-/", max_size=12),
)
def test_a_plain_path_counts_as_its_parameters_spell_it(template: str, path: str) -> None:
    said = call_to_parts(call(platform="crm", api="get", path=f"/a/{path}"))
    by_parameters = MatchingRules(templates={"crm.get": template}, ignore=("query.无",))

    assert compute_matching_key(
        said, MatchingRules(templates=by_parameters.templates)
    ) == compute_matching_key(said, by_parameters)


@pytest.mark.parametrize(
    ("injected", "content_type", "sent", "left"),
    [
        ((), "application/json", b'{"a":1}', b'{"a":1}'),
        (("header.a",), "application/json", b'{ "a":1}', b'{ "a":1}'),
        (("body.b",), "application/json", b'{"a":1}', b'{"a":1}'),
        (("body.a",), "application/json", b'{"a":1}', None),
        (("body.a", "body.b", "body.c"), "application/json", b'{"a":1,"b":2,"c":3}', None),
        (("body.a.b",), "application/json", b'{"a":{"b":1}}', None),
        (("body.a.b",), "application/json", b'{"a":{"b":1},"c":{}}', b'{"c":{}}'),
        (("body.a",), "application/json", b"[1]", b"[1]"),
        (("body.a",), "application/json", b"{", b"{"),
        (("body.a",), "application/json", None, None),
        (("body",), "text/plain", b"a=1", None),
        (("body", "body.a"), "application/json", b'{"a":1,"b":2}', None),
        (("body.a", "body"), "application/json", b'{"a":1,"b":2}', None),
        (("body.a",), "application/x-www-form-urlencoded", b"a=1", None),
        (("body.a",), "application/x-www-form-urlencoded", b"b=&a=1&b=2&a=", b"b=&b=2"),
        (("body.a.b",), "application/x-www-form-urlencoded", b"a.b=1&a=2&b=3", b"a=2&b=3"),
        (("body", "body.a"), "application/x-www-form-urlencoded", b"a=1&b=2", None),
        (("body.签",), "application/x-www-form-urlencoded", "签=1&a=2".encode(), b"a=2"),
        (("body.a",), "Application/X-WWW-Form-Urlencoded; charset=utf-8", b"A=1&a=2", b"A=1"),
    ],
)
def test_a_body_loses_what_auth_put_in_and_nothing_else(
    injected: tuple[str, ...], content_type: str, sent: bytes | None, left: bytes | None
) -> None:
    request = Request(
        method="POST",
        url="https://a.test/x",
        headers=(("Content-Type", content_type),),
        body=sent,
        injected=injected,
    )

    assert rebuild_call_without_injected(request, named(call())).body == left


@pytest.mark.parametrize(
    ("injected", "query", "headers"),
    [
        ((), "sid=1&Sid=2&a=", "Sign:1 sign:2 X:3"),
        (("query.sid",), "Sid=2&a=", "Sign:1 sign:2 X:3"),
        (("query.sid", "query.a", "query.Sid"), "", "Sign:1 sign:2 X:3"),
        (("header.SIGN",), "sid=1&Sid=2&a=", "X:3"),
        (("header.sign", "header.x", "query.a"), "sid=1&Sid=2", ""),
        (("path.sid", "body.sid", "cookie.sid"), "sid=1&Sid=2&a=", "Sign:1 sign:2 X:3"),
    ],
)
def test_injected_names_have_their_case_in_a_query_and_none_in_headers(
    injected: tuple[str, ...], query: str, headers: str
) -> None:
    request = Request(
        method="GET",
        url="https://a.test/x?sid=1&Sid=2&a=",
        headers=(("Sign", "1"), ("sign", "2"), ("X", "3")),
        injected=injected,
    )
    behind = rebuild_call_without_injected(request, named(call()))

    assert "&".join(f"{name}={value}" for name, value in behind.query) == query
    assert " ".join(f"{name}:{value}" for name, value in behind.headers) == headers


@pytest.mark.parametrize(
    ("url", "path", "query"),
    [
        ("/x", "/x", ()),
        ("/x?", "/x", ()),
        ("/x?&&a&b=&=c&", "/x", (("a", ""), ("b", ""), ("", "c"))),
        ("/x?a=b=c?d", "/x", (("a", "b=c?d"),)),
        ("/x?a+b=%2B#f?c=1", "/x", (("a b", "+"),)),
        ("/x#f?a=1", "/x", ()),
    ],
)
def test_an_address_is_split_at_its_first_question_mark(
    url: str, path: str, query: tuple[tuple[str, str], ...]
) -> None:
    assert split_query(url) == (path, query)


@pytest.mark.parametrize(
    "sent", [None, b"", b"1", "张".encode(), b"\xff" * 40, b"\xff", b"null", b'{"hex":"00"}']
)
def test_what_a_request_does_not_tell_of_its_call_comes_back(sent: bytes | None) -> None:
    said = call(body=sent, path="/客户", query=(("a", ""), ("a", "2")), headers=())
    stored = json.loads(json.dumps(call_fields_to_json(said)))

    assert restore_call_fields(call(body=b"other"), stored) == said


def legacy_digest(ignore: list[str], scoped: list[list[Any]]) -> str:
    """Return the digest of format 1: one of the rules of all platforms."""
    facts = json.dumps(["1", ignore, scoped], separators=(",", ":")).encode()
    return hashlib.blake2b(facts, digest_size=8).hexdigest()


@pytest.mark.parametrize(
    ("platform", "valid"),
    [("crm", True), ("crm2", True), ("erp", False), ("erp.get", True), ("", True)],
)
def test_a_digest_of_format_1_holds_where_no_response_place_was_ignored(
    platform: str, *, valid: bool
) -> None:
    rules = MatchingRules(
        ignore=("body.z", "body.a"),
        scoped=(("crm", ("body.b",)), ("erp.get", ("body.d", "body.c")), ("crm.none", ())),
        volatile=(("erp.get", ("body.e",)), ("erp", ("body.f",))),
    )
    old = legacy_digest(
        ["body.a", "body.z"],
        [["crm", ["body.b"]], ["erp", ["body.f"]], ["erp.get", ["body.c", "body.d", "body.e"]]],
    )

    assert rules.is_valid_digest(platform, old) == valid
    assert rules.is_valid_digest(platform, rules.compute_digest(platform))
    assert not rules.is_valid_digest(platform, "0" * 16)


@pytest.mark.parametrize(
    ("scoped", "same"),
    [
        ((("crm2", ("path",)),), True),
        ((("crm_get", ("path",)),), True),
        ((("cr", ("path",)),), True),
        ((("crm.get", ("path",)),), False),
        ((("crm", ()), ("crm.get", ())), True),
    ],
)
def test_a_digest_depends_on_rules_of_its_own_platform(scoped: Any, *, same: bool) -> None:
    assert (MatchingRules(scoped=scoped).compute_digest("crm") == ALL.compute_digest("crm")) == same
    order = (("crm", ("b", "a", "b")), ("crm.get", ("c",)))
    assert MatchingRules(scoped=order).compute_digest("crm") == MatchingRules(
        scoped=(order[1], ("crm", ("a", "b")))
    ).compute_digest("crm")


@pytest.mark.parametrize(
    ("api", "ignored"),
    [
        ("get", ["body.a", "body.b", "body.c"]),
        ("got", ["body.a", "body.b"]),
        ("", ["body.a", "body.b"]),
    ],
)
def test_the_ignored_places_of_an_api_are_those_of_all_its_platform_and_itself(
    api: str, ignored: list[str]
) -> None:
    rules = MatchingRules(
        ignore=("body.a",),
        scoped=(("crm", ("body.b",)), ("crm.get", ("body.c",)), ("get", ("body.d",))),
    )

    assert [format_path(path) for path in rules.get_ignored_paths("crm", api)] == ignored


RENAMED = FormerNames({"crm": ("kehu", "客户系统")}, {"crm.get": ("read", "fetch", "load")})


def test_a_call_is_found_under_each_former_name_with_its_stand_ins() -> None:
    said = call_to_parts(
        call(
            platform="crm",
            api="get",
            path="/redacted.crm.1/redacted.crmx.1",
            query=(("k", "redacted.crm.2"),),
            headers=(("X", "a redacted.crm.3"), ("X", "redacted.crm.4")),
            body=b'{"a":[{"b":"redacted.crm.5"}],"c":1,"xredacted.crm.6":"xredacted.crm.6"}',
        )
    )
    rules = MatchingRules(former=RENAMED)

    former = [*rules.rename_to_each_former_name(said)]

    assert [one.name for one in former] == [
        f"{platform}.{api}"
        for platform in ("crm", "kehu", "客户系统")
        for api in ("get", "read", "fetch", "load")
    ][1:]
    assert [*ALL.rename_to_each_former_name(said)] == []
    old = next(one for one in former if one.name == "kehu.load")
    assert (old.path, old.query, old.header, old.body.value) == (
        "/redacted.kehu.1/redacted.crmx.1",
        {"k": "redacted.kehu.2"},
        {"x": ["a redacted.kehu.3", "redacted.kehu.4"]},
        {"a": [{"b": "redacted.kehu.5"}], "c": 1, "xredacted.crm.6": "xredacted.crm.6"},
    )
    assert rules.with_current_names(old) == said
    assert find_differences(old, said, rules) == ()
    assert [one.path for one in find_differences(old, said, ALL)][:2] == ["platform", "api"]
    for other in (replace(said, api="read"), replace(said, platform="客户系统")):
        assert rules.with_current_names(other).name == "crm.get"


@pytest.mark.parametrize(
    ("template", "old", "new", "found_paths"),
    [
        ("/a/{id}", "/a/1", "/a/2", ["path.id"]),
        ("/a/{id}", "/a/%E5%BC%A0", "/a/张", []),
        ("/a/{id}/", "/a/1", "/a/2", ["path"]),
        ("/a/{id}", "/a/1/", "/a/2/", ["path"]),
        ("/a/{id}", "/a/张", "/a/张/", ["path"]),
        ("/a/{id}/", "/a/1/", "/a/2/", ["path.id"]),
        ("/a/{id}", "/a/1", "/b/1", ["path"]),
        ("/a/{x}/{y}", "/a/1/2", "/a/3/4", ["path.x", "path.y"]),
        ("", "/a/1", "/a/2", ["path"]),
    ],
)
def test_paths_differ_by_their_parameters_where_both_have_the_declared_shape(
    template: str, old: str, new: str, found_paths: list[str]
) -> None:
    rules = MatchingRules(templates={"crm_system.create_order": template} if template else {})
    recorded, sent = (call_to_parts(call(path=path)) for path in (old, new))

    different = find_differences(recorded, sent, rules)

    assert [one.path for one in different] == found_paths
    same = compute_matching_key(recorded, rules) == compute_matching_key(sent, rules)
    assert same == (not different)


@pytest.mark.parametrize(
    ("ignore", "alike"),
    [
        (("path.id",), ["/a/2/7"]),
        (("path.no",), ["/a/1/8"]),
        (("path.id", "path.no"), ["/a/2/7", "/a/1/8"]),
        (("path",), ["/a/2/7", "/a/1/8", "/b/1/7", "/a/1/7/"]),
        (("query.id",), []),
    ],
)
def test_a_parameter_of_a_path_may_be_ignored(ignore: tuple[str, ...], alike: list[str]) -> None:
    rules = MatchingRules(ignore=ignore, templates={"crm_system.create_order": "/a/{id}/{no}"})

    def key(path: str) -> str:
        return compute_matching_key(call_to_parts(call(path=path)), rules)

    others = ("/a/2/7", "/a/1/8", "/b/1/7", "/a/1/7/")
    assert [one for one in others if key(one) == key("/a/1/7")] == alike


@pytest.mark.parametrize("ignore", [(), ("query.ts",)])
def test_a_body_without_a_kind_is_told_as_none(ignore: tuple[str, ...]) -> None:
    json_null = call(body=b"null")

    assert found(call(body=None), json_null, *ignore) == (Difference("body", "none", "json None"),)


def test_the_first_content_type_reads_the_body_and_each_counts() -> None:
    two = (("Content-Type", "application/json"), ("content-type", "text/plain; charset=gbk"))
    parts = call_to_parts(call(headers=two, body=b'{"a":1}', method="post"))

    assert (parts.body.kind, parts.method) == ("json", "POST")
    assert parts.header == {"content-type": ["application/json", "text/plain"]}
    assert found(call(headers=(("HOST", "a"), ("Content-LENGTH", "1"))), call(headers=())) == ()


@pytest.mark.parametrize(
    ("old", "new", "places"),
    [
        ([1, 2, 3], [1, 2], ["body.a[2]"]),
        ([], [None], ["body.a[0]"]),
        ([1], [1, 2, 3], ["body.a[1]", "body.a[2]"]),
        ({"x": None}, {}, ["body.a.x"]),
        ([{"x": 1}, 2, {"y": 3}], [{"x": 1}, 2, {"y": 4}], ["body.a[2].y"]),
        ([], {}, ["body.a"]),
    ],
)
def test_what_one_side_lacks_differs_even_from_null(old: Any, new: Any, places: list[str]) -> None:
    assert [one.path for one in found(body({"a": old}), body({"a": new}))] == places
