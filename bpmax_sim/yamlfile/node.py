"""Read YAML into nodes with positions, and paths inside a file.

A path reads ``apis.sendTextMessage.parameters[1]``; a key with other characters than letters,
digits, ``_``, ``$`` and ``-`` is quoted: ``form.scripts["change.customerId"]``.

This is the only place that opens YAML files. Files are UTF-8, of one document, without tags, and
bounded in bytes, levels and growth by aliases. Nodes are composed from parser events without
recursion, so no file can exhaust stack or memory. What YAML allows but nobody means (duplicate
keys, tags, a second document) becomes a problem, and composing continues to find all of them.

Plain scalars follow the YAML 1.2 core schema (https://yaml.org/spec/1.2.2/#103-core-schema):
``on``, ``yes``, ``1_000``, ``12:30`` and dates are text. Numbers with leading zeros are refused: a
customer 007 must not become 7. Messages do not show the value, it may be a password.
"""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from msgspec import Struct

from bpmax_sim.errors import ConfigError, LimitedProblems, Place, Problem
from bpmax_sim.field_path import parse_quoted_steps
from bpmax_sim.file_system import to_slashes
from bpmax_sim.i18n import MessageError, msg
from bpmax_sim.js_values import check_number_size, has_surrogate
from bpmax_sim.yamlfile.file_reads import note_read

Scalar = str | int | float | bool | None
Step = str | int
Steps = tuple[Step, ...]
Mark = tuple[int, int]

_NAME = r"[\w$-]+"
_PLAIN = re.compile(_NAME)


class Node(Struct, frozen=True):
    """A mapping, list or scalar of a YAML file, with its position.

    Attributes:
        value: ``dict`` of nodes, ``tuple`` of nodes, or the scalar itself.
        file: name of the file in messages.
        line, column: start of the value, from 1, the column in characters.
        keys: line and column of each key of a mapping.
        files: file of each key that is not in *file*, as after a merge of files.
        size: number of nodes in it, itself included. Each alias counts in full, so that a file that
            repeats aliases of aliases is refused before it fills the memory.
        depth: number of levels below it.
    """

    value: dict[str, Node] | tuple[Node, ...] | Scalar
    file: str = ""
    line: int = 1
    column: int = 1
    keys: Mapping[str, Mark] = {}
    size: int = 1
    depth: int = 0
    files: Mapping[str, str] = {}

    @property
    def place(self) -> Place:
        """Return the position of the value."""
        return Place(self.file, self.line, self.column)

    def find_key_place(self, key: str) -> Place:
        """Return the position of *key* itself; that of the mapping if it has no such key."""
        line, column = self.keys.get(key, (self.line, self.column))
        return Place(self.files.get(key, self.file), line, column)

    @property
    def items(self) -> Mapping[str, Node]:
        """Return the entries of a mapping; empty for any other node."""
        return self.value if type(self.value) is dict else {}

    @property
    def elements(self) -> tuple[Node, ...]:
        """Return the elements of a list; empty for any other node."""
        return self.value if type(self.value) is tuple else ()

    @property
    def kind_in_messages(self) -> str:
        """Return the kind of the value as messages name it: ``text``, ``a list``, ``nothing``."""
        return _KINDS[type(self.value)]

    def get(self, path: str) -> Node | None:
        """Return the node at *path*, such as ``steps[1].expect``, or None."""
        return self.find_at(parse_steps(path))

    def find_at(self, steps: Iterable[Step]) -> Node | None:
        """Return the node at the path *steps* of keys and indexes, or None."""
        node = self
        for step in steps:
            value: Any = node.value
            below = value.get(step) if type(value) is dict else node.find_child(step)
            if below is None:
                return None
            node = below
        return node

    def find_child(self, step: Step) -> Node | None:
        """Return the value of a key, or the element at an index, or None."""
        value: Any = self.value
        if type(value) is dict:
            found: Node | None = value.get(step)
            return found
        is_inside = type(value) is tuple and not isinstance(step, str) and step < len(value)
        return value[step] if is_inside else None

    def walk(self) -> Iterator[Node]:
        """Yield the node itself and all nodes below it."""
        yield self
        for child in (*self.items.values(), *self.elements):
            yield from child.walk()

    def find_nearest(self, steps: Iterable[Step]) -> Node:
        """Return the node at *steps*, or the deepest existing one on that path."""
        node = self
        for step in steps:
            child = node.find_child(step)
            if child is None:
                return node
            node = child
        return node

    def to_plain(self) -> object:
        """Return the value as plain ``dict``, ``list`` and scalars, without positions."""
        value = self.value
        if type(value) is dict:
            return {key: child.to_plain() for key, child in value.items()}
        if type(value) is tuple:
            return [child.to_plain() for child in value]
        return value

    @property
    def all_files(self) -> frozenset[str]:
        """Return the files from which this node and all nodes below it come."""
        inner = (child.all_files for child in (*self.items.values(), *self.elements))
        return frozenset({self.file}).union(*inner)

    def walk_texts(self, steps: tuple[Step, ...] = ()) -> Iterator[tuple[tuple[Step, ...], str]]:
        """Yield path and value of every text in this node; keys are not included.

        *steps* is the path of the node itself, with which the paths begin.
        """
        found: list[tuple[tuple[Step, ...], str]] = []
        _collect_texts(self, steps, found)
        return iter(found)


