"""Where a project would go, sub-flows that are not run, and owners who are not asked again."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpmax_sim.errors import ConfigError
from bpmax_sim.i18n import to_plain_english, translate
from bpmax_sim.scenario.events import ScenarioFinished
from bpmax_sim.scenario.load import load_items
from bpmax_sim.scenario.runner import run_scenario

FLOW = """\
flow: 合同
start: 部门
nodes:
  部门:
    owners: [李经理, 张三]
    complete: all
    approve: [{when: ctx.form.金额 > 1000, to: 总经理}, {to: 会审}]
  总经理: {owners: [李经理], approve: 会审}
  会审: {parallel: [法务, 财务], join: 用印}
  法务: {owners: [陈律师], approve: 用印, reject: 结束}
  财务: {owners: [赵会计], approve: 用印}
  用印:
    subflow: {flow: 用印, form: {编号: 合同号}, back: {用印时间: 盖章时间}}
    approve: 结束
    reject: 结束
  结束: {end: true}
"""
HEAD = """\
version: 1
scenario: 合同
flow:
  definition: 流程.yaml
  scripts: {owners.财务: 负责人.js, approve.财务: 记账.js}
  subflows: {用印: {result: {盖章时间: 上午}}}
  form: {合同号: HT-1, 金额: 10, 用印时间: ""}
user: 张三
"""
SCRIPTS = {
    "负责人.js": "return [{owner_id: ctx.form.金额 > 5000 ? '钱总' : '赵会计'}];",
    "记账.js": "throw new Error('a preview books nothing');",
}


def write(folder: Path, steps: str, head: str = HEAD, flow: str = FLOW) -> Path:
    for name, text in {"流程.yaml": flow, **SCRIPTS}.items():
        (folder / name).write_text(text, encoding="utf-8")
    lines = "".join(f"  - {line}\n" for line in steps.splitlines())
    path = folder / "场景.scenario.yaml"
    path.write_text(f"{head}steps:\n{lines}", encoding="utf-8")
    return path


def failures(path: Path, language: str = "en") -> list[str]:
    """Run a scenario and return what is wrong."""
    ends = [event for event in run_scenario(path).events if isinstance(event, ScenarioFinished)]
    return [
        to_plain_english(translate(failure.headline, language))
        for end in ends
        for failure in end.failures
    ]


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("{金额: 10}", "nodes: [部门, 会审, 法务, 财务, 用印], end: 结束, status: finished"),
        ("{金额: 2000}", "nodes: {$contains: 总经理}, owners: {财务: [赵会计], 总经理: [李经理]}"),
        ("{金额: 6000}", "owners: {财务: [钱总]}, branches: {会审: [法务, 财务]}"),
    ],
)
def test_a_preview_tells_what_the_flow_would_decide_and_leaves_nothing(
    tmp_path: Path, form: str, expected: str
) -> None:
    after = "{status: new, form: {金额: 10}, history: [], passed: [], projects: {$exactly: {}}}"
    steps = (
        f"{{preview: {{form: {form}}}, expect: {{preview: {{{expected}}}, flow: {after}}}}}\n"
        "{submit: {}, expect: {flow: {at: 部门, pending: [李经理, 张三]}}}\n"
        "{preview: {}, expect: {preview: {nodes: [部门, 会审, 法务, 财务, 用印]}}}\n"
        "{approve: {by: 李经理}, expect: {flow: {pending: [张三], history: {$length: 2}}}}"
    )
    assert failures(write(tmp_path, steps)) == []


def test_a_preview_shows_where_nobody_could_act(tmp_path: Path) -> None:
    flow = FLOW.replace("总经理: {owners: [李经理], ", "总经理: {")
    path = write(tmp_path, "preview: {form: {金额: 2000}}", flow=flow)

    assert "nobody may act at '总经理': it has no owners" in failures(path)[0]


SEALING = """\
flow: 用印
start: 盖章
nodes:
  盖章: {approve: 归档}
  归档: {owners: [王五], approve: 完}
  完: {end: true}
"""
ONLY_SEALING = """\
flow: 合同
start: 用印
nodes:
  用印: {subflow: {flow: 用印, form: {编号: 合同号}}, approve: 结束, reject: 结束}
  结束: {end: true}
