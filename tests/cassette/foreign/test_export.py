from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from typing import Any

import hypothesis.strategies as st
import pytest
import yaml
from hypothesis import assume, given, settings
from msgspec.structs import replace

from bpmax_sim.errors import CassetteError, ConfigError
from bpmax_sim.messages import Call, Chunk, Exchange, FailedExchange, Pairs, Request, Response
from bpmax_sim.traffic.curl import format_curl_command
from bpmax_sim.traffic.formats import read_foreign, write_foreign
from bpmax_sim.traffic.imported import ReadOptions
from tests.examples import drawn
from tests.loopback import answer_json, loopback

WORDS = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=8)
VALUES = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), max_size=12)
NAMES = WORDS.map(lambda word: f"X-{word}")
BODIES = st.one_of(st.text(st.characters(exclude_categories=["Cs"])).map(str.encode), st.binary())


@st.composite
def headers(draw: st.DrawFn, *, unique: bool = False) -> Pairs:
    names = draw(st.lists(NAMES, max_size=3, unique_by=str.lower))
    many = 1 if unique else 2
    return tuple(
        (name, value)
        for name in names
        for value in draw(st.lists(VALUES, min_size=1, max_size=many))
    )


@st.composite
def exchanges(draw: st.DrawFn) -> Exchange:
    query = draw(st.sampled_from(["", "?a=1&b=%E4%B8%AD", "?a=1&a=2"]))
    request = Request(
        method=draw(st.sampled_from(["GET", "POST", "DELETE"])),
        url=f"https://crm.example.test/{draw(st.text('abc-._~/', max_size=9))}{query}",
        headers=(*draw(headers(unique=True)), ("Content-Type", "text/plain")),
        body=draw(st.none() | BODIES.filter(bool)),
    )
    response = Response(
        status=draw(st.sampled_from([200, 201, 404, 503])),
        reason=draw(st.sampled_from(["OK", "", "Not Found"])),
        headers=draw(headers()),
        body=draw(BODIES),
        elapsed=draw(st.integers(0, 60_000)) / 1000,
        source="recorded",
    )
    failed = FailedExchange(code="TIMEOUT", message="no answer within 3 s", elapsed=3.0)
    outcomes: tuple[Response | FailedExchange, ...] = (response, response, failed)
    outcome = draw(st.sampled_from(outcomes))
    return Exchange(request=request, outcome=outcome)


def numbered(found: list[Exchange]) -> tuple[Exchange, ...]:
    start = 1772413200.0
    return tuple(
        replace(exchange, order=number, at=start + number)
        for number, exchange in enumerate(found, 1)
    )


@settings(max_examples=drawn(60))
@given(st.lists(exchanges(), max_size=4).map(numbered))
def test_an_archive_holds_everything(written: tuple[Exchange, ...]) -> None:
    data, notes = write_foreign(written, "har")

    assert notes == ()
    assert read_foreign(data, kind="har").exchanges == written


def complete(written: tuple[Exchange, ...]) -> list[Exchange]:
    return [exchange for exchange in written if isinstance(exchange.outcome, Response)]


@settings(max_examples=drawn(60))
@given(st.lists(exchanges(), max_size=4).map(numbered))
def test_a_plain_cassette_holds_what_vcrpy_can_tell(written: tuple[Exchange, ...]) -> None:
    assume(complete(written) or not written)
    data, notes = write_foreign(written, "vcrpy")
    found = read_foreign(data, kind="vcrpy").exchanges

    def told(exchange: Exchange) -> Any:
        assert isinstance(exchange.outcome, Response)
        request = exchange.request
        headers = sorted(request.headers), sorted(exchange.outcome.headers)
        outcome = exchange.outcome
        return request.method, request.url, request.body, outcome.status, outcome.body, headers

    assert [told(exchange) for exchange in found] == [told(e) for e in complete(written)]
    assert len(notes) == len(written) - len(found)


