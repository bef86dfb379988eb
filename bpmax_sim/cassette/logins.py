"""Recorded logins of an instance, which all recordings share: which ones are kept.

One login is kept per identity, that is per distinct login request; a repeated login with an equal
response keeps the old bytes. A credential that is recorded in clear (``secret: false``) makes
logins of two accounts distinct. Each login is marked with its account, and is removed once no
recording uses that account any more.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from bpmax_sim.cassette import journal
from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.format import dump_entries
from bpmax_sim.cassette.model import Entry, Values
from bpmax_sim.errors import CassetteError
from bpmax_sim.file_system import lock_folder
from bpmax_sim.secret.spelling import make_spelling_pattern

Account = Mapping[str, str]
"""Credentials of an instance that are recorded as they are, by name."""


def group_logins_by_request(entries: Sequence[Entry]) -> list[list[Entry]]:
    """Return *entries* in groups of equal login requests, ordered by the first entry of each."""
    groups: list[list[Entry]] = []
    for entry in entries:
        group = next((group for group in groups if _have_same_request(entry, group[0])), None)
        if group is None:
            groups.append([entry])
        else:
            group.append(entry)
    return groups


def _have_same_request(entry: Entry, other: Entry) -> bool:
    """Return whether two recorded logins have the same request, so that one response fits both.

    Their keys may have been computed under different matching rules; then the texts decide.
    """
    keys = [(entry.line.key, entry.line.rules) for entry in (entry, other)]
    return keys[0] == keys[1] or get_request_text(entry) == get_request_text(other)


def get_request_text(entry: Entry) -> str:
    """Return the request of *entry* as text, as the file contains it."""
    return entry.text.partition("\n  response:\n")[0].partition("\n  failure:\n")[0]


def fill_in_omitted_accounts(entries: Iterable[Entry]) -> list[Entry]:
    """Return the logins of a file, each with the account that recorded it (`IndexLine.values`).

    In the file a login names its account only if it is not that of the login before.
    """
    marked: list[Entry] = []
    values: Values = {}
    for entry in entries:
        values = entry.line.values or values
        marked.append(entry.with_line(values=values))
    return marked


def update_logins(
    before: Sequence[Entry],
    fresh: Sequence[Entry],
    is_same: Callable[[Sequence[Entry], Sequence[Entry]], bool],
) -> list[Entry]:
    """Return the logins of a file: *before* with those of *fresh* merged in.

    *is_same* compares two recordings of one login; an equal one keeps the bytes of *before*. All
    entries name their accounts. They are sorted by their request, so the order depends on content
    only.
    """
    left, groups = list(before), []
    for now in group_logins_by_request(fresh):
        was = [entry for entry in left if any(_have_same_request(entry, other) for other in now)]
        left = [entry for entry in left if entry not in was]
        known, new = (
            [entry.with_line(key="", rules="", net=None) for entry in entries]
            for entries in (was[: len(now)], now)
        )
        groups.append(was if is_same(known, new) else now)
    ordered = sorted(
        [*groups, *group_logins_by_request(left)], key=lambda group: get_request_text(group[0])
    )
    return _renumber_logins(entry for group in ordered for entry in group)


def _renumber_logins(entries: Iterable[Entry]) -> list[Entry]:
    return [entry.with_line(n=n) for n, entry in enumerate(entries, 1)]


def merge_logins(
    base: Iterable[Entry], ours: Iterable[Entry], theirs: Iterable[Entry]
) -> list[Entry]:
    """Return the three-way merge of a login file: *ours* and *theirs*, which come from *base*.

    Of each login the later version is kept; logins that one side removed are left out.
    """
    was, own, other = map(fill_in_omitted_accounts, (base, ours, theirs))
    sides = [{entry.text for entry in side} for side in (own, other)]
    # A login that one side removed or changed is gone, even if the other side kept it: it can be
    # recorded again at any time, while a stale one would fail.
    gone = {entry.text for entry in was if any(entry.text not in side for side in sides)}
    left = {
        (entry.text, msgspec.json.encode(entry.with_line(n=0, sha="").line)): entry
        for entry in (*own, *other)
    }
    kept = [left[content] for content in sorted(left) if content[0] not in gone]
    groups = group_logins_by_request(sorted(kept, key=lambda entry: entry.line.instant))
    latest = [
        [entry for entry in group if entry.line.instant == group[-1].line.instant]
        for group in groups
    ]
    ordered = sorted(latest, key=lambda group: group[0].text)
    by_text = {entry.text: entry for group in ordered for entry in group}
    return _renumber_logins(by_text.values())


def drop_unused_accounts(
    logins_file: Path, instance: str, current: Account, cassettes: Path
) -> bool:
    """Remove recorded logins of accounts that no recording uses; return whether any was removed.

    An account that was replaced, for example after a password change, would stay in the file for
    ever. Nothing is removed while a recording is in progress, or if a cassette is damaged.

    Args:
        logins_file: file of the logins of the instance.
        instance: its name, ``platform.instance``.
        current: account that this run recorded with.
        cassettes: folder of all cassettes that share the logins.

    Raises:
        CassetteError: if the file is damaged.
        OSError: if it cannot be written; it is unchanged then.
    """
    with lock_folder(logins_file.parent):
        entries = _read_logins(logins_file, instance)
        others = [entry for entry in entries if _has_other_account(entry, instance, current)]
        if not others or journal.has_journals(cassettes):
            return False  # somebody records now, perhaps with another account
        try:
            used = [current, *_find_recorded_accounts(cassettes, logins_file.parent, instance)]
        except CassetteError:
            return False  # nobody knows who recorded that
        unused = [e for e in others if all(_has_other_account(e, instance, each) for each in used)]
        if unused:
            kept = [entry for entry in entries if entry not in unused]
            journal.replace_file(logins_file, dump_entries(_renumber_logins(kept)))
        return bool(unused)


def _read_logins(path: Path, instance: str) -> list[Entry]:
    if not path.is_file():
        return []
    cassette = Cassette.load(path)
    numbers = range(len(cassette)) if cassette.owners == (instance,) else ()
    return fill_in_omitted_accounts(map(cassette.get_entry_with_head_defaults, numbers))


def _has_other_account(login: Entry, instance: str, account: Account) -> bool:
    """Return whether the request of *login* contains a value of another account than *account*.

    The recorded account is that of *login* itself (`IndexLine.values`) for *instance*, a
    ``platform.instance``. Only values in which the two differ count, and none of *account* may
    occur.
    """
    own = login.line.values.get(instance, {})
    sent = get_request_text(login)
    differing = [name for name in own if own[name] != account.get(name)]
    return any(_occurs_as_word(own[name], sent) for name in differing) and not any(
        _occurs_as_word(account[name], sent) for name in differing if name in account
    )


def _occurs_as_word(value: str, text: str) -> bool:
    return (
        bool(value) and re.search(rf"(?<!\w){make_spelling_pattern(value)}(?!\w)", text) is not None
    )


def _find_recorded_accounts(cassettes: Path, logins: Path, instance: str) -> Iterator[Account]:
    """Yield the accounts of *instance* with which the cassettes in *cassettes* were recorded.

    *instance* is ``platform.instance``; an account is its credentials that are not secret. *logins*
    is the folder of login files, which is left out. Recordings that wait for review count, too.

    Raises:
        CassetteError: if a cassette is damaged.
    """
    waiting = cassettes.rglob("*.yaml.new")  # for review
    for path in (*sorted(cassettes.rglob("*.yaml")), *sorted(waiting)):
        if path.parent != logins:
            cassette = Cassette.load(path)
            for owner in cassette.owners:
                if account := cassette.get_non_secret_credentials(owner).get(instance):
                    yield account
