"""Requests of other clients as calls: whose they are, what is logged, and what gets intercepted."""

from __future__ import annotations

import asyncio
import io
import json
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import aiohttp
import httpx
import pytest
import requests
import urllib3

from bpmax_sim.clock import SystemRandomSource, VirtualClock
from bpmax_sim.errors import ConfigError, TransportError
from bpmax_sim.i18n import to_plain_english
from bpmax_sim.messages import Headers, Pairs, Request, Response
from bpmax_sim.platform.load import load_usable_platforms
from bpmax_sim.proxy.environment import Environment
from bpmax_sim.secret.http_auth import move_user_to_header
from bpmax_sim.secret.pseudonym import make_pseudonym
from bpmax_sim.secret.vault import Vault
from bpmax_sim.session.credentials import add_personal_places
from bpmax_sim.traffic.external_clients import ExternalCallAdapter
from bpmax_sim.traffic.intercept import UnseenConnection, intercept_clients
from bpmax_sim.transport.redaction import redact_request
from tests.loopback import Loopback, answer_json, loopback

CRM = "https://crm.example.test/v1"
PHONE = make_pseudonym("13800138000")
PLATFORM = """
platform_key: crm
title: t
base_url: https://crm.example.test/v1
hosts: {files: https://files.crm.example.test}
credentials: {user: {secret: false}, password: {secret: true}}
auth:
  acquire:
    steps:
      - request:
          path: /login
          body: {user: "{{ user }}", password: "{{ password }}"}
        extract: {token: {path: $.token, secret: true}}
  apply: [{in: header, name: Authorization, value: "Bearer {{ token }}"}]
apis:
  stock: {path: /stock}
  order: {path: "/orders/{id}"}
  file: {path: "/f/{id}", host: files}
"""
BY_TENANT = """
platform_key: KEY
title: t
base_url: "https://{{ 租户 }}.KEY.example.test"
credentials: {租户: {secret: false}}
apis: {stock: {path: /stock}}
"""
INSTANCES = """
- {platform: crm, instance_key: one, default: true, base_url: {env: ONE}}
- {platform: crm, instance_key: two, base_url: {env: TWO}, hosts: {files: {env: FILES}}}
"""


@pytest.fixture(name="folder")
def folder_of(tmp_path: Path) -> Path:
    (tmp_path / "platforms").mkdir()
    (tmp_path / "platforms/crm.yaml").write_text(PLATFORM, "utf-8")
    (tmp_path / "instances.yaml").write_text(INSTANCES, "utf-8")
    return tmp_path


class Logins(Environment):
    """An environment that keeps how logins ended."""

    def finish_login_attempt(self, *ended: Any) -> None:
        self.ended = [*getattr(self, "ended", []), ended]


def adapter(
    folder: Path,
    environ: dict[str, str] | None = None,
    *,
    is_recorded: Callable[[Request], bool] = lambda _request: False,
    **options: Any,
) -> ExternalCallAdapter:
    known = load_usable_platforms(folder / "platforms", instances=folder / "instances.yaml")
    clock, vault = VirtualClock(100.0), Vault()

    def tenant(platform: Any, instance: Any) -> Any:
        return known.credentials(platform, instance, environ=environ or {}, closed=False)

    env = Logins(
        platforms=known, tenant=tenant, vault=vault, clock=clock, auth_clock=clock,
        chance=SystemRandomSource(), auth_chance=SystemRandomSource(),
    )  # fmt: skip
    return ExternalCallAdapter(
        known, environ or {}, env, vault, clock, is_recorded=is_recorded, **options
    )


def get(url: str, method: str = "GET", headers: Pairs = (), body: bytes | None = None) -> Request:
    return Request(method=method, url=url, headers=headers, body=body)


@pytest.mark.parametrize(
    ("url", "platform", "api", "path"),
    [
        (f"{CRM}/stock", "crm", "stock", "/stock"),
        (f"{CRM}/orders/7?x=1", "crm", "order", "/orders/7"),
        (f"{CRM}/nothing", "", "", "/v1/nothing"),
        ("https://files.crm.example.test/f/7", "crm", "file", "/f/7"),
        ("https://fremd.example.test/stock", "", "", "/stock"),
    ],
)
def test_a_request_is_the_call_of_the_api_that_it_addresses(
    folder: Path, url: str, platform: str, api: str, path: str
) -> None:
    clients = adapter(folder)

    calls = [clients.as_api_call(get(url), serial=serial).call for serial in (0, 7, 9)]

    assert calls[0] is not None
    assert (calls[0].platform, calls[0].api) == (platform, api)
    assert [one.serial for one in calls if one] == [0, 7, 9]
    if platform:
        assert calls[0].path == path


