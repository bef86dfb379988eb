# ruff: noqa: E501 - scenarios, one a line
"""Which parts of a file a run did not use, and when this is a failure of the file or of a folder."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from msgspec.structs import replace

from bpmax_sim.errors import Place
from bpmax_sim.project import Strictness
from bpmax_sim.scenario.calls import CallMade
from bpmax_sim.scenario.declared_parts import find_declared_parts, find_reached_parts
from bpmax_sim.scenario.events import ScenarioFinished, StepFinished, StepStarted
from bpmax_sim.scenario.file_verdict import (
    FileRuns,
    find_steps_shared_by_rows,
    find_unused_conditions_of_row,
    find_unused_parts,
    find_used_keys_except_steps,
    is_failure_if_unused,
    is_inherited,
    make_ran_step_key,
    make_retried_step_key,
    make_unused_part_failure,
    select_keys_of_other_files,
)
from bpmax_sim.scenario.load import ScenarioItem, load_items
from bpmax_sim.scenario.source import RunWarning
from bpmax_sim.scenario.table_rows import CliText
from bpmax_sim.session.sending_log import InjectedFault
from bpmax_sim.session.session import Session
from bpmax_sim.subject.hooks import HookStarted
from bpmax_sim.transport.faults import Fault
from tests.files import write_files

FILE = "单.scenario.yaml"
SCENARIO = """\
version: 1
scenario: 单
use: 片.yaml
form: {fields: {金额: 0}, scripts: {open: [开.js, 后.js], change.金额: 开.js}}
vars: {急: true}
faults: [{on: crm.a, call: 1-3, do: {status: 503}}, {on: crm.b, attempts: 2, do: {status: 503}}, {on: crm.c, call: 2, do: {status: 503}}, {on: crm.d, attempts: 1, do: {status: 503}}]
proxy:
  ignore: [query.ts, body.no]
  redact: [body.名]
  stubs:
    - {on: crm.a, body: 1}
    - {on: crm.b, answers: [{status: 503}, {status: 504}, {body: 1}]}
cases: [{id: 一, 组: 填, 做: [{if: "${form.金额}", set: {金额: 5}}, {set: {金额: 6}, during: {call: crm.a, steps: [{if: "${form.金额}", set: {金额: 7}}]}}]}, {id: 二, 组: 别, 做: []}]
steps:
  - {open: {}, retry: {tries: 2}}
  - {if: "${vars.急}", set: {金额: 1}, faults: [{on: crm.e, call: 2-3, do: {status: 503}}]}
  - {if: "${env.急}", set: {金额: 2}}
  - {if: "${form.金额}", set: {金额: 3}, during: {call: crm.a, steps: [{if: "${form.金额} > 1", set: {金额: 9}}]}}
  - {run: "${case.组}"}
  - {run: "${case.做}"}
  - {run: 直}
finally:
  - {if: "${form.金额} > 2", set: {金额: 4}, retry: {tries: 3}, faults: [{on: crm.f, attempts: 3, do: {status: 503}}]}
"""
STEPS = """\
steps:
  填: [{if: "${form.金额} > 3", set: {金额: 1}}]
  别: [{if: "${form.金额} > 4", set: {金额: 1}}]
  直: [{run: 深}, {run: 深}]
  深: [{if: "${form.金额} > 5", set: {金额: 1}}]
  无: [{if: "${form.金额} > 6", set: {金额: 1}}]
