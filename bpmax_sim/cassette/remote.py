"""Keep cassettes at an fsspec URL, such as object storage, with a copy on disk, the mirror.

*Storage* is the folder at the URL; the *mirror* is a folder in ``.bpmax/cassettes`` of the project.
This is the only module that uses fsspec; everything else works on the mirror. In one run a file is
checked once, and downloaded if it changed. A sealed file is uploaded whole. A local file that is
not uploaded yet is never overwritten, and never replayed as if it had been uploaded. Messages show
only scheme, host and path of a URL.
"""

from __future__ import annotations

import hashlib
import os
import re
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import msgspec

from bpmax_sim.cassette import journal
from bpmax_sim.errors import BpmaxError, CassetteError, ConfigError
from bpmax_sim.file_system import lock_folder
from bpmax_sim.i18n import msg
from bpmax_sim.messages import strip_credentials_and_query

T = TypeVar("T")

_URL: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+(::[A-Za-z][A-Za-z0-9+.-]*)*://")
_STAMPS: Final = ("ETag", "etag", "e_tag", "checksum", "md5Hash")
_TIMES: Final = ("mtime", "LastModified", "last_modified", "updated", "modified", "created")
_WITH_FOLDERS: Final = frozenset({"file", "local", "ftp", "sftp", "ssh", "smb", "hdfs", "webhdfs"})
PATIENCE: Final = 5.0  # seconds; what is asked in them is answered in a few milliseconds
_uploading = threading.Lock()  # a transaction is the file system's, which threads share


class _NoResponseError(Exception):
    """Raised if the remote file system does not respond in time.

    The request continues in the background; its result is ignored.
    """


class MirroredFileState(msgspec.Struct, frozen=True):
    """The state of a file when its local copy and the remote file were last equal.

    Attributes:
        stamp: text that changes with the remote file, such as its etag.
        sha: digest of the content.
        coming: digest of the content about to replace it, in case the process dies in between.
    """

    stamp: str
    sha: str
    coming: str = ""


_decode = msgspec.json.Decoder(MirroredFileState).decode


def is_url(place: object) -> bool:
    """Return whether *place* is a URL rather than a path."""
    return isinstance(place, str) and _URL.match(place) is not None


def open_mirror(url: str, root: Path) -> RemoteStorage:
    """Return the folder at *url* with its copy in ``.bpmax/cassettes`` of the project *root*."""
    shown = strip_credentials_and_query(url)
    slug = re.sub(r"[^\w.-]+", "-", shown).strip("-")[:60]
    digest = hashlib.sha256(shown.encode()).hexdigest()[:8]
    return RemoteStorage(url, root / ".bpmax" / "cassettes" / f"{slug}-{digest}")


