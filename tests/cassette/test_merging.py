"""Versions of a cassette that meet: two branches, a journal and a file, sessions that are alike."""

from __future__ import annotations

import io
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from bpmax_sim.cassette.alignment import RecordingComparison
from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.format import dump_entries, render_exchange
from bpmax_sim.cassette.journal import PendingExchange, encode_record
from bpmax_sim.cassette.merge import (
    OwnerRecording,
    delete_review_only_of_owner,
    drop_repeated_sessions,
    list_owner_entries,
    merge_into_file,
    recover,
    remove_exchanges,
    render_merged_unless_empty,
    to_review_path,
)
from bpmax_sim.cassette.model import Entry
from bpmax_sim.cassette.textconv import main, to_diff_text
from bpmax_sim.cassette.three_way import merge_versions
from bpmax_sim.errors import DamagedCassette, NewerFormat
from bpmax_sim.file_version import read_version
from bpmax_sim.messages import LOGIN, FailedExchange
from tests.cassette.exchanges import START, ZONE, answer, detail, order
from tests.systems import needs_forks

SAME = RecordingComparison()


def entry_of(number: int = 1, text: str = '"甲"', *, owner: str = "甲", **line: Any) -> Entry:
    """Return the look-up of customer *number*, which is answered with *text*."""
    order, at = line.pop("n", number), START.seconds + line.pop("second", number)
    made = render_exchange(
        detail(number, outcome=answer(text), owner=owner, order=order, at=at), zone=ZONE
    )
    return made.with_line(**line) if line else made


def login_of(text: str, second: int, user: str = "zs", *, owner: str = "crm.test") -> Entry:
    return entry_of(
        int(user == "zs"), text, owner=owner, second=second, n=1, call=f"crm_system.{LOGIN}",
        values={"crm.test": {"user": user}},
    )  # fmt: skip


def dumped(*entries: Entry) -> bytes | None:
    return dump_entries(list(entries)) if entries else None


def bodies(data: bytes) -> dict[str, list[str]]:
    """Return the responses in a file, by owner."""
    cassette = Cassette.of_bytes(data, "a.yaml") if data else None
    found: dict[str, list[str]] = {}
    for one in cassette.exchanges() if cassette else ():
        outcome: Any = one.outcome
        found.setdefault(one.owner, []).append(outcome.body.decode().strip('"'))
    return found


A, B, C = entry_of(1, '"a"'), entry_of(1, '"b"'), entry_of(1, '"c"')
OTHER, THIRD = entry_of(2, '"x"', owner="乙"), entry_of(3, '"y"', owner="丙")


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "merged", "conflicts"),
    [
        ([A], [A], [A], {"甲": ["a"]}, ()),
        ([A], [B], [A], {"甲": ["b"]}, ()), ([A], [A], [B], {"甲": ["b"]}, ()),
        ([A], [B], [B], {"甲": ["b"]}, ()), ([A], [B], [C], {"甲": ["b"]}, ("甲",)),
        ([], [B], [C], {"甲": ["b"]}, ("甲",)), ([], [A], [OTHER], {"甲": ["a"], "乙": ["x"]}, ()),
        ([A], [], [A], {}, ()), ([A], [A], [], {}, ()), ([A], [], [], {}, ()),
        ([A], [], [B], {"甲": ["b"]}, ()), ([A], [B], [], {"甲": ["b"]}, ()),
        ([A, OTHER], [B, OTHER], [A, THIRD], {"甲": ["b"], "丙": ["y"]}, ()),
        ([A, OTHER, THIRD], [B, OTHER, THIRD], [C, OTHER], {"甲": ["b"], "乙": ["x"]}, ("甲",)),
        ([A], [A, entry_of(2, '"2"')], [A, entry_of(3, '"3"')], {"甲": ["a", "2"]}, ("甲",)),
        ([A, entry_of(2, '"2"')], [A], [A, entry_of(2, '"2"')], {"甲": ["a"]}, ()),
        ([], [], [], {}, ()),
        # called twice, and the two are not one as two logins would be
        ([A], [], [B, entry_of(1, '"c"', n=2, second=5)], {"甲": ["b", "c"]}, ()),
        ([A], [B, entry_of(1, '"c"', n=2, second=5)], [], {"甲": ["b", "c"]}, ()),
    ],
)  # fmt: skip
def test_each_owner_is_taken_from_the_side_that_changed_it(
    base: list[Entry], ours: list[Entry], theirs: list[Entry], merged: Any, conflicts: Any
) -> None:
    found = merge_versions(dumped(*base), dumped(*ours), dumped(*theirs), "a.yaml")

    assert (bodies(found.data), found.conflicts) == (merged, conflicts)
    assert bool(found.data) is bool(merged)  # a file without exchanges is none
    if not conflicts:
        assert found.theirs == b""
        return
    lost = bodies(found.theirs)
    assert lost["甲"] == bodies(dumped(*theirs) or b"")["甲"]
    assert {owner: lost[owner] for owner in lost if owner != "甲"} == {
        owner: merged[owner] for owner in merged if owner != "甲"
    }


