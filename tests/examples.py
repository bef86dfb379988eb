"""How many examples a law gets that needs more, or fewer, than others."""

from __future__ import annotations

from hypothesis import settings

EVERY_NIGHT = 60
"""What the profile of the nightly suite has; numbers in tests are meant with it."""


def drawn(count: int) -> int:
    """Return the part of *count* that the profile has of the nightly one's examples."""
    return max(10, count * settings().max_examples // EVERY_NIGHT)
