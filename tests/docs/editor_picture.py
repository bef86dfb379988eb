"""VS Code's test tree, for the page about editors.

    BPMAX_VSCODE=http://127.0.0.1:8080 python -m tests.docs.editor_picture [LANGUAGE…]

A VS Code that is served to browsers (code-server, openvscode-server) with the Python extension is
needed; it opens the scenarios of a folder, runs them by its testing view, and is photographed.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.docs.pages import LANGUAGES, ROOT
from tests.report.viewer import browser

WIDTH, HEIGHT = 1_280, 640
SETTINGS = {
    "python.testing.pytestEnabled": True,
    "python.testing.pytestArgs": ["scenarios"],
    "python.defaultInterpreterPath": sys.executable,
    "python.languageServer": "None",
    "testing.automaticallyOpenPeekView": "never",
    "testing.automaticallyOpenTestResults": "neverOpen",
    "workbench.startupEditor": "none",
}
SCENARIO, FILE = "选择客户后回填联系人", "scenarios/crm/选择客户回填.scenario.yaml"
SHOWN = ("crm", "credit", "expense", "platforms", "scripts")
"""The folders of the gallery that the picture has."""
PATIENCE = 300_000
_ROW = ".test-explorer .monaco-list-row"
_FAILED = ".codicon-testing-failed-icon"


def main(address: str, languages: Sequence[str] = LANGUAGES) -> None:
    """Write the picture of each of *languages*."""
    with browser() as chromium:
        for language in languages:
            with tempfile.TemporaryDirectory() as folder:
                project = Path(folder) / "bpmax"
                _make_project(project, language)
                page = chromium.new_page(viewport={"width": WIDTH, "height": HEIGHT})
                page.goto(f"{address}/?folder={project}")
                _run_tests(page)
                page.screenshot(path=ROOT / f"docs/{language}/images/editor-vscode.png")
                page.close()


def _make_project(project: Path, language: str) -> None:
    """Copy a part of the gallery, with one expectation that does not hold."""
    for name in ("scenarios", "cassettes"):
        shutil.copytree(ROOT / name, project / name)
    for folder in (project / "scenarios").iterdir():
        if folder.is_dir() and folder.name not in SHOWN:
            shutil.rmtree(folder)
    text = (project / FILE).read_text(encoding="utf-8")
    (project / FILE).write_text(text.replace("张三", "张四", 1), encoding="utf-8")
    (project / "pyproject.toml").write_text(f'[tool.bpmax_sim]\nlanguage = "{language}"\n')
    (project / ".vscode").mkdir()
    (project / ".vscode/settings.json").write_text(json.dumps(SETTINGS), encoding="utf-8")


def _run_tests(page: Any) -> None:
    page.locator('[aria-label="Testing"]').first.click(timeout=PATIENCE)
    page.locator(_ROW).first.click(timeout=PATIENCE)
    for _ in range(4 * len(SHOWN)):
        page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowDown")
        page.wait_for_timeout(200)
    page.locator('[aria-label^="Run Tests"]').first.click()
    page.locator(_ROW, has_text=SCENARIO).locator(_FAILED).wait_for(timeout=PATIENCE)
    page.locator('[aria-label^="Run Tests"]').first.wait_for(timeout=PATIENCE)
    page.locator(_ROW, has_text=SCENARIO).dblclick()
    for close in page.locator('[aria-label^="Clear Notification"]').all():
        close.click()
    page.wait_for_timeout(3_000)


if __name__ == "__main__":
    main(os.environ["BPMAX_VSCODE"], sys.argv[1:] or LANGUAGES)
