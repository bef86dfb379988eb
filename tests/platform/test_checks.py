"""What does not fit together within one platform file, and what is only suspect in it."""

from __future__ import annotations

from typing import Any

import pytest

from bpmax_sim.i18n import translate
from bpmax_sim.platform.check import (
    describe_credential_problem,
    describe_secret_problem,
    describe_volatile_problem,
    find_credential_references,
    is_proxy_address,
    suggest_recover_for_classes,
)
from bpmax_sim.platform.load import read_platform_root
from bpmax_sim.platform.model import Platform
from bpmax_sim.platform.suspect_declarations import explain_suspect_declarations
from bpmax_sim.yamlfile import Node, parse_yaml

AS_IT_STANDS = (
    "would be sent as it stands, as only auth fills templates; write {$credential: name} for a "
    "credential, or make it the default of a parameter if it is meant so"
)
HEAD = "platform_key: crm\nbase_url: https://crm.example.test\n"


def told(text: str, head: str = HEAD) -> list[str]:
    """Return what is wrong in the platform file *head* and *text*: line, path and message."""
    found = read_platform_root(parse_yaml(head + text, "crm.yaml"))
    return [
        f"{one.place.line if one.place else 0}: {one.path}: {one.message}" for one in found.problems
    ]


def read(text: str) -> Platform:
    found = read_platform_root(parse_yaml(HEAD + text, "crm.yaml"))
    assert not found.problems
    assert found.platform is not None
    return found.platform


