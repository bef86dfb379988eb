"""What the actions of a step take, as types; what is read is judged in `check_actions`.

The keys of the checks and the JSON Schema are generated from here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import UNSET, field

from bpmax_sim.platform.model import Model


class Submission(Model, frozen=True, kw_only=True):
    """Who creates a project, and what the form holds then."""

    by: str | int = ""
    comment: str = ""
    form: Mapping[str, Any] = {}


class Move(Model, frozen=True, kw_only=True):
    """Who acts at which node, and what is filled in on the way."""

    at: str = ""
    by: str | int = ""
    comment: str = ""
    form: Mapping[str, Any] = {}


class ProxyCall(Model, frozen=True, kw_only=True):
    """A call without a script: direct with *args*, else by its parts."""

    call: str
    args: Any = UNSET
    path: Any = UNSET
    query: Any = UNSET
    header: Any = UNSET
    body: Any = UNSET
    instance: str = ""
    caller: str = ""


class ScriptFile(Model, frozen=True, kw_only=True):
    """A script that lies in a file."""

    file: str


class PythonCall(Model, frozen=True, kw_only=True):
    """A Python function, called with the session first."""

    call: str
    args: Mapping[str, Any] = {}


class NamedSteps(Model, frozen=True, kw_only=True):
    """Steps of a fragment, with variables for this run of them."""

    steps: str
    given: Mapping[str, Any] = field(default={}, name="with")


class Table(Model, frozen=True, kw_only=True):
    """Rows from a CSV file."""

    source: str = field(name="from")
    id: str = "id"


VALUES: Mapping[str, Any] = {
    "open": Mapping[str, Any] | None,
    "set": Mapping[str, Any],
    "click": str,
    "submit": Submission | bool | None,
    "fire": str,
    "approve": Move | None,
    "reject": Move | None,
    "proxy": ProxyCall,
    "js": str | ScriptFile,
    "python": str | PythonCall,
    "run": str | NamedSteps,
}
"""Action -> what it takes; ``advance`` takes a duration."""


def keys_of(model: type[Model]) -> tuple[str, ...]:
    """Return the keys of *model* as a file spells them."""
    return model.__struct_encode_fields__
