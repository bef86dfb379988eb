from __future__ import annotations

import base64
import hashlib
import hmac
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qsl, quote, unquote_plus, unquote_to_bytes

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bpmax_sim.errors import ConfigError
from bpmax_sim.platform.encodings import (
    LIMIT,
    FilterError,
    decode_base64,
    decode_hex,
    decode_losslessly,
    to_octets,
    to_text,
)
from bpmax_sim.platform.filters import FILTERS, format_header_lines, normalise_path, sort_query
from bpmax_sim.platform.template import render
from tests.examples import drawn

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


def apply(name: str, value: object, *arguments: object) -> Any:
    return FILTERS[name](value, *arguments)


@given(data=st.binary(max_size=50))
def test_bytes_survive_as_text(data: bytes) -> None:
    assert to_octets(decode_losslessly(data)) == data


@given(value=texts)
def test_encodings_are_those_of_the_standard_library(value: str) -> None:
    data = value.encode()

    assert apply("b64", value) == base64.b64encode(data).decode()
    assert apply("b64url", value) == base64.urlsafe_b64encode(data).decode().rstrip("=")
    assert apply("hex", value) == data.hex()
    assert apply("percent", value) == quote(value, safe="")
    assert unquote_plus(apply("form", value)) == value
    assert unquote_to_bytes(apply("percent_path", value)) == data


def test_a_form_is_encoded_as_the_url_standard_says() -> None:
    assert apply("form", "*-._~ +甲") == "*-._%7E+%2B%E7%94%B2"


@given(data=st.binary(max_size=50))
def test_base64_is_read_in_both_alphabets_padded_or_not(data: bytes) -> None:
    for written in (base64.b64encode(data).decode(), base64.urlsafe_b64encode(data).decode()):
        assert decode_base64(written) == decode_base64(written.rstrip("=")) == data
    assert decode_hex(data.hex()) == data


@pytest.mark.parametrize(
    ("value", "data"),
    [
        ("", ""), (" \n", ""), ("5ZCI5ZCM", "合同"), (" 5ZCI\r\n\t5ZCM\n", "合同"),
        ("5 Z C I", "合"), ("Pz8_", "???"), ("Pz8/", "???"), ("Pj4-Pj4+", ">>>>>>"), ("YQ", "a"),
        ("YQ==", "a"), ("YQ=", "a"), ("YWI=\n", "ab"), (b"YWI", "ab"),
    ],
)  # fmt: skip
def test_base64_is_read_in_whatever_lines_it_was_pasted(value: object, data: str) -> None:
    assert decode_base64(value).decode() == data


@pytest.mark.parametrize("value", ["密码", "a", "ab$c"])
def test_what_is_not_base64_is_an_error_without_the_value(value: str) -> None:
    with pytest.raises(FilterError) as caught:
        decode_base64(value, "the key")

    assert str(caught.value) == "the key is not base64"


def test_what_is_not_hexadecimal_is_an_error_without_the_value() -> None:
    with pytest.raises(FilterError) as caught:
        decode_hex("xyz", "the key")

    assert str(caught.value) == "the key is not hexadecimal"


@pytest.mark.parametrize("algorithm", ["md5", "sha1", "sha256", "sha512"])
@given(value=texts, key=texts)
@settings(max_examples=30)
def test_digests_are_those_of_hashlib_and_hmac(algorithm: str, value: str, key: str) -> None:
    plain = hashlib.new(algorithm, value.encode()).digest()
    keyed = hmac.new(key.encode(), value.encode(), algorithm).digest()

    assert apply(f"{algorithm}_hex", value) == plain.hex()
    assert apply(f"{algorithm}_b64", value) == base64.b64encode(plain).decode()
    assert apply(f"hmac_{algorithm}_hex", value, key) == keyed.hex()
    assert apply(f"hmac_{algorithm}_b64", value, key) == base64.b64encode(keyed).decode()


@pytest.mark.parametrize(
    ("key", "data", "expected"),
    [
        (b"\x0b" * 20, b"Hi There",
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
        (b"Jefe", b"what do ya want for nothing?",
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
        (b"\xaa" * 20, b"\xdd" * 50,
            "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
        (b"\xaa" * 131, b"Test Using Larger Than Block-Size Key - Hash Key First",
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"),
    ],
)  # fmt: skip
def test_hmac_sha256_has_the_values_of_rfc_4231(key: bytes, data: bytes, expected: str) -> None:
    names = {"data": decode_losslessly(data), "key": decode_losslessly(key)}

    assert render("{{ data | hmac_sha256_hex(key) }}", names) == expected


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "America/New_York"])
def test_times_do_not_depend_on_the_zone_of_the_machine(zone: str) -> None:
    code = (
        "from bpmax_sim.platform.filters import FILTERS;"
        "print(*(FILTERS[name](1772413200.1234) for name in ('unix', 'unix_ms', 'iso')))"
    )

    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "TZ": zone},
        capture_output=True,
        check=True,
    )

    assert done.stdout.split() == [b"1772413200", b"1772413200123", b"2026-03-02T01:00:00Z"]


