"""``python -m tests.docs [--check]``: write every table and every output of the pages anew.

With ``--check`` nothing is written, and the end is 1 if a page would change. Both languages are
followed to the letter, of which the tests do one.
"""

from __future__ import annotations

import sys

from tests.docs.tables import UntranslatedError, stale, write


def main(arguments: list[str]) -> int | str:
    """Return nothing, or what is wrong."""
    try:
        if "--check" not in arguments:
            write()
            return 0
        found = stale()
    except UntranslatedError as error:
        return str(error)
    return "\n".join(f"{path}: run: python -m tests.docs" for path in found) or 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
