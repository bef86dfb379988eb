"""Every command in one project that has something of everything: all that each of them says.

``python -m tests.cli.test_whole_project`` writes the transcript anew; its changes are reviewed.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from bpmax_sim.cli.app import run_command_line
from bpmax_sim.i18n import _ReaderLanguage
from tests.cli.conftest import entered
from tests.cli.whole_project import write_mistakes, write_project, write_renamed
from tests.typed import Typed

TRANSCRIPT = Path(__file__).parents[1] / "data/whole_project.txt"
OF_MACHINES = ("GITHUB_WORKSPACE", "FORCE_COLOR", "BPMAX_SIM_LANG", "CRM_TOKEN")
"""What a machine may have set and no command here may read."""

_DIFFERS = (
    (re.compile(r"\d+\.\d\d s$", re.MULTILINE), "0.00 s"),
    (re.compile(r"bpmax-sim \S+, Python \S+"), "bpmax-sim x, Python y"),
    (re.compile(r'"digest": "v.*"'), '"digest": "v"'),
    (re.compile(r'"engine": "quickjs.*"'), '"engine": "quickjs"'),
)
"""What differs from run to run, and what stands for it."""


def split_transcript() -> dict[str, list[tuple[str, str]]]:
    """Return title -> each command with what it says, as the file has them."""
    sections: dict[str, list[tuple[str, str]]] = {}
    for section in TRANSCRIPT.read_text("utf-8").split("\n## ")[1:]:
        title, _, rest = section.partition("\n")
        pairs = (part.partition("\n") for part in f"\n{rest}".split("\n$ ")[1:])
        sections[title] = [(command, f"{said.strip()}\n") for command, _, said in pairs]
    return sections


def find_writer(title: str) -> Callable[[Path], None]:
    """Return what writes the project of the section *title*."""
    if "renamed" in title:
        return write_renamed
    return write_mistakes if "mistakes" in title else write_project


def say(commands: Sequence[str], root: Path) -> Iterator[tuple[str, str]]:
    """Run *commands* in the project *root*, the current folder; yield each with what it says.

    Lines of standard error stand behind a bar. What ends in another way than with 0 says so. Behind
    a ``<`` stands what a person types at a terminal, line by line.
    """
    for command in commands:
        words, _, typed = command.partition(" < ")
        answers = "".join(f"{line}\n" for line in typed.split(", ")) if typed else ""
        before, sys.stdin = sys.stdin, Typed(answers) if typed else io.StringIO()
        out = io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True)
        err = io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = run_command_line(shlex.split(words))
        sys.stdin = before
        out.seek(0)
        lines = [
            *out.read().splitlines(),
            *(f"| {line}".rstrip() for line in err.getvalue().splitlines()),
            *([f"-> {code}"] if code else []),
        ]
        said = "\n".join(lines).replace(str(root), "…")
        for pattern, text in _DIFFERS:
            said = pattern.sub(text, said)
        yield command, f"{said.strip()}\n"


@pytest.mark.parametrize("title", [*split_transcript()])
def test_every_command_says_what_the_transcript_has(
    title: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    find_writer(title)(tmp_path)
    entered(tmp_path, monkeypatch)
    for name in OF_MACHINES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(_ReaderLanguage, "language", "en")
    expected = split_transcript()[title]

    assert [*say([command for command, _ in expected], tmp_path)] == expected


def write_anew() -> None:
    """Write the transcript with what each of its commands says today."""
    text = TRANSCRIPT.read_text("utf-8").partition("\n## ")[0]
    for name in ("CI", *OF_MACHINES):
        os.environ.pop(name, None)
    for title, commands in split_transcript().items():
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder).resolve()
            find_writer(title)(root)
            os.chdir(root)
            said = "\n".join(
                f"$ {command}\n{told}" for command, told in say([one for one, _ in commands], root)
            )
        text += f"\n## {title}\n\n{said}"
    TRANSCRIPT.write_text(text, "utf-8")


if __name__ == "__main__":
    write_anew()
