"""Edit files as people do by accident: ``python -m tests.campaigns.edits [N] [--seed N]``.

Each of N edits changes one file of this repository's own project (a scenario, a platform, a flow,
instances, a cassette) by a line or two: left out, twice, indented, cut, with another's value, with
a name mistyped. Every command then ends with an exit code and, where that says that the files are
wrong, with a line that names a file; nothing else is raised. What breaks that is printed as a diff.
Each `EDITS_OF_A_SEED` have a seed of their own, from ``--seed`` on, so that one can be tried again.
"""

from __future__ import annotations

import argparse
import contextlib
import difflib
import io
import os
import random
import re
import shutil
import sys
import tempfile
import traceback
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Final

from bpmax_sim.cli.app import run_command_line
from bpmax_sim.project import SUFFIX
from bpmax_sim.report.exit_codes import ExitCode
from tests.probe import ROOT

VALUES: Final = (
    "null", "[]", "{}", "-1", "0", "true", '""', "甲", "{a: 1}", "[1, 2]", "[[]]", "[{}]", "1e400",
    "~", "!!python/x 1", "*甲", "&甲 乙", '"{{ x }}"', "2026-13-01", "${a.b}", "${", "../..",
    "{from: 没有.csv}", "99999999999999999999", '"a: b"', "yes", "0x1F", ".inf", "{file: 没有.js}",
    "{env: }", "{env: [甲]}", '{matches: "("}', "{matches: {}}", "5s", "-5s", "abc def", "|",
)  # fmt: skip
KEYS: Final = (
    "名字", "exepct", "name", "id", "version", "用例", "set", "when", "secret", "path", "ignore",
    "auth", "default", "start", "cases", "steps", "credentials", "expect", "faults", "on",
    "clock", "form",
)  # fmt: skip
LARGEST: Final = 60_000
EDITS_OF_A_SEED: Final = 50
PLACED: Final = re.compile(r"^[^\s:][^:\n]*(:\d+){1,2}: |\.ya?ml", re.MULTILINE)


def edited(text: str, draw: random.Random) -> str:
    """Return *text*, a YAML file, with one or two accidents."""
    lines = text.split("\n")
    for _ in range(draw.choice((1, 1, 1, 2))):
        filled = [at for at, one in enumerate(lines) if one.strip() and one.strip()[0] != "#"]
        if not filled:
            break
        at, other = draw.choice(filled), lines[draw.choice(filled)]
        line = lines[at]
        key, colon, _ = line.partition(":")
        place = len(line) - len(line.lstrip("- "))
        letter = draw.randrange(place, max(place + 1, len(key) - 1))
        swapped = line[letter : letter + 2][::-1]
        lines[at : at + 1] = draw.choice(
            [
                [],
                [line, line],
                [f"{key}: {draw.choice(VALUES)}" if colon else draw.choice(VALUES)],
                [f"{key}:{other.partition(':')[2]}"],
                [line[:letter] + swapped + line[letter + 2 :]],
                [f"  {line}"],
                [line[: draw.randrange(len(line) + 1)]],
                [other],
                [" " * place + f"{draw.choice(KEYS)}: {draw.choice(VALUES)}", line],
            ]
        )  # fmt: skip
    return "\n".join(lines)


def files(root: Path) -> dict[str, list[Path]]:
    """Return the files of the project in *root* by what they are, small ones."""
    found: dict[str, list[Path]] = {}
    for path in sorted([*root.glob("scenarios/**/*.yaml"), *root.glob("cassettes/**/*.yaml")]):
        if path.stat().st_size <= LARGEST:
            is_scenario = path.name.endswith(SUFFIX)
            kind = "scenario" if is_scenario else path.relative_to(root).parts[:-1][-1]
            found.setdefault(kind, []).append(path)
    return found


def commands(path: Path, scenario: Path) -> Iterator[list[str]]:
    """Return the commands that read *path*; *scenario* is one that may need it."""
    yield ["lint"]
    yield ["run", str(path if path.name.endswith(SUFFIX) else scenario)]
    yield ["list"]
    yield ["coverage"]
    if "cassettes" in path.parts:
        for name, *options in (
            ["inspect"],
            ["fmt"],
            ["seal", "--yes"],
            ["diff", str(path)],
            ["export", "--as=har"],
        ):
            yield ["cassette", name, str(path), *options]


def told(command: Sequence[str]) -> tuple[int, str]:
    """Return exit code and output of *command*; what it raises is raised."""
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        code = run_command_line(command)
    assert isinstance(out.buffer, io.BytesIO)
    return code, out.buffer.getvalue().decode()


def wrong(command: Sequence[str]) -> str:
    """Return what is wrong with how *command* ended, or nothing."""
    try:
        code, text = told(command)
    except Exception:  # noqa: BLE001 - that is what is looked for
        return traceback.format_exc(limit=-3)
    if code not in set(ExitCode):
        return f"exit code {code}\n{text[-500:]}"
    if "Traceback" in text:
        return text[-1500:]
    if code == ExitCode.USAGE and not PLACED.search(text):
        return f"no file is named\n{text[-500:]}"
    return ""


def tried(count: int, seed: int) -> tuple[int, list[str]]:
    """Try *count* edits; return the number of commands, and what was wrong."""
    draw, ran, found = random.Random(seed), 0, list[str]()
    with tempfile.TemporaryDirectory() as name, contextlib.chdir(name):
        root = Path(name).resolve()
        for folder in ("scenarios", "cassettes"):
            shutil.copytree(ROOT / folder, root / folder)
        (root / "pyproject.toml").write_text("[tool.bpmax_sim]\n")
        kinds = files(Path())
        for _ in range(count):
            path = draw.choice(kinds[draw.choice(sorted(kinds))])
            before = path.read_bytes()
            text = edited(before.decode(), draw)
            for command in commands(path, draw.choice(kinds["scenario"])):
                path.write_bytes(text.encode())
                ran += 1
                if problem := wrong(command):
                    diff = difflib.unified_diff(
                        before.decode().split("\n"), text.split("\n"), str(path), n=1, lineterm=""
                    )
                    found.append("\n".join((f"== {' '.join(command)}", *diff, problem)))
            path.write_bytes(before)
    return ran, found


def main() -> int:
    """Try edits and print what was wrong; return 1 if anything was."""
    parser = argparse.ArgumentParser(prog="python -m tests.campaigns.edits", description=__doc__)
    parser.add_argument("count", nargs="?", type=int, default=2000, metavar="N")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    options = parser.parse_args()
    os.environ.pop("CI", None)
    starts = range(0, options.count, EDITS_OF_A_SEED)
    counts = [min(EDITS_OF_A_SEED, options.count - start) for start in starts]
    seeds = range(options.seed, options.seed + len(counts))
    all_ran = all_wrong = 0
    with ProcessPoolExecutor() as pool:
        results = pool.map(tried, counts, seeds)
        for seed, count, (ran, found) in zip(seeds, counts, results, strict=True):
            print(*found, sep="\n\n", end="\n\n" if found else "")  # noqa: T201 - a command
            print(  # noqa: T201
                f"seed {seed}: {count} edits, {ran} commands, {len(found)} wrong", flush=True
            )
            all_ran, all_wrong = all_ran + ran, all_wrong + len(found)
    print(f"{options.count} edits, {all_ran} commands, {all_wrong} wrong")  # noqa: T201
    return 1 if all_wrong else 0


if __name__ == "__main__":
    sys.exit(main())
