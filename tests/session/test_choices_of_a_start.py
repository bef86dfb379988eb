"""What a session decides when it opens: mode, owner, clock, seeds and what it fetches first."""

from __future__ import annotations

import time
import warnings
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.journal import scan_nothing
from bpmax_sim.cassette.recorder import Recorder
from bpmax_sim.clock import Instant, RandomSequenceSeeds
from bpmax_sim.errors import CassetteError, InterruptedWarning
from bpmax_sim.secret.secret_names import VERSION
from bpmax_sim.session import start as start_module
from bpmax_sim.session.settings import Settings
from bpmax_sim.session.shared_recording import RunRecordings
from bpmax_sim.session.start import SessionStart, start_session
from bpmax_sim.yamlfile import to_display_path
from tests.cassette.exchanges import OWNER, RULES, detail
from tests.session.test_session_surface import opened

EIGHT = "2026-03-02T08:00:00.000+05:30"


@pytest.fixture(scope="module", name="recording")
def record_two_owners(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a cassette in which 甲 drew values in two sessions, and 乙 none."""
    folder = tmp_path_factory.mktemp("recording")
    with opened(folder, "record", clock=EIGHT, seed=41) as first:
        first.chance().bytes(4)
        first.proxy("crm").get(1)
        with opened(folder, "record", clock="2026-03-02T10:00:00+08:00", seed=41) as second:
            second.proxy("crm").get(2)
    with opened(folder, "record", owner="乙", clock="2026-05-01T00:00:00Z") as other:
        other.proxy("crm").get(3)
    return folder


def start(folder: Path, **options: Any) -> SessionStart:
    usual = {"cassette": folder / "cassettes/a.yaml", "environ": {}, "run": RunRecordings()}
    return start_session(Settings(**{**usual, **options}))


def test_what_is_recorded_decides_the_mode_and_whether_the_network_is_closed(
    recording: Path,
) -> None:
    rows = [
        # mode, record, against, owner -> mode, simulated, closed
        ("replay", "once", "live", "甲", "replay", False, True),
        ("replay", "once", "simulator", "丙", "replay", False, True),
        ("record", "once", "live", "甲", "replay", False, True),
        ("record", "once", "simulator", "甲", "replay", False, True),
        ("record", "once", "live", "丙", "record", False, False),
        ("record", "once", "simulator", "丙", "record", True, True),
        ("record", "new", "live", "甲", "record", False, False),
        ("record", "rewrite", "live", "甲", "record", False, False),
        ("record", "rewrite", "simulator", "甲", "record", True, True),
        ("live", "once", "live", "甲", "live", False, False),
        ("live", "once", "simulator", "甲", "live", False, False),
        ("simulate", "once", "live", "甲", "simulate", True, True),
    ]
    found = []
    for mode, record, against, owner, *_ in rows:
        made = start(recording, mode=mode, record=record, against=against, owner=owner)
        told = (made.mode, made.simulated, made.is_network_closed)
        found.append((mode, record, against, owner, *told))
        assert bool(made.owner_session.recording.name) == (made.mode == "record")
        assert (made.real_or_virtual_auth_clock is made.clock) == made.is_network_closed
    assert found == rows


def test_virtual_time_begins_where_it_was_recorded_else_where_it_is_told(recording: Path) -> None:
    def begin(**options: Any) -> tuple[str, float]:
        made = start(recording, **options)
        return str(Instant(made.clock.now(), made.zone)), made.zone.total_seconds()

    never = ("2026-01-01T00:00:00.000+08:00", 28800.0)
    given = "2030-01-01T00:00:00.000-03:00"
    assert [
        begin(owner="甲"), begin(owner="乙"), begin(owner="丙"), begin(owner="甲", cassette=None),
        begin(owner="甲", clock=Instant.parse(given)),
        begin(owner="丙", clock=Instant.parse(given)),
        begin(owner="甲", mode="simulate"), begin(owner="丙", mode="record", against="simulator"),
        begin(owner="甲", mode="record"),
    ] == [
        (EIGHT, 19800.0), ("2026-05-01T00:00:00.000+00:00", 0.0), never, never,
        (given, -10800.0), (given, -10800.0), never, never, (EIGHT, 19800.0),
    ]  # fmt: skip
    now = start(recording, owner="甲", mode="live")
    assert abs(now.clock.now() - time.time()) < 60
    assert now.zone.total_seconds() == 28800
    run = RunRecordings()
    sessions = [start(recording, owner="甲", run=run) for _ in range(3)]
    assert [str(Instant(one.clock.now(), one.zone)) for one in sessions] == [
        EIGHT, "2026-03-02T10:00:00.000+08:00", EIGHT,
    ]  # fmt: skip


def test_seeds_are_fixed_else_recorded_else_new(
    recording: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        start_module, "make_fresh_seed", lambda owner: {"甲": 901, "乙": 902}[owner]
    )

    def seeds(**options: Any) -> tuple[tuple[int, ...], dict[str, tuple[int, ...]]]:
        drawn = start(recording, **options).owner_session.recording.drawn
        return drawn.seeds, dict(drawn.ends)

    known = {"0": (1,)}
    new: dict[str, Any] = {"mode": "record", "record": "new"}
    afresh: dict[str, Any] = {"mode": "record", "record": "rewrite"}
    assert [
        seeds(owner="甲"), seeds(owner="乙"), seeds(owner="甲", seed=0), seeds(owner="甲", seed=7),
        seeds(owner="甲", **new), seeds(owner="乙", **new), seeds(owner="甲", seed=5, **new),
        seeds(owner="甲", against="simulator", **new),
        seeds(owner="乙", against="simulator", **new),
        seeds(owner="甲", **afresh), seeds(owner="甲", against="simulator", **afresh),
        seeds(owner="甲", mode="live"), seeds(owner="甲", mode="simulate"),
    ] == [
        ((41,), known), ((0,), {}), ((0,), {}), ((7,), {}),
        ((41, 901), known), ((902,), {}), ((5,), {}),
        ((41,), known), ((0,), {}),
        ((901,), {}), ((0,), {}), ((901,), {}), ((0,), {}),
    ]  # fmt: skip


def test_a_renamed_owner_goes_on_under_its_former_name_until_it_is_recorded_afresh(
    recording: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[str]] = []

    def adopt(owners: Sequence[str]) -> str:
        asked.append(sorted(owners))
        return "甲"

    def names(**options: Any) -> tuple[str, str, str, bool]:
        made = start(recording, **{"adopts": adopt, "owner": "新名", **options})
        one = made.owner_session.recording
        return made.mode, one.owner, one.former, one.cassette is not None

    assert [
        names(), names(mode="record"), names(mode="record", record="new"),
        names(mode="record", record="rewrite"), names(adopts=lambda _owners: ""),
        names(adopts=None), names(mode="record", adopts=None),
    ] == [
        ("replay", "甲", "", True), ("replay", "甲", "", True), ("record", "甲", "", True),
        ("record", "新名", "甲", True), ("replay", "新名", "", True),
        ("replay", "新名", "", True), ("record", "新名", "", True),
    ]  # fmt: skip
    assert asked == [["乙", "甲"]] * 4
    asked.clear()
    assert names(owner="乙") == ("replay", "乙", "", True)
    assert names(cassette=recording / "cassettes/没有.yaml")[1:] == ("新名", "", False)
    assert asked == []
    cassette = "bpmax_sim.cassette.file.Cassette.get_secret_name_rules_version"
    monkeypatch.setattr(cassette, lambda _self, owner: {"甲": 1, "乙": 2}.get(owner, 0))

    def net(**options: Any) -> int:
        return start(recording, **options).owner_session.recording.net

    assert VERSION not in {0, 1}
    assert [
        net(owner="甲"), net(owner="丙"), net(owner="甲", mode="record", record="new"),
        net(owner="甲", mode="record", record="rewrite"), net(owner="新名", adopts=adopt),
        net(owner="丙", mode="record", record="new"), net(owner="甲", mode="live"),
    ] == [1, VERSION, 1, VERSION, 1, VERSION, VERSION]  # fmt: skip


class Remote:
    """A storage that notes what is fetched."""

    def __init__(self) -> None:
        self.fetched: list[tuple[str, bool]] = []

    def fetch(self, path: Path, *, recording: bool) -> None:
        self.fetched.append((path.name, recording))


def test_a_run_shares_recordings_of_one_way_to_record_and_hands_on_what_is_volatile(
    recording: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = RunRecordings()
    numbers = [start(recording, owner="甲", run=run).owner_session.number for _ in range(3)]
    assert numbers == [1, 2, 3]  # though each is gone by then
    kept = [
        start(recording, owner=owner, mode=mode, record=record, run=run).owner_session
        for owner, mode, record in (
            ("丙", "record", "once"), ("丙", "record", "new"), ("丙", "record", "once"),
            ("丁", "record", "once"), ("甲", "live", "once"),
        )
    ]  # fmt: skip
    assert [one.number for one in kept] == [1, 1, 2, 1, 1]
    assert len({id(one.recording) for one in kept}) == 4
    monkeypatch.setattr(
        Cassette, "drawn_sequences", lambda _self, _owner: RandomSequenceSeeds((41,))
    )
    drawn = start(recording, owner="甲", mode="record", record="new").owner_session.recording.drawn
    assert drawn.seeds == (41,)  # it drew nothing

    monkeypatch.chdir(recording)
    cassette = start(recording, owner="甲").owner_session.recording.cassette
    assert cassette is not None
    assert cassette.path == Path("cassettes/a.yaml")  # as messages tell it
    with pytest.raises((CassetteError, OSError)):
        start(recording, cassette=recording / "cassettes")
    told: list[object] = []
    monkeypatch.setattr(start_module, "recover", lambda _path, *, volatile: told.append(volatile))

    def find_volatile(name: str) -> tuple[str, ...]:
        return (name,)

    path = recording / "cassettes/a.yaml"
    start_session(Settings(mode="record", cassette=path, environ={}, owner="戊"), find_volatile)
    assert told == [find_volatile]


def test_only_what_plays_or_adds_is_fetched_the_logins_after_the_recording(
    recording: Path, tmp_path: Path
) -> None:
    def fetched(**options: Any) -> list[tuple[str, bool]]:
        remote = Remote()
        logins = recording / "cassettes/auth"
        start(recording, **{"owner": "甲", "remote": remote, "logins": logins, **options})
        return remote.fetched

    login = "crm.default.yaml"
    assert fetched() == [("a.yaml", False), (login, False)]
    assert fetched(logins=None) == [("a.yaml", False)]
    assert fetched(owner="丙") == [("a.yaml", False)]
    assert fetched(mode="record") == [("a.yaml", True), (login, True)]
    assert fetched(mode="record", record="rewrite") == [("a.yaml", True)]
    assert [fetched(mode=mode) for mode in ("live", "simulate")] == [[], []]
    other = tmp_path / "cassettes/b.yaml"
    exchanges = [detail(1), detail(2)]
    assert exchanges[1].request.call
    call = replace(exchanges[1].request.call, platform="oa", instance="华东")
    exchanges[1] = replace(exchanges[1], request=replace(exchanges[1].request, call=call))
    with closing(Recorder(other, rules=RULES, owner=OWNER, scan=scan_nothing)) as made:
        for exchange in exchanges:
            made.append(exchange)
        made.seal()
    assert sorted(fetched(cassette=other, owner=OWNER)) == [
        ("b.yaml", False), ("crm_system.test.yaml", False), ("oa.华东.yaml", False),
    ]  # fmt: skip
    assert fetched(cassette=None) == []
    assert start(recording, owner="甲", logins=tmp_path).mode == "replay"


def test_an_interrupted_recording_is_told_where_it_is_not_completed(
    recording: Path, tmp_path: Path
) -> None:
    (tmp_path / "cassettes").mkdir()
    cassette = tmp_path / "cassettes/a.yaml"
    cassette.write_bytes((recording / "cassettes/a.yaml").read_bytes())
    journal = tmp_path / "cassettes/a.yaml.4000000-1.journal"
    for options, is_told, is_left in (
        ({}, True, True), ({"mode": "live"}, False, True),
        ({"mode": "record", "owner": "甲"}, False, False),
    ):  # fmt: skip
        journal.write_bytes(b"")
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            start(tmp_path, **options)
        told = [str(one.message) for one in caught if one.category is InterruptedWarning]
        assert (len(told), journal.exists()) == (is_told, is_left), options
        for text in told:
            assert text.startswith(to_display_path(journal))
            assert text.endswith(f"`bpmax-sim cassette recover {to_display_path(cassette)}`")
