# ruff: noqa: E501 - scripts, one a line
"""Mistakes that a search in the text of scripts finds, each beside what is nearly the same."""

from __future__ import annotations

import pytest

from bpmax_sim.clock import Instant
from bpmax_sim.scenario.script_texts import (
    find_shadowed_functions,
    find_source_mistakes,
    find_utc_dates,
)
from bpmax_sim.script.failure import Script

MONTH = "getMonth counts from 0, so that January is written as 0; write getMonth() + 1"
WEEKDAY = "getDay is the day of the week, from 0; getDate is that of the month"


@pytest.mark.parametrize(
    ("source", "column", "told"),
    [
        ("form.月 = `${d.getMonth()}月`", 15, MONTH),
        ("form.月 = `${d.getMonth() + 1}月`", 0, ""),
        ("form.月 = String(d.getMonth())", 19, MONTH),
        ("form.月 = String(d.getMonth() + 1)", 0, ""),
        ("form.月 = d.getMonth() + '月'", 12, MONTH),
        ("form.月 = d.getMonth() + 1 + '月'", 0, ""),
        ("form.月 = 1 + d.getMonth() + '月'", 0, ""),
        ("form.月 = 1+d.getMonth() + '月'", 0, ""),
        ("form.月 = '第' + d.getMonth() + '月'", 18, MONTH),
        ("form.月 = new Date().getMonth() + '月'", 21, MONTH),
        ("form.月 = ctx.日.getMonth()+'月'", 16, MONTH),
        ("form.月 = '第' + d.getMonth()", 18, MONTH),
        ("form.月 = '第' + (d.getMonth() + 1)", 0, ""),
        ("form.月 = [1, 2, 3][d.getMonth()]", 0, ""),
        ("form.日 = `${d.getFullYear()}-${d.getDay()}`", 34, WEEKDAY),
        ("form.日 = `${d.getFullYear()}-${d.getDate()}`", 0, ""),
        ("form.日 = `${d.getFullYear()}-${d.getDate()} 星期${d.getDay()}`", 0, ""),
        ("form.日 = `${d.getFullYear()} 星期${d.getDay()} ${d.getDate()}`", 0, ""),
        ("form.日 = d.getFullYear() + '-' + d.getDay() + '-'; form.号 = d.getDate()", 36, WEEKDAY),
        ("form.周 = d.getFullYear() + '年星期' + '日一二三四五六'[d.getDay()]", 0, ""),
        ("form.周 = `${d.getFullYear()} ${周[ d.getDay() ]}`", 0, ""),
        ("form.年 = d.getFullYear(); form.周 = d.getDay()", 0, ""),
        ("form.年 = d.getFullYear()\nform.周 = d.getDay()", 0, ""),
    ],
)
def test_months_and_weekdays_count_from_0(source: str, column: int, told: str) -> None:
    script = Script(f"// 日期\n\n{source}", "日期.js")

    found = [(str(place), message) for place, message in find_source_mistakes(script, frozenset())]
    assert found == [(f"日期.js:3:{column}", told)] * bool(told)


@pytest.mark.parametrize(
    ("hooks", "hook"),
    [
        ({"submit"}, "submit"),
        ({"before_next.部门"}, "before_next"),
        ({"submit", "before_next.部门"}, "before_next"),
        ({"submit", "approve.部门"}, "submit"),
        ({"approve.部门"}, ""),
        ({"title"}, ""),
        (set(), ""),
    ],
)
@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("return '请填写';", 1),
        ("if (form.金额) {\n  return '请填写'\n}\nreturn `已`  // 好\n", 4),
        ('form.金额 = 1;\nreturn "甲\'乙"', 2),
        ("  return '请填写';", 0),
        ("if (form.金额) return '请填写';", 0),
        ("return '请填写' + form.金额;", 0),
        ("return '';", 0),
        ("return '请填写';\nform.金额 = 1;", 0),
    ],
)
def test_a_text_at_the_end_of_a_script_that_may_refuse_always_refuses(
    hooks: set[str], hook: str, source: str, line: int
) -> None:
    found = [*find_source_mistakes(Script(source, "提交.js"), hooks)]

    told = f"a text that {hook} returns refuses, and this is returned whatever happens; return nothing where all is well"
    assert [(str(place), message) for place, message in found] == [
        (f"提交.js:{line}:1", told)
    ] * bool(hook and line)


