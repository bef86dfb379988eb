"""Messages: they stay translatable through joining, cutting and changing, or become plain text."""

from __future__ import annotations

import pickle
from typing import Any

import msgspec
import pytest

from bpmax_sim import i18n
from bpmax_sim.i18n import (
    MessageError,
    TranslatableText,
    UnknownLanguageError,
    change_english_text,
    choose_language,
    cut_message,
    encode_as_english,
    fill_if_values,
    generalise_messages,
    join_list,
    join_messages,
    label_message,
    measure_display_width,
    message_from_json,
    msg,
    parse_template_fields,
    plural,
    to_plain_english,
    translate,
)

NEAR = "; did you mean {matches!r}?"
NAMES = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG", "BPMAX_SIM_LANG")


def is_message(text: str) -> bool:
    return type(text) is TranslatableText


def test_a_message_keeps_its_template_through_what_does_not_change_it() -> None:
    text = msg(NEAR, matches="客户", unused=1)
    copied = pickle.loads(pickle.dumps(text))

    assert isinstance(text, TranslatableText)
    assert (text, text.template, text.values) == (
        "; did you mean '客户'?",
        NEAR,
        {"matches": "'客户'"},
    )
    assert str(text) is text
    assert text.strip() is text
    assert text.rstrip() is text
    assert text.strip("x") is text
    assert not is_message(text.strip("?"))
    assert text.strip("?;") == " did you mean '客户'"
    assert not is_message(text.rstrip("?"))
    assert text.rstrip("?") == text[:-1]
    assert text + "" is text
    assert "" + text is text
    assert is_message(text + "x")
    assert is_message("x" + text)
    assert (copied, copied.template, copied.values) == (text, NEAR, text.values)
    assert type(to_plain_english(text)) is type(to_plain_english("x")) is str
    assert msgspec.json.encode([text], enc_hook=encode_as_english) == f'["{text}"]'.encode()
    with pytest.raises(NotImplementedError, match="objects of type complex"):
        encode_as_english(1j)
    with pytest.raises(TypeError, match="a message is no template: 'x'"):
        msg(msg("x"))
    assert (msg("{x}"), fill_if_values("{x}", {}), fill_if_values("{x}", {"x": 0})) == (
        "{x}",
        "{x}",
        "0",
    )
    assert type(fill_if_values("a", {})) is str


def test_values_are_formatted_as_the_template_says() -> None:
    inner = msg("nothing")
    text = msg(
        "{a!r} {b:,} {c:<6}| {d:>4} {e!a} {f:.2f}", a="客", b=12345, c=inner, d="x", e="é", f=0.5
    )

    assert text == "'客' 12,345 nothing|    x '\\xe9' 0.50"
    assert isinstance(text, TranslatableText)
    assert text.values["c"] is inner
    assert not is_message(msg("{a!r}", a=inner).values["a"])  # type: ignore[attr-defined]
    assert msg("{a:<9}|", a=inner) == "nothing  |"
    assert parse_template_fields("{a!r} {b:,} c {{d}}") == {"a": ("r", ""), "b": ("", ",")}


def test_a_number_chooses_the_singular_for_one_alone() -> None:
    def count(number: int) -> str:
        return plural(number, "{number} file of {who}", "{number} files of {who}", who="张三")

    assert [count(n) for n in (0, 1, 2, -1)] == [
        "0 files of 张三",
        "1 file of 张三",
        "2 files of 张三",
        "-1 files of 张三",
    ]
    assert plural(1200, "{number:,} file", "{number:,} files") == "1,200 files"
    assert [translate(plural(n, "{number} file", "{number} files"), "zh") for n in (1, 2)] == [
        "1 个文件",
        "2 个文件",
    ]


def test_joined_messages_are_messages_unless_none_of_them_is_one() -> None:
    nothing = msg("nothing")

    assert [
        is_message(join_messages(", ", parts)) for parts in (["a", "b"], ["a", nothing], [], [""])
    ] == [
        False,
        True,
        False,
        False,
    ]
    assert join_messages(", ", ["a", "", "b"]) == "a, , b"
    assert join_messages("", ["", nothing, ""]) is nothing
    assert is_message(join_messages(msg(", "), ["a", "b"]))
    assert not is_message(join_messages(msg(", "), ["a"]))
    assert translate(join_list(["a", "b"]), "zh") == "a、b"
    assert translate(label_message("a.yaml", nothing), "zh").startswith("a.yaml：")
    assert label_message(1, None) == "1: None"


