"""``import``: recordings of other tools become cassettes, through the same redactor."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from bpmax_sim.cassette.foreign.formats import READABLE
from bpmax_sim.cassette.foreign.imported import Imported
from bpmax_sim.cassette.identify import Addresses
from bpmax_sim.cassette.journal import Draft
from bpmax_sim.cassette.paths import parse_path
from bpmax_sim.check.admission import admit
from bpmax_sim.check.intake import Foreign, drafts_of, know, known_at, read_file, write
from bpmax_sim.cli.asking import agree
from bpmax_sim.cli.cassettes import Yes
from bpmax_sim.cli.options import Json, Platforms
from bpmax_sim.cli.output import say, say_document, tell
from bpmax_sim.cli.players import declared, players
from bpmax_sim.cli.selection import missing
from bpmax_sim.errors import ConfigError, near
from bpmax_sim.platform.platforms import Platforms as Declared
from bpmax_sim.report.exits import ExitCode
from bpmax_sim.report.terminal import counted
from bpmax_sim.scenario.names import find_root
from bpmax_sim.secret.vault import Vault
from bpmax_sim.session.outside import addresses_in
from bpmax_sim.session.rules import matching_rules
from bpmax_sim.yamlfile import shown


class _Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line asks for."""

    platforms: Declared
    kind: str
    address: str
    owner: str | None
    redact: tuple[str, ...]
    addresses: Addresses


@dataclass(frozen=True, slots=True, kw_only=True)
class _Taken:
    """What goes into one cassette."""

    path: Path
    owner: str
    sources: tuple[tuple[Foreign, Imported], ...]
    drafts: tuple[Draft, ...] = field(repr=False)

    @property
    def named(self) -> int:
        return sum(bool(draft.line.call) for draft in self.drafts)


def imports(  # noqa: PLR0913 - the options of the command
    recordings: Annotated[
        list[Path], typer.Argument(metavar="FILE", help="Recordings of other tools.")
    ],
    *,
    to: Annotated[
        Path | None,
        typer.Option(
            metavar="CASSETTE",
            help="The .yaml that takes all of them, or a folder for one each; by default the file "
            "itself where it lies below cassettes/, else cassettes/<its name>.yaml.",
        ),
    ] = None,
    owner: Annotated[
        str | None,
        typer.Option(
            "--for", metavar="NAME", help="Who plays it; by default the scenario whose it is."
        ),
    ] = None,
    kind: Annotated[
        str,
        typer.Option(
            "--format", metavar="NAME", help=f"One of {', '.join(READABLE)}; found out by itself."
        ),
    ] = "",
    address: Annotated[
        str, typer.Option(metavar="URL", help="Of the server whose WireMock mappings these are.")
    ] = "",
    redact: Annotated[
        list[str] | None,
        typer.Option(metavar="PATH", help="A place of personal data, such as body.phone."),
    ] = None,
    secret: Annotated[
        list[str] | None,
        typer.Option(metavar="VARIABLE", help="A variable whose value is hidden everywhere."),
    ] = None,
    platforms: Platforms = None,
    yes: Yes = False,
    json: Json = False,
) -> int:
    """Import recordings."""
    _check_there(recordings)
    vault, known = Vault(), declared(platforms)
    wish = _Wish(
        platforms=known,
        kind=kind,
        address=address,
        owner=owner,
        redact=tuple(map(_place, redact or ())),
        addresses=addresses_in(known, os.environ),
    )
    for name in know(known, os.environ, vault):
        tell(f"the credentials of {name} are not set here, so they are known by their places only")
    for value in _values(secret or (), os.environ):
        vault.minted("import", "any", "secret", value)
    taken = [_take(*pair, wish, vault) for pair in _targets(recordings, to).items()]
    for one in taken:
        _tell_notes(one)
    for one in taken:
        _ask(one, yes=yes)
    told = [_written(one) for one in taken]
    if json:
        say_document(cassettes=told)
    for line in () if json else map(_line, told):
        say(line)
    return ExitCode.PASSED if any(one.drafts for one in taken) else ExitCode.NOTHING


def _check_there(recordings: Sequence[Path]) -> None:
    lacking = [missing(str(one), Path.cwd(), "") for one in recordings if not one.is_file()]
    if not lacking:
        return
    is_meant = near(str(recordings[0]), ["openapi"])
    hint = "of an OpenAPI document, `bpmax-sim import openapi` makes a platform"
    raise ConfigError(*lacking, *([hint] if is_meant else []))


