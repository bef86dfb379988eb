"""Every message is there in every language, with the same values, and compiled."""

from __future__ import annotations

import ast
import re

import pytest

from bpmax_sim.i18n import msg, plural, translate
from tests.catalogue import (
    PACKAGE,
    TRANSLATED,
    doubled_braces,
    hidden_templates,
    one_template,
    path_of,
    problems,
    read,
    written,
)
from tests.sources import nodes


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_template_is_translated_with_its_values(language: str) -> None:
    assert not list(problems(language)), "translate them in a JSON file: python -m tests.catalogue"


@pytest.mark.parametrize("language", TRANSLATED)
def test_the_files_are_those_of_the_code(language: str) -> None:
    source, compiled = written(language, read(language))
    path = path_of(language)

    assert path.read_bytes() == source, "run: python -m tests.catalogue --update"
    assert path.with_suffix(".mo").read_bytes() == compiled, (
        "run: python -m tests.catalogue --update"
    )


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_text_without_values_has_single_braces(language: str) -> None:
    """It is printed as it is: ``{{owner_id: …}}`` would be read as such."""
    assert list(doubled_braces(language)) == []


def test_no_template_hides_in_a_variable() -> None:
    """The catalogue takes what stands in a call of ``msg``: a name has to hold a message."""
    assert not list(hidden_templates())


def test_no_error_is_handed_a_message_instead_of_its_template() -> None:
    """An error makes its message itself: ``ConfigError("…{name}…", name=…)``."""
    wrapped = [
        f"{module}:{call.lineno}"
        for module, every in nodes().items()
        for call in every
        if isinstance(call, ast.Call) and called(call) in one_template() - {"msg"}
        if len(call.args) == 1 and called(call.args[0]) == "msg"
    ]

    assert wrapped == []


def called(node: ast.AST) -> str:
    """Return the plain name of what *node* calls, if it does."""
    is_named = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    return node.func.id if is_named else ""  # type: ignore[attr-defined]


CODE = re.compile(r"^\{tag\}: |`[^`]*`|\{[^{}]*\}|&#\w+;|^bpmax\w*(?:\(.*?\))?:|^模块:函数$")
HALF_WIDTH = re.compile(
    r"[\u4e00-\u9fff）”][,;:!?]|[,;:!?] ?[\u4e00-\u9fff]|\([^)]*[\u4e00-\u9fff]"
)
"""Punctuation of English beside a Chinese character."""


def test_chinese_has_the_punctuation_of_chinese() -> None:
    wrong = [text for text in read("zh").values() if HALF_WIDTH.search(CODE.sub("", text))]

    assert wrong == []


def test_lists_and_labels_are_written_by_the_language() -> None:
    sources = {path: path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py")}

    assert [str(path) for path, text in sources.items() if 'join_messages(", "' in text] == []


def test_what_is_missing_is_english() -> None:
    assert translate(msg("no such text in any catalogue, {name}", name="张三"), "zh") == (
        "no such text in any catalogue, 张三"
    )
    assert translate(plural(3, "{number} call", "{number} calls"), "zh") == "3 次调用"
