"""``python -m tests.campaigns.operators [--sample N] [--seed N] [PACKAGE…]``: do tests notice?

Each place of the packages where an operator of cosmic-ray fits (a comparison, a constant, `and`,
`not`, a loop …) is a mutant. A sample of them, another each day, is tried: one change in a copy of
the tree, and the tests that cover the line, the most special first. A mutant is killed where one of
them fails; one that runs into the time-out is not. What survives and was looked at stands in
`tests/mutants/survivors.yaml`, with the reason why no test can or should tell it.

It ends with 1 where fewer than `ENOUGH` of a hundred died, with 2 where the tests cannot be run. A
test that fails while coverage is measured, as it holds a time, is left out and named. cosmic-ray
has to be installed: ``uv pip install cosmic-ray``.
"""

from __future__ import annotations

import argparse
import ast
import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from tempfile import TemporaryDirectory

import yaml
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator
from coverage import CoverageData

from tests.mutants.tree import ROOT, copied

PACKAGES = ("proxy", "cassette", "scenario", "subject", "secret", "script")
FOLDERS = (*PACKAGES, "session", "platform", "transport", "property", "team", "yamlfile")
"""Of tests, which cover the packages; the others start processes, and cost too much a mutant."""

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
TESTS_OF_A_MUTANT = 40
TIMEOUT = 180.0
WORKERS = 2
DAY = 24 * 60 * 60
KNOWN = ROOT / "tests/mutants/survivors.yaml"


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
        """Return the module's text with this change in it."""
        text = (ROOT / self.module).read_text(encoding="utf-8")
        changed = mutate_code(text, get_operator(self.operator)(), self.occurrence)
        assert changed is not None, self
        return str(changed)

    def key(self) -> str:
        """Return what the list of survivors calls it: file, operator, the line's text."""
        text = (ROOT / self.module).read_text(encoding="utf-8").splitlines()[self.line - 1].strip()
        return f"{self.module}: {self.operator.removeprefix('core/')}: {text}"