def _place(text: str) -> str:
    try:
        parse_path(text)
    except ConfigError:
        raise ConfigError(
            f"--redact {text}: not a path; write query.<name>, header.<name> or body.<name>, such "
            "as body.items[*].phone"
        ) from None
    return text


def _values(names: Sequence[str], environ: Mapping[str, str]) -> Iterator[str]:
    for name in names:
        if not environ.get(name):
            raise ConfigError(f"--secret {name}: the variable is not set; set it, or leave it out")
        yield environ[name]


def _targets(recordings: Sequence[Path], to: Path | None) -> dict[Path, list[Path]]:
    """Return which files go into which cassette."""
    found: dict[Path, list[Path]] = {}
    for one in recordings:
        found.setdefault(_target(one, to), []).append(one)
    return found


def _target(recording: Path, to: Path | None) -> Path:
    if to is not None and to.suffix == ".yaml":
        return to
    folder = find_root(Path.cwd()) / "cassettes"
    if to is None and recording.absolute().is_relative_to(folder) and recording.suffix == ".yaml":
        return recording
    return Path(shown((to or folder) / f"{recording.name.partition('.')[0] or 'imported'}.yaml"))


def _take(path: Path, recordings: Sequence[Path], wish: _Wish, vault: Vault) -> _Taken:
    sources = [read_file(one, kind=wish.kind, address=wish.address) for one in recordings]
    owner = _owner(path) if wish.owner is None else wish.owner
    rules = matching_rules(wish.platforms, ())

    def admitted() -> list[Imported]:
        return [
            admit(
                one.found,
                wish.platforms,
                vault,
                rules=rules,
                owner=owner,
                addresses=wish.addresses,
                redact=wish.redact,
            )
            for one in sources
        ]

    found = admitted()
    if len(sources) > 1:
        found = admitted()  # what a later file tells is hidden in an earlier one, too
    exchanges = [exchange for one in found for exchange in one.exchanges]
    return _Taken(
        path=path,
        owner=owner,
        sources=tuple(zip(sources, found, strict=True)),
        drafts=drafts_of(exchanges, rules, vault),
    )


def _owner(path: Path) -> str:
    """Return the one scenario that plays the cassette at *path*, or nobody.

    Raises:
        ConfigError: if several do.
    """
    found = players(path)
    if len(found) > 1:
        told = ", ".join(map(repr, found))
        raise ConfigError(f"{path} is played by {told}; say for whom it is, --for {found[0]!r}")
    if not found:
        tell(f"no scenario plays {path}; a session without an owner does, or say --for NAME")
    return found[0] if found else ""


def _tell_notes(taken: _Taken) -> None:
    for source, found in taken.sources:
        for note in found.notes:
            tell(f"{shown(source.path)}: {note}")


def _ask(taken: _Taken, *, yes: bool) -> None:
    """Ask before a recording is replaced.

    Raises:
        typer.Abort: the answer is no.
        DamagedCassette: what is there is not sound.
    """
    known = known_at(taken.path, taken.owner)
    if not known or yes or not taken.drafts:
        return
    what = "this recording of another tool" if known < 0 else counted(known, "exchange")
    whose = f" of {taken.owner}" if taken.owner and known > 0 else ""
    fresh = counted(len(taken.drafts), "exchange")
    agree(f"{taken.path}: replace {what}{whose} by {fresh}?")


def _written(taken: _Taken) -> dict[str, Any]:
    changed = bool(taken.drafts) and write(taken.path, taken.owner, taken.drafts)
    return {
        "file": str(taken.path),
        "for": taken.owner,
        "exchanges": len(taken.drafts),
        "declared": taken.named,
        "changed": changed,
        "sources": [_source(*pair) for pair in taken.sources],
    }


def _line(told: Mapping[str, Any]) -> str:
    if not told["exchanges"]:
        return f"{told['file']}: nothing could be carried over"
    for_whom = f" for {told['for']}" if told["for"] else ""
    same = "" if told["changed"] else ", unchanged"
    count = counted(told["exchanges"], "exchange")
    return f"{told['file']}: {count}{for_whom}, {told['declared']} of declared APIs{same}"


def _source(source: Foreign, found: Imported) -> dict[str, Any]:
    return {
        "file": str(source.path),
        "format": source.kind,
        "exchanges": len(found.exchanges),
        "notes": list(found.notes),
    }
