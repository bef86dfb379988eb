"""Add drafted entries to existing files: ``instances.yaml`` and platform files.

Existing text is kept unchanged. New text is appended, and the result is parsed as a check.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from textwrap import indent
from typing import Any

from bpmax_sim.errors import ConfigError
from bpmax_sim.yamlfile import read_yaml, to_display_path, write_yaml


def format_list_item(value: Mapping[str, Any]) -> str:
    """Return *value* as an item of a YAML list in block style: ``- `` and indented lines."""
    return f"- {indent(write_yaml(value, block_levels=2), '  ').lstrip()}"


def append_missing_instance(before: str, value: Mapping[str, Any]) -> str:
    """Return the text *before* of ``instances.yaml`` with the entry *value* appended.

    Unchanged if the entry's platform has one already.

    Raises:
        ConfigError: if the list cannot be extended; the message contains the entry.
    """
    entries: Any = read_yaml(before).to_plain() if before.strip() else []
    if any(
        isinstance(one, dict) and one.get("platform") == value["platform"] for one in entries or ()
    ):
        return before
    gap = "\n" if before and not before.endswith("\n") else ""
    text = f"{before}{gap}{format_list_item(value)}"
    if _parse_or_none(text) != [*(entries or []), dict(value)]:
        raise ConfigError(
            "instances.yaml: add this to the list yourself:\n{entry}", entry=format_list_item(value)
        )
    return text


def _parse_or_none(text: str) -> Any:
    """Return the value of a YAML *text*; None if it is no YAML."""
    try:
        return read_yaml(text).to_plain()
    except ConfigError:
        return None


def append_apis(before: str, apis: Mapping[str, str], path: Path) -> str:
    """Return the text of a platform file with *apis* (key -> text) added below ``apis``.

    *before* is the text so far; it has to end with its ``apis``.

    Raises:
        ConfigError: if they cannot be appended; the message contains them.
    """
    added = "".join(apis.values())
    gap = "\n" if before and not before.endswith("\n") else ""
    known: Any = read_yaml(before).to_plain()
    value = _parse_or_none(text := f"{before}{gap}{added}")
    more: Any = read_yaml(f"apis:\n{added}").to_plain()
    expected = {**known.get("apis", {}), **more["apis"]}
    if value is None or value != {**known, "apis": expected}:
        raise ConfigError(
            "{path}: add these below `apis` yourself:\n{added}",
            path=to_display_path(path),
            added=added,
        )
    return text