def find_mutants(package: str) -> Iterator[Mutant]:
    """Yield each place of *package* where an operator fits, annotations left out."""
    for path in sorted((ROOT / "bpmax_sim" / package).rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        nodes, left_out = list(ast_nodes(get_ast(text))), _find_annotations(text)
        for operator in OPERATORS:
            fits = get_operator(operator)()
            places = [place for node in nodes for place in fits.mutation_positions(node)]
            for occurrence, (start, _) in enumerate(places):
                if start not in left_out and start[0] not in {line for line, _ in left_out}:
                    module = str(path.relative_to(ROOT))
                    yield Mutant(module, start[0], operator, occurrence)


def _find_annotations(text: str) -> set[tuple[int, int]]:
    """Return where annotations begin, as (line, column): they are never evaluated."""
    found: set[tuple[int, int]] = set()
    for node in ast.walk(ast.parse(text)):
        for field in ("annotation", "returns"):
            if (part := getattr(node, field, None)) is not None:
                found |= {(line, 0) for line in range(part.lineno, part.end_lineno + 1)}
    return found


def measure_coverage(data: Path) -> None:
    """Run the tests, and write to *data* which of them reaches which line.

    Beside it stands, in ``<data>.failed``, which tests failed.

    Raises:
        SystemExit: the tests cannot be run.
    """
    with TemporaryDirectory() as place:
        config = Path(place) / "rc"
        config.write_text(
            f"[run]\ndata_file={data}\nsource_pkgs=bpmax_sim\ndynamic_context=test_function\n",
            encoding="utf-8",
        )
        command = [sys.executable, "-m", "coverage", "run", f"--rcfile={config}", "-m", "pytest"]
        command += ["-q", "-rf", "--tb=no", "-p", "no:cacheprovider"]
        command += [f"tests/{name}" for name in FOLDERS]
        environ = {**os.environ, "BPMAX_SIM_HYPOTHESIS": "mutants"}
        done = subprocess.run(
            command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, text=True, check=False
        )
    if done.returncode not in {0, 1}:
        sys.stdout.write(f"{done.stdout[-2000:]}\nthe tests cannot be run\n")
        raise SystemExit(2)
    lines = [line.split(" ")[1] for line in done.stdout.splitlines() if line.startswith("FAILED ")]
    sys.stdout.writelines(f"left out, as it fails while it is measured: {one}\n" for one in lines)
    _failures(data).write_text("\n".join(one.partition("[")[0] for one in lines), encoding="utf-8")


def _failures(data: Path) -> Path:
    return data.with_name(f"{data.name}.failed")


def read_coverage(data: Path) -> Mapping[tuple[str, int], Sequence[str]]:
    """Return for each (module, line) the tests that reach it, the most special first."""
    read = CoverageData(str(data))
    read.read()
    failed = set(_failures(data).read_text(encoding="utf-8").splitlines())
    reached: dict[tuple[str, int], set[str]] = {}
    for file in read.measured_files():
        module = str(Path(file).relative_to(ROOT))
        for line, contexts in read.contexts_by_lineno(file).items():
            reached[module, line] = {_node_id(one) for one in contexts if one} - failed
    breadth = Counter(test for tests in reached.values() for test in tests)
    return {place: sorted(tests, key=lambda one: breadth[one]) for place, tests in reached.items()}


def _node_id(context: str) -> str:
    """Return pytest's name of a function that coverage calls ``tests.proxy.test_login.test_x``."""
    module, _, function = context.rpartition(".")
    return f"{module.replace('.', '/')}.py::{function}"


def try_mutant(mutant: Mutant, tests: Sequence[str], tree: Path) -> str:
    """Return killed, survived, unreached, time-out or broken; *tree* is left as it was."""
    if not tests:
        return "unreached"
    path = tree / mutant.module
    sound = path.read_text(encoding="utf-8")
    path.write_text(mutant.code(), encoding="utf-8")
    for old in path.parent.glob(f"__pycache__/{path.stem}.*.pyc"):
        old.unlink()
    command = [sys.executable, "-B", "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider"]
    command += ["--tb=no", *tests[:TESTS_OF_A_MUTANT]]
    environ = {**os.environ, "PYTHONPATH": str(tree), "BPMAX_SIM_HYPOTHESIS": "mutants"}
    try:
        done = subprocess.run(
            command, cwd=tree, env=environ, capture_output=True, timeout=TIMEOUT, check=False
        )
    except subprocess.TimeoutExpired:
        return "time-out"
    finally:
        path.write_text(sound, encoding="utf-8")
    return {0: "survived", 1: "killed"}.get(done.returncode, "broken")


def try_all(
    mutants: Sequence[Mutant], reached: Mapping[tuple[str, int], Sequence[str]]
) -> Iterator[tuple[Mutant, str]]:
    """Yield what became of each of *mutants*, in their order."""
    with copied() as first, copied() as second, ThreadPoolExecutor(WORKERS) as pool:
        trees: SimpleQueue[Path] = SimpleQueue()
        for tree in (first, second):
            trees.put(tree)

        def try_one(mutant: Mutant) -> str:
            tree = trees.get()
            try:
                return try_mutant(mutant, reached.get((mutant.module, mutant.line), ()), tree)
            finally:
                trees.put(tree)

        yield from zip(mutants, pool.map(try_one, mutants), strict=True)


def main(arguments: Sequence[str]) -> int:
    """Try a sample, and print what survived and the table by package."""
    parser = argparse.ArgumentParser(prog="python -m tests.campaigns.operators")
    parser.add_argument("packages", nargs="*", metavar="PACKAGE", help=f"(default: {PACKAGES})")
    parser.add_argument("--sample", type=int, default=1000, metavar="N")
    parser.add_argument("--seed", type=int, default=int(time.time() // DAY), help="(default: day)")
    parser.add_argument("--coverage", type=Path, metavar="FILE", help="kept here, and read again")
    options = parser.parse_args(arguments)
    packages = options.packages or PACKAGES
    places = [mutant for package in packages for mutant in find_mutants(package)]
    count = min(options.sample, len(places))
    sample = random.Random(options.seed).sample(places, count)
    sys.stdout.write(f"{count} of {len(places)} places, --seed {options.seed}\n")
    with TemporaryDirectory() as place:
        data = options.coverage or Path(place) / "data"
        if not data.exists():
            measure_coverage(data)
        fates = count_fates(try_all(sample, read_coverage(data)))
    for package in packages:
        row = {fate: number for (name, fate), number in sorted(fates.items()) if name == package}
        sys.stdout.write(f"{package}: {row}\n")
    tried = sum(number for (_, fate), number in fates.items() if fate not in {"broken", "listed"})
    killed = sum(number for (_, fate), number in fates.items() if fate == "killed")
    share = 100 * killed / tried if tried else 0.0
    sys.stdout.write(f"{killed} of {tried} killed, {share:.0f} of 100; enough is {ENOUGH}\n")
    return int(share < ENOUGH)


def count_fates(tried: Iterable[tuple[Mutant, str]]) -> Counter[tuple[str, str]]:
    """Print each mutant that was not killed; return how many there are by package and fate."""
    known = yaml.safe_load(KNOWN.read_text(encoding="utf-8"))
    fates: Counter[tuple[str, str]] = Counter()
    for mutant, fate in tried:
        listed = fate != "killed" and mutant.key() in known
        fates[mutant.package, "listed" if listed else fate] += 1
        if fate != "killed" and not listed:
            sys.stdout.write(f"{fate}: {mutant.module}:{mutant.line}: {mutant.key()}\n")
            sys.stdout.flush()
    return fates


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
