"""Several hosts of one platform, and platforms that no file declares an instance of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from bpmax_sim.errors import CallError, ConfigError, NoMatchError
from bpmax_sim.messages import Request, Response
from bpmax_sim.session.session import Session
from bpmax_sim.transport.protocol import Handler

PLATFORM = """\
platform_key: crm_system
base_url: https://crm.example.test/api
hosts: {sso: https://sso.example.test, upload: https://files.example.test/v1}
auth:
  preset: oauth2_client_credentials
  token_url: "{{ sso_url }}/oauth/token"
apis:
  find_customer: {path: "/customers/{id}"}
  put_file: {method: POST, host: upload, path: /files}
"""
VARIABLES = {
    "CRM_SYSTEM_URL": "http://127.0.0.1:7001/api",
    "CRM_SYSTEM_SSO_URL": "http://127.0.0.1:7002",
    "CRM_SYSTEM_CLIENT_ID": "bench-client-id",
    "CRM_SYSTEM_CLIENT_SECRET": "a-secret-of-the-bench",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "platforms").mkdir()
    (tmp_path / "platforms/crm.yaml").write_text(PLATFORM, encoding="utf-8")
    return tmp_path


def run(project: Path, mode: Any, environ: dict[str, str], sent: list[str]) -> tuple[str, ...]:
    def answer(request: Request) -> Response:
        sent.append(f"{request.method} {request.url}")
        body = '{"access_token":"tok-12345678","expires_in":7200,"name":"王喆"}'.encode()
        return Response(status=200, headers=(("Content-Type", "application/json"),), body=body)

    with Session.open(
        mode=mode,
        platforms=project / "platforms",
        cassette=project / "cassettes/crm.yaml",
        logins=project / "cassettes/auth",
        environ=environ,
        transport=Handler(answer),
    ) as session:
        crm = session.proxy("crm_system")
        assert crm.find_customer(7)["name"] == "王喆"
        crm.api("put_file").body({"名称": "合同.pdf"}).call()
        return tuple(map(str, session.standin_notes))


def test_each_host_has_a_variable_and_the_recording_the_declared_address(project: Path) -> None:
    sent: list[str] = []
    notes = run(project, "record", VARIABLES, sent)
    assert sent == [
        "POST http://127.0.0.1:7002/oauth/token",
        "GET http://127.0.0.1:7001/api/customers/7",
        "POST https://files.example.test/v1/files",
    ]
    (note,) = [note for note in notes if "environment" in note]
    assert note.endswith(
        "CRM_SYSTEM_URL, CRM_SYSTEM_SSO_URL, CRM_SYSTEM_CLIENT_ID, CRM_SYSTEM_CLIENT_SECRET"
    )
    text = "".join(path.read_text("utf-8") for path in (project / "cassettes").rglob("*.yaml"))
    for address in ("https://sso.example.test/oauth/token", "https://files.example.test/v1/files"):
        assert address in text
    assert not any(value in text for value in VARIABLES.values())

    run(project, "replay", {}, sent)
    assert len(sent) == 3


def test_what_is_needed_and_not_set_is_named_before_anything_is_sent(project: Path) -> None:
    sent: list[str] = []
    with pytest.raises(ConfigError) as caught:
        run(project, "record", {"CRM_SYSTEM_CLIENT_ID": "bench-client-id"}, sent)
    assert "set CRM_SYSTEM_CLIENT_SECRET, or declare it in instances.yaml" in str(caught.value)
    assert not sent


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "host: upload",
            "host: uploads",
            "put_file.host: there is no host 'uploads'; did you",
        ),
        (
            "sso: https://sso.example.test",
            "sso: sso.example.test",
            "hosts.sso: expected an address",
        ),
        ("sso: https", "一: https", "is not a valid host name"),
        ("{{ sso_url }}", "{{ auth_url }}", "the template names 'auth_url'"),
    ],
)
def test_a_wrong_host_is_named(project: Path, old: str, new: str, message: str) -> None:
    (project / "platforms/crm.yaml").write_text(PLATFORM.replace(old, new), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        run(project, "record", VARIABLES, [])
    assert message in str(caught.value)


def test_a_chinese_key_has_no_variable(project: Path) -> None:
    text = PLATFORM.replace("crm_system", "客户系统")
    (project / "platforms/crm.yaml").write_text(text, encoding="utf-8")
    with (
        Session.open(mode="live", platforms=project / "platforms", environ={}) as session,
        pytest.raises(CallError, match="has no instance"),
    ):
        session.proxy("客户系统").find_customer(7)


TESTED = {
    **VARIABLES,
    "CRM_SYSTEM_SSO_URL": "http://127.0.0.1:7002",
    "CRM_SYSTEM_UPLOAD_URL": "http://127.0.0.1:7003",
}


@pytest.mark.parametrize(
    ("sso", "wider"),
    [
        ("https://sso.example.test", ""),
        ("https://sso.example.test/auth", ""),
        ("https://sso.example.test/auth", "pages: https://sso.example.test, "),
    ],
)
def test_clients_at_the_test_addresses_of_hosts_replay_without_a_variable(
    project: Path, sso: str, wider: str
) -> None:
    text = PLATFORM.replace("sso: https://sso.example.test", f"{wider}sso: {sso}")
    (project / "platforms/crm.yaml").write_text(text, encoding="utf-8")
    form = b"grant_type=client_credentials&client_id=a&client_secret=a-secret-of-a-client"
    requests = [
        Request(
            method="POST",
            url="http://127.0.0.1:7002/oauth/token",
            headers=(("Content-Type", "application/x-www-form-urlencoded"),),
            body=form,
        ),
        Request(method="GET", url="http://127.0.0.1:7001/api/customers/7"),
        Request(method="POST", url="http://127.0.0.1:7003/files", body=b"1"),
    ]
    sent: list[str] = []

    def ask(mode: Any, environ: dict[str, str], asked: list[Request]) -> list[str]:
        def answer(request: Request) -> Response:
            sent.append(request.url)
            body = b'{"access_token":"tok-12345678","expires_in":7200}'
            return Response(status=200, headers=(("Content-Type", "application/json"),), body=body)

        with Session.open(
            mode=mode,
            platforms=project / "platforms",
            cassette=project / "cassettes/sdk.yaml",
            logins=project / "cassettes/auth",
            environ=environ,
            allow_ci=True,
            transport=Handler(answer),
        ) as session:
            for request in asked:
                assert session.handle(request).status == 200
            return [f"{call.platform}.{call.api}" for call in session.calls]

    names = ["crm_system.$token", "crm_system.find_customer", "crm_system.put_file"]
    assert ask("record", TESTED, requests) == names
    assert sent == [request.url for request in requests]
    text = "".join(path.read_text("utf-8") for path in (project / "cassettes").rglob("*.yaml"))
    assert "127.0.0.1" not in text
    for address in (f"{sso}/oauth/token", "https://files.example.test/v1/files"):
        assert address in text
    assert ask("replay", {}, requests) == names
    declared = [
        replace(requests[0], url=f"{sso}/oauth/token"),
        replace(requests[1], url="https://crm.example.test/api/customers/7"),
        replace(requests[2], url="https://files.example.test/v1/files"),
    ]
    assert ask("replay", {}, declared) == names
    sent.clear()
    assert ask("live", TESTED, declared) == names
    assert sent == [request.url for request in requests]


def test_a_miss_at_the_test_address_of_a_host_names_its_variable(project: Path) -> None:
    with (
        pytest.raises(NoMatchError) as missed,
        Session.open(mode="replay", platforms=project / "platforms", environ={}) as session,
    ):
        session.handle(Request(method="POST", url="http://127.0.0.1:7003/files", body=b"1"))
    assert "CRM_SYSTEM_UPLOAD_URL=http://127.0.0.1:7003" in str(missed.value)