@pytest.mark.parametrize(
    ("url", "moved", "pair"),
    [
        ("https://u:p@crm.test:81/a?b=c@d#e", "https://crm.test:81/a?b=c@d#e", b"u:p"),
        ("https://u@crm.test", "https://crm.test", b"u:"),
        ("https://:p@crm.test/", "https://crm.test/", b":p"),
        ("HTTPS://u:p:q@CRM.test/", "HTTPS://CRM.test/", b"u:p:q"),
        ("https://u:p@q@crm.test/", "https://crm.test/", b"u:p@q"),
        ("https://%E5%BC%A0:%3A%40%2f@crm.test/", "https://crm.test/", "张::@/".encode()),
        ("https://张:三@crm.test/", "https://crm.test/", "张:三".encode()),
        ("https://u:%ff@[::1]:81/", "https://[::1]:81/", b"u:\xff"),
        ("https://@crm.test/", "https://crm.test/", None),
        ("https://crm.test/u:p@a", "https://crm.test/u:p@a", None),
        ("https://crm.test?u:p@a", "https://crm.test?u:p@a", None),
        ("https://crm.test#u:p@a", "https://crm.test#u:p@a", None),
        ("//u:p@crm.test/", "//u:p@crm.test/", None), ("u:p@crm.test", "u:p@crm.test", None),
        ("", "", None),
    ],
)  # fmt: skip
def test_a_user_in_an_address_is_sent_in_a_header(url: str, moved: str, pair: bytes | None) -> None:
    other = (("X-A", "1"),)
    basic = (("Authorization", f"Basic {b64encode(pair).decode()}"),) if pair is not None else ()

    assert move_user_to_header(url, other) == (moved, (*other, *basic))
    own = (("AUTHORIZATION", "Bearer t"),)
    assert move_user_to_header(url, own) == (moved, own)


@pytest.mark.parametrize(
    ("path", "api"), [("/stock", "stock"), ("/orders/7?a=%40", "order"), ("/nothing", "")]
)
@pytest.mark.parametrize("address", [CRM, "https://fremd.example.test"])
@pytest.mark.parametrize("is_live", [True, False])
def test_a_password_in_an_address_is_not_recorded(
    folder: Path, path: str, api: str, address: str, *, is_live: bool
) -> None:
    clients, plain = adapter(folder, is_live=is_live), f"{address}{path}"
    known = clients.as_api_call(get(plain.replace("://", "://u:geheim-2026@")))

    assert known.call is not None
    assert (known.url, known.call.api) == (plain, api if address == CRM else "")
    assert [value for _, value in known.headers] == ["Basic dTpnZWhlaW0tMjAyNg=="]
    shown = redact_request(known, clients.vault)
    assert shown.url == plain
    assert [value[:15] for _, value in shown.headers] == ["Basic redacted."]
    assert "geheim" not in repr((shown.url, shown.call and shown.call.path, shown.base))


@pytest.mark.parametrize(
    ("url", "places", "shown"),
    [
        (f"{CRM}/orders/13800138000?a=1", ("path.id",), f"{CRM}/orders/{PHONE}?a=1"),
        (f"{CRM}/orders/13800138000/?a=1", ("path.id",), f"{CRM}/orders/{PHONE}/?a=1"),
        (f"{CRM}/orders/13800138000", ("path.no",), f"{CRM}/orders/13800138000"),
        (f"{CRM}/nothing/13800138000", ("path.id",), f"{CRM}/nothing/13800138000"),
    ],
)
def test_personal_data_in_a_path_of_a_client_is_replaced(
    folder: Path, url: str, places: tuple[str, ...], shown: str
) -> None:
    clients = adapter(folder)
    known = add_personal_places(clients.as_api_call(get(url)), places)
    found = redact_request(known, clients.vault)

    assert found.url == shown
    assert found.call is not None
    assert shown.endswith(found.call.path + ("?a=1" if "?" in shown else ""))


