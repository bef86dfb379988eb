"""What a script throws in English stays, and is told in the reader's language beside it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bpmax_sim.i18n import choose_language, msg, to_plain_english, translate
from bpmax_sim.scenario.error_translation import append_message_in_language


@pytest.fixture(autouse=True)
def chinese() -> Iterator[None]:
    choose_language("zh")
    yield
    choose_language("en")


@pytest.mark.parametrize(
    ("message", "meaning"),
    [
        ("form.取 is not a function", "form.取 不是函数，不能调用"),
        ("form.取 is not a constructor, whatever", "form.取 不是函数，不能调用"),
        ("form.shwo is not a function; did you mean form.show?",
         "没有 form.shwo；是不是想写 form.show？"),
        ("the chain has no $cal; did you mean $call?", "the chain 没有 $cal；是不是想写 $call？"),
        ("金额 is not defined", "没有定义 金额"),
        ("'form.金额' is not defined", "没有定义 form.金额"),
        ("$x is not defined", "没有定义 $x"),
        ("Cannot read properties of undefined (reading '额')", "读写属性 额 的对象是 undefined"),
        ("Cannot read properties of null (reading 'a b')", "读写属性 a b 的对象是 null"),
        ("Cannot set properties of undefined (setting '额')", "读写属性 额 的对象是 undefined"),
        ("Cannot set properties of null (setting '')", "读写属性  的对象是 null"),
        ("Cannot read properties of 0 (reading 'a')", ""),
        ("a b is not defined", ""),
        ("金额 is not defined.", ""),
        ("金额不能为空", ""),
        ("", ""),
    ],
)  # fmt: skip
def test_what_the_engine_says_is_told_again(message: str, meaning: str) -> None:
    thrown = f"TypeError: {message}"

    told = append_message_in_language(thrown, message, [])

    assert to_plain_english(told) == thrown
    assert translate(told, "zh") == (f"{thrown}（即：{meaning}）" if meaning else thrown)


def test_a_message_of_an_earlier_call_is_translated_as_it_was_made() -> None:
    known = [msg("nothing is called {name}", name=name) for name in ("金额", "客户 甲")]
    calls = ["", *known, "plain"]

    def tell(message: str) -> str:
        return translate(append_message_in_language("Error", message, calls), "zh")

    assert tell("nothing is called 金额") == "Error（即：没有定义 金额）"
    assert tell("crm: nothing is called 客户 甲!") == "Error（即：没有定义 客户 甲）"
    assert tell("plain") == "Error"
    assert tell("nothing of these") == "Error"
    assert tell("x is not defined") == "Error（即：没有定义 x）"
