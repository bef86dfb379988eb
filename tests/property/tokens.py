"""What must hold of tokens, whoever calls: judged from what a third party saw, and when.

Nothing of the package's own bookkeeping is used. A third party hands out tokens by its own clock,
which may be ahead of ours or behind, and notes every request with its beginning and its end.
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from urllib.parse import parse_qs

from bpmax_sim.messages import Request, Response
from bpmax_sim.platform.model import (
    Acquire,
    Api,
    Apply,
    Auth,
    CredentialSpec,
    Extract,
    Instance,
    LoginRequest,
    LoginStep,
    Platform,
    Recover,
    Ttl,
)

TOOK = 0.25
"""Seconds of a login; a call takes as long as its query says."""
WAIT = 2
CAUSE = "密钥已停用"
TENANTS = ("test", "prod")


@dataclass(slots=True)
class Login:
    """A login of *tenant*, and what came of it: a token that lives for *life*, or nothing."""

    tenant: str
    start: float
    end: float
    status: int = 200
    token: str = ""
    life: float = 0.0
    dies: float = 0.0


@dataclass(slots=True)
class Ask:
    """A call that came to the third party with *token*."""

    tenant: str
    start: float
    end: float
    token: str
    is_good: bool
    session: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a call ended: its code, or nothing, and its message."""

    tenant: str
    code: str
    message: str = ""


@dataclass(slots=True)
class Issuer:
    """A third party that knows nothing but tokens.

    Attributes:
        now: our clock; its own is *skew* seconds ahead.
        unit: ``s`` tells how long a token lives, ``absolute`` when it ends by its own clock.
        rotates: whether a login puts a new secret into the place of the old one.
        refusals, throttled: how many of the next logins of a tenant are refused, or come too often.
        pause: called within a login, so that others may come meanwhile.
    """

    now: Callable[[], float]
    unit: str = "s"
    skew: float = 0.0
    life: float = 7200.0
    rotates: bool = False
    pause: Callable[[], None] = lambda: None
    refusals: Counter[str] = field(default_factory=Counter)
    throttled: Counter[str] = field(default_factory=Counter)
    secrets: dict[str, str] = field(default_factory=dict)
    logins: list[Login] = field(default_factory=list)
    asks: list[Ask] = field(default_factory=list)
    revoked: set[str] = field(default_factory=set)
    under_way: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def handle(self, request: Request) -> Response:
        """Answer a login or a call."""
        assert request.call is not None
        if not request.is_login:
            return self._asked(request, request.call.instance)
        tenant = request.call.instance
        with self.lock:
            self.under_way[tenant] += 1
            assert self.under_way[tenant] == 1, "two logins at a time for one credential"
        self.pause()
        with self.lock:
            self.under_way[tenant] -= 1
            return self._login(tenant, request)

    def _login(self, tenant: str, request: Request) -> Response:
        start = self.now()
        login = Login(tenant, start, start + TOOK)
        self.logins.append(login)
        said = parse_qs((request.body or b"").decode())
        assert said["secret"] == [self.secrets[tenant]], "not what the last login yielded"
        if self.throttled[tenant]:
            self.throttled[tenant] -= 1
            login.status = 429
            return _reply({"error": "busy"}, 429, ("Retry-After", str(WAIT)))
        if self.refusals[tenant]:
            self.refusals[tenant] -= 1
            login.status = 401
            return _reply({"error": "invalid_client", "error_description": CAUSE}, 401)
        login.token = f"tok{len(self.logins)}{tenant}Zx8Q".encode().hex()
        login.life, login.dies = self.life, start + self.skew + self.life
        granted = {
            "token": login.token,
            "ttl": login.dies if self.unit == "absolute" else self.life,
        }
        if self.rotates:
            self.secrets[tenant] = granted["secret"] = f"s3c-{len(self.logins)}-{tenant}-Kq7"
        return _reply(granted)

    def _asked(self, request: Request, tenant: str) -> Response:
        start, said = self.now(), parse_qs(request.url.partition("?")[2])
        took, session = float(said["t"][0]), int(said["session"][0])
        (shown,) = [value for name, value in request.headers if name == "Authorization"]
        token = shown.removeprefix("Bearer ")
        with self.lock:
            known = [one for one in self.logins if one.token == token]
            is_good = bool(known) and (
                known[0].tenant == tenant
                and token not in self.revoked
                and start + self.skew < known[0].dies
            )
            self.asks.append(Ask(tenant, start, start + took, token, is_good, session))
        if is_good:
            return _reply({"code": 200}, took=took)
        return _reply({"error": "令牌无效"}, 401, took=took)

    def revoke(self, tenant: str) -> None:
        """Let every token of *tenant* be good no more."""
        self.revoked |= {one.token for one in self.logins if one.tenant == tenant}


def _reply(
    value: object, status: int = 200, *headers: tuple[str, str], took: float = TOOK
) -> Response:
    body = json.dumps(value, ensure_ascii=False).encode()
    heads = (("Content-Type", "application/json"), *headers)
    return Response(status=status, headers=heads, body=body, elapsed=took)


