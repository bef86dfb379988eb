"""Parser events -> nodes, iteratively, so that no file can exhaust the stack or the memory.

What YAML allows but nobody means (duplicate keys, tags, a second document) becomes a problem;
composing goes on, so that one pass finds them all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import yaml

from bpmax_sim.errors import Place, Problem
from bpmax_sim.yamlfile.node import Mark, Node, Scalar
from bpmax_sim.yamlfile.scalars import ScalarError, resolve

DEEPEST = 64
"""The most levels that a file may have."""
MOST = 500_000
"""The most nodes that a file may have, each alias counted in full."""

# `yaml.parse` builds a whole loader and asks before each event, which takes twice as long. PyYAML's
# own parser, where it was built without libyaml, yields the same events.
_PARSER: Any = getattr(yaml.cyaml, "CParser", None) if yaml.__with_libyaml__ else yaml.SafeLoader


def compose(text: str, file: str, problems: list[Problem]) -> Node:
    """Return the root node of *text*; what is wrong but does not stop it goes to *problems*.

    Raises:
        yaml.MarkedYAMLError: if *text* is not YAML.
    """
    composer = _Composer(file, problems)
    parser = _PARSER(text)
    while not composer.stopped and (event := parser.get_event()) is not None:
        handler = _HANDLERS.get(type(event))
        if handler is not None:
            handler(composer, event)
    return composer.root or Node(None, file)


class _Open:
    """A mapping or list whose end has not come yet."""

    __slots__ = ("anchor", "depth", "elements", "key", "keys", "mark", "pairs", "size")

    def __init__(self, mark: Mark, anchor: str | None, *, is_map: bool) -> None:
        self.mark = mark
        self.anchor = anchor
        self.pairs: dict[str, Node] | None = {} if is_map else None
        self.elements: list[Node] = []
        self.keys: dict[str, Mark] = {}
        self.key: str | None = None
        self.size = 1
        self.depth = 0

    def node(self, file: str) -> Node:
        value = tuple(self.elements) if self.pairs is None else self.pairs
        return Node(value, file, *self.mark, self.keys, self.size, self.depth)


class _Composer:
    """The state between two events."""

    def __init__(self, file: str, problems: list[Problem]) -> None:
        self.root: Node | None = None
        self.stopped = False
        self._file = file
        self._problems = problems
        self._open: list[_Open] = []
        self._top: _Open | None = None
        self._anchors: dict[str, Node] = {}

    def document(self, event: yaml.DocumentStartEvent) -> None:
        if self.root is not None:
            self._stop("a second document starts here; a file holds one", _mark(event))
        if event.version == (1, 1):
            self._tell("files are read as YAML 1.2; remove the line %YAML 1.1", _mark(event))

    def scalar(self, event: yaml.ScalarEvent) -> None:
        start: Any = event.start_mark
        mark = start.line + 1, start.column + 1
        if event.tag:
            self._tag(event.tag, mark)
        top = self._top
        if top is not None and top.pairs is not None and top.key is None:
            self._key(event, mark, top)
            return
        value: Scalar = event.value
        if event.implicit[0]:
            try:
                value = resolve(event.value)
            except ScalarError as error:
                self._tell(str(error), mark)
        self._add(Node(value, self._file, *mark), event.anchor)

    def start(self, event: yaml.MappingStartEvent | yaml.SequenceStartEvent) -> None:
        mark = _mark(event)
        if event.tag:
            self._tag(event.tag, mark)
        if self._wants_key():
            self._stop("a key must be text; quote a value that starts with '{' or '['", mark)
        elif len(self._open) >= DEEPEST:
            self._stop(f"more than {DEEPEST} levels; make the file flatter", mark)
        is_map = isinstance(event, yaml.MappingStartEvent)
        self._top = _Open(mark, event.anchor, is_map=is_map)
        self._open.append(self._top)

    def end(self, _event: yaml.Event) -> None:
        ended = self._open.pop()
        self._top = self._open[-1] if self._open else None
        self._add(ended.node(self._file), ended.anchor)

    def alias(self, event: yaml.AliasEvent) -> None:
        mark = _mark(event)
        node = self._anchors.get(event.anchor or "")
        if self._wants_key():
            self._stop("a key must be text, not an alias", mark)
        elif node is None:
            self._tell(f"*{event.anchor} has no anchor &{event.anchor} before it", mark)
            node = Node(None, self._file, *mark)
        if node is not None:
            self._add(node, None)

    def _key(self, event: yaml.ScalarEvent, mark: Mark, top: _Open) -> None:
        key = event.value
        if not key and event.implicit[0]:
            self._tell("a key is missing before ':'", mark)
        elif key in top.keys:
            line = top.keys[key][0]
            self._tell(f"duplicate key {key!r}, first in line {line}; remove one", mark)
        else:
            top.keys[key] = mark
        top.key = key

    def _add(self, node: Node, anchor: str | None) -> None:
        if anchor:
            self._anchors[anchor] = node
        top = self._top
        if top is None:
            self.root = node
            return
        top.size += node.size
        if node.depth >= top.depth:
            top.depth = node.depth + 1
        if top.pairs is None:
            top.elements.append(node)
        else:
            top.pairs.setdefault(top.key or "", node)
            top.key = None
        if top.size > MOST or len(self._open) + node.depth > DEEPEST:
            self._check_growth(top)

    def _check_growth(self, top: _Open) -> None:
        told = f"more than {DEEPEST} levels; make the file flatter"
        if top.size > MOST:
            told = f"more than {MOST} values, aliases counted in full; split the file"
        self._stop(told, top.mark)

    def _wants_key(self) -> bool:
        top = self._top
        return top is not None and top.pairs is not None and top.key is None

    def _tag(self, tag: str, mark: Mark) -> None:
        shown = tag.replace("tag:yaml.org,2002:", "!!")
        self._tell(f"the tag {shown} is not supported; remove it, quotes make a text", mark)

    def _stop(self, message: str, mark: Mark) -> None:
        self._tell(message, mark)
        self.stopped = True

    def _tell(self, message: str, mark: Mark) -> None:
        if not self.stopped:
            self._problems.append(Problem(message, Place(self._file, *mark)))


def _mark(event: yaml.Event) -> Mark:
    mark: Any = event.start_mark
    return mark.line + 1, mark.column + 1


_HANDLERS: Mapping[type, Callable[[_Composer, Any], None]] = {
    yaml.DocumentStartEvent: _Composer.document,
    yaml.ScalarEvent: _Composer.scalar,
    yaml.MappingStartEvent: _Composer.start,
    yaml.SequenceStartEvent: _Composer.start,
    yaml.MappingEndEvent: _Composer.end,
    yaml.SequenceEndEvent: _Composer.end,
    yaml.AliasEvent: _Composer.alias,
}
