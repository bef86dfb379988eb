from __future__ import annotations

import base64
import gzip
import json
import random
import time
import zlib
from collections.abc import Callable
from functools import reduce

import pytest

from bpmax_sim.secret import compressed_streams, scan
from bpmax_sim.secret.compressed_streams import WorkBudget, inflate
from bpmax_sim.secret.encoded_runs import FastByteSearch
from bpmax_sim.secret.escapes import find_escaped_parts
from bpmax_sim.secret.scan import TOO_LARGE, Finding, Search, find_needles_in_all_layers
from bpmax_sim.secret.vault import Vault
from tests.secret.bodies import HOSTILE, KINDS
from tests.secret.encodings import wanted_of, zipped

SIZE = 50_000
WANTED = {b"token-123456": "crm.test.token (raw)"}


def test_nothing_wanted_is_nothing_found() -> None:
    assert find_needles_in_all_layers(b"token-123456", {}) == ()


def test_a_finding_says_where_and_never_what() -> None:
    packed = base64.b64encode(b"----" + gzip.compress(b"token-123456"))

    found = find_needles_in_all_layers(b"data: " + packed, WANTED)

    assert [str(one) for one in found] == [
        "crm.test.token (raw) inside gzip inside base64 at byte 6"
    ]


def test_every_place_is_named() -> None:
    found = find_needles_in_all_layers("客户 token-123456, token-123456".encode(), WANTED)

    assert [one.offset for one in found] == [7, 21]


@pytest.mark.parametrize("at", range(3))
def test_the_run_that_holds_a_secret_is_named_among_others(at: int) -> None:
    contract = "合同正文：张三与李四约定如下，一式两份，双方各执一份，自签字之日起"
    texts = [f"第{number}页 {contract}" for number in range(3)]
    texts[at] += "token-123456"
    runs = [base64.b64encode(text.encode()).rstrip(b"=") for text in texts]
    data = b'{"a": "%s", "b": "%s", "c": "%s"}' % tuple(runs)

    found = find_needles_in_all_layers(data, WANTED)

    assert [(one.offset, one.within) for one in found] == [(data.index(runs[at]), ("base64",))]


@pytest.mark.parametrize(
    ("times", "spare", "is_too_large"), [(32, 0, False), (0, 1 << 20, False), (0, 0, True)]
)
def test_work_is_as_much_as_the_data_allows(
    times: int, spare: int, *, is_too_large: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scan, "TIMES", times)
    monkeypatch.setattr(scan, "SPARE", spare)
    data = gzip.compress(random.Random(1).randbytes(2000) + b"token-123456")

    names = {one.name for one in find_needles_in_all_layers(data, WANTED)}
    assert names == {WANTED[b"token-123456"], *([TOO_LARGE] if is_too_large else [])}


def test_a_secret_across_the_lines_of_mime_is_found() -> None:
    body = base64.encodebytes(b"x" * 50 + b"token-123456")

    assert b"\n" in body.strip()
    assert find_needles_in_all_layers(body, WANTED) != ()


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("before", [b"", b"<", "号".encode(), b"\0", b"k=\0("])
def test_what_is_encoded_in_utf_16_is_found_behind_any_byte(codec: str, before: bytes) -> None:
    body = before + b"token-123456".hex().encode(codec) + b">"

    assert find_needles_in_all_layers(body, WANTED) != ()


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("control", ["\x1f", "\x7f", "\x08"])
def test_a_text_in_utf_16_begins_behind_a_control_character(control: str, codec: str) -> None:
    packed = b"token-123456".hex()
    body = f"合同{control}{packed}".encode(codec)

    found = find_needles_in_all_layers(body, WANTED)

    assert {one.offset for one in found if codec in one.within} == {body.index(packed[0].encode())}


def test_a_body_of_bare_deflate_is_undone() -> None:
    packer = zlib.compressobj(wbits=-15)
    body = packer.compress(b"token-123456 token-123456") + packer.flush()

    assert "crm.test.token (raw) inside deflate at byte 0" in map(
        str, find_needles_in_all_layers(body, WANTED)
    )


