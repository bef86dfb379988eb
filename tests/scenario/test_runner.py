from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, cast

import pytest

from bpmax_sim.errors import (
    CallError,
    CassetteError,
    NoMatchError,
    PendingPromise,
    Place,
    ScriptError,
)
from bpmax_sim.scenario.calls import CallMade
from bpmax_sim.scenario.events import (
    ConsoleWritten,
    Event,
    ScenarioFinished,
    ScenarioStarted,
    StepFinished,
    StepStarted,
)
from bpmax_sim.scenario.load import load_items
from bpmax_sim.scenario.runner import run_item
from bpmax_sim.scenario.source import Failure
from bpmax_sim.script.turn_result import Outcome
from bpmax_sim.session.session import Session
from bpmax_sim.subject.hooks import FieldChanged, NodeEntered
from tests.scenario.bench import START, PlainBench, play, verdict, write
from tests.subject.stage import Play, Thrown

FORM = """\
version: 1
scenario: 选择客户后回填联系人
form:
  scripts: {change.customerId: customer_form.js, submit: submit.js, click.查询: query.js}
  fields: {customerId: null, customerName: "", discount: 1}
clock: "2026-03-02T09:00:00+08:00"
"""
SCRIPT = """\
// 表单脚本
const res = await $proxy('crm_system');
form.customerName = res.data.name;
form.discount = res.data.level === 'VIP' ? 0.9 : 1;
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, text in (("customer_form", SCRIPT), ("submit", "//"), ("query", "//")):
        (tmp_path / f"{name}.js").write_text(text, encoding="utf-8")
    return tmp_path


@pytest.fixture
def bench() -> PlainBench:
    bench = PlainBench()
    bench.plays["customer_form"] = customer_form(bench)
    return bench


def customer_form(bench: PlainBench) -> Play:
    def fill_in(form: Any, _ctx: Any) -> str:
        number = form["customerId"]
        if number == "99999":
            raise Thrown("查询客户信息失败: 客户不存在")
        bench.call(
            "crm_system.get_customer_detail",
            path=f"/customers/{number}",
            query=(("fields", "name,phone"),),
            answer={"code": 200, "data": {"name": "张三", "level": "VIP"}},
            position=Place("customer_form.js", 2, 13),
        )
        form["customerName"] = "张三"
        form.live.write("discount", 0.9, Place("customer_form.js", 4, 3))
        return "回填完成"

    return fill_in


def failures(folder: Path, bench: PlainBench, text: str, **options: Any) -> list[Failure]:
    return list(verdict(play(write(folder, FORM + text), bench, **options)).failures)


def headlines(folder: Path, bench: PlainBench, text: str, **options: Any) -> list[str]:
    return [one.headline for one in failures(folder, bench, text, **options)]


@pytest.mark.parametrize(
    "console", ["customer_form.js ran", "{text: customer_form.js ran}", "[{$contains: ran}]"]
)
def test_one_line_is_a_list_of_one(folder: Path, bench: PlainBench, console: str) -> None:
    steps = f"steps: [{{set: {{customerId: '12345'}}, expect: {{console: {console}}}}}]"

    assert verdict(play(write(folder, FORM + steps), bench)).outcome == "passed"


def test_a_scenario_that_holds_passes_and_tells_everything(folder: Path, bench: PlainBench) -> None:
    steps = """\
steps:
  - name: 打开空白申请单
    open: {}
    expect: {form: {discount: 1}, proxy: []}
  - id: pick
    name: 选择客户 12345
    set: {customerId: "12345"}
    expect:
      form: {customerName: 张三, discount: {$lt: 1}}
      proxy:
        - {call: crm_system.get_customer_detail, path: {id: 12345}, status: 200}
      console: [customer_form.js ran]
      result: 回填完成
  - name: 不存在的客户
    set: {customerId: "99999"}
    expect_error: {message: {$contains: 查询客户信息失败}}
    expect: {form: {customerName: 张三}}
"""
    events = play(write(folder, FORM + steps), bench)

    assert verdict(events).outcome == "passed"
    assert (verdict(events).calls, bench.closed) == (1, [False])
    assert [type(event) for event in events[:6]] == [
        ScenarioStarted,
        StepStarted,
        StepFinished,
        StepStarted,
        ConsoleWritten,
        FieldChanged,
    ]
    assert [event.outcome for event in events if isinstance(event, StepFinished)] == ["passed"] * 3
    made = next(event for event in events if isinstance(event, CallMade))
    assert (made.path, made.query) == ({"id": "12345"}, {"fields": "name,phone"})


def test_a_wrong_field_is_the_headline_with_place_and_script_line(
    folder: Path, bench: PlainBench
) -> None:
    steps = """\
