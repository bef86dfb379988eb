"""Whatever a run leaves besides its cassette holds no secret, in any encoding and in no part."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bpmax_sim.secret.vault import Vault
from tests import artefacts
from tests.artefacts import ENCODINGS, SECRETS
from tests.leaks import folder, leaks, parts
from tests.loopback import Loopback, loopback
from tests.probe import ROOT

SOURCES = {"test_of_a_user.py", "仓库.yaml", "instances.yaml", "泄漏.js", "泄漏.scenario.yaml"}


@pytest.fixture(name="server", scope="module")
def server_of() -> Iterator[Loopback]:
    with loopback(artefacts.answer) as server:
        yield server


def left(root: Path, server: Loopback, *command: str) -> dict[str, bytes]:
    """Run *command* in *root*, and return all that it says and leaves."""
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=root,
        env={**os.environ, **artefacts.environ(server.url), "PYTHONPATH": str(ROOT), "CI": ""},
        capture_output=True,
        check=False,
    )
    files = {name: data for name, data in folder(root).items() if name not in SOURCES}
    return {"out": done.stdout, "err": done.stderr, **files}


def found(told: dict[str, bytes]) -> list[str]:
    return leaks(told, SECRETS) + parts(told, SECRETS)


@pytest.mark.parametrize("mode", ["record", "live"])
def test_pytest_leaves_no_secret(tmp_path: Path, server: Loopback, mode: str) -> None:
    artefacts.write(tmp_path)
    told = left(
        tmp_path, server,
        "pytest", "-p", "no:cacheprovider", "-rA", "-l", "--tb=long", "--junitxml=junit.xml",
        "--bpmax-trace=on", "--bpmax-tb", "--bpmax-report", f"--bpmax-mode={mode}",
        *(["-n", "2"] if mode == "live" else ["--log-cli-level=INFO", "--log-file=log.txt"]),
    )  # fmt: skip

    assert b"failed" in told["out"]
    assert b"[redacted: " in told["junit.xml"]
    assert any(name.endswith(".ndjson") for name in told)
    assert any(name.endswith(".html") for name in told)
    assert found(told) == []
