"""Personal data gets its pseudonym at its place, however a server or a client writes it."""

from __future__ import annotations

import json
from urllib.parse import quote, quote_plus

import pytest

from bpmax_sim.messages import FORM, Call, Pairs, Request, Response
from bpmax_sim.path_template import encode_value
from bpmax_sim.secret.pseudonym import make_pseudonym
from bpmax_sim.secret.vault import Vault
from bpmax_sim.transport.redaction import (
    pseudonymise_body,
    pseudonymise_pairs,
    pseudonymise_path,
    pseudonymise_url,
    redact_request,
    redact_request_and_response,
)

JSON = "application/json"
WHO, PHONE, PLACE = (make_pseudonym(one) for one in ("张三", "13800138000", "浦东/3"))


def in_ascii(text: str) -> str:
    return json.dumps(text)[1:-1]


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ('{"名": "张三"}', f'{{"名": "{WHO}"}}'),
        ('{"名": "\\u5f20\\u4e09"}', f'{{"名": "{in_ascii(WHO)}"}}'),
        ('{"名": "\\u5F20\\u4E09"}', f'{{"名": "{in_ascii(WHO)}"}}'),
        ('{"名": "张\\u4E09"}', f'{{"名": "{in_ascii(WHO)}"}}'),
        ('{"\\u540d":"\\u5f20\\u4e09"}', f'{{"\\u540d":"{in_ascii(WHO)}"}}'),
        ('{"名": "浦东/3"}', f'{{"名": "{PLACE}"}}'),
        ('{"名": "浦东\\/3"}', f'{{"名": "{PLACE}"}}'.replace("/", "\\/")),
        ('{"名": "\\u6d66\\u4e1c\\/3"}', f'{{"名": "{in_ascii(PLACE)}"}}'),
        ('{"名" : "13800138000" , "a": 1.50}', f'{{"名" : "{PHONE}" , "a": 1.50}}'),
        (
            '{"名": "张三", "b": "张三", "c": "张三丰"}',
            f'{{"名": "{WHO}", "b": "{WHO}", "c": "张三丰"}}',
        ),
        (
            '{"名": "a b", "c": "a+b", "d": "a%20b\\n"}',
            '{"名": "z y", "c": "a+b", "d": "a%20b\\n"}',
        ),
        ('{"名": ["张三"]}', '{"名": ["张三"]}'),
        ('{"名": 13800138000}', '{"名": 13800138000}'),
        ('{"名": "", "b": "\\u5F20"}', '{"名": "", "b": "\\u5F20"}'),
        ('{"名": null, "x": {"名": "张三"}}', '{"名": null, "x": {"名": "张三"}}'),
        ('{"名": "张三"', '{"名": "张三"'),
        ("", ""),
    ],
)
def test_a_text_of_json_is_replaced_in_every_spelling(body: str, shown: str) -> None:
    found = pseudonymise_body(body.encode(), JSON, ["body.名"])

    assert found.decode() == shown
    assert pseudonymise_body(found, JSON, ["body.名"]) == found


def nested(inner: str) -> str:
    """Return JSON that holds *inner* below more levels than can be parsed."""
    # no parser of a Python reads that, and that of 3.13 does read 5,000
    return f"{'[' * 200_000}{inner}{']' * 200_000}"


