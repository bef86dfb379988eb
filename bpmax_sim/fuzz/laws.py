"""The laws: properties that must hold for every call of a user's platform, as one table.

A law draws calls of one API. Its check makes them, raises `LawBroken` where the law does not hold,
and returns whether the calls got so far that it could be judged. Equal calls break a law with equal
messages, in a search, a scenario or a test.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec
from hypothesis import strategies as st
from msgspec import UNSET
from msgspec.structs import replace

from bpmax_sim.cassette.matching import call_to_parts, compute_matching_key
from bpmax_sim.errors import BpmaxError
from bpmax_sim.field_path import FieldPath, get_nested
from bpmax_sim.fuzz.recordings import check_no_secret_recorded, check_replay_equals_recording
from bpmax_sim.fuzz.target import (
    FuzzTarget,
    find_possible_sent_values,
    find_sent_values,
    get_path_below_base,
    map_templates_by_place,
)
from bpmax_sim.fuzz.violation import (
    LawBroken,
    WasJudged,
    describe_error_on_one_line,
    is_plausible_refusal,
    run_call,
)
from bpmax_sim.i18n import msg, plural
from bpmax_sim.js_values import UNDEFINED, loads_as_javascript
from bpmax_sim.messages import FORM, Call, Headers, Request
from bpmax_sim.platform.check import CREDENTIAL
from bpmax_sim.platform.model import Api, Parameter
from bpmax_sim.proxy.builder import CallSpec
from bpmax_sim.script.failure import Script
from bpmax_sim.session.credentials import get_matching_rules
from bpmax_sim.simulator.auth import differs_each_request
from bpmax_sim.strategies.programs import (
    javascript,
    make_builder,
    parameter_values,
    perform,
    to_chain,
    valid_calls,
)
from bpmax_sim.strategies.rare_setters import rivals
from bpmax_sim.strategies.values import check_value

CallSpecs = tuple[CallSpec, ...]


def _send_call(target: FuzzTarget, call_spec: CallSpec) -> tuple[BpmaxError | None, list[Request]]:
    """Make the call *call_spec* in a session of its own.

    Return the error that it was rejected with (or None), and the requests that were sent, without
    logins.
    """
    with target.open_session() as (session, request_log):
        error = run_call(lambda: perform(call_spec, session)).error
    return error, request_log.requests


def _send_call_for_last_request(target: FuzzTarget, call_spec: CallSpec) -> Request | None:
    """Make the call *call_spec*, and return the last request that it sent.

    None if nothing was sent.
    """
    _, requests = _send_call(target, call_spec)
    return requests[-1] if requests else None


def check_valid_calls_accepted(target: FuzzTarget, calls: CallSpecs) -> WasJudged:
    """Check that calls with declared, valid values are accepted.

    Return True: the law says something of every call.

    Raises:
        LawBroken: if the law does not hold.
    """
    error, _ = _send_call(target, calls[0])
    if error is not None and not is_plausible_refusal(error, target):
        raise LawBroken(
            "a call that fits what is declared ends in {described}",
            described=describe_error_on_one_line(error, target),
        )
    return True


def check_values_arrive(target: FuzzTarget, calls: CallSpecs) -> WasJudged:
    """Check that each argument of the calls is in the request, at the place declared for it.

    Return False if nothing was sent, so that there was nothing to judge.

    Raises:
        LawBroken: if the law does not hold.
    """
    (program,) = calls
    api = target.platform.apis[program.api]
    request = _send_call_for_last_request(target, program)
    if request is None:
        return False
    for parameter, value in list_arguments(api, program):
        if not parameter.steps and isinstance(value, str):
            continue  # a text is sent as it is, whatever else the body may be
        place = parameter.place
        readings = find_possible_sent_values(request, place, parameter.wire_name, api)
        encoding = api.encoding or target.platform.encoding
        in_form = place == "body" and encoding == "form"
        if readings and not any(
            is_received_exactly(value, one, place, in_form=in_form) for one in readings
        ):
            raise LawBroken(_describe_lost_value(target, api, parameter, readings[0]))
    return True


def list_arguments(api: Api, call_spec: CallSpec) -> Iterator[tuple[Parameter, Any]]:
    """Yield each parameter of *api* to which *call_spec* gives a value, with that value."""
    steps: Mapping[str, Any] = dict(call_spec.steps)
    values = call_spec.args or [
        get_nested(steps.get(parameter.place, {}), parameter.steps) for parameter in api.parameters
    ]
    for parameter, value in zip(api.parameters, values, strict=False):
        if value is not UNDEFINED and value is not UNSET:
            yield parameter, value


def _describe_lost_value(
    target: FuzzTarget, api: Api, parameter: Parameter, values: list[Any]
) -> str:
    place = f"{parameter.place}.{parameter.wire_name}"
    lost = msg(
        "the value of parameter {name!r} does not arrive at {place}",
        name=parameter.name,
        place=place,
    )
    owned = {(place, name.lower()) for place, name in map_templates_by_place(target.get_auth(api))}
    if (parameter.place, parameter.wire_name.lower()) in owned:
        return msg(
            "{lost}: auth puts its own there; remove the parameter, or rename one of them",
            lost=lost,
        )
    above = [
        other
        for other in api.parameters
        if _is_part_of_parameter(other, parameter) or _is_part_of_parameter(parameter, other)
    ]
    if above:
        return msg(
            "{lost}: it lies within, or around, parameter {name!r}; remove one",
            lost=lost,
            name=above[0].name,
        )
    if not values:
        return msg("{lost}, where nothing is found", lost=lost)
    return plural(
        len(values),
        "{lost}, where {number} is found",
        "{lost}, where {number} are found",
        lost=lost,
    )


def _is_part_of_parameter(outer: Parameter, inner: Parameter) -> bool:
    if outer is inner or not outer.place == inner.place == "body":
        return False
    return not outer.steps or inner.wire_name.startswith(f"{outer.wire_name}.")


def is_received_exactly(
    value: Any, values: list[Any], place: str, *, in_form: bool = False
) -> bool:
    """Return whether *values*, received at *place*, are exactly what *value* must be sent as.

    JSON has an array as one value; a query repeats the name for each element, and so does a body
    that is a form (*in_form*).
    """
    if place == "body" and not (in_form and isinstance(value, list)):
        is_text = isinstance(value, str | int | float) and all(isinstance(v, str) for v in values)
        same = _is_printed_as if is_text else _is_equal_in_javascript  # a form holds texts only
        return len(values) == 1 and same(value, values[0])
    listed = value if isinstance(value, list) else [value]
    return len(listed) == len(values) and all(map(_is_printed_as, listed, values))


def _is_printed_as(value: Any, text: str) -> bool:
    """Return whether *text* is how JavaScript prints *value*; numbers are compared as numbers."""
    if value is None:  # an element of a form's array
        return text == ""
    if isinstance(value, bool):
        return text == ("true" if value else "false")
    if isinstance(value, int | float):
        try:
            return not text.endswith(".0") and float(text) == value
        except ValueError:
            return False
    return bool(text == value)


def _is_equal_in_javascript(left: Any, right: Any) -> bool:
    """Return whether two JSON values are equal as in JavaScript: True is not 1, but 1.0 is 1."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return left.keys() == right.keys() and all(
            _is_equal_in_javascript(v, right[k]) for k, v in left.items()
        )
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(_is_equal_in_javascript, left, right))
    if isinstance(left, float) or isinstance(right, float):
        return isinstance(right, int | float) and float(left) == float(right)
    return bool(left == right)


