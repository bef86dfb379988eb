"""What scripts of a sub-flow read: its form has fields of its own, which nothing declares."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scenario.project import Project, headlines

FLOW = """\
flow: 合同
start: 财务
nodes:
  财务: {owners: [赵会计], approve: 用印}
  用印: {subflow: 盖章, approve: 结束, reject: 结束}
  结束: {end: true}
"""
CHILD = """\
flow: 盖章
start: 盖
nodes:
  盖: {owners: [印章员], approve: 完}
  完: {end: true}
"""
SCENARIO = """\
version: 1
scenario: 合同
form: {fields: {金额: 800}}
flow:
  definition: 流程.yaml
  scripts: {approve.财务: 批.js}
  subflows: {盖章: {definition: 盖章.yaml, scripts: {approve.盖: 盖.js}}}
steps:
  - submit: {}
  - {approve: {by: 赵会计}}
  - {approve: {by: 印章员, at: 盖, project: 盖章}, expect: {flow: {at: 结束}}}
"""


@pytest.mark.parametrize(
    ("main", "child", "told"),
    [
        ("ctx.form.金颜;", "", ["金颜"]),
        ("", "ctx.form.金颜;", []),
        ("ctx.form.税额;", "ctx.form.金颜;", ["税额"]),
        ("ctx.form.金额;", "ctx.form.金额;", []),
    ],
)
def test_only_a_read_of_the_forms_of_the_scenario_is_doubtful(
    tmp_path: Path, main: str, child: str, told: list[str]
) -> None:
    files = {"流程.yaml": FLOW, "盖章.yaml": CHILD}
    last = Project(tmp_path).run(
        SCENARIO, {**files, "批.js": f"console.log({main[:-1] or 1});", "盖.js": child}
    )

    assert headlines(last) == []
    read = [one.message.split()[3] for one in last.warnings if "the script reads" in one.message]
    assert [name.rpartition(".")[2].rstrip(":") for name in read] == told
