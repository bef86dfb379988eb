"""Headers, cookies, dates and addresses; messages that are joined, cut and put into a language."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from bpmax_sim.i18n import (
    TranslatableText,
    UnknownLanguageError,
    _ReaderLanguage,
    change_english_text,
    choose_language,
    cut_message,
    generalise_messages,
    get_current_language,
    join_list,
    join_messages,
    label_message,
    measure_display_width,
    message_from_json,
    msg,
    plural,
    to_plain_english,
    translate,
)
from bpmax_sim.messages import (
    Call,
    Headers,
    describe_unsettable_header,
    encode_form_component,
    is_below,
    normalize_origin,
    parse_charset,
    parse_cookies,
    parse_media_type,
    parse_origin,
    parse_set_cookie,
    read_http_date,
    split_below,
    strip_credentials_and_query,
)
from tests.systems import needs_signals

# ---------------------------------------------------------------------------- headers

HEADERS = Headers(
    (
        ("Content-Type", "Text/HTML; Charset=GBK"),
        ("X-A", "1"),
        ("x-a", ""),
        ("Cookie", "a=1; b=2;; c"),
        ("cookie", "a=3"),
        ("Set-Cookie", "s=1; Path=/; HttpOnly"),
        ("set-cookie", "s=2"),
        ("SET-COOKIE", "t=x=y"),
    )
)


def test_headers_are_found_in_any_case_and_the_first_counts() -> None:
    assert [HEADERS.get_first(name) for name in ("x-a", "X-A", "x-b", "")] == ["1", "1", None, None]
    assert HEADERS.get_all("X-a") == ["1", ""]
    assert ("CONTENT-TYPE" in HEADERS, "x-b" in HEADERS) == (True, False)
    assert "x-a" in Headers((("x-a", ""),))
    assert HEADERS.get_first_values() == {
        "content-type": "Text/HTML; Charset=GBK", "x-a": "1", "cookie": "a=1; b=2;; c",
        "set-cookie": "s=1; Path=/; HttpOnly",
    }  # fmt: skip
    assert HEADERS.without({"x-a", "cookie", "set-cookie"}) == HEADERS.pairs[:1]
    assert HEADERS.without(set()) == HEADERS.pairs
    assert (HEADERS.content_type, HEADERS.media_type) == ("Text/HTML; Charset=GBK", "text/html")
    assert (Headers(()).content_type, Headers(()).media_type) == ("", "")
    assert "1" not in repr(HEADERS)


def test_cookies_of_all_lines_are_read_and_left_out_one_by_one() -> None:
    named = [(cookie.name, cookie.value) for cookie in HEADERS.request_cookies]
    assert named == [("a", "1"), ("b", "2"), ("c", ""), ("a", "3")]
    assert HEADERS.response_cookies == {"s": "2", "t": "x=y"}
    left = Headers(HEADERS.without_cookies({"a", "s"}))
    assert left.get_all("cookie") == ["b=2; c"]
    assert left.get_all("set-cookie") == HEADERS.get_all("set-cookie")
    assert Headers(HEADERS.without_cookies(())).get_all("cookie") == ["a=1; b=2; c", "a=3"]
    assert [one.text for one in parse_cookies(" a = 1 ;b")] == ["a = 1", "b"]
    assert parse_cookies("") == []


@pytest.mark.parametrize(
    ("line", "pair", "attributes"),
    [
        ("s=1", ("s", "1"), {}),
        (" s = 1 ; Path = /a ;HttpOnly;; MAX-AGE=5=6", ("s", "1"),
         {"path": "/a", "httponly": "", "max-age": "5=6"}),
        ("s", ("s", ""), {}), ("=1;a", ("", "1"), {"a": ""}), ("", ("", ""), {}),
        ("s=1; a=1; A=2", ("s", "1"), {"a": "2"}),
    ],
)  # fmt: skip
def test_a_cookie_of_a_response_has_attributes(
    line: str, pair: tuple[str, str], attributes: dict[str, str]
) -> None:
    cookie = parse_set_cookie(line)
    assert ((cookie.name, cookie.value), cookie.attributes_by_name) == (pair, attributes)
    assert cookie.text == line


@pytest.mark.parametrize("zone", ["UTC", "Asia/Shanghai", "America/New_York"])
@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777),
        ("Sunday, 06-Nov-94 08:49:37 GMT", 784_111_777),
        ("Sun Nov  6 08:49:37 1994", 784_111_777),
        ("Sun, 06 Nov 1994 08:49:37 -0000", 784_111_777),
        ("Sun, 06 Nov 1994 16:49:37 +0800", 784_111_777),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
        ("明天", None), ("", None), ("Sun, 99 Nov 1994 08:49:37 GMT", None), ("0", None),
    ],
)  # fmt: skip
@needs_signals  # and `tzset`, which are together
def test_a_date_of_http_is_the_same_instant_on_every_machine(
    zone: str, text: str, seconds: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        assert read_http_date(text) == seconds
    finally:
        monkeypatch.undo()
        time.tzset()


# ---------------------------------------------------------------------------- addresses


@pytest.mark.parametrize(
    ("address", "base", "below"),
    [
        ("https://a.test", "https://a.test", True), ("https://a.test/b", "https://a.test", True),
        ("https://a.test?b", "https://a.test", True), ("https://a.test#b", "https://a.test", True),
        ("https://a.test.cn", "https://a.test", False), ("/v10", "/v1", False),
        ("/v1/a", "/v1", True), ("/v", "/v1", False), ("https://a.test:8", "https://a.test", False),
        ("/v1/a", "", True), ("v1", "", False),
        ("https://crm.test:443/客户", "https://crm.test", True),
        ("https://crm.test/客户", "https://CRM.test:443", True),
        ("http://crm.test:80", "http://crm.test", True),
        ("http://crm.test:443/客户", "http://crm.test", False),
        ("https://crm.test:80/客户", "https://crm.test", False),
        ("HTTPS://Crm.Test/V1/a", "https://crm.test/V1", True),
        ("https://crm.test/V1/a", "https://crm.test/v1", False),
    ],
)  # fmt: skip
def test_an_address_is_below_another_one_at_whole_segments(
    address: str, base: str, below: bool
) -> None:
    assert is_below(address, base) is below


@pytest.mark.parametrize(
    ("address", "base", "rest"),
    [
        ("https://a.test", "https://a.test", ""),
        ("https://a.test/b?c#d", "https://a.test", "/b?c#d"),
        ("https://a.test:443/b", "https://A.test", "/b"),
        ("https://a.test?b", "https://a.test", "?b"),
        ("https://a.test#b", "https://a.test", "#b"), ("/v10", "/v1", None), ("/v1", "/v1/a", None),
        ("https://张三@a.test/b", "https://a.test", "/b"),
    ],
)  # fmt: skip
def test_what_follows_a_base_is_as_it_is_written(address: str, base: str, rest: str | None) -> None:
    assert split_below(address, base) == rest


NO_NAME = "is not a header name (RFC 9110)"
MANAGED = "is managed by the transport and cannot be set"


@pytest.mark.parametrize(
    ("name", "managed", "told"),
    [
        ("X-A", None, ""), ("x!#$%&'*+-.^_`|~9", None, ""), ("Host", None, ""),
        ("Content-Length", None, MANAGED), ("TRANSFER-ENCODING", None, MANAGED),
        ("Host", {"host"}, MANAGED), ("Content-Length", {"host"}, ""), ("", None, NO_NAME),
        ("X A", None, NO_NAME), ("名", None, NO_NAME), ("X-A:", None, NO_NAME),
        ("X-A\n", None, NO_NAME),
    ],
)  # fmt: skip
def test_a_header_that_nobody_may_set_is_told(
    name: str, managed: set[str] | None, told: str
) -> None:
    found = describe_unsettable_header(name, *([] if managed is None else [managed]))
    assert found == (f"header {name!r} {told}" if told else "")


@pytest.mark.parametrize(
    ("url", "normal"),
    [
        ("https://crm.test:443/客户?a=:443", "https://crm.test/客户?a=:443"),
        ("http://crm.test:80", "http://crm.test"),
        ("http://crm.test:0080/a", "http://crm.test/a"),
        ("https://crm.test:/a", "https://crm.test/a"),
        ("https://crm.test:80/a", "https://crm.test:80/a"),
        ("http://crm.test:443/a", "http://crm.test:443/a"),
        ("HTTPS://CRM.Test:8443/A", "https://crm.test:8443/A"),
        ("https://[2001:DB8::1]:443/a", "https://[2001:db8::1]/a"),
        ("https://[2001:DB8::443]/a", "https://[2001:db8::443]/a"),
        ("https://张三:口令@crm.test:443/a", "https://crm.test/a"),
        ("https://{{tenant}}.crm.test:443/a", "https://{{tenant}}.crm.test/a"),
        ("{{base_url}}/a:443", "{{base_url}}/a:443"),
        ("/a:443", "/a:443"),
        ("", ""),
    ],
)
def test_all_spellings_of_an_origin_are_one(url: str, normal: str) -> None:
    assert normalize_origin(url) == normal


@pytest.mark.parametrize(
    ("url", "shown", "origin"),
    [
        ("https://a.test:8443/b/?c=1#d", "https://a.test:8443/b", "https://a.test:8443"),
        ("https://user:口令@a.test/b//", "https://a.test/b", "https://a.test"),
        ("https://a:b@c@a.test", "https://a.test", "https://a.test"),
        ("https://a.test#x/@y", "https://a.test", "https://a.test"),
        ("https://a.test/b@c?d@e", "https://a.test/b@c", "https://a.test"),
        ("u:p@a.test/b", "a.test/b", None), ("", "", None), ("a.test", "a.test", None),
        ("https://a.test\uff1fk=1", "https://a.test", None),
        ("https://u\uff20a.test/", "https://a.test", None),
    ],
)  # fmt: skip
def test_an_address_is_shown_without_what_may_be_secret(
    url: str, shown: str, origin: str | None
) -> None:
    assert strip_credentials_and_query(url) == shown
    if origin is not None:
        assert parse_origin(url) == origin


@pytest.mark.parametrize(
    ("content_type", "media", "charset"),
    [
        ("", "", "utf-8"), ("text/html", "text/html", "utf-8"),
        (" Text/HTML ; Charset = GBK ", "text/html", "GBK"), ("a/b;charset=", "a/b", "utf-8"),
        ('a/b; x=y; charset="gb2312"; z', "a/b", "gb2312"), ("a/b;charset='big5'", "a/b", "big5"),
        ("a/b; charset=a; charset=b", "a/b", "a"), ("charset=gbk", "charset=gbk", "utf-8"),
        ("a/b; xcharset=gbk", "a/b", "utf-8"),
    ],
)  # fmt: skip
def test_a_content_type_has_a_media_type_and_a_charset(
    content_type: str, media: str, charset: str
) -> None:
    assert (parse_media_type(content_type), parse_charset(content_type)) == (media, charset)


@pytest.mark.parametrize(
    ("text", "encoded"),
    [
        ("a b", "a+b"), ("a+b", "a%2Bb"), ("*-._", "*-._"), ("~", "%7E"), ("王", "%E7%8E%8B"),
        ("a/b?c&d=e", "a%2Fb%3Fc%26d%3De"), ("", ""), ("\r\n", "%0D%0A"), ("'()!", "%27%28%29%21"),
    ],
)  # fmt: skip
def test_a_form_is_encoded_as_browsers_do(text: str, encoded: str) -> None:
    assert encode_form_component(text.encode()) == encoded


@pytest.mark.parametrize(
    ("platform", "api", "name", "is_login"),
    [("crm", "find", "crm.find", False), ("crm", "", "crm", False), ("", "find", ".find", False),
     ("", "", ".", False), ("crm", "$token", "crm.$token", True)],
)  # fmt: skip
def test_a_call_is_named_as_far_as_it_is_known(
    platform: str, api: str, name: str, is_login: bool
) -> None:
    call = Call(platform=platform, instance="", api=api, method="GET", path="/")
    assert (call.name, call.is_login) == (name, is_login)


# ---------------------------------------------------------------------------- messages

HAS = msg("{path} has {counted}", path="a.yaml", counted=plural(2, "{number} row", "{number} rows"))


def test_messages_that_are_joined_stay_messages() -> None:
    assert join_messages(", ", ["a", "", "b"]) == "a, , b"
    assert type(join_messages("", ["a", "b"])) is str
    assert join_messages("; ", []) == ""
    assert join_messages("x", [HAS]) is HAS
    joined = join_messages(" | ", ["a", HAS, "b"])
    assert (joined, isinstance(joined, TranslatableText)) == ("a | a.yaml has 2 rows | b", True)
    assert (label_message("a", "b"), join_list(["a", "b", "c"])) == ("a: b", "a, b, c")
    assert (translate(label_message("a", "b"), "zh"), translate(join_list("ab"), "zh")) == (
        "a：b", "a、b"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "most", "cut"),
    [
        ("abcdef", 6, "abcdef"), ("abcdef", 5, "abcd…"), ("abcdef", 1, "…"), (HAS, 17, str(HAS)),
        (msg("{a} is {b}", a="甲", b="一二三四五"), 8, "甲 is 一二…"),
        (msg("{a} is {b}", a="甲", b="一二三四五"), 6, "甲 is …"),
        (msg("{a} is {b}", a="甲", b="一二三四五"), 5, "甲 is…"),
        (msg("nothing here"), 5, "noth…"),
        (plural(12_345, "{number} row of {a}", "{number} rows of {a}", a="abcdef"), 18,
         "12345 rows of abc…"),
    ],
)  # fmt: skip
def test_a_message_is_cut_in_its_last_value(text: str, most: int, cut: str) -> None:
    assert cut_message(text, most) == cut
    assert len(cut) <= most


def test_messages_share_what_their_template_says() -> None:
    def fail(name: str, **more: object) -> str:
        return msg("{name} failed at {place}", name=name, place=more.get("place", "a.yaml"))

    assert generalise_messages(fail("甲"), fail("甲")) == "甲 failed at a.yaml"
    assert generalise_messages(fail("甲"), fail("乙")) == "… failed at a.yaml"
    assert generalise_messages(fail("甲"), fail("乙", place="b")) == "… failed at …"
    inner = [msg("{x} of {y}", x=n, y=1) for n in (1, 2)]
    assert generalise_messages(*(fail(one) for one in inner)) == "… of 1 failed at a.yaml"
    assert generalise_messages(fail("甲"), msg("other {name}", name="甲")) == "…"
    assert generalise_messages("a", "a") == "a"
    assert generalise_messages("a", "b") == generalise_messages(fail("甲"), "x") == "…"
    rows = [plural(n, "{number} row", "{number} rows") for n in (2, 3)]
    assert generalise_messages(*rows) == "…"
    assert generalise_messages(msg("a"), msg("b")) == "…"


def translated_lines(text: str) -> list[tuple[str, str]]:
    return [(str(line), translate(line, "zh")) for line in text.splitlines()]


COLON, MANY = msg(": "), plural(2, "{number} row", "{number} rows")


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (msg(""), []), (msg("a"), [("a", "a")]), (msg("a\nb"), [("a", "a"), ("b", "b")]),
        (join_messages("\n", [COLON, "b", COLON]), [(": ", "："), ("b", "b"), (": ", "：")]),
        (join_messages("\n", [COLON, "b"]) + "\n", [(": ", "："), ("b", "b")]),
        (join_messages("\n\n", ["a", COLON]), [("a", "a"), ("", ""), (": ", "：")]),
        (join_messages("", ["a", COLON, "b\n", COLON, "c"]), [("a: b", "a：b"), (": c", "：c")]),
        (join_messages("", ["a\nb\nc", COLON]), [("a", "a"), ("b", "b"), ("c: ", "c：")]),
        (join_messages("", ["a\n", "\n", COLON, "\n"]), [("a", "a"), ("", ""), (": ", "：")]),
        # with words of its own, or in several numbers, it is translated as a whole or not at all
        (msg("{a} and {b}", a="x\ny", b=COLON), [("x", "x"), ("y and : ", "y and : ")]),
        (MANY, [(str(MANY), translate(MANY, "zh"))]),
    ],
)  # fmt: skip
def test_each_line_of_joined_messages_is_translated_by_itself(
    text: str, lines: list[tuple[str, str]]
) -> None:
    assert translated_lines(text) == lines
    assert [line for line, _ in lines] == to_plain_english(text).splitlines()


def test_a_change_of_values_leaves_a_message_translatable() -> None:
    changed = change_english_text(HAS, lambda text: text.replace("a.yaml", "b.yaml"))
    assert (changed, isinstance(changed, TranslatableText)) == ("b.yaml has 2 rows", True)
    assert change_english_text(HAS, lambda text: text) is HAS
    plain = change_english_text(HAS, lambda text: text.replace("has", "had"))
    assert (plain, type(plain)) == ("a.yaml had 2 rows", str)
    assert change_english_text("a", str.upper) == "A"
    many = plural(2, "{number} row of {a}", "{number} rows of {a}", a="x")
    moved = change_english_text(many, lambda text: text.replace("x", "y"))
    assert (moved, isinstance(moved, TranslatableText)) == ("2 rows of y", True)
    one = plural(1, "{number} row of {a}", "{number} rows of {a}", a="x")
    moved = change_english_text(one, lambda text: text.replace("x", "y"))
    assert (moved, isinstance(moved, TranslatableText)) == ("1 row of y", True)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""), ("a", "a"), (7, "7"), ({}, ""), ({"text": "a"}, "a"),
        ({"text": "2 rows", "template": "{number} row", "many": "{number} rows",
          "values": {"number": "2"}}, "2 rows"),
        ({"text": "a b", "template": "{x}", "values": {"x": {"text": "a b", "template": "a b"}}},
         "a b"),
        ({"text": "a", "values": None}, "a"),
    ],
)  # fmt: skip
def test_a_message_of_a_trace_is_read_whatever_it_lacks(value: object, text: str) -> None:
    assert message_from_json(value) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0 rows"), (1, "1 row"), (2, "2 rows"), (-1, "-1 rows"), (21, "21 rows")],
)
def test_one_is_one_and_all_else_is_many(number: int, text: str) -> None:
    assert plural(number, "{number} row", "{number} rows") == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(7.2e6, "7200000"), (1234567.25, "1234567"), (-2592000.0, "-2592000"), (3600.5, "3600.5"),
     (0.1 + 0.2, "0.3"), (0.00001, "0.00001"), (2, "2"), (0.0, "0"), (1e300, "1e+300"),
     (1e-300, "1e-300"), (float("inf"), "inf")],
)  # fmt: skip
def test_a_number_is_written_as_people_write_it(value: float, text: str) -> None:
    assert msg("{value:g} s", value=value) == f"{text} s"


@pytest.mark.parametrize(
    ("text", "width"),
    [("", 0), ("abc", 3), ("付款", 4), ("a付，", 5), ("é", 1), ("ｃ", 2), ("ｱ", 1)],
)
def test_a_chinese_character_is_two_columns_wide(text: str, width: int) -> None:
    assert measure_display_width(text) == width


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{a} 行", "三行"), ("{a} rows", "三 rows"), ("{a} ", "三 "), ("{a}  行", "三  行"),
        ("共 {a}", "共三"), ("of {a}", "of 三"), (" {a}", " 三"), ("共  {a}", "共  三"),
        ("{a} ，共 {a} 行", "三，共三行"), ("{a} 行 {a}", "三行三"), ("（ {a} ）", "（三）"),
        ("{b} 行", "x 行"), ("{u} 行", "三 行"), ("共 {u}", "共 三"),
        ("共 {u} 行 {a}", "共 三 行三"),
        ("{a:<4}|", "三  |"), ("{u:<4}|", "三   |"), ("{a:<1}|", "三|"), ("{b:<4}|", "x   |"),
    ],
)  # fmt: skip
def test_between_chinese_characters_a_template_has_no_space_beside_a_message(
    template: str, text: str
) -> None:
    """What is no message is of a user, and stays as it is."""
    assert msg(template, a=msg("三"), b=msg("x"), u="三") == text


# ---------------------------------------------------------------------------- languages


@pytest.fixture(name="environ")
def clean(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    before = _ReaderLanguage.language
    for name in ("BPMAX_SIM_LANG", "LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    yield monkeypatch
    _ReaderLanguage.language = before


@pytest.mark.parametrize(
    ("asked", "variables", "configured", "language"),
    [
        ("zh", {"BPMAX_SIM_LANG": "en"}, "en", "zh"),
        (None, {"BPMAX_SIM_LANG": "zh_CN.UTF-8"}, "en", "zh"),
        ("", {"BPMAX_SIM_LANG": "zh"}, "en", "zh"),
        (None, {"LANG": "en_US.UTF-8"}, "zh", "zh"),
        ("ZH-cn", {}, None, "zh"),
        (None, {"LANG": "zh_CN.UTF-8"}, None, "zh"),
        (None, {"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, None, "en"),
        (None, {"LANG": "zh_CN.UTF-8", "LC_MESSAGES": "de_DE"}, None, "en"),
        (None, {"LANGUAGE": "ZH", "LC_ALL": "C"}, None, "zh"),
        (None, {"LANG": "zh_CN", "LC_ALL": ""}, None, "zh"),
        ("fr", {}, None, None), (None, {"BPMAX_SIM_LANG": "fr"}, "zh", None), (None, {}, "7", None),
    ],
)  # fmt: skip
def test_the_language_is_that_of_the_reader_the_project_or_the_locale(
    environ: pytest.MonkeyPatch,
    asked: str | None,
    variables: dict[str, str],
    configured: str | None,
    language: str | None,
) -> None:
    for name, value in variables.items():
        environ.setenv(name, value)
    if language is None:
        with pytest.raises(UnknownLanguageError, match=r"no language '(fr|7)'; there are en "):
            choose_language(asked, configured=configured)
        return
    assert choose_language(asked, configured=configured) == language
    assert get_current_language() == language
