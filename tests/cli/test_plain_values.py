"""Plain values of a command line are taken as typer takes them, without what typer imports."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
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
