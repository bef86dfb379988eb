"""What an Authorization header has of a user and a password."""

from __future__ import annotations

from base64 import b64encode
from urllib.parse import unquote

import pytest

from bpmax_sim.secret.credential_headers import (
    hide_cookie,
    hide_credential,
    register_basic_password,
    register_parts_of_credential,
)
from bpmax_sim.secret.http_auth import get_unhashed_credential, read_basic, replace_credential
from bpmax_sim.secret.vault import Vault


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
        ("Basic 认证", None),
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


CRM = ("crm", "test")
STANDIN = "redacted.crm.test.basic-password.1"


@pytest.mark.parametrize(
    ("user", "password", "text", "shown"),
    [
        ("zs", "pw-4711", "密码 pw-4711", f"密码 {STANDIN}"),
        # a word is one only behind its user, and a short one nowhere
        ("zs", "abcdef", "zs:abcdef abcdef", f"zs:{STANDIN} abcdef"),
        ("zs", "abcde", "zs:abcde", "zs:abcde"),
        ("zs", "", "zs:", "zs:"),
        ("user-1", "", "user-1:", "user-1:"),
        # a key in place of a user
        ("abcdefghijklmnop", "", "abcdefghijklmnop:", f"{STANDIN}:"),
        ("abcdefghijklmno", "", "abcdefghijklmno:", "abcdefghijklmno:"),
        ("abcdefghijklmnop", "pw-4711", "abcdefghijklmnop", "abcdefghijklmnop"),
    ],
)
def test_a_password_of_basic_is_hidden_on_its_own(
    user: str, password: str, text: str, shown: str
) -> None:
    vault = Vault()
    register_basic_password(user, password, CRM, vault)

    assert vault.redact_text(text) == shown


@pytest.mark.parametrize(
    ("value", "credential", "is_hidden"),
    [
        ("Basic YWJjZGVm", "YWJjZGVm", True),
        ("BASIC YWJjZGVm", "YWJjZGVm", True),
        ("Bearer YWJjZGVm", "YWJjZGVm", False),
    ],
)
def test_the_letters_of_basic_are_no_word(value: str, credential: str, *, is_hidden: bool) -> None:
    vault = Vault()
    assert credential not in hide_credential("Authorization", value, CRM, vault)

    assert (vault.redact_text(credential) != credential) == is_hidden


@pytest.mark.parametrize(
    ("value", "is_hidden"),
    [("theme=dark; sid=c0okie-4711", True), ("theme=dark; lang=zh-CN", False)],
)
def test_cookies_are_hidden_as_a_whole_if_one_is_a_secret(value: str, *, is_hidden: bool) -> None:
    vault = Vault()
    assert hide_credential("Cookie", value, CRM, vault) == "redacted.crm.test.script-cookie.1"

    assert (vault.redact_text(f"收到 {value}") != f"收到 {value}") == is_hidden


@pytest.mark.parametrize("value", ["s%3Ac0okie-4711", "ab%2fcd%2bef4711", "c0okie%2B47%3d"])
def test_a_cookie_is_hidden_as_it_is_sent_and_as_it_is_meant(value: str) -> None:
    vault = Vault()
    standin = hide_cookie("sid", value, CRM, vault)

    assert vault.redact_text(f"会话 {value}") == f"会话 {standin}"
    assert vault.redact_text(f"会话 {unquote(value)}") == f"会话 {standin}"


def test_a_cookie_that_is_a_declared_secret_takes_no_number() -> None:
    vault = Vault()
    vault.add("c0okie-4711", "redacted.crm.test.key.1", name="crm.test.key")
    register_parts_of_credential("Cookie", "sid=c0okie-4711; sid=n3w-4711", CRM, vault)

    assert vault.redact_text("n3w-4711") == "redacted.crm.test.sent-cookie-sid.1"


@pytest.mark.parametrize(
    ("standin", "sent"),
    [
        ("redacted.crm.test.token.1", "redacted.crm.test.token.1"),
        ("redacted...token.1", "redacted...token.1"),
        ("redacted.crm.test.sent-token.1", "redacted.crm.test.script-authorization.1"),
        ("https://redacted.test", "redacted.crm.test.script-authorization.1"),
    ],
)
def test_a_token_that_a_response_issued_keeps_its_name(standin: str, sent: str) -> None:
    vault = Vault()
    vault.add("t0ken-4711", standin, name="crm.test.token")

    assert hide_credential("Authorization", "Bearer t0ken-4711", CRM, vault) == f"Bearer {sent}"
