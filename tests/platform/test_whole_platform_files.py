"""All that does not fit together in a platform file, and what is only suspect in it.

Two files have nearly everything wrong that a file can have; beside each mistake stands what
is right.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bpmax_sim.field_path import FieldPath
from bpmax_sim.i18n import translate
from bpmax_sim.platform.check import (
    contains_template,
    describe_secret_problem,
    describe_wrong_platform_key,
    find_credential_references,
    is_platform_address,
    is_proxy_address,
    suggest_recover_for_classes,
)
from bpmax_sim.platform.declared_places import (
    DeclaredPlace,
    PlaceSearch,
    list_judged_members,
    list_listed_places,
    list_rule_places,
)
from bpmax_sim.platform.load import load_platforms, read_platform_root
from bpmax_sim.platform.model import Platform
from bpmax_sim.platform.suspect_declarations import (
    explain_suspect_declarations,
    find_suspect_declarations,
)
from bpmax_sim.yamlfile import format_steps, parse_yaml

WRONG = """\
platform_key: 合同 crm
base_url: https://{{ tenant }}.example.test/{{ base_url }}{{ tokn }}{{ now }}{{ token }}{{ sid }}
hosts: {sso: "https://{{ tenant }}.example.test", 客户: https://a, a客: 'ftp://x', 1b: https://b, \
sso2: 'https://u@c'}
headers: {X-A: "{{ token }}", "X B": 1, X-C: "{{}}", Host: a, X-D: "{{token}}"}
query: {q: "a{{ now }}", r: "{ now }"}
credentials:
  tenant: {}
  a-b: {}
  now: {}
  token: {as: 替身}
  corp: {kind: hex, as: 替身, secret: false}
  open: {secret: false, as: 替身}
  agent: {kind: integer, as: '1', secret: false}
  sso_url: {}
  sse: {}
  number: {kind: integer, default: true}
  word: {default: 5}
  fine: {kind: hex, default: "0a", as: 替身}
auth:
  parameters: {p: "{{ q }}", q: "{{ p }}{{ sso_url }}{{ tenat }}"}
  acquire:
    steps:
    - request: {path: /t, host: ss, headers: {"X Y": "1", "{{ p }}": "2"}, form: {a: "{{ sid }}"}}
      extract: {sid: {path: "css:a >"}, good: {path: "$.a"}, re: {path: "regex:("}, dollar: \
{path: "$[("}}
    - request: {path: /u, host: sso, headers: {"Content-Length": "1"}}
    share: [tenant, tenat, '5']
  apply:
  - {in: header, name: "X Z", value: "{{ sid }}"}
  - {in: header, name: "{{ p }} x", value: "{{ signature }}"}
  - {in: query, name: "X Z", value: "1"}
  - {in: path, name: hook, value: "1"}
  sign:
    default_headers: {"A A": "1"}
    set_headers: {"B B": "1", "{{ p }}": "2"}
    message: "{{ method"
    emit:
    - {in: header, name: "C C", value: "{{ signature }}"}
    - {in: query, name: "C C", value: "{{ signature }}"}
  recover: {token: {}, mine: {}, clok: {}, other: {}, clock: {}}
response:
  classes: {mine: {code: [1]}}
  ok: {all: [{path: $.a}, {path: $.b, absent: true}, {path: $.c, in: [0]}]}
