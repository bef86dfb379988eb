# ruff: noqa: E501 - scenarios and scripts, one a line
"""What holds whatever the scripts do is told, as the run shows it; what it only looks like is not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bpmax_sim.scenario.events import ErrorThrown
from bpmax_sim.scenario.expectation_doubts import FieldHistory
from bpmax_sim.scenario.load import load_items
from bpmax_sim.scenario.model import ExpectedError
from bpmax_sim.scenario.name_claims import (
    explain_unintended_error,
    find_named_actors,
    read_numbers_from_ten,
)
from tests.scenario.test_lies import FLOW, STUB, Case, run, what_is_wrong

SHOP = """\
platform_key: shop
base_url: https://shop.example.test
timeout: 10s
ignore: [header.X-Reqest-ID]
volatile: [body.data.nmae]
apis:
  list_orders: {path: /orders, parameters: [{name: status, in: query, enum: [open, paid]}]}
  create_order:
    method: POST
    path: /orders
    parameters: [{name: amount, in: body, type: number}]
    answer: {type: object, properties: {data: {type: object, properties: {level: {type: string, enum: [VIP]}, count: {type: integer}}}}}
"""
FILES = {"platforms/shop.yaml": SHOP}
LIST = "{on: shop.list_orders, body: {data: {name: 甲}}}"
LISTED = "await $proxy('shop').listOrders('open')"


def opened(expect: str, script: str = "", stubs: str = "", **parts: str) -> Case:
    return Case(
        steps=f"{{open: {{}}, expect: {{{expect}}}}}",
        script=script,
        stubs=stubs,
        files=FILES,
        **parts,
    )


def stubbed(stub: str, expect: str = "form: {客户名称: 好}") -> Case:
    script = "form.客户名称 = '好'; await $proxy('shop').createOrder(1)"
    return opened(expect, script, f"{{on: shop.create_order, {stub}}}")


def routed(approve: str, expect: str = "{at: 总经理}", **more: str) -> Case:
    """Return a scenario of a flow whose first node goes on by *approve*."""
    return Case(
        steps=f"{{approve: {{by: wangwu}}, expect: {{flow: {expect}}}}}",
        form=None,
        stubs="",
        flow="",
        files={
            "流程.yaml": FLOW.replace(FLOW.split("approve: ", 1)[1].split("\n", 1)[0], approve, 1)
        },
        **more,
    )


def run_flow(
    approve: str,
    expect: str = "{at: 总经理}",
    steps: str = "approve: {by: wangwu}",
    more: str = "",
    *,
    at: str = "at: 部门审批, ",
    **parts: Any,
) -> Case:
    """Return a scenario of a flow whose first node goes on by *approve* and has a deadline."""
    flow = FLOW.replace(FLOW.split("approve: ", 1)[1].split("\n", 1)[0], approve, 1)
    return Case(
        steps=f"steps:\n  - {steps}\n    expect: {{flow: {expect}}}",
        form=None,
        stubs="",
        top=f"flow: {{definition: 流程.yaml, {more}{at}form: {{金额: 1}}}}",
        files={"流程.yaml": flow.replace("    reject", "    deadline: 2d\n    reject", 1)},
        **parts,
    )


def entered(steps: str, top: str = "") -> Case:
    """Return a scenario whose steps fill in a form with a number, a table and a script."""
    fields = "{金额: 0, 数量: 0, 明细: []}"
    return Case(
        steps=f"steps:\n  - js: form.金额 = 1\n  - {steps}",
        form=None,
        stubs="",
        top=f"form: {{fields: {fields}}}\n{top}",
    )


def looked_up(stub: str) -> Case:
    """Return a scenario that looks up a customer, and expects that its name stays empty."""
    script = (
        "const r = await $proxy('crm').get_customer('1').catch(e => console.error(e.message))\n"
        "if (r?.code === 404) console.warn('查无客户')\nif (r?.data) form.客户名称 = r.data.name"
    )
    return opened("form: {客户名称: ''}", script, stub)


def numbered(*rows: str) -> Case:
    """Return a scenario with *rows*, whose ``v`` a script copies from one field into another."""
    case = entered(
        "{set: {数量: '${case.v}'}}\n  - {js: form.金额 = form.数量, expect: {form: {金额: '${case.v}'}}}"
    )
    return replace(case, top=f"{case.top}cases: [{', '.join(rows)}]")


def sent(stub: str, said: str) -> Case:
    """Return a scenario whose script asks for a customer, and what is expected of the call."""
    script = "form.客户名称 = '好'; await $proxy('crm').get_customer('一号')"
    return opened(
        f"form: {{客户名称: 好}}, proxy: [{{call: crm.get_customer, {said}}}]", script, stub
    )


FAULTED = "try { await $proxy('shop').createOrder(1) } catch { form.客户名称 = '坏' }"
JUDGED = {
    "platforms/shop.yaml": SHOP
    + "response: {ok: {all: [{path: $.code, in: [0]}]}, code: [$.code]}\n"
}
TRIED = "{proxy: {call: crm.get_customer, args: ['1']}, retry: {tries: 3, until: {result: {data: {name: 张三}}}}}"

VERDICTS = "def is_dear(session, form):\n    return form['金额'] > 100\n"
DOUBTFUL: dict[str, tuple[Case, str]] = {
    "what a step entered itself, in each row": (
        Case(
            steps="{set: {金额: '${case.额}'}, expect: {form: {金额: '${case.额}'}}}",
            form="change.金额: 脚本.js",
            script="form.客户名称 = '甲'",
            stubs="",
            top="cases: [{id: 小, 额: 1}, {id: 大, 额: 9}]",
        ),
        "or a step entered it, and no script wrote it: 金额",
    ),
    "sendings that never were": (
        opened(
            "form: {客户名称: 坏}",
            FAULTED,
            top="faults: [{on: shop.create_order, call: 1, attempts: 3, do: {status: 503}}]",
        ),
        "no call was sent 3 times",
    ),
    "a delay that nothing notices": (
        opened(
            "form: {客户名称: 好}",
            f"{LISTED}; form.客户名称 = '好'",
            LIST,
            top="faults: [{on: shop.list_orders, do: {delay: 3s}}]",
        ),
        "a delay of 3 s is below the timeout of 10 s, and no script looks at the time",
    ),
    "a chain of Python that was never called": (
        Case(
            steps="steps:\n  - {python: '忘了:查'}\n  - {open: {}, expect: {form: {客户名称: 好}}}",
            script="form.客户名称 = '好'",
            stubs="",
            files={
                "忘了.py": "def 查(session):\n    session.proxy('crm').api('get_customer').path(id='1')\n"
            },
        ),
        "proxy('crm').api('get_customer').path(…) was built and never called",
    ),
    "an order with the text of a number": (
        Case(
            steps="{open: {}, expect: {form: {客户名称: 好}}}",
            script="form.客户名称 = '好'; form.金额 = 5",
            stubs="",
            top="never: {form: {金额: {$lt: '0'}}}",
        ),
        '$lt compares 金额, a number, with the text "0", which never holds',
    ),
    "a row copied from one that the same steps are for": (
        Case(
            steps="steps:\n  - {set: {金额: '${case.额}'}, expect: {form: {客户名称: 好}}}\n"
            "  - {only: [多, 更多], set: {金额: 0}}",
            form="change.金额: 脚本.js",
            script="form.客户名称 = '好'",
            stubs="",
            top="cases: [{id: 少, 额: 1}, {id: 多, 额: 5}, {id: 更多, 额: 5}]",
        ),
        "the row '更多' has the values of the row '多'",
    ),
    "a condition that is the text no": (
        Case(
            steps="{if: '${case.大}', open: {}, expect: {form: {客户名称: 好}}}",
            script="form.客户名称 = '好'",
            stubs="",
            top="cases: [{id: 小, 大: 否}, {id: 多, 大: 是}]",
        ),
        "大 is the text '否' in the row '小', and any text is true",
    ),
    "a result that nothing reads": (
        Case(
            steps="steps:\n  - {js: return 1 === 2}\n  - {open: {}, expect: {form: {客户名称: 好}}}",
            script="form.客户名称 = '好'",
            stubs="",
        ),
        "nothing looks at what this returns",
    ),
    "a button that nobody clicks": (
        Case(
            steps="{open: {}, expect: {form: {客户名称: 好}}}",
            form="open: 脚本.js, click.导出: 导.js",
            script="form.客户名称 = '好'",
            stubs="",
            files={"导.js": "form.金额 = 1"},
        ),
        "no step clicks 导出",
    ),
    "a caller whom no script names": (
        opened(
            "form: {客户名称: 好}, proxy: [{call: shop.list_orders, caller: 报消, times: 0}]",
            f"{LISTED}; form.客户名称 = '好'",
            LIST,
        ),
        "no script calls as '报消'",
    ),
    "a header that auth sets": (
        Case(
            steps="{open: {}, expect: {form: {客户名称: 好}}}",
            script="await $proxy('shop').$api('list_orders').$header({'X-Token': 'a'}).$call(); form.客户名称 = '好'",
            stubs=LIST,
            files={
                "platforms/shop.yaml": SHOP.replace(
                    "ignore:", "auth: {apply: [{in: header, name: X-Token, value: abc}]}\nignore:"
                )
            },
        ),
        "is set by auth; the call's own value was dropped",
    ),
    "a format that a parameter has not": (
        Case(
            steps="{open: {}, expect: {form: {客户名称: 好}}}",
            script="await $proxy('shop').createOrder('2026/3/2'); form.客户名称 = '好'",
            stubs="{on: shop.create_order, body: {}}",
            files={
                "platforms/shop.yaml": SHOP.replace("type: number", "type: string, format: date")
            },
        ),
        "parameter 'amount': format: date is declared, got '2026/3/2'",
    ),
    "a class that nothing acts on": (
        Case(
            steps="{open: {}, expect: {form: {客户名称: 好}}}",
            script=f"{LISTED}; form.客户名称 = '好'",
            stubs="{on: shop.list_orders, body: {code: 45009}}",
            files={
                "platforms/shop.yaml": SHOP
                + "response: {code: [$.code], classes: {rate: {code: [45009]}}}\n"
            },
        ),
        "shop: response.classes.rate changes nothing",
    ),
    "a volatile place that the answer has not": (
        Case(
            steps="{open: {}, expect: {form: {客户名称: 好}}}",
            script="await $proxy('shop').createOrder(1); form.客户名称 = '好'",
            stubs="{on: shop.create_order, body: {}}",
            files={
                "platforms/shop.yaml": SHOP.replace(
                    "method: POST", "method: POST\n    volatile: [body.data.number]"
                )
            },
        ),
        "apis.create_order.volatile: the declared answer has no body.data.number",
    ),
    "a sub-flow that nobody waits for": (
        Case(
            steps="{approve: {by: wangwu}, expect: {flow: {at: 归档}}}",
            form=None,
            stubs="",
            top="flow: {definition: 流程.yaml, at: 部门审批, form: {时间: ''}, subflows: {用印: {result: {时: 早}}}}",
            files={
                "流程.yaml": "flow: 合同\nstart: 部门审批\nnodes:\n  部门审批: {owners: [wangwu], approve: 盖}\n  盖: {subflow: {flow: 用印, back: {时间: 时}, wait: false}, approve: 归档}\n  归档: {owners: [ceo], approve: 结束}\n  结束: {end: true}\n",
            },
        ),
        "wait: false goes on at once, so that nothing ever comes back",
    ),
    "a member of deadlines where no node has one": (
        Case(
            steps="{approve: {by: wangwu}, expect: {flow: {at: 结束}}}",
            form=None,
            stubs="",
            flow="before_next.部门审批: 前.js",
            files={"前.js": "const end = ctx.step.plan_end_time; if (end) return '超期'"},
        ),
        "ctx.step.plan_end_time is there at a node with a deadline, and no node of the flow has one",
    ),
    "an assignment to ctx": (
        Case(
            steps="{approve: {by: wangwu}, expect: {flow: {at: 结束}}}",
            form=None,
            stubs="",
            flow="before_next.部门审批: 前.js",
            files={"前.js": "if (ctx.form.金额 > 9) ctx.target_step = '总经理'"},
        ),
        "nothing comes of an assignment to ctx.target_step",
    ),
    "a pattern that fits what the script writes otherwise": (
        opened(
            "form: {客户名称: {$matches: 大|小}}", "form.客户名称 = form.金额 > 9 ? '大' : '小'"
        ),
        '{"$matches": "大|小"} fits also "大", which a script writes into form.客户名称',
    ),
    "a denied pattern that nothing could make": (
        opened(
            "form: {金额: 5, 客户名称: {$not: {$matches: 额度冻结}}}",
            "form.金额 = 5; form.客户名称 = '已下单'",
        ),
        "neither a script nor a response has '额度冻结' in it",
    ),
    "no message where no script shows one": (
        opened("messages: []", "form.金额 = 5"),
        "no script shows anything",
    ),
    "a yes for true": (
        Case(
            steps="steps:\n  - js: form.金额 = 1\n  - {set: {加急: 是}, expect: {form: {金额: 1}}}",
            form=None,
            stubs="",
            top="form: {fields: {金额: 0, 加急: false}}",
        ),
        "'是' is a text, and 加急 begins as true or false",
    ),
    "a numeral that is a text": (
        entered("{set: {数量: '5'}, expect: {form: {金额: 1}}}"),
        "'5' is a text, and 数量 begins as a number",
    ),
    "numerals of a table": (
        entered(
            "{open: {数量: '${case.量}'}, expect: {form: {金额: 1}}}",
            "cases: [{id: 小, 量: 5}, {id: 大, 量: '1,200'}]",
        ),
        "'1,200' is a text",
    ),
    "a step that fills in nothing": (
        entered("{set: {}, expect: {form: {金额: 1}}}"),
        "nothing is filled in here",
    ),
    "a step of which nothing is said": (
        entered("{set: {数量: 5}, expect: {form: {金额: 1}}}\n  - {name: 检查}"),
        "this step does nothing and expects nothing",
    ),
    "a fault set without a fault": (
        entered(
            "{set: {数量: 5}, expect: {form: {金额: 1}}, faults: [超时]}", "fault_sets: {超时: []}"
        ),
        "the fault set '超时' has no fault",
    ),
    "a stub that asks for nothing": (
        stubbed("request: {path: {}}, body: {}"),
        "so that the stub answers every request",
    ),
    "nobody who acts": (
        entered("{set: {数量: 5}, expect: {form: {金额: 1}}}", "user: ''"),
        "user names nothing",
    ),
    "a recording that is never read": (
        opened("form: {客户名称: 好}", "form.客户名称 = '好'", proxy=", mode: live, cassette: 甲"),
        "mode: live never reads a recording",
    ),
    "a column with another name in each row": (
        entered(
            "{add_row: {table: 明细, row: {品名: 甲}}}\n  - {add_row: {table: 明细, row: {品名: 乙}}}\n"
            "  - {add_row: {table: 明细, row: {名品: 丙}}, expect: {form: {金额: 1}}}"
        ),
        "no other row of 明细 has a column '名品'; did you mean '品名'?",
    ),
    # What each value of a type fulfils, wherever it stands.
    "a tolerance as large as the value": (
        opened("form: {金额: {$near: {value: 5, within: 5}}}", "form.金额 = 5"),
        "0 fits as well",
    ),
    "any map of a response": (
        opened("form: {客户名称: 好}, result: {}", "form.客户名称 = '好'; return {a: 1}"),
        "any map fits",
    ),
    "any text that a row fills in": (
        Case(
            steps="{open: {}, expect: {console: [{$contains: '${case.有}'}]}}",
            script="console.log('好')",
            stubs="",
            top="cases: [{id: 甲, 有: 好}, {id: 乙, 有: ''}]",
        ),
        "every value of that type fits",
    ),
    "a denied number of a status, as a text": (
        sent("{on: crm.get_customer, body: {}}", "status: {$ne: '200'}, times: 1"),
        "of another type",
    ),
    "a denied text of a request": (
        sent("{on: crm.get_customer, body: {}}", "path: {id: {$ne: 乙公司}}"),
        "neither a script nor a response has '乙公司' in it",
    ),
    "a choice that nothing makes": (
        opened("form: {客户名称: {$in: [已签收, 已签牧]}}", "form.客户名称 = '已签收'"),
        "nothing could ever make '已签牧', so choosing it says nothing; did you mean '已签收'?",
    ),
    "the format of a digest": (
        opened("form: {客户名称: 好}, trace: {$matches: '^v4-'}", "form.客户名称 = '好'"),
        "another run's digest fits as well",
    ),
    "silence of a step that does nothing": (
        Case(
            steps="steps:\n  - {open: {}, expect: {form: {客户名称: 好}}}\n  - {expect: {messages: []}}",
            script="form.客户名称 = '好'; form.$message = {type: 'warning', text: '小心'}",
            stubs="",
        ),
        "this step does nothing, so that this holds whatever happens",
    ),
    "seconds where a deadline is days away": (
        run_flow("总经理", "{at: 部门审批}", steps="advance: 47"),
        "47 are seconds, and the shortest deadline is 2d",
    ),
    "a person added behind in place of before": (
        run_flow(
            "总经理",
            steps="add_owner: {by: wangwu, to: lisi, where: after}",
            expect="{at: 部门审批}",
        ),
        "all that is expected was there before anything ran, and nothing wrote it: flow.at",
    ),
    "a preview of something else": (
        run_flow(
            "总经理",
            steps="preview: {form: {金额: 1}}\n    expect: {preview: {nodes: [部门审批, 总经理]}}\n  - submit: {form: {金额: 9}}",
            at="",
            expect="{at: 部门审批}",
        ),
        "has other values than this preview",
    ),
    "a condition of another type": (
        run_flow("[{when: \"ctx.form.金额 === '1'\", to: 结束}, {to: 总经理}]"),
        "ctx.form.金额 is a number and never equals '1', which is a text",
    ),
    "a column that no row has": (
        Case(
            steps="steps:\n  - {add_row: {table: 明细, row: {数量: 4, 折扣: 1}}, expect: {form: {金额: 4}}}",
            form=None,
            stubs="",
            script="form.金额 = form.明细.reduce((sum, row) => sum + row.数量 - (row.折率 || 0), 0)",
            top="form: {scripts: {change.明细: 脚本.js}, fields: {金额: 0, 明细: []}}",
        ),
        "the script reads form.明细.折率; did you mean '折扣'?",
    ),
    "an API as scripts spell it": (
        opened(
            "form: {客户名称: 坏}",
            "try { await $proxy('shop').createOrder(1) } catch (e) { form.客户名称 = e.api === 'createOrder' ? '好' : '坏' }",
            top="faults: [{on: shop.create_order, do: {status: 503}}]",
        ),
        "api is never 'createOrder'; did you mean 'create_order'?",
    ),
    "no expectation at all": (
        Case(steps="{open: {}}", script="form.金额 = 5", stubs="", end=""),
        "nothing is expected here",
    ),
    "any number of calls": (
        stubbed(
            "body: {data: {level: VIP, count: 3}}",
            "proxy: [{call: shop.create_order, times: {$lte: 3}}]",
        ),
        "this allows no call at all, too; write times: 1",
    ),
    "a call that only failed": (
        opened(
            "proxy: [{call: shop.create_order, times: {$gte: 1}}]",
            "try { await $proxy('shop').createOrder(1) } catch (e) { console.error(e.code) }",
            top="faults: [{on: shop.create_order, do: {status: 429}}]",
        ),
        "each call of shop.create_order failed (HTTP_STATUS), and nothing else is expected",
    ),
    "as little as is allowed": (
        Case(
            steps="{open: {}, expect: {form: {金额: {$gte: 0}}}}",
            form=None,
            stubs="",
            script="form.金额 = form.金额 * parseInt(0.9)",
            top="form: {scripts: {open: 脚本.js}, fields: {金额: 350}}",
        ),
        "form.金额 is 0, as little as this allows",
    ),
    "a row that is not there": (
        entered("{set: {'明细[7].a': 1}, expect_error: {from: form}}"),
        "this step fails whatever the scripts do, by NO_ROW",
    ),
    "a refusal of another field": (
        Case(
            steps="steps:\n  - open: {}\n  - {name: 金额要填, submit: {}, expect_error: {code: REQUIRED}}",
            script="form.$required.客户名称 = true",
            stubs="",
        ),
        "the name speaks of 金额, and this is about 客户名称",
    ),
    "somebody else than the name says": (
        run_flow(
            "总经理", steps="approve: {by: wangwu}\n    name: 由ceo同意", expect="{at: 总经理}"
        ),
        "the name of this step speaks of ceo, and wangwu performs it",
    ),
    "a row that has another number": (
        numbered("{id: 刚好五千, v: 500}", "{id: 五千零一, v: 5001}", "{id: 不足五千, v: 4999}"),
        "the name of the row '刚好五千' says 5000",
    ),
    "a function that two libraries declare": (
        Case(
            steps="{open: {}, expect: {form: {金额: {$gt: 1}}}}",
            form=None,
            stubs="",
            script="form.金额 = 含税(100)",
            top="form: {libraries: [货.js, 服.js], scripts: {open: 脚本.js}, fields: {金额: 0}}",
            files={
                "货.js": "function 含税(额) { return 额 * 1.13 }",
                "服.js": "function 含税(额) { return 额 * 1.06 }",
            },
        ),
        "含税 of ",
    ),
    "a month from 0": (
        opened(
            "form: {客户名称: {$matches: '^2026-'}}",
            "const d = new Date();\nform.客户名称 = `${d.getFullYear()}-${d.getMonth()}`",
        ),
        "write getMonth() + 1",
    ),
    "a day of the week": (
        opened(
            "form: {客户名称: {$matches: '^2026'}}",
            "const d = new Date();\nform.客户名称 = `${d.getFullYear()}${d.getDay()}`",
        ),
        "getDay is the day of the week",
    ),
    "a date of UTC": (
        Case(
            steps="steps:\n  - {advance: 16h}\n  - {open: {}, expect: {form: {客户名称: {$matches: '^2026-'}}}}",
            script="form.客户名称 = new Date().toISOString().slice(0, 10)",
            stubs="",
        ),
        "toISOString is in UTC, where it is 2026-03-02 when it is 2026-03-03 here",
    ),
    "a submit that always refuses": (
        Case(
            steps="{submit: {}, expect_error: {code: REFUSED}}",
            form="submit: 脚本.js",
            script="if (form.金额 > 1) return '太多';\nreturn '通过';",
            stubs="",
        ),
        "a text that submit returns refuses",
    ),
    "what a script leaves in the context": (
        run_flow(
            "总经理", more="scripts: {approve.部门审批: 脚本.js}, ", script="ctx.approved = true"
        ),
        "ctx.approved is gone when this script ends",
    ),
    "a member of a response under a near name": (
        opened(
            "form: {客户名称: ''}, console: [好]",
            "const r = await $proxy('crm').get_customer('1');\nif (r.code === 0) form.客户名称 = '好';\nconsole.log('好')",
            "{on: crm.get_customer, body: {errcode: 0}}",
        ),
        "no response of crm.get_customer had 'code'; did you mean 'errcode'?",
    ),
    "both values of a boolean": (
        opened("result: {$in: [true, false]}", "return true"),
        "every value of that type fits",
    ),
    "a range that all fits": (
        opened("form: {金额: {$near: {value: 5, within: 1e6}}}", "form.金额 = 5"),
        "fits what form.金额 was before anything ran, 0, and whatever else it could be",
    ),
    "a type that the field has anyway": (
        opened("form: {客户名称: {$type: text}}", "form.客户名称 = '甲'"),
        "fits what form.客户名称 was before",
    ),
    "a denied text that nothing could make": (
        opened(
            "form: {金额: 5, 客户名称: {$ne: 额度冻结}}", "form.金额 = 5; form.客户名称 = '已下单'"
        ),
        "neither a script nor a response has '额度冻结' in it",
    ),
    "a denied message that is nearly that of a script": (
        opened(
            "form: {金额: 5}, messages: {$not: {$contains: {text: 提交示败}}}",
            "form.金额 = 5; if (form.金额 > 9) form.$message = '提交失败'",
        ),
        "nothing could ever make '提交示败', so denying it says nothing; did you mean '提交失败'?",
    ),
    "several codes for one error": (
        Case(
            steps="steps:\n  - open: {}\n  - {set: {金额: 1}, expect_error: {code: {$in: [READ_ONLY, HIDDEN]}}}",
            script="form.$readonly = {金额: true}",
            stubs="",
        ),
        'ends in the same error each time; write the one that comes, such as code: "READ_ONLY"',
    ),
    "a retry that was never needed": (
        Case(steps=TRIED),
        "retry: the first try was enough each time",
    ),
    "a range of calls that never came": (
        opened(
            "form: {客户名称: 坏}",
            FAULTED,
            top="faults: [{on: shop.create_order, call: 1-3, do: {status: 503}}]",
        ),
        "shop.create_order call 1-3: fewer calls came",
    ),
    "a fault that is a success": (
        Case(
            steps="{open: {}, expect: {form: {客户名称: 好}}}",
            script="await $proxy('shop').createOrder(1); form.客户名称 = '好'",
            stubs="",
            top="faults: [{on: shop.create_order, do: {status: 200, body: {code: 0, data: {level: VIP}}}}]",
            files=JUDGED,
        ),
        "the fault of shop.create_order answers as shop does where all is well",
    ),
    "rows that differ in a name alone": (
        Case(
            steps="{name: '填 ${case.额}', open: {}, expect: {form: {客户名称: 好}}}",
            script="form.客户名称 = '好'",
            stubs="",
            top="cases: [{id: 小, 额: 1}, {id: 大, 额: 9}]",
        ),
        "the row '大' differs from the row '小' only in 额",
    ),
    "a route that is never taken": (
        routed(
            "[{when: ctx.form.金额 > 10, to: 总经理}, {when: ctx.form.金额 > 99, to: 结束}, {to: 结束}]",
            "{at: 结束}",
        ),
        "this is never true here, since all of it goes to ctx.form.金额 > 10 before",
    ),
    "a route whose condition contradicts itself": (
        routed(
            "[{when: ctx.form.金额 > 99 && ctx.form.金额 < 10, to: 总经理}, {to: 结束}]",
            "{at: 结束}",
        ),
        "ctx.form.金额 is never both",
    ),
    "routes to one node": (
        routed("[{when: ctx.form.金额 > 99, to: 总经理}, {to: 总经理}]"),
        "all routes lead to '总经理'",
    ),
    "a deadline without its unit": (
        routed("总经理\n    deadline: {after: 2, then: approve}"),
        "2 is in seconds, which is no time for a person",
    ),
    "an owner in a branch that never runs": (
        Case(
            steps="{approve: {by: wangwu}, expect: {flow: {at: 结束}}}",
            form=None,
            stubs="",
            flow="owners.总经理: 人.js",
            files={
                "人.js": "return ctx.form.金额 > 9 ? [{owner_id: 'ceoo'}] : [{owner_id: 'ceo'}]"
            },
        ),
        "people has no 'ceoo'; did you mean 'ceo'?",
    ),
    "another node than the one of a hook": (
        Case(
            steps="{approve: {by: wangwu}, expect: {flow: {at: 结束}}}",
            form=None,
            stubs="",
            flow="before_next.部门审批: 前.js",
            files={"前.js": "if (ctx.step_id === '总经理') return '不行'"},
        ),
        "ctx.step_id is never '总经理'; there is 部门审批",
    ),
    "fields of a sub-flow the other way round": (
        Case(
            steps="{approve: {by: wangwu}, expect: {flow: {at: 盖}}}",
            form=None,
            stubs="",
            top="flow: {definition: 流程.yaml, at: 部门审批, form: {合同: 1, 时间: ''}, subflows: {用印: 用印.yaml}}",
            files={
                "流程.yaml": "flow: 合同\nstart: 部门审批\nnodes:\n  部门审批: {owners: [wangwu], approve: 盖}\n  盖: {subflow: {flow: 用印, form: {号: 合同}, back: {时: 时间}}, approve: 结束}\n  结束: {end: true}\n",
                "用印.yaml": "flow: 用印\nstart: 章\nnodes:\n  章: {owners: [ceo], approve: 完}\n  完: {end: true}\n",
            },
        ),
        "back is written as field of this project: field of the sub-flow, so write 时间: 时",
    ),
    "all options of a field": (
        opened(
            "form: {客户名称: {$in: [甲, 乙]}}",
            "form.$options.客户名称 = ['甲', '乙']; form.客户名称 = '甲'",
        ),
        "$in has all options that form.客户名称 offers",
    ),
    "what a field was before, too": (
        opened("form: {金额: {$in: [0, 5]}}", "form.金额 = 5"),
        "$in has each value that form.金额 had",
    ),
    "a denied text that is no option": (
        opened(
            "form: {客户名称: {$ne: 已做废}}",
            "form.$options.客户名称 = ['有效', '已作废']; form.客户名称 = '有效'",
        ),
        "form.客户名称 was never '已做废', so denying it says nothing; did you mean '已作废'?",
    ),
    "what never is, and never could be": (
        opened(
            "form: {客户名称: 有效}",
            "form.$options.客户名称 = ['有效', '已作废']; form.客户名称 = '有效'",
            top="never: {form: {客户名称: 已做废}}",
        ),
        "did you mean '已作废'?",
    ),
    "a column that no row ever had": (
        opened(
            "form: {金额: 1, 客户名称: {$each: {数目: {$not: {$lt: 0}}}}}",
            "form.金额 = 1; form.客户名称 = [{数量: 1, 价: 2}]",
        ),
        "no row of 客户名称 ever had a column '数目'; did you mean '数量'?",
    ),
    "what was there before": (
        opened("form: {金额: 0}", "form.客户名称 = '甲'"),
        "all that is expected was there before anything ran, and nothing wrote it: 金额",
    ),
    "calls that may be none": (
        opened(
            "form: {客户名称: 甲}, proxy: [{call: shop.list_orders, times: {$lte: 3}}]",
            "form.客户名称 = '甲'",
        ),
        "shop.list_orders was not called at all, which this allows, too",
    ),
    "no login where nothing is called": (
        opened(
            "form: {客户名称: 甲}, proxy: [{call: crm.$token, times: 0}]", "form.客户名称 = '甲'"
        ),
        "nothing called crm in this step",
    ),
    "a preview of an earlier step": (
        Case(
            steps="steps:\n  - preview: {}\n  - {approve: {by: wangwu}, expect: {preview: {end: {$ne: 总经理}}}}",
            form=None,
            stubs="",
            top="flow: {definition: 流程.yaml, at: 部门审批}",
            files={"流程.yaml": FLOW},
        ),
        "this preview is of an earlier step",
    ),
    "a stub that the answer does not allow": (
        stubbed("body: {data: {level: Gold}}"),
        "shop.create_order: VIP are declared, got 'Gold'",
    ),
    "a stub of another type": (
        stubbed("answers: [{body: {data: {count: '3'}}}]"),
        "integer is declared, got '3'",
    ),
    "milliseconds for seconds": (
        opened(
            "form: {客户名称: 好}",
            "form.客户名称 = '好'; try { await $proxy('shop').createOrder(1) } catch {}",
            "{on: shop.create_order, delay: 500, body: {}}",
        ),
        "delay: 500 is in seconds and beyond the timeout of 10; write 0.5",
    ),
    "a token where there is no login": (
        opened(
            "form: {客户名称: 好}",
            "try { await $proxy('shop').createOrder(1) } catch { form.客户名称 = '好' }",
            top="faults: [{on: shop.create_order, do: {token: expired}}]",
        ),
        "shop has no login, so no token of it ends",
    ),
    "a value that a parameter does not take": (
        opened(
            "form: {客户名称: 好}",
            "form.客户名称 = '好'; await $proxy('shop').listOrders('opened')",
            LIST,
        ),
        "parameter 'status': open, paid are declared, got 'opened'; did you mean 'open'?",
    ),
    "a text for a number in a body": (
        opened(
            "form: {客户名称: 好}",
            "form.客户名称 = '好'; await $proxy('shop').createOrder('5')",
            "{on: shop.create_order, body: {}}",
        ),
        "parameter 'amount': number is declared, got '5'",
    ),
    "undefined in a message": (
        opened(
            "messages: [{text: {$contains: 客户}}]",
            "const {x} = {}; form.$message = `客户 ${x} 已选`",
        ),
        'the script wrote "客户 undefined 已选" into form.$message',
    ),
    "a place to ignore that is misspelt": (
        opened(
            "form: {客户名称: 好}",
            "form.客户名称 = '好'; await $proxy('shop').$api('list_orders').$header({'X-Request-ID': 'a'}).$call()",
            LIST,
        ),
        "shop declares header.x-reqest-id, and no message has that; did you mean 'x-request-id'?",
    ),
    "a volatile place that is misspelt": (
        opened("form: {客户名称: 好}", f"form.客户名称 = '好'; {LISTED}", LIST),
        "shop declares body.data.nmae, and no message has that; did you mean 'name'?",
    ),
    "a state that no script sets": (
        opened("form: {客户名称: 好}, fields: {金额: {visible: true}}", "form.客户名称 = '好'"),
        "no script sets $visible, so that each field is visible: true whatever happens",
    ),
    "a list under never": (
        opened(
            "form: {金额: 5}",
            "form.金额 = 5; form.$message = '核对'; form.$message = '系统异常'",
            top="never: {messages: [{text: {$contains: 系统异常}}]}",
        ),
        "only exactly these messages break this never",
    ),
    "a text denied in a list of maps": (
        opened(
            "form: {金额: 5}, fields: {客户名称: {options: {$not: {$contains: 深圳}}}}",
            "form.金额 = 5; form.$options.客户名称 = [{value: 'A', label: '深圳'}]",
        ),
        "of another type",
    ),
    "the label of an option that is offered": (
        Case(
            steps="steps:\n  - open: {}\n  - {set: {客户名称: 甲方}, expect_error: {code: NOT_AN_OPTION}}",
            script="form.$options.客户名称 = [{value: 'A', label: '甲方'}]",
            stubs="",
        ),
        '"甲方" is the label of the option "A"',
    ),
    "a row that moves to where it is": (
        entered(
            "add_row: {table: 明细, row: {a: 1}}\n  - {move_row: {table: 明细, at: 0, to: 0}, expect: {form: {金额: 1}}}"
        ),
        "row 0 moves to where it is",
    ),
    "a text in a list": (
        entered("{set: {明细: 发票.pdf}, expect: {form: {金额: 1}}}"),
        "'发票.pdf' is a text, and 明细 begins as a list",
    ),
    "a false that goes back to then": (
        opened(
            "form: {金额: 5}",
            "form.金额 = 5; await $proxy('crm').getCustomer('1').then(c => { if (c.code) return false })",
            STUB,
        ),
        "this goes back to then, which nothing asks for it",
    ),
    "an action that never is": (
        run_flow(
            "总经理",
            more="scripts: {approve.部门审批: 脚本.js}, ",
            script="if (ctx.action === 'submit') ctx.form.金额 = 2",
        ),
        "ctx.action is never 'submit'",
    ),
    "a name with undefined in it": (
        run_flow(
            "总经理",
            "{at: 部门审批}",
            "submit: {}",
            "scripts: {project_name: 脚本.js}, ",
            at="",
            script="return `合同-${ctx.userInfo.dept}`",
        ),
        'the script wrote "合同-undefined" into project_name',
    ),
    "a False that nothing looks at": (
        Case(
            steps="steps:\n  - {open: {}, expect: {form: {金额: 5}}}\n  - python: verdicts:is_dear",
            script="form.金额 = 5",
            stubs="",
            files={"verdicts.py": VERDICTS},
        ),
        "the function returned False, and nothing looks at it",
    ),
    "a field that a lookup should have filled": (
        opened("form: {客户名称: ''}", "console.log(await $proxy('crm').get_customer('1'))", STUB),
        "was there before anything ran, and nothing wrote it: 客户名称",
    ),
    "a misspelt header of a fault": (
        opened(
            "form: {客户名称: 坏}",
            FAULTED,
            top="faults: [{on: shop.create_order, do: {status: 503, headers: {Retry-Aftre: '3'}}}]",
        ),
        "no client knows the header 'Retry-Aftre'; did you mean 'retry-after'?",
    ),
    "a misspelt type of a parameter": (
        replace(
            stubbed("body: {data: {level: VIP, count: 3}}"),
            files={"platforms/shop.yaml": SHOP.replace("type: number", "type: numbre")},
        ),
        "the parameter amount has the type 'numbre'",
    ),
}


@pytest.mark.parametrize(("case", "says"), DOUBTFUL.values(), ids=DOUBTFUL)
def test_what_says_nothing_is_warned_of(tmp_path: Path, case: Case, says: str) -> None:
    verdicts = run(tmp_path, case)

    assert what_is_wrong(verdicts) == ""
    told = (warning for one in verdicts for warning in (*one.warnings, *one.unused_parts))
    assert says in "\n".join(warning.message for warning in told)


TRUE: dict[str, Case] = {
    "a field that a failed lookup leaves empty": looked_up("{on: crm.get_customer, status: 503}"),
    "a field that a business failure leaves empty": looked_up(
        "{on: crm.get_customer, body: {code: 404}}"
    ),
    "a field that an empty answer leaves empty": looked_up(
        "{on: crm.get_customer, body: {code: 200, data: null}}"
    ),
    **{
        f"a node that a script refuses to leave{then}": Case(
            steps=f"steps:\n  - {{approve: {{by: wangwu}}, expect: {{flow: {{at: 部门审批}}}}}}{step}",
            flow="before_next.部门审批: 批.js",
            files={"批.js": "ctx.form.$message = '请先核对'; return ctx.form.金额 > 0"},
            form="",
            stubs="",
        )
        for then, step in {
            "": "",
            ", also an hour later": "\n  - {advance: 1h, expect: {flow: {at: 部门审批}}}",
        }.items()
    },
    **{
        f"a field that a script leaves, and {said} says why": opened("form: {金额: 0}", said)
        for said in (
            "console.warn('停用')",
            "console.error('停用')",
            "form.$message = {type: 'warning', text: '停用'}",
            "form.$message = {type: 'error', text: '停用'}",
        )
    },
    **{
        f"rows of the same values, {few} and {many}, for which other steps are": Case(
            steps="steps:\n  - {set: {金额: '${case.额}'}, expect: {form: {客户名称: 好}}}\n"
            f"  - {{only: [{many}], set: {{金额: 7}}, expect: {{form: {{金额: 7}}}}}}",
            form="change.金额: 脚本.js",
            script="form.客户名称 = '好'",
            stubs="",
            top=f"cases: [{{id: {few}, 额: 6}}, {{id: {many}, 额: 6}}]",
        )
        for few, many in (("少", "多"), (1, 2))
    },
    **{
        f"a pattern beside an assignment to {other}": opened(
            "form: {客户名称: {$matches: 小|大}, 金额: 0}",
            f"const subform = {{form: {{}}}}; {other}.客户名称 = '大'; form.金额 = subform.form.金额 ?? 0; form.客户名称 = '小'",
        )
        for other in ("subform", "subform.form")
    },
    "a delay that a js step measures": Case(
        steps="{js: \"const 始 = Date.now(); await $proxy('crm').get_customer('1'); return Date.now() - 始\", expect: {result: 3000}}",
        form=None,
        top="faults: [{on: crm.get_customer, do: {delay: 3s}}]",
    ),
    "a state that a script might have set": opened(
        "form: {客户名称: 好}, fields: {金额: {required: false}}",
        "form.客户名称 = '好'; form.$required.金额 = form.客户名称 === '坏'",
    ),
    "some of the options": opened(
        "form: {客户名称: {$in: [甲, 乙]}}",
        "form.$options.客户名称 = ['甲', '乙', '丙']; form.客户名称 = '甲'",
    ),
    "a tolerance": opened("form: {金额: {$near: {value: 5, within: 0.5}}}", "form.金额 = 5"),
    "an empty map that is empty": opened(
        "form: {客户名称: 好}, result: {}", "form.客户名称 = '好'; return {}"
    ),
    "a numeral where nothing was": Case(
        steps="{set: {号: '5'}, expect: {form: {金额: 1}}}",
        form=None,
        stubs="",
        script="form.金额 = 1",
        top="form: {scripts: {change.号: 脚本.js}, fields: {金额: 0, 号: null}}",
    ),
    "numbers of a choice that differ": opened(
        "form: {客户名称: {$in: [单号1, 单号2]}}", "form.客户名称 = '单号' + 1"
    ),
    "what a field may become": opened("form: {金额: {$in: [4, 5]}}", "form.金额 = 5"),
    "a denied text that the field was": Case(
        steps="steps:\n  - open: {}\n  - {set: {客户名称: 乙方}, expect: {form: {客户名称: {$ne: 甲方}}}}",
        script="form.客户名称 = '甲方'",
        stubs="",
    ),
    "what stays, beside what changes": opened(
        "form: {金额: 0, 客户名称: 甲}", "form.客户名称 = '甲'"
    ),
    "a text where it is expected": opened("form: {金额: '15'}", "form.金额 = '15'"),
    "an empty number": opened("form: {金额: ''}", "form.金额 = ''"),
    "what V8 says of undefined": opened(
        "messages: [{text: {$contains: undefined}}]",
        "try { (void 0).x } catch (e) { form.$message = e.message }",
    ),
    "a variable that was saved before something was done": Case(
        steps="steps:\n  - {open: {}, save: {名: '${form.客户名称}'}}\n  - {js: return 1, expect: {result: 1, form: {客户名称: '${vars.名}'}}}",
        script="form.客户名称 = '甲'",
        stubs="",
    ),
    "never, of what could be": opened(
        "form: {金额: 5}", "form.金额 = 5", top="never: {form: {金额: {$gt: 100}}}"
    ),
    "a denied text that a script has": opened(
        "form: {金额: 5}, messages: {$not: {$contains: {text: 提交失败}}}",
        "form.金额 = 5; if (form.金额 > 9) form.$message = '提交失败'",
    ),
    "a sign that may be wrong": opened("form: {金额: {$gte: 0}}", "form.金额 = 5"),
    "a range below the cap": opened("form: {金额: {$lte: 9}}", "form.金额 = 5"),
    "a fault that answers with nothing": Case(
        steps="{open: {}, expect: {form: {客户名称: 无}}}",
        script="const r = await $proxy('shop').createOrder(1); form.客户名称 = r.data?.level ?? '无'",
        stubs="",
        top="faults: [{on: shop.create_order, do: {body: {code: 0, data: {}}}}]",
        files=JUDGED,
    ),
    "a slow answer": stubbed("delay: 5, body: {data: {level: VIP, count: 3, more: 1}}"),
    "a value of its list": opened(
        "form: {客户名称: 好}",
        f"form.客户名称 = '好'; {LISTED.replace('open', 'paid')}",
        "{on: shop.list_orders, body: {}}",
    ),
    "never, of a message among others": opened(
        "form: {金额: 5}",
        "form.金额 = 5; form.$message = '核对'",
        top="never: {messages: {$contains: 核对失败异常}}",
    ),
    "a text denied among texts, a map among maps": opened(
        "form: {金额: 5}, fields: {客户名称: {options: {$not: {$contains: 乙}}}}",
        "form.金额 = 5; form.$options.客户名称 = ['甲', '乙方'].slice(0, 1)",
    ),
    "a value that is no option": Case(
        steps="steps:\n  - open: {}\n  - {set: {客户名称: B}, expect_error: {code: NOT_AN_OPTION}}",
        script="form.$options.客户名称 = [{value: 'A', label: '甲方'}]",
        stubs="",
    ),
    "a row that moves": entered(
        "add_row: {table: 明细, row: {a: 1}}\n  - add_row: {table: 明细, row: {a: 2}}\n  - {move_row: {table: 明细, at: 0, to: 1}, expect: {form: {金额: 1}}}"
    ),
    "a list in a list": entered("{set: {明细: [{a: 1}]}, expect: {form: {金额: 1}}}"),
    "a false that the script returns": opened(
        "form: {金额: 5}",
        "form.金额 = 5; return await $proxy('crm').getCustomer('1').then(c => { if (!c.code) return false })",
        STUB,
    ),
    "an action that may be": run_flow(
        "总经理",
        more="scripts: {approve.部门审批: 脚本.js}, ",
        script="if (ctx.action === 'approve' || ctx.action === 'deadline') ctx.form.金额 = 2",
    ),
    "a False that is expected": Case(
        steps="steps:\n  - {open: {}, expect: {form: {金额: 5}}}\n  - {python: 'verdicts:is_dear', expect: {result: false}}",
        script="form.金额 = 5",
        stubs="",
        files={"verdicts.py": VERDICTS},
    ),
    "a field that is only asked for": opened(
        "form: {客户名称: 甲}", "if (form.备注 !== undefined) form.备注 = ''; form.客户名称 = '甲'"
    ),
    "a header of one's own": opened(
        "form: {客户名称: 坏}",
        FAULTED,
        top="faults: [{on: shop.create_order, do: {status: 503, headers: {X-Retry: '3', Retry-After: '3'}}}]",
        proxy="",
    ),
}


@pytest.mark.parametrize("case", TRUE.values(), ids=TRUE)
def test_what_says_something_is_left_alone(tmp_path: Path, case: Case) -> None:
    verdicts = run(tmp_path, case)

    assert what_is_wrong(verdicts) == ""
    told = (warning for one in verdicts for warning in (*one.warnings, *one.unused_parts))
    assert [str(warning) for warning in told] == []


RED: dict[str, tuple[Case, str]] = {
    "a range that is none, denied": (
        opened("form: {金额: {$not: {$gt: 10, $lt: 5}}}", "form.金额 = 5"),
        "holds whatever happens",
    ),
    "a reason that is no": (
        opened("form: {金额: 5}", "form.金额 = 5", top="skip: no"),
        "skip: 'no' is taken for the reason",
    ),
    "never, of what can never be": (
        opened("form: {金额: 5}", "form.金额 = 5", top="never: {form: {金额: {$lt: 0, $gt: 100}}}"),
        "this never cannot be broken",
    ),
    "a value that is compared with itself by a variable": (
        Case(
            steps="steps:\n  - {open: {}, save: {名: '${form.客户名称}'}}\n  - expect: {form: {客户名称: '${vars.名}'}}",
            script="form.客户名称 = '甲'",
            stubs="",
        ),
        "the variable '名' was saved from form.客户名称 and nothing was done since",
    ),
    "bytes of what is no reset": (
        opened(
            "form: {客户名称: 坏}",
            FAULTED,
            top="faults: [{on: shop.create_order, do: {error: truncated, after: 9}}]",
        ),
        "after is how many bytes come before error: reset",
    ),
    "a number in place of true or false, denied": (
        opened("fields: {金额: {required: {$ne: 1}}}"),
        "holds whatever happens",
    ),
    "a script of what a node does not offer": (
        Case(
            steps="approve: {by: wangwu}",
            form=None,
            stubs="",
            top="flow: {definition: 流程.yaml, at: 部门审批, scripts: {reject.部门审批: 批.js}}",
            files={
                "批.js": "return",
                "流程.yaml": "flow: 报销\nstart: 部门审批\nnodes:\n  部门审批: {owners: [wangwu], approve: 结束}\n  结束: {end: true}\n",
            },
        ),
        "node '部门审批' has no reject, so this never runs; it has approve",
    ),
    **{
        f"a Python step that is {what}": (
            Case(
                steps="python: 'lazy:check'",
                form=None,
                stubs="",
                files={"lazy.py": f"{head} check(session):\n    {body}\n"},
            ),
            f"lazy:check ran nothing, as it is {kind}; let it be a plain function",
        )
        for what, kind, head, body in (
            ("async def", "async def", "async def", "assert False"),
            ("async def with yield", "async def", "async def", "yield session"),
            ("a generator", "a generator", "def", "yield session"),
        )
    },
    "an operator where a plain value is": (
        opened("form: {金额: {$ne: {$gt: 100}}}", "form.金额 = 120"),
        'write $not: {"$gt": 100}',
    ),
}


HONEST_NAMES = (
    "金额超5000走总监", "金额5000元以内部门审批", "3天未审批自动催办", "15天未审批自动转主管", "第2次提交",
    "第12次重新提交", "2026年预算", "2026-03-31截止", "K100轴承", "PO1001重复推送", "30人以上的会议",
    "20个明细一次导入", "驳回张三的报销", "张三的报销被财务退回", "张三请假，由李四代办", "张三提交后不能再改",
    "张三离职后转给李四", "通知张三", "改了金额也要重新填备注", "金额超5000时必须填备注", "金额没变，备注为空",
    "换客户名称后金额清零", "不改金额直接提交", "客户名称和金额都有，只差备注", "18%税率的发票",
)  # fmt: skip


def test_honest_names_of_steps_and_rows_claim_nothing() -> None:
    expected, people = ExpectedError(code="REQUIRED"), ("张三", "李四")
    refused = ErrorThrown(
        type="SubjectError", code="REQUIRED", message="必填项未填：备注", source="subject", at=0.0
    )
    fields = ("金额", "备注", "客户名称")

    for name in HONEST_NAMES:
        assert read_numbers_from_ten(name) == [], name
        assert explain_unintended_error(expected, refused, fields, name) == "", name
        actors = find_named_actors(name, people)
        assert actors in ([], ["李四"]), name
    assert read_numbers_from_ten("刚好五千，租金1,200.5元") == [5000, 1200.5]
    assert find_named_actors("由张三同意，李四驳回", people) == ["张三", "李四"]
    for name in ("没有金额不能提交", "金额必填", "金额要填", "amount missing"):
        assert (
            explain_unintended_error(expected, refused, ("金额", "备注", "amount"), name) != ""
        ), name


@pytest.mark.parametrize(
    ("script", "literals"),
    [
        ("form.级别 = '金牌'", ["金牌"]),
        ("if (ctx.form.级别 === '银牌') ctx . form.级别 = '金牌'", ["金牌"]),
        ("子form.级别 = '金牌'; subform.级别 = '银牌'; $form.级别 = '铜牌'", []),
        ("合同.form.级别 = '金牌'; form.级别说明 = '银牌'", []),
    ],
)
def test_only_what_is_written_into_this_form_is_another_value_of_its_field(
    script: str, literals: list[str]
) -> None:
    history = FieldHistory(initial={}, changes=(), offered={}, scripts=(script,))

    assert history.find_assigned_literals("级别") == literals


@pytest.mark.parametrize(("case", "says"), RED.values(), ids=RED)
def test_what_can_never_fail_or_run_is_red(tmp_path: Path, case: Case, says: str) -> None:
    assert says in what_is_wrong(run(tmp_path, case))


def test_a_variable_to_hide_that_nothing_reads_is_warned_of(tmp_path: Path) -> None:
    """The scenario is replayed: without a recording nobody has to set the variable."""
    case = entered("{set: {数量: 5}, expect: {form: {金额: 1}}}")
    path = tmp_path / "scenarios" / "密.scenario.yaml"
    path.parent.mkdir()
    (path.parent / "instances.yaml").write_text("- {credentials: {key: {env: ERP_TOKEN}}}")
    for name, says in (("ERP_TOKEN", []), ("ERP_TOKN", ["did you mean 'ERP_TOKEN'?"])):
        path.write_text(f"{case.text()}\nsecrets: [env.{name}]", encoding="utf-8")
        (item,) = load_items(path, environ={}, root=tmp_path)
        assert [str(one).rpartition("; ")[2] for one in item.warnings] == says


def test_a_misprint_that_xfail_covers_is_warned_of(tmp_path: Path) -> None:
    case = opened(
        "form: {客户名称: 华东机店设备公司}",
        "form.客户名称 = '华东机电设备公司'",
        top="xfail: 工单 4711",
    )
    (last,) = run(tmp_path, case)

    assert last.outcome == "xfailed"
    assert "xfail also covers a misprint" in str(last.warnings[0])
