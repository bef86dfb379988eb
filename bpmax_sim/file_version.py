"""Notice that a file was written between a command's look at it and its change of it.

A command shows what it would do and may wait until a person agrees, or runs scenarios meanwhile. An
editor, a recording or another command can write the file in that time; to replace it then would
lose what they wrote, and a person would have agreed to something else than what is done.
"""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

import msgspec

from bpmax_sim.errors import ConfigError
from bpmax_sim.file_system import BINARY, NO_WAIT
from bpmax_sim.yamlfile import to_display_path


class FileVersion(msgspec.Struct, frozen=True):
    """The content that a file had at one time.

    Attributes:
        path: the file.
        digest: SHA-256 of its bytes; b"" if there was no ordinary file, or it could not be read.
    """

    path: Path
    digest: bytes

    def require_unchanged(self) -> None:
        """Check that the file has this content still.

        Call it right before the file is replaced, within the lock that all its writers hold.

        Raises:
            ConfigError: if it has another content, or is gone or new.
        """
        if read_version(self.path) != self:
            raise ConfigError(
                "{path}: somebody wrote it since this command read it, so it stays as it is; run "
                "the command again",
                path=to_display_path(self.path),
            )


def read_version(path: Path) -> FileVersion:
    """Return the version of the file *path* that is there now.

    Read its content after this, so that what is written between the two is noticed, too.
    """
    try:
        # Without NO_WAIT a named pipe would wait for its writer.
        with open(os.open(path, os.O_RDONLY | BINARY | NO_WAIT), "rb") as file:  # noqa: PTH123
            if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                return FileVersion(path, hashlib.file_digest(file, "sha256").digest())
    except OSError:
        pass
    return FileVersion(path, b"")
