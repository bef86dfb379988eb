"""Values that no author means, where a key takes a name: told, and never a traceback."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpmax_sim.scenario.flow_actions import to_flow_move
from tests.scenario.project import Project, headlines
from tests.scenario.test_mistakes_of_a_file import APPROVE, FLOW, tell

ODD = ("[]", "{}", "[null]", "{a: null}", "[[1]]", "1.5", "true", "0", "''", "null", "[wangwu]")


@pytest.mark.parametrize("value", ODD)
@pytest.mark.parametrize("action", ["approve", "reject", "comment", "forward", "hand_over"])
def test_a_person_may_be_written_as_anything(tmp_path: Path, action: str, value: str) -> None:
    step = f"{{name: 张三同意, {action}: {{by: {value}, to: {value}, comment: a}}}}"

    assert tell(tmp_path, f"steps: [{APPROVE}, {step}]", subject=FLOW) != []


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("1", "expected platform.api, or platform.$token, got '1'"),
        ("null", "expected platform.api, or platform.$token, got 'null'"),
        ("[]", "expected platform.api, or platform.$token, got '[]'"),
        ("true", "expected platform.api, or platform.$token, got 'true'"),
        ("''", "expected platform.api, or platform.$token, got ''"),
        ("crm", "expected platform.api, or platform.$token, got 'crm'"),
    ],
)
def test_an_expected_call_may_come_from_a_variable_of_any_type(
    tmp_path: Path, value: str, said: str
) -> None:
    text = (
        "version: 1\nscenario: 报价\nform: {fields: {金额: 0}}\n"
        f"vars: {{接口: {value}}}\nsteps:\n  - js: form.金额 = 1\n"
        "    expect: {proxy: [{call: '${vars.接口}'}]}\n"
    )

    told = headlines(Project(tmp_path).run(text))

    assert [said in one for one in told] == [True], told


@pytest.mark.parametrize(
    ("value", "comment"),
    [
        (" 好 ", " 好 "),
        ({"comment": " 好 "}, " 好 "),
        ({"comment": 5}, "5"),
        ({"comment": None}, ""),
        ({}, ""),
        (None, ""),
    ],
)
def test_a_comment_is_taken_as_it_is_written(value: object, comment: str) -> None:
    assert to_flow_move(value).comment == comment


def test_a_field_that_a_preview_has_by_mistake_is_told(tmp_path: Path) -> None:
    told = tell(tmp_path, "steps: [{preview: {form: {金厄: 1}}}]", subject=FLOW)

    assert ["金厄" in one for one in told] == [True], told
