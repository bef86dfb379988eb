"""Which platform, instance, API or login a request is for: a table of requests beside each rule."""

from __future__ import annotations

from typing import Any

from bpmax_sim.i18n import translate
from bpmax_sim.messages import Request
from bpmax_sim.platform.instances import InstanceOrigin, InstanceWithOrigin
from bpmax_sim.platform.load import Platforms, read_platform_root
from bpmax_sim.platform.matcher import (
    Addresses,
    ApiMatch,
    ApiMatcher,
    expand_templates,
    iterate_login_steps,
    list_address_variables,
    list_foreign_login_origins,
    resolve_instance_addresses,
)
from bpmax_sim.platform.model import Instance, Platform, Source
from bpmax_sim.yamlfile import parse_yaml


def read(text: str) -> Platform:
    found = read_platform_root(parse_yaml(text, "platform.yaml"))
    assert not found.problems
    assert found.platform is not None
    return found.platform


def project(*texts: str, instances: dict[str, dict[str, Any]] | None = None) -> Platforms:
    """Return platforms of *texts*, and instances by ``platform.instance`` (``!`` by convention)."""
    own = {platform.platform_key: platform for platform in map(read, texts)}
    entries: dict[str, tuple[InstanceWithOrigin, ...]] = {}
    for name, fields in (instances or {}).items():
        platform, _, key = name.removesuffix("!").partition(".")
        instance = Instance(platform=platform, instance_key=key, **fields)
        origin = InstanceOrigin(by_convention=name.endswith("!"))
        entries[platform] = (*entries.get(platform, ()), InstanceWithOrigin(instance, origin))
    return Platforms(own=own, entries=entries)


def brief(match: ApiMatch | None) -> str:
    """Return platform, API or ``login N`` or candidates or ``-``, path and what is special."""
    if match is None:
        return ""
    target = match.target
    names = "|".join(api.key for api in target.candidates) or (
        target.api.key if target.api else "-"
    )
    if target.login:
        names = f"login {target.login.number}"
    special = "".join(
        f" {word}"
        for word in (
            f"@{match.host}" if match.host else "", "outside" if match.is_outside else "",
            ",".join(f"{name}={value}" for name, value in match.parameters.items()),
        )
        if word
    )  # fmt: skip
    return f"{target.platform.platform_key} {names} {match.path}{special}"


def find(matcher: ApiMatcher, requests: list[str]) -> dict[str, str]:
    """Return what each request is for: ``METHOD URL [Header:value …] [= body]``."""
    found = {}
    for line in requests:
        head, sign, body = line.partition(" = ")
        method, url, *headers = head.split(" ")
        pairs = tuple((name, value) for name, _, value in (item.partition(":") for item in headers))
        request = Request(
            method=method, url=url, headers=pairs, body=body.encode() if sign else None
        )
        found[line] = brief(matcher.match(request))
    return found


CRM = """\
platform_key: crm
base_url: https://crm.example.test/api/
hosts:
  files: https://files.example.test/v1/
  deep: https://files.example.test/v1/deep
  sso: https://sso.example.test/
  tick: https://tick.example.test/v1/
encoding: form
credentials: {corp: {}, key: {secret: true}}
auth:
  parameters: {way: "{{ sso_url }}", n: 5}
  acquire:
    steps:
    - {request: {method: post, url: "{{ way }}/login/{{ corp }}", form: {grant: client}}, \
extract: {code: {path: $.c}, next: {path: $.n}}}
    - {request: {path: /token, query: {kind: "1", x: "{{ corp }}"}, headers: {X-Mode: Fetch, \
User-Agent: a}, form: {g: a}}, extract: {token: {path: $.t}}}
    - {request: {host: tick, path: /ticket, query: {t: "{{ code }}"}}}
    - {request: {url: "{{ next }}/after/{{ corp }}"}}
    - {request: {url: "{{ base_url }}/inner", query: {mode: x}}}
    - {request: {url: "https://crm.example.test/api/whole"}}
    - {request: {url: "https://files.example.test/v1/deep/er"}}
    - {request: {url: "https://other.example.test", path: /ignored}}
    - {request: {url: "https://{{ corp }}.example.test/tenant"}}
    - {request: {host: files, path: /deep/own}}
    - {request: {path: /both}}
    - {request: {path: /both}}
  apply: [{in: path, name: hook, value: "{{ key }}"}, {in: header, name: id, value: "{{ token }}"}]
apis:
  list: {path: /users}
  me: {path: /users/me}
  one: {path: "/users/{id}"}
  closed: {path: /users/}
  one_closed: {path: "/users/{id}/"}
  hook: {path: "/hooks/{hook}/{id}"}
  upload: {method: put, host: files, path: "/up/{name}"}
  token: {method: POST, path: /token, encoding: json}
  root: {path: /}
  both: {method: POST, path: /both}
"""


