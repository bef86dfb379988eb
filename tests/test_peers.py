"""The tables of peers are what trials found, and a peer that is not there is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.peers.environment import PEERS, Peer, environment
from benchmarks.tables import END, TABLES, Lang, compare, mark, placed, results

ROOT = Path(__file__).parents[1]
LANGS: tuple[Lang, ...] = ("zh", "en")


def pages() -> list[tuple[Path, Lang]]:
    """Return every page that a table may stand on, with its language."""
    found: list[tuple[Path, Lang]] = [(ROOT / "README.md", "en"), (ROOT / "README.zh-CN.md", "zh")]
    for lang in LANGS:
        found += [(page, lang) for page in sorted((ROOT / "docs" / lang).rglob("*.md"))]
    return found


def test_no_cell_on_a_page_was_changed_by_hand() -> None:
    for page, lang in pages():
        text = page.read_text(encoding="utf-8")
        assert placed(text, lang) == text, page


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("name", TABLES)
def test_a_changed_cell_is_noticed(name: str, lang: Lang) -> None:
    good = f"# 比较\n\n{mark(name)}\n{TABLES[name](lang)}{END}\n\n后面\n"
    assert placed(good, lang) == good
    changed = good.replace("bpmax_sim |", "bpmax_sim (!) |", 1)
    assert changed != good
    assert placed(changed, lang) == good


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
        head, *_, told = compare(lang, found).splitlines()
        assert made_up.name not in head
        assert made_up.name in told
