"""Every door of a run says the options of the table, and nothing else declares them again."""

from __future__ import annotations

import ast
import dataclasses
import inspect
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pytest

from bpmax_sim.cli import run as commands
from bpmax_sim.cli.app import COMMANDS
from bpmax_sim.scenario.model import ProxySpec, Scenario
from bpmax_sim.session.options import (
    OPTIONS,
    Option,
    format_flag,
    format_option_help,
    list_options_for,
    list_repeated_options,
)
from bpmax_sim.session.session import Session
from bpmax_sim.session.settings import (
    EverydayOptions,
    OpeningOptions,
    ScenarioOptions,
    SessionOptions,
    Settings,
)
from tests import sources

ARGUMENTS = {one.session_keyword: one for one in OPTIONS if "session" in one.sources}
CHOSEN = [one for one in OPTIONS if one.choices]
OF_OPENING = {"platforms", "instances", "faults", "transport", "limits"}
"""What `Session.open` takes and `Settings` does not hold."""


def test_opening_a_session_takes_what_the_table_says() -> None:
    hints = get_type_hints(SessionOptions)

    assert set(hints) == set(ARGUMENTS)
    judge_outcome = {name: one.type for name, one in ARGUMENTS.items() if one.type is not object}
    assert {name: hints[name] for name in judge_outcome} == judge_outcome
    assert [*inspect.signature(Session.open).parameters] == ["platforms", "options"]


def test_what_is_handed_on_to_opening_is_typed_as_it_is_there() -> None:
    hints = get_type_hints(SessionOptions)

    for others, left_out in (
        (OpeningOptions, {"platforms"}),
        (EverydayOptions, {"platforms", "cassette", "mode"}),
        (ScenarioOptions, {"faults", "environ"}),
    ):
        assert get_type_hints(others) == {n: h for n, h in hints.items() if n not in left_out}


def test_settings_hold_what_the_table_says() -> None:
    fields = {one.name: one for one in dataclasses.fields(Settings)}
    hints = get_type_hints(Settings)

    assert set(fields) == set(ARGUMENTS) - OF_OPENING
    made = {"environ", "clock", "ignore", "redact", "secrets", "allow_hosts"}
    for name in set(fields) - made:
        option = ARGUMENTS[name]
        assert fields[name].default == option.default, name
        assert option.type is object or hints[name] == option.type, name


OWN = {
    *("paths", "keyword", "json", "check"),
    *("quiet", "verbose", "exit_first", "last_failed", "junitxml", "watch", "uses", "changed"),
    *("update", "yes"),
}
"""Options of the commands alone."""


def spelled(command: str) -> Mapping[str, tuple[Any, str]]:
    """Return type and help of a command's parameters that are not its own, by their flag."""
    function = getattr(commands, COMMANDS[command].home.partition(":")[2])
    hints = get_type_hints(function, include_extras=True)
    found = {}
    for name in inspect.signature(function).parameters:
        kind, told = get_args(hints[name])
        if name not in OWN:
            found[told.default] = kind, told.help  # as typer keeps the flag
    return found


@pytest.mark.parametrize(
    ("command", "left_out"),
    [("run", set()), ("record", {"--mode", "--unused", "--shard", "--job"})],
)
def test_the_command_line_says_what_the_table_says(command: str, left_out: set[str]) -> None:
    known = {format_flag(name): one for name, one in list_options_for("cli").items()}
    found = spelled(command)

    assert set(found) == set(known) - left_out
    for flag, (kind, told) in found.items():
        option = known[flag]
        assert not option.choices or option.type in {kind, *get_args(kind)}, flag
        assert told.lower() == f"{format_option_help(option, format_flag)}.".lower(), flag


def test_a_scenario_says_what_the_table_says() -> None:
    proxy, head = get_type_hints(ProxySpec), get_type_hints(Scenario)
    known = list_options_for("scenario")

    assert set(proxy) - {"stubs"} <= set(known)
    assert set(known) <= {*proxy, *head}
    for name, option in known.items():
        if option.choices:
            kinds = get_args(proxy[name]) if get_origin(proxy[name]) is not Literal else ()
            assert option.type in {proxy[name], *kinds}, name