def _collect_texts(
    node: Node, steps: tuple[Step, ...], found: list[tuple[tuple[Step, ...], str]]
) -> None:
    # Into one list, since a generator within each level would pass each text on, level by level.
    value = node.value
    if type(value) is str:
        found.append((steps, value))
        return
    children: Any = ()
    if type(value) is dict:
        children = value.items()
    elif type(value) is tuple:
        children = enumerate(value)
    for step, child in children:
        kind = type(child.value)
        if kind is str:
            found.append(((*steps, step), child.value))
        elif kind is dict or kind is tuple:
            _collect_texts(child, (*steps, step), found)


_KINDS = {
    dict: msg("a mapping"),
    tuple: msg("a list"),
    str: msg("text"),
    bool: msg("true or false"),
    int: msg("a number"),
    float: msg("a number"),
    type(None): msg("nothing"),
}


def format_steps(steps: Iterable[Step]) -> str:
    """Return the keys and indices *steps* as a path: ``steps[1].expect``."""
    return "".join(map(_format_step, steps)).removeprefix(".")


def parse_steps(path: str) -> tuple[Step, ...]:
    """Return the keys and indices of *path* (``steps[1].expect``); the inverse of `format_steps`.

    Raises:
        ValueError: if *path* is not a path.
    """
    steps = [step for step in parse_quoted_steps(path, "path") if isinstance(step, str | int)]
    if path and (not steps or format_steps(steps) != path.removeprefix(".")):
        raise ValueError(msg("{path!r} is not a path such as steps[1].expect", path=path))
    return tuple(steps)


def _format_step(step: Step) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    if _PLAIN.fullmatch(step):
        return f".{step}"
    return f"[{json.dumps(step, ensure_ascii=False)}]"


_CONSTANTS: dict[str, Scalar] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_BASED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_LEADING_ZERO = re.compile(r"[-+]?0[0-9]+(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?")
_NUMBER_STARTS = frozenset("0123456789+-.")
_DIGITS = 1000


class UnreliableNumberError(MessageError, ValueError):
    """Raised for a plain scalar that looks like a number but cannot be read as one reliably."""


def resolve_scalar(text: str) -> Scalar:
    """Return the value of the plain scalar *text*.

    Raises:
        UnreliableNumberError: if it is a number with leading zeros, or far too long a number.
    """
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if text[0] not in _NUMBER_STARTS:
        return text
    if _LEADING_ZERO.fullmatch(text):
        raise UnreliableNumberError("a number has leading zeros; quote it to keep it as text")
    is_based = _BASED.fullmatch(text) is not None
    if not is_based and not _FLOAT.fullmatch(text):
        return text
    if len(text) > _DIGITS:
        raise UnreliableNumberError(
            "a number has more than {digits} digits; quote it to keep it as text",
            digits=_DIGITS,
        )
    try:
        if is_based or _INTEGER.fullmatch(text):
            return check_number_size(int(text, 0 if is_based else 10))
        return float(text)
    except ValueError as error:
        raise UnreliableNumberError("{error}; quote it to keep it as text", error=error) from None


