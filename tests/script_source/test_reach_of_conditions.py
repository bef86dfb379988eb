# ruff: noqa: E501 - scripts, one a line
"""What would make a condition true, or false, and what tells < from <=."""

from __future__ import annotations

from bpmax_sim.script_source.reach import ReachFinder
from tests.script_source.tables import retell


def _find_condition(script: str) -> tuple[int, int]:
    """Return where in *script* the condition of its last statement begins and ends, in bytes."""
    return len(script[: script.index("if (") + 4].encode()), len(
        script[: script.rindex(") go()")].encode()
    )


def list_inputs(script: str) -> list[str]:
    """Return the input with which the condition holds, and the one with which it does not."""
    finder, (start, end) = ReachFinder(script, "a.js"), _find_condition(script)
    found = (finder.describe_condition(start, end, holds=holds) for holds in (True, False))
    return [" / ".join(one or "-" for one in found)]


def list_boundaries(script: str) -> list[str]:
    """Return the comparison with the input in which both sides are equal."""
    found = ReachFinder(script, "a.js").describe_comparison_boundary(*_find_condition(script))
    return [f"{found.left} {found.operator} {found.right}: {found.equal_input!r}"]


INPUTS = r"""
a row with 金额 > 1000 / a row with 金额 ≤ 1000 | if (form.金额 > 1000) go()
a row with 金额 < 1000 / a row with 金额 ≥ 1000 | if (form.金额 < 1000) go()
a row with 金额 ≥ 1000 / a row with 金额 < 1000 | if (form.金额 >= 1000) go()
a row with 金额 ≤ 1000 / a row with 金额 > 1000 | if (form.金额 <= 1000) go()
a row with 金额 < 1000 / a row with 金额 ≥ 1000 | if (1000 > form.金额) go()
a row with 金额 > 1000 / a row with 金额 ≤ 1000 | if (1000 < form.金额) go()
a row with 金额 ≤ 1000 / a row with 金额 > 1000 | if (1000 >= form.金额) go()
a row with 金额 = 1000 / a row with 金额 ≠ 1000 | if (1000 === form.金额) go()
a row with 类型 = '境外' / a row with 类型 ≠ '境外' | if (form.类型 === '境外') go()
a row with 类型 = '境外' / a row with 类型 ≠ '境外' | if (form.类型 == '境外') go()
a row with 类型 ≠ '境外' / a row with 类型 = '境外' | if (form.类型 !== '境外') go()
a row with 类型 ≠ null / a row with 类型 = null | if (form.类型 != null) go()
a row with 急 = true / a row with 急 ≠ true | if (form.急 === true) go()
a row with 客户.级别 = 'VIP' / a row with 客户.级别 ≠ 'VIP' | if (form.客户.级别 === 'VIP') go()
a row with 急 not empty / a row with 急 empty | if (form.急) go()
a row with 急 empty / a row with 急 not empty | if (!form.急) go()
a row with 急 not empty / a row with 急 empty | if (!!form.急) go()
a row with 金额 ≤ 5 / a row with 金额 > 5 | if (!(form.金额 > 5)) go()
a row with another 金额 / a row with another 金额 | if (-form.金额 > 5) go()
a row with 金额 > 5 / a row with 金额 ≤ 5 | if (+form.金额 > 5) go()
a row with 金额 > 5 / a row with 金额 ≤ 5 | if (Number(form.金额) > 5) go()
a row with 编号 = 'A1' / a row with 编号 ≠ 'A1' | if (String(form.编号) === 'A1') go()
a row with 金额 > 5 / a row with 金额 ≤ 5 | if (parseInt(form.金额) > 5) go()
a row with another 金额 / a row with another 金额 | if (Math.abs(form.金额) > 5) go()
a row with 金额 > 5 / a row with 金额 ≤ 5 | if ((form.金额 || 0) > 5) go()
a row with 金额 > 5 / a row with 金额 ≤ 5 | if ((form.金额 ?? 0) > 5) go()
a row with another 金额 / a row with another 金额 | if ((form.金额 && 1) > 5) go()
a row with 附件 not empty / a row with 附件 empty | if (form.附件.length) go()
a row with 附件 empty / a row with 附件 not empty | if (!form.附件.length) go()
a row with 附件.length > 3 / a row with 附件.length ≤ 3 | if (form.附件.length > 3) go()
a row with 金额 > 5, 急 not empty / a row with 金额 ≤ 5 | if (form.金额 > 5 && form.急) go()
a row with 金额 > 5 / a row with 金额 ≤ 5, 急 empty | if (form.金额 > 5 || form.急) go()
a row with another 金额 / a row with 金额 ≤ 5 | if (form.金额 > 5 && now()) go()
a row with another 金额 / a row with 金额 ≤ 5 | if (now() && form.金额 > 5) go()
a row with 金额 > 5 / a row with another 金额 | if (form.金额 > 5 || now()) go()
a row with 金额 > 5 / a row with another 金额 | if (now() || form.金额 > 5) go()
a row with 金额 ≤ 5 / a row with 金额 > 5, 急 not empty | if (!(form.金额 > 5 && form.急)) go()
a row with 金额 > 5, 急 not empty, 级别 = '甲' / a row with 金额 ≤ 5 | if (form.金额 > 5 && form.急 && form.级别 === '甲') go()
a row with 数量 > 可用 / a row with 数量 ≤ 可用 | if (form.数量 > form.可用) go()
a row with another 数量, 额度 / a row with another 数量, 额度 | if (form.数量 > ctx.额度) go()
a row with another 数量 / a row with another 数量 | if (form.数量 > now()) go()
a row with 金额 > 5 / a row with 金额 ≤ 5 | if (ctx.form.金额 > 5) go()
a row with action = 'approve' / a row with action ≠ 'approve' | if (ctx.action === 'approve') go()
a row with step.name not empty / a row with step.name empty | if (ctx.step.name) go()
a row with another 金额, 税 / a row with another 金额, 税 | if (form.金额 + form.税 > 5) go()
a row with another 金额, 额度 / a row with another 金额, 额度 | if (form.金额 * 2 > form.额度) go()
a row with another 明细, 明细.*.错 / a row with another 明细, 明细.*.错 | if (form.明细.some(row => row.错)) go()
a row with another 明细, 明细.*.错 / a row with another 明细, 明细.*.错 | if (form.明细.filter(row => row.错).length > 0) go()
a row with another 备注 / a row with another 备注 | if (form.备注.includes('急')) go()
a row with another 备注 / a row with another 备注 | if (form.备注.trim().toUpperCase() === 'A') go()
a row with values not empty / a row with values empty | if (form.values) go()
a row with another length / a row with another length | if (form.length * 2 > 5) go()
a row with another 明细 / a row with another 明细 | if (form.明细.reduce((sum, row) => sum + row.金额, 0) > 5) go()
a row with another 备注 / a row with another 备注 | if (form.备注.trim() === '') go()
- / - | if (form) go()
- / - | if (now()) go()
- / - | if (x) go()
a row with another 金额 / a row with another 金额 | let x = 1; x = form.金额; if (x) go()
a row with another 金额 / a row with another 金额 | let x = 1, y = 2; x = y; y = form.金额; if (x) go()
- / - | let x, y, z, w; x = y; y = z; z = w; w = form.金额; if (x) go()
a row with 金额 > 5 / a row with 金额 ≤ 5 | const x = form.金额; if (x > 5) go()
a row with 金额 > 5 / a row with 金额 ≤ 5 | const {金额} = form; if (金额 > 5) go()
a response of erp.get_stock with code ≠ 0 / a response of erp.get_stock with code = 0 | const r = await $proxy('erp').get_stock(form.物料); if (r.code !== 0) go()
a response of erp.get_stock with data.free < 数量 / a response of erp.get_stock with data.free ≥ 数量 | const r = await $proxy('erp').get_stock(form.物料); if (r.data.free < form.数量) go()
a row with another 数量, a response of erp.get_stock with another data.free / a row with another 数量, a response of erp.get_stock with another data.free | const r = await $proxy('erp').get_stock(form.物料); if (form.数量 > r.data.free) go()
a response of erp.get_stock with data not empty / a response of erp.get_stock with data empty | const r = await $proxy('erp').get_stock(form.物料); if (r.data) go()
a response of erp.get_stock with data.list not empty / a response of erp.get_stock with data.list empty | const r = await $proxy('erp').get_stock(form.物料); if (r.data.list.length) go()
- / - | const r = await $proxy('erp').get_stock(form.物料); if (r) go()
a response of erp.get_stock with another a, b, a row with another c / a response of erp.get_stock with another a, b, a row with another c | const r = await $proxy('erp').get_stock(form.物料); if (r.a + r.b > form.c) go()
- / - | const r = await $proxy(form.平台).get_stock(form.物料); if (r.code !== 0) go()
a response of erp.a with x > 1, z not empty, a response of erp.b with y > 2, a row with 急 not empty / a response of erp.a with x ≤ 1 | const r = await $proxy('erp').a(), s = await $proxy('erp').b(); if (r.x > 1 && s.y > 2 && r.z && form.急) go()
a response of erp.a with another x, a response of erp.b with another y, a row with another 急, 急.级 / a response of erp.a with another x, a response of erp.b with another y, a row with another 急, 急.级 | const r = await $proxy('erp').a(), s = await $proxy('erp').b(); if (r.x + s.y + form.急 + form.急.级 > 2 * n) go()
another fault on erp.a / another fault on erp.a | try { await $proxy('erp').a() } catch (e) { if (e.code === 'TIMEOUT') go() }
- / - | try { await $proxy('erp').a() } catch (e) { if (other) go() }
- / - | try { JSON.parse(form.x) } catch (e) { if (e.code === 'TIMEOUT') go() }
another fault on erp.b / another fault on erp.b | try { await $proxy(form.p).a(); await $proxy('erp').b() } catch (e) { if (e.code) go() }
"""

BOUNDARIES = r"""
form.金额 > 1000: 'a row with 金额 = 1000' | if (form.金额 > 1000) go()
1000 >= form.金额: 'a row with 金额 = 1000' | if (1000 >= form.金额) go()
form.数量 > form.可用: 'a row with 数量 = 可用' | if (form.数量 > form.可用) go()
form.金额 * 2 > 1000: '' | if (form.金额 * 2 > 1000) go()
now() > 1000: None | if (now() > 1000) go()
1 > 2: None | if (1 > 2) go()
r.data.free < 3: 'a response of erp.get_stock with data.free = 3' | const r = await $proxy('erp').get_stock(form.物料); if (r.data.free < 3) go()
now() < r.data.free * 2: '' | const r = await $proxy('erp').get_stock(form.物料); if (now() < r.data.free * 2) go()
form.备注 < '中': "a row with 备注 = '中'" | if (form.备注 < '中') go()
"""


def test_an_input_is_asked_for_with_which_a_condition_holds_or_not() -> None:
    assert retell(INPUTS, list_inputs) == INPUTS.strip()


def test_an_input_is_asked_for_in_which_both_sides_are_equal() -> None:
    assert retell(BOUNDARIES, list_boundaries) == BOUNDARIES.strip()
