# ruff: noqa: E501 - expectations, one a line
"""Names within expectations: each part of a flow, a call, a message, a field, right and wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpmax_sim.platform.load import load_platforms
from bpmax_sim.scenario.findings import check_names_against_platforms
from bpmax_sim.scenario.load import load_items
from tests.scenario.test_mistakes_of_a_file import FLOW, FORM, tell

STEP = "steps: [{%s, expect: {%s}}]"


@pytest.mark.parametrize(
    ("expected", "said"),
    [
        ("flow: {at: 总经里}", "no node '总经里'"),
        ("flow: {at: {$in: [部门审批, 总经理, 总经里]}}", "no node '总经里'"),
        ("flow: {at: {$not: {$in: [总经里, 部门审批]}}}", "no node '总经里'"),
        ("flow: {at: {$contains: 审批}}", ""),
        ("flow: {at: {$not: {$contains: 审皮}}}", "no node '审皮'"),
        ("flow: {passed: {$contains: 审批}}", "no node '审批'"),
        ("flow: {att: 总经理}", "a flow has no 'att'"),
        ("flow: {status: finnished}", "no project is ever 'finnished'"),
        ("flow: {status: {$ne: rejectd}}", "no project is ever 'rejectd'"),
        ("flow: {status: finished}", ""),
        ("flow: {pending: [wangwu, ceo, lisi]}", "people has no 'lisi'"),
        ("flow: {owners: {$contains: lisi}}", "people has no 'lisi'"),
        ("flow: {owners: {$not: {$contains: lisi}}}", "people has no 'lisi'"),
        ("flow: {pending: [ceo]}", ""),
        (
            "flow: {history: [{action: approve, by: wangwu}, {action: aprove}]}",
            "there is no 'aprove'",
        ),
        ("flow: {history: {$contains: {by: lisi}}}", "people has no 'lisi'"),
        ("flow: {history: {$contains: {to: lisi}}}", "people has no 'lisi'"),
        ("flow: {history: {$contains: {node: 总经里}}}", "no node '总经里'"),
        ("flow: {history: {$contains: {action: approve, node: 部门审批, by: wangwu}}}", ""),
        ("flow: {passed: [部门审批, 总经理, 总经里]}", "no node '总经里'"),
        ("flow: {passed: {部门审批: 1, 总经里: 0}}", "no node '总经里'"),
        ("flow: {passed: {$contains: 总经里}}", "no node '总经里'"),
        ("flow: {passed: {部门审批: 1}}", ""),
        ("flow: {passed: {$not: {部门审批: 2}}}", ""),
        ("flow: {passed: {$not: {总经里: 1}}}", "no node '总经里'"),
        ("flow: {$not: {passed: {总经里: 1}}}", "no node '总经里'"),
        ("flow: {passed: {$not: [总经理, 部门审批, 总经里]}}", "no node '总经里'"),
        ("flow: {tasks: {总经里: {ceo: untreated}}}", "no node '总经里'"),
        ("flow: {tasks: {总经理: {lisi: untreated}}}", "people has no 'lisi'"),
        ("flow: {tasks: {部门审批: {wangwu: aproved}}}", "no task is ever 'aproved'"),
        (
            "flow: {tasks: {部门审批: {wangwu: {$in: [untreated, aproved]}}}}",
            "no task is ever 'aproved'",
        ),
        ("flow: {visibility: {总经里: {}}}", "no node '总经里'"),
        ("flow: {notified: {$contains: {kind: remnd}}}", "there is no 'remnd'"),
        ("flow: {notified: {$contains: {kinds: remind}}}", "a notice has no 'kinds'"),
        ("flow: {notified: {$contains: {to: [ceo, wangwu, lisi]}}}", "people has no 'lisi'"),
        ("flow: {notified: {$contains: {node: 总经里}}}", "no node '总经里'"),
        ("flow: {notified: {$contains: {kind: deadline, to: [ceo]}}}", ""),
        ("flow: {projects: {用印: {at: 盖}}}", "no sub-flow '用印'"),
        ("flow: {projects: {'用印#2': {at: 盖}}}", "no sub-flow '用印'"),
        ("preview: {ends: 结束}", "a preview has no 'ends'"),
        ("preview: {nodes: [部门审批, 总经理, 总经里]}", "no node '总经里'"),
        ("preview: {end: 结速}", "no node '结速'"),
        ("preview: {end: {$contains: 结}}", ""),
        ("preview: {owners: {总经里: [ceo]}}", "no node '总经里'"),
        ("preview: {owners: {总经理: [lisi]}}", "people has no 'lisi'"),
        ("preview: {owners: {子/总经里: [ceo]}}", ""),
        ("preview: {owners: {子/总经里: [lisi]}}", "people has no 'lisi'"),
        ("preview: {branches: {部门审批: 总经里}}", "no node '总经里'"),
        ("preview: {branches: {总经里: 结束}}", "no node '总经里'"),
        ("preview: {status: finnished}", "no project is ever 'finnished'"),
    ],
)
def test_a_name_of_a_flow_that_is_not_there_is_told_once(
    tmp_path: Path, expected: str, said: str
) -> None:
    action = "preview: {}" if expected.startswith("preview") else "approve: {by: wangwu}"
    told = tell(tmp_path, STEP % (action, expected), subject=FLOW)
    signs = (
        "no node",
        "a flow has",
        "is ever",
        "people has",
        "there is no",
        "a notice",
        "no sub",
        "a preview has",
    )

    assert [said in one for one in told if any(sign in one for sign in signs)] == [True] * bool(
        said
    )


@pytest.mark.parametrize(
    "key", ["at: 甲", "status: finished", "owners: [wangwu]", "history: []", "delay_level: 1"]
)
def test_a_flow_without_definition_does_not_move(tmp_path: Path, key: str) -> None:
    """The same keys of `_MOVING`, of which none is there without nodes."""
    subject = "flow: {scripts: {approve.甲: 开.js}, form: {金额: 1}}\npeople: {wangwu: {}}"
    told = tell(tmp_path, STEP % ("js: form.金额 = 1", f"flow: {{{key}}}"), subject=subject)

    assert f"{key.partition(':')[0]} needs flow.definition; without it nothing moves" in told


NO_OPTION = "no script offers the option '北惊', so that this always holds"


@pytest.mark.parametrize(
    ("options", "script", "action", "told"),
    [
        ("{$not: {$contains: 北惊}}", "form.$options = {客户: ['北京']}", "open: {}", True),
        ("{$not: {$contains: 北惊}}", "form.$options = {客户: ['北惊']}", "open: {}", False),
        ("{$not: {$contains: 北惊}}", "await $proxy('crm').查客户()", "open: {}", False),
        ("{$not: {$contains: 北惊}}", "form.客户 = 1", "set: {客户: 北惊}", False),
        ("{$ne: [北惊]}", "form.客户 = 1", "set: {客户: 北京}", True),
        ("[北惊]", "form.客户 = 1", "open: {}", False),
        ("{$not: {$contains: ''}}", "form.客户 = 1", "open: {}", False),
        ("{$not: {$contains: '${form.客户}'}}", "form.客户 = 1", "open: {}", False),
    ],
)
def test_an_option_that_is_denied_could_be_offered(
    tmp_path: Path, options: str, script: str, action: str, *, told: bool
) -> None:
    expected = f"fields: {{客户: {{options: {options}}}}}"
    found = tell(tmp_path, STEP % (action, expected), script)

    assert [one for one in found if "no script offers" in one] == [NO_OPTION] * told


NOBODY = "nobody in this scenario is called 'wangwo', so that this always holds"


@pytest.mark.parametrize(
    ("expected", "told"),
    [
        ("owners: {$not: {$contains: wangwo}}", True),
        ("owners: {$not: {$contains: wangwu}}", False),
        ("owners: [wangwo]", False),
        ("owners: {$not: {$not: [wangwo]}}", False),
        ("pending: {$ne: [wangwu, ceo, wangwo]}", True),
        ("notified: {$not: {$contains: {to: [wangwu, wangwo]}}}", True),
        ("notified: {$not: {$contains: {to: wangwu}}}", False),
        ("notified: {$contains: {to: wangwo}}", False),
        ("notified: {$contains: {to: {$not: {$contains: wangwo}}}}", True),
        ("notified: {$not: {$contains: {to: {$not: wangwo}}}}", False),
        ("history: {$not: {$contains: {by: wangwo}}}", True),
        ("history: {$not: {$contains: {action: hand_over, to: wangwo}}}", True),
        ("history: {$not: {$contains: {by: wangwu}}}", False),
        ("history: {$contains: {by: wangwo}}", False),
        ("history: [{by: wangwu}, {by: ceo}, {by: {$ne: wangwo}}]", True),
        ("tasks: {$not: {部门审批: {wangwu: pending}}}", False),
        ("tasks: {部门审批: {wangwo: pending}}", False),
    ],
)
def test_a_person_who_is_only_denied_is_mentioned_elsewhere(
    tmp_path: Path, expected: str, *, told: bool
) -> None:
    subject = FLOW.partition("people:")[0]
    found = tell(
        tmp_path, STEP % ("approve: {by: wangwu}", f"flow: {{{expected}}}"), subject=subject
    )

    assert [one.partition(";")[0] for one in found if "nobody" in one] == [NOBODY] * told


@pytest.mark.parametrize(
    "action", ["play: null", "play: {}", "play: {until: 甲}", "preview: null", "preview: {by: 甲}"]
)
def test_nobody_acts_by_himself_in_a_flow_without_definition(tmp_path: Path, action: str) -> None:
    subject = "flow: {form: {金额: 1}}\npeople: {wangwu: {}}"
    told = tell(tmp_path, STEP % (action, "form: {金额: 1}"), subject=subject)

    assert f"{action.partition(':')[0]} needs flow.definition; without it nothing moves" in told


@pytest.mark.parametrize(
    ("expected", "said"),
    [
        ("messages: [{text: 好, typo: x}]", "a line has no 'typo'"),
        ("messages: [{text: 好}, {text: 好, type: eror}]", "there is no 'eror'"),
        ("messages: [{text: 好, type: 通知}]", ""),
        ("messages: [{text: 好, level: info}]", "a line has no 'level'"),
        ("messages: [{text: 好, code: TIMEOT}]", "there is no code 'TIMEOT'"),
        ("messages: [{text: 好, type: {$in: [info, warning, eror]}}]", "there is no 'eror'"),
        ("console: [{text: 好, level: eror}]", "there is no 'eror'"),
        ("console: [{text: 好, type: info}]", "a line has no 'type'"),
        ("console: [{text: 好, level: warn}]", ""),
        ("fields: {金额: {visble: true}}", "a field has no 'visble'"),
        ("fields: {金颜: {visible: true}}", "no field '金颜'"),
        ("fields: {金额: {visible: false, required: true, readonly: true, options: [甲]}}", ""),
        ("vars: {单号: 1, 单耗: 2}", "no variable '单耗'"),
        ("vars: {单号: 1}", ""),
        ("form: {金额: {$lt: '10'}}", '$lt compares 金额, a number, with the text "10"'),
        ("form: {金额: {$gte: '-1.5'}}", '$gte compares 金额, a number, with the text "-1.5"'),
        ("form: {金额: {$not: {$gt: '5'}}}", '$gt compares 金额, a number, with the text "5"'),
        ("form: {金额: {$lte: 10}}", ""),
        ("form: {客户: {$lt: '10'}}", ""),
        ("form: {金额: {$lt: '10元'}}", ""),
        ("trace: v1-abc", "'v1-abc' is no digest"),
        ("trace: new", ""),
        ("trace: {$contains: abc}", ""),
        ("proxy: [{call: crm.查客户, times: {$gt: 0}}, {call: crm}]", "expected platform.api"),
        ("proxy: [{call: crm.查客护, error: UNKNOWN_API}]", ""),
        ("proxy: [{call: crm.查客户, once_per_key: true}]", "counts calls; write times: beside it"),
        ("proxy: [{call: crm.查客户, source: recordd}]", "there is no 'recordd'"),
        (
            "proxy: [{call: crm.查客户, source: {$in: [recorded, live, stub, fault, simulated]}}]",
            "",
        ),
        ("proxy: [{call: crm.查客户, error: TIMEOT}]", "there is no code 'TIMEOT'"),
        ("proxy: [{call: crm.查客户, caller: 甲, times: 0}]", "no script calls as '甲'"),
        ("proxy: [{call: crm.查客户, caller: 查, times: 0}]", ""),
        ("proxy: [{call: crm.查客户, caller: {$ne: 甲}}]", "no script calls as '甲'"),
        ("proxy: [{call: crm.查客户, caller: 甲}]", ""),
        ("flow: {at: 甲}", "flow needs a flow in the scenario"),
        ("preview: {end: 甲}", "preview needs a flow in the scenario"),
    ],
)
def test_a_name_of_a_form_or_call_that_is_not_there_is_told(
    tmp_path: Path, expected: str, said: str
) -> None:
    script = "form.金额 = 1; form.$message = {type: '通知', text: '好'}; console.log(await $proxy('crm', {caller: '查'}).查客户())"
    top = "proxy: {platforms: platforms}\nvars: {单号: 1}\n"
    told = tell(tmp_path, top + STEP % ("open: {}", expected), script, subject=FORM)
    ours = [one for one in told if any(sign in one for sign in (
        "a line", "there is no", "a field has", "no field", "no variable", "compares", "digest",
        "expected platform.api", "has no API", "times", "no script calls", "needs a"))]  # fmt: skip

    assert [said in one for one in ours] == [True] * bool(said)


@pytest.mark.parametrize(
    "expected",
    [
        *(f"flow: {{project: {{{key}: {{$ne: 甲}}}}}}" for key in
          ("id", "name", "status", "user_id", "create_time", "real_start_time", "real_end_time")),
        *(f"flow: {{history: {{$contains: {{action: {word}}}}}}}" for word in
          ("approve", "reject", "hand_over", "add_owner", "forward", "comment", "remind", "return",
           "withdraw", "resubmit", "terminate", "deadline", "create", "submit", "repeated", "applicant")),
        *(f"flow: {{notified: {{$contains: {{kind: {word}, text: 甲, node: 总经理}}}}}}" for word in ("forward", "remind", "deadline")),
        *(f"flow: {{status: {word}}}" for word in ("processing", "finished", "rejected", "cancelled", "terminated", "returned")),
        "flow: {at: '${vars.点}'}", "flow: {pending: ['${vars.点}']}", "flow: {status: '${vars.点}'}",
    ],
)  # fmt: skip
def test_a_name_of_a_flow_that_is_there_is_not_told(tmp_path: Path, expected: str) -> None:
    told = tell(
        tmp_path, "vars: {点: 总经理}\n" + STEP % ("approve: {by: wangwu}", expected), subject=FLOW
    )
    signs = (
        "no node",
        "a flow has",
        "is ever",
        "people has",
        "there is no",
        "a notice",
        "a project has",
    )

    assert [one for one in told if any(sign in one for sign in signs)] == []


@pytest.mark.parametrize(
    ("member", "is_told"),
    [("nmae: {$exists: false}", True), ("nmae: {$ne: 甲}", True), ("nmae: 甲", False)],
)
def test_a_member_of_a_project_that_is_denied_has_to_be_written_somewhere(
    tmp_path: Path, member: str, *, is_told: bool
) -> None:
    step = STEP % ("approve: {by: wangwu}", f"flow: {{project: {{id: 1, {member}}}}}")

    assert ("a project has no 'nmae'" in "".join(tell(tmp_path, step, subject=FLOW))) is is_told
    written = tell(
        tmp_path,
        step,
        "ctx.project.nmae = 1",
        subject=FLOW.replace("at: ", "scripts: {approve.部门审批: 开.js}, at: "),
    )
    assert "a project has no" not in "".join(written)


CALLED = """\
platform_key: crm
base_url: https://crm.example.test
query: {locale: zh}
apis:
  查客户:
    path: /c/{编号}
    query: {channel: web}
    parameters: [{name: 编号, in: path}, {name: keyword, in: query}, {name: customer.phone, in: body}]
    answer: {type: object, properties: {data: {type: object, properties: {balance: {type: number}}}}}
