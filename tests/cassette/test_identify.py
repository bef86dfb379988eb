from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import replace as changed
from typing import Any

import pytest
from msgspec.structs import replace

from bpmax_sim.messages import Request, Sensitive
from bpmax_sim.platform.instances import InstanceOrigin, InstanceWithOrigin
from bpmax_sim.platform.load import Platforms
from bpmax_sim.platform.matcher import Addresses, ApiMatch, ApiMatcher
from bpmax_sim.platform.model import (
    Acquire,
    Api,
    Apply,
    Auth,
    CredentialSpec,
    Extract,
    Instance,
    LoginRequest,
    LoginStep,
    Parameter,
    Platform,
    parse_sensitive_places,
)
from bpmax_sim.secret.vault import Vault
from bpmax_sim.traffic.identify import hide_credentials, identify_request

KEY = Apply(place="query", name="key", value="{{ secret }}")
CRM = Platform(
    platform_key="crm",
    base_url="https://crm.example.test/v1/",
    credentials={"secret": CredentialSpec(secret=True)},
    headers={"X-Tenant": "甲"},
    auth=Auth(
        parameters={"token": "{{ secret }}", "name": "X-Key"},
        apply=(
            Apply(place="header", name="Authorization", value="Bearer {{ token }}"),
            Apply(place="header", name="{{ name }}", value="public"),
            KEY,
        ),
    ),
    secret=("body.ticket", "header.X-Ticket"),
    redact=("body.phone",),
    apis={
        "get": Api(key="get", path="/客户/{id}"),
        "latest": Api(key="latest", path="/客户/latest"),
        "search": Api(
            key="search",
            path="/search?fixed=1",
            parameters=(Parameter(name="X-Trace", place="header"),),
            redact=("query.phone",),
        ),
        "open": Api(key="open", method="POST", path="/open", auth=Auth()),
        "typed": Api(
            key="typed", path="/typed", parameters=(Parameter(name="Content-Type", place="header"),)
        ),
    },
)
WIDE = Platform(platform_key="wide", base_url="https://{{ region }}.example.test", apis=CRM.apis)
PLATFORMS = Platforms(own={"crm": CRM, "wide": WIDE})

HAN = "%E5%AE%A2%E6%88%B7"


def matched(
    request: Request, platforms: Platforms, addresses: Addresses | None = None
) -> tuple[Request, ApiMatch]:
    match = ApiMatcher(platforms, addresses).match(request)
    assert match is not None
    return identify_request(request, match), match


def named(url: str, method: str = "GET", platforms: Platforms = PLATFORMS) -> str:
    request = Request(method=method, url=url)
    call = identify_request(request, ApiMatcher(platforms).match(request)).call
    return f"{call.name}@{call.instance} {call.path}" if call else ""


@pytest.mark.parametrize(
    ("url", "found"),
    [
        (f"https://crm.example.test/v1/{HAN}/7", f"crm.get@default /{HAN}/7"),
        (f"https://CRM.example.test/v1/{HAN}/latest?x=1", f"crm.latest@default /{HAN}/latest"),
        ("https://crm.example.test/v1/search", "crm.search@default /search"),
        ("https://cn.example.test/search#top", "wide.search@default /search"),
        (f"https://crm.example.test/v1/{HAN}/7/8", ""),
        ("https://crm.example.test/v10/search", ""),
        ("https://crm.example.test.evil.test/v1/search", ""),
        ("https://other.test/v1/search", ""),
        ("https://crm.example.test/v1", ""),
    ],
)  # fmt: skip
def test_a_request_belongs_to_the_api_of_its_address_and_path(url: str, found: str) -> None:
    assert named(url) == found


def test_the_method_has_to_fit() -> None:
    assert named("https://crm.example.test/v1/search", "post") == ""
    assert named("https://crm.example.test/v1/open", "post") == "crm.open@default /open"