steps:
  - open: {}
  - name: 选择客户 12345
    set: {customerId: "12345"}
    expect: {form: {customerName: 张三, discount: 1}}
  - name: 不再运行
    open: {}
"""
    (failure,) = failures(folder, bench, steps)

    assert failure.headline == "step 2/3 选择客户 12345: form.discount expected 1, got 0.9"
    assert (failure.kind, str(failure.place)) == ("expect", "场景.scenario.yaml:11:39")
    assert str(failure.location) == "场景.scenario.yaml:9:5"
    assert (str(failure.script), failure.script_text) == (
        "customer_form.js:4:3",
        "form.discount = res.data.level === 'VIP' ? 0.9 : 1;",
    )
    assert [check.ok for check in failure.checks] == [True, False]
    assert [call.call for call in failure.calls] == ["crm_system.get_customer_detail"]
    assert failure.rerun == "bpmax-sim run 场景.scenario.yaml"


def test_a_wrong_call_points_to_the_script_line_that_made_it(
    folder: Path, bench: PlainBench
) -> None:
    steps = """\
steps:
  - set: {customerId: "12345"}
    expect:
      proxy:
        - {call: crm_system.get_customer_detail, status: 201}
"""
    (failure,) = failures(folder, bench, steps)

    assert failure.headline == "step 1/1 set: proxy[0].status expected 201, got 200"
    assert str(failure.place) == "场景.scenario.yaml:11:50"
    assert str(failure.script) == "customer_form.js:2:13"


ERRORS = [
    (
        'set: {customerId: "99999"}',
        "",
        "step 1/1 set: Error: 查询客户信息失败: 客户不存在",
    ),
    (
        'set: {customerId: "12345"}',
        "expect_error: {message: {$contains: 失败}}",
        'step 1/1 set: expected an error (message {"$contains": "失败"}), but the step succeeded',
    ),
    (
        'set: {customerId: "99999"}',
        "expect_error: {message: {$contains: 超时}}",
        'step 1/1 set: error message expected $contains "超时", got "查询客户信息失败: 客户不存在"',
    ),
    (
        'set: {customerId: "99999"}',
        "expect_error: {from: crm_system}",
        'step 1/1 set: expected an error from "crm_system", got one from "script" (Error: 查询客户',
    ),
    (
        'set: {customerId: "99999"}',
        "expect_error: {type: TypeError}",
        'step 1/1 set: error type expected "TypeError", got "Error"',
    ),
]


@pytest.mark.parametrize(("action", "expected", "headline"), ERRORS)
def test_errors_that_are_not_as_expected_fail(
    folder: Path, bench: PlainBench, action: str, expected: str, headline: str
) -> None:
    text = f"steps:\n  - {action}\n" + (f"    {expected}\n" if expected else "")

    (found,) = headlines(folder, bench, text)
    assert found.startswith(headline)


@pytest.mark.parametrize(
    "expected",
    [
        "{type: {$matches: ^Err}}",
        "{from: script}",
        "{type: Error, code: null}",
        "{from: {$in: [script]}}",
    ],
)
def test_an_error_as_expected_passes(folder: Path, bench: PlainBench, expected: str) -> None:
    text = f'steps:\n  - set: {{customerId: "99999"}}\n    expect_error: {expected}\n'

    assert headlines(folder, bench, text) == []


def test_a_rejected_call_is_known_by_its_platform(folder: Path, bench: PlainBench) -> None:
    fields = {"code": "HTTP_STATUS", "platform_key": "qywx", "api": "sendTextMessage"}
    error = ScriptError("40014", fields={**fields, "status": 500})
    bench.stage.plays["query"] = raising(error)
    text = """\
steps:
  - click: 查询
    expect_error: {from: qywx, code: HTTP_STATUS, status: {$gte: 500}}
  - click: 查询
    expect_error: {from: qywx.sendTextMessage}
  - click: 查询
    expect_error: {from: crm_system}
