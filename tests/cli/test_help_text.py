"""Help is in one language, as wide as the terminal, whoever of the two chose the language."""

from __future__ import annotations

import ast
import re

import pytest

from bpmax_sim.cli.app import COMMANDS, GROUPS, run_command_line
from bpmax_sim.cli.help_text import wrap_text
from bpmax_sim.i18n import measure_display_width
from tests.catalogue import TELLING
from tests.cli.project import Command, Project
from tests.sources import nodes

WORDS = re.compile(r"(?<![\w.`/-])(?:[A-Za-z]{2,} ){2,}[A-Za-z]{2,}")
NAMES = {"BASE OURS THEIRS"}  # Git's, for its merge driver


def test_help_of_every_command_is_chinese(bs: Command, project: Project) -> None:
    config = project.folder / "pyproject.toml"
    config.write_text('[tool.bpmax_sim]\nlanguage = "zh"\n', encoding="utf-8")
    wrong = []
    for name in ("", *GROUPS, *COMMANDS):
        done = bs(*name.split(), "--help")
        body = re.sub(r"示例：.*|`[^`]*`", "", done.out)
        wrong += [(name, one) for one in WORDS.findall(body) if one not in NAMES]
        wrong += [(name, one) for one in re.findall(r"<(?:list|str|path|int)\b.*|默认： ", body)]
        assert body.startswith("用法：bpmax-sim")

    assert wrong == []


@pytest.mark.parametrize("columns", [40, 80])
def test_help_fits_the_terminal(bs: Command, monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))

    lines = bs("--lang", "zh", "show", "--help").out.splitlines()

    assert [line for line in lines if measure_display_width(line) > columns] == []


def test_a_default_is_said_once(bs: Command) -> None:
    told = bs("run", "--help-all").out

    assert "(default: once)" in told
    assert "[default: once]" not in told


def test_a_line_begins_with_no_punctuation_of_chinese() -> None:
    assert wrap_text("退出码：0 通过，1 有场景失败。", 8) == [
        "退出码：",
        "0 通过，",
        "1 有场景",
        "失败。",
    ]


def test_whatever_is_printed_as_it_stands_has_no_words() -> None:
    calls = [
        (module, one.args[0].value)
        for module, every in nodes().items()
        for one in every
        if isinstance(one, ast.Call)
        and isinstance(one.func, ast.Name)
        and one.func.id in TELLING
        and len(one.args) == 1
        and isinstance(one.args[0], ast.Constant)
        and not one.keywords
    ]

    assert [(module, text) for module, text in calls if re.search("[a-z]{3}", str(text))] == [
        ("cli/show.py", "```text")
    ]


@pytest.mark.parametrize("words", [[], ["init"], ["cassette"], ["cassette", "fmt"]])
def test_every_command_takes_help_all(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    codes = [run_command_line([*words, option]) for option in ("--help", "--help-all")]
    out, err = capsys.readouterr()

    assert (codes, err) == ([0, 0], "")
    assert len(out.splitlines()) > 2 * len(words)
