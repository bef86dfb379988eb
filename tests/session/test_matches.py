"""What a session says of each sending: which recorded exchange answered, in what it differs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

import bpmax_sim as bs
from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.format import dump_entries, render_exchange
from bpmax_sim.cassette.former_names import FormerNames
from bpmax_sim.cassette.matching import MatchingRules, request_to_parts
from bpmax_sim.clock import VirtualClock
from bpmax_sim.messages import Call, Exchange, FailedExchange, Request, Response
from bpmax_sim.session.sending_log import SendingAnswerLog
from bpmax_sim.transport.faults import Break, Fault

BASE = "https://crm.example.test"
JSON = (("content-type", "application/json"),)
IGNORING = MatchingRules(("query.t",), (("crm.add", ("body.at",)), ("oa", ("body.客户",))))
PLAIN = MatchingRules()


def call_of(body: str = "", query: str = "", *, api: str = "add", serial: int = 1) -> Request:
    """Return a call of the platform ``crm``."""
    pairs = tuple((n, v) for n, _, v in (one.partition("=") for one in query.split("&") if one))
    call = Call(
        platform="crm", instance="test", api=api, method="POST", path="/客户", query=pairs,
        headers=JSON if body else (), body=body.encode() or None, serial=serial,
    )  # fmt: skip
    url = f"{BASE}/客户?{query}".rstrip("?")
    return Request(
        method="POST", url=url, base=BASE, call=call, headers=call.headers, body=call.body
    )


def recorded(folder: Path, *requests: Request, outcome: Any = None) -> Cassette:
    """Return a recording of *requests*."""
    entries = [
        render_exchange(
            Exchange(
                request=request, key=f"{number:032x}", order=number, owner="甲",
                outcome=outcome or Response(status=201, headers=JSON, body=b'{"id": 7}'),
                at=1_772_413_200.0,
            ),
        )
        for number, request in enumerate(requests, 1)
    ]  # fmt: skip
    (folder / "甲.yaml").write_bytes(dump_entries(entries))
    return Cassette.load(folder / "甲.yaml")


def log_of(rules: MatchingRules = IGNORING) -> SendingAnswerLog:
    return SendingAnswerLog(rules, VirtualClock(1_000.0))


@pytest.mark.parametrize(
    ("was", "now", "ignored", "is_shown"),
    [
        (call_of('{"a":1}'), call_of('{"a":1}'), (), False),
        (call_of('{"at":1}'), call_of('{"at":2}'),
         ({"path": "body.at", "recorded": 1, "sent": 2},), True),
        (call_of('{"at":1}', "t=1"), call_of('{"at":2}', "t=2"),
         ({"path": "query.t", "recorded": "1", "sent": "2"},
          {"path": "body.at", "recorded": 1, "sent": 2}), True),
        (call_of('{"at":null}'), call_of("{}"), ({"path": "body.at", "recorded": None},), True),
        (call_of("{}"), call_of('{"at":""}'), ({"path": "body.at", "sent": ""},), True),
    ],
)  # fmt: skip
def test_what_was_ignored_of_an_exchange_that_answered_is_told(
    tmp_path: Path, was: Request, now: Request, ignored: Any, *, is_shown: bool
) -> None:
    cassette, log = recorded(tmp_path, call_of(), call_of(), was), log_of()
    log.note_match(now, (cassette, 2), request_to_parts(now))

    match = log.find_recording_match(1, 0)
    assert match is not None
    assert (match.file, match.exchange, match.played) == (str(cassette.path), 3, True)
    assert match.line == cassette.line_number(2) != cassette.line_number(0)
    assert (match.ignore, match.ignored, match.differs) == (("query.t", "body.at"), ignored, ())
    assert (match.request is not None) == is_shown
    assert (match.status, match.response) == (None, None)


def test_what_answered_differs_in_nothing_that_counts(tmp_path: Path) -> None:
    """As in a migration, in which the nearest exchange answers."""
    now = call_of('{"名":"乙"}')
    cassette, log = recorded(tmp_path, call_of('{"名":"甲"}')), log_of()
    log.note_match(now, (cassette, 0), request_to_parts(now))

    match = log.find_recording_match(1, 0)
    assert match is not None
    assert match.differs == ()
    assert match.ignored == ({"path": "body.名", "recorded": "甲", "sent": "乙"},)


@pytest.mark.parametrize(
    ("was", "ignored"),
    [
        ({}, []),
        ({"path": "/orders/8"}, ["path.id"]),
        ({"platform": "oa"}, []),
        ({"platform": "oa", "path": "/orders/8"}, ["path.id"]),
        ({"platform": "bi"}, ["platform"]),
        ({"path": "/order/8"}, ["path"]),
    ],
)
def test_names_and_parameters_are_those_of_the_declaration(
    tmp_path: Path, was: dict[str, str], ignored: list[str]
) -> None:
    rules = MatchingRules(
        ("path.id",), templates={"crm.add": "/orders/{id}"}, former=FormerNames({"crm": ("oa",)})
    )

    def request(**fields: Any) -> Request:
        call = Call(
            **{
                "platform": "crm", "instance": "test", "api": "add", "method": "POST",
                "path": "/orders/7",
            } | fields, serial=1,
        )  # fmt: skip
        return replace(call_of(), url=f"{BASE}{call.path}", call=call)

    cassette, log = recorded(tmp_path, request(**was)), log_of(rules)
    log.note_match(request(), (cassette, 0), request_to_parts(request()))

    match = log.find_recording_match(1, 0)
    assert match is not None
    assert [one["path"] for one in match.ignored] == ignored


def test_where_nothing_is_ignored_nothing_is_compared(tmp_path: Path) -> None:
    cassette, log = recorded(tmp_path, call_of('{"at":1}')), log_of(PLAIN)
    log.note_match(call_of('{"at":2}'), (cassette, 0), request_to_parts(call_of('{"at":2}')))

    match = log.find_recording_match(1, 0)
    assert match is not None
    assert (match.ignore, match.ignored, match.request, match.played) == ((), (), None, True)


@pytest.mark.parametrize(
    ("was", "now", "differs", "ignored", "body"),
    [
        (call_of('{"名":"甲","at":1}'), call_of('{"名":"乙","at":2}'),
         ({"path": "body.名", "recorded": "甲", "sent": "乙"},),
         ({"path": "body.at", "recorded": 1, "sent": 2},), {"名": "甲", "at": 1}),
        (call_of(query="a=1"), call_of(query="a=2&b=3"),
         ({"path": "query.a", "recorded": "1", "sent": "2"}, {"path": "query.b", "sent": "3"}),
         (), None),
        (call_of("[1,2,3]"), call_of("[1,2]"), ({"path": "body[2]", "recorded": 3},), (),
         [1, 2, 3]),
        (call_of("null"), call_of("0"), ({"path": "body", "recorded": None, "sent": 0},), (), None),
    ],
)  # fmt: skip
def test_the_nearest_exchange_is_told_with_what_it_would_have_answered(
    tmp_path: Path, was: Request, now: Request, differs: Any, ignored: Any, body: Any
) -> None:
    cassette, log = recorded(tmp_path, was), log_of()
    log.note_miss(now, (cassette, 0), request_to_parts(now))

    match = log.find_recording_match(1, 0)
    assert match is not None
    assert (match.exchange, match.played) == (1, False)
    assert (match.differs, match.ignored) == (differs, ignored)
    assert match.request is not None
    assert {**match.request} == {
        "method": "POST", "path": was.call and was.call.path, "query": match.request["query"],
        "header": dict(JSON) if was.body else {}, "body": body,
    }  # fmt: skip
    assert match.request["query"] == dict(was.call.query if was.call else ())
    assert (match.status, match.response) == (201, {"id": 7})


def test_a_nearest_exchange_that_failed_has_no_response(tmp_path: Path) -> None:
    failed = FailedExchange(code="RESET", message="连接断开")
    cassette, log = recorded(tmp_path, call_of("1"), outcome=failed), log_of()
    log.note_miss(call_of("2"), (cassette, 0), request_to_parts(call_of("2")))

    match = log.find_recording_match(1, 0)
    assert match is not None
    assert (match.status, match.response, len(match.differs)) == (None, None, 1)


@pytest.mark.parametrize(
    ("serial", "attempt", "exchange"),
    [(1, 0, 1), (1, 1, 2), (2, 0, 3), (2, 1, None), (3, 0, None), (0, 0, None)],
)
def test_each_sending_of_each_call_has_its_own(
    tmp_path: Path, serial: int, attempt: int, exchange: int | None
) -> None:
    cassette, log = recorded(tmp_path, *(call_of(f"{n}") for n in range(3))), log_of()
    first = call_of("0")
    log.note_match(first, (cassette, 0), request_to_parts(first))
    log.note_match(replace(first, attempt=1), (cassette, 1), request_to_parts(first))
    log.note_match(call_of("2", serial=2), (cassette, 2), request_to_parts(first))
    log.note_miss(call_of("9", serial=3), None, request_to_parts(first))
    log.note_match(replace(first, call=None), (cassette, 2), request_to_parts(first))

    found = log.find_recording_match(serial, attempt)
    assert (found.exchange if found else None) == exchange


def test_faults_are_noted_in_order_with_call_and_sending() -> None:
    clock = VirtualClock(1_000.0)
    log, fault = SendingAnswerLog(PLAIN, clock), Fault(on="crm.*", action=Break(error="reset"))
    log.note_fault(fault, call_of(serial=4))
    clock.move_to(1_002.5)
    log.note_fault(fault, replace(call_of(api="get", serial=4), attempt=2))
    log.note_fault(fault, replace(call_of(), call=None))

    assert [(one.call, one.serial, one.attempt, one.at) for one in log.faults] == [
        ("crm.add", 4, 0, 1_000.0), ("crm.get", 4, 2, 1_002.5),
    ]  # fmt: skip
    assert log.faults[0].order < log.faults[1].order
    assert log.faults[0].fault is fault


def test_a_session_tells_it_of_its_own_calls(tmp_path: Path) -> None:
    (tmp_path / "crm.yaml").write_text(
        f"platform_key: crm\nbase_url: {BASE}\napis: {{get: {{path: '/客户/{{id}}'}}}}\n",
        encoding="utf-8",
    )
    options: dict[str, Any] = {"cassette": tmp_path / "cassettes/a.yaml", "environ": {}}
    with bs.Session.open(
        tmp_path / "crm.yaml", mode="record", transport=lambda _request: bs.Response(status=200),
        **options,
    ) as session:  # fmt: skip
        for number in (1, 2, 3):
            session.proxy("crm").get(number)
    session = bs.Session.open(tmp_path / "crm.yaml", **options)
    session.proxy("crm").get(2)
    with pytest.raises(bs.NoMatchError):
        session.proxy("crm").get(9)

    first, second = session.recording_match(1, 0), session.recording_match(2, 0)
    session.close(failed=True)
    assert first is not None
    assert second is not None
    assert (first.exchange, first.played, second.played) == (2, True, False)
    assert [one["path"] for one in second.differs] == ["path.id"]
    assert session.recording_match(3, 0) is None
