"""``import``: recordings of other tools become cassettes, through the same redactor.

``import openapi``: an OpenAPI document becomes a platform file, and an instance of it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from bpmax_sim.cassette.journal import Draft
from bpmax_sim.cli.cassettes import Yes
from bpmax_sim.cli.options import Json, PlatformsFolder
from bpmax_sim.cli.select import declared, missing, players
from bpmax_sim.cli.terminal import agree, say, say_document, tell
from bpmax_sim.errors import ConfigError, Place, Problem, near
from bpmax_sim.field_path import FieldPath
from bpmax_sim.i18n import joined, labelled, msg, plural, series
from bpmax_sim.openapi.convert import Made, make
from bpmax_sim.openapi.document import read_document
from bpmax_sim.platform.check import is_address
from bpmax_sim.platform.load import Platforms as Declared
from bpmax_sim.platform.matcher import Addresses, addresses_in
from bpmax_sim.project import find_root
from bpmax_sim.report.exit_codes import ExitCode
from bpmax_sim.secret.vault import Vault
from bpmax_sim.session.credentials import matching_rules
from bpmax_sim.traffic.admission import Foreign, admit, drafts_of, know, known_at, read_file, write
from bpmax_sim.traffic.formats import READABLE
from bpmax_sim.traffic.imported import Imported
from bpmax_sim.yamlfile import read_yaml, shown, write_yaml


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
        list[Path], typer.Argument(metavar="FILE", help=msg("Recordings of other tools."))
    ],
    *,
    to: Annotated[
        Path | None,
        typer.Option(
            metavar="CASSETTE",
            help=msg(
                "The .yaml that takes all of them, or a folder for one each; by default the "
                "file itself where it lies below cassettes/, else cassettes/<its name>.yaml."
            ),
        ),
    ] = None,
    owner: Annotated[
        str | None,
        typer.Option(
            "--for", metavar="NAME", help=msg("Who plays it; by default the scenario whose it is.")
        ),
    ] = None,
    kind: Annotated[
        str,
        typer.Option(
            "--format",
            metavar="NAME",
            help=msg("One of {joined}; found out by itself.", joined=series(READABLE)),
        ),
    ] = "",
    address: Annotated[
        str,
        typer.Option(metavar="URL", help=msg("Of the server whose WireMock mappings these are.")),
    ] = "",
    redact: Annotated[
        list[str] | None,
        typer.Option(metavar="PATH", help=msg("A place of personal data, such as body.phone.")),
    ] = None,
    secret: Annotated[
        list[str] | None,
        typer.Option(metavar="VARIABLE", help=msg("A variable whose value is hidden everywhere.")),
    ] = None,
    platforms: PlatformsFolder = None,
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
        tell(
            msg(
                "the credentials of {name} are not set here, so they are known by their places "
                "only",
                name=name,
            )
        )
    for value in _values(secret or (), os.environ):
        vault.register_issued("import", "any", "secret", value)
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
    hint = msg("of an OpenAPI document, `bpmax-sim import openapi` makes a platform")
    raise ConfigError(*lacking, *([hint] if is_meant else []))


def _place(text: str) -> str:
    try:
        FieldPath.parse(text, "--redact")
    except ConfigError:
        raise ConfigError(
            msg(
                "--redact {text}: not a path; write query.<name>, header.<name> or "
                "body.<name>, such as body.items[*].phone",
                text=text,
            )
        ) from None
    return text


def _values(names: Sequence[str], environ: Mapping[str, str]) -> Iterator[str]:
    for name in names:
        if not environ.get(name):
            raise ConfigError(
                msg("--secret {name}: the variable is not set; set it, or leave it out", name=name)
            )
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
        told = series(map(repr, found))
        raise ConfigError(
            msg(
                "{path} is played by {told}; say for whom it is, --for {found!r}",
                path=path,
                told=told,
                found=found[0],
            )
        )
    if not found:
        tell(
            msg(
                "no scenario plays {path}; a session without an owner does, or say --for NAME",
                path=path,
            )
        )
    return found[0] if found else ""


def _tell_notes(taken: _Taken) -> None:
    for source, found in taken.sources:
        for note in found.notes:
            tell(labelled(shown(source.path), note))


def _ask(taken: _Taken, *, yes: bool) -> None:
    """Ask before a recording is replaced.

    Raises:
        typer.Abort: the answer is no.
        DamagedCassette: what is there is not sound.
    """
    known = known_at(taken.path, taken.owner)
    if not known or yes or not taken.drafts:
        return
    what = (
        msg("this recording of another tool")
        if known < 0
        else plural(known, "{number} exchange", "{number} exchanges")
    )
    whose = msg(" of {owner}", owner=taken.owner) if taken.owner and known > 0 else ""
    fresh = plural(len(taken.drafts), "{number} exchange", "{number} exchanges")
    agree(
        msg(
            "{taken_path}: replace {what}{whose} by {fresh}?",
            taken_path=taken.path,
            what=what,
            whose=whose,
            fresh=fresh,
        )
    )


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
        return msg("{file}: nothing could be carried over", file=told["file"])
    for_whom = msg(" for {for_}", for_=told["for"]) if told["for"] else ""
    same = "" if told["changed"] else msg(", unchanged")
    count = plural(told["exchanges"], "{number} exchange", "{number} exchanges")
    return msg(
        "{file}: {count}{for_whom}, {declared} of declared APIs{same}",
        file=told["file"],
        count=count,
        for_whom=for_whom,
        declared=told["declared"],
        same=same,
    )


def _source(source: Foreign, found: Imported) -> dict[str, Any]:
    return {
        "file": str(source.path),
        "format": source.kind,
        "exchanges": len(found.exchanges),
        "notes": list(found.notes),
    }


_KEY = re.compile(r"[\w-]{1,64}")
_GENERIC = frozenset(
    {"openapi", "swagger", "api", "apis", "schema", "spec", "index", "doc", "docs"}
)


class _File(msgspec.Struct, frozen=True):
    """A file to write, and what it holds now."""

    path: Path
    text: str
    before: str

    @property
    def is_new(self) -> bool:
        return self.text != self.before


def openapi(
    document: Annotated[
        Path, typer.Argument(metavar="FILE", help=msg("OpenAPI 3 or Swagger 2.0, in JSON or YAML."))
    ],
    *,
    key: Annotated[
        str,
        typer.Option(
            metavar="KEY", help=msg("As in $proxy('…'); by default what the file is called.")
        ),
    ] = "",
    url: Annotated[
        str, typer.Option(metavar="URL", help=msg("The address; by default the document's first."))
    ] = "",
    to: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help=msg("By default scenarios/platforms/<key>.yaml.")),
    ] = None,
    yes: Yes = False,
    json: Json = False,
) -> int:
    """Import a platform."""
    if not document.is_file():
        raise ConfigError(missing(str(document), Path.cwd(), document.suffix))
    if url and ("{" in url or not is_address(url)):
        told = msg("expected an address such as https://crm.example.com, without ? # and user")
        raise ConfigError(msg("--url {url}: {told}", url=url, told=told))
    read = read_document(document)
    made = make(read, key=_key(key, document, read.root), url=url)
    files = list(_files(made, to))
    _agree([one for one in files if one.before and one.path.stem == made.key], yes=yes)
    for one in files:
        _write(one)
    _report(made, files, document, as_json=json)
    return ExitCode.PASSED


def _key(given: str, document: Path, root: Any) -> str:
    """Return the platform's key: as given, else the file's name, else the document's title."""
    if given:
        if not _KEY.fullmatch(given):
            raise ConfigError(
                msg(
                    "--key {given}: expected a key such as crm_system: letters, digits, _",
                    given=given,
                )
            )
        return given
    info = root.get("info")
    title = str(info.get("title", "")) if isinstance(info, dict) else ""
    names = [re.sub(r"\W+", "_", text).strip("_") for text in (document.name.split(".")[0], title)]
    return next((one.lower()[:64] for one in names if one and one.lower() not in _GENERIC), "api")


