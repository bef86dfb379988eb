"""An environment of the peers' own, in the user's cache, made by pip and kept."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import venv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple


class Peer(NamedTuple):
    """A pinned peer: its version, and the month in which that came out."""

    name: str
    version: str
    date: str


PEERS = (
    Peer("vcrpy", "9.4.2", "2026-11"),
    Peer("pytest-recording", "0.14.1", "2026-11"),
    Peer("cassetter", "0.16.1", "2026-10"),
    Peer("respx", "0.23.1", "2026-04"),
    Peer("pytest-httpx", "0.36.2", "2026-04"),
    Peer("betamax", "0.9.0", "2024-02"),
)
BASE = ("httpx==0.28.1", "requests==2.34.2", "pytest==9.2.0")
"""What the peers are tried with."""


def cache() -> Path:
    """Return the folder of the environments."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "bpmax-sim-benchmarks"


def environment(
    peers: Sequence[Peer] = PEERS,
    *,
    base: Sequence[str] = BASE,
    folder: Path | None = None,
    options: Sequence[str] = (),
) -> tuple[Path, Mapping[str, str]]:
    """Return the interpreter of an environment with *peers*, and why which could not be installed.

    *options* go to pip, such as another index.
    """
    pins = [*base, *(f"{one.name}=={one.version}" for one in peers)]
    name = hashlib.sha256("\n".join([sys.version, *pins]).encode()).hexdigest()[:16]
    home = (folder or cache()) / name
    python = home / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not python.exists():
        venv.create(home)
    missing: dict[str, str] = {}
    for pin in pins:
        said = _install(python, pin, options)
        if said:
            missing[pin.partition("==")[0]] = said
    return python, missing


def _install(python: Path, pin: str, options: Sequence[str]) -> str:
    """Return why *pin* cannot be installed, or nothing."""
    name, _, version = pin.partition("==")
    code = f"import importlib.metadata as m; print(m.version({name!r}))"
    known = subprocess.run([python, "-c", code], check=False, capture_output=True, text=True)
    if known.returncode == 0 and known.stdout.strip() == version:
        return ""
    # An environment's own pip takes longer to make than all that it installs.
    pip = [sys.executable, "-m", "pip", "--python", str(python)]
    command = [*pip, "install", "--quiet", "--retries=1", *options, pin]
    ran = subprocess.run(command, check=False, capture_output=True, text=True)
    errors = [line for line in ran.stderr.splitlines() if line.startswith("ERROR:")]
    return "" if ran.returncode == 0 else (errors or ["ERROR: pip failed"])[-1][7:]
