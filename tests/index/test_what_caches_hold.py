"""What a cache is good for: which content, of which code, at which time, and under which name."""

from __future__ import annotations

import os
import platform
import time
from pathlib import Path

import msgspec
import pytest

import bpmax_sim
from bpmax_sim.index import files
from bpmax_sim.index.files import FileScan, FileStamp, ScannedFile, read_cache, write_cache
from bpmax_sim.index.store import load_index
from tests.systems import needs_links

NOW = 10**18


def write(path: Path, text: str = "1", *, time: int = NOW) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    os.utime(path, ns=(time, time))
    return path


def test_the_code_of_every_package_below_counts_and_nothing_else(tmp_path: Path) -> None:
    for name in ("a.py", "内/b.py", "内/更内/c.py", "x.pyc", "内/x.txt", "__pycache__/d.py"):
        write(tmp_path / name, name)
    write(tmp_path / "lib.dist-info/e.py")
    sep = os.sep

    def stamp() -> set[str]:
        return {
            one.removeprefix(f"{tmp_path}{sep}").replace(sep, "/")
            for one in files._stamp_python_files(str(tmp_path))
        }

    assert stamp() == {f"a.py:4:{NOW}", f"内/b.py:8:{NOW}", f"内/更内/c.py:15:{NOW}"}
    write(tmp_path / "a.py", "a.py", time=NOW + 10**9)
    write(tmp_path / "内/b.py", "12")
    assert stamp() == {f"a.py:4:{NOW + 10**9}", f"内/b.py:2:{NOW}", f"内/更内/c.py:15:{NOW}"}


def test_each_version_and_each_file_of_code_is_an_edition(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    make = files.make_code_edition.__wrapped__
    monkeypatch.setattr(files, "_stamp_python_files", lambda _folder: ["b", "a"])
    editions = [make()]
    for owner, name, value in (
        (bpmax_sim, "__version__", "0"),
        (platform, "python_version", lambda: "2.7"),
        (msgspec, "__version__", "0"),
        (files, "_stamp_python_files", lambda _folder: ["a"]),
    ):
        monkeypatch.setattr(owner, name, value)
        editions.append(make())
    monkeypatch.setattr(files, "_stamp_python_files", lambda _folder: iter(["b", "a"]))
    first = make()
    monkeypatch.setattr(files, "_stamp_python_files", lambda _folder: ["a", "b"])

    assert len(set(editions)) == len(editions)
    assert make() == first  # in whatever order the disk has them
    monkeypatch.setattr(files, "_stamp_python_files", lambda folder: [folder])
    by_folder = make()
    monkeypatch.setattr(
        files, "_stamp_python_files", lambda _folder: [str(Path(bpmax_sim.__file__).parent)]
    )
    assert make() == by_folder


class Kept(msgspec.Struct):
    edition: str
    number: int = 0


DECODER = msgspec.msgpack.Decoder(Kept)


def test_only_a_whole_cache_of_the_same_edition_is_read(tmp_path: Path) -> None:
    place = tmp_path / "内/cache"
    write_cache(place, Kept("2", 7))
    (tmp_path / "folder").mkdir()
    (tmp_path / "list").write_bytes(msgspec.msgpack.encode(["2", 7]))
    (tmp_path / "less").write_bytes(msgspec.msgpack.encode({"number": 7}))
    (tmp_path / "more").write_bytes(place.read_bytes() + b"\0")

    assert read_cache(place, DECODER, "2") == Kept("2", 7)
    assert [read_cache(place, DECODER, edition) for edition in ("1", "3", "", "22")] == [None] * 4
    for name in ("none", "folder", "list", "less", "more", "内/cache/x", "\0"):
        assert read_cache(tmp_path / name, DECODER, "2") is None, name


def test_a_cache_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "cache/inner").mkdir(parents=True)
    write_cache(tmp_path / "cache", Kept("1"))
    write_cache(tmp_path / "b", Kept("1"))
    write_cache(tmp_path / "b", Kept("2"))
    write_cache(tmp_path / "b/x", Kept("3"))

    assert sorted(path.name for path in tmp_path.iterdir()) == ["b", "cache"]
    assert read_cache(tmp_path / "b", DECODER, "2") == Kept("2")