def test_a_request_that_is_made_again_is_the_same_call(folder: Path) -> None:
    clients = adapter(folder)
    secret = (("Authorization", "Bearer geheim-zeichen-1"),)
    first = clients.as_api_call(get(f"{CRM}/stock", headers=secret), serial=1)
    second = clients.as_api_call(get(f"{CRM}/stock", headers=secret), serial=2)

    assert first.standin is not None
    assert second.standin is not None
    assert "geheim" not in dict(first.standin.headers)["Authorization"]
    assert first.standin.headers == second.standin.headers
    assert first.standin.call is not None
    assert second.standin.call is not None
    assert (first.standin.call.serial, second.standin.call.serial) == (1, 2)
    for number in range(300):
        call = clients.as_api_call(get(f"{CRM}/orders/{number}")).call
        assert call is not None
        assert call.path == f"/orders/{number}"


def test_what_a_broken_platform_might_declare_is_refused(folder: Path) -> None:
    (folder / "platforms/bad.yaml").write_text("platform_key: bad\napis: 1\n", "utf-8")
    clients = adapter(folder)

    assert clients.as_api_call(get(f"{CRM}/stock")).call is not None
    with pytest.raises(ConfigError, match=r"bad\.yaml"):
        clients.as_api_call(get("https://fremd.example.test/x"))


@pytest.mark.parametrize(
    ("path", "is_login", "status", "life"),
    [
        ("/login", True, 200, 0.0), ("/login", True, 302, 0.0), ("/login", True, 399, 0.0),
        ("/login", True, 400, None), ("/login", True, 500, None), ("/stock", False, 200, 0.0),
    ],
)  # fmt: skip
def test_a_login_of_a_client_ends_with_its_status(
    folder: Path, path: str, *, is_login: bool, status: int, life: float | None
) -> None:
    clients = adapter(folder)
    method, body = ("POST", b'{"user":"u","password":"p"}') if is_login else ("GET", None)

    response = clients.send_call(
        get(f"{CRM}{path}", method, body=body),
        lambda _request: Response(status=status, elapsed=1.5),
    )

    assert response.status == status
    ended = getattr(clients.env, "ended", [])
    assert ended == ([("crm", "one", life)] if is_login else [])
    assert clients.clock.now() == 101.5
    [record] = clients.env.calls
    assert (record.platform, record.instance, record.duration) == ("crm", "one", 1.5)
    assert (record.received, record.error) == (response, None)
    assert record.api == ("$token" if is_login else "stock")


@pytest.mark.parametrize(
    ("url", "platform", "api"),
    [
        (f"{CRM}/nothing", "crm.example.test", "GET"),
        ("https://fremd.example.test:81/x", "fremd.example.test", "GET"),
    ],
)
def test_a_call_that_nobody_declares_is_logged_by_host_and_method(
    folder: Path, url: str, platform: str, api: str
) -> None:
    clients = adapter(folder)
    clients.send_call(get(url), lambda _request: Response(status=200))

    [record] = clients.env.calls
    assert (record.platform, record.api) == (platform, api)


def test_a_call_that_fails_is_logged_with_its_error(folder: Path) -> None:
    def fail(_request: Request) -> Response:
        raise failure

    clients = adapter(folder)
    failure: Exception = TransportError("gone", code="RESET", elapsed=2.5)
    with pytest.raises(TransportError, match="gone"):
        clients.send_call(get(f"{CRM}/stock"), fail)
    failure = KeyError("x")
    with pytest.raises(KeyError):
        clients.send_call(get(f"{CRM}/stock"), fail)

    [record] = clients.env.calls
    assert record.error is not None
    assert "gone" in str(record.error)
    assert clients.clock.now() == 102.5  # the time until it failed has passed, too


@pytest.mark.parametrize("serial", [0, 7])
def test_a_call_has_the_number_with_which_it_was_sent(folder: Path, serial: int) -> None:
    clients, seen = adapter(folder), []

    def answer(request: Request) -> Response:
        assert request.call is not None
        seen.append(request.call.serial)
        return Response(status=200)

    for _ in range(2):
        clients.send_call(get(f"{CRM}/stock"), answer, serial=serial)

    assert len({*seen}) == (1 if serial else 2)
    assert not serial or {*seen} == {serial}


