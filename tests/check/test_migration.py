"""What is renamed in recordings that no scenario plays: at, before and behind the name itself."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.format import dump_entries, render_exchange
from bpmax_sim.cassette.model import Entry
from bpmax_sim.check.migration import (
    AppliedPlans,
    MovePlan,
    Renames,
    apply_plans_that_replay,
    merge_many_causes_at_one_place,
    plan_owners_without_scenario,
)
from bpmax_sim.errors import ConfigError
from bpmax_sim.file_version import read_version
from bpmax_sim.messages import Exchange, Request, Response
from bpmax_sim.session.migration import MoveCause

BASE = "https://crm.example.test"
NOTHING = Renames({}, {}, {}, {})


def recorded(path: str = "/v1/a", call: str = "crm.get", number: int = 1, **line: object) -> Entry:
    """Return one exchange of the test ``甲``, as it is written."""
    exchange = Exchange(
        request=Request(method="GET", url=f"{BASE}{path}", base=BASE),
        outcome=Response(status=200, body="见 /v1/b，redacted.crm.test.key.1".encode()),
        key=f"{number:032x}",
        order=number,
        owner="甲",
        at=1_772_413_200.0,
    )
    entry = render_exchange(exchange)
    return replace(entry, line=replace(entry.line, call=call, instance="test", **line))


def plan_of(folder: Path) -> MovePlan:
    """Return a plan that changes nothing yet."""
    file = folder / "甲.yaml"
    file.write_bytes(dump_entries([recorded()]))
    return MovePlan(read_version(file), Cassette.load(file), "甲", "甲")


def migrate(root: Path, entries: list[Entry], renames: Renames) -> list[Entry]:
    """Return *entries* as they are once *renames* were carried out."""
    file = root / "cassettes/甲.yaml"
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(dump_entries(entries))
    plans = plan_owners_without_scenario(root, [], [], renames)
    assert apply_plans_that_replay(root, plans) == AppliedPlans([file] if plans else [], [])
    moved = Cassette.load(file)
    return [moved.get_entry_with_head_defaults(number) for number in range(len(moved))]


def test_what_was_recorded_since_it_was_read_stays(tmp_path: Path) -> None:
    file = tmp_path / "cassettes/甲.yaml"
    file.parent.mkdir()
    file.write_bytes(dump_entries([recorded()]))
    plans = plan_owners_without_scenario(tmp_path, [], [], Renames({}, {}, {"/v1": "/v2"}, {}))
    file.write_bytes(dump_entries([recorded("/v1/c"), recorded(number=2)]))
    fresh = file.read_bytes()

    with pytest.raises(ConfigError, match="somebody wrote it since this command read it"):
        apply_plans_that_replay(tmp_path, plans)
    assert file.read_bytes() == fresh


@pytest.mark.parametrize("name", ["crm.test.yaml", "crm_system.test.yaml"])
def test_a_login_that_was_recorded_since_it_was_read_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    home = tmp_path / "cassettes"
    (home / "auth").mkdir(parents=True)
    login = recorded("/login", call="crm.$token")
    (home / "甲.yaml").write_bytes(dump_entries([recorded()]))
    (home / "auth/crm.test.yaml").write_bytes(dump_entries([login.with_line(owner="crm.test")]))
    plans = plan_owners_without_scenario(
        tmp_path, [], [], Renames({}, {"crm": "crm_system"}, {}, {})
    )
    fresh = dump_entries([login.with_line(owner="crm.test", key=f"{9:032x}")])
    copy = shutil.copytree

    def record_meanwhile(source: Path, target: Path) -> None:  # while a trial is made of all
        copy(source, target)
        (home / "auth" / name).write_bytes(fresh)

    monkeypatch.setattr(shutil, "copytree", record_meanwhile)

    with pytest.raises(ConfigError, match="somebody wrote it since this command read it"):
        apply_plans_that_replay(tmp_path, plans)
    assert (home / "auth" / name).read_bytes() == fresh


@pytest.mark.parametrize(
    ("paths", "path", "moved"),
    [
        ({"/v1": "/v2"}, "/v1/a", "/v2/a"),
        ({"/v1": "/v2"}, "/v1", "/v2"),
        ({"/v1": "/v2"}, "/v1?q=1", "/v2?q=1"),
        ({"/v1": "/v2"}, "/v10/a", ""),
        ({"/v1": "/v2"}, "/api/v1/a", ""),
        ({"/v1": "/v2"}, "/V1/a", ""),
        ({"/v1/": "/v2/"}, "/v1/a", "/v2/a"),
        ({"/v1/": "/v2/"}, "/v1", ""),
        ({"/v1/": "/v2/"}, "/v10/a", ""),
        ({"/v1/": "/"}, "/v1/a?q=1", "/a?q=1"),
        ({"/a": "/b"}, "/a/a/a", "/b/a/a"),
        ({"/v1": "/v2", "/v2": "/v3"}, "/v1/a", "/v2/a"),
        ({"/v2": "/v3", "/v1": "/v2"}, "/v1/a", "/v2/a"),
        ({"/v1": "/v2", "/v2": "/v1"}, "/v2/a", "/v1/a"),
        ({"/v1": "/v2", "/v1/客户": "/v3/客户"}, "/v1/客户/1", "/v3/客户/1"),
        ({"/v3": "/v4", "/v5": "/v6", "/v1": "/v2"}, "/v1/a", "/v2/a"),
        ({"/v1": "/v2"}, f"/v1/a?next={BASE}/v1/c", f"/v2/a?next={BASE}/v1/c"),
        # an address with other letters stands in quotes
        ({"/客户": "/往来单位"}, "/客户", "/往来单位"),
        ({"/客户": "/往来单位"}, "/客户/张三", "/往来单位/张三"),
        ({"/客户": "/往来单位"}, "/客户?编号=7", "/往来单位?编号=7"),
        ({"/客户": "/往来单位"}, "/客户群", ""),
        ({"/客户/": "/往来单位/"}, "/客户/", "/往来单位/"),
        ({"/v1": "/客户"}, "/v1", "/客户"),
        ({"/客户": "/v1"}, "/客户", "/v1"),
    ],
)
def test_a_path_moves_once_and_from_its_beginning(
    tmp_path: Path, paths: Mapping[str, str], path: str, moved: str
) -> None:
    [entry] = migrate(tmp_path, [recorded(path)], Renames({}, {}, paths, {}))

    assert f"{BASE}{moved or path}" in entry.text.replace('"', "").splitlines()[2].split()
    assert "见 /v1/b" in entry.text
    assert len(entry.line.moved) == bool(moved)


def test_a_recording_keeps_what_was_moved_before(tmp_path: Path) -> None:
    moved = recorded("/v1/a").with_line(moved=("path /v0 -> /v1", "crm.a -> crm.get"))
    renames = Renames({"crm.get": "crm.find"}, {"crm": "erp"}, {"/v1": "/v2"}, {})

    [once] = migrate(tmp_path, [moved], Renames({}, {}, {"/v1": "/v2"}, {}))
    [all_at_once] = migrate(tmp_path, [moved], renames)
    [same] = migrate(tmp_path, [moved], Renames({}, {}, {"/v9": "/v2"}, {}))

    before = moved.line.moved
    assert once.line.moved[:2] == all_at_once.line.moved[:2] == same.line.moved == before
    assert [len(one.line.moved) for one in (once, all_at_once)] == [3, 4]
    assert ["/v2" in text for text in all_at_once.line.moved] == [False, False, False, True]


@pytest.mark.parametrize(
    ("platforms", "apis", "call", "moved"),
    [
        ({"crm": "crm_system"}, {}, "crm.get", "crm_system.get"),
        ({"crm": "crm_system"}, {}, "crm", "crm_system"),
        ({"crm": "crm_system"}, {}, "crm2.get", "crm2.get"),
        ({"crm": "crm_system"}, {}, "", ""),
        ({"crm": "erp", "erp": "crm"}, {}, "crm.get", "erp.get"),
        ({"crm": "erp", "erp": "crm"}, {}, "erp.get", "crm.get"),
        ({}, {"crm.get": "crm.find"}, "crm.get", "crm.find"),
        ({}, {"crm.get": "crm.find"}, "crm.get_all", "crm.get_all"),
        ({}, {"crm.get": "crm.find"}, "erp.get", "erp.get"),
        ({}, {"crm.a": "crm.b", "crm.b": "crm.c", "crm.c": "crm.a"}, "crm.c", "crm.a"),
        ({"crm": "erp"}, {"erp.get": "erp.find"}, "crm.get", "erp.find"),
    ],
)
def test_a_name_is_changed_as_a_whole_and_once(
    tmp_path: Path, platforms: Mapping[str, str], apis: Mapping[str, str], call: str, moved: str
) -> None:
    [entry] = migrate(tmp_path, [recorded(call=call)], Renames(apis, platforms, {}, {}))

    assert entry.line.call == moved
    # placeholders within bodies go with their platform alone
    platform = (
        moved.partition(".")[0] if call.startswith(("crm.", "crm ")) or call == "crm" else "crm"
    )
    assert f"redacted.{platform.replace('_', '-')}.test.key.1" in entry.text.replace("_", "-")


def test_values_go_with_their_platform_on_whichever_call_they_stand(tmp_path: Path) -> None:
    values = {"crm.test": {"a": "1"}, "my_crm.test": {"a": "2"}, "erp.test": {"a": "3"}}
    entries = [
        recorded(call="oa.get", number=1, values=values),
        recorded(call="crm.get", number=2),
        recorded(call="erp.get", number=3),
    ]

    moved = migrate(tmp_path, entries, Renames({}, {"crm": "neu", "erp": "crm"}, {}, {}))

    assert [entry.line.values for entry in moved] == [
        {"neu.test": {"a": "1"}, "my_crm.test": {"a": "2"}, "crm.test": {"a": "3"}}, {}, {},
    ]  # fmt: skip
    assert [entry.line.call for entry in moved] == ["oa.get", "neu.get", "crm.get"]


def test_values_stay_where_an_owner_or_an_api_has_the_name_of_their_platform(
    tmp_path: Path,
) -> None:
    values = {"crm.test": {"a": "1"}, "get.test": {"a": "2"}}
    entries = [recorded(owner="crm", values=values)]

    moved = migrate(tmp_path, entries, Renames({"crm.get": "crm.find"}, {}, {}, {"crm": "erp"}))

    assert [(one.line.owner, one.line.call, one.line.values) for one in moved] == [
        ("erp", "crm.find", values)
    ]


def test_each_kind_of_rename_is_one() -> None:
    given = [Renames(*(({"a": "b"} if kind == at else {}) for kind in range(4))) for at in range(5)]

    assert [bool(renames) for renames in given] == [True, True, True, True, False]


def test_an_owner_is_renamed_with_all_that_it_recorded(tmp_path: Path) -> None:
    entries = [recorded(number=number) for number in (1, 2, 3)]

    moved = migrate(tmp_path, entries, Renames({}, {}, {}, {"甲": "乙", "甲乙": "丙"}))

    assert [entry.line.owner for entry in moved] == ["乙"] * 3
    assert migrate(tmp_path, entries, NOTHING) == migrate(tmp_path, entries, NOTHING)


@pytest.mark.parametrize(
    ("owners", "renames", "plays"),
    [
        (["甲", "乙"], {"甲": "新", "乙": "新"}, "甲"),
        (["丙", "乙", "甲"], {"甲": "新", "乙": "新"}, "乙"),
        (["丙", "丁"], {"甲": "新", "丁": "新", "丙": "别的"}, "丁"),
        (["丙", "丁"], {"甲": "新"}, ""), (["甲", "乙"], {"甲": "别的"}, ""),
    ],
)  # fmt: skip
def test_of_two_owners_that_have_become_one_the_first_of_the_file_is_played(
    owners: list[str], renames: Mapping[str, str], plays: str
) -> None:
    item: Any = SimpleNamespace(
        owner_name_in_cassette="新", scenario=SimpleNamespace(was=()), item_id="", cassette="a"
    )

    assert Renames({}, {}, {}, renames).find_recorded_owner(item, owners) == plays


def test_owners_platforms_and_apis_that_have_become_one_move_together(tmp_path: Path) -> None:
    entries = [
        recorded(number=number, call=call).with_line(owner=owner)
        for number, (owner, call) in enumerate(
            [("甲", "crm.get"), ("乙", "erp.find"), ("丙", "oa.get"), ("甲", "crm.get")], 1
        )
    ]
    names = {"crm": "neu", "erp": "neu"}
    apis = {"neu.get": "neu.read", "neu.find": "neu.read"}
    renames = Renames(apis, names, {}, {"甲": "新", "乙": "新"})

    moved = migrate(tmp_path, entries, renames)

    assert sorted((one.line.owner, one.line.call) for one in moved) == [
        ("丙", "oa.get"), ("新", "neu.read"), ("新", "neu.read"), ("新", "neu.read"),
    ]  # fmt: skip
    assert (renames.former_names.platforms, renames.former_names.apis) == (
        {"neu": ("crm", "erp")}, {"neu.read": ("get", "find")},
    )  # fmt: skip


@pytest.mark.parametrize(("count", "causes"), [(1, 1), (2, 2), (3, 3), (4, 1), (5, 1)])
def test_more_than_three_values_of_a_place_are_one_cause(
    tmp_path: Path, count: int, causes: int
) -> None:
    plan = plan_of(tmp_path)
    plan.causes = {
        number: (MoveCause("place", "crm.get", "query.id", was="-", now=f"{number}"),)
        for number in range(count)
    }
    merge_many_causes_at_one_place([plan])

    found = {cause for own in plan.causes.values() for cause in own}
    assert len(found) == causes
    assert ({cause.now for cause in found} == {"…"}) == (count > 3)
    assert {cause.was for cause in found} == {"-"}


@pytest.mark.parametrize(
    ("accepted", "left"),
    [((), []), (("a",), [1]), (("b",), []), (("a", "b"), [1, 2]), (("c",), [3])],
)
def test_a_move_needs_each_of_its_causes(
    tmp_path: Path, accepted: tuple[str, ...], left: list[int]
) -> None:
    one, two, three = (MoveCause("api", was=name, now="x") for name in "abc")
    plan = plan_of(tmp_path)
    plan.entries = {number: recorded(number=number) for number in (1, 2, 3)}
    plan.causes = {1: (one,), 2: (one, two), 3: (three,)}

    plan.keep_confirmed_changes(frozenset(MoveCause("api", was=name, now="x") for name in accepted))

    assert ([*plan.causes], [*plan.entries], plan.is_empty) == (left, left, not left)


@pytest.mark.parametrize(
    ("values", "merged"),
    [
        ([("1", "-"), ("2", "-"), ("3", "-"), ("4", "-")], {("…", "-")}),
        ([("1", "5"), ("2", "6"), ("3", "7"), ("4", "8")], {("…", "…")}),
        ([("1", "5")] * 5, {("1", "5")}),
        ([("1", "5"), ("2", "6"), ("3", "7"), ("1", "5")], {("1", "5"), ("2", "6"), ("3", "7")}),
    ],
)
def test_many_values_of_a_place_are_one_over_all_files_and_no_others(
    tmp_path: Path, values: list[tuple[str, str]], merged: set[tuple[str, str]]
) -> None:
    """What is no place, of another place or of another API stays as it is."""
    others = (
        MoveCause("place", "crm.get", "query.no", "1", "2"),
        MoveCause("place", "crm.add", "query.id", "1", "2"),
        *(MoveCause("path", was=f"/v{n}", now="/v9") for n in range(4)),
    )
    plans = [plan_of(tmp_path) for _ in values]
    for plan, (was, now) in zip(plans, values, strict=True):
        plan.causes = {0: (MoveCause("place", "crm.get", "query.id", was, now), *others)}
    merge_many_causes_at_one_place(plans)

    found = {cause for plan in plans for own in plan.causes.values() for cause in own}
    assert {(cause.was, cause.now) for cause in found - {*others}} == merged
    assert found >= {*others}
