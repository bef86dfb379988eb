"""Values that their name makes secret: how deep, how large, of which side, and what is noted."""

from __future__ import annotations

import json
from base64 import b64encode, urlsafe_b64encode
from typing import Any
from urllib.parse import quote

import pytest
from msgspec.structs import replace

from bpmax_sim.i18n import translate
from bpmax_sim.messages import FORM, LOGIN, Call, Pairs, Request, Response
from bpmax_sim.secret.vault import Vault
from bpmax_sim.transport.message_members import (
    LARGEST,
    find_secret_members,
    find_texts_around_words,
    find_tokens_in_login_body,
    may_hold_secret_members,
    parse_message_parts,
)
from bpmax_sim.transport.partial_body import StreamedBodyRedactor
from bpmax_sim.transport.redaction import redact_request
from bpmax_sim.transport.suspicious_names import SecretByNameRegistrar

JSON = (("Content-Type", "application/json"),)
SECRET = "k3y-9f2zQ"
GBK = quote("新密码", encoding="gbk")
BASE = "https://crm.example.test"
CALL = Call(platform="crm", instance="test", api="find", method="POST", path="/客户")
REQUEST = Request(method="POST", url=f"{BASE}/客户", base=BASE, headers=JSON, call=CALL)


def members(body: str | bytes, headers: Pairs = JSON, query: Pairs = ()) -> list[tuple[str, str]]:
    data = body.encode() if isinstance(body, str) else body
    found = find_secret_members(parse_message_parts(headers, data, query))
    return [(".".join(map(str, one.path[:2])), one.text) for one in found]


@pytest.mark.parametrize(
    ("media", "body", "found"),
    [
        ("application/json", '{"password":"abc-1234","x":1,"password":"zzz-1234"}',
         ["abc-1234", "zzz-1234"]),
        ("application/json", '{"field_name":"password","field_value":"k3y-9f2zQ"}', ["k3y-9f2zQ"]),
        ("application/json", '{"Name":"password","VALUE":"k3y-9f2zQ"}', ["k3y-9f2zQ"]),
        ("text/html", '<style>.x{token:"k3y-9f2zQ11"}</style>', []),
        ("text/html", '<SCRIPT>var apiKey = "k3y-9f2zQ11"</SCRIPT>', ["k3y-9f2zQ11"]),
        ("text/html", '<script>put("<style>"); var token = "k3y-9f2zQ11"</script>',
         ["k3y-9f2zQ11"]),
        ("text/html", '<script>a()</script><p>x</p><script>token = "k3y-9f2zQ11"</script>',
         ["k3y-9f2zQ11"]),
    ],
    ids=["twice", "pair", "pair-in-any-case", "style", "capitals", "tag-in-a-script", "second"],
)  # fmt: skip
def test_a_secret_is_found_where_parsers_lose_it(media: str, body: str, found: list[str]) -> None:
    assert [text for _, text in members(body, (("Content-Type", media),))] == found


GUID = "0f8c1a2b-3d4e-5f60-7182-93a4b5c6d7e8"


@pytest.mark.parametrize(
    ("path", "query", "found"),
    [
        ("/cgi-bin/webhook/send", (("key", GUID),), [GUID]),
        ("/cgi-bin/webhook/send", (("type", "file"), ("key", GUID), ("key", "x")), [GUID]),
        ("/cgi-bin/webhook/send", (("k", GUID),), []), ("/cgi-bin/menu/get", (("key", GUID),), []),
    ],
    ids=["key", "among-others", "other-name", "other-path"],
)  # fmt: skip
def test_the_key_of_a_webhook_is_found_in_the_query_of_its_path(
    path: str, query: Pairs, found: list[str]
) -> None:
    parts = parse_message_parts((), None, query, path=path)

    assert [one.text for one in find_secret_members(parts)] == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("mysql://crm:Zh0ng-9uo_77@h/d", "Zh0ng-9uo_77"),
        (r"mysql:\/\/crm:Zh0ng-9uo_77@h\/d", "Zh0ng-9uo_77"),
        (f"Basic {b64encode(b'u:pw-4711xy').decode()}", "pw-4711xy"),
        (f"Basic {b64encode(b'u:YOUR_PASSWORD').decode()}", None),
        (f"Basic {b64encode(b'u:****').decode()}", None),
        (b64encode(b'{"password":"k3y-9f2zQ?>>~"}').decode(), "k3y-9f2zQ?>>~"),
        (urlsafe_b64encode(b'{"password":"k3y-9f2zQ?>>~"}').decode(), "k3y-9f2zQ?>>~"),
        (urlsafe_b64encode(b'{"password":"k3y-9f2zQ?>>~"}').decode().rstrip("="), "k3y-9f2zQ?>>~"),
    ],
    ids=["address", "php", "basic", "placeholder", "mask", "base64", "urlsafe", "bare"],
)  # fmt: skip
def test_a_secret_is_found_in_a_text_of_any_name(text: str, found: str | None) -> None:
    shown = members(json.dumps({"备注": text}))

    assert shown == ([("body.备注", found)] if found else [])


