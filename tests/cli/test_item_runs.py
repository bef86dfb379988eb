"""How items run one after the other: what one leaves to the next, and what a file has unused."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from bpmax_sim.cli.item_runs import run_items, run_items_with_events, select_shard_items
from bpmax_sim.cli.item_selection import find_items, find_targets
from bpmax_sim.report.perform import PerformOptions
from bpmax_sim.report.terminal import Verdict
from bpmax_sim.scenario import shards
from bpmax_sim.scenario.load import ScenarioItem, load_items
from bpmax_sim.scenario.shards import Shard
from bpmax_sim.session.shared_logins import SharedLogins
from tests.files import write_files

TABLE = (
    "version: 1\nscenario: {}\ncases: [{{id: 甲, 大额: false}}, {{id: 乙, 大额: {}}}]\n"
    "steps: [{{js: return 1}}, {{if: '${{case.大额}}', js: return 2}}]\n"
)


@pytest.fixture(name="items", autouse=True)
def loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[ScenarioItem]:
    names = {"付款": "false", "退款": "true"}
    write_files(
        tmp_path,
        {f"scenarios/{name}.scenario.yaml": TABLE.format(name, two) for name, two in names.items()},
    )
    monkeypatch.chdir(tmp_path)
    files = [tmp_path / f"scenarios/{name}.scenario.yaml" for name in names]
    return [item for file in files for item in load_items(file)]


def describe(verdicts: Iterable[Verdict]) -> list[tuple[str, str, bool, list[str]]]:
    """Return name, outcome, whether it is of a file, and the kinds of the warnings of each."""
    return [
        (one.item.name, one.outcome, one.is_of_file, [told.kind for told in one.warnings])
        for one in verdicts
    ]


PLAIN = ["empty", "empty"]
ROWS = [
    ("付款[甲]", "passed", False, ["rule", *PLAIN]),
    ("付款[乙]", "passed", False, ["rule", *PLAIN]),
    ("退款[甲]", "passed", False, PLAIN),
    ("退款[乙]", "passed", False, PLAIN),
]


def test_what_no_row_of_a_file_used_fails_the_file_at_the_end(items: list[ScenarioItem]) -> None:
    *rows, last = run_items(items, PerformOptions())

    assert describe(rows) == ROWS
    assert (last.outcome, last.is_of_file, int(last.code)) == ("failed", True, 1)
    assert (last.item.row, len(last.failures)) == (None, 1)
    assert last.failures[0].place is not None
    assert last.failures[0].place.file.endswith("scenarios/付款.scenario.yaml")


def test_in_a_lenient_folder_the_last_row_warns_of_it(items: list[ScenarioItem]) -> None:
    lenient = [replace(item, strictness="lenient") for item in items]

    expected = [*ROWS]
    expected[1] = ("付款[乙]", "passed", False, ["rule", *PLAIN, "never_ran"])
    assert describe(run_items(lenient, PerformOptions())) == expected


@pytest.mark.parametrize("own", [None, SharedLogins()])
def test_items_share_logins_those_of_the_options_if_there_are_some(
    items: list[ScenarioItem], own: SharedLogins | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    used: list[tuple[Any, Any]] = []

    def perform(item: ScenarioItem, options: PerformOptions, **_more: Any) -> Any:
        used.append((options.options["shared_logins"], options.cassettes))
        return Verdict(item=item, outcome="skipped"), ()

    monkeypatch.setattr("bpmax_sim.cli.item_runs.perform", perform)
    given: Any = {} if own is None else {"shared_logins": own}
    list(run_items_with_events(items, PerformOptions(options=given)))
    list(run_items_with_events(items[:1], PerformOptions(options=given, cassettes=Path("录制"))))

    *alike, last = used
    ((logins, folder),) = dict.fromkeys(alike)
    assert len(alike) == len(items)
    assert isinstance(logins, SharedLogins)
    assert (folder, last[1]) == (Path("cassettes"), Path("录制"))
    assert (logins is own, last[0] is own) == (own is not None, own is not None)


def test_shards_share_items_by_their_durations_and_keep_the_order(tmp_path: Path) -> None:
    items, _ = find_items(find_targets(None))
    seconds = {f"scenarios/{one.header.file.rpartition('/')[2]}::{one.header.name}": 1.0
               for one in items}  # fmt: skip
    seconds["scenarios/退款.scenario.yaml::退款[乙]"] = 9.0
    shards.store_durations(tmp_path, seconds, shard=None)

    parts = [[one.header.name for one in select_shard_items(items, Shard(number, 2))]
             for number in (1, 2)]  # fmt: skip

    assert select_shard_items(items, None) == items
    assert sorted(parts, key=len) == [["退款[乙]"], ["付款[甲]", "付款[乙]", "退款[甲]"]]
