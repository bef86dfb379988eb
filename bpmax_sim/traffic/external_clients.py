"""Convert requests of other HTTP clients to calls of the session, recorded and logged alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from urllib.parse import urlsplit

from msgspec.structs import replace

from bpmax_sim.cassette.matching import to_unnamed_call
from bpmax_sim.cassette.miss import MessageLine
from bpmax_sim.clock import VirtualClock
from bpmax_sim.errors import BpmaxError, ConfigError
from bpmax_sim.i18n import join_list, msg
from bpmax_sim.messages import Request, Response, normalize_origin, parse_origin, split_below
from bpmax_sim.platform.load import Platforms
from bpmax_sim.platform.matcher import (
    Addresses,
    ApiMatch,
    ApiMatcher,
    list_address_variables,
    resolve_instance_addresses,
)
from bpmax_sim.proxy import client, environment
from bpmax_sim.secret.http_auth import move_user_to_header
from bpmax_sim.secret.vault import Credentials, Vault
from bpmax_sim.traffic.identify import (
    find_recorded_url_and_base,
    hide_credentials,
    identify_request,
)


def register_credentials(credentials: Credentials, tenant: tuple[str, str], vault: Vault) -> None:
    """Register *credentials* in *vault*, so that they are redacted.

    *tenant* is the pair of platform and instance key that names them.
    """
    for credential in credentials:
        vault.add(
            str(credential.real), str(credential.standin), name=".".join((*tenant, credential.name))
        )


@dataclass(slots=True, weakref_slot=True)
class ExternalCallAdapter:
    """Makes requests of other HTTP clients, such as httpx in a test, calls of one session.

    They are recorded, replayed and logged like ``$proxy`` calls.

    Attributes:
        clock: clock, moved by each exchange.
        is_live: whether requests are sent to the third party, at the instance's real address.
        is_recorded: function that tells, in replay, whether an identified request was recorded.
        notes: reasons why a request could not be identified, each once.
    """

    platforms: Platforms
    environ: Mapping[str, str] = field(repr=False)
    env: environment.Environment
    vault: Vault
    clock: VirtualClock
    is_live: bool = False
    is_recorded: Callable[[Request], bool] = lambda _request: False
    notes: dict[str, None] = field(default_factory=dict, init=False)
    _matcher: ApiMatcher | None = field(default=None, init=False)
    _addresses: Addresses = field(default_factory=dict, init=False)
    _registered: set[tuple[str, str]] = field(default_factory=set, init=False)
    _cache: dict[Request, Request] = field(default_factory=dict, init=False)

    def send_call(
        self, request: Request, handle: Callable[[Request], Response], *, serial: int = 0
    ) -> Response:
        """Answer *request* by *handle*, recorded and logged like a ``$proxy`` call.

        It is one exchange whatever its result: the client does its own retries. *serial* is its
        call number; 0 takes the next one.

        Raises:
            TransportError: if the exchange did not complete.
            NoMatchError: if replay has no response.
        """
        env = self.env
        known = self.as_api_call(request, serial=serial or env.next_serial())
        begun, start, call = (env.clock.now(), env.clock.next_seq()), self.clock.now(), known.call
        assert call is not None
        record = partial(
            env.log_login_request,
            known,
            call,
            begun,
            platform=call.platform or urlsplit(known.recorded_form.url).hostname or "",
            api=call.api or call.method,
        )
        response, error, took = client.exchange_within_timeout(known, handle)
        if took:
            self.clock.move_to(start + took)
        if response is None:
            assert error is not None
            if isinstance(error, BpmaxError):
                record(error=error)
            raise error
        record(received=response)
        if known.is_login:
            life = 0.0 if response.status < _REFUSED else None
            env.finish_login_attempt(call.platform, call.instance, life)
        return response

    def as_api_call(self, request: Request, *, serial: int = 0) -> Request:
        """Return *request* as a call of the API that it addresses, with the call number *serial*.

        Its attribute ``standin`` is the redacted form, which is recorded and compared; None if
        that is the same. If it will be sent, its URL is at the instance's real address, as that of
        a ``$proxy`` call is.

        Raises:
            ConfigError: if no platform declares it, but some platform files have errors.
        """
        cache = {} if self.is_live or len(request.body or b"") > _LONGEST_CACHED else self._cache
        known = cache.get(request)
        if known is None:
            if len(cache) >= _MOST_CACHED:
                cache.clear()
            known = cache[request] = self._identify_request(request)
        return _with_call_number(known, serial)

    def _to_unnamed_call_or_refuse(self, request: Request) -> Request:
        """Return *request*, which no platform declares, as a call whose platform and API are "".

        Raises:
            ConfigError: if there are platforms whose files have errors, since one of them might
                declare it; the message lists the errors.
        """
        if broken := self.platforms.broken:
            raise ConfigError(*chain.from_iterable(broken.values()))
        return replace(request, call=to_unnamed_call(request))

    def _identify_request(self, request: Request) -> Request:
        # From the address to the call, each step for requests that the one before left open: whose
        # address it is; in replay, under which other address its path was recorded (a test system,
        # a container); in replay, which of several instances at one address; when live, at which
        # address the instance really is. Then what the API declares, and stand-ins for credentials.
        url, headers = move_user_to_header(request.url, request.headers)
        if url != request.url:
            request = replace(request, url=url, headers=headers)
        match = self._match_api(request)
        if match is None and not self.is_live:
            request = self._move_to_recorded_platform(request)
            match = self._match_api(request)
        if match is None:
            return self._to_unnamed_call_or_refuse(request)
        match = self._choose_recorded_instance(request, match)
        if match.note:
            self.notes[match.note] = None
        sent, match = self._move_to_live_address(request, match)
        if not match.target.is_declared:
            declared = replace(request, url=find_recorded_url_and_base(sent, match)[0])
            call = to_unnamed_call(declared)
            shown = replace(declared, call=call)
            sent = replace(sent, call=call)
            return sent if sent.url == shown.url else replace(sent, standin=shown)
        named = identify_request(sent, match)
        key = match.target.platform.platform_key, match.instance
        if key not in self._registered:
            with suppress(BpmaxError):  # a client of its own has credentials of its own
                instance = self.platforms.instance(*key)
                self.env.tenant(self.platforms.platform(key[0]), instance)
                self._registered.add(key)
        shown = hide_credentials(named, match, self.vault)
        return named if shown is named else replace(named, standin=shown)

    def _move_to_recorded_platform(self, request: Request) -> Request:
        """Return *request* at the declared address of the platform under which it was recorded.

        While recording, a variable gave the client and the platform the same address. In a replay
        that variable is not set, so the client uses another address. Unchanged if it was not
        recorded.
        """
        for moved, _ in self._move_to_declared_addresses(request):
            if self.is_recorded(self._identify_request(moved)):
                return moved
        return request

    def _move_to_declared_addresses(self, request: Request) -> Iterator[tuple[Request, ApiMatch]]:
        """Yield *request* moved to each fixed address of a platform that declares its path."""
        url = normalize_origin(request.url)
        rest = url[len(parse_origin(url)) :]
        for platform in self.platforms.own.values():
            own = [one for one in (platform.base_url, *platform.hosts.values()) if "{" not in one]
            bases = (base for each in own for base in (parse_origin(each), each.rstrip("/")))
            for base in dict.fromkeys(bases):
                moved = replace(request, url=f"{base}{rest}")
                match = self._match_api(moved)
                if match is not None:
                    yield moved, match

    def explain_unknown_address(self, request: Request) -> Iterator[MessageLine]:
        """Yield lines for a message about a *request* of an unknown address.

        They say where its recording was looked for, and how to declare a test address.
        """
        origin = parse_origin(request.url)
        matches = [match for _, match in self._move_to_declared_addresses(request)]
        declared = {m.target.platform.platform_key: m for m in matches if m.target.is_declared}
        for key, match in declared.items():
            platform = match.target.platform
            yield (
                msg("address"),
                msg(
                    "{origin} is no address of a platform; {key} is recorded under {address}, "
                    "and has nothing like this there either",
                    origin=origin,
                    key=key,
                    address=platform.hosts.get(match.host, platform.base_url),
                ),
            )
            yield msg("test at"), self._suggest_address_declaration(key, match.host, origin)
        if matches and not declared:
            platforms = [(match.target.platform, match.host) for match in matches]
            known = [f"{p.hosts.get(host, p.base_url)} ({p.platform_key})" for p, host in platforms]
            yield (
                msg("address"),
                msg(
                    "{origin} is not an address of a platform; recordings are stored under {known}",
                    origin=origin,
                    known=join_list(dict.fromkeys(known)),
                ),
            )

    def _suggest_address_declaration(self, key: str, host: str, origin: str) -> str:
        for variable in list_address_variables(self.platforms, key, host):
            return msg(
                "{variable}={origin}, set while it is recorded", variable=variable, origin=origin
            )
        if host:
            return msg(
                "hosts: {{{host}: {origin}}} of an instance of {key}",
                host=host,
                origin=origin,
                key=key,
            )
        return msg("base_url: {origin} of an instance of {key}", origin=origin, key=key)

    def needs_live_address(self, request: Request) -> bool:
        """Return whether *request* has to be sent to another address than its own.

        That is so if it names the declared address, and the instance has a real one.
        """
        match = self._match_api(request)
        return match is not None and self._find_live_base_url(match) not in {"", match.base}

    def _match_api(self, request: Request) -> ApiMatch | None:
        if self._matcher is None:
            self._addresses = resolve_instance_addresses(self.platforms, self.environ)
            self._matcher = ApiMatcher(self.platforms, self._addresses)
            self._register_credentials_of_instances()
        return self._matcher.match(request)

    def _find_live_base_url(self, match: ApiMatch) -> str:
        """Return the real base URL of the instance that *match* identified.

        "" if it is not to be changed: while replaying, for an unknown host, and where the address
        depends on variables.
        """
        if not self.is_live or (match.is_outside and not match.host):
            return ""
        address = match.target.platform.platform_key, match.instance, match.host
        live = self._addresses.get(address, "").rstrip("/")
        return "" if "{" in live else live

    def _move_to_live_address(self, request: Request, match: ApiMatch) -> tuple[Request, ApiMatch]:
        """Return *request* and *match* moved to the instance's real address if that differs."""
        live = self._find_live_base_url(match)
        if not live:
            return request, match
        host = match.target.platform.hosts.get(match.host, "").rstrip("/")
        below = split_below(request.url, host) if host else None
        rest = request.url[len(match.base) :] if below is None else below
        url = f"{live}{rest}"
        return replace(request, url=url), replace(match, base=live)

    def _choose_recorded_instance(self, request: Request, match: ApiMatch) -> ApiMatch:
        """Return *match* for the instance under which *request* was recorded.

        Several instances may have one address. *match* is unchanged while requests are sent live,
        and if *request* was not recorded.
        """
        if self.is_live or len(match.instances) == 1 or not match.target.is_declared:
            return match
        for instance in match.instances:
            single = replace(match, instances=(instance,))
            named = identify_request(request, single)
            if self.is_recorded(hide_credentials(named, single, self.vault)):
                return single
        return match

    def _register_credentials_of_instances(self) -> None:
        """Register all instances' credentials, if the session records, so that they are redacted.

        A client may send one where no declared API expects it.
        """
        entries = chain.from_iterable(self.platforms.entries.values() if self.env.separate else ())
        for instance in (entry.instance for entry in entries):
            with suppress(BpmaxError):  # what is not set cannot be sent
                platform = self.platforms.platform(instance.platform)
                credentials = self.platforms.credentials(
                    platform, instance, environ=self.environ, closed=False
                )
                tenant = instance.platform, instance.instance_key
                register_credentials(credentials, tenant, self.vault)


_REFUSED = 400
_MOST_CACHED = 256  # requests that replay knows again, as one that is polled for
_LONGEST_CACHED = 4096


def _with_call_number(request: Request, serial: int) -> Request:
    """Return *request* with the call number *serial*, also in its redacted form ``standin``."""
    twin, call = request.standin, request.call
    if call is None or call.serial == serial:
        return request
    return replace(
        request,
        call=replace(call, serial=serial),
        standin=None if twin is None else _with_call_number(twin, serial),
    )
