"""A progress bar on standard error, for work that takes longer than two seconds on a terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import IO, Any, TypeVar

T = TypeVar("T")
SECONDS = 2.0


def watched(
    steps: Iterable[T],
    total: int,
    *,
    stream: IO[str] | None = None,
    now: Callable[[], float] = time.monotonic,
) -> Iterator[T]:
    """Yield *steps*, with a bar between them that is gone while the caller handles one.

    Args:
        steps: what is worked off, a step each time one is asked for.
        total: how many there are.
        stream: a terminal, or nothing is shown; standard error by default.
        now: real seconds.
    """
    out = sys.stderr if stream is None else stream
    bar = _Bar(out, total) if out.isatty() else None
    begun = now()
    for number, step in enumerate(steps, 1):
        if bar:
            bar.hide()
        yield step
        if bar and number < total and now() - begun > SECONDS:
            bar.show(number)


@dataclass(slots=True)
class _Bar:
    """Rich's bar, made when it is first shown; it colours nothing where ``NO_COLOR`` is set."""

    stream: IO[str]
    total: int
    _drawn: Any = field(default=None, init=False)

    def show(self, done: int) -> None:
        if self._drawn is None:
            self._drawn = self._make()
            self._drawn.add_task("", total=self.total)
        self._drawn.update(0, completed=done)
        self._drawn.start()
        self._drawn.refresh()

    def hide(self) -> None:
        if self._drawn is not None:
            self._drawn.stop()

    def _make(self) -> Any:
        from rich.console import Console  # noqa: PLC0415 - only a terminal needs it
        from rich.progress import BarColumn, MofNCompleteColumn, Progress  # noqa: PLC0415

        return Progress(
            BarColumn(),
            MofNCompleteColumn(),
            console=Console(file=self.stream),
            transient=True,
            auto_refresh=False,
            redirect_stdout=False,
            redirect_stderr=False,
        )
