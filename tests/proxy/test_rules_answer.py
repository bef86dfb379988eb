"""proxy.md, section The answer: what resolves, what rejects, and with what."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from bpmax_sim.errors import (
    AuthError,
    BadResponseError,
    BusinessError,
    HttpStatusError,
    LostCharactersWarning,
    NoMatchError,
    TransportError,
)
from bpmax_sim.messages import Request, Response
from bpmax_sim.platform.model import Condition, Instance, OkRule, ResponseRules
from bpmax_sim.proxy.builder import CallSpec
from bpmax_sim.proxy.result import ResolvedCallValue, to_rejection_properties
from tests.proxy.world import DETAIL, SECRET, TOKEN, World, answer, crm, ok, rejected

BUSINESS = ResponseRules(
    ok=OkRule(status=(200,), all=(Condition(path="$.errcode", any_of=(0,)),)),
    code=("$.sub_code", "$.errcode", "header:X-Ca-Error-Code"),
    message=("$.errmsg",),
    data=("$.result",),
)


def _answer(given: Response, /, **platform: Any) -> ResolvedCallValue:
    world = World(crm(DETAIL, **platform), lambda _request: given)
    return world.run(CallSpec(platform="crm_system", api=DETAIL.key, args=("1",)))


def test_the_parsed_body_itself_is_the_answer() -> None:
    """D: used as `result.code === 200`, `result.data`, `result.message`."""
    world = World(handler=lambda _: ok({"code": 200, "message": "ok", "data": {"name": "张三"}}))

    result = world.proxy().get_customer_detail("12345")

    assert (result["code"], result["message"], result["data"]["name"]) == (200, "ok", "张三")


@pytest.mark.filterwarnings("ignore::bpmax_sim.errors.LostCharactersWarning")
@pytest.mark.parametrize(
    ("raw", "content_type", "expected"),
    [
        (b'{"a":[1,2.5,null]}', "application/json", {"a": [1, 2.5, None]}),
        (b'\xef\xbb\xbf{"a":1}', "application/json", {"a": 1}),
        ('{"名":"张"}'.encode("gbk"), "application/json; charset=GBK", {"名": "张"}),
        (b'{"id":1234567890123456789012}', "application/json", {"id": 1234567890123456789012}),
        (b'{"s":"\\ud800"}', "application/problem+json", {"s": "\ud800"}),
        (b"7", "text/json", 7),
        (b"", "application/json", None),
        (b'{"a":1}', "", {"a": 1}),
        ("正常".encode(), "text/plain", "正常"),
        (b'{"a":1}', "text/plain", '{"a":1}'),
        (b"<a/>", "application/xml", "<a/>"),
        (b"\xff\xfd", "text/plain; charset=unknown-8", "\ufffd\ufffd"),
        (b"7a", "text/plain; charset=hex", "7a"),
        (b"\x89PNG", "image/png", b"\x89PNG"),
    ],
)
def test_the_answer_by_content_type(raw: bytes, content_type: str, expected: Any) -> None:
    """O: JSON value; `null` for empty/204; text otherwise."""
    assert _answer(answer(200, raw, {"Content-Type": content_type})).value == expected


@pytest.mark.parametrize("status", [204, 205])
def test_no_content_is_null(status: int) -> None:
    """O: `null` for empty/204; RFC 9110, 15.3.6: nor has 205 any."""
    assert _answer(Response(status=status, body=b"ignored")) == ResolvedCallValue(
        None, None, "null"
    )


def test_a_part_of_content_is_content() -> None:
    """RFC 9110, 15.3.7."""
    assert _answer(answer(206, b"part", {"Content-Type": "text/plain"})).value == "part"


@pytest.mark.parametrize("charset", ["", "gbk"])
def test_bytes_that_are_no_text_are_told_unless_bytes_were_asked_for(charset: str) -> None:
    """What a script sees as U+FFFD, with the place of the first byte."""
    lost = answer(200, "好".encode() + b"\xff", {"Content-Type": "text/plain"})
    world = World(crm(msgspec.structs.replace(DETAIL, charset=charset)), lambda _request: lost)

    with pytest.warns(LostCharactersWarning) as warned:
        text = world.proxy().get_customer_detail("1")

    assert text.endswith("\ufffd")
    where = "byte 3 is not gb18030" if charset else "byte 4 is not utf-8"
    assert [str(one.message) for one in warned] == [
        (
            f"crm_system.get_customer_detail: {where}, so the text has U+FFFD there; declare "
            "`charset:` of the API, or take its bytes with `result: bytes`"
        )
    ]
    assert world.log[0].notes == (str(warned[0].message),)
    world = World(crm(msgspec.structs.replace(DETAIL, result="bytes")), lambda _request: lost)
    assert world.proxy().get_customer_detail("1") == lost.body
    assert world.log[0].notes == ()


def test_the_script_gets_the_very_text_of_the_server() -> None:
    """scripts.md: answer bodies cross as text and are parsed by the engine."""
    raw = b'{"id": 12345678901234567890, "f": 1.10}'

    assert _answer(answer(200, raw)).text == raw.decode()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"errcode": 0, "errmsg": "ok", "result": [1]}, (0, "ok", [1])),
        ({"errcode": 88, "sub_code": "40014", "errmsg": "x"}, ("40014", "x", None)),
        ({"result": None}, (200, "OK", None)),
        ({"errcode": 0, "errmsg": None, "result": 1}, (0, "OK", 1)),  # null is as if not there
        ({"errcode": None, "errmsg": "", "result": 0}, (200, "", 0)),
        ([1, 2], (200, "OK", [1, 2])),
    ],
)
def test_the_envelope_takes_code_message_and_data_from_the_body_first(
    value: Any, expected: tuple[Any, Any, Any]
) -> None:
    """O: `result: envelope` gives `{code, message, data}` built from the status and the body."""
    made = _answer(ok(value, reason="OK"), result="envelope", response=BUSINESS)

    whole = value if expected[2] is None and "result" not in value else expected[2]
    assert made.value == {"code": expected[0], "message": expected[1], "data": whole}
    assert made.kind == "json"


def test_an_envelope_of_a_platform_without_paths_is_status_and_body() -> None:
    """O: for deployments that wrap."""
    made = _answer(answer(201, {"名": 1.0}, reason="Created"), result="envelope")

    assert made.text == '{"code":201,"message":"Created","data":{"名":1}}'


def test_an_instance_may_choose_the_envelope() -> None:
    """O: `result: envelope` (per platform); platforms.md: instance too."""
    instance = Instance(platform="crm_system", instance_key="test", result="envelope")
    world = World(handler=lambda _request: ok(5), instances=(instance,))

    assert world.proxy().get_customer_detail("1") == {"code": 200, "message": "", "data": 5}


@pytest.mark.parametrize("status", [200, 201, 299])
def test_any_2xx_resolves_whatever_its_business_code(status: int) -> None:
    """O: resolves: any 2xx, whatever its business code (`errcode`, `code`)."""
    value = {"errcode": 60111, "code": 500}

    assert _answer(answer(status, value), response=BUSINESS).value == value


@pytest.mark.parametrize("status", [301, 304, 400, 404, 500])
def test_a_status_that_is_not_2xx_rejects(status: int) -> None:
    """O: rejects: non-2xx. HTTP_STATUS."""
    value = {"errcode": 60111, "errmsg": "用户不存在"}
    response = answer(status, value, {"Content-Type": "application/json"}, reason="No")

    error = rejected(lambda: _answer(response, response=BUSINESS))

    assert isinstance(error, HttpStatusError)
    shown = "" if status == 304 else ", code 60111, 用户不存在"
    assert error.message == f"crm_system.get_customer_detail: HTTP {status} No{shown}"
    assert (error.code, error.status) == ("HTTP_STATUS", status)


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        (b"<html>", "Expecting value at character 1"),
        (b'{"a":1', "Expecting ',' delimiter at character 7"),
        (b'{"a":NaN}', "NaN is not JSON"),
        (b'{"a":"\xff"}', "byte 7 is not utf-8"),
        (b"[" * 200_000, "nested too deeply"),
    ],
)
def test_json_that_is_not_json_rejects_and_carries_the_text(raw: bytes, problem: str) -> None:
    """O: rejects: JSON content type with a body that is not JSON. BAD_RESPONSE."""
    error = rejected(lambda: _answer(answer(200, raw)))

    assert isinstance(error, BadResponseError)
    assert error.message == (
        f"crm_system.get_customer_detail: the response declares JSON but is not JSON: {problem}"
    )
    assert error.response
    assert error.response["body"] == raw.decode("utf-8", "replace")


def test_a_platform_may_ask_to_reject_business_failures() -> None:
    """O: a platform may widen this: `reject: [business]`. BUSINESS."""
    options: dict[str, Any] = {"response": BUSINESS, "reject": ("business",)}
    bad = ok({"errcode": 60111, "errmsg": "用户不存在"})

    error = rejected(lambda: _answer(bad, **options))

    assert isinstance(error, BusinessError)
    assert (error.code, error.message) == (
        "BUSINESS",
        "crm_system.get_customer_detail: business failure, code 60111, 用户不存在",
    )
    assert _answer(ok({"errcode": "0"}), **options).value == {"errcode": "0"}


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (200, {"Errcode": 0}, ": the response has no $.errcode, as response.ok asks"),
        (200, {"errmsg": "好"}, ": the response has no $.errcode, as response.ok asks, 好"),
        (201, {"errcode": 0}, ": response.ok takes the status 200, not 201, code 0"),
        (200, {"errcode": 7}, ", code 7"),
    ],
)
def test_a_business_failure_says_what_the_response_lacks(
    status: int, body: dict[str, Any], said: str
) -> None:
    error = rejected(lambda: _answer(answer(status, body), response=BUSINESS, reject=("business",)))

    assert error.message == f"crm_system.get_customer_detail: business failure{said}"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"data": 1}, ": the response has no $.errcode, as response.ok asks"),
        ({"errcode": 0}, ": the response has no $.data, as response.ok asks"),
        ({"errcode": 1}, ""), ({"errcode": 0, "data": 2}, ""),
        ({"errcode": 0, "data": 1, "error": None}, ""),  # nothing is lacking
    ],
)  # fmt: skip
def test_the_first_condition_that_is_not_met_is_said(body: dict[str, Any], said: str) -> None:
    conditions = (
        Condition(path="$.errcode", any_of=(0,)),
        Condition(path="$.data", any_of=(1,)),
        Condition(path="$.error", absent=True),
    )
    rules = ResponseRules(ok=OkRule(all=conditions))

    error = rejected(lambda: _answer(ok(body), response=rules, reject=("business",)))

    assert error.message == f"crm_system.get_customer_detail: business failure{said}"


@pytest.mark.parametrize("code", ["CONNECT", "TIMEOUT", "TLS", "RESET"])
def test_an_exchange_that_did_not_complete_rejects(code: str) -> None:
    """O: rejects: connect/DNS/TLS errors, timeout. CONNECT, TIMEOUT, TLS, RESET."""

    def fail(_request: Request) -> Response:
        raise TransportError("connection refused", code=code)

    error = rejected(lambda: World(handler=fail).proxy().get_customer_detail("1"))

    assert error.code == code
    assert (error.platform, error.instance, error.api) == (
        "crm_system",
        "test",
        "get_customer_detail",
    )


def test_an_answer_later_than_the_timeout_rejects() -> None:
    """O: timeout 30 s by default; time-outs are judged by the driver."""
    world = World(handler=lambda _request: ok(elapsed=30.5))

    error = rejected(lambda: world.proxy().get_customer_detail("1"))

    assert (error.code, error.message) == (
        "TIMEOUT",
        "crm_system.get_customer_detail: no answer within 30 s",
    )
    assert world.log[0].duration == 30


def test_a_rejection_has_the_documented_fields() -> None:
    """O: `message`, `code`, `platform_key`, `instance_key`, `api`, `status?`, `response?`."""
    missing = answer(404, {"message": "客户不存在"}, {"Set-Cookie": "sid=1", "X-A": "b"})

    sent = rejected(lambda: _answer(missing))
    before = rejected(lambda: World().proxy(instance_key="tset").api("search").call())

    assert to_rejection_properties(sent) == {
        "message": "crm_system.get_customer_detail: HTTP 404",
        "code": "HTTP_STATUS",
        "platform_key": "crm_system",
        "instance_key": "test",
        "api": "get_customer_detail",
        "status": 404,
        "response": {
            "status": 404,
            "headers": {
                "set-cookie": "redacted",
                "x-a": "b",
                "content-type": "application/json; charset=utf-8",
            },
            "body": {"message": "客户不存在"},
        },
    }
    assert to_rejection_properties(before) == {
        "message": "unknown instance 'tset'; did you mean 'test'?",
        "code": "UNKNOWN_INSTANCE",
        "platform_key": "crm_system",
        "instance_key": "tset",
        "api": "search",
    }


def test_a_secret_where_a_long_message_is_cut_is_not_told_by_half() -> None:
    message = "长" * 296 + SECRET
    rules = ResponseRules(message=("$.message",))
    world = World(crm(response=rules), lambda _request: answer(400, {"message": message}))

    error = rejected(lambda: world.proxy().search())

    assert SECRET[:4] not in str(error.message)


def test_a_refused_login_rejects_as_auth_failed() -> None:
    """O: rejects: auth failure. AUTH_FAILED."""
    world = World(crm(auth=TOKEN), lambda _request: answer(401, {"error": "invalid_client"}))

    error = rejected(lambda: world.proxy().get_customer_detail("1"))

    assert isinstance(error, AuthError)
    assert (error.code, error.status, error.api) == ("AUTH_FAILED", 401, "get_customer_detail")


def test_a_replay_miss_is_no_rejection_of_the_table() -> None:
    """O: a replay miss is **not** one of these for the verdict."""

    def miss(_request: Request) -> Response:
        raise NoMatchError("no recorded exchange", case="no such call")

    world = World(handler=miss)

    with pytest.raises(NoMatchError):
        world.proxy().get_customer_detail("1")

    assert isinstance(world.log[0].error, NoMatchError)
    assert world.log[0].sent is world.request