def test_a_request_is_found_by_method_address_and_path() -> None:
    platforms = project(CRM)
    base, files = "https://crm.example.test/api", "https://files.example.test/v1"
    form = "Content-Type:application/x-www-form-urlencoded"

    assert find(ApiMatcher(platforms), [
        f"GET {base}/users?a=1#b", f"get {base}/users#b?c", f"GET {base}/users/",
        f"GET {base}/users/me",
        f"GET {base}/users/me/", f"GET {base}/users/%E5%BC%A0%20/", f"POST {base}/users",
        f"GET {base}",
        f"GET {base}/", f"GET {base}?a", f"GET {base}#a", "GET https://crm.example.test/apiary",
        "GET https://crm.example.test:443/api/users", "GET https://crm.example.test:0443/api/users",
        "GET https://crm.example.test:/api/users", "GET https://crm.example.test:8443/api/users",
        "GET HTTPS://CRM.example.test/API/users", "GET http://crm.example.test/api/users",
        f"GET {base}/hooks/s3cret/7", f"GET {base}/hooks/s3cret/7/", f"PUT {files}/up/a%2F",
        f"GET {files}/up/a", f"GET {files}/none", "POST https://tick.example.test/v1/ticket?t=1",
        "POST https://sso.example.test/login/c1 A:1",
        "POST https://sso.example.test/login/c1/more",
        f"POST {base}/token?kind=1 X-Mode:Fetch",
        f"POST {base}/token?kind=1 x-mode:Fetch User-Agent:b",
        f"POST {base}/token?kind=1&x=2 X-Mode:Other", f"POST {base}/token X-Mode:Fetch",
        f"POST {base}/token?kind=1 X-Mode:Fetch {form} = g=b",
        f"POST {base}/token?kind=1 X-Mode:Fetch {form} = g=a", f"POST {base}/after/c1",
        f"POST {base}/inner?mode=x", f"POST {base}/inner", f"POST {base}/whole",
        f"POST {files}/deep/er",
        "POST https://other.example.test", "POST https://other.example.test/",
        "GET https://other.example.test",
        "POST https://c1.example.test/tenant", f"POST {files}/deep/own", f"POST {base}/both",
    ]) == {
        f"GET {base}/users?a=1#b": "crm list /users", f"get {base}/users#b?c": "crm list /users",
        f"GET {base}/users/": "crm closed /users/", f"GET {base}/users/me": "crm me /users/me",
        f"GET {base}/users/me/": "crm one_closed /users/me/ id=me",
        f"GET {base}/users/%E5%BC%A0%20/": "crm one_closed /users/%E5%BC%A0%20/ id=张 ",
        f"POST {base}/users": "crm - /users", f"GET {base}": "crm root /",
        f"GET {base}/": "crm root /",
        f"GET {base}?a": "crm root /", f"GET {base}#a": "crm root /",
        "GET https://crm.example.test/apiary": "",
        "GET https://crm.example.test:443/api/users": "crm list /users",
        "GET https://crm.example.test:0443/api/users": "crm list /users",
        "GET https://crm.example.test:/api/users": "crm list /users",
        "GET https://crm.example.test:8443/api/users": "",
        "GET HTTPS://CRM.example.test/API/users": "crm list /users",
        "GET http://crm.example.test/api/users": "",
        f"GET {base}/hooks/s3cret/7": "crm hook /hooks/{hook}/7 hook=s3cret,id=7",
        f"GET {base}/hooks/s3cret/7/": "crm hook /hooks/{hook}/7/ hook=s3cret,id=7",
        f"PUT {files}/up/a%2F": "crm upload /up/a%2F @files outside name=a/",
        f"GET {files}/up/a": "", f"GET {files}/none": "",
        "POST https://tick.example.test/v1/ticket?t=1": "crm login 3 /v1/ticket @tick outside",
        "POST https://sso.example.test/login/c1 A:1": "crm login 1 /login/c1 @sso outside corp=c1",
        "POST https://sso.example.test/login/c1/more": "",
        f"POST {base}/token?kind=1 X-Mode:Fetch": "crm token /token",
        f"POST {base}/token?kind=1 x-mode:Fetch User-Agent:b": "crm token /token",
        f"POST {base}/token?kind=1&x=2 X-Mode:Other": "crm token /token",
        f"POST {base}/token X-Mode:Fetch": "crm token /token",
        f"POST {base}/token?kind=1 X-Mode:Fetch {form} = g=b": "crm token /token",
        f"POST {base}/token?kind=1 X-Mode:Fetch {form} = g=a": "crm login 2 /token",
        f"POST {base}/after/c1": "crm login 4 /after/c1 corp=c1",
        f"POST {base}/inner?mode=x": "crm login 5 /inner", f"POST {base}/inner": "crm - /inner",
        f"POST {base}/whole": "crm login 6 /whole",
        f"POST {files}/deep/er": "crm login 7 /v1/deep/er @deep outside",
        "POST https://other.example.test": "crm login 8 / outside",
        "POST https://other.example.test/": "crm login 8 / outside",
        "GET https://other.example.test": "",
        "POST https://c1.example.test/tenant": "crm login 9 /tenant outside",
        f"POST {base}/both": "crm login 11 /both",
        f"POST {files}/deep/own": "crm login 10 /v1/deep/own @files outside",
    }  # fmt: skip
    crm = platforms.platform("crm")
    assert list_foreign_login_origins(crm) == (
        "https://sso.example.test", "https://tick.example.test",
        "https://files.example.test", "https://other.example.test",
    )  # fmt: skip