"""
    (found,) = headlines(folder, bench, text)
    assert found == (
        'step 3/3 click: expected an error from "crm_system",'
        ' got one from "qywx.sendTextMessage" (Error: 40014)'
    )


def raising(error: Exception) -> Play:
    def play_it(_form: Any, _ctx: Any) -> None:
        raise error

    return play_it


def test_a_miss_that_the_script_swallowed_fails_the_step(folder: Path, bench: PlainBench) -> None:
    def swallow(_form: Any, _ctx: Any) -> None:
        bench.misses.append(NoMatchError("no recorded call for crm_system.x\n  nearest: #3"))

    bench.plays["query"] = swallow
    text = "steps:\n  - {click: 查询, expect: {form: {discount: 5}}}\n"

    (failure,) = failures(folder, bench, text)

    assert failure.headline == "step 1/1 click: no recorded call for crm_system.x"
    assert (failure.kind, failure.detail) == ("miss", ("  nearest: #3",))


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (
            PendingPromise("waits for ever", name="PendingPromise", place=Place("a.js", 3, 1)),
            "pending",
        ),
        (NoMatchError("no cassette"), "miss"),
    ],
)
def test_what_can_never_be_expected_fails_in_spite_of_expect_error(
    folder: Path, bench: PlainBench, error: Exception, kind: str
) -> None:
    bench.stage.plays["query"] = raising(error)
    text = "steps:\n  - {click: 查询, expect_error: {type: {$matches: o}}}\n"

    assert [one.kind for one in failures(folder, bench, text)] == [kind]


def test_an_unhandled_rejection_fails(folder: Path, bench: PlainBench) -> None:
    bench.stage.outcomes["query"] = Outcome(unhandled=(ScriptError("没人管"),))
    text = "steps:\n  - {click: 查询}\n"

    assert headlines(folder, bench, text) == ["step 1/1 click: unhandled rejection: Error: 没人管"]


def test_what_was_not_played_fails_at_the_end(folder: Path, bench: PlainBench) -> None:
    bench.closing = CassetteError("2 exchanges were not played\n  [0] POST /orders")
    text = "steps:\n  - open: {}\n"

    (failure,) = failures(folder, bench, text)

    assert failure.headline == "选择客户后回填联系人: 2 exchanges were not played"
    assert (failure.kind, failure.detail) == ("unplayed", ("  [0] POST /orders",))


def test_an_earlier_failure_stands_before_what_was_not_played(
    folder: Path, bench: PlainBench
) -> None:
    bench.closing = CassetteError("2 exchanges were not played")
    text = 'steps:\n  - set: {customerId: "99999"}\n'

    assert [one.kind for one in failures(folder, bench, text)] == ["error"]
    assert bench.closed == [True]


FAULT = "{on: crm_system.get_customer_detail, call: 1, do: {token: expired}}"


def test_a_fault_that_never_fired_fails(folder: Path, bench: PlainBench) -> None:
    text = f"faults: [{FAULT}]\nsteps:\n  - open: {{}}\n"

    (failure,) = failures(folder, bench, text)

    assert failure.headline == (
        "选择客户后回填联系人: fault never fired: crm_system.get_customer_detail call 1"
        " -> token expired (calls made: none)"
    )
    assert str(failure.place) == "场景.scenario.yaml:7:10"


def test_a_fault_of_a_step_is_armed_for_that_step_only(folder: Path, bench: PlainBench) -> None:
    armed: list[int] = []
    bench.plays["query"] = lambda _form, _ctx: armed.append(len(bench.armed))
    text = f"""\
fault_sets: {{令牌过期: [{FAULT}]}}
steps:
  - {{click: 查询}}
  - {{set: {{customerId: "12345"}}, faults: [令牌过期], expect: {{proxy: [
      {{call: crm_system.get_customer_detail, source: fault}}]}}}}
  - {{click: 查询, faults: 令牌过期}}
"""
    assert headlines(folder, bench, text) == []
    assert armed == [0, 1]


@pytest.mark.parametrize(
    ("do", "told"),
    [
        ("{status: 500}", "status 500"),
        ("{error: dns}", "dns"),
        ("{delay: 30s}", "delay 30 s"),
    ],
)
def test_a_silent_fault_is_told_with_what_it_would_have_done(
    folder: Path, bench: PlainBench, do: str, told: str
) -> None:
    text = f'steps: [{{set: {{customerId: "1"}}, faults: [{{on: qywx.*, do: {do}}}]}}]\n'

    (found,) = headlines(folder, bench, text)
    assert found == (
        f"step 1/1 set: fault never fired: qywx.* -> {told}"
        " (calls made: crm_system.get_customer_detail)"
    )


def test_a_silent_fault_is_told_in_a_step_with_retry(folder: Path, bench: PlainBench) -> None:
    fault = "{on: qywx.*, do: {status: 500}}"
    step = f'{{set: {{customerId: "1"}}, faults: [{fault}], retry: {{tries: 2, every: 1s}}}}'

    (found,) = headlines(folder, bench, f"steps: [{step}]\n")
    assert "fault never fired: qywx.* -> status 500" in found


def test_faults_can_be_left_out(folder: Path, bench: PlainBench) -> None:
    text = f"faults: [{FAULT}]\nsteps:\n  - {{open: {{}}, faults: [{FAULT}]}}\n"

    assert headlines(folder, bench, text, faults=False) == []


def test_a_stub_that_never_answers_is_red(folder: Path, bench: PlainBench) -> None:
    text = "proxy: {stubs: [{on: crm_system.*, body: {code: 200}}]}\nsteps:\n  - open: {}\n"

    assert headlines(folder, bench, text) == [
        (
            "选择客户后回填联系人: the stub crm_system.* has never answered; "
            "take it away, or mend what it asks for"
        )
    ]


def test_values_come_from_variables_rows_results_and_the_form(
    folder: Path, bench: PlainBench
) -> None:
    bench.plays["js"] = lambda form, _ctx: {"data": [{"name": "李四"}], "n": form["discount"]}
    text = """\
