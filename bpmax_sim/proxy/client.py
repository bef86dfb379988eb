"""A call, from its spec to its result, as a generator of effects; and the driver for a thread.

    plan -> [TokenRequest] -> Send -> decide_retry -> NoRetry: result or error
                ^                        |
                +---- RetryDecision -----+  (new login, Sleep, or corrected clock)

Authorisation, renewal, retries and judgement are written once, here, and do no I/O. Drivers do I/O
and keep time: `run_blocking` on the calling thread, the scheduler of scripts in virtual time.
Grants are cached by key, and only one login runs at a time for each key.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Generator
from copy import copy
from functools import partial
from typing import Any, NamedTuple, TypeVar

from msgspec import Struct, field
from msgspec.structs import replace

from bpmax_sim.clock import VirtualClock
from bpmax_sim.errors import (
    AuthError,
    BpmaxError,
    CallError,
    LostCharactersWarning,
    TransportError,
)
from bpmax_sim.i18n import change_english_text, label_message, msg
from bpmax_sim.js_values import UNDEFINED
from bpmax_sim.messages import VERIFIED, Call, Request, Response
from bpmax_sim.proxy.auth import (
    authorise,
    build_request_before_auth,
    collect_template_values,
    compare_signatures,
    make_real_context,
    sign_recorded_form,
)
from bpmax_sim.proxy.builder import CallSpec
from bpmax_sim.proxy.call_effects import (
    Effect,
    Flow,
    Grant,
    Send,
    Sleep,
    TokenRequest,
    format_repr_without_value,
)
from bpmax_sim.proxy.call_plan import CallTarget, Plan, find_rejected_call_target, plan_call
from bpmax_sim.proxy.compiled_api import CompiledApi
from bpmax_sim.proxy.environment import Environment
from bpmax_sim.proxy.login import login, make_login_key, synthesise_grant
from bpmax_sim.proxy.recovery import NoRetry, Outcome, ReceivedResponse, RetryProgress, decide_retry
from bpmax_sim.proxy.response import CallRecord, Sending, read_body
from bpmax_sim.proxy.result import ResolvedCallValue, make_rejection, read_call_value
from bpmax_sim.proxy.signing import verify_response

Calling = Generator[Effect, Any, ResolvedCallValue]


class CallTrace(Struct):
    """The state of a running call, for the log record that it leaves at its end.

    Attributes:
        spec: call as the script made it.
        start, began: virtual instant of its start, and number of the start in the order of events.
        plan: None until the call is looked up and encoded.
        progress: counts of sendings and new logins.
        sent, sent_at: last request, and virtual instant of its sending.
        received: response to *sent*; None before it, and after a failure.
        earlier: sendings before the last one.
    """

    spec: CallSpec
    start: float
    began: int
    plan: Plan | None = None
    progress: RetryProgress = RetryProgress()
    notes: list[str] = field(default_factory=list)
    sent: Request | None = None
    sent_at: float = 0.0
    received: Response | None = None
    earlier: list[Sending] = field(default_factory=list)

    __repr__ = format_repr_without_value


def run_call(spec: CallSpec, env: Environment) -> Calling:
    """Make the call of *spec*; exactly one log record is left, also if it fails.

    A generator: it yields effects such as `Send`, and returns the value for the script.

    Raises:
        CallError: if the call is rejected; the script sees this error.
        NoMatchError: if replay has no response.
        ConfigError: if a declaration cannot be used.
    """
    env.refuse_closed()
    trace = CallTrace(spec, env.clock.now(), env.clock.next_seq())
    try:
        trace.plan = plan_call(spec, env)
        answer = yield from _send_until_done(trace.plan, env, trace)
    except BpmaxError as error:
        if isinstance(error, CallError):
            _name_call_and_redact(error, trace, env)
        env.calls.append(_make_record(trace, env, error))
        raise
    env.calls.append(_make_record(trace, env, None))
    return answer


def build_request(spec: CallSpec, env: Environment) -> Request:
    """Return the request of *spec* before auth; nothing is sent or logged.

    Raises:
        CallError: if the call is rejected before any HTTP.
    """
    return build_request_before_auth(plan_call(spec, env))


def _check_signature(
    planned: Plan, grant: Grant | None, env: Environment, request: Request, recorded: Request
) -> None:
    """Check that the request to replay still has the signature that was recorded.

    *planned* is the call, *grant* the result of its login. *request* is the request that would be
    sent today, signed with the recorded time and nonce; *recorded* is the one whose response is
    replayed.

    Raises:
        NoMatchError: if the signatures differ. While ``bpmax-sim migrate`` adapts the recording,
            *env* notes today's signature instead, to be recorded.
    """
    differences = compare_signatures(planned, grant, env, request, recorded)
    stamp = recorded.signed
    if stamp is not None:
        again = partial(sign_recorded_form, planned, grant, env, stamp, request.attempt)
        if env.propose_new_signature(request, again, differs=bool(differences)):
            return
    if differences:
        raise env.note_signature_mismatch(planned.call, differences)


def _send_until_done(planned: Plan, env: Environment, trace: CallTrace) -> Calling:
    while True:
        # Before each sending: since the last one, the grant may have expired, or been refused to
        # another call.
        grant = yield from _get_grant_if_needed(planned, env)
        progress = trace.progress
        request = authorise(
            planned, grant, env, attempt=progress.sent, offset=progress.offset or 0.0
        )
        trace.sent_at = env.clock.now()
        outcome = yield from _send_request(request, trace, planned.recipe)
        progress = trace.progress
        step = decide_retry(outcome, planned.recipe, grant, progress, env.auth_clock.now())
        # Set before the next TokenRequest: the store compares nothing, it only looks at this flag.
        # Other calls that hold the same grant see it as well and share the one new login.
        if grant is not None and step.is_token_refused:
            grant.is_refused = True
        recorded = (
            outcome.response.recorded_request if isinstance(outcome, ReceivedResponse) else None
        )
        if recorded is not None:
            _check_signature(planned, grant, env, request, recorded)
        if step.note:
            trace.notes.append(step.note)
        if isinstance(step, NoRetry):
            return _unwrap_outcome(outcome, step, planned, grant, env)
        sending = Sending(
            request=request,
            response=outcome.response if isinstance(outcome, ReceivedResponse) else None,
            error=outcome if isinstance(outcome, TransportError) else None,
            at=trace.sent_at,
            duration=env.clock.now() - trace.sent_at,
            ended=env.clock.next_seq(),
            follows="renewed" if step.renew else "retried" if step.offset is None else "clock",
            note=step.note,
            wait=step.wait,
        )
        trace.earlier.append(sending)
        if step.wait:
            yield Sleep(step.wait)
        offset = progress.offset if step.offset is None else step.offset
        trace.progress = RetryProgress(progress.sent, progress.renewed + step.renew, offset)


def _send_request(
    request: Request, trace: CallTrace, recipe: CompiledApi
) -> Generator[Effect, Any, Outcome]:
    trace.sent, trace.received = request, None
    trace.progress = replace(trace.progress, sent=trace.progress.sent + 1)
    try:
        response: Response = yield Send(request)
    except TransportError as error:
        return error
    if recipe.charset and not response.charset:
        response = replace(response, charset=recipe.charset)
    trace.received = response
    body = read_body(response, recipe.charset)
    if body.kind == "text" and body.problem and recipe.result != "bytes":
        trace.notes.append(_warn_of_lost_characters(request, body.problem))
    return ReceivedResponse(response, body)


def _warn_of_lost_characters(request: Request, problem: str) -> str:
    """Warn that bytes of a response could not be decoded and became U+FFFD; return the message.

    *problem* says which bytes, as `read_body` found them.
    """
    message = msg(
        "{name}: {problem}, so the text has U+FFFD there; declare `charset:` of the API, or take "
        "its bytes with `result: bytes`",
        name=request.call.name if request.call else request.method,
        problem=problem,
    )
    warnings.warn(message, LostCharactersWarning, stacklevel=2)
    return message


def _get_grant_if_needed(planned: Plan, env: Environment) -> Generator[Effect, Any, Grant | None]:
    """Return the result of the login for the call, logging in if needed.

    None if it needs no login.
    """
    recipe, acquire = planned.recipe, planned.recipe.auth.acquire
    if acquire is None or not recipe.acquires:
        return None
    spoken = planned.call
    synthetic = env.synthesises_login(spoken.platform, spoken.instance)
    flow = synthesise_grant if synthetic else login
    try:
        grant: Grant = yield TokenRequest(
            key=make_login_key(planned),
            now=env.auth_clock.now(),
            flow=lambda: flow(planned, acquire, env),
        )
    except CallError as error:
        own = copy(error)  # who waited for a login of another call has a name of its own
        own.platform, own.instance, own.api = spoken.platform, spoken.instance, spoken.api
        raise own from error
    return grant


def _unwrap_outcome(
    outcome: Outcome, decision: NoRetry, planned: Plan, grant: Grant | None, env: Environment
) -> ResolvedCallValue:
    """Return the value for the script, or raise the error with which the call is rejected.

    *outcome* is the response or failure of the last sending, and *decision* tells whether a new
    token was refused, too. If the platform signs responses, a live one is verified with the values
    of *planned* and *grant* (result of the login).
    """
    if isinstance(outcome, TransportError):
        raise outcome
    response, body = outcome.response, outcome.body
    redact = env.redact
    if decision.is_token_refused:
        line = msg("the new token was refused too: HTTP {status}", status=response.status)
        raise make_rejection(AuthError, line, response, body, planned, redact)
    # Of a recorded body secrets are hidden, so its signature holds no longer. While recording, it
    # is verified on the bytes that came, and the verdict (`trust`) is recorded in its place.
    rule = planned.recipe.auth.verify_response
    if rule is not None and response.trust not in {"", VERIFIED}:
        raise AuthError(response.trust)
    if rule is not None and response.source == "live" and not response.trust:
        now = env.auth_clock.now()
        context = make_real_context(planned.tenant, grant, planned.randomness, now)
        verify_response(response, rule, collect_template_values(planned.recipe, context))
    return read_call_value(response, planned, body, redact)


def _name_call_and_redact(error: CallError, trace: CallTrace, env: Environment) -> None:
    """Set platform, instance and API of *error*, and hide secrets in its texts.

    A script may pass a secret where a name belongs.
    """
    target = _find_call_target(trace, env)
    error.platform = env.redact(error.platform or target.platform)
    error.instance = env.redact(target.instance or error.instance)
    error.api = env.redact(target.api or error.api)
    error.message = change_english_text(error.message, env.redact)
    error.args = (error.message,)


def _find_call_target(trace: CallTrace, env: Environment) -> CallTarget | Call:
    return trace.plan.call if trace.plan is not None else find_rejected_call_target(trace.spec, env)


def _make_record(trace: CallTrace, env: Environment, error: BpmaxError | None) -> CallRecord:
    planned, spec, redact = trace.plan, trace.spec, env.redact
    target = _find_call_target(trace, env)
    caller = spec.options.get("caller", UNDEFINED)
    return CallRecord(
        platform=target.platform if planned else redact(target.platform),
        instance=target.instance if planned else redact(target.instance),
        api=target.api if planned else redact(target.api),
        caller=None if caller is UNDEFINED else redact(caller),
        at=trace.start,
        duration=env.clock.now() - trace.start,
        began=trace.began,
        ended=env.clock.next_seq(),
        attempts=trace.progress.sent,
        earlier=tuple(trace.earlier),
        sent_at=trace.sent_at,
        notes=tuple(map(redact, (*(planned.notes if planned else ()), *trace.notes))),
        doubts=tuple(map(redact, planned.doubts if planned else ())),
        call=planned.call if planned else None,
        error=error,
        position=spec.position,
        sent=trace.sent,
        received=trace.received,
        redact=redact,
    )


class PendingLogin(Struct):
    """A running login. Calls that need the same one wait, and share its grant or its error."""

    is_done: threading.Event = field(default_factory=threading.Event)
    grant: Grant | None = None
    error: Exception | None = None


class TokenStore:
    """The grants (tokens) of one session, one for each login key; safe to use from several threads.

    The states of a key::

        none ── obtain ──▶ pending ── the login succeeds ──▶ valid ── expired or refused ──▶ none
                              └─ it fails: whoever waits gets its error ──▶ none

    A grant is valid until it expires by the session's auth clock, or until a response refuses it.
    The next call that needs it logs in then. While a login runs, calls that need the same grant
    wait for it: `obtain` blocks threads for that, `Scheduler` suspends calls, and both use
    `find_valid_grant`.
    """

    def __init__(self) -> None:
        """Start without grants."""
        self._lock = threading.Lock()
        self._grants: dict[str, Grant] = {}
        self._pending: dict[str, PendingLogin] = {}

    def find_valid_grant(self, token_request: TokenRequest) -> Grant | None:
        """Return the cached grant for *token_request*, or None if a login is needed.

        A refused or expired grant is removed.
        """
        with self._lock:
            return self._find_valid_grant(token_request)

    def store(self, key: str, grant: Grant) -> None:
        """Cache *grant* under *key*."""
        with self._lock:
            self._grants[key] = grant

    def clear(self) -> None:
        """Forget every grant."""
        with self._lock:
            self._grants.clear()

    def obtain(self, token_request: TokenRequest, run: Callable[[Flow], Grant]) -> Grant:
        """Return a valid grant, after logging in by *run* if there is none; blocks the thread.

        At most one login runs at a time for each key; the other threads wait for its result.

        Raises:
            Exception: if the login fails; the same error is raised in every thread that waited for
                it.
        """
        with self._lock:
            grant = self._find_valid_grant(token_request)
            if grant is not None:
                return grant
            # The first caller that needs a key logs in (it leads); the others wait for its result.
            flight = self._pending.get(token_request.key)
            leads = flight is None
            if flight is None:
                flight = self._pending[token_request.key] = PendingLogin()
        if leads:
            return self._log_in_and_share(token_request, flight, run)
        flight.is_done.wait()
        # The leader may have been interrupted (Ctrl-C is no Exception): then it left no error.
        if flight.grant is None:
            raise flight.error or RuntimeError(
                msg("the login that this call waited for was interrupted")
            )
        return flight.grant

    def _find_valid_grant(self, token_request: TokenRequest) -> Grant | None:
        grant = self._grants.get(token_request.key)
        if grant is None or not (grant.is_refused or grant.expires <= token_request.now):
            return grant
        del self._grants[token_request.key]
        return None

    def _log_in_and_share(
        self, token_request: TokenRequest, pending: PendingLogin, run: Callable[[Flow], Grant]
    ) -> Grant:
        try:
            pending.grant = run(token_request.flow())
        except Exception as error:
            pending.error = error
            raise
        finally:
            # In one step under the lock: else a caller between the two statements would find
            # neither a pending login nor a grant, and log in a second time.
            with self._lock:
                if pending.grant is not None:
                    self._grants[token_request.key] = pending.grant
                del self._pending[token_request.key]
            # Also after a failure, as followers would wait for ever.
            pending.is_done.set()
        return pending.grant


T = TypeVar("T")
Handle = Callable[[Request], Response]


class ExchangeOutcome(NamedTuple):
    """What became of a request: it has either a response or an error.

    Attributes:
        response: the response, or None.
        error: why there is none, or None.
        seconds: how long the exchange took.
    """

    response: Response | None
    error: Exception | None
    seconds: float


def exchange_within_timeout(request: Request, handle: Handle) -> ExchangeOutcome:
    """Send *request* by *handle*; return the response or the error.

    A response that took longer than the request's timeout becomes a time-out error. An error
    without platform gets that of *request*, as the transport that raised it knows only bytes.
    """
    try:
        response = handle(request)
    except CallError as error:
        call = request.call
        if call is not None and call.platform and not error.platform:
            error.message = label_message(call.name, error.message)
            error.args = (error.message,)
            error.platform, error.instance, error.api = call.platform, call.instance, call.api
        return ExchangeOutcome(None, error, getattr(error, "elapsed", 0.0))
    except Exception as error:  # noqa: BLE001 - thrown into the call that waits for it
        return ExchangeOutcome(None, error, 0.0)
    # Recorded latency is judged like a live one, so a time-out is the same in replay.
    if response.elapsed > request.timeout:
        return ExchangeOutcome(None, make_timeout_error(request), request.timeout)
    return ExchangeOutcome(response, None, response.elapsed)


def make_timeout_error(request: Request) -> TransportError:
    """Return the error of an exchange that took longer than its timeout."""
    call = request.call
    name, fields = "", dict[str, Any]()
    if call:
        name = f"{call.name}: "
        fields = {"platform": call.platform, "instance": call.instance, "api": call.api}
    message = msg("{name}no answer within {timeout:g} s", name=name, timeout=request.timeout)
    return TransportError(message, code="TIMEOUT", elapsed=request.timeout, **fields)


def run_blocking(
    call: Generator[Effect, Any, T],
    *,
    handle: Handle,
    tokens: TokenStore,
    clock: VirtualClock,
    sleep: Callable[[float], None] = lambda _seconds: None,
) -> T:
    """Run *call* to its end on this thread and return its value.

    Args:
        call: a generator of effects, such as `run_call` returns.
        handle: function that answers a request, as `Transport.handle` does.
        tokens: the session's grants.
        clock: the session's virtual clock; every exchange and wait moves it.
        sleep: function that waits in real time; the default does not wait, as in replay.

    Raises:
        BpmaxError: if the call fails.
    """

    def log_in(flow: Flow) -> Grant:
        return run_blocking(flow, handle=handle, tokens=tokens, clock=clock, sleep=sleep)

    value: Any = None
    error: Exception | None = None
    while True:
        try:
            effect = call.send(value) if error is None else call.throw(error)
        except StopIteration as end:
            returned: T = end.value
            return returned
        start, took, value, error = clock.now(), 0.0, None, None
        if isinstance(effect, Send):
            value, error, took = exchange_within_timeout(effect.request, handle)
        elif isinstance(effect, Sleep):
            sleep(effect.seconds)
            took = effect.seconds
        else:
            try:
                value = tokens.obtain(effect, log_in)
            except Exception as refused:  # noqa: BLE001 - the call decides what to do with it
                error = refused
        if took:
            # `move_to` and not `advance`: threads of one session share the clock, and waits
            # overlap.
            clock.move_to(start + took)
