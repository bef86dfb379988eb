"""Which names, values and headers hold a secret: each entry, each ending and each exception."""

from __future__ import annotations

import base64
from typing import Any

from bpmax_sim.secret.credential_headers import (
    hide_cookie,
    hide_credential,
    register_basic_password,
    register_parts_of_credential,
)
from bpmax_sim.secret.http_auth import (
    get_unhashed_credential,
    move_user_to_header,
    read_basic,
    replace_credential,
    split_scheme,
)
from bpmax_sim.secret.secret_names import (
    is_cookie_redactable_everywhere,
    is_letters_and_digits,
    is_name_of_password,
    is_placeholder,
    is_redactable_everywhere,
    is_secret_name,
    is_secret_value,
    is_template_or_mask,
    is_words_and_numbers,
    make_texts_around_value,
    may_name_secret,
    restore_plus_signs,
    split_scheme_by_name,
)
from bpmax_sim.secret.vault import Vault

# ruff: noqa: SIM905
ENDS = """
password passwd pwd passphrase passcode keypass db_pass user_pass pass secret
client_secret app_secret corp_secret token access_token refresh_token id_token auth_token
csrf xsrf csrf_token xsrf_token csrf_middleware_token authenticity_token
request_verification_token api_key auth_key access_key secret_key private_key priv_key
account_key service_key database_key db_key license_key subscription_key signing_key
encryption_key master_key session_key credential credentials signature otp totp
code_verifier client_assertion saml_assertion saml_response session_id php_sess_id
jsession_id user_session aiohttp_session authorization proxy_authorization
""".split()
WHOLE = """
auth cookie set_cookie session sign sig pay_sign api_sign app_sign request_sign req_sign
x_sign x_ca_sign md5_sign assertion
""".split()
LATER = """
partner_key merchant_key mch_key md5_key hmac_key aes_key sm4_key encoding_aes_key
sign_key encrypt_key api_v3_key suite_ticket component_verify_ticket jsapi_ticket
permanent_code
""".split()


def camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(map(str.title, rest))


def test_a_name_is_judged_by_its_last_words_in_every_spelling() -> None:
    spellings: tuple[str, ...]
    for name in ENDS:
        spellings = (
            name, name.upper(), name.replace("_", "-"), camel(name), f"my_{name}", f"{name}2",
            f"{name}_confirmation", f"x.{name}", name.replace("_", ""),
        )  # fmt: skip
        assert {one: is_secret_name(one, 1) for one in spellings} == dict.fromkeys(spellings, True)
        assert not is_secret_name(f"{name}_required")
    for name in WHOLE:
        spellings = name, name.upper(), name.replace("_", "-"), camel(name), f"{name}_value"
        assert {one: is_secret_name(one, 1) for one in spellings} == dict.fromkeys(spellings, True)
        assert not is_secret_name(f"call_{name}", 1)
    for name in LATER:
        spellings = name, camel(name), f"wx-{name}", name.replace("_", "")
        assert {one: is_secret_name(one) for one in spellings} == dict.fromkeys(spellings, True)
        assert not is_secret_name(name, 1), name


def test_words_around_a_secret_name_may_take_it_away() -> None:
    names = {
        "": False, "_": False, "1": False, "12_3": False, "密码": True, "登录密码": True,
        "口令": True, "密钥": True, "私钥": True, "令牌": True, "密码强度": False, "x_密码": True,
        "password_hash": True, "password_again_repeat": True, "passwordText": True,
        "token_confirm_2": True, "password_type": False, "token_type": False,
        "next_token": False, "pageToken": False, "sync-token": False, "idempotency_token": False,
        "cursor_token": False, "nextAccessToken": True, "next_secret": True, "token_next": False,
        "APIKey": True, "userAPIKey": True, "access_key_id": False, "key": False, "app_key": False,
        "X-Auth": True, "my_x_auth": False, "api_secret": True, "apisecret": True,
        "dbpassword": True,
        "mypasswd": True, "apitoken": False, "passWord": True, "accessToken2": True, "value": False,
        "again": False, "hash": False, "confirm_2": False, "sessions": False, "tokens": False,
        "compass": False, "bypass": False, "design": False, "a" * 73 + "_secret": True,
        "a" * 74 + "_secret": False,
    }  # fmt: skip
    assert {name: is_secret_name(name) for name in names} == names
    old = {"apisecret": False, "dbpassword": False, "X-Auth": False, "passWord": False,
           "accesstoken": True, "clientsecret": True}  # fmt: skip
    assert {name: is_secret_name(name, 1) for name in old} == old