@pytest.mark.parametrize(
    ("places", "body", "shown"),
    [
        (["body.名"], '{"名": "张三", "b": "李"}', f'{{"名": "{WHO}", "b": "李"}}'),
        (["body.名"], '{"名":"\\u5f20\\u4e09"}', f'{{"名":"{in_ascii(WHO)}"}}'),
        (["body.名"], '{"\\u540d" : "张三"}', f'{{"\\u540d" : "{WHO}"}}'),
        (["body.a[*].名"], '{"b":"张三\\"","名":"浦东/3"}', f'{{"b":"张三\\"","名":"{PLACE}"}}'),
        (["body.名"], '{"名": ["李", "张三"]}', f'{{"名": ["{make_pseudonym("李")}", "{WHO}"]}}'),
        (["body.名"], '{"名": 13800138000, "b": "名"}', '{"名": 13800138000, "b": "名"}'),
        (
            ["body.名", "body.b"],
            '{"b": "李", "c": "丁"}',
            f'{{"b": "{make_pseudonym("李")}", "c": "丁"}}',
        ),
        (["body.名", "body.a[*]"], '{"c": "张三"}', f'{{"c": "{WHO}"}}'),
        (
            ["body.a.Name"],
            '{"NAME": "张三", "name": "李"}',
            f'{{"NAME": "{WHO}", "name": "{make_pseudonym("李")}"}}',
        ),
        (["body"], '["张三", {"c": "13800138000"}]', f'["{WHO}", {{"c": "{PHONE}"}}]'),
        (["query.名", "header.名"], '{"名": "张三"}', '{"名": "张三"}'),
        (["body.名"], '{"名": "张三", "b": "', '{"名": "张三", "b": "'.replace("张三", WHO)),
    ],
)
def test_a_name_is_replaced_however_deep_in_what_cannot_be_parsed(
    places: list[str], body: str, shown: str
) -> None:
    found = pseudonymise_body(nested(body).encode(), JSON, places)

    assert found.decode() == nested(shown)
    assert pseudonymise_body(found, JSON, places) == found


NAMED = '{"名": "张三", "b": "李"}'


@pytest.mark.parametrize(
    ("codec", "content_type", "charset", "is_read"),
    [
        ("gbk", "application/json; charset=GBK", "", True),
        ("gbk", "application/json;charset=gb2312", "", True),
        ("gbk", JSON, "gb18030", True),
        ("gbk", "application/json; charset=utf-8", "gbk", True),
        ("utf-8", "application/json; charset=utf-8", "", True),
        ("utf-8", "", "", True),
        ("utf-16-le", "application/json; charset=utf-16le", "", True),
        ("gbk", JSON, "", False),
        ("gbk", "application/json; charset=none", "", False),
    ],
)
def test_a_body_is_replaced_in_its_own_encoding(
    codec: str, content_type: str, charset: str, is_read: bool
) -> None:
    shown = NAMED.replace("张三", WHO) if is_read else NAMED
    found = pseudonymise_body(NAMED.encode(codec), content_type, ["body.名"], charset)

    assert found == shown.encode(codec)
    same = pseudonymise_body(NAMED.encode(codec), content_type, ["body.没有"], charset)
    assert same == NAMED.encode(codec)


def test_a_request_and_its_response_are_replaced_in_their_own_encodings() -> None:
    request = Request(
        method="POST",
        url="https://crm.example.test/a",
        headers=(("Content-Type", JSON),),
        body=NAMED.encode("gbk"),
        personal=("body.名",),
        charset="gbk",
    )
    headers = (("content-type", "application/json; charset=gbk"),)
    response = Response(status=200, headers=headers, body=NAMED.encode("gbk"))
    shown = NAMED.replace("张三", WHO).encode("gbk")

    found = redact_request_and_response(request, response, Vault())
    assert (found[0].body, found[1].body) == (shown, shown)


BODY = {"a": {"b": "张三", "c": "李"}, "d": [{"e": "王"}, {"e": "赵"}], "f": "孙"}


@pytest.mark.parametrize(
    ("places", "names"),
    [
        (["body.a.b"], "张三"),
        (["body.d[*].e"], "王赵"),
        (["body.d[1].e"], "赵"),
        (["body.f", "body.a.c"], "李孙"),
        (["query.f", "header.f", "query"], ""),
        (["body"], "张三李王赵孙"),
        (["body.*"], "孙"),
        (["body.a.*"], "张三李"),
        ([], ""),
    ],
)
def test_only_the_places_that_are_declared_are_replaced(places: list[str], names: str) -> None:
    body = json.dumps(BODY, ensure_ascii=False)
    shown = body
    for name in ("张三", "李", "王", "赵", "孙"):
        shown = shown.replace(name, make_pseudonym(name)) if name in names else shown

    assert pseudonymise_body(body.encode(), JSON, places).decode() == shown


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (b"phone=13800138000&x=1", f"phone={PHONE}&x=1"),
        (b"x=1&Phone=13800138000&phone=", f"x=1&Phone={PHONE}&phone="),
        (b"x=+&y=%2b", "x=+&y=%2b"),
        (b"phones=13800138000", "phones=13800138000"),
    ],
)
def test_a_member_of_a_form_is_replaced_in_any_case(body: bytes, shown: str) -> None:
    assert pseudonymise_body(body, FORM, ["body.phone"]).decode() == shown
    assert pseudonymise_body(body, "text/plain", ["body.phone"]) == body