CONSTANTS = """\
platform_key: open
base_url: https://open.example.test
auth: none
encoding: json
apis:
  trade: {path: "/router?method=trade.get&empty=", headers: {Accept: a, X-V: "2"}}
  refund: {path: "/router?method=refund.get", query: {method: refund.list, v: 2.0, on: true}}
  any: {path: /router}
  json: {method: POST, path: /in, body: {type: text, n: 2, deep: {k: "v", list: [1]}, id: \
{$credential: c}}}
  other: {method: POST, path: /in, body: {type: image}}
  form: {method: POST, path: /in, encoding: form, body: {type: text}}
  soap: {method: POST, path: /soap, encoding: xml, headers: {Content-Type: text/xml; charset=gbk}}
  soap12: {method: POST, path: /soap, encoding: xml, headers: {content-type: application/soap+xml}}
  plain: {method: POST, path: /soap, encoding: xml}
  first: {method: POST, path: /same, query: {a: 1}}
  second: {method: POST, path: /same, query: {a: 2}}
  third: {method: POST, path: /same, query: {a: 4}}
  enc1: {method: POST, path: /enc, encoding: xml}
  enc2: {method: POST, path: /enc}
  only: {path: /only/}
  blank1: {method: POST, path: /blank, encoding: form, body: {a: ""}}
  blank2: {method: POST, path: /blank, encoding: form, body: {a: b}}
  flag1: {method: POST, path: /flag, body: {on: true}}
  flag2: {method: POST, path: /flag, body: {on: false}}
  acc1: {method: POST, path: /acc, query: {accept: a}}
  acc2: {method: POST, path: /acc, query: {accept: b}}
  txt1: {method: POST, path: /txt, encoding: text, body: 甲}
  txt2: {method: POST, path: /txt, body: {a: 1}}
  twin: {method: GET, path: "/twin/{id}"}
  twin2: {method: GET, path: "/twin/{name}"}
  alone: {method: GET, path: /alone, query: {a: 1}}
  equal: {path: /sign, query: {filter: "a=b"}}
  bare: {path: /sign, query: {all: ""}}
credentials: {c: {}}
"""