class RemoteStorage:
    """A folder of cassettes at a URL (S3, WebDAV, …), with a local copy of the files that are used.

    It may be used from several threads and processes. Compared with the state noted when both
    copies were last equal::

        local      remote     `fetch`            `upload_if_changed`
        the same   the same   does nothing       does nothing
        the same   changed    downloads          does nothing
        changed    the same   refuses to play    uploads
        changed    changed    refuses to play    refuses, unless both have the same content

    Attributes:
        folder: the local copy (mirror).
    """

    def __init__(self, url: str, folder: Path, *, patience: float = PATIENCE) -> None:
        """Create without connecting.

        Storage that does not respond for *patience* seconds counts as down.
        """
        self.folder = folder
        self._url = url
        self._seen: set[Path] = set()
        self._opened: tuple[Any, str] | None = None
        self._patience = patience
        self._is_down = False

    def __repr__(self) -> str:
        return f"<RemoteStorage {strip_credentials_and_query(self._url)}>"

    def fetch(self, path: Path, *, recording: bool = False) -> None:
        """Update the local copy *path* if the file changed at the URL; each file only once per run.

        The local copy is deleted if there is no such file at the URL.

        Raises:
            ConfigError: if the URL cannot be used at all.
            CassetteError: if the file cannot be read at the URL, or was recorded here and not
                uploaded; with *recording*, such a file is left as it is.
        """
        if path in self._seen or not path.is_relative_to(self.folder):
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        with lock_folder(path.parent):
            if not self._is_changed_locally(path):
                self._update_local_file(path)
            elif not recording:
                raise CassetteError(
                    "{path} was recorded here and not uploaded to {there}; upload it by recording "
                    "once more, or delete it to play what is there",
                    path=path,
                    there=self._to_display_url(path),
                )
        self._seen.add(path)

    def upload_if_changed(self, path: Path) -> None:
        """Upload the local file *path* if it changed since it was downloaded.

        Raises:
            CassetteError: if it cannot be written at the URL, or the file changed there too; the
                local file is kept and can be uploaded later.
        """
        if not path.is_relative_to(self.folder) or not path.parent.is_dir():
            return
        with lock_folder(path.parent):
            if self._is_changed_locally(path):
                self._upload_unless_remote_changed(path)

    def _is_changed_locally(self, path: Path) -> bool:
        """Return whether *path* was changed here, by a recording, since it was downloaded."""
        state = self._read_state(path)
        if not path.exists():
            return False
        return state is None or _hash_bytes(path.read_bytes()) not in {state.sha, state.coming}

    def _update_local_file(self, path: Path) -> None:
        state, stamp = self._read_state(path), self._read_remote_stamp(path)
        if stamp is None:
            path.unlink(missing_ok=True)
            self._to_state_path(path).unlink(missing_ok=True)
        elif state is None or state.stamp != stamp or not path.exists():
            data = self._call_storage(
                path, msg("read"), lambda system, there: system.cat_file(there)
            )
            before = state or MirroredFileState("", "")
            # Noted first: a process that is killed between these writes leaves a file that counts
            # as downloaded, not as recorded here, which nobody could fetch any more.
            self._write_state(path, MirroredFileState(before.stamp, before.sha, _hash_bytes(data)))
            journal.replace_file(path, data)
            self._write_state(path, MirroredFileState(stamp, _hash_bytes(data)))

    def _upload_unless_remote_changed(self, path: Path) -> None:
        data, state, stamp = (
            path.read_bytes(),
            self._read_state(path),
            self._read_remote_stamp(path),
        )
        is_changed = stamp != (state.stamp if state else None)
        # unless it was uploaded already, by a process that could not note it
        if is_changed and data != self._call_unless_missing(
            path, lambda system, at: bytes(system.cat_file(at))
        ):
            raise CassetteError(
                "{there} was changed meanwhile by somebody else, so nothing was uploaded; what "
                "was recorded is in {path}: keep a copy, delete it and record again",
                there=self._to_display_url(path),
                path=path,
            )

        def write(system: Any, target: str) -> None:
            protocols = system.protocol
            names = {protocols} if isinstance(protocols, str) else protocols
            if not _WITH_FOLDERS.isdisjoint(names):
                system.makedirs(target.rpartition("/")[0], exist_ok=True)
            with _uploading, system.transaction, system.open(target, "wb") as file:
                file.write(data)

        self._call_storage(path, msg("written"), write)
        self._write_state(
            path, MirroredFileState(self._read_remote_stamp(path) or "", _hash_bytes(data))
        )

    def _read_remote_stamp(self, path: Path) -> str | None:
        """Return a text that changes with the remote file of *path*; None if there is none."""
        within = partial(_call_with_timeout, self._patience)
        return self._call_unless_missing(
            path, lambda system, there: make_remote_stamp(within(lambda: system.info(there)))
        )

    def _call_unless_missing(self, path: Path, ask: Callable[[Any, str], T]) -> T | None:
        """Return ``ask(file system, remote path)`` for the local *path*.

        None if the file is not there.
        """

        def read(system: Any, there: str) -> T | None:
            try:
                return ask(system, there)
            except FileNotFoundError:
                return None

        return self._call_storage(path, msg("read"), read)

    def _call_storage(self, path: Path, action_in_error: str, ask: Callable[[Any, str], T]) -> T:
        """Return ``ask(file system, remote path)`` for the local *path*.

        *action_in_error* names the action in errors. Error texts of file systems are not shown, as
        they may contain secrets.
        """
        try:
            system, folder = self._open_filesystem()
            return ask(system, f"{folder}/{self._to_remote_name(path)}")
        except BpmaxError:  # why the file system cannot be used at all
            raise
        except _NoResponseError:
            self._is_down = True
            raise CassetteError(
                "{shown_url} cannot be reached: no response within {patience:g} s",
                shown_url=strip_credentials_and_query(self._url),
                patience=self._patience,
            ) from None
        except Exception as error:  # noqa: BLE001 - each file system raises what it likes
            why = _describe_error_kind(error)
            raise CassetteError(
                "{there} cannot be {done}: {why}",
                there=self._to_display_url(path),
                done=action_in_error,
                why=why,
            ) from None

    def _open_filesystem(self) -> tuple[Any, str]:
        if self._is_down:  # each further file would wait as long
            raise _NoResponseError
        if self._opened is None:
            self._opened = _open_file_system(self._url, self._patience)
        return self._opened

    def _to_display_url(self, path: Path) -> str:
        return f"{strip_credentials_and_query(self._url)}/{self._to_remote_name(path)}"

    def _to_remote_name(self, path: Path) -> str:
        return path.relative_to(self.folder).as_posix()

    def _to_state_path(self, path: Path) -> Path:
        return self.folder / ".state" / f"{self._to_remote_name(path)}.json"

    def _read_state(self, path: Path) -> MirroredFileState | None:
        try:
            return _decode(self._to_state_path(path).read_bytes())
        except (FileNotFoundError, msgspec.MsgspecError):
            return None

    def _write_state(self, path: Path, state: MirroredFileState) -> None:
        note = self._to_state_path(path)
        note.parent.mkdir(parents=True, exist_ok=True)
        journal.replace_file(note, msgspec.json.encode(state))