def nested(depth: int) -> str:
    """Return JSON that holds JSON in a text, *depth* times."""
    text = json.dumps({"password": SECRET})
    for _ in range(depth):
        text = json.dumps({"数据": text})
    return text


@pytest.mark.parametrize(("depth", "found"), [(0, 1), (1, 1), (2, 1), (3, 1), (4, 0)])
def test_json_in_a_text_is_read_three_times(depth: int, found: int) -> None:
    assert len(members(nested(depth))) == found


@pytest.mark.parametrize(
    ("version", "size", "found"),
    [(2, 1_000_000, 1), (2, 1_000_001, 0), (3, 1_000_001, 1), (3, LARGEST + 1, 0)],
)
def test_a_body_is_read_up_to_a_size(version: int, size: int, found: int) -> None:
    start = f'{{"password":"{SECRET}","n":"'
    body = f'{start}{" " * (size - len(start) - 2)}"}}'.encode()
    assert len(body) == size
    parts = parse_message_parts(JSON, body, (), version=version)
    assert len([*find_secret_members(parts, version=version)]) == found


@pytest.mark.parametrize(
    ("body", "headers", "texts"),
    [
        (f'[1,{{"a":[{{"token":"{SECRET}"}}]}}]', JSON, [SECRET]),
        (f'{{"tokens":["{SECRET}1","{SECRET}2","{SECRET}3"]}}', JSON, []),
        (
            f'{{"token":["{SECRET}1","{SECRET}2","{SECRET}3"]}}',
            JSON,
            [f"{SECRET}1", f"{SECRET}2", f"{SECRET}3"],
        ),
        ('{"token":12345678}', JSON, []),
        ('{"token":null}', JSON, []),
        ('{"token":true}', JSON, []),
        (f"a=1&password={SECRET}&b=2", (("Content-Type", FORM),), [SECRET]),
        (f"a=1&%E5%AF%86%E7%A0%81={SECRET}", (("Content-Type", FORM),), [SECRET]),
        (f"{GBK}={SECRET}&b=%D5%C5", (("Content-Type", FORM),), [SECRET]),
        (f"{GBK.lower()}={SECRET}&token=&c=", (), [SECRET]),
        (f"password={SECRET}&password={SECRET}2", (), [SECRET, f"{SECRET}2"]),
        (f"<r><password><![CDATA[{SECRET}]]></password></r>", (), [SECRET]),
        (f"<r><w:password>a&amp;{SECRET}</w:password></r>", (), [f"a&{SECRET}"]),
        (
            f'data: {{"token":"{SECRET}"}}\n\ndata: {{"token":"{SECRET}2"}}\n',
            (),
            [SECRET, f"{SECRET}2"],
        ),
        (f'x\n{{"token":"{SECRET}"}}\nnot json\n', (), [SECRET]),
        (f'{{"地址":"https://a.test/x?a=1&token={SECRET}#f"}}', JSON, [SECRET]),
        (f'{{"地址":"/x#access_token={SECRET}&b=1"}}', JSON, [SECRET]),
        (f'{{"地址":"见 /a?b=1 和 /c?token={SECRET}"}}', JSON, [SECRET]),
        (f'{{"地址":"https://oa.test/回调?state=审批#access_token={SECRET}&b=1"}}', JSON, [SECRET]),
        (
            f'{{"地址":"/x?token={SECRET}1#access_token={SECRET}2"}}',
            JSON,
            [f"{SECRET}1", f"{SECRET}2"],
        ),
        (f'{{"地址":"https://oa.test/#/单据?id=7&token={SECRET}"}}', JSON, [SECRET]),
        (f'{{"地址":"/#/a?id=1#token={SECRET} 或 /b?c=1"}}', JSON, [SECRET]),
        (f'{{"地址":"/token={SECRET}/x?a=1#b=2"}}', JSON, []),
        ('{"地址":"a=b"}', JSON, []),
        ("plain text", (), []),
        ("", JSON, []),
        ("{broken", JSON, []),
        (
            f'--x\r\nContent-Disposition: form-data; name="password"\r\n\r\n{SECRET}\r\n--x--\r\n',
            (("Content-Type", "multipart/form-data; boundary=x"),),
            [SECRET],
        ),
        (
            (
                '--x\r\nContent-Disposition: form-data; name="password"; filename="a"\r\n\r\n'
                f"{SECRET}\r\n--x--\r\n"
            ),
            (("Content-Type", "multipart/form-data; boundary=x"),),
            [SECRET],
        ),
    ],
)
def test_a_name_is_found_in_each_format(body: str, headers: Pairs, texts: list[str]) -> None:
    assert [text for _, text in members(body, headers)] == texts


