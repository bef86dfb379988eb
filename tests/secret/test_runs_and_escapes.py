"""Runs of base64 and hexadecimal digits, and escapes of one character, at their limits."""

from __future__ import annotations

import base64
import gzip
import io
import zipfile
import zlib
from collections.abc import Callable
from urllib.parse import unquote_to_bytes

import pytest

from bpmax_sim.secret.compressed_streams import WorkBudget, find_streams, inflate_raw
from bpmax_sim.secret.encoded_runs import (
    FastByteSearch,
    decode_aligned_base64_runs,
    decode_base64,
    decode_base64_at_all_offsets,
    decode_hex_at_both_offsets,
    decode_hex_runs,
    decode_runs_to_text,
    find_encoded_runs,
    find_hex_runs,
    find_long_runs,
    find_runs_and_folded_runs,
    keep_escaped_runs,
    rewrite_runs,
)
from bpmax_sim.secret.escapes import (
    find_escaped_parts,
    undo_backslashes,
    undo_percent,
    undo_xml_references,
)


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        ("abcdefg", []), ("abcdefgh", ["abcdefgh"]),
        ("abcd+/-_ x abcdefgh", ["abcd+/-_", "abcdefgh"]),
        ("abc%2Fdefgh", ["abc/defgh"]), ("abc%252fdefgh", ["abc/defgh"]),
        ("abc\\/defgh", ["abc/defgh"]), ("abc\\u002Bdefgh", ["abc+defgh"]),
        ("abc%2Bdefgh", ["abc+defgh"]), ("abc%2Cdefgh", []), ("abc=defgh", []),
    ],
)  # fmt: skip
def test_a_run_has_eight_characters_however_its_signs_are_escaped(
    text: str, runs: list[str]
) -> None:
    assert find_encoded_runs(text) == runs


@pytest.mark.parametrize(
    ("data", "kept"),
    [
        (b"abc", b"abc"),
        (b"abc def", b"abc def"),
        (b"abc xyz def", b"abc def"),
        (b"a b%2Fc d e", b"a b%2Fc e"),
        (b"a x b\\/c", b"a b\\/c"),
        (b"%2f%2B", b"%2f%2B"),
        (b"x%2C y z", b"x z"),
        (b"", b""),
        (b" ", b" "),
    ],
)
def test_runs_that_go_on_behind_an_escape_are_kept(data: bytes, kept: bytes) -> None:
    assert keep_escaped_runs(data) == kept


@pytest.mark.parametrize("start", [0, 1, 2, 3])
@pytest.mark.parametrize("behind", ["", "A"])
@pytest.mark.parametrize("secret", ["k3y9f2", "密钥", "a long secret of a text"])
def test_a_secret_is_decoded_wherever_it_begins_in_a_run(
    start: int, secret: str, behind: str
) -> None:
    run = "A" * start + base64.b64encode(secret.encode()).decode().rstrip("=") + behind

    assert secret in decode_runs_to_text([run])
    inner = b"\n".join(decode_base64_at_all_offsets([run.encode()]))
    assert secret.encode() in inner


@pytest.mark.parametrize(
    ("digits", "pair"),
    [
        ("", (b"", b"")), ("6", (b"", b"")), ("61", (b"a", b"")), ("616", (b"a", b"\x16")),
        ("6162", (b"ab", b"\x16")), ("06162", (b"\x06\x16", b"ab")),
    ],
)  # fmt: skip
def test_hexadecimal_digits_are_read_from_the_first_and_the_second(
    digits: str, pair: tuple[bytes, bytes]
) -> None:
    assert decode_hex_at_both_offsets(digits) == pair
    assert decode_hex_at_both_offsets(digits.encode()) == pair


def test_runs_of_digits_stay_apart() -> None:
    first, second = decode_hex_runs([b"616263", b"6465666"])

    assert (b"abc" in first, b"def" in first + second) == (True, True)
    assert b"abcdef" not in first + second


def hide(text: str) -> str:
    return text.replace("secret", "X").replace("密钥", "红")


