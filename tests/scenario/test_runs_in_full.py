# ruff: noqa: E501 - scenarios, one a line
"""Whole runs in a bench: how each step ended, what the run was told, and with what it was opened."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest

from bpmax_sim.cassette.recorder import Outage
from bpmax_sim.clock import Instant
from bpmax_sim.errors import (
    BpmaxError,
    CassetteError,
    ConfigError,
    NoMatchError,
    PendingPromise,
    Place,
    ScriptError,
    SubjectError,
)
from bpmax_sim.i18n import to_plain_english
from bpmax_sim.messages import FailedExchange
from bpmax_sim.scenario import runner
from bpmax_sim.scenario.events import Event, ScenarioFinished, StepFinished, StepStarted
from bpmax_sim.scenario.load import ScenarioItem
from bpmax_sim.scenario.runner import (
    find_missing_platform_files,
    make_replay_check,
    open_session,
    read_secret_values,
    run_item,
    run_scenario,
)
from bpmax_sim.script.failure import Script
from bpmax_sim.script.turn_result import Outcome, PendingTimer, UnawaitedCall, UnrankedCharacter
from bpmax_sim.session.session import Session
from bpmax_sim.subject.hooks import NodeEntered
from bpmax_sim.transport.faults import Break, Fault
from tests.scenario.bench import START as BEGIN
from tests.scenario.bench import PlainBench, play, verdict, write
from tests.scenario.loading import load_text
from tests.subject.stage import Thrown

FORM = "scenario: 报价\nform: {scripts: {open: 开.js, click.查: 查.js, submit: 交.js}, fields: {客户: '', 数: 0, 收: 0}}\n"
FILES = {"开.js": "//", "查.js": "//", "交.js": "//"}


@dataclass
class Bench(PlainBench):
    """A bench whose calls let the steps of ``during`` happen."""

    watched: list[tuple[str, Callable[[], None]]] = field(default_factory=list)

    def watch(self, call: str, act: Callable[[], None], /) -> None:
        self.watched = [(call, act)] if call else []

    def call(self, name: str, **parts: Any) -> Any:
        answered = super().call(name, **parts)
        for watched, act in self.watched:
            if watched == name:
                act()
        return answered


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


@pytest.fixture
def bench() -> Bench:
    bench = Bench()

    def query(form: Any, _ctx: Any) -> str:
        form["数"] = form["数"] + 1
        return f"第{form['数']}次"

    bench.plays |= {
        "开": lambda _form, _ctx: "开了",
        "查": query,
        "交": lambda form, _ctx: form["客户"],
    }
    return bench


def run(folder: Path, bench: Bench, text: str, **options: Any) -> list[Event]:
    return play(write(folder, FORM + text), bench, **options)


def tell(events: list[Event]) -> list[str]:
    """Return each failure with its kind and place, and each warning."""
    last = verdict(events)
    failures = [
        f"{one.kind} {str(one.place).removeprefix('场景.scenario.yaml:')} {one.headline}"
        for one in last.failures
    ]
    return [
        to_plain_english(one)
        for one in (*failures, *(f"{one.kind}: {one}" for one in last.warnings))
    ]


def summarise(events: list[Event]) -> list[tuple[Any, ...]]:
    ended = [one for one in events if isinstance(one, StepFinished)]
    return [
        (
            one.number,
            one.title,
            one.outcome,
            to_plain_english(one.reason),
            one.tries,
            one.duration,
            len(one.checks),
            one.result,
        )
        for one in ended
    ]


def test_each_step_ends_with_its_tries_its_time_and_its_own_result(
    folder: Path, bench: Bench
) -> None:
    events = run(
        folder,
        bench,
        "vars: {名: 首张}\ncases: [{id: 甲}, {id: 2}]\nsteps:\n"
        "  - {id: 开, open: {}, expect: {result: 开了}}\n"
        "  - {if: '${steps.开.result} == 别的', click: 查}\n"
        "  - {only: [甲, 2], name: '核对 ${vars.名} ${vars.没}', expect: {form: {数: 0}}}\n"
        "  - {only: [2], open: {}}\n"
        "  - {name: '查 ${case.id}', click: 查, retry: {tries: 5, every: 2.5s}, expect: {form: {数: 3}}}\n"
        "  - {click: 查, retry: {tries: 3, every: 1s, until: {form: {数: 5}}}, expect: {form: {数: {$gte: 4}}}}\n"
        "  - {advance: 0.1234567, expect: {form: {数: 5}}}\n"
        "  - {set: {数: 9}, expect: {form: {数: 8, 客户: ''}}}\n"
        "  - {open: {}}\n"
        "  - {id: 末, open: {}}\n"
        "finally:\n  - {name: 收, click: 查, save: {名: '${form.数}'}}\n  - {expect: {vars: {名: 10}}}\n"
        "expect: {form: {数: 99}}\n".replace("${vars.没}", ""),
        row="甲",
    )

    assert summarise(events) == [
        (1, "开", "passed", "", 1, 0.0, 1, "开了"),
        (2, "click", "skipped", "if: ${steps.开.result} == 别的 does not hold", 0, 0.0, 0, None),
        (3, "核对 首张 ", "passed", "", 1, 0.0, 1, None),
        (4, "open", "skipped", "only: 2", 0, 0.0, 0, None),
        (5, "查 甲", "passed", "", 3, 5.0, 1, "第3次"),
        (6, "click", "passed", "", 2, 1.0, 2, "第5次"),
        (7, "advance", "passed", "", 1, 0.123457, 1, None),
        (8, "set", "failed", "", 1, 0.0, 2, None),
        (9, "open", "skipped", "step 8 failed", 0, 0.0, 0, None),
        (10, "末", "skipped", "step 8 failed", 0, 0.0, 0, None),
        (0, "finally: 收", "passed", "", 1, 0.0, 0, "第10次"),
        (0, "finally: check", "passed", "", 1, 0.0, 1, None),
    ]
    assert [one for one in tell(events) if one.startswith("expect")] == [
        "expect 13:35 step 8/10 set: form.数 expected 8, got 9"
    ]
    started = [one for one in events if isinstance(one, StepStarted)]
    assert [(one.number, one.total, one.id, one.action) for one in (*started[:2], *started[-2:])] == [
        (1, 10, "开", "open"), (2, 10, "", "click"), (0, 0, "", "click"), (0, 0, "", ""),
    ]  # fmt: skip


def test_the_last_event_sums_up_the_run(folder: Path, bench: Bench) -> None:
    stub = "proxy: {stubs: [{on: crm_system.*, status: 500}]}\n"
    passed = verdict(
        run(
            folder,
            bench,
            "steps: [{open: {}}, {advance: 2s, expect: {form: {数: 0}}}]\nexpect: {form: {数: 0, 客户: ''}}\nskip: 以后\n",
        )
    )
    assert (
        passed.outcome,
        passed.duration,
        passed.calls,
        passed.rows,
        passed.reason,
        len(passed.checks),
    ) == ("passed", 2.0, 0, 0, "", 2)
    assert passed.digest.startswith("v")
    xfail = (
        "xfail: 单据 7\nsteps: [{open: {}, expect: {form: {数: 1}}}]\ncases: [{id: 甲}, {id: 乙}]\n"
    )
    events = run(folder, Bench(bench.plays), xfail, row="乙", has_digest=False)
    last = verdict(events)
    assert (last.outcome, last.reason, last.rows, last.digest, last.checks) == (
        "xfailed",
        "单据 7",
        2,
        "",
        (),
    )
    assert (last.unused_parts, last.used_keys_of_other_files) == ((), ())
    failed = verdict(run(folder, Bench(bench.plays), f"{stub}steps: [{{open: {{}}}}]\n"))
    assert (failed.outcome, failed.reason, failed.unused_parts) == ("failed", "", ())
    table = verdict(
        run(
            folder,
            Bench(bench.plays),
            f"{stub}cases: [{{id: 甲}}]\nsteps: [{{open: {{}}, expect: {{form: {{数: 0}}}}}}, {{if: false, open: {{}}}}]\n",
            row="甲",
        )
    )
    assert (table.outcome, [one.kind for one in table.unused_parts]) == (
        "passed",
        ["rule", "empty"],
    )


def test_values_that_are_not_there_fail_at_their_key(folder: Path, bench: Bench) -> None:
    none = "step 2/2 {}: ${{steps.开.result.x}} is not defined: no 'x' in \"开了\""
    steps = {
        "{if: '${steps.开.result.x} == 1', open: {}}": ("6", "open"),
        "{set: {数: '${steps.开.result.x}'}}": ("6", "set"),
        "{click: 查, expect_error: {code: '${steps.开.result.x}'}}": ("16", "click"),
        "{click: 查, during: {call: '${steps.开.result.x}', steps: [{set: {数: 5}}]}}": (
            "25",
            "click",
        ),
        "{click: 查, expect: {form: {数: '${steps.开.result.x}'}}}": ("16", "click"),
        "{click: 查, save: {乙: 1, 甲: '${steps.开.result.x}'}}": ("29", "click"),
        "{click: 查, retry: {tries: 9, until: {form: {数: '${steps.开.result.x}'}}}}": (
            "34",
            "click",
        ),
    }
    found = {}
    for step in steps:
        events = run(
            folder, Bench(bench.plays), f"steps:\n  - {{id: 开, open: {{}}}}\n  - {step}\n"
        )
        found[step] = [one for one in tell(events) if one.startswith("value")]
        assert summarise(events)[-1][2:4] == ("failed", "")
        assert summarise(events)[-1][4] < 2
    assert found == {
        step: [f"value 5:{column} {none.format(title)}"] for step, (column, title) in steps.items()
    }


def test_steps_happen_while_a_call_is_in_flight(folder: Path, bench: Bench) -> None:
    def order(form: Any, _ctx: Any) -> str:
        for number in ("1", "2"):
            bench.call("crm_system.create_order", path=f"/orders/{number}")
        return str(form["客户"])

    bench.plays["查"] = order
    head = "cases: [{id: 甲}, {id: 乙}]\nsteps:\n"
    step = (
        "  - {name: '查 ${case.id}', click: 查, during: {call: crm_system.create_order, steps: [\n"
        "      {set: {客户: 张三}, expect: {form: {客户: 张三}}}, {only: [乙], set: {数: 7}}, {if: false, set: {数: 8}},\n"
        "      {name: 再点, if: '${case.id} == 甲', set: {收: '${form.数}'}, expect: {form: {收: %s}}}]},\n"
        "     expect: {result: 张三, form: {数: 0}, proxy: {call: crm_system.create_order, times: 2}}}\n"
    )
    events = run(folder, bench, head + step % 0, row="甲")
    assert [(one[0], *one[1:3], one[6], one[7]) for one in summarise(events)] == [
        (1, "查 甲 > set", "passed", 1, None),
        (1, "查 甲 > 再点", "passed", 1, None),
        (1, "查 甲", "passed", 3, "张三"),
    ]
    assert [one for one in tell(events) if not one.startswith("rule")] == []
    again = Bench({**bench.plays})
    bench = again
    failed = run(folder, again, head + step % 5, row="甲")
    assert tell(failed)[0] == "expect 7:80 step 1/1 查 甲 > 再点: form.收 expected 5, got 0"
    assert [one[2] for one in summarise(failed)] == ["passed", "failed", "failed"]
    third = Bench({**again.plays, "查": lambda _form, _ctx: None})
    missing = run(
        folder,
        third,
        "steps: [{click: 查, during: {call: crm_system.create_order, steps: [{set: {数: 1}}]}, retry: {tries: 2}}]\n",
    )
    assert tell(missing) == [
        "value 3:29 step 1/1 click: no call of crm_system.create_order was made meanwhile"
    ]
    assert (third.watched, [one[1:5] for one in summarise(missing)]) == (
        [],
        [("click", "failed", "", 2)],
    )


def test_named_steps_have_variables_and_a_result_of_their_own(folder: Path, bench: Bench) -> None:
    (folder / "零件.yaml").write_text(
        "steps:\n  查两次: [{name: '${vars.新}', click: 查}, {id: 内, click: 查, expect: {form: {数: '${vars.应}'}}}]\n  无: [{expect: {form: {数: 4}}}]\n",
        encoding="utf-8",
    )
    text = (
        "use: 零件.yaml\nvars: {应: 99}\nsteps:\n"
        "  - {id: 跑, run: {steps: 查两次, with: {应: 2}}, expect: {result: 第2次}}\n"
        "  - {expect: {form: {数: 2}}, if: '${steps.跑.result} == 第2次'}\n"
        "  - {id: 再, run: {steps: 查两次, with: {应: 4, 新: 1}}, save: {得: '${steps.再.result}'}}\n"
        "  - {run: 无, expect: {vars: {$exactly: {应: 99, 得: 第4次}}}}\n"
        "  - {run: 查两次, retry: {tries: 2}}\n"
    )
    events = run(folder, bench, text)
    assert [(one[0], one[1], one[2], one[4], one[7]) for one in summarise(events)] == [
        (1, "跑 > ${vars.新}", "passed", 1, "第1次"), (1, "跑 > 内", "passed", 1, "第2次"), (1, "跑", "passed", 1, "第2次"),
        (2, "check", "passed", 1, None),
        (3, "再 > 1", "passed", 1, "第3次"), (3, "再 > 内", "passed", 1, "第4次"), (3, "再", "passed", 1, "第4次"),
        (4, "run > check", "passed", 1, None), (4, "run", "passed", 1, "第4次"),
        (5, "run > ${vars.新}", "passed", 1, "第5次"), (5, "run > 内", "failed", 1, "第6次"), (5, "run", "failed", 1, "第6次"),
    ]  # fmt: skip
    assert [one for one in tell(events) if one.startswith("expect")] == [
        "expect 零件.yaml:2:74 step 5/5 run > 内: form.数 expected 99, got 6"
    ]


def test_errors_are_judged_before_what_is_expected(folder: Path, bench: Bench) -> None:
    def throw(_form: Any, _ctx: Any) -> None:
        raise Thrown("余额不足", "TypeError")

    def miss(_form: Any, _ctx: Any) -> None:
        raise NoMatchError("没有录制")

    def pair(_form: Any, _ctx: Any) -> None:
        raise SubjectError("先交", code="E1")

    found = {}
    for name, script, step in (
        ("thrown", throw, "{click: 查, expect: {form: {数: 5}}}"),
        (
            "as expected",
            throw,
            "{click: 查, expect_error: {type: TypeError, message: {$contains: 余额}}}",
        ),
        (
            "other",
            throw,
            "{click: 查, expect_error: {type: RangeError, message: 余额不足}, expect: {form: {数: 5}}}",
        ),
        (
            "none",
            lambda _form, _ctx: None,
            "{click: 查, expect_error: {message: 余额不足}, expect: {form: {数: 5}}}",
        ),
        ("miss", miss, "{click: 查, expect_error: {message: 没有录制}, expect: {form: {数: 5}}}"),
        ("subject", pair, "{click: 查, expect_error: {code: E1}, expect: {form: {数: 5}}}"),
        ("tries", throw, "{click: 查, retry: {tries: 3, every: 1s}}"),
    ):
        events = run(folder, Bench({**bench.plays, "查": script}), f"steps:\n  - {step}\n")
        found[name] = [*tell(events)[:1], *[one[2:6] for one in summarise(events)]]
    assert found == {
        "thrown": ["error 4:6 step 1/1 click: TypeError: 余额不足", ("failed", "", 1, 0.0)],
        "as expected": [("passed", "", 1, 0.0)],
        "other": [
            'other_error 4:31 step 1/1 click: error type expected "RangeError", got "TypeError"',
            ("failed", "", 1, 0.0),
        ],
        "none": [
            'no_error 4:16 step 1/1 click: expected an error (message "余额不足"), but the step succeeded',
            ("failed", "", 1, 0.0),
        ],
        "miss": ["miss 4:6 step 1/1 click: 没有录制", ("failed", "", 1, 0.0)],
        "subject": [
            "expect 4:58 step 1/1 click: form.数 expected 5, got 0",
            ("failed", "", 1, 0.0),
        ],
        "tries": ["error 4:6 step 1/1 click: TypeError: 余额不足", ("failed", "", 3, 2.0)],
    }
    refused = Bench({**bench.plays, "交": lambda _form, _ctx: "请填写客户"})
    plain = run(folder, refused, "steps: [{submit: {}, expect: {form: {数: 0}}}]\n")
    assert tell(plain)[:1] == [
        "refused 3:10 step 1/1 submit: REFUSED: 请填写客户 (submit was refused, and nothing of the kind is expected; expect what comes of it: messages, flow, result or expect_error)"
    ]
    for step in (
        "{submit: {}, expect_error: {code: REFUSED, message: 请填写客户}}",
        "{submit: {}, expect: {messages: [{text: 请填写客户}]}}",
    ):
        assert verdict(run(folder, Bench(refused.plays), f"steps: [{step}]\n")).outcome == "passed"


def test_rules_without_effect_fail_unless_they_may(folder: Path, bench: Bench) -> None:
    rule = "{on: crm_system.create_order, do: {error: reset}}"
    text = f"faults: [{rule}]\nsteps: [{{open: {{}}, faults: [{rule}], expect: {{form: {{数: 0}}}}}}]\n"
    more = (Fault(on="crm_system.x", action=Break(error="dns")),)
    silent = "fault never fired: crm_system.create_order -> reset (calls made: none)"
    found = [
        [one for one in tell(run(folder, Bench(bench.plays), case, **options)) if not one.startswith(("never_ran", "empty"))]
        for case, options in (
            (text, {}), (text, {"faults": False}), (text, {"silent_faults": True}), (text, {"silent_faults": True, "more_faults": more}),
            (text.replace(f" faults: [{rule}],", ""), {}), ("steps: [{open: {}, expect: {form: {数: 0}}}]\n", {"more_faults": more}),
            (text.replace("数: 0", "数: 1"), {}),
        )
    ]  # fmt: skip
    inside, outside = f"fault 4:29 step 1/1 open: {silent}", f"fault 3:10 报价: {silent}"
    assert found == [
        [inside],
        [],
        [],
        [],
        [outside],
        [],
        ["expect 4:97 step 1/1 open: form.数 expected 1, got 0"],
    ]


def test_a_session_that_cannot_be_closed_fails_only_what_has_not_failed(
    folder: Path, bench: Bench
) -> None:
    found = {}
    for name, error, number in (
        ("miss", NoMatchError("没有录制"), 0),
        ("unplayed", CassetteError("多了一条"), 0),
        ("after", CassetteError("多了一条"), 1),
    ):
        one = Bench(bench.plays, closing=error)
        found[name] = (
            tell(
                run(folder, one, f"steps: [{{open: {{}}, expect: {{form: {{数: {number}}}}}}}]\n")
            )[:1],
            one.closed,
        )
    assert found == {
        "miss": (["miss 1:1 报价: 没有录制"], [False]),
        "unplayed": (["unplayed 1:1 报价: 多了一条"], [False]),
        "after": (["expect 3:36 step 1/1 open: form.数 expected 1, got 0"], [True]),
    }


HEAD = "scenario: 报价\nsteps: [{js: 'return 1', expect: {result: 1}}]\n"


def test_secrets_are_read_from_where_they_are_declared(folder: Path) -> None:
    text = HEAD.replace("result: 1", "result: '${vars.甲}${case.丙}${vars.空}'") + (
        "cases: [{id: 一, 丙: '${vars.甲}x', 丁: 5}]\nvars: {甲: 密, 空: '', 数: 7}\n"
        "secrets: [env.令牌, vars.甲, case.丙, case.丁, vars.空]\n"
    )
    [item] = load_text(folder, text, environ={"令牌": "t"})
    assert read_secret_values(item, {"令牌": "t"}) == ("t", "密", "密x", "5")
    assert read_secret_values(item, {}, needed=False) == ("密", "密x", "5")
    with pytest.raises(ConfigError) as caught:
        read_secret_values(item, {})
    assert to_plain_english(str(caught.value)) == (
        "单.scenario.yaml:5:11: secrets: ${env.令牌} is not defined; set the environment variable 令牌"
    )


def test_platform_files_that_are_named_exist(folder: Path) -> None:
    (folder / "有").mkdir()
    text = HEAD + "proxy: {platforms: [有, 无, 缺.yaml], instances: 没.yaml}\n"
    [item] = load_text(folder, text)
    missing = [to_plain_english(str(one)) for one in find_missing_platform_files(item)]
    wrong = "there is no {}; create it, or name another"
    assert missing == [
        "单.scenario.yaml:3:24: proxy.platforms: " + wrong.format("无"),
        "单.scenario.yaml:3:27: proxy.platforms: " + wrong.format("缺.yaml"),
        "单.scenario.yaml:3:36: proxy.instances: " + wrong.format("没.yaml"),
    ]
    [one] = load_text(folder, HEAD + "proxy: {platforms: 无}\n")
    assert [to_plain_english(str(problem)) for problem in find_missing_platform_files(one)] == [
        "单.scenario.yaml:3:9: proxy.platforms: " + wrong.format("无")
    ]
    [none] = load_text(folder, HEAD)
    assert [*find_missing_platform_files(none)] == []
    with pytest.raises(ConfigError) as caught:
        open_session(item, platforms=Path("有"))
    assert [problem.path for problem in caught.value.problems] == ["proxy.instances"]


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Return the options with which sessions are opened, in place of sessions."""
    found: list[dict[str, Any]] = []

    def open_nothing(**options: Any) -> Any:
        found.append(options)
        return "session"

    monkeypatch.setattr(Session, "open", open_nothing)
    return found


