from __future__ import annotations

import json

import pytest
from msgspec.structs import replace

from bpmax_sim.errors import ConfigError, TransportError
from bpmax_sim.messages import Call, Chunk, Request, Response
from bpmax_sim.transport.faults import Action, BadToken, Break, Fault, Faults, Reply, Slow
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

    faults = Faults(
        Handler(answer), lambda _, token: Response(status=401, body=token.state.encode())
    )
    faults.activate(rules)
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
    ("on", "status"),
    [
        ("get_customer_detail", 500),
        ("getCustomerDetail", 500),
        ("客户详情", 500),
        ("get_order", 200),
    ],
)
def test_a_rule_may_name_an_api_by_any_of_its_names(on: str, status: int) -> None:
    faults, _ = overlay(Fault(on=f"crm_system.{on}", action=Reply(status=500)))
    faults.names_of = lambda name: (name, "crm_system.getCustomerDetail", "crm_system.客户详情")

    assert faults.handle(request()).status == status


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


@pytest.mark.parametrize("token", [BadToken(state="expired"), BadToken(state="revoked")])
def test_a_refused_token_is_the_platforms_own_answer(token: BadToken) -> None:
    faults, _ = overlay(Fault(on="*", action=token))

    answer = faults.handle(request())
    assert (answer.status, answer.body, answer.source) == (401, token.state.encode(), "fault")


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
    faults.activate(
        [Fault(on="crm_system.*", action=Reply(status=status)) for status in (502, 503)]
    )

    assert faults.handle(request()).status == 502


def test_a_rule_that_never_fired_is_told() -> None:
    fired = Fault(on="crm_system.*", action=Slow(delay=1))
    quiet = Fault(on="crm_system.create_order", action=Reply(status=500), first=2)
    faults, _ = overlay(fired, quiet)

    faults.handle(request())

    assert faults.deactivate_and_list_unfired([fired, quiet]) == (quiet,)
    assert faults.handle(request()) is ANSWER
    assert str(quiet) == "crm_system.create_order call 2"


@pytest.mark.parametrize(
    ("first", "last", "attempts", "struck"),
    [
        (1, None, None, "1.0 1.1 1.2 2.0 2.1 2.2 3.0 3.1 3.2 4.0 4.1 4.2"),
        (1, None, 1, "1.0 2.0 3.0 4.0"),
        (1, None, 2, "1.0 1.1 2.0 2.1 3.0 3.1 4.0 4.1"),
        (1, 1, None, "1.0"),
        (1, 1, 2, "1.0 1.1"),
        (2, None, None, "2.0 3.0 4.0"),
        (2, 3, None, "2.0 3.0"),
        (2, 3, 3, "2.0 2.1 2.2 3.0 3.1 3.2"),
        (4, 4, 0, ""),
        (3, 2, None, ""),
    ],
)
def test_of_counted_calls_only_the_first_sending_is_struck(
    first: int, last: int | None, attempts: int | None, struck: str
) -> None:
    rule = Fault(on="*", action=Slow(), first=first, last=last, attempts=attempts)

    sendings = [(call, attempt) for call in range(1, 5) for attempt in range(3)]
    assert " ".join(f"{c}.{a}" for c, a in sendings if rule.strikes(c, a)) == struck


@pytest.mark.parametrize(
    ("first", "last", "shown"),
    [
        (1, None, ""),
        (1, 1, " call 1"),
        (2, None, " call 2"),
        (3, 3, " call 3"),
        (1, 3, " call 1-3"),
    ],
)
def test_a_rule_shows_its_range(first: int, last: int | None, shown: str) -> None:
    assert str(Fault(on="erp.*", action=Slow(), first=first, last=last)) == f"erp.*{shown}"


@pytest.mark.parametrize(
    ("serials", "statuses"),
    [
        ([1, 1, 1, 2, 2, 3], [200, 200, 200, 500, 500, 200]),
        ([3, 1, 3, 1], [200, 500, 200, 500]),
        ([0, 0, 0], [200, 500, 200]),
        ([7, 0, 7, 0], [200, 500, 200, 200]),
        ([None, None, None], [200, 500, 200]),
    ],
)
def test_the_sendings_of_one_call_are_counted_once(
    serials: list[int | None], statuses: list[int]
) -> None:
    faults, _ = overlay(Fault(on="*", action=Reply(status=500), first=2, last=2, attempts=9))
    plain = request()
    assert plain.call is not None
    sent = [
        replace(plain, call=None if one is None else replace(plain.call, serial=one))
        for one in serials
    ]

    assert [faults.handle(one).status for one in sent] == statuses