def test_the_quick_test_sees_every_name() -> None:
    for name in (*ENDS, *WHOLE, *LATER, "apisecret", "passWord", "x-auth", "令牌", "私钥"):
        assert is_secret_name(name)
        for codec in "utf-8", "gb18030", "utf-16-le", "utf-16-be":
            assert may_name_secret(f'{{"{name.upper()}": 1}}'.encode(codec)), (name, codec)
    for text in b"", b'{"name": "x", "amount": 5}', "客户名称 合同金额".encode(), b"\0\0":
        assert not may_name_secret(text)
    for at in 4094, 4096, 4110, 69_630:
        assert may_name_secret(b" " * at + b"sess_id" + b" " * 80_000)
        assert may_name_secret(b" " * at + rb"\u5bc6\u7801")


def test_a_value_is_a_secret_by_its_form() -> None:
    values: dict[tuple[str, str], bool] = {
        ("token", "abcdef"): True, ("token", "abcde"): False, ("token", "Bearer abcdef"): True,
        ("token", "Bearer abcde"): False, ("token", "two words"): False, ("token",
        "合同编号一二三"): False,
        ("signature", "此致 敬礼,张三"): False, ("token", "redacted.p.i.n.1"): False,
        ("token", "x-redacted.p"): False, ("authorization", "https://a.test/x"): False,
        ("authorization", "http://a.test/x"): False, ("authorization", "ftp://a.test/x"): True,
        ("authorization", "APPCODE abcdef"): True, ("authorization", "APPCODE abc"): False,
        ("x-authorization", "my key abcdef"): False, ("token", "APPCODE abcdef"): False,
        ("password", "甲乙丙丁戊己"): True, ("password", "two words"): True, ("密码",
        "甲 乙 丙 丁"): True,
        ("password", "PassWord"): False, ("userPwd", "userpwd"): False, ("password",
        "12345"): False,
        ("password", "http://a.test"): True, ("password", "Bearer x"): True,
        ("token", "tab\tinside"): False, ("token", "~!abcd"): True,
    }  # fmt: skip
    assert {pair: is_secret_value(*pair) for pair in values} == values
    assert not is_secret_value("token", "Bearer abcdef", 1)
    assert is_secret_value("token", "Bearer=abc", 1)
    assert is_secret_value("token", "Bearer abcdef", 2)


def test_a_placeholder_only_says_where_a_secret_belongs() -> None:
    placeholders = {
        "${DB_PASSWORD}": True, "${DB": True, "#{x}": True, "{{ secret }}": True, "{{x": True,
        "$(get": True, "<密码>": True, "[密码]": True, "%PASS%": True, "%(password)s": True,
        "$PASS": True, "****": True, "xXx": True, "abc****xyz": True, "abc**xyz": False,
        "...": True,
        "@DB_PASSWORD@": True, ":password": True, "#pw#": True, "@user.name@": True,
        "__SECRET__": True, "__secret__": True, "[A-Za-z0-9]{8,}": True, "^[a-z": True, "^(x": True,
        "your-password": True, "YOUR_TOKEN1": True, "yourself!": False, "password": True,
        "my_password": True, "the-user-secret": True, "mypasswort": True, "passw0rd": False,
        "secret123": False, "a${x}": False, "{x}": True, "": False, "hunter2": False,
        "__a1__": False, "line\n***\nend": True,
    }  # fmt: skip
    assert {text: is_placeholder(text) for text in placeholders} == placeholders
    masks = {"${PASSWORD}": True, "#{p}": True, "{{ p }}": True, "******": True, "*****": False,
             "••••••": True, "${A}${B}": False, "x${A}": False, "{p}": False, "{{a}b}}": False,
             "${}": True}  # fmt: skip
    assert {text: is_template_or_mask(text) for text in masks} == masks


