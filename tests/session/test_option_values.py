"""What each option takes and refuses, at its limits and with what it says then."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import pytest

import bpmax_sim as bs
from bpmax_sim.i18n import translate
from bpmax_sim.session.options import (
    Names,
    Option,
    check_option_value,
    check_text_list,
    describe_wrong_choice,
    format_option_help,
    list_option_words,
    list_options_for,
)

PYTEST = list_options_for("pytest")


class Text(str):
    __slots__ = ()


@pytest.mark.parametrize(
    ("kind", "value", "told"),
    [
        (bool, True, ""), (bool, False, ""), (bool, 1, "True or False, got 1"),
        (bool, None, "True or False, got None"), (bool, "yes", "True or False, got 'yes'"),
        (str, "", ""), (str, "甲", ""), (str, Text("甲"), ""), (str, None, "a text, got None"),
        (str, 7, "a text, got 7"), (str, b"x", "a text, got b'x'"),
        (str | None, None, ""), (str | None, "", ""), (str | None, 0, "a text, got 0"),
        (int | None, None, ""), (int | None, 0, ""), (int | None, -1, ""),
        (int | None, 1.0, "a whole number, got 1.0"), (int | None, "1", "a whole number, got '1'"),
        (int | None, True, "a whole number, got True"),
        (object, object(), ""), (Mapping, 7, ""),
        (Names, [], ""), (Names, (), ""), (Names, ["a", "b", "c"], ""), (Names, {"a"}, ""),
        (Names, "a", "a list of texts, got 'a'; write ['a']"),
        (Names, "", "a list of texts, got ''; write ['']"),
        (Names, None, "a list of texts, got None"), (Names, 7, "a list of texts, got 7"),
        (Names, ["a", "b", 3], "a list of texts, got ['a', 'b', 3]"),
        (Names, [None], "a list of texts, got [None]"),
        (Names, {"a": 1}, "a list of texts, got {'a': 1}"),
        (str | Names, "a", ""), (str | Names, "", ""), (str | Names, ["a"], ""),
        (str | Names, None, "a list of texts, got None"),
        (str | Names, [1], "a list of texts, got [1]"),
    ],
)  # fmt: skip
def test_a_value_has_the_type_of_its_option(kind: Any, value: Any, told: str) -> None:
    if not told:
        check_option_value("选项", kind, value)
        return
    with pytest.raises(bs.ConfigError) as caught:
        check_option_value("选项", kind, value)
    assert str(caught.value) == f"选项: expected {told}"


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("replay", ""), ("record", ""), ("live", ""),
        ("Replay", "mode: there is no 'Replay'; did you mean 'replay'?"),
        ("recrod", "mode: there is no 'recrod'; did you mean 'record'?"),
        ("xyz", "mode: there is no 'xyz'; choose one of replay, record, live"),
        ("", "mode: there is no ''; choose one of replay, record, live"),
        (None, "mode: there is no None; choose one of replay, record, live"),
        (0, "mode: there is no 0; choose one of replay, record, live"),
    ],
)  # fmt: skip
def test_a_wrong_choice_is_told_with_the_near_one_else_with_all(value: object, told: str) -> None:
    kind = Literal["replay", "record", "live"]
    if not told:
        check_option_value("mode", kind, value)
        return
    with pytest.raises(bs.ConfigError) as caught:
        check_option_value("mode", kind, value)
    assert str(caught.value) == told
    choices = ("replay", "record", "live")
    assert translate(describe_wrong_choice("mode", value, choices)) == told


@pytest.mark.parametrize(
    ("value", "items"),
    [
        ((), ()), ([], ()), (["a"], ("a",)), (("c", "a", "b", "a"), ("c", "a", "b", "a")),
        ((one for one in "ab"), ("a", "b")), ([Text("a")], ("a",)),
    ],
)  # fmt: skip
def test_a_list_of_texts_keeps_each_in_its_order(value: Any, items: tuple[str, ...]) -> None:
    assert check_text_list("ignore", value) == items


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        *((name, text, value) for name in ("challenge_fail_under", "cov_fail_under")
          for text, value in (("0", 0.0), ("0.5", 0.5), ("100", 100.0), ("-0.1", None),
                              ("100.1", None), ("nan", None), ("-1", None), ("x", None),
                              ("", None))),
        ("explore_max", "1", 1), ("explore_max", "2", 2), ("explore_max", "0", None),
        ("explore_max", "-1", None), ("explore_max", "1.5", None), ("explore_max", "", None),
        ("explore_minutes", "0.1", 0.1), ("explore_minutes", "1440", 1440.0),
        ("explore_minutes", "1440.1", None), ("explore_minutes", "0", None),
        ("explore_minutes", "-1", None), ("explore_minutes", "nan", None),
        ("explore_seed", "0", 0), ("explore_seed", "-7", -7), ("explore_seed", "1.0", None),
        ("seed", "0", 0), ("seed", "7", 7), ("seed", "七", None),
        ("clock", "2026-03-02T09:00:00+08:00", "2026-03-02T09:00:00+08:00"),
        ("clock", "2026-02-30T09:00:00+08:00", None), ("clock", "", None),
        ("js_stack", "24MB", 24 * 1024 * 1024), ("js_stack", "", None), ("js_stack", "x", None),
        ("shard", "1/2", "1/2"), ("job", "", ""),
    ],
)  # fmt: skip
def test_the_text_of_an_option_is_read_up_to_its_limits(name: str, text: str, value: Any) -> None:
    option = PYTEST[name]
    if value is None:
        with pytest.raises(ValueError, match=r"."):
            option.read(text)
        return
    read = option.read(text)
    assert (read, type(read)) == (value, type(value))


@pytest.mark.parametrize(
    ("source", "has", "lacks"),
    [
        ("session", {"owner", "environ", "moves", "faults", "mode"},
         {"report", "trace", "var", "cassettes", "lang", "exit_codes"}),
        ("scenario", {"mode", "unused", "secrets", "faults", "clock", "ignore"},
         {"record", "owner", "engine", "allow_hosts", "against"}),
        ("marker", {"mode", "record", "owner", "engine", "js_limits"},
         {"secrets", "faults", "allow_hosts", "against"}),
        ("pytest", {"mode", "faults", "report", "lang", "exit_codes", "var"},
         {"owner", "ignore", "cassette", "unawaited", "repeat"}),
        ("cli", {"mode", "faults", "shard", "var", "cassettes"},
         {"seed", "clock", "report", "lang", "exit_codes", "owner"}),
    ],
)  # fmt: skip
def test_each_door_has_its_options(source: Any, has: set[str], lacks: set[str]) -> None:
    options = list_options_for(source)

    assert (has - options.keys(), lacks & options.keys()) == (set(), set())
    assert all(name == option.name for name, option in options.items())


def test_one_name_is_another_option_at_another_door() -> None:
    assert list_options_for("session")["faults"].default == ()
    assert PYTEST["faults"].choices == ("on", "off")
    assert list_options_for("session")["js_stack"].session_keyword == "stack"
    assert list_options_for("session")["seed"].session_keyword == "seed"


@pytest.mark.parametrize(
    ("passed", "cli", "pytest_words"),
    [
        ([], [], []),
        ([("js_stack", "24MB")], ["--js-stack", "24MB"], ["--bpmax-js-stack", "24MB"]),
        ([("seed", "0"), ("faults", "off")], ["--faults", "off"],
         ["--bpmax-seed", "0", "--bpmax-faults", "off"]),
        ([("platforms", "乙"), ("platforms", "甲")], ["--platforms", "乙", "--platforms", "甲"],
         ["--bpmax-platforms", "乙", "--bpmax-platforms", "甲"]),
        ([("owner", "甲"), ("没有", "x")], [], []),
    ],
)  # fmt: skip
def test_a_command_line_gets_the_options_that_it_has(
    passed: Any, cli: list[str], pytest_words: list[str]
) -> None:
    assert [*list_option_words("cli", passed)] == cli
    assert [*list_option_words("pytest", passed)] == pytest_words


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("with {record}=new", "with --记录=new"),
        ("{explore} or {cov}, {explore}", "--探索 or --覆盖, --探索"),
        ("plain", "plain"),
        ("", ""),
    ],
)
def test_the_help_of_an_option_names_others_by_their_flag(text: str, told: str) -> None:
    flags = {"record": "--记录", "explore": "--探索", "cov": "--覆盖"}

    assert format_option_help(Option("x", ("cli",), help=text), flags.__getitem__) == told


@pytest.mark.parametrize(
    ("kind", "choices"),
    [(Literal["a", "b", "c"], ("a", "b", "c")), (str, ()), (str | None, ()), (object, ())],
)
def test_only_a_literal_has_choices(kind: Any, choices: tuple[str, ...]) -> None:
    assert Option("x", ("cli",), kind).choices == choices