@pytest.mark.parametrize(
    ("codec", "header", "charset"),
    [
        ("utf-8", "", ""), ("utf-8", "; charset=utf-8", ""), ("utf-8", "; charset=unknown", ""),
        ("gbk", "; charset=GBK", ""), ("gbk", "; charset=gb2312", ""), ("gbk", "", "gbk"),
        ("gbk", "; charset=utf-8", "gb18030"), ("gbk", "; charset=utf-8", ""), ("gbk", "", ""),
    ],
)  # fmt: skip
@pytest.mark.parametrize("is_escaped", [True, False])
def test_a_form_in_any_charset_has_a_name_replaced_and_keeps_the_rest(
    codec: str, header: str, charset: str, *, is_escaped: bool
) -> None:
    def spell(name: str) -> bytes:
        who, city = (
            quote_plus(text, encoding=codec) if is_escaped else text for text in (name, "北京")
        )
        return f"x&name={who}&city={city}&NAME=&note=a*b%20c+&z=%7e&&=1".encode(codec)

    found = pseudonymise_body(spell("张三"), f"{FORM}{header}", ["body.name"], charset)

    assert found == spell(WHO)
    assert pseudonymise_body(found, f"{FORM}{header}", ["body.name"], charset) == found


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (b"Jos\xe9", make_pseudonym("José").encode("latin-1")),
        (b"Jos%E9+L", quote_plus(make_pseudonym("José L").encode("latin-1")).encode()),
        (b"a+b", b"z+y"), (b"a%20b", b"z+y"), (b"a%2Bb", b"y%2Bz"),
        (b"a=b", make_pseudonym("a=b").encode()), (b"%", b"%"), (b"0", b"0"), (b"", b""),
    ],
)  # fmt: skip
def test_a_value_of_a_form_is_spelled_as_it_was(value: bytes, shown: bytes) -> None:
    assert pseudonymise_body(b"a=1&name=" + value, FORM, ["body.name"]) == b"a=1&name=" + shown


def multipart(*parts: tuple[str, bytes], end: bytes = b"--\r\n") -> bytes:
    sections = [
        f"--b0\r\nContent-Disposition: form-data; {head}\r\n\r\n".encode() + content + b"\r\n"
        for head, content in parts
    ]
    return b"".join(sections) + b"--b0" + end


FILE = 'name="表"; filename="name.csv"\r\nContent-Type: text/csv'
IN_GBK = "\r\nContent-Type: text/plain; charset=GBK"


