"""Tests that may be skipped, as a list that a run is held against.

    python -m tests.skips REPORT.xml [--elsewhere]

reads what pytest wrote with ``--junitxml``, names each test that was skipped for a reason which the
list does not have, and ends with 1 then. With ``--elsewhere`` it is that of Windows and macOS,
which lack more. A test that a machine cannot run is no secret: what was left out is printed with
the reason and with who runs it instead.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from xml.etree import ElementTree as ET

from tests.night import LEFT_TO_THE_NIGHT, ONE_OF

MAY_BE_SKIPPED: Mapping[str, str] = {
    "the extra fuzz is not installed": "the README's command installs no redis; stage extras",
    "this Python makes no pairs over loopback": "only Windows and some builds have such a function",
    "basedpyright is not installed": "stage extras of the night installs it",
    "npm has no TypeScript in its cache": "nothing is fetched by day; stage editors of the night",
    "this Node is newer than 20": "its tables are held where that one is, as in Debian 13",
    "npm is not installed": "stage editors of the night",
    "mounting a tmpfs needs the rights to": "a container without rights cannot fill a disk",
    "only root of Linux may open one": "a raw socket",
    "only root gives a file away": "chown",
}
"""What the reason begins with -> why a run is complete without it."""

ELSEWHERE: Mapping[str, str] = {
    "Windows ": "a mark of tests/systems.py",
    "nothing forks here": "macOS has no pidfd_open",
    "locks of Linux stand in": "Windows has its own",
    "there is no mount": "a full disk, on Linux",
    "the system has no disk that is full": "/dev/full",
    "there cannot be two such files": "names in capitals are the same ones",
    "the night is for Linux": "`.ci/nightly`",
    "there is no Chromium": "a browser of another name",
}
"""The same for systems that `.ci/run` is not for."""


def read_skips(report: str) -> list[tuple[str, str]]:
    """Return (test, reason) of each skipped test in a JUnit document of pytest."""
    cases = ET.fromstring(report).iter("testcase")
    return [
        (f"{case.get('classname')}::{case.get('name')}", skip.get("message") or "")
        for case in cases
        for skip in case.iter("skipped")
        if skip.get("type") != "pytest.xfail"
    ]


def find_unknown(skips: Iterable[tuple[str, str]], known: Iterable[str]) -> list[str]:
    """Return a line for each of *skips*, (test, reason), whose reason begins with none *known*."""
    begins = tuple(known)
    return [
        f"{test}: {reason or 'no reason'}"
        for test, reason in skips
        if not reason.startswith(begins)
    ]


def main(path: str, *options: str) -> int:
    """Print what was left out of the run that wrote *path*; return 1 where that was no plan."""
    known = {**MAY_BE_SKIPPED, **(ELSEWHERE if "--elsewhere" in options else {})}
    skips = read_skips(Path(path).read_text(encoding="utf-8"))
    for reason, number in sorted(Counter(reason for _, reason in skips).items()):
        why = next((text for begin, text in known.items() if reason.startswith(begin)), "")
        print(f"skipped {number}: {reason} ({why or 'not on the list'})")
    for why, tests in LEFT_TO_THE_NIGHT.items():
        print(f"left to the night {len(tests)}: {why}")
    print(f"left to the night most variants of {len(ONE_OF)} tests")
    unknown = find_unknown(skips, known)
    for line in unknown:
        print(f"skipped, and not on the list of tests/skips.py: {line}", file=sys.stderr)
    return 1 if unknown else 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