@pytest.mark.parametrize(
    ("change", "is_conflict"),
    [
        ({"key": "0" * 32}, False), ({"rules": "r" * 16}, False), ({"net": 1}, False),
        ({"at": "2026-03-02T10:00:00.000+08:00"}, True), ({"ms": 99}, True),
        ({"values": {"crm.test": {"user": "zs"}}}, True), ({"seed": 7}, True),
        ({"moved": ("api a → b",)}, True),
    ],
)  # fmt: skip
def test_other_rules_alone_are_no_other_recording(
    change: dict[str, Any], *, is_conflict: bool
) -> None:
    """Both sides changed the recording; one of them in nothing but what is computed."""
    first = entry_of(2, '"1"', owner="一")  # whose rules and net are those of the head
    changed = A.with_line(**change)
    found = merge_versions(dumped(first, B), dumped(first, A), dumped(first, changed), "a.yaml")
    assert bool(found.conflicts) == is_conflict


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "merged"),
    [
        ([], [login_of('"1"', 1)], [login_of('"2"', 2)], ["2"]),
        ([], [login_of('"1"', 3)], [login_of('"2"', 2)], ["1"]),
        ([], [login_of('"1"', 1)], [login_of('"2"', 2, "ls")], ["1", "2"]),
        ([login_of('"1"', 1)], [login_of('"2"', 2)], [login_of('"3"', 3)], ["3"]),
        ([login_of('"1"', 1)], [], [login_of('"3"', 3)], ["3"]),
        # who removed one and changed the other, beside who changed that one alone
        ([login_of('"1"', 1), login_of('"2"', 2, "ls")], [login_of('"3"', 3)],
         [login_of('"4"', 4), login_of('"2"', 2, "ls")], ["4"]),
        ([login_of('"1"', 1), login_of('"2"', 2, "ls")],
         [login_of('"4"', 4), login_of('"2"', 2, "ls")], [login_of('"3"', 3)], ["4"]),
    ],
)  # fmt: skip
def test_logins_are_merged_one_by_one(
    base: list[Entry], ours: list[Entry], theirs: list[Entry], merged: list[str]
) -> None:
    found = merge_versions(dumped(*base), dumped(*ours), dumped(*theirs), "auth/crm.test.yaml")

    assert (sorted(bodies(found.data)["crm.test"]), found.conflicts) == (merged, ())


def pending(*entries: Entry, **more: Any) -> tuple[PendingExchange, ...]:
    return tuple(
        PendingExchange(line=one.line, text=one.text, issue=(number, 0), **more)
        for number, one in enumerate(entries, 1)
    )


def recording(*entries: Entry, owner: str = "甲", **more: Any) -> OwnerRecording:
    return OwnerRecording(owner, pending(*entries), **({"adding": False} | more))


@pytest.mark.parametrize(
    ("before", "new", "after", "numbers"),
    [
        ([], recording(A), {"甲": ["a"]}, [1]),
        ([A], recording(B), {"甲": ["b"]}, [1]),
        ([A], recording(B, adding=True), {"甲": ["a", "b"]}, [1, 2]),
        ([A.with_line(n=7)], recording(B, C, adding=True), {"甲": ["a", "b", "c"]}, [7, 8, 9]),
        ([A, OTHER], recording(B), {"乙": ["x"], "甲": ["b"]}, [1]),
        ([A, OTHER], recording(), {"乙": ["x"]}, []),
        ([A], recording(), {}, []),
        ([OTHER], recording(A, owner="甲", former="乙"), {"甲": ["a"]}, [1]),
        ([OTHER], recording(A, owner="甲", former="乙", adding=True), {"甲": ["x", "a"]}, [2, 3]),
        ([A, OTHER], recording(B, former="乙"), {"乙": ["x"], "甲": ["b"]}, [1]),
        ([A, THIRD], recording(B, former="乙"), {"丙": ["y"], "甲": ["b"]}, [1]),
    ],
)  # fmt: skip
def test_a_recording_takes_its_owners_place_in_a_file(
    tmp_path: Path, before: list[Entry], new: OwnerRecording, after: Any, numbers: list[int]
) -> None:
    path = tmp_path / "a.yaml"
    if before:
        path.write_bytes(dump_entries(before))
    data = render_merged_unless_empty(path, path, new, SAME)

    assert data is not None
    assert bodies(data) == after
    cassette = Cassette.of_bytes(data, "a.yaml")
    own = [cassette.line(n) for n in cassette.index.list_exchange_numbers("甲")]
    assert [line.n for line in own] == numbers
    assert merge_into_file(path, path, new, SAME) == (data != dumped(*before))
    assert path.read_bytes() == data


