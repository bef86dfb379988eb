"""Which scenarios run again after a save, and which folders and files are watched for that."""

from __future__ import annotations

import _thread
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from bpmax_sim.cli import watch
from bpmax_sim.cli.item_runs import find_cassette_path
from bpmax_sim.cli.item_selection import find_items, find_targets
from bpmax_sim.cli.watch import WatchPlan
from bpmax_sim.errors import ConfigError, Place, Problem
from bpmax_sim.index.items import ProjectItem
from bpmax_sim.report.perform import PerformOptions
from bpmax_sim.report.terminal import Verdict
from bpmax_sim.scenario.calls import CallMade
from tests.files import write_files

FILES = {
    "scenarios/采购/付款.scenario.yaml": (
        "version: 1\nscenario: 付款\nuse: [片段.yaml]\n"
        "form: {fields: {金额: 1}, scripts: {click.算: ../脚本/算.js}}\n"
        "steps: [{run: 打开}]  # 之后由 erp_system 付款\n"
    ),
    "scenarios/采购/片段.yaml": "steps: {打开: [{set: {金额: 5}}]}\n",
    "scenarios/脚本/算.js": "form.金额 = 2;\n",
    "scenarios/采购单/报价.scenario.yaml": (
        "version: 1\nscenario: 报价\ncases: {from: 报价.csv}\n"
        "steps: [{js: return 1}, {python: 'prices:price'}]\n"
    ),
    "scenarios/采购单/报价.csv": "id\n甲\n乙\n",
    "scenarios/采购单/prices.py": "def price(session):\n    return 7\n",
    "scenarios/platforms/crm.yaml": "platform_key: crm_system\nbase_url: https://crm.example.test\n",
    "scenarios/platforms/erp.yml": (
        "platform_key: erp_system\nbase_url: https://erp.example.test\n"
        "apis: {pay: {method: POST, path: /pay}}\n"
    ),
    "scenarios/platforms/记事本.yaml": "\ufeffplatform_key: oa_system\nbase_url: https://oa.example.test\n",
    "scenarios/platforms/组/空.yaml": "# 还没有内容\n",
    "scenarios/platforms/说明.md": "platform_key: crm_system\n",
    "scenarios/platforms2/erp.yaml": "platform_key: erp_system\n",
    "cassettes/采购/付款.yaml": "",
}
PAY, ROW_A, ROW_B = "付款", "报价[甲]", "报价[乙]"
QUOTE = [ROW_A, ROW_B]
ALL = [PAY, *QUOTE]


@pytest.fixture(name="project")
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_files(tmp_path, FILES)
    monkeypatch.chdir(tmp_path)
    return tmp_path.resolve()


class Noted:
    """A plan of a watch, and what it was asked to do, in order."""

    def __init__(self, *paths: str, platforms: Sequence[Path] = ()) -> None:
        self.done: list[object] = []
        self.problems: list[Problem] = []
        self.paths = paths
        self.plan = WatchPlan(
            collect_items=self.collect,
            run_items=self.run,
            finish=lambda items: self.done.append(("finish", [one.header.name for one in items])),
            cassette=lambda item: find_cassette_path(item.header, PerformOptions()),
            folders=[Path("scenarios")],
            platforms=platforms,
        )

    def collect(self) -> tuple[list[ProjectItem], list[Problem]]:
        items, problems = find_items(find_targets(self.paths))
        return items, [*problems, *self.problems]

    def run(self, items: Sequence[ProjectItem], problems: Sequence[Problem]) -> list[Verdict]:
        self.done.append(("run", [one.header.name for one in items], len(problems)))
        return []

    def rerun(self, *saved: Path) -> None:
        watch._rerun_affected(self.plan, frozenset(map(str, saved)), *self.collect())

    def list_reruns(self, *saved: Path) -> list[str]:
        """Return the names of what depends on one of the files *saved*."""
        return [
            item.header.name
            for item in self.collect()[0]
            if any(watch._depends_on(self.plan, item, str(path)) for path in saved)
        ]


