"""``doctor``: what is installed, and whether it works here."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

import bpmax_sim
from bpmax_sim.cli.checkup import Finding, project_findings
from bpmax_sim.cli.options import Json
from bpmax_sim.cli.output import say, say_document
from bpmax_sim.errors import BpmaxError
from bpmax_sim.report.exits import ExitCode
from bpmax_sim.report.terminal import table
from bpmax_sim.scenario.names import find_root
from bpmax_sim.script.source import Script
from bpmax_sim.session.session import Session

PACKAGES = ("quickjs-ng", "httpx", "pytest", "hypothesis", "vcrpy", "respx", "PyYAML", "msgspec")
EXTRAS = {
    "server": (("starlette", "uvicorn"), "for serve and simulate"),
    "v8": (("py_mini_racer",), "for scripts that need all of ICU"),
    "remote": (("fsspec",), "for cassettes at a URL"),
    "keyring": (("keyring",), "for credentials in a keyring"),
}
"""What of the package is optional: its modules, and what it is good for."""

_SAMPLE = "合同"


def doctor(*, json: Json = False) -> int:
    """Check the installation."""
    found = list(findings())
    sound = all(ok for ok, _, _ in found)
    if json:
        checks = [{"ok": ok, "name": name, "value": value} for ok, name, value in found]
        say_document(ok=sound, checks=checks)
    else:
        for line in table([("√" if ok else "×", name, value) for ok, name, value in found]):
            say(line)
    return ExitCode.PASSED if sound else ExitCode.FAILED


def findings() -> Iterator[Finding]:
    """Yield whether each thing is right, what it is, and what was found."""
    yield True, "bpmax-sim", str(bpmax_sim.__version__)
    yield True, "python", f"{platform.python_version()} on {platform.system()}"
    yield from map(_package, PACKAGES)
    yield _engine()
    yield from map(_extra, EXTRAS)
    yield _console()
    root = find_root(Path.cwd())
    yield _writable("project", root)
    yield _writable("cassettes", root / "cassettes")
    yield from project_findings(root, os.environ)
    yield True, "CI", "set, so recording asks twice" if os.environ.get("CI") else "not set"


def _package(name: str) -> Finding:
    try:
        return True, name, metadata.version(name)
    except metadata.PackageNotFoundError:
        return False, name, f"not installed; run `pip install {name}`"


def _extra(name: str) -> Finding:
    """Tell of something that only some need."""
    packages, purpose = EXTRAS[name]
    if all(find_spec(one) for one in packages):
        return True, f"extra {name}", "installed"
    return True, f"extra {name}", f"not installed; {purpose}: pip install 'bpmax-sim[{name}]'"


def _console() -> Finding:
    encoding = sys.stdout.encoding or "ascii"
    told = f"{encoding}, files {sys.getfilesystemencoding()}"
    try:
        _SAMPLE.encode(encoding)
        os.fsencode(_SAMPLE)
    except (UnicodeEncodeError, LookupError):
        return False, "console", f"{told}; it lacks Chinese: set PYTHONUTF8=1"
    return True, "console", told


def _engine() -> Finding:
    try:
        with Session.open() as session:
            outcome = session.run_script(Script("doctor.js", "return await Promise.resolve(6 * 7)"))
    except (BpmaxError, ImportError) as error:
        return False, "scripts", str(error)
    works = outcome.value == 42  # noqa: PLR2004 - 6 * 7
    return works, "scripts", "run" if works else f"give {outcome.value!r} for 6 * 7"


def _writable(name: str, folder: Path) -> Finding:
    """Look at the folder, or at the nearest above where it would be made."""
    place = next(one for one in (folder, *folder.parents) if one.exists())
    if place.is_dir() and os.access(place, os.W_OK):
        return True, name, str(folder)
    return False, name, f"{place} cannot be written; change its rights, or run elsewhere"
