"""``bpmax-sim run``: the network is closed to every step that replays, also to Python's."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from bpmax_sim.cli.app import run_command_line
from tests.ways_out import WAYS

HERE = Path(__file__).parents[1]


@pytest.fixture(name="scenario")
def project(tmp_path: Path, port: int, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a scenario with a row for each way out."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CI", raising=False)
    (tmp_path / "scenarios").mkdir()
    shutil.copy(HERE / "ways_out.py", tmp_path / "scenarios/ways_out.py")
    rows = "".join(f"  - {{id: {json.dumps(way)}, way: {json.dumps(way)}}}\n" for way in WAYS)
    path = tmp_path / "scenarios/直连.scenario.yaml"
    path.write_text(
        "version: 1\nscenario: 直连\n"
        f"cases:\n{rows}"
        "steps:\n"
        "  - name: 直连\n"
        f'    python: {{call: "ways_out:step", args: {{way: "${{case.way}}", port: {port}}}}}\n',
        "utf-8",
    )
    return path


def outcomes(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, list[str]]:
    """Return the exit code, and what became of each row."""
    code = run_command_line([*arguments, "--json"])
    told = json.loads(capsys.readouterr().out)
    return code, [one["outcome"] for one in told["items"]]


@pytest.mark.parametrize("command", [["run"], ["run", "--mode=simulate"]])
def test_no_way_leads_out_while_answers_are_recorded_or_simulated(
    scenario: Path, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    assert outcomes(capsys, *command, str(scenario)) == (1, ["failed"] * len(WAYS))


@pytest.mark.parametrize("command", [["run", "--mode=live"], ["record", "--no-check"]])
def test_every_way_leads_out_live(
    scenario: Path, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    assert outcomes(capsys, *command, str(scenario)) == (0, ["passed"] * len(WAYS))


def test_the_failure_says_which_scenario_reached_where_and_how_to_allow_it(
    scenario: Path, port: int, capsys: pytest.CaptureFixture[str]
) -> None:
    refused = run_command_line(["run", str(scenario), "-k", "create_connection"])
    told = capsys.readouterr().out
    allowed = run_command_line(
        ["run", str(scenario), "-k", "http.client", "--allow-hosts", "127.0.0.1"]
    )

    assert (refused, allowed) == (1, 0)
    assert (
        "scenario scenarios/直连.scenario.yaml::直连[create_connection] tried to look up "
        f"127.0.0.1:{port} outside $proxy, and the network is closed in replay and simulate mode; "
        "call it through $proxy, or allow the host: --allow-hosts=127.0.0.1"
    ) in " ".join(told.split())


def test_coverage_replays_behind_the_guard_too(
    scenario: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_command_line(["coverage", str(scenario)])

    assert f"{len(WAYS)} scenarios failed" in capsys.readouterr().err