"""


@pytest.fixture
def item(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ScenarioItem:
    monkeypatch.chdir(tmp_path)
    scripts = {"开.js": "form.金额 = 1\n", "后.js": "1\n"}
    write_files(tmp_path, {FILE: SCENARIO, "片.yaml": STEPS, **scripts})
    return load_items(Path(FILE), environ={}, root=tmp_path, is_checked=True)[0]


def tell(found: Any) -> list[str]:
    return [
        f"{'' if one.place.file == FILE else one.place.file + ':'}{one.place.line}:{one.place.column} {one.kind}{'!' if one.fails else ''} {one.message.partition(';')[0]}"
        for one in found
    ]


def test_each_part_that_a_run_did_not_use_is_told(item: ScenarioItem) -> None:
    found = find_unused_parts(item, ())
    assert tell(found) == [
        "11:7 rule! the stub crm.a has never answered",
        "12:7 rule! the stub crm.b has never answered",
        "12:44 rule! answer 2 of the stub crm.b was never given",
        "12:59 rule! answer 3 of the stub crm.b was never given",
        "8:12 rule ignore: no call has this place",
        "8:22 rule ignore: no call has this place",
        "9:12 rule redact: no call has this place",
        "16:6 never_ran if: ${vars.急} has never held, so this step never ran",
        "18:6 never_ran! if: ${form.金额} has never held, so this step never ran",
        "23:6 never_ran! if: ${form.金额} > 2 has never held, so this step never ran",
        "片.yaml:2:8 never_ran! if: ${form.金额} > 3 has never held, so this step never ran",
        "片.yaml:3:8 never_ran! if: ${form.金额} > 4 has never held, so this step never ran",
        "18:69 never_ran! if: ${form.金额} > 1 has never held, so this step never ran",
        "片.yaml:5:8 never_ran! if: ${form.金额} > 5 has never held, so this step never ran",
        "15:16 rule retry: the first try was enough each time, so nothing shows that a second one helps",
        "23:42 rule retry: the first try was enough each time, so nothing shows that a second one helps",
        "6:10 rule crm.a call 1-3: fewer calls came, so that this never struck all of them",
        "6:53 rule crm.b: no call was sent 2 times",
        "16:46 rule crm.e call 2-3: fewer calls came, so that this never struck all of them",
        "23:70 rule crm.f: no call was sent 3 times",
    ]
    keys = {str(one.place) for one in found if one.place}
    ranges = {f"{key} range" for key in keys}
    left = find_unused_parts(item, keys | ranges)
    assert [one.partition(" ")[2][:11] for one in tell(left)] == ["rule retry:", "rule retry:"]
    steps = [*item.steps, *item.cleanup]
    retried = {make_retried_step_key(one) for one in steps}
    assert find_unused_parts(item, keys | ranges | retried) == ()
    assert [make_ran_step_key(one) for one in (steps[0], steps[1])] == [
        f"{FILE}:15:5",
        f"{FILE}:16:6",
    ]
    assert make_retried_step_key(steps[-1]) == f"{FILE}:23:6 retry"
    assert tell(find_unused_conditions_of_row(item, ())) == [
        "13:28 never_ran! if: ${form.金额} has never held, so this step never ran",
        "13:107 never_ran! if: ${form.金额} has never held, so this step never ran",
    ]


def test_steps_that_any_row_may_run_are_walked_once(item: ScenarioItem) -> None:
    walked = [
        f"{one.spot.place.file}:{one.spot.place.line}" for one in find_steps_shared_by_rows(item)
    ]

    assert walked == [
        *(f"{FILE}:{line}" for line in (15, 16, 17, 18, 19, 20, 21, 23)), "片.yaml:2", "片.yaml:3", f"{FILE}:18", "片.yaml:4", "片.yaml:4", "片.yaml:5",
    ]  # fmt: skip


def test_the_keys_of_what_a_run_used(item: ScenarioItem) -> None:
    stubs = [Fault(on="crm.b", action=item.faults[0].action, place=Place(FILE, 12, 7))]
    many = [Fault(on="crm.a", action=item.faults[0].action, place=Place(FILE, 11, 7))]
    a, b, c, d = item.faults

    def struck(fault: Fault, *serials: int) -> list[InjectedFault]:
        return [
            InjectedFault(fault=fault, call="x", serial=one, attempt=0, at=0, order=n)
            for n, one in enumerate(serials)
        ]

    def tell(counts: dict[str, int], injected: list[InjectedFault], *calls: CallMade) -> list[str]:
        session = SimpleNamespace(
            injected_faults=injected, strikes_of=lambda stub: counts.get(stub.on, 0)
        )
        used = find_used_keys_except_steps(item, cast("Session", session), calls, [*stubs, *many])
        return sorted(one.removeprefix(f"{FILE}:") for one in used)

    call = CallMade(number=1, call="crm.a", query={"ts": 1}, response={"no": 1, "名": 1})
    first = tell({"crm.b": 1}, [])
    assert [one for one in first if one.startswith("12:")] == first
    assert len(first) == 2
    assert "12:7" in first
    assert len(tell({"crm.b": 2}, [])) == 3
    assert len(tell({"crm.b": 9, "crm.a": 4}, [])) == 5
    assert tell({}, [], call) == ["8:12", "9:12"]
    assert tell({}, [], CallMade(number=1, call="crm.a", body={"no": 1})) == ["8:22"]
    ranges = {
        "a": struck(a, 1, 2, 3),
        "two": struck(a, 1, 1, 2),
        "b": struck(b, 1, 1),
        "b twice": struck(b, 1, 2),
        "c": struck(c, 1),
        "d": struck(d, 1),
    }
    assert {name: [one.partition(" ")[2] for one in tell({}, some)] for name, some in ranges.items()} == {
        "a": ["range"], "two": [], "b": ["range"], "b twice": [], "c": [], "d": [],
    }  # fmt: skip
    assert select_keys_of_other_files(item, ["z:1", f"{FILE}:3:1", f"{FILE}x:1", "a:2"]) == (
        "a:2",
        "z:1",
        f"{FILE}x:1",
    )


def part(place: str = f"{FILE}:3:1", *, fails: bool = True, kind: str = "rule") -> RunWarning:
    return RunWarning(kind, f"闲 {place}", Place.parse(place) if place else None, fails)


def test_an_unused_part_fails_by_the_strictness_of_its_folder() -> None:
    own, doubtful, default = part(), part(fails=False), part("甲/defaults.yaml:2:1")
    kinds: tuple[Strictness, ...] = ("strict", "normal", "lenient")

    assert [[is_failure_if_unused(one, kind) for kind in kinds] for one in (own, doubtful, default, part(""))] == [
        [True, True, False], [True, False, False], [True, False, False], [True, True, False],
    ]  # fmt: skip
    assert [is_inherited(one, FILE) for one in (own, default, part(""))] == [False, True, False]


def test_the_failure_of_an_unused_part_is_at_its_place(item: ScenarioItem) -> None:
    own = make_unused_part_failure(item, part())
    shared = make_unused_part_failure(item, part("甲 乙/片.yaml:2:1"))
    root = make_unused_part_failure(item, part("defaults.yaml:2:1", kind="never_ran"))
    nowhere = make_unused_part_failure(replace(item, cli_variables={"急": CliText("1")}), part(""))

    assert (own.essence, own.scenario, own.rerun, bool(own.excerpt), own.location) == (
        f"闲 {FILE}:3:1", "单", f"bpmax-sim run {FILE}", True, Place(FILE, 3, 1),
    )  # fmt: skip
    assert (shared.essence, shared.scenario, shared.rerun, shared.excerpt) == (
        "闲 甲 乙/片.yaml:2:1; no scenario below 甲 乙 uses it", "甲 乙/片.yaml", 'bpmax-sim run "甲 乙"', (),
    )  # fmt: skip
    assert (root.essence, root.rerun, root.kind) == (
        "闲 defaults.yaml:2:1; no scenario below . uses it",
        "bpmax-sim run .",
        "never_ran",
    )
    assert (nowhere.place, nowhere.kind) == (item.place, "rule")
    assert nowhere.rerun.startswith(f"bpmax-sim run {FILE} --var")


class Runs:
    """Runs of files whose parts are told by their places."""

    def __init__(self) -> None:
        self.runs = FileRuns()

    def add(
        self,
        row: str,
        *parts: RunWarning,
        rows: int = 2,
        file: str = FILE,
        used: tuple[str, ...] = (),
        strictness: Strictness = "normal",
    ) -> None:
        self.runs.add_row(file, rows, row, parts, strictness, used)

    def failing(self) -> list[str]:
        return [f"{file} {one.place}" for file, one in self.runs.find_failing_unused_parts()]

    def tolerated(self, file: str = "") -> list[str]:
        return [str(one.place) for one in self.runs.find_tolerated_unused_parts(file)]


def test_parts_are_judged_when_all_rows_have_passed() -> None:
    runs, tenth, ninth = Runs(), part(f"{FILE}:10:1"), part(f"{FILE}:9:1")
    runs.add("甲", tenth, ninth, part(f"{FILE}:4:1", fails=False), part(f"{FILE}:5:1"))
    assert (runs.failing(), runs.tolerated()) == ([], [])
    runs.add("甲", tenth)
    assert runs.failing() == []
    other = Runs()
    other.add("乙", tenth, ninth, part(f"{FILE}:4:1", fails=False))
    runs.runs.merge(other.runs.to_plain_data())
    assert runs.failing() == [f"{FILE} {FILE}:10:1"]
    fresh = Runs()
    fresh.add("甲", tenth, ninth, part(f"{FILE}:4:1", fails=False))
    fresh.runs.merge(other.runs.to_plain_data())
    assert (fresh.failing(), fresh.tolerated()) == (
        [f"{FILE} {FILE}:9:1", f"{FILE} {FILE}:10:1"],
        [f"{FILE}:4:1"],
    )
    assert (fresh.tolerated(FILE), fresh.tolerated("别.scenario.yaml")) == ([f"{FILE}:4:1"], [])
    alone = Runs()
    alone.add("", part(), part("defaults.yaml:2:1"), rows=0, strictness="strict")
    assert [one.parts for one in alone.runs.files.values()] == [
        {("rule", "闲 defaults.yaml:2:1", "defaults.yaml:2:1", True)}
    ]
    assert [one.rows for one in alone.runs.files.values()] == [1]


def test_only_passed_runs_count(item: ScenarioItem) -> None:
    runs = FileRuns()
    for outcome in ("failed", "skipped", "xfailed"):
        runs.add_if_passed(
            item,
            SimpleNamespace(outcome=outcome, unused_parts=(part(),), used_keys_of_other_files=()),
        )
    assert runs.files == {}
    runs.add_if_passed(
        item,
        SimpleNamespace(
            outcome="passed", unused_parts=(part(),), used_keys_of_other_files=("a:1",)
        ),
    )
    [(file, result)] = runs.files.items()
    assert (file, result.rows, result.ran, result.used, result.strictness) == (
        FILE,
        2,
        {"一"},
        {"a:1"},
        "normal",
    )


def test_an_inherited_part_is_told_once_where_no_file_of_its_folder_uses_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_files(
        tmp_path,
        {"pyproject.toml": "[tool.bpmax_sim]\n", "scenarios/甲/a.scenario.yaml": "use: ../片.yaml", "scenarios/甲/b.scenario.yaml": "use: ../片.yaml",
         "scenarios/乙/c.scenario.yaml": "x: 1", "scenarios/片.yaml": "vars: {}", "scenarios/甲/defaults.yaml": "vars: {}"},
    )  # fmt: skip
    first, second, third = (f"scenarios/{one}.scenario.yaml" for one in ("甲/a", "甲/b", "乙/c"))
    shared, default = part("scenarios/片.yaml:1:1"), part("scenarios/甲/defaults.yaml:1:1")

    def judge(**used: tuple[str, ...]) -> list[str]:
        runs = Runs()
        runs.add(
            "", shared, default, rows=0, file=first, strictness="strict", used=used.get("first", ())
        )
        before = runs.failing()
        runs.add(
            "",
            shared,
            default,
            rows=0,
            file=second,
            strictness="strict",
            used=used.get("second", ()),
        )
        assert before == []
        return runs.failing()

    assert judge() == [
        f"{second} scenarios/片.yaml:1:1",
        f"{second} scenarios/甲/defaults.yaml:1:1",
    ]
    assert judge(first=("scenarios/片.yaml:1:1",)) == [f"{second} scenarios/甲/defaults.yaml:1:1"]
    assert judge(second=("scenarios/甲/defaults.yaml:1:1",)) == [f"{second} scenarios/片.yaml:1:1"]
    write_files(tmp_path, {"scenarios/丙.yaml": "use: 片.yaml"})  # any file may use this one
    runs = Runs()
    for file in (first, second):
        runs.add("", shared, rows=0, file=file, strictness="strict")
    assert runs.failing() == []
    runs.add("", rows=0, file=third, strictness="strict")
    assert runs.failing() == [f"{second} scenarios/片.yaml:1:1"]


def test_parts_that_a_run_reached(item: ScenarioItem) -> None:
    every = [(one.kind, one.name, one.place.line) for one in find_declared_parts(item)]
    assert [one for one in every if one[0] != "branch"] == [
        ("handler", "open", 0), ("handler", "open", 0), ("handler", "change.金额", 0), ("stub", "crm.a", 11), ("stub", "crm.b", 12),
    ]  # fmt: skip
    assert [one[2] for one in every if one[0] == "branch"] == [16, 17, 18, 13, 13, 23, 2, 3, 18, 5]

    def step(line: int, column: int, outcome: Any = "passed", *inner: Any) -> list[Any]:
        place = Place(FILE, line, column)
        return [
            StepStarted(number=1, total=1, id="", title="", action="", place=place, at=0.0), *inner,
            StepFinished(number=1, title="", outcome=outcome, duration=0.0, at=0.0),
        ]  # fmt: skip

    unused = (RunWarning("rule", "", Place(FILE, 11, 7)),)
    end = ScenarioFinished(
        outcome="passed",
        failures=(),
        warnings=(),
        digest="",
        calls=0,
        duration=0.0,
        unused_parts=unused,
        at=0.0,
    )
    events = [
        HookStarted(event="合同/子/深/open", script="后.js"), HookStarted(event="change.金额", script="后.js"),
        *step(18, 5, "failed", *step(16, 5, "skipped"), *step(18, 72)), *step(17, 5, "skipped"), end,
    ]  # fmt: skip
    reached = [
        (one.kind, one.name, one.place.file, one.place.line)
        for one in find_reached_parts(item, events)
        if one.used
    ]
    assert reached[:2] == [("handler", "open", "后.js", 0), ("stub", "crm.b", FILE, 12)]
    assert [one[3] for one in reached[2:]][:1] == [18]


def test_policies_cells_of_steps_to_clean_up_and_faults_of_one_sending(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    text = """\
scenario: 单
use: 错.yaml
form: {fields: {金额: 0}}
policies: [{at: 审批, approve: {}}, {at: 复核, reject: {}}]
faults: [{on: crm.g, call: 1-2, attempts: 1, do: {status: 503}}, 共]
cases: [{id: 一, 尾: [{if: "${form.金额}", set: {金额: 5}}]}]
steps: [{js: '1'}]
finally: [{run: "${case.尾}"}]
"""
    write_files(
        tmp_path,
        {FILE: text, "错.yaml": "fault_sets: {共: [{on: crm.h, call: 2-4, do: {status: 503}}]}\n"},
    )
    [item] = load_items(Path(FILE), environ={}, root=tmp_path, is_checked=True)

    policy = "rule! this policy was never used"
    assert tell(find_unused_parts(item, (f"{FILE}:4:35",))) == [
        f"4:12 {policy}", "5:10 rule crm.g call 1-2: fewer calls came, so that this never struck all of them",
    ]  # fmt: skip
    assert tell(find_unused_conditions_of_row(item, ())) == [
        "6:22 never_ran! if: ${form.金额} has never held, so this step never ran"
    ]


def test_handlers_of_flows_subflows_and_forms_of_nodes_are_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_files(
        tmp_path,
        {
            FILE: "scenario: 流\nflow: {definition: 流.yaml, at: 审批, scripts: {approve.审批: 甲.js}, subflows: {用印: {definition: 印.yaml, scripts: {approve.盖: 乙.js}}}}\nsteps: [{if: '${form.a}', advance: 1s}, {advance: 2s}]\n",
            "流.yaml": "flow: 流\nstart: 审批\nnodes: {审批: {owners: [a], form: {fields: {a: editable}, scripts: {change.a: 丙.js}}, approve: 用章}, 用章: {subflow: {flow: 用印}, approve: 完}, 完: {end: true}}\n",
            "印.yaml": "flow: 印\nstart: 盖\nnodes: {盖: {owners: [a], form: {fields: {b: editable}, scripts: {change.b: 丁.js}}, approve: 完}, 完: {end: true}}\n",
            **{f"{name}.js": "1\n" for name in "甲乙丙丁"},
        },
    )  # fmt: skip
    [item] = load_items(Path(FILE), environ={}, root=tmp_path, is_checked=True)
    parts = [(one.kind, one.name, one.place.file) for one in find_declared_parts(item)]

    assert parts == [
        ("handler", "approve.审批", "甲.js"), ("handler", "approve.盖", "乙.js"), ("handler", "change.a", "丙.js"), ("handler", "change.b", "丁.js"), ("branch", "${form.a}", FILE),
    ]  # fmt: skip
    started = [
        HookStarted(event="合同/用印/x/change.b", script="丁.js"),
        HookStarted(event="用印/approve.盖", script="丁.js"),
        HookStarted(event="approve.审批", script="甲.js"),
    ]
    assert [one.name for one in find_reached_parts(item, started) if one.kind == "handler"] == [
        "approve.审批",
        "change.b",
    ]


def test_keys_that_any_row_used_are_used() -> None:
    runs, shared = Runs(), part("片.yaml:1:1")
    runs.add("甲", shared, used=("a:1",))
    runs.add("乙", shared, used=("b:1",))
    assert [one.used for one in runs.runs.files.values()] == [{"a:1", "b:1"}]