@pytest.mark.parametrize(
    ("head", "content", "place", "shown"),
    [
        ('name="phone"', b"13800138000", "body.phone", PHONE.encode()),
        ('name="Phone"', b"13800138000", "body.phone", PHONE.encode()),
        ("name=phone", b"13800138000", "body.phone", PHONE.encode()),
        ('name="名"', "张三".encode(), "body.名", WHO.encode()),
        ("name*=UTF-8''%E5%90%8D", "张三".encode(), "body.名", WHO.encode()),
        ("name*0=ph; name*1=one", b"13800138000", "body.phone", PHONE.encode()),
        ('\r\n name="phone"', b"13800138000", "body.phone", PHONE.encode()),
        ('\r\n\tname="phone"', b"13800138000", "body.phone", PHONE.encode()),
        ('filename="a;name=x.txt"; name="phone"', b"1", "body.phone", make_pseudonym("1").encode()),
        ('filename="name=phone"', b"13800138000", "body.phone", b"13800138000"),
        ('name="phones"', b"13800138000", "body.phone", b"13800138000"),
        ('name="phone"', b"13800138000", "query.phone", b"13800138000"),
        ('name="phone"', b"", "body.phone", b""),
        ('name="phone"', b"\xff\xfe", "body.phone", b"\xff\xfe"),
        # a file that is no text, from its first byte, in its middle, at its end
        ('name="phone"', b"\xff138", "body.phone", b"\xff138"),
        ('name="phone"', b"1\xff38", "body.phone", b"1\xff38"),
        ('name="phone"', b"138\xff", "body.phone", b"138\xff"),
        (f'name="名"{IN_GBK}', "张三".encode("gbk"), "body.名", WHO.encode("gbk")),
        (f'name="名"{IN_GBK}', "张三".encode("gbk"), "body.姓", "张三".encode("gbk")),
        (
            f'name="名"; filename="a.txt"{IN_GBK}',
            "张三".encode("gbk"),
            "body.名",
            WHO.encode("gbk"),
        ),
        ('name="名"', "张三".encode("gbk"), "body.名", "张三".encode("gbk")),  # nothing tells it
        (FILE, "张三".encode(), "body.表.content", WHO.encode()),
        (FILE, "张三".encode(), "body.表", WHO.encode()),
        (FILE, "张三".encode(), "body.表.filename", "张三".encode()),
        (FILE, "张三".encode(), "body.name", "张三".encode()),
    ],
)
def test_a_part_of_a_multipart_body_is_replaced(
    head: str, content: bytes, place: str, shown: bytes
) -> None:
    around = ('name="a"', "一\r\n二".encode()), ('name="z"', b"--b")
    body = multipart(around[0], (head, content), around[1])
    found = pseudonymise_body(body, "multipart/form-data", [place])

    assert found == multipart(around[0], (head, shown), around[1])
    assert pseudonymise_body(found, "multipart/form-data", [place]) == found
    assert pseudonymise_body(b"x\r\n" + body, "multipart/form-data", [place]) == b"x\r\n" + body
    typed, preamble = "multipart/form-data; boundary=b0", b"x\r\n"
    assert pseudonymise_body(preamble + body, typed, [place]) == preamble + found
    assert pseudonymise_body(body, "multipart/form-data; boundary=b1", [place]) == body


@pytest.mark.parametrize(
    ("charset", "codec", "shown"),
    [("gbk", "gbk", WHO), ("gb18030", "gbk", WHO), ("gbk", "utf-8", None), ("", "utf-8", WHO)],
)
def test_a_part_of_a_multipart_body_is_read_in_the_declared_charset(
    charset: str, codec: str, shown: str | None
) -> None:
    def spell(name: str) -> bytes:
        return multipart(('name="名"', name.encode(codec)))

    found = pseudonymise_body(spell("张三"), "multipart/form-data", ["body.名"], charset)

    if shown is None:  # read in GBK, it is another name
        assert "张三".encode(codec) not in found
        assert found.count(b"\r\n") == spell("张三").count(b"\r\n")
    else:
        assert found == spell(shown)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://a.test/x?phone=13800138000", f"https://a.test/x?phone={PHONE}"),
        ("https://a.test/x?a=1&PHONE=13800138000&b", f"https://a.test/x?a=1&PHONE={PHONE}&b"),
        ("https://a.test/x?%70hone=13800138000", f"https://a.test/x?%70hone={PHONE}"),
        ("https://a.test/phone=13800138000", "https://a.test/phone=13800138000"),
        ("https://a.test/x?phone", "https://a.test/x?phone"),
        ("https://a.test/x?phone=", "https://a.test/x?phone="),
        ("https://a.test/x?phone=13800138000&b=ok?", f"https://a.test/x?phone={PHONE}&b=ok?"),
        ("https://a.test/x?", "https://a.test/x?"),
        ("https://a.test/x?phone=a+b", f"https://a.test/x?phone={quote(make_pseudonym('a b'))}"),
        ("https://a.test/x?phone=a%2Bb", f"https://a.test/x?phone={quote(make_pseudonym('a+b'))}"),
        (
            "https://a.test/x?a=%2f+&phone=a=b",
            f"https://a.test/x?a=%2f+&phone={quote(make_pseudonym('a=b'))}",
        ),
    ],
)
def test_a_query_is_replaced_at_its_place_alone(url: str, shown: str) -> None:
    assert pseudonymise_url(url, ["query.phone", "body.a"]) == shown
    assert pseudonymise_url(url, ["body.phone", "header.phone"]) == url


