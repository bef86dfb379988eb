"""What typer says of a wrong command line, in our words: one line, with the near name."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from bpmax_sim.errors import near

_CHOICE = re.compile(r"(.*?)'([^']*)' is not one of ((?:'[^']*'(?:, )?)+)")
_NUMBERS: Final[Mapping[str, str]] = {
    r"Input should be a valid integer.*": "expected a whole number",
    r"Input should be a valid number.*": "expected a number",
    r"Input should be less than or equal to (\S+)": r"expected at most \1",
    r"Input should be greater than or equal to (\S+)": r"expected at least \1",
}
_MARKS: Final = ("Value error, ", "Assertion failed, ")
_SPACE = re.compile(r"\s+")


def in_our_words(message: str) -> str:
    """Return *message* on one line, without the words of typer's own parts."""
    told = _SPACE.sub(" ", message).strip().rstrip(".")
    for mark in _MARKS:
        told = told.replace(mark, "")
    for pattern, plain in _NUMBERS.items():
        told = re.sub(pattern, plain, told)
    return _CHOICE.sub(_with_near, told)


def _with_near(found: re.Match[str]) -> str:
    hint = near(found[2], re.findall(r"'([^']*)'", found[3]))
    return f"{found[0]}{hint}"


def command_of(arguments: Sequence[str], names: Callable[[str], bool]) -> str:
    """Return the command that *arguments* begin with, as far as *names* knows it, or nothing."""
    words = [one for one in arguments if not one.startswith("-")]
    pair = " ".join(words[:2])
    return pair if names(pair) else words[0] if words and names(words[0]) else ""
