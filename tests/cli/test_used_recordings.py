"""Under which name a run of scenarios stores what it used of recordings, and what it says there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

import msgspec
import pytest

from bpmax_sim.cli.app import run_command_line
from bpmax_sim.cli.item_selection import find_items, find_targets
from bpmax_sim.cli.usage import UsageOfRun
from bpmax_sim.report.perform import PerformOptions
from bpmax_sim.report.terminal import Verdict
from bpmax_sim.report.usage import FOLDER, Evidence
from bpmax_sim.scenario.runner import open_session
from bpmax_sim.scenario.shards import Shard
from bpmax_sim.scenario.source import Failure
from bpmax_sim.session.options import Mode
from tests.cassette.exchanges import detail
from tests.cli.test_cassette_commands import write
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


@pytest.mark.parametrize(
    ("words", "ran"),
    [
        ((), ["付款", "退款", "报价"]),
        (("-k", "退款"), ["退款"]),
        (("--shard", "1/2", "-k", "款"), ["付款"]),
    ],
)
def test_a_job_owns_the_cassettes_of_what_its_keyword_leaves_out(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    ran: list[str],
) -> None:
    names = ("付款", "退款", "报价")
    write_files(tmp_path, {f"scenarios/{one}.scenario.yaml": SCENARIO.format(one) for one in names})
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CI", raising=False)

    assert run_command_line(["run", "--job", "构建", "--json", *words]) == 0

    ran_names = [one["name"] for one in json.loads(capsys.readouterr().out)["items"]]
    (file,) = (tmp_path / FOLDER).iterdir()
    told = msgspec.json.decode(file.read_bytes(), type=Evidence)
    assert sorted(ran_names) == sorted(ran)
    assert told.owners == {f"cassettes/{one}.yaml": (one,) for one in names}
    assert told.covers == ("part" if "-k" in words else "scenarios")


PAID = "cassettes/付款.yaml"


@pytest.mark.parametrize(
    ("mode", "kinds", "is_known"),
    [
        ("replay", (), True),
        ("replay", ("unplayed",), True),
        ("replay", ("unplayed", "unplayed"), True),
        ("replay", ("expectation",), False),
        ("replay", ("unplayed", "expectation"), False),
        ("replay", ("expectation", "unplayed", "unplayed"), False),
        ("replay", ("unplayed", "unplayed", "miss"), False),
        ("live", (), False),
    ],
)
def test_what_a_run_leaves_unplayed_is_known_unless_it_failed_otherwise(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    mode: Mode,
    kinds: tuple[str, ...],
    *,
    is_known: bool,
) -> None:
    write_files(tmp_path, {"scenarios/付款.scenario.yaml": SCENARIO.format("付款")})
    path = write(tmp_path / PAID, [("付款", [detail(1), detail(2), detail(3)])])
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CI", raising=False)
    ((item,), _) = find_items(find_targets(None))
    session = open_session(item.load(), mode=mode, cassette=path)
    session.close(failed=True)
    failures = tuple(Failure(kind=kind, essence=kind, step=1) for kind in kinds)
    used = UsageOfRun(PerformOptions(), "", None)

    used.add(Verdict(item=item.load(), outcome="failed", failures=failures), (), [session])
    used.store("scenarios", ())

    (file,) = (tmp_path / FOLDER).iterdir()
    told = msgspec.json.decode(file.read_bytes(), type=Evidence)
    assert told.left == ({PAID: {"付款": (1, 2, 3)}} if is_known else {})
    assert told.owners == ({PAID: ("付款",)} if is_known else {})
    assert ([*told.digests], [*told.unplayed_files]) == (([PAID], []) if is_known else ([], [PAID]))


@pytest.mark.parametrize(("job", "shard"), [("", None), ("构建", None), ("", Shard(2, 3))])
@pytest.mark.parametrize("outcome", ["passed", "failed", "xfailed", "skipped"])
def test_what_another_machine_counts_is_what_a_passed_scenario_used(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    outcome: Literal["passed", "failed", "xfailed", "skipped"],
    job: str,
    shard: Shard | None,
) -> None:
    write_files(tmp_path, {"scenarios/付款.scenario.yaml": SCENARIO.format("付款")})
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CI", raising=False)
    ((item,), _) = find_items(find_targets(None))
    used = UsageOfRun(PerformOptions(), job, shard)

    used.add(Verdict(item=item.load(), outcome=outcome), (), ())
    used.store("scenarios", ())

    (file,) = (tmp_path / FOLDER).iterdir()
    told = msgspec.json.decode(file.read_bytes(), type=Evidence)
    is_counted = outcome == "passed" and bool(job or shard)
    assert told.touched == ((f"scenario\t{item.load().node_id}",) if is_counted else ())
