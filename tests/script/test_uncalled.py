"""A chain without its ``$call()``: nothing is sent, and the script's run says so with the line."""

from __future__ import annotations

import pytest

from bpmax_sim.errors import CallError, Place, ScriptError, UncalledWarning
from bpmax_sim.script.failure import Script
from bpmax_sim.script.limits import Limits
from bpmax_sim.script.runtime import Page
from bpmax_sim.script.turn_result import Outcome, PendingTimer, UnawaitedCall
from bpmax_sim.session.options import EngineName
from bpmax_sim.session.session import Session

TOLD = "crm.查客户 was awaited but never called, so nothing was sent; end it with .$call()"


def run(source: str, engine: EngineName = "quickjs") -> Outcome:
    """Run a script in a session that allows calls without an answer."""
    with Session.open(unawaited="allow", engine=engine) as session:
        outcome = session.run_script(Script(source, "客户.js"))
        assert outcome.error is None or outcome.error.args  # who looks at it is not warned
        return outcome


@pytest.mark.parametrize("engine", ["quickjs", "v8"])
@pytest.mark.parametrize(
    ("source", "line"),
    [
        (
            "const 客户 = await $proxy('crm').$api('查客户').$query({名: 1});\nreturn 客户.data",
            1,
        ),
        ("const crm = $proxy('crm');\n\nawait crm.$api('查客户').$path({id: 1})", 3),
        ("await $proxy('crm').$api('查客户')", 1),
        ("const [甲] = await Promise.all([\n  $proxy('crm').$api('查客户')]);", 2),
        ("const 查 = async () => $proxy('crm').$api('查客户');\nconst 果 = await 查();", 1),
        # a sibling that is called clears the builder above both, and nothing beside it
        (
            (
                "const 甲 = $proxy('crm').$api('查客户');\n"
                "await 甲.$path({id: 1}).$call().catch(() => 0);\nawait 甲.$path({id: 2})"
            ),
            1,
        ),
    ],
)
def test_a_chain_that_was_awaited_and_never_called_fails_the_run(
    source: str, line: int, engine: EngineName
) -> None:
    error = run(source, engine).error

    assert isinstance(error, ScriptError)
    assert (error.name, error.message) == ("Uncalled", TOLD)
    assert error.place is not None
    assert (error.place.file, error.place.line) == ("客户.js", line)


@pytest.mark.parametrize(
    "source",
    [
        "await $proxy('crm').$api('查客户').$query({}).$call().catch(() => 0)",
        # an async helper that returns a builder reads its `then`, as does whoever awaits it
        (
            "const 查 = async () => $proxy('crm').$api('查客户');\n"
            "await (await 查()).$query({页: 1}).$call().catch(() => 0)"
        ),
        "const 甲 = $proxy('crm').$api('查客户'); await 甲; 甲.$query({}).$call().catch(() => 0)",
        "const 甲 = $proxy('crm').$api('查客户'); await 甲.$call().catch(() => 0); await 甲",
        "await $proxy('crm'); return 1",
        # what threw has told why nothing was sent
        "try { $proxy('crm').$api('查客户').$query('张三') } catch {}",
        "try { $proxy('crm').$api('查客户').$quary({}) } catch {}",
    ],
)
def test_a_call_on_a_chain_or_on_what_was_made_from_it_clears_it(source: str) -> None:
    outcome = run(source)

    assert outcome.error is None
    assert not [one for one in outcome.unawaited if one.built]


def test_a_type_error_that_follows_from_it_is_told_as_its_consequence() -> None:
    error = run("const 果 = await $proxy('crm').$api('查客户');\nreturn 果.data.name").error

    assert isinstance(error, ScriptError)
    assert (error.message, error.place and error.place.line) == (TOLD, 1)
    assert isinstance(error.__cause__, ScriptError)
    assert error.__cause__.name == "TypeError"


def test_an_error_of_the_script_stays_the_error_and_hides_nothing() -> None:
    outcome = run("await $proxy('crm').$api('查客户');\nthrow new Error('坏')")

    assert isinstance(outcome.error, ScriptError)
    assert outcome.error.message == "坏"
    assert [error.message for error in outcome.unhandled] == [TOLD]


def test_a_chain_that_was_only_built_is_a_warning_with_its_line() -> None:
    script = Script("\n$proxy('crm').$api('查客户')\n  .$query({页: 1})\nreturn 1", "客户.js")
    with Session.open() as session, pytest.warns(UncalledWarning) as told:
        assert session.run_script(script).value == 1

    assert [str(one.message) for one in told] == [
        (
            "客户.js:2:15: crm.查客户 was built and never called; end the chain with .$call(), or "
            "open the session with unawaited='allow'"
        )
    ]


def test_nothing_is_thrown_from_then() -> None:
    source = "const 甲 = $proxy('crm').$api('查客户'); return [甲.then, typeof 甲.$call]"

    assert run(source).value == [run("return undefined").value, "function"]


