"""Write values as YAML text for people to read and edit; `read_yaml` gives the same values back.

A value that fits on a line is written on one; lists of mappings have a line for each.
`translate_write_errors` adds the path and advice to errors of files that cannot be written.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from itertools import accumulate
from pathlib import Path
from typing import Any, Final

from bpmax_sim.errors import ConfigError, Place, Problem
from bpmax_sim.i18n import msg
from bpmax_sim.yamlfile.node import Node, to_display_path

WIDTH: Final = 100
"""The columns of a line that is not one long scalar."""

# Less than YAML allows without quotes, but what YAML 1.1 and 1.2 read alike, also inside of
# brackets. What is not in it is quoted.
_PLAIN = re.compile(r"[^\W\d][\w/.$-]*(?: [\w/.-]+)*|/[\w/.-]*")
_PATH = re.compile(r"(?:https?:/)?/[\w/.{}:-]*[\w/.{}-]|/")
# YAML 1.1, which many readers still follow, takes these for booleans.
_WORDS = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})
# YAML's reader refuses or folds these; the marks of writing direction hide text from a reviewer.
_HIDDEN = re.compile(
    "[\x7f-\x9f\u200e\u200f\u061c\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff]"
)


@contextmanager
def translate_write_errors(path: Path, hint: str = "") -> Iterator[None]:
    """Add *path* and the advice *hint* to errors raised while writing in the block.

    Raises:
        ConfigError: if it cannot be written.
    """
    try:
        yield
    except OSError as error:
        message = msg("cannot be written: {reason}{hint}", reason=error.strerror, hint=hint)
        raise ConfigError(Problem(message, Place(to_display_path(path)))) from error


def write_text_creating_folders(
    path: Path, text: str, hint: str = "", *, encoding: str = "utf-8"
) -> None:
    """Write *text*, and create missing folders.

    Line ends stay as they are in *text*. Where it has LF alone, CR and LF are written if the file
    that is there begins so, as an editor on Windows or Git's ``autocrlf`` leaves it. *hint* is
    advice that is appended to the message of an error.

    Raises:
        ConfigError: if it cannot be written.
    """
    with translate_write_errors(path, hint):
        path.parent.mkdir(parents=True, exist_ok=True)
        line_end = "\n" if "\r" in text else _read_line_end(path)
        path.write_text(text, encoding=encoding, newline=line_end)


def _read_line_end(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return "\r\n" if file.readline().endswith(b"\r\n") else "\n"
    except FileNotFoundError:
        return "\n"


def read_text_or_empty(path: Path) -> str:
    """Return the text of the file at *path*; "" if it does not exist.

    Raises:
        ConfigError: if it is not UTF-8 text, or cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except (OSError, UnicodeDecodeError) as error:
        message = msg("already exists and is not readable text; move it")
        raise ConfigError(Problem(message, Place(to_display_path(path)))) from error


def write_yaml(value: Mapping[str, Any], *, block_levels: int = 3) -> str:
    """Return *value* as the text of a YAML file.

    Args:
        value: mappings with text keys, lists or tuples, texts, numbers, booleans and None.
        block_levels: number of levels of mappings, from the top, that are always written with one
            line per key; deeper ones are written on one line if they fit.
    """
    return "".join(f"{line}\n" for line in _write_mapping(value, "", block_levels))


def insert_first_element(text: str, root: Node, steps: Sequence[str], value: str) -> str:
    """Return *text*, parsed as *root*, with *value* as first element of the list at *steps*.

    A missing list is created, in front of the other keys of its mapping. An existing one, or else
    the mapping around it, must not be empty.
    """
    *above, key = steps
    owner = root.find_at(above) or root
    items = owner.find_child(key)
    if items is None:
        return _insert_before_first_entry(
            text, owner, min(owner.keys.values()), f"{key}: [{_write_scalar(value)}]"
        )
    first = items.elements[0]
    return _insert_before_first_entry(text, items, (first.line, first.column), _write_scalar(value))


