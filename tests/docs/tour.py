"""The pages' commands, run in one folder in the pages' order; their real output."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests import warm
from tests.docs.blocks import Block, blocks
from tests.docs.pages import ROOT, Language
from tests.warehouse import running_warehouse

RUN = ("demo", "run", "python")
_VARYING = (
    (r"\d+(\.\d+)?( ?)(ms|s)\b(?: \(\d:\d\d:\d\d\))?", r"N\2\3"),
    (r"http://127\.0\.0\.1:\d+", "http://127.0.0.1:PORT"),
    (r"\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT", "DATE"),
    (r"BaseHTTP/[\d.]+ Python/[\d.]+\w*", "SERVER"),
)
_ACTIVATION = re.compile(r"^( *)(?:\. .*/activate'?|PATH=.+:\$PATH)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Played:
    """Commands, and what they printed and exited with.

    Attributes:
        page: the place of the page that has the commands.
        output: the block below the commands, where the page shows what they print.
    """

    page: str
    block: Block
    code: int
    printed: str
    output: Block | None


def steady(text: str) -> str:
    """Return *text* without what differs from run to run."""
    for pattern, instead in _VARYING:
        text = re.sub(pattern, instead, text)
    return "\n".join(line.rstrip() for line in text.rstrip().splitlines())


def tour(pages: Mapping[str, str], folder: Path, language: Language) -> Iterator[Played]:
    """Do in *folder* what the pages tell, as a reader of *language*: save files, run commands."""
    with running_warehouse() as warehouse:
        for place, text in pages.items():
            every = [one for one in blocks(text) if one.kind != "part of"]
            for number, block in enumerate(every):
                if block.kind == "file":
                    path = folder / block.argument
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_text(block.text, encoding="utf-8", newline="\n")
                elif block.kind in RUN:
                    below = every[number + 1] if number + 1 < len(every) else None
                    shown = below if below and below.kind == "output" else None
                    live = warehouse.environment if block.is_live else {}
                    environment = {"BPMAX_SIM_LANG": language, **live}
                    code, printed = _run(block, folder, environment)
                    printed = choose_lines(printed, shown.argument) if shown else printed
                    yield Played(place, block, code, printed, shown)


def choose_lines(printed: str, chosen: str) -> str:
    """Return the lines of *printed* that a block shows: all, or ``lines 1-9, 14``."""
    if not chosen:
        return printed
    lines, kept, last = printed.rstrip().splitlines(), [], 0
    for part in chosen.removeprefix("lines ").split(", "):
        first, _, end = part.partition("-")
        kept += [] if int(first) == last + 1 else ["…"]
        last = int(end or first)
        kept += lines[int(first) - 1 : last]
    return "\n".join([*kept, "…"] if last < len(lines) else kept)


def with_outputs(text: str, outputs: Iterable[str]) -> str:
    """Return *text* with *outputs*; where one differs only in times, it is left as it is."""
    shown = [one for one in blocks(text) if one.kind == "output"]
    for block, printed in reversed(list(zip(shown, outputs, strict=True))):
        if steady(printed) != steady(block.text):
            lines = "\n".join(line.rstrip() for line in printed.rstrip().splitlines())
            text = f"{text[: block.span[0]]}{lines}\n{text[block.span[1] :]}"
    return text


def _run(block: Block, folder: Path, more: Mapping[str, str]) -> tuple[int, str]:
    done = subprocess.run(
        _command(block),
        cwd=folder / block.folder,
        env=_environment(more, active=block.kind != "demo"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        timeout=120,
    )
    # What a reader has called .venv is some other folder here.
    printed = _ACTIVATION.sub(r"\1. .venv/bin/activate", done.stdout.decode())
    return done.returncode, printed


def _command(block: Block) -> list[str]:
    if block.kind == "python":
        return [warm.python(), "-c", block.text]
    if block.kind == "run":
        return ["/bin/sh", "-ec", block.text]
    name, *arguments = block.text.rpartition("&&")[2].split()  # CI does what stands before it
    assert name == ".venv/bin/bpmax-sim"
    return [warm.python(), "-m", "bpmax_sim", *arguments]


def _environment(more: Mapping[str, str], *, active: bool) -> dict[str, str]:
    """Return what a reader's shell has, and nothing of this run of tests.

    Where the environment is not *active*, the commands are not on the path.
    """
    ours = ("CI", "WMS_", "CRM_", "PYTEST_", "COVERAGE_", "GITHUB_", "COLUMNS", "NO_COLOR")
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(ours)}
    place = Path(sys.executable).parent
    path = (
        os.pathsep.join([str(warm.folder()), str(place), inherited.get("PATH", os.defpath)])
        if active
        else os.defpath
    )
    python = {
        "PYTHONPATH": str(ROOT),
        "PYTHONUTF8": "1",
        "PYTHONUNBUFFERED": "1",
        # A reader's test may take its 200 ms on a machine that does nothing else, as ours is not.
        "PYTEST_ADDOPTS": "--hypothesis-profile=ci",
    }
    return {**inherited, **python, "PATH": path, **more}
