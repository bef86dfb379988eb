"""What is secret in an address: keys of webhooks, passwords, sessions in a path."""

from __future__ import annotations

from urllib.parse import quote_plus

import pytest

from bpmax_sim.secret.secret_addresses import (
    find_address_secrets,
    mask_address_secrets,
    may_hold_address_secret,
)

GUID = "0f8c1a2b-3d4e-5f60-7182-93a4b5c6d7e8"
HEX = "7f3c9a1b2d4e5f60718293a4b5c6d7e8"
LETTERS = "XyZ0aBcDeFgHiJkLmNoPqRs1"
LONG = "aZ09_kLmNoPqRsTuVwXyZ-0123456789abcdefghijkl"
TEAMS = f"/webhookb2/{GUID}@{GUID}/IncomingWebhook/{HEX}/{GUID}"
STANDIN = "redacted.http.any.sent-webhook_token.1"

WEBHOOKS = {
    "Lark": ("/open-apis/bot/v2/hook/{}", GUID),
    "Lark, first version": ("/open-apis/bot/hook/{}", HEX),
    "flow of Lark": ("/flow/api/trigger-webhook/{}?a=1", HEX),
    "WeCom": ("/cgi-bin/webhook/send?key={}", GUID),
    "WeCom, upload": ("/cgi-bin/webhook/upload_media?type=file&key={}&x=1", GUID),
    "Slack": ("/services/T02ABCD3E/B05FGHIJ7/{}", LETTERS),
    "flow of Slack": ("/workflows/T02ABCD3E/A05FGHIJ7/340012345/{}", LETTERS),
    "trigger of Slack": ("/triggers/T02ABCD3E/340012345/{}", LETTERS),
    "Discord": ("/api/webhooks/1234567890123456789/{}", LONG),
    "Discord, version 10": ("/api/v10/webhooks/1234567890123456789/{}/slack?wait=true", LONG),
    "Teams": (TEAMS.replace(HEX, "{}"), HEX),
    "Telegram": ("/bot123456789:{}/sendMessage?chat_id=7", LONG),
    "Telegram, escaped": ("/bot123456789%3A{}/getMe", LONG),
    "file of Telegram": ("/file/bot123456789:{}/documents/a.pdf", LONG),
    "Mattermost": ("/hooks/{}", "xen8w1nqz3ykpr7fhdm5toubsa"),
    "Rocket.Chat": ("/hooks/64fd0e5a7c1b2d3e4/{}", LONG.replace("-", "Q")),
    "Zapier": ("/hooks/catch/123456/{}/", "b4x9k2q"),
    "IFTTT": ("/trigger/door_open/with/key/{}", LETTERS),
    "ServerChan": ("/{}.send?title=x", f"SCT12345T{LETTERS}"),
    "ServerChan, first version": ("/{}.send", f"SCU1T{LETTERS}"),
}


@pytest.mark.parametrize(("address", "key"), WEBHOOKS.values(), ids=WEBHOOKS)
@pytest.mark.parametrize(
    "around", ["{}", "https://hooks.example.test{}", "请调用 https://a.test{} 。"]
)
def test_the_key_of_a_webhook_is_found(around: str, address: str, key: str) -> None:
    text = around.format(address.format(key))

    assert [found.text for found in find_address_secrets(text)] == [key]
    assert may_hold_address_secret(text.encode())
    assert mask_address_secrets(text) == around.format(address.format("*"))
    recorded = around.format(address.format(STANDIN))
    assert mask_address_secrets(recorded) == mask_address_secrets(text)


PASSWORDS = {
    "MySQL": ("mysql://crm:{}@db.example.test:3306/crm", "Zh0ng-9uo_77"),
    "no user": ("redis://:{}@r.example.test:6379/0", "Zh0ng-9uo_77"),
    "several hosts": ("postgresql+psycopg://u:{}@h1:5432,h2:5432/d", "Zh0ng-9uo_77"),
    "message queue": ("amqp://svc:{}@mq.example.test/%2F", "Zh0ng-9uo_77"),
    "web": ("见 https://user:{}@crm.example.test/a 。", "Zh0ng-9uo_77"),
    "a word": ("mysql://root:{}@h/d", "changeme"),
    "a number": ("http://admin:{}@oa.example.test/", "12345"),
    "IPv6": ("ftp://u:{}@[::1]:21/", "Zh0ng-9uo_77"),
    "with signs": ("mongodb+srv://u:{}@m.example.test", "p@ss:w,rd"),
    "two": ("amqp://u:{}@h1,amqp://u2:other-77x@h2", "Zh0ng-9uo_77"),
    "Oracle": ("jdbc:oracle:thin:scott/{}@h:1521:orcl", "Zh0ng-9uo_77"),
    "Go": ("crm:{}@tcp(h:3306)/d?parseTime=true", "Zh0ng-9uo_77"),
    "Go, by a socket": ("crm:{}@unix(/run/db.sock)/d", "Zh0ng-9uo_77"),
}