def test_an_instance_is_known_by_its_address_and_the_default_one_comes_first() -> None:
    entries = [
        InstanceWithOrigin(Instance(platform="crm", instance_key="甲"), InstanceOrigin()),
        InstanceWithOrigin(
            Instance(platform="crm", instance_key="乙", default=True), InstanceOrigin()
        ),
        InstanceWithOrigin(
            Instance(platform="crm", instance_key="丙", base_url="https://third.test"),
            InstanceOrigin(),
        ),
        InstanceWithOrigin(
            Instance(platform="crm", instance_key="丁", enabled=False), InstanceOrigin()
        ),
    ]
    platforms = PLATFORMS.copy_replacing_entries(entries)
    live = Request(method="GET", url="http://127.0.0.1:8080/search")
    found, _ = matched(live, platforms, {("crm", "甲", ""): "http://127.0.0.1:8080"})

    assert named("https://crm.example.test/v1/search", platforms=platforms) == (
        "crm.search@乙 /search"
    )
    assert named("https://third.test/search", platforms=platforms) == "crm.search@丙 /search"
    assert found.call is not None
    assert (found.call.instance, found.base) == ("甲", "http://127.0.0.1:8080")
    assert ApiMatcher(platforms).match(live) is None


def test_what_auth_puts_in_and_what_nobody_declares_is_no_part_of_the_call() -> None:
    headers = (
        ("Authorization", "Bearer abc"),
        ("x-key", "public"),
        ("X-Trace", "1"),
        ("X-Tenant", "乙"),
        ("User-Agent", "sdk/1"),
        ("Content-Type", "text/plain"),
    )
    url = "https://crm.example.test/v1/search?key=abc&q=%E4%B8%AD"
    request = Request(method="GET", url=url, headers=headers, body=b"{}")
    found, _ = matched(request, PLATFORMS)

    assert found.call is not None
    assert found.call.query == (("q", "中"),)
    assert found.call.headers == (headers[2], headers[3], headers[5])
    assert found.injected == (
        "header.authorization",
        "header.x-key",
        "query.key",
        "header.user-agent",
    )
    assert found.sensitive == parse_sensitive_places(CRM.secret)
    assert found.sensitive[1] == Sensitive("header:X-Ticket", "X_Ticket")
    assert found.personal == ("body.phone", "query.phone")


def test_a_credential_is_hidden_by_its_place_however_short() -> None:
    cookie = "theme=default"
    headers = (("Authorization", "Bearer abc"), ("x-key", "public"), ("Cookie", cookie))
    url = "http://127.0.0.1:1/search?key=a%26b&q=1"
    vault = Vault()
    sent = Request(method="GET", url=url, headers=headers)
    crm = PLATFORMS.copy_replacing_entries(
        [InstanceWithOrigin(Instance(platform="crm", instance_key="test"), InstanceOrigin())]
    )
    live = {("crm", "test", ""): "http://127.0.0.1:1"}

    shown = hide_credentials(*matched(sent, crm, live), vault)

    assert shown.headers == (
        ("Authorization", "Bearer redacted.crm.test.client-authorization.1"),
        ("x-key", "public"),
        ("Cookie", "redacted.crm.test.client-cookie.1"),
    )
    assert vault.redact_text(cookie) == cookie  # which ordinary text may have, too
    assert shown.url == (
        "https://crm.example.test/v1/search?key=redacted.crm.test.client-key.1&q=1"
    )
    assert shown.base == "https://crm.example.test/v1"


def test_a_credential_that_the_vault_knows_keeps_its_stand_in() -> None:
    vault = Vault()
    vault.add("abcdefgh", "redacted.crm.default.secret.1", name="crm.default.secret")
    url = "https://crm.example.test/v1/search?key=abcdefgh"
    found = matched(Request(method="GET", url=url), PLATFORMS)

    assert hide_credentials(*found, vault).url.endswith("?key=redacted.crm.default.secret.1")


