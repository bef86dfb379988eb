"""What an Authorization header has of a user and a password."""

from __future__ import annotations

from base64 import b64encode

import pytest

from bpmax_sim.secret.http_auth import credential_of, read_basic


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
        ("", None),
    ],
)
def test_a_basic_header_has_a_user_and_a_password(value: str, pair: tuple[str, str] | None) -> None:
    assert read_basic(value) == pair


@pytest.mark.parametrize(
    ("value", "credential"),
    [("Bearer abc", "abc"), ("bearer abc", "abc"), ("Digest abc", None), ("abc", None), ("", None)],
)
def test_a_scheme_that_hashes_sends_no_credential(value: str, credential: str | None) -> None:
    assert credential_of(value) == credential
