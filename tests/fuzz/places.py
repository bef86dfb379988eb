"""Where the samples are, and what the targets are called; nothing of the package is imported."""

from __future__ import annotations

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
CORPUS: Final = Path(__file__).parent / "corpus"
NAMES: Final = (
    "cassette",
    "exchange",
    "json_path",
    "matching",
    "platform",
    "scenario",
    "template",
    "yaml",
)
