"""``python -m tests.structure.map``: draw the map of the code from the import contracts.

The layers of ``[tool.importlinter]`` become the picture in ``docs/images``; a test sees that it is
the one of today.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from html import escape
from pathlib import Path

ROOT = Path(__file__).parents[2]
PICTURE = ROOT / "docs/images/code-map.svg"
WIDTH, HEIGHT, GAP, LINE = 960, 40, 10, 64


def layers() -> list[list[str]]:
    """Return the packages of each layer, the highest first; ``|`` parts strangers."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = project["tool"]["importlinter"]["contracts"]
    (found,) = (one["layers"] for one in contracts if one["type"] == "layers")
    return [re.findall(r"\w+|\|", layer) for layer in found]


def shapes() -> Iterator[str]:
    """Yield the boxes and the arrow."""
    for row, names in enumerate(layers()):
        top = row * LINE + 8
        boxes = [name for name in names if name != "|"]
        width = (WIDTH - 60 - GAP * (len(boxes) - 1)) / len(boxes)
        width = min(width, 200)
        apart = "|" in names
        for number, name in enumerate(boxes):
            left = 50 + number * (width + GAP)
            yield (
                f'<rect x="{left:.0f}" y="{top}" width="{width:.0f}" height="{HEIGHT}" rx="6"/>'
                f'<text x="{left + width / 2:.0f}" y="{top + 25}">{escape(name)}</text>'
            )
            if apart and number:
                x = left - GAP / 2
                yield f'<line x1="{x:.0f}" y1="{top - 4}" x2="{x:.0f}" y2="{top + HEIGHT + 4}"/>'
    bottom = len(layers()) * LINE - 24
    yield f'<path d="M25 12 V{bottom} m-6 -10 l6 10 l6 -10" fill="none"/>'


STYLE = (
    "rect{fill:#eef1fb;stroke:#3f51b5}text{font:12px ui-monospace,Consolas,monospace;"
    "text-anchor:middle;fill:#222}line{stroke:#c62828;stroke-width:2;stroke-dasharray:4 3}"
    "path{stroke:#3f51b5;stroke-width:2}"
)


def drawn() -> str:
    """Return the picture as SVG."""
    height = len(layers()) * LINE
    title = "Imports point down; packages with a dashed line between them do not know each other"
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">',
            f"<title>{title}</title>",
            f"<style>{STYLE}</style>",
            f'<rect x="0" y="0" width="{WIDTH}" height="{height}" style="fill:#fff;stroke:none"/>',
            *shapes(),
            "</svg>\n",
        ]
    )


if __name__ == "__main__":
    PICTURE.write_text(drawn(), encoding="utf-8", newline="\n")
