"""Where the pages are: ``docs/zh`` and ``docs/en`` have the same tree; there are two READMEs."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]
LANGUAGES = ("zh", "en")


def site(language: str) -> dict[str, Path]:
    """Return the pages of the site in *language*, by their place in it."""
    folder = ROOT / "docs" / language
    return {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*.md"))}


READMES = {"zh": ROOT / "README.zh-CN.md", "en": ROOT / "README.md"}


def every(language: str) -> dict[str, Path]:
    """Return all pages in *language*, the README among them, by their place."""
    return {"README.md": READMES[language], **site(language)}