def check_segment_count(target: FuzzTarget, calls: CallSpecs) -> WasJudged:
    """Check that the path that is sent has as many segments as the declared one.

    A value with a slash or a ``..`` in it must not change which API is called. Return False if
    nothing was sent, so that there was nothing to judge.

    Raises:
        LawBroken: if the law does not hold.
    """
    request = _send_call_for_last_request(target, calls[0])
    path = target.platform.apis[calls[0].api].path.partition("?")[0]
    if request is None:
        return False
    expected, sent = (text.strip("/").split("/") for text in (path, get_path_below_base(request)))
    # Compared still encoded: `%2F` in a value is no separator (RFC 3986, 2.2). Dots are looked for
    # as well, since servers and proxies remove them from a path (RFC 3986, 5.2.4) and call another
    # API then.
    if len(sent) != len(expected) or {".", ".."} & {*sent} - {*expected}:
        raise LawBroken(
            "{path} has {expected_count} segments, and {sent_count} were sent",
            path=path,
            expected_count=len(expected),
            sent_count=len(sent),
        )
    return True


def check_setters_keep_auth_values(target: FuzzTarget, calls: CallSpecs) -> WasJudged:
    """Check that a script cannot replace the values that auth puts into a request.

    Setters are the methods of a chain, such as ``$header({Authorization: …})``. Return False if one
    of the calls was not sent, so that there was nothing to judge.

    Raises:
        LawBroken: if the law does not hold.
    """
    api = target.platform.apis[calls[0].api]
    auth = target.get_auth(api)
    plain, claiming = (_send_call_for_last_request(target, program) for program in calls)
    if plain is None or claiming is None:
        return False
    for (place, name), template in map_templates_by_place(auth).items():
        alone, claimed = (
            find_sent_values(request, place, name, api) for request in (plain, claiming)
        )
        if not alone.values or not claimed.is_readable:
            continue  # auth puts it into some methods only, and not every body is read
        if len(claimed.values) != 1:
            raise LawBroken(
                "{place}.{name} is auth's and is sent {claimed_count} times",
                place=place,
                name=name,
                claimed_count=len(claimed.values),
            )
        steady = auth.sign is None and not differs_each_request(template, auth)
        # `rivals` puts this word into each value with which it tries to replace one of auth.
        if "mine" in str(claimed.values[0]) or (steady and alone != claimed):
            raise LawBroken(
                "{place}.{name} is auth's, and a script changes what is sent there",
                place=place,
                name=name,
            )
    return True


