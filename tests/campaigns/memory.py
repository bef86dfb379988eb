"""``python -m tests.campaigns.memory [--rounds N]``: scripts that fill memory, each in many ways.

Every one has to end as a `ScriptLimitError`, and the process has to live and run the next script.
Each round is a process of its own, so that a crash is counted and stops nothing. It prints a table
and ends with 1 if any process died or any script ended otherwise.
"""

from __future__ import annotations

import argparse
import subprocess
import sys

FILLINGS = (
    "const all = []; for (;;) all.push(new Array(1000).fill(1))",
    "const m = new Map(); for (let i = 0;; i++) m.set(i, {i})",
    "let p = Promise.resolve(); const a = []; for (;;) a.push(p = p.then())",
    "await null; const a = []; for (;;) a.push('张'.repeat(1e4) + a.length)",
    "let s = '张'; for (;;) s += s",
    "const 文 = '张'.repeat(2e6), 表 = {}; for (let i = 0;;) 表[i += 2] = 文",
    "const all = []; for (;;) all.push(new ArrayBuffer(1 << 20))",
    "const o = {}; for (let i = 0;; i++) o['名' + i] = [i]",
    "const a = []; for (;;) try { a.push({a, b: a.map(String)}) } catch { a.push([]) }",
    "class 行 { #值 = new Array(50).fill({}); 本 = this } const a = []; for (;;) a.push(new 行())",
    "const s = new Set(); (function f(n) { s.add(() => n); setTimeout(f, 0, n + 1); while (1) s.add({}) })(0); await 0",
    "for (const a = [[]];;) a.push(...a.slice(-999).map(x => [a, a]))",
    "const a = []; for (;;) a.push(/(a)(b)?/g.exec('ab'.repeat(99)), new Error('满').stack)",
    "function* g() { for (;;) yield new Uint8Array(4096) } const a = []; for (const x of g()) a.push(x)",
    "let o = {}; for (;;) o = {o, f: () => o, g: async () => o}",
    "const a = []; for (;;) { const x = {y: a.length}; x.x = x; a.push(JSON.parse(JSON.stringify({x: a.length})), x) }",
    "new Array(2 ** 32 - 1).fill(0)",
    "'合同'.repeat(2 ** 29)",
    "const p = []; for (;;) p.push(new Proxy({}, {get: () => p}), Symbol('号' + p.length))",
    "const a = []; for (;;) { a.push(new Date(), 10n ** 500n, new Map([[a, a]])) }",
)  # fmt: skip
ROUND = """
import sys
from bpmax_sim.errors import ScriptLimitError
from bpmax_sim.script.limits import Limits
from tests.campaigns.memory import FILLINGS
from tests.script.bench import Bench
for n, source in enumerate(FILLINGS):
    bench = Bench(limits=Limits(cpu=60, wall=120, memory=(8 + 8 * (n + int(sys.argv[1])) % 56) << 20))
    error = bench.run(source).error
    print('-' if isinstance(error, ScriptLimitError) and 'memory' in error.message else repr(error), flush=True)
    assert bench.run("return '还在'").value == "还在"
"""


def main() -> int:
    """Fill, print what came of it, and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.campaigns.memory")
    parser.add_argument("--rounds", type=int, default=25, help=f"of {len(FILLINGS)} scripts each")
    crashes = others = 0
    rounds = parser.parse_args().rounds
    for number in range(rounds):
        done = subprocess.run(
            [sys.executable, "-c", ROUND, str(number)], capture_output=True, text=True, check=False
        )
        ends = done.stdout.splitlines()
        if done.returncode:
            crashes += 1
            at = FILLINGS[min(len(ends), len(FILLINGS) - 1)]
            print(f"  died in {at}: {done.stderr[-300:]}")  # noqa: T201
        for source, end in zip(FILLINGS, ends, strict=False):
            if end != "-":
                others += 1
                print(f"  {end} of {source}")  # noqa: T201
    print(f"| {rounds * len(FILLINGS)} fillings | {crashes} crashes | {others} ended otherwise |")  # noqa: T201
    return 1 if crashes or others else 0


if __name__ == "__main__":
    sys.exit(main())
