"""Find the platform, instance and API of an HTTP request, or the declared login it belongs to.

This is the only place that does so: for other HTTP clients, imports, the server, the simulator and
the drift check. A platform is found by any of its addresses: its own, those of its instances, of
its logins and of its further hosts. Below the address, method and path decide, with literal
segments before parameters. If several APIs are left, constant members of query, header and body
decide (``Action=``, ``X-TC-Action``, ``msgtype``), then the encoding of the body. If there are
still several, only the platform is known.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from functools import cached_property
from typing import Any, Final
from urllib.parse import parse_qsl, unquote_plus

import msgspec
from msgspec.structs import replace

from bpmax_sim.field_path import get_nested, split_body_path
from bpmax_sim.i18n import join_list, msg
from bpmax_sim.js_values import format_js_number, loads_as_javascript
from bpmax_sim.messages import (
    DEFAULT_PORTS,
    Headers,
    Request,
    is_below,
    normalize_origin,
    parse_origin,
    split_below,
)
from bpmax_sim.path_template import (
    PathTemplate,
    compile_path_template,
    has_trailing_slash,
    split_decoded_segments,
)
from bpmax_sim.platform.check import CREDENTIAL
from bpmax_sim.platform.encodings import to_text
from bpmax_sim.platform.instances import derive_conventional_variable
from bpmax_sim.platform.load import Platforms
from bpmax_sim.platform.model import (
    Api,
    Auth,
    Encoding,
    Instance,
    Platform,
    Source,
    make_host_template_name,
)
from bpmax_sim.platform.target import NumberedLoginStep, RequestTarget

Addresses = Mapping[tuple[str, str, str], str]
"""The address in use, by platform and instance key, and the name of a further host or nothing."""

_ANY_INSTANCE: Final = "default"
EXPRESSION: Final = re.compile(r"\{\{\s*+(.*?)\s*\}\}", re.DOTALL)
_NAME: Final = re.compile(r"[^\W\d]\w*")
_NEVER_CONSTANT: Final = frozenset({"accept", "content-type", "user-agent"})
_ENCODINGS: Final[Mapping[str, Encoding]] = {
    "application/json": "json",
    "application/x-www-form-urlencoded": "form",
    "multipart/form-data": "multipart",
    "application/xml": "xml",
    "text/xml": "xml",
    "text/plain": "text",
}


class ApiMatch(msgspec.Struct, frozen=True, kw_only=True):
    """What a request is for, found by its address, path and content.

    Attributes:
        target: the API or login that is requested; neither if it is undeclared or unclear.
        instances: instances with this address, the default one first.
        base: beginning of the URL that is the address.
        host: name of the further host of the platform with this address; else empty.
        declared: what recordings contain instead of the base, for a further host.
        is_outside: whether the address is not the platform's own, but that of a login or of a
            further host.
        path: path below the address, without query. Values of placeholders are percent-encoded as
            in a ``$proxy`` call; placeholders that auth fills stay placeholders.
        parameters: decoded values of the path's placeholders.
        note: why no API is named although some have this path; else empty.
    """

    target: RequestTarget
    instances: tuple[str, ...] = (_ANY_INSTANCE,)
    base: str = ""
    host: str = ""
    declared: str = ""
    is_outside: bool = False
    path: str = ""
    parameters: Mapping[str, str] = {}
    note: str = ""

    @property
    def instance(self) -> str:
        """Return the first of `instances`: the default one, if it has this address."""
        return self.instances[0]


class ApiMatcher:
    """Finds the API or login that a request is for; built once for many requests."""

    def __init__(self, platforms: Iterable[Platform], addresses: Addresses | None = None) -> None:
        """Prepare for requests to the addresses of *platforms*.

        These are the addresses that platform files and instances declare, and *addresses*: those
        that instances really have, such as from environment variables, by (platform, instance,
        host).
        """
        self._routes = {platform.platform_key: _Routes(platform) for platform in platforms}
        entries = platforms.entries if isinstance(platforms, Platforms) else {}
        every: list[_Address] = []
        for routes in self._routes.values():
            platform, sharing = routes.platform, dict[str, dict[str, None]]()
            for instance, text in _pair_instances_with_addresses(
                platform, entries, addresses or {}
            ):
                sharing.setdefault(normalize_origin(text.rstrip("/")), {})[instance] = None
            every += [
                _Address(
                    routes, tuple(instances), _compile_address_pattern(base), _count_fixed(base)
                )
                for base, instances in sharing.items()
            ]
            instances = tuple(sharing[normalize_origin(platform.base_url.rstrip("/"))])
            every += [
                _Address(
                    part.routes,
                    instances,
                    part.pattern,
                    _count_fixed(part.base),
                    part.host,
                    part.base if part.host else "",
                )
                for part in routes.outside
            ]
            every += _find_overridden_host_addresses(routes, addresses or {})
        # The longest address is the narrowest one and wins, and what stands in for a template adds
        # nothing: a fixed host wins over the tenants beside it. Of equal ones the platform's own
        # does, before those of a login or a further host.
        self._addresses = sorted(
            every, key=lambda address: (-address.length, address.host is not None)
        )

    def match(self, request: Request) -> ApiMatch | None:
        """Return platform, instance and API of *request*; None if no platform has its address.

        If several addresses match, the longest wins; but one at which the path is declared wins
        over a longer one at which it is not.
        """
        content, undeclared = _Content(request), None
        for address in self._addresses:
            url_match = address.pattern.match(request.url)
            if url_match is None:
                continue
            path = request.url[url_match.end() :].partition("#")[0].partition("?")[0]
            match = address.routes.match_or_explain(
                content,
                path,
                base=url_match[0],
                instances=address.instances,
                is_outside=address.host is not None,
                host=address.host or "",
                declared=address.declared,
            )
            if address.prefix:
                match = replace(match, path=f"{address.prefix}{match.path}")
            if match.target.is_declared:
                return match
            # A host that only serves a login (of a cloud, for example) serves much that is not this
            # platform's.
            if undeclared is None and not match.is_outside:
                undeclared = match
        return undeclared

    def find_other_matching_platforms(self, request: Request, match: ApiMatch) -> tuple[str, ...]:
        """Return the keys of other platforms that declare *request* at the same address.

        *match* is the one already found.
        """
        content, key = _Content(request), match.target.platform.platform_key
        path = request.url[len(match.base) :].partition("#")[0].partition("?")[0]
        bases = [(a.routes.platform, a.pattern.match(request.url)) for a in self._addresses]
        alike = {platform.platform_key: None for platform, m in bases if m and m[0] == match.base}
        return tuple(
            rival
            for rival in alike
            if rival != key
            and self._routes[rival].match_or_explain(content, path).target.is_declared
        )

    def match_path(self, platform_key: str, request: Request, path: str) -> ApiMatch:
        """Return what *request* is for, whose platform is known.

        *path* is its raw path below the platform's address.
        """
        return self._routes[platform_key].match_or_explain(_Content(request), path)


def resolve_instance_addresses(platforms: Platforms, environ: Mapping[str, str]) -> Addresses:
    """Return the addresses that instances declare, by (platform, instance, host).

    The host is "" for the address of the instance itself. Addresses from an environment variable
    that is not set are left out.
    """
    addresses: dict[tuple[str, str, str], str] = {}
    for instance, host, declared in _iterate_instance_addresses(platforms):
        url = declared
        if isinstance(url, Source):
            url = environ.get(url.env, "") if isinstance(url.env, str) else ""
        if url:
            addresses[instance.platform, instance.instance_key, host] = url
    return addresses


def list_address_variables(platforms: Platforms, key: str, host: str = "") -> tuple[str, ...]:
    """Return the environment variables from which instances of platform *key* read their address.

    With *host*, those with the address of this further host.
    """
    sources = [
        source
        for one, name, source in _iterate_instance_addresses(platforms)
        if (one.platform, name) == (key, host)
    ]
    names = [source.env for source in sources if isinstance(source, Source)]
    return tuple([name for name in names if isinstance(name, str)])


def _iterate_instance_addresses(
    platforms: Platforms,
) -> Iterator[tuple[Instance, str, str | Source]]:
    """Yield instance, host ("" for its own address), and the address it sets ("" if none).

    The address is a text or the source that it is read from.
    """
    for entry in (entry for entries in platforms.entries.values() for entry in entries):
        key = entry.instance.platform
        platform = platforms.find(key)
        own = {"": entry.instance.base_url, **entry.instance.hosts}
        for host in ("", *(platform.hosts if platform else ())):
            url = own.get(host, "")
            if (
                not url
                and entry.origin.by_convention
                and (name := derive_conventional_variable(key, host, "url"))
            ):
                url = Source(env=name)
            yield entry.instance, host, url


def expand_templates(
    source: str, known: Mapping[str, Any], *, kept_names: frozenset[str] = frozenset()
) -> str:
    """Return *source* with each ``{{ name }}`` replaced by the template that *known* has for it.

    Repeated, as those templates may use further names. Names in *kept_names* are not replaced.
    """

    def inner(match: re.Match[str]) -> str:
        value = known.get(match[1]) if _NAME.fullmatch(match[1]) else None
        return value if isinstance(value, str) and match[1] not in kept_names else match[0]

    # Templates may name each other in a circle; none is nested as deep as this.
    for _ in range(8):
        flat = EXPRESSION.sub(inner, source)
        if flat == source:
            break
        source = flat
    return source


def iterate_login_steps(platform: Platform) -> Iterator[NumberedLoginStep]:
    """Yield every request that logs in to *platform*, for all of its APIs or for one."""
    auths = [platform.auth]
    for api in platform.apis.values():
        if isinstance(api.auth, Auth) and api.auth not in auths:
            auths.append(api.auth)
    for auth in auths:
        for number, step in enumerate(auth.steps, 1):
            yield NumberedLoginStep(auth, step, number)


def _collect_login_template_values(
    platform: Platform, login: NumberedLoginStep
) -> Mapping[str, Any]:
    """Return the values known for the templates of a login: its parameters and the hosts."""
    hosts = {
        make_host_template_name(name): address.rstrip("/")
        for name, address in platform.hosts.items()
    }
    return {**hosts, **login.auth.parameters}


def list_foreign_login_origins(platform: Platform) -> tuple[str, ...]:
    """Return the origins, apart from its own, to which *platform* sends logins.

    Origins that contain a template are left out.
    """
    places = (
        expand_templates(login.step.request.url, _collect_login_template_values(platform, login))
        or platform.hosts.get(login.step.request.host, "")
        for login in iterate_login_steps(platform)
    )
    origins = (
        _split_login_origin_and_path(place, platform.base_url)[0] for place in places if place
    )
    return tuple(dict.fromkeys(origin for origin in origins if origin and "{" not in origin))


class _Address(msgspec.Struct, frozen=True):
    """An address at which requests for a platform arrive.

    Attributes:
        routes: APIs and logins among which the rest of the path is looked up.
        instances: keys of the instances that have this address.
        pattern: matches the beginning of a URL; of several, that with the greatest *length* wins.
        length: number of characters of the address without its templates.
        host: name of a further host; empty for an address to which only logins are sent, None for
            the platform's own.
        declared: what recordings contain instead of the address.
        prefix: path after the origin in the declared address of a further host, which an instance's
            address for that host need not have; `ApiMatch.path` begins with it, as in recordings.
    """

    routes: _Routes
    instances: tuple[str, ...]
    pattern: re.Pattern[str]
    length: int
    host: str | None = None
    declared: str = ""
    prefix: str = ""


class _OutsideRoute(msgspec.Struct, frozen=True):
    """A route (API or login) at an address that is not the platform's own.

    Attributes:
        base: that address; for a login its origin.
        path: path below it.
        routes: *route* alone, as the only one among which the rest of a path is looked up.
        host: name of the further host with this address; else empty.
    """

    base: str
    path: str
    pattern: re.Pattern[str]
    routes: _Routes
    route: _Route
    host: str


def _find_overridden_host_addresses(routes: _Routes, in_use: Addresses) -> Iterator[_Address]:
    """Yield each address that an instance sets for a further host (``hosts``) of its platform.

    *in_use* has the addresses of instances by platform, instance and host; only those that differ
    from the platform file's are yielded, one for each API or login there, because the declared
    address may have another path in front.
    """
    platform = routes.platform
    for (key, instance, host), live in in_use.items():
        if key != platform.platform_key or not host or live == platform.hosts[host]:
            continue
        base = live.rstrip("/")
        for part in (part for part in routes.outside if part.host == host):
            prefix = platform.hosts[host].rstrip("/").removeprefix(part.base)
            template = compile_path_template(part.path.removeprefix(prefix))
            alone = _Routes(platform, [replace(part.route, template=template)])
            yield _Address(
                alone,
                (instance,),
                _compile_address_pattern(base),
                _count_fixed(base),
                host,
                part.base,
                prefix,
            )


def _pair_instances_with_addresses(
    platform: Platform, entries: Mapping[str, Any], in_use: Addresses
) -> Iterator[tuple[str, str]]:
    """Yield (instance, address) for each address at which the platform is reached.

    *entries* are the declared instances by platform, *in_use* the addresses that they have on this
    machine, by platform, instance and host. The address in the platform file comes last, with every
    enabled instance: first those without another address of their own.
    """
    key, common = platform.platform_key, normalize_origin(platform.base_url.rstrip("/"))

    def is_common(text: str) -> bool:
        return normalize_origin(text.rstrip("/")) == common

    enabled = [entry.instance for entry in entries.get(key, ()) if entry.instance.enabled]
    enabled.sort(key=lambda instance: not instance.default)
    literal = {
        instance.instance_key: instance.base_url
        for instance in enabled
        if isinstance(instance.base_url, str)
    }
    for instance in enabled:
        live = in_use.get((key, instance.instance_key, ""), "")
        for text in dict.fromkeys(filter(None, (live, literal.get(instance.instance_key)))):
            if not is_common(text):
                yield instance.instance_key, text
    elsewhere = {name for name, text in literal.items() if text and not is_common(text)}
    shared = sorted(enabled, key=lambda instance: instance.instance_key in elsewhere)
    for name in [instance.instance_key for instance in shared] or [_ANY_INSTANCE]:
        yield name, platform.base_url


def _compile_address_pattern(base: str) -> re.Pattern[str]:
    """Return a pattern for the address *base*, in which a template stands for any one segment."""
    base = normalize_origin(base)
    origin = parse_origin(base)
    path = base[len(origin) :]
    # The default port may be written or not.
    port = DEFAULT_PORTS.get(origin.partition(":")[0])
    has_port = port is None or re.search(r":[0-9]+\Z", origin)
    # Without the end ``https://host/api`` would match ``https://host/apiary``. Scheme and host have
    # no case (RFC 3986, 6.2.2.1); the path of an address is compared in the same way.
    return re.compile(
        f"{_escape_but_templates(origin)}{'' if has_port else f'(?::0*{port}|:)?'}"
        f"{_escape_but_templates(path)}(?=[/?#]|$)",
        re.IGNORECASE,
    )


def _count_fixed(base: str) -> int:
    """Return the number of characters of the address *base* without its templates."""
    return len(EXPRESSION.sub("", base))


def _escape_but_templates(text: str) -> str:
    return "[^/?#]+".join(map(re.escape, EXPRESSION.split(text)[::2]))


_Constant = tuple[str, str, Any]
"""Place (``query``, ``header`` or ``body``), dotted name and value of a member."""


class _Route(msgspec.Struct, frozen=True):
    """How requests of one API, or of one request of a login, are recognised.

    Attributes:
        constants: place, name and value of members that all of these requests have.
        encoding, media: encoding and media type of the body; a request with others does not match.
    """

    method: str
    template: PathTemplate
    constants: tuple[_Constant, ...]
    target: RequestTarget
    encoding: Encoding = "json"
    media: str = ""


class _Routes:
    """The APIs and logins of one platform, by method and number of path segments.

    Attributes:
        outside: routes at other addresses: those of logins and of further hosts.
    """

    def __init__(self, platform: Platform, routes: Iterable[_Route] | None = None) -> None:
        self.platform = platform
        self.outside: list[_OutsideRoute] = []
        self._undeclared = RequestTarget(platform)
        self._by_length: dict[tuple[str, int], list[_Route]] = {}
        for route in (
            [*self._make_login_routes(), *_make_api_routes(platform)] if routes is None else routes
        ):
            host = route.target.api.host if route.target.api else ""
            if routes is None and (address := platform.hosts.get(host, "")):
                self._add_outside_route(
                    address.rstrip("/"),
                    route.target.api.path if route.target.api else "",
                    route,
                    host,
                )
            key = route.method, len(route.template.segments)
            self._by_length.setdefault(key, []).append(route)

    def match_or_explain(self, content: _Content, path: str, **address: Any) -> ApiMatch:
        """Return what a request with *content* and the path *path* below the address is for.

        If no API or login fits, the result names none; if several do, its ``note`` says why none is
        chosen. *address* are the fields of the result that follow from the address alone:
        ``instances``, ``base``, ``host``, ``declared`` and ``is_outside``.
        """
        fitting = self._find_most_literal_routes(content.request.method.upper(), path)
        routes = [route for route, _ in fitting if not _lacks_login_constant(route, content)]
        # Constants only tell APIs with one path apart. Alone at its path, an API is meant whatever
        # the request has at their places.
        left = _select_routes(routes, content) if len(routes) > 1 else routes
        apis = tuple([route.target.api for route in left or routes if route.target.api])
        if not left and not apis:
            return ApiMatch(target=self._undeclared, path=path or "/", **address)
        chosen = (left or routes)[0]
        values = next(values for route, values in fitting if route is chosen)
        built = _encode_path_like_builder(chosen, values, path)
        if len(left) != 1:
            note = _explain_ambiguity(self.platform, apis, fits_all=bool(left))
            target = RequestTarget(self.platform, candidates=apis)
            return ApiMatch(target=target, path=built, note=note, **address)
        return ApiMatch(target=chosen.target, path=built, parameters=values, **address)

    def _find_most_literal_routes(
        self, method: str, path: str
    ) -> list[tuple[_Route, dict[str, str]]]:
        """Return the routes that fit *path*, each with the values of its placeholders.

        Only those with the most literal segments: ``/users/me`` wins over ``/users/{id}``.
        """
        segments = split_decoded_segments(path)
        fitting = [
            (route, values)
            for route in self._by_length.get((method, len(segments)), ())
            if (values := route.template.match_segments(segments)) is not None
        ]
        if len(fitting) <= 1:
            return fitting
        slash = has_trailing_slash(path)

        def rank(route: _Route) -> tuple[Any, ...]:
            return route.template.has_slash != slash, route.template.rank

        best = min(rank(route) for route, _ in fitting)
        return [pair for pair in fitting if rank(pair[0]) == best]

    def _make_login_routes(self) -> Iterator[_Route]:
        for login in iterate_login_steps(self.platform):
            request = login.step.request
            place = expand_templates(
                request.url or request.path, _collect_login_template_values(self.platform, login)
            )
            place = f"{self.platform.hosts.get(request.host, '').rstrip('/')}{place}"
            origin, path = _split_login_origin_and_path(place, self.platform.base_url)
            before, _, query = path.partition("?")
            filled = {f"path.{name}": f"{{{{ {name} }}}}" for name in EXPRESSION.findall(before)}
            for key, _, value in (pair.partition("=") for pair in query.split("&")):
                filled[f"query.{key}"] = value
            path = EXPRESSION.sub(r"{\1}", path)
            template = compile_path_template(path)
            constants = _find_constants(request.content_by_place)
            target = RequestTarget(self.platform, login=login, login_templates=filled)
            route = _Route(request.method.upper(), template, constants, target)
            if origin:
                host = request.host or _find_hosts_entry_name(self.platform, place)
                self._add_outside_route(origin, path, route, host)
            yield route

    def _add_outside_route(self, base: str, path: str, route: _Route, host: str) -> None:
        alone = _Routes(self.platform, [route])
        self.outside.append(
            _OutsideRoute(base, path, _compile_address_pattern(base), alone, route, host)
        )


def _find_hosts_entry_name(platform: Platform, url: str) -> str:
    """Return the name of the entry in ``hosts`` of *platform* below which *url* is, or "".

    Of several, it is the one with the longest address.
    """
    bases = {name: address.rstrip("/") for name, address in platform.hosts.items()}
    above = [name for name, base in bases.items() if is_below(url, base)]
    return max(above, key=lambda name: len(bases[name]), default="")


def _explain_ambiguity(platform: Platform, apis: Iterable[Api], *, fits_all: bool) -> str:
    """Return a message why none of *apis*, which have the path of a request, was chosen.

    With *fits_all* the request has the constants (fixed values) of several, otherwise of none.
    """
    names = join_list(api.key for api in apis)
    if fits_all:
        return msg(
            "{platform_key}: nothing in the request tells the APIs {names} apart; give "
            "each a constant query, header or body member",
            platform_key=platform.platform_key,
            names=names,
        )
    return msg(
        "{platform_key}: the constant members of no API fit the request: {names}",
        platform_key=platform.platform_key,
        names=names,
    )


_BASE_URL: Final = "{{base_url}}"


def _split_login_origin_and_path(login_url: str, base_url: str) -> tuple[str, str]:
    """Return origin and path of a login's address; the origin is empty if it is the platform's."""
    packed = _drop_template_spaces(login_url)
    if packed.startswith(_BASE_URL):
        return "", packed.removeprefix(_BASE_URL)
    base = _drop_template_spaces(base_url.rstrip("/"))
    if (below := split_below(packed, base) if base else packed) is not None:
        return "", below
    if "://" in login_url:
        scheme, _, rest = login_url.partition("://")
        host, slash, path = rest.partition("/")
        return f"{scheme}://{host}", slash + path
    if login_url.startswith("{{"):  # an address that only an earlier step yields
        return "", EXPRESSION.sub("", login_url, count=1)
    return "", login_url


def _drop_template_spaces(text: str) -> str:
    """Return *text* without spaces around the expressions in ``{{ }}``."""
    return EXPRESSION.sub(lambda match: f"{{{{{match[1]}}}}}", text)


def _make_api_routes(platform: Platform) -> Iterator[_Route]:
    for api in platform.apis.values():
        encoding = api.encoding if isinstance(api.encoding, str) else platform.encoding
        query = dict(parse_qsl(api.path.partition("?")[2], keep_blank_values=True))
        headers = {name.lower(): value for name, value in api.headers.items()}
        parts = ("query", {**query, **api.query}), ("header", headers), ("body", api.body)
        template = compile_path_template(api.path)
        media = Headers(tuple((n, str(v)) for n, v in api.headers.items())).media_type
        target, method = RequestTarget(platform, api), api.method.upper()
        yield _Route(method, template, _find_constants(parts), target, encoding, media)


def _find_constants(parts: Iterable[tuple[str, Any]]) -> tuple[_Constant, ...]:
    """Return the members that every request of an API has with the same value.

    *parts* are places (``header`` …) with their declared values. Templates are no constants, nor
    are headers that any HTTP client writes.
    """
    leaves = (leaf for place, value in parts for leaf in _iterate_constant_members(place, value))
    return tuple(leaf for leaf in leaves if leaf[0] != "header" or leaf[1] not in _NEVER_CONSTANT)


def _iterate_constant_members(place: str, value: Any, name: str = "") -> Iterator[_Constant]:
    """Yield each text or number in *value* that is no template, with its *place* and name.

    *place* is ``body`` or the like; *name* is the name of *value* below it, dotted.
    """
    if isinstance(value, Mapping):
        if CREDENTIAL in value:
            return
        for key, item in value.items():
            yield from _iterate_constant_members(place, item, f"{name}.{key}" if name else str(key))
    elif isinstance(value, str | int | float) and name and not EXPRESSION.search(str(value)):
        yield place, name, value


def _select_routes(routes: list[_Route], content: _Content) -> list[_Route]:
    """Return which of *routes*, all with the same path, the request with *content* is for.

    Several if that is unclear, none if all are ruled out.
    """
    held = [
        route
        for route in routes
        if all(content.has_value(*constant) for constant in route.constants)
    ]
    # The route with the most constants is the narrowest declaration: ``?method=taobao.trade.get``
    # wins over the same path without one. A login wins over an API, because only the places of a
    # login hide the tokens of its response.
    most = max((len(route.constants) for route in held), default=0)
    left = [route for route in held if len(route.constants) == most]
    logins = [route for route in left if route.target.login]
    if logins:
        return logins[:1]
    encoded = [route for route in left if route.encoding == content.body_encoding]
    left = encoded or left
    for media in (content.media_type, ""):  # what declares another type is ruled out
        if typed := [route for route in left if route.media == media]:
            return typed
    return left


def _lacks_login_constant(route: _Route, content: _Content) -> bool:
    """Return whether *route* is a login of which the request lacks a constant outside its body.

    Such a request is no login: SAP, for example, serves the login for a CSRF token at the address
    of other requests, and tells it by the header ``X-CSRF-Token: Fetch``.
    """
    outside = [constant for constant in route.constants if constant[0] != "body"]
    return route.target.login is not None and not all(content.has_value(*item) for item in outside)


def _encode_path_like_builder(route: _Route, values: dict[str, str], path: str) -> str:
    """Return *path* as a ``$proxy`` call sends it: *values* are percent-encoded in the same way.

    Placeholders that auth fills, or a login with a secret, stay placeholders, so that recordings
    contain no credential.
    """
    if values:
        target = route.target
        placed = {f"path.{item.name}" for item in target.auth.apply if item.place == "path"}
        hidden = placed if target.api else target.login_secret_name_by_place
        values = {name: value for name, value in values.items() if f"path.{name}" not in hidden}
    built = route.template.fill(values)
    if has_trailing_slash(path) == route.template.has_slash:
        return built or "/"
    return f"{built}/" if has_trailing_slash(path) else built.rstrip("/")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


class _Content:
    """The content of a request; each part is parsed when it is first needed."""

    def __init__(self, request: Request) -> None:
        self.request = request

    def has_value(self, place: str, name: str, value: Any) -> bool:
        """Return whether the request has *value* as member *name* at *place*.

        In a JSON body type and value must be equal, where 2 and 2.0 are one number, as in
        JavaScript; elsewhere values are compared as texts: 2.0 is sent as ``2``, and other clients
        write ``2.0``.
        """
        if place == "body" and isinstance(self._json, dict):
            present = get_nested(self._json, split_body_path(name))
            is_number = _is_number(present) and _is_number(value)
            return (is_number or type(present) is type(value)) and bool(present == value)
        pairs = {"query": self._query, "header": self._headers, "body": self._form}[place]
        texts = {format_js_number(value), str(value)} if _is_number(value) else {to_text(value)}
        return any((name, text) in pairs for text in texts)

    @cached_property
    def media_type(self) -> str:
        return Headers(self.request.headers).media_type

    @cached_property
    def body_encoding(self) -> str:
        if not self.request.body:
            return ""
        media = self.media_type
        return "json" if media.endswith("+json") else _ENCODINGS.get(media, "")

    @cached_property
    def _query(self) -> list[tuple[str, str]]:
        query = self.request.url.partition("#")[0].partition("?")[2]
        pieces = (piece.partition("=") for piece in query.split("&") if piece)
        return [(unquote_plus(name), unquote_plus(value)) for name, _, value in pieces]

    @cached_property
    def _headers(self) -> list[tuple[str, str]]:
        return [(name.lower(), value) for name, value in self.request.headers]

    @cached_property
    def _form(self) -> list[tuple[str, str]]:
        if self.body_encoding != "form":
            return []
        text = (self.request.body or b"").decode(errors="replace")
        return parse_qsl(text, keep_blank_values=True)

    @cached_property
    def _json(self) -> Any:
        if self.body_encoding in {"form", "multipart"}:
            return None
        try:
            return loads_as_javascript(self.request.body or b"null")
        except (ValueError, RecursionError):
            return None
