"""The readers hold for every sample, for what was found before, and for samples changed a little.

``python -m tests.property --minutes 60`` searches for longer.
"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.places import NAMES
from tests.fuzz.readers import TARGETS, samples

MANY = settings(max_examples=3 * settings().max_examples)
TOKENS = (
    b"\x00", b"\xff", b"\r", b"\n", b"\t", b'"', b"'", b"\\", b"{{", b"}}", b"{%", b"${", b"[",
    b"]", b"{", b"}", b": ", b"- ", b"*", b"&a ", b"!!binary ", b"|\n ", b"#", b"$..", b"?(@",
    b"-1", b"1e999", b"\xe5\xae\xa2", b"\xf0\x9f\x98\x80", b"\xe2\x80\xa8", b"\xef\xbb\xbf",
    b"null", b"9" * 30,
)  # fmt: skip


def test_every_target_is_listed() -> None:
    assert tuple(TARGETS) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_what_was_found_before_stays_found(name: str) -> None:
    found = samples(name)

    assert found
    for data in found:
        TARGETS[name](data)


@st.composite
def changed(draw: st.DrawFn, originals: list[bytes]) -> bytes:
    """Draw a sample with up to four pieces cut out, doubled, replaced, or taken from another."""
    data = draw(st.sampled_from(originals))
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(data)))
        end = min(len(data), start + draw(st.integers(0, 12)))
        other = draw(st.sampled_from(originals))
        at = draw(st.integers(0, len(other)))
        pieces = (b"", data[start:end] * 2, other[at : at + 40])
        piece = draw(st.sampled_from(pieces) | st.sampled_from(TOKENS) | st.binary(max_size=3))
        data = data[:start] + piece + data[end:]
    return data


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_that_was_changed_is_read_or_refused(name: str) -> None:
    @MANY
    @given(changed(samples(name)))
    def holds(data: bytes) -> None:
        TARGETS[name](data)

    holds()
