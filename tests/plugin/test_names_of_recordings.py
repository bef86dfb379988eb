"""Where the recording of a Python test lies, under which name, and what its markers say."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import Any

import pytest

from bpmax_sim.cassette.format import HEAD
from bpmax_sim.errors import ConfigError, FormerFolderWarning
from bpmax_sim.pytest_plugin import session_options as of_test
from bpmax_sim.session.session import Session

ROOT = "项目"


class Nobody(pytest.Item):
    """A test that is never run."""

    originalname: str | None = None

    def runtest(self) -> None:
        raise AssertionError(self)


class Group(pytest.Class):
    """A class of tests that is never collected."""


@pytest.fixture(name="make")
def maker(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    (tmp_path / ROOT / "scenarios").mkdir(parents=True)

    def make(
        path: str = "tests/test_付款.py",
        name: str = "test_大额",
        *marks: pytest.MarkDecorator,
        original: str | None = None,
        group: str = "",
    ) -> pytest.Item:
        parent: Any = request.session
        if group:
            parent = Group.from_parent(request.session, name=group, path=tmp_path)
        item = Nobody.from_parent(
            parent, name=name, path=Path(os.path.normpath(tmp_path / ROOT / path))
        )
        item.originalname = original
        for mark in marks:  # the first one is the nearest
            item.add_marker(mark)
        return item

    return make


def mark(**options: Any) -> pytest.MarkDecorator:
    made: pytest.MarkDecorator = pytest.mark.bpmax(**options)
    return made


@pytest.mark.parametrize(
    ("path", "name", "more", "cassette"),
    [
        ("test_付款.py", "test_大额", {}, "test_付款/test_大额"),
        ("tests/test_付款.py", "test_大额", {}, "test_付款/test_大额"),
        ("test/采购/test_付款.py", "test_大额", {}, "采购/test_付款/test_大额"),
        ("采购/tests/test_付款.py", "test_大额", {}, "采购/tests/test_付款/test_大额"),
        ("tests/tests/test_付款.py", "test_大额", {}, "tests/test_付款/test_大额"),
        ("tests.py", "test_大额", {}, "tests/test_大额"),
        ("testing/test_付款.py", "test_大额", {}, "testing/test_付款/test_大额"),
        ("tests/test_付款.py", "test_大额[甲-1]", {"original": "test_大额"}, "test_付款/test_大额"),
        ("tests/test_付款.py", "test_大额", {"group": "Test采购"}, "test_付款/Test采购.test_大额"),
        ("../外/test_付款.py", "test_大额", {}, "test_付款/test_大额"),
    ],
)
def test_a_cassette_is_named_after_module_class_and_function(
    make: Any, tmp_path: Path, path: str, name: str, more: dict[str, Any], cassette: str
) -> None:
    item = make(path, name, **more)
    found = of_test.choose_cassette_path(item)

    if path.startswith(".."):
        assert found.parts[-3:] == ("cassettes", *f"{cassette}.yaml".split("/")[-2:])
        return
    assert found == tmp_path / ROOT / "cassettes" / f"{cassette}.yaml"
    group = more.get("group", "")
    assert of_test.choose_owner_name(item) == (f"{group}.{name}" if group else name)


@pytest.mark.parametrize(
    ("cassette", "path"),
    [
        ("crm/共用", "crm/共用.yaml"),
        ("crm/共用.yaml", "crm/共用.yaml"),
        ("共用.yml", "共用.yml.yaml"),
        (7, "7.yaml"),
    ],
)
def test_a_marker_names_a_cassette_below_the_folder(
    make: Any, tmp_path: Path, cassette: object, path: str
) -> None:
    item = make("tests/test_付款.py", "test_大额", mark(cassette=cassette))

    assert of_test.choose_cassette_path(item) == tmp_path / ROOT / "cassettes" / path
    assert of_test.read_session_options(item)["cassette"] == of_test.choose_cassette_path(item)


@pytest.mark.parametrize(
    ("owner", "name"), [("采购员", "采购员"), ("", "test_大额"), (None, "test_大额"), (7, "7")]
)
def test_a_marker_names_the_owner(make: Any, owner: object, name: str) -> None:
    item = make("tests/test_付款.py", "test_大额", mark(owner=owner), mark(owner="外层"))
    assert of_test.choose_owner_name(item) == name


@pytest.mark.parametrize(
    ("marks", "options"),
    [
        ([], {}),
        ([mark(mode="live", unused="warn")], {"mode": "live", "unused": "warn"}),
        ([mark(mode="live"), mark(mode="record", seed=7)], {"mode": "live", "seed": 7}),
        ([mark(mode="record"), pytest.mark.bpmax_live], {"mode": "live"}),
        ([mark(seed=0)], {"seed": 0}),
    ],
)
def test_the_nearest_marker_counts_and_a_live_one_most(
    make: Any, marks: list[pytest.MarkDecorator], options: dict[str, Any]
) -> None:
    assert of_test.read_marker_options(make("test_a.py", "test_a", *marks)) == options


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (pytest.mark.bpmax("x"), "the marker bpmax takes names only, such as bpmax(cassette='x')"),
        (mark(casette="x"), "the marker bpmax has no 'casette'; did you mean 'cassette'?"),
        (mark(js_limits="calls=viele"), "the marker bpmax: "),
        (
            mark(完全不同=1),
            "the marker bpmax has no '完全不同'; known are cassette, clock, engine, ",
        ),
    ],
)
def test_a_wrong_marker_is_told(make: Any, wrong: pytest.MarkDecorator, told: str) -> None:
    with pytest.raises(ConfigError) as refused:
        of_test.read_marker_options(make("test_a.py", "test_a", mark(seed=1), wrong))
    assert str(refused.value).startswith(told.removesuffix("cassette, clock, engine, "))


@pytest.mark.parametrize(
    ("platforms", "folders"),
    [
        ("平台", ["平台"]),
        (Path("平台"), ["平台"]),
        (["平台", "../外/平台"], ["平台", "../外/平台"]),
        (("甲", "乙", "丙"), ["甲", "乙", "丙"]),
        ([], None),
    ],
)
def test_a_marker_names_platforms_and_instances_from_the_root(
    make: Any, tmp_path: Path, platforms: Any, folders: list[str] | None
) -> None:
    item = make("tests/a.py", "test_a", mark(platforms=platforms, instances="测试.yaml"))

    found = of_test.read_session_options(item)
    assert found.get("platforms") == (
        None if folders is None else tuple(tmp_path / ROOT / one for one in folders)
    )
    assert found["instances"] == tmp_path / ROOT / "测试.yaml"
    plain = of_test.read_session_options(make("tests/a.py"))
    assert {"platforms", "instances", "cassette"}.isdisjoint(plain)
    assert (plain["remote"], plain["shared_logins"]) == (None, found["shared_logins"])


@pytest.mark.parametrize(
    ("platforms", "kept"), [(None, None), (7, (7,)), ([7], (7,)), ({"a": 1}, ({"a": 1},))]
)
def test_what_is_no_path_is_left_for_the_session_to_refuse(
    make: Any, platforms: Any, kept: Any
) -> None:
    item = make("tests/a.py", "test_a", mark(platforms=platforms, instances=platforms))

    found = of_test.read_session_options(item)
    assert (found.get("platforms"), found["instances"]) == (kept, platforms)
    if kept is not None:
        with pytest.raises(ConfigError, match=r"^platforms: expected a path, got [7{]"):
            Session.open(**found)


@pytest.mark.parametrize(
    ("there", "moves"),
    [
        ([], None),
        (["tests/cassettes/test_付款/test_大额.yaml"],
         ["cassettes/test_付款"]),
        (["tests/cassettes/test_付款/test_大额.yaml", "tests/cassettes/auth/crm.yaml"],
         ["cassettes/test_付款", "cassettes/auth"]),
        (["tests/cassettes/test_付款/test_大额.yaml", "tests/cassettes/auth/crm.yaml",
          "cassettes/auth/crm.yaml"], ["cassettes/test_付款"]),
        (["tests/cassettes/test_付款/test_大额.yaml", "cassettes/test_付款/test_小额.yaml"],
         ["cassettes/test_付款/test_大额.yaml"]),
        (["tests/cassettes/test_付款/test_大额.yaml", "cassettes/test_付款/test_大额.yaml"], None),
        (["tests/cassettes/test_付款/test_小额.yaml"], None),
    ],
)  # fmt: skip
def test_a_recording_where_older_versions_had_it_is_told_with_the_way_to_move_it(
    make: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    there: list[str],
    moves: list[str] | None,
) -> None:
    root = tmp_path / ROOT
    monkeypatch.chdir(root)
    for name in there:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(f"{HEAD}1}}\n", encoding="utf-8")
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        of_test.warn_of_former_folder(make())

    if moves is None:
        assert found == []
        return
    (warning,) = found
    assert warning.category is FormerFolderWarning
    command = str(warning.message).partition("move it: ")[2]
    parent = Path(moves[0]).parent.as_posix()
    words = [f"git mv tests/{new} {new}" for new in moves]
    assert command == " && ".join([f"mkdir -p {parent}", *words])


def test_a_recording_of_another_plugin_or_of_a_marker_is_left_alone(
    make: Any, tmp_path: Path
) -> None:
    path = tmp_path / ROOT / "tests/cassettes/test_付款/test_大额.yaml"
    path.parent.mkdir(parents=True)
    path.write_text("interactions: []\n", encoding="utf-8")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        of_test.warn_of_former_folder(make())
        path.write_text(f"{HEAD}1}}\n", encoding="utf-8")
        of_test.warn_of_former_folder(make("tests/test_付款.py", "test_大额", mark(cassette="x")))
        with pytest.raises(FormerFolderWarning):
            of_test.warn_of_former_folder(make())
