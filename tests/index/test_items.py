"""The items that the index knows are those of the files, whatever happens to either."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from msgspec.structs import replace

from bpmax_sim.errors import ConfigError, Place, Problem
from bpmax_sim.index import files
from bpmax_sim.index.facts import FileFacts
from bpmax_sim.index.items import ItemIndex, _TrackedEnviron
from bpmax_sim.index.sound_groups import SoundScenarioGroups
from bpmax_sim.index.store import ProjectIndex, load_index
from bpmax_sim.platform.instances import InstanceOrigin, InstanceWithOrigin
from bpmax_sim.platform.load import Platforms
from bpmax_sim.platform.model import Instance, Platform
from bpmax_sim.platform.response_shapes import ResponseShape
from bpmax_sim.scenario.load import ScenarioItem, load_items

ROOT = Path(__file__).parents[2]
NOISE = random.Random(0).randbytes(2000)
SCENARIO = "scenarios/采购/付款.scenario.yaml"
FORM = "version: 1\nscenario: 付款\nform: {fields: {金额: 1}}\n"
PLAIN = f"{FORM}steps: [{{set: {{金额: 3}}}}]\n"
TEXTS: Mapping[str, tuple[str, ...]] = {
    SCENARIO: (
        f"{FORM}cases: {{from: rows.csv}}\nsteps: [{{js: {{file: x.js}}}}]\n",
        f"{FORM}use: [parts.yaml]\ntags: [财务]\nsteps: [{{run: 打开}}]\n",
        f"{FORM}steps: [{{set: {{数量: 3}}}}]\n",
        f"{PLAIN}proxy: {{cassette: '${{env.财务}}'}}\n",
        "version: 1\nscenario: [",
    ),
    "scenarios/采购/x.js": ("form.金额 = 2;", "form.金额 = 22;"),
    "scenarios/采购/rows.csv": ("id\n甲\n乙\n", "id\n甲\n丙丙\n", "id\n甲\n甲\n\n\n"),
    "scenarios/采购/parts.yaml": (
        "steps: {打开: [{set: {金额: 5}}]}\n",
        "steps: {关上去: [{set: {金额: 5}}]}\n",
    ),
    "scenarios/defaults.yaml": (
        "people: people.yaml\n",
        "clock: '2026-03-02'\n",
        "proxy: {cassette: 共用}\nform: form.yaml\n",
        "clok: 1\n",
    ),
    "defaults.yaml": ("proxy: {cassette: 外层}\n", "use: [defaults.yaml]\n"),
    "scenarios/people.yaml": ("zhangsan: 张三\n", "zhangsan: [\n", "- zhangsan\n"),
    "scenarios/form.yaml": ("fields: {金额: 1}\n", "fields: {数量: 10}\n"),
    "pyproject.toml": (
        "[tool.bpmax_sim]\n",
        "[tool.bpmax_sim]\nlenient = ['scenarios/采购']\n",
        "[tool.bpmax_sim]\nstrict = ['nowhere']\n",
        "[tool.bpmax_sim]\nplatforms = ['parts']\n",
        "[tool.bpmax_sim.defaults.proxy]\ncassette = '设置'\n",
    ),
}
"""Contents of different sizes: within one step of the clock nothing else tells them apart here."""
NAMES = sorted(TEXTS)


@pytest.fixture(autouse=True)
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what a test wrote before a look count as old, as it is for a person."""
    monkeypatch.setattr(files, "_RACY", -(10**9))


def read(index: ItemIndex, path: Path) -> Any:
    try:
        return [item.header for item in index.list_items(path)]
    except ConfigError as error:
        return str(error)


def load(root: Path, path: Path) -> Any:
    try:
        return [item.header for item in load_items(path, root=root)]
    except ConfigError as error:
        return str(error)


