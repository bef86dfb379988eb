"""How the words of a command line are read, and what is said of those that are wrong."""

from __future__ import annotations

import errno
import json
import re
import warnings
from pathlib import Path
from typing import Any

import pytest
import typer

import bpmax_sim.cli
from bpmax_sim.cli import app, command_errors, help_text
from bpmax_sim.cli.help_text import localise_full_stops, wrap_text
from bpmax_sim.cli.terminal import NobodyToAskError, OutputNotRead
from bpmax_sim.errors import (
    CassetteError,
    ConfigError,
    ExpectationError,
    LeakError,
    LostCharactersWarning,
    NoMatchError,
    Place,
    Problem,
    ScriptError,
    TransportError,
)
from bpmax_sim.git import SINCE_BRANCHING
from bpmax_sim.i18n import choose_language, msg, translate
from tests.cli.project import Command, Done

BARE = f"--changed={SINCE_BRANCHING}"


@pytest.mark.parametrize(
    ("words", "whole"),
    [
        ("run", "run"),
        ("run --changed", f"run {BARE}"),
        ("run --changed main", "run --changed main"),
        ("run --changed=main", "run --changed=main"),
        ("run --changed -x", f"run {BARE} -x"),
        ("run --changed scenarios", f"run {BARE} scenarios"),
        ("run --changed main scenarios", "run --changed main scenarios"),
        ("run --changed -- main", f"run {BARE} -- main"),
        ("run -- --changed", "run -- --changed"),
        ("run --changed --changed", f"run {BARE} {BARE}"),
    ],
)
def test_changed_has_a_revision_where_no_path_is_called_so(
    words: str, whole: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scenarios").mkdir()

    assert app._complete_changed(words.split()) == whole.split()
    assert app._complete_changed(["--changed", ""]) == [BARE, ""]


@pytest.mark.parametrize(
    ("words", "language", "left"),
    [
        ("run", None, "run"),
        ("--lang zh run", "zh", "run"),
        ("run --lang=zh -x", "zh", "run -x"),
        ("run -x --lang zh", "zh", "run -x"),
        ("run --lang", "", "run"),
        ("run --lang=", "", "run"),
        ("run -- --lang zh", None, "run -- --lang zh"),
        ("--lang en --lang zh run", "en", "--lang zh run"),
        ("run --language zh", None, "run --language zh"),
    ],
)
def test_the_language_may_stand_anywhere_before_two_dashes(
    words: str, language: str | None, left: str
) -> None:
    assert app._split_language_option(words.split()) == (language, left.split())


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("run -x", "run"), ("-x run", "run"), ("cassette inspect a.yaml", "cassette inspect"),
        ("cassette nothing", "cassette"), ("import openapi a.json", "import openapi"),
        ("import a.har", "import"), ("nothing run", ""), ("", ""), ("--json cassette", "cassette"),
    ],
)  # fmt: skip
def test_help_is_pointed_at_for_the_command_that_was_meant(words: str, name: str) -> None:
    assert app._find_command_name(words.split()) == name


NOT_ONE = "Invalid value for '--mode': 'replai' is not one of 'replay', 'record', 'live"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("No such option: -y Did you mean -x?", "No such option: -y Did you mean -x?"),
        ("No such option: -z", "No such option: -z"),
        ("Missing argument 'FILE'.", "Missing argument 'FILE'"),
        ("Invalid value for '--port': Input should be a valid integer, unable to parse",
         "Invalid value for '--port': expected a whole number"),
        ("Invalid value for '--minutes': Input should be a valid number",
         "Invalid value for '--minutes': expected a number"),
        ("Invalid value for '--port': Input should be less than or equal to 65535",
         "Invalid value for '--port': expected at most 65535"),
        ("Invalid value for '--port':\n Input should be greater than or equal to 0",
         "Invalid value for '--port': expected at least 0"),
        (f"{NOT_ONE}'.",
         f"{NOT_ONE}'; did you mean 'replay'?"),
        ("'x' is not one of 'har'", "'x' is not one of 'har'"),
        ("Value error, something  new.", "something new"),
        ("Assertion failed, something new", "something new"),
        ("Input should be a valid number, unable to parse string", "expected a number"),
    ],
)  # fmt: skip
def test_what_typer_says_is_said_in_our_words(words: str, told: str) -> None:
    assert command_errors.reword_usage_error(words) == told
    ours = msg("{a} is wrong.", a=1)
    assert command_errors.reword_usage_error(ours) is ours


