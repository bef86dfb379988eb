"""Every scenario of this repository: recorded with the third parties, replayed without them."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from bpmax_sim.scenario.events import ScenarioFinished
from bpmax_sim.scenario.load import ScenarioItem, load_items
from bpmax_sim.scenario.runner import run_item
from bpmax_sim.session.session import Session
from tests.third_parties.together import together

SCENARIOS = Path(__file__).parents[1] / "scenarios"
FILES = sorted(
    path for path in SCENARIOS.rglob("*.scenario.yaml") if path.parent.name != "approvals"
)
"""Those whose scripts call a third party."""
Recorded = tuple[Path, dict[Path, list[str]], Mapping[str, str]]
PUBLIC = ("ARCHIVE_URL", "CRM_URL", "EXTERNAL_URL", "QYWX_URL")

every_scenario = pytest.mark.parametrize(
    "path", FILES, ids=lambda path: path.name.removesuffix(".scenario.yaml")
)


def play(item: ScenarioItem, root: Path, **options: Any) -> ScenarioFinished:
    """Run *item* with its cassette below *root*, and return the verdict."""
    session = Session.open(
        item.platforms,
        instances=item.instances,
        cassette=root / "cassettes" / f"{item.cassette}.yaml",
        owner=item.owner_name_in_cassette,
        clock=item.scenario.clock,
        seed=item.scenario.seed or 0,
        **options,
    )
    *_, last = run_item(item, session, environ={})
    assert isinstance(last, ScenarioFinished)
    return last


def record_all(root: Path, environ: Mapping[str, str], record: str) -> dict[Path, list[str]]:
    """Record every scenario, and return what went wrong with each file."""
    options: dict[str, Any] = {"mode": "record", "record": record, "environ": environ}
    return {
        path: [
            str(failure)
            for item in load_items(path, environ={})
            for failure in play(item, root, **options).failures
        ]
        for path in FILES
    }


def forms(secret: str) -> list[bytes]:
    """Return how *secret* may look in a file."""
    raw = secret.encode()
    return [
        raw,
        quote(secret, safe="").encode(),
        base64.b64encode(raw).rstrip(b"="),
        raw.hex().encode(),
    ]


@pytest.fixture(scope="module")
def recorded(
    tmp_path_factory: pytest.TempPathFactory,
) -> Recorded:
    root = tmp_path_factory.mktemp("recorded")
    with together() as environ:
        failures = record_all(root, environ, "once")
    return root, failures, environ


@every_scenario
def test_a_scenario_passes_against_the_real_third_parties(path: Path, recorded: Recorded) -> None:
    _, failures, _ = recorded
    assert failures[path] == []


@every_scenario
def test_a_recorded_scenario_replays_the_same_twice_with_nothing_set(
    path: Path, recorded: Recorded
) -> None:
    root, _, _ = recorded
    for item in load_items(path, environ={}):
        first, second = (play(item, root, mode="replay", environ={}) for _ in range(2))
        assert first.failures == ()
        assert first.digest == second.digest


def test_no_credential_is_in_any_file(recorded: Recorded) -> None:
    root, _, environ = recorded
    written = b"\n".join(path.read_bytes() for path in root.rglob("*") if path.is_file())
    assert len(written) > 10_000
    secrets = [value for name, value in environ.items() if name not in PUBLIC]
    assert [form for secret in secrets for form in forms(secret) if form in written] == []


def test_recording_again_with_new_credentials_changes_no_cassette(recorded: Recorded) -> None:
    root, _, before = recorded
    cassettes = sorted((root / "cassettes").rglob("*.yaml"))
    contents = [path.read_bytes() for path in cassettes]
    with together() as environ:
        assert environ["CRM_PASSWORD"] != before["CRM_PASSWORD"]
        failures = record_all(root, environ, "rewrite")
    assert not any(failures.values())
    changed = [
        path.relative_to(root).as_posix()
        for path, content in zip(cassettes, contents, strict=True)
        if path.read_bytes() != content
    ]
    assert changed == []