def test_names_of_things_are_words_and_numbers() -> None:
    texts = {
        "http-nio-8080-exec-12": True, "SpringSession2026": True, "HT-2026-00012345": True,
        "DD20260042": True, "ABCD_1234-5-A6": True, "ABCDE1234": False, "AB123": False,
        "customerDetail": True, "a8f5f167f44f4964e6c998dee827110c": False, "deadbeef-cafe": False,
        "kR7xQ2mZ9p": False, "order_2026_line": True, "bcdfgSession": False, "TOKEN": False,
        "user-1a2b3c": False, "abcdefgh" * 11: False, "": False, "12345": False,
        "Session": True, "ab-cd": False, "com.example/api:v2+x": True, "xRequestId1a2": False,
        "order1lines2items3pages": False, "aBcDeFgHiJklm": False,
    }  # fmt: skip
    assert {text: is_words_and_numbers(text) for text in texts} == texts
    mixed = {"a1": True, "1合a": True, "合1": False, "abc": False, "12": False, "": False,
            "Ａ1": False,
             "a１": True}  # fmt: skip
    assert {text: is_letters_and_digits(text) for text in mixed} == mixed
    passwords = {"userPassword": True, "PASSCODE": True, "db_PWD": True, "登录口令": True,
                 "口令强度": False, "token": False, "secret": False}  # fmt: skip
    assert {name: is_name_of_password(name) for name in passwords} == passwords


def test_plus_signs_come_back_where_a_secret_had_them() -> None:
    sign = "aGVsbG8 d29ybGQ/Zm9v="
    restored = {
        ("sign", sign): "aGVsbG8+d29ybGQ/Zm9v=",
        ("sign", "aGVsbG8d29ybGQ="): "aGVsbG8d29ybGQ=",
        ("sign", "a1b2c3 d4e5"): "a1b2c3 d4e5",
        ("sign", "a1b2c3 d4e5f"): "a1b2c3+d4e5f",
        ("sign", "hello dear world"): "hello dear world",
        ("sign", "Hello WORLD 2026 x1y2z3"): "Hello WORLD 2026 x1y2z3",
        ("password", sign): sign,
        ("sign", "合 a1b2c3d4e5f6g7"): "合 a1b2c3d4e5f6g7",
    }
    assert {pair: restore_plus_signs(*pair) for pair in restored} == restored


def test_a_scheme_is_known_or_stands_in_an_authorization() -> None:
    schemes: dict[str, tuple[str, str]] = {
        "Bearer x": ("Bearer ", "x"), "BASIC x": ("BASIC ", "x"), "digest x y": ("digest ", "x y"),
        "Token  x": ("Token ", " x"), "Bearer": ("", "Bearer"), "Bearer ": ("", "Bearer "),
        "APPCODE x": ("", "APPCODE x"), "": ("", ""), "Bearer\tx": ("", "Bearer\tx"),
    }  # fmt: skip
    assert {text: split_scheme(text) for text in schemes} == schemes
    named: dict[tuple[str, str], tuple[str, str]] = {
        ("password", "Bearer x"): ("", "Bearer x"), ("token", "Bearer x"): ("Bearer ", "x"),
        ("token", "APPCODE x"): ("", "APPCODE x"), ("Authorization", "APPCODE x y"): ("APPCODE ",
        "x y"),
        ("x-authorization", "A_1-b x"): ("A_1-b ", "x"), ("authorization", "1A x"): ("", "1A x"),
        ("authorization", "APPCODE"): ("", "APPCODE"), ("authorization", "合 x"): ("", "合 x"),
    }  # fmt: skip
    assert {pair: split_scheme_by_name(*pair) for pair in named} == named
    credentials = {"Bearer x": "x", "Basic eA==": "eA==", "Digest a=b": None, "DIGEST a": None,
                   "Other x": None, "token y": "y"}  # fmt: skip
    assert {text: get_unhashed_credential(text) for text in credentials} == credentials
    assert replace_credential("bearer x y", str.upper) == "bearer X Y"
    assert replace_credential("AppCode x", str.upper) == "APPCODE X"


def basic(text: str, scheme: str = "Basic") -> str:
    return f"{scheme} {base64.b64encode(text.encode()).decode()}"


