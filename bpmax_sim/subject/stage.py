"""What a subject needs of whoever runs its scripts, and what it tells while it is driven."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from bpmax_sim.errors import BpmaxError


class ScriptText(Protocol):
    """A script body and the file name of its stacks."""

    @property
    def name(self) -> str:
        """Return the name of the file."""
        ...

    @property
    def source(self) -> str:
        """Return the JavaScript."""
        ...


@dataclass(frozen=True, slots=True)
class Body:
    """A script body by value."""

    name: str
    source: str


class Live(Protocol):
    """An object that a script reads and writes while it runs."""

    def snapshot(self) -> Mapping[str, Any]:
        """Return the present members."""
        ...

    def write(self, field: str, value: Any, /) -> None:
        """Take a member that the script set."""
        ...


class Ended(Protocol):
    """What came of a script."""

    @property
    def value(self) -> Any:
        """Return what the body returned."""
        ...

    @property
    def error(self) -> BpmaxError | None:
        """Return what it did not catch."""
        ...

    @property
    def console(self) -> Sequence[Any]:
        """Return its console lines, each with ``level``, ``text`` and ``at``."""
        ...


class Stage(Protocol):
    """Runs scripts, several at once, in one virtual time."""

    def run_script(
        self,
        script: ScriptText,
        *,
        form: Live | None = None,
        ctx: Live | None = None,
        libraries: Sequence[ScriptText] = (),
    ) -> Ended:
        """Run *script* and everything that it starts until nothing is left to do."""
        ...

    def start_script(
        self,
        script: ScriptText,
        done: Callable[[Ended], None],
        *,
        form: Live | None = None,
        ctx: Live | None = None,
        libraries: Sequence[ScriptText] = (),
    ) -> None:
        """Start *script* beside the one that is running; *done* gets its end."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChanged:
    """A field got another value; *by* is ``user`` or the event whose script wrote it."""

    field: str
    old: Any
    new: Any
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleCut:
    """A change handler was not fired again: *chain* shows how the change came about."""

    field: str
    chain: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HookStarted:
    """The script of an event starts."""

    event: str
    script: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageShown:
    """A message that a user would see."""

    text: str
    level: str = "info"


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeEntered:
    """The flow stands at another node."""

    node: str
    previous: str
    action: str
    by: str


Happening = FieldChanged | CycleCut | HookStarted | MessageShown | NodeEntered
Tell = Callable[[Happening], None]


@dataclass(slots=True)
class Result:
    """What came of one action: the hook's value, errors in order, console lines.

    Attributes:
        ran: whether there was a script to run.
        refused: whether the action was stopped by its script; *errors* may then still be empty.
    """

    value: Any = None
    errors: list[BpmaxError] = field(default_factory=list)
    console: list[Any] = field(default_factory=list)
    ran: bool = False
    refused: bool = False

    def take(self, ended: Ended) -> None:
        """Add the console and the error of a script that ended."""
        self.console.extend(ended.console)
        if ended.error is not None:
            self.errors.append(ended.error)


def same(left: Any, right: Any) -> bool:
    """Return whether two field values are the same; true is not 1."""
    return bool(left == right) and isinstance(left, bool) is isinstance(right, bool)
