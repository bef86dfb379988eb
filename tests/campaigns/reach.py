"""``python -m tests.campaigns.reach [--seeds N] [--first SEED] [CORNER…]``: does each bug die?

What the laws that CI tries in rounds would try is drawn from fresh seeds, with CI's budget. Each
bug of `tests.mutants.corners` is put into a copy of the tree, and the draws are tried there. A
table says how many of the seeds found each bug, and in how many rounds. Where fewer than nine in
ten did, twice as many more are drawn, as one of so many bugs is missed by chance each time. It ends
with 1 where that is too few still, with 2 where a bug does not fit, or where a law breaks without
one.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import pickle
import random
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bpmax_sim.js_values import UNDEFINED
from bpmax_sim.platform.model import Auth
from bpmax_sim.strategies.platforms import PRESETS, get_private_key, make_preset_auths
from tests.mutants.corners import EDITS
from tests.mutants.edits import Edit, make_name_check
from tests.mutants.tree import copied
from tests.property.rounds import OF_A_ROUND
from tests.property.test_laws_auth import test_a_preset_puts_in_what_its_vendor_asks_for
from tests.property.test_laws_builder import test_the_last_value_of_each_place_and_name_wins

WORKERS = 2
ENOUGH = 0.9
LAWS = (
    test_the_last_value_of_each_place_and_name_wins,
    test_a_preset_puts_in_what_its_vendor_asks_for,
)
NO_BUG = "no bug"


def main(arguments: Sequence[str]) -> int:
    """Try every bug, or those of the corners named."""
    parser = argparse.ArgumentParser(prog="python -m tests.campaigns.reach")
    known = make_name_check([NO_BUG, *(one.corner for one in EDITS)])
    parser.add_argument("corners", nargs="*", type=known, metavar="CORNER", help="(default: all)")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first", type=int, help="(default: a fresh one)")
    parser.add_argument("--inside", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.inside:
        sys.stdout.write(json.dumps(rounds(Path(options.inside), options.corners[0])))
        return 0
    first = options.first or random.SystemRandom().randrange(2**32)
    edits = [one for one in EDITS if not options.corners or one.corner in options.corners]
    fates = try_all([None, *edits], first, options.seeds)
    few = [edit for edit, one in zip(edits, fates[1:], strict=True) if one.is_too_few]
    again = try_all(few, first + 1000 * options.seeds, 2 * options.seeds) if few else []
    before = {one.corner: one.rounds for one in fates}
    both = [replace(one, rounds=before[one.corner] + one.rounds) for one in again]
    few_still = [one for one in both if one.is_too_few]
    sys.stdout.write("".join(f"together {one}\n" for one in both))
    last = f"{len(edits)} corners, {options.seeds} seeds each: "
    sys.stdout.write(f"{last}{len(few_still)} bugs found too seldom, --first {first}\n")
    return 2 if any(one.problem for one in (*fates, *again)) else int(bool(few_still))


def try_all(edits: Sequence[Edit | None], first: int, seeds: int) -> list[Fate]:
    """Return and print what becomes of each of *edits* with *seeds* seeds from *first* on."""
    fates = []
    with TemporaryDirectory() as folder, ThreadPoolExecutor(WORKERS) as pool:
        draw(Path(folder), first, seeds)
        for one in pool.map(partial(fate, folder), edits):
            sys.stdout.write(f"{one}\n")
            sys.stdout.flush()
            fates.append(one)
    return fates


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of the bug behind *corner*: the rounds to its death for each seed, or None."""

    corner: str
    rounds: list[int | None]
    problem: str = ""

    @property
    def is_too_few(self) -> bool:
        dead = sum(one is not None for one in self.rounds)
        return not self.problem and dead < ENOUGH * len(self.rounds)

    def __str__(self) -> str:
        if self.problem:
            return f"{self.corner}: BROKEN {self.problem}"
        dead = sorted(one for one in self.rounds if one is not None)
        spread = f"in {dead[len(dead) // 2]} rounds, {dead[-1]} at most" if dead else "by none"
        word = "  TOO FEW" if self.is_too_few and self.corner != NO_BUG else ""
        return f"{len(dead):2} of {len(self.rounds)}  {self.corner}: {spread}{word}"


