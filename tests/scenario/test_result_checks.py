"""The options that fields had, and what scripts compare them with."""

from __future__ import annotations

import pytest

from bpmax_sim.scenario.result_checks import OptionLog
from bpmax_sim.script.failure import Script

NEAR = "form.类别 is compared with '招侍', which is none of its options; did you mean '招待'?"


def doubts(*sources: str, **offered: list[object]) -> list[str]:
    log = OptionLog()
    log.offered = offered or {"类别": ["差旅", "办公", "招待"]}
    scripts = [Script(source, f"{number}.js") for number, source in enumerate(sources)]
    return [found.message for found in log.check_comparisons(scripts)]


@pytest.mark.parametrize(
    "source",
    [
        "if (form.类别 === '招侍') 1",
        "if (ctx.form.类别 === '招侍') 1",
        "'招侍' == form.类别",
        "form['类别'] !== '招侍'",
    ],
)
def test_a_text_near_to_an_option_is_doubtful(source: str) -> None:
    assert doubts(source) == [NEAR]
    assert doubts("1", "2", source) == [NEAR]


@pytest.mark.parametrize(
    "source",
    [
        "if (form.类别 === '招待') 1",
        "if (form.类别 === '') 1",
        "if (form.类别 === null) 1",
        "if (form.类别 === 0) 1",
        "if (form.类别 === '乱写的文字') 1",
        "if (form.金额 === '招侍') 1",
        "if (ctx.类别 === '招侍') 1",
        "if (ctx.form.form.类别 === '招侍') 1",
        "if (form.form.类别 === '招侍') 1",
        "if (ctx.project.类别 === '招侍') 1",
        "const form = {类别: 1}; if (form.类别 === '招侍') 1",
    ],
)
def test_what_is_an_option_or_no_field_with_options_is_not(source: str) -> None:
    assert doubts(source) == []


def test_a_number_among_the_options_is_compared_as_its_text() -> None:
    assert doubts("if (form.编号 === '1001') 1", 编号=[1001, 1002, 1003]) == []
    assert len(doubts("if (form.编号 === '1004') 1", 编号=[1001, 1002, 1003])) == 1
