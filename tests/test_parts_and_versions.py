"""Parts of other distributions, lazy names, and Git's settings, without installing anything."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bpmax_sim import exports, extensions, git
from bpmax_sim.errors import ConfigError, ExtensionWarning
from bpmax_sim.extensions import ExtensionPoint

GROUP = "bpmax_sim.test_teile"
SOURCE = """
import bpmax_sim.errors
SEVEN = 7
TRUE = True
TEXT = "sieben"
class Teil:
    def rechnen(self, a, b): return a - b
    def platzen(self): raise ValueError("geheim-2026")
    def melden(self): raise bpmax_sim.errors.BpmaxError("von uns")
def rufen(*values): return values
TEIL = Teil()
"""


def lay(folder: Path, name: str, version: str = "1.0", **points: str) -> None:
    info = folder / f"{name}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    lines = [f"{point} = {value}" for point, value in points.items()]
    (info / "entry_points.txt").write_text("\n".join([f"[{GROUP}]", *lines]))


@pytest.fixture
def _teile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let two other distributions and this package itself offer parts."""
    (tmp_path / "teile_kern.py").write_text(SOURCE, encoding="utf-8")
    (tmp_path / "teile_bruch.py").write_text("raise OSError('weg')", encoding="utf-8")
    core = {name: f"teile_kern:{name.upper()}" for name in ("seven", "text", "teil", "true")}
    lay(tmp_path, "z_kern", **core, own="teile_kern:SEVEN", both="teile_kern:SEVEN",
        rufen="teile_kern:rufen")  # fmt: skip
    lay(tmp_path, "a_bruch", bruch="teile_bruch:X", fehlt="nirgends:X", both="teile_kern:SEVEN",
        ours="teile_kern:TEXT", zuletzt="teile_kern:TEXT")  # fmt: skip
    lay(tmp_path, "bpmax_sim", ours="teile_kern:SEVEN", mine="teile_kern:SEVEN")
    lay(tmp_path / "again", "z_kern", seven="teile_kern:SEVEN")
    monkeypatch.syspath_prepend(tmp_path / "again")
    monkeypatch.syspath_prepend(tmp_path)
    extensions._read_group.cache_clear()
    yield
    extensions._read_group.cache_clear()
    for name in ("teile_kern", "teile_bruch"):
        sys.modules.pop(name, None)


def refusal(do: Any) -> str:
    with pytest.raises((ConfigError, AttributeError)) as raised:
        do()
    return str(raised.value)


@pytest.mark.usefixtures("_teile")
def test_the_parts_of_a_point_are_those_of_this_package_and_then_the_others() -> None:
    point = ExtensionPoint(GROUP, int, {"one": 1, "own": 0})

    assert point.list_names() == (
        "one", "own", "mine", "ours", "both", "bruch", "fehlt", "rufen", "seven", "teil",
        "text", "true", "zuletzt",
    )  # fmt: skip
    assert "teile_kern" not in sys.modules
    assert [name in point for name in ("one", "seven", "neun", 7)] == [True, True, False, False]
    assert [point.get(name) for name in ("own", "one", "seven", "ours", "neun")] == [
        0, 1, 7, 7, None,
    ]  # fmt: skip
    assert point.require("own", "teil") == 0
    assert point.get_module_and_attribute("seven") == "teile_kern:SEVEN"
    with pytest.warns(ExtensionWarning) as warned:
        parts = dict(point.load_usable_parts())
    assert parts == {"one": 1, "own": 0, "mine": 7, "ours": 7, "seven": 7, "true": True}
    assert len(warned) == 7


@pytest.mark.usefixtures("_teile")
def test_a_part_that_cannot_be_used_says_whose_it_is_and_why() -> None:
    point = ExtensionPoint(GROUP, (int, bool), {"own": 0})
    of = f"{GROUP}: "

    assert {name: refusal(lambda name=name: point.require(name, "teil")) for name in (
        "bruch", "fehlt", "text", "both", "sevn", "ganz anders",
    )} == {
        "bruch": f"{of}'bruch' of a_bruch cannot be imported (teile_bruch:X): OSError: weg",
        "fehlt": f"{of}'fehlt' of a_bruch cannot be imported (nirgends:X): ModuleNotFoundError: "
        "No module named 'nirgends'",
        "text": f"{of}'text' of z_kern (teile_kern:TEXT): expected int, bool, got str",
        "both": f"{of}'both' is registered by a_bruch, z_kern; uninstall all but one",
        "sevn": "teil: there is no 'sevn'; did you mean 'seven'?",
        "ganz anders": "teil: there is no 'ganz anders'; there are own, mine, ours, both, "
        "bruch, fehlt, rufen, seven, teil, text, true, zuletzt",
    }  # fmt: skip
    assert refusal(lambda: ExtensionPoint("bpmax_sim.leer", int).require("x", "teil")) == (
        "teil: there is no 'x'; no entry points of bpmax_sim.leer are installed, so install this "
        "package again"
    )


