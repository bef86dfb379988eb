"""Links of the page that open a place in an editor: ``editor`` of ``[tool.bpmax_sim]``.

The value is ``vscode``, ``idea``, ``pycharm``, or an address with ``{path}``, ``{line}`` and
``{column}`` in it. A page that a pipeline writes has none, as it does not know where its reader's
files lie, nor should it say where its own did.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final
from urllib.parse import quote

from bpmax_sim.errors import ConfigError, suggest
from bpmax_sim.project import read_setting

_EDITORS: Final = {
    "vscode": "vscode://file/{path}:{line}:{column}",
    "idea": "idea://open?file={path}&line={line}&column={column}",
    "pycharm": "pycharm://open?file={path}&line={line}&column={column}",
}
_ADDRESS: Final = re.compile(r"(?!(?:javascript|data|vbscript):)[a-z][a-z0-9+.-]*://.*\{path\}.*")


def editor_address(root: Path) -> str:
    """Return the address that opens a file below *root*, or nothing where none is set.

    ``{path}`` in it is what follows the root's folder, ``{line}`` and ``{column}`` count from 1.

    Raises:
        ConfigError: the setting is no editor that is known, and no address.
    """
    chosen = read_setting(root, "editor")
    if not chosen or os.environ.get("CI"):
        return ""
    address = _EDITORS.get(str(chosen), str(chosen))
    if not _ADDRESS.fullmatch(address):
        hint = suggest(str(chosen), _EDITORS)
        raise ConfigError(
            "[tool.bpmax_sim] editor: expected an address with {{path}} in it, or an editor, got "
            "{chosen!r}{hint}",
            chosen=str(chosen),
            hint=hint,
        )
    path = root.absolute().as_posix()  # C:/… on Windows
    folder = quote(path.lstrip("/"))
    slash = "" if "://file/" in address else "/" * path.startswith("/")
    return address.replace("{path}", f"{slash}{folder}/{{path}}")
