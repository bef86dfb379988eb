# ruff: noqa: E501 - scenarios and scripts, one a line
"""Scripts that do nothing of what they seem to: each has to be red, or at least a warning."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scenario.test_lies import FLOW, Case, run, what_is_wrong

STRICT = """\
platform_key: stock
base_url: https://stock.example.test
strict: true
apis:
  get_item:
    path: /items/{sku}
    parameters:
      - {name: sku, in: path, required: true}
      - {name: lang, in: query, enum: [zh, en]}
  create_order: {method: POST, path: /orders, parameters: [{name: sku, in: body, required: true}]}
"""
STOCK = {"platforms/stock.yaml": STRICT}
LOOSE = {
    "platforms/stock.yaml": STRICT.replace("strict: true", "strict: false").replace(
        "parameters: [{name: sku, in: body, required: true}]",
        "parameters: [{name: sku, in: body, required: true}, {name: qty, in: body}]",
    )
}
ITEM = "{on: stock.get_item, body: {}}"
ORDER = "{on: stock.create_order, body: {}}"


def call(script: str, stub: str = ITEM, says: str = "") -> Case:
    return Case(steps="open: {}", script=script, stubs=stub, says=says, files=STOCK)


def opened(script: str, says: str = "", stubs: str = "", at: str = "") -> Case:
    files = {
        "platforms/oa.yaml": "platform_key: oa\nbase_url: https://oa.example.test\nresult: envelope\napis: {notify: {method: POST, path: /n}}\n",
        "platforms/erp.yaml": "platform_key: erp\nbase_url: https://erp.example.test\napis: {get_stock: {path: /s, answer: {example: {data: {warehouse: 一号库}}}}}\n",
    }
    return Case(steps="open: {}", script=script, stubs=stubs, says=at or says, files=files)


def caught(script: str, says: str = "the script caught that") -> Case:
    return Case(steps="open: {}", script=f"try {{ {script} }} catch {{}}", stubs="", says=says)


LIES: dict[str, Case] = {
    # A wrong call is red also when it is caught.
    "a missing parameter, caught": caught("await $proxy('crm').get_customer()"),
    "a missing parameter of a chain, caught": caught(
        "await $proxy('crm').$api('get_customer').$call()"
    ),
    "an object in a path, caught": caught("await $proxy('crm').get_customer({id: '1'})"),
    "a misspelt setter, caught": caught(
        "await $proxy('crm').$api('list_orders').$querry({page: 1}).$call()", "did you mean $query"
    ),
    "a setter that takes no text, caught": caught(
        "await $proxy('crm').$api('get_customer').$path('1').$call()"
    ),
    "a misspelt option, caught": caught(
        "await $proxy('crm', {instanceKey: 'a'}).get_customer('1')", "did you mean 'instance_key'"
    ),
    "a platform that is undefined, caught": caught("await $proxy({}.key).get_customer('1')"),
    "a promise that is sent, caught": caught(
        "const id = (async () => '1')(); await $proxy('crm').get_customer(id)",
        "a promise cannot be sent",
    ),
    "a wrong call beside others in Promise.allSettled": Case(
        steps="open: {}",
        script="await Promise.allSettled([$proxy('crm').get_customer('1'), $proxy('crm').get_customer()])",
        says="parameter 'id' is missing",
    ),
    # Names of what is no field.
    "a state of a field that is not there": Case(
        steps="open: {}",
        script="form.$required.客户名 = true",
        stubs="",
        says="did you mean '客户名称'?",
    ),
    "states of fields that are not there": Case(
        steps="open: {}",
        script="form.$visible = {客户名: false}",
        stubs="",
        says="form.$visible.客户名: no field '客户名'",
    ),
    "options of a field that is not there": Case(
        steps="open: {}",
        script="form.$options.客户名 = ['张三']",
        stubs="",
        says="no field '客户名'",
    ),
    "a state of a column that is not there": Case(
        steps="open: {}",
        script="form.$readonly['明细.数是'] = true",
        stubs="",
        says="明细 has no column '数是'",
    ),
    "a state that a flow's script sets": Case(
        steps="approve: {by: wangwu}",
        flow="approve.部门审批: 批.js",
        files={"批.js": "ctx.form.$required.客户名 = true"},
        form="",
        stubs="",
        says="form.$required.客户名: no field '客户名'",
    ),
    "a text for a state": Case(
        steps="open: {}",
        script="form.$visible.客户名称 = 'false'",
        stubs="",
        says="客户名称 takes true or false here, got the text 'false'",
    ),
    "a text for one of several states": Case(
        steps="open: {}",
        script="form.$required = {客户名称: 'no'}",
        stubs="",
        says="客户名称 takes true or false here, got the text 'no'",
    ),
    "a message with a misspelt member": Case(
        steps="open: {}",
        script="form.$message = {tpye: 'error', text: '不行'}",
        stubs="",
        says="there is no 'tpye'; did you mean 'type'?",
    ),
    # Promises in place of values.
    "a promise in a field": Case(
        steps="open: {}",
        script="const name = async () => (await $proxy('crm').get_customer('1')).data.name;\nform.客户名称 = name()",
        says="form.客户名称 got a promise, not its value",
    ),
    "a promise in a message": Case(
        steps="open: {}",
        script="form.$message = {text: (async () => '好')()}",
        stubs="",
        says="form.$message got a promise",
    ),
    "a promise in options": Case(
        steps="open: {}",
        script="form.$options.客户名称 = (async () => ['张三'])()",
        stubs="",
        says="form.$options.客户名称 got a promise",
    ),
    "promises in the rows of a table": Case(
        steps="open: {}",
        script="form.明细 = ['1'].map(async id => ({物料: id}))",
        stubs="",
        says="await Promise.all",
    ),
    "a promise in what computed returns": Case(
        steps="approve: {by: wangwu}",
        flow="computed: 批.js",
        files={"批.js": "return {客户名称: (async () => '张三')()}"},
        form="",
        stubs="",
        says="what the script returned got a promise",
    ),
    "unawaited: fail for an async function that nobody awaits": Case(
        steps="open: {}",
        proxy=", unawaited: fail",
        script="async function send() { await $proxy('crm').get_customer('1') }\nsend();",
        says="send() was not awaited",
    ),
    # A condition that changes what it asks for.
    "a condition that assigns": Case(
        steps="approve: {by: wangwu}",
        flow="",
        form="",
        stubs="",
        files={"流程.yaml": FLOW.replace("ctx.form.金额 > 100", "ctx.form.金额 = 100")},
        says="a condition compares with ===",
    ),
    # A platform that is strict.
    "an undeclared query parameter of a chain": call(
        "await $proxy('stock').$api('get_item').$path({sku: 'A'}).$query({lnag: 'zh'}).$call()",
        says="no query parameter 'lnag' is declared; did you mean 'lang'?",
    ),
    "an undeclared member of a body": call(
        "await $proxy('stock').$api('create_order').$body({sku: 'A', qyt: 1}).$call()",
        ORDER,
        says="no body parameter 'qyt' is declared",
    ),
    "a body of an API that has none": call(
        "await $proxy('stock').$api('get_item').$path({sku: 'A'}).$body({x: 1}).$call()",
        says="no body parameter 'x' is declared",
    ),
    "a text in a body of an API that has none": call(
        "await $proxy('stock').$api('get_item').$path({sku: 'A'}).$body('x').$call()",
        says="no body is declared",
    ),
    "an argument that is none of the choices": call(
        "await $proxy('stock').get_item('A', 'hz')", says="lang is one of zh, en, got 'hz'"
    ),
    "a parameter of a chain that is none of the choices": call(
        "await $proxy('stock').$api('get_item').$path({sku: 'A'}).$query({lang: 'hz'}).$call()",
        says="lang is one of zh, en, got 'hz'",
    ),
}


@pytest.mark.parametrize("case", LIES.values(), ids=LIES)
def test_a_script_that_lies_is_red(tmp_path: Path, case: Case) -> None:
    assert case.says in what_is_wrong(run(tmp_path, case))


DOUBTS: dict[str, Case] = {
    "a member of ctx": Case(
        steps="approve: {by: wangwu}",
        flow="before_next.部门审批: 批.js",
        files={"批.js": "if (ctx.actoin === 'approve') return"},
        form="",
        stubs="",
        says="the script reads ctx.actoin; did you mean 'action'?",
    ),
    "a member of ctx in a condition": Case(
        steps="approve: {by: wangwu}",
        flow="",
        form="",
        stubs="",
        files={
            "流程.yaml": FLOW.replace("ctx.form.金额 > 100", "ctx.userinfo && ctx.form.金额 > 100")
        },
        says="the script reads ctx.userinfo; did you mean 'userInfo'?",
    ),
    "a member of the step": Case(
        steps="approve: {by: wangwu}",
        flow="before_next.部门审批: 批.js",
        files={"批.js": "if (ctx.step.nmae === '部门审批') return"},
        form="",
        stubs="",
        says="the script reads ctx.step.nmae; did you mean 'name'?",
    ),
    "a member of the user": Case(
        steps="approve: {by: wangwu}",
        flow="before_next.部门审批: 批.js",
        files={"批.js": "if (ctx.userInfo.nmae) return"},
        form="",
        stubs="",
        says="ctx.userInfo.nmae; did you mean 'name'?",
    ),
    "a member of the project": Case(
        steps="approve: {by: wangwu}",
        flow="before_next.部门审批: 批.js",
        files={"批.js": "if (ctx.project.statsu) return"},
        form="",
        stubs="",
        says="ctx.project.statsu; did you mean 'status'?",
    ),
    "a member of ctx that is written": Case(
        steps="approve: {by: wangwu}",
        flow="before_next.部门审批: 批.js",
        files={"批.js": "ctx.projcet = {name: 'x'}"},
        form="",
        stubs="",
        says="the script wrote ctx: there is no 'projcet'; did you mean 'project'?",
    ),
    "a field of what was posted": Case(
        steps="approve: {by: wangwu}",
        flow="before_next.部门审批: 批.js",
        files={"批.js": "if (ctx.postData.客户名) return"},
        form="",
        stubs="",
        says="ctx.postData.客户名; did you mean '客户名称'?",
    ),
    "a column in a callback": Case(
        steps="open: {}",
        script="form.金额 = form.明细.reduce((sum, row) => sum + (row.数是 || 0), 0)",
        stubs="",
        says="the script reads form.明细.数是: 明细 has no column '数是'",
    ),
    "a type of message that there is not": Case(
        steps="open: {}",
        script="form.$message = {type: 'eror', text: '不行'}",
        stubs="",
        says="there is no 'eror'; did you mean 'error'?",
    ),
    "an async function that nobody awaits": Case(
        steps="open: {}",
        script="async function send() { await $proxy('crm').get_customer('1') }\nsend();",
        says="send() was not awaited",
    ),
    "a query parameter that is near a declared one": Case(
        steps="open: {}",
        script="await $proxy('crm').$api('list_orders').$query({pgae: 1, sort: 'no'}).$call()",
        stubs="{on: crm.list_orders}",
        says="crm.list_orders: no query parameter 'pgae' is declared; did you mean 'page'?",
    ),
    "a member of a body that is near a declared one": Case(
        steps="open: {}",
        script="await $proxy('stock').$api('create_order').$body({sku: 'A', qyt: 1}).$call()",
        stubs=ORDER,
        files=LOOSE,
        says="stock.create_order: no body parameter 'qyt' is declared; did you mean 'qty'?",
    ),
    "more arguments than are declared": Case(
        steps="open: {}",
        script="await $proxy('crm').get_customer('1', true)",
        says="crm.get_customer: 2 arguments given, 1 declared (id); the rest was dropped",
    ),
    "Promise.all that nobody awaits": Case(
        steps="open: {}",
        script="Promise.all(['1'].map(id => $proxy('crm').get_customer(id)))",
        says="nothing waits for Promise.all",
    ),
    "an async function in a condition": Case(
        steps="open: {}",
        script="async function valid() { return form.金额 > 0 }\nif (!valid()) return false",
        stubs="",
        says="a promise stands here in place of its value",
    ),
    "a slip that lint knows, in a line that never runs": Case(
        steps="open: {}",
        script="if (form.金额 < 0) {\n  if (form.客户名称 === NaN) form.金额 = 1;\n}",
        stubs="",
        says="nothing equals NaN, not even itself; write Number.isNaN(form.客户名称) [never-equal]",
    ),
    "a call of nothing, in a line that never runs": Case(
        steps="open: {}",
        script="if (form.金额 < 0) await $proxy('crn').get_customer('1');",
        stubs="",
        says="there is no platform 'crn'; did you mean 'crm'? [unknown-platform]",
    ),
    "a text in a field of numbers": Case(
        steps="open: {}",
        script="form.金额 = '12.50' + 1",
        stubs="",
        says='the script wrote "12.501", a text, into form.金额, which begins as a number',
    ),
    "NaN in a field": Case(
        steps="open: {}",
        script="form.金额 = Number('12a')",
        stubs="",
        says="the script wrote NaN into form.金额",
    ),
    "undefined in what a person sees": Case(
        steps="open: {}",
        script="const row = {}; form.$message = `客户${row.name}已选`",
        stubs="",
        says='the script wrote "客户undefined已选" into form.$message',
    ),
    "undefined in what is sent": Case(
        steps="open: {}",
        script="const row = {}; form.金额 = (await $proxy('crm').get_customer(`${row.id}`)).code",
        says='the script wrote "undefined" into crm.get_customer path.id',
    ),
    "a template in plain quotes": Case(
        steps="open: {}",
        script="form.$message = '客户 ${who}'",
        stubs="",
        says="the script wrote",
    ),
    "an error that an empty handler drops": Case(
        steps="open: {}",
        script="const r = await $proxy('crm').get_customer('1').catch(() => ({}));\nform.金额 = r.code ?? 0",
        stubs="{on: crm.get_customer, status: 503, body: {}}",
        says="crm.get_customer failed (HTTP_STATUS), and the empty handler in line 1 tells nobody",
    ),
    "an error that an empty catch drops": Case(
        steps="open: {}",
        script="try {\n  form.金额 = (await $proxy('crm').get_customer('1')).code;\n} catch {}",
        stubs="{on: crm.get_customer, status: 503, body: {}}",
        says="the empty handler in line 3 tells nobody",
    ),
    "an error among results that nothing looks at": Case(
        steps="open: {}",
        script="form.金额 = 1;\nconst r = await Promise.allSettled([$proxy('crm').get_customer('1')])",
        stubs="{on: crm.get_customer, status: 503, body: {}}",
        says="crm.get_customer failed (HTTP_STATUS), and nothing looks at the results of "
        "Promise.allSettled in line 2; look at their status, or expect it: proxy: ",
    ),
    "the first page alone": Case(
        steps="open: {}",
        script="form.金额 = (await $proxy('crm').list_orders({page: 1})).data.rows.length".replace(
            "({page: 1})", "()"
        ),
        stubs="{on: crm.list_orders, body: {code: 200, data: {total: 25, rows: [{no: 1}, {no: 2}]}}}",
        says="the response says total: 25, and the script has read 2 of them",
    ),
    "a member that no person has": Case(
        steps="approve: {by: wangwu}",
        flow="before_next.部门审批: 批.js",
        files={"批.js": "if (ctx.userInfo.department) return"},
        form="",
        stubs="",
        top="user: {id: wangwu, dept: 财务部}",
        says="the script reads ctx.userInfo.department; there are id, name, dept",
    ),
    "a time zone that there is not": opened(
        "try { form.客户名称 = new Date().toLocaleString('zh-CN', {timeZone: 'Asia/Beijing'}) } catch { form.客户名称 = '' }",
        "there is no time zone 'Asia/Beijing'",
    ),
    "a locale as others write it": opened(
        "try { form.客户名称 = (1).toLocaleString('zh_CN') } catch { form.客户名称 = '' }",
        "'zh_CN' is no locale, and a RangeError; write 'zh-CN'",
    ),
    "undefined in a message, with its line": opened(
        "\nform.$message = `客户 ${{}.x} 已选`", at="脚本.js:2"
    ),
    "a member that no envelope has": opened(
        "const r = await $proxy('oa').notify();\nform.客户名称 = r.errcode ? '失败' : '好'",
        "has errcode",
        "{on: oa.notify, body: {}}",
    ),
    "a member that is in no example": opened(
        "const r = await $proxy('erp').getStock();\nform.客户名称 = r.data.wareHouse",
        "has data.wareHouse; did you mean 'warehouse'?",
        "{on: erp.get_stock, body: {data: {warehouse: 一号库}}}",
    ),
    "a member of a text": opened(
        "const r = await $proxy('crm').get_customer('1');\nform.客户名称 = r.fail ? '失败' : '好'",
        "the response is a text, which has no 'fail'",
        "{on: crm.get_customer, headers: {Content-Type: application/xml}, body: '<r><fail>1</fail></r>'}",
    ),
    "a page that is never turned": opened(
        "for (let more = true; more;) ({more} = await $proxy('crm').list_orders(1))",
        "crm.list_orders was asked 3 times for the same page",
        "{on: crm.list_orders, answers: [{body: {rows: [1], more: true}}, {body: {rows: [2], more: true}}, {body: {rows: [3]}}]}",
    ),
    "seconds for milliseconds": Case(
        steps="open: {}\n  - advance: 300",
        script="setTimeout(() => { form.客户名称 = '好' }, 300)",
        stubs="",
        says="write 300ms, or 300s where that is meant",
    ),
    "an owner without owner_id in a branch": Case(
        steps="approve: {by: wangwu}",
        flow="owners.总经理: 人.js",
        files={"人.js": "if (ctx.form.金额 > 9) return [{id: 'ceo'}];\nreturn [{owner_id: 'ceo'}]"},
        form="",
        stubs="",
        says="an owner has an owner_id, and this has none; write {owner_id: …}",
    ),
    "a node that is not there in a branch": Case(
        steps="approve: {by: wangwu}",
        flow="jump: 跳.js",
        files={"跳.js": "return ctx.form.金额 > 9 ? '总经' : '部门审批'"},
        form="",
        stubs="",
        says="the flow has no node '总经'; did you mean '总经理'?",
    ),
    "an earlier name that is the present one": Case(
        steps="open: {}", top="was: [客户]", stubs="", says="this is the present name"
    ),
    "an async function for each": Case(
        steps="open: {}",
        script="['1'].forEach(async id => { await $proxy('crm').get_customer(id) })",
        says=".forEach(async …) was not awaited",
    ),
}


@pytest.mark.parametrize("case", DOUBTS.values(), ids=DOUBTS)
def test_a_script_that_may_lie_is_a_warning(tmp_path: Path, case: Case) -> None:
    verdicts = run(tmp_path, case)

    assert what_is_wrong(verdicts) == ""
    told = (f"{warning.place} {warning.message}" for one in verdicts for warning in one.warnings)
    assert case.says in "\n".join(told)


def test_a_line_that_writes_texts_again_and_again_is_told_once(tmp_path: Path) -> None:
    script = "for (const 价 of ['1.5', '2.5', '3.5'])\n  form.金额 = 价;\nform.金额 = '4.5';"

    (ended,) = run(tmp_path, Case(steps="open: {}", script=script, stubs="", says=""))

    told = [(one.place.line, one.message.partition(",")[0]) for one in ended.warnings if one.place]
    assert [one for one in told if "the script wrote" in one[1]] == [
        (2, 'the script wrote "1.5"'),
        (3, 'the script wrote "4.5"'),
    ]


TRUTHS: dict[str, Case] = {
    "a time zone and a locale": opened(
        "form.客户名称 = new Date().toLocaleString('zh-CN', {timeZone: 'asia/shanghai'})"
    ),
    "members of an envelope and of an example": opened(
        "const r = await $proxy('oa').notify();\nconst s = await $proxy('erp').getStock();\nform.客户名称 = `${r.code} ${s.data.warehouse}`",
        stubs="{on: oa.notify, body: {code: 0}}, {on: erp.get_stock, body: {data: {warehouse: 一号库}}}",
    ),
    "what a text can": opened(
        "const r = await $proxy('crm').get_customer('1');\nform.客户名称 = r.trimEnd().slice(1) + r[0]",
        stubs="{on: crm.get_customer, body: 好好}",
    ),
    "parts of a multipart body": Case(
        steps="{open: {}, expect: {proxy: [{call: files.upload, body: {title: 出库单}}]}}",
        script="await $proxy('files').upload('出库单', new TextEncoder().encode('编号'))",
        stubs="{on: files.upload}",
        files={
            "platforms/files.yaml": "platform_key: files\nbase_url: https://files.example.test\napis: {upload: {method: POST, path: /u, encoding: multipart, parameters: [{name: title, in: body}, {name: file, in: body}]}}\n"
        },
    ),
    "states of fields, of columns and of buttons": Case(
        steps="open: {}",
        form="open: 脚本.js, click.查询: 脚本.js",
        script="form.$visible = {客户名称: true, '明细.数量': false, 查询: false}; form.$message = '好'",
        stubs="",
    ),
    "an async function behind void": Case(
        steps="open: {}",
        script="async function send() { await $proxy('crm').get_customer('1') }\nvoid send();",
    ),
    "an async function that catches": Case(
        steps="open: {}",
        script="async function send() { await $proxy('crm').get_customer('1') }\nsend().catch(console.error);",
    ),
    "an async function of a timer": Case(
        steps="steps:\n  - open: {}\n  - advance: 1s",
        script="setTimeout(async () => { await $proxy('crm').get_customer('1') }, 500)",
    ),
    "members of ctx that may be there": Case(
        steps="approve: {by: wangwu}",
        flow="before_next.部门审批: 批.js",
        files={
            "批.js": "ctx.own = 1; return [ctx.own, 'x' in ctx, {...ctx}, ctx.userInfo.department, ctx.postData.金额].length > 9 ? '不' : true"
        },
        form="",
        stubs="",
    ),
    "a condition with an arrow function and comparisons": Case(
        steps="approve: {by: wangwu}",
        flow="",
        form="",
        stubs="",
        files={
            "流程.yaml": FLOW.replace(
                "ctx.form.金额 > 100",
                "[1].some(x => x === 1) && ctx.form.金额 >= 100 && '=' !== 'a=b'",
            )
        },
    ),
    "a missing parameter that has to fail": Case(
        steps="{open: {}, expect: {proxy: [{call: crm.get_customer, error: MISSING_PARAMETER}]}}",
        script="try { await $proxy('crm').get_customer() } catch {}",
        stubs="",
    ),
    "a misspelt setter that has to fail": Case(
        steps="{open: {}, expect: {proxy: [{call: crm.get_customer, error: BAD_ARGUMENT}]}}",
        script="try { await $proxy('crm').$api('get_customer').$paht({id: 1}).$call() } catch {}",
        stubs="",
    ),
    "a missing parameter that nothing catches": Case(
        steps="{open: {}, expect_error: {code: MISSING_PARAMETER}}",
        script="await $proxy('crm').get_customer()",
        stubs="",
    ),
    "a missing parameter of a proxy step": Case(
        steps="{proxy: {call: crm.get_customer}, expect_error: {code: MISSING_PARAMETER}}", stubs=""
    ),
    "undeclared parameters that are like none, or like one that is sent": Case(
        steps="open: {}",
        script="await $proxy('crm').$api('list_orders').$query({page: 1, pages: 2, sort: 'no', pgae: undefined}).$call()",
        stubs="{on: crm.list_orders}",
    ),
    "members of a body of which nothing is declared": Case(
        steps="open: {}",
        script="await $proxy('crm').$api('create_order').$body({sku: 'A'}).$call()",
        stubs="{on: crm.create_order}",
    ),
    "all that a strict platform declares": call(
        "await $proxy('stock').$api('get_item').$path({sku: 'A'}).$query({lang: 'zh', x: undefined}).$header({'X-Any': '1'}).$call()"
    ),
    "a body that a strict platform declares": call(
        "await $proxy('stock').$api('create_order').$body({sku: 'A'}).$call()", ORDER
    ),
}


@pytest.mark.parametrize("case", TRUTHS.values(), ids=TRUTHS)
def test_a_script_that_only_looks_so_is_green(tmp_path: Path, case: Case) -> None:
    verdicts = run(tmp_path, case)

    assert what_is_wrong(verdicts) == ""
    assert not [
        warning for one in verdicts for warning in one.warnings if "timer" not in warning.kind
    ]