@pytest.mark.usefixtures("_teile")
def test_the_problems_of_the_parts_of_others_are_found() -> None:
    def stays(name: str, distribution: str, value: str) -> tuple[str, str, str]:
        return (name, distribution, (f"{GROUP}: {name!r} of {distribution} ({value}) is the name "
        f"of "
                "a part of bpmax-sim, which stays; rename it"))  # fmt: skip

    found = list(ExtensionPoint(GROUP, (int, str), {"own": 0}).find_foreign_part_problems())
    assert [one for one in found if not one[2]] == [
        ("seven", "z_kern", ""), ("text", "z_kern", ""),
        ("true", "z_kern", ""), ("zuletzt", "a_bruch", ""),
    ]  # fmt: skip
    assert [one for one in found if "which stays" in one[2]] == [
        stays("ours", "a_bruch", "teile_kern:TEXT"), stays("own", "z_kern", "teile_kern:SEVEN"),
    ]  # fmt: skip
    assert [one[:2] for one in found if one[2] and "which stays" not in one[2]] == [
        ("both", "a_bruch, z_kern"), ("bruch", "a_bruch"), ("fehlt", "a_bruch"),
        ("rufen", "z_kern"), ("teil", "z_kern"),
    ]  # fmt: skip


@pytest.mark.usefixtures("_teile")
def test_a_part_is_called_and_its_errors_do_not_show_their_text() -> None:
    def fail() -> None:
        raise KeyError("geheim-2026")

    point: ExtensionPoint[object] = ExtensionPoint(GROUP, object, {"own": fail, "text": len})

    assert point.call("teil", 7, 4, member="rechnen") == 3
    assert point.call("rufen", 1, 2) == (1, 2)
    with pytest.raises(Exception, match=r"^von uns$"):
        point.call("teil", member="melden")
    texts = [
        refusal(lambda: point.call("teil", member="platzen")), refusal(lambda: point.call("own")),
        refusal(lambda: point.call("text", 7)),
    ]  # fmt: skip
    assert texts[0] == f"{GROUP}: 'teil' of z_kern raised ValueError at teile_kern:8"
    assert texts[1].startswith(f"{GROUP}: 'own' of bpmax-sim raised KeyError at {__name__}:")
    assert texts[2].startswith(f"{GROUP}: 'text' of bpmax-sim raised TypeError at ")


def test_a_lazy_name_is_imported_once_and_others_are_refused() -> None:
    module: dict[str, Any] = {"__name__": "bpmax_sim.testing", "__doc__": ""}
    get, names = exports.make_lazy_exports(module)
    package, _ = exports.make_lazy_exports({"__name__": "bpmax_sim"})
    words = " ".join(exports.EXPORTS["bpmax_sim.testing"].values()).split()

    assert get("VirtualClock").__name__ == "VirtualClock"
    assert module["VirtualClock"] is get("VirtualClock")
    assert get("__all__") == sorted(words)
    assert names() == sorted([*words, "__name__", "__doc__"])
    assert package("strategies").__name__ == "bpmax_sim.strategies"
    assert refusal(lambda: get("Uhr")) == "module 'bpmax_sim.testing' has no attribute 'Uhr'"
    assert refusal(lambda: get("strategies")) == (
        "module 'bpmax_sim.testing' has no attribute 'strategies'"
    )


class Settings:
    """What Git knows of a work tree, and what it was asked."""

    def __init__(self, attributes: Path) -> None:
        self.values: dict[str, str] = {}
        self.attributes = attributes
        self.output = b""
        self.is_missing = False

    def run(self, folder: Path, *arguments: str) -> bytes:
        if self.is_missing:
            raise ConfigError("git is not installed, or not on the PATH")
        match arguments:
            case ("config", "--get-regexp", _):
                known = [f"{name} {value}\n" for name, value in self.values.items()]
                return "".join(known).encode()
            case ("config", name, value):
                self.values[name] = value
            case ("rev-parse", *_):
                return f"{self.attributes.relative_to(folder)}\n".encode()
            case ("cat-file", "blob", blob):
                return blob.encode()
            case _:
                return self.output
        return b""


