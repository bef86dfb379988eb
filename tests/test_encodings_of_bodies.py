"""Bodies as bytes: their characters, their compression, and their parts."""

from __future__ import annotations

import gzip
import zlib

import pytest

from bpmax_sim.content_coding import (
    BodyTooLargeError,
    ContentCodingError,
    ContentDecoder,
    begins_like_zlib,
    decode_whole_body,
    encode_uncompressed,
    list_codings,
)
from bpmax_sim.multipart import (
    PartHead,
    find_delimiter,
    guess_delimiter,
    join_sections,
    parse_part_head,
    split_sections,
)
from bpmax_sim.text_codec import decode_text, find_codec, list_probable_codecs

KUNDE = "客户"
GBK = KUNDE.encode("gbk")
UTF8 = KUNDE.encode()


def test_the_names_of_encodings_are_those_of_the_web() -> None:
    names = {
        "GB2312": "gb18030", "gbk": "gb18030", "GB18030": "gb18030", "utf8": "utf-8",
        "UTF-16": "utf-16", "latin1": "iso8859-1", "windows-1252": "cp1252", "us-ascii": "ascii",
        "big5": "big5", "Big5-HKSCS": "big5hkscs", "hz": "hz", "shift-jis": "shift_jis",
        "euc-jp": "euc_jp", "koi8-r": "koi8-r", "rot13": "", "hex": "", "idna": "", "mac-roman": "",
        "x\0y": "", "keine": "", "": "",
    }  # fmt: skip

    assert {name: find_codec(name) for name in names} == names


def test_the_probable_encodings_are_in_the_order_of_their_declarations() -> None:
    page, mark = b'<meta charset="gbk">', b"\xff\xfe"
    xml = b'  <?xml version="1.0" encoding="big5"?>'
    cases: list[tuple[bytes, str, str, list[str]]] = [
        (b"", "", "", []), (b"\xef\xbb\xbf", "", "", []),
        (mark, "a/b;charset=gbk", "big5", ["big5", "utf-16-le", "gb18030"]),
        (b"\xfe\xff", "", "keine", ["utf-16-be"]),
        (page, "", "", ["gb18030"]), (page, "application/json", "", []),
        (page, "TEXT/plain", "", ["gb18030"]), (page, "application/xhtml+XML", "", ["gb18030"]),
        (page, "application/xmlx", "", []),
        (page, "text/html; Charset='utf-8'", "", ["utf-8", "gb18030"]),
        (xml + page, "", "", ["big5", "gb18030"]), (b"x" + xml, "", "", []),
        (b"<?xml version='1.0' Encoding='big5'?>", "", "", []),
        (b"<?xml encoding = 'big5'?>", "", "", ["big5"]), (b"<?xml xencoding='big5'?>", "", "", []),
        (b'<META name=a content="text/html;charset=GBK">', "", "", ["gb18030"]),
        (b"<meta charset = ' gbk '>", "", "", ["gb18030"]), (b"<meta xcharset=gbk>", "", "", []),
        (b"<p charset=gbk>", "", "", []), (b"<meta><p charset=gbk>", "", "", []),
        (b"<meta charset=keine>", "", "", []), (b"<meta charset=iso-8859-1>", "", "",
                                                ["iso8859-1"]),
        (b" " * 1004 + page, "", "", ["gb18030"]), (b" " * 1007 + page, "", "", ["gb18030"][:0]),
        (b"", 'text/plain; a=b; charset="big5"', "", ["big5"]),
        (b"", "text/charset", "", ["utf-8"]),
    ]  # fmt: skip

    assert [list_probable_codecs(data, kind, declared) for data, kind, declared, _ in cases] == [
        [*found, *([] if "utf-8" in found else ["utf-8"])] for *_, found in cases
    ]


def test_a_body_is_decoded_by_the_first_encoding_that_fits_all_of_it() -> None:
    gbk, utf8, page = "text/plain; CHARSET=gbk", "text/html;charset=utf-8", b"<meta charset=gbk>"
    cases: dict[str, tuple[tuple[bytes, str, str], tuple[str, str, int]]] = {
        "utf-8": ((UTF8, "", ""), (KUNDE, "utf-8", -1)),
        "mark": ((b"\xef\xbb\xbfa", gbk, ""), ("a", "utf-8", -1)),
        "mark, undeclared": ((b"\xef\xbb\xbfa", "", ""), ("a", "utf-8", -1)),
        "header": ((GBK, gbk, ""), (KUNDE, "gb18030", -1)),
        "wrong header": ((UTF8[:3], gbk, ""), ("客", "utf-8", -1)),
        "declared": ((GBK, utf8, "gbk"), (KUNDE, "gb18030", -1)),
        "header, both fit": ((UTF8, gbk, ""), (UTF8.decode("gbk"), "gb18030", -1)),
        "declared, both fit": ((UTF8, utf8, "gbk"), (UTF8.decode("gbk"), "gb18030", -1)),
        "declared wrongly": ((UTF8[:3], utf8, "gbk"), ("客", "utf-8", -1)),
        "page": ((page + GBK, utf8, ""), (page.decode() + KUNDE, "gb18030", -1)),
        "wrong page": ((page + UTF8, utf8, ""), (page.decode() + KUNDE, "utf-8", -1)),
        "latin-1": ((b"\xe9", "a/b;charset=latin1", ""), ("é", "iso8859-1", -1)),
        "nothing fits": ((b"a\xff", "", ""), ("a\ufffd", "utf-8", 1)),
        "first of two": ((GBK + b"\xff", gbk, ""), (KUNDE + "\ufffd", "gb18030", 4)),
        "mark and error": ((b"\xef\xbb\xbf\xff", "", ""), ("\ufffd", "utf-8", 3)),
        "utf-16": (("甲".encode("utf-16"), "", ""), ("甲", "utf-16-le", -1)),
    }  # fmt: skip

    assert {name: tuple(decode_text(*given)) for name, (given, _) in cases.items()} == {
        name: wanted for name, (_, wanted) in cases.items()
    }


