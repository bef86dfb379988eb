"""``export``: a cassette in another tool's format."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from bpmax_sim.cassette import files
from bpmax_sim.cassette.foreign.formats import write_foreign
from bpmax_sim.cli.asking import agree
from bpmax_sim.cli.cassettes import Yes
from bpmax_sim.cli.options import Json
from bpmax_sim.cli.output import say_bytes, say_document, tell
from bpmax_sim.cli.places import opened
from bpmax_sim.errors import CassetteError, ConfigError, near
from bpmax_sim.messages import Exchange
from bpmax_sim.report.exits import ExitCode
from bpmax_sim.report.terminal import counted


class Format(StrEnum):
    """What a cassette can be written as."""

    har = "har"
    curl = "curl"
    wiremock = "wiremock"
    vcrpy = "vcrpy"


def exports(
    cassette: Annotated[Path, typer.Argument(metavar="CASSETTE", help="The file.")],
    *,
    kind: Annotated[Format, typer.Option("--as", help="The format.")],
    to: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where it is written; by default stdout.")
    ] = None,
    owner: Annotated[
        str | None, typer.Option("--for", metavar="NAME", help="Only what this one recorded.")
    ] = None,
    yes: Yes = False,
    json: Json = False,
) -> int:
    """Export a cassette."""
    exchanges = _exchanges(cassette, owner)
    data, notes = write_foreign(exchanges, kind.value)
    for note in notes:
        tell(f"{cassette}: {note}")
    if to is not None:
        _write(to, data, yes=yes)
        tell(f"{to}: {counted(len(exchanges), 'exchange')}")
    if json:
        say_document(
            format=kind.value,
            file=str(to or ""),
            exchanges=len(exchanges),
            notes=list(notes),
            content="" if to else data.decode(),
        )
    elif to is None:
        say_bytes(data)
    return ExitCode.PASSED


def _exchanges(path: Path, owner: str | None) -> list[Exchange]:
    """Return the exchanges of every owner, or of one, each owner's in the order of issue.

    Raises:
        ConfigError: there is no such file or owner.
        CassetteError: the file is not sound.
    """
    cassette = opened(path)
    if owner is not None and owner not in cassette.owners:
        known = ", ".join(map(repr, cassette.owners)) or "nothing"
        hint = near(owner, cassette.owners) or f"; it holds {known}"
        raise ConfigError(f"{path}: nothing was recorded for {owner!r}{hint}")
    owners = cassette.owners if owner is None else (owner,)
    return [cassette.exchange(n) for one in owners for n in cassette.index.numbers(one)]


def _write(path: Path, data: bytes, *, yes: bool) -> None:
    if path.is_file() and path.read_bytes() == data:
        return
    if path.exists() and not yes:
        agree(f"{path}: replace this file?")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        files.replace_whole(path, data)
    except OSError as error:
        raise CassetteError(
            f"{path}: not written ({error.strerror}); what was there is whole"
        ) from error
