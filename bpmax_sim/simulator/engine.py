"""Answer one request: a function of rules, state and instant, which returns a new state too.

Routes of the rule table come first. APIs that only the platform file declares are answered by their
auth, their inputs, and a response that repeats the inputs; missing ones have example values.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from itertools import chain, islice, product
from math import ceil, floor, inf, isfinite
from typing import Any, Final, NamedTuple

from msgspec import UNSET, Struct
from msgspec.structs import replace

from bpmax_sim.field_path import get_nested
from bpmax_sim.js_values import parse_whole_number
from bpmax_sim.messages import Response
from bpmax_sim.path_template import compile_path_template
from bpmax_sim.platform.model import (
    Api,
    Apply,
    Auth,
    Idempotency,
    Parameter,
    is_set,
    render_applied_name,
)
from bpmax_sim.platform.schema_keywords import (
    drop_invalid_keywords,
    list_schemas,
    to_list_or_empty,
    to_mapping_or_empty,
)
from bpmax_sim.platform.template import find_names
from bpmax_sim.proxy.response import to_comparable_text
from bpmax_sim.simulator import auth, model, request_checks, state
from bpmax_sim.simulator.state import Refusal, RequestContext

_BY_FORMAT: Final[Mapping[str, str]] = {
    "date": "2026-01-01",
    "date-time": "2026-01-01T09:00:00+08:00",
    "email": "zhangsan@example.test",
    "phone": "13800138000",
    "uri": "https://example.test/",
    "uuid": "00000000-0000-4000-8000-000000000000",
}
_WORDS: Final = {"true": True, "false": False}


class _ParameterType(Struct, frozen=True):
    """How values of one parameter type are made and read.

    Attributes:
        example: example value.
        kinds: Python types that fit; a value of any other type does not.
        read: converts text of a path, query, header or form. For a text that does not fit it
            returns UNSET or raises ValueError or OverflowError.
    """

    example: Any
    kinds: frozenset[type]
    read: Callable[[str], Any] = str


_WHOLE: Final = re.compile(r"[+-]?[0-9]+")
_DECIMAL: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")


def _parse_integer_or_unset(text: str) -> Any:
    # Python reads more than that, such as ``1_000`` and spaces around.
    return parse_whole_number(text) if _WHOLE.fullmatch(text) else UNSET


def _parse_number_or_unset(text: str) -> Any:
    number = float(text) if _DECIMAL.fullmatch(text) else inf
    return number if isfinite(number) else UNSET


_TYPES: Final[Mapping[str, _ParameterType]] = {
    "integer": _ParameterType(1, frozenset({int}), _parse_integer_or_unset),
    "number": _ParameterType(1.5, frozenset({int, float}), _parse_number_or_unset),
    "boolean": _ParameterType(True, frozenset({bool}), lambda text: _WORDS.get(text, UNSET)),
    "array": _ParameterType([], frozenset({list})),
    "object": _ParameterType({}, frozenset({dict})),
    "string": _ParameterType("", frozenset({str})),
}


def make_example_value(parameter: Parameter) -> Any:
    """Return an example value that fits the declaration of *parameter*, its schema included."""
    schema: dict[str, Any] = {**parameter.schema}
    own = {"format": parameter.format, "enum": parameter.enum}
    schema |= {key: said for key, said in own.items() if said}
    if parameter.type in _TYPES:
        schema["type"] = parameter.type
    elif schema.keys().isdisjoint(_TELL_TYPE):
        schema["type"] = "string"
    if is_set(parameter.default) and not schema.get("enum"):
        schema["default"] = parameter.default
    if parameter.type == "array" and parameter.enum:  # the choices are those of each element
        return [parameter.enum[0]]
    return sample_schema(schema, parameter.title or parameter.name)


_TELL_TYPE: Final = frozenset({"type", "properties", "allOf", "oneOf", "anyOf"})
"""Keys of a schema by which it is known whether a value is a text."""


def sample_schema(schema: Mapping[str, Any], name: str = "", levels: int = 8) -> Any:
    """Return a value that fits a JSON Schema.

    It is the example, constant, default or first enum value of *schema* if it has one. Otherwise it
    depends on the type and on *name*, that of the member. Members are sampled too, down to
    *levels*. Patterns are not followed, and items of a list may be equal. What has the wrong type
    in *schema* is passed over.
    """
    schema = drop_invalid_keywords(schema)
    values = [schema[word] for word in ("example", "const", "default") if word in schema]
    values += to_list_or_empty(schema.get("enum"))[:1]
    if values:
        return values[0]
    choices = (list_schemas(schema.get(word))[:1] for word in ("oneOf", "anyOf"))
    parts = [*list_schemas(schema.get("allOf")), *chain.from_iterable(choices)]
    if parts and levels:
        own = {key: part for key, part in schema.items() if key not in ("allOf", "oneOf", "anyOf")}
        samples = [sample_schema(part, name, levels - 1) for part in (own, *parts)]
        if objects := [sample for sample in samples if isinstance(sample, dict)]:
            return {key: value for part in objects for key, value in part.items()}
        return next((sample for sample in reversed(samples) if sample is not None), None)
    return _sample_by_type(schema, name, levels)


_LONGEST: Final = 1000
"""Characters of a sampled text and items of a sampled list, whatever a schema demands."""


def _sample_by_type(schema: Mapping[str, Any], name: str, levels: int) -> Any:
    kind = schema.get("type", "object" if "properties" in schema else "")
    if not isinstance(kind, str):
        kind = next((option for option in kind if option != "null"), "")
    if kind == "object":
        inner = to_mapping_or_empty(schema.get("properties")) if levels else {}
        return {key: sample_schema(part, key, levels - 1) for key, part in inner.items()}
    if kind == "array":
        if not levels or "items" not in schema:
            return []
        count = min(max(1, schema.get("minItems", 0)), schema.get("maxItems", inf), _LONGEST)
        return [sample_schema(schema["items"], name, levels - 1)] * int(count)
    if kind == "string":
        return _BY_FORMAT.get(schema.get("format", "")) or _fit_length(name, schema)
    if kind in {"integer", "number"}:
        is_whole = kind == "integer"
        number = _sample_number(schema, _TYPES[kind].example, is_whole=is_whole)
        return _round_to_multiple(number, schema, is_whole=is_whole)
    return _TYPES[kind].example if kind in _TYPES else None


def _fit_length(text: str, schema: Mapping[str, Any]) -> str:
    """Return *text*, repeated or cut to a length that *schema* allows."""
    least = int(min(schema.get("minLength", 0), _LONGEST))
    if len(text) < least:
        return ((text or "x") * least)[:least]
    return text[: int(min(schema.get("maxLength", _LONGEST), _LONGEST))]


def _round_to_multiple(number: float, schema: Mapping[str, Any], *, is_whole: bool) -> float:
    """Return the multiple nearest to *number* that the limits of *schema* allow.

    With *is_whole* it is a whole number, as *number* is. Without ``multipleOf``, or if none is
    between the limits, that is *number* itself.
    """
    if not schema.get("multipleOf") or not isfinite(number):
        return number
    step = Fraction(str(schema["multipleOf"]))
    if is_whole:  # the whole ones of the multiples of 5/2 are those of 5
        step = Fraction(step.numerator)
    low, high, above, below = _read_number_limits(schema)
    count = Fraction(str(number)) / step
    for whole in (ceil(count), floor(count)):
        exact = whole * step
        multiple = int(exact) if exact.denominator == 1 else float(exact)
        if low <= multiple <= high and above < multiple < below:
            return multiple
    return number


def _sample_number(schema: Mapping[str, Any], example: float, *, is_whole: bool) -> float:
    """Return *example*, or what is nearest to it of the numbers that *schema* allows.

    With *is_whole* it is a whole number.
    """
    low, high, above, below = _read_number_limits(schema)
    if is_whole:
        first = max(_round(ceil, low), _round(floor, above) + 1)
        last = min(_round(floor, high), _round(ceil, below) - 1)
    else:
        first, last = max(low, above + 1), min(high, below - 1)
        if first > last:  # between limits that are less than two apart
            first = last = (max(low, above) + min(high, below)) / 2
    return min(max(example, first), last)


class _NumberLimits(NamedTuple):
    """The limits of a number, infinite where there is none.

    Attributes:
        low, high: least and greatest number that is allowed.
        above, below: numbers that are not allowed themselves, nor any beyond them.
    """

    low: float
    high: float
    above: float
    below: float


def _read_number_limits(schema: Mapping[str, Any]) -> _NumberLimits:
    low, high = schema.get("minimum", -inf), schema.get("maximum", inf)
    above, below = schema.get("exclusiveMinimum", False), schema.get("exclusiveMaximum", False)
    # True takes the limit itself out (OpenAPI 3.0); a number is a limit of its own (JSON Schema).
    above = low if above is True else -inf if above is False else above
    below = high if below is True else inf if below is False else below
    return _NumberLimits(low, high, above, below)


def _round(function: Callable[[float], int], limit: float) -> float:
    return function(limit) if isfinite(limit) else limit


def convert_to_declared_type(value: Any, parameter: Parameter) -> Any:
    """Return *value* in the declared type, or `UNSET` if it does not fit.

    Values in a path, query, header or form are text, and are parsed.
    """
    known = _TYPES.get(parameter.type)
    if known is None:
        return value
    if isinstance(value, str):
        try:
            value = known.read(value)
        except (ValueError, OverflowError):
            return UNSET
    return value if type(value) in known.kinds else UNSET


# The 15 minutes of AWS S3, 阿里云 and 华为云, for platforms without a table.
_SIGNED = model.SignatureCheck(window=900, error="signature", expired="expired", used="used")
# Seconds in which an idempotency key counts: an hour, as with 飞书.
_WINDOW = 3600


def respond_as_declared(ctx: RequestContext, api: Api) -> Response:
    """Return the response to a request of *api*, which is declared in the platform file only.

    No rule table has a route for it, so the response follows the declaration.

    Raises:
        Refusal: if the token, a signature or an input is wrong.
        Repetition: if the same idempotency key was used before.
    """
    platform = ctx.platform
    declared = api.auth if isinstance(api.auth, Auth) else platform.auth
    _check_credentials(ctx, declared)
    auth.check_signature(ctx, declared, _SIGNED)
    inputs = {
        parameter.name: _read_input_or_example(ctx, parameter) for parameter in api.parameters
    }
    if isinstance(api.idempotency, Idempotency):
        place = f"{api.idempotency.place}.{api.idempotency.name}"
        request_checks.check_repeated_idempotency_key(
            ctx,
            model.IdempotencyCheck(
                at=(place.lower() if place[:6] == "header" else place,), window=_WINDOW
            ),
        )
    rules = platform.response_of(api)
    data = {name: value for name, value in inputs.items() if value is not UNSET}
    path, ok = next((path for path in rules.data if path.startswith("$.")), "$"), ctx.table.ok
    body: Any = data
    if api.answer:  # its members have the values that were sent
        body = sample_schema(api.answer)
        inner = get_nested(body, path.split(".")[1:])
        if isinstance(inner, dict):
            inner |= {name: data[name] for name in inner.keys() & data.keys()}
    elif path != "$":
        body = {}
        model.set_at_path(body, path, data)
    # What an envelope says of success stands in it; a list or a text has no room for that.
    over = ok if isinstance(body, dict) else replace(ok, body=UNSET)
    return state.build_response(ctx, model.ResponseTemplate(), over, data=body)


def _check_credentials(ctx: RequestContext, declared: Auth) -> None:
    is_due = declared.needs_login(ctx.parsed.method)
    later = frozenset() if is_due else auth.collect_login_value_names(declared)
    required = [
        replace(item, name=render_applied_name(item, declared))
        for item in declared.apply
        if not find_names(item.value) & later
    ]
    if not required:
        return
    rule = ctx.table.tokens
    # "Missing" and "invalid" are different errors at most vendors, and clients react differently.
    if all(_get_auth_value(ctx, item.place, item.name) is UNSET for item in required):
        raise Refusal(rule.missing or "token")
    grants = ctx.state.grants if is_due else (None,)
    error = rule.invalid
    for tenant, grant in product(ctx.tenants, grants):
        if grant and grant.instance != tenant.instance:
            continue
        names = auth.collect_template_values(ctx, tenant, declared, grant.values if grant else None)
        if not all(_has_credential(ctx, declared, item, names) for item in required):
            continue
        if grant is None or grant.is_live(ctx.now):
            ctx.set_tenant(tenant)
            return
        error = rule.invalid if grant.revoked else rule.expired
    raise Refusal(error or "token")


def _has_credential(
    ctx: RequestContext, declared: Auth, item: Apply, names: Mapping[str, Any]
) -> bool:
    value = _get_auth_value(ctx, item.place, item.name)
    if auth.differs_each_request(item.value, declared):
        return value is not UNSET
    return auth.renders_to(item.value, names, value)


def _get_auth_value(ctx: RequestContext, place: str, name: str) -> Any:
    if place == "body" and ctx.parsed.form:
        return ctx.parsed.form.get(name, UNSET)
    return auth.get_auth_value(ctx.scope, place, name)


def _read_input_or_example(ctx: RequestContext, parameter: Parameter) -> Any:
    """Return the value that the request has for *parameter*, or else an example.

    Raises:
        Refusal: if it is required and absent, or not of its type or choice.
    """
    received = _find_input_value(ctx, parameter)
    where = f"{parameter.place}.{parameter.wire_name}"
    if received is UNSET:
        # A body may be in a form that is not looked into.
        is_unread = ctx.parsed.body is UNSET and bool(ctx.parsed.request.body)
        is_hidden = parameter.place == "body" and is_unread
        if parameter.required and not is_hidden:
            raise Refusal("400", f"{where} is missing")
        return make_example_value(parameter)
    value = convert_to_declared_type(received, parameter)
    if value is UNSET:
        raise Refusal("400", f"{where} is not of type {parameter.type}")
    choices = [*map(to_comparable_text, parameter.enum)]
    for item in value if isinstance(value, list) else (value,):  # each element is a choice
        if choices and to_comparable_text(item) not in choices:
            raise Refusal("400", f"{where} is none of {', '.join(choices)}")
    return value


def _find_input_value(ctx: RequestContext, parameter: Parameter) -> Any:
    place, target = parameter.place, parameter.wire_name
    if parameter.type == "array" and (place == "query" or (place == "body" and ctx.parsed.form)):
        return state.list_values(ctx.parsed, place, target)
    if not parameter.steps:
        sent = ctx.parsed.request.body
        if parameter.type != "string" or sent is None:
            return ctx.parsed.body
        return sent.decode("utf-8", "replace")  # a text is one even where it reads as ``null``
    if place == "body" and ctx.parsed.form:
        return ctx.parsed.form.get(target, UNSET)
    if place == "body":
        return get_nested(ctx.parsed.body, parameter.steps)
    return _get_auth_value(ctx, place, target)


def respond_to(ctx: RequestContext) -> Response:
    """Return the response to the request in *ctx*, also if it is refused.

    The simulator's state in *ctx* is replaced by the one after the request.
    """
    try:
        response = _respond_or_raise_refusal(ctx)
    except Refusal as refusal:
        return _make_refusal_response(ctx, refusal)
    except state.Repetition as repetition:
        return repetition.response
    # Only a response is kept under an idempotency key, never a refusal: it may be sent again.
    if ctx.idempotency_key:
        ctx.remember(ctx.idempotency_key, ctx.until, response)
    return response


def is_login_request(ctx: RequestContext) -> bool:
    """Return whether the request is a login."""
    route = _find_route(ctx)
    return model.is_login(route) if route else auth.find_login_step(ctx) is not None


def _respond_or_raise_refusal(ctx: RequestContext) -> Response:
    table = ctx.table
    if route := _find_route(ctx):
        if not model.is_login(route):
            _check_scenario_limit(ctx)
        # Before those of the route: third parties look at the token first, and at parameters only
        # of a caller that they know.
        for rule in () if route.open or model.is_login(route) else table.checks:
            request_checks.perform_check(rule, ctx)
        for rule in route.checks:
            request_checks.perform_check(rule, ctx)
        return state.build_response(ctx, table.ok, route.answer)
    if step := auth.find_login_step(ctx):
        return auth.log_in(ctx, step)
    api = ctx.api
    if api is None:
        if table.unknown == model.ResponseTemplate():
            raise Refusal("404")
        return state.build_response(ctx, model.ResponseTemplate(), table.unknown)
    ctx.use_own_rules_unless_shipped(api)
    ctx.scope["path"] = _parse_path_values(api, ctx.parsed.path)
    # As declared: limits and keys are those of the API, whatever values its path has.
    ctx.route = f"{api.method} {api.path}"
    _check_scenario_limit(ctx)
    return respond_as_declared(ctx, api)


# A path that can be split in several ways has many readings; so many of them are tried.
_READINGS = 1000


def _is_allowed_value(text: str, parameter: Parameter) -> bool:
    value = convert_to_declared_type(text, parameter)
    choices = parameter.enum
    return value is not UNSET and (
        not choices or to_comparable_text(value) in map(to_comparable_text, choices)
    )


def _parse_path_values(api: Api, raw: str) -> dict[str, str]:
    """Return the parameters in a *raw* path by name.

    A path that can be split in several ways is split so that values fit their declarations.
    """
    template = compile_path_template(api.path)
    declared = {
        parameter.wire_name: parameter for parameter in api.parameters if parameter.place == "path"
    }
    fitting = (
        values
        for values in islice(template.find_readings(raw), _READINGS)
        if all(_is_allowed_value(values[name], declared[name]) for name in values.keys() & declared)
    )
    return next(fitting, None) or template.match(raw) or {}


def _find_route(ctx: RequestContext) -> model.Route | None:
    for route in ctx.table.routes:
        method, _, path = route.on.partition(" ")
        values = compile_path_template(path).match(ctx.parsed.path)
        if method.upper() == ctx.parsed.method and values is not None:
            ctx.scope |= {**values, "path": values}
            ctx.route = route.on
            return route
    return None


def _check_scenario_limit(ctx: RequestContext) -> None:
    knob = ctx.state.knobs.limit
    if knob is not None:
        request_checks.count_and_check_limit(
            ctx, model.Limit(count=knob[0], per=knob[1], error=ctx.table.busy or "rate")
        )


def _make_refusal_response(ctx: RequestContext, refusal: Refusal) -> Response:
    table = ctx.table
    rule = table.errors.get(refusal.code, model.ResponseTemplate(message=refusal.code))
    code = rule.code or refusal.code
    number = code.removeprefix("-")
    ctx.scope["code"] = int(code) if number.isascii() and number.isdigit() else code
    ctx.scope["hint"] = ctx.generate_id(length=20)
    ctx.scope["message"] = refusal.message or state.fill_templates(rule.message, ctx)
    return state.build_response(ctx, table.error, rule)