def test_the_digest_is_that_of_name_and_content(tmp_path: Path) -> None:
    for name, text in {
        "a.js": "1",
        "b.js": "1",
        "c.js": "2",
        "d.js": "",
        "js": "",
        "a": "",
    }.items():
        write(tmp_path / name, text)
    scan = FileScan(tmp_path, {})
    digests = [scan.get_digest(name) for name in ("a.js", "b.js", "c.js", "d.js", "js", "a")]

    assert len({*digests, b""}) == 7  # an empty file is a file
    told, file = (tmp_path / "a.js").stat(), scan.get_file("a.js")
    assert file is not None
    assert file.stamp == FileStamp(1, told.st_mtime_ns, told.st_ctime_ns, told.st_ino)
    assert FileScan(tmp_path, {}).get_digest("a.js") == digests[0]
    assert [scan.read(name) for name in (os.devnull, "\0", ".")] == [(None, b"")] * 3
    assert (scan.get_digest(os.devnull), scan.get_digest("没有.js")) == (b"", b"")


def test_what_was_read_last_is_what_is_known(tmp_path: Path) -> None:
    path = write(tmp_path / "a.js", "1")
    scan = FileScan(tmp_path, {})
    before = scan.get_file("a.js")
    write(path, "22")

    assert scan.get_file("a.js") == before  # one scan is one look
    after, data = scan.read("a.js")
    assert (data, scan.get_file("a.js"), scan.files) == (b"22", after, {"a.js": after})
    assert before is not None
    assert after is not None
    assert before.digest != after.digest
    path.unlink()
    assert scan.read("a.js") == (None, b"")
    assert scan.files == {"a.js": None}
    assert FileScan(tmp_path, {"a.js": after}).get_file("a.js") is None


def test_both_times_of_a_file_have_to_be_old(tmp_path: Path) -> None:
    scan = FileScan(tmp_path, {})
    now = time.time_ns()
    times = {"old": now - 10**10, "late": now - 15 * 10**8, "now": now + 10**9}
    scan.files = {
        f"{one} {other}": ScannedFile(FileStamp(1, times[one], times[other], 1), b"1")
        for one in times
        for other in times
    }
    scan.files["none"] = None

    assert [*scan.find_files_with_reliable_stamp()] == ["old old"]
    assert scan.is_stamp_reliable("none")


