"""The tables of peers are what trials found, and a peer that is not there is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.peers.__main__ import arguments, refusal
from benchmarks.peers.environment import PEERS, Peer, environment
from benchmarks.peers.sample import spread
from benchmarks.tables import DOCS, END, TABLES, Lang, compare, mark, placed, results

LANGS: tuple[Lang, ...] = ("zh", "en")


def page_of(name: str, lang: Lang) -> Path:
    """Return the page that the table *name* stands on, which is one."""
    pages = sorted((DOCS / lang).rglob("*.md"))
    found = [page for page in pages if mark(name) in page.read_text(encoding="utf-8")]
    assert len(found) == 1, (name, lang, found)
    return found[0]


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("name", TABLES)
def test_a_cell_changed_by_hand_on_its_page_is_noticed(name: str, lang: Lang) -> None:
    page = page_of(name, lang)
    text = page.read_text(encoding="utf-8")
    assert placed(text, lang) == text, f"{page}: run: python -m benchmarks.peers --write"

    before, _, table = text.partition(mark(name))
    rows = [line for line in table.partition(END)[0].splitlines() if line.startswith("|")]
    for row in rows[2:]:
        *cells, last, end = row.split("|")
        changed = "|".join([*cells, f" 0{last}", end])
        by_hand = before + mark(name) + table.replace(row, changed, 1)
        assert by_hand != text
        assert placed(by_hand, lang) == text


def test_both_languages_have_the_same_rows_and_no_empty_cell() -> None:
    for table in TABLES.values():
        rows = [
            [line.split(" | ") for line in table(lang).splitlines() if line.startswith("|")]
            for lang in LANGS
        ]
        assert [len(row) for row in rows[0]] == [len(row) for row in rows[1]]
        assert all(cell.strip(" |") for row in rows[0][2:] for cell in row)


def test_what_is_pinned_is_what_was_tried() -> None:
    tried = results()["peers"]
    assert {one.name: (one.version, one.date) for one in PEERS} == {
        name: (said["version"], said["date"]) for name, said in tried.items()
    }


def test_a_peer_that_cannot_be_installed_is_named_and_left_out(tmp_path: Path) -> None:
    made_up = Peer("bpmax-sim-no-such-peer", "1.0", "2026-11")
    _, missing = environment([made_up], base=(), folder=tmp_path, options=("--no-index",))
    assert list(missing) == [made_up.name]
    assert made_up.name in missing[made_up.name]
    found = {**results(), "missing": missing}
    for lang in LANGS:
        head, *_, told = compare(lang, found).splitlines()  # the last line says from what
        assert made_up.name not in head
        assert made_up.name in told


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--write", "--only", "vcrpy"), "--write keeps whole results"),
        (("--write", "--trials", "miss"), "--write keeps whole results"),
        (("--only", "no-such-tool"), "no-such-tool"),
    ],
)
def test_what_is_not_whole_is_not_written(
    options: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        arguments(options)
    assert ended.value.code == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "load", "why"),
    [
        (("--write",), 1.6, "busy"),
        (("--write", "--force"), 1.6, ""),
        (("--write",), 1.4, ""),
        (("--write",), None, ""),  # a system that does not tell
        ((), 9.0, ""),
    ],
)
def test_a_busy_machine_writes_when_forced_alone(
    options: tuple[str, ...], load: float | None, why: str
) -> None:
    told = refusal(arguments(options), load)
    assert why in told
    assert bool(told) == bool(why)


@pytest.mark.parametrize("size", [100, 1_000, 10_000])
def test_calls_are_taken_evenly_wherever_the_time_ends(size: int) -> None:
    taken = spread(size)
    assert len(taken) == len(set(taken)) == min(size, 301)
    for count in (8, 20, 50, 100):
        fifths = [sum(place * 5 // size == part for place in taken[:count]) for part in range(5)]
        assert max(fifths) - min(fifths) <= 2, (count, fifths)
