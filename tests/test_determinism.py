"""The same scenario gives the same trace, byte for byte, wherever and however it runs."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from benchmarks.determinism import ROOT, SCENARIO, finished, prepare, pythons, trial
from tests import warm
from tests.apart import PLUGINS


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return prepare(tmp_path_factory.mktemp("一样"))


def test_zone_locale_hash_seed_and_python_change_nothing(recorded: Path) -> None:
    found = trial(recorded, processes=6 * len(pythons()), each=2)

    assert len(found) == 12 * len(pythons())
    assert set(found) == {finished(recorded).digest}


def test_the_folder_and_the_working_directory_change_nothing(
    recorded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = prepare(tmp_path / "别处")
    monkeypatch.chdir(recorded.parent)
    here = finished(Path(recorded.name)).digest
    monkeypatch.chdir(tmp_path)

    assert {here, finished(recorded).digest, finished(elsewhere).digest} == {here}


def test_other_chance_is_another_trace(tmp_path: Path) -> None:
    path = prepare(tmp_path)
    first = finished(path).digest
    path.write_text(SCENARIO.replace("seed: 7", "seed: 8"), encoding="utf-8")

    assert finished(path).digest != first


@pytest.mark.parametrize("workers", ["0", "2"])
def test_the_number_of_workers_changes_nothing(
    recorded: Path, tmp_path: Path, workers: str
) -> None:
    """The scenario expects the digest of another process."""
    folder = tmp_path / "副本"
    shutil.copytree(recorded.parent, folder)
    text = SCENARIO + f"expect: {{trace: {finished(recorded).digest}}}\n"
    (folder / recorded.name).write_text(text, encoding="utf-8")
    command = [warm.python(), "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    command += ["-p", "tests.warm.workers", "-n", workers]
    environ = {**os.environ, **PLUGINS, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}

    done = subprocess.run(
        [*command, "."], cwd=folder, env=environ, capture_output=True, check=False
    )

    assert "1 passed" in done.stdout.decode(), done.stdout.decode() + done.stderr.decode()