def _files(made: Made, to: Path | None) -> Iterator[_File]:
    folder = find_root(Path.cwd()) / "scenarios"
    path = to or Path(shown(folder / "platforms" / f"{made.key}.yaml"))
    yield _File(path, made.text, _text(path))
    place = Path(shown((to.parent.parent if to else folder) / "instances.yaml"))
    before = _text(place)
    text = _with_instance(before, made, place)
    if text != before:
        yield _File(place, text, before)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        told = msg("is there and is no text that can be read; move it away")
        raise ConfigError(Problem(told, Place(shown(path)))) from error


def _with_instance(before: str, made: Made, place: Path) -> str:
    """Return the file of instances with one of this platform; one that is there stays as it is."""
    entries = read_yaml(before, file=shown(place)).plain() if before.strip() else []
    if not isinstance(entries, list):
        raise ConfigError(Problem(msg("expected a list of instances"), Place(shown(place))))
    if any(isinstance(one, dict) and one.get("platform") == made.key for one in entries):
        return before
    entry = _instance(made)
    text = f"{before}{'' if before.endswith(chr(10)) or not before else chr(10)}{entry}"
    try:
        found = read_yaml(text).plain()
    except ConfigError:
        found = None
    if found == [*entries, *_plain(entry)]:
        return text
    tell(msg("{place}: add this to the list yourself:\n{entry}", place=shown(place), entry=entry))
    return before