def test_constants_tell_apis_of_one_path_apart() -> None:
    base = "https://open.example.test"
    json, form = "Content-Type:application/json", "Content-Type:application/x-www-form-urlencoded"
    multipart = "Content-Type:multipart/form-data"
    matcher = ApiMatcher(project(CONSTANTS))

    assert find(matcher, [
        f"GET {base}/router?method=trade.get&empty= x-v:2",
        f"GET {base}/router?method=trade.get X-V:2",
        f"GET {base}/router?method=trade.get&empty= X-V:3", f"GET {base}/router?method=refund.get",
        f"GET {base}/router?method=refund.list&v=2&on=true",
        f"GET {base}/router?method=refund.list&v=2.0&on=true",
        f"GET {base}/router?on=true&x=1&%6Dethod=refund%2Elist&v=2",
        f"GET {base}/router?method=refund.list&v=2&on=True",
        f"GET {base}/router#?method=refund.list&v=2&on=true", f"GET {base}/router",
        f'POST {base}/in {json} = {{"type":"text","n":2.0,"deep":{{"k":"v"}}}}',
        f'POST {base}/in {json} = {{"type":"text","n":"2","deep":{{"k":"v"}}}}',
        f'POST {base}/in {json} = {{"type":"text","n":true,"deep":{{"k":"v"}}}}',
        f'POST {base}/in {json} = {{"type":"text","n":2,"deep":{{"k":"w"}}}}',
        f'POST {base}/in = {{"type":"image"}}', f"POST {base}/in {form} = type=text",
        f"POST {base}/in {form} = x=1&type=text", f'POST {base}/in {form} = {{"type":"image"}}',
        f'POST {base}/in {multipart} = {{"type":"image"}}', f"POST {base}/in {json} = [1]",
        f"POST {base}/soap Content-Type:text/xml = <a/>",
        f"POST {base}/soap Content-Type:TEXT/XML;a=b = <a/>",
        f"POST {base}/soap Content-Type:application/soap+xml = <a/>",
        f"POST {base}/soap Content-Type:application/xml = <a/>",
        f"POST {base}/soap", f"POST {base}/same?a=1", f"POST {base}/same?a=3",
        f"POST {base}/same?a=1&a=2",
        f"POST {base}/enc Content-Type:text/xml = <a/>", f"POST {base}/enc {json} = {{}}",
        f"POST {base}/acc?accept=b", f"GET {base}/only", f"POST {base}/blank {form} = a=",
        f'POST {base}/flag {json} = {{"on":1}}',
        f'POST {base}/flag {json} = {{"on":true}}', f"POST {base}/enc {json} = ",
        f"POST {base}/enc Content-Type:text/json = {{}}",
        f"POST {base}/txt Content-Type:text/plain = 乙",
        f"GET {base}/twin/7/", f"GET {base}/alone?a=9", f"GET {base}/sign?filter=a=b",
        f"GET {base}/sign?all",
    ]) == {
        f"GET {base}/router?method=trade.get&empty= x-v:2": "open trade /router",
        f"GET {base}/router?method=trade.get X-V:2": "open any /router",
        f"GET {base}/router?method=trade.get&empty= X-V:3": "open any /router",
        f"GET {base}/router?method=refund.get": "open any /router",
        f"GET {base}/router?method=refund.list&v=2&on=true": "open refund /router",
        f"GET {base}/router?method=refund.list&v=2.0&on=true": "open refund /router",
        f"GET {base}/router?on=true&x=1&%6Dethod=refund%2Elist&v=2": "open refund /router",
        f"GET {base}/router?method=refund.list&v=2&on=True": "open any /router",
        f"GET {base}/router#?method=refund.list&v=2&on=true": "open any /router",
        f"GET {base}/router": "open any /router",
        f'POST {base}/in {json} = {{"type":"text","n":2.0,"deep":{{"k":"v"}}}}': "open json /in",
        f'POST {base}/in {json} = {{"type":"text","n":"2","deep":{{"k":"v"}}}}': "open form /in",
        f'POST {base}/in {json} = {{"type":"text","n":true,"deep":{{"k":"v"}}}}': "open form /in",
        f'POST {base}/in {json} = {{"type":"text","n":2,"deep":{{"k":"w"}}}}': "open form /in",
        f'POST {base}/in = {{"type":"image"}}': "open other /in",
        f"POST {base}/in {form} = type=text": "open form /in",
        f"POST {base}/in {form} = x=1&type=text": "open form /in",
        f'POST {base}/in {form} = {{"type":"image"}}': "open json|other|form /in",
        f'POST {base}/in {multipart} = {{"type":"image"}}': "open json|other|form /in",
        f"POST {base}/in {json} = [1]": "open json|other|form /in",
        f"POST {base}/soap Content-Type:text/xml = <a/>": "open soap /soap",
        f"POST {base}/soap Content-Type:TEXT/XML;a=b = <a/>": "open soap /soap",
        f"POST {base}/soap Content-Type:application/soap+xml = <a/>": "open soap12 /soap",
        f"POST {base}/soap Content-Type:application/xml = <a/>": "open plain /soap",
        f"POST {base}/soap": "open plain /soap", f"POST {base}/same?a=1": "open first /same",
        f"POST {base}/same?a=3": "open first|second|third /same",
        f"POST {base}/same?a=1&a=2": "open first|second /same",
        f"POST {base}/enc Content-Type:text/xml = <a/>": "open enc1 /enc",
        f"POST {base}/acc?accept=b": "open acc2 /acc",
        f"POST {base}/blank {form} = a=": "open blank1 /blank",
        f"GET {base}/only": "open only /only",
        f'POST {base}/flag {json} = {{"on":1}}': "open flag1|flag2 /flag",
        f'POST {base}/flag {json} = {{"on":true}}': "open flag1 /flag",
        f"POST {base}/enc {json} = ": "open enc1|enc2 /enc",
        f"POST {base}/enc Content-Type:text/json = {{}}": "open enc1|enc2 /enc",
        f"POST {base}/txt Content-Type:text/plain = 乙": "open txt1 /txt",
        f"POST {base}/enc {json} = {{}}": "open enc2 /enc",
        f"GET {base}/twin/7/": "open twin|twin2 /twin/7/",
        f"GET {base}/alone?a=9": "open alone /alone",
        f"GET {base}/sign?filter=a=b": "open equal /sign",
        f"GET {base}/sign?all": "open bare /sign",
    }  # fmt: skip
    notes = [matcher.match(Request(method=method, url=f"{base}{path}")) for method, path in (
        ("POST", "/same?a=3"), ("POST", "/same?a=1&a=2"), ("GET", "/alone"))]  # fmt: skip
    assert [translate(match.note) for match in notes if match] == [
        "open: the constant members of no API fit the request: first, second, third",
        (
            "open: nothing in the request tells the APIs first, second apart; give each a constant "
            "query, header or body member"
        ),
        "",
    ]
    raw = matcher.match_path(
        "open", Request(method="GET", url="https://else.example.test/x"), "/twin/甲"
    )
    assert brief(raw) == "open twin|twin2 /twin/%E7%94%B2"
    assert (
        brief(matcher.match_path("open", Request(method="PUT", url="https://x.example.test"), ""))
        == "open - /"
    )


