from __future__ import annotations

from dataclasses import replace

import pytest
from msgspec import structs

from bpmax_sim.errors import Place
from bpmax_sim.scenario.calls import CallMade
from bpmax_sim.scenario.expect import Comparison
from bpmax_sim.scenario.source import ExcerptLine, Failure, render_failure

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
    rerun="pytest '选择客户.scenario.yaml::选择客户后回填联系人'",
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
        "rerun: pytest '选择客户.scenario.yaml::选择客户后回填联系人'",
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
    command = f"pytest '{long}' --bpmax-mode=record"
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
