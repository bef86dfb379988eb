from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpmax_sim.errors import ConfigError
from bpmax_sim.scenario import shards
from bpmax_sim.scenario.shards import Shard, assign_shards
from tests.pace import slowness

KEYS = st.lists(st.text(max_size=8), max_size=40)
ANYTHING = (
    st.none()
    | st.booleans()
    | st.text(max_size=3)
    | st.integers()
    | st.floats()
    | st.lists(st.integers(), max_size=1)
)


@given(KEYS, st.dictionaries(st.text(max_size=8), ANYTHING), st.integers(1, 9), st.randoms())
def test_every_item_is_in_exactly_one_shard_whatever_the_durations_say(
    keys: list[str], seconds: dict[str, object], total: int, chance: object
) -> None:
    shards = [Shard(number, total).select_keys(keys, seconds) for number in range(1, total + 1)]

    assert sorted(key for shard in shards for key in shard) == sorted(set(keys))
    mixed = sorted(keys, key=lambda _key: chance.random())  # type: ignore[attr-defined]
    assert [Shard(n, total).select_keys(mixed, seconds) for n in range(1, total + 1)] == shards


@given(
    st.dictionaries(st.text(max_size=5), st.floats(0.001, 1000), min_size=1, max_size=60),
    st.integers(1, 9),
)
def test_shards_differ_by_one_item_at_most(seconds: dict[str, float], total: int) -> None:
    loads = [0.0] * total
    for key, number in assign_shards(seconds, seconds, total).items():
        loads[number - 1] += seconds[key]

    assert max(loads) - min(loads) <= max(seconds.values()) * (1 + 1e-9)


def test_what_is_not_known_counts_as_the_median() -> None:
    seconds = {"a": 4.0, "b": 2.0, "c": 1.0}

    assert assign_shards("abcd", seconds, 2) == {"a": 1, "b": 2, "d": 2, "c": 1}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("3", "expected a shard of all, such as 3/8, got '3'"),
        ("0/3", "expected a shard from 1/3 to 3/3, got '0/3'"),
        ("4/3", "expected a shard from 1/3 to 3/3, got '4/3'"),
        ("3/8x", "expected a shard of all, such as 3/8, got '3/8x'"),
        ("一/三", "expected a shard of all, such as 3/8, got '一/三'"),
        ("-1/3", "expected a shard of all, such as 3/8, got '-1/3'"),
    ],
)
def test_a_shard_is_one_of_all(text: str, message: str) -> None:
    with pytest.raises(ValueError) as told:
        Shard.parse(text)

    assert str(told.value) == message


def test_a_shard_is_written_as_it_is_read() -> None:
    assert [str(Shard.parse(text)) for text in (" 3/8 ", "1/8", "8/8")] == ["3/8", "1/8", "8/8"]


def test_durations_are_merged_and_a_complete_run_forgets_what_is_gone(tmp_path: Path) -> None:
    shards.store_durations(tmp_path, {"甲": 1.00004, "乙": 2}, shard=None)
    shards.store_durations(tmp_path, {"乙": 3, "丙": 4}, shard=None)
    assert shards.read_durations(tmp_path) == {"甲": 1.0, "乙": 3, "丙": 4}

    shards.store_durations(tmp_path, {"丙": 5}, shard=None, complete=True)
    assert shards.read_durations(tmp_path) == {"丙": 5}
    assert "丙" in (tmp_path / shards.FILE).read_text(encoding="utf-8")


def test_one_test_joins_forty_thousand_in_a_time_that_grows_with_them(tmp_path: Path) -> None:
    durations = {f"tests/test_合同.py::test_审批[{number:05}]": 0.5 for number in range(40_000)}
    shards.store_durations(tmp_path, durations, shard=None)

    started = time.process_time()
    shards.store_durations(tmp_path, {"scenarios/合同归档.scenario.yaml::归档": 0.5}, shard=None)
    took = time.process_time() - started

    assert took < 1.5 * slowness()  # 5 s where their order is found in the square of their number
    assert len(shards.read_durations(tmp_path)) == 40_001


def test_shards_leave_the_split_as_it_is_until_all_have_run(tmp_path: Path) -> None:
    shards.store_durations(tmp_path, {"甲": 1.0, "乙": 2.0}, shard=None)
    for number, key in enumerate("甲乙", 1):
        shards.store_durations(tmp_path, {key: 9.0}, shard=Shard(number, 2))
    assert shards.read_durations(tmp_path) == {"甲": 1.0, "乙": 2.0}

    shards.merge_shard_durations(tmp_path, {})

    assert shards.read_durations(tmp_path) == {"甲": 9.0, "乙": 9.0}
    kept = {path.name for path in (tmp_path / ".bpmax").iterdir()}
    assert kept == {".gitignore", "durations.json"}


@pytest.mark.parametrize("text", ["", "[]", "{", '{"seconds": 3}', "[" * 100_000, '{"a": "\\ud800'])
def test_durations_that_are_none_are_told_and_written_afresh(tmp_path: Path, text: str) -> None:
    path = tmp_path / shards.FILE
    path.parent.mkdir()
    path.write_text(text, encoding="utf-8")

    with pytest.raises(ConfigError) as told:
        shards.read_durations(tmp_path)

    assert str(told.value) == (
        f"{path}: these are no durations; delete the file, every shard's copy of it alike"
    )
    shards.store_durations(tmp_path, {"甲": 1.0}, shard=None)
    assert shards.read_durations(tmp_path) == {"甲": 1.0}