def declare(key: str, address: str, apis: str) -> str:
    return f"platform_key: {key}\nbase_url: {address}\napis: {{{apis}}}\n"


def test_the_longest_address_at_which_a_path_is_declared_wins() -> None:
    texts = (
        declare("wide", "https://a.example.test", "x: {path: /deep/x}, z: {path: /z}"),
        declare("deep", "https://a.example.test/deep", "y: {path: /y}, x2: {path: /x2}"),
        declare(
            "open", "'https://{{ tenant }}.example.test/deep'", "y: {path: /y}, w: {path: '/{id}'}"
        )
        + "credentials: {tenant: {}}\n",
        declare(
            "aux", "https://logs.example.test", "y: {path: /y, host: a}, v: {path: /v, host: a}"
        )
        + "hosts: {a: https://a.example.test/deep}\n",
        declare("twin", "https://a.example.test", "z: {path: /z}, q: {path: /q}, x2: {path: /x2}"),
    )
    platforms = project(*texts)
    matcher = ApiMatcher(platforms)
    base = "https://a.example.test"

    assert find(matcher, [f"GET {base}{path}" for path in ("/deep/x", "/deep/y", "/deep/v",
    "/deep/none",
        "/none", "/z", "/q", "/deep/x2")] + ["GET https://b.example.test/deep/y",
        "GET https://b/deep/y",
        "GET https://b.c.example.test/deep/7", "GET https://b/.example.test/deep/7"]) == {
        f"GET {base}/deep/x": "open w /x id=x", f"GET {base}/deep/y": "deep y /y",
        f"GET {base}/deep/v": "aux v /v @a outside",
        f"GET {base}/deep/none": "open w /none id=none",
        f"GET {base}/none": "twin - /none", f"GET {base}/z": "twin z /z",
        f"GET {base}/q": "twin q /q",
        f"GET {base}/deep/x2": "deep x2 /x2", "GET https://b.example.test/deep/y": "open y /y",
        "GET https://b/deep/y": "", "GET https://b.c.example.test/deep/7": "open w /7 id=7",
        "GET https://b/.example.test/deep/7": "",
    }  # fmt: skip

    def rivals(path: str) -> tuple[str, ...]:
        request = Request(method="GET", url=f"{base}{path}")
        match = matcher.match(request)
        assert match is not None
        return matcher.find_other_matching_platforms(request, match)

    assert rivals("/z?a=1#b") == ("wide",)
    assert [rivals(path) for path in ("/q", "/deep/x2", "/deep/y?a", "/deep/y#?", "/none")] == [
        (), ("open",), ("aux", "open"), ("aux", "open"), (),
    ]  # fmt: skip


