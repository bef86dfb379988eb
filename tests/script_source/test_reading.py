"""What a script calls, reads and writes is read from its text, with the places people look at."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpmax_sim.script_source.reading import MemberUse, ScriptReading, find_slips, read_script
from bpmax_sim.script_source.syntax import LONGEST

SCRIPTS = sorted((Path(__file__).parents[2] / "scenarios/scripts").rglob("*.js"))


def uses(reading: ScriptReading) -> set[tuple[str, str, str]]:
    return {(use.root, ".".join(use.path), use.access) for use in reading.members}


def called(text: str) -> list[tuple[str | None, str | None, str, int | None]]:
    return [(c.platform, c.api, c.style, c.arguments) for c in read_script(text).calls]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("await $proxy('crm').getOrder(1, 2);", ("crm", "getOrder", "direct", 2)),
        ("await $proxy(`crm`)['getOrder'](...list);", ("crm", "getOrder", "direct", None)),
        ("const p = $proxy('crm'); p.getOrder();", ("crm", "getOrder", "direct", 0)),
        ("const key = 'c\\u0072m'; $proxy(key).$api('x').$call()", ("crm", "x", "chain", None)),
        ("let key = 'crm'; key = 'erp'; $proxy(key).get()", (None, "get", "direct", 0)),
        ("const api = 'a' + n; $proxy('crm').$api(api).$call()", ("crm", None, "chain", None)),
        ("const c = () => $proxy('客户').查询(1); await c()", ("客户", "查询", "direct", 1)),
    ],
)
def test_a_call_is_read_in_every_style(
    text: str, expected: tuple[str | None, str | None, str, int | None]
) -> None:
    assert called(text) == [expected]


@pytest.mark.parametrize(
    "text",
    [
        "const $proxy = () => ({}); $proxy('crm').get()",
        "await $proxy('crm')",
        "$proxy('crm').then(() => 1)",
        "// $proxy('crm').get()",
        "const text = \"$proxy('crm').get()\"",
    ],
)
def test_what_calls_nothing_is_no_call(text: str) -> None:
    assert called(text) == []


def test_the_setters_of_a_chain_have_their_names() -> None:
    [call] = read_script(
        "const result = await $proxy('erp', {instance_key: '华东', caller: '订单'})\n"
        "  .$api('create_order').$path({id}).$query({page: 1, ...more})\n"
        "  .$body({data: {amount: 1, 'remark': x}}).$call();"
    ).calls

    assert [(one.part, one.names) for one in call.setters] == [
        ("path", ("id",)),
        ("query", None),
        ("body", ("data", "data.amount", "data.remark")),
    ]
    assert call.instance == "华东"
    assert [name for name, _ in call.options] == ["instance_key", "caller"]
    assert (call.is_called, call.usage) == (True, "awaited")
    assert str(call.api_place) == "script.js:2:9"


def test_a_chain_that_is_never_called_is_told_from_one_that_is() -> None:
    reading = read_script("await $proxy('a').$api('x');\n$proxy('a').$api('y').$query({});\n")

    assert [(c.api, c.is_called, c.usage) for c in reading.calls] == [
        ("x", False, "awaited"),
        ("y", False, "nothing"),
    ]


def test_what_is_done_with_a_promise_is_read() -> None:
    reading = read_script(
        "const p = $proxy('crm');\n"
        "p.a(); void p.b(); const c = p.c(); c.data; return Promise.all([p.d(), p.e().catch(x)]);"
    )

    assert [(call.api, call.usage) for call in reading.calls] == [
        ("a", "nothing"), ("b", "void"), ("c", "assigned"), ("d", "argument"), ("e", "member"),
    ]  # fmt: skip
    assert [(misuse.usage, misuse.name) for misuse in reading.misuses] == [("member", "data")]


def test_members_of_a_response_are_followed_to_their_call() -> None:
    reading = read_script(
        "const {data: {name, phone = ''}} = await $proxy('crm').getCustomer(form.客户编号);\n"
        "const list = await $proxy('crm').listOrders();\n"
        "form.明细 = list.data.items.map(({title, price}) => ({名称: title, 单价: price}));\n"
        "const load = async id => { const r = await $proxy('crm').getOrder(id); return r.data; };\n"
        "const order = await load(3);\n"
        "form.备注 = order.remark?.trim() || '无';\n"
    )

    apis = [call.api for call in reading.calls]
    of_calls = [use for use in reading.members if use.call is not None]
    assert {(apis[use.call or 0], ".".join(use.path), use.access) for use in of_calls} >= {
        ("getCustomer", "data.name", "read"),
        ("getCustomer", "data.phone", "truth"),
        ("listOrders", "data.items", "read"),
        ("listOrders", "data.items.*.title", "read"),
        ("listOrders", "data.items.*.price", "read"),
        ("getOrder", "data.remark", "truth"),
    }
    assert {
        ("form", "明细", "write"),
        ("form", "客户编号", "read"),
        ("form", "备注", "write"),
    } <= uses(reading)


def test_rows_of_a_table_are_elements() -> None:
    reading = read_script(
        "for (const row of form.明细) { row.金额 = row.数量 * row.单价; }\n"
        "form.明细[0].备注 = '首行'; delete form.旧字段; form.次数++;\n"
        "if ('折扣' in form && form.等级 === 'A') ctx.form.折扣 = 0.9;\n"
    )

    assert uses(reading) >= {
        ("form", "明细.*.金额", "write"),
        ("form", "明细.*.数量", "read"),
        ("form", "明细.*.备注", "write"),
        ("form", "旧字段", "write"),
        ("form", "次数", "write"),
        ("form", "折扣", "test"),
        ("form", "等级", "truth"),
        ("form", "折扣", "write"),
    }


def test_places_count_characters_and_lines_of_every_ending() -> None:
    reading = read_script(
        "// 备注：客户\r\nconst 名 = form.客户;\rform.甲 = '\U0001f600'; form.c\nform.b"
    )

    assert [str(use.place) for use in reading.members if use.root == "form"] == [
        "script.js:2:16",
        "script.js:3:6",
        "script.js:3:20",
        "script.js:4:6",
    ]


def test_names_that_nothing_declares_are_globals() -> None:
    reading = read_script(
        "function add(a, {b: c}) { return a + c + total; }\n"
        "try { add(x); } catch ({message}) { console.log(message, typeof maybe); }\n"
        "for (const [k, v] of Object.entries(form)) k, v;\n"
        "class 订单 { 合计() { return this.x; } }\n"
        "let n; ({n} = form); leaked = 1;\n"
    )

    assert {(one.name, one.access) for one in reading.globals} == {
        ("total", "read"), ("x", "read"), ("console", "read"), ("maybe", "test"),
        ("Object", "read"), ("form", "read"), ("leaked", "write"),
    }  # fmt: skip
    assert set(reading.declared) == {"add", "订单", "n"}


def test_powers_are_named_unless_both_are_whole_numbers() -> None:
    reading = read_script("a ** 2; 2 ** 10; x **= 3; (-2) ** 3; 1.5 ** 2; // a ** b\n'a ** b'")

    assert [place.column for place in reading.powers] == [3, 20, 42]


def test_a_comment_switches_a_rule_off_for_its_line_or_the_next() -> None:
    reading = read_script(
        "// bpmax-ignore: unknown-field, power\nform.x = 1;\n"
        "form.y = 2; /* bpmax-ignore: power */\n"
    )

    assert reading.suppressed == {2: ("unknown-field", "power"), 3: ("power",)}


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_the_gallery_is_read_without_a_mistake(path: Path) -> None:
    reading = read_script(path.read_text(encoding="utf-8"), path.name)

    assert reading.mistakes == ()
    assert all(call.platform and call.api and call.is_called for call in reading.calls)


@pytest.mark.parametrize(
    "text",
    [
        "await $proxy('crm').get(`${`${",
        "const = form.x; $proxy('crm').get(",
        "}{)(][", "\ud83d form.x = '\ud83d'", "/*", "\0",
    ],
)  # fmt: skip
def test_a_broken_script_is_read_as_far_as_it_goes(text: str) -> None:
    reading = read_script(text)

    assert isinstance(reading, ScriptReading)


def test_a_bundle_is_not_read() -> None:
    assert read_script("form.x = 1;\n" * (LONGEST // 10)).members == ()


def test_values_that_name_themselves_come_to_an_end() -> None:
    reading = read_script("const a = b, b = a; a.x; const f = () => f(); f().data; " + "(" * 2000)

    assert reading.members == ()


@pytest.mark.parametrize("piece", [
    "", ";", "return", "return;", "break;", "continue;", "throw r;", "debugger;", "// 无",
    "/* 无 */", "{}", "{;}",
    "({});", "[];", "``;", "[,];", "var a;", "let {} = r;", "[,] = r;", "r = {};",
    "r = [{}];", "r = /* 空 */ {data: []};", "r;", "()=>{};", "function g(){}", "class A{}",
    "new X;", "if(r);", "if(r);else;", "for(;;)break;", "while(r);", "do;while(r);", "switch(r){}",
    "switch(r){default:}", "try{}finally{}", "try{}catch{}", "标: ;", "await r;",
    "await r.catch();", "r.then();", "r?.a?.();", "delete r.a;", "Promise.allSettled();",
    "Promise.all([]);", "r``;", "void 0;", "yield;", "return {};", "return [];",
    "return ({data: []});", "form[``];",
    "form[''];",
])  # fmt: skip
def test_a_statement_ends_reading_in_no_error_wherever_it_stands(piece: str) -> None:
    frames = (
        "let r; try { r = await $proxy('crm').get() } catch (e) { @ } form.a = r.data",
        "const r = await $proxy('crm').get().catch(e => { @ }); form.a = r.data",
        "const r = await $proxy('crm').get().catch(() => { @ }); if (r) { @ } else { @ }",
        "$proxy('crm').get().then(r => { @ }, () => { @ }).finally(() => { @ })",
        "const r = await Promise.allSettled([$proxy('crm').get()].map(async r => { @ }))",
        "for (const r of form.明细) { @ }", "for (let r = 0; r < 3; r++) { @ }", "while (r) { @ }",
        "switch (form.a) { case 1: @ default: @ }", "async function f(r) { @ } form.a = await f()",
        "class B { m(r) { @ } static { @ } }", "if (form.a) { @ } else if (form.b) { @ } @",
        "try { @ } catch { @ } finally { @ }", "form.明细.forEach((r, n) => { @ })", "@",
    )  # fmt: skip
    for frame in frames:
        text = frame.replace("@", f"{piece}\n")
        assert isinstance(read_script(text), ScriptReading)
        assert isinstance(find_slips(text), tuple)


@given(st.text(alphabet="ab$.()[]{}'`=>;,?:&|* \nform proxy await", max_size=60))
def test_no_text_ends_reading_in_an_error(text: str) -> None:
    assert all(isinstance(use, MemberUse) for use in read_script(text).members)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("form.量 === '5'", [("5", "text", True)]),
        ("form.量 == '5'", [("5", "text", False)]),
        ("form.量 !== 5", [("5", "number", True)]),
        ("5 != form.量", [("5", "number", False)]),
        ("form.量 < '5'", []),
        (
            "switch (form.量) { case '5': break; case 6: break; case true: break; default: }",
            [("5", "text", True), ("6", "number", True), ("true", "boolean", True)],
        ),
        ("['5', 6].includes(form.量)", [("5", "text", True), ("6", "number", True)]),
        ("['5'].indexOf(form.量)", []),
        ("({'5': 1, '6': 2})[form.量]", [("5", "text", True), ("6", "text", True)]),
    ],
)
def test_a_comparison_has_its_literal_and_whether_kinds_count(
    text: str, found: list[tuple[str, str, bool]]
) -> None:
    comparisons = read_script(text).comparisons

    assert {one.path for one in comparisons} <= {("量",)}
    assert [(one.text, one.kind, one.is_strict) for one in comparisons] == found
