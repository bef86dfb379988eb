from __future__ import annotations

import re

import pytest

from tests.docs import figures
from tests.docs.pages import LANGUAGES, Language, every
from tests.docs.tables import CHINESE, TABLES, Words, filled


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_tables_tell_what_is(language: Language) -> None:
    shown = set()
    for path in every(language).values():
        text = path.read_text(encoding="utf-8")
        assert filled(text, Words(language)) == text, f"{path}: run: python -m tests.docs"
        shown |= set(re.findall(r"<!-- table: (\w+) -->", text))

    assert shown == set(TABLES)


def test_no_translation_is_left_over() -> None:
    words = Words("zh")
    for path in every("zh").values():
        filled(path.read_text(encoding="utf-8"), words)

    assert set(CHINESE) == words.used


# --- figures within sentences


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_figure_stands_in_the_prose_by_hand(language: Language) -> None:
    found = {
        place: list(figures.unsourced(path.read_text(encoding="utf-8")))
        for place, path in every(language).items()
    }

    assert {place: told for place, told in found.items() if told} == {}


def test_a_figure_that_is_changed_by_hand_is_found() -> None:
    changed = "一次最多 <!-- = head -->65 kB<!-- / -->"

    assert figures.filled(changed, "zh") == "一次最多 <!-- = head -->64 kB<!-- / -->"
    assert list(figures.unsourced("回放只要 12 ms，快七倍。\n\n1.79 × as much")) == [
        "1: 12 ms",
        "1: 七倍",
        "3: 1.79 ×",
    ]
    assert list(figures.unsourced("`30s` and 404, in 2026")) == []


def test_every_figure_is_shown() -> None:
    pages = "".join(path.read_text(encoding="utf-8") for path in every("zh").values())

    assert set(re.findall(r"<!-- = (\w+) -->", pages)) == {*figures.figures(), "foremost"}
