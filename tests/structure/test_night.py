"""What is left to the night is there, and its table hides nothing."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.night import LEFT_TO_THE_NIGHT, ONE_OF, explain_night

ROOT = Path(__file__).parents[2]


TESTS = [test for tests in LEFT_TO_THE_NIGHT.values() for test in tests]


@pytest.mark.parametrize("test", [*TESTS, *ONE_OF])
def test_what_is_left_to_the_night_is_there(test: str) -> None:
    file, _, name = test.partition("::")

    text = (ROOT / file).read_text(encoding="utf-8")
    assert re.search(rf"def {re.escape(name.partition('[')[0])}", text)


def test_the_first_of_so_many_variants_runs_by_day() -> None:
    test, size = next(iter(ONE_OF.items()))
    late = [bool(explain_night(f"{test}[甲]", number)) for number in range(2 * size)]

    assert late == [False, *[True] * (size - 1)] * 2
    assert not explain_night("tests/structure/test_night.py::test_of_nobody[乙]", 1)


# The function of the script that runs a stage, with stages of these tests.
_RUN_STAGES = """
set -uo pipefail
cd "$1"; BPMAX_SIM_LEFT_OUT="$2/left-out"; export BPMAX_SIM_LEFT_OUT
chosen=() failed=() table=() limit=2 record="$2/record" goes_on=""
stage() { "${@:2}"; }
source /dev/stdin <<<"$(sed -n '/^every() {/,/^}/p' .ci/nightly)"
leave_out() {
  echo "import sys; from tests.campaigns.left_out import *; report_left_out('no disk'); ${1-}"
}
every whole true
every partly "$3" -c "$(leave_out)"
every nothing "$3" -c "$(leave_out 'sys.exit(SKIPPED)')"
every silent "$3" -c "import sys; sys.exit(77)"
every wrong "$3" -c "$(leave_out 'sys.exit(1)')"
every absent no-such-command
every hanging sleep 9
goes_on=true
every whole false
every partly false
every nothing true
every wrong true
printf '%s\\n' "${table[@]}" "red: ${failed[*]}"
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the night is for Linux")
def test_the_table_of_the_night_shows_what_was_left_out_what_is_red_and_what_held_before(
    tmp_path: Path,
) -> None:
    command = ["bash", "-c", _RUN_STAGES, "bash", str(ROOT), str(tmp_path), sys.executable]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout

    assert re.findall(r"^(\w+) +\d+ s  (.*)|^(red: .*)", printed, re.MULTILINE) == [
        ("whole", "ok", ""),
        ("partly", "ok, but left out: no disk", ""),
        ("nothing", "skipped: no disk", ""),
        ("silent", "was skipped without a reason", ""),
        ("wrong", "ended with 1", ""),
        ("absent", "no-such-command could not be started", ""),
        ("hanging", "did not end within 2 s", ""),
        ("whole", "ok (before)", ""),
        ("partly", "ok, but left out: no disk (before)", ""),
        ("nothing", "ok", ""),
        ("wrong", "ok", ""),
        ("", "", "red: silent wrong absent hanging"),
    ]