volatile: [body.a, header.x, query.q, path.id, "$.x"]
secret: [body.a, header.x, header, "header.*", "header[0]", query.q, path.id, cookie.a]
"""
WRONG_PROBLEMS = [
    "1:15 platform_key: '合同 crm' is not a platform key; use letters, digits, _ and -",
    ("2:11 base_url: the template names 'base_url', which is not defined; did you mean 'sso_url'?"),
    "2:11 base_url: the template names 'tokn', which is not defined; did you mean 'token'?",
    "3:9 hosts.sso: a credential is called 'sso_url' as well",
    ("3:14 hosts.sso: expected an address such as https://crm.example.com, without ? # and user"),
    "3:51 hosts.客户: '客户' is not a valid host name; use letters, digits and _",
    "3:66 hosts.a客: 'a客' is not a valid host name; use letters, digits and _",
    "3:70 hosts.a客: expected an address such as https://crm.example.com, without ? # and user",
    "3:81 hosts.1b: '1b' is not a valid host name; use letters, digits and _",
    ("3:102 hosts.sso2: expected an address such as https://crm.example.com, without ? # and user"),
    (
        "4:16 headers.X-A: '{{ token }}' would be sent as it stands, as only auth fills "
        "templates; write auth: {apply: [{in: header, name: X-A, value: '{{ token }}'}]}"
    ),
    "4:31 headers[\"X B\"]: header 'X B' is not a header name (RFC 9110)",
    (
        "4:68 headers.X-D: '{{token}}' would be sent as it stands, as only auth fills "
        "templates; write auth: {apply: [{in: header, name: X-D, value: '{{token}}'}]}"
    ),
    (
        "5:12 query.q: 'a{{ now }}' would be sent as it stands, as only auth fills "
        "templates; write auth: {apply: [{in: query, name: q, value: 'a{{ now }}'}]}"
    ),
    "8:3 credentials.a-b: 'a-b' cannot be used in templates; use only letters, digits and _",
    "9:3 credentials.now: 'now' means something else in templates; rename the credential",
    (
        "10:15 credentials.token.as: 'token' cannot be recorded as '替身': it is named "
        "like a password; take `as` away"
    ),
    (
        "11:25 credentials.corp.as: 'corp' cannot be recorded as '替身': its kind is hex; "
        "take `as` away"
    ),
    (
        "11:37 credentials.corp.secret: 'corp' cannot be declared secret: false: its kind "
        "is hex; write secret: true"
    ),
    (
        "12:29 credentials.open.as: 'open' cannot be recorded as '替身': secret: false "
        "records its value as it is; take `as` away"
    ),
    (
        "13:30 credentials.agent.as: 'agent' cannot be recorded as '1': its kind is "
        "integer; take `as` away"
    ),
    (
        "13:43 credentials.agent.secret: 'agent' cannot be declared secret: false: only "
        "text can be recorded as it is, and its kind is integer; write secret: true"
    ),
    "16:36 credentials.number.default: expected a whole number, got true or false",
    "17:19 credentials.word.default: expected text, got a number; quote it",
    (
        "18:40 credentials.fine.as: 'fine' cannot be recorded as '替身': its kind is hex; "
        "take `as` away"
    ),
    (
        "20:19 auth.parameters.p: the template names 'q', which is not defined; declare it "
        "under credentials"
    ),
    (
        "20:33 auth.parameters.q: the template names 'tenat', which is not defined; did "
        "you mean 'tenant'?"
    ),
    "23:33 auth.acquire.steps[0].request.host: there is no host 'ss'; did you mean 'sso'?",
    (
        "23:47 auth.acquire.steps[0].request.headers[\"X Y\"]: header 'X Y' is not a header "
        "name (RFC 9110)"
    ),
    (
        "23:59 auth.acquire.steps[0].request.headers[\"{{ p }}\"]: the name '{{ p }}' would be "
        "sent as it stands, as only values are filled; write the name itself"
    ),
    (
        "23:86 auth.acquire.steps[0].request.form.a: the template names 'sid', which is "
        "not defined; declare it under credentials"
    ),
    (
        "24:29 auth.acquire.steps[0].extract.sid.path: 'a >' is not a CSS selector that "
        "can be used here; write such as css:input[name=csrf_token], with types, #id, "
        ".class, [attribute=value], spaces and > alone, and @attribute at the end for "
        "another one than value"
    ),
    (
        "24:73 auth.acquire.steps[0].extract.re.path: '(' is not a regular expression: "
        "missing ), unterminated subpattern at position 0"
    ),
    (
        "25:48 auth.acquire.steps[1].request.headers.Content-Length: header "
        "'Content-Length' is managed by the transport and cannot be set"
    ),
    "26:21 auth.acquire.share[1]: unknown credential 'tenat'; did you mean 'tenant'?",
    "26:28 auth.acquire.share[2]: unknown credential '5'; declare it under credentials",
    "28:24 auth.apply[0].name: header 'X Z' is not a header name (RFC 9110)",
    (
        "29:44 auth.apply[1].value: the template names 'signature', which is not defined; "
        "declare it under credentials"
    ),
    "33:23 auth.sign.default_headers[\"A A\"]: header 'A A' is not a header name (RFC 9110)",
    "34:19 auth.sign.set_headers[\"B B\"]: header 'B B' is not a header name (RFC 9110)",
    (
        "35:14 auth.sign.message: template '{{ method': unexpected end of template, "
        "expected 'end of print statement'."
    ),
    "37:26 auth.sign.emit[0].name: header 'C C' is not a header name (RFC 9110)",
    "39:40 auth.recover.clok: unknown failure class 'clok'; did you mean 'clock'?",
    ("39:51 auth.recover.other: unknown failure class 'other'; declare it under response.classes"),
    "42:14 response.ok.all[0]: condition can never match; add in: […] or absent: true",
    (
        "43:30 volatile[2]: query.q is a place of requests, and `volatile` speaks of "
        "responses alone; write ignore: [query.q] to leave it out of the match"
    ),
    (
        "43:39 volatile[3]: path.id is a place of requests, and `volatile` speaks of "
        "responses alone; write ignore: [path.id] to leave it out of the match"
    ),
    "44:28 secret[2]: 'header' names no header; write header.<name>",
    "44:36 secret[3]: 'header.*' names no header; write header.<name>",
    "44:48 secret[4]: 'header[0]' names no header; write header.<name>",
    (
        "44:61 secret[5]: 'query.q' is a place of requests, and `secret` speaks of "
        "responses alone; leave a secret to auth, or put it in with {$credential: …}"
    ),
    (
        "44:70 secret[6]: 'path.id' is a place of requests, and `secret` speaks of "
        "responses alone; leave a secret to auth, or put it in with {$credential: …}"
    ),
]

APIS = """\
platform_key: crm
base_url: https://crm.example.test
credentials: {corp: {}}
hosts: {sso: https://sso.example.test}
auth:
  parameters: {p: "{{ sso_url }}"}
  apply: [{in: path, name: hook, value: "{{ corp }}"}, {in: header, name: X, value: "{{ corp }}"}]
apis:
  getUser: {path: "/{hook}/{id}", method: GE T, host: so}
  get_user: {aliases: [list, GetUser, 查询]}
  $a: {aliases: [list]}
  "  ": {host: sso}
  listed:
    path: "/{hook}/{X}/{zone}/{area}/{d1}"
    parameters:
    - {name: id, in: path}
    - {name: zona, in: path}
    - {name: 区域, in: path, to: zone}
    - {name: hook, in: path}
    - {name: id, in: query}
    - {name: a, in: body, to: x.y}
    - {name: x.y, in: body}
    - {name: x, in: query, to: x.y}
    - {name: X Q, in: header}
    - {name: X Q, in: query, enum: [a, null, 1.0, true], default: b}
    - {name: d1, in: query, enum: [activ, 5, true], default: active}
    - {name: d2, in: query, enum: [a, 1.0, true], default: 1}
    - {name: d3, in: query, enum: [a, 1.0, true], default: true}
    - {name: d4, in: query, enum: [a, null], default: ''}
    - {name: d5, in: query, enum: [a], default: [b]}
    - {name: d6, in: query, enum: [a], default: 5}
    - {name: d7, in: query, default: 5}
    - {name: id2, in: header, to: x-token}
    - {name: id3, in: header, to: X-Token}
    - {name: d7, in: body}
  own:
    path: "/{hook}/{own}"
    parameters: [{name: own, in: path}]
    auth:
      parameters: {mine: "{{ corp }}"}
      acquire: {steps: [{request: {path: /t, host: none}, extract: {tok: {path: $}}}]}
      recover: {token: {}, tokn: {}}
    idempotency: {in: header, name: K, value: "{{ mine }}{{ tok }}{{ corp }}{{ call_id }}{{ p }}"}
  sends:
    method: post
    query: {a: {$credential: corp}, b: [{$credential: cor}]}
    body: {c: {d: {$credential: 5, e: {$credential: none}}}, f: {$credential: corp}}
    headers: {"X X": "{{ a }}"}
    response: {ok: {all: [{path: $.a}]}}
    volatile: [query.a]
    secret: [path.a]
    idempotency: {in: header, name: K, value: "{{ p }}{{ mine }}"}
"""
APIS_PROBLEMS = [
    "9:43 apis.getUser.method: 'GE T' is not an HTTP method",
    "9:55 apis.getUser.host: there is no host 'so'; did you mean 'sso'?",
    "10:3 apis.get_user: 'get_user' could also mean the API 'getUser'; rename one of them",
    (
        "10:30 apis.get_user.aliases[1]: 'GetUser' could also mean the API 'getUser'; "
        "rename one of them"
    ),
    "11:3 apis.$a: '$a' is not an API name",
    "11:18 apis.$a.aliases[0]: 'list' could also mean the API 'get_user'; rename one of them",
    "12:3 apis[\"  \"]: '  ' is not an API name",
    "14:11 apis.listed.path: the placeholder {X} has no parameter; add {name: X, in: path}",
    ("14:11 apis.listed.path: the placeholder {area} has no parameter; add {name: area, in: path}"),
    "14:11 apis.listed.path: the placeholder {d1} has no parameter; add {name: d1, in: path}",
    "16:7 apis.listed.parameters[0]: the path has no placeholder {id}",
    "17:7 apis.listed.parameters[1]: the path has no placeholder {zona}; did you mean 'zone'?",
    "19:7 apis.listed.parameters[3]: the path has no placeholder {hook}",
    (
        "20:7 apis.listed.parameters[4]: a second parameter 'id', or a second one for its "
        "place; remove one"
    ),
    (
        "22:7 apis.listed.parameters[6]: a second parameter 'x.y', or a second one for its "
        "place; remove one"
    ),
    "24:7 apis.listed.parameters[8]: header 'X Q' is not a header name (RFC 9110)",
    (
        "25:7 apis.listed.parameters[9]: a second parameter 'X Q', or a second one for its "
        "place; remove one"
    ),
    (
        "25:67 apis.listed.parameters[9].default: the default 'b' is none of a, null, 1.0, "
        "true <rule>"
    ),
    (
        "26:62 apis.listed.parameters[10].default: the default 'active' is none of activ, "
        "5, true; did you mean 'activ'? <rule>"
    ),
    "29:55 apis.listed.parameters[13].default: the default '' is none of a, null <rule>",
    "31:49 apis.listed.parameters[15].default: the default 5 is none of a <rule>",
    (
        "34:7 apis.listed.parameters[18]: a second parameter 'id3', or a second one for "
        "its place; remove one"
    ),
    (
        "35:7 apis.listed.parameters[19]: a second parameter 'd7', or a second one for its "
        "place; remove one"
    ),
    "37:11 apis.own.path: the placeholder {hook} has no parameter; add {name: hook, in: path}",
    (
        "41:52 apis.own.auth.acquire.steps[0].request.host: there is no host 'none'; "
        "declare it under hosts"
    ),
    "42:34 apis.own.auth.recover.tokn: unknown failure class 'tokn'; did you mean 'token'?",
    (
        "43:47 apis.own.idempotency.value: the template names 'p', which is not defined; "
        "declare it under credentials"
    ),
    "46:55 apis.sends.query.b[0].$credential: unknown credential 'cor'; did you mean 'corp'?",
    ("47:33 apis.sends.body.c.d.$credential: unknown credential 5; declare it under credentials"),
    "48:15 apis.sends.headers[\"X X\"]: header 'X X' is not a header name (RFC 9110)",
    (
        "48:22 apis.sends.headers[\"X X\"]: '{{ a }}' would be sent as it stands, as only "
        "auth fills templates; write auth: {apply: [{in: header, name: X X, value: '{{ a "
        "}}'}]}"
    ),
    ("49:27 apis.sends.response.ok.all[0]: condition can never match; add in: […] or absent: true"),
    (
        "50:16 apis.sends.volatile[0]: query.a is a place of requests, and `volatile` "
        "speaks of responses alone; write ignore: [query.a] to leave it out of the match"
    ),
    (
        "51:14 apis.sends.secret[0]: 'path.a' is a place of requests, and `secret` speaks "
        "of responses alone; leave a secret to auth, or put it in with {$credential: …}"
    ),
    (
        "52:47 apis.sends.idempotency.value: the template names 'mine', which is not "
        "defined; declare it under credentials"
    ),
]


def list_problems(text: str) -> list[str]:
    """Return line, column, path, message and kind of each problem of the platform file *text*."""
    found = read_platform_root(parse_yaml(text, "crm.yaml")).problems
    return [
        f"{one.place and one.place.line}:{one.place and one.place.column} {one.path}: "
        f"{translate(one.message)}{f' <{one.kind}>' if one.kind else ''}"
        for one in found
    ]


def read(text: str) -> Platform:
    found = read_platform_root(parse_yaml(text, "crm.yaml"))
    assert not found.problems
    assert found.platform is not None
    return found.platform


def test_every_mistake_of_a_platform_is_told_at_its_place() -> None:
    assert list_problems(WRONG) == WRONG_PROBLEMS


def test_every_mistake_of_an_api_is_told_at_its_place() -> None:
    assert list_problems(APIS) == APIS_PROBLEMS


def test_a_mistake_in_a_credential_hides_what_follows_from_it() -> None:
    head = "platform_key: crm\nbase_url: https://crm.example.test\n"
    text = f"{head}credentials: {{corp: {{kin: text}}}}\nheaders: {{'X Y': 1}}\n"

    assert [line.partition(": ")[0] for line in list_problems(text)] == [
        "3:22 credentials.corp.kin"
    ]


def test_an_address_is_whole_and_without_query_and_user() -> None:
    addresses = [
        "https://crm.example.com", "http://crm:8080/api", "https://{{ t }}.example.com?a",
        "ftp://crm",
        "https://", "https://crm?a=1", "https://crm#a", "https://u:p@crm", "https://u@crm", "//crm",
        "https://crm:port", "https://[::1]:8080", "https://crm:99999", "HTTPS://crm", "", "crm",
    ]  # fmt: skip
    proxies = [
        "http://p:1", "https://u:p@p", "socks5://p", "socks5h://p", "socks4://p", "http://",
        "p:3128",
        "http://p:x", "socks5h:", "http://p?a",
    ]  # fmt: skip

    assert "".join("01"[is_platform_address(one)] for one in addresses) == "1110000000010100"
    assert "".join("01"[is_proxy_address(one)] for one in proxies) == "1111000001"
    values: list[Any] = ["{{ a }}", "x{{a}}y", "{{}}", "{{", 5, None, "{% if a %}"]
    assert [contains_template(value) for value in values] == [True, True, *[False] * 5]
    assert describe_secret_problem("header.x-a") == ""
    assert [describe_wrong_platform_key(key) for key in ("客户-a_1", "a")] == ["", ""]


def test_references_to_credentials_are_found_at_any_depth() -> None:
    value = {
        "a": [1, {"$credential": "甲", "b": {"$credential": "乙"}}],
        "c": ({"$credential": 5},),
    }

    assert list(find_credential_references(value)) == [
        (("a", 1, "$credential"), "甲"), (("c", 0, "$credential"), 5),
    ]  # fmt: skip


HEAD = "platform_key: crm\nbase_url: https://crm.example.test\n"


def test_a_class_that_is_recognised_by_codes_needs_a_rule() -> None:
    text = HEAD + (
        "response: {code: [$.c], classes: {token: {code: [1]}, rate: {status: [500]}, "
        "clock: {code: [2]}, mine: {code: [3]}, transient: {code: [4]}}}\n"
        "auth: {recover: {transient: {}}}\n"
        "apis: {a: {auth: {recover: {clock: {clock: true}}}}, b: {}}\n"
    )

    assert [name for name, _ in suggest_recover_for_classes(read(text))] == ["token"]
    assert list(suggest_recover_for_classes(read(text + "reject: [business]\n"))) == []


PLACES = (
    HEAD
    + """\
ignore: [query.a, $.b, "cookie:c", $..d]
volatile: ["body.e[0]", "header:F", cookies]
redact: [path.g]
secret: [$.h, header.i]
response:
  ok: {all: [{path: $.gone, absent: true}, {path: $.ok.flag, in: [1]}, {path: "cookie:x", in: [1]}]}
  code: [$.code, "header:X-Code", $..code]
  message: [$.x, $.a.msg]
apis:
  own: {response: {code: [$.err.code]}, redact: [body.r], volatile: ["$.rows[*]"]}
  plain: {path: "/{g}"}
"""
)


def format_places(places: Any) -> list[str]:
    return [
        f"{one.platform} {one.api or '-'} {one.option} {one.path} {'+'.join(one.sides)} "
        f"{format_steps(one.steps)} {'01'[one.is_rule]}"
        for one in places
    ]


def test_declared_places_have_their_sides_and_their_path_in_the_file() -> None:
    platform = read(PLACES)
    own, plain = platform.apis["own"], platform.apis["plain"]

    assert format_places(list_listed_places(platform)) == [
        "crm - ignore query.a request ignore[0] 0", "crm - ignore body.b request ignore[1] 0",
        "crm - volatile body.e[0] response volatile[0] 0",
        "crm - volatile header.f response volatile[1] 0",
        "crm - redact path.g request+response redact[0] 0",
        "crm - secret body.h response secret[0] 0", "crm - secret header.i response secret[1] 0",
    ]  # fmt: skip
    assert format_places(list_listed_places(platform, own)) == [
        "crm own redact body.r request+response apis.own.redact[0] 0",
    ]
    assert format_places(list_rule_places(platform, own)) == [
        "crm own response.code body.err.code response apis.own.response.code[0] 1",
    ]
    assert format_places(list_rule_places(platform, plain)) == [
        "crm - response.ok body.ok.flag response response.ok.all[1] 1",
        "crm - response.code body.code response response.code[0] 1",
        "crm - response.code header.x-code response response.code[1] 1",
        "crm - response.message body.x response response.message[0] 1",
        "crm - response.message body.a.msg response response.message[1] 1",
    ]
    assert list_judged_members(platform, plain) == {
        ("gone",), ("ok",), ("ok", "flag"), ("code",), ("x",), ("a",), ("a", "msg"),
    }  # fmt: skip
    assert list_judged_members(platform, own) == {("err",), ("err", "code")}


def place(text: str, api: str = "", option: str = "redact", platform: str = "crm") -> DeclaredPlace:
    return DeclaredPlace(
        platform, option, FieldPath.parse(text, option), ("response",), (text,), api
    )


def test_a_place_that_no_message_has_is_near_a_name_that_one_has() -> None:
    search = PlaceSearch()
    parts = {
        "body": {"客户": {"phone": 1, "names": 2}, "rows": [{"mobil": 1}, {"qty": 2}], "tels": 1}
    }
    other = {"body": {"custmer": {"fax": 1}, "rows": [{"mobile": 1}]}}
    there, later = place("body.tels"), place("body.custmer.fax")
    phone, deep = place("body.客户.phon"), place("body.客户.phon", "get")
    plural, one = place("body.客户.name"), place("body.客户.name", "get")
    rows, above = place("body.rows[*].mobila"), place("body.customer.fax", "get")
    shared, rule = place("body.customer.fax"), place("body.customer.fax", option="response.ok")
    alternative, beside = place("body.tel", "get"), place("body.tels2", "get", "ignore")
    whole = place("body.customer.fax", option="volatile")
    far, elsewhere = place("body.zzzz", "get"), place("body.tel", "get", platform="erp")
    everything = (
        there, later, phone, deep, plural, one, rows, above, shared, rule, alternative, beside, far,
        elsewhere, whole,
    )  # fmt: skip
    for each in everything:
        search.look_for(each, [parts])
        search.look_for(each, [other])
    search.look_for(there, [])

    assert search.found == {there, later}
    assert set(search.missing) == {*everything} - {there, later}
    hints = {
        (each.path[-1], each.api, each.option, each.platform): (
            search.suggest_name(each), search.suggest_name(each, is_complete=True),
        )
        for each in search.missing
    }  # fmt: skip
    assert {key: tuple(translate(hint)[15:-1] for hint in pair) for key, pair in hints.items()} == {
        ("phon", "", "redact", "crm"): ("'phone'", "'phone'"),
        ("phon", "get", "redact", "crm"): ("'phone'", "'phone'"),
        ("name", "", "redact", "crm"): ("", ""),
        ("name", "get", "redact", "crm"): ("'names'", "'names'"),
        ("mobila", "", "redact", "crm"): ("'mobil'", "'mobil'"),
        ("fax", "get", "redact", "crm"): ("", ""),
        ("fax", "", "redact", "crm"): ("", ""),
        ("fax", "", "volatile", "crm"): ("", "'custmer'"),
        ("fax", "", "response.ok", "crm"): ("'custmer'", "'custmer'"),
        ("tel", "get", "redact", "crm"): ("", ""),
        ("tels2", "get", "ignore", "crm"): ("'tels'", "'tels'"),
        ("zzzz", "get", "redact", "crm"): ("", ""),
        ("tel", "get", "redact", "erp"): ("'tels'", "'tels'"),
    }


SUSPECT = """\
platform_key: crm
base_url: "https://{{ addressed }}.{ corp }.{base_url}.example.test"
hosts: {sso: "https://sso.example.test"}
headers: {X-A: "a{ corp }b", X-B: "{ other }", X-C: "${now}"}
query: {q: "{nonce}", n: 5, l: ["{corp}"]}
timeout: 3600.5
credentials:
  tenant: {}
  corp: {}
  lost: {}
  addressed: {}
  braces: {}
  shared: {}
  quoted: {}
  keyed: {}
  posted: {}
  queried: {}
auth:
  parameters: {mine: "{ corp }", two: "{{ quoted }}"}
  acquire:
    steps:
    - {request: {path: /t, form: {a: "{braces}", b: "{{ tenant }}{ tenant }"}}, extract: {sid: \
{path: $.s}, ttl: {path: $.t}, id: {path: $.i}}}
    share: [shared]
  apply: [{in: header, name: X, value: "{ sid } {two} {nothing} {% if corp %}{corp}{% endif %}"}]
  recover:
    token: {refresh: 1, tries: 3, wait: [$.w]}
    rate: {tries: 2}
    transient: {tries: 2}
    clock: {wait: [$.w]}
    busy: {tries: 2}
    slow: {tries: 2}
response: {classes: {busy: {code: [1], status: [503]}, slow: {status: [429]}, rate: {status: \
[500]}}}
apis:
  write:
    method: POST
    body: {a: {$credential: posted}}
    timeout: 3600
    parameters: [{name: a, in: body, type: strin}, {name: b, in: body, type: string}, {name: c, \
in: body, type: money}, {name: d, in: body}]
    volatile: [body.rows, "body.rows[0].idd", "body.data.tme", header.x, body.none.x, header]
    answer: {type: object, properties: {rows: {type: array, items: {type: object, properties: \
{id: {}}}}, data: {type: object, properties: {time: {}, name: {}}}}}
  read:
    timeout: 7200000
    query: {b: {$credential: queried}, c: "x{corp}"}
    headers: {X-D: "{corp}", auth: "{ corp }"}
    auth:
      acquire: {steps: [{request: {path: /l}, extract: {tok: {path: $.t}, cookie: {path: \
cookies}}}]}
      recover: {token: {refresh: 1, tries: 2}}
    idempotency: {in: header, name: K, value: "{{ keyed }}{tok}{sid}{call_id}"}
  auth: {method: POST, query: {k: "{corp}"}}
  post:
    method: POST
    auth: {recover: {token: {refresh: 1, tries: 2}, rate: {tries: 2}, clock: {tries: 2, wait: \
[$.w]}}}
"""


def list_suspects(text: str) -> list[str]:
    return [
        f"{format_steps(one.steps)}{' +' if one.is_inheritable else ''} {translate(one.message)}"
        for one in explain_suspect_declarations(read(text))
    ]


SUSPECTS = [
    (
        "credentials.lost crm: nothing uses the credential 'lost'; write {{ lost }} in "
        "auth, where it is to be sent, or remove it"
    ),
    ("base_url + crm: base_url: '{ corp }' is sent as it stands; write {{ corp }} for the value"),
    (
        "headers.X-A + crm: headers.X-A: '{ corp }' is sent as it stands, as only auth "
        "fills in values; write apply: [{in: header, name: X-A, value: 'a{{ corp }}b'}] "
        "there"
    ),
    (
        "headers.X-C + crm: headers.X-C: '${now}' is sent as it stands, as only auth fills "
        "in values; write apply: [{in: header, name: X-C, value: '{{ now }}'}] there"
    ),
    (
        "query.q + crm: query.q: '{nonce}' is sent as it stands, as only auth fills in "
        "values; write apply: [{in: query, name: q, value: '{{ nonce }}'}] there"
    ),
    (
        "query.l[0] + crm: query.l[0]: '{corp}' is sent as it stands, as only auth fills "
        "in values; write apply: [{in: query, name: l, value: '{{ corp }}'}] there"
    ),
    (
        "auth.parameters.mine + crm: auth.parameters.mine: '{ corp }' is sent as it "
        "stands; write {{ corp }} for the value"
    ),
    (
        "auth.acquire.steps[0].request.form.a + crm: auth.acquire.steps[0].request.form.a: "
        "'{braces}' is sent as it stands; write {{ braces }} for the value"
    ),
    (
        "auth.acquire.steps[0].request.form.b + crm: auth.acquire.steps[0].request.form.b: "
        "'{ tenant }' is sent as it stands; write {{ tenant }} for the value"
    ),
    (
        "auth.apply[0].value + crm: auth.apply[0].value: '{ sid }' is sent as it stands; "
        "write {{ sid }} for the value"
    ),
    (
        "auth.apply[0].value + crm: auth.apply[0].value: '{two}' is sent as it stands; "
        "write {{ two }} for the value"
    ),
    (
        "auth.apply[0].value + crm: auth.apply[0].value: '{corp}' is sent as it stands; "
        "write {{ corp }} for the value"
    ),
    (
        "apis.read.headers.X-D + crm: apis.read.headers.X-D: '{corp}' is sent as it "
        "stands, as only auth fills in values; write apply: [{in: header, name: X-D, "
        "value: '{{ corp }}'}] there"
    ),
    (
        "apis.read.headers.auth + crm: apis.read.headers.auth: '{ corp }' is sent as it "
        "stands, as only auth fills in values; write apply: [{in: header, name: auth, "
        "value: '{{ corp }}'}] there"
    ),
    (
        "apis.read.query.c + crm: apis.read.query.c: '{corp}' is sent as it stands, as "
        "only auth fills in values; write apply: [{in: query, name: c, value: 'x{{ corp "
        "}}'}] there"
    ),
    (
        "apis.read.idempotency.value + crm: apis.read.idempotency.value: '{tok}' is sent "
        "as it stands; write {{ tok }} for the value"
    ),
    (
        "apis.read.idempotency.value + crm: apis.read.idempotency.value: '{call_id}' is "
        "sent as it stands; write {{ call_id }} for the value"
    ),
    (
        "apis.auth.query.k + crm: apis.auth.query.k: '{corp}' is sent as it stands, as "
        "only auth fills in values; write apply: [{in: query, name: k, value: '{{ corp "
        "}}'}] there"
    ),
    (
        "auth.recover.token + crm: auth.recover.token: tries does nothing, as no API may "
        "be sent again; declare idempotent: true on one"
    ),
    (
        "auth.recover.rate + crm: auth.recover.rate: tries does nothing, as no API may be "
        "sent again; declare idempotent: true on one"
    ),
    (
        "auth.recover.clock + crm: auth.recover.clock: wait does nothing without a second "
        "try; add tries: 2"
    ),
    (
        "auth.recover.busy + crm: auth.recover.busy: tries does nothing, as no API may be "
        "sent again; declare idempotent: true on one"
    ),
    (
        "apis.post.auth.recover.token + crm: apis.post.auth.recover.token: refresh does "
        "nothing, as there is no login to renew"
    ),
    (
        "apis.post.auth.recover.token + crm: apis.post.auth.recover.token: tries does "
        "nothing, as no API may be sent again; declare idempotent: true on one"
    ),
    (
        "apis.post.auth.recover.rate + crm: apis.post.auth.recover.rate: tries does "
        "nothing, as no API may be sent again; declare idempotent: true on one"
    ),
    (
        "apis.post.auth.recover.clock + crm: apis.post.auth.recover.clock: tries does "
        "nothing, as no API may be sent again; declare idempotent: true on one"
    ),
    (
        "response.classes.busy.code + crm: response.classes.busy.code can never hold, as "
        "nothing says where a response has its code; write response.code: [$.code]"
    ),
    (
        "apis.write.volatile[1] + crm: apis.write.volatile: the declared answer has no "
        "body.rows[0].idd; did you mean 'id'?"
    ),
    (
        "apis.write.volatile[2] + crm: apis.write.volatile: the declared answer has no "
        "body.data.tme; did you mean 'time'?"
    ),
    ("apis.write.volatile[4] + crm: apis.write.volatile: the declared answer has no body.none.x"),
    "timeout + crm: timeout: 3600.5 is in seconds; write 3.6005 where milliseconds are meant",
    (
        "apis.read.timeout + crm: apis.read.timeout: 7200000 is in seconds; write 7200 "
        "where milliseconds are meant"
    ),
    (
        "apis.write.parameters[0].type + crm: apis.write: the parameter a has the type "
        "'strin', which is none, so that nothing is compared with it; did you mean "
        "'string'?"
    ),
]


def test_every_suspect_declaration_is_told_and_what_stands_beside_it_is_not() -> None:
    assert list_suspects(SUSPECT) == SUSPECTS


LOST = (
    "no request gets what this login extracts (a, b); write apply: [{in: header, name: "
    "Authorization, value: 'Bearer {{ a }}'}]"
)


def test_a_login_is_suspect_if_none_of_its_values_is_used() -> None:
    login = "  acquire: {steps: [{request: {path: /t}, extract: {%s}}]}\n"
    both = login % "b: {path: $.b}, a: {path: $.a}"
    texts = {
        "none used": "auth:\n" + both,
        "one used": f"auth:\n{both}  apply: [{{in: query, name: q, value: '{{{{ a }}}}'}}]\n",
        "a lifetime alone": "auth:\n" + login % "ttl: {path: $.t}",
        "of an api": f"apis:\n  get:\n    auth:\n    {both}",
    }

    assert {name: list_suspects(HEAD + text) for name, text in texts.items()} == {
        "none used": [
            f"auth.acquire + crm: auth.acquire: {LOST}",
        ],
        "one used": [],
        "a lifetime alone": [],
        "of an api": [
            f"apis.get.auth.acquire + crm: apis.get.auth.acquire: {LOST}",
        ],
    }


def test_codes_of_one_owner_are_enough_and_an_idle_recover_may_be_for_later() -> None:
    rules = "response: {classes: {mine: {code: [1]}}}\n"
    repeated = "auth: {recover: {mine: {tries: 2}}}\n"
    texts = {
        "an api has a code": rules + "apis: {a: {response: {code: [$.c]}}, b: {}}\n",
        "no api yet": repeated + "response: {classes: {mine: {status: [500]}}}\n",
        "one may be repeated": repeated + "response: {classes: {mine: {status: [500]}}}\n"
        "apis: {a: {method: POST}, b: {method: GET}}\n",
        "one has its own auth": repeated + "response: {classes: {mine: {status: [500]}}}\n"
        "apis: {a: {method: POST}, b: {method: GET, auth: {}}}\n",
    }  # fmt: skip

    found = {name: list_suspects(HEAD + text) for name, text in texts.items()}
    assert {name: len(messages) for name, messages in found.items()} == {
        "an api has a code": 0, "no api yet": 0, "one may be repeated": 0,
        "one has its own auth": 1,
    }  # fmt: skip


def test_what_another_file_declares_is_told_without_a_place(tmp_path: Path) -> None:
    files = {
        "base.yaml": HEAD + "credentials: {corp: {}, used: {}, lost: {}}\ntimeout: 4000\n",
        "heir.yaml": "platform_key: heir\nextends: crm\nheaders: {X: '{ corp }'}\n"
        "credentials: {own: {}}\n"
        "auth: {apply: [{in: query, name: q, value: '{{ used }}'}]}\n",
        "last.yaml": "platform_key: last\nextends: heir\ntimeout: 20\n"
        "auth: {preset: basic, username: '{{ corp }}', password: '{{ own }}'}\n",
    }  # fmt: skip
    for name, text in files.items():
        (tmp_path / name).write_text(text, "utf-8")
    platforms = load_platforms(tmp_path)

    def find(key: str) -> list[str]:
        return [
            f"{one.place.line if one.place else '-'} {translate(one.message)[:50]}"
            for one in find_suspect_declarations(platforms, key)
        ]

    assert find("crm") == [
        "3 crm: nothing uses the credential 'lost'; write {{ ",
        "4 crm: timeout: 4000 is in seconds; write 4 where mi",
    ]
    assert find("heir") == [
        "3 heir: headers.X: '{ corp }' is sent as it stands, ",
        "- heir: timeout: 4000 is in seconds; write 4 where m",
    ]
    assert find("last") == ["- last: headers.X: '{ corp }' is sent as it stands, "]
    assert find("none") == []