ADDRESS = "expected an address such as https://crm.example.com, without ? # and user"


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        # names
        ("apis: {' ': {}, 查询: {}, a$b: {}}", ["3: apis[\" \"]: ' ' is not an API name"]),
        ("apis: {a: {method: ''}}", ["3: apis.a.method: '' is not an HTTP method"]),
        ("apis: {a: {method: get}, b: {method: PROPFIND}}", []),
        ("credentials: {a-b: {}, 密钥: {}, _x: {}, 1a: {}}", [
            "3: credentials.a-b: 'a-b' cannot be used in templates; use only letters, digits and _",
            "3: credentials.1a: '1a' cannot be used in templates; use only letters, digits and _",
        ]),
        ("credentials: {nonce: {}, signature: {}}", [
            ("3: credentials.nonce: 'nonce' means something else in templates; rename the "
            "credential"),
            ("3: credentials.signature: 'signature' means something else in templates; rename the "
            "credential"),
        ]),
        # credentials
        ("credentials: {app_secret: {secret: false}, secret_id: {secret: false}}", [
            ("3: credentials.app_secret.secret: 'app_secret' cannot be declared secret: false: it "
            "is named like a password; write secret: true"),
        ]),
        ("credentials: {agent: {kind: integer, secret: false}}", [
            ("3: credentials.agent.secret: 'agent' cannot be declared secret: false: only text can "
            "be recorded as it is, and its kind is integer; write secret: true"),
        ]),
        ("credentials: {cert: {kind: rsa, secret: false}}", [
            ("3: credentials.cert.secret: 'cert' cannot be declared secret: false: its kind is "
            "rsa; write secret: true"),
        ]),
        ("credentials: {corp: {as: ww_sim}, corp2: {as: ww_sim, secret: true}}", []),
        ("credentials: {pin: {as: '0000'}}", [
            ("3: credentials.pin.as: 'pin' cannot be recorded as '0000': it is named like a "
            "password; take `as` away"),
        ]),
        ("credentials: {agent: {kind: integer, as: '1'}}", [
            ("3: credentials.agent.as: 'agent' cannot be recorded as '1': its kind is integer; "
            "take `as` away"),
        ]),
        ("credentials: {corp: {secret: false, as: ww}}", [
            ("3: credentials.corp.as: 'corp' cannot be recorded as 'ww': secret: false records its "
            "value as it is; take `as` away"),
        ]),
        (("credentials: {a: {default: 5}, b: {kind: integer, default: 0}, c: {kind: hex, "
         "default: xyz}, d: {kind: integer, default: true}, e: {default: ''}}"), [
            "3: credentials.a.default: expected text, got a number; quote it",
            "3: credentials.c.default: expected hex, got other text",
            "3: credentials.d.default: expected a whole number, got true or false",
        ]),
        ("credentials: {a-b: 5}\napis: {a: {method: ''}}",
            ["3: credentials.a-b: expected a mapping, got a number"]),
        # hosts
        (("hosts: {sso: 'https://sso.test', s2: 'https://s.test', 2s: 'https://2.test', "
         "单点: 'https://3.test', s点: 'https://4.test'}\ncredentials: {s2: {}}"), [
            "3: hosts.2s: '2s' is not a valid host name; use letters, digits and _",
            "3: hosts.单点: '单点' is not a valid host name; use letters, digits and _",
            "3: hosts.s点: 's点' is not a valid host name; use letters, digits and _",
        ]),
        ("hosts: {a: 'https://{{ tenant }}.test', b: sso.test}\ncredentials: {tenant: {}}",
            [f"3: hosts.a: {ADDRESS}", f"3: hosts.b: {ADDRESS}"]),
        ("hosts: {sso: 'https://sso.test'}\ncredentials: {sso_url: {}}",
            ["3: hosts.sso: a credential is called 'sso_url' as well"]),
        (("hosts: {sso: 'https://sso.test'}\napis: {a: {host: sso}, b: {host: ssoo}, "
         "c: {host: files}}"), [
            "4: apis.b.host: there is no host 'ssoo'; did you mean 'sso'?",
            "4: apis.c.host: there is no host 'files'; declare it under hosts",
        ]),
        (("hosts: {sso: 'https://sso.test'}\nauth: {acquire: {steps: [{request: {host: sso}, "
         "extract: {a: {path: $.a}}}, {request: {url: '{{ sso_url }}/{{ a }}'}}, "
         "{request: {host: so}}]}}"),
            ["4: auth.acquire.steps[2].request.host: there is no host 'so'; did you mean 'sso'?"]),
        (("auth: {acquire: {steps: [{request: {path: '/t?'}}, {request: {path: '/t?a=1&?'}}, "
         "{request: {url: 'https://sso.test/t?a=1'}}, {request: {path: '/t%3Fa'}}]}}"), [
            ("3: auth.acquire.steps[0].request.path: '?' would be sent as a part of the path; "
            "write it under query, as query: {grant_type: client_credentials}"),
            ("3: auth.acquire.steps[1].request.path: '?a=1&?' would be sent as a part of the path; "
            "write it under query, as query: {grant_type: client_credentials}"),
        ]),
        (("credentials: {t: {}}\nauth: {acquire: {steps: [{request: {path: /t, query: "
         "{'a{{ t }}': '{{ t }}'}, headers: {'X-{{ t }}': 客户}, form: {'{{ t }}': "
         "{'{{ t }}': 1}}}}, {request: {path: /t, body: {租户: [{'{{ t }}': 1}, "
         "'{{ t }}']}}}]}}"), [
            f"4: auth.acquire.steps[{step}].request.{at}: the name {name!r} would be sent as it "
            "stands, as only values are filled; write the name itself"
            for step, at, name in [
                (0, 'query["a{{ t }}"]', "a{{ t }}"),
                (0, 'headers["X-{{ t }}"]', "X-{{ t }}"),
                (0, 'form["{{ t }}"]', "{{ t }}"),
                (0, 'form["{{ t }}"]["{{ t }}"]', "{{ t }}"),
                (1, 'body.租户[0]["{{ t }}"]', "{{ t }}"),
            ]
        ]),
        # templates that nothing fills
        (("credentials: {t: {}}\nheaders: {X-A: 'a{{ t }}', X-B: '{{}}', X-C: 5}\n"
         "query: {a: '{ t }', b: '{{ t }}'}\n"
         "apis: {a: {headers: {X-D: '{{ t }}'}, query: {c: ['{{ t }}'], d: '{{ t }}'}}}"), [
            ("4: headers.X-A: 'a{{ t }}' would be sent as it stands, as only auth fills templates; "
            "write auth: {apply: [{in: header, name: X-A, value: 'a{{ t }}'}]}"),
            ("5: query.b: '{{ t }}' would be sent as it stands, as only auth fills templates; "
            "write auth: {apply: [{in: query, name: b, value: '{{ t }}'}]}"),
            ("6: apis.a.headers.X-D: '{{ t }}' would be sent as it stands, as only auth fills "
            "templates; write auth: {apply: [{in: header, name: X-D, value: '{{ t }}'}]}"),
            f"6: apis.a.query.c[0]: '{{{{ t }}}}' {AS_IT_STANDS}",
            ("6: apis.a.query.d: '{{ t }}' would be sent as it stands, as only auth fills "
            "templates; write auth: {apply: [{in: query, name: d, value: '{{ t }}'}]}"),
        ]),
        (("credentials: {t: {}}\nquery: {a: [{m: '{{ x }}'}], b: {$credential: u}}\napis:\n"
         "  a: {method: POST, body: {a: [{b: 'T{{ t | x }}'}, 1], '{{ k }}': 1, "
         "c: {$credential: '{{ t }}'}, d: '{ t }', e: '{{ t }}'}}\n"
         "  b: {method: POST, encoding: text, body: \"a\\n{{\\n t }}\", path: '/b/{{ t }}'}\n"
         "  c: {parameters: [{name: x, in: query, default: '{{ t }}{{ now }}'}, "
         "{name: y, in: query, default: '{{ t }}{{ 姓名 }}'}, "
         "{name: z, in: query, default: '{{ t'}]}"), [
            f"4: query.a[0].m: '{{{{ x }}}}' {AS_IT_STANDS}",
            ("4: query.b.$credential: unknown credential 'u'; declare it under credentials"),
            f"6: apis.a.body.a[0].b: 'T{{{{ t | x }}}}' {AS_IT_STANDS}",
            f"6: apis.a.body[\"{{{{ k }}}}\"]: '{{{{ k }}}}' {AS_IT_STANDS}",
            ("6: apis.a.body.c.$credential: unknown credential '{{ t }}'; declare it under "
            "credentials"),
            f"6: apis.a.body.e: '{{{{ t }}}}' {AS_IT_STANDS}",
            f"7: apis.b.body: 'a\\n{{{{\\n t }}}}' {AS_IT_STANDS}",
            ("7: apis.b.path: '/b/{{ t }}' has a template, and only auth fills them; write {name} "
            "in its place, and auth: {apply: [{in: path, name: name, value: '{{ name }}'}]}"),
            ("8: apis.c.parameters[0].default: '{{ t }}{{ now }}' would be sent as it stands, as "
            "only auth fills templates; write auth: {apply: [{in: query, name: x, value: "
            "'{{ t }}{{ now }}'}]}"),
        ]),
        # what a login yields
        (("auth: {acquire: {steps: [{request: {path: /a}, extract: {a: {path: 'css:a:b'}, "
         "b: {path: 'regex:(a)(b)'}, c: {path: 'header:a:b'}, d: {path: 'regex:a(.*)'}}}]}}"), [
            ("3: auth.acquire.steps[0].extract.a.path: 'a:b' is not a CSS selector that can be "
            "used here; write such as css:input[name=csrf_token], with types, #id, .class, "
            "[attribute=value], spaces and > alone, and @attribute at the end for another one than "
            "value"),
            ("3: auth.acquire.steps[0].extract.b.path: '(a)(b)' has 2 groups; make all but that of "
            "the value (?:…)"),
        ]),
        (("auth: {recover: {token: {}, rate: {}, transient: {}, clock: {}, 限流: {}}}\n"
         "response: {classes: {限流: {code: [1]}}}"), []),
        ("apis: {a: {auth: {recover: {占用: {}}}}}", [
            ("3: apis.a.auth.recover.占用: unknown failure class '占用'; declare it under "
            "response.classes"),
        ]),
        (("auth: {acquire: {steps: [{request: {path: /a}, extract: {t: {path: $.t}}}]}}\n"
         "apis: {a: {idempotency: {in: header, name: I, value: '{{ t }}'}},\n"
         "  b: {auth: {parameters: {p: '1'}}, idempotency: {in: header, name: I, "
         "value: '{{ t }}{{ p }}'}}}"), [
            ("5: apis.b.idempotency.value: the template names 't', which is not defined; declare "
            "it under credentials"),
        ]),
        # credentials in values
        (("credentials: {corp: {}}\napis: {a: {query: {x: {$credential: [crm]}}}, "
         "b: {body: {$credential: {corp: 1}}}, c: {body: {$credential: null}}}"), [
            ("4: apis.a.query.x.$credential: unknown credential ['crm']; declare it under "
             "credentials"),
            ("4: apis.b.body.$credential: unknown credential {'corp': 1}; declare it under "
             "credentials"),
            "4: apis.c.body.$credential: unknown credential None; declare it under credentials",
        ]),
        (("credentials: {corp: {}}\napis: {a: {query: {x: {$credential: corp}, "
         "y: {$credential: crop}}, body: [1, {z: [{$credential: 5}]}]}}"), [
            "4: apis.a.query.y.$credential: unknown credential 'crop'; did you mean 'corp'?",
            ("4: apis.a.body[1].z[0].$credential: unknown credential 5; declare it under "
            "credentials"),
        ]),
        # conditions
        (("response: {ok: {all: [{path: $.a, in: [0]}, {path: $.b, absent: true}, {path: $.c}, "
         "{path: $.d, in: []}]}}"), [
            "3: response.ok.all[2]: condition can never match; add in: […] or absent: true",
            "3: response.ok.all[3]: condition can never match; add in: […] or absent: true",
        ]),
        # volatile
        (("volatile: [body.id, query.t, header.Date, path.id]\n"
         "apis: {a: {volatile: [body, 'body.a[0].b', query]}}"), [
            ("3: volatile[1]: query.t is a place of requests, and `volatile` speaks of responses "
            "alone; write ignore: [query.t] to leave it out of the match"),
            ("3: volatile[3]: path.id is a place of requests, and `volatile` speaks of responses "
            "alone; write ignore: [path.id] to leave it out of the match"),
            ("4: apis.a.volatile[2]: query is a place of requests, and `volatile` speaks of "
            "responses alone; write ignore: [query] to leave it out of the match"),
        ]),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_told_once_at_its_place(text: str, problems: list[str]) -> None:
    assert told(text) == problems


