"""``void`` is read whatever the arguments of a call are, of which an engine names the last."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpmax_sim import Script, Session

ROOT = Path(__file__).parents[2]

CALLS = (
    "('A', 1)", "(form.sku, 1)", "('A', q)", "(q, 1)", "('A', String(1))", "(o.s, 1)", "(true, 1)",
    "('A' + 'B', 1)", "(`A-${q}`, 1)", "('A', 1, form.sku)", "(null, 1)",
    "([q][0], f(q))", "\n  ('A',\n q)",
)  # fmt: skip
BEFORE = "const form = {sku: 'A'}, q = 'B', o = {s: 'C'}, f = x => x;\n"


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("arguments", CALLS)
@pytest.mark.parametrize("is_void", [True, False])
def test_a_call_is_voided_with_any_arguments(arguments: str, is_void: bool) -> None:
    word = "void " if is_void else ""
    source = f"{BEFORE}{word}$proxy('crm_system').getCustomerDetail{arguments};"
    with Session.open(ROOT / "scenarios/platforms", mode="simulate", unawaited="warn") as session:
        outcome = session.run_script(Script(source))

    assert [call.call for call in outcome.unawaited] == (
        [] if is_void else ["crm_system.getCustomerDetail"]
    )
