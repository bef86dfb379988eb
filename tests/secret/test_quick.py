"""The quick questions asked of bytes, each against what it spares: no is only said rightly."""

from __future__ import annotations

import base64
import re
import zlib
from contextlib import nullcontext, suppress
from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bpmax_sim.secret.compressed_streams import DecodeLimitError, WorkBudget, inflate
from bpmax_sim.secret.encoded_runs import (
    find_base64_runs,
    find_hex_runs,
    find_runs_and_folded_runs,
)
from bpmax_sim.secret.escapes import undo_backslashes, undo_percent
from bpmax_sim.secret.redactor import Secret, SecretTable
from bpmax_sim.secret.scan import Search
from tests.secret.encodings import ENCODINGS, NoTextError, bare_deflate, wanted_of, wrapped

MANY = settings(max_examples=settings().max_examples * 5)
secrets = st.one_of(
    st.text("abcXYZ019+/-_. =", min_size=6, max_size=24),
    st.text("张三合同密钥 +%\\&", min_size=6, max_size=12),
    st.text("0123456789abcdef", min_size=6, max_size=20),
)
surroundings = st.one_of(
    st.binary(max_size=12),
    st.text("aA0+/ \n%\\&;=\"'.x", max_size=40).map(str.encode),
    st.sampled_from([b'{"at":"09:00:00+08:00","x":"', b"uri: https://crm.example.test/api/x\n  "]),
)
layered = st.lists(st.sampled_from(list(ENCODINGS)), max_size=4)

odd = st.one_of(
    st.text('ab1+/ \n%25\\u0064&#x;=.x"', max_size=120).map(str.encode),
    st.lists(
        st.sampled_from(
            [b"A" * 15, b"bC+/", b"+", b" ", b"\n", b".", b"x", b"12345678", b"\\/", b"\x9c", b"^"]
        ),
        max_size=14,
    ).map(b"".join),
    st.binary(max_size=60),
)


UNITS = (
    *("\\", "\\\\", "\\u", "\\u00", "\\u0041", "\\u5f20", "\\u005c", "\\ud83d\\ude00"),
    *("n", "x", "\\U0041", "\\x41", "\\/", '\\"'),
)


def table(*told: tuple[str, str]) -> SecretTable:
    return SecretTable(
        Secret(real, twin, name) for real, twin, name in [(*pair, "s") for pair in told]
    )


@MANY
@given(
    st.lists(secrets, min_size=1, max_size=3, unique=True),
    st.lists(st.tuples(st.integers(0, 4), layered, surroundings, odd), min_size=1, max_size=4),
)
def test_what_is_said_to_stay_stays(
    told: list[str], pieces: list[tuple[int, list[str], bytes, bytes]]
) -> None:
    known = [Secret(one, f"redacted.p.i.s{n}.1", f"s{n}") for n, one in enumerate(told)]
    asked, others = SecretTable(known), [*told, "无关紧要的文字", "application/json"]
    for index, names, around, behind in pieces:
        try:
            data = wrapped(others[index % len(others)].encode(), names, (around, behind))
        except NoTextError:
            continue
        text = data.decode("utf-8", "surrogateescape")
        if asked.certainly_leaves_unchanged(data):
            assert SecretTable(known).replace_secrets(text) == text
            assert not SecretTable(known).search.find(data)


@pytest.mark.parametrize(
    ("text", "stays"),
    [
        ("https://crm.example.test/api", True),
        ("a https://crm/api", False),
        ("https:%2F%2Fcrm.example.test/api https:%2F%2Fcrm", False),
        ("https://crm-other.test", True),
        ("https://crm.example.test https://crm", False),
    ],
)
def test_an_address_stays_where_it_begins_the_declared_one(text: str, *, stays: bool) -> None:
    address = SecretTable([Secret("https://crm", "https://crm.example.test", "")])

    assert address.certainly_leaves_unchanged(text.encode()) is stays
    assert (address.replace_secrets(text) == text) is stays


def test_most_of_an_exchange_stays_by_the_quick_look() -> None:
    known = table(("token-123456", "redacted.p.i.t.1"), ("密钥张三合同", "redacted.p.i.k.1"))

    assert known.certainly_leaves_unchanged(
        '{"客户":"张三","备注":"\\n已付","编号":"HT-2026-0007"}'.encode()
    )
    assert known.certainly_leaves_unchanged(b'{"path":"a\\/b%2Fc","x":"redacted.p.i.t.1"}')
    assert known.certainly_leaves_unchanged(b'{"path":"contracts\\/HT2026%2F0007"}')
    assert not known.certainly_leaves_unchanged(b'{"x":"token-123456"}')
    assert not known.certainly_leaves_unchanged('{"x":"密钥张三合同"}'.encode())
    assert not known.certainly_leaves_unchanged(b'{"x":"746F6b656e2d313233343536"}')
    assert table().certainly_leaves_unchanged(b"token-123456")


