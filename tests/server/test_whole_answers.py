"""What a client is sent for each outcome, to the letter: the application without a socket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bpmax_sim import server as module
from bpmax_sim.cassette.matching import MatchingRules
from bpmax_sim.errors import CallError, ConfigError, NoMatchError, TransportError
from bpmax_sim.messages import Exchange, Pairs, Request, Response
from bpmax_sim.platform.load import load_usable_platforms
from bpmax_sim.secret.vault import Vault
from bpmax_sim.server import (
    ClientLimits,
    RefusedRequest,
    ReplayServer,
    ServedClient,
    SimulatorServer,
)
from bpmax_sim.traffic.import_recording import (
    prepare_import,
    render_exchanges,
    write_recording,
)
from bpmax_sim.traffic.imported import ForeignExchanges

Answer = Callable[[Request, ServedClient], Response | None]
Sent = tuple[int, list[tuple[bytes, bytes]], bytes]
LIMITS = ClientLimits(body=4, body_time=5.0)


def ask(  # noqa: PLR0913 - the parts of a request
    answer: Answer, method: str = "GET", headers: Pairs = (), body: bytes = b"", *,
    target: str = "/", limits: ClientLimits = LIMITS, events: list[Any] | None = None,
) -> Sent:  # fmt: skip
    """Return status, headers and body of what the application sends for a request."""
    raw = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    path, _, query = target.partition("?")
    scope = {
        "type": "http", "method": method, "path": path, "raw_path": target.encode("latin-1"),
        "query_string": query.encode("latin-1"), "headers": raw,
        "state": {"raw_target": target.encode("latin-1"), "raw_headers": [
            (name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]},
    }  # fmt: skip
    waiting = [{"type": "http.request", "body": body}] if events is None else events
    sent: list[Any] = []

    async def receive() -> Any:
        if waiting:
            return waiting.pop(0)
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Any) -> None:
        sent.append(message)

    async def run() -> None:
        serving = module._Server(answer, limits, lambda: None, lambda: None)
        await serving._call_application(scope, receive, send)

    asyncio.run(run())
    start, *parts = sent
    return start["status"], start["headers"], b"".join(part["body"] for part in parts)


def give(response: Response | None) -> Answer:
    return lambda _request, _client: response


def refuse(error: Exception) -> Answer:
    def answer(_request: Request, _client: ServedClient) -> Response:
        raise error

    return answer


def test_each_error_has_its_status_and_a_word_for_programs() -> None:
    errors: dict[Exception, tuple[int, dict[str, str]]] = {
        RefusedRequest(403, "NO_TOKEN", "甲"): (403, {"error": "NO_TOKEN", "message": "甲"}),
        NoMatchError("nichts", case="no such call"): (
            501, {"error": "NO_MATCH", "case": "no such call", "message": "nichts"}),
        TransportError("spät", code="TIMEOUT"): (504, {"error": "TIMEOUT", "message": "spät"}),
        TransportError("weg", code="RESET"): (502, {"error": "RESET", "message": "weg"}),
        CallError("falsch", code="UNKNOWN_API"): (
            500, {"error": "UNKNOWN_API", "message": "falsch"}),
        CallError("falsch"): (500, {"error": "BAD_ARGUMENT", "message": "falsch"}),
        ConfigError("schief"): (500, {"error": "CONFIG", "message": "schief"}),
        ValueError("geheim"): (500, {"error": "BUG",
                                     "message": "the server failed; its standard error says how"}),
    }  # fmt: skip
    found = {}
    for error in errors:
        status, headers, body = ask(refuse(error))
        found[error] = status, json.loads(body)
        named = dict(headers)
        assert named[b"x-bpmax-sim"].decode() == found[error][1]["error"]
        assert named[b"content-type"] == b"application/json; charset=utf-8"
        assert body == json.dumps(errors[error][1], ensure_ascii=False).encode()

    assert found == errors


def test_a_recorded_response_is_sent_without_what_belongs_to_its_connection() -> None:
    dropped = ("Connection", "Content-Encoding", "CONTENT-LENGTH", "Keep-Alive", "Proxy-Connection",
               "TE", "Trailer", "Transfer-Encoding", "Upgrade")  # fmt: skip
    kept: Pairs = (("X-A", "é"), ("X-B", "甲"), ("Set-Cookie", "a"), ("set-cookie", "b"))
    raw = [(b"x-a", b"\xe9"), (b"x-b", "甲".encode()), (b"set-cookie", b"a"), (b"set-cookie", b"b")]
    response = Response(
        status=200, body=b"abc", headers=(*((name, "7") for name in dropped), *kept)
    )

    assert ask(give(response)) == (200, [*raw, (b"content-length", b"3")], b"abc")
    assert ask(give(response), "HEAD")[1] == [*raw, (b"content-length", b"7")]
    plain = Response(status=404, body=b"abc", headers=(("Content-Length", "x"),))
    assert ask(give(plain), "HEAD")[:2] == (404, [(b"content-length", b"3")])
    assert [
        ask(give(Response(status=status, body=b"abc", headers=(("A", "1"),))))
        for status in (204, 205, 304, 206)
    ] == [
        (204, [(b"a", b"1")], b""), (205, [(b"a", b"1")], b""), (304, [(b"a", b"1")], b""),
        (206, [(b"a", b"1"), (b"content-length", b"3")], b"abc"),
    ]  # fmt: skip
    texts = {}
    for status in (100, 199, 200, 599, 600, 0):
        got, _, body = ask(give(Response(status=status)))
        texts[status] = got, body and json.loads(body)["message"]
    assert texts == {
        200: (200, b""), 599: (599, b""),
        **{n: (502, f"the response has status {n}") for n in (100, 199, 600, 0)},
    }  # fmt: skip


def test_a_request_comes_as_it_was_written() -> None:
    seen: list[Any] = []

    def answer(request: Request, client: ServedClient) -> Response:
        seen.append((request.method, request.url, request.base, request.headers, request.body,
                     client.target, client.headers))  # fmt: skip
        return Response(status=200)

    host = ("Host", "crm.test:81")
    ask(answer, "PUT", (host, ("X-É", "ü"), ("HOST", "b")), b"abcd", target="/%E5%AE%A2//a?b=%31&c")
    ask(answer, target="/a?")

    assert seen == [
        ("PUT", "http://crm.test:81/%E5%AE%A2//a?b=%31&c", "http://crm.test:81",
         (("host", "crm.test:81"), ("x-é", "ü"), ("host", "b")), b"abcd", "/%E5%AE%A2//a?b=%31&c",
         (host, ("X-É", "ü"), ("HOST", "b"))),
        ("GET", "http://127.0.0.1/a", "http://127.0.0.1", (), None, "/a?", ()),
    ]  # fmt: skip


def test_a_body_has_its_limits_of_size_and_time() -> None:
    def pieces(*parts: bytes) -> list[Any]:
        return [{"type": "http.request", "body": part, "more_body": n < len(parts)}
                for n, part in enumerate(parts, 1)]  # fmt: skip

    def told(**request: Any) -> Any:
        status, _, body = ask(
            lambda request, _client: Response(status=200, body=request.body or b""), **request
        )
        return status, body if status == 200 else json.loads(body)["message"]

    large = (413, "the body has more than 4 bytes")
    late = ClientLimits(body=4, body_time=0.02)
    assert [
        told(events=pieces(b"ab", b"", b"cd")), told(events=pieces(b"ab", b"cd", b"e")),
        told(headers=(("Content-Length", "5"),), events=[]),
        told(headers=(("Content-Length", "4"),), body=b"abcd"),
        told(headers=(("Content-Length", "-5"),), body=b"a"),
        told(events=pieces(b"ab", b"c")[:1], limits=late),
    ] == [
        (200, b"abcd"), large, large, (200, b"abcd"), (200, b"a"),
        (408, "the body did not arrive in 0.02 s"),
    ]  # fmt: skip


def test_a_response_can_be_sent_piece_by_piece_and_nothing_follows_it() -> None:
    def answer(_request: Request, client: ServedClient) -> Response | None:
        client.begin(201, (("X-A", "é"),))
        client.write(b"ab")
        client.write(b"cd")
        client.end()
        return None

    def fail(request: Request, client: ServedClient) -> Response | None:
        assert client.is_begun is False
        answer(request, client)
        raise ValueError

    assert ask(answer) == ask(fail) == (201, [(b"X-A", b"\xe9")], b"abcd")


CRM = """
platform_key: crm
title: 客户
base_url: https://crm.example.test/open/v2/
auth: none
apis:
  get: {path: "/客户/{id}"}
  list: {path: /list}
  root: {path: /}
