# ruff: noqa: E501 - scenarios, one a line
"""The names that a scenario declares, and what is said of a name beside them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bpmax_sim.scenario.load import load_items
from bpmax_sim.scenario.names import ScenarioNames
from tests.files import write_files
from tests.scenario.test_mistakes_of_a_file import DAYS

FORM = """\
form:
  scripts: {open: 开.js, click.盖章: 开.js}
  fields:
    {金额: 0, 客户: "", 加急: false, 附件: [], 地址: {}, 备注: null, 费用: [], 用料: [], 散: [],
     编号: "${vars.号}", 明细: [{科目: 差旅, 税额: 1}, {科目: 餐, 单价: 2}]}
vars: {号: 1, 名: 甲, 式: "${vars.号}"}
user: {id: lisi, 工号: 7}
steps:
  - {open: {费用: [{项: 1}, {额: 2}], 金额: 5}}
  - {set: {费用: [{项: 1, 第三: 2}], 明细: []}}
  - {add_row: {table: 用料, row: {料号: A-1, 数量: 2}}}
  - {add_row: {table: 用料}}
  - {add_row: {table: 用料, row: {批次: B}}}
  - {set: {散: [1, a, null]}}
  - {id: 存, js: "return 1", save: {新: "${steps.存.result}", 名: "${steps.存.result}"}}
