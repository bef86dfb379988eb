from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any
from urllib.parse import quote, unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oauthlib.oauth1 import SIGNATURE_HMAC_SHA1, SIGNATURE_HMAC_SHA256, SIGNATURE_TYPE_QUERY
from oauthlib.oauth1 import Client as OAuth1

from bpmax_sim.errors import ConfigError
from bpmax_sim.messages import Pairs, Request
from bpmax_sim.platform.model import Apply, ResponseSignature, Sign
from bpmax_sim.proxy.signing import list_signature_header_places, sign
from tests.proxy.signing_inputs import (
    NONCE,
    address,
    header,
    instants,
    paths,
    preset,
    queries,
    requests,
    secrets,
)

EMIT = (Apply(place="header", name="X-Sign", value="{{ signature }}"),)
REQUEST = Request(method="POST", url="https://crm.example.com/合?a=1".replace("合", "%E5%90%88"))


def signature(rule: Sign, **names: Any) -> str:
    return str(header(sign(REQUEST, rule, names), "X-Sign"))


@given(now=st.integers(946_684_800_000, 4_102_444_800_000), secret=secrets)
@settings(max_examples=50)
def test_the_robots_of_dingtalk_and_feishu_swap_key_and_message_and_unit(
    now: int, secret: str
) -> None:
    body = '{"msg_type":"text","content":{"text":"合同 张三"},"n":1.0}'.encode()
    url = "https://robot.example.com/send"
    request = Request(
        method="POST", url=url, headers=(("Content-Type", "application/json"),), body=body
    )

    ding = preset("dingtalk_robot", access_token="t", robot_secret=secret)
    dinged = ding.sign(request, now=now / 1000)
    feishu = preset("feishu_bot", bot_secret=secret).sign(request, now=now / 1000)

    digest = hmac.new(secret.encode(), f"{now}\n{secret}".encode(), "sha256").digest()
    sign_text = quote(base64.b64encode(digest).decode(), safe="")
    assert dinged.url == f"{url}?timestamp={now}&sign={sign_text}"
    assert dinged.injected == ("query.timestamp", "query.sign")
    digest = hmac.new(f"{now // 1000}\n{secret}".encode(), b"", "sha256").digest()
    sign_text = base64.b64encode(digest).decode()
    assert feishu.body == (
        body[:-1] + f',"timestamp":"{now // 1000}","sign":"{sign_text}"}}'.encode()
    )
    assert feishu.injected == ("body.timestamp", "body.sign")


