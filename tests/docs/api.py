"""The Python API as Markdown, from signatures and docstrings."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from types import UnionType
from typing import Any

import msgspec

import bpmax_sim
from bpmax_sim import errors, testing
from bpmax_sim.i18n import msg

_SECTION = re.compile(r"^(Raises|Returns|Yields|Attributes):$")


EXPLAINED = frozenset(
    {
        *("Session", "Settings", "Builder", "Break", "Fault", "Call", "CallRecord", "Outcome"),
        *("ScenarioResult", "Script", "Request", "Response", "Simulator", "Limits"),
    }
)
"""Whose members the page explains; those of the others it names, and `help` explains."""


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


def attributes(value: Any) -> Iterator[tuple[str, str]]:
    """Yield the names and texts below ``Attributes:`` of a docstring."""
    text = inspect.getdoc(value) or ""
    section = text.partition("Attributes:\n")[2].partition("\n\n")[0]
    for found in re.finditer(r"^    (\w[\w, ]*): (.*(?:\n     +.*)*)", section, re.MULTILINE):
        yield found[1], re.sub(r"\s+", " ", found[2]).replace("``", "`")


def signature(name: str, value: Any) -> str:
    """Return how *value* is called, with defaults and without annotations."""
    try:
        parameters = list(inspect.signature(value).parameters.values())
    except (TypeError, ValueError):
        return f"{name}(…)"
    kept = [one for one in parameters if one.name not in {"self", "cls"}]
    if [one.kind.name for one in kept] == ["VAR_POSITIONAL", "VAR_KEYWORD"]:
        return f"{name}(…)"  # Python 3.13 says so of a class that says nothing, 3.11 that it cannot
    shown = str(inspect.Signature([_plain(one) for one in kept])).replace("'…'", "…")
    return f"{name}{shown}"


def _plain(parameter: inspect.Parameter) -> inspect.Parameter:
    """Return *parameter* without its annotation, and with its default only where that is short."""
    value = parameter.default
    is_short = (
        value is parameter.empty or value is None or isinstance(value, str | int | float | bool)
    )
    bare = parameter.replace(annotation=parameter.empty)
    return bare if is_short or value == () else bare.replace(default="…")


def members(value: type) -> Iterator[tuple[str, str]]:
    """Yield the public methods and properties that a class defines, and what they say."""
    for name, member in vars(value).items():
        if name.startswith("_"):
            continue
        inner = getattr(member, "__func__", member)
        if isinstance(member, property) and about(member):
            yield name, about(member)
        elif inspect.isfunction(inner) and about(inner):
            yield signature(name, inner), about(inner)


def entry(name: str, value: Any, words: Callable[[str], str]) -> Iterator[str]:
    """Yield the lines of one name, in the language of *words*."""
    is_class = isinstance(value, type)
    yield f"### {name}"
    yield ""
    if name in EXPLAINED and any(attributes(value)):
        shown = f"{name}(…)"
    elif is_class and issubclass(value, msgspec.Struct):
        shown = f"{name}({', '.join(value.__struct_fields__)})"
    elif is_class and not hasattr(value, "__required_keys__"):
        shown = signature(name, value)
    else:
        shown = name if is_class else signature(name, value)
    yield f"`{shown}`"
    yield ""
    if about(value):
        yield words(about(value))
        yield ""
    yield from _told_members(value, words) if name in EXPLAINED else _named_members(value, shown)


def _told_members(value: Any, words: Callable[[str], str]) -> Iterator[str]:
    rows = [*attributes(value), *(members(value) if isinstance(value, type) else ())]
    if rows:
        yield '<details markdown="block">'
        yield f"<summary>{words('members')}</summary>"
        yield ""
        yield from (item(left, words(right), words) for left, right in rows)
        yield ""
        yield "</details>"
        yield ""


def _named_members(value: Any, shown: str) -> Iterator[str]:
    """Yield the members that *shown*, how a value is made, does not name."""
    rows = [*attributes(value), *(members(value) if isinstance(value, type) else ())]
    names = [name for told, _ in rows for name in told.partition("(")[0].split(", ")]
    if more := [f"`.{name}`" for name in names if not re.search(rf"\b{name}\b", shown)]:
        yield ", ".join(more)
        yield ""


def item(name: str, text: str, words: Callable[[str], str]) -> str:
    """Return an item of a list: a name and what it is."""
    return f"- `{name}`" + (words(msg(": ")) + text if text else "")


def api(words: Callable[[str], str]) -> str:
    """Return all of it."""
    lines = (line for name, value in public() for line in entry(name, value, words))
    return "\n".join(lines).rstrip()


def names_for_tests(_words: Callable[[str], str]) -> str:
    """Return the names of ``bpmax_sim.testing``."""
    return ", ".join(f"`{name}`" for name in testing.__all__)


def exceptions() -> list[tuple[str, str, str]]:
    """Return every error: its name, its base, what it says."""
    found = [getattr(bpmax_sim, name) for name in bpmax_sim.__all__ if name != "strategies"]
    own = [one for one in found if isinstance(one, type) and issubclass(one, Exception)]
    own = [one for one in own if one.__module__ == errors.__name__]
    return [(one.__name__, one.__bases__[0].__name__, about(one)) for one in own]