@pytest.mark.parametrize(("address", "password"), PASSWORDS.values(), ids=PASSWORDS)
def test_a_password_is_found_in_an_address(address: str, password: str) -> None:
    text = address.format(password)
    found = next(iter(find_address_secrets(text)))

    assert (found.name, found.text) == ("password", password)
    assert f"{found.before}{password}{found.after}" in text
    assert may_hold_address_secret(text.encode())
    assert may_hold_address_secret(f"dsn={quote_plus(text)}".encode())


def test_an_escaped_password_is_known_as_it_is_meant() -> None:
    found = [*find_address_secrets("redis://u:Zh0ng%409uo%2F77@h")]

    assert [one.text for one in found] == ["Zh0ng@9uo/77"]
    assert may_hold_address_secret(b"dsn=redis%3A%2F%2Fu%3AZh0ng%409uo")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("/portal/login;jsessionid=8F2A1C0D9E7B?a=1", ["8F2A1C0D9E7B"]),
        ("https://oa.example.test/a;JSESSIONID=8F2A1C0D9E7B.node1/x", ["8F2A1C0D9E7B.node1"]),
        ("https://h/a;JSESSIONID=8F2A1C0D", ["8F2A1C0D"]),
        ("/a;v=1;sid=8f2a1c0d;w=2/c;phpsessid=9e7b1234", ["8f2a1c0d", "9e7b1234"]),
        ("/a;token=8F2A1C0D9E7B6A5F;v=1", ["8F2A1C0D9E7B6A5F"]),
        ("/报表;sid=SO20260301", []), ("https://h/a;session=SpringMorning2026A", []),
        ("https://h/a;pass=2026SpringSemesterA1", []), ("/a;token=result12", []),
        ("/a;sid=abcdefgh", []), ("x=1;sid=8f2a1c0d", []),
        ("/a?b=/c#d;sid=8f2a1c0d", []),
    ],
)  # fmt: skip
def test_a_session_is_found_in_the_parameters_of_a_path(text: str, found: list[str]) -> None:
    assert [one.text for one in find_address_secrets(text)] == found
    assert may_hold_address_secret(text.encode()) or not found


def test_all_secret_names_count_in_the_path_of_a_request() -> None:
    found = [*find_address_secrets("/a;token=result12;v=1;sid=abcdefgh", is_path=True)]

    assert [one.text for one in found] == ["result12", "abcdefgh"]
    assert mask_address_secrets("/a;token=result12;v=1;SID=abcdefgh") == "/a;token=*;v=1;SID=*"


@pytest.mark.parametrize(
    "text",
    [
        "/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX", "/services/订单/B05/客户",
        "/open-apis/bot/v2/hook/xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx", "/open-apis/bot/v2/hook/",
        "/api/webhooks/12/deliveries", "/hooks/post-receive", "/bot123/sendMessage", "/hooks/",
        "/services/TestService/BasicService/GetCustomerOrders",
        "/services/TICKETS/BOOKING/createOrderRequest", "/hooks/usepermissioncheckprovider",
        "/flow/api/trigger-webhook/list-of-all-triggers",
        "http://10.0.0.8:8080&mail=a@b.example", "http://10.0.0.8:8080\\na@b.example",
        "mysql://#{u}:#{p}@h", "mysql://u:${DB_PASSWORD:}@h",
        "/cgi-bin/webhook/send?key=YOUR_KEY", "/cgi-bin/menu/get?key=0f8c1a2b3d4e5f607182",
        f"/cgi-bin/webhook/send?x=1#key={GUID}", f"/a/hook/{GUID}", f"/webhookb2/{GUID}",
        "http://10.0.0.8:8080，联系人：zhangsan@corp.example", "http://h:8080,zhang@x.example",
        "https://registry.example.test:5000/@scope/pkg@1.2.3", "张三:李四@tcp 会议", "a:b@c",
        f"docker://nginx:latest@sha256:{HEX}{HEX}", "ssh://git@git.example.test:2222/a.git",
        "git@github.com:org/repo.git", "mysql://${DB_USER}:${DB_PASSWORD}@h/db",
        "mysql://user:password@host/db", "redis://:****@h:6379", "https://user:<password>@h/a",
        "mysql://u:{{ password }}@h", "mysql://u:your_password@h", "ldap://h/cn=a:b,dc=c@d",
        "/a/b;v=1/c;lang=zh_CN", "/path;v=1?x=2", "/files/报表;version=20260302a;type=xlsx",
        "text/html; charset=utf-8; boundary=abc12345", "https://a.test/x#/路由;tab=20260302a",
        "a{color:red;width=100px2}", "邮箱 zhangsan@example.com 电话 13800138000",
    ],
)  # fmt: skip
def test_other_addresses_hold_no_secret(text: str) -> None:
    assert [*find_address_secrets(text)] == []
    assert mask_address_secrets(text) == text or "xx" in text.lower()
