from __future__ import annotations

from sdk import talked


def test_expense(bpmax_vcr: object) -> None:
    assert talked()
