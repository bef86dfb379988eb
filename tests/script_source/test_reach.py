# ruff: noqa: E501 - a script stands on one line
"""What would reach a way of a script that nothing has taken."""

from __future__ import annotations

import pytest

from bpmax_sim.script_source.counters import insert_counters
from bpmax_sim.script_source.reach import ReachFinder

CALL = "const r = await $proxy('erp').get_stock(form.物料);\n"
REACHES = {
    "a comparison with a field": ("if (form.金额 > 1000) { 1 }", "then", "a row with 金额 > 1000"),
    "which held": ("if (form.金额 > 1000) { 1 }", "else", "a row with 金额 ≤ 1000"),
    "the other way round": ("form.a = 1000 <= form.金额 ? 1 : 2", "?", "a row with 金额 ≥ 1000"),
    "two fields": ("if (form.数量 > form.可用) 1", "else", "a row with 数量 ≤ 可用"),
    "a text": ("if (ctx.form.类型 === '境外') 1", "then", "a row with 类型 = '境外'"),
    "several": ("if (form.金额 > 5 && !form.附件.length) 1", "then", "a row with 金额 > 5, 附件 empty"),
    "one of several": ("if (form.金额 > 5 && !form.附件) 1", "else", "a row with 金额 ≤ 5"),
    "negated": ("if (!(form.金额 > 0)) 1", "then", "a row with 金额 ≤ 0"),
    "a business code": (CALL + "if (r.code !== 0) throw 1", "then", "a response of erp.get_stock with code ≠ 0"),
    "a member of a response": (CALL + "form.a = r.data.free || 1", "||", "a response of erp.get_stock with data.free empty"),
    "both": (CALL + "if (r.data.free < 3 && form.急) 1", "then", "a response of erp.get_stock with data.free < 3, a row with 急 not empty"),
    "a fallback": ("form.a = form.原因 ?? '无'", "??", "a row with 原因 empty"),
    "a second condition": ("form.a = form.原因 && 1", "&&", "a row with 原因 not empty"),
    "an assigned fallback": ("form.原因 ||= '无'", "||", "a row with 原因 empty"),
    "what is caught": ("try {\n  " + CALL + "} catch (e) { 1 }", "catch", "a fault on erp.get_stock, such as {error: timeout}"),
    "which error is caught": ("try {\n  " + CALL + "} catch (e) {\n  if (e.status !== 404) throw e;\n}", "then", "another fault on erp.get_stock"),
    "what is caught does not decide": ("try {\n  " + CALL + "} catch (e) {\n  if (now) throw e;\n}", "then", ""),
    "a case": ("switch (form.级别) { case '甲': break; }", "case", "a row with 级别 = '甲'"),
    "what is not known": ("if (await 别的(form.a)) 1", "then", "a row with another a"),
    "what is calculated": ("if (form.a * 2 > r.b) 1", "then", "a row with another a"),
    "what catches nothing of ours": ("try { JSON.parse(form.a) } catch { 1 }", "catch", ""),
    "a number of a field": ("const n = Number(form.天数) || 0; if (n >= 3) 1", "then", "a row with 天数 ≥ 3"),
    "a limit with a name": ("const most = 9; if (+form.a > most) 1", "then", "a row with a > 9"),
    "a part of a list": ("const b = form.a.filter(f); if (b.length) 1", "then", "a row with another a"),
    "the default": ("switch (form.a) { default: 1 }", "default", "a row with another a"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "arm", "expected"), REACHES.values(), ids=REACHES)
def test_what_would_reach_a_branch_is_said_where_it_is_simple(
    text: str, arm: str, expected: str
) -> None:
    counted = insert_counters(text)
    assert counted is not None
    [branch] = [one for one in counted.counters if one.arm == arm and one.decision != (0, 0)][:1]
    assert ReachFinder(text, "script.js").describe_reach(branch) == expected
