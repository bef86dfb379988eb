"""Orders of responses, what a person does meanwhile, and what must always or never be true."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from bpmax_sim.explore.judge import VERDICTS, Judgement, VerdictKind
from bpmax_sim.explore.orders import find_concurrent_calls
from bpmax_sim.explore.run_view import ObservedCall
from bpmax_sim.explore.search import Explorer, choose_severity
from bpmax_sim.explore.summary import explain_unjudged_variants, sum_totals
from bpmax_sim.scenario.load import load_items
from bpmax_sim.scenario.model import ExploreSpec
from bpmax_sim.session.options import Severity
from tests.explore.project import explore, write_project

LATE = """\
const found = await $proxy('crm').getCustomer(form.customerId);
form.name = found?.code === 0 ? `${form.customerId} ${found.data.name}` : '未查到';
"""
STALE = """\
const id = form.customerId;
const found = await $proxy('crm').getCustomer(id);
form.name = found?.code === 0 ? `${id} ${found.data.name}` : '未查到';
"""
CAREFUL = """\
const id = form.customerId;
const found = await $proxy('crm').getCustomer(id);
if (id !== form.customerId) return;
form.name = found?.code === 0 ? `${id} ${found.data.name}` : '未查到';
"""
TWO_STEPS = '- {set: {customerId: "1"}}\n- {set: {customerId: "2"}}'
FIRST_WINS = """\
const names = [];
const load = async id => {
  const found = await $proxy('crm').getCustomer(id);
  if (found?.code !== 0) throw new Error('查询失败');
  names.push(id);
};
await Promise.all([load('1'), load('2'), load('3')]);
form.name = names.join();
"""
IN_ORDER = """\
const load = async id => {
  const found = await $proxy('crm').getCustomer(id);
  if (found?.code !== 0) throw new Error('查询失败');
  return id;
};
form.name = (await Promise.all([load('1'), load('2'), load('3')])).join();
"""
ORDER = """\
const order = await $proxy('crm').$api('createOrder').$body({no: 1}).$call();
if (order?.code !== 0) throw new Error('下单失败');
form.orderId = order.data.id;
"""
GUARDED = f"if (form.busy) {{ form.$message = '正在下单'; return; }}\nform.busy = true;\n{ORDER}"
TABLE = {
    "the first response wins": ("change.customerId", FIRST_WINS, "", {("differs", "fail")}),
    "an older response overwrites a newer one": (
        "change.customerId", STALE, TWO_STEPS, {("stale", "warn")},
    ),
    "an older response is dropped": ("change.customerId", CAREFUL, TWO_STEPS, set()),
    "a second click orders twice": ("click.下单", ORDER, "", {("duplicate", "warn")}),
    "a template's name is no idempotency key": (
        "click.下单", ORDER.replace("no: 1", "msgKey: 'sampleText'"), "", {("duplicate", "warn")},
    ),
    "a second click is told off": ("click.下单", GUARDED, "", set()),
}  # fmt: skip


@pytest.mark.parametrize("name", TABLE)
def test_an_order_is_judged(name: str, tmp_path: Path) -> None:
    event, script, steps, expected = TABLE[name]

    found = explore(write_project(tmp_path, script, event=event, steps=steps))

    assert found.refused == ""
    assert {
        (one.judgement.verdict, one.severity)
        for one in found.variants
        if one.column in {"orders", "meanwhile"} and one.judgement.verdict != "handled"
    } == expected


def test_a_step_that_is_left_out_is_not_done_meanwhile(tmp_path: Path) -> None:
    steps = TWO_STEPS.replace(
        '- {set: {customerId: "2"', '- {if: "${case.again}", set: {customerId: "2"'
    )
    more = "cases: [{id: once, again: false}, {id: again, again: true}]\n"
    items = load_items(write_project(tmp_path, STALE, steps=steps, more=more))

    found = [Explorer().explore(item).variants for item in items]

    assert ["meanwhile" in {one.column for one in variants} for variants in found] == [False, True]


def test_every_order_of_three_is_tried_with_the_fewest_inversions_first(tmp_path: Path) -> None:
    found = explore(write_project(tmp_path, IN_ORDER))

    orders = [one for one in found.variants if one.column == "orders"]
    assert len(orders) == 5
    assert [len(one.rules) for one in orders] == sorted(len(one.rules) for one in orders)
    assert {one.judgement.verdict for one in orders} == {"handled"}
    assert found.tried == found.possible


def made(number: int, begin: int, end: int) -> ObservedCall:
    """Return a call that is in flight from *begin* to *end*."""
    return ObservedCall(
        name="crm.getCustomer", number=number, step="1", request=str(number), has_effect=False,
        is_faulted=False, is_login=False, begin=begin, end=end, sent_at=0.0, elapsed=0.0,
        status=200, error="", source="stub", response=None, place=None,
    )  # fmt: skip


@pytest.mark.parametrize("calls", [4, 5])
def test_all_that_is_counted_is_tried_and_orders_that_never_are_get_said(
    tmp_path: Path, calls: int
) -> None:
    lookups = ", ".join(f"$proxy('crm').getCustomer('{one}')" for one in range(calls))
    found = explore(write_project(tmp_path, f"await Promise.all([{lookups}]);"))

    assert found.tried == found.possible
    limit = (
        "5 calls are in flight together; of more than 4, only the orders that at most two swaps "
        "make are tried"
    )
    told = [*map(str, explain_unjudged_variants(sum_totals([found])))]
    assert told == ([limit] if calls > 4 else [])


def test_calls_one_after_the_other_have_no_other_order() -> None:
    assert find_concurrent_calls([made(1, 0, 1), made(2, 2, 3)]) == ()


INVARIANTS = {
    "always": ("always: {form: {orderId: {$not: null}, note: ''}}\n", 1),
    "never": ("never: {form: {note: 出错}}\n", 1),
    "several": ("never: [{form: {note: 别的}}, {form: {note: 出错}}]\n", 1),
    "none that breaks": ("never: [{form: {note: 别的}}]\n", 0),
}


@pytest.mark.parametrize("name", INVARIANTS)
def test_what_must_always_or_never_be_true_is_held_in_every_variant(
    name: str, tmp_path: Path
) -> None:
    more, count = INVARIANTS[name]
    script = f"try {{ {LATE} }} catch {{ form.note = '出错'; }}"

    found = explore(write_project(tmp_path, script, more=more))

    broken = [one for one in found.variants if one.judgement.verdict == "invariant"]
    assert bool(broken) == bool(count)
    assert all(one.fails_scenario for one in broken if one.is_shown)


@pytest.mark.parametrize("severity", ["fail", "warn", "allow"])
@pytest.mark.parametrize("verdict", [one for one in VERDICTS if one != "handled"])
def test_a_scenario_can_say_of_each_verdict_what_it_is(
    verdict: VerdictKind, severity: Severity
) -> None:
    spec = msgspec.yaml.decode(f"{verdict}: {severity}", type=ExploreSpec)
    judgement = Judgement(verdict=verdict)
    assert choose_severity(judgement, spec) == severity
    assert choose_severity(judgement, spec, is_uncertain=True) == severity


def test_a_scenario_says_what_a_verdict_is_to_it(tmp_path: Path) -> None:
    script = f"try {{ {LATE} }} catch {{}}"

    plain = explore(write_project(tmp_path, script))
    told = explore(write_project(tmp_path, script, more="explore: {silent: allow}\n"))

    assert {one.severity for one in plain.variants} == {"fail", "allow"}
    assert {one.severity for one in told.variants} == {"allow"}
    assert [one.judgement for one in plain.variants] == [one.judgement for one in told.variants]


def test_a_retry_shifts_no_number_of_the_scenarios_own_faults(tmp_path: Path) -> None:
    script = """\