@pytest.mark.parametrize(
    ("address", "texts"),
    [
        (f"https://a.test/回调?a=1#access_token={SECRET}&b=1", [SECRET]),
        (
            f"https://a.test/回调?token={SECRET}1&a=1#access_token={SECRET}2",
            [f"{SECRET}1", f"{SECRET}2"],
        ),
        (f"https://a.test/?a=1#/订单?token={SECRET}&b=2", [SECRET]),
        (f"https://a.test/#/登录?token={SECRET}", [SECRET]),
        (f"https://a.test/?a=1#顶#token={SECRET}", [SECRET]),
        (f"https://a.test?token={SECRET}?a=1", [SECRET]),
        (f"crm.test/a?token={SECRET}1&token={SECRET}2", [f"{SECRET}1", f"{SECRET}2"]),
        (f"见 /a?b=1#c=2 和 /c?d=3#token={SECRET}", [SECRET]),
        ("https://a.test/x?token=k3y%2F9f2z", ["k3y/9f2z"]),
        (f"https://a.test/x?to=%2Fb%3Fa%3D1%23token%3D{SECRET}", [SECRET]),
        (f"https://a.test/token={SECRET}?a=1#b=2", []),
        ("https://a.test/x?token=k3y+9f/2z==&a=1", ["k3y+9f/2z=="]),
        ("https://a.test/x?a=1#token=k3y%2B9f+2z", ["k3y+9f+2z"]),
        ("https://a.test/x?pwd=k3y+9f+2z", ["k3y 9f 2z", "k3y+9f+2z"]),
        (f"https://a.test/x?{GBK}={SECRET}&%CD%C6={SECRET}", [SECRET]),
        (
            f"https://a.test/x?%E5%AF%86%E7%A0%81={SECRET}1&{GBK}=%D5%C5%C8%FD",
            [f"{SECRET}1", "%D5%C5%C8%FD"],
        ),
        (f"https://a.test/x?%C3%DC%C2%EB%FF={SECRET}", []),
        ("https://a.test/x?token=&a=1#access_token=k3y9f", []),
        (f"https://a.test/x?next_token={SECRET}#token_type={SECRET}", []),
    ],
)
def test_a_name_is_found_in_both_the_query_and_the_fragment_of_an_address(
    address: str, texts: list[str]
) -> None:
    assert members(json.dumps({"地址": address})) == [("body.地址", text) for text in texts]
    assert members(b"", (("Location", address),)) == [("header.location", text) for text in texts]


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ((("X-Api-Key", SECRET),), 1),
        ((("X-API-KEY", SECRET), ("x-api-key", f"{SECRET}2")), 2),
        ((("Authorization", SECRET),), 0),
        ((("Cookie", SECRET),), 0),
        ((("Set-Cookie", SECRET),), 0),
        ((("X-Name", SECRET),), 0),
    ],
)
def test_headers_that_are_hidden_by_their_place_are_left_to_it(headers: Pairs, found: int) -> None:
    assert len(members(b"", headers)) == found


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ('{"pwd":"abcdef"}', ['pwd":"|"']),
        ('{"pwd" : "abcdef", "b":"abcdef"}', ['pwd" : "|"']),
        ('{"a":{"pwd":\n\t"abcdef"}}', ['pwd":\n\t"|"']),
        ("{'pwd': 'abcdef'}", ["pwd': '|'"]),
        ('{"a":"{\\"pwd\\" : \\"abcdef\\"}"}', ['pwd\\" : \\"|\\"']),
        ('{"pwd":20260302}', ['pwd":|}']),
        ('{"pwd": 20260302, "b":1}', ['pwd": |,']),
        ('{"\\u53e3\\u4ee4" : "abcdef"}', ['\\u53e3\\u4ee4" : "|"']),
        ('{"口令" : "abcdef", "密码":"abcdef"}', ['口令" : "|"']),
        ("pwd=abcdef", ["pwd=|"]),
        ("a=1&pwd=20260302&b=2", ["pwd=|&"]),
        ("pwd: abcdef\nb: abcdef", ["pwd: |\n"]),
        ("<pwd>abcdef</pwd>", ["pwd>|<"]),
        ('<w:pwd type="x" a="b">\n abcdef</w:pwd>', ['pwd type="x" a="b">\n |<']),
        ("<pwd><![CDATA[abcdef]]></pwd>", ["pwd><![CDATA[|]"]),
        ("<a pwd = 'abcdef' b='abcdef'/>", ["pwd = '|'"]),
        ('<input name="pwd" value="abcdef">', ['<input name="pwd" value="|">']),
        ("<INPUT VALUE=abcdef NAME=pwd>", ["<INPUT VALUE=| NAME=pwd>"]),
        ("<meta name='pwd' content='abcdef'/>", ["<meta name='pwd' content='|'/>"]),
        ('<i name="pwd" value="ab"><i name="b" value="abcdef">', []),
        ('x; name="pwd"\r\n\r\nabcdef\r\n--x', ['pwd"\r\n\r\n|\r']),
        ('name="pwd"; a=b\r\nA: b\r\n\r\nabcdef\r\n', ['pwd"; a=b\r\nA: b\r\n\r\n|\r']),
        ('{"pwd":"abcdef","b":1,"pwd":"abcdef"}', ['pwd":"|"', 'pwd":"|"']),
        ('{"pwd":{"pwd": "abcdef"}}', ['pwd": "|"']),
        ('{"pwd":"abcdefg"}', []), ('{"pwd":"abcdef\'}', []), ("pwd=abcdef2", []),
        ('{"my-pwd":"abcdef"}', []), ('{"pwdx":"abcdef"}', []), ('{"PWD":"abcdef"}', []),
        ('{"b":"abcdef"}', []), ('{"pwd" "abcdef"}', []), ('{"pwd":"20260302"}', ['pwd":"|"']),
        ('{"密码":"20260302"}', []), ("", []),
    ],
)  # fmt: skip
def test_a_word_is_found_beside_its_name_however_they_are_laid_out(
    text: str, places: list[str]
) -> None:
    words = {("pwd", "abcdef"), ("pwd", "20260302"), ("口令", "abcdef")}
    found = [*find_texts_around_words(text, words)]

    assert [f"{before}|{after}" for _, _, before, after in found] == places
    assert all(f"{before}{word}{after}" in text for _, word, before, after in found)
    assert {(name, word) for name, word, _, _ in found} <= words
    assert [*find_texts_around_words(text, ())] == []


