"""Where each law begins to be broken: what differs by spelling alone is the same request."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from msgspec.structs import replace

from bpmax_sim.errors import ConfigError
from bpmax_sim.fuzz import recordings
from bpmax_sim.fuzz.laws import LAWS
from bpmax_sim.fuzz.recordings import RecordedCall
from bpmax_sim.fuzz.search import check_law_by_calls
from bpmax_sim.fuzz.target import FuzzTarget, RequestLog, call_from_data, make_target
from bpmax_sim.fuzz.violation import CallOutcome
from bpmax_sim.messages import Request, Response
from bpmax_sim.platform.load import load_platforms
from bpmax_sim.session.session import Session
from tests.fuzz.broken import BEARER, LOGIN, QUERY, SECRET, orders
from tests.fuzz.test_laws import CALL, CLAIM, tampered, why
from tests.strategies.drawing import draw_all

SIGNED = """
auth:
  sign:
    set_headers: {X-Time: "{{ now }}"}
    set_query: {nonce: "{{ nonce }}"}
    message: "{{ method }}"
    key: "{{ key }}"
    emit: [{in: query, name: Sign, value: "{{ signature }}"}]"""
JSON = (("Content-Type", "application/json"),)
PAGE = "      - {name: 页, in: query}\n      - {name: 客户, in: body, to: customer}"


def make(folder: Path, rest: str, parameters: str = PAGE, credentials: str = SECRET) -> FuzzTarget:
    path = folder / "orders.yaml"
    path.write_text(orders(rest, parameters=parameters, credentials=credentials), encoding="utf-8")
    return make_target(load_platforms(path), "orders")


def of_second(change: Callable[[Request], Request]) -> Callable[[Request, int], Request]:
    return lambda one, number: change(one) if number == 2 else one


def query(text: str) -> Callable[[Request], Request]:
    return lambda one: replace(one, url=f"{one.url.partition('?')[0]}?{text}")


def header(name: str, value: str) -> Callable[[Request], Request]:
    return lambda one: replace(one, headers=(*one.headers, (name, value)))


SALE = call_from_data({"call": "orders.createOrder", "args": ["sale", 7, "张三"]})


@pytest.mark.parametrize("law", ["forms", "languages"])
@pytest.mark.parametrize(
    ("rest", "change", "same"),
    [
        ("", query("%E9%A1%B5=7"), True),
        ("", query("%E9%A1%B5=8"), False),
        ("", query("%E9%A1%B5=7&a=1"), False),
        (SIGNED, query("nonce=other&%E9%A1%B5=7&SIGN=x"), True),
        (SIGNED, query("%E9%A1%B5=7"), True),
        (SIGNED, query("%E9%A1%B5=7&signs=x"), False),
        (SIGNED, header("x-TIME", "1"), True),
        (SIGNED, header("X-Times", "1"), False),
        (BEARER, header("AUTHORIZATION", "1"), True),
        (BEARER, header("X-No", "1"), False),
        (BEARER, lambda one: replace(one, headers=[(n.upper(), v) for n, v in one.headers]), True),
        (QUERY, query("Access_Token=1&%E9%A1%B5=7"), True),
        ("", lambda one: replace(one, url=one.url.replace("sale", "退货")), False),
    ],
)
def test_two_requests_are_compared_without_what_auth_puts_in(
    law: str, rest: str, change: Callable[[Request], Request], *, same: bool, tmp_path: Path
) -> None:
    seen = tampered(make(tmp_path, rest), of_second(change))

    if same:
        assert check_law_by_calls(seen, law, (SALE,))
    else:
        assert "different requests" in why(law, seen, SALE)


def test_the_body_of_a_call_is_compared_and_so_is_its_method(tmp_path: Path) -> None:
    target = make(tmp_path, "")

    def other_body(one: Request) -> Request:
        assert one.call is not None
        return replace(one, call=replace(one.call, body=b"{}"))

    assert "different requests" in why("forms", tampered(target, of_second(other_body)), SALE)
    put = tampered(target, of_second(lambda one: replace(one, method="PUT")))
    assert "different requests" in why("languages", put, SALE)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("/orders/sale", None),
        ("/orders/sale/", None),
        ("/orders/a%2Fb?x=/y/z", None),
        ("/orders/..a", None),
        ("/orders", "1 were sent"),
        ("/orders/a/b", "3 were sent"),
        ("/orders/.", "2 were sent"),
        ("/../sale", "2 were sent"),
    ],
)
def test_a_path_has_as_many_segments_as_are_declared(
    url: str, told: str | None, tmp_path: Path
) -> None:
    seen = tampered(make(tmp_path, ""), lambda one, _: replace(one, url=one.base + url))

    if told is None:
        assert check_law_by_calls(seen, "segments", (SALE,))
    else:
        assert why("segments", seen, SALE) == f"/orders/{{kind}} has 2 segments, and {told}"


TWO = """
auth:
  apply:
    - {in: header, name: X-App, value: "{{ key }}"}
    - {in: header, name: Authorization, value: "Bearer {{ key }}"}"""


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda one: one, None),
        (lambda one: replace(one, headers=one.headers[:-1]), "is sent 0 times"),
        (header("authorization", "x"), "is sent 2 times"),
        (
            lambda one: replace(one, headers=[(n, "mine") for n, _ in one.headers]),
            "and a script changes what is sent there",
        ),
        (
            lambda one: replace(one, headers=[(n, f"{v}x") for n, v in one.headers]),
            "header.X-App is auth's, and a script changes what is sent there",
        ),
    ],
)
def test_each_value_of_auth_is_there_once(
    change: Callable[[Request], Request], told: str | None, tmp_path: Path
) -> None:
    seen = tampered(make(tmp_path, TWO), of_second(change))

    if told is None:
        assert check_law_by_calls(seen, "credential", (CALL, CLAIM))
    else:
        assert told in why("credential", seen, CALL, CLAIM)


def test_a_value_that_auth_did_not_put_in_is_passed_over_and_the_next_one_judged(
    tmp_path: Path,
) -> None:
    def without_first(one: Request, number: int) -> Request:
        kept = [pair for pair in one.headers if pair[0] != "X-App"]
        return replace(one, headers=[*kept, ("AUTHORIZATION", "x")] if number == 2 else kept)

    seen = tampered(make(tmp_path, TWO), without_first)
    assert why("credential", seen, CALL, CLAIM) == (
        "header.Authorization is auth's and is sent 2 times"
    )


@pytest.mark.parametrize(
    ("value", "is_lost"), [({"单号": "7"}, True), (["7"], True), (7, True), ("七号单", False)]
)
def test_a_whole_body_arrives_unless_it_is_a_text(
    value: Any, *, is_lost: bool, tmp_path: Path
) -> None:
    whole = "      - {name: 单, in: body, to: $}"
    other = tampered(
        make(tmp_path, "", parameters=whole), lambda one, _: replace(one, headers=JSON, body=b"1")
    )
    call = call_from_data({"call": "orders.createOrder", "args": ["sale", value]})

    if is_lost:
        assert "the value of parameter '单' does not arrive at body.$" in why(
            "arrives", other, call
        )
    else:
        assert check_law_by_calls(other, "arrives", (call,))


@pytest.mark.parametrize(
    "auth",
    [
        "{apply: [{in: header, name: X-Trace, value: '{{ nonce }}'}]}",
        (
            "{sign: {key: '{{ key }}', message: m, "
            "emit: [{in: header, name: X-Trace, value: '{{ signature }}'}]}}"
        ),
    ],
)
def test_a_value_that_differs_at_each_request_may_differ_and_not_be_the_scripts(
    auth: str, tmp_path: Path
) -> None:
    target = make(tmp_path, f"auth: {auth}")

    def set_to(text: str) -> Callable[[Request], Request]:
        return lambda one: replace(one, headers=(("X-Trace", text),))

    assert check_law_by_calls(tampered(target, of_second(set_to("7"))), "credential", (CALL, CLAIM))
    assert "a script changes" in why(
        "credential", tampered(target, of_second(set_to("mine-7"))), CALL, CLAIM
    )


@pytest.mark.parametrize(
    "law", ["arrives", "segments", "credential", "forms", "identity", "replay", "secrets"]
)
def test_what_was_not_sent_is_not_judged(law: str, tmp_path: Path) -> None:
    """An empty argument of a path is refused, so that nothing is sent."""
    target = make(tmp_path, BEARER)
    unsent = call_from_data({"call": "orders.createOrder", "args": [""]})
    calls = (unsent, unsent) if law in {"credential", "identity"} else (unsent,)

    assert LAWS[law].check(target, calls) is False
    if law in {"credential", "identity"}:
        assert LAWS[law].check(target, (SALE, unsent)) is False
        assert LAWS[law].check(target, (unsent, SALE)) is False


@pytest.mark.parametrize("encoding", ["json", "form"])
def test_each_element_of_a_list_arrives_as_the_api_encodes_it(
    encoding: str, tmp_path: Path
) -> None:
    target = make(tmp_path, "", f"{PAGE}\n    encoding: {encoding}")
    call = call_from_data({"call": "orders.createOrder", "args": ["sale", 7, ["甲", "乙"]]})

    assert check_law_by_calls(target, "arrives", (call,))


WITHIN = "it lies within, or around, parameter {!r}; remove one"


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        ("{name: 客户, in: body, to: a}", "{name: 名称, in: body, to: a.b}", WITHIN.format("名称")),
        ("{name: 客户, in: body, to: a.b}", "{name: 名称, in: body, to: a}", WITHIN.format("名称")),
        ("{name: 客户, in: body, to: a.b}", "{name: 全部, in: body, to: $}", WITHIN.format("全部")),
        ("{name: 客户, in: body, to: a}", "{name: 名称, in: body, to: ab.c}", None),
        ("{name: 客户, in: body, to: a}", "{name: 名称, in: query, to: a.b}", None),
        ("{name: 客户, in: header, to: a}", "{name: 名称, in: body, to: a.b}", None),
        ("{name: 客户, in: header, to: X-KEY}", "{name: 页, in: query}", "auth puts its own there"),
        ("{name: 客户, in: query, to: X-Key}", "{name: 页, in: query}", None),
    ],
)
def test_a_value_that_is_lost_says_what_took_its_place(
    first: str, second: str, told: str | None, tmp_path: Path
) -> None:
    auth = "auth: {apply: [{in: header, name: X-Key, value: '{{ key }}'}]}"
    target = make(tmp_path, auth, parameters=f"      - {first}\n      - {second}")

    def strip(one: Request, _number: int) -> Request:
        return replace(one, url=f"{one.base}/orders/sale", headers=JSON, body=b"{}")

    bare = tampered(target, strip)
    call = call_from_data({"call": "orders.createOrder", "args": ["sale", 7]})

    words = why("arrives", bare, call)
    assert words.startswith("the value of parameter '客户' does not arrive at ")
    assert words.endswith(", where nothing is found") == (told is None)
    assert told is None or told in words


@pytest.mark.parametrize(
    ("one", "other", "rest", "told"),
    [
        (["sale", 1], ["sale", 1], "", False),
        (["sale", 1], ["sale", "1"], "", False),  # the same in a query
        (["sale", 1], ["sale", 2], "", True),
        (["sale", 1], ["sale", True], "", True),
        (["sale", 1, ""], ["sale", 1, {"$undefined": True}], "encoding: form", True),
        (["sale", 1, ["", "张"]], ["sale", 1, ["张"]], "encoding: form", True),
        (["sale", 1], ["sale", 2], "ignore: [query]", None),
        (["sale", 1], ["sale", 2], "ignore: [query.页]", True),
        (
            ["sale", 1, "张"],
            ["sale", 1, "李"],
            "volatile: [body.customer]\nignore: [body]",  # of responses
            None,
        ),
        (["sale", 1, "张"], ["sale", 1, "李"], "redact: [body.customer]", True),
        (["sale", 1, "张"], ["sale", 1, "李"], "ignore: [body.customer]", True),
        (["sale", 1, "张"], ["sale", 1, "李"], "ignore: [query.页, body.customer]", True),
        (["sale", 1, "张"], ["sale", 1, "李"], "ignore: [body]", None),
    ],
)
def test_calls_that_differ_have_recordings_of_their_own(
    one: list[Any], other: list[Any], rest: str, told: bool | None, tmp_path: Path
) -> None:
    """None: the law is broken, as what is ignored is more than the parameter."""
    target = make(tmp_path, rest)
    calls = [call_from_data({"call": "orders.createOrder", "args": args}) for args in (one, other)]

    if told is None:
        parameter = "页" if len(one) == 2 else "客户"
        assert why("identity", target, *calls).startswith(
            f"calls that differ in the required parameter {parameter!r} share one recording"
        )
    else:
        assert check_law_by_calls(target, "identity", tuple(calls)) is told


ANSWER = "\n    answer: {type: object, properties: {phone: {type: string, enum: ['13800138000']}}}"


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (200, '{"phone": "13800138000", "note": 1}', None),
        (200, '{"phone": "1"}', "the answer is not what is declared: "),
        (200, "[]", "the answer is not what is declared: "),
        (503, '{"phone": "1"}', False),
    ],
)
def test_an_answer_is_what_the_api_of_the_call_declares(
    status: int, body: str, told: str | bool | None, tmp_path: Path
) -> None:
    class Answering(FuzzTarget):
        @contextmanager
        def open_session(self, **more: Any) -> Iterator[tuple[Session, RequestLog]]:
            with super().open_session(**more) as (session, log):
                response = Response(status=status, headers=JSON, body=body.encode())
                session.stub(lambda _request: response)
                yield session, log

    sound = make(tmp_path, "", PAGE + ANSWER)
    target = Answering(sound.platforms, sound.key)

    if isinstance(told, str):
        assert why("answer", target, SALE).startswith(told)
    else:
        assert check_law_by_calls(target, "answer", (SALE,)) is (told is None)


def test_two_calls_are_drawn_that_differ_in_a_required_parameter_alone(tmp_path: Path) -> None:
    parameters = (
        "      - {name: 备注, in: query}\n      - {name: 单号, in: query, required: true}\n"
        "      - {name: 数量, in: query, type: integer}\n"
    )
    target = make(tmp_path, "", parameters)
    pairs = draw_all(LAWS["identity"].draw(target, target.platform.apis["createOrder"]), 10)

    differing = {
        number
        for one, other in pairs
        for number, (old, new) in enumerate(zip(one.args, other.args, strict=True))
        if repr(old) != repr(new)
    }
    assert differing == {0, 2}


SECRET_TEXT = "s3c客户-Kq7Zx8?"
BYTES = SECRET_TEXT.encode()


def encode_base64(data: bytes, *, url: bool = False, pad: bool = True) -> bytes:
    text = base64.urlsafe_b64encode(data) if url else base64.b64encode(data)
    return text if pad else text.rstrip(b"=")


def test_the_recording_of_a_login_is_searched_beside_that_of_the_call(tmp_path: Path) -> None:
    target = make(tmp_path, LOGIN % "", credentials="key: {secret: true}, secret: {secret: true}")

    made = recordings._record_call(target, SALE, tmp_path / "cassettes/fuzz.yaml")

    assert sorted(made.artefacts) == ["log of calls", "recording", "recording of the login"]
    assert b"/login" in made.artefacts["recording of the login"]


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (BYTES, True),
        (b"key=" + quote(SECRET_TEXT).encode(), True),
        (b'"' + encode_base64(BYTES) + b'"', True),
        (b" " + encode_base64(BYTES, pad=False), True),
        (b" " + encode_base64(b"key:" + BYTES + b"??>", url=True, pad=False), True),
        (b":" + encode_base64(BYTES, pad=False) + b"A:", True),
        # what stands behind makes it one letter longer than any base64
        (b":" + encode_base64(b"k" + BYTES) + b"A:", True),
        (b":" + encode_base64(b"key:" + BYTES, url=True) + b"_/x", True),
        (b" " + BYTES.hex().encode() + b" ", True),
        (b" " + BYTES.hex().upper().encode() + b" ", True),
        (BYTES[:-1], False),
        (BYTES[::-1], False),
        (b"", False),
    ],
)
def test_a_credential_is_found_in_every_encoding(
    data: bytes, found: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    artefacts = {"log of calls": b"crm", "recording": b"- {}", "recording of the login": data}
    made = RecordedCall(
        outcome=CallOutcome(value=1),
        redacted_value="1",
        closing_error=None,
        request_log=RequestLog(),
        artefacts=artefacts,
        credentials={"other": "another-secret", "key": SECRET_TEXT},
    )
    monkeypatch.setattr(recordings, "_record_call", lambda *_given: made)
    target = make(tmp_path, BEARER)

    if found:
        assert why("secrets", target, SALE) == (
            "the credential 'key' is in the recording of the login"
        )
    else:
        assert check_law_by_calls(target, "secrets", (SALE,)) is False  # nothing was sent


def test_a_recording_that_is_refused_breaks_the_law_of_secrets_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = RequestLog(requests=[Request(method="GET", url="https://orders.example.test/x")])
    made = RecordedCall(CallOutcome(), "null", ConfigError("写不了"), log, {}, {})
    monkeypatch.setattr(recordings, "_record_call", lambda *_given: made)
    target = make(tmp_path, BEARER)

    assert why("secrets", target, SALE) == "the recording is refused: 写不了"
    assert check_law_by_calls(target, "replay", (SALE,)) is False


@pytest.mark.parametrize("answer", ["", ANSWER], ids=["echo", "phone"])
@pytest.mark.parametrize(
    ("of_platform", "of_api"),
    [("", ""), ("redact: [body.phone]", ""), ("", "\n    redact: [body.phone]")],
)
def test_a_replay_may_differ_in_personal_data_of_platform_or_api(
    tmp_path: Path, of_platform: str, of_api: str, answer: str
) -> None:
    target = make(tmp_path, of_platform, PAGE + answer + of_api, "")

    assert check_law_by_calls(target, "replay", (SALE,)) is True


PLAIN = "auth: {apply: [%s]}"


@pytest.mark.parametrize(
    ("apply", "place"),
    [
        (
            "{in: header, name: authorization, value: 'Bearer {{ licence }}'}",
            "header.authorization",
        ),
        ("{in: cookie, name: sid, value: '{{ licence }}'}", "cookie.sid"),
        ("{in: header, name: X-Key, value: '{{ licence }}'}", None),
        ("{in: query, name: authorization, value: '{{ licence }}'}", None),
    ],
)
def test_what_is_no_secret_is_not_in_the_clear_where_credentials_are(
    apply: str, place: str | None, tmp_path: Path
) -> None:
    target = make(tmp_path, PLAIN % apply, credentials="licence: {default: sk-2026-0302}")

    if place is None:
        assert check_law_by_calls(target, "secrets", (SALE,)) is True
    else:
        assert why("secrets", target, SALE) == (
            f"{place} is recorded in the clear, with licence in it; write secret: true where it is "
            "declared or extracted"
        )


def test_credentials_are_generated_for_what_is_secret_or_has_no_value(tmp_path: Path) -> None:
    declared = (
        "key: {secret: true}, pin: {secret: true, kind: integer}, id: {}, zone: {default: 华东}, "
        "old: {secret: true, default: s3cret-of-ours}"
    )
    path = tmp_path / "orders.yaml"
    path.write_text(orders("", credentials=declared), encoding="utf-8")
    own = "{key: s3cret-own, zone: 华南, pin: {env: PIN}}"
    (tmp_path / "instances.yaml").write_text(
        f"[{{platform: orders, instance_key: 一, credentials: {own}}}]", encoding="utf-8"
    )
    known = load_platforms(path)
    platforms, environ = recordings._with_credentials(known, "orders")
    values = platforms.instance("orders").credentials

    assert {name: getattr(value, "env", value) for name, value in values.items()} == {
        "key": "FUZZ_一_key",
        "pin": "FUZZ_一_pin",
        "id": "FUZZ_一_id",
        "zone": "华南",
    }
    assert environ["FUZZ_一_key"] == "s3ckeye4b880Kq7Zx8"
    assert environ["FUZZ_一_id"] == "s3cide4b880Kq7Zx8"
    assert environ["FUZZ_一_pin"].isdecimal()
    secrets = recordings._collect_generated_secrets(platforms, "orders", environ)
    assert list(secrets) == ["key", "pin"]
