"""Which members of a message are found to be secret: in each format, by name, place or address."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from bpmax_sim.field_path import FieldPath, format_path
from bpmax_sim.messages import Pairs
from bpmax_sim.transport.loose_members import (
    find_assigned_secrets,
    find_named_value,
    find_secrets_in_scripts,
    find_settings,
    is_certainly_no_word,
    restore_repeated_members,
    split_scripts,
    unwrap_jsonp,
)
from bpmax_sim.transport.message_members import (
    ALWAYS_HIDDEN,
    MessageMember,
    find_secret_members,
    find_texts_around_words,
    find_tokens_in_login_body,
    list_texts_around,
    may_hold_secret_members,
    parse_message_parts,
)

KEY = "k3y-9f2z-abc"
JSON = "application/json"


def found(
    body: bytes | str = b"", media: str = JSON, *, version: int = 3, not_secret: tuple[str,
    ...] = (),
    **more: Any,
) -> list[tuple[str, str, str]]:  # fmt: skip
    """Return place, name and text of each secret member of a message."""
    raw = body.encode() if isinstance(body, str) else body
    typed = (("Content-Type", media), *more.get("headers", ()))
    parts = parse_message_parts(
        typed, raw, more.get("query", ()), "", version, more.get("path", "")
    )
    opened = [FieldPath.parse(place, "not_secret") for place in not_secret]
    members = find_secret_members(parts, opened, version)
    return [(format_path(member.path), member.name, member.text) for member in members]


def test_members_of_json_are_found_by_name_at_every_depth() -> None:
    document = {
        "password": "甲乙丙丁戊己", "user": KEY, "list": [{"token": KEY}, {"token": f"{KEY}2"},
        {"token": 5}],
        "a": {"b": {"apiKey": KEY}}, "text": json.dumps({"secret": KEY, "x": 1}),
        "twice": json.dumps({"in": json.dumps({"secret": f"{KEY}3"})}), "token_type": "bearer-abc",
        "pwd": "${PASSWORD}", "passwd": "******", "authorization": f"Bearer {KEY}", "short": 1,
        "sign": "abc", "form": f"user=1&secret={KEY}", "next": f"/x?token={KEY}#a=1",
        "pair": {"name": "password", "value": f"{KEY}4"}, "other": {"name": "user", "value": KEY},
        "empty": "", "none": None,
    }  # fmt: skip
    assert found(json.dumps(document)) == [
        ("body.password", "password", "甲乙丙丁戊己"), ("body.list[*].token", "token", KEY),
        ("body.list[*].token", "token", f"{KEY}2"), ("body.a.b.apiKey", "apiKey", KEY),
        ("body.text", "secret", KEY), ("body.twice", "secret", f"{KEY}3"),
        ("body.authorization", "authorization", f"Bearer {KEY}"), ("body.form", "secret", KEY),
        ("body.next", "token", KEY), ("body.pair.value", "password", f"{KEY}4"),
    ]  # fmt: skip
    assert found(json.dumps(document), not_secret=("body.list[*].token", "body.a",
            "body.text"))[1:] == [
        ("body.twice", "secret", f"{KEY}3"), ("body.authorization", "authorization",
        f"Bearer {KEY}"),
        ("body.form", "secret", KEY), ("body.next", "token", KEY),
        ("body.pair.value", "password", f"{KEY}4"),
    ]  # fmt: skip
    assert ("body.pair.value", "password", f"{KEY}4") not in found(json.dumps(document), version=1)
    assert found(f'{{"token": "{KEY}", "token": "{KEY}2"}}') == [
        ("body.token[*]", "token", KEY), ("body.token[*]", "token", f"{KEY}2"),
    ]  # fmt: skip
    assert found(f'{{"token": "{KEY}", "token": "{KEY}2"}}', version=1) == [
        ("body.token", "token", f"{KEY}2"),
    ]  # fmt: skip
    deep = json.dumps({"secret": KEY})
    for _ in range(3):
        deep = json.dumps({"t": deep})
    assert found(deep) == [("body.t", "secret", KEY)]
    assert found(json.dumps({"t": deep})) == []


def test_headers_and_query_are_found_by_name() -> None:
    headers = (
        ("X-Api-Key", KEY), ("Authorization", f"Bearer {KEY}"), ("Cookie", "sid=1"),
        ("Set-Cookie", KEY),
        ("X-Info", f'{{"token": "{KEY}2"}}'), ("Referer", f"https://a.test/x?token={KEY}3"),
    )  # fmt: skip
    query = (
        ("token", "a1+b2/c3=="),
        ("Sign", "aGVsbG8 d29ybGQ/Zm9v="),
        ("%C3%DC%C2%EB", KEY),
        ("q", KEY),
    )
    assert found(query=query, headers=headers) == [
        ("query.token", "token", "a1+b2/c3=="), ("query.Sign", "Sign", "aGVsbG8+d29ybGQ/Zm9v="),
        ("query.密码", "密码", KEY), ("header.x-api-key", "x-api-key", KEY),
        ("header.x-info", "token", f"{KEY}2"), ("header.referer", "token", f"{KEY}3"),
    ]  # fmt: skip
    assert ("query.Sign", "Sign", "aGVsbG8+d29ybGQ/Zm9v=") not in found(query=query, version=1)
    parts = parse_message_parts(headers, None, ())
    assert [one.name for one in find_secret_members(parts, hidden=frozenset())] == [
        "x-api-key", "authorization", "set-cookie", "token", "token",
    ]  # fmt: skip
    assert "authorization" in ALWAYS_HIDDEN
    assert parts["body"] is None


def test_each_format_of_a_body_is_read() -> None:
    form = "application/x-www-form-urlencoded"
    assert found(f"user=1&password={KEY}", form) == [("body.password", "password", KEY)]
    assert found(f"user=1&password={KEY}", "") == [("body.password", "password", KEY)]
    assert found("a=1&sign=aGVsbG8+d29ybGQ/Zm9v=", form) == [
        ("body.sign", "sign", "aGVsbG8+d29ybGQ/Zm9v="),
    ]  # fmt: skip
    multipart = f'--x\r\nContent-Disposition: form-data; name="secret"\r\n\r\n{KEY}\r\n--x--\r\n'
    assert found(multipart, "multipart/form-data; boundary=x") == [("body.secret", "secret", KEY)]
    xml = (
        f'<a:root><x:token t="1">{KEY}</x:token><secret><![CDATA[{KEY}&2]]></secret>'
        f'<i name="password" VALUE="{KEY}3"/><i apiKey=\'{KEY}4\'/><i sign={KEY}5 ></i>'
        f'<meta name="csrf-token" content="{KEY}6"><pwd>a&amp;b&#x31;23</pwd></a:root>'
    )
    assert sorted(one[1:] for one in found(xml, "text/xml")) == [
        ("apiKey", f"{KEY}4"), ("csrf-token", f"{KEY}6"), ("password", f"{KEY}3"), ("pwd",
        "a&b123"),
        ("secret", f"{KEY}&2"), ("sign", f"{KEY}5"), ("token", KEY),
    ]  # fmt: skip


def test_pages_scripts_and_logs_are_read() -> None:
    page = f"<p>hello</p><SCRIPT>var token = '{KEY}';</SCRIPT>"
    assert found(page, "text/html") == [("body.token", "token", KEY)]
    assert found(page, "text/html", version=1) == []
    assert found(f'cb({{"token": "{KEY}"}});', "text/javascript") == [("body.token", "token", KEY)]
    lines = f'data: {{"token": "{KEY}"}}\n\ndata: [{{"secret": "{KEY}2"}}]\n: note'
    assert [one[1:] for one in found(lines, "text/event-stream")] == [
        ("token", KEY), ("secret", f"{KEY}2"),
    ]  # fmt: skip
    cut = f'{{"user": 1, "token": "{KEY}", "x": '
    assert found(cut, "text/plain") == [("body.token", "token", KEY)]
    table = f"用户,密码\n张三,{KEY}\n李四,{KEY}2\n"
    assert [one[1:] for one in found(table.encode("gb18030"), "text/csv")] == [
        ("密码", KEY), ("密码", f"{KEY}2"),
    ]  # fmt: skip
    assert found(f"\n<a><token>{KEY}</token></a>", "text/plain") == [("body.token", "token", KEY)]
    assert found('[{"token": "labels"}]', "text/plain") == [("body[*].token", "token", "labels")]
    nested = 'cb({"a": {"token": "labels"}})'
    assert found(nested, "text/javascript") == [("body.a.token", "token", "labels")]
    cut = '{"user": 1, "token": "labels", "x": '
    assert found(cut, "text/plain") == [("body.token", "token", "labels")]
    log = f'{{"a": 1}}\nvar token = "{KEY}"\n{{"secret": "{KEY}2", "secret": "{KEY}3"}}'
    assert [one[1:] for one in found(log, "text/plain")] == [
        ("secret", f"{KEY}2"), ("secret", f"{KEY}3"), ("token", KEY),
    ]  # fmt: skip
    assert found(json.dumps({"t": f'[{{"secret": "{KEY}"}}]'})) == [("body.t", "secret", KEY)]
    php = json.dumps({"x": f"log mysql:\\/\\/u:{KEY}@db\\/x"})
    assert found(php) == [("body.x", "password", KEY)]


def test_a_text_may_be_another_format() -> None:
    packed = base64.b64encode(json.dumps({"token": KEY}).encode()).decode()
    assert found(json.dumps({"x": packed})) == [("body.x", "token", KEY)]
    assert found(json.dumps({"x": packed.rstrip("=")})) == [("body.x", "token", KEY)]
    assert found(json.dumps({"x": packed}), version=2) == []
    basic = f"Basic {base64.b64encode(f'u:{KEY}'.encode()).decode()}"
    assert found(json.dumps({"x": basic})) == [("body.x", "password", KEY)]
    assert found(json.dumps({"x": f"<a><token>{KEY}</token></a>"})) == [("body.x", "token", KEY)]
    assert found(json.dumps({"x": f"mysql://u:{KEY}@db/x"})) == [("body.x", "password", KEY)]


def test_an_address_tells_a_secret_by_its_place() -> None:
    hook = "a" * 8 + "1b2c3d4e5f6g7h8i"
    assert found(path=f"/open-apis/bot/v2/hook/{hook}") == [("path", "webhook_token", hook)]
    assert found(path=f"/open-apis/bot/v2/hook/{hook}", version=2) == []
    assert found(path="/cgi-bin/webhook/send", query=(("key", hook), ("a", "1"))) == [
        ("query.key", "webhook_token", hook),
    ]  # fmt: skip
    rocket = "k3j9x2m4q8w1z7p5t6r0y2u4i8"
    assert found(path=f"/webhook/hooks/{rocket}", query=(("x", "abcdef123456"),)) == [
        ("path", "webhook_token", rocket),
    ]  # fmt: skip
    assert found(path="/cgi-bin/webhook/send", query=(("x", "1"), ("key", hook))) == [
        ("query.key", "webhook_token", hook),
    ]  # fmt: skip
    assert found(path="/cgi-bin/other/send", query=(("key", hook),)) == []
    assert found(path=f"/x;token={KEY}/y") == [("path", "token", KEY)]


def test_a_login_body_has_tokens_by_name_or_form() -> None:
    def tokens(body: Any, *not_secret: str) -> list[tuple[str, str]]:
        parts = parse_message_parts((("Content-Type", JSON),), json.dumps(body).encode(), ())
        opened = [FieldPath.parse(place, "not_secret") for place in not_secret]
        return [
            (format_path(one.path), one.text) for one in find_tokens_in_login_body(parts, opened)
        ]

    random = "a8c5e167b2d94f30x"
    body = {
        "session": KEY, "Ticket": KEY, "x": random, "y": f"https://a.test/{random}",
        "z": f"a {random}",
        "code": "SUCCESS", "short": "ab1", "sid": "ab1c2", "token": "redacted.crm.test.token.1",
        "n": "name-of-it", "apiKey": KEY,
    }  # fmt: skip
    assert tokens(body) == [
        ("body.session", KEY), ("body.Ticket", KEY), ("body.x", random), ("body.code", "SUCCESS"),
        ("body.apiKey", KEY),
    ]  # fmt: skip
    assert tokens({**body, "MSG": "ok"}, "body.session", "body.x") == [
        ("body.Ticket", KEY), ("body.apiKey", KEY),
    ]  # fmt: skip
    assert tokens({"data": {"code": "SUCCESS"}}) == [("body.data.code", "SUCCESS")]
    assert tokens([{"sessionToken": KEY}]) == [("body[*].sessionToken", KEY)]
    assert tokens(None) == []


def test_assignments_of_programs_have_a_secret_that_is_no_word() -> None:
    def assigned(text: str, *, is_data: bool = False) -> list[tuple[str, str]]:
        return list(find_assigned_secrets(text, is_data=is_data))

    program = f"name = 'abcdef12'; var token = '{KEY}', x = 'y'; obj.apiKey = \"{KEY}2\"; "
    assert assigned(f"{program}密码：`{KEY}3`") == [
        ("token", KEY), ("apiKey", f"{KEY}2"), ("密码", f"{KEY}3"),
    ]  # fmt: skip
    for text in (
        "token = 'label-text'", "token: '/path/1'", "token = '#id1234'", "token = '{{x1}}ab'",
        "token = 'a b 12345'", "password: 'password1'", "token = 'abc12'", "user = 'abc123def'",
        "token == 'abc123def'", "mytoken_type = 'abc123def'",
    ):  # fmt: skip
        assert assigned(text) == [], text
    assert assigned('{"password": "label", "token": "labels"', is_data=True) == [
        ("token", "labels")
    ]
    assert assigned("{token: 'labels'", is_data=True) == []
    assert assigned(r'"pass\u0077ord": "ab\"c1de"', is_data=True) == [("password", 'ab"c1de')]
    assert is_certainly_no_word("a1b2c3")
    for value in "abc", "-a1", "a 1", "a1{", "a1%", "a(1)", "token1", "合1":
        assert not is_certainly_no_word(value), value
    markup = f"a<script>token='{KEY}'</script>b<style>p{{}}</STYLE><script>x<style>y</script>c"
    assert list(split_scripts(markup)) == [
        ("", "a"), ("script", f"token='{KEY}'"), ("", "b"), ("style", "p{}"), ("", ""),
        ("script", "x<style>y"), ("", "c"),
    ]  # fmt: skip
    assert list(find_secrets_in_scripts(markup)) == [("token", KEY)]
    assert list(find_secrets_in_scripts(f"<style>token='{KEY}'</style>")) == []


def test_a_pair_names_a_secret_in_one_of_its_members() -> None:
    pairs: list[tuple[dict[str, Any], Any]] = [
        ({"name": "password", "value": "a1b2c3"}, ("value", "password")),
        ({"Field_Name": "token", "fieldValue": KEY}, ("fieldValue", "token")),
        ({"param": "x", "key": "secret", "val": KEY}, ("val", "secret")),
        ({"name": "user", "value": KEY}, None), ({"name": "password", "value": 5}, None),
        ({"name": "password"}, None), ({"value": KEY}, None), ({"name": 1, "value": KEY}, None),
        ({"name": "password", "value": "label"}, None),
        ({"name": "password", "value": "my-label"}, None), ({"label": "password", "value": KEY},
        None),
        ({"name": "token", "value": "abc123"}, ("value", "token")),
        ({"name": "token", "value": "123456"}, None),
    ]  # fmt: skip
    assert [(member, find_named_value(member)) for member, _ in pairs] == pairs


def test_repeated_members_and_jsonp_are_restored() -> None:
    def restored(text: str) -> Any:
        return restore_repeated_members(json.loads(text), text)

    assert restored('{"token": 1, "token": 2, "a": 1, "a": 2}') == {"token": [1, 2], "a": [1, 2]}
    assert restored('{"a": 1, "a": 2, "token": 3}') == {"a": 2, "token": 3}
    assert restored('{"x": {"token": 1}, "y": {"token": 2}}') == {
        "x": {"token": 1},
        "y": {"token": 2},
    }
    assert restored('{"to\\u006ben": 1, "token": 2}') == {"token": [1, 2]}
    jsonp = {
        'cb({"a": 1});': '{"a": 1}', " /* x */ a.b$c ( [1] ) ": "[1]", "cb({})x": "", "cb(1)": "",
        "({})": "", "cb({}": "", 'cb({"a": ")"})': '{"a": ")"}',
    }  # fmt: skip
    assert {text: unwrap_jsonp(text) for text in jsonp} == jsonp


def settings(text: str) -> list[tuple[str, str]]:
    return [(one.name, one.text) for one in find_settings(text)]


def test_settings_connections_and_tables_have_secrets() -> None:
    texts: dict[str, list[tuple[str, str]]] = {
        f"password = {KEY}": [("password", KEY)],
        f"密码：{KEY}，请保存": [("密码", KEY)],
        f"您的登录密码是{KEY}。": [("您的登录密码", KEY)],
        f"token: Bearer {KEY}x1y2.": [("token", f"{KEY}x1y2")],
        "password = required": [],
        "password = hunter": [],
        "user=sa\nnote=my password: hunter": [],
        "user=sa\npassword = ${DB_PASS1}": [],
        "password = ${DB_PASS1}": [],
        "password = utf8mb4": [],
        "password = C:/etc/secret1": [],
        "pass: 123456": [],
        "密钥：123456": [],
        "密码：hmac-sha256": [],
        "token: abcdefghijklmnop": [],
        "Server=db;Token=abcdefgh;": [],
        "\ufeffpassword\tuser\nhunter2\ta": [("password", "hunter2")],
        "user=sa\npassword = hunter": [("password", "hunter")],
        "# 注释\n[db]\nuser=sa\npassword = hunter": [("password", "hunter")],
        "user=sa\npassword = hunter\nplain text": [],
        "user=sa\npassword: hunter": [],
        "password = /etc/secret1": [],
        "password = 20260302": [("password", "20260302")],
        "忘记密码：13800138000": [],
        "密码：13800138000": [("密码", "13800138000")],
        "token: abc123": [],
        f"token: {KEY}": [("token", KEY)],
        "token: hmac-sha256-base64": [],
        "密钥：a1b2c3d": [("密钥", "a1b2c3d")],
        f"function login() {{ password = {KEY} }}": [],
        f"x => password = {KEY}": [],
        "session:user:10086:cart": [],
        f"/path;token={KEY}": [],
        "password = ${DB_PASSWORD}": [],
        "password = u5bc6a\\u5bc61": [],
        f"Server=db;Uid=sa;Pwd=hunter;Token={KEY}": [("Pwd", "hunter"), ("Token", KEY), ("Token",
        KEY)],
        "Color=red;Pwd=hunter;": [],
        "jdbc:sqlserver://h:1;user=sa;password=hunter;": [("password", "hunter")],
        "host=h dbname=x password=hunter": [("password", "hunter")],
        "账号,密码\n张三,hunter2\n": [("密码", "hunter2")],
        "user;token\na;b\n": [],
        'user|api_key\r\na|"k3y-9f2z-abc"\r\nb|k3y-9f2z-abd': [
            ("api_key", KEY), ("api_key", "k3y-9f2z-abd"),
        ],
        "user,password\na,hunter2,x\nb,c\n": [],
        "user,password\na,hunter2\nb": [("password", "hunter2")],
        "sign,user\nhunter2,a\n": [],
        "sign,user\na1b2c3d4,a\n": [],
        "api_key,user\na1b2c3d4,a\n": [("api_key", "a1b2c3d4")],
        "user,password\n\na,hunter2\n\n": [("password", "hunter2")],
        "\ufeffuser\tpassword\na\thunter2": [("password", "hunter2")],
        f"{'x' * 41},password\na,hunter2\n": [],
    }  # fmt: skip
    assert {text: settings(text) for text in texts} == texts
    (one,) = find_settings("账号,密码,备注\n张三, hunter2 ,无\n")
    assert (one.before, one.after) == ("张三, ", " ,无")
    (one,) = find_settings(f"say token: {KEY}, then")
    assert (one.before, one.after) == ("token: ", ",")


def test_each_name_of_a_connection_opens_it() -> None:
    known = (
        "Server", "host", "hostaddr", "Data Source", "Database", "DatabaseName", "dbname", "DSN",
        "Driver", "Initial Catalog", "Endpoint", "AccountName", "Service_Provider",
    )  # fmt: skip
    unknown = ("source", "hosts", "base", "account")

    assert [name for name in (*known, *unknown) if settings(f"{name}=a;Pwd=hunter;")] == [*known]


def test_a_state_a_type_a_day_and_an_object_are_no_passwords_of_a_file() -> None:
    described = (
        "required", "optional", "invalid", "missing", "mismatch", "incorrect", "expired",
        "disabled", "enabled", "hidden", "visible", "unknown", "undefined", "passed", "failed",
        "success", "changed", "encrypted", "protected", "filtered", "redacted", "masked", "string",
        "string2", "varchar2", "nvarchar2", "char16", "uint32", "Integer", "int32array", "boolean",
        "utf8mb4", "2026-03-02", "2026/3/2", "2026.03.02", "2026-03-02T10:00", "2026-03-02_1",
        "org.crm.User@1f2e3d4c",
    )  # fmt: skip
    words = (
        "require",
        "xstring",
        "strings",
        "varchars",
        "2026-03",
        "crm.User@1f2e3d4c",
        "required1x",
    )
    found = {word: settings(f"user=sa\npassword = {word}") for word in (*described, *words)}

    assert found == {
        **{word: [] for word in described}, **{word: [("password", word)] for word in words},
    }  # fmt: skip
    assert settings("user=sa\napi_token = helloworld") == []
    assert settings("密码：rsa2048geheim") == [("密码", "rsa2048geheim")]


def test_behind_what_is_done_with_a_password_stands_a_contact_or_a_day() -> None:
    contacts = ("13800138000", "20260302", "zhang3@crm.test", "crm1.example.test/a")
    actions = (
        "忘记", "找回", "上次", "修改", "更改", "变更", "重置", "输入", "校验", "验证",
    )  # fmt: skip
    names = [f"如{action}密码" for action in actions]

    assert [name for name in names for text in contacts if settings(f"{name}：{text}")] == []
    assert [settings(f"登录密码：{text}") for text in contacts] == [
        [("登录密码", text)] for text in contacts
    ]
    assert settings("如忘记密码：9238471650a") == [("如忘记密码", "9238471650a")]


def test_a_key_or_token_by_a_chinese_name_is_generated() -> None:
    names = ("应用密钥", "应用私钥", "应用令牌")

    assert [settings(f"{name}：9238471650，a1b2c3d4") for name in names] == [[], [], []]
    assert [settings(f"{name}：a1b2c3d4") for name in names] == [
        [(name, "a1b2c3d4")] for name in names
    ]


def test_headings_of_other_tables_need_a_long_value() -> None:
    headings = (
        "auth", "cookie", "credential", "credentials", "pass", "session", "sig", "sign",
        "signature",
    )  # fmt: skip

    for text, found in (("a1b2c3d4e5f", []), ("a1b2c3d4e5f6", ["a1b2c3d4e5f6"])):
        assert {name: settings(f"{name},user\n{text},a\n") for name in headings} == {
            name: [(name, value) for value in found] for name in headings
        }
    signs = ",", "\t", ";", "|"
    assert [settings(f"user{sign}password\na{sign}hunter2\n") for sign in signs] == [
        [("password", "hunter2")]
    ] * len(signs)


def test_each_key_of_a_pair_that_names_a_secret_counts() -> None:
    names = ("name", "Key", "field", "fieldName", "field_name", "paramName", "PARAM")
    values = ("value", "Val", "fieldValue", "field_value", "paramValue")

    for name in names:
        for key in values:
            assert find_named_value({name: "password", key: "a1b2c3"}) == (key, "password")
    assert find_named_value({"title": "password", "value": "a1b2c3"}) is None
    assert find_named_value({"name": "password", "values": "a1b2c3"}) is None
    assert find_named_value({"key": "user", "name": "password", "value": "a1b2c3"}) == (
        "value", "password",
    )  # fmt: skip


def test_a_word_is_found_beside_its_name_in_each_format() -> None:
    words = [("pwd", "hunter"), ("密码", "123456"), ("pin", "default")]
    text = (
        '{"pwd": "hunter", "x": "hunter", "\\u5bc6\\u7801": 123456} pwd=hunter&a=1 '
        "<pwd>hunter</pwd> "
        "<pwd a='1'><![CDATA[hunter]]></pwd> <i name='pin' value='default'/> pwd=other "
        '<i value=default name=pin> mypwd=hunter \\"pwd\\": \\"hunter\\"'
    )
    assert [one[:2] for one in find_texts_around_words(text, words)] == [
        ("pwd", "hunter"), ("密码", "123456"), ("pwd", "hunter"), ("pwd", "hunter"), ("pwd",
        "hunter"),
        ("pwd", "hunter"), ("pin", "default"), ("pin", "default"),
    ]  # fmt: skip
    first = next(find_texts_around_words(text, words))
    assert first == ("pwd", "hunter", 'pwd": "', '"')
    assert list(find_texts_around_words(text, [])) == []
    for name, word, before, after in find_texts_around_words(text, words):
        assert f"{before}{word}{after}" in text, name


def test_texts_around_a_value_depend_on_where_it_stands() -> None:
    body, header = (
        MessageMember(("body", "k"), "k", "v"),
        MessageMember(("header", "x-k"), "x-k", "v"),
    )
    placed = MessageMember(("body",), "k", "v", ("a", "b"))
    plain = list(list_texts_around(body, is_multipart=False))
    assert plain[0] == ('"k":"', '"')
    assert list(list_texts_around(body, is_multipart=True)) == [
        ('name="k"\r\n\r\n', "\r\n"), *plain,
    ]  # fmt: skip
    assert list(list_texts_around(placed, is_multipart=False)) == [("a", "b"), *plain]
    heads = list(list_texts_around(header, is_multipart=False))
    assert heads[0] == ("x-k: ", "")
    assert ("X-K: ", "") in heads
    assert ('"X-K":"', '"') in heads
    inner = MessageMember(("header", "x-info"), "token", "v")
    assert ("token: ", "") not in list(list_texts_around(inner, is_multipart=False))


@pytest.mark.parametrize("name", ["password", "密码"])
def test_the_quick_test_lets_no_secret_member_through(name: str) -> None:
    def may(
        headers: Pairs = (), body: bytes | None = None, query: str = "", path: str = ""
    ) -> bool:
        return may_hold_secret_members(headers, body, query, path=path)

    escaped = json.dumps(name)[1:-1]
    assert may(body=f'{{"{name}": 1}}'.encode())
    assert may(body=f'{{"{escaped}": 1}}'.encode())
    assert may(query=f"{name}=1")
    assert may((("X-I", f'{{"{name}": 1}}'),))
    assert may((("X-I", f"a=1&{name}=2"),))
    assert may((("X-I", f"/x?{name}=2"),))
    assert may((("X-I", f"see /x?{name}=2"),))
    assert may((("X-Api-Key", "1"),))
    assert may(body=b'{"x": "eyJhIjoxfQ"}')
    assert may(body=b'{"x": "Basic eA=="}')
    assert may(body=b'"mysql://u:p@h"')
    assert may(path="/open-apis/bot/v2/hook/x")
    assert may((("Location", "/bot123"),))
    assert not may((("Authorization", f'{{"{name}": 1}}'), ("Cookie", f"{name}=1")))
    assert not may((("X-I", name), ("X-Name", "a")), b'{"user": "x"}', "q=1", "/x/y")
    assert not may()
