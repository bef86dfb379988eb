"""A file that somebody edited by accident ends in an exit code and a line that names it."""

from __future__ import annotations

from tests.campaigns.edits import tried


def test_accidents_in_files_are_told_and_nothing_is_raised() -> None:
    ran, wrong = tried(2, seed=7)

    assert ran >= 8
    assert wrong == []
