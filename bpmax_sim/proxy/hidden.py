"""Values whose representation shows nothing, because credentials may be among their fields."""

from __future__ import annotations

from msgspec import Struct


def conceal(value: object) -> str:
    """Return the type's name alone; it takes the place of ``__repr__``."""
    return f"<{type(value).__name__}>"


class Hidden(Struct, frozen=True):
    """The base of such values; a struct, because they are made anew in every call."""

    __repr__ = conceal
