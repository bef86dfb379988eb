# ruff: noqa: E501 - names, one a line
"""What is said of each name beside those that a scenario has: one table for each question."""

from __future__ import annotations

from dataclasses import replace as copy
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

from msgspec.structs import replace

from bpmax_sim.platform.load import Platforms, load_platforms
from bpmax_sim.scenario.names import ScenarioNames, describe_finding
from bpmax_sim.subject.definition import Definition, FlowNode
from tests.files import write_files

FLOW = Definition(flow="合同", start="部门", nodes={"部门": FlowNode(), "结束": FlowNode(end=True)})
NAMES = ScenarioNames(
    subject_kinds=("form",),
    fields=("金额", "客户名称", "明细", "用料"),
    initial_table_columns={"明细": ("科目", "税额")},
    entered_columns={"明细": ("别的列",), "用料": ("料号", "批次")},
    scripts={"open": (), "click.盖章": (), "click.v1.2": (), "change.click.金额": ()},
    person_members=("工号", "name"),
    texts=("throw {code: 'NO_STOCK_LEFT'}", "form.a = 1"),
)
OPEN = ScenarioNames(
    fields_named_by_flow=("附件1", "附件2", "客户名称"), definition=FLOW, texts=None
)
NOTHING = ScenarioNames()


def test_a_field_is_known_or_near_to_a_known_one() -> None:
    def say(names: ScenarioNames, *fields: str) -> dict[str, str | None]:
        return {field: names.find_field_problem(field) for field in fields}

    assert say(
        NAMES,
        "金额",
        "金额数",
        "明细[0].科目",
        "明细[0]",
        "明细.税额",
        "明细[2].税率",
        "明细.0.科木",
        "用料[0].料号2",
        "客户",
        "乱写",
    ) == {
        "金额": None,
        "金额数": "no field '金额数'; did you mean '金额'?",
        "明细[0].科目": None,
        "明细[0]": None,
        "明细.税额": None,
        "明细[2].税率": "明细 has no column '税率'; did you mean '税额'?",
        "明细.0.科木": "明细 has no column '0'; there are 科目, 税额",
        "用料[0].料号2": None,
        "客户": "no field '客户'; did you mean '客户名称'?",
        "乱写": "no field '乱写'; there are 金额, 客户名称, 明细, 用料",
    }
    assert say(OPEN, "附件1", "附件3", "附件12", "客户名", "乱写", "客户名称[0].甲") == {
        "附件1": None,
        "附件3": None,
        "附件12": None,
        "客户名": "no field '客户名'; did you mean '客户名称'?",
        "乱写": None,
        "客户名称[0].甲": None,
    }
    assert say(NOTHING, "金额") == {"金额": None}


def test_a_column_is_one_of_the_rows_at_the_beginning() -> None:
    rows = [{"科目": 1, "税率": 2}, "文本", {}, {"税额": 1, 3: 1}]
    found: dict[str, Any] = {
        name: list(NAMES.find_unknown_columns(name, value))
        for name, value in (("明细", rows), ("用料", [{"料": 1}]), ("没有", rows))
    }
    found["tuple"] = list(NAMES.find_unknown_columns("明细", ({"科木": 1},)))
    found["text"] = list(NAMES.find_unknown_columns("明细", "科木"))
    assert found == {
        "明细": [
            ((0, "税率"), "明细 has no column '税率'; did you mean '税额'?"),
            ((3, "3"), "明细 has no column '3'; there are 科目, 税额"),
        ],
        "用料": [],
        "没有": [],
        "tuple": [((0, "科木"), "明细 has no column '科木'; did you mean '科目'?")],
        "text": [],
    }
    assert NAMES.tables_with_known_columns == ("明细", "用料")
    assert (NAMES.scripted_buttons, OPEN.main_flow_nodes, NAMES.main_flow_nodes) == (
        ["盖章", "v1.2"],
        ("部门", "结束"),
        (),
    )
    assert [one.add_declaration_hint("无") for one in (NAMES, OPEN, NOTHING)] == [
        "无 (if it is a field, declare it in form.fields)",
        *["无 (if it is a field, declare it in flow.form)"] * 2,
    ]


