from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bpmax_sim.errors import ConfigError
from bpmax_sim.scenario.load import load_items
from bpmax_sim.transport.faults import BadToken, Break, Reply, Slow
from tests.scenario.bench import write
from tests.snapshots import snapshot

HEAD = """\
version: 1
scenario: 选择客户
form:
  scripts: {change.customerId: a.js, click.查询: a.js}
  fields: {customerId: null, phone: ""}
"""
FLOW = """\
version: 1
scenario: 合同审批
flow:
  definition: 合同.yaml
  scripts: {approve.部门审批: a.js}
"""
DEFINITION = """\
flow: 合同审批
start: 部门审批
nodes:
  部门审批: {owners: [wangwu], approve: 结束环节}
  结束环节: {end: true}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.js").write_text("//", encoding="utf-8")
    (tmp_path / "合同.yaml").write_text(DEFINITION, encoding="utf-8")
    return tmp_path


def problems(folder: Path, text: str, **files: str) -> list[str]:
    path = write(folder, text, **files)
    with pytest.raises(ConfigError) as caught:
        load_items(path, environ={"CUSTOMER": "1"})
    return [str(one).removeprefix("场景.scenario.yaml:") for one in caught.value.problems]


FORM_PROBLEMS = [
    (
        "steps: [{open: {}, exepct_error: {}}]",
        "6:20: steps[0].exepct_error: unknown key 'exepct_error'; did you mean 'expect_error'?",
    ),
    ("steps: [{set: {customerId: 007}}]", "6:28: a number has leading zeros; quote it to keep it"),
    ("steps: [{id: a, id: b}]", "6:17: duplicate key 'id', first in line 6; remove one"),
    ("steps: []", "6:1: steps: a scenario needs a step"),
    (
        "steps: [{open: {}, click: 查询}]",
        "6:20: steps[0].click: a step has one action, not 2: open, click",
    ),
    (
        "steps: [{set: {customerld: 1}}]",
        "6:16: steps[0].set.customerld: no field 'customerld'; did you mean 'customerId'?",
    ),
    ("steps: [{set: 5}]", "6:10: steps[0].set: expected a map of fields and values"),
    (
        "steps: [{click: 查寻}]",
        "6:10: steps[0].click: no script for click.查寻; did you mean '查询'?",
    ),
    ("steps: [{click: 5}]", "6:10: steps[0].click: expected the name of a button"),
    ("steps: [{submit: 5}]", "6:10: steps[0].submit: expected {}"),
    (
        "steps: [{fire: chang.customerId}]",
        "6:10: steps[0].fire: a form has no event 'chang.customerId'; did you mean 'change'?",
    ),
    (
        "steps: [{fire: change.phone}]",
        "6:10: steps[0].fire: no script for change.phone; did you mean 'change.customerId'?",
    ),
    ("steps: [{fire: 5}]", "6:10: steps[0].fire: expected an event such as change.customerId"),
    (
        "steps: [{approve: {at: 部门审批}}]",
        "6:10: steps[0].approve: approve needs a flow in the scenario",
    ),
    (
        "steps: [{proxy: {cal: crm.x}}]",
        "6:18: steps[0].proxy.cal: unknown key 'cal'; did you mean 'call'?",
    ),
    (
        "steps: [{proxy: {call: crm}}]",
        "6:18: steps[0].proxy.call: expected call: platform.api, got 'crm'",
    ),
    (
        "steps: [{proxy: {call: crm.x, args: [], body: 1}}]",
        "6:31: steps[0].proxy.args: args is a direct call; it excludes path, query, header, body",
    ),
    (
        "steps: [{proxy: {call: crm.x, args: 1}}]",
        "6:31: steps[0].proxy.args: expected a list of arguments",
    ),
    (
        "steps: [{proxy: crm.x}]",
        "6:10: steps[0].proxy: expected a map of call, args, path, query, header, body, instance,",
    ),
    (
        "steps: [{js: {file: 没.js}}]",
        "6:15: script 没.js cannot be read: No such file or directory",
    ),
    (
        "steps: [{js: {file: b.js}}]",
        "6:15: script b.js cannot be read: No such file or directory; did you mean 'a.js'?",
    ),
    (
        "steps: [{js: {fil: b.js}}]",
        "6:10: steps[0].js: expected a script, or {file: path of a script}",
    ),
    ("steps: [{python: mod}]", "6:10: steps[0].python: expected module:function, got 'mod'"),
    (
        "steps: [{python: {call: 'm:f', args: 1}}]",
        "6:32: steps[0].python.args: expected a map of arguments",
    ),
    (
        "steps: [{advance: 一分钟}]",
        "6:10: steps[0].advance: expected a duration such as 30s or 1m30s, got '一分钟'",
    ),
    (
        "steps: [{run: 提交}]",
        "6:10: steps[0].run: no steps '提交'; named steps come from the files of use",
    ),
    (
        "steps: [{if: '${form.phone} ==', open: {}}]",
        (
            "6:10: steps[0].if: a value is missing; a condition is such as "
            "${case.状态} == 成功 and not ${vars.跳过}"
        ),
    ),
    (
        "steps: [{retry: {tries: 2}}]",
        "6:10: steps[0].retry: retry repeats an action; this step has none",
    ),
    (
        "steps: [{id: a, open: {}}, {id: a, open: {}}]",
        "6:29: steps[1].id: the id 'a' is used twice, first in line 6",
    ),
    (
        "steps: [{open: {}, expect: {form: {phone: {$matchs: x}}}}]",
        "6:44: steps[0].expect.form.phone.$matchs: unknown operator $matchs; did you mean",
    ),
    (
        "steps: [{open: {}, expect: {flow: {at: x}}}]",
        "6:29: steps[0].expect.flow: flow needs a flow in the scenario",
    ),
    (
        "steps: [{open: {}, expect: {fields: {phon: {visible: true}}}}]",
        "6:38: steps[0].expect.fields.phon: no field 'phon'; did you mean 'phone'?",
    ),
    (
        "steps: [{open: {}, expect: {fields: {phone: {visble: true}}}}]",
        "6:46: steps[0].expect.fields.phone.visble: a field has no 'visble'; did you mean 'visible",
    ),
    (
        "steps: [{open: {}, expect: {proxy: [{call: crm}]}}]",
        "6:38: steps[0].expect.proxy[0].call: expected platform.api, or platform.$token, got 'crm'",
    ),
    (
        "steps: [{open: {}, expect: {proxy: {call: crm.x, status: {$in: 5}}}}]",
        "6:59: steps[0].expect.proxy.status.$in: $in needs a list, got 5",
    ),
    (
        "steps: [{expect_error: {message: {$matches: '('}}}]",
        "6:10: steps[0].expect_error: only an action can end in an error; this step has none",
    ),
    (
        "steps: [{open: {}, faults: [令牌过期]}]\nfault_sets: {令牌失效: []}",
        "6:29: steps[0].faults[0]: no fault set '令牌过期'; there is 令牌失效",
    ),
    (
        "steps: [{open: {}, faults: [{on: crm.x, do: {status: 500, error: dns}}]}]",
        "6:29: faults: do: error and status exclude each other",
    ),
    (
        "steps: [{open: {}, faults: [{on: crm.x, call: 2-1, do: {status: 500}}]}]",
        "6:29: faults: call: expected a number from 1 or a range such as 1-2, got '2-1'",
    ),
    (
        "steps: [{open: {}, faults: [5]}]",
        "6:29: steps[0].faults[0]: expected a mapping, got a number",
    ),
    (
        "steps: [{open: {}}]\nfaults: [{on: crm, do: {}}]",
        "7:10: faults: on: expected platform.api, platform.get_*, platform.* or *, got 'crm'",
    ),
    (
        "steps: [{open: {}}]\nfault_sets: {a: {on: crm.x, do: {}}}",
        "7:14: fault_sets.a: do: expected one of status, body, error, token, delay, drip",
    ),
    (
        "steps: [{open: {}}]\nclock: 2026-03-02",
        "7:1: clock: '2026-03-02' is not an ISO 8601 time with a zone, such as 2026-03-02T09:00:00",
    ),
    ("steps: [{open: {}}]\nuser: [lisi]", "7:1: user: expected an id, or a map such as {id: lisi}"),
    (
        "steps: [{open: {}}]\nproxy: {stubs: [{on: crm}]}",
        "7:17: proxy.stubs[0]: on: expected platform.api or platform.*, got 'crm'",
    ),
    (
        "steps: [{set: {phone: '${vars.客护}'}}]\nvars: {客户电话: 1, 客护电: 2}",
        "6:16: steps[0].set.phone: ${vars.客护} is not defined; did you mean '客护电'?",
    ),
    (
        "steps: [{set: {phone: '${case.x}'}}]",
        "6:16: steps[0].set.phone: ${case.x} is not defined; the scenario has no cases",
    ),
    (
        "steps: [{set: {phone: '${env.CUSTOMERS}'}}]",
        "6:16: steps[0].set.phone: ${env.CUSTOMERS} is not defined; set the environment variable",
    ),
    (
        "steps: [{set: {phone: '${steps.pick.result}'}}]",
        "6:16: steps[0].set.phone: ${steps.pick.result} is not defined",
    ),
    (
        "steps: [{set: {phone: '${form.phon}'}}]",
        "6:16: steps[0].set.phone: ${form.phon} is not defined; did you mean 'phone'?",
    ),
    (
        "steps: [{set: {phone: '${flow.at}'}}]",
        "6:16: steps[0].set.phone: ${flow.at} is not defined; the scenario has no flow",
    ),
    (
        "steps: [{set: {phone: '${phone'}}]",
        "6:16: steps[0].set.phone: '${' is not closed; write '$${' for the characters themselves",
    ),
    ("cases: []\nsteps: [{open: {}}]", "6:1: cases: expected rows, or {from: a CSV file}"),
    ("cases: [5]\nsteps: [{open: {}}]", "6:9: cases[0]: expected a row such as {id: 正常}"),
    ("cases: [{a: 5}]\nsteps: [{open: {}}]", "6:9: cases[0]: a row needs an id"),
    (
        "cases: [{id: 超时}, {id: 超时}]\nsteps: [{open: {}}]",
        "6:19: cases: the id '超时' is used twice, first in line 6",
    ),
    (
        "cases: [{id: 甲, 合同号: 1}, {id: 乙}]\nsteps: [{set: {phone: '${case.合同号}'}}]",
        "6:26: cases: row '乙' has no '合同号', which ${case.合同号} names",
    ),
    (
        "cases: [{id: 甲, 合同号: 1}]\nsteps: [{set: {phone: '${case.合同好}'}}]",
        "7:16: steps[0].set.phone: ${case.合同好} is not defined; did you mean '合同号'?",
    ),
    (
        "cases: [{id: 甲, faults: 超时, 合同号: 1}]\nsteps: [{open: {}}]",
        "6:9: cases: no fault set '超时'",
    ),
    (
        "cases: [{id: 甲, faults: [{on: crm.x, does: 1}]}]\nsteps: [{open: {}}]",
        "6:26: cases[0].faults[0]: the key 'do' is missing; add it",
    ),
    ("cases: {from: 没有.csv}\nsteps: [{open: {}}]", "6:15: cases.from: table 没有.csv cannot be"),
    (
        "cases: {form: 没有.csv}\nsteps: [{open: {}}]",
        "6:1: cases: from: expected the path of a CSV file",
    ),
    (
        "proxy: {cassette: 'crm/${form.phone}'}\nsteps: [{open: {}}]",
        "6:9: proxy.cassette: a cassette's name knows case, vars and env only, not ${form.phone}",
    ),
    ("use: 没有.yaml\nsteps: [{open: {}}]", "6:6: there is no file"),
    (
        "proxy: {ignore: [header.X-Request-ID, headr.X]}\nsteps: [{open: {}}]",
        "6:39: proxy.ignore[1]: 'headr.X' is not a path; write path, query.<name>, header.<name>",
    ),
    (
        "secrets: [客户密钥]\nsteps: [{open: {}}]",
        "6:11: secrets[0]: expected env.X, vars.x or case.x, got '客户密钥'",
    ),
    (
        "vars: {密钥: a}\nsecrets: [vars.密匙]\nsteps: [{open: {}}]",
        "7:11: secrets[0]: ${vars.密匙} is not defined; did you mean '密钥'?",
    ),
    (
        "steps: [{id: 选择.客户, open: {}}]",
        "6:10: steps[0].id: the id '选择.客户' has a '.'; a reference to it would end there",
    ),
    (
        "faults: [{on: crm.x, do: {status: 99}}]\nsteps: [{open: {}}]",
        "6:35: faults[0].do.status: expected a whole number of at least 100 and at most 599, got",
    ),
    ("cases: [{id: 甲, tags: {a: 1}}]\nsteps: [{open: {}}]", "6:9: cases: tags: expected text"),
]
ONE_PROBLEM = [
    (
        "cases: [5]\nsteps: [{only: [甲], set: {phone: '${case.x}'}}]",
        "6:9: cases[0]: expected a row such as {id: 正常}",
    ),
    ("steps: [5]", "6:9: steps[0]: expected a mapping, got a number"),
    (
        "faults: [{on: crm.x, do: {error: timeuot}}]\nsteps: [{open: {}}]",
        (
            "6:34: faults[0].do.error: expected one of 'connect', 'dns', 'invalid_json', 'reset', "
            "'timeout', 'tls', 'truncated', got 'timeuot'; did you mean 'timeout'?"
        ),
    ),
    (
        "fault_sets: {慢: {on: crm.x, do: {delay: 慢}}}\nsteps: [{open: {}}]",
        "6:41: fault_sets.慢.do.delay: expected a duration such as 30s, got '慢'",
    ),
]


@pytest.mark.parametrize(("text", "message"), FORM_PROBLEMS)
def test_what_is_wrong_is_told_with_its_place(folder: Path, text: str, message: str) -> None:
    found = problems(folder, HEAD + text)

    assert any(one.startswith(message) for one in found), found


NO_DIGEST = (
    "is no digest, which is v4- and 64 digits and letters; write trace: new, and run --update "
    "writes it"
)


@pytest.mark.parametrize(
    ("expected", "message"),
    [
        ("console: 5", "console: expected a text, a list of them, or operators, got 5"),
        ("messages: null", "messages: expected a text, a list of them, or operators, got null"),
        ("form: 张三", 'form: expected a map of names and values, or operators, got "张三"'),
        ("vars: [a]", 'vars: expected a map of names and values, or operators, got ["a"]'),
        (
            "proxy: {$contains: {call: crm.get}}",
            (
                "proxy.$contains: unknown key '$contains'; an operator stands at a value inside, "
                "such as call: {$contains: …}"
            ),
        ),
        ("trace: 1", "trace: expected a digest, or operators, got 1"),
        ("trace: hello", f"trace: 'hello' {NO_DIGEST}"),
        ("trace: {$in: [new, v3-01]}", f"trace.$in[1]: 'v3-01' {NO_DIGEST}"),
        *(
            (
                f"proxy: [{{call: crm.get, times: {times}}}]",
                f"proxy[0].times: expected a whole number from 0, or operators, got {shown}",
            )
            for times, shown in (("-1", "-1"), ("1.5", "1.5"), ("'3'", '"3"'), ("true", "true"))
        ),
    ],
)
def test_an_expectation_that_nothing_can_meet_is_refused(
    folder: Path, expected: str, message: str
) -> None:
    (told,) = problems(folder, f"{HEAD}steps: [{{open: {{}}, expect: {{{expected}}}}}]")

    assert told.endswith(f" steps[0].expect.{message}")
    assert told.startswith("6:")


@pytest.mark.parametrize(
    "expected",
    [
        "console: 客户已找到",
        "console: {text: 客户已找到, level: log}",
        "messages: {$length: 0}",
        "form: {$contains: customerId}",
        "vars: '${case.全部}'",
        "proxy: [{call: crm.get, times: 0}, {call: crm.x, times: {$gte: 1}}]",
    ],
)
def test_an_expectation_of_the_right_kind_is_accepted(folder: Path, expected: str) -> None:
    row = "cases: [{id: 甲, 全部: {}}]"
    text = f"{HEAD}{row}\nsteps: [{{open: {{}}, expect: {{{expected}}}}}]"

    assert [item.row_id for item in load_items(write(folder, text))] == ["甲"]


@pytest.mark.parametrize(("text", "message"), ONE_PROBLEM)
def test_one_mistake_is_told_once(folder: Path, text: str, message: str) -> None:
    assert problems(folder, HEAD + text) == [message]


def test_a_scenario_needs_a_name(folder: Path) -> None:
    text = HEAD.replace("选择客户", '" "') + "steps: [{open: {}}]\n"

    assert problems(folder, text) == ["2:1: scenario: a scenario needs a name"]


@pytest.mark.parametrize(
    ("head", "message"),
    [
        (
            HEAD.replace("change.customerId", "change.customerld"),
            '4:13: form.scripts["change.customerld"]: change.customerld: no field',
        ),
        (
            HEAD.replace("change.customerId", "chnge.customerId"),
            "4:13: form.scripts[\"chnge.customerId\"]: a form has no event 'chnge.customerId'; did",
        ),
        (
            HEAD.replace("customerId: a.js", "customerId: b.js"),
            "4:13: script b.js cannot be read: No such file or directory",
        ),
        (HEAD.replace("scenario: 选择客户\n", ""), "1:1: the key 'scenario' is missing; add it"),
        (HEAD.replace("version: 1", "version: 2"), "1:10: version: expected 1, got"),
    ],
)
def test_a_wrong_head_is_told_with_its_place(folder: Path, head: str, message: str) -> None:
    found = problems(folder, head + "steps: [{open: {}}]\n")

    assert any(one.startswith(message) for one in found), found


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "steps: [{approve: {at: 部门审核}}]",
            "6:20: steps[0].approve.at: no node '部门审核'; did you mean '部门审批'?",
        ),
        (
            "steps: [{approve: {att: 部门审批}}]",
            "6:20: steps[0].approve.att: unknown key 'att'; did you mean 'at'?",
        ),
        (
            "steps: [{reject: {at: 部门审批}}]",
            "6:19: steps[0].reject.at: node '部门审批' does not offer reject; it offers approve",
        ),
        (
            "steps: [{approve: {}, expect: {flow: {at: 结束}}}]",
            "6:39: steps[0].expect.flow.at: no node '结束'; did you mean '结束环节'?",
        ),
        (
            "steps: [{approve: {}, expect: {flow: {att: 1}}}]",
            "6:39: steps[0].expect.flow.att: a flow has no 'att'; did you mean 'at'?",
        ),
        ("steps: [{open: {}}]", "6:10: steps[0].open: open needs a form in the scenario"),
        ("steps: [{submit: {at: x}}]", "6:19: steps[0].submit.at: unknown key 'at'"),
        (
            "  at: 部门\nsteps: [{submit: {}}]",
            "6:3: flow.at: no node '部门'; did you mean '部门审批'?",
        ),
        (
            "steps: [{set: {a: '${flow.att}'}}]",
            "6:16: steps[0].set.a: ${flow.att} is not defined; did you mean 'at'?",
        ),
    ],
)
def test_a_flow_is_checked_against_its_definition(folder: Path, text: str, message: str) -> None:
    found = problems(folder, FLOW + text)

    assert any(one.startswith(message) for one in found), found


def test_a_wrong_definition_is_told_in_its_own_file(folder: Path) -> None:
    (folder / "合同.yaml").write_text(DEFINITION.replace("approve: 结束环节", "approve: 结束"))

    assert "合同.yaml:4:28: nodes.部门审批.approve: no node '结束'; did you mean '结束环节'?" in (
        problems(folder, FLOW + "steps: [{approve: {}}]\n")
    )


@pytest.mark.parametrize(
    ("route", "problem"),
    [
        ("5", ": expected text, a mapping or a list, got a number"),
        ("[]", ": expected an element; the list is empty"),
        ("[[]]", "[0]: expected a mapping, got a list"),
        ("{to: 结束环节, wenn: x}", ".wenn: unknown key 'wenn'; did you mean 'when'?"),
        ("{to: 结束环节, when: ''}", ".when: expected a JavaScript expression over ctx, got ''"),
        ("[{when: true, to: 结束环节}]", "[0].when: expected text, got true or false; quote it"),
    ],
)
def test_a_route_that_is_none_is_told_once(folder: Path, route: str, problem: str) -> None:
    text = DEFINITION.replace("approve: 结束环节", f"approve: {route}")
    (folder / "合同.yaml").write_text(text)

    (found,) = [one for one in problems(folder, FLOW + "steps: [{js: '1'}]\n") if "approve" in one]

    assert f"nodes.部门审批.approve{problem}" in found


def test_nothing_can_be_said_of_nodes_without_a_definition(folder: Path) -> None:
    text = FLOW.replace("  definition: 合同.yaml\n", "")

    assert problems(folder, text + "steps: [{approve: {}, expect: {flow: {at: x}}}]\n") == [
        "5:39: steps[0].expect.flow.at: at needs flow.definition; without it nothing moves"
    ]


def test_everything_wrong_is_told_at_once_in_the_order_of_the_file(folder: Path) -> None:
    text = HEAD + "steps:\n  - {set: {phon: 1}}\n  - {click: x}\n  - {advance: x}\nclock: x\n"

    assert [one.partition(": ")[0] for one in problems(folder, text)] == [
        "7:12",
        "8:6",
        "9:6",
        "10:1",
    ]


def test_steps_that_run_themselves_are_refused(folder: Path) -> None:
    fragment = "steps:\n  甲: {run: 乙}\n  乙: [{run: 甲}]\n"
    found = problems(folder, HEAD + "use: [共享.yaml]\nsteps: [{run: 甲}]\n", 共享__yaml=fragment)

    assert found == [
        "共享.yaml:2:3: steps.甲: steps '甲' call themselves recursively",
        "共享.yaml:3:7: steps.乙[0]: steps '乙' call themselves recursively",
    ]


def test_a_run_needs_known_keys_and_a_map_of_variables(folder: Path) -> None:
    text = HEAD + "use: 共享.yaml\nsteps: [{run: {step: 甲, with: 1}}, {run: 丙}]\n"

    assert problems(folder, text, 共享__yaml="steps: {甲甲: {open: {}}}\n") == snapshot(
        [
            (
                "7:10: steps[0].run: expected the name of steps, ${case.column}, or {steps: a "
                "name, with: variables}"
            ),
            "7:16: steps[0].run.step: unknown key 'step'; did you mean 'steps'?",
            "7:25: steps[0].run.with: expected a map of variables",
            "7:37: steps[1].run: no steps '丙'; there is 甲甲",
        ]
    )


def test_a_row_is_an_item_with_its_own_cassette_place_and_marks(folder: Path) -> None:
    text = (
        HEAD
        + """\