def check_direct_call_equals_chain(target: FuzzTarget, calls: CallSpecs) -> WasJudged:
    """Check that ``crm.get(1)`` and ``crm.$api('get').$query({id: 1}).$call()`` send the same.

    Return False if one of them was not sent, so that there was nothing to judge.

    Raises:
        LawBroken: if the law does not hold.
    """
    (direct,) = calls
    chain = to_chain(target.platform.apis[direct.api], direct)
    first, two = (
        _send_call_for_last_request(target, direct),
        _send_call_for_last_request(target, chain),
    )
    if (
        first
        and two
        and _to_comparable_request(first, target) != _to_comparable_request(two, target)
    ):
        raise LawBroken("the direct call and the chain that says the same send different requests")
    return bool(first and two)


def _to_comparable_request(request: Request, target: FuzzTarget) -> Any:
    """Return address, query, headers and body of *request* for a comparison.

    Their order is removed, and so are the values that auth sets, which differ at each request.
    """
    api = target.platform.apis[request.call.api] if request.call else Api()
    signed = {
        name.lower() for (_, name), _v in map_templates_by_place(target.get_auth(api)).items()
    }
    sign = target.get_auth(api).sign
    signed |= {name.lower() for name in (*sign.set_headers, *sign.set_query)} if sign else set()
    address, _, query = request.url.partition("?")
    unsigned = [pair for pair in query.split("&") if pair.partition("=")[0].lower() not in signed]
    headers = {n.lower(): v for n, v in request.headers if n.lower() not in signed}
    return address, sorted(unsigned), headers, request.call.body if request.call else None


