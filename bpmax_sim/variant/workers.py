"""Distribute numbered work over forked processes; results are yielded in the order of numbers.

A forked child has a copy of everything that its parent has read, so only numbers are sent to it. If
processes cannot fork (Windows), or for one worker, the work is done in this process.
"""

from __future__ import annotations

import multiprocessing
import signal
import threading
import warnings
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection, wait
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

    The results and their order do not depend on the number of workers. Where processes cannot be
    forked, this one does all the work. If a process dies (killed by the system), the result of its
    number is None, and a new process does the rest. While it waits for processes, this function
    calls *on_wait* now and then.

    Raises:
        Exception: if *work* raises it; raised in place of that result.
    """
    workers = min(workers, count)
    if workers < 2 or "fork" not in multiprocessing.get_all_start_methods():  # noqa: PLR2004
        yield from map(work, range(count))
        return
    pool = _WorkerPool(work, count)
    try:
        pool.start(workers)
        for number in range(count):
            yield pool.wait_for(number, on_wait)
    finally:
        pool.stop()


@contextmanager
def _delay_interrupts() -> Iterator[None]:
    """Keep a Ctrl-C until the end of the block, in which processes are forked.

    The new processes ignore Ctrl-C; this one gets it afterwards.
    """
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


class _WorkerPool(Generic[T]):
    """Processes that get the next number whenever they send a result; dead ones are replaced.

    This process hands out the numbers one at a time. A queue shared by all processes would need a
    lock, which a killed process could hold for ever.
    """

    def __init__(self, work: Callable[[int], T], count: int) -> None:
        self._work, self._left = work, deque(range(count))
        self._processes: dict[Connection, BaseProcess] = {}
        self._running: dict[Connection, int] = {}
        self._results: dict[int, tuple[T | None, Exception | None]] = {}

    def start(self, workers: int) -> None:
        """Fork *workers* processes, or as many as numbers are left, and give each a number."""
        context = multiprocessing.get_context("fork")
        with _delay_interrupts(), warnings.catch_warnings():
            # The thread that watches scripts begins anew in a child.
            warnings.simplefilter("ignore", DeprecationWarning)
            for _ in range(min(workers, len(self._left))):
                here, there = context.Pipe()
                process = context.Process(
                    target=_send_results, args=(self._work, there), daemon=True
                )
                process.start()
                there.close()
                self._processes[here] = process
                self._send_next(here)

    def wait_for(self, number: int, on_wait: Callable[[], None]) -> T | None:
        """Return the result of *number*, or None if the process that worked on it died.

        *on_wait* is called about five times a second while there is no result, as for a progress
        bar.

        Raises:
            Exception: if the work on that number raised it.
        """
        while number not in self._results:
            ready = wait([*self._running], _WAIT)
            if not ready:
                on_wait()
            for here in ready:
                assert isinstance(here, Connection), "only those are waited for"
                self._receive_result(here)
        value, error = self._results.pop(number)
        if error is not None:
            raise error
        return value

    def _receive_result(self, connection: Connection) -> None:
        number = self._running.pop(connection)
        try:
            self._results[number] = connection.recv()
        except (EOFError, OSError):
            # The process died of this number, which is not tried again; a new one does the rest.
            self._results[number] = None, None
            self._end_worker(connection)
            self.start(1)
        else:
            self._send_next(connection)

    def _send_next(self, connection: Connection) -> None:
        if self._left:
            self._running[connection] = number = self._left.popleft()
            with suppress(OSError):  # it died meanwhile, which is seen where it is waited for
                connection.send(number)

    def stop(self) -> None:
        """Kill the processes."""
        for here in tuple(self._processes):
            self._end_worker(here)

    def _end_worker(self, connection: Connection) -> None:
        connection.close()
        process = self._processes.pop(connection)
        process.kill()
        process.join()


def _send_results(work: Callable[[int], T], pipe: Connection) -> None:
    """Do the work of a worker process: for each number received from *pipe*, send the result.

    The result is a pair of the value and the exception of *work*, one of which is None.
    """
    with suppress(EOFError, OSError):  # the other end was closed
        while True:
            number = pipe.recv()
            try:
                result = work(number), None
            except Exception as error:  # noqa: BLE001 - raised again where the results are read
                pipe.send((None, error))
            else:
                pipe.send(result)
