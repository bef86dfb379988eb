"""Ask the built site's search, ``docs/theme/assets/search.js``, what readers ask.

``docs/search.yaml`` holds the queries, each with the page that has to be first. They are asked in
V8, of the index and with the worker that a reader's browser gets.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from tests.docs.pages import ROOT, Language

DESCRIBED = ROOT / "docs/search.yaml"
_BROWSER = """
let answer, answered
var addEventListener = (_, listen) => { answer = data => { listen({data}); return answered } }
var postMessage = message => { answered = message }
"""


def queries(language: Language) -> dict[str, list[str]]:
    """Return the pages of which one has to be found first, by the query."""
    return dict(yaml.safe_load(DESCRIBED.read_text(encoding="utf-8"))["queries"][language])


def ask(site: Path, asked: Sequence[str]) -> list[list[str]]:
    """Return for each of *asked* the pages that the search of *site* finds, the best first."""
    from py_mini_racer import MiniRacer  # noqa: PLC0415 - of the extra test

    engine = MiniRacer()
    engine.eval(_BROWSER + (site / "assets/search.js").read_text(encoding="utf-8"))
    index = json.loads((site / "search/search_index.json").read_text(encoding="utf-8"))
    engine.call("answer", {"type": 0, "data": index})
    return [_pages(engine.call("answer", {"type": 2, "data": query})) for query in asked]


def lost_queries(folder: Path) -> Iterator[str]:
    """Yield the queries whose page does not come first in the site in *folder*, and what does."""
    for language, site in site_of(folder).items():
        wanted = queries(language)
        for (query, pages), found in zip(wanted.items(), ask(site, list(wanted)), strict=True):
            if not found or found[0] not in pages:
                told = f"{language}: {query!r} finds {', '.join(found[:4])}"
                yield f"{told}; {' or '.join(pages)} has to be first"


def site_of(folder: Path) -> dict[Language, Path]:
    """Return where each language's site is in *folder*: English below Chinese."""
    return {"zh": folder, "en": folder / "en"}


def _pages(answered: dict[str, Any]) -> list[str]:
    groups = answered["data"]["items"]
    return [group[0]["location"].partition("#")[0].replace(".html", ".md") for group in groups]


if __name__ == "__main__":
    for place in ask(Path(sys.argv[1]), sys.argv[2:]):
        sys.stdout.write(" ".join(place[:5]) + "\n")