def test_the_gallery_has_the_items_that_its_files_have(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(ROOT / "scenarios", tmp_path / "scenarios")
    monkeypatch.chdir(tmp_path)
    paths = sorted((tmp_path / "scenarios").rglob("*.scenario.yaml"))
    expected = [load(tmp_path, path) for path in paths]
    first = ItemIndex(tmp_path)
    assert [read(first, path) for path in paths] == expected
    first.save()

    again = ItemIndex(tmp_path)

    assert [read(again, path) for path in paths] == expected
    assert again.loaded == sum("${env." in path.read_text("utf-8") for path in paths)


def test_an_item_of_the_index_is_loaded_when_it_is_wanted(tmp_path: Path) -> None:
    path = write(tmp_path, SCENARIO, TEXTS[SCENARIO][1])
    write(tmp_path, "scenarios/采购/parts.yaml", TEXTS["scenarios/采购/parts.yaml"][0])
    look(tmp_path)

    (item,) = ItemIndex(tmp_path).list_items(path)

    assert item.load().header == item.header
    assert {Path(name).name for name in item.files} == {"付款.scenario.yaml", "parts.yaml"}


def test_each_row_of_the_index_is_loaded_as_itself(tmp_path: Path) -> None:
    path = write(tmp_path, SCENARIO, TEXTS[SCENARIO][0])
    for name in ("x.js", "rows.csv"):
        write(tmp_path, f"scenarios/采购/{name}", TEXTS[f"scenarios/采购/{name}"][0])
    look(tmp_path)

    items = ItemIndex(tmp_path).list_items(path)

    assert [item.load().row_id for item in items] == ["甲", "乙"]
    assert [item.load().header for item in items] == [item.header for item in items]


def test_what_was_found_sound_is_not_checked_again_and_all_else_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path, SCENARIO, TEXTS[SCENARIO][1])
    parts = write(tmp_path, "scenarios/采购/parts.yaml", TEXTS["scenarios/采购/parts.yaml"][0])
    look(tmp_path)
    checked: list[object] = []
    monkeypatch.setattr("bpmax_sim.scenario.load.check_scenario", checked.append)

    ItemIndex(tmp_path).list_items(path)[0].load()
    assert checked == []

    found = ItemIndex(tmp_path).list_items(path)
    parts.write_text("steps: {打开: [{set: {金额: 55}}]}\n", "utf-8")
    found[0].load()
    assert len(checked) == 1


def test_what_changes_while_it_is_loaded_is_loaded_again_and_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path, SCENARIO, TEXTS[SCENARIO][1])
    parts = write(tmp_path, "scenarios/采购/parts.yaml", TEXTS["scenarios/采购/parts.yaml"][0])
    look(tmp_path)
    (item,) = ItemIndex(tmp_path).list_items(path)
    checked: list[object] = []

    def load_and_edit(*args: Any, **options: Any) -> Any:
        found = load_items(*args, **options)
        parts.write_text("steps: {打开: [{name: 改过, set: {金额: 55}}]}\n", "utf-8")
        return found

    monkeypatch.setattr("bpmax_sim.scenario.load.load_items", load_and_edit)
    monkeypatch.setattr("bpmax_sim.scenario.load.check_scenario", checked.append)

    loaded = item.load()

    assert ("改过" in str(loaded), len(checked)) == (True, 1)


def test_a_file_with_doubts_tells_them_again(tmp_path: Path) -> None:
    write(tmp_path, "pyproject.toml", TEXTS["pyproject.toml"][1])
    path = write(tmp_path, SCENARIO, f"{PLAIN}proxy: {{stubs: [{{on: crm.a}}, {{on: crm.a}}]}}\n")
    expected = load_warnings(load_items(path, root=tmp_path))
    look(tmp_path)

    found = ItemIndex(tmp_path).list_items(path)

    assert load_warnings(item.load() for item in found) == expected
    assert any(expected)


def load_warnings(found: Iterable[ScenarioItem]) -> list[Any]:
    return [item.warnings for item in found]


def test_what_was_broken_since_is_told_when_it_is_loaded(tmp_path: Path) -> None:
    path = write(tmp_path, SCENARIO, TEXTS[SCENARIO][1])
    write(tmp_path, "scenarios/采购/parts.yaml", TEXTS["scenarios/采购/parts.yaml"][0])
    look(tmp_path)
    (item,) = ItemIndex(tmp_path).list_items(path)
    path.write_text(TEXTS[SCENARIO][1].replace("付款", "收款"), "utf-8")

    with pytest.raises(ConfigError, match="changed while"):
        item.load()


def test_variables_of_the_command_line_are_always_read_in(tmp_path: Path) -> None:
    text = f"{PLAIN}vars: {{单: 甲}}\nproxy: {{cassette: '${{vars.单}}'}}\n"
    path = write(tmp_path, SCENARIO, text)
    look(tmp_path)

    (item,) = ItemIndex(tmp_path).list_items(path, {"单": "乙"})

    assert item.header.cassette == "乙"