def test_compression_that_was_cut_shows_what_is_left() -> None:
    assert find_needles_in_all_layers(gzip.compress(b"token-123456")[:-8], WANTED) != ()


@pytest.mark.parametrize("size", [100_000_000])
def test_a_bomb_is_a_finding_and_not_a_pass(size: int) -> None:
    packer = zlib.compressobj(9)
    piece = packer.compress(bytes(size)) + packer.flush()

    assert Finding(
        "content too large to be searched", 0, ("deflate",)
    ) in find_needles_in_all_layers(piece, WANTED)


def test_what_comes_of_a_bomb_is_bounded_by_what_was_read_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """However much may be looked at because of the bytes behind its first ones."""
    body, work = zlib.compress(bytes(1 << 20)), WorkBudget(1 << 40)
    assert inflate(body, 15, work) == (bytes(1 << 20), len(body))

    monkeypatch.setattr(compressed_streams, "_AHEAD", 1 << 16)
    with pytest.raises(compressed_streams.DecodeLimitError):
        inflate(body, 15, work)


def test_what_is_too_large_is_told_by_its_place_among_what_is_not() -> None:
    archive = zipped(bytes(100_000_000))
    data = b"POST /upload HTTP/1.1\r\n\r\n" + archive

    (found,) = find_needles_in_all_layers(data, WANTED)

    assert str(found).startswith(f"{TOO_LARGE} inside zip at byte ")
    assert data[found.offset :].startswith(b"PK\x03\x04")


@pytest.mark.parametrize("kind", KINDS)
def test_four_times_the_bytes_take_about_four_times_as_long(kind: str) -> None:
    """Whatever they are; it was 81 s for a megabyte and for five of them there was no end."""
    search = Search(wanted_of(*[f"s3cret-{n:02d}-Token/9+=" for n in range(24)]))

    def seconds(size: int) -> float:
        data = KINDS[kind](size)
        begun = time.process_time()
        assert {one.name for one in search.find(data)} <= {TOO_LARGE}
        return time.process_time() - begun

    ratios = (seconds(4 * SIZE) / max(seconds(SIZE), 0.002) for _ in range(5))
    assert any(ratio < 6 for ratio in ratios)


