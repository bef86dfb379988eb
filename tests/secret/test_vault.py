from __future__ import annotations

import base64
import gzip
import html
import json
import os
import re
import threading
import zlib
from collections.abc import Callable
from urllib.parse import quote

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from bpmax_sim.secret.spelling import FORMS
from bpmax_sim.secret.standin import make_standin
from bpmax_sim.secret.vault import Vault
from tests.examples import drawn

SECRET = 'p@ss/wörd 秘密+1"<x>&'
STANDIN = make_standin(kind="text", platform="crm_system", instance="测试", name="密码")
PRIVATE = (
    rsa.generate_private_key(65537, 2048)
    .private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    .decode()
)
secrets = st.text(st.characters(exclude_categories=["Cs"]), min_size=6, max_size=30).filter(
    lambda text: text not in "redacted.p.i.n.1"
)  # words of a stand-in are left to places


def with_u(text: str, escaped: str) -> str:
    """Return *text* as JSON encoders write it that escape these characters too."""
    plain = json.dumps(text, ensure_ascii=False)[1:-1]
    return "".join(f"\\u{ord(c):04X}" if c in escaped else c for c in plain)


def again(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


WAYS: dict[str, Callable[[str], str]] = {
    **FORMS,
    "encodeURIComponent": lambda s: quote(s, safe="-_.!~*'()"),
    "encodeURI": lambda s: quote(s, safe="-_.!~*'();/?:@&=+$,#"),
    "quote": quote,
    "URLEncoder of Java": lambda s: quote(s, safe="-_.* ").replace("~", "%7E").replace(" ", "+"),
    "percent twice": lambda s: quote(quote(s, safe=""), safe=""),
    "percent in lower case": lambda s: re.sub("%..", lambda m: m[0].lower(), quote(s, safe="")),
    "Go": lambda s: with_u(s, "<>&"),
    "Gson": lambda s: with_u(s, "<>&='"),
    "json three times": lambda s: again(again(again(s))),
    "json of a query": lambda s: json.dumps({"url": f"/x?t={quote(s)}"}),
    "xml with apostrophes": lambda s: html.escape(s).replace("&#x27;", "&apos;"),
    "xml by numbers": lambda s: "".join(
        c if c.isalnum() or c in "-._" else f"&#{ord(c)};" for c in s
    ),
    "xml in json": lambda s: json.dumps(html.escape(s)),
    "hexadecimal": lambda s: s.encode().hex(),
    "upper hexadecimal": lambda s: s.encode().hex().upper(),
    "hexadecimal of percent": lambda s: quote(s, safe="").encode().hex(),
    "hexadecimal of json": lambda s: json.dumps({"t": s}).encode().hex().upper(),
    "hexadecimal after half a byte": lambda s: "f" + json.dumps(s).encode().hex(),
    "hexadecimal of base64": lambda s: b64(f"a:{s}").encode().hex(),
    "base64": b64,
    "base64 without padding": lambda s: b64(s).rstrip("="),
    "base64url": lambda s: base64.urlsafe_b64encode(s.encode()).decode(),
    "basic": lambda s: "Basic " + b64(f"张三:{s}"),
    "basic in a query": lambda s: quote(b64(f"张三:{s}"), safe=""),
    "basic in json of PHP": lambda s: again(b64(f"张三:{s}")).replace("/", "\\/"),
    "base64 of json": lambda s: b64(json.dumps({"用户": "张三", "t": s})),
    "base64 of base64": lambda s: b64("a:" + b64(f"b:{s}")),
    "a path": lambda s: "/v1/files/" + base64.urlsafe_b64encode(s.encode()).decode(),
    "json in json": lambda s: json.dumps({"content": json.dumps({"t": s}, ensure_ascii=False)}),
}


def vault(*values: str) -> Vault:
    made = Vault()
    for number, value in enumerate(values, 1):
        alias = make_standin(kind="text", platform="p", instance="i", name="n", number=number)
        made.add(value, alias, name=f"p.i.n{number}")
    return made


@pytest.mark.parametrize("way", WAYS)
def test_no_spelling_of_a_secret_survives(way: str) -> None:
    text = f"前缀 {WAYS[way](SECRET)} 后缀"
    kept = vault(SECRET)

    redacted = kept.redact_text(text)

    assert kept.scan(text.encode()) != ()
    assert kept.scan(redacted.encode()) == ()
    assert redacted != text
    assert kept.redact_text(redacted) == redacted


@given(secrets, st.sampled_from(sorted(WAYS)))
@settings(max_examples=drawn(100), deadline=None)
def test_every_spelling_is_found_replaced_and_then_stays(value: str, way: str) -> None:
    kept = vault(value)
    text = f"<t>{WAYS[way](value)}</t>"

    redacted = kept.redact_text(text)

    assert kept.scan(text.encode()) != ()
    assert kept.scan(redacted.encode()) == ()
    assert kept.redact_text(redacted) == redacted


@given(st.text(max_size=30), secrets, st.sampled_from(sorted(WAYS)), st.text(max_size=30))
@settings(max_examples=drawn(100), deadline=None)
def test_redaction_is_idempotent_between_any_neighbours(
    before: str, value: str, way: str, after: str
) -> None:
    kept = vault(value)
    once = kept.redact_text(before + WAYS[way](value) + after)

    assert kept.redact_text(once) == once


@given(secrets, st.binary(max_size=9), st.binary(max_size=9), st.sampled_from("/ab7_"))
@settings(max_examples=drawn(100), deadline=None)
def test_base64_hides_nothing_at_any_alignment(
    value: str, before: bytes, after: bytes, neighbour: str
) -> None:
    kept = vault(value)
    packed = base64.b64encode(before + value.encode() + after).decode()
    text = f'{{"data":"{neighbour}{packed}"}}'

    assert kept.scan(text.encode()) != ()
    assert kept.scan(kept.redact(text.encode())) == ()


@pytest.mark.parametrize(
    ("label", "packed"),
    [
        ("gzip", gzip.compress(f"token={SECRET}".encode(), mtime=0)),
        ("deflate", zlib.compress(f"token={SECRET}".encode())),
    ],
)
def test_compression_hides_nothing(label: str, packed: bytes) -> None:
    found = vault(SECRET).scan(b"head" + packed)

    assert [str(finding) for finding in found] == [f"p.i.n1 (raw) inside {label} at byte 4"]


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be", "gb18030"])
def test_other_character_sets_hide_nothing(codec: str) -> None:
    found = vault(SECRET).scan(SECRET.encode(codec))

    assert [str(finding) for finding in found] == [f"p.i.n1 ({codec}) at byte 0"]


def test_basic_credentials_are_packed_anew() -> None:
    header = "Basic " + base64.b64encode("张三:abcdef".encode()).decode()
    clean = "Basic " + base64.b64encode("张三:redacted.p.i.n.1".encode()).decode()

    assert vault("abcdef").redact_text(header) == clean


def test_base64_in_a_path_leaves_the_path() -> None:
    packed = base64.urlsafe_b64encode(b"u:s3cr3t-value-1").decode()
    clean = base64.urlsafe_b64encode(b"u:redacted.p.i.n.1").decode()

    assert vault("s3cr3t-value-1").redact_text(f"/v1/my_files/{packed}/raw_data") == (
        f"/v1/my_files/{clean}/raw_data"
    )


def test_escaped_base64_stays_escaped() -> None:
    packed = base64.b64encode(b"???>>>u:s3cr3t-value-1>>>").decode()
    clean = base64.b64encode(b"???>>>u:redacted.p.i.n.1>>>").decode()
    kept = vault("s3cr3t-value-1")

    assert kept.redact_text(json.dumps(packed).replace("/", "\\/")) == (
        json.dumps(clean).replace("/", "\\/")
    )
    assert kept.redact_text(f"?a={quote(packed, safe='')}&b=1") == f"?a={quote(clean, safe='')}&b=1"


def test_a_stand_in_is_spelled_as_the_secret_was() -> None:
    kept = Vault()
    kept.add("a+b/c=d&e", "w+x/y=z&v", name="crm.test.key")

    for way in FORMS.values():
        assert kept.redact_text(way("a+b/c=d&e")) == way("w+x/y=z&v")
    assert kept.redact_text("a\\u002bb/c\\u003dd\\u0026e") == "w+x/y=z&v"
    assert kept.redact_text(b"a+b/c=d&e".hex().upper()) == b"w+x/y=z&v".hex().upper()


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("tail", ["", "{end}"])
def test_a_key_with_other_line_ends_is_one(end: str, tail: str) -> None:
    kept = Vault()
    kept.add(PRIVATE, STANDIN, name="a key")

    text = end.join(PRIVATE.splitlines()) + tail.format(end=end)

    assert kept.redact_text(f"密钥：{text}。") in {
        f"密钥：{STANDIN}。", f"密钥：{STANDIN}{end}。",
    }  # fmt: skip


def test_a_private_key_is_known_by_its_lines_too() -> None:
    kept = Vault()
    real = PRIVATE.replace("\n", "\r\n")
    alias = make_standin(kind="rsa", platform="p", instance="i", name="key")
    kept.add(PRIVATE, alias, name="p.i.key")
    body = "".join(PRIVATE.splitlines()[1:-1])

    for text in (real, body, PRIVATE.strip(), PRIVATE.splitlines()[5], json.dumps(PRIVATE)):
        redacted = kept.redact_text(text)
        assert redacted != text
        assert kept.scan(redacted.encode()) == ()
    assert load_pem_private_key(kept.redact(PRIVATE.encode()), None) is not None
    assert [str(one) for one in kept.scan(base64.b64decode(body))] == ["p.i.key (der) at byte 0"]


@pytest.mark.parametrize("kind", ["jwt", "text"])
def test_the_parts_of_a_token_are_secret(kind: str) -> None:
    kept = Vault()
    token = jwt.encode({"sub": "zhangsan", "exp": 1}, "a key of thirty-two bytes, or more")
    alias = kept.register_issued("crm", "test", "token", token, kind)
    _, claims, signature = token.split(".")

    assert kept.redact_text(f"Bearer {token}") == f"Bearer {alias}"
    assert kept.redact_text(signature) == "redacted.crm.test.token.1"
    assert kept.scan(claims.encode()) != ()
    assert kept.scan(kept.redact(claims.encode())) == ()


def test_a_word_of_a_stand_in_may_be_a_secret() -> None:
    kept = vault("tok-abcdef")
    kept.add(
        "redacted", make_standin(kind="text", platform="q", instance="j", name="m"), name="q.j.m"
    )
    kept.add(
        "p.i.n.1", make_standin(kind="text", platform="q", instance="j", name="m"), name="q.j.m"
    )

    once = kept.redact_text("tok-abcdef p.i.n.1")

    assert once == "redacted.p.i.n.1 redacted.q.j.m.1"
    assert kept.redact_text(once) == once
    assert kept.scan(once.encode()) == ()


def test_a_value_of_the_environment_that_is_no_text_can_be_secret() -> None:
    value = os.fsdecode(b"abc\xff\xfedef")

    assert vault(value).redact(b"x=abc\xff\xfedef;") == b"x=redacted.p.i.n.1;"
    assert vault("abc\ud800def").redact_text("abc\ud800def") == "redacted.p.i.n.1"
    assert vault("abc\ud800def").scan(b'{"t":"abc\\ud800def"}')[0].within == ("json",)


def test_a_short_value_is_left_to_its_place() -> None:
    kept = vault("12345")

    assert kept.redact_text("订单 12345") == "订单 12345"
    assert kept.scan(b"12345") == ()


def test_hexadecimal_keeps_its_case_and_what_stands_around() -> None:
    told = quote("<密码>=p@ss").encode().hex()
    kept = vault("p@ss <密码>")

    assert kept.redact_text(f"id={told};") == f"id={told};"
    told = f"f{quote('p@ss <密码>').encode().hex()}0"
    hidden = b"redacted.p.i.n.1".hex()
    assert kept.redact_text(f"id={told};") == f"id=f{hidden}0;"
    assert kept.redact_text(told.upper()) == f"F{hidden.upper()}0"


@given(st.sampled_from("密码张三一二三四五六七八&<>\"' /!@#"), st.sampled_from(sorted(WAYS)))
@settings(max_examples=drawn(100), deadline=None)
def test_a_secret_without_a_letter_of_its_own_is_found_as_well(character: str, way: str) -> None:
    value = f"密{character}码{character}！@#"
    kept = vault(value)

    assert kept.scan(kept.redact_text(WAYS[way](value)).encode()) == ()


def test_the_longer_of_two_secrets_wins() -> None:
    kept = vault("abcdef", "abcdefghi")

    assert kept.redact_text("abcdefghi abcdef") == "redacted.p.i.n.2 redacted.p.i.n.1"


def test_a_stand_in_is_its_own() -> None:
    kept = vault(STANDIN)
    kept.add(STANDIN, STANDIN, name="crm")

    assert kept.register_issued("crm_system", "测试", "token", STANDIN) == STANDIN
    assert kept.scan(STANDIN.encode()) == ()


def test_a_minted_value_has_one_stand_in() -> None:
    kept = Vault()
    first = kept.register_issued("qywx", "default", "token", "tok-aaaaaa")
    second = kept.register_issued("qywx", "default", "token", "tok-bbbbbb")

    assert first == kept.register_issued("qywx", "default", "token", "tok-aaaaaa")
    assert (first, second) == ("redacted.qywx.default.token.1", "redacted.qywx.default.token.2")
    assert kept.redact(b'{"access_token":"tok-bbbbbb"}') == b'{"access_token":"%b"}' % (
        second.encode()
    )


@pytest.mark.parametrize("kind", ["base64", "hex", "integer", "jwt", "text"])
def test_replay_gives_a_minted_stand_in_back(kind: str) -> None:
    kept = Vault()
    kept.register_issued("qywx", "default", "token", "the first one", kind)
    recorded = kept.register_issued("qywx", "default", "token", "the real one", kind)

    assert Vault().register_issued("qywx", "default", "token", recorded, kind) == recorded


def test_a_recorded_stand_in_keeps_its_number_and_no_other_gets_it() -> None:
    kept = Vault()

    assert (
        kept.register_issued("qywx", "default", "token", "redacted.qywx.default.token.2")[-1] == "2"
    )
    assert [
        kept.register_issued("qywx", "default", "token", f"tok-{n:06}")[-1] for n in range(2)
    ] == [
        "3",
        "4",
    ]


@pytest.mark.parametrize("kind", ["rsa", "ec"])
def test_all_keys_have_one_stand_in(kind: str) -> None:
    kept = Vault()

    assert kept.register_issued("p", "i", "key", "key number one", kind) == (
        kept.register_issued("p", "i", "key", "key number two", kind)
    )


def test_an_address_within_its_declared_one_is_replaced_once() -> None:
    kept = Vault()
    kept.register_address_replacement("https://crm.example.test", "https://crm.example.test/v2")
    kept.register_address_replacement("http://127.0.0.1:808", "https://erp.example.test")
    once = kept.redact_text(
        "https://crm.example.test/x http://127.0.0.1:8080 http://127.0.0.1:808/"
    )

    assert once == ("https://crm.example.test/v2/x http://127.0.0.1:8080 https://erp.example.test/")
    assert kept.redact_text(once) == once


def test_a_secret_registered_on_another_thread_is_never_missed() -> None:
    kept = vault("first-secret")
    missed: list[str] = []

    def redact() -> None:
        missed.extend(
            text for _ in range(300) if "first" in (text := kept.redact_text("first-secret"))
        )

    threads = [threading.Thread(target=redact) for _ in range(3)]
    for thread in threads:
        thread.start()
    for number in range(300):
        kept.register_issued("p", "i", "token", f"token-{number:06}")
    for thread in threads:
        thread.join()

    assert missed == []


def test_an_address_is_replaced_but_is_no_leak() -> None:
    kept = Vault()
    kept.register_address_replacement("http://127.0.0.1:8888", "https://crm.example.test")

    assert kept.redact(b'{"next":"http:\\/\\/127.0.0.1:8888\\/2"}') == (
        b'{"next":"https:\\/\\/crm.example.test\\/2"}'
    )
    assert kept.scan(b"http://127.0.0.1:8888") == ()


def test_bytes_that_are_no_text_are_kept() -> None:
    assert vault("abcdef").redact(b"\xff\xfeabcdef\x00") == b"\xff\xferedacted.p.i.n.1\x00"


def test_nothing_shows_a_value() -> None:
    kept = vault(SECRET)

    assert repr(kept) == "<Vault of 1 stand-ins>"
    assert SECRET not in repr(kept.scan(SECRET.encode()))


@pytest.mark.parametrize("kind", ["hex", "base64"])
def test_a_minted_stand_in_that_comes_back_stays_beside_the_value_it_stands_for(kind: str) -> None:
    vault = Vault()
    made = [
        vault.make_unregistered_standin("crm", "test", "token", value, kind)
        for value in ("甲", "乙")
    ]

    again = [vault.make_unregistered_standin("crm", "test", "token", value, kind) for value in made]

    assert again == made
