"""A login: the requests of ``acquire`` in order, and the values that their answers yield.

A refused login is never sent again: third parties bar an address that tries wrong secrets.
"""

from __future__ import annotations

from collections.abc import Generator
from hashlib import sha256
from typing import Any

from msgspec.structs import replace

from bpmax_sim.errors import BpmaxError, ConfigError
from bpmax_sim.messages import LOGIN, Request, Response, Sensitive
from bpmax_sim.platform.model import Acquire, LoginStep
from bpmax_sim.proxy.effects import Effect, Flow, Grant, Send
from bpmax_sim.proxy.environment import Environment
from bpmax_sim.proxy.login_answer import TTL, LoginAnswer, Yielded, expiry
from bpmax_sim.proxy.login_request import login_request
from bpmax_sim.proxy.names import CHANGING, Side, is_steady, names_of, real_side, standin_side
from bpmax_sim.proxy.plan import Luck, Plan
from bpmax_sim.proxy.recipe import Recipe
from bpmax_sim.proxy.record import CallRecord
from bpmax_sim.secret.standin import standin


def login_key(plan: Plan) -> str:
    """Return what grants are kept under: platform, instance, login and shared credentials."""
    recipe, real = plan.recipe, plan.tenant.real
    kept = recipe.keys.get("login")
    if kept is not None and kept[0] == real:
        return str(kept[1])
    acquire = recipe.auth.acquire
    shared = [(name, real.get(name)) for name in (acquire.share if acquire else ())]
    digest = sha256(repr((shared, acquire)).encode("utf-8", "surrogatepass")).hexdigest()[:16]
    key = f"{recipe.platform.platform_key}/{recipe.instance.instance_key}/{digest}"
    recipe.keys["login"] = (real, key)
    return key


def login(plan: Plan, acquire: Acquire, env: Environment) -> Flow:
    """Log in for the instance of *plan*, sending each step once.

    Raises:
        AuthError: if a step is refused, or its answer lacks a value.
        TransportError: if a step did not complete.
    """
    key = login_key(plan)
    yielded = _replaced(env.renewed.get(key), plan)
    now = env.auth_clock.now()
    for number, step in enumerate(acquire.steps, 1):
        request = _request(plan, number, step, yielded, env)
        response = yield from _exchange(request, plan, env)
        answer = LoginAnswer(plan, env.vault, number, request, response)
        answer.check(step)
        answer.collect(step, yielded)
    expires = expiry(acquire.ttl, yielded.values.get(TTL), now)
    grant = Grant(values=yielded.values, standins=yielded.standins, expires=expires)
    env.renewed[key] = grant
    env.let_in(plan.recipe.platform.platform_key, plan.recipe.instance.instance_key)
    return grant


def _replaced(last: Grant | None, plan: Plan) -> Yielded:
    """Return what the last login put in the place of credentials: a rotated refresh token."""
    if last is None:
        return Yielded()
    names = last.values.keys() & plan.tenant.real.keys()
    return Yielded(
        {name: last.values[name] for name in names},
        {name: last.standins[name] for name in names},
    )


def synthesised(plan: Plan, acquire: Acquire, env: Environment) -> Flow:
    """Return a grant made of stand-ins, without sending anything.

    Raises:
        ConfigError: if the login yields a value that no stand-in can replace, such as an address.
    """
    yield from ()
    recipe = plan.recipe
    platform, instance = recipe.platform.platform_key, recipe.instance.instance_key
    values: dict[str, Any] = {}
    for step in acquire.steps:
        for name, rule in step.extract.items():
            if rule.secret:
                values[name] = standin(
                    kind=rule.kind, platform=platform, instance=instance, name=name
                )
            elif name != TTL and not rule.optional:
                raise ConfigError(
                    f"the login of {platform!r}, instance {instance!r}, yields {name!r}, which"
                    f" cannot be made up; record cassettes/auth/{platform}.{instance}.yaml"
                )
    expires = expiry(acquire.ttl, None, env.auth_clock.now())
    return Grant(values=values, standins=values, expires=expires)


def _request(
    plan: Plan, number: int, step: LoginStep, yielded: Yielded, env: Environment
) -> Request:
    grant = Grant(values=yielded.values, standins=yielded.standins, expires=0)
    tenant, luck = plan.tenant, _luck(plan.standin_luck)
    other = luck if plan.luck is plan.standin_luck else _luck(plan.luck)
    real, twin = real_side(tenant, grant, env, other), standin_side(tenant, grant, env, luck)
    written = _rendered(plan.recipe, number, step, twin)
    if written.call is not None:
        call = replace(written.call, serial=env.serial())
        written = replace(written, call=call, sensitive=_sensitive(step))
    if not env.separate and real.is_like(twin):
        return written
    sent = _rendered(plan.recipe, number, step, real)
    sent = replace(sent, call=written.call, sensitive=written.sensitive)
    if not env.separate:
        return sent
    for (name, value), (_, redacted) in zip(sent.headers, written.headers, strict=True):
        if value != redacted:
            env.vault.pair(value, redacted, name=f"header.{name}")
    return replace(sent, standin=written)


def _rendered(recipe: Recipe, number: int, step: LoginStep, side: Side) -> Request:
    """Return one form of a step's request, made once where every login with these values has it."""
    place = f"login {number}, {side.kept}"
    kept = recipe.keys.get(place)
    if kept is not None and kept[0] == (side.credentials, side.granted, side.base):
        known: Request = kept[1]
        return known
    request = login_request(recipe, step.request, names_of(recipe, side, in_login=True))
    if CHANGING.isdisjoint(recipe.uses) and is_steady(recipe, side):
        # a copy, since the login goes on to fill what is granted
        recipe.keys[place] = (side.credentials, dict(side.granted), side.base), request
    return request


def _sensitive(step: LoginStep) -> tuple[Sensitive, ...]:
    rules = [(name, rule) for name, rule in step.extract.items() if rule.secret]
    return tuple([Sensitive(rule.path, name, rule.kind) for name, rule in rules])


def _luck(of_call: Luck) -> Luck:
    """Return luck that follows from the call's, so that a login left out shifts nothing."""
    seed = sha256(of_call.seed + LOGIN.encode()).digest()
    return Luck(seed, seed.hex()[:32])


def _exchange(request: Request, plan: Plan, env: Environment) -> Generator[Effect, Any, Response]:
    """Send one step and log it, whatever comes of it."""
    start = env.clock.now(), env.clock.tick()
    try:
        response: Response = yield Send(request)
    except BpmaxError as error:
        env.log(_record(request, plan, env, start, error=error))
        raise
    env.log(_record(request, plan, env, start, received=response))
    return response


def _record(
    request: Request, plan: Plan, env: Environment, start: tuple[float, int], **came: Any
) -> CallRecord:
    at, began = start
    return CallRecord(
        platform=plan.call.platform,
        instance=plan.call.instance,
        api=LOGIN,
        caller=None if plan.call.caller is None else env.redact(plan.call.caller),
        at=at,
        duration=env.clock.now() - at,
        began=began,
        ended=env.clock.tick(),
        attempts=1,
        call=request.call,
        position=plan.call.position,
        sent=request,
        redact=env.redact,
        **came,
    )
