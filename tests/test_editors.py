"""What TypeScript's language server makes of our declarations, where npm has it in its cache.

`tests.campaigns.editors` fetches it, and the one for YAML, and tries them in a night.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from bpmax_sim.cli.types import write_editor_files
from tests.campaigns.editors import ROOT, SERVERS, Server, started, try_typescript


@pytest.fixture(scope="module")
def tsserver(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install it from npm's cache, as nothing may be fetched by day."""
    for program in ("node", "npm"):
        if not shutil.which(program):
            pytest.skip(f"{program} is not installed")
    folder = tmp_path_factory.mktemp("typescript")
    command = ["npm", "install", "--offline", "--silent", "--no-audit", "--no-fund", SERVERS[0]]
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
    if done.returncode:
        pytest.skip("npm has no TypeScript in its cache: python -m tests.campaigns.editors")
    return folder / "node_modules/typescript/lib/tsserver.js"


def test_an_editor_completes_and_shows_what_the_samples_declare(
    tsserver: Path, tmp_path: Path
) -> None:
    for name in ("scenarios", "cassettes"):
        shutil.copytree(ROOT / name, tmp_path / name)
    list(write_editor_files(tmp_path))

    with started(["node", str(tsserver)], tmp_path) as process:
        assert list(try_typescript(Server(process, is_tsserver=True), tmp_path)) == []
