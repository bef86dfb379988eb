"""``list --resolved``: each key of a scenario after inheritance, with the place that sets it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from bpmax_sim.cli.terminal import align_columns
from bpmax_sim.errors import Place
from bpmax_sim.scenario.declarations import BY_KEY, KeyTree
from bpmax_sim.scenario.expect import shorten_line
from bpmax_sim.scenario.load import ScenarioItem
from bpmax_sim.scenario.model import Scenario, list_file_keys
from bpmax_sim.scenario.references import parse_reference, to_inserted_text
from bpmax_sim.yamlfile import Node, Steps, format_steps

_WIDTH = 80
_HIDDEN = "***"
_ANY_ROW = "*"
_LISTS = frozenset({"steps", "finally", "cases", "stubs"})


class ResolvedKey(NamedTuple):
    """A key of a scenario with the value that it resolves to, and where that is written.

    Attributes:
        key: path in the scenario, such as ``proxy.mode``.
        value: value as text.
        place: file and line: the scenario's own, or that of a file whose defaults it inherits.
    """

    key: str
    value: str
    place: Place


def resolve_keys(item: ScenarioItem) -> Iterator[ResolvedKey]:
    """Yield the keys of the scenario file of *item*, also those that it inherits from defaults.

    The values of variables and columns listed under ``secrets`` are replaced by ``***``.
    """
    masked = [
        # A column stands in each row, whose number no reference has.
        (*(("cases", _ANY_ROW) if one.root == "case" else (one.root,)), *map(str, one.path))
        for one in map(parse_reference, item.scenario.secrets)
    ]
    root = item.spot.source.root
    order = list_file_keys(Scenario)
    for key, node in sorted(root.items.items(), key=lambda entry: order.index(entry[0])):
        yield from _walk_keys((key,), node, root.find_key_place(key), BY_KEY.get(key), masked)


def _walk_keys(
    path: Steps, node: Node, place: Place, by_key: KeyTree | None, masked: Sequence[tuple[str, ...]]
) -> Iterator[ResolvedKey]:
    """Yield the keys below *node*, which is at *path*; at the paths *masked* values are hidden."""
    if node.items and by_key is not None:
        for key, child in node.items.items():
            yield from _walk_keys(
                (*path, key), child, node.find_key_place(key), by_key.get(key), masked
            )
    elif node.elements and path[-1] in _LISTS:
        for number, element in enumerate(node.elements):
            value = _mask(element.to_plain(), (*map(str, path), _ANY_ROW), masked)
            yield ResolvedKey(format_steps((*path, number)), to_inserted_text(value), element.place)
    else:
        value = _mask(node.to_plain(), tuple(map(str, path)), masked)
        yield ResolvedKey(format_steps(path), to_inserted_text(value), place)


def _mask(value: Any, path: tuple[str, ...], masked: Sequence[tuple[str, ...]]) -> Any:
    """Return *value*, which is at *path*, with ``***`` in place of what is at a *masked* path."""
    below = [one for one in masked if one[: len(path)] == path]
    if path in below:
        return _HIDDEN
    if below and isinstance(value, dict):
        return {key: _mask(inner, (*path, key), below) for key, inner in value.items()}
    if below and isinstance(value, list):
        return [_mask(inner, (*path, str(number)), below) for number, inner in enumerate(value)]
    return value


def format_resolved(found: Iterable[tuple[str, str, Sequence[ResolvedKey]]]) -> Iterator[str]:
    """Yield a heading for each scenario file, then a line for each key: place, key, value.

    *found* are (file, title of the scenario, keys), one for each scenario or row of its table. Rows
    of one file resolve to the same keys, so a file is printed once.
    """
    for file, title, keys in {one[0]: one for one in found}.values():
        yield f"{file}  {title}"
        rows = [
            (f"  {one.place.file}:{one.place.line}", one.key, _shorten_value(one)) for one in keys
        ]
        yield from align_columns(rows)


def _shorten_value(resolved_key: ResolvedKey) -> str:
    return shorten_line(" ".join(resolved_key.value.split()), _WIDTH) or '""'


def to_keys_data(keys: Iterable[ResolvedKey]) -> list[Mapping[str, Any]]:
    """Return *keys* as JSON values of ``--json``."""
    return [
        {
            "key": one.key,
            "value": one.value,
            "file": one.place.file,
            "line": one.place.line,
            "column": one.place.column,
        }
        for one in keys
    ]