def deflate(data: bytes) -> bytes:
    engine = zlib.compressobj(wbits=-15)
    return engine.compress(data) + engine.flush()


def test_a_compressed_body_is_decoded_whatever_pieces_it_comes_in() -> None:
    text = UTF8 * 50
    packed, zipped = gzip.compress(text), zlib.compress(text)
    bodies: dict[str, tuple[bytes, list[str], bytes]] = {
        "gzip": (packed, ["gzip"], text), "x-gzip": (packed, ["x-gzip"], text),
        "members": (packed * 3, ["gzip"], text * 3), "padded": (packed + b"\0" * 9, ["gzip"], text),
        "padded by one": (packed + b"\x1f", ["gzip"], text),
        "zlib": (zipped, ["deflate"], text), "bare": (deflate(text), ["deflate"], text),
        "one zlib": (zipped + packed, ["deflate"], text),
        "twice": (gzip.compress(zipped), ["deflate", "gzip"], text),
        "thrice": (gzip.compress(deflate(packed)), ["gzip", "identity", "deflate", "", "gzip"],
                   text),
        "none": (packed, ["", "identity"], packed), "empty": (b"", ["gzip", "deflate"], b""),
    }  # fmt: skip

    def decode(body: bytes, codings: list[str], size: int) -> bytes:
        decoder = ContentDecoder(codings)
        pieces = [body[at : at + size] for at in range(0, len(body), size)]
        plain = b"".join(decoder.decode(piece, 10_000) for piece in [b"", *pieces, b""])
        decoder.finish()
        return plain

    for size in (1, 10_000):
        assert {
            name: decode(body, codings, size) for name, (body, codings, _) in bodies.items()
        } == {name: plain for name, (*_, plain) in bodies.items()}, size


def test_a_compressed_body_that_is_cut_damaged_or_too_large_says_so() -> None:
    packed = gzip.compress(b"a" * 100)
    cut = "it is compressed, and was cut short"
    bodies: list[tuple[bytes, list[str], int, str]] = [
        (packed[:-1], ["gzip"], 100, cut), (packed[:1], ["gzip"], 100, cut),
        (packed + packed[:9], ["gzip"], 100, cut), (deflate(b"a" * 9)[:2], ["deflate"], 100, cut),
        (gzip.compress(packed[:-1]), ["gzip", "gzip"], 100, cut),
        (gzip.compress(packed)[:-1], ["gzip", "gzip"], 100, cut),
        (b"kein gzip", ["gzip"], 100,
         "Error -3 while decompressing data: incorrect header check"),
        (packed, ["gzip"], 99, "it becomes larger than 99 bytes"),
        (packed * 2, ["gzip"], 199, "it becomes larger than 199 bytes"),
        (b"aa", [], 1, "it becomes larger than 1 bytes"),
        (zlib.compress(gzip.compress(b"")), ["gzip", "deflate"], 19,
         "it becomes larger than 19 bytes"),
        (b"", ["zstd"], 1,
         "it is compressed with zstd, which is not supported; gzip, deflate and br are"),
    ]  # fmt: skip
    found = []
    for body, codings, most, _ in bodies:
        with pytest.raises(ContentCodingError) as raised:
            decode_whole_body(body, codings, most)
        found.append((str(raised.value), type(raised.value) is BodyTooLargeError))

    assert found == [(text, "larger" in text) for *_, text in bodies]
    decoder = ContentDecoder(["gzip"])
    decoder.decode(packed[:-1], 100)
    decoder.decode(b"", 100)
    with pytest.raises(ContentCodingError, match=f"^{cut}$"):
        decoder.finish()
    assert decode_whole_body(packed * 2, ["gzip"], 200) == b"a" * 200
    assert decode_whole_body(b"a", [], 1) == b"a"


def test_the_codings_of_all_headers_are_listed_in_the_order_of_their_application() -> None:
    headers = (("CONTENT-Encoding", " GZIP ,br"), ("Encoding", "x"), ("content-encoding", ""))

    assert list_codings((*headers, ("Content-Encoding", "Deflate"))) == [
        "gzip", "br", "", "deflate",
    ]  # fmt: skip
    assert list_codings(()) == []


