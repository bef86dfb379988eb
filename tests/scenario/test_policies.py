"""People who decide by themselves: which policy is taken when, and what is wrong with policies."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from bpmax_sim.errors import ConfigError
from bpmax_sim.i18n import to_plain_english, translate
from bpmax_sim.index.facts import read_facts
from bpmax_sim.scenario.events import ScenarioFinished, StepFinished
from bpmax_sim.scenario.load import load_items
from bpmax_sim.scenario.runner import run_scenario
from bpmax_sim.subject.hooks import NodeEntered

FLOW = """\
flow: 采购
start: 部门
admins: [行政]
nodes:
  部门: {owners: [李经理, 王总监], complete: all, approve: 财务, reject: 结束}
  财务: {owners: [赵会计, 钱会计], approve: 会审, reject: 部门, deadline: {after: 2d, to: 主管}}
  主管: {owners: [周主管], approve: 会审}
  会审: {parallel: [法务, 风控], join: 用印}
  法务: {owners: [陈律师], approve: 用印}
  风控: {owners: [吴专员], approve: 用印}
  用印: {subflow: 盖章, approve: 结束, reject: 结束}
  结束: {end: true}
"""
CHILD = """\
flow: 盖章
start: 盖
nodes:
  盖: {owners: [印章员], approve: 完, reject: 完}
  完: {end: true}
"""
HEAD = """\
version: 1
scenario: 采购
flow: {definition: 流程.yaml, subflows: {盖章: {definition: 盖章.yaml}}, form: {金额: 800}}
user: 张三
clock: "2026-03-02T09:00:00+08:00"
"""
EVERYBODY = '{at: "*", approve: {}}'


def write(folder: Path, policies: str, steps: str, flow: str = FLOW, more: str = "") -> Path:
    """Write a scenario: a policy and a step a line."""
    (folder / "流程.yaml").write_text(flow, encoding="utf-8")
    (folder / "盖章.yaml").write_text(CHILD, encoding="utf-8")
    lists = {"policies": policies, "steps": steps}
    text = "".join(
        f"{key}:\n" + "".join(f"  - {line}\n" for line in lines.splitlines())
        for key, lines in lists.items()
        if lines
    )
    path = folder / "场景.scenario.yaml"
    path.write_text(HEAD + more + text, encoding="utf-8")
    return path


def play(
    folder: Path, policies: str, steps: str = "submit: {}\nplay: {until: 结束}", **options: Any
) -> tuple[list[str], Mapping[str, Any]]:
    """Run a scenario; return what is wrong with it, and the facts of the flow at its end."""
    result = run_scenario(write(folder, policies, steps, **options))
    ends = [event for event in result.events if isinstance(event, ScenarioFinished)]
    steps_done = [event for event in result.events if isinstance(event, StepFinished)]
    wrong = [to_plain_english(failure.headline) for end in ends for failure in end.failures]
    return wrong, {**(steps_done[-1].flow or {}), "events": result.events}


def who_entered(facts: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Return each node that was entered, by what and by whom."""
    entered = [event for event in facts["events"] if isinstance(event, NodeEntered)]
    return [(event.node, event.action, event.by) for event in entered]


WHOLE = "[部门, 财务, 会审, 法务, 风控, 用印]"


@pytest.mark.parametrize(
    ("policies", "passed"),
    [
        (EVERYBODY, WHOLE),
        ("{at: 部门, by: 王总监, reject: {comment: 预算不足}}", "[部门]"),
        (
            f"{{at: 财务, times: 1, return: {{to: 部门}}}}\n{EVERYBODY}",
            "[部门, 财务, 部门, 财务, 会审, 法务, 风控, 用印]",
        ),
        (
            f"{{at: 财务, after: 3d, approve: {{}}}}\n{EVERYBODY}".replace(
                "after: 3d", "after: 1d"
            ),
            WHOLE,
        ),
        (f"{{at: 盖, reject: 章已停用}}\n{EVERYBODY}".replace("章已停用", "{}"), WHOLE),
        (f"{{at: 盖, project: 盖章, reject: {{}}}}\n{EVERYBODY}", WHOLE),
        (f"{{at: 部门, by: 李经理, hand_over: {{to: 孙副}}}}\n{EVERYBODY}", WHOLE),
        (f"{{at: 财务, by: 赵会计, add_owner: {{to: [专家]}}}}\n{EVERYBODY}", WHOLE),
    ],
)
def test_a_project_runs_to_its_end_by_policies(tmp_path: Path, policies: str, passed: str) -> None:
    steps = f"submit: {{}}\n{{play: {{until: 结束}}, expect: {{flow: {{passed: {passed}}}}}}}"
    assert play(tmp_path, policies, steps)[0] == []


