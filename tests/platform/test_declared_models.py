"""What a file, its parents and its presets come to: defaults, precedence and spellings."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import UNSET

from bpmax_sim.errors import Problem
from bpmax_sim.i18n import translate
from bpmax_sim.platform import model
from bpmax_sim.platform.model import (
    Api,
    Auth,
    Idempotency,
    Instance,
    LoginRequest,
    Parameter,
    ResponseRules,
)
from bpmax_sim.platform.presets import (
    expand_presets,
    load_preset,
    make_instances_schema,
    make_platform_schema,
)
from bpmax_sim.platform.source import (
    PlatformSource,
    find_platform_key,
    is_preset_file_name,
    list_source_and_ancestors,
    merge_chain,
    read_source,
)
from bpmax_sim.yamlfile import Node, parse_yaml, read_yaml
from tests.proxy.world import crm


def plain(node: Node) -> Any:
    """Return the bare value of *node*."""
    if node.items:
        return {key: plain(child) for key, child in node.items.items()}
    return [plain(child) for child in node.elements] if node.elements else node.value


def test_a_login_request_sends_its_form_before_its_body() -> None:
    bodies: list[dict[str, Any]] = [{}, {"form": {}, "body": 1}, {"form": {"a": 1}}, {"body": None}]

    assert [dict(LoginRequest(headers={"X-A": "1"}, **one).content_by_place) for one in bodies] == [
        {"query": {}, "header": {"x-a": "1"}, "body": body} for body in (UNSET, {}, {"a": 1}, None)
    ]
    rules: dict[str, Any] = {"a": True, "b": False, "c": UNSET}
    extract = {name: model.Extract(path=f"$.{name}", secret=value) for name, value in rules.items()}
    step = model.LoginStep(request=LoginRequest(), extract=extract)
    assert [place.name for place in step.response_secret_places] == ["a"]
    assert (model.Ttl().default, model.Ttl().margin, model.Ttl().unit) == (3600, 60, "s")
    assert (LoginRequest().method, Api().method, Api().path, Api().verify) == (
        "POST",
        "GET",
        "/",
        "shape",
    )
    assert (model.Recover().tries, model.Recover().refresh, model.Recover().backoff) == (1, 0, 1.0)
    assert (model.Sign().algorithm, model.Sign().encode, model.Sign().key_encoding) == (
        *("hmac-sha256", "hex", "utf8"),
    )
    signature = model.ResponseSignature(message="", signature="", key="")
    assert (signature.algorithm, signature.encode, signature.window) == (
        "rsa-sha256",
        "base64",
        300,
    )
    assert Idempotency(place="header", name="K").value == "{{ call_id }}"
    made = crm()
    assert (made.timeout, made.share, made.result, made.redirects, made.encoding, made.strict) == (
        *(30.0, "process", "body", "follow", "json", False),
    )


def test_an_api_may_be_sent_again_by_its_method_its_key_or_its_word() -> None:
    key = Idempotency(place="header", name="K")
    apis: dict[str, dict[str, Any]] = {
        "GET": {}, "HEAD": {"method": "HEAD"}, "PUT": {"method": "PUT"}, "key": {"method": "POST",
        "idempotency": key},
        "declared": {"method": "POST", "idempotent": True}, "refused": {"idempotent": False},
        "refused with a key": {"idempotent": False, "idempotency": key},
    }  # fmt: skip

    assert {name: Api(**fields).is_idempotent for name, fields in apis.items()} == {
        "GET": True, "HEAD": True, "PUT": False, "key": True, "declared": True, "refused": False,
        "refused with a key": False,
    }  # fmt: skip


def test_what_an_api_says_holds_before_its_instance_and_its_platform() -> None:
    plain_api, own = Api(), Api(result="bytes", auth=Auth(), response=ResponseRules())
    auth, rules = Auth(parameters={"a": 1}), ResponseRules(code=("$.c",))
    platform = crm(plain_api, auth=auth, response=rules, result="envelope")
    silent = Instance(platform="crm_system", instance_key="a")
    body = Instance(platform="crm_system", instance_key="b", result="body")

    assert [platform.auth_of(api) for api in (plain_api, own)] == [auth, Auth()]
    assert [platform.response_of(api) for api in (None, plain_api, own)] == [
        rules,
        rules,
        ResponseRules(),
    ]
    assert [platform.result_of(api, one) for api in (plain_api, own) for one in (silent, body)] == [
        *("envelope", "body", "bytes", "bytes")
    ]
    lists: list[list[Instance]] = [[], [silent, body, silent], [body], [body, body]]
    assert [platform.list_possible_results(plain_api, one) for one in lists] == [
        ("envelope",), ("envelope", "body"), ("body",), ("body",),
    ]  # fmt: skip
    assert platform.list_possible_results(own, [silent, body]) == ("bytes",)
    assert repr(silent) == "<Instance a of crm_system>"


def test_names_in_each_spelling() -> None:
    names = ["getHTTPUser", "get2Users", "查询Customer", "A", "get_user", "HTTPServer", "userID"]

    assert [model.to_snake_case(name) for name in names] == [
        *("get_http_user", "get2_users", "查询customer", "a", "get_user", "http_server", "user_id")
    ]
    taken: list[set[str]] = [set(), {"a"}, {"a", "a_2", "a_3"}, {"a_2"}]
    assert [model.make_unique_name("a", one) for one in taken] == ["a", "a_2", "a_4", "a"]
    assert [model.make_host_template_name(name) for name in ("sso", "")] == ["sso_url", "base_url"]
    wire = [
        Parameter(name="a.b", place=place, to=to)  # type: ignore[arg-type] # as they come
        for place, to in (("body", ""), ("query", ""), ("body", "x.y"), ("header", "X-A"))
    ]
    assert [(one.wire_name, one.steps) for one in wire] == [
        ("a.b", ("a", "b")), ("a.b", ("a.b",)), ("x.y", ("x", "y")), ("X-A", ("X-A",)),
    ]  # fmt: skip
    pairs = [
        ("crm.getItem", "crm.get_item"), ("crm.get_item", "crm.getItem"), ("crm.*", "crm.find"),
        ("crm.*", "crm.$token"), ("crm.$token", "crm.$token"), ("*.$token", "crm.$token"),
        ("*.find*", "crm.findAll"), ("c?m.f", "crm.f"), ("erp.f", "crm.f"), ("CRM.f", "crm.f"),
        ("*.$t*", "crm.$token"), ("crm", "crm"), ("crm.GetItem", "crm.get_item"),
    ]  # fmt: skip
    assert "".join("01"[model.matches_api(*pair)] for pair in pairs) == "1110111100011"
    places = model.parse_sensitive_places(["body.a.b-c", "header.X-Token", "body", "$.x"])
    assert [(place.path, place.name) for place in places] == [
        ("body.a.b-c", "a_b_c"), ("header:X-Token", "X_Token"), ("body", "body"), ("$.x", "x"),
    ]  # fmt: skip
    assert [model.join_place(*one) for one in (("header", "X-A"), ("query", "X-A"))] == [
        *("header.x-a", "query.X-A")
    ]


def test_a_credential_has_the_form_of_its_kind() -> None:
    texts: dict[str, list[str]] = {
        "integer": ["-5", " 7\n", "9" * 18, "9" * 19, "", "5.0", "٣"], "hex": ["0a", "0", "xx"],
        "base64": ["YQ==", "Y-_Q", "!"], "text": ["", "甲"], "rsa": ["none"],
    }  # fmt: skip

    assert {
        kind: [model.explain_invalid_credential(kind, text) for text in listed]  # type: ignore[arg-type] # a table
        for kind, listed in texts.items()
    } == {
        "integer": ["", "", "", *["expected a whole number, got text"] * 4],
        "hex": ["", *["expected hex, got other text"] * 2],
        "base64": ["", "", "expected base64, got other text"], "text": ["", ""], "rsa": [""],
    }  # fmt: skip


def test_what_auth_fills_is_named_with_its_parameters() -> None:
    sign = model.Sign(
        set_headers={"X-{{ p }}": "1"}, set_query={"q{{ p }}": "2"},
        emit=(model.Apply(place="body", name="{{ p }}.s", value=""),), default_headers={"no": ""},
    )  # fmt: skip
    auth = Auth(parameters={"p": "甲"}, sign=sign)
    item = model.Apply(place="header", name="{{ p }}", value="")

    assert list(model.find_auth_places(auth, [item])) == [
        ("header", "甲"), ("body", "甲.s"), ("header", "X-甲"), ("query", "q甲"),
    ]  # fmt: skip
    assert list(model.find_auth_places(Auth(), [])) == []


def source(name: str, text: str, **presets: Node) -> PlatformSource:
    return PlatformSource(Path(name), parse_yaml(text, name), presets=presets)


def test_the_key_of_a_file_is_found_even_if_it_cannot_be_read(tmp_path: Path) -> None:
    files = {
        "bom.yaml": "\ufeffplatform_key: crm\n[",
        "late.yaml": "title: a\nplatform_key: 'erp' # x\n[",
        "none.yaml": "title: [", "preset.yaml": "preset: basic\n",
        "both.yaml": "preset: a\nplatform_key: p\n",
        "list.yaml": "- preset\n",
    }  # fmt: skip
    for name, text in files.items():
        (tmp_path / name).write_text(text, "utf-8")
    (tmp_path / "bytes.yaml").write_bytes(b"platform_key: \xff\xfe[")

    found = {path.name: read_source(path) for path in sorted(tmp_path.glob("*.yaml"))}
    assert {name: (one.key, one.key_or_file_name, one.is_preset) for name,
    one in found.items()} == {
        "bom.yaml": ("", "crm", False), "late.yaml": ("", "erp", False), "none.yaml": ("",
        "none", False),
        "preset.yaml": ("", "preset", True), "both.yaml": ("p", "p", False), "list.yaml": ("",
        "list", False),
        "bytes.yaml": ("", "bytes", False),
    }  # fmt: skip
    assert [found[name].place.line for name in ("both.yaml", "preset.yaml")] == [2, 1]
    assert found["none.yaml"].place.file.endswith("none.yaml")
    assert [
        find_platform_key(text) for text in ('platform_key:"a"', "a:\nplatform_key: b#c", "x")
    ] == [*("a", "b", "")]
    names = ["a.yml", "a.yaml", "yaml", 5, ""]
    assert [is_preset_file_name(name) for name in names] == [True, True, False, False, False]


def test_preset_files_are_read_beside_the_file_that_names_them(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.yaml").write_text("preset: a\n", "utf-8")
    (tmp_path / "sub" / "bad.yml").write_text("preset: [\n", "utf-8")
    text = (
        "platform_key: crm\napis:\n  x: {auth: {preset: sub/a.yaml}}\n  y: "
        "{auth: {preset: sub/none.yaml}}\n"
        "  z: {auth: {preset: sub/none.yaml}}\n  w: {auth: basic}\nauth: {preset: sub/bad.yml}\n"
    )
    (tmp_path / "crm.yaml").write_text(text, "utf-8")

    found = read_source(tmp_path / "crm.yaml", "名字.yaml")

    assert list(found.presets) == ["sub/a.yaml"]
    assert found.used == tuple(
        str(tmp_path / "sub" / name) for name in ("bad.yml", "a.yaml", "none.yaml")
    )
    places = [(one.place and (Path(one.place.file).name, one.place.line)) for one in found.problems]
    assert places == [("bad.yml", 2), ("none.yaml", 0)]


def chain_of(start: str, **extends: str) -> tuple[str, list[str]]:
    """Return the keys of the chain from *start*, and what is told."""
    files = {
        key: source(
            f"{key}.yaml",
            f"title: x\nplatform_key: {key}\nextends: {parent}\n"
            if parent
            else f"platform_key: {key}\n",
        )
        for key, parent in extends.items()
    }
    files["lost"] = PlatformSource(Path("lost.yaml"), None)
    problems: list[Problem] = []
    chain = list_source_and_ancestors(files[start], lambda key, _child: files.get(key), problems)
    return " ".join(one.key for one in chain), [
        f"{one.place} {translate(one.message)}" for one in problems
    ]


def test_parents_are_followed_to_the_first_that_is_missing_or_comes_twice() -> None:
    lost = "there is no platform {!r} to extend"

    assert chain_of("a", a="b", b="c", c="") == ("a b c", [])
    assert chain_of("a", a="b", b="x") == ("a b", [f"b.yaml:3:10 {lost.format('x')}"])
    assert chain_of("a", a="lost") == ("a", [f"a.yaml:3:10 {lost.format('lost')}"])
    assert chain_of("a", a="[b]", b="") == chain_of("a", a="{b: c}", b="") == ("a", [])
    way = (
        "extends itself: b (b.yaml:3:10) → d (d.yaml:3:10) → c (c.yaml:3:10) → b; remove one "
        "extends"
    )
    circle = {"a": "c", "c": "b", "b": "d", "d": "c"}
    assert chain_of("a", **circle) == ("a c b d", [f"b.yaml:3:10 {way}"])
    assert chain_of("d", **circle) == ("d c b", [f"b.yaml:3:10 {way}"])


def test_a_file_wins_over_its_parents_key_by_key() -> None:
    base = (
        "platform_key: base\nwas: [old]\nauth: {preset: basic, username: u}\nquery: {q: 1}\n"
        "headers: {A: '1', B: '1'}\nsecret: [body.a]\napis: {x: {path: /x, query: {a: 1}}}\n"
    )
    heir = (
        "platform_key: heir\nextends: base\nauth: {preset: bearer}\nheaders: {B: '2'}\n"
        "secret: [body.b]\napis: {x: {query: {b: 2}}, y: {}}\ntitle: 子\n"
    )
    same = "platform_key: base\nheaders: {C: '3'}\nquery: {}\nauth: {username: v}\ntitle:\n"
    one, two, three = Node(1), Node(2), Node(3)
    lowest = source("base.yaml", base, p=one, q=two)

    root, presets = merge_chain([source("heir.yaml", heir, p=three), lowest])
    laid, _ = merge_chain([source("same.yaml", same), lowest])

    assert plain(root) == {
        "platform_key": "heir", "auth": {"preset": "bearer"}, "query": {"q": 1},
        "headers": {"A": "1", "B": "2"},
        "secret": ["body.b"], "apis": {"x": {"path": "/x", "query": {"a": 1, "b": 2}}, "y": {}},
        "extends": "base", "title": "子",
    }  # fmt: skip
    assert presets == {"p": three, "q": two}
    assert plain(laid) == {
        "platform_key": "base", "was": ["old"], "auth": {"preset": "basic", "username": "v"},
        "query": {}, "headers": {"A": "1", "B": "1", "C": "3"}, "secret": ["body.a"],
        "apis": {"x": {"path": "/x", "query": {"a": 1}}}, "title": None,
    }  # fmt: skip


PRESET = """\
preset: 公司
parameters: {way: Head, prefix: "Bearer {{ corp }}", scope: null, list: [a, b], shape: x, label: \
$.d}
credentials: {token: {secret: true}, corp: {}, open: {secret: false}}
auth:
  acquire:
    share: [corp, token]
    steps: [{request: {path: "{{ login_path }}{{ now }}", body: [{$parameter: scope}, \
{$parameter: list}, \
"{{ prefix }}"]}}]
  apply:
  - $case: way
    head: {in: header, name: A, value: "{{ token }}", scope: {$parameter: scope}, more: {$case: \
shape, x: 1, $else: {$parameter: list}}}
    $else: {in: query, name: a, value: "{{ other }}"}
