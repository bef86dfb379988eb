"""Decide what follows a sending: a result, another sending, or an error. Nothing is sent here.

A request with a refused token is sent again after one new login, for any API, since it was refused
before it was executed. A request answered with 429 was not executed either (RFC 6585, 4). All
others are sent again only if ``recover`` says so, and only if the API is idempotent or the request
was not sent. A declared recovery that cannot be applied leaves a note.
"""

from __future__ import annotations

from math import isfinite
from typing import Any, Final

from msgspec import UNSET, Struct

from bpmax_sim.clock import Instant
from bpmax_sim.errors import TransportError
from bpmax_sim.i18n import msg
from bpmax_sim.messages import Response, read_http_date
from bpmax_sim.platform.model import Recover, Wait
from bpmax_sim.proxy.call_effects import Grant
from bpmax_sim.proxy.compiled_api import CompiledApi
from bpmax_sim.proxy.response import ParsedBody, compile_finder

LONGEST_WAIT: Final = 600.0
"""Seconds; a response that asks for a longer wait is final."""

TOO_MANY: Final = 429
# Not TLS: a certificate that was refused once is refused again.
_BROKEN_OFF: Final = frozenset({"CONNECT", "RESET", "TIMEOUT"})
_EPOCH_SECONDS: Final = 1e9
_EPOCH_MILLIS: Final = 1e12


class RetryProgress(Struct, frozen=True):
    """How often a call was sent and logged in again.

    Attributes:
        sent: requests of the call itself sent so far, not those of logins.
        renewed: number of new logins after a refused token.
        offset: correction of the signing clock in seconds; None if none was made.
    """

    sent: int = 0
    renewed: int = 0
    offset: float | None = None


class RetryDecision(Struct, frozen=True):
    """The decision to send a call again.

    Attributes:
        note: why, for the log record.
        wait: seconds to wait before.
        renew: whether to log in again first.
        offset: new correction of the signing clock in seconds; None if it stays.
    """

    note: str
    wait: float = 0.0
    renew: bool = False
    offset: float | None = None

    @property
    def is_token_refused(self) -> bool:
        """Whether the last sending was refused because of its token."""
        return self.renew


class NoRetry(Struct, frozen=True):
    """The decision not to send a call again.

    Attributes:
        note: why a declared recovery was not applied; empty if none was declared.
        is_token_refused: whether the token of a new login was refused, too.
    """

    note: str = ""
    is_token_refused: bool = False


class ReceivedResponse(Struct, frozen=True):
    """A response and its parsed body: the outcome of a sending that did not fail."""

    response: Response
    body: ParsedBody


Outcome = ReceivedResponse | TransportError


def find_failure_class(outcome: Outcome, recipe: CompiledApi) -> str | None:
    """Return the class of failure of *outcome*, such as ``transient``: a key of ``recover``.

    None for a success or a failure of no known class. Of an exchange that failed, the code decides;
    of a response, the rules of the API (*recipe*).
    """
    if isinstance(outcome, TransportError):
        return "transient" if outcome.code in _BROKEN_OFF else None
    return recipe.rules.find_failure_class(outcome.response, outcome.body)


def decide_retry(
    outcome: Outcome, recipe: CompiledApi, grant: Grant | None, progress: RetryProgress, now: float
) -> RetryDecision | NoRetry:
    """Return whether and how to send a call again after *outcome*, by ``recover`` of its auth.

    *recipe* is the compiled API, *grant* the result of the login if there is one, and *progress*
    what was tried already. *now* is the instant by the clock of signatures and logins
    (`Environment.auth_clock`).
    """
    failure = find_failure_class(outcome, recipe) or ""
    rule = recipe.recover.get(failure)
    if rule is None:
        return NoRetry()
    # First the token, then the clock, then waiting: a refused token was certainly not executed, and
    # a wrong clock would make every later sending fail as well.
    if rule.refresh and grant is not None:
        if progress.renewed >= rule.refresh:
            return NoRetry(is_token_refused=True)
        return RetryDecision(msg("token refused; logged in anew"), renew=True)
    if rule.clock and progress.offset is None:
        offset = _measure_server_clock_lead(outcome, now)
        if offset is not None:
            note = msg("clock corrected by {offset:+.0f} s", offset=offset)
            if _is_recorded(outcome):
                note = msg("clock corrected, as it was when this was recorded")
            return RetryDecision(note, offset=offset)
    return _decide_unchanged_resend(outcome, recipe, rule, failure, progress, now)


