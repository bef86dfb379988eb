"""Values found in an answer by path, and the rules that judge it by them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from msgspec import UNSET

from bpmax_sim.errors import ConfigError
from bpmax_sim.messages import Response
from bpmax_sim.platform.model import Condition, ErrorClass, OkRule, ResponseRules
from bpmax_sim.proxy.response import (
    CompiledRules,
    as_text,
    compile_finder,
    read_body,
    satisfies_rule,
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
    assert as_text(value) == text


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
    assert rules.failure_class(response, read_body(response)) == found


def test_a_rule_alone_judges_too() -> None:
    rule = OkRule(all=(Condition(path="$.IsSuccess", any_of=(True, "yes")),))

    verdicts = [
        satisfies_rule(rule, response, read_body(response))
        for response in (ok({"IsSuccess": "true"}), ok({"IsSuccess": False}), answer(500, {}))
    ]

    assert verdicts == [True, False, False]