def pack(text: str, *, url: bool = False, strip: bool = False) -> str:
    data = text.encode()
    packed = (base64.urlsafe_b64encode if url else base64.b64encode)(data).decode()
    return packed.rstrip("=") if strip else packed


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (pack("a secret b"), pack("a X b")),
        (pack("a secret b", strip=True), pack("a X b", strip=True)),
        (pack("~~密钥~~?>", url=True), pack("~~红~~?>", url=True)),
        (pack("~~密钥~~?>"), pack("~~红~~?>")),
        (f"x {pack('secret 1')} y {pack('secret 2')}", f"x {pack('X 1')} y {pack('X 2')}"),
        (pack("nothing here"), pack("nothing here")),
        ("secret", "secret"),
        (b"a secret b".hex(), b"a X b".hex()),
        (b"a secret b".hex().upper(), b"a X b".hex().upper()),
        (b"no secret, zoo".hex(), b"no X, zoo".hex()),
        (b"secret".hex(), b"X".hex()),
        (b"no secret, zoo".hex().upper(), b"no X, zoo".hex().upper()),
        (f"7{b'no secret, zoo'.hex().upper()}8", f"7{b'no X, zoo'.hex().upper()}8"),
        (f"7{b'a secret b'.hex()}", f"7{b'a X b'.hex()}"),
        (f"{b'a secret b'.hex()}7", f"{b'a X b'.hex()}7"),
        (f"7{b'a secret b'.hex()}8", f"7{b'a X b'.hex()}8"),
        (pack("?>secret?>").replace("/", "\\/"), pack("?>X?>").replace("/", "\\/")),
        (pack("?~密钥?~").replace("/", "%2F"), pack("?~红?~").replace("/", "%2F")),
        (pack("secret~>>~>").replace("+", "%2B"), pack("X~>>~>").replace("+", "%2B")),
        (pack("a secret").replace("=", "%3D"), pack("a X").replace("=", "%3D")),
    ],
)
def test_a_run_is_encoded_again_as_it_was(text: str, shown: str) -> None:
    assert rewrite_runs(text, hide) == shown


@pytest.mark.parametrize("size", range(0, 24, 3))
@pytest.mark.parametrize("before", ["", "v1-", "x.", "a_"])
def test_a_text_in_the_alphabet_of_urls_is_the_same_but_for_the_secret(
    size: int, before: str
) -> None:
    """Though its dashes cut it into runs of the other alphabet."""
    text = f'{{"客户":"张三{"~>?" * (size % 5)}{"x" * size}","密码":"secret-1","附注":"~?>完"}}'
    packed = pack(text, url=True, strip=True)
    assert "-" in packed or "_" in packed

    shown = rewrite_runs(f"{before}{packed} {pack('secret')}", hide)

    assert shown == f"{before}{pack(hide(text), url=True, strip=True)} {pack('X', strip=True)}"


def test_runs_that_a_dash_joins_are_rewritten_one_by_one() -> None:
    pieces = [pack(f"a secret {n}", strip=True) for n in range(4)]

    shown = rewrite_runs("-".join(pieces), hide)

    assert shown == "-".join(pack(f"a X {n}", strip=True) for n in range(4))


@pytest.mark.parametrize("size", [3, 4])
@pytest.mark.parametrize(
    "at", [0, 4000, 4092, 4093, 4094, 4095, 4096, 69_625, 69_629, 69_630, 69_632, 140_000]
)
def test_a_rare_byte_string_is_found_wherever_it_stands(at: int, size: int) -> None:
    search = FastByteSearch(b"abcd"[:size])
    data = b"x" * at + b"abcd" + b"x" * 70_000

    assert search.find(data) == at
    assert search.find(data[: at + size]) == at
    assert search.find(data[: at + size - 1]) == -1
    assert search.occurs_in(data)
    assert not search.occurs_in(b"abxcd" * 30_000)


@pytest.mark.parametrize(
    ("marks", "size", "runs"),
    [
        (b"", 2, []), (b"A", 2, []), (b"AA", 2, [b"01"]), (b"AA A AAA", 2, [b"01", b"567"]),
        (b" AAA ", 3, [b"123"]), (b" AAA ", 4, []), (b"A A A", 1, [b"0", b"2", b"4"]),
    ],
)  # fmt: skip
def test_long_runs_are_those_of_a_size(marks: bytes, size: int, runs: list[bytes]) -> None:
    assert find_long_runs(b"0123456789"[: len(marks)], marks, size) == runs


