"""How long an address may be, and what is drawn for a call."""

from __future__ import annotations

import pytest

from bpmax_sim.platform.model import Api
from bpmax_sim.proxy import call_plan
from bpmax_sim.proxy.call_plan import CallRandomness
from tests.proxy.world import World, crm, rejected


@pytest.mark.parametrize(("length", "fits"), [(0, True), (9, True), (10, True), (11, False)])
def test_an_address_has_so_many_characters_of_path_and_query(
    length: int, monkeypatch: pytest.MonkeyPatch, *, fits: bool
) -> None:
    monkeypatch.setattr(call_plan, "LONGEST_TARGET", len("/a") + len("q=") + 10)
    world = World(crm(Api(key="x", path="/a")))
    built = world.proxy().api("x").query({"q": "1" * length})

    if fits:
        built.call()
        assert world.request.url.endswith(f"/a?q={'1' * length}")
    else:
        assert "more than 14" in rejected(built.call).message


def test_each_call_draws_as_many_bytes_as_in_every_recording() -> None:
    """A replay draws from the recorded seed: one byte more, and all that follows differs."""
    drawn = list[int]()

    class Counted:
        def bytes(self, count: int) -> bytes:
            drawn.append(count)
            return bytes(count)

    CallRandomness.draw(Counted())

    assert drawn == [16, 16]
