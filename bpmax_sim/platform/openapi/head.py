"""The comment at the head of a platform file that was made of an OpenAPI document."""

from __future__ import annotations

from typing import Final

from bpmax_sim.errors import Problem
from bpmax_sim.platform.openapi.document import Document, line, mapping

_TOLD: Final = 40


def head_of(document: Document, notes: tuple[Problem, ...]) -> str:
    """Return lines that say what the file was made of and what could not be carried over."""
    info = mapping(document.root.get("info"))
    version = line(str(info.get("version", "")), 40)
    name = document.name.rpartition("/")[2]
    lines = [f"Made of {line(name)}{f', version {version},' if version else ''} by bpmax-sim."]
    if notes:
        lines.append("What could not be carried over, or differs:")
        told = [f"  {line(note.path, 200)}: {line(note.message, 200)}" for note in notes]
        lines += told[:_TOLD]
        lines += [f"  and {len(told) - _TOLD} more"] if len(told) > _TOLD else []
    return "".join(f"# {one}\n" for one in lines)