@pytest.mark.parametrize(
    ("address", "problems"),
    [
        ("https://{{ tenant }}.test", []),
        ("https://{{ code }}.test", []),
        ("https://{{ now | unix }}.test", []),
        ("https://{{ base_url }}", [
            ("2: base_url: the template names 'base_url', which is not defined; declare it under "
            "credentials")]),
        ("https://{{ tenent }}.test", [
            ("2: base_url: the template names 'tenent', which is not defined; did you mean "
            "'tenant'?")]),
        ("https://{{ a", [("2: base_url: template 'https://{{ a': unexpected end of template, "
            "expected 'end of print statement'.")]),
    ],
)  # fmt: skip
def test_an_address_names_credentials_and_what_a_login_yields(
    address: str, problems: list[str]
) -> None:
    text = (
        "credentials: {tenant: {}}\nauth: {acquire: {steps: [{request: {url: https://a.test}, "
        "extract: {code: {path: $.c}}}]}}\n"
    )
    assert told(text, f"platform_key: crm\nbase_url: '{address}'\n") == problems


@pytest.mark.parametrize(
    ("parameters", "problems"),
    [
        ("{name: id, in: path}, {name: no, in: path}", []),
        ("{name: 编号, in: path, to: id}, {name: no, in: path}", []),
        ("{name: id, in: query}, {name: no, in: path}",
            ["path: the placeholder {id} has no parameter; add {name: id, in: path}"]),
        ("{name: x, in: query}", [
            "path: the placeholder {id} has no parameter; add {name: id, in: path}",
            "path: the placeholder {no} has no parameter; add {name: no, in: path}"]),
        ("{name: id, in: path}, {name: no, in: path}, {name: hook, in: path}",
            ["parameters[2]: the path has no placeholder {hook}"]),
        (("{name: id, in: path}, {name: no, in: path}, {name: a, in: query, to: x}, "
         "{name: b, in: query, to: x}"),
            ["parameters[3]: a second parameter 'b', or a second one for its place; remove one"]),
        (("{name: id, in: path}, {name: no, in: path}, {name: a, in: query, to: x}, "
         "{name: b, in: body, to: x}, {name: x, in: header}"), []),
        (("{name: id, in: path}, {name: no, in: path}, {name: a, in: query}, "
         "{name: a, in: body, to: y}, {name: a, in: header}"), [
            "parameters[3]: a second parameter 'a', or a second one for its place; remove one",
            "parameters[4]: a second parameter 'a', or a second one for its place; remove one"]),
        ("{name: id, in: path}, {name: no, in: path}, {name: id, in: body}",
            ["parameters[2]: a second parameter 'id', or a second one for its place; remove one"]),
    ],
)  # fmt: skip
def test_each_placeholder_has_one_parameter(parameters: str, problems: list[str]) -> None:
    text = (
        "apis: {a: {path: '/c/{id}/{no}/{hook}', parameters: [%s],\n"
        "  auth: {apply: [{in: path, name: hook, value: x}, {in: query, name: no, value: y}]}}}"
    )
    found = [one.split(": ", 1)[1].removeprefix("apis.a.") for one in told(text % parameters)]
    assert found == problems