vars: {客户: "${env.CUSTOMER}", 折扣: 0.8, 两次: "${vars.折扣}"}
cases:
  - {id: 甲, 折扣: "${vars.折扣}"}
  - {id: 乙, 折扣: 1}
steps:
  - {id: a, name: "行 ${case.id}", js: js, save: {name: "${steps.a.result.data[0].name}"}}
  - set: {customerName: "${vars.name}", discount: "${case.折扣}"}
  - expect:
      form: {customerName: 李四, discount: 0.8}
      vars: {name: 李四, 客户: "12345", 两次: 0.8}
  - {if: "${case.id} == 乙", expect: {form: {discount: 99}}}
  - expect: {form: {customerName: "${vars.name}", discount: {$lt: "${steps.a.result.n}"}}}
  - expect: {vars: {name: "x ${now} ${uuid}"}}
"""
    path = write(folder, FORM + text)

    events = play(path, bench, row="甲", environ={"CUSTOMER": "12345"})

    (failure,) = verdict(events).failures
    assert failure.headline == (
        'step 6/6 check: vars.name expected "x 2026-03-02T09:00:00.000+08:00'
        ' cd072cd8-be6f-4f62-ac4c-09c28206e7e3", got "李四"'
    )
    titles = [event.title for event in events if isinstance(event, StepStarted)]
    assert titles == ["行 甲", "set", "check", "check", "check", "check"]
    outcomes = [event.outcome for event in events if isinstance(event, StepFinished)]
    assert outcomes == ["passed"] * 3 + ["skipped", "passed", "failed"]


@pytest.mark.parametrize(
    ("steps", "headline"),
    [
        (
            "  - {id: a, open: {}}\n  - {set: {customerName: '${steps.a.result.x}'}}\n",
            "step 2/2 set: ${steps.a.result.x} is not defined: no 'x' in null",
        ),
        (
            "  - {if: '${steps.b.result}', open: {}}\n  - {id: b, open: {}}\n",
            "step 1/2 open: ${steps.b.result} is not defined; no step with this id has run",
        ),
        (
            "  - {id: a, open: {}, expect: {form: {discount: '${steps.a.result.x}'}}}\n",
            "step 1/1 a: ${steps.a.result.x} is not defined: no 'x' in null",
        ),
        (
            "  - {id: a, open: {}, expect_error: {message: '${steps.a.result.x}'}}\n",
            "step 1/1 a: ${steps.a.result.x} is not defined: no 'x' in null",
        ),
        (
            "  - {id: a, open: {}, retry: {until: {result: '${steps.a.result.x}'}}}\n",
            "step 1/1 a: ${steps.a.result.x} is not defined: no 'x' in null",
        ),
        (
            "  - {id: a, open: {}}\nexpect: {result: '${steps.a.result.x}'}\n",
            "选择客户后回填联系人: ${steps.a.result.x} is not defined: no 'x' in null",
        ),
        (
            "  - open: {}\nvars: {a: '${steps.b.x}', c: 1}\nfinally: [{id: b, open: {}}]\n",
            "选择客户后回填联系人: ${steps.b.x} is not defined; no step with this id has run",
        ),
    ],
)
def test_a_value_that_turns_out_undefined_fails_where_it_stands(
    folder: Path, bench: PlainBench, steps: str, headline: str
) -> None:
    found = failures(folder, bench, f"steps:\n{steps}")

    assert [(one.kind, one.headline) for one in found] == [("value", headline)]


def test_retry_repeats_until_it_holds_in_virtual_time(folder: Path, bench: PlainBench) -> None:
    tries: list[float] = []

    def query(form: Any, _ctx: Any) -> None:
        tries.append(bench.clock.now())
        form["discount"] = len(tries)

    bench.plays["query"] = query
    text = """\
steps:
  - {click: 查询, retry: {tries: 5, every: 2s}, expect: {form: {discount: 3}}}