@pytest.mark.parametrize(("size", "is_one"), [(11, False), (12, True), (13, True)])
def test_digits_are_a_run_from_twelve_on(size: int, *, is_one: bool) -> None:
    run = b"0123456789abcdef"[:size]
    assert find_hex_runs(b"x" + run + b"g") == [run] * is_one


LINE = b"QUJDREVGR0hJSktM"


@pytest.mark.parametrize(
    ("data", "runs", "folded"),
    [
        (b"abc", [], []),
        (LINE, [LINE], []),
        (LINE + b" " + LINE, [LINE] * 2, [LINE * 2]),
        (LINE + b"\r\n" + b" " * 40 + LINE[:2], [LINE], [LINE + LINE[:2]]),
        (LINE + b"\n" + LINE + b"\n" + LINE, [LINE] * 3, [LINE * 3]),
        (LINE[:15] + b"\n" + LINE, [LINE[:15], LINE], []),
        (LINE + b",\n" + LINE, [LINE] * 2, []),
        (LINE + b"\n" + LINE + b"." + LINE, [LINE] * 3, [LINE * 2]),
    ],
)
def test_lines_of_one_run_are_joined(data: bytes, runs: list[bytes], folded: list[bytes]) -> None:
    assert find_runs_and_folded_runs(data) == (runs, folded)


TEXT = "合同正文：张三与李四约定如下，一式两份，双方各执一份，自签字之日起生效。"


@pytest.mark.parametrize(
    ("data", "is_whole"),
    [
        (TEXT.encode(), True),
        (b"ab" + TEXT.encode()[:-2], True),  # cut within its last character
        (b"a" + TEXT.encode()[:-1], True),
        (TEXT.encode()[:-1], False),  # what fills it up is no text
        (TEXT.encode()[:48], True),
        (TEXT.encode()[:47], False),  # of which the run is too short to be sure
        (TEXT.encode() + b"\0", False),
        (TEXT.encode() + b"\x7f", False),
        (TEXT.encode() + b"\t\r\n", True),
        (TEXT.encode()[1:], False),
        (b"\0" + TEXT.encode(), False),
        (TEXT.encode() + b"\xff", False),
        (TEXT.encode() + b"\xffabcdef", False),
        (TEXT.encode() + b"ab\xff", False),
        (TEXT.encode()[:45] + b"ab\xff" + TEXT.encode()[45:], False),
    ],
)
def test_a_long_run_of_text_begins_where_it_begins(data: bytes, *, is_whole: bool) -> None:
    run = base64.b64encode(data).rstrip(b"=")
    whole, others = decode_aligned_base64_runs([run])

    assert (whole, others) == (([(run, data)], []) if is_whole else ([], [run]))


def test_a_long_run_of_digits_is_not_base64() -> None:
    assert decode_aligned_base64_runs([b"0123456789abcdef" * 5]) == ([], [])
    mixed = b"0123456789abcdef" * 4 + b"XYZ="[:3]
    assert decode_aligned_base64_runs([mixed]) == ([], [mixed])


@pytest.mark.parametrize("size", range(12))
@pytest.mark.parametrize("url", [True, False])
def test_base64_of_any_size_is_decoded(size: int, *, url: bool) -> None:
    data = b"\xfb\xff\xbf" * 4
    run = (base64.urlsafe_b64encode if url else base64.b64encode)(data[:size]).rstrip(b"=")

    assert decode_base64(run) == data[:size] + bytes(-size % 3)
    if len(run) % 4 == 0:
        assert decode_base64(run + b"A") == data[:size]  # one more says nothing