@pytest.mark.parametrize(
    ("words", "is_recording"),
    [
        ("run", False), ("record", True), ("run --mode record", True), ("run --mode=record", True),
        ("serve --record --upstream http://a", True), ("run --record-extra", False),
        ("run scenarios/record.scenario.yaml", False), ("run --mode live", False), ("", False),
    ],
)  # fmt: skip
def test_who_stops_a_recording_is_told_what_is_kept(
    words: str, is_recording: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    assert app._report_interrupt(words.split()) == 130
    assert ("what was being recorded is kept" in capsys.readouterr().err) is is_recording


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConfigError("不行"), 2), (CassetteError("不行"), 3), (LeakError("不行"), 3),
        (NoMatchError("不行"), 3), (TransportError("不行"), 4), (ExpectationError("不行"), 1),
        (ScriptError("不行"), 2),
    ],
)  # fmt: skip
@pytest.mark.parametrize("arguments", [["list"], ["list", "--json"]])
def test_each_kind_of_error_has_its_exit_code(
    error: Any, code: int, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert command_errors.report_error(error, arguments) == code
    printed = capsys.readouterr()
    assert printed.err == f"{error}\n"
    if "--json" not in arguments:
        assert printed.out == ""
        return
    assert json.loads(printed.out) == {
        "version": 1,
        "exit_code": code,
        "problems": [{"file": "", "line": 0, "column": 0, "path": "", "message": str(error)}],
    }


def test_each_problem_of_an_error_is_in_the_document(capsys: pytest.CaptureFixture[str]) -> None:
    error = ConfigError(Problem("甲", Place("a.yaml", 3, 7), "form"), Problem("乙"))
    command_errors.report_error(error, ["--json"])

    assert json.loads(capsys.readouterr().out)["problems"] == [
        {"file": "a.yaml", "line": 3, "column": 7, "path": "form", "message": "甲"},
        {"file": "", "line": 0, "column": 0, "path": "", "message": "乙"},
    ]


def test_a_group_is_one_name_above_and_its_commands_below() -> None:
    top, below = app._list_commands_below(""), app._list_commands_below("cassette ")

    assert [name for name in top if name.startswith("cassette")] == ["cassette"]
    assert top["cassette"] == app.GROUPS["cassette"]
    assert top["import openapi"] == app.COMMANDS["import openapi"].about
    assert {f"cassette {name}" for name in below} | {*top} - {"cassette"} == {*app.COMMANDS}


@pytest.mark.parametrize(
    ("text", "columns", "lines"),
    [
        ("", 10, [""]),
        ("one two three", 7, ["one two", "three"]),
        ("one two three", 8, ["one two", "three"]),
        ("one two three", 6, ["one", "two", "three"]),
        ("averylongword two", 5, ["averylongword", "two"]),
        ("付款大额采购", 8, ["付款大额", "采购"]),
        ("付款大额采购", 9, ["付款大额", "采购"]),
        ("付款，大额", 5, ["付", "款，", "大额"]),
        ("付款（大额）", 6, ["付款", "（大", "额）"]),
        ("用 --json 打印", 10, ["用 --json", "打印"]),
        ("  one  ", 10, ["one"]),
        ("one two ", 7, ["one two"]),
    ],
)
def test_a_line_is_broken_between_words_and_characters(
    text: str, columns: int, lines: list[str]
) -> None:
    assert wrap_text(text, columns) == lines


def test_a_word_for_a_value_is_in_the_language_of_the_help(bs: Command) -> None:
    choose_language("zh")
    for word in help_text.METAVARS:
        told = translate(msg(word), "zh")
        assert told != word
        assert help_text.translate_metavar(f"{word}[:{word}]") == f"{told}[:{told}]"
    assert help_text.translate_metavar("URL") == "URL"

    for command, shown in (
        ("run", "LIMITS"), ("list", "AGE"), ("import", "VARIABLE"), ("serve", "HOST"),
        ("report", "TRACE"), ("explore", "WORKERS"), ("challenge", "PERCENT"),
    ):  # fmt: skip
        assert re.findall(rf"\b{shown}\b", bs("--lang", "zh", command, "--help-all").out) == []


SAME_IN_EACH_LANGUAGE = {"API", "URL", "BASE", "OURS", "THEIRS"}  # Git's, and abbreviations


def test_no_word_for_a_value_is_left_in_english() -> None:
    text = "".join(map(Path.read_text, Path(bpmax_sim.cli.__path__[0]).glob("*.py")))
    shown = set(re.findall("[A-Z]{3,}", " ".join(re.findall('metavar="([^"]+)"', text))))

    assert shown - help_text.METAVARS == SAME_IN_EACH_LANGUAGE


@pytest.mark.parametrize(
    ("term", "text", "row"),
    [
        ("[FILE]... <list[Path]>", "甲", ("[FILE]...", "甲")),
        ("FILE <Path>", "甲", ("FILE", "甲")),
        ("--port PORT", "[0<=x<=65535]", ("--port PORT", "[0..65535]")),
        ("--least PERCENT", "[0.5<=x<=1.5]", ("--least PERCENT", "[0.5..1.5]")),
    ],
)
def test_what_typer_adds_to_help_is_left_out_or_shorter(
    term: str, text: str, row: tuple[str, str]
) -> None:
    assert help_text._translate_row(term, text) == row


class Written:
    """Takes what help is made of, as the formatter of typer does."""

    def __init__(self, width: int = 98) -> None:
        self.width = width
        self.text = ""

    def write_paragraph(self) -> None:
        self.text += "\n"

    def write(self, text: str) -> None:
        self.text += text


@pytest.mark.parametrize(
    ("columns", "width", "room"),
    [
        (100, 98, 98), (120, 98, 98), (80, 78, 78), (40, 50, 38), (33, 50, 31), (32, 50, 30),
        (31, 50, 30), (10, 50, 30), (10, 20, 20),
    ],
)  # fmt: skip
def test_help_is_as_wide_as_the_terminal_within_limits(
    columns: int, width: int, room: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))

    assert help_text._measure_help_line_width(Written(width)) == room


