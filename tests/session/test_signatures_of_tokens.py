"""A signature over a token is checked with the token of its own instance."""

from __future__ import annotations

import json
from pathlib import Path

from bpmax_sim.messages import Request, Response
from bpmax_sim.session.session import Session
from bpmax_sim.transport.protocol import Handler

PLATFORM = r"""
platform_key: orders
base_url: https://orders.example.test
credentials: {app_key: {}, app_secret: {secret: true}}
auth:
  acquire:
    steps:
      - request: {path: /token, form: {key: "{{ app_key }}", secret: "{{ app_secret }}"}}
        extract: {token: {path: $.access_token, secret: true}}
  sign:
    set_headers: {X-Time: "{{ now | unix }}"}
    message: "{{ method }} {{ target }} {{ now | unix }} {{ token }}"
    key: "{{ app_secret }}"
    emit: [{in: header, name: X-Sign, value: "{{ signature }}"}]
apis:
  查单: {path: /orders}
"""
INSTANCES = """
- {platform: orders, instance_key: 华东二, credentials: {app_key: AK-2, app_secret: {env: S2}}}
- {platform: orders, instance_key: 华东, credentials: {app_key: AK-1, app_secret: {env: S1}}}
- {platform: orders, instance_key: 华南, credentials: {app_key: AK-3, app_secret: {env: S3}}}
"""


def test_recording_again_leaves_calls_of_each_instance_as_they_were(tmp_path: Path) -> None:
    """The name of one instance may begin with that of another."""
    (tmp_path / "platforms").mkdir()
    (tmp_path / "platforms/orders.yaml").write_text(PLATFORM, encoding="utf-8")
    (tmp_path / "instances.yaml").write_text(INSTANCES, encoding="utf-8")
    path = tmp_path / "cassettes/订单.yaml"
    tokens = iter(range(100))

    def respond(request: Request) -> Response:
        body = (
            {"access_token": f"tok-{next(tokens):08d}"} if request.is_login else {"单号": "DD-42"}
        )
        headers = (("content-type", "application/json"),)
        return Response(status=200, headers=headers, body=json.dumps(body).encode())

    def record(clock: str) -> bytes:
        with Session.open(
            tmp_path / "platforms",
            instances=tmp_path / "instances.yaml",
            cassette=path,
            mode="record",
            record="rewrite",
            owner="下单",
            clock=clock,
            transport=Handler(respond),
            environ={"S1": "s3cret-of-east-1", "S2": "s3cret-of-east-2", "S3": "s3cret-of-south"},
        ) as session:
            for instance in ("华东二", "华东", "华南"):
                session.proxy("orders", instance_key=instance).查单()
        return path.read_bytes()

    first = record("2026-03-02T09:00:00+08:00")
    assert record("2026-03-02T09:07:31+08:00") == first
