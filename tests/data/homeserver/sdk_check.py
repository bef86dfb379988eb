from __future__ import annotations

from sdk import talked  # type: ignore[import-not-found]


def test_expense(bpmax_vcr: object) -> None:
    assert talked()
