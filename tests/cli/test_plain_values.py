"""Plain values of a command line are taken as typer takes them, without what typer imports."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any, Literal

import pytest
from typer import Option
from typer.core import TyperArgument, TyperOption

from bpmax_sim.cli.app import COMMANDS, _build_command
from bpmax_sim.cli.plain_values import PydanticNeededError, convert_without_pydantic

TEXTS: tuple[Any, ...] = (None, "", "客户", "12", "-3", "1.5", "replay", "nonsense", ["a", "1"], [])


@pytest.mark.parametrize("name", ["run", "uses", "coverage", "import"])
def test_what_is_plain_is_what_typer_makes_of_it(name: str) -> None:
    command = _build_command(name, COMMANDS[name], "en")
    context = command.context_class(command)
    for parameter in command.get_params(context):
        described = parameter.type_descriptor
        for value in TEXTS:
            try:
                plain = convert_without_pydantic(
                    described.annotation, value, described.parameter_info
                )
            except PydanticNeededError:
                continue
            kind = TyperOption if isinstance(parameter, TyperOption) else TyperArgument
            if (
                value is not None
                and parameter.callback is None
                and (value or not parameter.required)
            ):
                assert plain == kind.process_value(parameter, context, value)


KINDS = Literal["replay", "record"]


@pytest.mark.parametrize(
    ("annotation", "value", "options", "plain"),
    [
        (bool, True, {}, True), (bool, False, {}, False), (bool, "true", {}, None),
        (bool, 1, {}, None), (str, "", {}, ""), (str, "客户", {}, "客户"), (str, 7, {}, None),
        (Path, "a/b", {}, Path("a/b")), (Path, Path("a"), {}, Path("a")), (Path, 7, {}, None),
        (int, "12", {}, 12), (int, 7, {}, 7), (int, "007", {}, 7), (int, "\uff11\uff12", {}, 12),
        (int, "-3", {}, None), (int, "²", {}, None), (int, "①", {}, None), (int, "1.0", {}, None),
        (int, "", {}, None), (int, " 1", {}, None), (int, True, {}, None), (int, 1.0, {}, None),
        (int, "12", {"min": 0}, None), (int, "12", {"max": 99}, None),
        (int, "12", {"min": 0, "clamp": True}, None), (int, "12", {"clamp": True}, None),
        (float, "1", {}, None), (float, 1.0, {}, None),
        (KINDS, "record", {}, "record"), (KINDS, "RECORD", {}, None), (KINDS, "", {}, None),
        (str | None, "客户", {}, "客户"), (int | None, "12", {}, 12), (int | None, "a", {}, None),
        (int | str, "12", {}, None), (int | str | None, "12", {}, None),
        (list[int], ["1", "2"], {}, [1, 2]), (list[int], ("3",), {}, [3]), (list[int], [], {}, []),
        (list[int], ["1", "b"], {}, None), (list[int], "12", {}, None), (list[str], "ab", {}, None),
        (list[Path] | None, ["a"], {}, [Path("a")]), (list[KINDS], ["record"], {}, ["record"]),
        (Path, "a", {"exists": True}, None), (Path, "a", {"resolve_path": True}, None),
        (Path, "a", {"allow_dash": True}, None), (str, "a", {"parser": str.upper}, None),
        (Path, "a", {"writable": True}, Path("a")),
    ],
)  # fmt: skip
def test_only_what_needs_no_check_is_converted_here(
    annotation: Any, value: Any, options: dict[str, Any], plain: Any
) -> None:
    info = Option("--x", **options)
    if plain is None:
        with pytest.raises(PydanticNeededError):
            convert_without_pydantic(annotation, value, info)
    else:
        found = convert_without_pydantic(annotation, value, info)
        assert (type(found), found) == (type(plain), plain)


def test_a_list_and_a_run_start_without_pydantic_and_a_list_without_what_runs(
    tmp_path: Path,
) -> None:
    scenarios = tmp_path / "scenarios"
    scenarios.mkdir()
    text = "version: 1\nscenario: 甲\nform: {fields: {单号: 1}}\nsteps: [{open: {}}]\n"
    (scenarios / "甲.scenario.yaml").write_text(text, encoding="utf-8")
    code = """\
import sys, bpmax_sim.cli.listing
print('bpmax_sim.session.session' in sys.modules)
from bpmax_sim.cli.app import run_command_line
codes = [run_command_line(['list']), run_command_line(['run'])]
print(codes, {'pydantic', 'jinja2'} & {*sys.modules})
"""
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, encoding="utf-8", check=True)
    lines = done.stdout.splitlines()

    assert (lines[0], lines[-1]) == ("False", "[0, 0] set()")
