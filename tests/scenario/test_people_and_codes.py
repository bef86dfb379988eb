"""Scenarios that lie about who acts, why something is refused, and what the bench says: all red.

And those that tell the truth in the same words: all green, in both languages.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scenario.door import PROXY, Door, steps

FLOW = """\
flow: 采购审批
start: 部门
admins: [admin]
nodes:
  部门:
    owners: [王小明]
    approve: 财务
    reject: 结束
    form: {fields: {金额: readonly, 意见: required, 底价: hidden, 类别: editable}, scripts: {click.查重: 查重.js}}
  财务: {owners: [1001], approve: 结束, form: {fields: {凭证号: required}}}
  结束: {end: true}
"""
HEAD = """\
version: 1
scenario: 采购审批
user: 李雷
people: {王小明: 王小明, 王小红: 王小红, "1001": 赵会计, "1002": 钱会计, 李雷: 李雷, admin: 管理员}
form:
  fields: {金额: 100, 意见: "", 底价: 80, 类别: 办公, 凭证号: "", 明细: [{数量: 1}]}
  scripts: {submit: 提交.js, open: 打开.js, click.查重: 查重.js}
flow:
  definition: 流程.yaml
  scripts: {before_next.部门: 检查.js, owners.财务: 负责人.js}
"""
FILES = {
    "流程.yaml": FLOW,
    "提交.js": "",
    "检查.js": "",
    "负责人.js": "",
    "打开.js": "form.$options.类别 = ['办公', '差旅']",
    "查重.js": "form.类别 = '差旅'",
}
SUBMIT = "submit: {}"


@pytest.fixture(name="door")
def door_of(tmp_path: Path) -> Door:
    return Door(tmp_path)


def run(
    door: Door, lines: tuple[str, ...], scripts: dict[str, str] | None = None
) -> tuple[int, str]:
    ended = door.run(HEAD + PROXY + steps(*lines), {**FILES, **(scripts or {})})
    return ended.code, ended.text


REFUSE = {"检查.js": "return '请先填写附件'"}
NO = {"提交.js": "return false"}
WHY = {"提交.js": "return '金额超过预算'"}
NOBODY = {"负责人.js": "return []"}
STRANGER = {"负责人.js": "return [{owner_id: '1003'}]"}
TYPO = {"负责人.js": "return [{owner_id: '王小名'}]"}
LATER = {"负责人.js": "return {'部门': [{owner_id: '王小明'}], '财务': [{owner_id: '王大明'}]}"}
FILL = "{set: {意见: 同意}, by: 王小明}"
APPROVED = (SUBMIT, "open: {}", FILL, "approve: {by: 王小明}")

OPENED = ("{open: {}, by: 李雷}",)
LIES: list[tuple[tuple[str, ...], dict[str, str], str]] = [
    # Who fills in is held against the node.
    ((SUBMIT, "{set: {意见: 同意}, by: 王小红}"), {}, "NOT_OWNER: 王小红 is not an owner of '部门'"),
    ((SUBMIT, "{set: {意见: 同意}, by: 李雷}"), {}, "NOT_OWNER: 李雷 is not an owner"),
    ((SUBMIT, "{set: {意见: 同意}, by: '1001'}"), {}, "NOT_OWNER: 1001 is not an owner"),
    ((SUBMIT, "{set: {金额: 5}, by: 王小明}"), {}, "READ_ONLY: 金额 is read-only"),
    ((SUBMIT, "{set: {底价: 5}, by: 王小明}"), {}, "HIDDEN: 底价 is hidden"),
    ((SUBMIT, "{set: {意见: 同意}, by: 王小名}"), {}, "by: people has no '王小名'"),
    ((SUBMIT, "{set: {意见: 同意}, by: '1003'}"), {}, "by: people has no '1003'"),
    ((SUBMIT, "{click: 查重, by: 王小红}"), {}, "NOT_OWNER: 王小红"),
    ((SUBMIT, "{open: {}, by: 王小红}"), {}, "NOT_OWNER: 王小红"),
    ((SUBMIT, "{open: {金额: 5}, by: 王小明}"), {}, "READ_ONLY: 金额 is read-only"),
    ((SUBMIT, "{open: {底价: 5}}"), {}, "HIDDEN: 底价 is hidden"),
    ((SUBMIT, "{add_row: {table: 明细, row: {数量: 2}}, by: 王小红}"), {}, "NOT_OWNER: 王小红"),
    ((*APPROVED, "{set: {凭证号: PZ-1}, by: 王小明}"), {}, "NOT_OWNER: 王小明 is not an owner of '财务'"),
    ((*APPROVED, "{set: {凭证号: PZ-1}, by: '1002'}"), {}, "NOT_OWNER: 1002"),
    ((SUBMIT, "{set: {意见: 同意}, by: 王小明, at: 财务}"), {}, "NOT_AT_NODE: cannot see the form at '财务'"),
    ((SUBMIT, "terminate: {by: admin}", "{set: {意见: 晚了}, by: 王小明}"), {}, "NOT_UNDER_WAY"),
    ((SUBMIT, "return: {by: 王小明, to: start}", "{set: {类别: 差旅}, by: 王小明}"), {}, "NOT_ALLOWED"),
    ((SUBMIT, "{approve: {}, by: 王小明}"), {}, "by belongs to set, click, open and actions on rows; write approve: {by: 王小明}"),
    ((SUBMIT, "{js: '1', by: 王小明}"), {}, "by belongs to set, click, open and actions on rows"),
    # Owners that a script returns.
    (APPROVED, STRANGER, "UNKNOWN_PERSON: owners.财务 returned '1003', who is not in people"),
    (APPROVED, TYPO, "owners.财务 returned '王小名', who is not in people; did you mean"),
    (APPROVED, LATER, "UNKNOWN_PERSON: owners.财务 returned '王大明'"),
    ((*APPROVED, "approve: {by: '1001'}"), NOBODY, "NO_OWNERS: nobody may act at '财务'"),
    ((*APPROVED, "approve: {by: '1002'}"), {}, "NOT_OWNER: 1002 is not an owner"),
    # A refusal has a code and a text, and is nobody's success.
    ((SUBMIT,), NO, "REFUSED: submit refused (submit was refused, and nothing of the kind"),
    ((SUBMIT,), WHY, "REFUSED: 金额超过预算 (submit was refused"),
    ((SUBMIT,), {"提交.js": "form.$message = '先选类别'; return false"}, "REFUSED: 先选类别 (submit"),
    ((SUBMIT,), {"提交.js": "throw new Error('库存不足')"}, "submit: REFUSED: 库存不足"),
    ((SUBMIT,), {"提交.js": "\nthrow new Error('缺货')"}, "提交.js:2:"),
    ((SUBMIT,), {"提交.js": "x.y"}, "ReferenceError: "),
    ((SUBMIT,), {"提交.js": "\nreturn 7"}, "提交.js:2return 7"),
    ((*OPENED, "click: 查重"), {"查重.js": "form.$visible.类别 = 'x'"}, "BAD_WRITE: "),
    ((*OPENED, "click: 查重"), {"查重.js": "form.$visble = {类别: true}"}, "UNKNOWN_NAME: form.$visble"),
    ((SUBMIT,), {"提交.js": "return '超过预算\\n请拆单'"}, "REFUSED: 超过预算 请拆单 (submit"),
    (("{submit: {}, expect_error: {code: REQUIRED}}",), WHY, 'code expected "REQUIRED", got "REFUSED"'),
    (("{submit: {}, expect_error: {message: 预算不足}}",), WHY, 'message expected "预算不足", got "金额超过预算"'),
    (("{submit: {}, expect_error: {code: REFUSED}}",), {}, 'expected an error (code "REFUSED"), but the step succeeded'),
    (("submit: {}",), {"提交.js": "return 7"}, "BAD_RETURN: submit returned 7"),
    ((*APPROVED[:3], "approve: {by: 王小明}"), REFUSE, "REFUSED: 请先填写附件 (approve was refused"),
    ((*APPROVED[:3], "{approve: {by: 王小明}, expect_error: {code: NOT_OWNER}}"), REFUSE, 'got "REFUSED"'),
    ((*APPROVED[:3], "{approve: {by: 王小明}, expect: {messages: {code: REQUIRED, text: 请先填写附件}}}"), REFUSE, "messages[0].code expected"),
    # A refusal without a script is a message, too, where its code is expected.
    ((SUBMIT, "{approve: {by: 王小明}, expect: {messages: {code: READ_ONLY}}}"), {}, "REQUIRED: required and empty is 意见"),
    ((SUBMIT, "{approve: {by: 王小明}, expect_error: {code: REQUIRED}, expect: {messages: [{code: REQUIRED}, {code: REQUIRED}]}}"), {}, "messages expected 2 items"),
    ((SUBMIT, "{approve: {by: 王小明}, expect_error: {code: REQUIRED}, expect: {messages: {code: READ_ONLY}}}"), {}, 'messages[0].code expected "READ_ONLY", got "REQUIRED"'),
    ((SUBMIT, "{approve: {by: 王小明}, expect_error: {code: REQUIRED}, expect: {messages: {code: REQUIRED, text: {$contains: 金额}}}}"), {}, "messages[0].text expected"),
    ((SUBMIT, "{set: {意见: 同意}, by: 王小明, expect: {messages: {code: REQUIRED}}}"), {}, "messages expected 1 items, got 0"),
    # Codes are those of the reason.
    ((SUBMIT, "{approve: {by: 王小明}, expect_error: {code: READ_ONLY}}"), {}, 'code expected "READ_ONLY", got "REQUIRED"'),
    ((SUBMIT, "{approve: {by: 王小红}, expect_error: {code: REQUIRED}}"), {}, 'got "NOT_OWNER"'),
    ((SUBMIT, "{submit: {}, expect_error: {code: NOT_OWNER}}"), {}, 'got "ALREADY_CREATED"'),
    ((SUBMIT, "{withdraw: {by: 王小明}, expect_error: {code: NOT_OWNER}}"), {}, 'got "NOT_ALLOWED"'),
    # What the bench says is held in both languages: what is denied has to hold in both.
    ((SUBMIT, "{approve: {by: 王小明}, expect_error: {message: {$contains: 金额}}}"), {}, "message expected"),
    ((SUBMIT, "{approve: {by: 王小明}, expect_error: {code: REQUIRED, message: {$not: {$contains: 必填}}}}"), {}, "message expected"),
    ((SUBMIT, "{approve: {by: 王小明}, expect_error: {code: REQUIRED, message: {$not: {$contains: required}}}}"), {}, "message expected"),
    ((SUBMIT, "{approve: {by: 王小明}, expect_error: {code: REQUIRED, message: {$ne: 必填项未填：意见}}}"), {}, "message expected"),
    ((SUBMIT, "{approve: {by: 王小明}, expect_error: {code: REQUIRED, message: {$exists: false}}}"), {}, "message expected"),
    ((SUBMIT, "{approve: {by: 王小明}, expect_error: {message: {$contains: 意见, $not: {$contains: required}}}}"), {}, "message expected"),
    # The submit stands in the history, and nobody else's.
    (("{submit: {}, expect: {flow: {history: []}}}",), {}, "flow.history"),
    (("{submit: {}, expect: {flow: {history: [{action: submit, by: 王小明}]}}}",), {}, "flow.history[0].by"),
    # ctx.project is complete.
    (("submit: {}", "{js: 'return ctx.project.status', expect: {result: new}}"), {}, 'result expected "new", got "processing"'),
    (("submit: {}", "{js: 'return ctx.project.user_id', expect: {result: 王小明}}"), {}, 'got "李雷"'),
]  # fmt: skip


@pytest.mark.parametrize(
    ("lines", "scripts", "wrong"), LIES, ids=[str(n) for n in range(len(LIES))]
)
def test_a_lie_is_red_and_says_what_is_true(
    door: Door, lines: tuple[str, ...], scripts: dict[str, str], wrong: str
) -> None:
    code, text = run(door, lines, scripts)

    assert code in (1, 2), text
    assert wrong.replace(" ", "") in text.replace(" ", "").replace("\n", ""), text


TRUTHS: list[tuple[tuple[str, ...], dict[str, str]]] = [
    (APPROVED, {}),
    ((SUBMIT, "open: {}", FILL, "{click: 查重, by: 王小明, expect: {form: {类别: 差旅}}}"), {}),
    ((SUBMIT, "{open: {}, by: 王小明}"), {}),
    ((SUBMIT, "{open: {金额: 100, 意见: 同意, '明细[0].数量': 3}, by: 王小明, expect: {form: {意见: 同意, 明细: [{数量: 3}]}}}"), {}),
    (("{open: {金额: 5, 底价: 4}, expect: {form: {金额: 5}}}",), {}),
    ((SUBMIT, "{add_row: {table: 明细, row: {数量: 2}}, by: 王小明}"), {}),
    (("{set: {类别: 差旅}, by: 李雷}", SUBMIT), {}),
    ((SUBMIT, "return: {by: 王小明, to: start}", "{set: {类别: 差旅}, by: 李雷}", "resubmit: {}"), {}),
    ((SUBMIT, "{set: {金额: 5}, by: 王小明, expect_error: {code: READ_ONLY}}"), {}),
    ((SUBMIT, "{approve: {by: 王小明}, expect_error: {code: REQUIRED, message: 必填项未填：意见}}"), {}),
    ((SUBMIT, "{approve: {by: 王小明}, expect_error: {message: required and empty is 意见}}"), {}),
    ((SUBMIT, "{approve: {by: 王小明}, expect_error: {message: {$contains: 意见, $not: {$contains: 金额}}}}"), {}),
    ((SUBMIT, "{approve: {by: 王小明}, expect_error: {code: REQUIRED, message: {$ne: 别的}}}"), {}),
    ((SUBMIT, "{approve: {by: 王小红}, expect_error: {code: NOT_OWNER, message: {$matches: 王小红.*负责人}}}"), {}),
    (("{submit: {}, expect_error: {code: REFUSED, message: 金额超过预算}}",), WHY),
    (("{submit: {}, expect: {messages: [金额超过预算]}}",), WHY),
    (("{submit: {}, expect: {messages: {text: 金额超过预算, code: REFUSED}}}",), WHY),
    (("{submit: {}, expect_error: {code: REFUSED}}",), NO),
    (("{submit: {}, expect_error: {code: REFUSED, type: Error, message: 库存不足}}",), {"提交.js": "throw new Error('库存不足')"}),
    (("{submit: {}, expect_error: {code: REFUSED, message: 库存不足}}",), {"提交.js": "throw '库存不足'"}),
    (("{submit: {}, expect_error: {code: 缺货, message: 库存不足}}",), {"提交.js": "throw Object.assign(new Error('库存不足'), {code: '缺货'})"}),
    ((*OPENED, "{click: 查重, expect_error: {code: BAD_WRITE}}"), {"查重.js": "form.$required.类别 = 'x'"}),
    ((*OPENED, "{click: 查重, expect_error: {code: BAD_WRITE}}"), {"查重.js": "form.$visible = 5"}),
    ((*OPENED, "{click: 查重, expect_error: {code: UNKNOWN_NAME}}"), {"查重.js": "form.$visble = {类别: true}"}),
    ((SUBMIT, "{approve: {by: 王小明}, expect: {messages: {code: REQUIRED, type: error, text: 必填项未填：意见}}}"), {}),
    ((SUBMIT, "{approve: {by: 王小明}, expect: {messages: [{code: {$in: [REQUIRED, HIDDEN]}, text: {$contains: required}}]}}"), {}),
    ((SUBMIT, "{approve: {by: 王小明}, expect_error: {code: REQUIRED}, expect: {messages: []}}"), {}),
    ((*APPROVED[:3], "{approve: {by: 王小明}, expect_error: {code: REFUSED, message: {$contains: 附件}}}"), REFUSE),
    (("{submit: {}, expect: {flow: {history: [{action: submit, by: 李雷, node: ''}]}}}",), {}),
    ((SUBMIT, "{js: 'return [ctx.project.name, ctx.project.status, ctx.project.user_id, typeof ctx.project.id, typeof ctx.project.create_time]', expect: {result: [采购审批, processing, 李雷, number, string]}}"), {}),
    ((*APPROVED, "{set: {凭证号: PZ-1}, by: '1002', expect: {form: {凭证号: PZ-1}}}"), {"负责人.js": "return [{owner_id: '1002'}]"}),
]  # fmt: skip


@pytest.mark.parametrize(("lines", "scripts"), TRUTHS, ids=[str(n) for n in range(len(TRUTHS))])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_truth_is_green_in_both_languages(
    door: Door, lines: tuple[str, ...], scripts: dict[str, str], language: str
) -> None:
    text = HEAD + PROXY + steps(*lines)

    ended = door.run(text, {**FILES, **scripts}, "--lang", language)

    assert ended.code == 0, ended.text


@pytest.mark.parametrize(
    ("empty", "at"), [("approve", "结束"), ("reject", "结束"), ("admins", "财务")]
)
def test_owners_that_are_none_reach_what_the_node_says_of_it(
    door: Door, empty: str, at: str
) -> None:
    definition = FLOW.replace(
        "财务: {owners: [1001],", f"财务: {{owners: [1001], empty: {empty}, reject: 结束,"
    )
    lines = (*APPROVED[:3], f"{{approve: {{by: 王小明}}, expect: {{flow: {{at: {at}}}}}}}")

    code, text = run(door, lines, {**NOBODY, "流程.yaml": definition})

    assert code == 0, text


def test_people_whose_names_are_alike_are_different_people(door: Door) -> None:
    """Where nobody lists people, 王小红 is no slip of 王小明, and 1002 none of 1001."""
    text = HEAD.replace("people:", "# people:") + PROXY
    text += steps(
        SUBMIT, "{hand_over: {by: 王小明, to: 王小红}, expect: {flow: {pending: [王小红]}}}"
    )

    ended = door.run(text, FILES)

    assert ended.code == 0, ended.text


def test_by_without_a_flow_says_so(door: Door) -> None:
    text = "version: 1\nscenario: 表单\nform: {fields: {a: 1}}\n" + PROXY
    ended = door.run(text + steps("{set: {a: 2}, by: 王小明}"))

    assert ended.code == 2
    assert "by says who has the task at a node; there is no flow" in ended.text


RETURNS = HEAD.replace(
    "scripts: {before_next", "scripts: {create: 创建.js, approve.部门: 同意.js, before_next"
)
MOVED = "{submit: {}, expect: {flow: {at: 部门}}}"
GONE = "{approve: {by: 王小明}, expect: {flow: {at: 财务}}}"
DOUBTS: list[tuple[tuple[str, ...], dict[str, str], str]] = [
    # Who fills in without saying who is the user, who need not have the task.
    ((MOVED, "{set: {意见: 同意}, expect: {form: {意见: 同意}}}"), {}, "李雷, who is the user, is not an owner of '部门'"),
    ((MOVED, "{click: 查重, expect: {form: {类别: 差旅}}}"), {}, "write who does: by: 王小明"),
    ((MOVED, "open: {}"), {}, "李雷, who is the user, is not an owner of '部门'"),
    (("{set: {意见: 同意}}", MOVED), {}, ""),
    ((MOVED, FILL, GONE), {}, ""),
    # What looks like a no and is none.
    ((MOVED, FILL, GONE), {"同意.js": "return {ok: false, message: '库存不足'}"}, 'the script returned {"ok": false, "message": "库存不足"}, which refuses nothing'),
    ((MOVED, FILL, GONE), {"同意.js": "return '库存不足'"}, 'the script returned "库存不足", which refuses nothing'),
    ((MOVED, FILL, GONE), {"同意.js": "return false"}, "to refuse, throw, or refuse in before_next"),
    ((MOVED, FILL, GONE), {"同意.js": "return {ok: true, id: 5}"}, ""),
    ((MOVED, FILL, "{approve: {by: 王小明}, expect: {result: PO-1}}"), {"同意.js": "return 'PO-1'"}, ""),
    ((MOVED, FILL, "{id: 批, approve: {by: 王小明}, expect: {flow: {at: 财务}}}", "{set: {凭证号: '${steps.批.result.ok}'}, by: '1001'}"), {"同意.js": "return {ok: false}"}, ""),
    # What did refuse is no doubt.
    (("{submit: {}, expect_error: {code: REFUSED}}",), {"提交.js": "return false"}, ""),
    (("{submit: {}, expect_error: {code: REFUSED}}",), {"创建.js": "return false"}, ""),
    ((MOVED, FILL, "{approve: {by: 王小明}, expect_error: {code: REFUSED}}"), {"检查.js": "return false"}, ""),
]  # fmt: skip


@pytest.mark.parametrize(
    ("lines", "scripts", "doubt"), DOUBTS, ids=[str(n) for n in range(len(DOUBTS))]
)
def test_what_is_doubtful_is_a_warning(
    door: Door, lines: tuple[str, ...], scripts: dict[str, str], doubt: str
) -> None:
    files = {**FILES, "创建.js": "", "同意.js": "", **scripts}

    ended = door.run(RETURNS + PROXY + steps(*lines), files)

    assert ended.code == 0, ended.text
    assert doubt in ended.text
    assert ("not an owner" in ended.text or "returned" in ended.text) is bool(doubt), ended.text


@pytest.mark.parametrize(
    ("hook", "script"),
    [("create", "return " + no) for no in ("5", "0", "[]", "{ok: false}", "new Date()")]
    + [("jump", "return " + no) for no in ("{a: 1}", "['部门']", "false")],
)
def test_what_a_hook_cannot_return_is_red(door: Door, hook: str, script: str) -> None:
    ended = door.run(
        RETURNS.replace("create:", f"{hook}:") + PROXY + steps(MOVED),
        {**FILES, "创建.js": script, "同意.js": ""},
    )

    assert ended.code == 1, ended.text
    assert f"BAD_RETURN: {hook} " in ended.text