@pytest.mark.parametrize(
    ("rows", "lines"),
    [
        ([], []),
        ([("-x", "付款")], ["", "选项:", "  -x  付款"]),
        ([("-x", "a"), ("--金额", "b")], ["", "选项:", "  -x      a", "  --金额  b"]),
        # half of the line is for the first column at most, and what is longer has a line of its own
        (
            [("--at-most-eighteen", "a"), ("-x", "one two three four")],
            ["", "选项:", "  --at-most-eighteen", f"{'':19}a", f"{'  -x':19}one two",
             f"{'':19}three four"],
        ),
        ([("-x", "付款大额采购付款大额采购付款")],
         ["", "选项:", "  -x  付款大额采购付款大额采购", "      付款"]),
    ],
)  # fmt: skip
def test_a_section_has_two_columns(
    rows: list[tuple[str, str]], lines: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "32")
    out = Written()

    help_text.write_section(out, "选项:", rows)

    assert out.text.splitlines() == lines


@pytest.mark.parametrize(
    ("text", "localised"),
    [
        ("付款.", "付款。"), ("one.", "one."), ("付款.\none.\n大额.", "付款。\none.\n大额。"),
        ("付款. 大额", "付款. 大额"), ("付款", "付款"), ("", ""),
    ],
)  # fmt: skip
def test_a_chinese_line_ends_with_a_chinese_full_stop(text: str, localised: str) -> None:
    assert localise_full_stops(text) == localised


@pytest.mark.parametrize(
    ("command", "words", "told"),
    [
        ("lint", "No such option: --fix", "--fix was removed, as no released version"),
        ("doctor", "No such option: --json", "--json was removed here"),
        ("cassette seal", "No such option: --json Did you mean --yes?", "--json was removed here"),
        ("doctor", "No such option: --fix", "No such option: --fix"),
        ("run", "No such option: --json", "No such option: --json"),
        ("", "No such option: --fix", "No such option: --fix"),
        ("lint", "No such option: --fixed", "No such option: --fixed"),
    ],
)
def test_an_option_was_removed_from_its_command_alone(command: str, words: str, told: str) -> None:
    assert command_errors.explain_usage_error(command, words).startswith(told)


