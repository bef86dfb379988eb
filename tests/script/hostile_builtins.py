"""Call every function of the engine with lengths, iterators and texts that never end.

``python -m tests.script.hostile_builtins [--minutes N] [--seed N]`` tries them in an order that
the seed gives, in processes that are killed where one does not come back, until the time is over:
all take half an hour of processor time. ``--first`` goes on where another run ended. It names
what did not come back or ended in no error of this package, which has to be nothing, and how many
it tried.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import select
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bpmax_sim.errors import BpmaxError
from bpmax_sim.script.limits import Limits
from tests.script.bench import Bench, run

FOUND = Path(__file__).with_name("builtins.js")
LIMITS = Limits(cpu=0.04, wall=1.5)
MOST = 3.0
"""Seconds of processor time; what a limit of memory ends takes one."""
PATIENCE = 20.0
VALUES = {
    "多": "{length: MOST}",
    "洞": "new Array(2 ** 32 - 1)",
    "类": "{__proto__: new Uint8Array(0), length: MOST}",
    "谎": "new Proxy([], {get: (t, k) => k === 'length' ? MOST : k === 'constructor' ? Array : t[k]})",
    "长": "'a'.repeat(2 ** 22)",
    "半": "'a'.repeat(2 ** 21) + 'b'",
    "字": "new Uint8Array(2 ** 22)",
    "流": "{__proto__: Iterator.prototype, next: Object, return: Object, [Symbol.iterator]() { return this }}",
    "值": "{__proto__: Iterator.prototype, next: Object.prototype.valueOf.bind({value: 1, done: false}), [Symbol.iterator]() { return this }}",
    "集": "{size: Infinity, has: Object, keys: () => 流}",
    "配": "{exec: Object.prototype.valueOf.bind({index: 0, 0: '', length: MOST}), flags: 'g', lastIndex: 0}",
    "深": "(() => { let o = {length: 2 ** 25}; for (let i = 0; i < 3e3; i++) o = Object.create(o); return o; })()",
    "大": "2n ** 100000n",
}
TOGETHER = 8
SELVES = (*(one for one in VALUES if one != "半"), "undefined", "own")
ARGUMENTS = (
    "", "多", "洞", "谎", "半", "流", "值", "集", "MOST", "Boolean", "Object, 0", "0, MOST", "MOST, '合'", "MOST, MOST, 1",
    "Boolean, 多", "多, Boolean", "流, Object", "null, 洞", "null, 谎", "{raw: 多}", "半, '合'", "'', 长", "深", "大", "Array, 多",
    "{length: 2 ** 30}", "[洞]", "[[洞]], 9", "/(a*)*b/", "类", "{}, {ownKeys: () => 多}",
)  # fmt: skip


def cases() -> list[tuple[str, str]]:
    """Return each script and its name."""
    found = json.loads(run(f"const found =\n{FOUND.read_text('utf-8')}; return found").unwrap())
    named = []
    for holder, name, kind in found:
        text = f"Object.getOwnPropertyDescriptor({holder}, {name}).{kind}"
        for one in SELVES:
            for given in ARGUMENTS:
                self_ = holder if one == "own" else one
                call = f"Reflect.apply({text}, {self_}, [{given}])"
                named.append((f"{holder}.{name} {kind} of {one}({given})", call))
        for given in ARGUMENTS:
            named.append((f"new {holder}.{name}({given})", f"new ({text})({given})"))
    return named


def script(*calls: str) -> str:
    """Return a script of *calls* and of the values that they name: the others cost more."""
    text = "".join(f"try {{ {call} }} catch {{}}\n" for call in calls) if calls[1:] else calls[0]
    named = [one for one in VALUES if one in text]
    named += ["流"] if "集" in named and "流" not in named else []
    made = "".join(f"const {one} = {VALUES[one]};\n" for one in named)
    return f"const MOST = 2 ** 53 - 1;\n{made}{text}; return 1"


def order(seed: int) -> list[tuple[str, str]]:
    """Return all cases in the order of *seed*."""
    tried = cases()
    random.Random(seed).shuffle(tried)
    return tried


def work(seed: int, first: int, step: int) -> None:
    """Run the scripts from *first* on, and say before and after each what it is.

    Several share a context; if these do not end well together, each gets one of its own.
    """
    tried = order(seed)
    numbers = range(first, len(tried), step)
    for start in range(0, len(numbers), TOGETHER):
        batch = numbers[start : start + TOGETHER]
        begins(batch[0], f"{len(batch)} from {tried[batch[0]][0]} on")
        ended = Bench(limits=LIMITS).run(script(*(tried[number][1] for number in batch), "0"))
        for number in batch:
            name, source = tried[number]
            if ended.error is None:
                print(json.dumps([number, 0, True]), flush=True)
                continue
            begins(number, name)
            started = time.process_time()
            outcome = Bench(limits=LIMITS).run(script(source))
            clean = outcome.error is None or isinstance(outcome.error, BpmaxError)
            print(json.dumps([number, time.process_time() - started, clean]), flush=True)


def begins(number: int, name: str) -> None:
    """Say that a script begins."""
    print(json.dumps([number, "begins", name]), flush=True)


class Trial:
    """One of the processes that share the cases; it is started again where it did not come back."""

    def __init__(self, seed: int, first: int, step: int, until: float) -> None:
        """Begin with case *first* and go on by *step* *until* the clock says so."""
        self.seed, self.next, self.step, self.until = seed, first, step, until
        self.tried = 0
        self.left: list[str] = []

    def run(self) -> None:
        """Try until the time is over or all were tried."""
        while time.monotonic() < self.until and not self._ended():
            pass

    def _ended(self) -> bool:
        """Run one process and return whether it came to the end of all."""
        command = [sys.executable, "-m", __spec__.name, "--work"]
        command += map(str, (self.seed, self.next, self.step))
        with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
            try:
                return self._watch(child)
            finally:
                child.kill()

    def _watch(self, child: subprocess.Popen[bytes]) -> bool:
        assert child.stdout
        name, rest = "", b""
        while time.monotonic() < self.until:
            if not select.select([child.stdout], [], [], PATIENCE if name else 60)[0]:
                self._told(f"{name or 'the start'}: did not come back in {PATIENCE} s")
                return False
            chunk = os.read(child.stdout.fileno(), 1 << 16)
            if not chunk:
                if child.wait():
                    self._told(f"{name}: the process ended with {child.returncode}")
                return child.returncode == 0
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                number, state, what = json.loads(line)
                name = self._read(number, state, what, name)
        return False

    def _read(self, number: int, state: str | float, what: str | bool, name: str) -> str:
        self.next = number + self.step
        if isinstance(state, str):
            return str(what)
        self.tried += 1
        if state > MOST or not what:
            self._told(
                f"{name}: {state:.1f} s, {'an error of this package' if what else 'ANOTHER ERROR'}"
            )
        return name

    def _told(self, line: str) -> None:
        self.left.append(line)
        print(line, flush=True)


def main(arguments: Sequence[str]) -> int:
    """Print what is left."""
    parser = argparse.ArgumentParser(prog="python -m tests.script.hostile_builtins")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--first", type=int, default=0, help="the first in the order of the seed")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    parser.add_argument("--work", type=int, nargs=3, help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    if chosen.work:
        work(*chosen.work)
        return 0
    until = time.monotonic() + 60 * chosen.minutes
    trials = [
        Trial(chosen.seed, chosen.first + n, chosen.processes, until)
        for n in range(chosen.processes)
    ]
    with ThreadPoolExecutor(len(trials)) as pool:
        list(pool.map(Trial.run, trials))
    tried, left = (
        sum(counts) for counts in zip(*((t.tried, len(t.left)) for t in trials), strict=True)
    )
    print(f"seed {chosen.seed}: {tried} of {len(cases())} tried, {left} left", flush=True)
    return int(bool(left) or not tried)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
