"""Scripts in the style of implementers and language models, by kind, with what Node makes of them.

In this folder, ``LANG=zh_CN.UTF-8 node conformance/expect.mjs corpus`` writes what is expected;
`python -m tests.script.v8_parity.test_corpus` prints how many scripts of each kind are equal.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.script.bench import run, texts
from tests.script.v8_parity.test_conformance import differences, told

FOLDER = Path(__file__).parent / "corpus"
EXPECTED = json.loads((FOLDER / "expected.json").read_text("utf-8"))["scripts"]
KINDS = sorted({name.split("_")[0] for name in EXPECTED})

_SPREAD = "QuickJS-NG copies no characters of a text: reference/scripts has it"
_POWER = "the last bit of ** is that of the machine's C library: reference/scripts has it"

# Engine -> script -> why it prints something else there.
DIFFERENT: dict[str, dict[str, str]] = {
    "quickjs": {
        "classes_function_text.js": _SPREAD,
        "dedupe_nested_spread.js": _SPREAD,
        "dedupe_spread_fields.js": _SPREAD,
        "dedupe_spread_string.js": _SPREAD,
    },
    "v8": {
        "locale_names.js": "mini-racer's ICU is not the one of the pinned Node",
        "locale_traditional.js": "mini-racer's ICU is not the one of the pinned Node",
    },
}


def found(name: str) -> list[tuple[str, Any, Any]]:
    """Return where the script *name* does something else than in Node."""
    outcome = run((FOLDER / name).read_text("utf-8"))
    got: dict[str, Any] = {"value": told(outcome.value), "lines": texts(outcome)}
    if outcome.error is not None:
        got = {"error": str(outcome.error), "lines": texts(outcome)}
    return differences(EXPECTED[name], got, "")


def is_refused(differing: list[tuple[str, Any, Any]]) -> bool:
    """Return whether something says that it is not simulated, rather than answer otherwise."""
    return any("is not simulated" in json.dumps(got, default=str) for _, _, got in differing)


def test_the_corpus_is_large_and_every_script_has_an_expected_end() -> None:
    assert sorted(EXPECTED) == sorted(path.name for path in FOLDER.glob("*.js"))
    assert len(EXPECTED) >= 200
    assert all(set(scripts) <= set(EXPECTED) for scripts in DIFFERENT.values())


@pytest.mark.parametrize("kind", KINDS)
def test_scripts_do_what_they_do_in_node(kind: str, engine: str) -> None:
    names = [name for name in EXPECTED if name.startswith(f"{kind}_")]
    differing = {name: where for name in names if (where := found(name))}
    known = {name for name in DIFFERENT[engine] if name in names}

    assert set(differing) == known, differing


def main() -> None:
    """Print the corpus by kind: equal, refused by name, different."""
    counts: dict[str, Counter[str]] = {kind: Counter() for kind in KINDS}
    for name in EXPECTED:
        where = found(name)
        end = "equal" if not where else "refused" if is_refused(where) else "different"
        counts[name.split("_")[0]][end] += 1
    for kind, count in counts.items():
        row = " ".join(f"{count[end]:>9}" for end in ("equal", "refused", "different"))
        print(f"{kind:<10}{row}")  # noqa: T201


if __name__ == "__main__":
    main()
