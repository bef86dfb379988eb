"""Where a script is replaced and a library put in front: forms, flows, nodes and sub-flows."""

from __future__ import annotations

import pytest

from bpmax_sim.scenario.load import Subjects
from bpmax_sim.script.budget import WorkCounts
from bpmax_sim.script.failure import Script
from bpmax_sim.subject.definition import FlowParts, LoadedNodeForm
from bpmax_sim.variant.run import add_library, replace_scripts


def named(*names: str) -> tuple[Script, ...]:
    return tuple(Script(f"// {name}", name) for name in names)


def make_flow(prefix: str) -> FlowParts:
    return FlowParts(
        scripts={"approve.主管": named(f"{prefix}1.js", "共用.js", f"{prefix}3.js")},
        libraries=named(f"{prefix}库.js"),
        screens={
            "主管": LoadedNodeForm(
                scripts={"open": named(f"{prefix}屏.js")}, libraries=named(f"{prefix}屏库.js")
            ),
            "财务": LoadedNodeForm(scripts={"open": named("共用.js")}),
        },
    )


SUBJECTS = Subjects(
    scripts={"open": named("开.js"), "change.金额": named("一.js", "二.js", "共用.js")},
    libraries=named("库.js", "库二.js"),
    inline={"补.js": named("补.js")[0]},
    flow=make_flow("主"),
    subflows={"用印": make_flow("子"), "归档": make_flow("末")},
)


def list_owners(subjects: Subjects) -> list[Subjects | FlowParts | LoadedNodeForm]:
    flows = [subjects.flow, *subjects.subflows.values()]
    return [subjects, *flows, *(screen for flow in flows for screen in flow.screens.values())]


def list_scripts(subjects: Subjects) -> list[Script]:
    owners = list_owners(subjects)
    events = [one for owner in owners for scripts in owner.scripts.values() for one in scripts]
    libraries = [one for owner in owners for one in owner.libraries]
    return [*events, *libraries, *subjects.inline.values()]


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("开.js", 1), ("二.js", 1), ("库.js", 1), ("库二.js", 1), ("补.js", 1), ("主1.js", 1),
        ("主3.js", 1), ("主库.js", 1), ("主屏.js", 1), ("主屏库.js", 1), ("子3.js", 1),
        ("子屏库.js", 1), ("末库.js", 1), ("末屏.js", 1), ("共用.js", 7), ("没有.js", 0),
    ],
)  # fmt: skip
@pytest.mark.parametrize("text", ["form.金额 = 1", ""])
def test_a_script_is_replaced_wherever_its_name_stands(name: str, count: int, text: str) -> None:
    before = list_scripts(SUBJECTS)

    after = list_scripts(replace_scripts(SUBJECTS, {name: text}))

    assert [one.name for one in after] == [one.name for one in before]
    assert [one.name for one in after if one.source == text] == [name] * count
    assert [one for one in after if one.name != name] == [one for one in before if one.name != name]


def test_several_scripts_are_replaced_at_once() -> None:
    after = list_scripts(replace_scripts(SUBJECTS, {"开.js": "甲", "末库.js": "乙", "补.js": "丙"}))

    assert sorted(one.source for one in after if not one.source.startswith("//")) == [
        "丙", "乙", "甲",
    ]  # fmt: skip


def test_a_library_comes_before_those_of_each_form_and_flow() -> None:
    [library] = named("看.js")

    changed = add_library(SUBJECTS, library)

    for before, after in zip(list_owners(SUBJECTS), list_owners(changed), strict=True):
        assert after.libraries == (library, *before.libraries)
        assert after.scripts == before.scripts
    assert changed.inline == SUBJECTS.inline
    assert list(changed.subflows) == list(SUBJECTS.subflows)


@pytest.mark.parametrize(
    ("used", "limit"), [(0, 100), (1, 100), (2, 200), (5, 500)]
)  # fmt: skip
def test_a_limit_is_a_hundred_times_what_was_used_and_never_too_little(
    used: int, limit: int
) -> None:
    least = WorkCounts(interrupts=100, jobs=7, calls=200, timers=1000, seconds=3600)

    scaled = WorkCounts(interrupts=used, seconds=used * 100.0).scale(100, least)

    assert scaled.interrupts == limit
    assert scaled.jobs == 7
    assert scaled.seconds == max(3600, used * 10_000)