def test_an_item_of_another_environment_is_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, SCENARIO, f"{PLAIN}proxy: {{cassette: '${{env.财务}}'}}\n")

    for value in ("甲", "乙"):
        monkeypatch.setenv("财务", value)
        (header,) = look(tmp_path)
        assert header.cassette == value


@pytest.mark.parametrize(
    ("look_at", "is_read"),
    [
        (lambda _: None, False),
        (lambda environ: environ["财务"], True),
        (lambda environ: environ.get("没有"), True),
        (lambda environ: "没有" in environ, True),
        (lambda environ: next(iter(environ)), True),
        (sorted, True),
        (len, True),
        (lambda environ: {**environ}, True),
        (lambda environ: list(environ.items()), True),
    ],
)
@pytest.mark.parametrize("environ", [{"财务": "甲"}, {"财务": "甲", "采购": ""}])
def test_an_environment_that_was_looked_at_is_one_that_was_read(
    look_at: Callable[[Mapping[str, str]], object], is_read: bool, environ: Mapping[str, str]
) -> None:
    tracked = _TrackedEnviron(environ)
    assert look_at(tracked) == look_at(environ)
    assert tracked.is_read is is_read
    assert (dict(tracked), len(tracked)) == (environ, len(environ))


def test_a_project_that_moved_is_read_anew(tmp_path: Path) -> None:
    write(tmp_path / "a", SCENARIO, PLAIN)
    (tmp_path / "a/scenarios/platforms").mkdir()
    look(tmp_path / "a")
    (tmp_path / "a").rename(tmp_path / "b")
    index = ItemIndex(tmp_path / "b")

    (item,) = index.list_items(tmp_path / "b" / SCENARIO)

    assert index.loaded == 1
    assert item.header.platforms == (tmp_path / "b/scenarios/platforms",)


def test_a_change_within_one_step_of_the_clock_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    path = write(tmp_path, SCENARIO, PLAIN)
    before = path.stat().st_mtime_ns
    look(tmp_path)
    write(tmp_path, SCENARIO, PLAIN.replace("付款", "收款"))
    os.utime(path, ns=(before, before))

    (seen,) = look(tmp_path)

    assert seen.title == "收款"


@pytest.mark.parametrize(
    "content", [b"", b"\x00", b"\x83", NOISE, None], ids=["", "0", "cut", "noise", "none"]
)
def test_an_index_that_is_damaged_is_made_afresh(tmp_path: Path, content: bytes | None) -> None:
    path = write(tmp_path, SCENARIO, PLAIN)
    expected = look(tmp_path)
    place = tmp_path / ".bpmax/items"
    data = place.read_bytes()
    place.write_bytes(data[: len(data) // 2] if content is None else content)

    assert read(ItemIndex(tmp_path), path) == expected
    assert look(tmp_path) == expected
    assert ItemIndex(tmp_path).list_items(path)


def test_an_index_of_another_version_is_made_afresh(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path, SCENARIO, PLAIN)
    look(tmp_path)
    monkeypatch.setattr("bpmax_sim.index.items.make_code_edition", lambda: "another")
    index = ItemIndex(tmp_path)

    index.list_items(path)

    assert index.loaded == 1


def test_where_nothing_can_be_written_it_is_loaded_each_time(tmp_path: Path) -> None:
    write(tmp_path, SCENARIO, PLAIN)
    (tmp_path / ".bpmax").write_text("a file where the folder would be", "utf-8")

    assert look(tmp_path) == look(tmp_path) != []


LOOKS = """\
import sys
from pathlib import Path
from bpmax_sim.index.facts import FileFacts
from bpmax_sim.index.items import ItemIndex
root, name = Path(sys.argv[1]), sys.argv[2]
for _ in range(20):
    index = ItemIndex(root)
    print(*(item.header.title for item in index.list_items(root / name)), flush=True)
    index.save()
"""


def test_two_processes_at_once_do_not_harm_each_other(tmp_path: Path) -> None:
    path = write(tmp_path, SCENARIO, PLAIN)
    texts = [PLAIN, PLAIN.replace("付款", "收款单")]
    command = [sys.executable, "-X", "utf8", "-c", LOOKS, str(tmp_path), SCENARIO]
    said = []
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE) as one,
        subprocess.Popen(command, stdout=subprocess.PIPE) as other,
    ):
        for number, line in enumerate(chain(one.stdout or (), other.stdout or ())):
            said.append(line.decode().strip())
            write(tmp_path, "aside", texts[number % 2]).replace(path)
            assert look(tmp_path) == load(tmp_path, path)

    assert (one.returncode, other.returncode) == (0, 0)
    assert (len(said), set(said) - {"付款", "收款单"}) == (40, set())
    assert look(tmp_path) == load(tmp_path, path)