def test_a_session_has_the_options_of_the_scenario_and_of_the_caller(
    folder: Path, opened: list[dict[str, Any]]
) -> None:
    (folder / "平台").mkdir()
    text = HEAD + (
        "clock: '2026-03-02T09:00:00+08:00'\nseed: 0\nsecrets: [env.令牌]\n"
        "proxy: {platforms: 平台, cassette: 录/一, mode: live, ignore: [header.x], redact: [body.号], unused: warn, repeat: true, instance: 华东}\n"
    )
    [item] = load_text(folder, text, environ={"令牌": "t"})
    assert open_session(item, environ={"令牌": "t"}) == cast("Session", "session")
    [options] = opened
    adopts = options.pop("adopts")
    assert (adopts.func.__name__, adopts.args) == ("find_former_name", (item,))
    assert options == {
        "instances": None, "mode": "live", "cassette": folder / "cassettes/录/一.yaml", "logins": folder / "cassettes/auth",
        "clock": "2026-03-02T09:00:00+08:00", "seed": 0, "ignore": ("header.x",), "redact": ("body.号",), "unused": "warn", "unawaited": "allow",
        "owner": "报价", "repeat": True, "default_instance": "华东", "command": "bpmax-sim record 单.scenario.yaml",
        "environ": {"令牌": "t"}, "secrets": ("t",), "platforms": (folder / "平台",),
    }  # fmt: skip
    opened.clear()
    with pytest.raises(ConfigError, match="令牌"):
        open_session(item, environ={})
    open_session(item, environ={}, against="simulator")
    open_session(
        item,
        environ={},
        mode="replay",
        cassettes=Path("别处"),
        secrets=("s",),
        platforms=Path("他"),
        seed=5,
    )
    open_session(item, environ={}, mode="replay")
    got = [
        {key: one.get(key) for key in ("mode", "secrets", "cassette", "platforms", "seed")}
        for one in opened
    ]
    assert got == [
        {
            "mode": "live",
            "secrets": (),
            "cassette": folder / "cassettes/录/一.yaml",
            "platforms": (folder / "平台",),
            "seed": 0,
        },
        {
            "mode": "replay",
            "secrets": ("s",),
            "cassette": Path("别处/录/一.yaml"),
            "platforms": Path("他"),
            "seed": 5,
        },
        {
            "mode": "replay",
            "secrets": (),
            "cassette": folder / "cassettes/录/一.yaml",
            "platforms": (folder / "平台",),
            "seed": 0,
        },
    ]
    [plain] = load_text(folder, HEAD)
    open_session(plain)
    assert {key: opened[-1][key] for key in ("mode", "clock", "seed", "unused", "repeat", "default_instance", "ignore", "platforms")} == {
        "mode": "replay", "clock": None, "seed": None, "unused": "fail", "repeat": False, "default_instance": None, "ignore": (), "platforms": (),
    }  # fmt: skip


