"""What becomes of a script when a call fails is judged as a careful reader would."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from bpmax_sim.errors import ConfigError
from bpmax_sim.explore.search import Explorer
from bpmax_sim.scenario.events import ScenarioFinished
from bpmax_sim.scenario.load import load_items
from bpmax_sim.scenario.runner import open_session, run_item
from tests.explore.project import explore, verdicts_of, write_project
from tests.probe import ROOT

SCRIPTS: dict[str, dict[str, Any]] = {
    one["name"]: one
    for one in yaml.safe_load(Path(__file__).with_name("scripts.yaml").read_text("utf-8"))
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_failure_is_judged(name: str, tmp_path: Path) -> None:
    case = SCRIPTS[name]
    event = case.get("event", "change.customerId")

    verdicts = verdicts_of(explore(write_project(tmp_path, case["script"], event=event)))

    found = {
        call: {kind: verdict for kind, verdict in kinds.items() if verdict != "handled"}
        for call, kinds in verdicts.items()
    }
    for call, expected in case.get("found", {}).items():
        assert expected.items() <= found.pop(call).items()
    assert "others" in case or not any(found.values())


def test_a_second_try_after_half_a_step_is_tried(tmp_path: Path) -> None:
    script = SCRIPTS["an order, and then a notice that fails"]["script"]
    path = write_project(tmp_path, script, event="click.下单")

    found = [
        one.judgement.why
        for one in explore(path).variants
        if one.call.name == "crm.notify" and one.kind == "500"
    ]

    assert len(found) == 1
    assert found[0].endswith("a second try does crm.createOrder once more")


REFUSED = {
    "a scenario that does not pass": (
        '- {set: {customerId: "1"}, expect: {form: {name: 李四}}}',
        "",
        "does not pass: ",
    ),
    "a python step": ("- {python: 'tests.nothing:run'}", "", "has a python: step"),
    "a scenario that asks a live system": ("", "mode: live", "(mode: live); only replay"),
    "a scenario that records": ("", "mode: record", "(mode: record); only replay"),
    "a skipped scenario": ("", "skip: true\n", "is skipped"),
    "a scenario that is expected to fail": ("", "xfail: true\n", "is expected to fail"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_explored_is_said(name: str, tmp_path: Path) -> None:
    steps, more, why = REFUSED[name]
    script = SCRIPTS["a script that tells of every failure"]["script"]

    path = write_project(tmp_path, script, steps=steps, more="" if "mode" in more else more)
    if "mode" in more:
        text = path.read_text("utf-8").replace("proxy:\n", f"proxy:\n  {more}\n")
        path.write_text(text, "utf-8")

    found = explore(path)

    assert why in found.refused
    assert found.variants == ()


QYWX = """\
- {platform: qywx, instance_key: default, default: true, credentials: {corpid: {env: QYWX_CORPID},
    corpsecret: {env: QYWX_SECRET}, agentid: 1000002}}
"""


def test_a_time_out_after_the_execution_is_executed_by_a_simulator(tmp_path: Path) -> None:
    script = """\
try { await $proxy('qywx').sendTextMessage('zhangsan', '已下单'); } catch {}
try { await $proxy('qywx').sendTextMessage('zhangsan', '已下单'); } catch {}
"""
    (tmp_path / "send.js").write_text(script, encoding="utf-8")
    (tmp_path / "instances.yaml").write_text(QYWX, encoding="utf-8")
    path = tmp_path / "case.scenario.yaml"
    path.write_text(
        "scenario: 通知\nscript: send.js\nproxy: {mode: simulate, instances: instances.yaml}\n"
        "faults: [{on: qywx.sendTextMessage, call: 1, do: {error: timeout, executed: EXECUTED}}]\n",
        encoding="utf-8",
    )
    for executed in ("true", "false"):
        text = path.read_text("utf-8").replace("EXECUTED", executed)
        path.write_text(text, encoding="utf-8")
        (item,) = load_items(path)
        session = open_session(item)
        *_, last = run_item(item, session)
        assert isinstance(last, ScenarioFinished)
        assert last.outcome == "passed"
        path.write_text(text.replace(f"executed: {executed}", "executed: EXECUTED"), "utf-8")
        sent = session.simulator("qywx").messages
        assert len(sent) == (2 if executed == "true" else 1)


BAD_RULES = {
    "an error before anything is sent": "{error: connect, executed: true}",
    "a delay": "{delay: 1s, executed: true}",
}


@pytest.mark.parametrize("name", BAD_RULES)
def test_what_was_never_sent_cannot_be_executed(name: str, tmp_path: Path) -> None:
    case = SCRIPTS["a script that tells of every failure"]["script"]
    more = f"faults: [{{on: crm.getCustomer, do: {BAD_RULES[name]}}}]\n"

    with pytest.raises(ConfigError, match="executed needs a status"):
        load_items(write_project(tmp_path, case, more=more))


ENDLESS = """\
for (;;) {
  try {
    const found = await $proxy('crm').getCustomer(form.customerId);
    if (found?.code === 0) { form.name = found.data.name; return; }
  } catch {}
  await new Promise(done => setTimeout(done, 1000));
}
"""
TICKING = """\
const found = await $proxy('crm').getCustomer(form.customerId);
form.name = found?.code === 0 ? found.data.name : '未查到';
const tick = () => setTimeout(() => { form.level = 'x'; tick(); }, 1000);
tick();
"""


def test_a_script_that_tries_for_ever_is_ended_and_has_a_verdict_of_its_own(
    tmp_path: Path,
) -> None:
    found = explore(write_project(tmp_path, ENDLESS))

    (endless,) = [one for one in found.variants if one.judgement.verdict == "endless"]
    assert str(endless.kind) == "refused, each time"  # of the other kinds it would be the same
    assert endless.severity == "warn"


def test_a_timer_that_sets_itself_anew_ends_with_the_run(tmp_path: Path) -> None:
    found = explore(write_project(tmp_path, TICKING))

    assert {one.judgement.verdict for one in found.variants if one.is_shown} == {"handled"}


def test_shipped_simulators_answer_where_a_scenario_passes_with_them() -> None:
    (item, *_) = load_items(ROOT / "scenarios/contact/选择申请人.scenario.yaml")
    (own, *_) = load_items(ROOT / "scenarios/archive/合同归档.scenario.yaml")

    found = [Explorer().explore(one, most=1).variants[0].is_simulated for one in (item, own)]

    assert found == [True, False]


def test_what_passes_with_a_simulator_alone_is_explored(tmp_path: Path) -> None:
    (tmp_path / "send.js").write_text("await $proxy('qywx').sendTextMessage('zhangsan', '1');")
    (tmp_path / "instances.yaml").write_text(QYWX, encoding="utf-8")
    path, text = tmp_path / "case.scenario.yaml", "scenario: 通知\nscript: send.js\n"
    found = {}
    for name, more in {"as it can be": "", "replayed": "proxy: {mode: replay}\n"}.items():
        path.write_text(f"{text}{more}", encoding="utf-8")
        (item,) = load_items(path)
        found[name] = Explorer().explore(item, most=1)

    assert found["as it can be"].variants[0].is_simulated
    assert "no cassette" in found["replayed"].refused