def test_a_name_of_the_index_is_the_way_from_the_root(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "项目"
    root.mkdir()
    monkeypatch.chdir(tmp_path)
    for scan in (FileScan(root, {}), FileScan(Path("项目"), {}), FileScan(Path("项目/内/.."), {})):
        names = {
            name: scan.to_index_name(name)
            for name in (f"{root}/a.js", f"{root}/x/./a.js", f"{root}/x/../a.js", f"{root}//a.js",
                         "项目/a.js", "a.js", f"{tmp_path}/项目二/a.js", f"{root}/..a.js")
        }  # fmt: skip
        assert [*names.values()] == [
            "a.js", "x/a.js", "a.js", "a.js", "a.js", "../a.js", "../项目二/a.js", "..a.js",
        ]  # fmt: skip
        assert scan.to_absolute_path("x/a.js") == os.path.join(root, "x/a.js")  # noqa: PTH118


@needs_links
def test_a_linked_file_is_a_file_of_the_project_and_a_linked_folder_is_not(tmp_path: Path) -> None:
    shared = write(tmp_path / "公用/x.js", "form.甲 = 1;\n")
    write(tmp_path / "公用/y.js", "form.乙 = 1;\n")
    scenarios = tmp_path / "scenarios"
    for name in ("甲/a.js", "甲/b.yml", "甲/c.csv", "甲/d.txt", "甲/e.JS", "乙.yaml"):
        write(scenarios / name, "")
    write(tmp_path / "cassettes/甲/c.yaml", "a: 1\n")
    write(tmp_path / "else/d.yaml", "a: 1\n")
    (scenarios / "甲/x.js").symlink_to(shared)
    (scenarios / "甲/全部").symlink_to(tmp_path / "公用")
    (scenarios / "甲/自己").symlink_to(scenarios)

    found = load_index(tmp_path, uses_cache=False).files

    assert [*found] == [
        "cassettes/甲/c.yaml", "scenarios/乙.yaml", "scenarios/甲/a.js", "scenarios/甲/b.yml",
        "scenarios/甲/c.csv", "scenarios/甲/x.js",
    ]  # fmt: skip
    assert [fact.name for fact in found["scenarios/甲/x.js"].facts] == ["甲"]
    assert found["cassettes/甲/c.yaml"].kind == "yaml"  # it has no head of a cassette


def test_the_index_follows_what_files_run_and_load_and_nothing_twice(tmp_path: Path) -> None:
    write(
        tmp_path / "scenarios/付款.scenario.yaml",
        "scripts: {提交: ../外/a.js, 保存: ../外/b.txt}\nuse: [../外/p.yml]\n"
        "cases: {from: ../外/r.csv}\nproxy: {cassette: ../外/c}\nsteps: []\n",
    )
    write(tmp_path / "外/p.yml", "use: [q.yaml]\nsteps: {}\n")
    for name in ("a.js", "b.txt", "q.yaml", "r.csv", "c.yaml", "z.js"):
        write(tmp_path / "外" / name, "")

    first = load_index(tmp_path)
    assert [*first.files] == [
        "scenarios/付款.scenario.yaml", "外/a.js", "外/p.yml", "外/q.yaml", "外/r.csv",
    ]  # fmt: skip
    assert (first.read, set(first.digests)) == (5, set(first.files))
    assert load_index(tmp_path).read == 0
    assert load_index(tmp_path, uses_cache=False).read == 5


def test_without_its_cache_an_index_neither_reads_nor_writes_one(tmp_path: Path) -> None:
    write(tmp_path / "scenarios/a.js", "form.甲 = 1;\n")
    load_index(tmp_path, uses_cache=False)
    assert not (tmp_path / ".bpmax").exists()
    load_index(tmp_path)
    place = tmp_path / ".bpmax/index"
    before = place.read_bytes()

    assert load_index(tmp_path, uses_cache=False).read == 1
    assert place.read_bytes() == before
    write(tmp_path / "scenarios/b.js")
    load_index(tmp_path)
    assert place.read_bytes() != before


def test_an_index_is_written_anew_only_if_anything_is_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "_RACY", -(10**10))
    for name in ("a.js", "b.js"):
        write(tmp_path / "scenarios" / name, "form.甲 = 1;\n")
    written: list[Path] = []

    def note_and_write(place: Path, content: object) -> None:
        written.append(place)
        write_cache(place, content)

    monkeypatch.setattr("bpmax_sim.index.store.write_cache", note_and_write)

    def is_written() -> bool:
        written.clear()
        load_index(tmp_path)
        return written == [tmp_path / ".bpmax/index"]

    assert [is_written() for _ in range(3)] == [True, False, False]
    write(tmp_path / "scenarios/a.js", "form.甲 = 1;\n", time=NOW + 10**9)  # the time alone
    assert [is_written() for _ in range(2)] == [True, False]
    (tmp_path / "scenarios/b.js").unlink()
    assert [is_written() for _ in range(2)] == [True, False]
    write(tmp_path / "scenarios/a.js", "form.乙 = 1;\n")
    assert [is_written() for _ in range(2)] == [True, False]
