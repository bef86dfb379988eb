"""Which options a test's session gets from command line, markers and ini file, as a whole."""

from __future__ import annotations

import warnings
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bpmax_sim.cassette.format import HEAD
from bpmax_sim.errors import ConfigError, FormerFolderWarning
from bpmax_sim.pytest_plugin import session_options as of_test
from tests.plugin.test_decisions_of_options import make_config


def make_node(
    folder: Path,
    *marks: dict[str, Any],
    path: str = "项目/tests/test_付款.py",
    is_live: bool = False,
    **given: Any,
) -> Any:
    """Return a test in a project below *folder*; the first of *marks* is the nearest one."""
    (folder / "项目/scenarios").mkdir(parents=True, exist_ok=True)
    made = [SimpleNamespace(args=(), kwargs=mark) for mark in marks]
    return SimpleNamespace(
        config=make_config(folder / "起点", folder / "根", **given),
        path=folder / path,
        name="test_大额",
        originalname=None,
        iter_markers=lambda _name: iter(made),
        get_closest_marker=lambda name: made if name == "bpmax_live" and is_live else None,
        getparent=lambda _kind: None,
    )


def test_each_option_comes_from_the_first_place_that_sets_it(tmp_path: Path) -> None:
    nearest = {"seed": 0, "repeat": False, "instance": "华南", "owner": "", "unused": None}
    outer = {"seed": 7, "unused": "warn", "js_limits": "calls=7", "ignore": ["query.t"]}
    node = make_node(
        tmp_path, nearest, outer, seed=(None, 5), unused=(None, "ignore"), mode="record",
        record=("new", "once"), record_extra=True, js_stack=(None, 1024), engine=(None, "v8"),
        instance=("华东", None), allow_hosts=["a.test"], faults="off", clock=(None, "2026"),
        against=("simulator", "live"),
    )  # fmt: skip
    found: dict[str, Any] = {**of_test.read_session_options(node)}

    assert found.pop("limits").calls == 7
    assert found.pop("shared_logins") is of_test.read_session_options(node)["shared_logins"]
    assert found == {
        "seed": 0, "repeat": False, "owner": "", "unused": "ignore", "ignore": ["query.t"],
        "mode": "record", "record": "new", "extra": True, "stack": 1024, "engine": "v8",
        "default_instance": "华东", "clock": "2026", "against": "simulator", "remote": None,
    }  # fmt: skip
    in_file = of_test.read_session_options(
        node, is_set_in_scenario=lambda name: name in {"unused", "clock", "seed", "engine"}
    )
    assert {"unused", "clock", "engine"}.isdisjoint(in_file)
    assert in_file["seed"] == 0
    live = make_node(tmp_path, {"mode": "simulate"}, is_live=True, mode=(None, "record"))
    assert of_test.read_session_options(live)["mode"] == "live"


def test_each_key_of_each_marker_is_known() -> None:
    folder = Path("/没有")
    for marks, told in (
        ([{"seed": 1, "mod": "live"}], "the marker bpmax has no 'mod'; did you mean 'mode'?"),
        ([{}, {"unused": "warn", "secrets": []}], "the marker bpmax has no 'secrets'"),
        ([{"seed": 1}, {"js_limits": "x"}], "the marker bpmax: "),
    ):
        node = SimpleNamespace(
            iter_markers=lambda _name, marks=marks: [
                SimpleNamespace(args=(), kwargs=one) for one in marks
            ],
            path=folder,
        )
        with pytest.raises(ConfigError) as refused:
            of_test.read_marker_options(node)  # type: ignore[arg-type]
        assert str(refused.value).startswith(told)


def test_a_test_outside_of_every_project_is_its_own(tmp_path: Path) -> None:
    roots = {
        path: of_test.find_project_root(make_node(tmp_path, path=path))
        for path in ("外/test_a.py", "根/test_a.py", "根/内/更内/test_a.py", "项目/a/b/test_a.py")
    }
    assert {path: root.relative_to(tmp_path).as_posix() for path, root in roots.items()} == {
        "外/test_a.py": "外", "根/test_a.py": "根", "根/内/更内/test_a.py": "根",
        "项目/a/b/test_a.py": "项目",
    }  # fmt: skip
    node = make_node(tmp_path)
    assert of_test.find_project_root(node) == tmp_path / "项目"
    node.path = tmp_path / "外/test_b.py"
    assert of_test.find_project_root(node) == tmp_path / "外"


def test_a_url_is_mirrored_once_below_the_root_of_pytest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[tuple[str, Path]] = []
    storage = SimpleNamespace(folder=tmp_path / "副本")

    def open_mirror(place: str, folder: Path) -> Any:
        opened.append((place, folder))
        return storage

    monkeypatch.setattr(of_test, "open_mirror", open_mirror)
    node = make_node(tmp_path, cassettes=(None, "memory://录制"))
    assert [of_test.get_remote_storage(node.config) for _ in range(2)] == [storage] * 2
    assert opened == [("memory://录制", tmp_path / "根")]
    assert of_test.find_cassettes_folder(node) == tmp_path / "副本"
    assert of_test.find_named_cassettes_folder(node.config) == tmp_path / "副本"
    plain = make_node(tmp_path, cassettes="录制")
    assert of_test.get_remote_storage(plain.config) is None
    assert of_test.find_named_cassettes_folder(plain.config) == tmp_path / "起点/录制"
    assert of_test.find_named_cassettes_folder(make_node(tmp_path).config) is None


def test_only_a_recording_of_the_default_place_may_lie_where_it_did_before(tmp_path: Path) -> None:
    former = tmp_path / "项目/tests/cassettes/test_付款/test_大额.yaml"
    named = tmp_path / "项目/tests/cassettes/crm/共用.yaml"
    for path in (former, named):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{HEAD}1}}\n", "utf-8")

    def is_told(*marks: dict[str, Any], **given: Any) -> bool:
        with warnings.catch_warnings(record=True) as found:
            warnings.simplefilter("always")
            of_test.warn_of_former_folder(make_node(tmp_path, *marks, **given))
        return [one.category for one in found] == [FormerFolderWarning]

    assert is_told()
    assert is_told({"owner": "甲"})
    assert not is_told({"cassette": "crm/共用"})
    assert not is_told(cassettes="录制")
    assert is_told(cassettes=(None, str(tmp_path / "项目/cassettes")))
    former.write_text("interactions: []\n", "utf-8")
    assert not is_told()
