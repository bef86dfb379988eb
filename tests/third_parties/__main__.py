"""``python -m tests.third_parties -- COMMAND…``: run COMMAND with the third parties up.

COMMAND sees their addresses and credentials in its environment; its exit code is returned.
"""

from __future__ import annotations

import os
import subprocess
import sys

from tests.third_parties.together import together

USAGE = 2


def main(arguments: list[str]) -> int:
    """Run what stands after ``--`` and return its exit code."""
    if arguments[:1] != ["--"] or len(arguments) < 2:
        sys.stderr.write("usage: python -m tests.third_parties -- COMMAND…\n")
        return USAGE
    with together() as environment:
        return subprocess.run(
            arguments[1:], env={**os.environ, **environment}, check=False
        ).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
