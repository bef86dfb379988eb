"""Every fault of a scenario file, as a script in virtual time meets it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bpmax_sim.messages import Request, Response
from bpmax_sim.scenario.calls import CallMade
from bpmax_sim.scenario.events import Event
from bpmax_sim.subject.hooks import FieldChanged
from tests.scenario.project import JSON, PLATFORM, Project, headlines, third_party, verdict

SCENARIO = """\
version: 1
scenario: 出错的客户系统
form: {scripts: {open: form.js}, fields: {见: ""}}
proxy: {platforms: platforms}
clock: "2026-03-02T09:00:00+08:00"
faults: [%s]
steps:
  - {open: {}}
"""
ONCE = """\
const 始 = Date.now();
let 见;
try { 见 = await $proxy('crm_system').get_customer_detail('12345') }
catch (e) { 见 = [e.code, e.status ?? null, e.message, e.response ?? null] }
form.见 = [见, Date.now() - 始];
"""
DATA = {"code": 200, "data": {"name": "张三"}}
NAME = "crm_system.get_customer_detail"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Return a project whose third party was recorded once, at 0.25 s an answer."""
    monkeypatch.chdir(tmp_path)
    return Project(tmp_path)


def replayed(project: Project, rules: str, script: str) -> list[Event]:
    """Record *script* without faults, replay it with *rules*, and return events."""
    plain = project.write(SCENARIO % "", {"form.js": script})
    project.events(plain, mode="record", record="rewrite")
    path = project.write(SCENARIO % rules, {"form.js": script})
    return list(project.events(path, mode="replay", unused="ignore"))


def seen(events: list[Event]) -> Any:
    """Return what the script wrote."""
    assert verdict(events).failures == ()
    written = [event for event in events if isinstance(event, FieldChanged)]
    return written[-1].new


@pytest.mark.parametrize(
    ("do", "expected", "milliseconds"),
    [
        (
            "{status: 503, body: {msg: 忙}}",
            ["HTTP_STATUS", 503, f"{NAME}: HTTP 503"],
            0,
        ),
        ("{status: 200, body: {data: 替身}, delay: 2s}", {"data": "替身"}, 2000),
        ("{error: timeout}", ["TIMEOUT", None, f"{NAME}: no answer within 30 s (fault)"], 30_000),
        (
            "{error: reset, after: 120, delay: 500ms}",
            ["RESET", None, f"{NAME}: the connection was reset after 120 bytes (fault)"],
            500,
        ),
        (
            "{error: dns}",
            ["CONNECT", None, f"{NAME}: cannot connect: the host name does not resolve (fault)"],
            0,
        ),
        (
            "{error: connect}",
            ["CONNECT", None, f"{NAME}: cannot connect: the connection was refused (fault)"],
            0,
        ),
        (
            "{error: tls}",
            [
                "TLS",
                None,
                f"{NAME}: no trusted TLS connection: the certificate has expired (fault)",
            ],
            0,
        ),
        ("{error: truncated}", ["BAD_RESPONSE"], 0),
        ("{error: invalid_json}", ["BAD_RESPONSE"], 0),
        ("{delay: 3s}", DATA, 3250),
        ("{drip: {chunks: 5, over: 10s}}", DATA, 10_250),
        ("{delay: 40s}", ["TIMEOUT"], 30_000),
    ],
)
def test_a_fault_reaches_the_script_at_its_instant(
    project: Project, do: str, expected: object, milliseconds: int
) -> None:
    rule = f"{{on: {NAME}, do: {do}}}"
    what, took = seen(replayed(project, rule, ONCE))

    assert what[: len(expected)] == expected if isinstance(expected, list) else what == expected
    assert took == milliseconds