def lists(every: Iterable[ast.AST]) -> Iterator[tuple[int, frozenset[str]]]:
    """Yield the lines and texts of every collection of texts, annotations included."""
    for node in every:
        if isinstance(node, ast.Tuple | ast.List | ast.Set):
            texts = [one.value for one in node.elts if isinstance(one, ast.Constant)]
            if len(texts) == len(node.elts) and all(isinstance(one, str) for one in texts):
                yield node.lineno, frozenset(map(str, texts))


@cache
def listed() -> tuple[tuple[str, frozenset[str]], ...]:
    """Return the place and texts of each list, but of the table and of the engines themselves."""
    return tuple(
        (f"{name}:{line}", texts)
        for name, node in sources.of(ast.Tuple, ast.List, ast.Set)
        if name not in {"session/options.py", "script/runtime.py"}
        for line, texts in lists([node])
    )


@pytest.mark.parametrize("option", CHOSEN, ids=lambda one: f"{one.name} {one.sources[-1]}")
def test_no_choice_is_listed_again(option: Option) -> None:
    assert [place for place, texts in listed() if texts == set(option.choices)] == []


def test_the_check_for_second_lists_finds_one() -> None:
    tree = ast.parse('A = Literal["fail", "warn", "ignore"]\nB = ("live", "simulator")')

    assert set(lists(ast.walk(tree))) == {
        (1, frozenset({"fail", "warn", "ignore"})),
        (2, frozenset({"live", "simulator"})),
    }


def test_only_one_function_declares_options_of_pytest() -> None:
    found = {
        name for name, node in sources.of(ast.Attribute) if node.attr in {"addoption", "addini"}
    }

    assert found == {"pytest_plugin/options.py"}


ALONE = {
    *("mode", "record", "record_extra"),  # the command says them already, or the fix does
    *("allow_ci_record", "exit_codes", "unused", "shard", "job", "update", "lang", "tb"),
    *("trace", "report", "cov", "cov_lcov", "cov_fail_under"),
    *(one.name for one in OPTIONS if one.name.startswith(("explore", "challenge"))),
    "var",  # a variable that is secret is not repeated, so the item knows which are
}
"""Options of command lines that do not change what happens when one test runs again."""


def test_each_option_of_a_command_line_is_repeated_or_known_to_change_nothing() -> None:
    typed = [one for one in OPTIONS if {"cli", "pytest"} & {*one.sources}]

    repeated = {one.name for one in typed if one.is_repeated}
    assert repeated | ALONE == {one.name for one in typed}
    assert not repeated & ALONE


@pytest.mark.parametrize(
    ("source", "passed", "repeated"),
    [
        ("cli", {}, ()),
        ("cli", {"cassettes": None, "platforms": [], "instance": "", "faults": "on"}, ()),
        (
            "cli",
            {"faults": "off", "cassettes": "录 音"},
            (("cassettes", "录 音"), ("faults", "off")),
        ),
        ("cli", {"platforms": ["甲", "乙"]}, (("platforms", "甲"), ("platforms", "乙"))),
        ("cli", {"against": "live", "engine": "v8"}, (("engine", "v8"),)),
        ("cli", {"against": "simulator"}, (("against", "simulator"),)),
        ("cli", {"seed": "7", "unused": "warn", "trace": "on", "var": ["a=1"]}, ()),
        ("pytest", {"seed": "0"}, (("seed", "0"),)),
        (
            "cli",
            {"cassettes": "sftp://张三:密码@files.example.test/录音@2026"},
            (("cassettes", "sftp://…@files.example.test/录音@2026"),),
        ),
        ("cli", {"cassettes": "s3://bucket/a@b"}, (("cassettes", "s3://bucket/a@b"),)),
    ],
)
def test_what_a_command_repeats_is_what_was_typed_and_changes_something(
    source: Literal["cli", "pytest"], passed: Mapping[str, Any], repeated: tuple[Any, ...]
) -> None:
    assert list_repeated_options(source, passed.get) == repeated
