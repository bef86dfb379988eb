"""Credentials of an instance: real values, stand-ins, and none at all in replay."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpmax_sim.errors import ConfigError
from bpmax_sim.platform.instances import resolve_credentials
from bpmax_sim.platform.load import Platforms, load_platforms
from bpmax_sim.platform.model import CredentialSpec, Instance, Platform, Source
from bpmax_sim.secret.vault import Credentials

INSTANCES = """
- {platform: qywx, instance_key: default,
   credentials: {corpid: ww_sim, corpsecret: {env: QYWX_SECRET}, agentid: 1000002}}
- {platform: crm, instance_key: test, base_url: {env: CRM_URL},
   credentials: {username: {env: CRM_USER}, password: 口令-hunter2, code: {file: code.txt}}}
"""
CRM = """
platform_key: crm
base_url: https://crm.example.test
auth: basic
credentials: {code: {kind: integer}, region: {default: 华东}}
"""
ENVIRON = {
    "QYWX_SECRET": "s3cr3t-of-corp",
    "CRM_URL": "https://crm.corp.internal",
    "CRM_USER": "张三",
}


@pytest.fixture
def platforms(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Platforms:
    monkeypatch.chdir(tmp_path)
    Path("scenarios/platforms").mkdir(parents=True)
    Path("scenarios/platforms/crm.yaml").write_text(CRM, encoding="utf-8")
    Path("scenarios/instances.yaml").write_text(INSTANCES, encoding="utf-8")
    Path("scenarios/code.txt").write_text("20260302\n", encoding="utf-8")
    return load_platforms("scenarios/platforms")


def resolved(
    platforms: Platforms, key: str, environ: dict[str, str], *, closed: bool
) -> Credentials:
    platform = platforms.platform(key)
    instance = platforms.instance(key)
    return platforms.credentials(platform, instance, environ=environ, closed=closed)


def refused(platforms: Platforms, key: str, environ: dict[str, str]) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        resolved(platforms, key, environ, closed=False)
    return str(caught.value).splitlines()


def test_a_secret_has_a_stand_in_and_a_plain_value_stands_for_itself(platforms: Platforms) -> None:
    found = resolved(platforms, "qywx", ENVIRON, closed=False)
    assert found.real == {"corpid": "ww_sim", "corpsecret": "s3cr3t-of-corp", "agentid": 1000002}
    assert found.standins == {
        "corpid": "ww_sim",
        "corpsecret": "redacted.qywx.default.corpsecret.1",
        "agentid": 1000002,
    }
    assert found.live == found.declared == "https://qyapi.weixin.qq.com"


def test_in_replay_nothing_outside_is_read_and_the_real_is_the_stand_in(
    platforms: Platforms,
) -> None:
    Path("scenarios/code.txt").unlink()
    recorded = resolved(platforms, "qywx", ENVIRON, closed=False)
    for key in ("qywx", "crm"):
        found = resolved(platforms, key, {}, closed=True)
        assert found.real == found.standins
        assert found.live == found.declared
    replayed = resolved(platforms, "qywx", {}, closed=True)
    assert {name: replayed.real[name] for name in recorded.standins} == recorded.standins
    assert replayed.real["robot_key"] == "redacted.qywx.default.robot_key.1"


def test_what_comes_from_outside_has_a_stand_in_even_when_it_is_no_secret(
    platforms: Platforms,
) -> None:
    found = resolved(platforms, "crm", ENVIRON, closed=False)
    assert found.real == {
        "username": "张三",
        "password": "口令-hunter2",
        "code": 20260302,
        "region": "华东",
    }
    assert found.standins["username"] == "redacted.crm.test.username.1"
    assert found.standins["password"] == "redacted.crm.test.password.1"
    assert isinstance(found.standins["code"], int)
    assert found.standins["code"] != 20260302
    assert found.standins["region"] == "华东"
    assert found.live == "https://crm.corp.internal"
    assert found.declared == "https://crm.example.test"
    assert "hunter2" not in repr(found)


def test_everything_that_is_missing_is_told_before_any_call(platforms: Platforms) -> None:
    assert refused(platforms, "qywx", {}) == [
        (
            "scenarios/instances.yaml:3:46: credentials.corpsecret: "
            "environment variable QYWX_SECRET is not set; set it, or run in replay mode "
            "(instance 'default' of 'qywx')"
        )
    ]
    Path("scenarios/code.txt").unlink()
    place = "scenarios/instances.yaml"
    unset = "is not set; set it, or run in replay mode (instance 'test' of 'crm')"
    code = Path("scenarios/code.txt").absolute()
    assert refused(platforms, "crm", {"CRM_USER": ""}) == [
        f"{place}:4:49: base_url: environment variable CRM_URL {unset}",
        f"{place}:5:28: credentials.username: environment variable CRM_USER {unset}",
        (
            f"{place}:5:73: credentials.code: credential file {code} cannot be read: "
            "No such file or directory (instance 'test' of 'crm')"
        ),
    ]


def test_a_number_from_outside_must_be_one(platforms: Platforms) -> None:
    Path("scenarios/code.txt").write_text("hunter2", encoding="utf-8")
    assert refused(platforms, "crm", ENVIRON) == [
        "scenarios/instances.yaml:5:73: credentials.code: expected a whole number, got text"
    ]


@pytest.mark.parametrize("text", ["1_000", "１２３", "1.0", "9" * 19])
def test_a_number_is_written_in_plain_digits(platforms: Platforms, text: str) -> None:
    Path("scenarios/code.txt").write_text(text, encoding="utf-8")
    assert refused(platforms, "crm", ENVIRON)[0].endswith("expected a whole number, got text")


@pytest.mark.parametrize(
    ("kind", "right", "wrong"), [("hex", "00fF", "00f"), ("base64", "5a-_Lw", "口令-hunter2")]
)
def test_a_value_from_outside_is_of_its_kind(kind: str, right: str, wrong: str) -> None:
    platform = Platform(
        platform_key="crm",
        base_url="https://crm.example.test",
        credentials={"key": CredentialSpec(secret=True, kind=kind)},  # type: ignore[arg-type]
    )
    given = Instance(platform="crm", instance_key="a", credentials={"key": Source(env="KEY")})

    found = resolve_credentials(platform, given, environ={"KEY": right}, closed=False)
    with pytest.raises(ConfigError) as caught:
        resolve_credentials(platform, given, environ={"KEY": wrong}, closed=False)

    assert found.real["key"] == right
    assert str(caught.value) == f"credentials.key: expected {kind}, got other text"


@pytest.mark.parametrize("text", ["crm.corp", "https://u:hunter2@crm.corp", "ftp://crm.corp"])
def test_an_address_from_outside_is_one(platforms: Platforms, text: str) -> None:
    assert refused(platforms, "crm", {**ENVIRON, "CRM_URL": text}) == [
        (
            "scenarios/instances.yaml:4:49: base_url: expected an address such as "
            "https://crm.example.com, without ? # and user, got other text "
            "(instance 'test' of 'crm')"
        )
    ]


def test_a_credential_that_every_call_needs_must_be_given(platforms: Platforms) -> None:
    Path("scenarios/instances.yaml").write_text(
        "- {platform: qywx, instance_key: a, credentials: {corpid: ww_sim}}", encoding="utf-8"
    )
    lacking = load_platforms("scenarios/platforms")
    assert refused(lacking, "qywx", {}) == [
        (
            "scenarios/instances.yaml:1:50: credentials: "
            "instance 'a' of 'qywx' lacks 'corpsecret'; add it"
        )
    ]
    assert resolved(lacking, "qywx", {}, closed=True).real["corpsecret"] == (
        "redacted.qywx.a.corpsecret.1"
    )
    assert platforms.keys == lacking.keys


def test_an_instances_own_address_wins_and_is_what_recordings_hold() -> None:
    platform = Platform(platform_key="crm", base_url="https://crm.example.test")
    own = Instance(platform="crm", instance_key="a", base_url="https://crm2.example.test")
    found = resolve_credentials(platform, own, environ={}, closed=False)
    assert found.live == found.declared == "https://crm2.example.test"


def test_a_problem_of_an_instance_made_in_python_has_no_place() -> None:
    platform = load_platforms(None).platform("qywx")
    instance = Instance(platform="qywx", instance_key="a")
    with pytest.raises(ConfigError) as caught:
        resolve_credentials(platform, instance, environ={}, closed=False)
    assert str(caught.value).splitlines() == [
        "credentials: instance 'a' of 'qywx' lacks 'corpid'; add it",
        "credentials: instance 'a' of 'qywx' lacks 'corpsecret'; add it",
    ]


@pytest.mark.parametrize(("declared", "real"), [("0", 0), ("1", 1), ("-1", -1)])
def test_zero_is_a_value_like_any_other(tmp_path: Path, declared: str, real: int) -> None:
    (tmp_path / "platforms").mkdir()
    (tmp_path / "platforms/crm.yaml").write_text(CRM, encoding="utf-8")
    credentials = f"{{username: a, password: b-secret, code: {declared}}}"
    text = f"- {{platform: crm, instance_key: a, credentials: {credentials}}}"
    (tmp_path / "instances.yaml").write_text(text, encoding="utf-8")

    found = resolved(load_platforms(tmp_path / "platforms"), "crm", {}, closed=False)

    assert found.real["code"] == real


@pytest.mark.parametrize(
    ("value", "is_refused"),
    [("", False), ("12345", False), ("123456", True), ("1234567", True), ("123456 ", False)],
)
def test_a_value_that_is_shown_must_not_be_a_secret_s_where_it_could_be_found(
    tmp_path: Path, value: str, is_refused: bool
) -> None:
    """Shorter ones are hidden by their place only, so that a text that is equal tells nothing."""
    (tmp_path / "crm.yaml").write_text(
        "platform_key: crm\nbase_url: https://crm.example.test\n"
        "credentials: {tenant: {secret: false}, password: {secret: true}}\n",
        encoding="utf-8",
    )
    shown = f"{{tenant: {value!r}, password: {{env: PASSWORD}}}}"
    instances = tmp_path / "instances.yaml"
    instances.write_text(f"- {{platform: crm, instance_key: a, credentials: {shown}}}")
    platforms = load_platforms(tmp_path / "crm.yaml", instances=instances)
    environ = {"PASSWORD": value.strip() or "123456"}

    if is_refused:
        assert "'tenant' is no secret, but its value is that of the secret 'password'" in str(
            refused(platforms, "crm", environ)
        )
    else:
        assert resolved(platforms, "crm", environ, closed=False).real["tenant"] == value
