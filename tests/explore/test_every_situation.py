"""Each kind of failure in each situation, and each order: the verdict, as one transcript.

``python -m tests.explore.test_every_situation`` writes the transcript anew; its changes are
reviewed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from msgspec.structs import replace

from bpmax_sim.errors import Place
from bpmax_sim.explore.failures import PossibleFailure
from bpmax_sim.explore.judge import Judgement, judge_failure
from bpmax_sim.explore.order_judge import judge_order
from bpmax_sim.explore.orders import Interruption
from bpmax_sim.explore.run_view import ObservedCall, RunView
from bpmax_sim.i18n import to_plain_english
from bpmax_sim.scenario.events import CallAnswered, ErrorThrown, Event
from tests.explore.views import (
    LINE,
    failing,
    hook,
    made,
    ordered,
    seen,
    shown,
    step,
    thrown,
    written,
)

TRANSCRIPT = Path(__file__).parents[1] / "data/every_situation.txt"
THERE = Place("工具.js", 9, 3)
CALLS: Final[Mapping[str, Callable[..., ObservedCall]]] = {
    "read": lambda **more: made(begin=2, end=4, **more),
    "write": lambda **more: ordered(2, 4, **more),
    "login": lambda **more: made("crm.login", 2, 4, is_login=True, **more),
}
FAILURES: Final[Mapping[str, Mapping[str, Any]]] = {
    "lost": {},
    "executed": {"is_executed": True},
    "empty": {"is_executed": True, "is_rejected": False},
    "member": {"is_executed": True, "lacks_member": True},
    "member shown": {"is_executed": True, "lacks_member": True, "shown_by": "declared"},
    "code shown": {"is_refusal": True, "shown_by": "recorded"},
}
SAME: Final = {"form.客户": "张三", "form.好": True}
LATER: Final = [made("crm.查订单", 6, 7, numbers=frozenset({"7"}), collection=("orders",))]
REST: Final = frozenset({"broken", "exceeded", "misses", "idle"})
WRONG: Final = ErrorThrown(type="RangeError", message="坏了", source="script", place=THERE, at=1.0)
SITUATIONS: Final[Mapping[str, Mapping[str, Any]]] = {
    # what the step is like before and after, and what else the runs have
    "nothing differs": {},
    "another value": {"after": {"form.客户": "李四"}},
    "no value": {"after": {"form.客户": None}},
    "a text that says so": {"after": {"form.客户": "查询失败"}},
    "a text that says so, and another value": {
        "after": {"form.客户": "查询失败", "form.等级": "甲"}
    },
    "undefined in a text": {"after": {"form.客户": "你好undefined"}},
    "undefined as before": {
        "before": {"form.客户": "null 元"}, "after": {"form.客户": "undefined 元"},
    },
    "undefined in an error text": {"after": {"form.客户": "出错: undefined"}},
    "NaN": {"after": {"form.客户": float("nan")}},
    "NaN as before": {
        "before": {"form.客户": float("nan")}, "after": {"form.客户": float("nan")},
    },
    "a flag is off": {"after": {"form.好": False}},
    "a state is on": {"after": {"fields.客户.required": True}},
    "a state is gone": {
        "before": {"fields.客户.required": True}, "after": {"fields.客户.required": None},
    },
    "another node": {"before": {"flow.node": "审批"}, "after": {"flow.node": "退回"}},
    "a result that says so": {
        "before": {"result": {"ok": True}}, "after": {"result": {"ok": False}},
    },
    "a result with a reason": {"after": {"result": {"原因": "超限"}}},
    "an empty result": {"before": {"result": [1]}, "after": {"result": []}},
    "another result": {"before": {"result": [1]}, "after": {"result": [2]}},
    "a message": {"messages": (shown("查询失败", "error"),)},
    "a message of success": {"messages": (shown("已选客户", "success"),)},
    "a message with another value": {
        "old": (shown("已选客户张三"),), "messages": (shown("已选客户李四"),),
    },
    "a message with undefined": {"messages": (shown("已选客户undefined"),)},
    "a message as before": {"old": (shown("稍后"),), "messages": (shown("稍后"),)},
    "a message once more": {"old": (shown("稍后"),), "messages": (shown("稍后"),) * 2},
    "an empty message": {"messages": (shown("", "error"),)},
    "a warning in the console": {"console": (shown("慢", "warning"),)},
    "a line in the console": {"console": (shown("慢", "log"),)},
    "a crash": {"errors": (thrown("TypeError"),)},
    "a crash of a person's action": {"errors": (thrown("TypeError", **{"from": "subject"}),)},
    "a crash at a known line": {"errors": (thrown("RangeError"),), "events": [hook(), WRONG]},
    "an error": {"errors": (thrown(),)},
    "an error that nobody handles": {"errors": (thrown(unhandled=True),)},
    "an error after an order": {"errors": (thrown(),), "calls": [ordered(6, 8, request="别的")]},
    "a crash after two orders": {
        "errors": (thrown("URIError"),),
        "calls": [ordered(6, 8, request="甲"), ordered(8, 9, request="乙")],
    },
    "an error after an order that failed": {
        "errors": (thrown(),), "calls": [ordered(6, 8, request="别的", error="TIMEOUT")],
    },
    "sent again": {"again": {}},
    "sent again in vain": {"again": {"error": "TIMEOUT"}},
    "sent again, another value": {"again": {}, "after": {"form.客户": "李四"}},
    "another call instead": {"calls": LATER},
    "another call instead, a fault": {"calls": [made("crm.查订单", 6, 7, source="fault")]},
    "another call as before": {"known": LATER, "calls": LATER},
    "a read of the same number": {
        "calls": [made("erp.查单", 6, 7, numbers=frozenset({"7"}))], "numbers": frozenset({"7"}),
    },
    "a read of the same number, another value": {
        "calls": [made("erp.查单", 6, 7, numbers=frozenset({"7"}))], "numbers": frozenset({"7"}),
        "after": {"form.客户": "李四"},
    },
    "a person was faster": {"events": [hook(), hook(), hook(), written(by="user")]},
    "a script was faster": {"events": [hook(), hook(), hook(), written()]},
    "a person was faster, another value": {
        "events": [hook(), hook(), hook(), written(by="user")], "after": {"form.客户": "李四"},
    },
    "a newer query": {"events": [hook()] * 4, "newer": 3},
    "a newer query after the answer": {"events": [hook()] * 6, "newer": 5},
    "a second query of one script": {"events": [written()] * 4, "newer": 3},
    "null in a text": {"after": {"form.客户": "共null元"}},
    "a text of 60 letters": {"after": {"form.客户": "长" * 60}},
    "a text of 61 letters": {"after": {"form.客户": "长" * 61}},
    "an empty text": {"after": {"form.客户": ""}},
    "a result of nothing": {"before": {"result": [1]}, "after": {"result": {}}},
    "a result without success": {"after": {"result": {"成功": False}}},
    "a crash of Python": {"errors": (thrown("TypeError", **{"from": "python"}),)},
    "an invariant and a limit": {"broken": [("value", 1), ("never", 2)], "exceeded": "timers"},
    "a limit and an order twice": {
        "exceeded": "calls", "calls": [ordered(6, request="甲"), ordered(7, request="甲")],
    },
    "what is not recorded and a crash": {
        "misses": ["erp.查单"], "errors": (thrown("TypeError"),),
    },
    "two orders twice": {
        "calls": [
            ordered(6, request="甲"), ordered(7, request="甲"),
            *(made("crm.建档", number, has_effect=True) for number in (8, 9)),
        ],
    },
    "an order while time passes as before": {
        "known": [ordered(1, request="甲"), ordered(8, request="甲", step="3")],
        "calls": [ordered(1, request="甲"), ordered(8, request="甲", step="3")], "idle": ["3"],
    },
    "the second of two calls": {"number": 2},
    "the second of two calls, sent again": {"number": 2, "again": {"request": "别的"}},
    "a newer query of what waits": {
        "events": [hook()] * 4, "known": [made("crm.查客户", 3, 4, number=2)],
    },
    "a newer query of what waits, after its answer": {
        "events": [hook()] * 7, "known": [made("crm.查客户", 6, 7, number=2)],
    },
    "an error of the next step after its order": {
        "next": {"errors": (thrown(),)}, "calls": [ordered(8, step="3", request="丙")],
    },
    "a read of the same number as before": {
        "calls": [made(name, 6, 7, numbers=frozenset({"7"})) for name in ("erp.查单", "crm.查单")],
        "known": [made(name, 6, 7, numbers=frozenset({"7"})) for name in ("erp.查单", "crm.查单")],
        "numbers": frozenset({"7"}),
    },
    "the client sent it again": {"struck": {"error": "", "source": "recorded"}},
    "a login after it": {"calls": [made("crm.login", 6, 7, number=2, is_login=True)]},
    "the next step tells it": {"next": {"messages": (shown("超时"),)}},
    "the next step differs": {"next": {"state": {"form.客户": "李四"}}},
    "the step before differs": {"previous": {"messages": (shown("超时"),)}},
}  # fmt: skip


def make_runs(
    call: ObservedCall, failure: PossibleFailure, situation: Mapping[str, Any]
) -> tuple[RunView, RunView]:
    """Return the run without *failure* of *call*, and that with it, in *situation*."""
    events: list[Event] = situation.get("events", [])
    rest = {part: situation[part] for part in REST & situation.keys()}
    waits = [made("crm.查客户", 1, 5)] if call.is_login else []
    known = [call, *waits, *situation.get("known", ())]
    if "newer" in situation:
        begin = situation["newer"]
        known.append(made(call.name, begin, begin + 1, number=2, has_effect=call.has_effect))
    error, source = ("", call.source) if failure.lacks_member else ("TIMEOUT", "fault")
    struck = made(
        call.name, 2, 4, has_effect=call.has_effect, is_login=call.is_login, error=error,
        source=source, numbers=call.numbers, number=call.number,
    )  # fmt: skip
    struck = replace(struck, **situation.get("struck", {}))
    first_of_two = replace(call, number=1, begin=0, end=1, request="另一个")
    earlier = [first_of_two] if call.number > 1 else []
    again = [
        made(
            call.name,
            5,
            6,
            number=call.number + 1,
            has_effect=call.has_effect,
            is_login=call.is_login,
            **more,
        )
        for more in ([situation["again"]] if "again" in situation else [])
    ]
    before = step("2", state={**SAME, **situation.get("before", {})},
                  messages=situation.get("old", ()))  # fmt: skip
    state = {**SAME, **situation.get("before", {}), **situation.get("after", {})}
    told = {part: situation.get(part, ()) for part in ("messages", "console", "errors")}
    after = step("2", state=state, **told)
    first, last = step("1", state=SAME), step("3", state=before.state)
    run = [
        step("1", **{"state": SAME, **situation.get("previous", {})}), after,
        step("3", **{"state": after.state, **situation.get("next", {})}),
    ]  # fmt: skip
    return (
        seen(first, before, last, calls=in_second_step([*earlier, *known]),
             events=events, idle=situation.get("idle", ())),
        seen(*run, events=events, **rest,
             calls=in_second_step([*earlier, struck, *waits, *again, *situation.get("calls", ())])),
    )  # fmt: skip


def in_second_step(calls: list[ObservedCall]) -> list[ObservedCall]:
    return [replace(call, step="2") if call.step == "1" else call for call in calls]


def tell(found: Judgement) -> str:
    place = "" if found.place == LINE else f" at {found.place}"
    marks = " shown" * found.is_shown + " recovered" * found.is_recovered
    expects = f" – {dict(found.failing_expectation)}" if found.failing_expectation else ""
    text = f": {to_plain_english(found.why)}" if found.why else ""
    return f"{found.verdict} {found.step}{marks}{place}{text}{expects}"


def tell_failures() -> Iterator[str]:
    """Yield, for each situation, the verdicts on all failures: each with those that have it."""
    for title, situation in SITUATIONS.items():
        yield f"## {title}"
        verdicts: dict[str, list[str]] = {}
        for kind, make in CALLS.items():
            numbers, number = situation.get("numbers", frozenset()), situation.get("number", 1)
            call = make(step="2", numbers=numbers, number=number)
            for name, more in FAILURES.items():
                failure = failing(call, **more)
                found = tell(judge_failure(*make_runs(call, failure, situation), failure))
                verdicts.setdefault(found, []).append(f"{kind} {name}")
        for found, names in verdicts.items():
            yield f"{found}\n    {', '.join(names)}"


LATE: Final = made(begin=1, end=6, step="2")
ENDS: Final = [CallAnswered(number=number, call="crm.查客户") for number in range(1, 4)]
BOTH: Final = [
    made(begin=0, end=6, step="2"), made(begin=1, end=3, step="2", number=2),
]  # fmt: skip
"""Of two calls of one API the older one ends last."""
LEFT: Final = Place("左.js", 2, 1)
RIGHT: Final = Place("右.js", 5, 1)
BY_OLDER: Final = [
    hook(), hook(), hook(), ENDS[1], written(place=LEFT), hook(), ENDS[0], written(place=RIGHT),
    written("等级", place=LEFT), written(by="user", place=THERE),
]  # fmt: skip
BY_NEWER: Final = [*BY_OLDER[:3], ENDS[1], hook(), hook(), hook(), written(place=RIGHT)]
OTHER: Final = {"form.客户": "李四"}
ORDERS: Final[Mapping[str, Mapping[str, Any]]] = {
    # state and lines of the second step, of one during it and of the last; and the rest of the run
    "nothing differs": {},
    "an invariant and a limit": {"broken": [("always", 3)], "exceeded": "calls"},
    "a limit and what is not recorded": {"exceeded": "jobs", "misses": ["crm.查客户"]},
    "an order twice and what is not recorded": {
        "calls": [ordered(1, step="2"), ordered(3, step="2")], "misses": ["crm.查客户"],
    },
    "an order twice, a key": {
        "calls": [ordered(1, step="2", key="甲"), ordered(3, step="2", key="甲")],
    },
    "an order in two steps": {"calls": [ordered(1, step="2"), ordered(3, step="3")]},
    "an order in two steps, in one time passes": {
        "calls": [ordered(1, step="2"), ordered(3, step="3")], "idle": ["3"],
    },
    "what is not recorded and another value": {"misses": ["a.b", "a.c"], "last": {"state": OTHER}},
    "another value at the end": {"last": {"state": OTHER}},
    "another value in between": {"second": {"state": OTHER}},
    "a value that is new": {"last": {"state": {**SAME, "form.等级": "甲"}}},
    "a value that is gone": {"last": {"state": {"form.好": True}}},
    "another result": {"last": {"state": {**SAME, "result": 1}}},
    "a state": {"last": {"state": {**SAME, "fields.明细.数量.required": True}}},
    "another node": {"last": {"state": {**SAME, "flow.node": "退回"}}},
    "an error and another value": {"second": {"errors": (thrown(),), "state": OTHER}},
    "an error as before": {"both": {"errors": (thrown(),)}},
    "a step more": {"more": {"state": OTHER}},
    "a refusal meanwhile and another value": {
        "inner": {"errors": (thrown(),)}, "last": {"state": OTHER},
    },
    "a message meanwhile and another value": {
        "inner": {"messages": (shown("请稍候"),)}, "last": {"state": OTHER},
    },
    "the console meanwhile and another value": {
        "inner": {"console": (shown("慢", "error"),)}, "last": {"state": OTHER},
    },
    "written by the older call": {"calls": BOTH, "events": BY_OLDER, "last": {"state": OTHER}},
    "written by the newer call": {"calls": BOTH, "events": BY_NEWER, "last": {"state": OTHER}},
    "written by the older call, another API": {
        "calls": [BOTH[0], made("crm.查订单", 1, 3, step="2")], "events": BY_OLDER,
        "last": {"state": OTHER},
    },
    "written after the answer of a login": {
        "calls": BOTH, "events": [*BY_OLDER[:7], ENDS[2], *BY_OLDER[7:]], "last": {"state": OTHER},
    },
    "written before any answer": {
        "calls": BOTH, "events": [written(place=LEFT), *BY_OLDER[1:4]], "last": {"state": OTHER},
    },
    "written at no line": {
        "calls": BOTH, "events": [*BY_OLDER[:7], written()], "last": {"state": OTHER},
    },
    "another field is written": {
        "calls": BOTH, "events": BY_OLDER, "last": {"state": {**SAME, "form.等级": "甲"}},
    },
}  # fmt: skip


def make_ordered_run(situation: Mapping[str, Any]) -> RunView:
    both = situation.get("both", {})
    steps = {
        "1": {"state": SAME},
        "2": {"state": SAME, **both, **situation.get("second", {})},
        **({"2.1": {"state": SAME, **situation["inner"]}} if "inner" in situation else {}),
        "3": {"state": SAME, **situation.get("last", {})},
        **({"4": situation["more"]} if "more" in situation else {}),
    }
    rest = {name: value for name, value in situation.items()
            if name in {"calls", "events", *REST}}  # fmt: skip
    return seen(*(step(key, **fields) for key, fields in steps.items()), **rest)


def tell_orders() -> Iterator[str]:
    """Yield, for each order, the verdict on it: each with the ways to look at it that have it."""
    interruption = Interruption(call=LATE, what="提交", is_again=False)
    twice = make_ordered_run({"calls": [ordered(1, step="2"), ordered(2, step="2")]})
    ways: dict[str, dict[str, Any]] = {
        "steps": {},
        "end": {"compares_end_only": True},
        "meanwhile": {"interruption": interruption},
        "base twice": {"base": twice},
    }
    for title, situation in ORDERS.items():
        yield f"## {title}"
        verdicts: dict[str, list[str]] = {}
        expected = make_ordered_run({name: situation[name] for name in situation if name == "both"})
        for way, options in ways.items():
            found = tell(judge_order(expected, make_ordered_run(situation), LATE, **options))
            verdicts.setdefault(found, []).append(way)
        for found, names in verdicts.items():
            yield f"{found}\n    {', '.join(names)}"


def tell_all() -> str:
    return "\n".join((*tell_failures(), "", "# orders", *tell_orders(), ""))


def test_each_failure_in_each_situation_is_judged_as_the_transcript_tells() -> None:
    assert tell_all() == TRANSCRIPT.read_text("utf-8")


def test_a_crash_is_an_error_of_the_engine_or_an_end_without_an_answer() -> None:
    types = (
        "TypeError", "ReferenceError", "RangeError", "SyntaxError", "InternalError", "URIError",
        "EvalError", "ScriptLimitError", "PendingPromise", "PendingPromiseError", "Error", "",
        "ValueError", "ApiError",
    )  # fmt: skip
    call = made(begin=1)
    verdicts = {
        name: judge_failure(
            seen(step(), calls=[call]), seen(step(errors=(thrown(name),)), calls=[call]),
            failing(call),
        ).verdict
        for name in types
    }  # fmt: skip
    assert verdicts == {
        **dict.fromkeys(types[:10], "crash"),
        **dict.fromkeys(types[10:], "handled"),
    }


if __name__ == "__main__":
    TRANSCRIPT.write_text(tell_all(), "utf-8")
