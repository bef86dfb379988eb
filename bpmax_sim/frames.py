"""What the code that reads a value does with it, by the frames of Python's call stack."""

from __future__ import annotations

import dis
import sys


def is_read_dropped() -> bool:
    """Return whether who reads a value does it in a statement that is that value and nothing else.

    Such is ``result.ok`` alone in a line, where ``assert`` was forgotten: reading it is no look. It
    is called by the property or the ``__getattribute__`` that is read.
    """
    # Of the reader. With its own frame in a variable, a function would be in a cycle of references,
    # and what it looks at would live on.
    frame = sys._getframe(2)  # noqa: SLF001 - `inspect` has it as a part of a list of all frames
    following = (one for one in dis.get_instructions(frame.f_code) if one.offset > frame.f_lasti)
    first = next(following, None)
    return first is not None and first.opname == "POP_TOP"
