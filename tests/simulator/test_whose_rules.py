"""Whose rules count for one request: of its API, its platform, a shipped table, its instance."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from bpmax_sim.clock import VirtualClock
from bpmax_sim.messages import Call, Request, Response
from bpmax_sim.platform.instances import InstanceOrigin, InstanceWithOrigin
from bpmax_sim.platform.load import Platforms, read_platform
from bpmax_sim.platform.model import Instance, Platform
from bpmax_sim.secret.vault import Credential, Credentials
from bpmax_sim.simulator.model import derive_rules
from bpmax_sim.simulator.simulator import SimulatorTransport, find_rule_table
from tests.simulator.bench import START, Bench, bench

HEAD = "platform_key: shop\nbase_url: https://shop.example.test/api\n"


def declare(folder: Path, text: str, head: str = HEAD) -> Platform:
    path = folder / "shop.yaml"
    path.write_text(head + text, encoding="utf-8")
    return read_platform(path)


def send(made: Bench, line: str, *, api: str | None = None, base: str = "") -> Response:
    """Send a request as the call of *api* sends it; None for another client's."""
    method, _, path = line.partition(" ")
    address = base or made.simulator.base
    request = Request(method=method, url=f"{address}{path}", base=base)
    if api is not None:
        call = Call(platform="shop", instance="default", api=api, method=method, path=path)
        request = replace(request, call=call)
    return made.simulator.handle(request)


@pytest.mark.parametrize("status", [200, 202, 299, 300, 302, 409, 500])
def test_a_key_is_kept_with_whatever_status_a_success_has(status: int, tmp_path: Path) -> None:
    made = bench(
        declare(
            tmp_path,
            f"response: {{ok: {{status: [{status}]}}}}\n"
            "apis: {pay: {method: POST, path: /pay, idempotency: {in: header, name: X-Key},\n"
            "  parameters: [{name: 金额, in: body}]}}\n",
        ),
        {},
    )

    def pay(amount: int) -> tuple[int, Any]:
        response = made.send("POST /pay", {"金额": amount}, headers={"X-Key": "HT-7"})
        return response.status, json.loads(response.body)["金额"]

    assert [pay(100), pay(200)] == [(status, 100)] * 2


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/x", {"code": 400, "message": "query.单号 is missing"}),
        ("/y", {"code": 404, "message": "没有这个接口"}),
    ],
)
def test_a_refusal_says_more_than_the_message_of_its_code(
    path: str, body: dict[str, Any], tmp_path: Path
) -> None:
    text = "apis: {get: {path: /x, parameters: [{name: 单号, in: query, required: true}]}}\n"
    made = bench(declare(tmp_path, text), {})
    table = made.simulator.table
    messages = {"400": "参数错误", "404": "没有这个接口"}
    own = {code: replace(table.errors[code], message=message) for code, message in messages.items()}
    made.simulator.table = replace(table, errors={**table.errors, **own})

    assert json.loads(send(made, f"GET {path}").body) == body


CRM = """\
platform_key: crm_system
base_url: https://crm.example.test
credentials: {client_id: {}, client_secret: {secret: true}, refresh_token: {secret: true}}
auth:
  acquire:
    steps:
      - request: {method: POST, path: /oauth/token, form: {%s}}
        extract: {token: {path: $.access_token, secret: true}}
  apply: [{in: header, name: Authorization, value: "Bearer {{ token }}"}]
apis: {get: {path: "/api/customers/{id}"}}
"""
NAMES = 'client_id: "{{ client_id }}", client_secret: "{{ client_secret }}"'


