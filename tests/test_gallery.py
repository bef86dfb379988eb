"""The gallery is whole: each scenario has its recording and its line in the documentation."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cli.app import run_command_line
from bpmax_sim.report.perform import PerformOptions, perform
from bpmax_sim.scenario.load import ScenarioItem, load_items
from bpmax_sim.script.hits import ScriptHits

ROOT = Path(__file__).parents[1]
SCENARIOS = sorted((ROOT / "scenarios").rglob("*.scenario.yaml"))
ROWS = [item for path in SCENARIOS for item in load_items(path)]
CALLING = [item for item in ROWS if item.path.parent.name != "approvals"]
"""Those whose scripts call a third party; patterns of approval need none."""
FOLDERS = (
    "approvals",
    "archive",
    "contact",
    "contract",
    "credit",
    "crm",
    "expense",
    "oauth",
    "order",
    "purchase",
    "seed",
)


UNRELATED = """\
platform_key: erp
base_url: https://erp.example.test
ignore: [header.x-request-time]
apis:
  list_orders: {method: GET, path: /orders, ignore: [query.t], volatile: [body.server_time]}
"""


def cassette(item: ScenarioItem) -> Path:
    return ROOT / f"cassettes/{item.cassette}.yaml"


@pytest.mark.parametrize("item", CALLING, ids=lambda item: item.cassette)
def test_a_scenario_has_its_recording(item: ScenarioItem) -> None:
    assert item.owner_name_in_cassette in Cassette.load(cassette(item)).owners


def test_no_recording_is_left_over() -> None:
    recorded = {path for path in (ROOT / "cassettes").rglob("*.yaml") if path.parent.name != "auth"}

    assert recorded == {cassette(item) for item in CALLING}


def test_every_key_is_under_the_rules_in_force(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    code = run_command_line(["cassette", "fmt", "--check"])

    assert (code, capsys.readouterr().out) == (0, "")


def test_a_platform_that_no_recording_is_of_makes_none_stale(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for folder in ("scenarios", "cassettes"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "scenarios/platforms/erp.yaml").write_text(UNRELATED, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    code = run_command_line(["cassette", "fmt", "--check"])

    assert (code, capsys.readouterr().out) == (0, "")


def test_what_the_documentation_names_is_there() -> None:
    page = (ROOT / "docs/zh/reference/gallery.md").read_text(encoding="utf-8")
    rows = [row for row in page.splitlines() if row.startswith("| ") and "`" in row]
    named = [name for row in rows for name in re.findall(r"`([^`]+)`", row.rpartition(" | ")[2])]

    assert len(named) > 5
    for name in named:
        path = ROOT / "scenarios" / name
        assert path.exists() or path.with_name(f"{path.name}.scenario.yaml").exists(), name
    assert "bpmax-sim list scenarios" in page


def test_every_kind_of_thing_that_goes_on_is_shown() -> None:
    assert {path.parent.name for path in SCENARIOS} == set(FOLDERS)
    table = load_items(ROOT / "scenarios/contact/选择申请人.scenario.yaml")
    rows = {item.row.id: bool(item.faults) for item in table if item.row}
    assert rows == {
        "正常": False,
        "限流429": True,
        "频率超限": True,
        "超时": True,
        "令牌过期": True,
        "坏JSON": True,
    }


def test_a_run_with_counters_comes_to_the_same() -> None:
    hits = ScriptHits()
    for item in ROWS:
        plain, _ = perform(item, PerformOptions())
        counted, _ = perform(item, PerformOptions(options={"hits": hits}))
        same = [(one.outcome, one.digest, one.console, one.calls) for one in (plain, counted)]
        assert same[0] == same[1], item.name
    assert not hits.lost
