"""A call, from its program to its answer, as a generator of effects.

Authorisation, renewal, retries and judgement are written once, here; the driver owns I/O and time.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from msgspec import Struct, field

from bpmax_sim.errors import AuthError, BpmaxError, CallError, TransportError
from bpmax_sim.messages import VERIFIED, Request, Response
from bpmax_sim.proxy.answer import Answer, read_answer, rejected
from bpmax_sim.proxy.authorise import authorised, unauthorised
from bpmax_sim.proxy.body import read_body
from bpmax_sim.proxy.effects import Acquire, Effect, Grant, Send, Sleep
from bpmax_sim.proxy.environment import Environment
from bpmax_sim.proxy.hidden import conceal
from bpmax_sim.proxy.kinds import UNDEFINED
from bpmax_sim.proxy.login import login, login_key, synthesised
from bpmax_sim.proxy.names import names_of, real_side
from bpmax_sim.proxy.plan import Plan, plan
from bpmax_sim.proxy.program import Program
from bpmax_sim.proxy.record import CallRecord
from bpmax_sim.proxy.recovery import Again, Answered, Outcome, Progress, RefusedAgain, next_step
from bpmax_sim.proxy.resigning import signed_otherwise
from bpmax_sim.proxy.signing import verify

Calling = Generator[Effect, Any, Answer]


class Trail(Struct):
    """What is known of a call so far, for its log record."""

    program: Program
    start: float
    began: int
    plan: Plan | None = None
    progress: Progress = Progress()
    notes: list[str] = field(default_factory=list)
    sent: Request | None = None
    received: Response | None = None

    __repr__ = conceal


def call(program: Program, env: Environment) -> Calling:
    """Make the call of *program*; one log record is left, whatever comes of it.

    Raises:
        CallError: what the script sees as a rejection.
        NoMatchError: replay has no answer.
        ConfigError: if a declaration cannot be used.
    """
    trail = Trail(program, env.clock.now(), env.clock.tick())
    try:
        trail.plan = plan(program, env)
        answer = yield from _attempts(trail.plan, env, trail)
    except BpmaxError as error:
        if isinstance(error, CallError):
            _complete(error, trail, env)
        env.log(_record(trail, env, error))
        raise
    env.log(_record(trail, env, None))
    return answer


def build(program: Program, env: Environment) -> Request:
    """Return the request of *program* as it is before auth; nothing is sent or logged.

    Raises:
        CallError: one of the codes that come before any HTTP.
    """
    return unauthorised(plan(program, env))


def _attempts(planned: Plan, env: Environment, trail: Trail) -> Calling:
    grant = yield from _granted(planned, env, None)
    while True:
        progress = trail.progress
        request = authorised(
            planned, grant, env, attempt=progress.sent, offset=progress.offset or 0.0
        )
        outcome = yield from _send(request, trail)
        progress = trail.progress
        step = next_step(outcome, planned.recipe, grant, progress, env.auth_clock.now())
        if isinstance(outcome, Answered):
            _check_signature(outcome.response, request, planned, grant, env)
        if not isinstance(step, Again):
            return _finish(outcome, step, planned, grant, env)
        trail.notes.append(step.note)
        if step.wait:
            yield Sleep(step.wait)
        if step.renew:
            grant = yield from _granted(planned, env, grant)
        offset = progress.offset if step.offset is None else step.offset
        trail.progress = Progress(progress.sent, progress.renewed + step.renew, offset)


def _send(request: Request, trail: Trail) -> Generator[Effect, Any, Outcome]:
    trail.sent, trail.received = request, None
    known = trail.progress
    trail.progress = Progress(known.sent + 1, known.renewed, known.offset)
    try:
        response: Response = yield Send(request)
    except TransportError as error:
        return error
    trail.received = response
    return Answered(response, read_body(response))


def _check_signature(
    response: Response, sent: Request, planned: Plan, grant: Grant | None, env: Environment
) -> None:
    """Compare the signature of *sent* with that of the recorded request, where there is one.

    Raises:
        NoMatchError: they differ, though made at the same instant and with the same nonce.
    """
    if response.asked is None:
        return
    found = signed_otherwise(planned, grant, env, sent, response.asked)
    if found:
        raise env.missed(planned.call, found)


def _granted(
    planned: Plan, env: Environment, stale: Grant | None
) -> Generator[Effect, Any, Grant | None]:
    """Return what a login yields, where the call needs one; *stale* was refused."""
    recipe, acquire = planned.recipe, planned.recipe.auth.acquire
    if acquire is None or not recipe.acquires:
        return None
    spoken = planned.call
    made_up = env.synthesise_login(spoken.platform, spoken.instance)
    flow = synthesised if made_up else login
    try:
        grant: Grant = yield Acquire(
            key=login_key(planned),
            stale=stale,
            now=env.auth_clock.now(),
            flow=lambda: flow(planned, acquire, env),
        )
    except CallError as error:
        raise _own(error, planned) from error
    return grant


def _own(error: CallError, planned: Plan) -> CallError:
    """Return a login's error as this call's: who waited for the login has a name of its own."""
    spoken = planned.call
    fields: dict[str, Any] = {
        "code": error.code,
        "platform": spoken.platform,
        "instance": spoken.instance,
        "api": spoken.api,
        "status": error.status,
        "response": error.response,
    }
    if isinstance(error, TransportError):
        return TransportError(error.message, elapsed=error.elapsed, sent=error.sent, **fields)
    return type(error)(error.message, **fields)


def _finish(
    outcome: Outcome,
    step: RefusedAgain | None,
    planned: Plan,
    grant: Grant | None,
    env: Environment,
) -> Answer:
    if isinstance(outcome, TransportError):
        raise outcome
    response, body = outcome.response, outcome.body
    redact = env.redact
    if isinstance(step, RefusedAgain):
        line = f"the new token was refused too: HTTP {response.status}"
        raise rejected(AuthError, line, response, body, planned, redact)
    rule = planned.recipe.auth.verify_response
    if rule is not None and response.trust not in {"", VERIFIED}:
        raise AuthError(response.trust)
    if rule is not None and response.source == "live" and not response.trust:
        side = real_side(planned.tenant, grant, env, planned.luck)
        verify(response, rule, names_of(planned.recipe, side))
    return read_answer(response, planned, body, redact)


def _complete(error: CallError, trail: Trail, env: Environment) -> None:
    """Fill in what the raiser of *error* did not know, and hide what a script took for a name."""
    planned, program = trail.plan, trail.program
    instance = program.options.get("instance_key", UNDEFINED)
    error.platform = env.redact(error.platform or program.platform)
    error.api = env.redact(error.api or (planned.call.api if planned else program.api))
    if not error.instance:
        known = "" if instance is UNDEFINED else instance
        error.instance = planned.call.instance if planned else known
    error.instance = env.redact(error.instance)
    error.message = env.redact(error.message)
    error.args = (error.message,)


def _record(trail: Trail, env: Environment, error: BpmaxError | None) -> CallRecord:
    planned, program = trail.plan, trail.program
    spoken, redact = planned.call if planned else None, env.redact
    caller = program.options.get("caller", UNDEFINED)
    return CallRecord(
        platform=spoken.platform if spoken else redact(program.platform),
        instance=spoken.instance if spoken else getattr(error, "instance", ""),
        api=spoken.api if spoken else redact(program.api),
        caller=None if caller is UNDEFINED else redact(caller),
        at=trail.start,
        duration=env.clock.now() - trail.start,
        began=trail.began,
        ended=env.clock.tick(),
        attempts=trail.progress.sent,
        notes=tuple(map(redact, (*(planned.notes if planned else ()), *trail.notes))),
        call=spoken,
        error=error,
        position=program.position,
        sent=trail.sent,
        received=trail.received,
        redact=redact,
    )
