"""What follows from one sending: the answer, another sending, or an error. Decisions only.

A refused token is renewed once, for any call: it was refused before it was executed. Anything
else is sent again only where ``recover`` says so, and only if the API is idempotent or nothing
was sent.
"""

from __future__ import annotations

import email.utils
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from msgspec import Struct

from bpmax_sim.clock import Instant
from bpmax_sim.errors import TransportError
from bpmax_sim.messages import Response
from bpmax_sim.platform.model import Recover
from bpmax_sim.proxy.body import Body
from bpmax_sim.proxy.effects import Grant
from bpmax_sim.proxy.reading import ABSENT, find_first, finder
from bpmax_sim.proxy.recipe import Recipe

LONGEST_WAIT: Final = 600.0
"""Seconds; an answer that asks for a longer wait is final."""

_BROKEN_OFF: Final = frozenset({"CONNECT", "RESET", "TIMEOUT"})
_EPOCH_SECONDS: Final = 1e9
_EPOCH_MILLIS: Final = 1e12


class Progress(Struct, frozen=True):
    """How far a call has come.

    Attributes:
        sent: business requests sent so far.
        renewed: times the login was repeated because its token was refused.
        offset: correction of the signing clock in seconds; None before one was made.
    """

    sent: int = 0
    renewed: int = 0
    offset: float | None = None


class Again(Struct, frozen=True):
    """Send again: after *wait* seconds, with a new login if *renew*, the clock set by *offset*."""

    note: str
    wait: float = 0.0
    renew: bool = False
    offset: float | None = None


class RefusedAgain:
    """A renewed token was refused too."""


REFUSED_AGAIN: Final = RefusedAgain()


class Answered(Struct, frozen=True):
    """An answer, and its body read."""

    response: Response
    body: Body


Outcome = Answered | TransportError


def failure_class(outcome: Outcome, recipe: Recipe) -> str | None:
    """Return the class that *recover* is keyed by, or None for a success and for the rest."""
    if isinstance(outcome, TransportError):
        return "transient" if outcome.code in _BROKEN_OFF else None
    return recipe.rules.failure_class(outcome.response, outcome.body)


def next_step(
    outcome: Outcome, recipe: Recipe, grant: Grant | None, progress: Progress, now: float
) -> Again | RefusedAgain | None:
    """Return what to do after *outcome*; None if it is final."""
    found = failure_class(outcome, recipe)
    rule = recipe.recover.get(found) if found else None
    if found is None or rule is None:
        return None
    if rule.refresh and grant is not None:
        if progress.renewed >= rule.refresh:
            return REFUSED_AGAIN
        return Again("token refused; logged in anew", renew=True)
    if rule.clock and progress.offset is None:
        offset = _offset(outcome, now)
        if offset is not None:
            return Again(f"clock corrected by {offset:+.0f} s", offset=offset)
    return _later(outcome, recipe, rule, progress, now, found)


def _later(
    outcome: Outcome, recipe: Recipe, rule: Recover, progress: Progress, now: float, found: str
) -> Again | None:
    unsent = isinstance(outcome, TransportError) and not outcome.sent
    if progress.sent >= rule.tries or not (recipe.api.is_idempotent or unsent):
        return None
    wait = _wait(outcome, rule, now)
    if wait is None:
        wait = rule.backoff * 2 ** (progress.sent - 1)
    if wait > LONGEST_WAIT:
        return None
    return Again(f"{found}: sent again after {wait:g} s", wait=wait)


def _offset(outcome: Outcome, now: float) -> float | None:
    """Return how far the server's clock is ahead; a recorded answer corrects nothing."""
    if isinstance(outcome, TransportError) or outcome.response.source == "recorded":
        return None
    date = _http_date(outcome.response.header("date") or "")
    return None if date is None else date - now


def _wait(outcome: Outcome, rule: Recover, now: float) -> float | None:
    """Return the seconds that the answer asks for, if it does."""
    if isinstance(outcome, TransportError):
        return None
    response = outcome.response
    value = find_first(map(finder, rule.wait), response, outcome.body)
    if value is ABSENT:
        return None
    # The answer's own Date is the clock that its other dates were written by.
    told = _http_date(response.header("date") or "")
    seconds = seconds_until(value, now if told is None else told)
    return None if seconds is None else max(seconds, 0.0)


def seconds_until(value: Any, now: float) -> float | None:
    """Return the seconds from *now* that *value* names.

    It may be seconds, an instant in seconds or milliseconds since 1970, an HTTP date or ISO 8601.
    """
    for read in _READERS:
        instant = read(str(value).strip(), now)
        if instant is not None:
            return instant - now
    return None


def _number(text: str, now: float) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    if not 0 <= number < _EPOCH_MILLIS * 10:
        return None
    if number >= _EPOCH_MILLIS:
        return number / 1000
    return number if number >= _EPOCH_SECONDS else now + number


def _http_date(text: str, _now: float = 0) -> float | None:
    try:
        moment: datetime = email.utils.parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment.timestamp()


def _iso(text: str, _now: float) -> float | None:
    try:
        return Instant.parse(text).seconds
    except ValueError:
        return None


_READERS: tuple[Callable[[str, float], float | None], ...] = (_number, _iso, _http_date)
