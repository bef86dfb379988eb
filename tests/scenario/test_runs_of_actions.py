# ruff: noqa: E501 - actions, one a line
"""What actions do in a run, with a session and a flow that only note what is asked of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bpmax_sim.errors import SubjectError
from bpmax_sim.scenario import action, actions
from bpmax_sim.scenario.action import Action, Performer
from bpmax_sim.scenario.actions import (
    ACTIONS,
    AddRow,
    Advance,
    CopyRow,
    Js,
    MoveRow,
    ProxyAction,
    Python,
    RemoveRow,
    RunAction,
    collect_action_texts,
    list_declared_actions,
)
from bpmax_sim.scenario.flow_actions import describe_person, to_flow_move
from bpmax_sim.scenario.model import Step
from bpmax_sim.script.failure import Script
from bpmax_sim.subject.form import FormSubject
from bpmax_sim.subject.hooks import FlowMove, Result
from tests.subject.stage import PlainStage


def perform(session: Any, *, subject: Any = None, folder: Path = Path(), **more: Any) -> Performer:
    return Performer(
        session=session,
        subject=subject,
        path=folder / "单.yaml",
        inline=more.pop("inline", {}),
        **more,
    )


def test_rows_are_added_copied_removed_and_moved() -> None:
    rows: list[Any] = ["a", "b", "c", "d"]
    assert [AddRow.change_rows(rows, at, {"row": row}) for at, row in ((0, {"x": 1}), (2, None), (4, {}))] == [
        [{"x": 1}, "a", "b", "c", "d"], ["a", "b", {}, "c", "d"], ["a", "b", "c", "d", {}],
    ]  # fmt: skip
    assert [CopyRow.change_rows(rows, at, {}) for at in (0, 3)] == [
        ["a", "a", "b", "c", "d"],
        ["a", "b", "c", "d", "d"],
    ]
    assert [RemoveRow.change_rows(rows, at, {}) for at in (0, 2)] == [
        ["b", "c", "d"],
        ["a", "b", "d"],
    ]
    assert [MoveRow.change_rows(rows, at, {"to": to}) for at, to in ((0, 2), (3, 1), (1, "3"), (2, 2))] == [
        ["b", "c", "a", "d"], ["a", "d", "b", "c"], ["a", "c", "d", "b"], rows,
    ]  # fmt: skip


def note(log: list[Any], entry: Any, result: Any) -> Any:
    """Add *entry* to *log*, and return *result*."""
    log.append(entry)
    return result


class Proxy:
    """Notes what is asked of a proxy."""

    def __init__(self, log: list[Any]) -> None:
        self.log = log

    def direct(self, api: str, *args: Any) -> str:
        self.log.append((api, *args))
        return "直接"

    def api(self, name: str) -> Proxy:
        self.log.append(name)
        return self

    def __getattr__(self, part: str) -> Callable[..., Any]:
        return lambda *value: note(self.log, (part, *value), self)


def test_a_call_without_a_script_gives_each_part_that_is_written() -> None:
    log: list[Any] = []

    def open_proxy(platform: str, **options: Any) -> Proxy:
        log.append((platform, options))
        return Proxy(log)

    performer = perform(SimpleNamespace(proxy=open_proxy))
    result = Result()
    ProxyAction.run(
        performer, {"call": "crm.a.b", "args": [], "instance": "x", "caller": "y"}, "s", result
    )
    assert (log, result.value) == (
        [("crm", {"instance_key": "x", "caller": "y"}), ("a.b",)],
        "直接",
    )
    log.clear()
    ProxyAction.run(
        performer,
        {"call": "crm.查", "body": None, "path": {}, "header": {"a": 1}, "query": {"b": 2}},
        "s",
        Result(),
    )
    assert log == [
        ("crm", {}),
        "查",
        ("path", {}),
        ("query", {"b": 2}),
        ("header", {"a": 1}),
        ("body", None),
        ("call",),
    ]


def test_a_script_is_run_with_its_arguments() -> None:
    log: list[Any] = []
    subject = SimpleNamespace(make_script_views=lambda: ("表", "境"))

    def run_script(script: Script, **more: Any) -> Any:
        log.append((script, more["form"], more["ctx"], more["libraries"], more["page"] is not None))
        return SimpleNamespace(
            value=7, errors=(), rejections=(), unawaited=(), console=(), error=None
        )

    library, file = Script("1", "库.js"), Script("2", "文.js")
    performer = perform(
        SimpleNamespace(run_script=run_script),
        inline={"文.js": file, "库.js": library},
        libraries=(library,),
    )

    def run(value: Any, *, with_subject: bool = False) -> tuple[Any, ...]:
        one = perform(
            performer.session,
            inline=performer.inline,
            libraries=(library,),
            subject=subject if with_subject else None,
        )
        result = SimpleNamespace(add_outcome=lambda _: None, set_value=log.append)
        Js.run(one, value, "步.js", cast("Result", result))
        assert log.pop() == 7
        return cast("tuple[Any, ...]", log.pop())

    assert run("return 1") == (Script("return 1", "步.js"), None, None, (library,), True)
    assert run("return 1", with_subject=True)[1:3] == ("表", "境")
    assert run({"file": "文.js"}) == (file, None, None, (library,), True)
    assert run({"file": "文.js", "args": {"甲": "一", "b": [1]}})[:4] == (
        file,
        None,
        None,
        (library, Script('const 甲 = "一";\nconst b = [1];\n', "步.js")),
    )
    assert run({"file": "文.js", "call": "算", "args": [1, "二", None]})[:4] == (
        Script('return await 算(1, "二", null);', "步.js"), None, None, (library, file),
    )  # fmt: skip
    assert run({"file": "库.js", "call": "算"})[3] == (library,)
    assert [Js.find_script_file(one) for one in ("x", {"file": "a.js"}, {"file": 5}, {})] == [
        None,
        "a.js",
        None,
        None,
    ]


def test_a_python_function_is_called_and_may_not_end_the_run(tmp_path: Path) -> None:
    (tmp_path / "步骤甲.py").write_text(
        "import sys\n\n\ndef 算(session, a=0, b=0):\n    return (a, b)\n\n\ndef 退(session, code=None):\n    sys.exit(code)\n", encoding="utf-8",
    )  # fmt: skip
    performer = perform(SimpleNamespace(redact=str), folder=tmp_path)
    values = []
    for value in ("步骤甲:算", {"call": "步骤甲:算", "args": {"b": 2, "a": 1}}):
        result = Result()
        Python.run(performer, value, "s", result)
        values.append(result.value)
    assert values == [(0, 0), (1, 2)]
    for code in (None, 0, "停"):
        with pytest.raises(SubjectError) as caught:
            Python.run(performer, {"call": "步骤甲:退", "args": {"code": code}}, "s", Result())
        assert (caught.value.code, str(caught.value)) == (
            "EXITED",
            f"python: 步骤甲:退 called sys.exit({code!r})",
        )


class Clock:
    """A clock, and a flow whose deadlines are at these times."""

    def __init__(self, *dues: float) -> None:
        self.time, self.dues, self.log = 100.0, [*dues], list[Any]()

    def now(self) -> float:
        return self.time

    def advance(self, seconds: float) -> None:
        assert seconds >= 0
        self.time += seconds
        self.log.append(seconds)

    def find_next_due(self) -> float | None:
        return self.dues[0] if self.dues else None

    def fire_due_deadlines(self, now: float) -> None:
        self.log.append(("due", now))
        self.dues.pop(0)


def test_time_stops_at_each_deadline_on_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(value: Any, *dues: float, is_flow: bool = True) -> list[Any]:
        clock = Clock(*dues)
        for module in (action, actions):
            monkeypatch.setattr(module, "FlowSubject", Clock)
        subject = clock if is_flow else None
        Advance.run(
            perform(SimpleNamespace(clock=clock, advance=clock.advance), subject=subject),
            value,
            "s",
            Result(),
        )
        assert clock.time == 130.0
        return clock.log

    assert run("30s", 90.0, 110.0, 130.0, 131.0) == [
        0,
        ("due", 100.0),
        10.0,
        ("due", 110.0),
        20.0,
        ("due", 130.0),
        0,
    ]
    assert run(30) == [30.0]
    assert run("30s", 110.0, is_flow=False) == [30.0]


def test_a_performer_names_the_action_that_lacks_its_subject() -> None:
    form = FormSubject(runner=PlainStage(), tell=lambda _: None)
    bare, formed = perform(None), perform(None, subject=form)

    assert formed.require_form("set") is formed.require_form_or_flow("set") is form
    for performer, method, code, said in (
        (bare, "require_form", "NO_FORM", "click needs a form"), (bare, "require_flow", "NO_FLOW", "click needs a flow"),
        (formed, "require_flow", "NO_FLOW", "click needs a flow"), (bare, "require_form_or_flow", "NO_SUBJECT", "click needs a form or a flow"),
    ):  # fmt: skip
        with pytest.raises(SubjectError) as caught:
            getattr(performer, method)("click")
        assert (caught.value.code, str(caught.value)) == (code, said)


class Noted(Action, frozen=True, kw_only=True):
    """Fails as its value says."""

    @classmethod
    def run(cls, performer: Performer, value: Any, script_name: str, result: Result) -> None:  # noqa: ARG003
        if isinstance(value, Exception):
            raise value
        result.set_value((value, script_name))


def test_errors_and_what_was_started_are_part_of_a_result() -> None:
    added: list[Any] = []

    def run(value: Any, kind: type[Action] | None = Noted, *, in_flight: bool = False) -> Result:
        performer = perform(SimpleNamespace(drain=lambda: note(added, "排", ())))
        method = performer.perform_in_flight if in_flight else performer.perform
        return method(kind, value, "步")

    refused = SubjectError("不", code="X")
    assert run(1).value == (1, "步")
    assert run(refused).errors == [refused]
    assert run(None, None).errors == []
    assert refused.__traceback__ is None
    [broken] = run(ValueError("坏")).errors
    assert (type(broken), broken.__traceback__ is not None) == (ValueError, True)
    assert len(added) == 4
    added.clear()
    assert (run(2, in_flight=True).value, added) == ((2, "步"), [])


def test_an_action_of_a_person_is_done_on_its_project() -> None:
    log: list[Any] = []

    class Flow:
        def find(self, project: str) -> Flow:
            log.append(project)
            return self

        def __getattr__(self, name: str) -> Callable[..., None]:
            return lambda *given: log.append((name, *given))

    performer = cast("Performer", SimpleNamespace(require_flow=lambda key: note(log, key, Flow())))
    for name, value in (
        ("approve", {"project": "用印#2"}),
        ("reject", None),
        ("return", {"to": "start"}),
        ("hand_over", {"to": "a"}),
        ("preview", None),
    ):
        ACTIONS[name].run(performer, value, "s", Result())
    none, start, other = (
        to_flow_move(None),
        to_flow_move({"to": "start"}),
        to_flow_move({"to": "a"}),
    )
    assert log == [
        "approve", "用印#2", ("decide", "approve", none), "reject", "", ("decide", "reject", none), "return", "", ("send_back", start),
        "hand_over", "", ("hand_over", other), "preview", ("preview", none),
    ]  # fmt: skip
    log.clear()
    player = SimpleNamespace(play=lambda _performer, _flow, until, _result: log.append(until))
    playing = cast("Performer", SimpleNamespace(require_flow=lambda _: Flow(), player=player))
    for value in (None, {"until": "审批"}, {}):
        ACTIONS["play"].run(playing, value, "s", Result())
    assert log == ["", "审批", ""]


def test_values_of_actions_of_people() -> None:
    assert to_flow_move("同意") == FlowMove(
        at="", by="", comment="同意", form={}, others=(), where="before", rule="all"
    )
    given = {
        "at": 5,
        "by": None,
        "comment": None,
        "form": {"a": 1},
        "to": "李四",
        "where": "after",
        "complete": 2,
        "project": "x",
    }
    assert to_flow_move(given) == FlowMove(
        at="5", by="", comment="", form={"a": 1}, others=("李四",), where="after", rule=2
    )
    assert to_flow_move(
        {"to": ["a", 5], "where": None, "form": None, "complete": None}
    ) == FlowMove(at="", by="", comment="", form={}, others=("a", 5), where="before", rule="all")
    assert to_flow_move(None) == to_flow_move({})
    people: Mapping[str, Any] = {"5": {"name": "王五", "id": "甲"}, "ceo": "赵总", "空": None}

    def fill(value: Any) -> Any:
        return (
            {"name": "填"}
            if value == {"name": "王五", "id": "甲"}
            else {"${x}": "ceo", "${无}": None}.get(value, value)
            if isinstance(value, str)
            else value
        )

    assert [describe_person(one, people, fill) for one in (5, "ceo", "${x}", "${无}", "空", "孙七", {"id": 1}, "", 0)] == [
        {"id": 5, "name": "填"}, {"id": "ceo", "name": "赵总"}, {"id": "ceo", "name": "赵总"}, {}, {"id": "空"}, {"id": "孙七"}, {"id": 1}, {"id": ""}, {"id": 0},
    ]  # fmt: skip
    assert describe_person("5", people, lambda value: value) == {"id": "甲", "name": "王五"}


def test_the_table_of_actions() -> None:
    assert RunAction.find_named_steps("填") == ("填", {})
    assert RunAction.find_named_steps({"steps": "填", "with": {"a": 1}}) == ("填", {"a": 1})
    assert RunAction.find_named_steps({"with": 5}) == ("", {})
    assert [*list_declared_actions(cast("Any", Step)(set={}, advance=1, approve=None))] == [
        name for name in ACTIONS if name in {"set", "advance", "approve"}
    ]
    texts = collect_action_texts()
    assert {*texts["Policy"]} < {*texts["Step"]} == {*ACTIONS}
    assert texts["AddRow"]["at"] == (
        "Number that the row gets, from 0; by default the last",
        "行号，从 0 起，默认加在最后",
    )


def test_deadlines_are_due_after_an_action_and_not_while_a_call_is_in_flight(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    log: list[Any] = []

    class Flow:
        def begin_action(self) -> Result:
            log.append("begin")
            return Result()

        @contextmanager
        def begin_concurrent_action(self) -> Iterator[Result]:
            yield note(log, "meanwhile", Result())

        def begin_branches_or_child_at_start(self) -> None:
            log.append("start")

        def fire_due_deadlines(self, now: float) -> None:
            log.append(now)

    monkeypatch.setattr(action, "FlowSubject", Flow)
    session = SimpleNamespace(clock=Clock(), drain=lambda: ())
    player = SimpleNamespace(record_task_arrivals=lambda _: log.append("tasks"))
    performer = perform(session, subject=Flow(), player=cast("Any", player))
    values = [
        method(Noted, None, "步").value
        for method in (performer.perform, performer.perform_in_flight)
    ]

    assert values == [(None, "步")] * 2
    assert log == ["begin", "start", 100.0, "tasks", "meanwhile", "start", "tasks"]
    with pytest.raises(SubjectError, match="click needs a form"):
        perform(None, subject=cast("Any", object())).require_form("click")