@pytest.mark.parametrize("kind", sorted(KINDS.keys() - HOSTILE))
def test_what_is_no_trap_is_searched_to_its_end(kind: str) -> None:
    data = KINDS[kind](SIZE)

    assert find_needles_in_all_layers(data, WANTED) == ()
    assert (
        find_needles_in_all_layers(
            data[: SIZE // 2] + b" token-123456 " + data[SIZE // 2 :], WANTED
        )
        != ()
    )


def test_many_secrets_cost_hardly_more_than_one() -> None:
    data = KINDS["orders in JSON"](4 * SIZE)
    one, many = (
        Search(wanted_of(*[f"s3cret-{n:03d}-Token/9+=" for n in range(count)])) for count in (1, 60)
    )

    def seconds(search: Search) -> float:
        begun = time.process_time()
        assert search.find(data) == ()
        return time.process_time() - begun

    assert any(seconds(many) < 3 * seconds(one) for _ in range(5))


def test_damaged_escapes_are_no_error() -> None:
    for data in (b"%", b"%zz", b"\\u12", b"\\uD800", b"&#99999999;", b"&#xffffff;", b"&nope;"):
        assert find_needles_in_all_layers(data, WANTED) == ()


def test_an_escape_is_undone_in_large_binary_data_too() -> None:
    data = b"\xff" * 70_000 + b" token%2D123456"

    assert [str(one) for one in find_needles_in_all_layers(data, WANTED)] == [
        "crm.test.token (raw) inside percent at byte 68982",
    ]


@pytest.mark.parametrize("kind", ["base64", "hexadecimal", "base64 within base64"])
def test_to_redact_a_large_text_takes_about_as_long_as_to_search_it(kind: str) -> None:
    data = KINDS[kind](1 << 19)
    vault = Vault()
    vault.add("s3cret-Token/9+=", "redacted.crm.test.token.1", name="crm.test.token")
    assert vault.redact(data) == data

    def seconds(look: Callable[[bytes], object]) -> float:
        begun = time.process_time()
        look(data)
        return time.process_time() - begun

    ratios = (seconds(vault.redact) / max(seconds(vault.scan), 0.002) for _ in range(5))
    assert any(ratio < 1.8 for ratio in ratios)


def test_bytes_written_as_numbers_of_two_digits_each_are_found() -> None:
    """In UTF-16 every other byte is a zero, so no two neighbours have two digits."""
    data = json.dumps([*"A7336Kqtest".encode("utf-16-be")]).encode()

    assert [one.within for one in find_needles_in_all_layers(data, {b"A7336Kqtest": "token"})] == [
        ("list of bytes", "utf-16-be")
    ]


@pytest.mark.parametrize("depth", [1, 4])
def test_a_run_is_found_among_escapes_as_deep_as_without_any(depth: int) -> None:
    packed = reduce(lambda data, _: base64.b64encode(data), range(depth), b"k=token-123456;")
    body = '{"备注":"\\"甲\\" \\\\n","k":"'.encode() + packed + b'","a":"\\n"}'

    assert [finding.within for finding in find_needles_in_all_layers(body, WANTED)] == [
        ("base64",) * depth
    ]


def test_a_run_that_an_escape_would_take_a_letter_of_is_found() -> None:
    """Behind a backslash that is none of an escape, as in paths of Windows."""
    packed = base64.b64encode(b"nachricht-0042")
    assert packed.startswith(b"b")

    assert (
        find_needles_in_all_layers(b'"a\\n" C:\\' + packed + b'\\x "\\t"', {b"nachricht-0042": "n"})
        != ()
    )


def test_a_run_that_escapes_make_is_told_to_be_inside_of_them() -> None:
    packed = base64.b64encode(b"token-123456").decode()
    body = '{"k":"' + "".join(f"\\u{ord(letter):04x}" for letter in packed) + '"}'

    (finding,) = find_needles_in_all_layers(body.encode(), WANTED)

    assert finding.within == ("json", "base64")


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("before", [b"", b"\xff"])
def test_chinese_in_utf_16_is_read_in_its_own_order_of_bytes(codec: str, before: bytes) -> None:
    secret = '张三的"密钥"\\2026'
    text = (
        f'{{"备注":"北京天润科技有限公司","k":{json.dumps(secret, ensure_ascii=False)}}} abcdefgh'
    )

    assert find_needles_in_all_layers(before + text.encode(codec), {secret.encode(): "k"}) != ()


def test_a_list_in_json_is_not_taken_for_compressed_data() -> None:
    body = KINDS["a list of numbers"](SIZE)

    by_chance = inflate(body, -15, WorkBudget(1 << 20))[0]

    assert by_chance != b""
    assert find_needles_in_all_layers(body, {by_chance[:6]: "chance"}) == ()


RARE = b"rare-\\\\"
BEGINNING, PART = 1 << 12, 1 << 16


@pytest.mark.parametrize(
    "at",
    [
        0,
        BEGINNING - len(RARE),
        BEGINNING - len(RARE) + 1,  # across the end of what is looked at first
        BEGINNING,
        BEGINNING - len(RARE) + PART - 1,  # across two parts
        BEGINNING - len(RARE) + PART,
        BEGINNING + 2 * PART + 1,
    ],
)
def test_a_rare_text_is_found_wherever_it_begins(at: int) -> None:
    data = b"x" * at + RARE

    assert FastByteSearch(RARE).find(data) == at  # at the very end
    assert FastByteSearch(RARE).find(data + b"x" * PART + RARE) == at
    assert FastByteSearch(RARE).find(data[:-1]) == -1


@pytest.mark.parametrize("is_ascii", [True, False])
@pytest.mark.parametrize("times", range(1, 5))
def test_what_is_escaped_over_and_over_beside_words_behind_an_escape_is_found(
    times: int, *, is_ascii: bool
) -> None:
    """`\\nabcdefghijk` is a line end and a word, or a backslash and a run that an encoding made."""
    token = b"token-\xff\xfe?>-123456"  # in base64 there is a / in it, which JSON may escape
    run = base64.b64encode(b"--" + token).decode()
    text = json.dumps({"备注": "\nabcdefghijk", "t": run}, ensure_ascii=is_ascii)
    text = text.replace("/", "\\/")
    for _ in range(times - 1):
        text = json.dumps({"x": text, "y": "客\n"}, ensure_ascii=is_ascii)

    (found,) = find_needles_in_all_layers(text.encode(), {token: "crm.test.token (raw)"})

    assert found.within == (*["json"] * times, "base64")
    assert found.offset > 0


def test_a_run_with_which_data_begins_is_whole_however_far_an_escape_is() -> None:
    data = base64.b64encode(b"token-123456") + b" " * 10_000 + "合同\\n备注".encode()

    found = find_needles_in_all_layers(data, WANTED)

    assert [(one.offset, one.within) for one in found] == [(0, ("base64",))]


def test_a_run_that_begins_with_a_word_before_its_lines_is_in_base64_alone() -> None:
    """As blanks are taken from between its lines, it goes on from the word."""
    body = b"ab " + base64.encodebytes(b"0" * 52 + b"token-123456" + b"1" * 80)

    found = find_needles_in_all_layers(body, WANTED)

    assert [one.within for one in found] == [("base64",)]


@pytest.mark.parametrize("size", [100, 4_000, 10_000, 300_000])
def test_deflate_without_a_header_is_found_however_long_it_is(size: int) -> None:
    """What is longer than a step is looked at only where its first byte may begin a stream."""
    text = bytes(random.Random(size).choices(b"abcdefgh0123456789", k=size)) + b"token-123456"
    packed = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    run = base64.b64encode(packed.compress(text) + packed.flush())

    (found,) = find_needles_in_all_layers(b"data: " + run, WANTED)

    assert found.within == ("base64", "deflate")


@pytest.mark.parametrize("blanks", [0, 1, 2, 31, 32, 40, 63])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\t"])
def test_a_secret_across_two_lines_is_found_however_far_the_second_begins(
    end: str, blanks: int
) -> None:
    text = base64.b64encode(b"0" * 52 + b"token-123456" + b"1" * 80).decode()
    lines = [text[at : at + 80] for at in range(0, len(text), 80)]
    blank = " " * (blanks - (len(end) - 1)) if blanks else ""
    body = f"{end}{blank}".join(lines)

    assert find_needles_in_all_layers(body.encode(), WANTED) != ()


def test_what_lay_too_deep_is_found_where_it_lies_less_deep() -> None:
    search = Search(WANTED)
    layers = [b"k=token-123456;"]
    while search.find(layers[-1]):
        layers.append(base64.b64encode(layers[-1]))

    assert len(layers) > 3
    assert [len(search.find(layer)) for layer in layers] == [1] * (len(layers) - 1) + [0]


def test_escapes_in_binary_data_are_undone_from_the_first_one_on() -> None:
    data = b"t%6Fken%2D1234%35%36\0"
    [part] = find_escaped_parts(data, 6)

    assert (part.label, part.start, part.inner[:10]) == ("percent", 0, b"token-1234")


LONG = base64.b64encode(b"----token-123456----").decode()


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("'{}'\n'{}'", True), ("  '{}'\n  '{}'", True), ('"{}"\n\t"{}"', True),
        ("`{}` +\n  `{}`", True), ("'{}' +\n'{}'", True), ("'{}\\n'\n '{}'", True),
        ("'{}\\n' +\n '{}'", True), ("'{}'\n\"{}\"", False), ("'{}'\n\n'{}'", False),
        ("'{}',\n'{}'", False), ("'{}'+\n'{}'", False), ("'{}\\t'\n'{}'", False),
        ("'{} '\n'{}'", False), ("'{}'\n'。{}'", False),
    ],
)  # fmt: skip
@pytest.mark.parametrize("at", [12, 13, 14, 15])
def test_literals_of_a_line_each_are_one_text(text: str, at: int, *, is_one: bool) -> None:
    written = f"[\n{text.format(LONG[:at], LONG[at:])}\n]"

    found = find_needles_in_all_layers(written.encode(), {b"token-123456": "token"})
    assert [one.within for one in found] == ([("several literals", "base64")] if is_one else [])


