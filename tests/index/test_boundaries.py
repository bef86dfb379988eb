"""What the index keeps, trusts and learns: at the limits, and where something is missing."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from bpmax_sim.errors import ConfigError
from bpmax_sim.index import files as files_module
from bpmax_sim.index.files import FileScan, FileStamp, ScannedFile, read_cache, write_cache
from bpmax_sim.index.store import load_index
from bpmax_sim.index.traces import add_traced_names
from bpmax_sim.index.uses import ProjectPlace, ProjectUses
from tests.systems import needs_links

SCRIPT = "const 名 = ['get', 'Order'].join('');\n$proxy('crm').$api(名);\nform[名] = 1;\n"


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("a.js", "a.js"),
        ("b/a.js", "b/a.js"),
        ("./b//a.js", "b/a.js"),
        ("b/../a.js", "a.js"),
        ("b/./c/../a.js", "b/a.js"),
        ("../a.js", "../a.js"),
        ("../项目二/a.js", "../项目二/a.js"),
        (".a.js", ".a.js"),
        ("b/.a.js", "b/.a.js"),
    ],
)
def test_a_file_has_one_name_however_its_path_is_written(
    tmp_path: Path, path: str, name: str
) -> None:
    root = tmp_path / "项目"
    scan = FileScan(root, {})

    assert scan.to_index_name(f"{root}/{path}") == name


@pytest.mark.parametrize("size", [0, 1, 2, 3, 4])
def test_of_a_file_that_is_too_large_only_the_stamp_counts(
    tmp_path: Path, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files_module, "LARGEST", 3)
    file = tmp_path / "a.js"
    file.write_bytes(b"a" * size)
    first = FileScan(tmp_path, {})
    stamped, data = first.read("a.js")
    file.write_bytes(b"b" * size)
    os.utime(file, ns=(0, stamped.stamp.modified if stamped else 0))

    assert stamped is not None
    assert data == (b"a" * size if size <= 3 else b"")
    second = FileScan(tmp_path, {}).read("a.js")[0]
    assert second is not None
    assert (second.digest == stamped.digest) == (size == 0)


@pytest.mark.parametrize(("age", "reliable"), [(0, False), (1, False), (3, True), (-5, False)])
def test_a_stamp_is_trusted_where_two_changes_have_two_times(
    tmp_path: Path, age: int, *, reliable: bool
) -> None:
    file = tmp_path / "a.js"
    file.write_text("1", "utf-8")
    scan = FileScan(tmp_path, {})
    now = time.time_ns()
    stamp = FileStamp(1, now - age * 10**9, 0, 1)
    scan.files = {"a.js": ScannedFile(stamp, b"1"), "b.js": None}

    assert scan.is_stamp_reliable("a.js") == reliable
    # no file needs no stamp
    assert scan.is_stamp_reliable("b.js")
    assert [*scan.find_files_with_reliable_stamp()] == (["a.js"] if reliable else [])


@pytest.mark.parametrize("field", ["size", "modified", "changed", "inode"])
def test_a_file_is_read_again_if_any_part_of_its_stamp_differs(tmp_path: Path, field: str) -> None:
    (tmp_path / "a.js").write_text("1", "utf-8")
    real = FileScan(tmp_path, {}).get_file("a.js")
    assert real is not None
    parts = {name: getattr(real.stamp, name) for name in real.stamp.__struct_fields__}
    known = {
        "same": ScannedFile(real.stamp, b"known"),
        "other": ScannedFile(FileStamp(**{**parts, field: parts[field] + 1}), b"known"),
    }

    assert FileScan(tmp_path, {"a.js": known["same"]}).get_digest("a.js") == b"known"
    assert FileScan(tmp_path, {"a.js": known["other"]}).get_digest("a.js") == real.digest


@needs_links
def test_a_script_that_is_a_link_is_known_by_the_file_that_it_leads_to(tmp_path: Path) -> None:
    shared = tmp_path / "shared.js"
    shared.write_text("form.单价 = 1", "utf-8")
    (tmp_path / "price.js").symlink_to(tmp_path / "inner.js")
    (tmp_path / "inner.js").symlink_to(shared)
    first = FileScan(tmp_path, {}).get_file("price.js")
    assert first is not None
    known = {"price.js": ScannedFile(first.stamp, b"known")}

    assert FileScan(tmp_path, known).get_digest("price.js") == b"known"
    shared.write_text("form.单价 = 20", "utf-8")
    changed = FileScan(tmp_path, known).get_digest("price.js")
    assert changed not in {b"", b"known", first.digest}


@needs_links
def test_what_is_no_file_has_no_digest(tmp_path: Path) -> None:
    (tmp_path / "folder.js").mkdir()
    (tmp_path / "gone.js").symlink_to(tmp_path / "nowhere")
    known = ScannedFile(FileStamp(0, 0, 0, 0), b"known")
    for before in ({}, {"folder.js": known, "gone.js": known, "none.js": known, "\0": known}):
        scan = FileScan(tmp_path, before)
        assert [scan.get_digest(name) for name in ("folder.js", "gone.js", "none.js", "\0")] == [
            b""
        ] * 4
        assert not scan.is_stamp_reliable("gone.js")


@pytest.mark.parametrize("count", [1, 2])
def test_facts_of_other_branches_are_kept_three_times_as_many_as_there_are_files(
    tmp_path: Path, count: int
) -> None:
    folder = tmp_path / "scenarios"
    folder.mkdir()
    for turn in range(4):
        for number in range(2):
            (folder / f"{number}.js").write_text(f"form.甲 = {turn}{number};\n", "utf-8")
        assert load_index(tmp_path).read == 2
    for number in range(count, 2):
        (folder / f"{number}.js").unlink()
    (folder / "0.js").write_text("form.乙 = 1;\n", "utf-8")

    load_index(tmp_path)

    stored = json.loads(_facts_of_cache(tmp_path))
    assert len(stored) == count + 3 * count


def _facts_of_cache(root: Path) -> str:
    from bpmax_sim.index.store import _DECODER  # noqa: PLC0415

    kept = _DECODER.decode((root / ".bpmax/index").read_bytes())
    return json.dumps([digest.hex() for digest in kept.facts])


def traced(root: Path, *lines: str, later: int = 0) -> dict[str, list[tuple[str, int]]]:
    """Return the names that are learned from a trace with these lines, by kind of fact.

    It is of one instant with the script, which may be so many nanoseconds *later*.
    """
    for name in ("x", "y"):
        script = root / f"scenarios/{name}.js"
        script.parent.mkdir(exist_ok=True)
        script.write_text(SCRIPT, "utf-8")
        os.utime(script, ns=(0, 10**9 + later))
    trace = root / ".bpmax/trace/scenarios/甲/一.ndjson"
    trace.parent.mkdir(parents=True, exist_ok=True)
    trace.write_text("\n".join(lines), "utf-8")
    os.utime(trace, ns=(0, 10**9))
    facts = add_traced_names(load_index(root, uses_cache=False)).files["scenarios/x.js"].facts
    learned = [fact for fact in facts if fact.is_learned]
    assert {(f.kind, f.role) for f in learned} <= {("api", "calls"), ("field", "writes")}
    return {
        kind: [(f.name, f.line) for f in learned if f.kind == kind] for kind in ("api", "field")
    }


def event(
    kind: str = "CallMade", name: str = "crm.getOrder", place: str = "x.js:2:14", **more: Any
) -> str:
    key = {"CallMade": "call", "FieldChanged": "field"}.get(kind, "text")
    return json.dumps({"event": kind, key: name, "place": place, **more}, separators=(",", ":"))


def test_each_name_is_learned_once_at_each_line(tmp_path: Path) -> None:
    calls = [
        event(), event(), event(place="x.js:2:40"), event(name="crm.get_order", place="x.js:2:9"),
        event(place="x.js:3:1"), event(name="crm.list"), event(place="x.js:3:7"),
    ]  # fmt: skip
    fields = [event("FieldChanged", "甲", "x.js:3:1"), event("FieldChanged", "乙", "y.js:3:1")]

    assert traced(tmp_path, *calls, *fields) == {
        "api": [("crm.getOrder", 2), ("crm.getOrder", 3), ("crm.list", 2)],
        "field": [("甲", 3)],
    }


@pytest.mark.parametrize(("later", "learned"), [(-1, 1), (0, 1), (1, 0), (10**9, 0)])
def test_nothing_is_learned_of_a_script_that_was_written_after_its_trace(
    tmp_path: Path, later: int, learned: int
) -> None:
    assert traced(tmp_path, event(), later=later)["api"] == [("crm.getOrder", 2)] * learned


SAYS_NOTHING = (
    "", "{", "[]", "null", '["event":"CallMade"]', '{"event":"CallMade"', '{"event":"CallMade"}',
    event()[:-9], '[{"event":"CallMade"}]',
    event("Console", value={"event": "CallMade", "call": "crm.x"}),
    event(place=""), event(place="x.js"), event(place="x.js:7"), event(place="x.js:二:1"),
    event(place="x.js:2:"), event(place="x.yaml:2:1"), event(place="weg.js:2:1"),
    event(place="../../../weg.js:2:1"), event(name="crm.$login"), event(place=":2:1"),
)  # fmt: skip


def test_a_line_that_says_nothing_hides_no_other(tmp_path: Path) -> None:
    lines = [one for line in SAYS_NOTHING for one in (line, event())]

    assert traced(tmp_path, *lines, *SAYS_NOTHING)["api"] == [("crm.getOrder", 2)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("scenarios/x.js", [("file", "scenarios/x.js", 0)]),
        ("./scenarios/x.js", [("file", "scenarios/x.js", 0)]),
        ("scenarios\\x.js", [("file", "scenarios/x.js", 0)]),
        ("scenarios/x.js:0", [("file", "scenarios/x.js", 0)]),
        ("scenarios/x.js:3", [("file", "scenarios/x.js", 3)]),
        ("./scenarios/x.js:3:14", [("file", "scenarios/x.js", 3)]),
        ("scenarios/x.js:99", [("file", "scenarios/x.js", 99)]),
        ("scenarios", [("file", "scenarios/x.js", 0), ("file", "scenarios/y.js", 0)]),
        ("scenarios/", [("file", "scenarios/x.js", 0), ("file", "scenarios/y.js", 0)]),
        ("客户", [("field", "客户", 0)]),
    ],
)
def test_a_place_is_found_by_what_a_person_types(
    tmp_path: Path, text: str, found: list[tuple[str, str, int]]
) -> None:
    uses = uses_in(tmp_path)

    assert [(one.kind, one.name, one.line) for one in uses.find_places(text)] == found


@pytest.mark.parametrize(
    "text", ["", ".", "scenarios:1", "scen", "scenarios/x.js:", "scenarios/x.js:-1", "客"]
)
def test_what_names_nothing_is_said(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError, match="nothing in this project is called"):
        uses_in(tmp_path).find_places(text)


def uses_in(root: Path) -> ProjectUses:
    (root / "scenarios").mkdir()
    for name in ("x", "y"):
        (root / f"scenarios/{name}.js").write_text("\n\nform.客户 = 1;\n", "utf-8")
    return ProjectUses(load_index(root, uses_cache=False))


def test_a_line_without_anything_has_no_uses(tmp_path: Path) -> None:
    uses = uses_in(tmp_path)

    for line, paths in {1: [], 2: [], 3: ["scenarios/x.js", "scenarios/y.js"], 4: []}.items():
        found = uses.find_uses(ProjectPlace("file", "scenarios/x.js", line))
        assert [use.path for use in found] == paths
    assert uses.find_uses(ProjectPlace("field", "没有")) == []


def test_a_cache_that_another_edition_wrote_is_not_read(tmp_path: Path) -> None:
    from bpmax_sim.index.store import _DECODER, StoredIndex  # noqa: PLC0415

    place = tmp_path / "a/b/index"
    write_cache(place, StoredIndex("一", {}, {}))

    assert read_cache(place, _DECODER, "一") == StoredIndex("一", {}, {})
    assert read_cache(place, _DECODER, "二") is None
    assert read_cache(place, _DECODER, "") is None
    assert read_cache(place.parent, _DECODER, "一") is None
    assert [path.name for path in place.parent.iterdir()] == ["index"]


def test_a_cache_that_cannot_be_replaced_leaves_nothing_behind(tmp_path: Path) -> None:
    from bpmax_sim.index.store import StoredIndex  # noqa: PLC0415

    place = tmp_path / "a/index"
    place.mkdir(parents=True)
    file = tmp_path / "b"
    file.write_bytes(b"")

    for path in (place, file / "index"):
        write_cache(path, StoredIndex("一", {}, {}))

    assert sorted(tmp_path.rglob("*")) == [tmp_path / "a", place, file]
