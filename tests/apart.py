"""What a pytest that a test starts finds in its environment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

PLUGINS: Final[Mapping[str, str]] = {
    "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    "PYTEST_ADDOPTS": "-p bpmax_sim -p xdist -p hypothesispytest",
}
"""Ours and those that tests work with, by name.

To look for the plugins of all that is installed costs several times what such a run does.
"""
