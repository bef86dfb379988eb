"""What becomes of a script when a call fails is judged as a careful reader would."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.explore.project import explore, verdicts_of, write_project

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
    "a skipped scenario": ("", "skip: true\n", "is skipped"),
    "a scenario that is expected to fail": ("", "xfail: true\n", "is expected to fail"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_explored_is_said(name: str, tmp_path: Path) -> None:
    steps, more, why = REFUSED[name]
    script = SCRIPTS["a script that tells of every failure"]["script"]

    found = explore(write_project(tmp_path, script, steps=steps, more=more))

    assert why in found.refused
    assert found.variants == ()