@pytest.mark.parametrize(
    ("kind", "is_shipped"),
    [
        ("client_credentials", True), ("refresh_token", True), ("password", False),
        ("authorization_code", False), ("Client_Credentials", False), ("", False), (None, False),
    ],
)  # fmt: skip
@pytest.mark.parametrize("has_refresh_token", [True, False], ids=["refreshable", "plain"])
def test_a_shipped_table_is_followed_by_a_login_whose_grant_it_knows(
    kind: str | None, is_shipped: bool, has_refresh_token: bool, tmp_path: Path
) -> None:
    form = NAMES if kind is None else f'grant_type: "{kind}", {NAMES}'
    text = CRM % form
    if not has_refresh_token:
        text = text.replace(", refresh_token: {secret: true}", "")
    platform = declare(tmp_path, text, head="")

    is_followed = is_shipped and (has_refresh_token or kind != "refresh_token")
    table = find_rule_table(platform)
    assert bool(table.routes) == is_followed
    # where both know an error, as of what has expired, it is that of the table
    message = "令牌已过期" if is_followed else "the time of the signature is too old"
    assert table.errors["expired"].message == message


@pytest.mark.parametrize(
    ("code", "headers"),
    [
        ("[header:X-Code, header:X-Error, header:X-Third]", {"X-Code": "E1"}),
        ("[$.code, header:X-Error]", {}), ("[header:X-Code, $.code]", {"X-Code": "E1"}),
        ("[]", {}),
    ],
)  # fmt: skip
def test_of_several_places_of_a_code_a_refusal_has_the_first(
    code: str, headers: dict[str, str], tmp_path: Path
) -> None:
    text = f"response: {{code: {code}, classes: {{token: {{code: [E1, E2]}}}}}}\n"

    rules = derive_rules(declare(tmp_path, text))

    assert rules.errors["token"].headers == headers


SAME = """\
apis:
  query: {path: /x, parameters: [{name: a, in: query}]}
  count: {path: /x, parameters: [{name: b, in: query}]}
  export: {path: /x, parameters: [{name: c, in: query}]}
  other: {path: /y}
"""


@pytest.mark.parametrize(
    ("api", "body"),
    [
        ("query", {"a": "a"}), ("count", {"b": "b"}), ("export", {"c": "c"}),
        ("other", {"a": "a"}), ("", {"a": "a"}), (None, {"a": "a"}),
    ],
)  # fmt: skip
def test_of_several_apis_at_one_address_that_which_is_called_answers(
    api: str | None, body: dict[str, Any], tmp_path: Path
) -> None:
    made = bench(declare(tmp_path, SAME), {})

    assert json.loads(send(made, "GET /x", api=api).body) == body


OWN = """\
credentials: {key: {secret: true}, badge: {secret: true}}
auth: {apply: [{in: header, name: X-Key, value: "{{ key }}"}]}
response: {code: [$.code], message: [$.message], classes: {token: {code: [E1]}}}
apis:
  plain: {path: /plain}
  worded: {path: /worded, response: {code: [$.状态], message: [$.说明],
           classes: {token: {code: [T1], status: [403]}}}}
  badged: {path: /badged, auth: {apply: [{in: header, name: X-Badge, value: "{{ badge }}"}]}}
"""


@pytest.mark.parametrize(
    ("line", "header", "status", "code"),
    [
        ("GET /plain", "X-Key: k", 200, None), ("GET /plain", "X-Badge: b", 401, ("code", "E1")),
        ("GET /worded", "X-Key: k", 200, None), ("GET /worded", "X-Key: b", 403, ("状态", "T1")),
        ("GET /badged", "X-Badge: b", 200, None), ("GET /badged", "X-Key: k", 401, ("code", "E1")),
    ],
)  # fmt: skip
def test_an_api_has_its_own_auth_and_its_own_words(
    line: str, header: str, status: int, code: tuple[str, str] | None, tmp_path: Path
) -> None:
    made = bench(declare(tmp_path, OWN), {"key": "k", "badge": "b"})
    name, _, value = header.partition(": ")

    response = made.send(line, headers={name: value})

    assert response.status == status
    body = json.loads(response.body)
    assert code is None or body[code[0]] == code[1]
    assert code is not None or not {"code", "状态"} & {*body}
    assert json.loads(made.send("GET /none").body)["code"] == 404  # of the platform, ever after


