"""The platform under test: who answers its calls, and which requests were sent.

Values at a place of a request are read from its bytes, without the package's encoders, so that a
mistake in them is not made twice. A call is also converted to plain values and back, as scenario
files and tests hold it: ``{"call": "crm.create_order", "instance": "test", "args": [1,
{"$undefined": true}]}``, or with ``"set": [{"query": {"page": 1}}, …]`` for a chain.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import parse_qsl, unquote

from msgspec import UNSET
from msgspec.structs import replace

from bpmax_sim.clock import Instant
from bpmax_sim.errors import ConfigError, Place
from bpmax_sim.field_path import get_nested, split_body_path
from bpmax_sim.js_values import UNDEFINED, loads_as_javascript
from bpmax_sim.messages import FORM, Headers, Request, strip_credentials_and_query
from bpmax_sim.path_template import compile_path_template
from bpmax_sim.platform.check import is_platform_address
from bpmax_sim.platform.instances import InstanceOrigin, InstanceWithOrigin, resolve_route
from bpmax_sim.platform.load import Platforms
from bpmax_sim.platform.model import Api, Auth, Instance, Platform
from bpmax_sim.proxy.builder import CallSpec
from bpmax_sim.session.session import Session
from bpmax_sim.session.settings import Settings

if TYPE_CHECKING:
    from bpmax_sim.transport.live import LiveTransport

SIMULATE: Final = "simulate"
START: Final = Instant.parse("2026-03-02T09:00:00+08:00")


@dataclass(frozen=True, slots=True)
class FuzzTarget:
    """The platform whose calls are tested, and the system that answers them.

    Attributes:
        platforms: all platforms of the project, with their instances.
        key: key of the platform.
        against: ``simulate`` for its simulator, or the address of a system that may be called.
    """

    platforms: Platforms
    key: str
    against: str = SIMULATE

    @property
    def is_live(self) -> bool:
        """Return whether a real system answers, not a simulator."""
        return self.against != SIMULATE

    @property
    def platform(self) -> Platform:
        """Return the declaration of the platform."""
        return self.platforms.platform(self.key)

    def get_auth(self, api: Api) -> Auth:
        """Return what *api* declares as its own ``auth``, else that of its platform."""
        return api.auth if isinstance(api.auth, Auth) else self.platform.auth

    @contextmanager
    def open_session(self, **more: Any) -> Iterator[tuple[Session, RequestLog]]:
        """Open a session with the target; yield it and the log of the requests that it sends.

        *more* are options of the session.
        """
        settings: dict[str, Any] = {"mode": SIMULATE, "environ": {}}
        transport = None
        if self.is_live:
            settings, transport = (
                {"mode": "live", "environ": os.environ},
                _get_shared_live_transport(),
            )
        # The same clock and seed each time: an example has to break its law again when it is shrunk
        # and when the finding is run as a test.
        settings |= {"clock": START, "unawaited": "allow", "seed": 0, **more}
        with Session(self.platforms, Settings(**settings), transport=transport) as session:
            request_log = RequestLog()
            session.stub(request_log.note)
            yield session, request_log


def make_target(platforms: Platforms, key: str, against: str = SIMULATE) -> FuzzTarget:
    """Return platform *key* as target; if it has no instance, one is generated.

    Raises:
        ConfigError: if *against* is neither ``simulate`` nor an address.
    """
    check_simulate_or_url(against)
    entries = [entry for group in platforms.entries.values() for entry in group]
    if not any(entry.instance.platform == key and entry.instance.enabled for entry in entries):
        entries.append(
            InstanceWithOrigin(Instance(platform=key, instance_key="default"), InstanceOrigin())
        )
    if against != SIMULATE:
        entries = [
            InstanceWithOrigin(replace(entry.instance, base_url=against), entry.origin)
            for entry in entries
        ]
    return FuzzTarget(platforms.copy_replacing_entries(entries), key, against)


def check_simulate_or_url(against: str) -> None:
    """Check that *against* is ``simulate`` or a valid URL.

    Raises:
        ConfigError: if *against* is neither ``simulate`` nor an address.
    """
    if against != SIMULATE and not (is_platform_address(against) and "{" not in against):
        raise ConfigError(
            "--against {against}: expected simulate, or an address such as http://127.0.0.1:8080",
            against=strip_credentials_and_query(against),
        )


def check_server_and_credentials(target: FuzzTarget, default_place: Place) -> None:
    """Check that credentials are set, and that a server accepts connections at the address.

    A message names the place in the file that declares the instance; *default_place* is used for an
    instance that no file declares.

    Raises:
        TransportError: if no server does.
        ConfigError: if a credential is not set, or the connection route is wrong.
    """
    entry = target.platforms.entry(target.key)
    route = resolve_route(target.platform, entry.instance, entry.origin, environ=os.environ)
    try:
        _get_shared_live_transport().handle(Request(method="HEAD", url=target.against), route)
    finally:
        close_connections()
    for known in target.platforms.entries.get(target.key, ()):
        try:
            target.platforms.credentials(
                target.platform, known.instance, environ=os.environ, closed=False
            )
        except ConfigError as error:
            problems = (replace(one, place=one.place or default_place) for one in error.problems)
            raise ConfigError(*problems) from None


def close_connections() -> None:
    """Close the connections of this process; the next request opens new ones."""
    _get_shared_live_transport().close()


@cache
def _get_shared_live_transport() -> LiveTransport:
    """Return the connections that all sessions of this process share."""
    from bpmax_sim.transport.live import LiveTransport  # noqa: PLC0415 - a stand-in needs no client

    return LiveTransport()


@dataclass(slots=True)
class RequestLog:
    """Logs the requests of a session. Its `note` is registered as a stub that answers none of them.

    Attributes:
        requests: requests of calls.
        logins: number of login requests.
    """

    requests: list[Request] = field(default_factory=list)
    logins: int = 0

    def note(self, request: Request) -> None:
        """Log *request*; for `Session.stub`, where None as result lets the request go on."""
        if request.is_login:
            self.logins += 1
        else:
            self.requests.append(request)


def map_templates_by_place(auth: Auth) -> Mapping[tuple[str, str], str]:
    """Return (place, name) -> template of the value that auth and signature put there.

    For example ``("header", "Authorization")`` -> ``Bearer {{ token }}``. Places whose name is
    itself a template are left out.
    """
    signature_places = auth.sign.emit if auth.sign else ()
    values = {(item.place, item.name): item.value for item in (*auth.apply, *signature_places)}
    return {place: value for place, value in values.items() if "{{" not in place[1]}


def get_path_below_base(request: Request) -> str:
    """Return the path of *request* below the base address, still percent-encoded."""
    return request.url[len(request.base) :].partition("?")[0]


class SentValues(NamedTuple):
    """The values that a request has for one parameter.

    Attributes:
        values: the values; empty if there are none, or none can be read.
        is_readable: whether the format of the request is known; if not, *values* tells nothing.
    """

    values: list[Any]
    is_readable: bool = True


def find_sent_values(request: Request, place: str, name: str, api: Api) -> SentValues:
    """Return what *request* has for the parameter *name* at *place*, such as ``query``.

    Only a body may have an unknown format. The letter case of names of headers, cookies and query
    parameters does not matter.
    """
    if place == "body":
        return _find_values_in_body(request, name)
    return SentValues(_find_values_outside_body(request, place, name, api))


def _find_values_outside_body(request: Request, place: str, name: str, api: Api) -> list[Any]:
    headers = Headers(request.headers)
    match place:
        case "path":
            known = compile_path_template(api.path).match(get_path_below_base(request)) or {}
            return [known[name]] if name in known else []
        case "query":
            pairs = [pair.partition("=") for pair in request.url.partition("?")[2].split("&")]
            return [unquote(text) for key, _, text in pairs if unquote(key).lower() == name.lower()]
        case "header":
            return headers.get_all(name)
    return [c.value for c in headers.request_cookies if c.name.lower() == name.lower()]


def find_possible_sent_values(request: Request, place: str, name: str, api: Api) -> list[list[Any]]:
    """Return each list of values that parameter *name* at *place* may have had in *request*.

    Empty for a body of unknown format. A path such as ``/{a}{b}`` can be read in several ways.
    """
    sent = find_sent_values(request, place, name, api)
    if not sent.is_readable:
        return []
    readings = (
        compile_path_template(api.path).find_readings(get_path_below_base(request))
        if place == "path"
        else ()
    )
    return [sent.values, *([reading[name]] for reading in readings if name in reading)]


def _find_values_in_body(request: Request, name: str) -> SentValues:
    text = (request.body or b"").decode("utf-8", "replace")
    kind = Headers(request.headers).media_type
    if kind == FORM and "." not in name:
        return SentValues([value for key, value in parse_qsl(text, True) if key == name])
    if kind != "application/json":
        return SentValues([], is_readable=False)
    try:
        body = loads_as_javascript(text) if text else UNSET
    except ValueError:
        return SentValues([], is_readable=False)  # a script may send any text as it is
    value = get_nested(body, split_body_path(name))
    return SentValues([] if value is UNSET else [value])


_UNDEFINED = {"$undefined": True}
Plain = Mapping[str, Any]


def call_to_data(call_spec: CallSpec) -> Plain:
    """Return *call_spec* as JSON values, from which `call_from_data` makes it again.

    A generated scenario or test contains ``{"call": "crm.get", "args": […]}``, or for a chain the
    setters as ``"set"``.
    """
    document: dict[str, Any] = {"call": f"{call_spec.platform}.{call_spec.api}"}
    if call_spec.options:
        document["instance"] = call_spec.options["instance_key"]
    if call_spec.args is None:
        steps = [{setter: value} for setter, value in call_spec.steps]
        return {**document, "set": _replace_value(steps, UNDEFINED, _UNDEFINED)}
    args = list(call_spec.args)
    while args and args[-1] is UNDEFINED:
        args.pop()
    return {**document, "args": _replace_value(args, UNDEFINED, _UNDEFINED)}


def call_from_data(call: Plain) -> CallSpec:
    """Return the call described by *call*, JSON values that `call_to_data` returned."""
    platform, _, api = call["call"].partition(".")
    options = {"instance_key": call["instance"]} if "instance" in call else {}
    call = _replace_value(call, _UNDEFINED, UNDEFINED)
    steps: Any = tuple(pair for step in call.get("set", ()) for pair in step.items())
    args = tuple(call["args"]) if "args" in call else None
    return CallSpec(platform=platform, options=options, api=api, steps=steps, args=args)


def _replace_value(value: Any, old: Any, new: Any) -> Any:
    """Return *value* with each *old* inside it replaced by *new*."""
    if value == old:
        return new
    if isinstance(value, Mapping):
        return {name: _replace_value(item, old, new) for name, item in value.items()}
    is_list = isinstance(value, list | tuple)
    return [_replace_value(item, old, new) for item in value] if is_list else value
