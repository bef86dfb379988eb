"""A question before something is replaced or deleted; nothing of it goes to standard output."""

from __future__ import annotations

import sys

import typer

_YES = frozenset({"y", "yes", "是"})


def agree(question: str) -> None:
    """Ask, and return if the answer is yes.

    Raises:
        typer.Abort: it is anything else, or nobody answers.
    """
    gap = " " if sys.stdin.isatty() else ""
    print(f"{question} [y/N]:{gap}", end="", file=sys.stderr, flush=True)  # noqa: T201
    answer = sys.stdin.readline()
    if answer.strip().lower() not in _YES:
        raise typer.Abort
