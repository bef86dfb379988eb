"""``python -m tests.campaigns.recorders [--rounds N]``: recorders that start and die together.

Real processes record from a real server into one cassette and are killed, while others recover;
then everything that was answered has to be in the cassette or in what waits for review. It prints
a table and ends with 1 if anything was lost.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import unquote, urlsplit

import msgspec

import bpmax_sim.transport.live  # noqa: F401 - loaded before forks, which then start at once
from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.merge import recover
from bpmax_sim.session.session import Session
from bpmax_sim.starter.demo import Crm, serve_crm
from tests.apart import PLUGINS

DEMO = Path(__file__).parents[2] / "bpmax_sim/starter/demo_files/scenarios"
ROUNDS, PROCESSES, CALLS = 20, 6, 12


class Outcome(msgspec.Struct):
    """What a trial came to.

    Attributes:
        answered: the calls that were answered.
        kept: those of them that are in a cassette.
        journals: those that were left behind; *left* are there still after recovery.
    """

    name: str
    rounds: int = 0
    answered: int = 0
    kept: int = 0
    journals: int = 0
    left: int = 0

    @property
    def lost(self) -> int:
        """Return how many answered calls and journals are gone or were not recovered."""
        return self.answered - self.kept + self.left

    def __str__(self) -> str:
        return (
            f"| {self.name} | {self.rounds} rounds | {self.journals} journals | "
            f"{self.answered} answered | {self.answered - self.kept} lost |"
        )


def main(arguments: Sequence[str]) -> int:
    """Run every trial and return 1 if one lost something."""
    parser = argparse.ArgumentParser(prog="python -m tests.campaigns.recorders")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--processes", type=int, default=PROCESSES)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    parser.add_argument("--trial", choices=sorted(TRIALS), action="append", help="(default: all)")
    asked = parser.parse_args(arguments)
    chance, lost = random.Random(asked.seed), 0
    with served() as crm:
        for trial in asked.trial or TRIALS:
            outcome = Outcome(f"{trial}, {asked.processes} processes")
            for number in range(asked.rounds):
                with tempfile.TemporaryDirectory(prefix="recorders-") as folder:
                    TRIALS[trial](Path(folder), crm, asked.processes, chance, outcome)
                outcome.rounds = number + 1
            sys.stdout.write(f"{outcome}\n")
            sys.stdout.flush()
            lost += outcome.lost or (not outcome.answered)  # a trial without a call shows nothing
    sys.stdout.write(f"seed {asked.seed}: {lost} lost\n")
    return 1 if lost else 0


@contextmanager
def served() -> Iterator[Crm]:
    """Serve the CRM from a process of its own, so that those forked here have one thread."""
    ready, told = os.pipe()
    over, ending = os.pipe()
    server = os.fork()
    if not server:
        os.close(ending)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # it tells each client that is gone
        with serve_crm() as crm:
            os.write(told, msgspec.json.encode(crm))
            os.read(over, 1)
        os._exit(0)
    os.close(over)
    try:
        yield msgspec.json.decode(os.read(ready, 4096), type=Crm)
    finally:
        os.close(ending)
        os.waitpid(server, 0)


def opened(cassette: Path, crm: Crm, owner: str) -> Session:
    """Return a session that records from *crm*."""
    return Session.open(
        DEMO / "platforms",
        cassette=cassette,
        mode="record",
        record="rewrite",
        owner=owner,
        allow_ci=True,
        environ=crm.environment,
    )


def forked(work: Callable[[], None]) -> int:
    """Return the number of a process that does *work*."""
    child = os.fork()
    if child:
        return child
    try:
        work()
    except BaseException:  # noqa: BLE001 - a child that fails must not go on as its parent
        sys.excepthook(*sys.exc_info())
        sys.stderr.flush()
        os._exit(1)
    os._exit(0)


def ask(session: Session, label: str, told: int, count: int = CALLS) -> None:
    """Make calls and say of each that it was answered, once it was."""
    for number in range(count):
        session.proxy("crm_system").getCustomerDetail(f"{label}-{number}")
        os.write(told, f"{label}-{number}\n".encode())


def killed_together(
    folder: Path, crm: Crm, processes: int, chance: random.Random, outcome: Outcome
) -> None:
    """Let processes start together, each kill at its own moment, and recover all the time."""
    cassette = folder / "cassettes/crm/客户.yaml"
    gate, opening = os.pipe()
    reading, told = os.pipe()
    alone = chance.random() < 0.5

    def record(label: str) -> None:
        os.close(opening)
        os.read(gate, 1)
        session = opened(cassette, crm, f"场景{label}" if alone else "选择客户")
        ask(session, label, told, 10_000)

    children = [forked(lambda n=n: record(f"p{n}")) for n in range(processes)]  # type: ignore[misc]
    os.close(opening)
    recovering = forked(lambda: _recover_for_ever(cassette))
    os.close(told)
    answered = b""
    for process in children:  # at any moment from before its first answer on
        until = answered.count(b"\n") + chance.randrange(8)
        while answered.count(b"\n") < until:
            answered += os.read(reading, 4096)
        time.sleep(chance.uniform(0, 0.02))
        _kill(process)
    _kill(recovering)
    _count(cassette, (answered.decode() + _rest(reading)).split(), outcome)
    os.close(gate)


def _kill(process: int) -> None:
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)


def _recover_for_ever(cassette: Path) -> None:
    while True:
        recover(cassette)


def forked_inside(
    folder: Path, crm: Crm, processes: int, chance: random.Random, outcome: Outcome
) -> None:
    """Let a recording fork in its midst; parent and children end well or are killed."""
    cassette = folder / "cassettes/crm/客户.yaml"
    reading, told = os.pipe()

    def parent() -> None:
        session = opened(cassette, crm, "选择客户")
        ask(session, "父", told, chance.randrange(4))
        endings = [chance.random() < 0.5 for _ in range(processes)]
        children = [
            forked(lambda n=n, ends=ends: _child(session, f"子{n}", told, ends=ends))  # type: ignore[misc]
            for n, ends in enumerate(endings)
        ]
        ask(session, "又", told)
        late = chance.random() < 0.3
        if not late:
            _wait(children)
        if chance.random() < 0.5:
            session.close()
        if late:
            _wait(children)
        os.kill(os.getpid(), signal.SIGKILL)

    chance.random()
    os.waitpid(forked(parent), 0)
    os.close(told)
    _count(cassette, _rest(reading).split(), outcome)


def _child(session: Session, label: str, told: int, *, ends: bool) -> None:
    ask(session, label, told)
    if not ends:
        os.kill(os.getpid(), signal.SIGKILL)
    session.close()


def _wait(children: Sequence[int]) -> None:
    for one in children:
        os.waitpid(one, 0)


PROJECT = """
import os, signal
import pytest

