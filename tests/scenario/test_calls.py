from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlencode

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bpmax_sim.errors import HttpStatusError, TransportError
from bpmax_sim.field_path import FieldPath
from bpmax_sim.messages import Call, Request, Response
from bpmax_sim.path_template import compile_path_template
from bpmax_sim.platform.model import Api
from bpmax_sim.proxy.response import CallRecord, Sending
from bpmax_sim.scenario.calls import (
    CallMade,
    compare_calls,
    compare_part,
    make_call_event,
    matches_request,
    numbers_to_url_texts,
)
from bpmax_sim.scenario.expect import select_failing_checks
from tests.examples import drawn

GET = "crm_system.get_customer_detail"
ORDER = "crm_system.create_order"
TOKEN = "crm_system.$token"


def made(call: str = GET, **parts: Any) -> CallMade:
    return CallMade(number=1, call=call, status=parts.pop("status", 200), **parts)


def wrong(expected: list[dict[str, Any]], *calls: CallMade) -> list[str]:
    return [str(check) for check in select_failing_checks(compare_calls(expected, calls))]


@pytest.mark.parametrize(
    ("expected", "calls"),
    [
        ([], []),
        ([], [made(TOKEN)]),
        ([{"call": GET}], [made()]),
        ([{"call": GET}], [made(TOKEN), made()]),
        ([{"call": TOKEN}, {"call": GET}], [made(TOKEN), made()]),
        ([{"call": GET, "path": {"id": 12345}}], [made(path={"id": "12345"})]),
        ([{"call": GET, "path": "/customers/张"}], [made(url="https://x/customers/%E5%BC%A0?a=1")]),
        *[
            ([{"call": GET, "path": end}], [made(url=f"https://x/v1/a%2Fb{more}")])
            for end in ("/v1/a/b", "b", "")
            for more in ("", "?to=/c")
        ],
        (
            [{"call": GET, "query": {"page": 1, "all": True}}],
            [made(query={"page": "1", "all": "true"})],
        ),
        ([{"call": GET, "query": {"ids": [1, 2]}}], [made(query={"ids": ["1", "2"]})]),
        ([{"call": GET, "query": {"n": {"$matches": "^1"}}}], [made(query={"n": "12"})]),
        ([{"call": GET, "query": {"页": {"$in": [1, 2]}}}], [made(query={"页": "2"})]),
        ([{"call": GET, "query": {"页": {"$not": {"$in": [1, 2]}}}}], [made(query={"页": "3"})]),
        ([{"call": GET, "header": {"X-Request-ID": "r"}}], [made(header={"x-request-id": "r"})]),
        ([{"call": GET, "header": {"$exists": True}}], [made(header={})]),
        ([{"call": ORDER, "body": {"amount": 100}}], [made(ORDER, body={"amount": 100, "x": 1})]),
        (
            [{"call": GET, "status": {"$gte": 500}, "error": "HTTP_STATUS"}],
            [made(status=500, error="HTTP_STATUS")],
        ),
        ([{"call": GET, "times": 2}], [made(), made(), made(ORDER)]),
        ([{"call": GET, "times": 0}], [made(ORDER)]),
        (
            [{"call": ORDER, "times": 3, "once_per_key": True}],
            [
                made(ORDER),
                made(ORDER, header={"idempotency-key": "1"}),
                made(ORDER, header={"idempotency-key": "1"}),
                made(ORDER, body={"a": [{"批次": "1"}]}, key_name="批次"),
                made(ORDER, body={"a": [{"批次": "1"}]}, key_name="批次"),
            ],
        ),
        ([{"call": GET, "times": {"$gt": 1}, "status": 200}], [made(), made(status=500), made()]),
        ([{"call": TOKEN, "times": 1}, {"call": ORDER}], [made(TOKEN), made(ORDER)]),
    ],
)
def test_calls_are_as_expected(expected: list[dict[str, Any]], calls: list[CallMade]) -> None:
    assert wrong(expected, *calls) == []


