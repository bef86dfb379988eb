"""A session used at random: recorded, killed, recovered, replayed; against a model in dicts."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)
from msgspec.structs import replace

from bpmax_sim import strategies
from bpmax_sim.cassette.merge import recover
from bpmax_sim.errors import CallError
from bpmax_sim.messages import Request, Response
from bpmax_sim.platform.model import Api, CredentialSpec, Instance, Parameter, Platform
from bpmax_sim.proxy.builder import Builder, CallSpec
from bpmax_sim.session.session import Session
from tests.leaks import folder, leaks
from tests.property import model
from tests.property.logins import reply
from tests.property.world import Case, ThirdParty, opened

DETAIL = Api(
    key="getDetail",
    path="/客户/{id}?v=1",
    parameters=(
        Parameter(name="id", place="path", required=True),
        Parameter(name="page", place="query"),
    ),
    query={"page": 1},
)
CREATE = Api(
    key="create",
    method="POST",
    path="/合同",
    headers={"X-Trace": "t"},
    parameters=(Parameter(name="客户", place="body", to="深.名称"),),
    body={"来源": "表单"},
)
PLATFORM = Platform(
    platform_key="crm_system",
    base_url="https://crm.example.test/api",
    credentials={"user": CredentialSpec(), "secret": CredentialSpec(secret=True)},
    headers={"X-Tenant": "bpmax"},
)
TOOK = 0.25
DRAWN = ("none", "static", "login", "signed", "double", "steps")
"""Kinds of auth; what a preset signs with is dated by the machine's clock."""


@dataclass(slots=True)
class Grant:
    """What the model knows of a token: whether it is due for renewal, and known to the server."""

    expired: bool
    revoked: bool = False


@dataclass(slots=True)
class Said:
    """A builder, what it must come to, and the session that it belongs to."""

    program: CallSpec
    builder: Builder | None = None
    session: Session | None = None


@dataclass(slots=True)
class Recording:
    """What was done in one recording session, in order: calls with their outcomes, and waits."""

    owner: str
    done: list[tuple[str, Any, Any]] = field(default_factory=list)
    clock: float = 0.0


