# ruff: noqa: E501 - scripts, one a line
"""Whether a script uses only members of a result, or more of it."""

from __future__ import annotations

from bpmax_sim.errors import Place
from bpmax_sim.script_source.reading import read_results
from bpmax_sim.script_source.unused_results import TELLING_FAILURE, ScriptRange
from tests.script_source.tables import list_result_uses, retell

RESULTS = r"""
#0members@7@24 | await $proxy('crm').a()
#0members@1@18 | $proxy('crm').a()
#0members@17@34 | form.x = (await $proxy('crm').a()).名
#0members@17@34 | form.x = (await $proxy('crm').a())['名']
#0members@17@34 | form.x = (await $proxy('crm').a())[0]
#0whole@17@34 | form.x = (await $proxy('crm').a())[go]
#0whole@17@34 | form.x = (await $proxy('crm').a()).map(go)
#0whole@17@34 #1whole@73@90 #2whole@119@136 #3whole@166@183 #4whole@225@242 #5whole@272@289 | form.x = (await $proxy('crm').a()).hasOwnProperty('a'); form.y = (await $proxy('crm').a()).valueOf(); form.z = (await $proxy('crm').a()).toString(); form.u = (await $proxy('crm').a()).propertyIsEnumerable(); form.v = (await $proxy('crm').a()).filter(go); form.w = (await $proxy('crm').a()).find(go)
#0whole@17@34 #1whole@62@79 #2whole@108@125 #3whole@156@173 #4members@203@220 | form.x = (await $proxy('crm').a()).some(go); form.y = (await $proxy('crm').a()).every(go); form.z = (await $proxy('crm').a()).forEach(go); form.u = (await $proxy('crm').a()).reduce(go); form.v = (await $proxy('crm').a()).slice(1)
#0whole@12@29 | if ((await $proxy('crm').a()).名) go()
#0whole@17@34 | form.x = (await $proxy('crm').a()).名 === 1 ? 1 : 2
#0members@17@34 | form.x = (await $proxy('crm').a()).名 || 1
#0members@17@34 | form.x = (await $proxy('crm').a()).名.长 + 1
#0members@17@34 | const 甲 = await $proxy('crm').a(); form.x = 甲.名
#0whole@17@34 | const 甲 = await $proxy('crm').a(); form.x = 甲.名; form.y = 甲
#0whole@17@34 | const 甲 = await $proxy('crm').a(); form.x = 甲.名; if (甲.级) go()
#0whole@17@34 | const 甲 = await $proxy('crm').a(); form.x = 甲.名; if (甲) go()
#0whole@17@34 | const 甲 = await $proxy('crm').a(); form.x = 甲.名; go(甲)
#0whole@17@34 | const 甲 = await $proxy('crm').a(); form.x = 甲[0] + 甲.map(go)
#0whole@15@32 | let 甲 = await $proxy('crm').a(); 甲 = 1; form.x = 甲.名
#0whole@11@28 | const 甲 = $proxy('crm').a(); form.x = (await 甲).名
#0whole@11@28 | const 甲 = $proxy('crm').a(); form.x = 甲.名
#0members@18@35 | form.x = (await ($proxy('crm').a())).名
#0members@17@34 | const 甲 = await $proxy('crm').a(); form.x = (甲).名
#0members@18@35 | const 甲 = await ($proxy('crm').a()); form.x = 甲.名
#0members@19@36 | const {名} = await $proxy('crm').a(); form.x = 名
#0whole@19@36 | const {名} = await $proxy('crm').a(); if (名) go()
#0whole@25@42 | const {名, ...余} = await $proxy('crm').a(); form.x = 名
#0whole@25@42 | const {[go]: 名} = await $proxy('crm').a(); form.x = 名
#0whole@19@36 | const [名] = await $proxy('crm').a(); form.x = 名
#0whole@24@41 | const {名: [首]} = await $proxy('crm').a(); form.x = 首
#0whole@17@34 | let {名} = await $proxy('crm').a(); 名 = 1; form.x = 名
#0whole@20@37 | let {名, 级} = await $proxy('crm').a(); 级 = 1; form.x = 名
#0whole@17@34 | const 甲 = await $proxy('crm').a(); while (甲.级 < 1) go()
#0whole@17@34 | const 甲 = await $proxy('crm').a(); do { go() } while (甲.级)
#0whole@17@34 | const 甲 = await $proxy('crm').a(); for (;甲.级;) go()
#0whole@17@34 | const 甲 = await $proxy('crm').a(); switch (甲.级) { case 1: go() }
#0whole@17@34 | const 甲 = await $proxy('crm').a(); form.x = 甲.级 ? 1 : 2
#0whole@17@34 | const 甲 = await $proxy('crm').a(); if (!甲.级) go()
#0whole@17@34 | const 甲 = await $proxy('crm').a(); if (甲.级.名 && 1) go()
#0whole@17@34 | const 甲 = await $proxy('crm').a(); if (甲.级 in form) go()
#0members@17@34 | const 甲 = await $proxy('crm').a(); if (甲.级 + 1) go()
#0members@17@34 | const 甲 = await $proxy('crm').a(); if (go()) form.x = 甲.级
#0members@17@34 | const 甲 = await $proxy('crm').a(); if (go(甲.级)) form.x = 1
#0whole@17@34 #1whole@84@101 #2whole@139@156 #3whole@193@210 #4whole@248@265 #5whole@303@320 #6members@359@376 | const 甲 = await $proxy('crm').a(); if (甲.级 <= 1 || go) form.x = 1; const 乙 = await $proxy('crm').b(); if (乙.级 >= 1) go(); const 丙 = await $proxy('crm').c(); if (丙.级 > 1) go(); const 丁 = await $proxy('crm').c(); if (丁.级 == 1) go(); const 戊 = await $proxy('crm').c(); if (戊.级 != 1) go(); const 己 = await $proxy('crm').c(); if (己.级 !== 1) go(); const 庚 = await $proxy('crm').c(); form.a = 庚.级 !== 1
"""


