"""``lint`` parses every condition of a flow and of its subflows, and names the place of each."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpmax_sim.index import files
from tests.cli.conftest import entered
from tests.cli.project import Command

FLOW = """\
flow: 采购
start: 主管
nodes:
  主管:
    owners: [甲]
    approve:
      - {when: "%(a)s", to: 总监}
      - {when: "%(b)s", to: 用印}
      - {when: "%(c)s", to: 结束}
      - {to: 结束}
    reject: {when: "%(d)s", to: 结束}
  总监: {owners: [乙], approve: {when: "%(e)s", to: 结束}, reject: 结束}
  用印: {subflow: {flow: 用印}, approve: 结束}
  结束: {end: true}
"""
SUBFLOW = """\
flow: 用印
start: 盖章
nodes:
  盖章: {owners: [丁], approve: [{when: "%(f)s", to: 归档}, {to: 结束}]}
  归档: {owners: [丁], approve: [{when: "%(g)s", to: 结束}, {to: 盖章}]}
  结束: {end: true}
"""
SCENARIO = """\
version: 1
scenario: 采购
flow:
  definition: flows/采购.yaml
  subflows: {用印: {definition: flows/用印.yaml}}
  form: {金额: 1}
steps: [{submit: {}, expect: {flow: {at: 总监}}}]
"""
SOUND = "ctx.form.金额 > 1"
ENDS = "unexpected end of the condition"
PLACES = {
    "a": "采购.yaml:7:17: nodes.主管.approve[0].when",
    "b": "采购.yaml:8:17: nodes.主管.approve[1].when",
    "c": "采购.yaml:9:17: nodes.主管.approve[2].when",
    "d": "采购.yaml:11:21: nodes.主管.reject.when",
    "e": "采购.yaml:12:38: nodes.总监.approve.when",
    "f": "用印.yaml:4:39: nodes.盖章.approve[0].when",
    "g": "用印.yaml:5:39: nodes.归档.approve[0].when",
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "scenarios/flows").mkdir(parents=True)
    (tmp_path / "scenarios/采购.scenario.yaml").write_text(SCENARIO, "utf-8")
    entered(tmp_path, monkeypatch)
    return tmp_path


@pytest.mark.parametrize("wrong", ["", *"abcdefg", "ac", "bdg", "abcdefg"])
def test_each_condition_that_is_no_expression_is_told_at_its_place(
    folder: Path, bs: Command, monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    monkeypatch.setattr(files, "_RACY", 0)  # what was just written counts as settled
    conditions = {name: "ctx.form.金额 >" if name in wrong else SOUND for name in PLACES}
    for name, text in (("采购", FLOW), ("用印", SUBFLOW)):
        (folder / f"scenarios/flows/{name}.yaml").write_text(text % conditions, "utf-8")

    done, again = bs("lint"), bs("lint")

    assert again == done  # what was wrong is not taken for checked
    *told, last = done.err.splitlines()
    assert sorted(told) == sorted(f"scenarios/flows/{PLACES[name]}: {ENDS}" for name in wrong)
    counted = {0: "sound", 1: "1 problem"}.get(len(wrong), f"{len(wrong)} problems")
    assert (done.code, last) == (2 if wrong else 0, f"1 scenario file: {counted}")