def _decide_unchanged_resend(
    outcome: Outcome,
    recipe: CompiledApi,
    rule: Recover,
    failure: str,
    progress: RetryProgress,
    now: float,
) -> RetryDecision | NoRetry:
    if progress.sent >= rule.tries:
        return NoRetry(_explain_ineffective_rule(rule, failure, progress))
    if isinstance(outcome, TransportError):
        is_unexecuted = not outcome.sent
    else:
        is_unexecuted = outcome.response.status == TOO_MANY
    # What may have been executed is not sent twice: a second order or payment is worse than an
    # error.
    if not (recipe.api.is_idempotent or is_unexecuted):
        note = msg(
            "{failure}: not sent again, as {method} may have been executed; if that does no "
            "harm, declare idempotent: true",
            failure=failure,
            method=recipe.method,
        )
        return NoRetry(note)
    return decide_wait(outcome, rule, failure, progress.sent, now)


def decide_wait(
    outcome: Outcome, rule: Recover, failure: str, sent: int, now: float
) -> RetryDecision | NoRetry:
    """Return the decision to wait and then send again.

    The wait is what the response asks for, else ``backoff`` of *rule*, doubled after each of the
    *sent* requests. A wait longer than `LONGEST_WAIT` gives `NoRetry`. *failure* is the class of
    failure, for the note.
    """
    wait = _read_requested_wait(outcome, rule, now)
    if wait is None:
        wait = rule.backoff * 2 ** (sent - 1)
    if wait > LONGEST_WAIT:
        note = msg(
            "{failure}: not sent again, as a wait of {wait:g} s is longer than {longest:g} s",
            failure=failure,
            wait=wait,
            longest=LONGEST_WAIT,
        )
        return NoRetry(note)
    note = msg("{failure}: sent again after {wait:g} s", failure=failure, wait=wait)
    return RetryDecision(note, wait=wait)


def _explain_ineffective_rule(rule: Recover, failure: str, progress: RetryProgress) -> str:
    """Return why ``refresh`` or ``clock`` of the rule ``recover: {failure: …}`` had no effect.

    ``refresh`` has none if the call needs no login. "" if the rule has neither of the two, or the
    clock was corrected already.
    """
    if rule.refresh:
        return msg(
            "{failure}: recover: refresh does nothing, as this call needs no login", failure=failure
        )
    if rule.clock and progress.offset is None:
        return msg(
            "{failure}: recover: clock does nothing, because the response has no valid Date header",
            failure=failure,
        )
    return ""


def _measure_server_clock_lead(outcome: Outcome, now: float) -> float | None:
    """Return the seconds by which the server's clock is ahead of *now*.

    0 for a recorded response: the recorded requests are signed by the virtual clock, the corrected
    one too. None for a failed exchange, or without a valid ``Date`` header.
    """
    if isinstance(outcome, TransportError):
        return None
    date = read_http_date(outcome.response.header("date") or "")
    if date is None:
        return None
    return 0.0 if _is_recorded(outcome) else date - now


def _is_recorded(outcome: Outcome) -> bool:
    return isinstance(outcome, ReceivedResponse) and outcome.response.source == "recorded"


def _read_requested_wait(outcome: Outcome, rule: Recover, now: float) -> float | None:
    """Return the wait in seconds that the response asks for; None if it asks for none.

    It is read at the paths ``wait`` of *rule*; the first that exists decides. An instant counts
    from the response's own ``Date``, else from *now*.
    """
    if isinstance(outcome, TransportError):
        return None
    response = outcome.response
    # The response's own Date is the clock that its other dates were written by.
    date = read_http_date(response.header("date") or "")
    for place in rule.wait:
        path, unit = (place.path, place.unit) if isinstance(place, Wait) else (place, "s")
        value = compile_finder(path)(response, outcome.body)
        if value is UNSET or value is None:
            continue
        seconds = (
            _parse_milliseconds_as_seconds(value)
            if unit == "ms"
            else read_seconds_until(value, date or now)
        )
        return None if seconds is None else max(seconds, 0.0)
    return None


def _parse_milliseconds_as_seconds(value: Any) -> float | None:
    try:
        number = float(str(value))
    except ValueError:
        return None
    return number / 1000 if isfinite(number) else None


def read_seconds_until(value: Any, now: float) -> float | None:
    """Return the seconds from *now* to the time that *value* gives; None if it is no time.

    *value* may be a number of seconds, an instant in seconds or milliseconds since 1970, an HTTP
    date or an ISO 8601 date.
    """
    text = str(value).strip()
    for read in (_parse_number_as_instant, _parse_iso_date):
        instant = read(text, now)
        if instant is not None:
            return instant - now
    instant = read_http_date(text)
    return None if instant is None else instant - now


def _parse_number_as_instant(text: str, now: float) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    if not 0 <= number < _EPOCH_MILLIS * 10:
        return None
    # Vendors write seconds to wait (RFC 9110, 10.2.3), or an instant in seconds or milliseconds,
    # into the same kind of header. No wait is 30 years long, so the size tells which it is.
    if number >= _EPOCH_MILLIS:
        return number / 1000
    return number if number >= _EPOCH_SECONDS else now + number


def _parse_iso_date(text: str, _now: float) -> float | None:
    try:
        return Instant.parse(text).seconds
    except ValueError:
        return None