@dataclass(slots=True)
class Judge:
    """Holds what an issuer saw against the rules of `$proxy`; see each method."""

    issuer: Issuer
    margin: float
    seen: tuple[int, int] = (0, 0)

    def check(self, outcomes: list[Outcome]) -> None:
        """Judge what came since the last time, and how the calls ended that made it."""
        logins, asks = self.issuer.logins, self.issuer.asks
        new = logins[self.seen[0] :], asks[self.seen[1] :]
        self.seen = len(logins), len(asks)
        for tenant in TENANTS:
            own = [one for one in logins if one.tenant == tenant]
            for one, other in pairwise(own):
                self.one_at_a_time(one, other)
            for login in new[0]:
                if login.tenant == tenant:
                    assert self.is_due(tenant, login.start), f"nobody needs {login}"
            for ask in new[1]:
                if ask.tenant == tenant:
                    self.is_fresh(ask)
            ended = [one for one in outcomes if one.tenant == tenant]
            mine = [one for one in new[0] if one.tenant == tenant]
            self.is_told(ended, mine, [one for one in new[1] if one.tenant == tenant])

    def one_at_a_time(self, one: Login, other: Login) -> None:
        """No login begins before that in front of it is over; after a limit it waits as told."""
        assert other.start >= one.end - 1e-6, (one, other)

    def renewal(self, login: Login) -> float:
        """Return when a token is no longer used: *margin* before its end, by our clock."""
        skew = self.issuer.skew if self.issuer.unit == "absolute" else 0.0
        life = login.life + skew
        return login.start + life - min(self.margin, max(life, 0) / 2)

    def granted(self, tenant: str, at: float) -> Login | None:
        """Return the last login of *tenant* that had yielded a token *at* an instant."""
        known = [one for one in self.issuer.logins if one.tenant == tenant and one.token]
        return next((one for one in reversed(known) if one.end <= at + 1e-6), None)

    def refused(self, token: str, before: float) -> bool:
        """Return whether *token* is known to be dead *before* an instant."""
        asks = self.issuer.asks
        return any(one.token == token and not one.is_good and one.end <= before for one in asks)

    def is_due(self, tenant: str, at: float) -> bool:
        """Return whether a login is needed: there is no token, or it is over, or was refused."""
        last = self.granted(tenant, at)
        if last is None or at >= self.renewal(last) - 1e-6:
            return True
        return self.refused(last.token, at + 1e-6)

    def is_fresh(self, ask: Ask) -> None:
        """A call has the newest token of its own tenant, which nobody knows to be dead."""
        last = self.granted(ask.tenant, ask.start)
        assert last is not None
        assert ask.token == last.token, f"{ask} has not the token of {last}"
        is_first = abs(ask.start - last.end) < 1e-6
        assert is_first or ask.start < self.renewal(last) + 1e-6, f"{ask} is after its renewal"
        assert not self.refused(ask.token, ask.start - 1e-6), f"{ask} was refused before"
        far, issuer = abs(self.issuer.skew), self.issuer
        is_safe = issuer.unit == "s" or (far < self.margin and last.life >= 2 * self.margin + far)
        if is_safe and ask.token not in issuer.revoked and not is_first:
            assert ask.is_good, f"the margin of {self.margin} s does not save {ask}"

    def is_told(self, ended: list[Outcome], logins: list[Login], asks: list[Ask]) -> None:
        """A call fails only for a cause, tells it, and makes no login twice."""
        failed = [one for one in ended if one.code]
        refused = [one for one in logins if one.status == 401]
        bad = [one for one in asks if not one.is_good]
        throttled = [one for one in logins if one.status == 429]
        assert len(asks) - len(bad) == len(ended) - len(failed)
        assert len(asks) <= 2 * len(ended)
        for one in failed:
            told_login = one.code == "AUTH_FAILED" and CAUSE in one.message
            told_token = one.code == "AUTH_FAILED" and "new token was refused too" in one.message
            told_limit = one.code == "HTTP_STATUS" and "rate limit" in one.message
            assert (
                (told_login and refused)
                or (told_token and len(bad) > 1)
                or (told_limit and len(throttled) > 1)
            ), one
            assert "s3c-" not in one.message
        causes = [one for one in failed if CAUSE in one.message]
        assert len(refused) <= len(causes), "a refused login was sent again"
        assert bool(refused) == bool(causes)


def platform(margin: float, unit: str, *, rotates: bool = False) -> Platform:
    """Return the platform of an `Issuer`."""
    extract = {
        "token": Extract(path="$.token", secret=True),
        "ttl": Extract(path="$.ttl", optional=True),
    }
    if rotates:
        extract["secret"] = Extract(path="$.secret", secret=True)
    login = LoginRequest(path="/login", form={"user": "{{ user }}", "secret": "{{ secret }}"})
    acquire = Acquire(
        share=("user", "secret"),
        steps=(LoginStep(request=login, extract=extract),),
        ttl=Ttl(unit=unit, default=7200, margin=margin),  # type: ignore[arg-type]
    )
    return Platform(
        platform_key="crm_system",
        base_url="https://crm.example.test",
        credentials={"user": CredentialSpec(), "secret": CredentialSpec(secret=True)},
        auth=Auth(
            acquire=acquire,
            apply=(Apply(place="header", name="Authorization", value="Bearer {{ token }}"),),
            recover={
                "token": Recover(refresh=1),
                "rate": Recover(tries=2, wait=("header:retry-after",)),
            },
        ),
        apis={
            "客户": Api(key="客户", path="/客户"),
            "合同": Api(key="合同", method="POST", path="/合同", body={"来源": "表单"}),
        },
    )


def tenants(secrets: dict[str, str]) -> tuple[Instance, ...]:
    """Return the instances of that platform."""
    return tuple(
        Instance(
            platform="crm_system",
            instance_key=key,
            credentials={"user": f"u-{key}", "secret": secret},
        )
        for key, secret in secrets.items()
    )