def test_answers_are_used_one_after_the_other_whatever_is_sent() -> None:
    told: list[tuple[object, int]] = []
    answers = (Reply(status=429), Break(error="reset"), Reply(status=503))
    rule = Fault(on="*", action=Slow(), first=2, last=2, answers=answers)
    faults, passed = overlay(rule)
    faults.struck = lambda struck, sent: told.append((struck.action, sent.attempt))

    seen = []
    for attempt in (0, 1, 2, 3, 0):
        try:
            seen.append(str(faults.handle(replace(request(), attempt=attempt)).status))
        except TransportError as error:
            seen.append(error.code)

    assert seen == ["429", "RESET", "503", "200", "200"]
    assert told == [(answers[0], 0), (answers[1], 1), (answers[2], 2)]
    assert (faults.count_firings(rule), len(passed)) == (3, 2)


def test_rules_that_are_equal_are_told_apart() -> None:
    one, two, three = (Fault(on="*", action=Reply(status=500), first=n, last=n) for n in (1, 1, 1))
    faults, _ = overlay(one, two)

    faults.handle(request())

    assert (faults.count_firings(one), faults.count_firings(two)) == (1, 0)
    assert faults.deactivate_and_list_unfired([two]) == (two,)
    faults.activate([three])
    assert (faults.count_firings(one), faults.count_firings(three)) == (1, 0)
    assert faults.deactivate_and_list_unfired([one, three]) == (three,)
    assert not faults.has_active_rules


def test_a_rule_that_is_not_active_is_named_and_the_others_stay() -> None:
    one, gone = (Fault(on=on, action=Reply(status=500)) for on in ("crm.*", "erp.create_order"))
    faults, _ = overlay(one)
    told = "the fault erp.create_order is not active; arm it first, and disarm it once"

    with pytest.raises(ConfigError, match=told):
        faults.deactivate_and_list_unfired([one, gone])
    with pytest.raises(ConfigError, match=told):
        faults.count_firings(gone)
    assert faults.deactivate_and_list_unfired([one]) == (one,)


@pytest.mark.parametrize(
    ("rules", "expected", "passed"),
    [
        ([Slow(delay=1), Slow(delay=2), Slow(delay=4)], (200, 7.5), 1),
        ([Slow(delay=1), Reply(status=500, delay=2), Slow(delay=4)], (500, 3), 0),
        ([Reply(status=500, is_executed=True)], (500, 0), 1),
        ([Break(error="reset", is_executed=True, delay=3)], ("RESET", 3), 1),
        ([Break(error="timeout", is_executed=True, delay=3)], ("TIMEOUT", 30), 1),
        ([Break(error="truncated", is_executed=True, delay=3)], (200, 3), 1),
        ([Reply(status=500, is_executed=True), Reply(status=502)], (500, 0), 0),
        ([Reply(status=500), Reply(status=502)], (500, 0), 0),
        ([Slow(delay=1), BadToken(), Slow(delay=4)], (401, 1), 0),
    ],
)
def test_a_delay_and_an_executed_fault_go_on_to_the_next_rule(
    rules: list[Action], expected: tuple[object, float], passed: int
) -> None:
    faults, below = overlay(*(Fault(on="*", action=action) for action in rules))

    try:
        answer = faults.handle(request())
        seen: tuple[object, float] = (answer.status, answer.elapsed)
    except TransportError as error:
        seen = (error.code, error.elapsed)
    assert (seen, len(below)) == (expected, passed)


def test_a_rule_counts_the_calls_that_its_predicate_takes() -> None:
    rule = Fault(
        on="*", action=Reply(status=500), first=2, last=2, matches=lambda sent: sent.attempt == 7
    )
    faults, _ = overlay(rule)

    sent = [replace(request(), attempt=attempt) for attempt in (7, 0, 0)]
    assert [faults.handle(one).status for one in sent] == [200, 200, 200]
    assert not faults.count_firings(rule)


@pytest.mark.parametrize(
    ("size", "chunks", "lengths"),
    [(0, 3, [0, 0, 0]), (1, 3, [0, 0, 1]), (7, 3, [2, 2, 3]), (3, 1, [3]), (3, 0, [])],
)
def test_a_drip_has_all_its_pieces(size: int, chunks: int, lengths: list[int]) -> None:
    faults, _ = overlay(Fault(on="*", action=Slow(delay=0.25, chunks=chunks)))
    faults.inner = Handler(lambda _: replace(ANSWER, body=b"x" * size, elapsed=0.75))

    answer = faults.handle(request())

    assert [chunk.length for chunk in answer.chunks] == lengths
    assert answer.elapsed == 1.0
    assert [chunk.at for chunk in answer.chunks][-1:] == ([1.0] if chunks else [])
