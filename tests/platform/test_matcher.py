"""Which API, login or platform a request is for, whatever client sent it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpmax_sim.messages import Request
from bpmax_sim.path_template import compile_path_template
from bpmax_sim.platform.load import Platforms, load_platforms
from bpmax_sim.platform.matcher import (
    ApiMatch,
    ApiMatcher,
    expand_templates,
    iterate_login_steps,
    list_address_variables,
    resolve_instance_addresses,
)

BASES = {
    "chat": "https://chat.example.test/v3",
    "cloud": "https://cloud.example.test",
    "sap": "https://sap.example.test/odata",
    "graph": "https://graph.example.test/v1.0",
    "login": "https://login.example.test",
}
CHAT = """\
platform_key: chat
base_url: https://chat.example.test/v3
credentials: {user: {}, password: {secret: true}, tenant: {}}
auth:
  acquire:
    steps:
      - request:
          path: /login
          body: {type: m.login.password, user: "{{ user }}", password: "{{ password }}"}
        extract: {token: {path: $.access_token, secret: true}}
  apply: [{in: header, name: Authorization, value: "Bearer {{ token }}"}]
apis:
  profile: {path: "/profile/{userId}"}
  me: {path: /profile/me}
  avatar: {path: "/profile/{userId}.png"}
  send: {method: PUT, path: "/rooms/{roomId}/send/{txnId}"}
  slash: {path: /rooms/}
  my_tags: {path: /tags/me}
  tags: {path: "/tags/{userId}/"}
"""
CLOUD = """\
platform_key: cloud
base_url: https://cloud.example.test
auth: none
apis:
  list: {path: "/?Action=ListCustomers"}
  show: {path: /, query: {Action: ShowCustomer}}
  tc_show: {method: POST, path: /, headers: {X-TC-Action: ShowCustomer}, body: {msgtype: text}}
  tc_list: {method: POST, path: /, headers: {X-TC-Action: ListCustomers}}
  text: {method: POST, path: /robot, body: {msgtype: text}}
  card: {method: POST, path: /robot, body: {msgtype: card, at: {all: true}}}
  one: {method: POST, path: /twins, body: {a: 1}}
  form: {method: POST, path: /upload, encoding: form}
  bulk: {method: POST, path: /upload, headers: {Content-Type: application/vnd.bulk+json}}
  json: {method: POST, path: /upload}
  first: {method: PUT, path: /same}
  second: {method: PUT, path: /same}
  default: {path: /search, query: {limit: 10}}
  on: {path: /flags, query: {all: true}}
  off: {path: /flags, query: {all: false}}
  one_of: {path: /flags, query: {all: 1}}
  half: {path: /flags, query: {all: 0.5}}
  empty: {path: "/empty?v="}
  full: {path: "/empty?v=1"}
  wide: {path: /router}
  narrow: {path: /router, query: {method: trade.get}}
  narrowest: {path: /router, query: {method: trade.get, v: "2.0"}}
  form_on: {method: POST, path: /flags, encoding: form, body: {all: true, n: 1}}
  form_off: {method: POST, path: /flags, encoding: form, body: {all: false, n: 1}}
"""
SAP = """\
platform_key: sap
base_url: https://sap.example.test/odata
credentials: {user: {}, password: {secret: true}}
auth:
  acquire:
    steps:
      - request: {method: GET, path: /, headers: {x-csrf-token: Fetch}}
        extract: {token: {path: "header:x-csrf-token", secret: true}}
  apply: [{in: header, name: x-csrf-token, value: "{{ token }}"}]
apis: {root: {path: /}, orders: {path: /Orders}}
"""
CLOUD_LOGIN = """\
platform_key: drive
base_url: https://graph.example.test/v1.0
credentials: {tenant: {}, client_id: {}, client_secret: {secret: true}}
auth:
  preset: oauth2_client_credentials
  token_url: "https://login.example.test/{{ tenant }}/oauth2/token"
