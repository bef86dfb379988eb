"""Which values an action takes, each kind of them, and what is told of those beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bpmax_sim.errors import ConfigError
from bpmax_sim.scenario.flow_actions import to_flow_move
from bpmax_sim.scenario.load import load_items
from bpmax_sim.subject.hooks import FlowMove
from tests.scenario.bench import write

FORM = """\
version: 1
scenario: 报价
use: 共享.yaml
form:
  scripts: {change.客户: a.js, click.查询: a.js, click.saveDraft: a.js}
  fields: {客户: null, 明细: [{数量: 1}]}
"""
FLOW = """\
version: 1
scenario: 合同
vars: {比: 60}
flow:
  definition: 合同.yaml
  scripts: {approve.审批: a.js}
  form: {金额: 1}
  subflows: {用印: {definition: 用印.yaml}}
"""
PEOPLE = "people: {甲: {}, 乙: {}, 丙: {}, 7: {}}\n"
CHILD = """\
flow: 用印
start: 盖章
nodes:
  盖章: {owners: [丙], approve: 完, reject: 完}
  完: {end: true}
"""
DEFINITION = """\
flow: 合同
start: 审批
nodes:
  审批: {owners: [甲, 7], approve: 用印}
  用印: {subflow: 用印, approve: 结束}
  结束: {end: true}