LINE = "cassettes/** merge=bpmax"


@pytest.fixture(name="known")
def settings_of_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    known = Settings(tmp_path / ".git/info/attributes")
    monkeypatch.setattr(git, "run_git", known.run)
    monkeypatch.setenv("CI", "")
    return known


def test_merging_is_configured_once_and_not_in_ci(
    tmp_path: Path, known: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "1")
    in_ci = list(git.configure_merging(tmp_path))
    monkeypatch.setenv("CI", "")

    assert (in_ci, known.values, git.has_merge_driver(tmp_path)) == ([], {}, False)
    assert [str(text) for text in git.configure_merging(tmp_path)] == [
        "Git merges and shows cassettes with bpmax-sim (git config, .git/info/attributes)"
    ]
    assert known.attributes.read_text() == f"{LINE}\n"
    assert sorted(known.values) == [
        "diff.bpmax.cachetextconv", "diff.bpmax.textconv", "merge.bpmax.driver", "merge.bpmax.name",
    ]  # fmt: skip
    assert known.values["merge.bpmax.driver"].endswith(" -m bpmax_sim merge %O %A %B %P")
    assert git.has_merge_driver(tmp_path)
    assert list(git.configure_merging(tmp_path)) == []


def test_a_driver_that_lacks_a_part_is_none(tmp_path: Path, known: Settings) -> None:
    list(git.configure_merging(tmp_path))
    sound = dict(known.values)
    for broken in (
        {"merge.bpmax.driver": "/weg/python sh"}, {"merge.bpmax.driver": "'"},
        {"merge.bpmax.driver": ""},
    ):  # fmt: skip
        known.values = sound | broken
        assert not git.has_merge_driver(tmp_path), broken
    for name in sound:
        known.values = {key: value for key, value in sound.items() if key != name}
        assert not git.has_merge_driver(tmp_path), name
    known.values = sound | {"merge.bpmax.more": "x"}
    assert git.has_merge_driver(tmp_path)
    known.is_missing = True
    assert not git.has_merge_driver(tmp_path)


def test_the_line_of_attributes_is_put_behind_what_is_there(
    tmp_path: Path, known: Settings
) -> None:
    list(git.configure_merging(tmp_path))
    attributes, line = known.attributes, LINE
    texts = {
        f"*.x text\n{line}\n": (True, f"*.x text\n{line}\n"),
        f"# {line}": (False, f"# {line}\n{line}\n"), "*.x text\n": (False, f"*.x text\n{line}\n"),
        "": (False, f"{line}\n"),
    }  # fmt: skip
    found = {}
    for text in texts:
        attributes.write_text(text)
        was = git.has_merge_driver(tmp_path)
        list(git.configure_merging(tmp_path))
        found[text] = (was, attributes.read_text())
    assert found == texts
    attributes.write_bytes(b"\xff")
    list(git.configure_merging(tmp_path))
    assert attributes.read_bytes() == b"\xff\n" + line.encode() + b"\n"


def test_unmerged_files_have_their_stages_and_a_tree_its_root(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = Settings(tmp_path)
    known.output = b"".join((
        b"100644 aaa 1\tcassettes/a b.yaml\0", b"100644 bbb 2\tcassettes/a b.yaml\0",
        b"100644 ccc 3\tx\ty\0", b"100644 ddd 3\tcassettes/a b.yaml\0", b"100644 eee 2\t\xff\0",
    ))  # fmt: skip
    with monkeypatch.context() as patched:
        patched.setattr(git, "run_git", known.run)
        assert git.find_unmerged_files(tmp_path) == {
            "cassettes/a b.yaml": {1: "aaa", 2: "bbb", 3: "ddd"}, "x\ty": {3: "ccc"},
            "\udcff": {2: "eee"},
        }  # fmt: skip
        assert (git.read_blob(tmp_path, "abc"), git.read_blob(tmp_path, None)) == (b"abc", None)
    inner = tmp_path / "a/b"
    inner.mkdir(parents=True)
    (tmp_path / ".git").write_text("gitdir: x")
    assert [git.find_repository(one) for one in (inner, tmp_path)] == [tmp_path, tmp_path]
    (inner / ".git").mkdir()
    assert git.find_repository(inner) == inner
    assert refusal(lambda: git.run_git(tmp_path, "config", "x", "y", "z", "w")).startswith(
        "git config: "
    )
    monkeypatch.setenv("PATH", "")
    assert refusal(lambda: git.run_git(tmp_path, "status")) == (
        "git is not installed, or not on the PATH"
    )
