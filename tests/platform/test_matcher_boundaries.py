"""Which API a request is for, where one thing alone decides: a body's type, a host, an address."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from bpmax_sim.messages import Request
from bpmax_sim.platform.load import Platforms, load_platforms
from bpmax_sim.platform.matcher import (
    Addresses,
    ApiMatcher,
    expand_templates,
    list_address_variables,
    list_foreign_login_origins,
    resolve_instance_addresses,
)
from bpmax_sim.platform.model import Api
from tests.proxy.world import BASE, World, crm

Load = Callable[..., Platforms]


@pytest.fixture(name="load")
def load_texts(tmp_path: Path) -> Load:
    def load(*texts: str, instances: str = "") -> Platforms:
        folder = tmp_path / "platforms"
        folder.mkdir()
        for number, text in enumerate(texts):
            (folder / f"{number}.yaml").write_text(text, encoding="utf-8")
        if instances:
            (tmp_path / "instances.yaml").write_text(instances, encoding="utf-8")
        return load_platforms(folder)

    return load


def find(
    platforms: Platforms, method: str, url: str, addresses: Addresses | None = None, **more: Any
) -> str:
    match = ApiMatcher(platforms, addresses).match(Request(method=method, url=url, **more))
    if match is None:
        return ""
    target = match.target
    names = [api.key for api in target.candidates] or [target.api.key if target.api else "-"]
    if target.login:
        names = [f"login {target.login.number}"]
    return f"{target.platform.platform_key} {'|'.join(names)} {match.path}"


BODIES = """\
platform_key: crm
base_url: https://crm.example.test
auth: none
encoding: xml
apis:
  json: {method: POST, path: /in, encoding: json}
  form: {method: POST, path: /in, encoding: form, body: {}}
  multipart: {method: POST, path: /in, encoding: multipart}
  text: {method: POST, path: /in, encoding: text}
  own: {method: POST, path: /in}
"""


@pytest.mark.parametrize(
    ("media", "body", "found"),
    [
        ("application/json", b"{}", "crm json /in"),
        ("application/json; charset=utf-8", b"1", "crm json /in"),
        ("application/problem+json", b"{}", "crm json /in"),
        ("application/x-www-form-urlencoded", b"a=1", "crm form /in"),
        ("multipart/form-data; boundary=x", b"--x--", "crm multipart /in"),
        ("application/xml", b"<a/>", "crm own /in"),
        ("text/xml", b"<a/>", "crm own /in"),
        ("TEXT/XML", b"<a/>", "crm own /in"),
        ("text/plain", b"a", "crm text /in"),
        ("text/csv", b"a", "crm json|form|multipart|text|own /in"),
        ("", b"a", "crm json|form|multipart|text|own /in"),
        ("application/json", b"", "crm json|form|multipart|text|own /in"),
    ],
)
def test_the_type_of_a_body_tells_apis_apart(
    load: Load, media: str, body: bytes, found: str
) -> None:
    headers = (("Content-Type", media),) if media else ()

    url = "https://crm.example.test/in"
    assert find(load(BODIES), "POST", url, headers=headers, body=body) == found


CONSTANTS = """\
platform_key: crm
base_url: https://crm.example.test
credentials: {corp: {}}
auth: none
apis:
  chrome: {path: /agent, headers: {User-Agent: chrome}}
  safari: {path: /agent, headers: {user-agent: safari}}
  xml: {path: /accept, headers: {Accept: text/xml}}
  json: {path: /accept, headers: {accept: application/json}}
  upper: {path: /head, headers: {X-Kind: 甲}}
  lower: {path: /head, headers: {x-kind: 乙}}
  twice: {path: "/both?v=1", query: {v: 2}}
  plain: {path: /both, query: {v: 3}}
  corp: {method: POST, path: /corp, body: {kind: a, corp: {$credential: corp}}}
  none: {method: POST, path: /corp, body: {kind: b}}
  whole: {method: POST, path: /whole, body: 客户}
  other: {method: POST, path: /whole, body: {a: {b: {c: 1.5}}}}
  zero: {method: POST, path: /zero, body: {n: 0}}
  false: {method: POST, path: /zero, body: {n: false}}
  blank: {method: POST, path: /zero, body: {n: ""}}
  upload: {method: POST, path: /upload, encoding: multipart, body: {n: 1}}
  named: {method: POST, path: /upload, encoding: multipart, body: {n: 2}}
  text: {method: POST, path: /form, encoding: form, body: {名: 张三, 空: ""}}
  case: {method: POST, path: /form, encoding: form, body: {名: Zhang}}
  phone: {path: /asked, query: {accept: 手机}}
  desk: {path: /asked, query: {accept: desk}}