def test_a_script_reads_what_there_is() -> None:
    def say(names: ScenarioNames, *reads: str) -> dict[str, str | None]:
        pairs = [one.rpartition(".") for one in reads]
        return {
            one: names.find_script_read_problem(p[0], p[2])
            for one, p in zip(reads, pairs, strict=True)
        }

    assert say(
        NAMES,
        "form.金额",
        "form.金额数",
        "form.盖章",
        "form.$visible",
        "form.$visble",
        "ctx.form.金额数",
        "form.$visible.盖章",
        "form.$visible.金额数",
        "form.$visible.$x",
        "form.明细.科目",
        "form.明细.税率",
        "form.明细.别的列",
        "form.用料.料号",
        "form.用料.料好",
        "form.用料.别的",
        "ctx.postData.金额",
        "ctx.postData.金额数",
        "ctx.step.name",
        "ctx.step.nmae",
        "ctx.userInfo.id",
        "ctx.userInfo.工好",
        "ctx.userInfo.name",
        "ctx.project.nmae",
        "ctx.project.别的",
        "ctx.remark",
        "ctx.other.x",
    ) == {
        "form.金额": None,
        "form.金额数": "the script reads form.金额数: no field '金额数'; did you mean '金额'?",
        "form.盖章": "the script reads form.盖章: no field '盖章'; there are 金额, 客户名称, 明细, 用料",
        "form.$visible": None,
        "form.$visble": "the script reads form.$visble; did you mean '$visible'?",
        "ctx.form.金额数": "the script reads ctx.form.金额数: no field '金额数'; did you mean '金额'?",
        "form.$visible.盖章": None,
        "form.$visible.金额数": "the script reads form.$visible.金额数: no field '金额数'; did you mean "
        "'金额'?",
        "form.$visible.$x": "the script reads form.$visible.$x: no field '$x'; there are 金额, "
        "客户名称, 明细, 用料",
        "form.明细.科目": None,
        "form.明细.税率": "the script reads form.明细.税率: 明细 has no column '税率'; did you mean '税额'?",
        "form.明细.别的列": "the script reads form.明细.别的列: 明细 has no column '别的列'; there are 科目, 税额",
        "form.用料.料号": None,
        "form.用料.料好": "the script reads form.用料.料好; did you mean '料号'?",
        "form.用料.别的": None,
        "ctx.postData.金额": None,
        "ctx.postData.金额数": "the script reads ctx.postData.金额数; did you mean '金额'?",
        "ctx.step.name": None,
        "ctx.step.nmae": "the script reads ctx.step.nmae; did you mean 'name'?",
        "ctx.userInfo.id": None,
        "ctx.userInfo.工好": "the script reads ctx.userInfo.工好; did you mean '工号'?",
        "ctx.userInfo.name": None,
        "ctx.project.nmae": "the script reads ctx.project.nmae; did you mean 'name'?",
        "ctx.project.别的": None,
        "ctx.remark": "the script reads ctx.remark; there are action, step_id, target_step, "
        "description, postData, step, userInfo, form, project",
        "ctx.other.x": None,
    }
    assert say(
        OPEN,
        "form.附件3",
        "form.客户名",
        "ctx.postData.客户名",
        "ctx.postData.附件1",
        "ctx.userInfo.nmae",
        "ctx.userInfo.工号",
    ) == {
        "form.附件3": None,
        "form.客户名": "the script reads form.客户名: no field '客户名'; did you mean '客户名称'?",
        "ctx.postData.客户名": "the script reads ctx.postData.客户名; did you mean '客户名称'?",
        "ctx.postData.附件1": None,
        "ctx.userInfo.nmae": "the script reads ctx.userInfo.nmae; did you mean 'name'?",
        "ctx.userInfo.工号": None,
    }


def test_a_script_writes_what_there_is() -> None:
    def say(names: ScenarioNames, *writes: str) -> dict[str, Any]:
        pairs = [one.rpartition(".") for one in writes]
        return {
            one: names.find_script_write_problem(p[0], p[2])
            for one, p in zip(writes, pairs, strict=True)
        }

    assert say(
        NAMES,
        "form.$message.text",
        "form.$message.txt",
        "form.$message.别的",
        "form.$message.type.error",
        "form.$message.type.eror",
        "form.$message.type.别的",
        "form.$visible.金额",
        "form.$visible.盖章",
        "form.$visible.金额数",
        "ctx.description",
        "ctx.decription",
        "ctx.别的",
        "ctx.盖章",
    ) == {
        "form.$message.text": None,
        "form.$message.txt": ("there is no 'txt'; did you mean 'text'?", True),
        "form.$message.别的": ("there is no '别的'; there are text, type", True),
        "form.$message.type.error": None,
        "form.$message.type.eror": ("there is no 'eror'; did you mean 'error'?", False),
        "form.$message.type.别的": None,
        "form.$visible.金额": None,
        "form.$visible.盖章": None,
        "form.$visible.金额数": ("no field '金额数'; did you mean '金额'?", True),
        "ctx.description": None,
        "ctx.decription": ("there is no 'decription'; did you mean 'description'?", False),
        "ctx.别的": None,
        "ctx.盖章": None,
    }
    assert say(OPEN, "form.$visible.附件3", "form.$visible.客户名") == {
        "form.$visible.附件3": None,
        "form.$visible.客户名": ("no field '客户名'; did you mean '客户名称'?", True),
    }


