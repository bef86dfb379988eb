# ruff: noqa: E501 - expected calls, one a line
"""Calls as a scenario sees them, sections of an expectation, errors, and what ``ignore`` hides."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import msgspec
import pytest
from msgspec import UNSET

from bpmax_sim.errors import CallError, ConfigError, Place, ScriptError, SubjectError
from bpmax_sim.field_path import FieldPath
from bpmax_sim.i18n import to_plain_english
from bpmax_sim.messages import Call, Request, Response
from bpmax_sim.platform.load import Platforms
from bpmax_sim.platform.model import Api, Idempotency, Platform
from bpmax_sim.proxy.response import CallRecord, Sending
from bpmax_sim.scenario import assertions
from bpmax_sim.scenario.assertions import (
    compare_error,
    compare_expected,
    convert_first_error_to_map,
    describe_error,
    find_lookalikes_in_sections,
    make_thrown_error,
    read_expected_error,
    read_section,
    resolve_error,
    resolve_expect,
)
from bpmax_sim.scenario.blinding_ignores import (
    find_calls_made_equal,
    find_responses_matched_by_ignore,
)
from bpmax_sim.scenario.calls import (
    PARTS,
    CallMade,
    compare_calls,
    compare_part,
    describe_response_source,
    make_call_event,
    matches_request,
    numbers_to_url_texts,
)
from bpmax_sim.scenario.events import VERSION, ErrorThrown
from bpmax_sim.scenario.expect import Comparison, select_failing_checks
from bpmax_sim.scenario.model import Expect, ExpectedCall, ExpectedError
from bpmax_sim.scenario.references import UnfitValueError
from bpmax_sim.session.sending_log import RecordingMatch
from tests.scenario.test_doubts_of_a_run import load

API = Api(
    key="下单",
    path="/orders/{单号}",
    idempotency=Idempotency(place="header", name="X-Order"),
)
CALL = Call(
    platform="crm",
    instance="总部",
    api="下单",
    method="POST",
    path="/orders/D1-密码",
    query=(("页", "1"), ("标", "a"), ("标", "b密码"), ("标", "c")),
    headers=(("X-Script", "甲密码"), ("X-Both", "脚本"), ("X-密码", "1")),
    serial=7,
)


def hide(text: str) -> str:
    return text.replace("密码", "***")


def request(attempt: int, body: str = "", media: str = "application/json") -> Request:
    return Request(
        method="PUT",
        url=f"https://crm.example.test/orders/D1?n={attempt}",
        headers=(("Content-Type", media), ("X-Both", "发送")),
        body=body.encode() if body else None,
        call=CALL,
        attempt=attempt,
        injected=("header.authorization",),
    )


def response(status: int, body: str, source: str = "live") -> Response:
    return Response(
        status=status,
        headers=(("content-type", "application/json"), ("X-Trace", "t密码")),
        body=body.encode(),
        source=source,
        redirects=(("302", "/往密码"),),
    )


def test_a_call_is_told_with_its_sendings_and_without_its_secrets() -> None:
    match = RecordingMatch(file="订单.yaml", exchange=1, line=2, played=True)
    record = CallRecord(
        platform="crm", instance="总部", api="下单", caller="报销", at=10.0, duration=2.5, attempts=3,
        earlier=(
            Sending(request=request(0, '{"甲": 1}'), response=response(401, '{"e": "密码"}'), error=None, at=10.0,
                    duration=0.1234567, ended=4, follows="renewed", note="令牌密码过期", wait=0.2500001),
            Sending(request=request(1, "不是 JSON", "text/plain"), response=None,
                    error=CallError("断了密码", code="RESET"), at=11.0, duration=1.0, ended=6, follows="retried", note="再试"),
        ),
        sent_at=12.0, notes=("改了头",), call=CALL, error=CallError("不行密码", code="HTTP_STATUS"),
        position=Place("单.js", 3, 1), sent=request(2, "a=1&b=&a=2", "application/x-www-form-urlencoded;charset=utf-8"), received=response(500, '{"m": "密码"}', "recorded"), redact=hide,
    )  # fmt: skip
    asked: list[tuple[int, int]] = []

    def find(serial: int, attempt: int) -> RecordingMatch | None:
        asked.append((serial, attempt))
        return match if attempt else None

    told = msgspec.to_builtins(make_call_event(record, 5, API, find), enc_hook=str)

    first, second = told.pop("earlier")
    assert asked == [(7, 0), (7, 1), (7, 2)]
    media = "application/x-www-form-urlencoded;charset=utf-8"
    header = {"content-type": media, "x-both": "发送", "x-script": "甲***", "x-***": "1"}
    answered = {"content-type": "application/json", "x-trace": "t***"}
    shown = msgspec.to_builtins(match)
    assert told == {
        "number": 5, "call": "crm.下单", "instance": "总部", "caller": "报销", "method": "PUT",
        "url": "https://crm.example.test/orders/D1?n=2", "path": {"单号": "D1-***"},
        "query": {"页": "1", "标": ["a", "b***", "c"]}, "header": header, "body": {"a": ["1", "2"], "b": ""},
        "status": 500, "response": {"m": "***"}, "response_header": answered, "source": "recorded",
        "error": "HTTP_STATUS", "message": "不行***", "recording": shown, "attempts": 3, "notes": ("改了头",),
        "redirects": (("302", "/往***"),), "sent_at": 12.0, "duration": 2.5, "at": 10.0,
        "place": {"file": "单.js", "line": 3, "column": 1}, "key_name": "X-Order", "injected": ("header.authorization",),
    }  # fmt: skip
    sent = {"content-type": "application/json", "x-both": "发送"}
    assert first == {
        "number": 5, "call": "crm.下单", "attempt": 1, "url": "https://crm.example.test/orders/D1?n=0", "header": sent,
        "body": {"甲": 1}, "status": 401, "response": {"e": "***"}, "response_header": answered, "source": "live",
        "error": "", "message": "", "recording": None, "follows": "renewed", "why": "令牌***过期", "wait": 0.25,
        "at": 10.0, "duration": 0.12346, "order": 4,
    }  # fmt: skip
    assert {key: second[key] for key in ("attempt", "body", "status", "source", "error", "message", "order", "wait", "recording")} == {
        "attempt": 2, "body": "不是 JSON", "status": None, "source": "", "error": "RESET",
        "message": "断了***", "order": 6, "wait": 0.0, "recording": shown,
    }  # fmt: skip


def test_a_call_that_was_never_sent_is_told_as_the_script_set_it() -> None:
    unsent = CallRecord(
        platform="crm", api="下单", at=3.0, call=CALL, error=ConfigError("配置密码"), redact=hide
    )
    unknown = CallRecord(platform="crm", api="没有", at=3.0)
    told = make_call_event(unsent, 1, API)

    assert (told.method, told.url, told.sent_at, told.error, told.message, told.body, told.injected) == (
        "POST", "/orders/D1-***", 3.0, "ConfigError", "配置***", None, (),
    )  # fmt: skip
    assert (told.attempts, told.duration) == (0, 0.0)
    assert told.header == {"x-script": "甲***", "x-both": "脚本", "x-***": "1"}
    empty = make_call_event(unknown, 1, None)
    assert (empty.method, empty.url, empty.path, empty.query, empty.header, empty.error) == (
        "",
        "",
        {},
        {},
        {},
        "",
    )
    assert (empty.key_name, empty.recording, empty.redirects, empty.response_header) == (
        "",
        None,
        (),
        {},
    )
    assert [describe_response_source(one) for one in ("stub", "", "别处")] == ["stub", "", "别处"]


def made(call: str = "crm.查客户", **parts: Any) -> CallMade:
    return CallMade(number=1, call=call, **parts)


def test_a_call_has_what_request_or_response_have() -> None:
    call = made(
        path={"id": "1"}, query={"页": None}, header={"x-a": "1"}, body={"列": [{"号": 1}]}, response_header={"x-b": "2"}, response={"码": 0},
    )  # fmt: skip
    paths = [
        "path.id",
        "query.页",
        "header.x-a",
        "body.列[0].号",
        "header.x-b",
        "body.码",
        "path.no",
        "body.列[1]",
    ]
    parsed = [FieldPath.parse(one, "ignore") for one in paths]

    assert [call.has(one) for one in parsed] == [True] * 4 + [False] * 4
    assert [call.has(one, response=True) for one in parsed] == [True] * 6 + [False] * 2


def test_the_idempotency_key_is_of_header_query_and_body() -> None:
    call = made(
        header={"x-request-id": "z"}, query={"uuid": "b"}, body={"单号": "a", "项": [{"单号": 2}]}, key_name="单号",
    )  # fmt: skip

    assert call.idempotency_key == "uuid=b x-request-id=z 单号=2 单号=a"
    assert msgspec.structs.replace(call, key_name="").idempotency_key == "uuid=b x-request-id=z"
    assert made().idempotency_key == ""
    assert [made(one).is_login for one in ("crm.$token", "crm.token", "crm.$tokens", "crm.$x")] == [
        True, False, False, False,
    ]  # fmt: skip


def test_a_request_meets_the_conditions_of_a_stub() -> None:
    sent = msgspec.structs.replace(
        request(0),
        headers=(("Content-Type", "application/json"), ("X-Sent", "二")),
        body='{"名":"张三"}'.encode(),
    )
    form = msgspec.structs.replace(
        sent, headers=(("content-type", "application/x-www-form-urlencoded"),), body=b"a=1"
    )
    held: list[dict[str, Any]] = [
        {},
        {"path": {"单号": "D1-密码"}, "query": {"标": ["a", "b密码", "c"], "页": 1}},
        {"header": {"X-SENT": "二", "x-script": "甲密码"}, "body": {"名": "张三"}},
        {"path": "/orders/D1"},
    ]
    broken: list[dict[str, Any]] = [
        {"path": {"单号": "D2"}}, {"query": {"页": 2}}, {"header": {"x-sent": "三"}}, {"body": {"名": "李四"}}, {"path": "/D2"},
    ]  # fmt: skip

    assert [matches_request(one, sent, "/orders/{单号}") for one in held] == [True] * 4
    assert [matches_request(one, sent, "/orders/{单号}") for one in broken] == [False] * 5
    assert matches_request({"body": {"a": "1"}}, form, "/x")
    bare = msgspec.structs.replace(sent, call=None, body=None)
    empty = msgspec.structs.replace(sent, body=b"")
    assert [matches_request({"body": None}, one, "") for one in (bare, empty)] == [True, False]
    assert matches_request({"body": ""}, empty, "")
    assert not matches_request({"path": {"单号": "D1"}}, bare, "/orders/{单号}")


def tell(expected: list[dict[str, Any]], *calls: CallMade) -> list[str]:
    checks = compare_calls(expected, calls)
    return [
        f"{'+' if one.ok else '-'} {one}{' (' + one.doubt + ')' if one.doubt else ''}"
        for one in checks
    ]


def test_calls_are_counted_or_compared_in_their_order() -> None:
    token, first = made("crm.$token"), made(query={"页": "1"})
    second, order = made(query={"页": "2"}), made("crm.下单", body={"单号": "D1"}, key_name="单号")
    other = made("crm.下单", body={"单号": "D2"}, key_name="单号")

    assert tell([], token) == ["+ proxy expected no call, got no call"]
    assert tell([], token, first) == ["- proxy expected no call, got 1 call (crm.查客户)"]
    assert tell(
        [{"call": "crm.查*", "query": {"页": 1}}, {"call": "crm.下单"}], token, first, order
    ) == [
        "+ proxy[0].call expected crm.查*, got crm.查客户",
        '+ proxy[0].query.页 expected "1", got "1"',
        "+ proxy[1].call expected crm.下单, got crm.下单",
    ]
    assert tell(
        [{"call": "crm.$token"}, {"call": "crm.下单", "body": {"单号": "D1"}}], token, first
    ) == [
        "+ proxy[0].call expected crm.$token, got crm.$token",
        "- proxy[1].call expected crm.下单, got crm.查客户",
    ]
    assert tell([{"call": "crm.查客户"}], first, token, second, order) == [
        "+ proxy[0].call expected crm.查客户, got crm.查客户",
        "- proxy expected 1 call (crm.查客户), got 3 calls (crm.查客户, crm.查客户, crm.下单)",
    ]
    assert tell([{"call": "crm.$token"}], made("oa.$token"), token) == [
        "+ proxy[0].call expected crm.$token, got crm.$token",
    ]
    assert tell([{"call": "crm.下*", "times": 0}, {"call": "crm.查客户"}], first, order, other) == [
        "- proxy[0].times expected 0, got 2",
        "+ proxy[1].call expected crm.查客户, got crm.查客户",
    ]
    assert tell([{"call": "crm.*", "times": {"$gte": 3}}], first, order, other) == [
        "+ proxy[0].times expected $gte 3, got 3"
    ]
    assert tell([{"call": "crm.*", "query": {"页": 1}, "times": 2}], first, second, order) == [
        "- proxy[0].times expected 2, got 1 (3 calls of crm.*, others differ)"
    ]
    assert tell([{"call": "crm.下单", "times": 2, "once_per_key": True}], order, order, other) == [
        "+ proxy[0].times expected 2, got 2"
    ]
    keyless = made("crm.下单")
    assert tell(
        [{"call": "crm.下单", "times": 3, "once_per_key": True}], order, order, keyless, keyless
    ) == ["+ proxy[0].times expected 3, got 3"]
    assert tell([{"call": "crm.下单", "times": 3, "once_per_key": False}], order, order, other) == [
        "+ proxy[0].times expected 3, got 3"
    ]
    assert tell(
        [{"call": "crm.下单", "body": {"单号": "D1"}, "times": 1, "once_per_key": True}],
        order,
        order,
        other,
    ) == ["+ proxy[0].times expected 1, got 1 (3 calls of crm.下单, others differ)"]
    [count, doubtful] = tell(
        [{"call": "crm.下单", "body": {"单号": {"$ne": 5}}, "query": {}, "times": 1}],
        msgspec.structs.replace(order, body={"单号": "5"}),
    )
    assert count == "+ proxy[0].times expected 1, got 1"
    assert doubtful.startswith(
        '+ proxy[0].body.单号 expected $ne 5, got "5" (it is "5", of another type'
    )


MULTIPART = (
    '--x\r\nContent-Disposition: form-data; name="名"\r\n\r\n张三\r\n'
    '--x\r\nContent-Disposition: form-data; name="件"; filename="a.txt"\r\nContent-Type: text/plain\r\n\r\n一\r\n'
    '--x\r\nContent-Disposition: form-data; name="件"\r\n\r\n二\r\n--x--\r\n'
)  # fmt: skip


def test_each_part_of_a_call_is_compared_by_its_own_rules() -> None:
    call = made(
        url="https://crm.test:8443/v1/%E5%8D%95%3F1?to=/x", path={"id": "1.5"}, query={"n": "1", "是": "true", "列": ["1", "2"], "null": "None"},
        header={"x-a": "5", "content-type": "application/json"}, body={"n": 5, "$a": 1}, status=200,
    )  # fmt: skip
    parted = made(header={"content-type": "multipart/form-data; boundary=x"}, body=MULTIPART)
    torn = made(header={"content-type": "multipart/form-data; boundary=y"}, body="坏")
    textual = made(header={"content-type": "text/plain"}, body=MULTIPART)

    def holds(part: str, expected: Any, one: CallMade = call) -> bool:
        return not select_failing_checks(compare_part(part, expected, one, (part,)))

    good: list[tuple[Any, ...]] = [
        ("path", "/v1/单?1"), ("path", "1"), ("path", {"id": 1.5}), ("query", {"n": 1, "是": True, "列": [1, 2]}),
        ("query", {"n": {"$in": [1, 3]}, "列": {"$unordered": (2, 1)}}), ("query", {"n": {"$not": {"$eq": 2}}, "列": {"$length": 2}}),
        ("query", {"列": {"$each": {"$type": "text"}, "$contains": 2}}), ("header", {"X-A": 5}), ("header", {"$exactly": {"x-a": 5, "content-type": "application/json"}}),
        ("body", {"n": 5}), ("status", 200), ("body", {"名": "张三"}, parted), ("body", {"$matches": "张三"}, parted), ("body", "坏", torn),
        ("body", {"件": [{"filename": "a.txt", "content-type": "text/plain", "content": "一"}, "二"]}, parted),
    ]  # fmt: skip
    bad: list[tuple[Any, ...]] = [
        ("path", "/V1/单?1"), ("path", "/x"), ("path", {"id": 1}), ("query", {"n": 2}), ("query", {"n": {"$gt": 0}}), ("query", "n=1"), ("query", "1"),
        ("header", {"X-A": 6}), ("body", {"n": "5"}), ("status", "200"), ("body", {"名": "张三"}, torn), ("body", {"名": "张三"}, textual),
    ]  # fmt: skip
    assert [one for one in good if not holds(*one)] == []
    assert [one for one in bad if holds(*one)] == []
    assert compare_part("body", {"名": "张三"}, torn, ("body",))[0].actual == '"坏"'
    assert numbers_to_url_texts({"a": [1, 2.0, 1e21, True, None, "x"], "$in": (1, False), "$gt": 1, "$length": 2, "$unordered": 5, "b": {"$ne": 0}}) == {
        "a": ["1", "2", "1e+21", "true", None, "x"], "$in": ["1", "false"], "$gt": 1, "$length": 2, "$unordered": 5, "b": {"$ne": "0"},
    }  # fmt: skip
    every = made(instance="总部", caller="x", error="", source="stub", response=None)
    item = {"call": "crm.查客户", **{part: getattr(every, part) for part in PARTS}}
    assert [line.split()[1] for line in tell([item], every)] == [
        "proxy[0].call",
        *(f"proxy[0].{part}" for part in PARTS),
    ]


STATE: dict[str, Any] = {
    "form": {"金额": 5},
    "messages": [{"text": "好", "level": "info", "type": "info"}, {"text": "坏", "level": "error", "type": "error"}],
    "refusals": [{"text": "必填", "code": "REQUIRED"}],
    "console": [{"text": "一", "level": "log"}, {"text": "二", "level": "warn"}, {"text": "三", "level": "log"}],
    "flow": {"passed": ["审批", "审批"], "projects": {"合同": {"passed": ["盖章"]}, "别的": {"passed": []}}},
    "result": 7,
    "vars": {"额": 1, "期": "今天"},
    "proxy": [],
    "trace": f"v{VERSION}-abc",
}  # fmt: skip


def compare(expected: Expect, **state: Any) -> list[str]:
    read = {name: lambda value=value: value for name, value in {**STATE, **state}.items()}
    checks = compare_expected(expected, read, lambda value: value)
    return [f"{'+' if one.ok else '-'} {one}{' !' if one.doubt else ''}" for one in checks]


def test_sections_are_compared_in_their_order_each_by_its_own_rules() -> None:
    shown = compare(
        Expect(
            vars={"额": 1},
            result=8,
            console=["一", {"level": "warn"}],
            form={"金额": 5},
            messages=["好", "坏"],
            proxy=(),
        )
    )
    assert [line[:20] for line in shown] == [
        line[:20] for line in (
            "+ form.金额 expected 5, got 5", "+ proxy expected no call, got no call", '+ messages[0] expected "好", got "好"',
            '+ messages[1] expected "坏", got "坏"', '+ console[0] expected "一", got "一"', '+ console[1].level expected "warn", got "warn"',
            "- console expected 2 items, got 3", "- result expected 8, got 7", "+ vars.额 expected 1, got 1",
        )
    ]  # fmt: skip


def test_lines_are_texts_or_maps() -> None:
    good: list[Expect] = [
        Expect(messages=["好", {"type": "error"}]), Expect(messages={"$contains": "坏"}), Expect(messages={"$contains": {"type": "error"}}),
        Expect(messages={"$length": 2}), Expect(messages={"$contains": {"code": "REQUIRED"}}), Expect(messages=["好", "坏", {"code": "REQUIRED"}]),
        Expect(console=[{"text": "一"}, "二", {"level": "log"}]), Expect(console={"$each": {"level": {"$in": ["log", "warn"]}}}),
    ]  # fmt: skip
    bad: list[Expect] = [
        Expect(messages="好"), Expect(messages={"text": "好"}), Expect(messages=["好"]), Expect(messages={"$contains": "必填"}),
        Expect(console={"code": "REQUIRED"}), Expect(messages={"$length": 3}), Expect(console=["一", "二", "四"]),
    ]  # fmt: skip
    assert [one for one in good if any(line[0] == "-" for line in compare(one))] == []
    assert [one for one in bad if all(line[0] == "+" for line in compare(one))] == []
    one = [{"text": "好", "type": "info"}]
    assert compare(Expect(messages="好"), messages=one) == ['+ messages[0] expected "好", got "好"']
    assert compare(Expect(messages={"type": "info"}), messages=one) == [
        '+ messages[0].type expected "info", got "info"'
    ]
    assert compare(Expect(messages={"type": "info"}), messages=[]) == [
        "- messages expected 1 items, got 0: []"
    ]


def test_passed_nodes_are_a_list_or_counts() -> None:
    read = {name: lambda value=value: value for name, value in STATE.items()}
    counted = read_section(
        "flow",
        {
            "$not": {
                "passed": {"$not": {"审批": 1, "总经理": 0}},
                "projects": {
                    "$not": {"合同": {"passed": {"归档": 1}}, "没有": {"passed": {"甲": 1}}}
                },
            }
        },
        read,
    )
    assert counted == {
        "passed": {"审批": 2, "总经理": 0},
        "projects": {"合同": {"passed": {"归档": 0, "盖章": 1}}, "别的": {"passed": []}},
    }
    assert read_section("flow", {"at": "审批", "passed": ["审批"]}, read) == STATE["flow"]
    assert read_section("messages", [{"code": "X"}], read) == [
        *STATE["messages"],
        *STATE["refusals"],
    ]
    assert read_section("console", [{"code": "X"}], read) == STATE["console"]


def test_a_digest_of_another_format_or_of_every_run_is_told() -> None:
    digest = f"v{VERSION}-{'a1' * 32}"
    older, zeros = f"v{VERSION - 1}-{'b' * 64}", f"v{VERSION}-{'0' * 64}"

    def tell(expected: Any) -> list[str]:
        return compare(Expect(trace=expected), trace=digest)

    wrong = f"- trace expected a digest of format {VERSION}, not {VERSION - 1}, got"
    assert tell(digest)[0][:9] == "+ trace e"
    assert tell(digest)[0][-1] != "!"
    assert [
        tell(one)[0].startswith(wrong) for one in (older, {"$in": [older, zeros]}, {"$ne": older})
    ] == [True] * 3
    assert [line[0] for line in tell({"$in": [older, digest]})] == ["+"]
    assert tell({"$matches": f"^v{VERSION}-", "$type": "text"})[0][-1] == "!"
    assert tell({"$matches": "a1"})[0][-1] != "!"


def test_what_only_looks_alike_is_found_in_every_section_with_types() -> None:
    call = made("crm.下单", body={"额": 5}, status=200, response={"码": 0}, query={"页": "1"})
    read = {
        name: lambda value=value: value
        for name, value in {
            **STATE,
            "proxy": [made("oa.x", body={"额": 5}), call],
            "flow": {"form": {"额": 5}},
        }.items()
    }
    expected = Expect(
        form={"金额": "5"}, flow={"form": {"额": "5"}}, result="7", vars={"额": "1"}, messages=["5"],
        proxy=(
            ExpectedCall(call="oa.y", body={"额": "5"}),
            ExpectedCall(call="crm.*", body={"额": "5"}, status="200", response={"码": "0"}, query={"页": 1}),
        ),
    )  # fmt: skip
    assert [one.label for one in find_lookalikes_in_sections(expected, read)] == [
        "form.金额", "flow.form.额", "result", "vars.额", "proxy[1].body.额", "proxy[1].status", "proxy[1].response.码",
    ]  # fmt: skip
    zero = {**read, "result": lambda: "0"}
    assert [one.label for one in find_lookalikes_in_sections(Expect(result=0), zero)] == ["result"]


def test_operands_that_are_known_only_in_the_run_are_told_as_such(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    values: dict[Any, Any] = {"${vars.a}": "[", "${vars.n}": "五"}

    def fill(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: fill(inner) for key, inner in value.items()}
        return values.get(value, value) if isinstance(value, str) else value

    read = {name: lambda value=value: value for name, value in STATE.items()}
    for operand, said in (
        ({"$matches": "${vars.a}"}, "$matches needs a regular expression"), ({"$near": "${vars.n}"}, "$near needs a number or"),
        ({"$typ": 1}, "unknown operator $typ"),
    ):  # fmt: skip
        with pytest.raises(UnfitValueError) as caught:
            compare_expected(Expect(vars={"期": operand}), read, fill)
        assert str(caught.value).startswith(said)

    def refuse(*_: object) -> Any:
        raise ConfigError("插件坏了")

    monkeypatch.setattr(assertions, "compare", refuse)
    with pytest.raises(UnfitValueError, match="插件坏了"):
        compare_expected(Expect(form={}), read, fill)
    monkeypatch.undo()
    three = tuple(ExpectedCall(call="crm.查客户") for _ in range(3))
    flow = Expect(flow={"passed": "${vars.次}"}, proxy=three)
    checks = compare_expected(
        flow,
        {**read, "proxy": lambda: [made()] * 3},
        lambda value: {"passed": {"审批": 2}} if "passed" in value else value,
    )
    assert [one.label for one in checks if one.ok] == [
        "flow.passed.审批", "proxy[0].call", "proxy[1].call", "proxy[2].call",
    ]  # fmt: skip
    filled = resolve_expect(
        Expect(
            form={"金额": "${vars.n}"}, proxy=(ExpectedCall(call="${vars.c}", body="${vars.n}"),)
        ),
        lambda value: (
            {"${vars.c}": 5, "${vars.n}": "五"}.get(value, value)
            if isinstance(value, str)
            else fill(value)
        ),
    )
    assert filled == Expect(form={"金额": "五"}, proxy=(ExpectedCall(call="5", body="五"),))


def test_an_error_is_told_with_its_source() -> None:
    place = Place("a.js", 2, 1)
    refused = SubjectError("必填 {field}", code="REQUIRED", field="金额")
    refused.place = place
    errors: list[Exception] = [
        ScriptError("坏", name="TypeError", place=place, stack=("f (a.js:2)",)),
        ScriptError(
            "拒", fields={"platform_key": "crm", "api": "下单", "code": "TIMEOUT", "status": 504}
        ),
        ScriptError("拒", fields={"platform_key": "crm"}),
        ScriptError("拒", fields={"api": "下单"}),
        refused,
        CallError("不行", code="RESET", platform="crm", api="下单", status=503),
        CallError("没有", platform="crm"),
        CallError("不行"),
        ValueError("坏值"),
    ]
    fields = ("type", "code", "message", "source", "status", "place", "stack")
    assert [tuple(getattr(make_thrown_error(one), name) for name in fields) for one in errors] == [
        ("TypeError", None, "坏", "script", None, place, ("f (a.js:2)",)),
        ("Error", "TIMEOUT", "拒", "crm.下单", 504, None, ()),
        ("Error", None, "拒", "crm", None, None, ()),
        ("Error", None, "拒", "script", None, None, ()),
        ("SubjectError", "REQUIRED", "必填 金额", "subject", None, place, ()),
        ("CallError", "RESET", "不行", "crm.下单", 503, None, ()),
        ("CallError", "BAD_ARGUMENT", "没有", "crm", None, None, ()),
        ("CallError", "BAD_ARGUMENT", "不行", "proxy", None, None, ()),
        ("ValueError", None, "坏值", "python", None, None, ()),
    ]
    assert make_thrown_error(errors[0], 4.5).at == 4.5
    assert convert_first_error_to_map([errors[5], errors[0]]) == {
        "type": "CallError", "code": "RESET", "message": "不行", "from": "crm.下单", "status": 503,
    }  # fmt: skip
    assert convert_first_error_to_map([]) is None


def test_an_error_may_come_from_each_of_these_names() -> None:
    def tell(source: Any, thrown: str) -> tuple[bool, str]:
        error = ErrorThrown(type="E", message="m", source=thrown, at=0.0)
        [check] = compare_error(ExpectedError(source=source), error, ("expect_error",))
        assert check.path == ("expect_error", "from")
        return check.ok, check.actual

    either = '"form" or "flow"'
    assert [tell(*pair) for pair in (
        ("form", "subject"), ("flow", "subject"), ("subject", "subject"), ("script", "subject"), ("crm", "crm.下单"), ("crm.下单", "crm.下单"),
        ("crm.查", "crm.下单"), ({"$ne": "form"}, "subject"), ({"$ne": "crm"}, "crm.下单"), ({"$ne": "script"}, "crm.下单"), ({"$in": ["a", "flow"]}, "subject"),
    )] == [
        (True, either), (True, either), (True, either), (False, either), (True, '"crm.下单"'), (True, '"crm.下单"'),
        (False, '"crm.下单"'), (False, either), (False, '"crm.下单"'), (True, '"crm.下单"'), (True, either),
    ]  # fmt: skip
    thrown = ErrorThrown(type="E", code="C", message="m", source="script", status=500, at=0.0)
    expected = ExpectedError(type="E", code="X", message="m", status=501, source="script")
    assert compare_error(expected, thrown) == (
        Comparison(("type",), True, '"E"', '"E"'), Comparison(("code",), False, '"X"', '"C"'), Comparison(("message",), True, '"m"', '"m"'),
        Comparison(("status",), False, "501", "500"), Comparison(("from",), True, '"script"', '"script"'),
    )  # fmt: skip
    assert to_plain_english(describe_error(expected)) == (
        ' (type "E", code "X", message "m", status 501, from "script")'
    )
    assert describe_error(ExpectedError()) == ""


def test_an_expected_error_of_a_cell_is_nothing_or_a_map() -> None:
    assert [read_expected_error(one) for one in (None, "")] == [UNSET, UNSET]
    assert read_expected_error({}) == ExpectedError()
    assert read_expected_error({"from": "script", "status": None}) == ExpectedError(
        source="script", status=None
    )
    bad: list[Any] = ["REQUIRED", 0, False, [], {"code": "A", "source": "script"}]
    for wrong in bad:
        with pytest.raises(
            UnfitValueError, match="a map of type, code, message, from, status, got"
        ):
            read_expected_error(wrong)
    assert resolve_error(ExpectedError(code="${a}", source="b"), str.upper) == ExpectedError(
        code="${A}", source="B"
    )


def match(*, played: bool = True, **ignored: Any) -> RecordingMatch:
    entries = tuple(
        {"path": f"query.{name}", "recorded": one, "sent": other}
        for name, (one, other) in ignored.items()
    )
    return RecordingMatch(file="a.yaml", exchange=1, line=1, played=played, ignored=entries)


def test_a_recording_for_another_request_is_told_unless_each_run_makes_its_value_anew() -> None:
    anew = [
        "1767196800", "1767196800000", "17671968000001234", "0.123456", ".1234567", "2026-03-02", "1999/12/31", "20260331", "20260302T09:30", "202603020930",
        "2026-03-02 09:30:11+08:00", "0F8FAD5B-d9cb-469f-a165-70867728950e", "0f8fad5bd9cb469fa16570867728950e", "ABCDEF0123456789",
    ]  # fmt: skip
    fixed = [
        "17671968", "176719680000", "0.12345", "1.123456", "2126-03-02", "2026-13-02", "2026-03-32", "20261902", "abcdef012345678", "2026-03", "PO-1767196800", "甲",
    ]  # fmt: skip
    calls = [
        made(
            recording=match(
                **cast(
                    "dict[str, Any]",
                    {f"n{n}": (one, "1767196801") for n, one in enumerate((*anew, *fixed))},
                )
            ),
            place=Place("a.js", 4),
        ),
        made(recording=match(played=False, x=("甲", "乙"))),
        made(),
        made(
            "crm.下单", recording=match(y=("", "2026-03-02"), z=("甲", None), w=("2026-03-02", ""))
        ),
    ]
    found = [*find_responses_matched_by_ignore(calls)]

    told = [one.message for one in found]
    assert told[: len(fixed)] == [
        f'crm.查客户: this response was recorded for query.n{n + len(anew)} {one if " " in one else chr(34) + one + chr(34)}, not "1767196801"; '
        f"record it for this one, too, or take query.n{n + len(anew)} out of ignore"
        for n, one in enumerate(fixed)
    ]
    assert [one.split(":")[0] for one in told[len(fixed) :]] == ["crm.下单"]
    assert (found[0].kind, found[0].place, found[0].fails) == ("ignore", Place("a.js", 4), False)


def test_calls_that_an_entry_of_ignore_makes_equal_are_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    item = load(
        tmp_path,
        "proxy: {ignore: [query.ts, path.id, body.no]}\nsteps: [{open: {}, expect: {form: {金额: 1}}}]",
    )
    api = Api(key="查客户", ignore=("query.own",), volatile=("body.nr",))
    platforms = Platforms(
        {"crm": Platform(platform_key="crm", base_url="https://crm.test", apis={"查客户": api})}
    )
    played = match()

    def call(
        id_: str, response: Any, place: int = 0, *, query: Any = None, **more: Any
    ) -> CallMade:
        more = {"recording": played, **more}
        return made(
            path={"id": id_},
            query=query or {},
            response=response,
            place=Place("a.js", place) if place else None,
            **more,
        )

    def tell(*calls: CallMade, is_recording: bool = False) -> list[str]:
        found = find_calls_made_equal(item, calls, platforms, is_recording=is_recording)
        return [
            f"{one.place}: {' '.join(one.message.split()[1:2])} {one.message[one.message.index('(') : one.message.index(')') + 1]}"
            for one in found
        ]

    both = ['单.scenario.yaml:4:28: path.id ("D-1" and "D-2")']
    cases: list[tuple[list[CallMade], list[str]]] = [
        ([call("D-1", "甲"), call("D-2", "乙")], both),
        ([call("D-1", "甲"), call("D-2", "甲")], []),
        ([call("D-1", "甲", status=200), call("D-2", "甲", status=201)], both),
        ([call("D-1", {"nr": 1}), call("D-2", {"nr": 2})], []),
        ([call("D-1", "甲"), call("D-2", "乙"), call("D-3", "丙")], both),
        ([call("D-1", "甲"), call("D-1", "甲"), call("D-2", "乙")], both),
        ([call("D-1", "甲", instance="a"), call("D-2", "乙", instance="b")], []),
        ([call("D-1", "甲", body={"a": 1}), call("D-2", "乙", body={"a": 2})], []),
        ([call("1767196800", "甲"), call("1767196801", "乙")], []),
        ([call("1767196800", "甲"), call("D-2", "乙")], ['单.scenario.yaml:4:28: path.id ("1767196800" and "D-2")']),
        ([call("D-1", "甲", 5, query={"own": "1", "ts": "1"}), call("D-1", "乙", 6, query={"own": "2", "ts": "一"})],
         ['单.scenario.yaml:4:18: query.ts ("1" and "一")', 'a.js:6: query.own ("1" and "2")']),
        ([call("D-1", "甲", body={"id": "x"}), call("D-2", "乙", body={"id": "y"})], []),
    ]  # fmt: skip
    assert [tell(*calls) for calls, _ in cases] == [told for _, told in cases]
    lone = [call("D-1", "甲", recording=None), call("D-2", "乙", recording=None)]
    assert tell(*lone) == tell(*lone, is_recording=True) == []
    live = [msgspec.structs.replace(one, source="live") for one in lone]
    assert (tell(*live), tell(*live, is_recording=True)) == ([], both)
    assert (
        tell(*(msgspec.structs.replace(one, recording=match(played=False)) for one in lone)) == []
    )
    login = [made("crm.$token", path={"id": n}, response=n, recording=played) for n in "甲乙"]
    assert tell(*login) == []
    single = made("crm.下单", recording=played)
    assert tell(single, call("D-1", "甲"), call("D-2", "乙")) == both