class Sessions(RuleBasedStateMachine):
    """Build, call, reuse, expire, revoke, switch, wait, record, kill, recover, replay."""

    said = Bundle("said")

    def __init__(self) -> None:
        super().__init__()
        self.root = Path(mkdtemp(prefix="会话"))
        self.path = self.root / "cassettes/crm/会话.yaml"
        self.number = 0

    @initialize(
        auth=strategies.auths(kinds=DRAWN),
        secrets=st.lists(strategies.secrets(), min_size=2, max_size=2),
    )
    def start(self, auth: Any, secrets: list[str]) -> None:
        apis = {"getDetail": DETAIL, "create": CREATE}
        if any(one.place == "path" for one in auth.apply):
            apis = {key: replace(one, path=f"/{{tenant}}{one.path}") for key, one in apis.items()}
        platform = replace(PLATFORM, auth=auth, apis=apis)
        tenants = tuple(
            Instance(
                platform="crm_system",
                instance_key=key,
                query={"租户": key},
                credentials={"user": f"u{key}", "secret": f"{secret}{key}"},
            )
            for key, secret in zip(("test", "prod"), secrets, strict=True)
        )
        self.case = Case(platform, tenants, [])
        self.third = ThirdParty(self.case, answer=self.answer)
        self.trouble: list[int] = []
        self.answered = 0
        self.kept: list[Recording] = []
        self.record()

    def record(self) -> None:
        """Open a recording of an owner of its own."""
        self.number += 1
        self.now = Recording(f"会话 {self.number}")
        self.session = opened(
            self.case,
            self.third,
            self.path,
            owner=self.now.owner,
            unawaited="allow",  # some chains are never called, and killed sessions not closed
        )
        self.now.clock = self.session.clock.now()
        self.start_clock = self.now.clock
        self.grants: dict[str, Grant] = {}

    def answer(self, _request: Request) -> Response:
        self.answered += 1
        return reply({"code": 200, "n": self.answered}, self.trouble.pop() if self.trouble else 200)

    @rule(target=said, api=st.sampled_from(("getDetail", "create")), key=st.sampled_from(
        ("test", "prod", None)))  # fmt: skip
    def begin(self, api: str, key: str | None) -> Said:
        """Start a chain; another instance is one option away."""
        options = {} if key is None else {"instance_key": key}
        return Said(CallSpec(platform="crm_system", options=options, api=api))

    @rule(target=said, said=said, data=st.data())
    def set(self, said: Said, data: st.DataObject) -> Said:
        """Set something more; the builder that it came from stays as it was."""
        api = self.case.api(said.program)
        step = data.draw(strategies.steps(platform=self.case.platform, api=api))
        builder = getattr(self.built(said), step[0])(step[1])
        program = replace(said.program, steps=(*said.program.steps, step))
        return Said(program, builder, self.session)

    def built(self, said: Said) -> Builder:
        """Return the builder, made anew where it is of an earlier session."""
        if said.builder is None or said.session is not self.session:
            builder = self.session.proxy("crm_system", **said.program.options).api(said.program.api)
            for setter, value in said.program.steps:
                builder = getattr(builder, setter)(value)
            said.builder, said.session = builder, self.session
        return said.builder

    @rule(said=said)
    def call(self, said: Said) -> None:
        self.made(said.program, self.built(said).call)

    @rule(api=st.sampled_from((DETAIL, CREATE)), data=st.data())
    def direct(self, api: Api, data: st.DataObject) -> None:
        program = data.draw(
            strategies.direct_calls(
                platform=self.case.platform, api=api, instances=("test", "prod")
            )
        )
        self.made(program, partial(strategies.perform, program, self.session))

    def made(self, program: CallSpec, call: Any) -> None:
        """Make a call, and hold it against the model."""
        before = len(self.third.requests), len(self.third.logins)
        troubled = list(self.trouble)
        came = outcome(call)
        sent = self.third.requests[before[0] :]
        expected = self.expected(program)
        counts, status = self.predicted(program, expected, troubled)

        assert (len(sent), len(self.third.logins) - before[1]) == counts
        wanted = expected.codes or {"" if status == 200 else "HTTP_STATUS"}
        assert came[0] in wanted
        for request in sent[-1:]:
            model.check(request, expected, self.case, program, self.third.values(program))
        self.now.done.append(("call", program, came))
        self.now.clock += TOOK * len(sent)

    def expected(self, program: CallSpec) -> model.Said:
        found = model.said(self.case, program)
        return model.authorise(found, self.case, program, self.third.values(program))

    def predicted(
        self, program: CallSpec, expected: model.Said, trouble: list[int]
    ) -> tuple[tuple[int, int], int]:
        """Return how many requests and logins a call takes, and the status that it ends with."""
        if expected.code:
            return (0, 0), 200
        status = trouble[-1] if trouble else 200
        if self.case.platform.auth.acquire is None:
            return (1, 0), status
        key = self.case.instance(program).instance_key
        grant = self.grants.get(key)
        logins = requests = 0
        if grant is None or grant.expired:
            grant, logins = self.granted(key), 1
        requests = 1
        if grant.revoked:
            self.granted(key)
            requests, logins = 2, logins + 1
        return (requests, logins), status

    def granted(self, key: str) -> Grant:
        self.grants[key] = Grant(expired=self.third.ttl == 0)
        return self.grants[key]

    @rule()
    def expire(self) -> None:
        """Let tokens end as soon as they are given, or no longer."""
        self.third.ttl = 7200 if self.third.ttl == 0 else 0

    @rule()
    def revoke(self) -> None:
        """Let the third party forget every token."""
        self.third.good.clear()
        for grant in self.grants.values():
            grant.revoked = True

    @rule(status=st.sampled_from((400, 404, 500, 503)))
    def fail_next(self, status: int) -> None:
        self.trouble[:] = [status]

    @rule(seconds=st.integers(0, 10**6))
    def wait(self, seconds: int) -> None:
        self.session.clock.advance(seconds)
        self.now.done.append(("wait", seconds, None))
        self.now.clock += seconds

    @rule()
    def finish(self) -> None:
        """Close the recording; what was recorded replays, now and after everything else."""
        self.session.close()
        self.kept.append(self.now)
        self.record()

    @precondition(lambda self: self.now.done)
    @rule(torn=st.integers(0, 12))
    def kill(self, torn: int) -> None:
        """Drop the session without closing it, its last write torn; recover the journals."""
        record = self.session._wiring.record
        for recorder in record.list_open_recorders() if record else []:
            recorder.close()
        self.session._scheduler.close()
        journals = sorted(self.root.rglob("*.journal"))
        own = [one for one in journals if one.name.startswith(self.path.name)]
        if torn and own:
            os.truncate(own[0], own[0].stat().st_size - torn)
        for journal in journals:
            recover(journal.with_name(journal.name.rsplit(".", 2)[0]))
        assert list(self.root.rglob("*.journal")) == []
        lost = self.lose() if torn and own else self.now
        self.kept.append(lost)
        self.record()

    def lose(self) -> Recording:
        """Return what was done up to the last exchange, which is lost."""
        done = list(self.now.done)
        while done and not sends(done.pop()):
            pass
        return Recording(self.now.owner, done, clock=-1)

    @precondition(lambda self: self.kept)
    @rule(data=st.data())
    def replay(self, data: st.DataObject) -> None:
        self.replayed(data.draw(st.sampled_from(self.kept)))

    def replayed(self, kept: Recording) -> None:
        """Do once more what was recorded, with the network closed, and get the same."""
        session = opened(self.case, None, self.path, owner=kept.owner)
        for what, value, came in kept.done:
            if what == "wait":
                session.advance(value)
            else:
                assert outcome(partial(strategies.perform, value, session)) == came
        if kept.clock >= 0:
            assert abs(session.clock.now() - kept.clock) < 0.001
            assert {one.source for one in session.calls if one.source} <= {"recorded"}
            session.close()

    @invariant()
    def the_clock_is_where_the_model_says(self) -> None:
        if self.number:
            assert abs(self.session.clock.now() - self.now.clock) < 0.001

    def teardown(self) -> None:
        try:
            if self.number:
                self.session.close()
                for kept in [*self.kept, self.now]:
                    self.replayed(kept)
                secrets = {str(n): text for n, text in enumerate(self.third.secrets)}
                assert leaks(folder(self.root), secrets) == []
        finally:
            shutil.rmtree(self.root)


def sends(event: tuple[str, Any, Any]) -> bool:
    """Return whether an event reached the third party."""
    return event[0] == "call" and event[2][0] in {"", "HTTP_STATUS"}


def outcome(call: Any) -> tuple[str, Any]:
    """Return the code of a rejection, or nothing, and what the script sees."""
    try:
        return "", call()
    except CallError as error:
        return error.code, (error.message, error.status, error.response)


TestSessions = Sessions.TestCase
