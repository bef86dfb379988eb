"""Words of a command line and what is printed of them: expressions, options, columns, questions."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal

import pytest
import typer

import bpmax_sim
from bpmax_sim import errors
from bpmax_sim.cli import app, help_text, options, output_schema, plain_values, terminal
from bpmax_sim.cli.command_errors import (
    explain_usage_error,
    report_error,
    reword_usage_error,
    translate_long_names,
)
from bpmax_sim.cli.keyword_expression import parse_keyword
from bpmax_sim.errors import ConfigError, Place, Problem
from bpmax_sim.i18n import TranslatableText, msg
from bpmax_sim.report.exit_codes import ExitCode
from tests.cli.project import Command


def refused(call: Callable[..., Any], *values: Any, **named: Any) -> str:
    """Return the text of the ConfigError with which *call* refuses the values; "" if it does not."""  # noqa: E501
    try:
        call(*values, **named)
    except ConfigError as error:
        return str(error)
    return ""


# ---------------------------------------------------------------------------- -k


def test_an_expression_of_names_selects_as_in_pytest() -> None:
    words = ["scenarios", "crm", "付款[一]", "bpmax_scenario", "slow", "a:b"]
    texts = {
        "CRM": True,
        "cr": True,
        "hr": False,
        "not hr": True,
        "not not crm": True,
        "not crm": False,
        "crm and hr": False,
        "crm and slow and 付款[一]": True,
        "crm and slow and hr": False,
        "hr or crm": True,
        "hr or x or slow": True,
        "hr or y or z": False,
        "hr and x or crm": True,
        "crm or hr and x": True,
        "(crm or hr) and y": False,
        "not (hr or y)": True,
        "not hr and y": False,
        "not (hr and x)": True,
        "((crm))": True,
        "a:b": True,
        "(crm)and(slow)": True,
    }
    assert {text: parse_keyword(text)(words) for text in texts} == texts


def test_a_wrong_expression_says_what_was_expected() -> None:
    texts = {
        "crm and": "expected a name, not or '(', got the end",
        "and crm": "expected a name, not or '(', got and",
        "or": "expected a name, not or '(', got or",
        "crm hr": "expected and, or, or the end, got hr",
        "(crm": "expected ')', got the end",
        "(crm hr)": "expected ')', got hr",
        "crm)": "expected and, or, or the end, got )",
        "()": "expected a name, not or '(', got )",
        "crm and =": "expected a name, not or '(', got =",
        "not": "expected a name, not or '(', got the end",
    }
    end = "; write it as for pytest, such as -k 'crm and not slow'"
    assert {text: refused(parse_keyword, text) for text in texts} == {
        text: f"-k {text!r}: {why}{end}" for text, why in texts.items()
    }


# ---------------------------------------------------------------------------- errors


def test_what_typer_says_is_said_in_our_words() -> None:
    texts = {
        "No such option: --moed Did you mean --mode?": "no such option: --moed",
        "Missing argument 'FILE'.": None,
        "Option '--to' requires an argument.": None,
        "Got unexpected extra argument (a)": None,
        "Got unexpected extra arguments (a b)": None,
        "Invalid value for '--mode': 'replai' is not one of 'replay', 'record'.": None,
        "Invalid value for '--mode': 'x' is not one of 'replay', 'record'.": None,
        "Invalid value for '-n': Input should be a valid integer, unable to parse": None,
        "Invalid value for '-n': Input should be a valid number": None,
        "Invalid value for '-n': Input should be less than or equal to 5": None,
        "Invalid value for '-n': Input should be greater than or equal to 1": None,
        "Value error, a\n  b.": None,
        "Assertion failed, c..": None,
    }
    found = {text: reword_usage_error(text) for text in texts}

    assert [*found.values()] == [
        "No such option: --moed Did you mean --mode?",
        "Missing argument 'FILE'",
        "Option '--to' requires an argument",
        "Got unexpected extra argument (a)",
        "Got unexpected extra arguments (a b)",
        "Invalid value for '--mode': 'replai' is not one of 'replay', 'record'; did you mean 'replay'?",  # noqa: E501
        "Invalid value for '--mode': 'x' is not one of 'replay', 'record'",
        "Invalid value for '-n': expected a whole number",
        "Invalid value for '-n': expected a number",
        "Invalid value for '-n': expected at most 5",
        "Invalid value for '-n': expected at least 1",
        "a b",
        "c",
    ]
    assert [isinstance(one, TranslatableText) for one in found.values()] == [True] * 11 + [
        False
    ] * 2
    ours = msg("there is no command {name!r}{text}", name="x", text="")
    assert reword_usage_error(ours) is ours
    assert explain_usage_error("lint", "No such option: --fix Did you mean --x?").startswith(
        "--fix was removed"
    )
    assert explain_usage_error("demo", "No such option: --json").startswith(
        "--json was removed here"
    )
    assert explain_usage_error("run", "No such option: --fix") == "No such option: --fix"
    assert explain_usage_error("lint", "No such option: --fixed") == "No such option: --fixed"


def test_each_error_has_its_exit_code(bs: Command, capsys: pytest.CaptureFixture[str]) -> None:
    kinds = {
        errors.CassetteError("坏"): 3,
        errors.DamagedCassette("坏"): 3,
        errors.NoMatchError("无"): 3,
        errors.TransportError("断"): 4,
        errors.AuthError("错"): 2,
        errors.ExpectationError("异"): 1,
        ConfigError("误"): 2,
    }
    assert {error: int(report_error(error, [])) for error in kinds} == kinds
    assert capsys.readouterr() == ("", "坏\n坏\n无\n断\n错\n异\n误\n")
    report_error(ConfigError(Problem("误", Place("a.yaml", 2, 3), "apis")), ["run", "--json"])
    report_error(errors.CassetteError("坏"), ["--json"])
    documents = capsys.readouterr().out.split("}\n{")
    first = json.loads(documents[0] + "}")
    assert (first["exit_code"], first["problems"][0]["line"], first["version"]) == (2, 2, 1)
    assert json.loads("{" + documents[1])["problems"][0]["message"] == "坏"
    with pytest.raises(ConfigError) as told, translate_long_names():
        raise OSError(36, "File name too long", "x" * 300)
    assert str(told.value) == f"{'x' * 40}… is too long for the name of a file"
    with pytest.raises(FileNotFoundError), translate_long_names():
        raise FileNotFoundError(2, "no", "x")


# ---------------------------------------------------------------------------- app


def test_a_bare_option_changed_gets_its_value(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "crm").mkdir()
    lines = {
        "run --changed": "run --changed=(branch)",
        "run --changed main": "run --changed main",
        "run --changed crm": "run --changed=(branch) crm",
        "run --changed -q": "run --changed=(branch) -q",
        "run --changed=main": "run --changed=main",
        "run -- --changed": "run -- --changed",
        "run --changed --": "run --changed=(branch) --",
    }
    assert {line: " ".join(app._complete_changed(line.split())) for line in lines} == lines


def test_the_language_is_taken_from_anywhere_before_two_dashes() -> None:
    lines = {
        "run --lang zh crm": ("zh", ["run", "crm"]),
        "--lang=zh run": ("zh", ["run"]),
        "run --lang": ("", ["run"]),
        "run --lang=": ("", ["run"]),
        "run -- --lang zh": (None, ["run", "--", "--lang", "zh"]),
        "run --language zh": (None, ["run", "--language", "zh"]),
        "--lang en --lang zh": ("en", ["--lang", "zh"]),
        "": (None, []),
    }
    assert {line: app._split_language_option(line.split()) for line in lines} == lines
    names = {
        "cassette seal x --yes": "cassette seal",
        "cassette --help": "cassette",
        "cassette x": "cassette",
        "-q run x": "run",
        "import openapi a": "import openapi",
        "import a": "import",
        "x run": "",
        "": "",
    }
    assert {line: app._find_command_name(line.split()) for line in names} == names


def test_an_interrupt_says_whether_something_was_recorded(
    capsys: pytest.CaptureFixture[str],
) -> None:
    kept = "\nstopped; what was being recorded is kept, `bpmax-sim cassette recover` seals it\n"
    lines = {
        "record x": kept,
        "run --mode=record": kept,
        "run --mode record": kept,
        "serve --record": kept,
        "run record.yaml": "\nstopped\n",
        "run --record=new": kept,
        "run": "\nstopped\n",
    }
    lines["run --record=new"] = kept
    found = {}
    for line in lines:
        assert app._report_interrupt(line.split()) == ExitCode.INTERRUPTED
        found[line] = capsys.readouterr().err
    assert found == lines


def test_commands_are_listed_by_level_and_found_by_near_names(bs: Command) -> None:
    top = app._list_commands_below("")
    below = app._list_commands_below("cassette ")

    assert [*below] == ["inspect", "diff", "fmt", "seal", "recover", "prune", "export"]
    assert [name for name in top if " " in name or name == "cassette"] == [
        "cassette",
        "import openapi",
    ]
    assert top["cassette"] == app.GROUPS["cassette"]
    assert below["seal"] == app.COMMANDS["cassette seal"].about
    told = {
        "seal": "'seal' is `bpmax-sim cassette seal` now; see bpmax-sim --help",
        "rnu": "there is no command 'rnu'; did you mean 'run'?; see bpmax-sim --help",
        "cassette sael": "there is no command 'cassette sael'; did you mean 'seal'?; see bpmax-sim cassette --help",  # noqa: E501
        "cassette run": "there is no command 'cassette run'",
        "--lang xx": "no language 'xx'; there are en (English), zh (简体中文)",
        "run --nope": "No such option: --nope",
    }
    found = {}
    for line in told:
        done = bs(*line.split())
        found[line] = done.err.strip()[: len(told[line])]
        assert (done.code, done.out) == (2, "")
    assert found == told
    assert bs("help", "cassette").out == bs("cassette").out == bs("cassette", "--help").out != ""
    assert bs("help").out == bs().out == bs("--help").out
    assert bs("--version").out == f"bpmax-sim {bpmax_sim.__version__}\n"
    assert (
        bs("help", "run", "--lang", "zh").out
        == bs("run", "-h", "--lang", "zh").out
        != bs("run", "-h").out
    )


# ---------------------------------------------------------------------------- help


def test_lines_of_help_break_at_words_and_chinese_characters() -> None:
    texts: dict[tuple[str, int], list[str]] = {
        ("one two three", 7): ["one two", "three"],
        ("one two three", 8): ["one two", "three"],
        ("one two three", 6): ["one", "two", "three"],
        ("abcdefghij kl", 4): ["abcdefghij", "kl"],
        ("中文，字。", 4): ["中", "文，", "字。"],
        ("中文字", 4): ["中文", "字"],
        ("（中）文", 6): ["（中）", "文"],
        ("", 5): [""],
        ("a  b", 1): ["a", "b"],
    }
    assert {key: help_text.wrap_text(*key) for key in texts} == texts
    assert (
        help_text.localise_full_stops("写文件.\nWrite it.\n见 a.b.\n写 a. b")
        == "写文件。\nWrite it.\n见 a.b。\n写 a. b"
    )
    assert help_text.translate_metavar("PATH[:LINE] URL HAR") == "PATH[:LINE] URL HAR"
    assert help_text._translate_row("--max <int>", "x 1<=x<=64 y") == ("--max", "x 1..64 y")
    assert help_text._translate_row("FILE <list[Path]>", "0.5<=x<=1") == ("FILE", "0.5..1")


class Formatter:
    """What typer writes help with, as far as a section needs it."""

    def __init__(self, width: int) -> None:
        self.width, self.text = width, ""

    def write_paragraph(self) -> None:
        self.text += "¶"

    def write(self, text: str) -> None:
        self.text += text


def test_a_section_of_help_has_two_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(help_text, "get_terminal_size", lambda: SimpleNamespace(columns=200))

    def section(width: int, *rows: tuple[str, str]) -> str:
        formatter = Formatter(width)
        help_text.write_section(formatter, msg("Commands:"), rows)
        return formatter.text

    assert section(80) == ""
    assert section(80, ("run", "one"), ("订单", "two")) == (
        "¶Commands:\n  run   one\n  订单  two\n".replace("  run   one", "  run   one")
    )
    long = "x" * 31
    assert section(80, ("a", "b"), (long, "c")) == (
        f"¶Commands:\n  a{' ' * 31}b\n  {long} \n{' ' * 34}c\n"
    )
    assert section(80, ("x" * 30, "c")) == f"¶Commands:\n  {'x' * 30}  c\n"
    assert section(20, ("run", "one two three four")) == (
        "¶Commands:\n  run  one two three\n       four\n"
    )
    monkeypatch.setattr(help_text, "get_terminal_size", lambda: SimpleNamespace(columns=60))
    assert [help_text._measure_help_line_width(Formatter(n)) for n in (50, 100)] == [50, 58]
    monkeypatch.setattr(help_text, "get_terminal_size", lambda: SimpleNamespace(columns=10))
    assert help_text._measure_help_line_width(Formatter(100)) == 30


# ---------------------------------------------------------------------------- values


def convert(annotation: Any, value: Any, **info: Any) -> Any:
    usual = {
        "parser": None,
        "resolve_path": False,
        "exists": False,
        "allow_dash": False,
        "min": None,
        "max": None,
        "clamp": False,
    }
    try:
        return plain_values.convert_without_pydantic(
            annotation, value, SimpleNamespace(**{**usual, **info})
        )
    except plain_values.PydanticNeededError:
        return "pydantic"


def test_plain_values_are_converted_without_pydantic() -> None:
    mode = Literal["replay", "record"]
    given: list[tuple[Any, Any, dict[str, Any], Any]] = [
        (str, "x", {}, "x"),
        (str, 5, {}, "pydantic"),
        (bool, True, {}, True),
        (bool, "true", {}, "pydantic"),
        (int, "7", {}, 7),
        (int, 7, {}, 7),
        (int, True, {}, "pydantic"),
        (int, "-7", {}, "pydantic"),
        (int, "7", {"min": 1}, "pydantic"),
        (int, "7", {"max": 9}, "pydantic"),
        (int, "7", {"clamp": True}, "pydantic"),
        (float, "7", {}, "pydantic"),
        (Path, "a", {}, Path("a")),
        (Path, Path("a"), {}, Path("a")),
        (Path, 5, {}, "pydantic"),
        (Path, "a", {"exists": True}, "pydantic"),
        (Path, "a", {"resolve_path": True}, "pydantic"),
        (Path, "-", {"allow_dash": True}, "pydantic"),
        (str, "x", {"parser": str}, "pydantic"),
        (mode, "replay", {}, "replay"),
        (mode, "x", {}, "pydantic"),
        (mode | None, "record", {}, "record"),
        (str | None, "x", {}, "x"),
        (str | int, "x", {}, "pydantic"),
        (list[Path] | None, ("a", "b"), {}, [Path("a"), Path("b")]),
        (list[int], ["1", "x"], {}, "pydantic"),
        (list[str], "ab", {}, "pydantic"),
    ]
    assert [convert(kind, value, **info) for kind, value, info, _ in given] == [
        one for *_, one in given
    ]


def test_options_of_all_commands_are_checked_alike() -> None:
    assert {text: refused(options.parse_age, "--old", text) for text in ("30d", "x", "")} == {
        "30d": "",
        "x": "--old x: expected an age such as 30d or 12h",
        "": "--old : expected an age such as 30d or 12h",
    }
    assert options.parse_age("--old", "1m30s") == 90
    assert {n: refused(options.check_workers, n) for n in (-1, 0, 64, 65)} == {
        -1: "-n -1: expected 1 to 64 processes",
        0: "",
        64: "",
        65: "-n 65: expected 1 to 64 processes",
    }


def test_the_schema_of_a_document_requires_every_key() -> None:
    shape: output_schema.Shape = {
        "file": output_schema.TEXT,
        "rows": [{"line": output_schema.WHOLE, "ok": (output_schema.FLAG, None)}],
        "flow": {"runs": output_schema.NUMBER},
        "names": [output_schema.TEXT],
    }
    row = {
        "type": "object",
        "required": ["line", "ok"],
        "properties": {
            "line": {"type": "integer"},
            "ok": {"anyOf": [{"type": "boolean"}, {"type": "null"}]},
        },
    }
    assert output_schema.to_json_schema(shape) == {
        "type": "object",
        "required": ["version", "file", "rows", "flow", "names"],
        "properties": {
            "version": {"type": "integer"},
            "file": {"type": "string"},
            "rows": {"type": "array", "items": row},
            "flow": {
                "type": "object",
                "required": ["runs"],
                "properties": {"runs": {"type": "number"}},
            },
            "names": {"type": "array", "items": {"type": "string"}},
        },
    }
    assert [*output_schema.describe_keys(shape)] == [
        "file",
        "rows[] (line, ok)",
        "flow (runs)",
        "names[]",
    ]


# ---------------------------------------------------------------------------- terminal


class Terminal(io.StringIO):
    """An input or output that is a terminal."""

    def isatty(self) -> bool:
        return True


def test_columns_are_aligned_by_their_width() -> None:
    rows = [["订单", "a", ""], ["x", "bcd", "尾"], [msg("nothing"), "", "y "]]
    assert [*terminal.align_columns(rows)] == [
        "订单     a",
        "x        bcd  尾",
        "nothing       y",
    ]
    with pytest.raises(ValueError, match="shorter"):
        [*terminal.align_columns([["a", "b"], ["c"]])]


@pytest.mark.parametrize(
    ("environ", "is_terminal", "has_colours"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"TERM": "dumb"}, True, False),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, True, False),
        ({"NO_COLOR": "", "TERM": "xterm"}, True, True),
        ({"FORCE_COLOR": "1", "TERM": "dumb"}, False, True),
        ({"FORCE_COLOR": ""}, False, False),
    ],
)
def test_colours_are_for_terminals_unless_the_environment_says_otherwise(
    environ: dict[str, str], is_terminal: bool, has_colours: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert terminal._has_colours(Terminal() if is_terminal else io.StringIO()) is has_colours


@pytest.mark.parametrize(
    ("typed", "is_terminal", "end"),
    [
        ("y\n", False, ""),
        (" YES \n", True, ""),
        ("是\n", True, ""),
        ("n\n", True, "Abort"),
        ("\n", True, "Abort"),
        ("\n", False, "Abort"),
        ("", True, "Abort"),
        ("", False, "NobodyToAskError"),
        ("yess\n", False, "Abort"),
    ],
)
def test_a_question_is_answered_with_yes_alone(
    typed: str,
    is_terminal: bool,
    end: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("sys.stdin", (Terminal if is_terminal else io.StringIO)(typed))
    try:
        terminal.confirm("Delete {count}?", count=3)
        found = ""
    except typer.Abort as error:
        found = type(error).__name__
    assert (found, capsys.readouterr()) == (
        end,
        ("", f"Delete 3? [y/N]:{' ' if is_terminal else ''}"),
    )


def test_a_choice_is_asked_for_until_it_is_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def chosen(typed: str) -> str:
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        return terminal.choose("文件", ("accept", "reject", "skip"))

    typed = {
        "x\nR\n": "reject",
        "accept\n": "accept",
        "\n": "skip",
        "": "skip",
        "acc\nrej\n": "skip",
        " S \n": "skip",
    }
    assert {text: chosen(text) for text in typed} == typed
    capsys.readouterr()
    chosen("a\n")
    assert capsys.readouterr().err == "文件 [a]ccept, [r]eject, [s]kip:"
    monkeypatch.setattr("sys.stdin", io.StringIO(" crm \n\n"))
    assert (terminal.ask("Key", "x"), terminal.ask("Key", "x")) == ("crm", "x")
    with pytest.raises(typer.Abort):
        terminal.ask("Key", "x")
    assert capsys.readouterr().err == "Key [x]:" * 3
    monkeypatch.setattr("sys.stdin", None)
    assert terminal.can_ask() is False


def test_what_is_printed_goes_to_its_stream(capsys: pytest.CaptureFixture[str]) -> None:
    terminal.say("{a} 客", a=1)
    terminal.say("{a}")
    terminal.notify("{a} 户", a=1)
    terminal.say_result(["x", "y"], json=False, a=1)
    terminal.say_result(["x", "y"], json=True, a="客")
    terminal.say_json_line(a="客")
    terminal.print_summary_line("总", failed=True)
    terminal.print_failure_text("甲\n乙")

    document = json.dumps({"version": 1, "a": "客"}, ensure_ascii=False, indent=2)
    assert capsys.readouterr() == (
        f'1 客\n{{a}}\nx\ny\n{document}\n{{"version": 1, "a": "客"}}\n总\n\n甲\n乙\n\n',
        "1 户\n",
    )
    error = UnicodeEncodeError("ascii", "a√×…·→客b", 1, 7, "x")
    assert terminal._replace_unprintable(error) == ("+x...-->?", 7)
    with pytest.raises(UnicodeDecodeError):
        terminal._replace_unprintable(UnicodeDecodeError("ascii", b"x", 0, 1, "x"))


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (BrokenPipeError(32, "x"), "OutputNotRead"),
        (OSError(22, "x"), "OutputNotRead"),
        (
            OSError(28, "No space left"),
            "standard output cannot be written: No space left; send it elsewhere",
        ),
    ],
)
def test_a_stream_that_cannot_be_written_ends_the_command(error: OSError, told: str) -> None:
    class Full(io.StringIO):
        def fileno(self) -> int:
            raise OSError

    try:
        with terminal._translate_write_errors(Full()):
            raise error
    except terminal.OutputNotRead as raised:
        assert told == type(raised).__name__  # noqa: PT017
    except ConfigError as raised:
        assert told == str(raised)  # noqa: PT017


class Bars:
    """Notes which bars are shown, in place of the bar of a terminal."""

    def __init__(self, stream: Any, total: int) -> None:
        self.total = total
        shown.append(f"total {total}")

    def show(self, done: int, seconds_left: float) -> None:
        shown.append(f"{done}/{self.total} {seconds_left:g}")

    def hide(self) -> None:
        shown.append("hide")


shown: list[str] = []


def ticks(*values: float) -> Callable[[], float]:
    """Return a clock that gives *values*, one after the other."""
    left = iter(values)
    return lambda: next(left)


def test_a_bar_is_shown_after_two_seconds_of_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminal, "_Bar", Bars)
    shown.clear()
    clock = iter([0.0, 2.0, 2.1, 2.1, 4.2, 4.2, 9.0, 9.0])

    def steps() -> Iterator[int]:
        yield from (1, 2, 3)

    got = [*terminal.iterate_with_progress(steps(), 3, stream=Terminal(), now=lambda: next(clock))]
    assert got == [1, 2, 3]
    assert shown == ["total 3", "hide", "hide", "2/3 1.05", "hide", "hide"]
    shown.clear()
    assert [*terminal.iterate_with_progress([1], 1, stream=io.StringIO(), now=lambda: 0.0)] == [1]
    with terminal.show_progress(
        5.4, stream=Terminal(), now=ticks(0, 2.0, 2.1, 2.2, 2.31, 9.0)
    ) as move:
        for done in ((1, 4), (1, 4), (2, 4), (0, 4), ()):
            move(*done)
    assert shown == ["total 5", "1/4 6.3", "0/4 9.24", "4/4 0", "hide"]
    shown.clear()
    with terminal.show_progress(stream=Terminal(), now=ticks(0, 3.0)) as move:
        move()
    with terminal.show_progress(9, stream=Terminal(), now=ticks(0, 3.4)) as move:
        move()
    with terminal.show_progress(stream=io.StringIO(), now=ticks(0, 3.0)) as move:
        move(1, 2)
    assert shown == ["total 1", "1/1 0", "hide", "total 9", "3/9 6", "hide"]