DEEPEST = 64
"""The most levels that a file may have."""
MOST = 500_000
"""The most nodes that a file may have, each alias counted in full."""

_TOO_DEEP = msg("more than {deepest} levels; make the file flatter", deepest=DEEPEST)
_TOO_LARGE = msg("more than {most} values, aliases counted in full; split the file", most=MOST)

# `yaml.parse` builds a whole loader and asks before each event, which takes twice as long. PyYAML's
# own parser, where it was built without libyaml, yields the same events.
_PARSER: Any = getattr(yaml.cyaml, "CParser", None) if yaml.__with_libyaml__ else yaml.SafeLoader


def compose_nodes(
    text: str, file: str, problems: list[Problem], *, unclear_as_text: bool = False
) -> Node:
    """Return the root node of *text*; problems that do not prevent reading go to *problems*.

    With *unclear_as_text* a number that YAML readers understand in different ways (``007``) is
    text, as if it were quoted; else it is a problem.

    Raises:
        yaml.MarkedYAMLError: if *text* is not YAML.
    """
    composer = _Composer(file, problems, unclear_as_text=unclear_as_text)
    parser = _PARSER(text)
    while not composer.stopped and (event := parser.get_event()) is not None:
        if (handler := _HANDLERS[type(event)]) is not None:
            handler(composer, event)
    return next(iter(composer.documents.elements), Node(None, file))


class _OpenCollection(Struct):
    """A mapping or list whose end has not been read yet.

    Attributes:
        mark: line and column of its start.
        pairs: entries of a mapping so far; None for a list.
        elements: elements of a list so far.
        key: key whose value comes next; None if a key does.
        size, depth: as of `Node`, for what was read so far.
    """

    mark: Mark
    anchor: str | None
    pairs: dict[str, Node] | None
    elements: list[Node] = []
    keys: dict[str, Mark] = {}
    key: str | None = None
    size: int = 1
    depth: int = 0


