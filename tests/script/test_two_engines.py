"""What two engines do is compared entry by entry, whatever the engines are."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from bpmax_sim.i18n import to_plain_english
from bpmax_sim.script.engine_comparison import BothEngines
from bpmax_sim.script.limits import EngineError

LOG = ["log", "info", 501, 3, "客户", ["客户"]]
CALL = ["call", 1, "crm", {}, "get", None, [7], 501, 3]
WRITE = ["write", 0, "金额", 5, 501, 3]
REFUSAL = ["refused", "crm", "get", "没有", 501, 3]
TIMER = ["timer", 1, 50, False, 501, 3]


def thrown(message: str = "坏", **fields: Any) -> dict[str, Any]:
    usual = {"name": "Error", "message": message, "raw": "    at <input>:501:9", "call": None}
    return {**usual, "cause": None, "fields": {}, **fields}


class Told:
    """An engine that answers what it is told to, and notes what it is asked."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.asked: list[str] = []

    def _answer(self, what: str) -> str:
        self.asked.append(what)
        if isinstance(self.answer, Exception):
            raise self.answer
        return str(self.answer)

    def load(self, source: str) -> None:
        self._answer(f"load {source}")

    def call(self, operation: str, argument: str) -> str:
        return self._answer(f"{operation} {argument}")

    def reset_time_limits(self) -> None:
        self.asked.append("reset")

    def close(self) -> None:
        self.asked.append("close")


def outbox(*entries: Any, done: Sequence[Any] = ()) -> str:
    return json.dumps({"out": entries, "done": done})


def compare(mine: Any, theirs: Any, operation: str = "run") -> tuple[str, str]:
    """Return message and stack of the difference, "" if there is none."""
    both = BothEngines(("甲", Told(mine)), ("乙", Told(theirs)))
    try:
        answer = both.call(operation, "{}")
    except EngineError as error:
        told = to_plain_english(f"{error.name}: {error.message}")
        return told.removeprefix("EngineDifference: the engines differ: "), error.raw
    return ("", "") if answer == mine else (answer, "")