def test_a_search_that_passed_over_an_address_tells_nothing_of_replacing_it() -> None:
    known = SecretTable(
        [
            Secret("https://crm", "https://crm.example.test", ""),
            Secret("token-123456", "redacted.p.i.t.1", "t"),
        ]
    )
    packed = b"x=" + base64.b64encode(b'{"url":"https://crm"}')

    assert not known.search.find(packed)
    assert not known.certainly_leaves_unchanged(packed)


def test_a_short_address_is_looked_for_in_full() -> None:
    known = SecretTable([Secret("a:1", "https://crm.example.test", "")])

    for text in ("x 613a31 y", "x a:1 y", "x a%3A1 y"):
        assert not known.certainly_leaves_unchanged(text.encode())
        assert known.replace_secrets(text) != text


@MANY
@given(odd)
def test_runs_are_found_as_they_are_described(data: bytes) -> None:
    runs, lines = find_runs_and_folded_runs(data)

    assert runs == find_base64_runs(data) == re.findall(rb"[A-Za-z0-9+/_-]{8,}", data)
    assert find_hex_runs(data) == re.findall(rb"[0-9a-fA-F]{12,}", data)
    if re.search(rb"[A-Za-z0-9+/]{16}\s{1,60}[A-Za-z0-9+/]", data):
        assert lines == [run for run in find_base64_runs(b"".join(data.split())) if len(run) > 16]


@MANY
@given(odd)
@example(b"%%41%\r%\n%3d=%")
@example(b"%41\xff\xfe\xfd")
def test_percent_signs_are_undone_as_the_standard_library_does(data: bytes) -> None:
    assert undo_percent(data) == unquote_to_bytes(data)


@MANY
@given(st.binary(max_size=40), st.booleans())
@example(b"\x01\x03\x00\xfc\xffabc", False)
@example(b"\x00\x00\x00\xff\xff", False)
def test_bare_deflate_yields_all_that_comes_before_the_damage(data: bytes, packed: bool) -> None:
    if packed:
        packer = zlib.compressobj(wbits=-15)
        data = packer.compress(data) + packer.flush()
    decoder, found = zlib.decompressobj(-15), b""
    with suppress(zlib.error):
        for octet in data:
            found += decoder.decompress(bytes([octet]))

    assert inflate(data, -15, WorkBudget(100_000))[0] == found


@pytest.mark.parametrize(
    ("slash", "plus"),
    [("\\/", "\\u002b"), ("\\\\/", "\\\\u002B"), ("%2F", "%2b"), ("%252f", "%25252B"), ("/", "+")],
)
def test_base64_with_escaped_signs_is_looked_into(slash: str, plus: str) -> None:
    """Of each alignment, and with so many escapes that no piece between them shows the secret."""
    known = Secret("密钥??>>~~合同??>>", "redacted.p.i.k.1", "k")
    for before in ("", "a", "ab", "客户:"):
        packed = base64.b64encode(f"{before}{known.real}".encode()).decode()
        text = f'{{"k":"{packed.replace("/", slash).replace("+", plus)}"}}'

        assert not SecretTable([known]).certainly_leaves_unchanged(text.encode()), text
        assert SecretTable([known]).replace_secrets(text) != text


@MANY
@given(
    st.lists(
        st.sampled_from(UNITS),
        max_size=12,
    ).map("".join)
)
def test_units_are_undone_at_once_as_they_are_one_by_one(text: str) -> None:
    """A byte that is no ASCII keeps the quick way out."""
    assert undo_backslashes(text.encode()) + b"\xc3\xa9" == undo_backslashes(
        text.encode() + b"\xc3\xa9"
    )


@pytest.mark.parametrize(("room", "enough"), [(0, True), (-1, False)])
def test_what_is_inflated_is_paid_for_with_what_it_is_inflated_from(
    room: int, *, enough: bool
) -> None:
    data = bytes(range(50))
    packed = zlib.compress(data)
    # as much again has to be left, since what came of it is searched as well
    work = WorkBudget(4096 + len(packed) + 2 * len(data) + room)

    with nullcontext() if enough else pytest.raises(DecodeLimitError):
        assert inflate(packed, zlib.MAX_WBITS, work)[0] == data


@pytest.mark.parametrize("secret", ["abc123", "abc1234"])
def test_a_stream_may_hold_the_shortest_secret_and_nothing_else(secret: str) -> None:
    assert Search(wanted_of(secret)).find(b"..." + zlib.compress(secret.encode()) + b"...")


def test_a_short_body_of_bare_deflate_may_look_like_text() -> None:
    packed = bare_deflate(b"t5st1q6g")
    assert (packed.isascii(), len(packed)) == (True, 10)

    assert Search(wanted_of("t5st1q6g")).find(packed)