@pytest.mark.parametrize("number", range({tests}))
def test_客户(bpmax_session, number):
    for call in range(5):
        bpmax_session.proxy("crm_system").getCustomerDetail(f"t{{number}}-{{call}}")
        with open({log!r}, "a") as told:
            told.write(f"t{{number}}-{{call}}\\n")
        if number % 3 == 1 and call == number % 5:
            os.kill(os.getpid(), signal.SIGKILL)
"""


def crashing_workers(
    folder: Path, crm: Crm, processes: int, _chance: random.Random, outcome: Outcome
) -> None:
    """Let workers of pytest-xdist die in the midst of tests that record."""
    log = folder / "answered"
    log.touch()
    shutil.copytree(DEMO, folder / "scenarios")
    test = folder / "test_客户.py"
    test.write_text(PROJECT.format(tests=3 * processes, log=str(log)), encoding="utf-8")
    subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", str(processes)),
            *("--max-worker-restart=1000", "--bpmax-mode=record", "--bpmax-allow-ci-record"),
            *("--rootdir", str(folder), str(test)),
        ],
        cwd=folder,
        env={**os.environ, **PLUGINS, **crm.environment},
        stdout=subprocess.DEVNULL,
        check=False,
    )
    answered = log.read_text(encoding="utf-8").split()
    _count(folder / "cassettes/test_客户/test_客户.yaml", answered, outcome)


def _rest(reading: int) -> str:
    with os.fdopen(reading, encoding="utf-8") as file:
        return file.read()


def _count(cassette: Path, answered: Sequence[str], outcome: Outcome) -> None:
    outcome.journals += len(list(cassette.parent.glob("*.journal")))
    recover(cassette)
    kept: set[str] = set()
    for path in (cassette, cassette.with_name(f"{cassette.name}.new")):
        with suppress(FileNotFoundError):
            urls = (one.request.url for one in Cassette.load(path).exchanges())
            kept.update(unquote(urlsplit(url).path.rpartition("/")[2]) for url in urls)
    outcome.answered += len(answered)
    outcome.kept += len(kept.intersection(answered))
    outcome.left += len(list(cassette.parent.glob("*.journal")))


TRIALS: dict[str, Callable[[Path, Crm, int, random.Random, Outcome], None]] = {
    "killed together": killed_together,
    "forked inside": forked_inside,
    "crashing workers": crashing_workers,
}

if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