tags: [crm]
cases:
  - {id: 正常, 折扣: 1}
  - {id: 超时, 折扣: 2, faults: [慢, {on: crm.*, do: {error: timeout}}], tags: 容错, xfail: BPM-1}
fault_sets: {慢: [{on: crm.x, call: 1-2, do: {delay: 30s}}]}
proxy: {cassette: crm/选择, platforms: 平台, instances: 实例.yaml}
clock: "2026-03-02T09:00:00+08:00"
steps: [{set: {phone: "${case.折扣}"}}]
"""
    )
    normal, slow = load_items(write(folder, text), environ={})

    assert [normal.name, slow.name] == ["选择客户[正常]", "选择客户[超时]"]
    assert [normal.cassette, slow.cassette] == ["crm/选择/正常", "crm/选择/超时"]
    assert [str(normal.place), str(slow.place)] == [
        "场景.scenario.yaml:8:5",
        "场景.scenario.yaml:9:5",
    ]
    assert (slow.tags, slow.xfail, slow.skip) == (("crm", "容错"), "BPM-1", False)
    assert [str(fault) for fault in slow.faults] == ["crm.x call 1-2", "crm.*"]
    assert [fault.action for fault in slow.faults] == [Slow(delay=30), Break(error="timeout")]
    assert (normal.faults, normal.owner_name_in_cassette) == ((), "选择客户[正常]")
    assert (slow.platforms, slow.instances) == ((folder / "平台",), folder / "实例.yaml")
    assert str(slow.clock) == "2026-03-02T09:00:00.000+08:00"


@pytest.mark.parametrize(
    ("named", "message"),
    [
        (
            "${case.故锜}",
            "7:29: steps[0].faults[0]: ${case.故锜} is not defined; did you mean '故障'?",
        ),
        ("a${b", "7:29: steps[0].faults[0]: '${' is not closed; write '$${' for the"),
        (
            "${form.phone}",
            (
                "7:29: faults: the name of a fault set knows case, vars and env only, "
                "not ${form.phone}"
            ),
        ),
    ],
)
def test_a_fault_set_that_is_named_wrongly_is_told(folder: Path, named: str, message: str) -> None:
    cases = "cases: [{id: 一, 故障: 慢}]\n"
    found = problems(folder, f'{HEAD}{cases}steps: [{{open: {{}}, faults: ["{named}"]}}]\n')

    assert len(found) == 1
    assert message in found[0]


def test_rows_come_from_a_table_too(folder: Path) -> None:
    (folder / "订单.csv").write_text(
        "编号,折扣:number,faults\n甲,1,\n乙,2,慢、断\n", encoding="gb18030"
    )
    text = (
        HEAD
        + """\
