"""Which calls the scenario's own faults count, while injected faults cause more of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from bpmax_sim.scenario.calls import CallMade
from bpmax_sim.scenario.faults import to_transport_fault
from bpmax_sim.scenario.load import load_items
from bpmax_sim.scenario.model import FaultAction, FaultRule
from bpmax_sim.scenario.runner import open_session
from bpmax_sim.scenario.trial_run import run_trial
from tests.explore.project import write_project, write_shop

ASK = "form.name = (await $proxy('crm').getCustomer(form.customerId || '7')).data.name;"
RETRY = f"for (let left = 3; left; left--) {{ try {{ {ASK} return; }} catch {{}} }}\n"
ELSE = f"try {{ {ASK} }} catch {{ await $proxy('crm').getCustomer('总部'); }}\n"
LATER = f"const ask = async () => {{ {ASK} }};\nawait ask().catch(() => setTimeout(ask, 1000));\n"
TOLD = (
    f"const ask = async () => {{ {ASK} }};\nawait ask().catch(() => 0);\n"
    "await $proxy('crm').$api('notify').$body({}).$call().catch(() => ask());\n"
)
CLICKS = "- {click: 查询}\n- {click: 查询}\n- {click: 查询}"
OTHERS = '- {set: {customerId: "1"}}\n- {click: 查询}\n- {set: {customerId: "2"}}\n- {click: 查询}'

GET = "crm.getCustomer"


def play(path: Path, injected: Sequence[FaultRule]) -> list[str]:
    """Return what the calls of each step came to, in a trial with the faults *injected*."""
    (item,) = load_items(path)
    usual = run_trial(item, open_session(item)).requests
    rules = [to_transport_fault(one) for one in injected]
    trial = run_trial(item, open_session(item), injected=rules, usual_requests=usual)
    ends = [str(e.status or e.error) for e in trial.events if isinstance(e, CallMade)]
    return [" ".join(ends.pop(0) for _ in range(step.total())) for step in trial.requests]


COUNTED: dict[str, tuple[str, str, str, str, tuple[list[str], list[str]]]] = {
    # script, steps, calls of the scenario's own fault, API whose first call an injected fault
    # delays for too long, outcomes without that and with it
    "the same request in each of three steps": (
        RETRY, CLICKS, "call: 3", GET,
        (["200", "200", "503 200"], ["TIMEOUT 200", "200", "503 200"]),
    ),
    "without a retry": (
        ASK, CLICKS, "call: 2", GET,
        (["200", "503", "200"], ["TIMEOUT", "503", "200"]),
    ),
    "a step that usually asks again, after one that does not": (
        RETRY, CLICKS, "call: 2", GET,
        (["200", "503 200", "200"], ["TIMEOUT 200", "503 200", "200"]),
    ),
    "the first one": (
        RETRY, CLICKS, "call: 1", GET,
        (["503 200", "200", "200"], ["503 200", "200", "200"]),
    ),
    "several": (
        RETRY, CLICKS, "call: 2-3", GET,
        (["200", "503 503 200", "200"], ["TIMEOUT 200", "503 503 200", "200"]),
    ),
    "all of them": (
        RETRY, CLICKS, "attempts: 1", GET,
        (["503 503 503"] * 3, ["503 503 503"] * 3),
    ),
    "other requests between them": (
        RETRY, OTHERS, "call: 2", GET,
        (["", "200", "", "503 200"], ["", "TIMEOUT 200", "", "503 200"]),
    ),
    "a request that is not usual counts": (
        ELSE, CLICKS, "call: 2", GET,
        (["200", "503 200", "200"], ["TIMEOUT 503", "200", "200"]),
    ),
    "a request in a wait that is not usual counts": (
        LATER, "- {click: 查询}", "call: 2", GET,
        (["200"], ["TIMEOUT", "503"]),
    ),
    "the last step": (
        RETRY, "- {click: 查询}", "call: 2", GET, (["200"], ["TIMEOUT 200"]),
    ),
    "the first two, and what another API's fault repeats": (
        TOLD, CLICKS, "call: 1-2", "crm.notify",
        (["503 200", "503 200", "200 200"], ["503 TIMEOUT 200", "503 200", "200 200"]),
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("script", "steps", "calls", "lost", "ends"), COUNTED.values(), ids=COUNTED
)
def test_own_faults_count_the_calls_that_each_step_usually_makes(
    tmp_path: Path, script: str, steps: str, calls: str, lost: str, ends: tuple[list[str], ...]
) -> None:
    own = f"faults: [{{on: crm.getCustomer, {calls}, do: {{status: 503}}}}]\n"
    path = write_project(tmp_path, script, event="click.查询", steps=steps, more=own)
    late = FaultRule(on=lost, call=1, do=FaultAction(error="timeout"))

    assert (play(path, ()), play(path, (late,))) == ends


def test_a_call_that_is_sent_again_with_another_token_is_the_same_call(tmp_path: Path) -> None:
    text = "try { await $proxy('shop').get_customer('7'); } catch {}"
    steps = "- {click: 查询}\n- {click: 查询}"
    path = write_shop(tmp_path, {"event": "click.查询", "platform": "token", "steps": steps}, text)
    own = "faults: [{on: shop.get_customer, call: 2, attempts: 2, do: {status: 401}}]\n"
    path.write_text(path.read_text("utf-8") + own, "utf-8")
    late = FaultRule(on="shop.get_stock", call=1, do=FaultAction(error="timeout"))

    ends = ["200 200", "401 200"]  # a look-up and its login in each step
    assert (play(path, ()), play(path, (late,))) == (ends, ends)
