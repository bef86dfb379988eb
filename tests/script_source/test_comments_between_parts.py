# ruff: noqa: E501 - scripts, one a line
"""A comment may stand between any two parts of a script, and changes nothing of what is read."""

from __future__ import annotations

import pytest

from bpmax_sim.challenge.mutants import read_mutants
from bpmax_sim.script_source.reach import ReachFinder
from bpmax_sim.script_source.syntax import SyntaxTree
from tests.script_source.tables import list_slips, retell
from tests.script_source.test_readings_at_their_limits import (
    list_comparisons,
    list_ignored,
    list_members,
    list_misuses,
    list_names_and_marks,
)

MEMBERS = r"""
form.a:test@13 form.b:write@31 form.a:read!@40 | if (/* 有 */ 'a' in form) form.b = form.a
form.a:test@1 form.b:write@19 form.a:read!@28 | if (⏎// 有电话⏎'a' in form) form.b = form.a
form.b:write@44 form.a:read!@53 | if (Object.hasOwn(form, /* 名 */ 'a')) form.b = form.a
form.b:write@6 result#0.data:read@12 | const r = (await $proxy('crm').get() /* 客户 */);⏎form.b = r.data
form.b:write@6 form.明细:read@18 form.明细:read@15 form.明细.*.数量:read@41 | form.b = form.明细.map(/* 行 */ row => row.数量)
form.b:write@6 form.明细:read@18 form.明细:read@15 form.明细.*.数量:read@43 | form.b = form.明细.map((/* 行 */ row) => row.数量)
form.明细:read@9 form.明细:read@6 form.b:write@44 | form.明细.forEach((row, /* 号 */ n) => { form.b = n.x })
form.b:write@55 result#0.data:read@61 | await $proxy('crm').get().then((/* 客户 */ r) => { form.b = r.data })
form.b:write@6 result#0.data:read@22 | async function 取() { return /* 客户 */ $proxy('crm').get() }⏎form.b = (await 取()).data
"""

COMPARISONS = r"""
form.a===text:A@25 | if (form.a === (/* 甲 */ 'A')) go()
form.a===text:A@26 | if ((/* 甲 */ form.a) === 'A') go()
form.a===text:A@6 form.a===text:B@19 | if (['A', /* 乙 */ 'B'].includes(/* 级别 */ form.a)) go()
form.a===text:A@20 | form.b = (/* 名 */ {'A': 1})[form.a]
error.code===text:A@44 | go().catch((/* 错 */ e) => { if (e.code === 'A') go() })
form.a===text:A@34 | switch (/* 级别 */ form.a) { case ('A'): go() }
"""

MISUSES = r"""
value:@54 | const r = $proxy('crm').get(); if (/* 问 */ (/* 再问 */ r)) go()
value:@46 | const r = $proxy('crm').get(); if (!(/* 问 */ r)) go()
value:@52 | const r = $proxy('crm').get(); form.a = `${/* 名 */ r}`
"""

IGNORED = r"""
dropped:14-52@53 | try /* 客户 */ { form.a = await $proxy('crm').get() } catch (e) {}
- | form.a = await $proxy('crm').get().catch(/* 没有也行 */ () => {})
"""

NAMES = r"""
text:张三@17 | return /* 经理 */ '张三'
text:张三@18 | return (/* 经理 */ '张三')
global:form:read@8 text:乙@31 text:甲@17 | return form.x ? '甲' /* 一 */ : '乙' /* 二 */
global:form:read@8 text:乙@1 text:甲@17 | return form.x ? '甲' : (⏎'乙' // 二⏎)
ownerless@9 | return [{/* 经理 */ name: '张三'}]
owner:张三@9 owner:李四@23 | return ['张三', /* 副 */ '李四']
sig:f(a,b) | function f(/* 金额 */ a, b /* 税率 */) { return a + b }
async:f sig:f(id,options2,rest3) | const f = async (⏎// 客户⏎id,⏎/* 选项 */ {级别},⏎...其余⏎) => id
global:form:read@1 | form.a = (2 /* 二 */) ** (/* 三 */ 3)
"""

SLIPS = r"""
- | await Promise.all(/* 都要 */ [$proxy('crm').a(), $proxy('crm').b()])
- | await Promise.all([$proxy('crm').a()] /* 都要 */)
missing-await@18 | await Promise.all(/* 都要 */ $proxy('crm').a(), $proxy('crm').b())
missing-await@18 | await Promise.all(/* 都要 */ $proxy('crm').a())
missing-await@1 | await (/* 等 */ sleep); function sleep() {}
missing-await@22 | new Promise(/* 执行 */ async done => done())
wrong-callback@10 | form.a = [10, /* 二 */ 9].sort(/* 默认 */)
- | form.a = [10 /* 只有一个 */].sort()
wrong-callback@32 | form.a = form.明细.sort(/* 倒序 */ (a, b) => { return /* 大 */ a > b })
wrong-value@28 | form.a = Math.max(/* 最大 */ form.明细.map(row => row.数量))
unreachable@30 | for (const row of form.明细) { break⏎/* 只看第一行 */ }
- | for (const row of form.明细) { /* 不做 */ }
constant-condition@15 | if (/* 总是 */ ('甲')) go()
no-effect@23 | if (form.x) { /* 先 */ form.a = 1 } form.a = 2
no-effect@1 | form.a = 1; /* 再 */ form.a = 2
- | const 表 = {/* 一 */ 甲: 1, 乙: 2}; form.a = 表.丙
"""