@pytest.mark.parametrize("is_live", [True, False])
def test_a_request_that_fits_several_apis_is_noted_once(folder: Path, *, is_live: bool) -> None:
    text = PLATFORM.replace("apis:\n", "apis:\n  same: {path: /stock}\n")
    (folder / "platforms/crm.yaml").write_text(text, "utf-8")
    clients = adapter(folder, {"ONE": "http://127.0.0.1:1"}, is_live=is_live)
    for number in range(3):
        clients.as_api_call(get(f"{CRM}/stock", headers=(("X-A", f"{number}"),)))

    [note] = clients.notes
    assert "same" in to_plain_english(note)


@pytest.mark.parametrize(
    ("url", "sent"),
    [
        (f"{CRM}/stock", "http://127.0.0.1:1/a/stock"),
        ("https://files.crm.example.test/f/7", "http://127.0.0.1:3/files/f/7"),
        ("https://files.crm.example.test/f/7?x=1", "http://127.0.0.1:3/files/f/7?x=1"),
    ],
)
def test_each_host_of_an_instance_has_its_own_live_address(
    folder: Path, url: str, sent: str
) -> None:
    one = (
        "- {platform: crm, instance_key: one, base_url: {env: ONE}, hosts: {files: {env: FILES}}}\n"
    )
    (folder / "instances.yaml").write_text(one, "utf-8")
    environ = {"ONE": "http://127.0.0.1:1/a/", "FILES": "http://127.0.0.1:3/files/"}
    clients = adapter(folder, environ, is_live=True)

    assert clients.needs_live_address(get(url))
    known = clients.as_api_call(get(url))
    assert (known.url, known.recorded_form.url) == (sent, url)


def test_a_platform_whose_address_is_open_does_not_end_the_search(folder: Path) -> None:
    open_ = "platform_key: a\nbase_url: 'https://{{ region }}.other.test'\n"
    more = "credentials: {region: {}}\napis: {stock: {path: /none}}\n"
    (folder / "platforms/a.yaml").write_text(open_ + more, "utf-8")
    clients = adapter(folder, is_recorded=lambda _request: True)

    call = clients.as_api_call(get("http://127.0.0.1:81/stock")).call
    assert call is not None
    assert (call.platform, call.api) == ("crm", "stock")


@pytest.mark.parametrize(
    ("path", "address", "declare"),
    [
        ("/stock", CRM, "base_url: http://127.0.0.1:81 of"),
        ("/f/7", "https://files.crm.example.test", "hosts: {files: http://127.0.0.1:81} of"),
    ],
)
def test_an_unknown_address_is_told_with_that_of_the_host_under_which_it_is_recorded(
    folder: Path, path: str, address: str, declare: str
) -> None:
    one = "- {platform: crm, instance_key: one, base_url: 'http://127.0.0.1:9'}\n"
    (folder / "instances.yaml").write_text(one, "utf-8")
    [(_, found), (_, advice)] = adapter(folder).explain_unknown_address(
        get(f"http://127.0.0.1:81{path}")
    )

    assert f"recorded under {address}, " in to_plain_english(found)
    assert to_plain_english(advice).startswith(declare)


@pytest.mark.parametrize(
    ("url", "instance", "shown"),
    [
        ("http://127.0.0.1:81/stock", "one", f"{CRM}/stock"),
        ("http://127.0.0.1:81/v1/stock", "one", f"{CRM}/stock"),
        ("http://127.0.0.1:81/f/7", "one", "https://files.crm.example.test/f/7"),
        ("http://127.0.0.1:81/stock", "", ""),
    ],
)
@pytest.mark.parametrize("other", ["", "aaa", "zzz"])
def test_a_replayed_client_may_be_at_another_address(
    folder: Path, url: str, instance: str, shown: str, other: str
) -> None:
    if other:  # of which no address is known without a credential, before or after that of crm
        (folder / f"platforms/{other}.yaml").write_text(BY_TENANT.replace("KEY", other), "utf-8")
    clients = adapter(folder, is_recorded=lambda request: request.recorded_form.url == shown)

    known = clients.as_api_call(get(url))

    assert known.call is not None
    assert known.call.instance == instance
    assert known.recorded_form.url == (shown or url)
    explained = [
        (to_plain_english(label), to_plain_english(text))
        for label, text in clients.explain_unknown_address(get(url))
    ]
    assert [label for label, _ in explained] == ["address", "test at"]
    assert "http://127.0.0.1:81" in explained[1][1]


