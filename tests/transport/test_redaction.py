from __future__ import annotations

import gzip
import zlib
from typing import Any
from urllib.parse import unquote

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from bpmax_sim.messages import Call, Request, Response
from bpmax_sim.secret.vault import Vault
from bpmax_sim.transport.redaction import (
    decode_compressed_body,
    redact_request,
    redact_request_and_response,
    redact_response,
)

JSON = (("content-type", "application/json"),)
CALL = Call(platform="crm_system", instance="test", api="create", method="POST", path="/c")
REQUEST = Request(method="POST", url="https://crm.example.test/c", headers=JSON, call=CALL)


def vault() -> Vault:
    made = Vault()
    made.add("s3cret-value", "redacted.crm_system.test.token.1", name="crm_system.test.token")
    return made


def test_a_known_secret_is_hidden_wherever_a_script_puts_it() -> None:
    body = '{"备注":"s3cret-value"}'.encode()
    call = replace(CALL, query=(("t", "s3cret-value"),), headers=(("X-T", "s3cret-value"),))
    sent = replace(REQUEST, url=f"{REQUEST.url}?t=s3cret-value", body=body, call=call)

    shown = redact_request(sent, vault())

    assert b"s3cret" not in msgspec.json.encode(shown)
    assert shown.url == "https://crm.example.test/c?t=redacted.crm_system.test.token.1"
    assert redact_request(shown, vault()) == shown


def test_a_known_secret_is_hidden_wherever_a_third_party_gives_it_back() -> None:
    headers = (("X-Echo", "t=s3cret-value"), ("Content-Type", "application/json"))
    answer = Response(status=200, headers=headers, body='{"备注":"s3cret-value"}'.encode())

    shown = redact_response(answer, REQUEST, vault())

    assert b"s3cret" not in msgspec.json.encode(shown)
    assert dict(shown.headers)["X-Echo"] == "t=redacted.crm_system.test.token.1"


@pytest.mark.parametrize(
    ("media", "body"),
    [
        ("application/json", '{"客户": {"电话": "138-0013"}}'),
        ("application/json", '{"客户": {"电话": "\\u5f20\\u4e09 138-0013"}}'),
        ("Application/X-WWW-Form-Urlencoded; charset=UTF-8", "客户=138-0013&x=1"),
    ],
)
def test_personal_data_is_replaced_however_it_is_written(media: str, body: str) -> None:
    sent = replace(
        REQUEST,
        url=f"{REQUEST.url}?%E7%94%B5%E8%AF%9D=138-0013&a=1",
        headers=(("Content-Type", media),),
        body=body.encode(),
        personal=("query.电话", "body.客户.电话" if "json" in media else "body.客户"),
    )

    shown = redact_request(sent, vault())

    assert "138-0013" not in shown.url
    assert shown.url.endswith("&a=1")
    assert b"138-0013" not in (shown.body or b"")
    assert shown.body


TOLD = (
    "什么也没有",
    "s3cret-value",
    "czNjcmV0LXZhbHVl",
    "7333637265742d76616c7565",
    "redacted.a.b.c.1",
)
values = st.sampled_from(TOLD)


@given(
    st.fixed_dictionaries({
        "query": values, "path": values, "header": values, "said": values, "body": values,
        "sent": values, "answer": values, "back": values,
    }),
    st.sampled_from(["X-A", "Authorization", "Cookie"]),
    st.sampled_from(["X-B", "Set-Cookie"]),
    st.sampled_from([(), ("body.phone",), ("query.q",)]),
)  # fmt: skip
def test_both_at_once_are_redacted_as_each_by_itself(
    said: dict[str, str], own: str, back: str, personal: tuple[str, ...]
) -> None:
    call = replace(
        CALL,
        path=f"/{said['path']}",
        query=(("q", said["query"]),),
        headers=((own, said["said"]),),
        body=f'{{"phone":"{said["body"]}"}}'.encode(),
    )
    sent = Request(
        method="POST",
        url=f"https://crm.example.test/{said['path']}?q={said['query']}",
        headers=((own, said["header"]),),
        body=said["sent"].encode(),
        call=call,
        base="https://crm.example.test",
        personal=personal,
    )
    answer = Response(
        status=200, headers=((back, f"a={said['back']}"),), body=said["answer"].encode()
    )
    request = replace(sent, standin=sent)

    alone = vault()
    apart = redact_response(answer, request, alone), redact_request(request, alone)
    assert redact_request_and_response(request, answer, vault()) == (apart[1], apart[0])


SECRET = "s3cret-value"
IN_GBK = (("content-type", "application/json; charset=gbk"),)
NAMED_IN_GBK = '{"备注":"张三","key":"s3cret-value"}'.encode("gbk")