@settings(max_examples=drawn(60))
@given(st.lists(exchanges(), max_size=4).map(numbered))
def test_mappings_hold_what_wiremock_can_tell(written: tuple[Exchange, ...]) -> None:
    data, _ = write_foreign(written, "wiremock")
    found = read_foreign(
        data, kind="wiremock", options=ReadOptions(address="https://crm.example.test")
    ).exchanges

    def told(exchange: Exchange) -> Any:
        request, outcome = exchange.request, exchange.outcome
        kept = [v for n, v in request.headers if n == "Content-Type"]
        said = request.method, request.url, request.body, kept, outcome.elapsed
        if isinstance(outcome, FailedExchange):
            return said
        return *said, outcome.status, outcome.reason, outcome.body, outcome.headers

    assert sorted(map(repr, map(told, found))) == sorted(map(repr, map(told, written)))


def one(**changes: Any) -> Exchange:
    outcome = Response(status=200, reason="OK", body=b'{"ok":1}')
    request = Request(method="GET", url="https://crm.example.test/a", headers=(("A", "1"),))
    return replace(Exchange(request=request, outcome=outcome, at=1772413200.0), **changes)


def test_what_a_format_cannot_carry_is_told() -> None:
    failed = one(outcome=FailedExchange(code="TLS", message="expired"), order=2)
    twice = one(request=replace(one().request, headers=(("A", "1"), ("a", "2"))))
    streamed = one(outcome=Response(status=200, body=b"ab", chunks=(Chunk(0.1, 2),)))

    assert write_foreign([twice, failed], "vcrpy")[1] == (
        "exchange 1: vcrpy keeps one value of a request header",
        "exchange 2: it did not complete, which vcrpy cannot express",
    )
    assert write_foreign([failed], "wiremock")[1] == ("exchange 2: TLS became a reset connection",)
    assert write_foreign([streamed], "har")[1] == (
        "exchange 1: the chunks of its response are not stored",
    )


def test_equal_requests_become_states_of_a_scenario() -> None:
    again = one(outcome=Response(status=503, body=b""), order=2)
    data, _ = write_foreign([one(), again], "wiremock")
    first, second = json.loads(data)["mappings"]

    assert (first["requiredScenarioState"], first["newScenarioState"]) == ("Started", "played 1")
    assert second["requiredScenarioState"] == "played 1"
    assert "newScenarioState" not in second
    found = read_foreign(data, options=ReadOptions(address="https://crm.example.test")).exchanges
    assert [e.outcome.status for e in found if isinstance(e.outcome, Response)] == [200, 503]


def test_stock_vcrpy_plays_what_is_written_for_it(tmp_path: Any) -> None:
    from vcr.cassette import Cassette as VcrCassette  # noqa: PLC0415 - slow, and all collect
    from vcr.serializers import yamlserializer  # noqa: PLC0415

    path = tmp_path / "客户.yaml"
    path.write_bytes(write_foreign([one()], "vcrpy")[0])
    cassette = VcrCassette.load(path=str(path), serializer=yamlserializer)

    (request,) = cassette.requests
    assert cassette.play_response(request)["body"]["string"] == b'{"ok":1}'
    assert yaml.safe_load(path.read_text())["version"] == 1