class _Composer:
    """Builds nodes from the events of the YAML parser, one method for each kind of event.

    PyYAML's own composer calls itself for each level, so that a deep file could exhaust the stack.
    """

    def __init__(self, file: str, problems: list[Problem], *, unclear_as_text: bool) -> None:
        self.documents = _OpenCollection((1, 1), None, None, size=0)
        self.stopped = False
        self._file = file
        self._problems = problems
        self._unclear_as_text = unclear_as_text
        self._open = [self.documents]
        self._top = self.documents
        self._anchors: dict[str, Node] = {}

    def handle_document_start(self, event: yaml.DocumentStartEvent) -> None:
        if self.documents.elements:
            self._add_final_problem(
                msg("a second document starts here; a file holds one"), _get_start_mark(event)
            )
        if event.version == (1, 1):
            self._add_problem(
                msg("files are read as YAML 1.2; remove the line %YAML 1.1"), _get_start_mark(event)
            )

    def handle_scalar(self, event: yaml.ScalarEvent) -> None:
        start: Any = event.start_mark
        mark = start.line + 1, start.column + 1
        if event.tag:
            self._add_tag_problem(event.tag, mark)
        value: Scalar = event.value
        top = self._top
        if top.pairs is not None and top.key is None:
            key = event.value
            if key in top.keys or not key:
                self._report_invalid_key(event, mark, top)
            else:
                top.keys[key] = mark
            # A key that was refused is remembered as well, or its value would be taken for the next
            # key and each entry below be reported, too.
            top.key = key
            return
        # implicit[0]: the scalar is plain and has no tag. What is quoted, or a block, is text,
        # whatever it looks like.
        if event.implicit[0]:
            try:
                value = resolve_scalar(event.value)
            except UnreliableNumberError as error:
                if not self._unclear_as_text:
                    self._add_problem(str(error), mark)
        self._add_node(Node(value, self._file, *mark), event.anchor)

    def handle_start(self, event: yaml.MappingStartEvent | yaml.SequenceStartEvent) -> None:
        where: Any = event.start_mark
        mark, top = (where.line + 1, where.column + 1), self._top
        if event.tag:
            self._add_tag_problem(event.tag, mark)
        if top.pairs is not None and top.key is None:
            self._add_final_problem(
                msg("a key must be text; quote a value that starts with '{' or '['"), mark
            )
        elif len(self._open) > DEEPEST:
            self._add_final_problem(_TOO_DEEP, mark)
        pairs: dict[str, Node] | None = {} if type(event) is yaml.MappingStartEvent else None
        self._top = _OpenCollection(mark, event.anchor, pairs)
        self._open.append(self._top)

    def handle_end(self, _event: yaml.Event) -> None:
        ended = self._open.pop()
        self._top = self._open[-1]
        value = tuple(ended.elements) if ended.pairs is None else ended.pairs
        node = Node(value, self._file, *ended.mark, ended.keys, ended.size, ended.depth)
        self._add_node(node, ended.anchor)

    def handle_alias(self, event: yaml.AliasEvent) -> None:
        mark = _get_start_mark(event)
        node = self._anchors.get(event.anchor or "")
        if self._is_key_expected():
            self._add_final_problem(msg("a key must be text, not an alias"), mark)
        elif node is None:
            self._add_problem(
                msg("*{anchor} has no anchor &{anchor} before it", anchor=event.anchor), mark
            )
            node = Node(None, self._file, *mark)
        if node is not None:
            self._add_node(node, None)
            # The levels of an anchored value were counted where it was written; an alias puts them
            # below other levels. One more, since the document itself is open, too.
            if len(self._open) + node.depth > DEEPEST + 1:
                self._add_final_problem(_TOO_DEEP, self._top.mark)

    def _report_invalid_key(
        self, event: yaml.ScalarEvent, mark: Mark, top: _OpenCollection
    ) -> None:
        """Report a key that is empty and not quoted, or that the mapping *top* has already.

        Any other key is noted in *top*. *mark* is line and column of the key, and *event* what the
        parser says of it.
        """
        key = event.value
        if not key and event.implicit[0]:
            self._add_problem(msg("a key is missing before ':'"), mark)
        elif key in top.keys:
            line = top.keys[key][0]
            self._add_problem(
                msg("duplicate key {key!r}, first in line {line}; remove one", key=key, line=line),
                mark,
            )
        else:
            top.keys[key] = mark

    def _add_node(self, node: Node, anchor: str | None) -> None:
        if anchor:
            self._anchors[anchor] = node
        top = self._top
        top.size += node.size
        if node.depth >= top.depth:
            top.depth = node.depth + 1
        if top.pairs is None:
            top.elements.append(node)
        else:
            key = top.key or ""
            if key not in top.pairs:
                top.pairs[key] = node
            top.key = None
        if top.size > MOST:
            self._add_final_problem(_TOO_LARGE, top.mark)

    def _is_key_expected(self) -> bool:
        return self._top.pairs is not None and self._top.key is None

    def _add_tag_problem(self, tag: str, mark: Mark) -> None:
        shown = tag.replace("tag:yaml.org,2002:", "!!")
        self._add_problem(
            msg("the tag {shown} is not supported; remove it, quotes make a text", shown=shown),
            mark,
        )

    def _add_final_problem(self, message: str, mark: Mark) -> None:
        self._add_problem(message, mark)
        self.stopped = True

    def _add_problem(self, message: str, mark: Mark) -> None:
        if not self.stopped:
            self._problems.append(Problem(message, Place(self._file, *mark)))


def _get_start_mark(event: yaml.Event) -> Mark:
    mark: Any = event.start_mark
    return mark.line + 1, mark.column + 1


_HANDLERS: Mapping[type, Callable[[_Composer, Any], None] | None] = {
    **dict.fromkeys((yaml.StreamStartEvent, yaml.StreamEndEvent, yaml.DocumentEndEvent)),
    yaml.DocumentStartEvent: _Composer.handle_document_start,
    yaml.ScalarEvent: _Composer.handle_scalar,
    yaml.MappingStartEvent: _Composer.handle_start,
    yaml.SequenceStartEvent: _Composer.handle_start,
    yaml.MappingEndEvent: _Composer.handle_end,
    yaml.SequenceEndEvent: _Composer.handle_end,
    yaml.AliasEvent: _Composer.handle_alias,
}


LARGEST = 4 * 1024 * 1024
"""The most bytes that a file may have."""