@pytest.mark.parametrize(
    ("name", "again"),
    [
        ("scenarios/采购/付款.scenario.yaml", [PAY]),
        ("scenarios/采购/片段.yaml", [PAY]),
        ("scenarios/脚本/算.js", [PAY]),
        ("scenarios/脚本/别的.js", []),
        ("scenarios/采购单/报价.csv", QUOTE),
        ("scenarios/采购/报价.csv", []),
        ("cassettes/采购/付款.yaml", [PAY]),
        ("cassettes/采购单/报价/乙.yaml", [ROW_B]),  # which nobody has recorded yet
        ("cassettes/采购单/报价.yaml", []),
        ("cassettes/付款.yaml", []),
        # what it inherits, also where that file was only just removed or made
        ("defaults.yaml", ALL),
        ("scenarios/defaults.yaml", ALL),
        ("scenarios/采购/defaults.yaml", [PAY]),
        ("scenarios/采购单/defaults.yaml", QUOTE),
        ("scenarios/采购/我的defaults.yaml", []),
        ("scenarios/采购/下级/defaults.yaml", []),
        # each module of Python for who has such a step, wherever it lies
        ("scenarios/采购单/prices.py", QUOTE),
        ("scenarios/采购/tax.py", QUOTE),
        # platforms: one that a file names, one that nobody names, and one whose key is not known
        ("scenarios/platforms/erp.yml", [PAY]),
        ("scenarios/platforms/crm.yaml", []),
        ("scenarios/platforms/记事本.yaml", []),
        ("scenarios/platforms/删掉了.yaml", ALL),
        ("scenarios/platforms/组/空.yaml", ALL),
        ("scenarios/platforms/说明.md", []),
        ("scenarios/platforms2/erp.yaml", []),
        ("scenarios/platforms", []),
        ("instances.yaml", []),
        ("pyproject.toml", []),
    ],
)
def test_a_scenario_depends_on_what_it_reads(project: Path, name: str, again: list[str]) -> None:
    assert Noted().list_reruns(project / name) == again


def test_a_platform_file_in_another_encoding_may_be_that_of_any_scenario(project: Path) -> None:
    path = project / "scenarios/platforms/crm.yaml"
    path.write_bytes("platform_key: crm_system  # 客户\n".encode("gbk"))

    assert Noted().list_reruns(path) == ALL


@pytest.mark.parametrize(
    ("there", "saved", "again"),
    [
        ("scenarios/instances.yaml", "scenarios/instances.yaml", ALL),
        ("scenarios/instances.yaml", "scenarios/instances.local.yaml", ALL),
        ("scenarios/instances.local.yaml", "scenarios/instances.local.yaml", ALL),
        ("scenarios/instances.local.yaml", "scenarios/instances.yaml", ALL),
        ("instances.yaml", "instances.yaml", ALL),
        ("scenarios/instances.yaml", "instances.yaml", []),  # the nearer one counts
        ("scenarios/采购/instances.yaml", "scenarios/采购/instances.yaml", []),
    ],
)
def test_a_scenario_depends_on_the_instances_above_its_platforms(
    project: Path, there: str, saved: str, again: list[str]
) -> None:
    (project / there).write_text("[]\n", encoding="utf-8")

    assert Noted().list_reruns(project / saved) == again


def test_instances_that_a_scenario_names_are_the_only_ones(project: Path) -> None:
    path = project / "scenarios/采购/付款.scenario.yaml"
    text = path.read_text("utf-8") + "proxy: {instances: 测试环境.yaml}\n"
    path.write_text(text, encoding="utf-8")
    for name in ("采购/测试环境.yaml", "instances.yaml"):
        (project / "scenarios" / name).write_text("[]\n", encoding="utf-8")
    noted, folder = Noted(), project / "scenarios"

    assert noted.list_reruns(folder / "采购/测试环境.yaml") == [PAY]
    assert noted.list_reruns(folder / "采购/测试环境.local.yaml") == [PAY]
    assert noted.list_reruns(folder / "instances.yaml") == QUOTE


def test_a_platform_that_the_last_run_called_counts_though_no_file_names_it(
    project: Path,
) -> None:
    noted, saved = Noted(), project / "scenarios/platforms/crm.yaml"
    first, second, third = noted.collect()[0]
    noted.plan.called_platforms[second.header.node_id] = frozenset({"crm_system"})
    noted.plan.called_platforms[third.header.node_id] = frozenset({"crm", "erp_system"})

    assert noted.list_reruns(saved) == [second.header.name]
    assert first.header.node_id not in noted.plan.called_platforms


