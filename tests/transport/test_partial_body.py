"""What of a body that still arrives may be written down, piece by piece."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable

import pytest

from bpmax_sim.transport.partial_body import StreamedBodyRedactor

JSON, LINES = "application/json", "application/x-ndjson"


def shown(media: str, pieces: list[bytes], coding: str | None = None) -> list[bytes]:
    """Return what is shown of each piece, with the text ``secret`` hidden."""
    headers = [("Content-Type", media)]
    headers += [("Content-Encoding", coding)] if coding is not None else []
    redactor = StreamedBodyRedactor(
        tuple(headers), lambda document: document.replace(b"secret", b"***")
    )
    return [redactor.take_piece(piece) for piece in pieces]


@pytest.mark.parametrize(
    ("media", "pieces", "expected"),
    [
        (LINES, [b"1\n2\n3\n"], [b"1\n2\n3\n"]),
        (LINES, [b"1\n2\n3"], [b"1\n2\n"]),
        (LINES, [b"1", b"\n2", b"3\n"], [b"", b"1\n", b"23\n"]),
        (LINES, [b"sec", b"ret\n", b"sec"], [b"", b"***\n", b""]),
        ("text/event-stream", [b"data: secret\n\na", b": 2\n"], [b"data: ***\n\n", b"a: 2\n"]),
        (JSON, [b'{"a":1,', b'"b":[2,3', b"]}"], [b'{"a":1', b',"b":[2', b",3]}"]),
        (JSON, [b'{"a":"sec', b'ret"}'], [b"{", b'"a":"***"}']),
        ("application/problem+json", [b"[1,2]"], [b"[1,2]"]),
        ("text/html", [b"<p>\n", b"</p>"], [b"", b""]),
        ("", [b"1\n"], [b""]),
    ],
)  # fmt: skip
def test_whole_lines_and_whole_members_are_shown(
    media: str, pieces: list[bytes], expected: list[bytes]
) -> None:
    assert shown(media, pieces) == expected


LINE, ITEM = 1 << 20, 64 << 10


@pytest.mark.parametrize(
    ("media", "pieces", "lengths"),
    [
        (LINES, [b"a" * LINE, b"\n"], [0, 0]),
        (LINES, [b"a" * (LINE - 1), b"\n"], [0, LINE]),
        (LINES, [b"a" * LINE + b"\n", b"1\n"], [0, 0]),
        (LINES, [b"a" * (LINE - 2) + b"\n", b"1" * 99 + b"\n"], [LINE - 1, 100]),
        (JSON, [b"[" + b" " * (ITEM - 2) + b"]"], [ITEM]),
        (JSON, [b"[" + b" " * (ITEM - 1) + b"]", b" "], [0, 0]),
    ],
    ids=["line-too-long", "line", "line-too-long-at-once", "lines", "json", "json-too-long"],
)
def test_a_line_or_document_beyond_all_measure_is_not_shown(
    media: str, pieces: list[bytes], lengths: list[int]
) -> None:
    assert [*map(len, shown(media, pieces))] == lengths


def test_what_turns_out_to_be_secret_later_is_not_shown_twice() -> None:
    redactor = StreamedBodyRedactor(
        (("Content-Type", JSON),),
        lambda document: document.replace(b"t-4711", b"***") if b"token" in document else document,
    )
    pieces = [b'{"a":"t-4711",', b'"b":"token",', b'"c":3}']

    assert [*map(redactor.take_piece, pieces)] == [b'{"a":"t-4711"', b"", b""]


@pytest.mark.parametrize(
    ("coding", "pack"),
    [
        (None, bytes),
        ("identity", bytes),
        ("gzip", gzip.compress),
        ("GZIP", gzip.compress),
        ("x-gzip", gzip.compress),
        ("deflate", zlib.compress),
    ],
)
def test_a_compressed_body_is_shown_as_what_it_holds(
    coding: str | None, pack: Callable[[bytes], bytes]
) -> None:
    data = pack(b"1\nsecret\n3")

    assert b"".join(shown(LINES, [data], coding)) == b"1\n***\n"
    assert b"".join(shown(LINES, [data[:9], data[9:]], coding)) == b"1\n***\n"


@pytest.mark.parametrize("coding", ["br", "gzip, br", "zstd"])
def test_a_body_that_cannot_be_read_is_not_shown(coding: str) -> None:
    assert shown(LINES, [b"1\n2\n"], coding) == [b""]


def test_of_a_damaged_body_nothing_more_is_shown() -> None:
    assert shown(LINES, [b"no gzip\n", gzip.compress(b"1\n")], "gzip") == [b"", b""]
