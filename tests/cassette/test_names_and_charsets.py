"""Names that platforms and APIs had, and texts that came in another encoding than UTF-8."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from bpmax_sim.cassette.charsets import restore_charset, store_as_utf8, store_request_as_utf8
from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.format import dump_entries, render_exchange, reseal
from bpmax_sim.cassette.former_names import FormerNames, rename_standins
from bpmax_sim.cassette.reader import YamlTextError, read_exchange
from bpmax_sim.messages import Request, Response
from bpmax_sim.secret.standin import make_standin
from tests.cassette.exchanges import detail, order

NAMES = FormerNames(
    platforms={"crm": ("crm_old", "客户"), "erp": ("sap",)},
    apis={"crm.get": ("find", "look_up"), "crm.a.b": ("ab",), "erp.get": ("read",)},
)


@pytest.mark.parametrize(
    ("platform", "api", "today"),
    [
        ("crm", "get", ("crm", "get")),
        ("crm", "find", ("crm", "get")),
        ("crm", "look_up", ("crm", "get")),
        ("crm_old", "get", ("crm", "get")),
        ("crm_old", "look_up", ("crm", "get")),
        ("客户", "find", ("crm", "get")),
        ("crm", "ab", ("crm", "a.b")),
        ("sap", "read", ("erp", "get")),
        ("sap", "find", ("erp", "find")),
        ("oa", "find", ("oa", "find")),
        ("sap", "", ("erp", "")),
        ("", "find", ("", "find")),
        ("CRM_OLD", "Find", ("CRM_OLD", "Find")),
    ],
)
def test_a_call_has_the_names_of_today(platform: str, api: str, today: tuple[str, str]) -> None:
    assert NAMES.find_current_names(platform, api) == today
    if not api:
        assert NAMES.find_current_names(platform) == today
    assert FormerNames().find_current_names(platform, api) == (platform, api)


@pytest.mark.parametrize(
    ("platform", "api", "names"),
    [
        (
            "crm",
            "get",
            (
                *("crm.get", "crm.find", "crm.look_up", "crm_old.get", "crm_old.find"),
                *("crm_old.look_up", "客户.get", "客户.find", "客户.look_up"),
            ),
        ),
        ("erp", "list", ("erp.list", "sap.list")),
        ("oa", "get", ("oa.get",)),
        ("sap", "get", ("sap.get",)),
    ],
)
def test_an_api_has_each_name_under_each_name_of_its_platform(
    platform: str, api: str, names: tuple[str, ...]
) -> None:
    assert NAMES.list_full_names(platform, api) == names


def test_names_of_two_projects_are_joined_once_each_and_in_their_order() -> None:
    other = FormerNames(
        platforms={"crm": ("客户", "kh"), "oa": ("o",)}, apis={"crm.get": ("look_up", "g")}
    )

    both = NAMES.merge_with(other)

    assert both.platforms == {"crm": ("crm_old", "客户", "kh"), "erp": ("sap",), "oa": ("o",)}
    assert both.apis == {
        "crm.get": ("find", "look_up", "g"), "crm.a.b": ("ab",), "erp.get": ("read",),
    }  # fmt: skip
    assert NAMES.platforms["crm"] == ("crm_old", "客户")
    assert FormerNames().merge_with(NAMES) == NAMES == NAMES.merge_with(FormerNames())


@pytest.mark.parametrize(
    ("names", "is_one"),
    [
        (FormerNames(), False),
        (FormerNames(platforms={"a": ("b",)}), True),
        (FormerNames(apis={"a.b": ("c",)}), True),
    ],
)
def test_names_are_true_where_anything_was_renamed(names: FormerNames, *, is_one: bool) -> None:
    assert bool(names) == is_one


def standin(platform: str) -> str:
    return make_standin(kind="text", platform=platform, instance="test", name="token")


@pytest.mark.parametrize("old", ["crm", "c.m", "客户", "crm-a"])
def test_stand_ins_of_a_renamed_platform_are_renamed_wherever_they_stand(old: str) -> None:
    was, now, other = standin(old), standin("erp"), standin("crm2")
    value: Any = {
        "头": [f"Bearer {was}", other, {"键": was}],
        was: (f"{was},{was}", 7, None, True),
        "词": f"un{was} crm {other}",
    }

    renamed = rename_standins(value, old=old, new="erp")

    assert renamed == {
        "头": [f"Bearer {now}", other, {"键": now}],
        was: (f"{now},{now}", 7, None, True),
        "词": f"un{was} crm {other}",
    }
    assert rename_standins(standin("cxm"), old="c.m", new="erp") == standin("cxm")


CHINESE = "合同编号：甲"


def page(body: bytes, *headers: tuple[str, str], charset: str = "") -> Response:
    return Response(status=200, reason="OK", headers=headers, body=body, charset=charset)


GBK, BIG5 = CHINESE.encode("gbk"), "合同".encode("big5")


@pytest.mark.parametrize(
    ("response", "declared", "text", "codec"),
    [
        (page(GBK, ("Content-Type", "text/html; charset=gbk")), "", CHINESE, "gb18030"),
        (page(GBK, ("content-type", "text/html")), "gbk", CHINESE, "gb18030"),
        (page(GBK, charset="gbk"), "", CHINESE, "gb18030"),
        (page(GBK), "gbk", CHINESE, "gb18030"),
        (page(BIG5, charset="big5"), "gbk", "合同", "big5"),
        (page(GBK, ("Content-Type", "application/json")), "gbk", CHINESE, "gb18030"),
        (page(GBK, ("Content-Type", "application/soap+xml")), "gbk", CHINESE, "gb18030"),
        (page(GBK, ("Content-Type", "application/javascript")), "gbk", CHINESE, "gb18030"),
        (page(GBK, ("Content-Type", "application/x-www-form-urlencoded")), "gbk", CHINESE,
         "gb18030"),
        (page(GBK, ("Content-Type", "TEXT/CSV")), "gbk", CHINESE, "gb18030"),
        (page(GBK, ("Content-Length", "999"), ("Content-Type", "text/html")), "gbk", CHINESE,
         "gb18030"),
        # what is no text, is UTF-8 or does not come back to the byte stays as it came
        (page(GBK, ("Content-Type", "image/png")), "gbk", None, ""),
        (page(GBK, ("Content-Type", "application/pdf")), "gbk", None, ""),
        (page(b"plain", charset="gbk"), "gbk", None, ""),
        (page(b"", charset="gbk"), "gbk", None, ""),
        (page(CHINESE.encode(), ("Content-Type", "text/html; charset=gbk")), "gbk", None, ""),
        (page(GBK + b"\xff"), "gbk", None, ""),
        (page(b"\xa2\xcc\xa4\xe9", charset="big5"), "", None, ""),  # another spelling of 十日
        (page(b"\xa4\x51\xa4\xe9", charset="big5"), "", "十日", "big5"),
        (page(b"\xff\xfe" + "合同".encode("utf-16-le")), "", None, ""),
    ],
)  # fmt: skip
def test_a_text_in_another_encoding_is_stored_as_a_reviewer_reads_it(
    response: Response, declared: str, text: str | None, codec: str
) -> None:
    stored, facts = store_as_utf8(response, declared)

    if text is None:
        assert stored is response
        assert facts == {}
        return
    assert stored.body.decode() == text
    kind = response.header("content-type")
    assert facts.keys() == {"charset", *(["content-type"] if kind else [])}
    assert facts.get("content-type") == kind
    back = restore_charset(stored, facts)
    assert (back.body, back.headers) == (response.body, response.headers)
    assert back.charset == facts["charset"] == codec


@pytest.mark.parametrize(
    ("kind", "stored"),
    [
        ("text/html", "text/html; charset=utf-8"),
        ("text/html;charset=gbk", "text/html;charset=utf-8"),
        ("text/html; Charset = GBK; x=1", "text/html; Charset = utf-8; x=1"),
        ('text/html; charset="gb2312"', "text/html; charset=utf-8"),
    ],
)
def test_the_type_of_a_stored_text_says_utf_8_once(kind: str, stored: str) -> None:
    found, _ = store_as_utf8(page(GBK, ("Content-Type", kind)), "gbk")

    assert found.headers == (("Content-Type", stored),)


@pytest.mark.parametrize(
    ("body", "charset", "is_stored"),
    [
        (GBK, "gbk", True),
        (GBK, "", False),
        (b"plain", "gbk", False),
        (CHINESE.encode(), "gbk", False),
        (None, "gbk", False),
        (b"", "gbk", False),
    ],
)
def test_a_request_in_another_encoding_is_sent_so_again(
    body: bytes | None, charset: str, *, is_stored: bool
) -> None:
    headers = (("Content-Type", "text/xml"), ("Content-Length", "12"))
    request = Request(
        method="POST", url="https://crm.example.test/x", headers=headers, body=body,
        charset=charset,
    )  # fmt: skip

    stored, codec = store_request_as_utf8(request)

    assert bool(codec) == is_stored
    assert stored.headers == headers
    assert (stored is request) != is_stored
    if is_stored:
        assert (stored.body, body) == (CHINESE.encode(), CHINESE.encode(codec))


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (
            '"charset":"gb18030"',
            '"charset":"gbx"',
            "exchange 1: charset: there is no encoding 'gbx'",
        ),
        (
            '"charset":"gb18030"',
            '"charset":"hex"',
            "exchange 1: charset: there is no encoding 'hex'",
        ),
        ('"charset":"gb18030"', '"charset":""', "exchange 1: charset: there is no encoding ''"),
        ('"charset":"gb18030"', '"charset":"ascii"', "exchange 1: 'ascii' codec can't encode"),
        (
            '"sent_in":"gb18030"',
            '"sent_in":"gbx"',
            "exchange 1: charset: there is no encoding 'gbx'",
        ),
        ('"sent_in":"gb18030"', '"sent_in":"ascii"', "exchange 1: 'ascii' codec can't encode"),
        ('"sent_in":"gb18030"', '"sent_in":"big5"', ""),
        ('"charset":"gb18030"', '"charset":"big5"', ""),
    ],
)
def test_an_encoding_that_is_edited_has_to_be_one_of_the_text(
    old: str, new: str, problem: str
) -> None:
    sent = order("合同：中文".encode("gb18030"))
    request = replace(sent.request, charset="gb18030")
    entry = render_exchange(
        replace(sent, request=request, outcome=page("合同：中文".encode("gb18030")))
    )
    text = dump_entries([entry]).decode()
    assert text.count(old) == 1
    if problem:
        with pytest.raises(YamlTextError, match=problem):
            reseal(text.replace(old, new))
        return
    found = Cassette.of_bytes(reseal(text.replace(old, new)), "a.yaml").exchange(0)
    assert "合同：中文".encode("big5") in (found.request.body, getattr(found.outcome, "body", b""))


@pytest.mark.parametrize("declared", ["gbk", ""])
def test_an_exchange_comes_back_in_the_encoding_that_it_had(declared: str) -> None:
    """Of a response that names none, that of its request counts."""
    sent = order(GBK)
    request = replace(sent.request, charset=declared)
    exchange = replace(sent, request=request, outcome=page(GBK))

    entry = render_exchange(exchange)

    assert (CHINESE in entry.text) == bool(declared)
    back = read_exchange(entry)
    assert (back.request.body, back.outcome.body) == (GBK, GBK)  # type: ignore[union-attr]
    assert bool(entry.line.sent_in) == bool(declared) == bool(back.request.charset)
    assert read_exchange(render_exchange(detail())).request.charset == ""
