"""What each mode of a session decides: who waits, who answers first, what is hidden and refused."""

from __future__ import annotations

import time
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
from bpmax_sim.session.record import RecordMode
from bpmax_sim.transport.faults import BadToken
from tests.session.test_whole_recordings import Ends, opened, write

API = 'apis: {get: {path: "/get/{id}"}, create: {method: POST, path: /orders/1}}\n'
PLATFORM = (
    "platform_key: crm\nbase_url: https://crm.example.test\n"
    f"credentials: {{key: {{secret: true}}}}\n{API}"
)


def answer(request: Request) -> Response:
    headers = (("content-type", "application/json"),)
    return Response(status=200, headers=headers, body=b'"%s"' % request.url[-1:].encode())


def test_a_mode_decides_who_waits_draws_and_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, PLATFORM)
    monkeypatch.setattr(time, "sleep", len)
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
                "waits" if runner._sleep is len else "",
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
    doors = {
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


def test_a_recording_names_its_owner_and_zone_and_needs_a_file(tmp_path: Path) -> None:
    write(tmp_path, PLATFORM)
    with pytest.raises(bs.ConfigError, match="record: no cassette is named; pass cassette="):
        opened(tmp_path, answer, cassette=None).proxy("crm").get(1)
    mode: Any = object.__new__(RecordMode)
    mode._recording = SimpleNamespace(recorder=None)
    assert mode.find_new_or_worse_outages() == ()