@pytest.mark.parametrize(
    "part", ["pwd ", "pwd>", "pwd=", '"pwd": ', "<pwd ", "pwd\r\n", "pwd\r\na\r\n", "\\" * 9]
)
def test_a_word_is_looked_for_in_a_time_that_grows_with_the_text(part: str) -> None:
    text = part * (40_000 // len(part))

    assert [*find_texts_around_words(text, [("pwd", "abcdef")])] == []


LONG = "Zx9kLm8f14e45fceea167a5a36d"


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ({"session": "abcdef"}, 1), ({"session": "abcde"}, 0), ({"SID": "abcdef"}, 1),
        ({"ticket": "abcdef", "code": "123456", "jsapi_ticket": "x12345", "other": "abcdef"}, 3),
        ({"x": LONG}, 1), ({"x": f"a {LONG}"}, 0), ({"x": f"https://a.test/{LONG}"}, 0),
        ({"x": f"redacted.{LONG}"}, 0), ({"token": "abcdef"}, 1), ({"sessions": "abcdef"}, 0),
        # a code beside a message or data says that the login succeeded
        ({"code": "000000", "msg": "ok"}, 0), ({"Code": "SUCCESS", "Message": None}, 0),
        ({"code": "LOGIN_SUCCESS", "data": {"token": "abcdef"}}, 1), ({"code": LONG, "msg": ""}, 1),
        ({"code": "000000", "errmsg": "", "ticket": "abcdef"}, 1), ({"code": "000000", "x": ""}, 1),
        ({"msg": "", "data": {"code": "123456"}}, 1), ({"data": [{"code": "123456"}]}, 1),
    ],
)  # fmt: skip
def test_what_a_login_yields_is_a_token_by_name_or_form(body: Any, found: int) -> None:
    parts = parse_message_parts(JSON, json.dumps(body).encode(), ())
    assert len([*find_tokens_in_login_body(parts)]) == found
    places = [("body", name) for name in body]
    assert [*find_tokens_in_login_body(parts, places)] == []


