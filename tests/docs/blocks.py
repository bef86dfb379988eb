"""The fenced blocks of a page, each under a comment that says what it is.

``<!-- run in wms, exit 3, live -->`` stands above commands, ``<!-- output -->`` above what
they print, ``<!-- file: path -->`` above a file that the reader saves, and so on. A block without
such a comment, or with an unknown one, is a mistake.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

KINDS = {
    "demo": "sh",
    "test-command": "sh",
    "run": "sh",
    "environment": "sh",
    "serving": "sh",
    "shown": "",
    "output": "text",
    "file": "",
    "part of": "",
    "part": "yaml",
    "scenario": "yaml",
    "auth": "yaml",
    "script": "js",
    "test": "python",
    "python": "python",
    "csv": "csv",
    "ini": "ini",
    "pre-commit": "yaml",
    "sample": "text",
    "refresh": "sh",
}
"""What a block may be, and its language where there is only one."""

_FENCE = re.compile(
    r"(?:^<!-- (?P<mark>[^\n]*) -->\n)?^```(?P<info>\w*)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
_RUN = re.compile(
    r"(?:demo|run|python)(?: in (?P<folder>\S+?))?(?:, exit (?P<code>\d))?(?P<live>, live)?"
)


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block.

    Attributes:
        mark: the comment above it, without its brackets; nothing where there is none.
        span: where its text stands in the page.
    """

    mark: str
    language: str
    text: str
    line: int
    span: tuple[int, int]

    @property
    def kind(self) -> str:
        """Return the first words of the mark, such as ``run`` or ``part of``."""
        head = self.mark.partition(":")[0]
        return re.split("[ ,]", head)[0] if _RUN.fullmatch(self.mark) else head

    @property
    def argument(self) -> str:
        """Return what stands behind the colon of the mark."""
        return self.mark.partition(":")[2].strip()

    @property
    def folder(self) -> str:
        """Return where commands run, below the folder of the tour."""
        return (_run(self)["folder"]) or "."

    @property
    def code(self) -> int:
        """Return what the commands exit with."""
        return int(_run(self)["code"] or 0)

    @property
    def is_live(self) -> bool:
        """Return whether the live system is there while the commands run."""
        return bool(_run(self)["live"])


def _run(block: Block) -> re.Match[str]:
    found = _RUN.fullmatch(block.mark)
    assert found, f"line {block.line}: no commands to run: {block.mark!r}"
    return found


def blocks(text: str) -> Iterator[Block]:
    """Yield the fenced blocks of a page in order."""
    for found in _FENCE.finditer(text):
        yield Block(
            mark=found["mark"] or "",
            language=found["info"],
            text=found["text"],
            line=text.count("\n", 0, found.start("info")) + 1,
            span=found.span("text"),
        )


def unknown(text: str) -> list[str]:
    """Return which blocks nobody could check: unmarked, or of a kind that there is not."""
    told = [
        f"line {one.line}: {one.mark or 'no comment above it'} ({one.language or 'no language'})"
        for one in blocks(text)
        if one.kind not in KINDS
        or (KINDS[one.kind] or one.language) != one.language
        or not one.language
    ]
    fences = len(re.findall(r"^```", text, flags=re.MULTILINE))
    odd = [f"{fences} fences, {2 * len(list(blocks(text)))} expected"]
    return told + (odd if fences != 2 * len(list(blocks(text))) else [])