@pytest.mark.parametrize("address", ["https://files.example.test", "https://files.crm.test"])
def test_a_further_host_has_a_fixed_address_beside_those_of_tenants(
    folder: Path, address: str
) -> None:
    text = BY_TENANT.replace("KEY.", "").replace("KEY", "crm").partition("apis:")[0]
    apis = "apis: {stock: {path: /stock}, file: {path: '/f/{id}', host: files}}\n"
    hosts = f'hosts: {{files: "{address}"}}\n'
    (folder / "platforms/crm.yaml").write_text(f"{text}{hosts}{apis}", "utf-8")
    two = INSTANCES.strip().splitlines()[1]
    (folder / "instances.yaml").write_text(f"{two}\n", "utf-8")
    live = {"TWO": "http://127.0.0.1:2", "FILES": "http://127.0.0.1:3"}

    sent = adapter(folder, live, is_live=True).as_api_call(get(f"{address}/f/7"))
    replayed = adapter(
        folder, is_recorded=lambda request: request.recorded_form.url == f"{address}/f/7"
    )

    assert (sent.url, sent.recorded_form.url) == ("http://127.0.0.1:3/f/7", f"{address}/f/7")
    asked = get("http://127.0.0.1:81/f/7")
    assert replayed.as_api_call(asked).recorded_form.url == f"{address}/f/7"
    [(_, said), (_, hint)] = replayed.explain_unknown_address(asked)
    assert address in to_plain_english(said)
    assert "FILES=http://127.0.0.1:81" in to_plain_english(hint)


@pytest.mark.parametrize(
    ("url", "is_live", "needs", "sent"),
    [
        (f"{CRM}/stock", True, True, "http://127.0.0.1:1/a/stock"),
        ("http://127.0.0.1:1/a/stock", True, False, "http://127.0.0.1:1/a/stock"),
        ("http://127.0.0.1:2/stock", True, False, "http://127.0.0.1:2/stock"),
        (f"{CRM}/stock", False, False, f"{CRM}/stock"),
        ("https://fremd.example.test/x", True, False, "https://fremd.example.test/x"),
    ],
)
def test_a_live_request_goes_to_where_the_instance_is(
    folder: Path, url: str, sent: str, *, is_live: bool, needs: bool
) -> None:
    environ = {"ONE": "http://127.0.0.1:1/a", "TWO": "http://127.0.0.1:2"}
    clients = adapter(folder, environ, is_live=is_live)

    assert clients.needs_live_address(get(url)) is needs
    known = clients.as_api_call(get(url))
    assert known.url == sent
    if "fremd" not in url:
        assert known.recorded_form.url == f"{CRM}/stock"
        assert known.call is not None
        assert known.call.instance == ("two" if ":2" in url else "one")


@pytest.mark.parametrize(
    ("recorded", "instance"), [("one", "one"), ("two", "two"), ("three", "three"), ("", "one")]
)
def test_of_instances_at_one_address_the_recorded_one_is_replayed(
    folder: Path, recorded: str, instance: str
) -> None:
    more = "- {platform: crm, instance_key: three, base_url: {env: TWO}}\n"
    (folder / "instances.yaml").write_text(INSTANCES + more, "utf-8")
    url = "http://127.0.0.1:1/a"
    clients = adapter(
        folder, {"ONE": url, "TWO": url},
        is_recorded=lambda request: request.call is not None and request.call.instance == recorded,
    )  # fmt: skip

    known = clients.as_api_call(get(f"{url}/stock"))

    assert known.call is not None
    assert (known.call.instance, known.call.api) == (instance, "stock")
    assert known.recorded_form.url == f"{CRM}/stock"
    other = clients.as_api_call(get(f"{url}/nothing"))
    assert other.call is not None
    assert other.recorded_form.url == f"{CRM}/nothing"


@pytest.mark.parametrize("address", ["", "http://{tenant}.example.test"])
def test_a_live_request_stays_where_no_fixed_address_is_known(folder: Path, address: str) -> None:
    one = f'- {{platform: crm, instance_key: one, base_url: "{address}"}}\n'
    text = one if address else "[]\n"
    (folder / "instances.yaml").write_text(text, "utf-8")
    clients = adapter(folder, {"TWO": "http://127.0.0.1:2"}, is_live=True)

    assert not clients.needs_live_address(get(f"{CRM}/stock"))
    assert clients.as_api_call(get(f"{CRM}/stock")).url == f"{CRM}/stock"