def test_headers_that_nobody_declares_are_listed_in_order() -> None:
    headers = tuple((name, "1") for name in ("X-C", "User-Agent", "x-a", "Accept", "X-B"))
    url = "https://crm.example.test/v1/search"

    found, _ = matched(Request(method="GET", url=url, headers=headers), PLATFORMS)

    assert found.injected[-5:] == (
        "header.accept", "header.user-agent", "header.x-a", "header.x-b", "header.x-c",
    )  # fmt: skip


@pytest.mark.parametrize("rest", ["?q=1", "", "?q=a%2Fb&c"])
@pytest.mark.parametrize("fragment", ["", "#top", "#a?b=1"])
def test_a_fragment_is_no_part_of_an_address(rest: str, fragment: str) -> None:
    url = f"https://crm.example.test/v1/search{rest}"
    found = matched(Request(method="GET", url=f"{url}{fragment}"), PLATFORMS)

    assert hide_credentials(*found, Vault()).url == url


def test_a_platform_without_a_fixed_address_keeps_the_one_in_use() -> None:
    platforms = changed(PLATFORMS, own={"wide": WIDE})
    url = "https://cn.example.test/search?q=1"
    found = matched(Request(method="GET", url=url), platforms)

    assert hide_credentials(*found, Vault()).url == url


@pytest.mark.parametrize(
    ("path", "body", "kept"),
    [
        (f"{HAN}/7", None, ()), (f"{HAN}/7", b"", ()), (f"{HAN}/7", b"{}", ("Content-Type",)),
        # what the API itself declares, it compares without a body, too
        ("typed", None, ("Content-Type",)), ("typed", b"{}", ("Content-Type",)),
    ],
)  # fmt: skip
def test_a_content_type_belongs_to_the_call_only_where_there_is_a_body(
    path: str, body: bytes | None, kept: tuple[str, ...]
) -> None:
    url = f"https://crm.example.test/v1/{path}"
    headers = (("Content-Type", "application/json"),)
    found, _ = matched(Request(method="GET", url=url, headers=headers, body=body), PLATFORMS)

    assert found.call is not None
    assert tuple(name for name, _ in found.call.headers) == kept


