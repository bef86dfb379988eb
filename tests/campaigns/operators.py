"""``python -m tests.campaigns.operators [--sample N] [--seed N] [PACKAGE…]``: do tests notice?

Each place of the packages where an operator of cosmic-ray fits (a comparison, a constant, `and`,
`not`, a loop …) is a mutant. A sample of them, another each day, is tried by tests that cover the
line (`tests.campaigns.mutant_runs`). A mutant is killed where one of them fails; one that runs into
the time-out is not. What survives and was looked at stands in
`tests/mutants/survivors.yaml`, with the reason why no test can or should tell it; each key there
names one change of one line, or with ``-> *`` each change of it, and the campaign does not begin
with one that names none.

It ends with 1 where fewer than `ENOUGH` of a hundred died, with 2 where the tests cannot be run. A
test that fails while coverage is measured, as it holds a time, is left out and named. Which test
reaches which line is measured once for a state of the sources, and kept in `.bpmax/operators`.
cosmic-ray has to be installed: ``uv pip install cosmic-ray``.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import json
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, zip_longest
from math import inf
from pathlib import Path
from typing import TextIO

import pytest
import yaml
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator
from coverage import CoverageData

from tests.campaigns.mutant_runs import Laboratory
from tests.mutants.tree import ROOT, copied

PACKAGES = ("proxy", "cassette", "scenario", "subject", "secret", "script")
FOLDERS = (*PACKAGES, "session", "platform", "transport", "property", "team", "yamlfile")
"""Of tests, which cover these packages; the others start processes, and cost too much a mutant."""

OPERATORS = tuple(
    f"core/{name}"
    for name in (
        *[f"ReplaceComparisonOperator_{pair}" for pair in (
            "Eq_NotEq", "NotEq_Eq", "Lt_LtE", "LtE_Lt", "Gt_GtE", "GtE_Gt", "Lt_GtE", "Gt_LtE",
            "Is_IsNot", "IsNot_Is",
        )],
        *[f"ReplaceBinaryOperator_{pair}" for pair in (
            "Add_Sub", "Sub_Add", "Mul_Div", "BitOr_BitAnd",
        )],
        "ReplaceUnaryOperator_Delete_Not", "AddNot", "ReplaceTrueWithFalse",
        "ReplaceFalseWithTrue", "ReplaceAndWithOr", "ReplaceOrWithAnd",
        "ReplaceBreakWithContinue", "ReplaceContinueWithBreak", "ExceptionReplacer",
        "NumberReplacer", "ZeroIterationForLoop",
    )
)  # fmt: skip
"""Not those that only change types at run time, nor each pair of arithmetic operators."""

ENOUGH = 88
SECONDS = 30.0
"""Of a processor, as measured, that the tests of a mutant may cost together."""
LEAST, FACTOR = 20, 5
"""A mutant has so many seconds of a processor, and so many times what its tests were measured."""
DAY = 24 * 60 * 60
KNOWN = ROOT / "tests/mutants/survivors.yaml"
MEASURED = ROOT / ".bpmax/operators"


@dataclass(frozen=True, slots=True)
class Mutant:
    """The *occurrence*-th place of *operator* in *module*, a path below the tree."""

    module: str
    line: int
    operator: str
    occurrence: int

    @property
    def package(self) -> str:
        return self.module.split("/")[1]

    def code(self) -> str:
        """Return the module's text with this change in it.

        It is no Python where the operator offers a place that it cannot change.
        """
        text = (ROOT / self.module).read_text(encoding="utf-8")
        try:
            changed = mutate_code(text, get_operator(self.operator)(), self.occurrence)
        except AttributeError:  # ExceptionReplacer at a dotted name, `except json.JSONDecodeError`
            return f"{text}\n("
        assert changed is not None, self
        return str(changed)

    def keys(self) -> tuple[str, str]:
        """Return what the list of survivors may call it: this change, or any one of its line.

        A line that its function has twice has a number behind it from the second on.
        """
        lines = (ROOT / self.module).read_text(encoding="utf-8").splitlines()
        pairs = zip(lines, self.code().splitlines(), strict=False)
        unchanged = (self.line - 1, "(")
        changed = ((n, new) for n, (old, new) in enumerate(pairs) if old != new)
        row, after = next(changed, unchanged)
        function, first = find_function("\n".join(lines), self.line)
        before = lines[row].strip()
        again = sum(line.strip() == before for line in lines[max(first - 1, 0) : row])
        number = f" ({again + 1})" if again else ""
        place = f"{self.module}: {function}: {before}{number} -> "
        return f"{place}{after.strip()}", f"{place}*"


def find_mutants(package: str) -> Iterator[Mutant]:
    """Yield each place of *package* where an operator fits, annotations left out."""
    for path in sorted((ROOT / "bpmax_sim" / package).rglob("*.py")):
        yield from find_places(str(path.relative_to(ROOT)))


def find_places(module: str) -> Iterator[Mutant]:
    """Yield each place of *module*, a path below the tree, where an operator fits."""
    text = (ROOT / module).read_text(encoding="utf-8")
    nodes, annotations = list(ast_nodes(get_ast(text))), _find_annotations(text)
    for operator in OPERATORS:
        fits = get_operator(operator)()
        places = [place for node in nodes for place in fits.mutation_positions(node)]
        for occurrence, (start, _) in enumerate(places):
            if not any(first <= start < last for first, last in annotations):
                yield Mutant(module, start[0], operator, occurrence)


def find_function(text: str, line: int) -> tuple[str, int]:
    """Return the dotted name of the function or class of a module that *line* is in, and its line.

    ("", 0) for what stands in the module itself.
    """
    around = [
        node
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        and node.lineno <= line <= (node.end_lineno or 0)
    ]
    around.sort(key=lambda node: node.lineno)
    return ".".join(node.name for node in around), around[-1].lineno if around else 0


def find_stale_keys(known: Iterable[str]) -> Iterator[str]:
    """Yield the keys of the list of survivors that name no place."""
    modules: dict[str, list[str]] = {}
    for key in known:
        modules.setdefault(key.partition(": ")[0], []).append(key)
    for module, keys in modules.items():
        path = ROOT / module
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        # to change a module takes longer than to look whether a key has the line at all
        near = [
            mutant
            for mutant in (find_places(module) if lines else ())
            if any(f": {lines[mutant.line - 1].strip()}" in key for key in keys)
        ]
        yield from {*keys}.difference(chain.from_iterable(mutant.keys() for mutant in near))


def _find_annotations(text: str) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Return the (line, column) where annotations and declarations of classes begin and end."""
    parts: list[ast.expr | None] = []
    for node in ast.walk(ast.parse(text)):
        parts += [getattr(node, field, None) for field in ("annotation", "returns")]
        if isinstance(node, ast.ClassDef):  # frozen=True, slots=True: guards that nobody runs into
            parts += [*node.decorator_list, *(one.value for one in node.keywords)]
    # ast counts bytes, and what is before them has no others
    return [
        ((one.lineno, one.col_offset), (one.end_lineno or 0, one.end_col_offset or 0))
        for one in parts
        if one
    ]


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


