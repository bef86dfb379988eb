"""Every recording of this repository, written as another tool's and read again.

It says the same, or a note says what was lost on the way.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.matching import Difference
from bpmax_sim.check.diff import compare_cassettes
from bpmax_sim.platform.load import Platforms, load_platforms
from bpmax_sim.secret.vault import Vault
from bpmax_sim.session.credentials import find_volatile_places, get_matching_rules
from bpmax_sim.traffic.formats import read_foreign, write_foreign
from bpmax_sim.traffic.import_recording import prepare_import, render_exchanges, write_recording

ROOT = Path(__file__).parents[3]
CASSETTES = sorted((ROOT / "cassettes").rglob("*.yaml"))
RIVALS = "declared at this address by 平台标识 as well; taken for crm_system"
LOGIN = "which replay synthesises"
HEADERS = re.compile(r"vcrpy does not tell that the script set (.+); when this is imported")


@pytest.fixture(scope="module")
def platforms() -> Platforms:
    return load_platforms(ROOT / "scenarios/platforms")


def read_again(
    path: Path, kind: str, platforms: Platforms, to: Path
) -> tuple[list[Difference], list[str]]:
    """Return how *path* differs from itself by way of *kind*, and the notes of both ways."""
    before, rules = Cassette.load(path), get_matching_rules(platforms, ())
    data, notes = write_foreign(before.exchanges(), kind)
    vault, owner = Vault(), before.owners[0]
    found = prepare_import(
        read_foreign(data, kind=kind), platforms, vault, rules=rules, owner=owner
    )
    told = [*notes, *found.notes]
    if not found.exchanges:
        return [], told
    write_recording(to, owner, render_exchanges(found.exchanges, rules, vault))
    pairs = list(
        compare_cassettes(
            before, Cassette.load(to), rules, lambda n: find_volatile_places(platforms, n)
        )
    )
    assert all(pair.old and pair.new for _, pair in pairs) or any(RIVALS in n for n in told)
    return [
        one for _, pair in pairs if pair.old and pair.new for one in (*pair.request, *pair.response)
    ], told


@pytest.mark.parametrize("kind", ["har", "vcrpy", "wiremock"])
def test_what_comes_back_is_the_same_or_a_note_says_what_is_lost(
    kind: str, platforms: Platforms, tmp_path: Path
) -> None:
    for path in CASSETTES:
        to = tmp_path / path.relative_to(ROOT)
        found, notes = read_again(path, kind, platforms, to)
        lost = {
            f"header.{name}" for n in notes for m in HEADERS.findall(n) for name in m.split(", ")
        }
        assert {one.path for one in found} <= lost, path
        assert to.exists() or all(LOGIN in note for note in notes), path
        others = [n for n in notes if not (HEADERS.search(n) or LOGIN in n or RIVALS in n)]
        assert others == [], path
