"""The frozen values that travel from builder to transport to cassette and back.

Bodies are bytes, header and query lists keep their order, times are POSIX seconds. What may hold a
secret is in no representation, for tracebacks show those. They are msgspec structs rather than
dataclasses because they are made anew in every call, in a tenth of the time. The garbage collector
leaves them alone: nothing in them refers back to them, and a session keeps those of all its calls.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from bpmax_sim.errors import Place

Pairs = tuple[tuple[str, str], ...]
LOGIN = "$token"
"""The API name of login requests."""

VERIFIED = "verified"
"""What `Response.trust` says of an answer whose signature held."""


class Call(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What the builder said, before auth and signing: the identity that replay matches.

    Attributes:
        path: the API's path with its placeholders filled, percent-encoded, without query.
        query: decoded names and values, in sending order.
        headers: defaults and script-set headers, in sending order.
        body: the exact bytes, or None for no body.
        position: the script line that made the call, where it is known.
        serial: order of issue within the session, from 1.
    """

    platform: str
    instance: str
    api: str
    method: str
    path: str
    query: Pairs = ()
    headers: Pairs = ()
    body: bytes | None = None
    caller: str | None = None
    position: Place | None = None
    serial: int = 0

    def __repr__(self) -> str:
        return f"<Call {self.name} {self.method}>"

    @property
    def name(self) -> str:
        """Return ``platform.api``, or the platform alone where no API is certain."""
        return f"{self.platform}.{self.api}" if self.api or not self.platform else self.platform

    @property
    def is_login(self) -> bool:
        """Return whether this is a login request rather than a call of a script."""
        return self.api == LOGIN


class Sensitive(msgspec.Struct, frozen=True, gc=False):
    """A place in an answer whose value is secret from the moment it arrives.

    Attributes:
        path: ``$.json.path``, ``body.dotted.path``, ``header:Name`` or ``cookie:Name``.
        name: what the value is called in its stand-in.
        kind: the kind of its stand-in, such as ``text`` or ``jwt``.
    """

    path: str
    name: str
    kind: str = "text"


class Signed(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What a signature was made of beside the request and the stand-in key.

    Attributes:
        now: instant of the signature.
        nonce, call_id: what was drawn for it; empty where the platform uses none.
    """

    now: float
    nonce: str = ""
    call_id: str = ""


class Proof(msgspec.Struct, frozen=True, gc=False):
    """How the signature of an answer is verified: the platform's rule, and its names."""

    rule: Any
    names: Mapping[str, Any]

    def __repr__(self) -> str:
        return "<Proof>"


class Request(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One HTTP request, ready to send.

    Attributes:
        url: absolute and already encoded; it is sent as it stands.
        timeout: seconds.
        call: what the builder said; None for traffic without a builder.
        base: the start of *url* that is the platform's or instance's address.
        injected: places that auth and signing put in, such as ``header.authorization``,
            ``query.access_token`` or ``body.sign``; they are not part of the call's identity.
        attempt: 0 for the first sending of a call, then one more for each request it takes.
        sensitive: places of the answer that hold secrets minted by the third party.
        personal: places of request and answer that hold personal data, such as ``body.phone``.
        standin: the same request with every credential replaced by its stand-in, as it is
            recorded; None when the request itself carries no credential.
        signed: what its signature was made of, where the platform signs.
        proof: how the answer is verified, where recording has to.
        follow: whether a redirect is followed; a client of its own judges that itself.
        confined: whether it holds credentials beside the injected ones, such as a login's; like
            those, they are not sent to another origin.
    """

    method: str
    url: str
    headers: Pairs = ()
    body: bytes | None = None
    timeout: float = 30.0
    call: Call | None = None
    base: str = ""
    injected: tuple[str, ...] = ()
    attempt: int = 0
    sensitive: tuple[Sensitive, ...] = ()
    personal: tuple[str, ...] = ()
    standin: Request | None = None
    signed: Signed | None = None
    proof: Proof | None = None
    follow: bool = True
    confined: bool = False

    def __repr__(self) -> str:
        return f"<Request {self.method} {self.call.name if self.call else self.base}>".rstrip()

    @property
    def is_login(self) -> bool:
        """Return whether this is a login request rather than a call of a script."""
        return self.call is not None and self.call.is_login

    @property
    def recorded(self) -> Request:
        """Return the form that may be written down."""
        return self.standin or self


class Chunk(msgspec.Struct, frozen=True, gc=False):
    """A piece of a streamed body: seconds since the request, and its length in bytes."""

    at: float
    length: int


class Response(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One HTTP answer.

    Attributes:
        body: whole and decoded (gzip and the like undone).
        elapsed: seconds until the last byte; data, nobody sleeps for it.
        source: ``live``, ``recorded``, ``simulated``, ``fault`` or ``stub``.
        chunks: how the body arrived, where it was streamed.
        trust: ``verified`` where its signature was while it was recorded; else why it was not
            trusted then, or empty where there is none to verify.
        asked: the recorded request, where its signature has to be compared.
    """

    status: int
    headers: Pairs = ()
    body: bytes = b""
    reason: str = ""
    elapsed: float = 0.0
    source: str = "live"
    chunks: tuple[Chunk, ...] = ()
    trust: str = ""
    asked: Request | None = None

    def __repr__(self) -> str:
        return f"<Response {self.status}, {len(self.body)} bytes>"

    def header(self, name: str) -> str | None:
        """Return the first value of header *name*, in any case, or None."""
        wanted = name.lower()
        for key, value in self.headers:
            if key.lower() == wanted:
                return value
        return None


class Failed(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An exchange that did not complete.

    Attributes:
        code: ``CONNECT``, ``TIMEOUT``, ``TLS`` or ``RESET``; ``BAD_RESPONSE`` where the answer
            could not be read.
        elapsed: seconds until it failed.
        sent: False when nothing reached the server.
        received: bytes of the body that arrived before it failed.
    """

    code: str
    message: str
    elapsed: float = 0.0
    sent: bool = True
    received: bytes = b""


Outcome = Response | Failed


class Exchange(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A redacted request and what came of it.

    Attributes:
        key: the identity of the call, as hexadecimal digits.
        order: place in the order of issue, from 1, within the owner.
        owner: the scenario or row that recorded it.
        at: virtual instant of sending.
    """

    request: Request
    outcome: Outcome
    key: str = ""
    order: int = 1
    owner: str = ""
    at: float = 0.0
