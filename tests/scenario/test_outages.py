# ruff: noqa: E501 - steps, one a line
"""Calls that a third party did not serve while a scenario was recorded, beside what it expects."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import cast

import pytest

from bpmax_sim.cassette.recorder import Outage
from bpmax_sim.errors import OutageWarning
from bpmax_sim.messages import FailedExchange, Response
from bpmax_sim.scenario.load import load_items
from bpmax_sim.scenario.outages import fail_on_unexpected_outages
from bpmax_sim.scenario.progress import Progress
from bpmax_sim.session.session import Session
from tests.scenario.bench import PlainBench, write

BUSY = Response(status=503, headers=(), body=b"")
GONE = Response(status=502, headers=(), body=b"503")
LATE = FailedExchange(code="TIMEOUT", message="30 s")
CALLED = "call: crm_system.get_customer_detail"


@pytest.mark.parametrize(
    ("rest", "outcome", "is_expected"),
    [
        ("steps: [{js: 查}]", BUSY, False),
        ("steps: [{js: 查, expect_error: {}}]", BUSY, True),
        ("steps: [{js: 查, expect_error: {code: TIMEOUT}}]", BUSY, True),
        ("steps: [{js: 查}, {js: 改, expect_error: {}}]", BUSY, True),
        ("steps: [{js: 查}]\nfinally: [{js: 改, expect_error: {}}]", BUSY, True),
        (f"steps: [{{js: 查, during: {{{CALLED}, steps: [{{js: 改, expect_error: {{}}}}]}}}}]", BUSY, True),
        (f"steps: [{{js: 查, expect: {{proxy: [{{{CALLED}, status: 503}}]}}}}]", BUSY, True),
        (f"steps: [{{js: 查, expect: {{proxy: [{{{CALLED}, status: 500}}]}}}}]", BUSY, False),
        (f"steps: [{{js: 查, expect: {{proxy: [{{{CALLED}, status: 503}}]}}}}]", LATE, False),
        (f"steps: [{{js: 查, expect: {{proxy: [{{{CALLED}, error: TIMEOUT}}]}}}}]", LATE, True),
        (f"steps: [{{js: 查}}]\nexpect: {{proxy: [{{{CALLED}, status: 503}}]}}", BUSY, True),
        ("steps: [{js: 查, expect: {result: 503}}]", BUSY, True),
        ("steps: [{js: 查, expect: {result: 15030}}]", BUSY, False),
        # an amount or a number of a contract is no status, although it has these digits
        ("steps: [{js: 查, expect: {result: {合同金额: 8503}}}]", BUSY, False),
        ("steps: [{js: 查, expect: {result: {合同金额: 50300}}}]", BUSY, False),
        ("steps: [{js: 查, expect: {result: {合同金额: 503.5}}}]", BUSY, False),
        ("steps: [{js: 查, expect: {result: {合同金额: 12.503}}}]", BUSY, False),
        ("steps: [{js: 查, expect: {result: {合同金额: '8,503.00'}}}]", BUSY, False),
        ("steps: [{js: 查, expect: {result: {合同金额: '8,503'}}}]", BUSY, False),
        ("steps: [{js: 查, expect: {result: {合同金额: '503,000'}}}]", BUSY, False),
        ("steps: [{js: 查, expect: {result: {合同编号: HT2026503}}}]", BUSY, False),
        ("steps: [{js: 查, expect: {result: {合同编号: 503HT}}}]", BUSY, False),
        ("steps: [{js: 查, expect: {messages: [HTTP 503]}}]", BUSY, True),
        ("steps: [{js: 查, expect: {messages: [CRM 返回 503。]}}]", BUSY, True),
        ("steps: [{js: 查, expect: {messages: [CRM返回503错误，请稍后再试]}}]", BUSY, True),
        ("steps: [{js: 查, expect: {messages: [CRM returned 503.]}}]", BUSY, True),
        ("steps: [{js: 查, expect: {messages: ['失败,503,稍后再试']}}]", BUSY, True),
        ("steps: [{js: 查, expect: {messages: [CRM请求TIMEOUT了]}}]", LATE, True),
        ("steps: [{js: 查, expect: {messages: [NO_TIMEOUT]}}]", LATE, False),
        ("steps: [{js: 查, expect: {result: ENDLESS_TIMEOUTS}}]", LATE, False),
        ("steps: [{js: 查, expect: {result: 1}}, {js: 改, expect: {result: 503}}, {js: 改, expect: {result: 2}}]", BUSY, True),
        ("steps: [{js: 查, expect: {result: 503}}]", GONE, False),
        ("steps: [{js: 查, expect: {result: 502}}]", GONE, True),
        ("steps: [{js: return 503}]", BUSY, False),
        ("steps: [{name: TIMEOUT, js: 查}]", LATE, False),
    ],
)  # fmt: skip
def test_an_outage_is_recorded_only_where_the_scenario_expects_it(
    tmp_path: Path, rest: str, outcome: Response | FailedExchange, *, is_expected: bool
) -> None:
    # where an error that says nothing is a warning
    (tmp_path / "pyproject.toml").write_text("[tool.bpmax_sim]\nlenient = true\n")
    path = write(tmp_path, f"version: 1\nscenario: 查客户\n{rest}\n")
    [item] = load_items(path, environ={}, root=tmp_path)
    outage = Outage("crm_system.get_customer_detail", outcome, is_known=True)
    bench = PlainBench(unserved=(outage, outage, outage))
    progress = Progress(item, cast("Session", bench), {}, faults=True)

    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        fail_on_unexpected_outages(progress)

    told = [(one.kind, one.essence.partition(":")[0]) for one in progress.failures]
    assert told == [("outage", outage.call)] * (0 if is_expected else 3)
    assert [(one.category, str(one.message)) for one in warned] == [
        (OutageWarning, f"{outage}: recorded, as the scenario expects it")
    ] * (3 if is_expected else 0)
