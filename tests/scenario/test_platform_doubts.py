"""Places that a platform file names and that no message of a run has."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bpmax_sim.errors import Place
from bpmax_sim.i18n import translate
from bpmax_sim.platform.load import load_platforms
from bpmax_sim.scenario.calls import CallMade
from bpmax_sim.scenario.platform_doubts import find_rule_doubts
from bpmax_sim.yamlfile import to_display_path

HEAD = "platform_key: crm\nbase_url: https://crm.example.test\n"
CUSTOMER = {"code": 0, "msg": "成功", "data": {"name": "张三", "phone": "13800138000"}}
REFUSAL = {"code": 7, "errmsg": "额度不足"}


def made(response: Any, **parts: Any) -> CallMade:
    given = {"call": "crm.客户", "status": 200, "place": Place("脚本.js", 1, 1), **parts}
    return CallMade(number=1, response=response, **given)


def doubts(folder: Path, text: str, *calls: CallMade) -> list[str]:
    text = text if "apis:" in text else f"{text}\napis: {{客户: {{}}, 列表: {{}}}}"
    (folder / "crm.yaml").write_text(HEAD + text + "\n", "utf-8")
    found = [*find_rule_doubts(calls, load_platforms(folder))]
    assert {(one.kind, one.fails) for one in found} <= {("rule", False)}
    file = f"{to_display_path(folder / 'crm.yaml')}:"
    return [f"{one.place}: {translate(one.message)}".removeprefix(file) for one in found]


def says(column: int, path: str, near: str, line: int = 3) -> list[str]:
    message = f"crm declares {path}, and no message has that; did you mean {near!r}?"
    return [f"{line}:{column}: {message}"]


@pytest.mark.parametrize(
    ("text", "response", "told"),
    [
        ("redact: [body.data.phne]", CUSTOMER, says(10, "body.data.phne", "phone")),
        ("redact: body.data.phne", CUSTOMER, says(9, "body.data.phne", "phone")),
        ("redact: [body.data.Phone]", CUSTOMER, says(10, "body.data.Phone", "phone")),
        ("secret: [body.data.nmae]", CUSTOMER, says(10, "body.data.nmae", "name")),
        ("secret: [$.data.nmae]", CUSTOMER, says(10, "body.data.nmae", "name")),
        ("volatile: [body.data.nmae]", CUSTOMER, says(12, "body.data.nmae", "name")),
        ("ignore: [body.金额数]", CUSTOMER, says(10, "body.金额数", "金额")),
        ("redact: [header.x-traceid]", CUSTOMER, says(10, "header.x-traceid", "x-trace-id")),
        (
            "apis: {客户: {redact: [body.dat.phone]}}",
            CUSTOMER,
            says(22, "body.dat.phone", "data"),
        ),
        ("apis: {客户: {volatile: [body.nmae]}}", {"name": 1}, says(24, "body.nmae", "name")),
        (
            "redact: ['body.rows[*].phne']",
            {"rows": [{"phone": "1"}, {"phone": "2"}]},
            says(10, "body.rows[*].phne", "phone"),
        ),
        # by what a response is judged
        ("response: {ok: {all: [{path: $.Code, in: 0}]}}", CUSTOMER, says(23, "body.Code", "code")),
        ("response: {code: [$.Code]}", CUSTOMER, says(19, "body.Code", "code")),
        ("response: {code: $.cod}", CUSTOMER, says(18, "body.cod", "code")),
        ("response: {code: [$.rslt.no]}", {"rlst": {"no": 0}}, says(19, "body.rslt.no", "rlst")),
        (
            "response: {ok: {all: [{path: $.code, in: [0]}]}, message: [$.errmsgs]}",
            REFUSAL,
            says(60, "body.errmsgs", "errmsg"),
        ),
        (
            "apis: {客户: {response: {code: [$.Code]}}}",
            CUSTOMER,
            says(31, "body.Code", "code"),
        ),
    ],
)
def test_a_place_is_probably_misspelt_if_a_similar_name_is_beside_it(
    tmp_path: Path, text: str, response: Any, told: list[str]
) -> None:
    call = made(response, header={"X-Trace-Id": "7"}, body={"金额": 5})

    assert doubts(tmp_path, text, call) == told


@pytest.mark.parametrize(
    "text",
    [
        "redact: [body.data.phone, body.data.name]",
        "redact: [body.data.phone, body.data.phones, body.data.Phone]",
        "redact: [body.data.idCard, body.user.phone]",
        "redact: [header.X-TRACE-ID]",
        "redact: [body.data.names, body.codes]",
        "redact: [body.dataes]",
        "redact: [body.dates.phone]",
        "ignore: [body.金额]",
        "secret: [body.data.token, $.data.phone, 'cookie:SESSIN', 'header:x-trace', cookies]",
        "volatile: [body.data, body, 'body.data[*]']",
        "response: {code: [$.errcode, $.code]}",
        "response: {ok: {all: [{path: $.code, in: [0]}, {path: $.Code, in: [0]}]}}",
        "response: {ok: {all: [{path: $.Code, absent: true}]}}",
        "response: {ok: {all: [{path: $.code, in: [0]}]}, message: [$.msgs, $.mesg]}",
        "response: {code: ['$.data[?(@.x)].Code', 'header:X-Codee', $]}",
        "apis: {客户: {}, 列表: {redact: [body.data.phne], response: {code: [$.Code]}}}",
    ],
)
def test_a_place_that_a_message_has_or_may_have_is_right(tmp_path: Path, text: str) -> None:
    call = made(CUSTOMER, header={"X-Trace-Id": "7"}, body={"金额": 5})

    assert doubts(tmp_path, text, call) == []


def test_a_place_is_right_if_one_of_the_messages_has_it(tmp_path: Path) -> None:
    calls = [made({"phon": 1}), made({"phone": 1}), made({"phne": 1})]

    assert doubts(tmp_path, "redact: [body.phone]", *calls) == []


@pytest.mark.parametrize(
    "calls", [[], [made(None)], [made("文本")], [made({"phone": 1}, status=500)]]
)
def test_without_an_object_nothing_is_known_of_its_names(
    tmp_path: Path, calls: list[CallMade]
) -> None:
    assert doubts(tmp_path, "redact: [body.phne]\nresponse: {code: [$.Code]}", *calls) == []


def test_a_place_that_another_file_declares_is_told_at_the_call(tmp_path: Path) -> None:
    head = HEAD.replace("crm\n", "base\n", 1)
    (tmp_path / "base.yaml").write_text(
        f"{head}redact: [body.phne]\napis: {{客户: {{}}}}\n", "utf-8"
    )
    (tmp_path / "crm.yaml").write_text("platform_key: crm\nextends: base\n", "utf-8")

    found = [*find_rule_doubts([made({"phone": 1})], load_platforms(tmp_path))]

    assert [one.place for one in found] == [Place("脚本.js", 1, 1)]


def test_a_rule_that_another_file_declares_is_told_at_the_call(tmp_path: Path) -> None:
    head = HEAD.replace("crm\n", "base\n", 1)
    base = f"{head}{OK % '[200]'}\napis: {{客户: {{}}, 列表: {{}}}}\n"
    (tmp_path / "base.yaml").write_text(base, "utf-8")
    (tmp_path / "crm.yaml").write_text("platform_key: crm\nextends: base\n", "utf-8")
    calls = [made(CUSTOMER), made(ORDER, call="crm.列表", place=Place("脚本.js", 2, 1))]

    found = [*find_rule_doubts(calls, load_platforms(tmp_path))]

    assert [one.place for one in found] == [Place("脚本.js", 1, 1)]


def test_a_response_without_a_code_is_no_failure_that_lacks_a_message(tmp_path: Path) -> None:
    text = "response: {ok: {all: [{path: $.code, in: [0]}]}, message: [$.errmsgs]}"

    assert doubts(tmp_path, text, made({"errmsg": "好"})) == []


def test_what_another_file_declares_wrongly_is_told_at_the_first_call(tmp_path: Path) -> None:
    text = HEAD.replace("crm\n", "base\n", 1) + "timeout: 30000\napis: {客户: {}}\n"
    (tmp_path / "base.yaml").write_text(text, "utf-8")
    (tmp_path / "crm.yaml").write_text("platform_key: crm\nextends: base\n", "utf-8")
    calls = [made({}, place=Place("脚本.js", line, 1)) for line in (3, 4, 5)]

    (found,) = find_rule_doubts(calls, load_platforms(tmp_path))

    assert found.place == Place("脚本.js", 3, 1)


def is_failing(column: int, path: str, value: object, listed: str, number: int = 2) -> list[str]:
    message = (
        f"each of the {number} responses is a business failure, as its {path} is {value} and not "
        f"one of {listed}; write what a success has"
    )
    return [f"3:{column}: crm: {message}"]


ORDER = {"code": 0, "data": [{"单号": "PO-1"}]}
DOWN = {"code": 503, "msg": "维护中", "errors": [{"hint": "明早再来"}], "data": {}}
OK = "response: {ok: {all: [{path: $.code, in: %s}]}}"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (OK % "[200]", is_failing(23, "$.code", 0, "200")),
        (OK % "[200, '0000']", is_failing(23, "$.code", 0, '200, "0000"')),
        (
            "response: {ok: {all: [{path: $.code, in: [0]}, {path: $.data, in: [1]}]}}",
            [],
        ),
        ("response: {ok: {status: [201, 202]}}", is_failing(25, "status", 200, "201, 202")),
        (OK % "[0]", []),
        (OK % "['0']", []),
        ("response: {ok: {all: [{path: $.code, absent: true}]}}", []),
        ("response: {ok: {all: [{path: $.error.code, in: [1]}]}}", []),
        ("apis: {客户: {response: {ok: {status: [201]}}}, 列表: {}}", []),
    ],
)
def test_a_rule_by_which_each_response_with_data_fails_is_doubtful(
    tmp_path: Path, text: str, told: list[str]
) -> None:
    assert doubts(tmp_path, text, made(CUSTOMER), made(ORDER, call="crm.列表")) == told


@pytest.mark.parametrize(
    "calls",
    [
        [made(CUSTOMER)],
        [made(CUSTOMER), made(CUSTOMER)],
        [made(CUSTOMER), made(REFUSAL, call="crm.列表")],
        [made(CUSTOMER), made({**ORDER, "code": 200}, call="crm.列表")],
        [made({**CUSTOMER, "code": 9}), made({"code": 9, "data": {}}, call="crm.列表")],
        [made({**CUSTOMER, "code": 9}), made({"code": 9, "msg": "停用"}, call="crm.列表")],
        [made({**CUSTOMER, "code": 9}), made({**ORDER, "code": 8}, call="crm.列表")],
        [made(CUSTOMER), made([1], call="crm.列表")],
        [made(DOWN), made(DOWN, call="crm.列表")],
        [made({**DOWN, "Error": [1]}), made({"code": 9, "失败明细": [1]}, call="crm.列表")],
    ],
)
def test_responses_that_may_be_failures_are_no_doubt_about_the_rule(
    tmp_path: Path, calls: list[CallMade]
) -> None:
    assert doubts(tmp_path, OK % "[200]", *calls) == []


@pytest.mark.parametrize(("code", "told"), [("0", False), ("'0'", False), ("1", True)])
def test_a_code_of_a_class_is_that_of_a_failure(tmp_path: Path, code: str, *, told: bool) -> None:
    text = "response: {ok: {all: [{path: $.code, in: [200]}]}, classes: {维护: {code: [%s]}}}"
    found = doubts(tmp_path, text % code, made(CUSTOMER), made(ORDER, call="crm.列表"))

    assert any("each of the 2 responses" in one for one in found) == told