@pytest.mark.parametrize(
    ("headers", "body", "query", "may"),
    [
        ((), None, "", False), ((), b"", "", False), ((), b'{"a":1}', "a=1", False),
        ((), b'{"password":1}', "", True), ((), b"{}", "token=1", True),
        ((("X-Token", "1"),), None, "", True), ((("Authorization", "1"),), None, "", False),
        ((("a", "1"), ("b", "2"), ("x-api-key", "3")), None, "", True),
        ((("Location", "/a"),), None, "", False), ((("Location", "/token/a?b=1"),), None, "", True),
        ((("Referer", "/a?token=1"),), None, "", True), ((("Link", "</#otp=1>"),), None, "", True),
        ((("Refresh", "3; url=/a?口令=1"),), None, "", True),
        ((("X-Zu", "/?%C3%DC%C2%EB=1"),), None, "", True),
        ((("X", "/?a=\udcc3"),), None, "", False),
        ((("X", '{"pwd":1}'),), None, "", True), ((("X", '[{"pwd":1}]'),), None, "", True),
        ((("X", "max-age=1; secret=2"),), None, "", False), ((("X", "/a?token"),), None, "", False),
        ((("Cookie", "a=/?token=1"),), None, "", False), ((("X", ""),), None, "", False),
        ((), None, "%E5%AF%86%E7%A0%81=1", True), ((), b"%c3%dc%c2%eb=1", "", True),
    ],
)  # fmt: skip
def test_a_message_is_looked_at_where_a_name_may_be_in_it(
    headers: Pairs, body: bytes | None, query: str, *, may: bool
) -> None:
    assert may_hold_secret_members(headers, body, query) == may


def registrar(
    places: tuple[str, ...] = (), clear: frozenset[str] = frozenset(), **options: Any
) -> SecretByNameRegistrar:
    return SecretByNameRegistrar(
        Vault(), lambda _: places, lambda _request, _response: clear, **options
    )


def with_body(value: Any, **changes: Any) -> Request:
    return replace(REQUEST, body=json.dumps(value, ensure_ascii=False).encode(), **changes)


@pytest.mark.parametrize(
    ("request_", "options", "hidden"),
    [
        (with_body({"password": SECRET}), {}, ["crm.find.body.password"]),
        (with_body({"password": SECRET}), {"version": 0}, []),
        (with_body({"password": SECRET}), {"places": ("body.password",)}, []),
        (with_body({"password": SECRET}), {"places": ("body.x",)}, ["crm.find.body.password"]),
        (with_body({"password": SECRET}), {"clear": frozenset({SECRET})}, []),
        (with_body({"password": SECRET}, call=replace(CALL, api=LOGIN)), {}, []),
        (with_body({"password": SECRET}, injected=("body.password",)), {}, []),
        (with_body({"password": SECRET}, call=None), {}, [f"POST {BASE}/客户 body.password"]),
        (with_body({"a": [{"password": SECRET}, {"password": f"{SECRET}2"}]}), {},
         ["crm.find.body.a[*].password"]),
        (with_body({"password": SECRET, "pwd2": SECRET}), {}, ["crm.find.body.password"]),
        (replace(REQUEST, url=f"{BASE}/客户?a=1&token={SECRET}"), {}, ["crm.find.query.token"]),
    ],
)  # fmt: skip
def test_a_secret_of_a_request_is_noted_once_by_its_place(
    request_: Request, options: Any, hidden: list[str]
) -> None:
    net = registrar(**options)
    for _ in range(2):
        net.register_request(request_)

    assert [*net.hidden] == hidden
    assert (SECRET in net.vault.redact_text(f"见 {SECRET} 。")) == (not hidden)
    told = [translate(one) for one in net.describe_hidden_places()]
    assert [one.partition(":")[0] for one in told] == [one.partition(":")[0] for one in hidden]


