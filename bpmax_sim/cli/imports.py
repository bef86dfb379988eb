"""``import``: convert recordings of other tools to cassettes, with the same redaction.

``import openapi``: convert an OpenAPI document to a platform file and an instance.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from textwrap import indent
from typing import Annotated, Any

import msgspec
from typer import Argument, Option

from bpmax_sim.cassette.journal import PendingExchange
from bpmax_sim.cli.item_selection import (
    find_scenarios_playing,
    load_project_platforms,
    make_missing_file_problem,
)
from bpmax_sim.cli.options import Json, PlatformFolders, Yes
from bpmax_sim.cli.terminal import confirm, notify, say, say_document, say_result
from bpmax_sim.errors import ConfigError, Place, Problem, suggest_nearest
from bpmax_sim.field_path import FieldPath
from bpmax_sim.i18n import join_list, label_message, msg, plural
from bpmax_sim.messages import strip_credentials_and_query
from bpmax_sim.openapi.convert import ConvertedPlatform, convert_document
from bpmax_sim.openapi.document import derive_platform_key, read_document
from bpmax_sim.platform.check import is_platform_address
from bpmax_sim.platform.load import Platforms
from bpmax_sim.platform.matcher import resolve_instance_addresses
from bpmax_sim.project import find_root
from bpmax_sim.report.exit_codes import ExitCode
from bpmax_sim.secret.vault import Vault
from bpmax_sim.session.credentials import (
    check_personal_places,
    collect_not_secret_places,
    get_matching_rules,
    make_not_secret_places_reader,
)
from bpmax_sim.traffic.import_recording import (
    ForeignFile,
    count_recorded_exchanges,
    is_foreign_recording,
    prepare_import,
    read_file,
    register_all_credentials,
    render_exchanges,
    write_recording,
)
from bpmax_sim.traffic.imported import ForeignExchanges
from bpmax_sim.yamlfile import (
    read_text_or_empty,
    read_yaml,
    to_display_path,
    write_text_creating_folders,
    write_yaml,
)


@dataclass(frozen=True, slots=True)
class _CassetteImport:
    """What `import` writes to one cassette.

    Attributes:
        owner: scenario under whose name the exchanges are recorded.
        sources: imported files, each with the exchanges read from it.
        drafts: the exchanges in the form in which they are written.
    """

    path: Path
    owner: str
    sources: tuple[tuple[ForeignFile, ForeignExchanges], ...]
    drafts: tuple[PendingExchange, ...] = field(repr=False)


def import_traffic(  # noqa: PLR0913 - the options of the command
    recordings: Annotated[
        list[Path], Argument(metavar="FILE", help=msg("Recordings of other tools."))
    ],
    *,
    to: Annotated[
        Path | None,
        Option(
            metavar="CASSETTE",
            help=msg(
                "The .yaml that takes all of them, or a folder for one each; by default the "
                "file itself where it lies below cassettes/, else cassettes/<its name>.yaml."
            ),
        ),
    ] = None,
    owner: Annotated[
        str | None,
        Option(
            "--for",
            metavar="NAME",
            help=msg("Scenario that owns the cassette (default: the one that uses it)."),
        ),
    ] = None,
    kind: Annotated[
        str,
        Option(
            "--format",
            metavar="NAME",
            help=msg("Its format, such as har or vcrpy; detected by default."),
        ),
    ] = "",
    address: Annotated[
        str,
        Option(
            metavar="URL",
            help=msg("Of the server whose WireMock mappings these are."),
            hidden=True,
        ),
    ] = "",
    redact: Annotated[
        list[str] | None,
        Option(
            metavar="PATH",
            help=msg("A place of personal data, such as body.phone."),
            hidden=True,
        ),
    ] = None,
    secret: Annotated[
        list[str] | None,
        Option(
            metavar="VARIABLE",
            help=msg("A variable whose value is hidden everywhere."),
            hidden=True,
        ),
    ] = None,
    platforms: PlatformFolders = None,
    yes: Yes = False,
    json: Json = False,
) -> int:
    """Convert recordings of other tools to cassettes."""
    _check_files_exist(recordings)
    known = load_project_platforms(platforms)
    vault = _load_credentials(known, secret or ())
    rules, addresses = get_matching_rules(known, ()), resolve_instance_addresses(known, os.environ)
    places = tuple(map(_check_redact_path, redact or ()))
    check_personal_places("--redact", places, rules.templates.values())
    admitted = partial(
        prepare_import,
        platforms=known,
        vault=vault,
        rules=rules,
        addresses=addresses,
        redact=places,
    )
    taken: list[_CassetteImport] = []
    for path, files in _group_by_target(recordings, to).items():
        sources = [read_file(file, kind=kind, address=address) for file in files]
        whom = _find_only_playing_scenario(path) if owner is None else owner
        admit_to = partial(
            admitted,
            owner=whom,
            not_secret_places=partial(
                collect_not_secret_places, known, make_not_secret_places_reader(path)
            ),
        )
        imported = _redact_twice([source.imported for source in sources], admit_to)
        exchanges = [exchange for part in imported for exchange in part.exchanges]
        pairs = tuple(zip(sources, imported, strict=True))
        taken.append(_CassetteImport(path, whom, pairs, render_exchanges(exchanges, rules, vault)))
    return _write_all(taken, yes=yes, json=json)


def _redact_twice(
    files: Sequence[ForeignExchanges], redact: Callable[[ForeignExchanges], ForeignExchanges]
) -> list[ForeignExchanges]:
    """Return each imported file after *redact*, which hides secrets and notes what it hid.

    Several files are processed twice, and the notes of both passes are kept: a secret that is only
    recognised in a later file, such as the token in a login response, may also occur in an earlier
    file and is hidden there in the second pass.
    """
    first = list(map(redact, files))
    if len(files) == 1:
        return first
    return [
        ForeignExchanges(
            after.exchanges, tuple({**dict.fromkeys(before.notes), **dict.fromkeys(after.notes)})
        )
        for before, after in zip(first, map(redact, files), strict=True)
    ]


def _write_all(imports: Sequence[_CassetteImport], *, yes: bool, json: bool) -> ExitCode:
    for source, part in (pair for batch in imports for pair in batch.sources):
        for note in part.notes:
            notify(label_message(to_display_path(source.path), note))
    for batch in imports:
        _confirm_replacing(batch, yes=yes)
    written = [_write_cassette(batch) for batch in imports]
    say_result(map(_describe_written_cassette, written), json=json, cassettes=written)
    return ExitCode.PASSED if any(batch.drafts for batch in imports) else ExitCode.NOTHING


def _load_credentials(platforms: Platforms, variables: Sequence[str]) -> Vault:
    """Return the credentials that can be read on this machine, and the values of *variables*.

    *variables* are the names of environment variables given with ``--secret``.

    Raises:
        ConfigError: if one of them is not set.
    """
    vault = Vault()
    for name in register_all_credentials(platforms, os.environ, vault):
        notify(
            "the credentials of {name} are not set here, so they are known by their places only",
            name=name,
        )
    for name in variables:
        if not (value := os.environ.get(name)):
            raise ConfigError(
                "--secret {name}: the variable is not set; set it, or leave it out", name=name
            )
        vault.register_issued("import", "any", "secret", value)
    return vault


def _check_files_exist(recordings: Sequence[Path]) -> None:
    lacking = [
        make_missing_file_problem(recording, "")
        for recording in recordings
        if not recording.is_file()
    ]
    if lacking and suggest_nearest(str(recordings[0]), ["openapi"]):
        hint = msg("of an OpenAPI document, `bpmax-sim import openapi FILE` makes a platform")
        raise ConfigError(*lacking, hint)
    if lacking:
        raise ConfigError(*lacking)


def _check_redact_path(text: str) -> str:
    try:
        FieldPath.parse(text, "--redact")
    except ConfigError:
        raise ConfigError(
            "--redact {text}: not a path; write query.<name>, header.<name> or "
            "body.<name>, such as body.items[*].phone",
            text=text,
        ) from None
    return text


def _group_by_target(recordings: Sequence[Path], to: Path | None) -> dict[Path, list[Path]]:
    """Return cassette -> files of *recordings* that are imported into it.

    *to* is one cassette for all, or a folder for one each; None for the cassettes of the project.
    """
    if to is not None and to.suffix == ".yaml":
        return {to: list(recordings)}
    folder = find_root(Path.cwd()) / "cassettes"
    targets: dict[Path, list[Path]] = {}
    for recording in recordings:
        own = to is None and recording.suffix == ".yaml"
        name = recording.name.partition(".")[0] or "imported"
        target = Path(to_display_path((to or folder) / f"{name}.yaml"))
        if own and recording.absolute().is_relative_to(folder):
            target = recording
        targets.setdefault(target, []).append(recording)
    return targets


def _find_only_playing_scenario(path: Path) -> str:
    """Return the only scenario that plays the cassette at *path*, or "" if there is none.

    Raises:
        ConfigError: if several scenarios play it.
    """
    scenarios = find_scenarios_playing(path)
    if len(scenarios) > 1:
        names = join_list(map(repr, scenarios))
        raise ConfigError(
            "{path} is used by scenarios {names}; choose one with --for {scenarios!r}",
            path=path,
            names=names,
            scenarios=scenarios[0],
        )
    if not scenarios:
        notify(
            "no scenario plays {path}; a session without an owner does, or say --for NAME",
            path=path,
        )
    return scenarios[0] if scenarios else ""


def _confirm_replacing(imported: _CassetteImport, *, yes: bool) -> None:
    """Ask for confirmation before an existing recording is replaced, unless *yes* is set.

    Raises:
        typer.Abort: if the answer is no.
        DamagedCassette: if the existing cassette is damaged.
    """
    is_foreign = is_foreign_recording(imported.path)
    known = 0 if is_foreign else count_recorded_exchanges(imported.path, imported.owner)
    if not (is_foreign or known) or yes or not imported.drafts:
        return
    what = plural(known, "{number} exchange", "{number} exchanges")
    of_owner = msg(" of {owner}", owner=imported.owner) if imported.owner and known else ""
    fresh = plural(len(imported.drafts), "{number} exchange", "{number} exchanges")
    confirm(
        "{taken_path}: replace {what}{of_owner} by {fresh}?",
        taken_path=imported.path,
        what=msg("this recording of another tool") if is_foreign else what,
        of_owner=of_owner,
        fresh=fresh,
    )


def _write_cassette(imported: _CassetteImport) -> dict[str, Any]:
    changed = bool(imported.drafts) and write_recording(
        imported.path, imported.owner, imported.drafts
    )
    return {
        "file": str(imported.path),
        "for": imported.owner,
        "exchanges": len(imported.drafts),
        "declared": sum(bool(draft.line.call) for draft in imported.drafts),
        "changed": changed,
        "sources": [
            {
                "file": str(source.path),
                "format": source.kind,
                "exchanges": len(imported.exchanges),
                "notes": list(imported.notes),
            }
            for source, imported in imported.sources
        ],
    }


def _describe_written_cassette(summary: Mapping[str, Any]) -> str:
    if not summary["exchanges"]:
        return msg("{file}: nothing could be carried over", file=summary["file"])
    return msg(
        "{file}: {count}{for_whom}, {declared} of declared APIs{same}",
        **summary,
        count=plural(summary["exchanges"], "{number} exchange", "{number} exchanges"),
        for_whom=msg(" for {for_}", for_=summary["for"]) if summary["for"] else "",
        same="" if summary["changed"] else msg(", unchanged"),
    )


_KEY = re.compile(r"[\w-]{1,64}")


class _FileDraft(msgspec.Struct, frozen=True):
    """A file to write, with its new and its present content.

    Attributes:
        text: new content.
        before: present content; "" if there is no file.
    """

    path: Path
    text: str
    before: str

    @property
    def is_changed(self) -> bool:
        return self.text != self.before


def openapi(  # noqa: PLR0913 - the options of the command
    document: Annotated[
        Path, Argument(metavar="FILE", help=msg("OpenAPI 3 or Swagger 2.0, in JSON or YAML."))
    ],
    *,
    key: Annotated[
        str,
        Option(metavar="KEY", help=msg("As in $proxy('…'); by default what the file is called.")),
    ] = "",
    url: Annotated[
        str, Option(metavar="URL", help=msg("The address; by default the document's first."))
    ] = "",
    to: Annotated[
        Path | None,
        Option(metavar="FILE", help=msg("By default scenarios/platforms/<key>.yaml.")),
    ] = None,
    answers: Annotated[
        bool,
        Option(
            "--answers",
            help=msg("Also write the responses of each API, for --mode simulate: a larger file."),
        ),
    ] = False,
    yes: Yes = False,
    json: Json = False,
) -> int:
    """Convert an OpenAPI document to a platform file."""
    if not document.is_file():
        raise ConfigError(make_missing_file_problem(document, document.suffix))
    if url and ("{" in url or not is_platform_address(url)):
        message = msg("expected an address such as https://crm.example.com, without ? # and user")
        shown = strip_credentials_and_query(url)
        raise ConfigError("--url {url}: {message}", url=shown, message=message)
    read = read_document(document)
    converted = convert_document(
        read,
        key=_choose_platform_key(key, document, read.root),
        url=url,
        has_response_schemas=answers,
    )
    instance = _make_instance(converted, has_address=bool(url))
    files = list(_draft_platform_and_instances(converted, instance, to))
    platform_file = files[0]  # to that of instances only an entry is added
    if platform_file.before and platform_file.is_changed and not yes:
        confirm("Replace {path}?", path=to_display_path(platform_file.path))
    for file in files:
        write_text_creating_folders(file.path, file.text, msg("; name another file with --to"))
    variables = re.findall(r"\benv: (\w+)", instance if len(files) > 1 else "")
    for kind in converted.kinds:
        notify(label_message(to_display_path(document), str(kind.first) + kind.more_notes_suffix))
    if json:
        say_document(
            platform=converted.key,
            files=[to_display_path(file.path) for file in files if file.is_changed],
            apis=list(converted.apis),
            credentials=list(converted.credentials),
            notes=[
                {
                    "path": kind.paths[0],
                    "message": kind.first.message,
                    "count": len(kind.paths),
                    "paths": list(kind.paths),
                }
                for kind in converted.kinds
            ],
        )
    else:
        _print_converted_platform(converted, files, variables, has_answers=answers)
    return ExitCode.PASSED


def _choose_platform_key(key: str, document: Path, document_root: Any) -> str:
    """Return the key of the new platform: *key*, else one made from the document's name or title.

    *key* is the option ``--key``, or "". *document* is the OpenAPI file, *document_root* its
    content.

    Raises:
        ConfigError: if the option is no valid key.
    """
    if key:
        if not _KEY.fullmatch(key):
            raise ConfigError(
                "--key {key}: expected a key such as crm_system: letters, digits, _", key=key
            )
        return key
    return derive_platform_key(document.name, document_root)


def _draft_platform_and_instances(
    converted: ConvertedPlatform, instance: str, to: Path | None
) -> Iterator[_FileDraft]:
    folder = find_root(Path.cwd()) / "scenarios"
    path = to or Path(to_display_path(folder / "platforms" / f"{converted.key}.yaml"))
    yield _FileDraft(path, converted.text, read_text_or_empty(path))
    place = Path(to_display_path((to.parent.parent if to else folder) / "instances.yaml"))
    before = read_text_or_empty(place)
    text = _add_instance_entry(before, converted.key, instance, place)
    if text != before:
        yield _FileDraft(place, text, before)


def _add_instance_entry(text_before: str, platform_key: str, entry: str, path: Path) -> str:
    """Return the instances file *text_before* with *entry*, the YAML of one instance, added.

    It is returned unchanged if it has an instance of this platform, or if *entry* does not fit in;
    then a message asks the user to add it.

    Raises:
        ConfigError: if the file is not a list.
    """
    known = read_yaml(text_before, file=to_display_path(path)).to_plain()
    entries = [] if known is None else known  # an empty file, or one of comments
    if not isinstance(entries, list):
        raise ConfigError(
            Problem(msg("expected a list of instances"), Place(to_display_path(path)))
        )
    if any(isinstance(one, dict) and one.get("platform") == platform_key for one in entries):
        return text_before
    gap = "\n" if text_before and not text_before.endswith("\n") else ""
    text = f"{text_before}{gap}{entry}"
    try:
        value = read_yaml(text).to_plain()
    except ConfigError:
        value = None
    # Text is appended and not written anew, so comments stay; only if it reads as the old entries
    # and the new one, since a list may end in ways that nothing can be appended to (`[…]`, an open
    # text).
    if isinstance(value, list) and [value[:-1], value[-1:]] == [
        entries,
        read_yaml(entry).to_plain(),
    ]:
        return text
    notify(
        "{place}: add this to the list yourself:\n{entry}", place=to_display_path(path), entry=entry
    )
    return text_before


def _make_instance(converted: ConvertedPlatform, *, has_address: bool) -> str:
    prefix = re.sub(r"\W+", "_", converted.key, flags=re.ASCII).strip("_").upper() or "API"
    value: dict[str, Any] = {"platform": converted.key, "instance_key": "default", "default": True}
    if not has_address:  # the document's address is production, more often than not
        value["base_url"] = {"env": f"{prefix}_URL"}
    if converted.credentials:
        named = {name: {"env": f"{prefix}_{name}".upper()} for name in converted.credentials}
        value["credentials"] = named
    return f"- {indent(write_yaml(value, block_levels=2), '  ').lstrip()}"


def _print_converted_platform(
    converted: ConvertedPlatform,
    files: list[_FileDraft],
    variables: Sequence[str],
    *,
    has_answers: bool,
) -> None:
    what = plural(len(converted.apis), "{number} API", "{number} APIs")
    for file in files:
        say(
            "{path}: {what}{is_new}",
            path=to_display_path(file.path),
            what=what,
            is_new="" if file.is_changed else msg(", unchanged"),
        )
        what = msg("an instance of {key}", key=converted.key)
    notify("scripts call it as $proxy('{key}').{api}(…)", key=converted.key, api=converted.apis[0])
    if has_answers:
        notify(msg("it answers at once with `bpmax-sim run --mode simulate`"))
    else:
        message = msg(
            "with --mode simulate its responses are empty; --answers takes them from the document"
        )
        notify(message)
    if variables:
        notify("to record it, set {names}", names=join_list(variables))
