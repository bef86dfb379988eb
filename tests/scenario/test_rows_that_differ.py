"""Rows carry steps and maps, and a step names the rows that it is for."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpmax_sim.errors import ConfigError
from bpmax_sim.i18n import translate
from bpmax_sim.scenario.events import StepFinished
from bpmax_sim.scenario.load import load_items
from bpmax_sim.scenario.runner import run_scenario

FLOW = """\
flow: 采购
start: 部门
nodes:
  部门: {owners: [李经理], approve: 采购, reject: 结束}
  采购: {owners: [孙采购], approve: 结束}
  结束: {end: true}
"""
HEAD = "scenario: 采购\nflow: flow.yaml\nform: {fields: {金额: 0, 用途: ''}}\nuser: zhangsan\n"
ROWS = """\
cases:
  - id: 通过
    填: {金额: 500}
    走:
      - {approve: {by: 李经理}}
      - {approve: {by: 孙采购}, expect: {flow: {status: finished}}}
  - id: 驳回
    填: {金额: 50000, 用途: "${case.id}"}
    走: [{reject: {by: 李经理, comment: 预算不足}}]
  - {id: 未办, 填: {金额: 9}, 走: []}
  - {id: 部门, 填: {金额: 9}, 走: 部门通过}
"""
STEPS = """\
use: parts.yaml
steps:
  - set: ${case.填}
  - {submit: {}}
  - run: ${case.走}
  - {only: [驳回], expect: {flow: {status: rejected}, form: {用途: 驳回}}}
  - {only: [未办], expect: {flow: {pending: [李经理]}}}
  - {only: [部门], expect: {flow: {pending: [孙采购]}}}
