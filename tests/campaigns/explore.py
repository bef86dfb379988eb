"""Hold what explore finds against the frozen cases: ``python -m tests.campaigns.explore [FOLDER]``.

Below FOLDER (by default ``tests/explore/cases``) each case is a folder with a scenario that passes
and a ``case.yaml``. That of a buggy one says what has to be found: one of the verdicts, whether it
is red, the call, and lines of which one is named. A careful one has no red finding. The cases were
written before the detector, by somebody who does not write it, and are not changed.

Exit code 0: all of the buggy ones found, none of the careful ones red.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import yaml

from tests.probe import ROOT

CASES: Final = ROOT / "tests" / "explore" / "cases"


def explore(folder: Path) -> list[Mapping[str, Any]]:
    """Return the findings of ``bpmax-sim explore --json`` for the scenarios below *folder*.

    Raises:
        RuntimeError: it printed no JSON.
    """
    command = [sys.executable, "-m", "bpmax_sim", "explore", "--json", str(folder)]
    done = subprocess.run(command, check=False, capture_output=True, encoding="utf-8")
    try:
        document = json.loads(done.stdout)
    except ValueError:
        raise RuntimeError(f"exit code {done.returncode}: {done.stderr[-2000:]}") from None
    findings: list[Mapping[str, Any]] = document["findings"]
    return findings


def is_of(finding: Mapping[str, Any], case: Path) -> bool:
    """Return whether *finding* is about the scenario in the folder *case*."""
    paths = (Path(item.partition("::")[0]) for item in finding["items"])
    return any(path.parts[-3:-1] == case.parts[-2:] for path in paths)


def is_expected(finding: Mapping[str, Any], case: Mapping[str, Any]) -> bool:
    """Return whether *finding* is the one that ``case.yaml`` asks for."""
    place = f"{Path(finding['file']).name}:{finding['line']}"
    return (
        finding["verdict"] in case["verdict"]
        and case["call"] == finding["call"]
        and finding["red"] >= case["red"]
        and place in case["at"]
    )


def judge(folder: Path) -> Iterator[tuple[str, str, str]]:
    """Yield for each case its kind, its number, and what is wrong with what was found."""
    findings = explore(folder)
    for path in sorted(folder.glob("*/*/case.yaml")):
        case = yaml.safe_load(path.read_text("utf-8"))
        own = [finding for finding in findings if is_of(finding, path.parent)]
        red = [finding for finding in own if finding["red"]]
        kind = path.parent.parent.name
        if kind == "careful":
            wrong = [*map(describe, red)]
        else:
            hit = any(is_expected(finding, case) for finding in own)
            wrong = [] if hit else ["not found, but: ", *map(describe, own)]
        yield kind, f"{path.parent.name} {case['title']}", "\n      ".join(wrong)


def describe(finding: Mapping[str, Any]) -> str:
    """Return *finding* as a line."""
    level = "red" if finding["red"] else "warns"
    place = f"{Path(finding['file']).name}:{finding['line']}"
    return f"{finding['verdict']} ({level}) {finding['call']} at {place}"


def main(arguments: Sequence[str] = ()) -> int:
    """Print what was found, and return the exit code."""
    verdicts = list(judge(Path(arguments[0]) if arguments else CASES))
    for kind, title, wrong in verdicts:
        if wrong:
            print(f"{kind} {title}\n      {wrong}")  # noqa: T201
    buggy = [not wrong for kind, _, wrong in verdicts if kind == "buggy"]
    careful = [bool(wrong) for kind, _, wrong in verdicts if kind == "careful"]
    print(f"found {sum(buggy)} of {len(buggy)}, red {sum(careful)} of {len(careful)}")  # noqa: T201
    return 0 if all(buggy) and not any(careful) else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