"""
JSON = (("content-type", "application/json"),)
FORM = (("Content-Type", "application/x-www-form-urlencoded"),)


@pytest.mark.parametrize(
    ("method", "rest", "more", "found"),
    [
        ("GET", "/agent", {"headers": (("User-Agent", "chrome"),)}, "crm chrome|safari /agent"),
        ("GET", "/accept", {"headers": (("Accept", "text/xml"),)}, "crm xml|json /accept"),
        ("GET", "/head", {"headers": (("X-KIND", "甲"),)}, "crm upper /head"),
        ("GET", "/head", {"headers": (("x-kind", "乙"),)}, "crm lower /head"),
        ("GET", "/both?v=2", {}, "crm twice /both"),
        ("GET", "/both?v=1", {}, "crm twice|plain /both"),
        ("GET", "/both?v=3#?v=2", {}, "crm plain /both"),
        ("GET", "/both?&v=3&", {}, "crm plain /both"),
        ("GET", "/both#?v=3", {}, "crm twice|plain /both"),
        ("POST", "/corp", {"headers": JSON, "body": b'{"kind":"a","corp":"w"}'}, "crm corp /corp"),
        ("POST", "/corp", {"headers": JSON, "body": b'{"kind":"b"}'}, "crm none /corp"),
        ("POST", "/whole", {"headers": JSON, "body": b'{"a":{"b":{"c":1.5}}}'}, "crm other /whole"),
        ("POST", "/whole", {"headers": JSON, "body": b'"x"'}, "crm whole /whole"),
        ("POST", "/zero", {"headers": JSON, "body": b'{"n":0}'}, "crm zero /zero"),
        ("POST", "/zero", {"headers": JSON, "body": b'{"n":false}'}, "crm false /zero"),
        ("POST", "/zero", {"headers": JSON, "body": b'{"n":""}'}, "crm blank /zero"),
        ("POST", "/zero", {"headers": JSON, "body": b'{"n":"0"}'}, "crm zero|false|blank /zero"),
        ("POST", "/zero", {"headers": JSON, "body": b"[[[["}, "crm zero|false|blank /zero"),
        (
            "POST", "/upload",
            {"headers": (("Content-Type", "multipart/form-data"),), "body": b'{"n":1}'},
            "crm upload|named /upload",
        ),
        (
            "POST", "/form",
            {"headers": FORM, "body": "名=张三&空=".encode()}, "crm text /form",
        ),
        ("POST", "/form", {"headers": FORM, "body": "名=Zhang".encode()}, "crm case /form"),
        ("GET", "/asked?accept=desk", {}, "crm desk /asked"),
        ("POST", "/form", {"headers": FORM, "body": "名=zhang".encode()}, "crm text|case /form"),
    ],
)  # fmt: skip
def test_a_constant_counts_where_each_request_has_it(
    load: Load, method: str, rest: str, more: dict[str, Any], found: str
) -> None:
    assert find(load(CONSTANTS), method, f"https://crm.example.test{rest}", **more) == found


LOGIN = """\
platform_key: crm
base_url: "https://{{ tenant }}.example.test/api/"
credentials: {tenant: {}, key: {}, secret: {secret: true}}
hosts: {sso: "https://sso.example.test/a/", deep: "https://sso.example.test/a/b"}
auth:
  acquire:
    steps:
      - request: {method: post, url: "{{ base_url }}/one"}
        extract: {page: {path: $.page}}
      - request: {url: "https://{{tenant}}.example.test/api/two"}
        extract: {code: {path: $.code}}
      - request: {url: "{{ page }}/three/{{ code }}"}
        extract: {next: {path: $.next}}
      - request: {host: sso, path: "/four/{{ code }}"}
        extract: {last: {path: $.last}}
      - request: {url: "https://sso.example.test/a/b/five"}
        extract: {token: {path: $.token, secret: true}}
      - request: {url: "https://other.example.test/six", headers: {X-Do: Fetch}, body: {a: 1}}
        extract: {more: {path: $.more, secret: true}}
  apply: [{in: path, name: token, value: "{{ token }}"}, {in: query, name: id, value: "{{ more }}"}]