@pytest.mark.parametrize(
    "text",
    [
        b"", b"a", b"%", b"%%", b"%%%", b"a%", b"%4", b"%41", b"%4a%4A", b"%3D=%3d", b"=41",
        b"%25%32%35", b"%%41", b"%\r\n%41", b"%\n", b"a%\rb", b"%E5%AF%86%e7%a0%81", b"%zz%4z",
        b"a=\nb", b"_%5f", b"%\xff\xfe\xfd%41", b"%00", b"100%25", b"%%%41%", b"a%%%%b",
    ],
)  # fmt: skip
def test_percent_signs_are_undone_as_the_standard_library_does(text: bytes) -> None:
    assert undo_percent(text) == unquote_to_bytes(text)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        (rb"a", b"a"), (rb"\"\/\\", rb'"/' + b"\\"), (rb"\n\t\r\b\f\v\0", b"\n\t\r\b\f\v0"),
        (rb"\u5bc6\u7801", "密码".encode()), (rb"\ud83d\ude00", "😀".encode()),
        (rb"\\u5bc6", rb"\u5bc6"), (rb"\\\u5bc6", "\\密".encode()), (rb"\\n", rb"\n"),
        (rb"\u005cn", rb"\n"), (rb"\u005Cu0041", rb"\u0041"), (rb"\u{41}\u{1F600}", "A😀".encode()),
        (rb"\u{110000}", rb"\u{110000}"), (rb"\u{10ffff}", "\U0010ffff".encode()),
        (rb"\x41\x42", b"AB"), (rb"\xe5\xaf\x86", "密".encode()), (rb"\x4", rb"\x4"),
        (rb"\u12", rb"\u12"),
        (rb"\q", rb"\q"), (b"a\\", b"a\\"), (rb"\U00000041\u0041", rb"\U00000041A"),
        ("密\\u7801".encode(), "密码".encode()), (rb"\'a\'", b"'a'"), (rb"\u0041" * 20, b"A" * 20),
        (rb"\u0041" * 20_000, b"A" * 20_000), (rb"\u0041\u00", rb"A\u00"),
        (rb"x\n" * 30_000, b"x\n" * 30_000),
    ],
)  # fmt: skip
def test_backslashes_are_undone_as_javascript_reads_them(text: bytes, plain: bytes) -> None:
    assert undo_backslashes(text) == plain


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        (b"a", b"a"), (b"&amp;", b"&"), (b"&amp;lt;", b"&lt;"), (b"&lt;a&gt;", b"<a>"),
        (b"&#65;&#x42;&#X43;", b"ABC"), (b"&#23494;", "密".encode()),
        (b"&#x10FFFF;", "\U0010ffff".encode()),
        (b"&#x110000;", b"&#x110000;"), (b"&#1114111;", "\U0010ffff".encode()),
        (b"&#1114112;", b"&#1114112;"),
        # names of two to six small letters; a longer one is left
        (b"&lt;&num;&comma;&dollar;a&commat;b&percnt;", b"<#,$a@b%"), (b"&epsilon;", b"&epsilon;"),
        (b"&lowbar;&period;", b"_."), (b"&a;&LT;", b"&a;&LT;"), (b"&#1234567;", b"&#1234567;"),
        (b"&#0;", b"\0"), (b"&#x1f;", b"\x1f"), (b"&quot;&apos;", b"\"'"),
        (b"&nbsp;", "\xa0".encode()),
        (b"&unknown;", b"&unknown;"), (b"&#12345678;", b"&#12345678;"), (b"&#65", b"&#65"),
        (b"&;", b"&;"),
        (b"&amp;#65;", b"&#65;"), (b"&#38;amp;", b"&amp;"), (b"&amp;" * 3 + b"#65;", b"&&&#65;"),
        (b"".join(b"&#%d;" % n for n in range(65, 78)), b"ABCDEFGHIJKLM"),
        (b"\xff\xfe\xfc&amp;lt;", b"\xff\xfe\xfc&lt;"),
        (b"\xff\xfe\xfd&amp;lt;", b"\xff\xfe\xfd&lt;"),
        (b"x" * 5000 + b"&amp;", b"x" * 5000 + b"&"),
    ],
)  # fmt: skip
def test_references_are_undone_once(text: bytes, plain: bytes) -> None:
    assert undo_xml_references(text) == plain


