"""The page in a real Chromium, from a file, with everything that may not happen noted."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from bpmax_sim.report.html import render_page as page_of
from bpmax_sim.report.page_data import build_entry
from bpmax_sim.report.trace_files import Trace

AXE = Path(__file__).parent / "axe-core-4.14.1/axe.min.js"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""
SIZES = ((400, 800), (1280, 800), (2560, 1300))
DRAWN = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
needs_chromium = pytest.mark.skipif(
    not CHROMIUM or find_spec("playwright") is None,
    reason="there is no Chromium to try the page in; apt-get install chromium, and the extra test",
)


@contextmanager
def browser() -> Iterator[Any]:
    """Run Chromium."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - only where there is one

    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu"]  # there is none, and its process looks for it
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        try:
            yield running
        finally:
            running.close()


class Viewer:
    """A page that is open.

    Attributes:
        wrong: messages of the console, errors, and requests that left the page.
    """

    def __init__(self, running: Any, file: Path, **options: Any) -> None:
        """Open *file*."""
        self.wrong: list[str] = []
        width, height = options.pop("size", (1280, 800))
        self.context = running.new_context(viewport={"width": width, "height": height}, **options)
        self.page = self.context.new_page()
        self.page.on("console", lambda told: self.wrong.append(told.text))
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("request", self._requested)
        self.url = file.as_uri()
        self.go("")

    def _requested(self, request: Any) -> None:
        if not request.url.startswith((self.url, "data:")):
            self.wrong.append(f"requested {request.url}")

    def go(self, state: str) -> None:
        """Open the page in a state of its address."""
        self.page.goto(f"{self.url}{state}")
        self.page.wait_for_selector(".app")

    def text(self, selector: str) -> str:
        """Return the text of the first element."""
        self.page.evaluate(DRAWN)
        return str(self.page.locator(selector).first.inner_text())

    def count(self, selector: str) -> int:
        """Return how many elements there are."""
        self.page.evaluate(DRAWN)
        return int(self.page.locator(selector).count())

    def list_violations(self) -> list[str]:
        """Return what axe-core finds, each with the elements."""
        self.page.evaluate(AXE.read_text(encoding="utf-8"))
        found = self.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        return [
            f"{one['id']}: {[node['html'][:120] for node in one['nodes'][:3]]}"
            for one in found["violations"]
        ]

    def close(self) -> None:
        """Close the page."""
        self.context.close()


def written(folder: Path, traces: list[Trace], **options: Any) -> Path:
    """Write the page of *traces*."""
    file = folder / "报告.html"
    text = page_of(map(build_entry, traces), version="1.0", **options)
    file.write_text(text, encoding="utf-8", errors="replace")
    return file


def stories(*events: list[dict[str, Any]], **more: Any) -> list[Trace]:
    """Return a trace of each list of events, as a reader of files gets them."""
    return [Trace("scenarios/crm", tuple(json.loads(json.dumps(one))), **more) for one in events]
