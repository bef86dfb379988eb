"""Presets spelled out into the four mechanisms."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpmax_sim.errors import ConfigError
from bpmax_sim.platform.load import read_platform, read_standalone_file
from bpmax_sim.platform.model import Auth, Platform
from bpmax_sim.platform.presets import list_preset_names, load_preset

ALL = {
    "acs3", "api_key", "aws_sigv4", "basic", "bearer", "csrf_session", "digest",
    "dingtalk_robot", "feishu_bot", "form_session", "hmac", "huawei_sdk",
    "jwt_bearer", "login_token", "none",
    "oauth2_client_credentials", "oauth2_refresh_token", "standard_webhooks", "tc3",
    "wechatpay_v3",
}  # fmt: skip
NEEDS = {
    "aws_sigv4": "region: cn-north-1, service: s3",
    "digest": "challenge_path: /",
    "tc3": "service: cvm",
}


@pytest.fixture
def crm(tmp_path: Path) -> Path:
    return tmp_path / "crm.yaml"


def platform_with(path: Path, auth: str, *, more: str = "") -> Platform:
    path.write_text(
        f"platform_key: crm\nbase_url: https://crm.example.test\n{more}auth: {auth}\n",
        encoding="utf-8",
    )
    return read_platform(path, file="crm.yaml")


def refused(path: Path, auth: str, *, more: str = "") -> list[str]:
    with pytest.raises(ConfigError) as caught:
        platform_with(path, auth, more=more)
    return str(caught.value).splitlines()


def test_all_presets_of_the_specification_are_shipped() -> None:
    assert set(list_preset_names()) == ALL


@pytest.mark.parametrize("name", sorted(ALL))
def test_each_preset_makes_a_whole_platform(name: str, crm: Path) -> None:
    needed = NEEDS.get(name)
    auth = f"{{preset: {name}, {needed}}}" if needed else name
    platform = platform_with(crm, auth)
    declared = load_preset(name).find_child("credentials")
    assert platform.credentials.keys() == (declared.items.keys() if declared else set())
    assert load_preset(name).items["preset"].value == name
    assert load_preset(name).items["title"].value


def test_basic_brings_its_credentials(crm: Path) -> None:
    platform = platform_with(crm, "basic")
    assert platform.credentials["password"].secret
    assert not platform.credentials["username"].secret
    assert platform.auth.apply[0].value == "Basic {{ (username ~ ':' ~ password) | b64 }}"


def test_a_parameter_stands_in_for_a_credential_of_another_name(crm: Path) -> None:
    platform = platform_with(
        crm,
        '{preset: basic, username: "{{ account }}", password: "{{ pw }}"}',
        more="credentials: {account: {}, pw: {secret: true}}\n",
    )
    assert platform.credentials.keys() == {"account", "pw"}
    assert platform.auth.parameters == {"username": "{{ account }}", "password": "{{ pw }}"}


def test_the_files_own_credential_wins_over_the_presets(crm: Path) -> None:
    platform = platform_with(
        crm, "jwt_bearer", more="credentials: {private_key: {kind: ec, secret: true}}\n"
    )
    assert platform.credentials["private_key"].kind == "ec"


@pytest.mark.parametrize("place", ["header", "query", "cookie"])
def test_an_api_key_goes_where_it_is_told_to(place: str, crm: Path) -> None:
    platform = platform_with(crm, f"{{preset: api_key, in: {place}, name: PRIVATE-TOKEN}}")
    applied = platform.auth.apply[0]
    assert (applied.place, applied.name) == (place, "PRIVATE-TOKEN")
    assert platform.auth.parameters == {"prefix": ""}


def test_oauth_credentials_go_into_the_header_or_into_the_body_never_both(crm: Path) -> None:
    """RFC 6749 section 2.3: a client must not use more than one method in a request."""
    requests = {}
    for place in ("basic", "body"):
        auth = f"{{preset: oauth2_client_credentials, client_auth: {place}}}"
        acquire = platform_with(crm, auth).auth.acquire
        assert acquire is not None
        requests[place] = acquire.steps[0].request
    assert requests["basic"].form == {"grant_type": "client_credentials"}
    assert "Authorization" in requests["basic"].headers
    assert requests["body"].form == {
        "grant_type": "client_credentials",
        "client_id": "{{ client_id }}",
        "client_secret": "{{ client_secret }}",
    }
    assert "Authorization" not in requests["body"].headers


def test_a_scope_is_sent_only_where_one_is_given(crm: Path) -> None:
    acquire = platform_with(
        crm, '{preset: oauth2_client_credentials, scope: "read write"}'
    ).auth.acquire
    assert acquire is not None
    assert acquire.steps[0].request.form == {
        "grant_type": "client_credentials",
        "scope": "read write",
    }


def test_a_mechanism_beside_the_preset_replaces_the_presets_own(crm: Path) -> None:
    platform = platform_with(
        crm, "{preset: login_token, recover: {token: {refresh: 0}}, token_path: $.data.ticket}"
    )
    assert platform.auth.recover["token"].refresh == 0
    assert platform.auth.acquire is not None
    assert platform.auth.acquire.steps[0].extract["token"].path == "$.data.ticket"


def test_a_preset_brings_response_rules_below_the_files_own(crm: Path) -> None:
    platform = platform_with(
        crm,
        "csrf_session",
        more="response: {code: $.error.code, classes: {rate: {status: 429}}}\n",
    )
    assert platform.response.code == ("$.error.code", "header:x-csrf-token")
    assert platform.response.classes["rate"].status == (429,)
    assert platform.response.classes["token"].code == ("Required", "required")


def test_an_api_may_have_a_preset_of_its_own(crm: Path) -> None:
    platform = platform_with(
        crm, "basic", more="apis: {ping: {auth: none}, push: {auth: bearer}}\n"
    )
    assert platform.credentials.keys() == {"username", "password", "token"}
    assert not platform.apis["ping"].auth.apply  # type: ignore[union-attr]
    assert platform.apis["push"].auth.apply[0].value == "Bearer {{ token }}"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("auth", "told"),
    [
        ("basci", "crm.yaml:3:7: auth: unknown preset 'basci'; did you mean 'basic'?"),
        (
            "{preset: aws_sigv4, region: cn-north-1}",
            ("crm.yaml:3:7: auth: the preset 'aws_sigv4' needs the parameter 'service'; "
            "write {preset: aws_sigv4, service: …}"),
        ),
        (
            "{preset: basic, usrname: x}",
            ("crm.yaml:3:32: auth.usrname: the preset 'basic' has no parameter 'usrname'; "
            "did you mean 'username'?"),
        ),
        (
            "{preset: none, x: y}",
            "crm.yaml:3:25: auth.x: the preset 'none' has no parameter 'x'; it takes none",
        ),
        (
            "{preset: bearer, token: hunter2}",
            ("crm.yaml:3:31: auth.token: token is secret; declare a credential and write "
            "'{{ its_name }}'"),
        ),
        (
            "{preset: bearer, token: \"{{ 'hunter2' }}\"}",
            ("crm.yaml:3:31: auth.token: token is secret; declare a credential and write "
            "'{{ its_name }}'"),
        ),
        (
            "{preset: oauth2_client_credentials, client_auth: header}",
            "crm.yaml:3:56: auth.client_auth: expected one of 'basic', 'body', got 'header'",
        ),
        (
            "{preset: api_key, in: body_}",
            ("crm.yaml:3:29: auth.apply[0].in: expected one of 'body', 'cookie', 'header', "
            "'path', 'query', got 'body_'; did you mean 'body'?"),
        ),
        (
            '{preset: bearer, token: "{{ tokn }}"}',
            ("crm.yaml:3:31: auth.parameters.token: the template names 'tokn', "
            "which is not defined; declare it under credentials"),
        ),
        ("[basic]", "crm.yaml:3:7: auth: expected a mapping, got a list"),
    ],
)  # fmt: skip
def test_a_wrong_preset_is_told_at_its_place(auth: str, told: str, crm: Path) -> None:
    assert refused(crm, auth) == [told]


def test_a_shipped_preset_is_named_by_its_own_file(crm: Path) -> None:
    crm.write_text("platform_key: crm\nbase_url: https://x.test\nauth: basic\n")
    assert read_standalone_file(crm).problems == ()
    assert load_preset("basic").file == "presets/basic.yaml"


@pytest.mark.parametrize("declared", ["post", "POST"])
def test_a_login_is_for_the_methods_it_names_in_any_case(declared: str, crm: Path) -> None:
    steps = "steps: [{request: {method: GET, url: /token}, extract: {t: {path: 'header:x-token'}}}]"
    auth = platform_with(crm, f"{{acquire: {{methods: [{declared}], {steps}}}}}").auth

    assert [name for name in ("GET", "post", "POST") if auth.needs_login(name)] == ["post", "POST"]
    assert not Auth().needs_login("POST")