@pytest.mark.parametrize("codec", ["utf-8", "gbk"])
def test_a_query_keeps_its_encoding_and_two_people_stay_two(codec: str) -> None:
    urls = [
        f"https://a.test/x?{quote('姓名', encoding=codec)}={quote(who, encoding=codec)}&b=%D5"
        for who in ("张三", "李四", "张三")
    ]
    shown = [pseudonymise_url(url, ["query.姓名"]) for url in urls]

    assert shown[0] == urls[0].replace(
        quote("张三", encoding=codec), quote(WHO, encoding=codec, safe="")
    )
    assert (shown[0] == shown[1], shown[0] == shown[2]) == (False, True)
    assert [pseudonymise_url(url, ["query.姓名"]) for url in shown] == shown


@pytest.mark.parametrize("codec", ["utf-8", "gbk"])
def test_a_path_keeps_its_encoding_and_two_people_stay_two(codec: str) -> None:
    def hide(who: str) -> str:
        path = f"/客户/{quote(who, encoding=codec)}/订单/"
        return pseudonymise_path(path, "/客户/{姓名}/订单", ["path.姓名"])

    shown = hide("张三")

    assert quote("张三", encoding=codec) not in shown
    assert quote(WHO, encoding=codec) in shown
    assert (shown == hide("李四"), shown == hide("张三")) == (False, True)
    assert pseudonymise_path(shown, "/客户/{姓名}/订单", ["path.姓名"]) == shown


def test_what_is_no_text_in_an_address_does_not_stay() -> None:
    assert "%FF%FE" not in pseudonymise_url("https://a.test/x?phone=%FF%FE", ["query.phone"])
    assert "%FF%FE" not in pseudonymise_path("/x/%FF%FE", "/x/{phone}", ["path.phone"])


@pytest.mark.parametrize("whole", ["", ".*"])
def test_all_of_a_query_or_a_form_is_replaced_where_the_whole_is_named(whole: str) -> None:
    form, shown = b"a=13800138000&b=", f"a={PHONE}&b=".encode()
    places = [f"body{whole}", "header.x"]

    assert pseudonymise_body(form, FORM, places) == shown
    assert pseudonymise_body(form, FORM, [f"query{whole}"]) == form
    part = multipart(('name="a"', b"13800138000"))
    assert pseudonymise_body(part, "multipart/form-data", places) == multipart(
        ('name="a"', PHONE.encode())
    )
    url = f"https://a.test/x?{form.decode()}"
    assert pseudonymise_url(url, [f"query{whole}"]) == f"https://a.test/x?{shown.decode()}"
    pairs = (("a", "13800138000"),)
    assert pseudonymise_pairs(pairs, [f"query{whole}"], "query") == (("a", PHONE),)
    assert pseudonymise_pairs(pairs, [f"header{whole}"], "header") == pairs


@pytest.mark.parametrize(
    ("pairs", "root", "shown"),
    [
        ((("X-Phone", "13800138000"), ("A", "1")), "header", (("X-Phone", PHONE), ("A", "1"))),
        ((("x-phone", "13800138000"),) * 2, "header", (("x-phone", PHONE),) * 2),
        ((("X-Phone", "13800138000"),), "query", (("X-Phone", "13800138000"),)),
        ((("X-Phones", "13800138000"),), "header", (("X-Phones", "13800138000"),)),
        ((), "header", ()),
    ],
)
def test_a_header_is_replaced_in_any_case(pairs: Pairs, root: str, shown: Pairs) -> None:
    assert pseudonymise_pairs(pairs, ["header.X-PHONE", "body.x"], root) == shown


WHO_SENT, PLACE_SENT = map(encode_value, (WHO, PLACE))


