"""A login is the same one whenever it is made: what the time and a nonce make does not count."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from bpmax_sim.cassette.file import Cassette
from bpmax_sim.messages import Request, Response
from bpmax_sim.session.options import Mode
from bpmax_sim.session.session import Session
from bpmax_sim.transport.protocol import Handler
from tests.session.test_boundaries import TENANT, answer_tenant

ASSERTION = "auth: {preset: jwt_bearer, algorithm: ES256, issuer: 客户端, subject: '{{ subject }}'}"
STAMPED = """\
auth:
  parameters: {stamp: "{{ now | unix }}", sign: "{{ (stamp ~ private_key) | sha256_hex }}"}
  acquire:
    steps:
      - request:
          method: POST
          path: /token
          query: {client: "{{ subject }}", timestamp: "{{ stamp }}"}
          headers: {X-Nonce: "{{ nonce }}"}
          body: {app: {id: 合同, proof: {sign: "{{ sign }}"}}, scope: [读, 写]}
        ok: {status: [200]}
        extract: {token: {path: $.access_token, secret: true}}
    ttl: {default: 3600}
  apply: [{in: header, name: Authorization, value: "Bearer {{ token }}"}]
"""
PLATFORM = """\
platform_key: sso
base_url: https://sso.example.test
credentials: {{private_key: {{kind: ec, secret: true}}, subject: {{}}}}
{auth}
apis: {{me: {{method: GET, path: /me}}}}
"""
INSTANCE = (
    "- {platform: sso, instance_key: test, "
    "credentials: {private_key: {env: KEY}, subject: {env: SUBJECT}}}\n"
)
Open = Callable[..., Session]


def answer(request: Request) -> Response:
    is_login = "/token" in request.url
    value = {"access_token": "tok-8f14e45f", "expires_in": 3600} if is_login else {"name": "张三"}
    body = json.dumps(value, ensure_ascii=False).encode()
    took = 2.5 if is_login else 0.25
    json_type = (("content-type", "application/json"),)
    return Response(status=200, headers=json_type, body=body, elapsed=took)


@pytest.fixture(name="opened", params=[ASSERTION, STAMPED], ids=["assertion", "stamped"])
def opening(tmp_path: Path, request: pytest.FixtureRequest) -> Open:
    folder = tmp_path / "platforms"
    folder.mkdir()
    (folder / "sso.yaml").write_text(PLATFORM.format(auth=request.param), encoding="utf-8")
    (tmp_path / "instances.yaml").write_text(INSTANCE, encoding="utf-8")
    form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(*form, serialization.NoEncryption()).decode()

    def opened(mode: Mode, at: str, subject: str = "甲", name: str = "a") -> Session:
        return Session.open(
            folder,
            cassette=tmp_path / f"cassettes/{name}.yaml",
            mode=mode,
            record="rewrite",
            clock=at,
            environ={"KEY": pem, "SUBJECT": subject} if mode == "record" else {},
            transport=Handler(answer),
        )

    return opened


def logins(folder: Path) -> bytes:
    return (folder / "cassettes/auth/sso.test.yaml").read_bytes()


def test_recording_again_at_another_time_leaves_the_recorded_login(
    tmp_path: Path, opened: Open
) -> None:
    with opened("record", "2026-03-02T09:00:00+08:00") as session:
        session.proxy("sso").me()
    first = logins(tmp_path)
    with opened("record", "2026-07-01T17:30:00+08:00", name="b") as session:
        session.proxy("sso").me()

    assert logins(tmp_path) == first
    assert first.count(b"$token") == 1


def test_a_login_is_replayed_at_another_time(tmp_path: Path, opened: Open) -> None:
    modes: tuple[tuple[Mode, str], ...] = (("record", "live"), ("replay", "recorded"))
    for mode, source in modes:
        year = "2026" if mode == "record" else "2031"
        with opened(mode, f"{year}-12-31T23:59:58+08:00") as session:
            before = session.clock.now()
            assert session.proxy("sso").me() == {"name": "张三"}

        assert [call.source for call in session.calls] == [source, source]
        # When a token is renewed must not move what scripts see of the clock.
        assert session.clock.now() - before == pytest.approx(0.25)


@pytest.mark.parametrize("opened", [STAMPED], ids=["stamped"], indirect=True)
def test_what_else_a_login_says_still_counts(tmp_path: Path, opened: Open) -> None:
    platform = tmp_path / "platforms/sso.yaml"
    with opened("record", "2026-03-02T09:00:00+08:00") as session:
        session.proxy("sso").me()
    text = platform.read_text(encoding="utf-8")
    platform.write_text(text.replace("id: 合同", "id: 客户"), encoding="utf-8")
    with opened("record", "2026-03-02T09:00:00+08:00", name="b") as session:
        session.proxy("sso").me()

    assert logins(tmp_path).count(b"$token") == 2
    assert b'"injected":["query.timestamp","header.x-nonce","body.app.proof.sign"]' in logins(
        tmp_path
    )


def test_logins_of_each_instance_go_that_nobody_has_recorded_with(tmp_path: Path) -> None:
    (tmp_path / "oa.yaml").write_text(TENANT.format(key="oa", was=""), encoding="utf-8")
    names = ("east", "west", "north")
    for user in ("lisi", "zhangsan"):
        rows = [
            f"- {{platform: oa, instance_key: {name}, "
            f"credentials: {{user: {user}-{name}, region: 华东}}}}"
            for name in names
        ]
        (tmp_path / "instances.yaml").write_text("\n".join(rows), encoding="utf-8")
        with Session.open(
            tmp_path / "oa.yaml", cassette=tmp_path / "cassettes/a.yaml", mode="record",
            record="rewrite", transport=answer_tenant, environ={},
        ) as session:  # fmt: skip
            for name in names:
                session.proxy("oa", instance_key=name).list()

    for name in names:
        logins = Cassette.load(tmp_path / f"cassettes/auth/oa.{name}.yaml")
        sent = [one.request.body for one in logins.exchanges()]
        assert sent == [f"user=zhangsan-{name}".encode()]


PERSONAL = """\
platform_key: oa
base_url: https://oa.example.test
{platform}
auth:
  acquire:
    steps:
      - request:
          path: /login
          query: {{phone: "13800138000"}}
          body: {{phone: "13800138000"}}
        extract: {{token: {{path: $.token, secret: true}}}}
  apply: [{{in: header, name: Authorization, value: "Bearer {{{{ token }}}}"}}]