@pytest.mark.parametrize(
    ("enum", "default", "is_refused"),
    [
        ("[open, closed]", "closed", False), ("[open, closed]", "Open", True),
        ("[open, closed]", "''", True), ("[0, 1]", "0", False), ("[0, 1]", "'1'", False),
        ("[0, 1]", "2", True), ("[0, 1]", "-1", True), ("[a]", "[b]", False),
        ("[a]", "null", False), ("[]", "b", False), ("[1.5, 2]", "1.5", False),
        ("[1.5, 2]", "2.0", False), ("[1.5, 2]", "2.5", True), ("[true]", "false", True),
        ("[true]", "true", False), ("[null, a]", "''", True),
    ],
)  # fmt: skip
def test_a_default_is_one_of_the_enumeration(enum: str, default: str, *, is_refused: bool) -> None:
    text = f"apis: {{a: {{parameters: [{{name: s, in: body, enum: {enum}, default: {default}}}]}}}}"

    found = read_platform_root(parse_yaml(HEAD + text, "crm.yaml")).problems

    assert [(one.path, one.kind) for one in found] == (
        [("apis.a.parameters[0].default", "rule")] if is_refused else []
    )


@pytest.mark.parametrize(
    ("apis", "problems"),
    [
        ("a: {aliases: [b, c]}, d: {aliases: [b]}",
            ["apis.d.aliases[0]: 'b' could also mean the API 'a'; rename one of them"]),
        ("a: {aliases: [b, getD]}, get_d: {}, e: {}",
            ["apis.a.aliases[1]: 'getD' could also mean the API 'get_d'; rename one of them"]),
        ("getA: {aliases: [get_a, getA]}", []),
        ("geta: {}, getA: {}, Geta: {}",
            ["apis.Geta: 'Geta' could also mean the API 'geta'; rename one of them"]),
    ],
)  # fmt: skip
def test_an_api_has_its_names_alone(apis: str, problems: list[str]) -> None:
    assert [one.split(": ", 1)[1] for one in told(f"apis: {{{apis}}}")] == problems