"""
    assert headlines(folder, bench, text) == []
    assert [now - tries[0] for now in tries] == [0, 2, 4]


def test_expect_waits_for_until(folder: Path, bench: PlainBench) -> None:
    tries: list[int] = []

    def query(form: Any, _ctx: Any) -> None:
        tries.append(1)
        if len(tries) == 1:
            raise Thrown("还没好")
        form["discount"] = len(tries)

    bench.plays["query"] = query
    step = "{click: 查询, retry: {until: {form: {discount: %s}}}, expect: {form: {discount: %s}}}"

    assert headlines(folder, bench, f"steps:\n  - {step % (3, 3)}\n") == []
    assert len(tries) == 3
    tries.clear()
    assert headlines(folder, bench, f"steps:\n  - {step % (2, 7)}\n") == [
        "step 1/1 click: form.discount expected 7, got 2"
    ]
    tries.clear()
    assert headlines(folder, bench, f"steps:\n  - {step % (9, 3)}\n") == [
        "step 1/1 click: form.discount expected 9, got 3"
    ]
    tries.clear()
    assert headlines(folder, bench, f"steps:\n  - {step % (9, 7)}\n") == [
        "step 1/1 click: form.discount expected 7, got 3"
    ]


def test_finally_runs_after_a_failure_too(folder: Path, bench: PlainBench) -> None:
    ran: list[str] = []
    bench.plays["query"] = lambda _form, _ctx: ran.append("清理")
    text = """\
steps:
  - set: {customerId: "99999"}
finally:
  - click: 查询
  - {name: 再查, expect: {form: {discount: 5}}}
"""
    assert headlines(folder, bench, text) == [
        "step 1/1 set: Error: 查询客户信息失败: 客户不存在",
        "finally: 再查: form.discount expected 5, got 1",
    ]
    assert ran == ["清理"]


def test_the_scenario_itself_expects_something_of_the_whole_run(
    folder: Path, bench: PlainBench
) -> None:
    text = """\
steps:
  - set: {customerId: "1"}
  - set: {customerId: "2"}
expect:
  proxy:
    - {call: crm_system.get_customer_detail, times: 3}
"""
    (failure,) = failures(folder, bench, text)

    assert failure.headline == "选择客户后回填联系人: proxy[0].times expected 3, got 2"
    assert str(failure.place) == "场景.scenario.yaml:12:46"


def test_submit_gives_false_as_its_result(folder: Path, bench: PlainBench) -> None:
    bench.plays["submit"] = lambda _form, _ctx: False
    text = "steps:\n  - {submit: {}, expect: {result: false}}\n  - {fire: submit}\n"

    assert headlines(folder, bench, text) == []


def test_messages_and_field_states_are_expected(folder: Path, bench: PlainBench) -> None:
    def query(form: Any, _ctx: Any) -> None:
        form["$message"] = {"text": "客户不存在", "type": "warning"}
        form["$message"] = "请重选"
        form["$visible"] = {"discount": False}

    bench.plays["query"] = query
    text = """\
steps:
  - click: 查询
    expect:
      messages: [{type: warning, text: 客户不存在}, {$contains: 重选}]
      fields: {discount: {visible: false}, customerId: {required: false}}
  - {open: {}, expect: {messages: []}}
  - {click: 查询, expect: {messages: {$length: 3}}}
"""
    assert headlines(folder, bench, text) == [
        'step 3/3 click: messages expected $length 3, got 2: ["客户不存在", "请重选"]'
    ]


def test_the_other_actions_go_to_the_session(folder: Path, bench: PlainBench) -> None:
    (folder / "检查.py").write_text(
        "def count(session, *, factor):\n    return len(session.calls) * factor\n",
        encoding="utf-8",
    )
    (folder / "a.js").write_text("1", encoding="utf-8")
    bench.plays["a"] = lambda form, _ctx: form["discount"]
    text = """\
steps:
  - {proxy: {call: crm_system.get_customer_detail, args: ["7"], instance: test, caller: 单测},
     expect: {result: ["7"], proxy: [{call: crm_system.get_customer_detail}]}}
  - {proxy: {call: crm_system.create_order, path: {id: 7}, query: {q: 张}},
     expect: {result: {path: {id: 7}, query: {q: 张}}}}
  - {python: {call: "检查:count", args: {factor: 10}}, expect: {result: 20}}
  - {js: {file: a.js}, expect: {result: 1}}
  - {advance: 1m30s, expect: {form: {customerName: ""}}}
