"""``${…}`` in the values of a scenario: parsed once, looked up when a step runs.

A text that is one whole ``${…}`` becomes the value itself, with its type; inside a longer text
a value is written as text. ``$${`` stands for ``${``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import msgspec

from bpmax_sim.errors import listed, near

ROOTS = ("vars", "case", "env", "steps", "form", "flow", "now", "uuid")
_BARE = frozenset({"now", "uuid"})
_PIECE = re.compile(r"\$\$\{|\$\{([^{}]*)\}|\$\{")
_STEP = re.compile(r"[^.\[\]]+|\[(\d+)\]")

Path = tuple[str | int, ...]
Lookup = Callable[["Reference"], Any]


class UndefinedValueError(ValueError):
    """A ``${…}`` names something that does not exist, or that cannot stand where it does."""


class Reference(msgspec.Struct, frozen=True):
    """One ``${root.path}``; *text* is what stands between the braces."""

    text: str
    root: str
    path: Path = ()


@lru_cache(maxsize=4096)
def pieces(text: str) -> tuple[str | Reference, ...]:
    """Split *text* into literal texts and references, in order.

    Raises:
        UndefinedValueError: if a ``${`` is not closed or does not start with a known root.
    """
    found: list[str | Reference] = []
    end = 0
    for match in _PIECE.finditer(text):
        found.append(text[end : match.start()])
        found.append(_piece(match))
        end = match.end()
    found.append(text[end:])
    return tuple(part for part in found if part != "")


def _piece(match: re.Match[str]) -> str | Reference:
    if match[0] == "$${":
        return "${"
    if match[1] is None:
        raise UndefinedValueError("'${' is not closed; write '$${' for the characters themselves")
    return reference(match[1].strip())


def reference(text: str) -> Reference:
    """Return the reference of *text*, such as ``steps.pick.result.items[0]``.

    Raises:
        UndefinedValueError: if it does not start with a known root.
    """
    root, *path = (int(m[1]) if m[1] else m[0] for m in _STEP.finditer(text)) if text else [""]
    if root not in ROOTS:
        hint = near(str(root), ROOTS) or f"; a value starts with one of {listed(ROOTS)}"
        raise UndefinedValueError(f"${{{text}}} is not defined{hint}")
    if (str(root) in _BARE) == bool(path):
        shape = "takes no path" if path else f"needs a name, such as ${{{root}.x}}"
        raise UndefinedValueError(f"${{{text}}} is not defined; {root} {shape}")
    return Reference(text, str(root), tuple(path))


def references(value: Any, path: Path = ()) -> Iterator[tuple[Path, Reference]]:
    """Yield each reference inside *value*, with the path of the text that holds it."""
    for place, text in texts(value, path):
        for piece in pieces(text):
            if isinstance(piece, Reference):
                yield place, piece


def texts(value: Any, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Yield each text inside *value* with its path."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from texts(item, (*path, key))
    elif isinstance(value, Sequence) and not isinstance(value, bytes):
        for index, item in enumerate(value):
            yield from texts(item, (*path, index))


def resolve(value: Any, lookup: Lookup) -> Any:
    """Return *value* with every ``${…}`` replaced by what *lookup* gives for it.

    Raises:
        UndefinedValueError: if *lookup* knows no such value.
    """
    if isinstance(value, str):
        return _resolve_text(value, lookup)
    if isinstance(value, Mapping):
        return {key: resolve(item, lookup) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [resolve(item, lookup) for item in value]
    return value


def _resolve_text(text: str, lookup: Lookup) -> Any:
    if "${" not in text:
        return text
    parts = pieces(text)
    if len(parts) == 1 and isinstance(parts[0], Reference):
        return lookup(parts[0])
    return "".join(p if isinstance(p, str) else as_text(lookup(p)) for p in parts)


def as_text(value: Any) -> str:
    """Return *value* as it stands inside a longer text: texts bare, everything else as JSON."""
    return value if isinstance(value, str) else show(value)


def show(value: Any) -> str:
    """Return *value* as JSON with readable Chinese; what JSON lacks is as Python prints it."""
    return json.dumps(value, ensure_ascii=False, default=str)


def follow(value: Any, ref: Reference, path: Path | None = None) -> Any:
    """Return what *path* (by default the reference's own) leads to inside *value*.

    A key that holds dots itself is found too.

    Raises:
        UndefinedValueError: if a key or an index on the way does not exist.
    """
    rest = list(ref.path if path is None else path)
    while rest:
        part = rest.pop(0)
        if isinstance(value, Mapping):
            value = _member(value, part, rest, ref)
        elif isinstance(value, list | tuple) and str(part).isdigit() and int(part) < len(value):
            value = value[int(part)]
        else:
            raise UndefinedValueError(
                f"${{{ref.text}}} is not defined: no {part!r} in {show(value)}"
            )
    return value


def _member(
    value: Mapping[str, Any], part: str | int, rest: list[str | int], ref: Reference
) -> Any:
    if str(part) in value:
        return value[str(part)]
    whole = ".".join(map(str, [part, *rest]))
    if whole in value:
        rest.clear()
        return value[whole]
    names = f"; there is {listed(map(str, value))}" if value else ""
    hint = near(str(part), map(str, value)) or names
    raise UndefinedValueError(f"${{{ref.text}}} is not defined{hint}")
