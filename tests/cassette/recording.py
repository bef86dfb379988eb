"""A process that records: ``-m tests.cassette.recording PATH COUNT LIMIT [--hang] OWNER…``."""

from __future__ import annotations

import resource
import signal
import sys
import time
from pathlib import Path

from bpmax_sim.cassette.journal import finds_nothing
from bpmax_sim.cassette.recorder import Recorder
from tests.cassette.exchanges import RULES, ZONE, answer, detail


def record(path: Path, owner: str, count: int) -> Recorder:
    """Record *count* exchanges, printing the number of each once it is safe."""
    recording = Recorder(path, rules=RULES, owner=owner, scan=finds_nothing, zone=ZONE)
    for number in range(count):
        recording.append(detail(number, outcome=answer(f'{{"客户":"{owner}","n":{number}}}' * 20)))
        sys.stdout.write(f"{number + 1}\n")
        sys.stdout.flush()
    return recording


def main(path: str, count: str, limit: str, *owners: str) -> None:
    """Record and seal for each of *owners*; with ``--hang`` record for the first and wait.

    Every write beyond *limit* bytes of a file fails, as on a full disk.
    """
    if int(limit):
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), int(limit)))
    if owners[0] == "--hang":
        record(Path(path), owners[1], int(count))
        time.sleep(60)
    for owner in owners:
        record(Path(path), owner, int(count)).seal()


if __name__ == "__main__":
    main(*sys.argv[1:])