@pytest.mark.parametrize("size", [7, 8])
def test_a_literal_that_goes_on_has_eight_signs_at_its_end(size: int) -> None:
    written = f"'合同 {LONG[:size]}'\n'{LONG[size:]}'"

    found = find_needles_in_all_layers(written.encode(), {b"token-123456": "token"})
    assert bool(found) == (size >= 8)


@pytest.mark.parametrize(
    ("value", "is_found"),
    [(b"k3y9f", False), (b"k3y9f2", True), (b"k3y9f2z", True), (b"k3y9f2z1q8", True)],
)
@pytest.mark.parametrize("form", ["{}", "?a={}&b=1", '{{"口令":"{}"}}', "{}\n", " {} "])
def test_base32_is_undone_from_ten_signs_on(form: str, value: bytes, *, is_found: bool) -> None:
    packed = base64.b32encode(value).decode()
    needles = {value: "token"}

    for written in (packed, packed.rstrip("=")):
        data = form.format(written).encode()
        found = find_needles_in_all_layers(data, needles)
        assert [one.within for one in found] == ([("base32",)] if is_found else [])
        assert find_needles_in_all_layers(data.lower(), needles) == ()


def bare_deflate_of(size: int, secret: bytes) -> bytes:
    """Return *secret* with something before it, packed without a header into *size* bytes."""
    for count in range(200):
        before = bytes(random.Random(count).choices(b"abcdefgh", k=count))
        packer = zlib.compressobj(wbits=-15)
        packed = packer.compress(before + secret) + packer.flush()
        if len(packed) == size:
            return packed
    raise AssertionError(size)


