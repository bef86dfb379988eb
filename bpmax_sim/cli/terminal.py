"""Data on stdout; messages, questions and progress on stderr, plain where there is no terminal.

A progress bar is shown for work that takes longer than two seconds.
"""

from __future__ import annotations

import codecs
import errno
import io
import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import IO, Any, TextIO, TypeVar

import typer

from bpmax_sim.cli.output_schema import VERSION
from bpmax_sim.clock import describe_duration
from bpmax_sim.errors import ConfigError
from bpmax_sim.i18n import fill_message, join_messages, msg, series, translate, width


class OutputNotRead(Exception):  # noqa: N818 - it is no mistake
    """Whoever reads standard output has gone."""


STYLES = {"√": "green", "×": "red", "-": "yellow", "~": "yellow", "+": "green"}


_PLAIN = {"√": "+", "×": "x", "…": "...", "·": "-", "→": "->"}
"""What a console without these characters gets, for a mark is all that tells right from wrong."""


def keep_printable() -> None:
    """Let a console that lacks a character print ``?`` for it, or its likeness, and not fail."""
    codecs.register_error("bpmax-sim", _replace_unprintable)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="bpmax-sim")


def _replace_unprintable(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lost = error.object[error.start : error.end]
    return join_messages("", (_PLAIN.get(letter, "?") for letter in lost)), error.end


@contextmanager
def _translate_write_errors(stream: TextIO) -> Iterator[None]:
    """Translate what can go wrong with a stream, and leave nothing in it for Python's own end.

    Raises:
        OutputNotRead: the reader has gone.
        ConfigError: it cannot be written.
    """
    try:
        yield
    except OSError as error:
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        if isinstance(error, BrokenPipeError) or error.errno == errno.EINVAL:
            raise OutputNotRead from None
        raise ConfigError(
            "standard output cannot be written: {strerror}; send it elsewhere",
            strerror=error.strerror,
        ) from None


def say(text: str, /, **values: object) -> None:
    """Print data, with *values* by a template; a mark colours its line on a terminal."""
    shown = translate(fill_message(text, values))
    _print(shown, STYLES.get(shown[:1], ""))


def say_failure(text: str) -> None:
    """Print the text of a failure between empty lines, coloured line by line on a terminal."""
    from bpmax_sim.scenario.source import style_of  # noqa: PLC0415 - help is quick without it

    _print("")
    for number, line in enumerate(translate(text).splitlines()):
        _print(line, style_of(line, number))
    _print("")


def say_verdict(text: str, *, failed: bool) -> None:
    """Print the line that sums up, green or red on a terminal."""
    _print(translate(text), "red bold" if failed else "green")


def _print(text: str, style: str = "") -> None:
    with _translate_write_errors(sys.stdout):
        if style and _has_colours(sys.stdout):
            from rich.console import Console  # noqa: PLC0415 - only a terminal needs it

            out = Console(
                highlight=False,
                soft_wrap=True,
                emoji=False,
                force_terminal=True,
                color_system="standard",
            )
            out.print(text, style=style, markup=False)
        else:
            print(text, flush=True)  # noqa: T201 - this is where printing is done


def _has_colours(stream: TextIO) -> bool:
    """Return whether *stream* gets colours: ``NO_COLOR`` and ``FORCE_COLOR``, else a terminal."""
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or (
        stream.isatty() and os.environ.get("TERM") != "dumb"
    )


def say_json(value: Any) -> None:
    """Print one JSON document."""
    say(json.dumps(value, ensure_ascii=False, indent=2))


def say_document(**document: Any) -> None:
    """Print what ``--json`` promises for a command; its keys are those of `shapes.SHAPES`."""
    say_json({"version": VERSION, **document})


def say_result(lines: Iterable[str], /, *, json: bool, **document: Any) -> None:
    """Print *lines*, or where that is asked for what ``--json`` promises for a command."""
    if json:
        say_document(**document)
    for line in () if json else lines:
        say(line)


def announce(**document: Any) -> None:
    """Print what ``--json`` promises on one line, for a program that reads on while we run."""
    say(json.dumps({"version": VERSION, **document}, ensure_ascii=False))


def say_bytes(data: bytes) -> None:
    """Print data byte for byte, whatever the console's character set."""
    with _translate_write_errors(sys.stdout):
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()


def tell(text: str, /, **values: object) -> None:
    """Print a message or an error to whoever watches, with *values* by a template."""
    with _translate_write_errors(sys.stderr):
        print(translate(fill_message(text, values)), file=sys.stderr, flush=True)  # noqa: T201


_YES = frozenset({"y", "yes", "是"})


def agree(question: str, /, **values: object) -> None:
    """Ask, with *values* by a template, and return if the answer is yes.

    Raises:
        typer.Abort: it is anything else, or nobody answers.
    """
    if _answer(msg("{question} [y/N]:", question=fill_message(question, values))) not in _YES:
        raise typer.Abort


def can_ask() -> bool:
    """Return whether somebody types what this process reads."""
    return sys.stdin is not None and sys.stdin.isatty()


def choose(question: str, choices: Sequence[str]) -> str:
    """Ask until the answer is one of *choices*, or its first letter; nobody's is the last one."""
    options = series(f"[{choice[0]}]{choice[1:]}" for choice in choices)
    while answer := _answer(f"{question} {options}:"):
        if match := next((choice for choice in choices if answer in {choice, choice[0]}), ""):
            return match
    return choices[-1]


def _answer(question: str) -> str:
    gap = " " if can_ask() else ""
    print(f"{translate(question)}{gap}", end="", file=sys.stderr, flush=True)  # noqa: T201
    return sys.stdin.readline().strip().lower()


T = TypeVar("T")
SECONDS = 2.0
_REFRESHED = 0.2
_BAR = 10
_CTRL_C = 4
"""Columns that stay free: a terminal writes ``^C`` there, and on the next line it would stay."""


def with_progress(
    steps: Iterable[T],
    total: int,
    *,
    stream: IO[str] | None = None,
    now: Callable[[], float] = time.monotonic,
) -> Iterator[T]:
    """Yield *steps*, with a bar between them that is gone while the caller handles one.

    Args:
        steps: what is worked off, a step each time one is asked for.
        total: how many there are.
        stream: a terminal, or nothing is shown; standard error by default.
        now: real seconds.
    """
    out = sys.stderr if stream is None else stream
    bar = _Bar(out, total) if out.isatty() else None
    begun = now()
    try:
        for number, step in enumerate(steps, 1):
            if bar:
                bar.hide()
            yield step
            if bar and number < total and now() - begun > SECONDS:
                spent = now() - begun
                bar.show(number, spent / number * (total - number))
    finally:  # Ctrl-C leaves neither a bar nor a hidden cursor
        if bar:
            bar.hide()


@contextmanager
def progress(
    seconds: float, *, stream: IO[str] | None = None, now: Callable[[], float] = time.monotonic
) -> Iterator[Callable[[], None]]:
    """Yield what moves a bar of *seconds* on, as often as it is called; it is gone at the end.

    Args:
        seconds: how long the work takes at most.
        stream: a terminal, or nothing is shown; standard error by default.
        now: real seconds.
    """
    out = sys.stderr if stream is None else stream
    bar = _Bar(out, max(1, round(seconds))) if out.isatty() else None
    begun = moved = now()

    def move() -> None:
        nonlocal moved
        at = now()
        if bar and at - begun > SECONDS and at - moved > _REFRESHED:
            moved = at
            done = min(round(at - begun), bar.total)
            bar.show(done, bar.total - done)

    try:
        yield move
    finally:
        if bar:
            bar.hide()


@dataclass(slots=True)
class _Bar:
    """Rich's bar, made when it is first shown; it colours nothing where ``NO_COLOR`` is set."""

    stream: IO[str]
    total: int
    _drawn: Any = field(default=None, init=False)

    def show(self, done: int, left: float) -> None:
        """Draw that *done* are worked off, and that the others take *left* seconds."""
        if self._drawn is None:
            from rich.console import Console  # noqa: PLC0415 - only a terminal needs it
            from rich.progress import BarColumn, Progress, TextColumn  # noqa: PLC0415

            self._drawn = Progress(
                TextColumn("{task.description}", markup=False),
                BarColumn(bar_width=_BAR),
                console=Console(file=self.stream),
                transient=True,
                auto_refresh=False,
                redirect_stdout=False,
                redirect_stderr=False,
            )
            self._drawn.add_task("", total=self.total)
        text = msg(
            "[{done}/{total}] about {left} left",
            done=done,
            total=self.total,
            left=describe_duration(max(1, round(left))),
        )
        said = translate(text)
        room = self._drawn.console.width - width(said) - _CTRL_C
        self._drawn.columns[1].bar_width = max(1, min(_BAR, room))
        self._drawn.update(0, completed=done, description=said)
        self._drawn.start()
        self._drawn.refresh()

    def hide(self) -> None:
        if self._drawn is not None:
            self._drawn.stop()


def align_columns(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield *rows* with their columns aligned, as wide as a terminal shows them."""
    rows = [[translate(cell) for cell in row] for row in rows]
    widths = [max(map(width, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell + " " * (w - width(cell)) for cell, w in zip(row, widths, strict=True))
        yield join_messages("  ", cells).rstrip()