BRANCHES = """\
platform_key: crm
base_url: https://crm.example.test/api
hosts: {files: https://files.example.test/v1, sso: https://sso.example.test}
apis:
  get: {path: /get}
  up: {host: files, path: "/up/{id}"}
  log: {host: sso, path: /log}
"""


def match_instances(matcher: ApiMatcher, urls: list[str]) -> dict[str, str]:
    found = {}
    for url in urls:
        match = matcher.match(Request(method="GET", url=url))
        found[url] = (
            f"{' '.join(match.instances)} {match.base} {match.declared} {brief(match)}"
            if match
            else ""
        )
    return found


def test_an_instance_is_found_by_its_own_address() -> None:
    platforms = project(
        BRANCHES,
        instances={
            "crm.东": {"base_url": "https://east.example.test/"},
            "crm.西": {
                "base_url": Source(env="WEST"),
                "hosts": {"files": "https://west.example.test/files/"},
            },
            "crm.空": {"base_url": Source(env="NONE")},
            "crm.旧": {"base_url": "https://old.example.test", "enabled": False},
            "crm.总": {
                "default": True,
                "hosts": {"sso": Source(env="SSO"), "files": Source(file="x")},
            },
            "crm.同": {"base_url": "https://crm.example.test/api"},
            "erp.x": {"base_url": "https://erp.example.test"},
        },
    )
    environ = {"WEST": "https://west.example.test", "SSO": "https://sso2.example.test/base"}
    addresses = resolve_instance_addresses(platforms, environ)
    more: Addresses = {
        **addresses,
        ("crm", "东", ""): "https://test.example.test",
        ("erp", "x", "files"): "https://e",
    }

    assert addresses == {
        ("crm", "东", ""): "https://east.example.test/", ("crm", "西",
        ""): "https://west.example.test",
        ("crm", "西", "files"): "https://west.example.test/files/", ("crm", "旧",
        ""): "https://old.example.test",
        ("crm", "总", "sso"): "https://sso2.example.test/base", ("crm", "同",
        ""): "https://crm.example.test/api",
        ("erp", "x", ""): "https://erp.example.test",
    }  # fmt: skip
    assert match_instances(ApiMatcher(platforms, more), [
        "https://east.example.test/get", "https://test.example.test/get",
        "https://west.example.test/get",
        "https://old.example.test/get", "https://crm.example.test/api/get",
        "https://files.example.test/v1/up/7",
        "https://west.example.test/files/up/7", "https://sso2.example.test/base/log",
        "https://sso.example.test/log",
        "https://west.example.test/files/get", "https://sso2.example.test/base/up/7",
        "https://e/up/7",
    ]) == {
        "https://east.example.test/get": "东 https://east.example.test  crm get /get",
        "https://test.example.test/get": "东 https://test.example.test  crm get /get",
        "https://west.example.test/get": "西 https://west.example.test  crm get /get",
        "https://old.example.test/get": "",
        "https://crm.example.test/api/get": (
            "总 西 空 同 东 https://crm.example.test/api  crm get /get"
        ),
        "https://files.example.test/v1/up/7": (
        "总 西 空 同 东 https://files.example.test/v1 "
        "https://files.example.test/v1 crm up /up/7 @files outside id=7"),
        "https://west.example.test/files/up/7": (
        "西 https://west.example.test/files https://files.example.test/v1 "
        "crm up /up/7 @files outside id=7"),
        "https://sso2.example.test/base/log": (
        "总 https://sso2.example.test/base https://sso.example.test "
        "crm log /log @sso outside"),
        "https://sso.example.test/log": (
        "总 西 空 同 东 https://sso.example.test https://sso.example.test "
        "crm log /log @sso outside"),
        "https://west.example.test/files/get": "西 https://west.example.test  crm - /files/get",
        "https://sso2.example.test/base/up/7": "", "https://e/up/7": "",
    }  # fmt: skip
    assert list_address_variables(platforms, "crm") == ("WEST", "NONE")
    assert list_address_variables(platforms, "crm", "sso") == ("SSO",)
    assert list_address_variables(platforms, "erp") == ()
    plain = match_instances(
        ApiMatcher(list(platforms.own.values())), ["https://crm.example.test/api/get"]
    )
    assert plain == {
        "https://crm.example.test/api/get": "default https://crm.example.test/api  crm get /get"
    }