def test_each_use_of_a_result_is_read() -> None:
    assert retell(RESULTS, list_result_uses) == RESULTS.strip()


WORDS = """\
try { go('字 word $a', `模板 ${tpl}`, /rx.y/) } catch (错) { form.a = 错.code + 错.message; go(错) }
await $proxy('crm').b().catch(误 => 误.status); // 注释
const 回 = await $proxy('crm').c(), {字段名, 名: 新} = 回, {表} = form, {物: {深}} = form;
form.d = 回.成员.下级 + 字段名 + 新 + 表 + 深 + form.字段.子 + form.字段 + ctx.动作 + 别.未知;
let 改 = await $proxy('crm').e(); 改 = 1; go(改, {短, 键: 值}); 链?.可选; 行[索引]; form['括号'];
const {解: {构}} = ctx.f, {单} = ctx;
"""


def test_the_words_of_a_script_are_those_of_its_names_and_texts() -> None:
    words = read_results(WORDS).words
    of_known = {"a", "d", "f", "下级", "动作", "单", "回", "字段", "字段名", "成员", "新", "表"}

    assert " ".join(sorted(words.all)) == (
        "$a $proxy a b c catch crm ctx d e f form go rx tpl word y 下级 值 别 动作 单 可选 名 回 子 字 字段 "
        "字段名 成员 括号 改 新 未知 构 模板 深 物 短 索引 行 表 解 链 键"
    )
    assert words.all - words.of_unknown == of_known


def test_a_part_of_a_script_covers_the_places_from_its_start_to_before_its_end() -> None:
    part = ScriptRange(Place("a.js", 2, 5), Place("a.js", 4, 3))
    inside = [(2, 5), (2, 99), (3, 1), (4, 1), (4, 2)]
    outside = [(1, 99), (2, 4), (4, 3), (4, 4), (5, 1)]

    assert all(part.covers(Place("a.js", *place)) for place in inside)
    assert not any(part.covers(Place("a.js", *place)) for place in outside)
    assert not any(part.covers(Place("b.js", *place)) for place in inside)


TELLING = """\
失败 错误 异常 超时 未知 不可用 不存在 无法 没有 暂无 离线 未找到 未查到 找不到 查不到 查无 手工 人工 稍后 重试 待补 待查 待填
FAIL Error unknown timeout Unavailable not_found offline N/A None by_hand try_again
"""
OTHERS = "待办 普通 未到 正常 不到 可用 存在 not by try found ok"


def test_a_text_that_tells_a_person_of_a_failure_is_known_by_its_words() -> None:
    told = {
        word: bool(TELLING_FAILURE.search(f"客户{word.replace('_', ' ')}。"))
        for word in f"{TELLING} {OTHERS}".split()
    }

    assert [word for word, is_told in told.items() if is_told] == TELLING.split()
