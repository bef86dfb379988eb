"""Values found in an answer by path, and the rules that judge it by them."""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec
import pytest
from msgspec import UNSET

from bpmax_sim.errors import ConfigError
from bpmax_sim.messages import Response
from bpmax_sim.platform.model import Condition, ErrorClass, OkRule, ResponseRules
from bpmax_sim.proxy.response import (
    CompiledRules,
    compile_finder,
    read_body,
    redact_headers,
    satisfies_rule,
    to_comparable_text,
)
from tests.proxy.world import answer, ok

SALESFORCE = [{"errorCode": "INVALID_SESSION_ID", "message": "Session expired"}]
VALUE = {
    "errcode": 88,
    "a-b": {"$": 1, "中文": [10, 20]},
    "nested": {"list": [{"code": "x"}, {"code": "y"}]},
    "null": None,
}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("$.errcode", 88),
        ("errcode", 88),
        ("$['a-b'].中文[1]", 20),
        ("$.a-b.中文[0]", 10),
        ("$.nested.list[1].code", "y"),
        ("$.nested.list[*].code", "x"),
        ("$..code", "x"),
        ("$.nested.list[?@.code=='y'].code", "y"),
        ("$.null", None),
        ("$.errcode.deeper", UNSET),
        ("$.nested.list[9]", UNSET),
        ("$.nested[0]", UNSET),
        ("$.nope", UNSET),
        ("$..nope", UNSET),
        ("header:X-Ca-Error-Code", "A1"),
        ("header:x-none", UNSET),
        ("cookie:SID", "v=1"),
        ("cookie:none", UNSET),
        ("cookies", "SID=v=1; lang=zh"),
    ],
)
def test_a_path_reads_body_header_or_cookie(path: str, found: Any) -> None:
    response = answer(200, VALUE)
    extra = (
        ("x-ca-error-code", "A1"),
        ("Set-Cookie", "SID=v=1; Path=/"),
        ("set-cookie", "lang=zh"),
    )
    response = Response(status=200, headers=(*response.headers, *extra), body=response.body)

    value = compile_finder(path)(response, read_body(response))

    assert value is found if found is UNSET else value == found


def test_the_whole_body_is_a_dollar() -> None:
    assert compile_finder("$")(ok([1]), read_body(ok([1]))) == [1]
    assert compile_finder("$")(Response(status=200), read_body(Response(status=200))) is UNSET


def test_cookies_without_any_are_absent() -> None:
    assert compile_finder("cookies")(ok(), read_body(ok())) is UNSET


def test_an_array_at_the_top_is_read() -> None:
    response = answer(401, SALESFORCE)

    assert compile_finder("$[0].errorCode")(response, read_body(response)) == "INVALID_SESSION_ID"


@pytest.mark.parametrize("path", ["$..[", "$[?@.id=~/a{99999999999}/]", "$[?@.id=~/[a&&b]/]"])
def test_a_path_that_is_none_is_named(path: str) -> None:
    told = rf"'{re.escape(path)}' is not a JSON path such as \$.data.code"
    with pytest.raises(ConfigError, match=told):
        compile_finder(path)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        ("00000", "00000"),
        (True, "true"),
        (None, "null"),
        (1.0, "1"),
        ([1], "[1]"),
        (2**64, "18446744073709551616"),
    ],
)
def test_codes_are_compared_as_texts(value: Any, text: str) -> None:
    assert to_comparable_text(value) == text


RULES = ResponseRules(
    ok=OkRule(
        status=(200,),
        all=(
            Condition(path="$.errcode", any_of=("0", 0)),
            Condition(path="$.Response.Error", absent=True),
        ),
    ),
    code=("$.sub_code", "$.errcode"),
    message=("$.errmsg",),
    classes={
        "token": ErrorClass(code=(40014,), status=(401,)),
        "rate": ErrorClass(code=("45009",)),
    },
)


@pytest.mark.parametrize(
    ("response", "good", "found"),
    [
        (ok({"errcode": 0}), True, None),
        (ok({"errcode": "0"}), True, None),
        (answer(201, {"errcode": 0}), False, None),
        (ok({"errcode": 0, "Response": {"Error": {}}}), False, None),
        (ok({}), False, None),
        (ok({"errcode": 88, "sub_code": "40014"}), False, "token"),
        (ok({"errcode": 40014, "sub_code": None}), False, "token"),
        (answer(401, b"<html>", {"Content-Type": "text/html"}), False, "token"),
        (ok({"errcode": 45009}), False, "rate"),
        (answer(200, b'{"errcode":45009}', {"Content-Type": "text/html"}), False, "rate"),
        (answer(503, {}), False, "transient"),
    ],
)
def test_rules_judge_status_and_body(response: Response, good: bool, found: str | None) -> None:
    rules = CompiledRules(RULES, {"transient": (503,), "token": (403,)})

    assert satisfies_rule(rules.ok, response, read_body(response)) is good
    assert rules.find_failure_class(response, read_body(response)) == found


