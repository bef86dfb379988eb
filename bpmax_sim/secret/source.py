"""Read a credential from environment, file, keyring or a registered source.

`looks_random` guesses whether a text looks like a secret. The guess is only used to warn a person;
what is secret is decided by where a value comes from.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from bpmax_sim.errors import ConfigError
from bpmax_sim.extensions import FUNCTION, ExtensionPoint
from bpmax_sim.i18n import msg


def read_env(name: str, environ: Mapping[str, str]) -> str:
    """Return the environment variable *name*.

    Raises:
        ConfigError: if it is not set, or empty.
    """
    value = environ.get(name, "")
    if not value:
        raise ConfigError(
            "environment variable {name} is not set; set it, or run in replay mode", name=name
        )
    return value


def read_file(path: str, folder: Path) -> str:
    """Return the content of the file *path*, relative to *folder*, without the final line end.

    Raises:
        ConfigError: if it cannot be read, is not UTF-8 or is empty.
    """
    place = folder / path
    try:
        text = place.read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        message = (
            msg("it is not UTF-8 text") if isinstance(error, UnicodeDecodeError) else str(error)
        )
        reason = getattr(error, "strerror", None) or message
        raise ConfigError(
            "credential file {place} cannot be read: {reason}", place=place, reason=reason
        ) from error
    if not text.strip():
        raise ConfigError("credential file {place} is empty", place=place)
    return text.removesuffix("\n")  # which was a line end of any system


def read_keyring(where: str) -> str:
    """Return the password stored in the system keyring under ``service/name``.

    Raises:
        ConfigError: if the package ``keyring`` is not installed, the system has no keyring, or it
            has no such entry.
    """
    service, _, name = where.partition("/")
    value = _ask_keyring(
        where, lambda keyring: keyring.get_password(service, name), msg("cannot be read")
    )
    if not value:
        raise ConfigError(
            "the keyring has no entry {where}; add it with: keyring set {service} {name}",
            where=where,
            service=service,
            name=name,
        )
    return str(value)


def write_keyring(where: str, value: str) -> None:
    """Store *value* in the system keyring under ``service/name``.

    Raises:
        ConfigError: if it cannot be stored.
    """
    service, _, name = where.partition("/")
    _ask_keyring(
        where,
        lambda keyring: keyring.set_password(service, name, value),
        msg("cannot be written"),
    )


def _ask_keyring(where: str, operation: Callable[[Any], str | None], failure: str) -> str | None:
    try:
        import keyring  # noqa: PLC0415 - an optional extra
        import keyring.errors  # noqa: PLC0415
    except ImportError as error:
        raise ConfigError(
            'keyring entry {where} needs the extra: pip install "bpmax-sim[keyring]"',
            where=where,
        ) from error
    try:
        return operation(keyring)
    except keyring.errors.KeyringError as error:
        raise ConfigError(
            "keyring entry {where} {failure}: {name}; unlock the keyring, or use env: or file:",
            where=where,
            failure=failure,
            name=type(error).__name__,
        ) from error


SECRET_SOURCES: Final = ExtensionPoint("bpmax_sim.secret_sources", FUNCTION)
"""Functions of other distributions that return the credential at a place of their own."""


def read_from_registered_source(name: str, where: str) -> str:
    """Return the credential that an extension's secret source *name* has under the key *where*.

    Raises:
        ConfigError: if there is no such source, it raised, or it has no value there.
    """
    SECRET_SOURCES.require(name, "source")
    value = SECRET_SOURCES.call(name, where)
    if isinstance(value, str) and value:
        return value
    raise ConfigError(
        "{group}: {name!r} has nothing at {where}: expected a text, got {kind}",
        group=SECRET_SOURCES.group,
        name=name,
        where=where,
        kind=msg("an empty text") if value == "" else type(value).__name__,
    )


_SHORTEST: Final = 16
"""Letters and digits in a row; shorter ones are order numbers and names."""

_BITS: Final = 3.0
"""Shannon entropy per character; 16 random hexadecimal digits have 3.3 on average, words less."""

_RUN: Final = re.compile(rf"[A-Za-z0-9]{{{_SHORTEST},}}")
_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def looks_random(text: str) -> bool:
    """Return whether *text* contains 16 or more letters and digits in a row that look generated.

    UUIDs do not count: request ids are UUIDs, and hardly any secret is.
    """
    return has_run_of_letters_and_digits(text) and any(
        map(_is_random, _RUN.findall(_UUID.sub(" ", text)))
    )


def has_run_of_letters_and_digits(text: str) -> bool:
    """Return whether *text* contains 16 or more letters and digits in a row, and some of both.

    It is a quick test: without such a run, no part of *text* looks random.
    """
    return any(map(_has_letters_and_digits, _RUN.findall(text)))


def _has_letters_and_digits(run: str) -> bool:
    return not (run.isalpha() or run.isdigit())


def _is_random(run: str) -> bool:
    if not _has_letters_and_digits(run):
        return False
    shares = (count / len(run) for count in Counter(run).values())
    return -math.fsum(share * math.log2(share) for share in shares) >= _BITS
