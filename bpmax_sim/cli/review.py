"""``review``: accept or reject recordings of failed or killed runs, stored as ``<file>.new``.

``diff``: compare two cassettes by meaning, or one with its recording for review.
"""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from msgspec import UNSET
from typer import Argument, Option

from bpmax_sim.cassette import journal
from bpmax_sim.cassette.alignment import to_comparable_outcome
from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.matching import Difference
from bpmax_sim.cassette.merge import to_review_path
from bpmax_sim.cassette.model import encode_sorted
from bpmax_sim.check.diff import (
    ExchangePair,
    compare_cassettes,
    is_random_only,
    pair_added_exchanges,
)
from bpmax_sim.cli.item_selection import (
    choose_platform_folders,
    find_files_by_suffix,
    load_cassette,
    load_project_platforms,
)
from bpmax_sim.cli.merge import hint_at_missing_merge_driver
from bpmax_sim.cli.options import Json, PlatformFolders, Yes
from bpmax_sim.cli.terminal import can_ask, choose, confirm, notify, say, say_document, say_result
from bpmax_sim.errors import CassetteError, ConfigError
from bpmax_sim.file_system import lock_folder
from bpmax_sim.file_version import FileVersion, read_version
from bpmax_sim.i18n import join_list, msg, plural, template
from bpmax_sim.messages import LOGIN, Exchange
from bpmax_sim.platform.load import Platforms, find_last_declaring_file
from bpmax_sim.project import find_root, read_not_secret_places, with_not_secret_place
from bpmax_sim.report.exit_codes import ExitCode
from bpmax_sim.scenario.expect import cut_to_difference
from bpmax_sim.session.credentials import (
    check_request_places,
    find_volatile_places,
    get_matching_rules,
)
from bpmax_sim.yamlfile import (
    format_steps,
    insert_first_element,
    parse_yaml,
    read_text,
    to_display_path,
)

SUFFIX = ".new"


def review(
    paths: Annotated[
        list[Path] | None,
        Argument(metavar="PATH", help=msg("Files or folders; by default cassettes/.")),
    ] = None,
    *,
    accept: Annotated[bool, Option("--accept", help=msg("Let them replace the old."))] = False,
    reject: Annotated[bool, Option("--reject", help=msg("Delete them."))] = False,
    not_secret: Annotated[
        list[str] | None,
        Option(
            metavar="PLATFORM.API.PLACE",
            help=msg("Declare in the platform file that what stands there is no secret."),
        ),
    ] = None,
    yes: Yes = False,
    json: Json = False,
) -> int:
    """Compare new recordings with those they would replace, and accept or reject them."""
    if not_secret:
        for place in not_secret:
            _declare_not_secret(place)
        return ExitCode.PASSED
    if accept and reject:
        raise ConfigError("--accept and --reject: choose one")
    action = "accept" if accept else "reject" if reject else "show"
    named = [_choose_waiting_file(path) for path in paths or ()]
    waiting = list(map(_read_waiting_recording, find_files_by_suffix(named, SUFFIX)))
    changes = [recording.change for recording in waiting]
    hint_at_missing_merge_driver()
    is_prompt = action == "show" and not json and can_ask()
    if not json and not is_prompt:
        for change in changes:
            _show_change(change)
    if is_prompt and waiting:
        return _review_interactively(waiting)
    code = _apply_action_to_all(waiting, action, yes=yes)
    if json:
        say_document(action=action, files=changes)
    return code


def _choose_waiting_file(path: Path) -> Path:
    """Return the recording that waits beside the cassette *path*, else *path* itself."""
    is_waiting = not path.is_dir() and to_review_path(path).is_file()
    return to_review_path(path) if is_waiting else path


class _WaitingRecording(NamedTuple):
    """A recording that waits for review, as it is shown to a person.

    Attributes:
        new: the waiting file, and *old* the one that it would replace, as they were then.
        change: JSON object of ``review --json``.
    """

    new: FileVersion
    old: FileVersion
    change: Mapping[str, Any]


def _read_waiting_recording(path: Path) -> _WaitingRecording:
    return _WaitingRecording(
        read_version(path),
        read_version(path.with_name(path.name.removesuffix(SUFFIX))),
        {
            "file": to_display_path(path),
            "exchanges": len(Cassette.load(path)),
            "changes": list(_describe_changes(path)) or [msg("nothing that means anything else")],
        },
    )


