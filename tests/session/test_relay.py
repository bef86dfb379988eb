"""Requests of other clients: which are answered, which they send themselves, and what is kept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

import bpmax_sim as bs
from bpmax_sim.cassette.file import Cassette
from bpmax_sim.errors import BadResponseError, UnrecordedWarning
from bpmax_sim.messages import FailedExchange
from bpmax_sim.traffic.intercept import UnseenConnection
from bpmax_sim.transport.protocol import OWN
from bpmax_sim.yamlfile import to_display_path

BASE = "https://crm.example.test"
PLATFORM = f"""\
platform_key: crm
base_url: {BASE}
credentials: {{user: {{secret: false}}}}
auth:
  acquire:
    steps:
      - request: {{method: POST, path: /login, form: {{user: "{{{{ user }}}}"}}}}
        extract: {{token: {{path: $.token, secret: true}}}}
  apply: [{{in: header, name: X-Token, value: "{{{{ token }}}}"}}]
apis: {{list: {{path: /list}}, get: {{path: "/get/{{id}}"}}}}
"""
TOKEN = "Zx9kLm-8f14e45fceea167a"


def client_request(path: str, **more: Any) -> bs.Request:
    return bs.Request(method=more.pop("method", "GET"), url=f"{BASE}{path}", follow=False, **more)


LOGIN = client_request(
    "/login", method="POST", body=b"user=lisi",
    headers=(("Content-Type", "application/x-www-form-urlencoded"),),
)  # fmt: skip


def answer(request: bs.Request) -> bs.Response:
    """Return the third party's response: a token, or what was asked for."""
    body = f'{{"token": "{TOKEN}"}}' if request.url.endswith("/login") else f'"{request.url}"'
    headers = (("Content-Type", "application/json"),)
    return bs.Response(status=200, headers=headers, body=body.encode())


class Project:
    """A folder with a platform, of which sessions are opened."""

    def __init__(self, folder: Path) -> None:
        self.cassette = folder / "cassettes/a.yaml"
        self.folder = folder
        (folder / "crm.yaml").write_text(PLATFORM, encoding="utf-8")
        (folder / "instances.yaml").write_text(
            "- {platform: crm, instance_key: test, credentials: {user: lisi}}\n", encoding="utf-8"
        )

    def opened(self, mode: Any, **options: Any) -> bs.Session:
        transport = answer if mode in {"record", "live"} else None
        usual: dict[str, Any] = {"environ": {}, "transport": transport, "unused": "ignore"}
        return bs.Session.open(
            self.folder / "crm.yaml", instances=self.folder / "instances.yaml",
            cassette=self.cassette, mode=mode, **(usual | options),
        )  # fmt: skip

    def recorded(self, *requests: bs.Request, answer: Callable[[bs.Request], Any] = answer) -> None:
        with self.opened("record", record="rewrite") as session:
            for request in requests:
                session.relay.record_response(request, answer(request))


@pytest.fixture(name="project")
def a_project(tmp_path: Path) -> Project:
    return Project(tmp_path)


@pytest.mark.parametrize(
    ("mode", "own", "is_sent"),
    [
        ("replay", False, False), ("replay", True, True), ("record", False, False),
        ("record", True, True), ("live", False, True), ("live", True, True),
        ("simulate", False, False), ("simulate", True, True),
    ],
)  # fmt: skip
def test_what_the_session_sends_itself_and_all_that_is_live_goes_by(
    project: Project, mode: Any, *, own: bool, is_sent: bool
) -> None:
    with project.opened(mode) as session:
        token = OWN.set(own)
        assert session.relay.is_sent_without_listener() == is_sent
        OWN.reset(token)


@pytest.mark.parametrize("record", ["once", "rewrite", "new"])
def test_a_client_sends_what_is_recorded_now(project: Project, record: Any) -> None:
    with project.opened("record", record=record) as session:
        assert session.relay.try_to_respond(client_request("/list")) is None
        assert session.calls == []
        session.relay.record_response(client_request("/list"), bs.Response(status=201))

        assert [(call.name, call.response.status) for call in session.calls if call.response] == [
            ("crm.list", 201)
        ]
    assert Cassette.load(project.cassette).line(0).call == "crm.list"


