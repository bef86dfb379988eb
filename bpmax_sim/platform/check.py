"""Checks of a platform file across its parts: names, places, templates.

Each check adds every problem that it finds to a list; none raises.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from msgspec import UnsetType

from bpmax_sim.errors import ConfigError, Problem, suggest_nearest
from bpmax_sim.field_path import FieldPath
from bpmax_sim.i18n import DataValue, join_list, msg
from bpmax_sim.messages import describe_unsettable_header
from bpmax_sim.path_template import list_placeholders
from bpmax_sim.platform import model
from bpmax_sim.platform.encodings import to_text
from bpmax_sim.platform.html_selector import compile_selector, compile_value_regex
from bpmax_sim.platform.secrecy import explain_always_secret
from bpmax_sim.platform.template import COMMON_NAMES, RESERVED, find_names, find_uses, is_template
from bpmax_sim.yamlfile import FileChecks, Node, Steps

CLASSES = ("token", "rate", "transient", "clock")
"""Classes of failure that need no declaration; the call layer knows them by status or code."""
TOO_MANY = 429
CREDENTIAL = "$credential"
ADDRESS = msg("an address such as https://crm.example.com, without ? # and user")
"""What `is_platform_address` accepts, for messages."""

_TEXT_PATHS = {"css": compile_selector, "regex": compile_value_regex}
"""What reads the paths into the text of a response, which must hold before one is there."""

_KEY = re.compile(r"[\w-]+")
_TEMPLATE = re.compile(r"\{\{.+\}\}", re.DOTALL)
_HOST = re.compile(r"[A-Za-z]\w*", re.ASCII)
_METHOD = re.compile(r"[A-Za-z]+")


def check_platform(root: Node, platform: model.Platform, problems: list[Problem]) -> None:
    """Add everything that is inconsistent in *platform* to *problems*.

    *root* is its file with presets expanded, in which problems have their positions.
    """
    if any(problem.path.startswith("credentials") for problem in problems):
        return  # every template that names one of them would be told of as well
    checks = _PlatformChecks(root, (), problems, platform)
    checks.check_platform_and_api_names()
    checks.check_credentials()
    checks.check_addresses()
    checks.check_headers_and_query((), platform)
    checks.check_auth(("auth",), platform.auth)
    checks.check_conditions((), platform.response)
    checks.check_places_are_in_response((), platform)
    for name, api in platform.apis.items():
        checks.check_api(name, api)
    checks.check_api_names_distinct()


def describe_volatile_problem(text: str) -> str:
    """Return why the place *text* cannot be listed under ``volatile``, or "".

    A text that is no place at all is reported elsewhere, so "" too.
    """
    with suppress(ConfigError):
        if FieldPath.parse(text, "volatile").root not in {"body", "header"}:
            return msg(
                "{path!r} is a place of requests, and `volatile` speaks of responses alone; write "
                "ignore: [{path}] to leave it out of the match",
                path=text,
            )
    return ""


def describe_secret_problem(text: str) -> str:
    """Return why the place *text* cannot be listed under ``secret``, or "".

    A text that is no such place at all is reported elsewhere or is a JSON path, so "" too.
    """
    with suppress(ConfigError):
        path = FieldPath.parse(text, "secret")
        if path.root in {"path", "query"}:
            return msg(
                "{path!r} is a place of requests, and `secret` speaks of responses alone; leave a "
                "secret to auth, or put it in with {{$credential: …}}",
                path=text,
            )
        if path.root == "header" and not isinstance(path[1:2] and path[1], str):
            return msg("{path!r} names no header; write header.<name>", path=text)
    return ""


def suggest_recover_for_classes(platform: model.Platform) -> Iterator[tuple[str, str]]:
    """Yield each class of failures, such as ``rate``, that the file recognises but ignores.

    It recognises them by business codes. Each comes with a message that suggests ``auth.recover``,
    by which calls are sent again. Nothing is yielded for platforms that reject such codes.
    """
    auths = [platform.auth, *(api.auth for api in platform.apis.values())]
    acting = {name for auth in auths if isinstance(auth, model.Auth) for name in auth.recover}
    rejects = bool(platform.reject)
    for name, known in platform.response.classes.items():
        if known.code and name in CLASSES and name not in acting and not rejects:
            yield (
                name,
                msg(
                    "{platform_key}: response.classes.{name} changes nothing, as nothing is sent "
                    "again for it; write auth.recover: {{{name}: {{tries: 3}}}}",
                    platform_key=platform.platform_key,
                    name=name,
                ),
            )


def describe_credential_problem(kind: model.Kind, node: Node) -> str:
    """Return what is wrong with the value *node* of a credential of this *kind*, or "".

    The kind decides the type (a whole number or text) and the form of the text. The message never
    contains the value.
    """
    if kind == "integer":
        right = isinstance(node.value, int) and not isinstance(node.value, bool)
        return (
            ""
            if right
            else msg("expected a whole number, got {node_kind}", node_kind=node.kind_in_messages)
        )
    if not isinstance(node.value, str):
        return msg("expected text, got {node_kind}; quote it", node_kind=node.kind_in_messages)
    return model.explain_invalid_credential(kind, node.value)


def is_platform_address(text: str) -> bool:
    """Return whether calls can be sent to the address *text*.

    It is http or https, without query and user, or a template.
    """
    if is_template(text):
        return True
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return False
    whole = parts.scheme in {"http", "https"} and bool(parts.hostname)
    return whole and not (parts.query or parts.fragment or "@" in parts.netloc)


def list_address_names(platform: model.Platform) -> frozenset[str]:
    """Return the names that a template in an address of *platform* may use."""
    return _list_filled_names(platform) - {"base_url"}


def _list_filled_names(platform: model.Platform) -> frozenset[str]:
    return COMMON_NAMES.union(platform.credentials, platform.auth.yielded_names)


def describe_wrong_platform_key(key: str) -> str:
    """Return why no platform can have *key*, which is also the name of a file; "" if one can."""
    if _KEY.fullmatch(key):
        return ""
    return msg("{key!r} is not a platform key; use letters, digits, _ and -", key=key)


def contains_template(value: object) -> bool:
    """Return whether *value*, of a header or the query, has a ``{{ … }}`` that nothing fills."""
    return isinstance(value, str) and _TEMPLATE.search(value) is not None


PROXY = msg("the address of a proxy, such as http://proxy.example:3128")


def is_proxy_address(text: str) -> bool:
    """Return whether *text* is the address of a proxy, with or without user and password."""
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return False
    return parts.scheme in {"http", "https", "socks5", "socks5h"} and bool(parts.hostname)


def report_bad_header_names(checks: FileChecks, headers: Iterable[str], *steps: str | int) -> None:
    """Report each of the names *headers*, keys of the mapping at *steps*, that cannot be sent."""
    for name in headers:
        if message := describe_unsettable_header(name):
            checks.report_problem(message, *steps, name, key=True)


def report_template_problems(
    checks: FileChecks, text: str, names: frozenset[str], *steps: str | int
) -> None:
    """Report the template *text* at *steps* if it is none, or names what is not in *names*."""
    try:
        unknown = sorted(find_names(text) - names)
    except ConfigError as error:
        checks.report_problem(str(error), *steps)
        return
    for name in unknown:
        hint = suggest_nearest(name, names) or msg("; declare it under credentials")
        message = msg(
            "the template names {name!r}, which is not defined{hint}", name=name, hint=hint
        )
        checks.report_problem(message, *steps)


def report_undeclared_credential(
    checks: FileChecks, platform: model.Platform, name: Any, *steps: str | int
) -> None:
    """Report *name*, which stands at *steps*, if *platform* declares no such credential."""
    declared = platform.credentials
    if not isinstance(name, str) or name not in declared:
        hint = suggest_nearest(str(name), declared) or msg("; declare it under credentials")
        message = msg("unknown credential {name!r}{hint}", name=name, hint=hint)
        checks.report_problem(message, *steps)


def report_unfilled_templates(
    checks: FileChecks, owner: model.Platform | model.Api | model.Instance, *steps: str | int
) -> None:
    """Report each ``{{ … }}`` in headers, query and body of *owner*, which stands at *steps*.

    They would be sent as they stand: only templates below ``auth`` are filled.
    """
    for place in ("headers", "query", "body"):
        for at, text in _iterate_unfilled_templates(getattr(owner, place, None)):
            if place == "headers" and text in at:
                continue  # the name of a header, which cannot be sent
            if place != "body" and len(at) == 1 and text not in at:
                message = _suggest_apply(text, place.rstrip("s"), str(at[0]))
            else:
                message = msg(
                    "{value!r} would be sent as it stands, as only auth fills templates; write "
                    "{{$credential: name}} for a credential, or make it the default of a parameter "
                    "if it is meant so",
                    value=text,
                )
            checks.report_problem(message, *steps, place, *at)


def _suggest_apply(text: str, place: str, name: str) -> str:
    return msg(
        "{value!r} would be sent as it stands, as only auth fills templates; "
        "write auth: {{apply: [{{in: {spot}, name: {name}, value: {value!r}}}]}}",
        value=text,
        spot=place,
        name=name,
    )


def _iterate_unfilled_templates(value: Any, steps: Steps = ()) -> Iterator[tuple[Steps, str]]:
    """Yield path and text of each key and text in *value*, at *steps*, that is like a template."""
    if contains_template(value):
        yield steps, value
    is_map = isinstance(value, Mapping) and CREDENTIAL not in value
    for step, item in value.items() if is_map else ():
        if contains_template(step):
            yield (*steps, step), step
        yield from _iterate_unfilled_templates(item, (*steps, step))
    for number, item in enumerate(value) if isinstance(value, list | tuple) else ():
        yield from _iterate_unfilled_templates(item, (*steps, number))


class _PlatformChecks(FileChecks, frozen=True):
    platform: model.Platform

    def check_platform_and_api_names(self) -> None:
        key = self.platform.platform_key
        if message := describe_wrong_platform_key(key):
            self.report_problem(message, "platform_key")
        for name in self.platform.apis:
            if not name.strip() or name.startswith("$"):
                self.report_problem(
                    msg("{name!r} is not an API name", name=name), "apis", name, key=True
                )

    def check_credentials(self) -> None:
        for name, spec in self.platform.credentials.items():
            message = ""
            if not name.isidentifier():
                message = msg(
                    "{name!r} cannot be used in templates; use only letters, digits and _",
                    name=name,
                )
            elif name in RESERVED:
                message = msg(
                    "{name!r} means something else in templates; rename the credential", name=name
                )
            if message:
                self.report_problem(message, "credentials", name, key=True)
            self.check_secrecy_and_standin(name, spec)
            node = self.root.find_at(("credentials", name, "default"))
            if node is not None and (message := describe_credential_problem(spec.kind, node)):
                self.report_problem(message, "credentials", name, "default")

    def check_secrecy_and_standin(self, name: str, spec: model.CredentialSpec) -> None:
        """Report ``secret: false`` and ``as`` of credential *name* where they are not possible.

        ``secret: false`` (it is recorded in clear) is not if it is always secret or no text. For
        ``as``, one text that replaces it in all recordings, see `check_standin_for_all_recordings`.
        """
        if spec.standin:
            self.check_standin_for_all_recordings(name, spec)
        if spec.secret is not False:
            return
        why = explain_always_secret(self.platform, name)
        if not why and spec.kind != "text":
            why = msg(
                "only text can be recorded as it is, and its kind is {spec_kind}",
                spec_kind=spec.kind,
            )
        if why:
            message = msg(
                "{name!r} cannot be declared secret: false: {why}; write secret: true",
                name=name,
                why=why,
            )
            self.report_problem(message, "credentials", name, "secret")

    def check_standin_for_all_recordings(self, name: str, spec: model.CredentialSpec) -> None:
        """Report ``as`` of a credential that cannot have it: one text for it in all recordings.

        It cannot if the credential is always secret, is no text, or has ``secret: false``.
        """
        why = explain_always_secret(self.platform, name)
        if not why and spec.kind != "text":
            why = msg("its kind is {kind}", kind=spec.kind)
        if not why and spec.secret is False:
            why = msg("secret: false records its value as it is")
        if why:
            message = msg(
                "{name!r} cannot be recorded as {text!r}: {why}; take `as` away",
                name=name,
                text=spec.standin,
                why=why,
            )
            self.report_problem(message, "credentials", name, "as")

    def check_addresses(self) -> None:
        if not is_platform_address(self.platform.base_url):
            self.report_problem(msg("expected {address}", address=ADDRESS), "base_url")
        report_template_problems(
            self, self.platform.base_url, list_address_names(self.platform), "base_url"
        )
        for host, address in self.platform.hosts.items():
            if not _HOST.fullmatch(host):
                message = msg(
                    "{host!r} is not a valid host name; use letters, digits and _", host=host
                )
                self.report_problem(message, "hosts", host, key=True)
            if is_template(address) or not is_platform_address(address):
                self.report_problem(msg("expected {address}", address=ADDRESS), "hosts", host)
            if model.make_host_template_name(host) in self.platform.credentials:
                message = msg(
                    "a credential is called {name!r} as well",
                    name=model.make_host_template_name(host),
                )
                self.report_problem(message, "hosts", host, key=True)

    def check_host_declared(self, name: str, *steps: str | int) -> None:
        if name and name not in self.platform.hosts:
            known = self.platform.hosts
            hint = suggest_nearest(name, known) or msg("; declare it under hosts")
            self.report_problem(
                msg("there is no host {name!r}{hint}", name=name, hint=hint), *steps, "host"
            )

    def check_headers_and_query(self, steps: Steps, owner: model.Platform | model.Api) -> None:
        """Report what is wrong in headers and query of *owner*, a platform or API, and its body."""
        report_bad_header_names(self, owner.headers, *steps, "headers")
        report_unfilled_templates(self, owner, *steps)
        for place in ("query", "body"):
            for used in find_credential_references(getattr(owner, place, None)):
                report_undeclared_credential(
                    self, self.platform, used.name, *steps, place, *used.steps
                )

    def check_auth(self, steps: Steps, auth: model.Auth) -> None:
        node = self.root.find_at(steps)
        declared = {
            *self.platform.credentials,
            *map(model.make_host_template_name, self.platform.hosts),
        }
        for use in find_uses(node) if node is not None else ():
            report_template_problems(self, use.text, use.names.union(declared), *steps, *use.steps)
        self.check_header_names_in_auth(steps, auth)
        for index, step in enumerate(auth.steps):
            request = (*steps, "acquire", "steps", index, "request")
            for name, rule in step.extract.items():
                at = (*steps, "acquire", "steps", index, "extract", name, "path")
                self.check_value_path(rule.path, at)
            self.check_host_declared(step.request.host, *request)
            self.check_path_of_login(step.request.path, *request, "path")
            self.check_names_in_login(step.request, *request)
        for index, name in enumerate(auth.acquire.share if auth.acquire else ()):
            report_undeclared_credential(
                self, self.platform, name, *steps, "acquire", "share", index
            )
        known = {*CLASSES, *self.platform.response.classes}
        for name in [name for name in auth.recover if name not in known]:
            hint = suggest_nearest(name, known) or msg("; declare it under response.classes")
            message = msg("unknown failure class {name!r}{hint}", name=name, hint=hint)
            self.report_problem(message, *steps, "recover", name)

    def check_path_of_login(self, path: str, *steps: str | int) -> None:
        """Report a query in the *path* of a login: it would be escaped, as all of a path is."""
        _, mark, query = path.partition("?")
        if mark:
            message = msg(
                "{query!r} would be sent as a part of the path; write it under query, as {example}",
                query=f"?{query}",
                example="query: {grant_type: client_credentials}",
            )
            self.report_problem(message, *steps)

    def check_names_in_login(self, request: model.LoginRequest, *steps: str | int) -> None:
        """Report templates that name a header or a member of *request*: only values are filled."""
        for place in ("query", "headers", "form", "body"):
            for at, text in _iterate_unfilled_templates(getattr(request, place)):
                if at[-1:] == (text,):
                    message = msg(
                        "the name {name!r} would be sent as it stands, as only values are filled; "
                        "write the name itself",
                        name=text,
                    )
                    self.report_problem(message, *steps, place, *at, key=True)

    def check_header_names_in_auth(self, steps: Steps, auth: model.Auth) -> None:
        """Report the names of headers in *auth* that cannot be sent.

        What a template gives as a name is known when a request is signed.
        """
        sign = auth.sign or model.Sign()
        declared: list[tuple[Iterable[str], Steps]] = [
            (sign.default_headers, ("sign", "default_headers")),
            (sign.set_headers, ("sign", "set_headers")),
        ]
        for index, step in enumerate(auth.steps):
            place = ("acquire", "steps", index, "request", "headers")
            declared.append((step.request.headers, place))
        for headers, at in declared:
            names = [name for name in headers if not is_template(name)]
            report_bad_header_names(self, names, *steps, *at)
        applied: list[tuple[model.Apply, Steps]] = [
            *((item, ("apply", index)) for index, item in enumerate(auth.apply)),
            *((item, ("sign", "emit", index)) for index, item in enumerate(sign.emit)),
        ]
        for item, at in applied:
            is_name = item.place == "header" and not is_template(item.name)
            if is_name and (message := describe_unsettable_header(item.name)):
                self.report_problem(message, *steps, *at, "name")

    def check_value_path(self, path: str, steps: Steps) -> None:
        kind, _, source = path.partition(":")
        try:
            if kind in _TEXT_PATHS:
                _TEXT_PATHS[kind](source)
        except ConfigError as error:
            self.report_problem(str(error), *steps)

    def check_places_are_in_response(self, steps: Steps, owner: model.Platform | model.Api) -> None:
        """Report each place of a request that *owner* lists as ``volatile`` or ``secret``.

        *owner* is a platform or API. Only places of responses belong there.
        """
        for option, places, describe in (
            ("volatile", owner.volatile, describe_volatile_problem),
            ("secret", owner.secret, describe_secret_problem),
        ):
            for number, text in enumerate(places):
                if wrong := describe(text):
                    self.report_problem(wrong, *steps, option, number)

    def check_api(self, name: str, api: model.Api) -> None:
        steps = ("apis", name)
        self.check_host_declared(api.host, *steps)
        if not _METHOD.fullmatch(api.method):
            self.report_problem(
                msg("{method!r} is not an HTTP method", method=api.method), *steps, "method"
            )
        self.check_headers_and_query(steps, api)
        if contains_template(api.path):
            message = msg(
                "{path!r} has a template, and only auth fills them; write {{name}} in its place, "
                "and auth: {{apply: [{{in: path, name: name, value: {example!r}}}]}}",
                path=api.path,
                example="{{ name }}",
            )
            self.report_problem(message, *steps, "path")
        self.check_places_are_in_response(steps, api)
        if isinstance(api.auth, model.Auth):
            self.check_auth((*steps, "auth"), api.auth)
        if isinstance(api.idempotency, model.Idempotency):
            auth = self.platform.auth_of(api)
            names = COMMON_NAMES.union(
                self.platform.credentials, auth.parameters, auth.yielded_names
            )
            report_template_problems(
                self, api.idempotency.value, names, *steps, "idempotency", "value"
            )
        self.check_conditions(steps, api.response)
        self.check_parameters(steps, api)

    def check_conditions(self, steps: Steps, rules: model.ResponseRules | UnsetType) -> None:
        declared = rules.ok.all if isinstance(rules, model.ResponseRules) else ()
        for index, condition in enumerate(declared):
            if not (condition.any_of or condition.absent):
                message = msg("condition can never match; add in: […] or absent: true")
                self.report_problem(message, *steps, "response", "ok", "all", index)

    def check_parameters(self, steps: Steps, api: model.Api) -> None:
        applied = {item.name for item in self.platform.auth_of(api).apply if item.place == "path"}
        missing = set(list_placeholders(api.path)) - applied
        offered = {parameter.wire_name for parameter in api.parameters if parameter.place == "path"}
        # Without a list, each placeholder is a parameter by itself.
        if api.parameters:
            for name in sorted(missing - offered):
                message = msg(
                    "the placeholder {{{name}}} has no parameter; add {{name: {name}, in: path}}",
                    name=name,
                )
                self.report_problem(message, *steps, "path")
        seen: set[tuple[str, ...]] = set()
        for index, parameter in enumerate(api.parameters):
            if parameter.place == "path" and parameter.wire_name not in missing:
                message = msg(
                    "the path has no placeholder {{{target}}}{near}",
                    target=parameter.wire_name,
                    near=suggest_nearest(parameter.wire_name, missing),
                )
                self.report_problem(message, *steps, "parameters", index)
            self.check_name_and_default(parameter, (*steps, "parameters", index))
            place = model.join_place(parameter.place, parameter.wire_name)
            spellings = {(parameter.name,), (parameter.place, place)}
            if not seen.isdisjoint(spellings):
                message = msg(
                    "a second parameter {name!r}, or a second one for its place; remove one",
                    name=parameter.name,
                )
                self.report_problem(message, *steps, "parameters", index)
            seen |= spellings

    def check_name_and_default(self, parameter: model.Parameter, steps: Steps) -> None:
        """Report *parameter* if its header cannot be sent, or its default is not in ``enum``."""
        name, default = parameter.wire_name, parameter.default
        if parameter.place == "header" and (message := describe_unsettable_header(name)):
            self.report_problem(message, *steps)
        with suppress(ConfigError):  # a text that is no template is meant as it stands
            used = find_names(default) if isinstance(default, str) else frozenset()
            if used and used <= _list_filled_names(self.platform):
                message = _suggest_apply(str(default), parameter.place, name)
                self.report_problem(message, *steps, "default")
        known = [str(DataValue(item)) for item in parameter.enum]
        texts = {to_text(item) for item in parameter.enum if item is not None}  # as they are sent
        if known and isinstance(default, str | int | float) and to_text(default) not in texts:
            message = msg(
                "the default {default!r} is none of {listed}{hint}",
                default=DataValue(default),
                listed=join_list(known),
                hint=suggest_nearest(str(DataValue(default)), known),
            )
            self.report_problem_or_warning("rule", message, *steps, "default")

    def check_api_names_distinct(self) -> None:
        """Report two APIs that share a name: key or alias, in camelCase or snake_case."""
        apis, owners = self.platform.apis, dict[str, str]()
        spellings: list[tuple[str, Steps]] = [(name, ("apis", name)) for name in apis]
        for name, api in apis.items():
            spellings += [(a, ("apis", name, "aliases", i)) for i, a in enumerate(api.aliases)]
        for spelled, steps in spellings:
            owner = owners.setdefault(model.to_snake_case(spelled), str(steps[1]))
            if owner != steps[1]:
                message = msg(
                    "{spelled!r} could also mean the API {owner!r}; rename one of them",
                    spelled=spelled,
                    owner=owner,
                )
                self.report_problem(message, *steps, key=steps[-1] == spelled)


class CredentialReference(NamedTuple):
    """A ``{$credential: name}`` in a declared query or body.

    Attributes:
        steps: path of its key ``$credential`` in the declared value.
        name: name of the credential, as written; not yet known to be a text.
    """

    steps: Steps
    name: Any


def find_credential_references(value: Any, steps: Steps = ()) -> Iterator[CredentialReference]:
    """Yield each ``{$credential: name}`` in a declared value, which stands at *steps*."""
    if isinstance(value, Mapping):
        if CREDENTIAL in value:
            yield CredentialReference((*steps, CREDENTIAL), value[CREDENTIAL])
            return
        for name, item in value.items():
            yield from find_credential_references(item, (*steps, name))
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from find_credential_references(item, (*steps, index))