def test_nothing_is_written_where_there_is_neither_file_nor_exchange(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    assert render_merged_unless_empty(path, path, recording(), SAME) is None
    assert not merge_into_file(path, path, recording(), SAME)
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize(
    ("waiting", "new", "is_changed", "after"),
    [
        (None, recording(B), True, {"甲": ["b"], "乙": ["x"]}),
        (None, recording(A), False, None),
        ([A, THIRD], recording(B), True, {"丙": ["y"], "甲": ["b"]}),
        ([B, OTHER], recording(B), False, {"甲": ["b"], "乙": ["x"]}),
        ([B, OTHER], recording(A), False, {"甲": ["b"], "乙": ["x"]}),
    ],
)
def test_a_file_for_review_begins_as_a_copy_and_is_not_written_where_it_equals_the_file(
    tmp_path: Path, waiting: Any, new: OwnerRecording, after: Any, *, is_changed: bool
) -> None:
    path = tmp_path / "a.yaml"
    fresh = to_review_path(path)
    path.write_bytes(dump_entries([A, OTHER]))
    if waiting is not None:
        fresh.write_bytes(dump_entries(waiting))

    assert merge_into_file(path, fresh, new, SAME) == is_changed
    assert (bodies(fresh.read_bytes()) if fresh.exists() else None) == after
    assert path.read_bytes() == dump_entries([A, OTHER])


def test_a_damaged_file_is_kept_beside_its_successor_and_never_added_to(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    damaged = dump_entries([A]).replace(b"sealed", b"sea1ed")
    path.write_bytes(damaged)
    with pytest.raises(DamagedCassette):
        merge_into_file(path, path, recording(B, adding=True), SAME)
    assert path.read_bytes() == damaged

    assert merge_into_file(path, path, recording(B), SAME)
    assert (tmp_path / "a.yaml.damaged").read_bytes() == damaged
    assert bodies(path.read_bytes()) == {"甲": ["b"]}

    path.write_bytes(b"")
    (tmp_path / "a.yaml.damaged").unlink()
    assert merge_into_file(path, path, recording(C), SAME)
    assert [*tmp_path.iterdir()] == [path]


@pytest.mark.parametrize(
    ("known", "waiting", "is_deleted"),
    [
        ([A], [B], True), ([A, OTHER], [B, OTHER], True), ([A, OTHER], [B], False),
        ([A], [B, OTHER], False), ([A, OTHER, THIRD], [A, OTHER, THIRD.with_line(ms=1)], False),
        ([], [B], True), ([], [OTHER], False), ([A], None, True),
    ],
)  # fmt: skip
def test_a_file_for_review_goes_where_nothing_else_waits_in_it(
    tmp_path: Path, known: list[Entry], waiting: list[Entry] | None, *, is_deleted: bool
) -> None:
    path = tmp_path / "a.yaml"
    if known:
        path.write_bytes(dump_entries(known))
    if waiting is not None:
        to_review_path(path).write_bytes(dump_entries(waiting))
    delete_review_only_of_owner(path, "甲")

    assert to_review_path(path).exists() != is_deleted


def sessions(*letters: str) -> tuple[PendingExchange, ...]:
    """Return exchanges of a session for each of *letters*, of which each letter is a response."""
    entries = [
        entry_of(number, f'"{letter}"', session=session, second=10 * session + number)
        for session, word in enumerate(letters, 1)
        for number, letter in enumerate(word, 1)
    ]
    return pending(*entries)


@pytest.mark.parametrize(
    ("letters", "left"),
    [
        ([], []), (["ab"], [1]), (["ab", "ab"], [1]), (["ab", "ac"], [1, 2]),
        (["ab", "ac", "ab"], [1, 2]), (["ab", "ac", "ac", "ab"], [1, 2]), (["ab", "a"], [1, 2]),
        (["a", "ab", "abc"], [1, 2, 3]), (["ab", "ba"], [1, 2]), (["a", "b", "c", "b"], [1, 2, 3]),
    ],
)  # fmt: skip
def test_sessions_that_are_alike_are_recorded_once(letters: Sequence[str], left: list[int]) -> None:
    kept = drop_repeated_sessions(sessions(*letters), SAME)

    assert [*dict.fromkeys(one.line.session for one in kept)] == left
    assert len(kept) == sum(len(letters[session - 1]) for session in left)


@pytest.mark.parametrize(
    ("numbers", "left"),
    [([0], "bcx"), ([1], "acx"), ([0, 1, 2], "x"), ([3], "abc"), ([], "abcx"), ([7], "abcx"),
     ([0, 1, 2, 3], "")],
)  # fmt: skip
def test_what_stays_of_an_owner_keeps_its_account_and_seed(
    tmp_path: Path, numbers: list[int], left: str
) -> None:
    path = tmp_path / "a.yaml"
    values, other = {"crm.test": {"user": "张三"}}, {"crm.test": {"user": "李四"}}
    entries = [
        entry_of(1, '"a"', values=values, seed=7), entry_of(2, '"b"'), entry_of(3, '"c"'),
        entry_of(4, '"x"', owner="甲2", values=other, seed=9),
    ]  # fmt: skip
    path.write_bytes(dump_entries(entries))
    remove_exchanges(read_version(path), numbers)

    if not left:
        assert not path.exists()
        return
    cassette = Cassette.load(path)
    assert "".join(one for each in bodies(path.read_bytes()).values() for one in each) == left
    for owner, account, seed in (("甲", values, 7), ("甲2", other, 9)):
        if owner in cassette.owners:
            drawn = cassette.drawn_sequences(owner)
            assert drawn is not None
            assert (cassette.get_non_secret_credentials(owner), drawn.seeds) == (account, (seed,))


def journal(path: Path, process: int, *drafts: PendingExchange) -> Path:
    file = path.with_name(f"{path.name}.{process}-1.journal")
    file.write_bytes(b"".join(map(encode_record, drafts)))
    return file


@pytest.mark.parametrize(
    ("known", "drafts", "after", "review"),
    [
        ([], pending(A), {"甲": ["a"]}, None),
        ([OTHER], pending(A), {"乙": ["x"], "甲": ["a"]}, None),
        ([A], pending(B), {"甲": ["a"]}, {"甲": ["b"]}),
        ([A], pending(A), {"甲": ["a"]}, None),
        ([A, entry_of(2, '"2"')], pending(A), {"甲": ["a", "2"]}, None),
        ([A], pending(A, entry_of(2, '"2"')), {"甲": ["a"]}, {"甲": ["a", "2"]}),
        ([A], pending(entry_of(2, '"2"'), adding=True), {"甲": ["a", "2"]}, None),
        ([A], pending(A, adding=True), {"甲": ["a"]}, None),
        ([A], pending(A, A, entry_of(2, '"2"'), adding=True), {"甲": ["a", "a", "2"]}, None),
        ([], pending(A, leaks=("header",)), {}, None),
        ([], (*pending(A), *pending(OTHER)), {"乙": ["x"], "甲": ["a"]}, None),
        (
            [A], (*pending(A), *pending(entry_of(2, '"2"'), adding=True)),
            {"甲": ["a"]}, {"甲": ["a", "2"]},
        ),
    ],
)  # fmt: skip
def test_what_a_journal_holds_goes_into_the_file_or_waits(
    tmp_path: Path, known: list[Entry], drafts: Any, after: Any, review: Any
) -> None:
    path = tmp_path / "a.yaml"
    if known:
        path.write_bytes(dump_entries(known))
    file = journal(path, 999_999, *drafts)
    written = recover(path)

    assert (bodies(path.read_bytes()) if path.exists() else {}) == after
    fresh = to_review_path(path)
    assert (bodies(fresh.read_bytes()) if fresh.exists() else None) == review
    is_changed = bodies(dumped(*known) or b"") != after
    assert {*written} == {one for one, is_new in ((path, is_changed), (fresh, review)) if is_new}
    assert not file.exists()


@pytest.mark.parametrize("written", [(1, 2, 3), (2, 1, 3), (3, 1, 2), (1, 3, 2), (3, 2, 1)])
@pytest.mark.parametrize("processes", [(1, 1, 1), (1, 2, 1)])
def test_calls_of_a_journal_are_recovered_in_the_order_in_which_they_were_made(
    tmp_path: Path, written: Sequence[int], processes: Sequence[int]
) -> None:
    """Of calls at the same time, the last may have its response first."""
    path = tmp_path / "a.yaml"
    drafts = {n: pending(entry_of(n, f'"{n}"', second=0))[0] for n in written}
    for process in {*processes}:
        own = [n for n in written if processes[n - 1] == process]
        journal(path, process, *(replace(drafts[n], issue=(n, 0)) for n in own))

    recover(path)

    order = sorted(written, key=lambda n: (processes[n - 1], n))
    assert bodies(path.read_bytes()) == {"甲": [str(n) for n in order]}
    assert [one.line.n for one in Cassette.load(path).entries()] == [1, 2, 3]


@pytest.mark.parametrize(
    ("instants", "recovered"),
    [
        (["2026-11-29T08:00:00.000+08:00", "2026-11-29T00:30:00.000+00:00"], ["1", "2"]),
        (["2026-11-29T08:00:00.000+08:00", "2026-11-28T23:30:00.000+00:00"], ["2", "1"]),
        (["2026-11-29T09:00:00.000+08:00", "2026-11-29T08:59:00.000+08:00"], ["2", "1"]),
        (["2026-11-28T20:00:00.000-05:00", "2026-11-29T08:30:00.000+08:00"], ["2", "1"]),
    ],
)
def test_the_journal_that_began_first_comes_first_in_whatever_time_zone_it_is_written(
    tmp_path: Path, instants: Sequence[str], recovered: Sequence[str]
) -> None:
    path = tmp_path / "采购申请.yaml"
    for n, at in enumerate(instants, 1):
        journal(path, n, *pending(entry_of(n, f'"{n}"', at=at)))

    recover(path)

    assert bodies(path.read_bytes()) == {"甲": recovered}


def test_what_waits_already_is_added_to_whatever_the_file_says(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(dump_entries([A]))
    to_review_path(path).write_bytes(dump_entries([B]))
    journal(path, 999_999, *pending(A))

    assert recover(path) == (to_review_path(path),)
    assert bodies(to_review_path(path).read_bytes()) == {"甲": ["b", "a"]}
    assert bodies(path.read_bytes()) == {"甲": ["a"]}


def test_a_journal_of_a_newer_version_stays_and_the_others_are_written(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    first = journal(path, 1, *pending(A))
    newer = journal(path, 2, *(replace(one, format=9) for one in pending(OTHER)))
    last = journal(path, 3, *pending(THIRD))
    with pytest.raises(NewerFormat, match=r"a\.yaml\.2-1\.journal: record 1 was not"):
        recover(path)

    assert bodies(path.read_bytes()) == {"甲": ["a"], "丙": ["y"]}
    assert [one.exists() for one in (first, newer, last)] == [False, True, False]


@needs_forks
def test_a_journal_without_a_record_and_of_a_child_whose_parent_lives(tmp_path: Path) -> None:
    """The one holds nothing, the other will be collected by its parent."""
    path = tmp_path / "a.yaml"
    empty, own = journal(path, 1), journal(path, 2, *pending(A))
    child = journal(path, 3, *pending(OTHER, parent=os.getpid(), branch="a1"))
    assert recover(path) == (path,)

    assert bodies(path.read_bytes()) == {"甲": ["a"]}
    assert [one.exists() for one in (empty, own, child)] == [False, False, True]


def test_an_owner_that_nobody_recorded_has_no_entries(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(dump_entries([A, OTHER, entry_of(2, '"2"')]))
    cassette = Cassette.load(path)
    assert [one.line.n for one in list_owner_entries(cassette, "甲")] == [1, 2]
    assert list_owner_entries(cassette, "丁") == list_owner_entries(None, "甲") == []


LINE = '- bpmax: {"call":"crm.get","for":"甲","instance":"test","n":2,"key":"k"}'


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (LINE, "- 甲 · 2 · crm.get test"),
        (LINE.replace('"crm.get"', '""'), "- 甲 · 2 · - test"),
        (LINE.replace('"test"', '""'), "- 甲 · 2 · crm.get"),
        (LINE.replace("}", ',"failed":"reset"}'), "- 甲 · 2 · crm.get test reset"),
        (LINE.replace('"for":"甲",', ""), None), (LINE.replace('"n":2,', ""), None),
        ("- bpmax: {", None), ("- bpmax: []", None), ("- bpmax: ", None),
        ('bpmax: {"format":2}', ""), ('sealed: {"a":1}', ""), ("  bpmax: x", None),
        (r'    body: "a\"b', None), ("    a: 1", None),
    ],
)  # fmt: skip
def test_a_diff_shows_an_index_line_in_words(line: str, shown: str | None) -> None:
    text = to_diff_text(f"first\n{line}\nlast")

    between = line if shown is None else shown
    assert text == "\n".join(["first", *filter(None, [between]), "last", ""])


BROKEN = (
    '{"客户":"华东\\\\张三","网址":"https:\\/\\/crm.example.test",'
    '"附注":"他说 \\"好\\",再议再议再议"}'
)
SHELL = 'curl -d "\\"甲\\"" \\\n\n"\\"乙\\"" \\\n'


@pytest.mark.parametrize(
    ("sent", "said", "body", "string"),
    [
        (BROKEN, "ok", f'"{BROKEN}"', "|-ok"),
        ("{}", BROKEN, "|-{}", f'"{BROKEN}"'),
        (BROKEN, BROKEN, f'"{BROKEN}"', f'"{BROKEN}"'),
        (SHELL, "\n\\", f"|+{SHELL}", r'"\n\\"'),
        (BROKEN, "\n\\", f'"{BROKEN}"', r'"\n\\"'),
        ('\t\\"', SHELL, r'"\t\\\""', f"|+{SHELL}"),
    ],
)
def test_a_diff_shows_broken_texts_without_their_marks(
    sent: str, said: str, body: str, string: str
) -> None:
    text = to_diff_text(render_exchange(order(sent.encode(), outcome=answer(said))).text)

    parts = [part.partition("\n  response:")[0] for part in re.split("(?:body|string): ", text)]
    assert ["".join(map(str.strip, parts[n].split("\n"))) for n in (1, 2)] == [
        body.replace("\n", ""),
        string.replace("\n", ""),
    ]


@pytest.mark.parametrize(
    ("received", "shown"),
    [(BROKEN, f'"{BROKEN}"'), ("{}", "|-{}"), ('\t\\"', r'"\t\\\""'), (SHELL, f"|+{SHELL}")],
)
def test_a_diff_shows_what_arrived_of_a_response_without_marks(received: str, shown: str) -> None:
    failed = FailedExchange(code="RESET", message="连接中断", received=received.encode())
    text = to_diff_text(render_exchange(order(b"{}", outcome=failed)).text)

    lines = text.partition("received: ")[2].split("\n")
    assert "".join(map(str.strip, lines)) == shown.replace("\n", "")


FILE = dump_entries([entry_of(1, '"甲"')]).decode()
IN_GBK, AS_BYTES = FILE.encode("gb18030"), ("utf-8", "surrogateescape")


@pytest.mark.parametrize(
    ("data", "printed"),
    [
        (FILE.encode(), to_diff_text(FILE).encode()),
        (FILE.replace("\n", "\r\n").encode(), to_diff_text(FILE).encode()),
        (b"\xef\xbb\xbf" + FILE.encode(), b"\xef\xbb\xbf" + to_diff_text(FILE).encode()),
        (IN_GBK, to_diff_text(IN_GBK.decode(*AS_BYTES)).encode(*AS_BYTES)),
        (FILE.encode("utf-16"), FILE.encode("utf-16")),
        (b"a\r\nb\xff\0\x85", b"a\r\nb\xff\0\x85"),
        (b"# bpmax: {\r\n- bpmax: {}\r\n", b"# bpmax: {\r\n- bpmax: {}\r\n"),
        (b"", b""),
    ],
)
def test_git_gets_a_text_of_every_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: bytes, printed: bytes
) -> None:
    (tmp_path / "a.yaml").write_bytes(data)
    out = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "argv", ["textconv", str(tmp_path / "a.yaml")])
    monkeypatch.setattr(sys, "stdout", out)
    main()

    assert out.buffer.getvalue() == printed
