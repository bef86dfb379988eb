"""Bodies that are compressed: however they are cut into pieces, and whether they are whole."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable

import pytest

from bpmax_sim.content_coding import (
    BodyTooLargeError,
    ContentCodingError,
    ContentDecoder,
    decode_whole_body,
    encode_uncompressed,
    list_codings,
)

ORDER = '{"订单号":"SO-20260302-001","客户":"上海华强贸易有限公司"}'.encode() * 9
HALF = len(ORDER) // 2


def bare(data: bytes) -> bytes:
    engine = zlib.compressobj(wbits=-15)
    return engine.compress(data) + engine.flush()


def members(data: bytes) -> bytes:
    return b"".join(map(gzip.compress, (data[:9], data[9:HALF], data[HALF:])))


def brotli(data: bytes) -> bytes:
    return pytest.importorskip("brotli", reason="it is an extra").compress(data)  # type: ignore[no-any-return]


CODED: list[tuple[list[str], Callable[[bytes], bytes]]] = [
    ([], bytes),
    (["", "identity"], bytes),
    (["gzip"], gzip.compress),
    (["x-gzip"], gzip.compress),
    (["gzip"], members),
    (["gzip"], lambda data: gzip.compress(data) + b"\0" * 9),
    (["deflate"], zlib.compress),
    (["deflate"], bare),
    (["deflate"], lambda data: zlib.compress(data) + gzip.compress(b"x")),
    (["br"], brotli),
    (["gzip", "deflate"], lambda data: zlib.compress(gzip.compress(data))),
    (["deflate", "identity", "gzip"], lambda data: gzip.compress(bare(data))),
]


def decode(codings: list[str], body: bytes, size: int, most: int = 10_000) -> bytes:
    """Return *body* decoded from pieces of *size* bytes."""
    decoder = ContentDecoder(codings)
    pieces = [decoder.decode(body[at : at + size], most) for at in range(0, len(body), size)]
    decoder.finish()
    return b"".join(pieces)


@pytest.mark.parametrize("size", [1, 2, 3, 10_000])
@pytest.mark.parametrize(("codings", "pack"), CODED)
def test_pieces_of_any_size_come_to_the_same(
    codings: list[str], pack: Callable[[bytes], bytes], size: int
) -> None:
    assert decode(codings, pack(ORDER), size) == ORDER


@pytest.mark.parametrize(("codings", "pack"), CODED)
def test_a_body_of_no_bytes_is_whole_and_so_is_nothing_compressed(
    codings: list[str], pack: Callable[[bytes], bytes]
) -> None:
    assert decode(codings, b"", 1) == b""
    assert decode(codings, pack(b""), 1) == b""


@pytest.mark.parametrize(
    ("coding", "packed"),
    [
        ("gzip", gzip.compress(ORDER)),
        ("gzip", gzip.compress(ORDER) + gzip.compress(ORDER)),
        ("deflate", zlib.compress(ORDER)),
        ("deflate", bare(ORDER)),
    ],
    ids=["gzip", "second member", "zlib", "bare"],
)
def test_what_lacks_its_last_bytes_was_cut_short(coding: str, packed: bytes) -> None:
    for missing in (1, 2, 9, len(packed) // 3):
        with pytest.raises(ContentCodingError) as caught:
            decode([coding], packed[:-missing], 7)
        assert str(caught.value) == "it is compressed, and was cut short"


@pytest.mark.parametrize("begin", [1, 2, 10])
def test_a_first_byte_or_a_header_alone_is_no_body(begin: int) -> None:
    with pytest.raises(ContentCodingError) as caught:
        decode(["gzip"], gzip.compress(ORDER)[:begin], 1)

    assert str(caught.value) == "it is compressed, and was cut short"


@pytest.mark.parametrize(
    ("coding", "damaged"),
    [
        ("gzip", b"{}"),
        ("gzip", ORDER),
        ("gzip", gzip.compress(ORDER)[:-5] + b"\0" * 5),
        ("deflate", zlib.compress(ORDER)[:-1] + b"\0"),
        ("deflate", b"\xff\xfe\0"),
    ],
    ids=["braces", "text", "checksum of gzip", "checksum of zlib", "noise"],
)
def test_what_is_damaged_is_refused_with_zlibs_words(coding: str, damaged: bytes) -> None:
    with pytest.raises(ContentCodingError, match=r"^Error -3 while decompressing data: "):
        decode([coding], damaged, 1000)


@pytest.mark.parametrize(("codings", "pack"), CODED)
def test_a_piece_becomes_as_large_as_allowed_and_no_larger(
    codings: list[str], pack: Callable[[bytes], bytes]
) -> None:
    packed, most = pack(ORDER), len(ORDER)

    assert decode(codings, packed, len(packed), most) == ORDER
    with pytest.raises(BodyTooLargeError) as caught:
        decode(codings, packed, len(packed), most - 1)
    assert str(caught.value) == f"it becomes larger than {most - 1} bytes"


@pytest.mark.parametrize("coding", ["zstd", "compress", "gzip2"])
def test_an_unknown_coding_is_named_with_those_that_are_known(coding: str) -> None:
    with pytest.raises(ContentCodingError) as caught:
        ContentDecoder(["gzip", coding])

    assert str(caught.value) == (
        f"it is compressed with {coding}, which is not supported; gzip, deflate and br are"
    )


@pytest.mark.parametrize(
    ("headers", "codings"),
    [
        ((), []),
        ((("content-type", "gzip"),), []),
        ((("content-encoding", ""),), [""]),
        ((("Content-Encoding", " GZIP ,Deflate"),), ["gzip", "deflate"]),
        (
            (("content-encoding", "br"), ("x", "gzip"), ("CONTENT-ENCODING", "gzip")),
            ["br", "gzip"],
        ),
    ],
)
def test_headers_list_codings_in_the_order_of_their_use(
    headers: tuple[tuple[str, str], ...], codings: list[str]
) -> None:
    assert list_codings(headers) == codings


@pytest.mark.parametrize("size", [0, 1, 65_534, 65_535, 65_536, 131_070, 200_001])
@pytest.mark.parametrize(
    ("codings", "unpack"),
    [
        (["gzip"], gzip.decompress), (["x-gzip"], gzip.decompress), (["deflate"], zlib.decompress),
        (["deflate", "gzip"], lambda data: zlib.decompress(gzip.decompress(data))),
        (["identity", ""], bytes),
        (["br"], lambda data: pytest.importorskip("brotli").decompress(data)),
    ],
)  # fmt: skip
def test_what_is_stored_without_compression_is_read_by_others(
    size: int, codings: list[str], unpack: Callable[[bytes], bytes]
) -> None:
    data = bytes(n * n % 251 for n in range(size))
    if "br" in codings:
        pytest.importorskip("brotli", reason="it is an extra")
    stored = encode_uncompressed(data, codings)

    assert unpack(stored) == data
    assert decode_whole_body(stored, codings, size + 99) == data
    assert encode_uncompressed(data, codings) == stored


def test_what_cannot_be_stored_or_is_cut_short_is_refused() -> None:
    with pytest.raises(ContentCodingError):
        encode_uncompressed(ORDER, ["zstd"])
    with pytest.raises(ContentCodingError):
        decode_whole_body(encode_uncompressed(ORDER, ["gzip"])[:-1], ["gzip"], 1 << 20)
