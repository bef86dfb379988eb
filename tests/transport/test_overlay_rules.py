"""Faults, stubs and adapters around a transport: which rule acts, and what passes unchanged."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from bpmax_sim.errors import ConfigError, NoMatchError, TransportError
from bpmax_sim.messages import Call, Chunk, Request, Response
from bpmax_sim.transport.adapters import httpx_transport
from bpmax_sim.transport.broken_framing import describe_broken_framing
from bpmax_sim.transport.faults import Action, BadToken, Break, Fault, Faults, Reply, Slow
from bpmax_sim.transport.partial_body import StreamedBodyRedactor
from bpmax_sim.transport.protocol import Handler, StubTransport, as_transport, get_handle_function

ANSWER = Response(status=200, body=b"0123456789", elapsed=0.5, source="recorded")


def request(api: str = "find", serial: int = 0, attempt: int = 0, **fields: Any) -> Request:
    call = Call(platform="crm", instance="test", api=api, method="GET", path="/", serial=serial)
    return Request(
        **{"method": "GET", "url": "https://a.test/", "timeout": 30.0, "call": call,
           "attempt": attempt, **fields}
    )  # fmt: skip


def overlay(*rules: Fault, **more: Any) -> tuple[Faults, list[str]]:
    """Return faults over a transport that answers, and what it and the rules saw."""
    seen: list[str] = []

    def answer(made: Request) -> Response:
        seen.append("sent")
        return ANSWER

    faults = Faults(
        Handler(answer), lambda _made, token: Response(status=401, body=token.state.encode()),
        struck=lambda rule, _made: seen.append(str(rule.action.__class__.__name__)), **more,
    )  # fmt: skip
    faults.activate(rules)
    return faults, seen


def test_a_rule_says_which_calls_and_sendings_it_concerns() -> None:
    reply = Reply()
    texts = {
        Fault(on="crm.find", action=reply): "crm.find",
        Fault(on="*", action=reply, first=2): "* call 2",
        Fault(on="crm.*", action=reply, last=1): "crm.* call 1",
        Fault(on="crm.*", action=reply, first=2, last=2): "crm.* call 2",
        Fault(on="crm.*", action=reply, first=2, last=4): "crm.* call 2-4",
        Fault(on="crm.*", action=reply, last=4): "crm.* call 1-4",
    }
    assert {rule: str(rule) for rule in texts} == texts
    covers = {
        ("*", ""): True, ("*", "crm.find"): True, ("crm.find", "crm.find"): True,
        ("crm.find", "crm.find2"): False, ("crm.fi*", "crm.find"): True, ("crm.*",
        "crm2.find"): False,
        ("crm.*", "crm.find"): True, ("crm.find", ""): False,
    }  # fmt: skip
    assert {(on, name): Fault(on=on, action=reply).covers(name) for on, name in covers} == covers

    def strikes(*pairs: tuple[int, int], **fields: Any) -> list[bool]:
        return [Fault(on="*", action=reply, **fields).strikes(*pair) for pair in pairs]

    pairs = (1, 0), (1, 1), (2, 0), (2, 1), (3, 0), (4, 0)
    assert strikes(*pairs) == [True] * 6
    assert strikes(*pairs, first=2) == [False, False, True, False, True, True]
    assert strikes(*pairs, last=2) == [True, False, True, False, False, False]
    assert strikes(*pairs, first=2, last=3) == [False, False, True, False, True, False]
    assert strikes(*pairs, first=2, attempts=2) == [False, False, True, True, True, True]
    assert strikes(*pairs, attempts=1) == [True, False, True, False, True, True]
    assert strikes((1, 2), (1, 3), attempts=3) == [True, False]


def test_the_last_activated_rule_that_fires_answers() -> None:
    first = Fault(on="crm.find", action=Reply(status=501))
    second = Fault(on="crm.*", action=Reply(status=502, headers=(), body=b"x", delay=2.0), first=2)
    third = Fault(on="crm.other", action=Reply(status=503))
    faults, seen = overlay(first)
    faults.activate([second, third])
    assert [faults.handle(request(serial=serial)).status for serial in (1, 2, 2, 3)] == [
        501, 502, 502, 502,
    ]  # fmt: skip
    assert faults.handle(request("none", 4)).status == 502
    assert [faults.count_firings(rule) for rule in (first, second, third)] == [1, 4, 0]
    answer = faults.handle(request(serial=5))
    assert (answer.status, answer.headers, answer.body, answer.elapsed, answer.source) == (
        502, (), b"x", 2.0, "fault",
    )  # fmt: skip
    assert "sent" not in seen
    with pytest.raises(ConfigError) as caught:
        faults.deactivate_and_list_unfired([third, Fault(on="crm.find", action=Reply(status=501))])
    assert str(caught.value) == "the fault crm.find is not active; arm it first, and disarm it once"
    assert faults.has_active_rules
    unfired = Fault(on="*", action=Reply(), first=99)
    faults.activate([unfired])
    faults.handle(request(serial=6))
    assert faults.deactivate_and_list_unfired([first, third, unfired]) == (third, unfired)
    assert faults.deactivate_and_list_unfired([second]) == ()
    assert not faults.has_active_rules
    assert faults.handle(request()) is ANSWER
    with pytest.raises(ConfigError):
        faults.count_firings(second)


def test_calls_are_counted_and_not_their_sendings() -> None:
    rule = Fault(on="*", action=Reply(status=500), first=2, last=2)
    faults, _ = overlay(rule)
    sendings = [(7, 0), (7, 1), (8, 0), (8, 1), (9, 0)]
    assert [faults.handle(request(serial=serial, attempt=at)).status for serial,
            at in sendings] == [
        200, 200, 500, 200, 200,
    ]  # fmt: skip
    faults, _ = overlay(rule)
    assert [faults.handle(request(call=None)).status for _ in range(3)] == [200, 500, 200]
    faults, _ = overlay(replace(rule, matches=lambda made: made.method == "POST"))
    methods = "POST", "GET", "POST", "POST"
    assert [
        faults.handle(request(method=method, serial=at)).status for at,
        method in enumerate(methods, 1)
    ] == [200, 200, 500, 200]  # fmt: skip
    aliases, _ = overlay(
        Fault(on="crm.search", action=Reply(status=500)),
        names_of=lambda name: (name, "crm.search") if name == "crm.find" else (name,),
    )
    assert [aliases.handle(request(api)).status for api in ("find", "search", "other")] == [
        500, 500, 200,
    ]  # fmt: skip


def test_actions_of_a_rule_are_used_one_after_the_other() -> None:
    actions: tuple[Action, ...] = (Reply(status=500), Slow(delay=1), BadToken(state="revoked"))
    rule = Fault(on="*", action=Reply(status=599), answers=actions, first=5)
    faults, seen = overlay(rule)
    got = [faults.handle(request(serial=at)) for at in range(1, 6)]
    assert [(one.status, one.source, one.elapsed) for one in got] == [
        (500, "fault", 0.0), (200, "recorded", 1.5), (401, "fault", 0.0), (200, "recorded", 0.5),
        (200, "recorded", 0.5),
    ]  # fmt: skip
    assert got[2].body == b"revoked"
    assert seen == ["Reply", "Slow", "sent", "BadToken", "sent", "sent"]
    assert faults.count_firings(rule) == 3


def test_an_exchange_breaks_as_its_kind_does() -> None:
    kinds: dict[str, tuple[str, bool, float, str]] = {
        "timeout": ("TIMEOUT", True, 30.0, "no answer within 30 s (fault)"),
        "reset": ("RESET", True, 2.0, "the connection was reset after 5 bytes (fault)"),
        "dns": ("CONNECT", False, 2.0, "cannot connect: the host name does not resolve (fault)"),
        "connect": ("CONNECT", False, 2.0, "cannot connect: the connection was refused (fault)"),
        "tls": ("TLS", False, 2.0,
                "no trusted TLS connection: the certificate has expired (fault)"),
    }  # fmt: skip
    found = {}
    for kind in kinds:
        faults, seen = overlay(Fault(on="*", action=Break(error=kind, after=5, delay=2.0)))  # type: ignore[arg-type]
        with pytest.raises(TransportError) as caught:
            faults.handle(request())
        error = caught.value
        found[kind] = error.code, error.sent, error.elapsed, error.message
        assert seen == ["Break"]
    assert found == kinds
    for kind in "truncated", "invalid_json":
        faults, _ = overlay(Fault(on="*", action=Break(error=kind, delay=2.0)))  # type: ignore[arg-type]
        answer = faults.handle(request())
        assert (answer.status, answer.elapsed, answer.source) == (200, 2.0, "fault")
        assert answer.header("content-type") == "application/json; charset=utf-8"
        with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
            json.loads(answer.body)


def test_a_request_may_be_executed_and_its_response_lost() -> None:
    executed: tuple[Action, ...] = (
        Reply(status=500, is_executed=True), Break(error="reset", is_executed=True),
    )  # fmt: skip
    for action in executed:
        faults, seen = overlay(Fault(on="*", action=action), Fault(on="*", action=Slow(delay=1)))
        with suppress(TransportError):
            assert faults.handle(request()).status == 500
        assert seen[1:] == ["Slow", "sent"]

    def miss(_request: Request) -> Response:
        raise NoMatchError("keine")

    faults = Faults(Handler(miss), lambda _made, _token: ANSWER)
    faults.activate([Fault(on="*", action=executed[0])])
    with pytest.raises(NoMatchError):
        faults.handle(request())


def test_a_slow_response_arrives_in_pieces() -> None:
    def slow(count: int, delay: float = 1.0, **fields: Any) -> Response:
        made = replace(ANSWER, **fields)
        faults = Faults(Handler(lambda _made: made), lambda _made, _token: ANSWER)
        faults.activate([Fault(on="*", action=Slow(delay=delay, chunks=count))])
        return faults.handle(request())

    kept = (Chunk(0.1, 4), Chunk(0.2, 6))
    assert slow(0, chunks=kept) == replace(ANSWER, elapsed=1.5, chunks=kept)
    assert slow(3).chunks == (Chunk(0.5, 3), Chunk(1.0, 3), Chunk(1.5, 4))
    assert slow(1, chunks=kept).chunks == (Chunk(1.5, 10),)
    assert [chunk.length for chunk in slow(4, body=b"ab").chunks] == [0, 1, 0, 1]
    both = Faults(Handler(lambda _made: ANSWER), lambda _made, _token: ANSWER)
    both.activate([Fault(on="*", action=Slow(delay=1)), Fault(on="*", action=Slow(delay=2))])
    assert both.handle(request()).elapsed == 3.5


def test_the_stub_added_last_answers_first() -> None:
    learnt: list[Any] = []
    transport = StubTransport(
        Handler(lambda _made: ANSWER), lambda made, answer: learnt.append((made.url, answer.status))
    )
    assert not transport.has_stubs
    assert transport.handle(request()) is ANSWER
    transport.add(lambda _made: Response(status=201, elapsed=3.0))
    transport.add(lambda made: Response(status=202) if made.method == "POST" else None)
    assert transport.has_stubs
    got = [transport.handle(request(method=method)) for method in ("GET", "POST")]
    assert [(one.status, one.source, one.elapsed) for one in got] == [
        (201, "stub", 0.0), (202, "stub", 0.0),
    ]  # fmt: skip
    assert learnt == [("https://a.test/", 201), ("https://a.test/", 202)]


def test_a_transport_is_an_object_or_a_function() -> None:
    class Answering:
        """A transport."""

        def handle(self, _request: Request, /) -> Response:
            return ANSWER

    own = Answering()
    assert as_transport(own) is own
    made = as_transport(lambda _request: ANSWER)
    assert made.handle(request()) is ANSWER
    assert get_handle_function(made)(request()) is ANSWER
    assert get_handle_function(own)(request()) is ANSWER
    for wrong in Answering, 5, None, "x":
        with pytest.raises(ConfigError) as caught:
            as_transport(wrong)
        assert str(caught.value).startswith("transport: expected a function of a Request")


class Session:
    """A session that keeps what it was asked and answers one thing."""

    def __init__(self, answer: Response | Exception) -> None:
        self.answer, self.asked = answer, list[Request]()

    def handle(self, request: Request, /) -> Response:
        self.asked.append(request)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def test_a_client_of_httpx_asks_the_session() -> None:
    answer = Response(
        status=201, reason="Cré", body="合同".encode(),
        headers=(("Content-Encoding", "gzip"), ("content-length", "99"), ("X-A", "1"), ("x-a", "2"),
                 ("Transfer-Encoding", "chunked")),
        chunks=(Chunk(0.1, 3),),
    )  # fmt: skip
    session = Session(answer)
    with httpx.Client(transport=httpx_transport(session)) as client:
        got = client.post(
            "https://u:p%40@a.test:8443/x%2Fy?q=a+b#f", content=b"data", timeout=7,
            headers=[("X-B", "1"), ("Accept", "*/*"), ("TE", "x"), ("User-Agent", "own"),
            ("Transfer-Encoding", "x")],
        )  # fmt: skip
        plain = client.get("https://a.test", timeout=None, headers={"Accept": "text/csv"})
        head = client.head("https://a.test/")
    assert (got.status_code, got.reason_phrase, got.content) == (201, "Cr?", "合同".encode())
    assert got.headers.multi_items() == [("x-a", "1"), ("x-a", "2"), ("content-length", "6")]
    first, second, third = session.asked
    assert (first.method, first.url, first.body, first.timeout, first.follow) == (
        "POST", "https://u:p%40@a.test:8443/x%2Fy?q=a+b", b"data", 7.0, False,
    )  # fmt: skip
    assert [(name.lower(), value) for name, value in first.headers] == [
        ("x-b", "1"), ("user-agent", "own"), ("authorization", "Basic dTpwQA=="),
    ]  # fmt: skip
    assert (second.url, second.body, second.timeout) == ("https://a.test/", None, 30.0)
    assert ("Accept", "text/csv") in second.headers
    assert plain.status_code == 201
    assert head.headers["content-length"] == "99"
    assert third.method == "HEAD"


def test_an_async_client_gets_the_pieces_and_the_kind_of_failure() -> None:
    answer = Response(status=200, body="合同".encode(), chunks=(Chunk(0.1, 3),))
    session = Session(answer)

    async def ask() -> list[bytes]:
        async with (
            httpx.AsyncClient(transport=httpx_transport(session)) as client,
            client.stream("GET", "https://a.test/") as streamed,
        ):
            return [piece async for piece in streamed.aiter_raw()]

    assert asyncio.run(ask()) == ["合".encode(), "同".encode()]
    kinds: dict[tuple[str, bool], type[Exception]] = {
        ("TIMEOUT", False): httpx.ConnectTimeout, ("TIMEOUT", True): httpx.ReadTimeout,
        ("RESET", True): httpx.ReadError, ("RESET", False): httpx.ConnectError,
        ("CONNECT", False): httpx.ConnectError, ("TLS", False): httpx.ConnectError,
    }  # fmt: skip
    for (code, sent), kind in kinds.items():
        failing = httpx.Client(
            transport=httpx_transport(Session(TransportError("断", code=code, sent=sent)))
        )
        with pytest.raises(kind) as caught:
            failing.get("https://a.test/")
        assert type(caught.value) is kind
        assert str(caught.value) == "断"


def test_broken_framing_is_told_in_words() -> None:
    end = (
        "; the server, or a proxy or gateway before it, has to be corrected (curl -v shows what it "
        "sends)"
    )
    texts = {
        "conflicting Content-Length headers": "it has two different Content-Length headers",
        "bad Content-Length": "its Content-Length is no number",
        "peer closed connection without sending body (received 3 bytes, expected 9)":
            "the connection was closed after 3 of 9 bytes of its body",
        "peer closed connection without sending complete message body (incomplete chunked read)":
            "the connection was closed before the last chunk of its body",
        "illegal chunk header: bytearray(b'x')": "the length of a chunk of its body cannot be read",
        "malformed chunk footer: b'x' (expected b'y')":
            "a chunk of its body is longer than the length before it says",
        "Sorry, we don't support Transfer-Encoding: x":
            "its Transfer-Encoding is not chunked, which is all that was asked for",
        "Server disconnected without sending a response.":
            "the connection was closed before its first lines were complete",
        "illegal status line: bytearray(b'x')":
            "its first line is not a status line, such as HTTP/1.1 200 OK",
        "no response line received": "its first line is not a status line, such as HTTP/1.1 200 OK",
        "Response status_code should be in range [200, 999], not 1":
            "its status is not between 100 and 999",
        "illegal header line: bytearray(b'X-Key : secret')": "the header 'X-Key' cannot be read",
        'illegal header line: bytearray(b"Set Cookie: a\'b")': "the header 'Set' cannot be read",
        "illegal header line: bytearray(b'X-Key secret')": "the header 'X-Key' cannot be read",
        "illegal header line: bytearray(b': secret')": "a line of its headers cannot be read",
        "illegal header line: x": "a line of its headers cannot be read",
        "Receive buffer too long": "its first lines are too long",
        "MIGHT_SWITCH_PROTOCOL": "it changes to another protocol, which was not asked for",
        "something else": "something else",
    }  # fmt: skip
    assert {text: describe_broken_framing(ValueError(text)) for text in texts} == {
        text: f"{told}{end}" for text, told in texts.items()
    }


def shown(media: str, *pieces: bytes, hide: Any = None, **headers: str) -> list[bytes]:
    pairs = (("Content-Type", media), *((name.replace("_", "-"), v) for name, v in headers.items()))
    redactor = StreamedBodyRedactor(pairs, hide or (lambda data: data))
    return [redactor.take_piece(piece) for piece in pieces]


def test_what_has_arrived_is_shown_up_to_its_last_complete_part() -> None:
    stream, js = "text/event-stream", "application/json"
    assert shown(stream, b"a: 1\nb", b": 2", b"\n\nc", b"d") == [b"a: 1\n", b"", b"b: 2\n\n", b""]
    assert shown(js, b'{"a": 1', b', "b', b'": [1, "x,', b'"', b', {"c": 2}', b"], 3}") == [
        b"{", b'"a": 1', b', "b": [1', b"", b', "x,", {"c": 2}', b"], 3}",
    ]  # fmt: skip
    assert shown("application/problem+json; charset=utf-8", b'[1,"a\\"b",2') == [b'[1,"a\\"b"']
    for media in "text/plain", "application/octet-stream", "", "application/jsonx":
        assert shown(media, b'{"a": 1, "b": 2}\n') == [b""]
    assert shown(js, b'{"a": 1,"b":2', Content_Encoding="odd") == [b""]
    assert shown(js, b"[1,2", b",3", Content_Encoding="gzip") == [b"", b""]

    def hide(data: bytes) -> bytes:
        return data.replace(b"k3y", b"***")

    assert shown(js, b'["k3y",', b'"b",', hide=hide) == [b'["***"', b',"b"']
    seen: list[bytes] = []

    def note(data: bytes) -> bytes:
        seen.append(data)
        return data

    shown(js, b'{"a": [1, {"b": 2, "c": ', hide=note)
    assert seen == [b'{"a": [1, {"b": 2}]}']
    later = iter([b'["x"]', b'["y","b"]', b'["x","b","c"]'])
    assert shown(js, b'["x",', b'"b",', b'"c",', hide=lambda _data: next(later)) == [
        b'["x"', b"", b',"b","c"',
    ]  # fmt: skip
    assert shown(js, b"[1," + b" " * 65_540, b"2,") == [b"", b""]
    assert shown(js, b"[1," + b" " * 65_540 + b"2,", b"") == [b"", b""]
    seen.clear()
    shown(js, b'[[1], {"a": 2, "b": [3, ', hide=note)
    shown(js, b'{"a": [3, ', hide=note)
    assert seen == [b'[[1], {"a": 2, "b": [3]}]', b'{"a": [3]}']
    assert shown(stream, b"a" * 65_540 + b"\n") == [b"a" * 65_540 + b"\n"]
    assert shown(stream, b"a" * (1 << 20), b"b", b"\n") == [b"", b"", b""]
