"""Commands on the gallery after a run of it; `tests.campaigns.gallery` tries all, by night."""

from __future__ import annotations

import pytest

from tests.campaigns.gallery import try_kind


@pytest.mark.parametrize(("kind", "language"), [("replay", "en"), ("live", "zh")])
def test_every_command_ends_as_it_says_after_a_run(
    monkeypatch: pytest.MonkeyPatch, kind: str, language: str
) -> None:
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)

    assert list(try_kind(kind, language)) == []
