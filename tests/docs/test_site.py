from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.pages import LANGUAGES, navigation
from tests.docs.site import problems


@pytest.fixture(name="built")
def a_site(tmp_path: Path) -> Path:
    """Return what a build would leave, without what it would look like."""
    for language in LANGUAGES:
        for place in navigation():
            start = tmp_path if language == "zh" else tmp_path / language
            path = (start / place).with_suffix(".html")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text('<a href="https://example.test">去</a><img src="a.png">', "utf-8")
    return tmp_path


def test_a_site_that_fetches_nothing_is_in_order(built: Path) -> None:
    assert list(problems(built)) == []


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("index.html", '<script src="https://cdn.example.test/a.js">'),
        ("index.html", '<link rel="stylesheet" href="//fonts.example.test/a.css">'),
        ("en/index.html", "<img alt='x' src='http://example.test/a.png'>"),
        ("a.css", "@font-face {src: url(https://example.test/a.woff)}"),
        ("a.css", '@import "https://example.test/a.css";'),
    ],
)
def test_what_would_be_fetched_is_told(built: Path, file: str, text: str) -> None:
    (built / file).write_text(text, encoding="utf-8")

    (told,) = problems(built)
    assert told.startswith(f"{file} fetches ")
