"""A discrete-event scheduler for calls and timers: one thread and one virtual clock.

Virtual mode: an exchange ends at its start + its latency, waits are events like any other, and the
clock jumps to the next event. Live mode: requests are sent on worker threads, waits take real time,
and the clock advances by the measured time. Events of the same instant run in the order in which
they were planned.

A call is a generator that yields what it needs (`Send`, `Sleep`, `TokenRequest`) and is resumed
with the answer. So calls know neither the clock nor threads, and the same code of `$proxy` runs in
both modes. In live mode only `Transport.handle` runs on other threads: the results come back
through a queue, and everything else (scripts, clock, planned events) stays on one thread.
"""

from __future__ import annotations

import contextvars
import heapq
import math
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any

from bpmax_sim.clock import VirtualClock
from bpmax_sim.errors import CallError
from bpmax_sim.messages import Request, Response
from bpmax_sim.proxy.call_effects import Effect, Send, Sleep, TokenRequest
from bpmax_sim.proxy.client import ExchangeOutcome, TokenStore, exchange_within_timeout

Call = Generator[Effect, Any, Any]
Resume = Callable[[Any, Exception | None], None]
_LONGEST_WAIT = 0.2  # so that Ctrl-C is seen where a wait cannot be interrupted


@dataclass(slots=True, order=True)
class ScheduledEvent:
    """An action at a virtual instant; *action* is None once the event is cancelled.

    Events of the same instant run in the order of *number*, so a run never depends on the heap.
    """

    instant: float
    number: int
    action: Callable[[], None] | None = field(compare=False)

    def cancel(self) -> None:
        """Cancel the event; it stays in the queue, where the scheduler skips it."""
        self.action = None