@pytest.mark.parametrize(
    ("url", "labels", "said"),
    [
        ("http://127.0.0.1:81/stock", ["address", "test at"], "base_url: http://127.0.0.1:81 of"),
        ("http://127.0.0.1:81/f/7", ["address", "test at"], "http://127.0.0.1:81"),
        ("http://127.0.0.1:81/nothing", ["address"], f"{CRM} (crm)"),
    ],
)
def test_an_unknown_address_is_declared_where_no_variable_has_it(
    folder: Path, url: str, labels: list[str], said: str
) -> None:
    one = "- {platform: crm, instance_key: one, base_url: 'http://127.0.0.1:9'}\n"
    (folder / "instances.yaml").write_text(one, "utf-8")
    told = [
        (to_plain_english(label), to_plain_english(text))
        for label, text in adapter(folder).explain_unknown_address(get(url))
    ]

    assert [label for label, _ in told] == labels
    assert said in told[-1][1]


def test_a_call_at_an_instance_that_nobody_declares_is_compared_at_the_declared_address(
    folder: Path,
) -> None:
    clients = adapter(folder, {"ONE": "http://127.0.0.1:1/a"}, is_live=True)
    moved = clients.as_api_call(get("http://127.0.0.1:1/a/nothing"))
    same = adapter(folder).as_api_call(get(f"{CRM}/nothing"))

    assert moved.url == "http://127.0.0.1:1/a/nothing"
    assert moved.standin is not None
    assert (moved.standin.url, moved.standin.call) == (f"{CRM}/nothing", moved.call)
    assert (same.url, same.standin, clients.notes) == (f"{CRM}/nothing", None, {})


class Listener:
    """Answers what it has an answer for, and keeps what clients sent and got."""

    def __init__(self, *answers: Response | None, passes: bool = False) -> None:
        self.answers, self.passes = [*answers], passes
        self.asked: list[Request] = []
        self.recorded: list[tuple[Request, Response]] = []
        self.serials: list[int] = []

    def is_sent_without_listener(self) -> bool:
        return self.passes

    def try_to_respond(self, request: Request, /) -> Response | None:
        self.asked.append(request)
        return self.answers.pop(0)

    def note_sending(self, request: Request, /) -> int:
        assert request is self.asked[-1]
        return len(self.asked)

    def record_response(self, request: Request, response: Response, serial: int, /) -> None:
        self.recorded.append((request, response))
        self.serials.append(serial)

    def warn_of_unanswered(self, requests: Sequence[Request], /) -> None:
        raise AssertionError(requests)

    def warn_of_unseen(self, connections: Sequence[UnseenConnection], /) -> None:
        raise AssertionError(connections)


@pytest.fixture(name="server")
def running() -> Iterator[Loopback]:
    headers = "X-A: 1\r\nX-A: 2\r\n"
    with loopback(lambda _raw: answer_json('{"a":1}', headers=headers)) as server:
        yield server


def test_a_recorded_response_is_given_to_the_client_once_each(server: Loopback) -> None:
    listener = Listener(
        Response(status=201, reason="Da", headers=(("X-B", "1"), ("x-c", "2")), body=b"eins"),
        Response(status=404, body=b"zwei"),
    )
    with intercept_clients(listener, "x"):
        first = requests.post(f"{server.url}/p?q=1", data="text", headers={"X-N": "v"}, timeout=9)
        second = requests.get(f"{server.url}/z", timeout=9)

    assert (first.status_code, first.reason, first.text) == (201, "Da", "eins")
    assert (first.headers["X-B"], first.headers["X-C"]) == ("1", "2")
    assert (second.status_code, second.text) == (404, "zwei")
    assert server.received == []
    assert listener.recorded == []
    assert [(one.method, one.url, one.body, one.follow) for one in listener.asked] == [
        ("POST", f"{server.url}/p?q=1", b"text", False), ("GET", f"{server.url}/z", None, False),
    ]  # fmt: skip
    assert dict(listener.asked[0].headers)["X-N"] == "v"


