"""What a session takes as a script or a form, and what it says of a script that failed."""

from __future__ import annotations

import gc
import warnings
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import bpmax_sim as bs
from bpmax_sim.errors import UNAWAITED, BpmaxError, CallError, Place, ScriptError
from bpmax_sim.js_values import UNDEFINED
from bpmax_sim.proxy.response import CallRecord
from bpmax_sim.script.turn_result import AbsentRead, ConsoleLine, Outcome, UnawaitedCall
from bpmax_sim.session.scripts import (
    WatchedDict,
    judge_unawaited_and_collation,
    read_script_if_path,
    read_scripts_if_paths,
    redact_outcome_except_value,
    to_live_object,
    warn_of_misspelt_names,
)
from bpmax_sim.subject.hooks import FieldChanged


@pytest.mark.parametrize(
    ("content", "source"),
    [
        (b"return 1", "return 1"), (b"", ""), ("\ufeffreturn '甲'".encode(), "return '甲'"),
        ("\ufeff\ufeff1".encode(), "\ufeff1"), (b"a\nb\n", "a\nb\n"),
        (" \ufeff".encode(), " \ufeff"),
    ],
)  # fmt: skip
def test_a_file_is_read_without_its_mark(tmp_path: Path, content: bytes, source: str) -> None:
    path = tmp_path / "审批.js"
    path.write_bytes(content)

    for given in (path, str(path)):
        script = read_script_if_path(given)
        assert (script.source, script.name) == (source, str(path))


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("没有.js", "没有.js: the script cannot be read: No such file or directory"),
        ("", "the script cannot be read"),
        ("return 1", "return 1: file not found; pass JavaScript by value"),
        ("await x", "await x: file not found; pass JavaScript by value"),
        ("a=1", "a=1: file not found; pass JavaScript by value"),
        ("f()", "f(): file not found; pass JavaScript by value"),
        ("{}", "{}: file not found; pass JavaScript by value"),
        ("\n\n  a\nb", "a: file not found; pass JavaScript by value"),
        (f"x;{'长' * 80}", f"x;{'长' * 58}: file not found"),
        ("returned.js", "returned.js: the script cannot be read"),
        ("awaiting/a.js", "awaiting/a.js: the script cannot be read"),
        ("a\0b", "the script cannot be read: embedded null"),
    ],
)
def test_what_is_no_file_is_told_by_its_look(given: str, told: str) -> None:
    with pytest.raises(bs.ConfigError) as caught:
        read_script_if_path(given)
    assert told in str(caught.value)


def test_a_script_may_be_anything_that_has_its_texts(tmp_path: Path) -> None:
    script = bs.Script("return 1", "a.js")
    assert read_script_if_path(script) is script
    alike: Any = SimpleNamespace(name="b.js", source="2", more=1)
    assert read_script_if_path(alike) == bs.Script("2", "b.js")
    wrong: list[Any] = [None, 7, b"1", SimpleNamespace(name="b.js"), SimpleNamespace(source="2"),
                        SimpleNamespace(name=None, source="2"),
                        SimpleNamespace(name="b.js", source=None)]  # fmt: skip
    for one in wrong:
        with pytest.raises(bs.ConfigError, match="script: expected a path or"):
            read_script_if_path(one)

    path = tmp_path / "c.js"
    path.write_text("3")
    assert [one.source for one in read_scripts_if_paths([script, path, alike])] == [
        "return 1", "3", "2",
    ]  # fmt: skip
    assert read_scripts_if_paths(()) == []
    alone: list[Any] = [script, "c.js", path, None, 7]
    for one in alone:
        with pytest.raises(bs.ConfigError, match="libraries: expected a list of scripts"):
            read_scripts_if_paths(one)


@pytest.mark.parametrize(("name", "is_heard"), [("form", True), ("ctx", False), ("Form", False)])
def test_writes_to_the_form_are_heard(name: str, *, is_heard: bool) -> None:
    values: dict[str, Any] = {"金额": 1, "空": None}
    heard: list[FieldChanged] = []
    live = to_live_object(name, values, heard.append)
    assert isinstance(live, WatchedDict)
    assert live.snapshot() is values

    live.write("金额", 2, Place("a.js", 1))
    live.write("空", 0, None)
    live.write("新", None, None)
    live.write("空", UNDEFINED, None)

    assert values == {"金额": 2, "新": None}
    changes = [(one.field, one.old, one.new, one.by, one.place) for one in heard]
    assert changes == ([
        ("金额", 1, 2, "script", Place("a.js", 1)), ("空", None, 0, "script", None),
        ("新", None, None, "script", None), ("空", 0, UNDEFINED, "script", None),
    ] if is_heard else [])  # fmt: skip