LOGINS = """\
credentials: {key: {secret: true}}
auth:
  acquire:
    steps:
      - request: {method: POST, path: /login, body: {key: "{{ key }}"}}
        extract: {token: {path: $.token, secret: true}}
    ttl: {default: 1000}
  apply: [{in: header, name: X-Token, value: "{{ token }}"}]
apis:
  plain: {path: /plain}
  quick:
    path: /quick
    auth:
      acquire:
        steps:
          - request: {method: POST, path: /quick-login, body: {key: "{{ key }}"}}
            extract: {pass: {path: $.pass, secret: true}}
        ttl: {default: 100}
      apply: [{in: header, name: X-Pass, value: "{{ pass }}"}]
"""


@pytest.mark.parametrize(
    ("after", "statuses"),
    [(0, [200, 200]), (99, [200, 200]), (100, [200, 401]), (999, [200, 401]), (1000, [401, 401])],
)
def test_a_token_of_an_api_with_its_own_login_lives_as_that_says(
    after: int, statuses: list[int], tmp_path: Path
) -> None:
    made = bench(declare(tmp_path, LOGINS), {"key": "k"})
    token = made.ask("POST /login", {"key": "k"})["token"]
    own = made.ask("POST /quick-login", {"key": "k"})["pass"]
    made.clock.advance(after)

    sent = (("GET /plain", {"X-Token": token}), ("GET /quick", {"X-Pass": own}))
    assert [made.send(line, headers=headers).status for line, headers in sent] == statuses


def test_an_api_beside_a_shipped_table_has_the_words_of_the_table(tmp_path: Path) -> None:
    own = "{get: {path: /own, response: {code: [$.状态], classes: {token: {code: [T1]}}}}}"
    text = CRM % f"grant_type: client_credentials, {NAMES}"
    platform = declare(tmp_path, text.replace('{get: {path: "/api/customers/{id}"}}', own), head="")
    made = bench(platform, {"client_id": "c", "client_secret": "s"})

    assert made.simulator.table.routes
    response = made.send("GET /own")
    assert (response.status, "状态" in json.loads(response.body or b"{}")) == (401, False)


@pytest.mark.parametrize(
    ("base", "path"),
    [
        ("", "/x/7"), ("https://shop.example.test/api", "/x/7"),
        ("https://beijing.example.test", "/x/7"), ("http://127.0.0.1:8080/gateway/v2", "/x/7"),
    ],
)  # fmt: skip
def test_a_path_begins_behind_the_address_of_the_call(base: str, path: str, tmp_path: Path) -> None:
    made = bench(declare(tmp_path, 'apis: {get: {path: "/x/{id}"}}\n'), {})

    response = send(made, f"GET {path}", base=base)

    assert (response.status, json.loads(response.body)) == (200, {"id": "7"})


KEYS = ("default", "test", "dev")


def test_only_enabled_instances_are_known_to_a_simulator(tmp_path: Path) -> None:
    platform = declare(tmp_path, OWN)
    entries = [
        InstanceWithOrigin(
            Instance(platform="shop", instance_key=key, enabled=key != "test"), InstanceOrigin()
        )
        for key in KEYS
    ]
    transport = SimulatorTransport(
        Platforms(own={"shop": platform}).copy_replacing_entries(entries),
        lambda _platform, instance: Credentials(
            Credential(name="key", real=f"k-{instance.instance_key}", standin="")
        ),
        clock=VirtualClock(START),
    )

    statuses = [
        transport.handle(
            Request(
                method="GET",
                url="https://shop.example.test/api/plain",
                headers=(("X-Key", f"k-{key}"),),
            )
        ).status
        for key in KEYS
    ]

    assert statuses == [200, 401, 200]
