from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from bpmax_sim.cassette.file import Cassette
from bpmax_sim.check.drift import Verification
from bpmax_sim.errors import CassetteError, HttpStatusError, TransportError
from bpmax_sim.messages import Exchange, FailedExchange, Request, Response
from bpmax_sim.session.options import Mode
from bpmax_sim.session.session import Session
from bpmax_sim.transport.protocol import Handler

DATA = Path(__file__).parents[1] / "data/verify"
KEY = "erp-secret-0123456789"


def answer(value: Any, status: int = 200) -> Response:
    headers = (("content-type", "application/json; charset=utf-8"),)
    return Response(status=status, headers=headers, body=json.dumps(value).encode())


def opened(
    root: Path,
    mode: Mode,
    handler: Callable[[Request], Response],
    platforms: Path = DATA / "platforms",
) -> Session:
    return Session.open(
        platforms,
        mode=mode,
        cassette=root / "订单.yaml",
        environ={"ERP_KEY": KEY},
        transport=Handler(handler),
    )


def recorded(root: Path, speak: Callable[[Any], object], value: Any) -> list[Exchange]:
    with opened(root, "record", lambda _: answer(value)) as session:
        speak(session.proxy("erp"))
    return list(Cassette.load(root / "订单.yaml").exchanges())


def set_aside(root: Path, speak: Callable[[Any], object]) -> list[Exchange]:
    """Return what is recorded of calls that say a secret themselves, so that no replay plays it."""
    with pytest.raises(CassetteError, match="only its stand-in is recorded"):
        recorded(root, speak, {})
    return list(Cassette.load(root / "订单.yaml.new").exchanges())


def drift(
    root: Path,
    exchanges: list[Exchange],
    live: Callable[[Request], Response],
    platforms: Path = DATA / "platforms",
    **options: Any,
) -> list[str]:
    with opened(root, "live", live, platforms) as session:
        verified = Verification(session, **options).verify(exchanges)
        return [str(found) for _, drifts in verified for found in drifts]


def test_the_same_request_goes_out_with_real_credentials(tmp_path: Path) -> None:
    sent: list[Request] = []

    def live(request: Request) -> Response:
        sent.append(request)
        return answer({"ok": 1})

    def speak(erp: Any) -> None:
        erp.api("get_order").path({"id": "7/8 %2F", "名称": "张三"}).query(q=["1", "2"]).call()
        erp.api("create_order").header({"X-A": "1"}).body({"items": [{"qty": 2}]}).call()
        erp.api("submit").body({"客户": "张 三"}).call()

    exchanges = recorded(tmp_path, speak, {"ok": 1})
    assert drift(tmp_path, exchanges, live, allow_writes=True) == []
    assert [(r.method, r.url, r.body) for r in sent] == [
        *([("GET", exchanges[0].request.url, None)] * 2),
        ("POST", exchanges[1].request.url, exchanges[1].request.body),
        ("POST", exchanges[2].request.url, exchanges[2].request.body),
    ]
    assert {dict(request.headers)["X-Key"] for request in sent} == {KEY}
    assert dict(sent[2].headers)["X-A"] == "1"


def test_drift_has_three_tiers(tmp_path: Path) -> None:
    exchanges = recorded(
        tmp_path,
        lambda erp: erp.api("list_orders").call(),
        {"items": [{"id": 1, "qty": 2, "note": "x"}], "trace": "t"},
    )
    found = drift(
        tmp_path, exchanges, lambda _: answer({"items": [{"id": "1", "qty": 2, "vip": True}]})
    )

    assert found == [
        "error: [1] erp.list_orders: body.items[*].id: number became text",
        "warning: [1] erp.list_orders: body.items[*].note: is gone (was text)",
        "info: [1] erp.list_orders: body.items[*].vip: is new (boolean)",
    ]


@pytest.mark.parametrize(
    ("result", "own", "member", "tier"),
    [
        ("body", "", ("items", "*", "note"), "error"),
        ("body", "", ("items", "*", "note", "length"), "error"),
        ("body", "", ("items",), "warning"),
        ("body", ", result: envelope", ("data", "*", "note"), "error"),
        ("body", ", result: envelope", ("items", "*", "note"), "warning"),
        ("envelope", "", ("data", "*", "note"), "error"),
        ("envelope", "", ("data", "items", "*", "note"), "error"),
        ("envelope", "", ("items", "*", "note"), "warning"),
        ("envelope", ", response: {data: [$.rows]}", ("data", "*", "note"), "warning"),
    ],
)
def test_a_member_that_is_gone_and_read_is_an_error(
    tmp_path: Path, result: str, own: str, member: tuple[str, ...], tier: str
) -> None:
    platform = (DATA / "platforms/erp.yaml").read_text(encoding="utf-8")
    platform = platform.replace("list_orders: {path: /orders", f"list_orders: {{path: /orders{own}")
    (tmp_path / "erp.yaml").write_text(
        f"{platform}result: {result}\nresponse: {{data: [$.items]}}\n", encoding="utf-8"
    )
    exchanges = recorded(
        tmp_path, lambda erp: erp.api("list_orders").call(), {"items": [{"id": 1, "note": "x"}]}
    )
    (found,) = drift(
        tmp_path,
        exchanges,
        lambda _: answer({"items": [{"id": 1}]}),
        platforms=tmp_path / "erp.yaml",
        members_read={"erp.list_orders": {member: "scripts/订单.js:7"}}.__getitem__,
    )

    at = "; it is read at scripts/订单.js:7" if tier == "error" else ""
    assert found == (f"{tier}: [1] erp.list_orders: body.items[*].note: is gone (was text){at}")