@pytest.mark.parametrize(
    ("expected", "calls", "messages"),
    [
        ([], [made()], [f"proxy expected no call, got 1 call ({GET})"]),
        ([{"call": GET}], [], [f"proxy expected 1 call ({GET}), got no call"]),
        (
            [{"call": GET}],
            [made(), made(ORDER)],
            [f"proxy expected 1 call ({GET}), got 2 calls ({GET}, {ORDER})"],
        ),
        (
            [{"call": GET}, {"call": ORDER}],
            [made(ORDER), made()],
            [
                f"proxy[0].call expected {GET}, got {ORDER}",
                f"proxy[1].call expected {ORDER}, got {GET}",
            ],
        ),
        (
            [{"call": GET, "path": {"id": "1"}, "status": 200}],
            [made(path={"id": "2"}, status=404)],
            ['proxy[0].path.id expected "1", got "2"', "proxy[0].status expected 200, got 404"],
        ),
        (
            [{"call": GET, "path": "/a"}],
            [made(url="https://x/b")],
            ['proxy[0].path expected "/a", got "/b"'],
        ),
        *[
            (
                [{"call": GET, "path": "/v1"}],
                [made(url=f"https://x/{path}")],
                [f'proxy[0].path expected "/v1", got "/{path}"'],
            )
            for path in ("v1/a", "v1/", "V1", "")
        ],
        (
            [{"call": GET}, {"call": ORDER}, {"call": GET, "status": 404}],
            [made(), made(ORDER), made()],
            ["proxy[2].status expected 404, got 200"],
        ),
        (
            [{"call": GET, "times": 3}],
            [made(), made()],
            ["proxy[0].times expected 3, got 2"],
        ),
        (
            [{"call": GET, "times": 2, "path": {"id": "1"}}],
            [made(path={"id": "1"}), made(path={"id": "2"})],
            [f"proxy[0].times expected 2, got 1 (2 calls of {GET}, others differ)"],
        ),
        (
            [{"call": GET, "times": 1}, {"call": ORDER}],
            [made()],
            [f"proxy expected 1 call ({ORDER}), got no call"],
        ),
    ],
)
def test_what_differs_is_told(
    expected: list[dict[str, Any]], calls: list[CallMade], messages: list[str]
) -> None:
    assert wrong(expected, *calls) == messages


@given(st.lists(st.text(min_size=1), min_size=1, max_size=3))
@settings(max_examples=drawn(60))
def test_the_values_of_a_path_come_back(values: list[str]) -> None:
    names = [f"p{number}" for number in range(len(values))]
    template = "/v1/" + "/x/".join(f"{{{name}}}" for name in names) + "?fixed=1"
    path = "/v1/" + "/x/".join(quote(value, safe="") for value in values)

    assert compile_path_template(template).match(path) == dict(zip(names, values, strict=True))


@pytest.mark.parametrize("template", ["", "/orders/{id}", "/customers"])
def test_a_path_of_another_shape_has_no_values(template: str) -> None:
    assert compile_path_template(template).match("/customers/1") is None


def record(**parts: Any) -> CallRecord:
    call = Call(
        platform="crm_system",
        instance="test",
        api="create_order",
        method="POST",
        path="/customers/%E5%BC%A0/orders",
        query=(("ids", "1"), ("ids", "2"), ("key", "秘密123456")),
        headers=(("X-A", "1"),),
        body=parts.get("body"),
    )
    request = Request(
        method="POST",
        url="https://crm.example.test/customers/1/orders",
        headers=parts.pop("headers", (("Content-Type", "application/json"),)),
        body=parts.pop("body", None),
    )
    return CallRecord(
        platform="crm_system",
        instance="test",
        api="create_order",
        call=call,
        sent=request,
        redact=lambda text: text.replace("秘密123456", "redacted"),
        **parts,
    )