def test_times_are_written_by_pattern_and_offset() -> None:
    now = 1772413200.1234

    assert apply("http_date", now) == "Mon, 02 Mar 2026 01:00:00 GMT"
    assert apply("time", now, "%Y%m%dT%H%M%SZ") == "20260302T010000Z"
    assert apply("time", now, "{%d}%%", "+08:00") == "{02}%"
    assert apply("time", now, "%Y-%m-%d %H:%M", "-0330") == "2026-03-01 21:30"


@given(seconds=st.integers(86_400, 4_102_444_800), offset=st.integers(-12, 14))
@settings(max_examples=drawn(60))
def test_times_are_those_of_datetime(seconds: int, offset: int) -> None:
    moment = datetime.fromtimestamp(seconds, UTC)
    there = moment.astimezone(timezone(timedelta(hours=offset)))

    assert apply("iso", seconds) == moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert apply("http_date", seconds) == format_datetime(moment, usegmt=True)
    assert apply("time", seconds, "%H %d", f"{offset:+03}:00") == there.strftime("%H %d")


def test_an_unknown_offset_is_an_error() -> None:
    with pytest.raises(ConfigError) as caught:
        render("{{ now | time('%Y', 'CST') }}", {"now": 1})

    assert str(caught.value) == (
        "template \"{{ now | time('%Y', 'CST') }}\": 'CST' is not an offset such as '+08:00'"
    )


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("", "/"),
        ("/", "/"),
        ("/a/./b/../c/", "/a/c/"),
        ("//a//b", "/a/b"),
        ("/../..", "/"),
        ("/a/..", "/"),
        ("/%E5%AE%A2/.", "/%E5%AE%A2"),
    ],
)
def test_a_path_is_normalised(path: str, expected: str) -> None:
    assert normalise_path(path) == expected


pairs = st.lists(st.tuples(texts.filter(bool), texts), max_size=5)


@given(pairs=pairs)
def test_a_query_is_sorted_by_encoded_name_then_value(pairs: list[tuple[str, str]]) -> None:
    query = "&".join(f"{quote(n, safe='')}={quote(v, safe='')}" for n, v in pairs)

    ordered = sort_query(query)

    expected = sorted((quote(n, safe=""), quote(v, safe="")) for n, v in pairs)
    assert ordered == "&".join(f"{n}={v}" for n, v in expected)
    assert sort_query(ordered) == ordered
    assert sorted(parse_qsl(ordered, keep_blank_values=True)) == sorted(pairs)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ""),
        ("flag", "flag="),
        ("b&a", "a=&b="),
        ("a=1&a-b=2&a=0", "a=0&a=1&a-b=2"),
        ("a=b=c", "a=b=c"),
        ("b=1&&a=2", "a=2&b=1"),
        ("&b=1&a=2&", "a=2&b=1"),
        ("&", ""),
        ("=1&a", "=1&a="),
    ],
)
def test_a_canonical_query_gives_each_name_a_sign(query: str, expected: str) -> None:
    assert sort_query(query) == expected


def test_names_and_values_are_joined_decoded_for_the_schemes_that_want_it() -> None:
    query = "timestamp=1&appKey=%E5%AE%A2%E6%88%B7"

    assert apply("joined_query", query) == "appKey客户timestamp1"
    assert apply("joined_query", query, "=", "&") == "appKey=客户&timestamp=1"
    assert apply("joined_query", "") == ""


@pytest.mark.parametrize(
    ("query", "joined"),
    [
        ("a=1", "a=1"), ("&a=1&&b=2&", "a=1;b=2"), ("a", "a="), ("a=", "a="), ("=1&b=2", "b=2"),
        ("=", ""), ("&", ""), ("b=2&a=3&a=1", "a=1;a=3;b=2"), ("%62=2&a=%3D", "a==;b=2"),
    ],
)  # fmt: skip
def test_what_has_no_name_is_not_joined(query: str, joined: str) -> None:
    assert apply("joined_query", query, "=", ";") == joined


def test_headers_are_picked_dropped_and_written_in_order() -> None:
    headers = {"x-b": "2", "host": "crm", "x-acs-date": "a  b", "content-type": "text/plain"}

    assert apply("pick", headers, "host", "x-acs-*") == {"host": "crm", "x-acs-date": "a  b"}
    assert apply("drop", headers, "host", "x-*") == {"content-type": "text/plain"}
    assert (
        format_header_lines(apply("collapse", apply("pick", headers, "x-acs-*")))
        == "x-acs-date:a b\n"
    )
    assert apply("header_names", headers) == "content-type;host;x-acs-date;x-b"
    assert format_header_lines({}) == ""


@pytest.mark.parametrize(
    ("value", "expected"),
    [(True, "true"), (None, ""), (7, "7"), (7.0, "7"), (1e21, "1000000000000000000000"),
     (0.5, "0.5"), ({"合": [1]}, '{"合":[1]}'), (("a", None), '["a",null]')],
)  # fmt: skip
def test_values_are_written_as_they_are_sent(value: object, expected: str) -> None:
    assert to_text(value) == expected


