"""The Python API as Markdown, from signatures and docstrings."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from types import UnionType
from typing import Any

import bpmax_sim
from bpmax_sim import errors, testing

EXPLAINED = frozenset(
    {
        *("Session", "Builder", "Break", "Fault", "CallRecord", "Outcome"),
        *("ScenarioResult", "Script", "Request", "Response", "Simulator", "Limits"),
    }
)
"""Whose members the page names; `help` explains all."""


def public() -> Iterator[tuple[str, Any]]:
    """Yield every public name of the package that is no error, with its value."""
    for name in bpmax_sim.__all__:
        value = getattr(bpmax_sim, name)
        if not name.startswith("__") and not inspect.ismodule(value) and not _is_error(value):
            yield name, value


def _is_error(value: Any) -> bool:
    return isinstance(value, type) and issubclass(value, BaseException)


def about(value: Any) -> str:
    """Return the first paragraph of a docstring, as one line of Markdown."""
    text = "" if isinstance(value, UnionType) else inspect.getdoc(value) or ""
    first = re.sub(r"\s+", " ", text.partition("\n\n")[0]).strip()
    return re.sub(r"``([^`]*)``", r"`\1`", re.sub(r"(?<![*\w])\*(\w+)\*(?![*\w])", r"`\1`", first))


def signature(name: str, value: Any) -> str:
    """Return how the function *value* is called, with defaults and without annotations."""
    parameters = inspect.signature(value).parameters.values()
    shown = str(inspect.Signature([_plain(one) for one in parameters])).replace("'…'", "…")
    return f"{name}{shown}"


def _plain(parameter: inspect.Parameter) -> inspect.Parameter:
    """Return *parameter* without its annotation, and with its default only where that is short."""
    value = parameter.default
    is_short = (
        value is parameter.empty or value is None or isinstance(value, str | int | float | bool)
    )
    bare = parameter.replace(annotation=parameter.empty)
    return bare if is_short or value == () else bare.replace(default="…")


def members(value: type) -> Iterator[str]:
    """Yield the names below ``Attributes:`` of a docstring, then of public methods."""
    text = (inspect.getdoc(value) or "").partition("Attributes:\n")[2].partition("\n\n")[0]
    for names in re.findall(r"^    (\w[\w, ]*): ", text, re.MULTILINE):
        yield from names.split(", ")
    for name, member in vars(value).items():
        is_told = isinstance(member, property) or inspect.isfunction(
            getattr(member, "__func__", member)
        )
        if not name.startswith("_") and is_told and about(getattr(member, "__func__", member)):
            yield name


def entry(name: str, value: Any, words: Callable[[str], str]) -> tuple[str, str]:
    """Return how one name is used, and what it is in the language of *words*."""
    told = words(about(value)) if about(value) else ""
    if name in EXPLAINED:
        told = f"{told} {', '.join(f'`.{one}`' for one in members(value))}".strip()
    return f"`{signature(name, value) if inspect.isroutine(value) else name}`", told


def names_for_tests(_words: Callable[[str], str]) -> str:
    """Return the names of ``bpmax_sim.testing``."""
    return ", ".join(f"`{name}`" for name in testing.__all__)


def exceptions() -> list[tuple[str, str]]:
    """Return every error: its name, and what it says."""
    found = [getattr(bpmax_sim, name) for name in bpmax_sim.__all__ if name != "strategies"]
    own = [one for one in found if isinstance(one, type) and issubclass(one, Exception)]
    return [(one.__name__, about(one)) for one in own if one.__module__ == errors.__name__]
