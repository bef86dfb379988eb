"""What scripts draw: new in every recording, the same in its replay, and nobody else's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

import bpmax_sim as bs
from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.format import dump_entries
from bpmax_sim.cassette.model import Entry
from bpmax_sim.cli.app import run_command_line
from bpmax_sim.clock import FreshSeedSource, RandomSequenceSeeds
from bpmax_sim.report.exit_codes import ExitCode
from bpmax_sim.scenario.events import ScenarioFinished
from bpmax_sim.session.shared_recording import SharedRecording

PLATFORM = """\
platform_key: 订单系统
base_url: https://orders.example.test
apis:
  下单: {method: POST, path: /orders}
  查询: {method: GET, path: /orders}
"""
SCENARIO = """\
version: 1
scenario: 下单
form: {scripts: {open: ./下单.js}}
proxy: {platforms: ./platforms}
clock: "2026-03-02T09:00:00+08:00"
cases: [{id: 甲}, {id: 乙}]
steps:
  - open: {}
"""
DRAWN_BY_THE_SCENARIO = SCENARIO.replace("- open: {}", "- open: {单号: '${uuid}'}")
DRAWS = "await $proxy('订单系统').$api('下单').$body({id: crypto.randomUUID()}).$call()"
DRAWS_NOTHING = "await $proxy('订单系统').查询()"


class Orders:
    """A third party that takes each id once."""

    def __init__(self) -> None:
        self.ids: list[str] = []

    def __call__(self, request: bs.Request) -> bs.Response:
        if request.method == "POST":
            self.ids.append(json.loads(request.body or b"")["id"])
        status = 200 if len(set(self.ids)) == len(self.ids) else 409
        return bs.Response(
            status=status, headers=(("content-type", "application/json"),), body=b"{}"
        )


def scenario(folder: Path, script: str = DRAWS, text: str = SCENARIO) -> Path:
    (folder / "platforms").mkdir(exist_ok=True)
    (folder / "platforms/订单系统.yaml").write_text(PLATFORM, encoding="utf-8")
    (folder / "下单.js").write_text(script, encoding="utf-8")
    path = folder / "下单.scenario.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def outcomes(path: Path, **options: Any) -> list[str]:
    events = bs.run_scenario(path, environ={}, **options).events
    return [event.outcome for event in events if isinstance(event, ScenarioFinished)]


def recorded(folder: Path) -> dict[str, bytes]:
    return {one.name: one.read_bytes() for one in sorted((folder / "cassettes").rglob("*.yaml"))}


def test_rows_and_runs_draw_what_nobody_has_drawn_and_replay_draws_the_same(tmp_path: Path) -> None:
    path, orders = scenario(tmp_path), Orders()

    assert outcomes(path, mode="record", transport=orders) == ["passed"] * 2
    assert outcomes(path) == ["passed"] * 2
    assert outcomes(path, mode="record", record="rewrite", transport=orders) == ["passed"] * 2
    assert outcomes(path, mode="live", transport=orders) == ["passed"] * 2
    assert len(set(orders.ids)) == 6
    assert outcomes(path) == ["passed"] * 2


def test_a_scenario_that_draws_nothing_records_again_to_the_same_bytes(tmp_path: Path) -> None:
    path, orders = scenario(tmp_path, DRAWS_NOTHING), Orders()

    outcomes(path, mode="record", transport=orders)
    before = recorded(tmp_path)
    outcomes(path, mode="record", record="rewrite", transport=orders)

    assert recorded(tmp_path) == before
    assert all(b'"seed"' not in data for data in before.values())


@pytest.mark.parametrize(("said", "option"), [("seed: 7\n", None), ("", 7), ("", 0)])
def test_a_seed_that_is_fixed_is_drawn_from_in_every_recording(
    tmp_path: Path, said: str, option: int | None
) -> None:
    path, orders = scenario(tmp_path, text=SCENARIO.replace("clock", f"{said}clock", 1)), Orders()
    more = {} if option is None else {"seed": option}

    outcomes(path, mode="record", transport=orders, **more)
    outcomes(path, mode="record", record="rewrite", transport=orders, **more)

    assert len(set(orders.ids)) == 1
    assert outcomes(path) == ["passed", "failed"]  # the second one was refused and set aside


def test_what_was_drawn_before_a_draw_of_the_scenario_itself_replays(tmp_path: Path) -> None:
    script = "await $proxy('订单系统').$api('下单').$body({id: form.单号}).$call()"
    path, orders = scenario(tmp_path, script, DRAWN_BY_THE_SCENARIO), Orders()

    assert outcomes(path, mode="record", transport=orders) == ["passed"] * 2
    assert len(set(orders.ids)) == 2
    assert outcomes(path) == ["passed"] * 2


def test_sessions_of_one_owner_draw_each_for_itself(tmp_path: Path) -> None:
    scenario(tmp_path)
    orders, cassette = Orders(), tmp_path / "cassettes/两次.yaml"

    def both(**options: Any) -> None:
        run = bs.RunRecordings()
        for _ in range(2):
            with bs.Session.open(
                tmp_path / "platforms", cassette=cassette, run=run, **options
            ) as one:
                one.run_script(bs.Script(DRAWS)).unwrap()
        run.finish(failed=False)

    both(mode="record", transport=orders, allow_ci=True)
    both()

    assert len(set(orders.ids)) == 2


@pytest.mark.parametrize(
    ("seed", "derived"),
    [
        (0, (0, 0, 0)), (1, (1, 238841293112644, 14839350255974)),
        (7, (7, 30285615251355, 111319175387483)),
    ],
)  # fmt: skip
def test_each_session_of_an_owner_has_a_seed_of_its_own_unless_the_seed_is_nought(
    seed: int, derived: tuple[int, ...]
) -> None:
    shared = SharedRecording("replay", drawn=RandomSequenceSeeds((seed,)))
    sessions = [shared.open_session() for _ in derived]

    assert [one.get_seeds_with_draw_ends(1) for one in sessions] == [
        ((own, None),) for own in derived
    ]


def test_what_a_session_has_drawn_is_noted_by_its_number_and_sequence() -> None:
    shared = SharedRecording("record", drawn=RandomSequenceSeeds((7, 0), {"1": (2,), "2.1": (3,)}))
    first, second = shared.open_session(), shared.open_session()
    seen = [one.get_seeds_with_draw_ends(script) for one in (first, second) for script in (1, 2)]
    assert seen == [
        ((7, 2), (0, None)), ((7, 0), (0, None)),
        ((30285615251355, 3), (0, None)), ((30285615251355, 0), (0, None)),
    ]  # fmt: skip
    assert not shared.has_drawn

    second.note_draw(4, 5)
    first.note_draw(0, 1)

    assert shared.has_drawn
    assert shared.drawn.ends == {"1": (2,), "2.1": (3,), "2.4": (0, 5), "0": (0, 1)}


def test_what_is_added_to_a_recording_that_drew_nothing_draws_anew(tmp_path: Path) -> None:
    path, orders = scenario(tmp_path, DRAWS_NOTHING), Orders()
    assert outcomes(path, mode="record", transport=orders) == ["passed"] * 2

    scenario(tmp_path, f"{DRAWS_NOTHING}\n{DRAWS}")
    assert outcomes(path, mode="record", record="new", transport=orders) == ["passed"] * 2
    assert len(set(orders.ids)) == 2
    assert outcomes(path) == ["passed"] * 2


@pytest.mark.parametrize(
    ("text", "more"),
    [
        (SCENARIO, DRAWS),
        (DRAWN_BY_THE_SCENARIO, f"{DRAWS}; {DRAWS.replace('crypto.randomUUID()', 'form.单号')}"),
    ],
)
def test_what_is_added_to_a_recording_that_drew_already_draws_anew_each_time(
    tmp_path: Path, text: str, more: str
) -> None:
    path, orders = scenario(tmp_path), Orders()
    assert outcomes(path, mode="record", transport=orders) == ["passed"] * 2
    before = recorded(tmp_path)

    def added(script: str) -> list[str]:
        scenario(tmp_path, script, text)
        return outcomes(path, mode="record", record="new", transport=orders)

    assert added(f"{DRAWS}; {more}; throw Error('停')") == ["failed"] * 2  # and nothing is kept
    assert recorded(tmp_path) == before
    assert added(f"{DRAWS}; {more}") == ["passed"] * 2
    assert outcomes(path) == ["passed"] * 2
    assert added(f"{DRAWS}; {more}; {DRAWS}; const nobody = crypto.randomUUID()") == ["passed"] * 2
    assert outcomes(path) == ["passed"] * 2
    assert len(set(orders.ids)) == len(orders.ids)
    again = recorded(tmp_path)
    assert added(f"{DRAWS}; {more}; {DRAWS}; Math.random()") == ["passed"] * 2
    assert recorded(tmp_path) == again


def test_a_recording_that_did_not_count_goes_on_with_its_one_seed(tmp_path: Path) -> None:
    path, orders = scenario(tmp_path), Orders()
    assert outcomes(path, mode="record", transport=orders) == ["passed"] * 2
    for file in (tmp_path / "cassettes").rglob("*.yaml"):
        cassette = Cassette.load(file)
        entry = cassette.entry(0)
        assert isinstance(entry.line.seed, RandomSequenceSeeds)
        line = replace(entry.line, seed=entry.line.seed.seeds[0])
        file.write_bytes(dump_entries([Entry(cassette.head.fill_in_defaults(line), entry.text)]))

    scenario(tmp_path, f"{DRAWS}; {DRAWS}")
    assert outcomes(path, mode="record", record="new", transport=orders) == ["passed"] * 2
    assert len(orders.ids) == len(set(orders.ids)) == 4
    assert outcomes(path) == ["passed"] * 2


def test_what_a_killed_recording_had_drawn_by_its_last_exchange_counts() -> None:
    first, last = (
        RandomSequenceSeeds((7,), {"1": (6,)}),
        RandomSequenceSeeds((7,), {"1": (12,), "2": (6,)}),
    )

    assert first.merge_if_extension(last) == last.merge_if_extension(first) == last
    assert (
        first.merge_if_extension(RandomSequenceSeeds((8,), {"1": (24,)})) == first
    )  # of somebody else
    assert RandomSequenceSeeds((7, 9), last.ends).get_seeds_with_draw_ends("1") == (
        (7, 12),
        (9, None),
    )


def test_the_seed_of_an_owner_is_a_digest_of_the_runs_and_another_each_time() -> None:
    here, there, other = FreshSeedSource("一次运行"), FreshSeedSource("一次运行"), FreshSeedSource()
    first = here.next_seed("下单[甲]")

    assert there.next_seed("下单[乙]") != first == there.next_seed("下单[甲]")
    assert len({first, here.next_seed("下单[甲]"), other.next_seed("下单[甲]")}) == 3


def test_review_says_that_nothing_but_what_was_drawn_is_different(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path, orders = scenario(tmp_path), Orders()
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "platforms").rename(tmp_path / "scenarios/platforms")
    path.write_text(SCENARIO.replace("./platforms", "scenarios/platforms"), encoding="utf-8")

    def again(script: str) -> str:
        (tmp_path / "下单.js").write_text(f"{script}; throw Error('停')", encoding="utf-8")
        assert outcomes(path, mode="record", record="rewrite", transport=orders) == ["failed"] * 2
        assert run_command_line(["review"]) == ExitCode.REVIEW
        return capsys.readouterr().out

    assert outcomes(path, mode="record", transport=orders) == ["passed"] * 2
    assert again(DRAWS).count("  differs by random values only\n") == 2
    assert "random" not in again(DRAWS.replace("id:", "备注: '加急', id:"))
    assert "random" not in again(f"{DRAWS}; {DRAWS_NOTHING}")
