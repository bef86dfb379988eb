"""The quick questions asked of bytes, each against what it spares: no is only said rightly."""

from __future__ import annotations

import base64
import re
import zlib
from contextlib import suppress
from itertools import chain

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bpmax_sim.secret.known import Secret
from bpmax_sim.secret.layers import (
    STREAM,
    has_escape,
    has_stream,
    inflated,
    unentitied,
    unescaped,
    unquoted,
)
from bpmax_sim.secret.packed import aligned, octets
from bpmax_sim.secret.runs import (
    decoded,
    folded,
    has_run,
    hex_runs_of,
    may_fold_at_plus,
    runs_of,
)
from bpmax_sim.secret.table import Table
from tests.secret.test_glance import MANY, layered, secrets, surroundings, wrapped

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


def table(*told: tuple[str, str]) -> Table:
    return Table(Secret(real, twin, name) for real, twin, name in [(*pair, "s") for pair in told])


@MANY
@given(
    st.lists(secrets, min_size=1, max_size=3, unique=True),
    st.lists(st.tuples(st.integers(0, 4), layered, surroundings, odd), min_size=1, max_size=4),
)
def test_what_is_said_to_stay_stays(
    told: list[str], pieces: list[tuple[int, list[str], bytes, bytes]]
) -> None:
    known = [Secret(one, f"redacted.p.i.s{n}.1", f"s{n}") for n, one in enumerate(told)]
    asked, others = Table(known), [*told, "无关紧要的文字", "application/json"]
    for index, names, around, behind in pieces:
        data = wrapped(others[index % len(others)].encode(), names, (around, behind))
        text = data.decode("utf-8", "surrogateescape")
        if asked.keeps(data):
            assert Table(known).clean(text) == text


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
    address = Table([Secret("https://crm", "https://crm.example.test", "")])

    assert address.keeps(text.encode()) is stays
    assert (address.clean(text) == text) is stays


def test_most_of_an_exchange_stays_by_the_quick_look() -> None:
    known = table(("token-123456", "redacted.p.i.t.1"), ("密钥张三合同", "redacted.p.i.k.1"))

    assert known.keeps('{"客户":"张三","备注":"\\n已付","编号":"HT-2026-0007"}'.encode())
    assert known.keeps(b'{"path":"a\\/b%2Fc","x":"redacted.p.i.t.1"}')
    assert not known.keeps(b'{"x":"token-123456"}')
    assert not known.keeps('{"x":"密钥张三合同"}'.encode())
    assert not known.keeps(b'{"x":"746F6b656e2d313233343536"}')
    assert table().keeps(b"token-123456")


def test_a_short_address_is_looked_for_in_full() -> None:
    known = Table([Secret("a:1", "https://crm.example.test", "")])

    assert not known.keeps(b"x 613a31 y")
    assert known.clean("x 613a31 y") != "x 613a31 y"


@MANY
@given(odd)
@example(b"x\x9c")
@example(b"xx\x01\x1f\x8b\x08")
def test_each_question_says_no_only_rightly(data: bytes) -> None:
    assert has_stream(data) == (STREAM.search(data) is not None)
    assert has_run(data) == bool(runs_of(data))
    if not has_run(data):
        assert not [*hex_runs_of(data), *folded(data), *folded(data.replace(b"+", b" "))]
    if not has_escape(data):
        assert unquoted(data) == unescaped(data) == unentitied(data) == data
    if not may_fold_at_plus(data):
        assert list(folded(data.replace(b"+", b" "))) == list(folded(data))


@MANY
@given(odd)
@example(b"A" * 16 + b"\nB")
@example(b"A" * 15 + b"+\r\n \tB.")
def test_lines_of_base64_are_found_as_they_are_described(data: bytes) -> None:
    lines = re.search(rb"[A-Za-z0-9+/]{16}\s{1,4}[A-Za-z0-9+/]", data)

    assert bool(list(folded(data))) == (lines is not None)


@MANY
@given(st.lists(st.text("AZaz09+/-_", min_size=8, max_size=40).map(str.encode), max_size=6))
@example([b"A" * 3_000, b"-_" * 1_500, b"abcdefgh"])
@example([b"abcdefgh" * 1_000, b"+" * 9])
def test_what_runs_hold_is_decoded_at_every_alignment(runs: list[bytes]) -> None:
    hex_runs = [run.hex().encode()[: 12 + len(run) % 2] for run in runs]
    found = list(decoded(runs, hex_runs))

    held = chain(
        chain.from_iterable(map(aligned, runs)), chain.from_iterable(map(octets, hex_runs))
    )
    for inner in held:
        assert any(inner in piece for piece in found)


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

    assert inflated(data, 10_000, -15) == found


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

        assert not Table([known]).keeps(text.encode()), text
        assert Table([known]).clean(text) != text
