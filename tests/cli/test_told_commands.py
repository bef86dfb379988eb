"""Whatever tells a user to run a command names one that there is, with options that it has."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from functools import cache

import pytest

from bpmax_sim.cli.app import COMMANDS
from tests import sources
from tests.cli.project import Command, Project
from tests.snapshots import snapshot

TOLD = re.compile(r"(?<![\w./-])bpmax-sim (?!\{)([a-z][\w-]*)((?: [^`\n]*)?)")
OPTION = re.compile(r"(?<= )--?[a-z][a-z-]*")
WORDS = frozenset(
    {"scenario", "fragment", "form", "flow", "people", "platform", "instances", "needs"}
)
"""What follows the name where no command is meant, as in the titles of schemas."""


def texts(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """Yield the texts of a module, those of f-strings with their holes left open."""
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, ast.JoinedStr):
            yield "".join(
                str(one.value) if isinstance(one, ast.Constant) else "{}" for one in node.values
            )


def named(word: str, rest: str) -> str:
    """Return the command that a text names; some have two words."""
    pair = " ".join([word, *rest.split()[:1]])
    return pair if pair in COMMANDS else word


@cache
def told() -> dict[tuple[str, str], str]:
    return {
        (named(found[1], found[2]), found[2].partition("`")[0]): name
        for name, nodes in sources.nodes().items()
        for text in texts(nodes)
        for found in TOLD.finditer(text)
        if found[1] not in WORDS
    }


def test_every_message_names_a_command_that_there_is() -> None:
    found = told()

    assert {name for name, _ in found} >= {"run", "record", "review", "cassette seal"}
    unknown = {f"{name} in {file}" for (name, _), file in found.items() if name not in COMMANDS}
    assert unknown == set()


@pytest.mark.parametrize("name", COMMANDS)
def test_every_message_names_options_that_the_command_has(bs: Command, name: str) -> None:
    said = " ".join(rest for one, rest in told() if one == name)
    known = bs(*name.split(), "--help").out + bs(*name.split(), "--help-all").out

    assert {option for option in OPTION.findall(f" {said}") if option not in known} == set()


def test_a_near_name_is_told(bs: Command) -> None:
    done = bs("recrod")

    assert (done.code, done.err) == (
        2,
        snapshot("there is no command 'recrod'; did you mean 'record'?; see bpmax-sim --help\n"),
    )


def test_an_unknown_command_proposes_three_at_most(bs: Command) -> None:
    assert bs("xyz").err == "there is no command 'xyz'; see bpmax-sim --help\n"
    assert "did you mean 'show'" in bs("shw").err
    assert bs("check").err == "there is no command 'check'; nearest: schema; see bpmax-sim --help\n"


def test_a_path_of_nothing_proposes_nothing_unrelated(bs: Command, recorded: Project) -> None:
    assert bs("run", "nosuch").err.startswith("nosuch: file or folder not found; see what")