const load = async () => {
  for (let left = 2; left; left--) {
    try { return await $proxy('crm').getCustomer(form.customerId); } catch {}
  }
};
const first = await load();
const second = await $proxy('crm').getCustomer('2').catch(e => { console.error(e.code); });
form.name = `${first?.data?.name} ${second?.data?.name}`;
"""
    more = "faults: [{on: crm.getCustomer, call: 2, do: {status: 503}}]\n"

    found = explore(write_project(tmp_path, script, more=more))

    (retried,) = [one for one in found.variants if one.kind == "timeout"]
    assert retried.call.number == 1
    assert retried.judgement.verdict == "handled"


FLOW = """\
flow: 会签
start: 审批
nodes:
  审批: {owners: [7, 8, 9], approve: 结束, reject: 结束}
  结束: {end: true}
"""
APPROVED = """\
version: 1
scenario: 会签
flow: {definition: 会签.yaml, at: 审批, scripts: {before_next.审批: 查.js}}
proxy: {platforms: platforms/, stubs: [{on: crm.get_customer, body: {code: 0, data: {}}}]}
steps:
  - {expect: {flow: {pending: ["7", "8", "9"]}}}
  - {approve: {by: 7}, expect: {flow: {status: finished}}}
"""


@pytest.mark.parametrize("quote", ["", "'"])
def test_who_has_a_task_meanwhile_approves_too_and_nobody_twice(tmp_path: Path, quote: str) -> None:
    scripts = write_project(tmp_path, "").parent
    (scripts / "会签.yaml").write_text(FLOW, encoding="utf-8")
    (scripts / "查.js").write_text("await $proxy('crm').getCustomer('1');", encoding="utf-8")
    path = scripts / "会签.scenario.yaml"
    path.write_text(APPROVED.replace("by: 7", f"by: {quote}7{quote}"), encoding="utf-8")

    found = explore(path)

    assert not found.refused
    again = [
        one.kind
        for one in found.variants
        if one.interruption is not None and one.interruption.is_again and "<" not in one.kind
    ]
    assert again == ["approve again during crm.getCustomer"] * 3  # by 7, 8 and 9