# What is not printable in YAML (1.2.2, 5.1), and a byte order mark inside of the text. The reader
# and `str.splitlines` would break lines differently at some of these controls.
_FORBIDDEN = re.compile(
    "[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufeff\ufffe\uffff]"
)
_NO_NAME = msg(
    "this process cannot read names of files in UTF-8; set PYTHONUTF8=1, or a UTF-8 locale"
)
_BOM = "\ufeff"
_CANNOT_START = msg("found character that cannot start any token")


def read_yaml(source: str | Path, *, file: str = "") -> Node:
    """Return the root node of a YAML file or text.

    Args:
        source: a `Path` is read from disk, a ``str`` is the text itself.
        file: what messages call it; by default the path as a reader would type it.

    Raises:
        ConfigError: if it cannot be read or is not YAML; all duplicate keys and the like at once.
    """
    name = file or (to_display_path(source) if isinstance(source, Path) else "<text>")
    if isinstance(source, Path):
        return parse_yaml_bytes(read_bytes(source, name), name)
    return parse_yaml(source, name)


def read_text(path: Path, name: str = "") -> str:
    """Return the text of the YAML file at *path* without byte order mark; messages call it *name*.

    Raises:
        ConfigError: if it cannot be read.
    """
    name = name or to_display_path(path)
    return _decode_utf8(read_bytes(path, name), name).removeprefix(_BOM)


def parse_yaml_bytes(data: bytes, name: str, *, unclear_as_text: bool = False) -> Node:
    """Return the root node of *data*; messages call the file *name*.

    With *unclear_as_text*, for files written by other programs, a number that YAML readers
    understand in different ways (``007``) is text; else it is an error.

    Raises:
        ConfigError: if it is not YAML; all duplicate keys and the like at once.
    """
    text = _decode_utf8(_check_size(data, name, LARGEST), name)
    return parse_yaml(text, name, unclear_as_text=unclear_as_text)


def parse_yaml(text: str, name: str, *, unclear_as_text: bool = False) -> Node:
    """Return the root node of *text*; messages call the file *name*.

    With *unclear_as_text*, for files written by other programs, a number that YAML readers
    understand in different ways (``007``) is text; else it is an error.

    Raises:
        ConfigError: if it is not YAML; all duplicate keys and the like at once.
    """
    text = text.removeprefix(_BOM)
    if found := find_forbidden_character(text):
        message, at = found
        raise ConfigError(Problem(message, _find_end(text[:at], name)))
    problems: list[Problem] = LimitedProblems()
    try:
        root = compose_nodes(text, name, problems, unclear_as_text=unclear_as_text)
    except yaml.MarkedYAMLError as error:
        raise ConfigError(*problems, _to_syntax_problem(error, text, name)) from None
    if problems:
        raise ConfigError(*problems)
    return root


def to_display_path(path: Path) -> str:
    """Return *path* relative to the working directory if it is below it, else unchanged."""
    return _to_relative_path(os.getcwd(), str(path))  # noqa: PTH109


@lru_cache(maxsize=4096)  # asked for every file of every session
def _to_relative_path(folder: str, path: str) -> str:
    return to_slashes(path.removeprefix(os.path.join(folder, "")))  # noqa: PTH118


def _decode_utf8(data: bytes, name: str) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        message = msg("this is not UTF-8; save the file with the encoding UTF-8")
        place = _find_end(data[: error.start].decode("utf-8"), name)
        raise ConfigError(Problem(message, place)) from None


def _find_end(text: str, name: str) -> Place:
    """Return the place behind *text*, the beginning of the file *name*."""
    lines = f"{text}.".splitlines()  # which breaks lines where YAML does
    return Place(name, len(lines), len(lines[-1]))


