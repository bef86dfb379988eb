# ruff: noqa: E501 - scripts, one a line
"""Names of members of ``ctx``, ``form`` and ``form.$message``, in lines that no run has to reach."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpmax_sim.errors import find_misspelt
from bpmax_sim.platform.load import Platforms
from bpmax_sim.platform.response_shapes import ResponseShapes
from bpmax_sim.scenario.script_check import check_scripts
from bpmax_sim.scenario.script_context import ScriptContext
from bpmax_sim.script.failure import Script
from tests.scenario.test_empty_claims import doubts
from tests.scenario.test_lies import Case, run

DECLARED = frozenset(
    {("ctx.userInfo", "namex"), ("ctx.project", "state2"), ("ctx.project", "statuz")}
)


def check(source: str) -> list[str]:
    """Return rule, place and message of what is wrong with the names in *source*."""
    context = ScriptContext(
        script=Script(source, "批.js"),
        platforms=Platforms(),
        fields=frozenset({"金额", "标题", "$require"}),
        declared_members=DECLARED,
    )
    found = check_scripts([context], ResponseShapes())
    return [f"{one.rule} {one.problem}".replace("批.js:1:", "") for one in found]


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("if (form.金额 > 1 && !ctx.decription) return '缺说明';", "unknown-member 25: ctx has no 'decription'; did you mean 'description'?"),
        ("form.标题 = ctx.remark;", "unknown-member 15: ctx has no 'remark'; there are action, step_id, target_step, description, postData, step, userInfo, form, project"),
        ("form.标题 = ctx.step.nmae;", "unknown-member 20: ctx.step has no 'nmae'; did you mean 'name'?"),
        ("const {nmae} = ctx.userInfo; form.标题 = nmae;", "unknown-member 8: ctx.userInfo has no 'nmae'; did you mean 'name'?"),
        ("form.标题 = ctx.project.stauts;", "unknown-member 23: ctx.project has no 'stauts'; did you mean 'status'?"),
        ("ctx.project.staus = '归档';", "unknown-member 13: the script wrote ctx.project: there is no 'staus'; did you mean 'status'?"),
        ("form.$message = {type: 'eror', text: '不行'};", "unknown-value 24: the script wrote form.$message.type: there is no 'eror'; did you mean 'error'?"),
        ("form.$message = {type: form.金额 ? 'success' : 'eror', text: '不行'};", "unknown-value 46: the script wrote form.$message.type: there is no 'eror'; did you mean 'error'?"),
        ("form.$message = {type: form.金额 ? 'eror' : 'success', text: '不行'};", "unknown-value 34: the script wrote form.$message.type: there is no 'eror'; did you mean 'error'?"),
        ("ctx.form.$message = {type: ('waring'), text: '不行'};", "unknown-value 29: the script wrote form.$message.type: there is no 'waring'; did you mean 'warning'?"),
        ("form.$message.type = 'sucess';", "unknown-value 22: the script wrote form.$message.type: there is no 'sucess'; did you mean 'success'?"),
        ("form.$message = {type: 'error', txt: '不行'};", "closed-member 33: the script wrote form.$message: there is no 'txt'; did you mean 'text'?"),
        ("form.$message = {'title': '不行'};", "closed-member 18: the script wrote form.$message: there is no 'title'; there are text, type"),
        ("form.$message.txt = '不行';", "closed-member 1: the script wrote form.$message: there is no 'txt'; did you mean 'text'?"),
        ("form.$mesage = '不行';", "closed-member 6: form has no '$mesage'; did you mean '$message'?"),
        ("form.$visble.金额 = true;", "closed-member 6: form has no '$visble'; did you mean '$visible'?"),
    ],
)  # fmt: skip
def test_a_wrong_name_in_any_line(source: str, told: str) -> None:
    assert told in check(source)


def test_what_is_written_below_a_misspelt_extension_can_have_no_effect() -> None:
    near = "6: form has no '$visble'; did you mean '$visible'?"
    sources = {
        "form.$visble.金额 = true;": [f"closed-member {near}"],
        "form.标题 = form.$visble;": [f"unknown-member {near.replace('6', '16', 1)}"],
        "form.标题 = form.$visble.金额;": [f"closed-member {near.replace('6', '16', 1)}"],
        "form.标题 = ctx.$visble;": ["unknown-member 15: ctx has no '$visble'"],
    }

    found = {
        source: [one.partition("; there are")[0] for one in check(source)] for source in sources
    }
    assert found == sources


def test_a_misspelt_extension_is_no_unknown_field_too() -> None:
    source = "form.$visble.金额 = true; form.标题 = form.$optons.金额; form.$mesage = '不行';"

    assert len(check(source)) == 3


@pytest.mark.parametrize(
    "source",
    [
        "if (ctx.description) form.标题 = ctx.description;",
        "if (ctx.remark) form.标题 = '有';",
        "if (ctx.remark !== undefined) form.标题 = ctx.remark;",
        "form.标题 = ctx['rem' + 'ark'];",
        "form.标题 = ctx.step?.name ?? ctx.step_id;",
        "form.标题 = ctx.userInfo.department;",
        "form.标题 = ctx.userInfo.names.join();",
        "ctx.userInfo.staus = '在职'; ctx.step.staus = 1;",
        "form.$require = '是'; form.标题 = form.visble;",
        "form.标题 = ctx.userInfo.namex;",
        "form.标题 = ctx.project.code + ctx.project.end_time + ctx.project.user_name;",
        "ctx.project.state = '归档';",
        "ctx.project.update_time = '2026-03-02'; ctx.project.names = [];",
        "ctx.project.statuz = '归档';",
        "ctx.project.staus = '归档'; form.标题 = ctx.project.staus;",
        "ctx.project['状态'] = '半';",
        "form.$message = '不行';",
        "form.$message = {type: 'error', text: '不行'};",
        "form.$message = {type: form.金额 ? 'info' : 'warning', text: '不行'};",
        "form.$message = {...form.标题, type: form.金额};",
        "form.$message = {[form.标题]: 1};",
        "form.$message = 提示({type: 'eror', txt: 1}); function 提示(a) { return a.txt; }",
        "const 提示 = {type: 'eror'}; 提示.text = form.标题; form.标题 = 提示.text;",
        "form.$visible.金额 = true; form.$options.标题 = ['甲']; form.$required = {金额: true};",
    ],
)  # fmt: skip
def test_a_name_that_is_there_or_may_be(source: str) -> None:
    assert [one for one in check(source) if "-member" in one or "-value" in one] == []


@pytest.mark.parametrize(
    ("word", "known", "meant"),
    [
        ("staus", ["name", "status"], "status"),
        ("stattus", ["status"], "status"),
        ("stauts", ["status"], "status"),
        ("sattsu", ["status"], ""),
        ("stotus", ["status"], "status"),
        ("tatus", ["status"], "status"),
        ("status1", ["status"], "status"),
        ("state", ["status"], ""),
        ("names", ["name"], ""),
        ("name", ["name"], ""),
        ("ie", ["id"], ""),
        ("user_name", ["user_id"], ""),
        ("update_time", ["create_time"], ""),
    ],
)
def test_one_slip_of_the_keyboard(word: str, known: list[str], meant: str) -> None:
    assert find_misspelt(word, known) == meant


REACHED = "form.$message = {type: 'eror', text: '不行'}"


@pytest.mark.parametrize(
    ("script", "told"),
    [
        (f"if (form.金额 > 9) {REACHED}", "script: 脚本.js:1:41: the script wrote form.$message.type: there is no 'eror'; did you mean 'error'? [unknown-value]"),
        (REACHED, "name: 脚本.js:1:1: the script wrote form.$message.type: there is no 'eror'; did you mean 'error'?"),
        ("if (form.金额 > 9) form.$mesage = '不行'", "script: 脚本.js:1:23: form has no '$mesage'; did you mean '$message'? [closed-member]"),
    ],
)  # fmt: skip
def test_a_run_says_once_what_is_wrong(tmp_path: Path, script: str, told: str) -> None:
    steps = "steps: [{open: {}, expect: {form: {客户名称: 张三}}}]"
    case = Case(steps=steps, stubs="", script=f"{script};\nform.客户名称 = '张三'")

    found = doubts(run(tmp_path, case)).replace(f"{tmp_path}/", "").splitlines()

    assert [one for one in found if "eror" in one or "$mesage" in one] == [told]
