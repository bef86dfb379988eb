"""What `verify` says of calls that were refused, broke or moved, and of traffic without a name."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
from msgspec.structs import replace

from bpmax_sim.cassette.file import Cassette
from bpmax_sim.check.drift import (
    Verification,
    find_note_of_past_migration,
    find_unsteady_places,
    read_body_shape,
    rebuild_call,
)
from bpmax_sim.errors import CallError, TransportError
from bpmax_sim.field_path import format_path
from bpmax_sim.messages import Call, Exchange, Request, Response
from tests.check.test_verify import answer, drift, opened

PLATFORM = """\
platform_key: erp
base_url: https://erp.example.test
credentials: {key: {secret: true}}
auth:
  acquire:
    steps: [{request: {method: POST, path: /login}, extract: {token: {path: $.token}}}]
  apply: [{in: header, name: X-Token, value: "{{ token }}"}]
  recover:
    token: {refresh: 1}
    clock: {clock: true}
    transient: {tries: 3, backoff: 0s}
    rate: {tries: 2, backoff: 0s}
response: {classes: {token: {status: [401]}, clock: {status: [412]}}}
apis:
  list: {path: /list}
  save: {method: POST, path: /save}
"""


@pytest.fixture(name="platforms")
def declared(tmp_path: Path) -> Path:
    (tmp_path / "erp.yaml").write_text(PLATFORM, "utf-8")
    return tmp_path / "erp.yaml"


def record(root: Path, platforms: Path, *outcomes: int | str, api: str = "list") -> list[Exchange]:
    """Record calls until each of *outcomes*, a status or a code of an error, has come."""
    left = list(outcomes)

    def respond(request: Request) -> Response:
        if request.url.endswith("/login"):
            return answer({"token": f"t-{len(left)}-0123456789"})
        outcome = left.pop(0)
        if isinstance(outcome, str):
            raise TransportError("cut", code=outcome)
        date = ("date", "Mon, 02 Mar 2026 01:00:00 GMT")
        response = answer({"ok": 1}, outcome)
        return replace(response, headers=(*response.headers, date))

    with opened(root, "record", respond, platforms) as session:
        while left:
            with suppress(CallError):
                session.proxy("erp").api(api).call()
    found = Cassette.load(root / "订单.yaml").exchanges()
    return sorted(found, key=lambda one: one.order)  # as `verify` sends them


def live(request: Request) -> Response:
    return answer({"token": "t-live-0123456789"} if request.url.endswith("/login") else {"ok": 1})


NO_RESPONSE = "not sent: it had no response when it was recorded"
NOT_ALLOWED = "not sent: POST may change something; pass --allow-writes"
REFUSED = "not sent: its token was refused when it was recorded"
TRANSIENT = "not sent: its response was a temporary failure (transient) when it was recorded"
CLOCK = "not sent: its response was a temporary failure (clock) when it was recorded"
RATE = "not sent: its response was a temporary failure (rate) when it was recorded"


@pytest.mark.parametrize(
    ("outcomes", "told"),
    [
        ([200], []),
        ([401, 200], [f"[1] {REFUSED}"]),
        ([401, 401], [f"[1] {REFUSED}", "[2] status: 401 became 200"]),
        (["TIMEOUT", 200], [f"[1] {NO_RESPONSE}"]),
        (["TIMEOUT", "TIMEOUT", 200], [f"[1] {NO_RESPONSE}", f"[2] {NO_RESPONSE}"]),
        ([503, 503, 200], [f"[1] {TRANSIENT}", f"[2] {TRANSIENT}"]),
        ([503, 503, 503], [f"[1] {TRANSIENT}", f"[2] {TRANSIENT}", "[3] status: 503 became 200"]),
        (["TIMEOUT", 503, 200], [f"[1] {NO_RESPONSE}", f"[2] {TRANSIENT}"]),
        ([503, 401, 200], [f"[1] {TRANSIENT}", f"[2] {REFUSED}"]),
        ([429, 200, 429, 200], [f"[1] {RATE}", f"[3] {RATE}"]),
        ([404, 200], ["[1] status: 404 became 200"]),
        ([401, 401, 200], [f"[1] {REFUSED}", "[2] status: 401 became 200"]),
        ([401, 503, 401, 200],
         [f"[1] {REFUSED}", f"[2] {TRANSIENT}", "[3] status: 401 became 200"]),
        ([503, 503, 503, 200],
         [f"[1] {TRANSIENT}", f"[2] {TRANSIENT}", "[3] status: 503 became 200"]),
        ([412, 200], [f"[1] {CLOCK}"]),
        ([412, 412, 200], [f"[1] {CLOCK}", "[2] status: 412 became 200"]),
        ([412, 401, 412, 200], [f"[1] {CLOCK}", f"[2] {REFUSED}", "[3] status: 412 became 200"]),
    ],
)  # fmt: skip
def test_a_failure_after_which_the_call_was_sent_again_is_not_sent(
    tmp_path: Path, platforms: Path, outcomes: list[int | str], told: list[str]
) -> None:
    exchanges = record(tmp_path, platforms, *outcomes)
    business = [one for one in exchanges if not one.request.is_login]
    numbers = {one.order: number for number, one in enumerate(business, 1)}

    with opened(tmp_path, "live", live, platforms) as session:
        verified = list(Verification(session).verify(exchanges))

    assert [exchange for exchange, _ in verified] == business
    assert [
        f"[{numbers[exchange.order]}] {one.message}" for exchange, drifts in verified
        for one in drifts
    ] == told  # fmt: skip


def test_a_failure_before_another_call_is_compared(tmp_path: Path, platforms: Path) -> None:
    (tmp_path / "b").mkdir()
    failed, again = record(tmp_path, platforms, 429, 200)
    [other] = record(tmp_path / "b", platforms, 200, api="save")
    mixed = [replace(one, order=n) for n, one in enumerate((failed, other, again), 1)]

    assert drift(tmp_path, mixed, live, platforms) == [
        "error: [1] erp.list: status: 429 became 200",
        "info: [2] erp.save: not sent: POST may change something; pass --allow-writes",
    ]


@pytest.mark.parametrize(
    ("code", "others"), [("CONNECT", ["unreachable", "skipped"]), (None, ["changed", "changed"])]
)
@pytest.mark.parametrize("party", ["down.test", "erp.down"], ids=["host", "instance"])
def test_what_cannot_be_reached_is_not_tried_again_for_each_exchange(
    tmp_path: Path, code: str | None, others: list[str], party: str
) -> None:
    sent: list[str] = []

    def respond(request: Request) -> Response:
        sent.append(request.url)
        if code and "down" in request.url:
            raise TransportError("nobody there", code=code)
        return answer({"a": "1"})

    urls = ("https://down.test/a", "https://up.test/a", "https://down.test/b", "https://up.test/b")
    calls = [
        Call(platform="erp", instance=name, api="", method="GET", path="/") if "erp" in party
        else None for name in ("down", "up", "down", "up")
    ]  # fmt: skip
    exchanges = [
        Exchange(
            request=Request(method="GET", url=url, call=call), outcome=answer({"a": 1}), order=order
        )
        for order, (url, call) in enumerate(zip(urls, calls, strict=True), 1)
    ]
    with opened(tmp_path, "live", respond) as session:
        found = [
            (drift.kind, drift.tier, drift.reason)
            for _, drifts in Verification(session).verify(exchanges) for drift in drifts
        ]  # fmt: skip

    reason = f"{party} could not be reached before" if code else ""
    assert found == [
        (others[0], "error", ""), ("changed", "error", ""),
        (others[1], "info" if code else "error", reason), ("changed", "error", ""),
    ]  # fmt: skip
    assert len([url for url in sent if "down" in url]) == (1 if code else 4)


def test_traffic_of_a_known_address_without_an_api_is_sent_as_it_is(tmp_path: Path) -> None:
    call = Call(platform="", instance="", api="", method="GET", path="/x")
    request = Request(method="GET", url="https://erp.example.test/api/x", call=call)
    head, post = (
        replace(request, method=one, call=replace(call, method=one)) for one in ("HEAD", "POST")
    )
    exchanges = [
        Exchange(request=one, outcome=answer({"a": 1}), order=number)
        for number, one in enumerate((request, head, post), 1)
    ]

    assert drift(tmp_path, exchanges, lambda _: answer({"a": None})) == [
        "warning: [1] https://erp.example.test/api/x: body.a: is gone (was number)",
        "warning: [2] https://erp.example.test/api/x: body.a: is gone (was number)",
        f"info: [3] https://erp.example.test/api/x: {NOT_ALLOWED}",
    ]


@pytest.mark.parametrize(
    ("moves", "told"),
    [
        ([], []),
        (["path /v1 -> /v2"], ["moved by `bpmax-sim migrate`, not recorded so: path /v1 -> /v2"]),
        (["a", "b", "c"], ["moved by `bpmax-sim migrate`, not recorded so: a, b, c"]),
    ],
)
def test_what_was_moved_is_told_with_each_move(moves: list[str], told: list[str]) -> None:
    one = Exchange(request=Request(method="GET", url="https://a.test/x"), outcome=answer({}))
    found = list(find_note_of_past_migration(one, moves))

    assert [(one.tier, one.kind, one.message, one.path) for one in found] == [
        ("info", "moved", message, "") for message in told
    ]


def plain(body: bytes, *headers: tuple[str, str]) -> Response:
    return Response(status=200, headers=headers, body=body)


@pytest.mark.parametrize(
    ("one", "two", "places"),
    [
        (plain(b"a"), plain(b"a"), []),
        (plain(b"a"), plain(b"b"), ["body"]),
        (plain(b"a"), plain(b""), ["body"]),
        (plain(b'{"a": 1}'), plain(b'{"a": 2}'), ["body.a"]),
        (plain(b"a=1&b=2", ("content-type", "application/x-www-form-urlencoded")),
         plain(b"a=1&b=3", ("content-type", "application/x-www-form-urlencoded")), ["body.b"]),
        (plain(b"\xff\x00"), plain(b"\xff\x01"), ["body"]),
    ],
)  # fmt: skip
def test_bodies_of_any_kind_differ_at_their_places(
    one: Response, two: Response, places: list[str]
) -> None:
    assert sorted(map(format_path, find_unsteady_places(one, two))) == places


@pytest.mark.parametrize(
    ("response", "shape"),
    [
        (plain(b""), {}),
        (plain(b"a"), {"body": {"text"}}),
        (plain(b"\xff\x00"), {"body": {"bytes"}}),
        (plain(b"[1, null]"), {"body": {"list"}, "body[*]": {"number", "null"}}),
        (plain(b"<a/>", ("content-type", "Text/XML; charset=utf-8")), {"body": {"text/xml"}}),
        (
            plain(b"a=1&b=2&a=", ("content-type", "application/x-www-form-urlencoded")),
            {"body": {"object"}, "body.a": {"list"}, "body.a[*]": {"text"}, "body.b": {"text"}},
        ),
        (
            plain(b'{"a": [1, {"b": true}, {"b": null, "c": {}}], "d": 1.5}'),
            {
                "body": {"object"},
                "body.a": {"list"},
                "body.a[*]": {"number", "object"},
                "body.a[*].b": {"boolean", "null"},
                "body.a[*].c": {"object"},
                "body.d": {"number"},
            },
        ),
    ],
)
def test_a_body_without_a_media_type_has_a_shape(
    response: Response, shape: dict[str, set[str]]
) -> None:
    found = read_body_shape(response)
    assert {format_path(path): {*types} for path, types in found.items()} == shape


DECLARED = """\
platform_key: erp
base_url: https://erp.example.test
redact: [body.电话]
volatile: [body.流水]
apis:
  list:
    path: /list
    volatile: [body.时间, "body.明细[*].序"]
    redact: [body.姓名]
    verify: {values: [body.电话, body.姓名, body.余额]}
  create: {method: POST, path: "/orders/{单号}/{no}", body: {来源: 合同, 明细: {}}}