@pytest.mark.parametrize(
    "body", [None, b"", b"@file", "it's 张三\n $HOME `x` \\".encode(), b"\0\xff%s'\\n", b"{}"]
)
@pytest.mark.parametrize("kinds", [(), (("Content-Type", "application/json"), ("X-E", ""))])
def test_curl_sends_the_same_bytes(body: bytes | None, kinds: Pairs) -> None:
    with loopback(lambda _request: answer_json("{}")) as server:
        url = f"{server.url}/a/../b?q=[1]&x=%E4%B8%AD"
        request = Request(method="POST", url=url, headers=kinds, body=body)
        run_shell(format_curl_command(request))
        (received,) = server.received

    head, _, sent = received.partition(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    assert lines[0] == b"post /a/../b?q=[1]&x=%e4%b8%ad http/1.1"
    assert sent == (body or b"")
    assert (b"content-type: application/json" in lines) == bool(kinds)
    assert any(line.startswith(b"content-type:") for line in lines) == bool(kinds)
    assert (b"x-e:" in lines) == bool(kinds)


@pytest.mark.parametrize("method", ["HEAD", "GET", "DELETE", "OPTIONS", "PATCH"])
@pytest.mark.parametrize("body", [None, b"", '@{"客户":"it\'s"}'.encode(), b"\0\xff"])
def test_curl_sends_a_body_by_every_method(method: str, body: bytes | None) -> None:
    head = b"HTTP/1.1 200 OK\r\nX-Total: 42\r\nContent-Length: 7\r\n\r\n"

    def answer(request: bytes) -> Iterator[bytes]:
        yield head + (b"" if request.startswith(b"HEAD") else b"1234567")

    with loopback(answer) as server:
        headers = (("X-Blank", " "), ("X-Quote", '"it\'s"'))
        run_shell(
            format_curl_command(
                Request(method=method, url=f"{server.url}/a", headers=headers, body=body)
            )
        )
        (received,) = server.received

    lines, _, sent = received.partition(b"\r\n\r\n")
    assert (lines.split()[0], sent) == (method.encode(), body or b"")
    assert b"\r\nX-Blank:\r\n" in lines
    assert b'\r\nX-Quote: "it\'s"' in lines


def run_shell(script: str) -> None:
    subprocess.run(["sh"], input=script.encode(), check=True, capture_output=True)


@pytest.mark.parametrize("piece", ["客户's ".encode(), b"\0\xff"], ids=["text", "bytes"])
def test_curl_sends_bodies_that_no_argument_holds(piece: bytes) -> None:
    body = piece * (1_000_000 // len(piece))
    with loopback(lambda _request: answer_json("{}")) as server:
        run_shell(format_curl_command(Request(method="POST", url=f"{server.url}/a", body=body)))
        (received,) = server.received

    assert received.partition(b"\r\n\r\n")[2] == body


def test_nothing_is_written_where_vcrpy_can_tell_nothing() -> None:
    failed = one(outcome=FailedExchange(code="TLS", message="expired"))

    with pytest.raises(CassetteError) as caught:
        write_foreign([failed], "vcrpy")

    assert str(caught.value) == (
        "nothing can be written for vcrpy: "
        "exchange 1: it did not complete, which vcrpy cannot express"
    )


def test_mappings_ask_for_the_headers_that_the_caller_chose_and_for_no_others() -> None:
    headers = (("X-Trace", "甲"), ("Content-Type", "text/plain; charset=utf-8"))
    call = Call(platform="crm", instance="default", api="note", method="POST", path="/a")
    said = replace(call, headers=headers, body="备注".encode())
    request = Request(
        method="POST",
        url="https://crm.example.test/a",
        headers=(*headers, ("Authorization", "Bearer redacted.crm.default.token.1")),
        body=said.body,
        call=said,
    )
    data, _ = write_foreign([one(request=request)], "wiremock")
    expected = json.loads(data)["mappings"][0]["request"]
    (found,) = read_foreign(data, options=ReadOptions(address="https://crm.example.test")).exchanges

    assert expected["headers"] == {
        "X-Trace": {"equalTo": "甲"},
        "Content-Type": {"equalTo": "text/plain; charset=utf-8", "caseInsensitive": True},
    }
    assert (found.request.headers, found.request.body) == (headers, said.body)


def test_a_script_of_curl_says_what_came_back() -> None:
    failed = one(outcome=FailedExchange(code="TLS", message="expired\n$(rm -rf x)"), order=2)
    data, notes = write_foreign([one(), failed], "curl")

    assert notes == ()
    assert data.decode() == (
        "#!/bin/sh\n\n"
        "# 1 -> HTTP 200 OK\n"
        "curl --silent --show-error --globoff --path-as-is --request GET "
        "https://crm.example.test/a \\\n  --header 'A: 1'\n\n"
        "# 2 -> TLS expired $(rm -rf x)\n"
        "curl --silent --show-error --globoff --path-as-is --request GET "
        "https://crm.example.test/a \\\n  --header 'A: 1'\n"
    )


def test_a_format_that_cannot_be_written() -> None:
    with pytest.raises(ConfigError) as caught:
        write_foreign([], "betamax")

    assert str(caught.value) == (
        "format: 'betamax' can only be read; there are curl, har, vcrpy, wiremock"
    )
