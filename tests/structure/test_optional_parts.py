"""What a session does not need is not imported with it; it registers or is imported when used."""

from __future__ import annotations

import subprocess
import sys

OPTIONAL = ("fuzz", "openapi", "report", "server", "simulator", "traffic.formats", "traffic.har")
CODE = """
import sys
import bpmax_sim.session.session
print(*sorted(sys.modules))
"""


def test_a_session_imports_no_optional_part() -> None:
    done = subprocess.run(
        [sys.executable, "-c", CODE], capture_output=True, check=True, encoding="utf-8"
    )

    modules = done.stdout.split()
    assert "bpmax_sim.session.replay" in modules
    assert [
        one for one in modules if one.startswith(tuple(f"bpmax_sim.{p}" for p in OPTIONAL))
    ] == []
    assert {"httpx", "hypothesis", "jsonschema", "respx", "vcr"}.isdisjoint(modules)
