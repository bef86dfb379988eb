"""``seal`` and ``recover``: bring a file into its sound form."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bpmax_sim.cassette import files, merge
from bpmax_sim.cassette.format import reseal
from bpmax_sim.cassette.yamltext import YamlTextError
from bpmax_sim.cli.asking import agree
from bpmax_sim.cli.changes import changes, edited
from bpmax_sim.cli.options import Json
from bpmax_sim.cli.output import say, say_document, tell
from bpmax_sim.cli.places import with_journals
from bpmax_sim.cli.selection import missing
from bpmax_sim.errors import ConfigError, Place, Problem
from bpmax_sim.report.exits import ExitCode
from bpmax_sim.yamlfile import shown

Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def seal(
    cassette: Annotated[Path, typer.Argument(metavar="FILE", help="The edited cassette.")],
    *,
    yes: Yes = False,
    json: Json = False,
) -> int:
    """Seal a cassette again."""
    if not cassette.is_file():
        raise ConfigError(missing(str(cassette), Path.cwd(), ".yaml"))
    before = cassette.read_bytes()
    after = _sealed(cassette, before)
    exchanges = list(edited(before, after))
    lines = [] if after == before else list(changes(before.decode(), after.decode()))
    if not json:
        for line in (*exchanges, *lines):
            say(line)
    _seal(cassette, after, yes=yes, changed=after != before)
    if json:
        told = {"sealed": after != before, "edited": exchanges, "changes": lines}
        say_document(file=shown(cassette), **told)
    return ExitCode.PASSED


def _seal(cassette: Path, after: bytes, *, yes: bool, changed: bool) -> None:
    if not changed:
        tell(f"{shown(cassette)}: sound already, nothing to do")
        return
    if not yes:
        agree(f"Seal {shown(cassette)} like this?")
    with files.locked(cassette.parent):
        files.replace_whole(cassette, after)
    tell(f"{shown(cassette)}: sealed")


def _sealed(path: Path, data: bytes) -> bytes:
    try:
        return reseal(data.decode())
    except UnicodeDecodeError:
        told = "not UTF-8; save it as UTF-8"
        raise ConfigError(Problem(told, Place(shown(path)))) from None
    except YamlTextError as error:
        told = f"{error}; correct it, or restore the file"
        raise ConfigError(Problem(told, Place(shown(path), error.line))) from error


def recover(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="PATH", help="Cassettes or folders; by default cassettes/."),
    ] = None,
    *,
    json: Json = False,
) -> int:
    """Seal what was left in journals."""
    written = [new for path in with_journals(paths or ()) for new in merge.recover(path)]
    waiting = [path for path in written if path.name.endswith(".new")]
    if json:
        said = {"files": written, "review": waiting}
        say_document(**{name: [shown(one) for one in paths] for name, paths in said.items()})
    else:
        for path in written:
            say(f"{shown(path)}: recovered")
    if waiting:
        tell("a recording was there already, so these wait; run `bpmax-sim review`")
        return ExitCode.REVIEW
    if not written:
        tell("there is nothing to recover")
    return ExitCode.PASSED