response: {code: [$.code, $.c], ok: {status: [200]}, message: [{$parameter: where}], data: \
[{$parameter: where}, {$parameter: label}], classes: \
{rate: {code: [1]}}}
"""


def expand(text: str, preset: str = PRESET) -> tuple[Any, list[str]]:
    problems: list[Problem] = []
    own: Mapping[str, Node] = {
        "a.yaml": read_yaml(preset, file="a.yaml"),
        "basic": read_yaml("auth: {apply: own}"),
    }
    root = expand_presets(parse_yaml(text, "crm.yaml"), problems, own)
    return plain(root), [f"{one.place} {one.path}: {translate(one.message)}" for one in problems]


def test_a_preset_brings_what_the_file_does_not_say() -> None:
    root, problems = expand("""\
platform_key: crm
credentials: {corp: {title: 我的}, mine: {}, kept: {}}
response: {code: [$.own], ok: {status: [201]}, message: $.msg}
auth:
  preset: a.yaml
  parameters: {login_path: /old, where: $.m}
  login_path: /t
  label: $.mine
  token: "{{ mine }}{{ now }}"
  way: HEAD
  recover: {token: {}}
apis:
  plain: {path: /p}
  own: {auth: {preset: basic}}
""")  # fmt: skip

    assert problems == []
    assert root == {
        "platform_key": "crm",
        "credentials": {"corp": {"title": "我的"}, "open": {"secret": False}, "mine": {},
        "kept": {}},
        "response": {
            "code": ["$.own", "$.code", "$.c"], "ok": {"status": [201, 200]}, "message": ["$.msg",
            "$.m"], "data": ["$.m", "$.mine"],
            "classes": {"rate": {"code": [1]}},
        },
        "auth": {
            "parameters": {
                "token": "{{ mine }}{{ now }}", "prefix": "Bearer {{ corp }}", "where": "$.m",
                "label": "$.mine", "login_path": "/t",
            },
            "acquire": {
                "share": ["corp", "mine"],
                "steps": [{"request": {"path": "{{ login_path }}{{ now }}", "body": [None, ["a",
                "b"],
                "{{ prefix }}"]}}],
            },
            "apply": [{"in": "header", "name": "A", "value": "{{ token }}", "more": 1}],
            "recover": {"token": {}},
        },
        "apis": {"plain": {"path": "/p"}, "own": {"auth": {"parameters": {}, "apply": "own"}}},
    }  # fmt: skip
    parameters = root["auth"]["parameters"]
    assert list(parameters) == ["token", "prefix", "label", "login_path", "where"]


def test_what_a_preset_lacks_or_does_not_know_is_told() -> None:
    root, problems = expand("""\