def test_what_a_client_sends_itself_is_recorded(server: Loopback) -> None:
    listener = Listener(None, None)
    with intercept_clients(listener, "x"):
        for path in ("/a", "/b"):
            assert requests.get(f"{server.url}{path}", timeout=9).json() == {"a": 1}

    assert len(server.received) == 2
    assert [request.url for request, _ in listener.recorded] == [
        f"{server.url}/a", f"{server.url}/b",
    ]  # fmt: skip
    for _, response in listener.recorded:
        assert (response.status, response.reason, response.body) == (200, "OK", b'{"a":1}')
        assert response.source == "live"
        assert 0 < response.elapsed < 9
    assert listener.serials == [1, 2]


def test_a_request_that_aiohttp_redirects_keeps_the_number_with_which_it_was_sent() -> None:
    def answer(raw: bytes) -> bytes:
        if raw.startswith(b"GET /z "):
            return answer_json('{"a":1}')
        return b"HTTP/1.1 302 Found\r\nlocation: /z\r\ncontent-length: 0\r\n\r\n"

    async def get(url: str) -> Any:
        async with aiohttp.ClientSession() as client, client.get(url) as got:
            return await got.json()

    listener = Listener(None)
    with loopback(answer) as server, intercept_clients(listener, "x"):
        assert asyncio.run(get(f"{server.url}/a")) == {"a": 1}

    paths = [request.url[-2:] for request, _ in listener.recorded]
    assert [*zip(paths, listener.serials, strict=True)] == [("/a", 1), ("/z", 0)]


def test_what_passes_the_listener_is_neither_asked_for_nor_recorded(server: Loopback) -> None:
    listener = Listener(passes=True)
    with intercept_clients(listener, "x"):
        assert requests.get(f"{server.url}/a", timeout=9).json() == {"a": 1}

    assert (listener.asked, listener.recorded, len(server.received)) == ([], [], 1)


def test_a_json_of_aiohttp_is_a_body_with_its_media_type(server: Loopback) -> None:
    async def post(value: Any) -> int:
        async with (
            aiohttp.ClientSession() as client,
            client.post(f"{server.url}/a", json=value) as got,
        ):
            return got.status

    values: list[Any] = [{"客户": 1}, [1, 2]]
    listener = Listener(*[Response(status=204)] * len(values))
    with intercept_clients(listener, "x"):
        assert [asyncio.run(post(value)) for value in values] == [204, 204]

    assert [json.loads(one.body or b"") for one in listener.asked] == values
    for one in listener.asked:
        assert Headers(one.headers).content_type == "application/json"


@pytest.mark.parametrize(
    ("body", "sent"),
    [
        ("客户", "客户".encode()), (b"\0\xff", b"\0\xff"), (bytearray(b"a"), b"a"), (None, None),
        ("", None), (iter([b"a", b"b"]), b"ab"), (io.BytesIO(b"file"), b"file"),
        ({"a": "1", "b": "2"}, b"a=1&b=2"),
    ],
)  # fmt: skip
def test_a_body_is_asked_for_whole(server: Loopback, body: Any, sent: bytes | None) -> None:
    listener = Listener(Response(status=204))
    with intercept_clients(listener, "x"):
        requests.post(f"{server.url}/a", data=body, timeout=9)

    assert [one.body for one in listener.asked] == [sent]


def test_headers_of_a_response_keep_the_order_in_which_they_arrived() -> None:
    names = ["X-Zeta", "Link", "X-Auth-Token", "Refresh", "Set-Cookie", "x-zeta", "Set-Cookie", "A"]
    sent = "".join(f"{name}: {n}\r\n" for n, name in enumerate(names))
    expected = (
        ("content-type", "application/json"), ("X-Zeta", "0"), ("X-Zeta", "5"), ("Link", "1"),
        ("X-Auth-Token", "2"), ("Refresh", "3"), ("Set-Cookie", "4"), ("Set-Cookie", "6"),
        ("A", "7"), ("content-length", "2"),
    )  # fmt: skip
    clients: list[Callable[[str], Any]] = [
        lambda url: requests.get(url, timeout=9),
        lambda url: urllib3.PoolManager().request("GET", url),
        urlopen,
        httpx.get,
    ]
    with loopback(lambda _raw: answer_json("{}", headers=sent)) as server:
        for send in clients:
            listener = Listener(None)
            with intercept_clients(listener, "x"):
                send(f"{server.url}/a")
            [(_, response)] = listener.recorded
            spelled = {name.lower(): name for name, _ in reversed(expected)}
            got = [(spelled[name.lower()], value) for name, value in response.headers]
            assert tuple(got) == expected
