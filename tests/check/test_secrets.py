# ruff: noqa: E501 - recordings and platforms, one a line
"""What in a recording, a platform file or an instance is told to be a secret, and what is none."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.format import dump_entries, render_exchange
from bpmax_sim.cassette.matching import MatchingRules
from bpmax_sim.check.secrets import NotSecretDeclarations, find_literal_secrets, find_secrets
from bpmax_sim.errors import Problem
from bpmax_sim.messages import FORM, Call, Exchange, Request, Response
from bpmax_sim.platform.load import Platforms, load_platforms
from bpmax_sim.secret.vault import Vault

JWT = "eyJhbGciOiJub25lIn0.eyJyb29tIjoi5LiJ5qW8In0.x"
KEY = "-----BEGIN RSA PRIVATE KEY-----"
RANDOM = "Hq7Lp2Vx9Rt4Wm6Zk3Nc8Ba1"
STANDIN = "redacted.crm.default.token"
CLAIMS = base64.urlsafe_b64encode(json.dumps({"iss": STANDIN}).encode()).decode().rstrip("=")
JWT_STANDIN = f"eyJhbGciOiJub25lIn0.{CLAIMS}.x"
JSON = (("content-type", "application/json"),)


def exchange(
    body: Any = None,
    answer: Any = None,
    headers: Sequence[tuple[str, str]] = (),
    set_cookie: str = "",
    injected: tuple[str, ...] = (),
    api: str = "下单",
) -> Exchange:
    data = json.dumps(body, ensure_ascii=False).encode()
    all_headers = (*JSON, *headers)
    call = Call(
        platform="crm", instance="default", api=api, method="POST", path="/o",
        headers=all_headers, body=data,
    )  # fmt: skip
    cookies = (("set-cookie", set_cookie),) if set_cookie else ()
    return Exchange(
        request=Request(
            method="POST", url="https://crm.example.test/o", headers=all_headers, body=data,
            call=call, injected=injected,
        ),
        outcome=Response(
            status=200,
            headers=(*JSON, *cookies),
            body=json.dumps(answer, ensure_ascii=False).encode(),
        ),
        owner="报销单",
    )  # fmt: skip


def find(
    folder: Path,
    *exchanges: Exchange,
    secrets: Mapping[str, str] | None = None,
    not_secret: NotSecretDeclarations | None = None,
    net: int = 1,
) -> tuple[list[Problem], list[str]]:
    """Return what is told of a recording of *exchanges*: errors and hints."""
    entries = [
        render_exchange(one, rules=MatchingRules(())).with_line(net=net, n=number)
        for number, one in enumerate(exchanges, 1)
    ]
    path = folder / "单.yaml"
    path.write_bytes(dump_entries(entries))
    vault = Vault()
    for name, value in (secrets or {}).items():
        vault.add(value, f"redacted.{name}", name=name)
    hints: list[str] = []
    declared = not_secret or NotSecretDeclarations(())
    return [*find_secrets(Cassette.load(path), vault, declared, hints.append)], hints


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (KEY, "a private key"),
        ("-----BEGIN PRIVATE KEY-----", "a private key"),
        ("-----BEGIN PUBLIC KEY-----", ""),
        (JWT, "a JWT"),
        ("eyJhbGciOiJub25lIn0.eyJyb29t", ""),
        ("eyJhbGc.eyJyb29tIjoi5LiJ5qW8In0.x", ""),
        ("AIza" + "a1-_" * 8 + "abc", "a key of Google"),
        ("AIza" + "a1-_" * 8 + "ab", ""),
        ("AIza" + "a1-_" * 8 + "abcd", ""),
        *((f"gh{kind}_{'aB3' * 12}", "a token of GitHub") for kind in "pousr"),
        (f"ghp_{'aB3' * 11}aB", ""),
        (f"ghx_{'aB3' * 12}", ""),
        (f"github_pat_{'aB3_' * 10}", "a token of GitHub"),
        (f"github_pat_{'aB3_' * 9}aB3", ""),
        *((f"xox{kind}-0123456789", "a token of Slack") for kind in "abeprs"),
        ("xoxb-012345678", ""),
        ("xoxc-0123456789", ""),
        ("sk_live_0123456789abcdef", "a key of Stripe"),
        ("rk_live_0123456789abcdef", "a key of Stripe"),
        ("sk_live_0123456789abcde", ""),
        ("sk_test_0123456789abcdef", ""),
        ("发货单 1 号", ""),
        (JWT_STANDIN, ""),
    ],
)
def test_a_text_with_the_form_of_a_secret_is_told(tmp_path: Path, text: str, what: str) -> None:
    for one in (exchange({"备注": f"见 {text} 。"}), exchange(answer={"备注": f"见 {text} 。"})):
        problems, hints = find(tmp_path, exchange(), exchange({"备注": "无"}), one, net=0)

        assert [f"{what} stands here; record it" in found.message for found in problems] == (
            [True] * bool(what)
        )
        assert hints == []
        assert not any(text in found.message for found in problems)


@pytest.mark.parametrize(
    ("name", "value", "is_told"),
    [
        ("Authorization", "Bearer abc", True),
        ("Authorization", f"Bearer {STANDIN}", False),
        ("Authorization", f"bearer {STANDIN}", False),
        ("Authorization", f"Bearer v1:{STANDIN}", False),
        ("Authorization", f"Bearer {JWT_STANDIN}", False),
        ("Authorization", "Basic " + base64.b64encode(b"zhang:geheim").decode(), True),
        ("Authorization", "Basic " + base64.b64encode(f"zhang:{STANDIN}".encode()).decode(), False),
        ("Authorization", "Basic %%%", True),
        ("Authorization", "Digest response=abc", False),
        ("Authorization", "abc", True),
        ("Authorization", " abc ", True),
        ("Authorization", STANDIN, False),
        ("Authorization", "HMAC-SHA256 a=b, c=d", False),
        ("Proxy-Authorization", "Bearer abc", True),
        ("AUTHORIZATION", "Bearer abc", True),
        ("Cookie", "sid=abc", True),
        ("Cookie", f"sid={STANDIN}", False),
        ("Cookie", "sid=", False),
        ("Cookie", "sid", False),
        ("Cookie", "a=; b=", False),
        ("Cookie", "a=; b=c", True),
        ("Cookie", "a; b", False),
        ("Cookie", f"a=; b={STANDIN}", False),
        ("X-Trace", "Bearer abc", False),
    ],
)
def test_a_header_that_holds_a_credential_is_told(
    tmp_path: Path, name: str, value: str, is_told: bool
) -> None:
    problems, hints = find(tmp_path, exchange(headers=[(name, value)]), net=0)

    message = f"the header {name.lower()} holds a credential; record it afresh"
    assert [one.message.startswith(message) for one in problems] == [True] * is_told
    assert hints == []
    injected = exchange(headers=[(name, value)], injected=(f"header.{name}",))
    assert find(tmp_path, injected)[0] == []
    headers = [("Authorization", "Bearer abc"), ("Cookie", "sid=abc")]
    partly = find(tmp_path, exchange(headers=headers, injected=("header.Authorization",)))[0]
    assert [one.message.partition(" holds")[0] for one in partly] == ["the header cookie"]


HOOK = "https://open.feishu.example.test/open-apis/bot/v2/hook/"


@pytest.mark.parametrize(
    ("note", "name"),
    [
        (f"{HOOK}0f8c1a2b-3d4e-5f60-7182-93a4b5c6d7e8", "webhook_token"),
        ("密码：Hq7Lp2Vx9Rt", "密码"),
        (f"{HOOK}{STANDIN}", ""),
    ],
)
def test_what_younger_rules_would_hide_is_a_hint(tmp_path: Path, note: str, name: str) -> None:
    for net, errors, hints in ((2, 0, 1), (3, 1, 0)):
        problems, told = find(tmp_path, exchange(answer={"备注": note}), net=net)

        assert (len(problems), len(told)) == ((errors, hints) if name else (0, 0))
        texts = [*(one.message for one in problems), *told]
        assert all(f"{name} has a value of its own" in text for text in texts)


@pytest.mark.parametrize(
    ("value", "is_told"),
    [("sid=abc; Path=/", True), (f"sid={STANDIN}; Path=/", False), ("sid=; Max-Age=0", False)],
)
def test_a_cookie_that_a_server_sets_is_told(tmp_path: Path, value: str, is_told: bool) -> None:
    problems, _ = find(tmp_path, exchange(set_cookie=value))

    assert ["set-cookie holds a credential" in one.message for one in problems] == [True] * is_told


def test_each_cookie_that_a_server_sets_is_told_where_it_stands(tmp_path: Path) -> None:
    values = [f"a={STANDIN}; Path=/", "b=", 'c="甲"; Secure', "d=2"]
    one = exchange()
    cookies = tuple(("Set-Cookie", value) for value in values)
    outcome = replace(one.outcome, headers=(*JSON, *cookies))

    problems, _ = find(tmp_path, replace(one, outcome=outcome))

    lines = (tmp_path / "单.yaml").read_text("utf-8").splitlines()
    places = [one.place for one in problems if one.place]
    assert [lines[at.line - 1][at.column - 1 :][:2] for at in places] == ["c=", "d="]
    assert {one.message.partition(";")[0] for one in problems} == {
        "the header set-cookie holds a credential"
    }


@pytest.mark.parametrize(
    ("kind", "body", "begin"),
    [
        (FORM, "客户=甲&password=Hq7Lp2Vx9Rt", "Hq7Lp2"),
        (FORM, "客户=甲&password=Hq7%2fLp2%2FVx9%40Rt", "Hq7%2f"),
        (FORM, "password=%48q7Lp2Vx9Rt&a=1", "  request:"),
        ("application/json", '{"password": "Hq7\\/Lp2\\"Vx9Rt"}', "Hq7\\/"),
        ("application/json", '{"password": "\\u0048q7Lp2Vx9Rt"}', "  request:"),
        (FORM, "password=redacted.crm.default.token", ""), (FORM, "passwords=Hq7Lp2Vx9Rt", ""),
    ],
)  # fmt: skip
def test_a_secret_is_told_where_it_stands_however_it_is_spelled(
    tmp_path: Path, kind: str, body: str, begin: str
) -> None:
    one = exchange()
    headers, data = (("content-type", kind),), body.encode()
    assert one.request.call is not None
    call = replace(one.request.call, headers=headers, body=data)
    request = replace(one.request, headers=headers, body=data, call=call)

    problems, hints = find(tmp_path, replace(one, request=request))

    assert hints == []
    assert [one.message.partition(";")[0] for one in problems] == (
        ["password has a value of its own"] if begin else []
    )
    lines = (tmp_path / "单.yaml").read_text("utf-8").splitlines()
    for place in (one.place for one in problems):
        assert place is not None
        assert lines[place.line - 1][place.column - 1 :].startswith(begin)


@pytest.mark.parametrize(
    ("member", "value", "was_error"),
    [
        ("access_token", "abcd-efgh-12", True),
        ("ACCESS_TOKEN", "abcd-efgh-12", True),
        ("access_token", "abcd-efgh-1", False),
        ("password", "abcd-efgh-12", False),
        *((name, "abcd-efgh-12", True) for name in
          ("refresh_token", "id_token", "tenant_access_token", "client_secret", "app_secret",
           "appsecret", "corpsecret", "private_key", "api_key", "apikey")),
    ],
)  # fmt: skip
def test_a_member_named_like_a_secret_is_an_error_or_in_an_old_recording_a_hint(
    tmp_path: Path, member: str, value: str, was_error: bool
) -> None:
    for one in (exchange({member: value}), exchange(answer={"data": {member: value}})):
        new, old = find(tmp_path, one), find(tmp_path, one, net=0)

        assert (len(new[0]), len(new[1])) == (1, 0)
        assert f"{member} has a value of its own; record it afresh" in new[0][0].message
        assert "declare its place with `not_secret:`" in new[0][0].message
        assert (len(old[0]), len(old[1])) == ((1, 0) if was_error else (0, 1))
        assert not old[1] or f"{member} has a value of its own" in old[1][0]


@pytest.mark.parametrize(
    "body",
    [{"signKey": "abcd-efgh-12"}, {"passWord": "abcd-efgh-12"}, {"token": "Bearer abcd-efgh-12"},
     {"Authorization": "APPCODE abcd-efgh-12"}, {"data": "user=zs&token=abcd-efgh-12"}],
)  # fmt: skip
def test_what_younger_rules_find_is_a_hint_in_an_older_recording(tmp_path: Path, body: Any) -> None:
    for net, counts in ((0, (0, 1)), (1, (0, 1)), (2, (1, 0))):
        problems, hints = find(tmp_path, exchange(body), net=net)
        assert (len(problems), len(hints)) == counts, net


@pytest.mark.parametrize(
    ("body", "found"),
    [({"token": "abcd-efgh-12", "备注": "x"}, 1), ({"token": ""}, 0), ({"token": None}, 0),
     ({"token": STANDIN}, 0), ({"name": "abcd-efgh-12"}, 0),
     ([{"token": "abcd-1234-x"}, {}, {"token": "efgh-5678-y"}], 2)],
)  # fmt: skip
def test_each_value_of_a_secret_name_is_told(tmp_path: Path, body: Any, found: int) -> None:
    assert len(find(tmp_path, exchange(), exchange(body))[0]) == found


def test_a_known_secret_is_told_wherever_it_stands(tmp_path: Path) -> None:
    problems, _ = find(
        tmp_path,
        exchange({"备注": "无"}),
        exchange({"备注": "见 kx7-q9L-zz 处"}),
        exchange(answer={"编码": base64.b64encode(b"kx7-q9L-zz").decode()}),
        secrets={"crm.client_secret": "kx7-q9L-zz", "crm.other": "nirgends-77"},
        not_secret=NotSecretDeclarations((), ("crm.下单.body.备注",)),
    )

    assert all("the secret crm.client_secret" in one.message for one in problems)
    lines = [one.place.line for one in problems if one.place]
    assert len(set(lines)) == 2
    assert "kx7" not in "".join(one.message for one in problems)


def test_the_place_of_a_text_is_its_line_and_column(tmp_path: Path) -> None:
    problems, _ = find(tmp_path, exchange({"备注": "无"}), exchange({"备注": "一", "钥": JWT}))

    [problem] = problems
    assert problem.place is not None
    text = (tmp_path / "单.yaml").read_text(encoding="utf-8").splitlines()
    assert text[problem.place.line - 1][problem.place.column - 1 :].startswith(JWT)


@pytest.mark.parametrize(
    ("places", "body", "told", "stale"),
    [
        ((), {"钥": JWT}, 1, []),
        (("crm.下单.body.钥",), {"钥": JWT}, 0, []),
        (("crm.下单.body.锁",), {"钥": JWT}, 1, ["body.锁"]),
        (("crm.下单.body.钥", "crm.下单.body.锁"), {"钥": JWT, "锁": JWT + "y"}, 0, []),
        (("crm.下单.body.钥",), {"钥": JWT, "锁": JWT + "y"}, 1, []),
        (("crm.下单.body.钥",), {"钥": f"见 {JWT}"}, 0, []),
        (("crm.下单.body.钥",), {"钥": "三楼"}, 0, ["body.钥"]),
        (("crm.下单.body.钥",), {"钥": RANDOM}, 0, []),
        (("crm.下单.body.token",), {"token": "abcd-efgh"}, 0, []),
        (("crm.别的.body.钥",), {"钥": JWT}, 1, []),
    ],
)
def test_a_place_that_is_declared_is_no_secret_and_stale_without_one(
    tmp_path: Path, places: tuple[str, ...], body: Any, told: int, stale: list[str]
) -> None:
    declared = NotSecretDeclarations((), places)

    problems, _ = find(tmp_path, exchange(body), exchange({"备注": "无"}), not_secret=declared)

    assert len(problems) == told
    assert list(declared.find_stale_declarations()) == [
        f"pyproject.toml: crm.下单: not_secret: nothing at {place} looks like a secret in any "
        "recording; remove the entry"
        for place in stale
    ]


CRM = """\
platform_key: crm
base_url: https://crm.example.test
not_secret: [body.钥]
apis:
  下单: {method: POST, path: /o, not_secret: [body.锁]}
  查单: {method: POST, path: /q, not_secret: [body.门]}
