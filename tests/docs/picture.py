"""``python -m tests.docs.picture``: photograph the report of the README's miss, in both languages.

It needs a Chromium, see `tests.report.viewer`.
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bpmax_sim.cli.app import run_command_line
from tests.docs.blocks import blocks
from tests.docs.pages import LANGUAGES, ROOT, texts
from tests.report.viewer import DRAWN, browser

WIDTH, HEIGHT = 1_280, 800
PICTURES = ROOT / "docs/images"


def main() -> int:
    """Write the pictures."""
    busy = next(
        one.text
        for one in blocks(texts("zh")["tutorial/bad-days.md"])
        if one.argument.endswith("busy.scenario.yaml")
    )
    with browser() as chromium:
        for language in LANGUAGES:
            with _project(language) as folder:
                (folder / "bpmax-demo/scenarios/busy.scenario.yaml").write_text(busy, "utf-8")
                run_command_line(
                    ["run", "bpmax-demo/scenarios", "--var", "customer=12346", "--trace", "on"]
                )
                run_command_line(["report", "bpmax-demo/.bpmax/trace", "--to", "report.html"])
                size = {"width": WIDTH, "height": HEIGHT}
                page = chromium.new_page(viewport=size, color_scheme="light")
                page.goto((folder / "report.html").as_uri())
                page.evaluate(DRAWN)
                page.screenshot(path=PICTURES / f"report.{language}.png")
    return 0


@contextlib.contextmanager
def _project(language: str) -> Iterator[Path]:
    """Yield a folder with the demo in it, while the process is there and speaks *language*."""
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        os.environ["BPMAX_SIM_LANG"] = language
        run_command_line(["demo"])
        yield Path(folder)


if __name__ == "__main__":
    sys.exit(main())