"""


@pytest.mark.parametrize(
    ("sealing", "steps", "code", "reason"),
    [
        (SEALING, "preview: {}", "NO_OWNERS", "nobody may act at '盖章': it has no owners"),
        (
            SEALING.replace("盖章: {", "盖章: {owners: [王五], "),
            "submit: {}\nreturn: {by: 王五, project: 用印, to: start}\npreview: {}",
            "NOT_UNDER_WAY",
            "cannot preview: the project is returned; resubmit it first",
        ),
    ],
)
def test_a_preview_shows_why_a_sub_flow_that_is_waited_for_goes_no_further(
    tmp_path: Path, sealing: str, steps: str, code: str, reason: str
) -> None:
    (tmp_path / "盖章.yaml").write_text(sealing, encoding="utf-8")
    head = HEAD.replace("{result: {盖章时间: 上午}}", "{definition: 盖章.yaml}").replace(
        "scripts: {owners.财务: 负责人.js, approve.财务: 记账.js}\n  ", ""
    )
    (wrong,) = failures(write(tmp_path, steps, head=head, flow=ONLY_SEALING))

    assert f"{code}: {reason}" in wrong


def test_a_preview_shows_that_the_owners_of_a_node_have_decided_and_it_stays(
    tmp_path: Path,
) -> None:
    head = HEAD.replace("owners.财务: 负责人.js, approve.财务: 记账.js", "owners.总经理: 人.js")
    script = "return [{owner_id: '王五', status: 2}];"
    (tmp_path / "人.js").write_text(script, encoding="utf-8")
    (wrong,) = failures(write(tmp_path, "preview: {form: {金额: 2000}}", head=head))

    assert "ALREADY_DECIDED: 王五 has decided already; who may act now: nobody" in wrong


def test_a_preview_of_a_flow_that_goes_round_ends(tmp_path: Path) -> None:
    flow = FLOW.replace(
        "总经理: {owners: [李经理], approve: 会审}", "总经理: {owners: [李经理], approve: 部门}"
    )
    (wrong,) = failures(write(tmp_path, "preview: {form: {金额: 2000}}", flow=flow))

    assert "ENDLESS: nodes follow each other without end if everybody agrees" in wrong
    assert "总经理, 部门; what follows after 62 decisions was not looked at" in wrong


def test_a_preview_that_needs_an_answer_which_is_not_recorded_says_so(tmp_path: Path) -> None:
    (tmp_path / "platforms").mkdir()
    text = "platform_key: hr\nbase_url: https://hr.example.test\napis: {boss: {path: /b}}\n"
    (tmp_path / "platforms/hr.yaml").write_text(text, encoding="utf-8")
    (tmp_path / "instances.yaml").write_text(
        "- {platform: hr, instance_key: test, default: true}\n", encoding="utf-8"
    )
    proxy = "proxy: {platforms: platforms/, instances: instances.yaml}\n"
    path = write(tmp_path, "preview: {}", head=HEAD + proxy)
    (tmp_path / "负责人.js").write_text(
        "return [{owner_id: (await $proxy('hr').boss()).name}];", encoding="utf-8"
    )
    (wrong,) = failures(path)

    assert wrong.startswith("step 1/1 preview: no cassette: hr.boss cannot be answered")


def test_a_stand_in_ends_at_once_with_its_result(tmp_path: Path) -> None:
    steps = (
        "submit: {}\n"
        "approve: {by: 李经理}\n"
        "approve: {by: 张三}\n"
        "approve: {by: 陈律师}\n"
        "{fire: owners.财务}\n"
        "{terminate: {by: 张三}, expect: {flow: {projects: {$exactly: {}}}}}"
    )
    assert failures(write(tmp_path, steps)) == []
    flow = FLOW.replace("start: 部门", "start: 用印").replace(
        FLOW[FLOW.index("  部门") : FLOW.index("  用印:")], ""
    )
    head = HEAD.replace("scripts: {owners.财务: 负责人.js, approve.财务: 记账.js}\n  ", "")
    ended = (
        "{status: %s, form: {用印时间: 上午}, projects: {用印: {status: %s, form: {编号: HT-1}}}}"
    )
    step = "{submit: {}, expect: {flow: %s}}"
    path = write(tmp_path, step % (ended % ("finished", "finished")), head=head, flow=flow)
    assert failures(path) == []
    rejected = head.replace("{盖章时间: 上午}", "{盖章时间: 上午}, status: rejected")
    path = write(tmp_path, step % (ended % ("rejected", "rejected")), head=rejected, flow=flow)
    assert failures(path) == []


@pytest.mark.parametrize(
    ("settings", "pending", "history"),
    [
        ("", "[李经理, 张三]", "[submit]"),
        ("applicant: skip\n", "[李经理]", "[submit, applicant]"),
    ],
)
def test_who_started_it_is_not_asked_where_the_flow_says_so(
    tmp_path: Path, settings: str, pending: str, history: str
) -> None:
    done = history.strip("[]").split(", ")
    entries = ", ".join(f"{{action: {action}}}" for action in done)
    steps = f"{{submit: {{}}, expect: {{flow: {{pending: {pending}, history: [{entries}]}}}}}}"
    flow = FLOW.replace("nodes:\n", f"{settings}nodes:\n")

    assert failures(write(tmp_path, steps, flow=flow)) == []


def test_who_approved_next_door_is_not_asked_again(tmp_path: Path) -> None:
    flow = FLOW.replace("nodes:\n", "applicant: skip\nrepeated: adjacent\nnodes:\n")
    steps = (
        "{preview: {form: {金额: 2000}}, expect: {preview: {nodes: {$contains: 总经理}}}}\n"
        "{submit: {form: {金额: 2000}}}\n"
        "{approve: {by: 李经理}, expect: {flow: {at: [法务, 财务], passed: [部门, 总经理, 会审]}}}"
    )
    assert failures(write(tmp_path, steps, flow=flow)) == []


WRONG = [
    ("{definition: x.yaml, result: {}}", "preview: {}", "a definition, or a result", "definition"),
    ("{}", "preview: {}", "a definition, or a result", "result"),
    ("{result: {盖章时候: 上午}}", "preview: {}", "back; did you mean '盖章时候'", "盖章时间"),
    ("{result: {}}", "preview: {}", "takes '盖章时间' back; result is empty", "result 是空的"),
    ("{result: {盖章时间: 1}, scripts: {create: 记账.js}}", "preview: {}", "nothing of a sub-flow",
     "不会执行"),
    ("{result: {盖章时间: 1}, status: done}", "preview: {}", "status", "status"),
    ("", "preview: {form: {}, buy: 1}", "unknown key 'buy'", "buy"),
    ("", "{preview: {}, expect: {preview: {node: []}}}", "a preview has no 'node'; did",
     "预览"),
    ("", "{preview: {}, expect: {preview: {nodes: [法物]}}}", "no node '法物'; did",
     "没有环节"),
    ("", "{preview: {}, expect: {preview: {owners: {法物: []}}}}", "no node '法物'", "没有环节"),
    ("", "{approve: {project: 用印, at: 盖章}}", "no node '盖章'", "没有环节"),
]  # fmt: skip


@pytest.mark.parametrize(("spec", "step", "english", "chinese"), WRONG)
def test_what_cannot_be_is_told_before_anything_runs(
    tmp_path: Path, spec: str, step: str, english: str, chinese: str
) -> None:
    head = HEAD.replace("{result: {盖章时间: 上午}}", spec) if spec else HEAD
    with pytest.raises(ConfigError) as caught:
        run_scenario(write(tmp_path, step, head=head))
    told = {
        language: "\n".join(
            to_plain_english(translate(str(problem), language)) for problem in caught.value.problems
        )
        for language in ("en", "zh")
    }
    assert english in told["en"]
    assert chinese in told["zh"]


OFFERS = "does not offer reject; it offers approve"
BACK = "takes '盖章时间' back"


@pytest.mark.parametrize(
    ("spec", "change", "told"),
    [
        ("{result: {盖章时间: 1}, status: rejected}", ("", ""), ""),
        ("{result: {盖章时间: 1}, status: finished}", ("    reject: 结束\n  结束", "  结束"), ""),
        (
            "{result: {盖章时间: 1}, status: rejected}",
            ("    reject: 结束\n  结束", "  结束"),
            OFFERS,
        ),
        (
            "{result: {盖章时间: 1}, status: rejected}",
            (
                "盖章时间}}\n    approve: 结束\n    reject: 结束",
                "盖章时间}, wait: false}\n    approve: 结束",
            ),
            "",
        ),
        ("{result: {}}", ("", ""), BACK),
        ("{result: {}}", ("form: {编号: 合同号}", "form: {盖章时间: 合同号}"), ""),
        ("{result: {}}", (", back: {用印时间: 盖章时间}", ""), ""),
    ],
)
def test_what_stands_in_for_a_sub_flow_has_what_its_node_takes(
    tmp_path: Path, spec: str, change: tuple[str, str], told: str
) -> None:
    path = write(
        tmp_path,
        "{preview: {}, expect: {preview: {end: 结束}}}",
        head=HEAD.replace("{result: {盖章时间: 上午}}", spec),
        flow=FLOW.replace(*change) if change[0] else FLOW,
    )
    try:
        load_items(path)
        problems = []
    except ConfigError as error:
        problems = [str(problem.message) for problem in error.problems]

    assert [told in one for one in problems] == [True] * bool(told)