class Scheduler:
    """The event loop of ``$proxy`` calls and timers; belongs to the thread that runs it.

    Args:
        clock: virtual clock, moved to the instant of each event.
        handle: function that answers a request, as `Transport.handle` does; called on worker
            threads in live mode.
        tokens: cache of the tokens that logins of the session returned, with their expiry.
        live: whether requests overlap and waits pass in real time.
        patience: seconds of real time that scripts may wait with no call in flight, in live mode.
        workers: highest number of requests in flight, in live mode.
    """

    def __init__(
        self,
        clock: VirtualClock,
        handle: Callable[[Request], Response],
        tokens: TokenStore,
        *,
        live: bool = False,
        patience: float = math.inf,
        workers: int = 64,
    ) -> None:
        self.clock = clock
        self._handle = handle
        self._tokens = tokens
        self._planned: list[ScheduledEvent] = []
        self._number = 0
        self._spawning = False
        self._logins: dict[str, list[Resume]] = {}  # key of a login in progress -> who waits for it
        self._wire = _LiveModeThreads(clock, workers) if live else None
        self._patience = self._wait_end = patience

    def call_at(self, instant: float, action: Callable[[], None]) -> ScheduledEvent:
        """Plan *action* for virtual time *instant*, or for now if *instant* has passed."""
        self._number += 1
        event = ScheduledEvent(max(instant, self.clock.now()), self._number, action)
        heapq.heappush(self._planned, event)
        return event

    def call_soon(self, action: Callable[[], None]) -> ScheduledEvent:
        """Plan *action* for the current instant, after the events already planned for it."""
        return self.call_at(self.clock.now(), action)

    def start_call(self, call: Call, done: Resume) -> None:
        """Start *call*, a generator that yields requests, pauses and logins and gets their results.

        *done* receives its value or error, never before `start_call` returns.
        """
        outer, self._spawning = self._spawning, True
        try:
            self._advance_call(call, done, None, None)
        finally:
            self._spawning = outer

    def run(self, is_busy: Callable[[], bool] | None = None, until: float = -math.inf) -> None:
        """Run all planned events and all events that they cause.

        Args:
            is_busy: returns whether a script still waits for something. While it returns False,
                events later than both now and *until* are not run. While it returns True, time
                advances, and every event that falls due on the way runs too. None runs everything.
            until: virtual instant up to which events run even if *is_busy* returns False.
        """
        while (event := self._find_next_event(is_busy, until)) is not None:
            if event.action is not None:
                self.clock.move_to(event.instant)
                event.action()

    @property
    def real_seconds_without_call(self) -> float:
        """Seconds of real time that scripts have waited so far with no call in flight."""
        return self._wire.real_seconds_idle if self._wire else 0.0

    @property
    def has_waited_too_long(self) -> bool:
        """Whether scripts waited *patience* seconds since the last `begin_wait`."""
        return self._wire is not None and self.real_seconds_without_call >= self._wait_end

    def begin_wait(self) -> None:
        """Let scripts wait *patience* seconds from now on."""
        self._wait_end = self.real_seconds_without_call + self._patience

    def close(self) -> None:
        """Stop the worker threads of live mode without waiting for them."""
        if self._wire:
            self._wire.close()

    def _find_next_event(
        self, is_busy: Callable[[], bool] | None, until: float
    ) -> ScheduledEvent | None:
        """Return the next event to run, or None if there is none to run now.

        That is so if none is planned, or if the first is later than both now and *until* and no
        script waits (*is_busy* returns False), or has waited too long in real time.
        """
        while self._planned and self._planned[0].action is None:
            heapq.heappop(self._planned)  # nobody has to wait for what was cancelled
        due = max(self.clock.now(), until)
        # Two kinds of waiting. Up to `due`, time passes because a step said so (`advance`). Beyond
        # it only a script wants time to pass: that goes on while a script is busy, and in live mode
        # only as long as the patience lasts, or a timer that re-arms itself would run for ever.
        is_own = is_busy is not None and bool(self._planned) and self._planned[0].instant > due
        if is_own and (self.has_waited_too_long or (is_busy is not None and not is_busy())):
            return None
        if self._wire:
            most = self._wait_end - self.real_seconds_without_call if is_own else math.inf
            if not self._wire.wait_until_event_is_due(self._planned, self.complete, most):
                return None
        return heapq.heappop(self._planned) if self._planned else None

    def _advance_call(self, call: Call, done: Resume, value: Any, error: Exception | None) -> None:
        try:
            effect = call.send(value) if error is None else call.throw(error)
        except StopIteration as end:
            deliver = partial(done, end.value, None)
        except Exception as failure:  # noqa: BLE001 - whoever spawned the call decides
            if isinstance(failure, CallError):
                # Its frames, all of this package, would keep what the caller had in its variables.
                failure.__traceback__ = None
            deliver = partial(done, None, failure)
        else:
            self._perform_effect(effect, partial(self._advance_call, call, done))
            return
        # Outside of both clauses, or what a script raises next would seem to come from this.
        self._deliver_after_start(deliver)

    def _deliver_after_start(self, deliver: Callable[[], None]) -> None:
        # Within `start_call` the caller has not stored its promise yet: its result is an event
        # of its own. Anywhere else it is delivered at once: results then come in the order in which
        # calls ended, and not in that of a queue behind it.
        if self._spawning:
            self.call_soon(deliver)
        else:
            deliver()

    def _perform_effect(self, effect: Effect, resume: Resume) -> None:
        if isinstance(effect, Send):
            self._send_request(effect.request, resume)
        elif isinstance(effect, Sleep):
            self.call_at(self.clock.now() + effect.seconds, partial(resume, None, None))
        else:
            self._acquire_token(effect, resume)

    def _send_request(self, request: Request, resume: Resume) -> None:
        if self._wire:
            self._wire.send(partial(exchange_within_timeout, request, self._handle), resume)
        else:
            # In virtual time the response is known at once; only its arrival is planned.
            self.complete(exchange_within_timeout(request, self._handle), self.clock.now(), resume)

    def complete(self, outcome: ExchangeOutcome, start: float, resume: Resume) -> None:
        """Plan to call *resume* with *outcome*, response or error of a request sent at *start*.

        That is at *start* plus the virtual time that the request took.
        """
        arrive = partial(resume, outcome.response, outcome.error)
        self.call_at(start + outcome.seconds, arrive)

    def _acquire_token(self, token_request: TokenRequest, resume: Resume) -> None:
        """Call *resume* with a valid token for *token_request*, or with the error of its login.

        The token is a cached one, that of a login in progress, or that of a new login: concurrent
        calls share one login.
        """
        # Single flight: the first call that needs a token logs in, all others that need the same
        # one wait for that login, and get its grant or its error. A login that fails is not kept,
        # so the next call tries again.
        grant = self._tokens.find_valid_grant(token_request)
        if grant is not None:
            resume(grant, None)
        elif token_request.key in self._logins:
            self._logins[token_request.key].append(resume)
        else:
            self._logins[token_request.key] = [resume]
            self.start_call(token_request.flow(), partial(self._finish_login, token_request.key))

    def _finish_login(self, key: str, grant: Any, error: Exception | None) -> None:
        if error is None:
            self._tokens.store(key, grant)
        # Removed before anybody resumes: a call whose login failed may ask for another at once.
        for resume in self._logins.pop(key):
            resume(grant, error)


