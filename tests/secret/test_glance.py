"""The quick look against the slow search: it may never miss what the slow one finds."""

from __future__ import annotations

import base64
import gzip
import json
import os
import time
import zlib
from collections.abc import Callable, Mapping
from functools import reduce
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bpmax_sim.secret.known import Secret
from bpmax_sim.secret.search import Search, find, thorough

MANY = settings(max_examples=settings().max_examples * 10)
BUDGET = 64 << 20
ENCODINGS: Mapping[str, Callable[[bytes], bytes]] = {
    "base64": base64.b64encode,
    "base64 without padding": lambda data: base64.b64encode(data).rstrip(b"="),
    "base64url": base64.urlsafe_b64encode,
    "mime": base64.encodebytes,
    "narrow mime": lambda data: folded(base64.b64encode(data), 20, b"\r\n"),
    "mime in a form": lambda data: folded(base64.b64encode(data), 40, b"+"),
    "hex": lambda data: data.hex().encode(),
    "HEX": lambda data: data.hex().upper().encode(),
    "percent": lambda data: quote(data, safe="").encode(),
    "form": lambda data: quote_plus(data).encode(),
    "every byte in percent": lambda data: b"".join(b"%%%02x" % byte for byte in data),
    "json": lambda data: json.dumps(text_of(data)).encode(),
    "every character in json": lambda data: "".join(map(unit, text_of(data))).encode(),
    "xml": lambda data: "".join(f"&#x{ord(c):x};" for c in text_of(data)).encode(),
    "gzip": lambda data: gzip.compress(data, mtime=0),
    "zlib": zlib.compress,
    "cut gzip": lambda data: gzip.compress(data, mtime=0)[:-6],
    "spoilt zlib": lambda data: zlib.compress(data)[:-4] + b"!!!!!!!!",
    "utf-16": lambda data: text_of(data).encode("utf-16-le", "surrogatepass"),
}


def folded(data: bytes, width: int, end: bytes) -> bytes:
    return end.join(data[at : at + width] for at in range(0, len(data), width))


def text_of(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")


def unit(character: str) -> str:
    return json.dumps(character)[1:-1] if character > "~" else f"\\u{ord(character):04x}"


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


def wrapped(secret: bytes, names: list[str], around: tuple[bytes, bytes]) -> bytes:
    """Return *secret* within the encodings *names*, each time with something before and behind."""
    before, behind = around
    return reduce(
        lambda data, name: before + ENCODINGS[name](data) + behind, names, before + secret + behind
    )


def wanted_of(*secrets: str) -> dict[bytes, str]:
    known = [Secret(one, f"redacted.p.i.s{n}.1", f"s{n}") for n, one in enumerate(secrets)]
    return {needle: name for one in known for needle, name in one.needles()}


@MANY
@given(secrets, layered, st.tuples(surroundings, surroundings))
@example("000000", ["base64", "hex", "base64"], (b"\0%0", b""))
@example("s-123456 x", ["form", "gzip"], (b"+", b"+"))
@example("s+123456+x", ["zlib", "form"], (b" ", b"+"))
def test_what_the_slow_search_finds_is_found(
    secret: str, names: list[str], around: tuple[bytes, bytes]
) -> None:
    data = wrapped(secret.encode(), names, around)
    wanted = wanted_of(secret)

    assert find(data, wanted) == thorough(data, wanted, BUDGET)


@MANY
@given(
    st.lists(secrets, min_size=1, max_size=3, unique=True),
    st.lists(st.tuples(st.integers(0, 4), layered, surroundings), min_size=1, max_size=5),
)
def test_what_was_harmless_before_hides_nothing(
    told: list[str], pieces: list[tuple[int, list[str], bytes]]
) -> None:
    search = Search(wanted_of(*told))
    others = [*told, "无关紧要的文字", "application/json"]
    for index, names, around in pieces:
        data = wrapped(others[index % len(others)].encode(), names, (around, b""))
        assert search.find(data) == thorough(data, wanted_of(*told), BUDGET)


@MANY
@given(st.text('ab1+/ \n%25\\u0064&#x;=.x"', max_size=200), secrets)
def test_odd_text_is_judged_alike(text: str, secret: str) -> None:
    wanted = wanted_of(secret, "b1ab1a")

    assert find(text.encode(), wanted) == thorough(text.encode(), wanted, BUDGET)


def test_a_stream_of_a_form_keeps_its_plus_signs_and_spaces() -> None:
    streams = (zlib.compress(b"token-123456 %d" % number) for number in range(9999))
    packed = next(one for one in streams if b"+" in one and b" " in one)

    assert find(quote_plus(packed).encode(), {b"token-123456": "token"}) != ()


def test_a_damaged_stream_shows_what_comes_before_the_damage() -> None:
    packed = bytearray(zlib.compress(b"token-123456" + os.urandom(3000)))
    packed[2000:] = b"\xff" * 1000
    packer = zlib.compressobj(wbits=-15)
    bare = packer.compress(b"token-123456" * 3 + b"\0" * 99) + packer.flush()

    assert find(b"...." + bytes(packed), {b"token-123456": "token"}) != ()
    assert find(bare[:-2] + b"\xff\xff\xff", {b"token-123456": "token"}) != ()


def test_no_alignment_of_a_long_run_makes_another_too_large_to_undo_its_escapes() -> None:
    escaped = quote("".join(f"\\u{ord(one):04x}" for one in "token-123456")).encode()
    packed = base64.b64encode(b"\xff" * 60_000 + escaped)
    wanted = {b"token-123456": "token"}

    assert find(packed, wanted) == thorough(packed, wanted, BUDGET) != ()


def test_a_stand_in_is_no_finding_however_it_is_written() -> None:
    standin = b"redacted.crm_system.test.token.1"
    for data in (standin, base64.b64encode(b"k=" + standin), quote(standin).encode()):
        assert find(data, {b"crm_system": "user"}) == ()
    assert find(standin + b" crm_system", {b"crm_system": "user"}) != ()


@pytest.mark.parametrize("unit", [b"a/b+c9Z ", b"abcdefgh12345678 ", b"x\x9c", b"A+", b"\\u0041%"])
def test_a_glance_at_hostile_bytes_takes_time_in_proportion(unit: bytes) -> None:
    start = time.process_time()
    find(unit * (200_000 // len(unit)), {b"token-123456": "token"})

    assert time.process_time() - start < 5


def test_an_ordinary_exchange_is_glanced_at_several_times_faster_than_it_is_searched() -> None:
    rows = [{"customerNumber": f"2026-{n:08d}", "客户": f"北京第{n}公司"} for n in range(40)]
    body = json.dumps({"code": 200, "data": rows})
    data = f'{{"at":"2026-03-02T09:00:00.000+08:00"}}\nuri: https://crm.test/a\n{body}'.encode()
    search = Search(wanted_of("token-123456", "id-123456", "s-123456"))

    def seconds(work: Callable[[], object]) -> float:
        begun = time.process_time()
        for _ in range(20):
            work()
        return time.process_time() - begun

    assert search.find(data) == ()
    quick = min(seconds(lambda: search.find(data)) for _ in range(5))
    slow = min(seconds(lambda: thorough(data, search.wanted, BUDGET)) for _ in range(3))
    assert quick * 3 < slow
