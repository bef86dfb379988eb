"""Store the newest value of credentials that a login replaces, such as a rotating refresh token.

The third party accepts each value only once, so a second process would be refused with the declared
value. If the instance declares ``keyring:``, the newest value is stored there; else in a file below
``.bpmax/kept``, which Git ignores and only its owner can read. The file is locked from before the
newest value is read until the login has ended, so that no two processes send the same value. New
values from a response are on disk before the next request is sent. Replay reads none of this.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Final

import msgspec

from bpmax_sim import project
from bpmax_sim.errors import ConfigError
from bpmax_sim.file_names import to_file_name
from bpmax_sim.file_system import (
    BINARY,
    NO_LINK,
    close_and_unlock,
    find_user,
    move_file,
    open_fork_safe,
    shell_quote,
    sync_folder,
    try_lock,
)
from bpmax_sim.i18n import join_list, msg
from bpmax_sim.platform.model import Source
from bpmax_sim.proxy.compiled_api import CompiledApi
from bpmax_sim.proxy.environment import RenewableCredentialStore
from bpmax_sim.secret.source import read_keyring, write_keyring
from bpmax_sim.secret.vault import Credentials
from bpmax_sim.yamlfile import to_display_path

_PATIENCE: Final = 60.0  # seconds that the login of another process takes at most
# Accounts of one instance, and values of each that were replaced before; the oldest fall out.
_MOST_LINES, _MOST_SPENT, _MOST_BYTES = 8, 32, 1 << 20
_TEMPORARY: Final = ".new"


class ReplacementValues(msgspec.Struct, frozen=True, omit_defaults=True):
    """The values that logins put in the place of declared credentials, such as a new refresh token.

    Attributes:
        values: newest values by name, without those in a keyring.
        spent: digests of earlier values; a response shared by another process may contain one
            again.
        at: instant at which the newest arrived, in POSIX seconds.
    """

    values: dict[str, str] = {}
    spent: tuple[str, ...] = ()
    at: float = 0.0


class ReplacedCredentialsFile(msgspec.Struct, frozen=True):
    """The file of one instance with the credentials that logins replaced.

    Attributes:
        lines: digest of the values that the user has declared -> what replaced them. New declared
            values have another digest, so nothing replaces them yet; lines of others stay.
    """

    version: int = 1
    lines: dict[str, ReplacementValues] = {}


def get_replaced_credentials_folder(root: Path) -> Path:
    """Return the folder in which the project at *root* stores replaced credentials."""
    return root / project.NAME / "kept"


def read_replaced_credentials(path: Path) -> ReplacedCredentialsFile:
    """Return the content of the file at *path*; empty if there is no file.

    It holds, for one instance, what logins have put in the place of declared credentials, such as
    a refresh token that a third party replaces each time.

    Raises:
        ConfigError: if other users can read or change it, or it cannot be read.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | NO_LINK | BINARY)
    except FileNotFoundError:
        return ReplacedCredentialsFile()
    except OSError as error:
        raise _make_unusable_file_error(
            path, msg("it cannot be read ({why})", why=error.strerror)
        ) from None
    try:
        _check_owner(path, os.fstat(descriptor))
        data = os.read(descriptor, _MOST_BYTES)
        kept = msgspec.json.decode(data, type=ReplacedCredentialsFile)
    except (OSError, msgspec.MsgspecError):  # its text is never shown
        raise _make_unusable_file_error(path, msg("it cannot be understood")) from None
    finally:
        os.close(descriptor)
    if kept.version != 1:
        raise _make_unusable_file_error(path, msg("it is of another version of bpmax-sim"))
    return kept