def make_remote_stamp(info: Mapping[str, Any]) -> str:
    """Return a text that changes with the remote file: its etag, else modification time and size.

    *info* is what the file system returns about the file.
    """
    # An etag changes with the content. A time of change may have whole seconds only, so the size is
    # added, by which most changes within one second show.
    for key in _STAMPS:
        if info.get(key):
            return str(info[key])
    time = next((info[key] for key in _TIMES if info.get(key)), "")
    return f"{time} {info.get('size')}"


def _call_with_timeout(seconds: float, operation: Callable[[], T]) -> T:
    """Run *operation* on a thread of its own and wait at most *seconds*.

    File systems retry as long as they like, mostly for minutes, and have no common option to limit
    it.

    Raises:
        _NoResponseError: if it takes longer.
    """
    from concurrent.futures import Future  # noqa: PLC0415 - few projects have a remote storage

    future: Future[T] = Future()

    def work() -> None:
        try:
            future.set_result(operation())
        except BaseException as error:  # noqa: BLE001 - it is raised where somebody waits
            future.set_exception(error)

    # a daemon, as a thread of a pool would be waited for at the end of the process
    threading.Thread(target=work, name="bpmax-storage", daemon=True).start()
    try:
        return future.result(seconds)
    except TimeoutError:
        if future.done():
            raise  # the file system's own
        raise _NoResponseError from None


def _open_file_system(url: str, timeout: float) -> tuple[Any, str]:
    """Return the file system of *url* and the folder in it; wait at most *timeout* seconds.

    Raises:
        ConfigError: if fsspec, or the package for the scheme, is not installed or unknown.
        CassetteError: if it cannot be reached.
        _NoResponseError: if it does not respond in time.
    """
    shown = strip_credentials_and_query(url)
    try:
        from fsspec.core import url_to_fs  # noqa: PLC0415 - only where cassettes lie at a URL
        from fsspec.registry import get_filesystem_class  # noqa: PLC0415
    except ImportError:
        raise ConfigError(
            '{shown} needs fsspec; pip install "bpmax-sim[remote]"', shown=shown
        ) from None
    try:
        for part in url.split("::"):
            with suppress(ValueError):  # what is not known is told below
                get_filesystem_class(part.partition("://")[0])  # imports, which may take long
        system, folder = _call_with_timeout(
            timeout,
            lambda: url_to_fs(url, use_listings_cache=False, skip_instance_cache=True),
        )
    except ImportError:
        scheme = urlsplit(url).scheme
        raise ConfigError(
            "{shown} needs the package with which fsspec reads {scheme}://, such as s3fs "
            "for s3://; install it beside bpmax-sim",
            shown=shown,
            scheme=scheme,
        ) from None
    except _NoResponseError:
        raise
    except OSError as error:
        raise CassetteError(
            "{shown} cannot be reached: {why}", shown=shown, why=_describe_error_kind(error)
        ) from None
    except Exception as error:  # noqa: BLE001 - each file system raises what it likes
        raise ConfigError(
            "{shown} cannot be used: {why}; check the URL",
            shown=shown,
            why=_describe_error_kind(error),
        ) from None
    return system, str(folder).rstrip("/")


def _describe_error_kind(error: Exception) -> str:
    """Return the kind of *error* in neutral words; its own text may contain credentials."""
    number = getattr(error, "errno", None)
    return os.strerror(number) if isinstance(number, int) else type(error).__name__


def _hash_bytes(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
