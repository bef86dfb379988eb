"""What was recorded is found again after a rename, and `migrate` moves it for good."""

from __future__ import annotations

import hashlib
import hmac
import os
import sys
from pathlib import Path

import pytest

from bpmax_sim.cassette.file import Cassette
from bpmax_sim.messages import Headers, Request
from tests.systems import needs_terminal
from tests.team.conftest import Command
from tests.team.project import CALL, Crm, TeamProject

OWN = "version: 1\nscenario: {title}\n{more}steps:\n- name: 查询\n  js: |\n{lines}\n"


def edit(path: Path, *pairs: tuple[str, str]) -> None:
    text = path.read_text(encoding="utf-8")
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")


def own_scenario(project: TeamProject, title: str, *numbers: int, more: str = "") -> Path:
    """Write a scenario with a cassette of its own."""
    path = project.root / "scenarios/customer.scenario.yaml"
    lines = "\n".join(f"    {CALL.format(number)}" for number in numbers)
    path.write_text(OWN.format(title=title, more=more, lines=lines), encoding="utf-8")
    return path


@pytest.fixture
def recorded(project: TeamProject, crm: Crm, bs: Command) -> TeamProject:
    own_scenario(project, "查询客户", 1, 2)
    assert bs("record").code == 0
    project.commit("录制")
    return project


@pytest.mark.parametrize(
    "platform",
    [
        [("platform_key: crm", "platform_key: crm_system\nwas: [crm]")],
        [("  get_customer:\n", "  find_customer:\n    was: [get_customer]\n")],
        [("  get_customer:\n", "  find_customer:\n    aliases: [get_customer]\n")],
        [
            ("platform_key: crm", "platform_key: crm_system\nwas: [crm]\nignore: [query.t]"),
            (
                "  get_customer:\n",
                "  find_customer:\n    was: [get_customer]\n    ignore: [header.x-t]\n",
            ),
        ],
    ],
    ids=["platform", "api", "alias", "both, and other rules"],
)
def test_what_was_recorded_under_an_earlier_name_is_played(
    recorded: TeamProject, bs: Command, platform: list[tuple[str, str]]
) -> None:
    root = recorded.root
    edit(root / "scenarios/platforms/crm.yaml", *platform)
    text = str(platform)
    if "crm_system" in text:
        edit(root / "scenarios/instances.yaml", ("platform: crm", "platform: crm_system"))
        edit(root / "scenarios/customer.scenario.yaml", ("$proxy('crm')", "$proxy('crm_system')"))
    if "find_customer" in text:
        edit(root / "scenarios/customer.scenario.yaml", ("get_customer", "find_customer"))

    done = bs("run")
    assert done.code == 0, done.out
    recorded.git("diff", "--exit-code", "cassettes")


def test_an_earlier_name_that_is_also_one_of_today_is_refused(
    recorded: TeamProject, bs: Command
) -> None:
    edit(
        recorded.root / "scenarios/platforms/crm.yaml",
        ("  get_customer:\n", "  get_customer:\n    was: [list_orders]\n"),
    )
    done = bs("lint")
    assert done.code == 2
    assert "crm.get_customer: was: 'list_orders' is also the name of 'list_orders'" in done.err


def test_a_scenario_with_another_title_plays_its_recording(
    recorded: TeamProject, crm: Crm, bs: Command
) -> None:
    calls = crm.calls
    path = own_scenario(recorded, "按编号查询客户", 1, 2)
    assert bs("run").code == 0
    assert bs("record").code == 0
    assert crm.calls == calls

    # somebody else has that name now, so nobody knows whose recording it is
    other = path.with_name("other.scenario.yaml")
    other.write_text(
        path.read_text(encoding="utf-8").replace("按编号查询客户", "查询客户"), "utf-8"
    )
    assert bs("run", str(path)).code == 3
    own_scenario(recorded, "按编号查询客户", 1, 2, more="was: [查询客户]\n")
    assert bs("run", str(path)).code == 0

    # recorded afresh, it is under the new title, and nothing is left of the old one
    assert bs("record", str(path), "--record", "rewrite").code == 0
    cassette = (recorded.root / "cassettes/customer.yaml").read_text(encoding="utf-8")
    assert '"for":"按编号查询客户"' in cassette
    assert '"for":"查询客户"' not in cassette


