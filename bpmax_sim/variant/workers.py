"""Distribute numbered work over forked processes; results are yielded in the order of numbers.

A forked child has all that its parent has read already, so nothing is sent to it. Where processes
cannot fork (Windows), or for one worker, the work is done here, one after the other.
"""

from __future__ import annotations

import multiprocessing
import signal
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Generic, TypeVar

T = TypeVar("T")
_WAIT = 0.2
"""Seconds."""


def map_in_order(
    work: Callable[[int], T],
    count: int,
    workers: int = 1,
    on_wait: Callable[[], None] = lambda: None,
) -> Iterator[T | None]:
    """Yield ``work(0)`` to ``work(count - 1)``, done by at most *workers* processes.

    Results are the same, in the same order, for any number of workers. Where a process dies (the
    system ended it), its result is None, and the rest goes on in a new one. While this waits for
    processes, it calls *on_wait* now and then.

    Raises:
        Exception: what *work* raises, at its place in the order.
    """
    workers = min(workers, count)
    if workers < 2 or "fork" not in multiprocessing.get_all_start_methods():  # noqa: PLR2004
        yield from map(work, range(count))
        return
    lanes: list[_WorkerProcess[T]] = []
    try:
        with _delay_interrupts():
            lanes += [_WorkerProcess(work, range(lane, count, workers)) for lane in range(workers)]
        for number in range(count):
            yield lanes[number % workers].receive(number, on_wait)
    finally:
        for lane in lanes:
            lane.stop()


@contextmanager
def _delay_interrupts() -> Iterator[None]:
    """Delay Ctrl-C while processes are forked; the forked processes ignore it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    held: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: held.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if held:
            signal.raise_signal(signal.SIGINT)


class _WorkerProcess(Generic[T]):
    """A process that does every n-th piece of work; it is replaced if it dies."""

    def __init__(self, work: Callable[[int], T], numbers: range) -> None:
        self._work, self._numbers = work, numbers
        self._start(numbers)

    def _start(self, numbers: range) -> None:
        context = multiprocessing.get_context("fork")
        self._here, there = context.Pipe(duplex=False)
        self._process: BaseProcess = context.Process(
            target=_run_numbers, args=(self._work, numbers, there), daemon=True
        )
        with warnings.catch_warnings():  # the thread that watches scripts begins anew in a child
            warnings.simplefilter("ignore", DeprecationWarning)
            self._process.start()
        there.close()

    def receive(self, number: int, on_wait: Callable[[], None]) -> T | None:
        """Return the result of *number*, or None if the process died of it."""
        try:
            while not self._here.poll(_WAIT):
                on_wait()
            value, error = self._here.recv()
        except (EOFError, OSError):
            self.stop()
            following = self._numbers[self._numbers.index(number) + 1 :]
            if following:
                with _delay_interrupts():
                    self._start(following)
            return None
        if error is not None:
            raise error
        result: T = value
        return result

    def stop(self) -> None:
        """Kill the process."""
        self._here.close()
        self._process.kill()
        self._process.join()


def _run_numbers(work: Callable[[int], T], numbers: range, result_pipe: Connection) -> None:
    with suppress(BrokenPipeError):
        for number in numbers:
            try:
                result = work(number), None
            except Exception as error:  # noqa: BLE001 - raised again where the results are read
                result_pipe.send((None, error))
                return
            result_pipe.send(result)