@pytest.mark.parametrize(
    "words",
    [
        "No such option: --zz (Possible options: --yes, --json)",
        "Option '--mode' requires an argument", "Missing argument 'FILE'", "Missing option '--as'",
        "Got unexpected extra argument (甲)", "Got unexpected extra arguments (甲 乙)",
        "Invalid value for '--mode': 'x' is not one of 'har'",
    ],
)  # fmt: skip
def test_what_typer_says_is_said_in_chinese(words: str) -> None:
    told = translate(command_errors.reword_usage_error(words), "zh")

    assert re.findall("[A-Z][a-z]+", told) == []
    assert set(re.findall("--[a-z]+|[甲乙]|FILE|'x'|'har'", words)) <= set(
        re.findall("--[a-z]+|[甲乙]|FILE|'x'|'har'", told)
    )


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (OSError(errno.ENAMETOOLONG, "too long", "甲" * 300), f"{'甲' * 40}… is too long"),
        (OSError(errno.EACCES, "Permission denied", "甲"), None),
        (FileNotFoundError(errno.ENOENT, "No such file", "甲"), None),
    ],
)  # fmt: skip
def test_only_a_name_that_is_too_long_is_told_as_one(error: OSError, told: str | None) -> None:
    with (
        pytest.raises(ConfigError if told else type(error)) as raised,
        command_errors.translate_long_names(),
    ):
        raise error

    if told:
        assert str(raised.value).startswith(told)


def test_a_name_that_is_too_long_ends_a_command_with_two(bs: Command) -> None:
    done = bs("run", "甲" * 300)

    assert (done.code, done.out) == (2, "")
    assert done.err == f"{'甲' * 40}… is too long for the name of a file\n"


@pytest.mark.parametrize(
    ("words", "code", "out", "err"),
    [
        ("help", 0, "Commands:", ""),
        ("help list", 0, "bpmax-sim list", ""),
        ("help cassette", 0, "bpmax-sim cassette", ""),
        ("help cassette inspect", 0, "bpmax-sim cassette inspect", ""),
        ("help import openapi", 0, "bpmax-sim import openapi", ""),
        ("--lang xx list", 2, "", "xx"),
        ("seal a.yaml", 2, "", "'seal' is `bpmax-sim cassette seal` now"),
        ("cassette list", 2, "", "there is no command 'cassette list'"),
        ("cassette openapi", 2, "", "there is no command 'cassette openapi'"),
        ("cassette import openapi", 2, "", "there is no command 'cassette import'"),
        ("openapi a.json", 2, "", "'openapi' is `bpmax-sim import openapi` now"),
        ("list --nothing", 2, "", "; see bpmax-sim list --help"),
        ("--nothing", 2, "", "; see bpmax-sim --help"),
    ],
)  # fmt: skip
def test_what_was_meant_is_said(bs: Command, words: str, code: int, out: str, err: str) -> None:
    done = bs(*words.split())

    assert done.code == code
    assert out in done.out
    assert err in done.err
    assert bool(done.out) == (code == 0)


@pytest.mark.parametrize(
    ("raised", "code", "told"),
    [
        (NobodyToAskError(), 1, "there is no terminal to answer; add --yes\n"),
        (typer.Abort(), 1, "\nstopped; nothing was changed\n"),
        (KeyboardInterrupt(), 130, "\nstopped\n"),
        (OutputNotRead(), 141, ""),
        (TransportError("不通"), 4, "不通\n"),
    ],
)  # fmt: skip
def test_how_a_command_ends_that_was_stopped(
    bs: Command, raised: BaseException, code: int, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(_language: str) -> Any:
        raise raised

    monkeypatch.setattr(app, "_build_app", stop)
    done = bs("list")

    assert (done.code, done.out) == (code, "")
    assert done.err.endswith(told)
    assert bool(done.err) == bool(told)


@pytest.mark.parametrize(("code", "ended"), [(None, 0), (0, 0), (3, 3), (True, 1)])
def test_a_command_ends_with_what_it_returns(
    bs: Command, code: int | None, ended: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "_build_app", lambda _language: lambda *_words, **_more: code)

    assert bs("list") == Done(ended, "", "")


def test_a_command_that_returns_an_interruption_says_so(
    bs: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "_build_app", lambda _language: lambda *_words, **_more: 130)

    kept = "what was being recorded is kept, `bpmax-sim cassette recover` seals it"
    assert bs("record") == Done(130, "", f"\nstopped; {kept}\n")


def test_only_our_own_warnings_are_told_as_messages(bs: Command, monkeypatch: Any) -> None:
    shown: list[str] = []

    def warn(_language: str) -> Any:
        for _ in range(2):  # one place warns once
            warnings.warn(msg("没有编码"), LostCharactersWarning, stacklevel=1)
        warnings.warn("别人的", UserWarning, stacklevel=1)
        return lambda *_words, **_more: 0

    monkeypatch.setattr(app, "_build_app", warn)
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        warnings.showwarning = lambda message, *_more, **_rest: shown.append(str(message))
        done = bs("list")

    assert (done.err, shown) == ("warning: 没有编码\n", ["别人的"])