def test_an_instance_without_a_file_has_its_addresses_from_variables() -> None:
    platforms = project(
        BRANCHES,
        instances={"crm.default!": {}, "crm.own!": {"base_url": "https://own.example.test"}},
    )
    environ = {
        "CRM_URL": "https://a.example.test",
        "CRM_SSO_URL": "https://b.example.test",
        "CRM_FILES_URL": "",
    }

    assert resolve_instance_addresses(platforms, environ) == {
        ("crm", "default", ""): "https://a.example.test", ("crm", "default",
        "sso"): "https://b.example.test",
        ("crm", "own", ""): "https://own.example.test", ("crm", "own",
        "sso"): "https://b.example.test",
    }  # fmt: skip
    assert list_address_variables(platforms, "crm") == ("CRM_URL",)
    assert list_address_variables(platforms, "crm", "files") == ("CRM_FILES_URL", "CRM_FILES_URL")
    chinese = project(
        BRANCHES.replace("platform_key: crm", "platform_key: 客户"), instances={"客户.default!": {}}
    )
    assert list_address_variables(chinese, "客户") == ()


def test_a_login_at_a_further_host_is_found_below_the_address_of_its_instance() -> None:
    text = """\
platform_key: crm
base_url: https://crm.example.test
hosts: {sso: https://sso.example.test/auth/}
auth:
  acquire: {steps: [{request: {host: sso, path: /token}, extract: {t: {path: $.t}}}]}
  apply: [{in: header, name: A, value: "{{ t }}"}]
"""
    platforms = project(text, instances={"crm.a": {"hosts": {"sso": "https://a.example.test/"}}})
    matcher = ApiMatcher(platforms, resolve_instance_addresses(platforms, {}))

    found = matcher.match(Request(method="POST", url="https://a.example.test/token"))
    assert found is not None
    assert (brief(found), found.instance, found.base, found.declared) == (
        "crm login 1 /auth/token @sso outside", "a", "https://a.example.test",
        "https://sso.example.test",
    )  # fmt: skip


def test_logins_are_listed_once_and_counted_from_one() -> None:
    login = '{acquire: {steps: [{request: {path: %s}, extract: {t: {path: $.t}}}, {request: {url: "https://{{c}}.example.test/2"}}]}}'
    auth = read(
        "platform_key: crm\nbase_url: https://{{ c }}.example.test\ncredentials: {c: {}}\n"
        f"auth: {login % '/a'}\napis: {{x: {{auth: {login % '/a'}}}, y: {{auth: {login % '/y'}}}, "
        f"z: {{auth: {login % '/y'}}}}}\n"
    )

    assert [(one.number,
    one.step.request.path or one.step.request.url[-2:]) for one in iterate_login_steps(auth)] == [
        (1, "/a"), (2, "/2"), (1, "/y"), (2, "/2"),
    ]  # fmt: skip
    assert list_foreign_login_origins(auth) == ()
    known = {
        "a": "{{ b }}",
        "b": "{{c}}!",
        "c": "{{ d }}",
        "d": "丁",
        "n": 5,
        "x y": "no",
        "kept": "1",
    }
    sources = ["{{ a }}-{{ n }}", "{{ x y }}{{a | trim}}", "{{ kept }}{{ none }}", "a"]
    assert [expand_templates(one, known, kept_names=frozenset({"kept"})) for one in sources] == [
        "丁!-{{ n }}", "{{ x y }}{{a | trim}}", "{{ kept }}{{ none }}", "a",
    ]  # fmt: skip
