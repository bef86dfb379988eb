# ruff: noqa: E501 - scenarios, one a line
"""Where a file may refer to a value, and where the same signs are a name, a text or code."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scenario.test_mistakes_of_a_file import APPROVE, FLOW, FORM, OPEN, tell

FILLED = "steps: [{set: {客户: '${case.description}'}, expect: {form: {客户: 甲}}}]"


@pytest.mark.parametrize(
    ("rest", "is_told"),
    [
        ("vars: {description: '${vars.无}'}", True),
        ("vars: {use: '${vars.无}', scripts: 1, platforms: 2}", True),
        ("vars: {a: {scripts: {libraries: ['共 ${vars.无} 元']}}}", True),
        ("description: '金额 ${vars.无}'", False),
        ("description: '${vars.无'", False),
        ("vars: {a: '${vars.无'}", True),
        ("vars: {a: '$${vars.无}'}", False),
        ("vars: {'${vars.无}': 1}", False),
        (f"cases: [{{id: 一, description: '${{vars.无}}'}}]\n{FILLED}", True),
        ("steps: [{js: 'form.客户 = `${vars.无}`', expect: {form: {金额: 1}}}]", False),
        ("steps: [{js: {file: 开.js, args: {description: '${vars.无}'}}, expect: {form: {金额: 1}}}]", True),
        ("steps: [{set: {客户: '${vars.无}'}, expect: {form: {金额: 1}}}]", True),
        ("steps: [{open: {}, expect: {form: {客户: '${vars.无}'}}}]", True),
    ],
)  # fmt: skip
def test_a_reference_is_looked_up_where_a_value_stands(
    tmp_path: Path, rest: str, *, is_told: bool
) -> None:
    steps = "" if "steps" in rest else f"\nsteps: [{OPEN}]"
    told = [str(one) for one in tell(tmp_path, f"{rest}{steps}")]

    found = [one for one in told if "is not defined" in one or "is not closed" in one]
    assert len(found) == is_told


@pytest.mark.parametrize(
    ("subject", "is_told"),
    [
        (FORM.replace("地址: {}", "地址: {}, description: '${vars.无}'"), True),
        (FORM.replace("地址: {}", "地址: {scripts: '${vars.无}'}"), True),
        (FLOW.replace("金额: 1", "definition: '${vars.无}'"), True),
        (FLOW.replace("form: {", "project: {description: '${vars.无}'}, form: {"), True),
        (FLOW, False),
        (FORM, False),
    ],
)
def test_a_field_may_have_the_name_of_a_key_that_has_no_values(
    tmp_path: Path, subject: str, *, is_told: bool
) -> None:
    steps = f"steps: [{OPEN if subject.startswith('form') else APPROVE}]"
    told = [str(one) for one in tell(tmp_path, steps, subject=subject)]

    assert sum("${vars.无} is not defined" in one for one in told) == is_told
