"""Exchanges that somebody wrote by hand, in another style than the recorder's."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from bpmax_sim.cassette.format import render_exchange
from bpmax_sim.cassette.reader import read_exchange
from bpmax_sim.messages import Response
from tests.cassette.test_leak_check import exchange


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