def write(root: Path, name: str, text: str) -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def look(root: Path) -> Any:
    """Look at the one scenario, and keep what was seen."""
    index = ItemIndex(root)
    seen = read(index, root / SCENARIO)
    index.save()
    return seen


def test_of_former_texts_as_many_are_kept_as_there_are_files(tmp_path: Path) -> None:
    first, *others = names = [f"scenarios/{name}.scenario.yaml" for name in "甲乙丙"]

    def count_loaded(number: int, *looked_at: str) -> int:
        write(tmp_path, first, PLAIN.replace("付款", f"付款{number}"))
        index = ItemIndex(tmp_path)
        for name in looked_at:
            index.list_items(tmp_path / name)
        index.save()
        return index.loaded

    for name in others:
        write(tmp_path, name, PLAIN)
    assert count_loaded(0, *names) == 3
    assert [count_loaded(number, first) for number in range(1, 9)] == [1] * 8
    assert [count_loaded(number, *names) for number in (8, 6, 7, 5)] == [0] * 4
    assert [count_loaded(number, *names) for number in (4, 5, 6)] == [1, 0, 0]
    assert [count_loaded(number, *names) for number in (4, 9, 4, 9)] == [0, 1, 0, 0]
    assert [count_loaded(number, *names) for number in (10, 11, 12, 4)] == [1, 1, 1, 1]


class Edits(RuleBasedStateMachine):
    """Everything that people and tools do to files, beside items that are loaded from them."""

    @initialize(texts=st.fixed_dictionaries({name: st.sampled_from(TEXTS[name]) for name in NAMES}))
    def begin(self, texts: dict[str, str]) -> None:
        self.root = Path(tempfile.mkdtemp())
        self.git("init", "--quiet", "--initial-branch", "main")
        write(self.root, ".git/info/exclude", ".bpmax\n")
        for name, text in texts.items():
            write(self.root, name, text)

    def git(self, *words: str) -> None:
        who = ("-c", "user.name=a", "-c", "user.email=a@example.test", "-c", "core.autocrlf=false")
        subprocess.run(["git", *who, *words], cwd=self.root, check=True, capture_output=True)

    def teardown(self) -> None:
        shutil.rmtree(self.root, ignore_errors=True)
        os.environ.pop("财务", None)

    @rule(name=st.sampled_from(NAMES), number=st.integers(0, 4), keeps_time=st.booleans())
    def edit(self, name: str, number: int, keeps_time: bool) -> None:
        path = self.root / name
        before = path.stat().st_mtime_ns if path.exists() else time.time_ns()
        write(self.root, name, TEXTS[name][number % len(TEXTS[name])])
        if keeps_time:
            os.utime(path, ns=(before, before))

    @rule(
        name=st.sampled_from(NAMES),
        year=st.sampled_from([-30, -1, 0, 1, 30]),
        moved=st.integers(-(10**12), 10**12),
    )
    def jump_in_time(self, name: str, year: int, moved: int) -> None:
        if (path := self.root / name).exists():
            then = time.time_ns() + year * 365 * 24 * 3600 * 10**9 + moved
            os.utime(path, ns=(then, then))

    @rule(branch=st.sampled_from(["main", "甲", "乙"]))
    def change_branch(self, branch: str) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "改")
        try:
            self.git("checkout", "--quiet", branch)
        except subprocess.CalledProcessError:
            self.git("checkout", "--quiet", "-b", branch)

    @rule(one=st.sampled_from(NAMES), other=st.sampled_from(NAMES))
    def rename(self, one: str, other: str) -> None:
        if (path := self.root / one).exists():
            (self.root / other).parent.mkdir(parents=True, exist_ok=True)
            path.replace(self.root / other)

    @rule(one=st.sampled_from(NAMES), other=st.sampled_from(NAMES))
    def swap(self, one: str, other: str) -> None:
        first, second = self.root / one, self.root / other
        if first.exists() and second.exists() and first != second:
            aside = first.with_suffix(".aside")
            first.rename(aside)
            second.rename(first)
            aside.rename(second)

    @rule(name=st.sampled_from(NAMES))
    def delete(self, name: str) -> None:
        (self.root / name).unlink(missing_ok=True)

    @rule(name=st.sampled_from(["parts", "scenarios/platforms"]))
    def make_or_delete_a_folder(self, name: str) -> None:
        folder = self.root / name
        folder.rmdir() if folder.exists() else folder.mkdir(parents=True)

    @rule(value=st.sampled_from(["甲", "乙", None]))
    def change_environment(self, value: str | None) -> None:
        os.environ.pop("财务", None)
        if value is not None:
            os.environ["财务"] = value

    @rule()
    def nest_a_project(self) -> None:
        (self.root / "scenarios/采购/scenarios").mkdir(parents=True, exist_ok=True)

    @rule(share=st.floats(0, 1))
    def cut_the_index(self, share: float) -> None:
        place = self.root / ".bpmax/items"
        if place.exists():
            data = place.read_bytes()
            place.write_bytes(data[: int(len(data) * share)])

    @invariant()
    def the_items_are_those_of_the_files(self) -> None:
        if hasattr(self, "root"):
            expected = load(self.root, self.root / SCENARIO)
            assert look(self.root) == expected
            assert look(self.root) == expected


