from __future__ import annotations

from pathlib import Path

import pytest

from tests.skips import MAY_BE_SKIPPED, main

KNOWN = next(iter(MAY_BE_SKIPPED))


def write_report(folder: Path, reason: str) -> str:
    path = folder / "suite.xml"
    path.write_text(
        "<testsuites><testsuite><testcase classname='tests.a' name='passes'/>"
        "<testcase classname='tests.a' name='fails as it should'>"
        "<skipped type='pytest.xfail' message='not built'/></testcase>"
        "<testcase classname='tests.a' name='left'>"
        f"<skipped type='pytest.skip' message='{reason}'/></testcase></testsuite></testsuites>",
        encoding="utf-8",
    )
    return str(path)


def test_a_skip_of_the_list_is_told_and_no_failure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(write_report(tmp_path, KNOWN)) == 0

    told = capsys.readouterr()
    assert f"skipped 1: {KNOWN}" in told.out
    assert "left to the night" in told.out
    assert not told.err


@pytest.mark.parametrize("reason", ["there is no Chromium", ""])
def test_a_skip_that_nobody_planned_fails_the_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], reason: str
) -> None:
    assert main(write_report(tmp_path, reason)) == 1

    assert f"tests.a::left: {reason or 'no reason'}" in capsys.readouterr().err