_PLACE = re.compile(r"([^.]+)\.(?:(.+?)\.)?((?:path|query|header|body)(?:[.\[].*)?)")


def _declare_not_secret(text: str) -> None:
    """Declare in the platform file that the place *text*, ``platform.api.body.x``, is no secret.

    If the project has no file for the platform, or the place is in a login, it is declared in
    pyproject.toml.

    Raises:
        ConfigError: if there is no such platform or API, or the file cannot be changed
            automatically.
    """
    if " " in text:  # traffic of no platform, by its address
        _declare_in_pyproject(text)
        return
    match = _PLACE.fullmatch(text)
    if match is None:
        raise ConfigError(
            "--not-secret {text}: expected a place such as crm.find.body.room_id", text=text
        )
    key, name, place = match.groups()
    known = load_project_platforms(None)
    platform = known.platform(key)
    path = find_last_declaring_file(choose_platform_folders(None), key)
    api = known.api(platform, name) if name and name != LOGIN else None
    paths = [api.path] if api else [each.path for each in platform.apis.values()]
    check_request_places("--not-secret", [place], paths)
    if path is None or name == LOGIN:
        _declare_in_pyproject(text)
    elif place in (api or platform).not_secret:
        notify("{key}: {place} is declared already", key=key, place=place)
    else:
        steps = (*(("apis", api.key) if api else ()), "not_secret")
        after = _add_not_secret_place(read_text(path), path, steps, place)
        _write_not_secret_declaration(
            path, after, place, format_steps(steps), format_steps(steps[:-1]) or msg("the top")
        )


def _declare_in_pyproject(place: str) -> None:
    """Declare in pyproject.toml that *place* is no secret, as no platform file can declare it."""
    root = find_root(Path())
    path = root / "pyproject.toml"
    if place in read_not_secret_places(root):
        notify("{key}: {place} is declared already", key=to_display_path(path), place=place)
        return
    after = with_not_secret_place(read_text(path) if path.exists() else "", place)
    _write_not_secret_declaration(path, after, place, "not_secret", "[tool.bpmax_sim]")


def _write_not_secret_declaration(
    path: Path, text: str | None, place: str, key: str, advice: str
) -> None:
    """Write *text*, a settings file in which *place* is now declared not to be secret.

    Args:
        path: the file.
        text: None if it could not be edited automatically.
        place: place of the value, such as ``body.id``.
        key: where in the file it was declared, for the message.
        advice: where the user has to add it by hand, for the error.

    Raises:
        ConfigError: if *text* is None.
    """
    if text is None:
        raise ConfigError(
            "{path}: cannot be added to here; write not_secret: [{place}] at {where}",
            path=to_display_path(path),
            place=place,
            where=advice,
        )
    with lock_folder(path.parent):
        journal.replace_file(path, text.encode())
    notify(
        "{path}: {where}: {place} is no secret",
        path=to_display_path(path),
        where=key,
        place=place,
    )


def _add_not_secret_place(text: str, path: Path, steps: tuple[str, ...], place: str) -> str | None:
    """Return the YAML *text* with *place* added to the list at *steps*.

    *steps* are the keys that lead to the list from the top of the file.

    None if that cannot be done without changing anything else in the file.
    """
    root = parse_yaml(text, to_display_path(path))
    expected: Any = root.to_plain()
    owner = expected
    for step in steps[:-1]:
        owner = owner[step]
    owner["not_secret"] = [place, *owner.get("not_secret", [])]
    try:
        after = insert_first_element(text, root, steps, place)
        return after if parse_yaml(after, to_display_path(path)).to_plain() == expected else None
    except (ConfigError, IndexError, ValueError):
        return None


def _review_interactively(waiting: Sequence[_WaitingRecording]) -> ExitCode:
    """Show each waiting recording, and ask whether to accept it, reject it or skip it.

    Return the exit code: `REVIEW` if any was skipped.
    """
    skipped = False
    for recording in waiting:
        _show_change(recording.change)
        action = choose(recording.change["file"], ("accept", "reject", "skip"))
        skipped = skipped or action == "skip"
        if action != "skip":
            _accept_or_reject(recording, action)
    return ExitCode.REVIEW if skipped else ExitCode.PASSED