def test_a_record_becomes_a_call_without_secrets() -> None:
    answer = Response(status=201, body='{"key":"秘密123456"}'.encode(), source="recorded")

    seen = make_call_event(
        record(body='{"客户":"张三","k":"秘密123456"}'.encode(), received=answer),
        7,
        Api(path="/customers/{name}/orders"),
    )

    assert (seen.number, seen.call, seen.status, seen.source) == (7, ORDER, 201, "recorded")
    assert seen.path == {"name": "张"}
    assert seen.query == {"ids": ["1", "2"], "key": "redacted"}
    assert seen.header == {"x-a": "1", "content-type": "application/json"}
    assert seen.body == {"客户": "张三", "k": "redacted"}
    assert "秘密" not in repr(seen)


@pytest.mark.parametrize(
    ("content_type", "body", "expected"),
    [
        ("application/x-www-form-urlencoded", b"a=1&b=%E5%BC%A0&a=2", {"a": ["1", "2"], "b": "张"}),
        (
            "Application/X-WWW-Form-Urlencoded; charset=utf-8",
            b"a=1&A=&a=1&A=3&b=",
            {"a": ["1", "1"], "A": ["", "3"], "b": ""},
        ),
        ("text/plain", b"", ""),
        ("", b"{", "{"),
        ("text/plain", b"hello", "hello"),
        ("application/json", b"12", 12),
        ("application/json", None, None),
    ],
)
def test_a_body_is_read_by_its_type(content_type: str, body: bytes | None, expected: Any) -> None:
    seen = make_call_event(record(headers=(("Content-Type", content_type),), body=body), 1, None)

    assert seen.body == expected


def test_a_call_that_was_never_sent_shows_its_error() -> None:
    error = HttpStatusError("500 秘密123456", platform="crm_system")
    rejected = CallRecord(
        platform="crm_system",
        api="x",
        error=error,
        redact=lambda text: text.replace("秘密123456", "redacted"),
    )

    seen = make_call_event(rejected, 1, None)

    assert (seen.error, seen.message, seen.status, seen.url) == (
        "HTTP_STATUS",
        "500 redacted",
        None,
        "",
    )


def test_what_was_sent_stands_over_what_a_script_had_set() -> None:
    plain = record().call
    assert plain is not None
    call = msgspec.structs.replace(plain, headers=(("X-A", "1"), ("x-b", "2")))
    sent = record(headers=(("X-B", "3"), ("X-C", "4")))
    both = msgspec.structs.replace(sent, call=call)

    assert make_call_event(both, 1, None).header == {"x-a": "1", "x-b": "3", "x-c": "4"}

    unsent = make_call_event(msgspec.structs.replace(both, sent=None), 1, None)
    assert unsent.header == {"x-a": "1", "x-b": "2"}
    assert (unsent.method, unsent.url, unsent.body) == ("POST", call.path, None)


def test_where_nothing_is_expected_and_nothing_was_called_something_was_compared() -> None:
    assert [str(check) for check in compare_calls([], [])] == [
        "proxy expected no call, got no call"
    ]
    assert [check.ok for check in compare_calls([], [made(TOKEN)])] == [True]


@pytest.mark.parametrize(
    ("name", "is_login"),
    [(TOKEN, True), (GET, False), ("crm.token", False), ("crm.$token2", False), ("", False)],
)
def test_a_login_is_known_by_its_name(name: str, *, is_login: bool) -> None:
    assert made(name).is_login == is_login


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        (1, "1"),
        (0, "0"),
        (-1.5, "-1.5"),
        (2.0, "2"),
        (True, "true"),
        (False, "false"),
        (None, None),
        ("", ""),
        ([1, "a", False], ["1", "a", "false"]),
        ((1, "a", 0), ["1", "a", "0"]),
        ({"a": {"b": 1}, "$gt": 5, "$in": [1]}, {"a": {"b": "1"}, "$gt": 5, "$in": ["1"]}),
        ({"$not": {"$in": [1, 2, True]}}, {"$not": {"$in": ["1", "2", "true"]}}),
        ({"$in": 5, "$not": {"$unordered": 5}}, {"$in": 5, "$not": {"$unordered": 5}}),
        ({"$ne": 1, "$eq": 2, "$contains": 3}, {"$ne": "1", "$eq": "2", "$contains": "3"}),
        (
            {"$each": {"$ne": 0}, "$unordered": [1, 2, 3]},
            {"$each": {"$ne": "0"}, "$unordered": ["1", "2", "3"]},
        ),
        ({"$exactly": {"页": 1}}, {"$exactly": {"页": "1"}}),
        (
            {"$length": 2, "$exists": True, "$lte": 3, "$near": 1},
            {"$length": 2, "$exists": True, "$lte": 3, "$near": 1},
        ),
    ],
)
def test_what_is_expected_of_an_address_is_text(expected: Any, text: Any) -> None:
    assert numbers_to_url_texts(expected) == text


