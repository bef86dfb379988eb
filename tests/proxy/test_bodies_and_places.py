"""How a response is read: its body by its type, a value by its path, and what rules say of it."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from msgspec import UNSET

from bpmax_sim.errors import ConfigError
from bpmax_sim.messages import Request, Response
from bpmax_sim.platform.model import Condition, ErrorClass, OkRule, ResponseRules
from bpmax_sim.proxy.response import (
    BadJsonError,
    CompiledRules,
    compile_finder,
    find_first_non_null_value,
    find_unmet_condition,
    is_json,
    parse_json,
    read_body,
    redact_headers,
    redact_request,
    redact_response,
    satisfies_rule,
    to_comparable_text,
)

GBK = "合同".encode("gb18030")


def response(
    body: bytes | str = b"", media: str | None = "application/json", status: int = 200,
    headers: tuple[tuple[str, str], ...] = (), charset: str = "",
) -> Response:  # fmt: skip
    raw = body.encode() if isinstance(body, str) else body
    typed = () if media is None else (("Content-Type", media),)
    return Response(status=status, headers=(*typed, *headers), body=raw, charset=charset)


def read(body: bytes | str, media: str | None, status: int = 200, charset: str = "") -> Any:
    """Return kind, value, text, problem and guess of a body."""
    found = read_body(response(body, media, status), charset)
    return found.kind, found.value, found.text, found.problem, found.guessed


def test_a_media_type_is_json_by_its_name_or_its_end() -> None:
    names = {
        "application/json": True,
        "text/json": True,
        "application/problem+json": True,
        "application/vnd.api+json": True,
        "application/jsonp": False,
        "application/json-seq": False,
        "application/javascript": False,
        "text/x-json": False,
        "": False,
    }

    assert {name: is_json(name) for name in names} == names


def test_a_body_is_json_text_bytes_or_nothing_by_its_type() -> None:
    null = ("null", None, "", "", None)
    document = '{"a": 1}'
    assert read(b"", "application/json") == null
    for status in 204, 205, 304:
        assert read(document, "application/json", status) == null
    assert read(document, "application/json", 206) == ("json", {"a": 1}, document, "", None)
    assert read(document, "Application/JSON; charset=utf-8") == (
        "json", {"a": 1}, document, "", None,
    )  # fmt: skip
    assert read("null", "text/json") == ("json", None, "null", "", None)
    assert read('"合同"'.encode("gb18030"), "application/json; charset=gbk") == (
        "json", "合同", '"合同"', "", None,
    )  # fmt: skip
    assert read('"合同"'.encode("gb18030"), "application/json", charset="gb18030") == (
        "json", "合同", '"合同"', "", None,
    )  # fmt: skip
    assert read(b'"\xc3\xa9"', "application/json; charset=iso-8859-1")[1] == "Ã©"
    kind, value, _, problem, guess = read(b'{"a": "' + GBK + b'"}', "application/json")
    assert (kind, value, problem, guess) == ("broken", None, "byte 8 is not utf-8", None)
    kind, value, text, problem, guess = read('{"a": }', "application/json")
    assert (kind, value, text, guess) == ("broken", None, '{"a": }', None)
    assert problem == "Expecting value at character 7"


def test_what_is_no_json_by_its_type_is_text_or_bytes_and_perhaps_a_guess() -> None:
    document = '{"a": 1}'
    for media in (
        "text/html", "text/plain; charset=utf-8", "application/xml", "application/javascript",
        "application/x-javascript", "application/x-www-form-urlencoded", "application/x-ndjson",
        "application/yaml", "application/soap+xml", "image/svg+xml",
    ):  # fmt: skip
        assert read("正文", media) == ("text", "正文", "正文", "", None)
        assert read(document, media) == ("text", document, document, "", {"a": 1})
    assert read("正文", None) == ("text", "正文", "正文", "", None)
    assert read(document, None) == ("json", {"a": 1}, document, "", None)
    assert read(" \t\r\n[1]", None) == ("json", [1], " \t\r\n[1]", "", None)
    assert read("[1", None) == ("text", "[1", "[1", "", None)
    assert read('"a"', None) == ("text", '"a"', '"a"', "", None)
    assert read(document, "application/pdf") == (
        "bytes", document.encode(), "", "", {"a": 1},
    )  # fmt: skip
    assert read("\ufeff[2]", "application/pdf")[::4] == ("bytes", [2])
    assert read("[2", "application/pdf") == ("bytes", b"[2", "", "", None)
    assert read("2", "application/pdf") == ("bytes", b"2", "", "", None)
    kind, _, text, problem, guess = read(b'["' + GBK + b'"]', "text/plain")
    assert (kind, problem, guess) == ("text", "byte 3 is not utf-8", None)
    assert "\ufffd" in text
    assert read(GBK, "text/plain", charset="gb18030") == ("text", "合同", "合同", "", None)


def test_the_charset_of_the_api_wins_over_that_of_the_response() -> None:
    body = '"合同"'.encode("gb18030")
    assert read_body(response(body, charset="gb18030")).value == "合同"
    assert read_body(response(body, charset="utf-8"), "gb18030").value == "合同"


def test_rules_and_records_see_the_body_each_in_their_way() -> None:
    shown = {
        ('{"a": 1}', "application/json"): ({"a": 1}, {"a": 1}),
        ('{"a": 1}', "text/plain"): ({"a": 1}, '{"a": 1}'),
        ('{"a": 1}', "application/pdf"): ({"a": 1}, "8 bytes"),
        ("{", "application/json"): (None, "{"),
        ("", "application/json"): (None, None),
        ("正文", "text/plain"): (None, "正文"),
    }

    found = {}
    for body, media in shown:
        one = read_body(response(body, media))
        found[body, media] = (one.rule_value, one.display_value)

    assert found == shown


def problem_of(action: Callable[[], Any]) -> str:
    with pytest.raises((BadJsonError, ConfigError)) as caught:
        action()
    return str(caught.value)


def test_json_is_read_as_javascript_reads_it() -> None:
    long = "123456789012345678901234567890"
    assert parse_json(f'{{"n": {long}, "n": {long}1}}') == {"n": int(f"{long}1")}
    assert parse_json('["\\ud800"]') == ["\ud800"]
    assert parse_json("[1.0, -0, 1e2]") == [1.0, 0, 100.0]
    assert parse_json("{}", b"[7]") == [7]
    problems = {
        "NaN": "NaN is not JSON",
        "[-Infinity]": "-Infinity is not JSON",
        "[1,]": None,
        "{'a': 1}": None,
        "[" * 100_000: "nested too deeply",
        "": "Expecting value at character 1",
    }
    for text, told in problems.items():
        found = problem_of(lambda text=text: parse_json(text))  # type: ignore[misc]
        assert told in {None, found}
        assert found


DOCUMENT = """{"code": 40014, "msg": null, "data": {"id": "KH-1", "list": [{"n": 1}, {"n": 2}]},
 "ok": false, "zero": 0, "empty": ""}"""
PAGE = '<form><input name="csrf" value="t-1"><p class="err">密码 错误</p></form>'
HEADERS = (
    ("X-Code", "7"), ("x-code", "8"), ("Set-Cookie", "sid=a1; Path=/"), ("Set-Cookie", "uid=b2"),
)  # fmt: skip


def find(path: str, body: str = DOCUMENT, media: str = "application/json") -> Any:
    answer = response(body, media, headers=HEADERS)
    return compile_finder(path)(answer, read_body(answer))


def test_a_path_finds_its_value_or_nothing() -> None:
    places: dict[str, Any] = {
        "$.code": 40014,
        "code": 40014,
        "data.id": "KH-1",
        "$['code']": 40014,
        "$.msg": None,
        "$.data.id": "KH-1",
        "$.data.list[1].n": 2,
        "$.data.list[2].n": UNSET,
        "$.data.list[-1].n": 2,
        "$..n": 1,
        "$.data.list[?@.n > 1].n": 2,
        "$.none": UNSET,
        "$.zero": 0,
        "$.empty": "",
        "$.ok": False,
        "$": json.loads(DOCUMENT),
        "header:X-Code": "7, 8",
        "header:x-none": UNSET,
        "cookie:sid": "a1",
        "cookie:uid": "b2",
        "cookie:none": UNSET,
        "cookies": "sid=a1; uid=b2",
    }

    assert {path: find(path) for path in places} == places
    assert find("cookies", DOCUMENT) == "sid=a1; uid=b2"
    bare = response(DOCUMENT)
    assert compile_finder("cookies")(bare, read_body(bare)) is UNSET


def test_a_path_into_text_finds_elements_and_patterns() -> None:
    page = "text/html"
    assert find("$.code", DOCUMENT, page) == 40014
    assert find("$..n", DOCUMENT, page) == 1
    assert find("css:input[name=csrf]@value", PAGE, page) == "t-1"
    assert find("css:p.none", PAGE, page) is UNSET
    assert find('regex:name="(\\w+)"', PAGE, page) == "csrf"
    assert find("regex:t-\\d", PAGE, page) == "t-1"
    assert find("regex:none", PAGE, page) is UNSET
    for path in "$.a", "$..a", "$.a[?@.b > 1]":
        assert find(path, PAGE, page) is UNSET
        assert find(path, '"text"') is UNSET
        assert find(path, "5") is UNSET
    assert problem_of(lambda: compile_finder("$.a[")).startswith(
        "'$.a[' is not a JSON path such as $.data.code: "
    )
    for wrong in "$.a[?@.b == 1e9999]", "$.a[?", "code[", "$.a b":
        with pytest.raises(ConfigError) as caught:
            compile_finder(wrong)
        assert str(caught.value).startswith(f"{wrong!r} is not ")


def test_the_first_value_that_is_not_null_is_found() -> None:
    answer = response(DOCUMENT)
    body = read_body(answer)

    def first(*paths: str) -> Any:
        return find_first_non_null_value(map(compile_finder, paths), answer, body)

    assert first("$.none", "$.msg", "$.code", "$.zero") == 40014
    assert first("$.msg", "$.zero", "$.code") == 0
    assert first("$.empty", "$.code") == ""
    assert first("$.ok", "$.code") is False
    assert first("$.none", "$.msg") is UNSET
    assert first() is UNSET


def test_codes_are_compared_as_text() -> None:
    texts: list[tuple[Any, str]] = [
        ("40014", "40014"), (40014, "40014"), (1.0, "1"), (1.5, "1.5"), (True, "true"),
        (False, "false"), (None, "null"), (10**20, "100000000000000000000"), ("", ""),
        (1e21, "1e+21"),
    ]  # fmt: skip

    assert [(value, to_comparable_text(value)) for value, _ in texts] == texts


def compiled(fallback: dict[str, tuple[int, ...]] | None = None, **classes: Any) -> CompiledRules:
    rules = ResponseRules(
        code=("$.none", "$.code"),
        message=("$.msg", "header:x-msg"),
        classes={name: msgspec.convert(one, ErrorClass) for name, one in classes.items()},
    )
    return CompiledRules(rules, fallback or {})


FAILURES = compiled(
    {"token": (401,), "rate": (429,), "transient": (502, 503)},
    rate={"code": [40014, 40015, "busy"]},
    token={"status": [401, 403], "code": ["50014"], "location": ["/login", "/sso/login/"]},
    odd={"code": [True]},
)


def known(body: str, status: int = 200, location: str | None = None) -> str | None:
    headers = () if location is None else (("Location", location),)
    answer = response(body, status=status, headers=headers)
    return FAILURES.find_failure_class(answer, read_body(answer))


def test_a_failure_is_of_the_first_class_that_fits() -> None:
    assert known('{"code": 40014}') == "rate"
    assert known('{"code": "40015"}') == "rate"
    assert known('{"code": "busy"}') == "rate"
    assert known('{"code": 50014}') == "token"
    assert known('{"code": true}') == "odd"
    assert known('{"code": "true"}') == "odd"
    assert known('{"code": 1}') is None
    assert known('{"code": null}') is None
    assert known("{}", 401) == known("{}", 403) == "token"
    assert known("{}", 503) == "transient"
    assert known("{}", 504) is None
    assert known("{}", 429) is None
    assert known('{"code": 40014}', 403) == "token"
    assert known('{"code": 50014}', 502) == "token"


def test_a_redirect_leads_to_the_login_by_its_path() -> None:
    rules = FAILURES
    assert known("{}", 302, "https://other.example.test/login?x=1#y") == "token"
    assert known("{}", 302, "/login/") == "token"
    assert known("{}", 302, "login") == "token"
    assert known("{}", 302, "/sso/login") == "token"
    assert known("{}", 302, "sso/login?e=1") == "token"
    assert known("{}", 302, "o/login") is None
    assert known("{}", 302, "/LOGIN") is None
    assert known("{}", 302, "/a/login") is None
    assert known("{}", 302, "http://[bad/login") is None
    assert known("{}", 302, "") is None
    assert known("{}", 302) is None
    assert known("{}", 300, "/login") == known("{}", 399, "/login") == "token"
    assert known("{}", 299, "/login") is None
    assert known("{}", 400, "/login") is None
    assert rules.is_redirected_to_login(response("", status=302, headers=(("location", "/login"),)))
    assert not rules.is_redirected_to_login(response("", status=401))
    third = compiled(a={"status": [1]}, b={"code": [1]}, c={"location": ["/", "/l"]})
    for where, is_login in ("/", True), ("https://a.test", True), ("/l", True), ("/m", False):
        moved = response("", status=302, headers=(("location", where),))
        assert third.is_redirected_to_login(moved) is is_login
    assert not compiled().is_redirected_to_login(
        response("", status=302, headers=(("location", "/login"),))
    )


def test_code_and_message_are_where_the_rules_say() -> None:
    rules = compiled()
    answer = response(DOCUMENT, headers=(("X-Msg", "已限流"),))
    body = read_body(answer)

    assert rules.find_business_code(answer, body) == 40014
    assert rules.find_message(answer, body) == "已限流"
    bare = response('{"code": null}')
    assert rules.find_business_code(bare, read_body(bare)) is UNSET
    assert rules.find_message(bare, read_body(bare)) is UNSET
    with pytest.raises(ConfigError):
        CompiledRules(ResponseRules(ok=OkRule(all=(Condition(path="$["),))), {})


def test_a_rule_holds_by_status_and_by_every_condition() -> None:
    code = Condition(path="$.code", any_of=(0, "0", 200))
    no_error = Condition(path="$.error", absent=True)
    third = Condition(path="$.ok", any_of=(True,))
    rule = OkRule(all=(code, no_error, third))
    cases: dict[str, tuple[int, Any] | None] = {
        '{"code": 0, "ok": true}': None,
        '{"code": "200", "ok": "true"}': None,
        '{"code": 0.0, "ok": true}': None,
        '{"code": 1, "ok": true}': (0, 1),
        '{"code": null, "ok": true}': (0, None),
        '{"ok": true}': (0, UNSET),
        '{"code": 0, "error": null, "ok": true}': (1, None),
        '{"code": 0, "error": "x", "ok": true}': (1, "x"),
        '{"code": 0}': (2, UNSET),
        '{"code": 0, "ok": false}': (2, False),
    }
    found = {}
    lax = {}
    for body, unmet in cases.items():
        answer = response(body)
        found[body] = find_unmet_condition(rule, answer, read_body(answer))
        lax[body] = find_unmet_condition(rule, answer, read_body(answer), absent_ok=True)
        assert satisfies_rule(rule, answer, read_body(answer)) is (unmet is None)

    assert found == cases
    assert lax == {
        body: None if unmet is not None and unmet[1] is UNSET else unmet
        for body, unmet in cases.items()
    }
    fine = read_body(response('{"code": 0, "ok": true}'))
    for rule_status, status, holds in (
        ((), 200, True), ((), 299, True), ((), 199, False), ((), 300, False),
        ((200, 409), 409, True), ((200, 409), 201, False),
    ):  # fmt: skip
        strict = OkRule(status=rule_status, all=rule.all)
        assert satisfies_rule(strict, response(status=status), fine) is holds
    bad = read_body(response('{"code": 1}'))
    assert not satisfies_rule(OkRule(status=(200,), all=rule.all), response(), bad)


def redact(text: str) -> str:
    return text.replace("13800000000", "[电话]")


def test_a_shown_exchange_hides_secrets_and_cookies() -> None:
    standin = Request(
        method="POST", url="https://crm.example.test/a?phone=13800000000",
        headers=(("X-A", "1"), ("x-a", "13800000000"), ("Cookie", "sid=13800000000"),
                 ("Content-Type", "text/plain; charset=gbk")),
        body="电话13800000000".encode("gbk"),
    )  # fmt: skip
    sent = Request(method="GET", url="https://crm.example.test/other", standin=standin)
    shown = redact_request(sent, redact)

    assert shown.method == "POST"
    assert shown.url == "https://crm.example.test/a?phone=[电话]"
    assert shown.headers == {
        "x-a": "1, [电话]", "cookie": "sid=[电话]", "content-type": "text/plain; charset=gbk",
    }  # fmt: skip
    assert shown.body == "电话[电话]"
    assert redact_request(msgspec.structs.replace(standin, body=b""), redact).body == ""
    assert redact_request(sent.__class__(method="GET", url="/"), redact).body is None

    answer = response(
        '{"phone": "13800000000", "list": ["13800000000", 3]}', status=201,
        headers=(("SET-Cookie", "sid=1"), ("Set-Cookie", "uid=2"), ("X-B", "13800000000")),
    )  # fmt: skip
    told = redact_response(answer, redact)
    assert told.status == 201
    assert told.body == {"phone": "[电话]", "list": ["[电话]", 3]}
    assert told.headers == {
        "content-type": "application/json", "set-cookie": "redacted, redacted", "x-b": "[电话]",
    }  # fmt: skip
    assert redact_headers((), redact) == {}
    assert redact_response(response(gzip.compress(b"1"), "application/gzip"), redact).body == (
        "21 bytes"
    )