def _apply_action_to_all(
    waiting: Sequence[_WaitingRecording], action: str, *, yes: bool
) -> ExitCode:
    if not waiting:
        notify(msg("nothing waits for review"))
        return ExitCode.PASSED
    if action == "show":
        notify(
            msg(
                "accept with `bpmax-sim review --accept`, or reject with --reject; both take a file"
            )
        )
        return ExitCode.REVIEW
    if not yes:
        word = msg("Replace") if action == "accept" else msg("Delete")
        confirm("{word} {waiting_count} as shown?", word=word, waiting_count=len(waiting))
    for recording in waiting:
        _accept_or_reject(recording, action)
    return ExitCode.PASSED


def _describe_changes(path: Path) -> Iterator[str]:
    """Yield the differences between the waiting recording *path* and the one it would replace.

    If that one is damaged or missing, all exchanges are listed as added.
    """
    name = to_display_path(path)
    after = Cassette.load(name)
    try:
        before = Cassette.load(name.removesuffix(SUFFIX))
        pairs = list(_compare_by_owner(before, after, load_project_platforms(None)))
    except (CassetteError, FileNotFoundError):  # damaged, or not there: then all is new
        before = after
        pairs = list(pair_added_exchanges(after))
    if is_random_only(before, after, pairs):
        yield msg("differs by random values only")
    yield from _format_pairs(pairs, shows_added_in_full=True)


def _show_change(change: Mapping[str, Any]) -> None:
    say(
        "{file}  ({exchanges})",
        file=change["file"],
        exchanges=plural(change["exchanges"], "{number} exchange", "{number} exchanges"),
    )
    for line in change["changes"]:
        say("  {line}", line=line)


def _accept_or_reject(recording: _WaitingRecording, action: str) -> None:
    new, old = recording.new.path, recording.old.path
    # A run of another process may be writing this recording, or has since it was shown.
    with lock_folder(new.parent):
        recording.new.require_unchanged()
        if action == "accept":
            recording.old.require_unchanged()
            journal.replace_file(old, new.read_bytes())
        new.unlink()
    if action == "accept":
        notify("{file}: replaced", file=to_display_path(old))
    else:
        notify("{file}: deleted", file=to_display_path(new))


_WIDEST = 160
_MOST = 40
_KINDS = {
    "same": template("{number} same"),
    "changed": template("{number} changed"),
    "removed": template("{number} removed"),
    "added": template("{number} added"),
}
"""How many exchanges of two files are what to each other."""


def diff(
    old: Annotated[Path, Argument(metavar="A", help=msg("A cassette."))],
    new: Annotated[
        Path | None,
        Argument(metavar="B", help=msg("Another; by default A.new, which waits.")),
    ] = None,
    *,
    platforms: PlatformFolders = None,
    json: Json = False,
) -> int:
    """Print the differences between two cassettes, exchange by exchange."""
    before = load_cassette(old)
    waiting = new or to_review_path(old)
    if new is None and not waiting.exists():
        raise ConfigError(
            "{old}: nothing waits beside it; name the cassette to compare it with", old=old
        )
    after = load_cassette(waiting)
    pairs = list(_compare_by_owner(before, after, load_project_platforms(platforms)))
    counts: Counter[str] = Counter(pair.kind for _, pair in pairs)
    say_result(
        _format_pairs(pairs),
        json=json,
        old=str(before.path),
        new=str(after.path),
        summary={kind: counts[kind] for kind in _KINDS},
        exchanges=[_to_pair_data(owner, pair) for owner, pair in pairs if pair.kind != "same"],
    )
    notify(join_list(msg(text, number=counts[kind]) for kind, text in _KINDS.items()))
    return ExitCode.FAILED if counts.total() > counts["same"] else ExitCode.PASSED


def _compare_by_owner(
    before: Cassette, after: Cassette, platforms: Platforms
) -> Iterator[tuple[str, ExchangePair]]:
    rules = get_matching_rules(platforms, ())
    return compare_cassettes(
        before, after, rules, lambda name: find_volatile_places(platforms, name)
    )


