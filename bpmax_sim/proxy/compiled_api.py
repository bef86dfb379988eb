"""Everything about one API of one instance that does not change from call to call, compiled once.

`CompiledApi`s are cached for the process, by the identity of the models they were made from.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec
from msgspec import UNSET, Struct
from msgspec.structs import replace

from bpmax_sim.errors import ConfigError
from bpmax_sim.i18n import labelled
from bpmax_sim.messages import Sensitive
from bpmax_sim.path_template import path_template
from bpmax_sim.platform.model import (
    Api,
    Apply,
    Auth,
    Encoding,
    Instance,
    Parameter,
    Platform,
    Recover,
    is_set,
    name_of,
    placed_by,
    sensitive,
)
from bpmax_sim.platform.template import is_template, names_in
from bpmax_sim.proxy.encode import BadValueError, header_value
from bpmax_sim.proxy.response import CompiledRules


class ReservedNames(msgspec.Struct, frozen=True):
    """Names that auth puts in, which a script can therefore not set; lower case but for bodies."""

    header: frozenset[str] = frozenset()
    query: frozenset[str] = frozenset()
    cookie: frozenset[str] = frozenset()
    path: frozenset[str] = frozenset()
    body: tuple[tuple[str, ...], ...] = ()


def due(auth: Auth, *, acquires: bool) -> tuple[Apply, ...]:
    """Return what is put in; what only a login yields is left out where none is due."""
    apply = tuple(replace(item, name=name_of(item, auth)) for item in auth.apply)
    if acquires or auth.acquire is None:
        return apply
    yielded = {name for step in auth.acquire.steps for name in step.extract}
    return tuple(item for item in apply if not names_in(item.value) & yielded)


def reserved_by(auth: Auth, apply: tuple[Apply, ...]) -> ReservedNames:
    """Return every name that *apply* and the signature of *auth* set."""
    spots = list(placed_by(auth, apply))

    def named(place: str) -> frozenset[str]:
        return frozenset(name.lower() for where, name in spots if where == place)

    return ReservedNames(
        header=named("header"),
        query=named("query"),
        cookie=named("cookie"),
        path=frozenset(name for where, name in spots if where == "path"),
        body=tuple(tuple(name.split(".")) for where, name in spots if where == "body"),
    )


def names_used(auth: Auth, apply: tuple[Apply, ...], base_url: str, api: Api) -> frozenset[str]:
    """Return every name in the templates of *auth*, the address and the idempotency key."""
    sources = [
        auth.parameters,
        auth.acquire,
        apply,
        auth.sign,
        auth.verify_response,
        base_url,
        api.idempotency,
    ]
    texts = (text for source in sources if is_set(source) for text in _texts(source))
    groups = [names_in(text) for text in texts if is_template(text)]
    return frozenset().union(*groups)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Struct):
        # Not to_builtins, which leaves out defaults, and a default may be a template.
        yield from _all_texts(getattr(value, name) for name in value.__struct_fields__)
    elif isinstance(value, Mapping):
        yield from _all_texts(value.values())
    elif isinstance(value, list | tuple):
        yield from _all_texts(value)


def _all_texts(values: Iterable[Any]) -> Iterator[str]:
    for value in values:
        yield from _texts(value)


CREDENTIAL: Final = "$credential"
_MOST_CACHED = 4096
CLASS_STATUS: Final[Mapping[str, tuple[int, ...]]] = {
    "token": (401,),
    "rate": (429,),
    "transient": (502, 503, 504),
}
_RETURN_TO_LOGIN: Final = Recover(refresh=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledApi:
    """How to build, authorise, judge and recover one API's calls.

    Attributes:
        pieces: literal parts of the path at even places, placeholders at odd ones.
        headers: defaults by lower-case name, each with its spelling.
        resolves: whether query or body defaults hold ``{$credential: name}``.
        apply: what is put in before signing; without what needs a login that is not due.
        acquires: whether the call needs a login.
        uses: names that the templates of auth and address use.
        memo: what was last worked out of credentials, by what it is, beside those credentials.
    """

    platform: Platform
    instance: Instance
    api: Api
    auth: Auth
    rules: CompiledRules
    recover: Mapping[str, Recover]
    timeout: float
    result: str
    rejects_business: bool
    strict: bool
    encoding: Encoding
    method: str
    pieces: tuple[str, ...]
    query: Mapping[str, Any]
    headers: Mapping[str, tuple[str, str]]
    body: Any
    resolves: bool
    inputs: tuple[Parameter, ...]
    reserved: ReservedNames
    apply: tuple[Apply, ...]
    acquires: bool
    uses: frozenset[str]
    sensitive: tuple[Sensitive, ...]
    personal: tuple[str, ...]
    defaults: tuple[Parameter, ...]
    required: tuple[Parameter, ...]
    path_names: Mapping[str, str]
    memo: dict[str, tuple[Any, Any]] = field(default_factory=dict, repr=False)

    @property
    def name(self) -> str:
        """Return ``platform.api``."""
        return f"{self.platform.platform_key}.{self.api.key}"


_recipes: dict[tuple[int, int, int], CompiledApi] = {}


def compiled_api(platform: Platform, instance: Instance, api: Api) -> CompiledApi:
    """Return the recipe of *api*, compiled on its first use.

    Raises:
        ConfigError: if a path, a template or a default of the platform cannot be used.
    """
    # The recipe holds its models, so an id in the table cannot come to mean another object.
    key = (id(platform), id(instance), id(api))
    recipe = _recipes.get(key)
    if recipe is None:
        if len(_recipes) >= _MOST_CACHED:
            _recipes.clear()
        recipe = _recipes[key] = _compile(platform, instance, api)
    return recipe


def _compile(platform: Platform, instance: Instance, api: Api) -> CompiledApi:
    auth: Auth = api.auth if isinstance(api.auth, Auth) else platform.auth
    method = api.method.upper()
    acquires = _acquires(auth, method)
    apply = due(auth, acquires=acquires)
    path, _, path_query = api.path.partition("?")
    inputs = api.parameters
    recover = _recover(auth, acquires=acquires)
    query = _query_defaults(path_query, platform, instance, api)
    return CompiledApi(
        platform=platform,
        instance=instance,
        api=api,
        auth=auth,
        rules=CompiledRules(
            _first_set(api.response, platform.response),
            {k: CLASS_STATUS[k] for k in recover if k in CLASS_STATUS},
        ),
        recover=recover,
        timeout=_first_set(api.timeout, instance.timeout, platform.timeout),
        result=_first_set(instance.result, platform.result),
        rejects_business="business" in _first_set(instance.reject, platform.reject),
        strict=_first_set(instance.strict, platform.strict),
        encoding=_first_set(api.encoding, platform.encoding),
        method=method,
        pieces=path_template(path).pieces,
        query=query,
        headers=_header_defaults(platform, instance, api),
        body=api.body,
        resolves=_holds_credential((query, api.body)),
        inputs=inputs,
        reserved=reserved_by(auth, apply),
        apply=apply,
        acquires=acquires,
        uses=names_used(auth, apply, platform.base_url, api),
        sensitive=sensitive((*platform.secret, *api.secret)),
        personal=(*platform.redact, *api.redact),
        defaults=tuple(item for item in inputs if is_set(item.default)),
        required=tuple(item for item in inputs if item.required and not is_set(item.default)),
        path_names={item.name: item.target for item in inputs if item.place == "path"},
    )


def _first_set(*values: Any) -> Any:
    return next(value for value in values if value is not UNSET)


def _acquires(auth: Auth, method: str) -> bool:
    acquire = auth.acquire
    if acquire is None:
        return False
    methods = {name.upper() for name in acquire.methods}
    return not methods or method in methods


def _recover(auth: Auth, *, acquires: bool) -> Mapping[str, Recover]:
    """Return the declared recovery; with a login, a refused token is renewed once by default."""
    if acquires and "token" not in auth.recover:
        return {"token": _RETURN_TO_LOGIN, **auth.recover}
    return auth.recover


def _query_defaults(
    path_query: str, platform: Platform, instance: Instance, api: Api
) -> dict[str, Any]:
    """Merge weakest first: the API's own path, the platform, the instance, the API."""
    merged: dict[str, Any] = {}
    for name, value in parse_qsl(path_query, keep_blank_values=True):
        known = merged.get(name)
        merged[name] = value if known is None else [*_as_list(known), value]
    return {**merged, **platform.query, **instance.query, **api.query}


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _header_defaults(
    platform: Platform, instance: Instance, api: Api
) -> dict[str, tuple[str, str]]:
    merged: dict[str, tuple[str, str]] = {}
    for level in (platform.headers, instance.headers, api.headers):
        for name, value in level.items():
            try:
                merged[name.lower()] = (name, header_value(name, value))
            except BadValueError as error:
                raise ConfigError(labelled(f"{platform.platform_key}.{api.key}", error)) from None
    return merged


def _holds_credential(value: Any) -> bool:
    if isinstance(value, Mapping):
        return CREDENTIAL in value or any(map(_holds_credential, value.values()))
    return isinstance(value, list | tuple) and any(map(_holds_credential, value))