def test_the_sample_of_standard_webhooks_comes_out() -> None:
    ours = preset(
        "standard_webhooks",
        webhook_secret="whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        message_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
    )
    request = Request(
        method="POST", url="https://crm.example.com/hook", body=b'{"test": 2432232314}'
    )

    signed = ours.sign(request, now=1614265330)

    assert signed.headers == (
        ("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"),
        ("webhook-timestamp", "1614265330"),
        ("webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
    )


def test_the_generic_preset_signs_method_target_time_nonce_and_body() -> None:
    body = '{"姓名":"张三"}'.encode()
    ours = preset("hmac", app_key="bpmax", app_secret="秘密", signature_header="X-Mark")
    request = Request(method="POST", url=REQUEST.url, headers=(("x-mark", "forged"),), body=body)

    signed = ours.sign(request, now=1772413200.25)

    digest = hashlib.sha256(body).hexdigest()
    text = f"POST\n/%E5%90%88?a=1\n1772413200250\n{NONCE}\n{digest}".encode()
    expected = base64.b64encode(hmac.new("秘密".encode(), text, "sha256").digest()).decode()
    assert signed.headers == (
        ("X-App-Key", "bpmax"),
        ("X-Timestamp", "1772413200250"),
        ("X-Nonce", NONCE),
        ("X-Mark", expected),
    )


@pytest.mark.parametrize(
    ("algorithm", "method"),
    [("hmac-sha1", SIGNATURE_HMAC_SHA1), ("hmac-sha256", SIGNATURE_HMAC_SHA256)],
)
@given(query=queries, path=paths, now=instants, keys=st.tuples(secrets, secrets))
@settings(max_examples=50)
def test_an_oauth_1_signature_can_be_declared_and_is_the_one_of_oauthlib(
    algorithm: Any, method: str, query: Pairs, path: str, now: int, keys: tuple[str, str]
) -> None:
    secret, token = keys
    request = Request(method="GET", url=address("crm.example.com", path, query))
    rule = Sign(
        set_query={
            "oauth_consumer_key": "key",
            "oauth_nonce": "{{ nonce }}",
            "oauth_signature_method": method,
            "oauth_timestamp": "{{ now | unix }}",
            "oauth_token": "user",
            "oauth_version": "1.0",
        },
        canonical=(
            {"address": "https://{{ host }}{{ path }}"},
            {"query": "{{ query_string | canonical_query }}"},
        ),
        message="{{ method }}&{{ address | percent }}&{{ query | percent }}",
        key="{{ secret | percent }}&{{ token | percent }}",
        algorithm=algorithm,
        encode="base64",
        emit=(Apply(place="query", name="oauth_signature", value="{{ signature }}"),),
    )

    signed = sign(request, rule, {"nonce": "n", "now": now, "secret": secret, "token": token})

    client = OAuth1(
        "key", secret, "user", token, signature_method=method,
        signature_type=SIGNATURE_TYPE_QUERY, nonce="n", timestamp=str(now),
    )  # fmt: skip
    theirs = str(client.sign(request.url)[0])
    assert unquote(signed.url.rpartition("oauth_signature=")[2]) == unquote(
        theirs.partition("oauth_signature=")[2].partition("&")[0]
    )


@pytest.mark.parametrize(
    ("encode", "expected"),
    [
        ("hex", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
        ("upper_hex", "5BDCC146BF60754E6A042426089575C75A003F089D2739839DEC58B964EC3843"),
        ("base64", "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM="),
        ("base64url", "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM"),
        (
            "hex_base64",
            "NWJkY2MxNDZiZjYwNzU0ZTZhMDQyNDI2MDg5NTc1Yzc1YTAwM2YwODlkMjczOTgzOWRlYzU4Yjk2NGVjMzg0Mw==",
        ),
    ],
)
def test_a_digest_is_encoded_as_declared(encode: Any, expected: str) -> None:
    rule = Sign(message="{{ text }}", key="Jefe", encode=encode, emit=EMIT)

    assert signature(rule, text="what do ya want for nothing?") == expected


@pytest.mark.parametrize("algorithm", ["hmac-md5", "hmac-sha1", "hmac-sha256", "hmac-sha512"])
@pytest.mark.parametrize("encoding", ["utf8", "base64", "hex"])
def test_a_key_may_be_text_base64_or_hexadecimal(algorithm: Any, encoding: Any) -> None:
    key = "密钥".encode()
    written = {"utf8": "密钥", "base64": base64.b64encode(key).decode(), "hex": key.hex()}
    rule = Sign(
        message="合同", key="{{ key }}", key_encoding=encoding, algorithm=algorithm, emit=EMIT
    )

    expected = hmac.new(key, "合同".encode(), algorithm.removeprefix("hmac-")).hexdigest()
    assert signature(rule, key=written[encoding]) == expected


@pytest.mark.parametrize("algorithm", ["md5", "sha1", "sha256"])
def test_a_plain_digest_needs_no_key(algorithm: Any) -> None:
    rule = Sign(
        message="{{ secret }}{{ query_string | joined_query }}{{ secret }}",
        algorithm=algorithm,
        encode="upper_hex",
        emit=EMIT,
    )

    expected = hashlib.new(algorithm, "密a1密".encode()).hexdigest().upper()
    assert signature(rule, secret="密") == expected


def test_a_chain_makes_each_digest_the_next_key() -> None:
    rule = Sign(message="m", key=("K{{ a }}", "{{ b }}", "end"), emit=EMIT)

    key = b"K1"
    for part in (b"2", b"end", b"m"):
        key = hmac.new(key, part, "sha256").digest()
    assert signature(rule, a="1", b="2") == key.hex()


@given(body=st.binary(max_size=60))
def test_the_very_bytes_of_the_body_are_signed(body: bytes) -> None:
    rule = Sign(message="{{ body }}", key="k", emit=EMIT)
    request = Request(method="POST", url=REQUEST.url, body=body)

    signed = sign(request, rule, {})

    assert header(signed, "X-Sign") == hmac.new(b"k", body, "sha256").hexdigest()
    assert signed.body == body


@given(request_=requests(), now=instants)
@settings(max_examples=40)
def test_the_same_names_give_the_same_bytes(request_: Request, now: int) -> None:
    ours = preset("hmac", app_key="bpmax", app_secret="秘密")

    assert ours.sign(request_, now=now) == ours.sign(request_, now=now)


def test_canonical_templates_see_the_headers_and_query_that_were_set() -> None:
    rule = Sign(
        define=({"before": "{{ query_string }}"},),
        default_headers={"X-A": "default", "X-B": "default", "X-C": ""},
        set_headers={"X-Ts": "{{ now }}", "X-Empty": ""},
        set_query={"ts": "{{ now }}", "none": ""},
        canonical=({"after": "{{ query_string }} {{ headers | pick('x-*') | header_names }}"},),
        message="m",
        key="k",
        emit=(Apply(place="header", name="X-Seen", value="{{ before }} {{ after }}"),),
    )
    request = Request(method="GET", url="https://crm.example.com/?a=1", headers=(("x-a", "own"),))

    signed = sign(request, rule, {"now": 5})

    assert signed.headers == (
        ("x-a", "own"),
        ("X-B", "default"),
        ("X-Ts", "5"),
        ("X-Seen", "a=1 a=1&ts=5 x-a;x-b;x-ts"),
    )
    assert signed.url == "https://crm.example.com/?a=1&ts=5"
    assert signed.injected == ("header.x-b", "header.x-ts", "query.ts", "header.x-seen")


def test_what_a_script_put_where_the_signature_goes_is_neither_signed_nor_sent() -> None:
    rule = Sign(
        message="{{ headers | header_names }} {{ query_string }}",
        key="k",
        emit=(*EMIT, Apply(place="query", name="sign", value="{{ signature }}")),
    )
    clean = Request(method="GET", url="https://h/?a=1", injected=("query.token",))
    forged = Request(
        method="GET",
        url="https://h/?sign=forged&a=1",
        headers=(("x-SIGN", "forged"),),
        injected=("query.token",),
    )

    assert sign(forged, rule, {}) == sign(clean, rule, {})
    assert sign(clean, rule, {}).injected == ("query.token", "header.x-sign", "query.sign")


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (Sign(message="m", key="密$", key_encoding="base64", emit=EMIT),
            "auth.sign cannot sign: the key is not base64"),
        (Sign(message="m", key="xyz", key_encoding="hex", emit=EMIT),
            "auth.sign cannot sign: the key is not hexadecimal"),
        (Sign(message="m", key="xyz", algorithm="rsa-sha256", emit=EMIT),
            "auth.sign cannot sign: the private key is neither PEM nor base64, or it is encrypted"),
        (Sign(message="{{ secrt }}", key="k", emit=EMIT),
            "template '{{ secrt }}': 'secrt' is not defined; did you mean 'secret'?"),
        (Sign(message="m", key="k", define=({"x": "{{ signature }}"},), emit=EMIT),
            (
                "template '{{ signature }}': 'signature' is not defined; defined are body, headers,"
                " host, method, path, query_string, secret, target, url"
            )),
    ],
)  # fmt: skip
def test_a_rule_that_cannot_sign_says_why(rule: Sign, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        signature(rule, secret="密")

    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("rule", "places"),
    [
        ({}, []),
        ({"signature": "{{ response_headers['x-sign'] }}"}, ["x-sign"]),
        (
            {
                "signature": "{{ response_headers['x-sign'] }}",
                "timestamp": "{{ response_headers['x-time'] }}",
                "message": "{{ response_headers['x-nonce'] }}{{ response_headers['x-time'] }}"
                "{{ response_status }}{{ response_body }}",
            },
            ["x-sign", "x-time", "x-nonce"],
        ),
        ({"message": "{{ response_headers.date }}"}, ["date"]),
        ({"key": "{{ response_headers['x-serial'] }}"}, []),
        (
            {
                "signature": "{{ secret }}{{ response_headers['x-sign'] }}",
                "timestamp": "{{ response_headers['x-time'] ~ secret }}",
                "message": "{{ response_headers['x-nonce'] }}",
            },
            ["x-time", "x-nonce"],
        ),
    ],
)
def test_what_makes_a_response_s_signature_is_another_each_time(
    rule: dict[str, str], places: list[str]
) -> None:
    signed = ResponseSignature(**{"message": "", "signature": "", "key": "", **rule})  # type: ignore[arg-type]

    assert list_signature_header_places(signed) == tuple(f"header.{name}" for name in places)
