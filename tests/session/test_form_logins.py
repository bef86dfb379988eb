"""Logins by a form, on servers that nobody here wrote, recorded and replayed without them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bpmax_sim.errors import AuthError
from bpmax_sim.session.session import Session
from tests.third_parties.django_form import intranet
from tests.third_parties.processes import ThirdParty

PLATFORM = """\
platform_key: oa
base_url: https://oa.example.test
auth:
  preset: form_session
  page: /accounts/login/
  csrf_path: css:form input[name=csrfmiddlewaretoken]
  form:
    username: "{{ username }}"
    password: "{{ password }}"
    csrfmiddlewaretoken: "{{ csrf }}"
apis:
  listContracts: {path: /contracts/}
"""
INSTANCE = """\
- platform: oa
  instance_key: default
  base_url: {env: OA_URL}
  credentials: {username: {env: OA_USER}, password: {env: OA_PASSWORD}}
"""


@pytest.fixture(scope="module")
def django() -> Iterator[ThirdParty]:
    with intranet() as party:
        yield party


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "platforms"
    folder.mkdir()
    (folder / "oa.yaml").write_text(PLATFORM, encoding="utf-8")
    (tmp_path / "instances.yaml").write_text(INSTANCE, encoding="utf-8")
    return tmp_path


def environ_of(party: ThirdParty, **changed: str) -> dict[str, str]:
    known = party.environment
    return {
        "OA_URL": party.url,
        "OA_USER": known["EXTERNAL_USER"],
        "OA_PASSWORD": known["EXTERNAL_PASSWORD"],
        **changed,
    }


def run(folder: Path, mode: Any, environ: dict[str, str], **options: Any) -> Any:
    with Session.open(
        mode=mode,
        platforms=folder / "platforms",
        cassette=folder / "cassettes/oa.yaml",
        logins=folder / "cassettes/auth",
        environ=environ,
        **options,
    ) as session:
        return session.proxy("oa").listContracts()


def recorded(folder: Path) -> str:
    return "".join(path.read_text("utf-8") for path in (folder / "cassettes").rglob("*.yaml"))


def test_a_django_login_is_recorded_and_replayed_without_any_variable(
    project: Path, django: ThirdParty
) -> None:
    environ = environ_of(django)
    first = run(project, "record", environ)
    assert first["user"] == "王喆"

    assert run(project, "replay", {}) == first
    text = recorded(project)
    assert environ["OA_PASSWORD"] not in text
    assert django.url not in text


def test_a_wrong_password_is_refused_by_its_form(project: Path, django: ThirdParty) -> None:
    with pytest.raises(AuthError) as caught:
        run(project, "record", environ_of(django, OA_PASSWORD="wrong-password"))
    assert "was refused (step 2, POST /accounts/login/): HTTP 200, text/html" in str(caught.value)


DIGEST = """\
platform_key: oa
base_url: https://oa.example.test
auth: {preset: digest, challenge_path: /contracts/}
apis:
  listContracts: {path: /contracts/, method: POST}
"""


@pytest.mark.parametrize("platform", [PLATFORM, DIGEST], ids=["form_session", "digest"])
def test_a_simulated_login_lets_in_who_logs_in(project: Path, platform: str) -> None:
    (project / "platforms/oa.yaml").write_text(platform, encoding="utf-8")
    with Session.open(mode="simulate", platforms=project / "platforms", environ={}) as session:
        oa = session.proxy("oa")
        assert [oa.listContracts() for _ in range(3)] == [{}] * 3
        assert [call.api for call in session.calls][-3:] == ["listContracts"] * 3