"""
OPEN = "https://crm.example.test/open/v2"
QUOTED = "/%E5%AE%A2%E6%88%B7/1"


def test_a_target_is_looked_for_below_each_address_that_was_recorded(tmp_path: Path) -> None:
    (tmp_path / "platforms").mkdir()
    (tmp_path / "platforms/crm.yaml").write_text(CRM, encoding="utf-8")
    platforms = load_usable_platforms(tmp_path / "platforms")
    paths = []
    for number, urls in enumerate((
        (f"{OPEN}{QUOTED}", "https://fremd.example.test:81/x?a=1"),
        (f"{OPEN}/list", f"{OPEN}/list", "https://fremd.example.test:81/", f"{OPEN}/"),
    )):  # fmt: skip
        exchanges = [
            Exchange(order=n, request=Request(method="GET", url=url), outcome=Response(
                status=200, body=f"{number}{n}".encode()))
            for n, url in enumerate(urls, 1)
        ]  # fmt: skip
        path, rules, vault = tmp_path / f"{number}.yaml", MatchingRules(), Vault()
        found = prepare_import(
            ForeignExchanges(tuple(exchanges)), platforms, vault, rules=rules, owner="导入"
        )
        assert write_recording(path, "导入", render_exchanges(found.exchanges, rules, vault))
        paths.append(path)
    replay = ReplayServer(paths, platforms=tmp_path / "platforms", environ={})

    def get(target: str, method: str = "GET") -> str:
        request = Request(method=method, url=f"http://h:1{target}", base="http://h:1")
        try:
            return replay.handle(request).body.decode()
        except NoMatchError as error:
            return f"{error.case}: {error}".splitlines()[0]

    fremd = "https://fremd.example.test:81"
    nothing = (
        "no such call: no such call: nothing of this address is recorded; these are: "
        f"{OPEN} (crm), {fremd}"
    )
    assert replay.bases == (("crm", OPEN), ("", fremd))
    assert {target: get(target) for target in (
        QUOTED, f"/open/v2{QUOTED}", f"/crm{QUOTED}", f"/crm/open/v2{QUOTED}", "/x?a=1", "/list",
        "/", "/crm/x?a=1", "/crmx",
    )} == {
        QUOTED: "01", f"/open/v2{QUOTED}": "01", f"/crm{QUOTED}": "01",
        f"/crm/open/v2{QUOTED}": "01", "/x?a=1": "02", "/list": "11", "/": "14",
        "/crm/x?a=1": nothing, "/crmx": nothing,
    }  # fmt: skip
    assert [get("/list"), get("/list")] == ["12", "12"]
    assert get("/%E5%AE%A2%E6%88%B7/2").startswith(
        "no such call: no such call: crm.get is not recorded like this: "
    )
    assert [get(""), get("/crm"), get("/crm/")] == ["14"] * 3
    assert get("/crm?x=1").startswith("no such call: no such call: crm.root is not recorded")
    assert [(len(one.calls), len(one.misses)) for one in replay._sessions] == [(0, 0), (0, 0)]


def test_a_simulator_is_asked_with_the_path_of_its_platform_or_without(tmp_path: Path) -> None:
    (tmp_path / "crm.yaml").write_text(CRM, encoding="utf-8")
    serving = SimulatorServer(load_usable_platforms(tmp_path), "crm")
    seen: list[str] = []

    def handle(request: Request) -> Response:
        seen.append(request.url.removeprefix(request.base))
        return Response(status=200)

    serving.simulator.handle = handle  # type: ignore[method-assign]
    for path in ("/open/v2/list", "/list", "/open/v2", "/open/v2?a", "/open/v23", "/", ""):
        serving.handle(Request(method="GET", url=f"http://h{path}", base="http://h"))

    (tmp_path / "instances.yaml").write_text(
        "- {platform: crm, instance_key: eins}\n- {platform: crm, instance_key: zwei, "
        "enabled: false}\n- {platform: crm, instance_key: drei}\n", encoding="utf-8",
    )  # fmt: skip
    platforms = load_usable_platforms(tmp_path / "crm.yaml", instances=tmp_path / "instances.yaml")
    assert [one.instance for one in SimulatorServer(platforms, "crm").tenants] == ["eins", "drei"]
    assert seen == ["/list", "/list", "", "?a", "/open/v23", "/", ""]
    assert [one.instance for one in serving.tenants] == ["default"]
