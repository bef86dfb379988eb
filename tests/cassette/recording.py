"""A process that records: ``-m tests.cassette.recording PATH COUNT LIMIT OWNER…``.

With ``--fork`` alone it reads lines ``PATH COUNT OWNER PIPE``, forks a process for each that
records and then waits to be killed, tells its number, and tells of what signal it died.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

from bpmax_sim.cassette.journal import scan_nothing
from bpmax_sim.cassette.recorder import Recorder
from tests.cassette.exchanges import RULES, ZONE, answer, detail


def record(path: Path, owner: str, count: int) -> Recorder:
    """Record *count* exchanges, printing the number of each once it is safe."""
    recording = Recorder(path, rules=RULES, owner=owner, scan=scan_nothing, zone=ZONE)
    for number in range(count):
        recording.append(detail(number, outcome=answer(f'{{"客户":"{owner}","n":{number}}}' * 20)))
        sys.stdout.write(f"{number + 1}\n")
        sys.stdout.flush()
    return recording


def main(path: str, count: str, limit: str, *owners: str) -> None:
    """Record and seal for each of *owners*.

    Every write beyond *limit* bytes of a file fails, as on a full disk.
    """
    if int(limit):
        import resource  # noqa: PLC0415 - absent on Windows

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), int(limit)))
    for owner in owners:
        record(Path(path), owner, int(count)).seal()


def fork(path: str, count: str, owner: str, pipe: str) -> None:
    """Record in a process of its own, which tells *pipe* what is safe, and wait for its end."""
    child = os.fork()
    if not child:
        with open(pipe, "w", encoding="utf-8") as sys.stdout:  # noqa: PTH123 - the name stays free
            held = record(Path(path), owner, int(count))
            time.sleep(60)
            held.close()
        os._exit(0)
    print(child, flush=True)  # noqa: T201 - what it is asked for
    _, status = os.waitpid(child, 0)
    print(os.waitstatus_to_exitcode(status) * -1, flush=True)  # noqa: T201


if __name__ == "__main__":
    if sys.argv[1:] == ["--fork"]:
        for line in sys.stdin:
            fork(*line.rstrip("\n").split("\t"))
    else:
        main(*sys.argv[1:])