@pytest.mark.parametrize(("size", "is_found"), [(27, False), (30, True), (33, True)])
def test_deflate_without_a_header_is_undone_in_base64_of_forty_signs_on(
    size: int, *, is_found: bool
) -> None:
    written = base64.b64encode(bare_deflate_of(size, b"k3y9f2z1q8w7e6r5"))
    assert len(written) == size // 3 * 4

    found = find_needles_in_all_layers(b"?SAML=%s&b=1" % written, {b"k3y9f2z1q8w7e6r5": "token"})
    assert [one.within for one in found] == ([("base64", "deflate")] if is_found else [])


FOLDED = base64.encodebytes(bytes(range(40, 120))).decode()


@pytest.mark.parametrize("size", [6, 9, 10, 11, 12, 13, 15, 30])
@pytest.mark.parametrize("text", ['{0}"{1}"', '"{1}"\n{0}', "{0}\n{{{1}}}", "[{1}]{0}<{1}>"])
def test_a_short_run_is_undone_beside_lines_of_a_long_one(size: int, text: str) -> None:
    secret = b"k3y9f2z1q8w7e6r5t4u3i2o1p0a9s8d7"[:size]
    data = text.format(FOLDED, base64.b64encode(secret).decode()).encode()

    found = find_needles_in_all_layers(data, {secret: "token"})
    assert {one.within for one in found} == {("base64",)}