def test_a_client_that_waits_for_long_is_recorded_all_the_same(project: Project) -> None:
    late = bs.Response(status=200, elapsed=3_600.0)
    with project.opened("record") as session:
        session.relay.record_response(client_request("/list", timeout=1.0), late)
        assert session.relay.record(
            client_request("/get/1", timeout=1.0), lambda _sent, _route, _note: late
        ).status == 200  # fmt: skip

    with project.opened("replay") as session:
        assert session.relay.try_to_respond(client_request("/list", timeout=1.0)) is not None
        assert session.relay.try_to_respond(client_request("/get/1", timeout=1.0)) is not None
    with project.opened("record", record="new") as session:
        asked = client_request("/list", timeout=1.0)
        assert session.relay.try_to_replay_without_standin(asked) is not None


@pytest.mark.parametrize("late", [0.0, 3_600.0])
@pytest.mark.parametrize("record", ["once", "new", "rewrite"])
@pytest.mark.parametrize("moved", ["https://crm.example.test", "https://test-system.test:8443/api"])
def test_what_has_to_go_to_another_address_is_sent_for_the_client(
    project: Project, moved: str, record: Any, late: float
) -> None:
    (project.folder / "instances.yaml").write_text(
        f"- {{platform: crm, instance_key: test, base_url: '{moved}', "
        "credentials: {user: lisi}}\n",
        encoding="utf-8",
    )
    seen: list[str] = []

    def send(request: bs.Request) -> bs.Response:
        seen.append(request.url)
        return bs.Response(status=200, elapsed=late)

    with project.opened("record", record=record, transport=send) as session:
        asked = client_request("/list", timeout=1.0)
        is_sent = session.relay.try_to_respond(asked) is not None
    assert (is_sent, seen) == ((False, []) if moved == BASE else (True, [f"{moved}/list"]))


def test_a_login_is_asked_for_whatever_its_recorded_response_holds(project: Project) -> None:
    project.recorded(LOGIN, client_request("/list"), answer=lambda _: bs.Response(status=204))
    with project.opened("record", record="new") as session:
        assert session.relay.try_to_replay_without_standin(LOGIN) is None
        assert session.relay.try_to_respond(LOGIN) is None
        assert session.relay.try_to_replay_without_standin(client_request("/list")) is not None


@pytest.mark.parametrize(
    ("request_", "is_answered"),
    [
        (client_request("/list"), True),
        (client_request("/get/1"), False),
        (client_request("/unknown"), False),
        (LOGIN, False),
    ],
    ids=["recorded", "new", "undeclared", "login"],
)
def test_what_is_recorded_answers_while_the_rest_is_added(
    project: Project, request_: bs.Request, *, is_answered: bool
) -> None:
    project.recorded(client_request("/list"), LOGIN)
    with project.opened("record", record="new") as session:
        response = session.relay.try_to_respond(request_)

        assert (response is not None) == is_answered
        assert session.misses == []
        assert len(session.calls) == is_answered
        if response is not None:
            assert (response.source, response.body) == ("recorded", f'"{BASE}/list"'.encode())


@pytest.mark.parametrize("extra", [False, True])
def test_one_more_of_what_was_played_is_recorded_where_that_is_asked_for(
    project: Project, *, extra: bool
) -> None:
    project.recorded(client_request("/list"))
    session = project.opened("record", record="new", extra=extra)
    assert session.relay.try_to_respond(client_request("/list")) is not None
    if extra:
        assert session.relay.try_to_respond(client_request("/list")) is None
        assert session.misses == []
        session.relay.record_response(client_request("/list"), bs.Response(status=201))
        session.close()
        assert len(Cassette.load(project.cassette)) == 2
        return
    with pytest.raises(bs.NoMatchError):
        session.relay.try_to_respond(client_request("/list"))
    assert len(session.misses) == 1
    session.close(failed=True)


@pytest.mark.parametrize(
    ("status", "failed", "is_kept"),
    [(200, True, True), (200, False, True), (302, True, True), (399, True, True),
     (400, True, False), (400, False, True), (401, True, False)],
)  # fmt: skip
def test_a_login_of_a_client_that_was_granted_is_kept_though_the_run_failed(
    project: Project, status: int, *, failed: bool, is_kept: bool
) -> None:
    session = project.opened("record")
    session.relay.record_response(LOGIN, replace(answer(LOGIN), status=status))
    session.close(failed=failed)

    assert (project.cassette.parent / "auth/crm.test.yaml").exists() == is_kept