def test_a_rule_alone_judges_too() -> None:
    rule = OkRule(all=(Condition(path="$.IsSuccess", any_of=(True, "yes")),))

    verdicts = [
        satisfies_rule(rule, response, read_body(response))
        for response in (ok({"IsSuccess": "true"}), ok({"IsSuccess": False}), answer(500, {}))
    ]

    assert verdicts == [True, False, False]


JSON_TEXT = b'{"a": 1}'


@pytest.mark.parametrize(
    ("media", "raw", "kind", "guessed"),
    [
        ("application/json", JSON_TEXT, "json", None),
        ("text/json", JSON_TEXT, "json", None),
        ("application/problem+json; charset=utf-8", JSON_TEXT, "json", None),
        ("application/jsonx", JSON_TEXT, "bytes", {"a": 1}),
        ("", JSON_TEXT, "json", None),
        ("", b"\xef\xbb\xbf \t\r\n[1]", "json", None),
        ("", b"7", "text", None),
        ("", b"{", "text", None),
        ("text/html", JSON_TEXT, "text", {"a": 1}),
        ("text/html", b" [1, 2]", "text", [1, 2]),
        ("text/html", b"x{}", "text", None),
        ("text/html", b"{'a'}", "text", None),
        ("text", b"x", "bytes", None),
        *[
            (f"application/{name}", b"<a/>", "text", None)
            for name in ("xml", "javascript", "x-javascript", "x-ndjson", "yaml", "soap+xml")
        ],
        ("application/x-www-form-urlencoded", b"a=1", "text", None),
        ("image/svg+xml", b"<svg/>", "text", None),
        ("application/pdf", b"%PDF", "bytes", None),
        ("application/octet-stream", JSON_TEXT, "bytes", {"a": 1}),
        ("application/octet-stream", b"{\xff}", "bytes", None),
        ("application/json", b"{", "broken", None),
        ("application/json", b"NaN", "broken", None),
        ("application/json", b'{"a": "\xff"}', "broken", None),
    ],
)
def test_a_body_is_what_its_type_says_else_what_it_looks_like(
    media: str, raw: bytes, kind: str, guessed: Any
) -> None:
    body = read_body(answer(200, raw, {"Content-Type": media}))

    assert (body.kind, body.guessed) == (kind, guessed)
    assert body.rule_value == (json.loads(raw.decode("utf-8-sig")) if kind == "json" else guessed)
    shown = f"{len(raw)} bytes" if kind == "bytes" else body.text
    assert body.display_value == (body.value if kind == "json" else shown)
    assert (body.value == raw) == (kind == "bytes")


@pytest.mark.parametrize(("status", "kind"), [(203, "json"), (204, "null"), (205, "null"),
                                              (206, "json"), (303, "json"), (304, "null"),
                                              (305, "json")])  # fmt: skip
def test_a_status_without_content_has_none(status: int, kind: str) -> None:
    assert read_body(answer(status, JSON_TEXT)).kind == kind
    assert read_body(answer(status, b"")).kind == "null"


@pytest.mark.parametrize(
    ("declared", "own", "header", "text"),
    [
        ("gbk", "", "", "\u738b"),
        ("", "gbk", "", "\u738b"),
        ("gbk", "big5", "", "\u738b"),
        ("", "", "; charset=gbk", "\u738b"),
        ("", "", "; Charset=GBK", "\u738b"),
        ("", "", ';CHARSET="gb2312"', "\u738b"),
        ("", "", "", "\ufffd\ufffd"),
    ],
)
def test_the_charset_of_an_api_comes_before_what_the_response_says(
    declared: str, own: str, header: str, text: str
) -> None:
    made = answer(200, "\u738b".encode("gbk"), {"Content-Type": f"text/plain{header}"})
    body = read_body(msgspec.structs.replace(made, charset=own), declared)

    assert body.text == text
    assert bool(body.problem) == ("\ufffd" in text)


