# ruff: noqa: E501 - scenarios and what is told of them, one a line
"""The text of a failure with all its parts, cut and whole, and the places of values in files."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from msgspec import structs

from bpmax_sim.errors import ConfigError, Place
from bpmax_sim.i18n import to_plain_english
from bpmax_sim.scenario.calls import CallMade
from bpmax_sim.scenario.expect import Comparison
from bpmax_sim.scenario.source import (
    ExcerptLine,
    Failure,
    RunWarning,
    ScenarioSource,
    Spot,
    choose_failure_line_style,
    format_headline,
    read_script,
    render_failure,
)
from bpmax_sim.session.sending_log import RecordingMatch
from bpmax_sim.yamlfile import parse_yaml


def compare(number: int, *, ok: bool, expected: str = "1", actual: str = "2") -> Comparison:
    return Comparison(("form", f"字段{number}"), ok=ok, expected=expected, actual=actual)


def call(number: int, **parts: object) -> CallMade:
    made = CallMade(
        number=number, call="crm.get_order", method="GET", url=f"https://crm.test/{number}",
        status=200, source="recorded", response={"编号": number}, duration=0.25,
    )  # fmt: skip
    return structs.replace(made, **parts)


FULL = Failure(
    kind="expect",
    essence="第一行\n第二行\u2028第三行",
    scenario="采购",
    step=2,
    total=3,
    title="  选择\n 客户  12345 ",
    place=Place("单.yaml", 33, 19),
    excerpt=(ExcerptLine(9, "steps:"), ExcerptLine(33, "  set: " + "x" * 200, marked=True), ExcerptLine(100, "")),
    checks=tuple(compare(n, ok=n % 2 == 0) for n in (*range(1, 8), 8888)),
    calls=(
        call(1), call(2, error="TIMEOUT", status=None, source="", response=None), call(3, source="fault", url=""), call(4),
    ),
    detail=tuple(f"细节{n}" for n in range(1, 15)),
    script=Place("脚本.js", 11, 3),
    script_text="  form.a = 1;  ",
    rerun="bpmax-sim run 单.yaml",
)  # fmt: skip


def test_a_short_text_has_all_parts_in_their_order() -> None:
    failure = replace(
        FULL,
        excerpt=(*FULL.excerpt[:1], ExcerptLine(33, "  set: 1", marked=True), ExcerptLine(100, "")),
        checks=FULL.checks[:3],
        calls=FULL.calls[1:3],
        detail=FULL.detail[:2],
    )

    assert to_plain_english(render_failure(failure)).splitlines() == [
        "step 2/3 选择 客户 12345: 第一行 第二行 第三行",
        "  at 单.yaml:33:19",
        "",
        "    9 | steps:",
        ">  33 |   set: 1",
        "  100 |",
        "",
        "  细节1",
        "  细节2",
        "",
        "  2 wrong, 1 right",
        "  × form.字段1   expected 1   got 2",
        "  × form.字段3   expected 1   got 2",
        "  √ form.字段2   expected 1",
        "",
        "  calls of this step: 2, in virtual time",
        "  #2 crm.get_order  GET https://crm.test/2",
        "     TIMEOUT 250 ms",
        "  #3 crm.get_order  GET",
        '     200 fault 250 ms  {"编号": 3}',
        "",
        "script: 脚本.js:11:3   form.a = 1;",
        "rerun: bpmax-sim run 单.yaml",
    ]
    bare = Failure(
        kind="expect", essence="错", scenario="采购", step=2, total=3, script=FULL.script
    )
    assert to_plain_english(render_failure(bare)).splitlines() == [
        "step 2/3 : 错", "", "script: 脚本.js:11:3",
    ]  # fmt: skip
    width = len("  × form.字段1   expected    got ")
    lines = [
        len(to_plain_english(render_failure(replace(bare, checks=(one,)))).splitlines())
        for room in (100, 101)
        for one in [compare(1, ok=False, expected="a" * 35, actual="b" * (room - width - 35))]
    ]
    assert lines == [6, 7]
    six = replace(
        failure,
        checks=FULL.checks[:6],
        detail=FULL.detail[:12],
        calls=(call(1, error="HTTP_STATUS", status=503),),
        excerpt=(),
        script=None,
    )
    text = to_plain_english(render_failure(six, whole=False)).splitlines()
    assert text[3:15] == [f"  细节{n}" for n in range(1, 13)]
    assert [line for line in text if "more" in line or "HTTP_STATUS" in line] == [
        "  … 5 more lines"
    ]
    few = to_plain_english(render_failure(replace(six, detail=()))).splitlines()
    assert [line for line in few if "more" in line or "HTTP_STATUS" in line] == [
        "     HTTP_STATUS recorded 250 ms"
    ]
    bare = replace(
        failure,
        step=0,
        title="",
        place=None,
        excerpt=(),
        checks=(),
        detail=(),
        script=None,
        calls=FULL.calls[:1],
    )
    assert to_plain_english(render_failure(bare)).splitlines() == [
        "采购: 第一行 第二行 第三行",
        "",
        "  calls: 1, in virtual time",
        "  #1 crm.get_order  GET https://crm.test/1",
        '     200 recorded 250 ms  {"编号": 1}',
        "",
        "rerun: bpmax-sim run 单.yaml",
    ]
    assert (
        render_failure(replace(bare, calls=(), rerun="", title="收尾"))
        == "收尾: 第一行 第二行 第三行"
    )


def test_a_long_text_is_cut_to_25_lines_of_100_characters() -> None:
    lines = to_plain_english(render_failure(FULL)).splitlines()

    assert lines[:22] == [
        "step 2/3 选择 客户 12345: 第一行 第二行 第三行",
        "  at 单.yaml:33:19",
        "",
        "    9 | steps:",
        ">  33 |   set: " + "x" * 84 + "…",
        "  100 |",
        "",
        *(f"  细节{n}" for n in range(1, 12)),
        "    … 3 more lines",
        "",
        "  4 wrong, 4 right",
        "  … 16 more lines",
    ]
    assert lines[22:] == ["", "script: 脚本.js:11:3   form.a = 1;", "rerun: bpmax-sim run 单.yaml"]
    assert (len(lines), max(map(len, lines))) == (25, 100)
    short = to_plain_english(render_failure(replace(FULL, detail=(), excerpt=()))).splitlines()
    assert short[3:12] == [
        "  4 wrong, 4 right",
        *(f"  × form.字段{n}   expected 1   got 2" for n in (1, 3, 5, 7)),
        "  √ form.字段2   expected 1",
        "  √ form.字段4   expected 1",
        "    … 2 more",
        "",
    ]
    assert (short[13], short[-4]) == ("  #1 crm.get_order  GET https://crm.test/1", "  … 1 more")


def test_the_whole_text_has_every_line_and_how_a_call_differs() -> None:
    recording = RecordingMatch(
        file="单.yaml", exchange=1, line=3, played=False,
        differs=({"path": "query.页", "recorded": "1", "sent": "2"}, {"path": "body.额", "sent": None}, {"path": "body.号", "recorded": 0}),
    )  # fmt: skip
    played = structs.replace(recording, played=True)
    failure = replace(
        FULL, calls=(call(1, recording=recording), call(2, recording=played), *FULL.calls)
    )
    whole = to_plain_english(render_failure(failure, whole=True)).splitlines()

    assert whole[4] == ">  33 |   set: " + "x" * 200
    assert [line for line in whole if "more" in line] == []
    assert sum(line.startswith("  细节") for line in whole) == 14
    begin = whole.index("  #1 crm.get_order  GET https://crm.test/1")
    assert whole[begin + 1 : begin + 6] == [
        '     200 recorded 250 ms  {"编号": 1}',
        '     × query.页: recorded "1", sent "2"',
        "     × body.额: recorded nothing, sent null",
        "     × body.号: recorded 0, sent nothing",
        "  #2 crm.get_order  GET https://crm.test/2",
    ]
    assert [line[:5] for line in whole[begin + 6 : begin + 8]] == ["     ", "  #1 "]
    assert "query.页" not in render_failure(replace(failure, excerpt=(), detail=(), checks=()))


def test_long_lines_are_cut_where_they_say_nothing_more() -> None:
    marked = ExcerptLine(7, "a" * 90 + "KEY" + "b" * 90, marked=True)
    head = ">   7 | "
    found = {}
    for column in (1, 62, 63, 91):
        failure = Failure(
            kind="x",
            essence="错",
            place=Place("f", 7, column),
            excerpt=(marked, replace_line(marked)),
        )
        found[column] = render_failure(failure).splitlines()[3:5]
    plain = "    7 | " + marked.text[:91] + "…"
    assert found == {
        1: [head + marked.text[:91] + "…", plain],
        62: [head + marked.text[:91] + "…", plain],
        63: [head + "…" + marked.text[32:122] + "…", plain],
        91: [head + "…" + marked.text[60:150] + "…", plain],
    }
    failure = Failure(
        kind="x", essence="错" * 400, step=1, total=1, title="名" * 70, script=Place("s" * 80, 1, 1), script_text="c" * 90,
        checks=(
            compare(1, ok=False, expected='"' + "甲" * 60 + '"', actual='"' + "甲" * 59 + '乙"'),
            compare(20, ok=False, expected="e" * 31, actual="a" * 31), compare(3, ok=False, expected="e" * 31, actual="a" * 32),
        ),
    )  # fmt: skip
    lines = to_plain_english(render_failure(failure)).splitlines()
    assert lines[0] == f"step 1/1 {'名' * 59}…: {'错' * 299}…"
    assert lines[-1] == f"script: {'s' * 80}:1:1   {'c' * 26}…"
    assert lines[3:8] == [
        '  × form.字段1    expected "' + "甲" * 60 + '"',
        '                     got "' + "甲" * 59 + '乙"',
        f"  × form.字段20   expected {'e' * 31}   got {'a' * 31}",
        f"  × form.字段3    expected {'e' * 31}   got {'a' * 32}",
        "",
    ]


def replace_line(line: ExcerptLine) -> ExcerptLine:
    return structs.replace(line, marked=False)


def test_lines_have_their_styles_and_warnings_their_places() -> None:
    lines = ("step 1/2 甲: 乙", "> 33 | x", "  × a", "  √ b", "    × c", "script: x", "")
    assert [choose_failure_line_style(line, number) for number, line in enumerate(lines)] == [
        "red bold", "red", "red", "green", "", "", "",
    ]  # fmt: skip
    assert [str(RunWarning("name", "甲", place)) for place in (None, Place("单.yaml", 3, 4))] == [
        "甲",
        "单.yaml:3:4: 甲",
    ]
    assert RunWarning("name", "甲").category.__name__ == "UnknownNameWarning"
    assert (format_headline(0, 3, "甲", "乙"), format_headline(3, 3, "甲", "乙")) == (
        "甲: 乙",
        "step 3/3 甲: 乙",
    )


TEXT = "scenario: 甲\nsteps:\n  - set:\n      金额: 1\n  - js: a\n\nuse: 一.yaml\n"


def test_a_value_has_the_place_of_its_key_or_of_what_is_above() -> None:
    source = ScenarioSource(
        Path("单.yaml"), "单.yaml", parse_yaml(TEXT, "单.yaml"), tuple(TEXT.splitlines())
    )
    spot = Spot(source)
    paths: tuple[tuple[str | int, ...], ...] = (
        (), ("steps",), ("steps", 0), ("steps", 0, "set"), ("steps", 0, "set", "金额"), ("steps", 0, "set", "无", "x"), ("steps", 1),
        ("steps", 7), ("无",), ("steps", 1, "js", 0),
    )  # fmt: skip
    assert [(at.line, at.column) for at in (spot.at(*path).place for path in paths)] == [
        (1, 1), (2, 1), (3, 5), (3, 5), (4, 7), (3, 5), (5, 5), (2, 1), (1, 1), (5, 5),
    ]  # fmt: skip
    elements = [[(value, one.steps) for value, one in spot.at(key).locate_elements(values)] for key, values in (
        ("steps", ("a", "b")), ("use", ("一.yaml",)), ("无", ("x", "y")), ("steps", ()),
    )]  # fmt: skip
    assert elements == [
        [("a", ("steps", 0)), ("b", ("steps", 1))],
        [("一.yaml", ("use",))],
        [("x", ("无",)), ("y", ("无",))],
        [],
    ]
    assert spot.resolve_file_name("二.yaml") == Path("二.yaml")


def test_an_excerpt_has_the_step_and_the_lines_around() -> None:
    other = ScenarioSource(
        Path("零件.yaml"), "零件.yaml", parse_yaml("a: 1", "零件.yaml"), ("一", "二", "三", "四")
    )
    source = ScenarioSource(
        Path("单.yaml"),
        "单.yaml",
        parse_yaml(TEXT, "单.yaml"),
        tuple("abcdefg"),
        {"零件.yaml": other},
    )
    found = {
        (start, failing): [
            (one.number, one.text, one.marked)
            for one in source.make_excerpt(Place("单.yaml", start), Place("单.yaml", failing))
        ]
        for start, failing in ((1, 5), (2, 3), (4, 4), (0, 1), (6, 7), (7, 9))
    }
    assert found == {
        (1, 5): [(1, "a", False), (4, "d", False), (5, "e", True), (6, "f", False)],
        (2, 3): [(2, "b", False), (3, "c", True), (4, "d", False)],
        (4, 4): [(4, "d", True), (5, "e", False)],
        (0, 1): [(1, "a", True), (2, "b", False)],
        (6, 7): [(6, "f", False), (7, "g", True)],
        (7, 9): [(7, "g", False)],
    }
    inside = source.make_excerpt(Place("单.yaml", 1), Place("零件.yaml", 2))
    assert [str(one) for one in inside] == [">   2 | 二", "    3 | 三"]
    nowhere = source.make_excerpt(Place("单.yaml", 1), Place("别.yaml", 2))
    assert [one.text for one in nowhere] == ["a", "b", "c"]
    assert (source.text, source.text_of_all_files) == (
        "a\nb\nc\nd\ne\nf\ng",
        "a\nb\nc\nd\ne\nf\ng\n一\n二\n三\n四",
    )


def test_a_script_is_read_again_when_it_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path, place = Path("开.js"), Place("单.yaml", 3, 4)
    path.write_bytes("\ufeffform.a = 1".encode())
    assert (read_script(path, place).source, read_script(path, place).name) == (
        "form.a = 1",
        "开.js",
    )
    path.write_text("form.b = 2", encoding="utf-8")
    os.utime(path, ns=(1, 1))
    assert read_script(path, place).source == "form.b = 2"
    Path("坏.js").write_bytes(b"\xff\xfe")
    found = []
    for name in ("审批完成.js", "开1.js", "坏.js"):
        with pytest.raises(ConfigError) as caught:
            read_script(Path(name), place)
        found.append(to_plain_english(str(caught.value)))
    missing = "No such file or directory"
    assert found == [
        f"单.yaml:3:4: script 审批完成.js cannot be read: {missing}",
        f"单.yaml:3:4: script 开1.js cannot be read: {missing}; did you mean '开.js'?",
        "单.yaml:3:4: script 坏.js cannot be read: it is not UTF-8",
    ]
