from __future__ import annotations

import json
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import UNSET
from msgspec.structs import replace

from bpmax_sim.cassette.matching import (
    Difference,
    MatchingRules,
    call_without_injected,
    find_differences,
    matching_key,
    parts_of_call,
    parts_of_exchange,
    parts_of_request,
)
from bpmax_sim.cassette.model import Body, group_by_name, read_body
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
    different = find_differences(parts_of_call(recorded), parts_of_call(sent), rules)
    same = matching_key(parts_of_call(recorded), rules) == matching_key(parts_of_call(sent), rules)

    assert same is (not different), "the key and the explanation disagree"
    return different


def body(value: Any) -> Call:
    return call(body=json.dumps(value, ensure_ascii=False).encode())


def test_key_order_and_spaces_of_a_json_body_do_not_count() -> None:
    spelled = b'{ "items": [ {"ts":1,"qty":2.0,"sku":"A-1"}, {"sku":"B","qty":1e0,"ts":2} ],\n' + (
        '"客户":"\\u5f20三" }'.encode()
    )

    assert found(call(), call(body=spelled)) == ()


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

    assert len({matching_key(parts_of_call(call(body=b)), ALL) for b in same}) == 1
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
        assert read == Body("form", group_by_name(pairs))


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

    assert find_differences(parts_of_call(call()), parts_of_call(moved), rules) == ()
    assert find_differences(parts_of_call(call()), parts_of_call(call(query=())), rules) != ()
    assert find_differences(
        parts_of_call(call(api="x")), parts_of_call(replace(moved, api="x")), rules
    ) == (Difference("path", "/orders", "/v2/orders"),)  # fmt: skip


def test_the_digest_of_rules_depends_on_what_they_ignore_only() -> None:
    def digest(rules: MatchingRules) -> str:
        return rules.digest("crm")

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
    behind = call_without_injected(request, named(said))

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
    behind = call_without_injected(request, named(call()))

    assert (behind.path, behind.body) == ("/x", b"a=%E5%BC%A0")
    assert behind.headers == request.headers[:1]


def test_traffic_without_a_builder_is_known_by_method_address_query_and_body() -> None:
    request = Request(
        method="post", url="https://a.test/x?b=2&a=%E5%BC%A0#f", body=b"{}",
        headers=(("User-Agent", "python"), ("Content-Type", "application/json")),
    )  # fmt: skip
    parts = parts_of_exchange(Exchange(request=request, outcome=Response(status=200)))

    assert (parts.name, parts.method, parts.path) == ("", "POST", "https://a.test/x")
    assert (parts.query, parts.header) == (
        {"b": "2", "a": "张"},
        {"content-type": "application/json"},
    )
    assert parts_of_request(replace(request, call=call())).name == "crm_system.create_order"


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

    assert parts_of_call(call(body=huge)).body.kind == "text"
    assert found(call(body=huge), call(body=huge)) == ()
    assert parts_of_call(call(body=b"[" * 100_000)).body.kind == "text"


def test_an_address_outside_its_base_stays_whole() -> None:
    request = Request(method="GET", url="https://login.test/token", base="https://crm.test")

    assert call_without_injected(request, named(call())).path == "https://login.test/token"


@given(
    st.sampled_from(["/a/{id}", "/a/{id}/", "/a-{x}.{y}/b", "/{x}/{x}", "a/{id}?v=1", "/{x}{y}"]),
    st.text("aA1._~-/", max_size=12),
)
def test_a_plain_path_counts_as_its_parameters_spell_it(template: str, path: str) -> None:
    said = parts_of_call(call(platform="crm", api="get", path=f"/a/{path}"))
    by_parameters = MatchingRules(templates={"crm.get": template}, ignore=("query.无",))

    assert matching_key(said, MatchingRules(templates=by_parameters.templates)) == matching_key(
        said, by_parameters
    )