@pytest.mark.parametrize(
    ("data", "parts"),
    [
        (b"plain", []),
        (b"a%41b", [("percent", 0, 5, b"aAb")]),
        (b"a%41+b", [("percent", 0, 6, b"aA+b"), ("form", 0, 6, b"aA b")]),
        (b"5% a+b", []),
        (b"x" * 50 + b"%41" + b"x" * 50, [("percent", 40, 70, b"x" * 10 + b"A" + b"x" * 17)]),
        (
            b"x" * 50 + b"%41" + b"x" * 60 + b"%42" + b"x" * 50,
            [
                ("percent", 40, 70, b"x" * 10 + b"A" + b"x" * 17),
                ("percent", 103, 133, b"x" * 10 + b"B" + b"x" * 17),
            ],
        ),
        (b"%41" + b"x" * 40, [("percent", 0, 20, b"A" + b"x" * 17)]),
        (b"x" * 40 + b"%41", [("percent", 30, 43, b"x" * 10 + b"A")]),
        (b"a\\nb", [("json", 0, 4, b"a\nb")]),
        (b"a&lt;b", [("xml", 0, 6, b"a<b")]),
        (b"a=E5=AF=86b", [("quoted-printable", 0, 11, "a密b".encode())]),
        (b"a=\r\nb", [("quoted-printable", 0, 5, b"ab")]),
        (b"a==41", [("quoted-printable", 0, 5, b"a=A")]),
        (b"%%41&lt;", [("percent", 0, 8, b"%A&lt;"), ("xml", 0, 8, b"%%41<")]),
        (b"\0\0%41abcdef\0\0", [("percent", 2, 11, b"Aabcdef")]),
        (b"\0\1k3y%41abcdef\0", [("percent", 2, 14, b"k3yAabcdef")]),
        (b"\0" + b"x" * 30 + b"%41abcdef\0", [("percent", 21, 40, b"x" * 10 + b"Aabcdef")]),
        (b"\0\0%41abc\0\0", []),
        (b"\0\0%41\0%42\0\0", []),
        (b"\0a%41%42%43%44\0", [("percent", 0, 15, b"\0aABCD\0")]),
        (b"\0a%41%42bcdef\0", [("percent", 0, 14, b"\0aABbcdef\0")]),
        (b"\0%41%42" + b"x" * 40, [("percent", 0, 21, b"\0AB" + b"x" * 14)]),
    ],
)
def test_parts_with_escapes_reach_as_far_as_is_asked_for(
    data: bytes, parts: list[tuple[str, int, int, bytes]]
) -> None:
    assert [tuple(part) for part in find_escaped_parts(data, 10)] == parts


def gz(data: bytes) -> bytes:
    return gzip.compress(data, mtime=0)


@pytest.mark.parametrize(
    ("make", "label"),
    [(gz, "gzip"), (zlib.compress, "deflate"), (lambda data: zlib.compress(data, 0), "deflate")],
)
@pytest.mark.parametrize("at", [0, 1, 65_533, 65_534, 65_535, 65_536, 65_537])
def test_a_stream_is_found_wherever_it_begins(
    make: Callable[[bytes], bytes], label: str, at: int
) -> None:
    inner = "合同正文：一式两份".encode() * 3
    data = b"." * at + make(inner) + b"tail"

    found = [*find_streams(data, WorkBudget(10_000_000))]
    assert [tuple(stream) for stream in found] == [(label, at, inner)]


@pytest.mark.parametrize("size", [5, 6, 7])
def test_a_stream_of_less_than_a_secret_is_none(size: int) -> None:
    data = b"\0" + zlib.compress(b"k3y9f2zz"[:size])
    assert [stream.inner for stream in find_streams(data, WorkBudget(1_000_000))] == (
        [] if size < 6 else [b"k3y9f2zz"[:size]]
    )


def test_what_is_damaged_tells_what_came_before() -> None:
    inner = bytes(range(256)) * 40
    whole = zlib.compress(inner)
    broken = whole[:200] + b"\xff" * 20 + whole[220:]
    [stream] = find_streams(b"\0" + broken, WorkBudget(10_000_000))

    assert len(stream.inner) > 100
    assert inner.startswith(stream.inner[:100])
    assert [one.inner for one in find_streams(whole + whole, WorkBudget(10_000_000))] == [inner] * 2
    raw = zlib.compress(inner, wbits=-15)
    assert inflate_raw(raw, WorkBudget(10_000_000)) == inner
    assert inflate_raw(b"", WorkBudget(10_000_000)) == b""


