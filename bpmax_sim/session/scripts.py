"""What callers hand in as scripts and objects -> what the runtime takes."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from msgspec.structs import replace

from bpmax_sim.errors import ConfigError, Place, ScriptError, UnawaitedWarning
from bpmax_sim.script.limits import Limits
from bpmax_sim.script.mirror import LiveObject
from bpmax_sim.script.outcome import Outcome
from bpmax_sim.script.source import Script
from bpmax_sim.session.settings import Settings


class ScriptText(Protocol):
    """A script by value."""

    @property
    def name(self) -> str:
        """Return the file name of its stacks."""
        ...

    @property
    def source(self) -> str:
        """Return the JavaScript."""
        ...


ScriptLike = ScriptText | str | os.PathLike[str]
ObjectLike = LiveObject | dict[str, Any]


class LiveValues:
    """A plain mapping as a live object: scripts read and write it."""

    def __init__(self, values: dict[str, Any]) -> None:
        """Share *values*; what a script writes stands in it afterwards."""
        self.values = values

    def snapshot(self) -> Mapping[str, Any]:
        """Return the present members."""
        return self.values

    def write(self, field: str, value: Any, _place: Place | None, /) -> None:
        """Take a member that the script set."""
        self.values[field] = value


def read_script(path: str | os.PathLike[str]) -> Script:
    """Return the script in a file; its name in stacks is the path as given.

    Raises:
        ConfigError: if the file cannot be read or is not UTF-8.
    """
    name = os.fspath(path)
    try:
        source = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{name}: the script cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{name}: the script is not UTF-8 text; save it as UTF-8") from error
    return Script(name, source.removeprefix("\ufeff"))


def as_script(given: ScriptText | str | os.PathLike[str]) -> Script:
    """Return *given* as a script: a path is read, a text by value is taken as it is."""
    if isinstance(given, Script):
        return given
    if isinstance(given, str | os.PathLike):
        return read_script(given)
    return Script(given.name, given.source)


def as_live(given: LiveObject | dict[str, Any]) -> LiveObject:
    """Return *given* as a live object."""
    return LiveValues(given) if isinstance(given, dict) else given


def within(limits: Limits | None, settings: Settings) -> Limits:
    """Return *limits* with the stack that the settings ask for."""
    chosen = limits or Limits()
    return chosen if settings.stack is None else replace(chosen, stack=settings.stack)


def judged(outcome: Outcome, unawaited: str) -> Outcome:
    """Return *outcome*; of calls that nobody awaited it warns, or the first is its error."""
    if unawaited == "warn":
        for one in outcome.unawaited:
            told = f"{one}; await it, or open the session with unawaited='allow'"
            warnings.warn(told, UnawaitedWarning, stacklevel=3)
    if unawaited != "fail" or not outcome.unawaited or outcome.error is not None:
        return outcome
    first = outcome.unawaited[0]
    told = f"{first.call} was not awaited; await it, or open the session with unawaited='allow'"
    return replace(outcome, error=ScriptError(told, name="Unawaited", place=first.place))
