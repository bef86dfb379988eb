"""Look up, merge and encode a `CallSpec`: everything about a call except its authorisation.

Values are merged in this order, later ones win: API template, platform, instance, API, setter or
direct argument. Then all names that auth sets are dropped, in any spelling, so that a server never
gets two values where a credential belongs. The `Call` of a plan may be recorded: where a declared
default is a secret, it holds the stand-in, and `Plan.real` is the same call with the real value.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from msgspec import UNSET, Struct, field
from msgspec.structs import replace

from bpmax_sim.clock import RandomSource, make_uuid
from bpmax_sim.errors import BpmaxError, CallError, ConfigError, suggest_nearest
from bpmax_sim.field_path import with_member
from bpmax_sim.i18n import join_list, label_message, msg
from bpmax_sim.js_values import UNDEFINED, SearchParams, order_object_keys
from bpmax_sim.messages import FORM, Call, Pairs, parse_cookies, parse_media_type
from bpmax_sim.platform.check import CREDENTIAL
from bpmax_sim.platform.model import Encoding, Instance, Parameter, Platform
from bpmax_sim.proxy import encode
from bpmax_sim.proxy.builder import OPTIONS, CallSpec
from bpmax_sim.proxy.call_effects import NoRepr, format_repr_without_value
from bpmax_sim.proxy.compiled_api import CompiledApi, compile_api
from bpmax_sim.proxy.environment import Environment
from bpmax_sim.proxy.undeclared_arguments import (
    check_enum_values,
    explain_misspelt_names,
    explain_values_breaking_schema,
    refuse_undeclared_arguments,
)
from bpmax_sim.secret.credential_headers import hide_credential
from bpmax_sim.secret.http_auth import SECRET_HEADERS
from bpmax_sim.secret.vault import Credentials


class MergedValues(Struct):
    """The content of a call, before it is encoded: script's values merged over declared defaults.

    Attributes:
        path, query: values by name.
        headers: name as last spelled and value, by lower-case name.
        body: `UNDEFINED` for no body.
        doubts: messages about things that the script probably did not mean.
    """

    path: dict[str, Any]
    query: dict[str, Any]
    headers: dict[str, tuple[str, str]]
    body: Any
    doubts: list[str] = field(default_factory=list)

    __repr__ = format_repr_without_value


def merge_values(
    spec: CallSpec, recipe: CompiledApi, credentials: Mapping[str, Any]
) -> MergedValues:
    """Return what a call sends: the values of *spec* merged over the defaults of *recipe*.

    *credentials* fill the defaults that name one.

    Raises:
        BadValueError: if a value cannot be sent at its place, or a parameter is missing or unknown.
    """
    body = UNDEFINED if recipe.api.body is UNSET else recipe.api.body
    query = dict(recipe.query)
    if recipe.resolves:
        body, query = _fill_credentials(body, credentials), _fill_credentials(query, credentials)
    merged = MergedValues({}, query, dict(recipe.headers), body)
    for default in recipe.defaults:
        _set_value(merged, default, default.default)
    if spec.args is None:
        _apply_setters(merged, spec, recipe)
    else:
        _set_arguments(merged, spec.args, recipe)
    placed = {
        "path": merged.path,
        "query": merged.query,
        "header": _find_header_values(merged, recipe),
        "body": merged.body,
    }
    if recipe.strict:
        refuse_undeclared_arguments(spec.steps, recipe)
        check_enum_values(recipe, placed)
    else:
        merged.doubts += explain_misspelt_names(spec.steps, recipe)
    merged.doubts += explain_values_breaking_schema(recipe, placed)
    # JavaScript lists names such as "2" before all others, in whatever order they were set; without
    # this, a script that builds one object and a chain of setters would send different bytes.
    merged.query = order_object_keys(merged.query)
    if isinstance(merged.body, dict):
        merged.body = order_object_keys(merged.body)
    for required in recipe.required:
        _check_parameter_present(merged, required)
    return merged


def _find_header_values(merged: MergedValues, recipe: CompiledApi) -> dict[str, str]:
    """Return the headers of *merged* that are parameters with limits, as the platform spells them.

    Headers that the script sets are found in any upper or lower case.
    """
    names = [item.wire_name for item in recipe.limited if item.place == "header"]
    known = [(name, merged.headers.get(name.lower())) for name in names]
    return {name: header[1] for name, header in known if header is not None}


def _fill_credentials(value: Any, credentials: Mapping[str, Any]) -> Any:
    """Replace ``{$credential: name}`` in a declared default.

    It is never called with a value of a script, which could read credentials that way.
    """
    if isinstance(value, Mapping):
        if CREDENTIAL in value:
            name = value[CREDENTIAL]
            if name not in credentials:
                hint = suggest_nearest(name, credentials)
                raise ConfigError(
                    "the instance has no credential {name!r}{hint}; add it", name=name, hint=hint
                )
            return credentials[name]
        return {name: _fill_credentials(item, credentials) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_fill_credentials(item, credentials) for item in value]
    return value


def _update_with_defined_values(known: dict[str, Any], values: Any) -> None:
    if values is not UNDEFINED:
        known.update({name: value for name, value in values.items() if value is not UNDEFINED})


def _set_headers(merged: MergedValues, values: Any) -> None:
    if values is not UNDEFINED:
        for name, value in values.items():
            _set_header(merged, name, value)


def _set_header(merged: MergedValues, name: str, value: Any) -> None:
    if value is UNDEFINED:
        return
    lower = encode.check_settable_header(name).lower()
    if value is None:
        merged.headers.pop(lower, None)
    else:
        merged.headers[lower] = (name, encode.encode_header_value(name, value))


def _set_body(merged: MergedValues, value: Any) -> None:
    if value is UNDEFINED:
        return
    if isinstance(value, Mapping):
        members = {name: item for name, item in value.items() if item is not UNDEFINED}
        merged.body = {**merged.body, **members} if isinstance(merged.body, Mapping) else members
    else:
        merged.body = value


_SETTERS: Mapping[str, Callable[[MergedValues, Any], None]] = {
    "path": lambda merged, values: _update_with_defined_values(merged.path, values),
    "query": lambda merged, values: _update_with_defined_values(merged.query, values),
    "header": _set_headers,
    "body": _set_body,
}


def _set_value(merged: MergedValues, parameter: Parameter, value: Any) -> None:
    """Put the value of one parameter at its declared place."""
    if parameter.place == "path":
        merged.path[parameter.wire_name] = value
    elif parameter.place == "query":
        merged.query[parameter.wire_name] = value
    elif parameter.place == "header":
        _set_header(merged, parameter.wire_name, value)
    elif parameter.steps:
        merged.body = with_member(merged.body, parameter.steps, value)
    else:
        _set_body(merged, value)


def _apply_setters(merged: MergedValues, spec: CallSpec, recipe: CompiledApi) -> None:
    for setter, value in spec.steps:
        _SETTERS[setter](merged, value)
    if merged.path:
        _rename_to_placeholder_names(merged, recipe)


def _set_arguments(merged: MergedValues, args: tuple[Any, ...], recipe: CompiledApi) -> None:
    """Set the parameters of a direct call, ``$proxy('crm').find(1, 2)``, in *merged*.

    The nth argument is the value of the nth declared parameter; undefined sets nothing. Arguments
    beyond the declared parameters are dropped with a message in ``doubts``.

    Raises:
        UnknownParameterError: if the platform is strict and there are such arguments.
    """
    extra = args[len(recipe.api.parameters) :]
    for parameter, value in zip(recipe.api.parameters, args, strict=False):
        if value is not UNDEFINED:
            _set_value(merged, parameter, value)
    if not extra:
        return
    known = join_list(parameter.name for parameter in recipe.api.parameters) or msg("none")
    message = msg(
        "{args_count} arguments given, {inputs_count} declared ({known})",
        args_count=len(args),
        inputs_count=len(recipe.api.parameters),
        known=known,
    )
    if recipe.strict:
        raise encode.UnknownParameterError("{message}; drop the rest", message=message)
    merged.doubts.append(msg("{message}; the rest was dropped", message=message))


def _rename_to_placeholder_names(merged: MergedValues, recipe: CompiledApi) -> None:
    """Give path values in *merged* the names of the placeholders in the path.

    Scripts may also use the names of the parameters, which the platform file may call otherwise.

    Raises:
        UnknownParameterError: if a name is neither that of a placeholder nor of its parameter.
    """
    known = {*recipe.pieces[1::2]}
    renamed: dict[str, Any] = {}
    for name, value in merged.path.items():
        target = name if name in known else recipe.path_names.get(name, name)
        if target not in known:
            listed = join_list(sorted(known)) or msg("none")
            raise encode.UnknownParameterError(
                "unknown path parameter {name!r}; {api_path} has {listed}{near}",
                name=name,
                api_path=recipe.api.path,
                listed=listed,
                near=suggest_nearest(name, known),
            )
        renamed[target] = value
    merged.path = renamed


def _check_parameter_present(merged: MergedValues, parameter: Parameter) -> None:
    if not _PRESENT[parameter.place](merged, parameter):
        place = f"{parameter.place}.{parameter.wire_name}" if parameter.steps else msg("the body")
        raise encode.MissingParameterError(
            "parameter {name!r} is missing ({place})", name=parameter.name, place=place
        )


def _has_value_in_body(merged: MergedValues, parameter: Parameter) -> bool:
    value = merged.body
    if value is UNDEFINED:
        return False
    for step in parameter.steps:
        if not isinstance(value, Mapping):
            # A text or a list in the place of an object cannot be looked into: the script answers
            # for it.
            return value is not None
        if step not in value or value[step] is UNDEFINED:
            return False
        value = value[step]
    return True


# Where null removes a default (query, header) it is missing too; in a body it is JSON's null. In a
# path it counts as present here, and encoding refuses it with the better message.
_PRESENT = {
    "path": lambda merged, parameter: parameter.wire_name in merged.path,
    "query": lambda merged, parameter: merged.query.get(parameter.wire_name) is not None,
    "header": lambda merged, parameter: parameter.wire_name.lower() in merged.headers,
    "body": _has_value_in_body,
}


def drop_names_set_by_auth(merged: MergedValues, recipe: CompiledApi) -> None:
    """Remove values of the script that auth sets itself, in any upper or lower case.

    A message about each is added to ``doubts`` of *merged*. Where auth puts values into the body
    and there is none, it becomes an empty object.

    Raises:
        BadValueError: if auth puts a value into a body that has no place for it.
    """
    taken = recipe.reserved
    if not taken.header.isdisjoint(merged.headers):
        _drop_names(taken.header, merged.headers, "header", merged)
    if taken.query:
        _drop_query(taken.query, merged)
    if taken.cookie and "cookie" in merged.headers:
        _drop_cookies(merged, taken.cookie)
    if not taken.path.isdisjoint(merged.path):
        _drop_names(taken.path, merged.path, "path", merged)
    if taken.body:
        _drop_auth_places_from_body(taken.body, merged, recipe)


def _drop_names(
    names: frozenset[str], values: dict[str, Any], place: str, merged: MergedValues
) -> None:
    for name in sorted(names & values.keys()):
        del values[name]
        _note_override(merged, f"{place}.{name}")


def _drop_query(names: frozenset[str], merged: MergedValues) -> None:
    for name in [name for name in merged.query if name.lower() in names]:
        if merged.query.pop(name) is not None:
            _note_override(merged, f"query.{name}")


def _note_override(merged: MergedValues, place: str) -> None:
    merged.doubts.append(
        msg("{place} is set by auth; the call's own value was dropped", place=place)
    )


def _drop_cookies(merged: MergedValues, names: frozenset[str]) -> None:
    # Only the cookies that auth sets are dropped; the script's others stay in the same header.
    spelling, line = merged.headers["cookie"]
    sent = parse_cookies(line)
    remaining = [cookie for cookie in sent if cookie.name.lower() not in names]
    for name in sorted({cookie.name for cookie in sent if cookie not in remaining}):
        _note_override(merged, f"cookie.{name}")
    if remaining:
        merged.headers["cookie"] = (spelling, "; ".join([cookie.text for cookie in remaining]))
    else:
        del merged.headers["cookie"]


def _drop_auth_places_from_body(
    spots: tuple[tuple[str, ...], ...], merged: MergedValues, recipe: CompiledApi
) -> None:
    names = [".".join(steps) for steps in spots]
    encoding = _choose_encoding(merged, recipe)
    own = merged.headers.get("content-type")
    media = parse_media_type(own[1] if own else encode.TYPES[encoding])
    if encoding != "json" and (encoding, media) != ("form", FORM):
        raise encode.BadValueError(
            "auth puts {names!r} into the body, which can be JSON or a form, and not {media}",
            names=names[0],
            media=media,
        )
    if merged.body is UNDEFINED or merged.body is None:
        merged.body = {}
    if not isinstance(merged.body, Mapping):
        raise encode.BadValueError(
            "auth puts {names!r} into the body: pass an object", names=names[0]
        )
    for name, steps in zip(names, spots, strict=True):
        body, removed = _remove_member(merged.body, (name,) if encoding == "form" else steps)
        if removed:
            merged.body = body
            _note_override(merged, f"body.{name}")


def _remove_member(body: Mapping[str, Any], steps: tuple[str, ...]) -> tuple[dict[str, Any], bool]:
    """Return *body* without the member at *steps*, and whether *body* had this member.

    Upper and lower case of names are not distinguished.
    """
    left: dict[str, Any] = {}
    removed = False
    for name, value in body.items():
        if name.lower() != steps[0].lower():
            left[name] = value
        elif len(steps) > 1 and isinstance(value, Mapping):
            left[name], inner = _remove_member(value, steps[1:])
            removed = removed or inner
        else:
            removed = True
    return left, removed


LONGEST_TARGET = 60_000
"""Characters of path and query together; the HTTP client takes 65,536 for a whole address."""


class CallRandomness(NoRepr, frozen=True):
    """Random values drawn for one call and used by all its retries, except for the nonce.

    Attributes:
        seed: the nonce of each attempt is derived from it.
        call_id: id of the call.
        nonce: if set, used instead: that of a recorded request, to compute its signature again.
    """

    seed: bytes
    call_id: str
    nonce: str = ""

    @classmethod
    def draw(cls, chance: RandomSource) -> CallRandomness:
        """Draw from *chance*, in the order in which calls are issued, the same in each run."""
        return cls(chance.bytes(16), make_uuid(chance))


NO_RANDOMNESS = CallRandomness(b"", "")


class Plan(NoRepr, frozen=True, kw_only=True):
    """One call, looked up and encoded; only auth is missing.

    Attributes:
        recipe: declaration of its API, compiled.
        call: what the builder set, in the form that may be recorded.
        real: the same call with real credentials; the same object if there are none in it.
        notes: messages about ignored options, and *doubts*.
        doubts: messages about what the script probably did not mean, and about dropped values,
            without credentials.
        randomness: random values of the request that is sent.
        standin_randomness: random values of the request that is recorded.
    """

    recipe: CompiledApi
    call: Call
    tenant: Credentials
    real: Call
    notes: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    randomness: CallRandomness = NO_RANDOMNESS
    standin_randomness: CallRandomness = NO_RANDOMNESS


def plan_call(spec: CallSpec, env: Environment) -> Plan:
    """Look up the API of *spec*, encode its values, and return the plan; nothing is sent.

    Raises:
        CallError: if the script's call is wrong, such as an unknown API or parameter.
        ConfigError: if the platform's declaration cannot be used.
    """
    if spec.refusal:
        raise CallError(spec.refusal)
    recipe = _look_up_api(spec, env)
    notes = _explain_unknown_options(spec, recipe) if spec.options else ()
    tenant = env.tenant(recipe.platform, recipe.instance)
    try:
        call, merged = _encode_call(spec, recipe, tenant.standins, env.next_serial())
        real = call
        if recipe.resolves and tenant.real != tenant.standins:
            # Encoded twice: a stand-in may be encoded otherwise than the real value, so neither
            # form can be made from the other by replacing texts.
            real = _encode_call(spec, recipe, tenant.real, call.serial)[0]
        if not SECRET_HEADERS.isdisjoint(merged.headers):
            call = replace(call, headers=_hide_secrets_in_script_headers(call, env))
    except encode.BadValueError as error:
        raise CallError(label_message(recipe.name, error), code=error.code) from None
    except RecursionError:
        raise CallError(label_message(recipe.name, msg("a value is nested too deeply"))) from None
    randomness = standin_randomness = NO_RANDOMNESS
    if not recipe.uses.isdisjoint(("nonce", "call_id")):
        # Two draws in live and record mode: a real server refuses a nonce that it has seen, so what
        # is sent must not repeat the seeded values, which the recorded form needs for replay.
        standin_randomness = CallRandomness.draw(env.chance)
        randomness = standin_randomness
        if env.auth_chance is not env.chance:
            randomness = CallRandomness.draw(env.auth_chance)
    return Plan(
        recipe=recipe,
        call=call,
        tenant=tenant,
        real=real,
        notes=(*notes, *merged.doubts),
        doubts=tuple(merged.doubts),
        randomness=randomness,
        standin_randomness=standin_randomness,
    )


def _look_up_api(spec: CallSpec, env: Environment) -> CompiledApi:
    """Return the compiled API that *spec* names; cached by the names as written."""
    key = (spec.platform, spec.options.get("instance_key", UNDEFINED), spec.api)
    compiled = env.resolved.get(key)
    if compiled is None:
        platform = env.platforms.platform(spec.platform)
        instance = _choose_instance(spec, platform, env)
        compiled = compile_api(platform, instance, env.platforms.api(platform, spec.api))
        env.resolved[key] = compiled
    return compiled


class CallTarget(Struct, frozen=True):
    """Platform, instance and API of a call.

    Keys if declared, else the names as the script wrote them.

    *instance* is empty if the script named none and the default one is not clear.
    """

    platform: str
    instance: str
    api: str


def find_rejected_call_target(spec: CallSpec, env: Environment) -> CallTarget:
    """Return platform, instance and API of a call that is rejected, for its error and log record.

    Declared ones are named by their keys, others as the script wrote them.
    """
    named = spec.options.get("instance_key", UNDEFINED)
    written = named if isinstance(named, str) else ""
    try:
        platform = env.platforms.platform(spec.platform)
    except BpmaxError:
        return CallTarget(spec.platform, written, spec.api)
    instance, api = written, spec.api
    with suppress(BpmaxError):
        instance = _choose_instance(spec, platform, env).instance_key
    with suppress(BpmaxError):
        api = env.platforms.api(platform, spec.api).key
    return CallTarget(platform.platform_key, instance, api)


def _choose_instance(spec: CallSpec, platform: Platform, env: Environment) -> Instance:
    key = platform.platform_key
    named = spec.options.get("instance_key", UNDEFINED)
    if named is not UNDEFINED:
        return env.platforms.instance(key, named)
    _refuse_misspelt_options(spec)
    if env.default_instance is not None:
        try:
            return env.platforms.instance(key, env.default_instance)
        except CallError:
            pass  # this platform has no instance of that name: its own default holds
    return env.platforms.instance(key, None)


def _refuse_misspelt_options(spec: CallSpec) -> None:
    """Reject options of ``$proxy`` whose name resembles a known one.

    A misspelled ``instance_key`` would be ignored, and the call would go to the wrong tenant.

    Raises:
        CallError: if there is such an option (code BAD_ARGUMENT).
    """
    plain = {option.replace("_", ""): option for option in OPTIONS}
    for name in [name for name in spec.options if name not in OPTIONS]:
        folded = name.lower().replace("_", "").replace("-", "")
        if matches := difflib.get_close_matches(folded, plain, n=1, cutoff=0.75):
            raise CallError(
                msg(
                    "$proxy({platform!r}): unknown option {name!r}; did you mean {meant!r}?",
                    platform=spec.platform,
                    name=name,
                    meant=plain[matches[0]],
                )
            )


def _explain_unknown_options(spec: CallSpec, recipe: CompiledApi) -> tuple[str, ...]:
    """Return a message for each option of ``$proxy`` that does not exist and is ignored.

    Raises:
        CallError: if the platform is strict, or an option is probably misspelt.
    """
    unknown = [name for name in spec.options if name not in OPTIONS]
    if not unknown:
        return ()
    _refuse_misspelt_options(spec)
    known = join_list(OPTIONS)
    if recipe.strict:
        raise CallError(
            msg(
                "$proxy({platform!r}): unknown option {unknown!r}; options are {known}",
                platform=spec.platform,
                unknown=unknown[0],
                known=known,
            )
        )
    return tuple(
        msg("unknown option {name!r} was ignored; options are {known}", name=name, known=known)
        for name in unknown
    )


def _encode_call(
    spec: CallSpec, recipe: CompiledApi, credentials: Mapping[str, Any], serial: int
) -> tuple[Call, MergedValues]:
    """Return the encoded call and its merged values.

    *credentials* fill the defaults that name one; *serial* is the number of the call in the
    session.
    """
    merged = merge_values(spec, recipe, credentials)
    drop_names_set_by_auth(merged, recipe)
    query = encode.to_query_pairs(merged.query)
    body = _encode_body(merged, recipe)
    path = _fill_path(merged, recipe)
    length = len(path) + len(encode.encode_query(query))
    if length > LONGEST_TARGET:
        raise encode.BadValueError(
            "the address is {length} characters long, more than {longest_target}; send "
            "long values in the body",
            length=length,
            longest_target=LONGEST_TARGET,
        )
    caller = spec.options.get("caller", UNDEFINED)
    call = Call(
        platform=recipe.platform.platform_key,
        instance=recipe.instance.instance_key,
        api=recipe.api.key,
        method=recipe.method,
        path=path,
        query=query,
        headers=tuple(merged.headers.values()),
        body=body,
        caller=None if caller is UNDEFINED else caller,
        position=spec.position,
        serial=serial,
    )
    return call, merged


def _hide_secrets_in_script_headers(call: Call, env: Environment) -> Pairs:
    """Return the headers of *call* with stand-ins for credentials that the script itself wrote.

    Such are the values of the headers `SECRET_HEADERS`, for example ``Authorization``. They are in
    no file of instances, so that nothing else knows them as secrets.
    """
    tenant = call.platform, call.instance
    return tuple(
        (name, hide_credential(name, value, tenant, env.vault))
        if name.lower() in SECRET_HEADERS
        else (name, value)
        for name, value in call.headers
    )


def _fill_path(merged: MergedValues, recipe: CompiledApi) -> str:
    pieces = recipe.pieces
    if len(pieces) == 1:
        return pieces[0]
    filled = list(pieces)
    for index in range(1, len(pieces), 2):
        name = pieces[index]
        if name in merged.path:
            filled[index] = encode.encode_segment(name, merged.path[name])
        elif name in recipe.reserved.path:
            filled[index] = f"{{{name}}}"
        else:
            raise encode.MissingParameterError(
                "path parameter {name!r} is missing; {api_path} needs it",
                name=name,
                api_path=recipe.api.path,
            )
    return "".join(filled)


def _encode_body(merged: MergedValues, recipe: CompiledApi) -> bytes | None:
    """Return the body's bytes, None if the call has no body, and set its ``Content-Type``.

    That header of *merged* is not changed if the script has set it or auth will, except of a
    multipart body, whose boundary is known only now.
    """
    value = merged.body
    if value is UNDEFINED:
        return None
    encoding = _choose_encoding(merged, recipe)
    payload = encode.encode_payload(value, encoding)
    # The Content-Type that a script set for multipart cannot name the boundary, which is made here.
    needs_boundary = encoding == "multipart" and not isinstance(value, str | bytes)
    is_typed = "content-type" in merged.headers
    if (not is_typed and "content-type" not in recipe.reserved.header) or needs_boundary:
        merged.headers["content-type"] = ("Content-Type", payload.content_type)
    return payload.data


def _choose_encoding(merged: MergedValues, recipe: CompiledApi) -> Encoding:
    """Return how the body is encoded: by the script's Content-Type, else as declared."""
    own = merged.headers.get("content-type")
    if own:
        return encode.choose_encoding(own[1], recipe.encoding)
    is_declared = recipe.api.encoding is not UNSET or recipe.encoding != "json"
    is_form = isinstance(merged.body, SearchParams) and not is_declared  # as `fetch` sends it
    return "form" if is_form else recipe.encoding