@pytest.mark.parametrize(
    "value", ["${DB_PASSWORD}", "#{pwd}", "{{ password }}", "******", "••••••"]
)
@pytest.mark.parametrize("around", ["{}", "{}x"])
def test_a_template_or_a_mask_is_no_secret(around: str, value: str) -> None:
    net = registrar()
    net.register_request(with_body({"password": around.format(value)}))

    assert bool(net.hidden) == (around != "{}")


def test_the_password_of_basic_in_a_body_is_known_on_its_own() -> None:
    net = registrar()
    pair = b64encode(b"zhangsan:pw-4711xy").decode()
    net.register_request(with_body({"authorization": f"Basic {pair}"}))

    shown = net.vault.redact_text("pw-4711xy")
    assert shown == "redacted.crm.test.basic-password.1"


@pytest.mark.parametrize(
    ("headers", "body", "is_login", "hidden"),
    [
        (JSON, {"token": SECRET}, False, ["body.token"]),
        (JSON, {"ticket": LONG}, False, []),
        (JSON, {"ticket": LONG}, True, ["body.ticket"]),
        (JSON, {"x": LONG}, True, ["body.x"]),
        (JSON, {"x": "张三丰"}, True, []),
        ((*JSON, ("X-Signature", SECRET)), {}, False, []),
        ((*JSON, ("X-Sign", SECRET)), {}, False, []),
        (JSON, {"signature": SECRET}, False, ["body.signature"]),
        ((*JSON, ("X-Api-Key", SECRET)), {}, False, ["header.x-api-key"]),
    ],
)
def test_a_secret_of_a_response_is_noted_unless_it_signs_it(
    headers: Pairs, body: Any, is_login: bool, hidden: list[str]
) -> None:
    request = replace(REQUEST, call=replace(CALL, api=LOGIN)) if is_login else REQUEST
    net = registrar()
    net.register_response(
        request, Response(status=200, headers=headers, body=json.dumps(body).encode())
    )
    name = LOGIN if is_login else "find"
    assert [*net.hidden] == [f"crm.{name}.{place}" for place in hidden]
    old = registrar(version=0)
    old.register_response(
        request, Response(status=200, headers=headers, body=json.dumps(body).encode())
    )
    assert [*old.hidden] == []


@pytest.mark.parametrize("codec", ["utf-8", "gbk"])
@pytest.mark.parametrize(
    ("media", "text"),
    [
        ("text/csv", "账号,密码\r\n张三,Zh0ng-9uo77\r\n"), ("text/plain", "密码：Zh0ng-9uo77\r\n"),
        ("", "密码=Zh0ng-9uo77\n账号=张三\n"),
    ],
    ids=["table", "prose", "settings"],
)  # fmt: skip
def test_a_password_is_found_in_a_text_whose_encoding_nobody_tells(
    media: str, text: str, codec: str
) -> None:
    net = registrar()
    headers = (("Content-Type", media),)
    net.register_response(REQUEST, Response(status=200, headers=headers, body=text.encode(codec)))

    assert "Zh0ng-9uo77" not in net.vault.redact(text.encode(codec)).decode(codec)


@pytest.mark.parametrize("is_login", [False, True])
@pytest.mark.parametrize(
    ("options", "hidden"),
    [
        ({}, ["body.token", "body.pwd"]), ({"clear": frozenset({SECRET})}, ["body.pwd"]),
        ({"clear": frozenset({SECRET, LONG})}, []), ({"places": ("body.token",)}, ["body.pwd"]),
        ({"places": ("body",)}, []),
    ],
)  # fmt: skip
def test_a_value_of_a_response_may_be_declared_not_to_be_secret(
    options: Any, hidden: list[str], is_login: bool
) -> None:
    request = replace(REQUEST, call=replace(CALL, api=LOGIN)) if is_login else REQUEST
    net = registrar(**options)
    body = json.dumps({"token": SECRET, "pwd": LONG}).encode()
    net.register_response(request, Response(status=200, headers=JSON, body=body))

    name = LOGIN if is_login else "find"
    assert [*net.hidden] == [f"crm.{name}.{place}" for place in hidden]