def test_in_a_shared_cassette_only_was_leads_to_a_recording(
    project: TeamProject, crm: Crm, bs: Command
) -> None:
    project.scenario("客户", 1)
    assert bs("record").code == 0
    (project.root / "scenarios/客户.scenario.yaml").unlink()
    project.scenario("查客户", 1)
    assert bs("run").code == 3
    project.scenario("查客户", 1, more="")
    edit(project.root / "scenarios/查客户.scenario.yaml", ("proxy:", "was: [客户]\nproxy:"))
    assert bs("run").code == 0


SIGNED = """\
platform_key: crm
base_url: https://crm.example.test
credentials: {app_key: {}, app_secret: {secret: true}}
auth: {preset: hmac, signature_header: X-Sign}
apis:
  get_customer:
    method: GET
    path: /api/v1/customers/{id}
    parameters: [{name: id, in: path, required: true}]
"""
BY_HAND = """\
auth:
  sign:
    set_headers: {X-Timestamp: "{{ now | unix_ms }}", X-Nonce: "{{ nonce }}"}
    message: "{{ method }}\\n{{ target }}\\n{{ now | unix_ms }}\\n{{ nonce }}"
    key: "{{ app_secret }}"
    emit: [{in: header, name: X-Sign, value: "{{ signature }}"}]
"""


@pytest.fixture
def signed(
    project: TeamProject, crm: Crm, bs: Command, monkeypatch: pytest.MonkeyPatch
) -> TeamProject:
    """Return a project whose calls are signed, recorded."""
    monkeypatch.setenv("CRM_KEY", "k-20260302")
    monkeypatch.setenv("CRM_SECRET", "sK7-vT2-qW9-zz")
    (project.root / "scenarios/platforms/crm.yaml").write_text(SIGNED, encoding="utf-8")
    edit(
        project.root / "scenarios/instances.yaml",
        (
            "username: {env: CRM_USER}, password: {env: CRM_PASSWORD}",
            "app_key: {env: CRM_KEY}, app_secret: {env: CRM_SECRET}",
        ),
    )
    own_scenario(project, "查询客户", 1, 2)
    assert bs("record").code == 0
    return project


def test_what_was_signed_under_an_earlier_name_is_still_checked(
    signed: TeamProject, bs: Command
) -> None:
    root = signed.root
    platform = root / "scenarios/platforms/crm.yaml"
    edit(platform, ("platform_key: crm", "platform_key: crm_system\nwas: [crm]"))
    edit(root / "scenarios/instances.yaml", ("platform: crm", "platform: crm_system"))
    edit(root / "scenarios/customer.scenario.yaml", ("$proxy('crm')", "$proxy('crm_system')"))
    done = bs("run")
    assert done.code == 0, done.out
    edit(platform, ("X-Sign}", "X-Sign, app_secret: '{{ app_key }}'}"))
    assert "signed otherwise" in bs("run").out


FOUR = (
    *("--platform", "crm=crm_system", "--api", "crm_system.get_customer=crm_system.find_customer"),
    *("--path", "/api/v1=/api/v2"),
)


def rename_four(project: TeamProject) -> None:
    """Rename the platform and an API, go to v2, and give the scenario another title."""
    root = project.root
    edit(
        root / "scenarios/platforms/crm.yaml",
        ("platform_key: crm", "platform_key: crm_system"),
        ("  get_customer:", "  find_customer:"),
        ("/api/v1/customers", "/api/v2/customers"),
    )
    edit(root / "scenarios/instances.yaml", ("platform: crm", "platform: crm_system"))
    edit(
        root / "scenarios/customer.scenario.yaml",
        ("$proxy('crm')", "$proxy('crm_system')"),
        ("get_customer", "find_customer"),
        ("scenario: 查询客户", "scenario: 按编号查询客户"),
    )


def test_four_renames_are_one_command(recorded: TeamProject, crm: Crm, bs: Command) -> None:
    rename_four(recorded)
    assert bs("run").code == 3
    calls = crm.calls

    done = bs("migrate", *FOUR)
    assert done.code == 6
    assert done.out.splitlines() == [
        "API crm_system.get_customer → crm_system.find_customer, 2 exchanges in 1 file",
        "scenario 查询客户 → 按编号查询客户, 1 recording in 1 file",
        "path /api/v1 → /api/v2, 2 exchanges in 1 file",
        "platform crm → crm_system, 2 exchanges in 1 file",
    ]
    recorded.git("diff", "--exit-code", "cassettes")

    done = bs("migrate", *FOUR, "--yes")
    assert done.code == 0, done
    assert bs("run").code == 0
    assert bs("cassette", "fmt", "--check").code == 0
    assert crm.calls == calls
    text = (recorded.root / "cassettes/customer.yaml").read_text(encoding="utf-8")
    assert text.count('"moved":["platform crm → crm_system"') == 2
    assert "/api/v1" not in text.replace("path /api/v1", "")
    assert bs("migrate", *FOUR, "--yes").err.count("nothing to move") == 1
    verified = bs("verify")
    first = verified.out.splitlines()[0]
    assert verified.err.startswith("2 calls verified")
    assert "cassettes/customer.yaml:4: info: crm_system.find_customer: moved by" in first
    assert "path /api/v1 → /api/v2" in first
    assert bs("lint").code == 0