@pytest.mark.parametrize(
    ("script", "left", "seen"),
    [
        ("delete form.金额", {"客户": "张三"}, ["客户"]),
        ("form.金额 = undefined", {"客户": "张三"}, ["客户"]),
        ("delete form.没有", {"客户": "张三", "金额": 1}, ["客户", "金额"]),
        ("delete form.金额; form.金额 = null", {"客户": "张三", "金额": None}, ["客户", "金额"]),
        ("form.新 = 1; delete form.新", {"客户": "张三", "金额": 1}, ["客户", "金额"]),
    ],
)
def test_what_a_script_deletes_is_gone_from_the_dict(
    script: str, left: dict[str, Any], seen: list[str]
) -> None:
    form, ctx = ({"客户": "张三", "金额": 1} for _ in range(2))
    with bs.Session.open(mode="simulate") as session:
        session.run_script(bs.Script(script), form=form).unwrap()
        session.run_script(bs.Script(script.replace("form.", "ctx.")), ctx=ctx).unwrap()
        names = session.run_script(bs.Script("return Object.keys(form)"), form=form).unwrap()

    assert (form, ctx, names) == (left, left, seen)


def test_a_live_object_reads_and_writes() -> None:
    live: Any = SimpleNamespace(snapshot=dict, write=print)
    assert to_live_object("form", live) is live
    to_live_object("form", {}).write("a", 1, None)
    wrong: list[Any] = [
        [], "x", 7, SimpleNamespace(snapshot=dict), SimpleNamespace(write=print),
        SimpleNamespace(snapshot=1, write=print), SimpleNamespace(snapshot=dict, write=None),
    ]  # fmt: skip
    for one in wrong:
        with pytest.raises(bs.ConfigError, match="form: expected a dict or a live object, got"):
            to_live_object("form", one)


def failed(text: str, cause: BaseException | None = None) -> ScriptError:
    error = ScriptError(
        f"口令{text}", name=f"E{text}", place=Place("a.js", 3), stack=(f"at {text}", "at b"),
        fields={"code": text, "明细": [text, 1]},
    )  # fmt: skip
    error.__cause__ = cause
    return error


def facts_of(error: BaseException | None) -> Any:
    if not isinstance(error, ScriptError):
        return error
    told = (error.message, error.name, error.place, error.stack, error.fields)
    return type(error), told, facts_of(error.__cause__)


@pytest.mark.parametrize("given", [None, failed("pw"), CallError("pw"), failed("pw", failed("pw"))])
def test_all_of_an_outcome_is_redacted_but_the_value(given: BpmaxError | None) -> None:
    other = ValueError("pw")
    lines = [ConsoleLine(level="log", text=one, values=(one, 1), at=0.0) for one in ("pw", "***")]
    calls = [UnawaitedCall(one, Place("a.js", 1)) for one in ("pw", "***")]
    outcome = Outcome(
        value={"pw": "pw"}, error=given, console=(lines[0],), unawaited=(calls[0],),
        unhandled=(failed("pw"), failed("pw", other)),
    )  # fmt: skip

    shown = redact_outcome_except_value(outcome, lambda text: text.replace("pw", "***"))

    assert shown.value == {"pw": "pw"}
    assert (shown.console, shown.unawaited) == ((lines[1],), (calls[1],))
    assert [*map(facts_of, shown.unhandled)] == [
        facts_of(failed("***")), facts_of(failed("***", other)),
    ]  # fmt: skip
    cause = failed("***") if given is not None and given.__cause__ else None
    hidden = failed("***", cause) if isinstance(given, ScriptError) else given
    assert facts_of(shown.error) == facts_of(hidden)


def outcome_of(*reads: tuple[str, str], **more: Any) -> Outcome:
    return Outcome(
        absent_reads=tuple(AbsentRead(owner, name, Place("a.js", 3)) for owner, name in reads),
        **more,
    )


def warned(outcome: Outcome, calls: Any, form: Any, fields: Any) -> list[str]:
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        warn_of_misspelt_names(outcome, calls, form, fields)
    return [f"{one.category.__name__}: {one.message}" for one in found]


FORM = ("客户名称", "amount", "备注")


@pytest.mark.parametrize(
    ("reads", "form", "fields", "told"),
    [
        ([("form", "客户名")], {}, FORM, ["a.js:3: the script reads form.客户名"]),
        ([("form", "x"), ("form", "amuont"), ("form", "客户名稱")], {}, FORM,
         ["a.js:3: the script reads form.amuont", "a.js:3: the script reads form.客户名稱"]),
        ([("ctx", "客户名")], {}, FORM, []),
        ([("form", "客户名")], {}, (), []),
        ([], dict.fromkeys(FORM), FORM, []),
        ([], {"amuont": 1, "amount": 1}, FORM, ["the script wrote form.amuont"]),
        ([], {"全新": 1}, FORM, []),
        ([], {"amuont": 1}, (), []),
        ([], SimpleNamespace(keys=lambda: {"amuont"}), FORM, []),
        ([], None, FORM, []),
    ],
)  # fmt: skip
def test_a_name_that_is_near_to_a_field_is_warned_of(
    reads: Any, form: Any, fields: Any, told: list[str]
) -> None:
    found = warned(outcome_of(*reads), (), form, fields)

    assert [one.partition("; ")[0] for one in found] == [f"UnknownNameWarning: {t}" for t in told]
    assert all("did you mean" in one for one in found)


