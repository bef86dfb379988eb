# ruff: noqa: E501 - scenarios and scripts, one a line
"""Scenarios that lie, each of which has to be red, and scenarios that only look as if they did."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from bpmax_sim.errors import ConfigError
from bpmax_sim.messages import Request, Response
from bpmax_sim.project import find_strictness
from bpmax_sim.scenario.events import ScenarioFinished
from bpmax_sim.scenario.file_verdict import FileRuns
from bpmax_sim.scenario.load import load_items
from bpmax_sim.scenario.runner import open_session, run_item
from bpmax_sim.scenario.source import RunWarning
from bpmax_sim.transport.protocol import Handler
from tests.scenario.door import Door

PLATFORM = """\
platform_key: crm
base_url: https://crm.example.test
apis:
  get_customer:
    method: GET
    path: /customers/{id}
    parameters: [{name: id, in: path, required: true}]
  list_orders:
    method: GET
    path: /orders
    parameters: [{name: page, in: query}]
  create_order: {method: POST, path: /orders, aliases: [xiaDan]}
"""
ANSWERING = PLATFORM.replace(
    "  list_orders:",
    "    answer: {properties: {code: {type: integer}, data: {type: object}}}\n  list_orders:",
)
FLOW = """\
flow: 合同
start: 部门审批
nodes:
  部门审批:
    owners: [wangwu]
    approve: [{when: "ctx.form.金额 > 100", to: 总经理}, {to: 结束}]
    reject: 结束
  总经理: {owners: [ceo], approve: 结束, reject: 结束}
  结束: {end: true}