def test_the_first_policy_that_fits_wins_where_one_owner_decides_for_all(tmp_path: Path) -> None:
    policies = f"{{at: 财务, by: 钱会计, after: 2h, approve: {{form: {{金额: 700}}}}}}\n{EVERYBODY}"
    steps = (
        "submit: {}\n"
        "{play: {until: 法务}, expect: {flow: {form: {金额: 700}, passed: {财务: 1, 主管: 0}}}}\n"
        "{play: {}, expect: {flow: {status: finished, projects: {盖章: {passed: {盖: 1}}}}}}"
    )
    wrong, facts = play(tmp_path, policies, steps)

    assert wrong == []
    assert ("会审", "approve", "钱会计") in who_entered(facts)
    (end,) = [event for event in facts["events"] if isinstance(event, ScenarioFinished)]
    assert end.duration == 2 * 3600


def test_a_deadline_comes_before_somebody_who_is_slower(tmp_path: Path) -> None:
    late = "{at: 财务, after: 49h, approve: {}}"
    wrong, facts = play(tmp_path, f"{{at: 主管, approve: {{}}}}\n{late}"
                        f"\n{EVERYBODY}")  # fmt: skip

    assert [line.partition(": ")[2][:34] for line in wrong] == [
        "this policy was never used; take i"
    ]
    assert ("主管", "deadline", "") in who_entered(facts)


def test_others_act_and_who_started_it_submits_again(tmp_path: Path) -> None:
    policies = (
        "{at: 财务, times: 1, return: {to: start}}\n"
        "{at: start, after: 1h, resubmit: {form: {金额: 600}}}\n"
        "{at: 法务, by: 张三, withdraw: {comment: 不买了}}\n"
        "{at: 财务, by: 行政, times: 1, comment: 请尽快}\n"
        f"{EVERYBODY}"
    )
    steps = (
        "submit: {}\n"
        "{play: {until: start}, expect: {flow: {status: returned}}}\n"
        "{play: {}, expect: {flow: {status: cancelled, form: {金额: 600}}}}"
    )
    wrong, _ = play(tmp_path, policies.replace("by: 行政", "by: 张三"), steps)

    assert wrong == []


def test_rows_walk_every_branch_in_five_lines(tmp_path: Path) -> None:
    rows = f"cases: [{{id: 通过, 走过: {WHOLE}}}, {{id: 驳回, 走过: [部门]}}]\n"
    policies = f"{{at: 部门, only: [驳回], reject: {{}}}}\n{EVERYBODY}"
    steps = 'submit: {}\n{play: {until: 结束}, expect: {flow: {passed: "${case.走过}"}}}'

    assert play(tmp_path, policies, steps, more=rows)[0] == []


def test_written_steps_come_between(tmp_path: Path) -> None:
    steps = (
        "submit: {}\n"
        "play: {until: 财务}\n"
        "{approve: {by: 赵会计, form: {金额: 1}}, expect: {flow: {at: [法务, 风控]}}}\n"
        "play: {}"
    )
    assert play(tmp_path, EVERYBODY, steps)[0] == []


STUCK = "\n".join(f"{{at: {node}, approve: {{}}}}" for node in ("部门", "财务", "法务", "风控"))


RUNS = [
    (
        STUCK,
        "play: {until: 结束}",
        (
            "STANDS_STILL: play stands still on the way to '结束': no policy fits '盖章/盖' "
            "(印章员), '用印' (it waits for the sub-flow), and no deadline or timer is pending; "
            "add one with at: 盖"
        ),
        "没有到 '结束'：'盖章/盖'（印章员）",
    ),
    (
        "{at: 部门, by: 李经理, approve: {}}",
        "play: {}",
        (
            "play stands still on the way to its end: no policy fits '部门' (王总监), and no "
            "deadline or timer is pending; the policy in line 7 is for 李经理"
        ),
        "第 7 行的策略是给 李经理 的",
    ),
    (
        '{at: 部门, if: "${form.金额} == 1", approve: {}}',
        "play: {}",
        "the policy in line 7 does not hold: if: ${form.金额} == 1",
        "条件不成立",
    ),
    (
        f"{{at: 财务, return: {{to: 部门}}}}\n{EVERYBODY}",
        "play: {until: 结束}",
        (
            "NEVER_ENDS: after 200 decisions and deadlines the project has not come to '结束'; "
            "it passed … → 财务 → 部门"
        ),
        "发生了 200 次，项目仍没有到 '结束'",
    ),
    (
        f"{{at: 部门, reject: {{}}}}\n{EVERYBODY}",
        "play: {until: 财务}",
        (
            "ENDED_ELSEWHERE: the project is rejected at '结束' and has not come to '财务'; it "
            "passed 部门"
        ),
        "没有到 '财务'；经过的环节：部门",
    ),
    (
        f"{{at: 财务, by: 路人, terminate: {{}}}}\n{EVERYBODY}",
        "play: {until: 结束}",
        (
            "NOT_ALLOWED: 路人 may not terminate: only an administrator or the project's owner "
            "may (行政, 张三) (the policy in line 7)"
        ),
        "路人",
    ),
]


