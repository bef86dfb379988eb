"""Credentials that are no secrets: recorded as they are, and played without any variable."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.merge import remove_exchanges, to_review_path
from bpmax_sim.errors import CassetteError, ConfigError, NoMatchError
from bpmax_sim.file_version import read_version
from bpmax_sim.messages import Request, Response
from bpmax_sim.platform.load import load_platforms
from bpmax_sim.session.options import Mode
from bpmax_sim.session.session import Session
from bpmax_sim.transport.protocol import Handler

PLATFORM = """\
platform_key: crm
base_url: https://crm.example.test
credentials:
  username: {USERNAME}
  password: {secret: true}
auth: basic
apis:
  owned: {method: GET, path: "/users/{owner}/customers"}
  find: {method: GET, path: /customers}
  assign: {method: POST, path: /assignments, body: {by: {$credential: username}}}
"""
INSTANCE = """\
- platform: crm
  instance_key: test
  credentials: {username: VALUE, password: {env: CRM_PASSWORD}}
"""
USER = "zhangsan-销售"
ENVIRON = {"CRM_USERNAME": USER, "CRM_PASSWORD": "hunter2-密码-secret"}
JSON = (("content-type", "application/json"),)


def third_party(request: Request) -> Response:
    """Return who asked, as most systems do."""
    body = {
        "code": 0,
        "data": {"name": "张三", "owner": USER if "customers" in request.url else ""},
    }
    return Response(status=200, headers=JSON, body=json.dumps(body, ensure_ascii=False).encode())


def quiet(_request: Request) -> Response:
    """Return nothing about who asked."""
    return Response(status=200, headers=JSON, body=b'{"code":0}')


@pytest.fixture(
    params=["{env: CRM_USERNAME}", "{file: 用户.txt}", USER], ids=["env", "file", "text"]
)
def source(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def declared(folder: Path, spec: str, value: str = "{env: CRM_USERNAME}") -> None:
    (folder / "platforms").mkdir(exist_ok=True)
    text = PLATFORM.replace("{USERNAME}", spec)
    (folder / "platforms/crm.yaml").write_text(text, encoding="utf-8")
    (folder / "instances.yaml").write_text(INSTANCE.replace("VALUE", value), encoding="utf-8")
    (folder / "用户.txt").write_text(USER, encoding="utf-8")


def opened(folder: Path, mode: Mode = "replay", answer: Any = quiet, **options: Any) -> Session:
    return Session.open(
        folder / "platforms",
        mode=mode,
        cassette=folder / "客户.yaml",
        **{
            "clock": "2026-03-02T09:00:00+08:00",
            "owner": "选择客户",
            "environ": {} if mode == "replay" else ENVIRON,
            "transport": Handler(answer) if mode == "record" else None,
        }
        | options,
    )


def calls(session: Session) -> Iterator[Any]:
    crm = session.proxy("crm")
    yield crm.api("owned").path(owner=USER).call()
    yield crm.api("find").query(owner=USER).call()
    yield crm.api("assign").body(to=USER).call()


def test_a_value_that_is_no_secret_replays_without_its_source(tmp_path: Path, source: str) -> None:
    declared(tmp_path, "{secret: false}", source)
    with opened(tmp_path, "record", third_party) as session:
        recorded = list(calls(session))
    (tmp_path / "用户.txt").unlink()
    cassette = Cassette.load(tmp_path / "客户.yaml")
    declared_elsewhere = source.replace(USER, "lisi")
    (tmp_path / "instances.yaml").write_text(INSTANCE.replace("VALUE", declared_elsewhere))

    assert [line.values for line in map(cassette.line, range(3))] == [
        {"crm.test": {"username": USER}},
        {},
        {},
    ]
    for environ in ({}, {"CRM_USERNAME": "lisi", "CRM_PASSWORD": "another-password"}):
        with opened(tmp_path, environ=environ) as session:
            assert list(calls(session)) == recorded
    assert recorded[0]["data"]["owner"] == USER


def test_recording_again_changes_nothing_and_another_user_shows(tmp_path: Path) -> None:
    declared(tmp_path, "{secret: false}")
    path = tmp_path / "客户.yaml"
    written = []
    for environ in (ENVIRON, ENVIRON, {**ENVIRON, "CRM_USERNAME": "lisi-销售"}):
        with opened(tmp_path, "record", record="rewrite", environ=environ) as session:
            session.proxy("crm").find()
        written.append(path.read_bytes())

    assert written[0] == written[1] != written[2]
    assert b'"values":{"crm.test":{"username":"lisi' in written[2]


def test_each_owner_has_values_of_its_own_and_the_first_one_left_keeps_them(tmp_path: Path) -> None:
    declared(tmp_path, "{secret: false}")
    path = tmp_path / "客户.yaml"
    for owner, user in (("甲", "zhangsan"), ("乙", "lisi")):
        environ = {**ENVIRON, "CRM_USERNAME": user}
        with opened(tmp_path, "record", owner=owner, environ=environ) as session:
            session.proxy("crm").find()
            session.proxy("crm").assign()
    remove_exchanges(read_version(path), [Cassette.load(path).index.list_exchange_numbers("甲")[0]])
    cassette = Cassette.load(path)

    assert cassette.get_non_secret_credentials("甲") == {"crm.test": {"username": "zhangsan"}}
    assert cassette.get_non_secret_credentials("乙") == {"crm.test": {"username": "lisi"}}
    with opened(tmp_path, owner="甲") as session:
        session.proxy("crm").assign()


def test_what_is_added_has_to_be_of_the_same_user(tmp_path: Path) -> None:
    declared(tmp_path, "{secret: false}")
    with opened(tmp_path, "record") as session:
        session.proxy("crm").find()
    with opened(tmp_path, "record", record="new") as session:
        session.proxy("crm").find()
        session.proxy("crm").assign()
    assert len(Cassette.load(tmp_path / "客户.yaml")) == 2

    environ = {**ENVIRON, "CRM_USERNAME": "lisi"}
    with (
        opened(tmp_path, "record", record="new", environ=environ) as session,
        pytest.raises(ConfigError, match=f"recorded with username '{USER}' of crm.test, which is"),
    ):
        session.proxy("crm").find()


@pytest.mark.parametrize("place", ["path", "query", "header", "body"])
def test_an_undeclared_value_that_a_script_says_is_red_and_set_aside(
    tmp_path: Path, place: str
) -> None:
    declared(tmp_path, "{}")
    user = "zhangsan-8f14e" if place == "header" else USER  # a header holds ASCII alone
    session = opened(tmp_path, "record", environ={**ENVIRON, "CRM_USERNAME": user})
    crm = session.proxy("crm")
    api = crm.api("owned" if place == "path" else "find")
    getattr(api, place)(owner=user).call()

    with pytest.raises(CassetteError) as raised:
        session.close()
    assert f"the {place} says the value of 'username' of crm.test itself" in str(raised.value)
    assert "write `username: {secret: false}` under credentials of platform 'crm'" in str(
        raised.value
    )
    assert user not in str(raised.value)
    assert not (tmp_path / "客户.yaml").exists()
    assert to_review_path(tmp_path / "客户.yaml").exists()


def test_of_a_run_that_failed_only_its_own_failure_is_told(tmp_path: Path) -> None:
    declared(tmp_path, "{}")
    session = opened(tmp_path, "record")
    session.proxy("crm").api("find").query(owner=USER).call()
    session.close(failed=True)

    assert not (tmp_path / "客户.yaml").exists()


def test_a_secret_that_a_script_says_is_red_and_no_line_makes_it_clear(tmp_path: Path) -> None:
    declared(tmp_path, "{}")
    session = opened(tmp_path, "record")
    session.proxy("crm").api("find").query(key=ENVIRON["CRM_PASSWORD"]).call()

    with pytest.raises(CassetteError) as raised:
        session.close()
    assert "leave a secret to auth" in str(raised.value)
    assert "secret: false" not in str(raised.value)


def test_an_undeclared_value_that_an_answer_said_first_replays_and_is_told(tmp_path: Path) -> None:
    declared(tmp_path, "{}")

    def run(session: Session) -> str:
        found = session.proxy("crm").find()
        owner = str(found["data"]["owner"])
        session.proxy("crm").api("owned").path(owner=owner).call()
        return owner

    with opened(tmp_path, "record", third_party) as session:
        assert run(session) == USER
    assert len(session.standin_notes) == 2
    assert session.standin_notes[0].startswith(
        "crm.find: the response holds the value of 'username' of crm.test, and is recorded with its"
    )
    with opened(tmp_path) as session:
        assert run(session) == "redacted.crm.test.username.1"
    assert USER.encode() not in (tmp_path / "客户.yaml").read_bytes()


@pytest.mark.parametrize("where", ["platform", "instance", "api query", "api body", "nowhere"])
def test_a_default_that_puts_a_credential_in_is_no_fault(tmp_path: Path, where: str) -> None:
    default = "query: {by: {$credential: username}}"
    declared(tmp_path, "{}")
    platform, instances = tmp_path / "platforms/crm.yaml", tmp_path / "instances.yaml"
    text = platform.read_text(encoding="utf-8")
    if where == "platform":
        text = f"{default}\n{text}"
    elif where == "api query":
        text = text.replace("path: /customers}", f"path: /customers, {default}}}")
    elif where == "instance":
        instances.write_text(f"{instances.read_text(encoding='utf-8')}  {default}\n", "utf-8")
    platform.write_text(text, encoding="utf-8")
    for mode in ("record", "replay"):
        session = opened(tmp_path, mode)
        if where == "api body":
            session.proxy("crm").assign()
        else:
            session.proxy("crm").api("find").query(
                owner=1, **({"by": USER} if where == "nowhere" else {})
            ).call()
        if where != "nowhere":
            session.close()
            continue
        with pytest.raises(CassetteError, match="the query says the value of 'username'"):
            session.close()
        break
    assert session.standin_notes == ()


def test_a_value_that_is_a_password_as_well_is_refused(tmp_path: Path) -> None:
    environ = {**ENVIRON, "CRM_USERNAME": ENVIRON["CRM_PASSWORD"]}
    declared(tmp_path, "{secret: false}")
    with (
        opened(tmp_path, "record", environ=environ) as session,
        pytest.raises(ConfigError, match="'username' is no secret, but its value is that of the"),
    ):
        session.proxy("crm").find()


def test_a_recording_made_with_stand_ins_still_plays(tmp_path: Path) -> None:
    declared(tmp_path, "{}")
    with opened(tmp_path, "record") as session:
        session.proxy("crm").assign()
    declared(tmp_path, "{secret: false}")
    with opened(tmp_path) as session:
        session.proxy("crm").assign()

    with pytest.raises(NoMatchError), opened(tmp_path) as session:
        session.proxy("crm").api("owned").path(owner=USER).call()


@pytest.mark.parametrize(
    ("credential", "why"),
    [
        ("loginPwd: {secret: false}", "it is named like a password"),
        ("密码: {secret: false}", "it is named like a password"),
        ("cert: {kind: rsa, secret: false}", "its kind is rsa"),
        ("number: {kind: integer, secret: false}", "its kind is integer"),
        ("salt: {secret: false}", "requests are signed with it"),
    ],
)
def test_what_can_only_be_a_secret_cannot_be_declared_none(
    tmp_path: Path, credential: str, why: str
) -> None:
    (tmp_path / "platforms").mkdir()
    head = f"platform_key: crm\nbase_url: https://crm.example.test\ncredentials:\n  {credential}\n"
    signed = "auth: {parameters: {mixed: '{{ salt }}'}, sign: {key: '{{ mixed }}', message: m}}\n"
    text = head + (signed if "salt" in credential else "")
    (tmp_path / "platforms/crm.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as raised:
        load_platforms(tmp_path / "platforms")
    assert f"cannot be declared secret: false: {why}" in str(raised.value).replace(
        "only text can be recorded as it is, and ", ""
    )
    assert "crm.yaml:4:" in str(raised.value)


def test_a_keyring_value_and_a_forgotten_word_on_a_password_are_secrets(tmp_path: Path) -> None:
    (tmp_path / "platforms").mkdir()
    (tmp_path / "platforms/crm.yaml").write_text(
        "platform_key: crm\nbase_url: https://crm.example.test\n"
        "credentials: {user: {secret: false}, loginPwd: {}}\nauth: none\n",
        encoding="utf-8",
    )
    (tmp_path / "instances.yaml").write_text(
        "- {platform: crm, instance_key: test, "
        "credentials: {user: {keyring: crm/user}, loginPwd: 明文-hunter2}}\n",
        encoding="utf-8",
    )
    platforms = load_platforms(tmp_path / "platforms")
    platform, instance = platforms.platform("crm"), platforms.instance("crm")
    found = platforms.credentials(platform, instance, environ={}, closed=True)

    assert found.standins == {
        "user": "redacted.crm.test.user.1",
        "loginPwd": "redacted.crm.test.loginPwd.1",
    }
    assert found.nonsecret_values == {}
