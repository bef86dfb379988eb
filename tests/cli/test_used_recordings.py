"""Under which name a run of scenarios stores what it used of recordings, and what it says there."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from bpmax_sim.cli.item_selection import find_items, find_targets
from bpmax_sim.cli.usage import UsageOfRun
from bpmax_sim.report.perform import PerformOptions
from bpmax_sim.report.usage import FOLDER, Evidence
from bpmax_sim.scenario.shards import Shard
from tests.files import write_files

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