@pytest.mark.parametrize("secret", [b"mn0p1q", b"ok3y9f", b"mn0p1q2", b"l" * 9])
@pytest.mark.parametrize(
    "text", ['{{"path":"C:\\{}"}}', "\\{} ", 'x \\{}","n":"\\n"', "\\u0041 \\{}"]
)
def test_a_run_behind_a_backslash_keeps_its_first_letter(secret: bytes, text: str) -> None:
    """Its first letter could be an escape, such as of a backspace."""
    packed = base64.b64encode(secret).decode()
    assert packed.startswith("b")

    found = find_needles_in_all_layers(text.format(packed).encode(), {secret: "token"})
    assert [one.name for one in found] == ["token"]


@pytest.mark.parametrize("size", [6, 7, 8, 16])
@pytest.mark.parametrize(
    "text", ["[{}]", '{{"type":"Buffer","data":[{}]}}', "a = {},\n", "<Buffer {}>", "[1, 2]; [{}]"]
)
@pytest.mark.parametrize("between", [",", ", ", ",\n  "])
def test_a_secret_is_found_in_a_list_of_its_bytes(size: int, text: str, between: str) -> None:
    secret = b"k3y9f2z1q8w7e6r5"[:size]
    data = text.format(between.join(map(str, secret))).encode()

    found = find_needles_in_all_layers(data, {secret: "token"})
    assert [one.within for one in found] == [("list of bytes",)]


@pytest.mark.parametrize("number", [-129, 256, 999])
def test_a_number_that_is_no_byte_is_passed_over_in_a_list(number: int) -> None:
    octets = [*b"k3y9f2", number, *b"z1q8w7"]

    found = find_needles_in_all_layers(json.dumps(octets).encode(), {b"k3y9f2z1q8w7": "token"})
    assert [one.within for one in found] == [("list of bytes",)]


@pytest.mark.parametrize("secret", ["老王的密钥", "\x80\xff密钥9"])
def test_a_secret_is_found_in_a_list_of_java_s_signed_bytes(secret: str) -> None:
    octets = secret.encode()
    signed = ",".join(str(one - 256 if one > 127 else one) for one in octets)

    found = find_needles_in_all_layers(f"[{signed}]".encode(), {octets: "token"})
    assert [one.within for one in found] == [("list of bytes",)]


def test_files_that_begin_and_end_alike_are_each_searched_in_encodings_of_their_own() -> None:
    """What one decoder yields is one piece, so that two of them are looked at."""
    secret = b"k3y9f2z1q8w7e6r5"
    bare, holding = (
        b"<" * 100 + b"Z" * 5000 + middle + b"Z" * (1 << 16) + b">" * 100
        for middle in (b"0" * len(secret), secret)
    )

    def find(as_base64: bytes, as_hexadecimal: bytes) -> list[tuple[str, ...]]:
        body = b'{"a": "%s", "b": "%s"}' % (
            base64.b64encode(as_base64),
            as_hexadecimal.hex().encode(),
        )
        return [one.within for one in find_needles_in_all_layers(body, {secret: "token"})]

    assert (find(holding, bare), find(bare, holding)) == ([("base64",)], [("hex",)])


@pytest.mark.parametrize("holds", range(4))
def test_long_pieces_that_begin_and_end_alike_are_each_searched(holds: int) -> None:
    """Such as files made from one template, attached one after the other."""
    secret = b"k3y9f2z1q8w7e6r5"
    size = (1 << 16) + 300
    files = [
        base64.b64encode(b"<" * 100 + bytes([65 + n]) * (size - 200) + b">" * 100) for n in range(4)
    ]
    middle = b"<" * 100 + b"Z" * 5000 + secret + b"Z" * (size - 5216) + b">" * 100
    files[holds] = base64.b64encode(middle)

    found = find_needles_in_all_layers(b'["%s"]' % b'","'.join(files), {secret: "token"})

    assert [(one.name, one.within) for one in found] == [("token", ("base64",))]
