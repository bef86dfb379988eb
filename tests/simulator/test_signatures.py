"""Signatures made by the vendors' own signers, or by plain HMAC here, against ours."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from bpmax_sim.platform.load import read_platform
from tests.simulator.bench import START, Bench, bench

TEXT = {"msgtype": "text", "text": {"content": "您好"}}


def digest(key: str, message: str) -> str:
    made = hmac.new(key.encode(), message.encode(), hashlib.sha256).digest()
    return base64.b64encode(made).decode()


def dingtalk(made: Bench, at: float, secret: str = "SEC1") -> int:
    stamp = str(int(at * 1000))
    sign = quote(digest(secret, f"{stamp}\n{secret}"), safe="")
    line = f"POST /robot/send?access_token=rt-1&timestamp={stamp}&sign={sign}"
    code: int = made.ask(line, TEXT)["errcode"]
    return code


def feishu(made: Bench, at: float, secret: str = "r-1") -> int:
    stamp = str(int(at))
    body = {"timestamp": stamp, "sign": digest(f"{stamp}\n{secret}", ""), "msg_type": "text"}
    line = "POST /open-apis/bot/v2/hook/h-1"
    code: int = made.ask(line, body | {"content": {"text": "您好"}})["code"]
    return code


def test_a_dingtalk_robot_takes_its_own_signature_within_an_hour() -> None:
    made = bench("dingtalk_v1")

    assert dingtalk(made, START) == 0
    assert dingtalk(made, START - 3600) == 0
    assert dingtalk(made, START - 3601) == 310000
    assert dingtalk(made, START + 3601) == 310000
    assert dingtalk(made, START, "SEC2") == 310000
    assert [one.body for one in made.simulator.messages] == [TEXT, TEXT]


def test_a_dingtalk_robot_is_blocked_for_ten_minutes() -> None:
    made = bench("dingtalk_v1")
    codes = [dingtalk(made, START) for _ in range(21)]
    made.clock.advance(599)
    blocked = dingtalk(made, START)
    made.clock.advance(1)

    assert (codes[-1], blocked, dingtalk(made, START)) == (410100, 410100, 0)


def test_a_feishu_robot_takes_its_own_signature_within_an_hour() -> None:
    made = bench("feishu")

    assert feishu(made, START) == 0
    assert feishu(made, START - 3601) == 19021
    assert feishu(made, START, "r-2") == 19021


def test_a_feishu_robot_takes_five_messages_a_second() -> None:
    made = bench("feishu")

    assert [feishu(made, START) for _ in range(6)] == [*[0] * 5, 11232]


AWS = """\
platform_key: s3
base_url: https://s3.example.test
auth: {preset: aws_sigv4, region: cn-north-1, service: execute-api}
apis:
  put: {method: PUT, path: "/键/{name}"}
"""
GATEWAY = """\
platform_key: gateway
base_url: https://gateway.example.test
auth: {preset: hmac}
apis:
  post: {method: POST, path: /orders}
"""


def declared(tmp_path: Path, text: str, credentials: dict[str, Any]) -> Bench:
    path = tmp_path / "platform.yaml"
    path.write_text(text, encoding="utf-8")
    return bench(read_platform(path), credentials)


@pytest.mark.parametrize("change", ["", "body", "path", "secret", "late"])
def test_a_signature_of_botocore_is_taken_and_nothing_else(tmp_path: Path, change: str) -> None:
    made = declared(
        tmp_path, AWS, {"access_key_id": "AK", "secret_access_key": "SK-1", "session_token": ""}
    )
    request = AWSRequest(
        method="PUT",
        url="https://s3.example.test/%E9%94%AE/a%20b?z=1&a=2",
        data=b"{}",
        headers={"Content-Type": "application/json"},
    )
    signer = SigV4Auth(
        Credentials("AK", "SK-2" if change == "secret" else "SK-1"), "execute-api", "cn-north-1"
    )
    # botocore dates a request itself, so the simulator's clock goes where botocore's is.
    signer.add_auth(request)
    stamp = request.headers["X-Amz-Date"]
    made.clock.move_to(moment(stamp) + (901 if change == "late" else 0))
    headers = dict(request.headers.items()) | {"Accept": "*/*", "User-Agent": "aws"}
    path = "/%E9%94%AE/c" if change == "path" else "/%E9%94%AE/a%20b"
    raw = b"[]" if change == "body" else b"{}"
    response = made.send(f"PUT {path}?z=1&a=2", raw=raw, headers=headers)

    told = {"": "", "late": "the time of the signature is too old"}
    expected = told.get(change, "the signature is wrong")
    assert response.status == (401 if expected else 200)
    assert json.loads(response.body).get("message", "") == expected


def moment(stamp: str) -> float:
    from datetime import UTC, datetime  # noqa: PLC0415

    return datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()


def test_time_comes_before_nonce_and_nonce_before_signature(tmp_path: Path) -> None:
    made = declared(tmp_path, GATEWAY, {"app_key": "k", "app_secret": "s-1"})

    def send(at: float, nonce: str, *, secret: str = "s-1", body: bytes = b"{}") -> Any:
        stamp = str(int(at * 1000))
        payload = hashlib.sha256(b"{}").hexdigest()
        message = f"POST\n/orders\n{stamp}\n{nonce}\n{payload}"
        headers = {
            "X-App-Key": "k",
            "X-Timestamp": stamp,
            "X-Nonce": nonce,
            "X-Signature": digest(secret, message),
        }
        return made.ask("POST /orders", raw=body, headers=headers).get("message", "ok")

    assert send(START, "n-1") == "ok"
    assert send(START, "n-1") == "the nonce was used before"
    assert send(START - 901, "n-1") == "the time of the signature is too old"
    assert send(START, "n-2", secret="s-2") == "the signature is wrong"
    assert send(START, "n-2", body=b"[]") == "the signature is wrong"
    assert send(START, "n-2") == "ok"
    assert made.ask("POST /orders", raw=b"{}")["message"] == "the signature is wrong"
