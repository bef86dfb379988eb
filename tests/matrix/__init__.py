"""The plugin under each pytest that it works with, beside the plugins that people have."""

from __future__ import annotations