"""
    events = play(write(folder, FORM + text), bench)

    assert [one.headline for one in verdict(events).failures] == []
    assert bench.proxied[0] == ("crm_system", {"instance_key": "test", "caller": "单测"})
    finished = [event for event in events if isinstance(event, StepFinished)]
    assert finished[-1].duration == 90


@pytest.mark.parametrize(
    ("step", "result"),
    [
        ("{proxy: {call: crm_system.create_order}}", "{}"),
        (
            "{proxy: {call: crm_system.create_order, path: {}, query: {}, header: {}, body: null}}",
            "{path: {}, query: {}, header: {}, body: null}",
        ),
        ("{proxy: {call: crm_system.create_order, body: 0}}", "{body: 0}"),
        ("{proxy: {call: crm_system.create_order, args: []}}", "[]"),
        ("{python: '取值:echo'}", "[true, null]"),
        ("{python: {call: '取值:echo', args: {form: 甲, 第三: 0}}}", "[false, 0]"),
    ],
)
def test_what_an_action_is_given_arrives_as_it_is(
    folder: Path, bench: PlainBench, step: str, result: str
) -> None:
    (folder / "取值.py").write_text(
        "def echo(session, form, 第三=None):\n    return [form != '甲', 第三]\n", encoding="utf-8"
    )
    text = f"steps:\n  - {step[:-1]}, expect: {{result: {{$exactly: {result}}}}}}}\n"

    assert headlines(folder, bench, text) == []


@pytest.mark.parametrize(
    ("step", "headline"),
    [
        (
            '{python: "没有这个:f"}',
            "step 1/1 python: NO_MODULE: python: no module '没有这个' beside the scenario or in",
        ),
        (
            '{python: "json:load_s"}',
            "step 1/1 python: NO_FUNCTION: python: json has no function 'load_s'; did you mean",
        ),
        (
            '{python: "bpmax_sim.fuzz:held"}',  # what fuzz --save wrote
            "step 1/1 python: NO_FUNCTION: python: bpmax_sim.fuzz has no function 'held'; it is",
        ),
        (
            '{python: "json:loads"}',
            "step 1/1 python: TypeError: the JSON object must be str, bytes or bytearray, not",
        ),
    ],
)
def test_an_error_of_a_python_step_fails_it(
    folder: Path, bench: PlainBench, step: str, headline: str
) -> None:
    (found,) = headlines(folder, bench, f"steps:\n  - {step}\n")
    assert found.startswith(headline)


def ignore_folders(folder: str, names: list[str]) -> list[str]:
    return [name for name in names if (Path(folder) / name).is_dir()]


def test_two_folders_may_have_modules_of_one_name(folder: Path, bench: PlainBench) -> None:
    for place, result in (("甲", 1), ("乙", 2), ("甲", 1)):
        shutil.copytree(folder, folder / place, dirs_exist_ok=True, ignore=ignore_folders)
        (folder / place / "同名.py").write_text(f"def f(_session):\n    return {result}\n")
        step = f'steps:\n  - {{python: "同名:f", expect: {{result: {result}}}}}\n'
        assert headlines(folder / place, bench, step) == []


def test_a_module_that_does_not_load_fails_each_step_alike(folder: Path, bench: PlainBench) -> None:
    (folder / "坏的.py").write_text("1 / 0\ndef f(_session): ...\n", encoding="utf-8")
    step = 'steps:\n  - python: "坏的:f"\n'

    first, again = (headlines(folder, bench, step) for _ in range(2))

    assert first == ["step 1/1 python: ZeroDivisionError: division by zero (from python)"]
    assert again == first


def test_what_a_python_step_prints_is_redacted(
    folder: Path, bench: PlainBench, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also where it is printed in pieces, as bytes, and where the step fails after it."""
    (folder / "印.py").write_text(
        "import sys\n"
        "def f(_session):\n"
        "    sys.stdout.write('客户 密钥-s3')\n"
        "    print('cret')\n"
        "    sys.stdout.buffer.write('密钥-s3cret\\n'.encode())\n"
        "    print('密钥-s3cret', file=sys.stderr, flush=True)\n"
        "    raise ValueError\n",
        encoding="utf-8",
    )
    headlines(folder, bench, 'steps:\n  - python: "印:f"\n')

    assert capsys.readouterr() == ("客户 redacted\nredacted\n", "redacted\n")


def test_a_line_that_a_python_step_flushes_in_pieces_is_redacted(
    folder: Path, bench: PlainBench, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "段.py").write_text(
        "def f(_session):\n"
        "    print('密钥', end='', flush=True)\n"
        "    print('-s3cret', flush=True)\n"
        "    print('进度 1', end='', flush=True)\n",
        encoding="utf-8",
    )
    headlines(folder, bench, 'steps:\n  - python: "段:f"\n')

    assert capsys.readouterr().out == "redacted\n进度 1"


def test_a_python_step_that_exits_fails_and_ends_nothing(folder: Path, bench: PlainBench) -> None:
    (folder / "退.py").write_text(
        "import sys\ndef f(_session, code):\n    sys.exit(code)\n", encoding="utf-8"
    )
    text = """\
steps:
  - {python: {call: "退:f", args: {code: 密钥-s3cret}}, expect_error: {code: EXITED}}
  - {python: {call: "退:f", args: {code: 密钥-s3cret}}}
"""
    assert headlines(folder, bench, text) == [
        "step 2/2 python: EXITED: python: 退:f called sys.exit('redacted')"
    ]


