"""What a request can be for, and the places that declarations name in every such request.

Computed once for a declaration, not for each request.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

import msgspec

from bpmax_sim.messages import Sensitive
from bpmax_sim.platform import model
from bpmax_sim.platform.model import Api, Auth, LoginStep, Platform
from bpmax_sim.platform.secrecy import explain_always_secret
from bpmax_sim.platform.template import find_names, render

CLIENT: Final = "header.user-agent"
"""Among the injected places of a client's own login and never of a builder's."""


class NumberedLoginStep(msgspec.Struct, frozen=True):
    """One request of a login.

    Attributes:
        auth: auth whose ``acquire`` has the request.
        step: declaration of the request.
        number: its number in ``acquire``, from 1.
    """

    auth: Auth
    step: LoginStep
    number: int


@dataclass(frozen=True, eq=False, repr=False)
class RequestTarget:
    """What a request is for: an API, a login step, one of several APIs, or something undeclared.

    Attributes:
        platform: platform whose address it was sent to.
        api, login: at most one of them is set; neither if it is undeclared or unclear.
        candidates: APIs that fit equally well, if it is unclear which of them is meant.
        login_templates: templates in the login's address, by place, such as ``path.secret``.
    """

    platform: Platform
    api: Api | None = None
    login: NumberedLoginStep | None = None
    candidates: tuple[Api, ...] = ()
    login_templates: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_declared(self) -> bool:
        """Return whether the platform file declares the request: as an API or a login step.

        True as well if several APIs fit equally well (`candidates`), so that it is unclear which
        of them it is.
        """
        return bool(self.api or self.login or self.candidates)

    @cached_property
    def auth(self) -> Auth:
        """Return the auth of its API or login, else the platform's."""
        if self.login:
            return self.login.auth
        return self.platform.auth_of(self.api) if self.api else self.platform.auth

    @cached_property
    def declared_header_names(self) -> frozenset[str]:
        """Return the names of the headers that the platform file declares, in lower case.

        They are those of the login step, or those of the platform and of the API or, if several
        fit, of all these. What auth adds to a request is not among them.
        """
        if self.login:
            return frozenset(name.lower() for name in self.login.step.request.headers)
        declared = [*self.platform.headers]
        for api in (self.api,) if self.api else self.candidates:
            declared += api.headers
            declared += [item.wire_name for item in api.parameters if item.place == "header"]
        return frozenset(name.lower() for name in declared)

    @cached_property
    def injected_places(self) -> tuple[str, ...]:
        """Return every place of a request that auth and signing fill (``header.x-sign``)."""
        return (CLIENT,) if self.login else tuple(dict.fromkeys(_list_injected_places(self.auth)))

    @cached_property
    def response_secret_places(self) -> tuple[Sensitive, ...]:
        """Return the places of the response that hold secrets, such as the token of a login."""
        if self.login:
            return self.login.step.response_secret_places
        return model.parse_sensitive_places(
            (*self.platform.secret, *(self.api.secret if self.api else ()))
        )

    @property
    def charset(self) -> str:
        """Return the encoding that the API or its platform declares for texts; empty if none."""
        own = self.api.charset if self.api else ""
        return own if isinstance(own, str) and own else self.platform.charset

    @cached_property
    def personal_places(self) -> tuple[str, ...]:
        """Return the places of personal data that platform and API declare under ``redact``."""
        return (*self.platform.redact, *(self.api.redact if self.api else ()))

    @cached_property
    def login_secret_name_by_place(self) -> Mapping[str, str]:
        """Return the places of requests that hold secrets, such as ``header.x-sign``.

        For a login each is mapped to the name of the secret that its template uses, for an API to
        "".
        """
        return dict(_iterate_secret_places(self))


def _list_injected_places(auth: Auth) -> Iterator[str]:
    """Yield each place of a request that *auth* fills, such as ``header.x-sign``."""
    for spot, name in model.find_auth_places(auth, auth.apply):
        yield model.join_place(spot, name)
    for name in auth.sign.default_headers if auth.sign else ():
        yield model.join_place("header", render(name, auth.parameters))


def _iterate_secret_places(target: RequestTarget) -> Iterator[tuple[str, str]]:
    """Yield each place of a request that holds a secret.

    It comes with the name of the secret that its template uses for a login, with "" for an API.
    """
    auth = target.auth
    secrets = _collect_secret_names(target.platform, auth)
    if target.login is None:
        for place, name, value in _list_filled_templates(auth):
            if find_names(value) & secrets:
                yield model.join_place(place, render(name, auth.parameters)), ""
        return
    parts = target.login.step.request.content_by_place
    texts = [pair for part in parts for pair in _iterate_texts_by_place(*part)]
    for place, template in (*texts, *target.login_templates.items()):
        used = sorted(find_names(template) & secrets)
        if used:
            yield place, used[0]


def _list_filled_templates(auth: Auth) -> Iterator[tuple[str, str, str]]:
    """Yield place, name and value of everything that *auth* puts into a request, as templates."""
    for item in (*auth.apply, *model.list_signature_places(auth)):
        yield item.place, item.name, item.value
    sign = auth.sign or model.Sign()
    for headers in (sign.default_headers, sign.set_headers):
        yield from (("header", name, value) for name, value in headers.items())
    yield from (("query", name, value) for name, value in sign.set_query.items())


def _collect_secret_names(platform: Platform, auth: Auth) -> set[str]:
    """Return the template names whose value is secret or is made from a secret."""
    names = {
        name
        for name, spec in platform.credentials.items()
        if spec.secret is True or explain_always_secret(platform, name)
    } | {"signature"}
    for step in auth.steps:
        names |= {name for name, rule in step.extract.items() if rule.secret}
    defined = (*auth.sign.define, *auth.sign.canonical) if auth.sign else ()
    for name, text in (pair for group in (auth.parameters, *defined) for pair in group.items()):
        if isinstance(text, str) and find_names(text) & names:
            names.add(name)
    return names


def _iterate_texts_by_place(place: str, value: Any) -> Iterator[tuple[str, str]]:
    """Yield the place and text of each text in *value*: ``body.user.name``, ``body.args[2]``."""
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from _iterate_texts_by_place(f"{place}.{name}", item)
    elif isinstance(value, list | tuple):
        for number, item in enumerate(value):
            yield from _iterate_texts_by_place(f"{place}[{number}]", item)
    elif isinstance(value, str):
        yield place, value