Arrived = Callable[[ExchangeOutcome, float, Resume], None]


class _LiveModeThreads:
    """The worker threads and real-time waits of live mode."""

    def __init__(self, clock: VirtualClock, workers: int) -> None:
        from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - not before live mode

        self._clock = clock
        self._pool = ThreadPoolExecutor(workers, "bpmax-send")
        self._arrived: SimpleQueue[tuple[ExchangeOutcome, float, Resume]] = SimpleQueue()
        self._in_flight = 0
        self._virtual = clock.now()
        self._real = time.monotonic()
        self._horizon = self._virtual
        self.real_seconds_idle = 0.0  # seconds of sleep with nothing in flight

    def send(self, work: Callable[[], ExchangeOutcome], resume: Resume) -> None:
        start = self._clock.now()
        self._in_flight += 1
        # A pool's thread has an empty context: what a caller set in context variables (`OWN` of
        # the transports, or users' own) has to reach the transport as in a direct call.
        context = contextvars.copy_context()

        def deliver() -> None:
            self._arrived.put((context.run(work), start, resume))

        self._pool.submit(deliver)

    def wait_until_event_is_due(
        self, planned: list[ScheduledEvent], arrived: Arrived, max_wait_seconds: float
    ) -> bool:
        """Sleep until the first event in *planned* is due; return True then, or if nothing is left.

        Meanwhile *arrived* is called for each finished request, and turns it into an event. False
        is returned after *max_wait_seconds* seconds of waiting with no request in flight.
        """
        self._align_real_time()
        # `_horizon` is the latest instant at which something arrived. An event due before that does
        # not wait for real time, or the clock would have to go back for it after the arrival.
        end = self.real_seconds_idle + max_wait_seconds
        while self._in_flight or planned:
            remaining = (
                planned[0].instant - self._read_aligned_real_time() if planned else _LONGEST_WAIT
            )
            if planned and (remaining <= 0 or planned[0].instant <= self._horizon):
                return True
            if self._in_flight:
                self._receive(min(remaining, _LONGEST_WAIT), arrived)
            elif self.real_seconds_idle >= end:
                return False
            else:
                # Only sleeps for scripts count: an infinite *max_wait_seconds* means that a step
                # lets time pass.
                start = time.monotonic()
                time.sleep(min(remaining, _LONGEST_WAIT, end - self.real_seconds_idle))
                self.real_seconds_idle += (
                    time.monotonic() - start if max_wait_seconds < math.inf else 0.0
                )
        return True

    def close(self) -> None:
        # A request may hang as long as its timeout, and nobody takes its result any more.
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _align_real_time(self) -> None:
        """Equate the real time now with the virtual clock, if that was moved since the last wait.

        From then on virtual time passes as real time does.
        """
        now = self._clock.now()
        # An event or a step has moved the clock: real time counts anew from that instant.
        if now != self._virtual:
            self._virtual, self._real = now, time.monotonic()

    def _read_aligned_real_time(self) -> float:
        return self._virtual + time.monotonic() - self._real

    def _receive(self, timeout: float, arrived: Arrived) -> None:
        try:
            outcome, start, resume = self._arrived.get(timeout=timeout)
        except Empty:
            return
        self._in_flight -= 1
        self._horizon = max(self._horizon, start + outcome.seconds)
        arrived(outcome, start, resume)