@pytest.mark.parametrize(
    ("request_fields", "call_fields", "response_fields"),
    [
        pytest.param({"url": f"https://crm.example.test/{SECRET}"}, {}, {}, id="path"),
        pytest.param({"url": f"{REQUEST.url}?t={SECRET}"}, {}, {}, id="query"),
        pytest.param({"headers": (("X-T", SECRET),)}, {}, {}, id="header"),
        pytest.param({"body": SECRET.encode()}, {}, {}, id="body"),
        pytest.param({"body": NAMED_IN_GBK, "headers": IN_GBK}, {}, {}, id="body in GBK"),
        pytest.param({}, {"path": f"/{SECRET}"}, {}, id="path of the call"),
        pytest.param({}, {"query": (("a", "1"), ("t", SECRET))}, {}, id="query of the call"),
        pytest.param({}, {"headers": (("X-T", SECRET),)}, {}, id="header of the call"),
        pytest.param({}, {"body": SECRET.encode()}, {}, id="body of the call"),
        pytest.param({}, {}, {"headers": (("X-T", SECRET),)}, id="response header"),
        pytest.param({}, {}, {"body": SECRET.encode()}, id="response body"),
        pytest.param({}, {}, {"body": NAMED_IN_GBK, "headers": IN_GBK}, id="response in GBK"),
        pytest.param(
            {},
            {},
            {"headers": (("Set-Cookie", "sid=abcdefghij7"),), "body": b"abcdefghij7"},
            id="cookie",
        ),
        pytest.param({}, {}, {}, id="nowhere"),
    ],
)
def test_a_secret_in_one_place_alone_is_hidden(
    request_fields: Any, call_fields: Any, response_fields: Any
) -> None:
    """Each place by itself: what is searched first must not leave one of them out."""
    sent = replace(REQUEST, base="https://crm.example.test", call=replace(CALL, **call_fields))
    sent = replace(sent, **request_fields)
    answer = replace(Response(status=200), **response_fields)

    shown = redact_request_and_response(sent, answer, vault())

    text = repr(shown)
    assert SECRET not in text
    assert "abcdefghij7" not in text
    is_hidden = bool(request_fields or call_fields or response_fields)
    assert (shown != (sent, answer)) == is_hidden


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("pin", "1234", "redacted.crm_system.test.pin.1"),
        ("pin", "12=4", "redacted.crm_system.test.pin.2"),
        ("pin", "1234=", "redacted.crm_system.test.pin.1="),
        ("pin", "", ""), ("pin", "124", "124"), ("PIN", "1234", "1234"), ("page", "1234", "1234"),
        ("a=pin", "1234", "1234"),
        ("page", f"a={SECRET}=b", "a=redacted.crm_system.test.token.1=b"),
    ],
)  # fmt: skip
def test_a_short_value_of_a_query_is_secret_with_its_name_alone(
    name: str, value: str, shown: str
) -> None:
    known = vault()
    known.register_derived("pin=1234", "pin=redacted.crm_system.test.pin.1", name="pin")
    known.register_derived("pin=12=4", "pin=redacted.crm_system.test.pin.2", name="pin")
    call = replace(CALL, query=(("a", "1"), (name, value), ("z", "2")))

    redacted = redact_request(replace(REQUEST, call=call), known)

    assert redacted.call is not None
    assert redacted.call.query == (("a", "1"), (name, shown), ("z", "2"))


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
@pytest.mark.parametrize(
    ("text", "is_hidden"), [("张三" * 50, False), (f"张三{SECRET}" * 50, True), ("", False)]
)
def test_a_compressed_body_keeps_its_bytes_where_nothing_is_hidden(
    coding: str, text: str, *, is_hidden: bool
) -> None:
    plain = text.encode()
    body = gzip.compress(plain) if coding == "gzip" else zlib.compress(plain)
    headers = (("content-encoding", coding),)
    sent = replace(REQUEST, headers=headers, body=body, call=replace(CALL, body=body))

    shown, _ = redact_request_and_response(sent, Response(status=200), vault())

    assert shown.call is not None
    assert (shown.body != body, shown.call.body != body) == (is_hidden, is_hidden)
    found = decode_compressed_body(shown.body, headers)
    assert found == text.replace(SECRET, "redacted.crm_system.test.token.1").encode()


def test_the_twin_is_what_is_written() -> None:
    twin = replace(REQUEST, url="https://crm.example.test/twin")
    shown = redact_request(replace(REQUEST, standin=twin), Vault())

    assert (shown.url, shown.standin) == ("https://crm.example.test/twin", None)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("Bearer abcdefgh", "Bearer redacted.crm_system.test.script-authorization.1"),
        ("abcdefgh", "redacted.crm_system.test.script-authorization.1"),
        ("Custom abcdefgh", "redacted.crm_system.test.script-authorization.1"),
    ],
)
def test_a_credential_of_the_script_itself_is_hidden(value: str, shown: str) -> None:
    call = replace(CALL, headers=(("Authorization", value),))
    sent = replace(REQUEST, headers=(*JSON, ("Authorization", value)), call=call)

    redacted = redact_request(sent, Vault())

    assert dict(redacted.headers)["Authorization"] == shown
    assert redacted.call is not None
    assert dict(redacted.call.headers)["Authorization"] == shown