apis:
  find: {method: get, path: "/{token}/customers/{id}"}
  slash: {path: "/{token}/orders/"}
  six: {method: POST, path: /six}
"""


@pytest.mark.parametrize(
    ("method", "url", "found"),
    [
        ("POST", "https://hz.example.test/api/one", "crm login 1 /one"),
        ("POST", "https://hz.example.test/api/two", "crm login 2 /two"),
        ("POST", "https://hz.example.test/api/three/7", "crm login 3 /three/7"),
        ("POST", "https://sso.example.test/a/four/7", "crm login 4 /a/four/7"),
        ("POST", "https://sso.example.test/a/b/five", "crm login 5 /a/b/five"),
        ("POST", "https://sso.example.test/a/b/six", ""),
        ("POST", "https://other.example.test/six", ""),
        ("GET", "https://hz.example.test/api/s3cret/customers/9", "crm find /{token}/customers/9"),
        ("GET", "https://hz.example.test/api/s3cret/orders", "crm slash /{token}/orders"),
        ("GET", "https://hz.example.test/api/s3cret/orders/", "crm slash /{token}/orders/"),
        ("GET", "https://hz.example.test/api/s3cret/customers/9/",
            "crm find /{token}/customers/9/"),
        ("GET", "https://a.b/hz.example.test/api/one", ""),
        ("POST", "https://hz.example.test:443/api/one", "crm login 1 /one"),
        ("POST", "HTTPS://SSO.example.test:0443/a/four/7", "crm login 4 /a/four/7"),
        ("POST", "https://sso.example.test:8443/a/four/7", ""),
        ("POST", "https://sso.example.test:80/a/four/7", ""),
    ],
)  # fmt: skip
def test_a_login_is_found_where_it_is_sent(load: Load, method: str, url: str, found: str) -> None:
    assert find(load(LOGIN), method, url) == found


@pytest.mark.parametrize(
    ("header", "body", "found"),
    [
        ("Fetch", b'{"a":1}', "crm login 6 /six"),
        ("Fetch", b'{"a":2}', "crm login 6 /six"),
        ("Fetch", b"", "crm login 6 /six"),
        ("fetch", b'{"a":1}', ""),
    ],
)
def test_a_login_lacks_no_constant_but_those_of_its_body(
    load: Load, header: str, body: bytes, found: str
) -> None:
    headers = (("x-do", header), *JSON)

    url = "https://other.example.test/six"
    assert find(load(LOGIN), "POST", url, headers=headers, body=body) == found


def test_the_host_of_a_login_is_the_narrowest_entry(load: Load) -> None:
    matcher = ApiMatcher(load(LOGIN))

    def match(url: str) -> tuple[Any, ...]:
        found = matcher.match(Request(method="POST", url=url))
        assert found is not None
        return found.host, found.base, found.declared, found.is_outside

    origin = "https://sso.example.test"
    assert match(f"{origin}/a/four/7") == ("sso", origin, origin, True)
    assert match(f"{origin}/a/b/five") == ("deep", origin, origin, True)
    own = "https://hz.example.test/api"
    assert match(f"{own}/one") == ("", own, "", False)


def test_origins_of_logins_are_those_of_other_systems(load: Load) -> None:
    second = """\
platform_key: erp
base_url: https://erp.example.test
credentials: {tenant: {}, key: {}}
auth:
  parameters: {host: "https://id.example.test"}
  acquire:
    steps:
      - request: {url: "{{ host }}/{{ tenant }}/token"}
        extract: {a: {path: $.a}}
      - request: {url: "https://{{ tenant }}.example.test/token"}
        extract: {b: {path: $.b}}
      - request: {url: "{{ host }}/again"}
        extract: {c: {path: $.c}}
      - request: {url: "http://third.example.test"}
        extract: {d: {path: $.d}}
      - request: {path: /own}
        extract: {token: {path: $.token, secret: true}}
