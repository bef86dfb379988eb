"""What vcrpy is told for each request of a client, and what the session hears, without a socket."""

from __future__ import annotations

import http.client
import io
import threading
from collections.abc import Sequence
from email.message import Message
from socket import AF_INET, AF_INET6
from types import SimpleNamespace
from typing import Any

import pytest
from vcr.request import Request as VcrRequest

from bpmax_sim.errors import CassetteError
from bpmax_sim.guard import NetworkTarget
from bpmax_sim.messages import Request, Response
from bpmax_sim.traffic import intercept as module
from bpmax_sim.traffic.intercept import UnseenConnection

CRM = "https://crm.example.test"


class Listener:
    """A session that answers from a list, and notes what it hears."""

    def __init__(self, *answers: Response | None) -> None:
        self.answers = list(answers)
        self.heard: list[Any] = []
        self.passes = False

    def is_sent_without_listener(self) -> bool:
        return self.passes

    def try_to_respond(self, request: Request, /) -> Response | None:
        self.heard.append(("asked", request.method, request.url))
        return self.answers.pop(0) if self.answers else None

    def note_sending(self, request: Request, /) -> int:
        self.heard.append(("sends", request.method, request.url))
        return len(self.heard) * 10

    def record_response(self, request: Request, response: Response, serial: int, /) -> None:
        self.heard.append(("recorded", request.url, response, serial))

    def warn_of_unanswered(self, requests: Sequence[Request], /) -> None:
        self.heard.append(("unanswered", [(one.method, one.url) for one in requests]))

    def warn_of_unseen(self, connections: Sequence[UnseenConnection], /) -> None:
        self.heard.append(("unseen", list(connections)))


