"""Which recorded responses tell what a script gets."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace

from bpmax_sim.cassette.journal import scan_nothing
from bpmax_sim.cassette.recorder import Recorder
from bpmax_sim.index.facts import FileFacts
from bpmax_sim.index.recordings import read_cassette_facts
from bpmax_sim.messages import LOGIN, FailedExchange, Outcome
from tests.cassette.exchanges import OWNER, RULES, answer, detail

CALL = "crm_system.get_customer_detail"
FOUND = answer('{"客户":"华宁","等级":"VIP"}')


def read(folder: Path, *outcomes: Outcome) -> FileFacts:
    path = folder / "customer.yaml"
    with closing(Recorder(path, rules=RULES, owner=OWNER, scan=scan_nothing)) as made:
        for number, outcome in enumerate(outcomes):
            made.append(detail(number, outcome=outcome))
        made.seal()
    return read_cassette_facts(path)


@pytest.mark.parametrize(
    ("status", "members"),
    [
        (200, {"客户", "等级", "错误"}),
        (299, {"客户", "等级", "错误"}),
        (300, {"客户", "等级"}),
        (404, {"客户", "等级"}),
        (500, {"客户", "等级"}),
    ],
)
def test_the_body_of_a_failure_is_no_result(status: int, members: set[str], tmp_path: Path) -> None:
    other = replace(answer('{"错误":"查无此客户"}'), status=status)

    facts = read(tmp_path, FOUND, other)

    shape = facts.shapes[CALL]
    assert {*shape.members} == members
    assert shape.optional == (members if "错误" in members else set())
    assert [fact.name for fact in facts.facts] == [CALL, CALL]  # it was called all the same
    assert {(fact.role, fact.detail) for fact in facts.facts} == {("records", OWNER)}


@pytest.mark.parametrize(
    "outcome",
    [
        FailedExchange(code="RESET", message="connection reset"),
        replace(answer("<p>维护中</p>"), headers=(("content-type", "text/html"),)),
        answer('{"客户":'),
        replace(FOUND, status=404),
    ],
)
def test_a_call_without_a_result_has_no_shape(outcome: Outcome, tmp_path: Path) -> None:
    facts = read(tmp_path, outcome)

    assert ([fact.name for fact in facts.facts], facts.shapes) == ([CALL], {})


def test_no_script_calls_a_login(tmp_path: Path) -> None:
    login = detail()
    assert login.request.call
    call = replace(login.request.call, api=LOGIN)
    path = tmp_path / "customer.yaml"
    with closing(Recorder(path, rules=RULES, owner=OWNER, scan=scan_nothing)) as made:
        made.append(detail(1))
        made.append(replace(login, request=replace(login.request, call=call)))
        made.seal()

    assert {fact.name for fact in read_cassette_facts(path).facts} == {CALL}
