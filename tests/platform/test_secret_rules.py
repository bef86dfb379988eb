"""Which values, places and words of a platform are secret: each rule by a case of its own."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import UNSET

from bpmax_sim.platform import model
from bpmax_sim.platform.model import Api, Auth, CredentialSpec, Extract, OkRule, Parameter, Source
from bpmax_sim.platform.secrecy import (
    collect_business_codes,
    collect_enumerated_words,
    explain_always_secret,
    is_recorded_clear,
    list_business_code_paths,
    list_paths_extracted_in_clear,
)
from bpmax_sim.platform.target import CLIENT, NumberedLoginStep, RequestTarget
from tests.proxy.world import crm


def test_names_and_kinds_that_are_always_secret() -> None:
    kinds: dict[str, Any] = {
        "a": "base64",
        "b": "hex",
        "c": "rsa",
        "d": "ec",
        "e": "jwt",
        "f": "integer",
    }
    names = [
        *(
            "dbPin",
            "db2Pin",
            "PIN",
            "Spin",
            "ACCESS_TOKEN",
            "AccessToken",
            "signKey",
            "aes2Key",
            "keyId",
        ),
        *("APIKey", "appKey", "passWord", "passCODE", "x口令", "口令x", "key", "Key", "monkey"),
    ]
    platform = crm(
        credentials={
            **{name: CredentialSpec(kind=kind) for name, kind in kinds.items()},
            **{name: CredentialSpec() for name in names},
        }
    )

    found = {name: explain_always_secret(platform, name) for name in platform.credentials}

    assert [found[name] for name in kinds] == [
        *(f"its kind is {kind}" for kind in ("base64", "hex", "rsa", "ec", "jwt")), "",
    ]  # fmt: skip
    assert [name for name in names if not found[name]] == [
        "Spin",
        "aes2Key",
        "keyId",
        "appKey",
        "口令x",
        "monkey",
    ]
    assert {found[name] for name in names} == {"", "it is named like a password"}


def test_what_makes_the_key_of_a_signature_is_secret() -> None:
    signs = {
        "direct": model.Sign(key="{{ a }}{{ b }}"),
        "chain": model.Sign(key=("{{ c }}", "{{ d }}")),
        "defined": model.Sign(key="{{ k }}", define=({"k": "{{ m }}"}, {"m": "{{ e }}"})),
        "canonical": model.Sign(
            key="{{ k }}", define=({"k": "{{ z }}"},), canonical=({"k": "{{ f }}"},)
        ),
        "message": model.Sign(message="{{ g }}", key=""),
        "broken": model.Sign(key="{{ h"),
        "empty": model.Sign(key=()),
        "circle": model.Sign(key="{{ i }}", define=({"i": "{{ j }}"}, {"j": "{{ i }}"})),
    }
    parameters = {"a": "{{ l }}", "l": 5, "m": "never"}
    apis = [
        Api(key=name, auth=Auth(parameters=parameters, sign=sign)) for name, sign in signs.items()
    ]
    platform = crm(*apis, credentials={name: CredentialSpec() for name in "abcdefghijlz"})

    found = {name: explain_always_secret(platform, name) for name in platform.credentials}
    assert "".join(name for name, why in found.items() if why) == "abcefijl"
    assert set(found.values()) == {"", "requests are signed with it"}
    alone = crm(Api(key="x"), auth=apis[0].auth, credentials={"l": CredentialSpec()})
    assert explain_always_secret(alone, "l")


def test_a_value_is_recorded_in_clear_by_its_origin_and_its_declaration() -> None:
    values: list[Any] = [
        Source(env="A"), Source(file="a"), Source(keyring="a/b"), Source(source={"vault": "a"}),
        None,
        UNSET, "", 0, False, "甲",
    ]  # fmt: skip
    specs = {
        "plain": CredentialSpec(), "clear": CredentialSpec(secret=False),
        "hidden": CredentialSpec(secret=True),
        "number": CredentialSpec(secret=False, kind="integer"),
        "token": CredentialSpec(secret=False),
    }  # fmt: skip
    platform = crm(credentials=specs)

    assert {
        name: "".join("01"[is_recorded_clear(platform, name,
        value)] for value in values) for name in specs
    } == {
        "plain": "0000001111", "clear": "1100111111", "hidden": "0000000000",
        "number": "0000001111",
        "token": "0000000000",
    }  # fmt: skip


def login(*rules: Extract, ok: OkRule | None = None, **request: Any) -> Auth:
    step = model.LoginStep(
        request=model.LoginRequest(**request),
        extract={f"v{number}": rule for number, rule in enumerate(rules)},
        ok=UNSET if ok is None else ok,
    )
    return Auth(acquire=model.Acquire(steps=(step,)))


def test_words_codes_and_paths_that_are_no_secrets() -> None:
    def rules(path: str, code: Any, kind: Any) -> model.ResponseRules:
        condition = model.Condition(path=path, any_of=(code, 1.5, None))
        classes = {
            "rate": model.ErrorClass(code=(kind, 2.5)),
            "token": model.ErrorClass(code=(f"{kind}t",)),
        }
        return model.ResponseRules(
            ok=OkRule(all=(condition,)), code=(path, "$.also"), classes=classes
        )

    parameters = (
        Parameter(name="a", place="query", enum=("甲", 1, "乙")),
        Parameter(name="b", place="body", schema={"items": {"enum": ["丙", None]}}),
    )
    schema = {"a": [{"const": "丁"}, ({"b": {"enum": ("戊",)}},)], "enum": "己", "const": 5}
    first = Api(
        key="one", parameters=parameters, response=rules("$.one", "A", "B"),
        auth=login(Extract(path="$.own", secret=False), ok=OkRule(all=(model.Condition(path="x",
        any_of=("C",)),))),
    )  # fmt: skip
    last = Api(key="two", answer=schema, response=rules("$.base", 7, 8))
    auth = login(
        Extract(path="$.id", secret=False), Extract(path="cookie:sid", secret=False),
        Extract(path="$.t"),
        Extract(path="cookies", secret=False), Extract(path="$.s", secret=True),
        Extract(path="$.cookie", secret=False),
    )  # fmt: skip
    platform = crm(first, Api(key="three"), last, auth=auth, response=rules("$.base", "000", "E9"))

    assert collect_enumerated_words(platform) == {"甲", "乙", "丙", "丁", "戊"}
    assert collect_business_codes(platform) == {
        "000",
        "E9",
        "E9t",
        "A",
        "B",
        "Bt",
        "C",
        "7",
        "8",
        "8t",
    }
    assert list_business_code_paths(platform) == ("$.base", "$.also", "$.one")
    assert list_paths_extracted_in_clear(platform) == ("$.id", "$.cookie", "$.own")


def api(key: str, **fields: Any) -> Api:
    parameters = (
        Parameter(name=key, to=f"X-To-{key}", place="header"), Parameter(name=f"q{key}",
        place="query"),
    )  # fmt: skip
    return Api(key=key, parameters=parameters, headers={f"Y-{key}": "1"}, **fields)


def test_a_target_names_headers_places_and_charset_of_what_it_may_be() -> None:
    apis = (
        api("A", charset="gbk", redact=("body.name",), secret=("body.token",)),
        api("B", charset=""),
        api("C"),
    )
    platform = crm(
        *apis,
        headers={"X-All": "1"},
        charset="utf-16",
        redact=("query.tel",),
        secret=("header.X-T",),
    )
    auth = login(headers={"X-Login": "1"})
    step = NumberedLoginStep(auth, auth.steps[0], 1)
    targets = {
        "none": RequestTarget(platform), "login": RequestTarget(platform, login=step),
        "several": RequestTarget(platform, candidates=apis),
        **{one.key: RequestTarget(platform, api=one) for one in apis},
    }  # fmt: skip

    assert {name: target.is_declared for name, target in targets.items()} == {
        "none": False, "login": True, "several": True, "A": True, "B": True, "C": True,
    }  # fmt: skip
    assert {name: sorted(target.declared_header_names) for name, target in targets.items()} == {
        "none": ["x-all"], "login": ["x-login"],
        "several": ["x-all", "x-to-a", "x-to-b", "x-to-c", "y-a", "y-b", "y-c"],
        "A": ["x-all", "x-to-a", "y-a"], "B": ["x-all", "x-to-b", "y-b"], "C": ["x-all", "x-to-c",
        "y-c"],
    }  # fmt: skip
    assert [targets[name].charset for name in ("none", "A", "B", "C")] == [
        "utf-16",
        "gbk",
        *["utf-16"] * 2,
    ]
    assert [targets[name].personal_places for name in ("none", "A", "B")] == [
        *(("query.tel",), ("query.tel", "body.name"), ("query.tel",))
    ]
    assert [
        [place.path for place in targets[name].response_secret_places] for name in ("none", "A")
    ] == [*(["header:X-T"], ["header:X-T", "body.token"])]
    assert targets["login"].auth is auth
    assert targets["login"].injected_places == (CLIENT,)


def test_the_places_of_secrets_follow_templates() -> None:
    sign = model.Sign(
        define=({"d": "{{ hidden }}"}, {"e": "{{ plain }}"}),
        canonical=({"c": "{{ d }}"},),
        default_headers={"X-Default-{{ tail }}": "{{ c }}", "X-Plain": "{{ e }}"},
        set_headers={"X-Set": "{{ d }}", "X-Free": "1"},
        set_query={"q": "{{ password }}", "r": "{{ plain }}"},
        emit=(model.Apply(place="query", name="sig", value="{{ signature }}"),),
    )
    extract = {
        "t": Extract(path="$", secret=True),
        "u": Extract(path="$"),
        "v": Extract(path="$", secret=False),
    }
    request = model.LoginRequest(
        query={"k": ["{{ plain }}", "1", "{{ password }}{{ hidden }}"]},
        headers={"X-K": "{{ p }}"},
        form={"n": 5, "m": {"k": "{{ t }}{{ u }}"}},
    )
    auth = Auth(
        parameters={"p": "{{ hidden }}", "o": "{{ plain }}", "tail": "Id", "l": ["{{ hidden }}"]},
        acquire=model.Acquire(steps=(model.LoginStep(request=request, extract=extract),)),
        apply=tuple(
            model.Apply(place="header", name=name, value=f"{{{{ {value} }}}}")
            for name, value in (
                ("A", "t"),
                ("B", "u"),
                ("C", "v"),
                ("D", "p"),
                ("E", "o"),
                ("F", "l"),
            )
        ),
        sign=sign,
    )
    credentials = {
        "hidden": CredentialSpec(secret=True), "password": CredentialSpec(),
        "plain": CredentialSpec(secret=False)
    }  # fmt: skip
    platform = crm(auth=auth, credentials=credentials)

    assert RequestTarget(platform).login_secret_name_by_place == dict.fromkeys(
        ["header.a", "header.d", "query.sig", "header.x-default-id", "header.x-set", "query.q"], ""
    )
    step = NumberedLoginStep(auth, auth.steps[0], 1)
    assert RequestTarget(platform, login=step).login_secret_name_by_place == {
        "query.k[2]": "hidden", "header.x-k": "p", "body.m.k": "t",
    }  # fmt: skip
    assert RequestTarget(platform).injected_places == (
        *("header.a", "header.b", "header.c", "header.d", "header.e", "header.f", "query.sig"),
        *(
            "header.x-set",
            "header.x-free",
            "query.q",
            "query.r",
            "header.x-default-id",
            "header.x-plain",
        ),
    )


@pytest.mark.parametrize("method", ["post", "POST"])
def test_a_login_is_for_its_methods(method: str) -> None:
    steps = (model.LoginStep(request=model.LoginRequest()),)

    def needs(*methods: str) -> bool:
        return Auth(acquire=model.Acquire(steps=steps, methods=methods)).needs_login(method)

    assert [needs(), needs("GET", "Put", "Post"), needs("GET")] == [True, True, False]
    assert not Auth().needs_login(method)
