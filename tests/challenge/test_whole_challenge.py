"""One project with something of everything is challenged: each verdict, finding and remedy.

``python -m tests.challenge.test_whole_challenge`` writes the transcript anew; its changes are
reviewed.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from bpmax_sim.challenge.findings import (
    ChallengeResult,
    Weakness,
    describe_counts,
    describe_on_one_line,
    summarise_verdicts,
)
from bpmax_sim.challenge.judge import MutantVerdict, ScriptChallenge
from bpmax_sim.challenge.mutants import Mutant
from bpmax_sim.challenge.page import make_section
from bpmax_sim.i18n import to_plain_english
from bpmax_sim.scenario.load import load_items
from tests.variant.project import write_project

TRANSCRIPT = Path(__file__).parents[1] / "data/whole_challenge.txt"
SCENARIO = """\
version: 1
scenario: 订单
cases:
  - {id: 大单, 编号: "7", 数: 12, 客户: 张三}
form:
  scripts: {change.编号: 选单.js, click.核对: 核对.js, submit: 提交.js}
  libraries: [工具.js]
  fields: {编号: "", 数量: 0, 客户: "", 等级: "", 备注: 无, 明细: []}
proxy:
  stubs:
    - {on: erp.get_order, request: {path: {id: "7"}}, body: {customer: 张三, amount: 1200, items: [{price: 5, state: open}, {price: 7, state: closed}]}}
    - {on: erp.create_order, body: {id: 1}}
steps:
  - {name: 填数, set: {数量: "${case.数}"}}
  - {name: 选单, set: {编号: "${case.编号}"}, expect: {form: {客户: "${case.客户}"}}}
  - {name: 核对, click: 核对}
  - {name: 提交, submit: {}, expect_error: {message: {$contains: 数量}}}
"""  # noqa: E501 - an answer, one a line
SCRIPTS = {
    "选单": """\
const 单 = await $proxy('erp').getOrder(form.编号);
form.客户 = 单.customer;
form.等级 = 分级(单.amount);
form.$required.备注 = 单.amount > 1000;
if (单.amount > 5000) { form.备注 = '特大'; }
form.明细 = 单.items.filter(项 => 项.price > 1);
// bpmax-ignore-next field-write, argument: 另有核对
form.备注 = `共${单.items.length}行`;
""",
    "核对": """\
// bpmax-ignore-next guard: 没有这样的错
console.info(`核对 ${form.编号}`);
form.$message = '已核对';
await $proxy('erp').createOrder({数: form.数量, 来源: '核对'});
""",
    "提交": """\
if (!form.客户) return false;
const 旧 = form.备注 ?? '无';
if (form.数量 >= 3) throw new Error('数量不对');
form.备注 = 旧;
""",
    "工具": """\
function 分级(金额) { return 金额 >= 1000 ? '甲' : '乙'; }
function 没人用(值) { return 值 + 1; }
""",
}


def tell_verdict(mutant: Mutant, verdict: MutantVerdict) -> Iterator[str]:
    new = mutant.new if len(mutant.new) < 60 else f"{mutant.new[:59]}…"
    what = verdict.killer.rpartition("::")[2] or ", ".join(
        f"{one.baseline_number} {one.step} {one.place}" for one in verdict.divergences
    )
    yield (
        f"{mutant.place.line}:{mutant.place.column} {mutant.kind}: {mutant.old} → {new}"
        f" | {' '.join(part for part in (verdict.verdict, verdict.cause, what) if part)}"
    )
    if verdict.line is not None:
        yield f"    {verdict.line.step} {verdict.line.expect_as_step_keys} {verdict.line.columns}"


def tell_finding(one: Weakness) -> Iterator[str]:
    yield f"{one.place} {one.verdict} {one.kind}: {to_plain_english(describe_on_one_line(one))}"
    if one.where:
        yield f"    {one.scenario} {one.scenario_place} {one.step} {one.where}"
        yield f"    {one.before} → {one.after}{' suspicious' * one.is_suspicious}"
    if one.expect_yaml:
        yield f"    {one.expect_yaml} {one.columns_yaml or ''}"
    more = f" as {one.same_as}" if one.same_as else ""
    yield f"    {one.kills} kills, also {', '.join(map(str, one.others)) or 'none'}{more}"


def tell_result(result: ChallengeResult) -> Iterator[str]:
    for finding in result.findings:
        yield from tell_finding(finding)
    yield from (f"{one.place}: {to_plain_english(one.message)}" for one in result.unused)
    yield f"{to_plain_english(describe_counts(result))} {result.score_percent:.1f}"
    section = make_section(result)
    yield f"## {section.title}: {section.summary}"
    for part in section.parts:
        yield str(part)


def tell_challenge(folder: Path) -> Iterator[str]:
    """Yield all that a challenge of the project, written into *folder*, finds out."""
    path = write_project(folder, SCENARIO, **SCRIPTS)
    challenge = ScriptChallenge(load_items(path), {})
    verdicts = list(challenge.judge())
    target = ""
    for (script, mutant), verdict in zip(challenge.numbered, verdicts, strict=True):
        if script.name != target:
            target = script.name
            yield f"# {target}"
        yield from tell_verdict(mutant, verdict)
    yield from ("", "# findings")
    yield from tell_result(summarise_verdicts(challenge, verdicts))


def test_a_challenge_finds_what_the_transcript_tells(tmp_path: Path) -> None:
    told = "\n".join(tell_challenge(tmp_path)).replace(f"{tmp_path}/", "")

    assert f"{told}\n" == TRANSCRIPT.read_text("utf-8")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        text = "\n".join(tell_challenge(Path(place))).replace(f"{place}/", "")
    TRANSCRIPT.write_text(f"{text}\n", "utf-8")
