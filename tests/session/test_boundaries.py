"""What a session decides at its edges: the innermost, the last, the empty and the third one."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpmax_sim.session.settings import find_logins_folder


@pytest.mark.parametrize(
    ("cassette", "folder"),
    [
        (None, None),
        ("cassettes/a.yaml", "cassettes/auth"),
        ("cassettes/x/y/a.yaml", "cassettes/auth"),
        ("old/cassettes/new/cassettes/x/a.yaml", "old/cassettes/new/cassettes/auth"),
        ("recordings/a.yaml", "recordings/auth"),
        ("Cassettes/a.yaml", "Cassettes/auth"),
        ("my cassettes/a.yaml", "my cassettes/auth"),
        ("x/cassettes", "x/auth"),
        ("a.yaml", "auth"),
    ],
)
def test_logins_stand_in_the_innermost_folder_of_cassettes(
    cassette: str | None, folder: str | None
) -> None:
    found = find_logins_folder(Path(cassette) if cassette is not None else None)

    assert found == (Path(folder) if folder is not None else None)