def test_a_folder_that_cannot_be_written_keeps_nothing(tmp_path: Path) -> None:
    (tmp_path / ".bpmax").write_text("ours is a folder", encoding="utf-8")

    shards.store_durations(tmp_path, {"甲": 1.0}, shard=Shard(1, 2))
    shards.store_durations(tmp_path, {"甲": 1.0}, shard=None)

    assert (tmp_path / ".bpmax").read_text(encoding="utf-8") == "ours is a folder"
    (tmp_path / ".bpmax").unlink()
    shards.store_durations(tmp_path, {"\ud800": 1.0}, shard=None)
    assert shards.read_durations(tmp_path) == {}


def test_the_same_durations_have_the_same_fingerprint() -> None:
    assert shards.fingerprint_durations({"甲": 1, "乙": 2}) == shards.fingerprint_durations(
        {"乙": 2, "甲": 1}
    )
    assert shards.fingerprint_durations({"甲": 1.5, "乙": 2}) == "70ef1b3f"
    assert len(shards.fingerprint_durations({"\ud800": 1})) == 8
    assert shards.fingerprint_durations({"甲": 1}) != shards.fingerprint_durations({"甲": 2})


@pytest.mark.parametrize(
    ("seconds", "kept"),
    [(0.0123, 0.0123), (0.00006, 0.0001), (0.00004, 0.0), (12.34567, 12.3457), (7, 7)],
)
def test_durations_keep_a_tenth_of_a_millisecond(
    tmp_path: Path, seconds: float, kept: float
) -> None:
    shards.store_durations(tmp_path, {"甲": seconds}, shard=Shard(2, 3))

    file = shards.FILE.with_name("durations.2-of-3.json")
    assert shards.read_durations(tmp_path, file) == {"甲": kept}
    assert shards.read_durations(tmp_path) == {}


@pytest.mark.parametrize(
    ("seconds", "split"),
    [
        ({"甲": 5, "乙": 3, "丙": 1}, "甲|乙丙"),
        ({"甲": 5, "乙": 3, "丙": 0}, "甲|乙丙"),
        ({"甲": 1, "乙": 1, "丙": 0}, "甲丙|乙"),
        ({"甲": 4, "乙": 1, "丙": -9}, "甲|乙丙"),
        ({"甲": 4, "乙": 1, "丙": None}, "甲|乙丙"),
        ({"甲": 4, "乙": 1, "丙": True}, "甲|乙丙"),
        ({"甲": 1e9, "乙": 2, "丙": 3}, "丙|甲乙"),
        ({"甲": 9e8, "乙": 2, "丙": 3}, "甲|乙丙"),
        ({}, "甲丙|乙"),
    ],
)
def test_the_longest_goes_first_to_the_shard_with_the_least(
    seconds: dict[str, object], split: str
) -> None:
    division = assign_shards("甲乙丙", seconds, 2)

    parts = ["".join(key for key in "甲乙丙" if division[key] == number) for number in (1, 2)]
    assert "|".join(parts) == split
    assert assign_shards("丙丙丙丙丙丙乙甲", seconds, 2) == division


def test_a_file_is_json_that_a_person_can_read(tmp_path: Path) -> None:
    shards.store_durations(tmp_path, {"场景[行]": 0.25}, shard=None)

    text = (tmp_path / shards.FILE).read_text(encoding="utf-8")
    assert json.loads(text) == {"version": 1, "seconds": {"场景[行]": 0.25}}
    assert '"场景[行]": 0.25' in text


def test_the_files_of_all_shards_come_together_and_the_run_itself_wins(tmp_path: Path) -> None:
    shards.store_durations(tmp_path, {"甲": 1.0, "乙": 1.0}, shard=None)
    for number, seconds in enumerate(({"甲": 2.0}, {"丙": 3.0}, {"乙": 4.0, "丁": 4.0}), 1):
        shards.store_durations(tmp_path, seconds, shard=Shard(number, 3))
    folder = (tmp_path / shards.FILE).parent
    (folder / "durations.4-of-4.json").write_text("{", encoding="utf-8")
    shards.store_durations(tmp_path, {"丁": 5.0, "戊": 1 / 3}, shard=None)

    assert shards.read_durations(tmp_path) == {
        "甲": 2.0, "乙": 4.0, "丙": 3.0, "丁": 5.0, "戊": 0.3333,
    }  # fmt: skip
    assert [path.name for path in folder.glob("durations*")] == ["durations.json"]
    shards.store_durations(tmp_path, {"己": 1.0}, shard=Shard(1, 2))
    shards.store_durations(tmp_path, {"甲": 7.0}, shard=None, complete=True)
    assert shards.read_durations(tmp_path) == {"甲": 7.0}
    groups = {"甲": "录", "丙": "录", "乙": "录2"}
    assert assign_shards("甲乙丙丁", {"甲": 1.0, "丙": 2.0, "乙": 2.5, "丁": 0.5}, 2, groups) == {
        "甲": 1, "丙": 1, "乙": 2, "丁": 2,
    }  # fmt: skip
    with pytest.raises(ConfigError):
        shards.read_durations(tmp_path, Path(".bpmax"))
