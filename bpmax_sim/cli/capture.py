"""``capture``: print lines to paste above a script in a live BPMAX, to log its calls."""

from __future__ import annotations

from bpmax_sim.cli.terminal import notify, say
from bpmax_sim.i18n import msg
from bpmax_sim.live.capture import render_capture_lines


def capture() -> int:
    """Print JavaScript to paste above a script in BPMAX, which logs its calls to the console.

    A message says how to save that console and draft a project from it.
    """
    say(render_capture_lines().rstrip("\n"))
    notify(msg("paste these lines above the script, below 'use strict' where it begins with that"))
    notify(msg("run it, save the console as console.txt, and: bpmax-sim init --from console.txt"))
    return 0
