"""Credentials and values of logins that no request gets, and names in single braces."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpmax_sim.i18n import translate
from bpmax_sim.platform.load import list_built_in_keys, load_platforms
from bpmax_sim.platform.suspect_declarations import find_suspect_declarations
from bpmax_sim.yamlfile import to_display_path

HEAD = "platform_key: 合同\nbase_url: https://crm.example.test\n"
KEY = "credentials: {key: {secret: true}}\n"
LOGIN = """\
credentials:
  key: {secret: true}
auth:
  acquire:
    steps:
      - request: {path: /login, body: {key: "{{ key }}"}}
        extract: {token: {path: $.token, secret: true}, ttl: {path: $.ttl}}
"""
UNUSED = (
    "nothing uses the credential {0!r}; write {{{{ {0} }}}} in auth, where it is to be sent, or "
    "remove it"
)
NOT_FILLED = (
    " is sent as it stands, as only auth fills in values; write apply: [{{in: {}, name: {}, value: "
    "'{}'}}] there"
)
LOST = (
    "no request gets what this login extracts (token); write apply: [{in: header, name: "
    "Authorization, value: 'Bearer {{ token }}'}]"
)


def literal(text: str, name: str) -> str:
    return f"'{text}' is sent as it stands; write {{{{ {name} }}}} for the value"


def suspects(folder: Path, text: str, key: str = "合同", **others: str) -> list[str]:
    """Return what is suspect in platform *key*: line, column and message."""
    for name, content in {"合同": HEAD + text, **others}.items():
        (folder / f"{name}.yaml").write_text(content, "utf-8")
    file = f"{to_display_path(folder / f'{key}.yaml')}:"
    found = find_suspect_declarations(load_platforms(folder), key)
    return [
        f"{one.place}: {translate(one.message)}".removeprefix(file).replace(f" {key}:", "", 1)
        for one in found
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (LOGIN, [f"7:5: auth.acquire: {LOST}"]),
        (
            LOGIN + "  apply: [{in: header, name: Authorization, value: 'Bearer {{ key }}'}]",
            [f"7:5: auth.acquire: {LOST}"],
        ),
        (
            LOGIN + "  apply: [{in: header, name: Authorization, value: 'Bearer { token }'}]",
            [f"10:52: auth.apply[0].value: {literal('{ token }', 'token')}"],
        ),
        (
            LOGIN + "  apply: [{in: header, name: Authorization, value: 'Bearer ${token}'}]",
            [f"10:52: auth.apply[0].value: {literal('${token}', 'token')}"],
        ),
        (
            LOGIN.replace("{{ key }}", "{key}").replace("$.token", "$.t")
            + "  apply: [{in: query, name: t, value: '{{ token }}'}]",
            [f"8:45: auth.acquire.steps[0].request.body.key: {literal('{key}', 'key')}"],
        ),
        (f"{KEY}auth: none", [f"3:20: {UNUSED.format('key')}"]),
        (KEY, [f"3:20: {UNUSED.format('key')}"]),
        (
            "credentials: {key: {}, 密钥: {}}\nauth: {preset: api_key, name: X-Key}",
            [f"3:28: {UNUSED.format('密钥')}"],
        ),
        (
            f"{KEY}headers: {{X-Key: '{{ key }}'}}",
            [
                "4:18: headers.X-Key: '{ key }'" + NOT_FILLED.format("header", "X-Key", "{{ key }}")
            ],
        ),
        (
            f"{KEY}apis: {{查询: {{query: {{k: '{{key}}'}}, auth: {{preset: api_key, name: K}}}}}}",
            [
                "4:24: apis.查询.query.k: '{key}'" + NOT_FILLED.format("query", "k", "{{ key }}")
            ],
        ),
        (
            "apis: {建单: {idempotency: {in: header, name: K, value: '{call_id}'}}}",
            [f"3:55: apis.建单.idempotency.value: {literal('{call_id}', 'call_id')}"],
        ),
        (
            LOGIN + "  apply: [{in: query, name: t, value: '{{ token }}'}]\n"
            "apis: {建单: {idempotency: {in: header, name: K, value: '{{ call_id }}{token}'}}}",
            [f"11:55: apis.建单.idempotency.value: {literal('{token}', 'token')}"],
        ),
        (
            LOGIN + "  apply:\n    - {in: query, name: t, value: '{{ token }}'}\n"
            "    - {in: query, name: t2, value: '{token}'}",
            [f"12:36: auth.apply[1].value: {literal('{token}', 'token')}"],
        ),
        (
            KEY + "apis:\n  查询:\n" + LOGIN.replace(KEY, "").split("\n", 2)[2].replace(
                "auth:", "    auth:").replace("\n  ", "\n      "),
            [f"8:9: apis.查询.auth.acquire: {LOST}"],
        ),
    ],
)  # fmt: skip
def test_a_value_that_no_request_gets_is_suspect(
    tmp_path: Path, text: str, told: list[str]
) -> None:
    assert suspects(tmp_path, text) == told


@pytest.mark.parametrize(
    "text",
    [
        "auth: {preset: basic}",
        "credentials: {key: {secret: true}}\nauth: {preset: api_key, name: X-Key}",
        "auth: {preset: hmac}",
        LOGIN + "  apply: [{in: header, name: Authorization, value: 'Bearer {{ token }}'}]",
        LOGIN.replace("extract: {token", "extract: {其他: {path: $.x, optional: true}, token")
        + "  apply: [{in: header, name: Authorization, value: '{{ token | upper }}'}]",
        LOGIN.replace(LOGIN.splitlines()[-1] + "\n", "")[:-1],
        LOGIN + "  sign: {message: '{{ token }}{{ path }}', key: '{{ key }}'}",
        f"{KEY}auth: {{sign: {{message: '{{{{ body }}}}', key: '{{{{ key }}}}'}}}}",
        f"{KEY}apis: {{查询: {{query: {{k: {{$credential: key}}}}}}}}",
        f"{KEY}apis: {{查询: {{method: POST, body: {{甲: {{乙: {{$credential: key}}}}}}}}}}",
        f"{KEY}apis: {{查询: {{auth: {{preset: api_key, name: K}}}}}}",
        f"{KEY}query: {{k: {{$credential: key}}}}\napis: {{查询: {{path: '/{{key}}'}}}}",
        KEY + "apis: {查询: {path: '/{key}/x', auth: {preset: api_key, in: path, name: key}}}",
        f"{KEY}apis: {{建单: {{idempotency: {{in: header, name: K, value: '{{{{ key }}}}'}}}}}}",
        LOGIN.replace("credentials:", "credentials:\n  tenant: {}").replace(
            "acquire:\n", "acquire:\n    share: [tenant]\n"
        )
        + "  apply: [{in: header, name: K, value: '{{ token }}'}]",
        f"{KEY}auth: {{apply: [{{in: header, name: K, value: '{{\"k\": {{{{ key }}}}}}'}}]}}",
        "apis: {查询: {headers: {X: '{id}', Y: '{key}'}, query: {f: '{名}'}}}",
        LOGIN.replace("/login", "'/login/{编号}'")
        + "  apply: [{in: header, name: K, value: '{{ token }} {编号} {{ token ~ \"{key}\" }}'}]",
    ],
)
def test_a_value_that_a_request_gets_is_right(tmp_path: Path, text: str) -> None:
    assert suspects(tmp_path, text) == []


def test_a_tenant_in_the_address_needs_two_braces(tmp_path: Path) -> None:
    head = (
        "platform_key: oa\nbase_url: 'https://{tenant}.example.test'\ncredentials: {tenant: {}}\n"
    )

    assert suspects(tmp_path, "", "oa", oa=head) == [
        f"2:11: base_url: {literal('{tenant}', 'tenant')}"
    ]


def test_what_a_platform_declares_may_be_for_those_that_extend_it(tmp_path: Path) -> None:
    login = "auth: {apply: [{in: header, name: K, value: '{{ token }} {{ key }}'}]}\n"
    others = {
        "华东": "platform_key: 华东\nextends: 合同\n",
        "上海": f"platform_key: 上海\nextends: 华东\n{login}",
    }

    assert suspects(tmp_path, LOGIN, **others) == []
    assert suspects(tmp_path, LOGIN, "上海", **others) == []
    assert [len(suspects(tmp_path, LOGIN, key, **others)) for key in others] == [0, 0]


def test_what_a_parent_or_a_preset_declares_is_no_fault_of_the_file(tmp_path: Path) -> None:
    others = {"上海": "platform_key: 上海\nextends: 合同\nauth: {preset: none}\n"}

    assert suspects(tmp_path, KEY + "auth: {preset: api_key, name: K}", "上海", **others) == []
    own = "credentials: {mine: {}}\nauth: {apply: [{in: query, name: k, value: '{{ mine }}'}]}\n"
    others = {"上海": f"platform_key: 上海\nextends: 合同\n{own}"}
    assert suspects(tmp_path, KEY + "auth: {preset: api_key, name: K}", "上海", **others) == []


def test_what_is_wrong_for_whoever_inherits_it_has_no_place_in_his_file(tmp_path: Path) -> None:
    others = {"上海": "platform_key: 上海\nextends: 合同\n"}
    message = "timeout: 30000 is in seconds; write 30 where milliseconds are meant"

    assert suspects(tmp_path, "timeout: 30000", **others) == [f"3:10: {message}"]
    assert suspects(tmp_path, "timeout: 30000", "上海", **others) == [f"None: {message}"]


def test_the_place_is_that_of_the_folder_that_wins(tmp_path: Path) -> None:
    folders = [tmp_path / "共用", tmp_path / "本项目"]
    for lines, folder in enumerate(folders):
        folder.mkdir()
        (folder / "合同.yaml").write_text("\n" * lines + HEAD + "timeout: 30000\n", "utf-8")

    (found,) = find_suspect_declarations(load_platforms(folders), "合同")

    assert str(found.place) == f"{to_display_path(folders[1] / '合同.yaml')}:4:10"


def test_a_shipped_platform_is_not_suspect(tmp_path: Path) -> None:
    platforms = load_platforms(tmp_path)

    assert [*list_built_in_keys()]
    assert [
        one.message
        for key in list_built_in_keys()
        for one in find_suspect_declarations(platforms, key)
    ] == []