PARTS = """\
--线
Content-Disposition: form-data; name="说明"

加急
--线
Content-Disposition: form-data; name="附件"; filename="合同.txt"
Content-Type: text/plain

甲方
--线
Content-Disposition: form-data; name="附件"; filename="报价.txt"

乙方
--线
Content-Disposition: form-data; name="附件"

丙方
--线--
""".replace("\n", "\r\n").replace("线", "line")


def test_a_part_of_a_form_with_a_file_has_its_name_and_its_content() -> None:
    sent = made(ORDER, body=PARTS, header={"content-type": "multipart/form-data; boundary=line"})
    files = [
        {"filename": "合同.txt", "content": "甲方"},
        {"filename": "报价.txt", "content": "乙方"},
        "丙方",
    ]

    assert wrong([{"call": ORDER, "body": {"说明": "加急", "附件": files}}], sent) == []
    assert wrong([{"call": ORDER, "body": {"附件": ["甲方", "乙方", "丙方"]}}], sent) != []
    assert wrong([{"call": ORDER, "body": {"说明": {"content": "加急"}}}], sent) != []


FORM = (("Content-Type", "application/x-www-form-urlencoded"),)


def _sent_thrice(asked: list[tuple[int, int]]) -> CallMade:
    redact = record().redact
    call = record().call
    assert call is not None
    sent = Request(
        method="POST",
        url="https://crm.example.test/x?k=秘密123456",
        headers=FORM,
        body="k=秘密123456&empty=&k=2".encode(),
        call=msgspec.structs.replace(call, serial=7),
    )
    said = Response(
        status=401, headers=(("X-A", "秘密123456"),), body=b'{"a": 1}', source="recorded"
    )
    lost = TransportError("no answer: 秘密123456", code="TIMEOUT")
    first = Sending(
        request=sent,
        response=said,
        error=None,
        at=1.5,
        duration=0.1234567,
        ended=3,
        follows="renewed",
        note="token 秘密123456",
        wait=0.0,
    )
    second = Sending(
        request=msgspec.structs.replace(sent, body=None, attempt=1),
        response=None,
        error=lost,
        at=2.5,
        duration=30.0,
        ended=9,
        follows="retried",
        note="later",
        wait=1.2345678,
    )
    made = CallRecord(
        platform="crm_system",
        api="create_order",
        call=call,
        sent=msgspec.structs.replace(sent, attempt=2),
        received=Response(status=200, redirects=(("302", "https://a/秘密123456"),)),
        earlier=(first, second),
        redact=redact,
        at=1.0,
        sent_at=3.5,
        duration=4.0,
    )
    return make_call_event(
        made, 3, Api(path="/customers/{name}/orders"), lambda *at: asked.append(at)
    )


