"""What a person reads of explorations with something of everything, as one transcript.

``python -m tests.explore.test_whole_summary`` writes the transcript anew; its changes are reviewed.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from bpmax_sim.errors import Place
from bpmax_sim.explore.failures import CODES, MEMBERS
from bpmax_sim.explore.item_result import make_failures, make_warnings
from bpmax_sim.explore.judge import Judgement
from bpmax_sim.explore.orders import Interruption
from bpmax_sim.explore.page import make_section
from bpmax_sim.explore.run_view import ObservedCall
from bpmax_sim.explore.search import (
    AT_ONCE,
    MEANWHILE,
    ORDERS,
    Exploration,
    JudgedVariant,
    choose_severity,
)
from bpmax_sim.explore.summary import (
    decode_totals,
    describe_finding,
    describe_totals,
    describe_unproven_missing_members,
    encode_totals,
    explain_unexplored_parts,
    explain_unjudged_variants,
    find_causes,
    format_matrix,
    make_matrix,
    sum_totals,
)
from bpmax_sim.scenario.model import ExploreSpec
from tests.explore.views import made, ordered

TRANSCRIPT = Path(__file__).parents[1] / "data/whole_summary.txt"
SHOP, TEN, TWO = Place("下单.js", 4, 7), Place("查客户.js", 10, 3), Place("查客户.js", 2, 9)
READ: Final = made("crm.查客户", place=TEN)
EARLY: Final = made("crm.查客户", place=TWO, number=2)
ORDER: Final = ordered(place=SHOP)
LOGIN: Final = made("crm.login", place=None, is_login=True)
SPEC: Final = ExploreSpec()


def vary(  # noqa: PLR0913 - a variant
    call: ObservedCall,
    kind: str,
    verdict: Any,
    why: str = "",
    *,
    column: str = "",
    place: Place | None = None,
    shown: bool = True,
    proven: bool = False,
    done: str = "",
) -> JudgedVariant:
    """Return the variant in which *kind* happens to *call*; *done* is what a person does then."""
    judgement = Judgement(verdict=verdict, why=why, step="1", place=place, is_shown=proven)
    return JudgedVariant(
        call=call, kind=kind, column=column or kind, rules=(), judgement=judgement,
        interruption=Interruption(call=call, what=done, is_again=False) if done else None,
        is_shown=shown,
        severity=choose_severity(judgement, SPEC, is_confirmed=shown, is_uncertain=bool(done)),
    )  # fmt: skip


def explored(name: str, *variants: JudgedVariant, **more: Any) -> Exploration:
    usual: dict[str, Any] = {"possible": len(variants) + 1, "tried": len(variants)}
    return Exploration(
        node_id=f"订单.scenario.yaml::{name}", name=name, place=Place("订单.scenario.yaml", 7, 1),
        target=f"订单.scenario.yaml -k {name}", variants=variants, **{**usual, **more},
    )  # fmt: skip


EXPLORED: Final = (
    explored(
        "选客户",
        vary(READ, "refused", "handled"),
        vary(READ, "timeout", "silent", "没有人知道", place=TEN),
        vary(READ, "500", "silent", "第二个原因", place=TEN),
        vary(READ, "code 4290", "unrecorded", "no recording of crm.查订单", column=CODES),
        vary(READ, "code 4291", "handled", column=CODES),
        vary(READ, "data null", "crash", "TypeError: 甲", column=MEMBERS, place=TEN, proven=True),
        vary(READ, "name null", "crash", "TypeError: 乙", column=MEMBERS, place=TEN, shown=False),
        vary(READ, "level absent", "handled", column=MEMBERS, shown=False),
        vary(EARLY, "timeout", "crash", "TypeError: 丙", place=TWO),
        vary(EARLY, "timeout", "silent", "没有人知道", place=TWO),
        vary(EARLY, "timeout", "partial", "一半", place=TWO),
        vary(EARLY, "500 (after crm.查客户: 500)", "stale", "旧的", column=AT_ONCE, place=TWO),
        vary(LOGIN, "token expired", "unrecorded", "no recording of crm.login"),
        vary(EARLY, "甲 < 乙", "stale", "旧的", column=ORDERS, place=TWO),
        most_in_flight=5,
    ),
    explored(
        "下单",
        vary(ORDER, "timeout", "duplicate", "erp.下单 was done 2 times", place=SHOP),
        vary(ORDER, "500", "partial", "一半", place=SHOP),
        vary(ORDER, "429", "invariant", "余额", place=SHOP),
        vary(ORDER, "reset", "endless", "不停", place=SHOP),
        vary(ORDER, "先提交", "differs", "换了", column=MEANWHILE, place=SHOP, done="提交"),
        vary(ORDER, "提交: 甲 < 乙", "differs", "再换", column=MEANWHILE, place=SHOP, done="提交"),
        vary(ORDER, "提交", "differs", "也换", column=MEANWHILE, place=SHOP, done="提交"),
        vary(READ, "timeout", "silent", "另一处的", place=TEN),
        vary(READ, "500", "silent", "没有位置"),
        knows_member_reads=False, possible=9, most_in_flight=4,
    ),
    explored(
        "三十种",
        *(vary(READ, f"code {number}", "silent", "都一样", column=CODES, place=TEN)
          for number in range(10)),
        vary(READ, "name null", "crash", "TypeError: 丁", column=MEMBERS, shown=False),
        vary(READ, "乱", "unrecorded", "no recording of crm.查订单"),
    ),
    explored(
        "登录",
        *(vary(LOGIN, f"坏 {number}", "unrecorded", f"no recording of crm.查{number}")
          for number in range(6)),
        vary(LOGIN, "data absent", "unrecorded", "no recording of crm.查0", shown=False),
        vary(LOGIN, "审批: 乙 < 甲", "differs", "别的", column=MEANWHILE, done="审批"),
        most_in_flight=4,
    ),
    explored("没有跑", refused="steps[0] has Python"),
    explored("没时间", possible=3, tried=0, knows_member_reads=False),
    explored("没有调用", possible=0, tried=0),
)  # fmt: skip


def tell_item(one: Exploration) -> Iterator[str]:
    yield f"## {one.name}"
    for failure in make_failures(one):
        yield f"{failure.kind} {failure.place} {failure.script}: {failure.essence}"
        yield f"    {failure.detail} {failure.rerun} {failure.location} {failure.scenario}"
    yield from (f"{warning.place} {warning.message}" for warning in make_warnings(one))
    yield from (f"= {line}" for line in explain_unexplored_parts(one))
    totals = sum_totals([one])
    yield from (
        f"= {line}" for line in (describe_totals(totals), *explain_unjudged_variants(totals))
    )
    yield from format_matrix(make_matrix(totals.cells))


def tell_all() -> str:
    """Return all that is told of the explorations, of each and of all together."""
    totals = decode_totals([encode_totals(sum_totals([one])) for one in EXPLORED])
    assert totals == sum_totals(EXPLORED)
    causes = find_causes(EXPLORED)
    section = make_section(totals, causes, [f"scenario {number}" for number in range(len(causes))])
    lines = [
        *(line for one in EXPLORED for line in tell_item(one)),
        "# causes", *(line for cause in causes for line in describe_finding(cause)),
        f"# matrix of {len(totals.cells)}", *format_matrix(make_matrix(totals.cells)),
        "# all", describe_totals(totals), *explain_unjudged_variants(totals),
        *describe_unproven_missing_members(EXPLORED),
        "# page", section.title, section.summary, *map(str, section.parts),
        str(make_section(sum_totals(EXPLORED[-3:]))),
        str(make_section(sum_totals([]), causes[:2]).parts),
    ]  # fmt: skip
    return "\n".join(map(str, lines)) + "\n"


def test_a_person_reads_of_explorations_what_the_transcript_tells() -> None:
    assert tell_all() == TRANSCRIPT.read_text("utf-8")


if __name__ == "__main__":
    TRANSCRIPT.write_text(tell_all(), "utf-8")
