"""What a recording hides: the stand-ins in its files, and proof that the values are not there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from bpmax_sim.secret.vault import Vault

_STANDIN = re.compile(r"redacted(?:\.[A-Za-z0-9_-]+)+")


def standins(files: Iterable[Path]) -> tuple[str, ...]:
    """Return every stand-in in *files*, sorted."""
    texts = (path.read_text(encoding="utf-8") for path in files)
    return tuple(sorted({found for text in texts for found in _STANDIN.findall(text)}))


def leaks(files: Iterable[Path], values: Sequence[str]) -> tuple[str, ...]:
    """Return where *values* are in *files*, plain or encoded; the values themselves never."""
    vault = Vault()
    for number, value in enumerate(values, 1):
        vault.add(value, f"redacted.demo.value.{number}", name=f"value {number}")
    return tuple(
        f"{path.name}: {found}" for path in files for found in vault.scan(path.read_bytes())
    )