def test_each_sending_of_a_call_is_told_as_it_was() -> None:
    """The first was answered, the second was not, the third is the call's own."""
    asked: list[tuple[int, int]] = []
    seen = _sent_thrice(asked)

    assert sorted(asked) == [(7, 0), (7, 1), (7, 2)]
    one, other = seen.earlier
    body = {"k": ["redacted", "2"], "empty": ""}
    assert (one.number, one.call, one.attempt, one.url) == (
        3,
        ORDER,
        1,
        "https://crm.example.test/x?k=redacted",
    )
    assert (one.body, one.header["content-type"]) == (body, FORM[0][1])
    assert (one.status, one.response, one.response_header, one.source) == (
        401,
        {"a": 1},
        {"x-a": "redacted"},
        "recorded",
    )
    assert (one.error, one.message, one.follows, one.why) == ("", "", "renewed", "token redacted")
    assert (one.wait, one.at, one.duration, one.order) == (0.0, 1.5, 0.12346, 3)
    assert (other.attempt, other.status, other.response, other.source) == (2, None, None, "")
    assert (other.body, other.response_header) == (None, {})
    assert (other.error, other.message) == ("TIMEOUT", "no answer: redacted")
    assert (other.wait, other.at, other.duration, other.order) == (1.23457, 2.5, 30.0, 9)
    assert (seen.attempts, seen.sent_at, seen.at, seen.duration) == (0, 3.5, 1.0, 4.0)
    assert (seen.redirects, seen.body) == ((("302", "https://a/redacted"),), body)
    assert (seen.error, seen.message) == ("", "")


@pytest.mark.parametrize(
    ("path", "request_", "response"),
    [
        ("path.id", True, True),
        ("query.a", True, True),
        ("query.gone", False, False),
        ("header.x-a", True, True),
        ("header.x-b", False, True),
        ("body.list[1].n", True, True),
        ("body.list[2].n", False, False),
        ("body.answer", False, True),
        ("body.nothing", True, True),
    ],
)
def test_a_call_has_what_its_request_has_or_its_response(
    path: str, request_: bool, response: bool
) -> None:
    call = made(
        path={"id": "1"},
        query={"a": ""},
        header={"x-a": "1"},
        body={"list": [{"n": 1}, {"n": 0}], "nothing": None},
        response={"answer": 0},
        response_header={"x-b": ""},
    )
    where = FieldPath.parse(path, "x")

    assert call.has(where) is request_
    assert call.has(where, response=True) is response


@pytest.mark.parametrize(
    ("expected", "matches"),
    [
        ({}, True),
        ({"path": {"name": "张"}}, True),
        ({"path": {"name": "王"}}, False),
        ({"path": "/orders"}, True),
        ({"query": {"ids": [1, 2]}}, True),
        ({"query": {"ids": 1}}, False),
        ({"header": {"x-a": "1", "CONTENT-TYPE": FORM[0][1]}}, True),
        ({"header": {"X-A": "2"}}, False),
        ({"body": {"a": ["1", "2"], "b": ""}}, True),
        ({"body": {"c": "1"}}, False),
    ],
)
def test_a_request_is_compared_as_a_call_is(expected: dict[str, Any], matches: bool) -> None:
    call = record().call
    assert call is not None
    sent = Request(
        method="POST",
        url="https://crm.example.test/customers/%E5%BC%A0/orders?ids=1",
        headers=FORM,
        body=b"a=1&b=&a=2",
        call=call,
    )

    assert matches_request(expected, sent, "/customers/{name}/orders") is matches
    bare = msgspec.structs.replace(sent, call=None, body=None)
    assert matches_request({"path": {"name": "张"}}, bare, "/customers/{name}/orders") is False
    assert matches_request({"body": None}, bare, "") is True


@pytest.mark.parametrize(
    ("parts", "declared", "key"),
    [
        ({"header": {"idempotency-key": "1"}}, "", "idempotency-key=1"),
        ({"header": {"Idempotency-Key": ""}}, "", ""),
        ({"query": {"x-request-id": "r", "page": "1"}}, "", "x-request-id=r"),
        ({"body": {"OUT_TRADE_NO": 0}}, "", "OUT_TRADE_NO=0"),
        ({"body": {"outTradeNo": 1.5, "uuid": None}}, "", "outTradeNo=1.5"),
        ({"body": {"uuid": True}}, "", ""),
        ({"body": {"my_uuid": "1", "msgKey": "2", "prequest_id": "3"}}, "", ""),
        ({"body": {"msgId": "2"}, "header": {"uuid": "1"}}, "", "msgId=2 uuid=1"),
        ({"body": {"": "1"}}, "", ""),
        ({"body": {"批次": "1", "请求号": "2"}}, "批次", "批次=1 请求号=2"),
        ({"body": {"PiCi": "1"}}, "pici", "PiCi=1"),
        ({"body": [{"a": [[{"批次": "1"}]]}, {"批次": "2"}, {"批次": "3"}]}, "批次",
         "批次=1 批次=2 批次=3"),
        ({"body": {"批次": {"批次": "1"}}}, "批次", "批次=1"),
        ({"body": "批次", "query": {"批": "1"}}, "批次", ""),
    ],
)  # fmt: skip
def test_a_request_has_the_key_that_is_declared_or_usual(
    parts: dict[str, Any], declared: str, key: str
) -> None:
    assert made(ORDER, key_name=declared, **parts).idempotency_key == key


