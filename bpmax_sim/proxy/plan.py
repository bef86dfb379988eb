"""A program looked up, merged and encoded: everything about a call but its authorisation.

The `Call` in a plan is made of redactable data only: where a declared default is a secret
credential, it holds the stand-in, and the plan keeps the real body and query beside it.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from bpmax_sim.clock import Chance, new_uuid
from bpmax_sim.errors import CallError
from bpmax_sim.messages import Call, Pairs
from bpmax_sim.platform.model import Instance, Platform
from bpmax_sim.proxy.encode import BadValueError, query_pairs, query_text, segment
from bpmax_sim.proxy.environment import Environment, Tenant
from bpmax_sim.proxy.hidden import Hidden
from bpmax_sim.proxy.kinds import UNDEFINED
from bpmax_sim.proxy.merge import Merged, merge
from bpmax_sim.proxy.override import take_out
from bpmax_sim.proxy.payload import encode_payload, encoding_of
from bpmax_sim.proxy.program import OPTIONS, Program
from bpmax_sim.proxy.recipe import Recipe, recipe_for

LONGEST_TARGET = 60_000
"""Characters of path and query together; the HTTP client takes 65,536 for a whole address."""

_NEAR = 0.75
_SCHEMES = frozenset({"basic", "bearer", "digest", "token"})
_SECRET_HEADERS = frozenset({"authorization", "cookie", "proxy-authorization"})


class Luck(Hidden, frozen=True):
    """What was drawn for one call, kept over its retries; each attempt has its own nonce.

    A *nonce* that is given is that of the one attempt which is made again.
    """

    seed: bytes
    call_id: str
    nonce: str = ""

    @classmethod
    def draw(cls, chance: Chance) -> Luck:
        """Draw from *chance*, in the order in which calls are issued."""
        return cls(chance.bytes(16), new_uuid(chance))


NO_LUCK = Luck(b"", "")


class Content(Hidden, frozen=True):
    """Query string, headers and body bytes, as they stand before auth."""

    query: str
    headers: Pairs
    body: bytes | None


class Plan(Hidden, frozen=True, kw_only=True):
    """One call, ready to be authorised.

    Attributes:
        call: what the builder said.
        written: query and body as they may be written down.
        real: the same with real credentials; the very same object where none is in there.
        notes: what was overridden or dropped.
        luck: what a real request is made with; *standin_luck* the one that is written down.
    """

    recipe: Recipe
    call: Call
    tenant: Tenant
    written: Content
    real: Content
    notes: tuple[str, ...] = ()
    luck: Luck = NO_LUCK
    standin_luck: Luck = NO_LUCK

    @property
    def name(self) -> str:
        """Return ``platform.api``."""
        return self.recipe.name


def plan(program: Program, env: Environment) -> Plan:
    """Return the plan of *program*; nothing is sent.

    Raises:
        CallError: one of the codes that come before any HTTP.
        ConfigError: if the platform's declaration cannot be used.
    """
    recipe = _found(program, env)
    notes = _check_options(program, recipe) if program.options else ()
    tenant = env.tenant(recipe.platform, recipe.instance)
    try:
        call, written, merged = _spoken(program, recipe, tenant.standins, env.serial())
        real = written
        if recipe.resolves and tenant.real != tenant.standins:
            real = _spoken(program, recipe, tenant.real, call.serial)[1]
        if not _SECRET_HEADERS.isdisjoint(merged.headers):
            headers = _without_secrets(call, env)
            call = replace(call, headers=headers)
            written = Content(written.query, headers, written.body)
    except BadValueError as error:
        raise CallError(f"{recipe.name}: {error}", code="BAD_ARGUMENT") from None
    except RecursionError:
        raise CallError(f"{recipe.name}: a value is nested too deeply") from None
    luck = standin_luck = NO_LUCK
    if not recipe.uses.isdisjoint(("nonce", "call_id")):
        standin_luck = Luck.draw(env.chance)
        luck = standin_luck if env.auth_chance is env.chance else Luck.draw(env.auth_chance)
    return Plan(
        recipe=recipe,
        call=call,
        tenant=tenant,
        written=written,
        real=real,
        notes=(*notes, *merged.notes),
        luck=luck,
        standin_luck=standin_luck,
    )


def _found(program: Program, env: Environment) -> Recipe:
    """Return the recipe of what *program* names, looked up once for each way of naming it."""
    key = (program.platform, program.options.get("instance_key", UNDEFINED), program.api)
    found = env.found.get(key)
    if found is None:
        platform = env.platforms.platform(program.platform)
        instance = _instance(program, platform, env)
        found = recipe_for(platform, instance, env.platforms.api(platform, program.api))
        env.found[key] = found
    return found


def _instance(program: Program, platform: Platform, env: Environment) -> Instance:
    key = platform.platform_key
    named = program.options.get("instance_key", UNDEFINED)
    if named is not UNDEFINED:
        return env.platforms.instance(key, named)
    _refuse_near_options(program)
    if env.default_instance is not None:
        try:
            return env.platforms.instance(key, env.default_instance)
        except CallError:
            pass  # this platform has no instance of that name: its own default holds
    return env.platforms.instance(key, None)


def _refuse_near_options(program: Program) -> None:
    """Reject a near miss of a known option: the typo would pick the wrong tenant.

    Raises:
        CallError: BAD_ARGUMENT.
    """
    for name in program.options:
        meant = None if name in OPTIONS else _near_option(name)
        if meant:
            raise CallError(
                f"$proxy({program.platform!r}): unknown option {name!r}; did you mean {meant!r}?"
            )


def _near_option(name: str) -> str | None:
    plain = {option.replace("_", ""): option for option in OPTIONS}
    wanted = name.lower().replace("_", "").replace("-", "")
    found = difflib.get_close_matches(wanted, plain, n=1, cutoff=_NEAR)
    return plain[found[0]] if found else None


def _check_options(program: Program, recipe: Recipe) -> tuple[str, ...]:
    unknown = [name for name in program.options if name not in OPTIONS]
    if not unknown:
        return ()
    _refuse_near_options(program)
    known = ", ".join(OPTIONS)
    if recipe.strict:
        raise CallError(
            f"$proxy({program.platform!r}): unknown option {unknown[0]!r}; options are {known}"
        )
    return tuple(f"unknown option {name!r} was ignored; options are {known}" for name in unknown)


def _spoken(
    program: Program, recipe: Recipe, credentials: Mapping[str, Any], serial: int
) -> tuple[Call, Content, Merged]:
    """Return the call that is said with *credentials* in the declared defaults."""
    merged = merge(program, recipe, credentials)
    take_out(merged, recipe)
    pairs = query_pairs(merged.query)
    body = _encode_body(merged, recipe)
    content = Content(query_text(pairs), tuple(merged.headers.values()), body)
    path = _path(merged, recipe)
    if len(path) + len(content.query) > LONGEST_TARGET:
        raise BadValueError(
            f"the address is {len(path) + len(content.query)} characters long, more than"
            f" {LONGEST_TARGET}; send long values in the body"
        )
    caller = program.options.get("caller", UNDEFINED)
    call = Call(
        platform=recipe.platform.platform_key,
        instance=recipe.instance.instance_key,
        api=recipe.api.key,
        method=recipe.method,
        path=path,
        query=pairs,
        headers=content.headers,
        body=body,
        caller=None if caller is UNDEFINED else caller,
        position=program.position,
        serial=serial,
    )
    return call, content, merged


def _without_secrets(call: Call, env: Environment) -> Pairs:
    """Return the headers with a stand-in for each credential that the script set itself."""
    return tuple([
        (name, _standin(name, value, call, env) if name.lower() in _SECRET_HEADERS else value)
        for name, value in call.headers
    ])  # fmt: skip


def _standin(name: str, value: str, call: Call, env: Environment) -> str:
    """Return *value* with a stand-in for its secret; ``Bearer`` and its like stay."""
    scheme, space, secret = value.partition(" ")
    if scheme.lower() not in _SCHEMES or not secret:
        scheme, space, secret = "", "", value
    name = f"script-{name.lower()}"
    return f"{scheme}{space}{env.vault.minted(call.platform, call.instance, name, secret)}"


def _path(merged: Merged, recipe: Recipe) -> str:
    pieces = recipe.pieces
    if len(pieces) == 1:
        return pieces[0]
    filled = list(pieces)
    for index in range(1, len(pieces), 2):
        name = pieces[index]
        if name in merged.path:
            filled[index] = segment(name, merged.path[name])
        elif name in recipe.taken.path:
            filled[index] = f"{{{name}}}"
        else:
            raise CallError(
                f"{recipe.name}: path parameter {name!r} is missing; {recipe.api.path} needs it",
                code="MISSING_PARAMETER",
            )
    return "".join(filled)


def _encode_body(merged: Merged, recipe: Recipe) -> bytes | None:
    """Return the body's bytes, and set the content type that goes with them."""
    value = merged.body
    if value is UNDEFINED:
        return None
    own = merged.headers.get("content-type")
    encoding = encoding_of(own[1], recipe.encoding) if own else recipe.encoding
    payload = encode_payload(value, encoding)
    needs_boundary = encoding == "multipart" and not isinstance(value, str | bytes)
    if (own is None and "content-type" not in recipe.taken.header) or needs_boundary:
        merged.headers["content-type"] = ("Content-Type", payload.content_type)
    return payload.data
