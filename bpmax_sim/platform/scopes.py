"""Which names the templates of ``auth`` may use where: credentials, parameters, acquired values.

`uses` walks an ``auth`` block in the order in which it is carried out.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from bpmax_sim.platform.template import COMMON_NAMES, RESPONSE_NAMES, SIGN_NAMES
from bpmax_sim.yamlfile import Node

Steps = tuple[str | int, ...]
RESERVED = COMMON_NAMES | SIGN_NAMES | RESPONSE_NAMES

_SIGNATURE = frozenset({"signature"})
_BEFORE = ("default_headers", "set_headers", "set_query")
_AFTER = ("message", "key")


class Use(msgspec.Struct, frozen=True):
    """A text that is a template, where it stands, and the names that are defined there.

    Attributes:
        steps: the path inside the ``auth`` block.
        node: what holds the text; a key's own place is that of its value.
        names: defined names besides credentials.
    """

    steps: Steps
    node: Node
    text: str
    names: frozenset[str]


def uses(auth: Node) -> Iterator[Use]:
    """Yield every template of an ``auth`` block."""
    names = COMMON_NAMES
    for key, node in _items(auth, "parameters"):
        yield from _texts(node, ("parameters", key), names)
        names |= {key}
    for index, step in enumerate(_elements(auth, "acquire", "steps")):
        if (request := step.child("request")) is not None:
            yield from _texts(request, ("acquire", "steps", index, "request"), names)
        names |= frozenset(key for key, _ in _items(step, "extract"))
    for index, item in enumerate(_elements(auth, "apply")):
        yield from _value(item, ("apply", index), names)
    if (sign := auth.child("sign")) is not None:
        yield from _sign(sign, names)
    if (verify := auth.child("verify_response")) is not None:
        yield from _texts(verify, ("verify_response",), names | RESPONSE_NAMES)


def _sign(sign: Node, names: frozenset[str]) -> Iterator[Use]:
    names |= SIGN_NAMES - _SIGNATURE
    for use in _defined(sign, "define", names):
        yield use
        names |= {str(use.steps[-1])}
    for key in _BEFORE:
        for name, node in _items(sign, key):
            yield Use(("sign", key, name), node, name, names)
            yield from _texts(node, ("sign", key, name), names)
    for use in _defined(sign, "canonical", names):
        yield use
        names |= {str(use.steps[-1])}
    for key in _AFTER:
        if (found := sign.child(key)) is not None:
            yield from _texts(found, ("sign", key), names)
    for index, item in enumerate(_elements(sign, "emit")):
        yield from _value(item, ("sign", "emit", index), names | SIGN_NAMES)


def _defined(sign: Node, key: str, names: frozenset[str]) -> Iterator[Use]:
    """Yield definitions, each seeing those before it."""
    for index, group in enumerate(_elements(sign, key)):
        for name, node in group.items.items():
            yield from _texts(node, ("sign", key, index, name), names)
            names |= {name}


def _value(item: Node, steps: Steps, names: frozenset[str]) -> Iterator[Use]:
    for key in ("name", "value"):
        if (node := item.child(key)) is not None:
            yield from _texts(node, (*steps, key), names)


def _texts(node: Node, steps: Steps, names: frozenset[str]) -> Iterator[Use]:
    for below, text in node.texts():
        found = node.at(below)
        if found is not None:
            yield Use((*steps, *below), found, text, names)


def _items(node: Node, *steps: str) -> Iterator[tuple[str, Node]]:
    found = node.at(steps)
    if found is not None:
        yield from found.items.items()


def _elements(node: Node, *steps: str) -> tuple[Node, ...]:
    """Return the elements of a list; a single mapping stands for a list of one."""
    found = node.at(steps)
    if found is None:
        return ()
    return (found,) if found.items else found.elements