@pytest.mark.parametrize(
    ("status", "location", "is_login"),
    [
        (302, "/login", True),
        (302, "/login/", True),
        (302, "/login?error=1#x", True),
        (302, "https://other.test/login", True),
        (302, "/sso/login", False),
        (302, "/loginx", False),
        (302, "login", True),
        (302, "login?error=1", True),
        (302, "ogin", False),
        (302, "a/login", False),
        (302, "/signin.php", True),
        (302, "signin.php", True),
        (302, "", False),
        (302, "/", False),
        (302, None, False),
        (302, "https://[other.test/login", False),
        (299, "/login", False),
        (300, "/login", True),
        (399, "/login", True),
        (400, "/login", False),
    ],
)
def test_a_redirect_to_the_login_says_that_a_session_is_none(
    status: int, location: str | None, is_login: bool
) -> None:
    declared = ErrorClass(location=("/login", "/signin.php/"))
    compiled = CompiledRules(
        ResponseRules(classes={"rate": ErrorClass(code=(7,)), "token": declared}), {}
    )
    response = answer(status, {}, {} if location is None else {"Location": location})

    assert compiled.is_redirected_to_login(response) is is_login
    assert compiled.find_failure_class(response, read_body(response)) == (
        "token" if is_login else None
    )


def test_of_classes_the_first_that_fits_wins() -> None:
    classes = {
        "skew": ErrorClass(code=("a",)),
        "rate": ErrorClass(status=(500,), code=("b", "a")),
        "token": ErrorClass(code=("c", 40014)),
    }
    compiled = CompiledRules(ResponseRules(code=("$.sub", "$.code"), classes=classes), {})
    for status, body, name in (
        (500, {"code": "a"}, "skew"),
        (500, {"code": "c"}, "rate"),
        (200, {"code": "b"}, "rate"),
        (200, {"code": "40014"}, "token"),
        (200, {"code": 40014}, "token"),
        (200, {"sub": None, "code": "c"}, "token"),
        (200, {"sub": "x", "code": "c"}, None),
        (200, {"sub": "", "code": "c"}, None),
        (200, {}, None),
    ):
        response = answer(status, body)
        assert compiled.find_failure_class(response, read_body(response)) == name, body


@pytest.mark.parametrize(
    ("condition", "body", "holds", "lenient"),
    [
        (Condition(path="$.a", any_of=(0, "ok")), {"a": 0}, True, True),
        (Condition(path="$.a", any_of=(0, "ok")), {"a": "0"}, True, True),
        (Condition(path="$.a", any_of=(0, "ok")), {"a": "ok"}, True, True),
        (Condition(path="$.a", any_of=(0, "ok")), {"a": 1}, False, False),
        (Condition(path="$.a", any_of=(0, "ok")), {"a": None}, False, False),
        (Condition(path="$.a", any_of=(0, "ok")), {}, False, True),
        (Condition(path="$.a", absent=True), {}, True, True),
        (Condition(path="$.a", absent=True), {"a": 0}, False, False),
        (Condition(path="$.a", absent=True), {"a": None}, False, False),
    ],
)
def test_a_condition_holds_where_its_value_is_one_of_several(
    condition: Condition, body: Any, holds: bool, lenient: bool
) -> None:
    response = answer(200, body)
    for more in ((), (Condition(path="$", any_of=()),)):
        rule = OkRule(all=(condition, *more)) if not more else OkRule(all=(*more, condition))
        expected = holds and not more, lenient and not more
        parsed = read_body(response)
        assert (
            satisfies_rule(rule, response, parsed),
            satisfies_rule(rule, response, parsed, absent_ok=True),
        ) == expected


@pytest.mark.parametrize(
    ("rule", "good"),
    [
        (OkRule(), {200, 299}),
        (OkRule(status=(200,)), {200}),
        (OkRule(status=(302, 404)), {302, 404}),
    ],
)
def test_a_success_is_2xx_or_what_is_declared(rule: OkRule, good: set[int]) -> None:
    for status in (199, 200, 299, 300, 302, 404):
        response = answer(status, {})
        assert satisfies_rule(rule, response, read_body(response)) == (status in good)


def test_headers_of_one_name_are_joined_and_cookies_hidden() -> None:
    pairs = (
        ("A", "1"),
        ("b", "2"),
        ("a", "3"),
        ("Set-Cookie", "x"),
        ("A", ""),
        ("set-cookie", "y"),
    )

    assert redact_headers(pairs, lambda text: f"<{text}>") == {
        "a": "<1>, <3>, <>",
        "b": "<2>",
        "set-cookie": "redacted, redacted",
    }
