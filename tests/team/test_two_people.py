"""Whose account recorded stands in no file, so that two people record the same bytes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bpmax_sim.cassette.file import Cassette
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


LOGIN = """\
auth:
  acquire:
    steps:
      - request:
          method: GET
          path: /token
          query: {user: "{{ username }}", pass: "{{ password }}"}
        extract: {token: {path: $.trace_id, secret: true}}
    ttl: {default: 3600}
  apply: [{in: header, name: X-Token, value: "{{ token }}"}]
"""


def test_logins_of_several_accounts_are_one(
    project: TeamProject, crm: Crm, bs: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform = PLATFORM.replace("auth: basic\n", LOGIN)
    (project.root / "scenarios/platforms/crm.yaml").write_text(platform, encoding="utf-8")
    project.scenario("客户", 1, 2)
    assert bs("record").code == 0
    logins = project.root / "cassettes/auth/crm.default.yaml"
    assert logins.read_text(encoding="utf-8").count("- bpmax: ") == 1
    project.commit("张伟录制")

    for name, value in LI.items():
        monkeypatch.setenv(name, value)
    assert bs("record", "--record", "rewrite").code == 0
    assert crm.calls == 6
    assert project.git("status", "--porcelain") == ""
    assert bs("run").code == 0


ACCOUNTS = {"张伟": "zhang.wei", "李娜": "li.nana", "王芳": "wang.fang"}


@pytest.fixture
def clear_names(
    project: TeamProject, crm: Crm, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], None]:
    """Let logins send who logs in as it is; return what makes somebody the one who records."""
    platform = PLATFORM.replace("auth: basic\n", LOGIN).replace(
        "username: {}", "username: {secret: false}"
    )
    (project.root / "scenarios/platforms/crm.yaml").write_text(platform, encoding="utf-8")
    (project.root / ".gitattributes").write_text("cassettes/** -text -merge diff=bpmax\n")
    assert crm.url
    return lambda person: monkeypatch.setenv("CRM_USER", ACCOUNTS[person])


def users_in_logins(project: TeamProject) -> list[str]:
    """Return who logs in within the recorded logins, in the order of the file."""
    logins = Cassette.load(project.root / "cassettes/auth/crm.default.yaml")
    return [e.request.url.partition("user=")[2].partition("&")[0] for e in logins.exchanges()]


def test_the_login_of_an_account_goes_with_its_last_recording(
    project: TeamProject, bs: Command, clear_names: Callable[[str], None]
) -> None:
    logins = project.root / "cassettes/auth/crm.default.yaml"
    paths = [project.scenario(name, number) for number, name in enumerate(("客户", "合同"), 1)]
    sizes = set()
    for person in ("张伟", "李娜", "王芳", "张伟", "李娜"):
        clear_names(person)
        assert bs("record", "--record", "rewrite").code == 0
        assert users_in_logins(project) == [ACCOUNTS[person]]
        sizes.add(logins.stat().st_size - len(ACCOUNTS[person]) * 2)
        assert bs("run").code == 0
    assert max(sizes) - min(sizes) < 40

    clear_names("王芳")
    assert bs("record", str(paths[0]), "--record", "rewrite").code == 0
    assert users_in_logins(project) == ["li.nana", "wang.fang"]
    assert bs("run").code == 0
    assert bs("cassette", "fmt", "--check").code == 0
    both = logins.read_bytes()
    assert bs("record", str(paths[0]), "--record", "rewrite").code == 0
    assert logins.read_bytes() == both
    assert bs("record", str(paths[1]), "--record", "rewrite").code == 0
    assert users_in_logins(project) == ["wang.fang"]
    assert bs("run").code == 0


def test_logins_of_three_accounts_merge_both_ways(
    project: TeamProject, bs: Command, clear_names: Callable[[str], None]
) -> None:
    names = ("客户", "合同", "订单")
    paths = [project.scenario(name, number) for number, name in enumerate(names, 1)]
    clear_names("张伟")
    assert bs("record").code == 0
    project.commit("张伟录制")
    assert bs("doctor", "--fix").code in {0, 1}
    for branch, person, path in (("a", "李娜", paths[0]), ("b", "王芳", paths[1])):
        project.git("checkout", "-q", "-b", branch, "main")
        clear_names(person)
        assert bs("record", str(path), "--record", "rewrite").code == 0
        project.commit(person)
    merged = set()
    for into, other in (("a", "b"), ("b", "a")):
        project.git("checkout", "-q", "-B", f"{into}+{other}", into)
        project.git("merge", "-q", "--no-edit", other)
        merged.add((project.root / "cassettes/auth/crm.default.yaml").read_bytes())
        assert users_in_logins(project) == ["li.nana", "wang.fang", "zhang.wei"]
        assert bs("run").code == 0
    assert len(merged) == 1

    assert bs("record", str(paths[2]), "--record", "rewrite").code == 0  # 王芳
    assert users_in_logins(project) == ["li.nana", "wang.fang"]
    assert bs("run").code == 0
