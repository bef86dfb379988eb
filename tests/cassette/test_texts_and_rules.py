"""JSON on several lines, other encodings, former names, and what of a request counts."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from msgspec import UNSET
from msgspec.structs import replace

from bpmax_sim.cassette.charsets import (
    encode_stored_text,
    restore_charset,
    store_as_utf8,
    store_request_as_utf8,
)
from bpmax_sim.cassette.former_names import FormerNames, rename_standins
from bpmax_sim.cassette.json_text import (
    break_long_json_into_members,
    copy_old_values,
    find_values,
    is_json_container,
)
from bpmax_sim.cassette.matching import (
    MatchingRules,
    RequestParts,
    call_fields_to_json,
    call_to_parts,
    compute_matching_key,
    find_differences,
    parse_query,
    rebuild_call_without_injected,
    request_to_parts,
    restore_call_fields,
    split_query,
    to_unnamed_call,
)
from bpmax_sim.field_path import Steps, Wildcard
from bpmax_sim.messages import Call, Request, Response
from bpmax_sim.secret.standin import STANDIN_PREFIX

ALL = Wildcard.ALL


def test_values_are_found_where_they_stand() -> None:
    text = '{"a": [1, {"b\\u4e00": "x,]"}], "c": {}, "d": [[], "e"] }'

    assert [(span.path, text[span.start : span.end],
    span.is_container) for span in find_values(text)] == [
        ((), text, True), (("a",), '[1, {"b\\u4e00": "x,]"}]', True), (("a", 0), "1", False),
        (("a", 1), '{"b\\u4e00": "x,]"}', True), (("a", 1, "b一"), '"x,]"', False), (("c",),
        "{}", True),
        (("d",), '[[], "e"]', True), (("d", 0), "[]", True), (("d", 1), '"e"', False),
    ]  # fmt: skip
    texts = ["{}", "[1]", " {}", "", "{", '"a"', "[" * 5000, "{a:1}"]
    assert [is_json_container(one) for one in texts] == [True, True, *[False] * 6]


def test_old_values_are_copied_into_the_new_text() -> None:
    new, old = (
        '{"a":{"t": 1, "u":2},"rows":[{"t":3},{"t":4}],"t":5}',
        '{"t":"旧","a":{"t":9},"rows":[{"t": [7]}]}',
    )

    def copy(*places: Steps) -> str:
        return copy_old_values(new, old, list(places))

    assert copy() == new
    assert copy(("t",)) == '{"a":{"t": 1, "u":2},"rows":[{"t":3},{"t":4}],"t":"旧"}'
    assert (
        copy(("rows", ALL, "t"), ("a", "t"))
        == '{"a":{"t": 9, "u":2},"rows":[{"t":[7]},{"t":4}],"t":5}'
    )
    assert copy(("a",), ("a", "t")) == '{"a":{"t":9},"rows":[{"t":3},{"t":4}],"t":5}'
    assert copy(("a", "none"), ("a", "u"), ("rows", 1)) == new


def test_long_json_gets_a_line_for_each_member() -> None:
    long = "x" * 60
    texts = {
        "59": json.dumps({"a": long[:50]}), "60": json.dumps({"a": long[:51]}),
        "61": json.dumps({"a": long[:52]}),
        "lines": '{"a":\n"' + long + '"}', "no container": f'"{long}"',
        "short array": f'{{"a":[1,2],"b":"{long}","c":{{}},"d":[]}}',
        "wide": f'{{"a": [1, 2], "b": "{long}", "c": {{"d": 1}}}}',
        "padded": "[" + ",".join(["123456789"] * 5) + ",12345678] ",
        "array of 60": "[" + ",".join(["123456789"] * 5) + ",12345678]",
        "array in one": '{"a":["' + "y" * 56 + '"]}', "array in two": '{"a":["' + "y" * 57 + '"]}',
        "odd": f'{{"a" :[ 1,2 ] ,  "b":{{ }},"c": [{{"d":1}} ,\t2],"e":"{long}"}}',
        "odd too": f'{{"f":{{}}, "g" :["{"z" * 56}"],"h":["{"z" * 57}"]}}',
        "odd long": '{"a": [ ' + ", ".join(["1234567890"] * 6) + "]}",
        "empty": '[{ }, [], {"a":1} ,"' + long + '"]',
    }  # fmt: skip

    found = {name: break_long_json_into_members(text) for name, text in texts.items()}
    assert [name for name, broken in found.items() if broken is None] == [
        "59",
        "60",
        "lines",
        "no container",
        "padded",
        "array of 60",
    ]
    assert {name: broken for name, broken in found.items() if broken and name not in {"odd too",
    "61",
    "odd long", "array in two"}} == {
        "short array": f'{{\n  "a":[1,2],\n  "b":"{long}",\n  "c":{{}},\n  "d":[]}}',
        "wide": f'{{\n  "a": [1, 2], \n  "b": "{long}", \n  "c": {{\n    "d": 1}}}}',
        "array in one": '{\n  "a":["' + "y" * 56 + '"]}',
        "odd": (
            '{\n  "a" :[ 1,2 ] ,  \n  "b":{ },\n  "c": [\n    {\n      "d":1} ,\t\n    2],\n  "e":"'
            f'{long}"}}'
        ),
        "empty": '[\n  { }, \n  [], \n  {\n    "a":1} ,\n  "' + long + '"]',
    }  # fmt: skip
    assert found.pop("odd too") == (
        '{\n  "f":{}, \n  "g" :["' + "z" * 56 + '"],\n  "h":[\n    "' + "z" * 57 + '"]}'
    )
    assert found["61"] == '{\n  "a": "' + long[:52] + '"}'
    assert found["array in two"] == '{\n  "a":[\n    "' + "y" * 57 + '"]}'
    assert found["odd long"] == '{\n  "a": [ \n    ' + ", \n    ".join(["1234567890"] * 6) + "]}"
    for name, broken in found.items():
        assert broken is None or json.loads(broken) == json.loads(texts[name])
        assert broken is None or "".join(line.lstrip(" ") for line in broken.split("\n")) == texts[
            name
        ].replace("\n", "")


def response(body: bytes, *headers: tuple[str, str], charset: str = "") -> Response:
    return Response(status=200, headers=headers, body=body, charset=charset)


def test_a_text_in_another_encoding_is_stored_as_utf8() -> None:
    gbk = "客户：张三，电话一三八".encode("gbk")
    rows: dict[str, tuple[Response, str]] = {
        "type": (response(gbk, ("Content-Type", "text/plain; Charset=GBK"),
        ("Content-Length", str(len(gbk)))), ""),
        "quoted": (response(gbk, ("content-type", 'text/html;charset="gb2312"; a=b')), ""),
        "declared": (response(gbk, ("Content-Type", "application/json")), "gbk"),
        "own first": (response(gbk, ("Content-Type", "application/xml"), charset="gb18030"),
        "big5"),
        "no type": (response(gbk), "gbk"), "script": (response(gbk, ("Content-Type",
        "text/javascript")), "gbk"),
        "csv": (response(gbk, ("Content-Type", "text/csv")), "gbk"),
        "blank": (response(gbk, ("Content-Type", "")), "gbk"),
        "script too": (response(gbk, ("Content-Type", "application/javascript")), "gbk"),
        "no text": (response(gbk, ("Content-Type", "image/png")), "gbk"),
        "utf-8": (response("客户".encode(), ("Content-Type", "text/plain; charset=gbk")), "gbk"),
        "ascii": (response(b"abc", ("Content-Type", "text/plain; charset=utf-16")), ""),
        "inexact": (response(b"\xff\xfe" + gbk, ("Content-Type", "text/plain; charset=gbk")), ""),
        "empty": (response(b""), "gbk"),
    }  # fmt: skip

    stored = {name: store_as_utf8(*row) for name, row in rows.items()}
    assert {name: facts for name, (_, facts) in stored.items()} == {
        "type": {"charset": "gb18030", "content-type": "text/plain; Charset=GBK"},
        "quoted": {"charset": "gb18030", "content-type": 'text/html;charset="gb2312"; a=b'},
        "declared": {"charset": "gb18030", "content-type": "application/json"},
        "own first": {"charset": "gb18030", "content-type": "application/xml"},
        "no type": {"charset": "gb18030"}, "script": {"charset": "gb18030",
        "content-type": "text/javascript"},
        "csv": {"charset": "gb18030", "content-type": "text/csv"}, "blank": {"charset": "gb18030",
        "content-type": ""},
        "script too": {"charset": "gb18030", "content-type": "application/javascript"},
        "no text": {}, "utf-8": {}, "ascii": {}, "inexact": {}, "empty": {},
    }  # fmt: skip
    types = {
        name: {n.lower(): v for n, v in one.headers}.get("content-type")
        for name, (one, _) in stored.items()
    }
    assert [types[name] for name in ("type", "quoted", "declared", "no type", "blank",
    "script")] == [
        "text/plain; Charset=utf-8", "text/html;charset=utf-8; a=b",
        "application/json; charset=utf-8", None, "",
        "text/javascript; charset=utf-8",
    ]  # fmt: skip
    for name, (one, facts) in stored.items():
        if facts:
            assert restore_charset(one, facts) == replace(rows[name][0], charset="gb18030"), name
    kept = replace(stored["type"][0], headers=(("content-length", "999"),))
    assert restore_charset(kept, {"charset": "gb18030"}).headers == (("content-length", "999"),)
    counted = replace(kept, headers=(("Content-Length", str(len(kept.body))),))
    assert restore_charset(counted, {"charset": "gb18030"}).headers == (
        ("Content-Length", str(len(gbk))),
    )
    with pytest.raises(ValueError, match="there is no encoding 'nix'"):
        encode_stored_text(b"a", "nix")
    sent = Request(
        method="POST",
        url="https://a.test",
        body=gbk,
        headers=(("Content-Type", "text/xml; charset=gbk"),),
    )
    changed, codec = store_request_as_utf8(sent)
    assert (changed.body, changed.headers, codec) == (
        "客户：张三，电话一三八".encode(),
        sent.headers,
        "gb18030",
    )
    assert store_request_as_utf8(replace(sent, body=None)) == (replace(sent, body=None), "")


FORMER = FormerNames(
    {"crm": ("old", "older")}, {"crm.get": ("fetch", "load"), "erp.get": ("read",)}
)


def test_former_names_lead_to_the_current_ones() -> None:
    recorded = [
        ("old", "fetch"),
        ("older", "load"),
        ("crm", "get"),
        ("old", "other"),
        ("erp", "read"),
        ("crm", "read"),
        ("x", "get"),
    ]

    assert [FORMER.find_current_names(*names) for names in recorded] == [
        ("crm", "get"), ("crm", "get"), ("crm", "get"), ("crm", "other"), ("erp", "get"), ("crm",
        "read"), ("x", "get"),
    ]  # fmt: skip
    assert FormerNames({}, {"erp.get": ("read",)}).find_current_names("erp", "read") == (
        "erp",
        "get",
    )
    assert [bool(one) for one in (FORMER, FormerNames(), FormerNames({}, {"a.b": ("c",)}))] == [
        True,
        False,
        True,
    ]
    assert FORMER.list_full_names("crm", "get") == (
        *("crm.get", "crm.fetch", "crm.load", "old.get", "old.fetch", "old.load", "older.get",
        "older.fetch"), "older.load",
    )  # fmt: skip
    merged = FORMER.merge_with(
        FormerNames({"crm": ("new", "old"), "a": ("b",)}, {"crm.get": ("load", "take")})
    )
    assert (merged.platforms, merged.apis) == (
        {"crm": ("old", "older", "new"), "a": ("b",)},
        {"crm.get": ("fetch", "load", "take"), "erp.get": ("read",)},
    )
    text = f"Bearer {STANDIN_PREFIX}crm.test.token.1 x{STANDIN_PREFIX}crm.a {STANDIN_PREFIX}crmx.b"
    renamed = rename_standins({"a": [text, 5], "b": (text,), "c": None}, old="crm", new="erp")
    changed = (
        f"Bearer {STANDIN_PREFIX}erp.test.token.1 x{STANDIN_PREFIX}crm.a {STANDIN_PREFIX}crmx.b"
    )
    assert renamed == {"a": [changed, 5], "b": (changed,), "c": None}


def call(**fields: Any) -> Call:
    return Call(
        **{
            "platform": "crm",
            "instance": "t",
            "api": "get",
            "method": "get",
            "path": "/a",
            **fields,
        }
    )


def test_a_request_of_another_client_is_a_call_without_names() -> None:
    request = Request(
        method="POST", url="HTTPS://CRM.test:443/a%20b?x=%E7%94%B2&&y=1+2&z=%FF&n#f?g", body=b"1",
        headers=(("X-A", "1"), ("Content-Type", "text/plain"), ("content-type", "b")),
    )  # fmt: skip
    made = to_unnamed_call(request)

    assert (made.path, made.query) == (
        "https://crm.test/a%20b", (("x", "甲"), ("y", "1 2"), ("z", "%FF"), ("n", "")),
    )  # fmt: skip
    assert (made.headers, made.body) == (
        (("Content-Type", "text/plain"), ("content-type", "b")),
        b"1",
    )
    assert request_to_parts(request).name == ""
    assert split_query("/a#b?c=1") == ("/a", ())
    assert parse_query("") == ()


def test_what_auth_added_is_taken_away_again() -> None:
    def rebuild(body: bytes | None = None, media: str = "application/json", **fields: Any) -> Call:
        given = {
            "method": "PUT",
            "url": "https://crm.test/api/a?x=1&sign=2&y=3",
            "base": "https://crm.test/api",
        }
        headers = (
            ("Content-Type", media),
            ("X-Sign", "1"),
            ("Cookie", "sid=1; lang=zh"),
            ("X-Own", "2"),
        )
        return rebuild_call_without_injected(
            Request(**{**given, "headers": headers, "body": body, **fields}), call()
        )

    places = ("query.sign", "header.x-sign", "cookie.sid", "path.hook")
    found = rebuild(injected=places)
    assert (found.method, found.path, found.query, found.api) == (
        "PUT",
        "/a",
        (("x", "1"), ("y", "3")),
        "get",
    )
    assert found.headers == (
        ("Content-Type", "application/json"),
        ("Cookie", "lang=zh"),
        ("X-Own", "2"),
    )
    assert rebuild(base="https://erp.test").path == "https://crm.test/api/a"
    body = b'{"b": {"k": 1, "s": 2}, "a": {"s": 3}}'
    assert [rebuild(body, injected=(*listed,)).body for listed in (["body.b.s"], ["body.a.s",
    "body.b"], ["body"], ["body", "body.a"], [])] == [
        b'{"a":{"s":3},"b":{"k":1}}', None, None, None, body,
    ]  # fmt: skip
    form = "application/x-www-form-urlencoded"
    assert [rebuild(text, form, injected=("body.a.s",
    "body.客")).body for text in (b"a.s=1&b=2&&%E5%AE%A2=3&a=4", b"a.s=1")] == [
        b"b=2&a=4", None,
    ]  # fmt: skip
    assert rebuild(b"a=1", form, injected=("body", "body.b")).body is None
    assert rebuild(b"no json", injected=("body.a",)).body == b"no json"
    assert rebuild(None, injected=("body.a",)).body is None
    bare = call(path="/p", query=(("a", "1"),), headers=(("X", "y"),))
    for content in (None, "甲".encode(), b"\xff"):
        fields = call_fields_to_json(replace(bare, body=content))
        assert restore_call_fields(
            call(), msgspec.json.decode(msgspec.json.encode(fields))
        ) == replace(bare, body=content)


def parts(**fields: Any) -> RequestParts:
    return call_to_parts(call(**fields))


PLAIN = MatchingRules()


def differ(recorded: RequestParts, sent: RequestParts, rules: MatchingRules = PLAIN) -> list[str]:
    found = [
        f"{one.path}: {one.recorded!r} {one.sent!r}"
        for one in find_differences(recorded, sent, rules)
    ]
    same = compute_matching_key(rules.with_current_names(recorded), rules) == compute_matching_key(
        sent, rules
    )
    assert same == (not found)
    return [text.replace(repr(UNSET), "-") for text in found]


def test_two_calls_differ_where_their_values_do() -> None:
    json_type, form = (
        (("Content-Type", "application/json"),),
        (("content-type", "application/x-www-form-urlencoded"),),
    )

    def body(value: Any) -> RequestParts:
        return parts(body=json.dumps(value).encode(), headers=json_type)

    one = parts(
        query=(("a", "1"), ("b", "2"), ("b", "3")),
        headers=(("X-A", "1"), ("Host", "h"), ("content-length", "1")),
    )
    two = parts(query=(("b", "2"), ("b", "4"), ("c", "")), headers=(("x-a", "2"),), method="GET")
    assert differ(one, two) == [
        "query.a: '1' -",
        "query.b[1]: '3' '4'",
        "query.c: - ''",
        "header.x-a: '1' '2'",
    ]
    assert differ(parts(method="post", api="x", instance="a"), parts(instance="b",
    platform="p")) == [
        "platform: 'crm' 'p'", "instance: 'a' 'b'", "api: 'x' 'get'", "method: 'POST' 'GET'",
    ]  # fmt: skip
    assert differ(body({"a": [1, {"b": None}], "c": True}), body({"c": 1, "a": [1, {"b": 0}, 2],
    "d": {"e": 1}})) == [
        "body.a[1].b: None 0", "body.a[2]: - 2", "body.c: True 1", "body.d: - {'e': 1}",
    ]  # fmt: skip
    assert differ(body({"a": 1, "b": 2}), body({"b": 2, "a": 1.0})) == []
    assert differ(parts(body=b"1", headers=json_type), parts(body=b"1", headers=(("Content-Type",
    "text/plain"),))) == [
        "header.content-type: 'application/json' 'text/plain'", "body: 1 '1'",
    ]  # fmt: skip
    assert differ(parts(body=b"a=1", headers=form), parts(body=b'{"a":"1"}', headers=json_type))[
        0
    ].startswith("header.content-type")
    ignoring = MatchingRules(ignore=("header.content-type",))
    assert differ(parts(body=b"a=1", headers=form), parts(body=b'{"a":"1"}', headers=json_type),
    ignoring) == [
        "body: \"form {'a': '1'}\" \"json {'a': '1'}\"",
    ]  # fmt: skip
    assert differ(parts(), parts(body=b"null", headers=json_type), ignoring) == [
        "body: 'none' 'json None'"
    ]
    charset = (("Content-Type", "application/json; charset=utf-8"), ("content-type", "text/plain"))
    assert (
        differ(
            parts(body=b"[1]", headers=charset),
            parts(body=b"[ 1]", headers=(*json_type, ("Content-Type", "text/plain"))),
        )
        == []
    )
    bodies = MatchingRules(ignore=("body",))
    assert (
        differ(
            parts(body=b"a=1", headers=json_type),
            parts(body=b'{"a":"1"}', headers=json_type),
            bodies,
        )
        == []
    )


def test_a_path_is_compared_by_its_parameters() -> None:
    rules = MatchingRules(
        templates={"crm.get": "/o/{id}/{row}", "crm.plain": "/a", "crm.closed": "/c/{id}/"},
        scoped=(("crm.get", ("path.row",)),),
    )
    free = MatchingRules(templates=rules.templates)

    assert differ(parts(path="/o/1/2"), parts(path="/o/3/4"), free) == [
        "path.id: '1' '3'",
        "path.row: '2' '4'",
    ]
    assert differ(parts(path="/o/1/2"), parts(path="/o/3/4"), rules) == ["path.id: '1' '3'"]
    assert differ(parts(path="/o/1/2"), parts(path="/o/1/%34"), rules) == []
    assert differ(parts(path="/o/%31/2"), parts(path="/o/1/2"), free) == []
    assert differ(parts(path="/o/1/2/"), parts(path="/o/1/2"), free) == [
        "path: '/o/1/2/' {'id': '1', 'row': '2'}"
    ]
    assert differ(parts(path="/x"), parts(path="/o/1/2"), free) == [
        "path: '/x' {'id': '1', 'row': '2'}"
    ]
    assert differ(parts(api="plain", path="/a"), parts(api="plain", path="/b"), free) == [
        "path: '/a' '/b'"
    ]
    whole = MatchingRules(templates=rules.templates, ignore=("path",))
    assert differ(parts(path="/o/1/2"), parts(path="/o/3/4"), whole) == []


def test_rules_apply_to_their_platform_and_api_under_all_names() -> None:
    scoped = (
        ("crm", ("query.a",)),
        ("crm.get", ("query.b", "query.b")),
        ("erp", ("query.c",)),
        ("crmx", ("query.d",)),
    )
    rules = MatchingRules(ignore=("header.x",), scoped=scoped, former=FORMER)

    def ignored(platform: str, api: str) -> str:
        return " ".join(map(str, rules.get_ignored_paths(platform, api)))

    assert [ignored(*names) for names in (("crm", "get"), ("crm", "x"), ("old", "load"), ("erp",
    "get"), ("no", ""))] == [
        "header.x query.a query.b query.b", "header.x query.a", "header.x query.a query.b query.b",
        "header.x query.c", "header.x",
    ]  # fmt: skip
    digest = rules.compute_digest
    assert digest("crm") == MatchingRules(ignore=("header.x",), scoped=scoped[:2]).compute_digest(
        "crm"
    )
    assert digest("old") == MatchingRules(
        ignore=("header.x",), scoped=(("old", ("query.a",)), ("old.get", ("query.b",)))
    ).compute_digest("old")
    assert digest("crm") != MatchingRules(ignore=("header.x",), scoped=scoped[:1]).compute_digest(
        "crm"
    )
    order = MatchingRules(ignore=("b", "a", "a"), scoped=(("crm", ("y", "x")), ("crm.e", ())))
    assert order.compute_digest("crm") == MatchingRules(
        ignore=("a", "b"), scoped=(("crm", ("x", "y")),)
    ).compute_digest("crm")
    assert rules.is_valid_digest("crm", digest("crm"))
    assert not rules.is_valid_digest("crm", digest("erp"))
    one = MatchingRules(scoped=(("crm", ("a",)),), volatile=(("erp.get", ("b",)), ("crm", ())))
    old = one._digest_of_format_1
    assert [one.is_valid_digest(platform, old) for platform in ("crm", "erp", "other")] == [
        False,
        False,
        True,
    ]
    both = MatchingRules(scoped=(("crm", ("a",)),), volatile=(("crm", ("b",)),))
    assert (
        both._digest_of_format_1 == MatchingRules(scoped=(("crm", ("a", "b")),))._digest_of_format_1
    )
    check_former_names(rules)


def check_former_names(rules: MatchingRules) -> None:
    recorded = parts(platform="old", api="load", path=f"/{STANDIN_PREFIX}old.t.k.1", query=(("a",
    f"{STANDIN_PREFIX}old.t.k.1"), ("z", "1")),
        headers=(("X-K", f"{STANDIN_PREFIX}old.t.k.1"),),
        body=json.dumps({"k": f"{STANDIN_PREFIX}old.t.k.1"}).encode())  # fmt: skip
    stand_in = f"{STANDIN_PREFIX}crm.t.k.1"
    sent = parts(
        path=f"/{stand_in}",
        query=(("a", "9"), ("z", "1")),
        headers=(("X-K", stand_in),),
        body=json.dumps({"k": stand_in}).encode(),
    )
    assert find_differences(recorded, sent, rules) == ()
    former = list(rules.rename_to_each_former_name(sent))
    assert [one.name for one in former] == [
        "crm.fetch", "crm.load", "old.get", "old.fetch", "old.load", "older.get", "older.fetch",
        "older.load",
    ]  # fmt: skip
    assert former[4] == replace(recorded, query={"a": "9", "z": "1"})
    assert list(MatchingRules().rename_to_each_former_name(sent)) == []
    named = MatchingRules(templates={"crm.get": "/o/{id}", "crm.flat": "/o"}, former=FORMER)
    assert named.get_template_with_parameters(recorded) is not None
    assert named.get_template_with_parameters(parts(api="flat")) is None
