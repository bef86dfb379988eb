from __future__ import annotations

import base64
import datetime as dt

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from wechatpayv3 import utils as wechatpay

from bpmax_sim.errors import AuthError, ConfigError
from bpmax_sim.messages import Request, Response
from bpmax_sim.platform.model import ResponseSignature
from bpmax_sim.proxy.signing import verify_response
from tests.examples import drawn
from tests.proxy.signing_inputs import Preset, encoded, header, paths, preset, queries, words
from tests.rsa_keys import rsa_key

NOW = 1772413200
UNTRUSTED = "the answer cannot be trusted: "
ADVICE = "; check the platform's public key"


def public_pem(key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey) -> str:
    return key.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    ).decode()


def certificate() -> str:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "微信支付")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(rsa_key("platform").public_key())
        .serial_number(1)
        .not_valid_before(dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
        .not_valid_after(dt.datetime(2036, 1, 1, tzinfo=dt.UTC))
        .sign(rsa_key("platform"), hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM).decode()


def pay(key: str | None = None) -> Preset:
    merchant = rsa_key("merchant").private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return preset(
        "wechatpay_v3",
        mchid="1900007291",
        serial_no="408B07E7",
        private_key=merchant.decode(),
        platform_key_id="PUB_KEY_ID_1",
        platform_public_key=public_pem(rsa_key("platform").public_key()) if key is None else key,
    )


def answer(body: bytes, *, at: int = NOW) -> Response:
    text = f"{at}\nnonce\n{body.decode('utf-8', 'surrogateescape')}\n"
    signature = wechatpay.rsa_sign(rsa_key("platform"), text)
    return Response(
        status=200,
        headers=(
            ("Wechatpay-Timestamp", str(at)),
            ("Wechatpay-Nonce", "nonce"),
            ("Wechatpay-Signature", signature),
            ("Wechatpay-Serial", "PUB_KEY_ID_1"),
        ),
        body=body,
    )


def changed(response: Response, name: str, value: str) -> Response:
    kept = tuple(pair for pair in response.headers if pair[0] != name)
    return replace(response, headers=(*kept, (name, value)) if value else kept)


@given(
    method=st.sampled_from(["GET", "POST", "PATCH"]),
    path=paths,
    query=queries,
    body=st.one_of(st.none(), words.filter(bool)),
)
@settings(max_examples=drawn(60))
def test_the_authorization_is_the_one_that_wechatpayv3_builds(
    method: str, path: str, query: tuple[tuple[str, str], ...], body: str | None
) -> None:
    target = f"{path}?{encoded(query)}" if query else path
    theirs = wechatpay.build_authorization(
        target, method, "1900007291", "408B07E7", rsa_key("merchant"), data=body, nonce_str="NONCE"
    )
    now = int(theirs.partition('timestamp="')[2].partition('"')[0])
    request = Request(
        method=method,
        url=f"https://api.mch.weixin.qq.com{target}",
        body=None if body is None else body.encode(),
    )

    signed = pay().sign(request, now=now, nonce="NONCE")

    assert header(signed, "Authorization") == theirs
    assert header(signed, "Accept") == "application/json"
    assert header(signed, "User-Agent") == "bpmax-sim"


def test_the_headers_of_a_script_stay_where_only_some_are_needed() -> None:
    own = (("accept", "text/plain"), ("User-Agent", "bpmax"))
    request = Request(
        method="GET", url="https://api.mch.weixin.qq.com/v3/certificates", headers=own
    )

    signed = pay().sign(request, now=NOW)

    assert signed.headers[:2] == own
    assert signed.injected == ("header.authorization",)


@given(body=words)
@settings(max_examples=30)
def test_what_wechatpayv3_accepts_is_accepted(body: str) -> None:
    response = answer(body.encode())

    pay().verify(response, now=NOW + 299)
    pay(certificate()).verify(response, now=NOW - 299)

    assert wechatpay.rsa_verify(
        str(NOW),
        "nonce",
        body,
        response.header("Wechatpay-Signature"),
        rsa_key("platform").public_key(),
    )


SIGNED = answer('{"name":"张三"}'.encode())


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        (replace(SIGNED, body='{"name":"李四"}'.encode()), "its signature is not that of its body"),
        (changed(SIGNED, "Wechatpay-Nonce", "other"), "its signature is not that of its body"),
        (
            changed(SIGNED, "Wechatpay-Signature", "WECHATPAY/SIGNTEST/a2V5"),
            "its signature is not that of its body",
        ),
        (changed(SIGNED, "Wechatpay-Signature", "$"), "its signature is not that of its body"),
        (changed(SIGNED, "Wechatpay-Signature", ""), "it has no header 'wechatpay-signature'"),
        (
            changed(SIGNED, "Wechatpay-Serial", "PUB_KEY_ID_2"),
            "it names a key that the platform does not declare",
        ),
        (changed(SIGNED, "Wechatpay-Timestamp", "soon"), "its time is not a number of seconds"),
        (changed(SIGNED, "Wechatpay-Timestamp", f"{NOW}.0"), "its time is not a number of seconds"),
        (changed(SIGNED, "Wechatpay-Timestamp", "１"), "its time is not a number of seconds"),
        (
            changed(SIGNED, "Wechatpay-Timestamp", "1" * 5000),
            "it was signed more than 300 s away from now",
        ),
        (answer(b"{}", at=NOW - 301), "it was signed more than 300 s away from now"),
        (answer(b"{}", at=NOW + 301), "it was signed more than 300 s away from now"),
    ],
)
def test_an_answer_that_was_not_signed_so_is_refused(response: Response, reason: str) -> None:
    with pytest.raises(AuthError) as caught:
        pay().verify(response, now=NOW)

    assert str(caught.value) == UNTRUSTED + reason + ADVICE
    assert caught.value.code == "AUTH_FAILED"


