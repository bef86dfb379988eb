"""Print a cassette for `git diff`: ``python -m bpmax_sim.cassette.textconv FILE``.

Git runs it for every version of every file it shows, so it imports nothing of the package and works
line by line; other files are printed unchanged.
"""

from __future__ import annotations

import json
import re
import sys

_ENTRY = "- bpmax: "
_QUOTED = re.compile(r'\\(["\\/])')
_BEGINS_BROKEN = re.compile(r' (?:body|string|received): ".*\\\Z')


def _describe_index_line(line: str) -> str:
    """Return an index line as ``- owner · n · call instance``, for people who read a diff."""
    try:
        index = json.loads(line[len(_ENTRY) :])
        call = index["call"] or "-"
        words = [f"{index['for']} · {index['n']} · {call}", index["instance"], index.get("failed")]
        return f"- {' '.join(word for word in words if word)}"
    except (ValueError, KeyError, TypeError):
        return line


def to_diff_text(text: str) -> str:
    """Return *text*, a cassette, as ``git diff`` shows it: easier to read than the file.

    Digests are left out, and quotes in JSON have no backslash.
    """
    lines = []
    goes_on = False  # whether the line before is one of a broken text, and not its last
    for line in text.splitlines():
        if line.startswith(_ENTRY):
            lines.append(_describe_index_line(line))
        elif not line.startswith(("bpmax: ", "sealed: ")):
            is_broken = goes_on or _BEGINS_BROKEN.search(line) is not None
            goes_on = is_broken and line.endswith("\\")
            shown = _QUOTED.sub(r"\1", line.removesuffix("\\")) if is_broken else line
            lines.append(shown)
    return "\n".join([*lines, ""])


def main() -> None:
    """Print the cassette named on the command line for ``git diff``, which calls this program."""
    # Without a text of this file, such as one that an editor has saved as UTF-16, `git diff` would
    # end with an error: bytes that are no UTF-8 pass unchanged.
    with open(sys.argv[1], "rb") as file:  # noqa: PTH123 - imports less
        text = file.read().decode("utf-8", "surrogateescape")
    shown = to_diff_text(text) if "\nbpmax: {" in text else text
    sys.stdout.buffer.write(shown.encode("utf-8", "surrogateescape"))


if __name__ == "__main__":
    main()
