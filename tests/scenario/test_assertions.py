"""Sections of an expectation, and errors, held against what a step came to."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import UNSET

from bpmax_sim.errors import AuthError, CallError, Place, ScriptError, SubjectError
from bpmax_sim.js_values import BigInt
from bpmax_sim.scenario.assertions import (
    compare_error,
    compare_expected,
    convert_first_error_to_map,
    describe_error,
    make_thrown_error,
    read_expected_error,
    resolve_error,
    resolve_expect,
)
from bpmax_sim.scenario.events import VERSION, ErrorThrown
from bpmax_sim.scenario.model import Expect, ExpectedCall, ExpectedError
from bpmax_sim.scenario.references import UnfitValueError, show

FACTS = {
    "at": "复核",
    "passed": ["审批", "复核", "审批"],
    "projects": {
        "盖章": {"at": "完", "passed": ["盖章"]},
        "用印": {"at": "完", "passed": ["登记", "登记"], "projects": {"归档": {"passed": ["存"]}}},
        "用印#2": {"at": "登记", "passed": []},
    },
}


@pytest.mark.parametrize(
    ("expected", "holds"),
    [
        ({"passed": ["审批", "复核", "审批"]}, True),
        ({"passed": ["审批", "复核"]}, False),
        ({"passed": {"审批": 2, "复核": 1, "总经理": 0}}, True),
        ({"passed": {"审批": 1}}, False),
        ({"passed": {"总经理": 1}}, False),
        ({"passed": {"审批": {"$gte": 2}}}, True),
        ({"passed": {}}, True),
        ({"passed": {"$not": {"审批": 2}}}, False),
        ({"passed": {"$not": {"审批": 3}}}, True),
        ({"passed": {"$not": {"总经理": 0}}}, False),
        ({"$not": {"passed": {"审批": 2}}}, False),
        ({"$not": {"passed": {"审批": 1}}}, True),
        ({"$not": {"$not": {"passed": {"审批": 2}}}}, True),
        ({"passed": {"$contains": "复核"}}, True),
        ({"passed": {"$exists": True}}, True),
        ({"projects": {"盖章": {"passed": {"盖章": 1}}, "用印": {"passed": {"登记": 2, "盖章": 0}},
                       "用印#2": {"passed": {"登记": 0}}}}, True),
        ({"projects": {"盖章": {"passed": {"盖章": 1}}, "用印": {"passed": {"登记": 1}}}}, False),
        ({"projects": {"盖章": {"passed": ["盖章"]}, "用印#2": {"passed": []}}}, True),
        ({"projects": {"用印": {"projects": {"归档": {"passed": {"存": 1, "销": 0}}}}}}, True),
        ({"projects": {"用印": {"projects": {"归档": {"passed": {"存": 2}}}}}}, False),
        ({"projects": {"$not": {"盖章": {"passed": {"盖章": 1}}}}}, False),
        ({"projects": {"没有": {"passed": {"盖章": 1}}}}, False),
        ({"projects": {"没有": {"$exists": False}}}, True),
        ({"projects": ["盖章", 1]}, False),
        ({"projects": "盖章"}, False),
        ({"projects": None}, False),
        ("复核", False),
        ([], False),
    ],
)  # fmt: skip
def test_how_often_a_project_passed_a_node(expected: Any, *, holds: bool) -> None:
    checks = compare_expected(Expect(flow=expected), {"flow": lambda: FACTS}, lambda value: value)

    assert all(check.ok for check in checks) == holds


LINES = [{"text": "已提交", "type": "success"}, {"text": "请补附件", "type": "warning"}]
REFUSAL = {"text": "缺附件", "type": "error", "code": "REQUIRED"}


@pytest.mark.parametrize(
    ("expected", "wrong"),
    [
        (["已提交", "请补附件"], []),
        (["已提交", "请补附件", "缺附件"], ["2 is 3"]),
        (["已提交"], ["2 is 1"]),
        ("已提交", ["2 is 1"]),
        ({"text": "已提交"}, ["2 is 1"]),
        ([{"text": "已提交", "type": "info"}, {"text": "请补附件"}], ["messages[0].type"]),
        (["已提交", {"type": "warning"}], []),
        (["已提交", {"$contains": "附件"}], []),
        ({"$contains": "请补附件"}, []),
        ({"$contains": {"type": "warning"}}, []),
        ({"$contains": {"type": "error"}}, ["messages"]),
        ({"$length": 2}, []),
        ({"$contains": {"code": "REQUIRED"}}, []),
        ({"$contains": {"code": "READONLY"}}, ["messages"]),
        ({"$each": {"$not": {"code": "REQUIRED"}}}, ["messages[2]"]),
        (["已提交", "请补附件", {"code": "REQUIRED", "text": "缺附件"}], []),
        ([{"type": "success", "code": {"$exists": False}}, "请补附件"], ["3 is 2"]),
        ([], ["messages"]),
    ],
)  # fmt: skip
def test_a_line_is_compared_as_it_is_expected(expected: Any, wrong: list[str]) -> None:
    state = {"messages": lambda: LINES, "refusals": lambda: [REFUSAL]}

    checks = compare_expected(Expect(messages=expected), state, lambda value: value)

    found = [check for check in checks if not check.ok]
    told = [
        f"{one.actual[:1]} is {one.expected[:1]}" if " item" in one.expected else one.label
        for one in found
    ]
    assert told == wrong


def test_lines_beyond_the_expected_ones_are_shown_as_texts() -> None:
    lines = [*LINES, REFUSAL]

    *_, last = compare_expected(
        Expect(console=[{"text": "已提交"}, "请补附件"]),
        {"console": lambda: lines},
        lambda value: value,
    )

    assert last.actual == f'3: [{show(LINES[0])}, "请补附件", "缺附件"]'


DIGEST = f"v{VERSION}-" + "ab" * 32
OLDER = f"v{VERSION - 1}-" + "cd" * 32
FITS_ALL = "another run's digest fits as well; write the digest itself"


@pytest.mark.parametrize(
    ("expected", "holds", "said", "doubt"),
    [
        (DIGEST, True, f'"{DIGEST}"', ""),
        (f"v{VERSION}-" + "0" * 64, False, f'"v{VERSION}-{"0" * 64}"', ""),
        (OLDER, False, f"a digest of format {VERSION}, not {VERSION - 1}", ""),
        ({"$in": [OLDER, DIGEST]}, True, f'$in ["{OLDER}", "{DIGEST}"]', ""),
        ({"$in": [OLDER]}, False, f"a digest of format {VERSION}, not {VERSION - 1}", ""),
        ({"$not": OLDER}, False, f"a digest of format {VERSION}, not {VERSION - 1}", ""),
        ({"$matches": "^v"}, True, "$matches ^v", FITS_ALL),
        ({"$matches": "ab$"}, True, "$matches ab$", ""),
        ({"$contains": "-"}, True, '$contains "-"', FITS_ALL),
        ({"$length": len(DIGEST)}, True, f"$length {len(DIGEST)}", FITS_ALL),
    ],
)
def test_a_digest_is_of_one_run_and_of_this_format(
    expected: Any, said: str, doubt: str, *, holds: bool
) -> None:
    (check,) = compare_expected(
        Expect(trace=expected), {"trace": lambda: DIGEST}, lambda value: value
    )

    assert (check.ok, check.expected, check.doubt, check.path[0]) == (holds, said, doubt, "trace")


HERE = Place("提交.js", 3, 5)
REFUSED = CallError("查无此客户", code="NOT_FOUND", platform="crm", api="get", status=404)


@pytest.mark.parametrize(
    ("error", "thrown"),
    [
        (REFUSED, ("CallError", "NOT_FOUND", "查无此客户", "crm.get", 404, None)),
        (CallError("没有平台", platform="crm"),
         ("CallError", "BAD_ARGUMENT", "没有平台", "crm", None, None)),
        (CallError("没有名字"), ("CallError", "BAD_ARGUMENT", "没有名字", "proxy", None, None)),
        (CallError("只有接口", api="get"),
         ("CallError", "BAD_ARGUMENT", "只有接口", "proxy", None, None)),
        (AuthError("令牌", platform="oa", api="$token", status=401),
         ("AuthError", "AUTH_FAILED", "令牌", "oa.$token", 401, None)),
        (ScriptError("金额为空", name="TypeError", place=HERE),
         ("TypeError", None, "金额为空", "script", None, HERE)),
        (ScriptError("拒绝", fields={"platform_key": "crm", "api": "get", "status": 0, "code": ""}),
         ("Error", "", "拒绝", "crm.get", 0, None)),
        (ScriptError("拒绝", fields={"platform_key": "crm", "status": 503, "code": "HTTP"}),
         ("Error", "HTTP", "拒绝", "crm", 503, None)),
        (ScriptError("拒绝", fields={"status": BigInt(503), "code": ["缺", BigInt(10)]}),
         ("Error", ["缺", 10], "拒绝", "script", 503, None)),
        (SubjectError("缺{what}", code="REQUIRED", what="金额"),
         ("SubjectError", "REQUIRED", "缺金额", "subject", None, None)),
        (ValueError("坏"), ("ValueError", None, "坏", "python", None, None)),
        (AssertionError(), ("AssertionError", None, "", "python", None, None)),
    ],
)  # fmt: skip
def test_what_is_told_of_an_error(error: Exception, thrown: tuple[Any, ...]) -> None:
    one = make_thrown_error(error, 7.5)

    assert (one.type, one.code, one.message, one.source, one.status, one.place) == thrown
    assert (one.at, one.stack, one.unhandled) == (7.5, (), False)
    assert convert_first_error_to_map([error, ValueError("后来")]) == {
        "type": one.type, "code": one.code, "message": one.message, "from": one.source,
        "status": one.status,
    }  # fmt: skip


def at_line(error: Any, place: Place, stack: tuple[str, ...] = ()) -> Exception:
    error.place, error.stack = place, stack
    return error  # type: ignore[no-any-return]


FRAMES = ("算 算.js:3:5", "开.js:1:1", "库.js:9:2")


@pytest.mark.parametrize(
    ("error", "place", "stack"),
    [
        (at_line(SubjectError("只读", code="READONLY"), HERE), HERE, ()),
        (at_line(SubjectError("只读", code="READONLY"), HERE, FRAMES), HERE, FRAMES),
        (ScriptError("坏", place=HERE, stack=FRAMES), HERE, FRAMES),
        (at_line(CallError("断", platform="crm"), HERE, FRAMES), None, FRAMES),
        (at_line(ValueError("坏"), HERE), None, ()),
    ],
)
def test_an_error_has_the_line_of_a_script_that_form_or_engine_gave_it(
    error: Exception, place: Place | None, stack: tuple[str, ...]
) -> None:
    one = make_thrown_error(error)

    assert (one.place, one.stack, one.at) == (place, stack, 0.0)


def test_a_step_without_errors_has_none_to_name() -> None:
    assert convert_first_error_to_map([]) is None


def thrown(source: str) -> ErrorThrown:
    return ErrorThrown(
        type="CallError", code="TIMEOUT", message="超时", source=source, status=None, at=0.0
    )


@pytest.mark.parametrize(
    ("expected", "source", "wrong"),
    [
        ({}, "script", []),
        ({"code": "TIMEOUT", "message": {"$contains": "超"}, "type": "CallError"}, "script", []),
        ({"code": "RESET", "message": "断", "type": "Error"}, "script",
         ["type", "code", "message"]),
        ({"status": None}, "script", []),
        ({"status": 504}, "script", ["status"]),
        ({"source": "crm.get"}, "crm.get", []),
        ({"source": "crm"}, "crm.get", []),
        ({"source": "get"}, "crm.get", ["from"]),
        ({"source": "crm.ge"}, "crm.get", ["from"]),
        ({"source": "form"}, "subject", []),
        ({"source": "flow"}, "subject", []),
        ({"source": "subject"}, "subject", []),
        ({"source": "script"}, "subject", ["from"]),
        ({"source": ["script", "form"]}, "script", ["from"]),
        ({"source": None}, "script", ["from"]),
        ({"source": "form"}, "script", ["from"]),
        ({"source": {"$in": ["script", "crm.get"]}}, "crm.get", []),
        ({"source": {"$in": ["script", "crm"]}}, "crm.get", []),
        ({"source": {"$in": ["script", "oa"]}}, "crm.get", ["from"]),
        ({"source": {"$in": ["form", "flow"]}}, "subject", []),
        ({"source": {"$matches": "^fl"}}, "subject", []),
        ({"source": {"$matches": "^py"}}, "subject", ["from"]),
        ({"source": {"$not": "form"}}, "subject", ["from"]),
        ({"source": {"$ne": "flow"}}, "subject", ["from"]),
        ({"source": {"$ne": "script"}}, "subject", []),
        ({"source": {"$ne": "crm"}}, "crm.get", ["from"]),
        ({"source": {"$not": {"$in": ["crm", "oa"]}}}, "crm.get", ["from"]),
        ({"source": {"$exists": False}}, "script", ["from"]),
        ({"source": {"$ne": "script"}, "code": "RESET"}, "script", ["code", "from"]),
    ],
)  # fmt: skip
def test_an_error_is_the_expected_one(
    expected: dict[str, Any], source: str, wrong: list[str]
) -> None:
    checks = compare_error(ExpectedError(**expected), thrown(source), ("expect_error",))

    assert [check.path for check in checks if not check.ok] == [("expect_error", n) for n in wrong]
    assert len(checks) == len(expected)


@pytest.mark.parametrize(
    ("source", "asked", "told"),
    [
        ("subject", "script", ('"script"', '"form" or "flow"')),
        ("crm.get", {"$ne": "crm.get"}, ('{"$ne": "crm.get"}', '"crm.get"')),
        ("script", "form", ('"form"', '"script"')),
    ],
)
def test_the_source_of_an_error_is_told_as_a_scenario_may_name_it(
    source: str, asked: Any, told: tuple[str, str]
) -> None:
    (check,) = compare_error(ExpectedError(source=asked), thrown(source))

    assert (check.expected, check.actual, check.ok) == (*told, False)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, UNSET),
        ("", UNSET),
        ({}, ExpectedError()),
        ({"from": "script"}, ExpectedError(source="script")),
        ({"type": "E", "code": None, "message": "", "from": "form", "status": 0},
         ExpectedError(type="E", code=None, message="", source="form", status=0)),
        ({"code": "A", "source": "script"}, ""),
        ({"Code": "A"}, ""),
        ("REQUIRED", ""),
        (0, ""),
        (False, ""),
        ([], ""),
    ],
)  # fmt: skip
def test_the_error_of_a_cell(value: Any, expected: Any) -> None:
    if expected == "":
        with pytest.raises(UnfitValueError, match=r"^expect_error: expected nothing, or a map"):
            read_expected_error(value)
    else:
        assert read_expected_error(value) == expected


def test_a_description_names_each_part_that_is_asked_for() -> None:
    expected = ExpectedError(
        code="${case.码}", message={"$contains": "缺"}, source="form", status=0
    )

    filled = resolve_error(expected, lambda value: "REQUIRED" if value == "${case.码}" else value)

    assert describe_error(filled) == (
        ' (code "REQUIRED", message {"$contains": "缺"}, status 0, from "form")'
    )
    assert describe_error(ExpectedError()) == ""


def test_values_of_expected_calls_are_filled_in_and_a_variable_may_name_the_call() -> None:
    values: dict[str, Any] = {"${名}": 7, "${额}": 800}
    expected = Expect(
        form={"金额": "${额}", "备": [{"值": "${额}"}]},
        proxy=(ExpectedCall(call="${名}", body={"额": "${额}"}), ExpectedCall(call="crm.查")),
    )

    assert resolve_expect(expected, lambda value: fill(value, values)) == Expect(
        form={"金额": 800, "备": [{"值": 800}]},
        proxy=(ExpectedCall(call="7", body={"额": 800}), ExpectedCall(call="crm.查")),
    )


def fill(value: Any, values: dict[str, Any]) -> Any:
    """Return *value*, plain data, with each text of *values* replaced."""
    if isinstance(value, dict):
        return {name: fill(item, values) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [fill(item, values) for item in value]
    return values.get(value, value) if isinstance(value, str) else value
