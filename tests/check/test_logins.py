from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from bpmax_sim.messages import Request, Response
from bpmax_sim.platform.load import load_platforms
from bpmax_sim.platform.matcher import ApiMatcher
from bpmax_sim.proxy.result import register_issued_secrets
from bpmax_sim.secret.vault import Vault
from bpmax_sim.traffic.identify import hide_credentials, identify_request

SECRET = "s3cret 0123456789"
TOKEN = "minted-token-0123456789"
BASIC = """
platform_key: erp
base_url: https://{{ region }}.erp.example.test
credentials: {client_id: {}, client_secret: {secret: true}, region: {}}
auth: {preset: oauth2_client_credentials}
apis: {}
"""


def learned(platforms: Path | None, request: Request, answer: dict[str, Any]) -> tuple[str, Vault]:
    vault = Vault()
    match = ApiMatcher(load_platforms(platforms)).match(request)
    assert match is not None
    assert match.target.login is not None
    named = identify_request(request, match)
    hide_credentials(named, match, vault)
    register_issued_secrets(named, Response(status=200, body=json.dumps(answer).encode()), vault)
    return f"{match.target.platform.platform_key}.{match.instance}", vault


@pytest.mark.parametrize(
    ("request_", "minted", "shown"),
    [
        (
            Request(
                method="GET",
                url="https://qyapi.weixin.qq.com/cgi-bin/gettoken?corpid=w&corpsecret=s3cret%200123456789",
            ),
            {"errcode": 0, "access_token": TOKEN, "expires_in": 7200},
            ("qywx.default", "corpsecret", "token"),
        ),
        (
            Request(
                method="POST",
                url="https://open.feishu.cn/open-apis/auth/v3/tenant_access_token/internal",
                headers=(("content-type", "application/json"),),
                body=json.dumps({"app_id": "cli_1", "app_secret": SECRET}).encode(),
            ),
            {"code": 0, "tenant_access_token": TOKEN, "expire": 7200},
            ("feishu.default", "app_secret", "token"),
        ),
    ],
    ids=["query", "JSON"],
)
def test_what_a_login_carries_and_mints_becomes_known(
    request_: Request, minted: dict[str, Any], shown: tuple[str, str, str]
) -> None:
    whose, vault = learned(None, request_, minted)

    assert whose == shown[0]
    assert vault.redact_text(f"{SECRET}, {TOKEN}") == (
        f"redacted.{whose}.{shown[1]}.1, redacted.{whose}.{shown[2]}.1"
    )


def test_the_password_of_basic_credentials_becomes_known(tmp_path: Path) -> None:
    (tmp_path / "erp.yaml").write_text(BASIC, encoding="utf-8")
    packed = base64.b64encode(f"bpmax:{SECRET.replace(' ', '%20')}".encode()).decode()
    request = Request(
        method="POST",
        url="https://cn-1.erp.example.test/oauth/token",
        headers=(("authorization", f"Basic {packed}"),),
        body=b"grant_type=client_credentials",
    )

    whose, vault = learned(tmp_path, request, {"access_token": TOKEN})

    assert whose == "erp.default"
    assert SECRET not in vault.redact_text(SECRET)
    assert TOKEN not in vault.redact_text(TOKEN)


@pytest.mark.parametrize("value", ["Basic !", "Basic bm9jb2xvbg==", "Bearer x", ""])
def test_damaged_credentials_are_no_error(tmp_path: Path, value: str) -> None:
    (tmp_path / "erp.yaml").write_text(BASIC, encoding="utf-8")
    request = Request(
        method="POST",
        url="https://cn-1.erp.example.test/oauth/token",
        headers=(("authorization", value),),
        body=b"\xff{",
    )
    match = ApiMatcher(load_platforms(tmp_path)).match(request)
    assert match is not None
    assert match.target.login is not None

    shown = hide_credentials(identify_request(request, match), match, Vault())

    assert (shown.method, shown.url) == (request.method, request.url)


@pytest.mark.parametrize(
    ("method", "url"),
    [
        ("POST", "https://qyapi.weixin.qq.com/cgi-bin/gettoken"),
        ("GET", "https://qyapi.weixin.qq.com/cgi-bin/gettokens"),
        ("GET", "https://qyapi.weixin.qq.com.evil.example.test/cgi-bin/gettoken"),
    ],
)
def test_another_request_is_no_login(method: str, url: str) -> None:
    match = ApiMatcher(load_platforms(None)).match(Request(method=method, url=url))

    assert match is None or match.target.login is None
