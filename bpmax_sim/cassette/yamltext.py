"""Any YAML 1.1 text as dicts, lists, texts, bytes and None: for what a person wrote or edited.

Built on the parser's events, so a hostile file costs no more than its size: no aliases, no tags
but ``!!binary`` and ``!!str``, no deep nesting, nothing constructed.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from typing import Any

import yaml

_DEEPEST = 40
_NULL = {"", "~", "null", "Null", "NULL"}
_BINARY = "tag:yaml.org,2002:binary"
_TAGS = {None, "!", "tag:yaml.org,2002:str", _BINARY}


class YamlTextError(ValueError):
    """The text is not YAML, or more than a cassette needs.

    Attributes:
        line: from 1, in the text that was read.
    """

    def __init__(self, message: str, line: int) -> None:
        """Keep the line."""
        super().__init__(message)
        self.line = line


def read_yaml_text(text: str) -> Any:
    """Return the one document of *text*.

    Raises:
        YamlTextError: if it is not YAML, or uses what a cassette has no use for.
    """
    try:
        events = _content(text)
        return _value(next(events), events, 0)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise YamlTextError(str(error.problem), mark.line + 1 if mark else 1) from error
    except (yaml.YAMLError, UnicodeEncodeError) as error:
        raise YamlTextError(f"not YAML ({type(error).__name__})", 1) from error
    except StopIteration as error:
        raise YamlTextError("no document", 1) from error


def _content(text: str) -> Iterator[Any]:
    outside = (yaml.StreamStartEvent, yaml.DocumentStartEvent, yaml.DocumentEndEvent)
    return (e for e in yaml.parse(text, yaml.CSafeLoader) if not isinstance(e, outside))


def _value(event: Any, events: Iterator[Any], depth: int) -> Any:
    _refuse(event, depth)
    read = _READ.get(type(event))
    if read is None:
        raise YamlTextError("no document", event.start_mark.line + 1)
    return read(event, events, depth + 1)


def _refuse(event: Any, depth: int) -> None:
    line = event.start_mark.line + 1
    if depth > _DEEPEST:
        raise YamlTextError(f"nested deeper than {_DEEPEST} levels", line)
    if getattr(event, "anchor", None) is not None:
        raise YamlTextError("anchors and aliases are not used in cassettes", line)
    if getattr(event, "tag", None) not in _TAGS:
        raise YamlTextError(f"the tag {event.tag!r} is not used in cassettes", line)


def _scalar(event: Any, _events: Iterator[Any], _depth: int) -> Any:
    if event.tag == _BINARY:
        try:
            return base64.b64decode(event.value, validate=False)
        except ValueError as error:
            raise YamlTextError("broken base64", event.start_mark.line + 1) from error
    if event.implicit[0] and event.value in _NULL:
        return None
    return event.value


def _sequence(_event: Any, events: Iterator[Any], depth: int) -> list[Any]:
    found = []
    while not isinstance(event := next(events), yaml.SequenceEndEvent):
        found.append(_value(event, events, depth))
    return found


def _mapping(_event: Any, events: Iterator[Any], depth: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    while not isinstance(event := next(events), yaml.MappingEndEvent):
        name, line = _value(event, events, depth), event.start_mark.line + 1
        if not isinstance(name, str):
            raise YamlTextError("a key that is not a text", line)
        if name in found:
            raise YamlTextError(f"the key {name!r} comes twice", line)
        found[name] = _value(next(events), events, depth)
    return found


_READ: dict[type[yaml.Event], Callable[[Any, Iterator[Any], int], Any]] = {
    yaml.ScalarEvent: _scalar,
    yaml.SequenceStartEvent: _sequence,
    yaml.MappingStartEvent: _mapping,
}