def _plain(text: str) -> list[Any]:
    found = read_yaml(text).plain()
    return found if isinstance(found, list) else []


def _instance(made: Made) -> str:
    prefix = re.sub(r"\W+", "_", made.key, flags=re.ASCII).strip("_").upper() or "API"
    value: dict[str, Any] = {"platform": made.key, "instance_key": "default", "default": True}
    if not made.is_addressed:
        value["base_url"] = {"env": f"{prefix}_URL"}
    if made.credentials:
        named = {name: {"env": f"{prefix}_{name}".upper()} for name in made.credentials}
        value["credentials"] = named
    first, *rest = write_yaml(value, block=2).splitlines(keepends=True)
    return f"- {first}{joined('', (f'  {line}' for line in rest))}"


def _agree(replaced: list[_File], *, yes: bool) -> None:
    for one in replaced:
        if one.is_new and not yes:
            agree(msg("Replace {one_path}?", one_path=shown(one.path)))


def _write(file: _File) -> None:
    try:
        file.path.parent.mkdir(parents=True, exist_ok=True)
        file.path.write_text(file.text, encoding="utf-8", newline="\n")
    except OSError as error:
        told = msg(
            "cannot be written: {strerror}; name another file with --to", strerror=error.strerror
        )
        raise ConfigError(Problem(told, Place(shown(file.path)))) from error


def _report(made: Made, files: list[_File], document: Path, *, as_json: bool) -> None:
    for note in made.notes:
        tell(labelled(shown(document), note))
    if as_json:
        say_document(
            platform=made.key,
            files=[shown(one.path) for one in files if one.is_new],
            apis=list(made.apis),
            credentials=list(made.credentials),
            notes=[{"path": note.path, "message": note.message} for note in made.notes],
        )
        return
    for one in files:
        what = (
            plural(len(made.apis), "{number} API", "{number} APIs")
            if one is files[0]
            else msg("an instance of {made_key}", made_key=made.key)
        )
        say(
            msg(
                "{one_path}: {what}{is_new}",
                one_path=shown(one.path),
                what=what,
                is_new="" if one.is_new else msg(", unchanged"),
            )
        )
    tell(
        msg(
            "scripts call it as $proxy('{made_key}').{apis}(…); it answers at once with",
            made_key=made.key,
            apis=made.apis[0],
        )
    )
    tell("bpmax-sim run --mode simulate")
