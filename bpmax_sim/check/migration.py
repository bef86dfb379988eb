"""Rename platforms, APIs, paths and owners in recordings, if the result still replays.

The scenarios are replayed, and their misses and unplayed exchanges are grouped by cause, a
difference between a recorded call and today's. Accepted changes must replay in a temporary folder
before a file is replaced.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from msgspec.structs import replace

from bpmax_sim.cassette import journal
from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.format import UNKNOWN_RULES, dump_entries
from bpmax_sim.cassette.former_names import FormerNames, rename_standins
from bpmax_sim.cassette.matching import compute_matching_key, exchange_to_parts
from bpmax_sim.cassette.model import Entry
from bpmax_sim.cassette.reader import read_exchange
from bpmax_sim.errors import BpmaxError
from bpmax_sim.file_system import lock_folder
from bpmax_sim.file_version import FileVersion, read_version
from bpmax_sim.platform.load import load_platforms
from bpmax_sim.scenario.events import ScenarioFinished
from bpmax_sim.scenario.former_names import find_former_name
from bpmax_sim.scenario.load import ScenarioItem
from bpmax_sim.scenario.runner import open_session, run_item
from bpmax_sim.secret.standin import to_distinct_slug
from bpmax_sim.session.credentials import get_matching_rules
from bpmax_sim.session.migration import MoveCause, RecordingMoves
from bpmax_sim.session.settings import SessionOptions
from bpmax_sim.yamlfile import to_display_path

_MOST_VALUES = 3
_OWNER = -1


@dataclass(frozen=True, slots=True)
class Renames:
    """The renames given to `bpmax-sim migrate`, each a map old name -> new name.

    Attributes:
        apis: ``platform.api`` -> ``platform.api``.
        paths: beginning of a URL's path -> its new beginning.
        owners: name of a scenario or test -> its new name.
    """

    apis: Mapping[str, str]
    platforms: Mapping[str, str]
    paths: Mapping[str, str]
    owners: Mapping[str, str]

    def __bool__(self) -> bool:
        return bool(self.apis or self.platforms or self.paths or self.owners)

    @property
    def former_names(self) -> FormerNames:
        """Return the former names of platforms and APIs, by the new ones."""
        platforms, apis = defaultdict[str, list[str]](list), defaultdict[str, list[str]](list)
        for old, new in self.platforms.items():
            platforms[new].append(old)
        for old, new in self.apis.items():
            apis[new].append(old.partition(".")[2])
        return FormerNames(
            {key: tuple(names) for key, names in platforms.items()},
            {key: tuple(names) for key, names in apis.items()},
        )

    def find_recorded_owner(self, item: ScenarioItem, owners: Sequence[str]) -> str:
        """Return which of *owners* of a cassette is *item* under its old name.

        That is the name that the user says was renamed to that of *item*, else one that looks like
        a former name of it (`find_former_name`); "" if there is none.
        """
        named = [old for old in owners if self.owners.get(old) == item.owner_name_in_cassette]
        return named[0] if named else find_former_name(item, owners)


@dataclass(slots=True)
class MovePlan:
    """The proposed changes for one owner of one cassette.

    Attributes:
        version: the cassette's file, as it was before it was read.
        item: scenario that replays it; None if none does, so that only names are changed.
        entries: number of an exchange in the cassette -> changed exchange.
        contested: calls that the scenario makes both as recorded and in the changed form.
        unknown: calls to which no recording is similar.
        signed: calls that cannot be changed, because without a scenario nothing can sign them
            again.
        causes: number of an exchange -> causes of its change; -1 stands for the owner's name.
    """

    version: FileVersion
    cassette: Cassette
    owner: str
    new_owner: str
    item: ScenarioItem | None = None
    entries: dict[int, Entry] = field(default_factory=dict)
    causes: dict[int, tuple[MoveCause, ...]] = field(default_factory=dict)
    contested: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    signed: tuple[str, ...] = ()

    @property
    def file(self) -> Path:
        """Return the cassette's file."""
        return self.version.path

    def keep_confirmed_changes(self, causes: frozenset[MoveCause]) -> None:
        """Keep only the changes all of whose causes are in *causes*, which the user confirmed."""
        for number, own in list(self.causes.items()):
            if not causes.issuperset(own):
                del self.causes[number]
                self.entries.pop(number, None)

    @property
    def is_empty(self) -> bool:
        """Return whether the plan changes nothing."""
        return not self.causes


