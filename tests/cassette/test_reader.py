"""Exchanges that somebody wrote by hand, in another style than the recorder's."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from bpmax_sim.cassette.format import render_exchange
from bpmax_sim.cassette.reader import read_exchange
from bpmax_sim.messages import Call, Response
from tests.cassette.test_leak_check import exchange


@pytest.mark.parametrize("name", ["get", "orders.list", "v2.orders.list"])
def test_the_name_of_an_api_may_have_dots(name: str) -> None:
    sent = exchange(sent=b"1", received=b"2")
    called = Call(platform="crm", instance="default", api=name, method="POST", path="/a")

    read = read_exchange(
        render_exchange(replace(sent, request=replace(sent.request, call=called)))
    ).request.call

    assert read is not None
    assert (read.platform, read.api) == ("crm", name)


@pytest.mark.parametrize(
    ("scalar", "body"),
    [
        ("|-\n        甲\n        乙", "甲\n乙"),
        ("|+\n        甲\n        乙", "甲\n乙\n"),
        ("|\n        甲\n        乙\n", "甲\n乙\n"),
        (">-\n        甲\n        乙", "甲 乙"),
        (">\n        甲\n        乙\n", "甲 乙\n"),
        ("|2-\n          甲", "  甲"),
        ("甲", "甲"),
        ("'甲'", "甲"),
        ('"甲\\n乙"', "甲\n乙"),
        ('"甲\n        乙"', "甲 乙"),
        ('""', ""),
        ("!!binary 55Sy", "甲"),
        ("!!binary |\n        55\n        Sy", "甲"),
    ],
)
def test_a_body_is_what_yaml_says_in_every_style(scalar: str, body: str) -> None:
    entry = render_exchange(exchange(sent=b"1", received=b"2\n3"))
    before, mark, _ = entry.text.rpartition("string: ")

    outcome = read_exchange(replace(entry, text=f"{before}{mark}{scalar}\n")).outcome

    assert isinstance(outcome, Response)
    assert outcome.body == body.encode()