def _insert_before_first_entry(text: str, owner: Node, mark: tuple[int, int], entry: str) -> str:
    """Return *text* with *entry* in front of the first entry of the mapping or list *owner*.

    *mark* is line and column of that first entry.
    """
    at = _compute_offset(text, mark)
    indent = text[text.rfind("\n", 0, at) + 1 : at]
    is_flow = text[_compute_offset(text, (owner.line, owner.column))] in "{["
    line_end = "\r\n" if "\r\n" in text else "\n"
    return text[:at] + entry + (", " if is_flow else f"{line_end}{indent}") + text[at:]


def _compute_offset(text: str, mark: tuple[int, int]) -> int:
    line, column = mark
    # `splitlines` and the YAML parser agree on line ends (CR, LF, NEL, LS, PS): `parse_yaml`
    # refuses the controls at which only `splitlines` breaks.
    return sum(map(len, text.splitlines(keepends=True)[: line - 1])) + column - 1


def _write_mapping(value: Mapping[str, Any], indent: str, block_levels: int) -> Iterator[str]:
    for key, child in value.items():
        head = f"{indent}{_write_scalar(key)}:"
        if _fits_on_line(child, WIDTH - len(head) - 1, block_levels - 1):
            yield f"{head} {_write_rest_of_line(child)}"
        else:
            yield head
            yield from _write_collection(child, f"{indent}  ", block_levels - 1)


def _write_collection(value: Any, indent: str, block_levels: int) -> Iterator[str]:
    if isinstance(value, Mapping):
        yield from _write_mapping(value, indent, block_levels)
        return
    for item in value:
        if _fits_on_line(item, WIDTH - len(indent) - 2, 0):
            yield f"{indent}- {_write_rest_of_line(item)}"
        else:
            first, *rest = _write_collection(item, f"{indent}  ", 0)
            yield f"{indent}- {first.lstrip(' ')}"
            yield from rest


def _fits_on_line(value: Any, room: int, block_levels: int) -> bool:
    """Return whether *value* is to be written on the rest of its line, of *room* characters.

    Scalars always are. Mappings never do if *block_levels*, the number of levels to write with one
    line per key, is above 0; nor do lists that contain a mapping.
    """
    if not isinstance(value, Mapping | list | tuple) or not value:
        return True
    is_long = (
        block_levels > 0
        if isinstance(value, Mapping)
        else any(isinstance(item, Mapping) for item in value)
    )
    return not is_long and all(width <= room for width in accumulate(map(len, _write_flow(value))))


def write_inline(value: Any) -> str:
    """Return *value* as YAML on one line (flow style), valid inside any other value."""
    return "".join(_write_flow(value))


def _write_rest_of_line(value: Any) -> str:
    """Return *value* in flow style, to stand alone after ``key:`` or ``-`` up to the line's end.

    There, other than inside of brackets, for example a URL needs no quotes.
    """
    if isinstance(value, str) and _PATH.fullmatch(value) and value.isprintable():
        return value
    return "".join(_write_flow(value))


def _write_flow(value: Any) -> Iterator[str]:
    """Yield *value* in flow style (``{a: 1}``), in pieces.

    Pieces let `_fits_on_line` stop as soon as they are too long.
    """
    if isinstance(value, Mapping):
        for number, (key, child) in enumerate(value.items()):
            yield f"{', ' if number else '{'}{_write_scalar(key)}: "
            yield from _write_flow(child)
        yield "}" if value else "{}"
    elif isinstance(value, list | tuple):
        for number, child in enumerate(value):
            yield ", " if number else "["
            yield from _write_flow(child)
        yield "]" if value else "[]"
    else:
        yield _write_scalar(value)


def _write_scalar(value: Any) -> str:
    if isinstance(value, str):
        return _write_text(value)
    if isinstance(value, float) and not math.isfinite(value):
        return ".nan" if math.isnan(value) else f"{'-' if value < 0 else ''}.inf"
    return json.dumps(value)


@lru_cache(maxsize=4096)
def _write_text(value: str) -> str:
    bare = _PLAIN.fullmatch(value) and value.isprintable() and value.lower() not in _WORDS
    if bare:
        return value
    # A JSON string is a double-quoted scalar of YAML 1.2 with the same meaning (YAML 1.2.2, 1.2).
    quoted = json.dumps(value, ensure_ascii=False)
    return _HIDDEN.sub(lambda match: f"\\u{ord(match[0]):04x}", quoted)
