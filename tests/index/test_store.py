"""The index of a project is never stale, whatever happens to files and to the index itself."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import threading
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from bpmax_sim.index import files
from bpmax_sim.index.store import load_index

ROOT = Path(__file__).parents[2]
NOISE = random.Random(0).randbytes(2000)
SCRIPTS = (
    "form.客户 = (await $proxy('crm').getCustomer(form.编号)).data.name;\n",
    "form.金额 = (await $proxy('crm').getOrder(form.编号)).data.total;\n",
    "console.log(`${`", "", "form.客户 = (await $proxy('erp').getCustomer(form.编号)).data.name;\n",
)  # fmt: skip
PURCHASE = (
    *("scenarios/purchase", "scenarios/scripts/purchase", "scenarios/flows", "scenarios/platforms"),
    "cassettes/purchase",
)
NAMES = ("scenarios/scripts/a.js", "scenarios/scripts/b.js", "scenarios/甲/c.js")


@pytest.fixture(name="project")
def project_of(tmp_path: Path) -> Path:
    """Return a project with files of each kind."""
    for folder in PURCHASE:
        shutil.copytree(ROOT / folder, tmp_path / folder)
    return tmp_path


def test_a_second_look_reads_nothing(project: Path) -> None:
    first = load_index(project)
    age(project)
    load_index(project)

    again = load_index(project)

    assert first.read == len(first.files)
    assert again.read == 0
    assert again.files == first.files


def age(project: Path) -> None:
    """Let the files be older than the clock's step, as they are when a person comes back."""
    for path in project.rglob("*"):
        if path.is_file():
            os.utime(path, ns=(10**18, 10**18))


def test_files_outside_the_usual_folders_are_looked_at_as_well(tmp_path: Path) -> None:
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "shared").mkdir()
    (tmp_path / "scenarios/a.scenario.yaml").write_text(
        "scenario: 甲\nform: {scripts: {open: ../shared/x.js}}\nsteps: [{open: {}}]\n", "utf-8"
    )
    (tmp_path / "shared/x.js").write_text("form.a = 1;", "utf-8")

    assert set(load_index(tmp_path).files) == {"scenarios/a.scenario.yaml", "shared/x.js"}


@pytest.mark.parametrize(
    "content", [b"", b"\x00", b"\x85\xa1a", NOISE], ids=["", "0", "cut", "noise"]
)
def test_an_index_that_is_damaged_is_made_afresh(project: Path, content: bytes) -> None:
    expected = load_index(project).files
    (project / ".bpmax/index").write_bytes(content)

    assert load_index(project).files == expected


def test_half_an_index_is_made_afresh(project: Path) -> None:
    expected = load_index(project).files
    place = project / ".bpmax/index"
    place.write_bytes(place.read_bytes()[: place.stat().st_size // 2])

    assert load_index(project).files == expected


def test_where_nothing_can_be_written_it_is_read_each_time(project: Path) -> None:
    (project / ".bpmax").write_text("a file where the folder would be", "utf-8")

    assert load_index(project).files == load_index(project).files


def test_two_processes_at_once_do_not_harm_each_other(project: Path) -> None:
    expected = load_index(project, uses_cache=False).files
    seen = []
    threads = [
        threading.Thread(target=lambda: seen.append(load_index(project).files)) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert seen == [expected] * 4
    assert load_index(project).files == expected


def test_a_branch_that_comes_back_costs_no_reading(tmp_path: Path) -> None:
    script = tmp_path / "scenarios/a.js"
    script.parent.mkdir()

    def git(*words: str) -> None:
        command = ["git", "-c", "user.name=a", "-c", "user.email=a@example.test", *words]
        subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)

    git("init", "-b", "main")
    script.write_text(SCRIPTS[0], "utf-8")
    git("add", ".")
    git("commit", "-m", "甲")
    main = load_index(tmp_path).files
    git("checkout", "-b", "other")
    script.write_text(SCRIPTS[1], "utf-8")
    git("commit", "-am", "乙")
    other = load_index(tmp_path).files
    git("checkout", "main")

    back = load_index(tmp_path)

    assert back.files == main != other
    assert back.read == 0


class Edits(RuleBasedStateMachine):
    """Everything that people and tools do to files, and the index beside one made afresh."""

    @initialize()
    def begin(self) -> None:
        import tempfile  # noqa: PLC0415 - a fixture is shared by all examples

        self.root = Path(tempfile.mkdtemp())
        self.clock = 10**18

    def teardown(self) -> None:
        shutil.rmtree(self.root, ignore_errors=True)

    def _place(self, name: str) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    @rule(name=st.sampled_from(NAMES), text=st.sampled_from(SCRIPTS), same_time=st.booleans())
    def write(self, name: str, text: str, same_time: bool) -> None:
        path = self._place(name)
        before = path.stat().st_mtime_ns if path.exists() else self.clock
        path.write_text(text, "utf-8")
        if same_time:
            os.utime(path, ns=(before, before))

    @rule(name=st.sampled_from(NAMES), move=st.integers(-(10**15), 10**15))
    def touch(self, name: str, move: int) -> None:
        if (path := self._place(name)).exists():
            os.utime(path, ns=(self.clock + move, self.clock + move))

    @rule(one=st.sampled_from(NAMES), other=st.sampled_from(NAMES))
    def rename(self, one: str, other: str) -> None:
        if (path := self._place(one)).exists():
            path.replace(self._place(other))

    @rule(one=st.sampled_from(NAMES), other=st.sampled_from(NAMES))
    def swap(self, one: str, other: str) -> None:
        first, second = self._place(one), self._place(other)
        if first.exists() and second.exists() and first != second:
            aside = first.with_suffix(".aside")
            first.replace(aside)
            second.replace(first)
            aside.replace(second)

    @rule(name=st.sampled_from(NAMES))
    def delete(self, name: str) -> None:
        self._place(name).unlink(missing_ok=True)

    @rule()
    def look(self) -> None:
        load_index(self.root)

    @invariant()
    def the_answer_is_that_of_a_fresh_index(self) -> None:
        if hasattr(self, "root"):
            assert load_index(self.root).files == load_index(self.root, uses_cache=False).files


TestEdits = Edits.TestCase
TestEdits.settings = settings(max_examples=30, stateful_step_count=20, deadline=None)


def test_an_index_keeps_few_contents_that_no_file_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "_RACY", -(10**9))  # the files need not be old first
    script = tmp_path / "scenarios/a.js"
    script.parent.mkdir()

    def load_after(text: str) -> int:
        script.write_text(text, "utf-8")
        return load_index(tmp_path).read

    texts = [f"form.金额 = {number};\n" for number in range(5)]
    assert [load_after(text) for text in texts] == [1] * 5
    assert load_after(texts[2]) == 0  # one of the three before the last
    assert load_after(texts[0]) == 1
    script.unlink()
    assert load_index(tmp_path).files == {}
    assert load_after(texts[4]) == 1  # nothing is kept of a project without files
