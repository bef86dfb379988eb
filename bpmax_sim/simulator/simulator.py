"""The simulator of one third party, as a transport with knobs, and all those of a session.

"Knobs" are settings that a scenario changes, such as ``skew``. Equal seed, clock and requests give
equal responses. Everything remembered is one frozen `State`. Simulators are created at the first
call of their platform, and know the run's own credentials. The rule table of a platform is a
shipped one if its login is the same, or derived from its file.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from functools import cache, cached_property
from hashlib import sha512
from importlib.resources import as_file, files
from itertools import islice
from types import ModuleType
from typing import Any, Final, Literal

from msgspec import UNSET
from msgspec.structs import replace

from bpmax_sim.clock import Clock
from bpmax_sim.errors import (
    ConfigError,
    LimitedProblems,
    Problem,
    TransportError,
    shorten_list,
    suggest_nearest,
)
from bpmax_sim.extensions import ExtensionPoint
from bpmax_sim.i18n import msg
from bpmax_sim.messages import Request, Response
from bpmax_sim.platform import load, matcher
from bpmax_sim.platform.model import Api, ErrorClass, Instance, LoginRequest, Platform
from bpmax_sim.proxy.response import to_comparable_text
from bpmax_sim.secret.standin import is_recognisable_standin
from bpmax_sim.secret.vault import Credentials
from bpmax_sim.simulator.auth import RENEWALS
from bpmax_sim.simulator.engine import is_login_request, respond_to
from bpmax_sim.simulator.model import (
    CredentialFormat,
    ResponseTemplate,
    Route,
    RuleTable,
    derive_rules,
    find_checked_credentials,
    is_login,
    make_refusal_with_code,
)
from bpmax_sim.simulator.state import (
    Message,
    RequestContext,
    State,
    TenantCredentials,
    parse_request,
)
from bpmax_sim.yamlfile import decode, read_yaml

RULES: Final = ExtensionPoint("bpmax_sim.simulators", ModuleType)
"""Rule tables by platform key: an entry point names the package that holds ``<key>.yaml``."""


@cache
def read_table(key: str) -> RuleTable:
    """Return the rule table registered for the platform key *key*.

    Raises:
        ConfigError: if there is none, or it has errors; the message lists all.
    """
    package = RULES.require(key, msg("simulator"))
    problems: list[Problem] = LimitedProblems()
    with as_file(files(package) / f"{key}.yaml") as path:
        folder = RULES.get_module_and_attribute(key).rpartition(".")[2]
        node = read_yaml(path, file=f"{folder}/{key}.yaml")
    table = decode(node, RuleTable, problems)
    if table is None or problems:
        raise ConfigError(*problems)
    return table


def find_rule_table(platform: Platform) -> RuleTable:
    """Return the rules for *platform*: a shipped table, or rules derived from its platform file.

    A shipped table of the same key applies only if the platform logs in as the table says, with the
    same credentials, and sends the token to the same place. A user's platform file that only has
    the same key is another third party.
    """
    own = derive_rules(platform)
    if platform.platform_key not in RULES:
        return own
    table, auth = read_table(platform.platform_key), platform.auth
    steps = auth.acquire.steps if auth.acquire else ()
    logins = [route for route in table.routes if is_login(route)]
    logs_in = any(
        _matches_login_and_credentials(route, step.request, platform)
        for route in logins
        for step in steps
    )
    places = [f"{place.place}.{place.name.lower()}" for place in auth.apply]
    if not logs_in or table.tokens.at not in places:
        return own
    return replace(table, errors={**own.errors, **table.errors})


def has_shipped_rule_table(platform: Platform) -> bool:
    """Return whether a rule table is shipped for *platform*, so that none is derived."""
    return platform.platform_key in RULES and find_rule_table(platform) != derive_rules(platform)


_BAD_TOKENS: Final = {
    "expired": "the token has expired (fault)",
    "revoked": "the token was revoked (fault)",
}


def make_bad_token_response(
    platform: Platform, api: Api, state: Literal["expired", "revoked"]
) -> Response:
    """Return the response of *platform* to a token that is *state*, for fault injection.

    Of the codes that the platform file declares for token errors of *api*, it has the one by which
    a shipped rule table tells this state, else the first. Without any it is HTTP 401.
    """
    rules, table = platform.response_of(api), find_rule_table(platform)
    key = table.tokens.expired if state == "expired" else table.tokens.invalid
    template = table.errors.get(key, ResponseTemplate())
    codes = rules.classes.get("token", ErrorClass()).code
    told = (code for code in codes if to_comparable_text(code) == (template.code or key))
    code = next(told, codes[0] if codes else UNSET)
    return make_refusal_with_code(rules, "token", code, _BAD_TOKENS[state])


def format_credentials(values: Mapping[str, Any], table: RuleTable) -> dict[str, Any]:
    """Return *values*, credentials by name, with stand-ins in the vendor's format.

    Clients check the format: those of DingTalk's robots sign with ``SEC…`` only. This is for values
    issued to clients; recordings keep the stand-ins, with which their signatures were made.
    """
    return {
        name: _format_credential(value, table.credentials[name])
        if name in table.credentials and isinstance(value, str) and is_recognisable_standin(value)
        else value
        for name, value in values.items()
    }


def _format_credential(standin: str, form: CredentialFormat) -> str:
    digits = iter(sha512(standin.encode()).hexdigest())
    return form.prefix + "-".join("".join(islice(digits, size)) for size in form.groups)


def _matches_login_and_credentials(route: Route, request: LoginRequest, platform: Platform) -> bool:
    method, _, path = route.on.partition(" ")
    address = matcher.expand_templates(request.url or request.path, platform.auth.parameters)
    if request.method.upper() != method or not address.partition("?")[0].endswith(path):
        return False
    names = find_checked_credentials(route, request)
    return names is not None and names <= platform.credentials.keys()


_BROKEN = {
    "before": msg("the connection was reset before the request was executed (simulated)"),
    "after": msg("the connection was reset after the request was executed (simulated)"),
}


class Simulator:
    """Answers requests as a third party would; safe to use from several threads.

    Attributes:
        platform: declaration of the platform.
        table: rules that it follows.
        base: address of the third party, for requests of which the address is not known (its own
            ``base`` is empty).
    """

    def __init__(
        self,
        platform: Platform,
        tenants: Callable[[], Sequence[TenantCredentials]],
        *,
        clock: Clock,
        seed: int = 0,
        base: str = "",
    ) -> None:
        """Simulate *platform*.

        Args:
            platform: declaration; a shipped rule table of its key is added.
            tenants: function that returns the instances that may log in, with their credentials.
            clock: clock of the third party, before ``skew``.
            seed: seed of all generated values.
            base: address of the third party, if a request does not contain it.
        """
        self.platform = platform
        self.table = find_rule_table(platform)
        self._make_tenants = tenants
        self._clock = clock
        self._seed = seed
        self.base = base or platform.base_url
        # With a placeholder it is an instance's address; in `.test` no host exists (RFC 6761, 6.2).
        if "{" in self.base:
            self.base = f"https://{platform.platform_key}.example.test"
        self._matcher = matcher.ApiMatcher([platform])
        self._state = State()
        # Held from reading the state until the new one is stored. Reentrant, as `handle` sets knobs
        # while it holds it.
        self._lock = threading.RLock()

    def __repr__(self) -> str:
        state = self._state
        return (
            f"<Simulator of {self.platform.platform_key!r}, {len(state.grants)} tokens,"
            f" {len(state.messages)} messages>"
        )

    def handle(self, request: Request) -> Response:
        """Return the third party's response.

        Raises:
            TransportError: RESET, if `drop` requests it.
        """
        tenants, base = self._make_tenants(), request.base or self.base
        with self._lock:
            ctx = RequestContext(
                table=self.table,
                platform=self.platform,
                tenants=tenants,
                matcher=self._matcher,
                base=base,
                seed=self._seed,
                state=self._state,
                now=self.now(),
                parsed=parse_request(request, base),
            )
            drops = self._state.knobs.drops
            if drops and not is_login_request(ctx):
                self._set_knobs(drops=drops[1:])
                ctx.state = self._state  # it is stored below; with the old knobs, the drop returns
                if drops[0] == "after":
                    respond_to(ctx)
                    self._state = ctx.state
                # A client cannot tell the two apart: it has sent the request, and its script has to
                # cope with not knowing whether that was executed.
                raise TransportError(
                    _BROKEN[drops[0]], code="RESET", elapsed=self.table.latency, sent=True
                )
            response = respond_to(ctx)
            self._state = ctx.state
            return response

    def now(self) -> float:
        """Return the current time by the third party's clock, in POSIX seconds; see `skew`."""
        return self._clock.now() + self._state.knobs.skew

    @property
    def state(self) -> State:
        """Return everything that the simulator remembers."""
        return self._state

    @property
    def messages(self) -> tuple[Message, ...]:
        """Return the messages sent through it, one for each receiver, the oldest first."""
        return self._state.messages

    def expire(self) -> None:
        """Let all tokens expire now."""
        with self._lock:
            now = self.now()
            self._update_grants(lambda grant: replace(grant, expires=min(grant.expires, now)))

    def revoke(self) -> None:
        """Revoke all tokens: they are then invalid rather than expired."""
        self._update_grants(lambda grant: replace(grant, revoked=True))

    def renewal(self, kind: Literal["same", "new", "extend"], /) -> None:
        """Set what a login returns while a token is valid.

        The ``same`` token, a ``new`` one, or ``extend``: the same one, with its whole life again.

        Raises:
            ConfigError: if *kind* is none of these.
        """
        if kind not in RENEWALS:
            kinds = tuple(RENEWALS)
            hint = suggest_nearest(kind, kinds) or msg(
                "; choose one of {listed}", listed=shorten_list(kinds)
            )
            raise ConfigError("renewal: unknown value {kind!r}{hint}", kind=kind, hint=hint)
        self._set_knobs(renewal=kind)

    def life(self, seconds: float, /) -> None:
        """Set the life in seconds of tokens issued from now on."""
        self._set_knobs(life=_require_not_negative("life", seconds))

    def overlap(self, seconds: float, /) -> None:
        """Set how many seconds an older token stays valid when a new one is issued."""
        self._set_knobs(overlap=_require_not_negative("overlap", seconds))

    def skew(self, seconds: float, /) -> None:
        """Set the third party's clock *seconds* ahead of ours (negative: behind)."""
        self._set_knobs(skew=float(seconds))

    def limit(self, count: int, per: float, /) -> None:
        """Accept *count* requests of each API in *per* seconds.

        Refuse more, as the rule table says.
        """
        self._set_knobs(
            limit=(
                int(_require_not_negative("limit", count)),
                _require_not_negative("limit", per) or 1.0,
            )
        )

    def drop(self, when: Literal["before", "after"], /, times: int = 1) -> None:
        """Break the connections of the next *times* requests, before or after they are executed.

        Logins do not count.

        Raises:
            ConfigError: if *when* is neither.
        """
        if when not in _BROKEN:
            hint = suggest_nearest(when, tuple(_BROKEN)) or msg("; choose before or after")
            raise ConfigError("drop: there is no {when!r}{hint}", when=when, hint=hint)
        with self._lock:
            self._set_knobs(drops=(*self._state.knobs.drops, *[when] * times))

    def add(self, rows: str, /, *records: Mapping[str, Any]) -> None:
        """Add *records* of the kind *rows*, which is the name of a list, such as ``users``.

        They take precedence over older ones.

        Raises:
            ConfigError: if there is no such kind of records.
        """
        known = tuple(self.table.rows)
        if rows not in known:
            hint = suggest_nearest(rows, known) or msg(
                "; it has {listed}", listed=(shorten_list(known) or "none")
            )
            key = self.platform.platform_key
            raise ConfigError(
                "the simulator of {key!r} has no rows {rows!r}{hint}", key=key, rows=rows, hint=hint
            )
        with self._lock:
            added = {**self._state.rows, rows: (*records, *self._state.rows.get(rows, ()))}
            self._state = replace(self._state, rows=added)

    def reset(self) -> None:
        """Forget everything, and undo all settings such as `skew` and `limit`."""
        with self._lock:
            self._state = State()

    def _set_knobs(self, **knobs: Any) -> None:
        with self._lock:
            self._state = replace(self._state, knobs=replace(self._state.knobs, **knobs))

    def _update_grants(self, change: Callable[[Any], Any]) -> None:
        with self._lock:
            self._state = replace(self._state, grants=tuple(map(change, self._state.grants)))