def _to_comparable_call(call: Call) -> Any:
    """Return the parts of *call* that distinguish it in a recording, without their order."""
    parts = call_to_parts(call)
    media = Headers(call.headers).media_type
    body: Any = call.body
    if media == "application/json" and body:
        with suppress(ValueError):  # a script may send any text as it is
            body = loads_as_javascript(body.decode("utf-8", "replace"))
    elif media == FORM and body:
        body = sorted(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
    text = json.dumps(body, sort_keys=True, default=repr)
    return parts.path, sorted(call.query), sorted(parts.header.items()), text


def check_javascript_equals_python(target: FuzzTarget, calls: CallSpecs) -> WasJudged:
    """Check that a call sends the same request from JavaScript and from Python.

    Return True: the law says something of every call.

    Raises:
        LawBroken: if the law does not hold.
    """
    source = f"return await {javascript(calls[0])};"
    with target.open_session() as (session, request_log):
        script = session.run_script(Script(source, "一行.js"))
    error, python = _send_call(target, calls[0])
    spoken = [
        (request.method, _to_comparable_request(request, target))
        for request in request_log.requests
    ]
    if spoken != [(request.method, _to_comparable_request(request, target)) for request in python]:
        raise LawBroken("JavaScript and Python send different requests for the same call")
    # Only whether, not how: in a script an error is a JavaScript object.
    if (script.error is None) != (error is None):
        raise LawBroken("JavaScript and Python disagree whether the call is rejected")
    return True


def check_token_renewal(target: FuzzTarget, calls: CallSpecs) -> WasJudged:
    """Check that calls succeed although tokens have expired or been revoked: by a new login.

    Return False if the call failed or needed no login, so that there was nothing to judge.

    Raises:
        LawBroken: if the law does not hold.
    """
    with target.open_session() as (session, request_log):
        error = run_call(lambda: perform(calls[0], session)).error
        if error is not None or not request_log.logins:
            return False  # `accepted` tells of that, and a method may need no token
        for word, change in ((msg("revokes"), "revoke"), (msg("ends"), "expire")):
            known = request_log.logins
            getattr(session.simulator(target.key), change)()
            error = run_call(lambda: perform(calls[0], session)).error
            when = msg("when the third party {word} the token, the next call", word=word)
            if error is not None and not is_plausible_refusal(error, target):
                raise LawBroken(
                    "{when} ends in {described}",
                    when=when,
                    described=describe_error_on_one_line(error, target),
                )
            if request_log.logins == known:
                raise LawBroken(
                    "{when} does not log in again; see response.classes.token", when=when
                )
    return True


def check_matching_keys_distinct(target: FuzzTarget, calls: CallSpecs) -> WasJudged:
    """Check that different calls get different matching keys.

    Otherwise replay would answer one call with the recording of another. Return False if a call
    could not be built or both are the same, so that there was nothing to judge.

    Raises:
        LawBroken: if the law does not hold.
    """
    program, other = calls
    api = target.platform.apis[program.api]
    with target.open_session() as (session, _):
        builders = [make_builder(to_chain(api, call), session) for call in calls]
        built: list[Request | None] = [run_call(builder.build).value for builder in builders]
    built_calls = [request.call for request in built if request and request.call]
    if (
        len(built_calls) < len(built)
        # Different arguments may be the same on the wire: 1 and "1" in a query. No recording can
        # tell them apart then, nor has to.
        or len({repr(_to_comparable_call(call)) for call in built_calls}) == 1
    ):
        return False  # `accepted` tells of what cannot be built
    rules = get_matching_rules(target.platforms, ())
    keys = {compute_matching_key(call_to_parts(call), rules) for call in built_calls}
    pairs = zip(api.parameters, program.args or (), other.args or (), strict=False)
    parameter = next(
        candidate for candidate, old, new in pairs if repr(old) != repr(new)
    )  # True is 1
    if len(keys) == 1 and not _is_declared_ignored(target, api, parameter):
        raise LawBroken(
            "calls that differ in the required parameter {parameter_name!r} share one "
            "recording: ignore hides it; name what does not count more narrowly",
            parameter_name=parameter.name,
        )
    return True


def _is_declared_ignored(target: FuzzTarget, api: Api, parameter: Parameter) -> bool:
    """Return whether the values of *parameter* are ignored when calls are compared.

    That is so if its place is listed in ``ignore`` or as personal data.
    """
    names = (*target.platform.ignore, *api.ignore)
    place = FieldPath.from_parameter(parameter.place, parameter.wire_name)
    hidden = bool(target.platform.redact or api.redact)
    return hidden or any(FieldPath.parse(name, "ignore") == place for name in names)


def check_response_as_declared(target: FuzzTarget, calls: CallSpecs) -> WasJudged:
    """Check that the response fits the JSON Schema that the API declares for it.

    Return False if the call failed, so that there was nothing to judge.

    Raises:
        LawBroken: if the law does not hold.
    """
    with target.open_session() as (session, _):
        result = run_call(lambda: perform(calls[0], session))
    if result.error is None:
        wrong = check_value(target.platform.apis[calls[0].api].answer, result.value)
        if wrong:
            raise LawBroken("the answer is not what is declared: {wrong}", wrong=wrong)
    return result.error is None


Draw = Callable[[FuzzTarget, Api], st.SearchStrategy[CallSpecs]]


def _draw_single_call(target: FuzzTarget, api: Api) -> st.SearchStrategy[CallSpecs]:
    return st.tuples(valid_calls(target.platforms, target.platform, api))


def _draw_calls_setting_auth_names(target: FuzzTarget, api: Api) -> st.SearchStrategy[CallSpecs]:
    """Draw a call, and the same call with setters that try to replace values of auth."""
    steps = st.lists(rivals(platform=target.platform, api=api), min_size=1, max_size=2)
    calls = valid_calls(target.platforms, target.platform, api, direct=False)
    return st.builds(
        lambda call, more: (call, replace(call, steps=(*call.steps, *more))), calls, steps
    )


def _draw_calls_differing_in_argument(target: FuzzTarget, api: Api) -> st.SearchStrategy[CallSpecs]:
    """Draw two calls, ``crm.get(1)`` and ``crm.get(2)``, that differ in one argument only.

    It is that of a required parameter.
    """
    needed = [n for n, parameter in enumerate(api.parameters) if parameter.required]

    @st.composite
    def pairs(draw: st.DrawFn) -> CallSpecs:
        call = draw(valid_calls(target.platforms, target.platform, api, direct=True))
        index = draw(st.sampled_from(needed))
        args = list(call.args or ())
        args[index] = draw(parameter_values(api.parameters[index]))
        return call, replace(call, args=tuple(args))

    return pairs()


class Law(msgspec.Struct, frozen=True, kw_only=True):
    """A property that must hold for every call of a platform, such as "every value arrives".

    Attributes:
        about: the law, as a sentence.
        check: makes the calls; raises `LawBroken`.
        draw: returns the strategy that draws the calls of one API.
        applies: whether it applies to an API.
        live: whether it can be tried against a live system.
    """

    about: str
    check: Callable[[FuzzTarget, CallSpecs], WasJudged]
    draw: Draw = _draw_single_call
    applies: Callable[[FuzzTarget, Api], bool] = lambda _target, _api: True
    live: bool = False


def _has_credential_nested_in_body(api: Api) -> bool:
    """Return whether the declared body has a credential below its top level.

    A script that sets that object replaces the credential with it, so the law cannot hold there.
    """
    members = api.body.values() if isinstance(api.body, Mapping) else ()
    return any(
        CREDENTIAL in str(member)
        for member in members
        if isinstance(member, Mapping) and CREDENTIAL not in member
    )


def _auth_adds_values_to_request(target: FuzzTarget, api: Api) -> bool:
    return bool(map_templates_by_place(target.get_auth(api)))


LAWS: Final[dict[str, Law]] = {
    "accepted": Law(
        about=msg("A call that fits what is declared is built, logs in and is accepted."),
        check=check_valid_calls_accepted,
        live=True,
    ),
    "arrives": Law(
        about=msg("Every value that is given arrives at its place, once and unchanged."),
        check=check_values_arrive,
        applies=lambda _target, api: bool(api.parameters),
    ),
    "segments": Law(
        about=msg("No value adds a segment to the path, whatever it holds."),
        check=check_segment_count,
        applies=lambda _target, api: any(parameter.place == "path" for parameter in api.parameters),
    ),
    "credential": Law(
        about=msg("What auth puts in is there exactly once, and no script changes it."),
        check=check_setters_keep_auth_values,
        draw=_draw_calls_setting_auth_names,
        applies=_auth_adds_values_to_request,
    ),
    "forms": Law(
        about=msg("The direct call and the chain that says the same send the same request."),
        check=check_direct_call_equals_chain,
        draw=lambda target, api: st.tuples(
            valid_calls(target.platforms, target.platform, api, direct=True)
        ),
        applies=lambda _target, api: (
            bool(api.parameters) and not _has_credential_nested_in_body(api)
        ),
    ),
    "languages": Law(
        about=msg("JavaScript and Python send the same bytes."),
        check=check_javascript_equals_python,
    ),
    "renewal": Law(
        about=msg("A token that is revoked or has ended is renewed, and the call succeeds."),
        check=check_token_renewal,
        applies=lambda target, api: target.get_auth(api).acquire is not None,
    ),
    "identity": Law(
        about=msg("Calls that differ in a required parameter are recorded as different calls."),
        check=check_matching_keys_distinct,
        draw=_draw_calls_differing_in_argument,
        applies=lambda _target, api: any(parameter.required for parameter in api.parameters),
    ),
    "replay": Law(
        about=msg("What was recorded is replayed the same, without network and credentials."),
        check=check_replay_equals_recording,
    ),
    "secrets": Law(
        about=msg("No credential and no token is in a recording or in the log of calls."),
        check=check_no_secret_recorded,
        applies=lambda target, api: (
            _auth_adds_values_to_request(target, api) or target.get_auth(api).acquire is not None
        ),
    ),
    "answer": Law(
        about=msg("At an address: the answer is what the API's `answer` declares."),
        check=check_response_as_declared,
        applies=lambda target, api: bool(api.answer) and target.is_live,
        live=True,
    ),
}
"""The laws by name."""
