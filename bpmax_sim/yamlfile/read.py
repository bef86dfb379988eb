"""A file or a text -> its root `Node`; the only place that opens YAML files.

Files are UTF-8, of one document, without tags, and bounded in bytes, levels and alias growth.
"""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

import yaml

from bpmax_sim.errors import ConfigError, Place, Problem, Problems
from bpmax_sim.yamlfile.compose import compose
from bpmax_sim.yamlfile.node import Node

LARGEST = 4 * 1024 * 1024
"""The most bytes that a file may have."""

_FORBIDDEN = re.compile(
    "[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufeff\ufffe\uffff]"
)
_HALF = re.compile("[\ud800-\udfff]")
_NO_NAME = "this process cannot read names of files in UTF-8; set PYTHONUTF8=1, or a UTF-8 locale"
_BOM = "\ufeff"
_CANNOT_START = "found character that cannot start any token"


def read_yaml(source: str | Path, *, file: str = "") -> Node:
    """Return the root of a YAML file, or of a text.

    Args:
        source: a `Path` is read from disk, a ``str`` is the text itself.
        file: what messages call it; by default the path as a reader would type it.

    Raises:
        ConfigError: if it cannot be read or is not YAML; all duplicate keys and the like at once.
    """
    name = file or (shown(source) if isinstance(source, Path) else "<text>")
    return parsed(_text(source, name) if isinstance(source, Path) else source, name)


def read_text(path: Path) -> str:
    """Return the text of a YAML file, without a byte order mark.

    Raises:
        ConfigError: if it cannot be read.
    """
    return _text(path, shown(path)).removeprefix(_BOM)


def parsed(text: str, name: str) -> Node:
    """Return the root of the YAML file *text*, which messages call *name*.

    Raises:
        ConfigError: as `read_yaml` does.
    """
    text = text.removeprefix(_BOM)
    _check_characters(text, name)
    problems: list[Problem] = Problems()
    try:
        root = compose(text, name, problems)
    except yaml.MarkedYAMLError as error:
        raise ConfigError(*problems, _syntax(error, text, name)) from None
    if problems:
        raise ConfigError(*problems)
    return root


def shown(path: Path) -> str:
    """Return *path* relative to the working directory where it lies below it."""
    # Asked for every file of every session, and pathlib would take five times as long.
    text, below = str(path), os.path.join(os.getcwd(), "")  # noqa: PTH109, PTH118
    return text.removeprefix(below).replace(os.sep, "/")


def _text(path: Path, name: str) -> str:
    data = _bytes(path, name)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line = before.count(b"\n") + 1
        column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8")) + 1
        message = "this is not UTF-8; save the file with the encoding UTF-8"
        raise ConfigError(Problem(message, Place(name, line, column))) from None


def _bytes(path: Path, name: str) -> bytes:
    if not name.isascii() and _HALF.search(name):
        told = f"{name.encode(errors='backslashreplace').decode()}: {_NO_NAME}"
        raise ConfigError(told)
    try:
        # pathlib would take twice as long
        status = os.stat(path)  # noqa: PTH116
        if not stat.S_ISREG(status.st_mode):
            raise ConfigError(Problem("this is not a file; name a YAML file", Place(name)))
        with open(path, "rb", buffering=0) as stream:  # noqa: PTH123
            data = stream.read(min(status.st_size, LARGEST) + 1)
            while more := stream.read(LARGEST + 1 - len(data)):  # it grew, or did not tell its size
                data += more
    except UnicodeEncodeError:
        raise ConfigError(Problem(_NO_NAME, Place(name))) from None
    except OSError as error:
        message = f"cannot be read: {error.strerror}; check the path and its permissions"
        raise ConfigError(Problem(message, Place(name))) from None
    if len(data) > LARGEST:
        message = f"the file has more than {LARGEST} bytes; split it"
        raise ConfigError(Problem(message, Place(name)))
    return data


def _check_characters(text: str, name: str) -> None:
    if found := _FORBIDDEN.search(text):
        before = text[: found.start()]
        place = Place(name, before.count("\n") + 1, found.start() - before.rfind("\n"))
        message = f"the character U+{ord(found[0]):04X} is not allowed in a YAML file; remove it"
        raise ConfigError(Problem(message, place))


def _syntax(error: yaml.MarkedYAMLError, text: str, name: str) -> Problem:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line, mark.column) if mark else (0, 0)
    here = _character(text, line, column)
    told = _characters_told(here) if error.problem == _CANNOT_START else _parser_told(error, line)
    return Problem(told, Place(name, line + 1, column + 1))


def _character(text: str, line: int, column: int) -> str:
    lines = text.split("\n")
    return lines[line][column : column + 1] if line < len(lines) else ""


def _characters_told(character: str) -> str:
    if character == "\t":
        return "a tab cannot indent YAML; use spaces"
    return f"a value cannot start with {character!r}; quote it"


def _parser_told(error: yaml.MarkedYAMLError, line: int) -> str:
    told = str(error.problem)
    if told == "mapping values are not allowed in this context":
        told = "a second ': ' in one line; quote the value, or indent the mapping"
    context = error.context_mark
    if error.context and context and context.line != line:
        told = f"{told}, {error.context} that starts in line {context.line + 1}"
    return f"not valid YAML: {told}"
