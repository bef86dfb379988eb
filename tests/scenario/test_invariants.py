# ruff: noqa: E501 - scenarios, one a line
"""What holds after every step or after none: which step breaks it, and where it is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scenario.bench import PlainBench, play, verdict, write

HEAD = "version: 1\nscenario: 报销单\nform: {fields: {金额: 0, 客户: 甲}}\n"
STEPS = """\
steps:
  - {set: {金额: 5}, expect: {form: {金额: 5}}}
  - {id: 改, set: {金额: 7}, expect: {form: {金额: 7}}}
"""
UNDEFINED = "${steps.改.result} is not defined; no step with this id has run"


@pytest.mark.parametrize(
    ("top", "broken"),
    [
        ("always: {form: {金额: {$gte: 5}}}", []),
        ("always: {form: {金额: {$gt: 5}}}", [("always", "form.金额 expected $gt 5, got 5", 1, "4:22")]),
        (
            "always: {form: {金额: {$lt: 6}, 客户: 甲}}",
            [("always", "form.金额 expected $lt 6, got 7", 2, "4:22")],
        ),
        ("never: {form: {金额: 0}}", []),
        ("never: {form: {金额: 5}}", [("never", "never: form.金额 5", 1, "4:1")]),
        ("never: {form: {金额: 7, 客户: 乙}}", []),
        ("never: {form: {金额: {$gt: 5}}}", [("never", "never: form.金额 7", 2, "4:1")]),
        (
            "never:\n  - {form: {金额: 99}}\n  - {form: {客户: 乙}}\n  - {form: {金额: 7, 客户: 甲}}",
            [("never", 'never: form.金额 7, form.客户 "甲"', 2, "7:5")],
        ),
        (
            "always: {form: {客户: 甲}}\nnever: {form: {金额: 5}}",
            [("never", "never: form.金额 5", 1, "5:1")],
        ),
        ("never: {messages: {$contains: {text: 错}}}", []),
        ("always: {form: {金额: {$ne: '${steps.改.result}'}}}", [("value", UNDEFINED, 1, "4:1")]),
        ("never: {form: {金额: '${steps.改.result}'}}", [("value", UNDEFINED, 1, "4:1")]),
    ],
)  # fmt: skip
def test_an_invariant_is_broken_by_the_first_step_after_which_it_does_not_hold(
    tmp_path: Path, top: str, broken: list[tuple[str, str, int, str]]
) -> None:
    last = verdict(play(write(tmp_path, f"{HEAD}{top}\n{STEPS}"), PlainBench()))

    assert [
        (one.kind, one.essence, one.step, str(one.place).partition(":")[2]) for one in last.failures
    ] == broken


def test_a_never_that_only_a_type_keeps_from_breaking_is_doubtful(tmp_path: Path) -> None:
    path = write(tmp_path, f"{HEAD}never: {{form: {{金额: '5'}}}}\n{STEPS}")
    last = verdict(play(path, PlainBench()))

    assert (last.failures, str(last.warnings[0]).removeprefix(f"{path}:")) == (
        (), '4:16: form.金额 "5": it is 5, of another type, so that the two always differ',
    )  # fmt: skip
