"""Tokens of sessions used at random: they end, are revoked, refused, and asked for all at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from bpmax_sim import strategies
from bpmax_sim.clock import Instant
from bpmax_sim.errors import CallError
from bpmax_sim.proxy.builder import CallSpec, Proxy
from bpmax_sim.proxy.client import run_call as make_call
from bpmax_sim.script.scheduler import Scheduler
from bpmax_sim.secret.vault import Credential, Credentials
from bpmax_sim.session.session import Session
from bpmax_sim.session.settings import Settings
from bpmax_sim.session.shared_logins import SharedLogins
from bpmax_sim.transport.protocol import Handler
from tests.property.tokens import (
    CAUSE,
    TENANTS,
    Ask,
    Issuer,
    Judge,
    Login,
    Outcome,
    platform,
    tenants,
)
from tests.property.world import START
from tests.proxy.world import BASE, World

TENANT = st.sampled_from(TENANTS)
API = st.sampled_from(("客户", "合同"))
CALL = st.tuples(TENANT, API, st.sampled_from((0.0, 0.125, 0.25, 1.0)))
Call = tuple[str, str, float]
LIFE = st.sampled_from((7200.0, 600.0, 100.0, 5.0, 0.0))


def called(proxy: Callable[..., Proxy], call: Call, number: int = 0) -> Outcome:
    """Make a call in Python, in the session of a *number*, and say how it ended."""
    tenant, api, took = call
    try:
        builder = proxy("crm_system", instance_key=tenant).api(api)
        assert builder.query(t=took, session=number).call() == {"code": 200}
    except CallError as error:
        return Outcome(tenant, error.code, str(error))
    return Outcome(tenant, "")


class Tokens(RuleBasedStateMachine):
    """Calls in virtual time, one by one and all at once, while the books change."""

    @initialize(
        margin=st.sampled_from((60.0, 0.0, 180.0)),
        unit=st.sampled_from(("s", "absolute")),
        skew=st.sampled_from((0.0, 30.0, -30.0, 90.0, -240.0)),
        life=LIFE,
        rotates=st.booleans(),
    )
    def start(self, margin: float, unit: str, skew: float, life: float, rotates: bool) -> None:
        secrets = {key: f"s3c-{key}-Kq7" for key in TENANTS}
        self.world = World(platform(margin, unit, rotates=rotates), instances=tenants(secrets))
        self.world.tenants = {
            key: Credentials(
                Credential(name="user", real=key, standin=key),
                Credential(name="secret", secret=True, real=secret, standin=f"redacted.{key}"),
                live=BASE,
                declared=BASE,
            )
            for key, secret in secrets.items()
        }
        self.issuer = Issuer(
            self.world.clock.now,
            unit=unit,
            skew=skew,
            life=life,
            rotates=rotates,
            secrets=secrets,
        )
        self.judge = Judge(self.issuer, margin)
        self.world.handler = self.issuer.handle

    @rule(call=CALL)
    def call(self, call: Call) -> None:
        """Call, and wait for the end."""
        self.judge.check([called(self.world.proxy, call)])

    @rule(calls=st.lists(CALL, min_size=2, max_size=5), revoked=st.sets(TENANT))
    def calls(self, calls: list[Call], revoked: set[str]) -> None:
        """Call all at once, as ``Promise.all`` does, some with a token that was just revoked."""
        for tenant in revoked:
            self.issuer.revoke(tenant)
        scheduler = Scheduler(self.world.clock, self.world.handle, self.world.tokens)
        ended: list[Outcome] = []

        def end(tenant: str, _answer: object, error: Exception | None) -> None:
            assert error is None or isinstance(error, CallError), error
            ended.append(Outcome(tenant, error.code if error else "", str(error)))

        for tenant, api, took in calls:
            spec = CallSpec(
                platform="crm_system",
                api=api,
                options={"instance_key": tenant},
                steps=(("query", {"t": took, "session": 0}),),
            )
            scheduler.start_call(make_call(spec, self.world.env), partial(end, tenant))
        scheduler.run()
        assert len(ended) == len(calls)
        self.judge.check(ended)

    @rule(seconds=st.sampled_from((1, 4, 29, 31, 61, 3600, 7200)))
    def wait(self, seconds: int) -> None:
        self.world.clock.advance(seconds)

    @rule(tenant=TENANT, more=st.sampled_from((-0.5, 0.125)))
    def call_at_the_margin(self, tenant: str, more: float) -> None:
        """Call just before, or just after, a token is due for renewal."""
        last = self.judge.granted(tenant, self.world.clock.now())
        if last is not None:
            left = self.judge.renewal(last) - self.world.clock.now()
            self.world.clock.advance(max(left + more, 0))
        self.call((tenant, "合同", 0.25))

    @rule(tenant=TENANT, refused=st.integers(0, 3), throttled=st.integers(0, 2))
    def trouble(self, tenant: str, refused: int, throttled: int) -> None:
        """Let the token be revoked, the next logins come too often, those after it be refused."""
        self.issuer.revoke(tenant)
        self.issuer.refusals[tenant] = refused
        self.issuer.throttled[tenant] = throttled

    @rule(life=LIFE)
    def grant_for(self, life: float) -> None:
        """Let later tokens live for so long."""
        self.issuer.life = life


class SharedTokens(RuleBasedStateMachine):
    """Three sessions that share their logins, in real time, used from threads."""

    sessions: tuple[Session, ...] = ()

    @initialize()
    def start(self) -> None:
        secrets = {key: f"s3c-{key}-Kq7" for key in TENANTS}
        declared = strategies.with_instances(*tenants(secrets), platform=platform(60, "s"))
        self.issuer = Issuer(time.monotonic, secrets=secrets, pause=lambda: time.sleep(0.002))
        self.tokens: dict[tuple[int, str], str] = {}
        shared, handler = SharedLogins(), Handler(self.issuer.handle)
        self.sessions = tuple(
            Session(
                declared,
                Settings(mode="live", clock=Instant.parse(START), environ={}, shared_logins=shared),
                transport=handler,
            )
            for _ in range(3)
        )

    @rule(calls=st.lists(st.tuples(st.integers(0, 2), TENANT), min_size=1, max_size=5))
    def calls(self, calls: list[tuple[int, str]]) -> None:
        """Call from threads, all at once."""
        begin = threading.Barrier(len(calls))

        def made(call: tuple[int, str]) -> Outcome:
            begin.wait()
            number, tenant = call
            return called(self.sessions[number].proxy, (tenant, "客户", 0), number)

        before = len(self.issuer.logins), len(self.issuer.asks)
        with ThreadPoolExecutor(len(calls)) as pool:
            came = list(pool.map(made, calls))
        logins, asks = self.issuer.logins[before[0] :], self.issuer.asks[before[1] :]
        for tenant in TENANTS:
            self.judge(
                tenant,
                {number for number, key in calls if key == tenant},
                [one for one in came if one.tenant == tenant],
                [one for one in logins if one.tenant == tenant],
                [one for one in asks if one.tenant == tenant],
                before[0],
            )

    def judge(
        self,
        tenant: str,
        numbers: set[int],
        came: list[Outcome],
        logins: list[Login],
        asks: list[Ask],
        before: int,
    ) -> None:
        """A call fails only where its login was refused; nobody logs in who need not."""
        refused = [one for one in logins if one.status != 200]
        failed = [one for one in came if one.code]
        assert all(one.code == "AUTH_FAILED" and CAUSE in one.message for one in failed), failed
        assert bool(failed) == bool(refused)
        assert len(refused) <= len(failed), "a refused login was sent again"
        if not refused:
            least, most = self.due(tenant, numbers, before)
            assert least <= len(logins) <= most, (logins, least, most)
        for number in numbers:
            good = [one.token for one in asks if one.session == number and one.is_good]
            self.tokens[number, tenant] = good[-1] if good else ""

    def due(self, tenant: str, numbers: set[int], before: int) -> tuple[int, int]:
        """Return how many logins the sessions of *numbers* need, at least and at most."""
        dead = {"", *self.issuer.revoked}
        again = [one for one in numbers if self.tokens.get((one, tenant)) in dead]
        first = [one for one in numbers if (one, tenant) not in self.tokens]
        earlier = [one for one in self.issuer.logins[:before] if one.tenant == tenant]
        has_shared = bool(earlier) and bool(earlier[-1].token)
        is_dead = has_shared and earlier[-1].token in dead
        least = 1 if first and not again and (is_dead or not has_shared) else 0
        most = len(first) if is_dead else 1 if first and not has_shared else 0
        return len(again) + least, len(again) + most

    @rule(tenant=TENANT)
    def revoke(self, tenant: str) -> None:
        self.issuer.revoke(tenant)

    @rule(tenant=TENANT)
    def refuse(self, tenant: str) -> None:
        """Let the next login be refused."""
        self.issuer.refusals[tenant] = 1

    def teardown(self) -> None:
        for session in self.sessions:
            session.close()


def test_a_life_begins_with_the_login_that_was_granted_after_a_limit() -> None:
    """Drawn once: a token was renewed early by what its login had waited for."""
    state = Tokens()
    state.start(margin=60.0, unit="s", skew=0.0, life=7200.0, rotates=False)
    state.call(call=("test", "客户", 0.0))
    state.grant_for(life=5.0)
    state.trouble(refused=0, tenant="test", throttled=1)
    state.call_at_the_margin(more=-0.5, tenant="test")
    state.call(call=("test", "客户", 0.0))
    state.teardown()


TestTokens = Tokens.TestCase
TestSharedTokens = SharedTokens.TestCase