LOGIN = {
    "user": "{{ user }}",
    "params": {"args": ["{{ db }}", "{{ user }}", "{{ password }}"]},
    "list": [{"key": "{{ password }}"}],
}
ODOO = Platform(
    platform_key="odoo",
    base_url="https://odoo.example.test",
    credentials={"user": CredentialSpec(), "db": CredentialSpec(),
                 "password": CredentialSpec(secret=True)},
    auth=Auth(
        acquire=Acquire(
            steps=(
                LoginStep(
                    request=LoginRequest(method="POST", path="/jsonrpc", body=LOGIN),
                    extract={"token": Extract(path="$.token")},
                ),
            )
        )
    ),
)  # fmt: skip
HIDDEN = "redacted.odoo.default.password.1"


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ('{"params":{"args":["d","u","geheim-2026"]}}', {"params": {"args": ["d", "u", HIDDEN]}}),
        ('{"params":{"args":["d","geheim-2026"]}}', {"params": {"args": ["d", "geheim-2026"]}}),
        ('{"list":[{"key":"geheim-2026"}]}', {"list": [{"key": HIDDEN}]}),
        ('{"list":[{"key":"geheim-2026"},{"key":"geheim-2026"}]}',
         {"list": [{"key": HIDDEN}, {"key": "geheim-2026"}]}),  # not declared
        ('{"more":[[{"password":"geheim-2026"}]]}',
         {"more": [[{"password": "redacted.odoo.default.client-more-password-5df7c069.1"}]]}),
        ('{"password":["geheim-2026",["geheim-2026"]]}',
         {"password": ["redacted.odoo.default.client-password.1",
                       ["redacted.odoo.default.client-password.1"]]}),
        ('[{"a":1},{"password":"geheim-2026"}]',
         [{"a": 1}, {"password": "redacted.odoo.default.client-password.1"}]),
        ('{"params":{"args":["d","u",""]}}', {"params": {"args": ["d", "u", ""]}}),
        ('{"params":{"args":["d","u",null,5]}}', {"params": {"args": ["d", "u", None, 5]}}),
        ('{"params":{"args":{"2":"geheim-2026"}}}', {"params": {"args": {"2": "geheim-2026"}}}),
        ("5", 5), ("[]", []),
    ],
)  # fmt: skip
def test_a_password_of_a_login_is_hidden_also_in_a_list(sent: str, shown: object) -> None:
    request = Request(method="POST", url="https://odoo.example.test/jsonrpc", body=sent.encode())
    platforms = Platforms(own={"odoo": ODOO})

    found = hide_credentials(*matched(request, platforms), Vault()).body

    assert found is not None
    assert json.loads(found) == shown
    assert ("geheim" in sent) or found == sent.encode()


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        (b"user=u%7e&x=+", b"user=u%7e&x=+"), (b"", b""), (b"\xff", b"\xff"),
        (b"user=u%7e&password=geheim-2026&x=",
         b"user=u%7e&password=redacted.odoo.default.client-password.1&x="),
        (b"user=%D5%C5&password=geheim-2026&&a",
         b"user=%D5%C5&password=redacted.odoo.default.client-password.1&&a"),
        ("用户=张三&password=geheim-2026".encode(),
         "用户=张三&password=redacted.odoo.default.client-password.1".encode()),
        ("用户=张三&password=geheim-2026".encode("gb18030"),
         "用户=张三&password=redacted.odoo.default.client-password.1".encode("gb18030")),
        ("password=通行口令-2026".encode("gb18030"),
         b"password=redacted.odoo.default.client-password.1"),
        (b"password=", b"password="), (b"{", b"{"),
    ],
)  # fmt: skip
def test_a_form_of_a_login_is_changed_only_where_it_holds_a_secret(
    sent: bytes, shown: bytes
) -> None:
    request = Request(method="POST", url="https://odoo.example.test/jsonrpc", body=sent)
    platforms = Platforms(own={"odoo": ODOO})

    assert hide_credentials(*matched(request, platforms), Vault()).body == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        # the user, and the stand-in of the password
        ("Basic dTpnZWhlaW0tMjAyNg==", "Basic dTpyZWRhY3RlZC5vZG9vLmRlZmF1bHQucGFzc3dvcmQuMQ=="),
        ("Bearer geheim-2026", "Bearer redacted.odoo.default.password.1"),
        ("geheim-2026", "redacted.odoo.default.password.1"),
        ("", ""),
    ],
)
def test_a_login_hides_the_credential_behind_its_scheme(value: str, shown: str) -> None:
    step = LoginStep(
        request=LoginRequest(
            method="POST", path="/login", headers={"X-Auth": "Basic {{ (user ~ password) | b64 }}"}
        ),
        extract={"token": Extract(path="$.token")},
    )
    platform = replace(ODOO, auth=Auth(acquire=Acquire(steps=(step,))))
    request = Request(
        method="POST", url="https://odoo.example.test/login", headers=(("X-Auth", value),)
    )

    found = hide_credentials(*matched(request, Platforms(own={"odoo": platform})), Vault())

    assert found.headers == (("X-Auth", shown),)
    assert "geheim" not in found.headers[0][1]


