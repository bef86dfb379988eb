"""An outage is no news: a good recording stays, whatever the script made of it."""

from __future__ import annotations

import pytest

from tests.team.conftest import Command
from tests.team.project import PLATFORM, Crm, TeamProject

CATCHES = """\
      try { await $proxy('crm').$api('get_customer').$path({id: '1'}).$call() }
      catch (error) { return 'CRM 维护中' }"""
RETRIES = """\
      for (let i = 0; i < 3; i++) {
        try { return await $proxy('crm').$api('get_customer').$path({id: '1'}).$call() }
        catch (error) { }
      }"""


@pytest.mark.parametrize("status", [503, 500, 429])
def test_a_good_recording_stays_though_the_script_caught_the_outage(
    project: TeamProject, crm: Crm, bs: Command, status: int
) -> None:
    project.scenario("客户", calls=CATCHES)
    assert bs("record").code == 0
    before = project.cassette.read_bytes()
    crm.status = status

    done = bs("record", "--record", "rewrite")
    assert done.code == 6, done
    assert f"crm.get_customer: HTTP {status}" in done.err
    assert project.cassette.read_bytes() == before
    assert project.cassette.with_name("crm.yaml.new").exists()
    assert bs("run").code == 0


def test_a_business_refusal_is_one_where_the_platform_rejects_it(
    project: TeamProject, crm: Crm, bs: Command
) -> None:
    platform = PLATFORM + "response: {ok: {all: [{path: $.code, in: [0]}]}}\nreject: [business]\n"
    (project.root / "scenarios/platforms/crm.yaml").write_text(platform, encoding="utf-8")
    project.scenario("客户", calls=CATCHES)
    assert bs("record").code == 0
    before = project.cassette.read_bytes()
    crm.code = 9001

    done = bs("record", "--record", "rewrite")
    assert done.code == 6, done
    assert "the third party failed where it did not when this was recorded" in done.err
    assert project.cassette.read_bytes() == before
    assert bs("run").code == 0


def test_a_lost_connection_is_one(project: TeamProject, crm: Crm, bs: Command) -> None:
    project.scenario("客户", calls=CATCHES)
    assert bs("record").code == 0
    before = project.cassette.read_bytes()
    crm.hangs_up = True

    done = bs("record", "--record", "rewrite")
    assert done.code == 6, done
    assert project.cassette.read_bytes() == before
    assert project.cassette.with_name("crm.yaml.new").exists()
    assert bs("run").code == 0


def test_what_a_retry_mends_is_no_outage(project: TeamProject, crm: Crm, bs: Command) -> None:
    project.scenario("客户", calls=RETRIES)
    assert bs("record").code == 0
    crm.failures = 2

    assert bs("record", "--record", "rewrite").code == 0
    assert bs("run").code == 0


def test_an_old_outage_may_stay_and_a_response_replaces_it(
    project: TeamProject, crm: Crm, bs: Command
) -> None:
    crm.status = 503
    expects = "  expect_error: {status: 503}"
    path = project.scenario(
        "客户", calls="      await $proxy('crm').$api('get_customer').$path({id: '1'}).$call()"
    )
    path.write_text(path.read_text(encoding="utf-8") + expects + "\n", encoding="utf-8")
    done = bs("record")
    assert done.code == 0, done
    assert "crm.get_customer: HTTP 503: recorded, as the scenario expects it" in done.err
    assert bs("record", "--record", "rewrite").code == 0
    assert bs("run").code == 0


def test_a_number_that_holds_the_status_expects_no_outage(
    project: TeamProject, crm: Crm, bs: Command
) -> None:
    crm.status = 503
    path = project.scenario("客户", calls=CATCHES)
    path.write_text(
        f"{path.read_text('utf-8')}  expect: {{result: {{$in: [CRM 维护中, 15030]}}}}\n",
        encoding="utf-8",
    )

    done = bs("record")
    assert done.code == 1, done
    assert "crm.get_customer: HTTP 503: the third party did not serve this call" in done.out


def test_a_first_recording_of_an_outage_is_red(project: TeamProject, crm: Crm, bs: Command) -> None:
    crm.status = 503
    project.scenario("客户", calls=CATCHES)

    done = bs("record")
    assert done.code == 1, done
    assert "crm.get_customer: HTTP 503: the third party did not serve this call" in done.out
    assert not project.cassette.exists()
