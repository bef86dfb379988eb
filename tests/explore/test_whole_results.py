# ruff: noqa: E501 - a variant, one a line
"""Whole explorations: each variant with its verdict, what it means, and the rules that cause it."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpmax_sim.explore.search import Explorer, JudgedVariant
from bpmax_sim.i18n import to_plain_english
from bpmax_sim.scenario.load import load_items
from bpmax_sim.scenario.model import FaultRule
from tests.explore.project import explore, write_project

SCRIPTS = {
    "a second call stands in for the first": (
        "change.customerId",
        "",
        """\
const tell = to => $proxy('crm').$api('notify').$body({to}).$call();
await tell('开始');
let found;
try {
  found = await $proxy('crm').getCustomer(form.customerId);
} catch {
  try { await tell('失败'); form.note = '请稍后'; } catch {}
}
form.name = found?.data?.name ?? '未查到';
""",
    ),
    "it tries three times": (
        "change.customerId",
        "",
        """\
for (let left = 3; left; left--) {
  try {
    const found = await $proxy('crm').getCustomer(form.customerId);
    if (found?.code === 0) { form.name = found.data.name; return; }
  } catch {}
}
""",
    ),
    "it tries each of two queries twice": (
        "change.customerId",
        "",
        """\
const load = async id => {
  for (let left = 2; left; left--) {
    try {
      const found = await $proxy('crm').getCustomer(id);
      if (found?.code === 0) return found.data.name;
    } catch {}
  }
  return '';
};
form.name = await load('1');
form.level = await load('2');
""",
    ),
    "the newest of three in flight counts": (
        "change.customerId",
        "",
        """\
let latest = 0;
const ask = async id => {
  const mine = ++latest;
  let found;
  try { found = await $proxy('crm').getCustomer(id); }
  catch { if (mine === latest) form.$message = '查询失败'; return; }
  if (mine === latest) form.name = `${id} ${found?.data?.name ?? '未查到'}`;
};
await Promise.all([ask('1'), ask('2'), ask('3')]);
""",
    ),
    "an answer comes after that of the next query": (
        "change.customerId",
        "",
        """\
const ask = async id => {
  const found = await $proxy('crm').getCustomer(id);
  form.name = `${id} ${found?.data?.name ?? '未查到'}`;
};
ask('1').catch(error => console.error(error.code));
await new Promise(done => setTimeout(done, 1000));
await ask('2').catch(error => console.error(error.code));
""",
    ),
    "the first of two is enough": (
        "change.customerId",
        '- {set: {customerId: "1"}}\n- {name: 改, set: {note: 急}}',
        """\
const load = id => $proxy('crm').getCustomer(id);
const found = await Promise.any([load('1'), load('2')]).catch(() => ({data: {name: '未查到'}}));
form.name = found.data.name;
""",
    ),
    "only the newest counts": (
        "change.customerId",
        '- {set: {customerId: "1"}}\n- {set: {customerId: "2"}}',
        """\
const id = form.customerId;
let found;
try { found = await $proxy('crm').getCustomer(id); }
catch { if (id === form.customerId) form.$message = '查询失败'; return; }
if (id !== form.customerId) return;
form.name = found.data?.name ?? '未查到';
""",
    ),
    "a second try fails": (
        "click.下单",
        "- {name: 下单, click: 下单}\n- {name: 改, set: {note: 急}}",
        """\
if (form.orderId) throw new Error('已下单');
const order = await $proxy('crm').$api('createOrder').$body({no: 1}).$call();
form.orderId = order.data.id;
await $proxy('crm').$api('notify').$body({to: 'zhangsan'}).$call();
""",
    ),
    "a second try passes": (
        "click.下单",
        "",
        """\
