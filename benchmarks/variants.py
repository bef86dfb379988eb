"""What variants of a scenario cost beside a replay of it, and what they leave behind in memory.

The scenario is that of `benchmarks.scripts`: a form, three replayed calls, expectations. What is
measured is processor time of one process: two quiet ones take half of it.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.cassette import microseconds
from benchmarks.memory import megabytes
from benchmarks.scripts import THREE_CALLS, play, read, written
from bpmax_sim.challenge.judge import ScriptChallenge
from bpmax_sim.explore.search import Explorer

_DECISION = 'if (names[{0}] === "{0}" || form.name === "n{0}") form.name = "客户{0}" ;\n'
"""A line of a script in which several mistakes can be made."""
_EXPLORED = 5  # times that one scenario is explored
_FILES = 20  # so many have 1,000 variants
_DECISIONS = 150  # so many have 1,000 mutants


def challenge_of(folder: Path, decisions: int) -> ScriptChallenge:
    """Return the challenge of a script with three replayed calls and that many decisions."""
    script = THREE_CALLS + "".join(map(_DECISION.format, range(decisions)))
    item = read(written(folder, script=script))
    play(item, mode="record")
    return ScriptChallenge([item])


def time_mutants(challenge: ScriptChallenge) -> float:
    """Return the milliseconds of processor time that one mutant of *challenge* takes."""
    begun = time.process_time()
    for _ in challenge.judge():
        pass
    return (time.process_time() - begun) / len(challenge.numbered) * 1e3


def time_explored(folder: Path) -> float:
    """Return the milliseconds of processor time that one explored variant takes, all included."""
    item = read(written(folder))
    play(item, mode="record")
    begun = time.process_time()
    tried = sum(Explorer().explore(item).tried for _ in range(_EXPLORED))
    return (time.process_time() - begun) / tried * 1e3


def time_thousand_explored(folder: Path) -> float:
    """Return the seconds that ``explore`` with two workers takes for 1,000 variants.

    Its start counts. The variants are of twenty files, each with a script of its own.
    """
    path = written(folder)
    play(read(path), mode="record")
    text, script = path.read_text("utf-8"), path.parent / "scripts/three.js"
    for number in range(1, _FILES):
        (script.parent / f"three{number}.js").write_bytes(script.read_bytes())
        other = text.replace("three.js", f"three{number}.js")
        (path.parent / f"three{number}.scenario.yaml").write_text(other, "utf-8")
    return _time_thousand(folder, "explore", r"tried (\d+) of \1")


def time_thousand_mutants(folder: Path) -> float:
    """Return the seconds that ``challenge`` with two workers takes for 1,000 mutants.

    Its start counts. The mutants are of one script, that of `challenge_of`.
    """
    challenge_of(folder, _DECISIONS)
    return _time_thousand(folder, "challenge", r"(\d+) mistakes tried")


def _time_thousand(folder: Path, command: str, pattern: str) -> float:
    """Return the seconds of *command* in *folder* for each 1,000 of what it tried.

    *pattern* finds in its last words how many those were.
    """
    line = [sys.executable, "-m", "bpmax_sim", command, ".", "--workers", "2"]
    environ = {**os.environ, "BPMAX_SIM_LANG": "en"}
    begun = time.perf_counter()
    done = subprocess.run(line, cwd=folder, capture_output=True, check=True, env=environ)
    seconds = time.perf_counter() - begun
    tried = re.search(pattern, done.stderr.decode())
    assert tried, done.stderr
    return seconds * 1000 / int(tried[1])


def growth(challenge: ScriptChallenge, mutants: int) -> float:
    """Return the megabytes that *mutants* more mutants of *challenge* add, after as many."""
    for number in range(mutants):
        challenge.judge_one(number)
    before = megabytes()
    for number in range(mutants, 2 * mutants):
        challenge.judge_one(number)
    return megabytes() - before


def measure() -> dict[str, float]:
    """Return every figure by name."""
    with tempfile.TemporaryDirectory() as folder:
        challenge = challenge_of(Path(folder) / "challenge", _DECISIONS)
        item = challenge.baselines[0].item
        replay = microseconds(lambda: play(item), rounds=50) / 1e3
        grown, mutant = growth(challenge, 300), time_mutants(challenge)
        variant = time_explored(Path(folder) / "explore")
        return {
            "mutants of the script": len(challenge.numbered),
            "a mutant, ms": mutant,
            "a mutant, times a replay": mutant / replay,
            "300 mutants: growth, MB": grown,
            "a variant that explore tries, ms": variant,
            "a variant that explore tries, times a replay": variant / replay,
            "1,000 variants, two workers, start included, s": time_thousand_explored(
                Path(folder) / "thousand"
            ),
            "1,000 mutants, two workers, start included, s": time_thousand_mutants(
                Path(folder) / "mutants"
            ),
        }
