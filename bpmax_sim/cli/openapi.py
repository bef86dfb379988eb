"""``import openapi``: an OpenAPI document becomes a platform file, and an instance of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from bpmax_sim.cli.asking import agree
from bpmax_sim.cli.cassettes import Yes
from bpmax_sim.cli.options import Json
from bpmax_sim.cli.output import say, say_document, tell
from bpmax_sim.cli.selection import missing
from bpmax_sim.errors import ConfigError, Place, Problem
from bpmax_sim.platform.check import is_address
from bpmax_sim.platform.openapi import Made, make, read_document
from bpmax_sim.report.exits import ExitCode
from bpmax_sim.report.terminal import counted
from bpmax_sim.scenario.names import find_root
from bpmax_sim.yamlfile import read_yaml, shown, write_yaml

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
        Path, typer.Argument(metavar="FILE", help="OpenAPI 3 or Swagger 2.0, in JSON or YAML.")
    ],
    *,
    key: Annotated[
        str,
        typer.Option(metavar="KEY", help="As in $proxy('…'); by default what the file is called."),
    ] = "",
    url: Annotated[
        str, typer.Option(metavar="URL", help="The address; by default the document's first.")
    ] = "",
    to: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="By default scenarios/platforms/<key>.yaml."),
    ] = None,
    yes: Yes = False,
    json: Json = False,
) -> int:
    """Import a platform."""
    if not document.is_file():
        raise ConfigError(missing(str(document), Path.cwd(), document.suffix))
    if url and ("{" in url or not is_address(url)):
        told = "expected an address such as https://crm.example.com, without ? # and user"
        raise ConfigError(f"--url {url}: {told}")
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
                f"--key {given}: expected a key such as crm_system: letters, digits, _"
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
        told = "is there and is no text that can be read; move it away"
        raise ConfigError(Problem(told, Place(shown(path)))) from error


def _with_instance(before: str, made: Made, place: Path) -> str:
    """Return the file of instances with one of this platform; one that is there stays as it is."""
    entries = read_yaml(before, file=shown(place)).plain() if before.strip() else []
    if not isinstance(entries, list):
        raise ConfigError(Problem("expected a list of instances", Place(shown(place))))
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
    tell(f"{shown(place)}: add this to the list yourself:\n{entry}")
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
    return f"- {first}{''.join(f'  {line}' for line in rest)}"


def _agree(replaced: list[_File], *, yes: bool) -> None:
    for one in replaced:
        if one.is_new and not yes:
            agree(f"Replace {shown(one.path)}?")


def _write(file: _File) -> None:
    try:
        file.path.parent.mkdir(parents=True, exist_ok=True)
        file.path.write_text(file.text, encoding="utf-8", newline="\n")
    except OSError as error:
        told = f"cannot be written: {error.strerror}; name another file with --to"
        raise ConfigError(Problem(told, Place(shown(file.path)))) from error


def _report(made: Made, files: list[_File], document: Path, *, as_json: bool) -> None:
    for note in made.notes:
        tell(f"{shown(document)}: {note}")
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
        what = counted(len(made.apis), "API") if one is files[0] else f"an instance of {made.key}"
        say(f"{shown(one.path)}: {what}{'' if one.is_new else ', unchanged'}")
    tell(f"scripts call it as $proxy('{made.key}').{made.apis[0]}(…); it answers at once with")
    tell("bpmax-sim run --mode simulate")
