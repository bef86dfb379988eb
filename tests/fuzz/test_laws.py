"""Each law that no platform file can break is broken here by tampering with what is seen."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from bpmax_sim import strategies
from bpmax_sim.errors import BusinessError, CallError, HttpStatusError
from bpmax_sim.fuzz import recordings
from bpmax_sim.fuzz.laws import LAWS
from bpmax_sim.fuzz.search import check_law_by_calls
from bpmax_sim.fuzz.target import FuzzTarget, RequestLog, call_from_data, call_to_data, make_target
from bpmax_sim.fuzz.violation import LawBroken
from bpmax_sim.messages import Request
from bpmax_sim.platform.load import BUILT_IN, load_platforms
from bpmax_sim.proxy.builder import CallSpec
from bpmax_sim.session.session import Session
from bpmax_sim.strategies.programs import to_chain
from tests.fuzz.broken import BEARER, SECRET, orders

Tamper = Callable[[Request, int], Request]

CALL = call_from_data({"call": "orders.createOrder", "args": ["sale", "张三"]})
CLAIM = replace(
    CALL, args=None, steps=(("path", {"kind": "sale"}), ("header", {"AUTHORIZATION": "mine"}))
)


class Tampered(FuzzTarget):
    """A target whose requests are seen otherwise than they were sent; they are counted from 1."""

    tamper: Tamper
    numbers: Iterator[int]

    @contextmanager
    def open_session(self, **more: Any) -> Iterator[tuple[Session, RequestLog]]:
        with super().open_session(**more) as (session, witness):
            yield session, witness
            number = next(self.numbers)
            witness.requests[:] = [self.tamper(one, number) for one in witness.requests]


@pytest.fixture(name="target")
def written(tmp_path: Path) -> FuzzTarget:
    path = tmp_path / "orders.yaml"
    parameters = "      - {name: 客户, in: body, to: customer}"
    text = orders(BEARER, credentials=SECRET, parameters=parameters)
    path.write_text(text, encoding="utf-8")
    return make_target(load_platforms(path), "orders")


def tampered(target: FuzzTarget, tamper: Tamper) -> FuzzTarget:
    made = type("Made", (Tampered,), {"tamper": staticmethod(tamper), "numbers": count(1)})
    return made(target.platforms, target.key)  # type: ignore[no-any-return]


def why(law: str, target: FuzzTarget, *programs: CallSpec) -> str:
    with pytest.raises(LawBroken) as told:
        check_law_by_calls(target, law, programs)
    return told.value.why


def test_every_law_holds_for_a_sound_platform(target: FuzzTarget) -> None:
    for name, law in LAWS.items():
        if law.applies(target, target.platform.apis["createOrder"]):
            pair = (CALL, CLAIM) if name == "credential" else (CALL, CALL)
            check_law_by_calls(
                target, name, pair if name in {"credential", "identity"} else pair[:1]
            )


def test_a_segment_too_many_is_told(target: FuzzTarget) -> None:
    seen = tampered(target, lambda one, _: replace(one, url=f"{one.url}/x"))

    assert why("segments", seen, CALL) == "/orders/{kind} has 2 segments, and 3 were sent"


def test_a_value_that_climbs_is_told(target: FuzzTarget) -> None:
    seen = tampered(target, lambda one, _: replace(one, url=one.url.replace("sale", "..")))

    assert why("segments", seen, CALL) == "/orders/{kind} has 2 segments, and 2 were sent"


def test_a_value_that_is_changed_on_the_way_is_told(target: FuzzTarget) -> None:
    seen = tampered(target, lambda one, _: replace(one, body=b'{"customer":"?"}'))

    assert why("arrives", seen, CALL) == (
        "the value of parameter '客户' does not arrive at body.customer, where 1 is found"
    )


def test_a_value_that_arrives_twice_is_told(tmp_path: Path) -> None:
    path = tmp_path / "orders.yaml"
    path.write_text(orders("", parameters="      - {name: 页, in: query}"), encoding="utf-8")
    target = make_target(load_platforms(path), "orders")
    seen = tampered(target, lambda one, _: replace(one, url=f"{one.url}&{one.url.split('?')[1]}"))

    told = why("arrives", seen, call_from_data({"call": "orders.createOrder", "args": ["sale", 7]}))
    assert told == "the value of parameter '页' does not arrive at query.页, where 2 are found"


def test_a_credential_that_is_sent_twice_is_told(target: FuzzTarget) -> None:
    seen = tampered(
        target, lambda one, _: replace(one, headers=(*one.headers, ("authorization", "x")))
    )

    assert why("credential", seen, CALL, CLAIM) == (
        "header.Authorization is auth's and is sent 2 times"
    )


def test_a_credential_that_a_script_replaces_is_told(target: FuzzTarget) -> None:
    def claim(one: Request, number: int) -> Request:
        return replace(one, headers=(("Authorization", "other"),)) if number == 2 else one

    assert why("credential", tampered(target, claim), CALL, CLAIM) == (
        "header.Authorization is auth's, and a script changes what is sent there"
    )


@pytest.mark.parametrize(
    ("law", "told"),
    [
        ("forms", "the direct call and the chain that says the same send different requests"),
        ("languages", "JavaScript and Python send different requests for the same call"),
    ],
)
def test_two_ways_that_differ_are_told(law: str, told: str, target: FuzzTarget) -> None:
    def second(one: Request, number: int) -> Request:
        return replace(one, url=f"{one.url}?x=1") if number == 2 else one

    assert why(law, tampered(target, second), CALL) == told


def test_a_recording_that_is_not_played_is_told(
    target: FuzzTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = replace(CALL, args=("退货",))
    real = strategies.perform

    def perform(one: CallSpec, session: Session) -> Any:
        return real(other if session.mode == "replay" else one, session)

    monkeypatch.setattr(recordings, "perform", perform)

    assert why("replay", target, CALL) == (
        "replay ends in a miss: no such call, and recording gives another value"
    )


STOCK: Mapping[str, Any] = {"code": "40020", "status": 409}
BY_TEXT = "replay ends in {}: 库存不足, and recording ends in 40020: 库存不足"
BY_KIND = "replay ends in {}, and recording ends in BusinessError with status 409"


@pytest.mark.parametrize(
    ("kind", "replayed", "told"),
    [
        (BusinessError, STOCK, None),
        (BusinessError, {**STOCK, "status": 200}, BY_KIND.format("BusinessError with status 200")),
        (BusinessError, {"code": "40020"}, BY_KIND.format("BusinessError without a status")),
        (BusinessError, {**STOCK, "code": "40021"}, BY_TEXT.format("40021")),
        (BusinessError, {"status": 409}, BY_TEXT.format("BUSINESS")),
        (HttpStatusError, STOCK, BY_KIND.format("HttpStatusError with status 409")),
    ],
)
def test_a_replay_that_fails_otherwise_is_told(
    kind: type[CallError],
    replayed: Mapping[str, Any],
    told: str | None,
    target: FuzzTarget,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = strategies.perform

    def perform(one: CallSpec, session: Session) -> Any:
        real(one, session)
        if session.mode == "replay":
            raise kind("库存不足", **replayed)
        raise BusinessError("库存不足", **STOCK)

    monkeypatch.setattr(recordings, "perform", perform)

    if told is None:
        assert check_law_by_calls(target, "replay", (CALL,)) is True
    else:
        assert why("replay", target, CALL) == told


def test_a_credential_in_the_log_is_told(
    target: FuzzTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = recordings._record_call

    def leaking(*given: Any) -> Any:
        found = made(*given)
        (secret,) = found.credentials.values()
        artefacts = {**found.artefacts, "log of calls": secret.encode().hex().encode()}
        return recordings.RecordedCall(
            found.outcome,
            found.redacted_value,
            None,
            found.request_log,
            artefacts,
            found.credentials,
        )

    monkeypatch.setattr(recordings, "_record_call", leaking)

    assert why("secrets", target, CALL) == "the credential 'key' is in the log of calls"


def test_a_crash_is_told(target: FuzzTarget, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_given: Any, **_more: Any) -> Any:
        raise ZeroDivisionError("除以零")

    monkeypatch.setattr(Session, "proxy", crash)

    assert why("accepted", target, CALL) == (
        "a call that fits what is declared ends in a crash, ZeroDivisionError: 除以零"
    )


def test_a_call_and_its_plain_form_say_the_same() -> None:
    known = {
        "call": "orders.createOrder",
        "instance": "test",
        "args": [{"$undefined": True}, {"深": [1, {"$undefined": True}]}],
    }
    chain = {
        "call": "orders.createOrder",
        "set": [{"query": {"页": 1}}, {"query": {"页": 2}}, {"body": {"$undefined": True}}],
    }

    assert call_to_data(call_from_data(known)) == known
    assert call_to_data(call_from_data(chain)) == chain


def test_every_law_says_what_it_is_in_a_sentence() -> None:
    for law in LAWS.values():
        assert re.fullmatch(r"[A-Z].*\.", law.about)


def test_a_credential_inside_a_template_is_left_to_the_direct_call(tmp_path: Path) -> None:
    path = tmp_path / "orders.yaml"
    text = orders(
        "", credentials=SECRET, parameters="      - {name: 客户, in: body, to: order.customer}"
    )
    inside = "    body: {order: {source: 表单, key: {$credential: key}}}\n"
    path.write_text(text + inside, encoding="utf-8")
    target = make_target(load_platforms(path), "orders")
    api = target.platform.apis["createOrder"]

    assert to_chain(api, CALL).steps == (
        ("path", {"kind": "sale"}),
        ("body", {"order": {"source": "表单", "customer": "张三"}}),
    )
    assert not LAWS["forms"].applies(target, api)


@pytest.mark.parametrize(
    ("codes", "told"),
    [
        ("40014, 42001", None),
        ("42001, 40001", "revokes"),
        ("40014, 40001", "ends"),
    ],
)
def test_each_end_of_a_token_is_judged_by_itself(
    codes: str, told: str | None, tmp_path: Path
) -> None:
    """WeCom answers 40014 to a token that it revoked, and 42001 to one whose time is over."""
    text = (BUILT_IN / "qywx.yaml").read_text(encoding="utf-8")
    (tmp_path / "qywx.yaml").write_text(text.replace("40014, 42001, 40001", codes), "utf-8")
    target = make_target(load_platforms(tmp_path), "qywx")
    call = call_from_data({"call": "qywx.sendTextMessage", "args": ["zhang.wei", "合同已批"]})

    if told is None:
        assert check_law_by_calls(target, "renewal", (call,))
    else:
        assert why("renewal", target, call).startswith(f"when the third party {told} the token, ")