def plan_items_by_replay(
    items: Iterable[ScenarioItem], renames: Renames
) -> Iterator[MovePlan | None]:
    """Replay *items*; yield for each the changes to its recording with which its calls would match.

    *renames* are those that the user gave; others are found by comparison. None for an item without
    a recording.
    """
    for item in items:
        moves = RecordingMoves(renames.former_names)
        options: SessionOptions = {
            "mode": "replay",
            "unused": "ignore",
            "moves": moves,
            "adopts": partial(renames.find_recorded_owner, item),
            "environ": os.environ,
        }
        version = read_version(_make_cassette_path(item))
        _replay_and_explain_failure(item, item.root / "cassettes", options)
        yield _make_move_plan(item, version, moves)


def _make_move_plan(
    item: ScenarioItem, version: FileVersion, moves: RecordingMoves
) -> MovePlan | None:
    """Return the changes of the recording of *item*, in the file of *version*, by *moves*.

    None if it has no recording.
    """
    cassette = moves.cassette
    if cassette is None or not cassette.index.list_exchange_numbers(moves.owner):
        return None
    plan = MovePlan(version, cassette, moves.owner, item.owner_name_in_cassette, item)
    plan.contested, plan.unknown = tuple(moves.contested), tuple(moves.unknown)
    for number, move in moves.found.items():
        plan.entries[number] = move.apply(cassette.get_entry_with_head_defaults(number))
        plan.causes[number] = move.causes
    if moves.owner != item.owner_name_in_cassette:
        plan.causes[_OWNER] = (
            MoveCause("owner", was=moves.owner, now=item.owner_name_in_cassette),
        )
    return plan


def _replay_and_explain_failure(item: ScenarioItem, folder: Path, options: SessionOptions) -> str:
    """Replay *item* with the cassettes of *folder*; return why it fails, or ""."""
    try:
        session = open_session(item, cassettes=folder, **options)
        *_, last = run_item(item, session, environ=os.environ)
    except BpmaxError as error:
        return str(error).partition("\n")[0]
    assert isinstance(last, ScenarioFinished)
    failures = last.failures if last.outcome == "failed" else ()
    return str(failures[0].essence) if failures else ""


def plan_owners_without_scenario(
    root: Path, known: Sequence[MovePlan], items: Sequence[ScenarioItem], renames: Renames
) -> list[MovePlan]:
    """Return the plans of owners that are no scenarios, such as tests: only names are changed.

    Owners of *items*, all scenarios, and those that have a plan in *known* are left out.
    """
    taken = {(plan.file.absolute(), plan.owner) for plan in known}
    taken |= {(_make_cassette_path(item).absolute(), item.owner_name_in_cassette) for item in items}
    plans = []
    for path in sorted((root / "cassettes").rglob("*.yaml")):
        if path.relative_to(root / "cassettes").parts[0] == "auth":
            continue
        version, cassette = read_version(path), Cassette.load(to_display_path(path))
        plans += [
            _plan_owner_renames(version, cassette, owner, renames)
            for owner in cassette.owners
            if (path.absolute(), owner) not in taken
        ]
    return [plan for plan in plans if plan.signed or not plan.is_empty]


