"""Warn of calls from Python code that can never work, where their error was caught and not read.

A misspelt call in ``try: … except Exception: pass`` or ``with pytest.raises(Exception)`` would
otherwise pass for one that the third party refused.
"""

from __future__ import annotations

import gc
import warnings
import weakref
from collections.abc import Callable
from copy import copy
from pathlib import Path
from typing import Final, TypeVar

from bpmax_sim.errors import (
    WRONG_CALLS,
    BpmaxError,
    CallError,
    ConfigError,
    Place,
    WrongCallWarning,
    find_frame_outside,
)
from bpmax_sim.i18n import label_message, msg
from bpmax_sim.proxy.builder import CallSpec
from bpmax_sim.session.scripts import PACKAGE
from bpmax_sim.yamlfile import to_display_path

_WRAPPERS: Final = (
    str(Path(__file__).parent), str(Path(PACKAGE, "proxy")), str(Path(PACKAGE, "keywords.py")),
)  # fmt: skip

R = TypeVar("R")


class UnreadCallErrors:
    """The errors of a session's calls from Python code that can never work.

    Of each it is known whether anybody has read it, such as its ``code`` or its text.
    """

    def __init__(self) -> None:
        """Start with none."""
        self._errors: list[tuple[weakref.ref[BpmaxError], list[str], str, Place]] = []
        self._collections = _count_collections_of_older_objects()

    def track_errors_of(self, make: Callable[[CallSpec], R]) -> Callable[[CallSpec], R]:
        """Return *make*, a function that makes a call, with its errors noted for `warn_of_unread`.

        Only errors of calls by a test's own code are noted, not of those by forms and flows.
        """

        def track(spec: CallSpec) -> R:
            try:
                return make(spec)
            except (CallError, ConfigError) as error:
                if getattr(error, "code", ConfigError.__name__) not in WRONG_CALLS:
                    raise
                tracked = self._copy_noting_reads(error, spec)
            raise tracked

        return track

    def _copy_noting_reads(self, error: BpmaxError, spec: CallSpec) -> BpmaxError:
        """Return a copy of *error* that notes what is read of it, if a test's own code gets it.

        The session's record of the call keeps the error itself.
        """
        frame = find_frame_outside(_WRAPPERS)
        if frame is None or frame.f_code.co_filename.startswith(PACKAGE):
            return error
        message = msg(
            "{error}; that was caught, and nothing looked at it: mend the call, or check the code "
            "of the error",
            error=str(error),
        )
        place = Place(to_display_path(Path(frame.f_code.co_filename)), frame.f_lineno)
        message = label_message(place, label_message(f"{spec.platform}.{spec.api}", message))
        reads: list[str] = []  # it outlives the error
        tracked = copy(error).with_traceback(error.__traceback__)
        error.__traceback__ = None  # the record's error must not hold the test's frames
        tracked.__cause__ = error.__cause__
        tracked._reads = reads  # noqa: SLF001 - only this class asks for it
        self._errors.append((weakref.ref(tracked), reads, message, place))
        return tracked

    def warn_of_unread(self) -> None:
        """Warn of each error that was never read and that nobody can read any more."""
        left = [one for one in self._errors if not one[1]]
        if any(alive() is not None for alive, *_ in left):
            # An error and the frames of its traceback hold each other. They are younger than this
            # session, so a search among the young finds them, unless one has made them old. That
            # among all takes seconds in a process with a hundred thousand tests.
            is_young = _count_collections_of_older_objects() == self._collections
            gc.collect(1 if is_young else 2)
        for alive, _, message, place in left:
            if alive() is None:
                warnings.warn_explicit(message, WrongCallWarning, place.file, place.line)


def _count_collections_of_older_objects() -> int:
    """Return how often the garbage collector may have moved objects among the oldest."""
    return sum(one["collections"] for one in gc.get_stats()[1:])
