"""What signing and auth change in a request, to the byte, and how signatures are checked."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any

import msgspec
import pytest

from bpmax_sim.errors import AuthError, ConfigError
from bpmax_sim.messages import VERIFIED, Proof, Request, Response
from bpmax_sim.platform.model import ResponseSignature, Sign
from bpmax_sim.proxy.signing import (
    RequestEditor,
    describe_live_response_trust,
    has_body_member,
    list_signature_header_places,
    sign,
    verify_response,
)

FORM = (("Content-Type", "application/x-www-form-urlencoded; charset=utf-8"),)
JSON = (("Content-Type", "application/json"),)
URL = "https://api.example.test/v1/订单?a=1"


def request(url: str = URL, headers: Any = (), body: bytes | None = None, **more: Any) -> Request:
    return Request(method="POST", url=url, headers=tuple(headers), body=body, **more)


def test_templates_see_the_parts_of_the_request() -> None:
    urls = {
        "HTTPS://u:p@API.example.test:443/v1?a=1&b=#frag": (
            "api.example.test", "/v1", "a=1&b=", "/v1?a=1&b=", "HTTPS://u:p@API.example.test:443",
        ),
        "http://a.test:80": ("a.test", "/", "", "/", "http://a.test:80"),
        "http://a.test:443/": ("a.test:443", "/", "", "/", "http://a.test:443"),
        "https://a.test:80?": ("a.test:80", "/", "", "/", "https://a.test:80"),
        "ws+x://a.test:1/p?q": ("a.test:1", "/p", "q", "/p?q", "ws+x://a.test:1"),
    }  # fmt: skip
    found = {}
    for url in urls:
        values = RequestEditor(request(url)).to_template_values()
        host, path, query, target = (
            values[name] for name in ("host", "path", "query_string", "target")
        )
        assert values["headers"] == {"host": host}
        assert values["body"] == ""
        assert values["method"] == "POST"
        found[url] = host, path, query, target, str(values["url"]).removesuffix(str(target))
    assert found == urls

    several = RequestEditor(
        request(headers=(("X-A", " 1 "), ("x-a", "2"), ("Host", "other.test")), body=b"\xff{}")
    ).to_template_values()
    assert several["headers"] == {"x-a": "1,2", "host": "other.test"}
    assert several["body"] == "\udcff{}"
    for url in "/v1", "", "://a.test", "1a://b.test", "mailto:a@b.test":
        with pytest.raises(ConfigError) as caught:
            RequestEditor(request(url))
        assert str(caught.value) == f"{url!r} is not an absolute URL, such as https://host/path"


def edited(made: Request, *steps: tuple[str, ...]) -> Request:
    """Return *made* with each step (place, name, value) set, or (place, name) removed."""
    editor = RequestEditor(made)
    for place, name, *value in steps:
        if value:
            editor.set(place, name, value[0])  # type: ignore[arg-type]
        else:
            editor.remove(place, name)  # type: ignore[arg-type]
    return editor.to_request()


def test_what_is_set_replaces_every_spelling_of_its_name() -> None:
    made = request(
        "https://a.test/o/{编号}/{编号}?sig=1&%73ig=2&s+g=3&Sig=4&t",
        (("x-sign", "old"), ("X-SIGN", "older"), ("Cookie", "sid=1; uid=2"), ("Cookie", "sid=3")),
        injected=("header.x",),
    )

    after = edited(
        made,
        ("header", "X-Sign", "新".encode().hex()),
        ("query", "sig", "a b&"),
        ("query", "s g", ""),
        ("cookie", "sid", "9"),
        ("path", "编号", "甲/乙"),
    )

    assert after.url == (
        "https://a.test/o/%E7%94%B2%2F%E4%B9%99/%E7%94%B2%2F%E4%B9%99?Sig=4&t&sig=a%20b%26&s%20g="
    )
    assert after.headers == (("X-Sign", "e696b0"), ("Cookie", "uid=2; sid=9"))
    assert after.injected == (
        "header.x", "header.x-sign", "query.sig", "query.s g", "cookie.sid", "path.编号",
    )  # fmt: skip
    assert after.method == "POST"
    assert after.body is None


def test_what_is_removed_leaves_the_rest_as_it_was() -> None:
    made = request(
        "https://a.test/{k}?sig=1&b=2",
        (("X-Sign", "1"), ("X-B", "2"), ("Cookie", "sid=1")),
        injected=("query.b",),
    )

    after = edited(
        made, ("header", "x-SIGN"), ("query", "sig"), ("cookie", "sid"), ("path", "k"),
        ("body", "sign"),
    )  # fmt: skip

    assert (after.url, after.headers) == ("https://a.test/{k}?b=2", (("X-B", "2"),))
    assert (after.body, after.injected) == (None, ("query.b",))
    assert edited(made, ("query", "sig"), ("query", "b")).url == "https://a.test/{k}"
    assert edited(made, ("cookie", "SID")).headers == made.headers
    assert edited(made, ("query", "SIG")).url == made.url
    plus = request("https://a.test?a+%62=1&a+b=2&a%2Bb=3&a%20b=4")
    assert edited(plus, ("query", "a+b")).url == "https://a.test?a%20b=4"
    bare = request("https://a.test")
    assert edited(bare, ("query", "a")).url == "https://a.test"
    assert edited(bare, ("query", "a", "1"), ("cookie", "c", "2")).headers == (("Cookie", "c=2"),)


def test_a_member_of_the_body_is_set_and_the_others_keep_their_bytes() -> None:
    odd = b'{ "a" : 1.50, "sign": "x", "b":{"c":[ 1 ],"sign":null} }'

    def body(made: bytes | None, *steps: tuple[str, ...], headers: Any = JSON) -> bytes | None:
        return edited(request(headers=headers, body=made), *steps).body

    assert body(odd, ("body", "sign", "合")) == (
        '{"a":1.50,"sign":"合","b":{"c":[ 1 ],"sign":null}}'.encode()
    )
    assert body(odd, ("body", "b.sign", "n")) == (
        b'{"a":1.50,"sign":"x","b":{"c":[ 1 ],"sign":"n"}}'
    )
    assert body(odd, ("body", "p.q.r", "n"))[-27:] == b',"sign":null},"p":{"q":{"r":"n"}}}'[-27:]  # type: ignore[index]
    assert body(odd, ("body", "sign")) == b'{"a":1.50,"b":{"c":[ 1 ],"sign":null}}'
    assert body(odd, ("body", "b.sign")) == b'{"a":1.50,"sign":"x","b":{"c":[ 1 ]}}'
    for name in "none", "b.none", "a.b", "b.c.d":
        assert body(odd, ("body", name)) == odd
    assert body(b'{"p":{"q":{"r":1}},"z":2}', ("body", "p.q.r")) == b'{"z":2}'
    assert body(b'{"p":{"q":{"r":1,"s":2}}}', ("body", "p.q.r")) == b'{"p":{"q":{"s":2}}}'
    assert body(b'{"r":1}', ("body", "r")) == b"{}"
    for other in b"[1]", b"5", b"null", b"{", b'{"a":NaN}':
        assert body(other, ("body", "sign")) == other
        with pytest.raises(ConfigError) as caught:
            body(other, ("body", "k.sign", "1"))
        assert str(caught.value) == "auth puts 'k.sign' into the body, which is not a JSON object"
    with pytest.raises(ConfigError) as caught:
        body(b'{"k":5}', ("body", "k.sign", "1"))
    assert str(caught.value) == "auth puts 'sign' into the body, which is not a JSON object"
    assert body(b'{"h":"\\ud800","s":1}', ("body", "s", "2")) == b'{"h":"\\ud800","s":"2"}'
    assert body(None, ("body", "sign", "1")) == b'{"sign":"1"}'
    untyped = edited(request(), ("body", "sign", "1"))
    assert untyped.headers == JSON
    assert untyped.injected == ("header.content-type", "body.sign")
    typed = edited(request(headers=(("Content-Type", "text/plain"),)), ("body", "sign", "1"))
    assert (typed.headers, typed.injected) == ((("Content-Type", "text/plain"),), ("body.sign",))


def test_a_field_of_a_form_is_set_in_place_of_every_spelling() -> None:
    def body(made: bytes | None, *steps: tuple[str, ...]) -> bytes | None:
        return edited(request(headers=FORM, body=made), *steps).body

    assert body(b"a=1&s+n=2&s%20n=3&b.c=4", ("body", "s n", "x y&")) == b"a=1&b.c=4&s+n=x+y%26"
    assert body(None, ("body", "b.c", "合")) == b"b.c=%E5%90%88"
    assert body(b"", ("body", "k", "")) == b"k="
    assert body(b"a=1&b.c=4&a=2", ("body", "a")) == b"b.c=4"
    assert body(b"a=\xff", ("body", "b", "1")) == b"a=\xff&b=1"
    assert body(b"", ("body", "a")) == b""


def test_a_body_has_a_member_where_it_would_be_set() -> None:
    json = b'{"a": {"b": 1, "c": null, "d": {}}, "e": ""}'
    cases = {"a": True, "a.b": True, "a.c": False, "a.d": True, "e": True, "a.b.x": False,
             "x": False, "b": False, "a.d.x": False}  # fmt: skip

    assert {name: has_body_member(JSON, json, name) for name in cases} == cases
    for body in None, b"", b"[1]", b"null", b"{":
        assert not has_body_member(JSON, body, "a")
    form = {"a.b": True, "k y": True, "a": False, "n": True}
    fields = b"a.b=1&k+y=2&n"
    assert {name: has_body_member(FORM, fields, name) for name in form} == form
    assert not has_body_member(FORM, None, "a")


def test_what_cannot_be_set_is_told_with_its_place() -> None:
    half = "the value holds half a character (a lone surrogate)"
    line = (
        "the value of header {} holds a line break or a character outside visible ASCII; encode "
        "it in the platform file, such as with | b64"
    )
    told = {}
    for place, headers, value in (
        ("query", (), "\ud800"),
        ("path", (), "\ud800"),
        ("body", FORM, "\ud800"),
        ("header", (), "a\nb"),
        ("header", (), "é"),
        ("header", (), "\x7f"),
        ("cookie", (), "a\r"),
    ):
        with pytest.raises(ConfigError) as caught:
            edited(request("https://a.test/{Key}", headers), (place, "Key", value))
        told[place, value] = str(caught.value)
    assert told == {
        ("query", "\ud800"): f"query.Key: {half}",
        ("path", "\ud800"): f"path.Key: {half}",
        ("body", "\ud800"): f"body.Key: {half}",
        ("header", "a\nb"): line.format("'Key'"),
        ("header", "é"): line.format("'Key'"),
        ("header", "\x7f"): line.format("'Key'"),
        ("cookie", "a\r"): line.format("'Cookie'"),
    }
    assert edited(request(), ("header", "K", "\t ~")).headers == (("K", "\t ~"),)


def rule(**fields: Any) -> Sign:
    emit = [{"in": "header", "name": "X-Sign", "value": "{{ signature }}"}]
    return msgspec.convert({"key": "k", "message": "合同", "emit": emit, **fields}, Sign)


def signature(**fields: Any) -> str:
    return dict(sign(request(), rule(**fields), {}).headers)["X-Sign"]


def test_a_signature_is_made_by_its_algorithm_key_and_encoding() -> None:
    data = "合同".encode()
    digest = hmac.digest(b"k", data, "sha256")
    assert signature() == digest.hex()
    assert {name: signature(encode=name) for name in ENCODED} == {
        "hex": digest.hex(),
        "upper_hex": digest.hex().upper(),
        "base64": base64.b64encode(digest).decode(),
        "hex_base64": base64.b64encode(digest.hex().encode()).decode(),
        "base64url": base64.urlsafe_b64encode(digest).decode().rstrip("="),
    }
    for name in "sha1", "sha256", "sha512", "md5":
        assert signature(algorithm=f"hmac-{name}") == hmac.digest(b"k", data, name).hex()
    for name in "md5", "sha1", "sha256":
        assert signature(algorithm=name) == hashlib.new(name, data).hexdigest()
    raw = hmac.digest(b"\xfb\x00", data, "sha256").hex()
    assert signature(key="fb00", key_encoding="hex") == raw
    assert signature(key="+wA=", key_encoding="base64") == raw
    second = hmac.digest(hmac.digest(b"\xfb\x00", b"cn-north-1", "sha256"), b"oss", "sha256")
    chain = ["fb00", "cn-north-1", "oss"]
    assert signature(key=chain, key_encoding="hex") == hmac.digest(second, data, "sha256").hex()
    second = hmac.digest(hmac.digest(b"\xfb\x00", b"cn-north-1", "sha1"), b"oss", "sha1")
    assert signature(key=chain, key_encoding="hex", algorithm="hmac-sha1") == (
        hmac.digest(second, data, "sha1").hex()
    )
    for fields in {"key": "x", "key_encoding": "hex"}, {"key": "\ud800"}, {"message": "\ud800"}:
        with pytest.raises(ConfigError) as caught:
            signature(**fields)
        assert str(caught.value).startswith("auth.sign cannot sign: ")


ENCODED = ("hex", "upper_hex", "base64", "hex_base64", "base64url")


def test_a_request_is_changed_in_the_order_of_signing() -> None:
    made = request(
        "https://a.test/p?sig=own&q=1&ts=0",
        (("X-Have", "own"), ("x-set", "own"), ("X-SIGN", "own"), *JSON),
        b'{"n":1,"sig":"own"}',
    )
    signing = msgspec.convert(
        {
            "define": [
                {"one": "{{ headers['x-have'] }}|{{ query_string }}"},
                {"two": "{{ one }}!"},
            ],
            "default_headers": {
                "x-{{ have }}": "default",
                "X-{{ part }}": "默认",
                "X-None": "{{ empty }}",
            },
            "set_headers": {"X-Set": "{{ two }}", "X-Empty": "{{ empty }}"},
            "set_query": {"ts": "{{ now }}", "{{ part }}": "甲", "none": "{{ empty }}"},
            "canonical": [{"all": "{{ query_string }};{{ headers['x-set'] }};{{ target }}"}],
            "message": "{{ all }}\n{{ body }}",
            "algorithm": "md5",
            "emit": [
                {"in": "header", "name": "X-Sign", "value": "{{ signature }}"},
                {"in": "query", "name": "sig", "value": "{{ signature | upper }}"},
                {"in": "body", "name": "sig", "value": "{{ two }}"},
                {"in": "header", "name": "X-{{ part }}-No", "value": "{{ empty }}"},
            ],
        },
        Sign,
    )
    names = {
        "now": 1_772_413_200,
        "part": "Part",
        "have": "HAVE",
        "empty": "",
        "body": "own",
        "query_string": "own",
    }
    signing = msgspec.structs.replace(
        signing, default_headers={**signing.default_headers, "X-{{ part }}": "Z"}
    )

    after = sign(made, signing, names)

    query = "q=1&ts=1772413200&Part=%E7%94%B2"
    two = "own|q=1&ts=0!"
    digest = hashlib.md5(f'{query};{two};/p?{query}\n{{"n":1}}'.encode()).hexdigest()
    assert after.url == f"https://a.test/p?{query}&sig={digest.upper()}"
    assert after.headers == (
        ("X-Have", "own"), *JSON, ("X-Part", "Z"), ("X-Set", two), ("X-Sign", digest),
    )  # fmt: skip
    assert after.body == f'{{"n":1,"sig":"{two}"}}'.encode()
    assert after.injected == (
        "header.x-part", "header.x-set", "query.ts", "query.Part", "header.x-sign", "query.sig",
        "body.sig",
    )  # fmt: skip


BODY = '{"金额": 1}'.encode()
CHECK = msgspec.convert(
    {
        "message": "{{ response_status }}\n{{ response_headers['x-nonce'] }}\n{{ response_body }}",
        "signature": "{{ response_headers['x-sign'] }}",
        "key": "{{ keys[response_headers['x-key']] | default('') }}",
        "algorithm": "hmac-sha256",
        "timestamp": "{{ response_headers['x-time'] }}",
        "window": 300,
    },
    ResponseSignature,
)
NOW = 1_772_413_200


def signed_response(status: int = 200, body: bytes = BODY, **headers: str) -> Response:
    text = f"{status}\nn1\n".encode() + BODY
    given = {
        "X-Nonce": "n1", "X-Key": "k", "X-Time": str(NOW),
        "X-Sign": base64.b64encode(hmac.digest("密钥".encode(), text, "sha256")).decode(),
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }  # fmt: skip
    pairs = tuple((name, value) for name, value in given.items() if value != "-")
    return Response(status=status, headers=pairs, body=body)


def verdict(response: Response, check: ResponseSignature = CHECK, now: Any = NOW) -> str:
    """Return why *response* is not trusted; empty if it is."""
    try:
        verify_response(response, check, {"now": now, "keys": {"k": "密钥"}})
    except AuthError as error:
        text = error.message
        return text.removeprefix("the answer cannot be trusted: ").partition("; check")[0]
    return ""


def test_a_response_is_trusted_if_time_key_and_signature_are_right() -> None:
    other = signed_response(299)
    assert verdict(signed_response()) == ""
    assert verdict(other) == ""
    assert verdict(signed_response(300, X_Sign="AA==")) == ""
    assert verdict(signed_response(500, X_Sign="-")) == ""
    wrong = "its signature is not that of its body"
    assert verdict(signed_response(body=b"{}")) == wrong
    assert verdict(signed_response(X_Nonce="n2")) == wrong
    assert verdict(signed_response(X_Sign="AA==")) == wrong
    assert verdict(signed_response(X_Sign="*")) == wrong
    assert verdict(signed_response(X_Sign="-")) == "it has no header 'x-sign'"
    assert verdict(signed_response(X_Time="-")) == "it has no header 'x-time'"
    assert verdict(signed_response(X_Nonce="-")) == "it has no header 'x-nonce'"


def test_a_signed_response_is_new_and_names_a_known_key() -> None:
    wrong = "its signature is not that of its body"
    late = "it was signed more than 300 s away from now"
    assert [verdict(signed_response(), now=NOW + by) for by in (300, -300, 301, -301)] == [
        "", "", late, late,
    ]  # fmt: skip
    assert verdict(signed_response(X_Time="9" * 5000)) == late
    number = "its time is not a number of seconds"
    for time in "", "1e9", "-1", "１７７２４１３２００", "²", f"{NOW}.5":
        assert verdict(signed_response(X_Time=time)) == number
    assert verdict(signed_response(), now="soon") == number
    assert (
        verdict(signed_response(X_Key="z")) == "it names a key that the platform does not declare"
    )
    timeless = msgspec.structs.replace(CHECK, timestamp="")
    assert verdict(signed_response(X_Time="-"), timeless) == ""
    hexed = msgspec.structs.replace(CHECK, encode="hex")
    digest = hmac.digest("密钥".encode(), b"200\nn1\n" + BODY, "sha256").hex()
    assert verdict(signed_response(X_Sign=digest), hexed) == ""
    assert verdict(signed_response(), hexed) == wrong
    with pytest.raises(ConfigError) as caught:
        verify_response(signed_response(), CHECK, {"now": NOW, "keys": {"k": "\ud800"}})
    assert str(caught.value).startswith("auth.verify_response cannot verify: ")


def test_the_headers_of_a_signature_are_those_that_it_reads() -> None:
    assert list_signature_header_places(CHECK) == (
        "header.x-sign", "header.x-time", "header.x-nonce",
    )  # fmt: skip
    plain = ResponseSignature(message="{{ response_body }}", signature="s", key="k")
    assert list_signature_header_places(plain) == ()
    needy = ResponseSignature(
        message="{{ undeclared }}", signature="{{ response_headers['x-s'] }}", key="k"
    )
    assert list_signature_header_places(needy) == ("header.x-s",)


def test_trust_is_told_of_live_successes_alone() -> None:
    proof = Proof(CHECK, {"keys": {"k": "密钥"}, "now": 0})
    asked = request(proof=proof)
    wrong = signed_response(body=b"{}")
    recorded = msgspec.structs.replace(wrong, source="recorded")

    assert describe_live_response_trust(asked, signed_response(), NOW) == VERIFIED
    assert "its signature is not that of its body" in describe_live_response_trust(
        asked, wrong, NOW
    )
    assert describe_live_response_trust(asked, recorded, NOW) == ""
    assert (
        describe_live_response_trust(asked, msgspec.structs.replace(wrong, status=404), NOW) == ""
    )
    assert describe_live_response_trust(request(), wrong, NOW) == ""
    unusable = request(proof=Proof(CHECK, {"keys": {"k": "\ud800"}}))
    assert describe_live_response_trust(unusable, signed_response(), NOW) == ""