"""


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        (
            "query: {keywrd: {$exists: false}}",
            "has no parameter 'keywrd' in query; did you mean 'keyword'?",
        ),
        (
            "query: {chanel: {$exists: false}}",
            "has no parameter 'chanel' in query; did you mean 'channel'?",
        ),
        ("query: {locle: {$ne: en}}", "has no parameter 'locle' in query; did you mean 'locale'?"),
        ("query: {keywrd: 甲}", ""),
        ("query: {另外: {$exists: false}}", ""),
        ("query: {keyword: {$exists: false}}", ""),
        ("path: {编码: 1}", "has no parameter '编码' in path"),
        ("path: {编号: 1}", ""),
        (
            "body: {customer: {phne: {$exists: false}}}",
            "has no parameter 'phne' in body; did you mean 'phone'?",
        ),
        (
            "body: {custmer: {$exists: false}}",
            "has no parameter 'custmer' in body; did you mean 'customer'?",
        ),
        (
            "response: {data: {balnce: {$exists: false}}}",
            "has no parameter 'balnce' in response; did you mean 'balance'?",
        ),
        ("response: {data: {balnce: 1}}", ""),
        ("query: {keywrd: {$exists: false}}, error: TIMEOUT", ""),
    ],
)
def test_a_denied_part_of_a_call_that_is_misspelt_is_told(
    tmp_path: Path, said: str, wrong: str
) -> None:
    (tmp_path / "平台").mkdir()
    (tmp_path / "平台/crm.yaml").write_text(CALLED, encoding="utf-8")
    call = f"proxy: [{{call: crm.查客户, {said}}}]"
    assert tell(tmp_path, "proxy: {platforms: 平台}\n" + STEP % ("open: {}", call)) == []
    [item] = load_items(tmp_path / "单.scenario.yaml", environ={}, root=tmp_path)

    found = check_names_against_platforms(item, load_platforms([tmp_path / "平台"]))

    told = [one.message for one in found if "has no parameter" in one.message]
    assert [wrong in one for one in told] == [True] * bool(wrong)
