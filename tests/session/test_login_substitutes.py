"""Which recorded login a replay plays for that of another client, and at which one it starts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

import bpmax_sim as bs
from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.format import dump_entries
from bpmax_sim.cassette.matching import MatchingRules
from bpmax_sim.messages import LOGIN, Call, Exchange, FailedExchange, Request, Response
from bpmax_sim.platform.load import load_platforms
from bpmax_sim.platform.target import CLIENT
from bpmax_sim.secret.secret_names import VERSION
from bpmax_sim.session.record import refuse_standin
from bpmax_sim.session.replay import (
    find_substitute_sdk_login,
    is_sent_by_sdk,
    synthesise_sdk_login_response,
)
from bpmax_sim.session.settings import Settings
from bpmax_sim.session.start import start_session

GRANTED = Response(status=200, body=b'{"token": "redacted.crm.test.token.1"}')
X = ("x", "1")
REFUSED = Response(status=200, body='{"错误": "口令不对"}'.encode())


def login(
    query: str = "", *, sdk: bool = True, path: str = "/login", method: str = "POST"
) -> Request:
    """Return a login that asks *query*."""
    pairs = tuple((n, v) for n, _, v in (one.partition("=") for one in query.split("&") if one))
    call = Call(
        platform="crm", instance="test", api=LOGIN, method=method, path=path, query=pairs
    )  # fmt: skip
    injected = (CLIENT,) if sdk else ()
    return Request(method=method, url=f"https://a.test{path}", call=call, injected=injected)


def recorded(number: int, request: Request, outcome: Any = GRANTED) -> Exchange:
    return Exchange(request=request, outcome=outcome, order=number)


def chosen(request: Request, *known: Exchange, ignore: tuple[str, ...] = ()) -> int | None:
    found = find_substitute_sdk_login(request, known, MatchingRules(ignore))
    return found.order if found else None


@pytest.mark.parametrize(
    ("known", "order"),
    [
        ([], None),
        ([recorded(1, login("a=2"))], 1),
        ([recorded(1, login("a=2&b=2")), recorded(2, login("a=2")), recorded(3, login("c=3"))], 2),
        ([recorded(1, login("a=2")), recorded(2, login("a=3"))], 1),
        ([recorded(1, login("a=1"), REFUSED), recorded(2, login("x=1&y=2&z=3"))], 2),
        ([recorded(1, login("a=2"), REFUSED), recorded(2, login("a=1"), REFUSED)], 2),
        ([recorded(1, login("a=1"), FailedExchange(code="RESET", message="redacted."))], 1),
        ([recorded(1, login("a=1"), FailedExchange(code="RESET", message="redacted.")),
          recorded(2, login("b=2"))], 2),
        ([recorded(1, login("a=1"), REFUSED),
          recorded(2, login("b=1"), Response(status=302, headers=(X, ("c", "redacted.a"))))], 2),
        ([recorded(1, login("a=1"), REFUSED),
          recorded(2, login("b=1"), Response(status=302, headers=(("redacted.a", "1"),)))], 1),
        ([recorded(1, login("a=1", path="/token"))], None),
        ([recorded(1, login("a=1", method="GET"))], None),
        ([recorded(1, replace(login("a=1"), call=None))], None),
        ([recorded(1, login("a=1", path="/x")), recorded(2, login("a=1", method="PUT")),
          recorded(3, login("z=1"))], 3),
    ],
)  # fmt: skip
def test_a_login_of_a_client_is_that_with_the_fewest_differences_a_granted_one_first(
    known: list[Exchange], order: int | None
) -> None:
    assert chosen(login("a=1"), *known) == order


@pytest.mark.parametrize(
    ("asks", "is_recorded_by_sdk", "is_found"),
    [(True, True, True), (True, False, True), (False, True, True), (False, False, False)],
)
def test_two_logins_of_a_declaration_differ_where_it_has_changed(
    *, asks: bool, is_recorded_by_sdk: bool, is_found: bool
) -> None:
    known = recorded(1, login("a=2", sdk=is_recorded_by_sdk))

    assert (chosen(login("a=1", sdk=asks), known) == 1) == is_found
    assert is_sent_by_sdk(login(sdk=asks)) == asks


def test_what_is_ignored_is_no_difference() -> None:
    known = recorded(1, login("a=1&t=9&n=8")), recorded(2, login("a=2&t=1&n=1"))

    assert chosen(login("a=1&t=1&n=1"), *known) == 2
    assert chosen(login("a=1&t=1&n=1"), *known, ignore=("query.t", "query.n")) == 1


WITH_LOGIN = """\
platform_key: crm
base_url: https://crm.example.test
credentials: {user: {}, password: {secret: true}}
auth:
  acquire:
    steps:
      - request: {method: POST, path: /login, body: {user: "{{ user }}", pass: "{{ password }}"}}
        extract: {token: {path: $.token, secret: true}}
  apply: [{in: header, name: X-Token, value: "{{ token }}"}]
