"""The frozen cases are scenarios of a project of their own."""

from __future__ import annotations

collect_ignore = ["cases"]
