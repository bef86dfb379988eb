"""What MkDocs does besides building: sections in the site's language, and a search of our own.

``docs/search.yaml`` says for a page, or for a section of one, by which other words it is looked
for, and how much it weighs; the worker ``docs/theme/assets/search.js`` reads that from the index.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import yaml

_WORKER = re.compile(r"assets/javascripts/workers/search\.\w+\.min\.js")
_WORDS = Path(__file__).parents[2] / "docs/search.yaml"


def on_nav(nav: Any, config: Any, **_: Any) -> Any:
    """Put the titles of the navigation's sections into the language of the site."""
    titles = config.extra.get("sections", {})
    for item in nav.items:
        item.title = titles.get(item.title, item.title)
    return nav


def on_post_page(output: str, **_: Any) -> str:
    """Have the page search by our worker instead of the theme's."""
    return _WORKER.sub("assets/search.js", output)


def on_post_build(config: Any, **_: Any) -> None:
    """Add to the index what `docs/search.yaml` says."""
    path = Path(config.site_dir) / "search/search_index.json"
    index = json.loads(path.read_text(encoding="utf-8"))
    described = yaml.safe_load(_WORDS.read_text(encoding="utf-8"))
    for unknown in add_words(index["docs"], described, config.theme["language"]):
        raise ValueError(f"docs/search.yaml: {unknown} is no page and no section")
    path.write_text(json.dumps(index, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")


def add_words(entries: list[dict[str, Any]], described: dict[str, Any], language: str) -> list[str]:
    """Add the words and the weight of each place to *entries*; return the places that are not."""
    weights, words = described["weights"], described["words"]
    for entry in entries:
        place = entry["location"].partition("#")[0].replace(".html", ".md")
        entry["weight"] = next(
            (weight for start, weight in weights.items() if place.startswith(start)), 1
        )
        at = entry["location"].replace(".html", ".md")
        if at in words:
            both = sorted(words[at], key=lambda one: one != language)  # people mix languages
            entry["words"] = [str(word) for one in both for word in words[at][one]]
    places = {entry["location"].replace(".html", ".md") for entry in entries}
    return [place for place in words if place not in places]
