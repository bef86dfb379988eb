from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from msgspec import structs

from bpmax_sim.errors import Place
from bpmax_sim.scenario.calls import CallMade
from bpmax_sim.scenario.expect import Comparison
from bpmax_sim.scenario.source import (
    ExcerptLine,
    Failure,
    ScenarioSource,
    choose_failure_line_style,
    find_differences,
    render_failure,
)
from bpmax_sim.session.sending_log import RecordingMatch
from bpmax_sim.yamlfile import parse_yaml

FAILURE = Failure(
    kind="expect",
    essence="form.discount expected 0.9, got 1",
    scenario="选择客户后回填联系人",
    step=2,
    total=3,
    title="选择客户 12345",
    place=Place("scenarios/选择客户.scenario.yaml", 33, 19),
    excerpt=(
        ExcerptLine(31, "  - id: pick"),
        ExcerptLine(33, "        discount: 0.9", marked=True),
    ),
    checks=(
        Comparison(("form", "customerName"), ok=True, expected='"张三"', actual='"张三"'),
        Comparison(("form", "discount"), ok=False, expected="0.9", actual="1"),
    ),
    calls=(
        CallMade(
            number=1,
            call="crm_system.get_customer_detail",
            method="GET",
            url="https://crm.example.test/customers/12345",
            status=200,
            source="recorded",
            response={"code": 200, "data": {"name": "张三"}},
            duration=0.012,
        ),
    ),
    script=Place("scripts/customer_form.js", 11),
    script_text="form.discount = 1;",
    rerun='pytest "选择客户.scenario.yaml::选择客户后回填联系人"',
)


def test_the_text_tells_everything_headline_first() -> None:
    assert render_failure(FAILURE).splitlines() == [
        "step 2/3 选择客户 12345: form.discount expected 0.9, got 1",
        "  at scenarios/选择客户.scenario.yaml:33:19",
        "",
        "   31 |   - id: pick",
        ">  33 |         discount: 0.9",
        "",
        "  1 wrong, 1 right",
        "  × form.discount       expected 0.9   got 1",
        '  √ form.customerName   expected "张三"',
        "",
        "  calls of this step: 1, in virtual time",
        "  #1 crm_system.get_customer_detail  GET https://crm.example.test/customers/12345",
        '     200 recorded 12 ms  {"code": 200, "data": {"name": "张三"}}',
        "",
        "script: scripts/customer_form.js:11   form.discount = 1;",
        'rerun: pytest "选择客户.scenario.yaml::选择客户后回填联系人"',
    ]


def test_a_failure_of_the_whole_scenario_is_headed_by_its_name() -> None:
    failure = Failure(kind="unplayed", essence="2 exchanges were not played", scenario="回填[甲]")

    assert failure.headline == render_failure(failure) == "回填[甲]: 2 exchanges were not played"


def test_a_rejected_call_shows_its_code() -> None:
    call = structs.replace(FAILURE.calls[0], status=None, source="", error="TIMEOUT", duration=30)

    assert "     TIMEOUT 30 s" in render_failure(replace(FAILURE, calls=(call,))).splitlines()


@pytest.mark.parametrize("count", [0, 1, 5, 40])
def test_the_text_never_has_more_than_25_lines(count: int) -> None:
    failure = replace(
        FAILURE,
        excerpt=FAILURE.excerpt * count,
        checks=FAILURE.checks * count,
        calls=FAILURE.calls * count,
        detail=("一行",) * count,
    )

    lines = render_failure(failure).splitlines()

    assert len(lines) <= 25
    assert lines[0] == FAILURE.headline
    assert lines[-1] == f"rerun: {FAILURE.rerun}"


def test_long_lines_are_cut_but_never_a_command() -> None:
    long = "很长" * 100
    command = f'pytest "{long}" --bpmax-mode=record'
    failure = replace(
        FAILURE, excerpt=(ExcerptLine(1, long),), script_text=long, rerun=command, detail=(command,)
    )

    lines = render_failure(failure).splitlines()

    assert lines[3].endswith("…")
    assert len(lines[3]) == 100
    assert f"  {command}" in lines
    assert f"rerun: {command}" in lines


def test_our_own_words_stay_inside_gbk() -> None:
    text = render_failure(replace(FAILURE, checks=FAILURE.checks * 40, calls=FAILURE.calls * 40))

    assert text.encode("gbk").decode("gbk") == text


def test_a_long_line_is_shown_around_its_key_behind_its_number() -> None:
    text = "".join(chr(0x4E00 + number) for number in range(200))
    line = ExcerptLine(7, text, marked=True)
    failure = replace(FAILURE, place=Place("甲.yaml", 7, 151), excerpt=(line,), checks=(), calls=())

    shown = next(one for one in render_failure(failure).splitlines() if one.startswith(">"))

    assert shown == f">   7 | …{text[120:]}"


def read_lines(file: str, count: int) -> ScenarioSource:
    """Return a file of *count* lines, each with its number."""
    text = "".join(f"第{number}行:\n" for number in range(1, count + 1))
    return ScenarioSource(Path(file), file, parse_yaml(text, file), tuple(text.splitlines()))


