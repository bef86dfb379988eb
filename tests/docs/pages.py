"""Where the pages are: ``docs/zh`` and ``docs/en`` have the same tree; there are two READMEs."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml

ROOT = Path(__file__).parents[2]
Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = ("zh", "en")


def site(language: Language) -> dict[str, Path]:
    """Return the pages of the site in *language*, by their place in it."""
    folder = ROOT / "docs" / language
    return {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*.md"))}


READMES = {"zh": ROOT / "README.zh-CN.md", "en": ROOT / "README.md"}


def every(language: Language) -> dict[str, Path]:
    """Return all pages in *language*, the README among them, by their place."""
    return {"README.md": READMES[language], **site(language)}


class _Loader(yaml.SafeLoader):
    """Reads ``mkdocs.yml``, which names functions of plugins."""


_LOADER_TAG = "tag:yaml.org,2002:python/"
_Loader.add_multi_constructor(_LOADER_TAG, lambda *_: None)


@cache
def navigation() -> list[str]:
    """Return the places of the site's pages in the order of its navigation."""
    found: list[str] = []

    def walk(node: Any) -> None:
        if isinstance(node, str):
            found.append(node)
        for inner in (
            node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
        ):
            walk(inner)

    walk(yaml.load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"), _Loader)["nav"])
    return found


def texts(language: Language) -> dict[str, str]:
    """Return the text of every page in *language*: the README, then the site in its order."""
    pages = every(language)
    order = ["README.md", *navigation()]
    assert sorted(order) == sorted(pages), "mkdocs.yml names every page, and no other"
    return {place: pages[place].read_text(encoding="utf-8") for place in order}
