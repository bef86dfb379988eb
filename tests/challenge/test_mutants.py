"""The kinds of mistakes that are put into scripts, and what is left as it is."""

from __future__ import annotations

import pytest

from bpmax_sim.challenge.ignore_comments import read_ignore_comments
from bpmax_sim.challenge.mutants import KINDS, read_mutants
from bpmax_sim.script_source.syntax import SyntaxTree

CALL = "const 客户 = await $proxy('crm', {caller: '合同'}).getCustomer(form.编号, '简版');\n"

OTHER = (
    "v => typeof v === 'string' ? v + '~' : typeof v === 'number' ? v + 1 : "
    "typeof v === 'boolean' ? !v : v"
)
PLAIN = OTHER.replace("v + '~'", "'~'")
NEAR = r"v => typeof v === 'string' ? v.replace(/\d(?=\D*$)/, d => 9 - d) : v"
MADE = {
    "member-name": (
        f"{CALL}if (客户.data.level) form.等级 = 1;",
        ["编号 → 编号_", "data → data_", "level → level_"],
    ),
    "field-write": (
        "form.客户 = '甲'; ctx.project.remark = 1; form.明细[0].金额 += 2;",
        ["form.客户 = '甲' → void ('甲')", "'甲' → '~'", "ctx.project.remark = 1 → void (1)",
         f"1 → ({PLAIN})(1)", "form.明细[0].金额 += 2 → void (2)"],
    ),
    "field-state": (
        "form.$required = {附件: true, 类别: false}; form.$options = {类别: ['甲']};",
        ["附件: true → ...{}", "类别: false → ...{}",
         "form.$options = {类别: ['甲']} → void ({类别: ['甲']})"],
    ),
    "message": (
        "form.$message = {type: 'error', text: '错'};",
        ["form.$message = {type: 'error', text: '错'} → void ({type: 'error', text: '错'})",
         "'错' → '~'"],
    ),
    "body-member": (
        ("const 单 = {客户: 1, 行: {数量: 2}};\n单.备注 = 3;\n列.push({甲: 4});\n"
        "await $proxy('erp').createOrder(单);"),
        ["客户: 1 → ...{}", "行: {数量: 2} → ...{}", "数量: 2 → ...{}", "单.备注 = 3 → void (3)",
         "甲: 4 → ...{}"],
    ),
    "args-swap": (
        f"{CALL}核对(form.甲, form.乙); Math.max(1, 2); setTimeout(f, 300);",
        ["form.编号, '简版' → '简版', form.编号", "form.甲, form.乙 → form.乙, form.甲"],
    ),
    "code-check": (
        "if (结果.code !== 200 && form.启用) form.a = 1;",
        ["结果.code !== 200 && form.启用 → true", "结果.code !== 200 && form.启用 → false",
         "结果.code !== 200 && form.启用 → (结果.code !== 200)",
         "结果.code !== 200 && form.启用 → (form.启用)"],
    ),
    "comparison": ("if (form.金额 > 1000) a();", ["form.金额 > 1000 → form.金额 >= 1000"]),
    "fallback": (
        "form.名称 = form.简称 || '无'; const 数 = x ?? 0; if (a || b) c();",
        ["form.简称 || '无' → (form.简称)", "x ?? 0 → (x)"],
    ),
    "argument": (
        "await $proxy('crm').getA('简版', 数); 核对('甲', 数); console.log('乙');",
        ["'简版' → '简版~'", f"数 → ({OTHER})(数)", f"数 → ({NEAR})(数)", "'甲' → '甲~'"],
    ),
    "call": ("await $proxy('oa').refresh();", ["$proxy('oa').refresh() → void 0"]),
    "loop": (
        "for (const 行 of form.明细) { a(行); }",
        [("for (const 行 of form.明细) { a(行); } → "
         "for (const 行 of form.明细) { { a(行); } break; }")],
    ),
    "guard": (
        ("if (a) throw new Error('x'); if (b) return false; if (c) return 1; if (d) return;\n"
        "if (e) { f(); return; }"),
        ["throw new Error('x'); → ;", "return false; → return;", "return false; → ;",
         "return; → ;"],
    ),
    "error-swallowed": (
        ("try { await $proxy('crm').getA(); } catch (e) { form.错 = e.code; }\n"
        "await $proxy('crm').getB();"),
        ["{ form.错 = e.code; } → {}", ("await $proxy('crm').getB() → await (async () => { try { "
         "return await $proxy('crm').getB(); } catch { return {}; } })()")],
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_mistake_is_made(kind: str) -> None:
    script, changes = MADE[kind]
    found = [one for one in read_mutants(SyntaxTree(script)) if one.kind == kind]
    assert [f"{one.old} → {one.new}" for one in found] == changes
    for mutant in found:
        assert not SyntaxTree(mutant.apply(script.encode())).root.has_error


DECIDED = [
    # a script, and its condition; the parts that are left out, where there are several
    ("if (甲) f();", "甲", ()),
    ("if (!(甲 && 乙)) f();", "!(甲 && 乙)", ("(甲)", "(乙)")),
    ("while (甲 || 乙) f();", "甲 || 乙", ("(甲)", "(乙)")),
    ("do { f(); } while (甲 && 乙);", "甲 && 乙", ("(甲)", "(乙)")),
    ("for (let 次 = 0; 甲; 次++) f();", "甲", ()),
    ("g(甲 && 乙 ? 1 : 2);", "甲 && 乙", ("(甲)", "(乙)")),
    ("甲 && f();", "甲", ()),
    ("(甲 || 乙) || f();", "甲 || 乙", ("(甲)", "(乙)")),
    ("switch (true) { case 甲 && 乙: f(); }", "甲 && 乙", ("(甲)", "(乙)")),
    *(
        (f"行.{method}({callback});", "x.甲 && x.乙", ("(x.甲)", "(x.乙)"))
        for method in ("filter", "some", "every", "find", "findIndex", "findLast")
        for callback in ("x => x.甲 && x.乙", "x => { return x.甲 && x.乙; }",
                         "function (x) { return x.甲 && x.乙; }")
    ),
    ("行.filter(x => !x.甲);", "!x.甲", ()),
    ("const 对 = 甲 === 1 || 乙 === 2;", "甲 === 1 || 乙 === 2", ("(甲 === 1)", "(乙 === 2)")),
]  # fmt: skip


@pytest.mark.parametrize(("script", "condition", "parts"), DECIDED)
def test_a_condition_is_always_true_never_or_misses_a_part(
    script: str, condition: str, parts: tuple[str, ...]
) -> None:
    found = [one for one in read_mutants(SyntaxTree(script)) if one.kind == "code-check"]
    assert {one.new for one in found if one.old == condition} >= {"true", "false"}
    assert {one.new for one in found} == {"true", "false", *parts}
    assert {one.kind for one in read_mutants(SyntaxTree(script))} <= {
        "code-check", "member-name", "argument", "loop",
    }  # fmt: skip


def test_only_the_callback_of_a_list_method_decides_something() -> None:
    for script in (
        "行.map(x => x.甲 && f(x));",
        "行.filter(f, x => x.甲);",
        "switch (甲) { case 乙: f(); }",
        "for (let i = 0; i < n; i++) f();",
    ):
        assert "true" not in [one.new for one in read_mutants(SyntaxTree(script))]


@pytest.mark.parametrize(
    "script",
    [
        "form.a = 1 + 2 * 3;",
        "const t = `${x}元`;",
        "const p = $proxy('crm', {caller: '合同'});",
        "setTimeout(() => 1, 300); clearTimeout(t);",
        "console.log('a', b || 'c');",
        "const n = 清单.length; 清单.map(f);",
        "这不是脚本 (",
    ],
)
def test_what_is_noise_is_left_as_it_is(script: str) -> None:
    kinds = {one.kind for one in read_mutants(SyntaxTree(script))}
    assert kinds <= {"field-write"}


def list_edits(script: str) -> list[str]:
    return [f"{one.kind}: {one.old} → {one.new}" for one in read_mutants(SyntaxTree(script))]


@pytest.mark.parametrize(
    "name",
    [
        "parseInt", "parseFloat", "isNaN", "isFinite", "encodeURIComponent", "decodeURIComponent",
        "structuredClone", "atob", "btoa", "String", "Number", "Boolean", "Symbol", "BigInt",
        "Date", "RegExp", "setTimeout", "setInterval", "clearTimeout", "clearInterval",
        "Math.max", "JSON.stringify", "Object.keys", "Array.from", "Promise.all", "Intl.Collator",
        "Reflect.has", "Map.groupBy",
    ],
)  # fmt: skip
def test_arguments_of_what_javascript_has_are_left_as_they_are(name: str) -> None:
    assert list_edits(f"const 值 = {name}('甲', '乙');") == []
    assert list_edits("const 值 = 核对('甲', '乙');") == [
        "argument: '甲' → '甲~'",
        "args-swap: '甲', '乙' → '乙', '甲'",
        "argument: '乙' → '乙~'",
    ]


@pytest.mark.parametrize("zone", ["", "UTC"])
@pytest.mark.parametrize("unit", ["FullYear", "Month", "Date", "Hours", "Minutes"])
def test_what_a_date_is_set_to_is_another_value(unit: str, zone: str) -> None:
    changed = [f"argument: 数 + 30 → ({OTHER})(数 + 30)", f"argument: 数 + 30 → ({NEAR})(数 + 30)"]

    assert list_edits(f"日.set{zone}{unit}(数 + 30);") == changed
    assert list_edits(f"日.get{zone}{unit}(数 + 30);") == []


@pytest.mark.parametrize(
    ("method", "is_added"),
    [("push", True), ("unshift", True), ("concat", True), ("includes", False), ("查", False)],
)
def test_members_of_what_a_list_gets_are_left_out(method: str, *, is_added: bool) -> None:
    edits = ["body-member: 甲: 4 → ...{}", "body-member: 乙 → ...{}"] if is_added else []

    assert list_edits(f"列.{method}({{甲: 4, 乙}});") == edits


def test_a_comment_leaves_kinds_out_and_says_why() -> None:
    tree = SyntaxTree(
        "// bpmax-ignore-next args-swap, argument: 两个编号相同\n核对(a, b);\n"
        "// bpmax-ignore-next args-swap\n核对(a, b);\n"
        "// bpmax-ignore-next arg-swap: 没有这种\n"
        "// bpmax-ignore: power\n"
    )
    good, bare, unknown = read_ignore_comments(tree)
    assert (good.kinds, good.line, good.reason) == (("args-swap", "argument"), 2, "两个编号相同")
    assert not good.wrong
    assert "reason is missing" in bare.wrong
    assert "'arg-swap'" in unknown.wrong
    assert "args-swap" in unknown.wrong
