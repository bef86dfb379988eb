"""What follows a sending, how long is waited, and what a script gets: each rule by its table."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from bpmax_sim.errors import (
    BadResponseError,
    BusinessError,
    CallError,
    HttpStatusError,
    TransportError,
)
from bpmax_sim.messages import Request, Response, Sensitive
from bpmax_sim.platform.model import Api, Auth, Recover, ResponseRules, Ttl
from bpmax_sim.proxy.builder import CallSpec
from bpmax_sim.proxy.call_effects import Grant
from bpmax_sim.proxy.call_plan import Plan, plan_call
from bpmax_sim.proxy.login import compute_renewal_instant, fill_templates
from bpmax_sim.proxy.recovery import (
    NoRetry,
    ReceivedResponse,
    RetryDecision,
    RetryProgress,
    decide_retry,
    decide_wait,
    find_failure_class,
    read_seconds_until,
)
from bpmax_sim.proxy.response import read_body
from bpmax_sim.proxy.result import (
    find_not_secret_texts,
    make_rejection,
    read_call_value,
    register_issued_secrets,
    to_rejection_properties,
)
from bpmax_sim.secret.vault import Vault
from tests.proxy.world import START, World, crm

NOW = START  # 2026-03-02T01:00:00Z


def plan(api: Any = None, **platform: Any) -> Plan:
    of = msgspec.convert({"key": "pay", "path": "/pay", **(api or {})}, Api)
    for name, kind in ("auth", Auth), ("response", ResponseRules):
        if name in platform:
            platform[name] = msgspec.convert(platform[name], kind)
    return plan_call(CallSpec(platform="crm_system", api="pay"), World(crm(of, **platform)).env)


def received(
    status: int = 200, value: Any = None, source: str = "live", reason: str = "", body: bytes = b"",
    **headers: str,
) -> ReceivedResponse:  # fmt: skip
    raw = body or msgspec.json.encode(value)
    pairs = {"Content-Type": "application/json"} | {
        name.replace("_", "-"): text for name, text in headers.items()
    }
    made = Response(
        status=status, headers=tuple(pairs.items()), body=raw, source=source, reason=reason
    )
    return ReceivedResponse(made, read_body(made))


def failed(code: str, *, sent: bool = True) -> TransportError:
    return TransportError("断开", code=code, sent=sent)


GRANT = Grant(values={}, standins={}, expires=0)
RECOVER = {
    "recover": {
        "token": {"refresh": 1, "tries": 3},
        "rate": {"tries": 3, "wait": ["header:Retry-After"], "backoff": 2},
        "transient": {"tries": 2},
        "skew": {"clock": True, "tries": 2},
        "busy": {"tries": 3},
    }
}
CLASSES = {
    "response": {
        "code": ["$.code"],
        "classes": {"skew": {"code": ["SKEW"]}, "busy": {"code": ["BUSY"]}},
    }
}
AGAIN = "if that does no harm, declare idempotent: true"


def test_an_outcome_is_of_a_class_by_its_code_or_its_rules() -> None:
    recipe = plan(auth=RECOVER, **CLASSES).recipe
    outcomes: list[tuple[Any, str | None]] = [
        (failed("CONNECT"), "transient"), (failed("RESET"), "transient"),
        (failed("TIMEOUT"), "transient"), (failed("TLS"), None), (failed("BAD_RESPONSE"), None),
        (received(401), "token"), (received(429), "rate"), (received(503), "transient"),
        (received(502), "transient"), (received(504), "transient"),
        (received(200, {"code": "SKEW"}), "skew"), (received(200, {"code": 0}), None),
        (received(500), None),
    ]  # fmt: skip
    assert [(one, find_failure_class(one, recipe)) for one, _ in outcomes] == outcomes


GET = plan(auth=RECOVER, **CLASSES).recipe
POST = plan({"method": "post"}, auth=RECOVER, **CLASSES).recipe
ONCE, TWICE = RetryProgress(sent=1), RetryProgress(sent=2)


def decide(outcome: Any, progress: Any = ONCE, recipe: Any = GET, grant: Any = None) -> Any:
    return decide_retry(outcome, recipe, grant, progress, NOW)


def test_a_call_is_sent_again_as_its_class_says() -> None:
    token = RetryDecision("token refused; logged in anew", renew=True)
    assert decide(received(401), grant=GRANT) == token
    assert decide(received(401), grant=GRANT, recipe=POST) == token
    assert token.is_token_refused
    assert decide(received(401), RetryProgress(1, renewed=1), grant=GRANT) == NoRetry(
        is_token_refused=True
    )
    assert decide(received(401)) == RetryDecision("token: sent again after 1 s", wait=1.0)
    assert decide(received(401), RetryProgress(3)) == NoRetry(
        "token: recover: refresh does nothing, as this call needs no login"
    )
    assert decide(received(429)) == RetryDecision("rate: sent again after 2 s", wait=2.0)
    assert decide(received(429), recipe=POST) == decide(received(429))
    assert decide(received(429), TWICE) == RetryDecision("rate: sent again after 4 s", wait=4.0)
    assert decide(received(429), RetryProgress(3)) == NoRetry()
    assert decide(received(429, Retry_After="7")) == RetryDecision(
        "rate: sent again after 7 s", wait=7.0
    )
    assert decide(received(503)) == RetryDecision("transient: sent again after 1 s", wait=1.0)
    assert decide(received(503), TWICE) == NoRetry()
    assert decide(received(503), recipe=POST) == NoRetry(
        f"transient: not sent again, as POST may have been executed; {AGAIN}"
    )
    assert decide(failed("RESET"), recipe=POST) == NoRetry(
        f"transient: not sent again, as POST may have been executed; {AGAIN}"
    )
    assert decide(failed("CONNECT", sent=False), recipe=POST).wait == 1.0
    assert decide(failed("TLS", sent=False)) == NoRetry()


def test_a_wrong_clock_is_corrected_once() -> None:
    busy = received(200, {"code": "BUSY"})
    skew = received(200, {"code": "SKEW"}, Date="Mon, 02 Mar 2026 01:01:30 GMT")
    assert decide(busy).wait == 1.0
    assert decide(busy, TWICE).wait == 2.0
    assert decide(busy, recipe=POST).note.startswith("busy: not sent again, as POST may")
    ahead = RetryDecision("clock corrected by +90 s", offset=90.0)
    assert decide(skew) == decide(skew, recipe=POST) == ahead
    assert decide(skew, RetryProgress(3)) == ahead
    assert decide(skew, RetryProgress(1, offset=90.0)) == RetryDecision(
        "skew: sent again after 1 s", wait=1.0
    )
    assert decide(skew, RetryProgress(1, offset=0.0)).wait == 1.0
    later = "Mon, 02 Mar 2026 01:09:00 GMT"
    old = received(200, {"code": "SKEW"}, "recorded", Date=later)
    assert decide(old) == RetryDecision(
        "clock corrected, as it was when this was recorded", offset=0.0
    )
    dateless = received(200, {"code": "SKEW"}, Date="soon")
    assert decide(dateless).wait == 1.0
    assert decide(dateless, TWICE) == NoRetry(
        "skew: recover: clock does nothing, because the response has no valid Date header"
    )
    assert decide(skew, RetryProgress(2, offset=90.0)) == NoRetry()
    assert decide(received(200)) == NoRetry()
    assert decide(received(500)) == NoRetry()


def test_a_wait_is_what_the_response_asks_for_or_grows() -> None:
    def wait(rule: dict[str, Any], outcome: Any, sent: int = 1) -> Any:
        made = decide_wait(outcome, msgspec.convert(rule, Recover), "rate", sent, NOW)
        return made.wait if isinstance(made, RetryDecision) else made.note

    long = "rate: not sent again, as a wait of {} s is longer than 600 s"
    assert [wait({"backoff": 1.5}, received(429), sent) for sent in (1, 2, 3)] == [1.5, 3, 6]
    assert wait({"backoff": 300}, received(429), 2) == 600
    assert wait({"backoff": 301}, received(429), 2) == long.format(602)
    paths = {"wait": ["$.none", "$.null", {"path": "$.ms", "unit": "ms"}, "header:Retry-After"]}
    body = {"null": None, "ms": 1500}
    assert wait(paths, received(429, body, Retry_After="7")) == 1.5
    assert wait(paths, received(429, {}, Retry_After="7")) == 7
    assert wait(paths, received(429, {"ms": 0}, Retry_After="7")) == 0
    assert wait(paths, received(429, {"ms": -5}, Retry_After="7")) == 0
    assert wait(paths, received(429, {"ms": "x"}, Retry_After="7")) == 1
    assert wait(paths, received(429, {"ms": "inf"}, Retry_After="7")) == 1
    assert wait(paths, received(429, {}, Retry_After="later")) == 1
    assert wait(paths, received(429, {}, Retry_After="601")) == long.format(601)
    assert wait(paths, failed("RESET")) == 1
    ahead = "Mon, 02 Mar 2026 03:00:30 GMT"
    assert (
        wait(paths, received(429, {}, Retry_After=ahead, Date="Mon, 02 Mar 2026 03:00:00 GMT"))
        == 30
    )
    assert wait(paths, received(429, {}, Retry_After="Mon, 02 Mar 2026 01:00:09 GMT")) == 9
    assert wait(paths, received(429, {}, Retry_After="Mon, 02 Mar 2026 00:59:00 GMT")) == 0


def test_a_time_is_a_number_of_seconds_an_instant_or_a_date() -> None:
    times: list[tuple[Any, float | None]] = [
        (0, 0.0), ("5", 5.0), (" 2.5 ", 2.5), (999_999_999, 999_999_999.0),
        (1e9, 1e9 - NOW), (NOW + 9, 9.0), ((NOW + 9) * 1000, 9.0), (1e12, 1e9 - NOW),
        (999_999_999_999, 999_999_999_999 - NOW), (9.9e12, 9.9e9 - NOW), (1e13, None), (-1, None),
        ("nan", None), ("inf", None), ("", None), ("soon", None), (True, None),
        ("2026-03-02T09:00:10+08:00", 10.0), (" 2026-03-02T01:00:10Z ", 10.0),
        ("Mon, 02 Mar 2026 01:00:10 GMT", 10.0), ("Mon, 02 Mar 2026 00:59:50 GMT", -10.0),
    ]  # fmt: skip
    assert [(value, read_seconds_until(value, NOW)) for value, _ in times] == times


def test_a_grant_is_renewed_before_it_ends() -> None:
    cases: list[tuple[dict[str, Any], Any, float]] = [
        ({}, 7200, 7140), ({}, "7200", 7140), ({}, None, 3540), ({"default": 100}, None, 50),
        ({"margin": 0}, 100, 100), ({}, 120, 60), ({}, 119, 59.5), ({}, 121, 61), ({}, 0, 0),
        ({}, -5, -5), ({"unit": "ms"}, 7_200_000, 7140), ({"unit": "ms"}, None, 3540),
        ({"unit": "absolute"}, NOW + 7200, 7140), ({"unit": "absolute"}, NOW - 5, -5),
        ({"unit": "absolute"}, None, 3540),
        ({"unit": "absolute_ms"}, (NOW + 7200) * 1000, 7140),
        ({"unit": "absolute_ms", "margin": 600}, (NOW + 100) * 1000, 50),
    ]  # fmt: skip
    found = [
        (ttl, life, round(compute_renewal_instant(msgspec.convert(ttl, Ttl), life, NOW) - NOW, 3))
        for ttl, life, _ in cases
    ]
    assert found == cases


def test_templates_are_filled_wherever_they_stand() -> None:
    value = {"{{ a }}": ["{{ a }}", ("x{{ a }}", 1), {"b": "{{ a }}"}], "n": None, "t": True}
    assert fill_templates(value, {"a": "甲"}) == {
        "{{ a }}": ["甲", ["x甲", 1], {"b": "甲"}], "n": None, "t": True,
    }  # fmt: skip


RULES = {
    "response": {
        "ok": {"all": [{"path": "$.code", "in": [0]}]},
        "code": ["$.code"], "message": ["$.msg"], "data": ["$.data", "$.rows"],
    }
}  # fmt: skip


def value_of(outcome: ReceivedResponse, made: Plan, redact: Any = str) -> Any:
    """Return kind, value and text that a script gets, or kind and message of its error."""
    try:
        found = read_call_value(outcome.response, made, outcome.body, redact)
    except CallError as error:
        return type(error), error.message.removeprefix("crm_system.pay: ")
    return found.kind, found.value, found.text


def test_a_script_gets_the_body_an_envelope_or_bytes() -> None:
    body, rejecting = plan(**RULES), plan(reject=("business",), **RULES)
    envelope = plan(result="envelope", **RULES)
    fine = received(201, {"code": 0, "msg": "好", "data": None, "rows": [1]}, reason="Created")
    bad = received(200, {"code": 7, "msg": "库存不足"}, reason="OK")
    text = received(200, body="正文".encode(), Content_Type="text/plain")
    pdf = received(200, body=b"\x00", Content_Type="application/pdf")
    empty = ReceivedResponse(Response(status=204), read_body(Response(status=204)))
    document = {"code": 0, "msg": "好", "data": None, "rows": [1]}
    written = '{"code":0,"msg":"好","data":null,"rows":[1]}'

    assert value_of(fine, body) == value_of(fine, rejecting) == ("json", document, written)
    assert value_of(bad, body)[1] == {"code": 7, "msg": "库存不足"}
    assert value_of(bad, rejecting) == (BusinessError, "business failure, code 7, 库存不足")
    assert value_of(text, body) == ("text", "正文", "正文")
    assert value_of(pdf, body) == ("bytes", b"\x00", None)
    assert value_of(empty, body) == ("null", None, None)
    assert value_of(fine, envelope) == (
        "json", {"code": 0, "message": "好", "data": None}, '{"code":0,"message":"好","data":null}',
    )  # fmt: skip
    for other, data in (text, "正文"), (received(200, [1], reason="OK"), [1]):
        assert value_of(other, envelope)[1] == {
            "code": 200, "message": other.response.reason, "data": data,
        }  # fmt: skip
    rows = received(200, {"code": 5, "rows": [2]}, reason="OK")
    assert value_of(rows, envelope)[1] == {"code": 5, "message": "OK", "data": [2]}


def test_a_script_gets_bytes_or_an_error() -> None:
    body, rejecting = plan(**RULES), plan(reject=("business",), **RULES)
    raw = plan(result="bytes", reject=("business",), **RULES)
    written = '{"code":0,"msg":"好"}'
    fine, bad = received(200, {"code": 0, "msg": "好"}), received(200, {"code": 7})
    broken = received(200, body=b"{", reason="OK")
    assert value_of(fine, raw)[:2] == ("bytes", written.encode())
    assert value_of(bad, raw)[0] is BusinessError
    assert value_of(broken, plan(result="bytes")) == ("bytes", b"{", None)
    kind, message = value_of(broken, rejecting)
    assert kind is BadResponseError
    assert message.startswith("the response declares JSON but is not JSON: ")
    for status in 199, 300, 404, 500:
        assert value_of(received(status, {"code": 7, "msg": "无"}, reason="Odd"), body) == (
            HttpStatusError, f"HTTP {status} Odd, code 7, 无",
        )  # fmt: skip
    assert value_of(received(404, {}), rejecting) == (HttpStatusError, "HTTP 404")


def test_a_business_failure_says_what_the_rule_asks_for() -> None:
    def failure(outcome: ReceivedResponse, **ok: Any) -> Any:
        rules = {"response": {**RULES["response"], "ok": ok}}
        return value_of(outcome, plan(reject=("business",), **rules))

    odd = received(202, {"other": 1})
    both = [{"path": "$.code", "in": [0]}, {"path": "$.flag", "in": [True]}]
    assert failure(odd, status=[200, 201]) == (
        BusinessError, "business failure: response.ok takes the status 200, 201, not 202",
    )  # fmt: skip
    assert failure(received(202, {"code": 3}), status=[200], all=both)[1] == (
        "business failure: response.ok takes the status 200, not 202, code 3"
    )
    assert failure(odd, status=[202], all=both)[1] == (
        "business failure: the response has no $.code, as response.ok asks"
    )
    assert failure(received(200, {"code": 0}), all=both)[1] == (
        "business failure: the response has no $.flag, as response.ok asks, code 0"
    )
    assert (
        failure(received(200, {"code": 4, "msg": 5}), all=both)[1] == "business failure, code 4, 5"
    )


def test_a_redirect_is_a_value_where_the_platform_says_so() -> None:
    moved = received(302, {"a": 1}, Location="/x")
    value = {
        "status": 302, "headers": {"content-type": "application/json", "location": "/x"},
        "body": {"a": 1},
    }  # fmt: skip
    kind, found, text = value_of(moved, plan(redirects="result"))
    assert (kind, found) == ("json", value)
    assert msgspec.json.decode(text) == value
    assert value_of(moved, plan())[0] is HttpStatusError
    assert value_of(received(304, {}), plan(redirects="result"))[0] is HttpStatusError
    assert value_of(received(500, {}), plan(redirects="result"))[0] is HttpStatusError


def test_an_error_is_redacted_and_short() -> None:
    outcome = received(500, {"code": "k3y", "msg": "k3y" + "长" * 400}, reason="k3y")

    def redact(text: str) -> str:
        return text.replace("k3y", "[密]")

    made = plan(**RULES)
    error = make_rejection(
        HttpStatusError, "HTTP 500 k3y", outcome.response, outcome.body, made, redact
    )
    assert error.message == ("crm_system.pay: HTTP 500 [密], code [密], [密]" + "长" * 297)
    cut = received(500, {"msg": "长" * 298 + "k3y"})
    assert make_rejection(
        HttpStatusError, "", cut.response, cut.body, made, redact
    ).message.endswith("长[密")
    assert (error.platform, error.instance, error.api, error.status) == (
        "crm_system", "test", "pay", 500,
    )  # fmt: skip
    assert error.response is not None
    assert error.response["body"]["code"] == "[密]"
    known = to_rejection_properties(error)
    assert list(known) == [
        "message", "code", "platform_key", "instance_key", "api", "status", "response",
    ]  # fmt: skip
    assert known["response"] == error.response
    assert known["response"] is not error.response
    assert list(to_rejection_properties(CallError("无", code="X", platform="p"))) == [
        "message", "code", "platform_key", "instance_key", "api",
    ]  # fmt: skip
    assert to_rejection_properties(CallError("无", code="X", platform="p"))["code"] == "X"


def issued(path: str, outcome: ReceivedResponse) -> list[str]:
    """Return the values that a vault takes for secrets from a response."""
    vault = Vault()
    call = plan().call
    place = Sensitive(name="密", path=path)
    asked = Request(method="GET", url="https://a.test", call=call, sensitive=(place,))
    register_issued_secrets(asked, outcome.response, vault)
    texts = ("tok-1234567", "40014001", "abc-1234567", "state-12345", "https://cb.test/p?a=1")
    return [text for text in texts if vault.redact_text(text) != text]


def test_a_secret_that_a_response_issues_is_taken_from_its_place() -> None:
    outcome = received(
        200, {"t": "tok-1234567", "n": 40014001, "f": True, "list": [{"k": "abc-1234567"}, {}]},
        X_Token="abc-1234567",
    )  # fmt: skip
    assert issued("body.t", outcome) == issued("$.t", outcome) == ["tok-1234567"]
    assert issued("$.n", outcome) == ["40014001"]
    assert issued("body.list[*].k", outcome) == issued("$.list[*].k", outcome) == ["abc-1234567"]
    assert issued("header:X-Token", outcome) == ["abc-1234567"]
    assert issued("$.f", outcome) == issued("$.none", outcome) == issued("$.list", outcome) == []
    assert issued("$.list[*].k", received(200, "text")) == []

    def location(address: str, name: str = "Location") -> list[str]:
        made: Any = {name.replace("-", "_"): address}
        return issued(f"header:{name}", received(302, {}, **made))

    assert location("https://cb.test/p?code=abc-1234567&state=state-12345#t=tok-1234567") == [
        "tok-1234567", "abc-1234567", "state-12345",
    ]  # fmt: skip
    assert location("/p?error=abc-1234567&token_type=tok-1234567&expires_in=40014001"
                    "&error_uri=state-12345&error_description=x") == []  # fmt: skip
    assert location("/p?code=abc-1234567&error=state-12345", "Content-Location") == ["abc-1234567"]
    assert location("tok-1234567") == ["tok-1234567"]
    vault = Vault()
    bare = Request(method="GET", url="https://a.test", sensitive=(Sensitive(name="k", path="$.t"),))
    register_issued_secrets(bare, outcome.response, vault)
    assert vault.redact_text("tok-1234567") == "tok-1234567"


def test_codes_and_enumerated_words_are_no_secrets() -> None:
    class Known:
        def find(self, key: str, /) -> Any:
            return None if key != "crm_system" else platform

        def __hash__(self) -> int:
            return id(self)

    platform = crm(
        msgspec.convert(
            {"key": "pay", "parameters": [{"in": "query", "name": "s", "enum": ["已付款",
            "未付款"]}]},
            Api,
        )
    )  # fmt: skip
    call = plan().call
    asked = Request(method="GET", url="https://a.test", call=call)
    words = find_not_secret_texts(Known(), asked, None)  # type: ignore[arg-type]
    assert {"已付款", "未付款"} <= words
    other = Request(method="GET", url="https://a.test")
    assert find_not_secret_texts(Known(), other, None) == frozenset()  # type: ignore[arg-type]
    with pytest.raises(AttributeError):
        words.add("x")  # type: ignore[attr-defined]
