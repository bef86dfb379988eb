"""Readers that go, disks that are full, and Ctrl-C: a clean word and a code of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from importlib.abc import MetaPathFinder
from pathlib import Path

import pytest

from bpmax_sim.cli import main
from tests import warm
from tests.cli.project import ROOT, Command, Project
from tests.snapshots import snapshot
from tests.systems import needs_signals

pytestmark = needs_signals

_KEPT = "; what was being recorded is kept, `bpmax-sim cassette recover` seals it"


def started(*arguments: str, cwd: Path, stdout: int, python: str = "") -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [python or warm.python(), "-m", "bpmax_sim", *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"},
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdout=stdout,
    )


@pytest.mark.parametrize("arguments", [["list"], ["schema", "scenario"], ["run"], ["doctor"]])
def test_a_reader_that_goes_early_is_no_error(recorded: Project, arguments: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    process = started(*arguments, cwd=recorded.folder, stdout=writing)
    os.close(writing)

    _, err = process.communicate(timeout=60)

    assert (process.returncode, err) == (141, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no disk that is full")
def test_a_full_disk_is_told(recorded: Project) -> None:
    with Path("/dev/full").open("wb") as full:
        process = started("schema", "scenario", cwd=recorded.folder, stdout=full.fileno())
        _, err = process.communicate(timeout=60)

    assert process.returncode == 2
    assert err.decode() == snapshot(
        "standard output cannot be written: No space left on device; send it elsewhere\n"
    )


@pytest.mark.usefixtures("heard")
def test_ctrl_c_while_the_program_starts_ends_with_130_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Impatient(MetaPathFinder):
        def find_spec(self, name: str, *_: object) -> None:
            if name == "bpmax_sim.cli.app":
                raise KeyboardInterrupt

    monkeypatch.delitem(sys.modules, "bpmax_sim.cli.app")
    monkeypatch.setattr(sys, "meta_path", [Impatient(), *sys.meta_path])

    with pytest.raises(SystemExit) as ended:
        main(["--version"])

    assert ended.value.code == 130


def test_ctrl_c_ends_with_130_and_without_a_traceback(recorded: Project) -> None:
    recorded.edit(recorded.cassette, "张三", "张四")
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:  # who is started by a job in the background ignores it
        process = started(
            "cassette",
            "seal",
            "cassettes/crm/customer.yaml",
            cwd=recorded.folder,
            stdout=subprocess.DEVNULL,
            python=sys.executable,
        )
    finally:
        signal.signal(signal.SIGINT, before)
    assert process.stderr is not None
    asked = b""
    while not asked.endswith(b"[y/N]:"):
        asked += process.stderr.read(1)
    time.sleep(0.1)  # it is reading the answer now
    process.send_signal(signal.SIGINT)
    process.wait(timeout=60)  # with its input open: an end of that is another answer

    _, err = process.communicate(timeout=60)

    assert (process.returncode, err) == (130, b"\nstopped\n")


@pytest.mark.parametrize(
    ("arguments", "kept"),
    [
        (["run", "scenarios/records"], ""),
        (["run", "--mode=record", "scenarios/records"], _KEPT),
        (["record", "scenarios/records"], _KEPT),
    ],
)
def test_ctrl_c_tells_of_a_recording_only_where_one_is_made(
    project: Project, bs: Command, arguments: list[str], kept: str
) -> None:
    folder = project.folder / "scenarios/records"
    folder.mkdir()
    (folder / "stop.py").write_text("def stop(bench):\n    raise KeyboardInterrupt\n")
    scenario = folder / "stop.scenario.yaml"
    scenario.write_text("scenario: stop\nsteps: [{python: 'stop:stop'}]\n")

    done = bs(*arguments)

    assert (done.code, done.err.splitlines()[-1]) == (130, f"stopped{kept}")
