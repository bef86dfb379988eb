"""Additional sections of the report page: findings of commands other than runs.

A command stores a `ReportSection` (`store_section`), and `bpmax-sim report` adds the stored ones
(`read_sections`). A section is data, so that one renderer shows all of them, in both languages,
without JavaScript, and on paper. Texts have to be redacted before.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec.structs import replace

from bpmax_sim.errors import ConfigError
from bpmax_sim.project import make_parent_folder
from bpmax_sim.report.page_data import LocalisedText, translate_to_all
from bpmax_sim.yamlfile import to_display_path, translate_write_errors

SECTIONS = Path(".bpmax", "sections")
_VERSION = 1

Tone = Literal["", "passed", "failed", "again", "quiet"]
"""How a text is coloured: as a pass, as a failure, as a doubt, or as less important."""


class SectionCell(msgspec.Struct, frozen=True):
    """A table cell; *hint* is its tooltip."""

    text: LocalisedText = ""
    tone: Tone = ""
    hint: LocalisedText = ""


class SectionTable(msgspec.Struct, frozen=True, tag="table"):
    """A table in a section of the report page; the first cell of each row is its heading."""

    columns: tuple[LocalisedText, ...]
    rows: tuple[tuple[SectionCell, ...], ...]
    caption: LocalisedText = ""


class SectionFinding(msgspec.Struct, frozen=True, kw_only=True, tag="finding"):
    """One finding in a section of the report page: a headline with details.

    Attributes:
        tone: how it is coloured: ``passed``, ``failed``, ``again`` (a doubt), ``quiet`` (less
            important) or "".
        place: ``file:line:column`` relative to the project's root, shown as editor link.
        lines: further lines of text.
        paste: command or lines of a file, with a button that copies them.
    """

    headline: LocalisedText
    tone: Tone = "failed"
    place: str = ""
    lines: tuple[LocalisedText, ...] = ()
    paste: str = ""


class ReportSection(msgspec.Struct, frozen=True, kw_only=True):
    """A section of the report page with the results of a command such as `explore` or `challenge`.

    Attributes:
        name: name of its file and fragment of the page's URL, in lower-case letters.
        title: title, also on its button.
        summary: one-line summary.
        parts: what it contains, in order.
        made: time of storing, ISO 8601, set by `store_section`.
    """

    name: str
    title: LocalisedText
    summary: LocalisedText = ""
    parts: tuple[SectionTable | SectionFinding, ...] = ()
    made: str = ""
    version: int = _VERSION


def store_section(root: Path, section: ReportSection) -> Path:
    """Store *section* below ``.bpmax`` of *root* for the next report page; return its file.

    It replaces an earlier section of that name.

    Raises:
        ConfigError: if the file cannot be written.
    """
    path = root / SECTIONS / f"{section.name}.json"
    made = datetime.now().astimezone().isoformat(sep=" ", timespec="minutes")
    text = msgspec.json.encode(replace(section, made=made), enc_hook=_translate_message)
    with translate_write_errors(path):
        make_parent_folder(path)
        path.write_bytes(text)
    return path


def to_section_data(section: ReportSection) -> dict[str, Any]:
    """Return *section* as plain values, with messages in all languages."""
    data: dict[str, Any] = msgspec.to_builtins(section, enc_hook=_translate_message)
    return data


def _translate_message(value: object) -> LocalisedText:
    if isinstance(value, str):
        return translate_to_all(value)
    raise NotImplementedError(f"objects of type {type(value).__name__}")


def read_sections(folders: Iterable[Path]) -> dict[str, ReportSection | ConfigError]:
    """Return the sections stored in *folders* (like ``.bpmax/sections``) by name.

    Later folders win.

    An unreadable section, or one of another version, is an error in its place.
    """
    files = (file for folder in folders for file in sorted(folder.glob("*.json")))
    return {file.stem: _read_section(file) for file in files}


def _read_section(path: Path) -> ReportSection | ConfigError:
    try:
        section = msgspec.json.decode(path.read_bytes(), type=ReportSection)
        if section.version == _VERSION:
            return section
    except (OSError, msgspec.MsgspecError):
        pass
    return ConfigError(
        "{path}: this section of the report cannot be read, or is of another version of "
        "bpmax-sim; run the command that writes it again",
        path=to_display_path(path),
    )
