"""Try changes of modules by the tests that reach them, and tell what became of each.

A change is tried by tests that cover its line (`tests.campaigns.mutant_runs`). It is killed where
one of them fails; one that runs into the time-out is not. Which test reaches which line is measured
once for a state of the sources, and kept in `.bpmax/mutants`; so is what became of each change, and
a run that was stopped goes on where it was. A test that fails while coverage is measured, as it
holds a time, is left out and named. What stands in the list of survivors is not tried: each of its
tests would run to its end, twice.
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import chain, zip_longest
from math import inf
from pathlib import Path
from typing import Protocol, TextIO

import pytest
import yaml
from coverage import CoverageData

from tests.campaigns.mutant_runs import Laboratory
from tests.mutants.tree import ROOT, copied

SECONDS = 15.0
"""Of a processor, as on a quiet machine, that the tests of a mutant may cost together."""
LEAST, FACTOR = 20, 5
"""A mutant has so many seconds of a processor, and so many times what its tests were measured."""
KNOWN = ROOT / "tests/mutants/survivors.yaml"
MEASURED = ROOT / ".bpmax/mutants"
UNSURE = "?"
STEP = 50
"""After so many mutants it is told how far the trials are: one that is killed has no line."""


class Change(Protocol):
    """What `try_all` tries: another text of *module*, a path below the tree, from *line* on."""

    @property
    def module(self) -> str: ...
    @property
    def line(self) -> int: ...
    @property
    def package(self) -> str: ...
    def code(self) -> str: ...
    def keys(self) -> tuple[str, str]: ...


def judge(
    changes: Sequence[Change], folders: Sequence[Path], *, enough: int, minutes: float = inf
) -> int:
    """Try *changes* by the tests in *folders*, print what survived and the table by package.

    Returns:
        1 where fewer than *enough* of a hundred were killed, 2 where the tests cannot be run.
    """
    fates: Counter[tuple[str, str]] = Counter()
    with open_log() as out:

        def experiment(laboratory: Laboratory) -> None:
            data = MEASURED / digest_sources(folders)
            if not data.exists():
                out.write("measuring which test reaches which line\n")
                laboratory.measure(data)
            reached = read_coverage(data)
            for one in sorted(reached.failed):
                out.write(f"left out, as it fails while it is measured: {one}\n")
            until = time.monotonic() + 60 * minutes
            listed, unlisted = split_by_list(changes, read_survivors())
            out.write(f"{len(unlisted)} mutants, {len(laboratory.items)} tests\n")
            rest = partial(try_all, laboratory, reached=reached, until=until)
            tried = remember_fates(unlisted, rest, data.with_name(f"{data.name}.fates"), until)
            fates.update(count_fates(tried, out))
            fates.update((one.package, "listed") for one in listed)

        if not run_in_pytest(experiment, folders):
            out.write(f"the tests cannot be run, see {MEASURED / 'log'}\n")
            return 2
        packages = dict.fromkeys(change.package for change in changes)
        return write_table([*packages], fates, out, enough)


@dataclass(frozen=True, slots=True)
class CoverageMap:
    """Which tests reach a line of a module, and what each costs in seconds of a processor."""

    tests: Mapping[str, Mapping[int, frozenset[str]]]
    seconds: Mapping[str, float]
    failed: frozenset[str]

    def choose(self, module: str, lines: Iterable[int]) -> list[str]:
        """Return tests that reach one of *lines*, within `SECONDS`.

        First those of files that are named after the module, then of each file one in turn, the
        package's own folder first; of each file the cheapest tests come first.
        """
        reached = self.tests.get(module, {})
        chosen = set[str]().union(*(reached.get(line, ()) for line in lines)) - self.failed
        own, stem = f"tests/{module.split('/')[1]}/", Path(module).stem
        named: list[str] = []
        files: dict[str, list[str]] = {}
        for test in sorted(chosen, key=lambda one: (not one.startswith(own), self.seconds[one])):
            file = test.partition("::")[0]
            (named if stem in file else files.setdefault(file, [])).append(test)
        left, kept = SECONDS, list[str]()
        for test in chain(named, filter(None, chain.from_iterable(zip_longest(*files.values())))):
            if self.seconds[test] <= left or not kept:
                left -= self.seconds[test]
                kept.append(test)
        return kept


def read_coverage(data: Path) -> CoverageMap:
    """Return what `Laboratory.measure` wrote to *data*."""
    read = CoverageData(str(data))
    read.read()
    costs = json.loads(data.with_name(f"{data.name}.json").read_text(encoding="utf-8"))
    tests = {
        str(Path(file).relative_to(ROOT)): {
            line: frozenset(filter(None, contexts))
            for line, contexts in read.contexts_by_lineno(file).items()
        }
        for file in read.measured_files()
    }
    return CoverageMap(tests, costs["seconds"], frozenset(costs["failed"]))


def find_lines(text: str, line: int) -> Sequence[int]:
    """Return the lines of a module whose tests tell of *line*: in a function it alone.

    What stands in a module or a class, and the defaults of a function, run before any test.
    """
    around = [
        (first, node)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        and (first := min([node.lineno, *(one.lineno for one in node.decorator_list)])) <= line
        and line <= (node.end_lineno or 0)
    ]
    if not around:
        return range(1, len(text.splitlines()) + 1)
    first, node = max(around, key=lambda one: one[0])
    inside = not isinstance(node, ast.ClassDef) and line >= node.body[0].lineno
    # a jump has no line of its own where it was optimised away
    inside = inside and text.splitlines()[line - 1].strip() not in {"continue", "break"}
    return [line] if inside else range(first, (node.end_lineno or first) + 1)


def digest_sources(folders: Iterable[Path]) -> str:
    """Return what tells a state of the package and of the tests in *folders* from every other.

    What tries mutants is a part of it: with another bound they have other fates.
    """
    digest = hashlib.sha256()
    trials = sorted(Path(__file__).parent.glob("mutant_*.py"))
    below = (sorted(folder.rglob("*.py")) for folder in (ROOT / "bpmax_sim", *folders))
    for path in chain(trials, *below):
        digest.update(str(path.relative_to(ROOT)).encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def remember_fates(
    changes: Sequence[Change],
    try_rest: Callable[[Sequence[Change]], Iterable[tuple[Change, str]]],
    kept: Path,
    until: float = inf,
) -> Iterator[tuple[Change, str]]:
    """Yield what became of each of *changes*: what *kept* tells, then what *try_rest* comes to.

    That is written to *kept*, a line each; but not what time was too short for, or what came after
    *until*, an instant of `time.monotonic`.
    """
    lines = kept.read_bytes() if kept.exists() else b""
    whole = lines[: lines.rfind(b"\n") + 1]
    known = dict(json.loads(line) for line in whole.splitlines())
    yield from ((one, known[repr(one)]) for one in changes if repr(one) in known)
    with kept.open("a", encoding="utf-8", buffering=1) as out:
        out.truncate(len(whole))  # a run may have been killed in the midst of a line
        for one, fate in try_rest([one for one in changes if repr(one) not in known]):
            if fate not in {"time-out", "not tried"} and time.monotonic() < until:
                out.write(json.dumps([repr(one), fate], ensure_ascii=False) + "\n")
            yield one, fate


def try_all(
    laboratory: Laboratory, mutants: Sequence[Change], reached: CoverageMap, until: float
) -> Iterator[tuple[Change, str]]:
    """Yield what became of each of *mutants*, the cheap trials before the dear ones.

    What was not tried by *until*, an instant of `time.monotonic`, is said to be so.
    """
    trials = [Trial(mutant, laboratory, reached) for mutant in mutants]

    def try_in_time(method: Callable[[Trial], str], number: int) -> str:
        return method(trials[number]) if time.monotonic() < until else "not tried"

    left: dict[int, str] = {}
    for number, fate in laboratory.share(
        partial(try_in_time, Trial.try_in_fork), range(len(trials))
    ):
        if fate.endswith(UNSURE):
            left[number] = fate
        else:
            yield mutants[number], fate
    for number, fate in laboratory.share(partial(try_in_time, Trial.try_fresh), [*left]):
        survived = fate == "not tried" and left[number] == f"survived{UNSURE}"
        yield mutants[number], "survived" if survived else fate


@dataclass(frozen=True, slots=True)
class Trial:
    """A mutant that is tried by the tests of *laboratory* that may tell it."""

    mutant: Change
    laboratory: Laboratory
    reached: CoverageMap

    def try_in_fork(self) -> str:
        """Return what becomes of it in a fork; `UNSURE` ends what only a new process can tell."""
        changed = self.mutant.code()
        if not _is_python(changed):
            return "broken"
        tests, seconds = self._choose_tests()
        if not tests:
            return "unreached"
        fate = self.laboratory.try_in_fork(self.mutant.module, changed, tests, seconds).fate
        return fate + UNSURE * (fate in {"survived", "unseen", "broken"})

    def try_fresh(self) -> str:
        """Return what becomes of it where a process imports it."""
        mutant = self.mutant
        return self.laboratory.try_fresh(mutant.module, mutant.code(), *self._choose_tests()).fate

    def _choose_tests(self) -> tuple[list[str], float]:
        """Return the tests, and how many seconds of a processor they have."""
        tests = find_tests(self.mutant, self.laboratory, self.reached)
        return tests, LEAST + FACTOR * sum(self.reached.seconds[one] for one in tests)


def find_tests(mutant: Change, laboratory: Laboratory, reached: CoverageMap) -> list[str]:
    """Return the tests of *laboratory* that may tell *mutant*."""
    lines = find_lines((ROOT / mutant.module).read_text(encoding="utf-8"), mutant.line)
    tests = reached.choose(mutant.module, lines)
    if not tests and len(lines) > 1:  # a class that has no functions
        tests = reached.choose(mutant.module, reached.tests.get(mutant.module, ()))
    return [one for one in tests if one in laboratory.items]


def _is_python(text: str) -> bool:
    """Return whether an operator left a module that can be compiled: ``not x := 1`` cannot."""
    try:
        compile(text, "", "exec", dont_inherit=True)
    except SyntaxError:
        return False
    return True


@contextmanager
def open_log() -> Iterator[TextIO]:
    """Yield what standard output was; what pytest and the tests print goes to a file."""
    MEASURED.mkdir(parents=True, exist_ok=True)
    with (
        os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1) as out,
        (MEASURED / "log").open("w", encoding="utf-8") as log,
    ):
        os.dup2(log.fileno(), 1)
        try:
            yield out
        finally:
            sys.stdout.flush()
            os.dup2(out.fileno(), 1)


def run_in_pytest(experiment: Callable[[Laboratory], None], folders: Sequence[Path]) -> bool:
    """Do *experiment* once the tests in *folders* are collected; return whether they could be."""
    os.environ["BPMAX_SIM_HYPOTHESIS"] = "mutants"
    with copied() as tree:
        laboratory = Laboratory(experiment, tree)
        code = pytest.main(
            ["-q", "-p", "no:cacheprovider", *map(str, folders)], plugins=[laboratory]
        )
    return code in {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}


def write_table(
    packages: Sequence[str],
    fates: Mapping[tuple[str, str], int],
    out: TextIO,
    enough: int,
) -> int:
    """Print *fates* by package; return 1 where fewer than *enough* of a hundred were killed."""
    names = ("killed", "survived", "unreached", "time-out", "broken", "listed", "not tried")
    out.write(
        f"| package | {' | '.join(names)} | killed of 100 |\n|{' --- |' * (len(names) + 2)}\n"
    )
    shares = []
    for rows in (*([package] for package in packages), packages):
        row = {name: sum(fates.get((one, name), 0) for one in rows) for name in names}
        tried = sum(row.values()) - row["broken"] - row["listed"] - row["not tried"]
        shares.append(100 * row["killed"] / tried if tried else 0.0)
        cells = " | ".join(map(str, row.values()))
        out.write(f"| {rows[0] if len(rows) == 1 else 'all'} | {cells} | {shares[-1]:.0f} |\n")
    out.write(f"enough is {enough}\n")
    return int(shares[-1] < enough)


def count_fates(tried: Iterable[tuple[Change, str]], out: TextIO) -> Counter[tuple[str, str]]:
    """Print each mutant that was not killed, and how far it is, now and then.

    Returns:
        How many there are by package and fate.
    """
    fates: Counter[tuple[str, str]] = Counter()
    start = time.monotonic()
    for mutant, fate in tried:
        fates[mutant.package, fate] += 1
        if fate != "killed":
            out.write(f"{fate}: {mutant.module}:{mutant.line}: {mutant.keys()[0]}\n")
        if not fates.total() % STEP:
            out.write(f"{fates.total()} tried in {time.monotonic() - start:.0f} s\n")
    return fates


def read_survivors() -> Mapping[str, str]:
    """Return the list of survivors: a reason for each key, see `Change.keys`."""
    known: dict[str, str] = yaml.safe_load(KNOWN.read_text(encoding="utf-8"))
    return known


def split_by_list(
    changes: Iterable[Change], known: Iterable[str]
) -> tuple[list[Change], list[Change]]:
    """Return those of *changes* that have one of the keys *known*, and the others."""
    lines: dict[str, list[str]] = {}
    known = frozenset(known)
    split: tuple[list[Change], list[Change]] = ([], [])
    for one in changes:
        if one.module not in lines:
            lines[one.module] = (ROOT / one.module).read_text(encoding="utf-8").splitlines()
        # to change a module takes longer than to look whether a key has the line at all
        line = lines[one.module][one.line - 1].strip()
        may_be_listed = any(f": {line}" in key for key in known)
        split[not (may_be_listed and known.intersection(one.keys()))].append(one)
    return split
