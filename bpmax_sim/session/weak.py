"""Warnings of secrets that are hidden in their places only."""

from __future__ import annotations

import warnings

from bpmax_sim.errors import WeakSecretWarning
from bpmax_sim.secret.credentials import Credentials
from bpmax_sim.secret.vault import weak


def warn_of_weak(found: Credentials, instance: str) -> None:
    """Warn of each secret of *instance* that would not be hidden where an answer repeats it."""
    for one in found:
        why = weak(str(one.real), str(one.standin))
        if one.secret and why and one.real != one.standin:
            warnings.warn(
                f"the value of {one.name!r} of {instance} {why}: it is hidden where auth puts it,"
                " but not where an answer repeats it; take a longer one",
                WeakSecretWarning,
                stacklevel=2,
            )
