# ruff: noqa: E501 - scenarios and scripts, one a line
"""Scenarios whose own words lie: names of nobody, what holds anyway, what nothing uses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bpmax_sim.errors import CODES, ConfigError
from bpmax_sim.scenario.tautology import KINDS, find_tautologies, is_always
from tests.docs.facts import names
from tests.scenario.test_lies import CALL, FLOW, PLATFORM, STUB, Case, run, what_is_wrong
from tests.scenario.test_mistakes_of_a_file import tell

READ_ONLY = "form.$readonly = {金额: true}"
SAY = "form.$message = {type: 'error', text: '不行'}"
MESSAGE = {"script": SAY, "stubs": ""}
PEOPLE = "people: {wangwu: {}, ceo: {}, lisi: {}}"


def approve(expect: str, **more: Any) -> Case:
    """Return a scenario of a flow that approves and expects *expect*."""
    return Case(
        steps=f"{{approve: {{by: wangwu}}, expect: {{flow: {expect}}}}}",
        form="", stubs="", **{"flow": "", **more},
    )  # fmt: skip


def opened(expect: str, **more: Any) -> Case:
    """Return a scenario that opens its form and expects *expect*."""
    return Case(steps=f"{{open: {{}}, expect: {{{expect}}}}}", **{"stubs": "", **more})


def sent(expect: str, **more: Any) -> Case:
    """Return a scenario whose script asks for a customer, with an expected call."""
    return opened(
        f"proxy: [{{call: crm.get_customer, {expect}}}]", script=CALL, **{"stubs": STUB, **more}
    )


def refused(expect: str) -> Case:
    """Return a scenario in which a field is read-only."""
    return Case(
        steps=f"steps:\n  - open: {{}}\n  - {{set: {{金额: 1}}, expect_error: {expect}}}",
        script=READ_ONLY,
        stubs="",
    )


def free(steps: str, scripts: str = "", **more: Any) -> Case:
    """Return a scenario of a flow without a form and without people."""
    flow = f"flow: {{definition: 流程.yaml, {scripts}at: 部门审批, form: {{金额: 1}}}}"
    return Case(steps=steps, form=None, stubs="", top=flow, **more)


JUDGING = {
    "platforms/crm.yaml": PLATFORM
    + "response: {ok: {all: [{path: $.code, in: [0]}]}, code: [$.code]}\n"
}
REFUSAL = "{on: crm.get_customer, body: {code: 500, message: 无此客户, data: null}}"
LOOKS_AWAY = "const r = await $proxy('crm').get_customer('1');\nform.客户名称 = r.data?.name ?? ''"
OTHER_FLOW = {"流程.yaml": FLOW.replace("start:", "admins: [ceoo]\nstart:")}
LATE = {
    "流程.yaml": FLOW.replace(
        "reject: 结束", "reject: 结束\n    deadline: {after: 1d, notify: [ceoo]}", 1
    )
}
ASSIGNS = {"流程.yaml": FLOW.replace("金额 > 100", "金额 = 100")}
FRAGMENT = {
    "共享.yaml": "version: 1\nvars: {名: 甲}\nsteps:\n  填: [{set: {客户名称: '${vars.名}'}}]\n"
}

DECLARED = PLATFORM.replace(
    "path: /customers/{id}",
    "path: /customers/{id}\n    answer: {properties: {name: {type: string}}}",
)

RED: dict[str, tuple[Case, str]] = {
    "a variable that no step changes": (
        Case(steps="{open: {}, expect: {vars: {单号: 1}}}", stubs="", top="vars: {单号: 1}"), "no step changes the variable '单号'",
    ),
    "a field that is compared with itself": (opened("form: {客户名称: '${form.客户名称}'}"), "this is compared with itself"),
    "a result that is compared with itself": (
        Case(steps="{id: 问, js: return 1, expect: {result: '${steps.问.result}'}}", stubs=""), "this is compared with itself",
    ),
    "a result that is nearly itself": (
        Case(steps="{id: 问, js: return 1, expect: {result: {$near: '${steps.问.result}'}}}", stubs=""), "this is compared with itself",
    ),
    "an until that every response meets": (
        Case(steps="{proxy: {call: crm.get_customer, args: ['1']}, retry: {tries: 3, until: {result: {$exists: true}}}}"), "holds whatever happens",
    ),
    "a result of a call that is there": (
        Case(steps="{proxy: {call: crm.get_customer, args: ['1']}, expect: {result: {$exists: true}}}"), "holds whatever happens",
    ),
    "a result of a script that returns nothing": (
        Case(steps="{js: 'const 客户 = 1', expect: {result: {$exists: true}}}", stubs=""), "holds whatever happens",
    ),
    "a result of a click": (
        Case(steps="{click: 查询, expect: {result: {$not: {$exists: false}}}}", form="click.查询: 脚本.js", stubs=""), "holds whatever happens",
    ),
    "a result that is always there": (
        Case(steps="open: {}", top="always: {result: {$exists: true}}", stubs=""), "holds whatever happens",
    ),
    "a result of a check alone": (Case(steps="{expect: {result: {$exists: true}}}", stubs=""), "holds whatever happens"),
    # Everybody whom a scenario names.
    "a user who is not among the people": (approve("{at: 结束}", top="user: wangwuu"), "people has no 'wangwuu'"),
    "a user by id": (approve("{at: 结束}", top="user: {id: wangwuu}"), "people has no 'wangwuu'"),
    "a user whom a row names": (
        approve("{at: 结束}", top="user: '${case.谁}'\ncases: [{id: 甲, 谁: wangwuu}]"),
        "people has no 'wangwuu'; did you mean 'wangwu'? (filled in by the row '甲'",
    ),
    "an administrator of nobody": (approve("{at: 结束}", files=OTHER_FLOW), "people has no 'ceoo'"),
    "nobody to be reminded": (approve("{at: 结束}", files=LATE), "people has no 'ceoo'"),
    "a notice to nobody": (approve("{notified: {$not: {$contains: {to: [ceoo]}}}}"), "people has no 'ceoo'"),
    # Names of what else there is.
    "a notice of no kind": (approve("{notified: {$not: {$contains: {kind: remid}}}}"), "there is no 'remid'"),
    "a key that no notice has": (approve("{notified: {$not: {$contains: {whom: [ceo]}}}}"), "a notice has no 'whom'"),
    "a member that no project has": (approve("{project: {nmae: {$exists: false}}}"), "a project has no 'nmae'"),
    "a sub-flow where there is none": (approve("{projects: {用印: {$exists: false}}}"), "no sub-flow '用印'"),
    "a type of message that nobody shows": (opened("messages: [{text: 不行, type: {$ne: eror}}]", **MESSAGE), "there is no 'eror'"),
    "a key that no message has": (opened("messages: [{text: 不行, tpye: {$exists: false}}]", **MESSAGE), "a line has no 'tpye'"),
    "a level that no console has": (opened("console: {$not: {$contains: {level: eror}}}", **MESSAGE), "there is no 'eror'"),
    "a column that rows are denied to have": (
        opened("form: {明细: {$not: {$contains: {数是: 2}}}}"),
        "明细 has no column '数是'",
    ),
    "a change of a column that is not there": (opened("form: {金额: 0}", form="change.明细.数是: 脚本.js"), "明细 has no column '数是'"),
    "an action of no history": (approve("{history: {$not: {$contains: {action: rejected}}}}"), "there is no 'rejected'; did you mean 'reject'?"),
    "a body of which nothing is said": (sent("body: {}"), "body: {} says nothing"),
    "a query of which nothing is said": (sent("query: {}"), "query: {} says nothing"),
    "a field that computed returns, beside a flow's form alone": (
        free("approve: {by: wangwu}", scripts="scripts: {computed: 脚本.js}, ", script="return {金颜: 5}"),
        "the script wrote form.金颜: no field '金颜'; did you mean '金额'?",
    ),
    "a field of a flow without a form": (free("approve: {by: wangwu, form: {金颜: 5}}"), "no field '金颜'; did you mean '金额'?"),
    "a path parameter that the API has not": (sent("path: {idd: {$exists: false}}"), "crm.get_customer has no parameter 'idd' in path"),
    "a query parameter that is denied": (
        opened("proxy: [{call: crm.list_orders, query: {pgae: {$exists: false}}}]",
               script="await $proxy('crm').list_orders('1')", stubs="{on: crm.list_orders}"),
        "has no parameter 'pgae' in query; did you mean 'page'?",
    ),
    "a code of no error": (sent("error: {$ne: TIMEOT}"), "there is no code 'TIMEOT'; did you mean 'TIMEOUT'?"),
    "a source that nothing has": (sent("source: {$ne: fualt}"), "there is no 'fualt'"),
    "an instance that is not there": (sent("instance: {$ne: aa}"), "has no instance 'aa'"),
    "an instance of the whole scenario": (sent("status: 200", proxy=", instance: tset"), "no platform has an instance 'tset'"),
    "a step that sends what is near a parameter": (
        Case(steps="{proxy: {call: crm.list_orders, query: {pgae: 1}}}", stubs="{on: crm.list_orders}"),
        "has no parameter 'pgae' in query",
    ),
    "a step with more arguments than there are": (
        Case(steps="{proxy: {call: crm.get_customer, args: ['1', x]}}"), "crm.get_customer takes 1 arguments",
    ),
    "a fault set of no API that nothing names": (
        Case(steps="open: {}", stubs="", top="fault_sets: {慢: [{on: crm.get_custmer, do: {delay: 1s}}]}"),
        "crm has no API 'get_custmer'",
    ),
    "a variable that no step reads": (
        Case(steps="{run: {steps: 填, with: {明: 乙}}}", stubs="", top="use: [共享.yaml]", files=FRAGMENT),
        "no step reads ${vars.明}",
    ),
    # Errors that anything meets.
    "a code that is denied": (refused("{code: {$ne: HIDDEN}}"), "says only what the error is not"),
    "a text of an error of which only the type is known": (
        refused("{message: {$type: text, $not: 超时}}"), "says only what the error is not",
    ),
    "a code among those that are not there": (refused("{code: {$in: [READ_ONLY, HIDEN]}}"), "there is no code 'HIDEN'; did you mean 'HIDDEN'?"),
    "any message": (refused("{message: {$matches: '.*'}}"), '{"$matches": ".*"} holds whatever happens'),
    "any type": (refused("{type: {$exists: true}}"), "holds whatever happens"),
    "a refusal beside what holds either way": (
        Case(steps="{approve: {by: wangwu}, expect: {flow: {status: processing}}}", form="", stubs="",
             flow="before_next.部门审批: 批.js", files={"批.js": "return '不行'"}),
        "approve was refused",
    ),
    # What holds whatever happens.
    "a count of at least none": (sent("times: {$gte: 0}"), 'times: {"$gte": 0} holds'),
    "a count that is not below none": (sent("times: {$ne: -1}"), 'times: {"$ne": -1} holds'),
    "any number of people": (approve("{pending: {$length: {$gte: 0}}}"), "holds whatever happens"),
    "a list that is one": (opened("messages: {$type: list}"), "holds whatever happens"),
    "a console that is there": (opened("console: {$exists: true}"), "holds whatever happens"),
    "a declared field that is there": (opened("form: {金额: {$exists: true}}"), "holds whatever happens"),
    "nothing of a field": (opened("fields: {金额: {}}"), "{} holds whatever happens"),
    "any text": (opened("form: {客户名称: {$contains: ''}}"), "holds whatever happens"),
    "none of nothing": (approve("{status: {$not: {$in: []}}}"), "holds whatever happens"),
    "one of all statuses": (
        approve("{status: {$in: [new, processing, finished, rejected, cancelled, terminated, returned]}}"), "holds whatever happens",
    ),
    "one of all nodes": (approve("{at: {$in: [部门审批, 总经理, 结束]}}"), "holds whatever happens"),
    "true or false": (opened("fields: {金额: {visible: {$in: [true, false]}}}"), "holds whatever happens"),
    "who did anything is a text": (approve("{history: {$each: {by: {$type: text}}}}"), "holds whatever happens"),
    "a declared variable that is there": (opened("vars: {单号: {$exists: true}}", top="vars: {单号: 1}"), "holds whatever happens"),
    "nothing meanwhile": (
        Case(steps="{open: {}, during: {call: crm.get_customer, steps: []}}", script=CALL), "during: steps says nothing",
    ),
    "a stub that asks for a path parameter that the API has not": (
        opened("form: {金额: 0}", script=CALL, stubs="{on: crm.get_customer, request: {path: {idd: '1'}}}, " + STUB),
        "crm.get_customer has no parameter 'idd' in path",
    ),
    "a member that no response is declared to have": (
        sent("response: {nmae: {$exists: false}}", files={"platforms/crm.yaml": DECLARED}), "no parameter 'nmae' in response; did you mean 'name'?",
    ),
    "a parameter of the path that is wrong, among many codes": (
        Case(steps="{proxy: {call: crm.get_customer, path: {idd: '1'}}, expect_error: {code: {$in: [TIMEOUT, UNKNOWN_PARAMETER]}}}", stubs=""),
        "crm.get_customer has no parameter 'idd' in path",
    ),
    "a delay of no time": (
        Case(steps="{open: {}, faults: [{on: crm.get_customer, do: {delay: 0s}}]}", script=CALL),
        "a delay of no time changes nothing",
    ),
    "a condition that assigns": (approve("{at: 结束}", files=ASSIGNS), "a condition compares with ==="),
    # What xfail does not stand for.
    "a name of nothing under xfail": (
        Case(steps="{js: 'form.客户名 = 1'}", stubs="", top="xfail: 还没做"), "no field '客户名'",
    ),
    "an unknown API under xfail": (
        Case(steps="open: {}", script="await $proxy('crm').getCustmer('1')", stubs="", top="xfail: 还没做"), "has no API 'getCustmer'",
    ),
    "a name of a script under xfail": (
        Case(steps="open: {}", script="金额 + 1", stubs="", top="xfail: 还没做"), "金额 is not defined",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("case", "says"), RED.values(), ids=RED)
def test_words_that_lie_are_red(tmp_path: Path, case: Case, says: str) -> None:
    assert says in what_is_wrong(run(tmp_path, case))


def doubts(verdicts: list[Any]) -> str:
    """Return all that is said without failing."""
    assert not [one for one in verdicts if isinstance(one, ConfigError)], verdicts
    told = [one for last in verdicts for one in (*last.warnings, *last.unused_parts)]
    return "\n".join(f"{one.kind}: {one}" for one in told)


DOUBTFUL: dict[str, tuple[Case, str]] = {
    "any number of calls but none": (sent("times: {$ne: 0}"), "this allows any number of calls, too; write times: 1"),
    "nobody, of whom is said what he does not do": (
        free("{approve: {by: wangwu}, expect: {flow: {owners: {$not: {$contains: wangwo}}}}}"),
        "nobody in this scenario is called 'wangwo'",
    ),
    "a member of a person that nobody reads": (
        Case(steps="approve: {by: wangwu}", form=None, stubs="",
             top="flow: {definition: 流程.yaml, at: 部门审批}\npeople: {wangwu: {nmae: 王五}, ceo: {}}"),
        "'nmae' is no member that scripts see; did you mean 'name'?",
    ),
    "an option that nothing offers": (
        opened("fields: {客户名称: {options: {$not: {$contains: 北惊}}}}", script="form.$options = {客户名称: ['北京']}"),
        "no script offers the option '北惊'",
    ),
    "each of none": (opened("messages: {$each: {text: 不行}}"), ':7:36: messages $each {"text": "不行"}: it is empty here'),
    "a number that is not the same text": (opened("form: {金额: {$ne: '0'}}"), "it is 0, of another type"),
    "a number that is no text, denied": (opened("form: {金额: {$not: {$gt: '5'}}}"), "it is 0, of another type"),
    "a number among texts, denied": (opened("form: {金额: {$not: {$in: ['0', '1']}}}"), "it is 0, of another type"),
    "a number that contains nothing": (opened("form: {金额: {$not: {$contains: 0}}}"), "it is 0, of another type"),
    "a number that matches nothing": (opened("form: {金额: {$not: {$matches: '0'}}}"), "it is 0, of another type"),
    "a text that is no list": (opened("form: {客户名称: {$not: [张三]}}"), "of another type"),
    "a part of a message, denied": (
        opened("messages: {$not: {$contains: 不行}}", script="form.$message = '数量不行'", form="open: 脚本.js"),
        'an element is compared as a whole, and "数量不行" has it in it; write $contains: {$contains: …}',
    ),
    "maps among texts, denied": (approve("{owners: {$not: {$contains: {by: wangwu}}}}", top="", files={"流程.yaml": FLOW.replace("approve: [", "complete: all\n    approve: [").replace("owners: [wangwu]", "owners: [wangwu, lisi]")}), "of another type"),
    "a column that is almost reserved": (
        Case(steps="open: {}", stubs="", top="cases: [{id: 甲, xfial: 还没做}]"), "nothing reads the column 'xfial'; did you mean 'xfail'?",
    ),
    "a value that is saved for nobody": (Case(steps="{open: {}, save: {名: '${form.客户名称}'}}", stubs=""), "nothing reads the variable '名'"),
    "a row like another": (
        Case(steps="{set: {金额: '${case.额}'}}", stubs="", top="cases: [{id: 甲, 额: 1}, {id: 乙, 额: 1}]"),
        "the row '乙' has the values of the row '甲'",
    ),
    "a fragment of which nothing is used": (Case(steps="open: {}", stubs="", top="use: [共享.yaml]", files=FRAGMENT), "共享.yaml is used here"),
    "a body of JSON that is sent as a text": (
        opened("form: {金额: 0}", script="await $proxy('crm').get_customer('1')", stubs="{on: crm.get_customer, body: '{\"a\": 1}'}"), "this body is sent as a text",
    ),
    "a stub of which one answer is not declared": (
        opened("form: {金额: 0}", script="await $proxy('crm').get_customer('1')", stubs="{on: crm.get_customer, answers: [{body: {nmae: 张三}}]}", files={"platforms/crm.yaml": DECLARED}),
        "crm.get_customer is declared to answer without 'nmae'; did you mean 'name'?",
    ),
    "a stub that answers what is not declared": (
        opened("form: {金额: 0}", script="await $proxy('crm').get_customer('1')", stubs="{on: crm.get_customer, body: {nmae: 张三}}", files={"platforms/crm.yaml": DECLARED}),
        "crm.get_customer is declared to answer without 'nmae'; did you mean 'name'?",
    ),
    "one try": (Case(steps="{open: {}, retry: {tries: 1}}", stubs=""), "tries: 1 repeats nothing"),
    "a member of the user that nobody reads": (
        approve("{at: 结束}", top="user: {id: lisi, nmae: 李四}"), "'nmae' is no member that scripts see; did you mean 'name'?",
    ),
    "a column that nothing reads": (
        Case(steps="open: {}", stubs="", top="cases: [{id: 甲, 期望: 1, 说明: 空}]"), "6:17: nothing reads the column '期望'",
    ),
    "a step that a row skips and that names nobody": (
        Case(steps="steps:\n  - open: {}\n  - {if: '${case.id} == 甲', approve: {by: '${case.人}'}}", flow="", stubs="",
        top="cases: [{id: 甲, 人: wangwu}, {id: 乙, 人: wangwuu}]"), "people has no 'wangwuu'"),
    "a refusal of somebody who is like an owner": (
        free("{approve: {by: wangwuu}, expect_error: {code: NOT_OWNER}}"), "nothing else names 'wangwuu'; did you mean 'wangwu'?",
    ),
    "a business code at a place that no response has": (
        opened("form: {客户名称: 张三}", script=CALL, stubs=STUB, files={"platforms/crm.yaml": PLATFORM + "response: {code: [$.cod]}\n"}),
        "crm declares body.cod, and no message has that; did you mean 'code'?",
    ),
    "a business failure that nobody looks at": (
        opened("form: {金额: 0}", script=LOOKS_AWAY, stubs=REFUSAL, files=JUDGING), "crm.get_customer reported a business failure (500)",
    ),
    "a business failure after a step that showed a message": (
        Case(
            steps="steps:\n  - {js: form.$message = '开始'}\n  - {open: {}, expect: {form: {金额: 0}}}",
            script=LOOKS_AWAY, stubs=REFUSAL, files=JUDGING,
        ),
        "crm.get_customer reported a business failure (500)",
    ),
    "a business failure of which only the status is expected": (
        opened("proxy: [{call: crm.get_customer, status: 200}]", script=LOOKS_AWAY, stubs=REFUSAL, files=JUDGING), "nothing looked at it",
    ),
    "a value that is no option": (
        opened("form: {金额: 0}", script="form.$options = {客户名称: ['差旅', '招待']}; form.客户名称 = '差率'"),
        "脚本.js:1:39: the script wrote a value: 客户名称: '差率' is none of its options; did you mean '差旅'?",
    ),
    "a comparison with what is no option": (
        opened("form: {金额: 0}", script="form.$options = {客户名称: [{label: 差, value: '差旅'}, '招待']}; if (form.客户名称 === '招侍') form.金额 = 1".replace("label: 差", "label: '差'")),
        "form.客户名称 is compared with '招侍', which is none of its options; did you mean '招待'?",
    ),
    "a map in a field of a text": (
        opened("form: {金额: 0}", script="form.客户名称 = (await $proxy('crm').get_customer('1')).data", stubs=STUB),
        "an object, into form.客户名称, which begins as a text",
    ),
    "an object within a text": (
        opened("form: {金额: 0}", script="form.客户名称 = `客户 ${(await $proxy('crm').get_customer('1')).data}`", stubs=STUB),
        'the script wrote "客户 [object Object]" into form.客户名称',
    ),
    "an object within a message": (
        opened("form: {金额: 0}", script="form.$message = '失败：' + {}"), 'the script wrote "失败：[object Object]" into form.$message',
    ),
    "a variable that nothing reads": (Case(steps="open: {}", stubs="", top="vars: {单号: 1}"), "nothing reads the variable '单号'"),
    "a fault set that nothing names": (
        Case(steps="open: {}", stubs="", top="fault_sets: {慢: [{on: crm.get_customer, do: {delay: 1s}}]}"), "nothing names the fault set '慢'",
    ),
    "a place to ignore that no request has": (sent("status: 200", proxy=", ignore: [query.lnag]"), "ignore: no call has this place"),
    "a place to redact that nothing has": (sent("status: 200", proxy=", redact: [body.phnoe]"), "redact: no call has this place"),
    "a hook that needs a form": (
        Case(steps="approve: {by: wangwu}", form=None, stubs="",
             top="flow: {definition: 流程.yaml, at: 部门审批, scripts: {visibility: 脚本.js}}"),
        "visibility runs where a form is shown",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("case", "says"), DOUBTFUL.values(), ids=DOUBTFUL)
def test_words_that_may_lie_are_warned_of(tmp_path: Path, case: Case, says: str) -> None:
    verdicts = run(tmp_path, case)

    assert what_is_wrong(verdicts) == ""
    assert says in doubts(verdicts)


TRUE: dict[str, Case] = {
    "a business failure that a script reads": opened("proxy: [{call: crm.get_customer}]", script=LOOKS_AWAY + "\nif (r.code !== 0) return;", stubs=REFUSAL, files=JUDGING),
    "a business failure of which a field tells": opened("form: {客户名称: 查无此人}", script=LOOKS_AWAY + "\nif (!form.客户名称) form.客户名称 = '查无此人'", stubs=REFUSAL, files=JUDGING),
    "a business failure that is shown": opened("messages: [查不到]", script=LOOKS_AWAY + "\nif (!form.客户名称) form.$message = '查不到'", stubs=REFUSAL, files=JUDGING),
    "a business failure that is expected": opened("proxy: [{call: crm.get_customer, response: {code: 500}}]", script=LOOKS_AWAY, stubs=REFUSAL, files=JUDGING),
    "a stub that leaves the business code out": opened("proxy: [{call: crm.get_customer}]", script=LOOKS_AWAY, stubs="{on: crm.get_customer, body: {data: null}}", files=JUDGING),
    "a map in a field of which a member is expected": opened(
        "form: {客户名称: {name: 张三}}", script="form.客户名称 = (await $proxy('crm').get_customer('1')).data", stubs=STUB,
    ),
    "two people with near names, both of whom act": free(
        "steps:\n  - {approve: {by: wangwuu}, expect_error: {code: NOT_OWNER}}\n  - hand_over: {by: wangwu, to: wangwuu}\n  - approve: {by: wangwuu}",
    ),
    "a value of another variable": Case(steps="{open: {}, save: {一: '${vars.二}'}, expect: {vars: {一: '${vars.二}'}}}", stubs="", top="vars: {二: 2}"),
    "an option that another step brings": Case(
        steps="steps:\n  - set: {客户名称: 上海}\n  - {open: {}, expect: {fields: {客户名称: {options: {$not: {$contains: 上海}}}}}}",
        script="form.$options = {客户名称: [form.客户名称 === '北京' ? '是' : '否']}", stubs="",
    ),
    "a member of a person that is like none": Case(
        steps="approve: {by: wangwu}", form=None, stubs="",
        top="flow: {definition: 流程.yaml, at: 部门审批}\npeople: {wangwu: {name: 王五, 部门: 财务}, ceo: {}}",
    ),
    "what computed returns and is like no field": free("approve: {by: wangwu}", scripts="scripts: {computed: 脚本.js}, ", script="return {总计: 5}"),
    "a result that a script returns": Case(steps="{js: return 0, expect: {result: {$not: null}}}", stubs=""),
    "a member of a result": Case(steps="{js: 'return {客户: 1}', expect: {result: {客户: {$exists: true}, 金额: {$exists: false}}}}", stubs=""),
    "a member of the result of a call": Case(steps="{proxy: {call: crm.get_customer, args: ['1']}, expect: {result: {data: {name: {$exists: true}}}}}"),
    "nothing in a body": sent("query: {$exactly: {}}"),
    "the user is one of the people": approve("{at: 结束}", top="user: {id: lisi, name: 李四}"),
    "a code of its own": Case(
        steps="{open: {}, expect_error: {code: HIDEN}}",
        script="const e = new Error('x'); e.code = 'HIDEN'; throw e", stubs="",
    ),
    "a type of message of its own": opened("messages: [{text: 好, type: 通知}]", script="form.$message = {type: '通知', text: '好'}"),
    "a member of the project that a script writes": approve(
        "{project: {编号: 7, 备注: {$exists: false}}}", flow="approve.部门审批: 批.js",
        files={"批.js": "ctx.project.编号 = 7; delete ctx.project.备注"},
    ),
    "a refusal that its status tells": Case(
        steps="{submit: {}, expect: {flow: {status: new}}}", form="submit: 脚本.js", stubs="", script="return false",
        top="flow: {definition: 流程.yaml}\nuser: wangwu",
    ),
    "what the error is not, beside what it is": refused("{code: READ_ONLY, message: {$not: {$contains: 隐藏}}}"),
    "the columns of a computed row": opened("form: {明细: [{金额: 6}]}", script="form.明细 = [{金额: 6}]"),
    "a place that is ignored": sent("status: 200", proxy=", ignore: [path.id], redact: [body.data.name]"),
    "an instance that is there": sent("instance: a", proxy=", instance: a"),
    "variables of expectations and secrets": Case(
        steps="{open: {}, save: {单号: 2}, expect: {vars: {单号: 2}}}", stubs="", top="vars: {单号: 1, 钥: k8s-3f9a}\nsecrets: [vars.钥]",
    ),
    "an undeclared parameter that is not sent": opened(
        "proxy: [{call: crm.list_orders, query: {customer: {$exists: false}}}]",
        script="await $proxy('crm').list_orders('1')", stubs="{on: crm.list_orders}",
    ),
    "conditions that compare": approve("{at: 结束}", files={"流程.yaml": FLOW.replace("> 100", ">= 100 && ctx.form.金额 !== 7")}),
    "an ordinary failure under xfail": Case(steps="{open: {}, expect: {form: {金额: 3}}}", stubs="", top="xfail: 还没做"),
}  # fmt: skip


@pytest.mark.parametrize("case", TRUE.values(), ids=TRUE)
def test_words_that_are_true_pass_without_a_warning(tmp_path: Path, case: Case) -> None:
    verdicts = run(tmp_path, case)

    assert {getattr(last, "outcome", last) for last in verdicts} <= {"passed", "xfailed"}
    assert doubts(verdicts) == ""


def test_an_empty_cell_of_a_step_that_its_row_skips_says_nothing(tmp_path: Path) -> None:
    case, _ = DOUBTFUL["a step that a row skips and that names nobody"]

    verdicts = run(tmp_path, replace(case, top=case.top.replace("wangwuu", "''")))

    assert "people has" not in doubts(verdicts)


def test_a_lenient_folder_takes_the_new_reds_as_warnings(tmp_path: Path) -> None:
    left = set()
    for number, (name, (case, says)) in enumerate(RED.items()):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "pyproject.toml").write_text("[tool.bpmax_sim]\nlenient = true\n")
        if says in what_is_wrong(run(folder, case)):
            left.add(name)

    # A file that cannot mean anything stays an error, and so does what a script throws.
    assert left == {
        "a change of a column that is not there",
        "a delay of no time",
        "a condition that assigns",
        "an unknown API under xfail",
        "a name of a script under xfail",
    }


def test_the_codes_are_those_of_the_reference() -> None:
    assert {*names("error_codes"), *names("refusal_codes")} == CODES


@pytest.mark.parametrize(
    ("expected", "kind"),
    [
        ({"$gte": 0}, "count"),
        ({"$gt": -1, "$exists": True}, "count"),
        ({"$length": {"$gte": 0}}, ""),
        ({"$ne": 3}, "text"),
        ({"$not": {"$exists": False}}, "text"),
        ({"$in": ["x", {"$matches": "^"}]}, "text"),
        ({"$each": {}}, "list"),
        ({"$not": {"$not": {"$type": "text"}}}, "text"),
    ],
)
def test_what_holds_always_is_known(expected: Any, kind: str) -> None:
    assert is_always(expected, kind)


@pytest.mark.parametrize(
    ("expected", "kind"),
    [
        ({"$gte": 0}, ""),
        ({"$gte": 0, "$lte": 3}, "count"),
        ({"$gte": 1}, "count"),
        ({"$exists": True}, ""),
        ({"$matches": "^$"}, "text"),
        ({"$matches": ".+"}, "text"),
        ({"$matches": "("}, "text"),
        ({"$contains": ""}, "list"),
        ({"$ne": "${vars.x}"}, "count"),
        ({"$not": {"$contains": "x"}}, "list"),
        ({"$in": []}, "text"),
        ("", "text"),
        ([], "list"),
        ({}, ""),
    ],
)
def test_what_can_fail_is_no_tautology(expected: Any, kind: str) -> None:
    assert not is_always(expected, kind)


VALUES: tuple[Any, ...] = (
    -1, -0.5, 0, 1, 2.5, True, False, None, "", "张三", "${vars.客户}", [], ["张三"], {}, {"姓名": "张三"},
)  # fmt: skip
IMPOSSIBLE: dict[str, tuple[Any, ...]] = {
    "text": (-1, -0.5, 0, 1, 2.5, True, False, None, [], ["张三"], {}, {"姓名": "张三"}),
    "list": (-1, -0.5, 0, 1, 2.5, True, False, None),
    "map": (-1, -0.5, 0, 1, 2.5, True, False, None, "", "张三", [], ["张三"]),
    "boolean": (-1, -0.5, 0, 1, 2.5, None, "", "张三", [], ["张三"], {}, {"姓名": "张三"}),
    "count": (-1, -0.5, True, False, None, "", "张三", [], ["张三"], {}, {"姓名": "张三"}),
    "present": (),
    "": (),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "deny",
    [
        lambda value: {"$ne": value},
        lambda value: {"$not": value},
        lambda value: {"$not": {"$eq": value}},
        lambda value: {"$not": {"$in": [value, value]}},
    ],
    ids=["ne", "not", "not eq", "not in"],
)
def test_a_denial_holds_always_only_of_what_the_value_can_never_be(
    deny: Callable[[Any], Any], kind: str
) -> None:
    # As text: True and 1 are equal.
    assert [repr(one) for one in VALUES if is_always(deny(one), kind)] == [
        repr(one) for one in IMPOSSIBLE[kind]
    ]


@pytest.mark.parametrize(
    ("expected", "values", "is_told"),
    [
        ({"$in": ["主管", "总经理"]}, ("主管", "总经理"), True),
        ({"$in": ["结束", "总经理", "主管"]}, ("主管", "总经理"), True),
        ({"$in": ["主管"]}, ("主管", "总经理"), False),
        ({"$in": ["总经理", "结束"]}, ("主管", "总经理"), False),
        ({"$in": ["主管"]}, ("主管",), True),
        ({"$in": []}, (), False),
        ({"$in": ["主管"], "$ne": "结束"}, ("主管",), False),
        ({"$in": "主管"}, ("主管",), False),
        ("主管", ("主管",), False),
        ({"$ne": "结束"}, ("主管", "总经理"), False),
        ({"$ne": "是"}, (True, False), True),
        ({"$ne": True}, (True, False), False),
        ({"$in": [True, False]}, (True, False), True),
        ({"$type": "boolean"}, (True, False), True),
        ({"$exists": True}, ("主管", "总经理"), True),
    ],
)
def test_a_choice_of_all_that_a_value_can_be_says_nothing(
    expected: Any, values: tuple[Any, ...], *, is_told: bool
) -> None:
    assert [*find_tautologies(expected, values)] == [()] * is_told
    assert [*find_tautologies({"a": expected}, {"a": values})] == [("a",)] * is_told


@pytest.mark.parametrize(
    ("step", "keys"),
    [
        ("{open: {}, expect: {}}", ["expect"]),
        ("{open: {}, expect: ~}", ["expect"]),
        ("{open: {}, expect: {form: {}}}", ["form"]),
        ("{open: {}, expect: {form: {}, vars: {}, flow: {}, fields: {}, preview: {}}}",
         ["form", "vars", "flow", "fields", "preview"]),
        ("{open: {}, expect: {form: {金额: {}}}}", []),
        ("{open: {}, expect: {messages: []}}", []),
        ("{open: {}, expect: {form: {$exactly: {}}}}", []),
        ("{set: {金额: 5}, expect_error: {}}", ["expect_error"]),
        ("{set: {金额: 5}, expect_error: {code: READ_ONLY}}", []),
    ],
)  # fmt: skip
def test_a_part_that_is_empty_says_nothing(tmp_path: Path, step: str, keys: list[str]) -> None:
    told = tell(tmp_path, f"steps: [{step}, {{expect: {{form: {{金额: 1}}}}}}]")

    found = [one.split()[0].rstrip(":") for one in map(str, told) if " says nothing; " in one]
    assert found == keys


@pytest.mark.parametrize(
    ("key", "shape", "is_told"),
    [
        ("金额", {"金额": "present"}, True),
        ("金额", {"客户": "present"}, False),
        ("金额", {"*": "present"}, True),
        ("金额", {"*": ""}, False),
        ("金额", {"金额": "", "*": "present"}, False),
        ("金额", {"金额": "present", "*": ""}, True),
        ("金额", "map", False),
        ("金额", "", False),
    ],
)
def test_what_holds_of_all_members_holds_of_each_that_has_nothing_of_its_own(
    key: str, shape: Any, *, is_told: bool
) -> None:
    found = [*find_tautologies({key: {"$exists": True}, "无": 1}, shape)]

    assert found == [(key,)] * is_told


def test_tautologies_are_found_where_they_stand() -> None:
    expected = {
        "a": {"$exists": True},
        "b": [{"$matches": ".*"}, 1],
        "c": {"$each": {"d": {"$contains": ""}}},
    }

    assert [*find_tautologies(expected, {"a": "present", "*": ""})] == [
        ("a",),
        ("b", 0),
        ("c", "$each", "d"),
    ]  # fmt: skip
