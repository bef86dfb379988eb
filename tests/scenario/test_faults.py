"""Faults and stubs of a file, and what the transport makes of them, at their limits."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from msgspec import UNSET
from msgspec.structs import asdict, replace

from bpmax_sim.errors import ConfigError, Place
from bpmax_sim.i18n import to_plain_english
from bpmax_sim.scenario.events import FaultStruck
from bpmax_sim.scenario.faults import (
    describe_fault,
    fill_fault,
    fill_stub,
    find_fault_problem,
    find_stub_problems,
    make_fault_event,
    shadows_stub,
    stub_to_fault,
    to_transport_fault,
)
from bpmax_sim.scenario.load import ScenarioItem, load_items
from bpmax_sim.scenario.model import Drip, FaultAction, FaultRule, Stub, StubRequest
from bpmax_sim.scenario.references import UnfitValueError, follow_path, resolve
from bpmax_sim.session.sending_log import InjectedFault
from bpmax_sim.transport.faults import Action, BadToken, Break, Reply, Slow

JSON = ("content-type", "application/json; charset=utf-8")
TEXT = ("content-type", "text/plain; charset=utf-8")
ON = "crm_system.get_customer_detail"


def rule(on: str = ON, call: Any = UNSET, **do: Any) -> FaultRule:
    return FaultRule(on=on, call=call, do=FaultAction(**(do or {"status": 503})))


@pytest.mark.parametrize(
    ("found", "wrong"),
    [
        *((rule(on), "") for on in ("*", "crm.*", "crm.get_*", "客户.查询", "${vars.接口}")),
        (rule("${vars.系统}.${vars.接口}"), ""),
        *((rule(on), "on: expected") for on in ("", "crm", "crm.", ".x", "a.b.c", "a b.c", "**")),
        *((rule(call=call), "") for call in (1, 2, "1", "1-1", "1-2", "9-10", "3-12", UNSET)),
        *(
            (rule(call=call), "call: expected")
            for call in (0, -1, "0", "0-2", "2-1", "10-9", "1-", "-2", "", "1-0", "1 - 2", "x")
        ),
        *(
            (FaultRule(on=ON, do=do), "")
            for do in (
                FaultAction(status=200),
                FaultAction(error="dns"),
                FaultAction(token="expired"),
                FaultAction(body=None),
                FaultAction(body=""),
                FaultAction(delay=0.1),
                FaultAction(delay="${vars.秒}"),
                FaultAction(drip=Drip(over=1)),
            )
        ),
        (rule(headers={"a": "1"}), "do: expected one of status, body, error, token, delay, drip"),
        (rule(executed=True), "do: expected one of"),
        (rule(status=500, error="reset"), "do: error and status exclude each other"),
        (rule(token="expired", status=500), "do: token and status exclude each other"),
        (rule(token="expired", error="dns", status=500), "do: token and error and status exclude"),
        (rule(error="reset", body=""), "do: error and body exclude each other"),
        (rule(token="expired", body={}), "do: token and body exclude each other"),
        (rule(error="dns", status=500, body=1), "do: error and status exclude each other"),
        (rule(status=500, body={}), ""),
        (rule(delay=0), "do: a delay of no time changes nothing"),
        (rule(drip=Drip(over=0)), "do: a delay of no time changes nothing"),
        (rule(delay=0, drip=Drip(over=0)), "do: a delay of no time changes nothing"),
        (rule(delay=0, drip=Drip(over=0.5)), ""),
        (rule(delay=0.5, drip=Drip(over=0)), ""),
        (rule(delay=0, body={}), ""),
        (rule(delay=0, status=500), ""),
        (rule(error="reset", after=1), ""),
        (rule(error="reset", after=0), ""),
        (rule(error="timeout", after=1), "do: after is how many bytes come before error: reset"),
        (rule(status=500, after=1), "do: after is how many bytes"),
        (rule(body={}, after=1), "do: after is how many bytes"),
        (rule(delay=1, after=1), "do: after is how many bytes"),
        (rule(status=500, headers={"a": "1"}), ""),
        (rule(body=None, headers={"a": "1"}), ""),
        (rule(error="dns", headers={"a": "1"}), "do: headers need a status or a body"),
        (rule(token="expired", headers={"a": "1"}), "do: headers need a status or a body"),
        (rule(delay=1, headers={"a": "1"}), "do: headers need a status or a body"),
        (rule(drip=Drip(over=1), delay=1), ""),
        (rule(drip=Drip(over=1), status=500), "do: drip lets the response through in pieces"),
        (rule(drip=Drip(over=1), body=""), "do: drip lets the response through in pieces"),
        (rule(drip=Drip(over=1), delay=1, status=500), "do: drip lets the response through"),
        (rule(drip=Drip(over=1), error="reset"), "do: drip lets the response through in pieces"),
        *((rule(executed=True, error=error), "") for error in ("reset", "timeout")),
        *(
            (rule(executed=True, error=error), "do: executed needs a status, a body, or an error")
            for error in ("dns", "connect", "tls")
        ),
        (rule(executed=True, status=500), ""),
        (rule(executed=True, body=None), ""),
        (rule(executed=True, delay=1), "do: executed needs a status, a body, or an error"),
        (rule(executed=True, token="expired"), "do: executed needs a status, a body, or an error"),
    ],
)  # fmt: skip
def test_a_fault_says_one_thing_that_can_happen(found: FaultRule, wrong: str) -> None:
    told = to_plain_english(find_fault_problem(found) or "")

    assert told.startswith(wrong)
    assert bool(told) == bool(wrong), told


VALUES: Mapping[str, Any] = {
    "码": 503, "字": "503", "秒": "2s", "零": 0, "空": "", "无": None, "错": "dns", "名": "crm.x",
    "体": {"金额": 0},
}  # fmt: skip


def fill(value: Any) -> Any:
    return resolve(value, lambda reference: follow_path(VALUES, reference))


@pytest.mark.parametrize(
    ("do", "filled"),
    [
        ({"status": "${vars.码}"}, {"status": 503}),
        ({"status": "${vars.字}"}, {"status": 503}),
        ({"delay": "${vars.秒}"}, {"delay": 2.0}),
        ({"delay": "${vars.零}"}, {"delay": 0.0}),
        ({"error": "${vars.错}"}, {"error": "dns"}),
        ({"body": "${vars.体}"}, {"body": {"金额": 0}}),
        ({"body": "${vars.无}"}, {"body": None}),
        ({"body": ["${vars.零}", "${vars.空}"]}, {"body": [0, ""]}),
        (
            {
                "status": 500,
                "headers": {"a": "${vars.零}", "b": "${vars.空}", "c": "${vars.无}", "d": "1"},
            },
            {"status": 500, "headers": {"a": "0", "b": "", "d": "1"}},
        ),
    ],
)
def test_what_a_fault_has_from_elsewhere_is_filled_in(
    do: dict[str, Any], filled: dict[str, Any]
) -> None:
    assert fill_fault(rule("${vars.名}", **do), fill) == rule("crm.x", **filled)

    stub = Stub(on="${vars.名}", answers=(FaultAction(status=200), FaultAction(**do)))
    assert fill_stub(stub, fill).answers[1] == FaultAction(**filled)
    assert fill_stub(stub, fill).on == "crm.x"


@pytest.mark.parametrize(
    ("do", "told"),
    [
        ({"status": "${vars.秒}"}, "status: "),
        ({"status": "${vars.无}"}, "status: "),
        ({"delay": "${vars.错}"}, "delay: "),
        ({"error": "${vars.秒}"}, "error: "),
        ({"token": "${vars.错}"}, "token: "),
    ],
)
def test_a_value_that_cannot_stand_there_is_told(do: dict[str, Any], told: str) -> None:
    with pytest.raises(UnfitValueError, match=f"^{told}"):
        fill_fault(rule(**do), fill)


def test_a_stub_is_filled_in_with_what_can_be_asked_of_a_request() -> None:
    asks = StubRequest(query={"名": "${vars.名}"}, body={"金额": {"$gt": "${vars.码}"}})
    stub = Stub(on="${vars.码}", status="${vars.字}", headers={"a": "${vars.无}"}, request=asks)

    assert fill_stub(stub, fill) == Stub(
        on="503",
        status=503,
        request=StubRequest(query={"名": "crm.x"}, body={"金额": {"$gt": 503}}),
    )
    for operator, told in (("$in", "$in needs a list"), ("$type", "$type needs one of")):
        wrong = Stub(on=ON, request=StubRequest(body={"名": {operator: "${vars.错}"}}))
        with pytest.raises(UnfitValueError, match=rf"^\{told}"):
            fill_stub(wrong, fill)


@pytest.mark.parametrize(
    ("call", "first", "last"),
    [(UNSET, 1, None), (1, 1, 1), (3, 3, 3), ("2", 2, 2), ("2-2", 2, 2), ("1-3", 1, 3)],
)
def test_a_fault_is_for_so_many_calls(call: Any, first: int, last: int | None) -> None:
    fault = to_transport_fault(rule(call=call))

    assert (fault.first, fault.last, fault.attempts, fault.on) == (first, last, None, ON)
    assert to_transport_fault(replace(rule(call=call), attempts=2)).attempts == 2


@pytest.mark.parametrize(
    ("do", "action", "told"),
    [
        ({"status": 503}, Reply(status=503, headers=(), body=b""), "status 503"),
        ({"body": None}, Reply(status=200, headers=(JSON,), body=b"null"), "status 200"),
        ({"body": ""}, Reply(status=200, headers=(TEXT,), body=b""), "status 200"),
        ({"body": "忙"}, Reply(status=200, headers=(TEXT,), body="忙".encode()), "status 200"),
        (
            {"body": {"名": ["张三", 0]}, "status": 500, "delay": 2, "executed": True},
            Reply(
                status=500,
                headers=(JSON,),
                body='{"名":["张三",0]}'.encode(),
                delay=2.0,
                is_executed=True,
            ),
            "status 500",
        ),
        (
            {"body": "<a/>", "headers": {"Content-Type": "text/xml", "X-Id": "A"}},
            Reply(status=200, headers=(("content-type", "text/xml"), ("x-id", "A")), body=b"<a/>"),
            "status 200",
        ),
        ({"error": "dns"}, Break(error="dns"), "dns"),
        (
            {"error": "reset", "after": 9, "delay": 1, "executed": True},
            Break(error="reset", after=9, delay=1.0, is_executed=True),
            "reset",
        ),
        ({"token": "expired"}, BadToken(state="expired"), "token expired"),
        ({"token": "revoked"}, BadToken(state="revoked"), "token revoked"),
        ({"delay": 2.5}, Slow(delay=2.5), "delay 2.5 s"),
        (
            {"delay": 1, "drip": Drip(chunks=3, over=2.5)},
            Slow(delay=3.5, chunks=3),
            "delay 3.5 s",
        ),
        ({"drip": Drip(over=2)}, Slow(delay=2.0, chunks=4), "delay 2 s"),
    ],
)
def test_what_the_transport_does(do: dict[str, Any], action: Action, told: str) -> None:
    fault = to_transport_fault(rule(**do))

    assert fault.action == action
    assert to_plain_english(describe_fault(fault)) == told


def test_a_stub_answers_like_a_third_party() -> None:
    answers = (FaultAction(status=503), FaultAction(error="reset"), FaultAction(body="忙"))
    fault = stub_to_fault(Stub(on=ON, body={"码": 0}, headers={"X": "1"}, delay=2, answers=answers))

    assert isinstance(fault.action, Reply)
    assert asdict(fault.action) == {
        **asdict(Reply(status=200, headers=(JSON, ("x", "1")), body='{"码":0}'.encode(), delay=2)),
        "source": "stub",
    }
    assert [getattr(one, "source", None) for one in fault.answers] == ["stub", None, "stub"]
    assert fault.matches is None


@pytest.mark.parametrize(
    ("stub", "wrong"),
    [
        (Stub(on=ON, body=None), []),
        (Stub(on="*"), []),
        (Stub(on="crm"), ["on: expected platform.api or platform.*"]),
        (Stub(on=ON, answers=(FaultAction(status=200),)), []),
        (Stub(on=ON, answers=(FaultAction(status=200, delay=1),)), []),
        (Stub(on=ON, answers=(FaultAction(status=200),), delay=1), ["answers is all that is"]),
        (Stub(on=ON, delay=1), []),
        (Stub(on=ON, answers=(FaultAction(status=200),), body=None), ["answers is all that is"]),
        (Stub(on=ON, answers=(FaultAction(status=200),), status=201), ["answers is all that is"]),
        (
            Stub(on=ON, answers=(FaultAction(status=200),), headers={"a": ""}),
            ["answers is all that is"],
        ),
        (
            Stub(on=ON, answers=(FaultAction(status=200), FaultAction(body=1), FaultAction())),
            ["do: expected one of"],
        ),
        (Stub(on=ON, request=StubRequest(body={"a": {"$gr": 1}})), ["unknown operator $gr"]),
        (
            Stub(on=ON, request=StubRequest(path={"$x": 1}, query={"$in": 1}, header={"$y": 1})),
            ["unknown operator $x", "$in needs a list", "unknown operator $y"],
        ),
    ],
)
def test_a_stub_says_what_is_answered(stub: Stub, wrong: list[str]) -> None:
    found = [to_plain_english(problem) for _, problem in find_stub_problems(stub)]

    assert [one[: len(start)] for one, start in zip(found, wrong, strict=True)] == wrong


def test_what_is_wrong_with_a_stub_has_its_place_in_it() -> None:
    answers = (FaultAction(status=200), FaultAction(), FaultAction(body=1, after=1))
    asked = StubRequest(body={"a": [0, {"$gr": 1}]}, header={"X-Id": {"$in": 1}})
    stub = Stub(on="crm.a.b", delay="${vars.秒}", answers=answers, request=asked)
    filled = Stub(on="${vars.系统}.${vars.接口}", delay=0, body=UNSET)

    assert [path for path, _ in find_stub_problems(stub)] == [
        (), ("answers",), ("answers", 1), ("answers", 2), ("request", "header", "X-Id", "$in"),
        ("request", "body", "a", 1, "$gr"),
    ]  # fmt: skip
    assert [*find_stub_problems(filled)] == []


def test_the_event_of_a_fault_names_it_and_the_sending_that_it_hit() -> None:
    fault = to_transport_fault(rule(call="2-3", token="revoked"), Place("单.yaml", 5, 9))
    hit = InjectedFault(fault=fault, call=ON, serial=7, attempt=1, at=3.5, order=99)

    assert make_fault_event(hit, 4) == FaultStruck(
        number=4, call=ON, attempt=2, rule=f"{ON} call 2-3", action="token revoked",
        place=Place("单.yaml", 5, 9), at=3.5,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("earlier", "later", "never"),
    [
        (Stub(on=ON), Stub(on=ON), True),
        (Stub(on="*"), Stub(on=ON), True),
        (Stub(on="crm_system.*"), Stub(on=ON), True),
        (Stub(on="crm_system.get_*"), Stub(on=ON), True),
        (Stub(on="*"), Stub(on="crm_system.*"), True),
        (Stub(on="*"), Stub(on="*"), True),
        (Stub(on="crm_system.*"), Stub(on="crm_system.*"), True),
        (Stub(on="${vars.名}"), Stub(on="${vars.名}"), True),
        (Stub(on=ON), Stub(on="*"), False),
        (Stub(on=ON), Stub(on="crm_system.*"), False),
        (Stub(on=ON), Stub(on="other.x"), False),
        (Stub(on=ON), Stub(on=ON, request=StubRequest(query={"id": 1})), True),
        (Stub(on=ON, request=StubRequest(query={"id": 1})), Stub(on=ON), False),
        (
            Stub(on=ON, request=StubRequest(query={"id": 1})),
            Stub(on=ON, request=StubRequest(query={"id": 1})),
            True,
        ),
        (
            Stub(on=ON, request=StubRequest(query={"id": 1})),
            Stub(on=ON, request=StubRequest(query={"id": 2})),
            False,
        ),
        (Stub(on=ON, answers=(FaultAction(status=200),)), Stub(on=ON), False),
        (Stub(on=ON), Stub(on=ON, answers=(FaultAction(status=200),)), True),
    ],
)
def test_a_stub_behind_one_that_takes_all_of_its_requests_never_answers(
    earlier: Stub, later: Stub, *, never: bool
) -> None:
    assert shadows_stub(earlier, later) == never


HEAD = "version: 1\nscenario: 单\nform: {fields: {金额: 0}}\n"
SETS = """\
fault_sets:
  慢: [{on: crm.get_order, do: {delay: 1s}}]
  断: [{on: crm.*, do: {error: reset}}]
  缺: [{on: crm.get_stock, do: {status: "${vars.码}"}}]