@pytest.mark.parametrize(("policies", "steps", "english", "chinese"), RUNS)
def test_a_play_that_does_not_come_there_says_where_it_stands(
    tmp_path: Path, policies: str, steps: str, english: str, chinese: str
) -> None:
    path = write(tmp_path, policies, f"submit: {{}}\n{steps}")
    (end,) = [e for e in run_scenario(path).events if isinstance(e, ScenarioFinished)]
    (failure, *_) = end.failures

    assert english in to_plain_english(translate(failure.essence, "en"))
    assert chinese in to_plain_english(translate(failure.essence, "zh"))
    assert failure.place is not None
    assert failure.place.line in range(9, 14)


def test_deadlines_that_go_round_are_bounded(tmp_path: Path) -> None:
    flow = FLOW.replace("主管: {owners: [周主管], approve: 会审}",
                        "主管: {owners: [周主管], approve: 会审, deadline: {after: 1d, to: "
                        "财务}}")  # fmt: skip
    wrong, _ = play(tmp_path, "{at: 部门, approve: {}}", flow=flow)

    assert len(wrong) == 1
    assert "after 200 decisions and deadlines" in wrong[0]
    assert "财务 → 主管 → 财务 → 主管" in wrong[0]


AT_LOAD = [
    ("{at: 财务部, approve: {}}", "7:6", "no node '财务部'; did you mean '财务'?", "没有环节"),
    ("{at: 财务, approve: {}, reject: {}}", "7:27", "one thing that is done, not 2", "有 2 个"),
    ("{at: 财务}", "7:5", "one thing that is done, not 0", "一条策略写一个动作"),
    ("{at: 主管, reject: {}}", "7:6", "'主管' does not offer reject", "没有动作 reject"),
    ("{at: 会审, approve: {}}", "7:6", "nobody decides at '会审'", "没有人审批"),
    ("{at: 结束, approve: {}}", "7:6", "nobody decides at '结束'", "没有人审批"),
    ("{at: start, approve: {}}", "7:6", "at: start goes with resubmit", "resubmit"),
    ("{at: 财务, resubmit: {}}", "7:6", "at: start goes with resubmit", "resubmit"),
    ("{at: 财务, by: 赵会记, approve: {}}", "7:14", "'赵会记' never has a task at '财务'",
     "不会有待办"),
    ("{at: 财务, approve: {by: 赵会计}}", "7:24", "write by beside approve", "同一层"),
    ("{at: 财务, approve: {foo: 1}}", "7:24", "unknown key 'foo'", "foo"),
    ("{at: 财务, return: {to: 部}}", "7:23", "no node '部'", "没有环节"),
    ("{at: 财务, hand_over: {}}", "7:14", "expected to: who", "to"),
    ("{at: 盖, project: 盖张, approve: {}}", "7:13", "no sub-flow '盖张'", "子流程"),
    ("{at: 财务, after: 2x, approve: {}}", "7:21", "after", "after"),
    ("{at: 财务, times: 0, approve: {}}", "7:21", "times", "times"),
    ('{at: 财务, if: "${form.金额} = 1", approve: {}}', "7:14", "a condition is such as", "条件"),
    (f"{EVERYBODY}\n{{at: 财务, approve: {{}}}}", "8:5", "can never be used: the one in line 7",
     "永远用不到"),
    ("{at: 财务, approve: {}}\n{at: 财务, by: 赵会计, reject: {}}", "8:5", "can never be used",
     "永远用不到"),
    ("{at: 财务, only: [驳回], approve: {}}", "7:14", "only names rows; the",
     "cases"),
    ("{at: 用印, approve: {}}", "7:6", "nobody decides at '用印'", "没有人审批"),
    ("{at: 盖, approve: {project: 盖章}}", "7:23", "write project beside approve", "同一层"),
    ("{at: 财务, forward: }", "7:14", "expected to: who", "to"),
    ("{at: 盖, project: 盖章, by: 印张员, approve: {}}", "7:26", "'印张员' never has a",
     "不会有待办"),
    ("{at: 财务, by: 行政, approve: {}}", "7:14", "'行政' never has a task", "不会有待办"),
    ("{at: 财务, aprove: {}}", "7:14", "unknown key 'aprove'; did you mean 'approve'?", "approve"),
]  # fmt: skip
OF_STEPS = [
    ("play: {until: 财务部}", "no node '财务部'", "没有环节"),
    ("play: {until: 会审}", "no project stays at '会审'", "不会停在那里"),
    ("play: {till: 财务}", "unknown key 'till'", "till"),
    ("play: 3", "expected a map of until", "until"),
    ("{approve: {by: 李经理}, during: {call: a.b, steps: [{play: {}}]}}", "does not go into during",
     "不能写在 during 里"),
    ("remind: {}", "nothing runs these policies", "没有被用到"),
    ("{play: {}, expect: {flow: {passed: [财务部]}}}", "no node '财务部'", "没有环节"),
    ("{play: {}, expect: {flow: {passed: {财务部: 1}}}}", "no node '财务部'", "没有环节"),
]  # fmt: skip