@pytest.mark.parametrize(
    ("text", "standin"),
    [
        (SECRET, "redacted.crm.test.sent-password.1"),
        ("eyJa.b.c", "eyJ"),
        ("eyJa.b", "redacted.crm."),
        ("eyJa.b.c.d", "redacted.crm."),
        ("xeyJ.b.c", "redacted.crm."),
    ],
)
def test_a_stand_in_is_of_the_kind_of_its_value_and_of_its_side(text: str, standin: str) -> None:
    net = registrar()
    net.register_request(with_body({"password": text}))
    shown = json.loads(net.vault.redact_text(json.dumps({"password": text})))["password"]
    assert shown.startswith(standin)
    assert shown != text


@pytest.mark.parametrize("word", ["production", "12345678", "geheim-wort"])
def test_a_plain_word_is_hidden_beside_its_name_alone(word: str) -> None:
    net = registrar()
    net.register_request(with_body({"password": word}))
    is_plain = word != "geheim-wort"
    assert (word in net.vault.redact_text(f"the {word} is here")) == is_plain or not is_plain
    assert word not in net.vault.redact_text(json.dumps({"password": word}))
    assert word not in net.vault.redact_text(f"a=1&password={word}&b=2")


SENT: dict[str, tuple[Request, dict[str, str]]] = {
    # what is sent, and what of a text is hidden under the rules of today: text -> stand-in
    "word in a header": (
        replace(REQUEST, headers=(("X-Token", "100000"),)),
        {"X-Token: 100000": "X-Token: redacted.crm.test.sent-x-token.1",
         '"X-Token": "100000"': '"X-Token": "redacted.crm.test.sent-x-token.1"',
         "100000": "100000"},
    ),
    "word behind a scheme": (
        replace(REQUEST, headers=(("Authorization", "Bearer default"),)),
        {"Bearer default": "Bearer redacted.crm.test.script-authorization.1",
         "default": "default"},
    ),
    "Basic": (
        replace(REQUEST, headers=(("Authorization", "Basic enM6cHctNDcxMXh5"),)),
        {"pw-4711xy": "redacted.crm.test.basic-password.1",
         "enM6cHctNDcxMXh5": "redacted.crm.test.script-authorization.1"},
    ),
    "Basic of auth": (
        replace(REQUEST, headers=(("Authorization", "Basic enM6cHctNDcxMXh5"),),
                injected=("header.authorization",)),
        {"pw-4711xy": "redacted.crm.test.basic-password.1"},
    ),
    "cookies": (
        replace(REQUEST, headers=(("Cookie", "sid=c0okie-4711; theme=default"),)),
        {"c0okie-4711": "redacted.crm.test.sent-cookie-sid.1", "default": "default"},
    ),
    "Bearer in a body": (
        with_body({"Authorization": "Bearer b0dy-4711"}),
        {"Bearer b0dy-4711": "Bearer redacted.crm.test.sent-Authorization.1"},
    ),
    "word behind a scheme in a body": (
        with_body({"Authorization": "Bearer default"}),
        {'"Authorization": "Bearer default"':
         '"Authorization": "Bearer redacted.crm.test.sent-Authorization.1"',
         "Bearer default": "Bearer default"},
    ),
    "form in a text": (
        with_body({"数据": "user=zs&token=f0rm-4711"}),
        {"f0rm-4711": "redacted.crm.test.sent-token.1"},
    ),
    "plus sign": (
        with_body({"token": "p1us+4711"}),
        {"p1us 4711": "redacted.crm.test.sent-token.1"},
    ),
    "name": (
        with_body({"passWord": "camel-4711"}),
        {"camel-4711": "redacted.crm.test.sent-passWord.1"},
    ),
}  # fmt: skip
BEFORE: dict[str, dict[str, str]] = {
    "word in a header": {"100000": "redacted.crm.test.sent-x-token.1"},
    "word behind a scheme": {"default": "redacted.crm.test.script-authorization.1"},
    "Basic": {"pw-4711xy": "pw-4711xy",
              "enM6cHctNDcxMXh5": "redacted.crm.test.script-authorization.1"},
    "Basic of auth": {"enM6cHctNDcxMXh5": "enM6cHctNDcxMXh5"},
    "cookies": {"c0okie-4711": "c0okie-4711",
                "sid=c0okie-4711; theme=default": "redacted.crm.test.script-cookie.1"},
    "Bearer in a body": {"Bearer b0dy-4711": "Bearer b0dy-4711"},
    "word behind a scheme in a body": {"Bearer default": "Bearer default"},
    "form in a text": {"f0rm-4711": "f0rm-4711"},
    "plus sign": {"p1us 4711": "p1us 4711"},
    "name": {"camel-4711": "camel-4711"},
}  # fmt: skip


