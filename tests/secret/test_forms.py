from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bpmax_sim.secret.spelling import (
    FORMS,
    as_bytes,
    find_longest_unescaped_part,
    make_spelling_pattern,
    select_escapable_with_spellings,
    spell_like,
)
from tests.examples import drawn


@given(st.text(min_size=1, max_size=20), st.sampled_from(sorted(FORMS)))
@example('口令 8/&"é', "form")
@example('口令 8/&"é', "json-slash")
@example('口令 8/&"é', "xml")
@example('口令\n\\"é', "json-ascii-json")
@settings(max_examples=drawn(100), deadline=None)
def test_the_pattern_of_a_text_takes_its_forms_whole(text: str, form: str) -> None:
    if not any("\ud800" <= character <= "\udfff" for character in text):
        assert re.fullmatch(make_spelling_pattern(text), FORMS[form](text))


@given(st.text(min_size=1, max_size=20), st.sampled_from(sorted(FORMS)))
@settings(max_examples=drawn(100), deadline=None)
def test_the_anchor_is_in_every_form(text: str, form: str) -> None:
    if not any("\ud800" <= character <= "\udfff" for character in text):
        assert find_longest_unescaped_part(text) in FORMS[form](text)


QUOTED: Mapping[str, Callable[[str], str]] = {
    "repr": lambda text: repr(f"'\"{text}")[4:-1],
    "ascii": lambda text: ascii(f"'\"{text}")[4:-1],
    "repr of bytes": lambda text: repr(b"'\"" + as_bytes(text))[5:-1],
    "repr of a repr": lambda text: repr(repr(f"'\"{text}")[4:-1] + "'\"")[1:-4],
    "JavaScript": lambda text: "".join(map(_quoted, text)),
}


def _quoted(character: str) -> str:
    if character in "'`\\":
        return f"\\{character}"
    return character if character.isprintable() else f"\\u{{{ord(character):X}}}"


@given(st.text(min_size=1, max_size=20), st.sampled_from(sorted(QUOTED)))
@example("pa'ss\"word", "repr")
@example("密'\"\\钥\n\0\x85\xa0\U000e0001 %", "repr of a repr")
@settings(max_examples=drawn(100), deadline=None)
def test_the_pattern_of_a_text_takes_how_it_is_quoted(text: str, form: str) -> None:
    if not any("\ud800" <= character <= "\udfff" for character in text):
        assert re.fullmatch(make_spelling_pattern(text), QUOTED[form](text))
        assert holds(text, QUOTED[form](text))


def holds(secret: str, text: str) -> bool:
    """Return whether *text* may hold *secret*, by its traces."""
    return all(
        one in text or any(sign in text.lower() for sign in signs)
        for one, signs in select_escapable_with_spellings(secret)
    )


@pytest.mark.parametrize(
    "sample", ["p%40%73s%2fw", "p@s\\u0073\\/w", "p@ss\\/w", "p&#64;ss&#x2f;w", "p@ss/w"]
)
def test_a_stand_in_is_spelled_as_the_sample(sample: str) -> None:
    expected = {"%": "a%2Fb%22", "\\u": 'a/b\\"', "\\": 'a\\/b\\"', ";": "a/b&quot;"}
    sign = next((sign for sign in expected if sign in sample), "")

    assert spell_like(sample, "p@ss/w", 'a/b"') == expected.get(sign, 'a/b"')


@pytest.mark.parametrize("secret", ["\\\\\\\\a\\\\\\\\b", '""""""""', "&&&&&&&&", "%%%%%%%%"])
@pytest.mark.parametrize("unit", ["\\", '\\"', "&amp;", "%25", "amp;", "\\u005c"])
def test_no_secret_makes_a_slow_pattern(secret: str, unit: str) -> None:
    start = time.process_time()
    re.sub(make_spelling_pattern(secret), "", unit * 10_000)

    assert time.process_time() - start < 5  # catastrophic backtracking takes for ever


def test_text_that_is_no_text_has_bytes() -> None:
    assert as_bytes("密\udcff") == "密".encode() + b"\xff"
    assert as_bytes("\ud800") == b"\xed\xa0\x80"