def problems_of(path: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        run_scenario(path)
    return "\n".join(
        to_plain_english(translate(str(problem), language))
        for language in ("en", "zh")
        for problem in caught.value.problems
    )


@pytest.mark.parametrize(("policy", "place", "english", "chinese"), AT_LOAD)
def test_a_policy_that_cannot_be_is_told_with_its_place(
    tmp_path: Path, policy: str, place: str, english: str, chinese: str
) -> None:
    told = problems_of(write(tmp_path, policy, "submit: {}\nplay: {}"))

    assert f":{place}: policies" in told
    assert english in told
    assert chinese in told


@pytest.mark.parametrize(("step", "english", "chinese"), OF_STEPS)
def test_a_step_that_plays_wrongly_is_told(
    tmp_path: Path, step: str, english: str, chinese: str
) -> None:
    told = problems_of(write(tmp_path, EVERYBODY, f"submit: {{}}\n{step}"))

    assert english in told
    assert chinese in told


def test_nodes_and_people_of_policies_are_known_to_the_index() -> None:
    text = (
        "version: 1\nscenario: 采购\npolicies: [{at: 财务, by: 赵会计, approve: {}}, "
        '{at: "*", approve: {}}]\nsteps:\n'
        "  - preview: {}\n    expect: {preview: {nodes: [部门], owners: {会审: [陈律师]}}}\n"
        "  - play: {until: 主管}\n    expect: {flow: {passed: {用印: 1}}}\n"
    )
    facts = read_facts("scenarios/采购.scenario.yaml", text.encode()).facts
    named = {(fact.kind, fact.name) for fact in facts}

    assert {("node", node) for node in ("财务", "部门", "会审", "主管", "用印")} <= named
    assert {("person", "赵会计"), ("person", "陈律师")} <= named
    assert ("node", "*") not in named


@pytest.mark.parametrize("key", ["steps", "finally"])
def test_time_passes_without_policies_wherever_the_step_stands(tmp_path: Path, key: str) -> None:
    waiting = "  - {play: {until: 主管}, expect: {flow: {at: 主管}}}\n"
    moves = "submit: {}\napprove: {by: 李经理}\napprove: {by: 王总监}\n"
    if key == "steps":
        wrong, _ = play(tmp_path, "", moves + waiting.strip(" -"))
    else:
        wrong, _ = play(tmp_path, "", moves, more=f"finally:\n{waiting}")
    assert wrong == []


def test_without_a_definition_nobody_decides(tmp_path: Path) -> None:
    path = write(tmp_path, EVERYBODY, "submit: {}\nplay: {}")
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace("{definition: 流程.yaml, subflows: {盖章: {definition: 盖章.yaml}}, ", "{"),
        encoding="utf-8",
    )
    assert "policies need flow.definition" in problems_of(path)


@pytest.mark.parametrize(
    "policies",
    [
        "{at: 会审, by: 行政, terminate: {}}",
        "{at: 结束, by: 行政, terminate: {}}",
        "{at: 用印, by: 张三, withdraw: {}}",
        "{at: 主管, by: 行政, approve: {}}",
        "{at: 盖, by: 印章员, approve: {}}",
        '{at: 财务, by: 赵会计, hand_over: {to: "${vars.谁}"}}\n{at: 财务, by: 新人, approve: {}}',
        "{at: 财务, by: 赵会计, hand_over: {to: 新人}}\n{at: 财务, by: 新人, approve: {}}",
        "{at: 财务, by: 赵会计, add_owner: {to: [甲, 乙, 丙]}}\n{at: 财务, by: 丙, approve: {}}",
        "{at: 财务, by: 赵会计, approve: }\n{at: 财务, by: 钱会计, approve: {comment: 同意}}",
    ],
)
def test_policies_that_can_be(tmp_path: Path, policies: str) -> None:
    flow = FLOW.replace("主管: {owners: [周主管],", "主管: {owners: [周主管], empty: admins,")
    path = write(tmp_path, policies, "submit: {}\nplay: {}", flow, "vars: {谁: 新人}\n")

    assert [item.scenario.scenario for item in load_items(path)] == ["采购"]


