"""Hostile values through every part of a call, over a real connection: never another request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from bpmax_sim.errors import CallError
from tests.loopback import answer_json, loopback
from tests.test_same_bytes import ENVIRON, opened

LONG = "长" * 350_000  # about a megabyte of UTF-8
HOSTILE: Mapping[str, str] = {
    "line breaks": "a\r\nEvil: 1\r\n\r\nGET /evil HTTP/1.1",
    "a lone line feed": "a\nEvil: 1",
    "NUL": "a\x00b",
    "dots": "..",
    "encoded dots": "%2e%2e/",
    "a climb": "../../admin",
    "half a character": "a\ud800b",
    "writing direction": "a\u202eb",
    "a megabyte": LONG,
    "a template": "{{ password }}{% raw %}${x}",
    "an address": "https://evil.example.test/?a=b#c",
}
PARTS = ("path", "query", "header", "body")


def send(part: str, value: Any) -> tuple[list[bytes], CallError | None]:
    """Return what the server received when *part* of a call held *value*."""
    with loopback(lambda _: answer_json("1")) as server, opened(server.url) as session:
        call = session.proxy("order_system").api("get_order").path(id="1")
        values = {"id" if part == "path" else "X-Value" if part == "header" else "value": value}
        try:
            getattr(call, part)(values).call()
        except CallError as error:
            return server.received, error
        return server.received, None


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_value_is_sent_inert_or_not_at_all(name: str, part: str) -> None:
    received, error = send(part, HOSTILE[name])

    if error is not None:
        assert error.code == "BAD_ARGUMENT"
        assert received == []
        assert len(str(error)) < 400
        assert ENVIRON["ORDER_PASSWORD"] not in str(error)
        return
    assert len(received) == 1
    head = received[0].partition(b"\r\n\r\n")[0]
    line, *headers = head.split(b"\r\n")
    assert line.startswith(b"GET /base/orders/")
    assert line.endswith(b" HTTP/1.1")
    assert line.count(b"/") == 4  # /base/orders/{id} and HTTP/1.1: no value adds a segment
    assert not any(header.lower().startswith(b"evil") for header in headers)


@pytest.mark.parametrize("name", ["line breaks", "a lone line feed", "NUL", "half a character"])
def test_what_no_header_can_hold_is_refused(name: str) -> None:
    _, error = send("header", HOSTILE[name])

    assert error is not None
    assert error.code == "BAD_ARGUMENT"


def test_a_megabyte_arrives_whole_in_a_body() -> None:
    received, error = send("body", LONG)

    assert error is None
    assert received[0].partition(b"\r\n\r\n")[2] == f'{{"value":"{LONG}"}}'.encode()
