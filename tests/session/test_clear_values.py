"""What a platform file declares to be no secret stays readable, whatever its name."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest

from bpmax_sim.session.session import Session
from tests.leaks import folder, leaks
from tests.loopback import Loopback, answer_json, loopback

TOKEN, REFRESH = "tok-0a1b2c3d4e5f", "ref-9f8e7d6c5b4a"
SESSION = "SESS-20260302-HD01"
PLATFORM = """\
platform_key: crm
base_url: {url}
auth:
  acquire:
    steps:
      - request: {{path: /login, body: {{user: lisi}}}}
        extract:
          token: {{path: $.access_token, secret: true}}
          session: {{path: $.data.session, secret: false}}
          tenant_token: {{path: "header:X-Tenant-Token", secret: false}}
  apply:
    - {{in: header, name: Authorization, value: "Bearer {{{{ token }}}}"}}
    - {{in: header, name: X-Session, value: "{{{{ session }}}}"}}
apis:
  sign_order:
    method: POST
    path: /orders
    parameters:
      - {{name: signature, in: body, enum: [electronic, handwritten]}}
      - {{name: password, in: body}}
    answer: {{type: object, properties: {{secret: {{enum: [confidential, topsecret]}}}}}}
"""


def answer(raw: bytes) -> bytes:
    head, _, body = raw.partition(b"\r\n\r\n")
    if b" /login " in head:
        text = json.dumps(
            {"access_token": TOKEN, "refresh_token": REFRESH, "data": {"session": SESSION}}
        )
        return answer_json(text, headers="X-Tenant-Token: HD-TENANT-2026-01\r\n")
    sent = json.loads(body)
    return answer_json(json.dumps({"secret": "topsecret", "signature": sent["signature"]}))


@pytest.fixture(name="server")
def running() -> Iterator[Loopback]:
    with loopback(answer) as server:
        yield server


def opened(root: Path, mode: Literal["record", "replay"]) -> Session:
    path = root / "cassettes/clear.yaml"
    return Session.open(root / "platforms", cassette=path, owner="合同", mode=mode, environ={})


def sign(session: Session) -> Any:
    return session.proxy("crm").sign_order("handwritten", "Geheim-Wort-77")


def test_what_a_login_opens_and_words_of_enumerations_stay_readable(
    tmp_path: Path, server: Loopback
) -> None:
    (tmp_path / "platforms").mkdir()
    text = PLATFORM.format(url=server.url)
    (tmp_path / "platforms/crm.yaml").write_text(text, encoding="utf-8")
    with opened(tmp_path, "record") as session:
        live = sign(session)
        notes = session.standin_notes
    with opened(tmp_path, "replay") as session:
        replayed = sign(session)

    assert live == replayed == {"secret": "topsecret", "signature": "handwritten"}
    recorded = "".join(
        path.read_text(encoding="utf-8") for path in (tmp_path / "cassettes").rglob("*.yaml")
    )
    for word in (SESSION, "HD-TENANT-2026-01", "topsecret", "handwritten"):
        assert word in recorded
    secrets = {"token": TOKEN, "refresh": REFRESH, "password": "Geheim-Wort-77"}
    assert leaks(folder(tmp_path / "cassettes"), secrets) == []
    assert not any("session" in note or "signature" in note for note in notes)
