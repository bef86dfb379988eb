"""``python -m tests.docs.picture [NAME…]``: the pictures of the pages, in both languages.

The tutorial is followed to the letter, then its projects are run once more with a trace, and what
a reader sees of the page is photographed. It needs a Chromium, see `tests.report.viewer`.
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bpmax_sim.cli.app import run_command_line
from tests.docs.pages import LANGUAGES, ROOT, Language, texts
from tests.docs.tour import tour
from tests.report.viewer import DRAWN, browser

WIDTH, HEIGHT = 1_280, 640


@dataclass(frozen=True, slots=True)
class Picture:
    """What is seen of a page.

    Attributes:
        folder: the project of the tutorial.
        runs: arguments of `bpmax-sim run`, one after the other; their traces are on one page.
        changed: a text of a file that is another one meanwhile.
        clicks: what is clicked before the picture is taken, by CSS.
    """

    folder: str
    runs: tuple[tuple[str, ...], ...] = ((),)
    changed: tuple[str, str, str] | None = None
    clicks: tuple[str, ...] = ()
    size: tuple[int, int] = (WIDTH, HEIGHT)


MISS = ("--var", "customer=12346")
PAGE_2 = ("scenarios/scripts/stock.js", "form.keyword, 1", "form.keyword, 2")
PICTURES: Mapping[str, Picture] = {
    "report": Picture("bpmax-demo", (MISS,), size=(WIDTH, 800)),
    "page-failure": Picture("wms", changed=PAGE_2),
    "page-call": Picture("wms", changed=PAGE_2, clicks=(".call",)),
    "tutorial-record": Picture("wms", (("scenarios/stock.scenario.yaml",),)),
    "tutorial-flow": Picture("wms", (("scenarios/领料.scenario.yaml",),)),
    "tutorial-bad-days": Picture("bpmax-demo", (("scenarios/busy.scenario.yaml",),)),
    "tutorial-ci": Picture("wms"),
}


def main(names: list[str]) -> int:
    """Write the pictures of *names*, or all."""
    with browser() as chromium:
        for language in LANGUAGES:
            with _follow_tutorial(language) as folder:
                for name in names or PICTURES:
                    picture = PICTURES[name]
                    with contextlib.chdir(folder / picture.folder), _change(picture.changed):
                        page = _make_page(picture)
                    taken = ROOT / f"docs/{language}/images/{name}.png"
                    _take(chromium, page, picture, taken)
    return 0


def _take(chromium: Any, file: Path, picture: Picture, to: Path) -> None:
    width, height = picture.size
    page = chromium.new_page(viewport={"width": width, "height": height}, color_scheme="light")
    page.goto(file.as_uri())
    page.evaluate(DRAWN)
    for place in picture.clicks:
        page.locator(place).first.click()
        page.evaluate(DRAWN)
    page.screenshot(path=to)
    page.close()


def _make_page(picture: Picture) -> Path:
    for arguments in picture.runs:
        run_command_line(["run", *arguments, "--trace", "on"])
    file = Path("report.html").absolute()
    run_command_line(["report", ".bpmax/trace", "--to", str(file)])
    for trace in Path(".bpmax/trace").rglob("*.ndjson"):
        trace.unlink()
    return file


@contextlib.contextmanager
def _change(changed: tuple[str, str, str] | None) -> Iterator[None]:
    if not changed:
        yield
        return
    path, old, new = Path(changed[0]), *changed[1:]
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(old, new), encoding="utf-8")
    yield
    path.write_text(text, encoding="utf-8")


@contextlib.contextmanager
def _follow_tutorial(language: Language) -> Iterator[Path]:
    """Yield the folder in which a reader of *language* has done what the tutorial says."""
    told = texts(language)
    pages = {place: told[place] for place in told if place.startswith(("README", "tutorial/"))}
    with tempfile.TemporaryDirectory() as folder:
        list(tour(pages, Path(folder), language))
        os.environ["BPMAX_SIM_LANG"] = language
        yield Path(folder)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