apis: {{list: {{path: /list{api}}}}}
"""
PLACES = ["body.phone", "body.user.phone", "header.X-Phone", "query.phone"]


@pytest.mark.parametrize(
    ("at", "of_login", "of_call"),
    [("", 5, 3), ("platform", 0, 0), ("session", 0, 0), ("api", 5, 0)],
)
def test_personal_data_of_a_login_is_replaced_as_that_of_a_call(
    tmp_path: Path, at: str, of_login: int, of_call: int
) -> None:
    redact = f"redact: {json.dumps(PLACES)}"
    (tmp_path / "oa.yaml").write_text(
        PERSONAL.format(
            platform=redact if at == "platform" else "", api=f", {redact}" if at == "api" else ""
        ),
        encoding="utf-8",
    )
    body = b'{"token":"tok-8f14e45fceea","user":{"phone":"13800138000"},"phone":"13800138000"}'
    headers = (("content-type", "application/json"), ("X-Phone", "13800138000"))
    cassette = tmp_path / "cassettes/a.yaml"

    def ask(mode: Mode) -> object:
        with Session.open(
            tmp_path / "oa.yaml", cassette=cassette, mode=mode, environ={},
            redact=PLACES if at == "session" else [],
            transport=Handler(lambda _: Response(status=200, headers=headers, body=body)),
        ) as session:  # fmt: skip
            return session.proxy("oa").list()

    ask("record")
    found = [
        path.read_text(encoding="utf-8").count("13800138000")
        for path in (tmp_path / "cassettes/auth/oa.default.yaml", cassette)
    ]
    assert found == [of_login, of_call]
    assert ("13800138000" in str(ask("replay"))) == bool(of_call)
