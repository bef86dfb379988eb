"""Which names and values are secrets, at each boundary; pseudonyms that no version may change."""

from __future__ import annotations

import pytest

from bpmax_sim.secret.pseudonym import make_pseudonym
from bpmax_sim.secret.secret_names import (
    is_cookie_redactable_everywhere,
    is_redactable_everywhere,
    is_secret_name,
    is_secret_value,
    make_texts_around_value,
    may_name_secret,
    split_scheme_by_name,
)

NAMES = (
    "password", "passwd", "pwd", "passphrase", "passcode", "keypass", "db_pass", "user_pass",
    "pass", "secret", "client_secret", "app_secret", "corp_secret", "token", "access_token",
    "refresh_token", "id_token", "auth_token", "csrf", "xsrf", "csrf_token", "xsrf_token",
    "csrf_middleware_token", "authenticity_token", "request_verification_token", "api_key",
    "auth_key", "access_key", "secret_key", "private_key", "priv_key", "account_key",
    "service_key", "database_key", "db_key", "license_key", "subscription_key", "signing_key",
    "encryption_key", "master_key", "session_key", "credential", "credentials", "signature",
    "otp", "totp", "code_verifier", "client_assertion", "saml_assertion", "saml_response",
    "session_id", "php_sess_id", "jsession_id", "user_session", "aiohttp_session",
    "authorization", "proxy_authorization",
)  # fmt: skip
WHOLE = (
    "auth", "cookie", "set_cookie", "session", "sign", "sig", "pay_sign", "api_sign",
    "app_sign", "request_sign", "req_sign", "x_sign", "x_ca_sign", "md5_sign", "assertion",
)  # fmt: skip

SINCE_2 = (
    "partner_key", "merchant_key", "mch_key", "md5_key", "hmac_key", "aes_key", "sm4_key",
    "sign_key", "encrypt_key", "api_v3_key", "suite_ticket", "component_verify_ticket",
    "jsapi_ticket", "permanent_code", "encoding_aes_key",
)  # fmt: skip


@pytest.mark.parametrize("name", SINCE_2)
def test_names_of_vendors_are_secret_since_the_second_version(name: str) -> None:
    camel = name.title().replace("_", "")
    for one in (name, camel, name.replace("_", ""), f"my_{name}", f"{name}_2", name.upper()):
        assert is_secret_name(one), one
        assert not is_secret_name(one, 1), one
        assert may_name_secret(f'{{"{one}": 1}}'.encode()), one


@pytest.mark.parametrize(
    ("name", "is_secret"),
    [
        ("passWord", True), ("userPassWord", True), ("PassWord2", True), ("pass_word", True),
        ("apisecret", True), ("apiSecret2", True), ("loginpassword", True), ("dbpasswd", True),
        ("X-Auth", True), ("x_auth_value", True), ("my_x_auth", False), ("mytoken", False),
        ("secretary", False), ("passwordless", False), ("ticket", False), ("ticket_no", False),
        ("keyName", False), ("public_key", False), ("app_key", False), ("sort_key", False),
        ("descKey", False), ("primaryKey", False), ("auth_code", False), ("passThrough", False),
        ("sig1", True), ("sig_2", True), ("sigValue", True), ("sigma", False),
        ("bypass_word_count", False), ("permanent_address", False), ("sign_key_version", False),
    ],
)  # fmt: skip
def test_joined_and_split_words_are_one_name(name: str, *, is_secret: bool) -> None:
    assert is_secret_name(name) is is_secret
    assert not is_secret or may_name_secret(f'{{"{name}": 1}}'.encode())


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_ends_so_is_secret_in_each_spelling(name: str) -> None:
    camel = name.title().replace("_", "")
    spellings = (name, name.upper(), camel, name.replace("_", "-"), name.replace("_", ""))
    around = (f"new_{name}", f"my{camel}", f"{name}2", f"{name}_2", f"{name}_confirm")
    for one in (*spellings, *around):
        assert is_secret_name(one), one
        assert may_name_secret(f'{{"{one}": 1}}'.encode()), one