def _check_owner(path: Path, status: os.stat_result) -> None:
    user = find_user()
    if user is None:
        return
    if status.st_uid != user:
        raise _make_unusable_file_error(path, msg("it belongs to another user"))
    if not stat.S_ISREG(status.st_mode):
        raise _make_unusable_file_error(path, msg("it is no file"))
    if status.st_mode & 0o077:
        raise ConfigError(
            "{path}: others can read the credentials that are kept here; "
            "chmod 600 {quoted}, and get a new one if somebody has",
            path=to_display_path(path),
            quoted=shell_quote(to_display_path(path)),
        )


def _make_unusable_file_error(path: Path, why: str) -> ConfigError:
    return ConfigError(
        "{path}: the newest credentials of a login are kept here, and {why}; "
        "remove it, and declare a new one",
        path=to_display_path(path),
        why=why,
    )


def _write_replaced_credentials(path: Path, content: ReplacedCredentialsFile) -> None:
    """Replace the file at *path* in one step; it is on disk when this returns."""
    new = path.with_name(path.name + _TEMPORARY)
    # Made anew (O_EXCL), so that it has these rights and is no link that somebody has put there.
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY | BINARY, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(content)) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    move_file(new, path)
    sync_folder(path.parent)


class ReplacedCredentialStore:
    """Stores credentials that the logins of one session replace, for later sessions and processes.

    Attributes:
        notes: messages saying where each such credential is stored.
        instances: platform key and instance key of the instances that have such credentials.
    """

    def __init__(self, cassette: Path | None) -> None:
        """Store in the project of *cassette*; without one, in that of the current folder."""
        self._cassette = cassette
        self.notes: dict[str, None] = {}
        self.instances: set[tuple[str, str]] = set()

    def find_credential_store(
        self, recipe: CompiledApi, tenant: Credentials, names: Iterable[str]
    ) -> RenewableCredentialStore:
        """Return the stored credentials *names* that a login of *tenant* replaces, not yet locked.

        *recipe* is the compiled API for which the login is made. The login opens them
        (`RenewableCredentialStore.try_lock_and_read`), stores the new values, and closes them.
        """
        key = recipe.platform.platform_key, recipe.instance.instance_key
        self.instances.add(key)
        instance = ".".join(key)
        specs, own = recipe.platform.credentials, recipe.instance.credentials
        declared = {name: own.get(name, specs[name].default) for name in names}
        keyrings = {
            name: source.keyring
            for name, source in declared.items()
            if isinstance(source, Source) and isinstance(source.keyring, str)
        }
        real = {name: str(tenant.real[name]) for name in names}
        # what a keyring holds is replaced in its place, so it tells nothing of which line is meant
        facts = tenant.live, [(name, keyrings.get(name, real[name])) for name in sorted(real)]
        root = project.find_root(self._cassette or Path.cwd())
        return _FileCredentialStore(
            path=get_replaced_credentials_folder(root) / f"{to_file_name(instance)}.json",
            instance=instance,
            digest=_digest(repr(facts)),
            real=real,
            keyrings=keyrings,
            notes=self.notes,
        )


