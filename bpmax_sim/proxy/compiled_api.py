"""Everything about one API of one instance that is the same in every call, compiled once.

`CompiledApi`s are cached for the process, by the identity of the models they were made from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from bpmax_sim.errors import ConfigError
from bpmax_sim.i18n import label_message
from bpmax_sim.messages import Sensitive
from bpmax_sim.path_template import compile_path_template
from bpmax_sim.platform import model
from bpmax_sim.platform.check import find_credential_references
from bpmax_sim.platform.template import find_names, iterate_texts
from bpmax_sim.proxy.encode import BadValueError, encode_header_value
from bpmax_sim.proxy.response import CompiledRules


class ReservedNames(msgspec.Struct, frozen=True):
    """Names that auth sets in requests, by place; scripts cannot set these.

    Names of headers, query and cookies are in lower case.

    Attributes:
        body: paths of members in the body.
    """

    header: frozenset[str] = frozenset()
    query: frozenset[str] = frozenset()
    cookie: frozenset[str] = frozenset()
    path: frozenset[str] = frozenset()
    body: tuple[tuple[str, ...], ...] = ()


def _collect_reserved_names(auth: model.Auth, apply: tuple[model.Apply, ...]) -> ReservedNames:
    """Return the names that auth sets, with tokens and the like (*apply*) or with a signature."""
    spots = list(model.find_auth_places(auth, apply))

    def named(place: str) -> frozenset[str]:
        return frozenset(name.lower() for where, name in spots if where == place)

    return ReservedNames(
        header=named("header"),
        query=named("query"),
        cookie=named("cookie"),
        path=frozenset(name for where, name in spots if where == "path"),
        body=tuple(tuple(name.split(".")) for where, name in spots if where == "body"),
    )


_MOST_CACHED = 4096
CLASS_STATUS: Final[Mapping[str, tuple[int, ...]]] = {
    "token": (401,),
    "rate": (429,),
    "transient": (502, 503, 504),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledApi:
    """What is known of one API before a call: how to build, authorise, judge and retry its calls.

    Attributes:
        rules: which responses are successful, and where they have code, message and data.
        pieces: parts of the path: literal texts at even indexes, placeholders at odd ones.
        headers: spelling and default value, by lower-case name.
        resolves: whether defaults of query or body contain ``{$credential: name}``.
        reserved: names that auth sets.
        apply: values put in before signing; if the call needs no login, without those that use what
            a login yields.
        acquires: whether the call needs a login.
        uses: names that the templates of auth and address use.
        limited: parameters that declare which values they allow.
        memo: results that were computed from this API: name of the result -> the values from which
            it was computed, and the result. It is computed again when these values differ.
    """

    platform: model.Platform
    instance: model.Instance
    api: model.Api
    auth: model.Auth
    rules: CompiledRules
    recover: Mapping[str, model.Recover]
    timeout: float
    charset: str
    result: str
    redirects: model.Redirects
    rejects_business: bool
    strict: bool
    encoding: model.Encoding
    method: str
    pieces: tuple[str, ...]
    query: Mapping[str, Any]
    headers: Mapping[str, tuple[str, str]]
    resolves: bool
    reserved: ReservedNames
    apply: tuple[model.Apply, ...]
    acquires: bool
    uses: frozenset[str]
    sensitive: tuple[Sensitive, ...]
    personal: tuple[str, ...]
    defaults: tuple[model.Parameter, ...]
    required: tuple[model.Parameter, ...]
    limited: tuple[model.Parameter, ...]
    path_names: Mapping[str, str]
    memo: dict[str, tuple[Any, Any]] = field(default_factory=dict, repr=False)

    @property
    def name(self) -> str:
        """Return the keys of platform and API as ``platform.api``."""
        return f"{self.platform.platform_key}.{self.api.key}"


_recipes: dict[tuple[int, int, int], CompiledApi] = {}


def compile_api(platform: model.Platform, instance: model.Instance, api: model.Api) -> CompiledApi:
    """Return what all calls of *api* share (the recipe), compiled on its first use.

    Raises:
        ConfigError: if a path, a template or a default of the platform cannot be used.
    """
    # The recipe holds its models, so an id in the table cannot come to mean another object.
    key = (id(platform), id(instance), id(api))
    recipe = _recipes.get(key)
    if recipe is None:
        if len(_recipes) >= _MOST_CACHED:
            _recipes.clear()
        recipe = _recipes[key] = _compile_new(platform, instance, api)
    return recipe


def _compile_new(platform: model.Platform, instance: model.Instance, api: model.Api) -> CompiledApi:
    auth = platform.auth_of(api)
    method = api.method.upper()
    apply = tuple(replace(item, name=model.render_applied_name(item, auth)) for item in auth.apply)
    acquires, recover = auth.needs_login(method), auth.recover
    if acquires and "token" not in recover:  # a refused one is renewed once by default
        recover = {"token": model.Recover(refresh=1), **recover}
    elif auth.acquire and not acquires:  # what only a login yields is left out
        apply = tuple(item for item in apply if not find_names(item.value) & auth.yielded_names)
    path, _, path_query = api.path.partition("?")
    inputs = api.parameters
    query = _merge_query(path_query, platform, instance, api)
    signing = auth.parameters, auth.acquire, apply, auth.sign, auth.verify_response
    templates = iterate_texts((*signing, platform.base_url, api.idempotency))
    return CompiledApi(
        platform=platform,
        instance=instance,
        api=api,
        auth=auth,
        # What HTTP's statuses mean is assumed only for classes that `recover` does something about.
        rules=CompiledRules(
            platform.response_of(api),
            {k: CLASS_STATUS[k] for k in recover if k in CLASS_STATUS},
        ),
        recover=recover,
        timeout=_choose_first_set(api.timeout, instance.timeout, platform.timeout),
        charset=_choose_first_set(api.charset, platform.charset),
        result=platform.result_of(api, instance),
        redirects=_choose_first_set(api.redirects, platform.redirects),
        rejects_business="business" in _choose_first_set(instance.reject, platform.reject),
        strict=_choose_first_set(instance.strict, platform.strict),
        encoding=_choose_first_set(api.encoding, platform.encoding),
        method=method,
        pieces=compile_path_template(path).pieces,
        query=query,
        headers=_merge_headers(platform, instance, api),
        resolves=any(find_credential_references((query, api.body))),
        reserved=_collect_reserved_names(auth, apply),
        apply=apply,
        acquires=acquires,
        uses=frozenset().union(*map(find_names, templates)),
        sensitive=model.parse_sensitive_places((*platform.secret, *api.secret)),
        personal=(*platform.redact, *api.redact),
        defaults=tuple(item for item in inputs if model.is_set(item.default)),
        required=tuple(item for item in inputs if item.required and not model.is_set(item.default)),
        limited=tuple(filter(_has_limits, inputs)),
        path_names={item.name: item.wire_name for item in inputs if item.place == "path"},
    )


def _has_limits(parameter: model.Parameter) -> bool:
    # Only a body has types; path, query and headers are sent as text.
    is_typed = parameter.place == "body" and bool(parameter.type)
    return bool(parameter.enum or parameter.format or parameter.schema or is_typed)


def _choose_first_set(*values: Any) -> Any:
    return next(value for value in values if value is not UNSET)


def _merge_query(
    path_query: str, platform: model.Platform, instance: model.Instance, api: model.Api
) -> dict[str, Any]:
    """Return the default query parameters of an API.

    They come from its own path, from platform, instance and API; each wins over the ones before.
    """
    merged: dict[str, Any] = {}
    for name, value in parse_qsl(path_query, keep_blank_values=True):
        merged.setdefault(name, []).append(value)
    merged = {name: values if values[1:] else values[0] for name, values in merged.items()}
    return {**merged, **platform.query, **instance.query, **api.query}


def _merge_headers(
    platform: model.Platform, instance: model.Instance, api: model.Api
) -> dict[str, tuple[str, str]]:
    merged: dict[str, tuple[str, str]] = {}
    for level in (platform.headers, instance.headers, api.headers):
        for name, value in level.items():
            try:
                merged[name.lower()] = (name, encode_header_value(name, value))
            except BadValueError as error:
                raise ConfigError(
                    label_message(f"{platform.platform_key}.{api.key}", error)
                ) from None
    return merged
