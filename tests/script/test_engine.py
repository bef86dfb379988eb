from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from importlib.resources import files

import _quickjs
import pytest

from bpmax_sim.errors import HttpStatusError, ScriptError
from bpmax_sim.messages import Request, Response
from bpmax_sim.proxy.client import TokenStore
from bpmax_sim.script.engine import QuickJSNG
from bpmax_sim.script.failure import Script
from bpmax_sim.script.limits import EngineError, LimitReachedError, Limits
from bpmax_sim.script.runtime import Runtime
from bpmax_sim.script.scheduler import Scheduler
from bpmax_sim.script.turn_result import Outcome
from tests.script.bench import NAME, Bench


def engine(**limits: float) -> QuickJSNG:
    return QuickJSNG(Limits(**limits))  # type: ignore[arg-type]


def test_the_prelude_stays_small() -> None:
    prelude = files("bpmax_sim.script") / "prelude.js"

    assert len(prelude.read_bytes()) < 15 * 1024


def test_every_kind_of_typed_array_of_the_engine_is_guarded() -> None:
    names = _quickjs.Context().eval("""
      const views = Object.getPrototypeOf(Uint8Array);
      Object.getOwnPropertyNames(globalThis)
        .filter((name) => Object.getPrototypeOf(globalThis[name] ?? 0) === views).join()""")
    guards = (files("bpmax_sim.script") / "bindings/guards.js").read_text("utf-8")

    assert [name for name in names.split(",") if f"'{name}'" not in guards] == []


@pytest.mark.parametrize(
    ("source", "name", "message"),
    [
        ("throw new TypeError('坏: 是的')", "TypeError", "坏: 是的"),
        ("throw '坏'", "Uncaught", "坏"),
        ("throw new Error('interrupted')", "Error", "interrupted"),  # no limit of ours
        ("throw {a: 1}", "Uncaught", "[object Object]"),
        ("let a b", "SyntaxError", "expecting ';'"),
    ],
)
def test_what_a_global_script_throws_has_name_and_message(
    source: str, name: str, message: str
) -> None:
    with pytest.raises(EngineError) as caught:
        engine().load(source)

    assert (caught.value.name, caught.value.message) == (name, message)


def test_processor_time_adds_up_over_turns_and_stays_used_up() -> None:
    context = engine(cpu=0.1)
    with pytest.raises(LimitReachedError):
        context.load("for (;;);")
    with pytest.raises(LimitReachedError, match=r"more than 0.1 s of processor time"):
        context.load("1")


class Deaf:
    """An engine as it is where the wheel does not export the hook for rejections."""

    def __init__(self, limits: Limits, _sources: Sequence[str]) -> None:
        self._engine = QuickJSNG(limits)

    def load(self, source: str) -> None:
        self._engine.load(source)

    def call(self, operation: str, argument: str) -> str:
        reply = json.loads(self._engine.call(operation, argument))
        reply["out"] = [
            [*entry[:2], [], *entry[3:]] if entry[0] == "end" else entry for entry in reply["out"]
        ]
        return json.dumps(reply)

    def reset_time_limits(self) -> None:
        self._engine.reset_time_limits()

    def close(self) -> None:
        self._engine.close()


def test_without_the_hook_a_rejected_call_that_nobody_awaits_is_still_told() -> None:
    def refuse(_request: Request) -> Response:
        raise HttpStatusError("HTTP 500", status=500)

    bench = Bench()
    scheduler = Scheduler(bench.clock, refuse, TokenStore())
    runtime = Runtime(scheduler, bench.begin, engine=Deaf)
    outcome: Outcome = runtime.run(Script("\n$proxy('crm').通知()", NAME))
    [error] = outcome.unhandled

    assert str(error) == f"{NAME}:2:1: Error: crm.通知: HTTP 500"
    assert isinstance(error.__cause__, HttpStatusError)


class Damaged(Deaf):
    """An engine whose script has broken what the prelude stands on."""

    def call(self, operation: str, argument: str) -> str:
        text = super().call(operation, argument)
        return "x" if operation == "run" else text


def test_a_context_that_no_longer_answers_in_json_ends_the_script() -> None:
    bench = Bench()
    runtime = Runtime(bench.scheduler, bench.begin, engine=Damaged)
    error = runtime.run(Script("return 1", NAME)).error

    assert isinstance(error, ScriptError)
    assert str(error) == (
        f"{NAME}:1: Error: the script damaged its own context, here or after: what crosses is not "
        "JSON; leave the language's own objects and prototypes as they are"
    )


def test_a_value_too_large_for_python_ends_the_script() -> None:
    error = Bench().run("return 10n ** 5000n").error

    assert isinstance(error, ScriptError)
    assert error.message.startswith("a value of the script cannot be read: Exceeds")


@pytest.mark.parametrize(
    ("limits", "told"),
    [
        ({"cpu": 1e-9}, r"0\.000000001 s of processor"),
        ({"wall": 1e-9}, r"0\.000000001 s of wall-clock"),
    ],
)
def test_no_turn_begins_after_a_limit_has_passed_unseen_and_each_is_told_the_same(
    limits: dict[str, float], told: str
) -> None:
    context = engine(**limits)
    with suppress(LimitReachedError):  # it may end before anybody looks
        context.load("1")

    for _ in range(3):
        with pytest.raises(LimitReachedError, match=told):
            context.load("globalThis.begun = true")


def test_the_next_script_has_both_limits_in_full_after_one_that_used_them_up() -> None:
    context = engine(cpu=60, wall=60)
    for source in ("throw new InternalError('interrupted')", "globalThis.begun = true"):
        with pytest.raises(
            LimitReachedError, match="the script used more than 60 s of processor time"
        ):
            context.load(source)  # the engine's own word, which leaves it usable

    for _ in range(3):
        context.reset_time_limits()
        context.load("if (globalThis.begun) throw new Error('付款脚本开始过')")
