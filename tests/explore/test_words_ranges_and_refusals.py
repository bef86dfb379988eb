"""Smaller parts of an exploration: the words of scripts, ranges of calls, statuses, refusals."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from bpmax_sim.errors import BpmaxError, ConfigError, Place, Problem
from bpmax_sim.explore.failures import find_possible_failures
from bpmax_sim.explore.reads import ReadMembers, find_reads
from bpmax_sim.explore.reproduce import reproduce
from bpmax_sim.explore.search import (
    Explorer,
    _explain_unexplored_item,
    _find_bpmax_refusal_codes,
    _find_script_words,
    _limit_rule_to_hits,
)
from bpmax_sim.platform.load import Platforms
from bpmax_sim.platform.model import Api, OkRule, Platform, ResponseRules
from bpmax_sim.scenario.events import Event
from bpmax_sim.scenario.load import load_items
from tests.explore.test_possible_failures import ALL_READ, GET, noted, recorded
from tests.explore.test_reproductions import load, variant
from tests.explore.views import failing, hook, made, seen, step, thrown

API = Api(key="getCustomer", path="/customers/{id}")
CRM = Platforms(
    {
        "crm": Platform(
            platform_key="crm",
            base_url="https://crm.example.test",
            apis={"getCustomer": API},
            response=ResponseRules(ok=OkRule(status=(200,))),
        )
    }
)


@pytest.mark.parametrize(("status", "kept"), [(None, 200), (200, 200), (201, 201), (207, 207)])
def test_a_response_without_a_member_has_the_status_of_the_call(
    tmp_path: Path, status: int | None, kept: int
) -> None:
    call = replace(GET, status=status)
    found = find_possible_failures([call], CRM, recorded(tmp_path, CRM), ALL_READ)

    assert [one.rule.do.status for one in found if one.lacks_member] == [kept] * 2


@pytest.mark.parametrize(("status", "body"), [(403, ""), (403, "{}"), (204, "")])
def test_a_refusal_is_one_whatever_its_body_is(tmp_path: Path, status: int, body: str) -> None:
    seen_before = recorded(tmp_path, CRM, (status, body))
    found = find_possible_failures([GET], CRM, seen_before, ALL_READ)

    assert [(one.kind, one.rule.do.status, one.is_rejected) for one in found if one.is_refusal] == [
        (str(status), status, True)
    ]


WORDS = """\
version: 1
scenario: 单
form: {scripts: {change.编号: a.js}, fields: {编号: ""}}
steps:
  - {set: {编号: 不读}}
  - {js: "form.编号 = 回.$data.名_1 ?? 客户[0]"}
"""


def test_the_words_of_scripts_are_those_of_files_and_of_steps(tmp_path: Path) -> None:
    (tmp_path / "a.js").write_text("form.备注 = 答.phone2;\n", encoding="utf-8")
    path = tmp_path / "单.scenario.yaml"
    path.write_text(WORDS, encoding="utf-8")
    [item] = load_items(path)

    words = {*_find_script_words(item)}

    assert words >= {"form", "备注", "答", "phone2", "编号", "回", "$data", "名_1", "客户", "0"}
    assert "不读" not in words
    named = ReadMembers(None, frozenset(words))
    asked: list[tuple[tuple[str | int, ...], bool]] = [
        (("data", "phone2"), True), (("名_1",), True), (("名",), False), (("data",), False),
        (("rows", 0), True), (("rows", 1), False),
    ]  # fmt: skip
    assert [(steps, named.is_read(GET, steps)) for steps, _ in asked] == asked


def test_reads_of_several_contexts_with_one_number_are_of_each_of_their_calls() -> None:
    calls = [made(name, begin) for name, begin in (("crm.查客户", 0), ("crm.查合同", 2))]
    events: list[Event] = [
        hook(), noted(0), hook(), noted(0), noted(0, ["data"]), noted(0, ["data", "*", "名"]),
    ]  # fmt: skip
    run = seen(step(), calls=calls, events=events)

    paths = frozenset({("data",), ("data", "*", "名")})
    assert find_reads(run, run) == {"crm.查客户": paths, "crm.查合同": paths}


def test_refusals_are_those_of_the_platforms_of_an_item(tmp_path: Path) -> None:
    recorded(tmp_path, CRM, (200, {"code": 0}))
    path = tmp_path / "单.scenario.yaml"
    path.write_text(WORDS, encoding="utf-8")
    (tmp_path / "a.js").write_text("", encoding="utf-8")
    [item] = load_items(path)
    rules = ResponseRules(ok=OkRule(status=(201,)))
    strict = Platforms({"crm": replace(CRM.own["crm"], response=rules)})
    other = replace(item, platforms=(tmp_path / "别的",))
    explorer = Explorer(tmp_path)

    found = [
        [*explorer._load_recorded_responses(*one).find_refusals("crm.getCustomer")]
        for one in ((item, CRM), (other, strict), (item, CRM))
    ]

    assert found == [[], [(200, "")], []]


@pytest.mark.parametrize(
    ("rule_call", "numbers", "exceeded", "limited"),
    [
        ("2-1000", (1, 2, 3, 4), "", "2-4"),
        ("2-3", (1, 2, 3, 4), "", "2-3"),
        ("2-4", (1, 2, 3, 4), "", "2-4"),
        ("2-1000", (1, 2), "", "2-2"),
        ("2-1000", (1, 2, 3, 4), "calls", "2-1000"),
        (2, (1, 2, 3, 4), "", 2),
    ],
)
def test_a_range_of_failures_ends_at_the_last_call(
    rule_call: int | str, numbers: tuple[int, ...], exceeded: str, limited: int | str
) -> None:
    call = made(number=2)
    failure = failing(call)
    if isinstance(rule_call, str):
        failure = failure.repeat_until(int(rule_call.partition("-")[2]))
    calls = [made(number=number) for number in numbers]
    run = seen(step(), calls=[*calls, made("crm.查合同", number=9)], exceeded=exceeded)

    assert _limit_rule_to_hits(failure, run).call == limited


def test_only_what_bpmax_itself_refuses_is_expected_as_an_error() -> None:
    run = seen(
        step("1", errors=(thrown(**{"from": "subject", "code": "BUSY"}),)),
        step("2", errors=(thrown(code="E1"), thrown())),
        step("3", errors=(thrown(), thrown(**{"from": "subject", "code": "READ_ONLY"}))),
        step("4"),
    )

    assert _find_bpmax_refusal_codes(run) == {"1": "BUSY", "3": "READ_ONLY"}


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (BpmaxError("没有录制\n请先录制\n再试"), "没有录制"),
        (BpmaxError(""), ""),
        (ConfigError(Problem("字段不对\n见文档", Place("a.yaml", 3)), Problem("二")), "字段不对"),
    ],
)
def test_why_an_item_is_not_explored_is_one_line(error: BpmaxError, why: str) -> None:
    assert _explain_unexplored_item(error) == why


def test_a_reason_of_several_lines_is_one_comment(tmp_path: Path) -> None:
    why = "Error: 坏了\n  第二行\n第三行"

    scenario = reproduce(load(tmp_path), variant(judgement={"why": why}))

    assert scenario.text.splitlines()[:2] == ["# Error: 坏了   第二行 第三行", "version: 1"]
