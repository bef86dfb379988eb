"""``python -m tests.docs.site``: build the site strictly, see that it fetches nothing, search it.

What a page, a style or a font would fetch is looked for in what was built; links that a reader
follows may lead anywhere. The queries are those of `tests.docs.search`.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.docs.pages import ROOT, navigation
from tests.docs.search import lost_queries, site_of

_FETCHED = re.compile(
    r"<(?:script|img|iframe|link|source|video|audio|object|embed)\b[^>]*?"
    r"(?:src|href|data|srcset)=[\"']?((?:https?:)?//[^\"'\s>]+)",
    re.IGNORECASE,
)
_IN_STYLE = re.compile(r"(?:url\(\s*[\"']?|@import\s+[\"'])((?:https?:)?//[^\"')\s]+)")
_CONFIGURATIONS = {"zh": ROOT / "mkdocs.yml", "en": ROOT / "mkdocs.en.yml"}


def build(folder: Path) -> None:
    """Build the site into *folder*, English below Chinese; a warning is an error."""
    os.environ["NO_MKDOCS_2_WARNING"] = "1"
    from mkdocs.commands.build import build as build_site  # noqa: PLC0415 - only here
    from mkdocs.config import load_config  # noqa: PLC0415 - only here

    for language, place in site_of(folder).items():
        build_site(load_config(str(_CONFIGURATIONS[language]), site_dir=str(place), strict=True))


def problems(folder: Path) -> Iterator[str]:
    """Yield what is wrong with the site that was built into *folder*."""
    for path in sorted(folder.rglob("*")):
        if path.suffix in {".html", ".css"}:
            text = path.read_text(encoding="utf-8")
            found = (_FETCHED if path.suffix == ".html" else _IN_STYLE).findall(text)
            yield from (f"{path.relative_to(folder)} fetches {url}" for url in found)
    for language, start in site_of(folder).items():
        for place in navigation():
            if not (start / place).with_suffix(".html").exists():
                yield f"{language}/{place} was not built"


def main() -> int:
    """Build, look, print what is wrong, and return 1 if anything is."""
    with tempfile.TemporaryDirectory() as folder:
        build(Path(folder))
        found = [*problems(Path(folder)), *lost_queries(Path(folder))]
        pages = len(list(Path(folder).rglob("*.html")))
    told = "\n".join(found) or f"{pages} pages, which fetch nothing from elsewhere"
    sys.stdout.write(f"{told}\n")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
