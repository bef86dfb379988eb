"""What an opened file tells of itself and of its owners, and by what a damaged one is known."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from bpmax_sim.cassette import file
from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.format import dump_entries, render_exchange
from bpmax_sim.cassette.model import FORMAT, Entry
from bpmax_sim.clock import Instant, RandomSequenceSeeds
from bpmax_sim.errors import CassetteError, DamagedCassette
from bpmax_sim.messages import FailedExchange
from tests.cassette.exchanges import OWNER, START, ZONE, answer, detail

RESET = FailedExchange(code="RESET", message="连接被重置")


def entry_of(number: int = 1, *, fails: bool = False, **line: Any) -> Entry:
    exchange = detail(number, outcome=RESET if fails else answer(), order=number)
    second = line.pop("second", 0)
    entry = render_exchange(replace(exchange, at=START.seconds + second), zone=ZONE)
    return entry.with_line(**line)


DATA = dump_entries([entry_of(1), entry_of(2), entry_of(3, fails=True)])
UNNAMED = dump_entries([entry_of(1, call="")])
NAME = f"(crm_system.get_customer_detail for {OWNER})"
CUT = "without its `sealed:` line, it was cut short"
MARKER = "a Git conflict marker"
REWRITTEN = "a.yaml: rewritten by a formatter or a YAML library"
FOLLOWS = "a.yaml: something follows the `sealed:` line, or its end is missing"
MISSING = "a.yaml: the `failures:` or the `sealed:` line is missing"
NEWER = (
    f"a.yaml: format {FORMAT + 1} was written by a newer bpmax-sim, this one reads up to {FORMAT}"
)
OF_NOBODY = f"(without a builder for {OWNER})"
BETWEEN = "a.yaml: there are lines between the exchanges"


def find(text: bytes, after: int = 0) -> int:
    return DATA.index(text, after)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "a.yaml: the file is empty"),
        (b" \r\n\t\n", "a.yaml: the file is empty"),
        (b"\xfe\xff\0a", "a.yaml:1: the file is UTF-16, not UTF-8"),
        (b"\xff\xfea\0", "a.yaml:1: the file is UTF-16, not UTF-8"),
        (b"<<<<<<< HEAD\n" + DATA, f"a.yaml:1: {MARKER}"),
        (b"<<<<<<<\r\n" + DATA, f"a.yaml:1: {MARKER}"),
        (DATA + b"=======\n", f"a.yaml:45: {MARKER}"),
        (DATA + b">>>>>>> theirs\r\n", f"a.yaml:45: {MARKER}"),
        (DATA + b">>>>>>>x\n", FOLLOWS),
        (DATA + b" =======\n", FOLLOWS),
        (DATA + b"x: 1\n", FOLLOWS),
        (DATA + b"}\n", FOLLOWS),
        (DATA[:-2] + b" \n", f"a.yaml:45: the file ends in exchange 3 {NAME} {CUT}"),
        (DATA[:-1] + b" \n", f"a.yaml:45: the file ends in exchange 3 {NAME} {CUT}"),
        (DATA[:-2], f"a.yaml:44: the file ends in exchange 3 {NAME} {CUT}"),
        (DATA[:-1], f"a.yaml:44: the file ends in exchange 3 {NAME} {CUT}"),
        (DATA[:11], f"a.yaml:2: the file ends {CUT}"),
        (DATA[:15], f"a.yaml:2: the file ends {CUT}"),
        (DATA[:40], f"a.yaml:2: the file ends {CUT}"),
        (DATA[: find(b"interactions")], f"a.yaml:3: the file ends {CUT}"),
        (DATA[: find(b"- bpmax") + 20], f"a.yaml:4: the file ends in exchange 1 {CUT}"),
        (DATA[: find(b"failures:") - 1], f"a.yaml:31: the file ends in exchange 2 {NAME} {CUT}"),
        (DATA[: find(b"failures:") + 30], f"a.yaml:33: the file ends in exchange 3 {CUT}"),
        (UNNAMED[:-60], f"a.yaml:19: the file ends in exchange 1 {OF_NOBODY} {CUT}"),
        (
            DATA.replace(b'"interactions":2', b'"interactions":3'),
            "a.yaml: it was sealed with 3 interactions and 1 failures, and holds 2 and 1",
        ),
        (
            DATA.replace(b'"failures":1', b'"failures":0'),
            "a.yaml: it was sealed with 2 interactions and 0 failures, and holds 2 and 1",
        ),
        (
            DATA.replace(b'"interactions":2,"failures":1', b'"interactions":1,"failures":2'),
            "a.yaml: it was sealed with 1 interactions and 2 failures, and holds 2 and 1",
        ),
        (DATA.replace(b"failures:\n", b"failures:\n# a\n"), BETWEEN),
        (DATA.replace(b"interactions:\n", b"interactions:\n\n"), BETWEEN),
        (DATA.replace(b'"key":"', b'"key":"x', 1), BETWEEN),
        (DATA.replace(b"failures:\n", b"failure:\n"), MISSING),
        (DATA.replace(b"sealed: {", b"sealed: ["), REWRITTEN),
        (DATA.replace(b"version: 1\n", b"version:  1\n"), REWRITTEN),
        (DATA.replace(b"\n- bpmax: {", b"\n  - bpmax: { "), REWRITTEN),
        (DATA.replace(b"\n- bpmax: {", b"\n  -   bpmax: \n"), REWRITTEN),
        (DATA.replace(b"version: 1\n", b""), "a.yaml: not a cassette of bpmax-sim"),
        (
            DATA.replace(b'"format":2', b'"format":%d' % (FORMAT + 1)),
            NEWER,
        ),
        (
            DATA.replace(b'"format":2', b'"format":0'),
            "a.yaml:2: format 0 was never written by any bpmax-sim",
        ),
        (b"interactions:\n- request: {}\n", "a.yaml: not a cassette of bpmax-sim"),
        (b"version: 1\ninteractions: []\n", "a.yaml: not a cassette of bpmax-sim"),
    ],
)  # fmt: skip
def test_a_file_that_is_none_is_told_by_its_most_certain_cause(data: bytes, told: str) -> None:
    with pytest.raises(CassetteError) as caught:
        Cassette.of_bytes(data, "a.yaml")

    assert str(caught.value).partition(";")[0] == told


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("mark", [b"<<<<<<< HEAD", b"=======", b">>>>>>> theirs"])
def test_a_large_file_that_git_has_merged_is_known_whatever_ends_its_lines(
    tmp_path: Path, mark: bytes, end: bytes
) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(b"version: 1\n# %b\n%b%b" % (b"-" * file._IN_MEMORY, mark, end))
    with pytest.raises(DamagedCassette) as caught:
        Cassette.load(path)

    assert str(caught.value).startswith(f"{path}:3: {MARKER}")


@pytest.mark.parametrize(
    ("failing", "order"),
    [
        ((), [1, 2, 3]),
        ((1, 2, 3), [1, 2, 3]),
        ((1,), [2, 3, 1]),
        ((2,), [1, 3, 2]),
        ((3,), [1, 2, 3]),
        ((1, 3), [2, 1, 3]),
    ],
)
def test_each_exchange_ends_where_the_next_or_its_section_ends(
    failing: Sequence[int], order: list[int]
) -> None:
    """Failures stand behind all others in the file, and among them where they were issued."""
    written = [entry_of(n, fails=n in failing) for n in (1, 2, 3)]
    same = [entry_of(1, fails=n in failing, n=n) for n in (1, 2, 3)]
    cassette = Cassette.of_bytes(dump_entries(written), "a.yaml")

    assert [entry.line.n for entry in cassette.entries()] == order
    assert [entry.text for entry in cassette.entries()] == [written[n - 1].text for n in order]
    numbers = cassette.index.list_exchange_numbers(OWNER)
    assert [cassette.line(n).n for n in numbers] == [1, 2, 3]
    assert cassette.index.first_failure == 3 - len(failing)
    equal = Cassette.of_bytes(dump_entries(same), "a.yaml")
    found = equal.index.find_numbers(OWNER, equal.line(0).key)
    assert [equal.line(n).n for n in found] == [1, 2, 3]
    assert equal.index.find_numbers("别人", equal.line(0).key) == ()
    assert equal.index.find_numbers(OWNER, "0" * 32) == ()
    assert repr(cassette) == "<Cassette 'a.yaml': 3 exchanges>"


@pytest.mark.parametrize("asked", [[0, 1, 2], [2, 1, 0], [1, 1, 0, 2], [2, 0, 2, 0], [0, 0]])
def test_an_exchange_is_in_one_line_in_whatever_order_they_are_asked_for(asked: list[int]) -> None:
    lines = [n for n, line in enumerate(DATA.split(b"\n"), 1) if line.startswith(b"- bpmax: ")]
    cassette = Cassette.of_bytes(DATA, "合同.yaml")

    assert [cassette.line_number(number) for number in asked] == [lines[n] for n in asked]
    assert str(cassette.place(asked[0])) == f"合同.yaml:{lines[asked[0]]}"


@pytest.mark.parametrize(
    ("sessions", "starts"),
    [
        # the second at which sessions 1, 2, 3 and 4 begin, by that of each exchange
        ([1], [0, 0, 0, 0]),
        ([1, 1, 2, 2, 3], [0, 2, 4, 0]),
        ([2, 2], [0, 0, 0, 0]),
        ([3, 1, 2], [0, 2, 0, 0]),
    ],
)
def test_a_session_that_recorded_nothing_begins_as_its_owner_does(
    sessions: list[int], starts: list[int]
) -> None:
    entries = [
        entry_of(n, session=session, second=n - 1, seed=n, values={"crm": {"n": str(n)}})
        for n, session in enumerate(sessions, 1)
    ]
    cassette = Cassette.of_bytes(dump_entries(entries), "a.yaml")

    found = [cassette.start(OWNER, session=session) for session in (1, 2, 3, 4)]
    assert found == [Instant(START.seconds + second, ZONE) for second in starts]
    assert cassette.start(OWNER) == found[0]
    assert cassette.start("别人") is None
    assert cassette.get_non_secret_credentials("别人") == {}
    assert cassette.get_non_secret_credentials(OWNER) == {"crm": {"n": "1"}}


@pytest.mark.parametrize(
    ("nets", "other", "version"),
    [
        ([], 3, 0),
        ([0], 0, 0),
        ([3], 3, 3),
        ([3], 0, 3),
        ([0], 3, 0),
        ([1, 3, 2], 3, 3),
        ([None, 2], 2, 2),
        ([None], 2, 0),
    ],
)
def test_an_owner_was_redacted_with_the_newest_rules_of_its_exchanges(
    nets: list[int | None], other: int, version: int
) -> None:
    entries = [entry_of(n, net=net) for n, net in enumerate(nets, 1)]
    cassette = Cassette.of_bytes(dump_entries([*entries, entry_of(owner="乙", net=other)]), "a")

    assert cassette.get_secret_name_rules_version(OWNER) == version
    assert cassette.get_secret_name_rules_version("乙") == other
    assert cassette.get_secret_name_rules_version("丙") == 0


@pytest.mark.parametrize(
    ("seed", "drawn"),
    [
        (0, None),
        (7, RandomSequenceSeeds((7,))),
        (RandomSequenceSeeds((7, 8), {"a": (1,)}), RandomSequenceSeeds((7, 8), {"a": (1,)})),
    ],
)
def test_what_scripts_drew_is_read_in_either_form(seed: Any, drawn: Any) -> None:
    cassette = Cassette.of_bytes(dump_entries([entry_of(seed=seed), entry_of(2)]), "a.yaml")

    assert cassette.drawn_sequences(OWNER) == drawn
    assert cassette.drawn_sequences("别人") is None


@pytest.mark.parametrize(
    ("seeds", "drawn"),
    [
        ([(5,), (5, 6)], (5, 6)),
        ([(5,), (9,)], (5,)),
        ([(5,), (5, 6), (9,)], (5, 6)),
        ([(5, 6), (5,)], (5, 6)),
    ],
)
def test_a_recording_that_goes_on_has_the_seeds_of_all_its_runs(
    seeds: list[tuple[int, ...]], drawn: tuple[int, ...]
) -> None:
    """But not those of one that began anew."""
    entries = [
        entry_of(n, session=n, seed=RandomSequenceSeeds(one)) for n, one in enumerate(seeds, 1)
    ]
    cassette = Cassette.of_bytes(dump_entries(entries), "a.yaml")

    assert cassette.drawn_sequences(OWNER) == RandomSequenceSeeds(drawn)


def padded(size: int) -> bytes:
    """Return a file of *size* bytes."""
    base = len(dump_entries([render_exchange(detail(1, outcome=answer("x")))]))
    data = dump_entries([render_exchange(detail(1, outcome=answer("x" * (size - base + 1))))])
    assert len(data) == size
    return data


@pytest.mark.parametrize("size", [65_535, 65_536, 65_537])
def test_a_file_is_kept_in_memory_up_to_a_size(tmp_path: Path, size: int) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(padded(size))
    once = file.load_cached(str(path))

    is_kept = size <= 65_536
    assert (file.load_cached(str(path)) is once) == is_kept
    assert (once.outcome(0) is once.outcome(0)) == is_kept
    assert (once.entry(0) is once.entry(0)) == is_kept


def test_a_file_is_kept_by_its_whole_path_and_shown_by_the_one_that_was_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder, number in (("一", 1), ("二", 2)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.yaml").write_bytes(dump_entries([entry_of(number)]))
    found = []
    for folder in ("一", "二", "一"):
        monkeypatch.chdir(tmp_path / folder)
        found.append(file.load_cached("a.yaml"))

    assert [one.line(0).n for one in found] == [1, 2, 1]
    assert found[2] is found[0]
    absolute = file.load_cached(str(tmp_path / "一" / "a.yaml"))
    assert (str(absolute.path), str(found[0].path)) == (str(tmp_path / "一" / "a.yaml"), "a.yaml")


@pytest.mark.parametrize("is_longer", [True, False])
@pytest.mark.parametrize("is_later", [True, False])
def test_a_file_that_was_written_in_place_is_read_anew(
    tmp_path: Path, *, is_longer: bool, is_later: bool
) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(dump_entries([entry_of(1)]))
    status = path.stat()
    once = file.load_cached(str(path))
    entries = [entry_of(2), *([entry_of(3)] if is_longer else [])]
    path.write_bytes(dump_entries(entries))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + is_later))

    again = file.load_cached(str(path))

    assert (again is once) == (not is_longer and not is_later)
    if again is not once:
        assert [entry.line.n for entry in again.entries()] == [entry.line.n for entry in entries]


@pytest.mark.parametrize("size", [file._IN_MEMORY, file._IN_MEMORY + 1])
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_a_large_file_is_read_whatever_its_line_ends(tmp_path: Path, size: int, ends: str) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(padded(size).replace(b"\n", ends.encode()))
    cassette = Cassette.load(path)

    assert cassette.line_number(0) == 4
    assert len(cassette.entry(0).text) > size - 2000
    path.write_bytes(path.read_bytes().replace(b"xx", b"xy", 1))
    with pytest.raises(DamagedCassette, match=r"a\.yaml:4: exchange 1 \("):
        Cassette.load(path).entry(0)
