"""Find declarations of a platform that are probably mistakes; each is a warning.

For example a credential that nothing uses, or a time-out written in milliseconds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

import msgspec
from msgspec import UNSET

from bpmax_sim.errors import ConfigError, Problem, suggest_nearest, suggest_or_list
from bpmax_sim.i18n import join_list, msg
from bpmax_sim.platform import model
from bpmax_sim.platform.check import TOO_MANY, find_credential_references
from bpmax_sim.platform.load import Platforms, find_declared_place
from bpmax_sim.platform.response_shapes import derive_schema_shape
from bpmax_sim.platform.schema_check import TYPES
from bpmax_sim.platform.template import COMMON_NAMES, find_names, iterate_texts
from bpmax_sim.yamlfile import Steps, format_steps

TTL = "ttl"
_UNEXECUTED = {"rate": (TOO_MANY,)}


class SuspectDeclaration(NamedTuple):
    """A declaration that is probably a mistake.

    Attributes:
        message: what is wrong with it; it begins with the key of the platform.
        steps: its path in the platform file.
        is_inheritable: whether it is wrong as well if a preset or another file declares it.
    """

    message: str
    steps: Steps
    is_inheritable: bool = True


def find_suspect_declarations(platforms: Platforms, key: str) -> Iterator[Problem]:
    """Yield each declaration of platform *key* that is probably a mistake; none if it is unknown.

    The place is that in the user's file; None if a preset or another file declares it.
    """
    platform = platforms.find(key)
    heirs = platforms.find_heirs(key)
    for one in explain_suspect_declarations(platform, heirs) if platform is not None else ():
        place = find_declared_place(platforms, key, one.steps, is_exact=not one.is_inheritable)
        if place is not None or one.is_inheritable:
            yield Problem(one.message, place)


def explain_suspect_declarations(
    platform: model.Platform, heirs: Sequence[model.Platform] = ()
) -> Iterator[SuspectDeclaration]:
    """Yield each declaration that is probably a mistake, or that no call can use.

    *heirs* are the platforms that extend it: they may use what it does not use itself.
    """
    yield from _explain_unused_values(platform, heirs)
    yield from _explain_single_braces(platform)
    yield from _explain_unusable_recover(platform)
    apis = ((("apis", key), api) for key, api in platform.apis.items())
    declared: list[tuple[Steps, model.Platform | model.Api]] = [((), platform), *apis]
    codes = [owner.response.code for _, owner in declared if owner.response is not UNSET]
    for name, known in platform.response.classes.items():
        if known.code and not any(codes):
            message = msg(
                "{platform_key}: response.classes.{name}.code can never hold, as nothing says "
                "where a response has its code; write response.code: [$.code]",
                platform_key=platform.platform_key,
                name=name,
            )
            yield SuspectDeclaration(message, ("response", "classes", name, "code"))
    yield from _explain_unknown_volatile_places(platform)
    for above, owner in declared:
        if owner.timeout is not UNSET and owner.timeout > _LONG:
            message = msg(
                "{platform_key}: {path}timeout: {timeout:g} is in seconds; write {less:g} where "
                "milliseconds are meant",
                platform_key=platform.platform_key,
                path="".join(f"{step}." for step in above),
                timeout=owner.timeout,
                less=owner.timeout / 1000,
            )
            yield SuspectDeclaration(message, (*above, "timeout"))
    yield from _explain_misspelt_types(platform)


def _explain_misspelt_types(platform: model.Platform) -> Iterator[SuspectDeclaration]:
    """Yield each parameter with an unknown type that resembles a known one."""
    for name, api in platform.apis.items():
        for number, parameter in enumerate(api.parameters):
            hint = suggest_nearest(parameter.type, TYPES) if parameter.type not in TYPES else ""
            if hint:
                message = msg(
                    "{platform_key}: apis.{name}: the parameter {parameter} has the type {type!r}, "
                    "which is none, so that nothing is compared with it{hint}",
                    platform_key=platform.platform_key, name=name, parameter=parameter.name,
                    type=parameter.type, hint=hint,
                )  # fmt: skip
                yield SuspectDeclaration(message, ("apis", name, "parameters", number, "type"))


_LONG = 3600.0


def _explain_unknown_volatile_places(platform: model.Platform) -> Iterator[SuspectDeclaration]:
    """Yield each volatile place that the declared response does not have."""
    for name, api in platform.apis.items():
        shape = derive_schema_shape(api.answer) if api.answer else None
        for number, text in enumerate(api.volatile if shape is not None else ()):
            steps = [step for step in re.split(r"[.\[\]]+", text) if step]
            if steps[:1] == ["body"] and shape and shape.check_presence(steps[1:]) == "absent":
                known = shape.list_names_at(steps[1:-1])
                message = msg(
                    "{platform_key}: apis.{name}.volatile: the declared answer has no "
                    "{place}{hint}",
                    platform_key=platform.platform_key,
                    name=name,
                    place=text,
                    hint=suggest_or_list(steps[-1], known),
                )
                yield SuspectDeclaration(message, ("apis", name, "volatile", number))


def _explain_unusable_recover(platform: model.Platform) -> Iterator[SuspectDeclaration]:
    """Yield each key of ``recover`` that has no effect in any call.

    For example, ``refresh`` has none without a login; see `_explain_useless_recover_keys`.
    """
    own = [(("apis", api.key, "auth"), api.auth, [api]) for api in platform.apis.values()]
    shared = [api for api in platform.apis.values() if not isinstance(api.auth, model.Auth)]
    for above, auth, apis in ((("auth",), platform.auth, shared), *own):
        if not isinstance(auth, model.Auth):
            continue
        repeats = not apis or any(api.is_idempotent for api in apis)
        for name in auth.recover:
            for why in _explain_useless_recover_keys(platform, auth, name, may_repeat=repeats):
                message = msg(
                    "{platform_key}: {path}.recover.{name}: {why}",
                    platform_key=platform.platform_key,
                    path=".".join(above),
                    name=name,
                    why=why,
                )
                yield SuspectDeclaration(message, (*above, "recover", name))


def _explain_useless_recover_keys(
    platform: model.Platform, auth: model.Auth, name: str, *, may_repeat: bool
) -> Iterator[str]:
    """Yield a message for each key of ``recover``, class *name*, in *auth* that has no effect.

    These are ``refresh`` without a login, ``wait`` without a second try, and ``tries`` if no call
    may be sent again: *may_repeat* is whether any API may.
    """
    rule = auth.recover[name]
    if rule.refresh and auth.acquire is None:
        yield msg("refresh does nothing, as there is no login to renew")
    if rule.tries == 1 and rule.wait:
        yield msg("wait does nothing without a second try; add tries: 2")
    known = platform.response.classes.get(name)
    statuses = known.status if known else _UNEXECUTED.get(name, ())
    # Connections that were never made are `transient` as well, and nothing was sent over them.
    is_unexecuted = name == "transient" or TOO_MANY in statuses
    if rule.tries > 1 and not is_unexecuted and not may_repeat:
        yield msg(
            "tries does nothing, as no API may be sent again; declare idempotent: true on one"
        )


def _explain_unused_values(
    platform: model.Platform, heirs: Sequence[model.Platform]
) -> Iterator[SuspectDeclaration]:
    """Yield each credential that no request gets, and each login of which none gets a value."""
    used = {name for one in (platform, *heirs) for name in _find_used_names(one)}
    for name in sorted(platform.credentials.keys() - used):
        message = msg(
            "{platform_key}: nothing uses the credential {name!r}; write {braces} in auth, where "
            "it is to be sent, or remove it",
            platform_key=platform.platform_key, name=name, braces=f"{{{{ {name} }}}}",
        )  # fmt: skip
        yield SuspectDeclaration(message, ("credentials", name), is_inheritable=False)
    for above, auth in _list_auths(platform):
        names = sorted(auth.yielded_names - {TTL})
        if names and used.isdisjoint(names):
            message = msg(
                "{platform_key}: {path}: no request gets what this login extracts ({names}); write "
                "apply: [{{in: header, name: Authorization, value: 'Bearer {braces}'}}]",
                platform_key=platform.platform_key, path=format_steps((*above, "acquire")),
                names=join_list(names), braces=f"{{{{ {names[0]} }}}}",
            )  # fmt: skip
            yield SuspectDeclaration(message, (*above, "acquire"))


def _list_auths(platform: model.Platform) -> list[tuple[Steps, model.Auth]]:
    """Return the auth of *platform* and those of its APIs, each with its path in the file."""
    own = [(("apis", key, "auth"), api.auth) for key, api in platform.apis.items()]
    return [
        (steps, auth)
        for steps, auth in ((("auth",), platform.auth), *own)
        if isinstance(auth, model.Auth)
    ]


def _find_used_names(platform: model.Platform) -> Iterator[str]:
    """Yield each name of a credential, or of a login's value, that something in the file uses.

    In single braces, too: these are reported by themselves.
    """
    keys = [api.idempotency for api in platform.apis.values()]
    auths = [auth for _, auth in _list_auths(platform)]
    for text in iterate_texts([platform.base_url, *platform.hosts.values(), *auths, *keys]):
        with suppress(ConfigError):  # a text such as a regular expression is no template
            yield from find_names(text)
    for auth in auths:
        yield from auth.acquire.share if auth.acquire else ()
    owners: tuple[model.Platform | model.Api, ...] = (platform, *platform.apis.values())
    for owner in owners:
        body = owner.body if isinstance(owner, model.Api) else UNSET
        yield from (str(one.name) for one in find_credential_references([owner.query, body]))
    for _, match in _find_single_braces(platform):
        yield match["name"]


def _explain_single_braces(platform: model.Platform) -> Iterator[SuspectDeclaration]:
    """Yield each name in single braces, as in ``Bearer { token }``, that is sent as it stands."""
    for steps, match in _find_single_braces(platform):
        message = msg(
            "{platform_key}: {path}: {text!r} is sent as it stands; write {braces} for the value",
            platform_key=platform.platform_key, path=format_steps(steps), text=match[0],
            braces=f"{{{{ {match['name']} }}}}",
        )  # fmt: skip
        below = steps[2:] if steps[:1] == ("apis",) else steps
        if below[:1] in {("headers",), ("query",)}:
            message = msg(
                "{platform_key}: {path}: {text!r} is sent as it stands, as only auth fills in "
                "values; write apply: [{{in: {spot}, name: {name}, value: {value!r}}}] there",
                platform_key=platform.platform_key, path=format_steps(steps), text=match[0],
                spot=str(below[0]).rstrip("s"), name=below[1],
                value=match.string.replace(match[0], f"{{{{ {match['name']} }}}}"),
            )  # fmt: skip
        yield SuspectDeclaration(message, steps)


_SINGLE_BRACES = re.compile(
    r"\{[{%].*?[}%]\}|(?P<braces>\$?\{\s*(?P<name>[^\W\d]\w*)\s*\})", re.DOTALL
)
"""A name in single braces, outside of what a template fills in."""


def _find_single_braces(platform: model.Platform) -> Iterator[tuple[Steps, re.Match[str]]]:
    """Yield each name of a value in single braces where a template is filled, with its path.

    Names are those that templates may use there. Paths of APIs have placeholders in such braces.
    """
    names = COMMON_NAMES.union(platform.credentials)
    written: list[tuple[Steps, Any, frozenset[str]]] = [
        ((), {"base_url": platform.base_url}, names - {"base_url"}),
        (("headers",), platform.headers, names),
        (("query",), platform.query, names),
    ]
    for steps, auth in _list_auths(platform):
        known = names.union(auth.yielded_names, auth.parameters)
        written.append((steps, msgspec.to_builtins(auth), known))
    for key, api in platform.apis.items():
        written += [
            (("apis", key, spot), getattr(api, spot), names) for spot in ("headers", "query")
        ]
        if isinstance(api.idempotency, model.Idempotency):
            known = names.union(platform.auth_of(api).yielded_names)
            written.append((("apis", key, "idempotency", "value"), api.idempotency.value, known))
    for above, value, known in written:
        for steps, text in _iterate_texts_with_steps(value, above):
            for match in _SINGLE_BRACES.finditer(text):
                if match["name"] in known:
                    yield steps, match


def _iterate_texts_with_steps(value: Any, steps: Steps) -> Iterator[tuple[Steps, str]]:
    """Yield each text at or below *value*, which stands at *steps* in the file, with its path."""
    if isinstance(value, str):
        yield steps, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _iterate_texts_with_steps(item, (*steps, key))
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _iterate_texts_with_steps(item, (*steps, index))