def choose_folders(packages: Iterable[str]) -> Sequence[Path]:
    """Return the folders of tests that may tell mutants of *packages*: `FOLDERS` and their own."""
    own = ("plugin" if one == "pytest_plugin" else one for one in packages)
    folders = (ROOT / "tests" / name for name in dict.fromkeys((*FOLDERS, *own)))
    return [folder for folder in folders if folder.is_dir()]


def digest_sources(folders: Iterable[Path]) -> str:
    """Return what tells a state of the package and of the tests in *folders* from every other."""
    digest = hashlib.sha256()
    for folder in (ROOT / "bpmax_sim", *folders):
        for path in sorted(folder.rglob("*.py")):
            digest.update(str(path.relative_to(ROOT)).encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def try_all(
    laboratory: Laboratory, mutants: Sequence[Mutant], reached: CoverageMap, until: float
) -> Iterator[tuple[Mutant, str]]:
    """Yield what became of each of *mutants*, the cheap trials before the dear ones.

    What was not tried by *until*, an instant of `time.monotonic`, is said to be so.
    """
    left: list[tuple[Mutant, list[str], float, str]] = []
    for mutant in mutants:
        if time.monotonic() > until:
            yield mutant, "not tried"
            continue
        changed, tests = mutant.code(), find_tests(mutant, laboratory, reached)
        seconds = LEAST + FACTOR * sum(reached.seconds[one] for one in tests)
        fate = "broken" if not _is_python(changed) else "" if tests else "unreached"
        if fate:
            yield mutant, fate
            continue
        fate = laboratory.try_in_fork(mutant.module, changed, tests, seconds).fate
        if fate in {"survived", "unseen", "broken"}:
            left.append((mutant, tests, seconds, fate))
        else:
            yield mutant, fate
    for mutant, tests, seconds, fate in left:
        if time.monotonic() > until:
            yield mutant, "survived" if fate == "survived" else "not tried"
        else:
            yield mutant, laboratory.try_fresh(mutant.module, mutant.code(), tests, seconds).fate


def find_tests(mutant: Mutant, laboratory: Laboratory, reached: CoverageMap) -> list[str]:
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


def draw(packages: Sequence[str], size: int, seed: int, only: str) -> list[Mutant]:
    """Return of *size* mutants, of each of *packages* as many, those with *only* in the key."""
    chosen: list[Mutant] = []
    for package in packages:
        places = list(find_mutants(package))
        count = min(size // len(packages), len(places))
        sys.stdout.write(f"{package}: {count} of {len(places)} places\n")
        chosen += random.Random(seed).sample(places, count)
    sys.stdout.flush()
    random.Random(seed).shuffle(chosen)
    return [one for one in chosen if not only or only in one.keys()[0]]


def main(arguments: Sequence[str]) -> int:
    """Try a sample, and print what survived and the table by package."""
    parser = argparse.ArgumentParser(prog="python -m tests.campaigns.operators")
    parser.add_argument("packages", nargs="*", metavar="PACKAGE", help=f"(default: {PACKAGES})")
    parser.add_argument("--sample", type=int, default=1000, metavar="N")
    parser.add_argument("--seed", type=int, default=int(time.time() // DAY), help="(default: day)")
    parser.add_argument(
        "--only", default="", metavar="TEXT", help="places that TEXT is in the key of"
    )
    parser.add_argument("--minutes", type=float, default=inf, metavar="N", help="of all trials")
    asked = parser.parse_args(arguments)
    packages = asked.packages or PACKAGES
    sys.stdout.write(f"--sample {asked.sample} --seed {asked.seed}\n")
    if stale := [*find_stale_keys(yaml.safe_load(KNOWN.read_text(encoding="utf-8")))]:
        parser.error("\n".join([f"{KNOWN.name} names what is not there:", *stale]))
    sample = draw(packages, asked.sample, asked.seed, asked.only)
    fates: Counter[tuple[str, str]] = Counter()
    with open_log() as out:

        def experiment(laboratory: Laboratory) -> None:
            data = MEASURED / digest_sources(choose_folders(packages))
            if not data.exists():
                laboratory.measure(data)
            reached = read_coverage(data)
            for one in sorted(reached.failed):
                out.write(f"left out, as it fails while it is measured: {one}\n")
            until = time.monotonic() + 60 * asked.minutes
            fates.update(count_fates(try_all(laboratory, sample, reached, until), out))

        if not run_in_pytest(experiment, choose_folders(packages)):
            out.write(f"the tests cannot be run, see {MEASURED / 'log'}\n")
            return 2
        return write_table(packages, fates, out)


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


def write_table(packages: Sequence[str], fates: Mapping[tuple[str, str], int], out: TextIO) -> int:
    """Print *fates* by package; return 1 where too few were killed."""
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
    out.write(f"enough is {ENOUGH}\n")
    return int(shares[-1] < ENOUGH)


def count_fates(tried: Iterable[tuple[Mutant, str]], out: TextIO) -> Counter[tuple[str, str]]:
    """Print each mutant that was not killed; return how many there are by package and fate."""
    known = yaml.safe_load(KNOWN.read_text(encoding="utf-8"))
    fates: Counter[tuple[str, str]] = Counter()
    for mutant, fate in tried:
        keys = mutant.keys() if fate != "killed" else ("", "")
        listed = any(key in known for key in keys)
        fates[mutant.package, "listed" if listed else fate] += 1
        if fate != "killed" and not listed:
            out.write(f"{fate}: {mutant.module}:{mutant.line}: {keys[0]}\n")
    return fates


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
