"""The two streams: data on stdout, messages on stderr; plain where nobody looks at a terminal."""

from __future__ import annotations

import codecs
import errno
import io
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO

from bpmax_sim.cli.shapes import VERSION
from bpmax_sim.errors import ConfigError


class Unread(Exception):  # noqa: N818 - it is no mistake
    """Whoever reads standard output has gone."""


STYLES = {"√": "green", "×": "red", "-": "yellow"}


_PLAIN = {"√": "+", "×": "x", "…": "...", "·": "-"}
"""What a console without these characters gets, for a mark is all that tells right from wrong."""


def keep_printable() -> None:
    """Let a console that lacks a character print ``?`` for it, or its likeness, and not fail."""
    codecs.register_error("bpmax-sim", _instead)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="bpmax-sim")


def _instead(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lost = error.object[error.start : error.end]
    return "".join(_PLAIN.get(letter, "?") for letter in lost), error.end


@contextmanager
def _writing(stream: TextIO) -> Iterator[None]:
    """Translate what can go wrong with a stream, and leave nothing in it for Python's own end.

    Raises:
        Unread: the reader has gone.
        ConfigError: it cannot be written.
    """
    try:
        yield
    except OSError as error:
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        if isinstance(error, BrokenPipeError) or error.errno == errno.EINVAL:
            raise Unread from None
        told = f"standard output cannot be written: {error.strerror}; send it elsewhere"
        raise ConfigError(told) from None


def say(text: str) -> None:
    """Print data; a line that begins with a mark is coloured on a terminal."""
    with _writing(sys.stdout):
        _say(text)


def _say(text: str) -> None:
    style = STYLES.get(text[:1], "")
    if style and sys.stdout.isatty():
        from rich.console import Console  # noqa: PLC0415 - only a terminal needs it

        Console(highlight=False, soft_wrap=True).print(text, style=style, markup=False)
    else:
        print(text, flush=True)  # noqa: T201 - this is where printing is done


def say_json(value: Any) -> None:
    """Print one JSON document."""
    say(json.dumps(value, ensure_ascii=False, indent=2))


def say_document(**told: Any) -> None:
    """Print what ``--json`` promises for a command; its keys are those of `shapes.SHAPES`."""
    say_json({"version": VERSION, **told})


def announce(**told: Any) -> None:
    """Print what ``--json`` promises on one line, for a program that reads on while we run."""
    say(json.dumps({"version": VERSION, **told}, ensure_ascii=False))


def say_bytes(data: bytes) -> None:
    """Print data byte for byte, whatever the console's character set."""
    with _writing(sys.stdout):
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()


def tell(text: str) -> None:
    """Print a message to whoever watches."""
    with _writing(sys.stderr):
        print(text, file=sys.stderr, flush=True)  # noqa: T201


def complain(text: str) -> None:
    """Print an error; each of its lines says where, what and what to do."""
    tell(text)
