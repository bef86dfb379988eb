from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.project import ROOT as REPOSITORY
from tests.cli.project import Command, Project
from tests.snapshots import snapshot

FLOW = """\
flow: 报销
start: 主管
nodes:
  主管:
    owners: [wangwu]
    approve: [{when: "ctx.form.金额 > 5000", to: 总监}, {to: 结束}]
    reject: 结束
  总监: {owners: [ceo], approve: 结束}
  结束: {end: true}
"""
SCENARIO = """\
scenario: 小额报销
version: 1
flow:
  definition: flows/报销.yaml
  project: {name: 差旅}
  form: {金额: 300}
steps:
  - {name: 提交, submit: {}}
  - {name: 主管通过, approve: {by: wangwu}, expect: {flow: {at: 结束}}}
"""


def told(bs: Command, *arguments: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(bs("coverage", "--json", *arguments).out)
    return document


def kind(document: dict[str, Any], name: str) -> tuple[list[str], list[str]]:
    (found,) = [one for one in document["kinds"] if one["kind"] == name]
    assert found["total"] == len(found["touched"]) + len(found["missing"])
    return found["touched"], found["missing"]


def test_what_is_declared_is_told_with_what_is_touched(recorded: Project, bs: Command) -> None:
    done = bs("coverage")

    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines() == snapshot(
        [
            "part       touched  of  %",
            "api        1        1   100",
            "parameter  1        2   50",
            "instance   1        1   100",
            "auth       2        3   66.7",
            "field      1        1   100",
            "handler    1        1   100",
            "all        7        9   77.8",
            "",
            "-  parameter  crm_system.get_customer_detail fields",
            "-  auth       crm_system token",
        ]
    )


def test_names_can_be_left_out(recorded: Project, bs: Command) -> None:
    assert len(bs("coverage", "--no-missing").out.splitlines()) == 8


@pytest.mark.parametrize(("least", "code"), [("77.8", 0), ("77.9", 1)])
def test_too_little_ends_with_1(recorded: Project, bs: Command, least: str, code: int) -> None:
    done = bs("coverage", "--fail-under", least)

    assert done.code == code
    assert done.err == ("77.8 % is touched, and 77.9 % has to be\n" if code else "")


def test_a_fault_that_struck_touches_its_recovery(recorded: Project, bs: Command) -> None:
    recorded.edit(
        recorded.scenario,
        "steps:",
        "faults:\n  - {on: crm_system.get_customer_detail, call: 1, do: {token: expired}}\nsteps:",
    )

    assert kind(told(bs), "auth") == (
        ["crm_system applied", "crm_system login", "crm_system token"],
        [],
    )


def test_an_answer_with_a_status_of_the_class_touches_it_too(
    recorded: Project, bs: Command
) -> None:
    recorded.edit(
        recorded.scenario,
        "steps:",
        "faults:\n  - {on: crm_system.*, call: 1, do: {status: 401, body: {code: 401}}}\nsteps:",
    )

    assert kind(told(bs), "auth")[1] == []


def test_nodes_and_transitions_of_a_flow_are_parts(project: Project, bs: Command) -> None:
    folder = project.folder / "scenarios"
    (folder / "flows").mkdir()
    (folder / "flows/报销.yaml").write_text(FLOW, encoding="utf-8")
    (folder / "报销.scenario.yaml").write_text(SCENARIO, encoding="utf-8")

    document = told(bs, "scenarios/报销.scenario.yaml")

    assert kind(document, "node") == (["报销: 主管", "报销: 结束"], ["报销: 总监"])
    assert kind(document, "transition") == (
        ["报销: 主管 approve -> 结束"],
        [
            "报销: 主管 approve -> 总监",
            "报销: 主管 reject -> 结束",
            "报销: 总监 approve -> 结束",
        ],
    )


def test_what_fails_counts_for_nothing(recorded: Project, bs: Command) -> None:
    recorded.edit(recorded.scenario, "张三", "李四")
    for name, keys in (("二", ""), ("三", "xfail: 还没修\n")):
        text = f"version: 1\nscenario: {name}\n{keys}steps: [{{js: throw 1}}]\n"
        recorded.scenario.with_name(f"{name}.scenario.yaml").write_text(text, encoding="utf-8")
    done = bs("coverage")

    assert done.err == snapshot(
        "2 scenarios failed, which counts for nothing; see `bpmax-sim run`\n"
    )
    assert "all        0        9   0" in done.out


def test_runs_that_stored_nothing_of_coverage_are_refused(recorded: Project, bs: Command) -> None:
    assert bs("run").code == 0  # without --job

    done = bs("coverage", "--evidence", ".bpmax/usage")

    assert (done.code, done.err) == (
        2,
        (
            ".bpmax/usage: a run kept nothing of coverage there; run with --job or --shard, or "
            "where CI is set\n"
        ),
    )


@pytest.mark.parametrize("mode", ["live", "record"])
def test_a_scenario_that_asks_a_live_system_is_not_run(
    recorded: Project, bs: Command, mode: str
) -> None:
    new = f"proxy:\n  mode: {mode}\n  platforms"
    recorded.edit(recorded.scenario, "proxy:\n  platforms", new)

    assert bs("coverage").err == snapshot("skipped, as it needs a live system: 1 scenario\n")


def test_without_a_scenario_there_is_nothing_to_touch(
    bs: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    assert bs("coverage").code == 5


def test_the_scenarios_of_this_project_touch_nearly_everything(
    bs: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(REPOSITORY)

    done = bs("coverage", "--fail-under", "90")

    assert done.code == 0
    assert [line.split()[0] for line in done.out.splitlines()[1:8]] == [
        "api",
        "parameter",
        "instance",
        "auth",
        "field",
        "node",
        "transition",
    ]


USED = """\
scenario: 处理程序
version: 1
form: {scripts: {open: 打开.js, click.查询: 查询.js, click.导出: 导出.js}, fields: {编号: "1"}}
cases: [{id: 甲}, {id: 乙}]
steps:
  - {open: {}}
  - {if: "${case.id} == 甲", click: 查询}
  - {if: "${env.导出} == 是", click: 导出}
"""


def test_handlers_stubs_and_conditions_that_nothing_uses_are_named(
    project: Project, bs: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("导出", "否")
    for name in ("打开", "查询", "导出"):
        (project.folder / f"scenarios/{name}.js").write_text("return 1\n", encoding="utf-8")
    path = project.folder / "scenarios/处理程序.scenario.yaml"
    path.write_text(USED, encoding="utf-8")

    document = told(bs, "scenarios/处理程序.scenario.yaml")
    assert kind(document, "handler") == (
        ["click.查询: scenarios/查询.js", "open: scenarios/打开.js"],
        ["click.导出: scenarios/导出.js"],
    )
    held, never = kind(document, "branch")
    assert [name.partition(": ")[2] for name in held] == ["${case.id} == 甲"]
    assert [name.partition(": ")[2] for name in never] == ["${env.导出} == 是"]


SPLIT = """\
flow: 会审
start: 主管
nodes:
  主管: {owners: [甲], approve: 分}
  分: {parallel: [法务, 财务], join: 合}
  法务: {owners: [乙], approve: 合}
  财务: {owners: [丙], approve: 总监}
  总监: {owners: [丁], approve: 合}
  合: {owners: [甲], approve: 结束}
  结束: {end: true}
"""


@pytest.mark.parametrize(
    ("hook", "touched"),
    [
        ("", ["主管", "分", "合", "总监", "法务", "结束", "财务"]),
        ("财务", ["主管"]),
        ("总监", ["主管", "分", "法务", "财务"]),
        ("合", ["主管", "分", "总监", "法务", "财务"]),
    ],
)
def test_nodes_whose_arrival_was_undone_are_not_touched(
    project: Project, bs: Command, hook: str, touched: list[str]
) -> None:
    folder = project.folder / "scenarios"
    (folder / "flows").mkdir()
    (folder / "flows/会审.yaml").write_text(SPLIT, encoding="utf-8")
    (folder / "坏.js").write_text("throw new Error('坏')\n", encoding="utf-8")
    acts = [("主管", "甲"), ("法务", "乙"), ("财务", "丙"), ("总监", "丁"), ("合", "甲")]
    before = {"财务": "主管", "总监": "财务", "合": "总监"}.get(hook, "")
    steps = ["  - submit: {}"]
    for node, by in acts:
        error = ", expect_error: {message: {$contains: 坏}}" if node == before else ""
        steps.append(f"  - {{approve: {{at: {node}, by: {by}}}{error}}}")
        if error:
            break
    scripts = f"scripts: {{owners.{hook}: 坏.js}}" if before else "form: {}"
    (folder / "会审.scenario.yaml").write_text(
        "scenario: 会审\nversion: 1\nflow: {definition: flows/会审.yaml, " + scripts + "}\n"
        "steps:\n" + "\n".join(steps) + "\n",
        encoding="utf-8",
    )

    document = told(bs, "scenarios/会审.scenario.yaml")

    assert kind(document, "node")[0] == [f"会审: {node}" for node in touched]
