"""Doubts about calls and values of a run, and options of fields: each beside its limits."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import pytest

from bpmax_sim.errors import Place
from bpmax_sim.i18n import to_plain_english, translate
from bpmax_sim.platform.load import Platforms, load_platforms
from bpmax_sim.scenario.calls import CallMade
from bpmax_sim.scenario.model import Expect, ExpectedCall, ExpectedError, Step
from bpmax_sim.scenario.names import ScenarioNames
from bpmax_sim.scenario.platform_doubts import find_rule_doubts
from bpmax_sim.scenario.result_checks import (
    OfferedOptionLog,
    StepOutcome,
    find_failures_in_empty_catches,
    find_loops_requesting_same_page,
    find_members_read_from_text,
    find_misspelt_members,
    find_partial_lists,
    find_sent_undefined_texts,
    find_undefined_text,
    find_unnoticed_business_failures,
    find_wrong_kind,
)
from bpmax_sim.script.failure import Script
from bpmax_sim.subject.form import FormSubject
from bpmax_sim.yamlfile import to_display_path
from tests.subject.stage import PlainStage

NEAR = "form.类别 is compared with '招侍', which is none of its options; did you mean '招待'?"


def doubts(*sources: str, **offered: list[object]) -> list[str]:
    log = OfferedOptionLog()
    log.offered = offered or {"类别": ["差旅", "办公", "招待"]}
    scripts = [Script(source, f"{number}.js") for number, source in enumerate(sources)]
    return [found.message for found in log.check_comparisons(scripts)]


@pytest.mark.parametrize(
    "source",
    [
        "if (form.类别 === '招侍') 1",
        "if (ctx.form.类别 === '招侍') 1",
        "'招侍' == form.类别",
        "form['类别'] !== '招侍'",
    ],
)
def test_a_text_near_to_an_option_is_doubtful(source: str) -> None:
    assert doubts(source) == [NEAR]
    assert doubts("1", "2", source) == [NEAR]


@pytest.mark.parametrize(
    "source",
    [
        "if (form.类别 === '招待') 1",
        "if (form.类别 === '') 1",
        "if (form.类别 === null) 1",
        "if (form.类别 === 0) 1",
        "if (form.类别 === '乱写的文字') 1",
        "if (form.金额 === '招侍') 1",
        "if (ctx.类别 === '招侍') 1",
        "if (ctx.form.form.类别 === '招侍') 1",
        "if (form.form.类别 === '招侍') 1",
        "if (ctx.project.类别 === '招侍') 1",
        "const form = {类别: 1}; if (form.类别 === '招侍') 1",
    ],
)
def test_what_is_an_option_or_no_field_with_options_is_not(source: str) -> None:
    assert doubts(source) == []


def test_a_number_among_the_options_is_compared_as_its_text() -> None:
    assert doubts("if (form.编号 === '1001') 1", 编号=[1001, 1002, 1003]) == []
    assert len(doubts("if (form.编号 === '1004') 1", 编号=[1001, 1002, 1003])) == 1


@pytest.mark.parametrize(
    ("writes", "fields", "wrong"),
    [
        ([("类别", True)], {"类别": "差率"}, ["差率"]),
        ([("类别", True)], {"类别": "差旅"}, []),
        ([("类别", True)], {"类别": ""}, []),
        ([("类别", True)], {}, []),
        ([("类别", True), ("类别", False)], {"类别": "差率"}, []),
        ([("类别", False), ("类别", True)], {"类别": "差率"}, ["差率"]),
        ([("金额", True)], {"类别": "差率"}, []),
        ([("级", True), ("金额", True), ("类别", True)], {"类别": "甲", "级": 4}, ["4", "甲"]),
    ],
)  # fmt: skip
def test_what_a_script_wrote_is_held_against_the_options_when_a_step_ends(
    writes: list[tuple[str, bool]], fields: dict[str, object], wrong: list[str]
) -> None:
    stage = PlainStage()
    form = FormSubject(runner=stage, tell=stage.told.append)
    log, place = OfferedOptionLog(), Place("a.js", 1, 1)
    assert [*log.check_step(form, fields)] == []
    form.set_state("级", "options", [1, 2, {"value": 3}])
    form.set_state("类别", "options", ["差旅"])
    form.set_state("金额", "required", True)
    for field, is_script in writes:
        log.note_write(field, place, is_script=is_script)

    found = [*log.check_step(form, fields)]

    assert [(one.kind, one.place, one.fails) for one in found] == [("unfit", place, False)] * len(
        wrong
    )
    for one, value in zip(found, wrong, strict=True):
        assert value in translate(one.message)
    form.set_state("类别", "options", ["招待"])
    assert [*log.check_step(form, {})] == []
    assert log.offered == {"级": [1, 2, 3], "类别": ["差旅", "招待"]}


SHOP = """\
platform_key: shop
base_url: https://shop.example.test
response:
  ok: {all: [{path: $.code, in: [0]}]}
  code: [$.code]
  message: [$.hint]
  classes: {transient: {code: [7, 8, 9]}}
