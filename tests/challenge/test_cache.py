"""What became of mutants is kept, and tried anew where anything that it depends on changed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bpmax_sim.challenge.cache import VerdictCache
from bpmax_sim.challenge.judge import MutantVerdict, ScriptChallenge
from bpmax_sim.scenario.load import load_items
from tests.variant.project import write_project

SCENARIO = """\
version: 1
scenario: 订单
form:
  scripts: {change.编号: submit.js}
  fields: {编号: "", 客户: ""}
proxy: {stubs: [{on: erp.get_order, body: {customer: 张三}}]}
steps:
  - set: {编号: "7"}
    expect: {form: {客户: 张三}}
"""
SCRIPT = "const order = await $proxy('erp').getOrder(form.编号);\nform.客户 = order.customer;\n"


def _judge(root: Path, *, most: int = 100) -> tuple[ScriptChallenge, list[MutantVerdict]]:
    path = next(root.rglob("*.scenario.yaml"))
    ready = ScriptChallenge(load_items(path), most=most, cache=VerdictCache(root))
    return ready, list(ready.judge())


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_project(tmp_path, SCENARIO, submit=SCRIPT)
    _judge(tmp_path)
    return tmp_path


def _edit(name: str, old: str, new: str) -> Callable[[Path], None]:
    def edit(root: Path) -> None:
        path = next(root.rglob(name))
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    return edit


def _write(data: bytes) -> Callable[[Path], None]:
    def write(root: Path) -> None:
        (root / ".bpmax" / "challenge").write_bytes(data)

    return write


CHANGES = {
    "nothing": (_edit("submit.js", "form.", "form."), True),
    "the script": (_edit("submit.js", "form.客户 =", "form.客户  ="), False),
    "the scenario": (_edit("*.scenario.yaml", 'set: {编号: "7"}', 'set: {编号: "8"}'), False),
    "a platform": (_edit("erp.yaml", "base_url:", "title: 别的\nbase_url:"), False),
    "another version": (_write(b"\x82\xa7edition\xa1x\xa8verdicts\x80"), False),
    "a broken file": (_write(b"\xff\x00"), False),
}


@pytest.mark.parametrize(("change", "is_reused"), CHANGES.values(), ids=CHANGES)
def test_what_is_known_is_not_tried_again(
    root: Path, change: Callable[[Path], None], is_reused: bool
) -> None:
    change(root)
    ready, verdicts = _judge(root)
    kept = [one for one in verdicts if one.verdict != "differs"]
    assert ready.reused == (len(kept) if is_reused else 0)


def test_a_killed_mutant_remembers_its_killer(root: Path) -> None:
    _edit("submit.js", "form.客户 =", "form.客户  =")(root)
    ready, _ = _judge(root)
    assert ready._memory is not None
    killers = {ready._memory.find_last_killer_id(number) for number in range(len(ready.numbered))}
    assert killers == {"", ready.baselines[0].item.node_id}


def test_equal_mutants_of_one_script_are_remembered_one_by_one(tmp_path: Path) -> None:
    line = SCRIPT.splitlines()[1]
    write_project(tmp_path, SCENARIO, submit=f"{SCRIPT}{line}\n{line}\n")
    _, before = _judge(tmp_path)

    again, verdicts = _judge(tmp_path)

    assert [one.verdict for one in verdicts] == [one.verdict for one in before]
    assert again.reused == len([one for one in verdicts if one.verdict != "differs"])
    names = [(mutant.kind, mutant.old, mutant.new) for _, mutant in again.numbered]
    assert len({*names}) < len(names)


def test_two_processes_keep_the_verdicts_of_both(root: Path) -> None:
    first, second = VerdictCache(root), VerdictCache(root)
    known = first.find(next(iter(first._kept)))
    assert known is not None
    for name, cache in ((b"1", first), (b"2", second)):
        cache.add(name, known)
        cache.save()
    assert VerdictCache(root).find(b"1") == VerdictCache(root).find(b"2") == known


def test_a_folder_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    write_project(tmp_path, SCENARIO, submit=SCRIPT)
    (tmp_path / ".bpmax").write_text("a file", encoding="utf-8")
    _, verdicts = _judge(tmp_path)
    assert verdicts


def test_a_part_of_the_mutants_is_spread_over_all(root: Path) -> None:
    whole, _ = _judge(root)
    some, verdicts = _judge(root, most=3)
    assert len(verdicts) == len(some.numbered) == 3 < some.possible == whole.possible
    assert {mutant.place.line for _, mutant in some.numbered} == {1, 2}