@pytest.mark.parametrize(
    ("libraries", "told"),
    [
        ({}, []),
        ({"甲": "税", "乙": "价"}, []),
        ({"甲": "税 税"}, []),
        ({"甲": "税", "乙": "税"}, [("税 of 甲.js", "乙.js:1:10")]),
        ({"甲": "税 价", "乙": "号 价"}, [("价 of 甲.js", "乙.js:2:10")]),
        ({"甲": "税", "乙": "税", "丙": "税"}, [("税 of 甲.js, 乙.js", "丙.js:1:10")]),
        ({"甲": "税", "乙": "税 税"}, [("税 of 甲.js", "乙.js:2:10")]),
        (
            {"甲": "税 价", "乙": "税", "丙": "价"},
            [("税 of 甲.js", "乙.js:1:10"), ("价 of 甲.js", "丙.js:1:10")],
        ),
    ],
)
def test_of_libraries_with_one_function_the_last_counts(
    libraries: dict[str, str], told: list[tuple[str, str]]
) -> None:
    scripts = [
        Script("\n".join(f"function {one}() {{}}" for one in names.split()), f"{library}.js")
        for library, names in libraries.items()
    ]

    found = [*find_shadowed_functions(scripts)]
    assert [(one.message, str(one.place), one.kind, one.fails) for one in found] == [
        (f"{what} is declared here once more, and this one counts", place, "script", False)
        for what, place in told
    ]


@pytest.mark.parametrize(
    ("line", "is_one"),
    [
        ("async function 税() {}", True),
        ("function* 税() {}", True),
        ("function\t税() {}", True),
        ("  function 税() {}", False),
        ("const 税 = () => 1;", False),
        ("function 税率() {}", False),
    ],
)
def test_only_what_stands_at_the_left_is_a_function_of_all(line: str, is_one: bool) -> None:
    scripts = [Script("function 税() {}", "甲.js"), Script(line, "乙.js")]

    assert len([*find_shadowed_functions(scripts)]) == is_one


DATE = "form.日 = d.toISOString().slice(0, 10)"


@pytest.mark.parametrize(
    ("source", "start", "hours", "utc"),
    [
        (DATE, "2026-03-02T00:00:00+08:00", 0, "2026-03-01"),
        (DATE, "2026-03-02T00:00:00+08:00", 7.99, "2026-03-01"),
        (DATE, "2026-03-02T00:00:00+08:00", 8, ""),
        (DATE, "2026-03-02T00:00:00-05:00", 18.99, ""),
        (DATE, "2026-03-02T00:00:00-05:00", 19, "2026-03-03"),
        (DATE, "2026-03-02T00:00:00Z", 0, ""),
        (
            DATE.replace("slice(0, 10)", "substring(0,10)"),
            "2026-03-02T00:00:00+08:00",
            0,
            "2026-03-01",
        ),
        (DATE.replace("slice", "substr"), "2026-03-02T00:00:00+08:00", 0, "2026-03-01"),
        (
            DATE.replace("slice(0, 10)", "split('T')[0]"),
            "2026-03-02T00:00:00+08:00",
            0,
            "2026-03-01",
        ),
        (DATE.replace("slice(0, 10)", "split('T')[1]"), "2026-03-02T00:00:00+08:00", 0, ""),
        (DATE.replace("(0, 10)", "(0, 16)"), "2026-03-02T00:00:00+08:00", 0, ""),
        (DATE.replace(".slice", "\n  .slice"), "2026-03-02T00:00:00+08:00", 0, "2026-03-01"),
    ],
)
def test_a_date_in_utc_is_another_day_for_some_hours(
    source: str, start: str, hours: float, utc: str
) -> None:
    clock = Instant.parse(start)
    scripts = [Script("1", "空.js"), Script(f"// 日期\n{source}", "日期.js")]
    found = [*find_utc_dates(scripts, clock, clock.seconds + hours * 3600)]

    told = f"toISOString is in UTC, where it is {utc} when it is 2026-03-02 here; make the date of getFullYear, getMonth() + 1 and getDate"
    assert [(one.message, str(one.place)) for one in found] == [(told, "日期.js:2:12")] * bool(utc)
