"""Scripts as real ones are, with what Node makes of them: ``conformance/expect.mjs`` writes it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from bpmax_sim.errors import ScriptError
from bpmax_sim.js_values import UNDEFINED, BigInt, format_iso_date
from tests.script.bench import run, texts

FOLDER = Path(__file__).parent / "conformance"
EXPECTED = json.loads((FOLDER / "expected.json").read_text("utf-8"))["scripts"]
SCRIPTS = sorted(path.name for path in FOLDER.glob("*.js"))

# (script, path) -> (what comes of it here, why it is so and stays so).
DIFFERENT: dict[tuple[str, str], tuple[Any, str]] = {
    ("dates.js", ".value[25]"): (
        "Sat Sep 13 275760 00:00:00 GMT+0800 (中国标准时间)",
        "the last instant that a Date can have: local time cannot lie after it here",
    ),
}


def told(value: Any) -> Any:
    """Return *value* as ``expect.mjs`` tells it."""
    if value is UNDEFINED:
        return {"$": "undefined"}
    if isinstance(value, BigInt):
        return {"$": "bigint", "v": str(value.value)}
    if isinstance(value, datetime):
        return {"$": "date", "v": format_iso_date(value)}
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, Mapping):
        return {name: told(item) for name, item in value.items()}
    return [told(item) for item in value] if isinstance(value, list) else value


def _number(value: float) -> Any:
    if not math.isfinite(value):
        names = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}
        return {"$": "number", "v": names[str(value)]}
    if value == 0 and math.copysign(1, value) < 0:
        return {"$": "number", "v": "-0"}
    return int(value) if value.is_integer() and abs(value) < 2**53 else value


def differences(expected: Any, actual: Any, path: str) -> list[tuple[str, Any, Any]]:
    """Return the path, the expected and the actual value wherever they differ; order counts."""
    if isinstance(expected, dict) and isinstance(actual, dict) and list(expected) == list(actual):
        return [
            found
            for name, item in expected.items()
            for found in differences(item, actual[name], f"{path}.{name}")
        ]
    both = isinstance(expected, list) and isinstance(actual, list)
    if both and len(expected) == len(actual):
        return [
            found
            for index, item in enumerate(expected)
            for found in differences(item, actual[index], f"{path}[{index}]")
        ]
    same = type(told(expected)) is type(told(actual)) and expected == actual
    return [] if same else [(path, expected, actual)]


def test_every_script_has_an_expected_end_and_there_are_many() -> None:
    assert list(EXPECTED) == SCRIPTS
    assert len(SCRIPTS) >= 40


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_does_what_it_does_in_node(name: str, engine: str) -> None:
    outcome = run((FOLDER / name).read_text("utf-8"))
    got: dict[str, Any] = {"value": told(outcome.value), "lines": texts(outcome)}
    if outcome.error is not None:
        assert isinstance(outcome.error, ScriptError)
        got = {"error": f"{outcome.error.name}: {outcome.error.message}", "lines": texts(outcome)}
    known = {path: here for (script, path), (here, _) in DIFFERENT.items() if script == name}
    found = differences(EXPECTED[name], got, "")

    assert {path: here for path, _, here in found} == known, found
    assert outcome.unhandled == ()
