"""Reports of tests that called live systems, with the secrets of their sessions replaced.

What pytest cut in its middle is not known again; warnings and live logs are no reports.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from bpmax_sim.pytest_plugin.fixtures import HIDING
from bpmax_sim.secret.values import Redact


def hide_in(node: pytest.Item, redact: Redact) -> None:
    """Let *redact* pass over what is told of *node*."""
    node.stash.setdefault(HIDING, []).append(redact)


def hide(report: pytest.TestReport, redacts: Sequence[Redact]) -> None:
    """Replace the secrets in all that *report* tells."""

    def redact(text: str) -> str:
        for one in redacts:
            text = one(text)
        return text

    for name in ("longrepr", "sections", "user_properties", "wasxfail"):
        if hasattr(report, name):
            setattr(report, name, _hidden(getattr(report, name), redact))


def _hidden(value: Any, redact: Redact) -> Any:
    """Return *value* redacted; pytest's own objects are changed as they are."""
    kind = type(value)
    if kind is str:
        return redact(value)
    if kind in {list, tuple}:
        return kind([_hidden(item, redact) for item in value])
    if kind.__module__.startswith("_pytest.") and hasattr(value, "__dict__"):
        for name, item in vars(value).items():
            setattr(value, name, _hidden(item, redact))
    return value
