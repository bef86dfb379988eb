"""What scenarios cost under pytest, beside Python tests, each in its own file.

Each scenario runs JavaScript and plays one recorded call. The Python tests do nothing, or play the
same recording by vcrpy and look at its answer. Everything runs in processes of its own, in turns,
as in `benchmarks.start`; what pytest costs without any test is taken away.
"""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.calls import ENVIRON, answer, keyed
from benchmarks.start import spent
from bpmax_sim.cassette.file import Cassette
from bpmax_sim.project import SUFFIX
from bpmax_sim.scenario.events import ScenarioFinished
from bpmax_sim.scenario.load import load_items
from bpmax_sim.scenario.runner import open_session, run_item
from bpmax_sim.transport.protocol import Handler

_COUNT = 1000
_ROUNDS = 5
_OWN_SHARE = 1.2  # of what a run takes is left for an item; the rest is pytest's
_PYTEST = ("-m", "pytest", "-q", "-p", "no:cacheprovider")
_OURS = (*_PYTEST, "-p", "bpmax_sim.pytest_plugin", "--bpmax-trace=off")
_LIST = ("-m", "bpmax_sim", "list")
_RUN = ("-m", "bpmax_sim", "run", "-q", "--trace", "off")
_RAW = """\
import pytest, yaml

class Nothing(pytest.Item):
    def runtest(self):
        pass

class File(pytest.File):
    def collect(self):
        yaml.load(self.path.read_text("utf-8"), yaml.CSafeLoader)
        yield Nothing.from_parent(self, name="nothing")

def pytest_collect_file(parent, file_path):
    if file_path.name.endswith(".scenario.yaml"):
        return File.from_parent(parent, path=file_path)
"""
_BY_VCRPY = """\
from pathlib import Path

from benchmarks.by_vcrpy import play_recording

def test_a_customer_has_a_name():
    calls = [("GET", {url!r})]
    (answer,) = play_recording(Path({cassette!r}), calls)
    assert answer["data"]["name"] == "张三"
"""
_SCRIPT = """\
const answer = await $proxy("crm_system").getCustomerDetail(form.customerId);
form.name = answer.data.name;
"""
_SCENARIO = """\
version: 1
scenario: 选择客户{name}
form:
  scripts: {{change.customerId: scripts/one.js}}
  fields: {{customerId: null, name: ""}}
proxy: {{platforms: platforms/}}
{cases}clock: "2026-03-02T09:00:00+08:00"
steps:
  - name: 选择
    set: {{customerId: "{customer}"}}
    expect: {{form: {{name: 张三}}, proxy: [{{call: crm_system.get_customer_detail}}]}}
"""


