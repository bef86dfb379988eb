"""A small change is a small diff, as Git counts it."""

from __future__ import annotations

import pytest

from tests.team.conftest import Command
from tests.team.project import Crm, TeamProject
from tests.typed import Typed


def test_nothing_changed_but_ids_etags_and_dates(
    project: TeamProject, crm: Crm, bs: Command
) -> None:
    project.scenario("客户", *range(1, 11))
    assert bs("record").code == 0
    project.commit("录制")

    done = bs("record", "--record", "rewrite")
    assert done.code == 0, done
    assert crm.calls == 20
    assert project.git("status", "--porcelain") == ""


def test_one_of_ten_changed(project: TeamProject, crm: Crm, bs: Command) -> None:
    project.scenario("客户", *range(1, 11))
    assert bs("record").code == 0
    project.commit("录制")
    crm.names["4"] = "李四"

    assert bs("record", "--record", "rewrite").code == 0
    added, removed, _ = project.git("diff", "--numstat").split()
    assert (int(added), int(removed)) <= (4, 4)
    assert 0 < int(added) <= 4 >= int(removed)
    assert bs("run").code == 0


def test_a_script_that_reads_a_header_of_no_known_meaning_gets_a_fresh_recording(
    project: TeamProject, crm: Crm, bs: Command
) -> None:
    read = (
        "      const r = await $proxy('crm').$api('get_customer').$path({id: '7'}).$call();\n"
        "      await $proxy('crm').$api('list_orders').$query({by: r.trace_id}).$call()"
    )
    project.scenario("客户", calls=read)
    assert bs("record").code == 0
    first = project.cassette.read_bytes()

    assert bs("record", "--record", "rewrite").code == 0
    assert project.cassette.read_bytes() != first
    assert bs("run").code == 0
    assert crm.calls == 4


def test_a_platform_that_nobody_here_calls(project: TeamProject, crm: Crm, bs: Command) -> None:
    project.scenario("客户", 1, 2)
    assert bs("record").code == 0
    project.commit("录制")
    (project.root / "scenarios/platforms/erp.yaml").write_text(
        "platform_key: erp\nbase_url: https://erp.example.test\nignore: [query.t]\n"
        "apis: {list: {method: GET, path: /l, volatile: [body.at]}}\n",
        encoding="utf-8",
    )

    assert bs("cassette", "fmt", "--check").code == 0
    assert bs("record", "--record", "rewrite").code == 0
    assert project.git("status", "--porcelain", "cassettes") == ""
    assert crm.calls == 4


def test_a_second_record_calls_nobody_and_says_what_would(
    project: TeamProject, crm: Crm, bs: Command
) -> None:
    project.scenario("客户", 1, 2)
    assert bs("record").code == 0
    done = bs("record")

    assert done.code == 0
    assert crm.calls == 2
    assert "add missing calls with --record new, or record afresh with --record rewrite" in done.err
    project.scenario("客户", 1, 3)
    missed = bs("run")
    assert "--record=rewrite" in missed.out
    assert "or add    bpmax-sim record" in missed.out


def test_a_record_that_recorded_nothing_says_why(
    project: TeamProject, crm: Crm, bs: Command
) -> None:
    project.scenario("客户", 1)
    assert bs("record").code == 0
    why = bs("record", "--record", "new").err
    assert "no call is missing, which is all that --record new adds" in why
    assert "record afresh with --record rewrite" in why
    project.scenario("无调用", calls="      1 + 1")
    alone = str(project.root / "scenarios/无调用.scenario.yaml")
    assert "nothing was recorded, as no call asked a third party" in bs("record", alone).err
    assert crm.calls == 1


@pytest.mark.parametrize(("answer", "calls"), [("yes\n", 4), ("no\n", 2)])
def test_on_a_terminal_a_record_that_had_nothing_to_do_asks(
    project: TeamProject,
    crm: Crm,
    bs: Command,
    monkeypatch: pytest.MonkeyPatch,
    answer: str,
    calls: int,
) -> None:
    project.scenario("客户", 1, 2)
    assert bs("record").code == 0
    monkeypatch.setattr("sys.stdin", Typed(answer))

    done = bs("record")
    assert done.code == 0
    assert "everything is recorded already; record it all afresh?" in done.err
    assert crm.calls == calls


def test_ignoring_what_a_response_depends_on_is_a_warning(
    project: TeamProject, crm: Crm, bs: Command
) -> None:
    crm.names["2"] = "李四"
    project.scenario("客户", 1, 2, more="  ignore: [path.id]\n")
    told = "ignore: path.id makes calls of crm.get_customer equal whose responses differ"
    for command in ("record", "run"):
        done = bs(command)

        assert done.code == 0
        assert told in done.out + done.err
        assert "1 warning" in done.out + done.err
