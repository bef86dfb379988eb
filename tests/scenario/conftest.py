from __future__ import annotations

from pathlib import Path

import pytest

from tests.scenario.door import Door


@pytest.fixture
def door(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Door:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text("[tool.bpmax_sim]\n", encoding="utf-8")
    return Door(tmp_path)