@pytest.mark.parametrize(
    ("start", "failing", "shown"),
    [
        (1, 1, "1> 2"),
        (3, 3, "3> 4"),
        (3, 4, "3 4> 5"),
        (3, 5, "3 4 5> 6"),
        (3, 7, "3 6 7> 8"),
        (3, 9, "3 8 9>"),
        (9, 9, "9>"),
        (0, 0, "1"),
        (3, 10, "3 9"),
    ],
)
def test_an_excerpt_has_the_first_line_of_a_step_and_those_around_the_key(
    start: int, failing: int, shown: str
) -> None:
    lines = read_lines("甲.yaml", 9).make_excerpt(
        Place("甲.yaml", start, 1), Place("甲.yaml", failing, 5)
    )

    assert " ".join(f"{one.number}{'>' * one.marked}" for one in lines) == shown
    assert [one.text for one in lines] == [f"第{one.number}行:" for one in lines]


def test_an_excerpt_of_another_file_has_only_lines_of_that_one() -> None:
    own = structs.replace(
        read_lines("甲.yaml", 9), others={"默认.yaml": read_lines("默认.yaml", 4)}
    )

    lines = own.make_excerpt(Place("甲.yaml", 2, 1), Place("默认.yaml", 3, 1))

    assert lines == (ExcerptLine(3, "第3行:", marked=True), ExcerptLine(4, "第4行:"))


def differing(*, played: bool = False) -> RecordingMatch:
    """Return a recording that differs from what was sent in three places."""
    places = (
        {"path": "body.金额", "recorded": 0, "sent": "0"},
        {"path": "query.页", "sent": None},
        {"path": "header.X-Id", "recorded": ""},
    )
    return RecordingMatch(file="单.yaml", exchange=2, line=9, played=played, differs=places)


@pytest.mark.parametrize(
    ("recording", "found"),
    [
        (None, []),
        (differing(played=True), []),
        (
            differing(),
            [("body.金额", "0", '"0"'), ("query.页", "", "null"), ("header.X-Id", '""', "")],
        ),
    ],
)
def test_a_call_differs_from_the_recording_that_is_nearest(
    recording: RecordingMatch | None, found: list[tuple[str, str, str]]
) -> None:
    call = structs.replace(FAILURE.calls[0], recording=recording)
    failure = replace(FAILURE, calls=(call,))

    assert list(find_differences(call)) == found
    shown = [one for one in render_failure(failure, whole=True).splitlines() if "recorded " in one]
    assert [one for one in shown if "sent" in one] == [
        f"     × {path}: recorded {recorded or 'nothing'}, sent {sent or 'nothing'}"
        for path, recorded, sent in found
    ]
    assert "sent" not in render_failure(failure)


@pytest.mark.parametrize(
    ("count", "calls", "checks"),
    [
        (1, [], []),
        (3, [], []),
        (4, ["  … 1 more"], ["    … 2 more"]),
        (9, ["  … 6 more"], ["    … 12 more"]),
    ],
)
def test_of_many_calls_and_comparisons_the_rest_is_counted(
    count: int, calls: list[str], checks: list[str]
) -> None:
    only_calls = render_failure(replace(FAILURE, calls=FAILURE.calls * count, checks=()))
    only_checks = render_failure(replace(FAILURE, checks=FAILURE.checks * count, calls=()))

    assert [one for one in only_calls.splitlines() if "more" in one] == calls
    assert [one for one in only_checks.splitlines() if "more" in one] == checks
    assert f"  calls of this step: {count}, in virtual time" in only_calls.splitlines()
    assert f"  {count} wrong, {count} right" in only_checks.splitlines()
    assert only_checks.count("×") == min(count, 6)  # the failed ones are shown first


@pytest.mark.parametrize(
    ("count", "kept", "more"), [(0, 0, ""), (12, 12, ""), (13, 11, "2"), (40, 11, "29")]
)
def test_of_many_details_the_last_line_counts_those_left_out(
    count: int, kept: int, more: str
) -> None:
    details = tuple(f"第 {number} 行" for number in range(count))
    bare = Failure(kind="miss", essence="无", scenario="单", detail=details)

    body = render_failure(bare).splitlines()[2:]

    told = [f"    … {more} more lines"] if more else []
    assert body == [*(f"  {one}" for one in details[:kept]), *told]


@pytest.mark.parametrize(
    ("line", "number", "style"),
    [
        ("step 1/2 选择客户: 坏了", 0, "red bold"),
        (">  33 |     discount: 0.9", 4, "red"),
        ("   31 |   - id: pick", 3, ""),
        ("  × form.discount   expected 0.9", 7, "red"),
        ("  √ form.customerName", 8, "green"),
        ("     × body.金额: recorded 1", 9, ""),
        ("", 2, ""),
    ],
)
def test_a_line_is_coloured_by_how_it_begins(line: str, number: int, style: str) -> None:
    assert choose_failure_line_style(line, number) == style