@pytest.mark.parametrize(("by", "is_told"), [("印章员", False), ("印张员", True)])
@pytest.mark.parametrize("scripts", ["", "approve.盖", "owners.盖", "owners.完"])
def test_whom_scripts_of_any_flow_may_name_is_not_known_before(
    tmp_path: Path, by: str, scripts: str, *, is_told: bool
) -> None:
    path = write(tmp_path, f"{{at: 盖, by: {by}, approve: {{}}}}", "submit: {}\nplay: {}")
    (tmp_path / "人.js").write_text("return [];\n", encoding="utf-8")
    if scripts:
        text = path.read_text(encoding="utf-8")
        more = f"{{definition: 盖章.yaml, scripts: {{{scripts}: 人.js}}}}"
        path.write_text(text.replace("{definition: 盖章.yaml}", more), encoding="utf-8")

    if is_told and not scripts.startswith("owners."):
        assert f"'{by}' never has a task at '盖'" in problems_of(path)
    else:
        assert len(load_items(path)) == 1


def test_each_policy_is_checked_but_one_that_was_not_read(tmp_path: Path) -> None:
    nodes = ["部门", "财务部", *["部门"] * 8]
    lines = [f"{{at: {node}, times: 1, approve: {{}}}}" for node in nodes]
    lines.append("{at: 法务部, after: 2x, approve: {}}")
    told = problems_of(write(tmp_path, "\n".join(lines), "submit: {}\nplay: {}"))

    assert "policies[1].at: no node '财务部'" in told
    assert "policies[10].after" in told
    assert "法务部" not in told


SHADOWS = [
    ("{at: 财务, approve: {}}\n{at: 部门, approve: {}}", "{at: 财务, reject: {}}", True),
    ("{at: 财务, approve: {}}\n{at: 部门, approve: {}}", "{at: 法务, approve: {}}", False),
    ("{at: 财务, approve: {}}", "{at: 财务, reject: {}}", True),
    ("{at: 财务, approve: {}}", "{at: 部门, approve: {}}", False),
    (EVERYBODY, "{at: 财务, reject: {}}", True),
    (EVERYBODY, "{at: start, resubmit: {}}", False),
    ("{at: 财务, approve: {}}", EVERYBODY, False),
    ('{at: "*", reject: {}}', "{at: 财务, approve: {}}", False),  # 主管 has no reject
    ("{at: 财务, reject: {}}", "{at: 财务, approve: {}}", True),
    ("{at: 财务, by: 赵会计, approve: {}}", "{at: 财务, reject: {}}", False),
    ("{at: 财务, by: 赵会计, approve: {}}", "{at: 财务, by: 钱会计, reject: {}}", False),
    ("{at: 财务, by: 赵会计, approve: {}}", "{at: 财务, by: 赵会计, reject: {}}", True),
    ("{at: 财务, times: 1, approve: {}}", "{at: 财务, reject: {}}", False),
    ('{at: 财务, if: "${form.金额} > 1", approve: {}}', "{at: 财务, reject: {}}", False),
    ('{at: "${vars.处}", approve: {}}', "{at: 财务, reject: {}}", False),
    ("{at: 财务, approve: {}}", '{at: "${vars.处}", reject: {}}', False),
    ("{at: 财务, approve: {}}", '{at: 财务, by: "${vars.谁}", reject: {}}', False),
    ('{at: 财务, by: "${vars.谁}", approve: {}}', "{at: 财务, reject: {}}", False),
    ("{at: 财务, by: 行政, comment: 请快}", "{at: 财务, approve: {}}", False),
    ("{at: 财务, by: 行政, terminate: {}}", "{at: 财务, approve: {}}", False),
    ("{at: 财务, hand_over: {to: 孙副}}", "{at: 财务, approve: {}}", False),
    ("{at: 盖, project: 盖章, approve: {}}", "{at: 盖, approve: {}}", False),
    ("{at: 盖, approve: {}}", "{at: 盖, project: 盖章, approve: {}}", True),
]  # fmt: skip


