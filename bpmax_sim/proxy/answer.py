"""What a finished exchange is to the script: an answer, or the rejection it becomes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call resolves with.

    Attributes:
        value: the Python value; integers are exact.
        text: for ``json`` the text that the script's own ``JSON.parse`` reads, for ``text`` the
            text itself, else None.
        kind: ``json``, ``text``, ``bytes`` or ``null``.
    """

    value: Any
    text: str | None
    kind: Literal["json", "text", "null", "bytes"]
