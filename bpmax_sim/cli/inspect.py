"""``inspect``: the exchanges of a cassette, as a table or one of them whole."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

import typer

from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cli.options import Json
from bpmax_sim.cli.output import say, say_document
from bpmax_sim.cli.places import opened
from bpmax_sim.errors import ConfigError, Place, Problem
from bpmax_sim.messages import Failed
from bpmax_sim.report.exits import ExitCode
from bpmax_sim.report.terminal import table

_LINE = re.compile(r"(.+):(\d+)", re.DOTALL)
_COLUMNS = ("line", "call", "method", "url", "status", "ms", "bytes", "for")


def inspect(
    cassette: Annotated[str, typer.Argument(metavar="CASSETTE[:LINE]", help="The file.")],
    *,
    json: Json = False,
) -> int:
    """Show a cassette."""
    path, line = _parts(cassette)
    found = opened(path)
    told = [_exchange(found, number) for number in _numbers(found, line)]
    if json:
        say_document(file=str(path), exchanges=told)
    elif line:
        say(found.entry(_numbers(found, line)[0]).text.rstrip())
    else:
        rows = [tuple(str(one[name]) for name in _COLUMNS) for one in told]
        for text in table([_COLUMNS, *rows]):
            say(text)
    return ExitCode.PASSED


def _parts(text: str) -> tuple[Path, int]:
    found = None if Path(text).exists() else _LINE.fullmatch(text)
    return (Path(found[1]), int(found[2])) if found else (Path(text), 0)


def _numbers(cassette: Cassette, line: int) -> list[int]:
    """Return all exchanges, or the one that *line* lies in."""
    everything = list(range(len(cassette)))
    if not line:
        return everything
    lines = cassette.path.read_bytes().count(b"\n")
    if line > lines:
        raise ConfigError(Problem(f"the file has {lines} lines", Place(str(cassette.path), line)))
    before = [number for number in everything if _line(cassette, number) <= line]
    if not before:
        raise ConfigError(Problem("no exchange is here", Place(str(cassette.path), line)))
    return before[-1:]


def _line(cassette: Cassette, number: int) -> int:
    return int(cassette.place(number).rpartition(":")[2])


def _exchange(cassette: Cassette, number: int) -> dict[str, Any]:
    line, exchange = cassette.line(number), cassette.exchange(number)
    request, outcome = exchange.request, exchange.outcome
    if isinstance(outcome, Failed):
        status, body = line.failed, outcome.received
    else:
        status, body = str(outcome.status), outcome.body
    return {
        "line": _line(cassette, number),
        "call": line.call,
        "instance": line.instance,
        "for": line.owner,
        "at": line.at,
        "ms": line.ms,
        "method": request.method,
        "url": request.url,
        "status": status,
        "bytes": len(body),
    }
