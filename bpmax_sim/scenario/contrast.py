"""Two long texts -> the parts of them that differ, short enough to read beside each other."""

from __future__ import annotations

_BEFORE = 12


def contrast(expected: str, actual: str, width: int) -> tuple[str, str]:
    """Return both texts in at most *width* characters each, cut around where they begin to differ.

    What fits is left as it is; a cut is shown by an ellipsis.
    """
    if len(expected) <= width and len(actual) <= width:
        return expected, actual
    pairs = enumerate(zip(expected, actual, strict=False))
    same = next((at for at, (one, other) in pairs if one != other), 0)
    start = 0 if same < width // 2 else same - _BEFORE
    return _part(expected, start, width), _part(actual, start, width)


def _part(text: str, start: int, width: int) -> str:
    if len(text) <= width and not start:
        return text
    lead = "…" if start else ""
    rest = lead + text[start:]
    return rest if len(rest) <= width else f"{rest[: width - 1]}…"
