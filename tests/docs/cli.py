"""The command line as the pages tell it: the options of every command, from the commands."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any

import typer

from bpmax_sim.cli.app import COMMANDS
from bpmax_sim.cli.help_text import read_parameter_helps


def options(name: str) -> Iterator[tuple[str, str]]:
    """Yield how each option of a command is written, and what its help says, as a message."""
    module, _, function = COMMANDS[name].home.partition(":")
    called = getattr(import_module(f"bpmax_sim.cli.{module}"), function)
    app = typer.Typer(add_completion=False)
    app.command(name)(called)
    command: Any = typer.main.get_command(app)
    helps = read_parameter_helps(called)
    for one in command.params:
        if one.param_type_name == "option":
            yield ", ".join([*one.opts, *one.secondary_opts]), helps[one.name]