def test_platforms_of_the_command_line_stand_for_those_of_the_scenario(project: Path) -> None:
    alone = project / "平台.yaml"
    alone.write_text("platform_key: erp_system\n", encoding="utf-8")
    for folder in (project, project / "scenarios"):
        (folder / "instances.yaml").write_text("[]\n", encoding="utf-8")
    platforms = [project / "scenarios/platforms2", project / "scenarios/platforms2/组", alone]
    noted = Noted(platforms=platforms)

    assert noted.list_reruns(alone) == [PAY]
    assert noted.list_reruns(project / "scenarios/platforms/erp.yml") == []
    assert noted.list_reruns(project / "scenarios/platforms2/新.yaml") == ALL
    # beside the last of them, whose instances win
    assert noted.list_reruns(project / "instances.yaml") == ALL
    assert noted.list_reruns(project / "scenarios/instances.yaml") == []


def test_what_is_watched_are_folders_and_of_the_root_files_alone(project: Path) -> None:
    noted = Noted()
    assert watch._list_watched_places(noted.plan, ()) == (str(project / "scenarios"),)
    everything = watch._list_watched_places(noted.plan, noted.collect()[0])
    assert everything == (str(project / "cassettes/采购"), str(project / "scenarios"))

    (project / "defaults.yaml").write_text("people: 共用/people.yaml\n", encoding="utf-8")
    (project / "共用").mkdir()
    (project / "共用/people.yaml").write_text("lisi: {name: 李四}\n", encoding="utf-8")
    (project / "cassettes/采购单/报价").mkdir(parents=True)
    fresh = watch._list_watched_places(Noted().plan, Noted().collect()[0])
    assert fresh == tuple(
        str(project / name)
        for name in (
            "cassettes/采购",
            "cassettes/采购单/报价",
            "defaults.yaml",
            "scenarios",
            "共用",
        )
    )


