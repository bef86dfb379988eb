"""Requests of other clients, one by one: whose call each is, what is recorded, where it is sent."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bpmax_sim.cassette.matching import MatchingRules
from bpmax_sim.clock import SystemRandomSource, VirtualClock
from bpmax_sim.errors import ConfigError, NoMatchError, TransportError
from bpmax_sim.i18n import to_plain_english
from bpmax_sim.messages import Exchange, FailedExchange, Pairs, Request, Response
from bpmax_sim.platform.load import Platforms, load_usable_platforms
from bpmax_sim.platform.matcher import ApiMatcher
from bpmax_sim.proxy.environment import Environment
from bpmax_sim.secret.vault import Vault
from bpmax_sim.traffic.external_clients import ExternalCallAdapter, register_credentials
from bpmax_sim.traffic.identify import hide_credentials, identify_request
from bpmax_sim.traffic.import_recording import prepare_import, register_all_credentials
from bpmax_sim.traffic.imported import ForeignExchanges

CRM = "https://crm.example.test/v1"
FILES = "https://files.example.test/f"
PLATFORM = """
platform_key: crm
title: 客户
base_url: https://crm.example.test/v1/
hosts: {files: https://files.example.test/f}
credentials: {user: {secret: false}, password: {secret: true}, key: {secret: true}}
secret: [body.ticket, header.X-Ticket]
redact: [body.phone]
charset: gbk
headers: {X-Tenant: 甲}
auth:
  acquire:
    steps:
      - request:
          method: POST
          path: /login
          query: {sign: "{{ key }}"}
          headers: {X-Auth: "Basic {{ (user ~ ':' ~ password) | b64 }}"}
          body: {user: "{{ user }}", password: "{{ password }}"}
        extract: {token: {path: $.token, secret: true}}
  apply:
    - {in: header, name: Authorization, value: "Bearer {{ token }}"}
    - {in: query, name: key, value: "{{ key }}"}
apis:
  stock: {path: /stock}
  save:
    method: POST
    path: /客户/{id}
    redact: [query.phone]
    parameters: [{name: id, in: path, required: true}, {name: X-Trace, in: header},
                 {name: name, in: body}]
  open: {path: /open, auth: none}
  file: {path: "/file/{id}", host: files}
"""
ERP = """
platform_key: erp
title: 仓库
base_url: https://crm.example.test/v1
apis: {stock: {path: /stock}, own: {path: /own}}
"""
SSO = """
platform_key: sso
title: 门户
base_url: https://sso.example.test/v1
credentials: {key: {secret: true}}
auth:
  acquire:
    steps:
      - request: {method: POST, url: "https://login.example.test/v2/login", body: {k: "{{ key }}"}}
        extract: {token: {path: $.token, secret: true}}
  apply: [{in: path, name: schluessel, value: "{{ key }}"}]
apis: {get: {path: "/{schluessel}/kunden/{id}"}}
"""
TENANTS = """
platform_key: tenant
title: 租户
base_url: "https://{{ name }}.tenant.example.test"
credentials: {name: {secret: false}}
apis: {list: {path: /list}}
"""
INSTANCES = """
- {platform: crm, instance_key: one, default: true, base_url: {env: ONE},
   credentials: {user: u, password: {env: PASSWORD}, key: {env: KEY}}}
- {platform: crm, instance_key: two, base_url: {env: TWO}, hosts: {files: {env: FILES}},
   credentials: {user: u, password: {env: PASSWORD_2}, key: {env: KEY_2}}}
- {platform: tenant, instance_key: three, enabled: false, credentials: {name: {env: TENANT}}}
"""
SECRETS = {"PASSWORD": "geheim-2026-eins", "KEY": "schluessel-eins-2026"}


@pytest.fixture(name="folder", scope="module")
def folder_of(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clients")
    (folder / "platforms").mkdir()
    for name, text in (("crm", PLATFORM), ("tenant", TENANTS)):
        (folder / f"platforms/{name}.yaml").write_text(text, "utf-8")
    (folder / "instances.yaml").write_text(INSTANCES, "utf-8")
    return folder


def load(folder: Path) -> Platforms:
    return load_usable_platforms(folder / "platforms", instances=folder / "instances.yaml")


def identify(platforms: Platforms, request: Request) -> Request:
    return identify_request(request, ApiMatcher(platforms).match(request))


def test_a_request_becomes_the_call_of_its_api_without_what_the_client_added(
    folder: Path,
) -> None:
    platforms = load(folder)
    added: Pairs = (("x-b", "2"), ("X-A", "3"))
    json_type = ("Content-Type", "application/json")
    auth = ("header.authorization", "query.key")
    kunde = "/%E5%AE%A2%E6%88%B7"
    cases: dict[str, tuple[Request, Any]] = {
        "get": (Request(method="get", url=f"{CRM}/stock?key=k&a=1", headers=(
                    ("X-TENANT", "1"), ("X-Other", "2"), ("Authorization", "3"), json_type)),
                ("crm.stock", "GET", "/stock", (("a", "1"),), (("X-TENANT", "1"),), None,
                 (*auth, "header.content-type", "header.x-other"), ("body.phone",), "/stock",
                 False)),
        "post": (Request(method="POST", url=f"{CRM}{kunde}/a%2Fb?phone=1", body=b"{}",
                         headers=(("X-Trace", "1"), json_type, *added)),
                 ("crm.save", "POST", f"{kunde}/a%2Fb", (("phone", "1"),),
                  (("X-Trace", "1"), json_type), b"{}", (*auth, "header.x-a", "header.x-b"),
                  ("body.phone", "query.phone"), "/客户/{id}", False)),
        "from a file": (Request(method="POST", url=f"{CRM}{kunde}/a", headers=added,
                                injected=("header.x-b", "header.x-c", "query.y")),
                        ("crm.save", "POST", f"{kunde}/a", (), (("X-A", "3"),), None,
                         (*auth, "header.x-b"), ("body.phone", "query.phone"), "/客户/{id}",
                         False)),
        "open": (Request(method="GET", url=f"{CRM}/open", headers=(("X-Trace", "1"),)),
                 ("crm.open", "GET", "/open", (), (), None, ("header.x-trace",), ("body.phone",),
                  "/open", False)),
        "other host": (Request(method="GET", url=f"{FILES}/file/1?key=1"),
                       ("crm.file", "GET", "/file/1", (), (), None, auth, ("body.phone",),
                        "/file/{id}", False)),
        "login": (Request(method="POST", url=f"{CRM}/login?sign=1&a=2", headers=(
                      ("X-Auth", "x"), ("X-Trace", "1"))),
                  ("crm.$token", "POST", "/login", (("sign", "1"), ("a", "2")), (("X-Auth", "x"),),
                   None, ("header.user-agent", "header.x-trace"), ("body.phone",), "", True)),
    }  # fmt: skip
    found = {name: identify(platforms, request) for name, (request, _) in cases.items()}

    assert {
        name: (
            one.call.name, one.call.method, one.call.path, one.call.query, one.call.headers,
            one.call.body, one.injected, one.personal, one.path_template, one.confined,
        )
        for name, one in found.items() if one.call
    } == {name: wanted for name, (_, wanted) in cases.items()}  # fmt: skip
    assert {(one.call.instance, one.charset) for one in found.values() if one.call} == {
        ("one", "gbk")
    }
    assert [place.path for place in found["get"].sensitive] == ["body.ticket", "header:X-Ticket"]
    assert [found[name].base for name in ("get", "other host")] == [CRM, FILES]
    unknown = Request(method="GET", url=f"{CRM}/nein")
    assert identify(platforms, unknown) is unknown


def hide(platforms: Platforms, request: Request, vault: Vault) -> Request:
    match = ApiMatcher(platforms).match(request)
    assert match is not None
    return hide_credentials(identify_request(request, match), match, vault)


def test_the_credentials_of_a_login_are_hidden_wherever_it_has_them(folder: Path) -> None:
    platforms, vault = load(folder), Vault()
    basic = b64encode(b"u:geheim%2B2026-eins").decode()
    request = Request(
        method="POST",
        url=f"{CRM}/login?sign=schluessel-2026-eins&a=%31&API_KEY=fremd-2026-eins&key#x",
        headers=(
            ("X-AUTH", f"Basic {basic}"), ("Cookie", "sid=abcdef123456"), ("X-Key", "offen"),
            ("Proxy-Authorization", "Bearer stellvertreter-2026"), ("Content-Type", "x/json"),
        ),
        body=b'{"user":"u","password":"anderes-2026","n":1,"t":["x",{"token":"marke-2026-eins"},'
        b'{"token":"marke-2026-zwei"}],"secret":""}',
    )  # fmt: skip
    shown = hide(platforms, request, vault)
    own, tenant = "redacted.crm.one.password.1", "redacted.crm.one.client"

    assert shown.url == (
        f"{CRM}/login?sign=redacted.crm.one.key.1&a=%31&API_KEY={tenant}-API_KEY.1&key"
    )
    assert shown.headers == (
        ("X-AUTH", f"Basic {b64encode(f'u:{own}'.encode()).decode()}"),
        ("Cookie", f"{tenant}-cookie.1"), ("X-Key", "offen"),
        ("Proxy-Authorization", f"Bearer {tenant}-proxy-authorization.1"),
        ("Content-Type", "x/json"),
    )  # fmt: skip
    assert shown.body is not None
    assert shown.body.startswith(f'{{"user": "u", "password": "{tenant}-password.1", '.encode())
    assert shown.call is not None
    assert (shown.call.body, shown.call.path, shown.base) == (shown.body, "/login", CRM)
    texts = ["geheim+2026-eins", "anderes-2026", "marke-2026-eins", "marke-2026-zwei", "offen"]
    hidden = [vault.redact_text(text) for text in texts]
    assert [hidden[0], hidden[1], hidden[4]] == [own, f"{tenant}-password.1", "offen"]
    assert [text.rpartition(".")[2] for text in hidden[2:4]] == ["1", "2"]
    assert hidden[2].startswith(f"{tenant}-t-token-")
    assert hide(platforms, request, vault) == shown  # the same secrets keep their stand-ins


def test_the_body_of_a_login_changes_only_where_it_has_a_secret(folder: Path) -> None:
    standin = "redacted.crm.one.client-password.1"
    bodies = {
        b'{ "user" : "u" }': b'{ "user" : "u" }', b"[ 1 ]": b"[ 1 ]",
        b'[{"password":"kennwort-1"}]': f'[{{"password": "{standin}"}}]'.encode(),
        '{"名":"甲","密码":["kennwort-2026"]}'.encode():
            '{"名": "甲", "密码": ["redacted.crm.one.client-20acca65.1"]}'.encode(),
        b'{"token": "ein Satz", "signature": "a b"}': b'{"token": "ein Satz", "signature": "a b"}',
        b"user=u&p%61ssword=kennwort%2B1&x=%zz":
            b"user=u&p%61ssword=redacted.crm.one.password.1&x=%zz",
        b'{"password": 7}': b'{"password": 7}', b"null": b"null",
    }  # fmt: skip
    found = {}
    for body in bodies:
        request = Request(method="POST", url=f"{CRM}/login", body=body)
        found[body] = hide(load(folder), request, Vault()).body

    assert found == bodies


def test_a_secret_in_a_path_and_a_login_elsewhere_are_recorded_at_their_own_address(
    tmp_path: Path,
) -> None:
    (tmp_path / "sso.yaml").write_text(SSO, "utf-8")
    platforms, vault = load_usable_platforms(tmp_path), Vault()
    base, login = "https://sso.example.test/v1", "https://login.example.test/v2/login"
    call = hide(
        platforms, Request(method="GET", url=f"{base}/ge%2Bheim-2026/kunden/a%20b?x=1"), vault
    )
    logged = hide(platforms, Request(method="POST", url=login, body=b'{"k":"ge+heim-2026"}'), vault)
    standin = "redacted.sso.default.client-schluessel.1"

    assert call.url == f"{base}/{standin}/kunden/a%20b?x=1"
    assert vault.redact_text("ge+heim-2026") == standin
    assert (logged.url, logged.body) == (login, f'{{"k": "{standin}"}}'.encode())
    assert login.startswith(logged.base)


def test_a_call_hides_what_auth_puts_in_and_stays_itself_if_there_is_nothing(
    folder: Path,
) -> None:
    platforms, vault = load(folder), Vault()
    plain = identify(platforms, Request(method="GET", url=f"{CRM}/stock?password=geheim-2026"))
    match = ApiMatcher(platforms).match(plain)
    assert match is not None
    cases = {
        "auth": (f"{CRM}/stock?key=schluessel-2026&a=1#x",
                 (("AUTHORIZATION", "Bearer marke-2026"), ("Cookie", "sid=keks-2026-abc"))),
        "escaped": (f"{CRM}/stock?k%65y=schl%2Bssel-2026", ()),
        "address": ("HTTPS://CRM.example.test:443/v1/stock", ()),
        "host": (f"{FILES}/file/%37?key=schluessel-2026", ()),
        "chinese": (f"{CRM}/客户/a b?phone=%D6%D0&key=%D6%D0%CE%C4-2026", ()),
        "short": (f"{CRM}/stock?key=ab&key=", (("Authorization", "kurz"), ("Cookie", ""))),
    }  # fmt: skip
    found = {}
    for name, (url, headers) in cases.items():
        method = "POST" if name == "chinese" else "GET"
        shown = hide(platforms, Request(method=method, url=url, headers=headers), vault)
        found[name] = (shown.url, tuple(value for _, value in shown.headers))
    standin = "redacted.crm.one.client"

    assert hide_credentials(plain, match, vault) is plain
    assert found == {
        "auth": (f"{CRM}/stock?key={standin}-key.1&a=1",
                 (f"Bearer {standin}-authorization.1", f"{standin}-cookie.1")),
        "escaped": (f"{CRM}/stock?k%65y={standin}-key.2", ()),
        "address": (f"{CRM}/stock", ()),
        "host": (f"{FILES}/file/7?key={standin}-key.1", ()),
        "chinese": (f"{CRM}/%E5%AE%A2%E6%88%B7/a%20b?phone=%D6%D0&key={standin}-key.3", ()),
        "short": (f"{CRM}/stock?key={standin}-key.4&key=", (f"{standin}-authorization.2", "")),
    }  # fmt: skip
    words = ("schluessel-2026", "schl+ssel-2026", "ab", "kurz")
    assert [vault.redact_text(text) for text in words] == [
        f"{standin}-key.1", f"{standin}-key.2", "ab", "kurz",
    ]  # fmt: skip


class Logins(Environment):
    """An environment that keeps how logins ended."""

    ended: tuple[Any, ...] = ()

    def finish_login_attempt(self, *ended: Any) -> None:
        self.ended += (ended,)


def adapter(
    folder: Path, environ: dict[str, str] | None = None, *, separate: bool = False, **options: Any
) -> ExternalCallAdapter:
    known, vault, clock = load(folder), Vault(), VirtualClock(100.0)

    def tenant(platform: Any, instance: Any) -> Any:
        credentials = known.credentials(platform, instance, environ=environ or {}, closed=False)
        names = (platform.platform_key, instance.instance_key)
        register_credentials(credentials, names, vault)
        return credentials

    env = Logins(
        platforms=known, tenant=tenant, vault=vault, clock=clock, auth_clock=clock,
        chance=SystemRandomSource(), auth_chance=SystemRandomSource(), separate=separate,
    )  # fmt: skip
    return ExternalCallAdapter(known, environ or {}, env, vault, clock, **options)


def places(clients: ExternalCallAdapter, *urls: str) -> dict[str, Any]:
    """Return whose call each is, where it is sent, and where it is recorded."""
    found = {}
    for url in urls:
        known = clients.as_api_call(Request(method="GET", url=url))
        assert known.call is not None
        name = f"{known.call.name}@{known.call.instance}" if known.call.platform else ""
        found[url] = (name, known.url, known.recorded_form.url)
    return found


ENVIRON = {
    "ONE": "https://eins.test/api/", "TWO": "https://zwei.test",
    "FILES": "https://dateien.test/d/", **SECRETS,
}  # fmt: skip
STOCK, NOTHING = f"{CRM}/stock", f"{CRM}/nein"
FILE = f"{FILES}/file/1"


def test_an_address_is_that_of_an_instance_and_is_recorded_as_the_declared_one(
    folder: Path,
) -> None:
    both: dict[str, Any] = {
        "https://eins.test/api/stock?x=1": ("crm.stock@one", None, f"{STOCK}?x=1"),
        "https://zwei.test/stock": ("crm.stock@two", None, STOCK),
        "https://zwei.test/nein#x": ("", None, NOTHING),
        "https://zwei.test/a%7E//%E5%AE%A2?": ("", None, f"{CRM}/a%7E//%E5%AE%A2?"),
        "https://dateien.test/d/file/1": ("crm.file@two", None, FILE),
        FILE: ("crm.file@one", None, None),
        f"{FILES}/nein": ("", None, None),
        "https://x.tenant.example.test/list": ("tenant.list@default", None, None),
        "https://fremd.test/v1/stock": ("", None, None),
    }
    replayed = both | {STOCK: ("crm.stock@one", None, None), NOTHING: ("", None, None)}
    live = both | {
        STOCK: ("crm.stock@one", "https://eins.test/api/stock", STOCK),
        NOTHING: ("", "https://eins.test/api/nein", NOTHING),
        "https://u:p@crm.example.test/v1/stock":
            ("crm.stock@one", "https://eins.test/api/stock", STOCK),
    }  # fmt: skip

    for is_live, wanted in ((False, replayed), (True, live)):
        clients = adapter(folder, ENVIRON, is_live=is_live)
        assert places(clients, *wanted) == {
            url: (name, sent or url, recorded or sent or url)
            for url, (name, sent, recorded) in wanted.items()
        }
        needs = {url: clients.needs_live_address(Request(method="GET", url=url)) for url in live}
        assert [url for url, needed in needs.items() if needed] == (
            [STOCK, NOTHING] if is_live else []
        )
        assert clients.notes == {}


def test_a_replayed_request_is_that_of_the_address_and_instance_it_was_recorded_with(
    folder: Path,
) -> None:
    def of_two(request: Request) -> bool:
        return request.call is not None and request.call.instance == "two"

    def of_nothing(request: Request) -> bool:
        return request.url == NOTHING

    cases: list[tuple[Callable[[Request], bool], dict[str, tuple[str, str]]]] = [
        (of_two, {
            STOCK: ("crm.stock@two", STOCK), FILE: ("crm.file@two", FILE),
            "https://fremd.test/v1/stock": ("crm.stock@two", STOCK),
            "HTTPS://Fremd.test:443/stock": ("crm.stock@two", STOCK),
            "https://fremd.test/f/file/1": ("crm.file@two", FILE),
            "https://fremd.test/v1/nein": ("", "https://fremd.test/v1/nein"),
            "https://eins.test/api/stock": ("crm.stock@one", "https://eins.test/api/stock"),
        }),
        (of_nothing, {
            STOCK: ("crm.stock@one", STOCK), "https://fremd.test/v1/nein": ("", NOTHING),
            "https://fremd.test/stock": ("", "https://fremd.test/stock"),
        }),
    ]  # fmt: skip
    for is_recorded, wanted in cases:
        clients = adapter(folder, ENVIRON, is_recorded=is_recorded)
        assert {url: found[:2] for url, found in places(clients, *wanted).items()} == wanted
        live = adapter(folder, ENVIRON, is_recorded=is_recorded, is_live=True)
        assert places(live, STOCK)[STOCK][0] == "crm.stock@one"
    live = adapter(folder, ENVIRON, is_recorded=lambda _request: True, is_live=True)
    url = "https://fremd.test/v1/stock"
    assert places(live, url)[url][0] == ""
    plain = adapter(folder, ENVIRON).as_api_call(
        Request(
            method="GET", url=STOCK.replace("://", "://u:p@"), headers=(("Authorization", "x"),)
        )
    )
    assert plain.recorded_form.url == STOCK
    assert adapter(folder, ENVIRON).as_api_call(Request(method="GET", url=STOCK)).standin is None


def test_a_further_host_is_live_where_the_instance_has_it(tmp_path: Path) -> None:
    (tmp_path / "platforms").mkdir()
    (tmp_path / "platforms/crm.yaml").write_text(PLATFORM, "utf-8")
    (tmp_path / "instances.yaml").write_text(
        "- {platform: crm, instance_key: two, hosts: {files: {env: FILES}},\n"
        "   credentials: {user: u, password: {env: PASSWORD}, key: {env: KEY}}}\n", "utf-8",
    )  # fmt: skip
    clients = adapter(tmp_path, ENVIRON, is_live=True)

    assert places(clients, FILE) == {FILE: ("crm.file@two", "https://dateien.test/d/file/1", FILE)}


def explain(clients: ExternalCallAdapter, url: str) -> list[tuple[str, str]]:
    request = Request(method="GET", url=url)
    return [(str(name), str(text)) for name, text in clients.explain_unknown_address(request)]


def test_an_unknown_address_says_where_its_path_would_be_recorded(folder: Path) -> None:
    clients = adapter(folder, ENVIRON)
    plain = adapter(folder)
    plain.platforms = Platforms(own=plain.platforms.own)

    def unlike(address: str) -> tuple[str, str]:
        return ("address", (f"https://fremd.test is no address of a platform; crm is recorded "
                f"under {address}, and has nothing like this there either"))  # fmt: skip

    base = f"{CRM}/"
    at = "set while it is recorded"
    assert {
        path: explain(clients, f"https://fremd.test{path}")
        for path in ("/v1/stock", "/f/file/1", "/v1/nein")
    } == {
        "/v1/stock": [unlike(base), ("test at", f"ONE=https://fremd.test, {at}")],
        "/f/file/1": [unlike(FILES), ("test at", f"FILES=https://fremd.test, {at}")],
        "/v1/nein": [("address", ("https://fremd.test is not an address of a platform; recordings "
                      f"are stored under {base} (crm)"))],
    }  # fmt: skip
    assert [explain(plain, f"https://fremd.test{path}")[1] for path in ("/stock", "/file/1")] == [
        ("test at", "base_url: https://fremd.test of an instance of crm"),
        ("test at", "hosts: {files: https://fremd.test} of an instance of crm"),
    ]


def test_a_request_is_identified_once_while_it_is_replayed(folder: Path) -> None:
    asked: list[str] = []

    def is_recorded(request: Request) -> bool:
        asked.append(request.url)
        return False

    clients = adapter(folder, ENVIRON, is_recorded=is_recorded)

    def ask(clients: ExternalCallAdapter, size: int | None = None, path: str = "/stock") -> int:
        asked.clear()
        body = None if size is None else b"a" * size
        for _ in range(2):
            clients.as_api_call(Request(method="GET", url=f"{CRM}{path}", body=body))
        return len(asked)

    once = ask(clients)
    assert once == 2  # one for each instance
    assert [ask(clients), ask(clients, 4096), ask(clients, 4097)] == [0, once, 2 * once]
    for number in range(254):
        clients.as_api_call(Request(method="GET", url=f"{CRM}/stock?n={number}"))
    assert ask(clients) == 0
    clients.as_api_call(Request(method="GET", url=f"{CRM}/stock?n=neu"))
    assert ask(clients) == once
    live = adapter(folder, ENVIRON, is_live=True)
    first, second = (live.as_api_call(Request(method="GET", url=STOCK)) for _ in range(2))
    assert first == second
    assert first is not second


def test_the_number_of_a_call_is_also_in_its_recorded_form(folder: Path) -> None:
    clients = adapter(folder, ENVIRON)
    address = "https://eins.test/api/stock"
    request = Request(method="GET", url=f"{address}?key={SECRETS['KEY']}")
    seven, nine = (clients.as_api_call(request, serial=serial) for serial in (7, 9))

    assert [one.call and one.call.serial for one in (seven, seven.recorded_form)] == [7, 7]
    assert [one.call and one.call.serial for one in (nine, nine.recorded_form)] == [9, 9]
    assert nine.url.endswith(SECRETS["KEY"])
    assert (nine.base, nine.recorded_form.base) == ("https://eins.test/api", CRM)
    clients.send_call(request, lambda _request: Response(status=200), serial=70)
    assert [one.call and one.call.serial for one in clients.env.calls] == [70]
    assert nine.recorded_form.url == f"{STOCK}?key=redacted.crm.one.key.1"


def test_a_request_of_a_client_is_logged_like_a_call_and_moves_the_clock(folder: Path) -> None:
    clients = adapter(folder, ENVIRON)
    env = clients.env
    assert isinstance(env, Logins)
    login = f"{CRM}/login"
    outcomes: dict[tuple[str, str], Any] = {
        ("GET", STOCK): Response(status=200, elapsed=2.0),
        ("POST", login): Response(status=399, elapsed=0.5), ("POST", f"{login}?n=2"):
        Response(status=400), ("GET", NOTHING): Response(status=500, elapsed=1.5),
        ("GET", "https://fremd.test/x"): TransportError("weg", code="RESET", elapsed=3.0),
        ("GET", f"{STOCK}?n=4"): Response(status=200, elapsed=31.0), ("GET", f"{STOCK}?n=2"):
        NoMatchError("nichts", case="x"), ("GET", f"{STOCK}?n=3"): ValueError("fremd"),
    }  # fmt: skip
    answers: list[Any] = []
    times: list[float] = []
    for (method, url), outcome in outcomes.items():

        def handle(_request: Request, outcome: Any = outcome) -> Response:
            if isinstance(outcome, Exception):
                raise outcome
            assert isinstance(outcome, Response)
            return outcome

        try:
            answers.append(
                clients.send_call(Request(method=method, url=url), handle, serial=0).status
            )
        except (TransportError, NoMatchError, ValueError) as error:
            answers.append(type(error))
        times.append(clients.clock.now() - 100)

    assert answers == [
        200, 399, 400, 500, TransportError, TransportError, NoMatchError, ValueError,
    ]  # fmt: skip
    assert times == [2.0, 2.5, 2.5, 4.0, 7.0, 37.0, 37.0, 37.0]
    assert [
        (one.platform, one.api, one.at - 100, one.duration, one.call and one.call.serial,
         one.received and one.received.status, one.error and type(one.error))
        for one in env.calls
    ] == [
        ("crm", "stock", 0.0, 2.0, 1, 200, None), ("crm", "$token", 2.0, 0.5, 2, 399, None),
        ("crm", "$token", 2.5, 0.0, 3, 400, None),
        ("crm.example.test", "GET", 2.5, 1.5, 4, 500, None),
        ("fremd.test", "GET", 4.0, 3.0, 5, None, TransportError),
        ("crm", "stock", 7.0, 30.0, 6, None, TransportError),
        ("crm", "stock", 37.0, 0.0, 7, None, NoMatchError),
    ]  # fmt: skip
    assert env.ended == (("crm", "one", 0.0), ("crm", "one", None))


def test_the_credentials_of_an_instance_are_known_as_soon_as_it_is_called(folder: Path) -> None:
    text = f"{SECRETS['PASSWORD']} {SECRETS['KEY']}"
    hidden = "redacted.crm.one.password.1 redacted.crm.one.key.1"
    replayed = adapter(folder, ENVIRON)
    replayed.as_api_call(Request(method="GET", url=NOTHING))
    before = replayed.vault.redact_text(text)
    replayed.as_api_call(Request(method="GET", url=STOCK))
    both = adapter(folder, ENVIRON | {"PASSWORD_2": "geheim-2026-zwei", "KEY_2": "k-2026-zwei"})
    places(both, "https://eins.test/api/stock", "https://zwei.test/stock")
    assert both.vault.redact_text("geheim-2026-zwei") == "redacted.crm.two.password.1"
    recorded = adapter(folder, ENVIRON, separate=True)
    recorded.as_api_call(Request(method="GET", url="https://fremd.test/"))
    unset = adapter(folder, {}, separate=True)

    assert (before, replayed.vault.redact_text(text)) == (text, hidden)
    assert recorded.vault.redact_text(text) == hidden
    assert places(unset, STOCK)[STOCK][0] == "crm.stock@one"


def test_a_platform_that_is_broken_may_be_the_one_that_was_meant(
    folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "crm.yaml").write_text(PLATFORM, "utf-8")
    (tmp_path / "bad.yaml").write_text("platform_key: bad\napis: 7\n", "utf-8")
    clients = adapter(folder)
    clients.platforms = load_usable_platforms(tmp_path)

    assert clients.as_api_call(Request(method="GET", url=STOCK)).call is not None
    with pytest.raises(ConfigError) as raised:
        clients.as_api_call(Request(method="GET", url="https://fremd.test/"))
    assert "bad.yaml" in to_plain_english(str(raised.value))


def test_the_credentials_of_all_instances_are_registered_or_named_as_lacking(
    folder: Path,
) -> None:
    vault = Vault()
    environ = SECRETS | {"ONE": "https://eins.test"}
    assert register_all_credentials(load(folder), {}, Vault()) == ["crm.one", "crm.two"]
    lacking = register_all_credentials(load(folder), environ, vault)
    slashed = Vault()
    slashed.register_address_replacement("https://eins.test/api/", "https://crm.example.test")

    assert lacking == ["crm.two"]
    assert vault.redact_text(" ".join([*SECRETS.values(), "https://eins.test/stock"])) == (
        f"redacted.crm.one.password.1 redacted.crm.one.key.1 {CRM}/stock"
    )
    assert (
        register_all_credentials(
            load(folder),
            ENVIRON | {"PASSWORD_2": "geheim-2026-zwei", "KEY_2": "schluessel-2"},
            vault,
        )
        == []
    )
    assert vault.redact_text("https://dateien.test/d/file/1 https://zwei.test/stock") == (
        f"{FILE} {STOCK}"
    )
    assert slashed.redact_text("https://eins.test/api/stock HTTPS://eins.test/api") == (
        "https://crm.example.test/stock HTTPS://eins.test/api"
    )


def test_an_import_keeps_the_calls_and_says_what_it_leaves_out(tmp_path: Path) -> None:
    for name, text in (("crm", PLATFORM), ("erp", ERP)):
        (tmp_path / f"{name}.yaml").write_text(text, "utf-8")
    platforms = load_usable_platforms(tmp_path)
    token, ticket = "marke-2026-abcdef-0815", "schein-2026-abcdef-0815"

    def exchange(
        order: int, method: str, url: str, outcome: Any = b"{}", headers: Pairs = (),
        body: bytes | None = None,
    ) -> Exchange:  # fmt: skip
        return Exchange(
            order=order, at=float(order),
            request=Request(method=method, url=url, headers=headers, body=body),
            outcome=outcome if isinstance(outcome, FailedExchange) else Response(
                status=200, body=outcome, headers=(("Content-Type", "application/json"),)),
        )  # fmt: skip

    vault = Vault()
    vault.add("unverkennbar-2026-geheim", "redacted.x.y.z", name="x.y.z")
    exchanges = (
        exchange(1, "POST", f"{CRM}/客户/1?phone=13800138000&x=nebenbei",
        f'{{"ticket":"{ticket}"}}'.encode(),
                 body=f'{{"name":"{token}"}}'.encode()),
        exchange(2, "POST", f"{CRM}/login", f'{{"token":"{token}"}}'.encode(),
                 body=b'{"user":"u","password":"kennwort-2026"}'),
        exchange(9, "POST", f"{CRM}/login"),
        exchange(4, "GET", f"{CRM}/own"), exchange(5, "GET", f"{CRM}/nein?x=1#y"),
        exchange(3, "GET", f"{CRM}/stock?key=schluessel-2026", b'{"x":"kennwort-2026"}'),
        exchange(6, "GET", "https://fremd.test/?token=fremd-2026-abcdef&q=zeichen-2026-abc",
        FailedExchange(
            code="TLS", message="x")),
        exchange(7, "GET", "https://fremd.test/", b'{"api_key":"fremd-2026-abcdef"}',
                 (("Authorization", "Bearer zeichen-2026-abc"),)),
        exchange(8, "GET", "https://fremd.test/2", f'{{"t":"{ticket}"}}'.encode(),
                 (("X-A", "unverkennbar-2026-geheim"),)),
    )  # fmt: skip
    found = prepare_import(
        ForeignExchanges(exchanges, ("alt",)), platforms, vault, rules=MatchingRules(),
        owner="导入", redact=("query.x",),
    )  # fmt: skip

    assert [
        (one.order, one.owner, one.request.call.name if one.request.call else "", one.at)
        for one in found.exchanges
    ] == [
        (1, "导入", "crm.save", 1.0), (2, "导入", "erp.own", 4.0), (3, "导入", "", 5.0),
        (4, "导入", "crm.stock", 3.0), (5, "导入", "", 6.0), (6, "导入", "", 7.0),
        (7, "导入", "", 8.0),
    ]  # fmt: skip
    assert all(one.key for one in found.exchanges)
    whole = repr([(one.request.url, one.request.headers, one.request.body,
                   getattr(one.outcome, "body", b"")) for one in found.exchanges])  # fmt: skip
    secrets = (token, ticket, "kennwort-2026", "schluessel-2026", "fremd-2026-abcdef",
               "unverkennbar", "13800138000", "zeichen-2026-abc", "nebenbei")  # fmt: skip
    assert [text for text in secrets if text in whole] == []
    assert found.exchanges[2].request.url.startswith(f"{CRM}/nein?x=")
    assert found.exchanges[2].request.url != f"{CRM}/nein?x=1"
    assert found.notes[:4] == (
        "alt", "exchange 2: a login of crm, which replay synthesises",
        "exchange 9: a login of crm, which replay synthesises",
        "exchange 3: declared at this address by erp as well; taken for crm",
    )  # fmt: skip