@pytest.mark.parametrize("name", WHOLE)
def test_a_name_that_is_this_alone_is_secret(name: str) -> None:
    assert is_secret_name(name)
    assert is_secret_name(name.replace("_", "-").upper())
    assert is_secret_name(f"{name}_value")
    assert not is_secret_name(f"call_{name}")
    assert may_name_secret(f'{{"{name}": 1}}'.encode())


@pytest.mark.parametrize(
    ("name", "is_secret"),
    [
        *((f"password_{word}", True) for word in
          ("confirmation", "confirm", "confirmed", "again", "repeat", "value", "text", "plain",
           "hash", "1", "again_2")),
        *((f"{word}_token", False) for word in
          ("next", "prev", "previous", "page", "paging", "pagination", "continuation", "continue",
           "cursor", "scroll", "sync", "delta", "change", "start", "end", "resume", "last",
           "idempotency", "stop", "pad")),
        ("pageToken", False), ("nextPageToken", False), ("page_token_2", False), ("mytoken", False),
        ("token_page", False), ("password_required", False), ("token_type", False),
        ("access_key_id", False), ("key", False), ("app_key", False), ("", False), ("_", False),
        ("2", False), ("密码", True), ("登录口令", True), ("密钥", True), ("私钥", True),
        ("令牌", True), ("密码提示", False), ("again", False), ("hash", False), ("text", False),
        (f"{'a' * 71}_password", True), (f"{'a' * 72}_password", False),
    ],
)  # fmt: skip
def test_words_around_a_secret_name_decide(name: str, *, is_secret: bool) -> None:
    assert is_secret_name(name) is is_secret


@pytest.mark.parametrize(
    ("name", "text", "is_secret"),
    [
        ("token", "abc12", False), ("token", "abc123", True), ("token", "", False),
        ("token", "abc 123", False), ("token", "abc123\n", False), ("token", "令牌令牌令牌", False),
        ("token", "!~abcd", True), ("token", "abc\x7fdef", False),
        ("token", "http://x.test", False), ("token", "https://x.test", False),
        ("token", "ftp://x.test", True), ("token", "xhttp://y", True),
        ("token", "redacted.crm.a.token", False), ("token", "x-redacted.crm", False),
        ("token", "token1", True), ("signature", "token-signature", True),
        ("password", "我的密码是它", True), ("password", "ab cd ef", True),
        ("password", "password", False), ("password", "PassWord", False),
        ("userPassword", "password", True), ("pwd", "abc12", False), ("newPwd", "newpwd", False),
        ("newPwd", "一二三四五六", True), ("密码", "一二三四五六", True), ("密码", "密码", False),
        ("PASSWORD", "a b c d", True), ("sign", "一二三四五六", False),
    ],
)  # fmt: skip
def test_a_value_is_a_secret_by_its_form(name: str, text: str, *, is_secret: bool) -> None:
    assert is_secret_value(name, text) is is_secret


@pytest.mark.parametrize(
    ("name", "text", "scheme", "credential", "is_secret"),
    [
        ("Authorization", "Bearer abc-123", "Bearer ", "abc-123", True),
        ("authorization", "bearer abc-123", "bearer ", "abc-123", True),
        ("Proxy-Authorization", "Basic dTpwYXNz", "Basic ", "dTpwYXNz", True),
        ("authorization", "APPCODE 83359fd7", "APPCODE ", "83359fd7", True),
        ("authorization", "登录 83359fd7", "", "登录 83359fd7", False),
        ("authorization", "Bearer abc", "Bearer ", "abc", False),
        ("authorization", 'Digest username="a", nonce="b"', "Digest ", 'username="a", nonce="b"',
         False),
        ("authorization", "a header of HTTP", "a ", "header of HTTP", False),
        ("authorization", "Bearer https://a.test", "Bearer ", "https://a.test", False),
        ("authorization", "Bearer redacted.crm.a.b.1", "Bearer ", "redacted.crm.a.b.1", False),
        ("token", "Bearer abc-123", "Bearer ", "abc-123", True),
        ("token", "APPCODE 83359fd7", "", "APPCODE 83359fd7", False),
        ("password", "token of love", "", "token of love", True),
        ("token", "abc-123", "", "abc-123", True),
    ],
)  # fmt: skip
def test_a_scheme_is_no_part_of_a_credential(
    name: str, text: str, scheme: str, credential: str, *, is_secret: bool
) -> None:
    assert split_scheme_by_name(name, text) == (scheme, credential)
    assert is_secret_value(name, text) is is_secret
    assert is_secret_value(name, text, 1) is (is_secret and not scheme)


