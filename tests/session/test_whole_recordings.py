"""What is recorded of each outcome, when a recording is replaced, and what is sent at all."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import bpmax_sim as bs
from bpmax_sim.cassette.file import Cassette
from bpmax_sim.errors import BadResponseError, NoMatchError, TransportError
from bpmax_sim.messages import LOGIN, Call, Exchange, FailedExchange, Request, Response
from bpmax_sim.platform.load import load_platforms
from bpmax_sim.session.call_runner import SessionComponents
from bpmax_sim.session.record import RecordMissingMode, RecordMode
from tests.session.test_secret_review import credential, exchange, search

PLATFORM = """\
platform_key: crm
base_url: https://crm.example.test
credentials: {key: {secret: true}}
auth:
  acquire:
    steps:
      - request: {method: POST, path: /login, form: {key: "{{ key }}"}}
        extract: {token: {path: $.token, secret: true}}
  apply: [{in: header, name: X-Token, value: "{{ token }}"}]
response: {ok: {all: [{path: $.code, in: [0]}]}}
apis: {get: {path: "/get/{id}"}}
"""
INSTANCES = """\
- {platform: crm, instance_key: test, credentials: {key: k3y-of-li-2026}}
- {platform: crm, instance_key: 严格, reject: [business], credentials: {key: k3y-of-li-2027}}
"""
JSON = (("content-type", "application/json"),)


def write(folder: Path, platform: str = PLATFORM) -> None:
    (folder / "crm.yaml").write_text(platform, "utf-8")
    (folder / "instances.yaml").write_text(INSTANCES, "utf-8")


def opened(folder: Path, transport: Any = None, **options: Any) -> bs.Session:
    usual: dict[str, Any] = {
        "instances": folder / "instances.yaml", "cassette": folder / "cassettes/a.yaml",
        "environ": {}, "default_instance": "test",
        "mode": "record" if transport else "replay", "transport": transport,
        "clock": "2026-03-02T09:00:00+08:00",
    }  # fmt: skip
    return bs.Session.open(folder / "crm.yaml", **(usual | options))


def answer(request: Request) -> Response:
    """Answer as a third party that fails in a way of its own for each customer."""
    name = request.url.rpartition("/")[2]
    if name == "login":
        return Response(status=200, headers=JSON, body=b'{"token": "t0ken-of-today"}', elapsed=0.5)
    if name == "2":
        raise TransportError("no route for t0ken-of-today", code="DNS", elapsed=1.23456, sent=False)
    if name == "3":
        raise BadResponseError("unreadable: t0ken-of-today")
    status = 503 if name == "4" else 200
    body = b'{"code": 0, "id": "%s"}' % name.encode()
    return Response(status=status, headers=JSON, body=body, elapsed=0.2506)


def outcomes(session: bs.Session) -> list[Any]:
    """Return what a script would get for each customer, and when."""
    found: list[Any] = []
    for number in range(1, 6):
        try:
            told: Any = session.proxy("crm").get(number)["id"]
        except bs.CallError as error:
            told = error.code
        found.append((told, round(session.clock.now() - 1_772_413_200.0, 6)))
    return found


def test_each_outcome_is_replayed_as_it_was_recorded(tmp_path: Path) -> None:
    write(tmp_path)
    with opened(tmp_path, answer) as session:
        recorded = outcomes(session)
    with opened(tmp_path) as session:
        replayed = outcomes(session)
        sources = [(call.api, call.source) for call in session.calls]

    codes = ("DNS", "BAD_RESPONSE", "HTTP_STATUS")
    expected = ["1", *codes, "5"], [0.251, 1.486, 1.486, 1.737, 1.988]
    assert recorded == replayed == [*zip(*expected, strict=True)]
    assert sources == [("$token", "recorded")] + [
        ("get", source) for source in ("recorded", "", "", "recorded", "recorded")
    ]
    cassette = Cassette.load(tmp_path / "cassettes/a.yaml")
    found = [cassette.outcome(number) for number in range(len(cassette))]
    assert [
        (one.code, one.elapsed, one.sent, one.message) for one in found
        if isinstance(one, FailedExchange)
    ] == [
        ("DNS", 1.235, False, "no route for redacted.crm.test.token.1"),
        ("BAD_RESPONSE", 0.0, True, "unreadable: redacted.crm.test.token.1"),
    ]  # fmt: skip
    assert [one.elapsed for one in found if isinstance(one, Response)] == [0.251] * 3
    logins = Cassette.load(tmp_path / "cassettes/auth/crm.test.yaml")
    login = logins.outcome(0)
    assert isinstance(login, Response)
    assert (login.elapsed, len(logins)) == (0.5, 1)


class Mode:
    """Answers, or refuses for *case*, and counts how often it was asked."""

    def __init__(self, case: str = "") -> None:
        self.case = case
        self.asked = 0

    def handle(self, _request: Request) -> Response:
        self.asked += 1
        if self.case:
            error = NoMatchError("没有录制")
            error.case = self.case
            raise error
        return Response(status=200)


def request_of(api: str = "get", instance: str = "test", **more: Any) -> Request:
    call = Call(platform="crm", instance=instance, api=api, method="GET", path="/get")
    return Request(method="GET", url="https://crm.test/get", call=call, **more)


def test_what_is_missing_is_recorded_and_what_was_played_only_if_asked_for() -> None:
    found = {}
    for case in ("", "already played", "other", "unknown"):
        for extra in (False, True):
            replay, record = Mode(case), Mode()
            mode: Any = RecordMissingMode(replay, record, extra=extra)  # type: ignore[arg-type]
            try:
                mode.handle(request_of())
                told = ""
            except NoMatchError as error:
                told = error.case
            found[case, extra] = replay.asked, record.asked, told
    assert found == {
        ("", False): (1, 0, ""), ("", True): (1, 0, ""),
        ("already played", False): (1, 0, "already played"), ("already played", True): (1, 1, ""),
        ("other", False): (1, 1, ""), ("other", True): (1, 1, ""),
        ("unknown", False): (1, 1, ""), ("unknown", True): (1, 1, ""),
    }  # fmt: skip
    replay, record = Mode(), Mode()
    RecordMissingMode(replay, record, extra=False).handle(request_of(LOGIN))  # type: ignore[arg-type]
    assert (replay.asked, record.asked) == (0, 1)
    stand_in = b'{"a": "redacted.crm.test.token.1"}'
    for case, more, is_refused in (
        ("other", {"body": stand_in}, True), ("", {"body": stand_in}, False),
        ("other", {"headers": (("a", "1"), ("b", "2"), ("c", "x redacted.a"))}, True),
        ("other", {"headers": (("redacted.a", "1"),)}, False), ("other", {}, False),
    ):  # fmt: skip
        record = Mode()
        mode = RecordMissingMode(Mode(case), record, extra=False)  # type: ignore[arg-type]
        try:
            mode.handle(request_of(**more))
            told = ""
        except bs.ConfigError as error:
            told = str(error)
        assert told.startswith("crm.get: the live request would carry a value") == is_refused
        assert record.asked == (case == "other" and not is_refused)


def test_how_bad_an_outcome_is_depends_on_status_and_on_what_the_api_calls_a_failure(
    tmp_path: Path,
) -> None:
    write(tmp_path)
    mode = object.__new__(RecordMode)
    mode._platforms = load_platforms(tmp_path / "crm.yaml", instances=tmp_path / "instances.yaml")

    def rate(outcome: Any, api: str = "get", **more: Any) -> int:
        return mode._rate_outage_severity(
            Exchange(request=request_of(api, **more), outcome=outcome)
        )

    def respond(status: int, body: bytes = b'{"code": 0}') -> Response:
        return Response(status=status, headers=JSON, body=body)

    good, bad = b'{"code": 0}', b'{"code": 7}'
    assert [
        rate(FailedExchange(code="DNS", message="x")), rate(respond(429)), rate(respond(500)),
        rate(respond(503, good)), rate(respond(499)), rate(respond(404)), rate(respond(200, good)),
        rate(respond(200, bad)), rate(respond(200, bad), instance="严格"),
        rate(respond(200, good), instance="严格"), rate(respond(404, good), instance="严格"),
        rate(respond(200, bad), "none"), rate(respond(502), "none"),
        rate(FailedExchange(code="DNS", message="x"), "none"),
    ] == [2, 1, 1, 1, 0, 0, 0, 0, 1, 0, 1, 0, 1, 2]  # fmt: skip
    foreign = Request(method="GET", url="https://a.test")
    assert mode._rate_outage_severity(Exchange(request=foreign, outcome=respond(200, bad))) == 0


class LoginRecorder:
    """Notes what becomes of the recording of an instance's logins."""

    def __init__(self) -> None:
        self.done: list[str] = []

    def redact_again(self, _redact: object, **_more: object) -> None:
        self.done.append("redacted")

    def discard(self) -> None:
        self.done.append("discarded")

    def seal(self, **_more: object) -> None:
        self.done.append("sealed")


