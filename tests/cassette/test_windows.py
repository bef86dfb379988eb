"""What recording does to files under rules of Windows, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.skipif(sys.platform != "linux", reason="locks of Linux stand in for those of Windows")
def test_recording_neither_renames_nor_deletes_what_is_open(tmp_path: Path) -> None:
    command = (sys.executable, "-m", "tests.cassette.windows", str(tmp_path / "客户.yaml"))
    root = Path(__file__).parents[2]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)

    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        "客户.yaml [3, 6, 7]",
        "['.lock.journal', '客户.yaml']",
    ]