@pytest.mark.parametrize(("first", "later", "never"), SHADOWS)
def test_a_policy_behind_one_that_fits_all_it_fits_is_never_used(
    tmp_path: Path, first: str, later: str, *, never: bool
) -> None:
    path = write(
        tmp_path, f"{first}\n{later}", "submit: {}\nplay: {}", more="vars: {处: 财务, 谁: 赵会计}\n"
    )
    try:
        load_items(path)
    except ConfigError as error:
        told = to_plain_english(str(error))
    else:
        told = ""

    assert ("can never be used" in told) == never, told


@pytest.mark.parametrize(
    ("after", "by"),
    [("47h", "approve"), ("2d", "deadline"), ("49h", "deadline")],
)
def test_a_deadline_comes_first_at_its_own_instant(tmp_path: Path, after: str, by: str) -> None:
    _, facts = play(tmp_path, f"{{at: 财务, after: {after}, approve: {{}}}}\n{EVERYBODY}")

    left = [entry for entry in who_entered(facts) if entry[0] in ("主管", "会审")]
    assert left[0][1] == by


def test_an_owner_who_was_added_has_his_task_from_then_on(tmp_path: Path) -> None:
    policies = (
        "{at: 部门, after: 1h, approve: {}}\n"
        "{at: 财务, by: 赵会计, after: 2h, add_owner: {to: [专家], where: before}}\n"
        "{at: 财务, by: 专家, after: 90m, approve: {}}\n"
        "{at: 财务, by: 赵会计, approve: {}}"
    )
    wrong, facts = play(tmp_path, policies, "submit: {}\nplay: {until: 法务}")

    (end,) = [event for event in facts["events"] if isinstance(event, ScenarioFinished)]
    assert wrong == []
    assert end.duration == (60 + 120 + 90) * 60


@pytest.mark.parametrize("action", ["comment: 请快", "remind: {}"])
def test_what_nobody_has_to_do_is_done_once_at_each_stay(tmp_path: Path, action: str) -> None:
    policies = (
        f"{{at: 财务, by: 张三, after: 1h, {action}}}\n{{at: 财务, after: 2h, approve: {{}}}}\n"
        f"{EVERYBODY}"
    )
    wrong, facts = play(tmp_path, policies)

    (end,) = [event for event in facts["events"] if isinstance(event, ScenarioFinished)]
    assert (wrong, end.duration) == ([], 2 * 3600)


@pytest.mark.parametrize(("times", "came"), [(1, 1), (2, 2), (3, 3)])
def test_a_policy_is_used_so_many_times(tmp_path: Path, times: int, came: int) -> None:
    policies = f"{{at: 财务, times: {times}, return: {{to: 部门}}}}\n{EVERYBODY}"
    steps = f"submit: {{}}\n{{play: {{}}, expect: {{flow: {{passed: {{部门: {came + 1}}}}}}}}}"

    assert play(tmp_path, policies, steps)[0] == []


@pytest.mark.parametrize(
    ("policies", "until", "essence"),
    [
        ("{at: 部门, reject: {}}", "结束", ""),
        ("{at: 部门, reject: {}}", "财务", "the project is rejected at '结束'"),
        ("{at: 部门, reject: {}}", "", ""),
        ("{at: 部门, times: 1, return: {to: start}}", "start", ""),
        (
            "{at: 部门, times: 1, return: {to: start}}",
            "结束",
            "returned and has not come to '结束'; it",
        ),
        (
            "{at: 部门, times: 1, return: {to: start}}",
            "",
            "returned and has not come to its end; it",
        ),
        ("{at: 部门, by: 张三, withdraw: {}}", "", ""),
        ("{at: 部门, by: 张三, withdraw: {}}", "结束", "the project is cancelled"),
        ("{at: 部门, by: 行政, terminate: {}}", "", ""),
        (EVERYBODY, "部门", ""),
        (EVERYBODY, "法务", ""),
    ],
)
def test_a_play_is_over_where_it_was_to_come_or_at_the_end(
    tmp_path: Path, policies: str, until: str, essence: str
) -> None:
    goal = f"until: {until}" if until else ""
    wrong, _ = play(tmp_path, policies, f"submit: {{}}\nplay: {{{goal}}}")

    stood = [line for line in wrong if "was never used" not in line]
    assert [essence in line for line in stood] == [True] * bool(essence), wrong