@pytest.mark.parametrize("engine", ["quickjs", "v8"])
@pytest.mark.parametrize(
    ("source", "told"),
    [
        (".$path({id: 1})", "$path() needs an API first: $proxy('crm').$api(name).$path(…)"),
        (".$call()", "$call() needs an API first: $proxy('crm').$api(name).$call(…)"),
        (".$apis('查')", "$proxy('crm') has no $apis; did you mean $api?"),
        (".$api('查').call()", "$proxy('crm').$api('查') has no call; did you mean $call?"),
        (
            ".$params({页: 1})",
            (
                "$proxy('crm') has no $params; there is $api, and after it $path, $query, $header, "
                "$body and $call"
            ),
        ),
        (
            ".$api('查').$params({页: 1})",
            (
                "$proxy('crm').$api('查') has no $params; there is $path, $query, $header, $body "
                "and $call"
            ),
        ),
        (".$api('查').$quary({})", "$proxy('crm').$api('查') has no $quary; did you mean $query?"),
        (
            ".$api('查').$body({}).$cal()",
            "$proxy('crm').$api('查') has no $cal; did you mean $call?",
        ),
        (
            ".$api('查').$等(3)",
            "$proxy('crm').$api('查') has no $等; there is $path, $query, $header, $body and $call",
        ),
    ],
)
def test_a_name_that_is_not_there_is_told_by_name(
    source: str, told: str, engine: EngineName
) -> None:
    error = run(f"return $proxy('crm'){source}", engine).error

    assert isinstance(error, ScriptError)
    assert error.message == told
    cause = error.__cause__
    assert cause is None or isinstance(cause, CallError)
    assert error.fields["code"] == "BAD_ARGUMENT"


@pytest.mark.parametrize("engine", ["quickjs", "v8"])
def test_to_read_a_name_that_is_not_there_throws_nothing(engine: EngineName) -> None:
    source = (
        "const 客 = $proxy('crm'); return [typeof 客.$params, typeof 客.$path, typeof 客.params]"
    )

    assert run(source, engine).value == ["function"] * 3


@pytest.mark.parametrize(
    ("facts", "doubtful", "problem"),
    [
        ({}, False, "crm.get was not awaited; await it, or write void before it if nothing is"),
        ({"built": True}, True, "crm.get was built and never called; end the chain with .$call()"),
        ({"is_helper": True}, True, "crm.get was not awaited; await it"),
        ({"built": True, "is_helper": True}, True, "crm.get was built and never called; end"),
    ],
)
def test_a_chain_or_a_helper_may_be_meant_so(
    facts: dict[str, bool], problem: str, *, doubtful: bool
) -> None:
    for place, head in ((None, ""), (Place("客户.js", 3, 1), "客户.js:3:1: ")):
        call = UnawaitedCall("crm.get", place, **facts)
        assert call.is_doubtful == doubtful
        assert call.problem.startswith(problem)
        assert str(call) == f"{head}{problem.partition(';')[0]}"


@pytest.mark.parametrize(
    ("repeat", "label"), [(False, "a timer of 0.3 s"), (True, "an interval of 0.3 s")]
)
def test_a_timer_is_told_with_its_place(label: str, *, repeat: bool) -> None:
    assert str(PendingTimer(0.3, repeat, None, 5.0)) == label
    assert str(PendingTimer(0.3, repeat, Place("a.js", 1, 2), 5.0)) == f"a.js:1:2: {label}"


UNKNOWN = "there is no platform 'crm'"
BUDGET = """\
console.log('提交 CG-2026-001');
$proxy('crm').查客户();
$proxy('crm').$api('查合同');
form.供应商名;
['𠮷', '张三', '李四'].sort((a, b) => a.localeCompare(b, 'zh'));
Promise.reject(new Error('预算不足'));
setTimeout(() => console.log('催办一'), 60000);
setTimeout(() => { console.log('催办二'); $proxy('crm').查客户(); form.税号 }, 120000);
setTimeout(() => { throw new Error('催办失败') }, 180000);
setTimeout(() => { $proxy('crm').$api('查合同') }, 240000);
"""


@pytest.mark.parametrize("last", ["return 1", "while (true) {}"])
def test_a_promise_that_no_script_of_a_page_used_stays_unused_if_a_limit_ends_the_page(
    last: str,
) -> None:
    scripts = Script("globalThis.查 = $proxy('crm').查客户()", "甲.js"), Script(last, "乙.js")
    with Session.open(unawaited="allow", limits=Limits(cpu=0.05)) as session:
        page = Page(scripts)
        (left,), _ = [
            session.run_script(script, form={}, page=page).unawaited for script in scripts
        ]

        assert session.is_forgotten(left)


@pytest.mark.needs_native  # a rejection that nobody handles is told by the engine alone
@pytest.mark.parametrize(
    ("end", "error", "forgotten"),
    [
        ("return '已提交'", None, ["2:1 crm.查客户", "3:15 crm.查合同"]),
        ("throw new Error('超出预算')", "超出预算", []),  # it may not have come to its await
    ],
)
def test_what_a_script_left_behind_is_told_once_and_not_with_each_later_timer(
    end: str, error: str | None, forgotten: list[str]
) -> None:
    told = []
    with Session.open(unawaited="allow") as session:
        script = Script(BUDGET + end, "采购.js")
        told.append(session.run_script(script, form={"金额": 20000}, page=Page()))
        for _ in range(4):
            session.advance(60)
            told += session.drain()

    assert [
        (
            one.error and getattr(one.error, "message", ""),
            [line.text for line in one.console],
            [timer.delay for timer in one.timers],
            [
                f"{call.place.line}:{call.place.column} {call.call}"
                for call in one.unawaited
                if call.place
            ],
            [getattr(failure, "message", "").partition(";")[0] for failure in one.unhandled],
            [read.member for read in one.absent_reads],
            [character.text for character in one.unranked],
        )
        for one in told
    ] == [
        (error, ["提交 CG-2026-001"], [], forgotten, ["预算不足", UNKNOWN], ["供应商名"], ["𠮷"]),
        (None, ["催办一"], [60], [], [], [], []),
        (None, ["催办二"], [120], ["8:40 crm.查客户"], [UNKNOWN], ["税号"], []),
        (None, [], [180], [], ["催办失败"], [], []),
        (None, [], [240], ["10:34 crm.查合同"], [], [], []),
    ]