@pytest.mark.parametrize(
    ("password", "others"),
    [
        ("geheim-2026", {"geheim-2026": HIDDEN}),
        ("geheim%2B2026", {"geheim%2B2026": HIDDEN, "geheim+2026": HIDDEN}),
        # beside the instance's own it is a wrong one
        ("falsch-2026", {"eigen-2026": HIDDEN,
                         "falsch-2026": "redacted.odoo.default.client-password.1"}),
    ],
    ids=["plain", "escaped", "wrong"],
)  # fmt: skip
def test_a_password_of_basic_is_known_from_then_on(password: str, others: dict[str, str]) -> None:
    step = LoginStep(
        request=LoginRequest(
            method="POST", path="/login", headers={"X-Auth": "Basic {{ (user ~ password) | b64 }}"}
        ),
        extract={"token": Extract(path="$.token")},
    )
    platform = replace(ODOO, auth=Auth(acquire=Acquire(steps=(step,))))
    headers = (("X-Auth", f"Basic {b64encode(f'u:{password}'.encode()).decode()}"),)
    request = Request(method="POST", url="https://odoo.example.test/login", headers=headers)
    vault = Vault()
    if "eigen-2026" in others:
        vault.add("eigen-2026", HIDDEN, name="odoo.default.password")

    hide_credentials(*matched(request, Platforms(own={"odoo": platform})), vault)

    assert {text: vault.redact_text(text) for text in others} == others


@pytest.mark.parametrize(
    ("base", "url", "shown"),
    [
        ("https://odoo.example.test/v1", "/login", "https://odoo.example.test/v1/login"),
        ("https://odoo.example.test/v1", "https://sso.example.test/login", None),
        ("https://odoo.example.test/v1", "https://sso.example.test:81/v2/login", None),
        ("https://odoo.example.test/v1", "https://odoo.example.test/login", None),
    ],
)
def test_a_login_stands_in_a_recording_at_its_own_address(
    base: str, url: str, shown: str | None
) -> None:
    where: dict[str, Any] = {"path": url} if url.startswith("/") else {"url": url}
    step = LoginStep(
        request=LoginRequest(method="POST", body={"key": "{{ password }}"}, **where),
        extract={"token": Extract(path="$.token")},
    )
    platform = replace(ODOO, base_url=base, auth=Auth(acquire=Acquire(steps=(step,))))
    sent = base + url if url.startswith("/") else url
    request = Request(method="POST", url=f"{sent}?a=1", body=b'{"key":"geheim-2026"}')

    found = hide_credentials(*matched(request, Platforms(own={"odoo": platform})), Vault())

    assert found.url == f"{shown or url}?a=1"
    assert found.url.startswith(found.base)
    assert found.body is not None
    assert b"geheim" not in found.body


@pytest.mark.parametrize(
    ("where", "sent", "shown"),
    [
        ({"path": "/令牌/{{ password }}/{{ user }}"}, "/%E4%BB%A4%E7%89%8C/geheim-26/张三",
         "/%E4%BB%A4%E7%89%8C/{}/%E5%BC%A0%E4%B8%89"),
        ({"path": "/t-{{ password | b64 }}/"}, "/t-geheim-26/", "/t-{}/"),
        ({"path": "{{ page }}"}, "/in/geheim-26", "/in/{}"),
        ({"path": "/in/{{ both }}"}, "/in/z:geheim-26", "/in/z:{}"),
        ({"path": "/in/{{ user }}"}, "/in/geheim-26", "/in/geheim-26"),
        ({"url": "{{ base_url }}/in?who={{ user }}&kk={{ password }}"}, "/in?who=z&kk=geheim-26",
         "/in?who=z&kk={}"),
    ],
)  # fmt: skip
def test_a_secret_in_the_address_of_a_login_is_hidden(
    where: dict[str, str], sent: str, shown: str
) -> None:
    auth = Auth(
        parameters={"page": "/in/{{ password }}", "both": "{{ user }}:{{ password }}"},
        acquire=Acquire(
            steps=(
                LoginStep(request=LoginRequest(method="GET", **where), extract={}),  # type: ignore[arg-type]
            )
        ),
    )
    base = ODOO.base_url
    platforms = Platforms(own={"odoo": replace(ODOO, auth=auth)})
    vault = Vault()

    found = hide_credentials(*matched(Request(method="GET", url=base + sent), platforms), vault)

    assert found.call is not None
    assert found.url == base + shown.format(HIDDEN)
    assert found.call.path == shown.format(HIDDEN).partition("?")[0]
    assert ("geheim-26" in vault.redact_text("geheim-26")) == ("geheim-26" in found.url)