def test_platforms_outside_are_watched(
    project: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("平台").resolve()
    noted = Noted(platforms=[outside, outside / "没有"])

    places = watch._list_watched_places(noted.plan, noted.collect()[0])

    assert places == tuple(
        sorted([str(project / "cassettes/采购"), str(project / "scenarios"), str(outside)])
    )


SAVED = "scenarios/采购单/报价.csv"


@pytest.mark.parametrize(
    ("wrong", "saved", "done"),
    [
        ([], [SAVED], [("run", QUOTE, 0), ("finish", ALL)]),
        ([], [SAVED, "说明.md", "defaults.yaml"], [("run", ALL, 0), ("finish", ALL)]),
        ([], ["说明.md"], []),
        # what is wrong in a file is said again where that file was saved, and else not
        (["scenarios/坏.yaml"], ["scenarios/坏.yaml"], [("run", [], 1), ("finish", ALL)]),
        (["scenarios/坏.yaml"], ["说明.md"], []),
        (["scenarios/坏.yaml", ""], [SAVED], [("run", QUOTE, 2), ("finish", ALL)]),
        ([""], ["说明.md"], []),
    ],
)
def test_after_a_save_what_depends_on_it_runs_and_all_is_reported(
    project: Path, wrong: list[str], saved: list[str], done: list[object]
) -> None:
    noted = Noted()
    noted.problems = [Problem("不行", Place(name) if name else None) for name in wrong]

    noted.rerun(*(project / name for name in saved))

    assert noted.done == done


def test_of_many_saved_files_three_are_named(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in (3, 4, 5, 6):
        names = ["defaults.yaml", *(f"{n}.md" for n in range(1, number))]
        Noted().rerun(*(project / name for name in names))

    assert capsys.readouterr().err.splitlines() == [
        "",
        "saved: 1.md, 2.md, defaults.yaml",
        "",
        "saved: 1.md, 2.md, 3.md, defaults.yaml",
        "",
        "saved: 1.md, 2.md, 3.md and 2 more",
        "",
        "saved: 1.md, 2.md, 3.md and 3 more",
    ]


def test_modules_beside_a_saved_one_are_loaded_anew_and_ours_are_not(project: Path) -> None:
    folder = project / "scenarios/采购单"
    (folder / "下级").mkdir()
    (project / "scenarios/其他.py").write_text("", encoding="utf-8")
    (folder / "下级/税.py").write_text("", encoding="utf-8")
    before = dict(sys.modules)
    names = {
        "采购_价": folder / "prices.py",
        "采购_税": folder / "下级/税.py",
        "采购_其他": project / "scenarios/其他.py",
        "bpmax_sim.采购": folder / "prices.py",
        "bpmax_simx": folder / "prices.py",
        "采购_无": None,
    }
    try:
        for name, path in names.items():
            module = type(sys)(name)
            module.__file__ = None if path is None else str(path)
            sys.modules[name] = module
        left = []
        for saved in ("scenarios/采购单/报价.csv", "scenarios/采购单/新.py"):
            watch._unload_step_modules([str(project / saved), str(project / "scenarios/a.js")])
            left.append([name for name in names if name in sys.modules])
        assert left == [[*names], ["采购_其他", "bpmax_sim.采购", "采购_无"]]
    finally:
        for name in names:
            sys.modules.pop(name, None)
    assert sys.modules.keys() >= before.keys()


def test_the_platforms_of_each_run_are_noted_in_place_of_those_before(project: Path) -> None:
    noted = Noted()
    items = noted.collect()[0]
    runs: list[list[tuple[str, ...]]] = [
        [("crm_system.get_customer", "erp_system.$token"), ("oa_system.post",)],
        [()],
    ]

    def run(ran: Sequence[ProjectItem], _: Sequence[Problem]) -> list[Verdict]:
        return [
            Verdict(
                item=item.load(),
                outcome="failed",
                calls=tuple(CallMade(number=1, call=name) for name in names),
            )
            for item, names in zip(ran, runs.pop(0), strict=True)
        ]

    plan = msgspec.structs.replace(noted.plan, run_items=run, called_platforms={})
    seen = []
    for ran in (items[:2], items[:1]):
        plan.run_and_note_platforms(ran, ())
        seen.append(dict(plan.called_platforms))

    first, second = (item.header.node_id for item in items[:2])
    assert seen == [
        {first: {"crm_system", "erp_system"}, second: {"oa_system"}},
        {first: set(), second: {"oa_system"}},
    ]


SHARED = "steps: {打开: [{set: {金额: 6}}]}\n"


class Saving(Noted):
    """One where each run, and the collecting that fails, saves the next of some files."""

    def __init__(self, *saves: tuple[Path, str], fails_at: int) -> None:
        super().__init__()
        self.saves = list(saves)
        self.collected = 0
        self.fails_at = fails_at

    def collect(self) -> tuple[list[ProjectItem], list[Problem]]:
        self.collected += 1
        if self.collected == self.fails_at:
            self.save()
            raise ConfigError("目录不见了")
        return super().collect()

    def run(self, items: Sequence[ProjectItem], problems: Sequence[Problem]) -> list[Verdict]:
        super().run(items, problems)
        if not self.saves:
            raise KeyboardInterrupt
        self.save()
        return []

    def save(self) -> None:
        path, text = self.saves.pop(0)
        aside = Path("aside")  # where nobody watches, so that the save is one event
        aside.write_text(text, encoding="utf-8")
        aside.replace(path)


def test_what_is_saved_while_scenarios_run_or_are_collected_is_not_missed(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pay, shared = project / "scenarios/采购/付款.scenario.yaml", project / "共用/税率.yaml"
    shared.parent.mkdir()
    shared.write_text(SHARED, encoding="utf-8")
    pay_text = FILES["scenarios/采购/付款.scenario.yaml"].replace(
        "片段.yaml", "../../共用/税率.yaml"
    )
    noted = Saving(
        (project / SAVED, "id\n甲\n乙\n丙\n"),  # in the first run
        (pay, pay_text),  # in the collecting after it, which fails
        (shared, SHARED),  # in the run that follows, which is the first to need this folder
        fails_at=2,
    )

    end = threading.Timer(10, _thread.interrupt_main)  # or it would watch for ever
    end.start()
    with pytest.raises(KeyboardInterrupt):
        watch.watch(noted.plan, find_items(find_targets(None))[0][:1], [Problem("不行")])
    end.cancel()

    every = [*ALL, "报价[丙]"]
    assert noted.done == [
        ("run", [PAY], 1),
        ("finish", ALL),
        ("run", every, 0),
        ("finish", every),
        ("run", [PAY], 0),
    ]
    saved = "saved: scenarios/采购/付款.scenario.yaml, scenarios/采购单/报价.csv"
    watching = "watching cassettes/采购, scenarios; Ctrl-C ends it"
    assert capsys.readouterr().err.splitlines() == [
        watching, "目录不见了", "", saved, "", "saved: 共用/税率.yaml",
    ]  # fmt: skip
