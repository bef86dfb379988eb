"""``python -m tests.docs.site``: build the site strictly, and see that it fetches nothing.

What a page, a style or a font would fetch is looked for in what was built; links that a reader
follows may lead anywhere.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.docs.pages import LANGUAGES, ROOT, navigation

_FETCHED = re.compile(
    r"<(?:script|img|iframe|link|source|video|audio|object|embed)\b[^>]*?"
    r"(?:src|href|data|srcset)=[\"']?((?:https?:)?//[^\"'\s>]+)",
    re.IGNORECASE,
)
_IN_STYLE = re.compile(r"(?:url\(\s*[\"']?|@import\s+[\"'])((?:https?:)?//[^\"')\s]+)")
_WIDTH_OF_A_WORD = "\u200b"  # what jieba puts between words, so that parts of a sentence are found


def build(folder: Path) -> None:
    """Build the site into *folder*; a warning is an error."""
    subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        check=True,
    )


def problems(folder: Path) -> Iterator[str]:
    """Yield what is wrong with the site that was built into *folder*."""
    for path in sorted(folder.rglob("*")):
        if path.suffix in {".html", ".css"}:
            text = path.read_text(encoding="utf-8")
            found = (_FETCHED if path.suffix == ".html" else _IN_STYLE).findall(text)
            yield from (f"{path.relative_to(folder)} fetches {url}" for url in found)
    for language in LANGUAGES:
        for place in navigation():
            start = folder if language == "zh" else folder / language
            if not (start / place).with_suffix(".html").exists():
                yield f"{language}/{place} was not built"
    index = json.loads((folder / "search/search_index.json").read_text(encoding="utf-8"))
    words = {
        word for one in index["docs"] for word in re.split(rf"[\s{_WIDTH_OF_A_WORD}]+", one["text"])
    }
    yield from (
        f"the search does not know {word}" for word in ("录制", "脱敏", "签名") if word not in words
    )


def main() -> int:
    """Build, look, print what is wrong, and return 1 if anything is."""
    with tempfile.TemporaryDirectory() as folder:
        build(Path(folder))
        found = list(problems(Path(folder)))
        pages = len(list(Path(folder).rglob("*.html")))
    told = "\n".join(found) or f"{pages} pages, which fetch nothing from elsewhere"
    sys.stdout.write(f"{told}\n")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
