"""Which fixtures of a ``conftest.py`` are named, as pytest alone applies them."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpmax_sim.cli.conftests import find_conftest_uses


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


def test_conftests_count_from_the_file_up_to_the_root_of_its_project(tmp_path: Path) -> None:
    root = tmp_path / "项目"
    inner = root / "scenarios/报价"
    inner.mkdir(parents=True)
    text = "@fixture\ndef 甲(bpmax_stubs): ..."
    for folder in (tmp_path, root, inner):
        (folder / "conftest.py").write_text(text, encoding="utf-8")

    found = find_conftest_uses(inner / "报价.scenario.yaml", root)

    assert [one.path.parent for one in found] == [inner, root]
