"""Real proxies (proxy.py, over HTTP and TLS, with and without a password) and real certificates."""

from __future__ import annotations

import re
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from bpmax_sim.cli.app import run_command_line
from bpmax_sim.errors import ConfigError, TransportError
from bpmax_sim.messages import ConnectionRoute, Request, Response
from bpmax_sim.transport.live import LiveTransport
from tests.loopback import Loopback, answer_json, loopback
from tests.proxies import Authority, authority, running_proxy

ROOT = Path(__file__).parents[2]
TARGET = "/api/customers/%E5%BC%A0%2f%2E%2E;v=1?q=%2C,&empty=&x=1+1%20~'"
USER, PASSWORD = "lisi", "pr0xy-Pass-2026-#/@"
ENCODED = "pr0xy-Pass-2026-%23%2F%40"


@dataclass(frozen=True, slots=True)
class World:
    """Servers that any test may use; each keeps what it received."""

    ca: Authority
    plain: Loopback
    secure: Loopback
    proxy: str
    strict: str
    encrypted: str

    def server(self, scheme: str) -> Loopback:
        return self.plain if scheme == "http" else self.secure


@pytest.fixture(name="world", scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("proxies")
    ca = authority(folder)
    cert, key = ca.files("127.0.0.1", folder)
    answer = answer_json('{"姓名":"张三"}')
    with ExitStack() as stack:
        yield World(
            ca,
            stack.enter_context(loopback(lambda _: answer)),
            stack.enter_context(loopback(lambda _: answer, ca.server())),
            stack.enter_context(running_proxy(folder / "open")),
            stack.enter_context(
                running_proxy(folder / "strict", "--basic-auth", f"{USER}:{PASSWORD}")
            ),
            stack.enter_context(
                running_proxy(folder / "tls", "--cert-file", str(cert), "--key-file", str(key))
            ),
        )


@pytest.fixture(autouse=True)
def _no_proxies_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)


def get(url: str, route: ConnectionRoute | None = None, *, timeout: float = 5.0) -> Response:
    with LiveTransport() as live:
        return live.handle(
            Request(method="GET", url=url, timeout=timeout), route or ConnectionRoute()
        )


def failure(
    url: str, route: ConnectionRoute | None = None, *, timeout: float = 5.0
) -> TransportError:
    with pytest.raises(TransportError) as caught:
        get(url, route, timeout=timeout)
    return caught.value


def line_of(server: Loopback) -> str:
    return server.received[-1].partition(b"\r\n")[0].decode()


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("variable", ["ALL_PROXY", "{}_PROXY", ""])
@pytest.mark.parametrize("kind", ["proxy", "strict", "encrypted"])
def test_a_target_arrives_byte_by_byte(
    world: World, monkeypatch: pytest.MonkeyPatch, scheme: str, variable: str, kind: str
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(world.ca.file))
    user = f"{USER}:{ENCODED}@" if kind == "strict" else ""
    secure = "s" if kind == "encrypted" else ""
    address = f"http{secure}://{user}{getattr(world, kind)}"
    if variable:
        monkeypatch.setenv(variable.format(scheme.upper()), address)
    server = world.server(scheme)

    answered = get(
        server.url + TARGET, ConnectionRoute() if variable else ConnectionRoute(proxy=address)
    )

    assert answered.status == 200
    assert line_of(server) == f"GET {TARGET} HTTP/1.1"
    assert b"proxy-authorization" not in server.received[-1].lower()