@pytest.mark.parametrize("case", SENT)
def test_a_recording_keeps_the_rules_under_which_it_was_made(case: str) -> None:
    request, shown = SENT[case]
    for version, texts in ((1, BEFORE[case]), (2, shown)):
        net = registrar(version=version)
        net.register_request(request)
        assert {text: net.vault.redact_text(text) for text in texts} == texts, version


def test_a_credential_of_unknown_traffic_had_no_platform_in_its_name() -> None:
    unnamed = replace(CALL, platform="", instance="", api="")
    sent = replace(REQUEST, headers=(("Authorization", "Bearer t0ken-4711"),), call=unnamed)
    for version, standin in ((0, "redacted...script-authorization.1"),
                             (1, "redacted...script-authorization.1"),
                             (2, "redacted.http.any.script-authorization.1")):  # fmt: skip
        net = registrar(version=version)
        net.register_request(sent)
        assert net.vault.redact_text("t0ken-4711") == standin
        assert redact_request(sent, net.vault).headers == (("Authorization", f"Bearer {standin}"),)


def test_a_plain_word_of_a_form_with_parts_is_hidden_in_its_part() -> None:
    body = 'Content-Disposition: form-data; name="password"\r\n\r\nproduction\r\n--x'
    whole = f"--x\r\n{body}--\r\n".encode()
    media = (("Content-Type", "multipart/form-data; boundary=x"),)
    net = registrar()
    net.register_request(replace(REQUEST, headers=media, body=whole))
    assert b"production" not in net.vault.redact(whole)
    assert b"production" in net.vault.redact(whole.replace(b'"password"', b'"mode"'))


LINES, MIB = (("content-type", "text/event-stream"),), 1 << 20


@pytest.mark.parametrize(
    ("headers", "size", "is_shown"),
    [(LINES, MIB, True), (LINES, MIB + 1, False), (JSON, 65_536, True), (JSON, 65_537, False)],
)
def test_what_waits_for_its_end_may_become_so_large(
    headers: Pairs, size: int, *, is_shown: bool
) -> None:
    body = StreamedBodyRedactor(headers, bytes)
    if headers is LINES:
        first, rest = b"x" * (size - 1), b"\n"
    else:
        first, rest = b'["' + b"x" * (size - 4), b'"]'
    assert body.take_piece(first) == (b"" if headers is LINES else b"[")
    assert (len(body.take_piece(rest)) > 0) == is_shown
    assert (body.take_piece(b"y\n") != b"") == (is_shown and headers is LINES)


def test_lines_that_were_shown_do_not_count() -> None:
    body = StreamedBodyRedactor(LINES, bytes)
    for _ in range(3):
        assert len(body.take_piece(b"x" * (MIB - 1) + b"\n")) == MIB


def test_what_became_secret_meanwhile_waits_for_the_end() -> None:
    known: list[bytes] = []

    def hide(document: bytes) -> bytes:
        for one in known:
            document = document.replace(one, b"***")
        return document

    body = StreamedBodyRedactor(JSON, hide)
    assert body.take_piece(b'["abc",1,') == b'["abc",1'
    known.append(b"abc")
    assert body.take_piece(b"2,") == b""
    assert body.take_piece(b"3]") == b""


@pytest.mark.parametrize(
    ("piece", "shown"),
    [
        (b'{"a": "x\\"y", "b": 1', b'{"a": "x\\"y"'),
        (b'{"a": "x\\', b"{"),
        (b"[[1],[2", b"[[1],["),
        (b'{"a":{"b":[]}}', b'{"a":{"b":[]}}'),
        (b"12", b""),
        (b'"text"', b""),
        (b"{", b"{"),
        (b" [ 1 , 2", b" [ 1 "),
        (b"", b""),
    ],
)
def test_json_is_shown_up_to_its_last_whole_member(piece: bytes, shown: bytes) -> None:
    assert StreamedBodyRedactor(JSON, bytes).take_piece(piece) == shown