"""


@pytest.fixture(name="declared_places")
def write_places(tmp_path: Path) -> Path:
    path = tmp_path / "erp.yaml"
    path.write_text(DECLARED, encoding="utf-8")
    return path


KNOWN = {
    "电话": "13800138000",
    "姓名": "张三",
    "余额": 7,
    "时间": 1,
    "流水": 1,
    "明细": [{"序": 1}],
}


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({}, []),
        ({"时间": "9:00", "流水": "a", "明细": [{"序": "一"}]}, []),
        ({"时间": None, "明细": [{}]}, []),
        ({"电话": "13900139000"}, ["body.电话: has another value"]),
        ({"姓名": "李四", "余额": 8},
         ["body.姓名: has another value", "body.余额: has another value"]),
        ({"余额": "7"}, ["body.余额: number became text"]),
    ],
)  # fmt: skip
def test_what_a_platform_and_an_api_declare_of_a_response_counts(
    tmp_path: Path, declared_places: Path, changed: dict[str, object], told: list[str]
) -> None:
    with opened(tmp_path, "record", lambda _: answer(KNOWN), declared_places) as session:
        session.proxy("erp").api("list").call()
    exchanges = [*Cassette.load(tmp_path / "订单.yaml").exchanges()]

    found = drift(tmp_path, exchanges, lambda _: answer(KNOWN | changed), declared_places)
    assert found == [f"error: [1] erp.list: {one}" for one in told]


@pytest.mark.parametrize(
    ("kind", "body", "sent"),
    [
        ("application/json", b'{"a": 1}', {"来源": "合同", "明细": {}, "a": 1}),
        ("application/vnd.erp+JSON; v=1", b'{"a": 1}', {"来源": "合同", "明细": {}, "a": 1}),
        ("application/json", b'{"\xe6\x9d\xa5\xe6\xba\x90": null}', {"来源": None, "明细": {}}),
        ("application/json", b"[1, 2, 3]", [1, 2, 3]),
        ("application/json", b"{", b"{"), ("text/plain", b'{"a": 1}', b'{"a": 1}'),
        ("application/json", None, {"来源": "合同", "明细": {}}),
    ],
)  # fmt: skip
def test_a_recorded_call_is_made_again_with_all_that_the_script_set(
    tmp_path: Path, declared_places: Path, kind: str, body: bytes | None, sent: object
) -> None:
    call = Call(
        platform="erp", instance="default", api="create", method="POST",
        path="/orders/%E7%94%B2%2F1/7", query=(("页", "1"), ("x", "a"), ("页", "2"), ("页", "")),
        headers=(("Content-Type", kind), ("X-Tenant", "east")), body=body,
    )  # fmt: skip
    with opened(tmp_path, "live", lambda _: answer({}), declared_places) as session:
        request = rebuild_call(session, call).build()

    address, _, query = request.url.partition("?")
    assert address == "https://erp.example.test/orders/%E7%94%B2%2F1/7"
    assert sorted(parse_qsl(query, keep_blank_values=True)) == [
        ("x", "a"), ("页", ""), ("页", "1"), ("页", "2"),
    ]  # fmt: skip
    assert [value for name, value in request.headers if name == "Content-Type"] == [kind]
    assert request.body is not None
    assert (request.body if isinstance(sent, bytes) else json.loads(request.body)) == sent