apis:
  create_order: {method: POST, path: /orders}
  list_orders:
    path: /orders
    parameters: [{name: status, in: query}, {name: page_no, in: query}]
  list_all: {path: /all, parameters: [{name: status, in: query}]}
  get_stock: {path: /stock, answer: {properties: {wareHuose: {type: string}}}}
"""
OFFICE = """\
platform_key: oa
base_url: https://oa.example.test
result: envelope
response: {ok: {all: [{path: $.errcode, in: [0]}]}, code: [$.errcode]}
apis: {notify: {method: POST, path: /notify}}
"""
BANK = """\
platform_key: bank
base_url: https://bank.example.test
response: {ok: {all: [{path: $.head.code, in: [0]}]}, code: [$.head.code]}
apis: {pay: {method: POST, path: /pay}}
"""
LINE_1 = Place("脚本.js", 1, 1)


@cache
def platforms() -> Platforms:
    with TemporaryDirectory() as folder:
        for name, text in (("shop", SHOP), ("oa", OFFICE), ("bank", BANK)):
            Path(folder, f"{name}.yaml").write_text(text, encoding="utf-8")
        return load_platforms(Path(folder))


def made(call: str = "shop.create_order", response: Any = None, **parts: Any) -> CallMade:
    given = {"status": 200, "place": LINE_1, **parts}
    return CallMade(number=1, call=call, response=response, **given)


def outcome(*calls: CallMade, step: Step | None = None, **parts: Any) -> StepOutcome:
    given = {"expected": (), "messages": (), "console": (), **parts}
    return StepOutcome(step=step or Step(), calls=calls, **given)


FAILED = made(response={"code": 5, "hint": "额度不足"})
ORDERED = ExpectedCall(call="shop.create_order", response={"code": 5})


@pytest.mark.parametrize(
    ("happened", "texts", "told"),
    [
        (outcome(FAILED), ("form.x = 1",), True),
        (outcome(), (), False),
        (outcome(made(response={"code": 0}), FAILED), (), True),
        (outcome(made(response={"code": 0})), (), False),
        (outcome(made(response={"其他": 5})), (), False),
        (outcome(made(response={"code": None})), (), True),
        (outcome(FAILED), ("if (r.code) 1",), False),
        (outcome(FAILED), ("1", "2", "show(r.hint)"), False),
        (outcome(FAILED), ("r.codes + recode + $code",), True),
        (outcome(FAILED), None, False),
        (outcome(FAILED, messages=[{"text": "额度不足", "type": "error"}]), (), False),
        (outcome(FAILED, messages=[{"text": "已下单", "type": "info"}]), (), False),
        (outcome(FAILED, messages=[{"text": "已下单", "type": "success"}]), (), True),
        (
            outcome(
                FAILED,
                messages=[
                    {"text": "已下单", "type": "success"},
                    {"text": "额度不足", "type": "warning"},
                ],
            ),
            (),
            False,
        ),
        (outcome(FAILED, console=[{"level": "log", "text": "a"}]), (), True),
        (outcome(FAILED, console=[{"level": "info", "text": "a"}]), (), True),
        (outcome(FAILED, console=[{"level": "warn", "text": "a"}]), (), False),
        (outcome(FAILED, console=[{"level": "error", "text": "a"}]), (), False),
        (outcome(FAILED, written=["", 5, "未找到该订单"]), (), False),
        (outcome(FAILED, written=["Not Found"]), (), False),
        (outcome(FAILED, written=["已下单", 0, None, {"a": "失败"}]), (), True),
        (outcome(FAILED, step=Step(expect=Expect(result=None))), (), False),
        (outcome(FAILED, step=Step(expect=Expect(messages=[]))), (), False),
        (outcome(FAILED, step=Step(expect=Expect(form={}))), (), True),
        (outcome(FAILED, step=Step(expect=Expect(console=["额度不足"]))), (), False),
        (outcome(FAILED, step=Step(expect=Expect(console=[]))), (), True),
        (outcome(FAILED, expected=[Expect(form={"回执": {"code": 5}})]), (), False),
        (outcome(FAILED, expected=[Expect(form={"回执": {"code": {"$gt": 1}}})]), (), False),
        (outcome(FAILED, expected=[Expect(form={"回执.hint": "额度不足"})]), (), False),
        (outcome(FAILED, expected=[Expect(), Expect(flow={"form": {"回执.code": 5}})]), (), False),
        (outcome(FAILED, expected=[Expect(form={"code": 5}, flow={"at": "code"})]), (), True),
        (outcome(FAILED, expected=[Expect(form={"回执": {"no": None}})]), (), True),
        (outcome(FAILED, step=Step(expect_error=ExpectedError())), (), False),
        (outcome(FAILED, step=Step(save={"单号": "${result.no}"})), (), False),
        (outcome(FAILED, expected=[Expect(proxy=(ORDERED,))]), (), False),
        (
            outcome(FAILED, made("oa.notify", {"errcode": 5}), expected=[Expect(proxy=(ORDERED,))]),
            (),
            True,
        ),
        (
            outcome(FAILED, expected=[Expect(), Expect(form={}), Expect(proxy=(ORDERED,))]),
            (),
            False,
        ),
        (
            outcome(FAILED, expected=[Expect(proxy=(ExpectedCall(call="shop.*", error=""),))]),
            (),
            False,
        ),
        (
            outcome(FAILED, expected=[Expect(proxy=(ExpectedCall(call="shop.*", status=200),))]),
            (),
            True,
        ),
        (
            outcome(
                FAILED, expected=[Expect(proxy=(ExpectedCall(call="oa.notify", response={}),))]
            ),
            (),
            True,
        ),
        (outcome(made("shop.$token", {"code": 5})), (), False),
        (outcome(made(response={"code": 5}, status=500)), (), False),
        (outcome(made(response={"code": 5}, error="HTTP_STATUS")), (), False),
        (outcome(made("nobody.knows", {"code": 5})), (), False),
        (outcome(made("oa.notify", {"code": 5, "errcode": 5})), (), True),
        (outcome(made("oa.notify", {"errcode": 5})), ("r.message",), False),
        (outcome(made("oa.notify", {"errcode": 5})), ("r.errcode",), True),
    ],
)
def test_a_business_failure_is_noticed_by_whoever_looks_at_it(
    happened: StepOutcome, texts: tuple[str, ...] | None, *, told: bool
) -> None:
    found = find_unnoticed_business_failures(happened, ScenarioNames(texts=texts), platforms(), [])

    assert len(list(found)) == told


ASK = "await $proxy('shop').create_order(form.金额)"
UNNOTICED = (
    "shop.create_order reported a business failure (5), and nothing looked at it: no script reads "
    "code, hint of this response; handle it there, or expect it: proxy: [{call: shop.create_order, "
    "response: …}]"
)
OTHER_CALL = "await $proxy('shop').get_stock(1)"
CHECKS_OTHERS = """\
const r = await $proxy('oa').notify({人: form.审批人});
if (r.code !== 0) form.$message = {type: 'error', text: r.hint};
"""


@pytest.mark.parametrize(
    ("script", "other", "told"),
    [
        # What looks like a look at this response, and is none.
        (f"{ASK}; // 待办：判断 code", "", True),
        (f"try {{ {ASK} }} catch (e) {{ form.原因 = e.code; return }} form.好 = true", "", True),
        (f"{ASK}; form.已下单 = true", CHECKS_OTHERS, True),
        (f"const r = {ASK};\nform.单号 = r.data?.no ?? 'PO-1'", CHECKS_OTHERS, True),
        (f"const {{data}} = {ASK};\nform.单号 = data.no", CHECKS_OTHERS, True),
        (f"form.单号 = ({ASK}).no", CHECKS_OTHERS, True),
        (f"const r = {ASK};\nform.单号 = r.no; if (form.code) form.已下单 = true", "", True),
        (f"const r = {ASK};\nconst 库 = {OTHER_CALL}; form.号 = r.no; if (库.code) 1", "", True),
        (f"const r = {ASK};\nform.单号 = r.data?.[0]?.no ?? ''", CHECKS_OTHERS, True),
        (f"const r = {ASK};\nfor (const 行 of r.rows ?? []) form.单号 = 行.no", "", True),
        (f"const r = {ASK};\nfor (const 行 of r.rows ?? []) form.单号 = 行.code", "", False),
        (f"{ASK}; form.已下单 = true", "const 不成 = r => r.code", True),
        (f"form.回执 = {ASK}", "form.备注 = ctx.code", True),
        (f"form.回执 = {ASK}", "try { 1 } catch ({code}) { form.备注 = code }", True),
        (f"form.回执 = {ASK}", "/* code 由平台判断 */ form.备注 = '无'", True),
        (f"form.回执 = {ASK}", "form.备注 = form.code", True),
        (f"form.回执 = {ASK}", CHECKS_OTHERS, True),
        # A look at it, in whatever way.
        (f"const r = {ASK};\nif (r.code !== 0) return", "", False),
        (f"const r = {ASK};\nform.原因 = r.hint", "", False),
        (f"const {{code, data}} = {ASK};\nform.状态 = code", "", False),
        (f"const {{code: 码}} = {ASK}; if (码) return", "", False),
        (f"form.状态 = ({ASK}).code", "", False),
        (f"form.状态 = ({ASK})['code']", "", False),
        (f"const r = {ASK}, 名 = 'code';\nif (r[名]) return", "", False),
        (f"const r = {ASK};\nif (r[form.字段]) return; const 错 = ['code', 'hint']", "", False),
        (f"const r = {ASK};\nif ('code' in r) return", "", False),
        (f"const r = {ASK};\nif (r.hasOwnProperty('code')) return", "", False),
        (f"let r = {ASK};\nif (r.code === 5) r = {ASK};\nform.单号 = r.no", "", False),
        (f"const 全 = await Promise.all([{ASK[6:]}, 1]);\nif (全[0].code) return", "", False),
        (f"{ASK[6:]}.then(r => {{ if (r.code) form.原因 = r.hint }})", "", False),
        (f"const 问 = async () => {ASK[6:]};\nconst r = await 问(); if (r.code) return", "", False),
        (f"let r = {ASK};\nr = r.data; form.单号 = r.no", "const 不成 = r => r.code", False),
        (f"const {{data, ...余}} = {ASK};\nform.单号 = data.no; 查(余)", "const 查 = r => r.code",
         False),
        (f"const {{data = 问()}} = {ASK};\nform.单号 = data.no", "const 查 = r => r.code", True),
        (f"查(form, {ASK})", "function 查(f, r) { if (r.code) f.原因 = r.hint }", False),
        (f"const r = {ASK};\nif (不成(r)) return", "const 不成 = r => r.code !== 0", False),
        (f"return {ASK}", "async function 下单(f) { return (await f()).code }", False),
        (f"form.回执 = {ASK}", "if (form.回执.code !== 0) form.原因 = '不成'", False),
        (f"查({ASK})", "function 查(r) { return ['code', 'no'].some(名 => r[名]) }", False),
        (f"form.回执 = {ASK}; form.好 = /code.:0/.test(JSON.stringify(form))", "", False),
        (f"void {ASK[6:]}", "const 不成 = r => r.code !== 0", False),
        # A condition asks for the result, and a code is read somewhere: perhaps it is meant.
        (f"const r = {ASK};\nif (!r.data) {{ form.单号 = ''; return }} form.单号 = r.data.no",
         "const 不成 = r => r.code !== 0", False),
        (f"const {{data}} = {ASK};\nform.单号 = data ? data.no : ''", "const 不成 = r => r.code",
         False),
        (f"const r = {ASK};\nif (!r.data) return", "", True),
    ],
)  # fmt: skip
def test_only_a_look_at_this_response_counts(script: str, other: str, *, told: bool) -> None:
    before = script[: script.index("create_order(") + len("create_order(")]
    place = Place("脚本.js", before.count("\n") + 1, len(before) - before.rfind("\n"))
    call = made(response={"code": 5, "hint": "额度不足"}, place=place)
    scripts = [Script(script, "脚本.js"), Script(other, "别的.js")]
    texts = tuple(one.source for one in scripts)

    found = find_unnoticed_business_failures(
        outcome(call), ScenarioNames(texts=texts), platforms(), scripts
    )

    assert [one.message for one in found] == [UNNOTICED] * told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (f"{ASK}; // code", True),
        (f"const r = {ASK}; if (r.code) return", False),
        (f"{ASK}; const 库 = {OTHER_CALL}; if (库.code) return", True),
    ],
)
def test_a_script_of_the_step_itself_looks_too(text: str, *, told: bool) -> None:
    call = made(response={"code": 5}, place=Place("下单.yaml#js", 1, text.index("(form") + 2))
    happened = outcome(call, step=msgspec.convert({"js": text}, Step))

    found = find_unnoticed_business_failures(
        happened, ScenarioNames(texts=(text,)), platforms(), []
    )

    assert len(list(found)) == told


@pytest.mark.parametrize(
    ("use", "told"),
    [
        ("查(r.head)", False),
        ("查(r.head.code)", False),
        ("查(r.body)", True),
        ("查(r.headers)", True),
    ],
)
def test_what_contains_the_code_may_be_handed_on(use: str, *, told: bool) -> None:
    script = f"const r = await $proxy('bank').pay(1); {use}"
    place = Place("脚本.js", 1, script.index("pay(") + 4)
    call = made("bank.pay", {"head": {"code": 5}}, place=place)
    scripts = [Script(script, "脚本.js")]

    found = find_unnoticed_business_failures(
        outcome(call), ScenarioNames(texts=(script,)), platforms(), scripts
    )

    assert len(list(found)) == told


CAUGHT = """\
try {
  form.a = (await $proxy('shop').create_order(1)).no;
  try { form.b = (await $proxy('shop').create_order(2)).no } catch {}
  form.c = (await $proxy('shop').create_order(3)).no;
} catch {}
try { form.d = (await $proxy('shop').create_order(4)).no } catch (e) { console.log(e) }
"""


@pytest.mark.parametrize(
    ("call", "line"),
    [
        (made(error="TIMEOUT", place=Place("脚本.js", 3, 20)), 3),
        (made(error="TIMEOUT", place=Place("脚本.js", 2, 13)), 5),
        (made(error="TIMEOUT", place=Place("脚本.js", 4, 13)), 5),
        (made(error="TIMEOUT", place=Place("脚本.js", 6, 20)), 0),
        (made(error="TIMEOUT", place=Place("别的.js", 3, 15)), 0),
        (made(error="", place=Place("脚本.js", 3, 20)), 0),
        (made(error="TIMEOUT", place=None), 0),
        (made("shop.$token", error="TIMEOUT", place=Place("脚本.js", 3, 20)), 0),
    ],
)
def test_a_failure_in_an_empty_handler_is_told(call: CallMade, line: int) -> None:
    scripts = [Script("1", "别的.js"), Script(CAUGHT, "脚本.js")]
    found = [one.message for one in find_failures_in_empty_catches(outcome(call), scripts)]

    assert [f"the empty handler in line {line} tells nobody" in one for one in found] == [True] * (
        line > 0
    )
    expected = [Expect(proxy=(ExpectedCall(call="shop.create_order", error="TIMEOUT"),))]
    status = [Expect(), Expect(proxy=(ExpectedCall(call="shop.*", status=503),))]
    logged = Step(expect=Expect(console=["超时"]))
    for happened in (
        outcome(call, messages=[{"type": "error"}]),
        outcome(call, expected=expected),
        outcome(call, expected=status),
        outcome(call, step=logged),
        outcome(call, written=["查询失败"]),
    ):
        assert list(find_failures_in_empty_catches(happened, scripts)) == []


MADE_UP = "({data: {no: 'PO-1'}, rows: [1, -1]})"
WENT_ON = (
    "shop.create_order failed (TIMEOUT), and the handler in line 1 goes on with a fixed object as "
    "if it had not; show it, or expect it: proxy: [{call: shop.create_order, error: TIMEOUT}]"
)
PROMISE = "$proxy('shop').create_order(1)"


@pytest.mark.parametrize(
    ("script", "told"),
    [
        (f"const r = await {PROMISE}.catch(() => {MADE_UP}); form.单号 = r.data.no", True),
        (f"const r = await ({PROMISE}).catch(e => {MADE_UP}); form.单号 = r.data.no", True),
        (f"const r = await {PROMISE}.catch(() => {{ return {MADE_UP} }}); form.a = r", True),
        (f"const {{data}} = await {PROMISE}.catch(() => {MADE_UP}); form.单号 = data.no", True),
        (f"form.单号 = (await {PROMISE}.catch(() => {MADE_UP})).data.no", True),
        (f"let r; try {{ r = await {PROMISE} }} catch {{ r = {MADE_UP} }} form.a = r.no", True),
        (f"let r; try {{ r = await {PROMISE} }} catch (e) {{ r = {MADE_UP}; }} form.a = r", True),
        # Whoever asks for it may tell it from a success.
        (f"const r = await {PROMISE}.catch(() => ({{code: -1}})); if (r.code) return; 1", False),
        (f"const r = await {PROMISE}.catch(() => {MADE_UP}); form.a = r.ok ? r.no : ''", False),
        (f"const {{no}} = await {PROMISE}.catch(() => {MADE_UP}); if (!no) return", False),
        (f"let r; try {{ r = await {PROMISE} }} catch {{ r = {MADE_UP} }} if (r.ok) 1", False),
        (
            f"let r; try {{ r = await {PROMISE} }} catch {{ r = {MADE_UP} }} form.a = r && r.no",
            False,
        ),
        (
            f"let r; try {{ r = await {PROMISE} }} catch {{ r = {MADE_UP} }} if (r.ok || r.no) 1",
            False,
        ),
        (
            f"let r; try {{ r = await {PROMISE} }} catch {{ r = {MADE_UP} }} switch (r.no) {{}}",
            False,
        ),
        (f"if ((await {PROMISE}.catch(() => {MADE_UP})).ok) form.a = 1", False),
        (f"form.a = (await {PROMISE}.catch(() => {MADE_UP})).ok ? 1 : 2", False),
        (f"form.a = form.b ? (await {PROMISE}.catch(() => {MADE_UP})).no : 2", True),
        # Its text tells it.
        (f"const r = await {PROMISE}.catch(() => ({{no: '查询失败'}})); form.a = r.no", False),
        (f"const r = await {PROMISE}.catch(() => ({{no: '未知'}})); form.a = r.no", False),
        (f"const r = await {PROMISE}.catch(() => ({{no: '查无此单'}})); form.a = r.no", False),
        (f"const r = await {PROMISE}.catch(() => ({{no: '找到'}})); form.a = r.no", True),
        # It is of the error, or more is done.
        (f"const r = await {PROMISE}.catch(e => ({{no: e.code}})); form.a = r.no", False),
        (f"const r = await {PROMISE}.catch(() => {{ 记(); return {MADE_UP} }}); form.a = r", False),
        (f"const r = await {PROMISE}.catch(() => {{ return {MADE_UP}; 记() }}); form.a = r", False),
        (f"let r; try {{ r = await {PROMISE} }} catch {{ r = {MADE_UP}; 记() }} form.a = r", False),
        (f"let r; try {{ r = await {PROMISE} }} catch {{ r = {{}} }} form.a = r.no", False),
        (f"const r = await {PROMISE}.catch(() => ({{no: form.旧单号}})); form.a = r.no", False),
        (f"const r = await {PROMISE}.catch(() => '待补'); form.a = r", False),
        (f"form.好 = await {PROMISE}.then(() => true).catch(() => false)", False),
        (f"let r, 错; try {{ r = await {PROMISE} }} catch {{ 错 = {MADE_UP} }} form.a = 错", False),
        (f"try {{ form.a = (await {PROMISE}).no }} catch {{ form.a = '待补' }}", False),
    ],
)
def test_a_fixed_object_in_place_of_a_result(script: str, *, told: bool) -> None:
    place = Place("脚本.js", 1, script.index("create_order(") + len("create_order("))
    call = made(error="TIMEOUT", place=place)
    found = find_failures_in_empty_catches(outcome(call), [Script(script, "脚本.js")])

    assert [one.message for one in found] == [WENT_ON] * told


@pytest.mark.parametrize(("level", "told"), [("success", 1), ("info", 0), ("error", 0)])
def test_a_message_of_success_tells_of_no_failure(level: str, told: int) -> None:
    call = made(error="TIMEOUT", place=Place("脚本.js", 3, 20))
    happened = outcome(call, messages=[{"text": "已下单", "type": level}])

    found = find_failures_in_empty_catches(happened, [Script(CAUGHT, "脚本.js")])

    assert len(list(found)) == told


READS = "const r = await $proxy('shop').create_order(1); form.名 = r.{};"


@pytest.mark.parametrize(
    ("name", "calls", "told"),
    [
        ("fail", [made(response="<r/>")], True),
        ("fail", [made(response="")], False),
        ("fail", [made(response={"fail": 1})], False),
        ("fail", [made(response="<r/>"), made(response={})], False),
        ("fail", [made(response={}), made(response="<r/>")], False),
        ("fail", [made(response="<r/>"), made(response="b"), made(response="c")], True),
        ("fail", [made(response="<r/>", place=Place("脚本.js", 2, 1))], False),
        ("fail", [made(response="<r/>", place=None)], False),
        ("fail", [made("shop.$token", "<r/>")], False),
        ("fail", [made("oa.notify", "<r/>")], False),
        ("trimEnd", [made(response="<r/>")], False),
        ("length", [made(response="<r/>")], False),
    ],
)
def test_a_text_has_no_members(name: str, calls: list[CallMade], *, told: bool) -> None:
    scripts = [Script(READS.format(name), "脚本.js")]

    assert len(list(find_members_read_from_text(calls, scripts, platforms()))) == told


def test_a_letter_of_a_text_is_read_by_its_number() -> None:
    script = Script("const r = await $proxy('shop').create_order(1); form.名 = r[0];", "脚本.js")

    assert list(find_members_read_from_text([made(response="<r/>")], [script], platforms())) == []


@pytest.mark.parametrize(
    ("name", "calls", "told"),
    [
        ("custmer", [made(response={"customer": 1})], True),
        ("customer", [made(response={"customer": 1})], False),
        ("别的", [made(response={"customer": 1})], False),
        ("custmer", [made(response={"customer": 1, "custmer": 2})], False),
        ("custmer", [made(response={"customer": 1}), made(response={"custmer": 2})], False),
        ("custmer", [made(response={"custmer": 2}), made(response={"customer": 1})], False),
        ("custmer", [made(response={"a": 1}), made(response={}), made(response={"customer": 1})],
         True),
        ("custmer", [made(response={"customer": 1}), made(response="text")], False),
        ("custmer", [made(response={"customer": 1}, error="TIMEOUT")], False),
        ("custmer", [made("shop.$token", {"customer": 1})], False),
        ("code", [made(response={"codes": [1]})], False),
        ("hint", [made(response={"hints": [1]})], False),
        ("mesage", [made("oa.notify", {"message": ""})], False),
        ("wareHuose", [made("shop.get_stock", {"warehouse": 1})], False),
        ("wareHuse", [made("shop.get_stock", {"warehouse": 1})], True),
    ],
)  # fmt: skip
def test_a_member_near_to_one_of_the_responses_is_doubtful(
    name: str, calls: list[CallMade], *, told: bool
) -> None:
    scripts = [Script(READS.format(name), "脚本.js")]

    assert len(list(find_misspelt_members(calls, scripts, platforms()))) == told


def page(number: Any, call: str = "shop.list_orders", **parts: Any) -> CallMade:
    rows = number if isinstance(number, list) else [{"no": number}]
    return made(call, {"data": {"rows": rows}}, **parts)


@pytest.mark.parametrize(
    ("calls", "told"),
    [
        ([page(1), page(2), page(3)], True),
        ([page(1), page(2), page(3), page(4)], True),
        ([page(1), page(2)], False),
        ([page(1), page(2), page(2)], False),
        ([page(1), page(2), page([])], False),
        ([page([]), page(1), page(2)], False),
        ([page(1), page(2), page(3, query={"page_no": "2"})], False),
        ([page(1), page(2), page(3, body={"page_no": 2})], False),
        ([page(1), page(2), page(3, path={"page_no": "2"})], False),
        ([page(1), page(2), page(3, place=Place("脚本.js", 2, 1))], False),
        ([page(number, "shop.list_all") for number in range(3)], False),
        ([page(number, "shop.$token") for number in range(3)], False),
        ([page(1), page(9, "shop.list_all"), page(2), page(3)], True),
    ],
)
def test_a_loop_asks_for_another_page_each_time(calls: list[CallMade], *, told: bool) -> None:
    assert len(list(find_loops_requesting_same_page(calls, platforms()))) == told


@pytest.mark.parametrize(
    ("response", "script", "told"),
    [
        ({"total": 3, "rows": [1, 2]}, "r.rows", True),
        ({"total": 2, "rows": [1, 2]}, "r.rows", False),
        ({"total": 1, "rows": [1, 2]}, "r.rows", False),
        ({"total": 3, "rows": []}, "r.rows", False),
        ({"total": 3, "rows": [1], "tags": []}, "r.rows", False),
        ({"total": "3", "rows": [1]}, "r.rows", False),
        ({"total": True, "rows": []}, "r.rows", False),
        *(
            ({name: 3, "rows": [1]}, "r.rows", True)
            for name in ("totalCount", "total_count", "totalSize", "total_size")
        ),
        ({"data": {"totalCount": 3, "rows": [1]}}, "r.data.rows", True),
        ({"data": {"list": {"total": 3, "rows": [1]}}}, "r.data.list.rows", False),
        *(
            ({"total": 3, "rows": [1]}, f"r.{name}", False)
            for name in ("total", "total_size", "hasMore", "has_more", "next")
        ),
        ({"total": 3, "rows": [1]}, "form.total", True),
        ([1, 2], "r[0]", False),
        ("total", "r", False),
    ],
)
def test_a_list_has_more_than_its_first_page(response: Any, script: str, *, told: bool) -> None:
    text = f"const r = await $proxy('shop').list_orders(); form.名 = {script};"
    calls = [made("shop.list_orders", response)]

    assert len(list(find_partial_lists(calls, [Script(text, "脚本.js")], platforms()))) == told


@pytest.mark.parametrize(
    ("pages", "told"),
    [
        ([(5, 2)], ["total: 5, and the script has read 2 of"]),
        ([(5, 2), (5, 2)], ["total: 5, and the script has read 4 of"]),
        ([(5, 2), (5, 2), (5, 1)], []),
        ([(4, 2), (9, 2)], ["total: 9, and the script has read 4 of"]),
        ([(9, 2), (4, 2)], []),
    ],
)
def test_the_pages_of_a_list_add_up_to_its_latest_total(
    pages: list[tuple[int, int]], told: list[str]
) -> None:
    calls = [
        made("shop.list_orders", {"total": total, "rows": [1] * rows}) for total, rows in pages
    ]

    found = list(find_partial_lists(calls, [], platforms()))
    assert [one.message.split("says ")[1].split(" them")[0] for one in found] == told


@pytest.mark.parametrize(
    ("name", "loops", "partial"),
    [
        *((name, True, True) for name in ("page", "pageNo", "page_num", "PageNumber", "pageindex")),
        *((name, True, True) for name in ("offset", "Offset", "cursor")),
        *((name, False, True) for name in ("page_size", "nextPage", "start", "startRow")),
        *((name, False, False) for name in ("limit", "页码", "state")),
    ],
)
def test_a_parameter_is_one_of_pages_by_its_name(
    tmp_path: Path, name: str, *, loops: bool, partial: bool
) -> None:
    parameters = f"parameters: [{{name: status, in: query}}, {{name: {name}, in: query}}]"
    text = SHOP.partition("apis:")[0] + f"apis: {{list: {{path: /list, {parameters}}}}}\n"
    (tmp_path / "shop.yaml").write_text(text, encoding="utf-8")
    known = load_platforms(tmp_path)

    same = [page(number, "shop.list") for number in range(3)]
    assert len(list(find_loops_requesting_same_page(same, known))) == loops
    first = made("shop.list", {"total": 3, "rows": [1]})
    assert len(list(find_partial_lists([first], [], known))) == partial


@pytest.mark.parametrize(
    ("code", "told"), [(7, 1), (8, 1), (9, 1), ("9", 1), (6, 0), (10, 0), (0, 0), (None, 0)]
)
def test_a_class_of_failures_that_came_is_to_be_recovered(code: Any, told: int) -> None:
    found = find_rule_doubts([made(response={"code": code})], platforms())

    assert len([one for one in found if "recover" in one.message]) == told


SSO = """\
platform_key: sso
base_url: https://sso.example.test
auth:
  acquire:
    steps:
      - request: {path: /token}
        extract:
          token: {path: $.access_token, secret: true}
          ttl: {path: '%s', optional: %s}
  apply: [{in: header, name: Authorization, value: "Bearer {{ token }}"}]
