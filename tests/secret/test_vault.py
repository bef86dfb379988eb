from __future__ import annotations

import base64
import gzip
import json
import zlib
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bpmax_sim.secret.forms import CORES, FORMS
from bpmax_sim.secret.standin import standin
from bpmax_sim.secret.vault import Vault

SECRET = 'p@ss/wörd 秘密+1"<x>&'
STANDIN = standin(kind="text", platform="crm_system", instance="测试", name="密码")
secrets = st.text(st.characters(exclude_categories=["Cs"]), min_size=6, max_size=30).filter(
    lambda value: value not in "redacted.p.i.n.1"  # what a stand-in shows is left to its place
)


def vault(*values: str) -> Vault:
    made = Vault()
    for number, value in enumerate(values, 1):
        alias = standin(kind="text", platform="p", instance="i", name="n", number=number)
        made.add(value, alias, name=f"p.i.n{number}")
    return made


PLACES: dict[str, Callable[[str], str]] = {
    "raw": lambda s: s,
    "percent": lambda s: f"https://crm.example.test/?t={quote(s, safe='')}&x=1",
    "form": lambda s: f"a=1&token={quote_plus(s)}",
    "json": lambda s: json.dumps({"data": {"token": s}}, ensure_ascii=False),
    "json ascii": lambda s: json.dumps([s]),
    "json in json": lambda s: json.dumps({"content": json.dumps({"t": s}, ensure_ascii=False)}),
    "basic": lambda s: "Basic " + base64.b64encode(f"张三:{s}".encode()).decode(),
    "xml": lambda s: "<t>" + s.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"),
    "hex": lambda s: s.encode().hex(),
}


@pytest.mark.parametrize("place", PLACES)
def test_no_form_of_a_secret_survives(place: str) -> None:
    text = PLACES[place](SECRET)
    kept = vault(SECRET)

    redacted = kept.redact_text(text)

    assert kept.scan(text.encode()) != ()
    assert kept.scan(redacted.encode()) == ()
    assert redacted != text
    assert kept.redact_text(redacted) == redacted


@given(secrets, st.sampled_from(sorted(FORMS)), secrets, secrets)
@settings(max_examples=100, deadline=None)
def test_every_form_is_replaced_and_then_stays(
    value: str, form: str, before: str, after: str
) -> None:
    kept = vault(value)
    text = before + FORMS[form](value) + after

    once = kept.redact_text(text)

    assert kept.redact_text(once) == once


@given(secrets, st.sampled_from(sorted(FORMS)))
@settings(max_examples=100, deadline=None)
def test_every_form_is_found(value: str, form: str) -> None:
    assert vault(value).scan(b"\x00 " + FORMS[form](value).encode() + b" \xff") != ()


@given(secrets, st.binary(max_size=4), st.binary(max_size=4))
@settings(max_examples=100, deadline=None)
def test_base64_hides_nothing_at_any_alignment(value: str, before: bytes, after: bytes) -> None:
    hidden = base64.b64encode(before + value.encode() + after)

    assert vault(value).scan(b'{"data":"' + hidden + b'"}') != ()


@pytest.mark.parametrize(
    ("label", "packed"),
    [
        ("gzip", gzip.compress(f"token={SECRET}".encode())),
        ("deflate", zlib.compress(f"token={SECRET}".encode())),
    ],
)
def test_compression_hides_nothing(label: str, packed: bytes) -> None:
    found = vault(SECRET).scan(b"head" + packed)

    assert [str(finding) for finding in found] == [f"p.i.n1 (raw) inside {label} at byte 4"]


def test_a_short_value_is_left_to_its_place() -> None:
    kept = vault("12345")

    assert kept.redact_text("订单 12345") == "订单 12345"
    assert kept.scan(b"12345") == ()


def test_the_longer_of_two_secrets_wins() -> None:
    kept = vault("abcdef", "abcdefghi")

    assert kept.redact_text("abcdefghi abcdef") == "redacted.p.i.n.2 redacted.p.i.n.1"


def test_a_stand_in_is_its_own() -> None:
    kept = vault(STANDIN)
    kept.add(STANDIN, STANDIN, name="crm")

    assert kept.minted("crm_system", "测试", "token", STANDIN) == STANDIN
    assert kept.scan(STANDIN.encode()) == ()


def test_a_minted_value_has_one_stand_in() -> None:
    kept = Vault()
    first = kept.minted("qywx", "default", "token", "tok-aaaaaa")
    second = kept.minted("qywx", "default", "token", "tok-bbbbbb")

    assert first == kept.minted("qywx", "default", "token", "tok-aaaaaa")
    assert (first, second) == ("redacted.qywx.default.token.1", "redacted.qywx.default.token.2")
    assert kept.redact(b'{"access_token":"tok-bbbbbb"}') == b'{"access_token":"%b"}' % (
        second.encode()
    )


@pytest.mark.parametrize("kind", ["base64", "hex", "integer", "jwt"])
def test_replay_gives_a_minted_stand_in_back(kind: str) -> None:
    recorded = Vault().minted("qywx", "default", "token", "the real one", kind)

    assert Vault().minted("qywx", "default", "token", recorded, kind) == recorded


def test_an_address_is_replaced_but_is_no_leak() -> None:
    kept = Vault()
    kept.address("http://127.0.0.1:8888", "https://crm.example.test")

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


def test_the_cores_of_base64_are_found_in_a_longer_text() -> None:
    assert len(CORES) == 6