def test_what_changes_from_answer_to_answer_is_learned(tmp_path: Path) -> None:
    count = iter(range(9))

    def live(_request: Request) -> Response:
        number = next(count)
        return answer({"id": number, "trace": number, **({"hint": 1} if number % 2 else {})})

    exchanges = recorded(
        tmp_path, lambda erp: erp.api("list_orders").call(), {"id": "7", "trace": "t"}
    )

    assert drift(tmp_path, exchanges, live) == [
        (
            "info: [1] erp.list_orders: body.hint: differs between two answers; "
            "declare volatile: [body.hint]"
        ),
        (
            "info: [1] erp.list_orders: body.id: differs between two answers; "
            "declare volatile: [body.id]"
        ),
    ]


def test_what_may_not_be_sent_is_told(tmp_path: Path) -> None:
    def speak(erp: Any) -> None:
        erp.api("create_order").body({}).call()
        erp.api("pay").call()
        erp.api("list_orders").query(k=KEY).call()  # which the responses have told

    def live(request: Request) -> Response:
        raise AssertionError(request)

    assert drift(tmp_path, recorded(tmp_path, speak, {"k": KEY}), live) == [
        ("info: [1] erp.create_order: not sent: POST may change something; pass --allow-writes"),
        "info: [2] erp.pay: not sent: its API says verify: never",
        (
            "info: [3] erp.list_orders: not sent: it carries a value that the recording only "
            "stands in for"
        ),
    ]


def test_some_apis_are_judged_by_their_status_alone(tmp_path: Path) -> None:
    exchanges = recorded(tmp_path, lambda erp: erp.api("ping").call(), {"a": 1})

    assert drift(tmp_path, exchanges, lambda _: answer([])) == []
    assert drift(tmp_path, exchanges, lambda _: answer([], 503)) == [
        "error: [1] erp.ping: status: 200 became 503"
    ]


def test_values_are_compared_where_an_api_says_so(tmp_path: Path) -> None:
    value = {
        "余额": 100,
        "明细": [{"金额": 60}, {"金额": 40}],
        "电话": "13800138000",
        "名称": "张三",
    }
    exchanges = recorded(tmp_path, lambda erp: erp.balance("7"), value)

    def live(changed: Any) -> list[str]:
        return drift(tmp_path, exchanges, lambda _: answer(value | changed))

    assert live({"名称": "李四"}) == []
    assert live({"余额": 90, "明细": [{"金额": 60}, {"金额": 30}], "电话": "13900139000"}) == [
        f"error: [1] erp.balance: {place}: has another value"
        for place in ("body.余额", "body.明细[*].金额", "body.电话")
    ]
    assert live({"余额": "100"}) == ["error: [1] erp.balance: body.余额: number became text"]


@pytest.mark.parametrize(
    ("was", "now", "status", "told"),
    [
        ({"余额": 1}, {"余额": 1.0}, 200, []),
        ({"余额": 1}, {"余额": 2}, 503, ["status: 200 became 503"]),
        ({"余额": "redacted.erp.default.no.1"}, {"余额": "SO-1"}, 200, []),
        ({"余额": "SO-1"}, {"余额": "redacted.erp.default.no.1"}, 200,
         ["body.余额: has another value"]),
        ({"余额": None}, {"余额": None}, 200, []),
        ({"明细": [{"金额": 1}, {"金额": 2}]}, {"明细": [{"金额": 1}]}, 200,
         ["body.明细[*].金额: has another value"]),
        ({"明细": []}, {"明细": [{"金额": 1}]}, 200, ["body.明细[*].金额: has another value"]),
    ],
)  # fmt: skip
def test_a_value_is_compared_where_it_is_known_and_the_status_is_the_same(
    tmp_path: Path, was: Any, now: Any, status: int, told: list[str]
) -> None:
    exchanges = recorded(tmp_path, lambda erp: erp.balance("7"), {})
    known = [replace(one, outcome=answer(was)) for one in exchanges]

    assert drift(tmp_path, known, lambda _: answer(now, status)) == [
        f"error: [1] erp.balance: {one}" for one in told
    ]


def limited(root: Path, *statuses: int) -> list[Exchange]:
    """Return what is recorded of calls that are sent twice at most, until nobody answers."""
    answers = [answer({"ok": 1}, status) for status in statuses]
    with opened(root, "record", lambda _: answers.pop(0)) as session:
        while answers:
            with suppress(HttpStatusError):
                session.proxy("erp").api("list_orders").call()
    return list(Cassette.load(root / "订单.yaml").exchanges())