def _plan_owner_renames(
    version: FileVersion, cassette: Cassette, owner: str, renames: Renames
) -> MovePlan:
    plan = MovePlan(version, cassette, owner, renames.owners.get(owner, owner))
    for number in cassette.index.list_exchange_numbers(owner):
        old = cassette.get_entry_with_head_defaults(number)
        entry, causes = _rename_entry(old, renames)
        if old.line.signed is not None and _rename_entry(old.with_line(signed=None), renames)[1]:
            plan.signed += (old.line.call,)
        elif causes:
            plan.entries[number], plan.causes[number] = entry, causes
    if plan.new_owner != owner:
        plan.causes[_OWNER] = (MoveCause("owner", was=owner, now=plan.new_owner),)
    return plan


def _rename_entry(entry: Entry, renames: Renames) -> tuple[Entry, tuple[MoveCause, ...]]:
    """Return *entry*, a recorded exchange, with its names changed, and the cause of each change.

    *entry* itself without causes if nothing was renamed, or if the request is signed: nothing here
    could sign it again. The result has `UNKNOWN_RULES` as the rules that its matching key was
    computed by, so that the player computes the key anew.
    """
    line, text, causes = entry.line, entry.text, list[MoveCause]()
    old = tuple(line.call.partition(".")[::2])
    platform, api = renames.former_names.find_current_names(*old)
    if platform != old[0]:
        causes.append(MoveCause("platform", was=old[0], now=platform))
        text = str(rename_standins(text, old=old[0], new=platform))
    if api != old[1]:
        causes.append(MoveCause("api", was=f"{platform}.{old[1]}", now=f"{platform}.{api}"))
    # Each name is changed once, the longest beginning first: /v1=/v2 and /v2=/v3 are two moves.
    for was, now in sorted(renames.paths.items(), key=lambda pair: -len(pair[0])):
        lines = text.splitlines(keepends=True)
        moved = [_rename_path_in_uri_line(each, line.base, was, now) for each in lines[:3]] + lines[
            3:
        ]
        if moved != lines:
            causes.append(MoveCause("path", was=was, now=now))
            text = "".join(moved)
            break
    if not causes or line.signed is not None:
        return entry, ()
    call = f"{platform}.{api}" if api else platform
    marks = (*line.moved, *(cause.text_for_recording for cause in causes))
    return Entry(replace(line, call=call, rules=UNKNOWN_RULES, moved=marks), text), tuple(causes)


def _rename_platforms_of_values(entry: Entry, platforms: Mapping[str, str]) -> Entry:
    """Return *entry* with its recorded credentials under the new keys of their platforms.

    These are the credentials declared ``secret: false``, by ``platform.instance``. *platforms* maps
    old keys to new ones.
    """
    values = {}
    for name, own in entry.line.values.items():
        platform, dot, instance = name.partition(".")
        values[f"{platforms.get(platform, platform)}{dot}{instance}"] = own
    return entry.with_line(values=values) if values != entry.line.values else entry


def _find_new_platform_keys(plans: Iterable[MovePlan]) -> dict[str, str]:
    """Return the new key of each platform that the causes of *plans* rename."""
    causes = {cause for plan in plans for own in plan.causes.values() for cause in own}
    return {cause.was: cause.now for cause in causes if cause.kind == "platform"}


def _rename_path_in_uri_line(line: str, base: str, was: str, now: str) -> str:
    """Return *line* with the path *was* below *base* replaced by *now*.

    Any other line than the ``uri:`` of a request is unchanged.
    """
    start, mark, rest = line.partition(f"{base}{was}")
    # Only whole segments: /v1 is not the beginning of /v10.
    ends = rest[:1] in {"/", "?", "\n", '"'} or was.endswith("/")
    is_uri = start.strip() in {"uri:", 'uri: "'} and mark and ends
    return f"{start}{base}{now}{rest}" if is_uri else line