@pytest.mark.parametrize("status", [400, 401, 404, 500])
def test_only_a_success_is_signed(status: int) -> None:
    pay().verify(Response(status=status, body=b'{"code":"SIGN_ERROR"}'), now=NOW)


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("密钥", "the public key is neither PEM, a certificate nor base64"),
        (public_pem(ec.generate_private_key(ec.SECP256R1()).public_key()),
            "the public key is not an RSA key"),
    ],
    ids=["none", "of an ellipse"], # the key is another in each worker
)  # fmt: skip
def test_a_public_key_that_does_not_fit_is_an_error(key: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        pay(key).verify(SIGNED, now=NOW)

    assert str(caught.value) == f"auth.verify_response cannot verify: {message}"


def test_a_public_key_may_be_bare_base64() -> None:
    bare = "".join(public_pem(rsa_key("platform").public_key()).splitlines()[1:-1])

    pay(bare).verify(SIGNED, now=NOW)


@pytest.mark.parametrize("encode", ["hex", "base64"])
def test_an_answer_may_be_signed_with_a_shared_secret(encode: str) -> None:
    rule = ResponseSignature(
        message="{{ response_status }}.{{ response_body }}",
        signature="{{ response_headers['x-sign'] }}",
        key="{{ secret }}",
        algorithm="hmac-sha256",
        encode="hex" if encode == "hex" else "base64",
    )
    digest = preset_digest("200.合同")
    written = digest.hex() if encode == "hex" else base64.b64encode(digest).decode()
    response = Response(status=200, headers=(("X-Sign", written),), body="合同".encode())

    verify_response(response, rule, {"secret": "密"})
    with pytest.raises(AuthError):
        verify_response(replace(response, body=b""), rule, {"secret": "密"})


def preset_digest(text: str) -> bytes:
    maker = wechatpay.HMAC("密".encode(), hashes.SHA256())
    maker.update(text.encode())
    digest: bytes = maker.finalize()
    return digest