ANSWER = "{properties: {id: {}, 明细: {items: {properties: {单价: {}, 数量: {}}}}}}"


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        ("response: {classes: {rate: {code: [45009]}, token: {status: [401]}, 限: {code: [1]}}}", [
            ("response.classes.rate.code can never hold, as nothing says where a response has its "
            "code; write response.code: [$.code]"),
            ("response.classes.限.code can never hold, as nothing says where a response has its "
            "code; write response.code: [$.code]"),
        ]),
        ("response: {code: $.errcode, classes: {rate: {code: [45009]}}}", []),
        ("response: {classes: {rate: {code: [1]}}}\napis: {a: {}, b: {response: {code: $.c}}}", []),
        ((f"apis: {{a: {{answer: {ANSWER}, volatile: [body.id, header.Date, body, "
         "'body.明细[0].单价', 'body.明细[*].数量', 'body.明细.0.单介', body.idd, body.id.x]}}"), [
            "apis.a.volatile: the declared answer has no body.明细.0.单介; did you mean '单价'?",
            "apis.a.volatile: the declared answer has no body.idd; did you mean 'id'?",
        ]),
        ("apis: {a: {volatile: [body.idd]}}", []),
        ("timeout: 3601\napis: {a: {timeout: 3600}, b: {timeout: 30000}}", [
            "timeout: 3601 is in seconds; write 3.601 where milliseconds are meant",
            "apis.b.timeout: 30000 is in seconds; write 30 where milliseconds are meant",
        ]),
        (("apis: {a: {parameters: [{name: x, in: query, type: interger}, {name: y, in: query, "
         "type: string}, {name: z, in: query, type: money}, {name: w, in: query}]}}"), [
            ("apis.a: the parameter x has the type 'interger', which is none, so that nothing is "
            "compared with it; did you mean 'integer'?"),
        ]),
        # recovery
        (("auth: {recover: {token: {refresh: 1}, rate: {tries: 2, wait: [$.wait]}, "
         "transient: {wait: [$.wait]}}}\napis: {a: {method: POST}}"), [
            "auth.recover.token: refresh does nothing, as there is no login to renew",
            "auth.recover.transient: wait does nothing without a second try; add tries: 2",
        ]),
        ("auth: {acquire: {steps: [{request: {path: /a}}]}, recover: {token: {refresh: 1}}}", []),
        (("auth: {recover: {token: {tries: 2}, rate: {tries: 2}, transient: {tries: 2}, "
         "忙: {tries: 2}, 锁: {tries: 1}, 多: {tries: 3}}}\n"
         "response: {code: $.c, classes: {忙: {status: [429, 503]}, 锁: {code: [1]}, "
         "多: {status: [503]}}}\n"
         "apis: {a: {method: POST}, b: {method: PUT}, c: {method: DELETE}}"), [
            ("auth.recover.token: tries does nothing, as no API may be sent again; declare "
            "idempotent: true on one"),
            ("auth.recover.多: tries does nothing, as no API may be sent again; declare "
            "idempotent: true on one"),
        ]),
        (("auth: {recover: {rate: {tries: 2}}}\nresponse: {classes: {rate: {status: [503]}}}\n"
         "apis: {a: {method: POST}}"), [
            ("auth.recover.rate: tries does nothing, as no API may be sent again; declare "
            "idempotent: true on one"),
        ]),
        ("auth: {recover: {token: {tries: 2}}}\napis: {a: {method: POST}, b: {}}", []),
        (("auth: {recover: {token: {tries: 2}}}\napis: {a: {method: POST}, "
         "b: {auth: {recover: {token: {tries: 2}}}}}"), [
            ("auth.recover.token: tries does nothing, as no API may be sent again; declare "
            "idempotent: true on one"),
        ]),
        (("auth: {recover: {token: {tries: 2}}}\napis: {a: {auth: {}}, "
         "b: {method: POST, auth: {recover: {token: {tries: 2, refresh: 1}}}}}"), [
            "apis.b.auth.recover.token: refresh does nothing, as there is no login to renew",
            ("apis.b.auth.recover.token: tries does nothing, as no API may be sent again; declare "
            "idempotent: true on one"),
        ]),
        ("auth: {recover: {token: {tries: 2}}}", []),
    ],
)  # fmt: skip
def test_what_no_call_can_use_is_suspect(text: str, messages: list[str]) -> None:
    found = [translate(one.message) for one in explain_suspect_declarations(read(text))]

    assert found == [f"crm: {message}" for message in messages]