def test_a_body_can_be_in_a_format_without_being_compressed() -> None:
    sizes = (0, 1, 0xFFFF, 0x10000, 0x1FFFE, 0x1FFFF)
    data = bytes(range(256)) * 512
    for size in sizes:
        body = data[:size]
        packed, zipped = (encode_uncompressed(body, [name]) for name in ("gzip", "deflate"))
        blocks = max(1, -(-size // 0xFFFF))

        assert (gzip.decompress(packed), zlib.decompress(zipped)) == (body, body)
        assert (len(packed), len(zipped)) == (size + 5 * blocks + 18, size + 5 * blocks + 6)
    assert encode_uncompressed(b"a", ["gzip"]).hex() == (
        "1f8b08000000000000ff010100feff6143beb7e801000000"
    )
    assert encode_uncompressed(b"a", ["deflate"]).hex() == "7801010100feff6100620062"
    twice = encode_uncompressed(b"a", ["deflate", "identity", "x-gzip", ""])
    assert zlib.decompress(gzip.decompress(twice)) == b"a"
    with pytest.raises(ContentCodingError, match=r"^zstd$"):
        encode_uncompressed(b"a", ["gzip", "zstd"])


def test_zlib_begins_with_an_x_and_a_sum() -> None:
    starts = {
        b"x\x01": True, b"x\x9c": True, b"x\xda": True, b"x\x9cabc": True, b"xa": False,
        b"x\x9d": False, b"x": False, b"": False, b"\x58\x85": False,
    }  # fmt: skip

    assert {start: begins_like_zlib(start) for start in starts} == starts


def test_the_delimiter_of_parts_is_that_of_the_header_or_of_the_first_line() -> None:
    form = "multipart/form-data"
    headers = {
        f"{form}; boundary=a": b"--a", f'{form}; BOUNDARY="a; b"': b"--a; b", form: b"",
        f'{form}; boundary=""': b"", f"{form}; charset=utf-8; boundary=-a": b"---a", "": b"",
        f"{form}; boundary*=utf-8''a%20b": b"--a b",
    }  # fmt: skip
    bodies = {
        b"--a\r\nb": b"--a", b"--a": b"--a", b"-a\r\n--b": b"", b"": b"", b"\r\n--a": b"",
        b"--a\nb\r\n": b"--a\nb",
    }  # fmt: skip

    assert {text: find_delimiter(text) for text in headers} == headers
    assert {data: guess_delimiter(data) for data in bodies} == bodies


def test_sections_are_joined_to_the_body_that_was_split() -> None:
    bodies = {
        b"--a\r\nX: 1\r\n\r\n1\r\n--a--\r\n": [b"", b"\r\nX: 1\r\n\r\n1", b"--\r\n"],
        b"vor\r\n--a\r\n1--a\r\n--a--": [b"\r\nvor", b"\r\n1--a", b"--"],
        b"nichts": [b"\r\nnichts"], b"": [b"\r\n"],
    }  # fmt: skip

    assert {body: split_sections(body, b"--a") for body in bodies} == bodies
    assert [join_sections(sections, b"--a") for sections in bodies.values()] == [*bodies]


def test_the_head_of_a_part_gives_its_name_parameters_and_headers() -> None:
    heads = {
        'Content-Disposition: Form-Data; NAME="名; a"; filename=a.txt\r\nX-A : 1:2 \r\n':
            PartHead("名; a", {"form-data": "", "filename": "a.txt"}, {"x-a": "1:2"}),
        "content-disposition: form-data;\r\n name*=UTF-8''%E5%90%8D\r\nContent-Type: text/plain":
            PartHead("名", {"form-data": ""}, {"content-type": "text/plain"}),
        "X: 1\r\n\r\nx: 2\r\nX\r\n": PartHead("", {"": ""}, {"x": ""}),
        "A: 1\r\n\t2\r\nB: 3": PartHead("", {"": ""}, {"a": "1\t2", "b": "3"}),
        "": PartHead("", {"": ""}, {}),
    }  # fmt: skip

    assert {head: parse_part_head(head) for head in heads} == heads


def test_brotli_says_as_well_where_a_body_is_cut_damaged_or_too_large() -> None:
    brotli = pytest.importorskip("brotli")
    packed = brotli.compress(UTF8 * 50)
    found = []
    for body, most in ((packed[:-1], 300), (b"\xff" * 9, 300), (packed, 299)):
        with pytest.raises(ContentCodingError) as raised:
            decode_whole_body(body, ["br"], most)
        found.append((str(raised.value), type(raised.value) is BodyTooLargeError))

    assert decode_whole_body(packed, ["br"], 300) == UTF8 * 50
    assert found == [
        ("it is compressed, and was cut short", False),
        ("brotli: decoder failed", False),
        ("it becomes larger than 299 bytes", True),
    ]
    assert brotli.decompress(encode_uncompressed(UTF8, ["br"])) == UTF8