def read_bytes(
    path: Path, name: str, *, largest: int = LARGEST, must_be_regular: bool = True
) -> bytes:
    """Return the content of the file at *path*; messages call it *name*.

    With *must_be_regular* it has to be a regular file, otherwise it may be a pipe.

    Raises:
        ConfigError: if it cannot be read, is not regular though it has to be, or has more than
            *largest* bytes.
    """
    note_read(path)
    if has_surrogate(name):
        shown = f"{name.encode(errors='backslashreplace').decode()}: {_NO_NAME}"
        raise ConfigError(shown)
    try:
        # pathlib would take twice as long
        status = os.stat(path)  # noqa: PTH116
        if must_be_regular and not stat.S_ISREG(status.st_mode):
            raise ConfigError(Problem(msg("this is not a file; name a YAML file"), Place(name)))
        with open(path, "rb", buffering=0) as stream:  # noqa: PTH123
            # One byte more than there should be, so that mostly a single read finds the end.
            data = stream.read(min(status.st_size, largest) + 1)
            # it grew, or did not tell its size
            while more := stream.read(largest + 1 - len(data)):
                data += more
    except UnicodeEncodeError:
        raise ConfigError(Problem(_NO_NAME, Place(name))) from None
    except OSError as error:
        message = msg(
            "cannot be read: {strerror}; check the path and its permissions",
            strerror=error.strerror,
        )
        raise ConfigError(Problem(message, Place(name))) from None
    return _check_size(data, name, largest)


def _check_size(data: bytes, name: str, largest: int) -> bytes:
    if len(data) > largest:
        message = msg("the file has more than {largest} bytes; split it", largest=largest)
        raise ConfigError(Problem(message, Place(name)))
    return data


_CONFLICT = re.compile(r"^<<<<<<<(?: .*)?$", re.MULTILINE)


def _to_syntax_problem(error: yaml.MarkedYAMLError, text: str, name: str) -> Problem:
    if conflict := _CONFLICT.search(text):  # the cause: what the parser tells is further down
        message = msg("a Git conflict marker; keep one side, or both, and delete the markers")
        return Problem(message, Place(name, text.count("\n", 0, conflict.start()) + 1))
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line, mark.column) if mark else (0, 0)
    lines = text.splitlines()
    if error.problem in _OF_KEYS and (slip := _find_colon_slip(lines, line)):
        row, match = slip
        message = msg("a key ends with a colon and a blank: {key}: …", key=match["key"])
        return Problem(message, Place(name, row + 1, match.start("colon") + 1))
    if error.problem == _CANNOT_START:
        character = "".join(lines[line : line + 1])[column : column + 1]
        message = msg("a value cannot start with {character!r}; quote it", character=character)
        if character == "\t":
            message = msg("a tab cannot indent YAML; use spaces")
    else:
        message = describe_parser_error(error, line)
    return Problem(message, Place(name, line + 1, column + 1))


_SECOND_COLON = "mapping values are not allowed in this context"
_OF_KEYS = frozenset({_SECOND_COLON, "could not find expected ':'"})
"""What the parser tells, perhaps one line further down, where a key does not end as it should."""
_COLON_SLIP = re.compile(r"\s*(?:- +)*(?P<key>[^\W\d][\w.$-]*)(?P<colon>：|:(?=[^\s:/]))")


def _find_colon_slip(lines: list[str], line: int) -> tuple[int, re.Match[str]] | None:
    """Return which of *lines* has a key with a Chinese colon, or without a blank behind it.

    It is *line*, an index, or the one before; None if both are well.
    """
    for row in (line - 1, line):
        if 0 <= row < len(lines) and (match := _COLON_SLIP.match(lines[row])):
            return row, match
    return None


def find_forbidden_character(text: str) -> tuple[str, int] | None:
    """Return what is wrong with the first character of *text* that no YAML file has, and its index.

    None if there is none.
    """
    match = _FORBIDDEN.search(text)
    if match is None:
        return None
    message = msg(
        "the character U+{ord:04X} is not allowed in a YAML file; remove it", ord=ord(match[0])
    )
    return message, match.start()


def describe_parser_error(error: yaml.MarkedYAMLError, line: int) -> str:
    """Return the message of a parser's *error* at *line*, counted from 0."""
    problem = str(error.problem)
    if problem == _SECOND_COLON:
        problem = msg("a second ': ' in one line; quote the value, or indent the mapping")
    context = error.context_mark
    if error.context and context and context.line != line:
        problem = msg(
            "{problem}, {context} that starts in line {line}",
            problem=problem,
            context=error.context,
            line=context.line + 1,
        )
    return msg("not valid YAML: {problem}", problem=problem)
