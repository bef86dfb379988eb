"""Messages keep their templates from where they are made to where they are read."""

from __future__ import annotations

import pickle

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpmax_sim.errors import ConfigError, Problem
from bpmax_sim.i18n import (
    TranslatableText,
    UnknownLanguageError,
    change_english_text,
    choose_language,
    encode_as_english,
    join_messages,
    msg,
    plural,
    to_plain_english,
    translate,
)
from tests.catalogue import names, templates, texts

TEXTS = st.text("ab\n {}", max_size=8)


def test_a_message_is_its_english_text() -> None:
    hint = msg("; did you mean {name!r}?", name="客户")
    message = msg("no API {key!r}{hint}", key="客 户", hint=hint)

    assert message == "no API '客 户'; did you mean '客户'?"
    assert isinstance(str(ConfigError(Problem(message, path="a"))), TranslatableText)
    assert type(to_plain_english(message)) is str
    assert (
        msgspec.json.encode(message, enc_hook=encode_as_english).decode()
        == f'"{to_plain_english(message)}"'
    )
    assert pickle.loads(pickle.dumps(message)).values == message.values  # type: ignore[attr-defined]


def test_a_message_is_no_template() -> None:
    message = msg("no response within {seconds} s", seconds=3)

    with pytest.raises(TypeError, match="a message is no template"):
        msg(message, seconds=3)
    with pytest.raises(TypeError, match="a message is no template"):
        ConfigError(message, seconds=3)


def test_numbers_choose_the_form() -> None:
    assert plural(1, "{number} call", "{number} calls") == "1 call"
    assert plural(2, "{number} call of {name}", "{number} calls of {name}", name="张三") == (
        "2 calls of 张三"
    )


def test_no_space_stands_between_chinese_and_a_message_but_values_of_users_keep_theirs() -> None:
    since = "changed since {name}, committed or not: {files}; {kept} of {all} scenario files run"
    values = {"files": "a.js", "kept": 1, "all": 2}
    commit = msg("HEAD ({short})", short="4b500eca")

    shown = translate(msg(since, name=commit, **values), "zh")
    own = translate(msg(since, name="主干", **values), "zh")

    assert shown.startswith("自 HEAD（4b500eca）以来（含未提交的）改动了 a.js，")
    assert own.startswith("自 主干 以来")


def test_what_is_hidden_is_hidden_in_every_value() -> None:
    message = msg("login of {name} failed: {why}", name="x", why=msg("{token} is over", token="s3"))

    hidden = change_english_text(message, lambda text: text.replace("s3", "***"))

    assert hidden == "login of x failed: *** is over"
    assert isinstance(hidden, TranslatableText)
    assert "s3" not in repr(hidden.values)
    # A secret that two values make together leaves no template behind.
    split = change_english_text(msg("{a}{b}", a="s", b="3"), lambda text: text.replace("s3", "***"))
    assert type(split) is str
    assert split == "***"


@given(st.lists(st.builds(msg, TEXTS) | TEXTS, max_size=5), st.sampled_from(["\n", "; ", ""]))
def test_joined_texts_have_the_lines_of_their_text(parts: list[str], separator: str) -> None:
    text = join_messages(separator, parts)

    assert to_plain_english(text) == separator.join(map(to_plain_english, parts))
    assert [to_plain_english(line) for line in text.splitlines()] == to_plain_english(
        text
    ).splitlines()
    assert translate(text, "xx") == to_plain_english(text)


def test_an_unknown_language_names_those_that_there_are() -> None:
    with pytest.raises(
        UnknownLanguageError, match=r"no language 'fr'; there are en \(English\), zh"
    ):
        choose_language("fr")
    assert choose_language("zh_CN.UTF-8") == "zh"
    assert choose_language("EN") == "en"


def test_every_template_can_be_filled() -> None:
    found = templates()

    assert len(found) > 1000
    for key in found:
        for text in texts(key):
            values = dict.fromkeys(names(text), 1)
            assert msg(text, **values) == (text.format(**values) if values else text)


@pytest.mark.parametrize(
    ("number", "english", "chinese"),
    [
        (0, "0 days", "0 天"),
        (1, "1 day", "1 天"),
        (2, "2 days", "2 天"),
        (1000, "1000 days", "1000 天"),
    ],
)
def test_nothing_is_a_plural_too(number: int, english: str, chinese: str) -> None:
    message = plural(number, "{number} day", "{number} days")

    assert (message, translate(message, "en"), translate(message, "zh")) == (
        english, english, chinese,
    )  # fmt: skip
    assert change_english_text(message, lambda text: text.replace("day", "DAY")) == english.replace(
        "day", "DAY"
    )