def draw(folder: Path, first: int, count: int) -> None:
    """Write what each law would try from each of *count* seeds into a file of *folder*."""
    get_private_key()
    with ProcessPoolExecutor(WORKERS) as pool:
        # As far apart as no law has rounds.
        for number, data in enumerate(pool.map(drawn, range(first, first + count * 1000, 1000))):
            (folder / f"{number:03}").write_bytes(data)


def drawn(number: int) -> bytes:
    """Return what each law would try from the seed *number* on."""
    from tests import conftest as _profiles  # noqa: F401, PLC0415

    data = io.BytesIO()
    _Pickler(data).dump([law.draws(number) for law in LAWS])
    return data.getvalue()


class _Pickler(pickle.Pickler):
    """Writes names of what has to be the reader's own: presets as its files have them, its key."""

    def persistent_id(self, value: Any) -> Any:
        if value is UNDEFINED:
            return ("undefined",)
        if isinstance(value, str):
            return ("key",) if value == get_private_key() else None
        return _preset_of(value) if isinstance(value, Auth) else None


def _preset_of(auth: Auth) -> tuple[str, str, int] | None:
    for name in PRESETS:
        for number, one in enumerate(make_preset_auths(name)):
            if one is auth:
                return ("preset", name, number)
    return None


class _Unpickler(pickle.Unpickler):
    def persistent_load(self, name: Any) -> Any:
        kind, *more = name
        if kind == "preset":
            return make_preset_auths(more[0])[more[1]]
        return UNDEFINED if kind == "undefined" else get_private_key()


def fate(folder: str, edit: Edit | None) -> Fate:
    """Return by how many seeds *edit* is found, and how soon."""
    corner = edit.corner if edit else NO_BUG
    with copied() as tree:
        problem = edit.apply(tree) if edit else ""
        if problem:
            return Fate(corner, [], problem)
        command = [sys.executable, "-m", "tests.campaigns.reach", f"--inside={folder}", corner]
        done = subprocess.run(
            command,
            cwd=tree,
            env={**os.environ, "PYTHONPATH": str(tree)},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            return Fate(corner, [], done.stderr[-300:])
        dead = json.loads(done.stdout)
        seeds = [1000 * number for number, one in enumerate(dead) if one is not None]
        wrong = f"a law breaks without it, from --first + {seeds}" if not edit and seeds else ""
        return Fate(corner, dead, wrong)


def rounds(folder: Path, corner: str) -> list[int | None]:
    """Return for each seed in which round a law breaks, that of presets first for a preset."""
    order = reversed(range(len(LAWS))) if corner.startswith("preset") else range(len(LAWS))
    laws = [(number, LAWS[number].check) for number in order]
    found = []
    for file in sorted(folder.iterdir()):
        with file.open("rb") as stream:
            values = _Unpickler(stream).load()
        found.append(next((n for one, law in laws if (n := breaks(law, values[one]))), None))
    return found


def breaks(check: Callable[[Any], None], values: Sequence[Any]) -> int | None:
    """Return the round of the first of *values* that *check* does not pass, from 1 on."""
    for number, value in enumerate(values):
        try:
            check(value)
        except BaseException:  # noqa: BLE001 - whatever it is, the bug is found
            return number // OF_A_ROUND + 1
    return None


if __name__ == "__main__":
    start = time.monotonic()
    code = main(sys.argv[1:])
    if not any(one.startswith("--inside") for one in sys.argv):
        sys.stdout.write(f"{Path(__file__).stem}: {time.monotonic() - start:.0f} s\n")
    raise SystemExit(code)