def _digest(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


@dataclass(slots=True, repr=False)
class _FileCredentialStore(RenewableCredentialStore):
    """The stored credentials of one instance, locked while a login replaces them.

    Attributes:
        path: the file.
        digest: of the declared values; the key of the line in the file.
        real: the declared values by name.
        keyrings: keyring entries by name, for credentials that are stored there.
    """

    path: Path
    instance: str
    digest: str
    real: Mapping[str, str]
    keyrings: Mapping[str, str]
    notes: dict[str, None]
    _descriptor: int = field(default=-1, init=False)
    _since: float = field(default_factory=time.monotonic, init=False)
    _line: ReplacementValues = field(default_factory=ReplacementValues, init=False)

    def try_lock_and_read(self) -> bool:
        """Lock the file and read it; return False if another process holds the lock.

        Raises:
            ConfigError: if the file cannot be created or read, or another process has held the lock
                for too long.
        """
        # A refresh token that is valid once may be sent by one process only: the second would be
        # refused, and some servers then revoke the tokens of the first (RFC 9700, 4.14.2).
        # A file of its own: the values are replaced by a rename, which would take a lock away.
        lock = self.path.with_suffix(".lock")
        if self._descriptor < 0:
            flags = os.O_CREAT | os.O_RDWR | NO_LINK
            try:
                project.make_parent_folder(self.path)
                self.path.parent.chmod(0o700)
                self._descriptor = open_fork_safe(lambda: os.open(lock, flags, 0o600))
            except OSError as error:
                raise ConfigError(
                    "{path}: this login replaces {names} of {instance}, and the newest cannot be "
                    "kept here ({why}); run where this folder can be written",
                    path=to_display_path(self.path),
                    names=join_list(self.real),
                    instance=self.instance,
                    why=error.strerror,
                ) from None
        if not try_lock(self._descriptor):
            if time.monotonic() - self._since < _PATIENCE:
                return False
            self.release_lock()
            raise ConfigError(
                "{path}: another process has been logging in to {instance} for a minute, and "
                "only one may send {names}; wait for it, or end it",
                path=to_display_path(lock),
                instance=self.instance,
                names=join_list(self.real),
            )
        self._read()
        return True

    def _read(self) -> None:
        """Read the newest values from the file and the keyring."""
        self._line = read_replaced_credentials(self.path).lines.get(
            self.digest, ReplacementValues()
        )
        self.values = dict(self._line.values)
        for name, entry in self.keyrings.items():
            self.values[name] = read_keyring(entry)
            self._note_source(name, msg("the keyring, {entry}", entry=entry))
        for name in self._line.values:
            self._note_source(name, to_display_path(self.path))

    def _note_source(self, name: str, place: str) -> None:
        self.source = place
        line = msg(
            "{name} of {instance}: the newest, which an earlier login brought, is kept in {place}",
            name=name,
            instance=self.instance,
            place=place,
        )
        self.notes[line] = None

    def store(self, values: Mapping[str, str]) -> None:
        """Store those of *values* (from a response) that are new where the next process finds them.

        Values that were replaced before are left out: a response that another process recorded and
        shares may still have them.

        Raises:
            ConfigError: if they cannot be stored.
        """
        newest = {**self.real, **self.values}
        # A spent value comes from a shared response, recorded by another process; it would be
        # refused.
        fresh = {
            name: value
            for name, value in values.items()
            if value != newest[name] and _digest(value) not in self._line.spent
        }
        if not fresh:
            return
        spent = (*self._line.spent, *(_digest(newest[name]) for name in fresh))[-_MOST_SPENT:]
        self.values = {**self.values, **fresh}
        in_file = {n: v for n, v in self.values.items() if n not in self.keyrings}
        self._line = ReplacementValues(in_file, spent, time.time())
        try:
            for name in fresh.keys() & self.keyrings.keys():
                write_keyring(self.keyrings[name], fresh[name])
            lines = {**read_replaced_credentials(self.path).lines}
            # Put last again, as the first lines fall out.
            lines.pop(self.digest, None)
            lines[self.digest] = self._line
            _write_replaced_credentials(
                self.path, ReplacedCredentialsFile(lines=dict([*lines.items()][-_MOST_LINES:]))
            )
        except (OSError, ConfigError) as error:
            why = getattr(error, "strerror", None) or str(error)
            raise ConfigError(
                "the login of {instance} has replaced {names}, and the newest could not be kept "
                "({why}), so that the one declared is of no more use; get a new one and declare it",
                instance=self.instance,
                names=join_list(fresh),
                why=why,
            ) from None
        for name in fresh:
            entry = self.keyrings.get(name)
            place = (
                msg("the keyring, {entry}", entry=entry) if entry else to_display_path(self.path)
            )
            self._note_source(name, place)

    def release_lock(self) -> None:
        """Release the lock, so that other processes can log in."""
        if self._descriptor >= 0:
            descriptor, self._descriptor = self._descriptor, -1
            close_and_unlock(descriptor)