CLASSES = (
    "response: {code: $.c, classes: {rate: {code: [1]}, token: {code: [2]}, clock: {code: [3]}, "
    "transient: {status: [503]}, 限流: {code: [4]}}}\n"
)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", ["rate", "token", "clock"]),
        ("auth: {recover: {token: {refresh: 0}}}", ["rate", "clock"]),
        ("apis: {a: {}, b: {auth: {recover: {rate: {}, clock: {}}}}}", ["token"]),
        ("reject: [business]", []),
    ],
)
def test_a_class_that_nothing_acts_on_is_named(text: str, names: list[str]) -> None:
    found = list(suggest_recover_for_classes(read(CLASSES + text)))

    assert [(name, str(message)) for name, message in found] == [
        (
            name,
            (
                f"crm: response.classes.{name} changes nothing, as nothing is sent again for it; "
                f"write auth.recover: {{{name}: {{tries: 3}}}}"
            ),
        )
        for name in names
    ]


@pytest.mark.parametrize(
    ("text", "is_told"),
    [
        ("body", False), ("body.a", False), ("header.Date", False), ("query.a", True),
        ("path.id", True), ("url", False), ("", False), ("body[", False), ("cookie.a", False),
    ],
)  # fmt: skip
def test_a_volatile_place_is_one_of_responses(text: str, *, is_told: bool) -> None:
    assert bool(describe_volatile_problem(text)) == is_told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        *((text, "") for text in (
            "body", "body.a", "body.*", "header.X-Ticket", "$.a", "header:X-A", "cookie:sid",
            "cookies", "url", "", "body[", "cookie.a",
        )),
        ("query.a", "is a place of requests"), ("query", "is a place of requests"),
        ("path.id", "is a place of requests"), ("header", "names no header"),
        ("header.*", "names no header"), ("header[0]", "names no header"),
    ],
)  # fmt: skip
def test_a_secret_place_is_one_of_responses(text: str, told: str) -> None:
    found = translate(describe_secret_problem(text))

    assert told in found
    assert bool(found) == bool(told)


