"""Reading a credential from where it is kept: the environment, a file, or the keyring."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from bpmax_sim.errors import ConfigError


def read_env(name: str, environ: Mapping[str, str]) -> str:
    """Return the environment variable *name*.

    Raises:
        ConfigError: if it is not set, or empty.
    """
    value = environ.get(name, "")
    if not value:
        raise ConfigError(f"environment variable {name} is not set; set it, or run in replay mode")
    return value


def read_file(path: str, folder: Path) -> str:
    """Return the text of the file *path*, seen from *folder*, without its last line end.

    Raises:
        ConfigError: if it cannot be read, is not UTF-8 text or is empty.
    """
    place = folder / path
    try:
        text = place.read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        told = "it is not UTF-8 text" if isinstance(error, UnicodeDecodeError) else str(error)
        reason = getattr(error, "strerror", None) or told
        raise ConfigError(f"credential file {place} cannot be read: {reason}") from error
    if not text.strip():
        raise ConfigError(f"credential file {place} is empty")
    return text.removesuffix("\n").removesuffix("\r")


def read_keyring(where: str) -> str:
    """Return the password that the system's keyring holds for ``service/name``.

    Raises:
        ConfigError: if the package ``keyring`` is not installed, the system has no keyring, or
            it has no such entry.
    """
    service, _, name = where.partition("/")
    try:
        import keyring  # noqa: PLC0415 - an optional extra
        import keyring.errors  # noqa: PLC0415
    except ImportError as error:
        raise ConfigError(
            f"keyring entry {where} needs the extra: pip install 'bpmax-sim[keyring]'"
        ) from error
    try:
        value: str | None = keyring.get_password(service, name)
    except keyring.errors.KeyringError as error:
        raise ConfigError(
            f"keyring entry {where} cannot be read: {type(error).__name__}; unlock the keyring, or"
            " use env: or file:"
        ) from error
    if not value:
        raise ConfigError(
            f"the keyring has no entry {where}; add it with: keyring set {service} {name}"
        )
    return value
