"""The script that probes a live BPMAX, from ``calibrate.js``, and its results in our engine."""

from __future__ import annotations

import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Final

import msgspec

from bpmax_sim.i18n import msg, translate
from bpmax_sim.live.console import CapturedRun, read_console
from bpmax_sim.live.echo import ECHO_PLATFORM, make_echo_response
from bpmax_sim.live.javascript_text import fill_script_template, to_javascript
from bpmax_sim.script.failure import Script
from bpmax_sim.session.session import Session

KIND: Final = "calibrate"
"""Of the first record of such a console."""
DELAY: Final = 33
"""Seconds of the longest call: more than the time-out of our reading."""

_DONE: Final = msg(" questions asked; copy the whole console, and: bpmax-sim calibrate console.txt")


class EchoNames(msgspec.Struct, frozen=True, kw_only=True):
    """The names under which a live BPMAX knows the echo platform and its four APIs.

    Calibration needs a platform that sends each request back (*echo*); its administrator may have
    given it other names than ours.
    """

    platform: str = "echo"
    read: str = "echo_read"
    write: str = "echo_write"
    status: str = "echo_status"
    delay: str = "echo_delay"


def render_calibration_script(
    names: EchoNames | None = None, *, delay: int = DELAY, may_write: bool | None = None
) -> str:
    """Return the script that a user runs in a live BPMAX to compare it with our engine.

    Args:
        names: names of the echo platform and its APIs there; None for ours.
        delay: seconds that the slow API waits.
        may_write: whether it may call the API that writes; None asks before each write.
    """
    values = {
        "names_of_interfaces": to_javascript(msgspec.to_builtins(names or EchoNames())),
        "may_write": to_javascript(may_write),
        "delay": str(delay),
        "done": to_javascript(translate(_DONE)),
    }
    return f"// bpmax-sim calibrate\n{fill_script_template('calibrate.js', values)}\n"


@lru_cache(maxsize=1)
def ask_our_engine() -> CapturedRun:
    """Run the calibration script in our own engine and return its results.

    They are what this package assumes of BPMAX: the results of a live BPMAX are compared with them.
    """
    with tempfile.TemporaryDirectory(prefix="bpmax-echo-") as place:
        platform = Path(place, "echo.yaml")
        platform.write_text(ECHO_PLATFORM, encoding="utf-8", newline="\n")
        with Session.open(platform, instances=None, unawaited="allow") as session:
            session.stub(make_echo_response)
            script = Script(render_calibration_script(may_write=True), "calibrate.js")
            outcome = session.run_script(script)
    (run,) = read_console("\n".join(line.text for line in outcome.console))
    return run
