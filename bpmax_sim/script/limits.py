"""What a script may use, and how an engine says that it used more."""

from __future__ import annotations

import re
from typing import Any

import msgspec

MEGABYTE = 1 << 20


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What one script may use in one run.

    Attributes:
        cpu: seconds of processor time, over all its turns.
        wall: seconds that pass while its turns run, what Python does for them included; neither
            virtual time nor waiting for a live system.
        memory: bytes of the engine's heap.
        stack: bytes of stack; None takes half of the thread's, at most 4 MB. More than that runs
            scripts on a thread of their own.
        calls: ``$proxy`` calls.
    """

    cpu: float = 2.0
    wall: float = 30.0
    memory: int = 64 * MEGABYTE
    stack: int | None = None
    calls: int = 10_000


_SIZE = re.compile(r"(\d+)\s*(kB|KB|MB|)")
_UNITS = {"": 1, "kB": 1 << 10, "KB": 1 << 10, "MB": MEGABYTE}
_LEAST_STACK, _MOST_STACK = 256 << 10, 1024 * MEGABYTE


def parse_stack(text: str) -> int:
    """Return the bytes of ``24MB``, ``512kB`` or a plain number of bytes.

    Raises:
        ValueError: if *text* is none of these, or too little to run anything.
    """
    size = _bytes(text)
    if not _LEAST_STACK <= size <= _MOST_STACK:
        raise ValueError(f"{text!r}: a stack has 256kB at least and 1024MB at most")
    return size


def _bytes(text: str) -> int:
    found = _SIZE.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is not a size such as 24MB or 512kB")
    return int(found[1]) * _UNITS[found[2]]


_LIMIT = re.compile(
    r"\s*(?:(?P<time>cpu|wall)=(?P<seconds>\d+(?:\.\d+)?)s?|memory=(?P<memory>\w+)"
    r"|calls=(?P<calls>\d+))\s*"
)


def parse_limits(text: str) -> Limits:
    """Return the limits of ``cpu=10s,wall=60s,memory=256MB,calls=50000``; the others stay.

    Raises:
        ValueError: if *text* is nothing of the kind.
    """
    found: dict[str, Any] = {}
    for part in text.split(","):
        match = _LIMIT.fullmatch(part)
        if match is None:
            raise ValueError(
                f"{part.strip()!r} is no limit such as cpu=10s, memory=256MB, calls=50000"
            )
        if match["time"]:
            found[match["time"]] = float(match["seconds"])
        elif match["calls"]:
            found["calls"] = int(match["calls"])
        else:
            found["memory"] = _bytes(match["memory"])
    return Limits(**found)


class EngineError(Exception):
    """JavaScript threw out of the engine.

    Attributes:
        name, message: of the JavaScript error.
        raw: its frames, as the engine writes them.
    """

    def __init__(self, name: str, message: str, raw: str = "") -> None:
        """Keep the parts of the error."""
        super().__init__(f"{name}: {message}")
        self.name = name
        self.message = message
        self.raw = raw


class LimitReachedError(EngineError):
    """A script used more than it may; the context is lost, the process is not."""


def too_slow(limits: Limits, *, is_wall: bool, raw: str = "") -> LimitReachedError:
    """Return the error of a script that ran for longer than *limits* allow."""
    used = f"{limits.wall:g} s of wall-clock" if is_wall else f"{limits.cpu:g} s of processor"
    return LimitReachedError("ScriptLimitError", f"the script used more than {used} time", raw)