def test_a_basic_header_has_a_user_and_a_password() -> None:
    values: dict[str, tuple[str, str] | None] = {
        basic("u:p"): ("u", "p"), basic("张三:密:码", "BASIC"): ("张三", "密:码"),
        basic("u:"): ("u", ""),
        basic(":p"): ("", "p"), basic("up"): None, basic("u:p", "Bearer"): None, "Basic ": None,
        "Basic  dTpw ": ("u", "p"), "Basic dT pw": None, "Basic information:": None,
        "Basic gICA": None,
    }  # fmt: skip
    assert {value: read_basic(value) for value in values} == values
    auth = ("Authorization", basic("张三:p w:x"))
    urls: dict[str, tuple[str, Any]] = {
        "https://a.test/x@y": ("https://a.test/x@y", ()),
        "https://%E5%BC%A0%E4%B8%89:p%20w%3Ax@a.test/x": ("https://a.test/x", (auth,)),
        "HTTPS+a://u@v:p@a.test": ("HTTPS+a://a.test", (("Authorization", basic("u@v:p")),)),
        "https://@a.test": ("https://a.test", ()),
        "https://u@a.test?x=@": ("https://a.test?x=@", (("Authorization", basic("u:")),)),
        "/x:y@z": ("/x:y@z", ()),
    }  # fmt: skip
    assert {url: move_user_to_header(url, ()) for url in urls} == urls
    own = (("AUTHORIZATION", "x"),)
    assert move_user_to_header("https://u:p@a.test/", own) == ("https://a.test/", own)


def test_a_plain_word_is_redacted_in_its_place_alone() -> None:
    texts = {"string": False, "123456": False, "10.0.0.1:80": False, "a" * 15: False,
            "a" * 16: True,
             "a1": True, "a b": True, "合同": True, "2026-03-02": False, "a-b": True}  # fmt: skip
    assert {text: is_redactable_everywhere(text) for text in texts} == texts
    cookies = {
        ("theme", "dark-mode"): False, ("tz", "Asia/Shanghai"): False, ("tz",
        "Asia%2FShanghai"): False,
        ("theme", "a1b2c3"): True, ("theme", "word_" * 6 + "w"): False, ("theme",
        "word_" * 6 + "wo"): True,
        ("theme", "a" * 16): True, ("theme", "1" * 15): False, ("theme", "1" * 16): True,
        ("SID", "dark-mode"): True, ("authx", "dark"): False, ("MyLogin", "dark-mode"): True,
        ("my_ticket", "a-b"): True, ("rememberMe", "a-b"): True, ("jwt", "a-b"): True,
        ("x_session", "a-b"): True, ("token", "a-b"): True, ("lang", "zh--cn"): True,
        ("lang", "zh cn"): False, ("lang", "中文"): True, ("lang", ""): True,
    }  # fmt: skip
    assert {pair: is_cookie_redactable_everywhere(*pair) for pair in cookies} == cookies


def test_a_value_stands_between_texts_of_its_format() -> None:
    assert list(make_texts_around_value("key")) == [
        ('"key":"', '"'), ('"key": "', '"'), ("key=", ""), ("key>", "</"),
        ("key><![CDATA[", "]]>"), ('key="', '"'),
    ]  # fmt: skip
    assert list(make_texts_around_value("密码"))[6:] == [
        ("%C3%DC%C2%EB=", ""),
        ("%c3%dc%c2%eb=", ""),
    ]


TENANT = ("crm", "test")
KEY = "k3y-9f2z-abc"


def stood(vault: Vault, text: str) -> str:
    return vault.redact_text(text)


def test_a_credential_header_keeps_its_scheme_and_is_known_everywhere() -> None:
    vault = Vault()
    said = hide_credential("AUTHORIZATION", f"Bearer {KEY}", TENANT, vault)
    assert said == "Bearer redacted.crm.test.script-authorization.1"
    assert stood(vault, f"<{KEY}>") == "<redacted.crm.test.script-authorization.1>"
    assert hide_credential("authorization", f"bearer {KEY}", TENANT, vault).startswith("bearer ")
    other = hide_credential("X-Key", "z9y8-x7w6", TENANT, vault, sender="foreign")
    assert other == "redacted.crm.test.foreign-x-key.1"
    word = hide_credential("Authorization", "Bearer default", TENANT, vault)
    assert word == "Bearer redacted.crm.test.script-authorization.2"
    assert stood(vault, "default") == "default"
    assert stood(vault, "Bearer default") == word
    plain = hide_credential("Authorization", "default", TENANT, vault)
    assert plain == "redacted.crm.test.script-authorization.2"
    assert stood(vault, "default") == "default"
    encoded = hide_credential("Authorization", "Basic abcdefgh", TENANT, vault)
    assert stood(vault, "abcdefgh") == encoded.removeprefix("Basic ")
    standin = "Bearer redacted.crm.test.token.7"
    assert hide_credential("Authorization", standin, TENANT, vault) == standin
    issued = vault.register_issued("crm", "test", "token", "tok-1234567")
    assert hide_credential("Authorization", "Token tok-1234567", TENANT, vault) == f"Token {issued}"
    vault.add("sent-9f8e7d", "redacted.crm.test.sent-cookie-sid.1", name="n")
    assert hide_credential("Authorization", "Bearer sent-9f8e7d", TENANT, vault) == (
        "Bearer redacted.crm.test.script-authorization.4"
    )


