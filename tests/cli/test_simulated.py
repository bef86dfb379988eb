from __future__ import annotations

from tests.cli.project import Command, Project


def test_run_answers_from_simulators(project: Project, bs: Command) -> None:
    done = bs("run", "--mode", "simulate")

    assert done.code == 0
    assert not project.cassette.exists()


def test_record_can_ask_a_simulator(project: Project, bs: Command) -> None:
    recorded = bs("record", "--against", "simulator")

    assert recorded.code == 0
    assert '"simulated":true' in project.cassette.read_text(encoding="utf-8").splitlines()[1]
    assert bs("run").code == 0
