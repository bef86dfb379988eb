"""Terminal output: data on stdout; messages, questions and progress on stderr.

Colours and progress bars are used on terminals only. A progress bar appears for work that takes
longer than two seconds.
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
from bpmax_sim.i18n import (
    fill_if_values,
    join_list,
    join_messages,
    measure_display_width,
    msg,
    translate,
)


class OutputNotRead(Exception):  # noqa: N818 - it is no mistake
    """Raised if the reader of standard output has closed it, as ``head`` does."""


STYLES = {"√": "green", "×": "red", "-": "yellow", "~": "yellow", "+": "green"}


_PLAIN = {"√": "+", "×": "x", "…": "...", "·": "-", "→": "->"}
"""What a console without these characters gets, for a mark is all that tells right from wrong."""


def make_output_printable() -> None:
    """Replace characters that the console cannot encode, by a similar one or ``?``."""
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
    """Replace an OSError of the ``with`` block, which writes to *stream*, by one of our errors.

    After an error, *stream* leads to the null device. Otherwise Python would flush its buffer at
    exit and fail again.

    Raises:
        OutputNotRead: if the reader has closed the stream.
        ConfigError: if the stream cannot be written for another reason.
    """
    try:
        yield
    except OSError as error:
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        # EINVAL is what Windows says of a pipe whose reader is gone.
        if isinstance(error, BrokenPipeError) or error.errno == errno.EINVAL:
            raise OutputNotRead from None
        raise ConfigError(
            "standard output cannot be written: {strerror}; send it elsewhere",
            strerror=error.strerror,
        ) from None


def say(text: str, /, **values: object) -> None:
    """Print *text*, with *values* filled in, to standard output; messages go to `notify`.

    A line that begins with a mark such as ``×`` is coloured on a terminal.
    """
    shown = translate(fill_if_values(text, values))
    _print(shown, STYLES.get(shown[:1], ""))


def print_failure_text(text: str) -> None:
    """Print the text of a failure between empty lines, each line coloured on a terminal."""
    from bpmax_sim.scenario.source import choose_failure_line_style  # noqa: PLC0415 - help is quick without it

    _print("")
    for number, line in enumerate(translate(text).splitlines()):
        _print(line, choose_failure_line_style(line, number))
    _print("")


def print_summary_line(text: str, *, failed: bool) -> None:
    """Print the summary line of a run, green or red on a terminal."""
    _print(translate(text), "red bold" if failed else "green")


def _print(text: str, style: str = "") -> None:
    with _translate_write_errors(sys.stdout):
        if style and _has_colours(sys.stdout):
            from rich.console import Console  # noqa: PLC0415 - only a terminal needs it
            from rich.text import Text  # noqa: PLC0415

            out = Console(
                highlight=False,
                soft_wrap=True,
                emoji=False,
                force_terminal=True,
                color_system="standard",
            )
            out.print(Text(text, style))
        else:
            print(text, flush=True)  # noqa: T201 - this is where printing is done


def _has_colours(stream: TextIO) -> bool:
    """Return whether text to *stream* is coloured: on a terminal that is not ``dumb``.

    The environment variables ``NO_COLOR`` and, after it, ``FORCE_COLOR`` take precedence.
    """
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or (
        stream.isatty() and os.environ.get("TERM") != "dumb"
    )


def say_json(value: Any) -> None:
    """Print one JSON document."""
    say(json.dumps(value, ensure_ascii=False, indent=2))


def say_document(**document: Any) -> None:
    """Print *document*, with the key ``version``, as JSON object of ``--json``.

    `output_schema` declares the keys of each command.
    """
    say_json({"version": VERSION, **document})


def say_result(lines: Iterable[str], /, *, json: bool, **document: Any) -> None:
    """Print *lines*, or with *json* the JSON object with the keys of *document* instead."""
    if json:
        say_document(**document)
    for line in () if json else lines:
        say(line)


def say_json_line(**document: Any) -> None:
    """Print the JSON object on one line, for programs that read it while the command goes on."""
    say(json.dumps({"version": VERSION, **document}, ensure_ascii=False))


def say_bytes(data: bytes) -> None:
    """Print *data* unchanged, whatever the encoding of the console."""
    with _translate_write_errors(sys.stdout):
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()


def notify(text: str, /, **values: object) -> None:
    """Print a message or error to stderr; *values* fill the template *text*."""
    with _translate_write_errors(sys.stderr):
        print(translate(fill_if_values(text, values)), file=sys.stderr, flush=True)  # noqa: T201


_YES = frozenset({"y", "yes", "是"})


class NobodyToAskError(typer.Abort):
    """A question was asked where nobody can answer: standard input is no terminal, and empty."""


def confirm(question: str, /, **values: object) -> None:
    """Ask *question*, filled with *values*; return only if the answer is yes.

    Raises:
        NobodyToAskError: if standard input is no terminal and has ended.
        typer.Abort: if the answer is anything else, or there is no answer.
    """
    answer = _read_line(msg("{question} [y/N]:", question=fill_if_values(question, values)))
    if not answer and not can_ask():
        raise NobodyToAskError
    if _normalise_answer(answer) not in _YES:
        raise typer.Abort


def can_ask() -> bool:
    """Return whether standard input is a terminal."""
    return sys.stdin is not None and sys.stdin.isatty()


def ask(question: str, default: str) -> str:
    """Return what is entered after *question*, or *default* if that is empty.

    Raises:
        typer.Abort: at the end of input.
    """
    answer = _read_line(msg("{question} [{default}]:", question=question, default=default))
    if not answer:
        raise typer.Abort
    return answer.strip() or default


def choose(question: str, choices: Sequence[str]) -> str:
    """Ask until the answer is one of *choices* or the first letter of one, and return that choice.

    An empty answer, or the end of input, means the last choice.
    """
    options = join_list(f"[{choice[0]}]{choice[1:]}" for choice in choices)
    while answer := _normalise_answer(_read_line(f"{question} {options}:")):
        if match := next((choice for choice in choices if answer in {choice, choice[0]}), ""):
            return match
    return choices[-1]


def _normalise_answer(line: str) -> str:
    return line.strip().lower()


def _read_line(question: str) -> str:
    """Return the line that is entered after *question*, with its line end; "" at the end."""
    gap = " " if can_ask() else ""
    print(f"{translate(question)}{gap}", end="", file=sys.stderr, flush=True)  # noqa: T201
    return sys.stdin.readline()


T = TypeVar("T")
SECONDS = 2.0
_REFRESHED = 0.2
_BAR = 10
_CTRL_C = 4
"""Columns that stay free: a terminal writes ``^C`` there, and on the next line it would stay."""


def iterate_with_progress(
    steps: Iterable[T],
    total: int,
    *,
    stream: IO[str] | None = None,
    now: Callable[[], float] = time.monotonic,
) -> Iterator[T]:
    """Yield *steps* with a progress bar on a terminal.

    It is hidden while the caller handles a step.

    Args:
        steps: steps of the work; each is done when it is requested.
        total: number of steps.
        stream: output, by default standard error; nothing is shown if it is not a terminal.
        now: clock in real seconds.
    """
    out = sys.stderr if stream is None else stream
    bar = _Bar(out, total) if out.isatty() else None
    begun = now()
    try:
        for number, step in enumerate(steps, 1):
            if bar:
                # The caller prints now; a bar would stand in the middle of its lines.
                bar.hide()
            yield step
            if bar and number < total and now() - begun > SECONDS:
                spent = now() - begun
                bar.show(number, spent / number * (total - number))
    finally:  # Ctrl-C leaves neither a bar nor a hidden cursor
        if bar:
            bar.hide()


@contextmanager
def show_progress(
    max_seconds: float = 0,
    *,
    stream: IO[str] | None = None,
    now: Callable[[], float] = time.monotonic,
) -> Iterator[Callable[..., None]]:
    """Yield a function that advances a progress bar; the bar disappears at the end.

    Call it with the number of finished steps and the number of all steps. Called without arguments,
    it shows the time that has passed as a part of *max_seconds*.

    Args:
        max_seconds: maximum duration of the work, where that is known.
        stream: output, by default standard error; nothing is shown if it is not a terminal.
        now: clock in real seconds.
    """
    out = sys.stderr if stream is None else stream
    bar = _Bar(out, max(1, round(max_seconds))) if out.isatty() else None
    begun = moved = now()

    def move(done: int = 0, total: int = 0) -> None:
        nonlocal moved
        at = now()
        if bar and at - begun > SECONDS and at - moved > _REFRESHED:
            moved, spent = at, at - begun
            if total:
                bar.total = total
                bar.show(done, spent / max(done, 1) * (total - done))
            else:
                passed = min(round(spent), bar.total)
                bar.show(passed, bar.total - passed)

    try:
        yield move
    finally:
        if bar:
            bar.hide()


@dataclass(slots=True)
class _Bar:
    """A progress bar by Rich, which stands in the line of the cursor; uncoloured if ``NO_COLOR``.

    Drawing and erasing are one write each, and to erase twice does no harm: Ctrl-C may come in the
    midst of either. (``rich.live.Live`` takes itself for stopped before it has erased its line.)
    """

    stream: IO[str]
    total: int
    _console: Any = field(default=None, init=False)
    _is_shown: bool = field(default=False, init=False)

    def show(self, done: int, seconds_left: float) -> None:
        """Draw the bar with *done* steps; the remaining ones will take *seconds_left* seconds."""
        from rich.console import Console  # noqa: PLC0415 - only a terminal needs it
        from rich.progress_bar import ProgressBar  # noqa: PLC0415
        from rich.text import Text  # noqa: PLC0415

        if self._console is None:
            self._console = Console(file=self.stream)
        text = msg(
            "[{done}/{total}] about {left} left",
            done=done,
            total=self.total,
            left=describe_duration(max(1, round(seconds_left))),
        )
        said = f"{translate(text)} "
        room = self._console.width - measure_display_width(said) - _CTRL_C
        bar = ProgressBar(self.total, done, width=max(1, min(_BAR, room)))
        self.hide()
        self._is_shown = True
        self._console.print(Text(said), bar, end="")

    def hide(self) -> None:
        """Erase the bar, if it is shown."""
        if self._is_shown:
            from rich.control import Control  # noqa: PLC0415
            from rich.segment import ControlType  # noqa: PLC0415

            line = (ControlType.ERASE_IN_LINE, 2)
            self._console.control(Control(ControlType.CARRIAGE_RETURN, line))
            self._is_shown = False


def align_columns(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield *rows* as lines with aligned columns, by display width."""
    rows = [[translate(cell) for cell in row] for row in rows]
    widths = [max(map(measure_display_width, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (
            cell + " " * (w - measure_display_width(cell))
            for cell, w in zip(row, widths, strict=True)
        )
        yield join_messages("  ", cells).rstrip()