apis: {查合同: {path: /contracts}}
"""


@pytest.mark.parametrize(
    ("path", "optional", "responses", "told"),
    [
        ("$.expires_on", "true", [{"expires_in": 7200}], ["body.expires_on"]),
        ("$.data.expires_on", "true", [{"data": {"expires_in": 1}}], ["body.data.expires_on"]),
        ("$.expires_in", "true", [{"expires_in": 7200}], []),
        ("$.expires_on", "true", [{"expires_in": 1}, {"expires_on": 1}], []),
        ("$.expires_on", "true", [{"合同号": 7200}], []),
        ("$.expires_on", "true", [{}, None, "登录失败"], []),
        ("$.expires_on", "false", [{"expires_in": 7200}], []),
        ("$.list[0]", "true", [{"lists": []}], []),
        ("header:expires_on", "true", [{"expires_in": 7200}], []),
    ],
)
def test_a_place_of_a_login_that_may_be_absent_and_always_is_is_doubtful(
    tmp_path: Path, path: str, optional: str, responses: list[Any], told: list[str]
) -> None:
    (tmp_path / "sso.yaml").write_text(SSO % (path, optional), "utf-8")
    calls = [made("sso.$token", response=one) for one in responses]

    found = [*find_rule_doubts(calls, load_platforms(tmp_path))]

    assert [one.message.split(" ")[2].rstrip(",") for one in found] == told


def test_a_doubt_about_a_platform_stands_in_its_file(tmp_path: Path) -> None:
    for name, seconds in (("shop", 30_000), ("oa", 5)):
        text = f"platform_key: {name}\nbase_url: https://{name}.example.test\ntimeout: {seconds}\n"
        (tmp_path / f"{name}.yaml").write_text(f"{text}apis: {{ask: {{path: /ask}}}}\n", "utf-8")
    lines = [("oa", 2), ("shop", 3), ("oa", 5), ("shop", 8), ("shop", 9)]
    calls = [made(f"{name}.ask", place=Place("脚本.js", line, 1)) for name, line in lines]

    found = [*find_rule_doubts(calls, load_platforms(tmp_path))]
    at = Place(to_display_path(tmp_path / "shop.yaml"), 3, 10)
    assert [(one.kind, one.place) for one in found] == [("rule", at)]
    assert "is in seconds" in translate(found[0].message)


KINDS = {"文": "text", "数": "number", "否": "boolean", "表": "list", "图": "object"}
WRITTEN = {
    "text": "甲", "number": 5, "boolean": True, "list": [1], "object": {"a": 1}, "null": None,
}  # fmt: skip
EMPTY: tuple[Any, ...] = ("", 0, False, [], {}, None)
UNFIT = {
    "文": {"object", "list"},
    "数": {"text", "object", "list", "boolean"},
    "否": {"text", "object", "list"},
    "表": {"text", "number", "boolean"},
    "图": set[str](),
    "别的": set[str](),
}


@pytest.mark.parametrize("field", UNFIT)
@pytest.mark.parametrize("kind", WRITTEN)
def test_a_field_keeps_the_kind_that_it_begins_with(field: str, kind: str) -> None:
    found = find_wrong_kind(field, WRITTEN[kind], KINDS, LINE_1)  # type: ignore[arg-type]

    assert bool(found) == (kind in UNFIT[field])


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        *((field, value, False) for field in KINDS for value in EMPTY),
        *((field, float("nan"), True) for field in (*KINDS, "别的")),
        ("文", float("inf"), False),
        ("文", "客户 undefined", True),
        ("别的", "undefined", True),
    ],
)
def test_what_is_empty_fits_everywhere_and_no_number_nowhere(
    field: str, value: Any, *, told: bool
) -> None:
    assert bool(find_wrong_kind(field, value, KINDS, None)) == told  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("undefined", True),
        ("客户undefined", True),
        ("NaN 元", True),
        ("[object Object]", True),
        ("[object Array", False),
        ("金额 ${form.金额}", True),
        ("金额 ${amount}", True),
        ("${}", False),
        ("null", False),
        ("客户null", True),
        ("客户：null", True),
        ("客户（null）", True),
        ("客户nullable", False),
        ("x.undefined", False),
        ("$undefined", False),
        ("undefined1", False),
        ("cannot read properties of undefined", False),
        ("undefined is not a function", False),
        ("x IS UNDEFINED", False),
        ("", False),
        (None, False),
        (5, False),
    ],
)
def test_a_text_with_undefined_in_it_is_doubtful(text: Any, *, told: bool) -> None:
    assert bool(find_undefined_text(text, "form.名", None)) == told


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        ({"path": {"id": "undefined"}}, ["path.id"]),
        ({"query": {"q": "NaN"}}, ["query.q"]),
        ({"body": {"行": [{"名": "甲"}, {"名": "乙"}, {"名": "undefined"}]}}, ["body.行[*].名"]),
        ({"body": "undefined"}, ["body"]),
        ({"header": {"a": "undefined"}}, []),
        (
            {"path": {"a": "NaN"}, "query": {"b": "NaN"}, "body": ["NaN"]},
            ["path.a", "query.b", "body[*]"],
        ),
        ({}, []),
    ],
)
def test_what_a_script_sends_is_looked_at(parts: dict[str, Any], told: list[str]) -> None:
    found = [to_plain_english(one.message) for one in find_sent_undefined_texts([made(**parts)])]

    pairs = zip(told, found, strict=True)
    assert all(f"into shop.create_order {name};" in one for name, one in pairs), found
    assert list(find_sent_undefined_texts([made("shop.$token", **parts)])) == []