apis: {find: {}}
"""
    platforms = load(LOGIN, second)

    assert list_foreign_login_origins(platforms.platform("crm")) == (
        "https://sso.example.test",
        "https://other.example.test",
    )
    assert list_foreign_login_origins(platforms.platform("erp")) == (
        "https://id.example.test",
        "http://third.example.test",
    )


TWINS = """\
platform_key: {key}
base_url: https://{host}.example.test{path}
auth: none
apis: {{{api}: {{method: POST, path: "{at}"}}}}
"""


def twin(key: str, host: str, path: str, api: str, at: str) -> str:
    return TWINS.format(key=key, host=host, path=path, api=api, at=at)


@pytest.mark.parametrize(
    ("rest", "found"),
    [
        ("/api/crm/none", "deep - /none"),
        ("/api/none", "wide - /none"),
        ("/api/crm/orders", "wide orders /crm/orders"),
        ("/api/crm/find", "deep find /find"),
        ("/none", ""),
    ],
)
def test_the_narrowest_address_is_meant_unless_a_wider_one_declares_the_path(
    load: Load, rest: str, found: str
) -> None:
    platforms = load(
        twin("wide", "host", "/api", "orders", "/crm/orders"),
        twin("deep", "host", "/api/crm", "find", "/find"),
    )

    assert find(platforms, "POST", f"https://host.example.test{rest}") == found


@pytest.mark.parametrize(
    ("rest", "rivals"),
    [("/find", ("b", "d")), ("/find#/x", ("b", "d")), ("/find?/x", ("b", "d")), ("/only", ())],
)
def test_rivals_declare_the_same_request_at_the_same_address(
    load: Load, rest: str, rivals: tuple[str, ...]
) -> None:
    platforms = load(
        twin("a", "host", "", "find", "/find")
        .replace("apis: {", "apis: {only: {method: POST, path: /only}, ")
        .replace("}}}}", "}}"),
        twin("b", "host", "", "find", "/find"),
        twin("c", "host", "", "other", "/other"),
        twin("d", "host", "", "find", "/find"),
        twin("e", "host", "/find", "root", "/"),
        twin("f", "else", "", "find", "/find"),
        twin("g", "host", "/find", "again", "/find"),
    )
    matcher = ApiMatcher([platforms.platform(key) for key in "abcdefg"])
    request = Request(method="POST", url=f"https://host.example.test{rest}")
    match = matcher.match_path("a", request, rest.partition("#")[0].partition("?")[0])

    found = matcher.find_other_matching_platforms(
        request, type(match)(target=match.target, base="https://host.example.test")
    )

    assert found == rivals


def test_a_path_of_a_known_platform_is_matched_below_its_address(load: Load) -> None:
    matcher = ApiMatcher(load(twin("a", "host", "/api", "find", "/find")))
    request = Request(method="POST", url="https://else.example.test/x")

    found = [matcher.match_path("a", request, path) for path in ("/find", "/find/", "/none", "")]

    assert [(one.target.is_declared, one.path, one.base) for one in found] == [
        (True, "/find", ""),
        (True, "/find/", ""),
        (False, "/none", ""),
        (False, "/", ""),
    ]


HOSTS = """\
platform_key: crm
base_url: https://crm.example.test
hosts: {files: "https://files.example.test/v1/", pay: "https://pay.example.test"}
auth: none
apis:
  load: {path: "/files/{id}", host: files}
  pay: {path: "/orders/{id}", host: pay}
  find: {path: "/customers/{id}"}
"""
TENANTS = """\
- {platform: crm, instance_key: 主, default: true}
- {platform: crm, instance_key: 分, base_url: "https://branch.example.test",
   hosts: {files: "https://cdn.example.test/branch/"}}
