"""``python -m tests.docs.words [REVISION]``: the words of each page, now and at a revision.

A word is one in Latin letters or digits; a Chinese character counts as 0.6, as Chinese text has
that many words of an English one that says the same. Comments, tags and the targets of links
do not count; tables, code and outputs do. What a page shows only when it is opened stands beside.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Mapping

from tests.docs.pages import LANGUAGES, ROOT, Language, site

_HIDDEN = re.compile(
    r"<!--.*?-->|</?(?:details|summary)[^>]*>|\]\([^)\s]*\)|^---\n.*?^---$",
    re.DOTALL | re.MULTILINE,
)
_COLLAPSED = re.compile(r"<details .*?</details>", re.DOTALL)


def count_words(text: str) -> int:
    """Return how many words *text* has."""
    seen = _HIDDEN.sub("", text)
    chinese = len(re.findall(r"[一-鿿]", seen))
    return round(chinese * 0.6 + len(re.findall(r"[A-Za-z0-9][\w.'/-]*", seen)))


def count_open_words(text: str) -> int:
    """Return how many words *text* has outside of what is collapsed."""
    return count_words(_COLLAPSED.sub("", text))


def read_pages(revision: str, language: Language) -> Mapping[str, str]:
    """Return the pages at a revision of Git by their place, or those of today for none."""
    if not revision:
        return {place: path.read_text(encoding="utf-8") for place, path in site(language).items()}
    folder = f"docs/{language}"
    listed = _git("ls-tree", "-r", "--name-only", revision, folder).splitlines()
    paths = [path for path in listed if path.endswith(".md")]
    return {path.removeprefix(f"{folder}/"): _git("show", f"{revision}:{path}") for path in paths}


def _git(*arguments: str) -> str:
    asked = ["git", "-c", "core.quotepath=off", *arguments]
    return subprocess.run(asked, cwd=ROOT, check=True, capture_output=True, text=True).stdout


def main(revision: str = "") -> None:
    """Print the words of every page, of those that there were, and of those that are new."""
    for language in LANGUAGES:
        before, now = read_pages(revision, language), read_pages("", language)
        counted = {
            place: (before.get(place, ""), now.get(place, "")) for place in {**before, **now}
        }
        for place, texts in sorted(counted.items(), key=lambda one: -count_words(one[1][1])):
            _print(f"{language}/{place}", [texts])
        new = [place for place in now if place not in before]
        _print(f"{language}, as before", [counted[place] for place in before])
        for name, is_ours in (("for developers", True), ("new", False)):
            places = [place for place in new if place.startswith("developers/") == is_ours]
            _print(f"{language}, {name}", [counted[place] for place in places])


def _print(name: str, texts: list[tuple[str, str]]) -> None:
    old, new, shown = (
        sum(map(count, each))
        for count, each in (
            (count_words, [one for one, _ in texts]),
            (count_words, [one for _, one in texts]),
            (count_open_words, [one for _, one in texts]),
        )
    )
    change = f"{(new - old) / old:+.0%}" if old else ""
    sys.stdout.write(f"{old:7}{new:7}{change:>6}{shown:7} open  {name}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
