"""What a call asks of its driver: send, wait, log in; and the base of values without a repr.

A call is a generator that yields effects and returns a result; it does no I/O and reads no clock
but the injected ones.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from msgspec import Struct

from bpmax_sim.messages import Request
from bpmax_sim.proxy.cookies import CookieJar


def no_repr(value: object) -> str:
    """Return the type's name alone; it takes the place of ``__repr__``."""
    return f"<{type(value).__name__}>"


class NoRepr(Struct, frozen=True):
    """The base of such values; a struct, because they are made anew in every call."""

    __repr__ = no_repr


class Send(Struct, frozen=True):
    """Send *request*; the driver sends the `Response` back in.

    It throws a `TransportError` in where the exchange did not complete, or where the response took
    longer than ``request.timeout``.
    """

    request: Request


class Sleep(Struct, frozen=True):
    """Wait for *seconds*; the driver sends None back in."""

    seconds: float


@dataclass(slots=True, kw_only=True)
class Grant:
    """What a login yielded; two grants are the same only if they are one object.

    Attributes:
        values: names and real values for the templates.
        standins: the same names with stand-ins for what is secret.
        expires: instant of the auth clock from which it must not be used.
        is_refused: whether a server refused it; then it is never handed out again.
        cookies: those of the login, over all its steps.
        uses: numbers the requests that it authorises, from 1.
    """

    values: dict[str, Any] = field(repr=False)
    standins: dict[str, Any] = field(repr=False)
    expires: float
    is_refused: bool = False
    cookies: CookieJar = field(default_factory=CookieJar, repr=False)
    uses: Iterator[int] = field(default_factory=lambda: count(1), repr=False)

    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        """Compare by identity: a renewal may yield the same token, but it is another grant."""
        return self is other


class TokenRequest(Struct, frozen=True, kw_only=True):
    """Get a valid grant for *key*; the driver sends the `Grant` back in.

    The driver answers from its `TokenStore`, joins a login of the same key that is under way, or
    runs ``flow()``; what that raises reaches everyone who waits for it.

    Attributes:
        key: one for each platform, instance and shared credentials; holds no credential.
        now: the auth clock's instant, by which expiry is judged.
        flow: makes the generator of a login, which yields effects and returns a `Grant`.
    """

    key: str
    now: float
    flow: Callable[[], Flow]


Effect = Send | Sleep | TokenRequest
Flow = Generator[Effect, Any, Grant]
