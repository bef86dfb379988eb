"""Infer path templates from observed paths: ``/customers/12345`` -> ``/customers/{customer_id}``.

Segments are kept in a tree. A segment is a value where it looks like one (a number, an id, a date,
anything that is not a name), or where three or more of its siblings are followed by the same: rest
of the path, methods and shape of the response. So it is for ``/users/alice`` and ``/users/bob``,
but not for ``/orders/search`` and ``/orders/cancel``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any, Final, NamedTuple

import msgspec

from bpmax_sim.path_template import decode_path
from bpmax_sim.platform.model import make_unique_name

_VERSION: Final = re.compile(r"v?\d{1,2}(\.\d+)*((alpha|beta)\d*)?", re.IGNORECASE)
_NUMBER: Final = re.compile(r"[+-]?\d+([.,]\d+)*")
_HEX: Final = re.compile(
    r"(?=.*\d)[0-9a-fA-F]{8,}|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
)
_WORD: Final = re.compile(r"[A-Za-z][A-Za-z]*([-_.:][A-Za-z]+)*\d{0,3}")
_LONG_WORD: Final = 32
_ALIKE: Final = 3
"""As many siblings that lead to the same thing make a parameter."""

_HOLDS_VERSION: Final = frozenset({"api", "rest", "version", "openapi", "services"})


class ObservedPath(msgspec.Struct, frozen=True):
    """Method and percent-encoded path of a request, and the shape of a successful response.

    Two responses have one shape if they have the same members, whatever their values.
    """

    method: str
    path: str
    shape: str = ""


def make_json_shape_key(value: Any, levels: int = 2) -> str:
    """Return a text that is equal for JSON values with the same member names, down to *levels*."""
    if isinstance(value, Mapping):
        if not levels:
            return "{}"
        inner = (
            f"{name}:{make_json_shape_key(one, levels - 1)}" for name, one in sorted(value.items())
        )
        return f"{{{','.join(inner)}}}"
    if isinstance(value, list):
        return f"[{make_json_shape_key(value[0], levels - 1) if value and levels else ''}]"
    return "" if value is None else type(value).__name__


def is_value(segment: str, before: str = "") -> bool:
    """Return whether a decoded path *segment* looks like a value (``4711``), not a fixed name.

    *before* is the segment in front of it: ``v2`` behind ``api`` is a version, not a value.
    """
    holds_version = not before or before.lower() in _HOLDS_VERSION
    if _VERSION.fullmatch(segment) and (segment[:1] in "vV" or holds_version):
        return False
    if _NUMBER.fullmatch(segment) or _HEX.fullmatch(segment) or len(segment) > _LONG_WORD:
        return True
    return not _WORD.fullmatch(segment)


class RelativeRoute(NamedTuple):
    """A request below a node of the tree of paths.

    Attributes:
        rest: rest of its path, in which a segment that looks like a value is ``*``.
        method: its method.
    """

    rest: str
    method: str


class RelativeEnd(NamedTuple):
    """What a path below a node of the tree leads to.

    Attributes:
        rest: rest of the path, in which a segment that looks like a value is ``*``.
        method: method of the request.
        shape: shape of its response.
    """

    rest: str
    method: str
    shape: str


_NO_SHAPES: Final = frozenset({"[]", "{}", "str"})
"""Shapes that anything may have."""


class _Node:
    """A segment in a tree of observed paths, or several segments merged to one parameter.

    Attributes:
        children: next segment -> its node.
        ends: (method, shape of the response) of the requests whose path ends here.
    """

    __slots__ = ("children", "ends")

    def __init__(self) -> None:
        self.children: dict[str, _Node] = {}
        self.ends: set[tuple[str, str]] = set()

    def merge_in(self, other: _Node) -> None:
        """Add the ends and children of *other* to this node."""
        self.ends |= other.ends
        for segment, child in other.children.items():
            self.children.setdefault(segment, _Node()).merge_in(child)

    def list_relative_routes(self, own_segment: str) -> frozenset[RelativeRoute]:
        """Return each request below this node, whose own segment is *own_segment*."""
        own = {RelativeRoute("", method) for method, _ in self.ends}
        for segment, child in self.children.items():
            rest = "*" if is_value(segment, own_segment) else segment
            own |= {
                RelativeRoute(f"/{rest}{route.rest}", route.method)
                for route in child.list_relative_routes(segment)
            }
        return frozenset(own)

    def list_relative_ends(self, own_segment: str) -> frozenset[RelativeEnd]:
        """Return what each path below this node leads to.

        *own_segment* is that of the node: a short number behind ``api`` is no value. Requests whose
        response has no shape are left out.
        """
        own = {RelativeEnd("", method, shape) for method, shape in self.ends if shape}
        for segment, child in self.children.items():
            rest = "*" if is_value(segment, own_segment) else segment
            ends = child.list_relative_ends(segment)
            own |= {end._replace(rest=f"/{rest}{end.rest}") for end in ends}
        return frozenset(own)


_PARAMETER: Final = ""
"""The segment of a parameter in a tree; no path has an empty one that is told apart."""


def find_templates(observed: Iterable[ObservedPath]) -> dict[tuple[str, str], str]:
    """Return (method, path) -> path template for *observed*, all of one origin.

    In ``/customers/{customer_id}``, the parameter takes the place of segments that are values.
    """
    every = list(observed)
    root = _Node()
    for one in every:
        node = root
        for segment in _split_and_decode_path(one.path):
            node = node.children.setdefault(segment, _Node())
        node.ends.add((one.method, one.shape))
    merged: dict[int, set[str]] = {}
    _merge_value_children(root, "", merged)
    return {(one.method, one.path): _make_template(root, one.path, merged) for one in every}


def _split_and_decode_path(path: str) -> list[str]:
    return [decode_path(segment) for segment in path.lstrip("/").split("/")]


def _merge_value_children(node: _Node, before: str, merged: dict[int, set[str]]) -> None:
    """Merge the children of *node* that are values into one parameter; likewise below it.

    *before* is the segment of *node*. *merged* gets the id of the node -> merged segments.
    """
    values = _find_value_children(node, before)
    if values:
        parameter = _Node()
        for segment in values:
            parameter.merge_in(node.children.pop(segment))
        merged[id(node)] = values
        node.children[_PARAMETER] = parameter
    for segment, child in node.children.items():
        # A short number behind a parameter is no version, as one at the beginning may be.
        _merge_value_children(child, segment or "{}", merged)


def _find_value_children(node: _Node, before: str) -> set[str]:
    """Return the children of *node* that are values, and so one path parameter.

    These look like values; or the same paths follow them as follow other children, as for
    ``/customers/zhang/orders`` and ``/customers/wang/orders``.
    """
    values = {segment for segment in node.children if segment and is_value(segment, before)}
    words = {
        segment: child.list_relative_ends(segment)
        for segment, child in node.children.items()
        if segment and segment not in values
    }
    known = frozenset[RelativeEnd]().union(
        *(node.children[one].list_relative_ends(one) for one in values)
    )
    routes = chain.from_iterable(node.children[one].list_relative_routes(one) for one in values)
    below = {route for route in routes if route.rest}
    groups: dict[frozenset[RelativeEnd], list[str]] = {}
    for segment, signature in words.items():
        leads_alike = not below.isdisjoint(node.children[segment].list_relative_routes(segment))
        if leads_alike or (signature and signature <= known):
            values.add(segment)
        elif signature:
            groups.setdefault(signature, []).append(segment)
    for signature, segments in groups.items():
        # Without a shape all ends are alike: /enable and /disable are no values of a parameter.
        is_told = any(end.shape not in _NO_SHAPES or end.rest for end in signature)
        if len(segments) >= _ALIKE and is_told:
            values.update(segments)
    return values


def _make_template(root: _Node, path: str, merged: Mapping[int, set[str]]) -> str:
    node, parts = root, list[str]()
    names: list[str] = []
    for segment, raw in zip(_split_and_decode_path(path), path.lstrip("/").split("/"), strict=True):
        if segment in merged.get(id(node), ()):
            name = _make_parameter_name(parts, names)
            names.append(name)
            parts.append(f"{{{name}}}")
            node = node.children[_PARAMETER]
        else:
            parts.append(raw)
            node = node.children[segment]
    return f"/{'/'.join(parts)}"


def _make_parameter_name(parts: Sequence[str], names: Sequence[str]) -> str:
    """Return a parameter name for the value after *parts*: ``customer_id`` after ``customers``.

    *parts* are the segments before it; *names* are taken, so ``customer_id_2`` may be returned.
    """
    before = next((part for part in reversed(parts) if not part.startswith("{")), "")
    word = to_singular(re.sub(r"\W+", "_", decode_path(before), flags=re.ASCII).strip("_").lower())
    stem = f"{word}_id" if word and word[0].isalpha() else "id"
    return make_unique_name(stem, names)


def to_singular(word: str) -> str:
    """Return the singular of an English *word*: ``category`` of ``categories``."""
    if word.endswith(("ss", "us")):
        return word
    for end, instead in (("ies", "y"), ("sses", "ss"), ("xes", "x")):
        if word.endswith(end) and len(word) > len(end) + 1:
            return word[: -len(end)] + instead
    return word[:-1] if word.endswith("s") and len(word) > 2 else word  # noqa: PLR2004 - "is"