def test_of_a_failed_run_the_logins_that_were_granted_are_kept(tmp_path: Path) -> None:
    keys = [("crm", "test"), ("crm", "华东"), ("oa", "test")]
    found = {}
    for failed, is_late, anchors in (
        (False, False, ()), (True, False, ()), (False, True, ()), (False, False, ("新",)),
    ):  # fmt: skip
        mode = object.__new__(RecordMode)
        recorders = {key: LoginRecorder() for key in keys}
        vault: Any = SimpleNamespace(list_anchors_since=lambda _count, told=anchors: told)
        owner: Any = SimpleNamespace(recorder=LoginRecorder())
        values: dict[str, Any] = {
            "_found_late": is_late, "_vault": vault, "_secrets_seen": 3,
            "_login_recorders": recorders,
            "_recording": owner, "granted_logins": {keys[1]}, "_volatile": (), "_named": (),
            "_settings": SimpleNamespace(logins=tmp_path),
            "_start": SimpleNamespace(owner_session=SimpleNamespace(number=1)),
        }  # fmt: skip
        for name, value in values.items():
            setattr(mode, name, value)
        paths = mode.seal_logins(failed=failed)
        assert [path.name for path in paths] == ["crm.test.yaml", "crm.华东.yaml", "oa.test.yaml"]
        done = [" ".join(one.done) for one in recorders.values()]
        found[failed, is_late, anchors] = done, " ".join(owner.recorder.done)

    assert found == {
        (False, False, ()): (["sealed"] * 3, ""),
        (True, False, ()): (["discarded", "sealed", "discarded"], ""),
        (False, True, ()): (["redacted sealed"] * 3, "redacted"),
        (False, False, ("新",)): (["redacted sealed"] * 3, "redacted"),
    }


