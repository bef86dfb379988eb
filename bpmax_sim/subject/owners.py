"""Who may act at a node: owner items as the product has them, ``{owner_id, status}``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bpmax_sim.errors import SubjectError

UNTREATED, PASSED, REFUSED = 0, 1, 2
Items = list[dict[str, Any]]


def untreated(items: Iterable[Mapping[str, Any]]) -> Items:
    """Return *items* as those of owners who have not acted yet, where they do not say more."""
    return [{"status": UNTREATED, **item} for item in items]


def assigned(value: Any, node: str) -> Mapping[str, Items]:
    """Return what the hook ``owners`` at *node* gave: node -> items; ``"0"`` is the project.

    Raises:
        SubjectError: if it gave something else than owners.
    """
    if isinstance(value, Mapping):
        return {str(step): _items(items, node) for step, items in value.items()}
    if isinstance(value, list | tuple):
        return {node: _items(value, node)}
    return {}


def actor(node: str, items: Sequence[Mapping[str, Any]], by: str, user: Mapping[str, Any]) -> str:
    """Return who acts at *node*: *by*, else the user, else the first owner.

    Raises:
        SubjectError: if that is not one of its owners.
    """
    ids = [str(item.get("owner_id")) for item in items]
    acting = by or str(user.get("id", "")) or (ids[0] if ids else "")
    if ids and acting not in ids:
        raise SubjectError(f"{acting} is not an owner of {node!r}; its owners: {', '.join(ids)}")
    return acting


def mark(items: Items, by: str, status: int) -> None:
    """Note on the items of *by* what was done."""
    for item in items:
        if str(item.get("owner_id")) == by:
            item["status"] = status


def _items(items: Any, node: str) -> Items:
    listed = isinstance(items, list | tuple)
    if not listed or not all(isinstance(one, Mapping) and "owner_id" in one for one in items):
        raise SubjectError(
            f"owners.{node} must return owners such as [{{owner_id: 7}}], got {items!r}"
        )
    return [dict(item) for item in items]
