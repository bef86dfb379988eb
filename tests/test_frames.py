"""A value that is read in a line by itself is told from one that something is done with."""

from __future__ import annotations

from typing import Any

import pytest

from bpmax_sim.frames import is_read_dropped


class Watched:
    """An object that knows whether its last read was dropped."""

    def __init__(self) -> None:
        """Start with nothing read."""
        self.dropped: list[bool] = []

    @property
    def ok(self) -> bool:
        self.dropped.append(is_read_dropped())
        return False


@pytest.mark.parametrize(
    ("code", "is_dropped"),
    [
        ("x.ok", True),
        ("x.ok; y = 1", True),
        ("getattr(x, 'ok')", True),
        ("for _ in 'a': x.ok", True),
        ("assert not x.ok", False),
        ("y = x.ok", False),
        ("_ = x.ok", False),
        ("not x.ok", False),
        ("x.ok or 1", False),
        ("print(x.ok)", False),
        ("[x.ok]", False),
        ("if x.ok: pass", False),
        ("while x.ok: pass", False),
        ("(lambda: x.ok)()", False),
        ("f'{x.ok}'", False),
        ("y = [one.ok for one in [x]]", False),
        ("match x.ok:\n  case True: pass", False),
    ],
)
def test_a_statement_that_is_a_value_drops_it(code: str, *, is_dropped: bool) -> None:
    known: dict[str, Any] = {"x": Watched()}

    exec("def f(x):\n" + "\n".join(f"  {line}" for line in code.split("\n")), known)
    known["f"](known["x"])

    assert known["x"].dropped == [is_dropped]