class Ends:
    """Everything that ends with a session, which notes in which order it does."""

    def __init__(self, unplayable: tuple[str, ...], paths: list[Path]) -> None:
        self.events: list[Any] = []
        self.paths, self.unplayable_call_messages = paths, unplayable
        self.environment = self.recording = self.standins = self
        self.renewed: dict[str, Any] = {}
        self.vault, self.is_closed = None, False

    def seal_logins(self, *, failed: bool) -> tuple[Path, ...]:
        self.events.append(("logins", failed))
        return self.paths[2], self.paths[3]

    def seal_or_set_aside(self, _grants: object, *, failed: bool) -> None:
        self.events.append(("sealed", failed))

    def close_session(self, session: object, _vault: object, seal: Any, *, failed: bool) -> None:
        assert session is self
        self.events.append(("closed", failed))
        seal(failed)

    def list_used_login_files(self) -> tuple[Path, ...]:
        return (self.paths[1],)

    def upload_if_changed(self, path: Path) -> None:
        self.events.append(path.name)

    def close(self) -> None:
        self.events.append("released")


def _close(
    failed: bool, unplayable: tuple[str, ...], mode: str, paths: list[Path]
) -> tuple[list[str], list[Any]]:
    """Return what is uploaded at the end of a session, and what else happens."""
    ends = Ends(unplayable, paths)
    parts: dict[str, Any] = {
        "settings": SimpleNamespace(mode=mode, cassette=paths[0], remote=ends),
        "start": SimpleNamespace(owner_session=ends), "tenants": None, "log": None, "calls": ends,
        "secrets": ends, "replay": ends, "live": ends, "record": ends if mode == "record" else None,
    }  # fmt: skip
    try:
        SessionComponents(**parts).close_and_seal(failed=failed)
    except bs.CassetteError as error:
        ends.events.append(str(error))
    assert ends.is_closed
    uploaded = sorted(one for one in ends.events if str(one).endswith(".yaml"))
    return uploaded, [one for one in ends.events if one not in uploaded]


def test_closing_uploads_what_was_recorded_and_sets_aside_what_cannot_be_played(
    tmp_path: Path,
) -> None:
    paths = [tmp_path / name for name in ("a.yaml", "used.yaml", "new.yaml", "gone.yaml")]
    for path in paths[:3]:
        path.write_text("", "utf-8")
    ways: list[tuple[bool, tuple[str, ...], str]] = [
        (False, (), "record"), (True, (), "record"), (False, ("甲", "乙"), "record"),
        (True, ("甲",), "record"), (False, (), "replay"), (False, (), "live"),
    ]  # fmt: skip
    found = {way: _close(*way, paths) for way in ways}
    every = ["a.yaml", "new.yaml", "used.yaml"]
    assert found == {
        (False, (), "record"): (
            every, [("logins", False), ("closed", False), ("sealed", False), "released"]
        ),
        (True, (), "record"): (
            every, [("logins", True), ("closed", True), ("sealed", True), "released"]
        ),
        (False, ("甲", "乙"), "record"): (
            every, [("logins", True), ("closed", True), ("sealed", True), "released", "甲\n乙"]
        ),
        (True, ("甲",), "record"): (
            every, [("logins", True), ("closed", True), ("sealed", True), "released"]
        ),
        (False, (), "replay"): ([], [("closed", False), "released"]),
        (False, (), "live"): ([], [("closed", False), "released"]),
    }  # fmt: skip