def merge_many_causes_at_one_place(plans: Sequence[MovePlan]) -> None:
    """Merge the causes of changed values at one place into one, if there are many of them.

    A cause says what was renamed or replaced in a recording, and by what. Many would fill the
    screen: "17 -> 18", "18 -> 19" … becomes "… -> …".
    """
    by_place: dict[tuple[str, str, str], set[MoveCause]] = defaultdict(set)
    for plan in plans:
        for cause in (cause for own in plan.causes.values() for cause in own):
            by_place[cause.kind, cause.name, cause.place].add(cause)
    joined: dict[MoveCause, MoveCause] = {}
    for (kind, *_), causes in by_place.items():
        if kind == "place" and len(causes) > _MOST_VALUES:
            sides = [{cause.was for cause in causes}, {cause.now for cause in causes}]
            was, now = (values.pop() if len(values) == 1 else "…" for values in sides)
            joined |= {cause: replace(cause, was=was, now=now) for cause in causes}
    for plan in plans:
        for number, own in plan.causes.items():
            plan.causes[number] = tuple(dict.fromkeys(joined.get(cause, cause) for cause in own))


def _migrate_entry(plan: MovePlan, number: int, old: Entry) -> Entry:
    """Return exchange *number* as changed by *plan*; *old* is the exchange in the file.

    If the plan renames the owner (the scenario or test that recorded it), the new name is put into
    the index line and into the stand-ins in the text, which contain the owner's name.
    """
    entry = plan.entries.get(number, old)
    if _OWNER not in plan.causes:
        return entry
    # Stand-ins contain the owner's name, and requests with a stand-in are matched by it.
    was, now = (
        f"redacted.scenario.{to_distinct_slug(name)}." for name in (plan.owner, plan.new_owner)
    )
    text = entry.text.replace(was, now)
    entry = Entry(replace(entry.line, owner=plan.new_owner), text)
    if text == old.text or plan.item is None:
        return entry
    platforms = load_platforms(plan.item.platforms, instances=plan.item.instances)
    rules = get_matching_rules(platforms, plan.item.scenario.proxy.ignore)
    return entry.with_line(key=compute_matching_key(exchange_to_parts(read_exchange(entry)), rules))


def _make_cassette_path(item: ScenarioItem) -> Path:
    return item.root / "cassettes" / f"{item.cassette}.yaml"


class FailedReplay(NamedTuple):
    """A scenario that does not replay with the changed recording, which was therefore not kept.

    Attributes:
        node_id: the scenario's identifier.
        reason: message that says why.
    """

    node_id: str
    reason: str


class AppliedPlans(NamedTuple):
    """The result of a migration.

    Attributes:
        written: files that were replaced.
        failures: scenarios whose recording stays as it was.
    """

    written: Sequence[Path] = ()
    failures: Sequence[FailedReplay] = ()


def apply_plans_that_replay(root: Path, plans: Sequence[MovePlan]) -> AppliedPlans:
    """Replace the recordings by those that *plans* propose, where the scenario then replays.

    What does not replay stays as it is. The recorded login of a renamed platform is removed under
    the old name only if everything replays.

    Raises:
        ConfigError: if somebody wrote a file since it was read; like an OSError it leaves that file
            and the following ones unchanged, and another call goes on from there.
        OSError: if a file cannot be written.
    """
    by_file = defaultdict[Path, list[MovePlan]](list)
    for plan in plans:
        by_file[plan.file].append(plan)
    with TemporaryDirectory(prefix="bpmax-migrate-") as name:
        folder, failures = Path(name), list[FailedReplay]()
        logins = _plan_login_moves(root / "cassettes" / "auth", plans)
        _write_trial_cassettes(folder, root, by_file, logins)
        good = []
        for plan in plans:
            why = (
                _replay_and_explain_failure(plan.item, folder, {"environ": os.environ})
                if plan.item
                else ""
            )
            if why and plan.item:
                home = to_display_path(root / "cassettes")
                reason = why.replace(str(folder), home)
                failures.append(FailedReplay(plan.item.node_id, reason))
            else:
                good.append(plan)
    # New logins first, old ones last: broken off anywhere between, both are there, every recording
    # finds the one it was made with, and the next migration does the rest.
    added = [move.new.path for move in logins if good and _write_new_login(move)]
    written = [
        path for path in by_file if _replace_cassette(path, [p for p in good if p.file == path])
    ]
    # The old login stays while any scenario still needs it.
    for move in logins if written and not failures else ():
        with lock_folder(move.old.path.parent):
            move.old.require_unchanged()
            move.old.path.unlink()
    return AppliedPlans([*written, *added], failures)