"""
SHARED = "steps: {甲甲: {open: {}}}\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.js").write_text("//", encoding="utf-8")
    (tmp_path / "合同.yaml").write_text(DEFINITION, encoding="utf-8")
    (tmp_path / "用印.yaml").write_text(CHILD, encoding="utf-8")
    return tmp_path


def problems(folder: Path, head: str, *steps: str) -> list[str]:
    """Return what is told of steps, place and file left out."""
    path = write(
        folder, f"{head}steps:\n" + "".join(f"- {step}\n" for step in steps), 共享__yaml=SHARED
    )
    try:
        load_items(path, environ={})
    except ConfigError as error:
        return [str(one).partition(": ")[2] for one in error.problems]
    return []


GOOD_IN_FORMS = (
    *(
        "open:",
        "open: {}",
        "open: {客户: 1}",
        "set: {}",
        "set: {客户: null}",
        'set: {"明细[0].数量": 2}',
    ),
    *("click: 查询", "submit:", "submit: {}", "submit: true", "fire: change.客户"),
    *(f"advance: {value}" for value in ("0", "0.5", "30s", "1m30s", "0s", "1h", "2d", "500ms")),
    *("js: form.客户", "js: {file: a.js}", "js: {file: a.js, args: {金额: 1, $a: 2, _b: null}}"),
    *("js: {file: a.js, call: f, args: [1, {}]}", "js: {file: a.js, call: $f, args: []}"),
    *("js: {file: a.js, args: '${form.客户}'}", "js: {file: a.js, call: f, args: '${form.客户}'}"),
    *("python: {call: 'm:f', args: '${form.客户}'}", "python: {call: '${form.客户}:f'}"),
    *("js: {file: a.js, call: '${form.客户}', args: []}", "proxy: {call: 'crm.${form.客户}'}"),
    "proxy: {call: '${form.客户.平台}.查客户'}",
    "proxy: {call: crm.x, args: '${form.客户}'}",
    *("python: m:f", "python: a.b.m:f", "python: {call: 'm:f', args: {}}", "python: 模块:函数"),
    *("proxy: {call: crm.x}", "proxy: {call: crm.x, args: []}", "proxy: {call: crm.x, body: null}"),
    *("add_row: {table: 明细, row: null}", "add_row: {table: 明细, row: '${form.客户}'}"),
    *("run: 甲甲", "run: {steps: 甲甲}", "run: {steps: 甲甲, with: {}}"),
    *("add_row: {table: 明细}", "add_row: {table: 明细, at: 0, row: {数量: 2}}"),
    *("copy_row: {table: 明细, at: 0}", "remove_row: {table: 明细, at: 9}"),
    "move_row: {table: 明细, at: 0, to: 1}",
)


def test_what_a_form_takes(folder: Path) -> None:
    assert problems(folder, FORM, *GOOD_IN_FORMS) == []


GOOD_IN_FLOWS = (
    *("submit:", "submit: {by: 甲, form: {金额: 2}}", "approve:", "approve: {by: 7, comment: 好}"),
    *("reject: {form: {金额: 2}}", "hand_over: {to: 乙}", "hand_over: {by: 甲, to: 7}"),
    *(f"add_owner: {{to: [乙], where: {where}}}" for where in ("before", "after", "beside")),
    *(
        f"add_owner: {{to: [乙], complete: {rule}}}"
        for rule in ("any", "all", "in_order", 1, "60%", "'${flow.form.金额}'", "'${vars.比}%'")
    ),
    "add_owner: {to: [乙], where: '${vars.比}'}",
    *("forward: {to: [乙, 8]}", "comment: 请尽快", "comment: {by: 甲, comment: 好}", "remind:"),
    *("withdraw:", "return: {to: start}", "return: {to: 审批}", "resubmit: {form: {金额: 3}}"),
    *("terminate: {by: 甲}", "resubmit: {project: 用印, form: {金而: 3}}"),
    *(
        f"approve: {{project: {name}, at: 盖章, form: {{金而: 1}}}}"
        for name in ("用印", "'用印#2'")
    ),
    "reject: {project: 用印, at: 盖章, form: {金而: 2}}",
    *("approve: {form: null}", "approve: {form: '${flow.form}', comment: 5}"),
)


def test_what_a_flow_takes(folder: Path) -> None:
    told = problems(folder, FLOW, *GOOD_IN_FLOWS)
    assert [one for one in told if "reject" not in one] == []


DURATION = "expected a duration such as 30s or 1m30s, got"
ROW = "expected the number of a row, from 0, got"
CALL = "expected call: platform.api, got"
FUNCTION = "expected module:function, got"


@pytest.mark.parametrize(
    ("step", "told"),
    [
        *[
            (f"advance: {value}", DURATION)
            for value in ("-1", "-0.5", "-1s", "true", "false", '""')
        ],
        *[(f"advance: {value}", DURATION) for value in ("s", "null", "[]", "1x", "{}", ".nan")],
        ("js: {file: a.js, call: 'f g', args: []}", "expected the name of a function, got 'f g'"),
        ("js: {file: a.js, call: 1f, args: []}", "expected the name of a function, got '1f'"),
        ("js: {file: a.js, call: f}", "a function takes a list of arguments"),
        ("js: {file: a.js, call: f, args: {}}", "a function takes a list of arguments"),
        *[
            (f"js: {{file: a.js, args: {args}}}", "a script takes arguments by name")
            for args in ("[]", "甲", "''", "null", "'${form.客户}等'")
        ],
        ("js: {file: a.js, call: f, args: 甲}", "a function takes a list of arguments"),
        ("js: {file: a.js, args: {a: 1, 'b c': 2}}", "'b c' is not a valid script name"),
        ("js: {file: a.js, args: {1a: 2}}", "'1a' is not a valid script name"),
        ("js: {file: ''}", "expected a script, or {file: path of a script}"),
        ("js: {file: 5}", "expected a script, or {file: path of a script}"),
        *[
            (f"python: {value}", FUNCTION)
            for value in ("m", "':f'", "'m:'", "m:f:g", "1m:f", "m.:f")
        ],
        ("python: {args: {}}", FUNCTION),
        ("python: 5", FUNCTION),
        *[
            (f"proxy: {{call: {value}}}", CALL)
            for value in ("crm", "crm.", ".x", "a.b.c", "'a. b'", 5)
        ],
        ("proxy: {args: []}", CALL),
        *[
            (
                f"proxy: {{call: crm.x, args: [], {part}: {{}}}}",
                "args is a direct call; it excludes",
            )
            for part in ("path", "query", "header", "body")
        ],
        *[
            (f"proxy: {{call: crm.x, args: {args}}}", "expected a list of arguments")
            for args in ("{}", "甲", "''", "null", "0", "'${form.客户}等'")
        ],
        *[
            (f"python: {{call: 'm:f', args: {args}}}", "expected a map of arguments")
            for args in ("[]", "甲", "''", "null", "0", "'${form.客户}等'")
        ],
        ("run: 甲", "no steps '甲'"),
        ("run: 5", "expected the name of steps"),
        ("run: '${form.客户}'", "expected the name of steps"),
        ("run: {steps: '${form.客户}'}", "expected the name of steps"),
        ("run: {with: {}}", "expected the name of steps"),
        ("run: {steps: 甲甲, with: []}", "expected a map of variables"),
        *[
            (f"copy_row: {{table: 明细, at: {row}}}", ROW)
            for row in ("-1", "true", "0.5", "null", "x")
        ],
        *[(f"add_row: {{table: 明细, at: {row}}}", ROW) for row in ("-1", "false", "[]")],
        ("copy_row: {table: 明细}", "expected at: the number of a row, from 0"),
        ("move_row: {table: 明细, at: 0}", "expected to: the number of a row, from 0"),
        ("move_row: {table: 明细, to: 0}", "expected at: the number of a row, from 0"),
        ("move_row: {table: 明细, at: 0, to: -1}", ROW),
        *[
            (f"add_row: {{table: 明细, row: {row}}}", "expected a map of fields and values")
            for row in ("5", "[1]", "甲", "''", "false")
        ],
        ("add_row: {at: 0}", "expected table: the field that holds the rows"),
        ("add_row: {table: 明系}", "no field '明系'"),
        ("submit: {by: 甲}", "expected {}"),
        ("submit: false", "expected {}"),
        ("open: []", "expected a map of fields and values"),
        ("set:", "expected a map of fields and values"),
        ("click: {}", "expected the name of a button"),
        ("click: saveDraf", "no script for click.saveDraf"),
        ("click: SaveDraft", "no script for click.SaveDraft"),
        ("fire: click.查", "no script for click.查"),
        ("fire: 查询", "a form has no event '查询'"),
        ("approve:", "approve needs a flow in the scenario"),
    ],
)
def test_what_a_form_does_not_take(folder: Path, step: str, told: str) -> None:
    found = problems(folder, FORM, step, "open: {}")

    assert [told in one for one in found] == [True], found


@pytest.mark.parametrize(
    ("step", "told"),
    [
        ("hand_over: {}", "to"),
        ("add_owner: {where: before}", "to"),
        *[
            (
                f"add_owner: {{to: [乙], where: {where}}}",
                "expected one of before, after, beside, got",
            )
            for where in ("behind", "5", "''", "[]", "null", "$before", "Before")
        ],
        *[
            (f"add_owner: {{to: [乙], complete: {rule}}}", "expected ")
            for rule in ("0", "-1", "'0%'", "101%", "half", "true")
        ],
        *[
            (f"{action}: {{form: {form}}}", "expected a map of fields and values")
            for action in ("submit", "approve", "resubmit", "preview")
            for form in ("5", "[1]", "甲", "''", "false")
        ],
        *[
            (f"forward: {{to: {to}}}", "expected to: who")
            for to in (
                "{甲: 1}",
                "[甲, {乙: 1}]",
                "[甲, [乙]]",
                "[]",
                "''",
                "null",
                "[乙, '']",
                "[乙, 丙, ' ']",
                "[null]",
            )
        ],
        *[
            (f"approve: {{{key}: {value}}}", f"expected {key}: ")
            for key in ("by", "at", "project")
            for value in ("''", "null", "' '")
        ],
        *[
            (f"{action}: {{by: {value}}}", "expected by: ")
            for action in ("submit", "preview")
            for value in ("''", "null", "' '")
        ],
        ("forward: {}", "to"),
        ("return: {to: 财务}", "财务"),
        ("approve: {at: 审核}", "审核"),
        ("approve: {at: 盖章}", "no node '盖章'"),
        ("approve: {project: 用印, at: 审批}", "no node '审批'"),
        ("approve: {project: '用章#2'}", "no sub-flow '用章'"),
        ("approve: {form: {金而: 1}}", "no field '金而'"),
        ("resubmit: {form: {金而: 1}}", "no field '金而'"),
        ("click: 查询", "click needs a form in the scenario"),
    ],
)
def test_what_a_flow_does_not_take(folder: Path, step: str, told: str) -> None:
    found = problems(folder, FLOW, step, "remind:")

    assert [told in one for one in found] == [True], found


def test_each_key_that_an_action_does_not_have_is_told(folder: Path) -> None:
    found = problems(
        folder, FLOW, "approve: {bz: 甲, at: 审核, commen: 好, froom: {}}", "remind: []"
    )

    assert [one.partition(";")[0] for one in found] == [
        "steps[0].approve.bz: unknown key 'bz'",
        "steps[0].approve.at: no node '审核'",
        "steps[0].approve.commen: unknown key 'commen'",
        "steps[0].approve.froom: unknown key 'froom'",
        "steps[1].remind: expected a map of project, by, comment, at",
    ]


@pytest.mark.parametrize(
    ("step", "nobody"),
    [
        ("forward: {to: [甲, 7, 乙]}", ""),
        ("forward: {to: [甲, 7, 丁]}", "丁"),
        ("forward: {to: 丁}", "丁"),
        ("forward: {to: 8}", "8"),
        ("remind: {by: 丁}", "丁"),
        ("remind: {by: 7}", ""),
    ],
)
def test_whoever_acts_or_is_named_is_among_the_people(folder: Path, step: str, nobody: str) -> None:
    found = problems(folder, FLOW.replace("flow:", f"{PEOPLE}flow:", 1), step)

    assert [f"people has no '{nobody}'" in one for one in found] == [True] * bool(nobody), found


@pytest.mark.parametrize("step", ["forward: {}", "forward: {to: ''}", "return: {to: [null]}"])
def test_whom_nobody_is_named_for_is_no_matter_of_names(folder: Path, step: str) -> None:
    lenient = "[tool.bpmax_sim]\nlenient = true\n"
    (folder / "pyproject.toml").write_text(lenient, encoding="utf-8")

    assert len(problems(folder, FLOW, step)) == 1
    assert problems(folder, FLOW, "remind: {by: ''}") == []


@pytest.mark.parametrize(
    ("value", "move"),
    [
        (None, FlowMove()),
        ({}, FlowMove()),
        ("同意", FlowMove(comment="同意")),
        ("", FlowMove()),
        (dict.fromkeys(("at", "by", "comment", "form", "to", "where", "complete")), FlowMove()),
        ({"by": 0, "to": 0, "comment": 0}, FlowMove(by="0", others=(0,), comment="0")),
        ({"by": 7, "at": "审批"}, FlowMove(by="7", at="审批")),
        ({"to": ["甲", 7, "丙"]}, FlowMove(others=("甲", 7, "丙"))),
        ({"to": []}, FlowMove()),
        ({"where": "after", "complete": "any"}, FlowMove(where="after", rule="any")),
        ({"form": {"金额": 0, "事由": None}}, FlowMove(form={"金额": 0, "事由": None})),
    ],
)
def test_a_value_is_what_a_flow_does(value: Any, move: FlowMove) -> None:
    assert to_flow_move(value) == move