def test_a_miss_of_a_replay_is_raised_and_remembered(project: Project) -> None:
    project.recorded(client_request("/list"))
    session = project.opened("replay")
    with pytest.raises(bs.NoMatchError):
        session.relay.try_to_respond(client_request("/get/9"))
    assert len(session.misses) == 1
    session.close(failed=True)


@pytest.mark.parametrize(
    "more",
    [
        {"body": b"a=redacted.crm.test.token.1"},
        {"headers": (("X-A", "1"), ("X-B", "2"), ("X-Token", "redacted.crm.test.token.1"))},
        {"path": "/get/redacted.crm.test.token.1"},
    ],
    ids=["body", "header", "address"],
)
@pytest.mark.parametrize("door", ["client", "session"])
def test_a_stand_in_is_never_sent(project: Project, more: dict[str, Any], door: str) -> None:
    told = {"path": "/get/1", "method": "POST", **more}
    request = client_request(told.pop("path"), **told)
    project.recorded(client_request("/list"))
    session = project.opened("record", record="new")
    handle = session.relay.try_to_respond if door == "client" else session.handle
    with pytest.raises(bs.ConfigError, match="only stands in for; record afresh"):
        handle(request)
    handle(replace(request, url=f"{BASE}/get/1", body=b"a=redacted", headers=()))
    session.close(failed=True)


@pytest.mark.parametrize(
    ("path", "recorded", "is_played"),
    [
        ("/list", bs.Response(status=200, body=b"[]"), True),
        ("/list", bs.Response(status=404), True),
        ("/list", bs.Response(status=200, body=b"[]", headers=(("X-A", "redacted"),)), True),
        ("/list", bs.Response(status=200, body=f'{{"token": "{TOKEN}"}}'.encode(),
                              headers=(("Content-Type", "application/json"),)), False),
        ("/list", bs.Response(status=200, headers=(("X-A", "1"), ("Set-Cookie", f"a={TOKEN}"))),
         False),
        ("/get/1", bs.Response(status=200), False),
        ("/login", bs.Response(status=200), False),
    ],
)  # fmt: skip
def test_a_client_gets_a_recorded_response_that_holds_no_stand_in(
    project: Project, path: str, recorded: bs.Response, *, is_played: bool
) -> None:
    def told(sent: bs.Request) -> bs.Response:
        return recorded if sent.url.endswith("/list") else answer(sent)

    project.recorded(client_request("/list"), LOGIN, answer=told)
    request = LOGIN if path == "/login" else client_request(path)
    with project.opened("record", record="new") as session:
        response = session.relay.try_to_replay_without_standin(request)

        assert (response is not None) == is_played
        if response is not None:
            assert (response.status, response.source) == (recorded.status, "recorded")


@pytest.mark.parametrize(
    "error", [bs.TransportError("reset", code="RESET"), BadResponseError("no gzip")]
)
def test_what_did_not_complete_and_what_was_played_is_asked_for_once_more(
    project: Project, error: bs.CallError
) -> None:
    def fail(_request: bs.Request, *_more: Any) -> bs.Response:
        raise error

    with project.opened("record") as session:
        with pytest.raises(type(error)):
            session.relay.record(client_request("/list"), fail)
        session.relay.record_response(client_request("/get/1"), bs.Response(status=200))
    session = project.opened("record", record="new")
    relay = session.relay
    assert relay.try_to_replay_without_standin(client_request("/list")) is None
    assert relay.try_to_replay_without_standin(client_request("/get/1")) is not None
    assert relay.try_to_replay_without_standin(client_request("/get/1")) is None
    session.close(failed=True)


def test_what_sends_for_a_client_gets_its_route_and_notes_each_piece(project: Project) -> None:
    (project.folder / "instances.yaml").write_text(
        "- {platform: crm, instance_key: test, proxy: 'http://proxy.test:8080', "
        "credentials: {user: lisi}}\n",
        encoding="utf-8",
    )
    seen: list[Any] = []

    def ask(sent: bs.Request, route: Any, note: Any) -> bs.Response:
        head = bs.Response(status=200, headers=(("content-type", "application/x-ndjson"),))
        for piece in (b"1\n", b"2\n", b"3"):
            note(head, piece)
        seen.append((sent.url, route.proxy))
        seen.append([*project.cassette.parent.glob("*.journal")])
        return replace(head, body=b"1\n2\n3")

    with project.opened("record") as session:
        assert session.relay.record(client_request("/list"), ask).body == b"1\n2\n3"
    assert seen[0] == (f"{BASE}/list", "http://proxy.test:8080")
    assert len(seen[1]) == 1
    outcome = Cassette.load(project.cassette).outcome(0)
    assert isinstance(outcome, bs.Response)
    assert outcome.body == b"1\n2\n3"


