"""What somebody types at a terminal."""

from __future__ import annotations

import io
from collections.abc import Callable


class Typed(io.StringIO):
    """Standard input that is a terminal, at which *text* is typed.

    *meanwhile* is called before each line is read: what others do while a person thinks.
    """

    def __init__(self, text: str, meanwhile: Callable[[], object] = lambda: None) -> None:
        super().__init__(text)
        self.meanwhile = meanwhile

    def isatty(self) -> bool:
        return True

    def readline(self, size: int = -1, /) -> str:  # type: ignore[override]
        self.meanwhile()
        return super().readline(size)
