"""What a complete run of pytest tells `bpmax-sim cassette prune`."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.format import dump_entries
from bpmax_sim.cli.app import run_command_line
from bpmax_sim.report.usage import FOLDER, Evidence, merge_evidence
from tests.cli.project import Done
from tests.plugin.project import FILE, Project
from tests.snapshots import snapshot
from tests.typed import Typed

VIP, COMMON = "cassettes/crm/选择客户/贵宾.yaml", "cassettes/crm/选择客户/普通.yaml"
LOGIN = "cassettes/auth/crm_system.default.yaml"
OLD = "cassettes/crm/旧的.yaml"
Prune = Callable[..., Done]


@pytest.fixture(name="prune")
def pruned(capsys: pytest.CaptureFixture[str]) -> Prune:
    def prune(*arguments: str) -> Done:
        capsys.readouterr()
        code = run_command_line(["cassette", "prune", *arguments])
        return Done(code, *capsys.readouterr())

    return prune


@pytest.fixture(name="orphan")
def with_orphan(project: Project) -> Project:
    root = project.root
    (root / OLD).write_bytes((root / VIP).read_bytes())
    return project


def shared(project: Project) -> Path:
    """Let both rows use one cassette, in which somebody else has exchanges too."""
    cassettes = [Cassette.load(project.root / name) for name in (VIP, COMMON)]
    entries = [
        one.get_entry_with_head_defaults(number) for one in cassettes for number in range(len(one))
    ]
    path = project.root / "cassettes/crm/共用.yaml"
    path.write_bytes(dump_entries(entries))
    return path


def test_an_orphan_is_shown_and_deleted_on_demand(orphan: Project, prune: Prune) -> None:
    orphan.run().assert_outcomes(passed=2)

    shown = prune()
    assert (shown.code, shown.out) == (0, f"{OLD}: the whole file, 1 exchange\n")
    assert shown.err == snapshot("nothing was deleted; delete it with --yes\n")
    assert (orphan.root / OLD).is_file()

    deleted = prune("--yes")
    assert deleted.err == snapshot("1 cassette: deleted as shown\n")
    assert not (orphan.root / OLD).exists()
    assert (orphan.root / LOGIN).is_file()
    orphan.run().assert_outcomes(passed=2)
    assert prune().err == snapshot("everything that is recorded is used\n")


@pytest.mark.parametrize("arguments", [(), ("-p", "xdist", "-n2")], ids=["here", "workers"])
def test_what_left_a_scenario_red_goes_and_it_is_green(
    project: Project, prune: Prune, arguments: tuple[str, ...]
) -> None:
    project.edit("  - name: 选择 ${case.number}", "  - name: 选择\n    if: ${case.vip}")
    project.edit("name: 张三}", "name: 张三, vip: true}")
    project.edit("name: 李四}", "name: 李四, vip: false}")
    project.run(*arguments).assert_outcomes(passed=1, failed=1)

    assert prune("--yes").out == f"{COMMON}: the whole file, 1 exchange\n"
    project.run(*arguments).assert_outcomes(passed=2)


def test_of_a_shared_cassette_only_what_nobody_plays_goes(project: Project, prune: Prune) -> None:
    path = shared(project)
    project.write(
        "test_共用.py",
        """\
        import pytest

        @pytest.mark.bpmax(cassette="crm/共用")
        def test_选择(bpmax_session_factory):
            with bpmax_session_factory(cassette="crm/共用", owner="选择客户[贵宾]") as session:
                session.proxy("crm_system").getCustomerDetail("12345")
        """,
    )
    project.run().assert_outcomes(passed=3)

    assert prune("--yes").out == snapshot(
        "cassettes/crm/共用.yaml: 1 of 2 exchanges: crm_system.get_customer_detail\n"
    )
    assert Cassette.load(path).owners == ("选择客户[贵宾]",)
    project.run().assert_outcomes(passed=3)


def test_nothing_goes_of_a_test_that_failed_or_was_skipped(orphan: Project, prune: Prune) -> None:
    orphan.edit('number: "12346"', 'number: "12347"')
    orphan.write(
        "test_跳过.py",
        """\
        import pytest

        @pytest.mark.skip
        @pytest.mark.bpmax(cassette="crm/旧的")
        def test_以后(bpmax_session):
            pass
        """,
    )
    orphan.run().assert_outcomes(passed=1, failed=1, skipped=1)

    assert prune("--yes").err == snapshot("everything that is recorded is used\n")
    assert (orphan.root / COMMON).is_file()


def test_a_python_test_that_plays_less_leaves_the_rest(project: Project, prune: Prune) -> None:
    (project.root / "cassettes/test_客户").mkdir()
    path = project.root / "cassettes/test_客户/test_不再查询.yaml"
    path.write_bytes((project.root / VIP).read_bytes().replace("选择客户[贵宾]".encode(), b"x"))
    project.write("test_客户.py", "def test_不再查询(bpmax_session):\n    pass\n")
    assert run_command_line(["cassette", "seal", "--yes", str(path)]) == 0
    project.run().assert_outcomes(passed=3)

    told = prune().out
    assert told == snapshot("cassettes/test_客户/test_不再查询.yaml: the whole file, 1 exchange\n")


def test_without_a_complete_run_nothing_is_known(orphan: Project, prune: Prune) -> None:
    orphan.run(FILE)
    done = prune("--yes")

    assert (done.code, done.err) == (
        2,
        snapshot("no usage data yet; run the full test suite first: pytest\n"),
    )


def test_a_run_that_recorded_proves_nothing_of_what_it_recorded(
    project: Project, prune: Prune, live: object
) -> None:
    project.run("--bpmax-mode=record", "--bpmax-record=rewrite")

    assert prune("--yes").err == snapshot("everything that is recorded is used\n")


@pytest.mark.parametrize("name", [FILE, "scenarios/scripts/customer.js", VIP])
def test_what_changed_since_the_run_has_to_be_run_again(
    orphan: Project, prune: Prune, name: str
) -> None:
    orphan.run()
    path = orphan.root / name
    path.write_bytes(path.read_bytes() + b"\n")
    future = (orphan.root / FOLDER / "pytest.1-of-1.json").stat().st_mtime_ns + 1
    os.utime(path, ns=(future, future))

    done = prune("--yes")
    assert (done.code, done.err) == (
        2,
        (f"{name}: changed since the last full run, so usage data is stale; rerun: pytest\n"),
    )
    assert (orphan.root / OLD).is_file()


def test_evidence_that_cannot_be_read_is_none(orphan: Project, prune: Prune) -> None:
    orphan.run()
    (orphan.root / FOLDER / "pytest.1-of-1.json").write_text('{"version": 2}', encoding="utf-8")

    assert prune("--yes").code == 2


@pytest.mark.parametrize(("answer", "gone"), [("y\n", True), ("n\n", False)])
def test_a_person_is_asked(
    orphan: Project, prune: Prune, monkeypatch: pytest.MonkeyPatch, answer: str, gone: bool
) -> None:
    orphan.run()
    monkeypatch.setattr("sys.stdin", Typed(answer))
    done = prune()

    assert "Delete 1 exchange as shown? [y/N]" in done.err
    assert (orphan.root / OLD).exists() is not gone
    assert done.code == (0 if gone else 1)


def test_what_was_recorded_while_a_person_is_asked_stays(
    orphan: Project, prune: Prune, monkeypatch: pytest.MonkeyPatch
) -> None:
    orphan.run()
    path = orphan.root / OLD
    recorded = path.read_bytes() + b"# \xe5\xbc\xa0\n"
    monkeypatch.setattr("sys.stdin", Typed("y\n", lambda: path.write_bytes(recorded)))

    done = prune()

    assert done.code == 2
    assert f"{OLD}: somebody wrote it since this command read it" in done.err
    assert path.read_bytes() == recorded


def test_json_tells_the_same(orphan: Project, prune: Prune) -> None:
    orphan.run()
    told = json.loads(prune("--json", "--yes").out)

    assert told == {
        "version": 1,
        "deleted": True,
        "files": [
            {
                "file": OLD,
                "exchanges": 1,
                "total": 1,
                "calls": ["crm_system.get_customer_detail"],
            }
        ],
    }


def test_the_evidence_of_all_shards_counts_and_a_missing_one_is_named(
    orphan: Project, prune: Prune, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Each shard runs on a machine of its own; what they keep is brought together later."""
    artefacts = tmp_path_factory.mktemp("artefacts")
    for number in (1, 2):
        orphan.run(f"--bpmax-shard={number}/2").assert_outcomes(passed=1, deselected=1)
        (artefacts / str(number)).mkdir()
        usage = orphan.root / FOLDER / f"{number}-of-2.json"
        usage.rename(artefacts / str(number) / usage.name)
    both = [word for number in (1, 2) for word in ("--evidence", str(artefacts / str(number)))]

    missing = prune("--evidence", str(artefacts / "1"), "--yes")
    assert (missing.code, missing.err) == (
        2,
        "what shard 2 of 2 used is missing; keep its .bpmax/usage, too\n",
    )
    assert (orphan.root / OLD).is_file()
    assert prune(*both, "--yes").out == f"{OLD}: the whole file, 1 exchange\n"
    assert (orphan.root / VIP).is_file()
    assert (orphan.root / COMMON).is_file()

    orphan.edit("title: 客户名称", "title: 客户全称")
    stale = prune(*both, "--yes")
    assert (stale.code, FILE in stale.err) == (2, True)


