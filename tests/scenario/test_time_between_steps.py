"""Time between steps: skipped in every mode, but waited for where a step tries again."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from bpmax_sim.subject.hooks import FieldChanged
from tests.scenario.project import Project, verdict

SCENARIO = """\
version: 1
scenario: 过期的报价
form: {scripts: {click.看: look.js}, fields: {见: null}}
proxy: {platforms: platforms}
clock: "2026-03-02T09:00:00+08:00"
steps:
  - {click: 看}
  - {advance: 1h}
  - {click: 看}
"""
LOOK = """\
const 始 = Date.now();
await $proxy('crm_system').get_customer_detail('12345');
form.见 = [始 - Date.parse('2026-03-02T09:00:00+08:00'), Date.now() - 始];
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.chdir(tmp_path)
    return Project(tmp_path)


def test_an_hour_passes_at_once_in_every_mode_and_scripts_see_it(project: Project) -> None:
    path = project.write(SCENARIO, {"look.js": LOOK})
    begun = time.monotonic()
    seen = {}
    for mode in ("live", "record", "replay"):
        events = project.events(path, mode=mode)
        assert verdict(events).failures == ()
        seen[mode] = [event.new for event in events if isinstance(event, FieldChanged)]

    assert time.monotonic() - begun < 60
    assert seen["record"] == seen["live"] == seen["replay"] == [[0, 250], [3_600_250, 250]]


def test_trying_again_waits_for_the_live_system(project: Project) -> None:
    again = "{click: 看, retry: {tries: 3, every: 100ms, until: {form: {见: 好}}}}"
    text = SCENARIO.replace("{click: 看}\n  - {advance: 1h}\n  - {click: 看}", again)
    look = "await $proxy('crm_system').get_customer_detail('1'); form.见 = Date.now()"
    path = project.write(text, {"look.js": look})
    begun = time.monotonic()
    events = project.events(path, mode="live")

    assert time.monotonic() - begun >= 0.2
    assert len(project.sent) == 3
    first, second, third = (event.new for event in events if isinstance(event, FieldChanged))
    assert (second - first, third - second) == (350, 350)