platform_key: crm
auth: {preset: a.yaml, way: else, token: secret, shape: y, prefx: 1, open: x, corp: "{{ broken"}
apis:
  gone: {auth: {preset: none.yaml}}
  near: {auth: bassic}
  far: {auth: {preset: zzzzzz}}
  case: {auth: {preset: a.yaml, where: x, other: 5, sign: {key: a}, token: '{{ x \
}}'}}
  number: {auth: {preset: a.yaml, login_path: /t, where: x, token: 5}}
  broken: {auth: {preset: a.yaml, login_path: /t, where: x, now: 1, token: '{{ x'}}
""")  # fmt: skip
    needs = "the preset 'a.yaml' needs the parameter {0!r}; write {{preset: a.yaml, {0}: …}}"

    assert problems[:5] == [
        f"crm.yaml:2:7 auth: {needs.format('where')}",
        (
            "crm.yaml:2:42 auth.token: token is secret; declare a credential and write "
            "'{{ its_name }}'"
        ),
        (
            "crm.yaml:2:67 auth.prefx: the preset 'a.yaml' has no parameter 'prefx'; did you "
            "mean 'prefix'?"
        ),
        f"crm.yaml:2:7 auth: {needs.format('login_path')}",
        f"crm.yaml:2:7 auth: {needs.format('other')}",
    ]
    assert [line[:62] for line in problems[5:7]] == [
        "crm.yaml:5:16 apis.near.auth: unknown preset 'bassic'; did you",
        "crm.yaml:6:24 apis.far.auth: unknown preset 'zzzzzz'; there ar",
    ]
    assert [line.split(": ")[0] for line in problems[7:]] == [
        "crm.yaml:8:68 apis.number.auth.token", "crm.yaml:9:66 apis.broken.auth.now",
    ]  # fmt: skip
    assert "login_path" in root["auth"]["parameters"]
    laid = expand(
        "auth: {preset: a.yaml, login_path: /t, where: x, apply: [1]}\ncredentials: [a]\n"
    )
    assert (laid[0]["auth"]["apply"], laid[0]["credentials"]) == ([1], ["a"])
    given = "auth: {preset: a.yaml, login_path: /t, where: x, way: query, other: 5}\n"
    assert expand(given)[1] == []
    assert expand(given.replace("query", "head"))[1] == []
    bad = (
        "preset: a\nparameters: {way: z}\nauth: "
        "{apply: {$case: way, x: 1, y: 2}, sign: {$case: none, $else: {k: 1}}}\n"
    )
    root, told = expand("auth: {preset: a.yaml}\n", bad)
    assert (root["auth"]["apply"], root["auth"]["sign"]) == (1, {"k": 1})
    assert told == [
        "a.yaml:2:19 auth.way: expected one of 'x', 'y', got 'z'",
        f"crm.yaml:1:7 auth: {needs.format('none')}",
    ]
    assert expand("auth: {preset: a.yaml, zzz: 1}\n", "auth: {apply: []}\n")[1] == [
        "crm.yaml:1:29 auth.zzz: the preset 'a.yaml' has no parameter 'zzz'; it takes none"
    ]
    assert expand("auth: basic\n")[0] == {"auth": {"parameters": {}, "apply": "own"}}
    assert load_preset("bearer").file == "presets/bearer.yaml"


def test_schemas_of_files_name_presets_and_one_source() -> None:
    platform, instances = make_platform_schema(), make_instances_schema()
    ways = [one["properties"]["auth"] for one in (platform, platform["definitions"]["Api"])]

    assert [way["anyOf"][0]["enum"][:3] for way in ways] == [["acs3", "api_key", "aws_sigv4"]] * 2
    assert [way["anyOf"][1]["required"] for way in ways] == [["preset"]] * 2
    assert instances["type"] == ["array", "null"]
    source_rule = instances["definitions"]["Source"]
    assert (source_rule["minProperties"], source_rule["maxProperties"]) == (1, 1)
    assert list(instances)[:3] == ["$schema", "title", "definitions"]
