"""The blocking driver: runs a call on the calling thread. Several threads may share a store.

Virtual time moves by what each exchange took; overlapping calls overlap in it too.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, TypeVar

from bpmax_sim.clock import VirtualClock
from bpmax_sim.errors import CallError, TransportError
from bpmax_sim.messages import Call, Request, Response
from bpmax_sim.proxy.effects import Effect, Send, Sleep
from bpmax_sim.proxy.tokens import TokenStore

T = TypeVar("T")
Handle = Callable[[Request], Response]


def answer(request: Request, handle: Handle) -> Response:
    """Return what *handle* answers, if it came within the request's timeout.

    Raises:
        TransportError: TIMEOUT, if it took longer; what *handle* raises names its call.
    """
    try:
        response = handle(request)
    except CallError as error:
        _name(error, request.call)
        raise
    if response.elapsed > request.timeout:
        raise timed_out(request)
    return response


def _name(error: CallError, call: Call | None) -> None:
    """Put the call in front of a message whose raiser knew of bytes only."""
    if call is None or not call.platform or error.platform:
        return
    error.message = f"{call.name}: {error.message}"
    error.args = (error.message,)
    error.platform, error.instance, error.api = call.platform, call.instance, call.api


def timed_out(request: Request) -> TransportError:
    """Return the error of an exchange that took longer than its timeout."""
    call = request.call
    name = f"{call.name}: " if call else ""
    return TransportError(
        f"{name}no answer within {request.timeout:g} s",
        code="TIMEOUT",
        elapsed=request.timeout,
        platform=call.platform if call else "",
        instance=call.instance if call else "",
        api=call.api if call else "",
    )


def drive(
    call: Generator[Effect, Any, T],
    *,
    handle: Handle,
    tokens: TokenStore,
    clock: VirtualClock,
    sleep: Callable[[float], None] = lambda _seconds: None,
) -> T:
    """Run *call* to its end and return what it returns.

    Args:
        call: a generator of effects.
        handle: answers a request, as `Transport.handle` does.
        tokens: the session's grants.
        clock: the session's virtual clock, moved by each exchange and each wait.
        sleep: waits in real time; the default does not, which is right in replay.

    Raises:
        BpmaxError: what the call raises.
    """

    def perform(effect: Effect) -> Any:
        start = clock.now()
        if isinstance(effect, Send):
            return _send(effect.request, handle, clock, start)
        if isinstance(effect, Sleep):
            sleep(effect.seconds)
            clock.move_to(start + effect.seconds)
            return None
        return tokens.obtain(
            effect,
            lambda flow: drive(flow, handle=handle, tokens=tokens, clock=clock, sleep=sleep),
        )

    return _pump(call, perform)


def _pump(call: Generator[Effect, Any, T], perform: Callable[[Effect], Any]) -> T:
    try:
        effect = next(call)
        while True:
            try:
                result = perform(effect)
            except Exception as error:  # noqa: BLE001 - the call decides what to do with it
                effect = call.throw(error)
            else:
                effect = call.send(result)
    except StopIteration as end:
        value: T = end.value
        return value


def _send(request: Request, handle: Handle, clock: VirtualClock, start: float) -> Response:
    try:
        response = answer(request, handle)
    except TransportError as error:
        clock.move_to(start + error.elapsed)
        raise
    clock.move_to(start + response.elapsed)
    return response