def _require_not_negative(name: str, value: float) -> float:
    if value < 0:
        raise ConfigError(
            "{name}: {value:g} is less than nothing; give a number from 0 on",
            name=name,
            value=value,
        )
    return value


@dataclass(eq=False)
class SimulatorTransport:
    """Answers each request by the simulator of the third party that it is addressed to.

    It is the transport of sessions in mode ``simulate``.

    Attributes:
        credentials: function that returns the credentials of an instance.
    """

    platforms: load.Platforms
    credentials: Callable[[Platform, Instance], Credentials]
    _: KW_ONLY
    clock: Clock
    seed: int = 0
    _created: dict[str, Simulator] = field(default_factory=dict, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    def get_simulator(self, platform_key: str) -> Simulator:
        """Return the simulator of a platform.

        Raises:
            CallError: UNKNOWN_PLATFORM, if there is no such platform.
        """
        with self._lock:
            if platform_key not in self._created:
                self._created[platform_key] = Simulator(
                    self.platforms.platform(platform_key),
                    lambda: tuple(self._make_tenants(platform_key)),
                    clock=self.clock,
                    seed=self.seed,
                )
            return self._created[platform_key]

    def _make_tenants(self, key: str) -> Iterator[TenantCredentials]:
        platform = self.platforms.platform(key)
        for entry in self.platforms.entries_of(key):
            if entry.instance.enabled:
                credentials = self.credentials(platform, entry.instance)
                yield TenantCredentials(entry.instance.instance_key, credentials.real)

    @cached_property
    def _matcher(self) -> matcher.ApiMatcher:
        return matcher.ApiMatcher(self.platforms)

    def handle(self, request: Request) -> Response:
        """Return the response of the third party to which *request* is addressed.

        Raises:
            TransportError: CONNECT for an address that no platform has; RESET if a scenario asked
                for it (`Simulator.drop`).
        """
        key = request.call.platform if request.call else ""
        if not key:
            match = self._matcher.match(request)
            key = match.target.platform.platform_key if match else ""
        if not key:
            raise TransportError(
                msg(
                    "no platform has the address of {method} {partition}, so nothing simulates it; "
                    "declare it",
                    method=request.method,
                    partition=request.url.partition("?")[0],
                ),
                code="CONNECT",
                sent=False,
            )
        return self.get_simulator(key).handle(request)
