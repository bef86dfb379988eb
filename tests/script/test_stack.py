from __future__ import annotations

import contextvars
import signal
import sys
import threading

import pytest

from bpmax_sim.errors import ScriptLimitError
from bpmax_sim.messages import Request, Response
from bpmax_sim.script.failure import Script
from bpmax_sim.script.limits import (
    MEGABYTE,
    Limits,
    find_default_stack_size,
    parse_stack,
    run_with_stack,
)
from bpmax_sim.session.session import Session
from tests.script.bench import Bench, Form, ok

DEEP = "const f = n => n ? 1 + f(n - 1) : 0; return f(%d)"
TOO_DEEP = (
    "the script calls itself, or nests a value, too deeply: the stack is full; "
    "--bpmax-js-stack=24MB gives it more"
)
WHO = contextvars.ContextVar("WHO", default="")


@pytest.mark.parametrize(("megabytes", "depth"), [(24, 12_000), (48, 20_000)])
def test_scripts_recurse_like_v8_on_a_stack_of_their_own(megabytes: int, depth: int) -> None:
    with Session.open(stack=megabytes * MEGABYTE) as session:
        assert session.run_script(Script(DEEP % depth, "深.js")).unwrap() == depth


def test_without_it_the_same_script_passes_a_limit_and_the_next_one_runs() -> None:
    with Session.open() as session:
        outcome = session.run_script(Script(DEEP % 20_000, "深.js"))
        again = session.run_script(Script(DEEP % 500, "浅.js"))

    assert isinstance(outcome.error, ScriptLimitError)
    assert str(outcome.error) == f"深.js:1:30: ScriptLimitError: {TOO_DEEP}"
    assert again.value == 500


@pytest.mark.skipif(sys.platform == "win32", reason="there is no interval timer on Windows")
def test_a_signal_interrupts_the_wait_for_a_script_on_that_stack() -> None:
    """As Ctrl-C and pytest-timeout do; the script itself ends at its limit of processor time."""

    def interrupt(*_args: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    session = Session.open(limits=Limits(cpu=0.5, stack=24 * MEGABYTE))
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        with pytest.raises(KeyboardInterrupt):
            session.run_script(Script("for (;;);", "转.js"))
        assert "bpmax-script" in {one.name for one in threading.enumerate()}  # not waited for
    finally:
        signal.signal(signal.SIGALRM, before)
        for thread in threading.enumerate():
            if thread.name == "bpmax-script":
                thread.join()
        session.close()


@pytest.mark.parametrize(
    ("text", "size"),
    [("24MB", 24 << 20), ("512 kB", 512 << 10), (" 300000 ", 300_000), ("1024MB", 1 << 30)],
)
def test_a_size_is_a_number_with_its_unit(text: str, size: int) -> None:
    assert parse_stack(text) == size


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("viel", "'viel' is not a size such as 24MB or 512kB"),
        ("-1MB", "'-1MB' is not a size such as 24MB or 512kB"),
        ("24GB", "'24GB' is not a size such as 24MB or 512kB"),
        ("", "'' is not a size such as 24MB or 512kB"),
        ("24", "'24': a stack has 256kB at least and 1024MB at most"),
        ("9999MB", "'9999MB': a stack has 256kB at least and 1024MB at most"),
    ],
)
def test_another_text_is_no_size(text: str, message: str) -> None:
    with pytest.raises(ValueError) as caught:
        parse_stack(text)

    assert str(caught.value) == message


def test_the_callers_context_variables_are_there_and_calls_and_forms_work() -> None:
    seen = []

    def handle(_request: Request) -> Response:
        seen.append((WHO.get(), threading.current_thread().name))
        return ok("张三")

    WHO.set("用例一")
    form = Form()
    bench = Bench(handle, limits=Limits(stack=24 * MEGABYTE))
    bench.run("form.name = await $proxy('crm').get()", form=form).unwrap()
    again = bench.run("return form.name", form=form)

    assert seen == [("用例一", "bpmax-script")]
    assert again.value == "张三"


def test_what_is_raised_there_is_raised_here() -> None:
    def broken() -> None:
        raise KeyError("坏")

    with pytest.raises(KeyError, match="坏"):
        run_with_stack(MEGABYTE, broken)


def test_the_stack_size_of_other_threads_stays_as_it_was() -> None:
    before = threading.stack_size()
    run_with_stack(MEGABYTE, lambda: None)

    assert threading.stack_size() == before


def test_a_script_gets_half_of_the_threads_stack_and_four_megabytes_at_most() -> None:
    found = []
    assert MEGABYTE // 2 <= find_default_stack_size() <= 4 * MEGABYTE

    before = threading.stack_size(MEGABYTE)
    try:
        thread = threading.Thread(target=lambda: found.append(find_default_stack_size()))
        thread.start()
        thread.join()
    finally:
        threading.stack_size(before)
    assert found == [MEGABYTE // 2]