def test_small_text_filters() -> None:
    assert render(
        "{{ a | trim | lower }}{{ a | upper | trim }}{{ a | length }}", {"a": " Ab "}
    ) == ("abAB4")
    assert render("{{ a | replace('whsec_', '') }}", {"a": "whsec_x"}) == "x"
    assert (
        render("{{ p | closed_path }}{{ p | closed_path | closed_path }}", {"p": "/a"}) == "/a//a/"
    )


@pytest.mark.parametrize(
    ("now", "milliseconds", "seconds"),
    [
        (0, 0, 0),
        (1, 1000, 1),
        (1.0004, 1000, 1),
        (1.0006, 1001, 1),
        (1.9994, 1999, 1),
        (1.9996, 2000, 2),
        (-0.5, -500, -1),
    ],
)
def test_an_instant_is_rounded_to_milliseconds(now: float, milliseconds: int, seconds: int) -> None:
    assert (apply("unix_ms", now), apply("unix", now)) == (milliseconds, seconds)


@pytest.mark.parametrize(
    ("pattern", "offset", "text"),
    [
        ("%Y-%m-%dT%H:%M:%S", "+00:00", "2026-03-02T01:04:05"),
        ("%H", "+0800", "09"),
        ("%H:%M", "+08:30", "09:34"),
        ("%d %H", "-02:00", "01 23"),
        ("%H:%M", "-00:30", "00:34"),
        ("%Y%%{0}{{%S}}", "+00:00", "2026%{0}{{05}}"),
        ("", "+00:00", ""),
    ],
)
def test_a_time_is_written_as_the_pattern_says(pattern: str, offset: str, text: str) -> None:
    now = datetime(2026, 3, 2, 1, 4, 5, tzinfo=UTC).timestamp()

    assert apply("time", now, pattern, offset) == text


@pytest.mark.parametrize(
    ("pattern", "offset"),
    [
        ("%q", "+00:00"),
        ("%y", "+00:00"),
        *(("%Y", one) for one in ("", "8", "+8:00", "08:00", "+24:00", "-23:60", "+30:00")),
    ],
)
def test_what_no_time_has_is_told(pattern: str, offset: str) -> None:
    with pytest.raises(FilterError):
        apply("time", 0, pattern, offset)


@pytest.mark.parametrize(
    ("now", "texts"),
    [
        (-62_135_596_800, ["0001-01-01T00:00:00Z", "Mon, 01 Jan 0001 00:00:00 GMT"]),
        (253_402_300_799, ["9999-12-31T23:59:59Z", "Fri, 31 Dec 9999 23:59:59 GMT"]),
        (-62_135_596_801, None),
        (253_402_300_800, None),
        (1_772_413_200_000, None),
        (1e18, None),
        (-1e18, None),
        (10**30, None),
        ("1772413200", None),
        (None, None),
    ],
)
def test_an_instant_beyond_the_calendar_is_told(now: Any, texts: list[str] | None) -> None:
    if texts is not None:
        assert [apply("iso", now), apply("http_date", now)] == texts
        return
    for name, arguments in (("iso", ()), ("http_date", ()), ("time", ("%Y", "+08:00"))):
        with pytest.raises(FilterError, match=r"needs a number of POSIX seconds, such as now$"):
            apply(name, now, *arguments)
    with pytest.raises(ConfigError, match=r"template .*: a time filter needs a number"):
        render("{{ now | iso }}", {"now": now})


@pytest.mark.parametrize(
    ("offset", "hour"), [("+23:59", "00:59"), ("-23:59", "01:01"), ("+0000", "01:00")]
)
def test_an_offset_is_shorter_than_a_day(offset: str, hour: str) -> None:
    assert apply("time", 3600, "%H:%M", offset) == hour


@pytest.mark.parametrize("name", ["replace", "hex"])
@pytest.mark.parametrize(("more", "fits"), [(-1, True), (0, True), (1, False)])
def test_a_filter_takes_or_yields_so_many_characters(name: str, more: int, *, fits: bool) -> None:
    text = "x" * (LIMIT + more)
    arguments = ("y", "zz") if name == "replace" else ()

    if fits:
        assert len(apply(name, text, *arguments)) == len(text) * (1 if arguments else 2)
    else:
        with pytest.raises(FilterError, match=str(LIMIT)):
            apply(name, text, *arguments)


@pytest.mark.parametrize(
    ("name", "value", "encoded"),
    [
        ("percent", "a-b_c.d~e/f g", "a-b_c.d~e%2Ff%20g"),
        ("percent_path", "/a-b_c.d~e/f g%", "/a-b_c.d~e/f%20g%25"),
        ("closed_path", "/a", "/a/"),
        ("closed_path", "/a/", "/a/"),
        ("closed_path", "", "/"),
        ("normal_path", "/a/./b//c/../d/", "/a/b/d/"),
        ("normal_path", "", "/"),
        ("normal_path", "/", "/"),
        ("normal_path", "/../..", "/"),
        ("normal_path", "/a/..", "/"),
        ("normal_path", "/a/../", "/"),
        ("trim", "  甲 乙\t", "甲 乙"),
    ],
)
def test_each_character_is_kept_or_encoded(name: str, value: str, encoded: str) -> None:
    assert apply(name, value) == encoded
