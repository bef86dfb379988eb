"""A file of every format that was ever written, and how an older one becomes today's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.format import STEPS, parse_head
from bpmax_sim.cassette.matching import MatchingRules, exchange_to_parts
from bpmax_sim.cassette.merge import recompute_keys
from bpmax_sim.cassette.miss import UnmatchedCallContext
from bpmax_sim.cassette.model import FORMAT
from bpmax_sim.cassette.player import Player
from bpmax_sim.errors import CassetteError
from tests.cassette.exchanges import OWNER, RULES

SAMPLES = Path(__file__).parent / "data"
CRM = ("crm_system", ("body.id",))


def test_every_version_has_a_sample_and_every_older_one_a_step() -> None:
    assert sorted(path.name for path in SAMPLES.glob("format_*.yaml")) == [
        f"format_{version}.yaml" for version in range(1, FORMAT + 1)
    ]
    assert sorted(STEPS) == list(range(1, FORMAT))


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("format_*.yaml")), ids=lambda p: p.stem)
def test_a_sample_of_every_version_is_read(path: Path) -> None:
    assert len(list(Cassette.load(path).exchanges())) == 5


def test_steps_are_taken_one_after_the_other() -> None:
    def step(number: int) -> Any:
        return lambda head: {**head, "start": f"{head['start']}{number}"}

    steps = {1: step(2), 2: step(3)}

    def start(version: int, newest: int = 3) -> str:
        return parse_head({"format": version, "start": ""}, steps=steps, newest=newest).start

    assert [start(1), start(2), start(3)] == ["23", "3", ""]
    with pytest.raises(LookupError, match="format 3 was never written by any bpmax-sim"):
        start(3, newest=4)


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("format_*.yaml")), ids=lambda p: p.stem)
def test_a_file_of_every_version_is_played_as_it_is(path: Path) -> None:
    before = path.read_bytes()
    cassette = Cassette.load(path)
    player = Player(cassette, RULES, OWNER)
    for number in range(5):
        player.take_next(exchange_to_parts(cassette.exchange(number)), UnmatchedCallContext())

    assert player.list_unplayed_exchanges() == ()
    assert path.read_bytes() == before


def test_the_one_digest_of_format_1_holds_while_all_platforms_are_as_they_were() -> None:
    head = Cassette.load(SAMPLES / "format_1.yaml").head

    assert head.rules == {"*": "f70a659c47721fe5"}
    assert RULES.is_valid_digest("crm_system", head.rules["*"])
    assert not MatchingRules(ignore=("query.t",)).is_valid_digest("crm_system", head.rules["*"])
    # what was volatile left the identity of requests, too, and does not any more
    volatile = MatchingRules(volatile=(CRM,))
    assert not volatile.is_valid_digest("crm_system", "f70a659c47721fe5")
    legacy = MatchingRules(scoped=(CRM,))._digest_of_format_1
    assert volatile.is_valid_digest("erp", legacy)
    assert not volatile.is_valid_digest("crm_system", legacy)


def test_written_anew_a_file_of_format_1_is_one_of_today() -> None:
    old = Cassette.load(SAMPLES / "format_1.yaml")

    assert recompute_keys(old, lambda _: RULES) == (SAMPLES / "format_2.yaml").read_bytes()


def test_rules_of_another_platform_make_no_file_stale() -> None:
    alone, more = (
        MatchingRules(),
        MatchingRules(scoped=(("erp", ("body.ts",)),), volatile=(("erp", ("body.a",)),)),
    )

    assert alone.compute_digest("crm_system") == more.compute_digest("crm_system")
    assert alone.compute_digest("erp") != more.compute_digest("erp")
    assert MatchingRules(scoped=(CRM,)).compute_digest("crm_system") != alone.compute_digest(
        "crm_system"
    )
    scoped = MatchingRules(scoped=(("crm_system.get_customer_detail", ("body.id",)),))
    assert scoped.compute_digest("crm_system") != alone.compute_digest("crm_system")
    assert scoped.compute_digest("crm") == alone.compute_digest("crm")


def test_a_format_that_was_never_written_is_refused_and_stays(tmp_path: Path) -> None:
    path = tmp_path / "客户.yaml"
    data = (SAMPLES / "format_1.yaml").read_bytes().replace(b'"format":1,', b'"format":0,', 1)
    path.write_bytes(data)
    with pytest.raises(CassetteError) as raised:
        Cassette.load(path)

    assert str(raised.value) == (
        f"{path}:2: format 0 was never written by any bpmax-sim; restore it or record it again"
    )
    assert path.read_bytes() == data
