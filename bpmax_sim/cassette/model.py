"""The machine-readable lines of a cassette: its head, an exchange's index line, the seal."""

from __future__ import annotations

from typing import Any

import msgspec

from bpmax_sim.messages import Signed

FORMAT = 1
Values = dict[str, dict[str, str]]
"""Credentials that are no secrets, by ``platform.instance`` and name."""


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """The second line of a file.

    Attributes:
        rules: digest of the matching rules that its keys were computed under.
        start: the earliest instant of sending, ISO 8601 with its zone.
        mixed: whether some exchange has a key under other rules, which its line names.
        simulated: whether a built-in simulator gave some of the answers.
        several: whether some exchange was recorded by another than its owner's first session.
    """

    format: int = FORMAT
    rules: str = ""
    start: str = ""
    mixed: bool | msgspec.UnsetType = msgspec.UNSET
    simulated: bool | msgspec.UnsetType = msgspec.UNSET
    several: bool | msgspec.UnsetType = msgspec.UNSET


class Line(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The index line of one exchange.

    Attributes:
        n: place in the order of issue of its owner, from 1.
        call: ``platform.api``, empty for traffic without a builder.
        owner: the scenario, row or test that recorded it.
        at: instant of sending, ISO 8601 with its zone.
        ms: milliseconds until the last byte, or until it failed.
        sha: digest of the exchange, this line included.
        base: the start of the URL that is the platform's address.
        injected: places that auth and signing put in.
        failed: the kind of failure in lower case, for an exchange that did not complete.
        chunks: milliseconds and length of each piece of a streamed body.
        encoding: headers that told how the body was encoded on the wire.
        signed: what the signature of the request was made of, beside the stand-in key.
        trust: what became of verifying the signature of the answer.
        source: who answered, unless it was the live third party.
        rules: digest of the matching rules, where it is not the head's.
        extra: what the builder said, where the request alone does not show it.
        session: which of its owner's sessions recorded it, from 1.
        values: on its owner's first exchange, the credentials that are declared to be no secrets,
            by ``platform.instance`` and name.
    """

    key: str
    n: int
    call: str
    instance: str
    owner: str = msgspec.field(name="for")
    at: str
    ms: int
    sha: str
    base: str = ""
    injected: tuple[str, ...] = ()
    failed: str = ""
    chunks: tuple[tuple[int, int], ...] = ()
    encoding: dict[str, str] = {}
    source: str = ""
    signed: Signed | None = None
    trust: str = ""
    rules: str = ""
    extra: dict[str, Any] = {}
    session: int = 1
    values: Values = {}


class Seal(msgspec.Struct, frozen=True, kw_only=True):
    """The last line of a file: what it holds, and the digest of head and all `Line.sha`."""

    interactions: int
    failures: int
    sha256: str


class Entry(msgspec.Struct, frozen=True):
    """One exchange as it stands in a file: its index line, and the YAML text below it."""

    line: Line
    text: str
