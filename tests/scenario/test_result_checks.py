"""The options that fields had, and what scripts compare them with."""

from __future__ import annotations

import pytest

from bpmax_sim.errors import Place
from bpmax_sim.i18n import translate
from bpmax_sim.scenario.result_checks import OfferedOptionLog
from bpmax_sim.script.failure import Script
from bpmax_sim.subject.form import FormSubject
from tests.subject.stage import PlainStage

NEAR = "form.类别 is compared with '招侍', which is none of its options; did you mean '招待'?"


def doubts(*sources: str, **offered: list[object]) -> list[str]:
    log = OfferedOptionLog()
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


@pytest.mark.parametrize(
    ("writes", "fields", "wrong"),
    [
        ([("类别", True)], {"类别": "差率"}, ["差率"]),
        ([("类别", True)], {"类别": "差旅"}, []),
        ([("类别", True)], {"类别": ""}, []),
        ([("类别", True)], {}, []),
        ([("类别", True), ("类别", False)], {"类别": "差率"}, []),
        ([("类别", False), ("类别", True)], {"类别": "差率"}, ["差率"]),
        ([("金额", True)], {"类别": "差率"}, []),
        ([("级", True), ("金额", True), ("类别", True)], {"类别": "甲", "级": 4}, ["4", "甲"]),
    ],
)  # fmt: skip
def test_what_a_script_wrote_is_held_against_the_options_when_a_step_ends(
    writes: list[tuple[str, bool]], fields: dict[str, object], wrong: list[str]
) -> None:
    stage = PlainStage()
    form = FormSubject(runner=stage, tell=stage.told.append)
    log, place = OfferedOptionLog(), Place("a.js", 1, 1)
    assert [*log.check_step(form, fields)] == []
    form.set_state("级", "options", [1, 2, {"value": 3}])
    form.set_state("类别", "options", ["差旅"])
    form.set_state("金额", "required", True)
    for field, is_script in writes:
        log.note_write(field, place, is_script=is_script)

    found = [*log.check_step(form, fields)]

    assert [(one.kind, one.place, one.fails) for one in found] == [("unfit", place, False)] * len(
        wrong
    )
    for one, value in zip(found, wrong, strict=True):
        assert value in translate(one.message)
    form.set_state("类别", "options", ["差旅", "招待"])
    assert [*log.check_step(form, {})] == []
    assert log.offered == {"级": [1, 2, 3], "类别": ["差旅", "招待"]}