def test_a_rejected_proxy_step_is_an_error_of_its_platform(folder: Path, bench: PlainBench) -> None:
    (folder / "拒.py").write_text(
        "from bpmax_sim.errors import AuthError\n"
        "def f(_session):\n"
        "    raise AuthError('login refused', platform='qywx', "
        "api='sendTextMessage', status=401)\n",
        encoding="utf-8",
    )
    text = """\
steps:
  - python: "拒:f"
    expect_error: {type: AuthError, code: AUTH_FAILED, status: 401, from: qywx.sendTextMessage}
  - {id: e, python: "拒:f", expect_error: {type: AuthError}}
  - {expect: {result: null}, if: "${steps.e.error.code} == AUTH_FAILED"}
  - {python: "拒:f"}
"""
    assert headlines(folder, bench, text) == [
        "step 4/4 python: AuthError: login refused (from qywx.sendTextMessage)"
    ]
    assert CallError.default_code == "BAD_ARGUMENT"


def test_named_steps_of_a_fragment_run_with_their_own_variables(
    folder: Path, bench: PlainBench
) -> None:
    fragment = """\
vars: {客户: "1"}
steps:
  选客户:
    - {name: 选, set: {customerId: "${vars.客户}"}}
    - {name: 查, expect: {form: {discount: "${vars.折扣}"}}}
"""
    (folder / "共享.yaml").write_text(fragment, encoding="utf-8")
    text = """\
use: 共享.yaml
vars: {折扣: 0.9}
steps:
  - {id: r, run: 选客户, expect: {result: 回填完成}}
  - {run: {steps: 选客户, with: {客户: "2", 折扣: 5}}}
"""
    events = play(write(folder, FORM + text), bench)

    (failure,) = verdict(events).failures
    assert failure.headline == "step 2/2 run > 查: form.discount expected 5, got 0.9"
    assert str(failure.place) == "共享.yaml:5:33"
    titles = [event.title for event in events if isinstance(event, StepStarted)]
    assert titles == ["r", "r > 选", "r > 查", "run", "run > 选", "run > 查"]


def test_a_variable_of_a_run_that_is_not_defined_fails_there(
    folder: Path, bench: PlainBench
) -> None:
    (folder / "共享.yaml").write_text(
        "steps: {开: {open: {}, name: '${vars.x}'}}\n", encoding="utf-8"
    )
    text = """\
use: 共享.yaml
steps:
  - {id: a, run: 开}
  - {run: {steps: 开, with: {x: "${steps.a.result.x}"}}}
"""
    assert headlines(folder, bench, text) == [
        "step 2/2 run: ${steps.a.result.x} is not defined: no 'x' in null"
    ]


@pytest.mark.parametrize("before", ["张三", "0", "''", "null", "false", "[]"])
def test_variables_of_a_run_end_with_it(folder: Path, bench: PlainBench, before: str) -> None:
    fragment = "steps: {填: {set: {customerName: '${vars.x}', discount: '${vars.y}'}}}\n"
    (folder / "共享.yaml").write_text(fragment, encoding="utf-8")
    text = f"""\
use: 共享.yaml
vars: {{x: {before}}}
steps:
  - {{run: {{steps: 填, with: {{x: 李四, y: 2}}}},
     expect: {{form: {{customerName: 李四, discount: 2}}}}}}
  - {{expect: {{vars: {{$exactly: {{x: {before}}}}}}}}}
"""
    assert headlines(folder, bench, text) == []


def test_variables_of_a_run_that_fails_end_with_it(folder: Path, bench: PlainBench) -> None:
    fragment = "steps: {填: {set: {discount: '${vars.x}'}, expect: {form: {discount: 3}}}}\n"
    (folder / "共享.yaml").write_text(fragment, encoding="utf-8")
    text = """\
use: 共享.yaml
vars: {x: 1}
steps:
  - {run: {steps: 填, with: {x: 2}}}
finally:
  - {expect: {vars: {$exactly: {x: 1}}}}
"""
    assert headlines(folder, bench, text) == ["step 1/1 run > set: form.discount expected 3, got 2"]


def test_a_row_that_names_itself_fails(folder: Path, bench: PlainBench) -> None:
    text = 'cases: [{id: 甲, x: "${case.x}"}]\nsteps: [{set: {customerName: "${case.x}"}}]\n'

    assert headlines(folder, bench, text, row="甲") == ["step 1/1 set: ${case.x} refers to itself"]


FLOW = """\
version: 1
scenario: 合同审批
flow:
  definition: 合同.yaml
  scripts: {approve.部门审批: query.js}
  at: 部门审批
  project: {id: 20260001}
  form: {contractNo: HT-0007, amount: 128000.5}
user: lisi
"""
DEFINITION = """\
flow: 合同审批
start: 部门审批
nodes:
  部门审批: {owners: [wangwu], approve: 财务审批, reject: 结束}
  财务审批: {owners: [zhaoliu], approve: 结束, reject: 部门审批}
  结束: {end: true}
"""