def test_lines_of_joined_messages_are_translated_each_on_its_own() -> None:
    nothing, near = msg("nothing"), msg(NEAR, matches="x")
    lines = join_messages("\n", [nothing, "客户", near]).splitlines()

    assert [*map(is_message, lines)] == [True, False, True]
    assert lines == ["nothing", "客户", near]
    assert [translate(line, "zh") for line in lines] == [
        translate(nothing, "zh"),
        "客户",
        translate(near, "zh"),
    ]
    ends = join_messages("", [nothing, " a\nb\n", near, "\n"]).splitlines()
    assert ends == ["nothing a", "b", near]
    assert [*map(is_message, ends)] == [True, False, True]
    assert join_messages("", [nothing, "\n"]).splitlines(keepends=True) == ["nothing\n"]
    assert nothing.splitlines()[0] is nothing
    worded = msg("got {what}", what="a\nb").splitlines()
    assert (worded, [*map(is_message, worded)]) == (["got a", "b"], [False, False])
    assert join_messages("", [nothing, "\n\n", nothing]).splitlines() == ["nothing", "", "nothing"]


def test_a_message_in_a_trace_is_read_whatever_was_damaged() -> None:
    data: list[tuple[Any, Any]] = [
        (None, ""),
        (5, "5"),
        ("x", "x"),
        ({"text": "t"}, "t"),
        ({}, ""),
        (
            {
                "text": "1 file",
                "template": "{number} file",
                "many": "{number} files",
                "values": {"number": "1"},
            },
            "1 file",
        ),
        ({"text": "t", "template": "{a}", "values": [1]}, "t"),
    ]
    read = [message_from_json(one) for one, _ in data]

    assert read == [text for _, text in data]
    assert [is_message(one) for one in read] == [False, False, False, True, True, True, True]
    assert translate(read[5], "zh") == "1 个文件"
    nested = message_from_json(
        {
            "text": "a: b",
            "template": "{x}: b",
            "values": {"x": {"text": "a", "template": "nothing"}},
        }
    )
    assert isinstance(nested, TranslatableText)
    assert is_message(nested.values["x"])


def test_a_changed_message_stays_one_where_only_values_changed() -> None:
    def hide(text: str) -> str:
        return text.replace("秘密", "***")

    near = msg("{who} has {what}", who="张三", what=msg("got {x}", x="秘密"))
    hidden = change_english_text(near, hide)
    files = plural(2, "{number} file of {who}", "{number} files of {who}", who="秘密")

    assert (hidden, is_message(hidden)) == ("张三 has got ***", True)
    assert isinstance(hidden, TranslatableText)
    assert is_message(hidden.values["what"])
    assert change_english_text(files, hide) == "2 files of ***"
    assert is_message(change_english_text(files, hide))
    one = plural(1, "{number} file of {who}", "{number} files of {who}", who="秘密")
    assert is_message(change_english_text(one, hide))
    assert not is_message(change_english_text(near, lambda text: text.replace("has", "had")))
    assert change_english_text(near, lambda text: text) is near
    assert [type(change_english_text(text, hide)) for text in ("秘密", msg("秘密"))] == [str, str]
    plain = "x"
    assert change_english_text(plain, hide) is plain


def test_a_cut_message_loses_the_end_of_its_last_value() -> None:
    text = msg("{who} has {what} here", who="张三", what="一二三四五六")
    count = plural(2, "{number} file of {who}", "{number} files of {who}", who="一二三四五六")
    cuts = {n: cut_message(text, n) for n in (19, 18, 14, 13, 5, 1)}

    assert len(text) == 18
    assert cuts == {
        19: text,
        18: text,
        14: "张三 has 一… here",
        13: "张三 has … here",
        5: "张三 h…",
        1: "…",
    }
    assert [is_message(one) for one in cuts.values()] == [True, True, True, True, False, False]
    assert (cut_message(count, 15), is_message(cut_message(count, 15))) == (
        "2 files of 一二三…",
        True,
    )
    assert (cut_message("abc", 2), cut_message("abc", 3)) == ("a…", "abc")
    assert not is_message(cut_message(msg("abc"), 2))


def test_two_messages_share_what_their_values_share() -> None:
    def told(who: str, what: object) -> str:
        return msg("{who} has {what}", who=who, what=what)

    nested = generalise_messages(
        told("甲", msg("got {x}", x="1")), told("甲", msg("got {x}", x="2"))
    )
    assert nested == "甲 has got …"
    assert is_message(nested)
    one = told("甲", "1")
    assert generalise_messages(one, one) is one
    assert generalise_messages(one, told("乙", "2")) == "… has …"
    others: list[str] = [
        "甲 has 2",
        msg("{who} had {what}", who="甲", what="1"),
        msg("{who} has it", who="甲"),
    ]
    assert [generalise_messages(one, other) for other in others] == ["…"] * 3
    assert generalise_messages("甲", one) == "…"
    assert generalise_messages(msg("a"), msg("b")) == "…"
    counts = [plural(n, "{number} file", "{number} files") for n in (1, 2)]
    assert generalise_messages(*counts) == "…"