def _write_new_login(move: _LoginMove) -> bool:
    """Write the new file of *move*; return False if it is there already."""
    with lock_folder(move.new.path.parent):
        move.new.require_unchanged()
        move.old.require_unchanged()
        if move.is_done:
            return False
        journal.replace_file(move.new.path, move.data)
    return True


def _write_trial_cassettes(
    folder: Path,
    root: Path,
    plans_by_file: Mapping[Path, Sequence[MovePlan]],
    logins: Iterable[_LoginMove],
) -> None:
    """Write the changed cassettes and *logins* into *folder*, to try the replay from there.

    *plans_by_file* has the changes by cassette.
    """
    home = root / "cassettes"
    if (home / "auth").is_dir():
        shutil.copytree(home / "auth", folder / "auth")
    files = {path: _make_migrated_bytes(plans) for path, plans in plans_by_file.items()}
    for path, data in {**files, **{move.new.path: move.data for move in logins}}.items():
        target = folder / path.absolute().relative_to(home.absolute())
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)


def _replace_cassette(path: Path, plans: Sequence[MovePlan]) -> bool:
    """Replace the cassette *path* by its content with *plans* applied.

    Return whether it was replaced: False if there are no plans for it.
    """
    if not plans:
        return False
    data = _make_migrated_bytes(plans)
    with lock_folder(path.parent):
        for version in {plan.version for plan in plans}:
            version.require_unchanged()
        journal.replace_file(path, data)
    return True


def _make_migrated_bytes(plans: Sequence[MovePlan]) -> bytes:
    """Return the content of the cassette of *plans* with all of them applied."""
    cassette, by_owner = plans[0].cassette, {plan.owner: plan for plan in plans}
    platforms = {plan.owner: _find_new_platform_keys([plan]) for plan in plans}
    entries = []
    for number in range(len(cassette)):
        entry = cassette.get_entry_with_head_defaults(number)
        if plan := by_owner.get(entry.line.owner):
            entry = _rename_platforms_of_values(
                _migrate_entry(plan, number, entry), platforms[plan.owner]
            )
        entries.append(entry)
    return dump_entries(entries)


class _LoginMove(NamedTuple):
    """A recorded login of a renamed platform.

    Attributes:
        old, new: its file, and the one that it moves to, as they were when it was read.
        data: content of the new file.
    """

    old: FileVersion
    new: FileVersion
    data: bytes

    @property
    def is_done(self) -> bool:
        """Return whether the new file has its content, as after a migration that was broken off."""
        return self.new.digest == hashlib.sha256(self.data).digest()


def _plan_login_moves(folder: Path, plans: Sequence[MovePlan]) -> list[_LoginMove]:
    """Return the moves of the recorded logins in *folder* whose platform *plans* rename."""
    renamed = _find_new_platform_keys(plans)
    renames = Renames({}, renamed, {}, {})
    moves: list[_LoginMove] = []
    for path in sorted(folder.glob("*.yaml")):
        platform, _, instance = path.stem.partition(".")
        target = path.with_name(f"{renamed.get(platform)}.{instance}.yaml")
        if platform in renamed:
            old, new = read_version(path), read_version(target)
            cassette = Cassette.load(to_display_path(path))
            entries = map(cassette.get_entry_with_head_defaults, range(len(cassette)))
            fresh = [
                _rename_platforms_of_values(_rename_entry(entry, renames)[0], renamed)
                for entry in entries
            ]
            fresh = [entry.with_line(owner=target.stem) for entry in fresh]
            move = _LoginMove(old, new, dump_entries(fresh))
            if move.is_done or not target.exists():  # another login under the new name stays
                moves.append(move)
    return moves