"""


@pytest.fixture(autouse=True)
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("flow.yaml").write_text(FLOW, "utf-8")
    Path("parts.yaml").write_text("steps: {部门通过: [{approve: {by: 李经理}}]}\n", "utf-8")


def write(text: str, table: str = "") -> Path:
    path = Path("采购.scenario.yaml")
    path.write_text(text, "utf-8")
    Path("rows.csv").write_text(table, "utf-8")
    return path


def test_a_row_carries_its_steps_and_its_map() -> None:
    result = run_scenario(write(HEAD + ROWS + STEPS))

    assert not result.failures
    finished = [event for event in result.events if isinstance(event, StepFinished)]
    passed = [event.title for event in finished if event.outcome == "passed"]
    assert passed == [
        *("set", "submit", "run > approve", "run > approve", "run"),
        *("set", "submit", "run > reject", "run", "check"),
        *("set", "submit", "run", "check"),
        *("set", "submit", "run > approve", "run", "check"),
    ]
    assert {event.reason for event in finished if event.outcome == "skipped"} == {
        "only: 驳回", "only: 未办", "only: 部门",
    }  # fmt: skip


def test_a_csv_file_has_typed_columns_and_names_steps() -> None:
    table = 'id,金额:number,走,急:boolean\n甲,"1,500",部门通过,是\n'
    steps = "steps: [{set: {金额: '${case.金额}'}}, {submit: {}}, {run: '${case.走}'},"
    steps += " {if: '${case.急}', expect: {form: {金额: 1500}, flow: {at: 采购}}}]\n"

    result = run_scenario(
        write(f"{HEAD}use: parts.yaml\ncases: {{from: rows.csv}}\n{steps}", table)
    )

    assert not result.failures


def test_a_failure_in_a_row_is_told_where_its_step_stands() -> None:
    text = HEAD + ROWS.replace("by: 孙采购", "by: 周采购") + STEPS
    failure = next(iter(run_scenario(write(text)).failures))

    assert str(failure.location) == "采购.scenario.yaml:10:9"
    assert failure.excerpt[0].number == 10


WRONG = [
    ("走: 部门通过", "走: 部门通国", "15:26: cases: row '部门': 走 names no steps, got \"部门"),
    ("走: 部门通过", "走: 部门通国", "steps of a fragment; did you mean '部门通过'?"),
    ("走: []", "走: null", "14:26: cases: row '未办': 走 names no steps, got null"),
    (", 走: []", "", "14:5: cases: row '未办' has no '走', which ${case.走} names"),
    ("reject: {by: 李经理,", "rejct: {by: 李经理,", "13:10: cases[1].走[0].rejct: unknown"),
    ("{by: 李经理}}\n", "{bye: 李经理}}\n", "9:20: cases[0].走[0].approve.bye: unknown key"),
    ("填: {金额: 500}", "填: {金頟: 500}", "7:9: cases[0].填.金頟: no field '金頟'"),
    ("填: {金额: 500}", "填: 500", "7:5: cases[0].填: expected a map of fields and values"),
    ("only: [未办]", "only: [末办]", "22:13: steps[4].only[0]: no row '末办'; did you mean"),
    ("only: [未办]", "only: []", "22:6: steps[4].only: only names no row, so this step is"),
    ("run: ${case.走}", "run: ${vars.走}", "expected the name of steps, ${case.column}, or {"),
    ("走: []", "走: [{run: '${case.走}'}]", "only the steps of the scenario itself run those"),
    ("走: []", "走: [{id: a, open: {}}, {id: a, open: {}}]", "the id 'a' is used twice"),
    (ROWS, "", "only names rows; the scenario has no cases"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "message"), WRONG)
def test_what_is_wrong_is_told_before_anything_runs(old: str, new: str, message: str) -> None:
    text = HEAD + ROWS + STEPS
    assert old in text
    path = write(text.replace(old, new, 1))

    with pytest.raises(ConfigError) as caught:
        load_items(path)

    told = [str(problem).removeprefix("采购.scenario.yaml:") for problem in caught.value.problems]
    assert any(message in one for one in told), told
    chinese = [translate(problem.message, "zh") for problem in caught.value.problems]
    assert all(any("\u4e00" <= letter <= "\u9fff" for letter in text) for text in chinese)


@pytest.mark.parametrize(
    ("only", "told"),
    [
        ("[2026001]", ["passed", "skipped"]), ("['2026001']", ["passed", "skipped"]),
        ("[加急]", ["skipped", "passed"]), ("[加急, 2026001]", ["passed", "passed"]),
        ("[2026002]", "only[0]: no row '2026002'"), ("['']", "only[0]: no row ''"),
        ("[加急, 2026002]", "only[1]: no row '2026002'"),
    ],
)  # fmt: skip
def test_a_row_may_be_named_by_a_number(only: str, told: list[str] | str) -> None:
    path = write(
        f"{HEAD}cases: [{{id: 2026001}}, {{id: 加急}}]\n"
        f"steps: [{{set: {{金额: 1}}}}, {{only: {only}, set: {{金额: 2}}}}, {{submit: {{}}}}]\n"
    )
    if isinstance(told, str):
        with pytest.raises(ConfigError) as caught:
            load_items(path)
        assert told in str(caught.value)
        return
    result = run_scenario(path)

    assert not result.failures
    finished = [event for event in result.events if isinstance(event, StepFinished)]
    assert [event.outcome for event in finished if event.number == 2] == told


def test_steps_of_a_fragment_name_no_rows() -> None:
    Path("parts.yaml").write_text(
        "steps: {部门通过: [{only: [部门], approve: {by: 李经理}}]}\n", "utf-8"
    )

    with pytest.raises(ConfigError, match=r"parts.yaml:1:17.*steps of a fragment know no rows"):
        load_items(write(HEAD + ROWS + STEPS))


def test_steps_of_a_fragment_that_rows_name_are_there_once(tmp_path: Path) -> None:
    (tmp_path / "公共.yaml").write_text(
        "steps:\n  填: [{id: 填写, set: {金额: 1}, expect: {form: {金额: 1}}}]\n", encoding="utf-8"
    )
    path = tmp_path / "单.scenario.yaml"
    path.write_text(
        "version: 1\nscenario: 单\nuse: 公共.yaml\nform: {fields: {金额: 0}}\n"
        "cases: [{id: 甲, 步骤: 填}, {id: 乙, 步骤: 填, 额: 1},"
        " {id: 丙, 步骤: [{id: 填丙, set: {金额: 2}, expect: {form: {金额: 2}}}]}]\n"
        "steps: [{run: '${case.步骤}'}, {if: '${case.id} == 乙', set: {金额: 3}}]\n",
        encoding="utf-8",
    )

    items = load_items(path, environ={}, root=tmp_path)

    inner = [[one.step.id for one in item.steps[0].inner or ()] for item in items]
    assert inner == [["填写"], ["填写"], ["填丙"]]


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        ("填甲", "填乙", []),
        ("填", "填", []),
        ("共", "填", ["the id '共' is used twice, first in line 5"]),
        ("填", "共", ["the id '共' is used twice, first in line 5"]),
        ("填 填", "填", ["the id '填' is used twice, first in line 7"]),
        ("", " ", []),
    ],
)
def test_ids_differ_in_each_row_and_from_those_of_all(
    tmp_path: Path, first: str, second: str, told: list[str]
) -> None:
    def list_steps(ids: str) -> str:
        steps = [f"{{id: '{one}', set: {{金额: 1}}}}" for one in ids.split(" ")]
        return f"[{', '.join(steps)}]"

    path = tmp_path / "单.scenario.yaml"
    path.write_text(
        "version: 1\nscenario: 单\nform: {fields: {金额: 0}}\nsteps:\n"
        "- {id: 共, run: '${case.步骤}', expect: {form: {金额: 1}}}\ncases:\n"
        f"- {{id: 甲, 步骤: {list_steps(first)}}}\n- {{id: 乙, 步骤: {list_steps(second)}}}\n",
        encoding="utf-8",
    )
    try:
        load_items(path, environ={}, root=tmp_path)
        problems = []
    except ConfigError as error:
        problems = [one.message for one in error.problems]

    assert problems == told