@pytest.mark.parametrize(
    ("kind", "value", "problem"),
    [
        ("integer", 0, ""), ("integer", -5, ""), ("integer", True, "whole number, got true or"),
        ("integer", 1.5, "whole number, got a number"), ("integer", "1", "whole number, got text"),
        ("integer", None, "whole number, got nothing"), ("text", "", ""), ("text", 0, "got a num"),
        ("text", False, "expected text, got true or false; quote it"), ("hex", "0F", ""),
        ("hex", "0g", "expected hex, got other text"), ("hex", 12, "expected text, got a number"),
        ("base64", "YQ", ""), ("base64", "密", "expected base64, got other text"),
        ("rsa", "anything", ""),
    ],
)  # fmt: skip
def test_a_credential_is_of_its_kind(kind: Any, value: Any, problem: str) -> None:
    found = describe_credential_problem(kind, Node(value))

    assert problem in found
    assert bool(found) == bool(problem)


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("http://proxy.test:3128", True), ("https://u:p@proxy.test", True),
        ("socks5://127.0.0.1:1080", True), ("socks5h://proxy.test", True),
        ("socks4://proxy.test", False), ("proxy.test:3128", False), ("http://", False),
        ("http://proxy.test:port", False), ("http://proxy.test:70000", False), ("", False),
        ("http://[::1", False), ("HTTP://proxy.test", True),
    ],
)  # fmt: skip
def test_a_proxy_has_a_scheme_a_host_and_a_port_that_is_one(text: str, *, fits: bool) -> None:
    assert is_proxy_address(text) == fits


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ({"$credential": "a"}, [(("$credential",), "a")]),
        ({"$credential": "a", "b": {"$credential": "c"}}, [(("$credential",), "a")]),
        (
            {"a": [{"$credential": "x"}, 1, {"b": {"$credential": None}}]},
            [(("a", 0, "$credential"), "x"), (("a", 2, "b", "$credential"), None)],
        ),
        (({"$credential": 0},), [((0, "$credential"), 0)]),
        ("$credential", []),
        (None, []),
    ],
)
def test_references_to_credentials_are_found_anywhere(value: Any, found: list[Any]) -> None:
    assert [tuple(one) for one in find_credential_references(value)] == found


