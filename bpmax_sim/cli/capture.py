"""``capture``: print lines to paste above a script in a live BPMAX, to log its calls."""

from __future__ import annotations

from bpmax_sim.cli.terminal import notify, say
from bpmax_sim.i18n import msg
from bpmax_sim.live.capture import capture_lines


def capture() -> int:
    """Print the JavaScript lines to paste above a script, and what to do with its console."""
    say(capture_lines().rstrip("\n"))
    notify(msg("paste these lines above the script, below 'use strict' where it begins with that"))
    notify(msg("run it, save the console as console.txt, and: bpmax-sim init --from console.txt"))
    return 0
