from __future__ import annotations

import json
import time
import xml.etree.ElementTree as ET

from bpmax_sim.cli.item_runs import measure_and_store_durations
from bpmax_sim.report.exit_codes import ExitCode
from bpmax_sim.report.terminal import Verdict
from bpmax_sim.scenario import shards
from bpmax_sim.scenario.load import ScenarioItem, load_items
from tests.cli.project import Command, Project
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
    for command in (("record",), ("run", "--mode", "simulate")):  # which take another time
        assert bs(*command, "scenarios/表.scenario.yaml").code == ExitCode.PASSED
        assert shards.read_durations(project.folder) == {}
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


def test_seconds_of_an_item_are_its_own_and_kept_at_the_end(project: Project) -> None:
    path = project.folder / "scenarios/表.scenario.yaml"
    path.write_text(TABLE, encoding="utf-8")
    rows = load_items(path, environ={}, root=project.folder)
    now, seconds = [100.0], dict[str, float]()

    def judge(row: ScenarioItem, took: float, digest: str) -> Verdict:
        now[0] += took
        return Verdict(item=row, outcome="passed", digest=digest)

    verdicts = map(judge, rows, (2.0, 3.0, 4.0), ("v4-a", "", "v4-c"))
    for verdict in measure_and_store_durations(verdicts, None, seconds, lambda: now[0]):
        now[0] += 50  # who asked writes a report
        assert verdict.outcome == "passed"
        assert shards.read_durations(project.folder) == {}

    assert {key.partition("[")[2]: one for key, one in seconds.items()} == {"甲]": 2, "丙]": 4}
    assert shards.read_durations(project.folder) == seconds


NAP = """\
import time

naps = [0.7]


def nap(session):
    time.sleep(naps.pop() if naps else 0)
"""


def test_a_slow_item_makes_the_following_ones_no_slower(project: Project, bs: Command) -> None:
    """Counted from the start of the run, each of them would have the seconds of the first, too."""
    rows = ", ".join(f"{{id: {name}}}" for name in "甲乙丙丁戊")
    table = TABLE.replace("[{id: 甲}, {id: 乙}, {id: 丙}]", f"[{rows}]")
    table = table.replace("steps: [{open: {}}]", "steps: [{python: 'naps:nap'}]")
    (project.folder / "scenarios/表.scenario.yaml").write_text(table, encoding="utf-8")
    (project.folder / "naps.py").write_text(NAP, encoding="utf-8")

    begun = time.perf_counter()
    done = bs("run", "scenarios/表.scenario.yaml", "--junitxml", "out.xml")
    took = time.perf_counter() - begun

    suite = ET.parse(project.folder / "out.xml").getroot().find(".//testsuite")
    assert (done.code, suite is not None) == (ExitCode.PASSED, True)
    assert suite is not None
    seconds = [float(case.attrib["time"]) for case in suite.iter("testcase")]
    assert len(seconds) == 5
    assert seconds[0] >= 0.7
    assert sum(seconds) <= took + 0.005  # what rounding adds
    assert float(suite.attrib["time"]) <= took + 0.005


def test_what_is_no_shard_is_a_usage_error(project: Project, bs: Command) -> None:
    done = bs("run", "--shard", "9/8")

    assert done.code == ExitCode.USAGE
    assert done.err == snapshot("--shard: expected a shard from 1/8 to 8/8, got '9/8'\n")


def test_damaged_durations_split_nothing(project: Project, bs: Command) -> None:
    (project.folder / ".bpmax").mkdir()
    (project.folder / shards.FILE).write_text("{", encoding="utf-8")

    done = bs("run", "--shard", "1/2")

    assert done.code == ExitCode.USAGE
    assert done.err == snapshot(
        ".bpmax/durations.json: these are no durations; delete the file, every shard's copy of it "
        "alike\n"
    )
