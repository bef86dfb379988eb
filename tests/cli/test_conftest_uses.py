"""Which fixtures of a ``conftest.py`` are named, as pytest alone applies them."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpmax_sim.cli.conftests import find_conftest_uses, map_conftests_to_fixtures
from bpmax_sim.errors import ConfigError
from tests.files import write_files


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("@pytest.fixture\ndef 汇率(bpmax_stubs): ...", ("bpmax_stubs",)),
        ("@pytest.fixture\nasync def 汇率(bpmax_stubs): ...", ("bpmax_stubs",)),
        (
            "@pytest_asyncio.fixture(autouse=True)\nasync def 汇率(bpmax_stubs): ...",
            ("bpmax_stubs",),
        ),
        ("@fixture(name='汇率')\ndef 甲(*, bpmax_session): ...", ("bpmax_session",)),
        (
            "@fixture\ndef 甲(bpmax_stubs, request):\n    request.getfixturevalue('bpmax_session')",
            ("bpmax_session", "bpmax_stubs"),
        ),
        ("@fixture\ndef 甲(tmp_path): return 'bpma'", ()),
        ("@pytest.mark.usefixtures('bpmax_stubs')\ndef test_甲(): ...", ()),
        ("def 甲(bpmax_stubs): ...", ()),
        ("@fixture\nclass 甲:\n    def __init__(self, bpmax_stubs): ...", ()),
    ],
)
def test_fixtures_are_named_that_use_ours(
    text: str, names: tuple[str, ...], tmp_path: Path
) -> None:
    (tmp_path / "conftest.py").write_text(text, encoding="utf-8")

    found = find_conftest_uses(tmp_path / "报价.scenario.yaml", tmp_path)

    assert [one.names for one in found] == ([names] if names else [])


def test_a_conftest_is_read_again_where_it_changed(tmp_path: Path) -> None:
    for names in (("bpmax_stubs",), ("bpmax_session", "bpmax_stubs")):
        text = f"@fixture\ndef 甲({', '.join(names)}): ..."
        (tmp_path / "conftest.py").write_text(text, encoding="utf-8")

        [found] = find_conftest_uses(tmp_path / "报价.scenario.yaml", tmp_path)
        assert found.names == names


def test_conftests_count_from_the_file_up_to_the_root_of_its_project(tmp_path: Path) -> None:
    root = tmp_path / "项目"
    inner = root / "scenarios/报价"
    inner.mkdir(parents=True)
    text = "@fixture\ndef 甲(bpmax_stubs): ..."
    for folder in (tmp_path, root, inner):
        (folder / "conftest.py").write_text(text, encoding="utf-8")

    found = find_conftest_uses(inner / "报价.scenario.yaml", root)

    assert [one.path.parent for one in found] == [inner, root]


def test_each_conftest_is_named_once_whatever_folders_it_is_for(tmp_path: Path) -> None:
    other = tmp_path / "另一个"
    write_files(
        tmp_path,
        {
            "conftest.py": "@fixture\ndef 甲(bpmax_stubs): ...",
            "采购/conftest.py": "@fixture\ndef 乙(bpmax_session): ...",
            "销售/conftest.py": "@fixture\ndef 丙(request): ...",
            "另一个/conftest.py": "@fixture\ndef 丁(bpmax_vault): ...",
        },
    )
    files = [tmp_path / f"{name}.scenario.yaml" for name in ("采购/甲", "采购/乙", "销售/丙")]

    found = map_conftests_to_fixtures(
        [*((file, tmp_path) for file in files), (other / "丁.scenario.yaml", other)]
    )

    assert found == {
        tmp_path / "采购/conftest.py": ("bpmax_session",),
        tmp_path / "conftest.py": ("bpmax_stubs",),
        other / "conftest.py": ("bpmax_vault",),
    }


@pytest.mark.parametrize(
    ("text", "line"), [(b"a = 1\n\ndef (:\n", 3), (b"a = 1\n'\xff'\n", 1), (b"a = '\x00'\n", 0)]
)
def test_a_conftest_that_pytest_cannot_read_is_named_with_its_line(
    tmp_path: Path, text: bytes, line: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "conftest.py").write_bytes(text)

    with pytest.raises(ConfigError) as refused:
        list(find_conftest_uses(tmp_path / "报价.scenario.yaml", tmp_path))

    (problem,) = refused.value.problems
    assert problem.place is not None
    assert (problem.place.file, bool(problem.place.line)) == ("conftest.py", bool(line))
    if line == 3:
        assert problem.place.line == 3
    assert problem.message.startswith("pytest cannot read this: ")
