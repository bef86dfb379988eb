"""The respx router of a test, whichever of router and session is made first."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from bpmax_sim.session import Session
from bpmax_sim.transport.stubs import Stub

if TYPE_CHECKING:
    from bpmax_sim.transport.httpx.stub import Router

_STUB = pytest.StashKey[Stub]()


@contextmanager
def router_of(node: pytest.Item, session: Session | None) -> Iterator[Router]:
    """Return a router for the sessions of *node*: *session*, if it is open, and all later ones."""
    from bpmax_sim.transport.httpx.stub import new_router, routed  # noqa: PLC0415 - few need httpx

    router = new_router()
    stub = node.stash[_STUB] = routed(router)
    if session is not None:
        session.stub(stub)
    try:
        yield router
    finally:
        del node.stash[_STUB]


def put_behind(node: pytest.Item, session: Session) -> None:
    """Let the router of *node*, if it has one, answer in front of *session*."""
    if _STUB in node.stash:
        session.stub(node.stash[_STUB])
