"""The seeded bugs themselves; ``python -m tests.mutants`` sees that the laws find each."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.mutants.tree import ROOT, applied, patches


@pytest.mark.parametrize("patch", patches(), ids=lambda patch: patch.stem)
def test_a_seeded_bug_still_fits_the_tree(patch: Path) -> None:
    assert applied(patch, ROOT, check=True) == ""


def test_there_are_enough_of_every_kind() -> None:
    kinds = [patch.stem.partition("-")[0] for patch in patches()]

    assert len(kinds) >= 25
    assert {"builder", "auth", "matching", "redaction"} <= set(kinds)


def test_a_patch_that_does_not_fit_is_told(tmp_path: Path) -> None:
    patch = tmp_path / "x.patch"
    patch.write_text("--- a/no/file.py\n+++ b/no/file.py\n@@ -1 +1 @@\n-a\n+b\n")

    assert applied(patch, tmp_path) == "error: no/file.py: No such file or directory"


def test_no_bug_of_that_name_kills_nothing() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.mutants", "no-such-bug"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout == "0 of 0 seeded bugs killed in 0 s\n"
