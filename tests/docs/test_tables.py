from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs import facts, figures
from tests.docs.pages import LANGUAGES, ROOT, Language, every
from tests.docs.tables import CHINESE, TABLES, Words, filled

OF_THE_PROJECT = {
    "CONTRIBUTING.md": 3,  # the map of the code, and sites, in one language
    "CHANGELOG.md": 1,  # what a version broke is history
}
"""The tables that somebody typed: in a file of the project, how many, and why."""


def typed(path: Path) -> list[str]:
    """Return the heads of the tables that stand in *path* by hand."""
    text = re.sub(
        r"<!-- table: .*?<!-- end -->|^```.*?^```$",
        "",
        path.read_text("utf-8"),
        flags=re.DOTALL | re.MULTILINE,
    )
    return re.findall(r"^\|?([^\n]*\|[^\n]*)\n[| :-]*-{3}[| :-]*$", text, flags=re.MULTILINE)


def test_no_table_is_typed() -> None:
    pages = [path for language in LANGUAGES for path in every(language).values()]

    assert {str(path): typed(path) for path in pages if typed(path)} == {}
    assert {name: len(typed(ROOT / name)) for name in OF_THE_PROJECT} == OF_THE_PROJECT


def test_a_table_that_is_typed_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("a | b\n--- | ---\n1 | 2\n\n```sh\na | b\n---\n```\n\nx\n---\n", "utf-8")

    assert typed(page) == ["a | b"]


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
    for name, table in facts.tables().items():
        cells = [facts.text_of(cell, language) for one in table.rows for cell in one]
        # The exit codes are compared with the code; those of a line alone are no prose.
        prose = [cell for cell in cells if not cell.isdigit()]
        found[name] = [one for cell in prose for one in figures.unsourced(cell)]

    assert {place: told for place, told in found.items() if told} == {}


def test_a_figure_that_is_changed_by_hand_is_found() -> None:
    changed = "一次最多 <!-- = memory_room -->193 MB<!-- / -->"

    assert figures.filled(changed, "zh") == "一次最多 <!-- = memory_room -->192 MB<!-- / -->"
    by_hand = "回放只要 12 ms，快七倍，共三页。\n\n1.79 × as much, and after 404 it takes four days"
    assert list(figures.unsourced(by_hand)) == [
        *("1: 12", "1: 七", "1: 三"),
        *("3: 1.79", "3: 404", "3: four"),
    ]
    assert list(figures.unsourced("`30s`、OAuth 2.0、RFC 9110 和百分比\n\n1. UTF-8")) == []


def test_every_phrase_with_a_number_is_on_a_page() -> None:
    pages = "".join(path.read_text("utf-8") for one in LANGUAGES for path in every(one).values())

    assert [phrase for phrase in figures.PHRASES if phrase not in pages] == []


def test_every_figure_is_shown() -> None:
    pages = "".join(path.read_text(encoding="utf-8") for path in every("zh").values())

    assert set(re.findall(r"<!-- = (\w+) -->", pages)) == {*figures.figures(), *figures.lists()}
