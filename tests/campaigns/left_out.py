"""What a stage of ``.ci/nightly`` leaves out because this machine cannot have what it needs.

A skip is no pass: the table at the end of the night shows it with its reason. What apt-get, PyPI or
npm would install is no reason: without it a stage is red.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

SKIPPED: Final = 77
"""The exit code of a stage that tried nothing, as in Automake and Meson."""
_NAME: Final = "BPMAX_SIM_LEFT_OUT"


def report_left_out(what: str) -> None:
    """Print *what* was not tried and why, and add it to the file for the table of the night."""
    sys.stdout.write(f"left out: {what}\n")
    if path := os.environ.get(_NAME):
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(f"{what}\n")