def flow_events(folder: Path, bench: PlainBench, steps: str) -> list[Event]:
    (folder / "合同.yaml").write_text(DEFINITION, encoding="utf-8")
    return play(write(folder, FLOW + steps), bench)


def test_a_flow_is_driven_from_node_to_node(folder: Path, bench: PlainBench) -> None:
    bench.plays["query"] = lambda form, ctx: form.__setitem__(
        "crmOrderId", f"SO{ctx['project']['id']}"
    )
    steps = """\
steps:
  - name: 部门经理同意
    approve: {at: 部门审批, by: wangwu, comment: 同意}
    expect:
      flow: {at: 财务审批, status: processing, owners: [zhaoliu], form: {crmOrderId: SO20260001}}
      form: {contractNo: HT-0007}
    save: {order: "${flow.form.crmOrderId}"}
  - set: {remark: 急}
  - reject: {by: zhaoliu}
  - approve: {by: 张三}
    expect_error: {type: SubjectError, from: subject, message: {$contains: not an owner}}
  - expect: {flow: {at: 部门审批, project: {id: 20260001}}, vars: {order: {$matches: '^SO'}}}
"""
    events = flow_events(folder, bench, steps)

    assert [one.headline for one in verdict(events).failures] == []
    nodes = [event.node for event in events if isinstance(event, NodeEntered)]
    assert nodes == ["财务审批", "部门审批"]


def test_a_wrong_node_is_the_headline(folder: Path, bench: PlainBench) -> None:
    bench.plays["query"] = lambda _form, _ctx: None
    steps = "steps:\n  - {approve: {by: wangwu}, expect: {flow: {at: 结束}}}\n"

    (failure,) = verdict(flow_events(folder, bench, steps)).failures

    assert failure.headline == 'step 1/1 approve: flow.at expected "结束", got "财务审批"'


def test_a_flow_without_a_node_is_created_by_submit(folder: Path, bench: PlainBench) -> None:
    (folder / "合同.yaml").write_text(DEFINITION, encoding="utf-8")
    bench.plays["js"] = lambda form, ctx: [form["contractNo"], ctx["step"]["name"]]
    text = (
        FLOW.replace("  at: 部门审批\n", "")
        + """\
steps:
  - {submit: {by: lisi, form: {contractNo: HT-1}}, expect: {flow: {at: 部门审批}}}
  - {js: js, expect: {result: [HT-1, 部门审批]}}
"""
    )
    assert verdict(play(write(folder, text), bench)).failures == ()


def test_the_same_run_has_the_same_digest(folder: Path) -> None:
    text = FORM + 'steps:\n  - set: {customerId: "12345"}\n'
    path = write(folder, text)
    digests = []
    for _ in range(2):
        bench = PlainBench()
        bench.plays["customer_form"] = customer_form(bench)
        digests.append(verdict(play(path, bench)).digest)

    assert digests[0] == digests[1]
    expected = f"expect: {{trace: {digests[0]}}}\n"
    write(folder, f"{text}{expected}")
    bench = PlainBench()
    bench.plays["customer_form"] = customer_form(bench)
    assert verdict(play(path, bench)).outcome == "passed"


def test_a_cycle_that_was_cut_is_a_note_and_no_failure(folder: Path, bench: PlainBench) -> None:
    def toggle(form: Any, _ctx: Any) -> None:
        form["customerId"] = "2" if form["customerId"] == "1" else "1"

    bench.plays["customer_form"] = toggle
    events = play(write(folder, FORM + 'steps:\n  - set: {customerId: "1"}\n'), bench)

    assert verdict(events).outcome == "passed"
    told = 'change cycle cut: customerId="1" -> customerId="2" -> customerId="1"'
    assert told in map(str, verdict(events).warnings)


def test_a_scenario_without_a_subject_uses_the_session_alone(
    folder: Path, bench: PlainBench
) -> None:
    text = """\
version: 1
scenario: 只调接口
steps:
  - {proxy: {call: crm_system.create_order}, expect: {result: {}}}
  - {js: js, expect: {result: 1}}
"""
    bench.plays["js"] = lambda form, ctx: 1 if form is ctx is None else 0

    assert verdict(play(write(folder, text), bench)).failures == ()


def test_an_item_runs_in_any_bench_and_closes_it(folder: Path, bench: PlainBench) -> None:
    (item,) = load_items(write(folder, FORM + "steps:\n  - open: {}\n"), environ={})

    *_, last = run_item(item, cast("Session", bench), environ={})

    assert isinstance(last, ScenarioFinished)
    assert (last.outcome, bench.closed) == ("passed", [False])
    assert START.startswith("2026")
