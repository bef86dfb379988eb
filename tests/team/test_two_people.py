"""Whose account recorded stands in no file, so that two people record the same bytes."""

from __future__ import annotations

import pytest

from tests.team.conftest import Command
from tests.team.project import PLATFORM, Crm, TeamProject

LI = {"CRM_USER": "li.nana", "CRM_PASSWORD": "mQ4-xB8-tY1"}


@pytest.mark.parametrize("declared", ["{}", "{as: tester}"])
def test_two_people_record_equal_bytes(
    project: TeamProject,
    crm: Crm,
    bs: Command,
    monkeypatch: pytest.MonkeyPatch,
    declared: str,
) -> None:
    crm.tells_account = True
    platform = PLATFORM.replace("username: {}", f"username: {declared}")
    (project.root / "scenarios/platforms/crm.yaml").write_text(platform, encoding="utf-8")
    project.scenario("客户", 1, 2, 3)
    assert bs("record").code == 0
    project.commit("张伟录制")
    text = project.cassette.read_text(encoding="utf-8")
    assert "zhang.wei" not in text
    assert ("account:tester" in text) is ("tester" in declared)

    for name, value in LI.items():
        monkeypatch.setenv(name, value)
    assert bs("record", "--record", "rewrite").code == 0
    assert crm.calls == 6
    assert project.git("status", "--porcelain") == ""
    for name in LI:
        monkeypatch.delenv(name)
    assert bs("run").code == 0


@pytest.mark.parametrize(
    ("declared", "why"),
    [
        ("{as: tester, secret: false}", "secret: false records its value as it is"),
        ("{as: tester, kind: base64}", "its kind is base64"),
    ],
)
def test_where_no_common_text_can_stand(
    project: TeamProject, bs: Command, declared: str, why: str
) -> None:
    platform = PLATFORM.replace("username: {}", f"username: {declared}")
    (project.root / "scenarios/platforms/crm.yaml").write_text(platform, encoding="utf-8")
    done = bs("lint")
    assert done.code == 2
    assert f"'username' cannot be recorded as 'tester': {why}; take `as` away" in done.err