def test_signed_requests_are_signed_anew(signed: TeamProject, crm: Crm, bs: Command) -> None:
    rename_four(signed)
    assert bs("migrate", *FOUR, "--yes").code == 0
    assert bs("run").code == 0
    edit(
        signed.root / "scenarios/platforms/crm.yaml",
        ("X-Sign}", "X-Sign, app_secret: '{{ app_key }}'}"),
    )
    assert "signed otherwise" in bs("run").out


def sign_by_hand(request: Request, key: str) -> str:
    """Return the signature of `BY_HAND`, over method, path with query, time and nonce."""
    target = "/" + request.url.split("/", 3)[3]
    headers = Headers(request.headers)
    facts = (request.method, target, headers.get_first("x-timestamp"), headers.get_first("x-nonce"))
    text = "\n".join(map(str, facts)).encode()
    return hmac.new(key.encode(), text, hashlib.sha256).hexdigest()


def test_a_path_in_a_signature_moves_to_v2_with_it(
    signed: TeamProject, crm: Crm, bs: Command
) -> None:
    """What was recorded is signed with the stand-in key, and so is what is moved; none is sent."""
    platform = signed.root / "scenarios/platforms/crm.yaml"
    edit(platform, ("auth: {preset: hmac, signature_header: X-Sign}\n", BY_HAND))
    assert bs("record", "--record", "rewrite").code == 0
    calls, cassette = crm.calls, signed.root / "cassettes/customer.yaml"
    edit(
        platform,
        ("/api/v1/customers", "/api/v2/customers"),
        ("    parameters: [{name", "    query: {lang: zh}\n    parameters: [{name"),
    )
    assert bs("run").code == 3

    def requests() -> list[Request]:
        return [exchange.request for exchange in Cassette.load(cassette).exchanges()]

    before = requests()
    done = bs("migrate", "--yes")
    assert (done.code, done.out.splitlines()) == (
        0,
        [
            "path /api/v1 → /api/v2, 2 exchanges in 1 file",
            'crm.get_customer: query.lang absent → "zh", 2 exchanges in 1 file',
        ],
    )
    after = requests()
    assert [request.url.partition(".test")[2] for request in after] == [
        "/api/v2/customers/1?lang=zh",
        "/api/v2/customers/2?lang=zh",
    ]
    for request in (*before, *after):
        shown = Headers(request.headers).get_first("x-sign")
        assert shown == sign_by_hand(request, "redacted.crm.default.app_secret.1")
    assert {r.url for r in before}.isdisjoint(r.url for r in after)
    assert bs("run").code == 0
    assert crm.calls == calls
    assert "crm.get_customer: moved by" in bs("verify").out.splitlines()[0]

    edit(platform, ('key: "{{ app_secret }}"', 'key: "{{ app_key }}"'))
    assert "signed otherwise" in bs("run").out


def test_a_new_parameter_is_one_cause_over_all_files(
    project: TeamProject, crm: Crm, bs: Command
) -> None:
    for name, numbers in (("甲", (1, 2)), ("乙", (3,))):
        project.scenario(name, *numbers)
    assert bs("record").code == 0
    edit(
        project.root / "scenarios/platforms/crm.yaml",
        (
            "    path: /api/v1/customers/{id}\n",
            "    path: /api/v1/customers/{id}\n    query: {lang: zh}\n",
        ),
    )
    done = bs("migrate", "--yes")
    assert done.out == 'crm.get_customer: query.lang absent → "zh", 3 exchanges in 1 file\n'
    assert done.code == 0
    assert bs("run").code == 0


def test_a_migration_that_is_only_partly_right_leaves_the_rest_whole(
    project: TeamProject, crm: Crm, bs: Command
) -> None:
    """One scenario also expects what no recording says, so its old recording stays."""
    project.scenario("甲", 1)
    project.scenario("乙", 2)
    assert bs("record").code == 0
    edit(
        project.root / "scenarios/platforms/crm.yaml",
        ("/api/v1/customers", "/api/v2/customers"),
    )
    project.scenario("乙", 2, 3)
    done = bs("migrate", "--yes")
    assert done.code == 1
    assert "乙.scenario.yaml::乙: still red, so its recording stays as it was" in done.err
    after = project.cassette.read_text(encoding="utf-8")
    assert after.count("/api/v2/customers/1") == 1
    assert "/api/v1/customers/2" in after
    assert "/api/v2/customers/2" not in after
    assert bs("run", str(project.root / "scenarios/甲.scenario.yaml")).code == 0