cases: {from: 订单.csv, id: 编号}
fault_sets: {慢: {on: crm.x, do: {delay: 1}}, 断: {on: crm.x, do: {error: reset, after: 3}}}
proxy: {cassette: "crm/${case.编号}"}
steps: [{set: {phone: "${case.折扣}"}, faults: "${case.faults}"}]
"""
    )
    first, second = load_items(write(folder, text), environ={})

    assert (first.row_id, second.cassette, str(second.place)) == ("甲", "crm/乙", "订单.csv:3")
    assert [fault.action for fault in second.faults] == [
        Slow(delay=1),
        Break(error="reset", after=3),
    ]
    assert second.steps[0].faults == second.faults
    assert first.steps[0].faults == ()


def test_the_default_cassette_is_the_path_of_the_scenario(folder: Path) -> None:
    (folder / "scenarios" / "crm").mkdir(parents=True)
    (folder / "a.js").rename(folder / "scenarios" / "crm" / "a.js")

    (item,) = load_items(write(folder / "scenarios" / "crm", HEAD + "steps: [{open: {}}]\n"))

    assert item.cassette == "crm/场景"
    assert item.platforms == ()
    assert item.node_id == "scenarios/crm/场景.scenario.yaml::选择客户"


def test_variables_from_outside_win_over_the_file_and_the_file_over_fragments(
    folder: Path,
) -> None:
    (folder / "共享.yaml").write_text("vars: {a: 1, b: 1, c: 1}\n", encoding="utf-8")
    path = write(folder, HEAD + "use: 共享.yaml\nvars: {b: 2, c: 2}\nsteps: [{open: {}}]\n")

    (item,) = load_items(path, variables={"c": "3"}, environ={})

    assert item.vars == {"a": 1, "b": 2, "c": "3"}


@pytest.mark.parametrize(
    ("do", "action"),
    [
        (
            "{status: 500, body: {code: 500, message: 系统繁忙}, headers: {Retry-After: '3'}}",
            Reply(
                status=500,
                headers=(
                    ("content-type", "application/json; charset=utf-8"),
                    ("retry-after", "3"),
                ),
                body='{"code":500,"message":"系统繁忙"}'.encode(),
            ),
        ),
        (
            "{body: 你好, delay: 2s}",
            Reply(
                headers=(("content-type", "text/plain; charset=utf-8"),),
                body="你好".encode(),
                delay=2,
            ),
        ),
        (
            "{status: 204, headers: {Content-Type: text/html}}",
            Reply(status=204, headers=(("content-type", "text/html"),)),
        ),
        ("{token: revoked}", BadToken(state="revoked")),
        ("{error: timeout, delay: 30s}", Break(error="timeout", delay=30)),
        ("{drip: {chunks: 5, over: 10s}}", Slow(delay=10, chunks=5)),
        ("{delay: 250ms}", Slow(delay=0.25)),
        ("{delay: 20s, drip: {chunks: 3, over: 15s}}", Slow(delay=35, chunks=3)),
    ],
)
def test_a_fault_becomes_a_rule_of_the_transport(folder: Path, do: str, action: Any) -> None:
    text = f"faults: [{{on: crm.x, do: {do}}}]\nsteps: [{{open: {{}}}}]\n"

    (item,) = load_items(write(folder, HEAD + text), environ={})

    assert [fault.action for fault in item.faults] == [action]
    assert (item.faults[0].first, item.faults[0].last) == (1, None)


def test_values_are_never_looked_for_inside_scripts(folder: Path) -> None:
    text = HEAD + "steps: [{js: 'return `${form.nothing}`'}]\n"

    (item,) = load_items(write(folder, text), environ={})

    assert item.steps[0].step.value == "return `${form.nothing}`"
