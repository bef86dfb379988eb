"""What a session notes of sendings, and of errors that Python code caught: each, and in order."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

import bpmax_sim as bs
from bpmax_sim.cassette.matching import MatchingRules, request_to_parts
from bpmax_sim.clock import VirtualClock
from bpmax_sim.errors import WrongCallWarning
from bpmax_sim.messages import Call, Request, Response
from bpmax_sim.proxy.builder import CallSpec
from bpmax_sim.secret.vault import Vault
from bpmax_sim.session.arriving_exchange import StreamedExchangeRecorder
from bpmax_sim.session.scripts import PACKAGE
from bpmax_sim.session.sending_log import SendingAnswerLog
from bpmax_sim.session.unread_call_errors import UnreadCallErrors
from bpmax_sim.transport.faults import Break, Fault
from tests.session.test_matches import IGNORING, JSON, PLAIN, call_of, recorded


def log_of(rules: MatchingRules = IGNORING) -> SendingAnswerLog:
    return SendingAnswerLog(rules, VirtualClock(1_000.0))


def test_a_body_without_content_is_a_body_all_the_same(tmp_path: Path) -> None:
    bodies = ["[]", "0", '""', "false", "null", "{}", ""]
    log = log_of(PLAIN)
    for number, body in enumerate(bodies):
        (tmp_path / str(number)).mkdir()
        cassette = recorded(tmp_path / str(number), call_of(body))
        sent = call_of('{"客户": 7}', serial=number)
        log.note_miss(sent, (cassette, 0), request_to_parts(sent))
    found = [log.find_recording_match(number, 0) for number in range(len(bodies))]

    shown = [one.request["body"] if one and one.request else "?" for one in found]
    assert shown == [[], 0, "", False, None, {}, None]


def test_the_last_note_of_a_sending_counts_and_an_empty_response_is_one(tmp_path: Path) -> None:
    (tmp_path / "空").mkdir()
    cassette = recorded(tmp_path, call_of("1"), call_of("2"))
    empty = recorded(tmp_path / "空", call_of("1"), outcome=Response(status=204))
    sent = call_of("3")
    log = log_of(PLAIN)
    log.note_miss(sent, (empty, 0), request_to_parts(sent))
    first = log.find_recording_match(1, 0)
    log.note_match(sent, (cassette, 1), request_to_parts(sent))
    second = log.find_recording_match(1, 0)

    assert first is not None
    assert second is not None
    assert (first.played, first.status, first.response) == (False, 204, None)
    assert (second.played, second.exchange, second.status) == (True, 2, None)


def test_of_a_damaged_exchange_what_is_ignored_is_told(tmp_path: Path) -> None:
    def refuse(_number: int) -> Any:
        raise bs.CassetteError("damaged")

    cassette: Any = SimpleNamespace(path=tmp_path, line_number=lambda n: 10 + n, exchange=refuse)
    log, sent = log_of(), call_of("3")
    log.note_miss(sent, (cassette, 4), request_to_parts(sent))
    found = log.find_recording_match(1, 0)

    assert found is not None
    assert (found.exchange, found.line, found.played) == (5, 14, False)
    assert (found.ignore, found.ignored, found.differs) == (("query.t", "body.at"), (), ())
    assert (found.request, found.status) == (None, None)


def test_a_fault_has_the_next_number_of_all_events(tmp_path: Path) -> None:
    clock = VirtualClock(1_000.0)
    log, fault = SendingAnswerLog(PLAIN, clock), Fault(on="*", action=Break(error="reset"))
    foreign = Call(platform="", instance="", api="", method="GET", path="/x", serial=9)
    before = [clock.next_seq() for _ in range(3)][-1]
    log.note_fault(fault, call_of(serial=1))
    between = clock.next_seq()
    log.note_fault(fault, Request(method="GET", url="https://a.test/x", call=foreign))

    orders = [one.order for one in log.faults]
    assert orders == sorted(orders)
    assert before < orders[0] < between < orders[1]
    assert [one.serial for one in log.faults] == [1, 9]


SPEC: Any = SimpleNamespace(platform="crm", api="getOrdr")


def refusing(error: BaseException) -> Callable[[CallSpec], Any]:
    def make(_spec: CallSpec) -> Any:
        raise error

    return make


def warned(errors: UnreadCallErrors) -> list[str]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        errors.warn_of_unread()
    assert {one.category for one in caught} <= {WrongCallWarning}
    return [str(one.message).partition(": ")[2].partition(";")[0] for one in caught]


def test_each_error_that_nobody_read_is_told_in_the_order_of_the_calls() -> None:
    errors = UnreadCallErrors()
    for number in range(3):
        with suppress(bs.CallError):
            errors.track_errors_of(refusing(bs.CallError(f"错 {number}", code="UNKNOWN_API")))(SPEC)
    with pytest.raises(bs.CallError) as caught:  # this frame and the error hold each other
        errors.track_errors_of(refusing(bs.CallError("环", code="BAD_ARGUMENT")))(SPEC)
    with pytest.raises(bs.CallError) as read:
        errors.track_errors_of(refusing(bs.CallError("看过", code="UNKNOWN_API")))(SPEC)
    assert read.value.code == "UNKNOWN_API"
    with suppress(bs.ConfigError):
        errors.track_errors_of(refusing(bs.ConfigError("没有值")))(SPEC)

    told = [f"crm.getOrdr: 错 {number}" for number in range(3)]
    assert warned(errors) == [*told, "crm.getOrdr: 没有值"]
    del caught
    assert warned(errors) == [*told, "crm.getOrdr: 环", "crm.getOrdr: 没有值"]


def test_an_error_is_handed_on_with_its_cause_and_only_from_the_code_of_a_test() -> None:
    errors, cause = UnreadCallErrors(), ValueError("里面")
    error = bs.CallError("外面", code="UNKNOWN_API", platform="crm", api="getOrdr")
    error.__cause__ = cause
    with pytest.raises(bs.CallError) as caught:
        errors.track_errors_of(refusing(error))(SPEC)

    assert caught.value is not error
    assert caught.value.__cause__ is cause
    assert (caught.value.platform, caught.value.api, str(caught.value)) == (
        "crm", "getOrdr", "外面",
    )  # fmt: skip
    other = bs.CallError("表单", code="UNKNOWN_API")
    namespace = {"track": errors.track_errors_of(refusing(other)), "spec": SPEC}
    inside = compile("track(spec)", f"{PACKAGE}/subject/form.py", "exec")
    with pytest.raises(bs.CallError) as own:
        exec(inside, namespace)
    assert own.value is other
    refused = bs.CallError("拒绝", code="HTTP_STATUS")
    with pytest.raises(bs.CallError) as third:
        errors.track_errors_of(refusing(refused))(SPEC)
    assert third.value is refused


def test_what_arrives_is_read_as_its_own_head_says() -> None:
    call = Call(platform="crm", instance="test", api="list", method="POST", path="/x")
    request = Request(
        method="POST", url="https://crm.test/x", call=call, headers=JSON, body=b"{}",
        personal=("body.电话",),
    )  # fmt: skip
    found = {}
    for kind in ("application/json", "application/x-ndjson", "text/plain"):
        appended: list[Any] = []
        recorder = StreamedExchangeRecorder(
            request, 1.0, Vault(), lambda _request, _response: None, appended.append
        )
        head = Response(status=200, headers=(("content-type", kind),), elapsed=0.98765)
        for piece in ('{"电话":"13800138000"}\n', '{"电话":"13900139000"}\n'):
            recorder.record_piece(replace(head, status=200 + len(appended)), piece.encode())
        bodies = [one.outcome.received for one in appended]
        assert b"".join(bodies) == recorder.received
        assert {one.outcome.elapsed for one in appended} == {0.988}
        assert [f"HTTP {200 + n}" in one.outcome.message for n, one in enumerate(appended)] == [
            True
        ] * 2
        text = recorder.received.decode()
        found[kind] = [number in text for number in ("13800138000", "13900139000")]

    assert found["application/x-ndjson"] == [False, False]
    assert found["application/json"] == [False, False]