@pytest.mark.parametrize(
    ("call", "tenant"),
    [
        (CALL, "crm_system.test"),
        (replace(CALL, instance=""), "crm_system.any"),
        (replace(CALL, platform="", instance=""), "http.any"),
        (None, "http.any"),
    ],
)
def test_a_credential_is_named_after_the_instance_as_far_as_it_is_known(
    call: Call | None, tenant: str
) -> None:
    headers = (("Authorization", "Bearer abcdefgh"), ("Cookie", "sid=abcdefghij7"))
    sent = replace(REQUEST, headers=headers, call=call)
    answer = Response(status=200, headers=(("set-cookie", "jar=klmnopqrst8"),))

    request, response = redact_request_and_response(sent, answer, Vault())

    assert [value for _, value in (*request.headers, *response.headers)] == [
        f"Bearer redacted.{tenant}.script-authorization.1",
        f"redacted.{tenant}.script-cookie.1",
        f"jar=redacted.{tenant}.cookie-jar.1",
    ]


def test_what_auth_put_in_is_left_to_its_twin() -> None:
    sent = replace(
        REQUEST,
        headers=(("Authorization", "Basic redacted"),),
        injected=("header.authorization",),
    )

    assert redact_request(sent, Vault()).headers == (("Authorization", "Basic redacted"),)


def test_a_cookie_of_auth_is_no_secret_of_the_script_beside_it() -> None:
    kept = Vault()
    line = "theme=dark; sid=redacted.crm_system.test.token.1"
    sent = replace(REQUEST, headers=(("Cookie", line),), injected=("cookie.sid",))
    shown = "redacted.crm_system.test.script-cookie.1; sid=redacted.crm_system.test.token.1"

    assert redact_request(sent, kept).headers == (("Cookie", shown),)
    assert kept.scan(b"sid=redacted.crm_system.test.token.1") == ()
    alone = replace(sent, headers=(("Cookie", "sid=x"),))
    assert redact_request(alone, kept).headers == (("Cookie", "sid=x"),)


def test_cookies_of_an_answer_are_secret_and_known_from_then_on() -> None:
    kept = Vault()
    answer = Response(
        status=200,
        headers=(("set-cookie", "sid=abcdefghij7; Path=/; HttpOnly"), ("set-cookie", "theme=")),
        body=b"your session is abcdefghij7",
    )

    shown = redact_response(answer, REQUEST, kept)

    assert shown.headers == (
        ("set-cookie", "sid=redacted.crm_system.test.cookie-sid.1; Path=/; HttpOnly"),
        ("set-cookie", "theme="),
    )
    assert shown.body == b"your session is redacted.crm_system.test.cookie-sid.1"


@pytest.mark.parametrize("name", ["x-token", "X-Token", "X-TOKEN"])
def test_a_word_of_a_secret_header_is_hidden_in_whatever_case_its_name_is(name: str) -> None:
    made = Vault()
    made.register_derived("x-token: 100000", "x-token: redacted.a.b.c.1", name="a.b.c")
    headers = ((name, "100000"), ("X-Count", "100000"))

    assert redact_response(Response(status=200, headers=headers), REQUEST, made).headers == (
        (name, "redacted.a.b.c.1"), ("X-Count", "100000"),
    )  # fmt: skip


@pytest.mark.parametrize(("api", "is_hidden"), [("$token", False), ("create", True)])
def test_a_header_of_a_login_is_no_secret_of_the_script(api: str, is_hidden: bool) -> None:
    call = replace(CALL, api=api)
    sent = replace(REQUEST, call=call, headers=(("Authorization", "Bearer anonymous-4711"),))

    shown = redact_request(sent, vault()).headers

    assert (shown != sent.headers) == is_hidden


def test_the_addresses_of_redirects_are_redacted() -> None:
    hops = (("302", "https://a.test/s3cret-value/b"), ("307", "https://a.test/c"))

    shown = redact_response(Response(status=200, redirects=hops), REQUEST, vault())

    assert shown.redirects == (
        ("302", "https://a.test/redacted.crm_system.test.token.1/b"), hops[1],
    )  # fmt: skip