if (!form.orderId) {
  const order = await $proxy('crm').$api('createOrder').$body({no: 1}).$call();
  form.orderId = order.data.id;
}
await $proxy('crm').$api('notify').$body({to: 'zhangsan'}).$call();
""",
    ),
}
"""Event, steps and script."""
KINDS = ("timeout", "timeout (executed)", "empty body", "code 4290", "data null")
"""The others are judged like one of them."""


def describe_rule(rule: FaultRule) -> str:
    waits = f" +{rule.do.delay:g}" if isinstance(rule.do.delay, float) else ""
    return f"{rule.on.removeprefix('crm.')} {rule.call}{waits}"


def describe(one: JudgedVariant) -> str:
    """Return what *one* is, how it was judged, and what it takes to reproduce it."""
    judgement = one.judgement
    marks = "" if one.is_shown else "?"
    marks += "r" if judgement.is_recovered else ""
    marks += "i" if one.interruption is not None else ""
    place = f"{judgement.step}:{judgement.place.line if judgement.place else ''}"
    names = " ".join(name.removeprefix("crm.") for name in one.base_call_names)
    rules = ", ".join(map(describe_rule, one.rules))
    return (
        f"{to_plain_english(one.kind)} {marks}| {one.call.label.removeprefix('crm.')} at {place} | "
        f"{judgement.verdict} {one.severity} | {to_plain_english(judgement.why)} | {rules} | {names}"
    )


EXPECTED = {
    "a second call stands in for the first": ((29, 29, 29, 0), [
        "timeout | notify at 1:1 | handled allow | rejected: crm.notify: no answer within 30 s (fault) | notify 1 | getCustomer",
        "timeout (executed) | notify at 1:1 | partial warn | crm.notify was done, then the script failed: rejected: crm.notify: no answer within 30 s (fault) | notify 1 | notify getCustomer",
        "empty body | notify at 1:1 | handled allow |  | notify 1 | notify getCustomer",
        "empty body (after crm.notify: empty body) | getCustomer at 1:5 | handled allow |  | notify 1, getCustomer 1 | notify getCustomer",
        "code 4290 | notify at 1:1 | silent fail | crm.notify failed, and nobody was told | notify 1 | getCustomer",
        "timeout | getCustomer at 1:5 | handled allow |  | getCustomer 1 | notify",
        'timeout (after crm.getCustomer: timeout) | notify #2 at 1:1 | silent fail | nobody was told: form.note is "" instead of 请稍后 | getCustomer 1, notify 2 | notify getCustomer',
        "empty body | getCustomer at 1:5 | handled allow |  | getCustomer 1 | notify getCustomer",
        "code 4290 | getCustomer at 1:5 | handled allow |  | getCustomer 1 | notify",
        "data null ?| getCustomer at 1:5 | handled allow |  | getCustomer 1 | notify getCustomer",
    ]),
    "it tries three times": ((21, 21, 21, 0), [
        "timeout r| getCustomer at 1:3 | handled allow |  | getCustomer 1 | ",
        'timeout, each time | getCustomer at 1:3 | silent fail | nobody was told: form.name is "" instead of 张三 | getCustomer 1-3 | ',
        "empty body r| getCustomer at 1:3 | handled allow |  | getCustomer 1 | getCustomer",
        'empty body, each time | getCustomer at 1:3 | silent fail | nobody was told: form.name is "" instead of 张三 | getCustomer 1-3 | getCustomer',
        "code 4290 r| getCustomer at 1:3 | handled allow |  | getCustomer 1 | ",
        'code 4290, each time | getCustomer at 1:3 | silent fail | nobody was told: form.name is "" instead of 张三 | getCustomer 1-3 | ',
        "data null ?| getCustomer at 1:3 | handled allow |  | getCustomer 1 | getCustomer",
    ]),
    "it tries each of two queries twice": ((54, 54, 53, 0), [
        "timeout r| getCustomer at 1:4 | handled allow |  | getCustomer 1 | getCustomer",
        "timeout (after crm.getCustomer: timeout) r| getCustomer #3 at 1:4 | handled allow |  | getCustomer 1, getCustomer 3 | getCustomer",
        'timeout, each time | getCustomer at 1:4 | silent fail | nobody was told: form.name is "" instead of 张三 | getCustomer 1-2 | getCustomer',
        "empty body r| getCustomer at 1:4 | handled allow |  | getCustomer 1 | getCustomer",
        "empty body (after crm.getCustomer: empty body) r| getCustomer #3 at 1:4 | handled allow |  | getCustomer 1, getCustomer 3 | getCustomer",
        'empty body, each time | getCustomer at 1:4 | silent fail | nobody was told: form.name is "" instead of 张三 | getCustomer 1-2 | getCustomer',
        "code 4290 r| getCustomer at 1:4 | handled allow |  | getCustomer 1 | getCustomer",
        'code 4290, each time | getCustomer at 1:4 | silent fail | nobody was told: form.name is "" instead of 张三 | getCustomer 1-2 | getCustomer',
        "data null ?| getCustomer at 1:4 | handled allow |  | getCustomer 1 | getCustomer",
        "timeout r| getCustomer #2 at 1:4 | handled allow |  | getCustomer 2 | getCustomer",
        'timeout, each time | getCustomer #2 at 1:4 | silent fail | nobody was told: form.level is "" instead of 张三 | getCustomer 2-3 | getCustomer',
        "empty body r| getCustomer #2 at 1:4 | handled allow |  | getCustomer 2 | getCustomer",
        'empty body, each time | getCustomer #2 at 1:4 | silent fail | nobody was told: form.level is "" instead of 张三 | getCustomer 2-3 | getCustomer',
        "code 4290 r| getCustomer #2 at 1:4 | handled allow |  | getCustomer 2 | getCustomer",
        'code 4290, each time | getCustomer #2 at 1:4 | silent fail | nobody was told: form.level is "" instead of 张三 | getCustomer 2-3 | getCustomer',
        "data null ?| getCustomer #2 at 1:4 | handled allow |  | getCustomer 2 | getCustomer",
    ]),
    "the newest of three in flight counts": ((37, 37, 37, 3), [
        "timeout | getCustomer at 1:5 | handled allow |  | getCustomer 1 | getCustomer",
        "empty body | getCustomer at 1:5 | handled allow |  | getCustomer 1 | getCustomer",
        "empty body (after crm.getCustomer: empty body) | getCustomer #2 at 1:5 | handled allow |  | getCustomer 1, getCustomer 2 | getCustomer",
        "empty body (after crm.getCustomer: empty body) | getCustomer #3 at 1:5 | handled allow |  | getCustomer 1, getCustomer 3 | getCustomer",
        "code 4290 | getCustomer at 1:5 | handled allow |  | getCustomer 1 | getCustomer",
        "timeout | getCustomer #2 at 1:5 | handled allow |  | getCustomer 2 | getCustomer",
        "empty body | getCustomer #2 at 1:5 | handled allow |  | getCustomer 2 | getCustomer",
        "empty body (after crm.getCustomer #2: empty body) | getCustomer #3 at 1:5 | handled allow |  | getCustomer 2, getCustomer 3 | getCustomer",
        "code 4290 | getCustomer #2 at 1:5 | handled allow |  | getCustomer 2 | getCustomer",
        "timeout | getCustomer #3 at 1:5 | handled allow | shown: 查询失败 | getCustomer 3 | getCustomer",
        "empty body | getCustomer #3 at 1:5 | handled allow |  | getCustomer 3 | getCustomer",
        "code 4290 | getCustomer #3 at 1:5 | handled allow |  | getCustomer 3 | getCustomer",
        "data null ?| getCustomer #3 at 1:5 | handled allow |  | getCustomer 3 | getCustomer",
        "crm.getCustomer < crm.getCustomer #3 < crm.getCustomer #2 | getCustomer #2 at 1:5 | handled allow |  | getCustomer 3 +0.001, getCustomer 2 +0.002 | getCustomer",
        "crm.getCustomer #2 < crm.getCustomer < crm.getCustomer #3 | getCustomer at 1:5 | handled allow |  | getCustomer 1 +0.001, getCustomer 3 +0.002 | getCustomer",
        "crm.getCustomer #2 < crm.getCustomer #3 < crm.getCustomer | getCustomer at 1:5 | handled allow |  | getCustomer 3 +0.001, getCustomer 1 +0.002 | getCustomer",
        "crm.getCustomer #3 < crm.getCustomer < crm.getCustomer #2 | getCustomer at 1:5 | handled allow |  | getCustomer 1 +0.001, getCustomer 2 +0.002 | getCustomer",
        "crm.getCustomer #3 < crm.getCustomer #2 < crm.getCustomer | getCustomer #2 at 1:5 | handled allow |  | getCustomer 2 +0.001, getCustomer 1 +0.002 | getCustomer",
    ]),
    "an answer comes after that of the next query": ((26, 26, 26, 0), [
        "timeout | getCustomer at 1:2 | handled allow | console: TIMEOUT | getCustomer 1 | getCustomer",
        "empty body | getCustomer at 1:2 | handled allow |  | getCustomer 1 | getCustomer",
        "empty body (after crm.getCustomer: empty body) | getCustomer #2 at 1:2 | handled allow |  | getCustomer 1, getCustomer 2 | getCustomer",
        "code 4290 | getCustomer at 1:2 | silent fail | crm.getCustomer failed, and nobody was told | getCustomer 1 | getCustomer",
        "data null ?| getCustomer at 1:2 | handled allow |  | getCustomer 1 | getCustomer",
        "timeout | getCustomer #2 at 1:2 | handled allow | console: TIMEOUT | getCustomer 2 | getCustomer",
        "empty body | getCustomer #2 at 1:2 | handled allow |  | getCustomer 2 | getCustomer",
        "code 4290 | getCustomer #2 at 1:2 | handled allow |  | getCustomer 2 | getCustomer",
        "data null ?| getCustomer #2 at 1:2 | handled allow |  | getCustomer 2 | getCustomer",
        "crm.getCustomer #2 < crm.getCustomer | getCustomer at 1:3 | stale fail | form.name is 1 张三 instead of 2 张三 | getCustomer 1 +1.001 | getCustomer",
    ]),
    "the first of two is enough": ((22, 22, 22, 2), [
        "timeout | getCustomer at 1:1 | handled allow |  | getCustomer 1 | getCustomer",
        "empty body | getCustomer at 1:3 | crash warn | TypeError: Cannot read properties of null (reading 'data') | getCustomer 1 | getCustomer",
        "code 4290 | getCustomer at 1:3 | crash warn | TypeError: Cannot read properties of undefined (reading 'name') | getCustomer 1 | getCustomer",
        "data null ?| getCustomer at 1:3 | crash allow | TypeError: Cannot read properties of null (reading 'name') | getCustomer 1 | getCustomer",
        "timeout | getCustomer #2 at 1:1 | handled allow |  | getCustomer 2 | getCustomer",
        "empty body | getCustomer #2 at 1:1 | handled allow |  | getCustomer 2 | getCustomer",
        "code 4290 | getCustomer #2 at 1:1 | handled allow |  | getCustomer 2 | getCustomer",
        "crm.getCustomer #2 < crm.getCustomer | getCustomer at 1:1 | handled allow |  | getCustomer 1 +0.001 | getCustomer",
        "改 during crm.getCustomer i| getCustomer at 1:1 | handled allow |  | getCustomer 1 +1 | ",
    ]),
    "only the newest counts": ((24, 24, 24, 2), [
        "timeout | getCustomer at 1:3 | handled allow | shown: 查询失败 | getCustomer 1 | ",
        "empty body | getCustomer at 1:6 | crash warn | TypeError: Cannot read properties of null (reading 'data') | getCustomer 1 | getCustomer",
        "code 4290 | getCustomer at 1:3 | handled allow |  | getCustomer 1 | ",
        "data null ?| getCustomer at 1:3 | handled allow |  | getCustomer 1 | getCustomer",
        "timeout | getCustomer #2 at 2:3 | handled allow | shown: 查询失败 | getCustomer 2 | getCustomer",
        "empty body | getCustomer #2 at 2:6 | crash warn | TypeError: Cannot read properties of null (reading 'data') | getCustomer 2 | getCustomer",
        "code 4290 | getCustomer #2 at 2:3 | handled allow |  | getCustomer 2 | getCustomer",
        "data null ?| getCustomer #2 at 2:3 | handled allow |  | getCustomer 2 | getCustomer",
        "set during crm.getCustomer i| getCustomer at 1:3 | handled allow |  | getCustomer 1 +1 | ",
        "set during crm.getCustomer: crm.getCustomer < crm.getCustomer #2 i| getCustomer #2 at 1:3 | handled allow |  | getCustomer 1 +1, getCustomer 2 +1.001 | ",
    ]),
    "a second try fails": ((26, 26, 26, 2), [
        "timeout | createOrder at 1:2 | handled allow | rejected: crm.createOrder: no answer within 30 s (fault) | createOrder 1 | notify",
        "timeout (executed) | createOrder at 1:2 | partial warn | crm.createOrder was done, then the script failed: rejected: crm.createOrder: no answer within 30 s (fault); a second try does crm.createOrder once more | createOrder 1 | createOrder notify",
        "empty body | createOrder at 1:3 | partial warn | crm.createOrder was done, then the script failed: TypeError: Cannot read properties of null (reading 'data'); a second try does crm.createOrder once more | createOrder 1 | createOrder notify",
        "code 4290 | createOrder at 1:3 | crash warn | TypeError: Cannot read properties of undefined (reading 'id') | createOrder 1 | notify",
        "data null ?| createOrder at 1:3 | partial allow | crm.createOrder was done, then the script failed: TypeError: Cannot read properties of null (reading 'id'); a second try does crm.createOrder once more | createOrder 1 | createOrder notify",
        "timeout | notify at 1:4 | partial warn | crm.createOrder was done, then the script failed: rejected: crm.notify: no answer within 30 s (fault); a second try fails too: 已下单 | notify 1 | createOrder",
        "timeout (executed) | notify at 1:4 | partial warn | crm.createOrder, crm.notify were done, then the script failed: rejected: crm.notify: no answer within 30 s (fault); a second try fails too: 已下单 | notify 1 | createOrder notify",
        "empty body | notify at 1:4 | handled allow |  | notify 1 | createOrder notify",
        "code 4290 | notify at 1:4 | silent fail | crm.notify failed, and nobody was told | notify 1 | createOrder",
        "改 during crm.createOrder i| createOrder at 1:2 | handled allow |  | createOrder 1 +1 | ",
        "下单 again during crm.createOrder i| createOrder at 1:2 | duplicate warn | crm.notify was done 2 times | createOrder 1 +1 | ",
        "下单 again during crm.createOrder: crm.createOrder < crm.createOrder #2 i| createOrder #2 at 1:2 | duplicate warn | crm.notify was done 2 times | createOrder 1 +1, createOrder 2 +1.001 | ",
        "下单 again during crm.createOrder: crm.createOrder < crm.notify i| notify at 1:4 | duplicate warn | crm.notify was done 2 times | createOrder 1 +1, notify 1 +1.001 | ",
    ]),
    "a second try passes": ((25, 25, 25, 2), [
        "timeout | createOrder at 1:2 | handled allow | rejected: crm.createOrder: no answer within 30 s (fault) | createOrder 1 | notify",
        "timeout (executed) | createOrder at 1:2 | partial warn | crm.createOrder was done, then the script failed: rejected: crm.createOrder: no answer within 30 s (fault); a second try does crm.createOrder once more | createOrder 1 | createOrder notify",
        "empty body | createOrder at 1:3 | partial warn | crm.createOrder was done, then the script failed: TypeError: Cannot read properties of null (reading 'data'); a second try does crm.createOrder once more | createOrder 1 | createOrder notify",
        "code 4290 | createOrder at 1:3 | crash warn | TypeError: Cannot read properties of undefined (reading 'id') | createOrder 1 | notify",
        "data null ?| createOrder at 1:3 | partial allow | crm.createOrder was done, then the script failed: TypeError: Cannot read properties of null (reading 'id'); a second try does crm.createOrder once more | createOrder 1 | createOrder notify",
        "timeout | notify at 1:5 | partial warn | crm.createOrder was done, then the script failed: rejected: crm.notify: no answer within 30 s (fault); a second try passes, and does nothing twice | notify 1 | createOrder",
        "timeout (executed) | notify at 1:5 | partial warn | crm.createOrder, crm.notify were done, then the script failed: rejected: crm.notify: no answer within 30 s (fault); a second try does crm.notify once more | notify 1 | createOrder notify",
        "empty body | notify at 1:5 | handled allow |  | notify 1 | createOrder notify",
        "code 4290 | notify at 1:5 | silent fail | crm.notify failed, and nobody was told | notify 1 | createOrder",
        "下单 again during crm.createOrder i| createOrder at 1:2 | duplicate warn | crm.notify was done 2 times | createOrder 1 +1 | ",
        "下单 again during crm.createOrder: crm.createOrder < crm.createOrder #2 i| createOrder #2 at 1:2 | duplicate warn | crm.notify was done 2 times | createOrder 1 +1, createOrder 2 +1.001 | ",
        "下单 again during crm.createOrder: crm.createOrder < crm.notify i| notify at 1:5 | duplicate warn | crm.notify was done 2 times | createOrder 1 +1, notify 1 +1.001 | ",
    ]),
}  # fmt: skip


@pytest.mark.parametrize("name", SCRIPTS)
def test_each_variant_is_judged_and_can_be_reproduced(name: str, tmp_path: Path) -> None:
    event, steps, script = SCRIPTS[name]

    found = explore(write_project(tmp_path, script, event=event, steps=steps))

    assert (found.refused, found.knows_member_reads) == ("", True)
    counts = (found.possible, found.tried, len(found.variants), found.most_in_flight)
    own = {"orders", "meanwhile", "two at once"}
    assert (counts, [
        describe(one)
        for one in found.variants
        if to_plain_english(one.kind).removesuffix(", each time") in KINDS
        or ((to_plain_english(one.column) in own and "refused" not in one.kind)
        and not any(word in one.kind for word in ("reset", "500", "429", "JSON", "half")))
    ]) == EXPECTED[name]  # fmt: skip


def test_a_part_of_the_variants_is_tried_in_the_order_of_all(tmp_path: Path) -> None:
    event, _, script = SCRIPTS["it tries three times"]
    (item,) = load_items(write_project(tmp_path, script, event=event))
    told: list[tuple[int, int]] = []

    few = Explorer().explore(item, most=3, on_tried=lambda *counts: told.append(counts))
    over = iter([False, False, True])
    begun = Explorer().explore(item, is_over=lambda: next(over))
    shuffled = Explorer().explore(item, seed=1)

    whole = Explorer().explore(item)
    assert (whole.node_id, whole.name, whole.place) == (item.node_id, item.name, item.place)
    assert (whole.target, whole.refused) == (item.selection_arguments, "")
    assert (few.variants, few.tried, told) == (whole.variants[:3], 3, [(1, 3), (2, 3), (3, 3)])
    assert (begun.variants, begun.tried) == (whole.variants[:2], 2)
    assert shuffled == whole
    parts = [Explorer().explore(item, seed=seed, most=3).variants for seed in (1, 1, 2)]
    assert parts[0] == parts[1] != parts[2]