TestEdits = Edits.TestCase
TestEdits.settings = settings(max_examples=20, stateful_step_count=12, deadline=None)


@pytest.mark.parametrize(
    ("wrong", "unchecked"),
    [
        ([], []),
        (["甲"], ["甲"]),
        (["甲", "乙", "丙"], ["甲", "乙", "丙"]),
        (["别处"], []),
        ([None], ["甲", "乙", "丙"]),
        (["丙", None], ["甲", "乙", "丙"]),
    ],
)
def test_what_a_check_found_nothing_in_is_not_checked_again(
    tmp_path: Path, wrong: list[str | None], unchecked: list[str]
) -> None:
    text = "version: 1\nscenario: {}\nsteps: [{{js: return 1, expect: {{result: 1}}}}]\n"
    paths = {
        name: write(tmp_path, f"scenarios/{name}.scenario.yaml", text.format(name))
        for name in ("甲", "乙", "丙")
    }

    def group() -> SoundScenarioGroups:
        index = ItemIndex(tmp_path)
        items = [item for path in paths.values() for item in index.list_items(path)]
        index.save()
        platforms = {item.header.platforms_key: Platforms() for item in items}
        return SoundScenarioGroups(items, load_index(tmp_path), platforms)

    groups = group()
    assert len(groups.find_unchecked_items()) == 3
    groups.save(
        Problem("falsch", None if name is None else Place(str(paths.get(name, name))))
        for name in wrong
    )

    assert [item.header.title for item in group().find_unchecked_items()] == unchecked


SHARING = {
    "甲": ["x.js"],
    "乙": ["x.js", "y.js"],
    "丙": ["y.js", "z.js"],
    "丁": ["z.js"],
    "戊": ["w.js"],
}


def make_groups(root: Path, *, loads_platforms: bool = True) -> SoundScenarioGroups:
    """Return the groups of scenarios that share the scripts of `SHARING`."""
    index = ItemIndex(root)
    for script in ("x.js", "y.js", "z.js", "w.js"):
        write(root, f"scenarios/{script}", "return 1;")
    for name, scripts in SHARING.items():
        steps = ", ".join(f"{{js: {{file: {one}}}}}" for one in scripts)
        write(
            root,
            f"scenarios/{name}.scenario.yaml",
            f"version: 1\nscenario: {name}\nsteps: [{steps}]\n",
        )
    paths = (root / f"scenarios/{name}.scenario.yaml" for name in SHARING)
    items = [item for path in paths for item in index.list_items(path)]
    platforms = (
        {item.header.platforms_key: Platforms() for item in items} if loads_platforms else {}
    )
    return SoundScenarioGroups(items, load_index(root), platforms)


@pytest.mark.parametrize("wrong", ["甲.scenario.yaml", "丁.scenario.yaml", "x.js", "z.js"])
def test_scenarios_that_share_files_through_others_are_checked_together(
    tmp_path: Path, wrong: str
) -> None:
    make_groups(tmp_path).save([Problem("falsch", Place(str(tmp_path / "scenarios" / wrong)))])

    unchecked = make_groups(tmp_path).find_unchecked_items()
    assert [item.header.title for item in unchecked] == ["甲", "乙", "丙", "丁"]