def end_with(outcome: str) -> Callable[..., Any]:
    def run_nothing(item: ScenarioItem, session: Any, **options: Any) -> list[Event]:
        last = ScenarioFinished(
            outcome=cast("Any", outcome), failures=(), warnings=(), digest="", calls=0, duration=0.0, at=0.0,
        )  # fmt: skip
        return [last]

    return run_nothing


def test_a_new_recording_is_tried_in_replay(
    folder: Path, opened: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    [item] = load_text(folder, HEAD)
    options: Mapping[str, Any] = {
        "mode": "record",
        "remote": "x",
        "replays": "y",
        "environ": {"A": "b"},
        "seed": 3,
    }
    check = make_replay_check(item, Path("录"), cast("Any", options))
    told = []
    for outcome in ("passed", "failed", "xfailed", "skipped"):
        monkeypatch.setattr(runner, "run_item", end_with(outcome))
        told.append(check(Path("新.yaml")))
    assert told == [True, False, True, True]
    assert {key: opened[0][key] for key in ("mode", "cassette", "logins", "remote", "replays", "environ", "seed")} == {
        "mode": "replay", "cassette": Path("新.yaml"), "logins": Path("录/auth"), "remote": None, "replays": None, "environ": {"A": "b"}, "seed": 3,
    }  # fmt: skip

    def refuse(**_options: Any) -> Any:
        raise BpmaxError("不行")

    monkeypatch.setattr(Session, "open", refuse)
    assert check(Path("新.yaml")) is False


def test_every_item_of_a_file_runs_but_those_that_are_skipped(
    folder: Path, opened: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (
        HEAD.replace("result: 1", "result: '${case.值}${vars.x}'")
        + "vars: {x: 1}\ncases: [{id: 甲, 值: 1}, {id: 乙, 值: 2, skip: 以后}, {id: 丙, 值: 3}]\n"
    )
    load_text(folder, text)
    ran: list[tuple[str, Any]] = []

    def note(item: ScenarioItem, session: Any, **given: Any) -> list[Event]:
        ran.append((item.row_id, {key: given[key] for key in ("environ", "faults")}))
        return [*end_with("passed")(item, session)]

    monkeypatch.setattr(runner, "run_item", note)
    result = run_scenario(
        "单.scenario.yaml", variables={"x": "2"}, environ={"A": "b"}, faults=False, mode="live"
    )
    assert (len(result.events), result.ok) == (2, True)
    assert ran == [
        ("甲", {"environ": {"A": "b"}, "faults": False}),
        ("丙", {"environ": {"A": "b"}, "faults": False}),
    ]
    assert [(one["mode"], one["environ"]) for one in opened] == [("live", {"A": "b"})] * 2
    assert opened[0]["shared_logins"] is opened[1]["shared_logins"]
    with pytest.raises(ConfigError, match="nothing reads the variable 'y'"):
        run_scenario("单.scenario.yaml", variables={"y": "2"})
    closed: list[bool] = []

    class Held:
        def close(self, *, failed: bool = False) -> None:
            closed.append(failed)
            raise BpmaxError("不行")

    def interrupt(*_args: Any, **_options: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(Session, "open", lambda **_options: Held())
    monkeypatch.setattr(runner, "run_item", interrupt)
    with pytest.raises(KeyboardInterrupt):
        run_scenario("单.scenario.yaml")
    assert closed == [True]
    assert run_item is not interrupt
    assert Place("a", 1) < Place("a", 2)


@dataclass
class Played(Bench):
    """A bench whose scripts end as it is said, one outcome after another."""

    ends: list[Outcome] = field(default_factory=list)
    timers: tuple[PendingTimer, ...] = ()
    forgotten: bool = True

    def run_script(self, script: Script, **_options: Any) -> Outcome:
        return self.ends.pop(0) if self.ends else Outcome(value="ok")

    def pending_timers(self) -> tuple[PendingTimer, ...]:
        return self.timers

    def is_forgotten(self, _call: UnawaitedCall) -> bool:
        return self.forgotten


JS = "scenario: 报价\nsteps:\n"
START = Instant.parse(BEGIN).seconds
LINE = Place("脚本.js", 4, 2)


def end(folder: Path, steps: str, *ends: Outcome, more: str = "", **parts: Any) -> list[str]:
    """Run steps whose scripts have *ends*, and return what is told without warnings of parts."""
    bench = Played(ends=[*ends], **parts)
    return tell(
        play(
            write(folder, JS + "".join(f"  - {one}\n" for one in steps.splitlines()) + more), bench
        )
    )


def test_what_scripts_leave_behind_is_judged(folder: Path) -> None:
    thrown = ScriptError("坏", name="TypeError")
    call = UnawaitedCall("crm_system.create_order", LINE)
    helper = UnawaitedCall("存单", LINE, is_helper=True)
    built = UnawaitedCall("crm_system.x", LINE, built=True)
    later = UnawaitedCall("crm_system.create_order", LINE, number=1)
    step, fine = "{js: a, expect: {result: ok}}", Outcome(value="ok")
    unawaited = "crm_system.create_order was not awaited"
    found = {
        "rejection": end(folder, step, Outcome(value="ok", unhandled=(thrown,))),
        "unawaited": end(folder, step, Outcome(value="ok", unawaited=(call,))),
        "doubtful": end(folder, step, Outcome(value="ok", unawaited=(helper, built))),
        "allowed": end(
            folder,
            step,
            Outcome(value="ok", unawaited=(call, helper, built)),
            more="proxy: {unawaited: allow}\n",
        ),
        "warned": end(
            folder, step, Outcome(value="ok", unawaited=(call,)), more="proxy: {unawaited: warn}\n"
        ),
        "failed": end(
            folder,
            step,
            Outcome(value="ok", unawaited=(helper,)),
            more="proxy: {unawaited: fail}\n",
        ),
        "later": end(folder, f"{step}\n{step}", Outcome(value="ok", unawaited=(later,)), fine),
        "awaited later": end(
            folder, step, Outcome(value="ok", unawaited=(later,)), forgotten=False
        ),
        "never settles": end(
            folder, "{js: a, expect_error: {type: Error}}", Outcome(error=PendingPromise("等不到"))
        ),
        "unranked": end(
            folder, step, Outcome(value="ok", unranked=(UnrankedCharacter("㐀", LINE),))
        ),
        "timer": end(
            folder,
            f"{{advance: 10}}\n{step}",
            fine,
            timers=(
                PendingTimer(30.0, False, LINE, START + 40.0),
                PendingTimer(5.0, True, None, START + 5.0),
            ),
        ),
    }
    assert [one.partition("; ")[2] for one in found["timer"]] == [
        "advance: 30s lets it fire",
        "advance: 0s lets it fire",
    ]
    assert {name: [one.partition("; ")[0] for one in told] for name, told in found.items()} == {
        "rejection": ["rejection 3:6 step 1/1 js: unhandled rejection: TypeError: 坏"],
        "unawaited": [f"unawaited 3:6 step 1/1 js: {unawaited}"],
        "doubtful": [
            "unawaited: 脚本.js:4:2: 存单 was not awaited",
            "uncalled: 脚本.js:4:2: crm_system.x was built and never called",
        ],
        "allowed": [],
        "warned": [f"unawaited: 脚本.js:4:2: {unawaited}"],
        "failed": ["unawaited 3:6 step 1/1 js: 存单 was not awaited"],
        "later": [f"unawaited 3:6 step 1/2 js: {unawaited}"],
        "awaited later": [],
        "never settles": ["pending 3:6 step 1/1 js: Error: 等不到"],
        "unranked": [
            "collation: 脚本.js:4:2: '㐀' (U+3400) is sorted by its code point: the order of pinyin is known here for the Han characters of URO and Extension A"
        ],
        "timer": [
            "timer: 脚本.js:4:2: a timer of 30 s still waits at the end",
            "timer: an interval of 5 s still waits at the end",
        ],
    }


def test_tries_end_with_until_and_keep_what_failed(folder: Path) -> None:
    bad = Outcome(error=ScriptError("坏", name="Error"))

    def wait(until: int, expect: str = "") -> str:
        more = f", expect: {{result: {expect}}}" if expect else ""
        return f"{{js: a, retry: {{tries: 3, every: 1s, until: {{result: {until}}}}}{more}}}"

    value = [Outcome(value=number) for number in range(1, 5)]
    found = {
        "until": end(folder, wait(2, "2"), *value),
        "late": end(folder, wait(9, "3"), *value),
        "both": end(folder, wait(9, "7"), *value),
        "error": end(folder, wait(9), bad, bad, bad),
        "once": end(folder, "{js: a, retry: {tries: 3}, expect: {result: 1}}", *value),
        "twice": end(folder, "{js: a, retry: {tries: 3}, expect: {result: 2}}", *value),
        "undefined": end(
            folder,
            "{id: 开, js: a, retry: {tries: 3, until: {result: '${steps.开.result.x}'}}, expect: {result: 7}}",
            *value,
        ),
        "first until": end(folder, wait(1, "1"), *value),
    }
    assert {name: [one.partition("; ")[0] for one in told] for name, told in found.items()} == {
        "until": [],
        "late": ["expect 3:50 step 1/1 js: result expected 9, got 3"],
        "both": ["expect 3:72 step 1/1 js: result expected 7, got 3"],
        "error": ["error 3:6 step 1/1 js: Error: 坏"],
        "once": [
            "rule: 场景.scenario.yaml:3:13: retry: the first try was enough each time, so nothing shows that a second one helps"
        ],
        "twice": [],
        "undefined": ["value 3:38 step 1/1 开: ${steps.开.result.x} is not defined: no 'x' in 1"],
        "first until": [
            "rule: 场景.scenario.yaml:3:13: retry: the first try was enough each time, so nothing shows that a second one helps"
        ],
    }


def test_a_failed_step_has_no_doubts_and_invariants_have_its_name(
    folder: Path, bench: Bench
) -> None:
    events = run(
        folder,
        bench,
        "always: {form: {客户: ''}}\nsteps:\n  - {name: '填 ${form.数}', set: {客户: 甲}, expect: {form: {数: 0}}}\n",
    )
    assert tell(events)[0] == 'always 3:17 step 1/1 填 0: form.客户 expected "", got "甲"'
    both = run(
        folder,
        Bench({**bench.plays, "查": bench.plays["查"]}),
        "xfail: 单据\nsteps:\n  - {set: {数: 0}, expect: {form: {数: 0}}}\n  - {click: 查, expect: {form: {数: 1}}}\n",
    )
    assert tell(both)[0] == "xpass 3:1 报价: expected to fail but passed; remove xfail"
    assert (verdict(both).outcome, verdict(both).reason) == ("failed", "")
    unchanged = run(
        folder, Bench(bench.plays), "steps:\n  - {set: {数: 0}, expect: {form: {数: 1}}}\n"
    )
    assert [one for one in tell(unchanged) if "never_ran" not in one] == [
        "expect 4:35 step 1/1 set: form.数 expected 1, got 0"
    ]
    raised = Bench({**bench.plays, "查": raise_error})
    checked = run(
        folder,
        raised,
        "steps:\n  - {click: 查, expect_error: {type: TypeError, message: 坏}, expect: {form: {数: 0, 客户: ''}}}\n",
    )
    assert summarise(checked)[0][6] == 4
    outage = Outage(
        "crm_system.create_order", FailedExchange(code="TIMEOUT", message="30 s"), is_known=True
    )
    for number, told in ((0, ["outage"]), (1, ["expect"])):
        cut = Bench(bench.plays, unserved=(outage,))
        failed = verdict(
            run(folder, cut, f"steps: [{{click: 查, expect: {{form: {{数: {1 + number}}}}}}}]\n")
        )
        assert [one.kind for one in failed.failures] == told


def raise_error(_form: Any, _ctx: Any) -> None:
    raise Thrown("坏", "TypeError")


FLOW = "flow: 采购\nstart: 部门\nnodes:\n  部门: {owners: [李四, 王五], approve: 财务}\n  财务: {owners: [赵六], approve: 完}\n  完: {end: true}\n"


def test_who_acts_is_checked_when_a_row_names_him(folder: Path, bench: Bench) -> None:
    (folder / "流程.yaml").write_text(FLOW, encoding="utf-8")
    text = (
        "scenario: 采购\nflow: {definition: 流程.yaml, at: 部门, form: {金额: 1}}\nform: {fields: {金额: 1, 说明: ''}}\n"
        "people: {李四: {}, 王五: {}, 赵六: {}}\ncases: [{id: 甲, 谁: 李四}, {id: 乙, 谁: 李斯}, {id: 丙, 谁: 赵六}]\n"
        "steps:\n  - {set: {说明: a}, by: '${case.谁}', expect: {form: {说明: a}}}\n  - {approve: {by: '${case.谁}'}, expect: {flow: {at: 财务}}}\n"
    )
    found = {
        row: tell(play(write(folder, text), Bench(bench.plays), row=row))[:1]
        for row in ("甲", "乙", "丙")
    }
    assert found == {
        "甲": [],
        "乙": [
            "name 7:20 step 1/2 set: people has no '李斯'; did you mean '李四'? (filled in by the row '乙', 场景.scenario.yaml:5:25)"
        ],
        "丙": [
            "refused 7:6 step 1/2 set: NOT_OWNER: 赵六 is not an owner of '部门'; its owners: 李四, 王五"
        ],
    }


def test_a_row_of_which_no_step_runs_has_shown_nothing(folder: Path, bench: Bench) -> None:
    never = "no step of this row ran: each is left out by its if: or only:, or runs no steps"
    (folder / "零件.yaml").write_text(
        "steps: {走: [{if: false, open: {}}], 停: [{only: [], open: {}}, {run: 走}], 做: [{open: {}}]}\n".replace(
            "{only: [], open: {}}, ", ""
        ),
        encoding="utf-8",
    )
    head = "use: 零件.yaml\ncases: [{id: 甲, 走: []}, {id: 乙, 走: [{if: false, open: {}}]}, {id: 丙, 走: 做}]\n"
    found = {}
    for row, steps in (
        ("甲", "{if: false, open: {}}"), ("甲", "{only: [乙], open: {}}"), ("甲", "{run: 走}"), ("甲", "{run: 停}"), ("甲", "{run: 做}"),
        ("甲", "{run: 走, expect: {form: {数: 0}}}"), ("甲", "{run: '${case.走}'}"), ("乙", "{run: '${case.走}'}"), ("丙", "{run: '${case.走}'}"),
        ("甲", "{if: false, open: {}}, {open: {}}"),
    ):  # fmt: skip
        events = run(
            folder,
            Bench(bench.plays),
            f"{head}steps: [{steps}, {{if: \"${{case.id}} == 无\", run: '${{case.走}}'}}]\n",
            row=row,
        )
        told = [one for one in tell(events) if "this row ran" in one or one.startswith("name")]
        found[f"{row} {steps}"] = [one.removeprefix(f"never_ran 1:1 报价[{row}]: ") for one in told]
    assert [name for name, told in found.items() if told == [never]] == [
        "甲 {if: false, open: {}}", "甲 {only: [乙], open: {}}", "甲 {run: 走}", "甲 {run: 停}", "甲 {run: '${case.走}'}", "乙 {run: '${case.走}'}",
    ]  # fmt: skip
    assert [told for told in found.values() if told not in ([never], [])] == []


TABLE = 'id,填:json,谁\n甲,"{""数"": 1}",李四\n乙,"{""戌"": 1}",李斯\n丙,,\n丁,"{""客护"": ""x""}",李四\n'


def test_what_a_row_fills_in_is_checked_when_it_is_known(folder: Path, bench: Bench) -> None:
    (folder / "表.csv").write_text(TABLE, encoding="utf-8")
    field = "no field '客护'; did you mean '客户'? (filled in by the row '丁', 表.csv:5)"
    steps = "cases: {from: 表.csv}\nsteps:\n  - {%sset: '${case.填}', expect: {form: {收: 0}}}\n  - {name: '${case.谁}', open: {}, expect: {result: 开了}}\n"

    def ask(row: str, condition: str = "", settings: str = "") -> list[str]:
        (folder / "pyproject.toml").write_text(f"[tool.bpmax_sim]\n{settings}", encoding="utf-8")
        told = tell(run(folder, Bench(bench.plays), steps % condition, row=row))
        return [one for one in told if "客护" in one or one.startswith(("value", "error"))]

    skipped = 'if: "${case.id} == 无", '
    assert [ask(row) for row in ("甲", "丁")] == [[], [f"name 5:6 step 1/2 set: {field}"]]
    assert [ask(row, skipped) for row in ("甲", "丙", "丁")] == [
        [],
        [],
        [f"name: 表.csv:5: {field}".replace("表.csv:5: ", "场景.scenario.yaml:5:29: ", 1)],
    ]
    assert ask("丁", settings="lenient = true\n")[:1] == [f"name: 场景.scenario.yaml:5:6: {field}"]
    assert [one.partition(" ")[0] for one in ask("丁", skipped, "strict = true\n")] == [
        "name",
        "name:",
    ]


def test_stubs_are_filled_in_and_name_what_there_is(folder: Path, bench: Bench) -> None:
    text = (
        "vars: {客: crm_system, 空: crm_system.x}\nproxy: {stubs: [{on: '%s', status: 500}]}\nsteps: [{open: {}, expect: {result: 开了}}]\n"
        "expect: {vars: {客: crm_system}}\n"
    ).replace("expect: {vars: {客: crm_system}}\n", "")
    silent = (
        "rule 4:17 报价: the stub {} has never answered; take it away, or mend what it asks for"
    )
    found = {
        on: tell(run(folder, Bench(bench.plays), text.replace("%s", on)))[:2]
        for on in ("${vars.客}.create_order", "crm_system.nothing", "nobody.x", "crm_system.*")
    }
    assert {on: told[:1] for on, told in found.items()} == {
        "${vars.客}.create_order": [silent.format("${vars.客}.create_order")],
        "crm_system.nothing": [
            "rule 4:17 报价: this can never answer: crm_system has no API 'nothing'; there are get_customer_detail, create_order"
        ],
        "nobody.x": [
            "rule 4:17 报价: this can never answer: no platform 'nobody'; there are crm_system, dingtalk, dingtalk_v1, feishu, other, qywx"
        ],
        "crm_system.*": [silent.format("crm_system.*")],
    }
    (folder / "pyproject.toml").write_text("[tool.bpmax_sim]\nlenient = true\n", encoding="utf-8")
    lenient = tell(run(folder, Bench(bench.plays), text.replace("%s", "nobody.x")))
    assert [one.partition(": no platform")[0] for one in lenient if "nobody" in one][:1] == [
        "rule: 场景.scenario.yaml:4:17: this can never answer"
    ]
    (folder / "流程.yaml").write_text(FLOW, encoding="utf-8")
    rows = (
        "scenario: 采购\nflow: {definition: 流程.yaml, at: 部门, form: {金额: 1}}\npeople: {李四: {}, 王五: {}, 赵六: {}}\ncases: [{id: 甲, 谁: 李四}, {id: 乙, 谁: 李斯}]\n"
        "policies:\n  - {at: 部门, only: [乙], by: 王五, approve: {}}\n  - {at: 部门, by: '${case.谁}', approve: {}}\nsteps: [{advance: 1}]\nfinally: [{play: {until: 财务}}]\n"
    )
    played = {row: play(write(folder, rows), Bench(bench.plays), row=row) for row in ("甲", "乙")}
    assert [one.by for one in played["甲"] if isinstance(one, NodeEntered)] == ["李四"]
    assert tell(played["乙"])[0].startswith(
        "name: 场景.scenario.yaml:7:14: people has no '李斯'; did you mean '李四'?"
    )