KEY_1, KEY_2 = ({"idempotency-key": key} for key in "12")


@pytest.mark.parametrize(
    ("expected", "calls", "messages"),
    [
        ([{"call": GET, "times": 1}], [], ["proxy[0].times expected 1, got 0"]),
        ([{"call": GET, "times": 0}], [made()], ["proxy[0].times expected 0, got 1"]),
        (
            [{"call": GET, "times": 2, "status": 200}],
            [made(), made(status=500), made(status=404)],
            [f"proxy[0].times expected 2, got 1 (3 calls of {GET}, others differ)"],
        ),
        (
            [{"call": ORDER, "times": 1, "once_per_key": True}],
            [made(ORDER, header=KEY_1), made(ORDER, header=KEY_2), made(ORDER, header=KEY_1)],
            ["proxy[0].times expected 1, got 2"],
        ),
        (
            [{"call": ORDER, "times": 1, "once_per_key": True}],
            [made(ORDER, header=KEY_1), made(ORDER), made(ORDER)],
            ["proxy[0].times expected 1, got 3"],
        ),
        (
            [{"call": ORDER, "times": 1, "once_per_key": False}],
            [made(ORDER, header=KEY_1), made(ORDER, header=KEY_1)],
            ["proxy[0].times expected 1, got 2"],
        ),
        ([{"call": GET, "times": 1}, {"call": ORDER}], [made(), made(ORDER), made(TOKEN)], []),
        (
            [{"call": GET, "times": 1}, {"call": ORDER}],
            [made(), made(ORDER), made(ORDER)],
            [f"proxy expected 1 call ({ORDER}), got 2 calls ({ORDER}, {ORDER})"],
        ),
        (
            [{"call": TOKEN}, {"call": GET}],
            [made(TOKEN), made(TOKEN), made()],
            [
                f"proxy[1].call expected {GET}, got {TOKEN}",
                f"proxy expected 2 calls ({TOKEN}, {GET}), got 3 calls ({TOKEN}, {TOKEN}, {GET})",
            ],
        ),
        (
            [{"call": GET}, {"call": GET}, {"call": GET, "status": 404}],
            [made(), made(), made()],
            ["proxy[2].status expected 404, got 200"],
        ),
        (
            [{"call": GET, "path": "/a/b"}],
            [made(url="https://x/a/b/c?p=/a/b")],
            ['proxy[0].path expected "/a/b", got "/a/b/c"'],
        ),
        (
            [{"call": GET, "query": {"n": 1.0, "b": False, "l": [True, 2.5]}}],
            [made(query={"n": "1", "b": "false", "l": ["true", "2.5"]})],
            [],
        ),
        (
            [{"call": GET, "header": {"X-A": 1}}],
            [made(header={"x-a": "2"})],
            ['proxy[0].header.x-a expected "1", got "2"'],
        ),
        (
            [{"call": GET, "query": {"页": {"$not": {"$in": [1, 2]}}, "量": {"$ne": 50}}}],
            [made(query={"页": "2", "量": "50"})],
            [
                'proxy[0].query.页 expected $not {"$in": ["1", "2"]}, got "2"',
                'proxy[0].query.量 expected $ne "50", got "50"',
            ],
        ),
    ],
)
def test_calls_are_counted_and_compared_at_their_limits(
    expected: list[dict[str, Any]], calls: list[CallMade], messages: list[str]
) -> None:
    assert wrong(expected, *calls) == messages