def test_a_group_is_not_sound_that_changed_while_it_was_checked_or_has_no_platforms(
    tmp_path: Path,
) -> None:
    groups = make_groups(tmp_path)
    write(tmp_path, "scenarios/z.js", "return 12345;")  # of the third and fourth of a group
    groups.save([])

    unchecked = make_groups(tmp_path).find_unchecked_items()
    assert [item.header.title for item in unchecked] == ["甲", "乙", "丙", "丁"]
    make_groups(tmp_path).save([])
    make_groups(tmp_path, loads_platforms=False).save([])
    assert make_groups(tmp_path).find_unchecked_items() == []
    assert len(make_groups(tmp_path, loads_platforms=False).find_unchecked_items()) == len(SHARING)


CRM = Platform(platform_key="crm", base_url="https://crm.example.test")
EAST = InstanceWithOrigin(Instance(platform="crm", instance_key="华东"), InstanceOrigin())
SURROUNDINGS: dict[str, tuple[Platforms, bytes, int]] = {
    # platforms, the digest of a recording, and how many of the two rows are checked then
    "nothing": (Platforms(own={"crm": CRM}), b"1", 0),
    "a platform": (Platforms(own={"crm": replace(CRM, title="客户")}), b"1", 2),
    "no platform": (Platforms(), b"1", 2),
    "an instance": (
        Platforms(own={"crm": CRM}, entries={"crm": (EAST,)}), b"1", 2,
    ),
    "a broken platform": (Platforms(own={"crm": CRM}, broken={"oa": ()}), b"1", 2),
    "the folder": (Platforms(own={"crm": CRM}, folder="platforms"), b"1", 2),
    "a recording": (Platforms(own={"crm": CRM}), b"2", 2),
}  # fmt: skip


@pytest.mark.parametrize("changed", SURROUNDINGS)
def test_what_changes_around_a_scenario_has_it_checked_again(tmp_path: Path, changed: str) -> None:
    rows = f"{PLAIN}cases: [{{id: 甲}}, {{id: 乙}}]\n"
    path = write(tmp_path, SCENARIO, rows)
    look(tmp_path)
    items = ItemIndex(tmp_path).list_items(path)

    def group(platforms: Platforms, digest: bytes, count: int = 2) -> SoundScenarioGroups:
        shapes = FileFacts("cassette", shapes={"crm.get": ResponseShape()})
        index = ProjectIndex(
            tmp_path, {"cassettes/a.yaml": shapes}, 0, {"cassettes/a.yaml": digest}
        )
        chosen = items[:count]
        keys = {item.header.platforms_key: platforms for item in chosen}
        return SoundScenarioGroups(chosen, index, keys)

    platforms, digest, unchecked = SURROUNDINGS[changed]
    before, _, _ = SURROUNDINGS["nothing"]
    group(before, b"1", count=1).save([])
    assert (
        len(group(before, b"1").find_unchecked_items()) == 2
    )  # of the second row nothing is known
    group(before, b"1").save([])

    assert len(group(platforms, digest).find_unchecked_items()) == unchecked


def test_of_former_checks_the_latest_are_kept_four_for_each_scenario(tmp_path: Path) -> None:
    path = tmp_path / "scenarios/付款.scenario.yaml"

    def is_checked(number: int) -> bool:
        """Return whether the text of *number* is checked; then nothing is wrong in it."""
        step = f"{{js: 'return {number}', expect: {{result: {number}}}}}"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"version: 1\nscenario: 付款{'单' * number}\nsteps: [{step}]\n", "utf-8")
        index = ItemIndex(tmp_path)
        items = index.list_items(path)
        index.save()
        platforms = {item.header.platforms_key: Platforms() for item in items}
        groups = SoundScenarioGroups(items, load_index(tmp_path), platforms)
        unchecked = groups.find_unchecked_items()
        groups.save([])
        return bool(unchecked)

    assert [is_checked(number) for number in (0, 1, 2, 3, 3, 2, 1, 0)] == [True] * 4 + [False] * 4
    assert [is_checked(number) for number in (4, 4, 1, 2, 3)] == [True, *[False] * 4]
    assert [is_checked(number) for number in (0, 0, 4, 1)] == [True, False, False, True]
    assert [is_checked(number) for number in (5, 6, 7, 8, 8, 7, 6, 5)] == [True] * 4 + [False] * 4