"""


@pytest.mark.parametrize(
    ("body", "stale"),
    [
        ({"钥": JWT, "锁": JWT}, []),
        ({"钥": JWT}, ["crm: apis.下单: not_secret: nothing at body.锁"]),
        ({"锁": JWT}, ["crm: not_secret: nothing at body.钥"]),
        ({}, ["crm: not_secret: nothing at body.钥", "crm: apis.下单: not_secret: nothing at body.锁"]),
    ],
)  # fmt: skip
def test_a_declaration_of_a_platform_is_stale_once_its_calls_are_recorded(
    tmp_path: Path, body: Any, stale: list[str]
) -> None:
    declared = NotSecretDeclarations((read_platforms(tmp_path, CRM),))
    assert list(declared.find_stale_declarations()) == []

    problems, _ = find(tmp_path, exchange(body), not_secret=declared)

    assert problems == []
    found = list(declared.find_stale_declarations())
    assert [one.partition(" looks")[0] for one in found] == stale


APIS = ("下单", "查单", "撤单")


@pytest.mark.parametrize("bodies", [({"钥": JWT}, {}), ({}, {"钥": JWT}), ({}, {"钥": JWT}, {})])
def test_a_declaration_of_a_platform_is_not_stale_where_one_api_needs_it(
    tmp_path: Path, bodies: tuple[Any, ...]
) -> None:
    declared = NotSecretDeclarations((read_platforms(tmp_path, CRM),))
    calls = [exchange(body, api=api) for body, api in zip(bodies, APIS, strict=False)]

    assert find(tmp_path, *calls, not_secret=declared)[0] == []
    assert not [one for one in declared.find_stale_declarations() if "body.钥" in one]


def test_a_declaration_of_a_platform_that_nobody_called_is_not_stale(tmp_path: Path) -> None:
    for key in ("cr", "crm2", "rm"):
        text = CRM.replace("platform_key: crm", f"platform_key: {key}")
        declared = NotSecretDeclarations((read_platforms(tmp_path, text),))

        assert find(tmp_path, exchange({"备注": "无"}), not_secret=declared) == ([], [])
        assert list(declared.find_stale_declarations()) == []


def read_platforms(folder: Path, crm: str, instances: str = "") -> Platforms:
    (folder / "platforms").mkdir(exist_ok=True)
    (folder / "platforms/crm.yaml").write_text(crm, encoding="utf-8")
    (folder / "instances.yaml").write_text(instances or "[]", encoding="utf-8")
    return load_platforms([folder / "platforms"], instances=folder / "instances.yaml")


@pytest.fixture(name="repository")
def repository_of(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    return tmp_path


@pytest.mark.parametrize(
    ("part", "path"),
    [
        ("headers: {X-Api-Key: abcd-1234-efgh}", "headers.X-Api-Key"),
        ("auth: {apply: [{in: header, name: X-Api-Key, value: '{{ key }}'}]}", ""),
        ("auth: {apply: [{in: header, name: X-Api-Key, value: '{{ key or \"abcd-1234-efgh\" }}'}]}", "auth.apply[0].value"),
        ("auth: {apply: [{in: header, name: X-Api-Key, value: '{{ \"abcd-1234-efgh\" }}'}]}", "auth.apply[0].value"),
        ("auth: {apply: [{in: header, name: X-Api-Key, value: '{{ a if b else \"abcd-1234-efgh\" }}'}]}", "auth.apply[0].value"),
        ("headers: {X-Api-Key: $.data.abcd-1234}", ""),
        ("headers: {X-Api-Key: '{abcd-1234-efgh}'}", ""),
        ("headers: {X-Api-Key: Bearer abcdefgh}", ""),
        ("headers: {X-Api-Key: abc}", ""),
        ("headers: {X-Api-Key: abcdefgh}", ""),
        ("headers: {X-Trace: abcd-1234-efgh}", ""),
        ("headers: {X-Auth-Token: Bearer abcd-1234-efgh}", "headers.X-Auth-Token"),
        ("query: {api_key: abcd-1234-efgh}", "query.api_key"),
        ("apis: {下单: {method: POST, path: /o, body: {data: {api_key: abcd-1234-efgh}}}}", "apis.下单.body.data.api_key"),
        ("auth: {apply: [{in: query, name: q, value: abcd-1234-efgh}]}", ""),
        (("auth: {apply: [{in: query, name: q, value: '1'}, {in: query, name: r, value: '2'}, "
         "{in: query, name: api_key, value: abcd-1234-efgh}]}"), "auth.apply[2].value"),
        ("title: abcd-1234-efgh", ""),
        ("credentials: {api_key: {secret: true}}", ""),
        ("credentials: {钥: {secret: true, default: abcd-1234}}", "credentials.钥.default"),
        ("credentials: {a: {secret: true, default: ''}, b: {secret: true}}", ""),
        ("credentials: {api_key: {default: abcd-1234}, b: {secret: false, default: abcd}}", ""),
        ("hosts: {auth_token: 'https://id-7.example.test'}", ""),
        ("apis: {查: {path: /o, parameters: [{name: 页, in: query}, {name: api_key, in: query, default: abcd-1234-efgh}]}}", "apis.查.parameters[1].default"),
        ("apis: {查: {path: /o, parameters: [{name: 钥, in: header, to: X-Api-Key, default: abcd-1234-efgh}]}}", "apis.查.parameters[0].default"),
        ("apis: {查: {path: /o, parameters: [{name: 钥, in: header, to: X-Api-Key, default: '{{ 工号 }}'}]}}", ""),
        ("apis: {查: {path: /o, parameters: [{name: 标题, in: query, to: title, default: abcd-1234-efgh}]}}", ""),
        ("apis: {查: {path: /o, parameters: [{name: api_key, in: query, title: abcd-1234-efgh}]}}", ""),
    ],
)  # fmt: skip
def test_a_literal_of_a_secret_name_in_a_platform_is_told(
    repository: Path, part: str, path: str
) -> None:
    """Credentials are declared, so that templates may name them."""
    names = (
        ""
        if part.startswith("credentials")
        else "credentials: {key: {secret: true}, a: {}, b: {}}\n"
    )
    text = f"platform_key: crm\nbase_url: https://crm.example.test\n{names}{part}\n"

    found = list(find_literal_secrets(read_platforms(repository, text)))

    assert [one.path for one in found] == [path] * bool(path)
    assert not any("abcd" in one.message for one in found)
    clear = "is a secret and stands here in the clear, in a file that Git does not ignore;"
    if path.startswith("credentials."):
        name = path.split(".")[1]
        assert found[0].message == (
            f"{name!r} {clear} write {{env: CRM_{name}}}, or put it into instances.local.yaml"
        )
    elif path.startswith("headers."):
        assert found[0].message == (
            f"{path[8:]!r} {clear} declare a credential and write {{{{ … }}}} with its name"
        )


DECLARING = (
    "platform_key: crm\nbase_url: https://crm.example.test\n"
    "credentials: {钥: {secret: true}, 密: {secret: true}, 名: {}, 明: {secret: false}}\n"
)


@pytest.mark.parametrize(
    ("entry", "paths"),
    [
        ("credentials: {钥: abcd}", ["credentials.钥"]),
        ("credentials: {名: 张三, 明: abcd, 钥: abcd, 密: efgh}", ["credentials.钥", "credentials.密"]),
        ("credentials: {钥: {env: CRM_KEY}}", []),
        ("credentials: {钥: ''}", []),
        ("credentials: {名: 张三, 明: abcd}", []),
        ("proxy: 'http://u:geheim@proxy.example.test:3128'", ["proxy"]),
        ("proxy: 'http://u:@proxy.example.test:3128'", []),
        ("proxy: 'http://u@proxy.example.test:3128'", []),
        ("proxy: 'http://proxy.example.test:3128'", []),
        ("proxy: {env: HTTPS_PROXY}", []),
    ],
)  # fmt: skip
def test_a_literal_secret_of_an_instance_is_told_unless_git_ignores_it(
    repository: Path, entry: str, paths: list[str]
) -> None:
    instances = f"- {{platform: crm, instance_key: 测试, {entry}}}\n"

    found = list(find_literal_secrets(read_platforms(repository, DECLARING, instances)))

    assert [one.path for one in found] == paths
    for one in found:
        name = one.path.rpartition(".")[2].upper()
        assert f"write {{env: CRM_{name}}}, or put it into instances.local.yaml" in one.message
        what = one.path.rpartition(".")[2]
        is_proxy = what == "proxy"
        assert one.message.startswith("the password of" if is_proxy else f"{what!r} is a secret")
        assert one.place is not None
        assert one.place.line == 1
    (repository / ".gitignore").write_text("instances.yaml\n", encoding="utf-8")
    assert list(find_literal_secrets(read_platforms(repository, DECLARING, instances))) == []


def test_outside_of_git_nothing_is_committed(tmp_path: Path) -> None:
    instances = "- {platform: crm, instance_key: 测试, credentials: {钥: abcd}}\n"
    literal = f"{DECLARING}headers: {{X-Api-Key: abcd-1234-efgh}}\n"

    assert list(find_literal_secrets(read_platforms(tmp_path, literal, instances))) == []


def test_where_there_is_no_git_nothing_is_told(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    literal = f"{DECLARING}headers: {{X-Api-Key: abcd-1234-efgh}}\n"
    monkeypatch.setenv("PATH", str(repository))

    assert list(find_literal_secrets(read_platforms(repository, literal))) == []
