"""``python -m tests.campaigns.rerecordings [--rounds N] [--files N]``: what years cost in Git.

Scenarios are recorded again and again from a server whose dates, ids and etags drift; in each round
one response changes. After each round Git commits, and in the end it says how large the repository
is. It ends with 1 if a round changed more than the file whose response changed.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

from bpmax_sim.cli.app import run_command_line
from tests.team.project import CALL, Crm, TeamProject, make_project, serve_crm

SCENARIO = "version: 1\nscenario: 客户 {0}\nsteps:\n- name: 查询\n  js: |\n{1}\n"
CALLS = 3


def write_scenarios(project: TeamProject, files: int) -> None:
    """Write *files* scenarios, each with a cassette of its own."""
    for number in range(files):
        calls = [f"    {CALL.format(number * CALLS + call)}" for call in range(CALLS)]
        path = project.root / f"scenarios/{number:03d}.scenario.yaml"
        path.write_text(SCENARIO.format(number, "\n".join(calls)), encoding="utf-8")


def record(mode: str) -> None:
    """Record all scenarios, and say what went wrong."""
    said = StringIO()
    with redirect_stdout(said), redirect_stderr(said):
        code = run_command_line(["record", "--record", mode, "--allow-ci-record"])
    if code:
        raise SystemExit(said.getvalue()[-2000:])


def packed_size(project: TeamProject) -> int:
    """Return how many kilobytes Git needs for everything."""
    project.git("gc", "-q")
    facts = dict(line.split(": ") for line in project.git("count-objects", "-v").splitlines())
    return int(facts["size-pack"])


def run(crm: Crm, rounds: int, files: int) -> int:
    """Run the campaign in the working directory; return how many rounds changed too much."""
    project = make_project(Path.cwd())
    write_scenarios(project, files)
    record("once")
    project.commit("录制")
    first, wrong, lines = packed_size(project), 0, 0
    for number in range(1, rounds + 1):
        crm.names[str(number % (files * CALLS))] = f"王五{number}"
        record("rewrite")
        changed = project.git("diff", "--numstat").splitlines()
        wrong += len(changed) > 1
        lines += sum(int(line.split()[0]) for line in changed)
        project.commit(f"第 {number} 轮")
    last = packed_size(project)
    print(  # noqa: T201 - a command
        f"{files} files, {rounds} rounds, one response changed in each: {lines} lines changed, "
        f"repository {first} kB -> {last} kB, {wrong} rounds changed other files"
    )
    return wrong


def main(arguments: Sequence[str] | None = None) -> int:
    """Return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.campaigns.rerecordings")
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--files", type=int, default=100)
    chosen = parser.parse_args(arguments)
    os.environ |= {"CRM_USER": "zhang.wei", "CRM_PASSWORD": "kR7-vT2-qW9"}
    with tempfile.TemporaryDirectory(prefix="rerecordings-") as folder, serve_crm() as crm:
        os.environ["CRM_URL"] = crm.url
        home = Path.cwd()
        os.chdir(folder)
        try:
            return int(run(crm, chosen.rounds, chosen.files) > 0)
        finally:
            os.chdir(home)


if __name__ == "__main__":
    sys.exit(main())
