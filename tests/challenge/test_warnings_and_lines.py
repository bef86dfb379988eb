"""New warnings of a run with a mistake, and the order of the script lines of a finding."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from bpmax_sim.challenge.findings import _sort_lines
from bpmax_sim.challenge.judge import _find_new_warnings
from bpmax_sim.challenge.mutants import Mutant
from bpmax_sim.errors import Place
from bpmax_sim.i18n import msg
from bpmax_sim.scenario.source import RunWarning
from bpmax_sim.variant.run import Baseline, VariantRun, measure_baseline
from tests.variant.project import load_item

A, B = Place("a.js", 1, 1), Place("a.js", 2, 1)


def waits(seconds: int) -> RunWarning:
    """Return the warning of a timer that still waits."""
    text = msg("{timer} still waits at the end", timer=f"a timer of {seconds} s")
    return RunWarning("timer", text, A)


KNOWN = (RunWarning("script", "甲", A), waits(1))


@pytest.fixture(name="base", scope="module")
def measure(tmp_path_factory: pytest.TempPathFactory) -> Baseline:
    text = "version: 1\nscenario: 单\nform: {fields: {a: 1}}\nsteps: [{set: {a: 2}}]\n"
    return measure_baseline(load_item(tmp_path_factory.mktemp("单"), text))


def warned(base: Baseline, *warnings: RunWarning) -> VariantRun:
    """Return the run of *base* as one with *warnings*."""
    return VariantRun((*base.run.events[:-1], replace(base.run.end, warnings=warnings)))


@pytest.mark.parametrize(
    ("warning", "kind", "is_new"),
    [
        (KNOWN[0], "guard", False),
        (RunWarning("script", "甲", B), "guard", True),
        (RunWarning("script", "乙", A), "guard", True),
        (RunWarning("timer", "甲", A), "guard", True),
        (RunWarning("script", "乙", A), "fallback", True),
        (RunWarning("script", "乙", A), "code-check", False),
        (RunWarning("script", "乙", A), "loop", False),
        (RunWarning("timer", "乙", A), "code-check", True),
        (RunWarning("timer", "乙", A), "loop", True),
        (waits(2), "guard", False),
        (waits(2), "loop", False),
    ],
)
def test_a_warning_is_new_by_kind_words_and_place(
    base: Baseline, warning: RunWarning, kind: str, *, is_new: bool
) -> None:
    known = Baseline(base.item, warned(base, *KNOWN), base.most, base.environ)
    mutant = Mutant(kind=kind, place=A, start=0, end=1, old="a", new="b")

    found = _find_new_warnings(known, warned(base, *KNOWN, warning), mutant)

    assert found == ([warning] if is_new else [])


def test_lines_of_the_same_script_are_first_and_each_script_in_order() -> None:
    given = [("c.js", 2), ("a.js", 9), ("b.js", 10), ("b.js", 9), ("a.js", 2)]

    found = _sort_lines([Place(*one) for one in given], Place("b.js", 1))

    assert [(one.file, one.line) for one in found] == [
        ("b.js", 9), ("b.js", 10), ("a.js", 2), ("a.js", 9), ("c.js", 2),
    ]  # fmt: skip