def project(folder: Path) -> Path:
    """Make a project with a CRM that takes a key and one script, and return its scenarios."""
    scenarios = folder / "scenarios"
    (scenarios / "scripts").mkdir(parents=True)
    keyed(scenarios)
    (scenarios / "scripts/one.js").write_text(_SCRIPT, encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    return scenarios


def files(folder: Path, count: int) -> list[Path]:
    """Write *count* scenarios, each in a file of its own."""
    scenarios, found = project(folder), []
    for number in range(count):
        text = _SCENARIO.format(name=number, cases="", customer=number)
        found.append(scenarios / f"客户{number}{SUFFIX}")
        found[-1].write_text(text, encoding="utf-8")
    return found


def table(folder: Path, count: int) -> list[Path]:
    """Write one scenario with *count* rows."""
    rows = "".join(f'  - {{id: 行{number}, customer: "{number}"}}\n' for number in range(count))
    text = _SCENARIO.format(name="", cases=f"cases:\n{rows}", customer="${case.customer}")
    path = project(folder) / f"客户{SUFFIX}"
    path.write_text(text, encoding="utf-8")
    return [path]


def record(paths: Sequence[Path]) -> None:
    """Record what the scenarios of *paths* play."""
    for path in paths:
        for item in load_items(path):
            session = open_session(item, environ=ENVIRON, mode="record", transport=Handler(answer))
            *_, last = run_item(item, session, environ=ENVIRON)
            assert isinstance(last, ScenarioFinished)
            assert last.outcome == "passed", [failure.essence for failure in last.failures]


def empty(folder: Path, count: int) -> None:
    """Write *count* Python tests that do nothing, each in a file of its own."""
    folder.mkdir(parents=True)
    (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    for number in range(count):
        (folder / f"test_{number}.py").write_text("def test_nothing():\n    pass\n", "utf-8")


def by_vcrpy(folder: Path, cassettes: Sequence[Path]) -> None:
    """Write a Python test for each of *cassettes* that plays its call by vcrpy."""
    folder.mkdir(parents=True)
    (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    for number, cassette in enumerate(cassettes):
        url = Cassette.load(cassette).exchange(0).request.url
        text = _BY_VCRPY.format(url=url, cassette=str(cassette))
        (folder / f"test_{number}.py").write_text(text, encoding="utf-8")


def raw(folder: Path, paths: Sequence[Path]) -> None:
    """Copy *paths* to where they are only parsed, each into one item that does nothing."""
    folder.mkdir(parents=True)
    (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    (folder / "conftest.py").write_text(_RAW, encoding="utf-8")
    for path in paths:
        (folder / path.name).write_bytes(path.read_bytes())


def measure(count: int = _COUNT, rounds: int = _ROUNDS) -> dict[str, float]:
    """Return every figure by name."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        paths = files(folder / "files", count)
        record(paths)
        record(table(folder / "table", count))
        empty(folder / "empty", count)
        cassettes = sorted((folder / "files/cassettes").rglob("*.yaml"))
        assert len(cassettes) == count, cassettes[:3]
        by_vcrpy(folder / "vcrpy", cassettes)
        by_vcrpy(folder / "one vcrpy", cassettes[:1])
        raw(folder / "raw", paths)
        raw(folder / "raw none", paths[:1])
        empty(folder / "none", 1)
        record(files(folder / "one", 1))
        runs = {
            "none": (_PYTEST, folder / "none"),
            "empty": (_PYTEST, folder / "empty"),
            "vcrpy": (_PYTEST, folder / "vcrpy"),
            "one vcrpy": (_PYTEST, folder / "one vcrpy"),
            "bare": (_OURS, folder / "none"),
            "files": (_OURS, folder / "files"),
            "one played": (_OURS, folder / "one"),
            "table": (_OURS, folder / "table"),
            "collected": ((*_OURS, "--collect-only"), folder / "files"),
            "raw": ((*_PYTEST, "--collect-only"), folder / "raw"),
            "raw none": ((*_PYTEST, "--collect-only"), folder / "raw none"),
            "one": ((*_OURS, "--collect-only"), folder / "one"),
            "empty collected": ((*_PYTEST, "--collect-only"), folder / "empty"),
            "run": (_RUN, folder / "files"),
            "one run": (_RUN, folder / "one"),
            "files listed": (_LIST, folder / "files"),
            "one listed": (_LIST, folder / "one"),
        }
        taken: dict[str, list[float]] = {one: [] for one in runs}
        for _ in range(rounds + 1):
            for one, (command, where) in runs.items():
                taken[one].append(spent(command, where))
    each = [
        _figures({one: found[turn] for one, found in taken.items()}, count)
        for turn in range(1, rounds + 1)
    ]
    return {what: statistics.median(one[what] for one in each) for what in each[0]}


def _figures(took: Mapping[str, float], count: int) -> dict[str, float]:
    """Return every figure by name of one round, in which all runs *took* so many seconds."""
    base = (took["empty"] - took["none"]) / count
    each = {one: (took[one] - took["bare"]) / count for one in ("files", "table")}
    collected = (took["collected"] - took["one"]) / (count - 1)
    by_run = (took["run"] - took["one run"]) / (count - 1)
    played, row = ((took[one] - took["one played"]) / (count - 1) for one in ("files", "table"))
    peer = (took["vcrpy"] - took["one vcrpy"]) / (count - 1)
    parsed = (took["raw"] - took["raw none"]) / (count - 1)
    return {
        "an empty Python test in its own file, ms": base,
        "a scenario in its own file, ms": each["files"],
        "a row of a table, ms": each["table"],
        "a scenario in its own file, times an empty test": each["files"] / base,
        "a row of a table, times an empty test": each["table"] / base,
        "a Python test that plays the call by vcrpy, ms": peer,
        "a scenario in its own file, times vcrpy": played / peer,
        "a row of a table, times vcrpy": row / peer,
        "a scenario by bpmax-sim run, ms": by_run,
        "a scenario under pytest, times an empty test and 1.2 runs": (
            played / (base + _OWN_SHARE * by_run)
        ),
        "collecting scenario files again, times as many empty tests": (
            took["collected"] / took["empty collected"]
        ),
        "listing a scenario file again, ms": (took["files listed"] - took["one listed"])
        / (count - 1),
        "collecting a scenario file, ms": collected,
        "collecting a file that is only parsed, ms": parsed,
        "collecting a scenario file, times the raw parse": collected / parsed,
    }
