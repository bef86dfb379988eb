# ruff: noqa: E501 - scripts and what is told of them, one a line
"""What is told of a script depends on its surroundings: libraries, hooks, people, platforms."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bpmax_sim.platform.load import Platforms, load_usable_platforms
from bpmax_sim.platform.response_shapes import ResponseShapes
from bpmax_sim.scenario.script_check import check_scripts
from bpmax_sim.scenario.script_context import ScriptContext, collect_script_contexts
from bpmax_sim.script.failure import Script
from tests.files import write_files
from tests.scenario.loading import load_text

FILES = {
    "platforms/crm.yaml": "platform_key: crm\nbase_url: https://crm.test\n"
    "apis: {查客户: {path: '/c/{id}', parameters: [{name: id, in: path, required: true}, {name: 页, in: query}]}}\n",
    "platforms/oa.yaml": "platform_key: oa\nbase_url: https://oa.test\nreject: [business]\nresponse: {classes: {停用: {code: [E1, E2, CUSTOMER_STOPPED]}, 限流: {code: [E9]}}}\n"
    "apis: {send: {path: /s}}\n",
    "platforms/mes.yaml": "platform_key: mes\nbase_url: https://mes.test\napis: {report: {path: /r}}\n",
    "platforms/erp.yaml": "platform_key: erp\nbase_url: 5\napis: {}\n",
    "instances.yaml": "- {platform: mes, instance_key: 华东, reject: [business]}\n- {platform: crm, instance_key: 总部}\n",
}


@pytest.fixture(name="platforms", scope="module")
def load_declared(tmp_path_factory: pytest.TempPathFactory) -> Platforms:
    folder = tmp_path_factory.mktemp("平台")
    write_files(folder, FILES)
    return load_usable_platforms(folder / "platforms")


def tell(
    platforms: Platforms,
    source: str,
    *more: ScriptContext,
    broken: tuple[Script, ...] = (),
    **parts: Any,
) -> list[str]:
    """Return ``rule line:column: message`` of each finding, with the file if it is another one."""
    context = ScriptContext(script=Script(source, "a.js"), platforms=platforms, **parts)
    found = check_scripts([context, *more], ResponseShapes(), broken)
    return [f"{one.rule} {one.problem}".replace("a.js:", "") for one in found]


FORM: dict[str, Any] = {
    "fields": frozenset({"客户", "金额", "明细"}),
    "buttons": frozenset({"盖章"}),
}


def test_fields_and_states_are_those_of_the_forms(platforms: Platforms) -> None:
    none = "no form that runs this script has a field {!r}{}"
    listed = "; there are 客户, 明细, 金额"
    table: dict[str, list[str]] = {
        "form.客户 = form.金额;": [],
        "form.客護 = 1;": [
            "undeclared-write 1:6: " + none.format("客護", "; did you mean '客户'?")
        ],
        "console.log(form.客護);": [
            "undeclared-read 1:18: " + none.format("客護", "; did you mean '客户'?")
        ],
        "form.供应商 = 1;": ["undeclared-write 1:6: " + none.format("供应商", listed)],
        "if (form.供应商) form.客户 = 1;": [],
        "if (form.客護) form.客户 = 1;": [
            "undeclared-read 1:10: " + none.format("客護", "; did you mean '客户'?")
        ],
        "form.盖章 = 1;": ["undeclared-write 1:6: " + none.format("盖章", listed)],
        "form.$visible.盖章 = true;": [],
        "form.$required.客户 = false; form.$readonly.金额 = true; form.$options.客户 = [];": [],
        "if (form.$visible.供应商) form.客户 = 1;": [
            "undeclared-write 1:19: " + none.format("供应商", listed)
        ],
        "form.$message = 'a'; form.客户 = form.$visible;": [],
        "form['明细[0].数量'] = 1; form['供应[0].数量'] = 1;": [
            "undeclared-write 1:28: " + none.format("供应[0].数量", listed)
        ],
        "form.$visble.客户 = true;": [
            "closed-member 1:6: form has no '$visble'; did you mean '$visible'?"
        ],
        "form[ctx.action] = 1;": [],
        "if ('供应商' in form) console.log(form.供应商);": [],
    }
    assert {source: tell(platforms, source, **FORM) for source in table} == table
    assert tell(platforms, "form.客護 = 1; console.log(form.供应商);") == []


def test_a_name_is_declared_by_the_script_its_libraries_or_its_step(platforms: Platforms) -> None:
    library = Script(
        "const 税率 = 0.06; function 计税(a) { return 汇率 * a; } 缓存 = {};", "lib.js"
    )
    other = Script("function 备用() { return 1; }", "more.js")
    nowhere = "undefined-name 1:{}: {} is declared nowhere{}"
    page = "undefined-name 1:1: {} is a name of {}, which a script cannot count on; there are $proxy, form, ctx and the libraries"

    def ask(source: str, **parts: Any) -> list[str]:
        return [one for one in tell(platforms, source, **parts) if "unused" not in one]

    found = [
        ask("计税(税率); 缓存.a = 1;", libraries=(library,)),
        ask("计税(税率);"),
        ask("计说(备用());", libraries=(library, other)),
        ask("计税(汇率);", libraries=(library,), arguments=frozenset({"汇率"})),
        ask("if (typeof 折扣 === 'undefined') console.log(1); if (折扣) console.log(2);"),
        ask("折扣 = 1; console.log(折扣); if (优惠) console.log(1);"),
        ask("计说(1);", libraries=(library,), is_library=True),
        ask("计说(1);", libraries=(library, other), broken=(other,)),
        ask("alert(1);"),
        ask("require('fs');"),
        ask("$proxy('crm').查客户(1).then(console.log).catch(alert);")[-1:],
    ]
    assert found == [
        [],
        [nowhere.format(1, "计税", ""), nowhere.format(4, "税率", "")],
        [nowhere.format(1, "计说", "; did you mean '计税'?")],
        [],
        [],
        [],
        [],
        [],
        [page.format("alert", "web pages")],
        [page.format("require", "Node.js")],
        [page.format("alert", "web pages").replace("1:1", "1:46")],
    ]


def test_a_library_is_used_by_the_scripts_behind_it(platforms: Platforms) -> None:
    library = Script("const 税率 = 0.06;\n// bpmax-ignore: undeclared-read\n", "lib.js")
    quiet = Script("const 备用 = 1;\n\n// bpmax-ignore: unused-library", "quiet.js")
    empty = Script("console.log(1);", "empty.js")
    unused = "unused-library lib.js:1:1: no script uses anything of this library; take it out of libraries"
    user = ScriptContext(
        script=Script("console.log(税率);", "b.js"), platforms=platforms, libraries=(library,)
    )
    idle = ScriptContext(
        script=Script("console.log(2);", "c.js"), platforms=platforms, libraries=(library,)
    )
    itself = ScriptContext(
        script=library, platforms=platforms, libraries=(library,), is_library=True
    )
    silent = ScriptContext(script=quiet, platforms=platforms, is_library=True)
    libraries = (library, quiet, empty)

    assert tell(platforms, "console.log(1);", itself, silent, libraries=libraries) == [unused]
    assert tell(platforms, "console.log(1);", idle, itself, silent, libraries=libraries) == [unused]
    assert tell(platforms, "console.log(1);", user, itself, silent, libraries=libraries) == []
    assert tell(platforms, "console.log(税率);", idle, silent, libraries=libraries) == []
    assert (
        tell(platforms, "console.log(1);", idle, silent, libraries=libraries, broken=(idle.script,))
        == []
    )
    assert tell(platforms, "console.log(1);", silent, libraries=libraries, broken=(library,)) == []


def test_of_a_script_that_no_engine_reads_only_the_signs_are_told(platforms: Platforms) -> None:
    source = "form.客護 = 1； if (form.客户 = 2) {"
    sign = "full-width 1:12: '；' is full-width punctuation and no JavaScript; write ';'"
    broken = (Script(source, "a.js"),)
    assert tell(platforms, source, broken=broken, **FORM) == [sign]
    ignored = "// bpmax-ignore: undeclared-write, power\nform.客護 = 1; form.客户 = form.金額 ** 2;\nform.客護 = 2;"
    none = "no form that runs this script has a field {!r}; did you mean {!r}?"
    assert tell(platforms, ignored, **FORM) == [
        "undeclared-read 2:29: " + none.format("金額", "金额"),
        "undeclared-write 3:6: " + none.format("客護", "客户"),
    ]


def test_calls_name_platforms_instances_and_parameters_that_there_are(platforms: Platforms) -> None:
    folder = platforms.folder
    table: dict[str, list[str]] = {
        "await $proxy('crm').查客户(1);": [],
        "await $proxy('crn').查客户(1);": ["unknown-platform 1:14: there is no platform 'crn'; did you mean 'crm'?"],
        "await $proxy('别的系统').查客户(1);": [f"unknown-platform 1:14: there is no platform '别的系统'; declare it in {folder}"],
        "await $proxy('erp').查客户(1);": [],
        "await $proxy('crm', {instance_key: '', caller: '张三', 超时: 5}).查客户(1);": [],
        "await $proxy('crm', {instance_key: '总部'}).查客户(1);": [],
        "await $proxy('crm', {calle: '张三', instance_key: '总部'}).查客户(1);": ["unknown-parameter 1:22: $proxy has no option 'calle'; did you mean 'caller'?"],
        "await $proxy('crm').查客户();": ["missing-parameter 1:21: crm.查客户 needs 'id', which is not passed"],
        "await $proxy('crm').查客户(1, 2, 3);": ["extra-argument 1:21: crm.查客户 has 2 parameters and is called with 3; the rest is dropped"],
        "await $proxy('mes').report(1);": ["extra-argument 1:21: mes.report has 0 parameters and is called with 1; the rest is dropped"],
        "$proxy('mes').report();": ["missing-await 1:1: nothing waits for mes.report; put await before it, or void where that is meant"],
        "await $proxy('mes').$api('report');": ["uncalled-chain 1:7: this chain ends without $call(), so nothing is sent; add .$call()"],
        "await $proxy('crm').$api('查客户').$path({id: 1, 号: 2}).$query({叶: 1}).$call();": [
            "unknown-parameter 1:33: crm.查客户 has no path parameter '号'; there is id",
        ],
        "await $proxy('crm').$api('查客户').$path({id: 1}).$path({'id.x': 2}).$query({页: 1}).$call();": [],
        "await $proxy('crm').$api('查客户').$query({页: 1}).$call();": ["missing-parameter 1:26: crm.查客户 needs 'id', which is not passed"],
    }  # fmt: skip
    assert {source: tell(platforms, source) for source in table} == table
    [wrong] = tell(platforms, "await $proxy('mes', {instance_key: '华西'}).report();")
    assert wrong.startswith("unknown-instance 1:14: 'mes' has no instance '华西'")


def test_a_code_is_one_that_a_call_of_the_script_may_end_in(platforms: Platforms) -> None:
    business = (
        "unknown-value 1:{}: no call of this script ends in BUSINESS: a business failure comes back as a result here; read its code, or "
        "declare reject: [business] in the platform's file"
    )
    script = "try {{ {} }} catch (e) {{ if (e.code === '{}') console.log(1); }}"

    def ask(call: str, code: str = "BUSINESS") -> list[str]:
        return tell(platforms, script.format(call, code))

    crm, mes, oa = (
        "await $proxy('crm').查客户(1);",
        "await $proxy('mes').report();",
        "await $proxy('oa').send();",
    )
    assert ask(crm) == [business.format(script.format(crm, "").index("''") + 1)]
    assert [
        ask(call)
        for call in (
            mes,
            oa,
            crm + oa,
            "console.log(2);",
            "await $proxy(ctx.action).x();",
            "await $proxy('没有').x();",
        )[:5]
    ] == [[]] * 5
    code = "unknown-value 1:{}: code is never {!r}; did you mean {!r}?"
    at = script.format(oa, "").index("''") + 1
    assert [ask(oa, one) for one in ("E1", "E9", "CONFIG", "TIMEOUT", "甲")] == [[]] * 5
    assert ask(oa, "TIMEOUTS") == [code.format(at, "TIMEOUTS", "TIMEOUT")]
    # A code of a platform is near to nothing: E3 may be a code, too.
    assert ask(oa, "E3") == ask(oa, "CUSTOMER_STOPPER") == []
    assert ask(crm + "await $proxy(ctx.action).x();") == []


def test_hooks_say_who_and_where_a_script_may_name(platforms: Platforms) -> None:
    people, nodes = frozenset({"张三", "李四"}), frozenset({"部门", "财务"})
    owners = (
        "if (form.客户) return [{owner_id: '张山'}]; return [{owner_id: '张三'}, {name: '李四'}];"
    )
    none = "unknown-value 1:{}: an owner has an owner_id, and this has none; write {{owner_id: …}}"
    nobody = "unknown-value 1:{}: people has no '张山'; did you mean '张三'?"

    def ask(source: str, *hooks: str, **parts: Any) -> list[str]:
        return tell(
            platforms, source, hooks=frozenset(hooks), **{"people": people, "nodes": nodes, **parts}
        )

    place, lack = owners.index("'张山'") + 1, owners.index("{name") + 1
    assert ask(owners, "owners.财务", "submit")[:2] == [nobody.format(place), none.format(lack)]
    assert ask(owners, "owners.财务", people=frozenset()) == [none.format(lack)]
    assert ask(owners, "approve.财务") == ask(owners) == []
    jump = "if (form.客户) return '财物'; return '部门';"
    assert [ask(jump, *hooks) for hooks in (("jump",), ("jump", "owners"), ())] == [
        ["unknown-value 1:21: the flow has no node '财物'; did you mean '财务'?"], [], [],
    ]  # fmt: skip
    assert ask(jump, "jump", nodes=frozenset()) == []
    compare = "if (ctx.{} === '{}') console.log(1);"
    assert ask(compare.format("action", "approve"), "before_next.财务") == []
    never = "unknown-value 1:{}: ctx.{} is never {!r}{}"
    found = {
        (member, text): ask(compare.format(member, text))
        for member, text in (
            ("step.name", "财物"), ("step.name", "财务"), ("target_step", "部们"), ("step_id", "财物"), ("step.id", "别处审核"), ("step.id", "click"),
            ("action", "aprove"), ("action", "set"), ("action", "create"), ("action", "preview"), ("action", "terminate"), ("action", "归档"),
        )
    }  # fmt: skip
    moves = [one for one in found["action", "set"][0].partition("there are ")[2].split(", ") if one]
    assert (moves[:3], "create" in moves) == (["approve", "create", "reject"], True)
    del found["action", "set"], found["action", "preview"]
    assert found == {
        ("step.name", "财物"): [never.format(23, "step.name", "财物", "; did you mean '财务'?")], ("step.name", "财务"): [],
        ("target_step", "部们"): [never.format(25, "target_step", "部们", "; did you mean '部门'?")],
        ("step_id", "财物"): [never.format(21, "step_id", "财物", "; did you mean '财务'?")], ("step.id", "别处审核"): [], ("step.id", "click"): [],
        ("action", "aprove"): [never.format(20, "action", "aprove", "; did you mean 'approve'?")], ("action", "create"): [], ("action", "terminate"): [],
        ("action", "归档"): [],
    }  # fmt: skip


def test_what_is_assigned_to_ctx_is_lost(platforms: Platforms) -> None:
    gone = "no-effect 1:{}: ctx.{} is gone when this script ends; what has to stay goes into ctx.form or ctx.project"
    useless = "no-effect 1:{}: nothing comes of an assignment to ctx.{}; only ctx.form and ctx.project can be changed"
    late = "unknown-member 1:{}: ctx.step.{} is there at a node with a deadline, and no node of the flow has one"
    table = {
        "ctx.草稿 = 1;": [gone.format(5, "草稿")],
        "ctx.草稿 = 1; console.log(ctx.草稿);": [],
        "ctx.action = 'x';": [useless.format(5, "action")],
        "ctx.step.name = 'x';": [useless.format(10, "step.name")],
        "ctx.form.客户 = 1; ctx.project.name = 'a'; ctx[form.客户] = 2;": [],
        "console.log(ctx.step.delay_level, ctx.step.name);": [late.format(22, "delay_level")],
        "console.log(ctx.step.plan_end_time);": [late.format(22, "plan_end_time")],
        "console.log(ctx.postData.plan_end_time);": [],
    }
    assert {source: tell(platforms, source, lacks_deadlines=True) for source in table} == table
    assert tell(platforms, "console.log(ctx.step.delay_level);") == []


def test_literals_are_of_the_kind_that_they_are_compared_with(platforms: Platforms) -> None:
    never = "never-equal 1:{}: {} is {} and never equals {}, which is {}"
    parts: dict[str, Any] = {
        **FORM,
        "field_kinds": frozenset({("金额", "number"), ("明细", "list")}),
    }
    table = {
        "if (form.金额 === '5') console.log(1);": [
            never.format(17, "form.金额", "a number", "'5'", "a text")
        ],
        "if (form.金额 == '5') console.log(1);": [],
        "if (form.金额 === 5 || form.金额 === null) console.log(1);": [
            never.format(17, "form.金额", "a number", "null", "null")
        ],
        "if (form.明细.科目 === 'A' || form.金额.币种 === 'CNY') console.log(1);": [],
        "const r = await $proxy('crm').查客户(1); if (r.级 === '5') console.log(1);": [],
        "if (form.明细 === 5) console.log(1);": [
            never.format(17, "form.明细", "a list", "5", "a number")
        ],
        "if (form.客户 === 5) console.log(1);": [],
        "if (ctx.action === 5) console.log(1);": [
            never.format(20, "ctx.action", "a text", "5", "a number")
        ],
        "if (ctx.step.name === true) console.log(1);": [
            never.format(23, "ctx.step.name", "a text", "true", "true or false")
        ],
        "if (form.金额 > '高') console.log(1);": [
            "never-equal 1:15: '高' is no number, so that no number is above or below it; compare with a number"
        ],
        "if (form.金额 > '5' || form.客户 > '高') console.log(1);": [],
    }
    found = {
        source: [one for one in tell(platforms, source, **parts) if "null, which" not in one]
        for source in table
    }
    table["if (form.金额 === 5 || form.金额 === null) console.log(1);"] = []
    assert found == table


FLOW = (
    "flow: 采购\nstart: 部门\nnodes:\n  部门: {title: 部门审批, owners: [李四], approve: 财务%s}\n"
    "  财务: {owners: [王五], approve: 完}\n  完: {end: true}\n"
)


def test_a_script_that_two_scenarios_run_is_right_in_both(  # noqa: PLR0915 - one after another
    tmp_path: Path, platforms: Platforms
) -> None:
    files = {
        "开.js": "form.金额 = 1;", "库.js": "const 税 = 1;", "库2.js": "const 率 = 1;", "步.js": "return 汇率;",
        "流程.yaml": FLOW % "", "迟.yaml": FLOW % ", deadline: 2h",
    }  # fmt: skip
    form = "form: {scripts: {open: 开.js, click.盖章: 开.js}, libraries: [库.js], fields: {金额: 0, 客户: '', 加急: false, 附件: []}}\n"
    text = (
        f"scenario: 甲\n{form}people: {{李四: {{工号: 1}}, 王五: {{}}}}\n"
        "steps: [{open: {}, expect: {form: {金额: 1}}}, {click: 盖章}, {js: {file: 步.js, args: {汇率: 7}}, expect: {result: 7}}]\n"
    )
    other = (
        "scenario: 乙\nform: {scripts: {open: 开.js}, libraries: [库2.js], fields: {金额: 1, 供应商: '', 加急: ''}}\n"
        "flow: {definition: 流程.yaml, scripts: {approve.部门: 开.js}, project: {编号: 1}, form: {流额: 甲}}\nuser: 李四\n"
        "steps: [{submit: {}}, {approve: {by: 李四}, expect: {flow: {at: 财务}}}]\n"
    )
    [first] = load_text(tmp_path, text, files)
    [second] = load_text(tmp_path, other, files)
    [late] = load_text(tmp_path, other.replace("流程.yaml", "迟.yaml"), files)

    def collect(*items: Any) -> dict[str, ScriptContext]:
        return {
            one.script.name.rpartition("/")[2]: one
            for one in collect_script_contexts(items, lambda _: platforms)
        }

    one, two, both, delayed = (
        collect(*items)["开.js"] for items in ((first,), (second,), (first, second), (second, late))
    )
    libraries = [
        tuple(library.name.rpartition("/")[2] for library in context.libraries)
        for context in (one, two, both)
    ]
    assert libraries == [("库.js",), ("库2.js",), ("库.js", "库2.js")]
    assert [
        (sorted(c.fields or ()), sorted(c.buttons), sorted(c.nodes)) for c in (one, two, both)
    ] == [
        (["加急", "客户", "金额", "附件"], ["盖章"], []),
        (["供应商", "加急", "流额", "金额"], [], ["完", "财务", "部门", "部门审批"]),
        (
            ["供应商", "加急", "客户", "流额", "金额", "附件"],
            ["盖章"],
            ["完", "财务", "部门", "部门审批"],
        ),
    ]
    assert [sorted(c.field_kinds) for c in (one, two, both)] == [
        [("加急", "boolean"), ("金额", "number"), ("附件", "list")], [("金额", "number")], [("金额", "number")],
    ]  # fmt: skip
    assert [
        (sorted(c.hooks), sorted(c.people), sorted(c.declared_members)) for c in (one, two, both)
    ] == [
        (["click.盖章", "open"], ["李四", "王五"], [("ctx.userInfo", "工号")]),
        (["approve.部门", "open"], [], [("ctx.project", "编号")]),
        (
            ["approve.部门", "click.盖章", "open"],
            [],
            [("ctx.project", "编号"), ("ctx.userInfo", "工号")],
        ),
    ]
    assert [c.lacks_deadlines for c in (one, two, both, delayed)] == [False, True, False, False]
    [stepped] = load_text(
        tmp_path, "scenario: 丙\nsteps: [{js: {file: 开.js}, expect: {result: 1}}]\n", files
    )
    [twice] = load_text(
        tmp_path,
        text.replace(
            "{file: 步.js, args: {汇率: 7}}, expect: {result: 7}",
            "{file: 开.js}, expect: {result: 7}",
        ),
        files,
    )
    assert sorted(collect(twice)["开.js"].hooks) == []
    child = {
        **files,
        "子.yaml": "flow: 子\nstart: 甲\nnodes: {甲: {owners: [李四], approve: 乙}, 乙: {end: true}}\n",
        "流程.yaml": FLOW.replace("owners: [王五], approve", "subflow: 子, approve") % "",
    }
    [nested] = load_text(
        tmp_path, other.replace("流程.yaml,", "流程.yaml, subflows: {子: 子.yaml},"), child
    )
    assert (collect(nested)["开.js"].fields, "甲" in collect(nested)["开.js"].nodes) == (None, True)
    mixed = collect(first, stepped)["开.js"]
    assert (mixed.fields, sorted(mixed.hooks), sorted(mixed.buttons)) == (None, [], ["盖章"])
    mixed = collect(stepped, first)["开.js"]
    assert (mixed.fields, sorted(mixed.hooks)) == (None, [])
    assert sorted(collect(second, first)["开.js"].people) == []
    [third] = load_text(tmp_path, text.replace("王五: {}", "赵六: {}"), files)
    assert sorted(collect(first, third)["开.js"].people) == ["李四", "王五", "赵六"]
    shared = "form: {scripts: {open: 步.js}, libraries: [开.js], fields: {金额: 0}}\n"
    [reader] = load_text(
        tmp_path,
        f"scenario: 丁\n{shared}steps: [{{open: {{}}, expect: {{form: {{金额: 1}}}}}}]\n",
        files,
    )
    assert [
        collect(*items)["开.js"].is_library
        for items in ((first, reader), (reader, first), (first, second))
    ] == [True, True, False]
    skipping = [
        *collect_script_contexts(
            [stepped, first], lambda item: None if item is stepped else platforms
        )
    ]
    assert len(skipping) == 3
    contexts = collect(first)
    assert {
        name: (c.is_library, sorted(c.arguments), sorted(c.hooks)) for name, c in contexts.items()
    } == {
        "开.js": (False, [], ["click.盖章", "open"]),
        "步.js": (False, ["汇率"], []),
        "库.js": (True, [], []),
    }
    assert [*collect_script_contexts([first], lambda _: None)] == []
    nodes = [ScriptContext(script=one.script, platforms=platforms, hooks=frozenset(hooks)).hook_nodes for hooks in (
        ("approve.部门", "reject.财务"), ("before_next.部门",), ("approve.部门", "submit"), ("approve",), (), ("owners.部门",),
    )]  # fmt: skip
    assert [sorted(names) for names in nodes] == [["财务", "部门"], ["部门"], [], [], [], []]
