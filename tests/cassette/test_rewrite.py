from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.format import dump_exchanges
from bpmax_sim.cassette.matching import MatchingRules, exchange_to_parts
from bpmax_sim.cassette.merge import recompute_keys, remove_exchanges
from bpmax_sim.cassette.player import Player
from bpmax_sim.errors import DamagedCassette
from bpmax_sim.file_version import read_version
from tests.cassette.exchanges import OWNER, RULES, ZONE, detail, numbered, taken

NEW = MatchingRules(ignore=("query.fields",))
MINE = numbered(*(detail(number) for number in range(4)))
OTHERS = numbered(detail(9, owner="别的"))


@pytest.fixture(name="path")
def written(tmp_path: Path) -> Path:
    path = tmp_path / "crm.yaml"
    path.write_bytes(dump_exchanges([*MINE, *OTHERS], rules=RULES, zone=ZONE))
    return path


def test_keys_are_those_of_the_rules_in_force(path: Path) -> None:
    path.write_bytes(recompute_keys(Cassette.load(path), lambda _owner: NEW))
    cassette = Cassette.load(path)

    assert cassette.head.rules == {"crm_system": NEW.compute_digest("crm_system")}
    assert cassette.head.mixed is not True
    assert list(cassette.index.keys[OWNER]) != [one.key.encode() for one in MINE]
    assert taken(Player(cassette, NEW, OWNER), exchange_to_parts(MINE[2])).order == 3


def test_an_owner_whose_rules_nobody_knows_keeps_its_keys(path: Path) -> None:
    path.write_bytes(recompute_keys(Cassette.load(path), {OWNER: NEW}.get))
    cassette = Cassette.load(path)

    assert cassette.head.mixed is True
    assert list(cassette.index.keys["别的"]) == [OTHERS[0].key.encode()]
    assert taken(Player(cassette, RULES, "别的"), exchange_to_parts(OTHERS[0])).order == 1


def test_writing_anew_twice_changes_nothing(path: Path) -> None:
    path.write_bytes(recompute_keys(Cassette.load(path), {OWNER: NEW}.get))

    assert recompute_keys(Cassette.load(path), {OWNER: NEW}.get) == path.read_bytes()
    assert recompute_keys(Cassette.load(path), lambda _owner: None) == path.read_bytes()


def test_back_under_the_old_rules_the_old_bytes_come_back(path: Path) -> None:
    before = path.read_bytes()
    path.write_bytes(recompute_keys(Cassette.load(path), lambda _owner: NEW))

    assert recompute_keys(Cassette.load(path), lambda _owner: RULES) == before


@given(st.sets(st.integers(0, 4)))
def test_what_is_removed_is_gone_and_the_rest_is_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, numbers: set[int]
) -> None:
    path = tmp_path_factory.mktemp("削减") / "crm.yaml"
    path.write_bytes(dump_exchanges([*MINE, *OTHERS], rules=RULES, zone=ZONE))
    before = list(Cassette.load(path).entries())
    remove_exchanges(read_version(path), numbers)

    kept = [entry for number, entry in enumerate(before) if number not in numbers]
    assert path.exists() is bool(kept)
    if kept:
        assert list(Cassette.load(path).entries()) == kept


def test_a_damaged_file_is_not_written(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"customers/1?", b"customers/8?", 1))
    before = path.read_bytes()

    with pytest.raises(DamagedCassette):
        remove_exchanges(read_version(path), {0})
    with pytest.raises(DamagedCassette):
        recompute_keys(Cassette.load(path), lambda _owner: NEW)
    assert path.read_bytes() == before