def test_translated_texts_fit_their_columns_and_lose_spaces_between_wide_letters(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    words = {
        "got {what} here": "得 {what} 此",
        "order": "订单",
        "ok": "ok",
        "{a:<6}|": "{a:<6}|",
        "{a} {b}": "{a} {b}",
        "in {what}": "在 {what}",
        "{what} in": "{what} 在",
        "{a}, {b}": "{a} ， {b}",
    }

    class Words:
        def gettext(self, text: str) -> str:
            return words[text]

    monkeypatch.setattr(i18n, "_load_catalogue", lambda _language: Words())
    order, ok = msg("order"), msg("ok")
    texts = {
        msg("got {what} here", what=order): "得订单此",
        msg("got {what} here", what=ok): "得 ok 此",
        msg("got {what} here", what="订单"): "得 订单 此",
        msg("{a:<6}|", a=order): "订单  |",
        msg("{a:<6}|", a="订单"): "订单    |",
        msg("{a} {b}", a=order, b=order): "订单 订单",
        msg("{a}, {b}", a=order, b=order): "订单，订单",
        msg("in {what}", what=order): "在订单",
        msg("{what} in", what=order): "订单在",
        msg(""): "",
    }
    assert {text: translate(text, "zh") for text in texts} == texts
    assert [measure_display_width(text) for text in ("ab", "客户", "a客", "Ａ", "é", "…", "")] == [
        2,
        4,
        3,
        2,
        1,
        1,
        0,
    ]
    assert translate("order", "zh") == "order"
    assert translate(order, "en") == "order"
    assert type(translate(order, "en")) is str


@pytest.mark.parametrize(
    ("asked", "environ", "configured", "chosen"),
    [
        pytest.param("zh-CN", {"BPMAX_SIM_LANG": "en"}, "en", "zh", id="option"),
        pytest.param(None, {"BPMAX_SIM_LANG": "ZH_cn.UTF-8"}, "en", "zh", id="variable"),
        pytest.param(None, {"LANG": "zh_CN"}, "en", "en", id="project"),
        pytest.param("", {"BPMAX_SIM_LANG": ""}, "zh.x", "zh", id="empty"),
        pytest.param(None, {"LANGUAGE": "de", "LANG": "zh_CN"}, None, "en", id="first variable"),
        pytest.param(None, {"LC_ALL": "ZH_TW", "LANG": "en"}, None, "zh", id="LC_ALL"),
        pytest.param(None, {"LC_MESSAGES": "zh", "LANG": "en"}, None, "zh", id="LC_MESSAGES"),
        pytest.param(None, {"LC_ALL": "C", "LC_MESSAGES": "zh"}, None, "en", id="both"),
        pytest.param(None, {"LANG": "zh"}, "", "zh", id="locale"),
    ],
)
def test_the_language_is_that_of_option_variable_project_and_locale(
    asked: str | None,
    environ: dict[str, str],
    configured: str | None,
    chosen: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(i18n._ReaderLanguage, "language", "")
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)

    assert (i18n.get_current_language(), choose_language(asked, configured=configured)) == (
        "en",
        chosen,
    )
    assert i18n.get_current_language() == chosen
    assert translate(msg("nothing")) == translate(msg("nothing"), chosen)


def test_an_unknown_language_is_refused_with_the_known_ones(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(i18n._ReaderLanguage, "language", "zh")
    with pytest.raises(UnknownLanguageError) as refused:
        choose_language("Deutsch")
    assert str(refused.value) == "no language 'Deutsch'; there are en (English), zh (简体中文)"
    assert i18n.get_current_language() == "zh"
    message = msg("{x}", x="1")
    assert MessageError(message).args[0] is message
    assert str(MessageError("{x}", x=2)) == "2"


@pytest.mark.parametrize(
    ("name", "language"),
    [("Chinese (Simplified)_China", "zh"), ("zh_CN", "zh"), ("German", "en"), (None, "en")],
)
def test_a_machine_without_variables_is_asked_for_its_locale(
    name: str | None, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import locale  # noqa: PLC0415 - as the package does

    for variable in NAMES:
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(locale, "getlocale", lambda: (name, "UTF-8"))
    monkeypatch.setattr(i18n._ReaderLanguage, "language", "")
    assert choose_language() == language