WRONG = CallError("没有这个接口", code="UNKNOWN_API")


def call_of(error: Any = None, doubts: tuple[str, ...] = (), api: str = "lsit") -> CallRecord:
    return CallRecord(
        platform="crm", api=api, error=error, doubts=doubts, position=Place("b.js", 7)
    )


@pytest.mark.parametrize(
    ("call", "outcome", "is_told"),
    [
        (call_of(WRONG), Outcome(), True),
        (call_of(WRONG), Outcome(value=None), True),
        (call_of(WRONG), Outcome(value={"错误": "失败"}), True),
        (call_of(WRONG), Outcome(value={"错误": "UNKNOWN_API"}), False),
        (call_of(WRONG), Outcome(value="crm.lsit 失败"), False),
        (call_of(WRONG, api=""), Outcome(value="失败"), True),
        (call_of(WRONG), Outcome(error=ScriptError("x")), False),
        (call_of(WRONG), Outcome(unhandled=(ScriptError("x"),)), False),
        (call_of(CallError("忙", code="HTTP_503")), Outcome(), False),
        (call_of(), Outcome(), False),
    ],
)
def test_a_wrong_call_that_a_script_caught_is_warned_of_unless_it_shows(
    call: CallRecord, outcome: Outcome, *, is_told: bool
) -> None:
    found = warned(outcome, [call_of(), call], {}, ())

    assert len(found) == is_told
    if found:
        assert (
            found[0].startswith(f"WrongCallWarning: b.js:7: crm.{call.api}")
            or (found[0].startswith(f"WrongCallWarning: crm.{call.api}"))
            or "没有这个接口" in found[0]
        )


def test_every_doubt_of_every_call_is_told() -> None:
    calls = [call_of(doubts=("一",)), call_of(), call_of(doubts=("二", "三"))]

    assert warned(Outcome(), calls, {}, ()) == [
        f"UnknownNameWarning: crm.lsit: {doubt}" for doubt in "一二三"
    ]


@pytest.mark.parametrize("unawaited", ["warn", "fail", "allow"])
@pytest.mark.parametrize("error", [None, ScriptError("先前")])
@pytest.mark.parametrize("number", [0, 1, 3])
def test_calls_that_nobody_awaits_are_judged_as_asked(
    unawaited: str, error: ScriptError | None, number: int
) -> None:
    class Unawaited(SimpleNamespace):
        pass

    left: Any = tuple(
        Unawaited(place=Place("a.js", n) if n else None, problem=f"第{n}次", built=n == 2)
        for n in range(number)
    )
    outcome = Outcome(value=1, error=error, unawaited=left)
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        judged = judge_unawaited_and_collation(outcome, unawaited)

    told = [(one.category.__name__, str(one.message).partition(",")[0]) for one in found]
    every = [("UnawaitedWarning", "第0次"), ("UnawaitedWarning", "a.js:1: 第1次"),
             ("UncalledWarning", "a.js:2: 第2次")]  # fmt: skip
    assert told == (every[:number] if unawaited == "warn" else [])
    is_error = unawaited == "fail" and number > 0 and error is None
    assert (judged is outcome) == (not is_error)
    if is_error:
        assert isinstance(judged.error, ScriptError)
        assert str(judged.error.message).startswith("第0次, or open the session")
        assert (judged.error.name, judged.error.place, judged.value) == (UNAWAITED, None, 1)


@pytest.mark.parametrize(
    ("look", "is_told"),
    [
        (bool, True), (lambda outcome: outcome.console, True),
        (lambda outcome: outcome.error, False), (lambda outcome: outcome.unhandled, False),
    ],
    ids=["nothing", "console", "error", "unhandled"],
)  # fmt: skip
def test_an_error_that_nobody_looked_at_is_told_with_its_line(look: Any, *, is_told: bool) -> None:
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        with bs.Session.open() as session:
            look(session.run_script(bs.Script("throw Error('失败')", "a.js")))
            gc.collect()
            kept = session.run_script(bs.Script("throw Error('还在')", "b.js"))
        assert "失败" not in str(kept.console)
    told = [one for one in found if "nothing looked at that" in str(one.message)]
    assert ["失败" in str(one.message) for one in told] == ([True] if is_told else [])
    assert {Path(one.filename).name for one in told} <= {"test_script_values.py"}
