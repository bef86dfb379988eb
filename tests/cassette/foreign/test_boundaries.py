"""What other tools' files leave out, have twice or say in another case."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bpmax_sim.errors import CassetteError, ConfigError
from bpmax_sim.messages import Exchange, FailedExchange, Request, Response
from bpmax_sim.traffic import curl
from bpmax_sim.traffic.curl import format_curl_command
from bpmax_sim.traffic.formats import detect_format, read_foreign
from bpmax_sim.traffic.imported import ReadOptions
from tests.cassette.foreign.test_corners import har

ADDRESS = "https://crm.example.test"


def imported(*mappings: dict[str, Any]) -> tuple[Exchange, ...]:
    data = json.dumps({"mappings": mappings}).encode()
    return read_foreign(data, kind="wiremock", options=ReadOptions(address=ADDRESS)).exchanges


def mapping(path: str = "/a", **parts: Any) -> dict[str, Any]:
    request = {"method": "POST", "urlPath": path, **parts.pop("request", {})}
    return {"request": request, "response": {"status": 200, **parts.pop("response", {})}, **parts}


def state(path: str, required: str | None, new: str | None = None) -> dict[str, Any]:
    states = {"requiredScenarioState": required, "newScenarioState": new}
    return mapping(path, scenarioName="甲", **{k: v for k, v in states.items() if v is not None})


@pytest.mark.parametrize(
    ("states", "order"),
    [
        ([("/1", "Started", "b"), ("/2", "b", "c"), ("/3", "c", None)], "123"),
        ([("/3", "c", None), ("/1", "Started", "b"), ("/2", "b", "c")], "123"),
        ([("/2", "b", None), ("/1", None, "b")], "12"),
        ([("/3", "b", None), ("/1", None, None), ("/2", None, "b")], "123"),
        ([("/3", "b", None), ("/1", "Started", None), ("/2", "Started", "b")], "123"),
        # a gap: nothing leads to what is left, so it comes as it is in the file
        ([("/2", "x", "y"), ("/1", "Started", "b"), ("/3", "y", None)], "123"),
        ([("/1", "x", "y"), ("/2", "z", None)], "12"),
    ],
)
def test_mappings_of_a_scenario_come_in_the_order_of_its_states(
    states: list[tuple[str, str | None, str | None]], order: str
) -> None:
    found = imported(*(state(*one) for one in states))

    assert "".join(one.request.url[-1] for one in found) == order


@pytest.mark.parametrize("name", ["Content-Type", "content-type", "CONTENT-TYPE"])
def test_a_media_type_that_is_asked_for_is_not_added_a_second_time(name: str) -> None:
    asks = {"bodyPatterns": [{"equalToJson": {"a": 1}}]}
    [plain] = imported(mapping(request=asks))
    [own] = imported(mapping(request={**asks, "headers": {name: {"equalTo": "text/x"}}}))

    assert plain.request.headers == (("content-type", "application/json"),)
    assert own.request.headers == ((name, "text/x"),)


@pytest.mark.parametrize(
    ("delay", "seconds"), [(None, 0.0), (0, 0.0), (1, 0.001), (1500, 1.5), (60_000, 60.0)]
)
def test_a_delay_is_in_milliseconds(delay: int | None, seconds: float) -> None:
    late = {} if delay is None else {"fixedDelayMilliseconds": delay}
    [answered] = imported(mapping(response=late))
    [failed] = imported(mapping(response={**late, "fault": "CONNECTION_RESET_BY_PEER"}))

    assert (answered.outcome.elapsed, failed.outcome.elapsed) == (seconds, seconds)
    assert isinstance(answered.outcome, Response)
    assert isinstance(failed.outcome, FailedExchange)


@pytest.mark.parametrize(
    ("reply", "body"),
    [
        ({}, b""), ({"body": ""}, b""), ({"body": None}, b""), ({"body": "甲"}, "甲".encode()),
        ({"jsonBody": None}, b"null"), ({"jsonBody": 0}, b"0"), ({"jsonBody": []}, b"[]"),
        ({"jsonBody": {"a": "甲"}}, '{"a":"甲"}'.encode()), ({"base64Body": "55Sy"}, "甲".encode()),
        ({"base64Body": "", "body": "乙"}, "乙".encode()),
    ],
)  # fmt: skip
def test_a_body_is_what_the_mapping_says(reply: dict[str, Any], body: bytes) -> None:
    [found] = imported(mapping(response=reply))

    assert isinstance(found.outcome, Response)
    assert found.outcome.body == body


@pytest.mark.parametrize("more", [-1, 0, 1])
@pytest.mark.parametrize("letter", ["a", "甲"])
def test_a_body_is_an_argument_up_to_what_linux_takes(
    more: int, letter: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(curl, "_LONGEST", 9)
    body = letter.encode() * (9 // len(letter.encode()))
    body = body + b"b" * more if more >= 0 else body[: more * len(letter.encode())]

    command = format_curl_command(Request(method="POST", url=ADDRESS, body=body))

    assert command.startswith("printf '%s' ") == (more > 0)
    assert ("--data-binary @-" in command) == (more > 0)


@pytest.mark.parametrize(
    ("body", "sent"),
    [
        (None, ""), (b"", "--data-binary ''"), (b"@a", "printf"), (b"a@", "--data-binary a@"),
        (b"\0", "printf '\\000'"), (b"\xff", "printf '\\377'"), (b"it's", """'it'"'"'s'"""),
    ],
)  # fmt: skip
def test_a_body_is_sent_byte_for_byte(body: bytes | None, sent: str) -> None:
    command = format_curl_command(Request(method="POST", url=ADDRESS, body=body))

    assert sent in command
    assert ("Content-Type:" in command) == (body is not None)
    assert ("data-binary" in command) == (body is not None)


def hoverfly(turns: list[str | None]) -> str:
    """Return the order in which pairs come whose states of sequences are *turns*."""
    pairs = [
        {
            "request": {
                "method": [{"value": "GET"}],
                "destination": [{"value": "crm.example.test"}],
                "path": [{"value": f"/{number}"}],
                **({} if turn is None else {"requiresState": {"sequence:1": turn}}),
            },
            "response": {"status": 200},
        }
        for number, turn in enumerate(turns)
    ]
    tree = {"data": {"pairs": pairs}, "meta": {"schemaVersion": "v5.2"}}
    found = read_foreign(json.dumps(tree).encode(), kind="hoverfly", options=ReadOptions())
    return "".join(one.request.url[-1] for one in found.exchanges)


@pytest.mark.parametrize(
    ("turns", "order"),
    [
        (["1", "2", "3"], "012"),
        (["3", "1", "2"], "120"),
        (["10", "9", "2", "1"], "3210"),
        (["2", None, "1"], "120"),
        (["1", "1", "0"], "201"),
        (["2", "", "x", "1"], "1230"),
        (["²", "1"], "01"),
    ],
)
def test_the_turns_of_a_sequence_are_numbers(turns: list[str | None], order: str) -> None:
    assert hoverfly(turns) == order


@pytest.mark.parametrize(
    ("told", "status"), [(None, 200), (0, 200), (200, 200), (201, 201), ("404", 404), (599, 599)]
)
def test_a_mapping_without_a_status_is_200(told: Any, status: int) -> None:
    [found] = imported(mapping(response={"status": told}))

    assert isinstance(found.outcome, Response)
    assert found.outcome.status == status


@pytest.mark.parametrize(
    ("sizes", "charset"),
    [
        ({}, "utf-8"),
        ({"size": 7}, "utf-8"),
        ({"size": 3}, "cp1252"),
        ({"size": 2, "compression": 1}, "cp1252"),
        ({"size": 3, "compression": 2}, "cp1252"),
        ({"size": 3, "compression": 4}, "utf-8"),
        ({"size": 4, "compression": 3}, "utf-8"),
        ({"size": 5, "compression": 0}, "utf-8"),
        ({"size": -1}, "utf-8"),
    ],
)
def test_the_size_of_a_body_tells_its_charset_compressed_or_not(
    sizes: dict[str, int], charset: str
) -> None:
    content = {"mimeType": "text/html", "text": "é€ü", **sizes}
    entry = {
        "request": {"method": "GET", "url": ADDRESS, "headers": []},
        "response": {"status": 200, "headers": [], "content": content},
    }
    data = json.dumps({"log": {"entries": [entry]}}).encode()
    [found] = read_foreign(data, kind="har").exchanges

    assert isinstance(found.outcome, Response)
    assert found.outcome.body == "é€ü".encode(charset)


@pytest.mark.parametrize(
    ("more", "sent"),
    [({}, b"{}"), ({"disabled": False}, b"{}"), ({"disabled": True}, None), ({"mode": ""}, None)],
)
def test_a_body_that_is_switched_off_is_not_sent(more: dict[str, Any], sent: bytes | None) -> None:
    request = {"method": "POST", "url": ADDRESS, "body": {"mode": "raw", "raw": "{}", **more}}
    item = {"name": "a", "request": request, "response": [{"code": 200}]}
    tree = {"info": {"schema": "v2.1.0"}, "item": [item]}
    [found] = read_foreign(json.dumps(tree).encode(), kind="postman").exchanges

    assert found.request.body == sent
    assert bool(found.request.headers) == (sent is not None)


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ({"type": "json", "content": None}, b"null"),
        ({"type": "json"}, b"null"),
        ({"type": "json", "content": 0}, b"0"),
        ({"type": "json", "content": []}, b"[]"),
        ({"type": "text", "content": None}, b""),
        ({"type": "text", "content": "甲"}, "甲".encode()),
        ({"type": "binary", "content": "00ff"}, b"\x00\xff"),
        ({"type": "none"}, b""),
        ({}, b""),
    ],
)
def test_a_body_of_cassetter_is_what_its_type_says(body: dict[str, Any], found: bytes) -> None:
    request = {"method": "GET", "uri": ADDRESS, "headers": {}, "body": {"type": "none"}}
    response = {"status": 200, "headers": {}, "body": body}
    data = json.dumps({"interactions": [{"request": request, "response": response}]}).encode()
    [exchange] = read_foreign(data, kind="cassetter").exchanges

    assert isinstance(exchange.outcome, Response)
    assert exchange.outcome.body == found


@pytest.mark.parametrize(
    ("url", "read"),
    [
        ("https://a.test/x?b=1", "https://a.test/x?b=1"),
        ({"raw": "https://a.test/x?b=1", "host": ["b", "test"]}, "https://a.test/x?b=1"),
        ({"protocol": "https", "host": ["a", "test"], "path": ["x", "y"]}, "https://a.test/x/y"),
        ({"protocol": "http", "host": ["a", "test"], "port": "8080"}, "http://a.test:8080/"),
        ({"protocol": "http", "host": "a.test", "port": 81, "path": "/x"}, "http://a.test:81/x"),
        ({"protocol": "http", "host": "a.test", "path": [{"value": "x"}, "y"]}, "http://a.test/x/y"),
        (
            {
                "protocol": "https", "host": "a.test", "path": ["x"],
                "query": [{"key": "b", "value": "1 2"}, {"key": "d", "value": None},
                          {"key": "c", "value": "3", "disabled": True}],
            },
            "https://a.test/x?b=1+2&d=",
        ),
        (
            {"raw": "https://a.test/:id/:no/x", "variable": [{"key": "id", "value": "a/b"}]},
            "https://a.test/a%2Fb/:no/x",
        ),
        ("a.test/x?u=https://b.test", "http://a.test/x?u=https://b.test"),
        ({"raw": "localhost:8080/:id", "variable": [{"key": "id", "value": 7}]},
         "http://localhost:8080/7"),
        ({"host": ["a", "test"], "path": ["x"]}, "http://a.test/x"),
        ("HTTPS://a.test", "HTTPS://a.test"),
    ],
)  # fmt: skip
def test_an_address_of_postman_is_read_whole_or_in_parts(url: Any, read: str) -> None:
    item = {"name": "a", "request": {"method": "GET", "url": url}, "response": [{"code": 200}]}
    tree = {"info": {"schema": "v2.1.0"}, "item": [item]}
    [found] = read_foreign(json.dumps(tree).encode(), kind="postman").exchanges

    assert found.request.url == read


@pytest.mark.parametrize("url", ["", "/x", "?a=1", "ws://a.test", {"raw": ""}, {"path": ["x"]}])
def test_an_address_of_postman_without_a_host_is_none(url: Any) -> None:
    item = {"request": {"method": "GET", "url": url}, "response": [{"code": 200}]}
    tree = {"info": {"schema": "v2.1.0"}, "item": [item]}
    found = read_foreign(json.dumps(tree).encode(), kind="postman")

    assert found.exchanges == ()
    assert all("is not an HTTP address" in note for note in found.notes)
    assert len(found.notes) == 1


@pytest.mark.parametrize(
    ("headers", "kept"),
    [
        ([], (("Authorization", "Basic dTpnZWhlaW0="),)),
        ([("authorization", "Bearer t")], (("authorization", "Bearer t"),)),
    ],
)
def test_a_password_in_an_address_is_read_as_the_header_that_it_is_sent_in(
    headers: list[tuple[str, str]], kept: Any
) -> None:
    url = f"{ADDRESS}/客户?a=1#b".replace("://", "://u:geheim@")
    items = [{"name": name, "value": value} for name, value in headers]
    [found] = har({"request": {"url": url, "headers": items}}).exchanges

    assert found.request.url == f"{ADDRESS}/%E5%AE%A2%E6%88%B7?a=1"
    assert found.request.headers == kept


@pytest.mark.parametrize(
    ("time", "elapsed"),
    [(1500, 1.5), (0, 0.0), (None, 0.0), (-5, 0.0), (0.4, 0.0), (1.6, 0.002), ("12.0", 0.012)],
)
def test_an_exchange_of_an_archive_takes_its_time_and_never_less_than_none(
    time: Any, elapsed: float
) -> None:
    failed = {"status": 0, "_error": "连接中断"}
    found = har({"time": time}, {"time": time, "response": failed}).exchanges

    assert [one.outcome.elapsed for one in found] == [elapsed, elapsed]


@pytest.mark.parametrize("name", ["Connection", "connection", ""])
def test_a_head_with_a_body_ends_the_connection_once(name: str) -> None:
    headers = ((name, "keep-alive"),) if name else ()
    command = format_curl_command(Request(method="HEAD", url=ADDRESS, headers=headers, body=b"1"))

    told = [line for line in command.splitlines() if "connection:" in line.lower()]
    assert told == [f"  --header '{name or 'Connection'}: {'keep-alive' if name else 'close'}' \\"]


@pytest.mark.parametrize(
    ("outcome", "told"),
    [
        (Response(status=200, reason="OK"), "# 7 -> HTTP 200 OK"),
        (Response(status=204), "# 7 -> HTTP 204"),
        (FailedExchange(code="TLS", message="a\tb\x7f"), "# 7 -> TLS a b "),
    ],
    ids=["reason", "no-reason", "failed"],
)
def test_a_comment_of_a_script_says_what_came_back(
    outcome: Response | FailedExchange, told: str
) -> None:
    request = Request(method="GET", url=ADDRESS)
    data, _ = curl.write_curl([Exchange(request=request, outcome=outcome, order=7)])

    assert data.decode().splitlines()[2] == told


@pytest.mark.parametrize(
    ("text", "is_openapi"),
    [
        ('{"openapi": "3.0.3"}', True), ('{\n  "info": {},\n  "openapi": "3.1.0"\n}', True),
        ("openapi: 3.0.3\n", True), ("# 客户系统\n'openapi' : 3.0.3\n", True),
        ("swagger: '2.0'\n", True), ('{"swagger": "2.0"}', True), ("x-openapi: 1\n", False),
        ("openapi\n", False), ('["openapi"]', False),
    ],
)  # fmt: skip
def test_an_openapi_document_is_told_from_what_is_no_recording(text: str, is_openapi: bool) -> None:
    with pytest.raises(ConfigError if is_openapi else CassetteError) as caught:
        detect_format(text.encode())

    assert ("bpmax-sim import openapi" in str(caught.value)) == is_openapi


@pytest.mark.parametrize(
    ("metadata", "base"),
    [
        ({}, ADDRESS), ({"metadata": None}, ADDRESS), ({"metadata": {"a": 1}}, ADDRESS),
        ({"metadata": {"bpmax_sim": {"address": ""}}}, ADDRESS),
        ({"metadata": {"bpmax_sim": {"address": "https://erp.example.test:8443"}}},
         "https://erp.example.test:8443"),
    ],
)  # fmt: skip
def test_a_mapping_of_ours_tells_its_address(metadata: Any, base: str) -> None:
    [found] = imported(mapping("/a", **metadata))

    assert found.request.url == f"{base}/a"


@pytest.mark.parametrize(
    ("parts", "body"),
    [
        ({"body": "甲"}, "甲"), ({"body": "甲", "parsed_body": {"a": 1}}, "甲"),
        ({"body": None, "parsed_body": {"a": 1}}, '{"a":1}'), ({"parsed_body": None}, "null"),
        ({"body": {"string": ""}, "parsed_body": [1]}, ""), ({"body": {}}, ""), ({}, ""),
        ({"content": "乙", "body": "甲"}, "乙"),
    ],
)  # fmt: skip
def test_a_body_of_vcrpy_is_the_text_before_the_value(parts: dict[str, Any], body: str) -> None:
    reply = {"status": {"code": 200, "message": "OK"}, "headers": {}, **parts}
    entry = {"request": {"method": "GET", "uri": ADDRESS, "headers": {}}, "response": reply}
    data = json.dumps({"version": 1, "interactions": [entry]}).encode()
    [found] = read_foreign(data).exchanges

    assert isinstance(found.outcome, Response)
    assert found.outcome.body.decode() == body


@pytest.mark.parametrize("name", ["recorded_at", "at"])
def test_exchanges_of_vcrpy_come_in_the_order_of_their_times(name: str) -> None:
    entries = [
        {
            "request": {"method": "GET", "uri": f"{ADDRESS}/{second}", "headers": {}},
            "response": {"status": {"code": 200, "message": "OK"}, "headers": {}},
            name: f"2026-03-02T09:00:0{second}+08:00",
        }
        for second in (3, 1, 2)
    ]
    found = read_foreign(json.dumps({"interactions": entries}).encode())

    assert "".join(one.request.url[-1] for one in found.exchanges) == "123"
    assert found.notes == ()


@pytest.mark.parametrize(
    ("levels", "told"),
    [(28, "which is not supported"), (40, "damaged or cut"), (5_000, "damaged or cut")],
)
def test_a_flow_that_is_nested_beyond_all_measure_is_damaged(levels: int, told: str) -> None:
    value = b"0:~"
    for _ in range(levels):
        value = b"%d:%b]" % (len(value), value)
    flow = b"7:request,%b" % value + b"4:type,4:http,"

    try:
        said = " ".join(read_foreign(b"%d:%b}" % (len(flow), flow), kind="mitmproxy").notes)
    except CassetteError as error:
        said = str(error)

    assert told in said


@pytest.mark.parametrize("coding", ["gzip", "x-gzip", "GZIP", "X-GZip"])
def test_a_text_beside_the_name_of_a_coding_stays(coding: str) -> None:
    headers = {"Content-Encoding": coding}
    replies = [{"headers": headers, "body": "\u00e9"}, {"headers": headers, "base64Body": "6Q=="}]

    found = imported(*(mapping(response=one) for one in replies))

    bodies = [one.outcome.body for one in found if isinstance(one.outcome, Response)]
    assert bodies == ["é".encode(), b"\xe9"]
