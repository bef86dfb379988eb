"""A question before something is replaced or deleted; nothing of it goes to standard output."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import typer

_YES = frozenset({"y", "yes", "是"})


def agree(question: str) -> None:
    """Ask, and return if the answer is yes.

    Raises:
        typer.Abort: it is anything else, or nobody answers.
    """
    if _answer(f"{question} [y/N]:") not in _YES:
        raise typer.Abort


def choose(question: str, choices: Sequence[str]) -> str:
    """Ask until the answer is one of *choices*, or its first letter; nobody's is the last one."""
    told = ", ".join(f"[{one[0]}]{one[1:]}" for one in choices)
    while answer := _answer(f"{question} {told}:"):
        if found := next((one for one in choices if answer in {one, one[0]}), ""):
            return found
    return choices[-1]


def _answer(question: str) -> str:
    gap = " " if sys.stdin.isatty() else ""
    print(f"{question}{gap}", end="", file=sys.stderr, flush=True)  # noqa: T201
    return sys.stdin.readline().strip().lower()
