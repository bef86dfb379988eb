from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest

from bpmax_sim.cli import item_runs
from bpmax_sim.cli.item_selection import find_items, find_targets
from bpmax_sim.cli.usage import UsageOfRun
from bpmax_sim.report.exit_codes import ExitCode
from bpmax_sim.report.perform import PerformOptions
from bpmax_sim.report.terminal import Verdict
from bpmax_sim.report.usage import FOLDER, Evidence
from bpmax_sim.scenario import shards
from bpmax_sim.scenario.load import load_items
from bpmax_sim.scenario.shards import Shard
from tests.cli.project import Command, Project
from tests.files import write_files
from tests.snapshots import snapshot

TABLE = """\
version: 1
scenario: 逐个打开
cases: [{id: 甲}, {id: 乙}, {id: 丙}]
form: {fields: {a: null}}
steps: [{open: {}}]
"""


def test_shards_share_the_rows_among_them(project: Project, bs: Command) -> None:
    (project.folder / "scenarios/表.scenario.yaml").write_text(TABLE, encoding="utf-8")
    assert bs("run", "scenarios/表.scenario.yaml").code == ExitCode.PASSED
    known = shards.read_durations(project.folder)
    assert sorted(known) == [f"scenarios/表.scenario.yaml::逐个打开[{row}]" for row in "丙乙甲"]

    parts = [
        [one["name"] for one in json.loads(done.out)["items"]]
        for number in range(1, 5)
        for done in (bs("run", "scenarios/表.scenario.yaml", "--shard", f"{number}/4", "--json"),)
        if done.code == ExitCode.PASSED
    ]

    assert sorted(map(len, parts)) == [0, 1, 1, 1]
    assert sorted(name for part in parts for name in part) == sorted(
        f"逐个打开[{row}]" for row in "甲乙丙"
    )
    assert shards.read_durations(project.folder) == known


def test_what_is_no_shard_is_a_usage_error(project: Project, bs: Command) -> None:
    done = bs("run", "--shard", "9/8")

    assert done.code == ExitCode.USAGE
    assert done.err == snapshot("--shard: expected a shard from 1/8 on, got '9/8'\n")


def test_damaged_durations_split_nothing(project: Project, bs: Command) -> None:
    (project.folder / ".bpmax").mkdir()
    (project.folder / shards.FILE).write_text("{", encoding="utf-8")

    done = bs("run", "--shard", "1/2")

    assert done.code == ExitCode.USAGE
    assert done.err == snapshot(
        ".bpmax/durations.json: these are no durations; delete the file, every shard's copy of it "
        "alike\n"
    )


SCENARIO = "version: 1\nscenario: {}\nsteps: [{{js: return 1}}]\n"


@pytest.mark.parametrize(
    ("job", "shard", "name"),
    [
        ("", None, "run.1-of-1.json"),
        ("", Shard(2, 3), "2-of-3.json"),
        ("构建", None, "构建.1-of-1.json"),
        ("构建", Shard(2, 3), "构建.2-of-3.json"),
    ],
)
@pytest.mark.parametrize("folder", ["", "录制"])
def test_what_a_run_uses_is_stored_by_job_and_shard_unless_it_proves_nothing(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    job: str,
    shard: Shard | None,
    name: str,
    folder: str,
) -> None:
    names = ("付款", "退款", "报价")
    write_files(tmp_path, {f"scenarios/{one}.scenario.yaml": SCENARIO.format(one) for one in names})
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CI", raising=False)
    items, _ = find_items(find_targets(None))
    used = UsageOfRun(PerformOptions(cassettes=tmp_path / folder if folder else None), job, shard)
    used.add_owned_cassettes(items)
    used.seconds["付款"] = 1.5

    used.store(None, ())
    assert not (tmp_path / FOLDER).exists()
    used.store("scenarios", items[1:])

    (file,) = (tmp_path / FOLDER).iterdir()
    told = msgspec.json.decode(file.read_bytes(), type=Evidence)
    cassettes = folder or "cassettes"
    assert file.name == name
    assert told.unplayed_files == (f"{cassettes}/{items[0].header.name}.yaml",)
    assert told.owners == {f"{cassettes}/{one}.yaml": (one,) for one in names}
    assert (told.folders, told.covers) == ((cassettes,), "scenarios")
    assert told.tests == tuple(sorted(f"scenarios/{one}.scenario.yaml" for one in names))
    is_shared = bool(job or shard)
    assert (told.seconds, bool(told.sources)) == ({"付款": 1.5} if is_shared else {}, is_shared)


@pytest.mark.parametrize(
    ("digests", "stored"),
    [
        (["d", "d", "d"], {"付款": 2.0, "退款": 2.0, "报价": 2.0}),
        (["d", "", "d"], {"付款": 2.0, "报价": 2.0}),  # what did not run takes no time
        (["", "", ""], {}),
        (["d"], {"付款": 2.0}),
        ([], {}),
    ],
)
def test_an_item_takes_from_when_it_is_asked_for_until_it_has_a_verdict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, digests: list[str], stored: dict[str, float]
) -> None:
    names = ("付款", "退款", "报价")
    write_files(tmp_path, {f"scenarios/{one}.scenario.yaml": SCENARIO.format(one) for one in names})
    monkeypatch.chdir(tmp_path)
    clock = SimpleNamespace(now=7.0)
    clock.perf_counter = lambda: clock.now
    monkeypatch.setattr(item_runs, "time", clock)

    def run() -> Iterator[Verdict]:
        for name, digest in zip(names, digests, strict=False):
            (item,) = load_items(Path(f"scenarios/{name}.scenario.yaml").absolute())
            clock.now += 2.0
            yield Verdict(item=item, outcome="passed", digest=digest)

    verdicts = list(run())
    seconds: dict[str, float] = {}
    for verdict in item_runs.measure_and_store_durations(run(), None, seconds):
        assert verdict in verdicts
        clock.now += 100.0  # of who prints it

    keys = {f"scenarios/{name}.scenario.yaml::{name}": took for name, took in stored.items()}
    assert seconds == keys
    assert shards.read_durations(tmp_path) == keys
    assert (tmp_path / shards.FILE).exists() is bool(keys)
