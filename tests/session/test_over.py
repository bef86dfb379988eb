"""A session that is over goes away at once, with its files: nothing in it refers back to it.

One that an error was raised in is left out: an error has the frames that it went through.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bpmax_sim.scenario.events import ScenarioFinished
from bpmax_sim.scenario.load import load_items
from bpmax_sim.scenario.runner import open_session, run_item
from bpmax_sim.script.failure import Script
from tests.session.test_concurrent import ENVIRON, slowly
from tests.session.test_session import opened

SCENARIOS = Path(__file__).parents[2] / "scenarios"
SCRIPT = Script(
    """const answer = await $proxy('crm_system').getCustomerDetail(form.customerId);
    await new Promise(done => setTimeout(done, 1));
    form.name = answer.data;
    console.log(answer);""",
    "客户.js",
)


def left_by(work: Callable[[], None]) -> int:
    """Return how many objects only the garbage collector can free after *work*.

    It is the least of several counts, since other threads of the process leave some, too.
    """
    for _ in range(3):
        work()  # what is kept for the process is kept by now
    gc.disable()
    gc.collect()
    gc.freeze()  # for the rest of the run: what it holds is not gone through again and again
    try:
        return min(_left_once(work) for _ in range(3))
    finally:
        gc.enable()


def _left_once(work: Callable[[], None]) -> int:
    gc.collect()
    work()
    return gc.collect()


def session(folder: Path, mode: str) -> None:
    transport = None if mode == "replay" else slowly(("12345",))
    environ = {} if mode == "replay" else ENVIRON
    options: dict[str, Any] = {
        "mode": mode,
        "record": "rewrite",
        "environ": environ,
        "transport": transport,
    }
    with opened(folder, **options) as opening:
        opening.run_script(SCRIPT, form={"customerId": "12345"})


@pytest.mark.parametrize("mode", ["record", "replay", "live"])
def test_nothing_of_a_session_waits_for_the_garbage_collector(tmp_path: Path, mode: str) -> None:
    session(tmp_path, "record")

    assert left_by(partial(session, tmp_path, mode)) == 0


@pytest.mark.parametrize(
    "file",
    [
        "contract/合同审批.scenario.yaml",
        "credit/信用核对.scenario.yaml",
        "contact/选择申请人.scenario.yaml",
        "order/报价单联动.scenario.yaml",
        "seed/basic_syntax.scenario.yaml",
    ],
)
def test_nothing_of_a_scenario_does(file: str) -> None:
    item = load_items(SCENARIOS / file)[0]

    def play() -> None:
        *_, last = run_item(item, open_session(item, environ={}), environ={})
        assert isinstance(last, ScenarioFinished)
        assert last.failures == ()

    assert left_by(play) == 0