def test_members_and_their_tests_are_read_beside_comments() -> None:
    assert retell(MEMBERS, list_members) == MEMBERS.strip()


def test_comparisons_are_read_beside_comments() -> None:
    assert retell(COMPARISONS, list_comparisons) == COMPARISONS.strip()


def test_promises_for_values_are_read_beside_comments() -> None:
    assert retell(MISUSES, list_misuses) == MISUSES.strip()


def test_ignored_errors_are_read_beside_comments() -> None:
    assert retell(IGNORED, list_ignored) == IGNORED.strip()


def test_returned_texts_and_owners_are_read_beside_comments() -> None:
    assert retell(NAMES, list_names_and_marks) == NAMES.strip()


def test_slips_are_found_beside_comments() -> None:
    assert retell(SLIPS, list_slips) == SLIPS.strip()


@pytest.mark.parametrize(
    ("source", "reach"),
    [
        ("if (/* 大单 */ form.金额 > 5) go()", "a row with 金额 > 5"),
        ("if (!(/* 大单 */ form.金额 > 5)) go()", "a row with 金额 <= 5"),
        ("if ((⏎// 大单⏎form.金额 > 5)) go()", "a row with 金额 > 5"),
    ],
)
def test_what_reaches_a_branch_is_read_beside_comments(source: str, reach: str) -> None:
    text = source.replace("⏎", "\n")
    start, end = text.index("("), text.rindex(")", 0, text.index(" go"))
    found = ReachFinder(text, "a.js").describe_condition(
        len(text[:start].encode()), len(text[: end + 1].encode()), holds=True
    )

    assert str(found) == reach.replace("<=", "≤")


def list_mutants(script: str) -> list[str]:
    """Return each mistake that can be made in *script*: its kind and its column."""
    found = read_mutants(SyntaxTree(script))
    return [f"{one.kind}@{one.place.column}" for one in found if one.kind != "member-name"]


MUTANTS = r"""
code-check@5 code-check@5 | if (form.a) { go(); return; /* 完 */ }
code-check@5 code-check@5 guard@21 | if (form.a) { go(); return /* 完 */ } go()
code-check@32 code-check@32 | form.明细.filter(/* 有效 */ row => row.ok)
guard@1 argument@26 | throw new Error(/* 客户 */ '没有')
- | for (const row of form.明细) { go(row); break; /* 一次 */ }
argument@35 | for (const row of form.明细) return row
loop@1 | for (const row of form.明细) { go(row) /* 每次 */ }
loop@1 | for (const row of form.明细) go(row) // 每次
loop@1 code-check@8 code-check@8 | do go(row) // 每次⏎while (row)
field-write@1 field-write@10 field-write@10 | form.a = await 取().catch(e => { /* 不管 */ })
field-write@1 field-write@10 field-write@10 error-swallowed@26 | form.a = await 取().catch(e => { /* 记下 */ go(e) })
error-swallowed@24 | try { go() } catch (e) { /* 再抛 */ throw e }
code-check@5 code-check@5 field-write@24 field-write@33 field-write@33 | if (form.a > form.b) { form.a = form.b; /* 小的 */ }
error-swallowed@11 | const r = await /* 客户 */ $proxy('crm').get()
"""


def test_mistakes_are_made_beside_comments() -> None:
    assert retell(MUTANTS, list_mutants) == MUTANTS.strip()


@pytest.mark.parametrize(
    ("source", "new"),
    [
        ("for (const row of rows) go(row) // 每次", "for (const row of rows) { go(row); break; }"),
        ("for (const row of rows) go(row); // 每次", "for (const row of rows) { go(row); break; }"),
        ("for (const row of rows) a = {row}", "for (const row of rows) { a = {row}; break; }"),
        (
            "for (const row of rows) if (row) go()",
            "for (const row of rows) { if (row) go(); break; }",
        ),
        ("for (const row of rows) { go(row) }", "for (const row of rows) { { go(row) } break; }"),
        ("do go() // 每次\nwhile (a)", "do { go(); break; }\nwhile (a)"),
        ("while (a) {}", None),
        ("while (a) return", None),
    ],
)
def test_a_loop_of_one_turn_is_valid_without_semicolons(source: str, new: str | None) -> None:
    tree = SyntaxTree(source)
    loops = [one for one in read_mutants(tree) if one.kind == "loop"]

    assert [one.new for one in loops] == ([] if new is None else [new])
    assert not any(tree.has_error_with(one.start, one.end, one.new.encode()) for one in loops)


@pytest.mark.parametrize(
    ("before", "is_separated"),
    [
        ("", False), ("// 先\n", False), ("go();\n", False), ("go(); // 先\n", False), ("go()\n", True),
        ("const a = go\n// 先\n", True), ("if (form.c) go()\n", True), ("if (form.c) go();\n", False),
    ],
)  # fmt: skip
def test_a_mistake_is_no_call_of_what_the_line_before_ends_with(
    before: str, *, is_separated: bool
) -> None:
    source = f"{before}form.a > 1 && form.b && go(1)"
    tree, start = SyntaxTree(source), len(before.encode())
    found = [one for one in read_mutants(tree) if one.start == start]

    dropped = [one.new for one in found if one.new.endswith(")")]
    probes = [one.probe for one in found if one.kind == "comparison"]
    head = "void 0, " * is_separated
    assert dropped == [f"{head}(form.a > 1)", f"{head}(form.b)"]
    assert [one.startswith(f"{head}(((l, r)") for one in probes] == [True]
