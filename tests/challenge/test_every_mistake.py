"""Every mistake in a script that has something of everything, as one transcript.

``python -m tests.challenge.test_every_mistake`` writes the transcript anew; its changes are
reviewed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from bpmax_sim.challenge.mutants import Mutant, read_mutants
from bpmax_sim.script_source.syntax import SyntaxTree

SCRIPT = Path(__file__).parents[1] / "data/every_mistake.js"
TRANSCRIPT = SCRIPT.with_suffix(".txt")
_FUNCTION = re.compile(r"\(v => typeof v === .*?: v\)")
"""What makes another value of any, long as it is."""


def tell_mistakes(source: str) -> Iterator[str]:
    """Yield each mistake below its script line, then the functions that make other values."""
    tree, functions = SyntaxTree(source), dict[str, str]()
    mistakes = read_mutants(tree)

    def shorten(text: str) -> str:
        return _FUNCTION.sub(
            lambda match: functions.setdefault(match[0], f"OTHER{len(functions) + 1}"), text
        )

    for number, line in enumerate(source.splitlines(), 1):
        yield f"{number:3} {line}"
        for one in (one for one in mistakes if one.place.line == number):
            is_wrong = tree.has_error_with(one.start, one.end, one.new.encode())
            yield shorten(f"{tell(one, source.encode())}{' (left out: no JavaScript)' * is_wrong}")
    for function, name in functions.items():
        yield f"{name} = {function}"


def tell(one: Mutant, data: bytes) -> str:
    """Return what is known of a mistake, on one line."""
    text = f"    {one.place.column} {one.kind}: {one.old} → {one.new} [{one.about}]"
    assert data[one.start : one.end].decode() == one.old
    if one.condition:
        text += f" if {data[slice(*one.condition)].decode()}"
    probe = f" ? {one.probe}" if one.probe else ""
    return f"{text}{probe}{f' – {one.unmet}' if one.unmet else ''}"


def test_every_mistake_of_a_script_is_as_the_transcript_tells() -> None:
    told = "\n".join(tell_mistakes(SCRIPT.read_text("utf-8")))

    assert f"{told}\n" == TRANSCRIPT.read_text("utf-8")


def test_no_mistake_is_made_in_a_script_that_is_no_javascript() -> None:
    assert read_mutants(SyntaxTree("form.金额 = 1;\nform.合计 = ;\n")) == ()


if __name__ == "__main__":
    TRANSCRIPT.write_text("\n".join(tell_mistakes(SCRIPT.read_text("utf-8"))) + "\n", "utf-8")
