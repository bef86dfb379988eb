"""The lines that are pasted above a script in BPMAX, made of ``capture.js``.

They are one statement on one line between two comments, so that a script's own lines move by three
and whoever reads the console can cut the script off below the second comment.
"""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Final

from bpmax_sim.i18n import msg, translate
from bpmax_sim.secret.secret_names import SECRET_WORDS

VERSION: Final = 1
"""Of the lines that are written to the console; `bpmax_sim.live.console` reads them."""

BEGIN: Final = "// bpmax-sim capture {"
END: Final = "// } bpmax-sim capture"
PIECE: Final = 400
"""Characters of a piece: few enough for what cuts long lines, such as consoles on phones."""
LONGEST: Final = 200_000
"""Characters of a text that is written whole."""

_RENAME: Final = msg(
    "bpmax-sim: {name} cannot be watched here; write $captured.{name} for {name} in the script",
    name="{name}",
)


def capture_lines() -> str:
    """Return what to paste above a script."""
    source = (files("bpmax_sim.live") / "capture.js").read_text(encoding="utf-8")
    lines = (line.strip() for line in source.splitlines())
    code = " ".join(line for line in lines if line and not line.startswith(("//", "/*")))
    names = ", ".join(
        f"{name} = {json.dumps(words, ensure_ascii=False, separators=(',', ':'))}"
        for name, words in SECRET_WORDS.items()
    )
    values = {
        "names": names,
        "longest": str(LONGEST),
        "piece": str(PIECE),
        "version": str(VERSION),
        "rename": json.dumps(translate(_RENAME), ensure_ascii=False),
        "end": json.dumps(END),
    }
    for name, value in values.items():
        code = code.replace(f"@{name}@", value)
    return f"{BEGIN}\n{code}\n{END}\n"


def without_capture(script: str) -> str:
    """Return *script* without the lines that were pasted above it."""
    before, begin, rest = script.partition(BEGIN)
    _, end, after = rest.partition(f"{END}\n")
    return f"{before}{after}" if begin and end else script
