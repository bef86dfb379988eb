"""A folder of cassettes at a URL: fetched where it changed, uploaded whole, never overwritten."""

from __future__ import annotations

import errno
import itertools
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from bpmax_sim.cassette.remote import (
    RemoteStorage,
    is_url,
    make_remote_stamp,
    open_mirror,
)
from bpmax_sim.errors import CassetteError, ConfigError
from bpmax_sim.messages import strip_credentials_and_query
from tests.systems import needs_rights
from tests.third_parties.object_storage import object_storage

NAME = "crm/选择客户/贵宾.yaml"
_serials = itertools.count()


@pytest.fixture(scope="module")
def storage() -> Iterator[str]:
    """Run an S3 and export how to reach it; yield a bucket's URL."""
    with object_storage() as party, pytest.MonkeyPatch.context() as exported:
        for name, value in party.environment.items():
            exported.setenv(name, value)
        fsspec.filesystem("s3", skip_instance_cache=True).mkdir("recordings")
        yield "s3://recordings"


@pytest.fixture(params=["memory", "file", "s3"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return a folder that nobody else uses, of each kind of storage."""
    place = f"run-{os.getpid()}-{next(_serials)}"
    if request.param == "s3":
        return f"{request.getfixturevalue('storage')}/{place}"
    return f"memory://{place}" if request.param == "memory" else (tmp_path / "there").as_uri()


def put(url: str, data: bytes, name: str = NAME) -> None:
    """Write as somebody else does."""
    system, folder = fsspec.core.url_to_fs(f"{url}/{name}", skip_instance_cache=True)
    if url.startswith("file:"):
        system.makedirs(folder.rpartition("/")[0], exist_ok=True)
    system.pipe_file(folder, data)


def there(url: str, name: str = NAME) -> bytes:
    system, path = fsspec.core.url_to_fs(
        f"{url}/{name}", use_listings_cache=False, skip_instance_cache=True
    )
    return bytes(system.cat_file(path))


def fetched(url: str, root: Path, *, recording: bool = False) -> Path:
    """Return the mirrored file as a new run finds it."""
    remote = open_mirror(url, root)
    remote.fetch(remote.folder / NAME, recording=recording)
    return remote.folder / NAME


def test_a_file_is_fetched_and_one_that_is_not_there_is_not_here(url: str, tmp_path: Path) -> None:
    assert not fetched(url, tmp_path).exists()
    put(url, "张三".encode())

    assert fetched(url, tmp_path).read_text(encoding="utf-8") == "张三"


def test_what_did_not_change_is_not_read_again(url: str, tmp_path: Path) -> None:
    put(url, b"one")
    first = fetched(url, tmp_path).stat().st_ino

    assert fetched(url, tmp_path).stat().st_ino == first
    put(url, b"two!")
    assert fetched(url, tmp_path).read_bytes() == b"two!"


def test_a_run_sees_one_state_of_a_file(url: str, tmp_path: Path) -> None:
    put(url, b"one")
    remote = open_mirror(url, tmp_path)
    path = remote.folder / NAME
    for data in (b"one", b"another"):
        put(url, data)
        remote.fetch(path)

    assert path.read_bytes() == b"one"


def test_a_file_that_goes_there_goes_here(url: str, tmp_path: Path) -> None:
    put(url, b"one")
    path = fetched(url, tmp_path)
    system, target = fsspec.core.url_to_fs(f"{url}/{NAME}", skip_instance_cache=True)
    system.rm(target)

    assert fetched(url, tmp_path) == path
    assert not path.exists()


def test_what_was_recorded_is_uploaded_whole_and_only_once(url: str, tmp_path: Path) -> None:
    remote = open_mirror(url, tmp_path)
    path = remote.folder / NAME
    remote.fetch(path, recording=True)
    path.write_bytes(b"recorded")
    remote.upload_if_changed(path)
    assert there(url) == b"recorded"

    path.write_bytes(b"recorded again")
    remote.upload_if_changed(path)
    remote.upload_if_changed(path)
    assert there(url) == b"recorded again"
    assert fetched(url, tmp_path / "ci").read_bytes() == b"recorded again"


def test_what_was_not_uploaded_is_neither_overwritten_nor_played(url: str, tmp_path: Path) -> None:
    put(url, b"old")
    path = fetched(url, tmp_path)
    path.write_bytes(b"recorded, then the network went")

    with pytest.raises(CassetteError) as caught:
        fetched(url, tmp_path)
    assert str(caught.value) == (
        f"{path} was recorded here and not uploaded to "
        f"{strip_credentials_and_query(url)}/{NAME}; upload it by "
        "recording once more, or delete it to play what is there"
    )
    assert fetched(url, tmp_path, recording=True).read_bytes().startswith(b"recorded")
    path.unlink()
    assert fetched(url, tmp_path).read_bytes() == b"old"


def test_what_somebody_else_uploaded_meanwhile_is_not_overwritten(url: str, tmp_path: Path) -> None:
    put(url, b"old")
    path = fetched(url, tmp_path, recording=True)
    path.write_bytes(b"mine")
    put(url, b"theirs")

    with pytest.raises(CassetteError) as caught:
        open_mirror(url, tmp_path).upload_if_changed(path)
    assert str(caught.value) == (
        f"{strip_credentials_and_query(url)}/{NAME} was changed meanwhile by somebody else, so "
        f"nothing was uploaded; what was recorded is in {path}: keep a copy, "
        "delete it and record again"
    )
    assert (there(url), path.read_bytes()) == (b"theirs", b"mine")


def test_an_upload_that_could_not_be_noted_is_none_of_somebody_else(
    url: str, tmp_path: Path
) -> None:
    put(url, b"old")
    path = fetched(url, tmp_path, recording=True)
    path.write_bytes(b"mine")
    put(url, b"mine")

    open_mirror(url, tmp_path).upload_if_changed(path)
    assert fetched(url, tmp_path).read_bytes() == b"mine"


def test_many_threads_fetch_one_file(url: str, tmp_path: Path) -> None:
    put(url, b"one")
    remote = open_mirror(url, tmp_path)
    path = remote.folder / NAME
    threads = [threading.Thread(target=remote.fetch, args=[path]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert path.read_bytes() == b"one"


def test_files_outside_the_mirror_are_nobody_elses(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes(b"mine")
    remote = RemoteStorage("memory://nowhere", tmp_path / "mirror")

    remote.fetch(path)
    remote.upload_if_changed(path)
    remote.upload_if_changed(remote.folder / "never/fetched.yaml")
    assert path.read_bytes() == b"mine"


@needs_rights
def test_nothing_half_written_is_there_when_an_upload_fails(tmp_path: Path) -> None:
    url = (tmp_path / "there").as_uri()
    put(url, b"old")
    path = fetched(url, tmp_path, recording=True)
    path.write_bytes(b"new")
    (tmp_path / "there/crm/选择客户").chmod(0o500)
    if os.access(tmp_path / "there/crm/选择客户", os.W_OK):
        (tmp_path / "there/crm/选择客户/贵宾.yaml").unlink()
        (tmp_path / "there/crm/选择客户/贵宾.yaml").mkdir()  # as for a user who may do anything

    with pytest.raises(CassetteError, match=r"/crm/选择客户/贵宾\.yaml "):
        open_mirror(url, tmp_path).upload_if_changed(path)
    assert path.read_bytes() == b"new"
    (tmp_path / "there/crm/选择客户").chmod(0o700)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("s3://bucket/prefix/", "s3://bucket/prefix"),
        ("ftp://robot:geheim@files.example.test/a?key=geheim#x", "ftp://files.example.test/a"),
        ("https://robot@files.example.test:8443/a", "https://files.example.test:8443/a"),
        ("sftp://bot:pa@ss@files.example.test/c", "sftp://files.example.test/c"),
        ("sftp://@files.example.test/c", "sftp://files.example.test/c"),
        ("memory://x", "memory://x"),
        ("s3://桶/备份？/a", "s3://桶/备份？/a"),
    ],
)
def test_a_url_is_shown_without_credentials(url: str, told: str) -> None:
    assert strip_credentials_and_query(url) == told
    assert repr(RemoteStorage(url, Path())) == f"<RemoteStorage {told}>"


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("s3://bucket", True),
        ("simplecache::s3://bucket", True),
        ("memory://x", True),
        ("cassettes", False),
        ("C:/录制", False),
        ("C:\\录制", False),
        (None, False),
    ],
)
def test_a_url_is_told_from_a_path(place: str | None, expected: bool) -> None:
    assert is_url(place) is expected


def test_credentials_in_a_url_make_no_other_mirror(tmp_path: Path) -> None:
    plain, with_user = (
        open_mirror("ftp://h/x", tmp_path),
        open_mirror("ftp://robot:geheim@h/x", tmp_path),
    )

    assert plain.folder == with_user.folder == tmp_path / ".bpmax/cassettes/ftp-h-x-f78c1e53"


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("nichts://robot:geheim@x/y", "nichts://x/y cannot be used: ValueError; check the URL"),
        (
            "oci://robot:geheim@x/y",
            "oci://x/y needs the package with which fsspec reads oci://, such as s3fs for s3://; install it beside bpmax-sim",  # noqa: E501
        ),
    ],
)
def test_a_url_that_cannot_be_used_is_told_without_credentials(
    url: str, message: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError) as caught:
        fetched(url, tmp_path)
    assert str(caught.value) == message
    assert caught.value.__suppress_context__


def test_a_server_that_cannot_be_reached_is_named_without_credentials(tmp_path: Path) -> None:
    with pytest.raises(CassetteError) as caught:
        fetched("ftp://robot:geheim@127.0.0.1:1/x", tmp_path)

    assert str(caught.value) == "ftp://127.0.0.1:1/x cannot be reached: Connection refused"
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("scheme", ["s3", "ftp"])
def test_storage_that_says_nothing_is_told_soon_and_asked_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"):
        monkeypatch.setenv(name, "test")
    # Its waits are drawn from `random` on a thread that outlives this test and disturbs others.
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        host = f"127.0.0.1:{silent.getsockname()[1]}"
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{host}")
        url = {"s3": "s3://bucket/x", "ftp": f"ftp://robot:geheim@{host}/x"}[scheme]
        remote = RemoteStorage(url, tmp_path, patience=0.3)
        begun, told = time.monotonic(), []
        for name in ("甲.yaml", "乙.yaml", "丙.yaml"):
            with pytest.raises(CassetteError) as caught:
                remote.fetch(tmp_path / name)
            told.append(str(caught.value))
        waited = time.monotonic() - begun

    shown = f"ftp://{host}/x" if scheme == "ftp" else url
    assert told == [f"{shown} cannot be reached: no response within 0.3 s"] * 3
    assert waited < 5  # the file systems' own patience is minutes; the import counts too


@pytest.mark.parametrize("prefix", ["", "simplecache::"])
def test_storage_is_imported_by_who_asks_as_that_may_take_longer_than_an_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, prefix: str
) -> None:
    name = f"warehouse_{next(_serials)}"
    (tmp_path / f"{name}.py").write_text(
        "import threading\n"
        "from fsspec.implementations.memory import MemoryFileSystem\n"
        "imported_by = threading.get_ident()\n"
        "class Warehouse(MemoryFileSystem):\n"
        "    pass\n",
        encoding="utf-8",
    )
    monkeypatch.syspath_prepend(tmp_path)
    fsspec.register_implementation(name.replace("_", "-"), f"{name}.Warehouse")

    remote = open_mirror(f"{prefix}{name.replace('_', '-')}://仓库", tmp_path)
    remote.fetch(remote.folder / NAME)

    assert sys.modules[name].imported_by == threading.get_ident()


@pytest.mark.parametrize("note", [b"", b"{", b"[]", b"null", b"\xff", b'{"stamp":1}', None])
@pytest.mark.parametrize("is_here", [True, False])
def test_a_file_whose_note_is_lost_counts_as_recorded_here(
    tmp_path: Path, note: bytes | None, *, is_here: bool
) -> None:
    url = f"memory://run-{os.getpid()}-{next(_serials)}"
    put(url, b"one")
    path = fetched(url, tmp_path)
    place = open_mirror(url, tmp_path).folder / f".state/{NAME}.json"
    if note is None:
        place.unlink()
    else:
        place.write_bytes(note)
    if not is_here:
        path.unlink()
        assert fetched(url, tmp_path).read_bytes() == b"one"
        return
    with pytest.raises(CassetteError, match="was recorded here and not uploaded"):
        fetched(url, tmp_path)
    assert fetched(url, tmp_path, recording=True).read_bytes() == b"one"
    open_mirror(url, tmp_path).upload_if_changed(path)  # it is the same, which is noted then
    assert fetched(url, tmp_path).read_bytes() == b"one"


class StumblingFileSystem(MemoryFileSystem):  # type: ignore[misc]
    """Storage that has a time-out of its own; a colon ends its root, as in an address."""

    protocol = "stumbling"
    store: ClassVar[dict[str, Any]] = {}
    pseudo_dirs: ClassVar[list[str]] = [""]
    asked: ClassVar[list[str]] = []

    @classmethod
    def _strip_protocol(cls, path: Any) -> Any:
        return path

    def info(self, path: str, **_options: Any) -> dict[str, Any]:
        self.asked.append(path)
        raise TimeoutError(errno.ETIMEDOUT, "geheim")


@pytest.mark.parametrize("end", ["", "/", "//"])
def test_a_time_out_of_the_storage_itself_is_of_one_file(tmp_path: Path, end: str) -> None:
    fsspec.register_implementation("stumbling", StumblingFileSystem, clobber=True)
    StumblingFileSystem.asked.clear()
    remote = open_mirror(f"stumbling://甲{end}", tmp_path)
    for name in (NAME, "b.yaml"):
        with pytest.raises(CassetteError) as caught:
            remote.fetch(remote.folder / name)
        assert str(caught.value).endswith(f"/{name} cannot be read: Connection timed out")

    assert StumblingFileSystem.asked == [f"stumbling://甲/{NAME}", "stumbling://甲/b.yaml"]


@pytest.mark.parametrize(
    ("info", "stamp"),
    [
        ({"ETag": '"abc"', "LastModified": 5, "size": 3}, '"abc"'),
        ({"mtime": 17.5, "size": 3}, "17.5 3"),
        ({"created": "2026-03-02", "size": 3}, "2026-03-02 3"),
        ({"size": 3}, " 3"),
    ],
)
def test_a_stamp_is_the_etag_or_time_and_size(info: dict[str, object], stamp: str) -> None:
    assert make_remote_stamp(info) == stamp


def test_fsspec_is_loaded_only_where_cassettes_lie_at_a_url() -> None:
    program = (
        "import sys, bpmax_sim.session, bpmax_sim.cassette.remote as r, pathlib\n"
        "r.open_mirror('s3://x/y', pathlib.Path())\n"
        "assert 'fsspec' not in sys.modules"
    )

    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_process_that_died_while_it_fetched_leaves_a_file_to_be_fetched(tmp_path: Path) -> None:
    url = f"memory://run-{os.getpid()}-{next(_serials)}"
    put(url, b"old")
    path = fetched(url, tmp_path)
    note = open_mirror(url, tmp_path).folder / f".state/{NAME}.json"
    before = note.read_bytes()
    put(url, b"newer")
    fetched(url, tmp_path)
    coming = b'"coming":"' + note.read_bytes().partition(b'"sha":"')[2][:64] + b'"'
    note.write_bytes(before.replace(b'"coming":""', coming))

    assert fetched(url, tmp_path).read_bytes() == b"newer"
    assert path.read_bytes() == b"newer"
