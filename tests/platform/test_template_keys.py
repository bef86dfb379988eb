from __future__ import annotations

import json

import jwt
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from bpmax_sim.errors import ConfigError
from bpmax_sim.platform.encodings import decode_base64, encode_base64url
from bpmax_sim.platform.template import render

RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
CURVES = {"ES256": ec.SECP256R1(), "ES384": ec.SECP384R1(), "ES512": ec.SECP521R1()}
EC = {name: ec.generate_private_key(curve) for name, curve in CURVES.items()}


def pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


KEY = pem(RSA)
SECRET = "一把足够长的共享密钥，给三种算法用，给三种算法用，给三种算法用"
CLAIMS = {"iss": "张三", "sub": "crm", "aud": "https://login.example.com", "exp": 4_102_444_800}


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512", "RS256", "RS384", "RS512"])
@given(headers=st.dictionaries(st.sampled_from(["kid", "x5t"]), st.text("合同ab", max_size=5)))
@settings(max_examples=20)
def test_a_token_is_the_one_that_pyjwt_makes(algorithm: str, headers: dict[str, str]) -> None:
    key = SECRET if algorithm.startswith("HS") else KEY

    token = render(
        "{{ claims | jwt(key, algorithm, headers) }}",
        {"claims": CLAIMS, "key": key, "algorithm": algorithm, "headers": headers},
    )

    read = key if algorithm.startswith("HS") else RSA
    assert token == jwt.encode(CLAIMS, read, algorithm, headers=headers)


@pytest.mark.parametrize(
    "headers",
    [
        {"typ": "at+jwt"}, {"typ": "at+jwt", "kid": "华东-2026"}, {"kid": "华东-2026"},
        {"alg": "HS384"}, {"alg": "HS256", "typ": "JOSE"}, {"cty": "JWT", "alg": "HS512"}, {},
    ],
)  # fmt: skip
def test_headers_that_are_given_come_before_the_usual_ones(headers: dict[str, object]) -> None:
    names = {"claims": CLAIMS, "key": SECRET, "headers": headers}

    token = render("{{ claims | jwt(key, 'HS256', headers) }}", names)

    assert token == jwt.encode(CLAIMS, SECRET, "HS256", headers=headers)
    assert jwt.get_unverified_header(token) == {"typ": "JWT", "alg": "HS256", **headers}


@pytest.mark.parametrize("algorithm", sorted(EC))
def test_an_ecdsa_token_verifies_and_is_the_same_each_time(algorithm: str) -> None:
    names = {"claims": CLAIMS, "key": pem(EC[algorithm]), "algorithm": algorithm}

    token = render("{{ claims | jwt(key, algorithm) }}", names)

    assert token == render("{{ claims | jwt(key, algorithm) }}", names)
    assert jwt.decode(
        token, EC[algorithm].public_key(), [algorithm], audience="https://login.example.com"
    ) == CLAIMS  # fmt: skip


def test_the_signature_of_rfc_7515_a_1_comes_out() -> None:
    key = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"
    head = '{"typ":"JWT",\r\n "alg":"HS256"}'
    body = '{"iss":"joe",\r\n "exp":1300819380,\r\n "http://example.com/is_root":true}'
    names = {
        "signed": f"{encode_base64url(head)}.{encode_base64url(body)}",
        "key": decode_base64(key),
    }

    signature = decode_base64(render("{{ signed | hmac_sha256_b64(key) }}", names))

    assert encode_base64url(signature) == "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"


def test_a_private_key_may_be_pem_or_pem_on_one_line_or_bare_base64() -> None:
    bare = "".join(KEY.splitlines()[1:-1])
    old = RSA.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    ).decode()

    one_line = KEY.replace("\n", "\\n"), KEY.replace("\n", "\\r\\n")
    for written in (KEY, *one_line, KEY.replace("\n", "\r\n"), bare, old, f"  {KEY}  "):
        assert render("{{ key | pem }}", {"key": written}) == KEY
        signature = render("{{ text | rsa_sha256_b64(key) }}", {"text": "合同", "key": written})
        RSA.public_key().verify(
            decode_base64(signature), "合同".encode(), padding.PKCS1v15(), hashes.SHA256()
        )


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("{{ claims | jwt(key, 'none') }}",
            "jwt has no algorithm 'none'; there are HS, RS and ES with 256, 384 and 512"),
        ("{{ claims | jwt(key, 'PS256') }}",
            "jwt has no algorithm 'PS256'; there are HS, RS and ES with 256, 384 and 512"),
        ("{{ key | jwt(key) }}", "jwt needs claims, and headers if any, as {'name': value}"),
        ("{{ claims | jwt(key, 'RS256', key) }}",
            "jwt needs claims, and headers if any, as {'name': value}"),
        ("{{ claims | jwt('x') }}",
            "the private key is neither PEM nor base64, or it is encrypted"),
        ("{{ claims | jwt(ec) }}", "the private key is not an RSA key"),
        ("{{ claims | jwt(key, 'ES256') }}", "ES256 needs a private key on the curve secp256r1"),
        ("{{ claims | jwt(ec, 'ES512') }}", "ES512 needs a private key on the curve secp521r1"),
    ],
)  # fmt: skip
def test_a_key_that_does_not_fit_is_an_error(source: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        render(source, {"claims": CLAIMS, "key": KEY, "ec": pem(EC["ES256"])})

    assert str(caught.value).endswith(f": {message}")
    assert "PRIVATE" not in str(caught.value)


def test_an_encrypted_key_is_an_error() -> None:
    locked = RSA.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption("密码".encode()),
    ).decode()

    with pytest.raises(ConfigError, match=r"or it is encrypted$"):
        render("{{ key | pem }}", {"key": locked})


def test_claims_are_written_without_spaces() -> None:
    token = render("{{ {'a': 1, 'b': '合'} | jwt('k', 'HS256') }}", {})

    assert decode_base64(token.split(".")[1]) == json.dumps(
        {"a": 1, "b": "合"}, separators=(",", ":")
    ).encode()  # fmt: skip