@pytest.mark.parametrize(
    ("before", "hours"),
    [("", 2), ("advance: 0s", 2), ("advance: 1h", 2), ("advance: 2h", 2), ("advance: 3h", 3)],
)
def test_a_task_that_was_there_from_the_start_waits_from_then(
    tmp_path: Path, before: str, hours: int
) -> None:
    path = write(tmp_path, '{at: "*", after: 2h, approve: {}}', f"{before}\nplay: {{}}".strip())
    text = path.read_text(encoding="utf-8").replace("流程.yaml,", "流程.yaml, at: 主管,", 1)
    path.write_text(text.replace("play: {}", "play: {until: 法务}"), encoding="utf-8")
    result = run_scenario(path)

    (end,) = [event for event in result.events if isinstance(event, ScenarioFinished)]
    assert [failure.headline for failure in end.failures] == []
    assert end.duration == hours * 3600


def test_nobody_decides_on_a_project_that_was_not_submitted(tmp_path: Path) -> None:
    wrong, _ = play(tmp_path, EVERYBODY, "play: {}")

    assert "NOT_UNDER_WAY: cannot play: the project is new; submit it first" in wrong[0]


@pytest.mark.parametrize(("comments", "ends"), [(1, True), (2, True), (3, False)])
def test_the_last_of_the_moves_that_may_be_counts(
    tmp_path: Path, comments: int, *, ends: bool
) -> None:
    policies = (  # 65 rounds of 3 moves, 3 to the end, and the comments
        f"{{at: 部门, by: 张三, times: {comments}, comment: 请快}}\n"
        f"{{at: 财务, times: 65, return: {{to: 部门}}}}\n{EVERYBODY}"
    )
    wrong, _ = play(tmp_path, policies, "submit: {}\nplay: {until: 法务}")

    assert ["NEVER_ENDS: after 200 decisions" in line for line in wrong] == [True] * (not ends)


def test_a_play_is_over_where_a_hook_refuses(tmp_path: Path) -> None:
    path = write(tmp_path, EVERYBODY, "submit: {}\n{play: {}, expect: {flow: {at: 财务}}}")
    text = path.read_text(encoding="utf-8")
    refusing = text.replace(", form: {", ", scripts: {before_next.财务: 否.js}, form: {", 1)
    path.write_text(refusing, encoding="utf-8")
    (tmp_path / "否.js").write_text("return false", encoding="utf-8")

    (end,) = [one for one in run_scenario(path).events if isinstance(one, ScenarioFinished)]
    assert [failure.headline for failure in end.failures] == []


def test_a_node_that_offers_no_such_decision_is_left_to_the_next_policy(tmp_path: Path) -> None:
    rejecting = '{at: "*", if: "${flow.passed} != []", reject: {}}'
    policies = f"{{at: 部门, approve: {{}}}}\n{{at: 财务, after: 3d, approve: {{}}}}\n{rejecting}"
    wrong, facts = play(tmp_path, f"{policies}\n{EVERYBODY}", "submit: {}\nplay: {until: 法务}")

    assert [line for line in wrong if "never used" not in line] == []
    assert ("会审", "approve", "周主管") in who_entered(facts)

    wrong, _ = play(tmp_path, policies, "submit: {}\nplay: {until: 法务}")
    assert "does what the node does not offer: reject" in wrong[0]


def test_a_policy_of_a_sub_flow_is_for_each_of_its_projects(tmp_path: Path) -> None:
    flow = FLOW.replace(
        "approve: 结束, reject: 结束}\n  结束", "approve: 结束, reject: 财务}\n  结束"
    )
    own = "\n".join(f"{{at: {node}, approve: {{}}}}" for node in ("部门", "财务", "法务", "风控"))
    policies = (
        "{at: 盖, project: 盖章, times: 1, reject: {}}\n"
        f"{{at: 盖, project: 盖章, approve: {{}}}}\n{own}"
    )
    wrong, facts = play(tmp_path, policies, "submit: {}\nplay: {}", flow=flow)

    assert wrong == []
    assert [node for node, *_ in who_entered(facts) if node.endswith("/盖")] == [
        "盖章/盖",
        "盖章#2/盖",
    ]


def test_a_policy_without_a_project_is_for_the_main_flows_node_of_that_name(
    tmp_path: Path,
) -> None:
    path = write(tmp_path, EVERYBODY.replace('"*"', "部门"), "submit: {}\nplay: {}")
    lines = "".join(f"  - {{at: {node}, approve: {{}}}}\n" for node in ("财务", "法务", "风控"))
    text = path.read_text(encoding="utf-8").replace("steps:\n", f"{lines}steps:\n")
    path.write_text(text, encoding="utf-8")
    child = CHILD.replace("盖:", "部门:").replace("start: 盖", "start: 部门")
    (tmp_path / "盖章.yaml").write_text(child, encoding="utf-8")

    (end,) = [one for one in run_scenario(path).events if isinstance(one, ScenarioFinished)]
    (failure,) = end.failures
    assert "no policy fits '盖章/部门' (印章员)" in to_plain_english(failure.headline)


