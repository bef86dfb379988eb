from __future__ import annotations

import base64
import json
import re

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from hypothesis import given
from hypothesis import strategies as st

from bpmax_sim.secret.standin import (
    find_text_standin,
    get_jwt_issuer_or_standin,
    is_recognisable_standin,
    make_standin,
    replace_standins_by_zeros,
    to_distinct_slug,
)
from bpmax_sim.secret.vault import Vault


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
    assert re.fullmatch(r"[A-Za-z0-9_-]*", to_distinct_slug(one))
    assert (to_distinct_slug(one) == to_distinct_slug(other)) == (one == other) or to_distinct_slug(
        one
    ) == ""


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
    assert is_recognisable_standin(token)


@pytest.mark.parametrize("name", ["~~~", "???"])
def test_the_times_of_a_token_are_read_beside_each_sign_of_its_alphabet(name: str) -> None:
    like = token({"sub": name, "exp": 1772416800})
    assert set(like) & set("-_")  # of base64url alone (RFC 7515, 2)

    claims = jwt.decode(made("jwt", like=like), options={"verify_signature": False})

    assert claims["exp"] == 1772416800


def test_real_values_are_no_stand_ins() -> None:
    assert not is_recognisable_standin("tok-1")
    assert not is_recognisable_standin("a.b.c")


def token(claims: object, *, parts: int = 3) -> str:
    middle = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    return ".".join(["e30", middle, "", ""][:parts])


@pytest.mark.parametrize(
    ("value", "is_one", "label"),
    [
        ("redacted.a.b.c.1", True, None),
        ("Redacted.a", False, None),
        ("x redacted.a", False, None),
        (token({"iss": "redacted.a.b.c.1"}), True, "redacted.a.b.c.1"),
        (token({"iss": "a redacted."}), False, "a redacted."),
        (token({"iss": None}), False, "None"),
        (token({"sub": "redacted."}), False, None),
        (token(["iss"]), False, None),
        (token({"iss": "redacted.a"}, parts=2), False, None),
        (token({"iss": "redacted.a"}, parts=4), False, None),
        ("a.ü.c", False, None),
        (f"e30.{'W1tb' * 50_000}.", False, None),  # so many arrays within one another
        ("..", False, None),
        ("", False, None),
    ],
)
def test_only_a_text_or_a_token_is_known_as_a_stand_in(
    value: str, label: str | None, *, is_one: bool
) -> None:
    assert is_recognisable_standin(value) == is_one
    assert get_jwt_issuer_or_standin(value) == (value if label is None else label)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("redacted.crm.test.token.1", "redacted.crm.test.token.1"),
        ("a=redacted.crm.test.token.12&redacted.crm.test.token.3", "redacted.crm.test.token.12"),
        ("redacted.crm.test.token.1x redacted.crm.test.token.2.", "redacted.crm.test.token.2"),
        ("redacted.crm.test.token.1_", None),
        ("redacted.crm.test.token.", None),
        ("redacted.crm.test.tokens.1", None),
        ("redacted.crm.prod.token.1", None),
        ("", None),
    ],
)
def test_a_stand_in_is_found_whole(text: str, found: str | None) -> None:
    assert find_text_standin(text, platform="crm", instance="test", name="token") == found


@pytest.mark.parametrize(
    ("data", "left"),
    [
        (b"a redacted.a.b.c.1 b", b"a " + bytes(16) + b" b"),
        (b"redacted.a.b.c.12,redacted.a.b.c.3", bytes(17) + b"," + bytes(16)),
        # of a session without owner, and of undeclared traffic in old recordings
        (b"redacted.a..c.1", bytes(15)),
        (b"a=redacted...c.1&", b"a=" + bytes(14) + b"&"),
        (b"redacted.a.b.1", b"redacted.a.b.1"),
        (b"redacted.a.b.c.1d", b"redacted.a.b.c.1d"),
        (b"redacted", b"redacted"),
    ],
)
def test_stand_ins_are_zeroed_in_their_length(data: bytes, left: bytes) -> None:
    assert replace_standins_by_zeros(data) == left


@pytest.mark.parametrize(
    ("text", "made"),
    [("a_B-9", "a_B-9"), ("-a", "a-[0-9a-f]{8}"), ("a b", "a-b-[0-9a-f]{8}"), ("客", "[0-9a-f]{8}"),
     ("a.", "a-[0-9a-f]{8}"), ("", "")],
)  # fmt: skip
def test_a_slug_that_lost_something_has_a_digest(text: str, made: str) -> None:
    assert re.fullmatch(made, to_distinct_slug(text))


@pytest.mark.parametrize("claims", [{"exp": 5, "iat": 4, "nbf": 3}, {"exp": 5}, {}])
def test_a_token_keeps_its_own_times_alone(claims: dict[str, int]) -> None:
    kept = jwt.decode(made("jwt", like=token(claims)), options={"verify_signature": False})

    assert {name: kept[name] for name in kept if name != "iss"} == {
        name: claims[name] for name in claims if name != "nbf"
    }
    assert [len(made("integer", number=number)) for number in range(1, 60)] == [10] * 59


@pytest.mark.parametrize("platform", ["scenario", "", "合同系统"])
@pytest.mark.parametrize("instance", ["审批", "test", ""])
def test_a_stand_in_whose_words_are_secrets_stays_whole(platform: str, instance: str) -> None:
    """Whatever it names; a session of no scenario has no owner to name."""
    vault = Vault()
    standin = vault.register_issued(platform, instance, "secret", "密钥-8fK2-q7Zr")
    vault.register_issued("合同系统", "test", "password", "scenario..secret")
    vault.register_issued("合同系统", "test", "password", "redacted.scenario")
    vault.register_issued("合同系统", "test", "password", "..secret.1")

    shown = vault.redact_text("a 密钥-8fK2-q7Zr b")

    assert shown == f"a {standin} b"
    assert vault.redact_text(shown) == shown
    assert vault.scan(shown.encode()) == ()


@pytest.mark.parametrize("claims", [b"[" * 100_000, b"[1]", b"{", b"\xff", b"5", b"null"])
def test_what_is_no_object_of_claims_is_no_stand_in(claims: bytes) -> None:
    token = f"e30.{base64.urlsafe_b64encode(claims).decode().rstrip('=')}.x"

    assert not is_recognisable_standin(token)
    assert Vault().register_issued("crm", "test", "token", token, "jwt").startswith("eyJ")