def _format_pairs(
    pairs: Iterable[tuple[str, ExchangePair]], *, shows_added_in_full: bool = False
) -> Iterator[str]:
    """Yield lines with the differences between old and new exchanges; equal ones are left out.

    *pairs* are an owner (scenario, row or test) and the old and new exchange of one call. With
    *shows_added_in_full*, request and response of an added exchange are shown, too.
    """
    marks = {"changed": "~", "removed": "-", "added": "+"}
    for owner, pair in pairs:
        if pair.kind == "same":
            continue
        yield msg(
            "{marks} {name}{of_owner}, exchange {number} ({place})",
            marks=marks[pair.kind],
            name=pair.old_or_new_exchange.name,
            of_owner=msg(" for {owner}", owner=owner) if owner else "",
            number=pair.old_or_new_exchange.exchange.order,
            place=pair.old_or_new_exchange.place,
        )
        for side, places in ((msg("request"), pair.request), (msg("answer"), pair.response)):
            for place in places:
                yield from _format_difference(side, place)
        if shows_added_in_full and pair.kind == "added":
            yield from _format_contents(pair.old_or_new_exchange.exchange)


def _format_difference(side: str, place: Difference) -> Iterator[str]:
    """Yield the line of one difference: ``answer body.data.phone: "138…" → absent``.

    *side* is the translated word for the request or the response. For texts of several lines, the
    lines that differ follow.
    """
    before, after = place.recorded, place.sent
    if isinstance(before, str) and isinstance(after, str) and "\n" in before + after:
        yield msg("    {side} {path}:", side=side, path=place.path)
        lines = difflib.unified_diff(before.splitlines(), after.splitlines(), n=1, lineterm="")
        yield from (f"      {line}" for line in islice(lines, 2, None) if line[:2] != "@@")
        return
    old, new = cut_to_difference(_format_value(before), _format_value(after), _WIDEST)
    yield msg("    {side} {path}: {old} → {new}", side=side, path=place.path, old=old, new=new)


def _format_value(value: Any) -> str:
    """Return *value* as text: a string in quotes without escapes, anything else as JSON.

    `UNSET`, for a value that does not exist, becomes the word "absent" in the reader's language.
    """
    if value is UNSET:
        return msg("absent")
    return f'"{value}"' if isinstance(value, str) else encode_sorted(value).decode()


def _format_contents(exchange: Exchange) -> Iterator[str]:
    """Yield the request, and each value of the response with its path, as far as it is readable."""
    yield f"    {exchange.request.method} {exchange.request.url}"
    outcome = to_comparable_outcome(exchange.outcome)
    shown_parts = {name: outcome[name] for name in ("failed", "status", "body") if name in outcome}
    leaves = [
        leaf for name, value in shown_parts.items() for leaf in _walk_leaf_values(name, value)
    ]
    for path, value in leaves[:_MOST]:
        shown_value = cut_to_difference(_format_value(value), "", _WIDEST)[0]
        yield msg("    answer {path}: {value}", path=path, value=shown_value)
    if len(leaves) > _MOST:
        yield msg("    … {left} more", left=len(leaves) - _MOST)


def _walk_leaf_values(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping) and value:
        for name, inner in value.items():
            yield from _walk_leaf_values(f"{path}.{name}", inner)
    elif isinstance(value, list) and value:
        for number, inner in enumerate(value):
            yield from _walk_leaf_values(f"{path}[{number}]", inner)
    else:
        yield path, value


def _to_pair_data(owner: str, pair: ExchangePair) -> dict[str, Any]:
    """Return the two recordings of a call, and their differences, as JSON value of ``--json``.

    A side that does not exist (the exchange was added or removed) has number and line 0.
    """
    sides = {
        name: {"order": side.exchange.order, "line": side.place.line}
        if side
        else {"order": 0, "line": 0}
        for name, side in (("old", pair.old), ("new", pair.new))
    }
    return {
        "kind": pair.kind,
        "call": pair.old_or_new_exchange.name,
        "for": owner,
        **sides,
        "differences": [
            {
                "side": side,
                "path": place.path,
                "old": _to_json(place.recorded),
                "new": _to_json(place.sent),
            }
            for side, places in (("request", pair.request), ("answer", pair.response))
            for place in places
        ],
    }


def _to_json(value: Any) -> str:
    """Return *value* as JSON text, or "" for `UNSET`.

    `UNSET` stands for a value that only the other one of two compared recordings has.
    """
    return "" if value is UNSET else encode_sorted(value).decode()