@pytest.fixture(autouse=True)
def _no_latest_request(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing be under way, and each look at the clock be a second later."""
    module._LATEST.set(0)
    times = iter(range(1000))
    monkeypatch.setattr(module, "time", SimpleNamespace(perf_counter=lambda: float(next(times))))


def adapt(listener: Listener) -> Any:
    return module._VcrCassetteAdapter("客户", listener=listener)


def get(path: str = "", method: str = "GET", body: Any = None, headers: Any = None) -> VcrRequest:
    return VcrRequest(method, f"{CRM}{path}", body, headers or {})


def reply(code: int = 200, body: Any = b"", **headers: Any) -> dict[str, Any]:
    return {
        "status": {"code": code, "message": "OK"}, "headers": headers, "body": {"string": body},
    }  # fmt: skip


def test_a_recorded_response_is_asked_for_once_and_given_once() -> None:
    listener = Listener(
        Response(status=201, reason="Created", headers=(("A", "1"), ("B", "2"), ("a", "3")),
                 body=b"x"),
        Response(status=202), Response(status=203),
    )  # fmt: skip
    adapter, one, two = adapt(listener), get("/1"), get("/2")

    assert [adapter.can_play_response_for(request) for request in (one, one, two)] == [True] * 3
    assert adapter.play_response(one) == {
        "status": {"code": 201, "message": "Created"}, "headers": {"A": ["1", "3"], "B": ["2"]},
        "body": {"string": b"x"},
    }  # fmt: skip
    assert [adapter.play_response(one)["status"]["code"] for one in (two, two)] == [202, 203]
    assert listener.heard == [
        ("asked", "GET", f"{CRM}/1"), ("asked", "GET", f"{CRM}/2"), ("asked", "GET", f"{CRM}/2"),
    ]  # fmt: skip
    assert adapter.write_protected is False


def test_what_a_client_sends_itself_is_recorded_with_the_number_it_got() -> None:
    listener = Listener()
    adapter, one, two, redirected = adapt(listener), get("/1"), get("/2"), get("/3")

    assert [adapter.can_play_response_for(request) for request in (one, one, two)] == [False] * 3
    adapter.append(one, reply(200, b"a", X=["1", "2"]))
    adapter.append(redirected, reply(302, None))  # of the latest one, by a new object
    adapter.append(two, reply(200, "é"))
    adapter.append(get("/4"), reply(204))
    assert adapter.can_play_response_for(one) is False
    recorded = [(url, f"{got.status} {got.reason}", got.headers, got.body, got.elapsed,
    got.source, serial)
                for kind, url, got, serial in [
                    one for one in listener.heard if one[0] == "recorded"]]  # fmt: skip

    assert recorded == [
        (f"{CRM}/1", "200 OK", (("X", "1"), ("X", "2")), b"a", 2.0, "live", 20),
        (f"{CRM}/3", "302 OK", (), b"", 0.0, "live", 0),
        (f"{CRM}/2", "200 OK", (), "é".encode(), 2.0, "live", 40),
        (f"{CRM}/4", "204 OK", (), b"", 0.0, "live", 0),
    ]  # fmt: skip
    assert [one[:3] for one in listener.heard if one[0] != "recorded"] == [
        ("asked", "GET", f"{CRM}/1"), ("sends", "GET", f"{CRM}/1"), ("asked", "GET", f"{CRM}/2"),
        ("sends", "GET", f"{CRM}/2"), ("asked", "GET", f"{CRM}/1"), ("sends", "GET", f"{CRM}/1"),
    ]  # fmt: skip


def test_a_redirected_request_is_recorded_as_the_one_that_was_sent_last() -> None:
    listener = Listener()
    adapter = adapt(listener)
    assert adapter.can_play_response_for(get("/1")) is False
    adapter.append(get("/neu"), reply(302))

    assert [(one[1], one[3]) for one in listener.heard if one[0] == "recorded"] == [
        (f"{CRM}/neu", 20)
    ]
    adapter.warn_of_unanswered()
    assert listener.heard[-1][0] == "recorded"


def test_a_request_of_the_session_itself_is_nobody_s_call() -> None:
    listener = Listener(Response(status=200))
    listener.passes = True
    adapter = adapt(listener)

    assert adapter.can_play_response_for(get()) is False
    adapter.append(get(), reply())
    adapter.note_sending(connection(), LINE)
    adapter.warn_of_unanswered()
    adapter.warn_of_unseen()
    assert listener.heard == []


def test_requests_without_a_response_are_named_unless_they_were_sent_again() -> None:
    listener = Listener()
    adapter = adapt(listener)
    requests = [get("/1"), get("/2"), get("/3", "POST"), get("/1")]
    for request in requests:
        adapter.can_play_response_for(request)
    adapter.append(requests[3], reply())
    adapter.append(get("/3"), reply())
    adapter.warn_of_unanswered()

    assert listener.heard[-1] == ("unanswered", [("GET", f"{CRM}/2"), ("POST", f"{CRM}/3")])


class Socket:
    def __init__(self, fileno: int = 7, family: int = AF_INET) -> None:
        self.family, self._fileno = family, fileno

    def fileno(self) -> int:
        return self._fileno


def connection(sock: Any = None, host: Any = "h.test") -> Any:
    return SimpleNamespace(sock=sock or Socket(), host=host, port=81)


LINE = b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n"


def test_a_request_that_passed_vcrpy_is_reported_once_with_its_connection() -> None:
    listener = Listener()
    adapter, me = adapt(listener), threading.current_thread().name
    for data in (LINE[:-9], b"body", "GET / HTTP/1.1\r\n", b"CONNECT h:1 HTTP/1.1\r\n",
                 b"GET /a HTTP/2.0\r\n", b"GET /a b HTTP/1.1\r\n"):  # fmt: skip
        adapter.note_sending(connection(), data)
    for sock in (Socket(1), Socket(7), Socket(8)):
        adapter.note_connection(sock, NetworkTarget(host=b"n.test", port=sock.fileno()))
    adapter.note_sending(connection(Socket(family=1)), LINE)
    adapter.note_sending(connection(SimpleNamespace(), "ohne.test"), LINE)
    adapter.note_sending(connection(Socket(7, AF_INET6), b"sechs.test"), LINE)
    adapter.warn_of_unseen()

    assert listener.heard == [("unseen", [
        UnseenConnection("h.test", 81, me), UnseenConnection("ohne.test", 81, me),
        UnseenConnection("sechs.test", 81, me), UnseenConnection("n.test", 1, me),
        UnseenConnection("n.test", 8, me),
    ])]  # fmt: skip


def test_a_request_that_vcrpy_saw_is_sent_once_without_a_report() -> None:
    listener = Listener()
    adapter, me = adapt(listener), threading.current_thread().name
    adapter.can_play_response_for(get("/1"))
    adapter.note_connection(Socket(3), NetworkTarget(host="gesehen.test", port=1))
    adapter.note_sending(connection(host="gesehen.test"), LINE)
    adapter.note_sending(connection(host="noch.test"), LINE)
    adapter.warn_of_unseen()

    assert listener.heard[-1] == ("unseen", [UnseenConnection("noch.test", 81, me)])


def test_a_connection_is_reported_only_while_vcrpy_may_be_off() -> None:
    def note(*, is_patched: bool, other: bool = False, passes: bool = False) -> bool:
        listener = Listener()
        adapter = adapt(listener)
        if is_patched:
            adapter.patched_class = http.client.HTTPConnection
        if other:
            thread = threading.Thread(target=send, args=(adapter,))
            thread.start()
            thread.join()
        module._LATEST.set(0)
        listener.passes = passes
        adapter.note_connection(Socket(), NetworkTarget(host="x.test", port=1))
        adapter.warn_of_unseen()
        return listener.heard[-1:] != [] and listener.heard[-1][0] == "unseen"

    def send(adapter: Any) -> None:
        adapter.can_play_response_for(get("/1"))
        adapter.note_sending(connection(), LINE)

    assert [
        note(is_patched=True), note(is_patched=False), note(is_patched=True, other=True),
        note(is_patched=False, passes=True),
    ] == [False, True, True, False]  # fmt: skip


def convert(request: Any) -> Any:
    found = module._convert_request(request)
    assert found.follow is False
    return found.headers, found.body


def test_a_body_of_any_kind_becomes_bytes_or_is_refused() -> None:
    json_type = (("Content-Type", "application/json"),)
    bodies: list[tuple[Any, Any]] = [
        (None, ((), None)), (b"", ((), None)), ("甲", ((), "甲".encode())), (b"a", ((), b"a")),
        (bytearray(b"a"), ((), b"a")), (io.BytesIO(b"ab"), ((), b"ab")),
        (iter([b"a", b"b"]), ((), b"ab")),
    ]  # fmt: skip

    assert [convert(get(body=body)) for body, _ in bodies] == [found for _, found in bodies]
    for value, text in (({"n": [1]}, b'{"n": [1]}'), ([1], b"[1]"), ({}, b"{}")):
        sent = SimpleNamespace(method="post", uri=CRM, headers={"A": "1"}, body=value)
        assert convert(sent) == ((("A", "1"), *json_type), text)
    assert convert(get(headers={"A": "1", "Host": "x"})) == ((("A", "1"),), None)
    refused = "cannot record a request made outside $proxy: "
    for request, words in (
        (VcrRequest("GET", "ws://x.test", None, {}), "'ws://x.test' is not an HTTP address"),
        (SimpleNamespace(method="GET", uri=CRM, headers={}, body=7, body_bytes=7),
         "its body is a int"),
    ):  # fmt: skip
        with pytest.raises(CassetteError) as raised:
            module._convert_request(request)
        assert str(raised.value) == refused + words
    with pytest.raises(CassetteError) as raised:
        module._convert_response(reply(200, b"\xff", **{"Content-Encoding": ["zstd"]}), 1.0)
    assert str(raised.value).startswith(
        "cannot record a response made outside $proxy: its response cannot be decoded: "
    )


def test_headers_keep_the_order_and_spelling_in_which_they_arrived() -> None:
    message = Message()
    for name, value in (("B", "1"), ("a", "2"), ("b", "3"), ("A", "4"), ("C", "5")):
        message[name] = value

    assert list(module._list_headers_in_order(message)) == [
        ("B", ["1", "3"]), ("a", ["2", "4"]), ("C", ["5"]),
    ]  # fmt: skip