def test_a_proxy_that_forwards_is_asked_in_absolute_form_and_one_that_tunnels_by_authority(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with loopback(lambda _: answer_json("{}", status="403 Forbidden")) as proxy:
        address = proxy.url
        monkeypatch.setenv("ALL_PROXY", proxy.url)
        forwarded = get("http://crm.example.test:8080" + TARGET)
        tunnelled = failure("https://crm.example.test" + TARGET)

    assert forwarded.status == 403  # as RFC 9110 has it, nobody can tell whose answer that is
    first, second = (one.partition(b"\r\n")[0].decode() for one in proxy.received)
    assert first == f"GET http://crm.example.test:8080{TARGET} HTTP/1.1"
    assert second == "CONNECT crm.example.test:443 HTTP/1.1"
    assert (tunnelled.code, tunnelled.sent) == ("CONNECT", False)
    assert str(tunnelled) == f"the proxy refused: 403 Forbidden (through the proxy {address})"


@pytest.mark.parametrize("listed", ["127.0.0.1", "*", "localhost,127.0.0.1"])
def test_no_proxy_sends_directly(
    world: World, monkeypatch: pytest.MonkeyPatch, listed: str
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", listed)

    assert get(world.plain.url + TARGET).status == 200


@pytest.mark.parametrize("url", ["?x=/a", "", "/?x=1", "?"])
def test_a_target_without_a_path_is_sent_with_one(world: World, url: str) -> None:
    get(world.plain.url + url)

    assert line_of(world.plain) == f"GET /{url.removeprefix('/')} HTTP/1.1"


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("user", ["", f"{USER}:wr0ng-Pass-2026@"])
def test_a_proxy_that_asks_for_a_password_is_no_answer_of_the_api(
    world: World, scheme: str, user: str
) -> None:
    refused = failure(
        f"{world.server(scheme).url}/x", ConnectionRoute(proxy=f"http://{user}{world.strict}")
    )

    assert (refused.code, refused.sent) == ("CONNECT", False)
    told = "the proxy refused: 407 Proxy Authentication Required"
    assert str(refused) == f"{told} (through the proxy http://{world.strict})"


@pytest.mark.parametrize("status", [401, 407, 511])
def test_what_a_third_party_itself_asks_for_is_its_answer(
    world: World, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    """Sent to it directly, or through a tunnel, in which a proxy has nothing to say any more."""
    monkeypatch.setenv("SSL_CERT_FILE", str(world.ca.file))
    told = answer_json("{}", status=f"{status} Anmelden")
    with loopback(lambda _: told) as plain, loopback(lambda _: told, world.ca.server()) as secure:
        assert get(plain.url).status == status
        route = ConnectionRoute(proxy=f"http://{world.proxy}")
        assert get(secure.url, route).status == status


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_out_of_reach_is_named_without_its_password(world: World, scheme: str) -> None:
    place = f"127.0.0.1:{closed_port()}"

    refused = failure(
        f"{world.server(scheme).url}/x", ConnectionRoute(proxy=f"http://{USER}:{ENCODED}@{place}")
    )

    assert (refused.code, refused.sent) == ("CONNECT", False)
    assert str(refused).startswith("cannot connect: ")
    assert str(refused).endswith(f"(through the proxy http://{place})")


def test_a_proxy_that_says_nothing_is_a_timeout() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        place = f"http://127.0.0.1:{silent.getsockname()[1]}"
        refused = failure("https://crm.example.test/x", ConnectionRoute(proxy=place), timeout=0.2)

    assert refused.code == "TIMEOUT"
    assert str(refused) == f"no answer within 0.2 s (through the proxy {place})"


@pytest.mark.parametrize("name", ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"])
@pytest.mark.parametrize(
    "address", [f"ftp://{USER}:{PASSWORD}@proxy.example", f"http://u:{PASSWORD}@proxy", "http://"]
)
def test_a_proxy_that_is_no_address_is_told_without_its_text(
    world: World, monkeypatch: pytest.MonkeyPatch, name: str, address: str
) -> None:
    monkeypatch.setenv(name, address)

    with pytest.raises(ConfigError) as caught:
        get(f"{world.plain.url}/x")

    expected = "the address of a proxy, such as http://proxy.example:3128"
    assert str(caught.value) == f"{name}: expected {expected}, got other text"
    assert caught.value.__cause__ is None


UNTRUSTED = (
    "; if a CA of your own issued its certificate, name the CA's file in SSL_CERT_FILE or in "
    "tls: {ca: ...} of the instance"
)


@pytest.mark.parametrize("proxied", [False, True])
def test_a_server_that_is_not_trusted_is_named(world: World, *, proxied: bool) -> None:
    refused = failure(
        f"{world.secure.url}/x", ConnectionRoute(proxy=f"http://{world.proxy}" if proxied else "")
    )

    assert (refused.code, refused.sent) == ("TLS", False)
    assert str(refused).startswith(f"no trusted TLS connection to {world.secure.url}: [SSL: CERT")
    through = f" (through the proxy http://{world.proxy})" if proxied else ""
    assert str(refused).endswith(UNTRUSTED + through)


def test_a_proxy_that_is_not_trusted_is_the_one_that_is_named(world: World) -> None:
    refused = failure(
        f"{world.secure.url}/x",
        ConnectionRoute(proxy=f"https://{world.encrypted}", ca=str(world.ca.file)),
    )

    assert str(refused).startswith(
        f"no trusted TLS connection to https://{world.encrypted}: [SSL: CERT"
    )


def test_a_wrong_ca_is_not_trusted(world: World, tmp_path: Path) -> None:
    other = authority(tmp_path)

    refused = failure(f"{world.secure.url}/x", ConnectionRoute(ca=str(other.file)))

    assert refused.code == "TLS"
    assert get(f"{world.secure.url}/x", ConnectionRoute(ca=str(world.ca.file))).status == 200


@pytest.mark.parametrize("content", [None, "", "not PEM"])
@pytest.mark.parametrize("of", ["environment", "instance"])
def test_a_file_without_certificates_is_a_config_error(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: str | None, of: str
) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content)
    if of == "environment":
        monkeypatch.setenv("SSL_CERT_FILE", str(file))
    name = "SSL_CERT_FILE" if of == "environment" else "tls.ca"

    with pytest.raises(ConfigError) as caught:
        get(f"{world.secure.url}/x", ConnectionRoute(ca="" if of == "environment" else str(file)))

    assert str(caught.value).startswith(f"{name} {file}: no certificates can be read: ")


def test_a_client_shows_its_certificate_where_it_is_asked(world: World, tmp_path: Path) -> None:
    cert, key = world.ca.files("client.example", tmp_path)
    trusting = ConnectionRoute(ca=str(world.ca.file))
    shown = ConnectionRoute(ca=str(world.ca.file), cert=str(cert), key=str(key))
    with loopback(lambda _: answer_json("1"), world.ca.server(asks_clients=True)) as server:
        refused = failure(f"{server.url}/x", trusting)
        direct = get(f"{server.url}/x", shown)
        tunnelled = get(
            f"{server.url}/x",
            ConnectionRoute(
                ca=shown.ca, cert=shown.cert, key=shown.key, proxy=f"http://{world.proxy}"
            ),
        )

    assert (refused.code, refused.sent) == ("TLS", False)
    assert str(refused).endswith(
        "; it asks for a certificate of the client: name it in tls: {cert: ..., key: ...} of the "
        "instance"
    )
    assert (direct.status, tunnelled.status) == (200, 200)


def test_a_key_with_a_password_is_told_and_asks_for_nothing(world: World, tmp_path: Path) -> None:
    cert, key = world.ca.files("client.example", tmp_path)
    private = load_pem_private_key(key.read_bytes(), None)
    locked = BestAvailableEncryption(b"locked")
    key.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, locked))

    with pytest.raises(ConfigError) as caught:
        get(f"{world.secure.url}/x", ConnectionRoute(cert=str(cert), key=str(key)))

    expected = "expected a certificate and its key without a password, as PEM"
    assert str(caught.value) == f"tls.cert {cert} and {key}: {expected}"


def test_a_tls_connection_that_breaks_later_is_a_reset_as_it_may_have_arrived(
    world: World,
) -> None:
    def broken() -> None:
        connection, _ = listener.accept()
        with world.ca.server().wrap_socket(connection, server_side=True) as secured:
            secured.recv(65536)
            secured.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{")
            # bytes that are no TLS record, as a device in between would put them in
            socket.socket.sendall(secured, b"garbage" * 8)
            secured.detach()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=broken)
        thread.start()
        url = f"https://127.0.0.1:{listener.getsockname()[1]}/x"
        refused = failure(url, ConnectionRoute(ca=str(world.ca.file)))
        thread.join(5)

    assert (refused.code, refused.sent) == ("RESET", True)


def test_one_module_opens_connections() -> None:
    """What is known of proxies, certificates and targets stands in one place."""
    openers = re.compile(
        r"""\b(?:httpx\.(?:Client|HTTPTransport|Proxy)|httpcore\.(?:URL|Request|ConnectionPool)"""
        r"""|create_ssl_context|create_default_context|get_environment_proxies)\(|["']target["']:\s"""
    )
    found = {
        (path.name, match[0])
        for path in (ROOT / "bpmax_sim").rglob("*.py")
        for match in openers.finditer(path.read_text(encoding="utf-8"))
    }

    assert {name for name, _ in found} == {"connection.py", "live.py", "signing.py"}
    assert {text for name, text in found if name == "live.py"} == {"httpx.Client("}
    # the name that a platform's signature gives to the target in its templates
    assert {text for name, text in found if name == "signing.py"} == {'"target": '}


PLATFORM = """\
platform_key: erp
title: 企业资源
base_url: {url}
credentials: {{}}
apis:
  getCustomer:
    method: GET
    path: /api/customers/{{id}}
    parameters: [{{name: id, in: path, required: true, schema: {{minLength: 4}}}}]
"""
INSTANCE = "- {{platform: erp, instance_key: default, default: true{route}}}\n"
SCENARIO = """\
version: 1
scenario: 经代理读取客户
form: {scripts: {change.customerId: read.js}, fields: {customerId: null}}
proxy: {platforms: platforms/}
steps:
  - set: {customerId: "张/三!@:"}
    expect: {console: [张三]}
"""
SCRIPT = """\
const customer = await $proxy('erp').getCustomer('张/三!@:')
console.log(customer['姓名'])
"""
BRIEFLY = ("--minutes", "0.005", "--law", "accepted")
LINE = "GET /api/customers/%E5%BC%A0%2F%E4%B8%89%21%40%3A HTTP/1.1"

Make = Callable[..., Path]


@pytest.fixture(name="make")
def making(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    def make(url: str, route: str = "") -> Path:
        folder = tmp_path / "scenarios"
        (folder / "platforms").mkdir(parents=True)
        (folder / "platforms/erp.yaml").write_text(PLATFORM.format(url=url), encoding="utf-8")
        (folder / "instances.yaml").write_text(INSTANCE.format(route=route), encoding="utf-8")
        (folder / "one.scenario.yaml").write_text(SCENARIO, encoding="utf-8")
        (folder / "read.js").write_text(SCRIPT, encoding="utf-8")
        monkeypatch.chdir(tmp_path)
        monkeypatch.delenv("CI", raising=False)
        return tmp_path

    return make


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_record_verify_and_fuzz_go_through_the_proxy_of_the_environment(
    world: World, make: Make, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    server = world.server(scheme)
    folder = make(server.url)
    monkeypatch.setenv("SSL_CERT_FILE", str(world.ca.file))
    monkeypatch.setenv(f"{scheme.upper()}_PROXY", f"http://{USER}:{ENCODED}@{world.strict}")
    before = len(server.received)

    assert run_command_line(["record"]) == 0
    assert run_command_line(["verify"]) == 0

    sent = [one.partition(b"\r\n")[0].decode() for one in server.received[before:]]
    assert sent == [LINE] * 3  # verify asks twice, to see what changes by itself
    assert run_command_line(["fuzz", "erp", *BRIEFLY, "--against", server.url]) == 0
    assert len(server.received) > before + 3
    written = b"".join(one.read_bytes() for one in folder.rglob("*") if one.is_file())
    assert PASSWORD.encode() not in written
    assert ENCODED.encode() not in written


@pytest.mark.parametrize("proxy", ["{env: ERP_PROXY}", "http://ADDRESS"])
def test_an_instance_has_a_proxy_and_tls_files_of_its_own(
    world: World, make: Make, monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    monkeypatch.setenv("ERP_PROXY", f"http://{USER}:{ENCODED}@{world.strict}")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    route = f", proxy: {proxy.replace('ADDRESS', world.proxy)}, tls: {{ca: ca.pem}}"
    folder = make(world.secure.url, route)
    (folder / "scenarios/ca.pem").write_bytes(world.ca.file.read_bytes())

    assert run_command_line(["record"]) == 0
    assert line_of(world.secure) == LINE
    assert run_command_line(["fuzz", "erp", *BRIEFLY, "--against", world.secure.url]) == 0
    monkeypatch.delenv("ERP_PROXY")
    (folder / "scenarios/ca.pem").unlink()
    assert run_command_line(["run"]) == 0  # in replay nothing of it is read


NOT_A_PROXY = "expected the address of a proxy, such as http://proxy.example:3128"


@pytest.mark.parametrize(
    ("route", "told"),
    [
        (", proxy: 'ftp://u:MINE@p'", f":1:64: [0].proxy: {NOT_A_PROXY}"),
        (", proxy: 'proxy:3128'", f":1:64: [0].proxy: {NOT_A_PROXY}"),
        (", proxy: 'http://p:MINE'", f":1:64: [0].proxy: {NOT_A_PROXY}"),
        (
            ", proxy: 'http://u:MINE@p'",
            ":1:64: proxy: the password of the proxy stands here in the clear, in a file that",
        ),
        (
            ", proxy: {env: A, file: b}",
            "proxy: expected exactly one of env, file, keyring and source, got",
        ),
        (
            ", tls: {key: a}",
            "[0].tls.key: expected cert beside key: the certificate of that key",
        ),
        (", tls: {CA: a}", "[0].tls.CA: unknown key 'CA'"),
    ],
)
def test_a_route_that_cannot_be_is_told_when_the_files_are_read(
    make: Make, capsys: pytest.CaptureFixture[str], route: str, told: str
) -> None:
    folder = make("http://127.0.0.1:9", route)
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)

    assert run_command_line(["lint"]) != 0
    printed = capsys.readouterr().err
    assert told in printed
    assert "MINE" not in printed


@pytest.mark.parametrize(
    ("route", "told"),
    [
        (", tls: {ca: no.pem}", "tls.ca: there is no file FOLDER/no.pem"),
        (", proxy: {env: NO_SUCH}", "NO_SUCH"),
        (", proxy: {env: ERP_PROXY}", f"proxy: {NOT_A_PROXY}, got other text"),
    ],
)
def test_what_a_route_lacks_is_told_before_anything_is_sent(
    world: World,
    make: Make,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    route: str,
    told: str,
) -> None:
    folder = make(world.plain.url, route)
    monkeypatch.setenv("ERP_PROXY", "ftp://u:MINE@proxy")
    before = len(world.plain.received)

    assert run_command_line(["record"]) != 0

    printed = capsys.readouterr()
    assert told.replace("FOLDER", str(folder / "scenarios")) in printed.err + printed.out
    assert "MINE" not in printed.err + printed.out
    assert len(world.plain.received) == before


LIMITED = """\
response: {classes: {rate: {status: [429]}}}
auth: {recover: {rate: {wait: ["header:retry-after"], tries: 3}}}
apis:
"""


@pytest.mark.parametrize("proxied", [False, True])
def test_a_server_that_answers_429_for_ever_is_asked_a_few_times(
    world: World,
    make: Make,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    *,
    proxied: bool,
) -> None:
    limit = answer_json("{}", status="429 Too Many Requests", headers="Retry-After: 0\r\n")
    with loopback(lambda _: limit) as server:
        folder = make(server.url)
        path = folder / "scenarios/platforms/erp.yaml"
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace("apis:\n", LIMITED), encoding="utf-8")
        if proxied:
            monkeypatch.setenv("HTTP_PROXY", f"http://{world.proxy}")

        assert run_command_line(["record"]) == 1
        assert "HTTP 429" in capsys.readouterr().out
        lines = {one.partition(b"\r\n")[0].decode() for one in server.received}
        assert (lines, len(server.received)) == ({LINE}, 3)
