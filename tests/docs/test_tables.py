from __future__ import annotations

import re

import pytest

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
