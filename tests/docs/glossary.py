"""The glossary, ``docs/glossary.yaml``: one term for one thing, and the forms to avoid.

Its pages are made from it, and pages and messages are searched for what it avoids.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import msgspec

from tests.docs.pages import ROOT


class Term(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing's name in both languages."""

    en: str
    zh: str
    avoid: tuple[str, ...] = ()
    avoid_en: tuple[str, ...] = ()
    note: dict[str, str] = {}


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Terms of one subject."""

    title: dict[str, str]
    terms: tuple[Term, ...]


@cache
def sections(path: Path = ROOT / "docs/glossary.yaml") -> tuple[Section, ...]:
    """Return the glossary."""
    return msgspec.yaml.decode(path.read_bytes(), type=tuple[Section, ...])


def terms() -> Iterator[Term]:
    """Yield every term in its order."""
    for section in sections():
        yield from section.terms


HEADS = {"zh": ("中文", "English", "说明"), "en": ("English", "中文", "note")}


def table(language: str) -> str:
    """Return what the glossary explains as Markdown, a table for each subject."""
    lines = []
    for section in sections():
        explained = [term for term in section.terms if term.note.get(language)]
        if explained:
            lines += [f"## {section.title[language]}", ""]
            lines += [_row(HEADS[language]), _row(["---"] * 3)]
            lines += [_row(_cells(term, language)) for term in explained]
            lines.append("")
    return "\n".join(lines).rstrip()


def _cells(term: Term, language: str) -> tuple[str, ...]:
    names = (term.zh, term.en) if language == "zh" else (term.en, term.zh)
    return *names, term.note[language]


def _row(cells: tuple[str, ...] | list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def prose(text: str) -> str:
    """Return *text* of a page without code, links' targets and comments."""
    bare = re.sub(
        r"<!-- .*? -->|^```.*?^```|`[^`\n]*`|\]\([^)]*\)", "", text, flags=re.MULTILINE | re.DOTALL
    )
    return re.sub(r"\|", " ", bare)


def avoided(text: str, language: str) -> list[str]:
    """Return which forms in *text* the glossary has another one for, with that."""
    if language == "en":  # a docstring of the code is no page
        text = re.sub(r"<!-- table: \w+ -->.*?<!-- end -->", "", text, flags=re.DOTALL)
    bare = prose(text)
    found = []
    for term in terms():
        if language == "zh":
            found += [f"{form} -> {term.zh}" for form in term.avoid if form in bare]
        else:
            forms = [
                form for form in term.avoid_en if re.search(rf"\b{form}\b", bare, re.IGNORECASE)
            ]
            found += [f"{form} -> {term.en}" for form in forms]
    return found
