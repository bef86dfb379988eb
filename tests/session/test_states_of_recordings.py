"""When a recording is open, shared, over and written: the states, without any call."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bpmax_sim.clock import RandomSequenceSeeds
from bpmax_sim.errors import CassetteError, ConfigError
from bpmax_sim.secret.vault import Vault
from bpmax_sim.session.shared_recording import (
    OPEN_SESSIONS,
    OwnerSession,
    RunRecordings,
    SharedRecording,
)


class Opener:
    """Opens recordings, numbered, of one mode."""

    def __init__(self, mode: str = "record") -> None:
        self.mode = mode
        self.opened: list[SharedRecording] = []

    def __call__(self) -> SharedRecording:
        self.opened.append(SharedRecording(self.mode))
        return self.opened[-1]


def number_of(session: OwnerSession, opener: Opener) -> tuple[int, int]:
    """Return the number of the recording of *session*, and that of the session in it."""
    return opener.opened.index(session.recording), session.number


def close(session: OwnerSession, seal: Callable[[bool], None], *, failed: bool = False) -> None:
    session.recording.close_session(session, Vault(), seal, failed=failed)


def test_sessions_that_are_open_at_once_share_what_the_last_one_ends(tmp_path: Path) -> None:
    opener, ended = Opener(), list[tuple[str, bool]]()
    path, key = tmp_path / "a.yaml", ("甲", "record", "once")

    def open_one() -> OwnerSession:
        return OPEN_SESSIONS.join(path, key, opener)

    first, second, third = open_one(), open_one(), open_one()
    assert [number_of(one, opener) for one in (first, second, third)] == [(0, 1), (0, 2), (0, 3)]
    close(second, lambda failed: ended.append(("2", failed)), failed=True)
    close(first, lambda failed: ended.append(("1", failed)))
    assert (ended, first.recording.is_over, first.recording.is_idle) == ([], False, False)
    close(third, lambda failed: ended.append(("3", failed)))
    assert (ended, first.recording.is_over, first.recording.is_idle) == ([("3", True)], True, True)

    again = open_one()
    close(again, lambda failed: ended.append(("4", failed)))
    assert (number_of(again, opener), ended[1:]) == ((1, 1), [("4", False)])


def test_without_a_file_no_session_shares_anything() -> None:
    opener = Opener()
    sessions = [RunRecordings().join(None, ("甲",), opener) for _ in range(2)]
    run = RunRecordings()
    sessions += [run.join(None, ("甲",), opener) for _ in range(2)]

    assert [number_of(one, opener) for one in sessions] == [(n, 1) for n in range(4)]
    assert run.finish(failed=False) == ()


def test_only_equal_keys_and_the_same_file_share(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    opener, run = Opener(), RunRecordings()
    asked = [
        (Path("a.yaml"), "甲", "record", "once"), (tmp_path / "a.yaml", "甲", "record", "once"),
        (tmp_path / "x/../a.yaml", "甲", "record", "once"),
        (Path("b.yaml"), "甲", "record", "once"),
        (Path("a.yaml"), "乙", "record", "once"), (Path("a.yaml"), "甲", "record", "new"),
    ]  # fmt: skip
    sessions = [run.join(path, key, opener) for path, *key in asked]  # type: ignore[arg-type]

    found = [number_of(one, opener) for one in sessions]
    assert found == [(0, 1), (0, 2), (0, 3), (1, 1), (2, 1), (3, 1)]


def test_a_replay_shares_a_file_until_another_one_is_there(tmp_path: Path) -> None:
    path, opener, run = tmp_path / "a.yaml", Opener("replay"), RunRecordings()

    def join_after(text: str | None, time: int = 10**18) -> int:
        if text is None:
            path.unlink(missing_ok=True)
        else:
            path.write_text(text, "utf-8")
            os.utime(path, ns=(time, time))
        return number_of(run.join(path, ("甲", "replay", "once"), opener), opener)[0]

    assert [join_after(None), join_after(None), join_after("1"), join_after("1")] == [0, 0, 1, 1]
    assert [join_after("2", 10**18 + 1), join_after("22", 10**18 + 1)] == [2, 3]
    other = tmp_path / "b.yaml"
    other.write_text("33", "utf-8")
    os.utime(other, ns=(10**18 + 1, 10**18 + 1))
    other.replace(path)
    assert [join_after("33", 10**18 + 1), join_after("33", 10**18 + 1)] == [4, 4]

    recording = Opener()
    path.write_text("1", "utf-8")
    first = run.join(path, ("乙", "record", "once"), recording)
    path.write_text("2345", "utf-8")
    assert run.join(path, ("乙", "record", "once"), recording).recording is first.recording


def test_what_a_run_recorded_is_written_before_it_is_played_and_only_if_nobody_has_it_open(
    tmp_path: Path,
) -> None:
    path, run, written = tmp_path / "a.yaml", RunRecordings(), list[tuple[str, bool]]()

    def seal_as(name: str) -> Callable[[bool], None]:
        return lambda failed: written.append((name, failed))

    opener = Opener()
    made = [run.join(path, (owner, "record", "once"), opener) for owner in ("甲", "乙", "丙")]
    for session, name in zip(made[:2], "甲乙", strict=True):
        close(session, seal_as(name), failed=name == "甲")
    assert written == []
    run.join(path, ("甲", "replay", "once"), Opener("replay"))
    assert written == [("甲", False)]  # by then nobody has failed the run
    run.join(path, ("丙", "replay", "once"), Opener("replay"))
    run.join(tmp_path / "b.yaml", ("乙", "replay", "once"), Opener("replay"))
    assert written == [("甲", False)]
    close(made[2], seal_as("丙"))

    assert written == [("甲", False)]
    run.finish(failed=True)
    assert written == [("甲", False), ("乙", True), ("丙", True)]


def test_a_run_ends_each_recording_once_and_tells_the_first_error(tmp_path: Path) -> None:
    run, written = RunRecordings(), list[str]()

    def seal_as(name: str) -> Callable[[bool], None]:
        def seal(_failed: bool) -> None:
            written.append(name)
            if name != "丙":
                raise CassetteError(f"{name} cannot be written")

        return seal

    for name in ("甲", "乙", "丙"):
        close(run.join(tmp_path / name, (name, "record"), Opener()), seal_as(name))
    with pytest.raises(CassetteError, match="甲 cannot be written"):
        run.finish(failed=False)

    assert written == ["甲", "乙", "丙"]
    assert run.finish(failed=False) == ()
    assert written == ["甲", "乙", "丙"]


def test_a_session_left_open_ends_its_recording_after_the_run(tmp_path: Path) -> None:
    run, opener, ended = RunRecordings(), Opener(), list[bool]()
    sessions = [run.join(tmp_path / "a.yaml", ("甲", "record"), opener) for _ in range(3)]
    close(sessions[0], ended.append)
    run.finish(failed=True)
    assert (ended, opener.opened[0].is_over) == ([], False)
    close(sessions[1], ended.append)
    assert ended == []
    close(sessions[2], ended.append)
    assert (ended, opener.opened[0].is_over) == ([True], True)


def _note_scan(scans: list[Any], scan: object, size: object) -> None:
    scans.append((scan, size))


def test_the_secrets_of_all_sessions_are_looked_for_in_what_several_recorded() -> None:
    found: dict[int, list[Any]] = {}
    for count in (1, 2, 3):
        recording = SharedRecording("record")
        scans: list[Any] = []
        recorder: Any = SimpleNamespace(set_scan=partial(_note_scan, scans))
        recording.recorder = recorder
        for number, session in enumerate([recording.open_session() for _ in range(count)]):
            vault = Vault()
            vault.add(f"s3cret-value-{number}", f"redacted.crm.test.key.{number}", name="crm.key")
            recording.close_session(session, vault, lambda _failed: None, failed=False)
        found[count] = [size() for _, size in scans]

    assert [len(found[count]) for count in (1, 2, 3)] == [0, 1, 1]
    assert found[3][0] > found[2][0] > 0


def test_each_session_draws_from_seeds_of_its_own() -> None:
    recording = SharedRecording(
        "record", drawn=RandomSequenceSeeds((7, 8), {"1": (3,), "2.1": (4,)})
    )
    first, second, third = (recording.open_session() for _ in range(3))

    def derive(seed: int, number: int) -> int:
        return int.from_bytes(sha256(f"{seed}/{number}".encode()).digest()[:6])

    seeds = [
        [seed for seed, _ in one.get_seeds_with_draw_ends(1)] for one in (first, second, third)
    ]
    assert seeds == [[7, 8], [derive(7, 2), derive(8, 2)], seeds[2]]
    assert derive(7, 3) in seeds[2]
    assert next(end for _, end in first.get_seeds_with_draw_ends(1)) == 3
    assert next(end for _, end in second.get_seeds_with_draw_ends(1)) == 4
    nothing = SharedRecording("replay")
    assert [
        [seed for seed, _ in nothing.open_session().get_seeds_with_draw_ends(0)] for _ in range(3)
    ] == [[0]] * 3  # what simulators draw is the same everywhere

    assert not recording.has_drawn
    second.note_draw(1, 1)
    assert recording.has_drawn
    assert set(recording.drawn.ends) == {"1", "2.1"}
    third.note_draw(0, 2)
    first.note_draw(0, 9)
    assert {name: ends[-1] for name, ends in recording.drawn.ends.items()} == {
        "1": 3, "2.1": 4, "3.0": 2, "0": 9,
    }  # fmt: skip
    recorder: Any = SimpleNamespace(drawn=None)
    recording.recorder = recorder
    first.note_draw(5, 1)
    assert recorder.drawn == recording.drawn
    again = SharedRecording("record", drawn=RandomSequenceSeeds((7, 8), {"1": (3,)}))
    again.recorder = recorder
    again.open_session().note_draw(1, 2)
    assert (recorder.drawn.seeds, again.drawn.seeds) == ((7,), (7, 8))  # nothing new was drawn


def test_a_closed_session_is_refused_and_another_one_is_not() -> None:
    recording = SharedRecording("record")
    first, second = recording.open_session(), recording.open_session()
    first.is_closed = True

    with pytest.raises(ConfigError, match="the session is closed"):
        first.refuse_closed()
    second.refuse_closed()
    assert recording.opener_pid_in_fork == 0
    recording._process = os.getpid() + 1
    assert recording.opener_pid_in_fork == os.getpid() + 1
