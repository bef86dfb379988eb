"""What a context is told of live objects: each once, and only what changed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from bpmax_sim.js_values import UNDEFINED, dumps_compact
from bpmax_sim.script.channel import Channel, LiveObject, SentLiveObjects
from tests.script.bench import Form


@dataclass
class Linked(Form):
    """A form with members that are live, too."""

    links: Mapping[str, LiveObject] = field(default_factory=dict)
    watched_members: tuple[str, ...] = ()


def test_an_object_under_several_names_is_one() -> None:
    form, other = Form({"金额": 1}), Form({"金额": 1})
    ctx = Linked(links={"form": form, "other": other, "again": form})

    mirror = SentLiveObjects({"form": form, "ctx": ctx, "same": form, "third": other})

    assert mirror.roots == [("form", 0), ("ctx", 1), ("same", 0), ("third", 2)]
    assert mirror.links == [(1, "form", 0), (1, "other", 2), (1, "again", 0)]
    assert mirror.names == ["form", "ctx", "ctx.other"]
    assert [index for index, _, _ in mirror.take_python_changes()] == [0, 2]


def test_a_member_of_a_member_is_written_to_by_its_path() -> None:
    inner = Form()
    roots = {"a": Form(), "ctx": Linked(links={"x": Linked(links={"y": inner})})}
    mirror = SentLiveObjects(roots)

    mirror.write(roots, mirror.names.index("ctx.x.y"), "名", 0, None)

    assert inner.written == [("名", 0)]


def sent_by(mirror: SentLiveObjects) -> Any:
    """Return the next patch as the context reads it; its values are encoded already."""
    return json.loads(dumps_compact(mirror.take_python_changes()))


@pytest.mark.parametrize(
    ("before", "after", "patch"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1}, {"a": 2}, [[0, {"a": 2}, []]]),
        ({"a": 1}, {"a": None}, [[0, {"a": None}, []]]),
        ({"a": 0}, {"a": ""}, [[0, {"a": ""}, []]]),
        ({"a": 1}, {}, [[0, {}, ["a"]]]),
        ({}, {"a": 1}, [[0, {"a": 1}, []]]),
        ({"a": 1, "b": 2}, {"b": 2, "c": 3}, [[0, {"c": 3}, ["a"]]]),
        ({"a": [1]}, {"a": [1]}, []),
        ({"a": [1]}, {"a": [1, 2]}, [[0, {"a": [1, 2]}, []]]),
        ({"a": 1, "b": [1]}, {"a": 1, "b": [1, 2]}, [[0, {"b": [1, 2]}, []]]),
    ],
)
def test_a_patch_has_what_changed_and_counts_as_sent(
    before: dict[str, Any], after: dict[str, Any], patch: list[Any]
) -> None:
    form = Form(dict(before))
    mirror = SentLiveObjects({"form": form})
    mirror.take_python_changes()
    assert mirror.take_python_changes() == []

    form.fields = after

    assert (sent_by(mirror), sent_by(mirror)) == (patch, [])


def test_a_change_inside_a_value_is_seen_each_time() -> None:
    rows = [1]
    form = Form({"明细": rows, "名": "甲"})
    mirror = SentLiveObjects({"form": form})
    mirror.take_python_changes()
    for number in (2, 3, 4):
        rows.append(number)
        assert sent_by(mirror) == [[0, {"明细": rows}, []]]


def test_what_a_script_wrote_comes_back_only_where_it_was_changed() -> None:
    form = Form({"金额": 1})
    mirror = SentLiveObjects({"form": form})
    mirror.take_python_changes()

    mirror.write({"form": form}, 0, "金额", 2, None)
    assert mirror.take_python_changes() == []

    form.fields["金额"] = 3
    assert sent_by(mirror) == [[0, {"金额": 3}, []]]
    mirror.write({"form": form}, 0, "金额", 4, None)
    form.fields["金额"] = 3  # refused without a word
    assert sent_by(mirror) == [[0, {"金额": 3}, []]]


@dataclass
class EngineTape:
    """An engine that writes down what it is asked."""

    asked: list[str] = field(default_factory=list)

    def load(self, source: str) -> None:
        self.asked.append(f"load {source}")

    def call(self, operation: str, argument: str) -> str:
        self.asked.append(f"{operation} {argument}")
        return '{"out":[],"done":[]}'

    def reset_time_limits(self) -> None:
        self.asked.append("reset_time_limits")

    def close(self) -> None:
        self.asked.append("close")


def test_a_closed_channel_does_nothing_and_a_turn_without_changes_has_no_patch() -> None:
    engine, form = EngineTape(), Form({"a": UNDEFINED})
    channel = Channel(engine, SentLiveObjects({"form": form}), lambda: 1.0004)
    channel.send_settings_and_objects()
    channel.run_turn("run")
    form.fields = {"a": 1}
    channel.run_turn("run")
    channel.close()
    for use in (
        channel.close,
        channel.reset_time_limits,
        lambda: channel.load("1"),
        lambda: channel.run_turn("x"),
    ):
        use()

    assert not channel.is_open
    assert engine.asked[1:] == [
        'run {"now":1000}',
        'run {"patch":[[0,{"a":1},[]]],"now":1000}',
        "close",
    ]


@dataclass
class Frozen(Form):
    """A form whose values never change inside."""

    is_frozen: bool = True
    watched_members: tuple[str, ...] = ("明细", "附件")


def test_of_a_frozen_object_a_value_is_sent_once() -> None:
    rows = [1]
    live, frozen = Form({"明细": rows}), Frozen({"明细": rows})
    mirror = SentLiveObjects({"live": live, "frozen": frozen})
    assert [index for index, *_ in sent_by(mirror)] == [0, 1]

    rows.append(2)

    assert sent_by(mirror) == [[0, {"明细": [1, 2]}, []]]
    frozen.fields = {"明细": [1, 2]}
    assert sent_by(mirror) == [[1, {"明细": [1, 2]}, []]]
    assert mirror.watched == [[], ["明细", "附件"]]


@pytest.mark.parametrize("value", [0, 1, True, False, None, "", 0.5])
def test_equal_numbers_of_another_type_are_another_value(value: object) -> None:
    form = Form({"a": 1, "b": "x", "c": None})
    mirror = SentLiveObjects({"form": form})
    mirror.take_python_changes()

    form.fields = {"a": value, "b": "x", "c": None}

    same = type(value) is int and value == 1
    assert sent_by(mirror) == ([] if same else [[0, {"a": value}, []]])


@pytest.mark.parametrize(
    ("seconds", "now"), [(0, 0), (1.0004, 1000), (1.0006, 1001), (-1.5, -1500)]
)
def test_a_turn_is_told_the_time_in_whole_milliseconds(seconds: float, now: int) -> None:
    engine = EngineTape()
    channel = Channel(engine, SentLiveObjects({}), lambda: seconds)
    channel.send_settings_and_objects(counted=True)
    channel.run_turn("run", id=7)

    assert json.loads(engine.asked[0].removeprefix("open ")) == {
        "fields": [], "bindings": [], "watched": [], "links": [], "counted": True, "now": now,
    }  # fmt: skip
    assert engine.asked[1] == f'run {{"id":7,"now":{now}}}'