def told(left: tuple[int, ...] | None) -> Evidence:
    """Return what a job tells that left these exchanges; of None, that never saw the cassette."""
    return Evidence(
        folders=("cassettes",),
        digests={},
        owners={},
        left={} if left is None else {"甲.yaml": {"一": left}},
        unplayed_files=(),
        tests=(),
        sources={"a": "1"},
    )


@pytest.mark.parametrize(
    ("jobs", "left"),
    [
        ([(1, 2)], (1, 2)),
        ([(1, 2), (2, 3)], (2,)),
        ([(), (1,)], ()),
        ([(1,), ()], ()),
        ([(1,), (), (1,)], ()),
        ([(1, 2), (2,), (1,)], ()),
        ([(3, 1), (1, 3), (1, 3)], (1, 3)),
        ([None, (1,)], (1,)),
        ([(1,), None, (1, 2)], (1,)),
    ],
)
def test_what_one_job_plays_is_used_whatever_others_leave(
    jobs: list[tuple[int, ...] | None], left: tuple[int, ...]
) -> None:
    merged = merge_evidence([told(one) for one in jobs])

    assert merged.left == {"甲.yaml": {"一": left}}


def test_a_cassette_without_exchanges_goes(project: Project, prune: Prune) -> None:
    path = project.root / "cassettes/crm/空.yaml"
    path.write_bytes(dump_entries([]))
    project.run().assert_outcomes(passed=2)

    assert prune("--yes").out == "cassettes/crm/空.yaml: the whole file, 0 exchanges\n"
    assert not path.exists()
