"""What declarations say by themselves: names, secrets, places, parents of a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec import UNSET

from bpmax_sim.errors import Problem
from bpmax_sim.platform import model
from bpmax_sim.platform.model import Api, Auth, CredentialSpec, Instance, Parameter, Source
from bpmax_sim.platform.secrecy import (
    explain_always_secret,
    is_declared_clear,
    is_recorded_clear,
)
from bpmax_sim.platform.source import (
    PlatformSource,
    find_platform_key,
    is_preset_file_name,
    list_source_and_ancestors,
    merge_chain,
    read_source,
)
from bpmax_sim.platform.target import CLIENT, NumberedLoginStep, RequestTarget
from bpmax_sim.yamlfile import Node, parse_yaml
from tests.platform.test_preset_parts import plain
from tests.proxy.world import crm


@pytest.mark.parametrize(
    ("pattern", "name", "is_match"),
    [
        ("crm.get_user", "crm.get_user", True),
        ("crm.getUser", "crm.get_user", True),
        ("crm.get_user", "crm.getUser", True),
        ("crm.getuser", "crm.get_user", False),
        ("crm.*", "crm.get_user", True),
        ("crm.*", "crm.$token", False),
        ("*.*", "crm.$token", False),
        ("crm.$*", "crm.$token", False),
        ("crm.$token", "crm.$token", True),
        ("c*.$token", "crm.$token", True),
        ("erp.$token", "crm.$token", False),
        ("crm*.get*", "crm_test.getUser", True),
        ("c?m.find", "crm.find", True),
        ("CRM.find", "crm.find", False),
        ("crm.Find", "crm.find", True),
        ("erp.*", "crm.find", False),
        ("crm", "crm.find", False),
        ("crm.find", "crm.find.more", False),
        ("crm.查询*", "crm.查询客户", True),
        ("crm.查[1]", "crm.查[1]", True),
        ("", "", True),
    ],
)
def test_a_pattern_names_calls_of_scripts(pattern: str, name: str, *, is_match: bool) -> None:
    assert model.matches_api(pattern, name) == is_match


@pytest.mark.parametrize(
    ("host", "name"),
    [("", "base_url"), ("sso", "sso_url"), ("base", "base_url"), ("url", "url_url")],
)
def test_an_address_has_a_name_in_templates(host: str, name: str) -> None:
    assert model.make_host_template_name(host) == name


@pytest.mark.parametrize(
    ("taken", "name"),
    [((), "客户"), (("订单",), "客户"), (("客户",), "客户_2"), (("客户", "客户_2"), "客户_3"),
     (("客户", "客户_3"), "客户_2"), (("客户_2",), "客户")],
)  # fmt: skip
def test_a_name_is_unique_by_the_first_number_that_is_free(
    taken: tuple[str, ...], name: str
) -> None:
    assert model.make_unique_name("客户", taken) == name


@pytest.mark.parametrize(
    ("text", "place", "name"),
    [
        ("body.data.key", "body.data.key", "data_key"),
        ("header.X-Sign", "header:X-Sign", "X_Sign"),
        ("$.data['密钥']", "$.data['密钥']", "data_密钥"),
        ("body", "body", "body"),
        ("header", "header:", "header"),
        ("body.rows[0].令牌", "body.rows[0].令牌", "rows_0_令牌"),
    ],
)
def test_a_sensitive_place_is_named_after_its_path(text: str, place: str, name: str) -> None:
    (found,) = model.parse_sensitive_places([text])

    assert (found.path, found.name) == (place, name)


def login(*methods: str) -> Auth:
    step = model.LoginStep(request=model.LoginRequest(path="/t"))
    return Auth(acquire=model.Acquire(steps=(step,), methods=methods))


@pytest.mark.parametrize(
    ("auth", "method", "is_needed"),
    [
        (Auth(), "GET", False),
        (login(), "GET", True),
        (login(), "post", True),
        (login("POST", "put"), "GET", False),
        (login("POST", "put"), "post", True),
        (login("POST", "put"), "PUT", True),
    ],
)
def test_a_login_is_for_its_methods(auth: Auth, method: str, *, is_needed: bool) -> None:
    assert auth.needs_login(method) == is_needed


KEYED = model.Idempotency(place="header", name="X-Id")


@pytest.mark.parametrize(
    ("fields", "may_repeat"),
    [
        ({}, True),
        ({"method": "HEAD"}, True),
        ({"method": "POST"}, False),
        ({"method": "PUT"}, False),
        ({"method": "DELETE"}, False),
        ({"method": "POST", "idempotency": KEYED}, True),
        ({"method": "POST", "idempotent": True}, True),
        ({"method": "GET", "idempotent": False}, False),
        ({"method": "POST", "idempotent": False, "idempotency": KEYED}, False),
    ],
)
def test_a_call_may_be_sent_again(fields: dict[str, Any], *, may_repeat: bool) -> None:
    assert Api(**fields).is_idempotent == may_repeat


@pytest.mark.parametrize(
    ("of_api", "of_instance", "result"),
    [
        (UNSET, UNSET, "body"),
        ("envelope", UNSET, "envelope"),
        (UNSET, "bytes", "bytes"),
        ("body", "bytes", "body"),
        ("envelope", "bytes", "envelope"),
    ],
)
def test_the_api_decides_then_the_instance_then_the_platform(
    of_api: Any, of_instance: Any, result: str
) -> None:
    api = Api(key="a", result=of_api)
    instance = Instance(platform="crm", instance_key="a", result=of_instance)
    own = model.ResponseRules(code=("$.code",))

    platform = crm(api)
    assert platform.result_of(api, instance) == result
    shared = crm(api, result="envelope")
    plain_instance = Instance(platform="crm", instance_key="b")
    expected = "envelope" if of_api is UNSET else of_api
    assert shared.list_possible_results(api, []) == (expected,)
    assert shared.list_possible_results(api, [instance, plain_instance, instance]) == tuple(
        dict.fromkeys([result if of_instance != UNSET or of_api != UNSET else expected, expected])
    )
    assert platform.response_of(None) is platform.response
    assert platform.response_of(api) is platform.response
    assert platform.response_of(Api(response=own)) is own
    assert platform.auth_of(api) is platform.auth
    assert platform.auth_of(Api(auth=Auth())) == Auth()


@pytest.mark.parametrize(
    ("fields", "wire", "steps"),
    [
        ({"name": "a.b", "place": "query"}, "a.b", ("a.b",)),
        ({"name": "a.b", "place": "header"}, "a.b", ("a.b",)),
        ({"name": "a.b", "place": "path"}, "a.b", ("a.b",)),
        ({"name": "a.b", "place": "body"}, "a.b", ("a", "b")),
        ({"name": "客户", "place": "body", "to": "data.name"}, "data.name", ("data", "name")),
        ({"name": "客户", "place": "header", "to": "X-Name"}, "X-Name", ("X-Name",)),
    ],
)
def test_a_parameter_has_its_name_or_where_it_goes(
    fields: dict[str, Any], wire: str, steps: tuple[str, ...]
) -> None:
    found = Parameter(**fields)

    assert (found.wire_name, found.steps) == (wire, steps)


@pytest.mark.parametrize(
    ("kind", "text", "is_right"),
    [
        ("integer", "0", True), ("integer", " -5\n", True), ("integer", "9" * 18, True),
        ("integer", "9" * 19, False), ("integer", "", False), ("integer", "+5", False),
        ("integer", "5.0", False), ("integer", "- 5", False), ("text", "", True),
        ("base64", "", True), ("base64", "a", False), ("hex", "0a0B", True), ("hex", "0", False),
        ("rsa", "no key", True), ("jwt", "", True),
    ],
)  # fmt: skip
def test_a_text_is_one_of_its_kind(kind: Any, text: str, *, is_right: bool) -> None:
    assert (model.explain_invalid_credential(kind, text) == "") == is_right


@pytest.mark.parametrize(
    ("fields", "body"),
    [({}, UNSET), ({"body": {"a": 1}}, {"a": 1}), ({"form": {"b": 2}}, {"b": 2}),
     ({"form": {}}, {}), ({"form": {"b": 2}, "body": {"a": 1}}, {"b": 2}), ({"body": None}, None)],
)  # fmt: skip
def test_a_login_sends_its_form_or_else_its_body(fields: dict[str, Any], body: Any) -> None:
    request = model.LoginRequest(query={"Q": "1"}, headers={"X-A": "2"}, **fields)

    assert request.content_by_place == (
        ("query", {"Q": "1"}),
        ("header", {"x-a": "2"}),
        ("body", body),
    )


@pytest.mark.parametrize(
    ("name", "is_secret"),
    [
        ("key", True), ("KEY", True), ("monkey", False), ("key_id", False), ("pass", True),
        ("user_pass", True), ("userPass", True), ("bypass", False), ("compass", False),
        ("passwd", True), ("dbPwd", True), ("pwd", True), ("pin", True), ("spin", False),
        ("card_pin", True), ("pinyin", False), ("password", True), ("oldpassword", True),
        ("password_hash", False), ("passphrase", True), ("pass_code", True), ("passCode", True),
        ("client_secret", True), ("clientSecret", True), ("secret_id", False), ("secret", True),
        ("credential", True), ("credentials", False), ("access_token", True), ("token_url", False),
        ("private_key", True), ("apikey", True), ("apiKey", True), ("access_key", True),
        ("access_key_id", False), ("sign_key", True), ("signing_key", True), ("master_key", True),
        ("encryption_key", True), ("aes_key", True), ("secret_key", True), ("public_key", False),
        ("app_key", False), ("密码", True), ("登录密码", True), ("密码提示", False), ("口令", True),
        ("密钥", True), ("私钥", True), ("令牌", True), ("公钥", False), ("tenant", False),
    ],
)  # fmt: skip
def test_the_end_of_a_name_says_that_it_is_a_password(name: str, *, is_secret: bool) -> None:
    platform = crm(credentials={name: CredentialSpec()})

    assert explain_always_secret(platform, name) == (
        "it is named like a password" if is_secret else ""
    )


@pytest.mark.parametrize(
    ("kind", "why"),
    [*((kind, f"its kind is {kind}") for kind in ("base64", "hex", "rsa", "ec", "jwt")),
     ("text", ""), ("integer", "")],
)  # fmt: skip
def test_a_key_is_always_secret(kind: Any, why: str) -> None:
    assert explain_always_secret(crm(credentials={"a": CredentialSpec(kind=kind)}), "a") == why


def test_what_one_api_signs_with_is_secret_in_all() -> None:
    key = model.Sign(key="{{ p }}", canonical=({"q": "{{ c }}"}, {"r": "{{ q }}"}))
    chained = model.Sign(key="{{ r }}", canonical=({"q": "{{ c }}"}, {"r": "{{ q }}"}))
    auth = Auth(parameters={"p": "{{ o }}", "o": "{{ b }}"}, sign=key)
    apis = (Api(key="a"), Api(key="b", auth=auth), Api(key="c", auth=Auth(sign=chained)))
    platform = crm(*apis, credentials={name: CredentialSpec() for name in "abcd"})

    assert [name for name in "abcd" if explain_always_secret(platform, name)] == ["b", "c"]
    assert explain_always_secret(platform, "b") == "requests are signed with it"


OUTSIDE = [Source(env="A"), Source(file="a"), Source(keyring="a/b"), Source(source={"vault": "a"})]


@pytest.mark.parametrize(
    ("fields", "clear"),
    [
        ({}, [False, False, False, False, False, False, True, True, True]),
        ({"secret": False}, [True, True, False, False, True, True, True, True, True]),
        ({"secret": True}, [False] * 9),
        ({"kind": "hex", "secret": False}, [False] * 9),
        ({"kind": "integer", "secret": False}, [False] * 6 + [True] * 3),
    ],
)
def test_a_value_is_recorded_clear_by_where_it_comes_from(
    fields: dict[str, Any], clear: list[bool]
) -> None:
    values: list[Any] = [*OUTSIDE, None, UNSET, "", 0, "甲"]
    platform = crm(credentials={"corp": CredentialSpec(**fields), "password": CredentialSpec()})

    assert [is_recorded_clear(platform, "corp", value) for value in values] == clear
    assert not any(is_recorded_clear(platform, "password", value) for value in values)
    assert is_declared_clear(CredentialSpec(**fields)) == (fields == {"secret": False})


def test_the_places_of_an_auth_come_in_the_order_in_which_they_are_filled() -> None:
    sign = model.Sign(
        default_headers={"X-Default": "1"},
        set_headers={"X-{{ tail }}": "2", "X-Date": "3"},
        set_query={"T-{{ tail }}": "4"},
        message="m",
        key="{{ k }}",
        emit=(
            model.Apply(place="query", name="Sign", value="{{ signature }}"),
            model.Apply(place="header", name="X-Token", value="5"),
        ),
    )
    apply = (
        model.Apply(place="header", name="X-Token", value="{{ token }}"),
        model.Apply(place="cookie", name="S-{{ tail }}", value="6"),
        model.Apply(place="body", name="A.B", value="7"),
        model.Apply(place="path", name="Hook", value="8"),
    )
    auth = Auth(parameters={"tail": "Id"}, apply=apply, sign=sign)
    places = (
        *("header.x-token", "cookie.S-Id", "body.A.B", "path.Hook", "query.Sign", "header.x-id"),
        *("header.x-date", "query.T-Id", "header.x-default"),
    )

    assert list(model.find_auth_places(auth, apply[:1])) == [
        ("header", "X-Token"),
        ("query", "Sign"),
        ("header", "X-Token"),
        ("header", "X-Id"),
        ("header", "X-Date"),
        ("query", "T-Id"),
    ]
    api = Api(key="a", auth=auth)
    assert RequestTarget(crm(api), api=api).injected_places == places
    assert RequestTarget(crm(auth=auth)).injected_places == places
    step = NumberedLoginStep(auth, model.LoginStep(request=model.LoginRequest()), 1)
    assert RequestTarget(crm(), login=step).injected_places == (CLIENT,)


def test_a_place_holds_a_secret_where_its_template_does() -> None:
    rules = {
        "token": model.Extract(path="$.t", secret=True),
        "sid": model.Extract(path="$.s", secret=False),
        "id": model.Extract(path="$.i"),
    }
    request = model.LoginRequest(
        query={"C": "{{ corp }}", "K": ["x", "{{ mixed }}", {"深": "{{ password }}"}]},
        headers={"X-Key": "{{ pw }}"},
        body={"a": 1, "rows": [["{{ 二 }}"]], "": "{{ token }}"},
    )
    auth = Auth(
        parameters={"mixed": "{{ corp }}{{ password }}", "二": "{{ mixed }}", "n": 5},
        acquire=model.Acquire(steps=(model.LoginStep(request=request, extract=rules),)),
        apply=(
            model.Apply(place="header", name="X-A", value="{{ token }}"),
            model.Apply(place="query", name="s", value="{{ sid }}{{ id }}{{ corp }}"),
            model.Apply(place="cookie", name="c", value="{{ 二 }}"),
        ),
        sign=model.Sign(emit=(model.Apply(place="body", name="S", value="{{ signature }}"),)),
    )
    credentials = {
        "corp": CredentialSpec(secret=False),
        "password": CredentialSpec(),
        "pw": CredentialSpec(secret=True),
    }
    platform = crm(auth=auth, credentials=credentials)
    login_step = NumberedLoginStep(auth, auth.steps[0], 1)

    assert RequestTarget(platform).login_secret_name_by_place == {
        "header.x-a": "",
        "cookie.c": "",
        "body.S": "",
    }
    of_login = RequestTarget(platform, login=login_step)
    assert of_login.login_secret_name_by_place == {
        "query.K[1]": "mixed",
        "query.K[2].深": "password",
        "header.x-key": "pw",
        "body.rows[0][0]": "二",
        "body.": "token",
    }
    assert of_login.declared_header_names == {"x-key"}
    assert RequestTarget(crm(), login=login_step).auth is auth
    ids = (Parameter(name="id", place="query"), Parameter(name="X-No", place="header"))
    named = Api(key="a", headers={"X-Api": "1"}, parameters=ids)
    assert RequestTarget(crm(named), api=named).declared_header_names == {"x-api", "x-no"}
    assert [(one.path, one.name) for one in of_login.response_secret_places] == [("$.t", "token")]
    assert auth.yielded_names == {"token", "sid", "id"}
    assert (Auth().yielded_names, Auth().steps) == (frozenset(), ())


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("platform_key: crm\n", "crm"), ('platform_key: "crm"\n', "crm"),
        ("platform_key:   'crm' # 客户\n", "crm"), ("platform_key: crm#1\n", "crm"),
        ("title: 客户\nplatform_key: 客户系统\napis: [\n", "客户系统"),
        ("  platform_key: crm\n", ""), ("x_platform_key: crm\n", ""), ("platform_key:\n", ""),
        ("", ""), ("platform_key: a\nplatform_key: b\n", "a"),
    ],
)  # fmt: skip
def test_the_key_of_a_broken_file_is_read_from_its_text(text: str, key: str) -> None:
    assert find_platform_key(text) == key


@pytest.mark.parametrize(
    ("name", "is_file"),
    [("a.yaml", True), ("./a.yml", True), ("basic", False), ("yaml", False), (".yaml", True),
     ("a.yaml ", False), ("a.json", False), ("", False), (5, False), (None, False)],
)  # fmt: skip
def test_a_preset_that_ends_like_a_file_is_one(name: Any, *, is_file: bool) -> None:
    assert is_preset_file_name(name) == is_file


def source(name: str, text: str, **presets: Node) -> PlatformSource:
    return PlatformSource(Path(name), parse_yaml(text, name), presets=presets)


@pytest.mark.parametrize(
    ("text", "key", "name", "is_preset", "line"),
    [
        ("title: 客户\nplatform_key: crm\n", "crm", "crm", False, 2),
        ("preset: corp\n", "", "file", True, 1),
        ("preset: corp\nplatform_key: crm\n", "crm", "crm", False, 2),
        ("apis: {}\n", "", "file", False, 1),
        ("platform_key: 5\n", "5", "5", False, 1),
        ("- a\n", "", "file", False, 1),
    ],
)
def test_a_file_has_a_key_or_its_own_name(
    text: str, key: str, name: str, *, is_preset: bool, line: int
) -> None:
    found = source("file.yaml", text)

    assert (found.key, found.key_or_file_name, found.is_preset, found.place.line) == (
        *(key, name, is_preset, line),
    )


def test_what_cannot_be_read_is_told_at_the_preset_that_names_it(tmp_path: Path) -> None:
    names = {
        "crm.yaml": "platform_key: crm\nauth: {preset: ./a.yaml}\napis:\n"
        "  一: {auth: {preset: none.yaml}}\n  二: {auth: {preset: ./a.yaml}}\n"
        "  三: {auth: {preset: b.yml}}\n  四: {auth: {preset: basic}}\n  五: {}\n",
        "a.yaml": "preset: a\n",
        "b.yml": "preset: b\n",
        "broken.yaml": "platform_key: crm\n[",
    }
    for name, text in names.items():
        (tmp_path / name).write_text(text, encoding="utf-8")

    found = read_source(tmp_path / "crm.yaml", "crm.yaml")
    broken = read_source(tmp_path / "broken.yaml")
    missing = read_source(tmp_path / "missing.yaml")

    assert list(found.presets) == ["./a.yaml", "b.yml"]
    assert found.used == tuple(str(tmp_path / name) for name in ("a.yaml", "none.yaml", "b.yml"))
    assert len(found.problems) == 1
    assert "none.yaml" in str(found.problems[0])
    assert (broken.root, broken.key, broken.key_or_file_name) == (None, "", "crm")
    assert (missing.root, missing.key_or_file_name, missing.is_preset) == (None, "missing", False)
    assert missing.place.file.endswith("missing.yaml")


GRAND = """\
platform_key: grand
was: [alt]
headers: {A: '1', B: '1'}
auth: {preset: basic, username: x, recover: {token: {refresh: 1}}}
apis: {find: {path: /a, aliases: [x, y]}, drop: {path: /d}}
"""
PARENT = """\
platform_key: parent
extends: grand
headers: {B: '2', C: '2'}
apis: {find: {aliases: [z]}}
"""
CHILD = """\
platform_key: parent
extends: parent
headers: {C: '3'}
auth: {preset: bearer}
apis: {find: {path: /c}, add: {}}
"""


def test_a_file_is_laid_over_its_parents() -> None:
    one, two = Node("一"), Node("二")
    chain = [
        source("c.yaml", CHILD, p=one),
        source("b.yaml", PARENT, q=two),
        source("a.yaml", GRAND, p=two),
    ]

    root, presets = merge_chain(chain)

    assert plain(root) == {
        "platform_key": "parent",
        "extends": "parent",
        "headers": {"A": "1", "B": "2", "C": "3"},
        "auth": {"preset": "bearer"},
        "apis": {"find": {"path": "/c", "aliases": ["z"]}, "drop": {"path": "/d"}, "add": {}},
    }
    assert presets == {"p": one, "q": two}
    assert plain(merge_chain(chain[2:])[0])["was"] == ["alt"]
    renamed = source("d.yaml", "platform_key: parent\nwas: [old]\n")
    assert plain(merge_chain([chain[0], renamed, chain[2]])[0])["was"] == ["old"]


@pytest.mark.parametrize(
    ("parents", "start", "names", "message"),
    [
        ("a:b b:c", "a", "abc", ""),
        ("a:b", "b", "b", ""),
        ("a:x", "a", "a", "there is no platform 'x' to extend"),
        ("a:b b:x", "a", "ab", "there is no platform 'x' to extend"),
        ("a:e", "a", "a", "there is no platform 'e' to extend"),
        ("a:a", "a", "a", "extends itself: a (a.yaml:2:10) → a; remove one extends"),
        (
            "c:b b:a a:c", "b", "bac",
            ("extends itself: a (a.yaml:2:10) → c (c.yaml:2:10) → b (b.yaml:2:10) → a; remove one "
            "extends"),
        ),
        (
            "d:b b:a a:b", "d", "dba",
            "extends itself: a (a.yaml:2:10) → b (b.yaml:2:10) → a; remove one extends",
        ),
    ],
)  # fmt: skip
def test_parents_end_where_there_is_none_or_a_circle(
    parents: str, start: str, names: str, message: str
) -> None:
    extended = dict(pair.split(":") for pair in parents.split())
    files = {
        key: source(
            f"{key}.yaml",
            f"platform_key: {key}\n" + (f"extends: {extended[key]}\n" if key in extended else ""),
        )
        for key in "abcd"
    }
    files["e"] = PlatformSource(Path("e.yaml"), None)
    problems: list[Problem] = []

    chain = list_source_and_ancestors(files[start], lambda key, _: files.get(key), problems)

    assert "".join(one.key for one in chain) == names
    assert [(one.path, one.message) for one in problems] == (
        [("extends", message)] if message else []
    )
