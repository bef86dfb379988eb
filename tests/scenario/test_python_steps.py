"""What a step calls in Python: the module, the function in it, and what the function is given."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from bpmax_sim import fuzz
from bpmax_sim.errors import SubjectError
from bpmax_sim.scenario.python_step import (
    FlowHandle,
    FormHandle,
    call_with_session,
    find_function,
    import_or_load_module,
    make_handles,
    refuse_lazy_result,
)
from bpmax_sim.script.failure import Script
from bpmax_sim.subject.definition import Definition, FlowNode, LoadedNodeForm
from bpmax_sim.subject.flow import FlowSubject
from bpmax_sim.subject.form import FormSubject
from bpmax_sim.subject.hooks import FlowMove
from tests.files import write_files
from tests.subject.stage import PlainStage


@pytest.fixture(autouse=True)
def forget_modules() -> Iterator[None]:
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if name.startswith("对账"):
            del sys.modules[name]


def load(folder: Path, name: str) -> Any:
    return import_or_load_module(name, folder / "单.scenario.yaml")


def test_each_folder_has_a_module_of_its_own(tmp_path: Path) -> None:
    texts = {
        "pyproject.toml": "[tool.bpmax_sim]\n",
        "对账.py": "谁 = '根'",
        "甲/对账.py": "谁 = '甲'",
    }
    write_files(tmp_path, {**texts, "乙/对账.py": "谁 = '乙'", "丙/x.txt": ""})

    found = [load(tmp_path / name, "对账") for name in "甲乙丙甲乙"]

    assert [one.谁 for one in found] == ["甲", "乙", "根", "甲", "乙"]
    assert found[3] is found[0]
    assert sys.modules["对账"] is found[1]


def test_a_module_is_loaded_again_where_its_file_changed(tmp_path: Path) -> None:
    write_files(tmp_path, {"对账.py": "谁 = '甲'"})
    first = load(tmp_path, "对账")
    write_files(tmp_path, {"对账.py": "谁 = '甲和乙'"})

    again = load(tmp_path, "对账")
    assert (first.谁, again.谁) == ("甲", "甲和乙")
    assert load(tmp_path, "对账") is again
    del sys.modules["对账"]  # as who watches files does, of a module that imports a changed one
    assert load(tmp_path, "对账") is not again


def test_a_module_in_a_package_is_named_with_dots(tmp_path: Path) -> None:
    write_files(tmp_path, {"对账包/核.py": "谁 = '核'"})

    assert load(tmp_path, "对账包.核").谁 == "核"


def test_a_module_that_raises_leaves_what_was_there(tmp_path: Path) -> None:
    write_files(
        tmp_path, {"甲/对账.py": "谁 = '甲'", "乙/对账.py": "谁 = 1 / 0", "乙/对账二.py": "1 / 0"}
    )
    first = load(tmp_path / "甲", "对账")

    for name in ("对账", "对账二"):
        for _ in range(2):  # it is tried anew each time
            with pytest.raises(ZeroDivisionError):
                load(tmp_path / "乙", name)

    assert sys.modules["对账"] is first
    assert "对账二" not in sys.modules


@pytest.mark.parametrize(
    ("name", "error", "told"),
    [
        ("对账三", SubjectError, "no module '对账三' beside the scenario or in the project's root"),
        ("对账四", ModuleNotFoundError, "No module named '没有的库'"),
        ("对账四.里面", SubjectError, "no module '对账四.里面' beside"),
        ("json.没有", ModuleNotFoundError, "No module named 'json.没有'"),
    ],
)
def test_a_module_that_is_not_there_is_told(
    tmp_path: Path, name: str, error: type[Exception], told: str
) -> None:
    write_files(tmp_path, {"对账四.py": "import 没有的库"})

    with pytest.raises(error, match=told):
        load(tmp_path, name)


def make_module(**members: Any) -> ModuleType:
    module = ModuleType("对账")
    vars(module).update(members)
    return module


@pytest.mark.parametrize(
    ("members", "name", "hint"),
    [
        ({"核对": 1, "记账": 2, "_私有": 3}, "核队", "; did you mean '核对'?"),
        ({"核对": 1, "记账": 2, "_私有": 3}, "开票", "; there are 核对, 记账"),
        ({"核对": 1, "记账": 2, "__all__": ["记账"]}, "开票", "; there is 记账"),
        ({"核对": 1, "记账": 2, "__all__": []}, "开票", "; there are 核对, 记账"),
        ({"_私有": 1}, "开票", ""),
    ],
)
def test_a_function_that_is_not_there_is_told_with_those_that_are(
    members: dict[str, Any], name: str, hint: str
) -> None:
    with pytest.raises(SubjectError) as caught:
        find_function(make_module(**members), name)

    assert (str(caught.value), caught.value.code) == (
        f"python: 对账 has no function {name!r}{hint}",
        "NO_FUNCTION",
    )


def test_a_function_that_is_called_otherwise_now_is_told_with_its_name() -> None:
    assert find_function(make_module(核对=len), "核对") is len
    with pytest.raises(SubjectError, match="it is called 'hold_in_session' now"):
        find_function(fuzz, "held")
    with pytest.raises(SubjectError, match="has no function 'held'; there is 核对"):
        find_function(make_module(核对=len), "held")


async def wait() -> None: ...


async def wait_and_yield() -> AsyncIterator[int]:
    yield 1


def give() -> Iterator[int]:
    yield 1


@pytest.mark.parametrize(
    ("function", "kind"),
    [(wait, "async def"), (wait_and_yield, "async def"), (give, "a generator")],
)
def test_a_function_that_has_not_run_is_refused(function: Callable[[], Any], kind: str) -> None:
    value = function()
    with pytest.raises(SubjectError) as caught:
        refuse_lazy_result("对账.核对", value)

    assert getattr(value, "cr_frame", None) is None  # closed: nothing is said of it later
    assert (
        str(caught.value)
        == f"python: 对账.核对 ran nothing, as it is {kind}; let it be a plain function"
    )


@pytest.mark.parametrize("value", [None, 0, [], iter([1]), map(str, [1]), give])
def test_any_other_result_is_one(value: object) -> None:
    refuse_lazy_result("对账.核对", value)


def take_all(form: Any, flow: Any) -> None: ...


def take_form(amount: int = 0, *, form: Any = None) -> None: ...


def take_none() -> None: ...


@pytest.mark.parametrize(
    ("function", "given"),
    [(take_all, ["form"]), (take_form, ["form"]), (take_none, []), (max, []), (dict, [])],
)
def test_a_function_gets_the_views_that_it_has_parameters_for(
    function: Callable[..., Any], given: list[str]
) -> None:
    form = FormSubject(runner=PlainStage(), tell=list[object]().append)

    assert list(make_handles(function, form)) == given
    assert make_handles(function, None) == {}


@pytest.mark.parametrize(
    ("function", "arguments", "got"),
    [
        (lambda session: session, {}, "会话"),
        (lambda run: run, {}, "会话"),
        (lambda session, /: session, {}, "会话"),
        (lambda *values: values, {}, ("会话",)),
        (lambda **named: sorted(named), {}, []),
        (lambda: "无", {}, "无"),
        (lambda form: form["金额"], {}, 5),
        (lambda form, session: (form["金额"], session), {}, (5, "会话")),
        (lambda *, session, form: (form["金额"], session), {}, (5, "会话")),
        (lambda run, form: (form["金额"], run), {}, (5, "会话")),
        (lambda amount: amount, {"amount": 7}, 7),
        (lambda amount, session: (amount, session), {"amount": 7}, (7, "会话")),
        (lambda run, amount: (amount, run), {"amount": 7}, (7, "会话")),
        (lambda form, amount=1: form["金额"] + amount, {}, 6),
        (lambda form: form, {"form": "表"}, "表"),
        (str, {}, "会话"),
    ],
)
def test_the_session_is_passed_by_name_or_first(
    function: Callable[..., Any], arguments: dict[str, Any], got: object
) -> None:
    form = FormSubject(fields={"金额": 5}, runner=PlainStage(), tell=list[object]().append)

    assert call_with_session(function, "会话", form, arguments) == got


def test_a_function_that_asks_for_a_form_where_none_is_does_not_get_the_session() -> None:
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'form'"):
        call_with_session(take_all, "会话", None, {"flow": None})
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'flow'"):
        call_with_session(lambda flow: flow, "会话", None, {})


def test_a_form_is_seen_as_it_is_and_filled_in_as_by_a_person() -> None:
    fields = {"金额": 1, "客户": "甲", "备注": None}
    form = FormSubject(runner=PlainStage(), tell=list[object]().append, fields=fields)
    handle = make_handles(take_form, form)["form"]
    assert isinstance(handle, FormHandle)

    handle.set(金额=5, 备注="急")
    form.set_state("客户", "readonly", True)

    assert dict(handle) == {"金额": 5, "客户": "甲", "备注": "急"}
    assert (len(handle), list(handle), handle.messages) == (3, ["金额", "客户", "备注"], [])
    assert {name: state["readonly"] for name, state in handle.states.items()} == {
        "金额": False, "客户": True, "备注": False,
    }  # fmt: skip
    assert repr(handle) == "<form {'金额': 5, '客户': '甲', '备注': '急'}>"
    with pytest.raises(SubjectError):
        handle.set(客户="乙")


FLOW = Definition(
    flow="合同",
    start="部门",
    nodes={
        "部门": FlowNode(
            owners=("李经理", "王总监"), complete="all", approve="结束", reject="结束"
        ),
        "结束": FlowNode(end=True),
    },
)


def test_a_flow_is_seen_with_its_form_and_whom_it_waits_for() -> None:
    flow = FlowSubject(
        runner=PlainStage(), tell=list[object]().append, definition=FLOW, at="部门",
        form={"金额": 5}, project={"name": "采购"},
    )  # fmt: skip
    handles = make_handles(take_all, flow)
    form, seen = handles["form"], handles["flow"]
    assert isinstance(form, FormHandle)
    assert isinstance(seen, FlowHandle)

    assert (dict(form), list(handles)) == ({"金额": 5}, ["form", "flow"])
    assert (seen.at, seen.status, seen.pending) == ("部门", "processing", ["李经理", "王总监"])
    assert (seen.project["name"], seen.facts["owners"]) == ("采购", ["李经理", "王总监"])
    assert repr(seen) == "<flow at 部门, processing>"
    flow.decide("approve", FlowMove(by="李经理"))
    assert (seen.at, seen.pending, seen.facts["owners"]) == (
        "部门",
        ["王总监"],
        ["李经理", "王总监"],
    )
    flow.decide("approve", FlowMove(by="王总监"))
    assert (seen.at, seen.status, seen.pending) == ("结束", "finished", [])


@pytest.mark.parametrize(
    ("focus", "user", "ran"),
    [("法务", "", ["盖章"]), ("", "法务员", ["盖章"]), ("财务", "", None), ("", "", None)],
)
def test_a_button_is_pressed_where_it_is_clear_which_node_shows_it(
    focus: str, user: str, ran: list[str] | None
) -> None:
    nodes = {
        "分": FlowNode(parallel=("法务", "财务"), join="结"),
        **{name: FlowNode(owners=(f"{name}员",), approve="结") for name in ("法务", "财务")},
        "结": FlowNode(end=True),
    }
    stage = PlainStage({"盖章": lambda _form, _ctx: None})
    flow = FlowSubject(
        runner=stage, tell=list[object]().append, user={"id": user},
        definition=Definition(flow="合同", start="分", nodes=nodes),
    )  # fmt: skip
    flow.create(FlowMove(by="张三"))
    flow.screens = {"法务": LoadedNodeForm(scripts={"click.盖章": (Script("", "盖章"),)})}
    flow.focus = focus
    form = make_handles(take_all, flow)["form"]
    assert isinstance(form, FormHandle)

    if focus == user == "":
        with pytest.raises(SubjectError) as refused:
            form.click("盖章")
        assert refused.value.code == "AMBIGUOUS_NODE"
    else:
        form.click("盖章")
    assert stage.ran == (ran or [])
