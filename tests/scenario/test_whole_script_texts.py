# ruff: noqa: E501 - scripts, one a line
"""What a search in the text of scripts finds, in scripts that have all of it and what is beside it."""

from __future__ import annotations

from bpmax_sim.clock import Instant
from bpmax_sim.scenario.script_texts import (
    find_shadowed_functions,
    find_source_mistakes,
    find_utc_dates,
)
from bpmax_sim.script.failure import Script

MONTHS = """\
form.月 = `${now.getFullYear()}-${now.getMonth()}`;
form.月 = `${now.getMonth() + 1} ${ now.getMonth( )} ${1+now.getMonth()}`;
form.月 = String(now.getMonth()) + String(1 + now.getMonth());
form.月 = 年 + '-' + now.getMonth() + '-' + 日;
form.月 = now.getMonth() + "月";
form.月 = 1+now.getMonth() + '月';
form.月 = 1 + now.getMonth() + '月';
form.月 = '第' + (now.getMonth() + 1);
form.月 = '第' + 表[now.getMonth()];
form.月 = '月' + now.getMonth() + 1;
form.日 = now.getFullYear() + '-' + 月 + '-' + now.getDay();
form.日 = now.getFullYear() + 名[now.getDay() ];
form.日 = now.getFullYear() + '-' + now.getDate() + now.getDay();
form.日 = now.getFullYear() + '-' + now.getDay() + now.getDate();
form.年 = now.getFullYear(); form.周 = now.getDay();
form.周 = now.getDay();
"""


def told(source: str, *hooks: str) -> list[str]:
    """Return line, column and the first words of what is found in *source*."""
    found = find_source_mistakes(Script(source, "改.js"), set(hooks))
    return [
        f"{place.line}:{place.column} {message.partition(' ')[0]}"
        if "get" in message
        else f"{place.line}:{place.column} {message.partition(',')[0]}"
        for place, message in found
    ]


def test_a_month_counts_from_0_and_a_day_of_the_week_is_no_date() -> None:
    assert told(MONTHS) == [
        "1:38 getMonth", "3:21 getMonth", "4:24 getMonth", "5:14 getMonth", "11:50 getDay",
    ]  # fmt: skip


SUBMIT, NEXT = (f"a text that {hook} returns refuses" for hook in ("submit", "before_next"))


def test_a_text_at_the_end_refuses_whatever_happens() -> None:
    ends = {
        "return '不行'": "1:1", 'return "不行";\n': "1:1", "form.a = 1\nreturn `不行`; // 退回\n": "2:1",
        "return '不行'; // 退回": "1:1", "return ''": "", "return ''; ": "", "return '不行\"": "",
        " return '不行'": "", "if (a) return '不行'": "", "return '不行'\nform.a = 1": "",
        "return '不行' + a": "", "return a": "", "return '不' + '行'": "", "return\n'不行'": "1:1",
    }  # fmt: skip
    assert {text: [f"{place} {SUBMIT}"] if place else [] for text, place in ends.items()} == {
        text: told(text, "open", "submit") for text in ends
    }
    text = "return '不行'"
    hooks: dict[tuple[str, ...], list[str]] = {
        (): [], ("open", "change.金额", "approve.主管"): [], ("before_next.主管",): [f"1:1 {NEXT}"],
        ("submit.主管", "before_next"): [f"1:1 {NEXT}"], ("before_submit",): [],
    }  # fmt: skip
    assert {names: told(text, *names) for names in hooks} == hooks


def test_of_functions_in_several_libraries_the_last_one_counts() -> None:
    libraries = [
        Script("function 算(a) {}\nfunction 取() {}\nfunction 算(b) {}\n", "库/甲.js"),
        Script("// 取\nasync function 取() {}\nfunction *列() {}\nfunction 独() {}", "库/乙.js"),
        Script("const 算 = 1;\n  function 独() {}\nfunction* 列() {}\nfunction 算 () {}\nasync  function 取() {}", "库/丙.js"),
    ]  # fmt: skip
    found = [
        (one.kind, one.fails, str(one.place), one.message)
        for one in find_shadowed_functions(libraries)
    ]
    counts = "is declared here once more, and this one counts"
    assert found == [
        ("script", False, "库/丙.js:4:10", f"算 of 库/甲.js {counts}"),
        ("script", False, "库/丙.js:5:17", f"取 of 库/甲.js, 库/乙.js {counts}"),
        ("script", False, "库/丙.js:3:11", f"列 of 库/乙.js {counts}"),
    ]
    assert list(find_shadowed_functions(libraries[:1])) == []
    again = find_shadowed_functions([libraries[0], libraries[2], libraries[0]])
    assert [(str(one.place), one.message.partition(" is")[0]) for one in again] == [
        ("库/甲.js:3:10", "算 of 库/丙.js"), ("库/甲.js:2:10", "取 of 库/丙.js"),
    ]  # fmt: skip


def test_a_date_cut_out_of_utc_is_told_on_a_day_that_is_another_one_there() -> None:
    cuts = """\
form.日 = d.toISOString().slice(0, 10) + d.toISOString().substring(0,10);
form.日 = d.toISOString().substr(0, 10);
form.日 = d.toISOString()
  .split('T')[0] + d.toISOString().split("T")[0];
form.月 = d.toISOString().slice(0, 7) + d.toISOString().split('T')[1] + d.toISOString().split('-')[0];
form.时 = d.toISOString() + d.toISOString.slice(0, 10) + fromtoISOString().slice(0, 10);
"""
    scripts = [Script("form.a = 1", "一.js"), Script(cuts, "二.js"), Script(cuts, "三.js")]
    clock = Instant.parse("2026-03-02T07:59:00+08:00")
    found = list(find_utc_dates(scripts, clock, clock.seconds))
    places = ["1:12", "1:43", "2:12", "3:12", "4:22"]
    assert [str(one.place) for one in found] == [
        f"{file}:{place}" for file in ("二.js", "三.js") for place in places
    ]
    assert {(one.kind, one.fails, one.message) for one in found} == {
        (
            "script",
            False,
            "toISOString is in UTC, where it is 2026-03-01 when it is 2026-03-02 here; make the date of getFullYear, getMonth() + 1 and getDate",
        )
    }
    for at, number in (("07:59:59", 10), ("08:00:00", 0), ("23:59:59", 0)):
        now = Instant.parse(f"2026-03-02T{at}+08:00").seconds
        assert (at, len(list(find_utc_dates(scripts, clock, now)))) == (at, number)
