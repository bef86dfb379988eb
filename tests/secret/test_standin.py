from __future__ import annotations

import base64
import re

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from hypothesis import given
from hypothesis import strategies as st

from bpmax_sim.secret.standin import is_standin, make_standin, slug


def made(kind: str, *, number: int = 1, like: str = "") -> str:
    return make_standin(
        kind=kind, platform="客户", instance="test", name="token", number=number, like=like
    )


def test_text_says_what_it_stands_for_in_unreserved_characters() -> None:
    assert make_standin(kind="text", platform="crm_system", instance="test", name="token") == (
        "redacted.crm_system.test.token.1"
    )
    assert re.fullmatch(r"redacted\.[0-9a-f]{8}\.test\.token\.2", made("text", number=2))


@given(st.text(), st.text())
def test_slugs_are_unreserved_and_keep_names_apart(one: str, other: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9_-]*", slug(one))
    assert (slug(one) == slug(other)) == (one == other) or slug(one) == ""


@pytest.mark.parametrize("kind", ["text", "integer", "base64", "hex", "rsa", "ec", "jwt"])
def test_a_stand_in_is_always_the_same(kind: str) -> None:
    assert made(kind) == made(kind)


def test_each_kind_is_valid() -> None:
    assert int(made("integer")) > 10**9
    assert len(base64.b64decode(made("base64"), validate=True)) == 32
    assert len(bytes.fromhex(made("hex"))) == 16
    assert isinstance(load_pem_private_key(made("rsa").encode(), None), rsa.RSAPrivateKey)
    assert isinstance(load_pem_private_key(made("ec").encode(), None), ec.EllipticCurvePrivateKey)


def test_a_jwt_keeps_its_times_and_carries_no_signature() -> None:
    key = "a key of thirty-two bytes, or more"
    like = jwt.encode({"sub": "zhangsan", "exp": 1772416800, "iat": 1772413200}, key)

    token = made("jwt", like=like)

    claims = jwt.decode(token, options={"verify_signature": False})
    assert (claims["exp"], claims["iat"]) == (1772416800, 1772413200)
    assert "sub" not in claims
    assert token.endswith(".")
    assert is_standin(token)


def test_real_values_are_no_stand_ins() -> None:
    assert not is_standin("tok-1")
    assert not is_standin("a.b.c")
