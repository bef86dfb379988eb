# ruff: noqa: E501 - scripts, one a line
"""Scripts that stand just beside what a rule is about, and the words that a script holds."""

from __future__ import annotations

from bpmax_sim.script_source.reading import read_results
from tests.script_source.tables import list_facts, list_slips, retell

SLIPS = r"""
- | switch (form.a) { case 1: go(1) }
fallthrough@34 fallthrough@49 | switch (form.a) { case 1: go(1); case 2: go(2); default: go(3) }
- | const o = {get 甲() { return 1 }, set 甲(值) { go(值) }}; go(o)
duplicate-key@69 | class 单 { static 甲() { return 1 } 甲() { return 2 } 乙() { return 3 } 乙() { return 4 } } go(new 单())
- | form.a = form.d?.取().filter(row => { form.b = row })
- | form.a = form.d.取?.().filter(row => { form.b = row })
- | form.a = form.d?.[0].filter(row => { form.b = row })
missing-return@27 | form.a = form.d[0].filter(row => { form.b = row })
missing-return@31 | form.a = (form.d?.取)().filter(row => { form.b = row })
- | if (form.a.lengthy) { if (!form.a) go(1) }
constant-condition@26 | if (form.a.length) { if (!form.a) go(1) }
constant-condition@26 | if (form.a.trim()) { if (!form.a) go(1) }
- | if (form.a.trim().b) { if (!form.a) go(1) }
"""
FACTS = r"""
call:crm.a/'':direct(0):assigned@11@18@25 misuse:value:@33 misuse:value:@42 misuse:value:@51 misuse:value:@59 misuse:value:@67 misuse:value:@74 misuse:value:@81 misuse:value:@89 | const p = $proxy('crm').a(); go(p === 1, p !== 1, p == 1, p != 1, p < 1, p > 1, p <= 1, p >= 1); await p
call:crm.a/'':direct(0):assigned@11@18@25 misuse:value:@33 misuse:value:@40 misuse:value:@47 misuse:value:@54 misuse:value:@61 power@78 | const p = $proxy('crm').a(); go(p + 1, p - 1, p * 1, p / 1, p % 1, p ?? 1, p ** 1); await p
form.甲:read!@39 | if (form.hasOwnProperty('甲')) go(form.甲)
form.甲:read@44 | if (form.hasOwnProperty('甲', '乙')) go(form.甲)
form.甲:read@36 | if (form.hasOwnProperty()) go(form.甲)
form.甲:read!@39 | if (Object.hasOwn(form, '甲')) go(form.甲)
form.甲:read@34 | if (Object.hasOwn(form)) go(form.甲)
form.甲:read@36 | if (Object.has(form, '甲')) go(form.甲)
form.甲:read@28 misuse:value:(go)@5 | if (go(form, '甲')) go(form.甲)
form.own:read@10 form.甲:read@28 | if (form.own('甲')) go(form.甲)
form.甲:test@5 form.甲:read!@26 | if ('甲' in form) go(form.甲)
form.$message:write@6 form.明细:write@62 form.$message.type:write@108 form.$message:read@99 form.a:truth@120 form.$messages:write@143 message:form.$message=type@18 message:form.$message.type=error@24 message:form.$message=text@33 message:form.$message=type@94 message:form.$message.type=info@124 message:form.$message.type=无@133 global:键:read@46 global:乙:read@53 | form.$message = {type: 'error', text: '有误', [键]: 1, 乙}; form.明细 = {type: 'warn', text: '无'}; form.$message.type = form.a ? 'info' : '无'; form.$messages = {type: 'b'}
global:乙:read@45 global:丙:read@48 | { var 甲 = 1; let 乙 = 2; const 丙 = 3 } go(甲, 乙, 丙)
form.明细:read@20 form.明细.*:read@10 form.明细.*.乙:read@31 form.明细.*.丁.*:read@38 | for (var 甲 of form.明细) { var {乙, 丁: [丙]} = 甲 } go(甲, 乙, 丙)
call:crm.a/'':direct(0):member@17@24@31 | const 果 = await $proxy('crm').a().then(); go(果.甲)
call:crm.a/'':direct(0):member@17@24@31 result#0.乙:read@47 result#0.乙.甲:read@56 | const 果 = await $proxy('crm').a().then(值 => 值.乙); go(果.甲)
call:crm.a/'':direct(0):member@17@24@31 result#0.甲:read@72 | const 果 = await $proxy('crm').a().catch(e => 1).finally(() => 2); go(果.甲)
ctx.明细.*.名称:read@26 ctx.明细:read@11 ctx.明细:read@8 ctx.明细.*.a:read@23 ctx.明细.*.名称:read@57 ctx.明细.*:read@54 ctx.明细:read@37 ctx.明细:read@34 ctx.明细.*.a:read@51 form.明细.*.名称:read@84 form.明细:read@69 form.明细:read@66 form.明细.*.a:read@81 ctx.明细:read@95 ctx.明细:read@92 | go(ctx.明细.find(行 => 行.a).名称, ctx.明细.filter(行 => 行.a)[0].名称, form.明细.find(行 => 行.a).名称, ctx.明细.join(',').名称)
call:crm.a/'':direct(0):awaited@17@24@31 result#0.明细.*.名称:read@50 result#0.明细:read@44 result#0.明细:read@41 result#0.明细.*.名称:read@74 result#0.明细:read@68 result#0.明细:read@59 result#0.明细:read@56 result#0.明细.长:read@94 result#0.明细:read@83 result#0.明细:read@80 | const 果 = await $proxy('crm').a(); go(果.明细.at(0).名称, 果.明细.slice(1).pop().名称, 果.明细.concat([]).长)
"""


def test_scripts_beside_a_limit_have_these_slips() -> None:
    assert retell(SLIPS, list_slips) == SLIPS.strip()


def test_scripts_beside_a_limit_have_these_facts() -> None:
    assert retell(FACTS, list_facts) == FACTS.strip()


WORDS = r"""
code2? go? 下标? 别? | try { go(1) } catch (错) { go(错.code, 错[下标], 错, 别.code2) }
go? 号? 名? 拆? 改? 简写? | const 号 = 1; go(号, {简写: 1, 号}); const {拆, 改: 名} = go(); go(拆, 名)
ctx? form? go? 人 单价? 数量 明细 查? 行? 部门? 金额? | function 查(行) { return 行.单价 + form.数量 + form.明细.金额 + ctx.人.部门 } go(查)
$proxy? crm? d? find? go? 列 名 总 文? 本? 果 模板? 正则? 甲? 编号 | const 果 = await $proxy('crm').find('文 本-甲'); go(果.编号, 果.列[0].名, /正则\d/, `模板${果.总}`)
$proxy? crm? find? go? 余额? 变? | let 变 = await $proxy('crm').find(); 变 = go(); go(变.余额)
- | // 注释 的词
a_b$c? form? go? then? 甲 | go(form.甲.then, 'a_b$c', "")
"""


def list_words(script: str) -> list[str]:
    """Return the words of *script*, with ``?`` those that may be members of an unknown object."""
    words = read_results(script).words
    return [f"{word}{'?' * (word in words.of_unknown)}" for word in sorted(words.all)]


def test_names_and_words_of_texts_are_the_words_of_a_script() -> None:
    assert retell(WORDS, list_words) == WORDS.strip()