"""
FLOW = "flow: {definition: 流程.yaml, at: 部门审批, form: {金额: 1}, project: {name: 单, 编号: 7}"
DECIDED = "{approve: {by: wangwu}, expect: {flow: {at: 总经理}}}"


def name_all(folder: Path, text: str, flow: str = DAYS) -> ScenarioNames:
    """Return the names of a scenario that *text* goes on with."""
    head = "version: 1\nscenario: 报销单\n"
    write_files(
        folder,
        {"开.js": "form.金额 = 1", "人.js": "return []", "流程.yaml": flow, "单.yaml": head + text},
    )
    return load_items(folder / "单.yaml", environ={}, root=folder)[0].names


def test_fields_columns_and_variables_come_from_form_and_steps(tmp_path: Path) -> None:
    names = name_all(tmp_path, FORM)

    assert names.fields == (
        "金额", "客户", "加急", "附件", "地址", "备注", "费用", "用料", "散", "编号", "明细",
    )  # fmt: skip
    assert names.initial_value_kinds == {
        "金额": "number", "客户": "text", "加急": "boolean", "附件": "list", "地址": "object",
        "费用": "list", "用料": "list", "散": "list", "明细": "list",
    }  # fmt: skip
    assert names.initial_table_columns == {"明细": ("科目", "税额", "单价")}
    assert names.entered_columns == {
        "费用": ("项", "额", "第三"),
        "用料": ("料号", "数量", "批次"),
    }
    assert names.tables_with_known_columns == ("明细", "费用", "用料")
    assert names.declared_variables == ("号", "名", "式")
    assert names.constants == {"号"}
    assert names.variables == ("号", "名", "式", "新")
    assert (names.subject_kinds, names.scripted_buttons) == (("form",), ["盖章"])
    assert (names.all_named_people, names.person_members) == (("lisi",), ("id", "工号"))


@pytest.mark.parametrize(
    ("declared", "begun", "kinds", "columns"),
    [
        ("金额: 0", "金额: 一百", {"金额": "text"}, {}),
        ("金额: 0", "客户: 甲", {"金额": "number", "客户": "text"}, {}),
        ("金额: 0", "金额: '${vars.号}'", {}, {}),
        ("金额: 0", "金额: null", {}, {}),
        ("明细: [{科目: 餐}]", "金额: 1", {"金额": "number", "明细": "list"}, {"明细": ("科目",)}),
        (
            "明细: [{科目: 餐}]",
            "明细: [{税额: 1}, {科目: 餐}]",
            {"明细": "list"},
            {"明细": ("科目", "税额")},
        ),
        ("明细: [{科目: 餐}]", "明细: []", {"明细": "list"}, {}),
        ("明细: [{科目: 餐}]", "明细: [餐]", {"明细": "list"}, {}),
        ("明细: []", "明细: [{科目: 餐}]", {"明细": "list"}, {}),
        ("金额: 0", "明细: [{科目: 餐}]", {"金额": "number", "明细": "list"}, {}),
    ],
)
def test_what_a_flow_begins_with_counts_before_what_its_form_declares(
    tmp_path: Path, declared: str, begun: str, kinds: dict[str, str], columns: dict[str, Any]
) -> None:
    subject = f"form: {{fields: {{{declared}}}}}\n{FLOW.replace('金额: 1', begun)}}}"
    names = name_all(tmp_path, f"{subject}\nvars: {{号: 1}}\nsteps: [{DECIDED}]")

    assert (dict(names.initial_value_kinds), names.initial_table_columns) == (kinds, columns)


def test_whom_a_flow_notifies_is_mentioned_in_sub_flows_too(tmp_path: Path) -> None:
    late = "{after: 2h, notify: %s}"
    nodes = "nodes: {盖章: {owners: [赵六], deadline: [%s, %s]}, 完: {end: true}}"
    inner = (
        f"flow: 用印\nstart: 盖章\n{nodes % (late % '周八', late.replace('2h', '3h') % '吴九')}\n"
    )
    write_files(tmp_path, {"用印.yaml": inner.replace("owners", "approve: 完, owners")})
    subflows = "subflows: {用印: {definition: 用印.yaml}}"
    begin = FLOW.replace("at: 部门审批", f"at: 部门审批, {subflows}")
    flow = DAYS.replace("  结束: {", "  用印: {subflow: 用印, approve: 结束}\n  结束: {")
    flow = flow.replace("1h, approve: 结束", "1h, approve: 用印")
    names = name_all(tmp_path, f"{begin}}}\nuser: 张三\nsteps: [{DECIDED}]", flow)

    assert names.mentioned_people == ("wangwu", "ceo", "赵六", "张三", "周八", "吴九")


NOBODY: dict[str, Any] = {
    "all": ("wangwu", "ceo"), "lists": False, "mentioned": (), "members": (), "fields": ("金额",),
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "known"),
    [
        (
            (
                f"{FLOW}}}\nuser: zhangsan\nsteps: [{DECIDED}, {{add_owner: {{by: ceo, to: [lisi, 钱七]}}}},"
                " {withdraw: {by: 孙八}}]"
            ),
            {
                "all": ("wangwu", "ceo", "zhangsan"),
                "mentioned": ("wangwu", "ceo", "zhangsan", "lisi", "钱七", "孙八"),
            },
        ),
        (
            f"{FLOW}}}\npeople: {{wangwu: {{部门: 采购}}, ceo: {{}}, 5: {{}}}}\nsteps: [{DECIDED}]",
            {"all": ("wangwu", "ceo", "5"), "lists": True, "members": ("部门",)},
        ),
        (
            f"{FLOW}, scripts: {{owners.总经理: 人.js}}}}\nuser: zhangsan\nsteps: [{DECIDED}]",
            {"all": ()},
        ),
        (
            (
                f"{FLOW}}}\nuser: {{id: 5}}\nvars: {{谁: wangwu}}\n"
                "steps: [{approve: {by: '${vars.谁}'}, expect: {flow: {at: 总经理}}}]"
            ),
            {"all": ("wangwu", "ceo", "5")},
        ),
        (
            (
                f"{FLOW}}}\nsteps: [{{play: {{until: 结束}}, expect: {{flow: {{form: {{意见: 好}}}}}}}}]\n"
                "policies: [{at: 总经理, by: ceo, approve: {}}, {at: '*', forward: {to: 周九}}]"
            ),
            {"mentioned": ("wangwu", "ceo", "周九"), "fields": ("金额", "意见")},
        ),
    ],
)
def test_people_are_listed_else_those_that_anything_names(
    tmp_path: Path, text: str, known: dict[str, Any]
) -> None:
    names = name_all(tmp_path, text)

    found = {
        "all": names.all_named_people, "lists": names.lists_people,
        "mentioned": names.mentioned_people, "members": names.person_members,
        "fields": names.fields_named_by_flow,
    }  # fmt: skip
    assert found == {**NOBODY, **known}
    assert (names.fields, names.project_members) == ((), ("name", "编号"))
    assert names.main_flow_nodes == ("部门审批", "总经理", "结束")


DECLARED = ScenarioNames(
    fields=("金额", "客户名称", "明细"),
    initial_table_columns={"明细": ("数量", "单价")},
    scripts={"click.盖章": ()},
    person_members=("id", "name", "工号"),
    texts=(),
)
NAMED = ScenarioNames(
    fields_named_by_flow=("附件1", "附件2", "金额", "客户名称"),
    scripts={"click.盖章": (), "open": (), "click.下单": ()},
    entered_columns={"费用": ("科目", "税额")},
    texts=("if (e.code === 'BIZ_STOPPED') 1",),
)
FIELDS = "; there are 金额, 客户名称, 明细"


@pytest.mark.parametrize(
    ("name", "of_form", "of_flow"),
    [
        ("金额", None, None),
        ("金颜", "; did you mean '金额'?", "; did you mean '金额'?"),
        ("客户名", "; did you mean '客户名称'?", "; did you mean '客户名称'?"),
        ("供应商", FIELDS, None),
        ("附件", FIELDS, None),
        ("附件3", FIELDS, None),
        ("附件12", FIELDS, None),
        ("金额2", "; did you mean '金额'?", None),
        ("明细[0].数目", None, None),
    ],
)
def test_only_a_form_that_declares_its_fields_has_no_others(
    name: str, of_form: str | None, of_flow: str | None
) -> None:
    told = [names.find_field_problem(name) for names in (DECLARED, NAMED, ScenarioNames())]

    if name.startswith("明细"):
        assert told == ["明细 has no column '数目'; did you mean '数量'?", None, None]
        return
    hints = (of_form, of_flow, None)
    assert told == [None if hint is None else f"no field {name!r}{hint}" for hint in hints]


@pytest.mark.parametrize(
    ("names", "where"), [(DECLARED, "form.fields"), (NAMED, "flow.form")], ids=["form", "flow"]
)
def test_an_unknown_field_is_declared_where_the_others_are(
    names: ScenarioNames, where: str
) -> None:
    wrong = names.add_declaration_hint("没有此字段")

    assert wrong == f"没有此字段 (if it is a field, declare it in {where})"


STEP = "; there are id, name, flow_step_id, owner, plan_start_time, plan_end_time, delay_level"


@pytest.mark.parametrize(
    ("owner", "name", "of_form", "of_flow"),
    [
        ("form", "金额", None, None),
        ("form", "金颜", ": no field '金颜'; did you mean '金额'?", True),
        ("ctx.form", "金颜", ": no field '金颜'; did you mean '金额'?", True),
        ("form", "$visble", "; did you mean '$visible'?", True),
        ("form", "盖章", f": no field '盖章'{FIELDS}", None),
        ("form.$visible", "盖章", None, None),
        ("form.$visible", "供应商", f": no field '供应商'{FIELDS}", None),
        ("form.明细", "数量", None, None),
        ("form.明细", "数目", ": 明细 has no column '数目'; did you mean '数量'?", None),
        ("form.费用", "税额", None, None),
        ("form.费用", "税颜", None, "; did you mean '税额'?"),
        ("form.费用", "供应商", None, None),
        ("ctx", "action", None, None),
        ("ctx", "actoin", "; did you mean 'action'?", True),
        ("ctx.step", "owner", None, None),
        ("ctx.step", "nmae", "; did you mean 'name'?", True),
        ("ctx.step", "供应商", STEP, True),
        ("ctx.userInfo", "工号", None, None),
        ("ctx.userInfo", "工好", "; did you mean '工号'?", None),
        ("ctx.userInfo", "手机", "; there are id, name, 工号", None),
        ("ctx.project", "nmae", "; did you mean 'name'?", True),
        ("ctx.project", "供应商", None, None),
        ("ctx.postData", "金额", None, None),
        ("ctx.postData", "金颜", "; did you mean '金额'?", True),
        ("ctx.postData", "供应商", None, None),
        ("ctx.别的", "金颜", None, None),
    ],
)
def test_a_read_of_what_is_not_there_is_doubtful(
    owner: str, name: str, of_form: str | None, of_flow: str | bool | None
) -> None:
    """*of_flow* is true where a flow that only names fields says the same as the form."""
    hints = (of_form, of_form if of_flow is True else of_flow)
    told = [names.find_script_read_problem(owner, name) for names in (DECLARED, NAMED)]

    assert told == [
        None if hint is None else f"the script reads {owner}.{name}{hint}" for hint in hints
    ]


@pytest.mark.parametrize(
    ("owner", "member", "of_form", "of_flow"),
    [
        ("form.$message", "text", None, None),
        ("form.$message", "txet", ("there is no 'txet'; did you mean 'text'?", True), True),
        ("form.$message", "内容", ("there is no '内容'; there are text, type", True), True),
        ("form.$message.type", "warning", None, None),
        (
            "form.$message.type",
            "warn",
            ("there is no 'warn'; did you mean 'warning'?", False),
            True,
        ),
        ("form.$message.type", "通知", None, None),
        ("ctx", "actoin", ("there is no 'actoin'; did you mean 'action'?", False), True),
        ("ctx", "缓存", None, None),
        ("form.$visible", "盖章", None, None),
        ("form.$required", "客户名称", None, None),
        ("form.$visible", "金颜", ("no field '金颜'; did you mean '金额'?", True), True),
        ("form.$readonly", "供应商", (f"no field '供应商'{FIELDS}", True), None),
    ],
)
def test_a_write_of_what_is_not_there_is_wrong_or_doubtful(
    owner: str, member: str, of_form: tuple[str, bool] | None, of_flow: bool | None
) -> None:
    told = [names.find_script_write_problem(owner, member) for names in (DECLARED, NAMED)]

    assert told == [of_form, of_form if of_flow else None]


@pytest.mark.parametrize(
    ("code", "meant"),
    [
        ("TIMEOUT", ""),
        ("TIMEOUTS", "TIMEOUT"),
        ("TIME_OUT", "TIMEOUT"),
        ("READONLY", "READ_ONLY"),
        ("timeot", ""),
        ("BIZ_STOPPED", ""),
        ("BIZ_STOPPE", ""),
        ("额度不足", ""),
    ],
)
def test_a_code_near_to_one_of_ours_is_wrong_unless_a_script_has_it(code: str, meant: str) -> None:
    told = f"there is no code {code!r}; did you mean {meant!r}?" if meant else None

    assert [names.find_misspelt_code_problem(code) for names in (DECLARED, NAMED)] == [told, told]
    in_script = ScenarioNames(
        texts=("1", "2", f"throw Object.assign(new Error(), {{code: '{code}'}})")
    )
    assert in_script.find_misspelt_code_problem(code) is None
    assert ScenarioNames(texts=None).find_misspelt_code_problem(code) is None
