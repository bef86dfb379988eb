"""What becomes a secret late is in no journal, however an earlier answer hid it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from bpmax_sim.cassette.merge import recover
from bpmax_sim.secret.scan import find_needles_in_all_layers
from tests import warm
from tests.secret.encodings import wanted_of
from tests.session.late import ROOT, SECRET


@pytest.mark.parametrize("encoding", ["base64", "hex with colons", "gzip", "utf-16", "xml"])
def test_a_secret_known_late_is_not_in_what_is_left_of_a_killed_process(
    tmp_path: Path, encoding: str
) -> None:
    done = subprocess.run(
        [warm.python(), "-m", "tests.session.late", str(tmp_path), encoding],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    (journal,) = tmp_path.glob("cassettes/*.journal")
    left = [journal.read_bytes()]
    left += [path.read_bytes() for path in recover(tmp_path / "cassettes/客户.yaml")]

    assert done.returncode < 0, done.stderr
    assert [find_needles_in_all_layers(data, wanted_of(SECRET)) for data in left] == [()] * len(
        left
    )