"""
FORM = 'form: {scripts: {%s}, fields: {客户编号: "", 客户名称: "", 金额: 0, 明细: [{物料: 螺丝, 数量: 2}]}}'
WITH_FLOW = "flow: {definition: 流程.yaml, at: 部门审批, scripts: {%s}}\npeople: {wangwu: {}, ceo: {}, lisi: {}}"
STUB = "{on: crm.get_customer, body: {code: 200, data: {name: 张三}}}"


@dataclass(frozen=True, kw_only=True)
class Case:
    """A scenario, and what its verdict has to say; nothing for one that has to pass."""

    steps: str
    form: str | None = "open: 脚本.js"
    script: str = ""
    flow: str | None = None
    stubs: str = STUB
    proxy: str = ""
    top: str = ""
    says: str = ""
    end: str = "  - {js: return 1, expect: {result: 1}}"
    files: Mapping[str, str] = field(default_factory=dict)

    def text(self) -> str:
        is_expecting = any("expect" in part for part in (self.steps, self.top))
        return "\n".join(
            part
            for part in (
                "version: 1",
                "scenario: 客户",
                "" if self.form is None else FORM % self.form,
                "" if self.flow is None else WITH_FLOW % self.flow,
                f"proxy: {{platforms: platforms, stubs: [{self.stubs}]{self.proxy}}}",
                'clock: "2026-03-02T09:00:00+08:00"',
                self.top,
                self.steps if self.steps.startswith("steps") else f"steps:\n  - {self.steps}",
                "" if is_expecting else self.end,  # or it would be told that nothing is expected
            )
            if part
        )


def third_party(request: Request) -> Response:
    """Answer any call."""
    del request
    body = json.dumps({"code": 200, "data": {"name": "张三"}}).encode()
    headers = (("content-type", "application/json"),)
    return Response(status=200, headers=headers, body=body, source="live")


def run(folder: Path, case: Case) -> list[Any]:
    """Return the verdict of each row, or what is wrong with the file."""
    files = {
        "platforms/crm.yaml": PLATFORM,
        "instances.yaml": "- {platform: crm, instance_key: a}\n",
        "流程.yaml": FLOW,
        "脚本.js": case.script,
        **case.files,
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    path = folder / "客户.scenario.yaml"
    path.write_text(case.text(), encoding="utf-8")
    try:
        loaded = load_items(path, environ={}, root=folder)
    except ConfigError as error:
        return [error]
    verdicts: list[Any] = [_run_item(item) for item in loaded]
    runs = FileRuns()
    for item, last in zip(loaded, verdicts, strict=True):
        runs.add_if_passed(item, last)
    return [*verdicts, *(part for _, part in runs.find_failing_unused_parts())]


def _run_item(item: Any) -> ScenarioFinished:
    session = open_session(item, environ={}, mode="live", transport=Handler(third_party))
    *_, last = run_item(item, session, environ={})
    assert isinstance(last, ScenarioFinished)
    return last


def what_is_wrong(verdicts: list[Any]) -> str:
    """Return all that is red."""
    return "\n".join(
        str(one)
        if isinstance(one, ConfigError | RunWarning)
        else "\n".join(f"{f.headline} [{f.place}] {f.script}" for f in one.failures)
        for one in verdicts
        if isinstance(one, ConfigError | RunWarning) or one.failures
    )


CALL = "const r = await $proxy('crm').get_customer('1');\nform.客户名称 = r.data.name;"
LIES: dict[str, Case] = {
    # Promises that nobody took.
    "a forgotten call": Case(
        steps="open: {}",
        script="$proxy('crm').get_customer('1')",
        says="crm.get_customer was not awaited",
    ),
    "a forgotten chain with its call": Case(
        steps="open: {}",
        script="$proxy('crm')\n  .$api('get_customer')\n  .$path({id: '1'})\n  .$call()",
        says="crm.get_customer was not awaited",
    ),
    "a promise in a variable that nobody reads": Case(
        steps="open: {}", script="const p = $proxy('crm').get_customer('1')", says="was not awaited"
    ),
    "forEach with a call that is returned to nobody": Case(
        steps="open: {}",
        script="['1', '2'].forEach(id => $proxy('crm').get_customer(id))",
        says="was not awaited",
    ),
    "a forgotten call beside an awaited one": Case(
        steps="open: {}",
        script=f"$proxy('crm').create_order({{}});\n{CALL}",
        says="crm.create_order was not awaited",
    ),
    "a chain that was awaited and never called": Case(
        steps="open: {}",
        script="const r = await $proxy('crm').$api('get_customer').$path({id: '1'})",
        says="was awaited but never called",
    ),
    "an awaited chain whose error is caught": Case(
        steps="open: {}",
        script="try { (await $proxy('crm').$api('get_customer')).data.name } catch {}",
        says="was awaited but never called",
    ),
    "a forgotten call in a flow's script": Case(
        steps="approve: {by: wangwu}",
        flow="approve.部门审批: 批.js",
        files={"批.js": "$proxy('crm').get_customer('1')"},
        form="",
        says="was not awaited",
    ),
    "a forgotten call of a js step": Case(
        steps="js: \"$proxy('crm').get_customer('1')\"", form="", says="was not awaited"
    ),
    "unawaited: fail for a chain that was only built": Case(
        steps="open: {}",
        proxy=", unawaited: fail",
        stubs="",
        script="$proxy('crm').$api('get_customer')",
        says="built and never called",
    ),
    # What was refused.
    "a submit that a script refused": Case(
        steps="submit: {}",
        form="submit: 脚本.js",
        script="return false",
        stubs="",
        says="submit was refused",
    ),
    "a refused submit beside an expectation of the form": Case(
        steps="{submit: {}, expect: {form: {金额: 0}}}",
        form="submit: 脚本.js",
        script="return false",
        stubs="",
        says="submit was refused",
    ),
    "an approval that before_next refused": Case(
        steps="approve: {by: wangwu}",
        flow="before_next.部门审批: 批.js",
        files={"批.js": "return '预算不足'"},
        form="",
        stubs="",
        says="approve was refused",
    ),
    # Writes of what is not declared.
    "a write to an undeclared field": Case(
        steps="open: {}", script="form.客户名 = '张三'", stubs="", says="did you mean '客户名称'?"
    ),
    "a write to an undeclared field in a flow": Case(
        steps="approve: {by: wangwu}",
        flow="approve.部门审批: 批.js",
        files={"批.js": "form.客户名 = '张三'"},
        form="",
        stubs="",
        says="no field '客户名'",
    ),
    "a person fills in a near name of a field of a flow alone": Case(
        steps="approve: {by: wangwu, form: {金饿: 1}}",
        form=None,
        flow="}, form: {金额: 1",
        says="no field '金饿'",
    ),
    "a script writes a near name of a field of a flow alone": Case(
        steps="approve: {by: wangwu}",
        form=None,
        flow="approve.部门审批: 批.js}, form: {金额: 1",
        files={"批.js": "ctx.form.金饿 = 2"},
        says="declare it in flow.form",
    ),
    "nobody to hand over to, by a row": Case(
        steps="hand_over: {by: wangwu, to: '${case.人}'}",
        form=None,
        flow="",
        top="cases: [{id: 甲, 人: ''}]",
        says="expected to: who",
    ),
    "an expected error of a row that does not come": Case(
        steps="{open: {}, expect_error: '${case.错}'}",
        stubs="",
        top="cases: [{id: 甲, 错: {code: X}}]",
        says="the step succeeded",
    ),
    "an expected error of a row with an unknown key": Case(
        steps="{open: {}, expect_error: '${case.错}'}",
        stubs="",
        top="cases: [{id: 甲, 错: {cod: X}}]",
        says="a map of type, code",
    ),
    "a write to an undeclared column": Case(
        steps="open: {}", script="form.明细[0].数虽 = 3", stubs="", says="脚本.js:1:12"
    ),
    "a row with an undeclared column": Case(
        steps="open: {}",
        script="form.明细 = [{物料: '螺母', 数是: 3}]",
        stubs="",
        says="has no column '数是'",
    ),
    "a computed member that is no field": Case(
        steps="approve: {by: wangwu}",
        flow="computed: 批.js",
        files={"批.js": "return {客户名: '张三'}"},
        form="",
        stubs="",
        says="no field '客户名'",
    ),
    # Names under operators, and in what a row fills in.
    "a node that is not there, denied": Case(
        steps="{approve: {by: wangwu}, expect: {flow: {at: {$ne: 总经里}}}}",
        flow="",
        form="",
        stubs="",
        says="no node '总经里'",
    ),
    "a node in a list of $in": Case(
        steps="{approve: {by: wangwu}, expect: {flow: {at: {$in: [结束, 总经里]}}}}",
        flow="",
        form="",
        stubs="",
        says="no node '总经里'",
    ),
    "a status that no project has": Case(
        steps="{approve: {by: wangwu}, expect: {flow: {status: {$ne: finish}}}}",
        flow="",
        form="",
        stubs="",
        says="'finish'",
    ),
    "somebody who is not pending because he is not there": Case(
        steps="{approve: {by: wangwu}, expect: {flow: {pending: {$not: {$contains: wangwuu}}}}}",
        flow="",
        form="",
        stubs="",
        says="people has no 'wangwuu'",
    ),
    "a field that does not exist, expected not to": Case(
        steps="{open: {}, expect: {form: {客户名: {$exists: false}}}}",
        stubs="",
        says="no field '客户名'",
    ),
    "an undeclared field under $not": Case(
        steps="{open: {}, expect: {form: {$not: {客户名: 张三}}}}",
        stubs="",
        says="no field '客户名'",
    ),
    "an undeclared column that is not there": Case(
        steps='{open: {}, expect: {form: {"明细[0].数虽": {$exists: false}}}}',
        stubs="",
        says="has no column '数虽'",
    ),
    "an undeclared field of the flow's form": Case(
        steps="{approve: {by: wangwu}, expect: {flow: {form: {客户名: {$exists: false}}}}}",
        flow="",
        form="",
        stubs="",
        says="no field '客户名'",
    ),
    "a variable that is not there": Case(
        steps="{open: {}, expect: {vars: {单号: {$exists: false}}}}",
        top="vars: {订单号: 1}",
        stubs="",
        says="no variable '单号'",
    ),
    "an API that is not there, called no time": Case(
        steps="{open: {}, expect: {proxy: [{call: crm.createOrders, times: 0}]}}",
        stubs="",
        says="crm has no API 'createOrders'",
    ),
    "a platform that is not there, called no time": Case(
        steps="{open: {}, expect: {proxy: [{call: crn.create_order, times: 0}]}}",
        stubs="",
        says="no platform 'crn'",
    ),
    "a pattern of no API": Case(
        steps="{open: {}, expect: {proxy: [{call: crm.delete_*, times: 0}]}}",
        stubs="",
        says="crm has no API 'delete_*'",
    ),
    "an error from a platform that is not there": Case(
        steps="{open: {}, expect_error: {from: crn}}",
        script="throw new Error('x')",
        stubs="",
        says="no platform 'crn'",
    ),
    "a button that a row names": Case(
        steps="click: ${case.按钮}",
        form="click.查询: 脚本.js",
        stubs="",
        top="cases: [{id: 对, 按钮: 查询}, {id: 错, 按钮: 查讯}]",
        says="no script for click.查讯",
    ),
    "nobody, whom a row names": Case(
        steps="hand_over: {by: wangwu, to: '${case.给}'}",
        flow="",
        form="",
        stubs="",
        top="cases: [{id: 空, 给: null}]",
        says="expected to: who",
    ),
    "nobody who acts, by a row": Case(
        steps="approve: {by: '${case.谁}'}",
        flow="",
        form="",
        stubs="",
        top="cases: [{id: 空, 谁: ''}]",
        says="expected by: Who",
    ),
    "nobody who fills in a field": Case(
        steps="{set: {客户编号: '1'}, by: ''}", form="", flow="", stubs="", says="expected by: Who"
    ),
    "nobody who fills in a field, by a row": Case(
        steps="{set: {客户编号: '1'}, by: '${case.谁}'}",
        form="",
        flow="",
        stubs="",
        top="cases: [{id: 空, 谁: ''}]",
        says="expected by: Who",
    ),
    "no node where somebody acts": Case(
        steps="approve: {by: wangwu, at: ''}", flow="", form="", stubs="", says="expected at: Node"
    ),
    "a policy of somebody unknown whom a row names, before one that acts": Case(
        steps="play: {}",
        flow="",
        form="",
        stubs="",
        top="cases: [{id: 错, 谁: wangwuu}]\n"
        "policies: [{at: '*', by: '${case.谁}', approve: {}}, {at: '*', approve: {}}]",
        says="people has no 'wangwuu'",
    ),
    "a denied member of the result of a call": Case(
        steps="{proxy: {call: crm.get_customer, args: ['1']}, expect: {result: {daat: {$exists: false}}}}",
        form="",
        files={"platforms/crm.yaml": ANSWERING},
        says="no parameter 'daat' in response; did you mean 'data'?",
    ),
    "somebody unknown whom a row names": Case(
        steps="approve: {by: '${case.谁}'}",
        flow="",
        form="",
        stubs="",
        top="cases: [{id: 错, 谁: wangwuu}]",
        says="'错'",
    ),
    "a node that a row expects under an operator": Case(
        steps="{approve: {by: wangwu}, expect: {flow: {at: {$ne: '${case.去}'}}}}",
        flow="",
        form="",
        stubs="",
        top="cases: [{id: 错, 去: 总经里}]",
        says="filled in by the row '错'",
    ),
    "a call that a row expects no time": Case(
        steps="{open: {}, expect: {proxy: [{call: 'crm.${case.接口}', times: 0}]}}",
        stubs="",
        top="cases: [{id: 错, 接口: create_ordr}]",
        says="crm has no API 'create_ordr'",
    ),
    "a field that a variable expects": Case(
        steps="{open: {}, expect: {form: '${vars.期望}'}}",
        top="vars: {期望: {客户名: {$exists: false}}}",
        stubs="",
        says="no field '客户名'",
    ),
    "a field that an approval fills in": Case(
        steps="approve: {by: wangwu, form: {客户名: 张三}}",
        flow="",
        form="",
        stubs="",
        says="no field '客户名'",
    ),
    "a column that a person fills in": Case(
        steps='set: {"明细[0].数虽": 3}', stubs="", form="", says="has no column '数虽'"
    ),
    "a new row with a column that is not there": Case(
        steps="add_row: {table: 明细, row: {物料: 螺母, 数虽: 3}}",
        stubs="",
        form="",
        says="has no column '数虽'",
    ),
    # Calls that can never work, although they are caught.
    "an unknown platform, caught": Case(
        steps="open: {}",
        stubs="",
        script="try { await $proxy('crn').get_customer('1') } catch {}",
        says="no platform 'crn'",
    ),
    "an unknown API, caught": Case(
        steps="open: {}",
        stubs="",
        script="try { await $proxy('crm').getCustomr('1') } catch {}",
        says="did you mean 'get_customer'?",
    ),
    "an unknown instance, caught": Case(
        steps="open: {}",
        stubs="",
        script="try { await $proxy('crm', {instance_key: 'b'}).get_customer('1') } catch {}",
        says="'b'",
    ),
    "an unknown parameter, caught": Case(
        steps="open: {}",
        stubs="",
        script="await $proxy('crm').$api('get_customer').$path({di: '1'}).$call().catch(() => {})",
        says="the script caught that",
    ),
    "an unknown API behind allSettled": Case(
        steps="open: {}",
        stubs="",
        script="await Promise.allSettled([$proxy('crm').delete_customer('1')])",
        says="delete_customer",
    ),
    "an unknown instance beside another error": Case(
        steps="{open: {}, expect: {proxy: [{call: crm.get_customer, instance: b, error: TIMEOUT, times: 0}]}}",
        stubs="",
        says="crm has no instance 'b'",
    ),
    # Stubs, and what never ran.
    "a stub of an unknown API": Case(
        steps="open: {}",
        stubs="{on: crm.get_customr, body: {}}",
        says="can never answer: crm has no API 'get_customr'",
    ),
    "a stub of an unknown platform": Case(
        steps="open: {}", stubs="{on: crn.*, body: {}}", says="no platform 'crn'"
    ),
    "a stub that nothing calls": Case(
        steps="open: {}", says="the stub crm.get_customer has never answered"
    ),
    "a stub behind another one": Case(
        steps="open: {}",
        script=CALL,
        stubs="{on: crm.*, body: {}}, {on: crm.get_customer, body: {}}",
        says="can never answer",
    ),
    "a stub that is the same as another one": Case(
        steps="open: {}", script=CALL, stubs=f"{STUB}, {STUB}", says="can never answer"
    ),
    "a stub for another request": Case(
        steps="open: {}",
        script=CALL,
        stubs="{on: crm.get_customer, request: {path: {id: '2'}}, body: {code: 200, data: {name: 李四}}}",
        says="has never answered",
    ),
    "an answer in turn that was never given": Case(
        steps="open: {}",
        script=CALL,
        stubs="{on: crm.get_customer, answers: [{body: {data: {name: 张三}}}, {body: {data: {name: 李四}}}]}",
        says="answer 2 of the stub crm.get_customer was never given",
    ),
    "a stub without answers": Case(
        steps="open: {}",
        script=CALL,
        stubs="{on: crm.get_customer, answers: []}",
        says="expected an element; the list is empty",
    ),
    "an error that a row misspells for a stub": Case(
        steps="open: {}",
        script=CALL,
        stubs="{on: crm.get_customer, answers: [{error: '${case.错}'}]}",
        top="cases: [{id: 超时, 错: timeuot}]",
        says="did you mean 'timeout'? (from ${case.错})",
    ),
    "a status that a fragment cannot know": Case(
        steps="steps:\n  - run: 打开",
        script=CALL,
        top="use: 片段.yaml\ncases: [{id: 错, 码: 500}]",
        files={
            "片段.yaml": "steps: {打开: [{open: {}, faults: [{on: crm.*, do: {status: '${case.码}'}}]}]}"
        },
        says="${case.码}",
    ),
    "a stub that knows the form": Case(
        steps="open: {}",
        script=CALL,
        stubs="{on: crm.get_customer, body: {data: {name: '${form.客户名称}'}}}",
        says="a stub knows case, vars",
    ),
    "a stub whose operator is none": Case(
        steps="open: {}",
        script=CALL,
        stubs="{on: crm.get_customer, request: {path: {id: {$eqq: '1'}}}, body: {}}",
        says="$eqq",
    ),
    "a stub with a body beside its answers": Case(
        steps="open: {}",
        script=CALL,
        stubs="{on: crm.get_customer, body: {}, answers: [{body: {}}]}",
        says="answers is all",
    ),
    "a delay on a stubbed call that the script must not wait for": Case(
        steps="{open: {}, faults: [{on: crm.get_customer, do: {delay: 5s}}], expect: {form: {客户名称: 张三}}}",
        script="const r = await Promise.race([$proxy('crm').get_customer('1'), new Promise(f => setTimeout(f, 3000))]);\nform.客户名称 = r ? r.data.name : '超时'",
        says="form.客户名称 expected",
    ),
    "a fault of the second call, where the first is sent twice": Case(
        steps="{open: {}, faults: [{on: crm.get_customer, call: 2, do: {status: 500}}]}",
        script=CALL,
        says="fault never fired",
    ),
    "a fault of an unknown API": Case(
        steps="{open: {}, faults: [{on: crm.get_customr, do: {status: 500}}]}",
        stubs="",
        says="this can never answer",
    ),
    "a step whose if never holds": Case(
        steps="steps:\n  - open: {}\n  - {if: '${form.金额} > 100', open: {}}",
        stubs="",
        says="has never held",
    ),
    "a named step whose if never holds": Case(
        steps="{run: 走}",
        stubs="",
        top="use: [共用.yaml]",
        files={"共用.yaml": "steps: {走: [open: {}, {if: '${form.金额} > 100', open: {}}]}"},
        says="has never held",
    ),
    "a step during another whose if never holds": Case(
        steps="{open: {}, during: {call: crm.get_customer, steps: [{if: '${case.跑} == 是', set: {金额: 2}}]}}",
        script=CALL,
        top="cases: [{id: 甲, 跑: 否}, {id: 乙, 跑: 否}]",
        says="has never held",
    ),
    "a step in the cell of a row whose if never holds": Case(
        steps="{run: '${case.走}'}",
        stubs="",
        top="cases: [{id: 甲, 走: [open: {}, {if: '${form.金额} > 100', open: {}}]}, {id: 乙, 走: [open: {}]}]",
        says="has never held",
    ),
    "a row of which no step ran": Case(
        steps="{if: '${case.跑} == 是', open: {}}",
        end="",
        stubs="",
        top="cases: [{id: 跑, 跑: 是}, {id: 不跑, 跑: 否}]",
        says="no step of this row ran",
    ),
    "a row whose cell has no steps": Case(
        steps="{run: '${case.走}'}",
        end="",
        stubs="",
        top="cases: [{id: 走, 走: [{open: {}, expect: {form: {金额: 0}}}]}, {id: 空, 走: []}]",
        says="no step of this row ran: each is left out by its if: or only:, or runs no steps",
    ),
    "a step that ran in no row": Case(
        steps="steps:\n  - open: {}\n  - {if: '${case.跑} == 是', open: {}, faults: [{on: crm.create_order, do: {status: 500}}]}",
        stubs="",
        top="cases: [{id: 甲, 跑: 否}, {id: 乙, 跑: 否}]",
        says="has never held",
    ),
    "a stub that no row calls": Case(
        steps="open: {}",
        top="cases: [{id: 甲}, {id: 乙}]",
        says="the stub crm.get_customer has never answered",
    ),
    # What says nothing.
    "an expectation of nothing in the form": Case(
        steps="{open: {}, expect: {form: {}}}", stubs="", says="form: {} says nothing"
    ),
    "an expectation of nothing": Case(
        steps="{open: {}, expect: {}}", stubs="", says="expect says nothing"
    ),
    "any error": Case(
        steps="{open: {}, expect_error: {}}",
        script="throw new Error('x')",
        stubs="",
        says="expect_error says nothing",
    ),
}


@pytest.mark.parametrize("case", LIES.values(), ids=LIES)
def test_a_scenario_that_lies_is_red(tmp_path: Path, case: Case) -> None:
    wrong = what_is_wrong(run(tmp_path, case))

    assert case.says in wrong, wrong or "green"


TRUTHS: dict[str, Case] = {
    "fire and forget with catch": Case(
        steps="open: {}", script="$proxy('crm').get_customer('1').catch(() => {})"
    ),
    "fire and forget with then": Case(
        steps="{open: {}, expect: {form: {客户名称: 张三}}}",
        script="$proxy('crm').get_customer('1').then(r => { form.客户名称 = r.data.name })",
    ),
    "void says that nothing waits": Case(
        steps="open: {}", script="void $proxy('crm').get_customer('1')"
    ),
    "void before a chain of several lines": Case(
        steps="open: {}",
        script="void $proxy('crm')\n  .$api('get_customer')\n  .$path({id: '1'})\n  .$call();",
    ),
    "void of the variable": Case(
        steps="open: {}", script="const p = $proxy('crm').get_customer('1');\nvoid p;"
    ),
    "void in a js step": Case(steps="js: \"void $proxy('crm').get_customer('1')\"", form=""),
    "a call that loses a race": Case(
        steps="open: {}",
        script="await Promise.race([$proxy('crm').get_customer('1'), new Promise(f => setTimeout(f, 0))])",
    ),
    "a list of promises, awaited together": Case(
        steps="open: {}",
        script="await Promise.all(['1', '2'].map(id => $proxy('crm').get_customer(id)))",
    ),
    "two calls at once of which the second is answered first": Case(
        steps="{open: {}, faults: [{on: crm.get_customer, call: 1, do: {delay: 3s}}], expect: {proxy: [{call: crm.get_customer, path: {id: '1'}}, {call: crm.get_customer, path: {id: '2'}}]}}",
        script="await Promise.all(['1', '2'].map(id => $proxy('crm').get_customer(id)))",
    ),
    "a promise that one script keeps and another takes": Case(
        steps="steps:\n  - open: {}\n  - {click: 查询, expect: {form: {客户名称: 张三}}}",
        form="open: 脚本.js, click.查询: 查.js",
        script="globalThis.客户 = $proxy('crm').get_customer('1');",
        files={"查.js": "form.客户名称 = (await 客户).data.name"},
    ),
    "a call that is returned": Case(
        steps="open: {}", script="return $proxy('crm').get_customer('1')"
    ),
    "unawaited: allow": Case(
        steps="open: {}", proxy=", unawaited: allow", script="$proxy('crm').get_customer('1')"
    ),
    "unawaited: warn": Case(
        steps="open: {}", proxy=", unawaited: warn", script="$proxy('crm').get_customer('1')"
    ),
    "a refusal that the messages tell": Case(
        steps="{submit: {}, expect: {messages: [金额为零]}}",
        form="submit: 脚本.js",
        script="form.$message = '金额为零'; return false",
        stubs="",
    ),
    "a refusal that the flow tells": Case(
        steps="{approve: {by: wangwu}, expect: {flow: {at: 部门审批}}}",
        flow="before_next.部门审批: 批.js",
        files={"批.js": "return '预算不足'"},
        form="",
        stubs="",
    ),
    "names that are there, under operators": Case(
        steps="{approve: {by: wangwu}, expect: {flow: {at: {$ne: 总经理}, status: {$in: [finished]}, "
        "pending: {$not: {$contains: lisi}}}, proxy: [{call: crm.createOrder, times: 0}, {call: 'crm.get_*', times: 0}]}}",
        flow="",
        form="",
        stubs="",
    ),
    "a field that is looked for before it is read": Case(
        steps="open: {}",
        script="if ('备注' in form) form.金额 = 1;\nconsole.log({...form}, JSON.stringify(form), `${typeof form.then}`);",
        stubs="",
    ),
    "a computed column that is expected": Case(
        steps='{open: {}, expect: {form: {"明细[0].金额": 6}}}',
        script="form.明细 = form.明细.map(r => ({...r, 金额: r.数量 * 3}))",
        stubs="",
    ),
    "rows that fill an expectation with nothing": Case(
        steps="{open: {}, expect: {form: '${case.期望}'}}",
        stubs="",
        top="cases: [{id: 空, 期望: {}}, {id: 有, 期望: {金额: 0}}]",
    ),
    "buttons that rows name": Case(
        steps="click: ${case.按钮}",
        form="click.查询: 脚本.js, click.清空: 清.js",
        files={"清.js": "form.客户名称 = ''"},
        stubs="",
        top="cases: [{id: 查, 按钮: 查询}, {id: 清, 按钮: 清空}]",
    ),
    "stubs that match requests": Case(
        steps="steps:\n  - {js: \"return (await $proxy('crm').get_customer('1')).data.name\", expect: {result: 张三}}\n"
        "  - {js: \"return (await $proxy('crm').get_customer('2')).data.name\", expect: {result: 李四}}",
        form="",
        stubs="{on: crm.get_customer, request: {path: {id: '1'}}, body: {data: {name: 张三}}}, "
        "{on: crm.get_customer, body: {data: {name: 李四}}}",
    ),
    "a stub that matches a body": Case(
        steps="{js: \"return (await $proxy('crm').$api('create_order').$body({单: {金额: 5}}).$call()).ok\", expect: {result: true}}",
        form="",
        stubs="{on: crm.create_order, request: {body: {单: {金额: {$gt: 3}}}}, body: {ok: true}}",
    ),
    "answers in turn, and then the rest": Case(
        steps="{js: \"const r = []; for (let i = 0; i < 3; i++) r.push((await $proxy('crm').get_customer('1')).data.name); return r\", expect: {result: [甲, 乙, 张三]}}",
        form="",
        stubs="{on: crm.get_customer, answers: [{body: {data: {name: 甲}}}, {body: {data: {name: 乙}}}]}, "
        + STUB,
    ),
    "an answer in turn that fails": Case(
        steps="{js: \"await $proxy('crm').get_customer('1')\", expect_error: {code: HTTP_STATUS, status: 503}}",
        form="",
        stubs="{on: crm.get_customer, answers: [{status: 503}]}",
    ),
    "a stub that rows fill": Case(
        steps="{open: {}, expect: {form: {客户名称: '${case.名}'}}}",
        script=CALL,
        stubs="{on: crm.get_customer, body: {data: {name: '${case.名}'}}}",
        top="cases: [{id: 一, 名: 张三}, {id: 二, 名: 李四}]",
    ),
    "status, error and delay of a stub that rows fill": Case(
        steps="{open: {}, expect_error: {code: '${case.码}', status: '${case.状态}'}}",
        script=CALL,
        stubs="{on: crm.get_customer, delay: '${case.等}', status: '${case.答}'}",
        top="cases: [{id: 忙, 码: HTTP_STATUS, 状态: 503, 答: 503, 等: 2s}, {id: 拒, 码: HTTP_STATUS, 状态: 403, 答: '403', 等: 1}]",
    ),
    "a fault that rows fill": Case(
        steps="{open: {}, faults: [{on: crm.get_customer, do: {body: {data: {name: '${case.名}'}}}}], expect: {form: {客户名称: '${case.名}'}}}",
        script=CALL,
        stubs="",
        top="cases: [{id: 一, 名: 张三}, {id: 二, 名: 李四}]",
    ),
    "rows that differ in a name that a stub answers": Case(
        steps="steps:\n  - open: {}\n  - {click: 查, expect: {form: {客户名称: '${case.name}'}}}",
        form="open: 空.js, click.查: 脚本.js",
        script=CALL,
        files={"空.js": ""},
        stubs="{on: crm.get_customer, body: {data: {name: '${case.name}'}}}",
        top="cases: [{id: 一, name: 张三}, {id: 二, name: 李四}]",
    ),
    "a stub that one of two rows uses": Case(
        steps="click: ${case.查}",
        form="click.查: 脚本.js, click.不查: 空.js",
        script=CALL,
        files={"空.js": ""},
        top="cases: [{id: 一, 查: 查}, {id: 二, 查: 不查}]",
    ),
    "a delay that lets through to the stub": Case(
        steps="{open: {}, faults: [{on: crm.get_customer, do: {delay: 5s}}], expect: {form: {客户名称: 张三}, proxy: [{call: crm.get_customer, source: stub}]}}",
        script=CALL,
    ),
    "an if that holds in one row": Case(
        steps="steps:\n  - open: {}\n  - {if: '${case.跑} == 是', open: {}}",
        stubs="",
        top="cases: [{id: 甲, 跑: 是}, {id: 乙, 跑: 否}]",
    ),
    "errors of rows, of which one expects none": Case(
        steps="{open: {}, expect_error: '${case.错}'}",
        stubs="",
        top="cases: [{id: 甲, 错: ''}]",
    ),
    "a field that a flow alone does not name and an expectation does": Case(
        steps="{approve: {by: wangwu}, expect: {flow: {form: {金饿: 2}}}}",
        form=None,
        flow="approve.部门审批: 批.js}, form: {金额: 1",
        files={"批.js": "ctx.form.金饿 = 2"},
        stubs="",
    ),
    "an unknown instance that has to fail": Case(
        steps="{open: {}, expect: {proxy: [{call: crm.get_customer, instance: b, error: UNKNOWN_INSTANCE}]}}",
        script="try { await $proxy('crm', {instance_key: 'b'}).get_customer('1') } catch {}",
        stubs="",
    ),
    "an unknown API that has to fail": Case(
        steps="{open: {}, expect: {proxy: [{call: crm.delete_order, error: UNKNOWN_API}]}}",
        script="try { await $proxy('crm').delete_order('1') } catch {}",
        stubs="",
    ),
    "an unknown API that a step calls and expects": Case(
        steps="{proxy: {call: crm.delete_order}, expect_error: {code: UNKNOWN_API}}", stubs=""
    ),
    "a stub and a fault by the alias of an API": Case(
        steps="{open: {}, faults: [{on: crm.xiaDan, do: {delay: 5s}}], expect: {form: {金额: 3}}}",
        script="form.金额 = (await $proxy('crm').create_order()).n",
        stubs="{on: crm.xiaDan, body: {n: 3}}",
    ),
}


@pytest.mark.parametrize("case", TRUTHS.values(), ids=TRUTHS)
def test_a_scenario_that_only_looks_so_is_green(tmp_path: Path, case: Case) -> None:
    assert what_is_wrong(run(tmp_path, case)) == ""


ROWS = """\
version: 1
scenario: 客户
form: {scripts: {open: 脚本.js}, fields: {客户名称: ""}}
proxy: {platforms: platforms, stubs: [{on: crm_system.get_customer_detail, body: {}}, {on: crm_system.create_order, body: {}}]}
cases: [{id: 甲}, {id: 乙}]
steps: [{open: {}}]
"""


def test_what_no_row_used_is_one_failure_of_the_file(door: Door) -> None:
    files = {"脚本.js": "await $proxy('crm_system').getCustomerDetail('1')"}
    ended = door.run(ROWS, files)

    assert ended.code == 1
    assert "2 passed, 1 failed" in ended.text
    assert ended.text.count("the stub crm_system.create_order has never answered") >= 1
    assert door.run(ROWS.replace(", {on: crm_system.create_order, body: {}}", ""), files).code == 0


def test_a_row_alone_is_not_red_for_what_it_leaves_to_others(door: Door) -> None:
    files = {"脚本.js": "await $proxy('crm_system').getCustomerDetail('1')"}
    door.run(ROWS, files)

    ended = door.run(ROWS, files, "-k", "甲")
    assert ended.code == 0, ended.text


DOUBTFUL = Case(steps="open: {}", script="console.log(form.客户名)", stubs="", says="form.客户名")
WRONG = Case(steps="open: {}", script="form.客户名 = 1", stubs="", says="form.客户名")
REFUSED = Case(steps="approve: {by: lisi}", form=None, flow="", stubs="", says="NOT_OWNER: lisi")
UNKNOWN = Case(steps="set: {客户名: 张三}", stubs="", says="客户名")
STUCK = Case(steps="play: {}", form=None, flow="", stubs="", says="STANDS_STILL")
PROMISE = Case(
    steps="open: {}",
    script="form.客户名称 = $proxy('crm').get_customer('1').data",
    says="was not awaited",
)
AWAITED = Case(
    steps="open: {}", script="await $proxy('crm').$api('a')", stubs="", says="crm.a was awaited"
)


@pytest.mark.parametrize(
    ("table", "case", "is_red"),
    [
        ("", DOUBTFUL, False),
        ("strict = true", DOUBTFUL, True),
        ("", WRONG, True),
        ("lenient = ['.']", WRONG, False),
        ("", REFUSED, True),
        ("lenient = ['.']", REFUSED, False),
        ("", AWAITED, True),
        ("lenient = ['.']", AWAITED, False),
        ("lenient = ['.']", UNKNOWN, False),
        ("", STUCK, True),
        ("lenient = ['.']", STUCK, False),
        ("", PROMISE, True),
        ("lenient = ['.']", PROMISE, False),
    ],
)
def test_a_folder_chooses_what_a_doubt_is(
    tmp_path: Path, table: str, case: Case, is_red: bool
) -> None:
    (tmp_path / "pyproject.toml").write_text(f"[tool.bpmax_sim]\n{table}\n", encoding="utf-8")
    (last,) = run(tmp_path, case)

    assert bool(last.failures) is is_red
    told = [*last.failures, *last.warnings]
    assert all(case.says in str(getattr(one, "essence", one)) for one in told)
    assert told


@pytest.mark.parametrize("name", ["strict", "lenient"])
def test_a_folder_that_is_not_there_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "scenarios/合同审批").mkdir(parents=True)
    (tmp_path / "pyproject.toml").write_text(
        f"[tool.bpmax_sim]\n{name} = ['scenarios/合同审皮/']\n", encoding="utf-8"
    )

    message = (
        f"{name}: there is no folder 'scenarios/合同审皮/' beside pyproject.toml; did you mean"
    )
    with pytest.raises(ValueError, match=f"{message} 'scenarios/合同审批'"):
        find_strictness(tmp_path / "a.scenario.yaml", tmp_path)