PASSED = "not sent: its response was a temporary failure (rate) when it was recorded"


def test_a_rate_limit_after_which_the_call_was_sent_again_is_no_drift(tmp_path: Path) -> None:
    exchanges = limited(tmp_path, 429, 200)

    assert drift(tmp_path, exchanges, lambda _: answer({"ok": 1})) == [
        f"info: [1] erp.list_orders: {PASSED}"
    ]


def test_a_rate_limit_that_was_the_last_answer_and_no_longer_comes_is_drift(tmp_path: Path) -> None:
    exchanges = limited(tmp_path, 429, 429, 200)

    assert drift(tmp_path, exchanges, lambda _: answer({"ok": 1})) == [
        f"info: [1] erp.list_orders: {PASSED}",
        "error: [2] erp.list_orders: status: 429 became 200",
    ]


def test_a_third_party_that_does_not_answer_is_an_error(tmp_path: Path) -> None:
    def live(_request: Request) -> Response:
        raise TransportError("no answer within 30 s", code="TIMEOUT")

    exchanges = recorded(tmp_path, lambda erp: erp.api("ping").call(), {})

    assert drift(tmp_path, exchanges, live) == ["error: [1] erp.ping: no answer within 30 s"]


def test_traffic_without_a_builder_is_sent_as_it_is(tmp_path: Path) -> None:
    request = Request(method="GET", url="https://other.example.test/x")
    secret = Request(method="GET", url="https://other.example.test/x?t=redacted.http.any.t.1")
    exchanges = [
        Exchange(request=request, outcome=answer({"a": 1})),
        Exchange(request=secret, outcome=answer({"a": 1}), order=2),
        Exchange(request=request, outcome=FailedExchange(code="TLS", message="x"), order=3),
    ]

    assert drift(tmp_path, exchanges, lambda _: answer({"a": "1"})) == [
        "error: [1] https://other.example.test/x: body.a: number became text",
        (
            "info: [2] https://other.example.test/x?t=redacted.http.any.t.1: not sent: it "
            "carries a value that the recording only stands in for"
        ),
        (
            "info: [3] https://other.example.test/x: "
            "not sent: it had no response when it was recorded"
        ),
    ]


def test_logins_are_not_verified(tmp_path: Path) -> None:
    assert drift(tmp_path, [], lambda _: answer({})) == []


def test_a_post_that_declares_to_read_is_sent_as_a_get_is(tmp_path: Path) -> None:
    sent: list[str] = []

    def live(request: Request) -> Response:
        sent.append(request.method)
        if len(sent) == 1:
            raise TransportError("the connection broke", code="RESET", sent=True)
        return answer({"n": "2"})

    exchanges = recorded(
        tmp_path, lambda erp: erp.api("search_orders").body({"客户": "张三"}).call(), {"n": 1}
    )
    assert drift(tmp_path, exchanges, live) == [
        "error: [1] erp.search_orders: body.n: number became text"
    ]
    assert sent == ["POST"] * 3  # one that broke, and two that show what differs by itself


@pytest.mark.parametrize(
    ("method", "codes", "sent", "wrong"),
    [
        ("GET", [], 2, []),
        ("GET", ["RESET"], 3, []),
        ("GET", ["RESET", "RESET"], 2, ["cut"]),
        ("GET", ["TIMEOUT"], 1, ["cut"]),
        ("POST", [], 1, []),
        ("POST", ["RESET"], 1, ["cut"]),
    ],
)
def test_only_a_call_that_reads_is_sent_again_where_a_connection_broke(
    tmp_path: Path, method: str, codes: list[str], sent: int, wrong: list[str]
) -> None:
    count, left = 0, list(codes)

    def live(_: Request) -> Response:
        nonlocal count
        count += 1
        if left:
            raise TransportError("cut", code=left.pop(0))
        return answer({"ok": 1})

    def speak(erp: Any) -> None:
        if method == "GET":
            erp.api("list_orders").call()
        else:
            erp.api("create_order").body({"a": 1}).call()

    exchanges = recorded(tmp_path, speak, {"ok": 1})
    found = drift(tmp_path, exchanges, live, allow_writes=True)

    assert ["cut" in one for one in found] == [True] * len(wrong), found
    assert count == sent


@pytest.mark.parametrize("ok", [1, "1"])
def test_a_call_that_was_not_sent_is_no_sample_and_one_that_differs_is(
    tmp_path: Path, ok: object
) -> None:
    def speak(erp: Any) -> None:
        erp.api("create_order").body({"a": 1}).call()
        erp.api("list_orders").call()
        erp.api("list_orders").call()

    exchanges = recorded(tmp_path, speak, {"ok": 1})
    sampled: set[str] = set()
    found = drift(tmp_path, exchanges, lambda _: answer({"ok": ok}), sampled=sampled)

    assert sampled == {"erp.list_orders"}
    assert "pass --allow-writes" in found[0]
    assert "one exchange of each API is enough" in found[-1]
    assert len(found) == (2 if ok == 1 else 3)
