"""Rows and columns of tables, which script of an event is the last, and what is due first."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET

from bpmax_sim.errors import SubjectError
from bpmax_sim.i18n import translate
from bpmax_sim.subject.definition import Deadline, FlowNode
from bpmax_sim.subject.form import (
    FormSubject,
    check_row,
    find_changed_columns,
    find_value_at_steps,
    replace_at,
    to_table_rows,
)
from tests.subject.stage import PlainStage, Play
from tests.subject.test_whole_flows import END, Story

TABLE = ({"品名": "钢", "价": {"元": 3}}, {"品名": "铝"}, "合计")


def refusal(call: Any, *arguments: Any, **more: Any) -> Any:
    try:
        return call(*arguments, **more)
    except SubjectError as error:
        return f"{error.code}: {translate(str(error))}"


def test_a_place_in_a_table_is_read_and_replaced() -> None:
    places: list[tuple[Any, ...]] = [
        (1,), (1, "品名"), (0, "价", "元"), (3,), (0, "无"), (2, "品名"), ("品名",),
    ]  # fmt: skip

    assert [find_value_at_steps([*TABLE], one) for one in places] == [
        find_value_at_steps(TABLE, one) for one in places
    ]
    assert [find_value_at_steps(TABLE, one) for one in places] == [
        {"品名": "铝"}, "铝", 3, UNSET, UNSET, UNSET, UNSET,
    ]  # fmt: skip
    first, second, third = TABLE
    assert [refusal(replace_at, TABLE, one, 9, "明细") for one in places] == [
        [first, 9, third],
        [first, {"品名": 9}, third],
        [{"品名": "钢", "价": {"元": 9}}, second, third],
        "NO_ROW: 明细: no row 3; there are rows 0 to 2, add_row adds one",
        [{"品名": "钢", "价": {"元": 3}, "无": 9}, second, third],
        "NO_MEMBER: 明细: '合计' has no member '品名'",
        f"NO_MEMBER: 明细: {[*TABLE]!r} has no member '品名'",
    ]
    assert TABLE[0] == {"品名": "钢", "价": {"元": 3}}
    values: list[Any] = [None, "", [], (1,), 0, {}, "x"]
    assert [refusal(to_table_rows, one, "明细") for one in values] == [
        [], [], [], [1],
        "NOT_A_TABLE: 明细: expected a table, that is a list of rows, got 0",
        "NOT_A_TABLE: 明细: expected a table, that is a list of rows, got {}",
        "NOT_A_TABLE: 明细: expected a table, that is a list of rows, got 'x'",
    ]  # fmt: skip
    rows = [(0, 0, 0), (0, 0, 1), (0, 1, 1), (2, 1, 0), (2, 2, 0), (2, 2, 1), (2, 3, 1), (1, 1, 0)]
    assert [
        refusal(check_row, [{}] * size, number, "明细", extra_rows=extra)
        for size, number, extra in rows
    ] == [
        "NO_ROW: 明细: no row 0; there are no rows, add_row adds one",
        None,
        "NO_ROW: 明细: no row 1; there are no rows, add_row adds one",
        None,
        "NO_ROW: 明细: no row 2; there are rows 0 to 1, add_row adds one",
        None,
        "NO_ROW: 明细: no row 3; there are rows 0 to 1, add_row adds one",
        "NO_ROW: 明细: no row 1; there is row 0 alone, add_row adds one",
    ]


def test_the_columns_that_differ_stand_in_the_order_of_the_new_table() -> None:
    old = [{"甲": 1, "乙": 2, "丙": 3}, {"甲": 1}]
    tables: list[tuple[Any, Any]] = [
        (old, [{"丁": 1, "丙": 4, "甲": 2}]),
        (old, ({"甲": 1, "乙": 2, "丙": 3}, {"甲": 1})),
        (tuple(old), [{"甲": 1, "乙": 2, "丙": 3}, {"甲": 1, "乙": None}]),
        (old, [*old, {}]), (None, old), (old, None), ("x", [1, {"甲": 1}]), (old, [*old, 5]),
    ]  # fmt: skip

    assert [list(find_changed_columns(*pair)) for pair in tables] == [
        ["丁", "丙", "甲", "乙"], [], ["乙"], ["甲", "乙", "丙"], ["甲", "乙", "丙"],
        ["甲", "乙", "丙"], ["甲"], ["甲", "乙", "丙"],
    ]  # fmt: skip


def test_scripts_of_an_event_run_until_one_fails_or_says_no() -> None:
    def run(event: str, *values: Any) -> tuple[Any, bool, int]:
        results = iter(values)
        plays: dict[str, Play] = dict.fromkeys(
            (f"{number}.js" for number in range(len(values))), lambda _form, _ctx: next(results)
        )
        stage = PlainStage(plays)
        scripts = tuple(script for (script,) in stage.scripts(*stage.plays).values())
        form = FormSubject(runner=stage, tell=stage.told.append, scripts={event: scripts})
        result = form.submit() if event == "submit" else form.fire(event)
        return result.value, result.refused, len(stage.ran)

    assert {
        values: run(event, *values)
        for event, values in [
            ("open", (1, 0, "", None, 7)), ("open", (1, False, 7)), ("open", ("原因", 7)),
            ("submit", (None, True, None)), ("submit", (True, "原因", 7)), ("submit", (False, 7)),
        ]
    } == {
        (1, 0, "", None, 7): (7, False, 5), (1, False, 7): (False, False, 2),
        ("原因", 7): (7, False, 2), (None, True, None): (None, False, 3),
        (True, "原因", 7): ("原因", True, 2), (False, 7): (False, True, 1),
    }  # fmt: skip


def test_what_is_due_first_passes_first_in_whatever_order_the_nodes_stand() -> None:
    nodes = {
        "分": FlowNode(parallel=("技术", "商务", "法务"), join="汇"),
        "技术": FlowNode(owners=("甲",), approve="汇", deadline=Deadline(after=50, then="notify")),
        "商务": FlowNode(owners=("乙",), approve="汇", deadline=Deadline(after=30, then="approve")),
        "法务": FlowNode(owners=("丙",), approve="汇", deadline=Deadline(after=40, to="汇")),
        "汇": FlowNode(owners=("丁",), approve="止", deadline=Deadline(after=20, then="reject")),
        "止": END,
    }  # fmt: skip
    story = Story(nodes, settings={})
    story.do("create", by="张三")
    story.lines.clear()

    due = [story.flow.find_next_due()]
    story.do("deadlines", seconds=29.5)
    due.append(story.flow.find_next_due())
    story.do("deadlines", seconds=40)
    due.append(story.flow.find_next_due())

    assert due == [30.0, 30.0, None]
    assert story.lines == [
        "deadlines after 29.5 s",
        "deadlines after 40 s",
        "  DeadlinePassed node='商务' does='approve'",
        "  PersonActed node='商务' action='deadline' by=''",
        "  PersonActed node='商务' action='approve' by=''",
        "  RouteEvaluated node='商务' action='approve' to='汇' taken=True",
        "  BranchArrived join='汇' node='商务' branch='商务' waiting=('技术', '法务')",
        "  DeadlinePassed node='法务' does='go to 汇'",
        "  PersonActed node='法务' action='deadline' by=''",
        "  BranchArrived join='汇' node='法务' branch='法务' waiting=('技术',)",
        "  DeadlinePassed node='技术' does='notify'",
        "  PersonActed node='技术' action='deadline' by=''",
        "  NotificationSent kind='deadline' to=('甲',) text='' node='技术'",
        "  = at: '技术'",
        "  = owners: ['甲']",
        "  = pending: ['甲']",
        "  = notified: [{'kind': 'deadline', 'to': ['甲'], 'node': '技术'}]",
        "  = delay_level: 1",
    ]