@pytest.mark.parametrize(
    ("value", "in_setting", "in_session"),
    [
        ("default", False, False), ("dark-mode", False, True), ("Asia/Shanghai", False, True),
        ("Asia%2FShanghai", False, True), ("zh-CN", False, True), ("cn-north-1", False, True),
        ("2026-03-02", False, False), ("100000", False, False), ("a+b c|d,e", False, True),
        ("America/Argentina/Buenos_Aires", False, True), ("a1b2c3d4", True, True),
        ("GA1.2.1234.5678", True, True), ("1234567890123456", True, True), ("深色", True, True),
        ("words-of-" + "many-" * 5, True, True), ("words-of-many-many-many-manyman", False, True),
        ("words-of-many-many-many-manymany", True, True), ("a1", True, True), ("", True, True),
    ],
)  # fmt: skip
def test_a_setting_in_a_cookie_is_no_secret_elsewhere(
    value: str, *, in_setting: bool, in_session: bool
) -> None:
    for name in ("theme", "tz", "_ga", "user"):
        assert is_cookie_redactable_everywhere(name, value) is in_setting
    for name in ("sid", "JSESSIONID", "token", "connect.sid", "login_ticket", "rememberMe"):
        assert is_cookie_redactable_everywhere(name, value) is in_session


@pytest.mark.parametrize(
    ("text", "is_anywhere"),
    [
        ("string", False), ("a" * 15, False), ("a" * 16, True), ("1" * 15, False),
        ("1" * 16, True), ("2026-03-02", False), ("10.0.0.1:80", False), ("1/2", False),
        ("abc1", True), ("abc-d", True), ("密码密码", True), ("a b", True), ("", True),
    ],
)  # fmt: skip
def test_a_plain_word_or_number_is_redacted_in_its_member_alone(
    text: str, *, is_anywhere: bool
) -> None:
    assert is_redactable_everywhere(text) is is_anywhere


def test_a_value_stands_between_these_texts() -> None:
    assert list(make_texts_around_value("pwd")) == [
        ('"pwd":"', '"'), ('"pwd": "', '"'), ("pwd=", ""), ("pwd>", "</"),
        ("pwd><![CDATA[", "]]>"), ('pwd="', '"'),
    ]  # fmt: skip
    assert list(make_texts_around_value("甲"))[:6] == [
        ('"甲":"', '"'), ('"甲": "', '"'), ("甲=", ""), ("甲>", "</"), ("甲><![CDATA[", "]]>"),
        ('甲="', '"'),
    ]  # fmt: skip
    assert list(make_texts_around_value("密-\ud800"))[6:] == [
        ("%C3%DC-%3F=", ""),
        ("%c3%dc-%3f=", ""),
    ]


@pytest.mark.parametrize(
    ("value", "pseudonym"),
    [
        ("13800138000", "16037050300"), ("19912345678", "16093834200"),
        ("12800138000", "00000000000"), ("110105194912310029", "000000197704141488"),
        ("11010519491231002X", "000000195112010290"), ("91350100M000100Y43", "91000000269322598J"),
        ("6222021234567890128", "0000004329337867278"), ("4111111111111111", "0000009024448020"),
        ("4111111111111112", "0000000000000000"), ("zhang@a.cn", "u829920709@example.test"),
        ("张三", "丙戊"), ("Zhang San", "Zyxxz Zyx"), ("上海市浦东新区88号", "丙戊某寅卯某某00癸"),
        ("Ab-12", "Xz-00"), ("2026-03-02", "0000-00-00"), ("0000", "0000"), ("x", "x"), ("", ""),
    ],
)  # fmt: skip
def test_a_pseudonym_is_the_same_in_each_version(value: str, pseudonym: str) -> None:
    """Requests with pseudonyms are matched with recordings that an earlier version made."""
    assert make_pseudonym(value) == pseudonym
    assert make_pseudonym(pseudonym) == pseudonym