def test_nothing_near_is_taken_by_itself(recorded: TeamProject, crm: Crm, bs: Command) -> None:
    """A call that is made as recorded and otherwise, too, is no rename; replay says miss."""
    own_scenario(recorded, "查询客户", 3, 1, 2)
    done = bs("migrate", "--yes")
    assert "is called as it was recorded and otherwise, too" in done.err
    recorded.git("diff", "--exit-code", "cassettes")
    own_scenario(recorded, "查询客户", 1, 3)
    assert bs("run").code == 3


def test_a_test_in_python_is_moved_by_name(recorded: TeamProject, crm: Crm, bs: Command) -> None:
    cassette = recorded.root / "cassettes/customer.yaml"
    text = cassette.read_text(encoding="utf-8").replace(
        "查询客户", "tests/test_crm.py::test_customer"
    )
    (recorded.root / "cassettes/test_crm").mkdir()
    moved = recorded.root / "cassettes/test_crm/test_customer.yaml"
    moved.write_text(text, encoding="utf-8")
    assert bs("cassette", "seal", str(moved), "--yes").code == 0
    rename_four(recorded)
    owner = "tests/test_crm.py::test_customer=tests/test_crm.py::test_find"
    assert bs("migrate", *FOUR, "--owner", owner, "--yes").code == 0
    text = moved.read_text(encoding="utf-8")
    assert text.count('"call":"crm_system.find_customer"') == 2
    assert text.count("/api/v2/customers/") == 2
    assert '"for":"tests/test_crm.py::test_find"' in text


def test_signed_calls_that_no_scenario_makes_are_told(signed: TeamProject, bs: Command) -> None:
    (signed.root / "scenarios/customer.scenario.yaml").unlink()
    before = (signed.root / "cassettes/customer.yaml").read_bytes()

    done = bs("migrate", "--platform", "crm=crm_system", "--yes")
    assert "customer.yaml: crm.get_customer is signed, and no scenario makes this call" in done.err
    assert "record '查询客户' again" in done.err
    assert (signed.root / "cassettes/customer.yaml").read_bytes() == before


@needs_terminal
@pytest.mark.parametrize(
    ("answers", "code"), [("n\nno\nn\nn\n", 6), ("yes\n?\ny\ny\ny\n", 0), ("y\nn\nn\nn\n", 6)]
)
def test_a_terminal_is_asked_for_each_cause(
    recorded: TeamProject,
    crm: Crm,
    bs: Command,
    monkeypatch: pytest.MonkeyPatch,
    answers: str,
    code: int,
) -> None:
    rename_four(recorded)
    before = (recorded.root / "cassettes/customer.yaml").read_bytes()
    ours, theirs = os.openpty()
    with os.fdopen(theirs, "r", encoding="utf-8") as terminal:
        monkeypatch.setattr(sys, "stdin", terminal)
        os.write(ours, answers.encode())
        done = bs("migrate", *FOUR)
    os.close(ours)

    assert done.code == code, done.err
    assert done.err.count("Move them? [y]es, [n]o:") == answers.count("\n")
    assert ((recorded.root / "cassettes/customer.yaml").read_bytes() == before) == (code == 6)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--api", "get=find"), "expected PLATFORM.OLD=PLATFORM.NEW"),
        (("--api", "a.get=b.find"), "say --platform OLD=NEW"),
        (("--path", "/v1"), "--path /v1: expected OLD=NEW"),
    ],
)
def test_what_migrate_does_not_take(
    project: TeamProject, bs: Command, words: tuple[str, ...], says: str
) -> None:
    done = bs("migrate", *words)
    assert done.code == 2
    assert says in done.err


def test_the_age_of_recordings_is_told_offline(
    recorded: TeamProject, crm: Crm, bs: Command
) -> None:
    """The third party's own date tells it: 2 March 2026."""
    listed = bs("list", "--old", "90d")
    assert listed.code == 0
    assert "查询客户" in listed.out
    assert "recorded 2026-03-02, " in listed.out
    young = bs("list", "--old", "9000d")
    assert (young.code, young.out, young.err) == (0, "", "no recording is older than 9000d\n")
    assert "expected an age" in bs("list", "--old", "old").err
