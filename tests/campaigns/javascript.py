"""``python -m tests.campaigns.javascript [--draws N]``: expressions that V8 judges.

Each kind gets that many draws: powers, texts of dates and comparators, consistent or not, judged by
Node; dates, numbers, regular expressions and texts by mini-racer. It prints a table and ends with 1
if any differs, or if a judge is not installed.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from importlib.util import find_spec

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.script.v8_parity.judged import BY_NODE, KINDS, Judge, differing, node, racer

BATCH = 25


def judge_outcome(kind: str, draws: int, judge: Judge) -> list[tuple[str, str, str]]:
    """Return what differs among so many draws of *kind*."""
    found: list[tuple[str, str, str]] = []

    @settings(
        max_examples=max(1, draws // BATCH),
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(KINDS[kind], min_size=BATCH, max_size=BATCH))
    def draw(expressions: list[str]) -> None:
        found.extend(differing(expressions, judge))

    draw()
    return found


def main() -> int:
    """Draw, print what came of it, and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.campaigns.javascript")
    parser.add_argument("--draws", type=int, default=10_000, help="of each kind")
    draws = parser.parse_args().draws
    worst = 0
    for kind in KINDS:
        is_node = kind in BY_NODE
        if not (shutil.which("node") if is_node else find_spec("py_mini_racer")):
            judge = "Node" if is_node else "mini-racer"
            print(f"| {kind} | {judge}, which judges it, is not installed |")  # noqa: T201
            worst = max(worst, 1)
            continue
        found = judge_outcome(kind, draws, node() if is_node else racer())
        print(f"| {kind} | {draws} draws | {len(found)} differ |", flush=True)  # noqa: T201
        for expression, theirs, ours in found[:10]:
            print(f"  {expression[:200]}\n    V8 {theirs[:200]}\n    here {ours[:200]}")  # noqa: T201
        worst = max(worst, len(found))
    return 1 if worst else 0


if __name__ == "__main__":
    sys.exit(main())
