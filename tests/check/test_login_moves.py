"""Recorded logins move with their platform, once what was recorded of it has moved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.format import dump_entries
from bpmax_sim.check.migration import (
    MovePlan,
    Renames,
    apply_plans_that_replay,
    merge_many_causes_at_one_place,
    plan_owners_without_scenario,
)
from bpmax_sim.errors import ConfigError
from bpmax_sim.messages import SignatureInput
from bpmax_sim.scenario.load import ScenarioItem, load_items
from bpmax_sim.session.migration import MoveCause
from tests.check.test_migration import plan_of, recorded


def write(folder: Path, platforms: Mapping[str, str], business: str = "crm") -> dict[str, str]:
    """Write logins of *platforms* (file -> platform), and a recording of a call of *business*."""
    auth = folder / "cassettes/auth"
    auth.mkdir(parents=True)
    for number, (name, key) in enumerate(platforms.items(), 1):
        login = recorded(f"/login/{number}", call=f"{key}.$token", number=number)
        login = login.with_line(
            owner=name, values={f"{key}.test": {"名": "a"}, "erp.test": {"名": "b"}}
        )
        (auth / f"{name}.yaml").write_bytes(dump_entries([login]))
    data = dump_entries([recorded(call=f"{business}.get")])
    (folder / "cassettes/甲.yaml").write_bytes(data)
    return {name: (auth / f"{name}.yaml").read_text("utf-8") for name in platforms}


def read_logins(folder: Path) -> dict[str, str]:
    """Return the text of each file of logins."""
    return {path.stem: path.read_text("utf-8") for path in (folder / "cassettes/auth").iterdir()}


def load_failing_item(folder: Path) -> ScenarioItem:
    """Write a scenario 丁 that never passes, and return it."""
    path = folder / "scenarios/丁.scenario.yaml"
    path.parent.mkdir()
    path.write_text("version: 1\nscenario: 丁\nform: {}\nsteps: [{js: throw 1}]\n", "utf-8")
    [item] = load_items(path)
    return item


LOGINS = {"crm.test": "crm", "crm.生产": "crm", "erp.default": "erp", "crm2.test": "crm2"}


@pytest.mark.parametrize(
    ("logins", "renamed", "left", "moved"),
    [
        (LOGINS, {"crm": "oa"}, ["crm2.test", "erp.default"], ["oa.test", "oa.生产"]),
        (LOGINS, {"crm": "oa", "erp": "u8"}, ["crm2.test", "erp.default"], ["oa.test", "oa.生产"]),
        # one that is there under the new name stays, and so does the old one
        ({**LOGINS, "oa.test": "oa"}, {"crm": "oa"},
         ["crm.test", "crm2.test", "erp.default", "oa.test"], ["oa.生产"]),
        (LOGINS, {"hr": "oa"}, sorted(LOGINS), []),
        ({}, {"crm": "oa"}, [], []),
    ],
)  # fmt: skip
def test_the_logins_of_a_renamed_platform_have_its_new_key(
    tmp_path: Path,
    logins: Mapping[str, str],
    renamed: Mapping[str, str],
    left: list[str],
    moved: list[str],
) -> None:
    before = write(tmp_path, logins)
    renames = Renames({}, renamed, {}, {})
    plans = plan_owners_without_scenario(tmp_path, [], [], renames)

    applied = apply_plans_that_replay(tmp_path, plans)

    auth = tmp_path / "cassettes/auth"
    assert sorted(path.stem for path in auth.iterdir()) == sorted([*left, *moved])
    assert [(auth / f"{name}.yaml").read_text("utf-8") for name in left] == [
        before[name] for name in left
    ]
    recording = [tmp_path / "cassettes/甲.yaml"] if moved or not logins else []
    assert applied == ([*recording, *(auth / f"{name}.yaml" for name in moved)], [])
    for name in moved:
        cassette = Cassette.load(auth / f"{name}.yaml")
        entry = cassette.get_entry_with_head_defaults(0)
        assert (cassette.owners, entry.line.call) == ((name,), "oa.$token")
        assert entry.line.values == {"oa.test": {"名": "a"}, "erp.test": {"名": "b"}}
        assert "redacted.oa.test.key.1" in entry.text


def test_an_old_login_stays_while_a_scenario_that_does_not_replay_needs_it(tmp_path: Path) -> None:
    before = write(tmp_path, LOGINS)
    (tmp_path / "cassettes/丁.yaml").write_bytes(dump_entries([recorded().with_line(owner="丁")]))
    item = load_failing_item(tmp_path)
    plans = plan_owners_without_scenario(tmp_path, [], [], Renames({}, {"crm": "oa"}, {}, {}))
    plans = [replace(one, item=item) if one.owner == "丁" else one for one in plans]

    applied = apply_plans_that_replay(tmp_path, plans)

    home = tmp_path / "cassettes"
    assert [one.node_id for one in applied.failures] == [item.node_id]
    assert [path.relative_to(home).as_posix() for path in applied.written] == [
        "甲.yaml", "auth/oa.test.yaml", "auth/oa.生产.yaml",
    ]  # fmt: skip
    assert {name: (home / f"auth/{name}.yaml").read_text("utf-8") for name in LOGINS} == before
    assert b"crm.get" in (home / "丁.yaml").read_bytes()
    assert b"oa.get" in (home / "甲.yaml").read_bytes()


@pytest.mark.parametrize("broken", ["甲.yaml", "乙.yaml"])
def test_a_migration_that_is_broken_off_is_finished_by_the_next_one(
    tmp_path: Path, broken: str
) -> None:
    before = write(tmp_path, LOGINS)
    home = tmp_path / "cassettes"
    (home / "乙.yaml").write_bytes(dump_entries([recorded(call="crm.get").with_line(owner="乙")]))
    renames = Renames({}, {"crm": "oa"}, {}, {})
    plans = plan_owners_without_scenario(tmp_path, [], [], renames)
    first, second = (home / plan.file.name for plan in plans)
    text = (home / broken).read_bytes()
    (home / broken).write_bytes(text + b"# somebody\n")

    with pytest.raises(ConfigError, match="somebody wrote it since this command read it"):
        apply_plans_that_replay(tmp_path, plans)

    # each file finds the login that belongs to the name in it
    assert (b"oa.get" in first.read_bytes()) == (broken == second.name)
    assert b"crm.get" in second.read_bytes()
    logins = {path.stem: path.read_text("utf-8") for path in (home / "auth").iterdir()}
    assert {*logins} == {*LOGINS, "oa.test", "oa.生产"}
    assert {name: logins[name] for name in LOGINS} == before

    (home / broken).write_bytes(text)
    again = plan_owners_without_scenario(tmp_path, [], [], renames)
    left = [first, second] if broken == first.name else [second]
    assert apply_plans_that_replay(tmp_path, again) == (left, [])
    assert sorted(path.stem for path in (home / "auth").iterdir()) == [
        "crm2.test", "erp.default", "oa.test", "oa.生产",
    ]  # fmt: skip
    assert all(b"oa.get" in path.read_bytes() for path in (first, second))
    assert (home / "auth/oa.test.yaml").read_text("utf-8") == logins["oa.test"]


def test_no_login_is_written_where_no_scenario_replays(tmp_path: Path) -> None:
    before = write(tmp_path, LOGINS)
    item = load_failing_item(tmp_path)
    plans = plan_owners_without_scenario(tmp_path, [], [], Renames({}, {"crm": "oa"}, {}, {}))

    applied = apply_plans_that_replay(tmp_path, [replace(one, item=item) for one in plans])

    assert applied.written == []
    assert {one.node_id for one in applied.failures} == {item.node_id}
    assert read_logins(tmp_path) == before


def test_logins_stay_where_nothing_else_is_written(tmp_path: Path) -> None:
    before = write(tmp_path, LOGINS, business="hr")
    plans = plan_owners_without_scenario(tmp_path, [], [], Renames({}, {"crm": "oa"}, {}, {}))

    assert plans == []
    assert apply_plans_that_replay(tmp_path, plans) == ([], [])
    assert read_logins(tmp_path) == before


def test_every_owner_that_no_scenario_has_is_planned_in_order_of_its_file(tmp_path: Path) -> None:
    write(tmp_path, LOGINS)
    home = tmp_path / "cassettes"
    (home / "b").mkdir()
    owners = [recorded(number=n).with_line(owner=name) for n, name in enumerate("丙乙甲", 1)]
    (home / "b/c.yaml").write_bytes(dump_entries(owners))
    (home / "b/auth").mkdir()
    (home / "b/auth/d.yaml").write_bytes(dump_entries([recorded().with_line(owner="丁")]))
    renames = Renames({}, {}, {"/v1": "/v2"}, {"甲": "甲方", "丁": "丁方", "戊": "戊方"})

    plans = plan_owners_without_scenario(tmp_path, [], [], renames)

    assert [
        (plan.file.relative_to(home).as_posix(), plan.owner, plan.new_owner) for plan in plans
    ] == [
        ("b/auth/d.yaml", "丁", "丁方"), ("b/c.yaml", "丙", "丙"), ("b/c.yaml", "乙", "乙"),
        ("b/c.yaml", "甲", "甲方"), ("甲.yaml", "甲", "甲方"),
    ]  # fmt: skip
    again = plan_owners_without_scenario(tmp_path, plans[1:3], [], renames)
    assert [plan.owner for plan in again] == ["丁", "甲", "甲"]


def test_a_recording_that_nothing_can_sign_is_planned_to_be_told(tmp_path: Path) -> None:
    home = tmp_path / "cassettes"
    home.mkdir()
    entries = [
        recorded("/v1/a", number=1).with_line(signed=SignatureInput(now=1.0)),
        recorded("/v9/a", number=2).with_line(signed=SignatureInput(now=1.0)),
        recorded("/v1/c", number=3),
    ]
    (home / "甲.yaml").write_bytes(dump_entries(entries))

    [plan] = plan_owners_without_scenario(tmp_path, [], [], Renames({}, {}, {"/v1": "/v2"}, {}))

    assert (plan.signed, [*plan.entries], [*plan.causes]) == (("crm.get",), [2], [2])


def cause(number: int, place: str = "body.n", kind: str = "place", **more: str) -> MoveCause:
    named = {"was": str(number), "now": str(number + 1), "name": "crm.get", "place": place, **more}
    return MoveCause(kind, **named)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("causes", "merged"),
    [
        ([cause(n) for n in range(3)], 3),
        ([cause(n) for n in range(4)], 1),
        ([cause(n, place=f"body.{n}") for n in range(9)], 9),
        ([cause(n, name=f"crm.{n}") for n in range(9)], 9),
        ([cause(n, kind="path") for n in range(9)], 9),
        ([*(cause(n) for n in range(4)), *(cause(n, place="body.m") for n in range(3))], 4),
    ],
)
def test_only_many_values_of_one_place_are_merged(
    tmp_path: Path, causes: list[MoveCause], merged: int
) -> None:
    plans: list[MovePlan] = []
    for number, one in enumerate(causes):
        (tmp_path / str(number)).mkdir()
        plan = plan_of(tmp_path / str(number))
        plan.causes[0] = (one,)
        plans.append(plan)

    merge_many_causes_at_one_place(plans)

    assert len({one for plan in plans for one in plan.causes[0]}) == merged
