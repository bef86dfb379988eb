"""What is printed while secrets are hidden, and the stream that it goes to."""

from __future__ import annotations

import contextlib
import io
import sys
from typing import TextIO

from bpmax_sim.secret.outgoing_text import redact_output


def test_a_stream_that_somebody_keeps_ends_quietly_after_its_target() -> None:
    """Python 3.13 tells an error in the end of a stream, which was passed over before."""
    written, kept = io.BytesIO(), list[TextIO]()
    target = io.TextIOWrapper(written, "utf-8")
    with (
        contextlib.redirect_stdout(target),
        redact_output(lambda text: text.replace("张三", "***")),
    ):
        print("客户：张三")  # noqa: T201
        kept.append(sys.stdout)
    assert written.getvalue().decode() == "客户：***\n"

    target.close()
    kept[0].close()

    assert kept[0].closed
