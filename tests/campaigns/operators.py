"""``python -m tests.campaigns.operators [--sample N] [--seed N] [PACKAGE…]``: do tests notice?

Each place of the packages where an operator of cosmic-ray fits (a comparison, a constant, `and`,
`not`, a loop …) is a mutant. A sample of them, another each day, is tried
(`tests.campaigns.mutant_trials`). What survives and was looked at stands in
`tests/mutants/survivors.yaml`, with the reason why no test can or should tell it; each key there
names one change of one line, or with ``-> *`` each change of it, and the campaign does not begin
with one that names none.

It ends with 1 where fewer than `ENOUGH` of a hundred died, with 2 where the tests cannot be run.
cosmic-ray has to be installed: ``uv pip install cosmic-ray``.
"""

from __future__ import annotations

import argparse
import ast
import random
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from math import inf
from pathlib import Path

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator

from tests.campaigns.mutant_trials import KNOWN, judge, read_survivors
from tests.mutants.tree import ROOT

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
DAY = 24 * 60 * 60


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
    """Yield each place of *module*, a path below the tree, where an operator fits.

    The star behind which parameters have to be named is none: it multiplies nothing.
    """
    text = (ROOT / module).read_text(encoding="utf-8")
    lines, nodes = text.splitlines(), list(ast_nodes(get_ast(text)))
    annotations = _find_annotations(text)
    for operator in OPERATORS:
        fits = get_operator(operator)()
        places = [place for node in nodes for place in fits.mutation_positions(node)]
        for occurrence, (start, _) in enumerate(places):
            is_star = lines[start[0] - 1].startswith("*,", start[1])
            if not is_star and not any(first <= start < last for first, last in annotations):
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


def choose_folders(packages: Iterable[str]) -> Sequence[Path]:
    """Return the folders of tests that may tell mutants of *packages*: `FOLDERS` and their own."""
    own = ("plugin" if one == "pytest_plugin" else one for one in packages)
    folders = (ROOT / "tests" / name for name in dict.fromkeys((*FOLDERS, *own)))
    return [folder for folder in folders if folder.is_dir()]


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
    if stale := [*find_stale_keys(read_survivors())]:
        parser.error("\n".join([f"{KNOWN.name} names what is not there:", *stale]))
    sample = draw(packages, asked.sample, asked.seed, asked.only)
    return judge(sample, choose_folders(packages), enough=ENOUGH, minutes=asked.minutes)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