def test_a_code_is_known_or_near_to_a_known_one() -> None:
    def say(names: ScenarioNames, *codes: str) -> dict[str, str | None]:
        return {code: names.find_misspelt_code_problem(code) for code in codes}

    texts = replace(NAMES, texts=("x", "throw {code: 'TIMEOUTS'}"))
    assert say(
        NAMES, "TIMEOUT", "TIMEOUTS", "timeouts", "Timeouts", "NO_STOCK", "HTTP_STATUSS", "甲"
    ) == {
        "TIMEOUT": None,
        "TIMEOUTS": "there is no code 'TIMEOUTS'; did you mean 'TIMEOUT'?",
        "timeouts": None,
        "Timeouts": None,
        "NO_STOCK": None,
        "HTTP_STATUSS": "there is no code 'HTTP_STATUSS'; did you mean 'HTTP_STATUS'?",
        "甲": None,
    }
    assert say(texts, "TIMEOUTS", "TIMEOUTZ") == {
        "TIMEOUTS": None,
        "TIMEOUTZ": "there is no code 'TIMEOUTZ'; did you mean 'TIMEOUT'?",
    }
    assert say(OPEN, "TIMEOUTS") == {"TIMEOUTS": None}
    assert (NAMES.occurs_in_scripts("form.a"), NAMES.occurs_in_scripts("form.b")) == (True, False)


CRM = "platform_key: crm\nbase_url: https://crm.example.test\napis: {get_order: {path: /o, aliases: [查订单]}, getStock: {path: /s}}\n"
OA = "platform_key: oa\nbase_url: https://oa.example.test\napis: {send: {path: /s}}\n"


@cache
def platforms(instances: str) -> Platforms:
    with TemporaryDirectory() as folder:
        write_files(Path(folder), {"p/crm.yaml": CRM, "p/oa.yaml": OA, "i.yaml": instances})
        return load_platforms(Path(folder, "p"), instances=Path(folder, "i.yaml"))


TENANTS = "- {platform: crm, instance_key: 华东}\n- {platform: crm, instance_key: 华北}\n- {platform: oa, instance_key: 总部}\n"


def test_an_instance_and_a_call_are_those_of_a_platform() -> None:
    names = ScenarioNames(platforms=platforms(TENANTS))
    none = ScenarioNames(platforms=platforms(""))
    pairs = [
        ("华东", ""),
        ("华东", "crm"),
        ("华东", "oa"),
        ("华东", "c*"),
        ("华东", "*"),
        ("华中", "crm"),
        ("华中", "*"),
        ("华中", "o*"),
        ("总步", ""),
        ("default", "crm"),
        ("", "crm"),
        ("${row.x}", "crm"),
        ("华东", "${row.x}"),
        ("华中", "erp"),
        ("华中", "e*"),
    ]
    assert {f"{p}/{k}": names.find_instance_problem(k, p) for k, p in pairs} == {
        "/华东": None,
        "crm/华东": None,
        "oa/华东": "oa has no instance '华东'; there is 总部",
        "c*/华东": None,
        "*/华东": None,
        "crm/华中": "crm has no instance '华中'; there are 华东, 华北",
        "*/华中": "no platform has an instance '华中'; there are 华东, 华北, 总部",
        "o*/华中": "no platform has an instance '华中'; there is 总部",
        "/总步": "no platform has an instance '总步'; did you mean '总部'?",
        "crm/default": None,
        "crm/": None,
        "crm/${row.x}": None,
        "${row.x}/华东": None,
        "erp/华中": None,
        "e*/华中": None,
    }
    assert none.find_instance_problem("华东", "crm") == (
        "crm has no instance '华东'; there is default"
    )
    assert NOTHING.find_instance_problem("华东") is None
    calls = [
        "crm.get_order",
        "crm.getOrder",
        "crm.查订单",
        "crm.get_*",
        "crm.*",
        "*.x",
        "c*.x",
        "x*.x",
        "crm.get_ordr",
        "crm.没有",
        "crn.get_order",
        "crm",
        "crm.",
        "crm.$token",
        "crm.$api",
        "${row.x}.y",
        "crm.${row.x}",
        "crm.x*",
        "oa.sendd",
        "oa.get_order",
    ]
    assert {call: names.find_call_problem(call) for call in calls} == {
        "crm.get_order": None,
        "crm.getOrder": None,
        "crm.查订单": None,
        "crm.get_*": None,
        "crm.*": None,
        "*.x": None,
        "c*.x": None,
        "x*.x": "no platform is like 'x*'",
        "crm.get_ordr": "crm has no API 'get_ordr'; did you mean 'get_order'?",
        "crm.没有": "crm has no API '没有'; there are get_order, getStock, 查订单",
        "crn.get_order": "no platform 'crn'; did you mean 'crm'?",
        "crm": None,
        "crm.": None,
        "crm.$token": None,
        "crm.$api": None,
        "${row.x}.y": None,
        "crm.${row.x}": None,
        "crm.x*": "crm has no API 'x*'; there are get_order, getStock, 查订单",
        "oa.sendd": "oa has no API 'sendd'; did you mean 'send'?",
        "oa.get_order": "oa has no API 'get_order'; there is send",
    }
    found = {call: names.find_api(call) for call in calls}
    assert {call: api.key for call, (_, api) in ((c, f) for c, f in found.items() if f)} == {
        "crm.get_order": "get_order",
        "crm.getOrder": "get_order",
        "crm.查订单": "get_order",
    }
    assert [NOTHING.find_call_problem("x.y"), NOTHING.find_api("crm.get_order")] == [None, None]


