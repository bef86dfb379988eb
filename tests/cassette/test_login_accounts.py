"""Which recorded logins go once no recording uses their account any more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from bpmax_sim.cassette.alignment import RecordingComparison
from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.format import dump_entries, render_exchange
from bpmax_sim.cassette.journal import has_journals
from bpmax_sim.cassette.logins import (
    drop_unused_accounts,
    fill_in_omitted_accounts,
    group_logins_by_request,
    update_logins,
)
from bpmax_sim.cassette.model import Entry
from bpmax_sim.messages import LOGIN, FailedExchange
from tests.cassette.exchanges import answer, detail, order

INSTANCE = "crm_system.test"
Account = Mapping[str, str]


def login(number: int, sent: str, **account: str) -> Entry:
    """Return the login that sends the text *sent* with *account*."""
    entry = render_exchange(order(sent.encode(), outcome=answer(f'{{"token":"t{number}"}}')))
    return entry.with_line(
        n=number, owner=INSTANCE, call=f"crm_system.{LOGIN}", values={INSTANCE: account}
    )


def recording(owner: str = "选择客户", **accounts: Account) -> bytes:
    values = {name.replace("_test", ".test"): dict(used) for name, used in accounts.items()}
    return dump_entries([render_exchange(detail(1, owner=owner)).with_line(values=values)])


ZHANG, LI = {"account": "zhang"}, {"account": "li"}
BOTH = [login(1, '{"账号":"zhang"}', **ZHANG), login(2, '{"账号":"li"}', **LI)]


def of_crm(account: Account, owner: str = "选择客户") -> bytes:
    entry = render_exchange(detail(1, owner=owner)).with_line(values={INSTANCE: dict(account)})
    return dump_entries([entry])


@pytest.mark.parametrize(
    ("logins", "files", "current", "kept"),
    [
        (BOTH, {}, ZHANG, [1]),
        (BOTH, {}, LI, [2]),
        (BOTH, {}, {"account": "wang"}, []),
        ([*BOTH, login(3, '{"账号":"wang"}', account="wang")], {}, LI, [2]),
        (BOTH, {"a.yaml": of_crm(LI)}, ZHANG, [1, 2]),
        (BOTH, {"a.yaml": of_crm(ZHANG)}, LI, [1, 2]),
        (BOTH, {"深/层/a.yaml": of_crm(LI)}, ZHANG, [1, 2]),
        (BOTH, {"a.yaml.new": of_crm(LI)}, ZHANG, [1, 2]),
        (BOTH, {"a.yaml.trial": of_crm(LI)}, ZHANG, [1]),
        (BOTH, {"a.yaml": recording()}, ZHANG, [1]),
        (BOTH, {"a.yaml": recording(crm_system_test=LI)}, ZHANG, [1, 2]),
        (BOTH, {"a.yaml": recording(erp_test=LI)}, ZHANG, [1]),
        (
            [*BOTH, login(3, '{"账号":"wang"}', account="wang")],
            {"a.yaml": recording(), "b.yaml": of_crm(LI), "c.yaml": recording()},
            ZHANG,
            [1, 2],
        ),
        # while somebody records, or where a file does not say by whom, nothing goes
        (BOTH, {"深/a.yaml.77-1.journal": b""}, ZHANG, [1, 2]),
        (BOTH, {"a.yaml": b"version: 1\n"}, ZHANG, [1, 2]),
        (BOTH, {"auth/erp.test.yaml": b"version: 1\n"}, ZHANG, [1]),
        (BOTH, {"auth/erp.test.yaml": of_crm(LI)}, ZHANG, [1]),
    ],
)
def test_a_login_stays_as_long_as_a_recording_uses_its_account(
    tmp_path: Path,
    logins: Sequence[Entry],
    files: Mapping[str, bytes],
    current: Account,
    kept: list[int],
) -> None:
    path = tmp_path / "auth" / f"{INSTANCE}.yaml"
    for name, data in {f"auth/{path.name}": dump_entries(logins), **files}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)

    is_changed = drop_unused_accounts(path, INSTANCE, current, tmp_path)

    left = fill_in_omitted_accounts(Cassette.load(path).entries()) if path.exists() else []
    assert [one.text for one in left] == [logins[number - 1].text for number in kept]
    assert [one.line.values for one in left] == [logins[n - 1].line.values for n in kept]
    assert [one.line.n for one in left] == [*range(1, len(kept) + 1)]
    assert is_changed == (len(kept) < len(logins))


@pytest.mark.parametrize(
    ("sent", "own", "current", "is_kept"),
    [
        ("a=li", LI, LI, True),
        ("a=li", LI, ZHANG, False),
        ("a=li", LI, {}, False),
        ("a=li", LI, {"tenant": "li"}, False),
        ("a=li", {}, ZHANG, True),
        ("a=", {"account": ""}, ZHANG, True),
        ("a=wang", LI, ZHANG, True),  # which the request does not say
        ("a=liu", LI, ZHANG, True),
        ("a=ali", LI, ZHANG, True),
        ("a=李", {"account": "李"}, {"account": "李四"}, False),
        ("a=李四", {"account": "李四"}, {"account": "李"}, False),
        ("a=李四", {"account": "李"}, ZHANG, True),
        ("a=li&b=zhang", LI, ZHANG, True),  # nobody knows whose
        ("a=li&b=zhang2", LI, ZHANG, False),
        ("a=li&b=", LI, {"account": ""}, False),
        ("a=li%2Fsi", {"account": "li/si"}, ZHANG, False),
        ('{"a":"li\\/si"}', {"account": "li/si"}, ZHANG, False),
        ("a=li", {**LI, "tenant": "t1"}, {**ZHANG, "tenant": "t1"}, False),
        ("a=li", {**LI, "tenant": "t1"}, {**ZHANG, "tenant": "t2"}, False),
        ("a=li", {**LI, "tenant": "t1"}, {**LI, "tenant": "t2"}, True),
        ("a=li&t=t1", {**LI, "tenant": "t1"}, {**LI, "tenant": "t2"}, False),
        ("a=li&t=t1", {**LI, "tenant": "t1"}, {**LI}, False),
    ],
)
def test_a_login_is_of_another_account_where_it_sends_a_value_of_it_alone(
    tmp_path: Path, sent: str, own: dict[str, str], current: Account, *, is_kept: bool
) -> None:
    path = tmp_path / "auth" / f"{INSTANCE}.yaml"
    path.parent.mkdir()
    path.write_bytes(dump_entries([login(1, sent, **own)]))

    assert drop_unused_accounts(path, INSTANCE, current, tmp_path) == (not is_kept)
    assert len(Cassette.load(path)) == is_kept


def test_a_login_that_failed_in_two_ways_is_one_login() -> None:
    failed = [
        render_exchange(order(b"a=li", outcome=FailedExchange(code="RESET", message=text)))
        for text in ("重置", "断开")
    ]
    entries = [one.with_line(key=f"k{n}") for n, one in enumerate(failed)]

    assert group_logins_by_request([*entries, login(3, "a=li")]) == [[*entries, login(3, "a=li")]]
    assert group_logins_by_request([entries[0], login(3, "a=wang")]) == [
        [entries[0]],
        [login(3, "a=wang")],
    ]


@pytest.mark.parametrize(
    ("key", "rules", "sent", "is_one"),
    [
        ("aa", "r", "a=1&t=2", True), ("aa", "r", "a=1&t=1", True), ("aa", "s", "a=1&t=2", False),
        ("aa", "s", "a=1&t=1", True), ("bb", "r", "a=1&t=2", False), ("bb", "r", "a=1&t=1", True),
    ],
)  # fmt: skip
def test_logins_are_one_by_their_key_under_equal_rules_else_by_their_text(
    key: str, rules: str, sent: str, *, is_one: bool
) -> None:
    """What the rules ignore, such as a time, is in the text and not in the key."""
    first = login(1, "a=1&t=1").with_line(key="aa", rules="r")
    other = login(2, sent).with_line(key=key, rules=rules)

    assert len(group_logins_by_request([first, other])) == (1 if is_one else 2)


def test_of_a_login_that_was_recorded_twice_the_same_once_more_changes_nothing() -> None:
    twice = [login(number, "a=1", **ZHANG) for number in (1, 2)]
    same, other = login(1, "a=1", **ZHANG), login(3, "a=1", **ZHANG)

    kept = update_logins(twice, [same], RecordingComparison())
    assert [one.text for one in kept] == [one.text for one in twice]
    fresh = update_logins(twice, [other], RecordingComparison())
    assert [one.text for one in fresh] == [other.text]


def test_a_login_has_the_account_of_the_one_before_unless_it_names_one() -> None:
    logins = [login(n, "a", **account) for n, account in enumerate((ZHANG, {}, LI, {}, {}), 1)]
    logins = [one if one.line.values[INSTANCE] else one.with_line(values={}) for one in logins]

    found = [one.line.values[INSTANCE] for one in fill_in_omitted_accounts(logins)]
    assert found == [ZHANG, ZHANG, LI, LI, LI]
    assert fill_in_omitted_accounts([]) == []


def test_what_is_no_file_of_logins_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / f"{INSTANCE}.yaml"
    assert not drop_unused_accounts(path, INSTANCE, ZHANG, tmp_path)
    path.write_bytes(dump_entries([BOTH[1], BOTH[1].with_line(owner="选择客户")]))
    before = path.read_bytes()

    assert not drop_unused_accounts(path, INSTANCE, ZHANG, tmp_path)
    assert not drop_unused_accounts(path, "crm_system.prod", ZHANG, tmp_path)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("name", "is_one"),
    [
        ("a.yaml.12-1.journal", True),
        ("深/层/a.yaml.12-3.journal", True),
        ("a.yaml.12-1.journal.bak", False),
        ("a.yaml.12.journal", False),
        ("a.journal", False),
        ("a.yaml", False),
    ],
)
def test_a_journal_is_known_by_the_number_of_its_process(
    tmp_path: Path, name: Any, *, is_one: bool
) -> None:
    assert not has_journals(tmp_path)
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).touch()

    assert has_journals(tmp_path) == is_one