@pytest.mark.parametrize("url", ["https://other.test/c/s3cret-value", "/c/s3cret-value"])
def test_an_address_outside_the_base_keeps_its_own(url: str) -> None:
    sent = replace(REQUEST, url=url, base="https://crm.example.test", personal=("path.id",))

    shown = redact_request(replace(sent, path_template="/c/{id}"), vault())

    assert shown.url == url.replace("s3cret-value", "redacted.crm_system.test.token.1")


@pytest.mark.parametrize(
    ("codec", "own", "mark"),
    [
        ("utf-16-le", "utf-16-le", ""), ("utf-16-be", "utf-16-be", ""), ("gbk", "gbk", ""),
        ("utf-16", "utf-16-le", "\ufeff"), ("utf-16", "utf-16-be", "\ufeff"),
        ("utf-8", "utf-8", ""), ("utf-8", "utf-8", "\ufeff"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("text", ["at {} s3cret-value", "位于 {} s3cret-value"])
def test_a_body_keeps_its_encoding(text: str, codec: str, own: str, mark: str) -> None:
    made = vault()
    made.register_address_replacement("https://real.test", "https://crm.example.test")
    headers = (("content-type", f"text/plain; charset={codec}"),)

    def encode(address: str, secret: str) -> bytes:
        return (mark + text.format(address).replace("s3cret-value", secret)).encode(own)

    answer = Response(status=200, headers=headers, body=encode("https://real.test", "s3cret-value"))
    shown = redact_response(answer, REQUEST, made).body

    assert shown == encode("https://crm.example.test", "redacted.crm_system.test.token.1")


def test_personal_data_gets_pseudonyms_and_everything_else_keeps_its_bytes() -> None:
    body = '{ "phone" : "13800138000", "n": 1.10, "list": [{"name": "张三"}], "x": "张三丰" }'
    call = replace(CALL, query=(("mobile", "13800138000"),), body=body.encode())
    sent = replace(
        REQUEST,
        url=f"{REQUEST.url}?mobile=13800138000&page=1",
        body=body.encode(),
        headers=(*JSON, ("X-User", "zhangsan")),
        call=call,
        personal=("body.phone", "body.list[*].name", "query.mobile", "header.X-User"),
    )

    shown = redact_request(sent, Vault())

    text = (shown.body or b"").decode()
    assert text.startswith('{ "phone" : "160')
    assert '"n": 1.10' in text
    assert '"x": "张三丰" }' in text
    assert '"name": "张三"' not in text
    assert b"13800138000" not in msgspec.json.encode(shown)
    assert dict(shown.headers)["X-User"] != "zhangsan"
    assert redact_request(shown, Vault()) == shown


@pytest.mark.parametrize("declared", ["mobile", "Mobile", "MOBILE"])
@pytest.mark.parametrize("name", ["mobile", "Mobile", "MOBILE", "m%6Fbile", "M%4Fbile"])
def test_personal_data_is_replaced_however_its_name_is_written(declared: str, name: str) -> None:
    """In the address, in the query beside it, in headers and in forms alike; twice and third."""
    spelled = unquote(name)
    number, pairs = "13800138000", (("a", "1"), (spelled, ""), (spelled, "13800138000"))
    form = (("content-type", "application/x-www-form-urlencoded"), (spelled, number))
    text = f"a=1&{name}=&{name}={number}&{spelled}s=1"
    sent = replace(
        REQUEST,
        url=f"{REQUEST.url}?{text}",
        headers=form,
        body=text.encode(),
        call=replace(CALL, query=pairs, headers=form, body=text.encode()),
        personal=tuple(f"{root}.{declared}" for root in ("query", "header", "body")),
    )

    shown = redact_request(sent, Vault())

    assert number.encode() not in msgspec.json.encode(shown)
    assert shown.url.startswith(f"{REQUEST.url}?a=1&{name}=")
    assert shown.url.endswith(f"&{spelled}s=1")
    assert redact_request(shown, Vault()) == shown


@pytest.mark.parametrize("body", [b"n=1&a=%20+b&empty=&flag", b"", b"\xff=1", b"mobiles=1&"])
def test_a_form_without_personal_data_keeps_its_bytes(body: bytes) -> None:
    form = (("content-type", "application/x-www-form-urlencoded"),)
    sent = replace(REQUEST, headers=form, body=body, personal=("body.mobile", "body.phone[0]"))

    assert redact_request(sent, Vault()).body == body


def test_personal_data_in_a_form_and_in_an_answer() -> None:
    form = (("content-type", "application/x-www-form-urlencoded"),)
    sent = replace(REQUEST, headers=form, body=b"phone=13800138000&n=1", personal=("body.phone",))
    answer = Response(status=200, headers=JSON, body=b'{"phone":"13800138000"}')

    shown = redact_request(sent, Vault())

    assert (shown.body or b"").endswith(b"&n=1")
    assert b"13800138000" not in (shown.body or b"")
    assert b"13800138000" not in redact_response(answer, sent, Vault()).body