- {platform: crm, instance_key: 同, hosts: {files: "https://files.example.test/v1/"}}
"""


@pytest.mark.parametrize("declared", ["https://Crm.example.test:443", "https://crm.example.test"])
@pytest.mark.parametrize("asked", ["https://crm.example.test:443", "HTTPS://CRM.EXAMPLE.TEST"])
def test_a_default_port_may_be_written_in_the_file_and_in_the_request(
    load: Load, declared: str, asked: str
) -> None:
    text = BODIES.replace("https://crm.example.test", declared)
    instances = "- {platform: crm, instance_key: 主, base_url: 'https://crm.example.test/'}\n"

    found = find(load(text, instances=instances), "POST", f"{asked}/in", headers=JSON, body=b"{}")
    assert found == "crm json /in"


BY_TENANT = """\
platform_key: crm
base_url: "https://{{ 租户编号 }}.example.test"
hosts: {files: "https://files.example.test"}
credentials: {租户编号: {secret: false}}
auth: none
apis:
  load: {path: "/files/{id}", host: files}
  find: {path: "/customers/{id}"}
"""


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("https://files.example.test/files/1", "crm files load"),
        ("https://huayuan.example.test/customers/1", "crm  find"),
        ("https://erp.example.test/customers/1", "erp  find"),
        ("https://files.example.test/customers/1", "crm  find"),
    ],
)
@pytest.mark.parametrize("order", [1, -1])
def test_a_fixed_address_goes_before_that_of_a_tenant(
    load: Load, url: str, found: str, order: int
) -> None:
    erp = "platform_key: erp\nbase_url: https://erp.example.test\nauth: none\n"
    texts = [BY_TENANT, f"{erp}apis: {{find: {{path: '/customers/{{id}}'}}}}\n"]
    platforms = load(*texts)
    matcher = ApiMatcher([platforms.platform(key) for key in ("crm", "erp")[::order]])

    match = matcher.match(Request(method="GET", url=url))

    assert match is not None
    api = match.target.api
    assert f"{match.target.platform.platform_key} {match.host} {api.key if api else '-'}" == found


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("https://files.example.test/v1/files/1", "主 同 分 files load /files/1"),
        ("https://cdn.example.test/branch/files/1", "分 files load /files/1"),
        ("https://cdn.example.test/branch/orders/1", ""),
        ("https://cdn.example.test/files/1", ""),
        ("https://pay.example.test/orders/1", "主 同 分 pay pay /orders/1"),
        ("https://files.example.test/v1/orders/1", ""),
        ("https://branch.example.test/customers/1", "分  find /customers/1"),
        ("https://live.example.test/customers/1", "分  find /customers/1"),
        ("https://crm.example.test/customers/1", "主 同 分  find /customers/1"),
        ("https://crm.example.test:443/customers/1", "主 同 分  find /customers/1"),
        ("https://crm.example.test:/customers/1", "主 同 分  find /customers/1"),
        ("http://crm.example.test:443/customers/1", ""),
        ("https://Files.Example.test:443/v1/files/1", "主 同 分 files load /files/1"),
    ],
)
def test_an_instance_has_its_own_addresses_for_hosts(load: Load, url: str, found: str) -> None:
    platforms = load(HOSTS, instances=TENANTS)
    addresses = {
        **resolve_instance_addresses(platforms, {}),
        ("crm", "分", ""): "https://live.example.test",
    }
    match = ApiMatcher(platforms, addresses).match(Request(method="GET", url=url))

    assert found == (
        f"{' '.join(match.instances)} {match.host} "
        f"{match.target.api.key if match.target.api else '-'} {match.path}"
        if match
        else ""
    )


def test_variables_of_addresses_are_named_by_convention_where_no_file_declares_one(
    load: Load,
) -> None:
    platforms = load(
        HOSTS,
        HOSTS.replace("key: crm", "key: erp"),
        instances="- {platform: erp, instance_key: a, base_url: {env: A_URL}}\n"
        "- {platform: erp, instance_key: b, base_url: {env: B_URL}, hosts: {pay: {file: x}}}\n"
        "- {platform: erp, instance_key: c, base_url: {env: A_URL}, hosts: {pay: {env: C}}}\n",
    )

    listed = {
        (key, host): list_address_variables(platforms, key, host)
        for key in ("crm", "erp")
        for host in ("", "files", "pay", "none")
    }

    assert listed == {
        ("crm", ""): ("CRM_URL",),
        ("crm", "files"): ("CRM_FILES_URL",),
        ("crm", "pay"): ("CRM_PAY_URL",),
        ("crm", "none"): (),
        ("erp", ""): ("A_URL", "B_URL", "A_URL"),
        ("erp", "files"): (),
        ("erp", "pay"): ("C",),
        ("erp", "none"): (),
    }
    environ = {"CRM_PAY_URL": "https://pay2.example.test", "A_URL": "https://a.example.test"}
    assert resolve_instance_addresses(platforms, environ) == {
        ("crm", "default", "pay"): "https://pay2.example.test",
        ("erp", "a", ""): "https://a.example.test",
        ("erp", "c", ""): "https://a.example.test",
    }


@pytest.mark.parametrize(
    ("depth", "flat"), [(1, "终"), (3, "终"), (7, "终"), (8, "终"), (9, "{{ n1 }}")]
)
def test_templates_are_replaced_eight_deep(depth: int, flat: str) -> None:
    known = {"n1": "终", **{f"n{n}": f"{{{{ n{n - 1} }}}}" for n in range(2, 12)}}

    assert expand_templates(f"{{{{ n{depth} }}}}", known) == flat


@pytest.mark.parametrize(
    "value", [0, 1, -1, 1.0, 2.0, -0.0, 1.5, 0.1, 1e21, 1e-7, 10**20, True, False, "1.0", "", "甲"]
)
@pytest.mark.parametrize(
    ("place", "encoding"),
    [("query", "json"), ("headers", "json"), ("body", "json"), ("body", "form")],
)
def test_what_a_call_sends_is_found_as_its_api(value: Any, place: str, encoding: Any) -> None:
    if place == "headers" and value == "甲":
        return  # no header holds it
    common = {"method": "POST", "path": "/x", "encoding": encoding}
    first, other = (
        msgspec.convert({"key": key, **common, place: {"v": constant}}, Api)
        for key, constant in (("a", value), ("b", "z"))
    )
    platform = crm(first, other)

    request = World(platform).proxy().api("a").build()

    matched = ApiMatcher([platform]).match(request)
    assert matched is not None
    assert (matched.target.api, matched.note) == (first, "")


@pytest.mark.parametrize(
    ("declared", "sent", "found"),
    [
        (2.0, b"2", True), (2.0, b"2.0", True), (2, b"2.0", True), (2, b"2", True),
        (2, b'"2"', False), ("2", b"2", False), ("2.0", b"2", False), (1, b"true", False),
        (True, b"1", False), (0, b"false", False), (0, b"null", False), ("", b"null", False),
        (2.5, b"2", False), (10**20, b"100000000000000000000", True),
    ],
)  # fmt: skip
def test_a_number_in_json_is_the_same_with_and_without_a_point(
    declared: Any, sent: bytes, found: bool
) -> None:
    platform = crm(
        Api(key="a", method="POST", path="/x", body={"v": declared}),
        Api(key="b", method="POST", path="/x", body={"v": "乙"}),
    )
    request = Request(method="POST", url=f"{BASE}/x", headers=JSON, body=b'{"v":%s}' % sent)

    matched = ApiMatcher([platform]).match(request)
    assert matched is not None
    assert (matched.target.api is not None) is found


@pytest.mark.parametrize(
    ("declared", "sent", "found"),
    [
        (2.0, "2", True), (2.0, "2.0", True), (2, "2", True), (2, "2.0", False),
        ("2.0", "2", False), (True, "true", True), (True, "True", False), (True, "1", False),
        (False, "false", True), ("True", "True", True), ("", "", True),
    ],
)  # fmt: skip
def test_a_number_in_a_query_is_the_text_that_is_sent_or_that_others_write(
    declared: Any, sent: str, found: bool
) -> None:
    platform = crm(
        Api(key="a", path="/x", query={"v": declared}), Api(key="b", path="/x", query={"v": "乙"})
    )

    matched = ApiMatcher([platform]).match(Request(method="GET", url=f"{BASE}/x?v={sent}"))
    assert matched is not None
    assert (matched.target.api is not None) is found