def test_what_one_credential_was_received_as_says_nothing_of_another(tmp_path: Path) -> None:
    user, third = credential(), credential("第三")
    stand_ins = [str(one.standin) for one in (user, third)]
    found = search(tmp_path, user, third)
    inside = Response(
        status=200, headers=(("a", "1"), ("link", f"<https://a.test?u={stand_ins[0]}>"))
    )
    found.add(exchange(inside))
    found.add(exchange(body=stand_ins[0].encode()))
    assert not found.unplayable_call_messages
    assert [note.partition(": ")[0] for note in found.response_standin_notes] == ["crm.find"]
    found.add(exchange(body=" ".join(stand_ins).encode()))
    [message] = found.unplayable_call_messages
    assert message.startswith("crm.find: the body says the value of '第三' of crm.test itself")
    assert len(found.response_standin_notes) == 1


def test_a_login_of_a_changed_declaration_is_a_miss_and_one_of_a_client_is_made_up(
    tmp_path: Path,
) -> None:
    write(tmp_path)
    with opened(tmp_path, answer) as session:
        session.proxy("crm").get(1)
    write(tmp_path, PLATFORM.replace("path: /login", "path: /signin"))
    session = opened(tmp_path)
    assert "crm" in _miss(lambda: session.proxy("crm").get(1))
    session.close(failed=True)
    session = opened(tmp_path, owner="别人", cassette=tmp_path / "cassettes/空/b.yaml",
                     logins=tmp_path / "没有")  # fmt: skip
    body = b"key=k3y-of-li-2026"
    login = Request(method="POST", url="https://crm.example.test/signin", body=body, follow=False)
    made = session.relay.try_to_respond(login)
    assert made is not None
    assert made.body == b'{"token": "redacted.crm.test.token.1", "code": 0}'
    session.close(failed=True)


def _miss(call: Any) -> str:
    try:
        call()
    except NoMatchError as error:
        return str(error)
    return ""


def test_what_holds_a_secret_is_found_by_its_stand_in_and_a_miss_by_what_was_nearest(
    tmp_path: Path,
) -> None:
    write(tmp_path, PLATFORM.partition("auth:")[0] + "apis: {get: {path: '/get/{id}'}}\n")
    asked = Request(
        method="GET", url="https://crm.example.test/get/s3cret-of-li-2026", follow=False
    )
    more: dict[str, Any] = {"secrets": ["s3cret-of-li-2026"]}
    with opened(tmp_path, answer, record="rewrite", **more) as session:
        session.relay.record_response(asked, answer(asked))
    assert b"s3cret" not in (tmp_path / "cassettes/a.yaml").read_bytes()
    with opened(tmp_path, answer, record="new", **more) as session:
        assert session.relay.try_to_respond(asked) is not None
    session = opened(tmp_path, **more)
    assert _miss(lambda: session.proxy("crm").get("5"))
    match = session.recording_match(1, 0)
    assert match is not None
    assert (match.played, match.exchange, match.status) == (False, 1, 200)
    session.close(failed=True)


COMMANDS: dict[str, Any] = {
    "command": "bpmax-sim record a", "command_new": "--N", "command_extra": "--E",
    "command_rewrite": "--R",
}  # fmt: skip
PLAIN = PLATFORM.partition("auth:")[0] + "apis: {get: {path: '/get/{id}'}}\n"


def test_a_miss_tells_the_command_that_records_what_is_missing_and_its_line(tmp_path: Path) -> None:
    write(tmp_path, PLAIN)
    with opened(tmp_path, answer) as session:
        session.proxy("crm").get(1)
    session = opened(tmp_path, **COMMANDS)
    session.proxy("crm").get(1)
    misses = [
        _miss(lambda: session.proxy("crm").get(1)),
        _miss(lambda: session.proxy("crm").get(7)),
    ]
    script = bs.Script("\nawait $proxy('crm').get(3)", "取数.js")
    caught = session.run_script(script).error
    session.close(failed=True)
    told = [line.split()[1:] for text in misses for line in text.splitlines() if " record " in line]

    assert told == [["bpmax-sim", "record", "a", "--E"], ["bpmax-sim", "record", "a", "--N"]]
    assert misses[0].startswith("already played: crm.get was recorded once for '', and this is ")
    assert 'path.id sent "7", recorded "1"' in misses[1]
    assert str(caught).startswith("取数.js:2:21: ")
    assert "取数.js:2:21" in str(session.misses[-1])
    with opened(tmp_path, repeat=True) as again:
        assert [again.proxy("crm").get(1)["id"] for _ in range(3)] == ["1"] * 3