@pytest.mark.parametrize(
    ("item", "doubts"),
    [
        ({"body": {"客户": {}}}, [True]),
        ({"body": {"客户": {"名": "张三"}}}, []),
        ({"body": {"客户": {}}, "times": 1}, [True]),
        ({"body": {"客户": {}}, "times": 2}, [True]),
        ({"body": {"客户": {"名": "张三"}}, "times": 1}, []),
        ({"body": {"客户": {}, "数量": 2}, "times": 0}, []),
        ({"body": {"明细": {"$each": {"数量": 1}}, "客户": {}}, "times": 1}, [True, True]),
    ],
)
def test_a_part_of_a_call_that_compares_nothing_is_doubted(
    item: dict[str, Any], doubts: list[bool]
) -> None:
    sent = made(ORDER, body={"客户": {"名": "张三"}, "数量": 1, "明细": []})

    checks = compare_calls([{"call": ORDER, **item}], [sent])

    assert [check.ok for check in checks if check.doubt] == doubts


@pytest.mark.parametrize("place", ["query", "header", "body"])
@pytest.mark.parametrize(
    ("sent", "seen"),
    [
        ([], {}),
        ([""], {"a": ""}),
        (["1"], {"a": "1"}),
        (["1", "2"], {"a": ["1", "2"]}),
        (["1", "2", "3"], {"a": ["1", "2", "3"]}),
        (["2", "2", "2", "1"], {"a": ["2", "2", "2", "1"]}),
    ],
)
def test_each_value_of_a_repeated_name_is_seen_in_order(
    place: str, sent: list[str], seen: dict[str, Any]
) -> None:
    pairs = tuple(("a", value) for value in sent)
    form = {"content-type": "application/x-www-form-urlencoded"} if place == "body" else {}
    call = Call(
        platform="crm",
        instance="d",
        api="find",
        method="POST",
        path="/",
        query=pairs if place == "query" else (),
        headers=pairs if place == "header" else (),
    )
    request = Request(
        method="POST",
        url="https://crm.test/",
        headers=tuple(form.items()),
        body=urlencode(pairs).encode() if place == "body" else None,
        call=call,
    )

    assert matches_request({place: {"$exactly": seen}}, request, "/")
    for other in (sent[:2], sent[1:], [*sent, "9"]):
        is_same = other == sent or len(sent) < 2
        assert is_same or not matches_request({place: {"a": other}}, request, "/")


def test_names_of_headers_ignore_case_inside_operators_too() -> None:
    one = made(ORDER, header={"x-tag": "Ab", "x-no": "2"})
    held: list[Any] = [
        {"X-Tag": {"$contains": "A"}, "X-NO": 2}, {"$not": {"X-Tag": "ab"}},
        {"$not": {"X-Nr": "2"}},
        {"$exactly": {"X-Tag": "Ab", "X-No": "2"}}, {"$in": [{"X-Tag": "B"}, {"X-No": 2}]},
        {"$contains": "X-Tag"}, {"$contains": {"X-No": 2}}, {"$not": {"$contains": "X-Nr"}},
        {"$ne": {"X-Tag": "Ab"}}, {"$length": 2},
    ]  # fmt: skip
    broken: list[Any] = [
        {"X-Tag": {"$contains": "a"}}, {"$not": {"X-Tag": "Ab"}}, {"$exactly": {"X-Tag": "Ab"}},
        {"$not": {"$in": [{"X-No": 2}, {"X-Tag": "B"}]}}, {"$not": {"$contains": "X-Tag"}},
        {"$ne": {"X-Tag": "Ab", "X-No": "2"}}, {"$contains": "Ab"}, {"$eq": {"X-Tag": "Ab"}},
    ]  # fmt: skip

    for expected in (*held, *broken):
        checks = compare_part("header", expected, one, ("header",))
        assert all(check.ok for check in checks) == (expected in held), expected
