"""What looks like a secret and is none is said so once, and never told again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from bpmax_sim.cassette.format import dump_exchanges
from bpmax_sim.cassette.matching import MatchingRules
from bpmax_sim.messages import Call, Exchange, Request, Response
from bpmax_sim.project import with_not_secret_place
from tests.cli.project import Command, Project
from tests.loopback import answer_json, loopback
from tests.snapshots import snapshot

ROOM = "Hq7Lp2Vx9Rt4Wm6Zk3Nc8Ba1"
JWT = "eyJhbGciOiJub25lIn0.eyJyb29tIjoi5LiJ5qW8In0.x"
PLACE = "crm_system.get_customer_detail.body.data.会议室"
ANSWER = f"bpmax-sim review --not-secret {PLACE}"
PLATFORM = "scenarios/platforms/crm_system.yaml"


@pytest.fixture(name="room", autouse=True)
def crm_with_a_room(project: Project, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    room = [ROOM, "华东"]

    def answer(request: bytes) -> bytes:
        data = {"name": "张三", "phone": "13800138000", "会议室": room[0]}
        is_login = request.startswith(b"POST /oauth/token")
        token = {"access_token": "minted-token", "expires_in": 7200, "域": room[1]}
        said = token if is_login else {"code": 200, "message": "ok", "data": data}
        return answer_json(json.dumps(said), headers="connection: close\r\n")

    with loopback(answer) as server:
        for name, value in (("URL", server.url), ("CLIENT_ID", "i"), ("CLIENT_SECRET", "Kx7-q9L")):
            monkeypatch.setenv(f"CRM_{name}", value)
        yield room


def test_an_answer_stands_in_the_platform_file_and_is_told_when_it_is_stale(
    project: Project, bs: Command, room: list[str]
) -> None:
    assert f"else answer with `{ANSWER}`" in bs("record", "--record=rewrite").err
    before = (project.folder / PLATFORM).read_text(encoding="utf-8")

    answered = bs(*ANSWER.split()[1:])
    assert (answered.code, answered.err) == (
        0,
        f"{PLATFORM}: apis.get_customer_detail.not_secret: body.data.会议室 is no secret\n",
    )
    after = (project.folder / PLATFORM).read_text(encoding="utf-8")
    assert after.replace("not_secret: [body.data.会议室]\n    ", "") == before
    assert bs(*ANSWER.split()[1:]).err == snapshot(
        "crm_system: body.data.会议室 is declared already\n"
    )
    assert "looks like a secret" not in bs("record", "--record=rewrite").err
    assert bs("lint").err == snapshot("1 scenario file: sound\n")

    room[0] = "三楼"
    assert bs("record", "--record=rewrite").code == 0
    assert bs("lint").err == snapshot(
        "hint: crm_system: apis.get_customer_detail: not_secret: nothing at body.data.会议室 looks "
        "like a secret in any recording; remove the entry\n1 scenario file: sound\n"
    )


def test_what_no_platform_file_declares_is_answered_in_the_project(
    project: Project, bs: Command, room: list[str]
) -> None:
    elsewhere = "POST https://elsewhere.example.test/rooms body.会议室"
    room[:] = ["三楼", JWT]
    assert bs("record", "--record=rewrite").code == 0
    login = project.folder / "cassettes/auth/crm_system.default.yaml"
    assert JWT not in login.read_text(encoding="utf-8")  # all that a login mints is a secret
    places = ("crm_system.$token.body.域", "qywx.getUser.body.userid", elsewhere)
    asked = [word for place in places for word in ("--not-secret", place)]
    assert bs("review", *asked).err.splitlines() == [
        f"pyproject.toml: not_secret: {place} is no secret" for place in places
    ]
    assert bs("review", *asked).err.splitlines() == [
        f"pyproject.toml: {place} is declared already" for place in places
    ]
    assert bs("lint").err == snapshot("1 scenario file: sound\n")

    request = Request(
        method="POST",
        url="https://elsewhere.example.test/rooms",
        headers=(("content-type", "application/json"),),
        body=json.dumps({"会议室": JWT}).encode(),
    )
    exchange = Exchange(request=request, outcome=Response(status=200), owner="测试")
    path = project.folder / "cassettes/别处.yaml"
    path.write_bytes(dump_exchanges([exchange], rules=MatchingRules(())))
    assert bs("lint", str(path)).code == 0
    (project.folder / "pyproject.toml").write_text("[tool.bpmax_sim]\nlanguage = 'en'\n", "utf-8")
    assert "a JWT stands here" in bs("lint", str(path)).err


def _write_recording(path: Path, api: str, body: object) -> None:
    request = Request(
        method="POST",
        url=f"https://elsewhere.example.test/{api}",
        headers=(("content-type", "application/json"),),
        body=json.dumps(body).encode(),
        call=Call(
            platform="crm_system",
            instance="default",
            api=api,
            method="POST",
            path=f"/{api}",
            headers=(("content-type", "application/json"),),
            body=json.dumps(body).encode(),
        ),
    )
    exchange = Exchange(request=request, outcome=Response(status=200), owner="测试")
    path.write_bytes(dump_exchanges([exchange], rules=MatchingRules(())))


@pytest.mark.parametrize("shorter", ["get_customer", ""])
def test_what_is_answered_for_an_api_is_no_answer_for_one_whose_name_begins_the_same(
    project: Project, bs: Command, shorter: str
) -> None:
    assert bs("record", "--record=rewrite").code == 0
    place = "crm_system.get_customer_detail.body.会议室"
    (project.folder / "pyproject.toml").write_text(
        f"[tool.bpmax_sim]\nlanguage = 'en'\nnot_secret = ['{place}']\n", "utf-8"
    )
    _write_recording(project.folder / "cassettes/长.yaml", "get_customer_detail", {"会议室": JWT})
    _write_recording(project.folder / "cassettes/短.yaml", shorter, {"会议室": "三楼"})

    linted = bs("lint")
    assert (linted.code, "not_secret" in linted.err) == (0, False), linted.err


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", '[tool.bpmax_sim]\nnot_secret = ["会.body.a"]\n'),
        ("[a]\nb = 1\n", '[a]\nb = 1\n\n[tool.bpmax_sim]\nnot_secret = ["会.body.a"]\n'),
        (
            "[tool.bpmax_sim] # 注释\nlanguage = 'zh'\n",
            None,
        ),
        (
            "[tool.bpmax_sim]\nlanguage = 'zh'\n[c]\nnot_secret = [1]\n",
            (
                "[tool.bpmax_sim]\nnot_secret = [\"会.body.a\"]\nlanguage = 'zh'\n"
                "[c]\nnot_secret = [1]\n"
            ),
        ),
        (
            '[tool.bpmax_sim]\nnot_secret = [\n  "x.body.b", # 注释\n]\n',
            '[tool.bpmax_sim]\nnot_secret = ["会.body.a", \n  "x.body.b", # 注释\n]\n',
        ),
    ],
)
def test_all_else_of_a_pyproject_stays(before: str, after: str | None) -> None:
    assert with_not_secret_place(before, "会.body.a") == after


def test_lint_hears_the_answer_of_what_looks_like_a_token(
    project: Project, bs: Command, room: list[str]
) -> None:
    room[0] = JWT
    assert bs("record", "--record=rewrite").code == 0
    red = bs("lint")
    assert red.code == 2
    assert "a JWT stands here" in red.err
    assert "if it is no secret, declare its place with `not_secret:`" in red.err

    assert bs("review", "--not-secret", PLACE).code == 0
    assert bs("lint").err == snapshot("1 scenario file: sound\n")


def test_platforms_that_the_scenarios_name_elsewhere_are_the_projects(
    project: Project, bs: Command
) -> None:
    (project.folder / "scenarios/platforms").rename(project.folder / "平台")
    project.edit(project.scenario, "platforms: platforms/", "platforms: ../平台")

    assert bs("review", "--not-secret", PLACE).err.startswith("平台/crm_system.yaml: apis.")


@pytest.mark.parametrize(
    ("place", "told"),
    [
        ("body.data", "expected a place such as crm.find.body.room_id"),
        ("crm_system.get_customer.body.x", "has no API 'get_customer'; did you mean"),
        ("crm_sistem.get_customer_detail.body.x", "there is no platform 'crm_sistem'; did you"),
        ("crm_system.get_customer_detail.body..x", "is not a path"),
        ("qywx.getUsr.body.userid", "has no API 'getUsr'; did you mean"),
        ("crm_system.get_customer_detail.path.nobody", "matches nothing: the path has no"),
    ],
)
def test_what_cannot_be_answered_says_why(bs: Command, place: str, told: str) -> None:
    refused = bs("review", "--not-secret", place)
    assert refused.code == 2
    assert told in refused.err


def test_every_way_of_writing_an_api_takes_an_answer(project: Project, bs: Command) -> None:
    apis = (
        "apis:\n"
        "  plain:\n    # 注释\n    path: /plain\n"
        "  flow: {path: /flow}\n"
        "  lines: {\n    path: /lines}\n"
        "  several:\n    not_secret:\n      - body.a\n    path: /several\n"
        "  listed: {path: /listed, not_secret: [body.a, body.b]}\n"
        "  alone: {path: /alone, not_secret: body.a}\n"
        "  shared: &one {path: /one}\n  again: *one\n"
    )
    path = project.folder / "scenarios/platforms/many.yaml"
    path.write_text(f"platform_key: many\nbase_url: https://many.example.test\n{apis}", "utf-8")
    for name in ("plain", "flow", "lines", "several", "listed"):
        assert bs("review", "--not-secret", f"many.{name}.body.items[*].id").code == 0
    for place in ("header.X-Id", "plain.body[*].id", "plain.body", "plain.body.data.body.id"):
        assert bs("review", "--not-secret", f"many.{place}").code == 0
    for name in ("alone", "again"):
        refused = bs("review", "--not-secret", f"many.{name}.body.x")
        assert refused.code == 2
        told = f"cannot be added to here; write not_secret: [body.x] at apis.{name}\n"
        assert refused.err.endswith(told)
    refused = bs("review", "--not-secret", "many.path.nobody")
    assert (refused.code, "'path.nobody' matches nothing" in refused.err) == (2, True)

    one = path.with_name("one.yaml")
    one.write_text(
        "platform_key: one\nbase_url: https://one.example.test\nnot_secret: body.a\n"
        "apis: {find: {path: '/f/{id}'}}\n",
        "utf-8",
    )
    for place in ("body.x", "path.id"):
        refused = bs("review", "--not-secret", f"one.{place}")
        assert refused.err.endswith(f"[{place}] at the top\n")
    written = path.read_text(encoding="utf-8")
    assert written.startswith("not_secret: [header.X-Id]\nplatform_key: many\n")
    assert written.count('"body.items[*].id"') == 5
    assert "    # 注释\n    not_secret: [" in written
    assert '    not_secret:\n      - "body.items[*].id"\n      - body.a\n' in written