apis: {item: {path: "/items/{id}"}}
"""


@pytest.fixture(name="matcher", scope="module")
def of_files(tmp_path_factory: pytest.TempPathFactory) -> ApiMatcher:
    return ApiMatcher(load_platforms(written(tmp_path_factory.mktemp("platforms"))))


def written(folder: Path) -> Path:
    for text in (CHAT, CLOUD, SAP, CLOUD_LOGIN):
        name = text.partition(": ")[2].partition("\n")[0]
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder


def asked(method: str, url: str, **more: Any) -> Request:
    key, _, rest = url.partition(":")
    return Request(method=method, url=BASES[key] + rest, **more)


def found(match: ApiMatch | None) -> str:
    """Return what came of it as one text."""
    if match is None:
        return ""
    key = match.target.platform.platform_key
    if match.target.login:
        return f"{key} login {match.target.login.number} {match.path}"
    if match.target.candidates:
        return f"{key} {'|'.join(api.key for api in match.target.candidates)}"
    return f"{key} {match.target.api.key if match.target.api else '-'} {match.path}"


@pytest.mark.parametrize(
    ("method", "url", "expected"),
    [
        ("GET", "chat:/profile/@lisi:localhost", "chat profile /profile/%40lisi%3Alocalhost"),
        ("GET", "chat:/profile/%40lisi%3alocalhost", "chat profile /profile/%40lisi%3Alocalhost"),
        ("GET", "chat:/profile/a%2Fb", "chat profile /profile/a%2Fb"),
        ("GET", "chat:/profile/a%252Fb", "chat profile /profile/a%252Fb"),
        ("GET", "chat:/profile/%FF", "chat profile /profile/%FF"),
        ("GET", "chat:/profile/me", "chat me /profile/me"),
        ("GET", "chat:/profile/%6De", "chat me /profile/me"),
        ("GET", "chat:/profile/张三.png", "chat avatar /profile/%E5%BC%A0%E4%B8%89.png"),
        ("GET", "chat:/profile/", "chat - /profile/"),
        ("GET", "chat:/profile/a/", "chat profile /profile/a/"),
        ("GET", "chat:/rooms", "chat slash /rooms"),
        ("GET", "chat:/rooms/?x=/y", "chat slash /rooms/"),
        ("GET", "chat:", "chat - /"),
        ("PUT", "chat:/rooms/!r%3A甲/send/1", "chat send /rooms/%21r%3A%E7%94%B2/send/1"),
        ("GET", "chat:/tags/me", "chat my_tags /tags/me"),
        ("GET", "chat:/tags/me/", "chat tags /tags/me/"),
        ("GET", "chat:/tags/you", "chat tags /tags/you"),
        ("POST", "chat:/login", "chat login 1 /login"),
        ("POST", "chat:3/login", ""),
        ("GET", "cloud:?Action=ListCustomers", "cloud list /"),
        ("GET", "cloud:/?Action=ShowCustomer&id=1", "cloud show /"),
        ("GET", "cloud:/?Action=Drop", "cloud list|show"),
        ("GET", "cloud:/search?limit=20", "cloud default /search"),
        ("GET", "cloud:/flags?all=true", "cloud on /flags"),
        ("GET", "cloud:/router", "cloud wide /router"),
        ("GET", "cloud:/router?method=trade.add&v=2.0", "cloud wide /router"),
        ("GET", "cloud:/router?method=trade.get&v=1.0", "cloud narrow /router"),
        ("GET", "cloud:/router?v=2.0&x=1&method=trade.get", "cloud narrowest /router"),
        ("GET", "cloud:/flags?all=false&all=x", "cloud off /flags"),
        ("GET", "cloud:/flags?all=1", "cloud one_of /flags"),
        ("GET", "cloud:/flags?all=0.5", "cloud half /flags"),
        ("GET", "cloud:/flags?all=0.25", "cloud on|off|one_of|half"),
        ("GET", "cloud:/flags?all=True", "cloud on|off|one_of|half"),
        ("GET", "cloud:/empty?v=", "cloud empty /empty"),
        ("GET", "cloud:/empty?v=1", "cloud full /empty"),
        ("GET", "cloud:/empty", "cloud empty|full"),
        ("PUT", "cloud:/same", "cloud first|second"),
        ("GET", "sap:/", "sap root /"),
        ("POST", "login:/my-tenant/oauth2/token", "drive login 1 /my-tenant/oauth2/token"),
        ("POST", "login:/my-tenant/other", ""),
        ("GET", "graph:/items/7", "drive item /items/7"),
        ("GET", "graph:/items/7#top?x=1", "drive item /items/7"),
        ("GET", "graph:/items/7?x=1#top", "drive item /items/7"),
        ("GET", "graph:/items/7?", "drive item /items/7"),
        ("get", "graph:/items/7", "drive item /items/7"),
        ("GET", "graph:#top", "drive - /"),
        ("GET", "graph:1/items/7", ""),
    ],
)  # fmt: skip
def test_method_and_path_decide_and_literals_come_first(
    matcher: ApiMatcher, method: str, url: str, expected: str
) -> None:
    assert found(matcher.match(asked(method, url))) == expected


def posted(url: str, body: Any, *, form: bool = False, **headers: str) -> Request:
    kind = "application/x-www-form-urlencoded" if form else "application/json"
    data = urlencode(body) if form else json.dumps(body)
    pairs = [("Content-Type", kind), *((n.replace("_", "-"), v) for n, v in headers.items())]
    return asked("POST", url, headers=tuple(pairs), body=data.encode())


BULK = "application/vnd.bulk+json; charset=utf-8"


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (posted("cloud:/", {"msgtype": "text"}, x_tc_action="ShowCustomer"), "cloud tc_show /"),
        (posted("cloud:/", {"msgtype": "x"}, x_tc_action="ShowCustomer"), "cloud tc_show|tc_list"),
        (posted("cloud:/", {}, X_TC_Action="ListCustomers"), "cloud tc_list /"),
        (posted("cloud:/robot", {"msgtype": "text", "客户": "张三"}), "cloud text /robot"),
        (posted("cloud:/robot", {"msgtype": "card", "at": {"all": True}}), "cloud card /robot"),
        (posted("cloud:/robot", {"msgtype": "card", "at": {"all": 1}}), "cloud text|card"),
        (posted("cloud:/robot", {"msgtype": "text"}, form=True), "cloud text /robot"),
        (posted("cloud:/flags", {"all": "true", "n": "1"}, form=True), "cloud form_on /flags"),
        (posted("cloud:/flags", {"all": "false", "n": 1}, form=True), "cloud form_off /flags"),
        (posted("cloud:/upload", {"a": "1"}, form=True), "cloud form /upload"),
        (posted("cloud:/upload", {"a": "1"}), "cloud json /upload"),
        (posted("cloud:/upload", "x"), "cloud json /upload"),
        (
            asked("POST", "cloud:/upload", headers=(("content-type", BULK),), body=b"{}"),
            "cloud bulk /upload",
        ),
        (posted("chat:/login", {"type": "m.login.token"}), "chat login 1 /login"),
        (
            asked("GET", "sap:/", headers=(("X-CSRF-Token", "Fetch"),)),
            "sap login 1 /",
        ),
    ],
)  # fmt: skip
def test_constant_members_and_then_the_encoding_tell_apis_with_one_path_apart(
    matcher: ApiMatcher, request_: Request, expected: str
) -> None:
    assert found(matcher.match(request_)) == expected


def test_a_note_names_the_apis_that_are_left(matcher: ApiMatcher) -> None:
    same = matcher.match(asked("PUT", "cloud:/same"))
    none = matcher.match(asked("GET", "cloud:/?Action=Drop"))

    assert same is not None
    assert none is not None
    assert same.note == (
        "cloud: nothing in the request tells the APIs first, second apart; give each a constant "
        "query, header or body member"
    )
    assert none.note == "cloud: the constant members of no API fit the request: list, show"


def test_parameters_are_decoded(matcher: ApiMatcher) -> None:
    match = matcher.match(asked("PUT", "chat:/rooms/!r%3A%E7%94%B2/send/a+b%20c"))

    assert match is not None
    assert match.parameters == {"roomId": "!r:甲", "txnId": "a+b c"}


VALUES = st.text(min_size=1).filter(lambda text: text.isprintable() and text not in {".", ".."})


@given(st.dictionaries(st.sampled_from(["甲", "b", "c"]), VALUES, min_size=3))
def test_what_is_filled_into_a_path_is_what_is_read_out_of_it(values: dict[str, str]) -> None:
    template = compile_path_template("/客户/{甲}/x-{b}/{c}/")

    path = template.fill(values)

    assert template.match(path) == values
    assert path.isascii()


@pytest.mark.parametrize(
    ("template", "path", "values"),
    [
        ("/客户/{id}/合同/{id}", "/客户/1/合同/1", {"id": "1"}),
        ("/客户/{id}/合同/{id}", "/客户/1/合同/2", None),
        ("/客户/{id}/合同/{id}", "/客户/1/合同/%31", {"id": "1"}),
        ("/客户/{id}/合同/{id}", "/客户/1/合同", None),
        ("/客户/{id}/合同/{no}", "/客户/1/合同/2", {"id": "1", "no": "2"}),
        ("/客户/{id}-{id}", "/客户/7-7", {"id": "7"}),
        ("/客户/{id}-{id}", "/客户/7-8", None),
        ("/{a}/{b}/{a}", "/甲/乙/甲", {"a": "甲", "b": "乙"}),
        ("/{a}/{b}/{a}", "/甲/乙/乙", None),
        ("/{a}/{b}/{a}", "/甲/甲/甲/", {"a": "甲", "b": "甲"}),
    ],
)
def test_a_name_that_is_there_twice_stands_for_one_value(
    template: str, path: str, values: dict[str, str] | None
) -> None:
    assert compile_path_template(template).match(path) == values


def test_of_two_platforms_the_one_with_the_narrower_address_is_meant(tmp_path: Path) -> None:
    (tmp_path / "crm.yaml").write_text(
        "platform_key: crm\nbase_url: https://host.example.test/crm\n"
        "apis: {issue: {method: POST, path: /token}}\n"
    )
    (tmp_path / "erp.yaml").write_text(
        "platform_key: erp\nbase_url: https://erp.example.test\ncredentials: {key: {}}\n"
        "auth:\n  acquire:\n    steps:\n      - request:\n"
        "          url: https://host.example.test/crm/token\n"
        "          body: {key: '{{ key }}'}\n"
        "        extract: {token: {path: $.token, secret: true}}\n"
        "apis: {find: {}}\n"
    )
    request = Request(method="POST", url="https://host.example.test/crm/token", body=b"{}")

    match = ApiMatcher(load_platforms(tmp_path)).match(request)

    assert match is not None
    assert (match.target.platform.platform_key, match.target.login) == ("crm", None)


@pytest.mark.parametrize("owner", ["aaa", "zzz"])
def test_at_one_address_its_owner_comes_before_a_login_of_others(
    tmp_path: Path, owner: str
) -> None:
    (tmp_path / "own.yaml").write_text(
        f"platform_key: {owner}\nbase_url: https://host.example.test\n"
        "apis: {issue: {method: POST, path: /token}}\n"
    )
    (tmp_path / "erp.yaml").write_text(
        "platform_key: erp\nbase_url: https://erp.example.test\ncredentials: {key: {}}\n"
        "auth:\n  acquire:\n    steps:\n      - request:\n"
        "          url: https://host.example.test/token\n"
        "        extract: {token: {path: $.token, secret: true}}\n"
        "apis: {find: {}}\n"
    )
    match = ApiMatcher(load_platforms(tmp_path)).match(
        Request(method="POST", url="https://HOST.example.test/token")
    )

    assert match is not None
    assert (match.target.platform.platform_key, match.is_outside) == (owner, False)


BRANCHES = """\
platform_key: crm
base_url: https://crm.example.test/api
hosts: {files: "https://files.example.test/crm"}
apis: {find: {path: "/customers/{id}"}, load: {path: "/files/{id}", host: files}}
"""
INSTANCES = """\
- {platform: crm, instance_key: 总部, base_url: "https://crm.example.test/api/hq"}
- {platform: crm, instance_key: 分部, base_url: {env: CRM_BRANCH}}
- {platform: crm, instance_key: 主, default: true}
- {platform: crm, instance_key: 旧, enabled: false, base_url: "https://old.example.test"}
- {platform: crm, instance_key: 备}
- {platform: crm, instance_key: 外, hosts: {files: {env: CRM_FILES}}}
"""


@pytest.fixture(name="branches")
def of_branches(tmp_path: Path) -> Platforms:
    (tmp_path / "platforms").mkdir()
    (tmp_path / "platforms/crm.yaml").write_text(BRANCHES, encoding="utf-8")
    (tmp_path / "instances.yaml").write_text(INSTANCES, encoding="utf-8")
    return load_platforms(tmp_path / "platforms")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://crm.example.test/api/customers/1", ("主 分部 备 外 总部", "", "find")),
        ("https://crm.example.test/api/hq/customers/1", ("总部", "", "find")),
        ("https://crm.example.test/api/hq/customers/1/2/3", ("总部", "", "-")),
        ("https://crm.example.test/api/none", ("主 分部 备 外 总部", "", "-")),
        ("https://branch.example.test/customers/1", ("分部", "", "find")),
        ("https://old.example.test/customers/1", None),
        ("https://files.example.test/crm/files/1", ("主 分部 备 外 总部", "files", "load")),
        ("https://mirror.example.test/files/1", ("外", "files", "load")),
        ("https://files.example.test/crm/none", None),
    ],
)
def test_an_address_is_that_of_instances_the_default_first(
    branches: Platforms, url: str, expected: tuple[str, str, str] | None
) -> None:
    environ = {
        "CRM_BRANCH": "https://branch.example.test/",
        "CRM_FILES": "https://mirror.example.test",
    }
    matcher = ApiMatcher(branches, resolve_instance_addresses(branches, environ))
    match = matcher.match(Request(method="GET", url=url))

    if match is None:
        assert expected is None
    else:
        api = match.target.api.key if match.target.api else "-"
        assert (" ".join(match.instances), match.host, api) == expected


def test_an_address_that_is_not_set_is_none(branches: Platforms) -> None:
    known = {
        ("crm", "总部", ""): "https://crm.example.test/api/hq",
        ("crm", "旧", ""): "https://old.example.test",
    }
    branch = {("crm", "分部", ""): "https://branch.example.test"}

    assert resolve_instance_addresses(branches, {}) == known
    assert resolve_instance_addresses(branches, {"CRM_BRANCH": ""}) == known
    assert resolve_instance_addresses(branches, {"CRM_BRANCH": "https://branch.example.test"}) == {
        **known,
        **branch,
    }
    assert list_address_variables(branches, "crm") == ("CRM_BRANCH",)
    assert list_address_variables(branches, "crm", "files") == ("CRM_FILES",)
    assert list_address_variables(branches, "crm", "none") == ()
    assert list_address_variables(branches, "erp") == ()


@pytest.mark.parametrize(
    ("source", "flat"),
    [
        ("{{ a }}/x", "1/x"),
        ("{{b}}", "[1]"),
        ("{{ d }}", "<[1][1]>"),
        ("{{ none }}{{ a | upper }}", "{{ none }}{{ a | upper }}"),
        ("{{ kept }}", "{{ kept }}"),
        ("{{ number }}", "{{ number }}"),
        ("a", "a"),
        ("", ""),
    ],
)
def test_templates_in_templates_are_replaced(source: str, flat: str) -> None:
    known = {
        "a": "1",
        "b": "[{{a}}]",
        "c": "{{ b }}{{ b }}",
        "d": "<{{ c }}>",
        "kept": "2",
        "number": 7,
    }
    assert expand_templates(source, known, kept_names=frozenset({"kept"})) == flat


def test_templates_that_name_each_other_end() -> None:
    assert expand_templates("{{ a }}", {"a": "{{ b }}", "b": "{{ a }}"}) in {"{{ a }}", "{{ b }}"}


def test_each_login_is_one_and_its_requests_count_from_1(tmp_path: Path) -> None:
    login = (
        "{acquire: {steps: ["
        "{request: {path: /code, query: {grant: client}}, extract: {code: {path: $.code}}}, "
        '{request: {path: /token, query: {code: "{{ code }}"}}, '
        "extract: {token: {path: $.token, secret: true}}}]}}"
    )
    (tmp_path / "crm.yaml").write_text(
        f"platform_key: crm\nbase_url: https://crm.example.test\nauth: {login}\n"
        f"apis: {{a: {{path: /a}}, b: {{path: /b, auth: {login}}}, c: {{path: /c, auth: "
        f"{login.replace('/token', '/own')}}}}}\n",
        encoding="utf-8",
    )
    platforms = load_platforms(tmp_path)
    steps = list(iterate_login_steps(platforms.platform("crm")))

    assert [(step.number, step.step.request.path) for step in steps] == [
        (1, "/code"),
        (2, "/token"),
        (1, "/code"),
        (2, "/own"),
    ]

    matcher = ApiMatcher(platforms)
    for query, login_found in (("?grant=client", "crm login 1 /code"), ("", "crm - /code")):
        request = Request(method="POST", url=f"https://crm.example.test/code{query}")
        assert found(matcher.match(request)) == login_found
