"""A place in a message: ``path``, ``query.fields``, ``header.x-a``, ``body.items[0].qty``.

`FieldPath` is the only type for it. Files and other code spell it in four ways, each read by its
own constructor: `parse` (``ignore``, ``volatile``, ``redact``, ``secret``),
`from_declared_response_place` (``$.a.b``, ``header:X``, ``cookie:X``), `from_auth_place` (places
where auth added a value) and `from_parameter` (target of a parameter).

A name with a dot or a bracket is quoted, ``body["a.b"]``; ``[*]`` and ``*`` stand for every index
and every name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from enum import Enum
from functools import lru_cache
from typing import Any

from msgspec import UNSET

from bpmax_sim.errors import ConfigError, shorten_list, suggest_nearest
from bpmax_sim.i18n import msg


class Wildcard(Enum):
    """The step of a path that matches every name of a mapping, or every index of a list."""

    ALL = "*"


Segment = str | int | Wildcard
Steps = tuple[Segment, ...]

ROOTS = ("path", "query", "header", "body")
_NAME = re.compile(r"[^\s.\[\]\"*]+")
_TOKEN = re.compile(
    r"""\.?(?:(?P<name>[^\s.\[\]"*]+)|(?P<star>\*)|\[(?:(?P<all>\*)|(?P<index>\d+)|(?P<quoted>"(?:[^"\\]|\\.)*"))\])"""
)
# The part of RFC 9535 that names one place; a filter or `..` is for a JSONPath library.
_JSON_PATH = re.compile(
    r"\$?(?:\.?[^\W\d][\w-]*|\[\d+\]|\['[^']*'\])(?:\.[^\W\d][\w-]*|\[\d+\]|\['[^']*'\])*"
)
NEVER_COMPARED = frozenset({"content-length", "host"})
"""Headers that follow from body and address."""

_JSON_STEP = re.compile(r"\.?([^\W\d][\w-]*)|\[(\d+)\]|\['([^']*)'\]")


class FieldPath(tuple[Segment, ...]):
    """A place in a request or response: a root such as ``body``, followed by names and indexes."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str, option: str) -> FieldPath:
        """Return the place in *text*; header names become lower-case.

        *option* is the name of the setting in error messages, such as ``redact``.

        Raises:
            ConfigError: if *text* is not a path that starts with path, query, header or body.
        """
        return _parse_field_path(text, option)

    @classmethod
    def from_declared_response_place(cls, text: str) -> FieldPath | None:
        """Return the place in a response that a platform file writes as *text*.

        That is ``header:name``, ``cookie:name``, ``cookies`` (all of them) or a JSON path such as
        ``$.data[0].token``. None is returned for a JSON path with filters, wildcards or other
        syntax that needs a full JSONPath library.
        """
        kind, colon, name = text.partition(":")
        if colon and kind in {"header", "cookie"}:
            return cls((kind, name.strip().lower() if kind == "header" else name.strip()))
        if text == "cookies":
            return cls(("cookie",))
        if text == "$":
            return cls(("body",))
        if not _JSON_PATH.fullmatch(text):
            return None
        steps = _JSON_STEP.findall(text.removeprefix("$"))
        return cls(("body", *[int(at) if at else name or quoted for name, at, quoted in steps]))

    @classmethod
    def from_auth_place(cls, text: str) -> FieldPath:
        """Return the place where authentication added a value, such as ``header.X-Token``.

        Names are taken unchanged. Only in a body do dots separate names: ``body.a.b``.
        """
        root, _, name = text.partition(".")
        if root == "body" and name.startswith("["):
            return cls.parse(f"body{name}", "injected")
        return cls.from_parameter(root, name) if name else cls((root,))

    @classmethod
    def from_parameter(cls, root: str, name: str) -> FieldPath:
        """Return the place of the API parameter *name* in the part *root* of a request.

        In a body, dots separate names.
        """
        if root == "body":
            return cls((root, *split_body_path(name)))
        return cls((root, name.lower() if root == "header" else name))

    def __str__(self) -> str:
        return format_path(self)

    @property
    def root(self) -> str:
        """Return ``path``, ``query``, ``header``, ``cookie`` or ``body``."""
        return str(self[0])

    @property
    def steps_below_root(self) -> Steps:
        """Return the names and indexes after the root."""
        return self[1:]

    @property
    def top_name(self) -> str:
        """Return the first name after the root, or ""."""
        return str(self[1]) if len(self) > 1 else ""

    def explain_impossible(self, parameters: Collection[str] = ()) -> str:
        """Return why this path can match no request; "" if it can.

        It is a path that an option such as ``ignore`` or ``redact`` names. *parameters* are the
        placeholders in the paths of the APIs that the option applies to.
        """
        if self.root == "body" or len(self) == 1:
            return ""
        if self.root == "header" and self.top_name in NEVER_COMPARED:
            return msg("the header {name} is never compared", name=self.top_name)
        if self.root == "path" and self.top_name not in parameters and self[1] is not Wildcard.ALL:
            there = suggest_nearest(self.top_name, parameters) or msg(
                "; its parameters are "
            ) + shorten_list(sorted(parameters))
            return msg(
                "the path has no parameter {name!r}{there}",
                name=self.top_name,
                there=there if parameters else "",
            )
        # A name that comes more than once has an index below it, and nothing else has more.
        if isinstance(self[1], int) or self[3:] or any(isinstance(s, str) for s in self[2:]):
            return msg("{root} has names only; write {root}.<name>", root=self.root)
        return ""


@lru_cache(maxsize=4096)
def _parse_field_path(text: str, option: str) -> FieldPath:
    segments = list(parse_quoted_steps(text, option) if text[:1] not in {".", "["} else ())
    if not segments or segments[0] not in ROOTS:
        raise ConfigError(
            "{option}: {text!r} is not a path; write path, query.<name>, header.<name> or "
            "body.<name>, such as body.items[*].ts",
            option=option,
            text=text,
        )
    if segments[0] == "header":
        segments[1:] = [s.lower() if isinstance(s, str) else s for s in segments[1:]]
    return FieldPath(segments)


def parse_quoted_steps(text: str, option: str) -> Steps:
    """Return the steps (names and indexes) of a path such as ``"订单 号".items[0]``.

    Names that contain spaces, dots or brackets are in quotes. The result is empty if *text* is not
    a path. *option* is the name of the setting in error messages.

    Raises:
        ConfigError: if a quoted name is not valid JSON.
    """
    segments: list[Segment] = []
    at = 0
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None or (at > 0 and text[at] not in ".["):
            return ()
        segments.append(_parse_segment(token, option))
        at = token.end()
    return tuple(segments)


def _parse_segment(token: re.Match[str], option: str) -> Segment:
    if token["name"] is not None:
        return token["name"]
    if token["index"] is not None:
        return int(token["index"])
    if token["quoted"] is not None:
        try:
            return str(json.loads(token["quoted"], strict=False))
        except ValueError:
            raise ConfigError(
                "{option}: {quoted} is not a name in quotes as JSON has them",
                option=option,
                quoted=token["quoted"],
            ) from None
    return Wildcard.ALL


def format_path(path: Iterable[Segment]) -> str:
    """Return the text for a path, which `FieldPath.parse` reads back."""
    text = ""
    for segment in path:
        if isinstance(segment, int):
            text += f"[{segment}]"
        elif isinstance(segment, Wildcard):
            text += "[*]"
        elif _NAME.fullmatch(segment):
            text += f".{segment}" if text else segment
        else:
            text += f"[{json.dumps(segment, ensure_ascii=False)}]"
    return text


_PLAIN_STEP = re.compile(r"[^.\[\]]+|\[(\d+)\]")


def parse_plain_steps(text: str) -> tuple[str | int, ...]:
    """Return the names and indexes of a path inside a value, such as ``明细[0].数量``.

    A name may contain anything but dots and brackets.
    """
    matches = _PLAIN_STEP.finditer(text)
    return tuple(int(step[1]) if step[1] else step[0] for step in matches)


def split_body_path(target: str) -> tuple[str, ...]:
    """Return the names of the dotted path *target* in a body.

    An empty tuple if it is the whole body (``$``, ``.``).
    """
    return () if target in {"$", "."} else tuple(target.split("."))


def get_nested(value: Any, names: Iterable[str]) -> Any:
    """Return the value at *names* in nested mappings, or `UNSET`."""
    for name in names:
        if not isinstance(value, Mapping) or name not in value:
            return UNSET
        value = value[name]
    return value


def with_member(value: Any, names: Sequence[str], item: Any) -> dict[str, Any]:
    """Return a copy of *value* with *item* at *names*; a non-mapping on the way is replaced."""
    first, rest = names[0], names[1:]
    known = value if isinstance(value, Mapping) else {}
    return {**known, first: with_member(known.get(first), rest, item) if rest else item}


def contains_path(outer: Steps, inner: Steps) -> bool:
    """Return whether the place *inner* is the place *outer* or lies below it."""
    return len(outer) <= len(inner) and all(map(_matches_segment, outer, inner))


def find_values_at(value: Any, steps: Steps) -> Iterator[Any]:
    """Yield the values at *steps* in *value*.

    Several for a `Wildcard` step, none if there is no such place.
    """
    if not steps:
        yield value
        return
    head, rest = steps[0], steps[1:]
    if isinstance(value, dict):
        items = value.values() if head is Wildcard.ALL else [value[head]] if head in value else []
    elif isinstance(value, list):
        items = (
            value if head is Wildcard.ALL else value[head : head + 1] if type(head) is int else []
        )
    else:
        items = []
    for item in items:
        yield from find_values_at(item, rest)


def find_objects_without(value: Any, steps: Steps) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Yield each object on the way to *steps* in *value* that lacks the next name.

    Each comes with the number of steps that lead to it.
    """
    for number, step in enumerate(steps):
        for owner in find_values_at(value, steps[:number]) if isinstance(step, str) else ():
            if isinstance(owner, dict) and step not in owner:
                yield number, owner


def without_paths(value: Any, paths: Iterable[Steps], *, prune: bool = False) -> Any:
    """Return a copy of the JSON *value* without the members and items at *paths*.

    With *prune*, an object or array that becomes empty is removed as well; the result is None if
    nothing remains.
    """
    for path in paths:
        left = _without_path(value, path, prune=prune)
        value = None if left is UNSET else left
    return value


def _without_path(value: Any, path: Steps, *, prune: bool) -> Any:
    """Return *value* without the member or item at *path*.

    `UNSET` if *path* is empty, which means all of *value*, or if with *prune* nothing is left in
    it.
    """
    if not path:
        return UNSET
    head, rest = path[0], path[1:]
    if not value or not isinstance(value, dict | list):
        return value
    every: Iterable[tuple[Any, Any]] = (
        value.items() if isinstance(value, dict) else enumerate(value)
    )
    pairs = [
        (key, _without_path(item, rest, prune=prune) if _matches_segment(head, key) else item)
        for key, item in every
    ]
    left: Any
    if isinstance(value, dict):
        left = {name: item for name, item in pairs if item is not UNSET}
    elif prune or head is Wildcard.ALL:
        left = [item for _, item in pairs if item is not UNSET]
    else:  # one index leaves a gap, or every later item would move to another path
        left = [None if item is UNSET else item for _, item in pairs]
    return left if left or not prune else UNSET


def _matches_segment(segment: Segment, key: Segment) -> bool:
    return segment is Wildcard.ALL or segment == key
