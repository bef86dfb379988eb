"""``seal``, ``recover``, ``fmt``, ``inspect`` and ``export``: work on one cassette or on all.

A command shows the changes that it would make as a text diff before it writes.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from typer import Argument, Option

from bpmax_sim.cassette import journal, merge
from bpmax_sim.cassette.alignment import PlacesOf, find_no_places
from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.format import ENTRY, reseal
from bpmax_sim.cassette.journal import PendingExchange
from bpmax_sim.cassette.matching import MatchingRules
from bpmax_sim.cassette.merge import recompute_keys
from bpmax_sim.cassette.model import IndexLine
from bpmax_sim.cassette.reader import YamlTextError
from bpmax_sim.cli import item_selection
from bpmax_sim.cli.item_selection import (
    collect_items,
    find_cassettes,
    load_cassette,
    load_item_platforms,
    load_project_platforms,
    make_cassette_path,
)
from bpmax_sim.cli.options import CassettePaths, Json, Yes
from bpmax_sim.cli.terminal import (
    align_columns,
    confirm,
    notify,
    say,
    say_bytes,
    say_document,
    say_result,
)
from bpmax_sim.errors import CassetteError, ConfigError, Place, Problem, suggest_nearest
from bpmax_sim.file_system import lock_folder
from bpmax_sim.file_version import read_version
from bpmax_sim.i18n import join_list, label_message, msg, plural
from bpmax_sim.messages import Exchange, FailedExchange
from bpmax_sim.report.exit_codes import ExitCode
from bpmax_sim.session.credentials import find_volatile_places, get_matching_rules
from bpmax_sim.traffic.formats import write_foreign
from bpmax_sim.yamlfile import to_display_path

_MACHINE = (ENTRY, "bpmax: ", "sealed: ")


def format_changed_lines(before: str, after: str) -> Iterator[str]:
    """Yield the changed lines between two texts of a cassette, with one line of context.

    Index lines and checksums, which only programs read, are left out.
    """
    old, new = (
        [line for line in text.splitlines() if not line.startswith(_MACHINE)]
        for text in (before, after)
    )
    for line in difflib.unified_diff(old, new, n=1, lineterm=""):
        if not line.startswith(("---", "+++", "@@")):
            yield line


def describe_edited_exchanges(before: bytes, after: bytes) -> Iterator[str]:
    """Yield a message for each exchange that was edited between two versions of a cassette.

    An exchange counts as edited if its index line (the comment with its call, owner, number and
    checksums) is in *after* and not in *before*.
    """
    known = set(before.splitlines())
    mark = ENTRY.encode()
    for index in after.splitlines():
        if index.startswith(mark) and index not in known:
            line = msgspec.json.decode(index[len(mark) :], type=IndexLine)
            yield msg(
                "edited: {call} for {owner}, its exchange {n}",
                call=line.call,
                owner=line.owner,
                n=line.n,
            )


def seal(paths: CassettePaths = None, *, yes: Yes = False) -> int:
    """Write new checksums into cassettes that were edited by hand."""
    files = find_cassettes(paths or ())
    versions = {path: read_version(path) for path in files}
    before = {path: path.read_bytes() for path in files}
    after = _seal_all(before)
    edited = [path for path in files if after[path] != before[path]]
    if not edited:
        counted = plural(len(files), "{number} cassette", "{number} cassettes")
        name = to_display_path(files[0]) if len(files) == 1 else counted
        notify("{cassette}: sound already, nothing to do", cassette=name)
    for path in edited:
        for line in describe_edited_exchanges(before[path], after[path]):
            say(line)
        for line in format_changed_lines(before[path].decode(), after[path].decode()):
            say(line)
        if not yes:
            confirm("Seal {cassette} like this?", cassette=to_display_path(path))
        with lock_folder(path.parent):
            versions[path].require_unchanged()
            journal.replace_file(path, after[path])
        notify(label_message(to_display_path(path), msg("sealed")))
    return ExitCode.PASSED


def _seal_all(before: Mapping[Path, bytes]) -> dict[Path, bytes]:
    """Return the sealed content of each file of *before*.

    Raises:
        ConfigError: with the problems of all that are no cassettes.
    """
    after: dict[Path, bytes] = {}
    problems: list[Problem] = []
    for path, data in before.items():
        try:
            after[path] = _seal_bytes(path, data)
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigError(*problems)
    return after


def _seal_bytes(path: Path, data: bytes) -> bytes:
    try:
        return reseal(data.decode())
    except UnicodeDecodeError:
        message = msg("not UTF-8; save it as UTF-8")
        raise ConfigError(Problem(message, Place(to_display_path(path)))) from None
    except YamlTextError as error:
        message = msg("{error}; correct it, or restore the file", error=error)
        raise ConfigError(Problem(message, Place(to_display_path(path), error.line))) from error


def recover(paths: CassettePaths = None, *, json: Json = False) -> int:
    """Write cassettes from the journals of interrupted recordings."""
    passing: PlacesOf = find_no_places
    with suppress(ConfigError):  # as far as the platforms can be read
        passing = partial(find_volatile_places, load_project_platforms(None))
    targets = item_selection.find_cassettes_with_journals(paths or ())
    recorded = {path for path in targets if path.exists()}
    left_out: dict[Path, list[PendingExchange]] = {path: [] for path in targets}
    written = [
        new
        for path in targets
        for new in merge.recover(path, volatile=passing, note_left_out=left_out[path].append)
    ]
    waiting = [path for path in written if path.name.endswith(".new")]
    say_result(
        (label_message(to_display_path(path), msg("recovered")) for path in written),
        json=json,
        files=[to_display_path(path) for path in written],
        review=[to_display_path(path) for path in waiting],
    )
    for path, drafts in left_out.items():
        if drafts:
            notify(_describe_left_out(path, drafts))
    if any(path.with_suffix("") in recorded for path in waiting):
        notify(msg("a recording was there already, so these wait; run `bpmax-sim review`"))
    elif waiting:
        notify(msg("not all of it is there, so it waits; run `bpmax-sim review`"))
    living = [pair for path in targets for pair in journal.find_live_journals(path)]
    for path, process in living:
        message = msg(
            "process {process} still runs and seals it in the end; "
            "let it end or stop it, then run `bpmax-sim cassette recover` again",
            process=process,
        )
        notify(label_message(to_display_path(path), message))
    is_lost = any(left_out.values())
    if not (written or living or is_lost):
        notify(msg("there is nothing to recover"))
    if waiting:
        return ExitCode.REVIEW
    return ExitCode.FAILED if is_lost else ExitCode.PASSED


def _describe_left_out(path: Path, drafts: Sequence[PendingExchange]) -> str:
    """Return which exchanges of the cassette at *path* are not recovered, and what to do."""
    exchanges = [
        msg(
            "exchange {number}{call} ({place})",
            number=draft.issue[0],
            call=f" {draft.line.call}" if draft.line.call else "",
            place=draft.leaks[0],
        )
        for draft in drafts
    ]
    message = plural(
        len(exchanges),
        "left out, as a secret was found in it: {exchanges}; record again",
        "left out, as secrets were found in them: {exchanges}; record again",
        exchanges=join_list(exchanges),
    )
    return label_message(to_display_path(path), message)


def fmt(
    paths: CassettePaths = None,
    *,
    check: Annotated[bool, Option("--check", help=msg("Write nothing; 1 if it would."))] = False,
    json: Json = False,
) -> int:
    """Rewrite cassettes in the layout that this package writes, with keys under today's rules.

    A cassette that is like that already is left alone.
    """
    files = find_cassettes(paths or ())
    # The rules of each scenario and row; those of Python tests are in their markers.
    rules = {
        (make_cassette_path(item), item.owner_name_in_cassette): get_matching_rules(
            load_item_platforms(item), item.scenario.proxy.ignore
        )
        for item in collect_items()
    }

    platforms = load_project_platforms(None)

    def canonical(path: Path) -> bytes:
        place = path.absolute().with_name(path.name.removesuffix(".new"))

        def rules_of(owner: str) -> MatchingRules | None:
            is_login = owner == place.stem and platforms.find(owner.partition(".")[0]) is not None
            return get_matching_rules(platforms, ()) if is_login else rules.get((place, owner))

        return recompute_keys(Cassette.load(to_display_path(path)), rules_of)

    versions = {path: read_version(path) for path in files}
    fresh = {path: canonical(path) for path in files}
    changed = [path for path, data in fresh.items() if data != path.read_bytes()]
    if not check:
        for path in changed:
            with lock_folder(path.parent):
                versions[path].require_unchanged()
                journal.replace_file(path, fresh[path])
    done = msg("would be written anew") if check else msg("written anew")
    names = [to_display_path(path) for path in changed]
    say_result((label_message(name, done) for name in names), json=json, check=check, files=names)
    if not changed:
        notify(
            "{counted}: canonical, keys under the rules in force",
            counted=plural(len(files), "{number} cassette", "{number} cassettes"),
        )
    return ExitCode.FAILED if check and changed else ExitCode.PASSED


_COLUMNS = ("file", "line", "call", "method", "url", "status", "ms", "bytes", "for")


def inspect(
    cassette: Annotated[
        str, Argument(metavar="CASSETTE[:LINE]", help=msg("The file, or a folder."))
    ],
    *,
    json: Json = False,
) -> int:
    """Print the exchanges of a cassette, of those in a folder, or the one at a line."""
    name, line = item_selection.split_path_and_line(cassette)
    path = Path(name)
    is_folder = path.is_dir() and not line
    loaded = [load_cassette(file) for file in (find_cassettes([path]) if is_folder else [path])]
    chosen = [(one, number) for one in loaded for number in _select_exchanges(one, line)]
    exchanges = [_make_exchange_data(*pair) for pair in chosen]
    if json:
        say_document(file=str(path), exchanges=exchanges)
    elif line:
        say(_decode_json_escapes(loaded[0].entry(chosen[0][1]).text.rstrip()))
    else:
        columns = _COLUMNS if is_folder else _COLUMNS[1:]
        rows = [[str(exchange[name]) for name in columns] for exchange in exchanges]
        for text in align_columns([columns, *rows]):
            say(text)
    return ExitCode.PASSED


_ESCAPED = re.compile(
    r"\\{1,2}u([dD][89abAB][0-9a-fA-F]{2})\\{1,2}u([dD][c-fC-F][0-9a-fA-F]{2})"
    r"|\\{1,2}u([0-9a-fA-F]{4})"
)


def _decode_json_escapes(text: str) -> str:
    r"""Return *text* with JSON escapes decoded for display: 王 for ``\u738b``."""

    def letter(match: re.Match[str]) -> str:
        units = "".join(chr(int(unit, 16)) for unit in match.groups() if unit)
        sign = units.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        return sign if sign.isalnum() and not sign.isascii() else match[0]

    return _ESCAPED.sub(letter, text)


def _select_exchanges(cassette: Cassette, line: int) -> list[int]:
    """Return the numbers of all exchanges, or only of the exchange that contains *line*."""
    everything = list(range(len(cassette)))
    if not line:
        return everything
    place, lines = Place(str(cassette.path), line), cassette.path.read_bytes().count(b"\n")
    if line > lines:
        raise ConfigError(Problem(msg("the file has {lines} lines", lines=lines), place))
    before = [number for number in everything if cassette.line_number(number) <= line]
    if not before:
        raise ConfigError(Problem(msg("no exchange is here"), place))
    return before[-1:]


def _make_exchange_data(cassette: Cassette, number: int) -> dict[str, Any]:
    line, exchange = cassette.line(number), cassette.exchange(number)
    request, outcome = exchange.request, exchange.outcome
    if isinstance(outcome, FailedExchange):
        status, body = line.failed, outcome.received
    else:
        status, body = str(outcome.status), outcome.body
    return {
        "file": to_display_path(cassette.path),
        "line": cassette.line_number(number),
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


Format = Literal["har", "curl", "wiremock", "vcrpy"]


def export_cassette(
    cassette: Annotated[Path, Argument(metavar="CASSETTE", help=msg("The file."))],
    *,
    kind: Annotated[Format, Option("--as", help=msg("The format."))],
    to: Annotated[
        Path | None,
        Option(metavar="FILE", help=msg("Where it is written; by default stdout.")),
    ] = None,
    owner: Annotated[
        str | None, Option("--for", metavar="NAME", help=msg("Only what this one recorded."))
    ] = None,
    yes: Yes = False,
    json: Json = False,
) -> int:
    """Convert a cassette to the format of another tool."""
    exchanges = _load_exchanges(cassette, owner)
    try:
        data, notes = write_foreign(exchanges, kind)
    except CassetteError as error:
        raise CassetteError(label_message(cassette, error)) from None
    for note in notes:
        notify(label_message(cassette, note))
    if to is not None:
        _write_if_changed(to, data, yes=yes)
        notify(label_message(to, plural(len(exchanges), "{number} exchange", "{number} exchanges")))
    if json:
        say_document(
            format=kind,
            file=str(to or ""),
            exchanges=len(exchanges),
            notes=list(notes),
            content="" if to else data.decode(),
        )
    elif to is None:
        say_bytes(data)
    return ExitCode.PASSED


def _load_exchanges(path: Path, owner: str | None) -> list[Exchange]:
    """Return the exchanges recorded by *owner* (scenario, row or test), or (None) by all owners.

    They come owner after owner, those of one owner in the order in which its calls were issued.

    Raises:
        ConfigError: if the file or the owner does not exist.
        CassetteError: if the file is damaged.
    """
    cassette = load_cassette(path)
    if owner is not None and owner not in cassette.owners:
        known = join_list(map(repr, cassette.owners)) or msg("nothing")
        hint = suggest_nearest(owner, cassette.owners) or msg("; it holds {known}", known=known)
        raise ConfigError(
            "{path}: nothing was recorded for {owner!r}{hint}", path=path, owner=owner, hint=hint
        )
    owners = cassette.owners if owner is None else (owner,)
    return [
        cassette.exchange(n)
        for owner in owners
        for n in cassette.index.list_exchange_numbers(owner)
    ]


def _write_if_changed(path: Path, data: bytes, *, yes: bool) -> None:
    if path.is_file() and path.read_bytes() == data:
        return
    if path.exists() and not yes:
        confirm("{path}: replace this file?", path=path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with lock_folder(path.parent):
            journal.replace_file(path, data)
    except OSError as error:
        raise CassetteError(
            "{path}: not written ({strerror}); what was there is whole",
            path=path,
            strerror=error.strerror,
        ) from error
