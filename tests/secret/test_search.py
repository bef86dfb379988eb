from __future__ import annotations

import base64
import gzip
import time
import zlib

import pytest

from bpmax_sim.secret.search import Finding, find

WANTED = {b"token-123456": "crm.test.token (raw)"}


def test_nothing_wanted_is_nothing_found() -> None:
    assert find(b"token-123456", {}) == ()


def test_a_finding_says_where_and_never_what() -> None:
    packed = base64.b64encode(b"----" + gzip.compress(b"token-123456"))

    found = find(b"data: " + packed, WANTED)

    assert [str(one) for one in found] == [
        "crm.test.token (raw) inside gzip inside base64 at byte 6"
    ]


def test_every_place_is_named() -> None:
    found = find("客户 token-123456, token-123456".encode(), WANTED)

    assert [one.offset for one in found] == [7, 21]


def test_a_secret_across_the_lines_of_mime_is_found() -> None:
    body = base64.encodebytes(b"x" * 50 + b"token-123456")

    assert b"\n" in body.strip()
    assert find(body, WANTED) != ()


def test_a_body_of_bare_deflate_is_undone() -> None:
    packer = zlib.compressobj(wbits=-15)
    body = packer.compress(b"token-123456 token-123456") + packer.flush()

    assert "crm.test.token (raw) inside deflate at byte 0" in map(str, find(body, WANTED))


def test_compression_that_was_cut_shows_what_is_left() -> None:
    assert find(gzip.compress(b"token-123456")[:-8], WANTED) != ()


@pytest.mark.parametrize("size", [200_000_000])
def test_a_bomb_is_a_finding_and_not_a_pass(size: int) -> None:
    packer = zlib.compressobj(9)
    piece = packer.compress(bytes(size)) + packer.flush()

    assert Finding("content too large to be searched", 0, ("deflate",)) in find(piece, WANTED)


@pytest.mark.parametrize(
    "unit", [b"A", b"\\", b"%25", b"&amp;", b"\\u005c", b"\x78\x9c", b"redacted.a.", b'\\"', b"0 "]
)
def test_hostile_bytes_take_time_in_proportion(unit: bytes) -> None:
    start = time.process_time()
    find(unit * (200_000 // len(unit)), WANTED)

    assert time.process_time() - start < 5  # a quadratic search takes minutes


def test_damaged_escapes_are_no_error() -> None:
    for data in (b"%", b"%zz", b"\\u12", b"\\uD800", b"&#99999999;", b"&#xffffff;", b"&nope;"):
        assert find(data, WANTED) == ()


def test_an_escape_is_undone_in_large_binary_data_too() -> None:
    data = b"\xff" * 70_000 + b"+token%2D123456"

    assert [str(one) for one in find(data, WANTED)] == [
        "crm.test.token (raw) inside percent at byte 0",
        "crm.test.token (raw) inside form at byte 0",
    ]