def gz_with_fields(flags: int, inner: bytes) -> bytes:
    """Return gzip with the optional parts of its header that *flags* announce (RFC 1952, 2.3)."""
    head = b"\x1f\x8b\x08" + bytes([flags]) + b"\0\0\0\0\0\x03"
    head += b"\x05\0extra" if flags & 4 else b""
    head += "合同.txt\0".encode() if flags & 8 else b""
    head += b"a comment\0" if flags & 16 else b""
    head += zlib.crc32(head).to_bytes(4, "little")[:2] if flags & 2 else b""
    packer = zlib.compressobj(wbits=-15)
    sums = zlib.crc32(inner).to_bytes(4, "little") + len(inner).to_bytes(4, "little")
    return head + packer.compress(inner) + packer.flush() + sums


@pytest.mark.parametrize("flags", [0, 1, 2, 4, 8, 16, 31, 32, 64, 128])
def test_gzip_with_any_parts_of_a_header_is_found_and_with_reserved_ones_is_none(
    flags: int,
) -> None:
    inner = "合同正文：一式两份".encode() * 3
    found = [*find_streams(b"\0\0" + gz_with_fields(flags, inner) + b"\0", WorkBudget(1_000_000))]

    assert [tuple(one) for one in found] == ([("gzip", 2, inner)] if flags < 32 else [])


@pytest.mark.parametrize("head", [gz(b"k3y9f2")[:10], b"x\x9c\xcb", b"PK\3\4" + bytes(26)])
def test_a_stream_of_which_only_the_head_is_left_is_none(head: bytes) -> None:
    for size in range(1, len(head) + 1):
        data = "合同".encode() + head[:size]
        assert [*find_streams(data, WorkBudget(1_000_000))] == []


TIMES = b"UT\x09\0\x03" + bytes(8)  # as Info-ZIP writes them beside a name


@pytest.mark.parametrize("extra", [b"", TIMES, TIMES * 2, bytes(255), bytes(256), bytes(65_535)])
@pytest.mark.parametrize("name", ["a", "xl/sharedStrings.xml", "合同正文.docx", "n" * 300])
def test_a_member_of_a_zip_begins_behind_its_name_and_the_field_after_it(
    name: str, extra: bytes
) -> None:
    inner = "合同正文：一式两份".encode() * 3
    held = io.BytesIO(b"\0\0")
    with zipfile.ZipFile(held, "a", zipfile.ZIP_DEFLATED) as archive:
        members = [zipfile.ZipInfo(f"{folder}/{name}") for folder in ("一", "二")]
        for member in members:
            member.extra, member.compress_type = extra, zipfile.ZIP_DEFLATED
            archive.writestr(member, inner)
    found = [*find_streams(held.getvalue(), WorkBudget(10_000_000))]

    assert [tuple(one) for one in found] == [
        ("zip", member.header_offset, inner) for member in members
    ]


@pytest.mark.parametrize(
    "sign", ["=", "%3D", "%3d", "%253D", "%25253D", "\\u003d", "\\u003D", "\\\\u003d", ""]
)
@pytest.mark.parametrize("before", ["", "1", "12"])
@pytest.mark.parametrize("after", ["", ";", ";;"])
def test_padding_is_written_as_it_was_and_fits_what_is_new(
    sign: str, before: str, after: str
) -> None:
    def pack(text: str) -> str:
        return base64.b64encode(text.encode()).decode().rstrip("=")

    def pad(packed: str) -> str:
        return packed + sign * (-len(packed) % 4)

    was, now = (f"{before}口令={word}{after}" for word in ("旧的口令", "redacted.new.1"))
    text = f'{{"a":"{pad(pack(was))}","b":1}}'
    is_padded = len(pack(was)) % 4 > 0

    assert rewrite_runs(text, lambda inner: inner.replace("旧的口令", "redacted.new.1")) == (
        text.replace(pad(pack(was)), pad(pack(now)) if is_padded else pack(now))
    )