HERE = "    at <input>:501:3"
DIFFERENCES: dict[str, tuple[str, str, tuple[str, str]]] = {
    # outboxes of both, and message and stack of the difference
    "nothing": (outbox(LOG), outbox(LOG), ("", "")),
    "the place": (outbox(LOG), outbox([*LOG[:2], 502, 9, *LOG[4:]]), ("", "")),
    "the text of a line": (
        outbox(LOG), outbox([*LOG[:4], "合同", ["客户"]]),
        ("甲: console.info '客户'; 乙: console.info '合同'", HERE),
    ),
    "the values of a line alone": (
        outbox(LOG), outbox([*LOG[:5], [1]]),
        (
            ("""甲: ('ConsoleEntry', ['"info"', '"客户"', '["客户"]']); """
            """乙: ('ConsoleEntry', ['"info"', '"客户"', '[1]'])"""),
            HERE,
        ),
    ),
    "the third entry": (
        outbox(LOG, LOG, WRITE), outbox(LOG, LOG, [*WRITE[:3], 6, *WRITE[4:]]),
        ("甲: 金额 = 5; 乙: 金额 = 6", HERE),
    ),
    "a line that only the first writes": (
        outbox(LOG), outbox(), ("甲: console.info '客户'; 乙: nothing", HERE),
    ),
    "a line that only the second writes": (
        outbox(), outbox(LOG), ("甲: nothing; 乙: console.info '客户'", HERE),
    ),
    "arguments of a call": (
        outbox(CALL), outbox([*CALL[:6], [8], *CALL[7:]]),
        ("甲: call crm.get [7]; 乙: call crm.get [8]", HERE),
    ),
    "a timer": (
        outbox(TIMER), outbox(["clear", 1]), ("甲: a timer of 50 ms; 乙: timer 1 cleared", HERE),
    ),
    "what a timer throws": (
        outbox(["uncaught", thrown()]), outbox(["uncaught", thrown("别的")]),
        ("甲: uncaught Error: 坏; 乙: uncaught Error: 别的", "    at <input>:501:9"),
    ),
    "the words of an engine": (
        outbox(["uncaught", thrown("x", name="TypeError")]),
        outbox(["uncaught", thrown("y", name="TypeError")]), ("", ""),
    ),
    "a cause": (
        outbox(["uncaught", thrown(cause=thrown("里"))]),
        outbox(["uncaught", thrown(cause=thrown("内"))]),
        (
            ("甲: ('uncaught', ('Error', '坏', None, ('Error', '里', None, None, '{}'), '{}')); "
            "乙: ('uncaught', ('Error', '坏', None, ('Error', '内', None, None, '{}'), '{}'))"),
            "    at <input>:501:9",
        ),
    ),
    "a cause that one lacks": (
        outbox(["uncaught", thrown(cause=thrown("里"))]), outbox(["uncaught", thrown()]),
        (
            ("甲: ('uncaught', ('Error', '坏', None, ('Error', '里', None, None, '{}'), '{}')); "
            "乙: ('uncaught', ('Error', '坏', None, None, '{}'))"),
            "    at <input>:501:9",
        ),
    ),
    "a member of an error": (
        outbox(["uncaught", thrown(fields={"code": 1})]),
        outbox(["uncaught", thrown(fields={"code": 2})]),
        (
            ("""甲: ('uncaught', ('Error', '坏', None, None, '{"code":1}')); """
            """乙: ('uncaught', ('Error', '坏', None, None, '{"code":2}'))"""),
            "    at <input>:501:9",
        ),
    ),
    "a refused call": (
        outbox(REFUSAL), outbox([*REFUSAL[:3], "别的", 501, 3]),
        ("甲: call crm.get 没有; 乙: call crm.get 别的", HERE),
    ),
    "a promise that is written": (
        outbox(["unresolved", 0, "金额", 501, 3]), outbox(["unresolved", 0, "客户", 501, 9]),
        ("甲: 金额 = Promise; 乙: 客户 = Promise", HERE),
    ),
    "a member of a promise": (
        outbox(["misread", 1, "data", 501, 3]), outbox(),
        ("甲: a read of data; 乙: nothing", HERE),
    ),
    "a member that is absent": (
        outbox(["absent", 0, "", "名", 501, 3]), outbox(["absent", 0, "明细", "名", 501, 3]),
        (
            ("""甲: ('AbsentMember', ['0', '""', '"名"']); """
            """乙: ('AbsentMember', ['0', '"明细"', '"名"'])"""),
            HERE,
        ),
    ),
    "random values": (
        outbox(["drew", 3]), outbox(["drew", 4]), ("甲: Math.random × 3; 乙: Math.random × 4", ""),
    ),
    "places of all that has one": (
        outbox(REFUSAL, CALL, WRITE, TIMER, ["misread", 1, "a", 1, 1], ["unresolved", 0, "a", 1, 1],
               ["absent", 0, "", "a", 1, 1]),
        outbox([*REFUSAL[:4], 9, 9], [*CALL[:7], 9, 9], [*WRITE[:4], 9, 9], [*TIMER[:4], 9, 9],
               ["misread", 1, "a", 9, 9], ["unresolved", 0, "a", 9, 9],
               ["absent", 0, "", "a", 9, 9]),
        ("", ""),
    ),
    "a character that one of them does not know": (
        outbox(["unranked", "𠮷", 501, 3], LOG), outbox(LOG), ("", ""),
    ),
    "what comes behind such a character": (
        outbox(["unranked", "𠮷", 501, 3], LOG), outbox(WRITE),
        ("甲: console.info '客户'; 乙: 金额 = 5", HERE),
    ),
    "what is returned": (
        outbox(done=[[1, True, 5]]), outbox(done=[[1, True, 6]]),
        ("甲: returned 5; 乙: returned 6", ""),
    ),
    "who goes on": (
        outbox(done=[[1, True, 5]]), outbox(), ("甲: returned 5; 乙: goes on", ""),
    ),
    "who has ended": (
        outbox(), outbox(done=[[1, True, 5]]), ("甲: goes on; 乙: returned 5", ""),
    ),
    "the second of two ends": (
        outbox(done=[[1, True, 5], [2, True, 5]]), outbox(done=[[1, True, 5], [2, True, 7]]),
        ("甲: returned 5; 乙: returned 7", ""),
    ),
    "who throws": (
        outbox(done=[[1, True, 5]]), outbox(done=[[1, False, thrown()]]),
        (
            "甲: returned 5; 乙: ('threw', ('Error', '坏', None, None, '{}'))",
            "    at <input>:501:9",
        ),
    ),
    "two syntax errors": (
        outbox(done=[[1, None, thrown("x")]]), outbox(done=[[1, None, thrown("y")]]), ("", ""),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", DIFFERENCES)
def test_the_first_difference_is_told(name: str) -> None:
    mine, theirs, told = DIFFERENCES[name]

    assert compare(mine, theirs) == told


@pytest.mark.parametrize(
    ("operation", "is_told"),
    [("run", True), ("settle", True), ("fire", True), ("probe", False), ("probed", False),
     ("end", False)],
)  # fmt: skip
def test_what_an_engine_knows_of_its_promises_is_its_own(operation: str, *, is_told: bool) -> None:
    assert bool(compare(outbox(LOG), outbox(), operation)[0]) == is_told


REFUSED = EngineError("TypeError", "坏了", "    at <input>:501:3")


@pytest.mark.parametrize(
    ("mine", "theirs", "told"),
    [
        (REFUSED, outbox(), ("甲: TypeError: 坏了; 乙: no error", REFUSED.raw)),
        (outbox(), REFUSED, ("甲: no error; 乙: TypeError: 坏了", REFUSED.raw)),
        (EngineError("E", "x" * 300), "", (f"甲: {('E: ' + 'x' * 300)[:200]}; 乙: no error", "")),
    ],
)
def test_an_error_of_one_engine_alone_is_a_difference(
    mine: Any, theirs: Any, told: tuple[str, str]
) -> None:
    assert compare(mine, theirs) == told


def test_an_error_of_both_is_that_of_the_first_and_both_are_asked_everything() -> None:
    engines = Told(REFUSED), Told(EngineError("RangeError", "别的"))
    both = BothEngines(("甲", engines[0]), ("乙", engines[1]))

    with pytest.raises(EngineError) as raised:
        both.load("1")
    both.reset_time_limits()
    both.close()

    assert raised.value is REFUSED
    assert [one.asked for one in engines] == [["load 1", "reset", "close"]] * 2
