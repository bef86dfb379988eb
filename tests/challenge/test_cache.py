"""What became of mutants is kept, and tried anew where anything that it depends on changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from bpmax_sim.challenge.cache import StoredVerdict, VerdictCache, digest_baseline
from bpmax_sim.challenge.judge import MutantVerdict, ScriptChallenge
from bpmax_sim.scenario.load import load_items
from bpmax_sim.scenario.outcome import make_unrun_events
from bpmax_sim.script.budget import UNLIMITED
from bpmax_sim.script.failure import Script
from bpmax_sim.variant.run import Baseline, VariantRun
from tests.files import write_files
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


RICH = """\
version: 1
scenario: 订单
use: 公共.yaml
vars: {额: 1}
cases:
  - {id: 大单, 编号: "7"}
  - {id: 小单, 编号: "7"}
form: {scripts: {change.编号: submit.js}, fields: {编号: "", 客户: "${env.部门}"}}
proxy: {stubs: [{on: erp.get_order, body: {customer: 张三}}]}
steps: [{run: 填}, {set: {编号: "${case.编号}"}, expect: {form: {客户: 张三}}}]
finally: [{set: {客户: ""}}]
"""
FILES = {
    "scenarios/公共.yaml": "steps: {填: [{set: {编号: 7}, expect: {form: {客户: 张三}}}]}\n",
    "scenarios/实例.yaml": "instances: {}\n",
    "cassettes/订单.yaml": "甲",
    "cassettes/auth/erp/登录.yaml": "token: 1",
    "cassettes/别的.yaml": "",
    "别处/订单.yaml": "甲",
}


def test_a_verdict_depends_on_each_part_of_what_was_run(tmp_path: Path) -> None:
    write_files(tmp_path, FILES)
    path = write_project(tmp_path, RICH, submit=SCRIPT)
    item, other_row = load_items(path, environ={"部门": "财务"})
    home = tmp_path / "scenarios"
    item = replace(
        item, cassette="订单", platforms=(home / "platforms",), instances=home / "实例.yaml"
    )
    run = VariantRun(make_unrun_events(item))

    def digest(environ: Mapping[str, str], folder: Path | None = None, /, **parts: Any) -> bytes:
        return digest_baseline(Baseline(replace(item, **parts), run, UNLIMITED, environ, folder))

    first = {"部门": "财务"}
    plain = digest(first)
    digests = {
        "row": digest(first, row=other_row.row),
        "clean-up": digest(first, cleanup=()),
        "steps": digest(first, steps=()),
        "variable": digest(first, vars={"额": 2}),
        "variable of the command line": digest(first, cli_variables={"额": 2}),
        "strictness": digest(first, strictness="strict"),
        "folder": digest(first, tmp_path / "别处"),
        "empty variable": digest({"部门": ""}),
        "other variable": digest({"部门": "人事"}),
        "named steps": digest(first, subjects=replace(item.subjects, named={})),
        "script": digest(first, subjects=replace(item.subjects, libraries=(Script("1", "库.js"),))),
    }
    assert digest({}) == digests.pop("empty variable")
    assert digest({**first, "HOME": "/root"}, tmp_path / "cassettes") == plain
    for name in (
        "scenarios/platforms/erp.yaml",
        "scenarios/实例.yaml",
        "cassettes/订单.yaml",
        "cassettes/auth/erp/登录.yaml",
    ):
        text = (tmp_path / name).read_text(encoding="utf-8")
        write_files(tmp_path, {name: f"{text} "})
        digests[name] = digest(first)
        write_files(tmp_path, {name: text})
    write_files(tmp_path, {"cassettes/别的.yaml": "x"})
    assert digest(first) == plain
    assert {name for name, one in digests.items() if one == plain} == set()
    assert len({*digests.values()}) == len(digests)


def test_the_latest_verdicts_are_kept_and_nothing_is_written_without_any(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bpmax_sim.challenge.cache._MOST_KEPT", 3)
    VerdictCache(tmp_path).save()
    assert [*tmp_path.iterdir()] == []
    late, early = VerdictCache(tmp_path), VerdictCache(tmp_path)
    for cache, names in ((early, b"abc"), (late, b"cd")):
        for name in names:
            cache.add(bytes([name]), StoredVerdict(b"", "killed", "", str(cache is late)))
        cache.save()
    found = VerdictCache(tmp_path)

    assert {name: one.cause for name in "abcd" if (one := found.find(name.encode()))} == {
        "b": "False", "c": "True", "d": "True",
    }  # fmt: skip
    assert late.find(b"c") is None
