from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.project import ROOT, Done, in_a_process


def completed(words: str, folder: Path) -> list[str]:
    done = in_a_process(
        cwd=folder,
        _BPMAX_SIM_COMPLETE="complete_bash",
        COMP_WORDS=words,
        COMP_CWORD=str(words.count(" ")),
    )
    return done.out.split()


def asked_in_bash(folder: Path, option: str) -> Done:
    """Give *option* to the command line from a shell: it looks for the one that started it."""
    done = subprocess.run(
        ["bash", "-c", '"$@"; exit $?', "bash", sys.executable, "-m", "bpmax_sim", option],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "HOME": str(folder)},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    return Done(done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("bpmax-sim in", ["init"]),
        ("bpmax-sim cassette in", ["inspect"]),
        ("bpmax-sim cassette inspect --j", ["--json"]),
        ("bpmax-sim run --mo", ["--mode"]),
        ("bpmax-sim run --mode re", ["replay", "record"]),
    ],
    ids=["commands", "group", "options of a group", "options", "values"],
)
def test_a_shell_is_offered_what_there_is(tmp_path: Path, words: str, offered: list[str]) -> None:
    assert completed(words, tmp_path) == offered


def test_the_script_is_shown_and_installed(tmp_path: Path) -> None:
    shown = asked_in_bash(tmp_path, "--show-completion")
    installed = asked_in_bash(tmp_path, "--install-completion")

    assert "complete -o default -F _bpmax_sim_completion bpmax-sim" in shown.out
    assert installed.code == 0
    assert ".bash_completions/bpmax-sim.sh" in (tmp_path / ".bashrc").read_text(encoding="utf-8")