def test_what_arrived_of_a_response_that_broke_is_recorded(project: Project) -> None:
    def ask(_sent: bs.Request, _route: Any, note: Any) -> bs.Response:
        head = bs.Response(status=200, headers=(("content-type", "application/x-ndjson"),))
        note(head, b"1\n2\n3")
        raise bs.TransportError("reset", code="RESET", elapsed=1.23456, sent=True)

    with project.opened("record") as session, pytest.raises(bs.TransportError):
        session.relay.record(client_request("/list"), ask)
    outcome = Cassette.load(project.cassette).outcome(0)
    assert isinstance(outcome, FailedExchange)
    assert (outcome.received, outcome.code, outcome.elapsed) == (b"1\n2\n", "RESET", 1.235)


@pytest.mark.parametrize("door", ["relay", "intercept"])
def test_a_session_that_is_closed_relays_nothing(project: Project, door: str) -> None:
    session = project.opened("live")
    session.close()
    doors: dict[str, Callable[[], object]] = {
        "relay": lambda: session.relay.relay(client_request("/list")),
        "intercept": lambda: session.relay.intercept("甲"),
    }
    with pytest.raises(bs.ConfigError, match="the session is closed"):
        doors[door]()


@pytest.mark.parametrize(
    ("paths", "shown"),
    [
        (["/list"], f"response came: GET {BASE}/list"),
        (["/list", "/get/1"], f"responses came: GET {BASE}/list, GET {BASE}/get/1"),
        # each address once, in the order in which it was sent
        (["/get/1", "/list", "/get/1"], f"responses came: GET {BASE}/get/1, GET {BASE}/list"),
        (["/list", "/list"], f"response came: GET {BASE}/list"),
        ([f"/list?key={TOKEN}"], f"response came: GET {BASE}/list?key=redacted.scenario..secret.1"),
    ],
)
def test_requests_without_a_response_are_told_once_and_without_secrets(
    project: Project, paths: list[str], shown: str
) -> None:
    with (
        pytest.warns(UnrecordedWarning) as told,
        project.opened("record", secrets=[TOKEN]) as session,
    ):
        session.relay.warn_of_unanswered([client_request(path) for path in paths])

    cassette = to_display_path(project.cassette)
    assert [str(one.message).split("; ")[0] for one in told] == [
        f"{cassette}: not recorded, as no {shown}"
    ]
    assert ("replay will not find them. " in str(told[0].message)) == shown.startswith("responses")


@pytest.mark.parametrize(
    ("connections", "shown"),
    [
        ([("crm.test", 443, "甲")], "1 to crm.test:443 by 甲"),
        ([("::1", 80, "甲")], "1 to [::1]:80 by 甲"),
        ([("fe80:0:0:0:0:0:0:1", 80, "甲")], "1 to [fe80:0:0:0:0:0:0:1]:80 by 甲"),
        (
            [("crm.test", 443, "b"), ("crm.test", 443, "a"), ("crm.test", 443, "b")],
            "3 to crm.test:443 by a, b",
        ),
        (
            [("crm.test", 443, "a"), ("crm.test", 80, "a"), ("erp.test", 443, "c")],
            "1 to crm.test:443 by a, 1 to crm.test:80 by a, 1 to erp.test:443 by c",
        ),
        ([(f"{TOKEN}.test", 443, "a")], "1 to redacted.scenario..secret.1.test:443 by a"),
    ],
)
def test_connections_that_passed_are_told_by_address_and_thread(
    project: Project, connections: list[tuple[str, int, str]], shown: str
) -> None:
    with (
        pytest.warns(UnrecordedWarning) as told,
        project.opened("record", secrets=[TOKEN]) as session,
    ):
        session.relay.warn_of_unseen([UnseenConnection(*one) for one in connections])

    [text] = [str(one.message) for one in told]
    assert text.partition("nor replayed: ")[2].partition("; ")[0] == shown
