"""When a new recording takes the place of the old one, waits for a person, or is not made."""

from __future__ import annotations

import warnings
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bpmax_sim.errors import BlindIgnoreWarning, OutageWarning
from bpmax_sim.session import record
from bpmax_sim.session.record import RecordMode


class PlainRecorder:
    """Notes what becomes of it; the calls *worse* failed, and those with ``!`` did not before."""

    def __init__(self, *worse: str, blind: tuple[str, ...] = ()) -> None:
        self.done: list[str] = []
        self.worse, self.blind = worse, blind

    def find_newly_failing_calls(self, _rate: object) -> tuple[Any, ...]:
        return tuple(Worse(name) for name in self.worse)

    def find_conflicts_due_to_ignore(self, _comparison: object) -> tuple[str, ...]:
        return self.blind

    def write_for_review(self) -> None:
        self.done.append("waits")

    def seal(self, **_more: object) -> None:
        self.done.append("sealed")


class Worse:
    def __init__(self, name: str) -> None:
        self.name, self.is_known = name.rstrip("!"), name.endswith("!")

    def __str__(self) -> str:
        return self.name


def end(
    recorder: PlainRecorder | None,
    *,
    failed: bool = False,
    mode: str = "once",
    owners: tuple[str, ...] | None = ("报销",),
    former: str = "",
    adopts: Any = None,
) -> tuple[str, list[str]]:
    """Return what becomes of the recording of 报销, and what is warned of."""
    made, orphans = PlainRecorder(), list[str]()
    cassette = None if owners is None else SimpleNamespace(owners=owners)
    recording = SimpleNamespace(recorder=recorder, cassette=cassette, owner="报销", former=former)
    settings = SimpleNamespace(record=mode, cassette=Path("a.yaml"), adopts=adopts, replays=None)

    def open_recorder() -> None:
        recording.recorder = made

    parts: dict[str, Any] = {
        "_recording": recording, "_settings": settings, "_volatile": (), "_named": (),
        "_get_owner_recorder": open_recorder,
        "_remove_orphaned_logins": lambda: orphans.append("orphans"),
    }  # fmt: skip
    ended = object.__new__(RecordMode)
    for name, value in parts.items():
        setattr(ended, name, value)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        ended.seal_or_set_aside({}, failed=failed)
    assert recording.recorder is None
    kinds = {OutageWarning: "outage", BlindIgnoreWarning: "blind"}
    done = [*(recorder.done if recorder else ()), *(f"empty {one}" for one in made.done), *orphans]
    return " ".join(done), [
        f"{kinds[one.category]} {str(one.message).rpartition(': ')[2]}"
        if one.category is BlindIgnoreWarning
        else f"outage {str(one.message).partition('(')[2].partition(')')[0]}"
        for one in warned
    ]


def test_a_recording_is_replaced_set_aside_or_emptied(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "has_ever_forked_child", lambda: False)
    plain, bad, blind = PlainRecorder, ("甲!", "乙", "丙!"), ("crm.get", "crm.list")
    assert {
        "plain": end(plain()),
        "failed": end(plain(), failed=True),
        "known outages": end(plain(*bad)),
        "new outages": end(plain("乙", "丁")),
        "failed with outages": end(plain(*bad), failed=True),
        "added with outages": end(plain(*bad), mode="new"),
        "rewritten with outages": end(plain(*bad), mode="rewrite"),
        "blind": end(plain(blind=blind)),
        "blind of a scenario": end(plain(blind=blind), adopts=1),
        "nothing called": end(None),
        "emptied": end(None, mode="rewrite"),
        "emptied after a failure": end(None, mode="rewrite", failed=True),
        "emptied of others": end(None, mode="rewrite", owners=("出差",)),
        "never recorded": end(None, mode="rewrite", owners=None),
        "emptied under a former name": end(None, mode="rewrite", owners=("旧",), former="旧"),
        "recorded under the new name alone": end(None, mode="rewrite", former="旧"),
    } == {
        "plain": ("sealed orphans", []),
        "failed": ("waits", []),
        "known outages": ("waits", ["outage 甲, 丙"]),
        "new outages": ("sealed orphans", []),
        "failed with outages": ("waits", []),
        "added with outages": ("sealed orphans", []),
        "rewritten with outages": ("waits", ["outage 甲, 丙"]),
        "blind": ("sealed orphans", ["blind crm.get, crm.list"]),
        "blind of a scenario": ("sealed orphans", []),
        "nothing called": ("", []),
        "emptied": ("empty sealed orphans", []),
        "emptied after a failure": ("", []),
        "emptied of others": ("", []),
        "never recorded": ("", []),
        "emptied under a former name": ("empty sealed orphans", []),
        "recorded under the new name alone": ("", []),
    }
    monkeypatch.setattr(record, "has_ever_forked_child", lambda: True)
    assert [end(None), end(None, failed=True), end(plain())] == [
        ("empty sealed orphans", []), ("", []), ("sealed orphans", []),
    ]  # fmt: skip