def test_at_the_start_only_who_started_it_acts(tmp_path: Path) -> None:
    policies = (
        "{at: 财务, times: 1, return: {to: start}}\n"
        '{at: "*", by: 行政, if: "${flow.status} == returned", terminate: {}}\n'
        f"{{at: start, resubmit: {{}}}}\n{EVERYBODY}"
    )
    wrong, _ = play(tmp_path, policies, "submit: {}\nplay: {until: 法务}")

    assert [line for line in wrong if "never used" not in line] == []


@pytest.mark.parametrize(("rounds", "ellipsis"), [(3, False), (4, False), (5, True)])
def test_of_many_nodes_the_last_eight_are_told(
    tmp_path: Path, rounds: int, *, ellipsis: bool
) -> None:
    policies = (
        f"{{at: 部门, times: {2 * rounds}, approve: {{}}}}\n"
        "{at: 部门, by: 行政, terminate: {}}\n{at: 财务, return: {to: 部门}}"
    )
    wrong, _ = play(tmp_path, policies)

    shown = " → ".join(["…"] * ellipsis + ["部门 → 财务"] * min(rounds, 4))
    assert wrong[0].endswith(f"; it passed {shown}")


@pytest.mark.parametrize(
    ("policy", "told"),
    [
        ('{at: 部门, by: "${vars.谁}", approve: {}}', "expected by"),
        ('{at: 部门, by: "${vars.空}", approve: {}}', "expected by"),
        ('{at: 部门, by: "${vars.谁}", if: "${form.金额} == 1", approve: {}}', "does not hold: if"),
        ('{at: 部门, by: "${vars.空}", if: "${form.金额} == 1", approve: {}}', "in line 8 is for"),
        ('{at: "${vars.处}", approve: {}}', "no node '财务部'"),
    ],
)
def test_what_a_policy_has_from_elsewhere_is_checked_when_it_is_known(
    tmp_path: Path, policy: str, told: str
) -> None:
    more = "vars: {谁: '', 空: ' ', 处: 财务部}\n"
    wrong, _ = play(tmp_path, policy, "submit: {}\nplay: {}", more=more)

    assert told in wrong[0]


def test_whom_a_policy_has_from_elsewhere_is_one_of_the_people(tmp_path: Path) -> None:
    names = ("张三", "李经理", "王总监", "赵会计", "钱会计", "周主管", "陈律师", "吴专员")
    people = ", ".join(f"{name}: {{}}" for name in (*names, "印章员", "行政"))
    policy = '{at: 部门, by: "${vars.谁}", if: "${form.金额} == 1", approve: {}}'
    more = f"vars: {{谁: 李经里}}\npeople: {{{people}}}\n"
    wrong, _ = play(tmp_path, policy, "submit: {}\nplay: {}", more=more)

    assert "no '李经里'; did you mean '李经理'? (the policy in line 9)" in wrong[0]


def test_a_project_that_has_ended_is_not_moved_by_an_interval(tmp_path: Path) -> None:
    more = "form: {scripts: {open: 钟.js}, fields: {金额: 800}}\n"
    (tmp_path / "钟.js").write_text("setInterval(() => {}, 1000)", encoding="utf-8")
    steps = "open: {}\nsubmit: {}\nplay: {until: 财务}"
    wrong, _ = play(tmp_path, "{at: 部门, reject: {}}", steps, more=more)

    assert "ENDED_ELSEWHERE: the project is rejected at '结束'" in wrong[0]


def test_a_timer_comes_where_nobody_acts_before_it(tmp_path: Path) -> None:
    more = "form: {scripts: {open: 钟.js}, fields: {金额: 800}}\n"
    (tmp_path / "钟.js").write_text("setTimeout(() => {}, 60000)", encoding="utf-8")
    late = "{at: 部门, if: \"${now} > '2026-03-02T09:00:30+08:00'\", approve: {}}"
    steps = "open: {}\nsubmit: {}\nplay: {until: 财务}"
    wrong, facts = play(tmp_path, late, steps, more=more)

    assert (wrong, [node for node, *_ in who_entered(facts)]) == ([], ["部门", "财务"])


def test_a_play_stands_still_where_nobody_may_act(tmp_path: Path) -> None:
    flow = FLOW.replace("{owners: [李经理, 王总监], complete: all,", "{owners: [],")
    wrong, _ = play(tmp_path, EVERYBODY, flow=flow)

    assert wrong[0].partition(": no ")[2] == (
        "policy fits '部门' (nobody may act), and no deadline or timer is pending"
    )
