"""The lines to paste above a script in BPMAX, made of ``capture.js``.

They are a single-line statement between two comments, so that a script's own lines move by three,
and the reader of the console can cut the script off below the second comment.
"""

from __future__ import annotations

import re
from typing import Final

from bpmax_sim.i18n import msg, translate
from bpmax_sim.live.javascript_text import fill_script_template, to_javascript

BEGIN: Final = "// bpmax-sim capture {"
END: Final = "// } bpmax-sim capture"

# A script that was saved on Windows has line ends of two characters.
_CAPTURE_LINES: Final = re.compile(f"{re.escape(BEGIN)}.*?{re.escape(END)}\r?\n", re.DOTALL)

_RENAME: Final = msg(
    "bpmax-sim: {name} cannot be watched here; write $captured.{name} for {name} in the script",
    name="{name}",
)


def render_capture_lines() -> str:
    """Return the lines that a user pastes above a script in a live BPMAX to capture its calls.

    They write each call and its response to the browser's console, from which they are imported.
    """
    values = {"rename": to_javascript(translate(_RENAME)), "end": to_javascript(END)}
    return f"{BEGIN}\n{fill_script_template('capture.js', values)}\n{END}\n"


def remove_capture_lines(script: str) -> str:
    """Return *script* without the capture lines, if they were pasted above it."""
    return _CAPTURE_LINES.sub("", script, count=1)