def test_a_cookie_header_is_known_if_one_of_its_cookies_is_no_word() -> None:
    vault = Vault()
    assert hide_credential("Cookie", "theme=dark; lang=zh", TENANT, vault) == (
        "redacted.crm.test.script-cookie.1"
    )
    assert stood(vault, "theme=dark; lang=zh") == "theme=dark; lang=zh"
    second = hide_credential("COOKIE", "theme=dark; sid=a1b2c3d4", TENANT, vault)
    assert stood(vault, "theme=dark; sid=a1b2c3d4") == second


def test_parts_of_a_credential_are_known_on_their_own() -> None:
    vault = Vault()
    register_parts_of_credential("COOKIE", "theme=dark; sid=a1b2%2Fc3d4; none=", TENANT, vault)
    sid = "redacted.crm.test.sent-cookie-sid.1"
    assert stood(vault, "dark a1b2%2Fc3d4 a1b2/c3d4") == f"dark {sid} {sid}"
    register_parts_of_credential("Cookie", "other=a1b2%2Fc3d4", TENANT, vault)
    assert stood(vault, "a1b2%2Fc3d4") == sid
    assert not vault.has_standin("redacted.crm.test.sent-cookie-other.1")
    register_parts_of_credential("Authorization", basic(f"张三:{KEY}"), TENANT, vault)
    assert stood(vault, f"{KEY} 张三") == "redacted.crm.test.basic-password.1 张三"
    register_parts_of_credential("Authorization", basic("li4:default"), TENANT, vault)
    assert stood(vault, "default li4:default") == ("default li4:redacted.crm.test.basic-password.2")
    register_parts_of_credential("Authorization", basic("u:short"), TENANT, vault)
    assert stood(vault, "u:short") == "u:short"
    register_basic_password("a1b2c3d4e5f6g7h8", "", TENANT, vault)
    assert "basic-password" in stood(vault, "a1b2c3d4e5f6g7h8")
    register_basic_password("a1b2c3d4e5f6g7", "", TENANT, vault)
    assert stood(vault, "a1b2c3d4e5f6g7") == "a1b2c3d4e5f6g7"
    vault.add("decl-1a2b3c", "redacted.crm.test.declared.1", name="n")
    register_basic_password("u", "decl-1a2b3c", TENANT, vault)
    register_basic_password("u", "next-9z8y7x", TENANT, vault)
    assert stood(vault, "next-9z8y7x") == "redacted.crm.test.basic-password.6"
    size = vault.size
    register_parts_of_credential("Authorization", f"Bearer {KEY}x", TENANT, vault)
    register_basic_password("u", KEY, TENANT, vault)
    assert vault.size == size


def test_a_cookie_of_a_response_has_its_name_in_its_standin() -> None:
    vault = Vault()
    assert hide_cookie("SID", "a1b2c3d4", TENANT, vault) == "redacted.crm.test.cookie-SID.1"
    assert stood(vault, "a1b2c3d4") == "redacted.crm.test.cookie-SID.1"
    assert hide_cookie("theme", "dark-mode", TENANT, vault) == "redacted.crm.test.cookie-theme.1"
    assert stood(vault, "dark-mode") == "dark-mode"
    assert hide_cookie("SID", "e5f6a7b8", TENANT, vault) == "redacted.crm.test.cookie-SID.2"
    assert hide_cookie("SID", "a1b2c3d4", TENANT, vault) == "redacted.crm.test.cookie-SID.1"
