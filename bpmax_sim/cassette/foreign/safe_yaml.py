"""YAML of other tools as dicts, lists, texts, bytes and None; aliases are allowed, within bounds.

Nothing is constructed: scalars stay texts, so that no time, number or ``on`` changes its meaning.
"""

from __future__ import annotations

import base64
import re
from typing import Any, Final

import yaml

from bpmax_sim.errors import CassetteError
from bpmax_sim.numeric import loads

_DEEPEST: Final = 60
_NULL: Final = frozenset({"", "~", "null", "Null", "NULL"})
_BINARY: Final = "tag:yaml.org,2002:binary"
_OWN: Final = "tag:yaml.org,2002:"
_PYTHON: Final = "tag:yaml.org,2002:python/"
_HARMLESS: Final = frozenset({"str", "unicode", "tuple"})
_FILE: Final = "object/new:_io.BytesIO"
_ITERATOR: Final = "object/apply:builtins.iter"
_JSON: Final = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false")


def load(data: bytes, what: str, *, typed: bool = False) -> Any:
    """Return the one document of *data*; numbers and booleans are such only where it is *typed*.

    Raises:
        CassetteError: if it is not YAML, or wants objects of its own; *what* was expected.
    """
    try:
        node = yaml.compose(data.decode("utf-8-sig"), yaml.CSafeLoader)
    except UnicodeDecodeError as error:
        raise CassetteError(f"not {what}: not UTF-8 at byte {error.start}") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f" at line {mark.line + 1} column {mark.column + 1}" if mark else ""
        raise CassetteError(f"not {what}: not YAML{where}: {error.problem}") from error
    except (yaml.YAMLError, RecursionError) as error:
        raise CassetteError(f"not {what}: not YAML ({type(error).__name__})") from error
    return _Reader(what, 2 * len(data) + 1000, typed=typed).value(node, 0)


class _Reader:
    """Reads nodes; each visit costs one of *budget*, so aliases cannot multiply without end."""

    def __init__(self, what: str, budget: int, *, typed: bool) -> None:
        self._what = what
        self._left = budget
        self._typed = typed

    def value(self, node: Any, depth: int) -> Any:
        self._left -= 1
        if node is None:
            return None
        if depth > _DEEPEST or self._left < 0:
            raise self._refusal(node, "nested or repeated beyond all measure")
        if not self._is_harmless(node.tag):
            raise self._refusal(node, f"the tag {node.tag!r} asks for an object")
        if isinstance(node, yaml.MappingNode):
            found = {
                str(self.value(name, depth + 1)): self.value(value, depth + 1)
                for name, value in node.value
            }
            return _content(found) if node.tag.startswith(_PYTHON) else found
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, depth + 1) for item in node.value]
        return self._scalar(node)

    def _is_harmless(self, tag: str) -> bool:
        """Return whether *tag* means plain data; vcrpy writes files and iterators as objects."""
        if tag.startswith(_PYTHON):
            return tag.removeprefix(_PYTHON) in {*_HARMLESS, _FILE, _ITERATOR}
        return tag.startswith(_OWN)

    def _scalar(self, node: Any) -> Any:
        if node.tag == _BINARY:
            try:
                return base64.b64decode(node.value, validate=False)
            except ValueError as error:
                raise self._refusal(node, "broken base64") from error
        if not node.style and node.value in _NULL:
            return None
        if self._typed and not node.style and _JSON.fullmatch(node.value):
            return loads(node.value)
        return node.value

    def _refusal(self, node: Any, why: str) -> CassetteError:
        return CassetteError(f"not {self._what}: line {node.start_mark.line + 1}: {why}")


def _content(found: dict[str, Any]) -> bytes:
    """Return the bytes of a file's or an iterator's state."""
    outer = found.get("args") or found.get("state")
    if not isinstance(outer, list) or not outer:
        return b""
    pieces = outer[0] if isinstance(outer[0], list) else outer[:1]
    return b"".join(p if isinstance(p, bytes) else str(p).encode() for p in pieces)