vars: {一: 慢, 二: "断，慢", 空: "", 无: 没有, 码: 503}
"""
PLAIN = "{set: {金额: 1}, expect: {form: {金额: 1}}}"


def read(folder: Path, text: str) -> tuple[ScenarioItem | None, list[str]]:
    """Return the only item of the scenario *text*, or what is wrong with it."""
    path = folder / "单.scenario.yaml"
    path.write_text(text, encoding="utf-8")
    try:
        [item] = load_items(path, environ={"故障": "断"}, root=folder)
    except ConfigError as error:
        return None, [one.message for one in error.problems]
    return item, []


@pytest.mark.parametrize(
    ("named", "row", "affected", "told"),
    [
        ("慢", "", "get_order", ""),
        ("[慢, 断]", "", "get_order *", ""),
        ("'${vars.一}'", "", "get_order", ""),
        ("'${vars.二}'", "", "* get_order", ""),
        ("['${vars.二}', 缺]", "", "* get_order get_stock", ""),
        ("'${env.故障}'", "", "*", ""),
        ("'${vars.空}'", "", "", ""),
        ("'${vars.无}'", "", "", "no fault set '没有'; there are 慢, 断, 缺"),
        ("'${form.金额}'", "", "", "the name of a fault set knows case, vars and env only"),
        ("'${vars.没有}'", "", "", "${vars.没有} is not defined"),
        ("'${vars.一}'", "故障: 断", "get_order", ""),
        ("'${case.故障}'", "故障: 断;慢", "* get_order", ""),
        ("['${case.故障}', '${vars.一}']", "故障: [断]", "* get_order", ""),
        ("'${case.故障}'", "故障: ''", "", ""),
        ("[]", "faults: 断、缺", "* get_stock", ""),
        ("慢", "faults: 断", "get_order *", ""),
        ("[]", "faults: 段", "", "no fault set '段'; there are 慢, 断, 缺"),
    ],
)
def test_a_set_of_faults_is_named_by_itself_a_cell_or_a_variable(
    tmp_path: Path, named: str, row: str, affected: str, told: str
) -> None:
    cases = f"cases: [{{id: 甲, {row}}}]\n" if row else ""
    head = f"{HEAD}{SETS}{cases}"
    step = PLAIN.replace("}}}", f"}}}}, faults: {named}}}")

    for text in (f"{head}faults: {named}\nsteps: [{PLAIN}]\n", f"{head}steps: [{step}]\n"):
        item, problems = read(tmp_path, text)
        found = [*item.steps[0].faults, *item.faults] if item else []
        assert " ".join(one.on.removeprefix("crm.") for one in found) == affected
        assert [one.startswith(told) for one in problems] == [True] * bool(told)


@pytest.mark.parametrize(
    ("named", "told"),
    [
        ("慢", ""),
        ("'${vars.一}'", ""),
        ("'${vars.没有}'", "${vars.没有} is not defined"),
        ("'${case.故障}'", "${case.故障} is not defined; a fault in steps of a fragment knows the"),
    ],
)
def test_steps_of_a_fragment_name_faults_without_a_row(
    tmp_path: Path, named: str, told: str
) -> None:
    step = PLAIN.replace("}}}", f"}}}}, faults: {named}}}")
    (tmp_path / "公共.yaml").write_text(f"steps: {{填: [{step}]}}\n", encoding="utf-8")
    cases = "cases: [{id: 甲, 故障: 断}]\nsteps: [{run: 填}]\n"

    item, problems = read(tmp_path, f"use: 公共.yaml\n{HEAD}{SETS}{cases}")
    assert any(told in one for one in problems) == bool(told), problems
    found = item.subjects.named["填"][0].faults if item else ()
    assert [one.on for one in found] == ["crm.get_order"] * (not told)
