from __future__ import annotations

import contextvars
import threading

import pytest

from bpmax_sim.messages import Request, Response
from bpmax_sim.script.limits import MEGABYTE, Limits
from bpmax_sim.script.stack import stack_limit, with_stack
from tests.script.bench import Bench, Form, ok

DEEP = "const f = n => n ? 1 + f(n - 1) : 0; return f(8000)"
WHO = contextvars.ContextVar("WHO", default="")


def test_scripts_recurse_like_v8_on_a_stack_of_their_own() -> None:
    assert Bench(limits=Limits(stack=24 * MEGABYTE)).run(DEEP).value == 8000


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
        with_stack(MEGABYTE, broken)


def test_the_stack_size_of_other_threads_stays_as_it_was() -> None:
    before = threading.stack_size()
    with_stack(MEGABYTE, lambda: None)

    assert threading.stack_size() == before


def test_a_script_gets_half_of_the_threads_stack_and_four_megabytes_at_most() -> None:
    found = []
    assert MEGABYTE // 2 <= stack_limit() <= 4 * MEGABYTE

    before = threading.stack_size(MEGABYTE)
    try:
        thread = threading.Thread(target=lambda: found.append(stack_limit()))
        thread.start()
        thread.join()
    finally:
        threading.stack_size(before)
    assert found == [MEGABYTE // 2]