apis: {get: {path: "/get/{id}"}}
"""


@pytest.mark.parametrize(
    ("method", "url", "is_login"),
    [
        ("POST", "https://crm.example.test/login", True),
        ("GET", "https://crm.example.test/get/7", False),
        ("GET", "https://crm.example.test/login", False),
        ("POST", "https://crm.example.test/other", False),
        ("POST", "https://other.example.test/login", False),
    ],
)
def test_only_a_login_that_is_declared_is_answered_with_stand_ins(
    tmp_path: Path, method: str, url: str, *, is_login: bool
) -> None:
    (tmp_path / "crm.yaml").write_text(WITH_LOGIN, encoding="utf-8")
    platforms = load_platforms(tmp_path / "crm.yaml")
    request = replace(login(), method=method, url=url)

    found = synthesise_sdk_login_response(platforms, request)
    assert (found is not None) == is_login
    assert found is None or found.body == b'{"token": "redacted.crm.test.token.1"}'
    assert synthesise_sdk_login_response(platforms, replace(request, call=None)) is None


def opened(folder: Path, mode: Any = "replay", **options: Any) -> bs.Session:
    (folder / "crm.yaml").write_text(
        "platform_key: crm\nbase_url: https://crm.example.test\napis: {get: {path: '/get/{id}'}}\n",
        encoding="utf-8",
    )
    usual: dict[str, Any] = {
        "cassette": folder / "cassettes/a.yaml", "owner": "甲", "environ": {},
        "transport": options.pop("answer", lambda _: bs.Response(status=200)),
    }  # fmt: skip
    if mode == "replay":
        usual.pop("transport")
    return bs.Session.open(folder / "crm.yaml", mode=mode, **(usual | options))


@pytest.mark.parametrize(
    ("raised", "kind"),
    [
        (bs.TransportError("重置", code="RESET", elapsed=1.2345, sent=True), bs.TransportError),
        (bs.TransportError("拒绝", code="CONNECT", elapsed=0.0, sent=False), bs.TransportError),
        (bs.TransportError("超时", code="TIMEOUT", elapsed=30.0, sent=True), bs.TransportError),
        (bs.BadResponseError("不是 gzip"), bs.BadResponseError),
    ],
    ids=["reset", "connect", "time-out", "unreadable"],
)
def test_a_failure_is_replayed_as_it_was(
    tmp_path: Path, raised: bs.CallError, kind: type[bs.CallError]
) -> None:
    def fail(_request: bs.Request) -> bs.Response:
        raise raised

    seen: list[Any] = []
    for mode in ("record", "replay"):
        with opened(tmp_path, mode, answer=fail) as session:
            before = session.clock.now()
            with pytest.raises(kind) as caught:
                session.handle(bs.Request(method="GET", url="https://crm.example.test/get/1"))
            error: Any = caught.value
            seen.append((
                str(error), error.code, getattr(error, "sent", None),
                getattr(error, "elapsed", None), round(session.clock.now() - before, 3),
            ))  # fmt: skip
    assert seen[1][:4] == seen[0][:4]
    assert seen[1][2:4] == (getattr(raised, "sent", None), getattr(raised, "elapsed", None))


@pytest.mark.parametrize(
    ("owner", "adopted", "mode", "net"),
    [
        ("甲", "", "replay", 1), ("乙", "甲", "replay", 1), ("乙", "", "replay", VERSION),
        ("丙", "", "replay", 2), ("乙", "甲", "record", VERSION), ("乙", "丙", "replay", 2),
    ],
)  # fmt: skip
def test_a_recording_keeps_the_names_of_secrets_that_it_was_made_with(
    tmp_path: Path, owner: str, adopted: str, mode: Any, net: int
) -> None:
    for name in ("甲", "丙"):
        with opened(tmp_path, "record", owner=name) as session:
            session.proxy("crm").get(1)
    path = tmp_path / "cassettes/a.yaml"
    known = Cassette.load(path)
    versions = {"甲": 1, "丙": 2}
    entries = map(known.get_entry_with_head_defaults, range(len(known)))
    path.write_bytes(dump_entries([e.with_line(net=versions[e.line.owner]) for e in entries]))

    settings = Settings(
        mode=mode, record="rewrite", owner=owner, cassette=path, environ={},
        adopts=(lambda _owners: adopted) if adopted else None,
    )  # fmt: skip
    assert start_session(settings).owner_session.recording.net == net


START = "2026-01-01T00:00:00+08:00"


@pytest.mark.parametrize(
    ("clock", "mode", "is_recorded", "start"),
    [
        (None, "replay", False, START), (None, "simulate", False, START),
        (None, "replay", True, "2026-03-02T09:00:00+08:00"),
        ("2027-05-06T07:08:09+00:00", "replay", True, "2027-05-06T07:08:09+00:00"),
        ("2027-05-06T07:08:09+00:00", "simulate", False, "2027-05-06T07:08:09+00:00"),
        ("2027-05-06T07:08:09+00:00", "live", False, "2027-05-06T07:08:09+00:00"),
        (None, "live", False, None), (None, "record", False, None),
    ],
)  # fmt: skip
def test_time_starts_where_it_is_told_to_else_at_the_recording_else_now(
    tmp_path: Path, clock: str | None, mode: Any, start: str | None, *, is_recorded: bool
) -> None:
    if is_recorded:
        with opened(tmp_path, "record", clock="2026-03-02T09:00:00+08:00") as session:
            session.proxy("crm").get(1)
    options = {"transport": None} if mode == "simulate" else {}
    with opened(tmp_path, mode, clock=clock, unused="ignore", **options) as session:
        script = "return [new Date().toISOString(), new Date().getTimezoneOffset()]"
        told, offset = session.run_script(bs.Script(script, "a.js")).value
    if start is None:
        assert told[:4] >= "2026"
        assert (told[:19] != "2025-12-31T16:00:00", offset) == (True, -480)
        return
    assert offset == (0 if start.endswith("+00:00") else -480)
    hours = int(start[11:13]) - (0 if offset == 0 else 8)
    assert int(told[11:13]) == hours % 24


@pytest.mark.parametrize(
    ("mode", "record", "fixed", "number"),
    [
        ("replay", "once", None, 1), ("simulate", "once", None, 1), ("live", "once", None, 3),
        ("record", "rewrite", None, 3), ("record", "rewrite", 5, 1), ("live", "once", 0, 1),
    ],
)  # fmt: skip
def test_what_scripts_draw_is_new_where_a_live_system_answers(
    tmp_path: Path, mode: Any, record: Any, fixed: int | None, number: int
) -> None:
    drawn = set()
    for _ in range(3):
        options = {"transport": None} if mode == "simulate" else {}
        with opened(tmp_path, mode, record=record, seed=fixed, **options) as session:
            drawn.add(session.run_script(bs.Script("return Math.random()", "a.js")).value)
    assert len(drawn) == number


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, ""),
        ({"url": "https://crm.example.test/get/redacted.crm.test.id.1"}, "crm.get"),
        ({"headers": (("X-A", "1"), ("X-B", "2"), ("X-C", "Bearer redacted.a"))}, "crm.get"),
        ({"headers": (("redacted.a", "1"),)}, ""),
        ({"body": '{"客户":"redacted.a"}'.encode()}, "crm.get"),
        ({"body": b"\xffredacted."}, "crm.get"), ({"body": b"redacted"}, ""), ({"body": b""}, ""),
        ({"call": None, "body": b"redacted.a"}, "POST"),
        ({"body": b"Redacted.a"}, ""),
    ],
)  # fmt: skip
def test_no_live_request_carries_a_stand_in_anywhere(changes: dict[str, Any], told: str) -> None:
    call = Call(platform="crm", instance="test", api="get", method="POST", path="/get/1")
    usual: dict[str, Any] = {
        "method": "POST", "url": "https://crm.example.test/get/1", "call": call
    }  # fmt: skip
    sent = bs.Request(**(usual | changes))
    if not told:
        refuse_standin(sent)
        return
    with pytest.raises(bs.ConfigError, match=f"^{told}: the live request would carry a value"):
        refuse_standin(sent)