TWICE = "a second parameter 'b', or a second one for its place; remove one"
NO_NAME = "is not a header name (RFC 9110)"


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("headers: {X-Team: a, x_team: b, '!#$%&*+.^`|~': c}", []),
        ("headers: {'a b': c}", ['headers["a b"]: header \'a b\'']),
        ("headers: {'': c, 'X:Y': d, 标题: e, '{{ x }}': f}", [
            'headers[""]: header \'\'', 'headers["X:Y"]: header \'X:Y\'',
            "headers.标题: header '标题'", 'headers["{{ x }}"]: header \'{{ x }}\'',
        ]),
        ("apis: {查询: {headers: {'a b': c}}}", ['apis.查询.headers["a b"]: header \'a b\'']),
        ("apis: {a: {parameters: [{name: 语言, in: header, to: X-Lang}, {name: b c, in: query}]}}",
         []),
        ("apis: {a: {parameters: [{name: 语言, in: header}]}}",
         ["apis.a.parameters[0]: header '语言'"]),
        (("auth: {apply: [{in: header, name: 'a b', value: c}, {in: cookie, name: 'a b', value: d}]"
         "}"),
         ["auth.apply[0].name: header 'a b'"]),
        ("auth: {parameters: {n: X-A}, apply: [{in: header, name: '{{ n }} x', value: c}]}", []),
        (("auth: {sign: {default_headers: {'a:': b}, set_headers: {'c,': d}, "
          "set_query: {'e f': g}, emit: [{in: header, name: '(x)', value: y}, {in: query, "
          "name: '(x)', value: y}]}}"), [
            'auth.sign.default_headers["a:"]: header \'a:\'',
            'auth.sign.set_headers["c,"]: header \'c,\'',
            "auth.sign.emit[0].name: header '(x)'",
        ]),
        (("auth: {acquire: {steps: [{request: {path: /a}}, {request: {path: /b, "
          "headers: {'x/y': z}}}]}}"),
         ['auth.acquire.steps[1].request.headers["x/y"]: header \'x/y\'']),
        ("apis: {a: {auth: {apply: [{in: header, name: '', value: c}]}}}",
         ["apis.a.auth.apply[0].name: header ''"]),
    ],
)  # fmt: skip
def test_a_header_has_a_name_that_can_be_sent(text: str, places: list[str]) -> None:
    assert [one.split(": ", 1)[1] for one in told(text)] == [f"{one} {NO_NAME}" for one in places]


@pytest.mark.parametrize("name", ["Content-Length", "content-length", "Transfer-Encoding"])
@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("headers: {%s: '3'}", "headers.%s"),
        ("apis: {a: {headers: {%s: '3'}}}", "apis.a.headers.%s"),
        ("apis: {a: {parameters: [{name: %s, in: header}]}}", "apis.a.parameters[0]"),
        ("auth: {apply: [{in: header, name: %s, value: '3'}]}", "auth.apply[0].name"),
        ("auth: {sign: {set_headers: {%s: '3'}}}", "auth.sign.set_headers.%s"),
    ],
)
def test_where_a_request_ends_is_not_declared(name: str, text: str, place: str) -> None:
    at = place % name if "%" in place else place

    assert told(text % name) == [
        f"3: {at}: header {name!r} is managed by the transport and cannot be set"
    ]
    assert told(text % "Host") == []


@pytest.mark.parametrize(
    ("second", "is_refused"),
    [("header, to: x-lang", True), ("header, to: X-LANG", True), ("query, to: x-lang", False),
     ("header, to: x-language", False)],
)  # fmt: skip
def test_two_parameters_of_one_header_are_told_in_any_case(
    second: str, *, is_refused: bool
) -> None:
    text = "apis: {a: {parameters: [{name: 语言, in: header, to: X-Lang}, {name: b, in: %s}]}}"
    other = "apis: {a: {parameters: [{name: 页, in: query, to: X}, {name: b, in: query, to: x}]}}"

    assert told(text % second) == ([f"3: apis.a.parameters[1]: {TWICE}"] if is_refused else [])
    assert told(other) == []
