"""A small world for calls: platforms as model objects, a function as the third party."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from bpmax_sim.clock import SeededRandomSource, VirtualClock
from bpmax_sim.errors import CallError, suggest_nearest
from bpmax_sim.messages import Request, Response
from bpmax_sim.platform.model import (
    Acquire,
    Api,
    Apply,
    Auth,
    Extract,
    Instance,
    LoginRequest,
    LoginStep,
    Parameter,
    Platform,
)
from bpmax_sim.proxy.builder import CallSpec, Proxy
from bpmax_sim.proxy.client import TokenStore, build_request, run_blocking, run_call
from bpmax_sim.proxy.compiled_api import CompiledApi
from bpmax_sim.proxy.environment import Environment, RenewableCredentialStore
from bpmax_sim.proxy.result import ResolvedCallValue
from bpmax_sim.secret.vault import Credential, Credentials, Vault

Found = TypeVar("Found")

START = 1_772_413_200.0  # 2026-03-02T09:00:00+08:00
BASE = "https://crm.example.test"
SECRET = "s3cret-合同-value"
STANDIN = "redacted.crm_system.test.secret.1"

DETAIL = Api(
    key="get_customer_detail",
    path="/api/customers/{id}",
    parameters=(
        Parameter(name="id", place="path", required=True),
        Parameter(name="fields", place="query"),
    ),
)
CREATE = Api(key="create_contract", method="POST", path="/api/contracts")
SEARCH = Api(key="search", path="/api/search")
BEARER = Auth(apply=(Apply(place="header", name="Authorization", value="Bearer {{ secret }}"),))
TOKEN = Auth(
    acquire=Acquire(
        steps=(
            LoginStep(
                request=LoginRequest(
                    path="/oauth/token",
                    form={
                        "grant_type": "client_credentials",
                        "client_id": "{{ client_id }}",
                        "client_secret": "{{ secret }}",
                    },
                ),
                extract={
                    "token": Extract(path="$.access_token", secret=True),
                    "ttl": Extract(path="$.expires_in"),
                },
            ),
        )
    ),
    apply=(Apply(place="header", name="Authorization", value="Bearer {{ token }}"),),
)


def crm(*apis: Api, **fields: Any) -> Platform:
    """Return the platform ``crm_system`` with *apis*, by default the three of this module."""
    listed = apis or (DETAIL, CREATE, SEARCH)
    fields.setdefault("base_url", BASE)
    return Platform(platform_key="crm_system", apis={api.key: api for api in listed}, **fields)


def ok(value: Any = None, **fields: Any) -> Response:
    """Return a 200 answer of JSON."""
    return answer(200, {"code": 200, "message": "ok"} if value is None else value, **fields)


def answer(
    status: int, value: Any, headers: Mapping[str, str] | None = None, **fields: Any
) -> Response:
    """Return an answer of JSON, or of exactly the bytes given."""
    given = dict(headers or {})
    raw = value if isinstance(value, bytes) else json.dumps(value, ensure_ascii=False).encode()
    given.setdefault("Content-Type", "application/json; charset=utf-8")
    return Response(status=status, headers=tuple(given.items()), body=raw, **fields)


@dataclass(slots=True)
class Book:
    """The platforms and instances that there are."""

    platforms: Mapping[str, Platform]
    instances: tuple[Instance, ...]

    def platform(self, key: str, /) -> Platform:
        return self._found(self.platforms, key, "platform")

    def instance(self, platform_key: str, instance_key: str | None, /) -> Instance:
        known = {
            item.instance_key: item for item in self.instances if item.platform == platform_key
        }
        wanted = next(iter(known)) if instance_key is None else instance_key
        return self._found(known, wanted, "instance")

    def api(self, platform: Platform, name: str, /) -> Api:
        return self._found(platform.apis, name, "api")

    def _found(self, known: Mapping[str, Found], key: str, kind: str) -> Found:
        if key in known:
            return known[key]
        hint = suggest_nearest(key, known)
        raise CallError(f"unknown {kind} {key!r}{hint}", code=f"UNKNOWN_{kind.upper()}")


class WorldEnvironment(Environment):
    """An environment whose logins are made of stand-ins where a test says so.

    Attributes:
        ended: how long what each login yielded lives, as the login told.
        renewal: of credentials that a login replaces, with their names; none is kept without it.
    """

    is_synthetic = False
    ended: list[float | None]
    renewal: RenewableCredentialStore | None = None
    renewed_names: Iterable[str] = ()

    def synthesises_login(self, _platform: str, _instance: str, /) -> bool:
        return self.is_synthetic

    def find_credential_store(
        self, _recipe: CompiledApi, _tenant: Credentials, names: Iterable[str], /
    ) -> RenewableCredentialStore:
        self.renewed_names = names
        return self.renewal or RenewableCredentialStore()

    def finish_login_attempt(self, _platform: str, _instance: str, life: float | None, /) -> None:
        self.ended.append(life)


class World:
    """One session in little: every request goes to *handler*; time is virtual."""

    def __init__(
        self,
        platform: Platform | None = None,
        handler: Callable[[Request], Response] = lambda _request: ok(),
        *,
        instances: tuple[Instance, ...] = (),
        live: str | None = None,
        **environment: Any,
    ) -> None:
        self.platform = platform or crm()
        self.handler = handler
        self.sent: list[Request] = []
        self.slept: list[float] = []
        self.clock = VirtualClock(START)
        self.vault = Vault()
        self.vault.add(SECRET, STANDIN, name="crm_system.test.secret")
        self.tokens = TokenStore()
        known = instances or (
            Instance(platform=self.platform.platform_key, instance_key="test", default=True),
            Instance(platform=self.platform.platform_key, instance_key="prod"),
        )
        self.book = Book({self.platform.platform_key: self.platform}, known)
        declared = self.platform.base_url
        self.tenants = {
            item.instance_key: Credentials(
                Credential(name="client_id", real=item.instance_key, standin=item.instance_key),
                Credential(name="secret", secret=True, real=SECRET, standin=STANDIN),
                live=live or declared,
                declared=declared,
            )
            for item in known
        }
        chance = SeededRandomSource(7)
        defaults: dict[str, Any] = {
            "platforms": self.book,
            "tenant": lambda _platform, instance: self.tenants[instance.instance_key],
            "vault": self.vault,
            "clock": self.clock,
            "auth_clock": self.clock,
            "chance": chance,
            "auth_chance": chance,
        }
        synthesise_login = environment.pop("synthesise_login", False)
        self.env = WorldEnvironment(**{**defaults, **environment})
        self.env.is_synthetic, self.env.ended = synthesise_login, []
        self.log = self.env.calls

    def close_network(self) -> None:
        """Let credentials be their stand-ins, as they are in replay."""
        for key, tenant in self.tenants.items():
            declared = [
                Credential(name=name, real=value, standin=value)
                for name, value in tenant.standins.items()
            ]
            self.tenants[key] = Credentials(*declared, live=BASE)

    def handle(self, request: Request) -> Response:
        self.sent.append(request)
        return self.handler(request)

    def run(self, program: CallSpec) -> ResolvedCallValue:
        return run_blocking(
            run_call(program, self.env),
            handle=self.handle,
            tokens=self.tokens,
            clock=self.clock,
            sleep=self.slept.append,
        )

    def proxy(self, key: str = "crm_system", /, **options: Any) -> Proxy:
        return Proxy(
            key,
            options,
            run=lambda program: self.run(program).value,
            build=lambda program: build_request(program, self.env),
        )

    @property
    def request(self) -> Request:
        return self.sent[-1]


def headers_of(request: Request) -> dict[str, str]:
    """Return headers by the spelling they are sent in; a name sent twice is an error."""
    names = [name.lower() for name, _ in request.headers]
    assert len(names) == len(set(names)), request.headers
    return dict(request.headers)


def body_of(request: Request) -> Any:
    """Return the JSON body of *request*."""
    assert request.body is not None
    return json.loads(request.body)


def rejected(action: Callable[[], Any]) -> CallError:
    """Return the rejection that *action* ends in."""
    try:
        value = action()
    except CallError as error:
        return error
    raise AssertionError(f"resolved with {value!r}")
