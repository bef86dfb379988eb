"""The effects that a call asks its driver to carry out: send, wait, log in.

A call is a generator that yields effects and returns a result. It does no I/O, and the only clocks
that it reads are passed to it. `NoRepr` is the base of values that must not be printed.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from msgspec import Struct

from bpmax_sim.messages import Request
from bpmax_sim.proxy.cookies import CookieJar


def format_repr_without_value(value: object) -> str:
    """Return only the type's name; used as ``__repr__`` of values that hold secrets."""
    return f"<{type(value).__name__}>"


class NoRepr(Struct, frozen=True):
    """Base of values whose repr is only the type name, as they may hold secrets.

    A struct and not a dataclass, because such values are made in every call and structs are faster.
    """

    __repr__ = format_repr_without_value


class Send(Struct, frozen=True):
    """Effect: send *request*. The driver of the generator sends the `Response` back into it.

    The driver is the code that runs the generator, such as `run_blocking`. It throws a
    `TransportError` if the exchange fails, or if the response took longer than ``request.timeout``.
    """

    request: Request


class Sleep(Struct, frozen=True):
    """Effect: wait for *seconds*. The driver sends None back in."""

    seconds: float


@dataclass(slots=True, kw_only=True)
class Grant:
    """The result of a login, used to authorise calls.

    Attributes:
        values: names and real values for the templates.
        standins: the same names; secret values are replaced by stand-ins.
        expires: instant of the auth clock from which it must not be used.
        is_refused: whether a server refused it; it is never used again then.
        cookies: cookies that all steps of the login have set.
        uses: counter of the requests that it authorises, from 1.
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
    """Effect: get a valid grant for *key*. The driver sends the `Grant` back into the generator.

    The driver takes it from its `TokenStore`, waits for a login of the same key that is running, or
    runs the login ``flow()``. An error of that login is raised in every call that waits for it.

    Attributes:
        key: text that is equal for calls that share a login: platform, instance and shared
            credentials; it contains no credential.
        now: instant of the auth clock at which expiry is checked.
        flow: function that returns the generator of a login, which yields effects and returns a
            `Grant`.
    """

    key: str
    now: float
    flow: Callable[[], Flow]


Effect = Send | Sleep | TokenRequest
Flow = Generator[Effect, Any, Grant]