@pytest.mark.parametrize(
    ("path", "template", "places", "shown"),
    [
        ("/u/13800138000", "/u/{phone}", ["path.phone"], f"/u/{PHONE}"),
        ("/u/13800138000", "/u/{phone}", ["path.Phone"], f"/u/{PHONE}"),
        ("/u/13800138000/", "/u/{phone}", ["path.phone"], f"/u/{PHONE}/"),
        ("/u/13800138000/", "/u/{phone}/", ["path.phone"], f"/u/{PHONE}/"),
        ("/u/13800138000", "/u/{phone}/", ["path.phone"], f"/u/{PHONE}"),
        ("/u/13800138000", "/u/{phone}?a={b}", ["path.phone"], f"/u/{PHONE}"),
        ("/%E5%BC%A0%E4%B8%89/7", "/{who}/{id}", ["path.who"], f"/{WHO_SENT}/7"),
        ("/张三/7", "/{who}/{id}", ["path.who"], f"/{WHO_SENT}/7"),
        ("/浦东%2F3/张三", "/{at}/{who}", ["path.at", "path.who"], f"/{PLACE_SENT}/{WHO_SENT}"),
        ("/u-13800138000.json", "/u-{phone}.json", ["path.phone"], f"/u-{PHONE}.json"),
        ("/张三/13800138000", "/{who}/{phone}", ["path"], f"/{WHO_SENT}/{PHONE}"),
        ("/张三/13800138000", "/{who}/{phone}", ["path.*"], f"/{WHO_SENT}/{PHONE}"),
        # nothing of it is personal, or it is another path
        ("/u/13800138000", "/u/{phone}", [], "/u/13800138000"),
        ("/u/13800138000", "/u/{phone}", ["path.id", "query.phone", "body"], "/u/13800138000"),
        ("/u/%37", "/u/{id}", ["path.phone"], "/u/%37"),
        ("/u/13800138000/x", "/u/{phone}", ["path.phone"], "/u/13800138000/x"),
        ("/v/13800138000", "/u/{phone}", ["path.phone"], "/v/13800138000"),
        ("/u/13800138000", "", ["path.phone"], "/u/13800138000"),
        ("/u/{phone}", "/u", ["path.phone"], "/u/{phone}"), ("", "", ["path"], ""),
        ("/", "/", ["path"], "/"),
    ],
)  # fmt: skip
def test_a_parameter_of_a_path_is_replaced_at_its_place_alone(
    path: str, template: str, places: list[str], shown: str
) -> None:
    found = pseudonymise_path(path, template, places)

    assert found == shown
    assert pseudonymise_path(found, template, places) == found


@pytest.mark.parametrize(
    ("base", "personal", "path", "query"),
    [
        ("https://crm.test/v1", ("path.phone",), PHONE, "13800138000"),
        ("https://crm.test/v1", ("query.phone",), "13800138000", PHONE),
        ("https://crm.test/v1", ("path.phone", "query.phone"), PHONE, PHONE),
        ("https://crm.test/v1", (), "13800138000", "13800138000"),
        ("", ("path.phone", "query.phone"), "13800138000", PHONE),  # its path is not known
    ],
)
def test_a_request_has_its_path_replaced_as_its_call_has(
    base: str, personal: tuple[str, ...], path: str, query: str
) -> None:
    sent, asked = "/u/13800138000", (("phone", "13800138000"),)
    call = Call(platform="crm", instance="test", api="get", method="GET", path=sent, query=asked)
    request = Request(
        method="GET", url=f"https://crm.test/v1{sent}?phone=13800138000", base=base, call=call,
        personal=personal, path_template="/u/{phone}",
    )  # fmt: skip

    shown = redact_request(request, Vault())

    assert shown.url == f"https://crm.test/v1/u/{path}?phone={query}"
    assert shown.call is not None
    named = f"/u/{PHONE}" if "path.phone" in personal else sent
    assert (shown.call.path, shown.call.query) == (named, (("phone", query),))
    assert redact_request(shown, Vault()) == shown


@pytest.mark.parametrize(
    ("personal", "shown"),
    [
        (("header.x-phone",), (PHONE, "13800138000", "张三")),
        (("header.X-Phone", "header.x-who"), (PHONE, "13800138000", WHO)),
        (("body.x-phone", "query.x-phone"), ("13800138000", "13800138000", "张三")),
    ],
)
def test_a_header_of_a_response_is_replaced_as_one_of_a_request(
    personal: tuple[str, ...], shown: tuple[str, ...]
) -> None:
    headers = (("X-Phone", "13800138000"), ("x-phone2", "13800138000"), ("X-WHO", "张三"))
    request = Request(method="GET", url="https://crm.test/", headers=headers, personal=personal)
    found = redact_request_and_response(request, Response(status=200, headers=headers), Vault())

    for one in found:
        assert one.headers == tuple(
            (name, value) for (name, _), value in zip(headers, shown, strict=True)
        )
