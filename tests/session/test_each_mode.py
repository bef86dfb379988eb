"""What each mode of a session decides: who waits, who answers first, what is hidden and refused."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

import bpmax_sim as bs
from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.former_names import FormerNames
from bpmax_sim.messages import Call, Request, Response
from bpmax_sim.platform.load import load_platforms
from bpmax_sim.session import call_runner
from bpmax_sim.session import record as record_module
from bpmax_sim.session.live import LiveMode
from bpmax_sim.session.record import RecordMode
from bpmax_sim.transport.faults import BadToken
from bpmax_sim.transport.protocol import Handler
from tests.session.test_whole_recordings import Ends, opened, write

API = 'apis: {get: {path: "/get/{id}"}, create: {method: POST, path: /orders/1}}\n'
PLATFORM = (
    "platform_key: crm\nbase_url: https://crm.example.test\n"
    f"credentials: {{key: {{secret: true}}}}\n{API}"
)


def answer(request: Request) -> Response:
    headers = (("content-type", "application/json"),)
    return Response(status=200, headers=headers, body=b'"%s"' % request.url[-1:].encode())


def test_a_mode_decides_who_waits_draws_and_answers(tmp_path: Path) -> None:
    write(tmp_path, PLATFORM)
    found = {}
    for name, mode, transport, more in (
        ("replay", "replay", None, {}),
        ("simulate", "simulate", None, {}),
        ("live", "live", answer, {}),
        ("record", "record", answer, {}),
        ("rewrite", "record", answer, {"record": "rewrite"}),
        ("new", "record", answer, {"record": "new"}),
        ("new and more", "record", answer, {"record": "new", "extra": True}),
        ("of a simulator", "record", None, {"against": "simulator"}),
    ):
        with opened(tmp_path, transport, mode=mode, **more) as session:
            runner, environment = session._calls, session._calls.environment
            answers: Any = runner._mode
            found[name] = (
                "waits" if vars(runner)["_sleep"] is time.sleep else "",
                type(environment.auth_chance).__name__.removesuffix("RandomSource"),
                environment.separate,
                type(answers).__name__,
                getattr(answers, "_extra", None),
                environment.synthesises_login("crm", "test"),
            )
            parts = [environment._replay, environment._record, environment._live]
            assert [part is not None for part in parts] == [True, mode == "record", bool(transport)]
    assert found == {
        "replay": ("", "Seeded", False, "ReplayMode", None, True),
        "simulate": ("", "Seeded", False, "SimulateMode", None, False),
        "live": ("waits", "System", False, "LiveMode", None, False),
        "record": ("waits", "System", True, "RecordMode", None, False),
        "rewrite": ("waits", "System", True, "RecordMode", None, False),
        "new": ("waits", "System", True, "RecordMissingMode", False, False),
        "new and more": ("waits", "System", True, "RecordMissingMode", True, False),
        "of a simulator": ("", "Seeded", True, "RecordMode", None, False),
    }


def test_places_with_personal_data_are_hidden_from_the_recording_and_found_again(
    tmp_path: Path,
) -> None:
    write(tmp_path, PLATFORM)
    texts = []
    for transport in (answer, None):
        with opened(tmp_path, transport, redact=("body.电话",)) as session:
            proxy = session.proxy("crm")
            texts.append(proxy.create({"电话": "13800000001"}))
            assert session._calls.environment.personal == ("body.电话",)
            sent = Request(
                method="POST", url="https://crm.example.test/orders/1", follow=False,
                headers=(("Content-Type", "application/json"),),
                body='{"电话": "13800000002"}'.encode(),
            )  # fmt: skip
            if transport:
                session.relay.record_response(sent, answer(sent))
            else:
                assert session.relay.try_to_respond(sent) is not None
    kept = (tmp_path / "cassettes/a.yaml").read_text("utf-8")
    assert (texts[1], "1380000000" in kept) == (texts[0], False)
    told = {}
    for place in ("path.id", "path.编号", "header.*", "header.X-Phone"):
        try:
            opened(tmp_path, redact=(place,), unused="ignore").close()
            told[place] = ""
        except bs.ConfigError as error:
            told[place] = str(error)
    assert {place: bool(text) for place, text in told.items()} == {
        "path.id": False, "path.编号": True, "header.*": True, "header.X-Phone": False,
    }  # fmt: skip
    assert told["path.编号"].startswith("redact: ")


def test_faults_strike_before_stubs_and_stubs_before_what_was_recorded(tmp_path: Path) -> None:
    write(tmp_path, PLATFORM)
    with opened(tmp_path, answer) as session:
        get, got = session.proxy("crm").get, list[Any]()

        def call() -> None:
            try:
                got.append(get(1))
            except bs.CallError as error:
                got.append(error.code)

        call()
        first = [lambda _request: Response(status=200, body=b"A"), lambda _request: None]
        session.stub(first[0])
        call()
        session.stub(first[1])
        call()
        rule = bs.Fault(on="crm.get", action=bs.Break(error="timeout"))
        session.arm([rule])
        call()
        assert (session.strikes_of(rule), session.disarm([rule])) == (1, ())
        call()
        assert [one.source for one in session.calls] == ["live", "stub", "stub", "", "stub"]
    assert got == ["1", "A", "A", "TIMEOUT", "A"]
    assert len(Cassette.load(tmp_path / "cassettes/a.yaml")) == 1


def test_nothing_of_a_closed_session_calls_or_builds(tmp_path: Path) -> None:
    write(tmp_path, PLATFORM)
    session = opened(tmp_path, answer)
    spec: Any = None
    request = Request(method="GET", url="https://crm.example.test/get/1")
    session.close()
    doors: dict[str, Callable[[], object]] = {
        "handle": lambda: session._calls.handle(request),
        "pass on": lambda: session._calls.handle(request, answer),
        "build": lambda: session._calls.build_before_auth(spec),
        "relay": lambda: session.relay.relay(request),
        "intercept": lambda: session.relay.intercept("日志"),
    }
    told = {}
    for name, door in doors.items():
        with pytest.raises(bs.ConfigError) as caught:
            door()
        told[name] = str(caught.value)
    assert len(set(told.values())) == 1, told


def test_what_cannot_be_written_leaves_the_recording_for_review_and_the_network_closed(
    tmp_path: Path,
) -> None:
    class Full(Ends):
        def seal_logins(self, *, failed: bool) -> tuple[Path, ...]:
            super().seal_logins(failed=failed)
            raise bs.CassetteError("没有地方了")

    ends = Full((), [tmp_path / "a.yaml"] * 4)
    settings = SimpleNamespace(mode="record", cassette=tmp_path / "a.yaml", remote=None)
    parts: dict[str, Any] = dict.fromkeys(
        ("start", "calls", "secrets", "replay", "live", "record"), ends
    )
    parts["start"] = SimpleNamespace(owner_session=ends)
    whole = call_runner.SessionComponents(settings=settings, tenants=None, log=None, **parts)  # type: ignore[arg-type]
    with pytest.raises(bs.CassetteError, match="没有地方了"):
        whole.close_and_seal(failed=False)
    assert ends.events == [("logins", False), ("closed", True), ("sealed", True), "released"]


def test_a_migration_adds_the_names_that_it_was_given_to_those_of_the_platforms(
    tmp_path: Path,
) -> None:
    write(tmp_path, PLATFORM.replace("\n", "\nwas: [客户]\n", 1))
    platforms = load_platforms(tmp_path / "crm.yaml")
    moved = SimpleNamespace(former=FormerNames(apis={"crm.get": ("查",)}))
    found = []
    for moves in (None, moved):
        settings: Any = SimpleNamespace(ignore=("query.t",), moves=moves)
        former = call_runner._build_matching_rules(platforms, settings).former
        found.append(
            (
                former.platforms["crm"],
                former.apis.get("crm.get"),
                "feishu.sendCardMessage" in former.apis,
            )
        )
    assert found == [(("客户",), None, True), (("客户",), ("查",), True)]


def test_a_bad_token_is_answered_as_its_state_says() -> None:
    platforms = load_platforms(None)
    call = Call(platform="qywx", instance="default", api="gettoken", method="GET", path="/")
    api = next(iter(platforms.platform("qywx").apis))
    request = Request(method="GET", url="https://a", call=replace(call, api=api))
    bodies = [
        call_runner.make_bad_token_response(platforms, request, BadToken(state=state)).body
        for state in ("expired", "revoked")
    ]
    assert bodies[0] != bodies[1]


def test_a_recording_needs_a_file_and_hides_secrets_in_what_is_said_of_signatures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, PLATFORM)
    monkeypatch.setattr(
        record_module, "describe_live_response_trust", lambda *_: "不符：k3y-of-li-2026"
    )
    with opened(tmp_path, answer) as session:
        session._calls.environment.tenant(
            session.platforms.platform("crm"), session.platforms.instance("crm", "test")
        )
        session.proxy("crm").get(1)
    assert "k3y-of-li" not in (tmp_path / "cassettes/a.yaml").read_text("utf-8")
    with pytest.raises(bs.ConfigError, match="record: no cassette is named; pass cassette="):
        opened(tmp_path, answer, cassette=None).proxy("crm").get(1)
    mode: Any = object.__new__(RecordMode)
    mode._recording = SimpleNamespace(recorder=None)
    assert mode.find_new_or_worse_outages() == ()


def test_the_environment_of_calls_hides_notes_and_hands_on(tmp_path: Path) -> None:
    write(tmp_path, PLATFORM)
    ended: list[Any] = []
    with opened(tmp_path, answer, redact=("body.电话",)) as session:
        environment: Any = session._calls.environment
        body = '{"电话": "13800000003"}'.encode()
        headers = (("Content-Type", "application/json"),)
        sent = Request(method="POST", url="https://crm.example.test/a", body=body, headers=headers)
        assert b"13800000003" not in (environment.hide_secrets_as_recorded(sent).body or b"")
        call = Call(platform="crm", instance="test", api="get", method="GET", path="/get/{id}")
        error = environment.note_signature_mismatch(call, ())
        assert session.misses == [error]
        environment._live = SimpleNamespace(
            keeper=None,
            shared_logins=SimpleNamespace(finish_login_attempt=lambda *told: ended.append(told)),
        )
        for instance, life in (("test", None), ("华东", 0.0), ("华北", 7.0)):
            environment.finish_login_attempt("crm", instance, life)
        assert environment._record.granted_logins == {("crm", "华东"), ("crm", "华北")}
        session.misses.clear()
    assert ended == [("crm", "test", None), ("crm", "华东", 0.0), ("crm", "华北", 7.0)]


class Routable:
    """A transport that takes a route for each request."""

    def __init__(self) -> None:
        self.routes: list[Any] = []

    def handle(self, request: Request) -> Response:
        return answer(request)

    def with_routes(self, route: Any) -> Any:
        self.routes.append(route)
        return self


class Logins:
    """Logins that sessions share."""

    def __init__(self) -> None:
        self.given: list[Any] = []
        self.renewing: Any = None

    def wrap_transport(self, live: Any, **given: Any) -> Any:
        self.given.append((given["third_parties"], given["machine_wide_platforms"]))
        self.handle = live.handle
        return self

    def close(self) -> None:
        self.given.append("closed")


def test_who_answers_in_place_of_third_parties_replaces_and_locks_nothing_of_theirs(
    tmp_path: Path,
) -> None:
    shares = {"甲": "process_lock", "乙": "run", "丙": ""}
    learned: list[Any] = []

    def make(network: Any, *names: str, logins: Any = None) -> LiveMode:
        platforms: Any = SimpleNamespace(own={n: SimpleNamespace(share=shares[n]) for n in names})
        settings: Any = SimpleNamespace(cassette=tmp_path / "a.yaml", shared_logins=logins)
        tenants: Any = SimpleNamespace(get_connection_route="路", get_real_credentials=dict)
        secrets: Any = SimpleNamespace(register_response_secrets=lambda *told: learned.append(told))
        return LiveMode(platforms, settings, tenants, network, secrets)

    plain, routable, request = Handler(answer), Routable(), Request(method="GET", url="https://a/1")
    modes = [make(plain, "乙", "丙"), make(routable, "甲", "乙"), make(None, "乙")]
    assert [(mode.keeper is None, mode.shared_logins is None) for mode in modes] == [
        (True, True), (True, False), (False, True),
    ]  # fmt: skip
    assert routable.routes == ["路"]
    found = []
    for network in (routable, None):
        logins = Logins()
        mode = make(network, "甲", "乙", "丙", logins=logins)
        assert (logins.renewing is None) == (mode.keeper is None)
        mode.close()
        found.append(logins.given)
    assert found == [[(routable, ()), "closed"], [(None, {"甲"}), "closed"]]
    response = modes[0].handle(request)
    assert (response.body, learned) == (b'"1"', [(request, response)])
    for mode in modes:
        mode.close()
