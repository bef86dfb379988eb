"""What an Authorization header has of a user and a password."""

from __future__ import annotations

from base64 import b64encode

import pytest

from bpmax_sim.secret.http_auth import get_unhashed_credential, read_basic, replace_credential


def basic(text: str, scheme: str = "Basic ") -> str:
    return scheme + b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("value", "pair"),
    [
        (basic("张三:p"), ("张三", "p")),
        (basic("a:"), ("a", "")),
        (basic(":"), ("", "")),
        (basic(":p"), ("", "p")),
        (basic("a:b:c"), ("a", "b:c")),
        (basic("a:b", "BASIC "), ("a", "b")),
        (basic("a:b", "basic  "), ("a", "b")),
        (basic("a"), None),
        (basic(""), None),
        (basic("a:b", "Bearer "), None),
        (basic("a:b", "Basics "), None),
        (basic("a:b", ""), None),
        ("Basic", None),
        ("Basic a:b", None),
        ("Basic /w==", None),
        ("Basic YTpi!", None),
        ("Basic YTpi\n", ("a", "b")),
        ("Basic ", None),
        ("", None),
    ],
)
def test_a_basic_header_has_a_user_and_a_password(value: str, pair: tuple[str, str] | None) -> None:
    assert read_basic(value) == pair


@pytest.mark.parametrize(
    ("value", "credential"),
    [
        ("Bearer abc", "abc"),
        ("bearer abc", "abc"),
        ("TOKEN a b", "a b"),
        ("Digest abc", None),
        ("DIGEST abc", None),
        ("Bearer", None),
        ("Bearer ", None),
        ("Bearers abc", None),
        ("abc", None),
        ("", None),
    ],
)
def test_a_scheme_that_hashes_sends_no_credential(value: str, credential: str | None) -> None:
    assert get_unhashed_credential(value) == credential


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("Bearer abc", "Bearer <abc>"),
        ("DIGEST a=1, b=2", "DIGEST <a=1, b=2>"),
        ("AWS4 abc", "<AWS4 abc>"),
        ("Bearer ", "<Bearer >"),
        ("", "<>"),
    ],
)
def test_a_scheme_is_kept_before_a_stand_in(value: str, shown: str) -> None:
    assert replace_credential(value, lambda credential: f"<{credential}>") == shown
