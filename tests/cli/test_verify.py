"""Against a real server on loopback, with a login of its own and credentials that are checked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from bpmax_sim.cassette.file import Cassette
from tests.cli.project import NAME, Command, Project
from tests.loopback import answer_json, loopback
from tests.snapshots import snapshot

HERE = "cassettes/crm/customer.yaml"
CALL = "crm_system.get_customer_detail"
SECRET = "live-secret-0123456789"
TOKEN = "live-token-0123456789"


@dataclass(slots=True)
class Live:
    """What the live CRM answers today.

    Attributes:
        customers: the answers, one after the other; the last one stays.
        asked: request lines but for the login's.
    """

    customers: list[dict[str, Any]]
    asked: list[str] = field(default_factory=list)
    logins: int = 0
    status: str = "200 OK"

    def answer(self, request: bytes) -> bytes:
        line = request.partition(b"\r\n")[0].decode()
        if line.startswith("POST /oauth/token"):
            self.logins += 1
            assert SECRET.encode() in request
            return answer_json(json.dumps({"access_token": TOKEN, "expires_in": 3600}))
        self.asked.append(line)
        if f"Bearer {TOKEN}".encode() not in request:
            return answer_json("{}", status="401 Unauthorized")
        said = self.customers.pop(0) if len(self.customers) > 1 else self.customers[0]
        return answer_json(json.dumps(said, ensure_ascii=False), status=self.status)


def recorded_answer(project: Project) -> dict[str, Any]:
    outcome = next(Cassette.load(project.cassette).exchanges()).outcome
    found: dict[str, Any] = json.loads(outcome.body)  # type: ignore[union-attr]
    return found


@pytest.fixture(name="live")
def live_crm(recorded: Project, monkeypatch: pytest.MonkeyPatch) -> Iterator[Live]:
    live = Live([recorded_answer(recorded)])
    with loopback(live.answer) as server:
        monkeypatch.setenv("CRM_URL", server.url)
        monkeypatch.setenv("CRM_CLIENT_ID", "bpmax")
        monkeypatch.setenv("CRM_CLIENT_SECRET", SECRET)
        yield live


@pytest.mark.parametrize(
    "target", [HERE, "cassettes/crm", "scenarios", "scenarios/customer.scenario.yaml", ""]
)
def test_what_is_as_it_was_is_sent_again_with_a_login_of_today(
    live: Live, bs: Command, target: str
) -> None:
    done = bs("verify", *([target] if target else []))

    assert (done.code, done.out) == (0, "")
    assert done.err == snapshot("1 call verified: 0 errors, 0 warnings, 0 infos\n")
    assert live.asked == ["GET /api/customers/12345 HTTP/1.1"] * 2
    assert live.logins == 1


def test_drift_is_told_in_three_tiers_with_its_place(
    recorded: Project, live: Live, bs: Command
) -> None:
    (said,) = live.customers
    said["data"] = {**said["data"], "name": 7, "vip": True}
    del said["data"]["email"]

    done = bs("verify", HERE)
    told = json.loads(bs("verify", HERE, "--json").out)

    assert done.code == 1
    assert done.out == (
        f"{HERE}:4: warning: {CALL}: body.data.email: is gone (was text)\n"
        f"{HERE}:4: error: {CALL}: body.data.name: text became number\n"
        f"{HERE}:4: info: {CALL}: body.data.vip: is new (boolean)\n"
    )
    assert done.err == snapshot("1 call verified: 1 error, 1 warning, 1 info\n")
    assert told["summary"] == {
        "error": 1,
        "warning": 1,
        "info": 1,
        "sent": 1,
        "exit_code": 1,
        "not_sent": [],
    }
    assert told["drifts"][1] == {
        "file": HERE,
        "line": 4,
        "column": 0,
        "call": CALL,
        "for": NAME,
        "tier": "error",
        "kind": "changed",
        "path": "body.data.name",
        "message": "body.data.name: text became number",
    }
    assert "李四" not in done.out + json.dumps(told, ensure_ascii=False)


def test_what_differs_between_two_answers_is_no_drift(
    recorded: Project, live: Live, bs: Command
) -> None:
    (said,) = live.customers
    live.customers[:] = [{**said, "trace": "a"}, {**said, "trace": 2}]

    done = bs("verify", HERE)

    assert done.code == 0
    assert done.out == (
        f"{HERE}:4: info: {CALL}: body.trace: differs between two answers; declare volatile: "
        "[body.trace]\n"
    )


def test_another_status_is_an_error(recorded: Project, live: Live, bs: Command) -> None:
    live.status = "404 Not Found"

    done = bs("verify", HERE)

    assert (done.code, done.out) == (1, f"{HERE}:4: error: {CALL}: status: 200 became 404\n")


def test_what_may_change_something_is_not_sent_unasked(
    recorded: Project, live: Live, bs: Command
) -> None:
    platform = recorded.folder / "scenarios/platforms/crm_system.yaml"
    text = recorded.cassette.read_text(encoding="utf-8")
    recorded.cassette.write_text(text.replace("method: GET", "method: POST"), encoding="utf-8")
    assert bs("cassette", "seal", "--yes", HERE).code == 0
    recorded.edit(platform, "    method: GET", "    method: POST")

    asked = bs("verify", HERE)
    unsent = list(live.asked)
    allowed = bs("verify", HERE, "--allow-writes")
    once = list(live.asked)
    recorded.edit(platform, "    method: POST", "    method: POST\n    verify: never")
    never = bs("verify", HERE, "--allow-writes")

    assert (asked.code, asked.out) == (
        0,
        f"{HERE}:4: info: {CALL}: not sent: POST may change something; pass --allow-writes\n",
    )
    assert asked.err == snapshot(
        "0 calls verified: 0 errors, 0 warnings, 1 info\n"
        "1 exchange not sent: POST may change something; pass --allow-writes\n"
    )
    assert (unsent, allowed.code) == ([], 0)
    assert once == live.asked == ["POST /api/customers/12345 HTTP/1.1"]
    assert never.out == f"{HERE}:4: info: {CALL}: not sent: its API says verify: never\n"


def test_old_recordings_are_reported_by_the_third_partys_own_date(
    recorded: Project, live: Live, bs: Command
) -> None:
    text = recorded.cassette.read_text(encoding="utf-8")
    start = text.index("date: ")
    end = text.index("\n", start)
    recorded.cassette.write_text(
        f'{text[:start]}date: ["Mon, 02 Mar 2020 01:00:00 GMT"]{text[end:]}', encoding="utf-8"
    )
    assert bs("cassette", "seal", "--yes", HERE).code == 0

    aged = bs("verify", HERE, "--max-age", "30d")
    fresh = bs("verify", HERE, "--max-age", "100000d")

    assert aged.code == 0
    assert aged.out.startswith(f"{HERE}:4: warning: {CALL}: recorded on 2020-03-02, ")
    assert aged.out.endswith(" days ago; record it again\n")
    assert (fresh.code, fresh.out) == (0, "")


def test_a_system_that_cannot_be_reached_ends_with_4_and_is_asked_once(
    recorded: Project, bs: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRM_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("CRM_CLIENT_ID", "bpmax")
    monkeypatch.setenv("CRM_CLIENT_SECRET", SECRET)
    twice = recorded.folder / "twice.yaml"
    assert bs("cassette", "export", HERE, "--as", "vcrpy", "--to", "a.yaml").code == 0
    assert bs("cassette", "export", HERE, "--as", "har", "--to", "b.har").code == 0
    assert bs("import", "a.yaml", "b.har", "--to", "twice.yaml").code == 0

    done = bs("verify", "twice.yaml")

    assert done.code == 4
    first, second = done.out.splitlines()
    assert first.startswith(f"twice.yaml:4: error: {CALL}: ")
    assert "cannot connect" in first
    assert second.partition(": ")[2] == (
        f"info: {CALL}: not sent: crm_system.default could not be reached before"
    )
    assert len(Cassette.load(twice)) == 2


def test_a_refused_login_is_an_error_without_the_secret(
    recorded: Project, bs: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(request: bytes) -> bytes:
        return answer_json(json.dumps({"error": f"no {SECRET}"}), status="401 Unauthorized")

    with loopback(refuse) as server:
        monkeypatch.setenv("CRM_URL", server.url)
        monkeypatch.setenv("CRM_CLIENT_ID", "bpmax")
        monkeypatch.setenv("CRM_CLIENT_SECRET", SECRET)
        done = bs("verify", HERE)

    assert done.code == 1
    assert done.out.startswith(f"{HERE}:4: error: {CALL}: ")
    assert SECRET not in done.out + done.err


def test_an_api_that_is_gone_is_an_error(recorded: Project, live: Live, bs: Command) -> None:
    platform = recorded.folder / "scenarios/platforms/crm_system.yaml"
    recorded.edit(platform, "get_customer_detail:", "get_customer:")

    done = bs("verify", HERE)

    assert (done.code, done.out) == (
        1,
        (
            f"{HERE}:4: error: {CALL}: not sent: 'crm_system' has no API 'get_customer_detail'; "
            "did you mean 'get_customer'?\n"
        ),
    )
    assert live.asked == []


def test_a_missing_credential_is_named(recorded: Project, bs: Command) -> None:
    done = bs("verify", HERE)

    assert done.code == 2
    assert "CRM_CLIENT_SECRET" in done.err


def test_a_damaged_cassette_ends_with_3(recorded: Project, live: Live, bs: Command) -> None:
    recorded.cassette.write_bytes(recorded.cassette.read_bytes()[:-9])

    assert bs("verify", HERE).code == 3
    assert live.asked == []


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["none.yaml"], 2, "none.yaml: file or folder not found; see what `ls` shows\n"),
        (
            [HERE, "--max-age", "30 Tage"],
            2,
            "--max-age 30 Tage: expected an age such as 30d or 12h\n",
        ),
        (["empty"], 5, "0 calls verified: 0 errors, 0 warnings, 0 infos\n"),
    ],
    ids=["file", "age", "nothing"],
)
def test_a_wrong_command_line(
    recorded: Project, bs: Command, arguments: list[str], code: int, message: str
) -> None:
    Path("empty").mkdir()

    done = bs("verify", *arguments)

    assert (done.code, done.err) == (code, message)


def test_a_scenario_that_was_never_recorded_is_told(project: Project, bs: Command) -> None:
    done = bs("verify")

    assert done.code == 5
    assert done.err == (
        f"nothing is recorded for 1 scenario: {NAME!r}\n"
        "0 calls verified: 0 errors, 0 warnings, 0 infos\n"
    )


def test_a_scenario_that_was_never_recorded_is_told_where_another_has_no_address_yet(
    recorded: Project, bs: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = recorded.scenario.read_text(encoding="utf-8")
    changed = text.replace(f"scenario: {NAME}", "scenario: 退货")
    recorded.scenario.with_name("退货.scenario.yaml").write_text(changed, encoding="utf-8")
    monkeypatch.delenv("CRM_URL", raising=False)

    done = bs("verify")

    assert done.code == 2
    assert done.err.splitlines()[0] == "nothing is recorded for 1 scenario: '退货'"
    assert "CRM_URL" in done.err


def test_scenarios_without_a_recording_are_told_in_one_line(project: Project, bs: Command) -> None:
    text = project.scenario.read_text(encoding="utf-8")
    for name in "一二三四":
        changed = text.replace(f"scenario: {NAME}", f"scenario: {NAME}{name}")
        project.scenario.with_name(f"{name}.scenario.yaml").write_text(changed, encoding="utf-8")
    first = ", ".join(repr(f"{NAME}{name}") for name in ("", "一", "三"))

    assert bs("verify").err.splitlines()[:-1] == [
        f"nothing is recorded for 5 scenarios: {first} and 2 more"
    ]


@pytest.mark.parametrize(
    ("change", "arguments", "codes"),
    [
        ({}, [], (0, 0)),
        ({"vip": True}, [], (0, 0)),  # an info
        ({"email": None}, [], (0, 1)),  # a warning
        ({"name": 7}, [], (1, 1)),
        ({"name": 7, "email": None}, [], (1, 1)),
        ({}, ["--max-age", "0s"], (0, 1)),
        ({"name": 7}, ["--max-age", "0s"], (1, 1)),
        (None, [], (4, 4)),
        (None, ["--max-age", "0s"], (4, 4)),
    ],
)
def test_the_least_tier_that_fails_is_an_error_or_a_warning(
    live: Live,
    bs: Command,
    monkeypatch: pytest.MonkeyPatch,
    change: dict[str, Any] | None,
    arguments: list[str],
    codes: tuple[int, int],
) -> None:
    if change is None:
        monkeypatch.setenv("CRM_URL", "http://127.0.0.1:9")
    else:
        data = {**live.customers[0]["data"], **change}
        live.customers[0]["data"] = {name: one for name, one in data.items() if one is not None}

    ends = [bs("verify", HERE, "--fail-on", tier, *arguments) for tier in ("error", "warning")]

    assert tuple(done.code for done in ends) == codes
    assert ends[0].out == ends[1].out
