"""A long run in a real terminal: tmux, 80 and 40 columns wide, to its end and stopped by Ctrl-C.

``python -m tests.campaigns.terminals``
"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
WIDTHS = (80, 40)
PATIENCE = 180.0
COPIES = tuple(f"第{number}份" for number in "二三四五六七八九十")
_BAR = re.compile(r"\[\d+/\d+\] (?:about|大约还需)")


class Terminal:
    """A tmux of its own, with a shell in *folder*."""

    def __init__(self, width: int, folder: Path, language: str) -> None:
        """Start it, *width* columns wide."""
        self._name = f"bpmax-{uuid.uuid4().hex[:8]}"
        size = ("-x", f"{width}", "-y", "30")
        self._ask("-f", "/dev/null", "new-session", "-d", *size, "-s", self._name, "bash --norc")
        path = f"{Path(sys.executable).parent}:$PATH"
        self.type(f"cd {shlex.quote(str(folder))}; export BPMAX_SIM_LANG={language} PATH={path}")

    def _ask(self, *words: str) -> str:
        asked = ["tmux", "-L", self._name, *words]
        return subprocess.run(asked, capture_output=True, text=True, check=True).stdout

    def type(self, line: str) -> None:
        self._ask("send-keys", "-t", self._name, line, "Enter")

    def interrupt(self) -> None:
        self._ask("send-keys", "-t", self._name, "C-c")

    @property
    def screen(self) -> str:
        return self._ask("capture-pane", "-p", "-t", self._name)

    @property
    def has_cursor(self) -> bool:
        return self._ask("display", "-p", "-t", self._name, "#{cursor_flag}").strip() == "1"

    def wait_for(self, pattern: re.Pattern[str]) -> bool:
        end = time.monotonic() + PATIENCE
        while not (found := pattern.search(self.screen)) and time.monotonic() < end:
            time.sleep(0.1)
        return bool(found)

    def close(self) -> None:
        self._ask("kill-server")


def find_wrong(width: int, folder: Path, language: str, *, is_stopped: bool) -> Iterator[str]:
    """Yield what a run of the gallery leaves that it should not."""
    terminal = Terminal(width, folder, language)
    try:
        terminal.type("bpmax-sim run scenarios; echo code=$?")
        if not terminal.wait_for(_BAR):
            yield "no progress is shown"
        if is_stopped:
            terminal.interrupt()
        if not terminal.wait_for(re.compile(r"^code=\d+", re.MULTILINE)):
            yield "it does not end"
        screen = terminal.screen
        if f"code={130 if is_stopped else 0}" not in screen:
            yield f"it ends otherwise:\n{screen}"
        if _BAR.search(screen) or not terminal.has_cursor:
            yield f"a bar is left, or no cursor:\n{screen}"
    finally:
        terminal.close()


def main() -> int:
    """Return 1 if something is wrong."""
    if not shutil.which("tmux"):
        sys.exit("tmux is needed: apt-get install tmux")
    wrong = 0
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for name in ("scenarios", "cassettes"):
            shutil.copytree(ROOT / name, folder / name)
            # The gallery alone ends at about the time from which progress is shown.
            for copy in COPIES:
                left_out = shutil.ignore_patterns("auth", "instances*")
                shutil.copytree(ROOT / name, folder / name / copy, ignore=left_out)
        (folder / "pyproject.toml").write_text("[tool.bpmax_sim]\n")
        for width in WIDTHS:
            for language in ("en", "zh"):
                for is_stopped in (False, True):
                    for found in find_wrong(width, folder, language, is_stopped=is_stopped):
                        wrong += 1
                        print(f"{width} columns, {language}: {found}")  # noqa: T201
    print(f"{wrong} wrong")  # noqa: T201
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