def test_a_hint_is_made_of_the_first_value() -> None:
    assert [
        describe_finding(
            "no {name!r} of {other}{hint}", {"name": "金额数", "other": "客户"}, ["金额", "客户"]
        ),
        describe_finding("no {name!r}{hint}", {"name": "金额数"}, []),
        describe_finding("{{plain}} text", {}, None),
    ] == ["no '金额数' of 客户; did you mean '金额'?", "no '金额数'", "{{plain}} text"]


def test_what_stands_beside_a_name_does_not_change_what_is_said_of_it() -> None:
    names = replace(
        NAMES,
        entered_columns={"明细": ("科目2",), "用料": ("料号",)},
        scripts={"click.descriptio": (), "click.盖章": ()},
    )
    assert names.find_script_read_problem("form.明细", "科目") is None
    assert names.find_script_write_problem("ctx", "descriptio") == (
        "there is no 'descriptio'; did you mean 'description'?", False,
    )  # fmt: skip
    assert names.find_script_write_problem("form.$visible", "descriptio") is None
    assert names.find_script_read_problem("ctx.step", "乱写") == (
        "the script reads ctx.step.乱写; there are id, name, flow_step_id, owner, plan_start_time, plan_end_time, delay_level"
    )
    assert names.find_script_read_problem("ctx.userInfo", "乱写") is not None
    assert OPEN.find_script_read_problem("ctx.userInfo", "乱写") is None
    quarters = ScenarioNames(fields_named_by_flow=("第1季度", "第2季度"))
    assert quarters.find_field_problem("第3季度") is None
    assert quarters.find_field_problem("第1季") == "no field '第1季'; did you mean '第1季度'?"
    assert [
        NAMES.find_misspelt_code_problem(code) for code in ("TIMEOUTs", "TIME_OUT_", "timeout")
    ] == [None] * 3


def test_of_a_broken_platform_nothing_is_known() -> None:
    broken = copy(platforms(TENANTS), broken=cast("Any", {"oa": (), "erp": ()}))
    names = ScenarioNames(platforms=broken)
    calls = ("oa.sendd", "erp.x", "crm.get_ordr", "*.x", "e*.x", "x*.x")
    assert [names.find_call_problem(call) is None for call in calls] == [
        True,
        True,
        False,
        True,
        True,
        False,
    ]
    pairs = (
        ("华中", "crm"),
        ("华中", "oa"),
        ("华中", "o*"),
        ("华中", ""),
        ("华东", "crm"),
        ("华中", "c*"),
    )
    found = [names.find_instance_problem(*pair) is None for pair in pairs]
    assert found == [False, True, True, True, True, False]
    tenants = ScenarioNames(platforms=platforms(TENANTS))
    assert (
        tenants.find_instance_problem("总", "oa") == "oa has no instance '总'; did you mean '总部'?"
    )
    bare = ScenarioNames(platforms=copy(platforms(TENANTS), entries=cast("Any", {})))
    assert bare.find_instance_problem("华东", "crm") is None