SEVERAL = """\
const 见 = [];
for (let i = 0; i < 6; i++) {
  try { 见.push((await $proxy('crm_system').get_customer_detail(String(i))).data.name) }
  catch (e) { 见.push(e.code === 'HTTP_STATUS' ? e.status : e.code) }
}
form.见 = 见;
"""
OK = "张三"


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ("{on: crm_system.*, call: 2, do: {status: 500}}", [OK, 500, OK, OK, OK, OK]),
        ("{on: '*', call: 2-4, do: {status: 500}}", [OK, 500, 500, 500, OK, OK]),
        (
            (
                "{on: crm_system.*, call: 1-3, do: {status: 500}},"
                "{on: crm_system.*, call: 3-4, do: {error: reset}}"
            ),
            [500, 500, 500, "RESET", OK, OK],
        ),
        ("{on: crm_system.*, do: {error: dns}}", ["CONNECT"] * 6),
    ],
)
def test_a_fault_strikes_the_calls_that_it_counts(
    project: Project, rules: str, expected: list[object]
) -> None:
    assert seen(replayed(project, rules, SEVERAL)) == expected


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        (f"{{on: {NAME}, call: 2, do: {{status: 500}}}}", f"{NAME} call 2 -> status 500"),
        ("{on: crm_system.create_order, do: {error: tls}}", "crm_system.create_order -> tls"),
        (
            "{on: crm_system.create_order, call: 1-2, do: {delay: 1s}}",
            "crm_system.create_order call 1-2 -> delay 1 s",
        ),
    ],
)
def test_a_fault_that_never_fires_is_a_failure(project: Project, rule: str, told: str) -> None:
    events = replayed(project, rule, ONCE)

    assert headlines(verdict(events)) == [
        f"出错的客户系统: fault never fired: {told} (calls made: {NAME})"
    ]


def test_a_script_that_backs_off_meets_the_recovered_system(project: Project) -> None:
    script = """\
const 时 = [];
for (let n = 0; ; n++) {
  时.push(Math.round((Date.now() - Date.parse('2026-03-02T09:00:00+08:00')) / 1000));
  try { await $proxy('crm_system').get_customer_detail('12345'); break }
  catch (e) { if (n === 5) throw e; await new Promise(r => setTimeout(r, 2 ** n * 1000)) }
}
form.见 = 时;
"""
    rule = f"{{on: {NAME}, call: 1-3, do: {{status: 503}}}}"

    assert seen(replayed(project, rule, script)) == [0, 1, 3, 7]


def test_a_race_against_a_slow_answer_has_one_winner(project: Project) -> None:
    script = """\
const 超时 = new Promise((_, no) => setTimeout(() => no(new Error('等太久')), 2000));
form.见 = await Promise.race([$proxy('crm_system').get_customer_detail('1'), 超时])
  .then(() => '到', e => e.message);
"""
    slow = f"{{on: {NAME}, do: {{delay: 1900ms}}}}"

    assert seen(replayed(project, f"{{on: {NAME}, do: {{delay: 1s}}}}", script)) == "到"
    assert seen(replayed(project, slow, script)) == "等太久"


WITH_TOKEN = PLATFORM.replace(
    "apis:",
    """\
credentials: {client_id: {}, client_secret: {secret: true}}
auth: oauth2_client_credentials
apis:""",
)
TENANT = """\
- platform: crm_system
  instance_key: test
  credentials: {client_id: {env: CRM_ID}, client_secret: {env: CRM_SECRET}}
"""
ENVIRON = {"CRM_ID": "id-654321", "CRM_SECRET": "secret-654321"}


@pytest.mark.parametrize("state", ["expired", "revoked"])
def test_a_token_that_is_refused_is_renewed_unseen_by_the_script(
    project: Project, state: str
) -> None:
    (project.folder / "platforms/crm.yaml").write_text(WITH_TOKEN, encoding="utf-8")
    (project.folder / "instances.yaml").write_text(TENANT, encoding="utf-8")
    project.environ.update(ENVIRON)

    def answer(request: Request) -> Response:
        if request.url.endswith("/token"):
            body = json.dumps({"access_token": "t-654321", "expires_in": 7200}).encode()
            return Response(status=200, headers=JSON, body=body, elapsed=0.1, source="live")
        return third_party(request)

    project.handle = answer
    rule = f"{{on: {NAME}, call: 1, do: {{token: {state}}}}}"
    events = replayed(project, rule, ONCE)
    what, _ = seen(events)
    calls = [event for event in events if isinstance(event, CallMade)]

    assert what == DATA
    assert [call.call for call in calls] == [NAME, "crm_system.$token", "crm_system.$token"]
