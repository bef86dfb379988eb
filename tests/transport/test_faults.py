from __future__ import annotations

import json

import pytest

from bpmax_sim.errors import TransportError
from bpmax_sim.messages import Call, Chunk, Request, Response
from bpmax_sim.transport.faults import BadToken, Break, Fault, Faults, Reply, Slow
from bpmax_sim.transport.protocol import Handler

ANSWER = Response(status=200, body='{"姓名":"张三"}'.encode(), elapsed=0.5, source="recorded")


def request(api: str = "get_customer_detail", platform: str = "crm_system") -> Request:
    call = Call(platform=platform, instance="test", api=api, method="GET", path="/")
    return Request(method="GET", url="https://crm.example.test/", timeout=30, call=call)


def overlay(*rules: Fault) -> tuple[Faults, list[Request]]:
    passed: list[Request] = []

    def answer(sent: Request) -> Response:
        passed.append(sent)
        return ANSWER

    refused = Response(status=401, body=b"{}")
    faults = Faults(Handler(answer), lambda _: refused)
    faults.arm(rules)
    return faults, passed


def test_without_a_rule_everything_goes_through() -> None:
    faults, passed = overlay()

    assert faults.handle(request()) is ANSWER
    assert len(passed) == 1


def test_a_faulted_request_does_not_reach_the_transport_below() -> None:
    reply = Reply(status=429, body=b'{"code":429}', delay=0.2)
    faults, passed = overlay(Fault(on="crm_system.get_customer_detail", action=reply))

    answer = faults.handle(request())

    assert (answer.status, answer.body, answer.elapsed, answer.source) == (
        429,
        b'{"code":429}',
        0.2,
        "fault",
    )
    assert passed == []


def test_a_rule_strikes_the_nth_request_or_a_range() -> None:
    rule = Fault(on="crm_system.*", action=Reply(status=500), first=2, last=3)
    faults, _ = overlay(rule)

    assert [faults.handle(request()).status for _ in range(4)] == [200, 500, 500, 200]
    assert str(rule) == "crm_system.* call 2-3"


def test_a_star_does_not_cover_the_login_nor_another_platform() -> None:
    faults, _ = overlay(Fault(on="crm_system.*", action=Reply(status=500)))

    assert faults.handle(request("$token")).status == 200
    assert faults.handle(request(platform="qywx")).status == 200


@pytest.mark.parametrize(
    ("error", "code", "sent", "elapsed", "message"),
    [
        ("timeout", "TIMEOUT", True, 30, "no answer within 30 s (fault)"),
        ("reset", "RESET", True, 2, "the connection was reset after 7 bytes (fault)"),
        ("dns", "CONNECT", False, 2, "cannot connect: the host name does not resolve (fault)"),
        ("connect", "CONNECT", False, 2, "cannot connect: the connection was refused (fault)"),
        ("tls", "TLS", False, 2, "no trusted TLS connection: the certificate has expired (fault)"),
    ],
)
def test_a_broken_exchange(
    error: str, code: str, sent: object, elapsed: float, message: str
) -> None:
    action = Break(error=error, after=7, delay=2)  # type: ignore[arg-type]
    faults, passed = overlay(Fault(on="*", action=action))

    with pytest.raises(TransportError) as caught:
        faults.handle(request())

    assert (caught.value.code, caught.value.sent, caught.value.elapsed) == (code, sent, elapsed)
    assert str(caught.value) == message
    assert passed == []


@pytest.mark.parametrize("error", ["truncated", "invalid_json"])
def test_a_bad_body_says_json_and_is_not(error: str) -> None:
    action = Break(error=error)  # type: ignore[arg-type]
    faults, _ = overlay(Fault(on="*", action=action))

    answer = faults.handle(request())

    assert answer.header("Content-Type") == "application/json; charset=utf-8"
    with pytest.raises(ValueError, match=r"Expecting value|Unterminated string"):
        json.loads(answer.body)


def test_a_refused_token_is_the_platforms_own_answer() -> None:
    faults, _ = overlay(Fault(on="*", action=BadToken(state="expired")))

    assert (faults.handle(request()).status, faults.handle(request()).source) == (401, "fault")


def test_a_delay_lets_the_answer_through_later() -> None:
    faults, passed = overlay(Fault(on="*", action=Slow(delay=30)))

    answer = faults.handle(request())

    assert (answer.elapsed, answer.body, answer.source) == (30.5, ANSWER.body, "recorded")
    assert len(passed) == 1


def test_a_drip_hands_the_body_over_in_pieces() -> None:
    faults, _ = overlay(Fault(on="*", action=Slow(delay=1.5, chunks=4)))

    answer = faults.handle(request())

    size = len(ANSWER.body)
    assert sum(chunk.length for chunk in answer.chunks) == size
    assert [chunk.at for chunk in answer.chunks] == [0.5, 1.0, 1.5, 2.0]
    assert answer.chunks[0] == Chunk(0.5, size // 4)


def test_the_group_armed_last_strikes_first_and_within_it_the_first_rule() -> None:
    usual = Fault(on="crm_system.*", action=Reply(status=500))
    faults, _ = overlay(usual)
    faults.arm([Fault(on="crm_system.*", action=Reply(status=status)) for status in (502, 503)])

    assert faults.handle(request()).status == 502


def test_a_rule_that_never_fired_is_told() -> None:
    fired = Fault(on="crm_system.*", action=Slow(delay=1))
    quiet = Fault(on="crm_system.create_order", action=Reply(status=500), first=2)
    faults, _ = overlay(fired, quiet)

    faults.handle(request())

    assert faults.disarm([fired, quiet]) == (quiet,)
    assert faults.handle(request()) is ANSWER
    assert str(quiet) == "crm_system.create_order call 2"