def test_a_recorded_login_of_a_client_answers_each_time_and_a_password_by_its_name(
    tmp_path: Path,
) -> None:
    write(tmp_path)
    login = Request(
        method="POST", url="https://crm.example.test/login", body=b"key=k3y-of-li-2026",
        follow=False,
    )  # fmt: skip
    named = Request(
        method="GET", url="https://crm.example.test/get/1?password=Pa55-of-li-2026", follow=False
    )  # fmt: skip
    with opened(tmp_path, answer) as session:
        for request in (login, named):
            session.relay.record_response(request, answer(login))
    with opened(tmp_path, answer, record="new") as session:
        assert session.relay.try_to_respond(named) is not None
    with opened(tmp_path) as session:
        bodies = [session.relay.try_to_respond(login) for _ in range(3)]
        assert [one.body if one else b"" for one in bodies] == [
            b'{"token": "redacted.crm.test.token.1"}'
        ] * 3
        assert session.relay.try_to_respond(named) is not None


def test_what_clients_send_is_numbered_when_they_send_it_and_its_secrets_are_known_then(
    tmp_path: Path,
) -> None:
    write(tmp_path, PLAIN)
    first, second = (
        Request(method="GET", url=f"https://crm.example.test/get/{name}", follow=False)
        for name in ("1", "5?password=Pa55-of-li-2026")
    )
    with opened(tmp_path, answer) as session:
        relay = session.relay
        numbers = [relay.note_sending(first), relay.note_sending(second)]
        assert "Pa55-of-li-2026" not in session.redact(second.url)
        for request, number in reversed([*zip((first, second), numbers, strict=True)]):
            relay.record_response(request, answer(first), number)
        assert numbers == [1, 2]
    cassette = Cassette.load(tmp_path / "cassettes/a.yaml")
    paths = [cassette.exchange(number).request.url for number in range(2)]
    assert [path.partition("?")[0].rpartition("/")[2] for path in paths] == ["1", "5"]
    with opened(tmp_path, answer, record="rewrite") as session:
        assert session.relay.try_to_respond(first) is None  # all of it is recorded afresh
        session.relay.record_response(first, answer(first))


def break_off(_sent: Request, _route: object, note: Any) -> Response:
    note(Response(status=200, headers=JSON), b'{"code": 0, "id": "8", ')
    raise TransportError("aborted", code="RESET", elapsed=0.1)


def log_in(sent: Request, _route: object, note: Any) -> Response:
    note(Response(status=200, headers=JSON), b'{"token": ')
    return answer(sent)


def test_an_exchange_has_the_instant_at_which_it_was_sent_and_what_arrived_of_it(
    tmp_path: Path,
) -> None:
    write(tmp_path)
    sessions: list[bs.Session] = []

    def answer_late(request: Request) -> Response:
        sessions[0].clock.move_to(sessions[0].clock.now() + 5)
        return answer(request)

    login, other = (
        Request(method=method, url=f"https://crm.example.test/{path}", body=body, follow=False)
        for method, path, body in (("POST", "login", b"key=k3y-of-li-2026"), ("GET", "get/8", None))
    )
    with opened(tmp_path, answer_late) as session:
        sessions.append(session)
        assert session.relay.record(login, log_in).status == 200
        assert not (tmp_path / "cassettes/a.yaml").exists()
        session.proxy("crm").get(1)
        with suppress(TransportError):
            session.handle(Request(method="GET", url="https://crm.example.test/get/2"))
        with suppress(TransportError):
            session.relay.record(other, break_off)
    cassette = Cassette.load(tmp_path / "cassettes/a.yaml")
    lines = [cassette.line(number) for number in range(len(cassette))]
    found = sorted((line.at[11:19], line.call, line.n) for line in lines)
    outcomes = [cassette.outcome(number) for number in range(len(cassette))]
    broken = [one for one in outcomes if isinstance(one, FailedExchange)]

    assert [call for _, call, _ in found] == ["crm.get"] * 3
    assert [at for at, _, _ in found] == ["09:00:05", "09:00:10", "09:00:15"]
    assert [one.received for one in broken] == [b"", b'{"code": 0, "id": "8"']  # whole members
