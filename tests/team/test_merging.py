"""Two branches that record into one cassette, merged by Git: with the driver, and without."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from msgspec.structs import replace

from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.format import dump_exchanges
from bpmax_sim.cassette.three_way import merge_versions
from tests.cassette.exchanges import RULES, ZONE, detail
from tests.pace import slowness
from tests.team.conftest import Command
from tests.team.project import Crm, TeamProject


@pytest.fixture
def shared(project: TeamProject, crm: Crm, bs: Command) -> TeamProject:
    """Return a project with a recording of one scenario, and its attributes as `init` has them."""
    assert crm.url
    (project.root / ".gitattributes").write_text("cassettes/** -text -merge diff=bpmax\n")
    project.scenario("客户", 1, 2)
    assert bs("record").code == 0
    project.commit("录制")
    return project


def branch(project: TeamProject, name: str, bs: Command, scenario: str, *numbers: int) -> None:
    """Record *scenario* on a new branch of main."""
    project.git("checkout", "-q", "-b", name, "main")
    path = project.scenario(scenario, *numbers)
    assert bs("record", str(path), "--record", "rewrite").code == 0
    project.commit(name)


def merge_into(project: TeamProject, into: str, other: str, code: int | None) -> bytes:
    """Return the cassette after *other* is merged into a branch of *into*."""
    project.git("checkout", "-q", "-B", f"{into}+{other}", into)
    project.git("merge", "-q", "--no-edit", other, code=code)
    return project.cassette.read_bytes()


def test_two_scenarios_merge_both_ways_into_equal_bytes(shared: TeamProject, bs: Command) -> None:
    assert bs("doctor", "--fix").code in {0, 1}
    branch(shared, "a", bs, "合同", 3, 4)
    branch(shared, "b", bs, "订单", 5)
    merged = merge_into(shared, "a", "b", 0)

    assert merged == merge_into(shared, "b", "a", 0)
    assert Cassette.load(shared.cassette).owners == ("合同", "客户", "订单")
    assert bs("run").code == 0
    shared.git("checkout", "-q", "-B", "c", "b")
    shared.git("rebase", "-q", "a")
    assert shared.cassette.read_bytes() == merged


def test_without_any_configuration_the_file_is_sound_and_merge_finishes_it(
    shared: TeamProject, bs: Command
) -> None:
    branch(shared, "a", bs, "合同", 3, 4)
    branch(shared, "b", bs, "订单", 5)
    ours = shared.git("show", "b:cassettes/crm.yaml").encode()

    assert merge_into(shared, "b", "a", 1) == ours
    assert "UU cassettes/crm.yaml" in shared.git("-c", "core.quotePath=false", "status", "-s")
    done = bs("merge")
    assert (done.code, done.out, done.err) == (0, "cassettes/crm.yaml: merged\n", "")
    shared.git("commit", "-q", "--no-edit")
    assert bs("run").code == 0
    assert bs("merge").err == "no cassette is unmerged\n"


def test_a_file_that_both_add(project: TeamProject, crm: Crm, bs: Command) -> None:
    assert crm.url
    (project.root / ".gitattributes").write_text("cassettes/** -text -merge diff=bpmax\n")
    project.commit("开始")
    assert bs("doctor", "--fix").code in {0, 1}
    branch(project, "a", bs, "合同", 3, 4)
    branch(project, "b", bs, "订单", 5)

    assert merge_into(project, "a", "b", 0) == merge_into(project, "b", "a", 0)
    assert bs("run").code == 0


@pytest.mark.parametrize("with_driver", [True, False])
def test_both_recorded_the_same_scenario(
    shared: TeamProject, bs: Command, *, with_driver: bool
) -> None:
    if with_driver:
        bs("doctor", "--fix")
    branch(shared, "a", bs, "客户", 1, 3)
    branch(shared, "b", bs, "客户", 1, 4)
    ours = shared.cassette.read_bytes()

    assert merge_into(shared, "b", "a", 1) == ours
    if not with_driver:
        done = bs("merge")
        assert done.code == 1
        assert "both sides recorded '客户'; ours stays, theirs waits" in done.err
    waiting = Cassette.load(shared.cassette.with_name("crm.yaml.new"))
    assert [e.request.url[-1] for e in waiting.exchanges()] == ["1", "3"]
    assert bs("review").code == 6
    assert Cassette.load(shared.cassette).owners == ("客户",)


@pytest.mark.parametrize("with_driver", [True, False])
def test_what_waits_for_review_already_is_not_lost(
    shared: TeamProject, bs: Command, *, with_driver: bool
) -> None:
    if with_driver:
        bs("doctor", "--fix")
    branch(shared, "a", bs, "客户", 1, 3)
    branch(shared, "b", bs, "客户", 1, 4)
    waiting = shared.cassette.with_name("crm.yaml.new")
    recording = shared.git("show", "a~1:cassettes/crm.yaml").encode()
    waiting.write_bytes(recording)

    merge_into(shared, "b", "a", 1)
    done = bs("merge")

    assert (done.code, waiting.read_bytes()) == (1, recording)
    assert done.err == (
        "cassettes/crm.yaml: both sides recorded '客户'; ours stays, and cassettes/crm.yaml.new"
        " waits already: `bpmax-sim review` it, then `bpmax-sim merge` for theirs\n"
    )
    waiting.unlink()
    assert "theirs waits: `bpmax-sim review`" in bs("merge").err
    assert "theirs waits: `bpmax-sim review`" in bs("merge").err  # theirs itself is in nobody's way
    assert [e.request.url[-1] for e in Cassette.load(waiting).exchanges()] == ["1", "3"]


@pytest.mark.parametrize("into", ["a", "b"])
def test_what_one_side_deleted_and_the_other_recorded_again_is_there(
    shared: TeamProject, crm: Crm, bs: Command, into: str
) -> None:
    shared.git("checkout", "-q", "-b", "a")
    shared.git("rm", "-q", "cassettes/crm.yaml")
    shared.commit("删除")
    crm.names["1"] = "李四"
    branch(shared, "b", bs, "客户", 1, 2)
    recorded = shared.cassette.read_bytes()
    shared.git("checkout", "-q", into)
    shared.git("merge", "-q", "--no-edit", "ab".replace(into, ""), code=1)

    assert bs("merge").code == 0
    assert shared.cassette.read_bytes() == recorded
    assert not shared.cassette.with_name("crm.yaml.new").exists()
    shared.git("commit", "-q", "--no-edit")
    assert bs("run").code == 0


def test_a_cassette_of_which_each_side_took_out_the_rest_is_deleted(
    project: TeamProject, bs: Command
) -> None:
    both = [
        replace(detail(serial), owner=owner) for serial, owner in enumerate(("客户", "合同"), 1)
    ]
    for name, kept in (("main", both), ("a", both[:1]), ("b", both[1:])):
        if name != "main":
            project.git("checkout", "-q", "-b", name, "main")
        project.cassette.parent.mkdir(exist_ok=True)
        project.cassette.write_bytes(dump_exchanges(kept, zone=ZONE, rules=RULES))
        project.commit(name)
    merge_into(project, "a", "b", 1)
    done = bs("merge")

    assert (done.code, done.out) == (0, "cassettes/crm.yaml: merged\n")
    assert not project.cassette.exists()
    assert project.git("status", "-s") == "D  cassettes/crm.yaml\n"


def test_two_seeds_of_one_owner(shared: TeamProject, crm: Crm, bs: Command) -> None:
    """A script that draws was recorded on both sides: one recording with its seed stays whole."""
    draws = "      await $proxy('crm').$api('list_orders').$query({by: `${Math.random()}`}).$call()"
    for name in ("一", "二"):
        shared.git("checkout", "-q", "-b", name, "main")
        assert bs("record", str(shared.scenario("抽签", calls=draws))).code == 0
        shared.commit(name)
    ours = shared.git("show", "一:cassettes/crm.yaml").encode()
    shared.git("checkout", "-q", "一")
    shared.git("merge", "-q", "--no-edit", "二", code=1)

    done = bs("merge")
    assert done.code == 1
    assert "both sides recorded '抽签'; ours stays, theirs waits" in done.err
    assert shared.cassette.read_bytes() == ours
    assert bs("run").code == 0


def test_a_half_merged_side_is_refused_with_its_place(shared: TeamProject, bs: Command) -> None:
    branch(shared, "a", bs, "合同", 3)
    text = shared.cassette.read_text(encoding="utf-8")
    shared.cassette.write_text(f"<<<<<<< HEAD\n{text}=======\n>>>>>>> a\n", encoding="utf-8")
    shared.commit("冲突")
    branch(shared, "b", bs, "订单", 5)
    ours = merge_into(shared, "b", "a", 1)

    done = bs("merge")
    assert done.code == 3
    assert done.err.startswith("cassettes/crm.yaml: ")
    assert ":1: a Git conflict marker; run `bpmax-sim merge`" in done.err
    assert shared.cassette.read_bytes() == ours


def test_stages_of_different_formats(shared: TeamProject, bs: Command) -> None:
    sample = Path(__file__).parents[1] / "cassette/data/format_1.yaml"
    today = shared.cassette.read_bytes()
    merged = merge_versions(None, sample.read_bytes(), today, "crm.yaml")

    assert merged == merge_versions(None, today, sample.read_bytes(), "crm.yaml")
    assert merged.conflicts == ()
    assert bs("merge").code == 0


def test_a_diff_shows_what_people_read(shared: TeamProject, crm: Crm, bs: Command) -> None:
    bs("doctor", "--fix")
    crm.names["1"] = "李四"
    assert bs("record", "--record", "rewrite").code == 0
    shown = shared.git("diff")

    assert '+        "name":"李四",' in re.sub(r"^\+ +", "+        ", shown, flags=re.MULTILINE)
    assert "sha" not in shown
    # a clone that was set up by a Python that is gone, and one that was not at all
    gone = 'f() { /nowhere/python "$1" 2>/dev/null || cat "$1"; }; f'
    shared.git("config", "diff.bpmax.textconv", gone)
    shared.git("config", "diff.bpmax.cachetextconv", "false")
    assert '\\"name\\":\\"李四\\"' in shared.git("diff")
    for name in ("diff", "merge"):
        shared.git("config", "--remove-section", f"{name}.bpmax")
    assert '\\"name\\":\\"李四\\"' in shared.git("diff")


def test_what_shows_a_diff_imports_next_to_nothing() -> None:
    names = "len(sys.modules), 'msgspec' in sys.modules"
    code = f"import sys, bpmax_sim.cassette.textconv; print({names})"
    # a night counts the lines of each process, which imports more
    env = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, check=True, text=True, env=env)

    number, has_msgspec = done.stdout.split()
    assert int(number) < 150
    assert has_msgspec == "False"


@pytest.mark.parametrize("command", ["merge", "review", "migrate"])
def test_that_git_does_not_merge_is_said_once(
    shared: TeamProject, bs: Command, command: str
) -> None:
    (shared.root / ".bpmax/merge-hint").unlink()  # `record` has said it
    assert "set that up with `bpmax-sim doctor --fix`" in bs(command).err
    assert "doctor --fix" not in bs(command).err


def test_in_ci_nothing_is_set_up(
    shared: TeamProject, bs: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = (shared.root / ".git/config").read_bytes()
    monkeypatch.setenv("CI", "true")
    bs("doctor", "--fix")
    bs("init", "--platform", "wms", "--yes")

    assert (shared.root / ".git/config").read_bytes() == before
    assert "cassettes/** -text -merge diff=bpmax" in (shared.root / ".gitattributes").read_text()
    assert "cassettes/" in (shared.root / ".prettierignore").read_text().splitlines()


@pytest.mark.parametrize("tool", ["prettier", "a YAML library"])
def test_a_file_that_a_formatter_rewrote_is_taken_back(
    shared: TeamProject, bs: Command, tool: str
) -> None:
    before = shared.cassette.read_bytes()
    if tool == "prettier":
        pattern = re.compile(r"^(- bpmax: |bpmax: |sealed: )(\{.*\})$", re.MULTILINE)

        def reflow(match: re.Match[str]) -> str:
            members = json.loads(match[2]).items()
            lines = [f"{json.dumps(k)}: {json.dumps(v, ensure_ascii=False)}" for k, v in members]
            indent = "\n      " if match[1].startswith("-") else "\n  "
            return f"{match[1].rstrip()}{indent}{{ {f',{indent}  '.join(lines)} }}"

        text = pattern.sub(reflow, before.decode())
    else:
        text = yaml.safe_dump(yaml.safe_load(before), allow_unicode=True, sort_keys=False)
    shared.cassette.write_text(text, encoding="utf-8")

    done = bs("run")
    assert done.code != 0
    assert (
        "rewritten by a formatter or a YAML library; `bpmax-sim cassette seal"
        in done.out + done.err
    )
    assert bs("cassette", "seal", "cassettes/crm.yaml", "--yes").code == 0
    assert shared.cassette.read_bytes() == before


def test_merging_ten_thousand_exchanges_takes_a_second(tmp_path: Path) -> None:
    def version(*owners: str, extra: int = 0) -> bytes:
        exchanges = [
            replace(detail(number), order=number, owner=owner)
            for owner in owners
            for number in range(1, 5001 + (extra if owner == owners[-1] else 0))
        ]
        return dump_exchanges(exchanges, rules=RULES, zone=ZONE)

    base = version("甲", "乙")
    ours, theirs = version("甲", "乙", extra=1), version("乙", "甲", extra=1)
    started = time.process_time()
    merged = merge_versions(base, ours, theirs, "x.yaml")
    assert time.process_time() - started < slowness()
    assert merged.conflicts == ()
    (tmp_path / "x.yaml").write_bytes(merged.data)
    assert len(Cassette.load(tmp_path / "x.yaml")) == 10_002
