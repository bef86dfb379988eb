"""Call every function of the engine with lengths, iterators and texts that never end.

``python -m tests.script.hostile_builtins`` tries all, in processes that are killed where one does
not come back; what it prints at the end has to be nothing. Takes several minutes.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from bpmax_sim.errors import BpmaxError
from bpmax_sim.script.limits import Limits
from tests.script.bench import Bench, run

FOUND = Path(__file__).with_name("builtins.js")
LIMITS = Limits(cpu=0.1, wall=1.5)
PATIENCE = 8.0
SETUP = """
const MOST = 2 ** 53 - 1, 多 = {length: MOST}, 洞 = new Array(2 ** 32 - 1), 类 = {__proto__: new Uint8Array(0), length: MOST};
const 谎 = new Proxy([], {get: (t, k) => k === 'length' ? MOST : k === 'constructor' ? Array : t[k]});
const 长 = 'a'.repeat(2 ** 22), 半 = 'a'.repeat(2 ** 21) + 'b', 字 = new Uint8Array(2 ** 22);
const 流 = {__proto__: Iterator.prototype, next: Object, return: Object, [Symbol.iterator]() { return this }};
const 值 = {__proto__: Iterator.prototype, next: Object.prototype.valueOf.bind({value: 1, done: false}), [Symbol.iterator]() { return this }};
const 集 = {size: Infinity, has: Object, keys: () => 流}, 配 = {exec: Object.prototype.valueOf.bind({index: 0, 0: '', length: MOST}), flags: 'g', lastIndex: 0};
const 深 = (() => { let o = {length: 2 ** 25}; for (let i = 0; i < 3e3; i++) o = Object.create(o); return o; })();
const 大 = 2n ** 100000n;
"""
SELVES = (
    "多",
    "洞",
    "类",
    "谎",
    "长",
    "字",
    "流",
    "值",
    "集",
    "配",
    "深",
    "大",
    "undefined",
    "own",
)
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


def work(first: int, step: int) -> None:
    """Run each script from *first* on, and say before and after it what it is."""
    tried = cases()
    for number in range(first, len(tried), step):
        name, source = tried[number]
        print(json.dumps([number, "begins", name]), flush=True)
        started = time.monotonic()
        outcome = Bench(limits=LIMITS).run(f"{SETUP}\n{source}; return 1")
        clean = outcome.error is None or isinstance(outcome.error, BpmaxError)
        print(json.dumps([number, time.monotonic() - started, clean]), flush=True)


def trial(first: int, step: int) -> Iterator[tuple[str, float]]:
    """Yield what did not come back in time, and the seconds."""
    while True:
        child = subprocess.Popen(
            [sys.executable, "-m", __spec__.name, str(first), str(step)], stdout=subprocess.PIPE
        )
        assert child.stdout
        name = ""
        lines = bytearray()
        while True:
            ready, _, _ = select.select([child.stdout], [], [], PATIENCE if name else 60)
            if not ready:
                child.kill()
                yield name, PATIENCE
                break
            chunk = os.read(child.stdout.fileno(), 1 << 16)
            lines += chunk
            *whole, rest = bytes(lines).split(b"\n")
            lines = bytearray(rest)
            for line in whole:
                number, state, what = json.loads(line)
                first = number + step
                if state == "begins":
                    name = what
                elif state > 2 * LIMITS.wall or not what:
                    yield name, state
            if not chunk:
                if child.wait():
                    yield f"{name}: the process ended with {child.returncode}", 0
                    break
                return


def main() -> int:
    """Print what is left."""
    left = 0
    for name, seconds in trial(
        int(sys.argv[2]) if sys.argv[2:] else 0, int(sys.argv[3]) if sys.argv[3:] else 1
    ):
        print(f"{seconds:.1f} s: {name}", flush=True)
        left += 1
    return int(bool(left))


if __name__ == "__main__":
    if sys.argv[1:2] == ["all"] or not sys.argv[1:]:
        sys.exit(main())
    work(int(sys.argv[1]), int(sys.argv[2]))
