"""What is left to the night is there, and has a sibling by day or a reason."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.night import LEFT_TO_THE_NIGHT

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("test", [test for tests in LEFT_TO_THE_NIGHT.values() for test in tests])
def test_what_is_left_to_the_night_is_there(test: str) -> None:
    file, _, name = test.partition("::")

    text = (ROOT / file).read_text(encoding="utf-8")
    assert re.search(rf"def {re.escape(name.partition('[')[0])}", text)
